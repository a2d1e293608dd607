//! One act of the actor on the server, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{Assign, Attrs, Call, Domain, Domains, Email, Key, Phase, Subject, Value, Verb};
use crate::systems::{Gives, Mails, OneOffSpec, Required, Secret, SystemSpec, Way};

use super::answer::{Answer, Host};
use super::assign::assigned;
use super::clock::Clock;
use super::error::SandboxError;
use super::file::Sandbox;
use super::link;
use super::member::{Member, Stored, defaults};
use super::outbox::{MailKind, expired};
use super::refusals::{self, Ask, Rules};
use super::store::{AccountRow, Store};

impl Sandbox {
    /// Makes one call as the actor. Every call counts as a write, a refused one too.
    ///
    /// # Errors
    /// [`SandboxError`]; then nothing was done, [`SandboxError::Commit`] apart.
    pub fn call(&mut self, host: &Host, now: Timestamp, on: &Subject, call: &Call) -> Result<Answer, SandboxError> {
        self.serving(host, now, |server| {
            server.row.writes += 1;
            if let Some(no) = (server.rules.out_of_reach)(&host.tenant, server.row.delegates) {
                return Ok(Answer::Refused(no));
            }
            if !server.actor_administers()? {
                return Ok(Answer::Refused("You do not have permission to manage users.".into()));
            }
            if !offers(host.spec, call.verb) {
                return Ok(Answer::Refused(format!("{} has no such operation.", host.spec.product)));
            }
            match on {
                Subject::Member(email) => server.member(email, call),
                Subject::Domain(domain) => server.domain(domain, call.verb),
            }
        })
    }

    /// Runs one act with the account's row at hand, and writes the row back.
    pub(super) fn serving<T>(
        &mut self,
        host: &Host,
        now: Timestamp,
        act: impl FnOnce(&mut Server<'_>) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let path = self.path.clone();
        self.writing(|transaction| {
            let store = Store::new(transaction, &path, host);
            let row = store.account()?.unwrap_or(AccountRow::NEW);
            let clock = Clock::new(now, &host.tenant);
            let mut server = Server { store, host, clock, rules: refusals::of(host.spec), row };
            let answer = act(&mut server)?;
            server.store.put_account(&server.row)?;
            Ok(answer)
        })
    }
}

/// Whether the product knows the operation at all: its literals name every one.
fn offers(spec: &SystemSpec, verb: Verb) -> bool {
    spec.procedures.iter().flat_map(|p| p.steps).chain(spec.one_off_steps()).any(|s| s.verb == verb)
}

/// One account's server within one transaction.
pub(super) struct Server<'a> {
    pub store: Store<'a>,
    pub host: &'a Host,
    pub clock: Clock,
    rules: &'static Rules,
    pub row: AccountRow,
}

