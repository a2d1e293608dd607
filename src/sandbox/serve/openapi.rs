//! The document of the bridge protocol, from its types and one table of what each resource answers.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use crate::model::bridge::{AccountState, CallAnswer, Capabilities, MembersPage, PROTOCOL, Problem, ProblemKind, WireCall};

use super::control::FaultsAsked;
use super::reply::of_kind;
use super::routes::Route;
use super::yaml;

/// What every resource may answer beside what it is for.
const ALWAYS: &[ProblemKind] = &[
    ProblemKind::Unauthorized,
    ProblemKind::Forbidden,
    ProblemKind::OutOfReach,
    ProblemKind::NotFound,
    ProblemKind::MethodNotAllowed,
    ProblemKind::TooManyRequests,
    ProblemKind::Failed,
    ProblemKind::Unavailable,
];

/// One resource as the document tells of it.
struct Told {
    summary: &'static str,
    description: &'static str,
    done: &'static str,
    schema: Json,
    problems: &'static [ProblemKind],
}

impl Route {
    fn told(self, types: &mut SchemaGenerator) -> Told {
        match self {
            Route::Capabilities => Told {
                summary: "What exists here",
                description: "Attributes, calls, the proof of a reading, the size of a page. What is not named is not there.",
                done: "What exists here.",
                schema: schema::<Capabilities>(types),
                problems: &[],
            },
            Route::Members => Told {
                summary: "One page of members",
                description: "Sorted by address. By `offset` or by `cursor`, never both. A page holds `limit` members, or `page_size` if that is less; only the last holds fewer.",
                done: "A whole page.",
                schema: schema::<MembersPage>(types),
                problems: &[ProblemKind::BadRequest],
            },
            Route::Account => Told {
                summary: "The domains, the total and the mark",
                description: "Read after the last page: where all marks are one, it was one state.",
                done: "The account beside its members.",
                schema: schema::<AccountState>(types),
                problems: &[],
            },
            Route::Calls => Told {
                summary: "One act",
                description: "200 means done. Under an `Idempotency-Key` it is done once, and answered again as it was.",
                done: "It is done, or was so before.",
                schema: schema::<CallAnswer>(types),
                problems: &[
                    ProblemKind::BadRequest,
                    ProblemKind::Exists,
                    ProblemKind::InProgress,
                    ProblemKind::Changed,
                    ProblemKind::TooLong,
                    ProblemKind::NotJson,
                    ProblemKind::Refused,
                    ProblemKind::KeyReused,
                ],
            },
        }
    }

    fn operation(self, types: &mut SchemaGenerator) -> Json {
        let told = self.told(types);
        let headers = match self {
            Route::Calls => json!({ "Date": header("Date") }),
            _ => json!({ "Date": header("Date"), "ETag": header("ETag") }),
        };
        let mut responses = Map::new();
        responses.insert(
            "200".into(),
            json!({ "description": told.done, "headers": headers, "content": { "application/json": { "schema": told.schema } } }),
        );
        if self != Route::Calls {
            responses.insert("304".into(), json!({ "description": "It is as `If-None-Match` says.", "headers": headers }));
        }
        let mut kinds: Vec<ProblemKind> = ALWAYS.iter().chain(told.problems).copied().collect();
        kinds.sort_by_key(|kind| of_kind(*kind).0);
        for of_status in kinds.chunk_by(|a, b| of_kind(*a).0 == of_kind(*b).0) {
            let Some(first) = of_status.first() else { continue };
            let status = of_kind(*first).0;
            responses.insert(status.as_str().to_owned(), problem(of_status));
        }
        // Any other of them means the same.
        responses.insert("5XX".into(), problem(&[ProblemKind::Failed]));
        let mut operation = json!({
            "operationId": self.word(), "summary": told.summary, "description": told.description, "responses": responses,
        });
        match self {
            Route::Members => operation["parameters"] = ["Offset", "Cursor", "Limit", "IfNoneMatch"].map(parameter).into(),
            Route::Capabilities | Route::Account => operation["parameters"] = ["IfNoneMatch"].map(parameter).into(),
            Route::Calls => {
                operation["parameters"] = ["IdempotencyKey"].map(parameter).into();
                let schema = schema::<WireCall>(types);
                operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
            }
        }
        operation
    }
}

/// The document, as OpenAPI 3.1 has it.
pub fn openapi() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut types = settings.into_generator();
    // The answers name it.
    let _ = schema::<Problem>(&mut types);
    let mut paths = Map::new();
    for route in Route::ALL {
        let method = if route == Route::Calls { "post" } else { "get" };
        paths.insert(format!("/{}", route.word()), json!({ method: route.operation(&mut types) }));
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "The bridge protocol of portcullis",
            "version": PROTOCOL.rsplit('/').next().unwrap_or("1"),
            "summary": "Who is in one account of a product, and the acts that change it.",
            "description": "docs/bridge.md says what it means. The server is a connection's `endpoint`, or `{endpoint}/tenants/{tenant}` where one connection reaches several accounts.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{
            "url": "{account}",
            "variables": { "account": { "default": "http://127.0.0.1:8080/newsletter", "description": "The account's bridge." } },
        }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "It says who the actor is." } },
            "parameters": parameters(),
            "headers": headers(),
            "schemas": types.take_definitions(true),
        },
    })
}

