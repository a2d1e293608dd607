//! One-off actions as a system's literals state them: what there is, on whom, how it is made, and
//! what comes of it.

use crate::model::{OneOff, Tenant};

use super::spec::{PhaseIs, Step, SystemSpec, Where};

/// One action that the product has.
pub struct OneOffSpec {
    pub act: OneOff,
    pub on: PhaseIs,
    /// The tenant's fact and word that it needs; a fact that is not stated counts as the first word
    /// of its list.
    pub tenant: Option<Where>,
    /// The fact that must list the word.
    pub feature: Option<(&'static str, &'static str)>,
    pub way: Way,
    pub gives: Gives,
}

/// How it is made.
pub enum Way {
    /// By one call of its own.
    Call(Step),
    /// By the calls of a re-invitation that changes nothing.
    Reinvite,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// The product writes to the member.
    Mail,
    /// The product shows a secret, for somebody to hand over.
    Secret(Secret),
    Nothing,
}

/// What must reach one member and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// Accepts the invitation (SYSTEMS.md M2).
    InvitationLink,
    /// Sets a new password.
    PasswordLink,
    Password,
}

impl Secret {
    pub fn words(self) -> &'static str {
        match self {
            Secret::InvitationLink => "the link of the invitation",
            Secret::PasswordLink => "the link to set a new password",
            Secret::Password => "the new password",
        }
    }
}

/// Why a system has not the action, in this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// It has it nowhere.
    Action,
    /// Only where the fact has, or lists, the word.
    Word { fact: &'static str, word: &'static str, lists: bool },
}

impl SystemSpec {
    /// The action as the product has it in this tenant.
    ///
    /// # Errors
    /// [`Lacks`].
    pub fn one_off(&self, act: OneOff, tenant: &Tenant) -> Result<&'static OneOffSpec, Lacks> {
        let mut lacks = Lacks::Action;
        for one in self.one_offs.iter().filter(|o| o.act == act) {
            if let Some(place) = one.tenant.as_ref().filter(|w| self.fact_word(tenant, w.fact) != Some(w.word)) {
                lacks = Lacks::Word { fact: place.fact, word: place.word, lists: false };
            } else if let Some((fact, word)) = one.feature.filter(|(fact, word)| !tenant.lists(fact, word)) {
                lacks = Lacks::Word { fact, word, lists: true };
            } else {
                return Ok(one);
            }
        }
        Err(lacks)
    }

    /// The calls that only one-off actions make.
    pub fn one_off_steps(&self) -> impl Iterator<Item = &'static Step> {
        self.one_offs.iter().filter_map(|o| match &o.way {
            Way::Call(step) => Some(step),
            Way::Reinvite => None,
        })
    }

    /// Whether the product ever answers with something that a human must hand over.
    pub fn shows_secrets(&self) -> bool {
        self.invitation.link || self.one_offs.iter().any(|o| matches!(o.gives, Gives::Secret(_)))
    }
}

const fn call(act: OneOff, verb: crate::model::Verb, gives: Gives) -> OneOffSpec {
    let step = Step { verb, label: act_label(act), keys: &[] };
    OneOffSpec { act, on: PhaseIs::Standing, tenant: None, feature: None, way: Way::Call(step), gives }
}

const fn act_label(act: OneOff) -> &'static str {
    match act {
        OneOff::ResetPassword => "reset-password",
        OneOff::ResetTwoFactor => "reset-2fa",
        OneOff::Resend => "resend",
        OneOff::Link => "link",
    }
}

/// A new password, or the way to one, for whoever has registered.
pub(super) const fn reset_password(gives: Gives) -> OneOffSpec {
    call(OneOff::ResetPassword, crate::model::Verb::ResetPassword, gives)
}

/// Only where the fact lists the word.
pub(super) const fn reset_two_factor(feature: (&'static str, &'static str)) -> OneOffSpec {
    OneOffSpec { feature: Some(feature), ..call(OneOff::ResetTwoFactor, crate::model::Verb::ResetTwoFactor, Gives::Nothing) }
}

const fn invitation(act: OneOff, gives: Gives) -> OneOffSpec {
    OneOffSpec { act, on: PhaseIs::Pending, tenant: None, feature: None, way: Way::Reinvite, gives }
}

pub(super) const RESEND: OneOffSpec = invitation(OneOff::Resend, Gives::Mail);
pub(super) const LINK: OneOffSpec = invitation(OneOff::Link, Gives::Secret(Secret::InvitationLink));
