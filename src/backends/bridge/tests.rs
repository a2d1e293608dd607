//! The client against answers of its own making; tests/bridge.rs has the sandbox's server.

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use wiremock::matchers::{any, method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::backends::http::{Endpoint, Options, Patience};
use crate::model::{Actor, Assign, Call, Channel, Domains, Email, Known, Outcome, Phase, Proof, Reading, Subject, Value, Verb};
use crate::systems::emma_hq;

const CANARY: &str = "canary-51c0de";

/// Five people in pages of two; `spoil` changes what a request is answered with.
struct Server<F>(F);

impl<F: Fn(&str, Json) -> Json + Send + Sync> Respond for Server<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: std::collections::BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let place = request.url.path().rsplit('/').next().unwrap_or_default();
        let people = ["ada", "bob", "cleo", "dan", "eva"];
        let member = |name: &&str| json!({ "email": format!("{name}@acme.example"), "phase": "active", "attrs": { "name": name, "role": "editor", "subaccounts": ["emea"] } });
        let (at, body) = match place {
            "capabilities" => (
                place.to_owned(),
                json!({
                    "protocol": "portcullis-bridge/1", "system": "emma-hq", "tenant": "t-1", "actor": "ada@acme.example",
                    "reads": ["name", "role", "subaccounts"], "writes": { "invite": ["role"], "set": ["role", "subaccounts"] },
                    "reads_domains": true, "reads_invitations": true, "keeps_ends": false, "proof": "snapshot",
                    "page_size": 2, "paging": "offset", "idempotency": true, "sandbox": true,
                }),
            ),
            "members" => {
                let key = query.get("offset").or(query.get("cursor")).map_or(0, |at| at.parse().unwrap());
                let page: Vec<Json> = people.iter().skip(key).take(2).map(member).collect();
                let next = (key + 2 < 5).then(|| (key + 2).to_string());
                (format!("members/{key}"), json!({ "mark": "7", "total": 5, "members": page, "next": next }))
            }
            _ => (place.to_owned(), json!({ "mark": "7", "total": 5, "domains": ["acme.example"] })),
        };
        ResponseTemplate::new(200).set_body_json((self.0)(&at, body))
    }
}

async fn bridge(spoil: impl Fn(&str, Json) -> Json + Send + Sync + 'static, expect: Expect) -> (MockServer, Bridge) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Server(spoil)).with_priority(9).mount(&server).await;
    let endpoint = Endpoint::new(&format!("{}/news", server.uri()).parse().unwrap()).unwrap();
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Actor::default() };
    let access = Access::new("news", endpoint, SecretString::from(CANARY));
    let bridge = Bridge::new(&emma_hq::SPEC, &tenant, expect, access, &network()).unwrap();
    (server, bridge)
}

async fn read(spoil: impl Fn(&str, Json) -> Json + Send + Sync + 'static) -> Reading {
    let (_server, bridge) = bridge(spoil, Expect::default()).await;
    bridge.reader().read().await
}

/// Tries again at once.
fn network() -> Network {
    let quick = std::time::Duration::from_millis(1);
    Network::new(Options { patience: Patience { tries: 2, first: quick, most: quick, ..Patience::default() }, ..Options::default() })
}

/// Why the reading is no reading: its code and what it says.
async fn refused(spoil: impl Fn(&str, Json) -> Json + Send + Sync + 'static) -> (&'static str, String) {
    let reading = read(spoil).await;
    assert!(reading.members.is_empty());
    let why = reading.proof.unwrap_err();
    (why.code, why.problems.join("; "))
}

