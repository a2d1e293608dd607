//! Who could make a change that the actor may not: whoever the rules name, each tried as the actor of
//! the same change. Only who would be allowed all of it is named.

use crate::model::Attrs;
use crate::systems::{Demand, Needs, Seeking, StandIn};

use super::account::Account;
use super::draft::{self, Draft};

/// `asked` without those who would be refused as well.
pub(super) fn tried(account: &Account<'_>, draft: &Draft, asked: Needs) -> Needs {
    let stand_ins = |who: &_| (account.spec.stand_ins)(account.tenant, who, &draft.seeking());
    asked.tried(stand_ins, |stand_in| stand_in.views.iter().all(|(before, after)| passes(account, draft, stand_in, before, after)))
}

/// Whether the stand-in's page has a way for the change, in an order that keeps the member in its
/// sight, and no rule refuses it.
fn passes(account: &Account<'_>, draft: &Draft, by: &StandIn, before: &Attrs, after: &Attrs) -> bool {
    let spec = account.spec;
    let removal = account.desired.policy.on_removal;
    let Ok(calls) = spec.calls(draft.change.action, draft.phase.as_ref(), before, after, removal, &by.tenant, account.caps) else {
        return false;
    };
    let anew = draft::is_anew(&calls);
    let seeking = Seeking { partly_seen: by.partly_seen, anew, before, after, ..draft.seeking() };
    let lacks = spec.demand(&by.tenant, &seeking).and_then(|Demand { lacks, .. }| lacks);
    lacks.is_none() && !(anew && by.partly_seen) && !draft::loses_sight(spec, &by.tenant, before, &calls)
}
