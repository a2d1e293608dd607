//! Values from the arena into documents, collecting everything that is wrong.

mod account;
mod address;
pub(super) mod attribute;
mod connection;
mod entry;
mod grant;
mod guard;
mod people;
mod profile;
mod roster;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::arena::{Arena, Limits, Span};
use super::cursor::{Cursor, Parsed, Sink};
use super::diagnostic::quoted;
use super::shape::Shape;
use super::source::{self, Sources};
use super::{Diagnostic, Manifests, read};
use crate::model::{Atom, Place, Source};
use crate::systems::SystemSpec;

/// What came of a folder: everything that could be made of it, and everything that is wrong.
pub struct Loaded {
    /// Complete only where no diagnostic is an error.
    pub manifests: Manifests,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts, for excerpts.
    pub sources: Sources,
}

impl Loaded {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads and checks every manifest below `dir` as of an instant. Never fails: what is wrong, a
/// missing folder included, is in the diagnostics.
pub fn load(dir: &Path, now: Timestamp) -> Loaded {
    let (sources, readable, wrong) = source::read(dir);
    let mut sink = Sink::default();
    let is_whole = wrong.is_empty();
    sink.extend(wrong);
    let files: Vec<&Arc<Source>> = readable.iter().filter_map(|name| sources.get(name)).collect();
    let manifests = lower(&files, is_whole, now, &mut sink);
    Loaded { manifests, diagnostics: sink.into_sorted(), sources }
}

/// Checks texts that were read from elsewhere, each with its name.
pub fn load_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>, now: Timestamp) -> Loaded {
    let mut sources = Sources::default();
    for (name, text) in texts {
        sources.add(Arc::new(Source::new(name, text)));
    }
    let mut sink = Sink::default();
    let files: Vec<&Arc<Source>> = sources.iter().collect();
    let manifests = lower(&files, true, now, &mut sink);
    Loaded { manifests, diagnostics: sink.into_sorted(), sources }
}

/// Reads and parses every manifest below `dir` and does nothing else: how many values there are. The
/// yardstick that `benches/` measures everything else against.
pub fn count_nodes(dir: &Path) -> usize {
    let (sources, readable, _) = source::read(dir);
    let mut sink = Sink::default();
    let parsed: Vec<_> = readable.iter().filter_map(|name| parse(sources.get(name)?, &mut sink)).collect();
    parsed.iter().map(|p| p.arena.len()).sum()
}

/// Parses one file and says what is wrong with its YAML.
pub(super) fn parse<'a>(source: &'a Arc<Source>, sink: &mut Sink) -> Option<Parsed<'a>> {
    let (arena, problems) = Arena::parse(source.text(), Limits::default());
    let place = |at: Span| Place::new(source, at.bytes());
    for problem in problems {
        let mut diagnostic = Diagnostic::error(problem.code, problem.message, place(problem.at));
        if let Some(hint) = problem.hint {
            diagnostic = diagnostic.hint(hint);
        }
        if let Some((at, what)) = problem.related {
            diagnostic = diagnostic.related(place(at), what);
        }
        sink.say(diagnostic);
    }
    Some(Parsed { source, arena: arena? })
}

/// What the parts of the manifests know of each other while they are lowered.
struct Context<'a> {
    /// Every file could be read: then a name that is not there is an error of the one who uses it.
    is_whole: bool,
    connections: BTreeMap<&'a str, connection::Declared>,
    /// The accounts that are written, and those that a connection is by itself: one that only other
    /// accounts name is none ([`Manifests::reachable`]).
    accounts: Names<'a>,
    /// The connections that accounts name.
    named: BTreeMap<&'a str, &'a str>,
    profiles: BTreeMap<&'a str, profile::Declared>,
    profile_names: Known<'a>,
    people: Known<'a>,
    teams: Known<'a>,
    shapes: Shapes,
}

