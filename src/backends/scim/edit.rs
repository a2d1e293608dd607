use serde_json::{Map, Value as Json, json};

use super::offer::Offer;
use super::user::{NAME, ROLE, Roles, User, field};
use crate::model::{Assign, Call, Email, Name, Value, Verb};

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What shall be so of one user after a call, and the documents that ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub active: Option<bool>,
    /// The server's word for it.
    pub role: Option<&'static str>,
    pub name: Option<Name>,
}

impl Wanted {
    /// What a call asks for, if the server can be told.
    ///
    /// # Errors
    /// In words for a person; nothing was sent.
    pub(super) fn of(call: &Call, roles: Roles, offer: &Offer) -> Result<Self, String> {
        let mut wanted = Self { active: matches!(call.verb, Verb::Invite | Verb::Restore).then_some(true), ..Self::default() };
        if call.verb == Verb::Deactivate {
            wanted.active = Some(false);
        }
        for (key, to) in &call.set {
            match (*key, to) {
                (ROLE, Assign::To(Value::One(role))) => {
                    let theirs = roles.iter().find(|(ours, _)| *role == *ours).map(|(_, theirs)| *theirs);
                    wanted.role = Some(theirs.ok_or_else(|| format!("no value of SCIM is known for the role `{role}`"))?);
                }
                (NAME, Assign::To(Value::Text(name))) => wanted.name = Some(name.clone()),
                (other, _) => return Err(format!("SCIM cannot carry `{other}`")),
            }
        }
        let used = [("active", wanted.active.is_some()), ("roles", wanted.role.is_some()), ("name", wanted.name.is_some())];
        match used.into_iter().find(|(attribute, used)| *used && !offer.has(attribute)) {
            // An invited user is active by being there.
            Some(("active", _)) if call.verb == Verb::Invite => Ok(wanted),
            Some((attribute, _)) => Err(format!("the server's schema of a User has no `{attribute}` that could be written")),
            None => Ok(wanted),
        }
    }

    /// What of it is not so, for a person; `None` where all of it is.
    pub(super) fn missing(&self, user: &User) -> Option<String> {
        let mut missing = Vec::new();
        if self.active.is_some_and(|a| a != user.active) {
            missing.push(format!("the user is {}", if user.active { "active" } else { "not active" }));
        }
        if self.role.is_some_and(|r| !user.has_only(r)) {
            missing.push(format!("the role is {}", user.role_words()));
        }
        if self.name.as_ref().is_some_and(|n| user.name.as_ref() != Some(n)) {
            missing.push("the name is another".to_owned());
        }
        if missing.is_empty() { None } else { Some(missing.join(" and ")) }
    }

    /// The document of a new user: the address, active, the role; nothing that the schema lacks.
    pub(super) fn create(&self, email: &Email, offer: &Offer) -> Json {
        let mut document = Map::from_iter([("schemas".to_owned(), json!([CORE_USER])), ("userName".to_owned(), email.key().into())]);
        if offer.has("active") {
            document.insert("active".into(), true.into());
        }
        if offer.requires("emails") {
            document.insert("emails".into(), json!([{ "value": email.key(), "primary": true }]));
        }
        self.put_into(&mut document);
        document.into()
    }

    /// All of it in one PATCH (RFC 7644 §3.5.2), so that no moment shows half of it.
    pub(super) fn patch(&self, now: &User) -> Json {
        let mut operations = Vec::new();
        let mut replace = |path: &str, value: Json| operations.push(json!({ "op": "replace", "path": path, "value": value }));
        if let Some(active) = self.active {
            replace("active", active.into());
        }
        if let Some(role) = self.role {
            replace("roles", roles_of(role));
        }
        for (part, text) in self.name.iter().flat_map(|n| name_parts(n, now.part(NAME))) {
            let path = format!("{NAME}.{part}");
            match text {
                Some(text) => operations.push(json!({ "op": "replace", "path": path, "value": text })),
                None => operations.push(json!({ "op": "remove", "path": path })),
            }
        }
        json!({ "schemas": [PATCH_OP], "Operations": operations })
    }

    /// The whole document with it in, for servers without PATCH.
    pub(super) fn put(&self, now: &User, offer: &Offer) -> Json {
        let mut document = now.whole(offer);
        if let Some(active) = self.active {
            set(&mut document, "active", active.into());
        }
        self.put_into(&mut document);
        document.into()
    }

    fn put_into(&self, document: &mut Map<String, Json>) {
        if let Some(role) = self.role {
            set(document, "roles", roles_of(role));
        }
        if let Some(name) = &self.name {
            let now = document.iter().find(|(k, _)| k.eq_ignore_ascii_case(NAME)).map(|(_, v)| v.clone());
            let mut parts = now.as_ref().and_then(Json::as_object).cloned().unwrap_or_default();
            for (part, text) in name_parts(name, now.as_ref()) {
                parts.retain(|k, _| !k.eq_ignore_ascii_case(part));
                parts.extend(text.map(|t| (part.to_owned(), Json::from(t))));
            }
            set(document, NAME, parts.into());
        }
    }
}

/// Puts a field in place of the one whose name differs by case at most (RFC 7643 §2.1).
fn set(document: &mut Map<String, Json>, key: &str, value: Json) {
    document.retain(|k, _| !k.eq_ignore_ascii_case(key));
    document.insert(key.into(), value);
}

/// `roles` as the convention of I13 has it.
fn roles_of(value: &str) -> Json {
    json!([{ "value": value, "primary": true }])
}

/// The parts of a name to write; `None` takes one away. `formatted` is kept in step where it is used.
fn name_parts(name: &Name, now: Option<&Json>) -> Vec<(&'static str, Option<String>)> {
    let has = |part: &str| now.and_then(|n| field(n, part)).is_some_and(|p| !p.is_null());
    let (given, family) = name.split();
    let mut parts = Vec::new();
    for (part, text) in [("givenName", given), ("familyName", family)] {
        if !text.is_empty() {
            parts.push((part, Some(text.to_owned())));
        } else if has(part) {
            parts.push((part, None));
        }
    }
    if has("formatted") {
        parts.push(("formatted", Some(name.as_str().to_owned())));
    }
    parts
}
