//! The tests that judge a mutant, in one binary, so that each mutant is linked once (docs/testing.md,
//! "Mutants"). `cargo test` leaves it out: there each of them is a binary of its own.
#![expect(clippy::duplicate_mod, reason = "each test file names its part of the kit, and all of them stand here together")]

#[path = "ahead.rs"]
mod ahead;
#[path = "apply.rs"]
mod apply;
#[path = "cli/main.rs"]
mod cli;
#[path = "demands.rs"]
mod demands;
#[path = "expiring.rs"]
mod expiring;
#[path = "expiring_rows.rs"]
mod expiring_rows;
#[path = "expiring_runs.rs"]
mod expiring_runs;
#[path = "grants.rs"]
mod grants;
#[path = "lints.rs"]
mod lints;
#[path = "planning.rs"]
mod planning;
#[path = "properties.rs"]
mod properties;
#[path = "regressions.rs"]
mod regressions;
#[path = "roster.rs"]
mod roster;
#[path = "roster_doubts.rs"]
mod roster_doubts;
#[path = "rules_emma_hq.rs"]
mod rules_emma_hq;
#[path = "rules_gamoshi.rs"]
mod rules_gamoshi;
#[path = "rules_insider.rs"]
mod rules_insider;
#[path = "rules_meta_gateway.rs"]
mod rules_meta_gateway;
#[path = "rules_solver.rs"]
mod rules_solver;
