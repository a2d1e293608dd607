//! From picks to words: what a number of the blueprint means in each system, as far as the system
//! lets its words stand together. Written out from SYSTEMS.md, never read from the literals.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::model::{Atom, Attrs, Key, Value};
use serde_json::json;

use super::blueprint::{ActorPlan, Blueprint, GrantPlan};

const SUBACCOUNTS: [&str; 3] = ["emea", "apac", "us"];
const GROUPS: [&str; 3] = ["red", "green", "blue"];
const PRODUCTS: [&str; 3] = ["web", "app", "mail"];
const PRIVILEGES: [&str; 7] =
    ["billing", "export-contacts", "manage-subaccounts", "brand-manager", "sso-settings", "edit-managers", "share-campaigns"];
const EMMA_ROLES: [&str; 6] = ["author", "response-only", "full", "editor", "administrator", "manager"];
const INSIDER_ROLES: [&str; 6] = ["viewer", "editor", "collaborator", "outsourcer", "campaign-status-updater", "administrator"];
const SOLVER_GROUPS: [&str; 3] = ["standard", "advanced", "super-user"];
const GAMOSHI_ROLES: [&str; 6] = ["user", "user", "user-manager", "user", "user", "user-manager"];
/// What `limited` picks in gamoshi: a partner, or a regular user.
const PARTNERS: [Option<&str>; 8] = [None, None, None, Some("north"), Some("north"), Some("north"), Some("north"), Some("south")];
const META_ROLES: [&str; 6] = ["view-only", "standard", "standard", "admin", "standard", "admin"];
const SOURCES: [&str; 3] = ["shop", "app", "stores"];

pub fn word(text: &str) -> Atom {
    Atom::new(text).expect("a word")
}
pub fn one(text: &str) -> Value {
    Value::One(word(text))
}
/// The words whose bits are set.
fn pick(words: &[&str], bits: u8) -> Value {
    Value::Set(words.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, w)| word(w)).collect())
}

/// emma-hq: one subaccount, by its number.
pub fn subaccount(number: u8) -> Value {
    pick(&SUBACCOUNTS, 1 << number)
}

/// What the connection states about the tenant.
pub fn facts(plan: &Blueprint) -> BTreeMap<Key, Value> {
    let mut facts = BTreeMap::new();
    match plan.system {
        "emma-hq" => {
            facts.insert("subaccounts", pick(&SUBACCOUNTS, 7));
            if plan.sso {
                facts.insert("sso", Value::Flag(true));
            }
            if let ActorPlan::OfSubaccount(own) = plan.actor {
                facts.insert("surface", one("subaccount"));
                facts.insert("subaccount", one(SUBACCOUNTS[usize::from(own)]));
            }
        }
        "insider" if plan.feature => {
            facts.insert("features", Value::Set(BTreeSet::from([word("groups")])));
        }
        "meta-gateway" => {
            facts.insert("smtp", Value::Flag(plan.feature));
        }
        _ => {}
    }
    facts
}

/// What the actor holds.
pub fn actor(plan: &Blueprint) -> Attrs {
    let set = |bits| pick(&SUBACCOUNTS, bits);
    let attrs: Vec<(Key, Value)> = match (plan.system, plan.actor) {
        ("emma-hq", ActorPlan::Manager { privileges, scopes }) => {
            vec![("role", one("manager")), ("privileges", pick(&PRIVILEGES, privileges)), ("subaccounts", set(scopes))]
        }
        ("emma-hq", ActorPlan::OfSubaccount(own)) => vec![("role", one("administrator")), ("subaccounts", set(1 << own))],
        ("emma-hq", ActorPlan::Powerless) => vec![("role", one("full")), ("subaccounts", set(7))],
        ("emma-hq", ActorPlan::Highest) => vec![("role", one("parent"))],
        ("insider", ActorPlan::Powerless) => vec![("role", one("editor"))],
        ("insider", _) => vec![("role", one("administrator"))],
        ("gamoshi", ActorPlan::Powerless) => vec![("role", one("user"))],
        ("gamoshi", _) => vec![("role", one("user-manager"))],
        ("meta-gateway", ActorPlan::Powerless) => vec![("role", one("standard"))],
        ("meta-gateway", _) => vec![("role", one("admin"))],
        (_, ActorPlan::Powerless) => vec![("groups", pick(&SOLVER_GROUPS, 3))],
        (..) => vec![("groups", pick(&SOLVER_GROUPS, 4))],
    };
    attrs.into_iter().collect()
}

/// The attributes that a pick means. The last role administers.
pub fn attrs(plan: &Blueprint, grant: GrantPlan, may_administer: bool) -> Attrs {
    let number = usize::from(if may_administer { grant.role } else { grant.role % 5 });
    let mut attrs = Attrs::new();
    match plan.system {
        "emma-hq" => {
            let role = EMMA_ROLES[number];
            attrs.insert("role", one(role));
            // E10.
            let fits = |p: &str| match p {
                "share-campaigns" => matches!(role, "manager" | "administrator" | "full"),
                "export-contacts" => matches!(role, "manager" | "full"),
                _ => role == "manager",
            };
            if let Some(bits) = grant.power {
                let Value::Set(mut words) = pick(&PRIVILEGES, bits) else { unreachable!("a pick is a set") };
                words.retain(|w| fits(w.as_str()));
                attrs.insert("privileges", Value::Set(words));
            }
            attrs.extend(grant.scopes.map(|bits| ("subaccounts", pick(&SUBACCOUNTS, bits))));
        }
        "insider" => {
            attrs.insert("role", one(INSIDER_ROLES[number]));
            attrs.extend(grant.power.map(|bits| ("pii", Value::Flag(bits & 1 == 1))));
            attrs.extend(grant.limited.map(|bits| ("limited-products", pick(&PRODUCTS, bits))));
            if plan.feature {
                attrs.extend(grant.scopes.map(|bits| ("groups", pick(&GROUPS, bits))));
                attrs.extend(grant.groups.map(|bits| ("group-admin", pick(&GROUPS, bits))));
            }
        }
        "gamoshi" => {
            // G4: a partner or a level, never both.
            match grant.limited.and_then(|l| PARTNERS[usize::from(l)]) {
                Some(partner) => attrs.insert("partner", one(partner)),
                None => attrs.insert("role", one(GAMOSHI_ROLES[number])),
            };
            attrs.extend(grant.power.map(|bits| ("settings", Value::Opaque(settings(bits)))));
        }
        "meta-gateway" => {
            let role = META_ROLES[number];
            attrs.insert("role", one(role));
            if role == "standard" {
                attrs.extend(grant.scopes.map(|bits| ("data-sources", pick(&SOURCES, bits))));
            }
        }
        _ => {
            let number = u8::try_from(number).expect("one of six");
            attrs.insert("groups", pick(&SOLVER_GROUPS, number + 1));
        }
    }
    attrs
}

/// gamoshi's account access settings: data, and nothing more is known of them (G5).
fn settings(bits: u8) -> serde_json::Value {
    match bits % 4 {
        0 => json!({}),
        1 => json!({ "regions": ["emea"] }),
        2 => json!({ "regions": ["emea", "apac"], "seats": 3 }),
        _ => json!({ "seats": 3, "nested": { "on": true, "none": null } }),
    }
}
