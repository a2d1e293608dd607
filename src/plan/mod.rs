//! Pure: (instant, accounts) in, plan out. No I/O, no clock, no randomness, no hash order.
//!
//! Account by account: regroup → diff → preflight → block what waits for a blocked change → order →
//! guards → what time alone will do next (DESIGN §5).

mod account;
mod ahead;
mod approved;
mod block;
mod by_hand;
mod cause;
mod change;
mod clear;
mod could;
mod diff;
mod digest;
mod domains;
mod draft;
mod evidence;
mod expiring;
mod guards;
mod history;
mod invitation;
mod lints;
mod moments;
mod one_off;
mod only;
mod order;
mod preflight;
mod regroup;
mod roll;
#[cfg(test)]
pub(crate) mod sample;
pub mod saved;
mod unlisted;

use jiff::Timestamp;
use jiff::civil::Date;

pub use account::Account;
pub(crate) use ahead::names;
pub use approved::{Approved, ApprovedChange, Unreviewed};
pub use change::{
    AccountPlan, Blocked, Cause, Change, ChangeId, Cleared, Digest, Fact, Plan, ReadingSummary, Report, Risk, Stale, Verdict, Warning,
};
pub use clear::{Confirmed, Lift, NotCleared, clear, confirm};
pub use evidence::evidence;
pub use expiring::{BlockedThen, EndedBy, Ending, Expiring, ExpiringAccount, Expiry, Kept, Sight, Why, expiring};
pub use history::{History, Sent};
pub use moments::Moments;
pub use one_off::{Against, Asked, OneOffAct, Refused, no_place_for_secrets, offered, one_off};

/// The moment that a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// `--at`: the first instant of that day, in each account's own timezone.
    pub at: Option<Date>,
    /// The clock was set by hand.
    pub simulated: bool,
}

/// The difference between what is desired and what was read, in a safe order, with its guards. An
/// account that is planned for one person alone, and has nothing to say of them, is left out.
pub fn plan(moment: Moment, accounts: &[Account<'_>]) -> Plan {
    let planned = accounts.iter().map(|a| (a, a.plan(moment)));
    let mut plans: Vec<AccountPlan> =
        planned.filter(|(a, plan)| a.only.is_none() || !only::is_silent(plan)).map(|(_, plan)| plan).collect();
    plans.sort_by(|a, b| a.account.cmp(&b.account));
    let digest = digest::of_plan(plans.iter().map(|a| (a.account.as_str(), a.digest.as_str())));
    let single = plans.len() == 1;
    // A lift holds for every part of the plan that was reviewed.
    let reviewed = accounts.iter().find_map(|a| a.approved).map(|a| a.plan.clone());
    let lifted = reviewed.as_deref().unwrap_or(digest.as_str());
    for account in &mut plans {
        guards::write_lifts(account, lifted, single);
    }
    let as_of = moment.at.and_then(|_| plans.iter().map(|a| a.as_of).min()).unwrap_or(moment.now);
    Plan { as_of, simulated: moment.simulated || moment.at.is_some(), digest, reviewed, accounts: plans }
}
