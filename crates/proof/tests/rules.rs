//! A bad plan for each rule, made by hand from a good one. The product is made up: what the checker knows
//! of any product is data.

use std::collections::BTreeSet;

use portcullis_proof::{Rule, check};
use serde_json::{Value as Json, json};

/// Two may do things in places; one of them administers; some products may be denied.
fn system() -> Json {
    let attribute = |key: &str, kind: &str, axis: &str, denies: bool, words: Json| json!({ "key": key, "kind": kind, "axis": axis, "denies": denies, "chief": key == "role", "words": words });
    let row = |permission: &str, roles: &[&str]| {
        let denied_by = (permission == "use").then_some("denied");
        json!({ "permission": permission, "account": false, "each": "places", "when": [["role", roles]], "denied_by": denied_by })
    };
    json!({
        "attributes": [
            attribute("role", "one", "power", false, json!(["boss", "hand", "owner"])),
            attribute("places", "set", "where", false, Json::Null),
            attribute("denied", "set", "where", true, Json::Null),
            attribute("end", "day", "until", false, Json::Null),
        ],
        "rows": [row("manage", &["boss", "owner"]), row("use", &["boss", "hand", "owner"]), row("lift", &["hand"])],
        "includes": {},
        "administers": ["manage"],
        "floor": { "permissions": ["manage"], "least": 1, "kept_by_untouchable": false },
        "untouchable": { "key": "role", "word": "owner" },
        "native_ends": true,
        "names_after_registration": false,
        "calls": {
            "invite": "invite", "resend": "resend", "set-role": "set", "set-places": "set", "set-denied": "set", "set-end": "set",
            "edit": "set", "delete": "delete", "allow": "allow-domain", "disallow": "disallow-domain",
        },
    })
}

fn member(phase: &str, role: &str, places: &[&str]) -> Json {
    let seen = json!({ "role": role, "places": places, "denied": [], "end": null });
    json!({ "phase": phase, "seen": seen, "partly": [], "hidden": [] })
}

fn change(action: &str, subject: &str, before: Json, after: Json, direction: &str, calls: Json) -> Json {
    json!({
        "id": format!("acc/{action}/{subject}"), "action": action, "subject": subject, "digest": "", "before": before, "after": after,
        "rolling": false, "calls": calls, "direction": direction, "administers": false, "waits_for": [],
    })
}

fn call(label: &str, set: Json) -> Json {
    json!({ "label": label, "channel": "api", "set": set })
}

