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

pub(super) fn e2_manager_edits_administrator_and_below(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    match role(&tenant.actor.attrs).unwrap_or("parent") {
        "parent" => return Ok(()),
        "manager" | "administrator" => {}
        _ => {
            return Err(Needs::new("actor-lacks-role", "a parent, a manager or an administrator"));
        }
    }
    let manager = role(change.before) == Some("manager") || role(change.after) == Some("manager");
    if !manager {
        return Ok(());
    }
    if actor_is(tenant, "administrator") {
        return Err(Needs::new("actor-lacks-role", "a parent, or a manager with edit-managers"));
    }
    if set(&tenant.actor.attrs, "privileges").iter().any(|p| **p == "edit-managers") {
        return Ok(());
    }
    Err(Needs::new("actor-lacks-privilege", "a parent, or a manager with edit-managers"))
}

/// E3 and E13: role only, in the one subaccount of the surface.
pub(super) fn e3_administrator_works_in_one_subaccount(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if !actor_is(tenant, "administrator") && tenant.word("surface") != Some("subaccount") {
        return Ok(());
    }
    let added = added(change, "subaccounts");
    let own = tenant.word("subaccount");
    if change.exists && !change.anew && !added.is_empty() {
        return Err(Needs::new("actor-lacks-role", format!("a parent, or a manager of {}", list(&added))));
    }
    if let Some(own) = own {
        let other: BTreeSet<&Atom> = added.into_iter().filter(|s| **s != own).collect();
        if !other.is_empty() {
            return Err(Needs::new("actor-lacks-subaccount", format!("a parent, or a manager of {}", list(&other))));
        }
    }
    Ok(())
}

/// E4: adding a scope to somebody only partly seen could give what is there already, or more.
pub(super) fn e4_no_scope_for_somebody_partly_seen(_: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    let added = added(change, "subaccounts");
    if !change.partly_seen || added.is_empty() {
        return Ok(());
    }
    Err(Needs::new("actor-lacks-subaccount", "a parent, or a manager who sees all subaccounts of the person"))
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
    Err(Needs::new("actor-lacks-subaccount", "a parent, or an entry with subaccounts that the actor holds"))
}

pub(super) fn e5_nobody_grants_what_the_actor_lacks(tenant: &Tenant, change: &Seeking<'_>) -> Result<(), Needs> {
    if actor_is(tenant, "parent") || matches!(change.action, Action::Remove | Action::CancelInvitation) {
        return Ok(());
    }
    let own = tenant.word("subaccount");
    let missing = |key| -> BTreeSet<&Atom> {
        let mut held = set(&tenant.actor.attrs, key);
        if key == "subaccounts" {
            held.extend(set(change.after, key).into_iter().filter(|s| Some(s.as_str()) == own));
        }
        added(change, key).into_iter().filter(|w| !held.contains(w)).collect()
    };
    let subaccounts = missing("subaccounts");
    if !subaccounts.is_empty() {
        return Err(Needs::new("actor-lacks-subaccount", format!("a parent, or a manager of {}", list(&subaccounts))));
    }
    let privileges = missing("privileges");
    if !privileges.is_empty() {
        return Err(Needs::new("actor-lacks-privilege", format!("a parent, or a manager with {}", list(&privileges))));
    }
    Ok(())
}

fn added<'a>(change: &Seeking<'a>, key: &str) -> BTreeSet<&'a Atom> {
    let before = if change.anew { BTreeSet::new() } else { set(change.before, key) };
    set(change.after, key).into_iter().filter(|w| !before.contains(w)).collect()
}

fn list(words: &BTreeSet<&Atom>) -> String {
    words.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(" and ")
}
