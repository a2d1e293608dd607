//! What a bridge says that it has, in our words.

use std::collections::{BTreeMap, BTreeSet};

use crate::backends::Expect;
use crate::model::bridge::{CallVerb, Capabilities, PROTOCOL, Paging, WireProof};
use crate::model::{Caps, Email, Incomplete, Key, Proof, Verb, quoted};
use crate::systems::SystemSpec;

/// What was asked once and holds for the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub caps: Caps,
    pub actor: Option<Email>,
    pub tenant: Option<String>,
    pub page_size: usize,
    pub paging: Paging,
    pub idempotency: bool,
    pub sandbox: bool,
}

impl Offer {
    /// # Errors
    /// Another protocol, system, tenant or actor than the connection says, and words that the system
    /// does not have.
    pub(super) fn of(spec: &SystemSpec, expect: &Expect, said: Capabilities) -> Result<Self, Incomplete> {
        let unexpected = |why: String| Err(Incomplete::new("unexpected", why));
        if said.protocol != PROTOCOL {
            return unexpected(format!("the endpoint speaks {}, and this program {PROTOCOL}", quoted(&said.protocol)));
        }
        if said.system != spec.name {
            return unexpected(format!("the bridge is of {}, and the connection of `{}`", quoted(&said.system), spec.name));
        }
        let actor = match &said.actor {
            None => None,
            Some(text) => match Email::parse(text) {
                Ok(email) => Some(email),
                Err(why) => return unexpected(format!("the bridge says that the token is {}'s: {why}", quoted(text))),
            },
        };
        held("tenant", "account", expect.tenant.as_deref(), said.tenant.as_deref())?;
        held("actor", "actor", expect.actor.as_ref().map(Email::key), actor.as_ref().map(Email::key))?;
        if said.page_size == 0 {
            return unexpected("the bridge has pages of no members".into());
        }
        let reads = said.reads.iter().map(|key| known(spec, key)).collect::<Result<BTreeSet<Key>, _>>()?;
        let mut writes: BTreeMap<Verb, BTreeSet<Key>> = BTreeMap::new();
        for (verb, keys) in &said.writes {
            writes.insert(ours(*verb), keys.iter().map(|key| known(spec, key)).collect::<Result<_, _>>()?);
        }
        let best_proof = match said.proof {
            WireProof::Snapshot => Proof::Snapshot,
            WireProof::Counted => Proof::Counted,
        };
        let caps = Caps {
            reads,
            writes,
            reads_domains: said.reads_domains,
            reads_invitations: said.reads_invitations,
            registered: actor.clone().filter(|_| !said.reads_invitations),
            keeps_ends: said.keeps_ends,
            best_proof,
        };
        Ok(Self {
            caps,
            actor,
            tenant: said.tenant,
            page_size: said.page_size as usize,
            paging: said.paging,
            idempotency: said.idempotency,
            sandbox: said.sandbox,
        })
    }
}

/// What is pinned must be said, and be the same.
fn held(pin: &str, what: &str, expected: Option<&str>, said: Option<&str>) -> Result<(), Incomplete> {
    match (expected, said) {
        (None, _) => Ok(()),
        (Some(expected), Some(said)) if expected == said => Ok(()),
        (Some(expected), Some(said)) => {
            Err(Incomplete::new("unexpected", format!("the bridge's {what} is {}, and `expect.{pin}` is {expected}", quoted(said))))
        }
        (Some(expected), None) => {
            let why = format!("`expect.{pin}` ({expected}) cannot be checked: the bridge does not say its {what}");
            Err(Incomplete::new("unexpected", why))
        }
    }
}

fn known(spec: &SystemSpec, key: &str) -> Result<Key, Incomplete> {
    let attr = spec.attr(key).ok_or_else(|| {
        Incomplete::new("unexpected", format!("the bridge names the attribute {}, which {} does not have", quoted(key), spec.name))
    })?;
    Ok(attr.key)
}

/// The model's verb of the wire's: the two are told apart so that a new one of ours is not sent to
/// bridges of today.
fn ours(verb: CallVerb) -> Verb {
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

/// The wire's verb of ours.
pub(super) fn wire(verb: Verb) -> CallVerb {
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
