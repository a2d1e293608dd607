//! One-off actions: never desired state, so in no plan and no digest. Everything that speaks against
//! one is found here, from the reading, before anything is sent.

use jiff::{SignedDuration, Timestamp};

use crate::desired::Wanted;
use crate::manifest::diagnostic::nearest;
use crate::model::{Action, Attrs, Call, Channel, Email, Invitation, Live, OneOff, Phase, Subject, Verb};
use crate::systems::{Demand, Gives, Lacks, OneOffSpec, PhaseIs, Seeking, SystemSpec, Way};

use super::account::{Account, Day};
use super::{Moment, invitation};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub act: OneOff,
    /// As the command line names the member.
    pub word: String,
    /// The addresses that mean the member in this account, the likeliest first.
    pub addresses: Vec<Email>,
    /// Within the cool-down, and over the number of attempts, too.
    pub again: bool,
}

/// One action that nothing speaks against. Made by [`one_off`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOffAct {
    account: String,
    system: &'static str,
    backend: &'static str,
    act: OneOff,
    gives: Gives,
    subject: Subject,
    member: Email,
    whole: Attrs,
    calls: Vec<Call>,
    sandbox: bool,
    as_of: Timestamp,
}

/// What speaks against an action, each with its code (docs/codes.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    Incomplete,
    NotOffered,
    NoPlaceForSecrets,
    NotAMember,
    Untouchable,
    Ignored,
    Protected,
    /// The member is the actor itself.
    Actor,
    /// The actor may not: a code of a block.
    Blocked(&'static str),
    WrongPhase,
    /// The manifests end the access that the invitation would give.
    Ends,
    CoolingDown,
    TooManyAttempts,
}

impl Against {
    pub fn code(self) -> &'static str {
        match self {
            Against::Incomplete => "incomplete-reading",
            Against::NotOffered => "not-offered",
            Against::NoPlaceForSecrets => "no-place-for-secrets",
            Against::NotAMember => "not-a-member",
            Against::Untouchable => "untouchable-member",
            Against::Ignored => "ignored-member",
            Against::Protected => "protected",
            Against::Actor => "self-lockout",
            Against::Blocked(code) => code,
            Against::WrongPhase => "wrong-phase",
            Against::Ends => "access-ends",
            Against::CoolingDown => "cooling-down",
            Against::TooManyAttempts => "too-many-attempts",
        }
    }
}

/// Why an action is not attempted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub against: Against,
    pub message: String,
    pub hint: Option<String>,
}

impl Refused {
    fn new(against: Against, message: impl Into<String>) -> Self {
        Self { against, message: message.into(), hint: None }
    }
    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl OneOffAct {
    pub fn account(&self) -> &str {
        &self.account
    }
    pub fn system(&self) -> &'static str {
        self.system
    }
    pub fn backend(&self) -> &'static str {
        self.backend
    }
    pub fn act(&self) -> OneOff {
        self.act
    }
    pub fn gives(&self) -> Gives {
        self.gives
    }
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
    pub fn member(&self) -> &Email {
        &self.member
    }
    /// All that is seen of the member, which the action leaves as it is.
    pub fn whole(&self) -> &Attrs {
        &self.whole
    }
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
    pub fn is_sandbox(&self) -> bool {
        self.sandbox
    }
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }
    /// `account/action/member`, as changes are named.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.account, self.act.word(), self.member.key())
    }
    /// By hand where one of its calls is: half of it is not made and left to somebody.
    pub fn is_by_hand(&self) -> bool {
        self.calls.iter().any(|c| c.channel != Channel::Api)
    }
}

