//! Administrators who go: counted as the guards count them, apart from those who may be one or may come
//! to be: who is only invited, and who has accepted as far as nobody can tell (a roster without
//! statuses).

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::manifest::Lint;
use crate::model::Phase;
use crate::plan::account::Account;
use crate::plan::block::Administrators;
use crate::plan::change::{Change, Warning};
use crate::plan::{guards, lints};

use super::track::{Made, Standing, State, Track};
use super::{names, only};

/// Who comes to administer on a day, and who stops.
#[derive(Default)]
struct Turn<'a> {
    gained: u32,
    lost: Vec<&'a str>,
    /// The same of those who may be one, or come to be.
    hoped: u32,
    gone: Vec<&'a str>,
    place: Option<crate::model::Place>,
}

pub(super) fn ahead(
    account: &Account<'_>,
    changes: &[Change],
    administrators: &Administrators,
    tracks: &[Track<'_>],
    warnings: &mut Vec<Warning>,
) {
    let turns = turns(account, tracks);
    if turns.is_empty() {
        return;
    }
    let floor = account.spec.floor;
    // Whom nobody can take away administers beside those who are counted here.
    let kept = u32::from(floor.kept_by_untouchable);
    let mut left = guards::left_after(changes, administrators).saturating_sub(kept);
    let mut coming = coming(account, changes, tracks);
    for (on, turn) in turns {
        let (had, hoped) = (left, coming);
        left = (left + turn.gained).saturating_sub(turn.lost.len() as u32);
        coming = (coming + turn.hoped).saturating_sub(turn.gone.len() as u32);
        let nobody = left == 0 && coming == 0 && had + hoped > 0;
        let beside = match account.spec.untouchable {
            Some((_, word)) if kept > 0 => format!(" but the {word}"),
            _ => String::new(),
        };
        let seen = match account.is_unbounded() {
            false => ", as far as the actor sees",
            true if left < had || account.caps.reads_invitations => "",
            true => ", as far as can be told",
        };
        if left < had && left == 0 || nobody {
            let who: Vec<&str> = turn.lost.iter().chain(&turn.gone).copied().collect();
            let who_may = if account.caps.reads_invitations { "invited and not yet one" } else { "who may have accepted, and be one" };
            let invited = if coming > 0 { format!("; {who_may}: {coming}") } else { String::new() };
            warnings.push(Warning {
                code: "last-administrator-ends",
                on: Some(on),
                member: only(&who),
                message: format!("from this day on no administrator{beside} is left{seen}; the last: {}{invited}", names(&who)),
                place: turn.place,
            });
        } else if left + kept < administrators.limit && had + kept >= administrators.limit {
            warnings.push(Warning {
                code: "administrators-below-minimum",
                on: Some(on),
                member: only(&turn.lost),
                message: format!(
                    "from this day on {} active administrators are left{seen}, and the guard minimum-administrators asks for {}; who stops: {}",
                    left + kept,
                    administrators.limit,
                    names(&turn.lost)
                ),
                place: turn.place,
            });
        } else if left + kept < floor.warn_under && had + kept >= floor.warn_under && !lints::is_off(account, Lint::NoBackupAdministrator) {
            warnings.push(Warning {
                code: "no-backup-administrator",
                on: Some(on),
                member: only(&turn.lost),
                message: format!(
                    "from this day on {} active administrators are left; {} recommends at least {}, one as a backup; who stops: {}",
                    left + kept,
                    account.spec.product,
                    floor.warn_under,
                    names(&turn.lost)
                ),
                place: turn.place,
            });
        }
    }
}

fn turns<'a>(account: &Account<'_>, tracks: &'a [Track<'_>]) -> BTreeMap<Date, Turn<'a>> {
    let mut all: BTreeMap<Date, Turn<'a>> = BTreeMap::new();
    for track in tracks {
        let mut counted = track.counted;
        for (before, step) in track.turns() {
            let now = counts(account, track, before, &step.state, counted);
            let (was_hoped, is_hoped) = (is_hoped(account, before, counted), is_hoped(account, &step.state, now));
            if counted == now && was_hoped == is_hoped {
                continue;
            }
            let turn = all.entry(step.on).or_default();
            match (counted, now) {
                (true, false) => turn.lost.push(track.email.key()),
                (false, true) => turn.gained += 1,
                (true, true) | (false, false) => {}
            }
            match (was_hoped, is_hoped) {
                (true, false) => turn.gone.push(track.email.key()),
                (false, true) => turn.hoped += 1,
                (true, true) | (false, false) => {}
            }
            if (counted && !now || was_hoped && !is_hoped) && turn.place.is_none() {
                turn.place = step.place.cloned();
            }
            counted = now;
        }
    }
    all
}

/// Whether an active administrator is one for certain after a step: as before, where it changes
/// nothing about that.
fn counts(account: &Account<'_>, track: &Track<'_>, before: &State, after: &State, counted: bool) -> bool {
    let is = |state: &State| state.standing == Standing::Active && account.spec.counts_for_floor(&state.attrs);
    if is(before) == is(after) {
        return counted && is(after);
    }
    is(after) && track.live.is_some_and(|l| l.phase == Phase::Active && account.has_registered(l))
}

/// Whether somebody may be an administrator who is not counted as one, or come to be.
fn is_hoped(account: &Account<'_>, state: &State, counted: bool) -> bool {
    !counted && state.standing != Standing::None && account.spec.counts_for_floor(&state.attrs)
}

/// How many administer once they have accepted, if they have not, when the plan is applied.
fn coming(account: &Account<'_>, changes: &[Change], tracks: &[Track<'_>]) -> u32 {
    let made = Made::of(changes, &[]);
    let tracked = |email: &crate::model::Email| tracks.binary_search_by(|t| t.email.cmp(email)).is_ok();
    let live = account.reading.members.iter().filter(|l| !tracked(&l.email) && !account.has_registered(l));
    let mut all = live.filter(|l| is_hoped(account, &made.state(account, l), false)).count();
    all += made.invited().filter(|c| c.subject.email().is_none_or(|e| !tracked(e)) && invites_administrator(account, c)).count();
    all += tracks.iter().filter(|t| is_hoped(account, &t.after, t.counted)).count();
    all as u32
}

fn invites_administrator(account: &Account<'_>, change: &Change) -> bool {
    change.whole_after.as_ref().is_some_and(|a| account.spec.counts_for_floor(a))
}
