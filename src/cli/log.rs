//! Logs go to standard error; what is logged is a filter of tracing.

use std::io;

use tracing_subscriber::EnvFilter;

use super::args::{GlobalArgs, LogFormat};

/// Starts logging; a filter that cannot be read falls back to what `-v` and `-q` say.
pub(super) fn start(global: &GlobalArgs) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "portcullis=info,warn",
        (false, _) => "portcullis=debug,warn",
    };
    let filter = global.log.as_deref().and_then(|f| EnvFilter::try_new(f).ok()).unwrap_or_else(|| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // A second start, in tests that run several commands in one process, changes nothing.
    let _ = match global.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