fn with(mut body: Json, pointer: &str, value: Json) -> Json {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

/// The body, changed at one place.
fn at(place: &'static str, pointer: &'static str, value: Json) -> impl Fn(&str, Json) -> Json + Send + Sync {
    move |at, body| if at == place { with(body, pointer, value.clone()) } else { body }
}

#[tokio::test]
async fn an_account_is_read_in_its_pages_and_two_requests_more() {
    let (server, bridge) = bridge(|_, body| body, Expect::default()).await;
    let reading = bridge.reader().read().await;
    assert_eq!(reading.proof, Ok(Proof::Snapshot));
    let names: Vec<&str> = reading.members.iter().map(|m| m.email.key()).collect();
    assert_eq!(names, ["ada@acme.example", "bob@acme.example", "cleo@acme.example", "dan@acme.example", "eva@acme.example"]);
    assert_eq!(reading.members[0].phase, Phase::Active);
    assert_eq!(reading.domains, Known::Seen(Domains::Only([crate::model::Domain::parse("acme.example").unwrap()].into())));
    assert_eq!((reading.whoami.unwrap().key(), reading.tenant.as_deref()), ("ada@acme.example", Some("t-1")));
    assert_eq!(server.received_requests().await.unwrap().len(), 3 + 2);
    assert!(bridge.is_sandbox() && bridge.reader().caps().writes.contains_key(&Verb::Set));
}

#[tokio::test]
async fn a_server_that_pages_by_cursor_is_asked_one_page_after_the_other() {
    let reading = read(at("capabilities", "/paging", json!("cursor"))).await;
    assert_eq!(reading.members.len(), 5);
    let lost = |place: &str, body: Json| match place {
        "capabilities" => with(body, "/paging", json!("cursor")),
        "members/2" => with(body, "/next", Json::Null),
        _ => body,
    };
    assert_eq!(refused(lost).await.0, "short", "27: a `next` that got lost is nobody who left");
    let endless = |place: &str, body: Json| match place {
        "capabilities" => with(body, "/paging", json!("cursor")),
        "members/4" => with(body, "/next", json!("4")),
        _ => body,
    };
    assert_eq!(refused(endless).await.0, "contradictory");
}

#[tokio::test]
async fn a_page_that_does_not_hold_what_it_must_is_no_reading() {
    let ada = json!({ "email": "ada@acme.example", "phase": "active", "attrs": {} });
    let upper = json!({ "email": "ADA@acme.example", "phase": "active", "attrs": {} });
    let dan = json!({ "email": "dan@acme.example", "phase": "active", "attrs": {} });
    for (place, pointer, value, code) in [
        ("members/0", "/members", json!([]), "short"),
        ("members/2", "/members", json!([ada]), "short"),
        ("members/4", "/members", json!([]), "short"),
        ("members/4", "/members", json!([dan, ada]), "contradictory"),
        ("members/4", "/members", json!([ada]), "repeated"),
        ("members/4", "/members", json!([upper]), "two-are-one"),
        ("members/2", "/total", json!(6), "contradictory"),
        ("members/0", "/total", json!(0), "contradictory"),
        ("members/0", "/total", json!(4), "contradictory"),
        ("members/0", "/total", json!(99_000_000_u64), "unexpected"),
        ("account", "/total", json!(6), "contradictory"),
        ("account", "/mark", json!("8"), "contradictory"),
        ("members/2", "/mark", json!("8"), "contradictory"),
        ("members/0", "/mark", Json::Null, "unexpected"),
        ("account", "/mark", Json::Null, "unexpected"),
        ("account", "/total", json!("5"), "failed"),
        ("members/0", "/members", json!({}), "failed"),
    ] {
        let spoilt = refused(at(place, pointer, value.clone())).await;
        assert_eq!(spoilt.0, code, "{place}{pointer} = {value}: {}", spoilt.1);
    }
}

#[tokio::test]
async fn a_member_that_the_system_cannot_have_is_no_member() {
    for (pointer, value) in [
        ("/members/0/attrs/role", json!("owner")),
        ("/members/0/attrs/role", json!(["editor"])),
        ("/members/0/attrs/rank", json!("editor")),
        ("/members/0/attrs/privileges", json!(["billing"])),
        ("/members/0/attrs", json!([])),
        ("/members/0/email", json!("nobody")),
        ("/members/0/id", json!("")),
        ("/members/0/partly", json!(["role"])),
        ("/members/0/partly", json!(["privileges"])),
        ("/members/0/hidden", json!(["role"])),
        ("/members/0/hidden", json!(["rank"])),
        ("/members/0/invitation", json!({ "state": "open" })),
    ] {
        let (code, why) = refused(at("members/0", pointer, value.clone())).await;
        assert_eq!(code, "unexpected", "{pointer} = {value}: {why}");
        assert!(why.contains("member"), "{why}");
    }
    let (code, why) = refused(at("members/0", "/members/0/phase", json!("asleep"))).await;
    assert_eq!(code, "failed");
    assert!(why.contains("asleep"), "{why}");
}

/// Texts stay in the page where they can.
#[tokio::test]
async fn a_text_that_is_written_with_escapes_is_what_it_says_and_an_identifier_may_be_missing() {
    let text = r#"{ "total": 2, "members": [
        { "email": "a\u0064a@acme.example", "id": "7\u0037", "phase": "active", "attrs": {} },
        { "email": "bob@acme.example", "phase": "active", "attrs": {} }
    ] }"#;
    let page: pages::Page<'_> = serde_json::from_str(text).unwrap();
    let (_server, bridge) = bridge(|_, body| body, Expect::default()).await;
    let mut members = member::Members::new(&emma_hq::SPEC, bridge.reader().caps());
    members.take(page.members).unwrap();
    let all = members.each_once().unwrap();
    let told: Vec<(&str, Option<&str>)> = all.iter().map(|m| (m.email.key(), m.id.as_ref().map(|id| id.as_str()))).collect();
    assert_eq!(told, [("ada@acme.example", Some("77")), ("bob@acme.example", None)]);
}

