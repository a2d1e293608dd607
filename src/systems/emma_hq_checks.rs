//! Rules of emma-hq on what the actor may do, each named after its id in SYSTEMS.md.

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Tenant, Value};

use super::{Needs, Seeking};

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

fn needs(code: &'static str) -> Needs {
    Needs::new(code, "a parent").or(["a manager"])
}

pub(super) fn e2_manager_edits_administrator_and_below(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    let manager = role(change.before) == Some("manager") || role(change.after) == Some("manager");
    let is_below = match role(&tenant.actor.attrs).unwrap_or("parent") {
        "parent" => return Ok(()),
        "manager" | "administrator" => false,
        _ => true,
    };
    let code = if actor_is(tenant, "manager") { "actor-lacks-privilege" } else { "actor-lacks-role" };
    let edits = Atom::literal("edit-managers");
    match manager {
        true if actor_is(tenant, "manager") && set(&tenant.actor.attrs, "privileges").contains(&edits) => Ok(()),
        true => Err(needs(code).with([edits])),
        false if is_below => Err(needs(code).or(["a manager", "an administrator"])),
        false => Ok(()),
    }
}

/// E3 and E13: role only, in the one subaccount of the surface.
pub(super) fn e3_administrator_works_in_one_subaccount(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if !actor_is(tenant, "administrator") && tenant.word("surface") != Some("subaccount") {
        return Ok(());
    }
    let added = added(change, "subaccounts");
    let own = tenant.word("subaccount");
    if change.exists && !change.anew && !added.is_empty() {
        return Err(needs("actor-lacks-role").of(owned(&added)));
    }
    if own.is_some_and(|own| added.iter().any(|s| **s != own)) {
        return Err(needs("actor-lacks-subaccount").of(owned(&added)));
    }
    Ok(())
}

/// E4: adding a scope to somebody only partly seen could give what is there already, or more.
pub(super) fn e4_no_scope_for_somebody_partly_seen(_: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if !change.partly_seen || added(change, "subaccounts").is_empty() {
        return Ok(());
    }
    Err(needs("actor-lacks-subaccount").of(owned(&held(change))).who(SEES_ALL))
}

/// E6: deleting an invitation, with a new one or without, loses the scopes that the actor does not see.
pub(super) fn e6_no_invitation_of_somebody_partly_seen_is_deleted(_: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if !change.partly_seen || !(change.anew || change.action == Action::CancelInvitation) {
        return Ok(());
    }
    Err(needs("no-safe-path").of(owned(&held(change))).who(SEES_ALL))
}

/// E2 and E4: a bounded actor sees only users of its subaccounts. Whom it invites into none of them
/// would be out of its sight at once, and be invited again by every run. The subaccount surface
/// invites into its own where nothing is said, and never into none (E13).
pub(super) fn e2_manager_invites_into_its_subaccounts(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    let implied = tenant.word("surface") == Some("subaccount") && !change.after.contains_key("subaccounts");
    let into_none = change.action == Action::Invite && set(change.after, "subaccounts").is_empty();
    if actor_is(tenant, "parent") || implied || !into_none {
        return Ok(());
    }
    Err(needs("actor-lacks-subaccount").who("is given an entry with subaccounts of theirs"))
}

pub(super) fn e5_nobody_grants_what_the_actor_lacks(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if actor_is(tenant, "parent") || matches!(change.action, Action::Remove | Action::CancelInvitation) {
        return Ok(());
    }
    let own = tenant.word("subaccount");
    let lacks = |key, added: &BTreeSet<&Atom>| {
        let held = set(&tenant.actor.attrs, key);
        added.iter().any(|w| !(held.contains(w) || key == "subaccounts" && own == Some(w.as_str())))
    };
    let (subaccounts, privileges) = (added(change, "subaccounts"), added(change, "privileges"));
    let code = match (lacks("subaccounts", &subaccounts), lacks("privileges", &privileges)) {
        (false, false) => return Ok(()),
        (true, _) => "actor-lacks-subaccount",
        (false, true) => "actor-lacks-privilege",
    };
    // Whoever grants it holds all of it, what this actor holds included.
    Err(needs(code).of(owned(&subaccounts)).with(owned(&privileges)))
}

const SEES_ALL: &str = "sees all subaccounts of the person";

/// Every subaccount that the person has or shall have, as far as it is seen.
fn held<'a>(change: &Seeking<'a>) -> BTreeSet<&'a Atom> {
    set(change.before, "subaccounts").into_iter().chain(set(change.after, "subaccounts")).collect()
}

fn owned<'a>(words: &'a BTreeSet<&Atom>) -> impl Iterator<Item = Atom> + 'a {
    words.iter().map(|w| (*w).clone())
}

fn added<'a>(change: &Seeking<'a>, key: &str) -> BTreeSet<&'a Atom> {
    let before = if change.anew { BTreeSet::new() } else { set(change.before, key) };
    set(change.after, key).into_iter().filter(|w| !before.contains(w)).collect()
}
