//! From a change to its calls: the system's procedure, then narrow → switch → widen.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Assign, Atom, Attrs, Call, Caps, Channel, Key, Phase, Tenant, Value, Verb};

use super::spec::{AttrSpec, Axis, PhaseIs, Procedure, Step, SystemSpec};

/// What a removal does where the backend knows both (`on-removal`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Removal {
    #[default]
    Deactivate,
    Delete,
}

/// The system has no procedure for the change on this surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoWay;

impl SystemSpec {
    /// The calls of one change in a safe order: after each of them the member has no more than
    /// before or after the change.
    ///
    /// `before` and `after` are all that is seen and all that shall be; what differs is written.
    ///
    /// # Errors
    /// [`NoWay`] where the system offers none, or not for an attribute that differs.
    #[expect(clippy::too_many_arguments, reason = "a change is these facts; a struct for one call would name them twice")]
    pub fn calls(
        &self,
        action: Action,
        phase: Option<&Phase>,
        before: &Attrs,
        after: &Attrs,
        removal: Removal,
        tenant: &Tenant,
        caps: &Caps,
    ) -> Result<Vec<Call>, NoWay> {
        let procedure = self.procedure(action, phase, tenant).ok_or(NoWay)?;
        let mut calls = Vec::new();
        let sets: Vec<&Step> = procedure.steps.iter().filter(|s| s.verb == Verb::Set).collect();
        let changed = self.changed(before, after, caps);
        let carried: BTreeSet<Key> = procedure.steps.iter().flat_map(|s| s.keys).copied().collect();
        if !matches!(action, Action::Remove | Action::CancelInvitation) && changed.iter().any(|k| !carried.contains(k)) {
            return Err(NoWay);
        }
        let firsts: BTreeSet<Key> =
            self.firsts.iter().flat_map(|(_, f)| f(before, after)).copied().filter(|k| changed.contains(k)).collect();
        let mut sets_made = false;
        // Where the restoring call carries what goes first, it is that call: the server would restore
        // somebody at the first already, and not again.
        let restores_first = procedure.steps.iter().find(|s| s.verb == Verb::Restore && s.keys.iter().any(|k| firsts.contains(k)));
        for step in procedure.steps {
            match step.verb {
                Verb::Set if !sets_made => {
                    sets_made = true;
                    let first = match restores_first {
                        Some(restore) => vec![self.restore_call(restore, after, caps)],
                        None => firsts.iter().map(|k| set_call(format!("set-{k}"), deltas(&[k], before, after))).collect(),
                    };
                    calls.extend(self.set_calls(&sets, before, after, &changed, &firsts, first));
                }
                Verb::Set => {}
                Verb::Invite => calls.extend(self.invite_calls(step, after, tenant, caps)),
                Verb::Resend => calls.push(self.call(step, BTreeMap::new(), self.invitation_mails(tenant))),
                Verb::EditInvitation => {
                    let keys: Vec<Key> = changed.iter().copied().filter(|k| step.keys.contains(k)).collect();
                    if !keys.is_empty() || action == Action::EditInvitation {
                        calls.push(self.call(step, deltas(&keys, before, after), false));
                    }
                }
                Verb::Restore if restores_first.is_some() => {}
                Verb::Restore => calls.push(self.restore_call(step, after, caps)),
                Verb::Delete
                    if action == Action::Remove && removal == Removal::Deactivate && caps.writes.contains_key(&Verb::Deactivate) =>
                {
                    calls.push(Call {
                        verb: Verb::Deactivate,
                        label: "deactivate".into(),
                        set: BTreeMap::new(),
                        channel: Channel::Api,
                        mails: false,
                    });
                }
                Verb::Delete | Verb::Deactivate | Verb::AllowDomain | Verb::DisallowDomain | Verb::ResetPassword | Verb::ResetTwoFactor => {
                    calls.push(self.call(step, BTreeMap::new(), false));
                }
            }
        }
        Ok(calls.into_iter().flat_map(|c| by_channel(c, caps)).collect())
    }

