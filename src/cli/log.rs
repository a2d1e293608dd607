//! Logs go to standard error; what is logged is a filter of tracing.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::run::Stop;

use super::args::{GlobalArgs, LogFormat};

/// Starts logging, by `--log` where it is given, else as `-v` and `-q` say.
///
/// # Errors
/// [`Stop::Failed`] where `--log` is no filter.
pub(super) fn start(global: &GlobalArgs) -> Result<(), Stop> {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "portcullis=info,warn",
        (false, _) => "portcullis=debug,warn",
    };
    let filter = match &global.log {
        Some(written) => EnvFilter::try_new(written)
            .map_err(|e| Stop::hinted(format!("--log {written} is no filter: {e}"), "write it as `info`, or as `portcullis=debug,warn`"))?,
        None => EnvFilter::new(level),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // A second start, in tests that run several commands in one process, changes nothing.
    let _ = match global.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}
