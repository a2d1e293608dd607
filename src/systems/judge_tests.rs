use std::collections::{BTreeMap, BTreeSet};

use super::Administrator;
use crate::model::{
    Attrs, Caps, Direction, Domain, Domains, Email, Incomplete, Invitation, Known, Live, Name, Phase, Proof, Reading, Value,
};
use crate::plan::sample::{attrs, one, set};
use crate::systems::{SystemSpec, emma_hq, gamoshi, insider, meta_gateway, solver};

fn caps(reads_invitations: bool) -> Caps {
    Caps {
        reads: BTreeSet::new(),
        writes: BTreeMap::new(),
        reads_domains: true,
        reads_invitations,
        registered: None,
        keeps_ends: true,
        best_proof: Proof::Snapshot,
    }
}

fn member(phase: Phase, held: Attrs) -> Live {
    let attrs = held.into_iter().map(|(k, v)| (k, Known::Seen(v))).collect();
    Live { email: Email::parse("a@acme.example").unwrap(), id: None, phase, attrs }
}

fn pending() -> Phase {
    Phase::Pending { state: Invitation::Open, sent: None, attempts: None }
}

fn end(day: &str) -> Value {
    Value::Day((!day.is_empty()).then(|| day.parse().unwrap()))
}

fn both(role: &'static str, key: &'static str, value: Value) -> Attrs {
    attrs([("role", one(role)), (key, value)])
}

#[test]
fn a_later_end_widens_and_no_end_is_the_latest() {
    let direction =
        |before: &str, after: &str| insider::SPEC.direction(&both("viewer", "end", end(before)), &both("viewer", "end", end(after)));
    assert_eq!(direction("2026-12-01", "2026-12-02"), Direction::Widens);
    assert_eq!(direction("2026-12-02", "2026-12-01"), Direction::Narrows);
    assert_eq!(direction("2026-12-01", ""), Direction::Widens);
    assert_eq!(direction("", "2026-12-01"), Direction::Narrows);
    assert_eq!(direction("2026-12-01", "2026-12-01"), Direction::Neither);
    assert_eq!(direction("", ""), Direction::Neither);
}

#[test]
fn directions_are_judged_on_permissions_and_scopes() {
    let emma = |role: &'static str, scopes: &[&str]| both(role, "subaccounts", set(scopes));
    let insider = |role: &'static str, key, value| both(role, key, value);
    let none = set(&[]);
    for (spec, before, after, direction) in [
        (&emma_hq::SPEC, emma("author", &["emea"]), emma("editor", &["emea"]), Direction::Widens),
        (&emma_hq::SPEC, emma("editor", &["emea"]), emma("author", &["emea", "us"]), Direction::Both),
        (&emma_hq::SPEC, emma("author", &["emea"]), emma("author", &["us"]), Direction::Both),
        (&emma_hq::SPEC, emma("author", &[]), emma("manager", &[]), Direction::Neither),
        (&solver::SPEC, attrs([("groups", set(&["super-user"]))]), attrs([("groups", set(&["advanced", "standard"]))]), Direction::Narrows),
        (&solver::SPEC, attrs([("groups", set(&["advanced"]))]), attrs([("groups", set(&["advanced", "standard"]))]), Direction::Neither),
        (
            &insider::SPEC,
            insider("viewer", "limited-products", set(&["web"])),
            insider("viewer", "limited-products", none.clone()),
            Direction::Widens,
        ),
        (
            &insider::SPEC,
            insider("viewer", "limited-products", set(&["web"])),
            insider("viewer", "limited-products", set(&["app"])),
            Direction::Both,
        ),
        (
            &insider::SPEC,
            insider("outsourcer", "limited-products", set(&["web"])),
            insider("outsourcer", "limited-products", none),
            Direction::Neither,
        ),
        (&insider::SPEC, insider("viewer", "pii", Value::Flag(false)), insider("viewer", "pii", Value::Flag(true)), Direction::Widens),
        (&meta_gateway::SPEC, attrs([("role", one("standard"))]), attrs([("role", one("admin"))]), Direction::Widens),
        (&meta_gateway::SPEC, attrs([("role", one("view-only"))]), attrs([("role", one("admin"))]), Direction::Both),
        // A name is nothing to access; a word that the system does not have may be anything.
        (&solver::SPEC, attrs([("name", Value::Text(Name::new("A")))]), attrs([("name", Value::Text(Name::new("B")))]), Direction::Neither),
        (&solver::SPEC, attrs([("groups", set(&["standard", "root"]))]), attrs([("groups", set(&["standard"]))]), Direction::Both),
        (&emma_hq::SPEC, emma("owner", &["emea"]), emma("author", &["emea"]), Direction::Both),
        (
            &gamoshi::SPEC,
            both("user", "settings", Value::Opaque(1.into())),
            both("user", "settings", Value::Opaque(2.into())),
            Direction::Both,
        ),
    ] {
        assert_eq!(spec.direction(&before, &after), direction, "{}: {before:?} to {after:?}", spec.name);
    }
}

