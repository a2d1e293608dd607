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
/// The same under a pace: whoever wakes a little late catches up.
const CATCH_UP: NonZeroU32 = NonZeroU32::new(2).expect("it is not zero");
/// Good answers in a row after which the pace is looked at again.
const GOOD: u32 = 8;
/// While nobody knows what the server takes, the pace is so much quicker each time.
const PROBE: f64 = 1.25;
/// Where it was too quick, the pace begins again at this part of what was too quick.
const BACK: f64 = 0.85;
/// It is as quick again after so many seconds, nears it slowly, and leaves it slowly.
const AGAIN: f64 = 10.0;

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
    /// How often it was too quick: of requests that were on their way together, one slows it down.
    slowed: u32,
    good: u32,
    /// The pace that was too quick; none while that is being looked for.
    brim: Option<Duration>,
    /// Good answers since it was too quick, to know what the server took.
    taken: u32,
    since: Duration,
}

/// A request that may go out, under the pace of its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    slowed: u32,
}

impl Pace {
    pub(super) fn new(time: Arc<dyn Time>) -> Self {
        let ticks = Ticks(time);
        let limiter = limiter(QUICKEST, &ticks);
        let since = ticks.now();
        let state = State { limiter, every: QUICKEST, held: Duration::ZERO, slowed: 0, good: 0, brim: None, taken: 0, since };
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
            Ok(()) => Ok(Turn { slowed: state.slowed }),
            Err(not_until) => Err(not_until.wait_time_from(now).max(Duration::from_millis(1))),
        }
    }

    /// Nothing goes out for so long.
    pub(super) fn hold(&self, how_long: Duration) {
        let until = self.ticks.now().saturating_add(how_long);
        let mut state = self.state();
        state.held = state.held.max(until);
    }

    /// The server said that this was too quick, and perhaps when to come again. The first time the pace is
    /// what it took until then; later it is a little less than what was too quick.
    pub(super) fn slow_down(&self, turn: Turn, hold: Option<Duration>) {
        let now = self.ticks.now();
        let mut state = self.state();
        let is_paced = state.every > QUICKEST;
        // Nothing was taken since: it is still too early, which tells nothing of the pace.
        if turn.slowed != state.slowed || (is_paced && state.taken == 0) {
            return;
        }
        let hold = hold.unwrap_or_default().min(SLOWEST);
        let (every, brim) = if !is_paced {
            let took = now.saturating_sub(state.since).saturating_add(hold) / state.taken.max(1);
            // Whoever sends one request a minute is not the one who is too quick.
            (took.min(Duration::from_secs(1)), None)
        } else if state.taken < GOOD {
            (state.every * 2, Some(state.every * 2))
        } else {
            // Somewhere within the last step, where it was still being looked for.
            let brim = if state.brim.is_none() { state.every.mul_f64(PROBE.sqrt()) } else { state.every };
            (brim.div_f64(BACK), Some(brim))
        };
        state.since = now.saturating_add(hold);
        (state.brim, state.taken) = (brim, 0);
        state.slowed = state.slowed.wrapping_add(1);
        self.set(&mut state, every);
    }

    /// An answer that was no refusal: after some of them the pace is quicker. While the brim is being looked
    /// for, by a quarter; else along a cube of the time, which is flat where it was too quick.
    pub(super) fn fine(&self) {
        let now = self.ticks.now();
        let mut state = self.state();
        state.taken = state.taken.saturating_add(1);
        state.good = state.good.saturating_add(1);
        if state.every == QUICKEST || state.good < GOOD {
            return;
        }
        let every = match state.brim {
            None => state.every.div_f64(PROBE),
            Some(brim) => {
                let from_brim = now.saturating_sub(state.since).as_secs_f64() / AGAIN - 1.0;
                brim.div_f64(1.0 + (1.0 - BACK) * from_brim.powi(3))
            }
        };
        self.set(&mut state, every);
    }

    fn set(&self, state: &mut State, every: Duration) {
        let every = every.clamp(QUICKEST, SLOWEST);
        state.good = 0;
        // A new limiter gives a turn away: not for nothing.
        if every.abs_diff(state.every) > state.every / 100 {
            state.every = every;
            state.limiter = limiter(every, &self.ticks);
        }
    }

    #[cfg(test)]
    pub(super) fn every(&self) -> Duration {
        self.state().every
    }
}

fn limiter(every: Duration, ticks: &Ticks) -> Limiter {
    // `every` is never zero, so there is a quota; the default stands in for what cannot be.
    let quota = Quota::with_period(every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
    let at_once = if every == QUICKEST { AT_ONCE } else { CATCH_UP };
    let limiter = RateLimiter::direct_with_clock(quota.allow_burst(at_once), ticks.clone());
    if every > QUICKEST {
        // Its first turns come as the others do, one after the other.
        let _ = limiter.check_n(CATCH_UP);
    }
    limiter
}
