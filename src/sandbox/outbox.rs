//! Mails that the product sent. That an access period ended is written by nobody: the clock alone
//! says it, so that mail is worked out when the outbox is listed, and kept when a write would lose it.

use jiff::Timestamp;

use crate::model::{Atom, Email};

use super::answer::Host;
use super::clock::Clock;
use super::error::SandboxError;
use super::file::Sandbox;
use super::member::{Member, Stored};
use super::store::Store;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailKind {
    Invitation,
    /// A link to set a new password.
    Reset,
    /// The access period is over.
    Expired,
    /// It has begun anew (SYSTEMS.md I10).
    Restored,
}

impl MailKind {
    pub const ALL: [MailKind; 4] = [MailKind::Invitation, MailKind::Reset, MailKind::Expired, MailKind::Restored];

    pub fn word(self) -> &'static str {
        match self {
            MailKind::Invitation => "invitation",
            MailKind::Reset => "reset",
            MailKind::Expired => "expired",
            MailKind::Restored => "restored",
        }
    }
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub account: Atom,
    pub to: Email,
    pub kind: MailKind,
    pub at: Timestamp,
}

impl Sandbox {
    /// All mails of the account since the load, oldest first.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub fn outbox(&self, host: &Host, now: Timestamp) -> Result<Vec<Mail>, SandboxError> {
        let found = self.reading(|conn| {
            let store = Store::new(conn, &self.path, host);
            if store.account()?.is_none() {
                return Ok(Vec::new());
            }
            let mut all = store.posted()?;
            if host.spec.has_native_ends() {
                let clock = Clock::new(now, &host.tenant);
                store.each_member(None, |member| {
                    all.extend(expired(&member, &clock).map(|at| (member.email.clone(), MailKind::Expired, at)));
                    Ok(true)
                })?;
            }
            all.sort_by_key(|(_, _, at)| *at);
            Ok(all)
        })?;
        let mails = found.unwrap_or_default().into_iter();
        Ok(mails.map(|(to, kind, at)| Mail { account: host.account.clone(), to, kind, at }).collect())
    }

    /// Writes that the account's server was asked for since the load, refused ones included.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub fn calls(&self, host: &Host) -> Result<u64, SandboxError> {
        let found = self.reading(|conn| Ok(Store::new(conn, &self.path, host).account()?.map_or(0, |row| row.writes)))?;
        Ok(found.unwrap_or(0))
    }
}

/// When the person was told that their access is over, where that came after the last change.
/// Somebody who never registered is not told.
pub(super) fn expired(member: &Member, clock: &Clock) -> Option<Timestamp> {
    let end = member.end()?;
    let registered = matches!(member.stored, Stored::Active | Stored::Locked);
    (registered && clock.is_over(end) && !clock.was_over(end, member.since)).then(|| clock.last_second(end))
}
