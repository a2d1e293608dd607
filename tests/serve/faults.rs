//! Each fault fires, and does what its name says.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::{Duration, Instant};

use portcullis::sandbox::serve::{Conflict, HttpFault, Injected, RetryAfter, Server, Settings};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::support::world::World;
use super::{five, serve, small};

fn with(fault: HttpFault) -> (World, Server, Client) {
    let world = five();
    let (server, client) = serve(&world, small());
    server.inject(fault);
    (world, server, client)
}

#[track_caller]
fn fired(server: &Server, times: u32) {
    assert_eq!(server.fired().iter().map(|f| f.fired).collect::<Vec<_>>(), [times]);
}

fn set(who: &str, set: Json) -> Json {
    json!({ "verb": "set", "member": format!("{who}@acme.example"), "set": set })
}
fn editor(who: &str) -> Json {
    set(who, json!({ "role": { "to": "editor" } }))
}
/// What the account holds of a member, past the server.
fn held(world: &World, who: &str, key: &str) -> Json {
    let reading = world.reading_of_embedded();
    let member = reading.members.iter().find(|m| m.email.key() == format!("{who}@acme.example"));
    member.and_then(|m| m.attr(key).seen()).map_or(Json::Null, portcullis::model::Value::to_json)
}

#[test]
fn every_fault_is_documented() {
    let (_, page) = include_str!("../../docs/bridge.md").split_once("| fault | what goes wrong |").expect("the table");
    let schema = portcullis::sandbox::serve::faults_schema()["$defs"]["HttpFault"].to_string();
    let words: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('"').nth(1)).collect();
    for word in &words {
        assert!(schema.contains(&format!("\"{word}\"")), "there is no fault {word}");
    }
    let named = |value: &Json| value["required"][0].as_str().or(value["const"].as_str()).map(str::to_owned);
    let schema: Json = serde_json::from_str(&schema).expect("it is JSON");
    let all: Vec<String> = schema["oneOf"].as_array().expect("one of them").iter().filter_map(named).collect();
    assert!(all.len() >= 28, "{all:?}");
    for fault in all {
        assert!(words.contains(&fault.as_str()), "docs/bridge.md does not tell of {fault}");
    }
}

const FIRST: [&str; 2] = ["ada@acme.example", "bob@acme.example"];

#[test]
fn a_page_comes_empty() {
    let (_world, server, client) = with(HttpFault::PageEmpty);
    let page = client.get("members").is(200);
    assert_eq!((page["members"].clone(), page["total"].clone()), (json!([]), json!(5)));
    assert!(client.get("members?offset=9").who().is_empty());
    fired(&server, 1);
}

#[test]
fn a_page_is_repeated() {
    let (_world, server, client) = with(HttpFault::PageRepeated);
    assert_eq!(client.get("members").who(), FIRST);
    fired(&server, 0);
    assert_eq!(client.get("members?offset=2").who(), FIRST);
    let by_cursor = client.get("members?cursor=bob%40acme.example").is(200);
    assert_eq!((&by_cursor["members"][0]["email"], &by_cursor["next"]), (&json!(FIRST[0]), &json!(FIRST[1])), "it goes on for ever");
    fired(&server, 2);
}

#[test]
fn a_page_is_cut_in_the_middle() {
    let (_world, server, client) = with(HttpFault::PageCut);
    assert_eq!(client.get("members").who(), FIRST[..1]);
    fired(&server, 1);
}

#[test]
fn the_next_link_is_lost() {
    let (_world, server, client) = with(HttpFault::NextLost);
    assert_eq!(client.get("members").is(200)["next"], Json::Null);
    let _ = client.get("members?offset=4");
    fired(&server, 1);
}

#[test]
fn the_total_lies() {
    let (_world, server, client) = with(HttpFault::TotalLies { by: -2 });
    assert_eq!((client.get("members").is(200)["total"].clone(), client.get("account").is(200)["total"].clone()), (json!(3), json!(3)));
    fired(&server, 2);
}

