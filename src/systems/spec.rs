//! The shape of a system's literals. A field's comment names the rule that it carries.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::model::{Action, Actor, Atom, Attrs, Key, Live, Tenant, Value, Verb};

use super::check::{Dated, Demand, Finding, Seeking, StandIn, Who};
use super::one_off::OneOffSpec;

/// A kind of product with its own rules.
#[derive(Clone, Copy)]
pub struct SystemSpec {
    /// `emma-hq`: as connections and plans spell it.
    pub name: &'static str,
    /// The product's own name, for people.
    pub product: &'static str,
    pub summary: &'static str,
    /// Backends that reach it, as connections spell them.
    pub backends: &'static [&'static str],
    /// Attributes of a member, `name` and `end` included.
    pub attrs: &'static [AttrSpec],
    /// Where one connection reaches several accounts, of which `accounts.NAME.tenant` says one.
    pub tenants: Option<TenantsSpec>,
    /// Facts about a tenant that its connection may state.
    pub facts: &'static [FactSpec],
    /// Words that need other words: privileges that belong to a role (E10).
    pub limits: &'static [Limit],
    /// Words of an actor that need a word of a fact: who may open which page (E3).
    pub actors: &'static [Limit],
    /// The permission rows of SYSTEMS.md.
    pub rows: &'static [PermitRow],
    /// A permission, and those that whoever holds it can do as well, though the page names them for other
    /// roles alone: who edits campaigns edits those that were never launched. Directions are judged by the
    /// names; that no moment gives too much is judged by what can be done.
    pub includes: &'static [(&'static str, &'static [&'static str])],
    /// Permissions that let their holder change who has access.
    pub administers: &'static [&'static str],
    pub floor: Floor,
    /// Attributes and words that are high risk beside administering (M7).
    pub high_risk: &'static [(&'static str, &'static str)],
    /// A member with this word is never planned for any change (E11).
    pub untouchable: Option<(&'static str, &'static str)>,
    pub invitation: InvitationSpec,
    pub ends: Ends,
    pub domains: Option<DomainSpec>,
    /// Names can be set only once the person has registered (I8).
    pub names_after_registration: bool,
    /// Whether a restored member is written to (I10).
    pub restore_mails: bool,
    /// A locked member is reported, never unlocked (I9).
    pub locked_hint: &'static str,
    /// Who could reach an address that exists and is not seen (E4, E9).
    pub exists_elsewhere: &'static str,
    /// How each change is made; the first that matches counts.
    pub procedures: &'static [Procedure],
    /// What can be done for one member on request; never desired state.
    pub one_offs: &'static [OneOffSpec],
    /// Before these calls of a change the member is read again: what the call before gave is not
    /// documented (G1).
    pub reads_back: &'static [(Action, Verb)],
    /// Attributes that must be set in a call of their own before the rest (I4).
    pub firsts: &'static [(&'static str, First)],
    /// Rules on what a manifest asks for, each with its id.
    pub checks: &'static [(&'static str, Check)],
    /// Rules on what the actor may do, each with its id.
    pub may: &'static [(&'static str, May)],
    /// Whoever a demand of these rules would name, as the actor of the change; none for who is named
    /// untried.
    pub stand_ins: fn(&Tenant, &Who, &Seeking<'_>) -> Option<Vec<StandIn>>,
    /// Whether the actor sees everyone and every scope.
    pub sees_all: fn(&Tenant) -> bool,
    /// Steps of the console in its own words, for the runbook.
    pub console: &'static [Console],
    /// The values of the chief attribute and what they are called through SCIM; empty where the
    /// vendor documents no SCIM (I13).
    pub scim_roles: &'static [(&'static str, &'static str)],
    /// Why an invitation may not have arrived, in the page's words (X1).
    pub invitation_hints: &'static [&'static str],
    /// Every rule of the system, by its id, with who keeps it.
    pub rules: &'static [Rule],
}

/// One rule of SYSTEMS.md, in a sentence.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `I4`; `X1` and `X2` are for several systems.
    pub id: &'static str,
    pub keeper: Keeper,
    pub text: &'static str,
}

/// Who sees to it that a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// The product does so by itself; portcullis counts on it.
    Product,
    /// The product would let it happen.
    Portcullis,
    /// The product refuses it, and portcullis says so before anything is sent.
    Both,
}

impl Keeper {
    pub const ALL: [Keeper; 3] = [Keeper::Product, Keeper::Portcullis, Keeper::Both];

    pub fn word(self) -> &'static str {
        match self {
            Keeper::Product => "product",
            Keeper::Portcullis => "portcullis",
            Keeper::Both => "both",
        }
    }
}

