//! One apply at a time, an account.

use std::collections::BTreeSet;

use crate::apply::{self, FileLeases, Holder, Lease, Place};
use crate::manifest::BackendName;

use super::{Connected, Request, Site, Stop};

/// Connects, and takes the leases. Where another run wrote to the audit log meanwhile it connects anew: what was
/// applied, and how often somebody was invited, is known for certain under the leases alone.
///
/// # Errors
/// As `connect`, and as [`take`].
pub(super) async fn under<'f>(
    request: &Request,
    connect: impl Fn() -> Result<Connected<'f>, Stop>,
) -> Result<(Connected<'f>, Vec<Box<dyn Lease>>), Stop> {
    let length = || std::fs::metadata(&request.audit).map(|log| log.len()).ok();
    let before = length();
    let connected = connect()?;
    let leases = take(connected.sites(), request).await?;
    Ok((if length() == before { connected } else { connect()? }, leases))
}

/// Takes the leases of all accounts that could be written to, in the order of their names; one for those
/// that only their tokens tell apart.
///
/// # Errors
/// Who holds one, since when; nothing was attempted.
async fn take(sites: &[Site<'_>], request: &Request) -> Result<Vec<Box<dyn Lease>>, Stop> {
    let leases = FileLeases { folder: request.leases.clone() };
    let holder = Holder { by: request.by.clone(), since: request.clock.now().to_string() };
    let (mut taken, mut held) = (Vec::new(), BTreeSet::new());
    // A roster is written to by nobody.
    for place in sites.iter().filter(|s| s.connection.backend != BackendName::Roster).map(place) {
        if !held.insert(place.of.clone()) {
            continue;
        }
        let lease = apply::take_lease(&leases, &place, &holder, request.patience, |what| request.says(what)).await;
        taken.push(lease.map_err(|why| match why {
            apply::NoLease::Held { .. } => Stop::hinted(why.to_string(), "run again once it has ended, or wait for it with `--wait 5m`"),
            apply::NoLease::Failed { .. } => Stop::hinted(why.to_string(), "leases are kept below XDG_STATE_HOME, else below HOME"),
        })?);
    }
    Ok(taken)
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
