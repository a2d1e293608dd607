//! Exit codes, all of them here (CONTRACT.md). 1 means that nothing could be attempted.

use crate::apply::Applied;
use crate::model::Channel;
use crate::plan::{AccountPlan, Blocked, Change, Plan};

pub const DONE: u8 = 0;
pub const ERROR: u8 = 1;
pub const CHANGES: u8 = 2;
pub const DRIFT: u8 = 3;
pub const GUARD: u8 = 4;
pub const STALE: u8 = 5;
pub const IN_PART: u8 = 6;
pub const INCOMPLETE: u8 = 7;
pub const MANUAL: u8 = 8;

/// The first of 4, 7, 2, 8, 0.
pub fn of_plan(plan: &Plan) -> u8 {
    let by_api = |c: &Change| c.channel() == Channel::Api;
    if any(plan, |a| a.tripped().next().is_some()) {
        GUARD
    } else if any(plan, |a| !a.reading.is_complete()) {
        INCOMPLETE
    } else if plan.changes().any(by_api) || any(plan, |a| a.unaccepted().next().is_some()) {
        CHANGES
    } else if plan.changes().next().is_some() {
        MANUAL
    } else {
        DONE
    }
}

/// The first of 7, 3, 8, 0: guards are shown and do not set it; what time or the lifecycle of an
/// invitation asks for is no drift.
pub fn of_drift(plan: &Plan) -> u8 {
    let by_api = |c: &Change| c.channel() == Channel::Api;
    if any(plan, |a| !a.reading.is_complete()) {
        INCOMPLETE
    } else if plan.changes().any(|c| c.is_drift() && by_api(c)) || any(plan, |a| a.unaccepted().any(Blocked::is_drift)) {
        DRIFT
    } else if plan.changes().any(|c| !by_api(c)) {
        MANUAL
    } else {
        DONE
    }
}

/// The first of 5, 4, 7, 6, 8, 0.
pub fn of_applied(applied: &Applied) -> u8 {
    let plan = &applied.plan;
    let failed = applied.unsuccessful().next().is_some();
    if any(plan, |a| !a.stale.is_empty()) {
        STALE
    } else if any(plan, |a| a.tripped().next().is_some()) {
        GUARD
    } else if any(plan, |a| !a.reading.is_complete()) || !applied.unread.is_empty() {
        INCOMPLETE
    } else if failed || !applied.left.is_empty() || any(plan, |a| a.unaccepted().next().is_some() || !a.unreviewed.is_empty()) {
        IN_PART
    } else if !applied.manual.is_empty() {
        MANUAL
    } else {
        DONE
    }
}

fn any(plan: &Plan, is: impl Fn(&AccountPlan) -> bool) -> bool {
    plan.accounts.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Action;
    use crate::plan::{clear, sample};

    #[test]
    fn an_account_that_cannot_be_written_is_applied_in_part() {
        let mut account = sample::account("news", "solver", 1);
        account.changes = vec![sample::change("news", Action::Remove, sample::member("kim@acme.example"), None, None)];
        let plan = sample::plan(vec![account]);
        let cleared = clear(plan.clone(), None, &[]).unwrap();
        let mut applied = Applied::of(plan, &cleared);
        applied.add_unwritten(&cleared.plan().accounts[0].changes, "the disk is read-only");
        assert_eq!(of_applied(&applied), IN_PART);
    }
}
