//! Rules of emma-hq on what the actor may do, each named after its id in SYSTEMS.md.

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Tenant, Value};

use super::emma_hq::SPEC;
use super::{Demand, Needs, Seeking, Who};

fn role(attrs: &Attrs) -> Option<&str> {
    attrs.get("role").and_then(Value::as_one).map(Atom::as_str)
}
fn set<'a>(attrs: &'a Attrs, key: &str) -> BTreeSet<&'a Atom> {
    attrs.get(key).and_then(Value::as_set).into_iter().flatten().collect()
}
fn actor_is(tenant: &Tenant, word: &str) -> bool {
    role(&tenant.actor.attrs).unwrap_or("parent") == word
}

/// E1: acting as parent, any user.
pub(super) fn e1_parent_sees_all(tenant: &Tenant) -> bool {
    actor_is(tenant, "parent") && tenant.word("surface") != Some("subaccount")
}

/// Who comes into question at all. An administrator works in one subaccount, so many a rule leaves it out.
fn parent_or(manager: Who, administrator: Option<Who>) -> Needs {
    Needs::any([Who::new("a parent"), manager].into_iter().chain(administrator))
}
fn manager() -> Who {
    Who::new("a manager")
}
fn administrator() -> Who {
    Who::new("an administrator")
}

pub(super) fn e2_manager_edits_administrator_and_below(tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let edits = Atom::literal("edit-managers");
    let of_manager = role(change.before) == Some("manager") || role(change.after) == Some("manager");
    let lacks = match role(&tenant.actor.attrs).unwrap_or("parent") {
        "parent" => None,
        "manager" => (of_manager && !set(&tenant.actor.attrs, "privileges").contains(&edits)).then_some("actor-lacks-privilege"),
        "administrator" => of_manager.then_some("actor-lacks-role"),
        _ => Some("actor-lacks-role"),
    };
    let needs = if of_manager { parent_or(manager().with([edits]), None) } else { parent_or(manager(), Some(administrator())) };
    Some(Demand { lacks, needs })
}

/// E2, E3, E4 and E12: whoever sees only a part of a member sees another change: what the rest is asked
/// to be would be given anew, and is not taken away. So it is for who holds all that the member has and
/// shall have; an administrator holds one. Who sees less is refused by E4 to E6 where that matters.
pub(super) fn e12_nobody_changes_what_it_does_not_see(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let held: BTreeSet<&Atom> = set(change.before, "subaccounts").into_iter().chain(set(change.after, "subaccounts")).collect();
    let of = |who: Who| who.of(owned(&held));
    Some(Demand { lacks: None, needs: parent_or(of(manager()), (held.len() <= 1).then(|| of(administrator()))) })
}

/// E3 and E13: role only, in the one subaccount of the surface.
pub(super) fn e3_administrator_works_in_one_subaccount(tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let needs = parent_or(manager(), is_for_administrators(change).then(administrator));
    let mut lacks = None;
    if actor_is(tenant, "administrator") || tenant.word("surface") == Some("subaccount") {
        let added = added(change, "subaccounts", change.anew);
        let own = tenant.word("subaccount");
        if change.exists && !change.anew && !added.is_empty() {
            lacks = Some("actor-lacks-role");
        } else if own.is_some_and(|own| added.iter().any(|s| **s != own)) {
            lacks = Some("actor-lacks-subaccount");
        }
    }
    Some(Demand { lacks, needs })
}

/// Whether the page of one subaccount has a way for it (E3, E13).
fn is_for_administrators(change: &Seeking<'_>) -> bool {
    let differs = |key: &str| change.after.contains_key(key) && change.before.get(key) != change.after.get(key);
    let is_role = |key: &str| matches!(key, "role" | "privileges");
    let role_only = || change.after.keys().all(|key| is_role(key) || !differs(key));
    match change.action {
        // Where nothing is said the page invites into its own.
        Action::Invite => set(change.after, "subaccounts").len() == 1 || !change.after.contains_key("subaccounts"),
        Action::Reinvite | Action::EditInvitation => role_only(),
        Action::CancelInvitation => !change.partly_seen && set(change.before, "subaccounts").len() <= 1,
        // A one-off action changes nothing of this, and only the top-level page has one.
        Action::Edit => role_only() && change.after.keys().any(|key| differs(key)),
        Action::Restore | Action::Remove | Action::AllowDomain | Action::DisallowDomain => false,
    }
}

