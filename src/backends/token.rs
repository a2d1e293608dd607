//! Where a network connection may go and with which token (DESIGN §9). The environment comes in as
//! a function; nothing is read globally. No message holds any part of a token.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use url::Url;

pub use super::http::Access;
use super::http::{Endpoint, origin};
use crate::manifest::{Auth, Connection};
use crate::model::{Atom, Place};

/// A variable of the environment by its name.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a connection may not be used, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub message: String,
    pub hint: Option<String>,
    /// The endpoint or the `auth` that it is about, else the connection.
    pub at: Place,
}

/// The longest token in bytes.
const MOST: usize = 16 * 1024;
/// The longest file of certificates in bytes.
const MOST_OF_ROOTS: u64 = 4 * 1024 * 1024;
/// How long a token command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `PORTCULLIS_TOKEN_<CONNECTION>`: upper case, `-` as `_`.
pub fn token_variable(connection: &str) -> String {
    variable("TOKEN", connection)
}

/// `PORTCULLIS_ORIGIN_<CONNECTION>`: the only origin that may get the token.
pub fn origin_variable(connection: &str) -> String {
    variable("ORIGIN", connection)
}

/// `PORTCULLIS_CA_FILE_<CONNECTION>`: who alone vouches for the server. Not a key of the manifests: whoever
/// changes those could vouch for a server of their own.
pub fn ca_file_variable(connection: &str) -> String {
    variable("CA_FILE", connection)
}

/// The token that a variable holds, where it is set.
///
/// # Errors
/// In words, and with no part of it, where it is none.
pub fn given(variable: &str, env: Env<'_>) -> Result<Option<SecretString>, String> {
    env(variable).map(|text| as_token(&text).map_err(|why| format!("{variable} {why}"))).transpose()
}

fn variable(what: &str, connection: &str) -> String {
    format!("PORTCULLIS_{what}_{}", Connection::as_variable(connection))
}

/// Checks where the connection points, and only then fetches its token: from its variable, or with
/// `trust_head` from the file or the command that the manifests name. `folder` is the manifests',
/// against which paths are read. A variable `CI` that is empty counts as unset.
///
/// # Errors
/// [`Refusal`]: no or no good endpoint; an origin other than its variable says, or none said in CI;
/// a file or command that is not trusted or failed; no token.
pub fn authorize(name: &Atom, connection: &Connection, folder: &Path, trust_head: bool, env: Env<'_>) -> Result<Access, Refusal> {
    authorize_within(name, connection, folder, trust_head, env, PATIENCE)
}

fn authorize_within(
    name: &Atom,
    connection: &Connection,
    folder: &Path,
    trust_head: bool,
    env: Env<'_>,
    patience: Duration,
) -> Result<Access, Refusal> {
    let Some(url) = &connection.endpoint else {
        return Err(refusal(
            &connection.at,
            format!("connection `{name}` has no `endpoint`"),
            Some("write `endpoint: https://...`".into()),
        ));
    };
    let endpoint = Endpoint::new(&url.value).map_err(|e| refusal(&url.at, e.to_string(), None))?;
    check_origin(name, &endpoint, &url.at, env)?;
    let token = match &connection.auth {
        Auth::Token => {
            let variable = token_variable(name.as_str());
            let hint = Some(format!("set {variable} to the token of this connection"));
            match env(&variable) {
                None => return Err(refusal(&connection.at, format!("no token for connection `{name}`: {variable} is not set"), hint)),
                Some(text) => as_token(&text).map_err(|why| refusal(&connection.at, format!("{variable} {why}"), hint))?,
            }
        }
        Auth::File(path) => {
            trusted(trust_head, "file", name, &path.at)?;
            let text = read_file(&folder.join(&path.value)).map_err(|why| refusal(&path.at, format!("the token's file {why}"), None))?;
            as_token(&text).map_err(|why| refusal(&path.at, format!("what the token's file holds {why}"), None))?
        }
        Auth::Command(command) => {
            trusted(trust_head, "command", name, &command.at)?;
            let text =
                run(&command.value, folder, patience).map_err(|why| refusal(&command.at, format!("the token's command {why}"), None))?;
            as_token(&text).map_err(|why| refusal(&command.at, format!("what the token's command prints {why}"), None))?
        }
    };
    let roots = roots(name, connection, env)?;
    let actor = connection.expect_actor.as_ref().or(connection.actor_member.as_ref()).map(ToString::to_string);
    Ok(Access { connection: name.to_string(), endpoint, token, roots, actor })
}

