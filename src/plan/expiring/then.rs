//! What the runs to come make of a row: whether what is to end is held by then, what the run of that day
//! does about it, and what keeps it from doing so.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::{Action, Attrs, Email, Live, Phase};
use crate::plan::account::Account;
use crate::plan::ahead::{self, Made, Standing, Window};

use super::rows::{held, is_in_part};
use super::walk::{Run, Walk, takes};
use super::{EndedBy, Ending, Expiry, Sight, Why, in_part, rows};

/// The rows as runs make them, and the ends of what no run gives. `accepted` are the runs in which
/// everybody who is invited has accepted.
pub(super) fn settle(
    account: &Account<'_>,
    window: Window,
    walk: &Walk,
    accepted: &Walk,
    rows: Vec<Expiry>,
) -> (Vec<Expiry>, Vec<(Date, Email)>) {
    let mut all = Vec::new();
    let mut never = Vec::new();
    for one in rows {
        let day = one.run();
        let Some(run) = day.and_then(|day| walk.run(day)) else {
            // What the plan of now is to move is not moved where a guard stops it.
            let stopped_by = if one.kept.is_some() { walk.stopped_now.clone() } else { Vec::new() };
            all.push(Expiry { stopped_by, ..one });
            continue;
        };
        let accepted = day.and_then(|day| accepted.run(day));
        match of_run(account, run, one.clone()) {
            Some(rows) if rows.is_empty() => all.extend(only_accepted(account, accepted, one)),
            Some(rows) => all.extend(rows.into_iter().map(|row| once_accepted(account, accepted, &one, row))),
            None => never.push((one.on, one.member)),
        }
    }
    // What the product ends and a run gives back, that run does not end.
    let back: BTreeSet<(Date, Email)> = all.iter().filter(|one| one.is_given_back()).map(|one| (one.on, one.member.clone())).collect();
    all.retain(|one| one.is_given_back() || !back.contains(&(one.on, one.member.clone())));
    let late = late(account, walk, &all);
    all.extend(late.into_iter().map(|one| once_accepted(account, accepted.run(one.on), &one.clone(), one)));
    let invited: BTreeSet<&Email> = account.reading.members.iter().filter(|l| l.phase.is_pending()).map(|l| &l.email).collect();
    let late = self::late(account, accepted, &all).into_iter().filter(|one| invited.contains(&one.member));
    all.extend(late.map(|one| Expiry { pending: true, only_accepted: true, ..one }).collect::<Vec<_>>());
    let own = ended_all_the_same(account, window, walk, &all);
    all.extend(own);
    // Whom a run ends before has no end of the product's to come.
    let gone: BTreeSet<(Email, Date)> = all.iter().filter(|one| one.is_gone_by_run()).map(|one| (one.member.clone(), one.on)).collect();
    let is_gone = |one: &Expiry| gone.range((one.member.clone(), Date::MIN)..(one.member.clone(), one.on)).next().is_some();
    all.retain(|one| one.why != Why::OwnEnd || !is_gone(one));
    tell_who_is_in(account, &mut all);
    (all, never)
}

/// Says of each row whether its member is let in now.
fn tell_who_is_in(account: &Account<'_>, all: &mut [Expiry]) {
    let is_in = |live: &&Live| live.phase == Phase::Active;
    let is_in: BTreeSet<&Email> = account.reading.members.iter().filter(is_in).map(|l| &l.email).collect();
    let is_shut_out = |live: &&Live| live.phase == Phase::Locked || account.spec.is_cut_off(live, &account.reading.domains);
    let shut_out: BTreeSet<&Email> = account.reading.members.iter().filter(is_shut_out).map(|l| &l.email).collect();
    for one in all.iter_mut().filter(|one| one.ending != Ending::Invitation) {
        one.shut_out = !one.pending && shut_out.contains(&one.member);
        one.is_in = is_in.contains(&one.member) && !shut_out.contains(&one.member);
    }
}

/// What the run does to who has accepted, where it does nothing to who has not: the invitation is over by then.
fn only_accepted(account: &Account<'_>, accepted: Option<&Run>, one: Expiry) -> Vec<Expiry> {
    let Some(run) = accepted.filter(|_| one.by != EndedBy::Product) else { return Vec::new() };
    let rows = of_run(account, run, one).unwrap_or_default();
    rows.into_iter().map(|row| Expiry { pending: true, only_accepted: true, ..row }).collect()
}

/// The row of somebody who has not accepted by then, with what the same run does to those who have.
fn once_accepted(account: &Account<'_>, accepted: Option<&Run>, one: &Expiry, row: Expiry) -> Expiry {
    let is_asked = row.pending && row.ending != Ending::Invitation && row.by != EndedBy::Product;
    let Some(run) = accepted.filter(|_| is_asked) else { return row };
    let then = of_run(account, run, one.clone()).unwrap_or_default();
    let is_same = |then: &Expiry| {
        let of = |row: &Expiry| (row.ending, row.after.clone(), row.blocked.is_some(), row.stopped_by.clone());
        of(then) == of(&row)
    };
    let is_as_invited = !then.is_empty() && then.iter().all(is_same);
    Expiry { once_accepted: (!is_as_invited).then_some(then), ..row }
}