pub(super) const fn product(id: &'static str, text: &'static str) -> Rule {
    Rule { id, keeper: Keeper::Product, text }
}
pub(super) const fn portcullis(id: &'static str, text: &'static str) -> Rule {
    Rule { id, keeper: Keeper::Portcullis, text }
}
pub(super) const fn both(id: &'static str, text: &'static str) -> Rule {
    Rule { id, keeper: Keeper::Both, text }
}

/// For every system.
pub(super) const X1: Rule = portcullis("X1", "for an invitation that is not accepted, the hint names what the product's page names.");
/// For systems that keep two fields.
pub(super) const X2: Rule = portcullis("X2", "a name is split at its last space into the product's two fields, and compared joined.");

/// One attribute.
pub struct AttrSpec {
    pub key: Key,
    pub kind: Kind,
    pub axis: Axis,
    pub merge: Merge,
    pub required: Required,
    /// The connection fact and word without which the tenant lacks it (I7).
    pub feature: Option<(&'static str, &'static str)>,
    pub doc: &'static str,
}

pub enum Kind {
    One(Words),
    /// With `denies`, each word takes something away (insider's limited products).
    Set {
        words: Words,
        denies: bool,
    },
    /// Only `true` may be written where `only_true`.
    Flag,
    Day,
    Text,
    /// A mapping that is compared as data; one that is left out is empty.
    Opaque,
}

/// Where the words of an attribute come from.
pub enum Words {
    Fixed(&'static [Word]),
    /// A connection fact lists them; without the fact every word is taken.
    Tenant(&'static str),
    /// The server knows them.
    Discovered,
}

pub struct Word {
    pub word: &'static str,
    pub doc: &'static str,
    /// A manifest may ask for it; emma-hq's `parent` is only ever found.
    pub assignable: bool,
}

/// What an attribute is to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// What may be done.
    Power,
    /// Where.
    Where,
    /// Until when.
    Until,
    /// Nothing: a name.
    Label,
    /// Nobody knows: any difference is `both`.
    Unknown,
}

/// How two entries of one person come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    Union,
    Intersect,
    Any,
    Latest,
    /// They must agree, or one overrides.
    Same,
    /// They must agree or one overrides, and what belongs to an overridden entry goes with it.
    WithRole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    Never,
    Always,
    /// Exactly one of this and the named one, which makes another kind of member (gamoshi, G4).
    Unless(Key),
}

/// A fact about a tenant that its connection may state.
pub struct FactSpec {
    pub key: Key,
    pub kind: Kind,
    /// A fact and its word without which this one is refused, or that needs it.
    pub with: Option<(&'static str, &'static str)>,
    pub doc: &'static str,
}

/// These words of an attribute (all, where empty) only together with one of those of another.
pub struct Limit {
    pub rule: &'static str,
    pub attr: Key,
    pub words: &'static [&'static str],
    pub with: Key,
    pub one_of: &'static [&'static str],
}

/// One permission: held where all of `when` hold.
pub struct PermitRow {
    pub permission: &'static str,
    pub scopes: Scopes,
    /// Attribute and the words of which it holds one; a flag holds `true`.
    pub when: &'static [(&'static str, &'static [&'static str])],
    /// A deny-list that takes the permission away for each of its words.
    pub denied_by: Option<&'static str>,
}

/// Where a row holds.
#[derive(Debug, Clone, Copy)]
pub enum Scopes {
    Account,
    /// In each word of an attribute.
    Each(&'static str),
    /// For the account, and again in each word of a set.
    AccountAndEach(&'static str),
}

/// The least number of active administrators, at every moment.
#[derive(Clone, Copy)]
pub struct Floor {
    /// Who holds one of these in the account, or anywhere, is one.
    pub permissions: &'static [&'static str],
    pub least: u32,
    /// Somebody untouchable always administers, seen or not (emma-hq's parent).
    pub kept_by_untouchable: bool,
    /// Under this many the plan warns (G3).
    pub warn_under: u32,
}

#[derive(Clone, Copy)]
pub struct InvitationSpec {
    pub life: Life,
    pub mails: Mails,
    /// The server answers with the link of the invitation, which is a secret (M2): it is written to
    /// the connection's `links` and shown nowhere.
    pub link: bool,
}

/// How long an invitation lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Days(u16),
    /// As many days, or the end of a shorter access period.
    DaysOrEnd(u16),
    /// Stated nowhere: the account's `invitations.life`; unset means never over.
    Setting,
}

