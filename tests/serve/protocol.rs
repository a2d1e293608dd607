//! What a bridge promises.

use std::collections::BTreeSet;

use portcullis::model::bridge::{AccountState, Capabilities, MembersPage, Paging, WireProof};
use portcullis::model::{Domains, Known};
use portcullis::sandbox::serve::{HttpFault, ServeError, Server, Settings};
use serde_json::{Value as Json, json};

use super::client::{Client, Said, TOKEN};
use super::support::world::World;
use super::{five, serve, small};

fn page(said: &Said) -> MembersPage {
    serde_json::from_value(said.is(200)).expect("a page")
}

fn all_by_offset(client: &Client, limit: usize) -> Vec<MembersPage> {
    let (mut pages, mut at) = (Vec::new(), 0);
    loop {
        let page = page(&client.get(&format!("members?offset={at}&limit={limit}")));
        at += page.members.len();
        let is_last = page.members.is_empty() || page.total == at as u64;
        pages.push(page);
        if is_last {
            return pages;
        }
    }
}

fn all_by_cursor(client: &Client, limit: usize) -> Vec<MembersPage> {
    let mut pages = vec![page(&client.get(&format!("members?limit={limit}")))];
    while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
        pages.push(page(&client.get(&format!("members?limit={limit}&cursor={}", next.replace('@', "%40")))));
    }
    pages
}

#[test]
fn only_loopback_is_served() {
    let world = five();
    for addr in ["0.0.0.0:0", "192.0.2.1:0"] {
        let no = Server::start(
            addr.parse().expect("an address"),
            vec![world.served(TOKEN)],
            Settings::default(),
            Box::new(jiff::Timestamp::now),
        );
        assert!(matches!(no, Err(ServeError::NotLoopback(_))), "{addr}");
    }
}