    fn procedure(&self, action: Action, phase: Option<&Phase>, tenant: &Tenant) -> Option<&'static Procedure> {
        self.procedures.iter().find(|p| {
            p.action == action
                && match (p.on, phase) {
                    (PhaseIs::Any, _) => true,
                    (PhaseIs::Pending, Some(Phase::Pending { .. })) => true,
                    (PhaseIs::Standing, Some(Phase::Active | Phase::Locked)) => true,
                    (PhaseIs::Ended, Some(Phase::Expired | Phase::Suspended)) => true,
                    (PhaseIs::Pending | PhaseIs::Standing | PhaseIs::Ended, _) => false,
                }
                && p.tenant.as_ref().is_none_or(|w| self.fact_word(tenant, w.fact) == Some(w.word))
        })
    }

    /// Whether anybody can change the attribute of an existing member: solver's names stay.
    pub fn is_editable(&self, key: &str) -> bool {
        self.procedures.iter().flat_map(|p| p.steps).any(|s| s.verb == Verb::Set && s.keys.contains(&key))
    }

    /// The stated word of a fact, else the first of its list.
    pub fn fact_word<'t>(&self, tenant: &'t Tenant, fact: &str) -> Option<&'t str> {
        tenant.word(fact).or_else(|| self.fact(fact)?.kind.fixed()?.first().map(|w| w.word))
    }

    /// The keys that differ and are written; ends only where the server keeps them.
    fn changed(&self, before: &Attrs, after: &Attrs, caps: &Caps) -> Vec<Key> {
        self.attrs
            .iter()
            .filter(|a| a.axis != Axis::Until || (self.has_native_ends() && caps.keeps_ends))
            .map(|a| a.key)
            .filter(|k| after.contains_key(k) && before.get(k) != after.get(k))
            .collect()
    }

    fn call(&self, step: &Step, set: BTreeMap<Key, Assign>, mails: bool) -> Call {
        Call { verb: step.verb, label: step.label.into(), set, channel: Channel::Api, mails }
    }

    fn invite_calls(&self, step: &Step, after: &Attrs, tenant: &Tenant, caps: &Caps) -> Vec<Call> {
        let carries = |a: &&AttrSpec| {
            step.keys.contains(&a.key)
                && after.contains_key(a.key)
                && !(a.axis == Axis::Until && !(self.has_native_ends() && caps.keeps_ends))
                && !(a.axis == Axis::Label && self.names_after_registration)
        };
        let set: BTreeMap<Key, Assign> = self.attrs.iter().filter(carries).map(|a| (a.key, Assign::To(after[a.key].clone()))).collect();
        // What narrows must come with the invitation; what only widens may follow it. Where a human
        // invites, all of it stands in one form.
        let by_hand = caps.channel(Verb::Invite, None) != Channel::Api;
        let waits = by_hand || set.keys().any(|k| self.narrows_at_invite(k, after) && caps.channel(Verb::Invite, Some(k)) != Channel::Api);
        let mut invite = self.call(step, BTreeMap::new(), self.invitation_mails(tenant));
        if waits {
            invite.set = set;
            invite.channel = Channel::Manual;
            return vec![invite];
        }
        let (now, later): (BTreeMap<_, _>, BTreeMap<_, _>) =
            set.into_iter().partition(|(k, _)| caps.channel(Verb::Invite, Some(k)) == Channel::Api);
        invite.set = now;
        let mut calls = vec![invite];
        for (key, to) in later.into_iter().filter(|(_, to)| !is_nothing(to)) {
            calls.push(Call {
                verb: Verb::Set,
                label: format!("set-{key}"),
                set: BTreeMap::from([(key, to)]),
                channel: Channel::Api,
                mails: false,
            });
        }
        calls
    }

    fn narrows_at_invite(&self, key: &str, after: &Attrs) -> bool {
        self.attr(key).is_some_and(|a| a.kind.denies()) && after.get(key).and_then(Value::as_set).is_some_and(|s| !s.is_empty())
    }

    fn restore_call(&self, step: &Step, after: &Attrs, caps: &Caps) -> Call {
        let keys = step.keys.iter().filter(|k| caps.keeps_ends || **k != "end");
        let set = keys.filter_map(|k| Some((*k, Assign::To(after.get(k)?.clone())))).collect();
        self.call(step, set, self.restore_mails)
    }

    /// `first` are the calls that set the `firsts`.
    fn set_calls(
        &self,
        steps: &[&Step],
        before: &Attrs,
        after: &Attrs,
        changed: &[Key],
        firsts: &BTreeSet<Key>,
        first: Vec<Call>,
    ) -> Vec<Call> {
        let chief = self.chief().key;
        let (last, rest): (Vec<Key>, Vec<Key>) =
            changed.iter().copied().filter(|k| !firsts.contains(k)).partition(|k| *k == chief && !firsts.is_empty());
        // What goes first gives more time to what is held: nothing that the change takes away may
        // still be held then. The chief attribute, for which it goes first, comes last.
        let mut calls = self.set_groups(steps, before, after, &rest);
        calls.extend(first);
        calls.extend(self.set_groups(steps, before, after, &last));
        calls
    }

    /// Labels, then one call where one step is left; else scopes to the intersection, the rest, then
    /// the scopes.
    fn set_groups(&self, steps: &[&Step], before: &Attrs, after: &Attrs, keys: &[Key]) -> Vec<Call> {
        let mut calls = Vec::new();
        let groups: Vec<(&Step, Vec<Key>)> = steps
            .iter()
            .map(|s| (*s, keys.iter().copied().filter(|k| s.keys.contains(k)).collect::<Vec<_>>()))
            .filter(|(_, keys)| !keys.is_empty())
            .collect();
        let label = |s: &Step, keys: &[Key]| match keys {
            [one] => format!("set-{one}"),
            _ => s.label.to_owned(),
        };
        let one = |(s, keys): &(&Step, Vec<Key>)| set_call(label(s, keys), deltas(keys, before, after));
        let on = |axis: Axis, k: &Key| self.attr(k).is_some_and(|a| a.axis == axis);
        let (labels, groups): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, keys)| keys.iter().all(|k| on(Axis::Label, k)));
        calls.extend(labels.iter().map(one));
        if groups.len() <= 1 {
            calls.extend(groups.iter().map(one));
            return calls;
        }
        let (scopes, switches): (Vec<_>, Vec<_>) = groups.iter().partition(|(_, keys)| keys.iter().all(|k| on(Axis::Where, k)));
        if let Some(switch_first) = self.without_a_gap(before, after, &scopes) {
            let (scopes, switches) = (scopes.into_iter().map(one), switches.into_iter().map(one));
            if switch_first {
                calls.extend(switches.chain(scopes))
            } else {
                calls.extend(scopes.chain(switches))
            }
            return calls;
        }
        let is_where = |k: Key| on(Axis::Where, &k);
        let (mut narrow, mut switch, mut widen) = (Vec::new(), Vec::new(), Vec::new());
        for (step, keys) in groups {
            let (scopes, rest): (Vec<Key>, Vec<Key>) = keys.into_iter().partition(|k| is_where(k));
            if !rest.is_empty() {
                switch.push(set_call(label(step, &rest), deltas(&rest, before, after)));
            }
            for key in scopes {
                if !before.contains_key(key) {
                    widen.push(set_call(format!("set-{key}"), deltas(&[key], before, after)));
                    continue;
                }
                let denies = self.attr(key).is_some_and(|a| a.kind.denies());
                let (add, remove) = difference(before.get(key), after.get(key));
                let (first, last) = if denies { (add, remove) } else { (remove, add) };
                let part = |words: BTreeSet<Atom>, adds: bool| {
                    let delta = if adds {
                        Assign::Delta { add: words, remove: BTreeSet::new() }
                    } else {
                        Assign::Delta { add: BTreeSet::new(), remove: words }
                    };
                    set_call(format!("set-{key}"), BTreeMap::from([(key, delta)]))
                };
                if !first.is_empty() {
                    narrow.push(part(first, denies));
                }
                if !last.is_empty() {
                    widen.push(part(last, !denies));
                }
            }
        }
        calls.extend(narrow.into_iter().chain(switch).chain(widen));
        calls
    }
}

