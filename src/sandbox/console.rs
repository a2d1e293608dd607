//! The person who was invited, someone who clicks in the product's console, and the hand that sets
//! up an account for a lesson or a test.

use jiff::Timestamp;

use crate::model::{Assign, Attrs, Domains, Email, Invitation, Phase, Verb};
use crate::systems::Axis;

use super::answer::{Answer, Fault, Host};
use super::call::Server;
use super::error::SandboxError;
use super::file::Sandbox;
use super::member::{Member, Stored, defaults};

/// The whole live state of one account.
#[derive(Debug, Clone)]
pub struct LiveAccount {
    pub domains: Domains,
    pub members: Vec<LiveMember>,
    pub fault: Option<Fault>,
    /// Whether the account lets the host manage its users; of no account but one with a host.
    pub delegates: bool,
}

/// One member of a live state.
#[derive(Debug, Clone)]
pub struct LiveMember {
    pub email: Email,
    pub phase: Stored,
    /// Whatever is left out has the system's default; an end is dropped where the system knows none.
    pub attrs: Attrs,
    /// Pending: when the invitation went out; the instant of the load where it is not said.
    pub invited: Option<Timestamp>,
    /// Invitations sent so far; 1 for a pending member where it is not said.
    pub attempts: Option<u32>,
}

impl Sandbox {
    /// Replaces the account's live state, and forgets its mails and the number of its calls.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] for one address twice.
    pub fn load(&mut self, host: &Host, now: Timestamp, live: &LiveAccount) -> Result<(), SandboxError> {
        let path = self.path.clone();
        self.writing(|transaction| {
            let store = super::store::Store::new(transaction, &path, host);
            store.clear()?;
            // A product without whitelists has none, whatever a lesson says.
            let whitelist = host.spec.domains.is_some() && live.domains != Domains::Off;
            if let (true, Domains::Only(list)) = (whitelist, &live.domains) {
                list.iter().try_for_each(|d| store.add_domain(d))?;
            }
            let mut seen = std::collections::BTreeSet::new();
            for member in &live.members {
                if !seen.insert(&member.email) {
                    return Err(SandboxError::Refused(format!("{} is there twice", member.email)));
                }
                let pending = member.phase == Stored::Pending;
                let mut attrs = member.attrs.clone();
                if !host.spec.has_native_ends() {
                    attrs.retain(|key, _| host.spec.attr(key).is_some_and(|a| a.axis != Axis::Until));
                }
                defaults(host.spec, &mut attrs);
                store.put_member(&Member {
                    email: member.email.clone(),
                    stored: member.phase,
                    sent: member.invited.or(pending.then_some(now)),
                    declined: false,
                    since: now,
                    attempts: 0,
                    attrs,
                })?;
                store.put_attempts(&member.email, member.attempts.unwrap_or(u32::from(pending)))?;
            }
            let mark = store.last_mark()? + 1;
            store.put_account(&super::store::AccountRow { mark, writes: 0, whitelist, fault: live.fault, delegates: live.delegates })
        })
    }

    /// The person opens the link in the invitation and registers.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] where there is no open invitation.
    pub fn accept(&mut self, host: &Host, now: Timestamp, email: &Email) -> Result<(), SandboxError> {
        self.serving(host, now, |server| {
            let mut member = server.invited(email)?;
            member.stored = Stored::Active;
            member.sent = None;
            // What is counted is invitations that nobody accepted.
            server.store.put_attempts(email, 0)?;
            server.put(member)
        })
    }

    /// The person declines; the membership stays pending.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] where there is no open invitation.
    pub fn decline(&mut self, host: &Host, now: Timestamp, email: &Email) -> Result<(), SandboxError> {
        self.serving(host, now, |server| {
            let mut member = server.invited(email)?;
            member.declined = true;
            server.put(member)
        })
    }

    /// The person enters a wrong password too often.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] where the person is not active.
    pub fn lock(&mut self, host: &Host, now: Timestamp, email: &Email) -> Result<(), SandboxError> {
        self.serving(host, now, |server| {
            let mut member = server.known(email)?;
            let phase = member.phase(host.spec, &server.clock);
            if phase != Phase::Active {
                return Err(SandboxError::Refused(format!("{email} is {}, not active", phase.word())));
            }
            member.stored = Stored::Locked;
            server.put(member)
        })
    }

    /// Someone with every right edits a member in the console; the product's own rules hold.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] in the product's words.
    pub fn edit(&mut self, host: &Host, now: Timestamp, email: &Email, attrs: &Attrs) -> Result<(), SandboxError> {
        self.serving(host, now, |server| {
            let member = server.known(email)?;
            let set = attrs.iter().map(|(key, value)| (*key, Assign::To(value.clone()))).collect();
            done(server.set(member, Verb::Set, &set, false)?)
        })
    }

    /// Someone with every right removes a member in the console.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] in the product's words.
    pub fn remove(&mut self, host: &Host, now: Timestamp, email: &Email) -> Result<(), SandboxError> {
        self.serving(host, now, |server| {
            let member = server.known(email)?;
            done(server.delete(member, false)?)
        })
    }
}

fn done(answer: Answer) -> Result<(), SandboxError> {
    match answer {
        Answer::Done | Answer::Linked(_) | Answer::AlreadyGone => Ok(()),
        Answer::Exists(no) | Answer::Refused(no) => Err(SandboxError::Refused(no)),
    }
}

impl Server<'_> {
    fn known(&self, email: &Email) -> Result<Member, SandboxError> {
        self.store.member(email)?.ok_or_else(|| SandboxError::Refused(format!("there is no member {email} in `{}`", self.host.account)))
    }

    /// A member whose invitation is open.
    fn invited(&self, email: &Email) -> Result<Member, SandboxError> {
        let member = self.known(email)?;
        let why = match member.phase(self.host.spec, &self.clock) {
            Phase::Pending { state: Invitation::Open, .. } => return Ok(member),
            Phase::Pending { state, .. } => format!("the invitation of {email} is {}", state.word()),
            other => format!("{email} is {}, not pending", other.word()),
        };
        Err(SandboxError::Refused(why))
    }
}
