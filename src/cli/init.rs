use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::manifest::{Diagnostic, Export, Start, diagnostic::nearest};
use crate::model::{Atom, Domain, Email, Name};
use crate::render::{self, neutral::Neutral};
use crate::run::{Folder, Request, Stop};
use crate::systems::{self, SystemSpec};

use super::args::InitArgs;
use super::context::{Context, quoted};
use super::exit;

/// The backend of a folder that is tried first.
const EMBEDDED: &str = "embedded";
/// The backend that reads an exported list.
const ROSTER: &str = "roster";

pub(super) fn run(context: &Context, args: &InitArgs) -> Result<u8, Stop> {
    let request = context.request();
    let start = start(args, &request.accounts)?;
    let folder = request.folder.as_path();
    let texts = start.texts();
    let there: Vec<&str> =
        texts.iter().map(|(name, _)| name.as_str()).filter(|name| folder.join(name).symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        return Err(Stop::hinted(format!("nothing was written: {} there already", are(&there)), "name an empty folder"));
    }
    if let Some(path) = in_the_way(folder, &texts) {
        return Err(Stop::hinted(
            format!("nothing was written: {} is in the way", path.display()),
            "it is no folder that could be written to",
        ));
    }
    right(&request, &texts)?;
    write(folder, &texts)?;
    let again = if folder == Path::new(".") { String::new() } else { format!(" {}", quoted(&folder.display().to_string())) };
    let next: Vec<String> = ["validate", "plan", "apply"].iter().map(|word| format!("portcullis {word}{again}")).collect();
    let (mut out, _) = context.out();
    let files: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    let printed = if context.is_json() {
        render::json::write(&mut out, &json!({ "schema_version": "1", "kind": "init", "files": files, "next": next }))
    } else {
        writeln!(out, "written and valid: {}", files.join(", ")).and_then(|()| {
            writeln!(out, "next:")?;
            next.iter().try_for_each(|command| writeln!(out, "  {}", Neutral(command)))?;
            writeln!(out, "  portcullis explain {}", start.spec.name)
        })
    };
    Ok(context.printed(out, printed, exit::DONE))
}

fn are(names: &[&str]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

/// What lies where a folder is needed and is none: a file, or a link to nothing.
fn in_the_way(folder: &Path, texts: &[(String, String)]) -> Option<PathBuf> {
    let is_none = |path: &Path| path.symlink_metadata().is_ok() && !path.is_dir();
    let parents = texts.iter().filter_map(|(name, _)| Some(folder.join(name).parent()?.to_owned()));
    parents.flat_map(|p| p.ancestors().map(Path::to_owned).collect::<Vec<_>>()).find(|path| is_none(path))
}

/// The texts hold, beside the manifests that lie there, before the first of them is written.
fn right(request: &Request, texts: &[(String, String)]) -> Result<(), Stop> {
    let there = Folder::load(request);
    if request.folder.is_dir() {
        refuse("the manifests that lie there are wrong already", &there)?;
    }
    let yaml = texts.iter().filter(|(name, _)| name.ends_with(".yaml")).map(|(name, text)| (name.as_str(), text.as_str()));
    refuse("the manifests would not hold", &there.with_texts(yaml))
}

/// Refuses a folder with errors in words alone: an excerpt could be of a file that is never written.
fn refuse(what: &str, folder: &Folder) -> Result<(), Stop> {
    let wrong: Vec<Diagnostic> = folder.resolve().1.into_iter().filter(Diagnostic::is_error).collect();
    let Some(first) = wrong.first() else { return Ok(()) };
    let told = |d: &Diagnostic| {
        let related: String = d.related.iter().map(|(place, what)| format!(", {what}: {place}")).collect();
        format!("{} ({}, {}{related})", d.message, d.code, d.place)
    };
    let all = wrong.iter().take(3).map(told).collect::<Vec<_>>().join("; ");
    let more = if wrong.len() > 3 { format!("; and {} more", wrong.len() - 3) } else { String::new() };
    let message = format!("nothing was written: {what}: {all}{more}");
    Err(match first.hint.clone().or_else(|| first.expected.as_ref().map(|e| format!("expected {e}"))) {
        Some(hint) => Stop::hinted(message, hint),
        None => Stop::failed(message),
    })
}

/// Puts all files in place, none of which is there yet; where one fails, what was made is removed.
fn write(folder: &Path, texts: &[(String, String)]) -> Result<(), Stop> {
    let mut made = Made::default();
    made.write(folder, texts).map_err(|(name, why)| {
        let left = made.remove();
        let nothing = if left.is_empty() { "nothing was written".to_owned() } else { format!("left behind: {}", left.join(", ")) };
        Stop::failed(format!("{nothing}: {name} cannot be written: {why}"))
    })
}

/// What was made so far, in this order.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    fn write(&mut self, folder: &Path, texts: &[(String, String)]) -> Result<(), (String, io::Error)> {
        let mut halves = Vec::new();
        for (name, text) in texts {
            let path = folder.join(name);
            let half = self.folder_of(&path).and_then(|()| half(&path, text)).map_err(|e| (name.clone(), e))?;
            halves.push((name, half, path));
        }
        for (name, half, path) in halves {
            half.put(&path).map_err(|e| (name.clone(), e))?;
            self.files.push(path);
        }
        Ok(())
    }

    fn folder_of(&mut self, path: &Path) -> io::Result<()> {
        let parents = path.ancestors().skip(1);
        let missing: Vec<&Path> = parents.take_while(|p| !p.as_os_str().is_empty() && !p.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        Ok(())
    }

    /// What could not be removed.
    fn remove(self) -> Vec<String> {
        let files = self.files.into_iter().map(|path| (fs::remove_file(&path), path));
        let folders = self.folders.into_iter().rev().map(|path| (fs::remove_dir(&path), path));
        files.chain(folders).filter(|(done, _)| done.is_err()).map(|(_, path)| path.display().to_string()).collect()
    }
}