fn refusal(at: &Place, message: String, hint: Option<String>) -> Refusal {
    Refusal { message, hint, at: at.clone() }
}

fn trusted(trust_head: bool, key: &str, name: &Atom, at: &Place) -> Result<(), Refusal> {
    if trust_head {
        return Ok(());
    }
    let hint =
        format!("pass --trust-head where nobody else can change the manifests, or use `auth: token` and {}", token_variable(name.as_str()));
    Err(refusal(at, format!("`auth: {{{key}: ...}}` of connection `{name}` comes from manifests that nobody vouched for"), Some(hint)))
}

/// The certificates that the variable names; they are parsed where the client is made.
fn roots(name: &Atom, connection: &Connection, env: Env<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let variable = ca_file_variable(name.as_str());
    let Some(path) = env(&variable).filter(|path| !path.is_empty()) else { return Ok(None) };
    let path = Path::new(&path);
    let failed = |why: String| refusal(&connection.at, format!("{variable}: {} {why}", path.display()), None);
    if !std::fs::metadata(path).map_err(|e| failed(format!("cannot be read: {e}")))?.is_file() {
        return Err(failed("is no regular file".into()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_OF_ROOTS + 1).read_to_end(&mut bytes));
    read.map_err(|e| failed(format!("cannot be read: {e}")))?;
    if bytes.len() as u64 > MOST_OF_ROOTS {
        return Err(failed("is too long for certificates".into()));
    }
    Ok(Some(bytes))
}

fn check_origin(name: &Atom, endpoint: &Endpoint, at: &Place, env: Env<'_>) -> Result<(), Refusal> {
    let variable = origin_variable(name.as_str());
    let is = endpoint.origin();
    let Some(text) = env(&variable) else {
        if env("CI").is_some_and(|ci| !ci.is_empty()) {
            let message =
                format!("with CI set, connection `{name}` needs {variable}: a change of the manifests could send its token elsewhere");
            return Err(refusal(at, message, Some(format!("set {variable}={is} beside the token, if that is where it belongs"))));
        }
        return Ok(());
    };
    // An origin and nothing more, so that nobody takes a path in it for checked.
    let pinned = Url::parse(text.trim()).ok().filter(|u| {
        u.has_host() && matches!(u.path(), "" | "/") && u.query().is_none() && u.fragment().is_none() && u.username().is_empty()
    });
    match pinned {
        None => Err(refusal(at, format!("{variable} is no origin"), Some("write it as `https://host` or `https://host:port`".into()))),
        Some(pinned) if origin(&pinned) == is => Ok(()),
        Some(pinned) => {
            Err(refusal(at, format!("connection `{name}` points to {is}, and {variable} allows {} alone", origin(&pinned)), None))
        }
    }
}

/// Printable ASCII without white space, as a header takes it; white space around it is dropped.
fn as_token(text: &str) -> Result<SecretString, &'static str> {
    let token = text.trim();
    if token.is_empty() {
        return Err("is empty");
    }
    if token.len() > MOST {
        return Err("is too long for a token");
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("is no token: it holds white space, or a character that is not printable ASCII");
    }
    Ok(SecretString::from(token))
}

fn read_file(path: &Path) -> Result<String, String> {
    let failed = |e: std::io::Error| format!("{} cannot be read: {e}", path.display());
    // Asked before it is opened: opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("{} is no regular file", path.display()));
    }
    bounded(File::open(path).map_err(failed)?).map_err(failed)
}

