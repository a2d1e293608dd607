//! One apply at a time, an account.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::apply::{self, CutOff, FileLeases, Holder, Lease, Place};
use crate::manifest::BackendName;

use super::{Connected, Request, Site, Stop, resumed};

/// How long the audit log is; the journals of runs that were cut off, and of those that are still there.
type Mark = (Option<u64>, BTreeMap<String, CutOff>, Vec<PathBuf>);

/// What other runs may change before the leases are taken.
fn mark(request: &Request) -> Result<Mark, Stop> {
    let length = std::fs::metadata(&request.audit).map(|log| log.len()).ok();
    Ok((length, resumed::journals(request)?, apply::running_journals(&request.journals)))
}

/// Connects, and takes the leases. Where another run wrote meanwhile it connects anew: what was applied, what was
/// begun and how often somebody was invited is known for certain under the leases alone.
///
/// # Errors
/// As `connect`, and as [`Held::take`].
pub(super) async fn under<'f>(
    request: &Request,
    connect: impl Fn() -> Result<Connected<'f>, Stop>,
) -> Result<(Connected<'f>, Vec<Box<dyn Lease>>), Stop> {
    let mut held = Held::default();
    loop {
        let before = mark(request)?;
        let connected = connect()?;
        let is_new = held.take(connected.sites(), request).await?;
        // Under leases that were held before, nobody else wrote to these accounts.
        if !is_new || mark(request)? == before {
            return Ok((connected, held.leases));
        }
    }
}

/// The leases of a run, each of another place.
#[derive(Default)]
struct Held {
    leases: Vec<Box<dyn Lease>>,
    places: BTreeSet<String>,
}

impl Held {
    /// Takes the leases of all accounts that could be written to, in the order of their names; one for those that
    /// only their tokens tell apart. Answers whether there was one to be taken.
    ///
    /// # Errors
    /// Who holds one, since when; nothing was attempted.
    async fn take(&mut self, sites: &[Site<'_>], request: &Request) -> Result<bool, Stop> {
        let leases = FileLeases { folder: request.leases.clone() };
        let holder = Holder { by: request.by.clone(), since: request.clock.now().to_string() };
        let before = self.leases.len();
        // A roster is written to by nobody.
        for place in sites.iter().filter(|s| s.connection.backend != BackendName::Roster).map(place) {
            if !self.places.insert(place.of.clone()) {
                continue;
            }
            let lease = apply::take_lease(&leases, &place, &holder, request.patience, |what| request.says(what)).await;
            self.leases.push(lease.map_err(|why| match why {
                apply::NoLease::Held { .. } => {
                    Stop::hinted(why.to_string(), "run again once it has ended, or wait for it with `--wait 5m`")
                }
                apply::NoLease::Failed { .. } => Stop::hinted(why.to_string(), "leases are kept below XDG_STATE_HOME, else below HOME"),
            })?);
        }
        Ok(self.leases.len() > before)
    }
}

/// Two folders may manage one account, by different names; one embedded file holds several.
fn place(site: &Site<'_>) -> Place {
    let address = if site.connection.backend == BackendName::Embedded {
        let file = std::path::absolute(&site.database).unwrap_or_else(|_| site.database.clone());
        format!("{}\n{}", file.display(), site.name)
    } else {
        site.backend.address()
    };
    let tenant = site.tenant.name.as_ref().map(ToString::to_string).unwrap_or_default();
    Place { account: site.name.to_string(), of: format!("{}\n{address}\n{tenant}", site.spec.name) }
}
