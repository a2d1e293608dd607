//! A SCIM server that holds to the papers, for one test, on a port that the system picks.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub struct ScimServer {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    users: Vec<Json>,
    /// Method and body of every write.
    writes: Vec<(String, Json)>,
}

struct Play(Arc<Mutex<State>>);

impl Respond for Play {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.lock().expect("no test panics here").respond(request)
    }
}

impl ScimServer {
    /// With these users: address, role, whether active.
    pub async fn start(users: &[(&str, &str, bool)]) -> Self {
        let users = users.iter().enumerate().map(|(i, (address, role, active))| {
            json!({ "id": format!("u{i}"), "userName": address, "active": active, "roles": [{ "value": role, "primary": true }],
                    "name": { "givenName": "Some", "familyName": "Body" } })
        });
        let state = Arc::new(Mutex::new(State { users: users.collect(), writes: Vec::new() }));
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(Play(state.clone())).mount(&server).await;
        Self { server, state }
    }
    pub fn endpoint(&self) -> String {
        format!("{}/v2", self.server.uri())
    }
    pub fn writes(&self) -> Vec<(String, Json)> {
        self.state.lock().expect("no test panics here").writes.clone()
    }
}

impl State {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        let (verb, path) = (request.method.as_str(), request.url.path());
        let body = || request.body_json::<Json>().unwrap_or(Json::Null);
        if verb != "GET" {
            self.writes.push((verb.to_owned(), body()));
        }
        let id = path.strip_prefix("/v2/Users/");
        let at = id.and_then(|id| self.users.iter().position(|u| u["id"] == id));
        match (verb, path, at) {
            ("GET", "/v2/ServiceProviderConfig", _) => answer(200, json!({ "patch": { "supported": true } })),
            ("GET", "/v2/Schemas", _) => {
                let names = ["userName", "name", "active", "roles"];
                let attributes: Vec<Json> = names.iter().map(|n| json!({ "name": n, "mutability": "readWrite" })).collect();
                let user = json!({ "id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": attributes });
                answer(200, json!({ "totalResults": 1, "Resources": [user] }))
            }
            ("GET", "/v2/Users", _) => {
                let start = request.url.query_pairs().find(|(k, _)| k == "startIndex").and_then(|(_, v)| v.parse::<usize>().ok());
                let shown: Vec<&Json> = self.users.iter().skip(start.unwrap_or(1) - 1).collect();
                answer(200, json!({ "totalResults": self.users.len(), "Resources": shown }))
            }
            ("POST", "/v2/Users", _) => {
                let mut user = body();
                user["id"] = format!("u{}", self.users.len()).into();
                self.users.push(user.clone());
                answer(201, user)
            }
            ("GET", _, Some(at)) => answer(200, self.users[at].clone()),
            ("DELETE", _, Some(at)) => {
                self.users.remove(at);
                ResponseTemplate::new(204)
            }
            ("PATCH", _, Some(at)) => {
                for operation in body()["Operations"].as_array().into_iter().flatten() {
                    let path = operation["path"].as_str().unwrap_or_default().to_owned();
                    let mut of = &mut self.users[at];
                    for part in path.split('.') {
                        of = &mut of[part];
                    }
                    *of = operation["value"].clone();
                }
                answer(200, self.users[at].clone())
            }
            _ => answer(404, json!({ "status": "404" })),
        }
    }
}

fn answer(status: u16, body: Json) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json")
}
