//! Manifests after their shape and their words were checked, before people, teams and accounts are
//! resolved. Every value that can be wrong later keeps its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use unicode_normalization::UnicodeNormalization;
use wildmatch::WildMatchPattern;

use crate::model::{Actor, Atom, Attrs, Domain, Domains, Email, Key, Keyed, Located, Name, Place, Recipient, Roster, Tenant, Value};
use crate::systems::{Removal, SystemSpec};

/// All files of a folder, merged by top-level key.
#[derive(Default)]
pub struct Manifests {
    pub connections: BTreeMap<Atom, Connection>,
    /// Top level: for all accounts.
    pub guards: BTreeMap<Atom, Located<GuardLimit>>,
    pub profiles: BTreeMap<Atom, Profile>,
    pub people: BTreeMap<Atom, Person>,
    pub teams: BTreeMap<Atom, Team>,
    pub accounts: BTreeMap<Atom, AccountDoc>,
}

/// What one account is reached through.
#[derive(Clone, Copy)]
pub struct Reached<'m> {
    pub name: &'m Atom,
    pub connection: &'m Connection,
    /// Of which tenant; none on a system without.
    pub tenant: Option<&'m Atom>,
}

impl Manifests {
    /// What the account is reached through, whether or not the manifests manage it: a connection that
    /// no account uses is an account of its own name.
    pub fn reached<'m>(&'m self, account: &'m Atom) -> Option<Reached<'m>> {
        let doc = self.accounts.get(account);
        let name = doc.map_or(account, |doc| &doc.connection);
        if doc.is_none() && self.accounts.values().any(|other| other.connection == *name) {
            return None;
        }
        let (name, connection) = self.connections.get_key_value(name)?;
        let tenant = doc.and_then(|doc| doc.tenant.as_ref()).unwrap_or(account);
        Some(Reached { name, connection, tenant: connection.spec.tenants.map(|_| tenant) })
    }

    /// The names of all accounts that are reached, managed or not.
    pub fn reachable(&self) -> BTreeSet<&Atom> {
        let used: BTreeSet<&Atom> = self.accounts.values().map(|doc| &doc.connection).collect();
        let managed = self.accounts.iter().filter(|(_, doc)| self.connections.contains_key(&doc.connection)).map(|(name, _)| name);
        managed.chain(self.connections.keys().filter(|name| !used.contains(name))).collect()
    }
}

impl Reached<'_> {
    /// What the connection states of the tenant and of the actor in it.
    pub fn tenant(&self) -> Tenant {
        let Connection { zone, facts, actor_member, actor, delegated, .. } = self.connection;
        Tenant {
            name: self.tenant.cloned(),
            zone: zone.clone().unwrap_or(TimeZone::UTC),
            facts: facts.clone(),
            actor: Actor { member: actor_member.clone(), attrs: actor.clone(), delegated: delegated.clone() },
        }
    }
}

/// How accounts are reached, and as whom.
pub struct Connection {
    pub spec: &'static SystemSpec,
    pub backend: BackendName,
    pub zone: Option<TimeZone>,
    pub actor_member: Option<Email>,
    /// Role, privileges and subaccounts of the actor.
    pub actor: Attrs,
    /// The actor is a host's: the tenants that delegated their users to the host.
    pub delegated: Option<BTreeSet<Atom>>,
    pub auth: Auth,
    pub endpoint: Option<Located<url::Url>>,
    pub expect_tenant: Option<String>,
    pub expect_actor: Option<Email>,
    /// Embedded: the database, relative to the manifests' folder.
    pub file: Option<PathBuf>,
    /// The export: the account itself where the backend is `roster`, else a second reading (`also`).
    pub roster: Option<Roster>,
    /// Where the links of invitations are written.
    pub links: Option<Links>,
    pub facts: BTreeMap<Key, Value>,
    pub at: Place,
}

impl Connection {
    /// A connection's name as variables spell it: upper case in ASCII, `-` as `_` (CONTRACT.md).
    pub fn as_variable(name: &str) -> String {
        name.to_ascii_uppercase().replace('-', "_")
    }
}

/// Where and how the links of invitations are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Relative to the manifests' folder.
    pub directory: PathBuf,
    /// Whom they are encrypted to; none: the files' mode alone keeps them.
    pub recipient: Option<Recipient>,
}

/// Backends that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendName {
    Embedded,
    /// Whatever speaks the bridge protocol.
    Bridge,
    Scim,
    /// An exported list, and a runbook: nothing is ever sent.
    Roster,
}

