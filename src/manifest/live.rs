//! LIVE.yaml: the state that `sandbox load` puts into embedded accounts (CONTRACT.md, "The embedded
//! sandbox"). The same arena and the same attributes as manifests; words need not be assignable,
//! for here they are found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::cursor::{Cursor, Sink};
use super::diagnostic::quoted;
use super::lower::attribute::{self, Rule};
use super::lower::parse;
use super::shape::wrong_type;
use super::{BackendName, Connection, Diagnostic, Manifests, Reached, read};
use crate::model::{Atom, Attrs, Domains, Email, Place, Source};

/// Live state by account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveDoc {
    pub accounts: BTreeMap<Atom, LiveAccountDoc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAccountDoc {
    /// `None` where the file says nothing.
    pub domains: Option<Domains>,
    pub members: Vec<LiveMemberDoc>,
    pub fault: Option<Fault>,
    /// Whether its users are delegated to the host; as the connection says where it is not said.
    pub delegates: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMemberDoc {
    pub email: Email,
    pub phase: LivePhase,
    /// Name and end included.
    pub attrs: Attrs,
    /// When the invitation went out.
    pub invited: Option<Timestamp>,
    pub attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LivePhase {
    Pending,
    #[default]
    Active,
    Locked,
    Expired,
    Suspended,
}

impl LivePhase {
    pub const ALL: [(&'static str, LivePhase); 5] = [
        ("pending", LivePhase::Pending),
        ("active", LivePhase::Active),
        ("locked", LivePhase::Locked),
        ("expired", LivePhase::Expired),
        ("suspended", LivePhase::Suspended),
    ];
}

/// How the next readings of an account go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Failed,
    Short,
    Repeated,
    Contradictory,
}

impl Fault {
    pub const ALL: [(&'static str, Fault); 4] =
        [("failed", Fault::Failed), ("short", Fault::Short), ("repeated", Fault::Repeated), ("contradictory", Fault::Contradictory)];
    pub fn word(self) -> &'static str {
        match self {
            Fault::Failed => "failed",
            Fault::Short => "short",
            Fault::Repeated => "repeated",
            Fault::Contradictory => "contradictory",
        }
    }
}

/// Reads one LIVE.yaml against the connections of the manifests.
///
/// # Errors
/// Everything that is wrong with it, sorted by place.
pub fn parse_live(name: &str, text: &str, manifests: &Manifests) -> Result<LiveDoc, Vec<Diagnostic>> {
    let source = Arc::new(Source::new(name, text));
    let mut sink = Sink::default();
    let parsed = parse(&source, &mut sink);
    let mut accounts = BTreeMap::new();
    if let Some(root) = parsed.as_ref().and_then(|p| p.root()) {
        keys(&mut sink, root, &["accounts"]);
        for (key, value) in root.get("accounts").and_then(|a| read::map(&mut sink, a)).into_iter().flatten() {
            let Some(id) = read::name_of_key(&mut sink, key, value) else { continue };
            if let Some(connection) = embedded(&mut sink, &id, value, manifests)
                && let Some(account) = account(&mut sink, value, connection)
            {
                accounts.insert(id, account);
            }
        }
    }
    let diagnostics = sink.into_sorted();
    if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(LiveDoc { accounts }) }
}

fn embedded<'m>(sink: &mut Sink, id: &'m Atom, at: Cursor<'_>, manifests: &'m Manifests) -> Option<&'m Connection> {
    let Some(Reached { connection, .. }) = manifests.reached(id) else {
        let message = format!("no account is called {}, and no connection either that no account uses", quoted(id.as_str()));
        let diagnostic = Diagnostic::error("unknown-account", message, at.key_place());
        let known: Vec<&str> = manifests.reachable().into_iter().map(Atom::as_str).collect();
        let diagnostic = sink.suggest(diagnostic, id.as_str(), known.into_iter());
        sink.say(diagnostic);
        return None;
    };
    match connection.backend {
        BackendName::Embedded => Some(connection),
        BackendName::Bridge | BackendName::Scim | BackendName::Roster => {
            let message = format!("{} is not embedded: only the sandbox can be loaded", quoted(id.as_str()));
            sink.say(Diagnostic::error("not-embedded", message, at.key_place()).related(connection.at.clone(), "the connection"));
            None
        }
    }
}

