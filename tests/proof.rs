//! The independent checker accepts what portcullis plans, and no plan that differs from it in one field.
//! `crates/proof/tests/rules.rs` has a bad plan for each rule, tests/properties.rs thousands of good ones.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use std::collections::BTreeSet;

use portcullis_proof::{Rule, check};
use serde_json::{Value as Json, json};
use support::world::World;

const LAX: &str = "guards: { removals: { count: 100, most: 100 }, reductions: { count: 100, most: 100 }, new-administrators: { count: 100, most: 100 }, end-extensions: { count: 100, most: 100 }, disallowed-domains: { count: 9, most: 9 }, cancelled-invitations: { count: 100, most: 100 } }";

fn emma_hq() -> World {
    let world = World::emma_hq("actor: { role: parent, member: root@acme.example }");
    world.live(
        "",
        &[
            "{ email: root@acme.example, name: R, role: parent }",
            "{ email: up@acme.example, name: U, role: author, subaccounts: [emea] }",
            "{ email: down@acme.example, name: D, role: manager, privileges: [billing], subaccounts: [emea, apac] }",
            "{ email: gone@acme.example, name: G, role: full, subaccounts: [emea] }",
            "{ email: moved@acme.example, name: M, role: editor, subaccounts: [emea, apac] }",
            "{ email: open@acme.example, name: O, role: editor, subaccounts: [emea], phase: pending, invited: 2026-11-21T09:00:00Z }",
            "{ email: over@acme.example, name: V, role: editor, subaccounts: [emea], phase: pending, invited: 2026-10-01T09:00:00Z }",
            "{ email: not@acme.example, name: N, role: editor, subaccounts: [emea], phase: pending, invited: 2026-11-21T09:00:00Z }",
        ],
    );
    world.want(
        &format!("mode: authoritative; {LAX}"),
        &[
            "{ email: up@acme.example, name: U, role: manager, privileges: [billing], subaccounts: [emea] }",
            "{ email: down@acme.example, name: D, role: author, subaccounts: [apac] }",
            "{ email: moved@acme.example, name: M M, role: author, subaccounts: [apac, latam] }",
            "{ email: open@acme.example, name: O, role: author, subaccounts: [emea] }",
            "{ email: over@acme.example, name: V, role: editor, subaccounts: [emea] }",
            "{ email: new@acme.example, name: New, role: editor, subaccounts: [emea], end: 2026-12-24 }",
        ],
    );
    world
}

fn insider() -> World {
    let world = World::insider("actor: { role: administrator, member: root@acme.example }; features: [groups]");
    world.live(
        "domains: [acme.example, old.example]",
        &[
            "{ email: root@acme.example, name: R, role: administrator }",
            "{ email: admin@acme.example, name: A, role: administrator }",
            "{ email: up@acme.example, name: U, role: collaborator, groups: [blue], end: 2026-12-01 }",
            "{ email: edit@acme.example, name: E, role: viewer, pii: false, limited-products: [web], groups: [blue] }",
            "{ email: roll@acme.example, name: L, role: viewer, end: 2026-11-25 }",
            "{ email: gone@old.example, name: G, role: editor }",
            "{ email: back@acme.example, name: B, role: viewer, phase: expired, end: 2026-11-01 }",
            "{ email: open@acme.example, role: viewer, phase: pending, invited: 2026-11-21T09:00:00Z }",
            "{ email: over@acme.example, role: viewer, phase: pending, invited: 2026-11-01T09:00:00Z }",
        ],
    );
    world.want(
        &format!("mode: authoritative; domains: [acme.example, new.example]; {LAX}"),
        &[
            "{ email: root@acme.example, name: R, role: administrator }",
            "{ email: admin@acme.example, name: A, role: viewer }",
            "{ email: up@acme.example, name: U, role: administrator, groups: [red] }",
            "{ email: edit@acme.example, name: E E, role: editor, pii: true, limited-products: [app], groups: [red], group-admin: [red] }",
            "{ email: roll@acme.example, name: L, role: viewer, end: 2027-11-25, renew: rolling }",
            "{ email: back@acme.example, name: B, role: editor, end: 2026-12-01 }",
            "{ email: over@acme.example, role: viewer }",
            "{ email: new@new.example, name: New, role: viewer, limited-products: [web], end: 2026-12-01 }",
        ],
    );
    world
}

