//! A guard stops the whole run of an account, and what that run was to end stays. Which run is stopped is
//! found by walking: a run on every day on which time changes anything, each on what the one before made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::plan::Moment;
use crate::plan::account::Account;
use crate::plan::ahead::Window;
use crate::plan::change::AccountPlan;

use super::days::made;
use super::{EndedBy, Ending, Expiry, Sight};

/// Says of each row that a run or a runbook is to end, or after which a run invites again, which guards stop
/// that run. `now` is the plan of now.
pub(super) fn of_those_days(account: &Account<'_>, moment: Moment, window: Window, now: &AccountPlan, all: &mut [Expiry]) {
    let day_of = |one: &Expiry| match one.ending {
        _ if one.blocked.is_some() || one.sight == Sight::Nothing => None,
        Ending::Invitation => one.next.filter(|_| one.again),
        Ending::Membership | Ending::Part => Some(one.on).filter(|_| one.by != EndedBy::Product),
    };
    // What the plan of now is to move is not moved.
    for one in all.iter_mut().filter(|one| one.kept.is_some()) {
        one.stopped_by = stops(now);
    }
    let asked: BTreeSet<Date> = all.iter().filter_map(day_of).collect();
    let Some(last) = asked.last().copied() else { return };
    let dated = account.desired.members.iter().filter(|m| m.is_dated(window.today, last)).flat_map(|m| m.ahead(window.today, last));
    let days: BTreeSet<Date> = dated.chain(asked).filter(|day| window.today < *day).collect();
    let stopped = walk(account, moment, now, days);
    for one in all {
        if let Some(guards) = day_of(one).and_then(|day| stopped.get(&day)) {
            one.stopped_by.clone_from(guards);
        }
    }
}

/// The days whose run is stopped, with the guards that stop it.
fn walk(account: &Account<'_>, moment: Moment, now: &AccountPlan, days: BTreeSet<Date>) -> BTreeMap<Date, Vec<&'static str>> {
    let mut stopped = BTreeMap::new();
    let mut reading = if stops(now).is_empty() { made(account, account.reading, now) } else { account.reading.clone() };
    for day in days {
        let plan = Account { reading: &reading, ..*account }.plan(Moment { at: Some(day), ..moment });
        match stops(&plan) {
            none if none.is_empty() => reading = made(account, &reading, &plan),
            guards => _ = stopped.insert(day, guards),
        }
    }
    stopped
}

/// The guards that stop the plan.
pub(super) fn stops(plan: &AccountPlan) -> Vec<&'static str> {
    plan.guards.iter().filter(|v| v.tripped).map(|v| v.code).collect()
}
