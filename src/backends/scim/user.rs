use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::offer::Offer;
use crate::model::{Atom, Email, Incomplete, Key, Keyed, Known, Live, Name, Phase, Value, is_unprintable};

pub(super) const NAME: Key = "name";
pub(super) const ROLE: Key = "role";

/// A system's roles and what they are called through SCIM (SYSTEMS.md I13).
pub(super) type Roles = &'static [(&'static str, &'static str)];

/// One User resource as the server shows it, whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct User {
    /// Where it stands: `/Users/{id}`. Never of dots.
    pub id: Atom,
    pub email: Email,
    pub active: bool,
    /// The values of `roles`, each once. By convention there is one.
    pub roles: BTreeSet<String>,
    /// `None` where the server shows none: the person has not registered (I8), or it is kept back.
    pub name: Option<Name>,
    /// The version that the resource names itself by, for `If-Match`.
    pub version: Option<String>,
    pub document: Map<String, Json>,
}

impl User {
    /// Reads a resource. A user whose `userName` is no address makes the whole reading incomplete:
    /// one that cannot be named could not be planned for, and leaving it out would hide an access.
    pub(super) fn parse(resource: &Json) -> Result<Self, Incomplete> {
        let unexpected = |what: String| Incomplete::new("unexpected", what);
        let Json::Object(document) = resource else { return Err(unexpected("a user is no JSON object".into())) };
        let id = field(resource, "id").and_then(Json::as_str).unwrap_or_default();
        let id = Atom::new(id).ok().filter(|id| !matches!(id.as_str(), "." | ".."));
        let id = id.ok_or_else(|| unexpected("a user has no `id` that could stand in a path".into()))?;
        let user_name = field(resource, "userName").and_then(Json::as_str).unwrap_or_default();
        let email = Email::parse(user_name)
            .map_err(|why| unexpected(format!("user {id}: the userName `{}` is no address: {why}", shown(user_name))))?;
        let active = match field(resource, "active") {
            None | Some(Json::Null) => true,
            Some(Json::Bool(b)) => *b,
            Some(Json::String(s)) if s.eq_ignore_ascii_case("true") => true,
            Some(Json::String(s)) if s.eq_ignore_ascii_case("false") => false,
            Some(_) => return Err(unexpected(format!("user {email}: `active` is neither true nor false"))),
        };
        let roles = match field(resource, "roles") {
            None | Some(Json::Null) => BTreeSet::new(),
            Some(Json::Array(list)) => {
                let value = |r: &Json| Some(r.as_str().or_else(|| field(r, "value")?.as_str())?.to_owned());
                let values: Option<BTreeSet<String>> = list.iter().map(value).collect();
                values.ok_or_else(|| unexpected(format!("user {email}: one of `roles` has no `value`")))?
            }
            Some(_) => return Err(unexpected(format!("user {email}: `roles` is no list"))),
        };
        let version = field(resource, "meta").and_then(|m| field(m, "version")?.as_str()).map(str::to_owned);
        Ok(Self { id, email, active, roles, name: name(resource), version, document: document.clone() })
    }

    /// The member that this is. What SCIM does not show (groups, PII, end, invitations) is missing,
    /// so unreadable; pending people look active (I13). No role, or several, is hidden: who holds
    /// what then is not known here.
    pub(super) fn live(&self, roles: Roles) -> Live {
        let role = self.role(roles).map_or(Known::Hidden, |r| Known::Seen(Value::One(r)));
        let name = self.name.clone().map_or(Known::Hidden, |n| Known::Seen(Value::Text(n)));
        Live {
            email: self.email.clone(),
            id: Some(self.id.clone()),
            phase: if self.active { Phase::Active } else { Phase::Suspended },
            attrs: Keyed::from([(NAME, name), (ROLE, role)]),
        }
    }

    /// The one role. A value that the system's table lacks stays as the server spells it, so that a
    /// plan shows it; where it could be taken for a role of ours, nothing is said.
    fn role(&self, roles: Roles) -> Option<Atom> {
        let mut values = self.roles.iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        match roles.iter().find(|(_, theirs)| theirs == value) {
            Some((ours, _)) => Some(Atom::literal(ours)),
            None if roles.iter().any(|(ours, _)| ours == value) => None,
            None => Atom::new(value).ok(),
        }
    }

    /// Whether the role is this one, and no other beside it.
    pub(super) fn has_only(&self, value: &str) -> bool {
        self.roles.len() == 1 && self.roles.contains(value)
    }

    /// A field of the document, whatever the case of its name.
    pub(super) fn part(&self, name: &str) -> Option<&Json> {
        self.document.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The document as a PUT sends it: all that came, without what the server alone writes, so
    /// that no field is wiped by being left out.
    pub(super) fn whole(&self, offer: &Offer) -> Map<String, Json> {
        let sent = |key: &str| !key.eq_ignore_ascii_case("meta") && !offer.is_read_only(key);
        self.document.iter().filter(|(k, _)| sent(k)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// The roles as the server spells them, for a person.
    pub(super) fn role_words(&self) -> String {
        if self.roles.is_empty() {
            return "no role".into();
        }
        self.roles.iter().map(|r| format!("`{}`", shown(r))).collect::<Vec<_>>().join(", ")
    }
}

fn name(resource: &Json) -> Option<Name> {
    let text = |of: &Json, key: &str| field(of, key).and_then(Json::as_str).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let part = |key: &str| text(field(resource, NAME)?, key);
    match (part("givenName"), part("familyName")) {
        (None, None) => part("formatted").or_else(|| text(resource, "displayName")).map(|n| Name::new(&n)),
        (given, family) => Some(Name::of(&given.unwrap_or_default(), &family.unwrap_or_default())),
    }
}

/// A field by its name, whatever its case (RFC 7643 §2.1).
pub(super) fn field<'a>(of: &'a Json, name: &str) -> Option<&'a Json> {
    let object = of.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// A text from the server, short and on one line.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}