/// Whether an invitation writes to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mails {
    Always,
    /// Not where this flag of the tenant is on (E8).
    Unless(&'static str),
    /// Only where it is on.
    If(&'static str),
}

/// Whether the product ends access by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// portcullis ends it on the first run after the day.
    None,
    /// The product does, at 23:59:59 of the day in the account's timezone; the day is at most so
    /// many days ahead (I2).
    Native { max_ahead: u16 },
}

/// Several accounts of one host.
#[derive(Clone, Copy)]
pub struct TenantsSpec {
    /// Who can bring an account into the reach of a host's actor (M4): "an admin of the account, ..."
    pub delegates: &'static str,
    /// Whose work a host's actor does in such an account (M4): the attribute of an actor, and its word.
    pub stands_for: (Key, &'static str),
}

/// A whitelist of domains.
#[derive(Clone, Copy)]
pub struct DomainSpec {
    /// Switching it on lists the domains of all existing members (I14).
    pub on_lists_existing: bool,
}

/// How one kind of change is made on members in some phase.
pub struct Procedure {
    pub action: Action,
    pub on: PhaseIs,
    /// The tenant's fact and word that it needs; a fact that is not stated counts as the first
    /// word of its list.
    pub tenant: Option<Where>,
    pub steps: &'static [Step],
}

/// A condition on a connection fact.
pub struct Where {
    pub fact: &'static str,
    pub word: &'static str,
}

/// One call of a procedure.
pub struct Step {
    pub verb: Verb,
    pub label: &'static str,
    /// The attributes that it carries; empty for none.
    pub keys: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseIs {
    Any,
    Pending,
    Standing,
    Ended,
}

/// A step in the console's own words.
pub struct Console {
    pub verb: Verb,
    /// The attribute that it sets, or none.
    pub key: Option<&'static str>,
    /// What to click, `{member}`, `{domain}` and `{value}` filled in.
    pub steps: &'static [&'static str],
    /// Whether the labels are the product's (from its page) or plain words of ours.
    pub labels: bool,
    /// What to look for afterwards.
    pub check: &'static str,
}

/// `i1_no_temporary_administrator` and the like: what is wrong with one entry of a manifest.
pub type Check = fn(&Dated<'_>, &Tenant) -> Option<Finding>;
/// `i4_promotion_clears_end`: the keys to set in a call of their own, before the others.
pub type First = fn(before: &Attrs, after: &Attrs) -> &'static [&'static str];
/// `e2_manager_edits_administrator_and_below`: what is asked of whoever makes the change, if anything.
pub type May = fn(&Tenant, &Seeking<'_>) -> Option<Demand>;

impl SystemSpec {
    /// What all rules ask of whoever makes the change, at once.
    pub fn demand(&self, tenant: &Tenant, change: &Seeking<'_>) -> Option<Demand> {
        self.may.iter().filter_map(|(rule, may)| Some(may(tenant, change)?.by(rule))).reduce(Demand::and)
    }

    /// Who could give what an invitation asks for to somebody who is a member already and whom the actor
    /// does not see. What else the person holds is not known, and may ask for more.
    pub fn who_reaches(&self, tenant: &Tenant, after: &Attrs) -> String {
        let before = Attrs::new();
        let seeking = Seeking { action: Action::Edit, exists: true, partly_seen: true, anew: false, before: &before, after };
        let is_somewhere = self.attrs.iter().any(|a| a.axis == Axis::Where && after.contains_key(a.key));
        let demand = self.demand(tenant, &seeking).filter(|_| is_somewhere);
        demand.map_or_else(|| self.exists_elsewhere.to_owned(), |d| d.needs.to_string())
    }

    pub fn attr(&self, key: &str) -> Option<&'static AttrSpec> {
        self.attrs.iter().find(|a| a.key == key)
    }
    /// Tenants on whose pages all there is can be seen: every feature on, and each word of a fact that a
    /// procedure asks for.
    pub fn every_page(&self) -> Vec<Tenant> {
        let feature = |(fact, word): (Key, &'static str)| (fact, Value::Set(BTreeSet::from([Atom::literal(word)])));
        let facts: BTreeMap<Key, Value> = self.attrs.iter().filter_map(|a| a.feature).map(feature).collect();
        let asked = self.procedures.iter().filter_map(|p| p.tenant.as_ref());
        let each =
            asked.map(|at| facts.iter().map(|(k, v)| (*k, v.clone())).chain([(at.fact, Value::One(Atom::literal(at.word)))]).collect());
        let tenant = |facts| Tenant { name: None, zone: TimeZone::UTC, facts, actor: Actor::default() };
        std::iter::once(facts.clone()).chain(each).map(tenant).collect()
    }
    pub fn fact(&self, key: &str) -> Option<&'static FactSpec> {
        self.facts.iter().find(|f| f.key == key)
    }
    /// `role`, or solver's `groups`: the attribute that every change shows.
    pub fn chief(&self) -> &'static AttrSpec {
        self.attrs.iter().find(|a| a.required != Required::Never).expect("every system requires one attribute")
    }
    /// The chief attribute, and what may stand in its place: a member has exactly one of them.
    pub fn chiefs(&self) -> impl Iterator<Item = &'static AttrSpec> {
        let chief = self.chief();
        let other = match chief.required {
            Required::Unless(key) => self.attr(key),
            Required::Never | Required::Always => None,
        };
        std::iter::once(chief).chain(other)
    }
    pub fn is_chief(&self, key: &str) -> bool {
        self.chiefs().any(|a| a.key == key)
    }
    /// Whether an export of the members can have a column for it: ends only where they are the
    /// product's own.
    pub fn has_column(&self, attr: &AttrSpec) -> bool {
        attr.axis != Axis::Until || self.has_native_ends()
    }
    /// Whether the attribute says more of the chief one, so that it does not outlast it: emma-hq's
    /// privileges (E10), and meta-gateway's data sources, which standard users alone have.
    pub fn belongs_to_role(&self, attr: &AttrSpec) -> bool {
        (attr.axis == Axis::Power && matches!(attr.kind, Kind::Set { .. }))
            || self.limits.iter().any(|l| l.attr == attr.key && l.words.is_empty() && self.is_chief(l.with))
    }
    /// Whether the tenant has the attribute at all (I7, E13).
    pub fn offers(&self, attr: &AttrSpec, tenant: &Tenant) -> bool {
        attr.feature.is_none_or(|(fact, word)| tenant.lists(fact, word))
    }
    /// Whether this member is never planned for any change (E11).
    pub fn is_untouchable(&self, live: &Live) -> bool {
        self.untouchable.is_some_and(|(key, word)| live.attr(key).seen().and_then(crate::model::Value::as_one).is_some_and(|w| *w == word))
    }
    /// Whether an invitation writes to the person in this tenant.
    pub fn invitation_mails(&self, tenant: &Tenant) -> bool {
        match self.invitation.mails {
            Mails::Always => true,
            Mails::Unless(fact) => !tenant.flag(fact),
            Mails::If(fact) => tenant.flag(fact),
        }
    }
    /// Whether somebody must hand the link of an invitation over: nothing mails it (M3).
    pub fn hands_links_over(&self, tenant: &Tenant) -> bool {
        self.invitation.link && !self.invitation_mails(tenant)
    }
    /// Whether ends are the product's own.
    pub fn has_native_ends(&self) -> bool {
        matches!(self.ends, Ends::Native { .. })
    }
}

