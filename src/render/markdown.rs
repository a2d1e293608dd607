//! Notes as Markdown: for a comment on a request for review.

use std::io::{self, Write};

use super::neutral::{Markdown, MarkdownCode};
use super::notes::{MOST, Note, Notes, Rank};
use super::plan_text::Hint;

/// Writes the notes as a document of fewer than `MOST` characters.
///
/// # Errors
/// What the stream answers.
pub fn write(out: &mut impl Write, notes: &Notes) -> io::Result<()> {
    let title = format!("## portcullis {}\n", Markdown(&notes.title));
    let foot = foot(notes);
    // What is left out is known only afterwards: room for that line is kept.
    let elsewhere = hint(&notes.elsewhere);
    let kept = title.len() + foot.len() + elsewhere.len() + 400;
    let sections = notes.notes.iter().any(is_first);
    let fitted = notes.fit(MOST.saturating_sub(kept), |n, before, details| note(n, before, details, sections));
    out.write_all(title.as_bytes())?;
    if let Some(left) = notes.left_out(&fitted) {
        write!(out, "\n**{left}**; {elsewhere}\n")?;
    }
    out.write_all(fitted.body.as_bytes())?;
    out.write_all(foot.as_bytes())
}

fn is_first(note: &Note) -> bool {
    note.rank <= Rank::First
}

fn note(note: &Note, before: Option<&Note>, details: bool, sections: bool) -> String {
    let mut text = String::new();
    let section = before.is_none_or(|b| is_first(b) != is_first(note));
    if sections && section {
        text += if is_first(note) { "\n### To be read first\n" } else { "\n### Everything else\n" };
    }
    if section || before.is_some_and(|b| b.group != note.group) {
        text += "\n";
        if !note.group.is_empty() {
            text += &format!("**{}**\n", Markdown(&note.group));
        }
        if !note.group.is_empty() && !note.act.is_empty() {
            text += "\n";
        }
    }
    if note.act.is_empty() {
        return text;
    }
    text += &format!("- **{}**", Markdown(&note.act));
    if !note.about.is_empty() {
        text += &format!(" {}", MarkdownCode(&note.about));
    }
    if !note.says.is_empty() {
        text += if note.about.is_empty() { ": " } else { " " };
        text += &Markdown(&note.says).to_string();
    }
    text.push('\n');
    if details {
        for detail in &note.details {
            text += &format!("  - {}\n", Markdown(detail));
        }
        if let Some(flag) = &note.flag {
            text += &format!("  - {}\n", hint(flag));
        }
    }
    text
}

/// The command in it can be copied.
fn hint(hint: &Hint) -> String {
    let parts = [Markdown(&hint.before).to_string(), MarkdownCode(&hint.command).to_string(), Markdown(&hint.after).to_string()];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

fn foot(notes: &Notes) -> String {
    let mut text = String::new();
    if !notes.hints.is_empty() {
        text.push('\n');
    }
    for one in &notes.hints {
        text += &format!("- hint: {}\n", hint(one));
    }
    if !notes.run.is_empty() {
        text += &format!("\n{}", Markdown(&notes.run));
        if let Some(digest) = &notes.digest {
            text += &format!(", digest {}", MarkdownCode(digest));
        }
        text.push('\n');
    }
    text
}
