//! Plans by hand, for tests of what reads one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Action, Attrs, Call, Channel, Direction, Domain, Email, Place, Proof, Source, Subject, Value, Verb};
use crate::model::{Assign, Atom, Key, Name};

use super::{AccountPlan, Blocked, Cause, Change, Digest, Fact, Plan, ReadingSummary, Risk, Verdict};

/// The instant of every sample.
pub(crate) fn instant() -> jiff::Timestamp {
    "2026-11-22T09:00:00Z".parse().expect("an instant")
}

pub(crate) fn digest(letter: char) -> Digest {
    Digest(format!("sha256:{}", letter.to_string().repeat(64)))
}

pub(crate) fn member(email: &str) -> Subject {
    Subject::Member(Email::parse(email).expect("an address"))
}

pub(crate) fn domain(name: &str) -> Subject {
    Subject::Domain(Domain::parse(name).expect("a domain"))
}

pub(crate) fn place(file: &str, line: u32, column: u32) -> Place {
    let text = "\n".repeat(line as usize - 1) + &" ".repeat(column as usize);
    Place::new(&Arc::new(Source::new(file, text.as_str())), text.len() - 1..text.len())
}

pub(crate) fn one(word: &str) -> Value {
    Value::One(Atom::new(word).expect("a word"))
}

pub(crate) fn set(words: &[&str]) -> Value {
    Value::Set(words.iter().map(|w| Atom::new(w).expect("a word")).collect())
}

pub(crate) fn text(name: &str) -> Value {
    Value::Text(Name::new(name))
}

pub(crate) fn attrs<const N: usize>(pairs: [(Key, Value); N]) -> Attrs {
    pairs.into_iter().collect()
}

pub(crate) fn call(verb: Verb, label: &str, set: Attrs, channel: Channel) -> Call {
    let set = set.into_iter().map(|(k, v)| (k, Assign::To(v))).collect();
    Call { verb, label: label.into(), set, channel, mails: verb == Verb::Invite }
}

/// A change of low risk by one call of the API, asked for nowhere.
pub(crate) fn change(account: &str, action: Action, subject: Subject, before: Option<Attrs>, after: Option<Attrs>) -> Change {
    let (verb, direction) = match action {
        Action::AllowDomain => (Verb::AllowDomain, Direction::Widens),
        Action::Invite => (Verb::Invite, Direction::Widens),
        Action::Reinvite => (Verb::Resend, Direction::Widens),
        Action::EditInvitation => (Verb::EditInvitation, Direction::Both),
        Action::CancelInvitation | Action::Remove => (Verb::Delete, Direction::Narrows),
        Action::Edit => (Verb::Set, Direction::Both),
        Action::Restore => (Verb::Restore, Direction::Widens),
        Action::DisallowDomain => (Verb::DisallowDomain, Direction::Narrows),
    };
    let carried = match action {
        Action::Remove | Action::CancelInvitation => Attrs::new(),
        _ => after.clone().unwrap_or_default(),
    };
    Change {
        id: format!("{account}/{}/{}", action.word(), subject.as_str()),
        account: account.into(),
        subject,
        action,
        digest: digest('c'),
        whole_before: before.clone().unwrap_or_default(),
        whole_after: after.clone(),
        before,
        after,
        direction,
        cause: Cause::Undetermined,
        causes: BTreeMap::new(),
        risk: Risk::Low,
        administers: false,
        calls: vec![call(verb, action.word(), carried, Channel::Api)],
        place: None,
        reason: None,
        waits_for: BTreeSet::new(),
        notes: Vec::new(),
        gives: BTreeSet::new(),
        needs: BTreeSet::new(),
        ends: BTreeSet::new(),
        invites: false,
        rolling: false,
    }
}

/// The change, by which an active administrator is lost.
pub(crate) fn ending_administrator(mut change: Change) -> Change {
    change.ends.insert(Fact::Administrators);
    change
}

pub(crate) fn blocked(account: &str, action: Action, subject: Subject, code: &'static str, needs: &str) -> Blocked {
    Blocked {
        id: format!("{account}/{}/{}", action.word(), subject.as_str()),
        action,
        subject,
        code,
        needs: needs.into(),
        before: None,
        after: None,
        place: None,
        reason: None,
        cause: Cause::Undetermined,
        causes: BTreeMap::new(),
        notes: Vec::new(),
        accepted: false,
    }
}

pub(crate) fn verdict(account: &str, code: &'static str, limit: u32, actual: u32) -> Verdict {
    Verdict { code, account: account.into(), limit, actual, tripped: actual > limit, lift: None, place: None, who: Vec::new() }
}

/// A whole reading of an embedded account, and nothing to do.
pub(crate) fn account(name: &str, system: &'static str, members: usize) -> AccountPlan {
    AccountPlan {
        account: name.into(),
        system,
        tenant: None,
        backend: "embedded",
        sandbox: true,
        digest: digest('a'),
        as_of: instant(),
        reading: ReadingSummary { proof: Some(Proof::Snapshot), members, problems: Vec::new() },
        changes: Vec::new(),
        blocked: Vec::new(),
        unreviewed: Vec::new(),
        stale: Vec::new(),
        reports: Vec::new(),
        warnings: Vec::new(),
        guards: Vec::new(),
    }
}

pub(crate) fn plan(accounts: Vec<AccountPlan>) -> Plan {
    Plan { as_of: instant(), simulated: false, digest: digest('d'), reviewed: None, accounts }
}