impl SystemSpec {
    /// Where before and after have no scope in common, the intersection would leave the member without
    /// any, and out of sight of an actor who sees scopes. When the rest only narrows it may go first,
    /// and when it only widens it may go last: then the scopes move in one call.
    fn without_a_gap(&self, before: &Attrs, after: &Attrs, scopes: &[&(&Step, Vec<Key>)]) -> Option<bool> {
        let keys: Vec<Key> = scopes.iter().flat_map(|(_, keys)| keys).copied().collect();
        let words = |attrs: &Attrs, k: Key| attrs.get(k).and_then(Value::as_set).cloned().unwrap_or_default();
        let apart = |k: &Key| self.attr(k).is_some_and(|a| !a.kind.denies()) && words(before, k).is_disjoint(&words(after, k));
        if keys.is_empty() || !keys.iter().all(apart) {
            return None;
        }
        let mut moved = before.clone();
        let mut switched = after.clone();
        for key in keys {
            moved.extend(after.get(key).map(|v| (key, v.clone())));
            switched.remove(key);
            switched.extend(before.get(key).map(|v| (key, v.clone())));
        }
        if !self.direction(before, &switched).widens() {
            return Some(true);
        }
        (!self.direction(&moved, after).narrows()).then_some(false)
    }
}

fn set_call(label: String, set: BTreeMap<Key, Assign>) -> Call {
    Call { verb: Verb::Set, label, set, channel: Channel::Api, mails: false }
}