#[test]
fn nothing_is_said_without_the_token() {
    let world = five();
    let (server, mut client) = serve(&world, small());
    for token in [None, Some("other"), Some("")] {
        client.token = token.map(str::to_owned);
        for said in [
            client.get("members"),
            client.get("capabilities"),
            client.get("account"),
            client.call(&json!({})),
            client.switch("GET", "faults", None),
        ] {
            said.is_problem(401, "unauthorized");
            assert_eq!(said.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(server.calls().written(), 0);
}

#[test]
fn what_exists_is_what_embedded_offers() {
    let systems = [World::emma_hq(""), World::insider(""), World::gamoshi(""), World::solver(""), World::meta_gateway("")];
    for world in systems {
        let (_server, client) = serve(&world, Settings { paging: Paging::Cursor, ..small() });
        let said: Capabilities = serde_json::from_value(client.get("capabilities").is(200)).expect("capabilities");
        let host = world.served(TOKEN).host;
        let caps = host.spec.caps(&host.tenant);
        assert_eq!(said.reads, caps.reads.iter().map(|k| (*k).to_owned()).collect::<BTreeSet<_>>());
        let word = |verb| serde_json::to_value(verb).expect("a word");
        let writes: Vec<(Json, Vec<String>)> =
            said.writes.iter().map(|(verb, keys)| (word(*verb), keys.iter().cloned().collect())).collect();
        let theirs: Vec<(Json, Vec<String>)> =
            caps.writes.iter().map(|(verb, keys)| (verb.word().into(), keys.iter().map(|k| (*k).to_owned()).collect())).collect();
        assert_eq!(writes, theirs, "{}", said.system);
        assert_eq!((said.system.as_str(), said.page_size, said.paging, said.sandbox), (host.spec.name, 2, Paging::Cursor, true));
        assert_eq!((said.reads_domains, said.keeps_ends), (caps.reads_domains, caps.keeps_ends));
    }
}

#[test]
fn pages_by_offset_and_by_cursor_are_the_same() {
    let world = five();
    let (_server, client) = serve(&world, Settings { page_size: 500, ..small() });
    for limit in 1..=6 {
        let pages = all_by_offset(&client, limit);
        assert_eq!(pages, all_by_cursor(&client, limit), "{limit}");
        let whole: Vec<&str> = pages.iter().flat_map(|page| &page.members).map(|m| m.email.as_str()).collect();
        assert_eq!(whole, ["ada@acme.example", "bob@acme.example", "cy@acme.example", "dan@acme.example", "root@acme.example"]);
        let (last, others) = pages.split_last().expect("pages");
        assert!(others.iter().all(|page| page.members.len() == limit && page.next.is_some()) && last.next.is_none());
    }
    assert!(client.get("members?offset=5").who().is_empty());
    assert!(client.get(&format!("members?offset={}", u64::MAX)).who().is_empty());
    assert!(client.get("members?cursor=zoe%40acme.example").who().is_empty());
}

/// A manager of one subaccount: whoever is elsewhere is not seen, and of the others only what is here.
fn bounded() -> World {
    let world = World::emma_hq("actor: { role: manager, subaccounts: [emea] }; subaccounts: [emea, us]");
    let of = |i: usize| {
        let subaccounts = ["[emea]", "[us]", "[emea, us]"][i % 3];
        format!("{{ email: m{i:03}@acme.example, name: M, role: author, subaccounts: {subaccounts} }}")
    };
    let members: Vec<String> = (0..100).map(of).collect();
    world.live("", &members.iter().map(String::as_str).collect::<Vec<_>>());
    world
}

#[test]
fn a_bounded_actor_sees_what_embedded_shows() {
    for world in [bounded(), five()] {
        let reading = world.reading_of_embedded();
        let (_server, client) = serve(&world, Settings::default());
        for pages in [all_by_offset(&client, 7), all_by_cursor(&client, 7)] {
            let members: Vec<_> = pages.iter().flat_map(|page| page.members.clone()).collect();
            assert_eq!(members.len(), reading.members.len());
            assert!(pages.iter().all(|page| page.total == members.len() as u64 && page.mark == pages[0].mark));
            for (wire, live) in members.iter().zip(&reading.members) {
                assert_eq!(wire.email, live.email.key());
                let partly: BTreeSet<String> = live.attrs.iter().filter(|(_, v)| v.is_partly()).map(|(k, _)| (*k).to_owned()).collect();
                assert_eq!(wire.partly, partly, "{}", wire.email);
                let seen: Vec<(String, Json)> = live.seen().iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect();
                assert_eq!(wire.attrs.clone().into_iter().collect::<Vec<_>>(), seen, "{}", wire.email);
            }
        }
    }
    let partly = |page: &MembersPage| page.members.iter().filter(|m| !m.partly.is_empty()).count();
    let world = bounded();
    let (_server, client) = serve(&world, Settings::default());
    assert!(all_by_offset(&client, 500).iter().map(partly).sum::<usize>() > 10);
}

#[test]
fn the_mark_changes_with_the_account_and_with_nothing_else() {
    let world = World::insider("actor: { role: administrator }");
    world.live("", &[super::ADMIN, "{ email: kim@acme.example, name: Kim, role: viewer, end: 2026-11-30 }"]);
    let (server, client) = serve(&world, small());
    let mark = || page(&client.get("members")).mark.expect("a mark");
    let account = || -> AccountState { serde_json::from_value(client.get("account").is(200)).expect("an account") };
    let first = mark();
    assert_eq!(account().mark.as_ref(), Some(&first));
    server.set_clock("2026-11-23T09:00:00Z".parse().expect("an instant"));
    assert_eq!(mark(), first, "a day on which nothing happens");
    client.call(&json!({ "verb": "set", "member": "kim@acme.example", "set": { "role": { "to": "editor" } } })).is(200);
    let second = mark();
    assert_ne!(second, first);
    // Nobody writes, and yet the account is another one: her access is over.
    server.set_clock("2026-12-01T09:00:00Z".parse().expect("an instant"));
    let third = mark();
    assert!(third != second && account().mark == Some(third.clone()));
    assert_eq!(client.get("members").is(200)["members"][0]["phase"], "expired");
    server.set_clock("2026-11-24T09:00:00Z".parse().expect("an instant"));
    assert_eq!(mark(), second, "the clock is back, and so is the state");
}

#[test]
fn without_marks_the_totals_remain() {
    let world = five();
    let (_server, client) = serve(&world, Settings { proof: WireProof::Counted, ..small() });
    assert_eq!(client.get("capabilities").is(200)["proof"], "counted");
    for said in [client.get("members"), client.get("account")] {
        let said = said.is(200);
        assert_eq!((&said["mark"], &said["total"]), (&Json::Null, &json!(5)));
    }
}

#[test]
fn what_is_known_is_not_sent_again() {
    let world = five();
    let (_server, client) = serve(&world, small());
    for resource in ["capabilities", "members?offset=2", "account"] {
        let said = client.get(resource);
        let tag = said.header("etag").expect("a tag").to_owned();
        assert!(tag.starts_with('"'), "a strong one: {tag}");
        for known in [tag.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = client.get_with(resource, &[("If-None-Match", &known)]);
            assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())));
        }
        assert_eq!(client.get_with(resource, &[("If-None-Match", "\"other\"")]).status, 200);
    }
    let tag = client.get("members").header("etag").expect("a tag").to_owned();
    world.click("ada@acme.example", json!({ "role": "editor" }));
    assert_eq!(client.get_with("members", &[("If-None-Match", &tag)]).status, 200, "it has changed");
}