/// The action as the system has it, before any account is read.
///
/// # Errors
/// [`Refused`], with what there is.
pub fn offered(account: &Account<'_>, act: OneOff) -> Result<&'static OneOffSpec, Refused> {
    let spec = account.spec;
    let one = spec.one_off(act, account.tenant).map_err(|lacks| lacking(spec, act, lacks))?;
    // E8: what nothing mails cannot be sent again.
    if matches!(one.way, Way::Reinvite) && one.gives == Gives::Mail && !spec.invitation_mails(account.tenant) {
        let message = format!("invitations of {} go out without a mail here, so there is nothing to send again", account.name);
        return Err(Refused::new(Against::NotOffered, message));
    }
    Ok(one)
}

fn lacking(spec: &SystemSpec, act: OneOff, lacks: Lacks) -> Refused {
    let message = match lacks {
        Lacks::Action => format!("{} has no {}", spec.name, act.word()),
        Lacks::Word { fact, word, lists: true } => {
            format!("{} has {} only with `{fact}: [{word}]` in the connection", spec.name, act.word())
        }
        Lacks::Word { fact, word, lists: false } => {
            format!("{} has {} only with `{fact}: {word}` in the connection", spec.name, act.word())
        }
    };
    let has: Vec<&str> = spec.one_offs.iter().map(|o| o.act.word()).filter(|w| *w != act.word()).collect();
    Refused::new(Against::NotOffered, message).hint(format!("it has {}", has.join(", ")))
}

/// A secret, and nowhere to write it: nothing is sent.
pub fn no_place_for_secrets(account: &Account<'_>, act: OneOff) -> Refused {
    let message = format!("{} of {} answers with a secret, and the connection names no place for it", act.word(), account.spec.name);
    Refused::new(Against::NoPlaceForSecrets, message).hint("add `links: {directory: .portcullis/links}` to the connection")
}

/// Checks the action against the reading, the manifests and the actor.
///
/// # Errors
/// [`Refused`]: the first thing that speaks against it.
pub fn one_off(account: &Account<'_>, moment: Moment, asked: &Asked) -> Result<OneOffAct, Refused> {
    let one = offered(account, asked.act)?;
    if let Err(why) = &account.reading.proof {
        let message = format!("{} was not read whole: {}", account.name, why.problems.join("; "));
        return Err(Refused::new(Against::Incomplete, message));
    }
    let day = account.day(moment);
    let live = member(account, asked)?;
    hands_off(account, live)?;
    let calls = calls(account, one, live).ok_or_else(|| in_phase(account, asked, live))?;
    may(account, one, live, &calls)?;
    if matches!(one.way, Way::Reinvite) {
        stays(account, day, live)?;
        if one.gives == Gives::Mail || account.spec.invitation_mails(account.tenant) {
            cool_down(account, day, asked, live)?;
        }
    }
    Ok(OneOffAct {
        account: account.name.to_string(),
        system: account.spec.name,
        backend: account.backend,
        act: asked.act,
        gives: one.gives,
        subject: Subject::Member(live.email.clone()),
        member: live.email.clone(),
        whole: account.seen(live),
        calls,
        sandbox: account.sandbox,
        as_of: day.now,
    })
}

fn member<'a>(account: &Account<'a>, asked: &Asked) -> Result<&'a Live, Refused> {
    let members = &account.reading.members;
    if let Some(live) = asked.addresses.iter().find_map(|a| members.iter().find(|m| m.email == *a)) {
        return Ok(live);
    }
    let message = format!("{} is no member of {} that the actor sees", asked.word, account.name);
    let word = asked.addresses.first().map_or(asked.word.as_str(), Email::key);
    let refused = Refused::new(Against::NotAMember, message);
    Err(match nearest(word, members.iter().map(|m| m.email.key())) {
        Some(near) => refused.hint(format!("did you mean `{near}`?")),
        None => refused.hint("`portcullis export` lists the members"),
    })
}

/// Whom nothing here touches.
fn hands_off(account: &Account<'_>, live: &Live) -> Result<(), Refused> {
    let email = &live.email;
    let policy = &account.desired.policy;
    if account.spec.is_untouchable(live) {
        return Err(Refused::new(Against::Untouchable, format!("{email} is never touched: the product lets nobody change this member")));
    }
    let is_they = |other: &Email| account.desired.is_one_person(other, email);
    if policy.protect.iter().any(|p| is_they(p)) {
        let message = format!("{email} is under `protect` in {}: nobody touches this member", account.name);
        return Err(Refused::new(Against::Protected, message).hint("change `protect`, in review, or do it by hand"));
    }
    if policy.ignores(email) {
        let message = format!("{email} is under `ignore` in {}: seen, never touched", account.name);
        return Err(Refused::new(Against::Ignored, message).hint("take the address out of `ignore`, or do it by hand"));
    }
    let actor = account.tenant.actor.member.as_ref().or(account.reading.whoami.as_ref());
    if actor.is_some_and(is_they) {
        let message = format!("{email} is the actor: what goes wrong would lock portcullis out");
        return Err(Refused::new(Against::Actor, message).hint("ask another administrator, in the console"));
    }
    Ok(())
}

/// The calls, for a member in this phase; `None` where there are none.
fn calls(account: &Account<'_>, one: &OneOffSpec, live: &Live) -> Option<Vec<Call>> {
    // Where invitations are not seen, whoever shows as active may be pending.
    let unseen = Phase::Pending { sent: None, attempts: None, state: Invitation::Open };
    let phase = match (&live.phase, one.on) {
        (Phase::Active, PhaseIs::Pending) if !account.caps.reads_invitations => &unseen,
        (phase, _) => phase,
    };
    let fits = match one.on {
        PhaseIs::Any => true,
        PhaseIs::Pending => phase.is_pending(),
        PhaseIs::Standing => matches!(phase, Phase::Active | Phase::Locked),
        PhaseIs::Ended => matches!(phase, Phase::Expired | Phase::Suspended),
    };
    if !fits {
        return None;
    }
    match &one.way {
        Way::Call(step) => {
            let channel = account.caps.channel(step.verb, None);
            let (label, set) = (step.label.to_owned(), std::collections::BTreeMap::new());
            Some(vec![Call { verb: step.verb, label, set, channel, mails: one.gives == Gives::Mail }])
        }
        Way::Reinvite => {
            let all = account.seen(live);
            let removal = account.desired.policy.on_removal;
            account.spec.calls(Action::Reinvite, Some(phase), &all, &all, removal, account.tenant, account.caps).ok()
        }
    }
}