/// A domain comes and one goes, somebody is invited, one becomes a boss before another is none, and one
/// moves in three steps.
fn good() -> Json {
    let mut raise = change(
        "edit",
        "ann@a.example",
        json!({ "role": "hand" }),
        json!({ "role": "boss" }),
        "both",
        json!([call("set-role", json!({ "role": { "to": "boss" } }))]),
    );
    raise["administers"] = json!(true);
    let mut lower = change(
        "edit",
        "bob@a.example",
        json!({ "role": "boss" }),
        json!({ "role": "hand" }),
        "both",
        json!([call("set-role", json!({ "role": { "to": "hand" } }))]),
    );
    lower["waits_for"] = json!(["acc/edit/ann@a.example"]);
    let invited = json!({ "role": "hand", "places": ["x"], "denied": ["p"], "end": "2026-12-01" });
    let set: Json = invited.as_object().unwrap().iter().map(|(k, v)| (k.clone(), json!({ "to": v }))).collect();
    let mut invite = change("invite", "new@b.example", Json::Null, invited, "widens", json!([call("invite", set)]));
    invite["waits_for"] = json!(["acc/allow-domain/b.example"]);
    let moved = json!([
        call("set-places", json!({ "places": { "delta": { "add": [], "remove": ["x"] } } })),
        call("set-role", json!({ "role": { "to": "hand" } })),
        call("set-places", json!({ "places": { "delta": { "add": ["z"], "remove": [] } } })),
    ]);
    let before = json!({ "role": "boss", "places": ["x", "y"] });
    let mut moves = change("edit", "mov@a.example", before, json!({ "role": "hand", "places": ["y", "z"] }), "both", moved);
    moves["waits_for"] = json!(["acc/edit/ann@a.example"]);
    let gone = json!({ "role": "hand", "places": ["x"] });
    let remove = change("remove", "old@c.example", gone, Json::Null, "narrows", json!([call("delete", json!({}))]));
    let allow = change("allow-domain", "b.example", Json::Null, Json::Null, "widens", json!([call("allow", json!({}))]));
    let mut disallow = change("disallow-domain", "c.example", Json::Null, Json::Null, "narrows", json!([call("disallow", json!({}))]));
    disallow["waits_for"] = json!(["acc/remove/old@c.example"]);
    let counted = |n: [u64; 9]| {
        let codes = [
            "removals",
            "reductions",
            "cancelled-invitations",
            "disallowed-domains",
            "open-domains",
            "cut-off",
            "new-administrators",
            "end-extensions",
            "invitations",
        ];
        codes.iter().zip(n).map(|(code, n)| ((*code).to_owned(), json!(n))).collect::<serde_json::Map<_, _>>()
    };
    sealed(json!({
        "schema_version": "1", "kind": "evidence", "digest": "", "stopped": {}, "systems": { "toy": system() },
        "accounts": [{
            "account": "acc", "system": "toy", "origin": "https://toy.example", "tenant": null,
            "reading": {
                "proof": "snapshot", "administrators": 3, "domains": ["a.example", "c.example"], "reads": ["role", "places", "denied", "end"],
                "reads_invitations": true, "registered": null, "keeps_ends": true, "unbounded": true, "mails": ["invite", "resend"],
                "members": {
                    "ann@a.example": member("active", "hand", &["x"]),
                    "bob@a.example": member("active", "boss", &["x"]),
                    "mov@a.example": member("active", "boss", &["x", "y"]),
                    "old@c.example": member("active", "hand", &["x"]),
                    "top@a.example": member("active", "owner", &["x"]),
                    "pen@a.example": member("pending", "hand", &["x"]),
                },
            },
            "policy": {
                "actor": ["top@a.example"], "protected": ["safe@a.example"], "ignored": ["*@vendor.example"],
                "domains": ["a.example", "b.example"], "limits": counted([1, 3, 0, 1, 0, 0, 1, 0, 1]), "minimum_administrators": 2,
            },
            "blocked": ["acc/remove/pen@a.example"],
            "digest": "",
            "changes": [allow, invite, raise, lower, moves, remove, disallow],
            "guards": counted([1, 3, 0, 1, 0, 0, 1, 0, 1]),
        }],
    }))
}

/// The same with the digests of what stands there: what is left to refuse is no matter of digests.
fn sealed(mut evidence: Json) -> Json {
    for _ in 0..3 {
        let Err(refusals) = check(&evidence.to_string()) else { return evidence };
        for refusal in refusals.iter().filter(|r| r.rule == Rule::Digest) {
            let digest = refusal.message.rsplit(' ').next().unwrap().to_owned();
            match refusal.about.as_str() {
                "plan" => evidence["digest"] = json!(digest),
                about => {
                    for account in evidence["accounts"].as_array_mut().unwrap() {
                        if account["account"] == *about {
                            account["digest"] = json!(digest);
                        }
                        let changes = account["changes"].as_array_mut().unwrap();
                        changes.iter_mut().filter(|c| c["id"] == *about).for_each(|c| c["digest"] = json!(digest));
                    }
                }
            }
        }
    }
    evidence
}

fn rules(evidence: &Json) -> BTreeSet<Rule> {
    check(&evidence.to_string()).err().into_iter().flatten().map(|r| r.rule).collect()
}

/// What is refused once `spoil` was done to the account and the digests are right again.
fn spoilt(spoil: impl FnOnce(&mut Json)) -> BTreeSet<Rule> {
    let mut evidence = good();
    spoil(&mut evidence["accounts"][0]);
    rules(&sealed(evidence))
}

#[track_caller]
fn only(rule: Rule, spoil: impl FnOnce(&mut Json)) {
    assert_eq!(spoilt(spoil), BTreeSet::from([rule]));
}

const ALLOW: usize = 0;
const INVITE: usize = 1;
const RAISE: usize = 2;
const LOWER: usize = 3;
const MOVES: usize = 4;
const REMOVE: usize = 5;
const DISALLOW: usize = 6;

fn at(account: &mut Json, i: usize) -> &mut Json {
    &mut account["changes"][i]
}

