//! A call whose answer was lost: the member is read again, and what the reading shows for certain is
//! done. The call itself is never repeated (DESIGN §6).

use crate::model::{Call, Domains, Invitation, Known, Live, Phase, Subject, Verb};
use crate::plan::Change;
use crate::systems::{Axis, SystemSpec};

use super::execute::Site;
use super::read_back::{self, ReadAgain};

/// Whether the reading shows for certain that the call took effect. `false` is not that it did not: it may
/// still come.
pub(super) fn is_done(site: &Site<'_>, change: &Change, call: &Call, again: &ReadAgain<'_>) -> bool {
    let Ok(members) = &again.members else { return false };
    let email = match &change.subject {
        Subject::Member(email) => email,
        Subject::Domain(domain) => {
            let Some(Known::Seen(domains)) = again.domains else { return false };
            return match (call.verb, domains) {
                (Verb::AllowDomain, Domains::Off) => true,
                (Verb::AllowDomain, Domains::Only(list)) => list.contains(domain),
                (Verb::DisallowDomain, Domains::Only(list)) => !list.contains(domain),
                _ => false,
            };
        }
    };
    match (call.verb, members.get(email).copied()) {
        (Verb::Invite, Some(live)) => is_open(live) && holds(site, call, live),
        // Only one that was over or declined before is open because of this call.
        (Verb::Resend, Some(live)) => change.action == crate::model::Action::Reinvite && is_open(live) && holds(site, call, live),
        (Verb::Set | Verb::EditInvitation, Some(live)) => !call.set.is_empty() && live.phase.is_standing() && holds(site, call, live),
        (Verb::Restore, Some(live)) => live.phase == Phase::Active && holds(site, call, live),
        (Verb::Deactivate, Some(live)) => live.phase == Phase::Suspended,
        // Who is not seen may be somewhere else still.
        (Verb::Delete | Verb::Deactivate, None) => (site.spec.sees_all)(site.tenant),
        _ => false,
    }
}

/// Whether no later reading shows more of the call: it is seen to be done, or nothing would ever show it.
pub(super) fn shows(site: &Site<'_>, change: &Change, call: &Call, again: &ReadAgain<'_>) -> bool {
    let is_shown_at_all = match call.verb {
        Verb::Resend => change.action == crate::model::Action::Reinvite,
        Verb::Set | Verb::EditInvitation => !call.set.is_empty(),
        Verb::Delete => (site.spec.sees_all)(site.tenant),
        _ => true,
    };
    !is_shown_at_all || is_done(site, change, call, again)
}

fn is_open(live: &Live) -> bool {
    matches!(live.phase, Phase::Active | Phase::Pending { state: Invitation::Open, .. })
}

/// Whether the member has for certain what the call sets, as far as it can be read at all.
fn holds(site: &Site<'_>, call: &Call, live: &Live) -> bool {
    let shows =
        |key: &str| site.caps.reads.contains(key) && site.spec.attr(key).is_some_and(|attr| !comes_later(site.spec, attr.axis, live));
    // An end that portcullis keeps is not the server's to show.
    let is_kept = |key: &str| {
        site.spec.attr(key).is_none_or(|attr| attr.axis != Axis::Until) || (site.spec.has_native_ends() && site.caps.keeps_ends)
    };
    let mut readable = call.set.iter().filter(|(key, _)| shows(key) && is_kept(key)).peekable();
    (call.set.is_empty() || readable.peek().is_some()) && readable.all(|(key, to)| read_back::is_so(live.attr(key), to))
}

/// A name that the system shows only once the person has registered (SYSTEMS.md I8).
fn comes_later(spec: &SystemSpec, axis: Axis, live: &Live) -> bool {
    axis == Axis::Label && spec.names_after_registration && live.phase.is_pending()
}

#[cfg(test)]
#[path = "lost_tests.rs"]
mod tests;