#[test]
fn a_member_is_missing_from_one_page() {
    let (_world, server, client) = with(HttpFault::MemberMissing { member: Some("cy@acme.example".into()) });
    assert_eq!(client.get("members").who(), FIRST);
    fired(&server, 0);
    assert_eq!(client.get("members?offset=2").who(), ["dan@acme.example"]);
    fired(&server, 1);
    server.clear_faults();
    server.inject(HttpFault::MemberMissing { member: None });
    assert_eq!(client.get("members").who(), FIRST[1..]);
}

#[test]
fn the_order_is_another_at_each_call() {
    let (_world, server, client) = with(HttpFault::OrderShuffled);
    let pages: Vec<Vec<String>> = ["members", "members?offset=2", "members?offset=4"].iter().map(|page| client.get(page).who()).collect();
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1], "as many as the page holds");
    assert!(pages.concat().into_iter().collect::<BTreeSet<_>>().len() < 5, "somebody comes twice: {pages:?}");
    let again: BTreeSet<Vec<String>> = (0..4).map(|_| client.get("members").who()).collect();
    assert_eq!(again.len(), 4);
    fired(&server, 7);
}

#[test]
fn identifiers_are_used_again() {
    let (_world, server, client) = with(HttpFault::IdsReused);
    let page = client.get("members").is(200);
    assert_eq!((&page["members"][0]["id"], &page["members"][1]["id"]), (&json!("u0"), &json!("u0")));
    fired(&server, 1);
}

#[test]
fn a_read_is_stale() {
    let (world, server, client) = with(HttpFault::StaleRead);
    let before = client.get("members");
    assert_eq!(client.get("members").body, before.body);
    fired(&server, 0);
    server.clear_faults();
    server.inject(Injected::from(HttpFault::StaleRead).times(2));
    client.call(&editor("ada")).is(200);
    assert_eq!(held(&world, "ada", "role"), "editor");
    assert_eq!((client.get("members").body, client.get("members").body), (before.body.clone(), before.body.clone()));
    assert_ne!(client.get("members").body, before.body, "after two it is fresh");
    fired(&server, 2);
}

