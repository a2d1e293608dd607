//! `connections.NAME`: where and as whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, PathBuf};

use super::Shapes;
use super::attribute::{self, Rule};
use super::roster;
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::{not_yet, wrong_type};
use crate::manifest::{Auth, BackendName, Connection, Diagnostic, Links, Reached, read};
use crate::model::{Atom, Attrs, Email, Key, Located, NotARecipient, Place, Recipient, Value};
use crate::systems::{self, Kind, Mails, SystemSpec, TenantsSpec, Words};

/// Backends that the documents name and this version does not have yet.
const NOT_YET: &[&str] = &["keycloak", "meta-graphql", "emma-api"];

/// A connection as the accounts see it, whatever of it was right.
pub(super) struct Declared {
    pub spec: Option<&'static SystemSpec>,
    /// What is stated of the tenant.
    pub facts: BTreeMap<Key, Value>,
    pub has_zone: bool,
    pub backend: Option<BackendName>,
    pub zone: Option<jiff::tz::TimeZone>,
    pub at: Place,
    pub done: Option<Connection>,
}

pub(super) fn lower(shapes: &mut Shapes, at: Cursor<'_>, sink: &mut Sink) -> Declared {
    let mut declared =
        Declared { spec: None, facts: BTreeMap::new(), has_zone: false, backend: None, zone: None, at: at.key_place(), done: None };
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping"));
        return declared;
    }
    declared.spec = at.get("system").and_then(|system| self::system(sink, system));
    shapes.connection(declared.spec).check(at, sink);
    let backend = at.get("backend").and_then(|b| backend(sink, b));
    declared.backend = backend;
    declared.has_zone = at.get("timezone").is_some();
    declared.zone = at.get("timezone").and_then(|zone| read::zone(sink, zone));
    if let Some(spec) = declared.spec {
        declared.facts = facts(spec, at, sink);
    }
    if let Some(backend) = backend.filter(|b| !b.is_network()) {
        for (key, why) in [("auth", "signs in nowhere"), ("expect", "has nobody and nothing to expect")] {
            if let Some(value) = at.get(key) {
                let message = format!("the backend `{}` {why}", backend.word());
                let diagnostic = Diagnostic::error("not-for-this-backend", message, value.key_place());
                sink.say(diagnostic.hint(format!("leave `{key}` out")));
            }
        }
    }
    let auth = at.get("auth").map_or(Some(Auth::Token), |auth| self::auth(sink, auth));
    let endpoint = self::endpoint(sink, at, backend);
    let expect = at.get("expect");
    let expect_tenant = expect.and_then(|e| e.get("tenant")).and_then(|t| read::plain(sink, t)).map(Into::into);
    let expect_actor = expect.and_then(|e| e.get("actor")).and_then(|a| read::email(sink, a)).map(|a| a.value);
    let file = file(sink, at, backend);
    let links = declared.spec.and_then(|spec| links(sink, spec, at, backend, &declared.facts));
    let roster = roster::lower(sink, at, declared.spec, backend, &declared.facts);
    let Some(spec) = declared.spec else { return declared };
    if let (Some(backend), Some(system)) = (backend, at.get("backend"))
        && !spec.backends.contains(&backend.word())
    {
        let message = format!("{} is not reached through `{}` yet", spec.name, backend.word());
        sink.say(Diagnostic::error("not-yet-supported", message, system.place()).expected(read::one_of(spec.backends.iter().copied())));
    }
    let (actor_member, actor) = at.get("actor").map_or_else(Default::default, |actor| self::actor(sink, spec, actor, &declared.facts));
    let host = at.get("host").zip(spec.tenants.as_ref());
    let delegated = host.and_then(|(host, tenants)| self::host(sink, tenants, host, at.get("actor"), &actor));
    if let (Some(backend), Some(auth)) = (backend, auth) {
        let done = Connection {
            spec,
            backend,
            zone: declared.zone.clone(),
            actor_member,
            actor,
            delegated,
            auth,
            endpoint,
            expect_tenant,
            expect_actor,
            file,
            roster,
            links,
            facts: declared.facts.clone(),
            at: at.key_place(),
        };
        if let Some(actor) = at.get("actor") {
            without_scope(sink, &done, actor);
        }
        declared.done = Some(done);
    }
    declared
}