/// In place of the lowering, a change of somebody else that is fine by itself.
fn instead(account: &mut Json, who: &str, phase: &str, role: &str) {
    account["reading"]["members"][who] = member(phase, role, &["x"]);
    let (before, after) = (json!({ "role": role, "denied": [] }), json!({ "role": role, "denied": ["p"] }));
    let calls = json!([call("set-denied", json!({ "denied": { "delta": { "add": ["p"], "remove": [] } } }))]);
    *at(account, LOWER) = change("edit", who, before, after, "narrows", calls);
}

#[test]
fn the_good_plan_is_proven() {
    let proven = check(&good().to_string()).unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    assert_eq!((proven.accounts, proven.changes), (1, 7));
    assert!(!proven.unjudged.is_empty());
    let other = spoilt(|account| instead(account, "eve@a.example", "active", "hand"));
    assert_eq!(other, BTreeSet::new(), "what `instead` makes is good by itself");
}

#[test]
fn shape() {
    assert_eq!(rules(&json!([])), BTreeSet::from([Rule::Shape]));
    only(Rule::Shape, |a| a["more"] = json!(1));
    only(Rule::Shape, |a| a["system"] = json!("other"));
    only(Rule::Shape, |a| a["reading"]["members"]["top@a.example"]["seen"]["places"] = json!(["x", 1]));
    only(Rule::Shape, |a| at(a, RAISE)["rolling"] = json!(true));
    let mut newer = good();
    newer["schema_version"] = json!("2");
    assert_eq!(rules(&newer), BTreeSet::from([Rule::Shape]));
}

#[test]
fn digest() {
    for pointer in ["/digest", "/accounts/0/digest", "/accounts/0/changes/1/digest"] {
        let mut evidence = good();
        *evidence.pointer_mut(pointer).unwrap() = json!("sha256:00");
        assert!(rules(&evidence).contains(&Rule::Digest), "{pointer}");
    }
    let mut evidence = good();
    evidence["accounts"][0]["origin"] = json!("https://elsewhere.example");
    assert_eq!(rules(&evidence), BTreeSet::from([Rule::Digest]));
    let mut evidence = good();
    evidence["stopped"] = json!({ "other": ["sha256:00"] });
    assert_eq!(rules(&evidence), BTreeSet::from([Rule::Digest]));
}

#[test]
fn id() {
    only(Rule::Id, |a| at(a, MOVES)["id"] = json!("acc/edit/someone@a.example"));
    assert!(
        spoilt(|a| {
            let twice = a["changes"][INVITE].clone();
            a["changes"].as_array_mut().unwrap().push(twice);
        })
        .contains(&Rule::Id)
    );
}

#[test]
fn reading() {
    only(Rule::Reading, |a| a["reading"]["proof"] = Json::Null);
}

#[test]
fn phase() {
    let invite = |account: &mut Json| account["reading"]["members"]["new@b.example"] = member("active", "hand", &["x"]);
    assert!(spoilt(invite).contains(&Rule::Phase), "who is there is not invited");
    let nobody = |account: &mut Json| drop(account["reading"]["members"].as_object_mut().unwrap().remove("old@c.example"));
    assert!(spoilt(nobody).contains(&Rule::Phase), "who is not there is not removed");
    for phase in ["pending", "expired", "suspended"] {
        assert!(spoilt(|a| instead(a, "eve@a.example", phase, "hand")).contains(&Rule::Phase), "{phase}");
    }
}

#[test]
fn before() {
    only(Rule::Before, |a| a["reading"]["members"]["old@c.example"]["seen"]["places"] = json!(["x", "y"]));
    only(Rule::Before, |a| at(a, RAISE)["before"]["places"] = json!(["x"]));
    only(Rule::Before, |a| at(a, ALLOW)["after"] = json!({}));
    assert!(spoilt(|a| at(a, RAISE)["after"]["places"] = json!(["x"])).contains(&Rule::Before), "it does not differ");
    assert!(spoilt(|a| at(a, INVITE)["before"] = json!({})).contains(&Rule::Before));
}

