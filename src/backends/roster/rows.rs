//! Rows to members: whose row it is, and what each of its cells says in our words. A person may
//! have several rows (one a subaccount, say): sets add up, and two different single values are a
//! contradiction, because which of them holds nobody can say.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::decode::Trouble;
use super::table::Row;
use crate::manifest::diagnostic::{nearest, quoted};
use crate::model::{Atom, Email, Invitation, Key, Known, Live, Name, Phase, Roster, Status, Tenant, Value};
use crate::systems::{AttrSpec, Axis, Kind, SystemSpec, Words};

/// The longest name, in bytes.
const LONGEST: usize = 4096;

/// How the cells of an account are read.
pub(super) struct Rows<'a> {
    pub spec: &'static SystemSpec,
    pub tenant: &'a Tenant,
    pub roster: &'a Roster,
    /// Which column each header stands over.
    pub at: &'a BTreeMap<String, usize>,
    pub now: Timestamp,
}

/// What the rows of one person say, and in which line each single value was said first.
struct Person {
    email: Email,
    line: u32,
    status: Option<(Status, u32)>,
    attrs: BTreeMap<Key, (Value, u32)>,
}

impl Rows<'_> {
    /// The members, each once.
    ///
    /// # Errors
    /// Everything that is doubtful, each at its line.
    pub(super) fn members(&self, rows: &[Row]) -> Result<Vec<Live>, Vec<Trouble>> {
        let mut people: BTreeMap<Email, Person> = BTreeMap::new();
        let mut troubles = Vec::new();
        for row in rows {
            self.row(row, &mut people, &mut troubles);
        }
        let members = people.into_values().filter_map(|person| self.live(person, &mut troubles)).collect();
        troubles.sort_by(|a, b| (a.line, &a.what).cmp(&(b.line, &b.what)));
        if troubles.is_empty() { Ok(members) } else { Err(troubles) }
    }

    fn cell<'r>(&self, row: &'r Row, header: &str) -> &'r str {
        self.at.get(header).and_then(|i| row.cells.get(*i)).map_or("", String::as_str)
    }

    fn row(&self, row: &Row, people: &mut BTreeMap<Email, Person>, troubles: &mut Vec<Trouble>) {
        let mut trouble = |what: String| troubles.push(Trouble::new(row.line, what));
        let written = self.cell(row, &self.roster.email.value);
        let email = match Email::parse(written) {
            Ok(email) => email,
            Err(why) => return trouble(format!("{} is no address: {why}", quoted(written))),
        };
        let person = match people.entry(email.clone()) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => free.insert(Person { email, line: row.line, status: None, attrs: BTreeMap::new() }),
        };
        if let Some(header) = &self.roster.status {
            match self.status(self.cell(row, &header.value)) {
                Ok(None) => {}
                Ok(Some(status)) => match person.status {
                    Some((before, line)) if before != status => {
                        trouble(said_before(&person.email, "status", status.word(), before.word(), line));
                    }
                    Some(_) => {}
                    None => person.status = Some((status, row.line)),
                },
                Err(what) => trouble(what),
            }
        }
        for (key, headers) in &self.roster.columns {
            let Some(attr) = self.spec.attr(key) else { continue };
            let cells: Vec<&str> = headers.iter().map(|h| self.cell(row, &h.value)).collect();
            match self.value(attr, &cells) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if let Err(what) = person.takes(attr, value, row.line) {
                        trouble(what);
                    }
                }
                Err(what) => trouble(what),
            }
        }
    }

    fn status(&self, cell: &str) -> Result<Option<Status>, String> {
        if let Some(status) = self.roster.statuses.get(cell) {
            return Ok(Some(*status));
        }
        if cell.is_empty() {
            return Ok(None);
        }
        match Status::ALL.iter().find(|(word, _)| *word == cell) {
            Some((_, status)) => Ok(Some(*status)),
            None => Err(unknown("status", cell, Status::ALL.iter().map(|(word, _)| *word), self.roster.statuses.keys())),
        }
    }

    /// What the cells of one attribute say; `None` where they are blank.
    fn value(&self, attr: &AttrSpec, cells: &[&str]) -> Result<Option<Value>, String> {
        let cell = cells.first().copied().unwrap_or_default();
        if let Some(meant) = self.roster.words.get(attr.key).and_then(|words| words.get(cell)) {
            return Ok(Some(meant.clone()));
        }
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(None);
        }
        match &attr.kind {
            Kind::One(words) => self.word(attr, words, cell).map(|word| Some(Value::One(word))),
            Kind::Set { words, .. } => self.set(attr, words, cell).map(|set| Some(Value::Set(set))),
            Kind::Flag => match cell {
                _ if cell.eq_ignore_ascii_case("true") => Ok(Some(Value::Flag(true))),
                _ if cell.eq_ignore_ascii_case("false") => Ok(Some(Value::Flag(false))),
                _ => Err(unknown(attr.key, cell, ["true", "false"].into_iter(), self.theirs(attr))),
            },
            Kind::Day => self.day(cell).map(|day| Some(Value::Day(Some(day)))).ok_or_else(|| {
                format!("{} is no day for `{}`: a day is written like 2026-12-31, other words stand in `words`", quoted(cell), attr.key)
            }),
            Kind::Text => name(cells).map(|name| Some(Value::Text(name))),
            Kind::Opaque => match serde_json::from_str::<serde_json::Value>(cell) {
                Ok(map) if map.is_object() => Ok(Some(Value::Opaque(map))),
                _ => Err(format!("{} is no map for `{}`: a cell of it holds a JSON object", quoted(cell), attr.key)),
            },
        }
    }

    pub(super) fn theirs(&self, attr: &AttrSpec) -> impl Iterator<Item = &String> {
        self.roster.words.get(attr.key).into_iter().flat_map(BTreeMap::keys)
    }

    /// A list in a cell. What is between two separators is one word or several, as `words` says.
    fn set(&self, attr: &AttrSpec, words: &Words, cell: &str) -> Result<BTreeSet<Atom>, String> {
        let items: Vec<&str> = match &self.roster.separator {
            Some(separator) => cell.split(separator.as_str()).map(str::trim).filter(|item| !item.is_empty()).collect(),
            None => vec![cell],
        };
        let mut set = BTreeSet::new();
        for item in items {
            match self.roster.words.get(attr.key).and_then(|words| words.get(item)) {
                Some(Value::Set(meant)) => set.extend(meant.iter().cloned()),
                _ => {
                    set.insert(self.word(attr, words, item)?);
                }
            }
        }
        Ok(set)
    }

    /// A word for which `words` has none of ours: it must be ours already. Where the connection lists
    /// the tenant's words, one that is not among them is told as well: another spelling of a
    /// subaccount would be planned as one to take away and one to give.
    fn word(&self, attr: &AttrSpec, words: &Words, cell: &str) -> Result<Atom, String> {
        let atom = Atom::new(cell).map_err(|why| format!("{} is no word for `{}`: it {why}", quoted(cell), attr.key))?;
        match words {
            Words::Fixed(fixed) if !fixed.iter().any(|w| atom == w.word) => {
                Err(unknown(attr.key, cell, fixed.iter().map(|w| w.word), self.theirs(attr)))
            }
            Words::Tenant(fact) => match self.tenant.facts.get(fact).and_then(Value::as_set) {
                Some(listed) if !listed.contains(&atom) => Err(unknown(attr.key, cell, listed.iter().map(Atom::as_str), self.theirs(attr))),
                _ => Ok(atom),
            },
            Words::Fixed(_) | Words::Discovered => Ok(atom),
        }
    }

    /// A day, or the day of an instant in the account's timezone.
    fn day(&self, cell: &str) -> Option<Date> {
        if let Ok(instant) = cell.parse::<Timestamp>() {
            return Some(instant.to_zoned(self.tenant.zone.clone()).date());
        }
        let is_day = |text: &str| text.len() >= 10 && text.bytes().take(4).all(|b| b.is_ascii_digit());
        if !is_day(cell) {
            return None;
        }
        if cell.len() == 10 { cell.parse::<Date>().ok() } else { cell.parse::<DateTime>().ok().map(DateTime::date) }
    }

    fn live(&self, person: Person, troubles: &mut Vec<Trouble>) -> Option<Live> {
        let Person { email, line, status, attrs } = person;
        let mut trouble = |what: String| troubles.push(Trouble::new(line, what));
        let chiefs: Vec<&AttrSpec> = self.spec.chiefs().collect();
        let has_column = chiefs.iter().any(|a| self.roster.columns.contains_key(a.key));
        let held = chiefs.iter().filter(|a| attrs.get(a.key).is_some_and(|(v, _)| v.as_set().is_none_or(|s| !s.is_empty()))).count();
        if has_column && held != 1 {
            let keys = chiefs.iter().map(|a| format!("`{}`", a.key)).collect::<Vec<_>>().join(" or ");
            let what = if held == 0 { "no row says" } else { "the rows say more than one of" };
            trouble(format!("{email}: {what} {keys}; where a blank cell means something, write it in `words`: {{\"\": ...}}"));
            return None;
        }
        let status = match (&self.roster.status, status) {
            (Some(_), None) => {
                trouble(format!("{email}: no row has a status; where a blank cell means something, write it in `words`: {{\"\": ...}}"));
                return None;
            }
            (_, status) => status.map_or(Status::Active, |(status, _)| status),
        };
        let end = attrs.get("end").and_then(|(end, _)| end.as_day());
        let known: BTreeMap<Key, Known<Value>> = self.known(attrs);
        Some(Live { phase: self.phase(status, end), email, id: None, attrs: known.into() })
    }

    /// A product that ends access by itself has done so by now, though the export is older.
    fn phase(&self, status: Status, end: Option<Date>) -> Phase {
        let today = self.now.to_zoned(self.tenant.zone.clone()).date();
        let is_over = self.spec.has_native_ends() && end.is_some_and(|end| end < today);
        match status {
            Status::Pending | Status::Active | Status::Locked if is_over => Phase::Expired,
            // An export says neither when an invitation went out nor how often.
            Status::Pending => Phase::Pending { sent: None, attempts: None, state: Invitation::Open },
            Status::Active => Phase::Active,
            Status::Locked => Phase::Locked,
            Status::Expired => Phase::Expired,
            Status::Suspended => Phase::Suspended,
        }
    }

    /// What stands in the columns, a blank cell as the nothing that the planner takes it for.
    ///
    /// To a bounded actor an export shows the scopes that the actor has; whether there are more it
    /// does not tell (SYSTEMS.md E2, E4).
    fn known(&self, mut attrs: BTreeMap<Key, (Value, u32)>) -> BTreeMap<Key, Known<Value>> {
        let sees_all = (self.spec.sees_all)(self.tenant);
        let mut known = BTreeMap::new();
        for key in self.roster.columns.keys() {
            // One chief attribute of several is held; the others are not theirs to be blank.
            let blank = || self.spec.attr(key).filter(|_| !self.spec.is_chief(key)).and_then(|attr| attr.kind.nothing());
            let value = attrs.remove(key).map(|(value, _)| value).or_else(blank);
            let is_scope = |a: &AttrSpec| a.axis == Axis::Where && matches!(a.kind, Kind::Set { denies: false, .. });
            if !sees_all && self.spec.attr(key).is_some_and(is_scope) {
                known.insert(*key, Known::Partly(value.unwrap_or_else(|| Value::Set(BTreeSet::new()))));
            } else if let Some(value) = value {
                known.insert(*key, Known::Seen(value));
            }
        }
        known
    }
}

