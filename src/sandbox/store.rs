//! The tables' rows in and out; the only statements on members, domains and mails.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Atoms, Domain, Domains, Email};
use crate::systems::SystemSpec;

use super::answer::{Fault, Host};
use super::error::SandboxError;
use super::member::{Member, Stored, encode};
use super::outbox::MailKind;

/// One account's own row.
#[derive(Debug, Clone)]
pub(super) struct AccountRow {
    /// Grows with every change, and never falls: two readings with one mark saw one state.
    pub mark: i64,
    pub writes: u64,
    pub whitelist: bool,
    pub fault: Option<Fault>,
    /// Its users are managed by the host too, as far as the account itself says (SYSTEMS.md M4).
    pub delegates: bool,
}

impl AccountRow {
    /// Nothing was ever written to the account.
    pub(super) const NEW: Self = Self { mark: 0, writes: 0, whitelist: false, fault: None, delegates: true };
}

const MEMBER: &str = "SELECT m.email, m.phase, m.sent, m.declined, m.since, m.attrs, coalesce(a.number, 0)
    FROM member m LEFT JOIN attempt a ON a.account = m.account AND a.email = m.email WHERE m.account = ?1";

/// A connection or transaction with the words that errors need.
pub(super) struct Store<'a> {
    conn: &'a Connection,
    path: &'a Path,
    account: &'a str,
    spec: &'static SystemSpec,
    /// The words of the rows that were read.
    words: RefCell<Atoms>,
}

