//! One change of a member, by itself: whether it starts where the reading is, call by call goes where it
//! says, and on the way gives nothing that neither end gives.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::access::words;
use crate::evidence::{Account, Action, Assign, Attrs, Axis, Call, Change, Channel, Direction, Member, Phase, System, Verb};
use crate::refusal::{Refusals, Rule};

/// What a change does, worked out anew: what the whole account is judged on.
#[derive(Debug)]
pub struct Judged {
    /// All that is seen of the member; nothing of one who is not there.
    pub before: Attrs,
    /// Nothing where the membership ends.
    pub after: Option<Attrs>,
    pub direction: Direction,
    pub administers: bool,
    /// An active administrator is lost, be it for a moment.
    pub ends_administrator: bool,
    /// An active administrator more, for certain.
    pub gives_administrator: bool,
    /// The product writes to the person, and invites.
    pub invites: bool,
}

/// Where a member stands between two calls.
#[derive(Clone)]
struct State {
    attrs: Attrs,
    /// The membership gives what the attributes say, or will once accepted or unlocked.
    stands: bool,
}

pub struct Here<'a> {
    pub system: &'a System,
    pub account: &'a Account,
}

impl Here<'_> {
    /// Judges a change of a member; nothing where it makes no sense at all.
    pub fn judge(&self, change: &Change, refusals: &mut Refusals) -> Option<Judged> {
        let (system, reading, id) = (self.system, &self.account.reading, change.id.as_str());
        let member = self.account.member(change);
        if !fits(change.action, member.map(|m| m.phase)) {
            let found = member.map_or("nobody is there".to_owned(), |m| format!("the member is {:?}", m.phase).to_lowercase());
            refusals.add(Rule::Phase, id, format!("{} is not for this: {found}", change.action.word()));
            return None;
        }
        self.may_be_touched(change, member, refusals);
        let before = member.map(|m| system.whole(m, reading)).unwrap_or_default();
        let after = self.after(change, &before, refusals)?;

        let stands = member.is_some_and(|m| m.phase.stands());
        let had = if stands { before.clone() } else { Attrs::new() };
        let wanted = after.clone().unwrap_or_default();
        let start = member.map(|_| State { attrs: before.clone(), stands });
        let moments = self.moments(change, start, refusals)?;
        self.lead_to(change, moments.last().and_then(Option::as_ref), after.as_ref(), refusals);
        // Who is there keeps the scopes that nobody reads.
        let seen = |attrs: &Attrs| if member.is_some() { system.with_unread(attrs, reading) } else { attrs.clone() };
        for (call, moment) in change.calls.iter().zip(&moments) {
            if let Some(state) = moment.as_ref().filter(|s| s.stands)
                && let Some(more) = self.beyond(&seen(&state.attrs), &given(&had, &seen), &given(&wanted, &seen))
            {
                refusals.add(Rule::Moment, id, format!("after {} the member has {more}, which neither before nor after gives", call.label));
            }
        }

        let judged = if stands { system.direction(&seen(&had), &seen(&wanted)) } else { system.direction(&had, &wanted) };
        let direction = match change.action {
            Action::Invite | Action::Restore => Direction::Widens,
            Action::Reinvite => Direction::of(true, judged.narrows()),
            Action::CancelInvitation => Direction::Narrows,
            Action::Remove if stands => Direction::Narrows,
            Action::Remove => Direction::Neither,
            _ => judged,
        };
        let administers = {
            let (had, wanted) = (seen(&had), seen(&wanted));
            !system.administering(&wanted).is_subset(&system.administering(&had))
        };
        if self.account.policy.actor.contains(&change.subject) {
            let keeps = after.as_ref().is_some_and(|after| !system.loses_power(&before, after));
            refusals.unless(keeps, Rule::Actor, id, || "the actor loses power of its own".to_owned());
        }
        Some(Judged {
            direction,
            administers,
            ends_administrator: member.is_some_and(|m| self.ends(change, m, after.as_ref(), &moments)),
            gives_administrator: member.is_some_and(|m| self.gives(change, m, &wanted)),
            invites: self.invites(change, member),
            before,
            after,
        })
    }

    fn may_be_touched(&self, change: &Change, member: Option<&Member>, refusals: &mut Refusals) {
        let (policy, who) = (&self.account.policy, change.subject.as_str());
        refusals.unless(!policy.protected.contains(who), Rule::Protected, &change.id, || format!("{who} is protected"));
        let ignored = policy.ignored.iter().find(|pattern| matches(pattern, who));
        refusals.unless(ignored.is_none(), Rule::Ignored, &change.id, || format!("{} is ignored", ignored.map_or("", String::as_str)));
        let untouchable = member.is_some_and(|m| self.system.is_untouchable(m));
        refusals.unless(!untouchable, Rule::Untouchable, &change.id, || "such a member is never changed".to_owned());
        let Some(member) = member.filter(|m| !m.partly.is_empty()) else { return };
        for call in &change.calls {
            let whole = call.set.iter().find(|(key, assign)| member.partly.contains(*key) && matches!(assign, Assign::To(_)));
            let taken = matches!(self.system.calls.get(&call.label), Some(Verb::Delete | Verb::Deactivate));
            refusals.unless(whole.is_none() && !taken, Rule::PartlySeen, &change.id, || {
                format!("{} would take away what the actor does not see", call.label)
            });
        }
    }

    /// All that shall be, from what differs; refused where `before` and `after` are not what differs. The
    /// outer nothing: there is no sense in it.
    fn after(&self, change: &Change, whole: &Attrs, refusals: &mut Refusals) -> Option<Option<Attrs>> {
        let id = &change.id;
        match (change.action, &change.before, &change.after) {
            (Action::Invite, None, Some(after)) => Some(Some(after.clone())),
            (action, Some(before), None) if action.ends() => {
                let said = whole.iter().filter(|(_, v)| !is_blank(v));
                let is = before.iter().eq(said);
                refusals.unless(is, Rule::Before, id, || "before is not what the reading shows".to_owned());
                Some(None)
            }
            (action, Some(before), Some(after)) if !action.ends() && action != Action::Invite => {
                let is_chief = |key: &String| self.system.is_chief(key);
                let mut wanted = whole.clone();
                if after.keys().any(is_chief) {
                    wanted.retain(|key, _| !is_chief(key));
                }
                wanted.extend(after.iter().map(|(k, v)| (k.clone(), v.clone())));
                let differs = |key: &String| is_chief(key) || wanted.get(key).is_some_and(|v| whole.get(key) != Some(v));
                let shown =
                    |all: &Attrs| -> Attrs { all.iter().filter(|(k, _)| differs(k)).map(|(k, v)| (k.clone(), v.clone())).collect() };
                refusals.unless(*before == shown(whole), Rule::Before, id, || "before is not what the reading shows".to_owned());
                refusals.unless(*after == shown(&wanted), Rule::Before, id, || "after shows what does not differ".to_owned());
                Some(Some(wanted))
            }
            _ => {
                refusals.add(Rule::Before, id, format!("before and after are not those of {}", change.action.word()));
                None
            }
        }
    }

    /// What there is of the member after each call.
    fn moments(&self, change: &Change, start: Option<State>, refusals: &mut Refusals) -> Option<Vec<Option<State>>> {
        let mut now = start;
        let mut all = Vec::new();
        for call in &change.calls {
            let verb = self.system.calls.get(&call.label).copied().filter(|verb| is_of(*verb, change.action));
            let next = verb.and_then(|verb| step(verb, call, now.clone()));
            let Some(next) = next else {
                refusals.add(Rule::Calls, &change.id, format!("{} cannot be called here", call.label));
                return None;
            };
            all.push(next.clone());
            now = next;
        }
        let made = |verbs: &[Verb]| change.calls.iter().any(|c| self.system.calls.get(&c.label).is_some_and(|v| verbs.contains(v)));
        let is_made = match change.action {
            Action::Reinvite => made(&[Verb::Resend, Verb::Invite]),
            Action::Restore => made(&[Verb::Restore]),
            _ => !change.calls.is_empty(),
        };
        let sent = change.calls.iter().filter(|c| matches!(self.system.calls.get(&c.label), Some(Verb::Invite | Verb::Resend))).count();
        refusals.unless(sent <= 1, Rule::Calls, &change.id, || "two invitations of one change".to_owned());
        refusals.unless(is_made, Rule::Calls, &change.id, || format!("no call makes the {}", change.action.word()));
        is_made.then_some(all)
    }

    /// Whether the calls lead to what shall be: what the product does not keep, and names that come later,
    /// apart.
    fn lead_to(&self, change: &Change, last: Option<&State>, after: Option<&Attrs>, refusals: &mut Refusals) {
        let mut refuse = |what: String| refusals.add(Rule::Calls, &change.id, what);
        let (Some(last), Some(after)) = (last, after) else {
            if last.is_some() != after.is_some() {
                refuse("the calls do not lead to its end".to_owned());
            }
            return;
        };
        let anew = change.calls.iter().any(|c| self.system.calls.get(&c.label) == Some(&Verb::Invite));
        let by_itself = |key: &str| {
            self.system.attribute(key).is_none_or(|a| match a.axis {
                Axis::Until => !self.keeps_ends(),
                Axis::Label => anew && self.system.names_after_registration,
                Axis::Power | Axis::Where | Axis::Unknown => false,
            })
        };
        let blank = |key: &str| self.system.attribute(key).and_then(|a| a.kind.blank());
        for (key, value) in after.iter().filter(|(key, _)| !by_itself(key)) {
            let led = last.attrs.get(key).cloned().or_else(|| blank(key));
            if led.as_ref() != Some(value) {
                refuse(format!("the calls do not set {key} to {value}"));
            }
        }
        for key in change.calls.iter().flat_map(|c| c.set.keys()).filter(|key| !after.contains_key(*key)) {
            refuse(format!("a call sets {key}, which after does not say"));
        }
        if !last.stands {
            refuse("the calls leave the member without access".to_owned());
        }
    }

    pub fn keeps_ends(&self) -> bool {
        self.system.native_ends && self.account.reading.keeps_ends
    }

    /// What one has now, and neither before nor after: a permission somewhere, or a scope for longer.
    fn beyond(&self, now: &Attrs, before: &Attrs, after: &Attrs) -> Option<String> {
        let denied = self.system.denied(&[now, before, after]);
        let [has, had, will] = [now, before, after].map(|attrs| self.system.abilities(&self.system.permits(attrs, &denied)));
        let spelt = |scope: Option<&str>| scope.map_or_else(String::new, |s| format!(" in {s}"));
        if let Some((permission, word, scope)) = has.iter().find(|p| !had.contains(*p) && !will.contains(*p)) {
            return Some(format!("{permission}{}{}", word.map_or_else(String::new, |w| format!(" ({w})")), spelt(*scope)));
        }
        if !self.keeps_ends() {
            return None;
        }
        let [until, until_before, until_after] = [now, before, after].map(|attrs| self.system.until(attrs));
        let is_in = |all: &crate::access::Permits<'_>, scope: Option<&str>| all.iter().any(|(_, _, s)| *s == scope);
        let scopes: BTreeSet<Option<&str>> = has.iter().map(|(_, _, scope)| *scope).collect();
        let longer = scopes.into_iter().find(|scope| {
            let given = until <= until_before && is_in(&had, *scope) || until <= until_after && is_in(&will, *scope);
            !given
        });
        longer.map(|scope| format!("access{} for longer", spelt(scope)))
    }

    /// Whether a certain administrator is missed, at some moment or for good.
    fn ends(&self, change: &Change, member: &Member, after: Option<&Attrs>, moments: &[Option<State>]) -> bool {
        let counts = |attrs: Option<&Attrs>| attrs.is_some_and(|attrs| self.system.counts_for_floor(attrs));
        let stays = counts(after) && moments.iter().all(|m| counts(m.as_ref().map(|s| &s.attrs)));
        self.system.is_administrator(&change.subject, member, self.account) && !stays
    }

    /// Whether a certain administrator comes of it: one who was none, made so by the program alone.
    fn gives(&self, change: &Change, member: &Member, after: &Attrs) -> bool {
        let (system, reading) = (self.system, &self.account.reading);
        let seen = &member.seen;
        let was_none = seen.keys().any(|k| system.is_chief(k))
            && !system.has_foreign_word(seen)
            && !system.counts_for_floor(&system.with_unread(seen, reading));
        let is_raised = change.action == Action::Edit && member.phase == Phase::Active && was_none;
        (is_raised || change.action == Action::Restore)
            && !system.is_kept_out(&change.subject, self.account)
            && system.counts_for_floor(after)
            && change.calls.iter().all(|c| c.channel == Channel::Api)
            && system.has_registered(&change.subject, member, reading)
    }

    fn invites(&self, change: &Change, member: Option<&Member>) -> bool {
        let reading = &self.account.reading;
        let is_mailed = change.calls.iter().any(|c| self.system.calls.get(&c.label).is_some_and(|v| reading.mails.contains(v)));
        let invites = match change.action {
            Action::Invite | Action::Reinvite | Action::EditInvitation => true,
            Action::Restore => member.is_some_and(|m| !self.system.has_registered(&change.subject, m, reading)),
            _ => false,
        };
        is_mailed && invites
    }
}

