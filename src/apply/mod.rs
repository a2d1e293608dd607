//! Makes what was cleared happen: executor and results. Never computes a plan.

mod change;
mod execute;
mod exists;
mod handover;
mod one_off;
mod outcome;
mod read_back;

pub use execute::{Site, execute};
pub use handover::{Found, Handover, Ready, Swept};
pub use one_off::{OneOffResult, one_off};
pub use outcome::{Applied, ChangeResult, Lifts, LinksApplied, ResultWord};
