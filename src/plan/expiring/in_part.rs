//! Of whom a bounded actor sees a part, entries end more than its run does: a row is what the plan of
//! that day does, and what entries end beside it is a row that says who could (E4, E12).

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Channel, Email, Invitation, Key, Live, Phase, Subject, Value};
use crate::plan::account::Account;
use crate::plan::ahead::{Made, Standing, State};
use crate::plan::change::{AccountPlan, Change};
use crate::plan::draft::Found;
use crate::plan::preflight;
use crate::systems::Axis;

use super::{BlockedThen, Days, EndedBy, Ending, Expiry, held};

/// What the entries end on a day, as the rows of what this actor's run does about it.
pub(super) fn of_run(account: &Account<'_>, live: &Live, one: Expiry, days: &mut Days<'_>) -> Vec<Expiry> {
    if account.is_unbounded() || one.by == EndedBy::Product {
        return vec![one];
    }
    let (was, _) = state(account, live, days.plan(one.on.yesterday().unwrap_or(one.on)));
    let live = &super::days::with(live, &was.attrs);
    let (is, run) = state(account, live, days.plan_after_eve(one.on));
    if is.standing == Standing::None {
        return vec![one];
    }
    let blocked = super::blocked_then(days.plan_after_eve(one.on), &one.member).map_or("actor-lacks-subaccount", |b| b.code);
    let narrows = |before: &Attrs, after: &Attrs| account.spec.direction(before, after).narrows();
    let ends = narrows(&was.attrs, &is.attrs);
    let before = left_by_run(account, &one.before, &was.attrs, &is.attrs);
    let part = ends.then(|| Expiry {
        ending: Ending::Part,
        by: run.unwrap_or(one.by),
        before: held(account, &was.attrs),
        after: Some(held(account, &is.attrs)),
        is_of_run: true,
        ..one.clone()
    });
    // Of a membership that is to end there is more than is seen, whatever it is.
    let is_left = one.after.as_ref().is_none_or(|after| narrows(&before, after));
    let needs = || needs(account, live, &before, one.after.as_ref());
    let rest = is_left.then(|| BlockedThen { code: blocked, needs: needs() });
    let rest = rest.map(|blocked| Expiry { before: before.clone(), rest: ends, blocked: Some(blocked), is_of_run: true, ..one.clone() });
    part.into_iter().chain(rest).collect()
}

/// What is seen once the plan is applied, and who makes its change.
fn state(account: &Account<'_>, live: &Live, plan: &AccountPlan) -> (State, Option<EndedBy>) {
    let made = Made::of(&plan.changes, &plan.blocked);
    let by = |change: &Change| match change.calls.iter().all(|c| c.channel == Channel::Api) {
        true => EndedBy::Portcullis,
        false => EndedBy::Manual,
    };
    (made.state(account, live), made.of_member(&live.email).map(by))
}

/// What was held, without the scopes that the run takes away, and with what it makes of the rest.
fn left_by_run(account: &Account<'_>, before: &Attrs, was: &Attrs, is: &Attrs) -> Attrs {
    let none = BTreeSet::new();
    let scopes = |attrs: &Attrs, key: Key| -> BTreeSet<Atom> { attrs.get(key).and_then(Value::as_set).unwrap_or(&none).clone() };
    let is_scope = |key: Key| account.spec.attrs.iter().any(|a| a.key == key && a.axis == Axis::Where && !a.kind.denies());
    let mut left: Attrs = held(account, is).into_iter().filter(|(key, _)| !is_scope(key)).collect();
    for key in before.keys().copied().filter(|key| is_scope(key)) {
        let taken: BTreeSet<Atom> = scopes(was, key).difference(&scopes(is, key)).cloned().collect();
        left.insert(key, Value::Set(scopes(before, key).difference(&taken).cloned().collect()));
    }
    held(account, &left)
}

/// Who could end it. A whole membership is ended by whoever sees the whole, as an invitation is, which
/// goes whole or not at all.
fn needs(account: &Account<'_>, live: &Live, before: &Attrs, after: Option<&Attrs>) -> String {
    let email: Email = live.email.clone();
    let mut whose = live.clone();
    let action = match (after, live.phase.is_pending()) {
        (None, _) => {
            whose.phase = Phase::Pending { sent: None, attempts: None, state: Invitation::Open };
            Action::CancelInvitation
        }
        (Some(_), true) => Action::EditInvitation,
        (Some(_), false) => Action::Edit,
    };
    let found = Found {
        live: Some(&whose),
        whole_before: before.clone(),
        whole_after: after.cloned(),
        ..Found::new(action, Subject::Member(email))
    };
    match found.draft(account) {
        Ok(draft) => preflight::asked(account, &draft),
        Err(blocked) => blocked.needs,
    }
}
