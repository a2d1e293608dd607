//! People who leave, teams that they leave empty, invitations that nobody accepts, and the actor.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::desired::Entry;
use crate::manifest::Leaves;
use crate::model::Atom;
use crate::plan::account::Account;
use crate::plan::change::Warning;

use super::track::{By, Standing, Track};
use super::{Window, names, only};

/// `leaves` comes, and the person is still in.
pub(super) fn leave(tracks: &[Track<'_>], warnings: &mut Vec<Warning>) {
    for track in tracks {
        for (_, step) in track.turns().filter(|(before, step)| step.by == By::Leaves && before.standing != Standing::None) {
            warnings.push(Warning {
                code: "person-leaves",
                on: Some(step.on),
                member: Some(track.email.to_string()),
                message:
                    "leaves: from this day on the membership is to be over, here and in every account; `expiring` says what may keep it"
                        .into(),
                place: step.place.cloned(),
            });
        }
    }
}

/// Teams whose last person leaves while an entry still names them.
pub(super) fn empty_teams(account: &Account<'_>, window: Window, warnings: &mut Vec<Warning>) {
    let mut leaving: BTreeMap<&Atom, BTreeSet<(Date, &str)>> = BTreeMap::new();
    for member in &account.desired.members {
        let Some(Leaves::On(last)) = member.leaves.map(|l| l.value) else { continue };
        let Some(on) = window.after(last) else { continue };
        for team in member.entries.iter().filter_map(|e| e.team) {
            leaving.entry(team).or_default().insert((on, member.email.key()));
        }
    }
    if leaving.is_empty() {
        return;
    }
    // Who stays keeps a team in use.
    for member in &account.desired.members {
        let stays = member.leaves.is_none_or(|l| matches!(l.value, Leaves::On(last) if last >= window.until));
        if stays {
            member.entries.iter().filter_map(|e| e.team).for_each(|team| {
                leaving.remove(team);
            });
        }
    }
    for (team, people) in leaving {
        let Some((on, _)) = people.last().copied() else { continue };
        let Some(Entry { doc, .. }) = account
            .desired
            .members
            .iter()
            .flat_map(|m| &m.entries)
            .filter(|e| e.team == Some(team) && !e.is_over(on))
            .min_by(|a, b| a.doc.at.cmp(&b.doc.at))
        else {
            continue;
        };
        let last: Vec<&str> = people.iter().filter(|(day, _)| *day == on).map(|(_, who)| *who).collect();
        warnings.push(Warning {
            code: "team-emptied",
            on: Some(on),
            member: only(&last),
            message: format!(
                "from this day on nobody is left in the team {team}: its entry gives nobody anything; the last: {}",
                names(&last)
            ),
            place: Some(doc.at.clone()),
        });
    }
}

/// The last invitation of somebody listed, still open.
pub(super) fn never_accept(tracks: &[Track<'_>], warnings: &mut Vec<Warning>) {
    for track in tracks.iter().filter(|t| t.member.is_some()) {
        for (_, step) in track.turns().filter(|(_, step)| step.by == By::Invitation) {
            warnings.push(Warning {
                code: "last-invitation-ends",
                on: Some(step.on),
                member: Some(track.email.to_string()),
                message: "the last invitation that `invitations.attempts` allows is over on this day, unless it is accepted".into(),
                place: step.place.cloned(),
            });
        }
    }
}

/// The identity that portcullis signs in as loses its membership, or the power to change others'.
pub(super) fn actor_ends(account: &Account<'_>, tracks: &[Track<'_>], warnings: &mut Vec<Warning>) {
    let Some(actor) = &account.tenant.actor.member else { return };
    for track in tracks.iter().filter(|t| account.desired.is_one_person(actor, t.email)) {
        let power = |state: &super::State| match state.standing {
            Standing::None => crate::model::Permits::new(),
            Standing::Pending | Standing::Active => account.spec.power(&state.attrs),
        };
        for (before, step) in track.turns() {
            let is_gone = before.standing != Standing::None && step.state.standing == Standing::None;
            if !is_gone && power(before).is_subset(&power(&step.state)) {
                continue;
            }
            let what = if is_gone { "is no member any more" } else { "may do less to others' access" };
            warnings.push(Warning {
                code: "actor-ends",
                on: Some(step.on),
                member: Some(track.email.to_string()),
                message: format!(
                    "from this day on the actor that portcullis signs in as {what}: later runs cannot change what they change now"
                ),
                place: step.place.cloned(),
            });
        }
    }
}
