//! After an apply the accounts are read again and must plan to nothing.

use std::collections::BTreeMap;

use crate::apply::{Applied, Lifts};
use crate::model::Reading;
use crate::plan::{self, Change, Cleared};

use super::links::LinkFiles;
use super::{Connected, Request};

/// Reads what was written to again, and lists what a fresh plan still shows. Answers with the whole
/// readings.
pub(super) async fn all(
    request: &Request,
    connected: &Connected<'_>,
    cleared: &Cleared,
    applied: &mut Applied,
) -> BTreeMap<String, Reading> {
    let mut all = BTreeMap::new();
    for account in cleared.plan().accounts.iter().filter(|a| !a.changes.is_empty()) {
        let Some(site) = connected.site(&account.account) else { continue };
        request.says(&format!("reading {} again", site.name));
        let waits = site.waits();
        for i in 0..=waits.len() {
            if i > 0 {
                tokio::time::sleep(waits[i - 1]).await;
            }
            let links = LinkFiles::found([site]);
            let reading = site.backend.reader().read().await;
            let is_last = i == waits.len();
            if let Err(why) = &reading.proof {
                // A server that has not made up its mind yet shows a bit of both.
                if !is_last {
                    continue;
                }
                applied.unread.push((account.account.clone(), why.problems.clone()));
                break;
            }
            let Some(input) = connected.account(site, &reading) else { break };
            let fresh = plan::plan(request.moment(), &[input]);
            let is_blocked = |id: &str| applied.blocked.iter().any(|(_, b)| b.id == id);
            let known = |c: &&Change| account.unreviewed.iter().any(|u| u.change.digest == c.digest);
            let others = fresh.accounts.iter().flat_map(|a| &a.unreviewed).map(|u| &u.change).filter(|c| !known(c));
            let left: Vec<_> = fresh.changes().chain(others).filter(|c| c.is_sent() && !is_blocked(&c.id)).cloned().collect();
            if left.is_empty() || is_last {
                links.sweep(site.name.as_str(), &reading, applied);
                applied.left.extend(left);
                all.insert(account.account.clone(), reading);
                break;
            }
        }
    }
    all
}

/// A flag that lifts a guard is for one plan: once changes were made, for the plan of what is left.
/// `fresh` are the readings of [`all`], `readings` those before.
pub(super) fn lifts(
    request: &Request,
    connected: &Connected<'_>,
    cleared: &Cleared,
    readings: Vec<Reading>,
    mut fresh: BTreeMap<String, Reading>,
    applied: &mut Applied,
) {
    let written = || cleared.plan().accounts.iter().filter(|a| !a.changes.is_empty());
    let guards = applied.plan.accounts.iter_mut().flat_map(|a| &mut a.guards).filter(|v| v.tripped && v.lift.is_some());
    let guards: Vec<_> = guards.collect();
    if guards.is_empty() || written().next().is_none() {
        return;
    }
    if written().any(|a| !fresh.contains_key(&a.account)) {
        applied.lifts = Lifts::Unknown;
        return;
    }
    let now = connected.sites().iter().zip(readings).map(|(site, before)| fresh.remove(site.name.as_str()).unwrap_or(before));
    let rest = plan::plan(request.moment(), &connected.accounts(&now.collect::<Vec<_>>()));
    for guard in guards {
        let theirs = rest.accounts.iter().flat_map(|a| &a.guards).find(|v| (&v.account, v.code) == (&guard.account, guard.code));
        guard.lift = theirs.and_then(|v| v.lift.clone());
    }
    applied.lifts = Lifts::Rest;
}
