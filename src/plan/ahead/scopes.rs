//! Scopes that are left without anyone: subaccounts, groups, data sources, whatever the system has.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{Atom, Attrs, Key, Place, Value};
use crate::plan::account::Account;
use crate::plan::change::Warning;

use super::track::{Made, Standing, State, Track};
use super::{names, only};

/// A word of an attribute that says where.
type Scope<'t> = (Key, &'t Atom);

pub(super) fn ahead(account: &Account<'_>, made: &Made<'_>, tracks: &[Track<'_>], warnings: &mut Vec<Warning>) {
    let keys: Vec<Key> = account.spec.attrs.iter().filter(|a| a.is_scope()).map(|a| a.key).collect();
    let mut at_stake = lost(&keys, tracks);
    at_stake.retain(|(key, word)| account.spec.sees_scope(account.tenant, key, word));
    if at_stake.is_empty() {
        return;
    }
    // Who stays the same keeps a scope in use. Mostly somebody does, and soon nothing is at stake.
    let tracked = |email: &crate::model::Email| tracks.binary_search_by(|t| t.email.cmp(email)).is_ok();
    for live in account.reading.members.iter().filter(|l| !tracked(&l.email) && !account.spec.is_untouchable(l)) {
        let state = made.state(account, live);
        if state.standing != Standing::None {
            drop_held(&mut at_stake, &keys, &state.attrs);
        }
        if at_stake.is_empty() {
            return;
        }
    }
    for change in made.invited().filter(|c| c.subject.email().is_none_or(|e| !tracked(e))) {
        change.whole_after.iter().for_each(|attrs| drop_held(&mut at_stake, &keys, attrs));
    }
    for scope in at_stake {
        last_of(account, scope, tracks, warnings);
    }
}

/// What somebody holds and will not hold.
fn lost<'t>(keys: &[Key], tracks: &'t [Track<'_>]) -> BTreeSet<Scope<'t>> {
    let mut all = BTreeSet::new();
    for (before, step) in tracks.iter().flat_map(Track::turns) {
        all.extend(held(keys, before).filter(|scope| !holds(&step.state, scope)));
    }
    all
}

fn held<'s>(keys: &[Key], state: &'s State) -> impl Iterator<Item = Scope<'s>> {
    let attrs = (state.standing != Standing::None).then_some(&state.attrs);
    let pairs = attrs.into_iter().flatten().filter(|(k, _)| keys.contains(k));
    pairs.filter_map(|(k, v)| Some((*k, v.as_set()?))).flat_map(|(k, words)| words.iter().map(move |w| (k, w)))
}

fn holds(state: &State, (key, word): &Scope<'_>) -> bool {
    state.standing != Standing::None && state.attrs.get(key).and_then(Value::as_set).is_some_and(|s| s.contains(*word))
}

fn drop_held(at_stake: &mut BTreeSet<Scope<'_>>, keys: &[Key], attrs: &Attrs) {
    at_stake.retain(|(key, word)| !(keys.contains(key) && attrs.get(key).and_then(Value::as_set).is_some_and(|s| s.contains(*word))));
}

/// Goes through the days of a scope that only tracked members hold.
fn last_of(account: &Account<'_>, scope: Scope<'_>, tracks: &[Track<'_>], warnings: &mut Vec<Warning>) {
    let mut holders = tracks.iter().filter(|t| holds(&t.after, &scope)).count();
    let mut days: BTreeMap<Date, (usize, Vec<&str>, Option<&Place>)> = BTreeMap::new();
    for track in tracks {
        for (before, step) in track.turns() {
            match (holds(before, &scope), holds(&step.state, &scope)) {
                (true, false) => {
                    let (_, gone, place) = days.entry(step.on).or_default();
                    gone.push(track.email.key());
                    *place = place.or(step.place);
                }
                (false, true) => days.entry(step.on).or_default().0 += 1,
                (true, true) | (false, false) => {}
            }
        }
    }
    let (key, word) = scope;
    for (on, (come, gone, place)) in days {
        holders = (holders + come).saturating_sub(gone.len());
        if holders > 0 || gone.is_empty() {
            continue;
        }
        let seen = if account.is_unbounded() { "" } else { " whom the actor sees" };
        warnings.push(Warning {
            code: "subaccount-left-empty",
            on: Some(on),
            member: only(&gone),
            message: format!("from this day on, as the entries ask, nobody{seen} has {word} in `{key}`; the last: {}", names(&gone)),
            place: place.cloned(),
        });
    }
}
