//! The sandbox's words as the bridge's, and back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::model::bridge::{
    CallVerb, Capabilities, PROTOCOL, Paging, ProblemKind, WireAssign, WireCall, WireInvitation, WireInvitationState, WireMember,
    WirePhase, WireProof,
};
use crate::model::{Assign, Atom, Atoms, Call, Channel, Domain, Email, Invitation, Key, Known, Live, Phase, Subject, Value, Verb};
use crate::systems::{AttrSpec, SystemSpec};

use super::Host;
use super::reply::Reply;

/// What exists in the account: the same as the embedded backend says.
pub(super) fn capabilities(host: &Host, proof: WireProof, page_size: u32, paging: Paging, idempotency: bool) -> Capabilities {
    let caps = host.spec.caps(&host.tenant);
    let keys = |keys: BTreeSet<Key>| keys.into_iter().map(str::to_owned).collect();
    Capabilities {
        protocol: PROTOCOL.to_owned(),
        system: host.spec.name.to_owned(),
        tenant: host.tenant.name.as_ref().map(Atom::to_string),
        actor: host.tenant.actor.member.as_ref().map(|member| member.key().to_owned()),
        reads: keys(caps.reads),
        writes: caps.writes.into_iter().map(|(verb, attrs)| (of_verb(verb), keys(attrs))).collect(),
        reads_domains: caps.reads_domains,
        reads_invitations: caps.reads_invitations,
        keeps_ends: caps.keeps_ends,
        proof,
        page_size,
        paging,
        idempotency,
        sandbox: true,
    }
}

pub(super) fn member(live: Live) -> WireMember {
    let (mut attrs, mut partly, mut hidden) = (Map::new(), BTreeSet::new(), BTreeSet::new());
    for (key, known) in live.attrs {
        match &known {
            Known::Partly(_) => partly.insert(key.to_owned()),
            Known::Hidden => hidden.insert(key.to_owned()),
            Known::Seen(_) | Known::Unreadable => false,
        };
        if let Some(value) = known.seen() {
            attrs.insert(key.to_owned(), value.to_json());
        }
    }
    let (phase, invitation) = match live.phase {
        Phase::Pending { sent, attempts, state } => {
            (WirePhase::Pending, Some(WireInvitation { state: of_invitation(state), sent, attempts }))
        }
        Phase::Active => (WirePhase::Active, None),
        Phase::Locked => (WirePhase::Locked, None),
        Phase::Expired => (WirePhase::Expired, None),
        Phase::Suspended => (WirePhase::Suspended, None),
    };
    WireMember { email: live.email.key().to_owned(), id: live.id.map(|id| id.to_string()), phase, invitation, attrs, partly, hidden }
}

fn of_invitation(state: Invitation) -> WireInvitationState {
    match state {
        Invitation::Open => WireInvitationState::Open,
        Invitation::Over => WireInvitationState::Over,
        Invitation::Declined => WireInvitationState::Declined,
        Invitation::Failed => WireInvitationState::Failed,
    }
}

fn of_verb(verb: Verb) -> CallVerb {
    match verb {
        Verb::Invite => CallVerb::Invite,
        Verb::Resend => CallVerb::Resend,
        Verb::EditInvitation => CallVerb::EditInvitation,
        Verb::Set => CallVerb::Set,
        Verb::Restore => CallVerb::Restore,
        Verb::Delete => CallVerb::Delete,
        Verb::Deactivate => CallVerb::Deactivate,
        Verb::AllowDomain => CallVerb::AllowDomain,
        Verb::DisallowDomain => CallVerb::DisallowDomain,
        Verb::ResetPassword => CallVerb::ResetPassword,
        Verb::ResetTwoFactor => CallVerb::ResetTwoFactor,
    }
}

fn verb(verb: CallVerb) -> Verb {
    match verb {
        CallVerb::Invite => Verb::Invite,
        CallVerb::Resend => Verb::Resend,
        CallVerb::EditInvitation => Verb::EditInvitation,
        CallVerb::Set => Verb::Set,
        CallVerb::Restore => Verb::Restore,
        CallVerb::Delete => Verb::Delete,
        CallVerb::Deactivate => Verb::Deactivate,
        CallVerb::AllowDomain => Verb::AllowDomain,
        CallVerb::DisallowDomain => Verb::DisallowDomain,
        CallVerb::ResetPassword => Verb::ResetPassword,
        CallVerb::ResetTwoFactor => Verb::ResetTwoFactor,
    }
}

/// The act that a call asks for.
///
/// # Errors
/// 400 for what is no call of the protocol, 422 for what the product does not know.
pub(super) fn call(spec: &'static SystemSpec, wire: &WireCall) -> Result<(Subject, Call), Reply> {
    let bad = |why: String| Reply::problem(ProblemKind::BadRequest, Some(why));
    let verb = verb(wire.verb);
    let on = match (verb, &wire.member, &wire.domain) {
        (Verb::AllowDomain | Verb::DisallowDomain, None, Some(domain)) if domain == "*" => Subject::Domain(Domain::any()),
        (Verb::AllowDomain | Verb::DisallowDomain, None, Some(domain)) => {
            Subject::Domain(Domain::parse(domain).map_err(|e| bad(format!("domain: {e}")))?)
        }
        (Verb::AllowDomain | Verb::DisallowDomain, _, _) => return Err(bad(format!("{} is about a domain", verb.word()))),
        (_, Some(member), None) => Subject::Member(Email::parse(member).map_err(|e| bad(format!("member: {e}")))?),
        (_, _, _) => return Err(bad(format!("{} is about a member", verb.word()))),
    };
    let mut set = BTreeMap::new();
    let mut words = Atoms::default();
    for (key, assign) in &wire.set {
        let no = |why: String| Reply::problem(ProblemKind::Refused, Some(why));
        let attr = spec.attr(key).ok_or_else(|| no(format!("There is no field {key}.")))?;
        set.insert(attr.key, of_assign(spec, attr, assign, &mut words).ok_or_else(|| no(format!("{key} has the wrong type.")))?);
    }
    Ok((on, Call { verb, label: verb.word().to_owned(), set, channel: Channel::Api, mails: false }))
}

fn of_assign(spec: &'static SystemSpec, attr: &AttrSpec, assign: &WireAssign, words: &mut Atoms) -> Option<Assign> {
    Some(match assign {
        WireAssign::To(value) => Assign::To(value_of(spec, attr, value, words)?),
        WireAssign::Change { add, remove } => {
            let mut of = |all: &BTreeSet<String>| all.iter().map(|word| words.atom(word).ok()).collect::<Option<BTreeSet<_>>>();
            Assign::Delta { add: of(add)?, remove: of(remove)? }
        }
    })
}

/// As the sandbox reads its own attributes.
fn value_of(spec: &'static SystemSpec, attr: &AttrSpec, value: &Json, words: &mut Atoms) -> Option<Value> {
    let text = json!({ attr.key: value }).to_string();
    spec.attrs_from_json(&text, words).ok()?.remove(attr.key)
}
