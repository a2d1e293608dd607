//! Pure: (instant, accounts) in, plan out. No I/O, no clock, no randomness, no hash order.

mod change;

pub use change::{
    AccountPlan, Blocked, Cause, Change, ChangeId, Cleared, Digest, Fact, Plan, ReadingSummary, Report, Risk, Verdict, Warning,
};