#[test]
fn html_comes_with_200_and_nothing_is_done() {
    let (world, server, client) = with(HttpFault::Html);
    for said in [client.get("members"), client.call(&editor("ada"))] {
        assert_eq!((said.status, said.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(said.body.starts_with(b"<!doctype html>"));
    }
    assert_eq!(held(&world, "ada", "role"), "viewer");
    fired(&server, 2);
}

#[test]
fn the_content_type_is_wrong() {
    let (_world, server, client) = with(HttpFault::WrongContentType);
    let said = client.get("members");
    assert_eq!(said.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(said.who(), FIRST);
    fired(&server, 1);
}

#[test]
fn a_body_is_slow() {
    let (_world, server, client) = with(HttpFault::SlowBody { millis: 5 });
    let begun = Instant::now();
    let said = client.get("members");
    assert_eq!(said.who(), FIRST, "and whole in the end");
    assert!(begun.elapsed() >= Duration::from_millis(5) * u32::try_from(said.body.len() / 64).expect("a short body"));
    fired(&server, 1);
}

#[test]
fn a_body_is_endless() {
    let (_world, server, client) = with(HttpFault::EndlessBody);
    let mut stream = client.send("GET", &format!("{}/members", client.base), &[], None).expect("it is sent");
    let mut much = vec![0; 3 << 20];
    stream.read_exact(&mut much).expect("there is always more");
    assert!(much.starts_with(b"HTTP/1.1 200"));
    fired(&server, 1);
}

#[test]
fn after_n_calls_the_token_has_run_out() {
    let (_world, server, client) = with(HttpFault::PageEmpty);
    server.clear_faults();
    server.inject(Injected::from(HttpFault::Unauthorized).after(3));
    for _ in 0..3 {
        client.get("account").is(200);
    }
    for said in [client.get("account"), client.get("members"), client.call(&editor("ada"))] {
        said.is_problem(401, "unauthorized");
    }
    fired(&server, 3);
}

#[test]
fn one_member_is_forbidden() {
    let (world, server, client) = with(HttpFault::Forbidden { member: Some("ada@acme.example".into()) });
    client.call(&editor("ada")).is_problem(403, "forbidden");
    client.call(&editor("bob")).is(200);
    client.get("members").is(200);
    assert_eq!((held(&world, "ada", "role"), held(&world, "bob", "role")), (json!("viewer"), json!("editor")));
    fired(&server, 1);
}

#[test]
fn calls_are_answered_with_every_status_and_not_done() {
    let faults = [
        (HttpFault::NotFound, 404, "not-found"),
        (HttpFault::Conflict { kind: Conflict::Exists }, 409, "exists"),
        (HttpFault::Conflict { kind: Conflict::InProgress }, 409, "in-progress"),
        (HttpFault::Changed, 412, "changed"),
        (HttpFault::TooManyRequests { retry_after: RetryAfter::Absent }, 429, "too-many-requests"),
        (HttpFault::ServerError { status: 502, done: false }, 502, "failed"),
        (HttpFault::ServerError { status: 599, done: false }, 599, "failed"),
    ];
    for (fault, status, kind) in faults {
        let (world, server, client) = with(fault);
        client.call(&editor("ada")).is_problem(status, kind);
        assert_eq!((held(&world, "ada", "role"), server.calls().written()), (json!("viewer"), 0));
        fired(&server, 1);
    }
}

#[test]
fn retry_after_is_a_number_or_a_date_or_absent() {
    for (retry_after, header) in
        [(RetryAfter::Absent, None), (RetryAfter::Seconds(7), Some("7")), (RetryAfter::Date(90), Some("Sun, 22 Nov 2026 09:01:30 GMT"))]
    {
        let (_world, server, client) = with(HttpFault::TooManyRequests { retry_after });
        let said = client.get("members");
        said.is_problem(429, "too-many-requests");
        assert_eq!(said.header("retry-after"), header);
        fired(&server, 1);
    }
}

#[test]
fn the_server_fails_n_times() {
    let (_world, server, client) = with(HttpFault::PageEmpty);
    server.clear_faults();
    server.inject(Injected::from(HttpFault::ServerError { status: 500, done: false }).times(2));
    for _ in 0..2 {
        client.get("members").is_problem(500, "failed");
    }
    client.get("members").is(200);
    fired(&server, 2);
}

#[test]
fn the_server_fails_after_it_was_done() {
    let (world, server, client) = with(HttpFault::ServerError { status: 504, done: true });
    client.call(&editor("ada")).is_problem(504, "failed");
    assert_eq!(held(&world, "ada", "role"), "editor");
    fired(&server, 1);
}

#[test]
fn the_connection_is_cut_before_and_after_the_write_took_effect() {
    for (fault, role) in [(HttpFault::CutBefore, "viewer"), (HttpFault::CutAfter, "editor")] {
        let (world, server, client) = with(fault);
        client.try_call(&editor("ada"), &[("Idempotency-Key", "k")]).expect_err("there is no answer");
        assert_eq!(held(&world, "ada", "role"), role);
        fired(&server, 1);
        server.clear_faults();
        assert_eq!(client.call_with(&editor("ada"), &[("Idempotency-Key", "k")]).is(200)["outcome"], "applied");
        assert_eq!(server.calls().written(), 1, "once, whichever of the two did it");
    }
    let (_world, server, client) = with(HttpFault::CutAfter);
    client.ask("GET", "/ins/members", &[], None).expect_err("there is no answer");
    fired(&server, 1);
}

#[test]
fn another_origin_is_pointed_to() {
    let (_world, server, client) = with(HttpFault::Redirect { to: "https://elsewhere.invalid/members".into() });
    let said = client.get("members");
    assert_eq!((said.status, said.header("location")), (307, Some("https://elsewhere.invalid/members")));
    fired(&server, 1);
}

#[test]
fn a_write_is_answered_and_not_done() {
    let (world, server, client) = with(HttpFault::NotDone);
    assert_eq!(client.call(&editor("ada")).is(200), json!({ "outcome": "applied" }));
    assert_eq!((held(&world, "ada", "role"), server.calls().written()), (json!("viewer"), 0));
    fired(&server, 1);
}

#[test]
fn a_role_is_dropped() {
    let (world, server, client) = with(HttpFault::RoleDropped);
    assert_eq!(client.call(&editor("ada")).is(200)["outcome"], "applied");
    client.call(&set("bob", json!({ "role": { "to": "editor" }, "end": { "to": "2026-12-10" } }))).is(200);
    assert_eq!(
        (held(&world, "ada", "role"), held(&world, "bob", "role"), held(&world, "bob", "end")),
        (json!("viewer"), json!("viewer"), json!("2026-12-10"))
    );
    client.call(&set("cy", json!({ "end": { "to": "2026-12-10" } }))).is(200);
    fired(&server, 2);
}

/// Gamoshi's form asks for no role (G1): there it is a call of its own that is dropped.
#[test]
fn an_invitation_has_another_role_where_it_names_one() {
    for (world, asked) in [
        (
            World::emma_hq("actor: { role: manager, subaccounts: [emea] }"),
            json!({ "role": { "to": "author" }, "subaccounts": { "to": ["emea"] } }),
        ),
        (World::insider("actor: { role: administrator }"), json!({ "role": { "to": "viewer" } })),
        (World::solver(""), json!({ "groups": { "to": ["standard"] } })),
        (World::meta_gateway("smtp: true; actor: { role: admin }"), json!({ "role": { "to": "view-only" } })),
    ] {
        world.live("", &[]);
        let (server, client) = serve(&world, Settings::default());
        server.inject(HttpFault::RoleDropped);
        let (key, role) = asked
            .as_object()
            .and_then(|all| all.iter().find(|(key, _)| *key != "subaccounts"))
            .map(|(k, v)| (k.clone(), v["to"].clone()))
            .expect("a role");
        client.call(&json!({ "verb": "invite", "member": "kim@acme.example", "set": asked })).is(200);
        let has = held(&world, "kim", &key);
        assert!(has != role && has != Json::Null, "{has} of {key}");
        fired(&server, 1);
    }
}

#[test]
fn an_end_is_clamped() {
    let (world, server, client) = with(HttpFault::EndClamped { days: 10 });
    for (asked, has, times) in
        [(json!("2026-12-24"), "2026-12-02", 1), (Json::Null, "2026-12-02", 2), (json!("2026-11-30"), "2026-11-30", 2)]
    {
        client.call(&set("ada", json!({ "end": { "to": asked } }))).is(200);
        assert_eq!(held(&world, "ada", "end"), has);
        fired(&server, times);
    }
}

#[test]
fn the_clock_is_skewed() {
    let (_world, server, client) = with(HttpFault::ClockSkew { seconds: -600 });
    let said = client.get("members");
    assert_eq!((said.status, said.header("date")), (200, Some("Sun, 22 Nov 2026 08:50:00 GMT")));
    fired(&server, 1);
}

#[test]
fn every_answer_is_late() {
    let (_world, server, client) = with(HttpFault::Latency { millis: 30 });
    let begun = Instant::now();
    let _ = (client.get("members"), client.call(&editor("ada")));
    assert!(begun.elapsed() >= Duration::from_millis(60));
    fired(&server, 2);
}

#[test]
fn a_fault_is_of_one_account_and_is_switched_over_http() {
    let world = five();
    let (_server, client) = serve(&world, small());
    let asked = json!({ "faults": [
        { "fault": "page-empty", "account": "other" },
        { "fault": { "total-lies": { "by": 1 } }, "times": 1, "account": "ins" },
        { "fault": { "too-many-requests": { "retry-after": { "seconds": 1 } } }, "after": 9 },
    ] });
    client.switch("PUT", "faults", Some(&asked)).is(200);
    assert_eq!((client.get("members").who().len(), client.get("account").is(200)["total"].clone()), (2, json!(5)));
    let faults = client.switch("GET", "faults", None).is(200);
    assert_eq!(
        faults["faults"][1],
        json!({ "fault": { "total-lies": { "by": 1 } }, "times": 1, "after": 0, "account": "ins", "fired": 1 })
    );
    assert_eq!((&faults["faults"][0]["fired"], &faults["faults"][2]["fired"]), (&json!(0), &json!(0)));
    for wrong in [json!({ "faults": [{ "fault": "nothing" }] }), json!({ "faults": [{ "fault": "page-empty", "time": 1 }] }), json!([])] {
        client.switch("PUT", "faults", Some(&wrong)).is_problem(400, "bad-request");
    }
    assert_eq!(client.switch("DELETE", "faults", None).is(200), json!({ "faults": [] }));
    assert_eq!(client.switch("GET", "faults", None).is(200), json!({ "faults": [] }));
}
