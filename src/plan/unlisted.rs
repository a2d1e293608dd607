//! Members that no entry names: the account's mode decides, `absent` before it.

use crate::desired::Wanted;
use crate::manifest::Mode;
use crate::model::{Action, Attrs, Live, Phase, Place, Subject, Value};
use crate::systems::{Axis, Kind};

use super::account::{Account, Day, Work};
use super::change::{Cause, Report};
use super::draft::Found;
use super::preflight;

pub(super) fn all(account: &Account<'_>, day: Day, unlisted: &[&Live], work: &mut Work) {
    let mut unmanaged = Vec::new();
    for live in unlisted {
        one(account, day, live, work, &mut unmanaged);
    }
    match account.desired.policy.mode {
        Mode::Adopt => work.reports.extend(unmanaged.iter().map(|live| Report {
            code: "unmanaged-member",
            member: Some(live.email.to_string()),
            message: format!("{}, not listed: add an entry, or `ignore` the address", live.phase.word()),
            place: None,
        })),
        Mode::Additive if !unmanaged.is_empty() => work.reports.push(Report {
            code: "unmanaged-members",
            member: None,
            message: format!("{} members are not listed and left alone", unmanaged.len()),
            place: None,
        }),
        Mode::Additive | Mode::Authoritative => {}
    }
}

fn one<'a>(account: &Account<'_>, day: Day, live: &'a Live, work: &mut Work, unmanaged: &mut Vec<&'a Live>) {
    // Deactivated members count as gone.
    if live.phase == Phase::Suspended {
        return;
    }
    if let Some(at) = account.desired.policy.absent.get(&live.email) {
        let why = Ending { cause: Cause::Undetermined, place: Some((*at).clone()), reason: Some("absent".into()), note: None };
        end(account, live, why, work);
    } else if account.desired.policy.mode == Mode::Authoritative {
        let note = Some(why_unlisted(account, day, live));
        end(account, live, Ending { cause: Cause::Undetermined, place: None, reason: None, note }, work);
    } else {
        unmanaged.push(live);
    }
}

/// Why `authoritative` ends the membership.
fn why_unlisted(account: &Account<'_>, day: Day, live: &Live) -> String {
    let member = account.desired.by_address.get(&live.email).and_then(|i| account.desired.members.get(*i));
    match member.map(|m| m.on(day.today, account.spec)) {
        Some(Wanted::NotYet(start)) => format!("listed, and not before {start}"),
        Some(Wanted::Present(_)) => "a second membership, under another address".to_owned(),
        Some(Wanted::Gone { .. } | Wanted::Unlisted) | None => "not listed".to_owned(),
    }
}

/// Why a membership ends.
pub(super) struct Ending {
    pub cause: Cause,
    pub place: Option<Place>,
    pub reason: Option<String>,
    /// The same in words, where neither the line nor the reason says it.
    pub note: Option<String>,
}

impl Ending {
    /// What was declared to end, and has.
    pub fn declared(wanted: &Wanted<'_>, cause: Cause) -> Self {
        match wanted {
            Wanted::Gone { last, at, reason, leaves } => {
                let note = match (last, leaves) {
                    (Some(last), true) => format!("leaves {last}"),
                    (None, _) => "leaves now".to_owned(),
                    (Some(last), false) => format!("the end {last} has passed"),
                };
                Self { cause, place: Some((*at).clone()), reason: reason.map(str::to_owned), note: Some(note) }
            }
            Wanted::Present(_) | Wanted::NotYet(_) | Wanted::Unlisted => Self { cause, place: None, reason: None, note: None },
        }
    }
}

/// Ends a membership: all of it, or for a bounded actor the scopes that it sees (E12).
pub(super) fn end(account: &Account<'_>, live: &Live, why: Ending, work: &mut Work) {
    let subject = Subject::Member(live.email.clone());
    let before = account.seen(live);
    let takes_scopes = !account.is_unbounded() && !live.phase.is_pending() && has_scopes(account);
    let action = match live.phase {
        Phase::Pending { .. } => Action::CancelInvitation,
        Phase::Active | Phase::Locked | Phase::Expired | Phase::Suspended if takes_scopes => Action::Edit,
        Phase::Active | Phase::Locked | Phase::Expired | Phase::Suspended => Action::Remove,
    };
    let whole_after = (action == Action::Edit).then(|| without_scopes(account, &before));
    if whole_after.as_ref() == Some(&before) {
        return;
    }
    let found = Found {
        live: Some(live),
        whole_before: before,
        whole_after,
        cause: why.cause,
        place: why.place,
        reason: why.reason,
        notes: why.note.into_iter().collect(),
        ..Found::new(action, subject)
    };
    match found.draft(account) {
        Ok(draft) if draft.has_no_safe_path(account) => work.blocked.push(preflight::no_safe_path(account, draft)),
        Ok(draft) => work.drafts.push(draft),
        Err(blocked) => work.blocked.push(*blocked),
    }
}

fn has_scopes(account: &Account<'_>) -> bool {
    account.spec.attrs.iter().any(|a| a.is_scope())
}

fn without_scopes(account: &Account<'_>, before: &Attrs) -> Attrs {
    let mut after = before.clone();
    for attr in account.spec.attrs.iter().filter(|a| a.axis == Axis::Where && matches!(a.kind, Kind::Set { denies: false, .. })) {
        if let Some(Value::Set(words)) = after.get_mut(attr.key) {
            words.clear();
        }
    }
    after
}
