//! The server has the address already (SYSTEMS.md E9): equal is already so, a part of the reviewed
//! `after` is widened to it, anything else was changed meanwhile. No plan is made here: what the
//! planner would have to judge is refused.

use std::collections::BTreeSet;

use crate::model::{Action, Attrs, Call, Channel, Direction, Known, Live, Name, Outcome, Phase, Value, Verb};
use crate::plan::Change;
use crate::systems::{AttrSpec, Axis, Removal};

use super::change::STOPPED;
use super::execute::Site;
use super::outcome::{ChangeResult, ResultWord};
use super::read_back::ReadAgain;

const MEANWHILE: &str = "exists already and differs: changed meanwhile, plan again";

/// Whether the reading shows who exists; a bounded actor may never see them (SYSTEMS.md E4).
pub(super) fn shows(site: &Site<'_>, change: &Change, again: &ReadAgain<'_>) -> bool {
    let is_there = || again.members.as_ref().is_ok_and(|all| change.subject.email().is_some_and(|e| all.contains_key(e)));
    !(site.spec.sees_all)(site.tenant) || is_there()
}

/// What comes of a change whose address exists; `sent` calls were made for it so far.
pub(super) async fn settle(site: &Site<'_>, change: &Change, again: &ReadAgain<'_>, mut sent: u32) -> ChangeResult {
    let members = match &again.members {
        Ok(members) => members,
        Err(why) => {
            let message = format!("exists already, and could not be read again: {why}");
            return ChangeResult::new(change, ResultWord::Failed, sent, message);
        }
    };
    let Some(live) = change.subject.email().and_then(|e| members.get(e)) else {
        let needs = site.spec.who_reaches(site.tenant, change.whole_after().unwrap_or(&Attrs::new()));
        let mut result = ChangeResult::new(change, ResultWord::Failed, sent, format!("exists elsewhere: needs {needs}"));
        result.elsewhere = Some(needs);
        return result;
    };
    let calls = match missing(site, change, live) {
        Missing::Nothing => return ChangeResult::new(change, ResultWord::Already, sent, "was a member already".into()),
        Missing::ToBePlanned => return ChangeResult::new(change, ResultWord::Failed, sent, MEANWHILE.into()),
        Missing::Calls(calls) => calls,
    };
    for (at, call) in (change.calls.len()..).zip(&calls) {
        let key = format!("{}/widen/{}", change.digest, call.label);
        let refused = if site.stopping.is_asked() { Err(STOPPED.to_owned()) } else { site.record.before(change, at, call, &key).await };
        if let Err(why) = refused {
            return ChangeResult::new(change, ResultWord::Failed, sent, why);
        }
        sent += 1;
        let outcome = site.writer.call(&change.subject, call, &key).await;
        site.record.after(change, at, &outcome);
        match outcome {
            Outcome::Applied | Outcome::Already => {}
            // No widening invites, so that no place for a link is ready; lost, it is not a success.
            Outcome::Linked(_) => {
                let message = "widened, and answered with a link that nothing waited for: it was not kept; invite again from a new plan";
                return ChangeResult::new(change, ResultWord::Failed, sent, message.into());
            }
            Outcome::Exists => return ChangeResult::new(change, ResultWord::Failed, sent, "exists already: plan again".into()),
            Outcome::Refused(why) => return ChangeResult::new(change, ResultWord::Failed, sent, why),
            Outcome::Unknown(why) => return ChangeResult::new(change, ResultWord::Unknown, sent, why),
        }
    }
    ChangeResult::new(change, ResultWord::Applied, sent, "was a member already, widened to what was reviewed".into())
}

/// What the member lacks of the reviewed `after`.
enum Missing {
    Nothing,
    /// Written as it was reviewed, and nothing else.
    Calls(Vec<Call>),
    /// More than the review covers: only a plan can say whether and how.
    ToBePlanned,
}

fn missing(site: &Site<'_>, change: &Change, live: &Live) -> Missing {
    // What is not seen might be taken away, or compared as if it were unset.
    let unseen = |known: &Known<Value>| matches!(known, Known::Partly(_) | Known::Hidden);
    let hides = live.attrs.iter().any(|(key, known)| unseen(known) && site.spec.attr(key).is_none_or(|a| !comes_later(site, a)));
    if hides || matches!(live.phase, Phase::Expired | Phase::Suspended) {
        return Missing::ToBePlanned;
    }
    let none = Attrs::new();
    let wanted = change.whole_after().unwrap_or(&none);
    let before = comparable(site, live, wanted);
    let after: Attrs = wanted.iter().filter(|(k, _)| before.contains_key(k)).map(|(k, v)| (*k, v.clone())).collect();
    if before == after {
        return Missing::Nothing;
    }
    if !matches!(site.spec.direction(&before, &after), Direction::Widens | Direction::Neither) {
        return Missing::ToBePlanned;
    }
    let action = if live.phase.is_pending() { Action::EditInvitation } else { Action::Edit };
    let calls = site.spec.calls(action, Some(&live.phase), &before, &after, Removal::default(), site.tenant, site.caps);
    let harmless = |call: &Call| call.channel == Channel::Api && call.verb != Verb::Delete && !call.mails;
    match calls {
        Ok(calls) if calls.iter().all(harmless) => Missing::Calls(calls),
        _ => Missing::ToBePlanned,
    }
}

/// A label that the system takes only once the person has registered.
fn comes_later(site: &Site<'_>, attr: &AttrSpec) -> bool {
    attr.axis == Axis::Label && site.spec.names_after_registration
}

/// The live values of the wanted keys that can be compared; unset ones stand as empty.
fn comparable(site: &Site<'_>, live: &Live, wanted: &Attrs) -> Attrs {
    let mut all = Attrs::new();
    for (key, value) in wanted {
        let Some(attr) = site.spec.attr(key) else { continue };
        let until = attr.axis == Axis::Until && !(site.spec.has_native_ends() && site.caps.keeps_ends);
        if until || comes_later(site, attr) || !site.caps.reads.contains(key) {
            continue;
        }
        let unset = match value {
            Value::Set(_) => Value::Set(BTreeSet::new()),
            Value::Flag(_) => Value::Flag(false),
            Value::Day(_) => Value::Day(None),
            Value::One(_) | Value::Text(_) | Value::Opaque(_) => Value::Text(Name::new("")),
        };
        all.insert(key, live.attr(key).seen().cloned().unwrap_or(unset));
    }
    all
}

#[cfg(test)]
#[path = "exists_tests.rs"]
mod tests;
