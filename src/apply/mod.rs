//! Makes what was cleared happen: executor and results. Never computes a plan.

mod change;
mod execute;
mod outcome;

pub use execute::{Site, execute};
pub use outcome::{Applied, ChangeResult, Verdict};
