//! A system in words: what `explain SYSTEM` prints and `docs/systems/` holds, from its literals alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::manifest::Invitations;
use crate::model::{Action, Actor, Atom, Attrs, Caps, Channel, OneOff, Tenant, Value, Verb};
use crate::systems::{
    AttrSpec, Axis, Ends, FactSpec, Gives, Kind, Life, Mails, Merge, OneOffSpec, PhaseIs, Procedure, Required, Rule, Seeking, SystemSpec,
    Way,
};

use super::matrix::{self, PermissionView, Role};
use super::spelt::{Spelt, Word};

/// Everything that portcullis knows of a system.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SystemView {
    pub system: &'static str,
    pub product: &'static str,
    pub summary: &'static str,
    pub roles: Vec<RoleView>,
    pub permissions: Vec<PermissionView>,
    pub attributes: Vec<AttributeView>,
    pub invitation: InvitationView,
    pub ends: EndsView,
    pub domains: Option<DomainsView>,
    /// The fewest active administrators that are let be.
    pub least_administrators: u32,
    /// Under this many a plan warns; 0 for never.
    pub recommended_administrators: u32,
    pub changes: Vec<ChangeWayView>,
    pub one_offs: Vec<OneOffView>,
    pub actors: ActorsView,
    pub facts: Vec<FactView>,
    pub backends: Vec<BackendView>,
    pub rules: Vec<RuleView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleView {
    pub role: &'static str,
    /// The attribute that a manifest writes it under.
    pub attribute: &'static str,
    pub doc: &'static str,
    /// Whether a manifest may ask for it; else it is only ever found.
    pub assignable: bool,
    /// Whether the role alone lets its holder change who has access.
    pub administers: bool,
    /// Whether granting it is high risk though it does not administer.
    pub high_risk: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AttributeView {
    pub attribute: &'static str,
    pub doc: &'static str,
    /// `one word`, `words`, `words that are denied`, `true or false`, `day`, `text`, `map`.
    pub kind: &'static str,
    pub required: bool,
    /// The attribute in whose place this one stands.
    pub or: Option<&'static str>,
    /// The fixed words, each with what it is and with which roles it goes; empty where any word goes.
    pub words: Vec<WordView>,
    /// The connection's fact that lists the words.
    pub words_from: Option<&'static str>,
    /// How entries of one person come together.
    pub merge: &'static str,
    /// The fact and its word without which the account lacks it.
    pub needs: Option<(&'static str, &'static str)>,
    /// Whether an invitation carries it, and whether a member's can be changed.
    pub at_invitation: bool,
    pub editable: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WordView {
    pub word: &'static str,
    pub doc: &'static str,
    /// The roles it goes with; empty for all.
    pub with: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InvitationView {
    /// Null where no page says it; then `invitations.life` of the account does.
    pub days: Option<u16>,
    /// Whether an earlier end of access ends it.
    pub or_end: bool,
    pub mails: String,
    pub link: bool,
    pub cooldown_hours: i64,
    pub attempts: u32,
    pub not_arrived: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct EndsView {
    /// Whether the product ends access by itself.
    pub native: bool,
    pub most_days_ahead: Option<u16>,
    /// Whether a member whose access ended can be restored, and is written to then.
    pub restores: bool,
    pub restore_mails: bool,
    pub locked: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DomainsView {
    /// Switching the whitelist on lists the domains of all existing members.
    pub on_lists_existing: bool,
}

/// How one kind of change is made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeWayView {
    action: Word<Action>,
    /// On members of which kind: `any`, `pending`, `standing`, `ended`.
    pub on: &'static str,
    /// Only where this fact of the connection has this word.
    pub only_with: Option<(&'static str, &'static str)>,
    pub calls: Vec<CallView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CallView {
    pub call: &'static str,
    pub attributes: Vec<&'static str>,
}

/// What can be done for one member on request: `portcullis member`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneOffView {
    action: Word<OneOff>,
    /// On members of which kind: `any`, `pending`, `standing`, `ended`.
    pub on: &'static str,
    /// Only where the fact of the connection has, or lists, the word.
    pub only_with: Option<(&'static str, &'static str)>,
    /// `mail`: the product writes to the member; `secret`: somebody hands it over; `nothing`.
    pub gives: &'static str,
    /// What the secret is.
    pub secret: Option<&'static str>,
    /// The backends through which portcullis does it; through the others it is done by hand.
    pub through: Vec<&'static str>,
}

/// Who may act.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActorsView {
    /// Roles with which an actor can change anything.
    pub may_act: Vec<&'static str>,
    /// Roles with which it sees everyone.
    pub see_all: Vec<&'static str>,
    /// Words of the actor that need a word of a fact.
    pub limits: Vec<String>,
    /// Who reaches an address that exists and is not seen.
    pub exists_elsewhere: &'static str,
    /// Rules by which a change is blocked before anything is sent.
    pub rules: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FactView {
    pub fact: &'static str,
    pub kind: &'static str,
    pub doc: &'static str,
    pub words: Vec<WordView>,
    /// The fact and word that it belongs to.
    pub with: Option<(&'static str, &'static str)>,
}

/// What one backend does for the system.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BackendView {
    pub backend: &'static str,
    /// Attributes that a reading shows.
    pub reads: Vec<&'static str>,
    pub reads_invitations: bool,
    pub reads_domains: bool,
    /// Whether an end is kept by the server.
    pub keeps_ends: bool,
    /// Each call of the system, what it carries, and how it is made.
    pub calls: Vec<ChannelView>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelView {
    pub call: &'static str,
    /// Null for the call itself.
    pub attribute: Option<&'static str>,
    channel: Word<Channel>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleView {
    pub rule: &'static str,
    /// `product`, `portcullis` or `both`.
    pub keeper: &'static str,
    pub text: &'static str,
}

impl SystemView {
    /// `backends` are those that reach it, each with what it can do.
    pub fn of(spec: &'static SystemSpec, backends: &[(&'static str, Caps)]) -> Self {
        let permissions = matrix::permissions(spec);
        Self {
            system: spec.name,
            product: spec.product,
            summary: spec.summary,
            roles: Role::all(spec).into_iter().map(|r| RoleView::of(spec, r, &permissions)).collect(),
            permissions,
            attributes: spec.attrs.iter().map(|a| AttributeView::of(spec, a)).collect(),
            invitation: InvitationView::of(spec),
            ends: EndsView::of(spec),
            domains: spec.domains.map(|d| DomainsView { on_lists_existing: d.on_lists_existing }),
            least_administrators: spec.floor.least,
            recommended_administrators: spec.floor.warn_under,
            changes: spec.procedures.iter().map(ChangeWayView::of).collect(),
            one_offs: spec.one_offs.iter().map(|one| OneOffView::of(spec, one, backends)).collect(),
            actors: ActorsView::of(spec),
            facts: spec.facts.iter().map(FactView::of).collect(),
            backends: backends.iter().map(|(name, caps)| BackendView::of(spec, name, caps)).collect(),
            rules: spec.rules.iter().map(RuleView::of).collect(),
        }
    }
}

impl RoleView {
    fn of(spec: &'static SystemSpec, role: Role, permissions: &[PermissionView]) -> Self {
        let attr = spec.attr(role.attr).unwrap_or_else(|| spec.chief());
        let word = attr.kind.fixed().and_then(|words| words.iter().find(|w| Some(w.word) == role.word));
        let alone = |p: &&PermissionView| p.held.iter().any(|h| h.role == role.name() && h.is_unconditional());
        Self {
            role: role.name(),
            attribute: role.attr,
            doc: word.map_or(attr.doc, |w| w.doc),
            assignable: word.is_none_or(|w| w.assignable),
            administers: permissions.iter().filter(|p| p.administers).any(|p| alone(&p)),
            high_risk: spec.high_risk.iter().any(|(key, word)| *key == role.attr && Some(*word) == role.word),
        }
    }
}

impl AttributeView {
    fn of(spec: &'static SystemSpec, attr: &'static AttrSpec) -> Self {
        let or = match attr.required {
            Required::Unless(key) => Some(key),
            Required::Never | Required::Always => spec.chiefs().find(|a| a.required == Required::Unless(attr.key)).map(|a| a.key),
        };
        let limits = |word: &str| {
            let of = spec.limits.iter().filter(move |l| l.attr == attr.key && (l.words.is_empty() || l.words.contains(&word)));
            of.flat_map(|l| l.one_of).copied().collect()
        };
        let words = attr.kind.fixed().unwrap_or_default();
        let carries = |verbs: &[Verb]| {
            let steps = spec.procedures.iter().flat_map(|p| p.steps);
            steps.filter(|s| verbs.contains(&s.verb)).any(|s| s.keys.contains(&attr.key))
        };
        Self {
            attribute: attr.key,
            doc: attr.doc,
            kind: kind(&attr.kind),
            required: attr.required == Required::Always,
            or,
            words: words.iter().map(|w| WordView { word: w.word, doc: w.doc, with: limits(w.word) }).collect(),
            words_from: attr.kind.tenant_words(),
            merge: merged(attr.merge),
            needs: attr.feature,
            at_invitation: carries(&[Verb::Invite]) && !(attr.axis == Axis::Label && spec.names_after_registration),
            editable: spec.is_editable(attr.key) || attr.axis == Axis::Until,
        }
    }
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::One(_) => "one word",
        Kind::Set { denies: false, .. } => "words",
        Kind::Set { denies: true, .. } => "words that are denied",
        Kind::Flag => "true or false",
        Kind::Day => "day",
        Kind::Text => "text",
        Kind::Opaque => "map",
    }
}

fn merged(how: Merge) -> &'static str {
    match how {
        Merge::Union => "several entries add up",
        Merge::Intersect => "of several entries, what all of them name",
        Merge::Any => "of several entries, one is enough",
        Merge::Latest => "of several entries the latest, or none where one has none",
        Merge::Same => "several entries must agree",
        Merge::WithRole => "of several entries one decides: a direct one before a team's, then one with an `end` before one without",
    }
}

impl InvitationView {
    fn of(spec: &SystemSpec) -> Self {
        let (days, or_end) = match spec.invitation.life {
            Life::Days(days) => (Some(days), false),
            Life::DaysOrEnd(days) => (Some(days), true),
            Life::Setting => (None, false),
        };
        let mails = match spec.invitation.mails {
            Mails::Always => "the product mails the person".to_owned(),
            Mails::Unless(fact) => format!("the product mails the person, unless the connection says `{fact}: true`"),
            Mails::If(fact) => format!("the product mails the person only where the connection says `{fact}: true`"),
        };
        let Invitations { cooldown_hours, attempts, .. } = Invitations::default();
        Self { days, or_end, mails, link: spec.invitation.link, cooldown_hours, attempts, not_arrived: spec.invitation_hints.to_vec() }
    }
}

impl EndsView {
    fn of(spec: &SystemSpec) -> Self {
        Self {
            native: spec.has_native_ends(),
            most_days_ahead: match spec.ends {
                Ends::None => None,
                Ends::Native { max_ahead } => Some(max_ahead),
            },
            restores: spec.procedures.iter().any(|p| p.action == Action::Restore),
            restore_mails: spec.restore_mails,
            locked: spec.locked_hint,
        }
    }
}

impl ChangeWayView {
    fn of(procedure: &'static Procedure) -> Self {
        Self {
            action: Word(procedure.action),
            on: phase(procedure.on),
            only_with: procedure.tenant.as_ref().map(|w| (w.fact, w.word)),
            calls: procedure.steps.iter().map(|s| CallView { call: s.label, attributes: s.keys.to_vec() }).collect(),
        }
    }
    pub fn action(&self) -> &'static str {
        self.action.0.word()
    }
}

