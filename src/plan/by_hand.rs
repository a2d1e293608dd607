//! What whoever makes a change by hand is told beside what differs: a console's form holds what no
//! reading here shows, too.

use std::collections::BTreeSet;

use crate::desired::{Member, Merged};
use crate::model::{Attrs, Channel, Key, Live, Value, Verb};
use crate::systems::{AttrSpec, Axis};

use super::account::Account;
use super::change::{Blocked, Change, Report};
use super::draft::{Draft, Found};
use super::preflight;

/// What is asked for of a member who is there, and what this backend cannot read.
#[derive(Default)]
pub(super) struct Unread {
    /// What a step by hand can set.
    set: Attrs,
    /// All of it in words.
    all: Vec<String>,
    /// Those that no step sets.
    left: Vec<String>,
}

impl Unread {
    pub fn add(&mut self, key: Key, wanted: &Value, words: String, is_set: bool) {
        if is_set {
            self.set.insert(key, wanted.clone());
        } else {
            self.left.push(words.clone());
        }
        self.all.push(words);
    }
}

fn check_by_hand(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| format!("nothing here can read {}: check by hand", words.join(", ")))
}

/// For a member of whom nothing is changed by hand: no change is made of what may be so already.
pub(super) fn unread_report(live: &Live, unread: &Unread, merged: &Merged<'_>) -> Option<Report> {
    let message = check_by_hand(&unread.all)?;
    Some(Report { code: "unverifiable", member: Some(live.email.to_string()), message, place: Some(merged.at.clone()) })
}

/// The draft of a change, and whether it says what cannot be read as well.
///
/// A human who makes a part of it sets that on the way: it joins `after` and the calls, and so the
/// digest, though nothing shows a `before`. Where the actor may not, or no form of the system takes
/// it, it is a note of the step instead, and the rest is changed all the same.
pub(super) fn draft(account: &Account<'_>, found: Found<'_>, unread: &Unread) -> (Result<Draft, Box<Blocked>>, bool) {
    let is_by_hand = |draft: &Draft| draft.change.calls.iter().any(|c| c.channel != Channel::Api);
    let plain = match found.clone().draft(account) {
        Ok(plain) if is_by_hand(&plain) => plain,
        other => return (other, false),
    };
    let whole =
        Found { whole_after: found.whole_after.clone().map(|after| after.into_iter().chain(unread.set.clone()).collect()), ..found };
    let whole = whole.draft(account).ok().filter(|whole| preflight::refusal(account, whole).is_none());
    let left = if whole.is_some() { &unread.left } else { &unread.all };
    let mut draft = whole.unwrap_or(plain);
    draft.change.notes.extend(unproven(account, &draft.change));
    draft.change.notes.extend(check_by_hand(left));
    (Ok(draft), true)
}

/// What a form holds that the next reading proves in other parts only.
fn unproven(account: &Account<'_>, change: &Change) -> Option<String> {
    let keys = change.calls.iter().filter(|c| c.channel == Channel::Manual).flat_map(|c| c.set.keys().copied());
    unread_back(keys.filter(|key| !account.caps.reads.contains(key)).collect())
}

fn unread_back(mut keys: Vec<Key>) -> Option<String> {
    keys.dedup();
    (!keys.is_empty()).then(|| format!("nothing here can read back {}: look by hand", keys.join(", ")))
}

/// What whoever invites by hand should know: what nothing will read back, and who may be this
/// person under another spelling, for the step was made and made wrongly then.
pub(super) fn of_invite(account: &Account<'_>, member: &Member<'_>, after: &Attrs) -> Vec<String> {
    if account.caps.channel(Verb::Invite, None) == Channel::Api {
        return Vec::new();
    }
    let is_written = |a: &&AttrSpec| after.contains_key(a.key) && (a.axis != Axis::Until || account.keeps_ends());
    let unread = account.spec.attrs.iter().filter(is_written).map(|a| a.key).filter(|key| !account.caps.reads.contains(key)).collect();
    let mut notes: Vec<String> = unread_back(unread).into_iter().collect();
    let is_stranger = |live: &&Live| {
        live.phase.is_standing()
            && !account.desired.by_address.contains_key(&live.email)
            && !account.desired.policy.ignores(&live.email)
            && strsim::damerau_levenshtein(live.email.key(), member.email.key()) <= 2
    };
    let strangers = account.reading.members.iter().filter(is_stranger).map(|live| live.email.key()).collect::<BTreeSet<_>>();
    notes.extend(
        strangers.into_iter().map(|other| format!("{other} is a member and not listed: is it this person under another spelling?")),
    );
    notes
}
