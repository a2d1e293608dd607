//! JSON Schemas of manifests: the fixed keys from the types in `raw`, attributes and connection facts
//! from the systems' own words. The same pieces check files here and complete them in an editor.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::raw;
use crate::systems::{self, Kind, Required, SystemSpec, Word, Words};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a file with any system: `schemas/manifest.schema.json`. A connection says its
/// system, an account may restate it; where it does not, every system's words are completed.
pub fn manifest() -> Value {
    let by_system = |piece: &dyn Fn(&'static SystemSpec) -> Value| -> Vec<Value> {
        systems::ALL
            .iter()
            .map(|spec| {
                let named = json!({ "required": ["system"], "properties": { "system": { "const": spec.name } } });
                json!({ "if": named, "then": piece(spec) })
            })
            .collect()
    };
    let mut any = base(&fixed::<raw::Connection>());
    any["properties"] = json!({ "system": any_system() });
    any["required"] = json!(["system", "backend"]);
    any["allOf"] = by_system(&|spec| json!({ "$ref": format!("#/$defs/connection-{}", spec.name) })).into();
    let mut account = base(&fixed::<raw::Account>());
    account["properties"] = json!({ "system": any_system() });
    let mut cases = by_system(&|spec| json!({ "$ref": format!("#/$defs/account-{}", spec.name) }));
    cases.push(json!({ "if": { "not": { "required": ["system"] } }, "then": { "$ref": "#/$defs/account" } }));
    account["allOf"] = cases.into();
    let mut defs = Map::new();
    for spec in systems::ALL {
        defs.insert(format!("connection-{}", spec.name), connection(Some(spec)));
        defs.insert(format!("account-{}", spec.name), account_of(Some(spec), entry(spec)));
    }
    defs.insert("account".into(), account_of(None, any_entry()));
    published("portcullis manifest", root(any, account), defs)
}

/// The schema of a file whose accounts are all of one system: `schemas/<system>.schema.json`.
pub fn system(spec: &'static SystemSpec) -> Value {
    published(
        &format!("portcullis manifest, {}", spec.product),
        root(connection(Some(spec)), account_of(Some(spec), entry(spec))),
        Map::new(),
    )
}

/// Every published schema with its file name.
pub fn all() -> Vec<(String, Value)> {
    let mut all = vec![("manifest.schema.json".to_string(), manifest())];
    all.extend(systems::ALL.iter().map(|spec| (format!("{}.schema.json", spec.name), system(spec))));
    all
}

fn published(title: &str, root: Value, defs: Map<String, Value>) -> Value {
    let mut out = json!({ "$schema": DIALECT, "title": title });
    let (Some(to), Value::Object(from)) = (out.as_object_mut(), root) else { return Value::Null };
    to.extend(from);
    if !defs.is_empty() {
        to.insert("$defs".into(), defs.into());
    }
    out
}

/// The shape of a whole file, accounts and connections apart: those wait until their system is known.
pub(super) fn file() -> Value {
    root(json!({ "type": "object" }), json!({ "type": "object" }))
}

fn root(connection: Value, account: Value) -> Value {
    let mut root = fixed::<raw::Manifest>();
    root["properties"]["connections"]["additionalProperties"] = connection;
    root["properties"]["accounts"]["additionalProperties"] = account;
    root
}

/// The shape of one connection; without a system its facts are not known.
pub(super) fn connection(spec: Option<&'static SystemSpec>) -> Value {
    let mut out = fixed::<raw::Connection>();
    let Some(spec) = spec else {
        out["additionalProperties"] = true.into();
        out["properties"]["system"] = any_system();
        return out;
    };
    out["properties"]["system"] = json!({ "const": spec.name, "description": spec.summary });
    if let Some(Value::Array(backends)) = out["properties"]["backend"].get_mut("anyOf") {
        backends.retain(|b| b["const"].as_str().is_some_and(|word| spec.backends.contains(&word)));
    }
    for fact in spec.facts {
        out["properties"][fact.key] = described(kind(&fact.kind, true), fact.doc);
    }
    if spec.invitation.link {
        out["properties"]["links"] = fixed::<raw::Links>();
    }
    if spec.tenants.is_some() {
        out["properties"]["host"] = fixed::<raw::Host>();
    }
    let mut actor = Map::new();
    actor.insert("member".into(), described(text(), "The actor's own address, where it is a member of the account."));
    let chief = spec.chief();
    actor.insert("role".into(), described(one(chief.kind.fixed(), true), chief.doc));
    for attr in spec.attrs.iter().filter(|a| a.is_held_by_actors()) {
        actor.insert(attr.key.into(), described(kind(&attr.kind, true), attr.doc));
    }
    let about = out["properties"]["actor"]["description"].clone();
    out["properties"]["actor"] = json!({ "type": "object", "description": about, "properties": actor, "additionalProperties": false });
    out
}