fn phase(on: PhaseIs) -> &'static str {
    match on {
        PhaseIs::Any => "any",
        PhaseIs::Pending => "pending",
        PhaseIs::Standing => "standing",
        PhaseIs::Ended => "ended",
    }
}

impl OneOffView {
    fn of(spec: &SystemSpec, one: &'static OneOffSpec, backends: &[(&'static str, Caps)]) -> Self {
        let reinvites = || spec.procedures.iter().filter(|p| p.action == Action::Reinvite).flat_map(|p| p.steps);
        let verb = match &one.way {
            Way::Call(step) => Some(step.verb),
            Way::Reinvite => reinvites().map(|s| s.verb).find(|v| *v == Verb::Resend),
        };
        let by_api = |(_, caps): &&(&'static str, Caps)| verb.is_some_and(|v| caps.channel(v, None) == Channel::Api);
        let (gives, secret) = match one.gives {
            Gives::Mail => ("mail", None),
            Gives::Secret(secret) => ("secret", Some(secret.words())),
            Gives::Nothing => ("nothing", None),
        };
        Self {
            action: Word(one.act),
            on: phase(one.on),
            only_with: one.tenant.as_ref().map(|w| (w.fact, w.word)).or(one.feature),
            gives,
            secret,
            through: backends.iter().filter(by_api).map(|(name, _)| *name).collect(),
        }
    }
    pub fn action(&self) -> &'static str {
        self.action.0.word()
    }
}