impl Context<'_> {
    /// The connection that an account uses: the one that it names, else that of its own name.
    fn connection_of(&self, account: &str) -> Option<&connection::Declared> {
        self.connections.get(self.named.get(account).copied().unwrap_or(account))
    }

    /// Where a name is a connection's, and no account's: through which accounts it is used.
    fn of_connection(&self, name: &str) -> Option<String> {
        let through: Vec<&str> = self.named.iter().filter(|(_, connection)| **connection == name).map(|(account, _)| *account).collect();
        let is_one = self.connections.contains_key(name) && !through.is_empty();
        is_one.then(|| format!("it is a connection: name an account that it reaches, {}", through.join(", ")))
    }

    /// The profile that is named here; it counts as used.
    fn profile(&self, at: Cursor<'_>, sink: &mut Sink) -> Option<(Atom, &profile::Declared)> {
        let name = people::known(sink, at, &self.profile_names, "profile", self.is_whole)?;
        let declared = self.profiles.get(name.as_str())?;
        declared.is_used.set(true);
        Some((name, declared))
    }
}

/// Names that are declared, whether or not what stands behind them is right.
type Names<'a> = BTreeSet<&'a str>;

/// The same where there are as many as people: where each is declared.
type Known<'a> = HashMap<&'a str, Declared<'a>, foldhash::fast::RandomState>;

/// Where a name is declared, and the name as a word: none where it is none.
struct Declared<'a> {
    at: Cursor<'a>,
    word: Option<Atom>,
}

/// Shapes of accounts and connections, each system's compiled once.
#[derive(Default)]
struct Shapes {
    connections: HashMap<&'static str, Shape>,
    accounts: HashMap<&'static str, Shape>,
    sections: HashMap<&'static str, Shape>,
}

impl Shapes {
    fn connection(&mut self, spec: Option<&'static SystemSpec>) -> &Shape {
        self.connections.entry(spec.map_or("", |s| s.name)).or_insert_with(|| Shape::connection(spec))
    }
    fn account(&mut self, spec: Option<&'static SystemSpec>) -> &Shape {
        self.accounts.entry(spec.map_or("", |s| s.name)).or_insert_with(|| Shape::account(spec))
    }
    fn section(&mut self, spec: Option<&'static SystemSpec>) -> &Shape {
        self.sections.entry(spec.map_or("", |s| s.name)).or_insert_with(|| Shape::section(spec))
    }
}

/// The entries of one top-level key over all files, in the order of files and lines.
struct Section<'a> {
    entries: Vec<(Atom, &'a str, Cursor<'a>)>,
    names: Known<'a>,
}

