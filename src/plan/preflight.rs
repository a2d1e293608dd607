//! A change that the actor may not make is not attempted: it is shown as blocked, with who could.

use crate::model::{Action, Attrs};
use crate::systems::{Demand, Seeking};

use super::account::{Account, Work};
use super::draft::Draft;

const UNSEEN: &str = "this actor does not see everybody: for somebody who is a member already, more may be asked than for an invitation";

pub(super) fn all(account: &Account<'_>, work: &mut Work) {
    let drafts = std::mem::take(&mut work.drafts);
    for mut draft in drafts {
        match refusal(account, &draft) {
            Some((code, needs)) => {
                // Who could invite may not be who could change a member that this actor does not see (E4).
                if draft.change.action == Action::Invite && !account.is_unbounded() {
                    draft.change.notes.push(UNSEEN.to_owned());
                }
                work.blocked.push(draft.block(code, &needs));
            }
            None => work.drafts.push(draft),
        }
    }
}

/// Why the actor may not make the change, and who could.
pub(super) fn refusal(account: &Account<'_>, draft: &Draft) -> Option<(&'static str, String)> {
    if let Some(Demand { lacks: Some(code), needs }) = demand(account, draft) {
        return Some((code, needs.to_string()));
    }
    // A domain may be in use by people whom this actor does not see.
    (draft.change.action == Action::DisallowDomain && !account.is_unbounded())
        .then(|| ("actor-lacks-role", account.spec.exists_elsewhere.to_owned()))
}

/// What the rules ask of whoever makes the change, whatever this actor has.
fn demand(account: &Account<'_>, draft: &Draft) -> Option<Demand> {
    let change = &draft.change;
    let none = Attrs::new();
    let seeking = Seeking {
        action: change.action,
        exists: draft.exists,
        partly_seen: draft.partly_seen,
        anew: change.is_anew(),
        before: &change.whole_before,
        after: change.whole_after.as_ref().unwrap_or(&none),
    };
    account.spec.demand(account.tenant, &seeking)
}

/// Why a change that the actor's surface has no way for is not made, and who has one.
pub(super) fn no_way(account: &Account<'_>, draft: &Draft) -> (&'static str, String) {
    let asked = || demand(account, draft).map_or_else(|| account.spec.exists_elsewhere.to_owned(), |d| d.needs.to_string());
    refusal(account, draft).unwrap_or_else(|| ("actor-lacks-role", asked()))
}

/// Who could make what has no safe way for the actor.
pub(super) fn who_sees(account: &Account<'_>, draft: &Draft) -> String {
    refusal(account, draft).map_or_else(|| account.spec.exists_elsewhere.to_owned(), |(_, needs)| needs)
}
