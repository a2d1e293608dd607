//! One account that is served: where its state is, who its actor is, and what is remembered of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::keys::Keys;
use super::{Host, Listed, Page, Sandbox, SandboxError, random};

/// An account to serve.
#[derive(Clone)]
pub struct Served {
    /// The first segment of its paths.
    pub connection: String,
    /// Below `tenants`, where the connection reaches several accounts.
    pub tenant: Option<String>,
    /// The sandbox's file. It need not be there yet.
    pub path: PathBuf,
    pub host: Host,
    /// What its actor signs in with.
    pub token: SecretString,
}

/// A token that nobody guesses.
///
/// # Errors
/// [`SandboxError::Random`] where the machine gives no random bytes.
pub fn new_token() -> Result<SecretString, SandboxError> {
    Ok(SecretString::from(random()?))
}

/// A state may change under a reading so often before the server calls itself busy.
const TRIES: usize = 16;

pub(super) struct Account {
    pub served: Served,
    pub keys: Keys,
    listed: Mutex<Option<Arc<Listed>>>,
    /// The last answers, by path and query: what a stale read shows.
    last: Mutex<BTreeMap<String, Bytes>>,
}

/// Where a page begins.
#[derive(Debug, Clone)]
pub(super) enum Start {
    Offset(u64),
    /// After this folded address.
    After(String),
}

/// One state, in which everything was read.
pub(super) struct State {
    pub listed: Arc<Listed>,
    /// As the wire says it.
    pub mark: String,
}

impl Account {
    pub(super) fn new(served: Served) -> Self {
        Self { served, keys: Keys::default(), listed: Mutex::default(), last: Mutex::default() }
    }

    pub(super) fn name(&self) -> &crate::model::Atom {
        &self.served.host.account
    }

    /// Compared by hash, so that how long it takes tells nothing.
    pub(super) fn admits(&self, token: &str) -> bool {
        Sha256::digest(token) == Sha256::digest(self.served.token.expose_secret())
    }

    /// Runs `read` until it saw one state: the list of it and what was read bear one mark.
    pub(super) fn in_one_state<T>(
        &self,
        now: Timestamp,
        read: impl Fn(&Sandbox, &State) -> Result<(i64, T), SandboxError>,
    ) -> Result<(State, T), SandboxError> {
        for _ in 0..TRIES {
            // Opened anew each time: another process may have put another file there.
            let sandbox = Sandbox::read(&self.served.path)?;
            let listed = self.listed(&sandbox, now)?;
            sandbox.counted(&self.served.host, &listed);
            // Time alone moves phases, and the sandbox's own mark does not tell.
            let mark = match listed.since {
                Some(since) => format!("{}.{}", listed.mark, since.as_second()),
                None => listed.mark.to_string(),
            };
            let state = State { listed, mark };
            let (mark, found) = read(&sandbox, &state)?;
            if mark == state.listed.mark {
                return Ok((state, found));
            }
        }
        Err(SandboxError::Busy { path: self.served.path.clone() })
    }

    /// Whoever comes first walks through the members; the others wait for it.
    fn listed(&self, sandbox: &Sandbox, now: Timestamp) -> Result<Arc<Listed>, SandboxError> {
        let mut kept = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = sandbox.mark(&self.served.host)?;
        if let Some(listed) = kept.as_ref().filter(|listed| listed.holds(mark, now)) {
            return Ok(Arc::clone(listed));
        }
        let listed = Arc::new(sandbox.listed(&self.served.host, now)?);
        *kept = Some(Arc::clone(&listed));
        Ok(listed)
    }

    /// The members from `at` on, counted from 0.
    pub(super) fn page(&self, sandbox: &Sandbox, listed: &Listed, now: Timestamp, at: usize, limit: usize) -> Result<Page, SandboxError> {
        let before = at.checked_sub(1).and_then(|before| listed.keys.get(before)).map(|key| &**key);
        sandbox.page(&self.served.host, now, before, limit)
    }

    /// What was answered to that request before, where it was another; else this is kept.
    pub(super) fn stale(&self, request: &str, body: &Bytes, is_stale: impl FnOnce() -> bool) -> Option<Bytes> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = last.get(request).filter(|before| *before != body)
            && is_stale()
        {
            return Some(before.clone());
        }
        last.insert(request.to_owned(), body.clone());
        None
    }
}

impl Start {
    /// Counted from 0; the end of the list for what is behind it.
    pub(super) fn at(&self, listed: &Listed) -> usize {
        match self {
            Start::Offset(offset) => usize::try_from(*offset).map_or(listed.keys.len(), |at| at.min(listed.keys.len())),
            Start::After(key) => listed.keys.partition_point(|other| **other <= **key),
        }
    }
}