impl<'a> Store<'a> {
    pub(super) fn new(conn: &'a Connection, path: &'a Path, host: &'a Host) -> Self {
        Self { conn, path, account: host.account.as_str(), spec: host.spec, words: RefCell::default() }
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, SandboxError> {
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(|e| self.sqlite(&e))
    }
    fn sqlite(&self, error: &rusqlite::Error) -> SandboxError {
        SandboxError::from_sqlite(self.path, error)
    }
    fn damaged(&self, why: impl Into<String>) -> SandboxError {
        SandboxError::Damaged { path: self.path.to_owned(), why: why.into() }
    }

    /// The account's row; `None` where nothing was ever written to it.
    pub(super) fn account(&self) -> Result<Option<AccountRow>, SandboxError> {
        let sql = "SELECT system, mark, writes, whitelist, fault, delegates FROM account WHERE name = ?1";
        let row = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_row([self.account], |r| {
                    Ok((r.get::<_, String>(0)?, r.get(1)?, r.get::<_, i64>(2)?, r.get(3)?, r.get::<_, Option<String>>(4)?, r.get(5)?))
                })
                .optional()
            })
            .map_err(|e| self.sqlite(&e))?;
        let Some((found, mark, writes, whitelist, fault, delegates)) = row else { return Ok(None) };
        if found != self.spec.name {
            return Err(SandboxError::System { account: self.account.into(), found, asked: self.spec.name });
        }
        let fault = match fault {
            Some(word) => Some(Fault::parse(&word).ok_or_else(|| self.damaged("an unknown fault"))?),
            None => None,
        };
        Ok(Some(AccountRow { mark, writes: u64::try_from(writes).unwrap_or(0), whitelist, fault, delegates }))
    }

    /// The mark that the account has, whatever system it was loaded as; 0 for a new one.
    pub(super) fn last_mark(&self) -> Result<i64, SandboxError> {
        let mark = self.conn.query_row("SELECT mark FROM account WHERE name = ?1", [self.account], |r| r.get(0)).optional();
        Ok(mark.map_err(|e| self.sqlite(&e))?.unwrap_or(0))
    }

    pub(super) fn put_account(&self, row: &AccountRow) -> Result<(), SandboxError> {
        let writes = i64::try_from(row.writes).unwrap_or(i64::MAX);
        self.run(
            "INSERT OR REPLACE INTO account (name, system, mark, writes, whitelist, fault, delegates) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![self.account, self.spec.name, row.mark, writes, row.whitelist, row.fault.map(Fault::word), row.delegates],
        )?;
        Ok(())
    }

    /// Forgets all that the account holds.
    pub(super) fn clear(&self) -> Result<(), SandboxError> {
        for sql in [
            "DELETE FROM member WHERE account = ?1",
            "DELETE FROM attempt WHERE account = ?1",
            "DELETE FROM domain WHERE account = ?1",
            "DELETE FROM mail WHERE account = ?1",
        ] {
            self.run(sql, [self.account])?;
        }
        Ok(())
    }

    pub(super) fn member(&self, email: &Email) -> Result<Option<Member>, SandboxError> {
        let sql = format!("{MEMBER} AND m.email = ?2");
        let mut statement = self.conn.prepare_cached(&sql).map_err(|e| self.sqlite(&e))?;
        let mut rows = statement.query(params![self.account, email.key()]).map_err(|e| self.sqlite(&e))?;
        let row = rows.next().map_err(|e| self.sqlite(&e))?;
        row.map(|r| self.decoded(r)).transpose()
    }

    /// Walks through the members after an address, in order, until `each` says no.
    pub(super) fn each_member(
        &self,
        after: Option<&str>,
        mut each: impl FnMut(Member) -> Result<bool, SandboxError>,
    ) -> Result<(), SandboxError> {
        let sql = format!("{MEMBER} AND m.email > ?2 ORDER BY m.email");
        let mut statement = self.conn.prepare_cached(&sql).map_err(|e| self.sqlite(&e))?;
        let mut rows = statement.query(params![self.account, after.unwrap_or("")]).map_err(|e| self.sqlite(&e))?;
        while let Some(row) = rows.next().map_err(|e| self.sqlite(&e))? {
            if !each(self.decoded(row)?)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn count(&self) -> Result<u64, SandboxError> {
        let count = self.conn.query_row("SELECT count(*) FROM member WHERE account = ?1", [self.account], |r| r.get::<_, i64>(0));
        Ok(u64::try_from(count.map_err(|e| self.sqlite(&e))?).unwrap_or(0))
    }

    fn decoded(&self, row: &Row<'_>) -> Result<Member, SandboxError> {
        let text = |column: usize| row.get_ref(column).ok().and_then(|v| v.as_str().ok());
        let number = |column: usize| row.get::<_, Option<i64>>(column).ok();
        let instant = |second: i64| Timestamp::from_second(second).ok();
        let member = || -> Option<Member> {
            Some(Member {
                email: Email::parse(text(0)?).ok()?,
                stored: Stored::parse(text(1)?)?,
                sent: match number(2)? {
                    Some(second) => Some(instant(second)?),
                    None => None,
                },
                declined: number(3)?? != 0,
                since: instant(number(4)??)?,
                attrs: self.spec.attrs_from_json(text(5)?, &mut self.words.borrow_mut()).ok()?,
                attempts: u32::try_from(number(6)??).ok()?,
            })
        };
        member().ok_or_else(|| self.damaged(format!("the row of a member of `{}` cannot be read", self.account)))
    }

    pub(super) fn put_member(&self, member: &Member) -> Result<(), SandboxError> {
        self.run(
            "INSERT OR REPLACE INTO member (account, email, phase, sent, declined, since, attrs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.account,
                member.email.key(),
                member.stored.word(),
                member.sent.map(Timestamp::as_second),
                member.declined,
                member.since.as_second(),
                encode(&member.attrs)
            ],
        )?;
        Ok(())
    }

    pub(super) fn delete_member(&self, email: &Email) -> Result<(), SandboxError> {
        self.run("DELETE FROM member WHERE account = ?1 AND email = ?2", params![self.account, email.key()])?;
        Ok(())
    }

    /// Invitations sent to an address that nobody accepted; they outlive the membership (SYSTEMS.md E7).
    pub(super) fn attempts(&self, email: &Email) -> Result<u32, SandboxError> {
        let sql = "SELECT number FROM attempt WHERE account = ?1 AND email = ?2";
        let number = self.conn.query_row(sql, params![self.account, email.key()], |r| r.get(0)).optional();
        Ok(number.map_err(|e| self.sqlite(&e))?.unwrap_or(0))
    }

    pub(super) fn put_attempts(&self, email: &Email, number: u32) -> Result<(), SandboxError> {
        if number == 0 {
            self.run("DELETE FROM attempt WHERE account = ?1 AND email = ?2", params![self.account, email.key()])?;
        } else {
            self.run(
                "INSERT OR REPLACE INTO attempt (account, email, number) VALUES (?1, ?2, ?3)",
                params![self.account, email.key(), number],
            )?;
        }
        Ok(())
    }

    pub(super) fn domains(&self, row: &AccountRow) -> Result<Domains, SandboxError> {
        if !row.whitelist {
            return Ok(Domains::Off);
        }
        let mut statement = self.conn.prepare_cached("SELECT domain FROM domain WHERE account = ?1").map_err(|e| self.sqlite(&e))?;
        let texts = statement.query_map([self.account], |r| r.get::<_, String>(0)).map_err(|e| self.sqlite(&e))?;
        let mut all = BTreeSet::new();
        for text in texts {
            let text = text.map_err(|e| self.sqlite(&e))?;
            all.insert(Domain::parse(&text).map_err(|e| self.damaged(e.to_string()))?);
        }
        Ok(Domains::Only(all))
    }

    pub(super) fn add_domain(&self, domain: &Domain) -> Result<(), SandboxError> {
        self.run("INSERT OR IGNORE INTO domain (account, domain) VALUES (?1, ?2)", params![self.account, domain.as_str()])?;
        Ok(())
    }
    /// Whether it was there.
    pub(super) fn remove_domain(&self, domain: &Domain) -> Result<bool, SandboxError> {
        Ok(self.run("DELETE FROM domain WHERE account = ?1 AND domain = ?2", params![self.account, domain.as_str()])? > 0)
    }
    pub(super) fn clear_domains(&self) -> Result<(), SandboxError> {
        self.run("DELETE FROM domain WHERE account = ?1", [self.account])?;
        Ok(())
    }

    pub(super) fn post(&self, to: &Email, kind: MailKind, at: Timestamp) -> Result<(), SandboxError> {
        self.run(
            "INSERT INTO mail (account, recipient, kind, at) VALUES (?1, ?2, ?3, ?4)",
            params![self.account, to.key(), kind.word(), at.as_second()],
        )?;
        Ok(())
    }

    /// What was sent: address, kind, instant.
    pub(super) fn posted(&self) -> Result<Vec<(Email, MailKind, Timestamp)>, SandboxError> {
        let sql = "SELECT recipient, kind, at FROM mail WHERE account = ?1 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).map_err(|e| self.sqlite(&e))?;
        let rows = statement
            .query_map([self.account], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?)))
            .map_err(|e| self.sqlite(&e))?;
        let mut all = Vec::new();
        for row in rows {
            let (to, kind, at) = row.map_err(|e| self.sqlite(&e))?;
            let mail = || Some((Email::parse(&to).ok()?, MailKind::parse(&kind)?, Timestamp::from_second(at).ok()?));
            all.push(mail().ok_or_else(|| self.damaged("a mail cannot be read"))?);
        }
        Ok(all)
    }
}