#[test]
fn a_key_is_done_once() {
    let world = five();
    let (server, client) = serve(&world, small());
    let invite = json!({ "verb": "invite", "member": "kim@acme.example", "set": { "role": { "to": "viewer" }, "end": { "to": null } } });
    let key = [("Idempotency-Key", "one")];
    let first = client.call_with(&invite, &key);
    assert_eq!(first.is(200), json!({ "outcome": "applied" }));
    assert_eq!(client.call_with(&invite, &key).body, first.body);
    assert_eq!((server.calls().written(), world.mails().len()), (1, 1), "nobody is mailed twice");
    let other = json!({ "verb": "invite", "member": "lee@acme.example", "set": { "role": { "to": "viewer" } } });
    client.call_with(&other, &key).is_problem(422, "key-reused");
    client.call(&invite).is_problem(409, "exists");
    client.call_with(&invite, &[("Idempotency-Key", "two")]).is_problem(409, "exists");
    client.call_with(&invite, &[("Idempotency-Key", "")]).is_problem(400, "bad-request");
}

#[test]
fn a_key_that_is_being_worked_on_is_not_done_beside_itself() {
    let world = five();
    let (server, client) = serve(&world, small());
    server.inject(HttpFault::Latency { millis: 600_000 });
    let body = json!({ "verb": "delete", "member": "ada@acme.example" }).to_string();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
    let first = client.send("POST", &format!("{}/calls", client.base), &headers, Some(&body)).expect("it is sent");
    while server.fired()[0].fired == 0 {
        std::thread::yield_now();
    }
    server.clear_faults();
    client.ask("POST", &format!("{}/calls", client.base), &headers, Some(&body)).expect("an answer").is_problem(409, "in-progress");
    drop(first);
    assert_eq!(server.calls().written(), 0);
}

#[test]
fn a_call_is_answered_in_the_products_words() {
    let world = five();
    let (_server, client) = serve(&world, small());
    assert_eq!(client.call(&json!({ "verb": "delete", "member": "ADA@acme.example" })).is(200)["outcome"], "applied");
    assert_eq!(client.call(&json!({ "verb": "delete", "member": "ada@acme.example" })).is(200)["outcome"], "already");
    let set = |set: Json| client.call(&json!({ "verb": "set", "member": "bob@acme.example", "set": set }));
    assert!(set(json!({ "role": { "to": "boss" } })).is_problem(422, "refused").contains("boss is not a valid role"));
    assert!(set(json!({ "rolle": { "to": "editor" } })).is_problem(422, "refused").contains("no field rolle"));
    assert!(set(json!({ "role": { "to": ["editor"] } })).is_problem(422, "refused").contains("wrong type"));
    client.call(&json!({ "verb": "allow-domain", "domain": "acme.example" })).is(200);
    assert_eq!(client.get("account").is(200)["domains"], json!(["acme.example"]));
    client.call(&json!({ "verb": "allow-domain", "domain": "*" })).is(200);
    assert_eq!(client.get("account").is(200)["domains"], Json::Null);
    assert!(matches!(world.reading_of_embedded().domains, Known::Seen(Domains::Off)));
}

#[test]
fn a_link_comes_with_the_answer_and_again_under_its_key() {
    let world = World::meta_gateway("smtp: false; links: { directory: handover }; actor: { role: admin, member: root@acme.example }");
    world.live("", &["{ email: root@acme.example, name: R, role: admin }"]);
    let (_server, client) = serve(&world, small());
    assert_eq!(client.base, "/met/tenants/met");
    let invite = json!({ "verb": "invite", "member": "kim@acme.example", "set": { "role": { "to": "view-only" } } });
    let said = client.call_with(&invite, &[("Idempotency-Key", "k")]);
    assert!(said.is(200)["link"].as_str().expect("a link").contains("token="));
    assert_eq!(said.header("cache-control"), Some("no-store"));
    assert_eq!(client.call_with(&invite, &[("Idempotency-Key", "k")]).body, said.body);
}

