//! Shape errors: `jsonschema` finds them on the arena, and each becomes a message in our words at
//! the most useful place. Where a schema offers alternatives the lowering knows better what was
//! meant, and says it.

use std::collections::HashMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::arena::{Entry, Node, NodeId};
use super::cursor::{Cursor, Sink};
use super::diagnostic::{nearest, quoted};
use super::view::{View, Yaml};
use super::{Diagnostic, schema};
use crate::model::Place;
use crate::systems::{self, SystemSpec};

/// What a schema describes: it decides how an unknown key is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    File,
    Connection,
    Account,
    /// What a profile gives in one account.
    Section,
}

/// Keys of the contract that this version does not have yet, by the depth at which they stand.
const NOT_YET: &[(Room, usize, &[&str])] = &[(Room::File, 0, &["lints"]), (Room::Connection, 0, &["role-attribute"])];

/// Guards that are what they are: nothing can be written for them.
const FIXED_GUARDS: &[&str] = &["self-lockout", "protected"];

/// A schema, compiled once.
pub(super) struct Shape {
    room: Room,
    spec: Option<&'static SystemSpec>,
    schema: Value,
    validator: jsonschema::Validator<Yaml>,
}

impl Shape {
    pub fn file() -> Self {
        Self::of(Room::File, None, schema::file())
    }
    pub fn connection(spec: Option<&'static SystemSpec>) -> Self {
        Self::of(Room::Connection, spec, schema::connection(spec))
    }
    pub fn account(spec: Option<&'static SystemSpec>) -> Self {
        Self::of(Room::Account, spec, schema::account(spec))
    }
    pub fn section(spec: Option<&'static SystemSpec>) -> Self {
        Self::of(Room::Section, spec, schema::section(spec))
    }
    fn of(room: Room, spec: Option<&'static SystemSpec>, schema: Value) -> Self {
        let validator = jsonschema::options_for::<Yaml>()
            .build(&schema)
            .expect("the schema is made of our own types and literals; a test compiles every one of them");
        Self { room, spec, schema, validator }
    }