fn account(sink: &mut Sink, at: Cursor<'_>, connection: &Connection) -> Option<LiveAccountDoc> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping"));
        return None;
    }
    let mut known =
        if connection.spec.domains.is_some() { vec!["domains", "members", "fault"] } else { vec!["members", "fault", "domains"] };
    known.extend(connection.spec.tenants.map(|_| "delegates"));
    keys(sink, at, &known);
    let delegates = at.get("delegates").and_then(|d| read::flag(sink, d));
    let domains = at.get("domains").and_then(|d| domains(sink, d));
    let mut members = Vec::new();
    let mut first: HashMap<Email, Place> = HashMap::new();
    for item in at.get("members").and_then(|m| read::list(sink, m)).into_iter().flatten() {
        let Some(member) = member(sink, item, connection) else { continue };
        match first.get(&member.email) {
            Some(place) => {
                let message = format!("{} is here twice", member.email);
                sink.say(
                    Diagnostic::error("address-claimed-twice", message, item.start_place()).related(place.clone(), "first given here"),
                );
            }
            None => {
                first.insert(member.email.clone(), item.start_place());
                members.push(member);
            }
        }
    }
    let fault = at.get("fault").and_then(|f| read::word(sink, f, &Fault::ALL));
    Some(LiveAccountDoc { domains, members, fault, delegates })
}

fn domains(sink: &mut Sink, at: Cursor<'_>) -> Option<Domains> {
    if at.text() == Some("off") {
        return Some(Domains::Off);
    }
    let mut all = BTreeSet::new();
    for item in read::list(sink, at)? {
        all.extend(read::domain(sink, item).map(|d| d.value));
    }
    Some(Domains::Only(all))
}

fn member(sink: &mut Sink, at: Cursor<'_>, connection: &Connection) -> Option<LiveMemberDoc> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a member: `email`, `phase` and attributes"));
        return None;
    }
    let spec = connection.spec;
    // A person has a name, whether or not the system keeps one.
    let mut known = vec!["email", "name", "phase", "invited", "attempts"];
    known.extend(spec.attrs.iter().map(|a| a.key).filter(|k| *k != "name"));
    keys(sink, at, &known);
    let mut attrs = Attrs::new();
    for attr in spec.attrs {
        if let Some(value) = at.get(attr.key)
            && let Some(value) = attribute::value(sink, value, &attr.kind, Rule::Found)
        {
            attrs.insert(attr.key, value);
        }
    }
    let phase = at.get("phase").and_then(|p| read::word(sink, p, &LivePhase::ALL)).unwrap_or_default();
    let invited = at.get("invited").and_then(|i| instant(sink, i));
    let attempts = at.get("attempts").and_then(|a| read::count(sink, a));
    let Some(email) = at.get("email") else {
        sink.say(Diagnostic::error("missing-key", "the key `email` is missing", at.start_place()));
        return None;
    };
    Some(LiveMemberDoc { email: read::email(sink, email)?.value, phase, attrs, invited, attempts })
}

fn instant(sink: &mut Sink, at: Cursor<'_>) -> Option<Timestamp> {
    let found = read::text(sink, at)?;
    let parsed = found.parse::<Timestamp>();
    if parsed.is_err() {
        sink.say(
            Diagnostic::error("bad-date", format!("{} is no instant", quoted(found)), at.place())
                .expected("an instant like 2026-11-01T10:00:00Z"),
        );
    }
    parsed.ok()
}

