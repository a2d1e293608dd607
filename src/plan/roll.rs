//! `--at`: the reading rolled forward by the system's own clock rules alone (native ends,
//! invitation lives).

use crate::model::{Invitation, Phase, Reading, Value};

use super::account::{Account, Day};
use super::change::Report;
use super::invitation::over_at;

pub(super) fn forward(account: &Account<'_>, day: Day) -> Reading {
    let mut reading = account.reading.clone();
    for live in &mut reading.members {
        let ended = account.keeps_ends() && live.attr("end").seen().and_then(Value::as_day).is_some_and(|end| end < day.today);
        let phase = match &live.phase {
            Phase::Active | Phase::Locked | Phase::Pending { .. } if ended => Phase::Expired,
            Phase::Pending { sent, attempts, state: Invitation::Open } => {
                let over = sent.and_then(|s| over_at(account, live, s)).is_some_and(|o| o <= day.now);
                let state = if over { Invitation::Over } else { Invitation::Open };
                Phase::Pending { sent: *sent, attempts: *attempts, state }
            }
            other => other.clone(),
        };
        live.phase = phase;
    }
    reading
}

/// Whose access the product will have ended by then, without any change of ours: a plan that shows
/// changes alone would not tell of them.
pub(super) fn ended(account: &Account<'_>, rolled: &Reading) -> Vec<Report> {
    let pairs = account.reading.members.iter().zip(&rolled.members);
    let ended = pairs.filter(|(now, then)| now.phase.is_standing() && then.phase == Phase::Expired).map(|(_, then)| then);
    ended
        .map(|live| {
            let last = live.attr("end").seen().and_then(Value::as_day).map(|d| d.to_string()).unwrap_or_default();
            let index = account.desired.by_address.get(&live.email);
            let entry = index.and_then(|i| account.desired.members[*i].entries.first());
            Report {
                code: "ends-by-itself",
                member: Some(live.email.to_string()),
                message: format!(
                    "its own end is {last}: by then {} has ended the access, and no change is needed for it",
                    account.spec.product
                ),
                place: entry.map(|e| e.doc.at.clone()),
            }
        })
        .collect()
}
