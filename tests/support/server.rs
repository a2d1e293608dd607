//! Calls straight to the account's server, past every manifest and plan.

use jiff::Timestamp;
use portcullis::model::{Assign, Atom, Attrs, Call, Channel, Domain, Key, Name, Subject, Value, Verb};
use portcullis::sandbox::Answer;
use portcullis::systems::{Kind, SystemSpec};
use serde_json::{Value as Json, json};

use super::world::{World, email};

/// One act, with the attributes as JSON: `{ "role": "editor", "subaccounts": ["emea"] }`, and
/// `{ "subaccounts": { "add": ["apac"], "remove": [] } }` for a difference.
pub struct Act {
    verb: Verb,
    on: Subject,
    set: Json,
}

fn act(verb: Verb, who: &str, set: Json) -> Act {
    Act { verb, on: Subject::Member(email(who)), set }
}
pub fn invite(who: &str, set: Json) -> Act {
    act(Verb::Invite, who, set)
}
pub fn set(who: &str, set: Json) -> Act {
    act(Verb::Set, who, set)
}
pub fn edit_invitation(who: &str, set: Json) -> Act {
    act(Verb::EditInvitation, who, set)
}
pub fn restore(who: &str, set: Json) -> Act {
    act(Verb::Restore, who, set)
}
pub fn resend(who: &str) -> Act {
    act(Verb::Resend, who, json!({}))
}
pub fn delete(who: &str) -> Act {
    act(Verb::Delete, who, json!({}))
}
pub fn allow(domain: &str) -> Act {
    Act { verb: Verb::AllowDomain, on: Subject::Domain(Domain::parse(domain).expect("a domain")), set: json!({}) }
}
pub fn disallow(domain: &str) -> Act {
    Act { verb: Verb::DisallowDomain, on: Subject::Domain(Domain::parse(domain).expect("a domain")), set: json!({}) }
}

/// The account's server, as one actor meets it.
pub struct Server<'w> {
    pub(super) world: &'w World,
    pub(super) account: &'static str,
    pub(super) now: Timestamp,
}

impl Server<'_> {
    #[must_use]
    pub fn answers(&self, act: Act) -> Answer {
        let answer = self.world.sandbox(self.account, |sandbox, host| {
            let attrs = act.set.as_object().expect("attributes");
            let set = attrs.iter().map(|(key, json)| assign(host.spec, key, json)).collect();
            let call = Call { verb: act.verb, label: "by hand".into(), set, channel: Channel::Api, mails: false };
            sandbox.call(host, self.now, &act.on, &call)
        });
        answer.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The server does it.
    pub fn takes(&self, act: Act) -> &Self {
        let answer = self.answers(act);
        assert!(matches!(answer, Answer::Done | Answer::Linked(_)), "{answer:?}");
        self
    }

    /// The server says no, and `why` is in its words.
    pub fn refuses(&self, act: Act, why: &str) -> &Self {
        match self.answers(act) {
            Answer::Refused(no) => assert!(no.contains(why), "`{no}` does not say `{why}`"),
            answer => panic!("{answer:?} instead of a refusal that says `{why}`"),
        }
        self
    }
}

fn assign(spec: &'static SystemSpec, key: &str, json: &Json) -> (Key, Assign) {
    let attr = spec.attr(key).unwrap_or_else(|| panic!("no attribute {key}"));
    let assign = match json.get("add").zip(json.get("remove")) {
        Some((add, remove)) => Assign::Delta { add: words(add), remove: words(remove) },
        None => Assign::To(value(&attr.kind, json)),
    };
    (attr.key, assign)
}

fn words(json: &Json) -> std::collections::BTreeSet<Atom> {
    json.as_array().expect("a list").iter().map(|w| Atom::new(w.as_str().expect("a word")).expect("a word")).collect()
}

/// Attributes from their JSON.
pub(super) fn attrs_of(spec: &'static SystemSpec, json: &Json) -> Attrs {
    let of = |(key, json): (&String, &Json)| {
        let attr = spec.attr(key).unwrap_or_else(|| panic!("no attribute {key}"));
        (attr.key, value(&attr.kind, json))
    };
    json.as_object().expect("attributes").iter().map(of).collect()
}

fn value(kind: &Kind, json: &Json) -> Value {
    let text = || json.as_str().unwrap_or_else(|| panic!("{json} is no text"));
    match kind {
        Kind::One(_) => Value::One(Atom::new(text()).expect("a word")),
        Kind::Set { .. } => Value::Set(words(json)),
        Kind::Flag => Value::Flag(json.as_bool().expect("true or false")),
        Kind::Day if json.is_null() => Value::Day(None),
        Kind::Day => Value::Day(Some(text().parse().expect("a day"))),
        Kind::Text => Value::Text(Name::new(text())),
        Kind::Opaque => Value::Opaque(json.clone()),
    }
}
