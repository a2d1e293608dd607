//! Who could make a change is told alike to every actor whom a rule refuses, and is true.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::{Demand, Needs, Seeking, Who};
use crate::model::{Action, Actor, Atom, Attrs, Key, Tenant, Value};
use crate::systems::{self, SystemSpec};

fn words(words: &str) -> BTreeSet<Atom> {
    words.split_whitespace().map(|w| Atom::new(w).expect("a word")).collect()
}

/// `role=manager subaccounts=emea,apac`.
fn attrs(spec: &SystemSpec, text: &str) -> Attrs {
    let one = |pair: &str| -> (Key, Value) {
        let (key, value) = pair.split_once('=').expect("key=value");
        let attr = spec.attr(key).expect("an attribute");
        let value = match attr.kind {
            systems::Kind::Set { .. } => Value::Set(words(&value.replace(',', " "))),
            _ => Value::One(Atom::new(value).expect("a word")),
        };
        (attr.key, value)
    };
    text.split_whitespace().map(one).collect()
}

/// An administrator of emma-hq works on the page of its subaccount.
fn tenant(spec: &SystemSpec, actor: &str) -> Tenant {
    let attrs = attrs(spec, actor);
    let mut facts = BTreeMap::new();
    if attrs.get("role").and_then(Value::as_one).is_some_and(|r| *r == "administrator") && spec.name == "emma-hq" {
        let own = attrs.get("subaccounts").and_then(Value::as_set).cloned().unwrap_or_default();
        facts.insert("surface", Value::One(Atom::literal("subaccount")));
        facts.extend(own.into_iter().next().map(|own| ("subaccount", Value::One(own))));
    }
    Tenant { name: None, zone: TimeZone::UTC, facts, actor: Actor { attrs, ..Actor::default() } }
}

struct Case {
    action: Action,
    before: &'static str,
    after: &'static str,
    partly_seen: bool,
    needs: &'static str,
}

fn demand(spec: &SystemSpec, actor: &str, case: &Case, partly_seen: bool) -> Demand {
    demand_on(spec, actor, case, case.before, partly_seen)
}

fn demand_on(spec: &SystemSpec, actor: &str, case: &Case, before: &str, partly_seen: bool) -> Demand {
    let tenant = tenant(spec, actor);
    let on_account = tenant.word("surface") != Some("subaccount");
    let seeking = Seeking {
        action: case.action,
        exists: case.action != Action::Invite,
        partly_seen,
        anew: spec.name == "emma-hq" && on_account && matches!(case.action, Action::Reinvite | Action::EditInvitation),
        before: &attrs(spec, before),
        after: &attrs(spec, case.after),
    };
    spec.demand(&tenant, &seeking).expect("some rule asks something")
}

/// Everybody whom the text names, as actors, each with no more than what it says.
fn named(needs: &str) -> Vec<String> {
    let mut all = Vec::new();
    for group in needs.split(", or ").flat_map(|g| g.split(", a")) {
        let text = group.split(" who ").next().unwrap_or_default();
        let (text, with) = text.split_once(" with ").unwrap_or((text, ""));
        let (roles, of) = text.split_once(" of ").unwrap_or((text, ""));
        let held: Vec<&str> = of.split(" and ").collect();
        for role in roles.split(" or ") {
            let role = role.rsplit(' ').next().unwrap_or_default();
            all.push(format!("role={role} subaccounts={} privileges={}", held.join(","), with.replace(" and ", ",")));
        }
    }
    all
}

const EMMA_ACTORS: [&str; 7] = [
    "role=manager subaccounts=emea",
    "role=manager subaccounts=apac privileges=edit-managers",
    "role=manager subaccounts=emea,apac",
    "role=administrator subaccounts=apac",
    "role=administrator subaccounts=emea",
    "role=author subaccounts=emea",
    "role=full subaccounts=apac privileges=export-contacts",
];

const fn case(action: Action, before: &'static str, after: &'static str, needs: &'static str) -> Case {
    Case { action, before, after, partly_seen: false, needs }
}

const EMMA: [Case; 14] = [
    case(Action::Invite, "", "role=manager subaccounts=emea", "a parent, or a manager of emea with edit-managers"),
    case(Action::Invite, "", "role=author subaccounts=emea", "a parent, or a manager or an administrator of emea"),
    case(Action::Invite, "", "role=author subaccounts=emea,us", "a parent, or a manager of emea and us"),
    case(
        Action::Invite,
        "",
        "role=full subaccounts=emea privileges=export-contacts",
        "a parent, or a manager of emea with export-contacts",
    ),
    case(
        Action::Invite,
        "",
        "role=full subaccounts=emea privileges=share-campaigns",
        "a parent, or a manager or an administrator of emea with share-campaigns",
    ),
    case(
        Action::Edit,
        "role=author subaccounts=emea",
        "role=editor subaccounts=emea",
        "a parent, or a manager or an administrator of emea",
    ),
    case(Action::Edit, "role=author subaccounts=emea,us", "role=editor subaccounts=emea,us", "a parent, or a manager of emea and us"),
    case(
        Action::Edit,
        "role=author subaccounts=emea,us",
        "role=author subaccounts=apac,emea,us",
        "a parent, or a manager of apac and emea and us",
    ),
    case(Action::Edit, "role=author subaccounts=emea", "role=author subaccounts=apac", "a parent, or a manager of apac and emea"),
    // An action that is none of these: the page of one subaccount has none.
    case(Action::Edit, "role=author subaccounts=emea", "role=author subaccounts=emea", "a parent, or a manager of emea"),
    case(Action::Remove, "role=manager subaccounts=emea,us", "", "a parent, or a manager of emea and us with edit-managers"),
    case(Action::CancelInvitation, "role=author subaccounts=emea", "", "a parent, or a manager or an administrator of emea"),
    // Made anew it is granted anew; edited on the other page it is not.
    case(
        Action::EditInvitation,
        "role=full subaccounts=emea privileges=export-contacts",
        "role=editor subaccounts=emea privileges=export-contacts",
        "a parent, a manager of emea with export-contacts, or an administrator of emea",
    ),
    Case {
        action: Action::Edit,
        before: "role=author subaccounts=emea",
        after: "role=author subaccounts=apac,emea",
        partly_seen: true,
        needs: "a parent, or a manager of apac and emea who sees the person and all their subaccounts",
    },
];