/// The shape of one account; without a system its members' attributes are not known.
pub(super) fn account(spec: Option<&'static SystemSpec>) -> Value {
    let member = match spec {
        Some(spec) => entry(spec),
        None => {
            let mut open = fixed::<raw::Entry>();
            open["additionalProperties"] = true.into();
            open
        }
    };
    account_of(spec, member)
}

fn account_of(spec: Option<&'static SystemSpec>, member: Value) -> Value {
    let mut out = fixed::<raw::Account>();
    out["properties"]["system"] = spec.map_or_else(any_system, |s| json!({ "const": s.name, "description": s.summary }));
    if spec.is_some_and(|s| s.tenants.is_none())
        && let Some(keys) = out["properties"].as_object_mut()
    {
        keys.remove("tenant");
    }
    if spec.is_none_or(|s| s.domains.is_some()) {
        out["properties"]["domains"] = json!({
            "anyOf": [{ "const": "off", "description": "No whitelist: everyone may be invited." }, { "type": "array", "items": text(), "minItems": 1 }],
            "description": "Domains that members may come from: exactly these; or `off`. Leave the key out to leave the whitelist alone."
        });
    }
    out["properties"]["members"]["items"] = member;
    out
}

/// One member of an account of this system.
fn entry(spec: &'static SystemSpec) -> Value {
    let mut out = fixed::<raw::Entry>();
    let mut required = Vec::new();
    let mut kinds_of_members = None;
    for attr in spec.attrs {
        // the fixed keys say more about these in a manifest than the system does
        if attr.key != "name" {
            out["properties"][attr.key] = described(kind(&attr.kind, false), attr.doc);
        }
        match attr.required {
            Required::Never => {}
            Required::Always => required.push(attr.key),
            Required::Unless(other) => kinds_of_members = Some(json!([{ "required": [attr.key] }, { "required": [other] }])),
        }
    }
    if spec.has_native_ends() {
        out["properties"]["renew"] = renew();
    }
    out["required"] = json!(required);
    who(&mut out);
    if let Some(one_of) = kinds_of_members {
        out["allOf"] = json!([{ "oneOf": one_of }]);
    }
    out
}

/// One member of an account whose system this file does not tell: every system's words.
fn any_entry() -> Value {
    let mut out = fixed::<raw::Entry>();
    let mut kinds: std::collections::BTreeMap<&str, Vec<Value>> = std::collections::BTreeMap::new();
    for spec in systems::ALL {
        for attr in spec.attrs.iter().filter(|a| a.key != "name" && a.key != "end") {
            let doc = format!("{}: {}", spec.name, attr.doc);
            kinds.entry(attr.key).or_default().push(described(kind(&attr.kind, false), &doc));
        }
    }
    for (key, mut each) in kinds {
        out["properties"][key] = if each.len() == 1 { each.remove(0) } else { json!({ "anyOf": each }) };
    }
    out["properties"]["renew"] = renew();
    who(&mut out);
    out
}

fn who(entry: &mut Value) {
    entry["oneOf"] = json!([{ "required": ["person"] }, { "required": ["team"] }, { "required": ["email"] }]);
}

fn renew() -> Value {
    json!({ "const": "rolling", "description": "Keeps the live end as far ahead as the system takes, and extends it until `end`." })
}

fn any_system() -> Value {
    let words = systems::ALL.iter().map(|s| json!({ "const": s.name, "description": format!("{}: {}", s.product, s.summary) }));
    json!({ "anyOf": words.collect::<Vec<_>>(), "description": "The kind of product." })
}

fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = doc.into();
    schema
}

/// `all`: also words that a manifest may not ask for: they are an actor's.
fn kind(kind: &Kind, all: bool) -> Value {
    match kind {
        Kind::One(words) => one(fixed_words(words), all),
        Kind::Set { words, .. } => json!({ "type": "array", "items": one(fixed_words(words), all) }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Day | Kind::Text => text(),
        Kind::Opaque => json!({ "type": "object" }),
    }
}

fn fixed_words(words: &Words) -> Option<&'static [Word]> {
    match words {
        Words::Fixed(words) => Some(words),
        Words::Tenant(_) | Words::Discovered => None,
    }
}

