//! Rules of emma-hq on what the actor may do, each named after its id in SYSTEMS.md.

use std::collections::BTreeSet;

use crate::model::{Action, Atom, Attrs, Tenant, Value};

use super::emma_hq::SPEC;
use super::{Demand, Needs, Seeking, StandIn, Who};

/// A subaccount that the actor does not see, whichever it is.
fn unseen() -> Atom {
    Atom::literal("?")
}
const SEES_ALL: &str = "sees the person and all their subaccounts";
const IS_GIVEN_AN_ENTRY: &str = "is given an entry with subaccounts of theirs";

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
    let (lacks, why) = match role(&tenant.actor.attrs).unwrap_or("parent") {
        "manager" if of_manager && !set(&tenant.actor.attrs, "privileges").contains(&edits) => {
            (Some("actor-lacks-privilege"), "this actor does not hold edit-managers, which it takes to edit a manager")
        }
        "administrator" if of_manager => (Some("actor-lacks-role"), "an administrator edits no manager"),
        "parent" | "manager" | "administrator" => (None, ""),
        _ => (Some("actor-lacks-role"), "an actor of this role edits nobody"),
    };
    let needs = if of_manager { parent_or(manager().with([edits]), None) } else { parent_or(manager(), Some(administrator())) };
    Some(Demand::new(lacks, needs).because(why))
}

/// E2, E3, E4 and E12: whoever sees only a part of a member sees another change: what the rest is asked
/// to be would be given anew, and is not taken away. So it is for who holds all that the member has and
/// shall have; an administrator holds one. Who sees less is refused by E4 to E6 where that matters.
pub(super) fn e12_nobody_changes_what_it_does_not_see(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let held: BTreeSet<&Atom> = set(change.before, "subaccounts").into_iter().chain(set(change.after, "subaccounts")).collect();
    let of = |who: Who| who.of(owned(&held));
    Some(Demand::new(None, parent_or(of(manager()), (held.len() <= 1).then(|| of(administrator())))))
}

/// E3 and E13: role only, in the one subaccount of the surface.
pub(super) fn e3_administrator_works_in_one_subaccount(tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let needs = parent_or(manager(), is_for_administrators(change).then(administrator));
    let (mut lacks, mut why) = (None, String::new());
    if actor_is(tenant, "administrator") || tenant.word("surface") == Some("subaccount") {
        let added = added(change, "subaccounts", change.anew);
        let own = tenant.word("subaccount");
        if change.exists && !change.anew && !added.is_empty() {
            lacks = Some("actor-lacks-role");
            why = "an administrator gives no existing member another subaccount".to_owned();
        } else if let Some(own) = own.filter(|own| added.iter().any(|s| **s != *own)) {
            lacks = Some("actor-lacks-subaccount");
            why = format!("this actor works in {own} alone");
        }
    }
    Some(Demand::new(lacks, needs).because(why))
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
    let demand = Demand::new(lacks.then_some("actor-lacks-subaccount"), parent_or(sees_all(change), Some(administrator())));
    Some(demand.because("this actor does not see all subaccounts of the person, and what the change gives may be held already"))
}

/// E4 and E5: role and privileges are the person's, not the subaccount's. Who sees a part makes nobody
/// administer, and gives nobody a privilege, where it neither holds nor sees anything. Another role that
/// widens there is noted on the change.
pub(super) fn e4_nobody_is_given_power_where_the_actor_sees_nothing(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let there = |attrs: &Attrs| -> Attrs {
        let somewhere = ("subaccounts", Value::Set(BTreeSet::from([unseen()])));
        attrs.iter().map(|(k, v)| (*k, v.clone())).chain([somewhere]).collect()
    };
    let administers = || SPEC.comes_to_administer(&there(change.before), &there(change.after));
    let has_no_more = || added(change, "privileges", false).is_empty() && !administers();
    if !change.partly_seen || has_no_more() {
        return None;
    }
    let demand = Demand::new(Some("actor-lacks-subaccount"), parent_or(sees_all(change), Some(administrator())));
    Some(demand.because(
        "this actor does not see all subaccounts of the person, and the role or privilege would be given in those that it does not see as well",
    ))
}