    /// Says every shape error below `at`.
    pub fn check(&self, at: Cursor<'_>, sink: &mut Sink) {
        let mut ways = Ways::default();
        for error in self.validator.iter_errors(View::Node(&at.file.arena, at.item.value)) {
            let path = error.instance_path().as_str();
            let Some(found) = ways.walk(at, path) else { continue };
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    let known = self.known(error.schema_path().as_str());
                    for key in unexpected {
                        if let Some(value) = ways.step(found, key) {
                            sink.shape(self.unknown_key(path, key, value.key_place(), &known));
                        }
                    }
                }
                ValidationErrorKind::Required { property } => {
                    let key = property.as_str().unwrap_or_default();
                    sink.shape(self.missing_key(key, found));
                }
                ValidationErrorKind::Type { kind } => sink.shape(wrong_type(found, &expected(kind))),
                ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
                    sink.shape(
                        Diagnostic::error("wrong-value", "a number out of range", found.place())
                            .expected("a whole number from 0 to 4294967295"),
                    );
                }
                // alternatives and fixed words: the lowering says what was meant
                _ => {}
            }
        }
    }

    /// The keys that the mapping at this place of the schema knows.
    fn known(&self, schema_path: &str) -> Vec<&str> {
        let parent = schema_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let keys = self.schema.pointer(parent).and_then(|s| s["properties"].as_object());
        keys.map(|k| k.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    fn unknown_key(&self, path: &str, key: &str, place: Place, known: &[&str]) -> Diagnostic {
        let depth = path.matches('/').count();
        if NOT_YET.iter().any(|(room, at, keys)| *room == self.room && *at == depth && keys.contains(&key)) {
            return not_yet(key, place);
        }
        if path.ends_with("/guards") && FIXED_GUARDS.contains(&key) {
            return Diagnostic::error("guard-fixed", format!("the guard `{key}` has no limit that could be written"), place)
                .hint("leave it out");
        }
        let is_section = self.room == Room::Section && depth == 0;
        let is_member = is_section || self.room == Room::Account && path.starts_with("/members/") && depth == 2;
        if is_section && matches!(key, "start" | "end" | "renew" | "person" | "team" | "email" | "name") {
            let message = format!("`{key}` is of whoever is given the profile, not of the profile");
            return Diagnostic::error("unknown-key", message, place)
                .expected(format!("one of {}", known.join(", ")))
                .hint(format!("write `{key}` beside `profile` in an entry of `members`"));
        }
        let is_domains = self.room == Room::Account && depth == 0 && key == "domains";
        let is_tenant = self.room == Room::Account && depth == 0 && key == "tenant";
        let is_host = self.room == Room::Connection && depth == 0 && key == "host";
        let diagnostic = match self.spec {
            Some(spec) if is_tenant || is_host => {
                Diagnostic::error("wrong-setting", format!("{} has no tenants: a connection reaches one account", spec.name), place)
                    .hint(format!("leave `{key}` out"))
            }
            Some(spec) if is_domains => Diagnostic::error("unknown-attribute", format!("{} has no whitelist of domains", spec.name), place),
            Some(spec) if is_member && key == "renew" => {
                Diagnostic::error("no-native-end", format!("{} has no ends of its own: there is nothing to renew", spec.name), place)
                    .hint("leave `renew` out: portcullis ends access after `end`, however far away it is")
            }
            Some(spec) if is_member => {
                let theirs: Vec<_> = systems::ALL.iter().filter(|s| s.attr(key).is_some()).map(|s| s.name).collect();
                let message = format!("{} knows no attribute {}", spec.name, quoted(key));
                let diagnostic = Diagnostic::error("unknown-attribute", message, place);
                if theirs.is_empty() { diagnostic } else { diagnostic.hint(format!("it is an attribute of {}", theirs.join(", "))) }
            }
            _ if self.room == Room::Account && path == "/lints" && key == "off" => {
                Diagnostic::error("unknown-key", "no lint is called `off`", place).hint("`off` is said of each code: `not-reviewed: off`")
            }
            _ => Diagnostic::error("unknown-key", format!("unknown key {}", quoted(key)), place),
        };
        let diagnostic = match (nearest(key, known.iter().copied()), &diagnostic.hint) {
            (Some(near), None) => diagnostic.hint(format!("did you mean `{near}`?")),
            _ => diagnostic,
        };
        if known.is_empty() { diagnostic } else { diagnostic.expected(format!("one of {}", known.join(", "))) }
    }

    fn missing_key(&self, key: &str, at: Cursor<'_>) -> Diagnostic {
        let diagnostic = Diagnostic::error("missing-key", format!("the key `{key}` is missing"), at.key_place());
        match self.spec.and_then(|s| s.attr(key)) {
            Some(attr) => match attr.kind.fixed() {
                Some(words) => {
                    let words: Vec<_> = words.iter().filter(|w| w.assignable).map(|w| w.word).collect();
                    diagnostic.expected(format!("`{key}`: {}", words.join(", ")))
                }
                None => diagnostic,
            },
            None => diagnostic,
        }
    }
}

/// A key or word of the contract that is not built.
pub(super) fn not_yet(word: &str, place: Place) -> Diagnostic {
    Diagnostic::error("not-yet-supported", format!("{} is not supported yet", quoted(word)), place)
        .hint("this version would ignore it: leave it out")
}

/// A value of another kind than its place takes.
pub(super) fn wrong_type(at: Cursor<'_>, expected: &str) -> Diagnostic {
    if at.is_null() {
        let list = expected.contains("list");
        let hint = if list {
            "write `[]` for none, or leave the key out to leave this alone"
        } else {
            "write a value, or leave the key out; a text that reads as nothing wants quotes"
        };
        return Diagnostic::error("no-value", "this key has no value", at.key_place()).expected(expected).hint(hint);
    }
    Diagnostic::error("wrong-type", format!("{} where {expected} is expected", at.found()), at.start_place()).expected(expected)
}

fn expected(kind: &TypeKind) -> String {
    let words: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|t| t.to_string()).collect(),
    };
    if words.iter().any(|w| w == "string") {
        return "a text".into();
    }
    match words.first().map_or("", String::as_str) {
        "array" => "a list".into(),
        "object" => "a mapping".into(),
        "boolean" => "true or false".into(),
        "integer" | "number" => "a whole number".into(),
        _ => "another value".into(),
    }
}

/// From JSON pointers to positions; large mappings get an index at their first use, so that many
/// errors in one of them take no longer than one.
#[derive(Default)]
struct Ways<'a> {
    indexes: HashMap<NodeId, HashMap<&'a str, &'a Entry<'a>>>,
}

impl<'a> Ways<'a> {
    fn walk(&mut self, from: Cursor<'a>, pointer: &str) -> Option<Cursor<'a>> {
        let mut at = from;
        for part in pointer.split('/').skip(1) {
            at = if part.contains('~') { self.step(at, &part.replace("~1", "/").replace("~0", "~"))? } else { self.step(at, part)? };
        }
        Some(at)
    }
    fn step(&mut self, at: Cursor<'a>, part: &str) -> Option<Cursor<'a>> {
        const FEW: usize = 16;
        match at.node() {
            Node::Map(entries) if entries.len() <= FEW => at.get(part),
            Node::Map(entries) => {
                let index = self.indexes.entry(at.item.value).or_insert_with(|| entries.iter().map(|e| (&*e.key, e)).collect());
                let entry = index.get(part)?;
                Some(Cursor { file: at.file, item: entry.item, key_at: Some(entry.key_at) })
            }
            Node::List(items) => Some(Cursor { file: at.file, item: *items.get(part.parse::<usize>().ok()?)?, key_at: None }),
            Node::Scalar(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_compiles() {
        Shape::file();
        for spec in systems::ALL.iter().copied().map(Some).chain([None]) {
            Shape::connection(spec);
            Shape::account(spec);
            Shape::section(spec);
        }
    }
}