impl ActorsView {
    fn of(spec: &'static SystemSpec) -> Self {
        let attr = spec.chief();
        let words = || attr.kind.fixed().unwrap_or_default().iter().map(|w| w.word);
        let tenant = |word: &'static str| {
            let attrs = Attrs::from([(attr.key, chief(attr, word))]);
            Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor { attrs, ..Actor::default() } }
        };
        // Whoever may not even take the least of members away may change nothing.
        let last = attr.kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable).map(|w| w.word).next_back();
        let before: Attrs = last.map(|w| (attr.key, chief(attr, w))).into_iter().collect();
        let after = Attrs::new();
        let removal = Seeking { action: Action::Remove, exists: true, partly_seen: false, anew: false, before: &before, after: &after };
        let may = |word: &&'static str| spec.demand(&tenant(word), &removal).is_none_or(|demand| demand.lacks.is_none());
        let rules: BTreeSet<&'static str> = spec.may.iter().map(|(id, _)| *id).collect();
        let mut rules: Vec<&'static str> = rules.into_iter().collect();
        rules.sort_by_key(|id| spec.rules.iter().position(|r| r.id == *id));
        Self {
            may_act: words().filter(may).collect(),
            see_all: words().filter(may).filter(|w| (spec.sees_all)(&tenant(w))).collect(),
            limits: spec
                .actors
                .iter()
                .map(|l| format!("{} {} needs `{}: {}`", l.attr, l.words.join(" or "), l.with, l.one_of.join(" or ")))
                .collect(),
            exists_elsewhere: spec.exists_elsewhere,
            rules,
        }
    }
}

