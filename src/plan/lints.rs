//! Practices that only the reading tells of: a flat table of named functions. What the manifests alone
//! tell of is a diagnostic of theirs. `lints` of the account silences each.

use std::collections::BTreeSet;

use crate::manifest::Lint;
use crate::model::{Action, Invitation, Live, Phase};
use crate::systems::Administrator;

use super::account::{Account, Day};
use super::block::Administrators;
use super::change::{Change, Warning};
use super::guards::left_after;
use super::invitation::over_at;

/// So many administrators are never too many, nor is so large a share of those who are in, in percent.
const ADMINISTRATORS: u32 = 5;
const SHARE: u32 = 20;

/// What a lint may look at.
struct Looked<'a> {
    account: &'a Account<'a>,
    day: Day,
    changes: &'a [Change],
    administrators: &'a Administrators,
}

type Check = fn(&Looked<'_>) -> Vec<Warning>;

const ALL: &[(Lint, Check)] = &[
    (Lint::StraightToAdministrator, straight_to_administrator),
    (Lint::TooManyAdministrators, too_many_administrators),
    (Lint::NoBackupAdministrator, no_backup_administrator),
    (Lint::InvitationNeverAccepted, invitation_never_accepted),
];

/// Those that the account does not silence.
pub(super) fn all(account: &Account<'_>, day: Day, changes: &[Change], administrators: &Administrators) -> Vec<Warning> {
    let looked = Looked { account, day, changes, administrators };
    ALL.iter().filter(|(lint, _)| !is_off(account, *lint)).flat_map(|(_, check)| check(&looked)).collect()
}

pub(super) fn is_off(account: &Account<'_>, lint: Lint) -> bool {
    account.desired.policy.lints.contains_key(&lint)
}

/// Somebody has to be the first to administer, and a reason says that it is meant.
fn straight_to_administrator(looked: &Looked<'_>) -> Vec<Warning> {
    if looked.administrators.now == 0 || looked.account.reading.members.is_empty() {
        return Vec::new();
    }
    let new = looked.changes.iter().filter(|c| c.action == Action::Invite && c.administers && c.reason.is_none());
    new.map(|change| Warning {
        code: "straight-to-administrator",
        on: None,
        member: change.subject.email().map(ToString::to_string),
        message: "new, and comes straight to administer: start with a role that does not, or write the `reason`".into(),
        place: change.place.clone(),
    })
    .collect()
}

fn too_many_administrators(looked: &Looked<'_>) -> Vec<Warning> {
    let is_in = |m: &&Live| m.phase == Phase::Active;
    let members = &looked.account.reading.members;
    // Of both the same: who is in once the plan is applied, as far as the list shows. A hidden parent is
    // counted for the guards alone.
    let shows_parent = members.iter().filter(is_in).any(|m| looked.account.spec.is_untouchable(m));
    let hidden = u32::from(looked.account.spec.floor.kept_by_untouchable && !shows_parent);
    let left = left_after(looked.changes, looked.administrators).saturating_sub(hidden);
    let removed: BTreeSet<&str> = looked.changes.iter().filter(|c| c.action == Action::Remove).map(|c| c.subject.as_str()).collect();
    let stay = members.iter().filter(is_in).filter(|m| !removed.contains(m.email.key())).count();
    let restored = looked.changes.iter().filter(|c| c.action == Action::Restore).count();
    let members = stay + restored;
    let share = (members as u64 * u64::from(SHARE) / 100).min(u64::from(u32::MAX)) as u32;
    let most = ADMINISTRATORS.max(share);
    if left <= most {
        return Vec::new();
    }
    // The guard minimum-administrators counts one more then.
    let beside = match looked.account.spec.untouchable {
        Some((_, word)) if hidden > 0 => format!(", the {word} not counted"),
        _ => String::new(),
    };
    vec![Warning {
        code: "too-many-administrators",
        on: None,
        member: None,
        message: format!(
            "active administrators after this plan: {left} of {members} members{beside}; more than {most} are hard to answer for"
        ),
        place: None,
    }]
}

/// Fewer active administrators after the plan than the product's page recommends (G3); too few at some
/// moment is the guard's matter, and fewer on a later day is told by looking ahead.
fn no_backup_administrator(looked: &Looked<'_>) -> Vec<Warning> {
    let least = looked.account.spec.floor.warn_under;
    let left = left_after(looked.changes, looked.administrators);
    if left >= least {
        return Vec::new();
    }
    // Where nothing shows who has accepted, nobody can say that there are too few.
    let members = looked.account.reading.members.iter();
    let perhaps = members.filter(|l| looked.account.administrator(l) == Administrator::Perhaps).count() as u32;
    if left + perhaps >= least {
        return Vec::new();
    }
    vec![Warning {
        code: "no-backup-administrator",
        on: None,
        member: None,
        message: format!(
            "active administrators after this plan: {left}; {} recommends at least {least}, one as a backup",
            looked.account.spec.product
        ),
        place: None,
    }]
}

/// Of somebody whom no entry names: a listed one has a report of its own, and is written to again.
fn invitation_never_accepted(looked: &Looked<'_>) -> Vec<Warning> {
    let account = looked.account;
    if !account.spec.invitation_mails(account.tenant) && !account.spec.invitation.link {
        return Vec::new();
    }
    let changed: BTreeSet<&str> = looked.changes.iter().map(|c| c.subject.as_str()).collect();
    let desired = account.desired;
    let over = account.reading.members.iter().filter(|live| match &live.phase {
        Phase::Pending { state: Invitation::Over, .. } => true,
        Phase::Pending { state: Invitation::Open, sent: Some(sent), .. } => {
            over_at(account, live, *sent).is_some_and(|o| o <= looked.day.now)
        }
        _ => false,
    });
    let unlisted = over.filter(|l| !desired.by_address.contains_key(&l.email) && !desired.policy.ignores(&l.email));
    unlisted
        .filter(|live| !changed.contains(live.email.key()))
        .map(|live| Warning {
            code: "invitation-never-accepted",
            on: None,
            member: Some(live.email.to_string()),
            message: format!("invited, and never accepted; take it back, or: {}", account.spec.invitation_hints.join("; ")),
            place: None,
        })
        .collect()
}