#[tokio::test]
async fn what_the_actor_does_not_see_is_partly_seen_or_hidden() {
    let spoil = |place: &str, body: Json| match place {
        "members/0" => with(with(body, "/members/0/partly", json!(["subaccounts"])), "/members/1/hidden", json!(["name"])),
        _ => body,
    };
    let hide = move |place: &str, body: Json| {
        let mut body = spoil(place, body);
        if place == "members/0" {
            body["members"][1]["attrs"].as_object_mut().unwrap().remove("name");
        }
        body
    };
    let reading = read(hide).await;
    assert!(reading.members[0].attr("subaccounts").is_partly());
    assert_eq!(reading.members[1].attr("name"), &Known::Hidden);
}

#[tokio::test]
async fn another_bridge_than_the_connection_says_is_no_reading() {
    for (pointer, value) in [
        ("/protocol", json!("portcullis-bridge/2")),
        ("/system", json!("insider")),
        ("/reads", json!(["rank"])),
        ("/page_size", json!(0)),
        ("/actor", json!("nobody")),
    ] {
        assert_eq!(refused(at("capabilities", pointer, value.clone())).await.0, "unexpected", "{pointer} = {value}");
    }
    let pins = |tenant: Option<&str>, actor: Option<&str>| Expect {
        tenant: tenant.map(Into::into),
        actor: actor.map(|a| Email::parse(a).unwrap()),
    };
    for (expect, holds) in [
        (pins(Some("t-1"), Some("Ada@acme.example")), true),
        (pins(Some("t-2"), None), false),
        (pins(None, Some("bob@acme.example")), false),
    ] {
        let (_server, bridge) = bridge(|_, body| body, expect.clone()).await;
        assert_eq!(bridge.reader().read().await.proof.is_ok(), holds, "{expect:?}");
    }
    let (_server, bridge) = bridge(at("capabilities", "/tenant", Json::Null), pins(Some("t-1"), None)).await;
    assert!(bridge.reader().read().await.proof.unwrap_err().problems[0].contains("cannot be checked"));
}

#[tokio::test]
async fn counted_is_what_a_bridge_without_marks_proves() {
    let unmarked = |place: &str, body: Json| {
        let body = if place == "capabilities" { with(body, "/proof", json!("counted")) } else { body };
        if body.get("mark").is_some() { with(body, "/mark", Json::Null) } else { body }
    };
    assert_eq!(read(unmarked).await.proof, Ok(Proof::Counted));
}

#[tokio::test]
async fn the_token_is_in_no_problem_of_a_reading() {
    let (_, why) = refused(at("members/0", "/members/0/email", json!(format!("{CANARY} {CANARY}")))).await;
    assert!(!why.contains(CANARY), "{why}");
}

fn call(verb: Verb) -> Call {
    let set = [("role", Assign::To(Value::One(crate::model::Atom::literal("editor"))))].into();
    Call { verb, label: "set".into(), set, channel: Channel::Api, mails: false }
}

/// What a call comes to where the server answers this.
async fn answered(verb: Verb, answer: ResponseTemplate) -> Outcome {
    let (server, bridge) = bridge(|_, body| body, Expect::default()).await;
    bridge.reader().read().await;
    Mock::given(method("POST")).and(path_regex("calls$")).respond_with(answer).mount(&server).await;
    let client = WriteClient::new(&bridge.access, MEDIA, &network()).unwrap();
    let writer = BridgeWriter::new(&bridge.reader, client).unwrap();
    let on = Subject::Member(Email::parse("kim@acme.example").unwrap());
    writer.call(&on, &call(verb), "sha256:1/0").await
}