/// An actor that does not see everyone, and of whom nobody says whom it sees (SYSTEMS.md E2, E3).
fn without_scope(sink: &mut Sink, connection: &Connection, at: Cursor<'_>) {
    let tenant = Reached { name: &Atom::literal("?"), connection, tenant: None }.tenant();
    let scopes: Vec<Key> = connection.spec.attrs.iter().filter(|a| a.is_scope() && a.is_held_by_actors()).map(|a| a.key).collect();
    if (connection.spec.sees_all)(&tenant) || scopes.is_empty() || scopes.iter().any(|key| at.get(key).is_some()) {
        return;
    }
    let keys = scopes.join("` or `");
    let message = format!("the actor does not see everyone, and `{keys}` does not say whom: it is taken to hold none");
    let hint = format!("write `{keys}` in `actor`: those that the identity which portcullis signs in as holds");
    sink.say(Diagnostic::warning("actor-without-scope", message, at.key_place()).hint(hint));
}

/// Two network connections that read one variable: the token of one server would go to the other.
pub(super) fn shared_tokens<'c>(connections: impl Iterator<Item = (&'c Atom, &'c Connection)>, sink: &mut Sink) {
    let mut first: HashMap<String, &Connection> = HashMap::new();
    for (name, connection) in connections.filter(|(_, c)| c.backend.is_network() && c.auth == Auth::Token) {
        let variable = Connection::as_variable(name.as_str());
        match first.get(&variable) {
            Some(other) => {
                let message = format!("{} takes its token from the variable of another connection", quoted(name.as_str()));
                sink.say(
                    Diagnostic::error("token-shared", message, connection.at.clone())
                        .hint("rename one of them, or give it an `auth` of its own")
                        .related(other.at.clone(), "the other connection"),
                );
            }
            None => {
                first.insert(variable, connection);
            }
        }
    }
}