/// A text beside its place, under a name that no manifest has; gone once it is put there, or is not.
struct Half(PathBuf);

impl Half {
    /// Puts it there, and never over anything.
    fn put(self, path: &Path) -> io::Result<()> {
        match fs::hard_link(&self.0, path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists && path.symlink_metadata().is_err() => fs::rename(&self.0, path),
            done => done,
        }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // What was renamed is gone already; that one cannot be removed adds nothing.
        let _ = fs::remove_file(&self.0);
    }
}

fn half(path: &Path, text: &str) -> io::Result<Half> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&half)?;
    let half = Half(half);
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(half)
}

/// What the flags say; on a terminal the rest is asked for.
fn start(args: &InitArgs, accounts: &[String]) -> Result<Start, Stop> {
    let account = match accounts {
        [] => None,
        [one] => Some(one.clone()),
        _ => return Err(Stop::hinted("a folder starts with one account", "name one `--account`, and add others in the files")),
    };
    // A name that is wrong is said first: with flags missing as well it would be found out last.
    let spec = args.system.clone().map(system).transpose()?;
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
    let needed = [("--system", &args.system), ("--timezone", &args.timezone), ("--email", &args.email), ("--name", &args.name)];
    let missing: Vec<&str> = needed.iter().filter(|(_, given)| given.is_none()).map(|(flag, _)| *flag).collect();
    if !missing.is_empty() && !asks {
        return Err(Stop::hinted(
            format!("there is no terminal to ask on, and these flags are missing: {}", missing.join(", ")),
            format!("--system is one of {}; --timezone a name like Europe/Paris", names().join(", ")),
        ));
    }
    let spec = match spec {
        Some(spec) => spec,
        None => system(chosen("Which system?", &names())?)?,
    };
    let account = given(&account, asks && !missing.is_empty(), "Name of the account", Some(spec.name))?;
    let timezone = given(&args.timezone, asks, "Time zone of the account", Some("UTC"))?;
    let email = given(&args.email, asks, "Your address", None)?;
    let name = given(&args.name, asks, "Your name", None)?;
    let backend = args.backend.clone().unwrap_or_else(|| EMBEDDED.to_owned());
    if !spec.backends.contains(&backend.as_str()) {
        let message = format!("{} is not reached through `{backend}`", spec.name);
        return Err(Stop::hinted(message, format!("--backend is one of {}", spec.backends.join(", "))));
    }
    let export = export(args, &backend, asks)?;
    if !args.domain.is_empty() && spec.domains.is_none() {
        return Err(Stop::hinted(format!("{} has no whitelist of domains", spec.name), "leave `--domain` out"));
    }
    let bad = |what: &str, text: &str, why: &dyn std::fmt::Display| Stop::failed(format!("{what} `{text}`: {why}"));
    let domain = |text: &String| Domain::parse(text).map_err(|e| bad("--domain", text, &e));
    Ok(Start {
        spec,
        account: Atom::new(&account).map_err(|e| bad("--account", &account, &e))?,
        backend,
        endpoint: args.endpoint.clone(),
        export,
        timezone,
        email: Email::parse(&email).map_err(|e| bad("--email", &email, &e))?,
        name: Name::new(&name),
        domains: args.domain.iter().map(domain).collect::<Result<_, _>>()?,
        scope: Atom::new(&args.scope).map_err(|e| bad("--scope", &args.scope, &e))?,
    })
}

