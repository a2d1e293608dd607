//! `--at`: the reading rolled forward by the system's own clock rules alone (native ends,
//! invitation lives).

use crate::model::{Invitation, Phase, Reading, Value};

use super::account::{Account, Day};
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
