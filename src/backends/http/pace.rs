//! The pace of requests to one origin: one budget for all that a run sends there.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::time::Time;

/// Between two requests where nobody was ever asked to slow down: what no server of people's access
/// notices, and no person waits for.
const QUICKEST: Duration = Duration::from_millis(1);
const SLOWEST: Duration = Duration::from_secs(10);
/// Requests at once while the pace is the quickest.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");
/// Good answers in a row after which the pace is a quarter quicker.
const GOOD: u32 = 8;

/// [`Time`] as the limiter reads it.
#[derive(Clone)]
struct Ticks(Arc<dyn Time>);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

pub(super) struct Pace {
    ticks: Ticks,
    state: Mutex<State>,
}

struct State {
    limiter: Limiter,
    /// Between two requests.
    every: Duration,
    /// Nothing is sent before.
    held: Duration,
    /// How often the pace was halved: of requests that were on their way together, one halves it.
    halved: u32,
    good: u32,
    /// The pace that was too quick, as far as that is known.
    brim: Duration,
    /// Good answers since, to know what the server took.
    taken: u32,
    since: Duration,
}

/// A request that may go out, under the pace of its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    halved: u32,
}

impl Pace {
    pub(super) fn new(time: Arc<dyn Time>) -> Self {
        let ticks = Ticks(time);
        let limiter = limiter(QUICKEST, &ticks);
        let since = ticks.now();
        let state = State { limiter, every: QUICKEST, held: Duration::ZERO, halved: 0, good: 0, brim: QUICKEST, taken: 0, since };
        Self { ticks, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No line panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn now, or how long to wait before asking again.
    pub(super) fn turn(&self) -> Result<Turn, Duration> {
        let now = self.ticks.now();
        let state = self.state();
        if state.held > now {
            return Err(state.held - now);
        }
        match state.limiter.check() {
            Ok(()) => Ok(Turn { halved: state.halved }),
            Err(not_until) => Err(not_until.wait_time_from(now).max(Duration::from_millis(1))),
        }
    }

    /// Nothing goes out for so long.
    pub(super) fn hold(&self, how_long: Duration) {
        let until = self.ticks.now().saturating_add(how_long);
        let mut state = self.state();
        state.held = state.held.max(until);
    }

    /// The server said that this was too quick, and perhaps when to come again: half the pace, counted
    /// from what it took until then.
    pub(super) fn halve(&self, turn: Turn, hold: Option<Duration>) {
        let now = self.ticks.now();
        let mut state = self.state();
        if turn.halved != state.halved {
            return;
        }
        let hold = hold.unwrap_or_default().min(SLOWEST);
        let took = now.saturating_sub(state.since).saturating_add(hold) / state.taken.max(1);
        // Whoever sends one request a minute is not the one who is too quick.
        state.brim = state.every.max(took.min(Duration::from_secs(1)));
        let every = state.brim * 2;
        self.set(&mut state, every);
        state.halved = state.halved.wrapping_add(1);
        (state.taken, state.since) = (0, now.saturating_add(hold));
    }

    /// An answer that was no refusal: after some of them a quarter quicker, up to the brim, and from
    /// there on by little.
    pub(super) fn fine(&self) {
        let mut state = self.state();
        state.taken = state.taken.saturating_add(1);
        state.good = state.good.saturating_add(1);
        if state.every == QUICKEST || state.good < GOOD {
            return;
        }
        let quicker = state.every * 4 / 5;
        let every = if quicker > state.brim { quicker } else { state.every * 49 / 50 };
        self.set(&mut state, every);
    }

    fn set(&self, state: &mut State, every: Duration) {
        state.every = every.clamp(QUICKEST, SLOWEST);
        state.limiter = limiter(state.every, &self.ticks);
        state.good = 0;
    }

    #[cfg(test)]
    pub(super) fn every(&self) -> Duration {
        self.state().every
    }
}

fn limiter(every: Duration, ticks: &Ticks) -> Limiter {
    // `every` is never zero, so there is a quota; the default stands in for what cannot be.
    let quota = Quota::with_period(every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
    let at_once = if every == QUICKEST { AT_ONCE } else { NonZeroU32::MIN };
    RateLimiter::direct_with_clock(quota.allow_burst(at_once), ticks.clone())
}