fn system(sink: &mut Sink, at: Cursor<'_>) -> Option<&'static SystemSpec> {
    let found = read::text(sink, at)?;
    let spec = systems::find(found);
    if spec.is_none() {
        sink.say(if systems::NOT_YET.contains(&found) {
            not_yet(found, at.place())
        } else {
            read::unknown_word(found, systems::ALL.iter().map(|s| s.name), at)
        });
    }
    spec
}

fn backend(sink: &mut Sink, at: Cursor<'_>) -> Option<BackendName> {
    let found = read::text(sink, at)?;
    if NOT_YET.contains(&found) {
        sink.say(not_yet(found, at.place()));
        return None;
    }
    let built = [BackendName::Embedded, BackendName::Bridge, BackendName::Scim, BackendName::Roster].map(|b| (b.word(), b));
    read::word(sink, at, &built)
}

/// Facts about the tenant, as the system's literals name them.
fn facts(spec: &'static SystemSpec, at: Cursor<'_>, sink: &mut Sink) -> BTreeMap<Key, Value> {
    let mut facts = BTreeMap::new();
    for fact in spec.facts {
        let Some(value) = at.get(fact.key) else { continue };
        if let Some(value) = attribute::value(sink, value, &fact.kind, Rule::Held(&facts)) {
            facts.insert(fact.key, value);
        }
    }
    for fact in spec.facts {
        let Some((other, word)) = fact.with else { continue };
        let holds =
            facts.get(other).is_some_and(|v| v.as_one().is_some_and(|a| *a == word) || v.as_set().is_some_and(|s| s.contains(word)));
        match (holds, at.get(fact.key), at.get(other)) {
            (false, Some(value), _) => {
                sink.say(Diagnostic::error("missing-fact", format!("`{}` belongs to `{other}: {word}`", fact.key), value.key_place()));
            }
            (true, None, Some(value)) => {
                sink.say(Diagnostic::error("missing-fact", format!("`{other}: {word}` needs `{}`", fact.key), value.place()));
            }
            _ => {}
        }
    }
    facts
}

/// The actor: its own address, and what it holds. `role` is the system's chief attribute, whatever
/// that is called there.
fn actor(sink: &mut Sink, spec: &'static SystemSpec, at: Cursor<'_>, facts: &BTreeMap<Key, Value>) -> (Option<Email>, Attrs) {
    let member = at.get("member").and_then(|m| read::email(sink, m)).map(|m| m.value);
    let mut attrs = Attrs::new();
    let chief = spec.chief();
    for attr in spec.attrs.iter().filter(|a| a.is_held_by_actors()) {
        if let Some(value) = at.get(attr.key)
            && let Some(value) = attribute::value(sink, value, &attr.kind, Rule::Held(facts))
        {
            attrs.insert(attr.key, value);
        }
    }
    for limit in spec.actors {
        let Some(value) = at.get(limit.attr) else { continue };
        let holds =
            |value: Option<&Value>, words: &[&str]| value.and_then(Value::as_one).is_some_and(|word| words.contains(&word.as_str()));
        if holds(attrs.get(limit.attr), limit.words) && !holds(facts.get(limit.with), limit.one_of) {
            let needs = limit.one_of.iter().map(|word| format!("`{}: {word}`", limit.with)).collect::<Vec<_>>().join(" or ");
            let message = format!("as {} portcullis works with {needs} alone", quoted(value.text().unwrap_or_default()));
            let hint = format!("write {needs} in this connection, or the role that the actor really has");
            sink.say(Diagnostic::error("missing-fact", message, value.place()).hint(hint));
        }
    }
    if chief.key != "role"
        && let Some(role) = at.get("role")
    {
        if let Some(other) = at.get(chief.key) {
            let message = format!("`role` and `{}` are the same here: write one of them", chief.key);
            sink.say(Diagnostic::error("exactly-one", message, role.key_place()).related(other.key_place(), "the other one"));
        } else if let Some(value) = attribute::single(sink, role, chief, Rule::Held(facts)) {
            attrs.insert(chief.key, value);
        }
    }
    (member, attrs)
}

/// `host`: the actor works for the host of several tenants (SYSTEMS.md M4). It stands
/// for one role in each that delegated, and is a member of none.
fn host(sink: &mut Sink, tenants: &TenantsSpec, at: Cursor<'_>, actor: Option<Cursor<'_>>, held: &Attrs) -> Option<BTreeSet<Atom>> {
    let (key, word) = tenants.stands_for;
    if let (Some(written), Some(Value::One(found))) = (actor.and_then(|actor| actor.get(key)), held.get(key))
        && *found != word
    {
        let message = format!("a host's actor stands for `{key}: {word}` in each account that delegated, and for no other");
        let hint = format!("write `{key}: {word}`, or leave `{key}` out; leave `host` out where the actor is a member of the account");
        sink.say(Diagnostic::error("exactly-one", message, written.key_place()).related(at.key_place(), "the host").hint(hint));
    }
    let listed = at.get("delegated")?;
    let kind = Kind::Set { words: Words::Discovered, denies: false };
    let delegated = attribute::value(sink, listed, &kind, Rule::Found)?;
    delegated.as_set().cloned()
}

fn auth(sink: &mut Sink, at: Cursor<'_>) -> Option<Auth> {
    const EXPECTED: &str = "`token`, `{file: PATH}` or `{command: [PROGRAM, ARGUMENT]}`";
    let Some(mut keys) = at.map() else {
        return match at.text() {
            Some("token") => Some(Auth::Token),
            Some(found) => {
                sink.say(
                    Diagnostic::error("unknown-word", format!("{} is no source of a token", quoted(found)), at.place()).expected(EXPECTED),
                );
                None
            }
            None => {
                sink.say(wrong_type(at, EXPECTED));
                None
            }
        };
    };
    match (keys.next(), keys.next()) {
        (Some(("file", file)), None) => Some(Auth::File(Located::new(PathBuf::from(read::plain(sink, file)?), file.place()))),
        (Some(("command", command)), None) => {
            let items: Vec<_> = read::list(sink, command)?.collect();
            let words: Vec<String> = items.iter().filter_map(|item| read::text(sink, *item)).map(Into::into).collect();
            if items.is_empty() {
                sink.say(Diagnostic::error("wrong-value", "a command without a program", command.place()).expected(EXPECTED));
            }
            (!words.is_empty() && words.len() == items.len()).then(|| Auth::Command(Located::new(words, command.place())))
        }
        (Some((key, value)), None) => {
            sink.say(Diagnostic::error("unknown-key", format!("unknown key {}", quoted(key)), value.key_place()).expected(EXPECTED));
            None
        }
        (None, _) => {
            sink.say(Diagnostic::error("exactly-one", "no source of a token", at.place()).expected(EXPECTED));
            None
        }
        (Some(_), Some((_, second))) => {
            sink.say(Diagnostic::error("exactly-one", "more than one source of a token", second.key_place()).expected(EXPECTED));
            None
        }
    }
}

/// Required for network backends, refused for the others.
fn endpoint(sink: &mut Sink, at: Cursor<'_>, backend: Option<BackendName>) -> Option<Located<url::Url>> {
    let found = at.get("endpoint");
    match (found, backend) {
        (Some(value), Some(backend)) if !backend.is_network() => {
            let message = format!("the backend `{}` has no endpoint", backend.word());
            sink.say(Diagnostic::error("not-for-this-backend", message, value.key_place()).hint("leave `endpoint` out"));
            None
        }
        (None, Some(backend)) if backend.is_network() => {
            let message = format!("the key `endpoint` is missing: the backend `{}` needs one", backend.word());
            sink.say(Diagnostic::error("missing-key", message, at.key_place()).expected("an address like https://example.net/scim/v2"));
            None
        }
        (Some(value), _) => {
            let text = read::plain(sink, value)?;
            let bad = |why: &str| {
                Diagnostic::error("bad-endpoint", why.to_string(), value.place()).expected("an address like https://example.net/scim/v2")
            };
            let problem = match url::Url::parse(text) {
                Err(_) => bad("this is no address of a server"),
                Ok(url) if !matches!(url.scheme(), "https" | "http") || url.host().is_none() => bad("an endpoint is an https address"),
                Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                    bad("an endpoint holds no user name and no password").hint("secrets come from `auth`")
                }
                Ok(url) if url.query().is_some() || url.fragment().is_some() => bad("an endpoint has no query and no fragment"),
                Ok(url) => return Some(Located::new(url, value.place())),
            };
            sink.say(problem);
            None
        }
        (None, _) => None,
    }
}

