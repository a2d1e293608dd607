//! What every command shares, resolved from the raw flags and the environment: the clock, the
//! folder, colours, progress, and the two streams.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::apply::{Clock, Stopping};
use crate::backends::http::{Cache, Network, Options, Proxies};
use crate::backends::token::Refusal;
use crate::render::{self, Notes, Paint};
use crate::run::{Folder, Request, Stop};

use super::args::{Args, ColorWhen, Format, GlobalArgs};
use super::exit;

/// The audit log, below the manifests' folder.
const AUDIT: &str = ".portcullis/audit.jsonl";

/// A command's surroundings.
pub struct Context {
    pub format: Format,
    pub now: Timestamp,
    pub simulated: bool,
    folder: PathBuf,
    global: GlobalArgs,
    color: ColorChoice,
    progress: Arc<Progress>,
}

/// How a result is written.
pub enum Shape {
    Text,
    Json,
    Notes(NotesShape),
}

/// The formats that are written from notes.
pub enum NotesShape {
    Markdown,
    /// Annotations name files as seen from where the command runs.
    Github {
        folder: PathBuf,
    },
}

impl NotesShape {
    /// # Errors
    /// What the stream answers.
    pub fn write(&self, out: &mut impl Write, notes: &Notes) -> io::Result<()> {
        match self {
            NotesShape::Markdown => render::markdown::write(out, notes),
            NotesShape::Github { folder } => render::github::write(out, notes, folder),
        }
    }
}

impl Context {
    /// # Errors
    /// A clock in `PORTCULLIS_NOW` that is no instant.
    pub fn of(args: &Args) -> Result<Self, Stop> {
        let global = args.global.clone();
        let (now, simulated) = clock()?;
        let color = match global.color {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::AlwaysAnsi,
            ColorWhen::Never => ColorChoice::Never,
        };
        let progress = Arc::new(Progress::new(global.quiet));
        Ok(Self { format: global.format, now, simulated, folder: args.dir().to_owned(), global, color, progress })
    }

    /// What the library is asked for.
    pub fn request(&self) -> Request {
        let progress = Arc::clone(&self.progress);
        Request {
            folder: self.folder.clone(),
            accounts: self.global.account.clone(),
            now: self.now,
            clock: if self.simulated { Clock::set(self.now) } else { Clock::going(self.now) },
            simulated: self.simulated,
            at: None,
            trust_head: self.global.trust_head,
            forbid_sandbox: self.global.forbid_sandbox,
            env: Box::new(|name| std::env::var(name).ok()),
            by: by(),
            journals: journals(&self.folder),
            audit: self.folder.join(AUDIT),
            accept_shrunk: self.global.accept_shrunk.iter().cloned().collect(),
            leases: leases(&self.folder),
            patience: Duration::ZERO,
            halt_at: halt_at(),
            stopping: Stopping::default(),
            network: self.network(),
            cache: user_folder("XDG_CACHE_HOME", ".cache").map(|caches| Cache::below(&caches)),
            progress: Box::new(move |what| progress.says(what)),
        }
    }

    /// How this run reaches network accounts.
    fn network(&self) -> Network {
        let progress = Arc::clone(&self.progress);
        Network::new(Options {
            proxies: Proxies::of(&|name| std::env::var(name).ok()),
            // A clock that was set by hand is nobody's.
            clock: (!self.simulated).then_some(self.now),
            waits: Box::new(move |what| progress.waits(what)),
            ..Options::default()
        })
    }

    /// The folder and the accounts as they were given, to be written behind another command.
    pub fn again(&self) -> String {
        let mut words = Vec::new();
        if self.folder != Path::new(".") {
            words.push(self.folder.display().to_string());
        }
        words.extend(self.global.account.iter().flat_map(|a| ["--account".to_owned(), a.clone()]));
        words.iter().map(|word| format!(" {}", quoted(word))).collect::<String>() + &self.vouched()
    }

    /// What somebody vouched for on the command line, and must again.
    fn vouched(&self) -> String {
        let shrunk = self
            .global
            .accept_shrunk
            .iter()
            .map(|(account, members)| format!(" --accept-shrunk {}", quoted(&format!("{account}={members}"))));
        self.global.trust_head.then(|| " --trust-head".to_owned()).into_iter().chain(shrunk).collect()
    }

    /// How the result is written, beside what one command alone knows.
    pub fn shape(&self) -> Shape {
        match self.format {
            Format::Json => Shape::Json,
            Format::Markdown => Shape::Notes(NotesShape::Markdown),
            Format::Github => Shape::Notes(NotesShape::Github { folder: self.folder.clone() }),
            // The parser has refused those that a command does not know.
            Format::Text | Format::Csv | Format::Ics | Format::Gitlab | Format::Html | Format::Sarif | Format::Junit => Shape::Text,
        }
    }

    /// The folder as a flag, to be written behind a command that takes another word first.
    pub fn again_in(&self) -> String {
        let folder =
            if self.folder == Path::new(".") { String::new() } else { format!(" -C {}", quoted(&self.folder.display().to_string())) };
        folder + &self.vouched()
    }