fn gamoshi() -> World {
    let world = World::gamoshi("actor: { role: user-manager, member: root@acme.example }");
    world.live(
        "",
        &[
            "{ email: root@acme.example, name: R, role: user-manager }",
            "{ email: up@acme.example, name: U, role: user, settings: { a: 0.1, b: [1e300, 17976931348623157] } }",
            "{ email: down@acme.example, name: D, role: user-manager }",
            "{ email: gone@acme.example, name: G, role: user }",
            "{ email: out@acme.example, name: O, partner: acme }",
        ],
    );
    world.want(
        &format!("mode: authoritative; {LAX}"),
        &[
            "{ email: root@acme.example, name: R, role: user-manager }",
            "{ email: up@acme.example, name: U, role: user-manager, settings: { a: 0.30000000000000004 } }",
            "{ email: down@acme.example, name: D, role: user }",
            "{ email: new@acme.example, name: New, role: user-manager }",
        ],
    );
    world
}

fn solver() -> World {
    let world = World::solver("actor: { groups: [super-user], member: root@acme.example }");
    world.live(
        "",
        &[
            "{ email: root@acme.example, name: R, groups: [super-user] }",
            "{ email: up@acme.example, name: U, groups: [standard] }",
            "{ email: down@acme.example, name: D, groups: [super-user, advanced] }",
            "{ email: gone@acme.example, name: G, groups: [advanced] }",
            "{ email: not@acme.example, name: N, groups: [advanced], phase: pending, invited: 2026-11-21T09:00:00Z }",
        ],
    );
    world.want(
        &format!("mode: authoritative; {LAX}"),
        &[
            "{ email: root@acme.example, groups: [super-user] }",
            "{ email: up@acme.example, groups: [super-user] }",
            "{ email: down@acme.example, groups: [standard] }",
            "{ email: new@acme.example, name: New, groups: [advanced, standard] }",
        ],
    );
    world
}

fn meta_gateway() -> World {
    let world = World::meta_gateway("actor: { role: admin, member: root@acme.example }; smtp: true");
    world.live(
        "",
        &[
            "{ email: root@acme.example, role: admin }",
            "{ email: up@acme.example, role: standard, data-sources: [s1, s2] }",
            "{ email: down@acme.example, role: admin }",
            "{ email: moved@acme.example, role: standard, data-sources: [s1] }",
            "{ email: gone@acme.example, role: view-only }",
        ],
    );
    world.want(
        &format!("mode: authoritative; {LAX}"),
        &[
            "{ email: root@acme.example, role: admin }",
            "{ email: up@acme.example, role: admin }",
            "{ email: down@acme.example, role: view-only }",
            "{ email: moved@acme.example, role: standard, data-sources: [s2, s3] }",
            "{ email: new@acme.example, role: standard, data-sources: [s1] }",
        ],
    );
    world
}

fn worlds() -> [(&'static str, World); 5] {
    [("emma-hq", emma_hq()), ("gamoshi", gamoshi()), ("insider", insider()), ("meta-gateway", meta_gateway()), ("solver", solver())]
}

fn rules(evidence: &Json) -> BTreeSet<Rule> {
    check(&evidence.to_string()).err().into_iter().flatten().map(|r| r.rule).collect()
}

#[track_caller]
fn is_proven(evidence: &Json) {
    if let Err(refusals) = check(&evidence.to_string()) {
        panic!("{}", refusals.iter().map(|r| format!("{r}\n")).collect::<String>());
    }
}

/// The same with right digests.
fn sealed(mut evidence: Json) -> Json {
    for _ in 0..3 {
        let refusals = check(&evidence.to_string()).err().unwrap_or_default();
        for refusal in refusals.into_iter().filter(|r| r.rule == Rule::Digest) {
            let digest = json!(refusal.message.rsplit(' ').next());
            if refusal.about == "plan" {
                evidence["digest"] = digest;
                continue;
            }
            for account in evidence["accounts"].as_array_mut().into_iter().flatten() {
                if account["account"] == refusal.about {
                    account["digest"] = digest.clone();
                }
                let changes = account["changes"].as_array_mut().into_iter().flatten();
                changes.filter(|c| c["id"] == refusal.about).for_each(|c| c["digest"] = digest.clone());
            }
        }
    }
    evidence
}

/// The fields of the plan: what is read, what the manifests say and the facts of a system are no part of
/// it, and neither is which changes are blocked: an id less in that list is a claim less.
const PLAN: &[&str] = &["account", "system", "origin", "tenant", "digest", "changes", "guards"];

/// Pointers to all that the plan says.
fn places(evidence: &Json) -> Vec<String> {
    let mut all = vec!["/digest".to_owned()];
    for (i, account) in evidence["accounts"].as_array().into_iter().flatten().enumerate() {
        for field in PLAN {
            below(&account[*field], format!("/accounts/{i}/{field}"), &mut all);
        }
    }
    all
}

fn below(value: &Json, at: String, all: &mut Vec<String>) {
    match value {
        Json::Array(items) => items.iter().enumerate().for_each(|(i, v)| below(v, format!("{at}/{i}"), all)),
        Json::Object(fields) => {
            fields.iter().for_each(|(k, v)| below(v, format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), all));
        }
        _ => {}
    }
    all.push(at);
}

