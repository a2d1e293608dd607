//! The first signal lets the call in flight end, and no other begins; the second ends the process at once.
//! Either way the journal says what was begun.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::apply::Stopping;
use crate::run::Stop;

use super::exit;

/// From the first write on; before it a signal just ends the process.
///
/// # Errors
/// A system that takes no handler.
pub(super) fn heed(stopping: &Stopping) -> Result<(), Stop> {
    for signal in [SIGINT, SIGTERM] {
        // The order is the point: the second one finds the flag that the first has set.
        flag::register_conditional_shutdown(signal, i32::from(exit::IN_PART), stopping.flag())
            .and_then(|_| flag::register(signal, stopping.flag()))
            .map_err(|e| Stop::failed(format!("signals cannot be heeded: {e}")))?;
    }
    Ok(())
}

/// A flag that the first signal sets, for a command that only waits.
///
/// # Errors
/// As [`heed`].
pub(super) fn asked_to_stop() -> Result<Arc<AtomicBool>, Stop> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&asked)).map_err(|e| Stop::failed(format!("signals cannot be heeded: {e}")))?;
    }
    Ok(asked)
}