impl AttrSpec {
    /// Whether an actor can hold it: what it may do and where; no name and no end.
    pub fn is_held_by_actors(&self) -> bool {
        matches!(self.axis, Axis::Power | Axis::Where)
    }
    /// Whether its words are scopes that are held: where something holds, and not what is taken away.
    pub fn is_scope(&self) -> bool {
        self.axis == Axis::Where && !self.kind.denies()
    }
}

impl Kind {
    /// What an attribute is that a server, or a cell of an export, leaves blank; none where nothing
    /// would be no value.
    pub fn nothing(&self) -> Option<Value> {
        match self {
            Kind::Set { .. } => Some(Value::Set(BTreeSet::new())),
            Kind::Flag => Some(Value::Flag(false)),
            Kind::Day => Some(Value::Day(None)),
            Kind::Opaque => Some(Value::Opaque(serde_json::Value::Object(serde_json::Map::new()))),
            Kind::One(_) | Kind::Text => None,
        }
    }
    /// The words that are fixed in the product.
    pub fn fixed(&self) -> Option<&'static [Word]> {
        match self {
            Kind::One(Words::Fixed(w)) | Kind::Set { words: Words::Fixed(w), .. } => Some(w),
            _ => None,
        }
    }
    /// The connection fact that lists the words.
    pub fn tenant_words(&self) -> Option<&'static str> {
        match self {
            Kind::One(Words::Tenant(f)) | Kind::Set { words: Words::Tenant(f), .. } => Some(f),
            _ => None,
        }
    }
    pub fn denies(&self) -> bool {
        matches!(self, Kind::Set { denies: true, .. })
    }
}