/// Every other value that stands there after one slip.
fn slips(value: &Json) -> Vec<(String, Json)> {
    let mut all: Vec<(&str, Json)> = match value {
        Json::Null => vec![("a value", json!("x")), ("an empty value", json!({}))],
        Json::Bool(flag) => vec![("flipped", json!(!flag)), ("null", Json::Null)],
        Json::Number(n) if n.is_u64() => {
            let n = n.as_u64().unwrap_or_default();
            vec![("one more", json!(n + 1)), ("one less", json!(n as i64 - 1)), ("null", Json::Null)]
        }
        Json::Number(n) => vec![("one more", json!(n.as_f64().unwrap_or_default() + 1.0)), ("null", Json::Null)],
        Json::String(text) => vec![
            ("longer", json!(format!("{text}x"))),
            ("shorter", json!(text.chars().skip(1).collect::<String>())),
            ("empty", json!("")),
            ("null", Json::Null),
        ],
        Json::Array(_) | Json::Object(_) => vec![("null", Json::Null)],
    };
    if let Json::Array(items) = value {
        for i in 0..items.len() {
            let (mut less, mut twice) = (items.clone(), items.clone());
            less.remove(i);
            twice.insert(i, items[i].clone());
            all.extend([("an element less", Json::Array(less)), ("an element twice", Json::Array(twice))]);
        }
        all.push(("an element more", json!([items.as_slice(), &[json!("x")]].concat())));
    }
    let mut all: Vec<(String, Json)> = all.into_iter().map(|(slip, other)| (slip.to_owned(), other)).collect();
    if let Json::Object(fields) = value {
        for key in fields.keys() {
            let mut less = fields.clone();
            let taken = less.remove(key).unwrap_or_default();
            let mut other = less.clone();
            other.insert(format!("{key}x"), taken);
            all.extend([(format!("without {key}"), Json::Object(less)), (format!("{key} of another name"), Json::Object(other))]);
        }
        let mut more = fields.clone();
        more.insert("x".to_owned(), json!("x"));
        all.push(("a field more".to_owned(), Json::Object(more)));
    }
    all.retain(|(_, other)| other != value);
    all
}

/// Every slip at every place that is looked at: which the checker accepts, by system; each has some hundred.
fn accepted(is_looked_at: impl Fn(&str) -> bool + Sync, seal: fn(Json) -> Json) -> Vec<String> {
    let one = |system: &str, evidence: &Json| {
        let (mut all, mut tried) = (Vec::new(), 0);
        for place in places(evidence).iter().filter(|place| is_looked_at(place)) {
            for (slip, other) in slips(evidence.pointer(place).expect("a place")) {
                let mut spoilt = evidence.clone();
                *spoilt.pointer_mut(place).expect("a place") = other;
                tried += 1;
                if rules(&seal(spoilt)).is_empty() {
                    all.push(format!("{system} {place}: {slip}"));
                }
            }
        }
        assert!(tried > 300, "{system}: {tried}");
        all
    };
    let evidence = worlds().map(|(system, world)| (system, world.evidence()));
    std::thread::scope(|scope| {
        let all = evidence.iter().map(|(system, evidence)| scope.spawn(|| one(system, evidence))).collect::<Vec<_>>();
        all.into_iter().flat_map(|t| t.join().expect("enough slips")).collect()
    })
}

#[test]
fn a_plan_of_each_system_with_many_kinds_of_changes_is_proven() {
    let mut actions = BTreeSet::new();
    for (system, world) in worlds() {
        let evidence = world.evidence();
        let changes = evidence["accounts"][0]["changes"].as_array().expect("a list").clone();
        assert!(changes.len() >= 4, "{system}: {}", changes.len());
        actions.extend(changes.iter().map(|c| c["action"].as_str().expect("a word").to_owned()));
        is_proven(&evidence);
    }
    assert_eq!(actions.len(), 9, "{actions:?}");
}

#[test]
fn every_slip_in_one_field_of_a_plan_is_refused() {
    assert_eq!(accepted(|_| true, |spoilt| spoilt), Vec::<String>::new());
}

/// Slips that leave another plan that is right by itself, so that its digest alone tells it from what was
/// reviewed: by the end of their place, and what is slipped.
const RIGHT_BY_THEMSELVES: &[(&str, &str)] = &[
    // An end that the product does not keep is shown, and nothing asks for it.
    ("/after/end", "null"),
    ("/after", "without end"),
    // Whether an end rolls is told by what it is hashed as; nothing else of the plan depends on it.
    ("/rolling", "flipped"),
    // Where names come with the registration, the one of an invitation is shown and not sent.
    ("/after/name", "longer"),
    ("/after/name", "shorter"),
    ("/after/name", "empty"),
    ("/after", "without name"),
    // An invitation that says nothing of privileges gives none.
    ("/calls/1/set", "without privileges"),
];

