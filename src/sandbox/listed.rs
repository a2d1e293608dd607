//! Everyone whom the actor sees, as one list: a page can be asked for by its number without counting
//! up to it.

use jiff::Timestamp;

use super::answer::Host;
use super::clock::Clock;
use super::error::SandboxError;
use super::file::Sandbox;
use super::page::{CountedTotal, open_to, reached};
use super::refusals;
use super::store::{AccountRow, Store};

/// The addresses that the actor sees, sorted, in one state of the account.
pub(super) struct Listed {
    pub mark: i64,
    /// Folded addresses.
    pub keys: Vec<Box<str>>,
    /// The last instant at which time alone moved somebody's phase; none where it never did.
    pub since: Option<Timestamp>,
    /// The next one.
    until: Option<Timestamp>,
}

impl Listed {
    const EMPTY: Self = Self { mark: 0, keys: Vec::new(), since: None, until: None };

    /// Whether the account looks the same under that mark at that instant.
    pub(super) fn holds(&self, mark: i64, now: Timestamp) -> bool {
        self.mark == mark && self.since.is_none_or(|since| since <= now) && self.until.is_none_or(|until| now < until)
    }
}

impl Sandbox {
    /// The mark of the account as it is now.
    ///
    /// # Errors
    /// As [`Sandbox::page`].
    pub(super) fn mark(&self, host: &Host) -> Result<i64, SandboxError> {
        match self.reading(|conn| Ok(open_to(host, &Store::new(conn, &self.path, host))?.mark))? {
            Some(mark) => Ok(mark),
            None => reached(host, &AccountRow::NEW).map(|()| 0),
        }
    }

    /// Walks through all members once.
    ///
    /// # Errors
    /// As [`Sandbox::page`].
    pub(super) fn listed(&self, host: &Host, now: Timestamp) -> Result<Listed, SandboxError> {
        let found = self.reading(|conn| {
            let store = Store::new(conn, &self.path, host);
            let row = open_to(host, &store)?;
            let (clock, view) = (Clock::new(now, &host.tenant), (refusals::of(host.spec).view)(&host.tenant));
            let mut listed = Listed { mark: row.mark, ..Listed::EMPTY };
            store.each_member(None, |member| {
                if view.shows(&member.attrs) {
                    for turn in member.turns(host.spec, &clock) {
                        let (kept, nearer): (_, fn(&Timestamp, &Timestamp) -> bool) =
                            if turn <= now { (&mut listed.since, |new, old| new > old) } else { (&mut listed.until, |new, old| new < old) };
                        if kept.as_ref().is_none_or(|old| nearer(&turn, old)) {
                            *kept = Some(turn);
                        }
                    }
                    listed.keys.push(member.email.key().into());
                }
                Ok(true)
            })?;
            Ok(listed)
        })?;
        match found {
            Some(listed) => Ok(listed),
            None => reached(host, &AccountRow::NEW).map(|()| Listed::EMPTY),
        }
    }

    /// Spares pages the counting: they state this list's number under its mark.
    pub(super) fn counted(&self, host: &Host, listed: &Listed) {
        let view = (refusals::of(host.spec).view)(&host.tenant);
        let total = listed.keys.len() as u64;
        *self.total.borrow_mut() = Some(CountedTotal { account: host.account.clone(), mark: listed.mark, view, total });
    }
}