fn chief(attr: &AttrSpec, word: &'static str) -> Value {
    match attr.kind {
        Kind::Set { .. } => Value::Set(BTreeSet::from([Atom::literal(word)])),
        Kind::One(_) | Kind::Flag | Kind::Day | Kind::Text | Kind::Opaque => Value::One(Atom::literal(word)),
    }
}

impl FactView {
    fn of(fact: &'static FactSpec) -> Self {
        let words = fact.kind.fixed().unwrap_or_default();
        Self {
            fact: fact.key,
            kind: kind(&fact.kind),
            doc: fact.doc,
            words: words.iter().map(|w| WordView { word: w.word, doc: w.doc, with: Vec::new() }).collect(),
            with: fact.with,
        }
    }
}

impl BackendView {
    fn of(spec: &SystemSpec, backend: &'static str, caps: &Caps) -> Self {
        let mut carried: BTreeMap<Verb, BTreeSet<&'static str>> = BTreeMap::new();
        for step in spec.procedures.iter().flat_map(|p| p.steps) {
            carried.entry(step.verb).or_default().extend(step.keys);
        }
        if caps.writes.contains_key(&Verb::Deactivate) {
            carried.entry(Verb::Deactivate).or_default();
        }
        let in_order = |keys: &BTreeSet<&'static str>| -> Vec<&'static str> {
            spec.attrs.iter().map(|a| a.key).filter(|k| keys.contains(k)).collect()
        };
        let calls = carried.iter().flat_map(|(verb, keys)| {
            let itself = (!matches!(verb, Verb::Set)).then_some(None);
            // What the server does not keep is no step for anybody: portcullis ends the access.
            let kept = move |k: &&'static str| caps.keeps_ends || spec.attr(k).is_some_and(|a| a.axis != Axis::Until);
            let each = in_order(keys).into_iter().filter(kept).map(Some);
            itself.into_iter().chain(each).map(|attribute| ChannelView {
                call: verb.word(),
                attribute,
                channel: Word(caps.channel(*verb, attribute)),
            })
        });
        Self {
            backend,
            reads: in_order(&caps.reads.iter().copied().collect()),
            reads_invitations: caps.reads_invitations,
            reads_domains: caps.reads_domains && spec.domains.is_some(),
            keeps_ends: caps.keeps_ends,
            calls: calls.collect(),
        }
    }
}

impl ChannelView {
    pub fn channel(&self) -> Channel {
        self.channel.0
    }
}

impl Spelt for Verb {
    const NAME: &'static str = "Verb";
    fn values() -> Vec<Self> {
        Verb::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl RuleView {
    fn of(rule: &Rule) -> Self {
        Self { rule: rule.id, keeper: rule.keeper.word(), text: rule.text }
    }
}
