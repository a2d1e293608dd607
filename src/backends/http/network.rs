use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::cache::Cache;
use super::pace::Pace;
use super::time::{Machine, Time, spoken};
use super::wait::Patience;

/// Nobody waits longer than this without being told.
const SILENCE: Duration = Duration::from_secs(10);

/// How long and how much one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// From one part of an answer to the next.
    pub part: Duration,
    /// From the first byte sent to the last received.
    pub total: Duration,
    /// Of an answer, decompressed, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), part: Duration::from_secs(20), total: Duration::from_secs(60), body: 32 * 1024 * 1024 }
    }
}

/// The proxy for endpoints that are not on this machine, by the usual variables. It may hold a
/// password, so it is never printed.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    pub(super) https: Option<SecretString>,
    pub(super) except: Option<String>,
}

impl Proxies {
    /// `https_proxy`, else `all_proxy`, unless `no_proxy` names the host; each also in upper case. Plain
    /// http is for loopback alone, which needs no proxy. What is set and empty is not set.
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|text| !text.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_uppercase()));
        let https = either("https_proxy").or_else(|| either("all_proxy")).map(SecretString::from);
        Self { https, except: either("no_proxy") }
    }
}

/// What a run allows its requests; `Default` has no proxy, tells nobody, and compares no clocks.
pub struct Options {
    pub limits: Limits,
    pub patience: Patience,
    pub proxies: Proxies,
    /// The run's clock as it began. An answer whose `Date` is more than five minutes away from it is no
    /// reading. `None` where it is simulated.
    pub clock: Option<Timestamp>,
    /// Hears of every wait that is longer than ten seconds, while it lasts.
    pub waits: Box<dyn Fn(&str) + Send + Sync>,
    pub time: Arc<dyn Time>,
    /// How long nobody is told anything.
    pub silence: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            patience: Patience::default(),
            proxies: Proxies::default(),
            clock: None,
            waits: Box::new(|_| {}),
            time: Arc::new(Machine::start()),
            silence: SILENCE,
        }
    }
}

/// The network as one run uses it: limits, patience, and the pace of each origin, which all its
/// clients share.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
    pub(super) cache: Option<Cache>,
}

struct Shared {
    options: Options,
    paces: Mutex<BTreeMap<String, Arc<Pace>>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Waited in all, and until when: requests that wait side by side wait once.
    waited: Duration,
    until: Duration,
    /// When somebody was told last, and what was waited for since.
    told: Option<Duration>,
    silent: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Network {
    pub fn new(options: Options) -> Self {
        let shared = Shared { options, paces: Mutex::default(), state: Mutex::default() };
        Self { shared: Arc::new(shared), cache: None }
    }

    /// The same, for a run that only looks: what it reads is kept, and asked for conditionally.
    #[must_use]
    pub fn with_cache(&self, cache: Cache) -> Self {
        Self { shared: self.shared.clone(), cache: Some(cache) }
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The one pace of an origin.
    pub(super) fn pace(&self, origin: &str) -> Arc<Pace> {
        let mut paces = self.shared.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Pace::new(self.options().time.clone()));
        paces.entry(origin.to_owned()).or_insert_with(new).clone()
    }

    /// The run's clock.
    pub(super) fn now(&self) -> Option<Timestamp> {
        let elapsed = SignedDuration::try_from(self.options().time.elapsed()).ok()?;
        self.options().clock?.checked_add(elapsed).ok()
    }

    /// Whether the run has patience for one more wait.
    pub(super) fn has_patience(&self, wait: Duration) -> bool {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.options().time.elapsed();
        let until = now.saturating_add(wait);
        let more = until.saturating_sub(state.until.max(now));
        if state.waited.saturating_add(more) > self.options().patience.run {
            return false;
        }
        state.waited += more;
        state.until = state.until.max(until);
        true
    }

    /// Waits, and says so where this and the waits before it take longer than the silence that is allowed.
    pub(super) async fn wait(&self, how_long: Duration, why: &str) {
        let mut left = how_long;
        while !left.is_zero() {
            let part = left.min(self.options().silence);
            self.silent_for(left, || format!("waiting {} more: {why}", spoken(left)));
            self.options().time.sleep(part).await;
            left -= part;
        }
    }

    /// Awaits an answer, and says so from time to time.
    pub(super) async fn aloud<T>(&self, what: impl fmt::Display, answer: impl Future<Output = T>) -> T {
        let silence = self.options().silence;
        let mut answer = std::pin::pin!(answer);
        let mut silent = Duration::ZERO;
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                // The machine's own time, as that of the answer's limits.
                () = tokio::time::sleep(silence) => {
                    silent += silence;
                    // What comes next is silence, too.
                    self.silent_for(silence + Duration::from_nanos(1), || format!("no answer for {}: {what}", spoken(silent)));
                }
            }
        }
    }

    /// A silence to come: somebody is told before it where it would be too long with what came before,
    /// once for all that wait side by side.
    fn silent_for(&self, how_long: Duration, what: impl FnOnce() -> String) {
        {
            let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.silent = state.silent.saturating_add(how_long);
            if state.silent <= self.options().silence {
                return;
            }
            state.silent = how_long.min(self.options().silence);
            let now = self.options().time.elapsed();
            if state.told.is_some_and(|told| now.saturating_sub(told) < self.options().silence / 2) {
                return;
            }
            state.told = Some(now);
        }
        (self.options().waits)(&what());
    }
}
