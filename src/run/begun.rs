//! What a run that was cut off had begun: looked for in the accounts, and told to the audit log.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::{self, CutOff, ResultWord};
use crate::model::{Live, Reading};
use crate::plan::{AccountPlan, Moments};

use super::record::Log;
use super::{Connected, Request, Site};

/// Reads accounts again of which a run was cut off, as often as after a call whose answer was lost: a server may
/// show only after a while what it did.
pub(super) async fn look_again(
    connected: &Connected<'_>,
    request: &Request,
    journals: &BTreeMap<String, CutOff>,
    readings: &mut [Reading],
) {
    for (site, reading) in connected.sites().iter().zip(readings) {
        let Some(cut_off) = journals.get(site.name.as_str()) else { continue };
        for wait in site.waits() {
            let shows = |seen: Seen<'_>| cut_off.begun.iter().filter_map(|id| cut_off.begin.moments.get(id)).all(|m| seen.shows(m));
            if reading.proof.is_err() || request.stopping.is_asked() || shows(Seen::of(site, cut_off, reading)) {
                break;
            }
            tokio::time::sleep(*wait).await;
            let again = connected.read_one(site, request).await;
            // What was read whole is better than what was not.
            if again.proof.is_ok() {
                *reading = again;
            }
        }
    }
}

/// One reading, held against what was begun.
struct Seen<'a> {
    site: &'a Site<'a>,
    cut_off: &'a CutOff,
    reading: &'a Reading,
    members: BTreeMap<&'a str, &'a Live>,
}

impl<'a> Seen<'a> {
    fn of(site: &'a Site<'a>, cut_off: &'a CutOff, reading: &'a Reading) -> Self {
        let members = reading.members.iter().map(|live| (live.email.key(), live)).collect();
        Self { site, cut_off, reading, members }
    }

    /// Whether the change shows to be made.
    fn shows(&self, moments: &Moments) -> bool {
        let (spec, live) = (self.site.spec, self.members.get(moments.subject.as_str()).copied());
        let sees_all = (spec.sees_all)(&self.site.tenant);
        self.reading.proof.is_ok() && moments.are_reached(spec, sees_all, self.cut_off.began(), &self.reading.domains, live)
    }
}

/// Tells the audit log of what was begun, once: that it was made, where that shows and nothing of it is asked for
/// any more, else that nobody knows. Before the journal is closed or replaced.
///
/// # Errors
/// A log that the account requires and that cannot be written to.
pub(super) fn tell(
    request: &Request,
    log: Option<&Log>,
    (site, cut_off): (&Site<'_>, &CutOff),
    reading: &Reading,
    planned: Option<&AccountPlan>,
    is_required: bool,
) -> Result<(), String> {
    let Some(log) = log else { return Ok(()) };
    let seen = Seen::of(site, cut_off, reading);
    let asked: BTreeSet<&String> = planned.into_iter().flat_map(asked_for).collect();
    let mut told = Vec::new();
    for change in cut_off.begin.account.changes.iter().filter(|c| cut_off.begun.contains(&c.id)) {
        let is_made = !asked.contains(&change.id) && cut_off.begin.moments.get(&change.id).is_some_and(|m| seen.shows(m));
        let word = if is_made { ResultWord::Applied } else { ResultWord::Unknown };
        let before = cut_off.told.get(&change.id).map(String::as_str);
        if before == Some(ResultWord::Applied.word()) || before == Some(word.word()) {
            continue;
        }
        if log.tell_of(cut_off, change, word, is_required)? {
            told.push((change.id.as_str(), word.word()));
        }
    }
    let revoke = cut_off.begin.revoke.as_deref();
    let path = apply::journal_path(&request.journals, site.name.as_str(), revoke);
    if !told.is_empty()
        && let Err(why) = apply::tell_journal(&path, &told)
    {
        request.says(&format!("the journal of {} cannot be written, and the audit log is told once more: {why}", site.name));
    }
    Ok(())
}

/// The changes of an account that are needed still, whether they can be made or not.
fn asked_for(planned: &AccountPlan) -> impl Iterator<Item = &String> {
    let (blocked, unreviewed) = (planned.blocked.iter().map(|b| &b.id), planned.unreviewed.iter().map(|u| &u.change.id));
    planned.changes.iter().map(|c| &c.id).chain(blocked).chain(unreviewed)
}