/// Nobody who has nothing has something somewhere.
fn given(attrs: &Attrs, seen: &impl Fn(&Attrs) -> Attrs) -> Attrs {
    if attrs.is_empty() { Attrs::new() } else { seen(attrs) }
}

fn fits(action: Action, phase: Option<Phase>) -> bool {
    match action {
        Action::Invite => phase.is_none(),
        Action::Reinvite | Action::EditInvitation | Action::CancelInvitation => phase == Some(Phase::Pending),
        Action::Edit => matches!(phase, Some(Phase::Active | Phase::Locked)),
        Action::Restore => matches!(phase, Some(Phase::Expired | Phase::Suspended)),
        Action::Remove => phase.is_some_and(|p| p != Phase::Pending),
        Action::AllowDomain | Action::DisallowDomain => false,
    }
}

/// The calls that a change may be made of.
fn is_of(verb: Verb, action: Action) -> bool {
    let verbs: &[Verb] = match action {
        Action::Invite => &[Verb::Invite, Verb::Set],
        Action::Reinvite => &[Verb::Set, Verb::EditInvitation, Verb::Resend, Verb::Delete, Verb::Invite],
        Action::EditInvitation => &[Verb::Set, Verb::EditInvitation, Verb::Delete, Verb::Invite],
        Action::CancelInvitation => &[Verb::Delete],
        Action::Edit => &[Verb::Set],
        Action::Restore => &[Verb::Set, Verb::Restore],
        Action::Remove => &[Verb::Delete, Verb::Deactivate],
        Action::AllowDomain | Action::DisallowDomain => &[],
    };
    verbs.contains(&verb)
}