fn one(words: Option<&'static [Word]>, all: bool) -> Value {
    let Some(words) = words else { return text() };
    let words = words.iter().filter(|w| all || w.assignable).map(|w| json!({ "const": w.word, "description": w.doc }));
    json!({ "anyOf": words.collect::<Vec<_>>() })
}

fn base(of: &Value) -> Value {
    json!({ "type": "object", "description": of["description"] })
}

/// The schema of a type, in one piece: a key that is left out is left out, never `null`.
fn fixed<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.remove("title");
    }
    schema
}

fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            keys.remove("format");
            if let Some(Value::Array(types)) = keys.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    keys.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(options)) = keys.get_mut("anyOf") {
                options.retain(|o| o["type"] != "null");
                if let [Value::Object(only)] = &options[..] {
                    let only = only.clone();
                    keys.remove("anyOf");
                    for (key, value) in only {
                        keys.entry(key).or_insert(value);
                    }
                }
            }
            // an enum of texts without descriptions has one spelling
            if let Some(options) = keys.remove("oneOf") {
                keys.insert("anyOf".into(), options);
            }
            keys.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
    }

    /// `PORTCULLIS_BLESS=1 cargo test schemas` writes them anew.
    #[test]
    fn the_committed_schemas_are_fresh() {
        for (name, schema) in all() {
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            let path = folder().join(&name);
            if std::env::var_os("PORTCULLIS_BLESS").is_some() {
                std::fs::create_dir_all(folder()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "schemas/{name} is stale: run PORTCULLIS_BLESS=1 cargo test schemas");
        }
    }

    #[test]
    fn published_schemas_are_schemas() {
        for (name, schema) in all() {
            jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
            jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }

    #[test]
    fn an_editor_completes_roles_and_privileges_with_their_descriptions() {
        let schema = system(&crate::systems::emma_hq::SPEC);
        let member = &schema["properties"]["accounts"]["additionalProperties"]["properties"]["members"]["items"];
        let words =
            |at: &Value| -> Vec<String> { at.as_array().unwrap().iter().map(|w| w["const"].as_str().unwrap().to_string()).collect() };
        let roles = &member["properties"]["role"]["anyOf"];
        assert_eq!(words(roles), ["manager", "administrator", "full", "editor", "author", "response-only"]);
        let privileges = &member["properties"]["privileges"]["items"]["anyOf"];
        assert!(words(privileges).contains(&"edit-managers".to_string()));
        for word in roles.as_array().unwrap().iter().chain(privileges.as_array().unwrap()) {
            assert!(!word["description"].as_str().unwrap().is_empty());
        }
        assert_eq!(member["required"], json!(["role"]));
    }

    #[test]
    fn the_schema_of_all_systems_follows_the_system_that_an_account_restates() {
        let validator = jsonschema::validator_for(&manifest()).unwrap();
        let account = |system: Option<&str>, member: Value| {
            let mut account = json!({ "members": [member] });
            if let Some(system) = system {
                account["system"] = system.into();
            }
            validator.is_valid(&json!({ "accounts": { "a": account } }))
        };
        let insider = json!({ "email": "a@a.example", "role": "viewer", "pii": true });
        assert!(account(Some("insider"), insider.clone()) && account(None, insider.clone()) && !account(Some("emma-hq"), insider));
        let solver = json!({ "person": "ada", "groups": ["standard"] });
        assert!(account(Some("solver"), solver.clone()) && account(None, solver.clone()) && !account(Some("insider"), solver));
        assert!(!account(None, json!({ "person": "ada", "rol": "viewer" })));
        assert!(validator.is_valid(&json!({ "people": { "no": { "email": "a@a.example", "name": 7 } } })), "a number is a text");
    }

    #[test]
    fn no_key_takes_null_by_accident() {
        fn nulls(schema: &Value) -> bool {
            match schema {
                Value::Object(keys) => {
                    let of_type = keys.get("type").is_some_and(|t| t == "null" || t.as_array().is_some_and(|a| a.contains(&"null".into())));
                    of_type || keys.values().any(nulls)
                }
                Value::Array(items) => items.iter().any(nulls),
                _ => false,
            }
        }
        assert!(all().iter().all(|(_, schema)| !nulls(schema)));
    }
}
