//! What all requests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::account::Account;
use super::fault::Faults;
use super::settings::Settings;

/// Where the server takes its instants from.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

pub(super) struct Shared {
    pub accounts: Vec<Arc<Account>>,
    pub settings: Settings,
    pub faults: Faults,
    clock: Clock,
    /// How far the clock was moved.
    ahead: Mutex<SignedDuration>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: BTreeMap<(String, String, &'static str), u64>,
    writes: BTreeMap<String, u64>,
}

/// What the server was asked for since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Calls {
    /// Those that reached an account, refused ones included.
    pub requests: Vec<Requests>,
    /// Calls that reached the account's product: not those that a fault or an `Idempotency-Key` answered.
    pub writes: Vec<Writes>,
}

/// Requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Requests {
    pub account: String,
    pub method: String,
    /// `capabilities`, `members`, `account` or `calls`.
    pub route: &'static str,
    pub times: u64,
}

/// Calls on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Writes {
    pub account: String,
    pub times: u64,
}

impl Calls {
    /// Requests of that route, in all accounts.
    pub fn of(&self, route: &str) -> u64 {
        self.requests.iter().filter(|r| r.route == route).map(|r| r.times).sum()
    }
    /// Calls that reached a product, in all accounts.
    pub fn written(&self) -> u64 {
        self.writes.iter().map(|w| w.times).sum()
    }
}

impl Shared {
    pub(super) fn new(accounts: Vec<Arc<Account>>, settings: Settings, clock: Clock) -> Self {
        let (ahead, counts) = (Mutex::new(SignedDuration::ZERO), Mutex::default());
        Self { accounts, settings, faults: Faults::default(), clock, ahead, counts }
    }

    pub(super) fn account(&self, connection: &str, tenant: Option<&str>) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|a| a.served.connection == connection && a.served.tenant.as_deref() == tenant)
    }

    pub(super) fn now(&self) -> Timestamp {
        let ahead = *locked(&self.ahead);
        let now = (self.clock)();
        now.checked_add(ahead).unwrap_or(now)
    }

    /// Moves the clock, which goes on from there.
    pub(super) fn set_clock(&self, to: Timestamp) {
        *locked(&self.ahead) = to.duration_since((self.clock)());
    }

    pub(super) fn count(&self, account: &Account, method: &str, route: &'static str) {
        *locked(&self.counts).requests.entry((account.name().to_string(), method.to_owned(), route)).or_default() += 1;
    }

    pub(super) fn count_write(&self, account: &Account) {
        *locked(&self.counts).writes.entry(account.name().to_string()).or_default() += 1;
    }

    pub(super) fn calls(&self) -> Calls {
        let counts = locked(&self.counts);
        let requests = counts.requests.iter().map(|((account, method, route), times)| Requests {
            account: account.clone(),
            method: method.clone(),
            route,
            times: *times,
        });
        let writes = counts.writes.iter().map(|(account, times)| Writes { account: account.clone(), times: *times });
        Calls { requests: requests.collect(), writes: writes.collect() }
    }
}

/// What a panic left behind is whole: each of these is changed in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
