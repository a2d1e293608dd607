use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::manifest::{EntryDoc, Leaves, ProfileUse};
use crate::model::{Atom, Attrs, Email, Key, Located, Name, Place, Value};
use crate::systems::{Axis, Kind, Merge, SystemSpec};

/// One person's wish in one account: all entries that name them, directly or through a team.
pub struct Member<'m> {
    pub email: &'m Email,
    pub previously: Vec<&'m Email>,
    pub name: Option<&'m Name>,
    pub leaves: Option<&'m Located<Leaves>>,
    /// In the order of the files; empty for people who leave and are not listed here.
    pub entries: Vec<Entry<'m>>,
}

/// One entry as it applies to one person.
#[derive(Clone, Copy)]
pub struct Entry<'m> {
    pub doc: &'m EntryDoc,
    /// The team that it came through.
    pub team: Option<&'m Atom>,
}

/// What is desired of a person on a day.
pub enum Wanted<'m> {
    Present(Merged<'m>),
    /// Declared to end, and it has: in every mode. The last day, where it has one.
    Gone {
        last: Option<Date>,
        at: &'m Place,
        reason: Option<&'m str>,
        /// By the person's `leaves`, not by an entry's `end`.
        leaves: bool,
    },
    /// Nothing before that day.
    NotYet(Date),
    /// Not listed in this account.
    Unlisted,
}

/// The entries in force, merged as the system's data says.
pub struct Merged<'m> {
    /// Name and all written attributes; `end` apart.
    pub attrs: Attrs,
    /// The member's own end: the latest of the entries', none where one has none.
    pub end: Option<Date>,
    /// The entry of that end is extended as it comes near.
    pub rolling: bool,
    /// The entry that gives the role.
    pub at: &'m Place,
    pub reason: Option<&'m str>,
    pub overrides: Vec<Override<'m>>,
    /// What comes from profiles, overridden entries apart.
    pub profiles: Vec<&'m ProfileUse>,
    /// Scopes on which an override gives its role though no entry with that role asked for them.
    pub spreads: Vec<Atom>,
}

/// An entry whose role gives way on this day.
pub struct Override<'m> {
    pub entry: Entry<'m>,
    /// Its role, as text.
    pub role: String,
}

impl<'m> Entry<'m> {
    pub fn is_in_force(&self, day: Date) -> bool {
        self.doc.start.as_ref().is_none_or(|s| s.value <= day) && !self.is_over(day)
    }
    pub fn is_over(&self, day: Date) -> bool {
        self.doc.end.as_ref().is_some_and(|e| e.value < day)
    }
    /// A direct entry overrides a team's, then a dated one an undated one.
    fn rank(&self) -> (bool, bool) {
        (self.team.is_none(), self.doc.end.is_some())
    }
    /// The attribute that decides what kind of member this is and what it may do, and its value.
    fn chief(&self, spec: &SystemSpec) -> Option<(Key, &'m Value)> {
        spec.chiefs().find_map(|a| Some((a.key, self.says(a.key)?)))
    }
    fn says(&self, key: &str) -> Option<&'m Value> {
        self.doc.attrs.get(key).map(|v| &v.value)
    }
}