/// E4: adding a scope to somebody only partly seen could give what is there already, or more.
pub(super) fn e4_no_scope_for_somebody_partly_seen(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    if !change.partly_seen || added(change, "subaccounts", is_anew_on_account(change)).is_empty() {
        return None;
    }
    let lacks = !added(change, "subaccounts", change.anew).is_empty();
    Some(Demand { lacks: lacks.then_some("actor-lacks-subaccount"), needs: parent_or(sees_all(change), Some(administrator())) })
}

/// E6: deleting an invitation, with a new one or without, loses the scopes that the actor does not see.
pub(super) fn e6_no_invitation_of_somebody_partly_seen_is_deleted(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let cancels = change.action == Action::CancelInvitation;
    if !change.partly_seen || !(is_anew_on_account(change) || cancels) {
        return None;
    }
    let lacks = (change.anew || cancels).then_some("no-safe-path");
    Some(Demand { lacks, needs: parent_or(sees_all(change), Some(administrator())) })
}

/// E2 and E4: a bounded actor sees only users of its subaccounts. Whom it invites into none of them
/// would be out of its sight at once, and be invited again by every run. The subaccount surface
/// invites into its own where nothing is said, and never into none (E13).
pub(super) fn e2_manager_invites_into_its_subaccounts(tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    if change.action != Action::Invite || !set(change.after, "subaccounts").is_empty() {
        return None;
    }
    let implied = tenant.word("surface") == Some("subaccount") && !change.after.contains_key("subaccounts");
    let lacks = (!actor_is(tenant, "parent") && !implied).then_some("actor-lacks-subaccount");
    let needs = parent_or(manager().who("is given an entry with subaccounts of theirs"), Some(administrator()));
    Some(Demand { lacks, needs })
}

pub(super) fn e5_nobody_grants_what_the_actor_lacks(tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    if matches!(change.action, Action::Remove | Action::CancelInvitation) {
        return None;
    }
    let grants = |who: Who, anew| who.of(owned(&added(change, "subaccounts", anew))).with(owned(&added(change, "privileges", anew)));
    // E10: what no administrator can hold, none can grant.
    let holds = |word: &Atom| SPEC.limits.iter().all(|l| !l.words.contains(&word.as_str()) || l.one_of.contains(&"administrator"));
    let grantable = added(change, "privileges", false).into_iter().all(holds);
    let needs = parent_or(grants(manager(), is_anew_on_account(change)), grantable.then(|| grants(administrator(), false)));

    let own = tenant.word("subaccount");
    let lacking = |key| {
        let held = set(&tenant.actor.attrs, key);
        let has = |w: &&Atom| held.contains(w) || key == "subaccounts" && own == Some(w.as_str());
        !actor_is(tenant, "parent") && !added(change, key, change.anew).iter().all(has)
    };
    let lacks = match (lacking("subaccounts"), lacking("privileges")) {
        (false, false) => None,
        (true, _) => Some("actor-lacks-subaccount"),
        (false, true) => Some("actor-lacks-privilege"),
    };
    Some(Demand { lacks, needs })
}

/// A manager of all that the person has or shall have, and of what is not seen.
fn sees_all(change: &Seeking<'_>) -> Who {
    let held = set(change.before, "subaccounts").into_iter().chain(set(change.after, "subaccounts")).collect();
    manager().of(owned(&held)).who("sees all subaccounts of the person")
}

/// E6: whether a parent or a manager deletes the invitation and sends a new one, be it that this actor,
/// on the page of one subaccount, has another way.
fn is_anew_on_account(change: &Seeking<'_>) -> bool {
    change.anew || matches!(change.action, Action::Reinvite | Action::EditInvitation)
}

fn owned<'a>(words: &'a BTreeSet<&Atom>) -> impl Iterator<Item = Atom> + 'a {
    words.iter().map(|w| (*w).clone())
}

/// What the change grants; an invitation made anew grants all of it.
fn added<'a>(change: &Seeking<'a>, key: &str, anew: bool) -> BTreeSet<&'a Atom> {
    let before = if anew { BTreeSet::new() } else { set(change.before, key) };
    set(change.after, key).into_iter().filter(|w| !before.contains(w)).collect()
}