fn keys(sink: &mut Sink, at: Cursor<'_>, known: &[&str]) {
    for (key, value) in read::map(sink, at).into_iter().flatten() {
        if !known.contains(&key) {
            let diagnostic = Diagnostic::error("unknown-key", format!("unknown key {}", quoted(key)), value.key_place());
            let diagnostic = diagnostic.expected(read::one_of(known.iter().copied()));
            let diagnostic = sink.suggest(diagnostic, key, known.iter().copied());
            sink.say(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load_texts;
    use crate::model::Value;

    const CONNECTIONS: &str = "connections:\n  news: { system: emma-hq, backend: embedded, subaccounts: [emea] }\n  sol: { system: solver, backend: embedded }\n  ins: { system: insider, backend: embedded }\n  net: { system: insider, backend: scim, endpoint: https://a.example/scim }\n";

    fn live(text: &str) -> Result<LiveDoc, Vec<String>> {
        let loaded = load_texts([("c.yaml", CONNECTIONS)], Timestamp::UNIX_EPOCH);
        assert_eq!(loaded.diagnostics, []);
        parse_live("live.txt", text, &loaded.manifests).map_err(|all| all.iter().map(|d| format!("{} {}", d.place, d.code)).collect())
    }

    #[test]
    fn a_live_file_becomes_state() {
        let doc = live("accounts:\n  news:\n    members:\n      - { email: Boss@acme.example, name: B, phase: pending, role: parent, subaccounts: [], invited: 2026-11-01T10:00:00Z, attempts: 2 }\n    fault: short\n  ins:\n    domains: [acme.example]\n    members:\n      - { email: t@acme.example, role: viewer, pii: true, groups: [a], end: 2026-12-05 }\n").unwrap();
        let news = &doc.accounts["news"];
        assert_eq!(news.fault, Some(Fault::Short));
        let boss = &news.members[0];
        assert_eq!((boss.email.key(), boss.phase, boss.attempts), ("boss@acme.example", LivePhase::Pending, Some(2)));
        assert_eq!(boss.attrs["role"], Value::One(Atom::literal("parent")), "a word need not be assignable");
        assert_eq!(boss.attrs["subaccounts"], Value::Set(BTreeSet::new()));
        assert_eq!(boss.invited.unwrap().to_string(), "2026-11-01T10:00:00Z");
        let ins = &doc.accounts["ins"];
        assert_eq!(ins.members[0].phase, LivePhase::Active);
        assert_eq!(ins.members[0].attrs["end"].as_day().unwrap().to_string(), "2026-12-05");
        assert!(matches!(&ins.domains, Some(Domains::Only(d)) if d.len() == 1));
    }

    #[test]
    fn mistakes_in_a_live_file_are_located() {
        for (text, want) in [
            ("accounts:\n  nws: {}\n", "live.txt:2:3 unknown-account"),
            ("accounts:\n  net: {}\n", "live.txt:2:3 not-embedded"),
            ("acounts: {}\n", "live.txt:1:1 unknown-key"),
            ("accounts:\n  sol: { fault: slow }\n", "live.txt:2:17 unknown-word"),
            ("accounts:\n  sol: { members: [{ email: a@b.example, groups: [standrd] }] }\n", "live.txt:2:51 unknown-word"),
            ("accounts:\n  sol: { members: [{ email: a@b.example, role: x }] }\n", "live.txt:2:42 unknown-key"),
            ("accounts:\n  sol: { members: [{ groups: [standard] }] }\n", "live.txt:2:20 missing-key"),
            ("accounts:\n  sol: { members: [{ email: a@b.example }, { email: A@b.example }] }\n", "live.txt:2:44 address-claimed-twice"),
            ("accounts:\n  sol: { members: [{ email: a@b.example, phase: gone }] }\n", "live.txt:2:49 unknown-word"),
            ("accounts:\n  sol: { members: [{ email: a@b.example, invited: today }] }\n", "live.txt:2:51 bad-date"),
            ("accounts:\n  sol: { delegates: false }\n", "live.txt:2:10 unknown-key"),
            ("accounts: [\n", "live.txt:1:11 yaml-syntax"),
        ] {
            assert_eq!(live(text).unwrap_err(), [want], "{text}");
        }
    }
}