impl<'m> Member<'m> {
    /// Merged as of a day in the account's timezone; `--at` calls this and nothing else.
    pub fn on(&self, day: Date, spec: &SystemSpec) -> Wanted<'m> {
        if let Some(left) = self.left(day) {
            return left;
        }
        let in_force: Vec<Entry<'m>> = self.entries.iter().copied().filter(|e| e.is_in_force(day)).collect();
        if !in_force.is_empty() {
            return Wanted::Present(self.merge(&in_force, spec));
        }
        if let Some(Entry { doc, .. }) = self.last_over(day) {
            let last = doc.end.as_ref().map(|e| e.value);
            return Wanted::Gone { last, at: &doc.at, reason: doc.reason.as_deref(), leaves: false };
        }
        match self.entries.iter().filter_map(|e| e.doc.start.as_ref()).map(|s| s.value).min() {
            Some(start) => Wanted::NotYet(start),
            None => Wanted::Unlisted,
        }
    }

    /// The entry of somebody who has just one, in force on that day: all that is wanted is what it says.
    pub fn only_entry(&self, day: Date) -> Option<Entry<'m>> {
        match &self.entries[..] {
            [one] if one.is_in_force(day) && self.left(day).is_none() => Some(*one),
            _ => None,
        }
    }

    /// The entry that ended last before `day`.
    pub fn last_over(&self, day: Date) -> Option<&Entry<'m>> {
        self.entries.iter().filter(|e| e.is_over(day)).max_by_key(|e| e.doc.end.as_ref().map(|d| d.value))
    }

    fn left(&self, day: Date) -> Option<Wanted<'m>> {
        let leaves = self.leaves?;
        let last = match leaves.value {
            Leaves::Now => None,
            Leaves::On(last) if last < day => Some(last),
            Leaves::On(_) => return None,
        };
        Some(Wanted::Gone { last, at: &leaves.at, reason: None, leaves: true })
    }

    /// The days up to `day`, not more than `back` before it, on which time alone changed what is
    /// desired: the first day of the new state, and whether a start (else an end) brought it.
    pub fn turns(&self, day: Date, back: i32) -> Vec<(Date, bool)> {
        let near = |d: Date| (0..=back).contains(&days_between(d, day));
        let mut all = BTreeSet::new();
        for entry in &self.entries {
            if let Some(end) = &entry.doc.end
                && end.value < day
                && near(end.value)
                && let Ok(first) = end.value.tomorrow()
            {
                all.insert((first, false));
            }
            if let Some(start) = &entry.doc.start
                && start.value <= day
                && near(start.value)
            {
                all.insert((start.value, true));
            }
        }
        all.into_iter().rev().collect()
    }

    /// The days after `today`, up to `until`, on which time alone changes what is desired.
    pub fn ahead(&self, today: Date, until: Date) -> BTreeSet<Date> {
        let mut days = self.segments(today);
        if let Some(Leaves::On(last)) = self.leaves.map(|l| l.value) {
            days.extend(last.tomorrow());
        }
        days.retain(|day| today < *day && *day <= until);
        days
    }

    /// Whether there is any such day; allocates nothing.
    pub fn is_dated(&self, today: Date, until: Date) -> bool {
        let begins = |day: Date| today < day && day <= until;
        let ends = |last: Date| today <= last && last < until;
        self.entries
            .iter()
            .any(|e| e.doc.start.as_ref().is_some_and(|s| begins(s.value)) || e.doc.end.as_ref().is_some_and(|e| ends(e.value)))
            || matches!(self.leaves.map(|l| l.value), Some(Leaves::On(last)) if ends(last))
    }

    /// Whether the person's `leaves` is over on that day.
    pub fn has_left(&self, day: Date) -> bool {
        self.left(day).is_some()
    }

    /// Every day from `today` on that starts a new state, `today` included.
    pub fn segments(&self, today: Date) -> BTreeSet<Date> {
        let mut days = BTreeSet::from([today]);
        for entry in &self.entries {
            days.extend(entry.doc.start.as_ref().map(|s| s.value));
            days.extend(entry.doc.end.as_ref().and_then(|e| e.value.tomorrow().ok()));
        }
        days.split_off(&today)
    }

    /// "from 2027-01-16: role author": what time alone will change while the person stays, where
    /// entries end or start on different days.
    pub fn later(&self, today: Date, spec: &SystemSpec) -> Vec<String> {
        if self.entries.len() < 2 || !matches!(self.on(today, spec), Wanted::Present(_)) {
            return Vec::new();
        }
        self.changes(today, spec).into_iter().map_while(|(day, what)| Some(format!("from {day}: {}", what?))).collect()
    }

    /// What is asked for from each later day on, where that is something else; `None` where nothing is.
    pub fn changes(&self, today: Date, spec: &SystemSpec) -> Vec<(Date, Option<String>)> {
        let asked = |day: Date| match self.on(day, spec) {
            Wanted::Present(merged) => Some(merged.attrs),
            Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted => None,
        };
        let mut held = asked(today);
        let mut all = Vec::new();
        for day in self.ahead(today, Date::MAX) {
            let next = asked(day);
            match (&held, &next) {
                (Some(_), None) => all.push((day, None)),
                (None, Some(next)) => all.push((day, Some(in_words(next, spec)))),
                (Some(held), Some(next)) => all.extend(turn(held, next, spec).map(|turn| (day, Some(turn)))),
                (None, None) => {}
            }
            held = next;
        }
        all
    }

    /// Entries in force on `day` that give different roles with the same right to.
    pub fn conflict(&self, day: Date, spec: &SystemSpec) -> Option<(Entry<'m>, Entry<'m>)> {
        self.differ(day, |e| e.chief(spec))
    }

    /// The same for an attribute of one value beside the role.
    pub fn conflict_of(&self, day: Date, key: Key) -> Option<(Entry<'m>, Entry<'m>)> {
        self.differ(day, |e| Some((key, e.says(key)?)))
    }

    fn differ(&self, day: Date, of: impl Fn(&Entry<'m>) -> Option<(Key, &'m Value)>) -> Option<(Entry<'m>, Entry<'m>)> {
        let in_force = self.entries.iter().copied().filter(|e| e.is_in_force(day));
        let givers: Vec<Entry<'m>> = in_force.filter(|e| of(e).is_some()).collect();
        let top = givers.iter().map(Entry::rank).max()?;
        let mut top = givers.into_iter().filter(|e| e.rank() == top);
        let first = top.next()?;
        top.find(|e| of(e) != of(&first)).map(|other| (first, other))
    }

    fn merge(&self, entries: &[Entry<'m>], spec: &SystemSpec) -> Merged<'m> {
        let first_of = |gives: &dyn Fn(&Entry<'m>) -> bool| {
            entries.iter().filter(|e| gives(e)).max_by_key(|e| (e.rank(), std::cmp::Reverse(&e.doc.at)))
        };
        let winner = first_of(&|e| e.chief(spec).is_some()).unwrap_or(&entries[0]);
        let role = winner.chief(spec);
        let (same, overridden): (Vec<Entry<'m>>, Vec<Entry<'m>>) =
            entries.iter().copied().partition(|e| e.chief(spec).is_none() || e.chief(spec) == role);
        let mut attrs = Attrs::new();
        for attr in spec.attrs.iter().filter(|a| a.axis != Axis::Until) {
            let value = if spec.is_chief(attr.key) {
                role.filter(|(key, _)| *key == attr.key).map(|(_, value)| value.clone())
            } else if attr.axis == Axis::Label {
                self.name.cloned().or_else(|| entries.iter().find_map(|e| e.doc.name.as_ref()).map(|n| n.value.clone())).map(Value::Text)
            } else if spec.belongs_to_role(attr) {
                // It goes with its role.
                merge_values(attr.merge, same.iter().filter_map(|e| e.says(attr.key)))
            } else if attr.merge == Merge::Same {
                first_of(&|e| e.says(attr.key).is_some()).and_then(|e| e.says(attr.key)).cloned()
            } else {
                merge_values(attr.merge, entries.iter().filter_map(|e| e.says(attr.key)))
            };
            if let Some(value) = value {
                attrs.insert(attr.key, value);
            }
        }
        let last = entries.iter().map(|e| e.doc.end.as_ref()).max_by_key(|e| (e.is_none(), e.map(|d| d.value))).flatten();
        let end = last.map(|e| e.value);
        let rolling = end.is_some() && entries.iter().any(|e| e.doc.rolling.is_some() && e.doc.end.as_ref().map(|d| d.value) == end);
        let spreads = if overridden.is_empty() { Vec::new() } else { spreads(&attrs, &same, spec) };
        let profiles = same.iter().filter_map(|e| e.doc.profile.as_ref()).collect();
        let overrides = overridden
            .into_iter()
            .map(|entry| Override { entry, role: entry.chief(spec).map(|(_, value)| words_of(value)).unwrap_or_default() })
            .collect();
        let reason = winner.doc.reason.as_deref().or_else(|| same.iter().find_map(|e| e.doc.reason.as_deref()));
        Merged { attrs, end, rolling, at: &winner.doc.at, reason, overrides, profiles, spreads }
    }
}

impl Merged<'_> {
    /// "overrides editor (team emea)", "profile marketer": what a reader of the plan should know.
    pub fn notes(&self) -> Vec<String> {
        let profiles = self.profiles.iter().map(|p| format!("profile {} ({})", p.name.value, p.section.at));
        let overrides = self.overrides.iter().map(|o| {
            let through = o.entry.team.map(|team| format!("team {team}, ")).unwrap_or_default();
            let profile = o.entry.doc.profile.as_ref().map(|p| format!("profile {}, ", p.name.value)).unwrap_or_default();
            format!("overrides {} ({through}{profile}{})", o.role, o.entry.doc.at)
        });
        let mut notes: Vec<String> = Vec::new();
        // A person and their team may have one profile.
        profiles.chain(overrides).for_each(|note| {
            if !notes.contains(&note) {
                notes.push(note);
            }
        });
        notes
    }

    /// What the warning `role-spreads` says, where the override spreads.
    pub fn spreads_message(&self) -> Option<String> {
        if self.spreads.is_empty() {
            return None;
        }
        let scopes = self.spreads.iter().map(Atom::as_str).collect::<Vec<_>>().join(", ");
        Some(format!("the overriding role holds with {scopes} too, for which no entry asked it"))
    }
}