impl BackendName {
    pub fn word(self) -> &'static str {
        match self {
            BackendName::Embedded => "embedded",
            BackendName::Bridge => "bridge",
            BackendName::Scim => "scim",
            BackendName::Roster => "roster",
        }
    }
    pub fn is_network(self) -> bool {
        match self {
            BackendName::Embedded | BackendName::Roster => false,
            BackendName::Scim | BackendName::Bridge => true,
        }
    }
    /// Attributes of members that it reads from the product itself; a roster knows what its columns
    /// say, the sandbox everything, and a bridge what it says when it is asked. A test holds them against what the backend says of itself.
    pub fn reads(self) -> &'static [&'static str] {
        match self {
            BackendName::Embedded | BackendName::Bridge | BackendName::Roster => &[],
            BackendName::Scim => &["name", "role"],
        }
    }
    /// Whether it can take access away and keep the record (`on-removal`).
    pub fn deactivates(self) -> bool {
        match self {
            BackendName::Embedded | BackendName::Bridge | BackendName::Roster => false,
            BackendName::Scim => true,
        }
    }
}

/// Where the token of a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `PORTCULLIS_TOKEN_<CONNECTION>`.
    Token,
    File(Located<PathBuf>),
    /// Program and arguments.
    Command(Located<Vec<String>>),
}

pub struct Person {
    /// In every account for which `accounts` has no other: see [`Person::email_in`].
    pub email: Located<Email>,
    pub name: Option<Name>,
    pub previously: Vec<Located<Email>>,
    pub leaves: Option<Located<Leaves>>,
    /// The person gets what these give, in every account that they name.
    pub profiles: Vec<Located<Atom>>,
    /// Another address for one account, by the account's name.
    pub accounts: BTreeMap<Atom, OtherAddress>,
    pub at: Place,
}

/// A person's address in one account.
pub struct OtherAddress {
    pub email: Located<Email>,
    pub previously: Vec<Located<Email>>,
    pub at: Place,
}

impl Person {
    /// The address by which the person is a member of this account.
    pub fn email_in(&self, account: &str) -> &Located<Email> {
        self.accounts.get(account).map_or(&self.email, |other| &other.email)
    }
    /// Addresses under which the account may still know the person. The one for all accounts is among
    /// them where the account has another: that there is a new one must remove nobody.
    pub fn past_in<'p>(&'p self, account: &str) -> impl Iterator<Item = &'p Located<Email>> + use<'p> {
        let other = self.accounts.get(account);
        let main = other.map(|_| &self.email);
        other.into_iter().flat_map(|o| &o.previously).chain(main).chain(&self.previously)
    }
    /// The present address in this account, then the earlier ones.
    pub fn addresses_in<'p>(&'p self, account: &str) -> impl Iterator<Item = &'p Located<Email>> + use<'p> {
        std::iter::once(self.email_in(account)).chain(self.past_in(account))
    }
}

/// A reusable grant: what it gives, account by account.
pub struct Profile {
    /// By account; what is written for a system stands with each of its accounts.
    pub sections: BTreeMap<Atom, Arc<Section>>,
    pub at: Place,
}

/// What a profile gives in one account.
pub struct Section {
    /// As in [`EntryDoc::attrs`].
    pub attrs: Arc<Keyed<Located<Value>>>,
    pub key_places: BTreeMap<Key, Place>,
    pub word_places: BTreeMap<(Key, Atom), Place>,
    pub reason: Option<Arc<str>>,
    /// The key: the account's name, or its system's.
    pub at: Place,
    /// Written for the system, not for this account alone.
    pub is_of_system: bool,
}

/// A profile where it is used.
#[derive(Clone)]
pub struct ProfileUse {
    /// The profile, and the place that names it.
    pub name: Located<Atom>,
    pub section: Arc<Section>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    Now,
    /// The last day, inclusive.
    On(Date),
}

pub struct Team {
    pub members: Vec<Located<TeamMember>>,
    /// Everyone in the team gets what these give.
    pub profiles: Vec<Located<Atom>>,
    pub at: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamMember {
    Person(Atom),
    Team(Atom),
}

pub struct AccountDoc {
    /// The connection that it names, else the one of its own name, there or not.
    pub connection: Atom,
    /// As the host calls it; the account's own name where it is not said.
    pub tenant: Option<Atom>,
    /// The connection's system, or the one that the account restates where there is no connection.
    pub spec: Option<&'static SystemSpec>,
    pub mode: Mode,
    pub ignore: Vec<Located<Pattern>>,
    pub protect: Vec<Located<Email>>,
    pub absent: Vec<Located<Email>>,
    /// `None`: unmanaged.
    pub domains: Option<Located<Domains>>,
    /// The places of the domains in the list.
    pub domain_places: BTreeMap<Domain, Place>,
    /// Written ones, and those that stand for the profiles of people and teams.
    pub members: Vec<EntryDoc>,
    pub guards: BTreeMap<Atom, Located<GuardLimit>>,
    pub accept_blocked: BTreeSet<Atom>,
    /// `audit: required`.
    pub audit_required: bool,
    /// Lints that are off, each with its place.
    pub lints: BTreeMap<super::Lint, Place>,
    /// The day of the last review of who is in.
    pub reviewed: Option<Located<Date>>,
    pub invitations: Invitations,
    pub on_removal: Removal,
    pub at: Place,
}

/// What happens to people who are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Adopt,
    Additive,
    Authoritative,
}

