//! SCIM 2.0 (RFC 7643, 7644) for systems whose vendor documents it: insider (SYSTEMS.md I13). It
//! shows and takes people, their name and their one role. What it can neither tell nor take (PII,
//! groups, products, domains, ends, invitations) stays unreadable, so that nothing is planned on a
//! guess. How real servers depart from the papers, and what is done about it, stands at each place.

mod edit;
mod offer;
mod pages;
mod reader;
mod user;
mod writer;

#[cfg(any(test, fuzzing))]
pub(crate) use reader::fuzz;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod real_server_tests;
#[cfg(test)]
mod writer_tests;

use std::collections::{BTreeMap, BTreeSet};

use self::reader::ScimReader;
use self::user::{NAME, ROLE, Roles};
use self::writer::ScimWriter;
use super::http::{Access, Network, ReadClient, WriteClient};
use super::{Backend, Expect, Reader, Writer};
use crate::model::{Caps, Proof, Verb};
use crate::plan::Cleared;
use crate::systems::SystemSpec;

const MEDIA: &str = "application/scim+json";

/// One account behind a SCIM server.
pub struct Scim {
    reader: ScimReader,
    access: Access,
    roles: Roles,
    network: Network,
}

impl Scim {
    /// Opens an account of a system that has SCIM, with what [`super::token::authorize`] allowed.
    /// Sends nothing.
    ///
    /// # Errors
    /// In words for a person: the vendor documents no SCIM for this system, or no HTTP client can
    /// be had on this machine.
    pub fn new(spec: &SystemSpec, expect: Expect, access: Access, network: &Network) -> Result<Self, String> {
        let roles = spec.scim_roles;
        if roles.is_empty() {
            return Err(format!("{} documents no SCIM for its users", spec.product));
        }
        let client = ReadClient::new(&access, MEDIA, network)?;
        let reader = ScimReader { client, expect, roles, caps: caps() };
        Ok(Self { reader, access, roles, network: network.clone() })
    }

    /// A writer; outside of this room there is none without [`Cleared`].
    fn open_writer(&self) -> Result<ScimWriter<'_>, String> {
        let client = WriteClient::new(&self.access, MEDIA, &self.network)?;
        Ok(ScimWriter::new(&self.reader, client, self.roles))
    }
}

impl Backend for Scim {
    fn reader(&self) -> &dyn Reader {
        &self.reader
    }
    fn writer<'a>(&'a self, _cleared: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
        Ok(Box::new(self.open_writer()?))
    }
    fn origin(&self) -> String {
        self.access.endpoint.origin()
    }
    fn address(&self) -> String {
        self.access.endpoint.to_string().trim_end_matches('/').to_owned()
    }
    fn is_sandbox(&self) -> bool {
        false
    }
}

/// What I13 leaves: name and role, and five verbs.
pub(super) fn caps() -> Caps {
    let both = || BTreeSet::from([NAME, ROLE]);
    let writes = BTreeMap::from([
        (Verb::Invite, both()),
        (Verb::Set, both()),
        (Verb::Restore, BTreeSet::new()),
        (Verb::Delete, BTreeSet::new()),
        (Verb::Deactivate, BTreeSet::new()),
    ]);
    Caps {
        reads: both(),
        writes,
        reads_domains: false,
        reads_invitations: false,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Counted,
    }
}
