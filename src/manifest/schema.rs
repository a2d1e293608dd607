//! JSON Schemas of manifests: the fixed keys from the types in `raw`, attributes and connection facts
//! from the systems' own words. The same pieces check files here and complete them in an editor.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::raw;
use crate::model::Status;
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
    let mut sections = Map::new();
    let mut defs = Map::new();
    for spec in systems::ALL {
        defs.insert(format!("section-{}", spec.name), section(Some(spec)));
        sections.insert(spec.name.into(), json!({ "$ref": format!("#/$defs/section-{}", spec.name) }));
        defs.insert(format!("connection-{}", spec.name), connection(Some(spec)));
        defs.insert(format!("account-{}", spec.name), account_of(Some(spec), entry(spec)));
    }
    defs.insert("account".into(), account_of(None, any_entry()));
    defs.insert("section".into(), any_section());
    let mut profile = any_profile();
    profile["properties"] = sections.into();
    profile["additionalProperties"] = json!({ "$ref": "#/$defs/section" });
    published("portcullis manifest", root(any, account, profile), defs)
}

/// The schema of a file whose accounts are all of one system: `schemas/<system>.schema.json`.
pub fn system(spec: &'static SystemSpec) -> Value {
    published(
        &format!("portcullis manifest, {}", spec.product),
        root(connection(Some(spec)), account_of(Some(spec), entry(spec)), {
            let mut profile = any_profile();
            profile["additionalProperties"] = section(Some(spec));
            profile
        }),
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
    root(json!({ "type": "object" }), json!({ "type": "object" }), any_profile())
}

fn any_profile() -> Value {
    json!({ "type": "object", "description": "What it gives: by account, or by system for all its accounts that have no section of their own." })
}

fn root(connection: Value, account: Value, profile: Value) -> Value {
    let mut root = fixed::<raw::Manifest>();
    root["properties"]["profiles"]["additionalProperties"] = profile;
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
    out["properties"]["columns"] = columns(spec);
    out["properties"]["words"] = theirs(spec);
    for fact in spec.facts {
        out["properties"][fact.key] = described(kind(&fact.kind, true), fact.doc);
    }
    if spec.shows_secrets() {
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

/// The headers of a roster's columns, by what stands below them.
fn columns(spec: &'static SystemSpec) -> Value {
    let mut keys = Map::new();
    keys.insert("email".into(), described(text(), "The header over the addresses."));
    keys.insert("status".into(), described(text(), "The header over the statuses; without it pending people look active."));
    for attr in spec.attrs.iter().filter(|a| spec.has_column(a)) {
        let header = format!("The header over: {}", attr.doc);
        let schema = match attr.kind {
            Kind::Text => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
            _ => text(),
        };
        keys.insert(attr.key.into(), described(schema, &header));
    }
    json!({
        "type": "object", "properties": keys, "required": ["email"], "additionalProperties": false,
        "description": "Rosters: the headers of the export's columns; what has none is not read."
    })
}

/// What the words of a roster mean.
fn theirs(spec: &'static SystemSpec) -> Value {
    let mut keys = Map::new();
    let phases = Status::ALL.iter().map(|(word, _)| json!({ "const": word })).collect::<Vec<_>>();
    let of = |schema: Value, doc: &str| json!({ "type": "object", "additionalProperties": schema, "description": doc });
    keys.insert("status".into(), of(json!({ "anyOf": phases }), "Their statuses, each with the phase that it is."));
    for attr in spec.attrs.iter().filter(|a| spec.has_column(a)) {
        let schema = match &attr.kind {
            Kind::Set { words, .. } => {
                let word = one(fixed_words(words), true);
                json!({ "anyOf": [word, { "type": "array", "items": word }] })
            }
            Kind::Text | Kind::Opaque => continue,
            other => kind(other, true),
        };
        keys.insert(attr.key.into(), of(schema, &format!("Their words for: {}", attr.doc)));
    }
    json!({
        "type": "object", "properties": keys, "additionalProperties": false,
        "description": "Rosters: what the export's words mean, by attribute: `{role: {THEIRS: OURS}}`."
    })
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
    let required = grants(&mut out, spec);
    if let Some(end) = spec.attr("end") {
        out["properties"]["end"] = described(kind(&end.kind, false), end.doc);
    }
    if spec.has_native_ends() {
        out["properties"]["renew"] = renew();
    }
    who(&mut out);
    // a profile gives what the entry does not write
    out["if"] = json!({ "not": { "required": ["profile"] } });
    out["then"] = required;
    out
}

/// The shape of one section of a profile; without a system its attributes are not known.
pub(super) fn section(spec: Option<&'static SystemSpec>) -> Value {
    let mut out = fixed::<raw::Section>();
    match spec {
        Some(spec) => {
            let required = grants(&mut out, spec);
            if let (Some(to), Value::Object(required)) = (out.as_object_mut(), required) {
                to.extend(required);
            }
        }
        None => out["additionalProperties"] = true.into(),
    }
    out
}

/// Adds what a system grants; answers with what of it is required.
fn grants(out: &mut Value, spec: &'static SystemSpec) -> Value {
    let mut required = Vec::new();
    let mut kinds_of_members = None;
    for attr in spec.attrs {
        // the fixed keys say more about these in a manifest than the system does
        if attr.key != "name" && attr.key != "end" {
            out["properties"][attr.key] = described(kind(&attr.kind, false), attr.doc);
        }
        match attr.required {
            Required::Never => {}
            Required::Always => required.push(attr.key),
            Required::Unless(other) => kinds_of_members = Some(json!([{ "required": [attr.key] }, { "required": [other] }])),
        }
    }
    match kinds_of_members {
        Some(one_of) => json!({ "required": required, "allOf": [{ "oneOf": one_of }] }),
        None => json!({ "required": required }),
    }
}

/// One member of an account whose system this file does not tell: every system's words.
fn any_entry() -> Value {
    let mut out = fixed::<raw::Entry>();
    any_grants(&mut out);
    out["properties"]["renew"] = renew();
    who(&mut out);
    out
}

/// A section for an account: every system's words.
fn any_section() -> Value {
    let mut out = fixed::<raw::Section>();
    any_grants(&mut out);
    out
}

fn any_grants(out: &mut Value) {
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
        assert_eq!((&member["if"], &member["then"]), (&json!({ "not": { "required": ["profile"] } }), &json!({ "required": ["role"] })));
        let section = &schema["properties"]["profiles"]["additionalProperties"]["additionalProperties"];
        assert_eq!((&section["properties"]["role"]["anyOf"], &section["required"]), (roles, &json!(["role"])));
        let any = manifest();
        assert_eq!(any["properties"]["profiles"]["additionalProperties"]["properties"]["emma-hq"]["$ref"], "#/$defs/section-emma-hq");
        assert_eq!(&any["$defs"]["section-emma-hq"], section);
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