/// Days from the first to the second; negative where it is later.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map(|s| s.get_days()).unwrap_or(i32::MAX)
}

/// All that is asked for.
fn in_words(attrs: &Attrs, spec: &SystemSpec) -> String {
    let is_said = |value: &Value| !matches!(value, Value::Set(words) if words.is_empty()) && !matches!(value, Value::Flag(false));
    let is_access = |key| spec.attr(key).is_some_and(|attr| attr.axis != Axis::Label);
    let all = attrs.iter().filter(|(key, value)| is_access(key) && is_said(value)).map(|(key, value)| format!("{key} {}", shown(value)));
    all.collect::<Vec<_>>().join("; ")
}

/// What is asked for after, where it differs from what was before; what a role cannot hold goes with it (E10).
fn turn(held: &Attrs, next: &Attrs, spec: &SystemSpec) -> Option<String> {
    let changed = next.iter().filter(|(k, v)| held.get(k) != Some(*v)).map(|(k, v)| format!("{k} {}", shown(v)));
    let mut left = held.clone();
    left.extend(next.clone());
    let took = spec.go_with_the_role(&mut left, next, |key| held.get(key) != next.get(key));
    let gone = held.keys().filter(|k| !next.contains_key(k)).map(|k| match took.iter().find(|limit| limit.attr == *k) {
        Some(limit) => format!("{k} {}, the rest goes with the {}", left.get(k).map_or_else(String::new, shown), limit.with),
        None => format!("{k} left as it is"),
    });
    let all: Vec<String> = changed.chain(gone).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Set(words) if words.is_empty() => "(none)".into(),
        Value::One(_) | Value::Set(_) => words_of(value),
        Value::Flag(on) => on.to_string(),
        Value::Text(name) => name.to_string(),
        Value::Day(_) | Value::Opaque(_) => String::new(),
    }
}