    /// Says on standard error what to do next.
    pub fn hint(&self, hint: &str) {
        let _ = writeln!(self.err().0, "hint: {}", render::neutral::Neutral(hint));
    }

    /// Whether `-C DIR` was given.
    pub fn has_dir(&self) -> bool {
        self.global.chdir.is_some()
    }

    /// Columns of the terminal on standard output, `COLUMNS` before all; 100 where there is none.
    pub fn width(&self) -> usize {
        let told = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
        told.unwrap_or_else(|| terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0).min(120)))
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Standard output with the styles for it; nothing but the result goes there.
    pub fn out(&self) -> (AutoStream<io::StdoutLock<'static>>, Paint) {
        self.progress.done();
        let out = AutoStream::new(io::stdout().lock(), self.color);
        let paint = if out.current_choice() == ColorChoice::Never { Paint::plain() } else { Paint::styled() };
        (out, paint)
    }

    /// Standard error, for people.
    pub fn err(&self) -> (AutoStream<io::StderrLock<'static>>, Paint) {
        self.progress.done();
        let err = AutoStream::new(io::stderr().lock(), self.color);
        let paint = if err.current_choice() == ColorChoice::Never { Paint::plain() } else { Paint::styled() };
        (err, paint)
    }

    /// Says the exit code once a result was printed. Standard output closed early is not an error;
    /// a result that is cut for any other reason is.
    pub fn printed(&self, mut out: impl Write, result: io::Result<()>, code: u8) -> u8 {
        match result.and_then(|()| out.flush()) {
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
                drop(out);
                // Nobody is left to tell where standard error fails too.
                let _ = self.complain(&format!("cannot write to standard output: {why}"), None);
                exit::ERROR
            }
            Ok(()) | Err(_) => code,
        }
    }

    /// Prints why nothing was attempted, and says the exit code.
    pub fn stopped(&self, stop: Stop) -> u8 {
        let written = match stop {
            Stop::Manifests { diagnostics, sources } => match self.shape() {
                Shape::Json => self.out().0.write_all(render::diagnostics::json(&diagnostics).as_bytes()),
                Shape::Notes(as_notes) => as_notes.write(&mut self.out().0, &Notes::of_diagnostics(&diagnostics, &self.again())),
                Shape::Text => {
                    let (mut err, paint) = self.err();
                    err.write_all(render::diagnostics::text(&diagnostics, &sources, paint.is_styled()).as_bytes())
                }
            }
            .map(|()| exit::ERROR),
            Stop::Refused(refusals) => self.complain_of(&refusals).map(|()| exit::ERROR),
            Stop::Failed { message, hint } => self.complain(&message, hint.as_deref()).map(|()| exit::ERROR),
            Stop::Stale { message, hint } => self.complain(&message, Some(hint)).map(|()| exit::STALE),
        };
        written.unwrap_or(exit::ERROR)
    }

    /// Each refusal with its place.
    fn complain_of(&self, refusals: &[Refusal]) -> io::Result<()> {
        let (mut err, paint) = self.err();
        for refusal in refusals {
            let message = format!("{}: {}", refusal.at, refusal.message);
            complain(&mut err, paint, &message, refusal.hint.as_deref())?;
        }
        Ok(())
    }

    /// Says that a folder names no account, as a wrong one does: exit code 0 would pass for a check.
    pub fn warn_of_no_accounts(&self, folder: &Folder) -> bool {
        if !folder.manifests().accounts.is_empty() {
            return false;
        }
        let here = self.folder.display();
        let message = if folder.sources().iter().next().is_none() {
            format!("there is no manifest (*.yaml) in {here}: nothing was checked")
        } else {
            format!("no account stands in the manifests in {here}: nobody's access was checked")
        };
        let parent = self.parent_of_manifests().map(|parent| format!("the folder above it has accounts: give {}", quoted(&parent)));
        self.warn(&message, Some(parent.as_deref().unwrap_or("give the folder that holds `accounts`")));
        true
    }

    /// The folder above, as it can be typed, where accounts stand in its manifests.
    fn parent_of_manifests(&self) -> Option<String> {
        let whole = self.folder.canonicalize().ok()?;
        let name = whole.file_name()?;
        let above = Request { folder: whole.parent()?.to_owned(), ..self.request() };
        // Only its own files, and what stands beside it, tell: a whole home is not searched.
        let is_manifest = |path: &Path| path.extension().is_some_and(|e| e == "yaml") && path.file_name() != Some(name);
        let has_manifests = std::fs::read_dir(&above.folder).ok()?.flatten().any(|entry| is_manifest(&entry.path()));
        if !has_manifests || Folder::load(&above).manifests().accounts.is_empty() {
            return None;
        }
        Some(match self.folder.parent() {
            Some(parent) if parent != Path::new("") => parent.display().to_string(),
            Some(_) if self.folder != Path::new(".") => ".".to_owned(),
            _ => "..".to_owned(),
        })
    }

    /// A line for people beside the result, which goes on; what cannot be written is left out.
    pub fn warn(&self, message: &str, hint: Option<&str>) {
        let (mut err, paint) = self.err();
        let style = paint.alters();
        let _ = writeln!(err, "{style}warning{style:#}: {}", render::neutral::Neutral(message));
        if let Some(hint) = hint {
            let _ = writeln!(err, "hint: {}", render::neutral::Neutral(hint));
        }
    }

    fn complain(&self, message: &str, hint: Option<&str>) -> io::Result<()> {
        let (mut err, paint) = self.err();
        complain(&mut err, paint, message, hint)
    }
}