impl Person {
    /// Adds what one more row says.
    ///
    /// # Errors
    /// Another single value than an earlier row's.
    fn takes(&mut self, attr: &AttrSpec, value: Value, line: u32) -> Result<(), String> {
        match self.attrs.entry(attr.key) {
            Entry::Vacant(free) => {
                free.insert((value, line));
            }
            Entry::Occupied(mut there) => match (there.get_mut(), value) {
                ((Value::Set(held), _), Value::Set(more)) => held.extend(more),
                ((held, _), value) if *held == value => {}
                ((held, before), value) => {
                    return Err(said_before(&self.email, attr.key, &shown(&value), &shown(held), *before));
                }
            },
        }
        Ok(())
    }
}

fn said_before(email: &Email, key: &str, now: &str, before: &str, line: u32) -> String {
    format!("{email}: `{key}` is {} here and {} in line {line}: which of them holds?", quoted(now), quoted(before))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(name) => name.as_str().to_owned(),
        Value::One(word) => word.as_str().to_owned(),
        Value::Day(None) => "no end".into(),
        other => other.to_json().to_string().trim_matches('"').to_owned(),
    }
}

/// A word that nobody explained, with the nearest one that is known.
fn unknown<'w>(key: &str, cell: &str, ours: impl Iterator<Item = &'w str> + Clone, theirs: impl Iterator<Item = &'w String>) -> String {
    let known: Vec<&str> = ours.clone().chain(theirs.map(String::as_str)).filter(|w| !w.is_empty()).collect();
    let near = nearest(cell, known).map(|n| format!("; the nearest is {}", quoted(n))).unwrap_or_default();
    let some: Vec<&str> = ours.take(20).collect();
    format!("{} is no word of `{key}` that is known{near}; say in `words` which of {} it is", quoted(cell), some.join(", "))
}

/// One name from its one or two cells, white space and line breaks in it as single spaces.
fn name(cells: &[&str]) -> Result<Name, String> {
    let parts: Vec<String> = cells.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    if parts.iter().map(String::len).sum::<usize>() > LONGEST {
        return Err(format!("a name of more than {LONGEST} bytes"));
    }
    Ok(match &parts[..] {
        [given, family] => Name::of(given, family),
        all => Name::new(&all.join(" ")),
    })
}