fn problem(status: u16, kind: &str) -> ResponseTemplate {
    let body =
        json!({ "type": format!("urn:portcullis:bridge:{kind}"), "title": "no", "status": status, "detail": format!("{CANARY} no") });
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/problem+json")
}

#[tokio::test]
async fn an_answer_means_for_a_call_what_the_protocol_says() {
    let ok = |body: Json| ResponseTemplate::new(200).set_body_json(body);
    assert_eq!(answered(Verb::Set, ok(json!({ "outcome": "applied" }))).await, Outcome::Applied);
    assert_eq!(answered(Verb::Set, ok(json!({ "outcome": "already" }))).await, Outcome::Already);
    let link = answered(Verb::Invite, ok(json!({ "outcome": "applied", "link": "https://x.example/?token=1" }))).await;
    assert!(matches!(link, Outcome::Linked(link) if link.expose() == "https://x.example/?token=1"));
    assert_eq!(answered(Verb::Invite, problem(409, "exists")).await, Outcome::Exists);
    for (answer, is_known) in [
        (problem(409, "exists"), true),
        (problem(422, "refused"), true),
        (problem(403, "forbidden"), true),
        (problem(412, "changed"), true),
        (problem(404, "not-found"), true),
        (problem(409, "in-progress"), false),
        (problem(500, "failed"), false),
        (problem(408, "failed"), false),
        (ResponseTemplate::new(502).set_body_string("<html>"), false),
        (ok(json!({ "outcome": "perhaps" })), false),
        (ResponseTemplate::new(200).set_body_string("<html>"), false),
        (ResponseTemplate::new(204), false),
    ] {
        let shown = format!("{answer:?}");
        match answered(Verb::Set, answer).await {
            Outcome::Refused(why) => assert!(is_known && !why.contains(CANARY), "{why}: {shown}"),
            Outcome::Unknown(why) => assert!(!is_known && !why.contains(CANARY), "{why}: {shown}"),
            other => panic!("{other:?}: {shown}"),
        }
    }
}

/// The answer to a write may hold an invitation's link: where it is no answer, nothing of it is told.
#[tokio::test]
async fn of_an_answer_to_a_call_that_cannot_be_read_nothing_is_told() {
    let link = format!("https://x.example/?token={CANARY}-of-the-link");
    let whole = json!({ "outcome": "applied", "link": link });
    let raw = |text: String, media: &str| ResponseTemplate::new(200).set_body_raw(text, media);
    for answer in [
        raw(whole.to_string(), "text/plain"),
        raw(whole.to_string().trim_end_matches('}').to_owned(), "application/json"),
        raw(json!(link).to_string(), "application/json"),
        raw(json!({ "outcome": link }).to_string(), "application/json"),
    ] {
        let shown = format!("{answer:?}");
        let Outcome::Unknown(why) = answered(Verb::Invite, answer).await else { panic!("{shown}") };
        assert!(!why.contains("of-the-link") && !why.contains("x.example"), "{why}");
        assert!(why.contains("where JSON was expected"), "it says what is wrong: {why}");
    }
}

#[tokio::test]
async fn a_call_says_the_same_on_every_try_and_another_in_another_run() {
    let (server, bridge) = bridge(|_, body| body, Expect::default()).await;
    bridge.reader().read().await;
    let ok = ResponseTemplate::new(200).set_body_json(json!({ "outcome": "applied" }));
    Mock::given(method("POST")).respond_with(ok).mount(&server).await;
    let on = Subject::Member(Email::parse("Kim@acme.example").unwrap());
    for _ in 0..2 {
        let client = WriteClient::new(&bridge.access, MEDIA, &network()).unwrap();
        let writer = BridgeWriter::new(&bridge.reader, client).unwrap();
        for _ in 0..2 {
            writer.call(&on, &call(Verb::Set), "sha256:1/0").await;
        }
    }
    let sent: Vec<Request> = server.received_requests().await.unwrap().into_iter().filter(|r| r.method == "POST").collect();
    let keys: Vec<&str> = sent.iter().map(|r| r.headers["idempotency-key"].to_str().unwrap()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[2], keys[3]);
    assert_ne!(keys[0], keys[2], "an answer of an earlier run is none for the same change made anew");
    assert_eq!(sent[0].url.path(), "/news/calls");
    let body: Json = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(body, json!({ "verb": "set", "member": "kim@acme.example", "set": { "role": { "to": "editor" } } }));
}
