//! An account that is known by its exported list: for products without an API, and for people who
//! have no right to use one. Nothing is ever sent. Every change is a step of the runbook, and what
//! the export has a column for is proven by the next export.
//!
//! An export is a file that somebody made by hand, so that half of one looks much like a whole one.
//! Whatever is doubtful in it (`decode` its bytes, `table` its rows, `rows` its words) makes the
//! reading incomplete, with the line: an empty or cut file never means that everybody left.

mod beside;
mod decode;
mod open_end;
mod reader;
mod rows;
mod table;

use std::path::PathBuf;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

pub use self::beside::Beside;
pub use self::reader::RosterReader;
#[cfg(any(test, fuzzing))]
pub(crate) use self::reader::fuzz;
use super::{Backend, Reader, Writer};
use crate::model::{Call, Caps, Outcome, Roster, Subject, Tenant};
use crate::plan::Cleared;
use crate::systems::SystemSpec;

/// One account behind an export.
pub struct Exported(RosterReader);

impl Exported {
    /// `folder` is the manifests'; the file is looked at when it is read. `now` is the run's instant.
    pub fn new(spec: &'static SystemSpec, tenant: Tenant, roster: Roster, folder: PathBuf, now: Timestamp) -> Self {
        Self(RosterReader::new(spec, tenant, roster, folder, now))
    }
}

/// What an export with a column for everything would show.
pub(super) fn caps(spec: &SystemSpec, tenant: &Tenant) -> Caps {
    let all = spec.attrs.iter().filter(|a| spec.has_column(a) && spec.offers(a, tenant)).map(|a| a.key);
    reader::caps(spec, tenant, all.collect(), true)
}

impl Backend for Exported {
    fn reader(&self) -> &dyn Reader {
        &self.0
    }
    fn writer<'a>(&'a self, _: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
        Ok(Box::new(Nobody))
    }
    /// The name of an export changes with each one, and digests do not cover names of files.
    fn origin(&self) -> String {
        "roster".into()
    }
    fn is_sandbox(&self) -> bool {
        false
    }
}

/// The writer of an account that takes no call: no change of it has one that could be sent.
struct Nobody;

impl Writer for Nobody {
    fn call<'a>(&'a self, _: &'a Subject, call: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        async move { Outcome::Refused(format!("an export takes no `{}`: a human makes it", call.label)) }.boxed()
    }
}