#[test]
fn emma_hq_tells_every_refused_actor_the_same() {
    for case in &EMMA {
        let mut refused = 0;
        for actor in EMMA_ACTORS {
            let Demand { lacks, needs, .. } = demand(&systems::emma_hq::SPEC, actor, case, case.partly_seen);
            refused += u32::from(lacks.is_some());
            assert_eq!(needs.to_string(), case.needs, "{:?} {} to {} by {actor}", case.action, case.before, case.after);
        }
        assert!(refused >= 2, "{}", case.needs);
    }
}

#[test]
fn emma_hq_refuses_nobody_whom_needs_names() {
    for case in &EMMA {
        let actors = named(case.needs);
        assert!(actors.len() >= 2, "{actors:?}");
        for actor in actors {
            let demand = demand_as_seen(&actor, case);
            assert_eq!(demand.lacks, None, "{} to {} by {actor}: {}", case.before, case.after, case.needs);
        }
    }
}

/// As this actor sees the member: a bounded one, no subaccount that it does not hold.
fn demand_as_seen(actor: &str, case: &Case) -> Demand {
    let spec = &systems::emma_hq::SPEC;
    let held = attrs(spec, actor).get("subaccounts").and_then(Value::as_set).cloned().unwrap_or_default();
    let is_parent = actor.starts_with("role=parent");
    let has = attrs(spec, case.before).get("subaccounts").and_then(Value::as_set).cloned().unwrap_or_default();
    let seen: Vec<&str> = has.iter().filter(|s| is_parent || held.contains(*s)).map(Atom::as_str).collect();
    let others: Vec<&str> = case.before.split_whitespace().filter(|pair| !pair.starts_with("subaccounts=")).collect();
    let before = if seen.is_empty() { others.join(" ") } else { format!("{} subaccounts={}", others.join(" "), seen.join(",")) };
    demand_on(spec, actor, case, &before, seen.len() < has.len())
}

/// DESIGN §5: an actor that sees a part is refused what only the whole allows, and told the same.
#[test]
fn emma_hq_tells_who_sees_a_part_to_leave_it_to_who_holds_all() {
    let add = case(Action::Edit, "role=author subaccounts=emea,us", "role=editor subaccounts=emea,us", "");
    for (actor, is_refused) in [
        ("role=manager subaccounts=emea", true),
        ("role=manager subaccounts=us", true),
        ("role=administrator subaccounts=us", true),
        ("role=manager subaccounts=emea,us", false),
    ] {
        let demand = demand_as_seen(actor, &add);
        assert_eq!(demand.lacks.is_some(), is_refused, "{actor}");
        let needs = demand.needs.to_string();
        assert!(needs.starts_with("a parent, or a manager of emea and us"), "{actor}: {needs}");
    }
}

#[test]
fn the_other_systems_ask_one_role_whoever_acts() {
    let spec = |name| systems::find(name).expect("a system");
    for (name, key, may, other, needs) in [
        ("insider", "role", "administrator", "editor", "an administrator"),
        ("meta-gateway", "role", "admin", "standard", "an admin of the account"),
        ("gamoshi", "role", "user-manager", "user", "a user manager"),
        ("solver", "groups", "super-user", "advanced", "a super user"),
    ] {
        let case = Case { action: Action::Remove, before: "", after: "", partly_seen: false, needs };
        for (word, lacks) in [(may, None), (other, Some("actor-lacks-role"))] {
            let demand = demand(spec(name), &format!("{key}={word}"), &case, false);
            assert_eq!((demand.lacks, demand.needs.to_string().as_str()), (lacks, needs), "{name} {word}");
        }
    }
}

#[test]
fn both_demands_are_one_sentence_under_the_first_code() {
    let atoms = |s: &str| words(s);
    let first = Demand::new(None, Needs::any([Who::new("a boss"), Who::new("a clerk").of(atoms("a")), Who::new("a guest")]));
    let second = Demand::new(Some("one"), Needs::any([Who::new("a boss"), Who::new("a clerk").of(atoms("b"))]));
    let third = Demand::new(Some("two"), Needs::any([Who::new("a boss"), Who::new("a clerk").with(atoms("p q")).who("sees")]));
    let all = first.and(second).and(third);
    assert_eq!((all.lacks, all.needs.to_string().as_str()), (Some("one"), "a boss, or a clerk of a and b with p and q who sees"));
}

#[test]
fn where_nobody_but_the_first_may_nothing_is_asked_of_it() {
    let both = Needs::any([Who::new("a parent"), Who::new("a manager").of(words("emea"))]).and(Needs::any([Who::new("a parent")]));
    assert_eq!(both.to_string(), "a parent");
    assert_eq!(
        Needs::any(["a parent", "a manager", "an administrator"].map(Who::new)).to_string(),
        "a parent, a manager or an administrator"
    );
}