#[test]
fn a_deny_list_takes_each_of_its_products_away_and_nothing_else() {
    let names = |held: &Attrs| -> Vec<String> { insider::SPEC.permits(held).into_iter().map(|(p, _)| p.to_string()).collect() };
    assert_eq!(names(&both("viewer", "limited-products", set(&["web"]))), ["products", "view-campaigns"]);
    assert_eq!(names(&both("outsourcer", "limited-products", set(&["web"]))), ["change-system-rules"]);
}

#[test]
fn whoever_gains_an_administering_permission_comes_to_administer() {
    let admin = |groups: &[&str]| both("viewer", "group-admin", set(groups));
    let comes = |before: &Attrs, after: &Attrs| insider::SPEC.comes_to_administer(before, after);
    let (none, viewer, administrator) = (Attrs::new(), admin(&[]), attrs([("role", one("administrator"))]));
    assert!(comes(&none, &administrator) && comes(&viewer, &admin(&["red"])) && comes(&admin(&["red"]), &administrator));
    assert!(!comes(&none, &viewer) && !comes(&administrator, &administrator) && !comes(&admin(&["red"]), &admin(&["blue"])));
    // Group admins do not count for the least number of administrators.
    assert!(insider::SPEC.administers(&admin(&["red"])) && !insider::SPEC.counts_for_floor(&admin(&["red"])));
    assert!(insider::SPEC.counts_for_floor(&administrator));
    // M7.
    assert!(meta_gateway::SPEC.is_high_risk(&attrs([("role", one("standard"))])));
    assert!(!meta_gateway::SPEC.is_high_risk(&attrs([("role", one("admin"))])));
}

#[test]
fn whoever_is_active_has_registered_where_invitations_show_and_else_where_a_name_shows_it() {
    let named = |phase: Phase| member(phase, attrs([("name", Value::Text(Name::new("")))]));
    let nameless = |phase: Phase| member(phase, Attrs::new());
    let registered = |spec: &SystemSpec, live: &Live, reads| spec.has_registered(live, &caps(reads));
    for phase in [Phase::Active, Phase::Locked] {
        assert!(registered(&insider::SPEC, &nameless(phase.clone()), true), "{phase:?}");
        assert!(!registered(&insider::SPEC, &nameless(phase.clone()), false), "{phase:?}");
        assert!(registered(&insider::SPEC, &named(phase.clone()), false), "{phase:?}");
        // Where names do not wait for the registration they show nothing, and nothing else does: but
        // whoever works in the console has been let in.
        assert!(!registered(&solver::SPEC, &named(phase.clone()), false), "{phase:?}");
        let me = Caps { registered: Some(Email::parse("A@acme.example").unwrap()), ..caps(false) };
        assert!(solver::SPEC.has_registered(&nameless(phase.clone()), &me), "{phase:?}");
    }
    for phase in [Phase::Expired, Phase::Suspended] {
        assert!(!registered(&insider::SPEC, &nameless(phase.clone()), true), "{phase:?}");
        assert!(registered(&insider::SPEC, &named(phase), true));
    }
    // Who reads the account with their own credentials has.
    let own = |reads| Caps { registered: Some(Email::parse("a@acme.example").unwrap()), ..caps(reads) };
    assert!(insider::SPEC.has_registered(&nameless(Phase::Active), &own(false)));
    assert!(!registered(&insider::SPEC, &named(pending()), true) && !registered(&solver::SPEC, &named(pending()), true));
}

/// A reading of which nothing but a whitelist counts, and that has none.
fn nobody() -> Reading {
    Reading::incomplete(Incomplete::new("short", "nobody was asked"))
}

