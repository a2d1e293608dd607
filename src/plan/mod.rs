//! Pure: (instant, accounts) in, plan out. No I/O, no clock, no randomness, no hash order.

mod change;
#[cfg(test)]
pub(crate) mod sample;

pub use change::{
    AccountPlan, Blocked, Cause, Change, ChangeId, Cleared, Digest, Fact, Plan, ReadingSummary, Report, Risk, Verdict, Warning,
};