/// E6: deleting an invitation, with a new one or without, loses the scopes that the actor does not see.
pub(super) fn e6_no_invitation_of_somebody_partly_seen_is_deleted(_: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
    let cancels = change.action == Action::CancelInvitation;
    if !change.partly_seen || !(is_anew_on_account(change) || cancels) {
        return None;
    }
    let lacks = (change.anew || cancels).then_some("no-safe-path");
    let demand = Demand::new(lacks, parent_or(sees_all(change), Some(administrator())));
    Some(demand.because("this actor does not see all subaccounts of the person, and what it does not see would go with the invitation"))
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
    let needs = parent_or(manager().who(IS_GIVEN_AN_ENTRY), Some(administrator()));
    Some(Demand::new(lacks, needs).because("a bounded actor invites into subaccounts of its own, and this is into none"))
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
    let lacking = |key| -> Vec<&str> {
        let held = set(&tenant.actor.attrs, key);
        let has = |w: &Atom| held.contains(w) || key == "subaccounts" && own == Some(w.as_str());
        let lacking = added(change, key, change.anew).into_iter().filter(|w| !actor_is(tenant, "parent") && !has(w));
        lacking.map(Atom::as_str).collect()
    };
    let (subaccounts, privileges) = (lacking("subaccounts"), lacking("privileges"));
    let lacks = match (&subaccounts[..], &privileges[..]) {
        ([], []) => None,
        ([_, ..], _) => Some("actor-lacks-subaccount"),
        ([], [_, ..]) => Some("actor-lacks-privilege"),
    };
    let lacking: Vec<&str> = subaccounts.into_iter().chain(privileges).collect();
    Some(Demand::new(lacks, needs).because(format!("this actor does not hold {}", lacking.join(" and "))))
}

/// A manager, with what is asked of it and nothing else, on the top-level page; an administrator on
/// the page of its subaccount. Who sees a part of a member comes to the same part where what is asked
/// of it is no more than that; where this is refused, somebody who sees all may be allowed.
pub(super) fn stand_ins(tenant: &Tenant, who: &Who, change: &Seeking<'_>) -> Option<Vec<StandIn>> {
    let seen = (change.before.clone(), change.after.clone());
    let (role, surface, own) = match who.role() {
        // It takes another entry, which is another change.
        _ if who.does(IS_GIVEN_AN_ENTRY) => return None,
        "a manager" => ("manager", "account", None),
        "an administrator" => ("administrator", "subaccount", Some(who.scopes().first().cloned().unwrap_or_else(unseen))),
        _ => return None,
    };
    let seat = |scopes: &BTreeSet<Atom>| {
        let mut seat = tenant.clone();
        seat.facts.insert("surface", Value::One(Atom::literal(surface)));
        seat.facts.extend(own.clone().map(|own| ("subaccount", Value::One(own))));
        let held = [("privileges", who.powers()), ("subaccounts", scopes)].map(|(key, words)| (key, Value::Set(words.clone())));
        seat.actor.attrs = held.into_iter().chain([("role", Value::One(Atom::literal(role)))]).collect();
        seat
    };
    let mut all = Vec::new();
    if !who.does(SEES_ALL) {
        let who = who.clone();
        all.push(StandIn { tenant: seat(who.scopes()), who, partly_seen: change.partly_seen, views: vec![seen] });
    }
    if change.partly_seen && own.is_none() {
        let mut scopes = who.scopes().clone();
        scopes.insert(unseen());
        all.push(StandIn { who: who.clone().who(SEES_ALL), tenant: seat(&scopes), partly_seen: false, views: seen_whole(change) });
    }
    Some(all)
}

/// What the change may be for whoever sees the rest too: the entry may say nothing of subaccounts, or
/// just those that are seen. That it gives some of the rest anew only makes it less of a change.
fn seen_whole(change: &Seeking<'_>) -> Vec<(Attrs, Attrs)> {
    let whole = |attrs: &Attrs| {
        let all = set(attrs, "subaccounts").into_iter().cloned().chain([unseen()]).collect();
        attrs.iter().map(|(k, v)| (*k, v.clone())).chain([("subaccounts", Value::Set(all))]).collect::<Attrs>()
    };
    let stays = !change.after.is_empty() && change.before.get("subaccounts") == change.after.get("subaccounts");
    let left = stays.then(|| (whole(change.before), whole(change.after)));
    left.into_iter().chain([(whole(change.before), change.after.clone())]).collect()
}

/// A manager of all that the person has or shall have, and of what is not seen.
fn sees_all(change: &Seeking<'_>) -> Who {
    let held = set(change.before, "subaccounts").into_iter().chain(set(change.after, "subaccounts")).collect();
    manager().of(owned(&held)).who(SEES_ALL)
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