#[test]
fn i11_whom_the_whitelist_keeps_out_is_no_administrator() {
    let there = member(Phase::Active, attrs([("role", one("administrator"))]));
    let mut other = there.clone();
    other.email = Email::parse("b@eu.acme.example").unwrap();
    let members = vec![there.clone(), other];
    let of = |spec: &SystemSpec, domains: Known<Domains>| {
        spec.administrator(&there, &Reading { domains, members: members.clone(), ..nobody() }, None, &caps(true))
    };
    let only = |domain: &str| Known::Seen(Domains::Only([Domain::parse(domain).unwrap()].into()));
    assert_eq!(of(&insider::SPEC, only("acme.example")), Administrator::Yes);
    assert_eq!(of(&insider::SPEC, only("eu.acme.example")), Administrator::No);
    let reading = Reading { domains: only("eu.acme.example"), members: members.clone(), ..nobody() };
    let wanted = Domains::Only([Domain::parse("acme.example").unwrap()].into());
    let soon = insider::SPEC.administrator(&there, &reading, Some(&wanted), &caps(true));
    assert_eq!(soon, Administrator::Yes, "the plan lets them in");
    assert_eq!(of(&insider::SPEC, only("vendor.example")), Administrator::Yes, "all are kept out: the product counts them");
    assert_eq!(of(&insider::SPEC, Known::Seen(Domains::Off)), Administrator::Yes);
    assert_eq!(of(&insider::SPEC, Known::Unreadable), Administrator::Yes, "nobody knows that they are kept out");
}

#[test]
fn an_administrator_is_active_holds_the_power_and_has_accepted() {
    let administrator = attrs([("role", one("administrator"))]);
    let of = |spec: &SystemSpec, phase: Phase, held: &Attrs, reads| {
        spec.administrator(&member(phase, held.clone()), &nobody(), None, &caps(reads))
    };
    assert_eq!(of(&insider::SPEC, Phase::Active, &administrator, true), Administrator::Yes);
    assert_eq!(of(&insider::SPEC, Phase::Active, &administrator, false), Administrator::Perhaps, "nothing shows that they accepted");
    for phase in [pending(), Phase::Locked, Phase::Expired, Phase::Suspended] {
        assert_eq!(of(&insider::SPEC, phase, &administrator, true), Administrator::No);
    }
    assert_eq!(of(&insider::SPEC, Phase::Active, &attrs([("role", one("viewer"))]), false), Administrator::No);
    assert_eq!(of(&insider::SPEC, Phase::Active, &Attrs::new(), true), Administrator::Perhaps, "the role does not show");
    assert_eq!(of(&insider::SPEC, Phase::Active, &attrs([("role", one("owner"))]), true), Administrator::Perhaps, "no word of the system");
    assert_eq!(of(&solver::SPEC, Phase::Active, &attrs([("groups", set(&["super-user", "root"]))]), true), Administrator::Perhaps);
    // G4: who has a partner has no role to show.
    assert_eq!(of(&gamoshi::SPEC, Phase::Active, &attrs([("partner", one("north"))]), true), Administrator::No);
}

#[test]
fn the_parent_counts_once_seen_or_not() {
    let parent = attrs([("role", one("parent"))]);
    let manager = both("manager", "subaccounts", set(&["emea"]));
    let count = |members: &[Live]| emma_hq::SPEC.administrators(members.iter(), &caps(true));
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&[member(Phase::Active, parent.clone())]), 1);
    assert_eq!(count(&[member(Phase::Active, manager.clone())]), 2);
    assert_eq!(count(&[member(Phase::Active, manager), member(Phase::Active, parent.clone())]), 2);
    assert_eq!(count(&[member(Phase::Locked, parent)]), 1);
    assert_eq!(solver::SPEC.administrators([].iter(), &caps(true)), 0);
}

#[test]
fn the_words_of_a_tenant_stand_in_a_fact() {
    let fact = |spec: &SystemSpec, key: &str| spec.attr(key).unwrap().kind.tenant_words();
    assert_eq!(fact(&emma_hq::SPEC, "subaccounts"), Some("subaccounts"));
    assert_eq!((fact(&emma_hq::SPEC, "role"), fact(&meta_gateway::SPEC, "data-sources")), (None, None));
}
