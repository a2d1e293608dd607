//! Links that nobody needs any more, and those that wait. Only an apply removes files, and says so.

use std::collections::BTreeMap;

use crate::apply::{Applied, Found, Handover};
use crate::model::Reading;

use super::Site;

/// The link files of accounts, as they were before their members were read.
pub(super) struct LinkFiles(BTreeMap<String, (Handover, Vec<Found>)>);

/// How many links of an account wait to be handed over after an apply. Where the account could not be
/// read whole, none is known not to.
pub(super) fn waiting(site: &Site<'_>, applied: &Applied) -> usize {
    if !site.spec.hands_links_over(&site.tenant) {
        return 0;
    }
    match applied.links.swept.iter().find(|(account, _)| *site.name == **account) {
        Some((_, swept)) => swept.waiting,
        None => site.handover_as_it_is().map_or(0, |handover| handover.found().len()),
    }
}

impl LinkFiles {
    pub(super) fn found<'s, 'f: 's>(sites: impl IntoIterator<Item = &'s Site<'f>>) -> Self {
        let found = |site: &Site<'_>| {
            let handover = site.handover_as_it_is()?;
            let files = handover.found();
            Some((site.name.to_string(), (handover, files)))
        };
        Self(sites.into_iter().filter_map(found).collect())
    }

    /// Removes the files of those who, says the reading, have accepted or are gone. An incomplete one
    /// says nothing of anybody.
    pub(super) fn sweep(&self, account: &str, reading: &Reading, applied: &mut Applied) {
        if let (Some((handover, files)), Ok(_)) = (self.0.get(account), &reading.proof) {
            let pending = reading.members.iter().filter(|m| m.phase.is_pending()).map(|m| &m.email);
            applied.add_swept(account, handover.sweep(files, pending));
        }
    }
}