fn words_of(value: &Value) -> String {
    match value {
        Value::One(word) => word.to_string(),
        Value::Set(words) => words.iter().map(Atom::as_str).collect::<Vec<_>>().join(", "),
        Value::Flag(_) | Value::Day(_) | Value::Text(_) | Value::Opaque(_) => String::new(),
    }
}

/// Scopes and flags of the merged member that no entry with the winning role asked for.
fn spreads(attrs: &Attrs, same: &[Entry<'_>], spec: &SystemSpec) -> Vec<Atom> {
    let mut all = Vec::new();
    for attr in spec.attrs.iter().filter(|a| a.is_scope()) {
        let asked: BTreeSet<&Atom> = same.iter().filter_map(|e| e.says(attr.key)?.as_set()).flatten().collect();
        all.extend(attrs.get(attr.key).and_then(Value::as_set).into_iter().flatten().filter(|w| !asked.contains(w)).cloned());
    }
    let on = |value: Option<&Value>| value.and_then(Value::as_flag) == Some(true);
    for attr in spec.attrs.iter().filter(|a| a.axis == Axis::Power && matches!(a.kind, Kind::Flag)) {
        if on(attrs.get(attr.key)) && !same.iter().any(|e| on(e.says(attr.key))) {
            all.push(Atom::literal(attr.key));
        }
    }
    all
}

fn merge_values<'a>(how: Merge, values: impl Iterator<Item = &'a Value>) -> Option<Value> {
    values.cloned().reduce(|a, b| match (how, a, b) {
        (Merge::Union, Value::Set(a), Value::Set(b)) => Value::Set(a.union(&b).cloned().collect()),
        (Merge::Intersect, Value::Set(a), Value::Set(b)) => Value::Set(a.intersection(&b).cloned().collect()),
        (Merge::Any, Value::Flag(a), Value::Flag(b)) => Value::Flag(a || b),
        (Merge::Latest, Value::Day(a), Value::Day(b)) => Value::Day(a.zip(b).map(|(a, b)| a.max(b))),
        // They agree, or resolving has refused them.
        (Merge::Same | Merge::WithRole | Merge::Union | Merge::Intersect | Merge::Any | Merge::Latest, a, _) => a,
    })
}