#[test]
fn calls() {
    assert!(spoilt(|a| at(a, RAISE)["after"]["role"] = json!("owner")).contains(&Rule::Calls), "no call sets it");
    assert!(spoilt(|a| at(a, MOVES)["calls"].as_array_mut().unwrap().truncate(2)).contains(&Rule::Calls), "not to its end");
    assert!(spoilt(|a| at(a, RAISE)["calls"][0]["label"] = json!("delete")).contains(&Rule::Calls), "no edit deletes");
    assert!(spoilt(|a| at(a, REMOVE)["calls"] = json!([])).contains(&Rule::Calls), "nothing is made");
    assert!(spoilt(|a| at(a, ALLOW)["calls"][0]["label"] = json!("disallow")).contains(&Rule::Calls));
    only(Rule::Calls, |a| at(a, MOVES)["calls"][2]["set"]["places"]["delta"]["add"] = json!(["y", "z"]));
}

#[test]
fn moment() {
    // The new place before the old role is gone.
    only(Rule::Moment, |a| {
        let calls = at(a, MOVES)["calls"].as_array_mut().unwrap();
        calls.swap(1, 2);
    });
    // The invitation without what it is denied.
    only(Rule::Moment, |a| {
        let invite = at(a, INVITE);
        let denied = invite["calls"][0]["set"].as_object_mut().unwrap().remove("denied").unwrap();
        invite["calls"].as_array_mut().unwrap().push(call("set-denied", json!({ "denied": denied })));
    });
    // And without its end.
    only(Rule::Moment, |a| {
        let invite = at(a, INVITE);
        let end = invite["calls"][0]["set"].as_object_mut().unwrap().remove("end").unwrap();
        invite["calls"].as_array_mut().unwrap().push(call("set-end", json!({ "end": end })));
    });
}

#[test]
fn direction() {
    for i in [ALLOW, INVITE, RAISE, REMOVE, DISALLOW] {
        only(Rule::Direction, |a| at(a, i)["direction"] = json!("neither"));
    }
}

#[test]
fn administers() {
    only(Rule::Administers, |a| at(a, LOWER)["administers"] = json!(true));
    only(Rule::Administers, |a| at(a, RAISE)["administers"] = json!(false));
}

#[test]
fn partly_seen() {
    only(Rule::PartlySeen, |a| a["reading"]["members"]["old@c.example"]["partly"] = json!(["places"]));
    only(Rule::PartlySeen, |a| {
        a["reading"]["members"]["mov@a.example"]["partly"] = json!(["places"]);
        at(a, MOVES)["calls"][2]["set"]["places"] = json!({ "to": ["y", "z"] });
    });
}

#[test]
fn protected() {
    only(Rule::Protected, |a| a["policy"]["protected"] = json!(["new@b.example"]));
    assert!(
        spoilt(|a| {
            a["policy"]["protected"] = json!(["sta@c.example"]);
            a["reading"]["members"]["sta@c.example"] = member("active", "hand", &["x"]);
        })
        .contains(&Rule::Protected),
        "cut off"
    );
}

#[test]
fn ignored() {
    only(Rule::Ignored, |a| a["policy"]["ignored"] = json!(["*@b.example"]));
}

#[test]
fn untouchable() {
    assert!(
        spoilt(|a| {
            a["policy"]["actor"] = json!([]);
            a["reading"]["administrators"] = json!(4);
            instead(a, "own@a.example", "active", "owner");
        })
        .contains(&Rule::Untouchable)
    );
}

#[test]
fn actor() {
    only(Rule::Actor, |a| a["policy"]["actor"] = json!(["bob@a.example"]));
    only(Rule::Actor, |a| a["policy"]["actor"] = json!(["old@c.example"]));
}

#[test]
fn blocked() {
    only(Rule::Blocked, |a| a["blocked"] = json!(["acc/invite/new@b.example"]));
}

#[test]
fn domain() {
    // Nobody allows it: the change, its edge and its count are gone.
    only(Rule::Domain, |a| {
        a["changes"].as_array_mut().unwrap().remove(ALLOW);
        at(a, INVITE - 1)["waits_for"] = json!([]);
    });
    only(Rule::Domain, |a| a["policy"]["domains"] = json!(["a.example"]));
    only(Rule::Domain, |a| a["policy"]["domains"] = json!(["a.example", "b.example", "c.example"]));
    assert!(spoilt(|a| a["reading"]["domains"] = Json::Null).contains(&Rule::Domain), "nobody can read the whitelist");
}

#[test]
fn order() {
    only(Rule::Order, |a| at(a, INVITE)["waits_for"] = json!([]));
    only(Rule::Order, |a| at(a, DISALLOW)["waits_for"] = json!([]));
    only(Rule::Order, |a| at(a, RAISE)["waits_for"] = json!(["acc/allow-domain/b.example"]));
    only(Rule::Order, |a| a["changes"].as_array_mut().unwrap().swap(ALLOW, INVITE));
    // Of two who end an administrator the other waits.
    only(Rule::Order, |a| at(a, MOVES)["waits_for"] = json!([]));
}

