//! What whoever makes a change by hand is told beside what differs: a console's form holds what no
//! reading here shows, too.

use std::collections::BTreeMap;

use crate::desired::{Member, Merged};
use crate::model::{Attrs, Channel, Email, Key, Live, Value, Verb};
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
/// person under another address, for the step was made and made wrongly then.
pub(super) fn of_invite(account: &Account<'_>, member: &Member<'_>, after: &Attrs) -> Vec<String> {
    if account.caps.channel(Verb::Invite, None) == Channel::Api {
        return Vec::new();
    }
    let is_written = |a: &&AttrSpec| after.contains_key(a.key) && (a.axis != Axis::Until || account.keeps_ends());
    let unread = account.spec.attrs.iter().filter(is_written).map(|a| a.key).filter(|key| !account.caps.reads.contains(key)).collect();
    let is_unlisted = |live: &&Live| {
        live.phase.is_standing() && !account.desired.by_address.contains_key(&live.email) && !account.desired.policy.ignores(&live.email)
    };
    let alike: BTreeMap<&str, Alike> = account
        .reading
        .members
        .iter()
        .filter(is_unlisted)
        .filter_map(|live| Some((live.email.key(), Alike::of(member.email, after, live)?)))
        .collect();
    let alike = alike.into_iter().map(|(other, alike)| match alike {
        Alike::Name => format!("{other} is a member of the same name and not listed: is it this person under another address?"),
        Alike::Address => format!("{other} is a member and not listed: is it this person under another spelling?"),
    });
    unread_back(unread).into_iter().chain(alike).collect()
}

/// In what a member who is not listed is like somebody to be invited.
enum Alike {
    Name,
    Address,
}

impl Alike {
    /// Names tell where both sides have one: two people of one company have addresses that are near, and
    /// one person has two that are not.
    fn of(email: &Email, after: &Attrs, live: &Live) -> Option<Self> {
        match (folded_name(after.get("name")), folded_name(live.attr("name").seen())) {
            (Some(wanted), Some(there)) => (wanted == there).then_some(Alike::Name),
            (None, _) | (_, None) => is_near(email, &live.email).then_some(Alike::Address),
        }
    }
}

/// Without case and white space; nothing where no name is known.
fn folded_name(name: Option<&Value>) -> Option<String> {
    let Some(Value::Text(name)) = name else { return None };
    let folded = name.as_str().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (!folded.is_empty()).then_some(folded)
}

/// Of one domain, and a slip of the hand apart: one, or two where there is more to type.
fn is_near(one: &Email, other: &Email) -> bool {
    let local = |email: &Email| email.key().rsplit_once('@').map_or_else(String::new, |(local, _)| local.to_owned());
    let (a, b) = (local(one), local(other));
    let slips = if a.chars().count().min(b.chars().count()) < SHORT { 1 } else { 2 };
    one.domain() == other.domain() && strsim::damerau_levenshtein(&a, &b) <= slips
}

/// With two slips a shorter local part is another name: sam is two from kim.
const SHORT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_name_is_near_by_two_slips_and_a_shorter_one_by_one() {
        let near = |one: &str, other: &str| is_near(&Email::parse(one).unwrap(), &Email::parse(other).unwrap());
        assert!(near("robert@acme.example", "rupert@acme.example"), "six letters, two slips");
        assert!(!near("robert@acme.example", "albert2@acme.example"), "three slips");
        assert!(near("rober@acme.example", "ropr@acme.example") == near("ropr@acme.example", "rober@acme.example"));
        assert!(!near("rober@acme.example", "ruper@acme.example"), "five letters, two slips");
        assert!(near("rober@acme.example", "rober2@acme.example"), "five letters, one slip");
        assert!(!near("robert@acme.example", "robert@other.example"), "another domain");
    }
}
