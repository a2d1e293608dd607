//! A change that the actor may not make is not attempted: it is shown as blocked, with who could.

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Direction, Key, Value};
use crate::systems::{Axis, Demand, Needs};

use super::account::{Account, Work};
use super::change::Blocked;
use super::could;
use super::draft::Draft;

const UNSEEN: &str = "this actor does not see everybody: for somebody who is a member already, more may be asked than for an invitation";

pub(super) fn all(account: &Account<'_>, work: &mut Work) {
    let drafts = std::mem::take(&mut work.drafts);
    for mut draft in drafts {
        if let Some(refused) = refusal(account, &draft) {
            work.blocked.push(refused.block(account, draft));
            continue;
        }
        draft.change.notes.extend(says_more_than_is_seen(account, &draft));
        if leaves_empty(account, &draft) {
            draft.change.notes.push("left-empty".into());
        }
        work.drafts.push(draft);
    }
}

/// E12: a bounded actor takes what it sees, and the membership stays; of somebody seen in part, with more.
fn leaves_empty(account: &Account<'_>, draft: &Draft) -> bool {
    let is_bounded = draft.change.action == Action::Edit && !account.is_unbounded() && !draft.partly_seen;
    is_bounded && draft.change.whole_after.as_ref().is_some_and(|after| account.is_empty(after))
}

/// Why a change is not attempted, and who could make it.
pub(super) struct Refusal {
    code: &'static str,
    /// What this actor lacks.
    why: Vec<String>,
    needs: String,
}

impl Refusal {
    fn block(self, account: &Account<'_>, mut draft: Draft) -> Blocked {
        let beyond = says_more_than_is_seen(account, &draft);
        draft.change.notes.extend(beyond.into_iter().chain(self.why));
        // Who could invite may not be who could change a member that this actor does not see (E4).
        if draft.change.action == Action::Invite && !account.is_unbounded() {
            draft.change.notes.push(UNSEEN.to_owned());
        }
        draft.block(self.code, &self.needs)
    }
}

/// Why the actor may not make the change, and who could.
pub(super) fn refusal(account: &Account<'_>, draft: &Draft) -> Option<Refusal> {
    if let Some(Demand { lacks: Some(code), why, needs }) = demand(account, draft) {
        return Some(Refusal { code, why, needs: could::tried(account, draft, needs).to_string() });
    }
    // A domain may be in use by people whom this actor does not see.
    let unseen = draft.change.action == Action::DisallowDomain && !account.is_unbounded();
    unseen.then(|| Refusal { code: "actor-lacks-role", why: Vec::new(), needs: account.spec.exists_elsewhere.to_owned() })
}

/// What the rules ask of whoever makes the change, whatever this actor has.
fn demand(account: &Account<'_>, draft: &Draft) -> Option<Demand> {
    account.spec.demand(account.tenant, &draft.seeking())
}

/// Who could make it, whoever this actor is.
pub(super) fn asked(account: &Account<'_>, draft: &Draft) -> String {
    let named = |needs: Needs| could::tried(account, draft, needs).to_string();
    demand(account, draft).map_or_else(|| account.spec.exists_elsewhere.to_owned(), |d| named(d.needs))
}

/// A change that the actor's surface has no way for: why, and who has one.
pub(super) fn no_way(account: &Account<'_>, draft: Draft) -> Blocked {
    let no_way = || Refusal {
        code: "actor-lacks-role",
        why: vec!["the page that this actor works on has no way for it".to_owned()],
        needs: asked(account, &draft),
    };
    refusal(account, &draft).unwrap_or_else(no_way).block(account, draft)
}

/// A change that has no safe way for the actor, and who has one.
pub(super) fn no_safe_path(account: &Account<'_>, draft: Draft) -> Blocked {
    let needs = asked(account, &draft);
    let mut why = demand(account, &draft).map_or_else(Vec::new, |d| d.why);
    if draft.loses_sight(account) {
        let scopes = scopes(account);
        why.push(format!("between its calls the person has no {scopes}, and no bounded actor, whichever it holds, sees who has none"));
    }
    Refusal { code: "no-safe-path", why, needs }.block(account, draft)
}

/// The block of a change that the actor could not make; none where it could.
pub(super) fn refused(account: &Account<'_>, drafted: Result<Draft, Box<Blocked>>) -> Option<Blocked> {
    match drafted {
        Err(blocked) => Some(*blocked),
        Ok(draft) if draft.has_no_safe_path(account) => Some(no_safe_path(account, draft)),
        Ok(draft) => refusal(account, &draft).map(|refused| refused.block(account, draft)),
    }
}

/// Of a member that is seen in part: what is planned by the part that is seen, and what goes beyond it.
fn says_more_than_is_seen(account: &Account<'_>, draft: &Draft) -> Option<String> {
    let change = &draft.change;
    let after = change.whole_after.as_ref().filter(|_| draft.partly_seen)?;
    let differs = |key: Key| after.get(key).is_some() && after.get(key) != change.whole_before.get(key);
    let on = |axis: Axis| account.spec.attrs.iter().filter(move |a| a.axis == axis && differs(a.key)).map(|a| a.key);
    let scopes = scopes(account);
    let adds = |key: Key| {
        let held = |attrs: &Attrs| attrs.get(key).and_then(Value::as_set).cloned().unwrap_or_default();
        !held(after).is_subset(&held(&change.whole_before))
    };
    let power: Vec<Key> = on(Axis::Power).collect();
    let mut said = format!("this actor sees a part of the person's {scopes}");
    if on(Axis::Where).any(adds) {
        said.push_str("; what is asked for beyond them may be so already");
    }
    if !power.is_empty() {
        let does = match account.spec.direction(&elsewhere(account, &change.whole_before), &elsewhere(account, after)) {
            Direction::Widens => "widens",
            Direction::Narrows => "narrows",
            Direction::Both | Direction::Neither => "changes",
        };
        said.push_str(&format!("; changing the {} {does} access in the others too", power.join(" and ")));
    }
    Some(said)
}

/// What the system calls places.
fn scopes(account: &Account<'_>) -> Key {
    account.spec.attrs.iter().find(|a| a.axis == Axis::Where).map_or("scopes", |a| a.key)
}

/// The same, held in a place that nobody here sees.
fn elsewhere(account: &Account<'_>, attrs: &Attrs) -> Attrs {
    let scopes = account.spec.attrs.iter().filter(|a| a.is_scope());
    let unseen = scopes.map(|a| (a.key, Value::Set(BTreeSet::from([Atom::literal("?")]))));
    attrs.iter().map(|(k, v)| (*k, v.clone())).chain(unseen).collect()
}