impl Server<'_> {
    /// As the connection says; where the actor is a member here, as the account says too, so that
    /// one who took its own power away is out. An invitation takes nothing from a service account
    /// of the same address.
    fn actor_administers(&self) -> Result<bool, SandboxError> {
        let actor = &self.host.tenant.actor;
        let member = match &actor.member {
            Some(email) => self.store.member(email)?,
            None => None,
        };
        let is_in = member.is_none_or(|m| {
            let phase = m.phase(self.host.spec, &self.clock);
            phase.is_pending() || (phase == Phase::Active && (self.rules.administers)(&m.attrs))
        });
        Ok(is_in && (self.rules.administers)(&actor.attrs))
    }

    fn member(&mut self, email: &Email, call: &Call) -> Result<Answer, SandboxError> {
        let found = self.store.member(email)?;
        if call.verb == Verb::Invite {
            return match found {
                Some(_) => Ok(Answer::Exists(format!("The user {email} already exists."))),
                None => self.invite(email, &call.set),
            };
        }
        let view = (self.rules.view)(&self.host.tenant);
        let Some(member) = found.filter(|m| view.shows(&m.attrs)) else {
            return Ok(match call.verb {
                Verb::Delete | Verb::Deactivate => Answer::AlreadyGone,
                _ => Answer::Refused(format!("There is no user {email}.")),
            });
        };
        match call.verb {
            Verb::Set | Verb::EditInvitation => self.set(member, call.verb, &call.set, true),
            Verb::Restore => self.restore(member, &call.set),
            Verb::Resend => self.resend(member),
            Verb::Delete => self.delete(member, true),
            Verb::ResetPassword | Verb::ResetTwoFactor => self.reset(&member, call.verb),
            Verb::Invite | Verb::Deactivate | Verb::AllowDomain | Verb::DisallowDomain => {
                Ok(Answer::Refused(format!("{} has no such operation on a user.", self.host.spec.product)))
            }
        }
    }

    fn invite(&mut self, email: &Email, set: &BTreeMap<Key, Assign>) -> Result<Answer, SandboxError> {
        let (spec, tenant) = (self.host.spec, &self.host.tenant);
        if !self.store.domains(&self.row)?.admits(&email.domain()) {
            return Ok(Answer::Refused(format!("The domain {} is not whitelisted.", email.domain())));
        }
        let none = Attrs::new();
        let mut attrs = match assigned(spec, tenant, &none, set) {
            Ok(attrs) => attrs,
            Err(no) => return Ok(Answer::Refused(no)),
        };
        (self.rules.implied)(tenant, &mut attrs);
        for attr in spec.attrs {
            let is_there = match attr.required {
                Required::Never => true,
                Required::Always => attrs.contains_key(attr.key),
                Required::Unless(other) => attrs.contains_key(attr.key) || attrs.contains_key(other),
            };
            if !is_there {
                return Ok(Answer::Refused(format!("{} is required.", attr.key)));
            }
        }
        let named = set.keys().copied().collect();
        if let Some(no) = self.refusal(&self.ask(Verb::Invite, None, &none, Some(&attrs), &named), true) {
            return Ok(Answer::Refused(no));
        }
        defaults(spec, &mut attrs);
        let member = Member {
            email: email.clone(),
            stored: Stored::Pending,
            sent: Some(self.clock.now),
            declined: false,
            since: self.clock.now,
            attempts: 0,
            attrs,
        };
        self.put(member)?;
        self.send(email)?;
        self.shown_link(email)
    }

    /// Sets attributes of a member; without `actor` someone in the console does, whose own limits
    /// are not played.
    pub(super) fn set(&mut self, before: Member, verb: Verb, set: &BTreeMap<Key, Assign>, actor: bool) -> Result<Answer, SandboxError> {
        let phase = before.phase(self.host.spec, &self.clock);
        let attrs = match assigned(self.host.spec, &self.host.tenant, &before.attrs, set) {
            Ok(attrs) => attrs,
            Err(no) => return Ok(Answer::Refused(no)),
        };
        let named: BTreeSet<Key> = set.keys().copied().collect();
        let ask = self.ask(verb, Some((&before, &phase)), &before.attrs, Some(&attrs), &named);
        if let Some(no) = self.refusal(&ask, actor) {
            return Ok(Answer::Refused(no));
        }
        let after = Member { attrs, ..before.clone() };
        if let Some(no) = self.floor(&before, Some(&after))? {
            return Ok(Answer::Refused(no));
        }
        // A new access period for somebody whose last one is over is what brings them back.
        let ended = matches!(phase, Phase::Expired | Phase::Suspended);
        let comes_back = ended && (named.contains("end") || verb == Verb::Restore);
        self.settle(&before)?;
        self.put(after.clone())?;
        if comes_back {
            self.come_back(after)?;
        }
        Ok(Answer::Done)
    }

    fn restore(&mut self, member: Member, set: &BTreeMap<Key, Assign>) -> Result<Answer, SandboxError> {
        let mut set = set.clone();
        if self.host.spec.has_native_ends() && member.end().is_some_and(|end| self.clock.is_over(end)) {
            set.entry("end").or_insert(Assign::To(Value::Day(None)));
        }
        self.set(member, Verb::Restore, &set, true)
    }

    /// Registered people are active again and are told so; others get a new invitation.
    fn come_back(&mut self, mut member: Member) -> Result<(), SandboxError> {
        if member.end().is_some_and(|end| self.clock.is_over(end)) {
            return Ok(());
        }
        if member.stored == Stored::Pending {
            member.sent = Some(self.clock.now);
            member.declined = false;
            let email = member.email.clone();
            self.put(member)?;
            return self.send(&email);
        }
        member.stored = Stored::Active;
        if self.host.spec.restore_mails {
            self.store.post(&member.email, MailKind::Restored, self.clock.now)?;
        }
        self.put(member)
    }

    fn resend(&mut self, mut member: Member) -> Result<Answer, SandboxError> {
        let phase = member.phase(self.host.spec, &self.clock);
        let nothing = BTreeSet::new();
        let ask = self.ask(Verb::Resend, Some((&member, &phase)), &member.attrs, Some(&member.attrs), &nothing);
        if let Some(no) = self.refusal(&ask, true) {
            return Ok(Answer::Refused(no));
        }
        if !phase.is_pending() {
            return Ok(Answer::Refused(format!("{} has no open invitation.", member.email)));
        }
        member.sent = Some(self.clock.now);
        member.declined = false;
        let email = member.email.clone();
        self.put(member)?;
        self.send(&email)?;
        self.shown_link(&email)
    }

    /// A way to a new password, or to a new second factor, for somebody who has registered.
    fn reset(&mut self, member: &Member, verb: Verb) -> Result<Answer, SandboxError> {
        let phase = member.phase(self.host.spec, &self.clock);
        let nothing = BTreeSet::new();
        let ask = self.ask(verb, Some((member, &phase)), &member.attrs, Some(&member.attrs), &nothing);
        if let Some(no) = self.refusal(&ask, true) {
            return Ok(Answer::Refused(no));
        }
        if !matches!(phase, Phase::Active | Phase::Locked) {
            return Ok(Answer::Refused(format!("{} has no access that could be reset.", member.email)));
        }
        let is_it = |o: &&OneOffSpec| matches!(&o.way, Way::Call(step) if step.verb == verb);
        let Some(one) = self.host.spec.one_offs.iter().find(is_it) else {
            return Ok(Answer::Refused(format!("{} has no such operation on a user.", self.host.spec.product)));
        };
        if one.feature.is_some_and(|(fact, word)| !self.host.tenant.lists(fact, word)) {
            return Ok(Answer::Refused("This feature is not enabled for the account.".into()));
        }
        match one.gives {
            Gives::Mail => self.store.post(&member.email, MailKind::Reset, self.clock.now).map(|()| Answer::Done),
            Gives::Secret(Secret::Password) => Ok(Answer::Linked(link::password()?)),
            Gives::Secret(Secret::PasswordLink | Secret::InvitationLink) => Ok(Answer::Linked(link::reset(&member.email)?)),
            Gives::Nothing => Ok(Answer::Done),
        }
    }

    pub(super) fn delete(&mut self, member: Member, actor: bool) -> Result<Answer, SandboxError> {
        let phase = member.phase(self.host.spec, &self.clock);
        let nothing = BTreeSet::new();
        let ask = self.ask(Verb::Delete, Some((&member, &phase)), &member.attrs, None, &nothing);
        if let Some(no) = self.refusal(&ask, actor) {
            return Ok(Answer::Refused(no));
        }
        if let Some(no) = self.floor(&member, None)? {
            return Ok(Answer::Refused(no));
        }
        self.settle(&member)?;
        self.store.delete_member(&member.email)?;
        self.row.mark += 1;
        Ok(Answer::Done)
    }

    fn domain(&mut self, domain: &Domain, verb: Verb) -> Result<Answer, SandboxError> {
        let Some(spec) = &self.host.spec.domains else {
            return Ok(Answer::Refused(format!("{} has no domain whitelist.", self.host.spec.product)));
        };
        let now = self.store.domains(&self.row)?;
        match (verb, now) {
            (Verb::AllowDomain, _) if domain.is_any() => {
                self.row.whitelist = false;
                self.store.clear_domains()?;
            }
            (Verb::AllowDomain, now) => {
                self.row.whitelist = true;
                self.store.add_domain(domain)?;
                if now == Domains::Off && spec.on_lists_existing {
                    let mut existing = BTreeSet::new();
                    self.store.each_member(None, |m| {
                        existing.insert(m.email.domain());
                        Ok(true)
                    })?;
                    existing.iter().try_for_each(|d| self.store.add_domain(d))?;
                }
            }
            (Verb::DisallowDomain, Domains::Off) => return Ok(Answer::AlreadyGone),
            (Verb::DisallowDomain, Domains::Only(_)) => {
                // Members of the domain are cut off at once; their status stays as it is.
                if !self.store.remove_domain(domain)? {
                    return Ok(Answer::AlreadyGone);
                }
            }
            _ => return Ok(Answer::Refused(format!("{} has no such operation on a domain.", self.host.spec.product))),
        }
        self.row.mark += 1;
        Ok(Answer::Done)
    }

    /// `live` is the member and its phase now; none for somebody new, who has `before` nothing.
    fn ask<'a>(
        &'a self,
        verb: Verb,
        live: Option<(&'a Member, &'a Phase)>,
        before: &'a Attrs,
        after: Option<&'a Attrs>,
        named: &'a BTreeSet<Key>,
    ) -> Ask<'a> {
        let phase = live.map(|(_, phase)| phase);
        let registered = live.is_some_and(|(member, _)| member.stored != Stored::Pending);
        Ask { tenant: &self.host.tenant, clock: &self.clock, verb, phase, registered, before, after, named }
    }

    fn refusal(&self, ask: &Ask<'_>, actor: bool) -> Option<String> {
        let actors = if actor { self.rules.actor } else { &[] };
        self.rules.invariants.iter().chain(actors).find_map(|(_, refuses)| refuses(ask))
    }

    /// The least number of active administrators; somebody untouchable may keep it (emma-hq's parent).
    fn floor(&self, before: &Member, after: Option<&Member>) -> Result<Option<String>, SandboxError> {
        let (spec, floor) = (self.host.spec, &self.host.spec.floor);
        let counts = |m: &Member| m.phase(spec, &self.clock) == Phase::Active && (self.rules.is_administrator)(&m.attrs);
        if floor.kept_by_untouchable || !counts(before) || after.is_some_and(counts) {
            return Ok(None);
        }
        let mut others = 0;
        self.store.each_member(None, |m| {
            others += u32::from(m.email != before.email && counts(&m));
            Ok(others < floor.least)
        })?;
        Ok((others < floor.least).then(|| "There must be at least one active user who manages the others.".into()))
    }

    /// Keeps the mail about an end that has passed, before a write makes it unknowable.
    pub(super) fn settle(&self, member: &Member) -> Result<(), SandboxError> {
        match expired(member, &self.clock) {
            Some(at) if self.host.spec.has_native_ends() => self.store.post(&member.email, MailKind::Expired, at),
            _ => Ok(()),
        }
    }

    pub(super) fn put(&mut self, mut member: Member) -> Result<(), SandboxError> {
        member.since = self.clock.now;
        self.row.mark += 1;
        self.store.put_member(&member)
    }

    /// What the actor is told once an invitation stands: its link, where the product shows one. It is
    /// made when it is asked for, and kept nowhere.
    fn shown_link(&self, email: &Email) -> Result<Answer, SandboxError> {
        if self.host.spec.invitation.link { Ok(Answer::Linked(link::generate(email)?)) } else { Ok(Answer::Done) }
    }

    /// One invitation more to the address, by mail where the product mails.
    fn send(&self, email: &Email) -> Result<(), SandboxError> {
        self.store.put_attempts(email, self.store.attempts(email)?.saturating_add(1))?;
        let mails = match self.host.spec.invitation.mails {
            Mails::Always => true,
            Mails::Unless(fact) => !self.host.tenant.flag(fact),
            Mails::If(fact) => self.host.tenant.flag(fact),
        };
        if mails { self.store.post(email, MailKind::Invitation, self.clock.now) } else { Ok(()) }
    }
}
