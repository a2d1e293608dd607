//! The ways in which an account's server goes wrong over HTTP, switched on and off while it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Atom;
use crate::model::bridge::ProblemKind;

/// What goes wrong. Where nothing else is said, each is for every request that it can spoil, and for no
/// other: it does not count as fired where it would change nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum HttpFault {
    /// A page of members comes without them.
    PageEmpty,
    /// In the place of a page comes the one before it.
    PageRepeated,
    /// Of a page's members the second half is missing.
    PageCut,
    /// A page that has a next one does not name it.
    NextLost,
    /// Pages and account state another total.
    TotalLies {
        /// What is added to it; may be negative.
        by: i64,
    },
    /// One member is missing from a page, and nothing else.
    MemberMissing {
        /// Whom, by address; without one the first of the page.
        member: Option<String>,
    },
    /// Pages are cut from a list that is in another order at each call.
    OrderShuffled,
    /// Members have identifiers, and two have the same.
    IdsReused,
    /// What was answered to the same request last, where it has changed since.
    StaleRead,
    /// A page for people, with 200, in the place of the answer. Nothing was done.
    Html,
    /// The answer says that it is plain text.
    WrongContentType,
    /// The body comes in small pieces.
    SlowBody {
        /// Before each piece of 64 bytes.
        millis: u32,
    },
    /// The body begins and never ends.
    EndlessBody,
    /// 401, as if the token had run out.
    Unauthorized,
    /// 403, for calls.
    Forbidden {
        /// On whom, by address; without one on everybody.
        member: Option<String>,
    },
    /// 404.
    NotFound,
    /// 409, for calls. Nothing was done.
    Conflict {
        /// Which one.
        kind: Conflict,
    },
    /// 412, for calls. Nothing was done.
    Changed,
    /// 429. Nothing was done.
    TooManyRequests { retry_after: RetryAfter },
    /// 500 to 599, for `times` requests.
    ServerError {
        status: u16,
        /// Whether what was asked for is done all the same.
        #[serde(default)]
        done: bool,
    },
    /// The connection is cut before anything was done.
    CutBefore,
    /// Everything is done, and then the connection is cut without an answer.
    CutAfter,
    /// 307 to another origin.
    Redirect {
        /// The whole address.
        to: String,
    },
    /// A call is answered with 200 and not done.
    NotDone,
    /// A call is answered with 200 and done but for the role: it stays as it was, and of an invitation
    /// it becomes another.
    RoleDropped,
    /// A call is answered with 200, and an end that is further away, or none, becomes a nearer one.
    EndClamped {
        /// At most so many days from today.
        days: u16,
    },
    /// `Date` is wrong.
    ClockSkew {
        /// What is added to it; may be negative.
        seconds: i32,
    },
    /// Every answer comes later, and nothing is wrong with it.
    Latency { millis: u32 },
}

/// What a 409 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    Exists,
    InProgress,
}

impl Conflict {
    pub(super) fn kind(self) -> ProblemKind {
        match self {
            Conflict::Exists => ProblemKind::Exists,
            Conflict::InProgress => ProblemKind::InProgress,
        }
    }
}

/// How a `Retry-After` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// Not at all.
    Absent,
    /// As a number of seconds.
    Seconds(u32),
    /// As a date, so many seconds from now by the server's clock.
    Date(u32),
}

/// A fault that is switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Injected {
    pub fault: HttpFault,
    /// How often it fires; without a number always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many requests that it could spoil pass first.
    #[serde(default)]
    pub after: u32,
    /// Of which account; without a name of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl From<HttpFault> for Injected {
    /// Always, from the first request on, in every account.
    fn from(fault: HttpFault) -> Self {
        Self { fault, times: None, after: 0, account: None }
    }
}

impl Injected {
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
    #[must_use]
    pub fn of(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }
}

/// A fault and how often it fired. A test in which a fault never fired has proven nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fired {
    #[serde(flatten)]
    pub injected: Injected,
    pub fired: u32,
}

/// All faults that are switched on, in the order in which they were.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Counted>>);

struct Counted {
    injected: Injected,
    passed: u32,
    fired: u32,
}

impl Faults {
    pub(super) fn add(&self, injected: Injected) {
        self.all().push(Counted { injected, passed: 0, fired: 0 });
    }
    pub(super) fn replace(&self, injected: Vec<Injected>) {
        *self.all() = injected.into_iter().map(|injected| Counted { injected, passed: 0, fired: 0 }).collect();
    }
    pub(super) fn fired(&self) -> Vec<Fired> {
        self.all().iter().map(|c| Fired { injected: c.injected.clone(), fired: c.fired }).collect()
    }

    /// The first fault that `spoils` this occasion, which counts as fired. `spoils` is told how often
    /// the fault fired before, and says no where it would change nothing.
    pub(super) fn fires<T>(&self, account: &Atom, spoils: impl Fn(&HttpFault, u32) -> Option<T>) -> Option<T> {
        self.all().iter_mut().find_map(|counted| {
            let Injected { fault, times, after, account: of } = &counted.injected;
            if of.as_ref().is_some_and(|of| *account != **of) || times.is_some_and(|times| counted.fired >= times) {
                return None;
            }
            let spoilt = spoils(fault, counted.fired)?;
            if counted.passed < *after {
                counted.passed += 1;
                return None;
            }
            counted.fired = counted.fired.saturating_add(1);
            Some(spoilt)
        })
    }

    fn all(&self) -> MutexGuard<'_, Vec<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
