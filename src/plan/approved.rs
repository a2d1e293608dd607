//! Fresh ∩ approved: of an account's fresh plan only what was approved is made. The rest is taken out
//! before anything is blocked, ordered or counted, so that nothing waits for what will not come.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Domains, Email, Subject};

use super::account::{Account, Day, ONE_BY_ONE, Work};
use super::change::{Blocked, Change, ChangeId, Stale};
use super::draft::Draft;
use super::moments::Moments;
use super::{block, digest, order};

/// The code under which a change that nobody approved holds up those that wait for it. It stands in no
/// plan.
const UNREVIEWED: &str = "unreviewed";

/// What was approved of one account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Approved {
    /// The digest of the whole plan that was reviewed: what lifts name.
    pub plan: String,
    pub changes: BTreeMap<ChangeId, ApprovedChange>,
    /// How many must have signed each change; none where the review alone approves.
    pub quorum: Option<usize>,
    /// Of changes that a run began and that was cut off: what is left of one is approved with it.
    pub begun: Vec<Moments>,
    /// The least number of administrators that the guard left to that run: what it had not lowered, its rest
    /// does not lower.
    pub minimum: Option<u32>,
    /// Digests that the audit log says were applied, each with when: an approval holds once.
    pub spent: BTreeMap<String, String>,
    /// The signatures that do not count, each with the reason.
    pub uncounted: Vec<String>,
}

/// One change that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedChange {
    pub digest: String,
    /// The canonical form that the digest is of.
    pub form: Json,
    /// Who signed it, each by all addresses known of them.
    pub signed: Vec<BTreeSet<Email>>,
}

/// A change that is not made, because nobody approved it or too few did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreviewed {
    pub change: Change,
    /// In words: `signed by 1, 2 are needed`.
    pub why: String,
    /// It was reviewed, and too few have signed it.
    pub lacks_signatures: bool,
}

/// What of a fresh plan is not made.
#[derive(Default)]
pub(super) struct Rest {
    pub unreviewed: Vec<Unreviewed>,
    pub stale: Vec<Stale>,
}

/// Leaves the approved drafts. The others hold up what waits for them, as blocked ones do, until
/// [`forget`].
pub(super) fn drafts(account: &Account<'_>, day: Day, approved: &Approved, work: &mut Work) -> Rest {
    let mut blocked_anyway = blocked_anyway(account, day, &work.drafts);
    let mut unreviewed = Vec::new();
    for draft in std::mem::take(&mut work.drafts) {
        match (approved.refusal(account, &draft.change), blocked_anyway.remove(&draft.change.id)) {
            (None, _) => work.drafts.push(draft),
            // Nobody could approve it: no plan offers it.
            (Some(_), Some(blocked)) => work.blocked.push(blocked),
            (Some(why), None) => {
                let lacks_signatures = approved.quorum.is_some() && approved.reviewed(&draft.change).is_some();
                unreviewed.push(Unreviewed { change: draft.change.clone(), why, lacks_signatures });
                work.blocked.push(draft.block(UNREVIEWED, "somebody who reviews it"));
            }
        }
    }
    unreviewed.sort_by(|a, b| (a.change.action, &a.change.subject).cmp(&(b.change.action, &b.change.subject)));
    let stale = stale(account, approved, &unreviewed);
    Rest { unreviewed, stale }
}

/// What is blocked in the whole plan, whoever approves it.
fn blocked_anyway(account: &Account<'_>, day: Day, drafts: &[Draft]) -> BTreeMap<ChangeId, Blocked> {
    let mut whole = Work { drafts: drafts.to_vec(), ..Work::default() };
    block::all(&Account { approved: None, ..*account }, day, &mut whole);
    let (_, unordered) = order::all(whole.drafts);
    let unordered = unordered.into_iter().map(|(draft, code)| draft.block(code, ONE_BY_ONE));
    whole.blocked.into_iter().chain(unordered).map(|b| (b.id.clone(), b)).collect()
}

