//! The sandbox as a backend: one SQLite file, read page by page and written call by call.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::model::{Call, Caps, Incomplete, Known, Live, Outcome, Proof, Reading, Subject};
use crate::plan::Cleared;
use crate::sandbox::{Answer, Host, Sandbox, SandboxError};

use super::{Backend, Reader, Writer};

/// Members that one page holds, where nothing else is said.
pub const PAGE: usize = 500;

/// One account in a sandbox file, as its actor.
pub struct Embedded {
    path: PathBuf,
    origin: String,
    host: Host,
    now: Timestamp,
    page: usize,
    caps: Caps,
}

impl Embedded {
    /// `path` is where the file is, `written` how the manifests spell it: digests hold the second,
    /// so that they do not depend on the machine. The whole run sees the account at the instant `now`.
    pub fn new(path: PathBuf, written: &Path, host: Host, now: Timestamp, page: usize) -> Self {
        let caps = host.spec.caps(&host.tenant);
        Self { path, origin: format!("embedded:{}", written.display()), host, now, page: page.max(1), caps }
    }

    fn open_writer(&self) -> Result<EmbeddedWriter<'_>, SandboxError> {
        Ok(EmbeddedWriter { sandbox: Mutex::new(Sandbox::write(&self.path)?), host: &self.host, now: self.now })
    }

    fn read_all(&self) -> Result<Reading, Incomplete> {
        let failed = |e: SandboxError| match e {
            SandboxError::OutOfReach(no) => Incomplete::new("out-of-reach", format!("out of reach: {no}")),
            e => Incomplete::new("failed", e.to_string()),
        };
        let sandbox = Sandbox::read(&self.path).map_err(failed)?;
        let before = sandbox.count(&self.host).map_err(failed)?;
        let domains = sandbox.domains(&self.host).map_err(failed)?;
        let mut members: Vec<Live> = Vec::new();
        let mut highest: Option<usize> = None;
        let mut after: Option<String> = None;
        loop {
            let page = sandbox.page(&self.host, self.now, after.as_deref(), self.page).map_err(failed)?;
            if page.mark != before.mark {
                return Err(Incomplete::new("contradictory", "the account changed while it was read"));
            }
            for member in page.members {
                // Pages are sorted: who comes after the last has not been here.
                let is_after = highest.is_none_or(|i| members[i].email < member.email);
                if !is_after && members.iter().any(|m| m.email == member.email) {
                    return Err(Incomplete::new("repeated", format!("the server listed {} twice", member.email)));
                }
                if is_after {
                    highest = Some(members.len());
                }
                members.push(member);
            }
            if page.total != before.total {
                return Err(contradictory(before.total, page.total));
            }
            match page.next {
                // A server that pages on without an end.
                Some(_) if members.len() as u64 >= before.total => return Err(contradictory(before.total, members.len() as u64 + 1)),
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if members.len() as u64 != before.total {
            return Err(short(members.len(), before.total));
        }
        let last = sandbox.count(&self.host).map_err(failed)?;
        if last != before {
            return Err(Incomplete::new("contradictory", "the account changed while it was read"));
        }
        Ok(Reading {
            members,
            domains: Known::Seen(domains),
            whoami: self.host.tenant.actor.member.clone(),
            tenant: None,
            proof: Ok(Proof::Snapshot),
            remarks: Vec::new(),
        })
    }
}

fn short(got: usize, total: u64) -> Incomplete {
    Incomplete::new("short", format!("the server says {total} members and listed {got}"))
}
fn contradictory(one: u64, other: u64) -> Incomplete {
    Incomplete::new("contradictory", format!("the server says {one} members, and then {other}"))
}

impl Reader for Embedded {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        Box::pin(async { self.read_all().unwrap_or_else(Reading::incomplete) })
    }
}

impl Backend for Embedded {
    fn reader(&self) -> &dyn Reader {
        self
    }
    fn writer<'a>(&'a self, _: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
        Ok(Box::new(self.open_writer().map_err(|e| e.to_string())?))
    }
    fn origin(&self) -> String {
        self.origin.clone()
    }
    fn is_sandbox(&self) -> bool {
        true
    }
}

struct EmbeddedWriter<'a> {
    sandbox: Mutex<Sandbox>,
    host: &'a Host,
    now: Timestamp,
}

impl Writer for EmbeddedWriter<'_> {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // A call is one transaction: one that panicked left nothing behind.
            let mut sandbox = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
            match sandbox.call(self.host, self.now, on, call) {
                Ok(Answer::Done) => Outcome::Applied,
                Ok(Answer::Linked(link)) => Outcome::Linked(link),
                Ok(Answer::AlreadyGone) => Outcome::Already,
                Ok(Answer::Exists(_)) => Outcome::Exists,
                Ok(Answer::Refused(no)) => Outcome::Refused(no),
                Err(lost @ SandboxError::Commit { .. }) => Outcome::Unknown(lost.to_string()),
                Err(no) => Outcome::Refused(no.to_string()),
            }
        })
    }
}

#[cfg(test)]
#[path = "embedded_tests.rs"]
mod tests;
