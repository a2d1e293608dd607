//! The bridge protocol (docs/bridge.md): an account behind a small HTTP service that says itself what
//! can be read and written there. The sandbox's server is one; anybody can write another.

mod capabilities;
mod member;
mod pages;
mod reader;
mod writer;

#[cfg(any(test, fuzzing))]
pub(crate) use reader::fuzz;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use self::reader::BridgeReader;
use self::writer::BridgeWriter;
use super::http::{Access, Network, ReadClient, WriteClient};
use super::{Backend, Expect, Reader, Writer};
use crate::model::Tenant;
use crate::plan::Cleared;
use crate::systems::SystemSpec;

const MEDIA: &str = "application/json";

/// One account behind a bridge.
pub struct Bridge {
    reader: BridgeReader,
    access: Access,
    network: Network,
}

impl Bridge {
    /// Opens an account with what [`super::token::authorize`] allowed. Sends nothing.
    ///
    /// # Errors
    /// In words for a person: no HTTP client can be had on this machine.
    pub fn new(spec: &'static SystemSpec, tenant: &Tenant, expect: Expect, access: Access, network: &Network) -> Result<Self, String> {
        let client = ReadClient::new(&access, MEDIA, network)?;
        let below = tenant.name.iter().flat_map(|name| ["tenants".to_owned(), name.to_string()]).collect();
        let reader = BridgeReader { spec, client, below, expect, caps: OnceLock::new() };
        Ok(Self { reader, access, network: network.clone() })
    }
}

impl Backend for Bridge {
    fn reader(&self) -> &dyn Reader {
        &self.reader
    }
    fn writer<'a>(&'a self, _: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
        let client = WriteClient::new(&self.access, MEDIA, &self.network)?;
        Ok(Box::new(BridgeWriter::new(&self.reader, client)?))
    }
    fn origin(&self) -> String {
        self.access.endpoint.origin()
    }
    fn address(&self) -> String {
        self.access.endpoint.to_string().trim_end_matches('/').to_owned()
    }
    fn is_sandbox(&self) -> bool {
        self.reader.is_sandbox()
    }
}
