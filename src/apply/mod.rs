//! Makes what was cleared happen: executor, verification, runbook. Never computes a plan.

mod outcome;

pub use outcome::{Applied, ChangeResult, Verdict};