/// The exported list, where the backend reads one.
fn export(args: &InitArgs, backend: &str, asks: bool) -> Result<Option<Export>, Stop> {
    if backend != ROSTER {
        if args.file.is_some() || !args.column.is_empty() {
            return Err(Stop::hinted("`--file` and `--column` describe an exported list", "add `--backend roster`, or leave them out"));
        }
        return Ok(None);
    }
    let mut columns = Vec::new();
    for text in &args.column {
        let Some((key, header)) = text.split_once('=') else {
            return Err(Stop::hinted(format!("--column `{text}` says no header"), "write KEY=HEADER, like email=\"E-mail address\""));
        };
        columns.push((key.to_owned(), header.to_owned()));
    }
    let has_email = columns.iter().any(|(key, _)| key == "email");
    if !asks && (args.file.is_none() || !has_email) {
        let message = "the backend `roster` reads an exported list: `--file` says where it lies, `--column` what stands in it";
        return Err(Stop::hinted(message, "for example `--file exports/users.csv --column email=Email --column role=Role`"));
    }
    let file = given(&args.file, asks, "The exported list, below the folder", Some("exports/users.csv"))?;
    if !has_email {
        columns.push(("email".to_owned(), given(&None, asks, "Header of the column with the addresses", Some("Email"))?));
    }
    Ok(Some(Export { file, columns }))
}

fn names() -> Vec<&'static str> {
    systems::ALL.iter().map(|s| s.name).collect()
}

fn system(word: String) -> Result<&'static SystemSpec, Stop> {
    systems::find(&word).ok_or_else(|| {
        let hint = match nearest(&word, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("--system is one of {}", names().join(", ")),
        };
        Stop::hinted(format!("no system is called `{word}`"), hint)
    })
}

/// The flag's text; else an answer, where somebody can be asked; else the default.
fn given(flag: &Option<String>, asks: bool, question: &str, default: Option<&str>) -> Result<String, Stop> {
    if let Some(text) = flag {
        return Ok(text.clone());
    }
    if !asks {
        return Ok(default.unwrap_or_default().to_owned());
    }
    let mut input = dialoguer::Input::<String>::new().with_prompt(question);
    if let Some(default) = default {
        input = input.default(default.to_owned());
    }
    input.interact_text().map_err(unanswered)
}

fn chosen(question: &str, words: &[&str]) -> Result<String, Stop> {
    let at = dialoguer::Select::new().with_prompt(question).items(words).default(0).interact().map_err(unanswered)?;
    Ok(words.get(at).copied().unwrap_or_default().to_owned())
}

fn unanswered(why: dialoguer::Error) -> Stop {
    Stop::failed(format!("nothing was written: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name below the folder.
    fn names_below(folder: &Path) -> Vec<String> {
        let all = walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok);
        all.map(|e| e.path().strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn all_files_are_written_or_none() {
        let texts =
            |last: &str| vec![("a.yaml".to_owned(), "a".to_owned()), ("sub/b.yaml".into(), "b".into()), (last.to_owned(), "c".into())];
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("new");
        assert!(write(&folder, &texts(&"x".repeat(300))).is_err(), "no file system has such a name");
        assert!(names_below(home.path()).is_empty(), "{:?}", names_below(home.path()));
        // one that came meanwhile stays, and is alone
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("c.yaml"), "theirs").unwrap();
        let Err(Stop::Failed { message, .. }) = write(&folder, &texts("c.yaml")) else { panic!("it was overwritten") };
        assert!(message.starts_with("nothing was written: c.yaml cannot be written"), "{message}");
        assert_eq!(
            (names_below(&folder), fs::read_to_string(folder.join("c.yaml")).unwrap()),
            (vec!["c.yaml".to_owned()], "theirs".into())
        );
        fs::remove_file(folder.join("c.yaml")).unwrap();
        assert!(write(&folder, &texts("c.yaml")).is_ok());
        assert_eq!(names_below(&folder), ["a.yaml", "c.yaml", "sub", "sub/b.yaml"]);
    }
}