/// Takes those that nobody approved out of the blocked ones: they are told apart.
pub(super) fn forget(blocked: &mut Vec<Blocked>) {
    blocked.retain(|b| b.code != UNREVIEWED);
}

impl Approved {
    fn reviewed(&self, change: &Change) -> Option<&ApprovedChange> {
        self.changes.get(&change.id).filter(|a| a.digest == change.digest.as_str())
    }

    /// The reviewed change of which this is the rest, where a run that was cut off had begun it: who
    /// approved that one approved all of it. What the journal says of it must be what was reviewed.
    pub fn continued(&self, change: &Change) -> Option<&ApprovedChange> {
        let mut begun = self.begun.iter().filter(|moments| moments.are_continued_by(change));
        begun.find_map(|moments| self.changes.get(&moments.id).filter(|reviewed| moments.are_of(&reviewed.form)))
    }

    /// Who signed the change, or the one of which it is the rest; each by one address.
    pub fn signers_of(&self, change: &Change) -> Vec<String> {
        let reviewed = self.reviewed(change).or_else(|| self.continued(change));
        let signed = reviewed.map(|reviewed| reviewed.signed.as_slice()).unwrap_or_default();
        signed.iter().filter_map(|who| who.first()).map(ToString::to_string).collect()
    }

    /// Why the change is not made. Who gains by a change does not approve it.
    fn refusal(&self, account: &Account<'_>, change: &Change) -> Option<String> {
        let Some(reviewed) = self.reviewed(change).or_else(|| self.continued(change)) else {
            return Some("it is not in the reviewed plan".to_owned());
        };
        if let Some(at) = self.spent.get(&reviewed.digest) {
            return Some(format!("it was applied already, at {at}: what is needed again is reviewed again"));
        }
        let quorum = self.quorum?;
        let is_theirs = |who: &BTreeSet<Email>| match &change.subject {
            Subject::Member(member) => who.iter().any(|address| account.desired.is_one_person(member, address)),
            // Whose address is in a domain gains by its opening; `*` opens all that are closed.
            Subject::Domain(domain) => who.iter().any(|address| {
                let is_let_in = matches!(account.reading.domains.seen(), Some(Domains::Only(list)) if list.contains(&address.domain()));
                address.domain() == *domain || (domain.as_str() == "*" && !is_let_in)
            }),
        };
        let gains = |who: &&BTreeSet<Email>| change.direction.widens() && is_theirs(who);
        let gaining = reviewed.signed.iter().filter(gains).count();
        let signed = reviewed.signed.len() - gaining;
        let gainer = if gaining > 0 { ", apart from whoever gains by it" } else { "" };
        let need = if quorum == 1 { "is" } else { "are" };
        let others: String = self.uncounted.iter().map(|why| format!("; not counted: {why}")).collect();
        (signed < quorum).then(|| format!("signed by {signed}{gainer}; {quorum} {need} needed{others}"))
    }
}

/// Approved changes that came back different: under the same id, or of the same member and asking for
/// the same.
fn stale(account: &Account<'_>, approved: &Approved, unreviewed: &[Unreviewed]) -> Vec<Stale> {
    let mut of: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in unreviewed.iter().map(|u| &u.change).filter(|c| approved.reviewed(c).is_none() && approved.continued(c).is_none()) {
        of.entry(change.subject.as_str()).or_default().push(change);
    }
    let mut all = Vec::new();
    for (id, was) in &approved.changes {
        let of = was.form["subject"].as_str().and_then(|subject| of.get(subject));
        for fresh in of.into_iter().flatten() {
            let form = digest::form(account, fresh);
            if fresh.id == *id || (form["after"] == was.form["after"] && !form["after"].is_null()) {
                all.push(Stale { approved: id.clone(), was: was.form.clone(), fresh: fresh.id.clone(), is: form });
            }
        }
    }
    all
}