/// The embedded database: below the folder of the manifests. A roster reads its own.
fn file(sink: &mut Sink, at: Cursor<'_>, backend: Option<BackendName>) -> Option<PathBuf> {
    let value = at.get("file")?;
    if backend.is_some_and(BackendName::is_network) {
        sink.say(
            Diagnostic::error("not-for-this-backend", "only accounts in files have a `file`", value.key_place()).hint("leave `file` out"),
        );
        return None;
    }
    if backend == Some(BackendName::Roster) {
        return None;
    }
    below(sink, value, "the database")
}

/// Where links, and other secrets to hand over, are written. Without it a link that nothing mails would be lost.
fn links(
    sink: &mut Sink,
    spec: &'static SystemSpec,
    at: Cursor<'_>,
    backend: Option<BackendName>,
    facts: &BTreeMap<Key, Value>,
) -> Option<Links> {
    if !spec.shows_secrets() {
        return None;
    }
    // Whoever makes the steps of a runbook copies the links in the console.
    if backend == Some(BackendName::Roster) {
        if let Some(found) = at.get("links") {
            let message = "the backend `roster` sends no invitation, so there is no link to write";
            sink.say(Diagnostic::error("not-for-this-backend", message, found.key_place()).hint("leave `links` out"));
        }
        return None;
    }
    let Some(found) = at.get("links") else {
        if spec.invitation.link
            && let Mails::If(fact) = spec.invitation.mails
            && facts.get(fact).and_then(Value::as_flag) != Some(true)
        {
            let message = format!("without `{fact}: true` nothing mails the links of invitations, and `links` is missing");
            sink.say(
                Diagnostic::error("missing-fact", message, at.key_place())
                    .hint(format!("add `links: {{directory: .portcullis/links}}`, or `{fact}: true` where the host sends mail")),
            );
        }
        return None;
    };
    let recipient = found.get("recipient").map(|value| self::recipient(sink, value));
    let directory = found.get("directory").and_then(|value| below(sink, value, "the links"));
    let recipient = match recipient {
        // Nothing is written in the clear because a key was mistyped.
        Some(found) => Some(found?),
        None => None,
    };
    Some(Links { directory: directory?, recipient })
}

/// The key that links are encrypted to. A secret one is named in no message.
fn recipient(sink: &mut Sink, at: Cursor<'_>) -> Option<Recipient> {
    let text = read::plain(sink, at)?;
    let bad = |why: String| {
        Diagnostic::error("bad-recipient", why, at.place()).expected("an age key like `age1...`, as `age-keygen -y` prints it")
    };
    sink.say(match Recipient::parse(text) {
        Ok(recipient) => return Some(recipient),
        Err(NotARecipient::Secret) => bad("this is the secret half of an age key".into())
            .hint("write the other half, and make a new pair: whoever reads the manifests can read what is encrypted to this one"),
        Err(NotARecipient::LowOrder) => bad(format!("nothing can be encrypted to {}", quoted(text))),
        Err(NotARecipient::Other) => bad(format!("{} is no age key", quoted(text))),
    });
    None
}

/// A path that stays below the folder of the manifests.
pub(super) fn below(sink: &mut Sink, value: Cursor<'_>, what: &str) -> Option<PathBuf> {
    let path = PathBuf::from(read::plain(sink, value)?);
    // a manifest may come from anybody, and applying makes the file and the folders above it
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        let message = format!("{what} would be outside the folder of the manifests");
        let diagnostic = Diagnostic::error("outside-the-folder", message, value.place());
        sink.say(diagnostic.expected("a path below the folder of the manifests, without `..`"));
        return None;
    }
    Some(path)
}
