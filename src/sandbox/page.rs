//! What the actor sees, page by page, and how a reading is made to go wrong.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::model::{Atom, Domains, Email, Keyed, Known, Live, Name, Value};
use crate::systems::{Axis, Kind};

use super::answer::{Fault, Host};
use super::assign;
use super::clock::Clock;
use super::error::SandboxError;
use super::file::Sandbox;
use super::member::{Member, Stored};
use super::refusals::{self, View};
use super::store::{AccountRow, Store};

/// One page of members, sorted by folded address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub members: Vec<Live>,
    /// Members that the actor sees in all, says the server.
    pub total: u64,
    /// Changes with every write to the account.
    pub mark: i64,
    /// What to ask the next page with; none on the last.
    pub next: Option<String>,
}

/// How many members the actor sees, says the server, and the mark of that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub total: u64,
    pub mark: i64,
}

/// A number of members that holds as long as the mark does.
pub(super) struct CountedTotal {
    pub account: Atom,
    pub mark: i64,
    pub view: View,
    pub total: u64,
}

impl Sandbox {
    /// The members after the address `after`, at most `limit` of them.
    ///
    /// # Errors
    /// [`SandboxError`], also where the account is told to fail.
    pub fn page(&self, host: &Host, now: Timestamp, after: Option<&str>, limit: usize) -> Result<Page, SandboxError> {
        let found = self.reading(|conn| {
            let store = Store::new(conn, &self.path, host);
            let row = open_to(host, &store)?;
            let (clock, view) = (Clock::new(now, &host.tenant), (refusals::of(host.spec).view)(&host.tenant));
            let mut members: Vec<Live> = Vec::new();
            let mut next = None;
            store.each_member(after, |member| {
                if view.shows(&member.attrs) {
                    if members.len() == limit {
                        next = members.last().map(|m| m.email.key().to_owned());
                        return Ok(false);
                    }
                    members.push(shown(host, &clock, &view, &member));
                }
                Ok(true)
            })?;
            let total = self.total(conn, host, row.mark, view)?;
            Ok(spoiled(Page { members, total, mark: row.mark, next }, row.fault, after.is_none()))
        })?;
        let found = found.map_or_else(|| reached(host, &AccountRow::NEW).map(|()| None), |found| Ok(Some(found)))?;
        Ok(found.unwrap_or(Page { members: Vec::new(), total: 0, mark: 0, next: None }))
    }

    /// How many members there are for the actor.
    ///
    /// # Errors
    /// As [`Sandbox::page`].
    pub fn count(&self, host: &Host) -> Result<Totals, SandboxError> {
        let found = self.reading(|conn| {
            let row = open_to(host, &Store::new(conn, &self.path, host))?;
            let total = self.total(conn, host, row.mark, (refusals::of(host.spec).view)(&host.tenant))?;
            let total = match row.fault {
                Some(Fault::Contradictory) => total + 1,
                fault => claimed(total, fault),
            };
            Ok(Totals { total, mark: row.mark })
        })?;
        let found = found.map_or_else(|| reached(host, &AccountRow::NEW).map(|()| None), |found| Ok(Some(found)))?;
        Ok(found.unwrap_or(Totals { total: 0, mark: 0 }))
    }

    /// Whether the address is there, whoever may see it.
    ///
    /// # Errors
    /// What the file answers.
    pub fn has(&self, host: &Host, email: &Email) -> Result<bool, SandboxError> {
        Ok(self.reading(|conn| Store::new(conn, &self.path, host).member(email))?.flatten().is_some())
    }

    /// Which domains new members may come from.
    ///
    /// # Errors
    /// As [`Sandbox::page`].
    pub fn domains(&self, host: &Host) -> Result<Domains, SandboxError> {
        let found = self.reading(|conn| {
            let store = Store::new(conn, &self.path, host);
            let row = open_to(host, &store)?;
            store.domains(&row)
        })?;
        Ok(found.unwrap_or(Domains::Off))
    }

    fn total(&self, conn: &Connection, host: &Host, mark: i64, view: View) -> Result<u64, SandboxError> {
        if let Some(known) = &*self.total.borrow()
            && (&known.account, known.mark, &known.view) == (&host.account, mark, &view)
        {
            return Ok(known.total);
        }
        let store = Store::new(conn, &self.path, host);
        let total = if view == View::All {
            store.count()?
        } else {
            let mut total = 0;
            store.each_member(None, |member| {
                total += u64::from(view.shows(&member.attrs));
                Ok(true)
            })?;
            total
        };
        *self.total.borrow_mut() = Some(CountedTotal { account: host.account.clone(), mark, view, total });
        Ok(total)
    }
}

/// The row of an account that answers, and answers this actor.
pub(super) fn open_to(host: &Host, store: &Store<'_>) -> Result<AccountRow, SandboxError> {
    let row = store.account()?.unwrap_or(AccountRow::NEW);
    if row.fault == Some(Fault::Failed) {
        return Err(SandboxError::Failing);
    }
    reached(host, &row)?;
    Ok(row)
}

/// An account that is not there is out of reach too, and not empty.
pub(super) fn reached(host: &Host, row: &AccountRow) -> Result<(), SandboxError> {
    (refusals::of(host.spec).out_of_reach)(&host.tenant, row.delegates).map_or(Ok(()), |no| Err(SandboxError::OutOfReach(no)))
}

/// The total that a server in trouble states.
fn claimed(total: u64, fault: Option<Fault>) -> u64 {
    match fault {
        Some(Fault::Short) => total.max(1),
        Some(Fault::Repeated) => total + 1,
        Some(Fault::Failed | Fault::Contradictory) | None => total,
    }
}

/// The page as a server in trouble sends it. In an empty account the total alone is wrong.
fn spoiled(mut page: Page, fault: Option<Fault>, first: bool) -> Page {
    page.total = claimed(page.total, fault);
    match fault {
        Some(Fault::Short) if page.next.is_none() => {
            page.members.pop();
        }
        Some(Fault::Repeated) if first => page.members.extend(page.members.first().cloned()),
        _ => {}
    }
    page
}

/// One member as the actor sees it: scopes outside of the view are not named, only that there are more.
fn shown(host: &Host, clock: &Clock, view: &View, member: &Member) -> Live {
    let spec = host.spec;
    let mut attrs: Keyed<Known<Value>> = Keyed::new();
    for attr in spec.attrs {
        if !assign::has(attr, &host.tenant) || (attr.axis == Axis::Until && !spec.has_native_ends()) {
            continue;
        }
        let known = match (member.attrs.get(attr.key), &attr.kind, view) {
            (Some(Value::Set(all)), _, View::Some { key, scopes: Some(scopes), .. }) if *key == attr.key => {
                let seen: BTreeSet<Atom> = all.intersection(scopes).cloned().collect();
                if seen.len() == all.len() { Known::Seen(Value::Set(seen)) } else { Known::Partly(Value::Set(seen)) }
            }
            (Some(value), ..) => Known::Seen(value.clone()),
            // I8: nobody could set it yet, so there is nothing to show.
            (None, Kind::Text, _) if spec.names_after_registration && member.stored == Stored::Pending => continue,
            (None, Kind::Text, _) => Known::Seen(Value::Text(Name::new(""))),
            (None, ..) => continue,
        };
        attrs.insert(attr.key, known);
    }
    Live { email: member.email.clone(), id: None, phase: member.phase(spec, clock), attrs }
}
