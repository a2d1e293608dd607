//! A small SCIM server with the faults of real ones, for the tests of this room.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use wiremock::matchers::{any, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::Scim;
use crate::backends::Expect;
use crate::backends::http::{Access, Endpoint, Network, Options, Patience};
use crate::model::Email;
use crate::systems::insider;

/// Stands for the token, and may be in no text that anybody sees.
pub(super) const CANARY: &str = "canary-7f3a9c";

/// How this server departs from the papers.
#[derive(Clone, Default)]
pub(super) struct Faults {
    /// The most of a page, whatever was asked for.
    pub clamp: Option<usize>,
    /// Added to every total.
    pub lie: i64,
    /// The most that a total says.
    pub total_most: Option<usize>,
    /// No page after the last.
    pub no_end: bool,
    /// Pages always start at the first user.
    pub stuck: bool,
    /// Refuses every `count`.
    pub no_count: bool,
    /// `Resources` and `itemsPerPage` are left out where empty.
    pub bare: bool,
    pub no_discovery: bool,
    pub no_patch: bool,
    /// Answers a POST without a body.
    pub mute: bool,
    /// Of the schema of a User.
    pub lacks: Option<&'static str>,
    /// Answers success and drops the roles.
    pub drops_roles: bool,
    /// Answers success and does nothing.
    pub idle: bool,
    /// Versions stand in the header `ETag` and are kept by `If-Match`.
    pub etags: bool,
    /// Versions stand in `meta.version` alone.
    pub versions: bool,
    /// Shows the first user, whoever is asked for.
    pub first_only: bool,
    /// Names the first user as the one who was made.
    pub misnames: bool,
    /// Somebody leaves while the page after the last is asked for.
    pub shrinks: bool,
    /// Answers this to the method instead of doing anything: method, status, type, body.
    pub says: Option<(&'static str, u16, &'static str, String)>,
    pub me: Option<&'static str>,
}

pub(super) struct State {
    pub users: Vec<Json>,
    pub faults: Faults,
    made: usize,
}

#[derive(Clone)]
pub(super) struct Fake {
    server: Arc<MockServer>,
    state: Arc<Mutex<State>>,
}

struct Play(Arc<Mutex<State>>);

impl Respond for Play {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.lock().unwrap().respond(request)
    }
}

impl Fake {
    pub(super) async fn new(users: Vec<Json>, faults: Faults) -> Self {
        let server = Arc::new(MockServer::start().await);
        let made = users.len();
        let state = Arc::new(Mutex::new(State { users, faults, made }));
        Mock::given(any()).respond_with(Play(state.clone())).mount(&server).await;
        Self { server, state }
    }

    /// Cuts the connection on every request of that method, after doing it where `done`.
    pub(super) async fn cut(&self, of: &str, done: bool) {
        let state = self.state.clone();
        let cut = move |request: &Request| {
            if done {
                let _ = state.lock().unwrap().respond(request);
            }
            std::io::Error::other("cut")
        };
        Mock::given(method(of)).respond_with_err(cut).with_priority(1).mount(&self.server).await;
    }

    pub(super) fn scim(&self) -> Scim {
        self.scim_expecting(Expect::default())
    }
    pub(super) fn scim_expecting(&self, expect: Expect) -> Scim {
        let endpoint = Endpoint::new(&format!("{}/v2/", self.server.uri()).parse().unwrap()).unwrap();
        // As patient as any, and quicker.
        let patience = Patience { first: std::time::Duration::from_millis(1), ..Patience::default() };
        let network = Network::new(Options { patience, ..Options::default() });
        Scim::new(&insider::SPEC, expect, Access::new("ins", endpoint, CANARY.into()), &network).unwrap()
    }
    pub(super) fn edit(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }
    pub(super) fn users(&self) -> Vec<Json> {
        self.state.lock().unwrap().users.clone()
    }
    /// Everything that was received: method, path, `If-Match`.
    pub(super) async fn seen(&self) -> Vec<(String, String, Option<String>)> {
        let all = self.server.received_requests().await.unwrap();
        let tag = |r: &Request| Some(r.headers.get("if-match")?.to_str().unwrap().to_owned());
        all.iter().map(|r| (r.method.to_string(), r.url.path().to_owned(), tag(r))).collect()
    }
    pub(super) async fn writes(&self) -> Vec<String> {
        self.seen().await.into_iter().map(|(m, ..)| m).filter(|m| m != "GET" && m != "HEAD").collect()
    }
}

/// A User as the fake keeps it.
pub(super) fn user(id: &str, address: &str, role: &str) -> Json {
    json!({ "id": id, "userName": address, "active": true, "roles": [{ "value": role, "primary": true }],
            "name": { "givenName": "Ada", "familyName": "Lovelace" }, "nickName": "keeps", "meta": { "version": "W/\"1\"" } })
}

/// So many users, `p1@acme.example` the first.
pub(super) fn crowd(n: usize) -> Vec<Json> {
    (1..=n).map(|i| user(&format!("u{i}"), &format!("p{i}@acme.example"), "view-only")).collect()
}

pub(super) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn error(status: u16, detail: &str) -> ResponseTemplate {
    answer(status, &json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": detail }))
}

fn answer(status: u16, body: &Json) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json; charset=utf-8")
}