/// Digests alone would refuse most slips. With right digests the rules refuse them.
#[test]
fn every_slip_is_refused_by_a_rule_and_not_by_its_digest_alone() {
    // Where the account is; and a change less is another plan, where no other waits for it.
    let only_digests = ["/origin", "/tenant", "/digest", "/changes"];
    let mut accepted = accepted(|place| !only_digests.iter().any(|end| place.ends_with(end)), sealed);
    accepted.retain(|slip| !RIGHT_BY_THEMSELVES.iter().any(|(end, what)| slip.ends_with(&format!("{end}: {what}"))));
    assert_eq!(accepted, Vec::<String>::new());
}

#[test]
fn evidence_is_what_its_schema_says() {
    let schema = include_str!("../crates/proof/evidence.schema.json");
    let schema: Json = serde_json::from_str(schema).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (system, world) in worlds() {
        let evidence = world.evidence();
        let wrong: Vec<String> = validator.iter_errors(&evidence).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{system}");
        let mut more = evidence;
        more["accounts"][0]["changes"][0]["reason"] = json!("x");
        assert!(!validator.is_valid(&more), "what is not described is not evidence");
    }
}

#[test]
fn of_an_account_that_a_guard_stops_the_digests_are_proven_alone() {
    let world = solver();
    world.want(
        "mode: authoritative; protect: [gone@acme.example]",
        &["{ email: root@acme.example, groups: [super-user] }", "{ email: up@acme.example, groups: [advanced] }"],
    );
    let mut evidence = world.evidence();
    assert_eq!((&evidence["accounts"], evidence["stopped"]["sol"].as_array().map(Vec::len)), (&json!([]), Some(4)));
    is_proven(&evidence);
    evidence["stopped"]["sol"].as_array_mut().expect("a list").pop();
    assert_eq!(rules(&evidence), BTreeSet::from([Rule::Digest]));
}

#[test]
fn of_an_incomplete_reading_nothing_is_planned_and_that_is_proven() {
    let world = solver();
    world.live("fault: short", &["{ email: root@acme.example, name: R, groups: [super-user] }"]);
    let evidence = world.evidence();
    assert_eq!((&evidence["accounts"][0]["reading"]["proof"], &evidence["accounts"][0]["changes"]), (&Json::Null, &json!([])));
    is_proven(&evidence);
}

#[test]
fn many_who_wait_for_the_last_of_many_are_proven() {
    let world = World::solver("actor: { groups: [super-user] }");
    let people = |from: &str, groups: &str| -> Vec<String> {
        (0..60).map(|i| format!("{{ email: {from}{i:02}@acme.example, name: N, groups: [{groups}] }}")).collect()
    };
    let both = |up: &str, down: &str| [people("up", up), people("down", down)].concat();
    let texts = |all: &[String]| all.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    let (live, wanted) = (texts(&both("standard", "super-user")), texts(&both("super-user", "standard")));
    world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
    let policy = LAX.replace("guards: {", "guards: { minimum-administrators: 60,");
    world.want(&policy, &wanted.iter().map(String::as_str).collect::<Vec<_>>());
    let evidence = world.evidence();
    let most = evidence["accounts"][0]["changes"].as_array().expect("a list").iter().map(|c| c["waits_for"].as_array().map_or(0, Vec::len));
    assert_eq!(most.filter(|n| *n > 1).collect::<Vec<_>>(), [59], "the last of them stands for all");
    is_proven(&evidence);
}

/// Only whom there is something to judge of: a large account's evidence is as small as its plan.
#[test]
fn members_of_whom_nothing_is_judged_are_not_in_the_evidence() {
    let evidence = solver().evidence();
    let members = &evidence["accounts"][0]["reading"]["members"];
    let named: Vec<&str> = members.as_object().expect("members").keys().map(String::as_str).collect();
    assert_eq!(named, ["down@acme.example", "gone@acme.example", "not@acme.example", "root@acme.example", "up@acme.example"]);
    let world = solver();
    world.want("", &["{ email: up@acme.example, groups: [advanced] }"]);
    let evidence = world.evidence();
    let named: Vec<&str> = evidence["accounts"][0]["reading"]["members"].as_object().expect("members").keys().map(String::as_str).collect();
    assert_eq!(named, ["down@acme.example", "root@acme.example", "up@acme.example"], "who changes, and administrators");
}
