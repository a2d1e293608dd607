use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::Path;

use serde_json::json;

use crate::manifest::{Diagnostic, Start, diagnostic::nearest, load_texts};
use crate::model::{Atom, Domain, Email, Name};
use crate::render::{self, neutral::Neutral};
use crate::run::Stop;
use crate::systems::{self, SystemSpec};

use super::args::InitArgs;
use super::context::{Context, quoted};
use super::exit;

/// The backend of a folder that is tried first.
const EMBEDDED: &str = "embedded";

pub(super) fn run(context: &Context, args: &InitArgs) -> Result<u8, Stop> {
    let request = context.request();
    let start = start(args, &request.accounts)?;
    let folder = request.folder;
    let texts = start.texts();
    let there: Vec<&str> =
        texts.iter().map(|(name, _)| name.as_str()).filter(|name| folder.join(name).symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        return Err(Stop::hinted(format!("nothing was written: {} there already", are(&there)), "name an empty folder"));
    }
    right(context, &texts)?;
    for (name, text) in &texts {
        create(&folder.join(name), text).map_err(|e| Stop::failed(format!("{name} cannot be written: {e}")))?;
    }
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

/// The texts hold before the first of them is written.
fn right(context: &Context, texts: &[(String, String)]) -> Result<(), Stop> {
    let yaml = texts.iter().filter(|(name, _)| name.ends_with(".yaml")).map(|(name, text)| (name.as_str(), text.as_str()));
    let loaded = load_texts(yaml, context.now);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(crate::desired::resolve(&loaded.manifests, context.now, None).1);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Stop::Manifests { diagnostics, sources: loaded.sources });
    }
    Ok(())
}

/// Writes a file that is not there yet.
fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// What the flags say; on a terminal the rest is asked for.
fn start(args: &InitArgs, accounts: &[String]) -> Result<Start, Stop> {
    let account = match accounts {
        [] => None,
        [one] => Some(one.clone()),
        _ => return Err(Stop::hinted("a folder starts with one account", "name one `--account`, and add others in the files")),
    };
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
    let needed = [("--system", &args.system), ("--timezone", &args.timezone), ("--email", &args.email), ("--name", &args.name)];
    let missing: Vec<&str> = needed.iter().filter(|(_, given)| given.is_none()).map(|(flag, _)| *flag).collect();
    if !missing.is_empty() && !asks {
        return Err(Stop::hinted(
            format!("there is no terminal to ask on, and these flags are missing: {}", missing.join(", ")),
            format!("--system is one of {}; --timezone a name like Europe/Paris", names().join(", ")),
        ));
    }
    let spec = system(match &args.system {
        Some(word) => word.clone(),
        None => chosen("Which system?", &names())?,
    })?;
    let account = given(&account, asks && !missing.is_empty(), "Name of the account", Some(spec.name))?;
    let timezone = given(&args.timezone, asks, "Time zone of the account", Some("UTC"))?;
    let email = given(&args.email, asks, "Your address", None)?;
    let name = given(&args.name, asks, "Your name", None)?;
    let backend = args.backend.clone().unwrap_or_else(|| EMBEDDED.to_owned());
    if !spec.backends.contains(&backend.as_str()) {
        let message = format!("{} is not reached through `{backend}`", spec.name);
        return Err(Stop::hinted(message, format!("--backend is one of {}", spec.backends.join(", "))));
    }
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
        timezone,
        email: Email::parse(&email).map_err(|e| bad("--email", &email, &e))?,
        name: Name::new(&name),
        domains: args.domain.iter().map(domain).collect::<Result<_, _>>()?,
        scope: Atom::new(&args.scope).map_err(|e| bad("--scope", &args.scope, &e))?,
    })
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