/// The same as `schemas/bridge.openapi.yaml` holds it.
pub fn openapi_yaml() -> String {
    yaml::text(&openapi())
}

/// The JSON Schema of what `PUT /_sandbox/faults` takes: `schemas/faults.schema.json`.
pub fn faults_schema() -> Json {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FaultsAsked>().to_value();
    schema["title"] = "faults of the sandbox as a server".into();
    schema
}

fn schema<T: JsonSchema>(types: &mut SchemaGenerator) -> Json {
    types.subschema_for::<T>().to_value()
}

fn parameter(name: &str) -> Json {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}
fn header(name: &str) -> Json {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// The problems of one status.
fn problem(kinds: &[ProblemKind]) -> Json {
    let titles: Vec<&str> = kinds.iter().map(|kind| of_kind(*kind).1).collect();
    let words: Vec<Json> = kinds.iter().filter_map(|kind| serde_json::to_value(kind).ok()).collect();
    let mut headers = json!({ "Date": header("Date") });
    for (kind, name) in [
        (ProblemKind::Unauthorized, "WWW-Authenticate"),
        (ProblemKind::MethodNotAllowed, "Allow"),
        (ProblemKind::TooManyRequests, "Retry-After"),
        (ProblemKind::Unavailable, "Retry-After"),
    ] {
        if kinds.contains(&kind) {
            headers[name] = header(name);
        }
    }
    json!({
        "description": format!("{}.", titles.join("; or ")),
        "headers": headers,
        "content": { "application/problem+json": { "schema": {
            "allOf": [{ "$ref": "#/components/schemas/Problem" }, { "properties": { "type": { "enum": words } } }],
        } } },
    })
}

fn parameters() -> Json {
    let query = |name: &str, schema: Json, about: &str| json!({ "name": name, "in": "query", "schema": schema, "description": about });
    let in_header = |name: &str, schema: Json, about: &str| json!({ "name": name, "in": "header", "schema": schema, "description": about });
    json!({
        "Offset": query("offset", json!({ "type": "integer", "minimum": 0, "default": 0 }), "How many members stand before the page."),
        "Cursor": query("cursor", json!({ "type": "string" }), "The `next` of the page before."),
        "Limit": query("limit", json!({ "type": "integer", "minimum": 1 }), "Members that the page holds at most; `page_size` where it is left out or greater."),
        "IfNoneMatch": in_header("If-None-Match", json!({ "type": "string" }), "The `ETag` of what is known."),
        "IdempotencyKey": in_header("Idempotency-Key", json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" }), "The same for every try of one call, and for no other."),
    })
}

fn headers() -> Json {
    let text = |about: &str| json!({ "schema": { "type": "string" }, "description": about });
    json!({
        "Date": text("The server's clock, right to within five minutes."),
        "ETag": text("A strong one; it is not required."),
        "WWW-Authenticate": text("`Bearer`."),
        "Allow": text("The methods that the resource has."),
        "Retry-After": text("Seconds, or a date."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bridge::ProblemKind as Kind;

    #[test]
    fn the_schemas_are_fresh() {
        for (name, made) in [("bridge.openapi.yaml", openapi_yaml()), ("faults.schema.json", format!("{:#}\n", faults_schema()))] {
            let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
            if std::env::var_os("PORTCULLIS_BLESS").is_some() {
                std::fs::write(&file, &made).expect("schemas/ is writable");
            }
            let there = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(there == made, "schemas/{name} is stale: run the tests once with PORTCULLIS_BLESS=1");
        }
    }

    /// Every problem that there is can come of something.
    #[test]
    fn every_problem_is_documented() {
        let text = openapi()["paths"].to_string();
        for kind in [
            Kind::BadRequest,
            Kind::Unauthorized,
            Kind::Forbidden,
            Kind::OutOfReach,
            Kind::NotFound,
            Kind::MethodNotAllowed,
            Kind::Exists,
            Kind::InProgress,
            Kind::Changed,
            Kind::TooLong,
            Kind::NotJson,
            Kind::Refused,
            Kind::KeyReused,
            Kind::TooManyRequests,
            Kind::Failed,
            Kind::Unavailable,
        ] {
            assert!(text.contains(&serde_json::to_value(kind).unwrap().to_string()), "{kind:?}");
        }
    }
}