/// `*@vendor.example`: an address with `*` for any run of characters, folded as addresses are.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// Compiled once: it is asked for every member.
    glob: WildMatchPattern<'*', '\u{0}'>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Pattern {}

impl Pattern {
    /// Whether it may mean several addresses.
    pub fn is_glob(&self) -> bool {
        self.text.contains('*')
    }
    /// Folds a pattern. `None` where a part of a domain name is not ASCII and cannot be made so,
    /// since a `*` stands in it: no address would ever match.
    pub fn parse(text: &str) -> Option<Self> {
        let local = |text: &str| text.nfc().collect::<String>().to_lowercase().nfc().collect::<String>();
        // without an `@` what follows the first `*` may be of the domain
        let at = text.rfind('@').map_or_else(|| text.find('*').unwrap_or(text.len()), |at| at + 1);
        let domain: Option<Vec<String>> = text[at..]
            .split('.')
            .map(|part| {
                if part.is_ascii() {
                    return Some(part.to_ascii_lowercase());
                }
                if part.contains('*') { None } else { idna::domain_to_ascii_strict(part).ok() }
            })
            .collect();
        let text = local(&text[..at]) + &domain?.join(".");
        Some(Self { glob: WildMatchPattern::new(&text), text })
    }
    pub fn matches(&self, email: &Email) -> bool {
        self.glob.matches(email.key())
    }
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// How invitations that nobody accepts are repeated. Durations in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitations {
    pub cooldown_hours: i64,
    pub attempts: u32,
    /// Only where the system states no life (SYSTEMS.md, solver).
    pub life_hours: Option<i64>,
}

impl Default for Invitations {
    fn default() -> Self {
        Self { cooldown_hours: 72, attempts: 3, life_hours: None }
    }
}

/// A guard's limit as written; what is left out keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardLimit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
    pub most: Option<u32>,
}

impl Located<GuardLimit> {
    /// What is left out is as it is for all accounts.
    #[must_use]
    pub fn over(&self, top: Option<&Self>) -> Self {
        let (own, top) = (self.value, top.map(|t| t.value).unwrap_or_default());
        let value = GuardLimit { count: own.count.or(top.count), percent: own.percent.or(top.percent), most: own.most.or(top.most) };
        Self::new(value, self.at.clone())
    }
}

/// One item of `members`, or what a profile of a person or a team comes to in one account.
pub struct EntryDoc {
    pub who: Located<Who>,
    /// Of `email` entries.
    pub name: Option<Located<Name>>,
    pub reason: Option<Arc<str>>,
    pub start: Option<Located<Date>>,
    pub end: Option<Located<Date>>,
    pub rolling: Option<Place>,
    /// The attributes of the system, without name and end. Those of a profile keep their places
    /// there; entries that write none of their own share them.
    pub attrs: Arc<Keyed<Located<Value>>>,
    pub profile: Option<ProfileUse>,
    /// The whole item; of a person's or a team's profile the place that names it.
    pub at: Place,
}

impl EntryDoc {
    /// What is said of an `end` that is over.
    pub fn passed(&self, end: Date) -> String {
        format!("the entry ended with {end}, and gives nothing any more")
    }
    /// The profile, where this attribute comes from there and not from the item itself.
    pub fn giver(&self, key: &str) -> Option<&ProfileUse> {
        let mine = self.attrs.get(key)?;
        self.profile.as_ref().filter(|p| p.section.attrs.get(key).is_some_and(|theirs| theirs.at == mine.at))
    }
    /// Whether it is a profile as it stands, until whenever.
    pub fn is_profile_alone(&self) -> bool {
        self.start.is_none() && self.end.is_none() && self.profile.as_ref().is_some_and(|p| Arc::ptr_eq(&self.attrs, &p.section.attrs))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Person(Atom),
    Team(Atom),
    Email(Email),
}
