//! What a call gave where no page says it, read back before the next call (SYSTEMS.md G1). No plan is
//! made here: what is not as it was reviewed is left to a later one.

use std::collections::BTreeMap;

use crate::model::{Assign, Attrs, Call, Domains, Email, Known, Live, Phase, Reading, Value};
use crate::plan::Change;
use crate::systems::{Axis, SystemSpec};

use super::execute::Site;

/// One reading for all changes that wait for one, begun after their answers.
pub(super) struct ReadAgain<'r> {
    pub members: Result<BTreeMap<&'r Email, &'r Live>, String>,
    pub domains: Option<&'r Known<Domains>>,
}

impl<'r> ReadAgain<'r> {
    pub(super) fn of(reading: &'r Reading) -> Self {
        let members = || reading.members.iter().map(|m| (&m.email, m)).collect();
        Self {
            members: reading.proof.as_ref().map(|_| members()).map_err(|why| why.problems.join("; ")),
            domains: reading.proof.is_ok().then_some(&reading.domains),
        }
    }
}

/// What is left of a call.
pub(super) enum Rest {
    All,
    Nothing,
    Some(Call),
}

/// What the call must still set, given what is there now.
///
/// # Errors
/// Why the call must not be made, in words for a person: the account could not be read, the member is
/// gone, or is another than the calls before it made.
pub(super) fn rest(spec: &SystemSpec, change: &Change, call: &Call, again: &ReadAgain<'_>) -> Result<Rest, String> {
    let members = again.members.as_ref().map_err(|why| format!("the member could not be read back: {why}; plan again"))?;
    let live = change.subject.email().and_then(|email| members.get(email));
    let live = live.ok_or("the member is not there when read back: somebody took them away meanwhile; plan again")?;
    if let Some(what) = surprise(spec, change, call, live) {
        return Err(format!("read back, {what}: changed meanwhile; plan again"));
    }
    let set: BTreeMap<_, _> = call.set.iter().filter(|(key, to)| !is_so(live.attr(key), to)).map(|(key, to)| (*key, to.clone())).collect();
    Ok(match set.len() {
        0 => Rest::Nothing,
        some if some == call.set.len() => Rest::All,
        _ => Rest::Some(Call { set, ..call.clone() }),
    })
}

/// Whether the calls before this one were made, as the reading shows: a server may answer 200 to what it
/// did not do, and what narrows comes before what widens, so that no moment gives more than before or
/// after did (DESIGN §8.3).
///
/// # Errors
/// Why the call must not be made, in words for a person.
pub(super) fn are_made(site: &Site<'_>, change: &Change, at: usize, again: &ReadAgain<'_>) -> Result<(), String> {
    let members = again.members.as_ref().map_err(|why| format!("the member could not be read back: {why}; plan again"))?;
    let live = change.subject.email().and_then(|email| members.get(email));
    let live = live.ok_or("the member is not there when read back: somebody took them away meanwhile; plan again")?;
    let made = change.calls[..at].iter().fold(change.whole_before().clone(), |now, call| call.makes_of(now));
    let is_access = |key: &str| site.spec.attr(key).is_some_and(|a| !matches!(a.axis, Axis::Label | Axis::Until));
    let set = change.calls[..at].iter().flat_map(|call| call.set.keys()).filter(|key| is_access(key) && site.caps.reads.contains(*key));
    // What is empty may be left out.
    let said =
        |value: Option<&Value>| value.filter(|v| !matches!(v, Value::Flag(false)) && v.as_set().is_none_or(|s| !s.is_empty())).cloned();
    match set.into_iter().find(|key| said(live.attr(key).seen()) != said(made.get(key))) {
        Some(key) => Err(format!("read back, `{key}` is not what the call before set: nothing more is sent; plan again")),
        None => Ok(()),
    }
}

/// What is neither what was reviewed nor what the call is about to set. A name gives nothing.
fn surprise(spec: &SystemSpec, change: &Change, call: &Call, live: &Live) -> Option<String> {
    if matches!(live.phase, Phase::Expired | Phase::Suspended | Phase::Locked) {
        return Some(format!("the member is {}", live.phase.word()));
    }
    let nothing = Attrs::new();
    let wanted = change.whole_after().unwrap_or(&nothing);
    let others = spec.attrs.iter().filter(|a| !matches!(a.axis, Axis::Label | Axis::Until) && !call.set.contains_key(a.key));
    others
        .filter_map(|attr| Some((attr, live.attr(attr.key).seen()?)))
        .find(|(attr, is)| match wanted.get(attr.key) {
            Some(wanted) => wanted != *is,
            // One attribute in place of another makes another kind of member (G4).
            None => spec.is_chief(attr.key),
        })
        .map(|(attr, _)| format!("`{}` is another than was reviewed", attr.key))
}

/// Whether the value is for certain what the call would make of it.
pub(super) fn is_so(live: &Known<Value>, to: &Assign) -> bool {
    let Known::Seen(is) = live else { return false };
    match to {
        Assign::To(value) => is == value,
        Assign::Delta { add, remove } => is.as_set().is_some_and(|set| add.is_subset(set) && remove.is_disjoint(set)),
    }
}

#[cfg(test)]
#[path = "read_back_tests.rs"]
mod tests;