/// Nothing to write: an empty set, a flag that is off, no end.
fn is_nothing(to: &Assign) -> bool {
    match to {
        Assign::To(Value::Set(s)) => s.is_empty(),
        Assign::To(Value::Flag(b)) => !b,
        Assign::To(Value::Day(d)) => d.is_none(),
        Assign::To(Value::One(_) | Value::Text(_) | Value::Opaque(_)) => false,
        Assign::Delta { add, remove } => add.is_empty() && remove.is_empty(),
    }
}

fn difference(before: Option<&Value>, after: Option<&Value>) -> (BTreeSet<Atom>, BTreeSet<Atom>) {
    let none = BTreeSet::new();
    let b = before.and_then(Value::as_set).unwrap_or(&none);
    let a = after.and_then(Value::as_set).unwrap_or(&none);
    (a - b, b - a)
}

fn deltas(keys: &[Key], before: &Attrs, after: &Attrs) -> BTreeMap<Key, Assign> {
    keys.iter()
        .filter_map(|k| {
            Some((
                *k,
                match after.get(k)? {
                    // Of a set that nobody read there is no difference to write (a human makes it).
                    Value::Set(_) if before.contains_key(k) => {
                        let (add, remove) = difference(before.get(k), after.get(k));
                        Assign::Delta { add, remove }
                    }
                    other => Assign::To(other.clone()),
                },
            ))
        })
        .collect()
}

/// Splits a call into what the API takes and, for each other attribute, a step of its own.
fn by_channel(call: Call, caps: &Caps) -> Vec<Call> {
    if call.channel != Channel::Api {
        return vec![call];
    }
    if call.set.is_empty() {
        let channel = caps.channel(call.verb, None);
        return vec![Call { channel, ..call }];
    }
    let (api, other): (BTreeMap<_, _>, BTreeMap<_, _>) =
        call.set.clone().into_iter().partition(|(k, _)| caps.channel(call.verb, Some(k)) == Channel::Api);
    let mut calls = Vec::new();
    if !api.is_empty() {
        calls.push(Call { set: api, ..call.clone() });
    }
    if call.verb != Verb::Set {
        // One form of the console, as far as one reading proves it.
        let (proven, unproven): (BTreeMap<_, _>, BTreeMap<_, _>) =
            other.into_iter().partition(|(k, _)| caps.channel(call.verb, Some(k)) == Channel::Manual);
        for (set, channel) in [(proven, Channel::Manual), (unproven, Channel::Unverifiable)] {
            if !set.is_empty() {
                calls.push(Call { set, channel, ..call.clone() });
            }
        }
        return calls;
    }
    // First what the next reading proves, a role above all: what goes with it may need it.
    let mut other: Vec<_> = other.into_iter().map(|(key, to)| (caps.channel(call.verb, Some(key)), key, to)).collect();
    other.sort_by_key(|(channel, ..)| *channel);
    for (channel, key, to) in other {
        let label = if call.verb == Verb::Set { format!("set-{key}") } else { call.label.clone() };
        calls.push(Call { label, set: BTreeMap::from([(key, to)]), channel, ..call.clone() });
    }
    calls
}