fn in_phase(account: &Account<'_>, asked: &Asked, live: &Live) -> Refused {
    let message = format!("{} is {}: {} is not for such a member", live.email, live.phase.word(), asked.act.word());
    let has = |act: OneOff| account.spec.one_off(act, account.tenant).is_ok().then_some(act);
    let refused = Refused::new(Against::WrongPhase, message);
    match (&live.phase, has(OneOff::Resend).or(has(OneOff::Link))) {
        (Phase::Pending { .. }, Some(other)) => refused.hint(format!("the invitation is not accepted yet: `{}` is for that", other.word())),
        (Phase::Expired | Phase::Suspended, _) => refused.hint("give the access back first, in the manifests"),
        (Phase::Active | Phase::Locked, _) => refused.hint("the invitation was accepted: `reset-password` is for a lost password"),
        (Phase::Pending { .. }, None) => refused,
    }
}

fn may(account: &Account<'_>, one: &OneOffSpec, live: &Live, calls: &[Call]) -> Result<(), Refused> {
    let has = |verb: Verb| calls.iter().any(|c| c.verb == verb);
    let anew = has(Verb::Delete) && has(Verb::Invite);
    let partly_seen = live.attrs.values().any(crate::model::Known::is_partly);
    let all = account.seen(live);
    let action = match one.way {
        Way::Call(_) => Action::Edit,
        Way::Reinvite => Action::Reinvite,
    };
    let seeking = Seeking { action, exists: true, partly_seen, anew, before: &all, after: &all };
    let blocked = |code: &'static str, needs: &str| {
        let message = format!("the actor may not do this for {}", live.email);
        Refused::new(Against::Blocked(code), message).hint(format!("it takes {needs}"))
    };
    // What all rules ask, at once, as of a change.
    if let Some(Demand { lacks: Some(code), needs, .. }) = account.spec.demand(account.tenant, &seeking) {
        return Err(blocked(code, &needs.to_string()));
    }
    // Delete and invite would lose the scopes that are not seen, in a system whose rules do not say so.
    if anew && partly_seen {
        return Err(blocked("no-safe-path", account.spec.exists_elsewhere));
    }
    Ok(())
}

/// Nobody is invited once more to what the manifests end.
fn stays(account: &Account<'_>, day: Day, live: &Live) -> Result<(), Refused> {
    let desired = account.desired;
    let listed = desired.by_address.get(&live.email).map(|i| desired.members[*i].on(day.today, account.spec));
    let gone = matches!(listed, Some(Wanted::Gone { .. })) || desired.policy.absent.contains_key(&live.email);
    if !gone {
        return Ok(());
    }
    let message =
        format!("the manifests end the access of {} to {}: the invitation is to be cancelled, not sent again", live.email, account.name);
    Err(Refused::new(Against::Ends, message).hint("`portcullis plan` shows it"))
}

/// What holds for plans holds here (DESIGN §8, 6), unless somebody says `--again`: the cool-down runs
/// from the end of the invitation's life; where it has none, from its sending.
fn cool_down(account: &Account<'_>, day: Day, asked: &Asked, live: &Live) -> Result<(), Refused> {
    let Phase::Pending { sent, attempts, state } = &live.phase else { return Ok(()) };
    if asked.again {
        return Ok(());
    }
    let (sent, attempts) = invitation::told(account, live, *sent, *attempts);
    let policy = account.desired.policy.invitations;
    let refuse = |against: Against, message: String| Err(Refused::new(against, message).hint("`--again` sends it all the same"));
    if *state == Invitation::Declined {
        return refuse(Against::CoolingDown, format!("{} declined the invitation: talk to the person first", live.email));
    }
    if let Some(attempts) = attempts.filter(|n| *n >= policy.attempts) {
        let hints = account.spec.invitation_hints.join("; ");
        return refuse(Against::TooManyAttempts, format!("{} was invited {attempts} times and never accepted: {hints}", live.email));
    }
    let Some(sent) = sent else {
        // Whoever sends it by hand looks at it there.
        if account.caps.channel(Verb::Resend, None) != Channel::Api {
            return Ok(());
        }
        return refuse(Against::CoolingDown, format!("when {} was invited cannot be read", live.email));
    };
    let over = invitation::over_at(account, live, sent);
    let from = over.unwrap_or(sent).checked_add(SignedDuration::from_hours(policy.cooldown_hours)).unwrap_or(Timestamp::MAX);
    if day.now >= from {
        return Ok(());
    }
    let on = |at: Timestamp| at.to_zoned(account.tenant.zone.clone()).date();
    let life = match over {
        Some(over) if day.now < over => format!("is open until {}", on(over)),
        Some(over) => format!("is over since {}", on(over)),
        None => format!("went out on {}", on(sent)),
    };
    refuse(Against::CoolingDown, format!("the invitation of {} {life}; the next may go out from {} ({from})", live.email, on(from)))
}
