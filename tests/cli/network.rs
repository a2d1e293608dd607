//! Accounts behind a server, through the whole program: what is kept is for those who only look.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::program::World;

/// One administrator and one viewer, whose role can be changed.
struct Scim {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
    world: World,
}

#[derive(Clone, Copy, Default)]
struct Faults {
    /// How often a list is answered with 500 first.
    fails: u32,
    date: Option<&'static str>,
}

fn user(id: &str, role: &str) -> Json {
    json!({ "id": id, "userName": format!("{id}@acme.example"), "active": true, "roles": [{ "value": role, "primary": true }] })
}

fn respond(role: &mut String, fails: &mut u32, request: &Request) -> (u16, Json) {
    let users = [user("ada", "manage-users"), user("kim", role)];
    match (request.method.as_str(), request.url.path()) {
        ("GET", "/Users") if *fails > 0 => {
            *fails -= 1;
            (500, json!({ "detail": "out of order" }))
        }
        ("GET", "/Users") => {
            let from = request.url.query_pairs().find(|(k, _)| k == "startIndex").and_then(|(_, v)| v.parse::<usize>().ok());
            let shown: Vec<&Json> = users.iter().skip(from.unwrap_or(1) - 1).collect();
            (200, json!({ "totalResults": 2, "Resources": shown }))
        }
        ("GET", "/Users/kim") => (200, users[1].clone()),
        ("PATCH", "/Users/kim") => {
            let body: Json = request.body_json().expect("it is JSON");
            *role = body.pointer("/Operations/0/value/0/value").and_then(Json::as_str).expect("a role").to_owned();
            (200, user("kim", role))
        }
        _ => (404, json!({ "detail": "no such page" })),
    }
}

impl Scim {
    fn new(faults: Faults) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        let state = Arc::new(Mutex::new(("view-only".to_owned(), faults.fails)));
        let answer = move |request: &Request| {
            let (role, fails) = &mut *state.lock().expect("no answer panics");
            let (status, body) = respond(role, fails, request);
            // The tag goes with the text.
            let etag =
                format!("\"{:x}\"", body.to_string().bytes().fold(7_u64, |hash, b| hash.wrapping_mul(31).wrapping_add(u64::from(b))));
            let same = request.headers.get("if-none-match").is_some_and(|tag| tag == etag.as_str());
            let answer = match status {
                200 if same => ResponseTemplate::new(304),
                _ => ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json"),
            };
            let answer = answer.insert_header("ETag", etag.as_str());
            match faults.date {
                Some(date) => answer.insert_header("Date", date),
                None => answer,
            }
        };
        runtime.block_on(Mock::given(any()).respond_with(answer).mount(&server));
        let mut world = World::live();
        world.env("PORTCULLIS_TOKEN_INS", "canary-7f3a9c");
        let caches = world.path().with_file_name("caches").display().to_string();
        world.env("XDG_CACHE_HOME", &caches);
        world.write(
            "connections.yaml",
            &format!(
                "connections:\n  ins: {{ system: insider, backend: scim, endpoint: {}, timezone: UTC, actor: {{ role: administrator }} }}\n",
                server.uri()
            ),
        );
        let scim = Self { runtime, server, world };
        scim.wants("viewer");
        scim
    }

    fn wants(&self, role: &str) {
        let text = format!(
            "accounts:\n  ins:\n    members:\n      - {{ email: ada@acme.example, role: administrator }}\n      - {{ email: kim@acme.example, role: {role} }}\n"
        );
        self.world.write("accounts.yaml", &text);
    }

    fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).expect("requests are kept")
    }

    fn conditional_from(&self, at: usize) -> usize {
        self.requests()[at..].iter().filter(|r| r.headers.contains_key("if-none-match")).count()
    }

    /// Every file below the place for caches, with its bytes.
    fn kept(&self) -> Vec<(String, Vec<u8>)> {
        let folder = self.world.path().with_file_name("caches").join("portcullis");
        let files = std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.map(|e| e.expect("an entry").path()).collect());
        let mut all: Vec<_> = files.iter().map(|f| (f.display().to_string(), std::fs::read(f).expect("it can be read"))).collect();
        all.sort();
        all
    }
}

#[test]
fn who_looks_twice_asks_conditionally_and_apply_never_does() {
    let scim = Scim::new(Faults::default());
    scim.world.run("plan").expect(0);
    let first = scim.requests().len();
    assert!(first >= 2 && scim.conditional_from(0) == 0, "{first}");
    let kept = scim.kept();
    assert!(!kept.is_empty());
    assert!(kept.iter().all(|(name, bytes)| !format!("{name}{}", String::from_utf8_lossy(bytes)).contains("canary")));
    // SCIM does not show all that `who` would tell, hence its 7.
    for (look, code) in [("plan", 0), ("drift", 0), ("export", 0), ("who kim@acme.example", 7), ("expiring --within 30d", 0)] {
        let before = scim.requests().len();
        scim.world.run(look).expect(code);
        assert!(scim.conditional_from(before) >= 2, "{look}");
    }

    // What is kept must neither be believed nor touched by what may write, with changes or without.
    for role in ["viewer", "editor"] {
        scim.wants(role);
        for (name, bytes) in scim.kept() {
            let text = String::from_utf8(bytes).expect("it is text");
            std::fs::write(name, text.replace("view-only", "edit-only")).expect("it can be spoilt");
        }
        let (kept, before) = (scim.kept(), scim.requests().len());
        scim.world.run("apply --auto-approve --unreviewed").expect(0);
        assert!(scim.requests().len() > before + 2, "it reads");
        assert_eq!(scim.conditional_from(before), 0, "{role}");
        assert_eq!(scim.kept(), kept, "{role}");
    }
    let plan = scim.world.run("plan --format json").expect(0);
    assert!(plan.acts().is_empty(), "what was kept of before is not what is: {:?}", plan.acts());
}

#[test]
fn a_list_that_fails_for_once_is_asked_for_again_within_the_run() {
    let scim = Scim::new(Faults { fails: 2, ..Faults::default() });
    let said = scim.world.run("plan").expect(0);
    assert_eq!(said.err, "", "a short wait is nothing to speak of");
}

#[test]
fn a_server_with_another_clock_is_an_incomplete_reading() {
    let mut scim = Scim::new(Faults { date: Some("Sun, 22 Nov 2020 10:00:00 GMT"), ..Faults::default() });
    let plan = scim.world.run("plan --format json").expect(7).json();
    let problems = plan.pointer("/accounts/0/reading/problems").expect("a reading").to_string();
    assert!(problems.contains("the server's clock says 2020-11-22T10:00:00Z"), "{problems}");
    assert_eq!(scim.world.run("apply --auto-approve --unreviewed").code, 7);
    // Under a clock that was set by hand nothing is compared.
    scim.world.env("PORTCULLIS_NOW", "2026-11-22T09:00:00Z");
    scim.world.run("plan").expect(0);
}

#[test]
fn a_file_of_certificates_that_is_none_is_told_before_anything_is_sent() {
    let mut scim = Scim::new(Faults::default());
    for (path, why) in [("/nowhere/ca.pem", "cannot be read"), ("/dev/null", "is no regular file")] {
        scim.world.env("PORTCULLIS_CA_FILE_INS", path);
        let said = scim.world.run("plan").expect(1);
        assert!(said.err.contains("PORTCULLIS_CA_FILE_INS") && said.err.contains(why), "{}", said.err);
    }
    assert!(scim.requests().is_empty());
}
