//! Emma HQ: what each actor sees, and what it refuses (SYSTEMS.md E2, E3, E5, E6, E11, E13).
//!
//! The product has two pages: the top-level Users tab of parents and managers (the surface
//! `account`), and Subaccount settings, Users (the surface `subaccount`).

use std::collections::BTreeSet;

use super::{Ask, Rules, View, one};
use crate::model::{Atom, Attrs, Tenant, Value, Verb};

pub(super) const RULES: Rules = Rules {
    system: "emma-hq",
    out_of_reach: |_, _| None,
    view,
    administers: |actor| matches!(role_of(actor), "parent" | "manager" | "administrator"),
    // The parent is the one who stays (E11).
    is_administrator: |member| one(member, "role") == Some("parent"),
    invariants: &[("E11", e11_the_parent_is_untouchable)],
    actor: &[
        ("E2", e2_managers_need_edit_managers),
        ("E3", e3_administrators_add_nobody_elsewhere),
        ("E5", e5_only_what_the_actor_holds),
        ("E6", e6_each_page_has_its_own_way_with_invitations),
        ("E13", e13_the_subaccount_page_sets_roles_alone),
    ],
    implied,
};

/// Without a stated role the actor is the parent.
fn role_of(actor: &Attrs) -> &str {
    one(actor, "role").unwrap_or("parent")
}
fn role(tenant: &Tenant) -> &str {
    role_of(&tenant.actor.attrs)
}
fn on_subaccount_page(tenant: &Tenant) -> bool {
    tenant.word("surface") == Some("subaccount")
}
fn held<'a>(tenant: &'a Tenant, key: &str) -> Option<&'a BTreeSet<Atom>> {
    tenant.actor.attrs.get(key).and_then(Value::as_set)
}
/// The one subaccount of the page.
fn own(tenant: &Tenant) -> Option<Atom> {
    tenant.word("subaccount").and_then(|w| Atom::new(w).ok())
}
/// None: all there are.
fn scopes(tenant: &Tenant) -> Option<BTreeSet<Atom>> {
    match own(tenant) {
        Some(own) if on_subaccount_page(tenant) => Some(BTreeSet::from([own])),
        _ if role(tenant) == "parent" => None,
        _ => held(tenant, "subaccounts").cloned(),
    }
}

fn view(tenant: &Tenant) -> View {
    const PARENT: &[&str] = &["parent"];
    const ABOVE: &[&str] = &["parent", "manager"];
    let on_page = on_subaccount_page(tenant);
    let hidden = match role(tenant) {
        "parent" if !on_page => return View::All,
        "manager" if !on_page => PARENT,
        _ => ABOVE,
    };
    View::Some { key: "subaccounts", scopes: scopes(tenant), hidden: Some(("role", hidden)) }
}

/// Subaccount settings invite into that subaccount; the form does not ask.
fn implied(tenant: &Tenant, attrs: &mut Attrs) {
    if let Some(own) = own(tenant).filter(|_| on_subaccount_page(tenant)) {
        attrs.insert_if_absent("subaccounts", Value::Set(BTreeSet::from([own])));
    }
}

fn e11_the_parent_is_untouchable(ask: &Ask<'_>) -> Option<String> {
    let parent = ask.was("role", "parent") || ask.becomes("role", "parent");
    parent.then(|| "The account Parent cannot be changed.".into())
}

fn e2_managers_need_edit_managers(ask: &Ask<'_>) -> Option<String> {
    let manager = ask.was("role", "manager") || ask.becomes("role", "manager");
    let may = match role(ask.tenant) {
        "parent" => true,
        "manager" => held(ask.tenant, "privileges").is_some_and(|p| p.contains("edit-managers")),
        _ => false,
    };
    (manager && !may).then(|| "You can only edit users in the Administrator role and lower.".into())
}

fn e3_administrators_add_nobody_elsewhere(ask: &Ask<'_>) -> Option<String> {
    let adds = ask.phase.is_some() && !ask.added("subaccounts").is_empty();
    (adds && role(ask.tenant) == "administrator").then(|| "Administrators cannot add existing users to other subaccounts.".into())
}

fn e5_only_what_the_actor_holds(ask: &Ask<'_>) -> Option<String> {
    let scopes = scopes(ask.tenant);
    let mut changed = ask.added("subaccounts");
    changed.extend(ask.removed("subaccounts"));
    if let Some(word) = changed.into_iter().find(|w| scopes.as_ref().is_some_and(|s| !s.contains(*w))) {
        return Some(format!("You can only grant access to subaccounts that you currently have access to; {word} is none."));
    }
    if role(ask.tenant) == "parent" {
        return None;
    }
    let held = held(ask.tenant, "privileges");
    let lacks = ask.added("privileges").into_iter().find(|w| !held.is_some_and(|h| h.contains(*w)));
    lacks.map(|word| format!("You cannot grant the privilege {word}, which you do not have."))
}

/// Account page: a pending user is deleted and invited again. Subaccount page: the Invitations tab
/// resends, edits and deletes invitations; it deletes no user.
fn e6_each_page_has_its_own_way_with_invitations(ask: &Ask<'_>) -> Option<String> {
    let on_page = on_subaccount_page(ask.tenant);
    let refused = match ask.verb {
        Verb::Resend | Verb::EditInvitation if !on_page => {
            "To resend or change an invitation, delete the pending user and create a new invitation."
        }
        Verb::Resend | Verb::EditInvitation if !ask.is_pending() => "There is no open invitation for this user.",
        Verb::Set if ask.is_pending() && on_page => "Choose Edit invitation on the Invitations tab.",
        Verb::Set if ask.is_pending() => "The user is pending: delete the pending user and create a new invitation.",
        Verb::Delete if on_page && !ask.is_pending() => "Only invitations are deleted here.",
        Verb::ResetPassword if on_page => "Password resets are sent from the Users tab of the account.",
        _ => return None,
    };
    Some(refused.into())
}

fn e13_the_subaccount_page_sets_roles_alone(ask: &Ask<'_>) -> Option<String> {
    if !on_subaccount_page(ask.tenant) {
        return None;
    }
    match ask.verb {
        Verb::Set | Verb::EditInvitation => {
            let other = ask.named.iter().find(|k| !matches!(**k, "role" | "privileges"));
            other.map(|key| format!("{key} cannot be changed on this page."))
        }
        Verb::Invite => {
            let own = own(ask.tenant)?;
            let asked = ask.after?.get("subaccounts").and_then(Value::as_set)?;
            (*asked != BTreeSet::from([own.clone()])).then(|| format!("Users are invited into {own} here, and into no other subaccount."))
        }
        _ => None,
    }
}
