//! Stores the account in the shape that the diff asks for: one row a person, both sides in it.
//! Previous addresses, ignored and untouchable members are settled here, so that the diff has no
//! special case for them.

use std::collections::BTreeMap;

use crate::desired::Member;
use crate::model::{Email, Live};

use super::account::Account;

/// A listed person: what is wanted and what is there.
pub(super) struct Pair<'a> {
    pub member: &'a Member<'a>,
    pub live: Option<&'a Live>,
    /// The member is there under a previous address, and the system keeps addresses.
    pub under_previous: bool,
}

pub(super) struct Pairs<'a> {
    pub listed: Vec<Pair<'a>>,
    /// There and not listed, neither ignored nor untouchable; sorted by address.
    pub unlisted: Vec<&'a Live>,
}

pub(super) fn pairs<'a>(account: &Account<'a>) -> Pairs<'a> {
    let desired = account.desired;
    let mut at: Vec<Option<(&Live, bool)>> = vec![None; desired.members.len()];
    let mut unlisted: BTreeMap<&Email, &Live> = BTreeMap::new();
    for live in &account.reading.members {
        let index = desired.by_address.get(&live.email).copied();
        match index {
            Some(i) => {
                let previous = *desired.members[i].email != live.email;
                match at[i] {
                    // Both addresses are members: the present one is the person's, the other is a leftover.
                    Some((other, other_previous)) => {
                        let (keep, spare) =
                            if other_previous && !previous { ((live, previous), other) } else { ((other, other_previous), live) };
                        at[i] = Some(keep);
                        unlisted.insert(&spare.email, spare);
                    }
                    None => at[i] = Some((live, previous)),
                }
            }
            None => {
                unlisted.insert(&live.email, live);
            }
        }
    }
    let listed = desired
        .members
        .iter()
        .zip(at)
        .filter(|(member, _)| !desired.policy.ignores(member.email))
        .map(|(member, live)| Pair { member, live: live.map(|(l, _)| l), under_previous: live.is_some_and(|(_, p)| p) })
        .collect();
    let hands_off = |live: &Live| desired.policy.ignores(&live.email) || account.spec.is_untouchable(live);
    Pairs { listed, unlisted: unlisted.into_values().filter(|l| !hands_off(l)).collect() }
}