/// One byte more than a token may have, so that what is too long is seen.
fn bounded(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MOST as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Runs a program without a shell, in `folder`; its standard output is the token.
fn run(command: &[String], folder: &Path, patience: Duration) -> Result<String, String> {
    let (program, arguments) = command.split_first().ok_or("is empty")?;
    // A bare name is looked up in PATH; a path is read against the manifests' folder.
    let path = if program.contains('/') { folder.join(program) } else { program.into() };
    let mut child = Command::new(path)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("`{program}` cannot be run: {e}"))?;
    let deadline = Instant::now() + patience;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || sender.send(bounded(stdout)));
    }
    let text = receiver.recv_timeout(patience);
    // Its output is closed: what is left is to see it end, which a program normally does at once.
    while Instant::now() < deadline && text.is_ok() {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => {
                return match text {
                    Ok(Ok(text)) => Ok(text),
                    _ => Err(format!("`{program}` printed what is no text")),
                };
            }
            Ok(Some(status)) => return Err(format!("`{program}` failed ({status})")),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(e) => return Err(format!("`{program}` cannot be waited for: {e}")),
        }
    }
    // Nothing is to be done where it cannot be stopped: it is no longer waited for.
    let _ = child.kill();
    let _ = child.wait();
    Err(format!("`{program}` took longer than {} seconds", patience.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::manifest::BackendName;
    use crate::model::Located;

    const CANARY: &str = "canary-7f3a9";

    fn at() -> Place {
        Place::start_of("connections.yaml")
    }

    fn connection(endpoint: &str, auth: Auth) -> Connection {
        Connection {
            spec: &crate::systems::insider::SPEC,
            backend: BackendName::Scim,
            zone: None,
            actor_member: None,
            actor: crate::model::Attrs::new(),
            auth,
            endpoint: Some(Located::new(Url::parse(endpoint).unwrap(), at())),
            expect_tenant: None,
            expect_actor: None,
            file: None,
            roster: None,
            delegated: None,
            links: None,
            facts: BTreeMap::new(),
            at: at(),
        }
    }

    fn ask(endpoint: &str, auth: Auth, trust: bool, env: &[(&str, &str)]) -> Result<Access, Refusal> {
        let env: BTreeMap<&str, &str> = env.iter().copied().collect();
        let name = Atom::new("one-login").unwrap();
        let lookup = |key: &str| env.get(key).map(|v| (*v).to_owned());
        authorize_within(&name, &connection(endpoint, auth), Path::new("/"), trust, &lookup, Duration::from_secs(20))
    }

    fn command(words: &[&str]) -> Auth {
        Auth::Command(Located::new(words.iter().map(|w| (*w).to_owned()).collect(), at()))
    }

    #[test]
    fn the_token_comes_from_the_variable_of_the_connection() {
        let access = ask("https://a.example/scim", Auth::Token, false, &[("PORTCULLIS_TOKEN_ONE_LOGIN", CANARY)]).unwrap();
        assert_eq!(access.token.expose_secret(), CANARY);
        assert_eq!(access.endpoint.origin(), "https://a.example:443");
        assert!(!format!("{access:?}").contains(CANARY));
        let missing = ask("https://a.example/scim", Auth::Token, false, &[("PORTCULLIS_TOKEN_OTHER", CANARY)]).unwrap_err();
        assert!(missing.message.contains("PORTCULLIS_TOKEN_ONE_LOGIN"), "{missing}");
    }

    #[test]
    fn another_origin_than_the_pinned_one_is_refused_before_the_token_is_fetched() {
        let pin = |pin: &'static str| {
            ask("https://a.example/scim", Auth::Token, false, &[("PORTCULLIS_ORIGIN_ONE_LOGIN", pin)]).unwrap_err().message
        };
        for other in
            ["https://b.example", "https://a.example:8443", "http://a.example", "https://evil-a.example", "https://a.example.evil.example"]
        {
            assert!(pin(other).contains("alone"), "{other}");
        }
        for bad in ["", "a.example", "https://a.example/scim", "https://x@a.example", "*"] {
            assert!(pin(bad).contains("no origin"), "{bad}");
        }
        for same in ["https://a.example", "https://A.example/", "https://a.example:443"] {
            assert!(pin(same).contains("no token"), "{same}");
        }
    }

    #[test]
    fn ci_needs_a_pinned_origin() {
        let token = ("PORTCULLIS_TOKEN_ONE_LOGIN", CANARY);
        let refused = ask("https://a.example", Auth::Token, true, &[token, ("CI", "true")]).unwrap_err();
        assert!(refused.message.contains("PORTCULLIS_ORIGIN_ONE_LOGIN"), "{refused}");
        let pinned = ("PORTCULLIS_ORIGIN_ONE_LOGIN", "https://a.example");
        assert!(ask("https://a.example", Auth::Token, false, &[token, ("CI", "true"), pinned]).is_ok());
        assert!(ask("https://a.example", Auth::Token, false, &[token]).is_ok());
    }

    #[test]
    fn file_and_command_need_trust() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("ran");
        let touch = command(&["touch", marker.to_str().unwrap()]);
        let refused = ask("https://a.example", touch, false, &[]).unwrap_err();
        assert!(refused.hint.unwrap().contains("--trust-head"));
        assert!(!marker.exists(), "the command ran untrusted");
        let path = folder.path().join("token");
        std::fs::write(&path, format!("{CANARY}\n")).unwrap();
        let file = || Auth::File(Located::new(path.clone(), at()));
        assert!(ask("https://a.example", file(), false, &[]).is_err());
        assert_eq!(ask("https://a.example", file(), true, &[]).unwrap().token.expose_secret(), CANARY);
        let printed = ask("https://a.example", command(&["printf", "%s\\n", CANARY]), true, &[]).unwrap();
        assert_eq!(printed.token.expose_secret(), CANARY);
    }

    #[test]
    fn a_command_is_run_without_a_shell_and_not_for_ever() {
        let words = run(&["printf".into(), "%s".into(), "$(id);x|y".into()], Path::new("/"), PATIENCE).unwrap();
        assert_eq!(words, "$(id);x|y");
        let late = run(&["sleep".into(), "600".into()], Path::new("/"), Duration::from_millis(50)).unwrap_err();
        assert!(late.contains("longer"), "{late}");
        assert!(run(&["false".into()], Path::new("/"), PATIENCE).unwrap_err().contains("failed"));
        assert!(run(&["./no-such-program".into()], Path::new("/"), PATIENCE).unwrap_err().contains("cannot be run"));
        assert!(run(&[], Path::new("/"), PATIENCE).is_err());
    }

    #[test]
    fn what_is_no_token_is_refused_without_showing_it() {
        for bad in ["", "  ", "canary 7f3a9", "canary\n7f3a9", "canar\u{fc}-7f3a9", &"canary".repeat(9000)] {
            let refused = ask("https://a.example", Auth::Token, false, &[("PORTCULLIS_TOKEN_ONE_LOGIN", bad)]).unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("canar"), "{refused}");
        }
        let nothing = Auth::File(Located::new(PathBuf::from("/dev/null"), at()));
        assert!(ask("https://a.example", nothing, true, &[]).unwrap_err().message.contains("regular"));
    }

    #[test]
    fn plain_http_goes_to_loopback_alone_and_endpoints_hold_no_secrets() {
        let token = [("PORTCULLIS_TOKEN_ONE_LOGIN", CANARY)];
        for good in ["http://127.0.0.1:8080/v2", "http://127.9.9.9/", "http://[::1]:1/", "http://localhost/v2", "https://a.example/"] {
            assert!(ask(good, Auth::Token, false, &token).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example/",
            "http://10.0.0.1/",
            "http://localhost.a.example/",
            "http://127.0.0.1.a.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(ask(bad, Auth::Token, false, &token).is_err(), "{bad}");
        }
        for bad in ["https://u:canary-7f3a9@a.example/", "https://a.example/?token=canary-7f3a9", "https://a.example/#canary-7f3a9"] {
            let refused = ask(bad, Auth::Token, false, &token).unwrap_err();
            assert!(!refused.to_string().contains("canary"), "{refused}");
        }
    }
}
