//! The command line. One file a command, each an args struct whose doc comment is the manual.

pub mod args;
mod later;
mod words;

pub use args::{
    AllowFlag, ApplyArgs, Args, ColorWhen, Command, DirArg, DriftArgs, ExportArgs, ExportLevel, Format, GlobalArgs, LogFormat, OnMember,
    PhaseWord, PlanArgs, SandboxCommand, SchemaArgs, Setting, ValidateArgs,
};
pub use later::NotYet;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

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

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Stop`]: help, wrong usage, or what is not built yet.
pub fn parse<I, T>(words: I) -> Result<Args, Stop>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let stop = |error: clap::Error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Shown(error.render()),
        _ => Stop::Usage(error.render()),
    };
    let matches = Args::command().try_get_matches_from(words).map_err(stop)?;
    let args = Args::from_arg_matches(&matches).map_err(stop)?;
    args.refuse_later().map_err(Stop::NotYet)?;
    Ok(args)
}
