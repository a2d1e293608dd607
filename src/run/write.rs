//! One account's cleared changes, made through a writer that exists only now.

use std::collections::BTreeMap;

use crate::apply::{self, Applied, ChangeResult, CutOff};
use crate::model::Reading;
use crate::plan::saved::SavedAccount;
use crate::plan::{self, AccountPlan, Cleared, Lift};

use super::record::{About, Log, Recording};
use super::{Connected, Request, Site, begun, resumed};

/// What all accounts of one run share.
pub(super) struct Run<'r> {
    pub request: &'r Request,
    pub cleared: &'r Cleared,
    pub lifts: &'r [Lift],
    pub log: Option<&'r Log>,
    /// Of runs that were cut off, by account.
    pub journals: &'r BTreeMap<String, CutOff>,
}

impl Run<'_> {
    /// Makes the changes of one account.
    ///
    /// # Errors
    /// Why nothing was sent, in words for a person.
    pub(super) async fn account(
        &self,
        connected: &Connected<'_>,
        planned: &AccountPlan,
        reading: &Reading,
    ) -> Result<Vec<ChangeResult>, String> {
        let site = connected.site(&planned.account).ok_or("the account is gone")?;
        let handover = site.handover()?;
        let recording = self.recording(connected, planned, reading)?;
        let writer = site.backend.writer(self.cleared)?;
        let at = apply::Site {
            spec: site.spec,
            tenant: &site.tenant,
            caps: site.backend.reader().caps(),
            minimum: planned.minimum_administrators(),
            reader: site.backend.reader(),
            writer: &*writer,
            handover: handover.as_ref(),
            record: recording.as_ref().map_or(&apply::NoRecord, |r| r as &dyn apply::Record),
            stopping: &self.request.stopping,
            waits: site.waits(),
        };
        let mut results = apply::execute(&at, &planned.changes).await;
        drop(writer);
        if let Some(recording) = recording {
            results.extend(resumed::lost_links(site, reading, self.journals.get(&planned.account)));
            recording.end(self.request, reading.members.len(), &results);
        }
        Ok(results)
    }

    /// An account of which nothing is sent: what a run that was cut off had begun there is told all the same, and
    /// where nothing is left of it, that run is over.
    pub(super) fn nothing_to_send(&self, connected: &Connected<'_>, site: &Site<'_>, reading: &Reading, applied: &mut Applied) {
        let name = site.name.as_str();
        let Some(cut_off) = self.journals.get(name) else { return };
        let planned = applied.plan.accounts.iter().find(|a| a.account == name);
        let told = begun::tell(self.request, self.log, (site, cut_off), reading, planned, connected.requires_audit(name));
        let lost = resumed::lost_links(site, reading, Some(cut_off));
        let over = || if lost.is_empty() { resumed::nothing_is_left(self.request, planned, reading, cut_off) } else { Ok(()) };
        told.and_then(|()| over()).unwrap_or_else(|why| self.request.says(&why));
        applied.results.extend(lost);
    }

    /// None where a human makes all of it: nothing is sent, and nothing can be cut off.
    fn recording<'r>(
        &'r self,
        connected: &'r Connected<'_>,
        planned: &'r AccountPlan,
        reading: &Reading,
    ) -> Result<Option<Recording<'r>>, String> {
        let Some(log) = self.log.filter(|_| planned.changes.iter().any(plan::Change::is_sent)) else { return Ok(None) };
        let site = connected.site(&planned.account).ok_or("the account is gone")?;
        let input = connected.account(site, reading).ok_or("the account is gone")?;
        let plan = self.cleared.plan().lifted_by();
        let earlier = self.journals.get(&planned.account);
        let about = About {
            plan,
            planned,
            account: SavedAccount::of(planned, &input),
            approved: connected.approved.get(&planned.account),
            audit_required: connected.requires_audit(&planned.account),
        };
        if let Some(cut_off) = earlier {
            begun::tell(self.request, Some(log), (site, cut_off), reading, Some(planned), about.audit_required)?;
        }
        let begin =
            |about: &About<'_>| resumed::journal(self.request, self.lifts, about, connected, (log.lines(), log.approval()), earlier);
        let recording = Recording::new(log, about, begin)?;
        recording.tell_of_lifts(&planned.guards);
        Ok(Some(recording))
    }
}
