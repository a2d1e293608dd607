//! One change: its calls in their order, up to the first that a human must make.

use crate::model::{Action, Attrs, Channel, Direction, Live, Outcome, Phase, Value};
use crate::plan::Change;
use crate::systems::{Axis, Removal};

use super::execute::Site;
use super::outcome::{ChangeResult, Verdict};

/// Makes the change; nothing is repeated.
pub(super) async fn make(site: &Site<'_>, change: &Change) -> ChangeResult {
    let mut sent = 0;
    let mut already = true;
    for (i, call) in change.calls.iter().enumerate() {
        if call.channel != Channel::Api {
            let message = format!("done up to `{}`, which is a step of the runbook", call.label);
            return ChangeResult::new(change, Verdict::Applied, sent, message);
        }
        sent += 1;
        let key = format!("{}/{i}", change.digest);
        match site.writer.call(&change.subject, call, &key).await {
            Outcome::Applied => already = false,
            Outcome::Already => {}
            Outcome::Exists => return exists(site, change, sent).await,
            Outcome::Refused(why) => return ChangeResult::new(change, Verdict::Failed, sent, at_call(change, i, &why)),
            Outcome::Unknown(why) => return ChangeResult::new(change, Verdict::Unknown, sent, at_call(change, i, &why)),
        }
    }
    ChangeResult::new(change, if already { Verdict::Already } else { Verdict::Applied }, sent, String::new())
}

/// Which call it was, where there are several.
fn at_call(change: &Change, i: usize, why: &str) -> String {
    let label = &change.calls[i].label;
    if change.calls.len() == 1 {
        return why.to_owned();
    }
    let done: Vec<&str> = change.calls[..i].iter().map(|c| c.label.as_str()).collect();
    if done.is_empty() { format!("at `{label}`: {why}") } else { format!("at `{label}`, after `{}`: {why}", done.join("`, `")) }
}

/// The server has the address already (SYSTEMS.md E9): read again; equal is already so, a part of
/// the reviewed `after` is widened to it, anything else was changed meanwhile.
async fn exists(site: &Site<'_>, change: &Change, mut sent: u32) -> ChangeResult {
    let reading = site.reader.read().await;
    if let Err(why) = &reading.proof {
        let message = format!("exists already, and could not be read again: {}", why.problems.join("; "));
        return ChangeResult::new(change, Verdict::Failed, sent, message);
    }
    let Some(live) = reading.members.iter().find(|m| Some(&m.email) == change.subject.email()) else {
        let mut result =
            ChangeResult::new(change, Verdict::Failed, sent, format!("exists elsewhere: needs {}", site.spec.exists_elsewhere));
        result.elsewhere = Some(site.spec.exists_elsewhere);
        return result;
    };
    let none = Attrs::new();
    let wanted = change.whole_after().unwrap_or(&none);
    let before = comparable(site, live, wanted);
    let after: Attrs = wanted.iter().filter(|(k, _)| before.contains_key(*k)).map(|(k, v)| (*k, v.clone())).collect();
    if before == after {
        return ChangeResult::new(change, Verdict::Already, sent, "was a member already".into());
    }
    let ended = matches!(live.phase, Phase::Expired | Phase::Suspended);
    if ended || !matches!(site.spec.direction(&before, &after), Direction::Widens | Direction::Neither) {
        let message = "exists already and differs: changed meanwhile, plan again".into();
        return ChangeResult::new(change, Verdict::Failed, sent, message);
    }
    let action = if live.phase.is_pending() { Action::EditInvitation } else { Action::Edit };
    let calls = site.spec.calls(action, Some(&live.phase), &before, &after, Removal::default(), site.tenant, site.caps);
    for call in calls.unwrap_or_default().iter().filter(|c| c.channel == Channel::Api) {
        sent += 1;
        match site.writer.call(&change.subject, call, &format!("{}/widen/{}", change.digest, call.label)).await {
            Outcome::Applied | Outcome::Already => {}
            Outcome::Exists => return ChangeResult::new(change, Verdict::Failed, sent, "exists already: plan again".into()),
            Outcome::Refused(why) => return ChangeResult::new(change, Verdict::Failed, sent, why),
            Outcome::Unknown(why) => return ChangeResult::new(change, Verdict::Unknown, sent, why),
        }
    }
    ChangeResult::new(change, Verdict::Applied, sent, "was a member already, widened to what was reviewed".into())
}

/// The live values of the wanted keys that can be compared; unset ones stand as empty.
fn comparable(site: &Site<'_>, live: &Live, wanted: &Attrs) -> Attrs {
    let mut all = Attrs::new();
    for (key, value) in wanted {
        let Some(attr) = site.spec.attr(key) else { continue };
        let until = attr.axis == Axis::Until && !(site.spec.has_native_ends() && site.caps.keeps_ends);
        let deferred = attr.axis == Axis::Label && site.spec.names_after_registration;
        if until || deferred || !site.caps.reads.contains(key) {
            continue;
        }
        let unset = match value {
            Value::Set(_) => Value::Set(std::collections::BTreeSet::new()),
            Value::Flag(_) => Value::Flag(false),
            Value::Day(_) => Value::Day(None),
            Value::One(_) | Value::Text(_) | Value::Opaque(_) => Value::Text(crate::model::Name::new("")),
        };
        all.insert(*key, live.attr(key).seen().cloned().unwrap_or(unset));
    }
    all
}