impl State {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        assert_eq!(request.headers["authorization"], format!("Bearer {CANARY}"));
        let verb = request.method.as_str();
        let path = request.url.path().strip_prefix("/v2/").unwrap_or("?").to_owned();
        if let Some((of, status, kind, body)) = &self.faults.says
            && *of == verb
            && path.starts_with("Users")
        {
            return ResponseTemplate::new(*status).set_body_raw(body.clone(), kind);
        }
        match (verb, path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["ServiceProviderConfig" | "Schemas"]) if self.faults.no_discovery => error(404, "no discovery"),
            ("GET", ["ServiceProviderConfig"]) => answer(200, &json!({ "patch": { "supported": !self.faults.no_patch } })),
            ("GET", ["Schemas"]) => self.schemas(),
            ("GET", ["Me"]) => match self.faults.me {
                Some(me) => answer(200, &json!({ "id": "me", "userName": me })),
                None => error(501, "no /Me"),
            },
            ("GET", ["Users"]) => self.page(request),
            ("GET", ["Users", id]) => self.find(id).map_or_else(|| error(404, "gone"), |at| self.show(200, at)),
            ("POST", ["Users"]) => self.create(request),
            (_, ["Users", id]) => match self.find(id) {
                Some(at) => self.write(verb, at, request),
                None => error(404, "gone"),
            },
            _ => error(404, "no such page"),
        }
    }

    fn schemas(&self) -> ResponseTemplate {
        let names = ["userName", "name", "active", "roles"].into_iter().filter(|n| Some(*n) != self.faults.lacks);
        let attributes: Vec<Json> = names.map(|n| json!({ "name": n, "required": n == "userName", "mutability": "readWrite" })).collect();
        let user = json!({ "id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": attributes });
        answer(200, &json!({ "totalResults": 1, "Resources": [user] }))
    }

    fn page(&mut self, request: &Request) -> ResponseTemplate {
        let query = |name: &str| request.url.query_pairs().find(|(k, _)| k == name).and_then(|(_, v)| v.parse::<usize>().ok());
        if self.faults.no_count && query("count").is_some() {
            return error(500, "count?");
        }
        let start = query("startIndex").unwrap_or(1).saturating_sub(1);
        if self.faults.shrinks && start > 0 && start >= self.users.len() {
            self.users.pop();
        }
        if self.faults.no_end && start > 0 && start >= self.users.len() {
            return error(400, "startIndex is too large");
        }
        let from = if self.faults.stuck { 0 } else { start };
        let most = query("count").unwrap_or(usize::MAX).min(self.faults.clamp.unwrap_or(usize::MAX));
        let shown: Vec<&Json> = self.users.iter().skip(from).take(most).collect();
        let total = self.users.len().min(self.faults.total_most.unwrap_or(usize::MAX));
        let mut page = json!({ "totalResults": total as i64 + self.faults.lie });
        if !(self.faults.bare && shown.is_empty()) {
            page["Resources"] = json!(shown);
            page["itemsPerPage"] = shown.len().into();
        }
        answer(200, &page)
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.users.iter().position(|u| u["id"] == id)
    }

    fn show(&self, status: u16, at: usize) -> ResponseTemplate {
        let mut user = self.users[if self.faults.first_only { 0 } else { at }].clone();
        if self.faults.versions {
            return answer(status, &user);
        }
        let meta = user.as_object_mut().unwrap().remove("meta").unwrap();
        if !self.faults.etags {
            return answer(status, &user);
        }
        answer(status, &user).insert_header("ETag", meta["version"].as_str().unwrap())
    }

    fn create(&mut self, request: &Request) -> ResponseTemplate {
        let mut user: Json = request.body_json().unwrap();
        if self.users.iter().any(|u| u["userName"] == user["userName"]) {
            return error(409, "userName is taken");
        }
        self.made += 1;
        user["id"] = format!("u{}", self.made).into();
        user["meta"] = json!({ "version": "W/\"1\"" });
        if self.faults.drops_roles {
            user.as_object_mut().unwrap().remove("roles");
        }
        if !self.faults.idle {
            self.users.push(user.clone());
        }
        if self.faults.misnames {
            user["id"] = self.users[0]["id"].clone();
        }
        if self.faults.mute { ResponseTemplate::new(201) } else { answer(201, &user) }
    }

    fn write(&mut self, verb: &str, at: usize, request: &Request) -> ResponseTemplate {
        let version = self.users[at]["meta"]["version"].clone();
        if let Some(tag) = request.headers.get("if-match")
            && self.faults.etags
            && version != tag.to_str().unwrap()
        {
            return error(412, "precondition");
        }
        if self.faults.idle {
            return if verb == "DELETE" { ResponseTemplate::new(204) } else { self.show(200, at) };
        }
        let mut user = self.users[at].clone();
        match verb {
            "DELETE" => {
                self.users.remove(at);
                return ResponseTemplate::new(204);
            }
            "PATCH" if self.faults.no_patch => return error(501, "no PATCH"),
            "PATCH" => patch(&mut user, &request.body_json().unwrap(), self.faults.drops_roles),
            _ => {
                user = request.body_json().unwrap();
                assert!(user.get("meta").is_none(), "what the server alone writes was sent");
            }
        }
        user["meta"] = json!({ "version": format!("{}+", version.as_str().unwrap().trim_end_matches('"')) + "\"" });
        self.users[at] = user;
        self.show(200, at)
    }
}

fn patch(user: &mut Json, body: &Json, drops_roles: bool) {
    for operation in body["Operations"].as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        if drops_roles && path == "roles" {
            continue;
        }
        let pointer = format!("/{}", path.replace('.', "/"));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = user.pointer_mut(parent).unwrap();
        match operation["op"].as_str().unwrap() {
            "remove" => drop(parent.as_object_mut().unwrap().remove(key)),
            _ => parent[key] = operation["value"].clone(),
        }
    }
}
