//! Notes as workflow commands of GitHub Actions: annotations at the lines that ask for something.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};
use std::path::{Component, Path};

use super::neutral::Neutral;
use super::notes::{MOST, Note, Notes, Rank};

/// Writes fewer than `MOST` characters of commands. `folder` is where the manifests are, as seen
/// from the repository. GitHub shows the first ten of each level: the notes' order is theirs.
///
/// # Errors
/// What the stream answers.
pub fn write(out: &mut impl Write, notes: &Notes, folder: &Path) -> io::Result<()> {
    let mut title = notes.title.clone();
    if !notes.run.is_empty() {
        title += &format!("\n{}", notes.run);
    }
    if let Some(digest) = &notes.digest {
        title += &format!(", digest {digest}");
    }
    let head = command("notice", &[("title", "portcullis")], &title);
    let mut foot = String::new();
    for hint in &notes.hints {
        foot += &format!("hint: {}\n", Neutral(&hint.to_string()));
    }
    let elsewhere = Neutral(&notes.elsewhere.to_string()).to_string();
    let kept = head.len() + foot.len() + 3 * elsewhere.len() + 600;
    let fitted = notes.fit(MOST.saturating_sub(kept), |n, before, details| note(n, before, details, folder));
    out.write_all(head.as_bytes())?;
    if let Some(left) = notes.left_out(&fitted) {
        out.write_all(command("warning", &[("title", "portcullis: left out")], &format!("{left}; {elsewhere}")).as_bytes())?;
    }
    out.write_all(fitted.body.as_bytes())?;
    if notes.notes[..fitted.shown].last().is_some_and(|n| !n.group.is_empty()) {
        out.write_all(b"::endgroup::\n")?;
    }
    out.write_all(foot.as_bytes())
}

fn note(note: &Note, before: Option<&Note>, details: bool, folder: &Path) -> String {
    let mut text = String::new();
    if before.is_none_or(|b| b.group != note.group) {
        if before.is_some_and(|b| !b.group.is_empty()) {
            text += "::endgroup::\n";
        }
        if !note.group.is_empty() {
            text += &command("group", &[], &Neutral(&note.group).to_string());
        }
    }
    if note.act.is_empty() {
        return text;
    }
    let level = match note.rank {
        Rank::Stops => "error",
        Rank::First | Rank::Care => "warning",
        Rank::Change | Rank::Aside | Rank::Quiet => "notice",
    };
    let head = [note.act.as_str(), &note.about].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
    // Each piece is one line; the line ends between them are ours.
    let mut message = format!("{}{}{}", Neutral(&head), if note.says.is_empty() { "" } else { ": " }, Neutral(&note.says));
    if details {
        for detail in &note.details {
            message += &format!("\n{}", Neutral(detail));
        }
        if let Some(flag) = &note.flag {
            message += &format!("\n{}", Neutral(&flag.to_string()));
        }
    }
    let place = note.place.as_ref().filter(|p| !p.file.is_empty());
    let (file, line, column);
    let mut properties = Vec::new();
    if let Some(place) = place {
        file = path(folder, &place.file);
        (line, column) = (place.line.to_string(), place.column.to_string());
        properties.extend([("file", file.as_str()), ("line", &line), ("col", &column)]);
    }
    properties.push(("title", &head));
    text + &command(level, &properties, &message)
}

/// One command on one line. The message is harmless already, but for the escapes of a command.
fn command(name: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(k, v)| format!("{k}={}", property(v))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}\n", properties.join(","), data(message))
}

/// What ends a message, and what would be read as an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same, and what ends a property.
fn property(text: &str) -> String {
    data(&Neutral(text).to_string()).replace(':', "%3A").replace(',', "%2C")
}

/// A file of the manifests as the repository knows it.
fn path(folder: &Path, file: &str) -> String {
    let parts: Vec<_> = folder.components().filter(|c| !matches!(c, Component::CurDir)).collect();
    parts.iter().collect::<std::path::PathBuf>().join(file).to_string_lossy().into_owned()
}
