use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::Instant;

/// Time as a run has it: how long it lasts, and waiting. Tests bring their own.
pub trait Time: Send + Sync {
    /// Since the run began.
    fn elapsed(&self) -> Duration;
    fn sleep(&self, how_long: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's.
pub(super) struct Machine(Instant);

impl Machine {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Time for Machine {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn sleep(&self, how_long: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(how_long).boxed()
    }
}

/// Whole seconds for a person, rounded up: `12 s`, `3 min`, `2 h`.
pub(super) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000);
    match seconds {
        0..=180 => format!("{seconds} s"),
        181..=10_800 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}