/// What there is after one call; the outer nothing where it cannot be made.
fn step(verb: Verb, call: &Call, now: Option<State>) -> Option<Option<State>> {
    match (verb, now) {
        (Verb::Invite, None) => Some(Some(State { attrs: assigned(Attrs::new(), call)?, stands: true })),
        (Verb::Resend, Some(state)) if call.set.is_empty() => Some(Some(state)),
        (Verb::Set | Verb::EditInvitation, Some(state)) if sets_what_is_not_so(call, &state.attrs) => {
            Some(Some(State { attrs: assigned(state.attrs, call)?, ..state }))
        }
        // What a human sets of it stands in a second one.
        (Verb::Restore, Some(state)) if !state.stands || !call.set.is_empty() && sets_what_is_not_so(call, &state.attrs) => {
            Some(Some(State { attrs: assigned(state.attrs, call)?, stands: true }))
        }
        (Verb::Delete | Verb::Deactivate, Some(_)) if call.set.is_empty() => Some(None),
        _ => None,
    }
}

/// What is so already is not set.
fn sets_what_is_not_so(call: &Call, held: &Attrs) -> bool {
    call.set.iter().all(|(key, assign)| !matches!(assign, Assign::To(value) if held.get(key) == Some(value)))
}

fn assigned(mut attrs: Attrs, call: &Call) -> Option<Attrs> {
    for (key, assign) in &call.set {
        let value = match assign {
            Assign::To(value) => value.clone(),
            Assign::Delta { add, remove } => {
                let held: BTreeSet<&str> = words(attrs.get(key)).collect();
                // A difference adds what is not there, and takes away what is.
                let is_one = add.iter().all(|w| !held.contains(w.as_str())) && remove.iter().all(|w| held.contains(w.as_str()));
                let is_sorted = [add, remove].iter().all(|w| w.is_sorted_by(|a, b| a < b));
                if !is_one || !is_sorted {
                    return None;
                }
                let kept = held.into_iter().filter(|w| !remove.iter().any(|r| r == w));
                let all: BTreeSet<&str> = kept.chain(add.iter().map(String::as_str)).collect();
                json!(all)
            }
        };
        attrs.insert(key.clone(), value);
    }
    Some(attrs)
}

/// What says nothing, and is not shown of who goes.
fn is_blank(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(all) => all.is_empty(),
        Json::Object(all) => all.is_empty(),
        Json::Bool(true) | Json::Number(_) => false,
    }
}

/// Whether an address is meant by a pattern: `*` is any text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        let yes = [("a@b.c", "a@b.c"), ("*@b.c", "x@b.c"), ("a*", "a"), ("*", "x"), ("a*b*c", "a-b-b-c"), ("*.c", "x@b.c")];
        let no = [("a@b.c", "x@b.c"), ("*@b.c", "x@eu.b.c"), ("a*b*c", "a-c-b"), ("ab*ba", "aba")];
        assert!(yes.iter().all(|(p, t)| matches(p, t)), "{yes:?}");
        assert!(no.iter().all(|(p, t)| !matches(p, t)), "{no:?}");
    }
}