#[test]
fn administrators() {
    // Three, two go, one comes: without the edges the two may go first.
    only(Rule::Administrators, |a| {
        at(a, LOWER)["waits_for"] = json!([]);
        at(a, MOVES)["waits_for"] = json!([]);
    });
    only(Rule::Administrators, |a| a["policy"]["minimum_administrators"] = json!(3));
    only(Rule::Administrators, |a| a["reading"]["administrators"] = json!(4));
    // Whoever comes by hand may come late.
    assert!(
        spoilt(|a| {
            at(a, RAISE)["calls"][0]["channel"] = json!("manual");
            at(a, LOWER)["waits_for"] = json!([]);
            at(a, MOVES)["waits_for"] = json!([]);
        })
        .contains(&Rule::Administrators)
    );
    // Whom a domain cuts off is missed as well.
    assert!(
        spoilt(|a| {
            a["reading"]["administrators"] = json!(4);
            a["policy"]["minimum_administrators"] = json!(3);
            a["reading"]["members"]["cut@c.example"] = member("active", "boss", &["x"]);
        })
        .contains(&Rule::Administrators)
    );
}

#[test]
fn fewer_than_the_floor_from_the_start_is_no_fault_of_the_plan() {
    let few = spoilt(|a| {
        a["policy"]["minimum_administrators"] = json!(7);
        let changes = a["changes"].as_array_mut().unwrap();
        changes.remove(MOVES);
        a["guards"]["reductions"] = json!(2);
    });
    assert_eq!(few, BTreeSet::new());
}

#[test]
fn guard() {
    for code in ["removals", "reductions", "disallowed-domains", "new-administrators", "invitations"] {
        only(Rule::Guard, |a| a["policy"]["limits"][code] = json!(0));
        only(Rule::Guard, |a| a["guards"][code] = json!(0));
    }
    only(Rule::Guard, |a| drop(a["guards"].as_object_mut().unwrap().remove("removals")));
    only(Rule::Guard, |a| a["guards"]["another"] = json!(0));
    only(Rule::Guard, |a| a["reading"]["members"]["sta@c.example"] = member("active", "hand", &["x"]));
}

#[test]
fn an_orders_last_giver_stands_for_all_who_give() {
    // A third of the bosses to come, made last of them: whoever waits for it waits for both.
    let with_hub = |hub: &[&str], named: &[&str]| {
        let (hub, named) = (json!(hub), json!(named));
        spoilt(move |a| {
            a["reading"]["members"]["azz@a.example"] = member("active", "hand", &["x"]);
            let mut raise = a["changes"][RAISE].clone();
            raise["id"] = json!("acc/edit/azz@a.example");
            raise["subject"] = json!("azz@a.example");
            raise["waits_for"] = hub;
            for i in [LOWER, MOVES] {
                at(a, i)["waits_for"] = named.clone();
            }
            a["changes"].as_array_mut().unwrap().insert(LOWER, raise);
            for of in ["guards", "/policy/limits"] {
                let of = if of == "guards" { &mut a["guards"] } else { a.pointer_mut(of).unwrap() };
                (of["new-administrators"], of["reductions"]) = (json!(2), json!(4));
            }
        })
    };
    let (first, last) = ("acc/edit/ann@a.example", "acc/edit/azz@a.example");
    assert_eq!(with_hub(&[first], &[last]), BTreeSet::new());
    assert_eq!(with_hub(&[], &[first, last]), BTreeSet::new());
    assert_eq!(with_hub(&[], &[last]), BTreeSet::from([Rule::Order]), "the last does not wait for the first");
}

/// Each code of a rule is the name of a test above, and stands in the README.
#[test]
fn every_rule_has_its_bad_plan_and_its_line() {
    let (tests, readme) = (include_str!("rules.rs"), include_str!("../README.md"));
    for rule in Rule::ALL {
        assert!(tests.contains(&format!("\nfn {}() {{", rule.code().replace('-', "_"))), "{rule} has no test");
        assert!(readme.contains(&format!("\n| `{rule}` |")), "{rule} is not in the README");
    }
}