#[test]
fn what_is_no_request_of_the_protocol_is_a_problem_and_no_failure() {
    let world = five();
    let (server, client) = serve(&world, small());
    for query in [
        "offset=x",
        "offset=-1",
        "limit=0",
        "limit=",
        "offset=1&offset=2",
        "offset=1&cursor=a%40b.example",
        "cursor=zz",
        "page=2",
        "limit=%FF",
    ] {
        client.get(&format!("members?{query}")).is_problem(400, "bad-request");
    }
    for call in [
        json!(null),
        json!([]),
        json!({ "verb": "dance", "member": "ada@acme.example" }),
        json!({ "verb": "delete" }),
        json!({ "verb": "delete", "member": "nobody" }),
        json!({ "verb": "delete", "domain": "acme.example" }),
        json!({ "verb": "delete", "member": "ada@acme.example", "domain": "acme.example" }),
        json!({ "verb": "allow-domain", "domain": "" }),
        json!({ "verb": "set", "member": "ada@acme.example", "set": { "role": "editor" } }),
        json!({ "verb": "set", "member": "ada@acme.example", "sets": {} }),
    ] {
        client.call(&call).is_problem(400, "bad-request");
    }
    let calls = format!("{}/calls", client.base);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>| {
        client.ask(method, path, headers, body).expect("an answer")
    };
    ask("POST", &calls, &[("Content-Type", "text/plain")], Some("{}")).is_problem(415, "not-json");
    ask("POST", &calls, &[], Some("{}")).is_problem(415, "not-json");
    let long = format!("{{\"verb\": \"{}\"}}", "x".repeat(1 << 20));
    ask("POST", &calls, &[("Content-Type", "application/json")], Some(&long)).is_problem(413, "too-long");
    for (method, path) in [("DELETE", calls.as_str()), ("POST", "/ins/members"), ("PUT", "/_sandbox/calls")] {
        let said = ask(method, path, &[], None);
        said.is_problem(405, "method-not-allowed");
        assert!(said.header("allow").is_some(), "{method} {path}");
    }
    for path in ["/", "/ins", "/other/members", "/ins/tenants/x/members", "/ins/member", "/%FF/members", "/_sandbox/nothing"] {
        ask("GET", path, &[], None).is_problem(404, "not-found");
    }
    assert_eq!(server.calls().written(), 0);
}

#[test]
fn faults_of_the_live_state_show_over_http_too() {
    let members = [super::ADMIN, "{ email: ada@acme.example, name: A, role: viewer }"];
    let world = World::insider("actor: { role: administrator }");
    let (_server, client) = serve(&world, Settings::default());
    world.live("fault: failed", &members);
    client.get("members").is_problem(503, "failed");
    client.get("account").is_problem(503, "failed");
    world.live("fault: short", &members);
    assert_eq!((client.get("members").who().len(), client.get("account").is(200)["total"].clone()), (1, json!(2)));
    world.live("fault: repeated", &members);
    assert_eq!(client.get("members").who().len(), 3);
    world.live("fault: contradictory", &members);
    assert_ne!(client.get("members").is(200)["total"], client.get("account").is(200)["total"]);
}

#[test]
fn the_date_is_the_clock_of_the_sandbox() {
    let world = five();
    let (server, client) = serve(&world, small());
    assert_eq!(client.get("account").header("date"), Some("Sun, 22 Nov 2026 09:00:00 GMT"));
    assert_eq!(client.switch("PUT", "clock", Some(&json!({ "now": "2027-01-02T03:04:05Z" }))).is(200)["now"], "2027-01-02T03:04:05Z");
    assert_eq!(client.get("nothing").header("date"), Some("Sat, 02 Jan 2027 03:04:05 GMT"));
    assert_eq!(server.now().to_string(), "2027-01-02T03:04:05Z");
    client.switch("PUT", "clock", Some(&json!({ "now": "soon" }))).is_problem(400, "bad-request");
}

#[test]
fn requests_and_mails_are_counted() {
    let world = five();
    let (_server, client) = serve(&world, small());
    let _ = (client.get("members"), client.get("members?offset=2"), client.get("account"));
    client.call(&json!({ "verb": "invite", "member": "kim@acme.example", "set": { "role": { "to": "viewer" } } })).is(200);
    let calls = client.switch("GET", "calls", None).is(200);
    let of = |route: &str, method: &str, times: u64| json!({ "account": "ins", "method": method, "route": route, "times": times });
    assert_eq!(calls["requests"], json!([of("account", "GET", 1), of("members", "GET", 2), of("calls", "POST", 1)]));
    assert_eq!(calls["writes"], json!([{ "account": "ins", "times": 1 }]));
    let mails = client.switch("GET", "outbox", None).is(200);
    assert_eq!(mails["mails"][0]["to"], "kim@acme.example");
    assert_eq!(mails["mails"][0]["kind"], "invitation");
}
