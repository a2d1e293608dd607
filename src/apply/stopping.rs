use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody asked the run to stop: the call in flight ends, and no other begins.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
    /// What a handler of signals sets.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
