//! A guard stops the whole run of an account, and what that run was to end stays. Which run is stopped is
//! found by walking: a run on every day on which time changes anything, each on what the one before made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{Action, Domains, Invitation, Keyed, Known, Live, Phase, Reading};
use crate::plan::Moment;
use crate::plan::account::Account;
use crate::plan::ahead::Window;
use crate::plan::change::{AccountPlan, Change};

use super::{EndedBy, Ending, Expiry, Sight, days};

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

/// What is there once all of the plan is made.
fn made(account: &Account<'_>, reading: &Reading, plan: &AccountPlan) -> Reading {
    let mut made = reading.clone();
    let mut of: BTreeMap<&str, &Change> = plan.changes.iter().map(|c| (c.subject.as_str(), c)).collect();
    made.members.retain_mut(|live| match of.remove(live.email.key()) {
        Some(change) if matches!(change.action, Action::Remove | Action::CancelInvitation) => false,
        Some(change) => {
            if let Some(after) = &change.whole_after {
                live.attrs = days::with(live, after).attrs;
            }
            match change.action {
                Action::Restore if account.has_registered(live) => live.phase = Phase::Active,
                Action::Restore | Action::Reinvite => live.phase = invited(),
                _ => {}
            }
            true
        }
        None => true,
    });
    for (_, change) in of {
        let Some(email) = change.subject.email() else {
            domain(&mut made, change);
            continue;
        };
        let reads = |key: &&str| account.caps.reads.contains(*key);
        let after = change.whole_after.iter().flatten().filter(|(key, _)| reads(key));
        let attrs: Keyed<_> = after.map(|(key, value)| (*key, Known::Seen(value.clone()))).collect();
        made.members.push(Live { email: email.clone(), id: None, phase: invited(), attrs });
    }
    made.members.sort_by(|a, b| a.email.cmp(&b.email));
    made
}

/// When it went out is of no matter here.
fn invited() -> Phase {
    Phase::Pending { sent: None, attempts: None, state: Invitation::Open }
}

fn domain(reading: &mut Reading, change: &Change) {
    let (Known::Seen(domains), Some(domain)) = (&mut reading.domains, change.subject.domain()) else { return };
    match (change.action, domains) {
        (Action::AllowDomain, all) if domain.is_any() => *all = Domains::Off,
        (Action::AllowDomain, Domains::Only(list)) => _ = list.insert(domain.clone()),
        (Action::AllowDomain, all) => *all = Domains::Only([domain.clone()].into()),
        (Action::DisallowDomain, Domains::Only(list)) => _ = list.remove(domain),
        _ => {}
    }
}
