//! Of whom a bounded actor sees a part, entries end more than its run does: a row is what the plan of
//! that day does, and what entries end beside it is a row that says who could (E4, E12).

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Channel, Email, Invitation, Key, Live, Phase, Subject, Value};
use crate::plan::account::Account;
use crate::plan::ahead::{Made, Standing};
use crate::plan::change::Change;
use crate::plan::draft::Found;
use crate::plan::preflight;
use crate::systems::AttrSpec;

use super::rows::held;
use super::walk::Run;
use super::{BlockedThen, EndedBy, Ending, Expiry};

/// What the entries end on a day, as the rows of what this actor's run does about it; `live` is what it finds.
pub(super) fn of_run(account: &Account<'_>, live: &Live, run: &Run, one: Expiry) -> Vec<Expiry> {
    let was = Made::of(&[], &[]).state(account, live);
    let is = Made::of(run.change(&one.member).map(std::slice::from_ref).unwrap_or_default(), &[]).state(account, live);
    if is.standing == Standing::None {
        return vec![one];
    }
    let blocked = run.blocked(&one.member).map_or("actor-lacks-subaccount", |b| b.code);
    let narrows = |before: &Attrs, after: &Attrs| account.spec.direction(before, after).narrows();
    let ends = narrows(&was.attrs, &is.attrs);
    // What should have ended before, and is seen to be there still, is there on that day too.
    let still = |attrs: &Attrs| with_scopes(account, attrs, &is.attrs);
    let one = Expiry { after: one.after.as_ref().map(|after| with_more(account, after, &one.before, &is.attrs)), ..one };
    let before = still(&left_by_run(account, &one.before, &was.attrs, &is.attrs));
    let part = ends.then(|| Expiry {
        ending: Ending::Part,
        by: run.change(&one.member).map_or(one.by, by),
        before: held(account, &was.attrs),
        after: Some(held(account, &is.attrs)),
        ..one.clone()
    });
    // Of a membership that is to end there is more than is seen, whatever it is.
    let is_left = one.after.as_ref().is_none_or(|after| narrows(&before, after));
    let needs = || needs(account, live, &before, one.after.as_ref());
    let rest = is_left.then(|| BlockedThen { code: blocked, needs: needs() });
    let rest = rest.map(|blocked| Expiry { before: before.clone(), rest: ends, blocked: Some(blocked), ..one.clone() });
    part.into_iter().chain(rest).collect()
}

/// Who makes a change.
pub(super) fn by(change: &Change) -> EndedBy {
    match change.calls.iter().all(|c| c.channel == Channel::Api) {
        true => EndedBy::Portcullis,
        false => EndedBy::Manual,
    }
}

fn is_scope(account: &Account<'_>, key: Key) -> bool {
    account.spec.attr(key).is_some_and(AttrSpec::is_scope)
}

/// The same with the scopes of another.
fn with_scopes(account: &Account<'_>, attrs: &Attrs, other: &Attrs) -> Attrs {
    let mut all = attrs.clone();
    for (key, value) in other.iter().filter(|(key, _)| is_scope(account, key)) {
        let more = value.as_set().into_iter().flatten().cloned();
        let held = all.get(key).and_then(Value::as_set).into_iter().flatten().cloned();
        let together = Value::Set(held.chain(more).collect());
        all.insert(key, together);
    }
    all
}

/// The same with those scopes that are there and were to be gone `before`.
fn with_more(account: &Account<'_>, after: &Attrs, before: &Attrs, there: &Attrs) -> Attrs {
    let was = |key: Key| before.get(key).and_then(Value::as_set);
    let more = there.iter().filter_map(|(key, value)| {
        let scopes = value.as_set()?.iter().filter(|scope| !was(*key).is_some_and(|was| was.contains(*scope)));
        Some((*key, Value::Set(scopes.cloned().collect())))
    });
    with_scopes(account, after, &more.collect())
}

/// What was held, without the scopes that the run takes away, and with what it makes of the rest.
fn left_by_run(account: &Account<'_>, before: &Attrs, was: &Attrs, is: &Attrs) -> Attrs {
    let none = BTreeSet::new();
    let scopes = |attrs: &Attrs, key: Key| -> BTreeSet<Atom> { attrs.get(key).and_then(Value::as_set).unwrap_or(&none).clone() };
    let mut left: Attrs = held(account, is).into_iter().filter(|(key, _)| !is_scope(account, key)).collect();
    for key in before.keys().copied().filter(|key| is_scope(account, key)) {
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
