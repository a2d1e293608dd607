//! What the worlds show, in how many cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis::model::{Action, Direction, Live};
use portcullis::plan::AccountPlan;
use portcullis::sandbox::Fault;

use super::world::World;
use super::{over_http, specialities};

const PHASES: [&str; 5] = ["pending", "active", "locked", "expired", "suspended"];
const DIRECTIONS: [Direction; 4] = [Direction::Widens, Direction::Narrows, Direction::Both, Direction::Neither];
/// `order-cycle` and `administrators-unknown` have unit tests beside the planner.
const BLOCKS: [&str; 7] = [
    "actor-lacks-role",
    "actor-lacks-subaccount",
    "actor-lacks-privilege",
    "awaits-acceptance",
    "awaits-blocked",
    "no-safe-path",
    "domain-not-allowed",
];

/// What only an apply shows.
const RESULTS: [&str; 2] = ["exists-elsewhere", "link in its file"];

#[derive(Debug, Default)]
pub struct Counts {
    cases: u32,
    discarded: u32,
    stopped: u32,
    of: BTreeMap<String, u32>,
}

impl Counts {
    /// One case: its plan, and the members as the actor reads them.
    pub fn case(&mut self, world: &World, plan: &AccountPlan, members: &[Live]) {
        self.cases += 1;
        let mut seen: BTreeSet<String> = BTreeSet::new();
        seen.extend(plan.changes.iter().map(|c| format!("action {}", c.action.word())));
        seen.extend(plan.changes.iter().map(|c| format!("direction {}", c.direction.word())));
        seen.extend(plan.blocked.iter().map(|b| format!("blocked {}", b.code)));
        seen.extend(members.iter().map(|m| format!("phase {}", m.phase.word())));
        seen.extend(plan.changes.is_empty().then(|| "nothing to do".into()));
        seen.extend(plan.tripped().map(|g| format!("guard {}", g.code)));
        seen.extend(specialities::of_case(world, plan, members));
        for what in seen {
            *self.of.entry(what).or_default() += 1;
        }
    }
    pub fn note(&mut self, what: &str) {
        *self.of.entry(what.to_owned()).or_default() += 1;
    }
    pub fn discard(&mut self) {
        self.discarded += 1;
    }
    pub fn stop(&mut self) {
        self.stopped += 1;
    }
    pub fn add(&mut self, other: Counts) {
        self.cases += other.cases;
        self.discarded += other.discarded;
        self.stopped += other.stopped;
        for (what, number) in other.of {
            *self.of.entry(what).or_default() += number;
        }
    }
    pub fn cases(&self) -> u32 {
        self.cases
    }
    pub fn discarded(&self) -> u32 {
        self.discarded
    }
    pub fn stopped(&self) -> u32 {
        self.stopped
    }
    pub fn is_empty(&self) -> bool {
        self.cases == 0
    }

    /// What must be in one case of a hundred and is not.
    pub fn rare(&self) -> Vec<String> {
        let actions = Action::ALL.iter().map(|a| format!("action {}", a.word()));
        let phases = PHASES.iter().map(|p| format!("phase {p}"));
        let directions = DIRECTIONS.iter().map(|d| format!("direction {}", d.word()));
        let blocks = BLOCKS.iter().map(|b| format!("blocked {b}"));
        let readings = Fault::ALL.iter().map(|f| format!("reading {}", f.word()));
        let results = RESULTS.iter().map(|r| format!("result {r}"));
        let bridges = over_http::NOTES.map(str::to_owned);
        let all =
            actions.chain(phases).chain(directions).chain(blocks).chain(readings).chain(results).chain(specialities::all()).chain(bridges);
        all.filter(|what| self.of.get(what).copied().unwrap_or(0) * 100 < self.cases).collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases, {} discarded, {} stopped by a guard", self.cases, self.discarded, self.stopped)?;
        for (what, number) in &self.of {
            writeln!(f, "{:>6.1} %  {what}", f64::from(*number) * 100.0 / f64::from(self.cases.max(1)))?;
        }
        Ok(())
    }
}