/// `error:` and `hint:` lines; text from outside is neutralised.
pub(super) fn complain(err: &mut impl Write, paint: Paint, message: &str, hint: Option<&str>) -> io::Result<()> {
    let (strong, reset) = (paint.alarm(), paint.alarm().render_reset());
    writeln!(err, "{strong}error{reset}: {}", render::neutral::Neutral(message))?;
    if let Some(hint) = hint {
        writeln!(err, "hint: {}", render::neutral::Neutral(hint))?;
    }
    Ok(())
}

/// Prints a stop before there is a context.
pub(super) fn print_bare(stop: Stop) -> u8 {
    let (message, hint) = match stop {
        Stop::Failed { message, hint } => (message, hint),
        Stop::Stale { message, hint } => (message, Some(hint.to_owned())),
        Stop::Manifests { .. } | Stop::Refused(_) => ("the manifests are wrong".into(), None),
    };
    let _ = complain(&mut anstream::stderr(), Paint::plain(), &message, hint.as_deref());
    exit::ERROR
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// The run's instant, and whether it was set by hand.
fn clock() -> Result<(Timestamp, bool), Stop> {
    match std::env::var("PORTCULLIS_NOW") {
        // Whole seconds: what is printed can be typed again.
        Err(_) => {
            let now = Timestamp::now();
            Ok((Timestamp::from_second(now.as_second()).unwrap_or(now), false))
        }
        Ok(text) => {
            let now = text
                .parse()
                .map_err(|_| Stop::hinted(format!("PORTCULLIS_NOW is no instant: `{text}`"), "write it as 2026-11-22T09:00:00Z"))?;
            Ok((now, true))
        }
    }
}

/// A line on standard error once a run takes more than a second; terminals only.
struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A run that ends sooner shows nothing.
    const PATIENCE: Duration = Duration::from_secs(1);

    fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if !quiet && io::stderr().is_terminal() {
            let late = bar.clone();
            // The thread ends with the process, or finds the bar finished.
            std::thread::spawn(move || {
                std::thread::sleep(Self::PATIENCE);
                if !late.is_finished() {
                    late.set_draw_target(ProgressDrawTarget::stderr());
                    late.set_style(ProgressStyle::default_spinner());
                    late.enable_steady_tick(Duration::from_millis(120));
                }
            });
        }
        Self { bar, quiet }
    }

    fn says(&self, what: &str) {
        self.bar.set_message(render::neutral::Neutral(what).to_string());
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// A long wait: it is said on terminals in the line that is there, elsewhere in one of its own.
    fn waits(&self, what: &str) {
        if io::stderr().is_terminal() {
            self.says(what);
        } else if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{}", render::neutral::Neutral(what));
        }
    }
}

/// Debug builds can be told to halt, so that tests kill them at every boundary.
fn halt_at() -> Option<usize> {
    let told = || std::env::var("PORTCULLIS_HALT_AT_LINE").ok()?.parse().ok();
    if cfg!(debug_assertions) { told() } else { None }
}

/// Who runs it, for people: user, host and process.
fn by() -> String {
    let env = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let user = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"].into_iter().find_map(env).unwrap_or_else(|| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|host| host.trim().to_owned());
    let host = host.or_else(|| env("HOSTNAME")).or_else(|| env("COMPUTERNAME")).unwrap_or_else(|| "a machine without a name".to_owned());
    format!("{user} on {host}, process {}", std::process::id())
}

/// Not in the folder: what lies there may come from a stranger, and a journal says what may be finished.
fn journals(folder: &Path) -> PathBuf {
    let whole = folder.canonicalize().or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned());
    let name = crate::apply::short_hash(&whole.to_string_lossy());
    state(folder).join("journal").join(name)
}

/// One place for all folders of a user, since two of them may manage one account.
fn leases(folder: &Path) -> PathBuf {
    state(folder).join("leases")
}

/// What is kept for a user; in the folder where no home is known.
fn state(folder: &Path) -> PathBuf {
    let state = user_folder("XDG_STATE_HOME", ".local/state");
    state.map_or_else(|| folder.join(".portcullis"), |state| state.join("portcullis"))
}

/// Whether there is a place of the user's for journals and leases.
///
/// # Errors
/// Without one a run could not be told from a stranger's, and two could not see each other.
pub(super) fn has_state() -> Result<(), Stop> {
    let is_known = user_folder("XDG_STATE_HOME", ".local/state").is_some();
    let hint = "set XDG_STATE_HOME to a folder that is kept from run to run";
    if is_known { Ok(()) } else { Err(Stop::hinted("no home folder is known, and so no place for journal and lease", hint)) }
}

/// A folder of the user's by its variable, else below the home: `HOME`, and where that is not set the user's
/// entry in the system.
fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(below_home)))
}
