//! After an apply the accounts are read again and must plan to nothing.

use std::time::Duration;

use crate::apply::Applied;
use crate::plan::{self, Change, Cleared};

use super::links::LinkFiles;
use super::{Connected, Request};

/// Servers that are only eventually consistent get this long, in all.
const WAITS: &[Duration] = &[Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// Reads what was written to again, and lists what a fresh plan still shows.
pub(super) async fn all(request: &Request, connected: &Connected<'_>, cleared: &Cleared, applied: &mut Applied) {
    for account in cleared.plan().accounts.iter().filter(|a| !a.changes.is_empty()) {
        let Some(site) = connected.site(&account.account) else { continue };
        request.says(&format!("reading {} again", site.name));
        let waits = if site.connection.backend.is_network() { WAITS } else { &WAITS[..1] };
        for (i, wait) in waits.iter().enumerate() {
            tokio::time::sleep(*wait).await;
            let links = LinkFiles::found([site]);
            let reading = site.backend.reader().read().await;
            if let Err(why) = &reading.proof {
                applied.unread.push((account.account.clone(), why.problems.clone()));
                break;
            }
            let Some(input) = connected.account(site, &reading) else { break };
            let fresh = plan::plan(request.moment(), &[input]);
            let is_blocked = |id: &str| applied.blocked.iter().any(|(_, b)| b.id == id);
            let known = |c: &&Change| account.unreviewed.iter().any(|u| u.change.digest == c.digest);
            let others = fresh.accounts.iter().flat_map(|a| &a.unreviewed).map(|u| &u.change).filter(|c| !known(c));
            let left: Vec<_> = fresh.changes().chain(others).filter(|c| c.is_sent() && !is_blocked(&c.id)).cloned().collect();
            if left.is_empty() || i + 1 == waits.len() {
                links.sweep(site.name.as_str(), &reading, applied);
                applied.left.extend(left);
                break;
            }
        }
    }
}