/// What the run makes of a row; None where it finds nothing that it could take.
fn of_run(account: &Account<'_>, run: &Run, one: Expiry) -> Option<Vec<Expiry>> {
    if one.ending == Ending::Invitation {
        let blocked = run.blocked(&one.member);
        let invites = run.change(&one.member).is_some_and(|c| c.invites);
        let stopped_by = if invites { run.stopped_by.clone() } else { Vec::new() };
        return Some(vec![Expiry { again: blocked.is_none(), blocked, stopped_by, ..one }]);
    }
    let Some(live) = run.finds(&one.member).filter(|l| is_there(account, l, one.on)) else {
        // Somebody else may have given it where the actor does not see (E4).
        return (!account.is_unbounded()).then(|| vec![Expiry { sight: Sight::Nothing, pending: false, ..one }]);
    };
    // A run before may not have written what the product shall end.
    let is_written = ahead::own_end(account, live).is_some_and(|last| last < one.on);
    let by = if one.by == EndedBy::Product && !is_written { by_run(account, live) } else { one.by };
    let one = Expiry { by, unwritten: one.unwritten && is_written, ..one };
    let mut rows = match by {
        _ if one.again && !is_written => Vec::new(),
        EndedBy::Product => {
            let again = one.again && run.change(&one.member).is_some() && run.stopped_by.is_empty();
            let pending = live.phase.is_pending();
            vec![Expiry { before: held(account, &account.seen(live)), again, pending, ..one }]
        }
        EndedBy::Portcullis | EndedBy::Manual if is_in_part(live) => in_part::of_run(account, live, run, one),
        // An invitation that is over is told with the invitations.
        EndedBy::Portcullis | EndedBy::Manual if !run.is_about(&one.member) && live.phase.is_pending() => Vec::new(),
        EndedBy::Portcullis | EndedBy::Manual if !run.is_about(&one.member) => return None,
        EndedBy::Portcullis | EndedBy::Manual => vec![whole(account, live, run, one)?],
    };
    for row in rows.iter_mut().filter(|row| row.by != EndedBy::Product && row.blocked.is_none()) {
        row.stopped_by.clone_from(&run.stopped_by);
    }
    Some(rows)
}

/// Who ends the whole membership where the product does not.
fn by_run(account: &Account<'_>, live: &Live) -> EndedBy {
    let action = if live.phase.is_pending() { Action::CancelInvitation } else { Action::Remove };
    EndedBy::by_run(account, action, &account.seen(live), &Attrs::new())
}

/// The row of somebody who is seen whole, from what is held by then; None where the run takes nothing.
fn whole(account: &Account<'_>, live: &Live, run: &Run, one: Expiry) -> Option<Expiry> {
    let before = account.seen(live);
    let change = run.change(&one.member);
    let after = match change.map(|c| &c.whole_after) {
        Some(after) => after.as_ref().map(|after| held(account, after)),
        None => one.after.clone(),
    };
    let narrows = after.as_ref().is_none_or(|after| account.spec.direction(&held(account, &before), after).narrows());
    narrows.then(|| Expiry {
        emptied: after.as_ref().is_some_and(|after| account.is_empty(after)) && !is_in_part(live),
        pending: live.phase.is_pending(),
        ending: if after.is_some() { Ending::Part } else { Ending::Membership },
        before: held(account, &before),
        after,
        blocked: run.blocked(&one.member).filter(|_| change.is_none()),
        ..one
    })
}

/// What is asked for already, and what only a later run takes: one before was stopped by a guard, or the
/// change waited for another.
fn late(account: &Account<'_>, walk: &Walk, rows: &[Expiry]) -> Vec<Expiry> {
    let told: BTreeSet<(Date, &Email)> =
        rows.iter().filter(|one| one.ending != Ending::Invitation).map(|one| (one.on, &one.member)).collect();
    let made = walk.runs().filter(|(_, run)| run.stopped_by.is_empty());
    made.flat_map(|(day, run)| run.changes().filter(|(_, c)| takes(c)).map(move |(member, change)| (day, run, member, change)))
        .filter(|(day, _, member, _)| !told.contains(&(*day, *member)))
        .filter_map(|(day, run, member, change)| {
            let live = run.finds(member).filter(|l| is_there(account, l, day))?;
            let row = Expiry {
                by: in_part::by(change),
                place: change.place.clone(),
                reason: change.reason.clone(),
                sight: if is_in_part(live) { Sight::Part } else { Sight::Whole },
                ..Expiry::new(account, day, member, &account.seen(live), Ending::Membership, Why::Late)
            };
            whole(account, live, run, row)
        })
        .collect()
}

/// What no run moves in time, because that is blocked or stopped, the product ends on its own day.
fn ended_all_the_same(account: &Account<'_>, window: Window, walk: &Walk, rows: &[Expiry]) -> Vec<Expiry> {
    let told: BTreeSet<(Date, &Email)> = rows.iter().filter(|one| one.by == EndedBy::Product).map(|one| (one.on, &one.member)).collect();
    let still = |on: Date, live: &Live| {
        let then = walk.run(on).and_then(|run| run.finds(&live.email))?;
        let is_same = is_standing(account, then) && ahead::own_end(account, then) == ahead::own_end(account, live);
        is_same.then_some(then)
    };
    rows::own_ends(account, window)
        .filter(|(on, live)| !told.contains(&(*on, &live.email)))
        .filter_map(|(on, live)| {
            let pending = still(on, live)?.phase.is_pending();
            Some(Expiry { pending, ..Expiry::new(account, on, &live.email, &account.seen(live), Ending::Membership, Why::OwnEnd) })
        })
        .collect()
}

/// Whether somebody is a member on the eve of that day: whose own end came before has nothing that could end.
fn is_there(account: &Account<'_>, live: &Live, on: Date) -> bool {
    let after = ahead::own_end(account, live).and_then(|last| last.tomorrow().ok());
    is_standing(account, live) && after.is_none_or(|day| on <= day)
}

fn is_standing(account: &Account<'_>, live: &Live) -> bool {
    Made::of(&[], &[]).state(account, live).standing != Standing::None
}
