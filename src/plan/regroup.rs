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
    /// Further memberships of the same person, under other addresses of theirs.
    pub spares: Vec<&'a Live>,
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
    let mut spares: BTreeMap<usize, Vec<&Live>> = BTreeMap::new();
    let mut unlisted: BTreeMap<&Email, &Live> = BTreeMap::new();
    for live in &account.reading.members {
        // Seen, never touched; whoever it is.
        if desired.policy.ignores(&live.email) {
            continue;
        }
        let index = desired.by_address.get(&live.email).copied();
        match index {
            Some(i) => {
                let previous = *desired.members[i].email != live.email;
                match at[i] {
                    // Both addresses are members: the present one is the person's, the others are leftovers.
                    Some((other, other_previous)) => {
                        let present = other_previous && !previous || other_previous == previous && live.email < other.email;
                        let (keep, spare) = if present { ((live, previous), other) } else { ((other, other_previous), live) };
                        at[i] = Some(keep);
                        spares.entry(i).or_default().push(spare);
                    }
                    None => at[i] = Some((live, previous)),
                }
            }
            None => {
                unlisted.insert(&live.email, live);
            }
        }
    }
    let hands_off = |live: &Live| account.spec.is_untouchable(live);
    let mut listed = Vec::with_capacity(desired.members.len());
    for (i, (member, live)) in desired.members.iter().zip(at).enumerate().filter(|(_, (m, _))| !desired.policy.ignores(m.email)) {
        let mut spares = spares.remove(&i).unwrap_or_default();
        spares.retain(|l| !hands_off(l));
        spares.sort_by(|a, b| a.email.cmp(&b.email));
        listed.push(Pair { member, live: live.map(|(l, _)| l), spares, under_previous: live.is_some_and(|(_, p)| p) });
    }
    Pairs { listed, unlisted: unlisted.into_values().filter(|l| !hands_off(l)).collect() }
}
