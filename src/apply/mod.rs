//! Makes what was cleared happen: executor and results. Never computes a plan.

mod change;
mod execute;
mod exists;
mod outcome;

pub use execute::{Site, execute};
pub use outcome::{Applied, ChangeResult, ResultWord};
