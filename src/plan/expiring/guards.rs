//! A guard stops the whole run of an account, and what that run was to end stays.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::desired::GuardCode;
use crate::plan::change::AccountPlan;

use super::{Days, EndedBy, Expiry};

/// Says of each row that a run or a runbook is to end which guards stop that run. What an earlier run makes
/// counts no more: ends on different days are no plan of many removals.
pub(super) fn of_those_days(days: &mut Days<'_>, all: &mut [Expiry]) {
    let is_of_a_run = |one: &Expiry| one.by != EndedBy::Product && one.blocked.is_none();
    let mut made = Counted::default();
    let mut stopped: (Option<Date>, Vec<&'static str>) = (None, Vec::new());
    made.passes(days.plan(Date::MIN));
    for one in all.iter_mut().filter(|one| is_of_a_run(one)) {
        if stopped.0 != Some(one.on) {
            stopped = (Some(one.on), made.passes(days.plan(one.on)));
        }
        one.stopped_by.clone_from(&stopped.1);
    }
}

/// What each guard has counted of what was made.
#[derive(Default)]
struct Counted(BTreeMap<&'static str, u32>);

impl Counted {
    /// The guards that stop the plan; where none does, it counts as made.
    fn passes(&mut self, plan: &AccountPlan) -> Vec<&'static str> {
        let is_minimum = |code: &str| GuardCode::find(code).is_some_and(GuardCode::is_minimum);
        let made = |code: &str| self.0.get(code).copied().unwrap_or_default();
        let stops = plan.guards.iter().filter(|v| v.tripped && (is_minimum(v.code) || v.actual.saturating_sub(made(v.code)) > v.limit));
        let stops: Vec<&'static str> = stops.map(|v| v.code).collect();
        if stops.is_empty() {
            self.0 = plan.guards.iter().map(|v| (v.code, v.actual)).collect();
        }
        stops
    }
}