fn lower(files: &[&Arc<Source>], is_whole: bool, now: Timestamp, sink: &mut Sink) -> Manifests {
    let parsed: Vec<_> = files.iter().map(|source| parse(source, sink)).collect();
    let is_whole = is_whole && parsed.iter().all(Option::is_some);
    let parsed: Vec<_> = parsed.into_iter().flatten().collect();
    let roots: Vec<_> = parsed.iter().filter_map(Parsed::root).collect();
    let shape = Shape::file();
    for root in &roots {
        shape.check(*root, sink);
    }

    let connections = section(&roots, "connections", sink);
    let profiles = section(&roots, "profiles", sink);
    let people = section(&roots, "people", sink);
    let teams = section(&roots, "teams", sink);
    let accounts = section(&roots, "accounts", sink);
    let named: BTreeMap<&str, &str> =
        accounts.entries.iter().filter_map(|(_, key, at)| Some((*key, at.get("connection")?.text()?))).collect();
    let used: Names<'_> = named.values().copied().collect();
    let mut context = Context {
        is_whole,
        connections: BTreeMap::new(),
        accounts: connections.names.keys().filter(|name| !used.contains(*name)).chain(accounts.names.keys()).copied().collect(),
        named,
        profiles: BTreeMap::new(),
        profile_names: profiles.names,
        people: people.names,
        teams: teams.names,
        shapes: Shapes::default(),
    };
    let mut out = Manifests { guards: guard::top(&roots, sink), ..Manifests::default() };
    for (name, key, at) in connections.entries {
        let mut declared = connection::lower(&mut context.shapes, at, sink);
        if let Some(done) = declared.done.take() {
            out.connections.insert(name, done);
        }
        context.connections.insert(key, declared);
    }
    connection::shared_tokens(out.connections.iter(), sink);
    for (_, key, at) in profiles.entries {
        let declared = profile::lower(key, at, &mut context, sink);
        context.profiles.insert(key, declared);
    }
    let mut book = address::Book::of(people.entries.len());
    let mut elsewhere = Vec::new();
    let mut directory = Vec::with_capacity(people.entries.len());
    for (id, _, at) in people.entries {
        if let Some(person) = people::person(at, &context, sink) {
            book.add(&id, &person, sink);
            if !person.accounts.is_empty() {
                elsewhere.push(id.clone());
            }
            directory.push((id, person));
        }
    }
    out.people = directory.into_iter().collect();
    for (id, person) in elsewhere.iter().filter_map(|id| out.people.get_key_value(id)) {
        book.add_elsewhere(id, person, sink);
    }
    for (id, _, at) in teams.entries {
        if let Some(team) = people::team(at, &context, sink) {
            out.teams.insert(id, team);
        }
    }
    people::cycles(&out.teams, sink);
    let managing: Names<'_> = accounts.entries.iter().filter(|(_, _, at)| at.get("members").is_some()).map(|(_, key, _)| *key).collect();
    for (name, key, at) in accounts.entries {
        if let Some(account) = account::lower(key, at, &out.guards, &mut context, sink) {
            out.accounts.insert(name, account);
        }
    }
    profile::spread(&mut out, &managing, &context, sink);
    out.profiles = profile::done(context, sink);
    account::shared(&out, sink);
    address::check(&out, &book, now, sink);
    out
}

/// To whoever put the file of `sandbox load` among the manifests.
const KEEP_LIVE_APART: &str = "one is the state for `sandbox load`: keep LIVE.yaml outside the manifests' folder or in a hidden one, \
                               because every *.yaml below it is read as a manifest";

/// Whether an account says what is found rather than what is wanted.
fn is_live_state(account: Cursor<'_>) -> bool {
    let of_members = |member: Cursor<'_>| ["phase", "invited", "attempts"].iter().any(|key| member.get(key).is_some());
    account.get("fault").is_some() || account.get("members").and_then(Cursor::list).is_some_and(|mut all| all.any(of_members))
}

/// Gathers one top-level key; a name given twice shows both places, and the first one counts.
fn section<'a>(roots: &[Cursor<'a>], key: &str, sink: &mut Sink) -> Section<'a> {
    let (mut entries, mut names) = (Vec::new(), Known::default());
    for at in roots.iter().filter_map(|root| root.get(key)) {
        let Some(named) = read::map(sink, at) else { continue };
        entries.reserve(named.len());
        names.reserve(named.len());
        for (name, value) in named {
            if let Some(Declared { at: before, .. }) = names.get(name) {
                let message = format!("{} stands under `{key}` twice", quoted(name));
                let said = Diagnostic::error("duplicate-name", message, value.key_place()).related(before.key_place(), "first given here");
                let is_live = key == "accounts" && (is_live_state(value) || is_live_state(*before));
                let hint = if is_live { KEEP_LIVE_APART } else { "put what it says into the first one" };
                sink.say(said.hint(hint));
                continue;
            }
            let word = read::declared(sink, name, value);
            if let Some(word) = &word {
                entries.push((word.clone(), name, value));
            }
            names.insert(name, Declared { at: value, word });
        }
    }
    Section { entries, names }
}

#[cfg(test)]
mod elsewhere_tests;
#[cfg(test)]
mod profile_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;
