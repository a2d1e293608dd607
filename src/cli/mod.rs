//! The command line. One file a command, each an args struct whose doc comment is the manual.

mod apply;
mod approve;
pub mod args;
mod audit;
mod completions;
mod context;
mod drift;
mod exit;
mod expiring;
mod explain;
mod export;
mod init;
mod later;
mod log;
mod member;
mod plan;
mod revoke;
mod runbook_file;
mod sandbox;
mod saved_file;
mod schema;
mod serve;
mod show;
mod sign;
mod signals;
mod validate;
mod who;
mod words;

pub use args::{
    AllowFlag, ApplyArgs, ApproveArgs, Args, ColorWhen, Command, CompletionsArgs, DirArg, DriftArgs, ExpiringArgs, ExplainArgs, ExportArgs,
    ExportLevel, Format, GlobalArgs, InitArgs, LogFormat, ManArgs, OnMember, PhaseWord, PlanArgs, RevokeArgs, SandboxCommand, SchemaArgs,
    Setting, ValidateArgs, WhoArgs,
};
pub use later::NotYet;
pub use member::{MemberCommand, OnInvited, OnOne};
pub use serve::{PagingWord, ProofWord, ServeArgs};

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::render::neutral::Neutral;
use context::Context;

/// Why the arguments lead to no command.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version was asked for: for standard output, exit code 0.
    Shown(clap::builder::StyledStr),
    /// Wrong usage: for standard error, exit code 1 (CONTRACT: never 2).
    Usage(clap::builder::StyledStr),
    /// Known and not built: for standard error, exit code 1.
    NotYet(NotYet),
}

impl Stop {
    pub fn exit_code(&self) -> u8 {
        match self {
            Stop::Shown(_) => 0,
            Stop::Usage(_) | Stop::NotYet(_) => 1,
        }
    }
}

impl Stop {
    /// Prints it where it belongs and says the exit code.
    fn print(&self) -> u8 {
        // A stream closed early is not an error.
        let _ = match self {
            Stop::Shown(text) => write!(anstream::stdout(), "{}", text.ansi()),
            Stop::Usage(text) => write!(anstream::stderr(), "{}", text.ansi()),
            Stop::NotYet(what) => writeln!(anstream::stderr(), "error: {what}\nhint: {}", what.hint),
        };
        self.exit_code()
    }
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Stop`]: help, wrong usage, or what is not built yet.
pub fn parse<I, T>(words: I) -> Result<Args, Stop>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let args = parse_words(&words).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Shown(error.render()),
        kind => Stop::Usage(echoing_harmlessly(&words).unwrap_or_else(|| clap::Error::new(kind)).render()),
    })?;
    args.refuse_later().map_err(Stop::NotYet)?;
    match refuse_json(&args) {
        Some(error) => Err(Stop::Usage(error.render())),
        None => Ok(args),
    }
}

/// Scripts and pages are for shells and for `man`: there is no JSON of them.
fn refuse_json(args: &Args) -> Option<clap::Error> {
    let prints = match &args.command {
        Command::Completions(_) => "`completions` prints a script",
        Command::Man(_) => "`man` writes pages",
        _ => return None,
    };
    let message = format!("{prints}, and no JSON: leave `--format json` out\n");
    (args.global.format == Format::Json).then(|| Args::command().error(ErrorKind::ArgumentConflict, message))
}

fn parse_words(words: &[OsString]) -> Result<Args, clap::Error> {
    let matches = Args::command().try_get_matches_from(words)?;
    Args::from_arg_matches(&matches)
}

/// The same error about the same words made harmless: a script may have them from a stranger, and
/// the message repeats them.
fn echoing_harmlessly(words: &[OsString]) -> Option<clap::Error> {
    let words: Vec<OsString> = words.iter().map(|w| Neutral(&w.to_string_lossy()).to_string().into()).collect();
    parse_words(&words).err()
}

/// Runs the command that the words name and says the exit code.
pub fn run<I, T>(words: I) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args = match parse(words) {
        Ok(args) => args,
        Err(stop) => return stop.print(),
    };
    let context = match log::start(&args.global).and_then(|()| Context::of(&args)) {
        Ok(context) => context,
        Err(stop) => return context::print_bare(stop),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return context.stopped(crate::run::Stop::failed(format!("the runtime cannot start: {e}"))),
    };
    runtime.block_on(dispatch(&context, &args)).unwrap_or_else(|stop| context.stopped(stop))
}

async fn dispatch(context: &Context, args: &Args) -> Result<u8, crate::run::Stop> {
    match &args.command {
        Command::Init(args) => init::run(context, args),
        Command::Validate(args) => validate::run(context, args),
        Command::Plan(args) => plan::run(context, args).await,
        Command::Apply(args) => apply::run(context, args).await,
        Command::Show(args) => show::run(context, args),
        Command::Audit { command } => audit::run(context, command),
        Command::Approve(args) => approve::run(context, args),
        Command::Drift(args) => drift::run(context, args).await,
        Command::Revoke(args) => revoke::run(context, args).await,
        Command::Member { command } => member::run(context, command).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Expiring(args) => expiring::run(context, args).await,
        Command::Who(args) => who::run(context, args).await,
        Command::Explain(args) => explain::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => completions::man(context, args),
        Command::Schema(args) => schema::run(context, args),
        Command::Sandbox { command } => sandbox::run(context, command),
        Command::Import(_) | Command::Review(_) => Err(crate::run::Stop::failed("this command is not supported yet (not-yet-supported)")),
    }
}
