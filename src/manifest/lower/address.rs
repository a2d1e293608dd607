//! What resolved addresses must not be: claimed by two people, listed and ignored, listed and
//! absent, protected and gone. People and teams are looked through.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::manifest::cursor::Sink;
use crate::manifest::diagnostic::quoted;
use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, Leaves, Manifests, Pattern, Person, Teams, Who};
use crate::model::{Atom, Email, Index, Located, Place};

/// Who claims which address, past ones included.
pub(super) struct Book {
    claims: Claims,
    /// Addresses for one account alone: there nobody else may have them, anywhere.
    in_account: BTreeMap<Atom, Claims>,
}

type Claims = Index<Email, (Atom, Place)>;

impl Book {
    /// With room for the addresses of so many.
    pub fn of(people: usize) -> Self {
        Self { claims: Claims::with_capacity(people), in_account: BTreeMap::new() }
    }

    /// Adds a person, in the order of files and lines.
    pub fn add(&mut self, id: &Atom, person: &Person, sink: &mut Sink) {
        for email in std::iter::once(&person.email).chain(&person.previously) {
            claim(&mut self.claims, id, email, sink);
        }
    }

    /// Adds a person's addresses for single accounts, once everybody was added. The address for all
    /// accounts stays a claim there: it is a previous one (see [`Person::past_in`]).
    pub fn add_elsewhere(&mut self, id: &Atom, person: &Person, sink: &mut Sink) {
        for (account, other) in &person.accounts {
            if other.email.value == person.email.value {
                sink.say(twice(&other.email, &person.email.at));
            }
            let claims = self.in_account.entry(account.clone()).or_default();
            for email in std::iter::once(&other.email).chain(&other.previously) {
                match self.claims.get(&email.value) {
                    Some((owner, place)) if owner != id => sink.say(claimed(email, owner, place)),
                    Some(_) | None => claim(claims, id, email, sink),
                }
            }
        }
    }

    /// Whom the address means in this account.
    fn owner(&self, account: &Atom, email: &Email) -> Option<&Atom> {
        let here = self.in_account.get(account).and_then(|claims| claims.get(email));
        here.or_else(|| self.claims.get(email)).map(|(id, _)| id)
    }
}

fn claim(claims: &mut Claims, id: &Atom, email: &Located<Email>, sink: &mut Sink) {
    match claims.get(&email.value) {
        Some((other, place)) if other != id => sink.say(claimed(email, other, place)),
        Some((_, place)) => sink.say(twice(email, place)),
        None => {
            claims.insert(email.value.clone(), (id.clone(), email.at.clone()));
        }
    }
}

fn claimed(email: &Located<Email>, other: &Atom, first: &Place) -> Diagnostic {
    let message = format!("{} is the address of {} as well: one address is one person", email.value, quoted(other.as_str()));
    Diagnostic::error("address-claimed-twice", message, email.at.clone()).related(first.clone(), "first claimed here")
}

fn twice(email: &Located<Email>, first: &Place) -> Diagnostic {
    Diagnostic::warning("repeated-word", format!("{} stands here twice", email.value), email.at.clone())
        .related(first.clone(), "first given here")
}

/// Patterns; plain addresses and whole domains apart, so that a thousand of them are one look-up.
struct Ignored<'a> {
    plain: HashMap<&'a str, &'a Place>,
    /// Of `*@vendor.example`.
    domains: HashMap<&'a str, &'a Place>,
    wild: Vec<&'a Located<Pattern>>,
}

impl<'a> Ignored<'a> {
    fn of(patterns: &'a [Located<Pattern>]) -> Self {
        let (mut plain, mut domains, mut wild) = (HashMap::new(), HashMap::new(), Vec::new());
        for pattern in patterns {
            let text = pattern.value.as_str();
            match text.strip_prefix("*@") {
                Some(domain) if !domain.contains('*') => drop(domains.insert(domain, &pattern.at)),
                _ if !text.contains('*') => drop(plain.insert(text, &pattern.at)),
                _ => wild.push(pattern),
            }
        }
        Self { plain, domains, wild }
    }
    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.domains.is_empty() && self.wild.is_empty()
    }
    fn of_email(&self, email: &Email) -> Option<&'a Place> {
        let domain = email.key().split_once('@').map_or("", |(_, domain)| domain);
        let known = self.plain.get(email.key()).or_else(|| self.domains.get(domain)).copied();
        known.or_else(|| self.wild.iter().find(|p| p.value.matches(email)).map(|p| &p.at))
    }
}

/// An address that an entry makes a member, and whose.
struct Meant<'a> {
    id: Option<&'a Atom>,
    email: &'a Email,
    /// One that the person no longer has, under which they may still be a member.
    was: bool,
}

/// Everyone whom an entry names, by every address of theirs: an account may still know the old one.
fn meant<'a>(all: &'a Manifests, book: &'a Book, teams: &mut Teams<'a>, account: &'a Atom, who: &'a Who) -> Vec<Meant<'a>> {
    let addresses = |id: &'a Atom| {
        let person = all.people.get(id)?;
        let past = person.past_in(account.as_str()).map(move |email| Meant { id: Some(id), email: &email.value, was: true });
        Some(std::iter::once(Meant { id: Some(id), email: &person.email_in(account.as_str()).value, was: false }).chain(past))
    };
    match who {
        Who::Email(email) => match book.owner(account, email) {
            Some(id) => addresses(id).into_iter().flatten().collect(),
            None => vec![Meant { id: None, email, was: false }],
        },
        Who::Person(id) => addresses(id).into_iter().flatten().collect(),
        Who::Team(team) => teams.people(team).iter().filter_map(|id| addresses(id)).flatten().collect(),
    }
}

/// Checks every account.
pub(super) fn check(all: &Manifests, book: &Book, now: Timestamp, sink: &mut Sink) {
    let mut teams = Teams::of(all);
    let leavers: Vec<(&Atom, &Place)> = all.people.iter().filter_map(|(id, p)| Some((id, leaves_on_a_day(p)?))).collect();
    for (name, account) in &all.accounts {
        let connection = all.reached(name).map(|reached| reached.connection);
        let today = now.to_zoned(connection.and_then(|c| c.zone.clone()).unwrap_or(TimeZone::UTC)).date();
        protected(all, book, (name, account), today, sink);
        let ignored = Ignored::of(&account.ignore);
        let absent: BTreeMap<&Email, &Place> = account.absent.iter().map(|a| (&a.value, &a.at)).collect();
        let lacks_zone = connection.filter(|c| c.zone.is_none() && !leavers.is_empty()).map(|c| &c.at);
        if ignored.is_empty() && absent.is_empty() && lacks_zone.is_none() {
            continue;
        }
        let mut listed: HashSet<&Atom> = HashSet::new();
        for entry in &account.members {
            let meant = meant(all, book, &mut teams, name, &entry.who.value);
            let is_absent = |email: &Email| absent.get(email).copied();
            conflict(entry, &meant, is_absent, "listed-and-absent", "must be absent by `absent`", sink);
            conflict(entry, &meant, |email| ignored.of_email(email), "listed-and-ignored", "is ignored by `ignore`", sink);
            if let Some(connection) = lacks_zone {
                let leaver = meant.iter().find_map(|m| Some((m.id?, leaves_on_a_day(all.people.get(m.id?)?)?)));
                if let Some((id, leaves)) = leaver {
                    let message = format!("{} leaves on a day, and the connection of this account names no timezone", quoted(id.as_str()));
                    sink.say(without_zone(message, &entry.who.at, leaves).related(connection.clone(), "the connection"));
                }
                listed.extend(meant.iter().filter_map(|m| m.id));
            }
        }
        // `leaves` ends a membership that no entry asks for as well
        if let (Some(connection), Some((id, leaves))) = (lacks_zone, leavers.iter().find(|(id, _)| !listed.contains(id))) {
            let message = format!("{} leaves every account on a day, and this connection names no timezone", quoted(id.as_str()));
            sink.say(without_zone(message, connection, leaves));
        }
    }
}

fn leaves_on_a_day(person: &Person) -> Option<&Place> {
    person.leaves.as_ref().filter(|l| matches!(l.value, Leaves::On(_))).map(|l| &l.at)
}

fn without_zone(message: String, at: &Place, leaves: &Place) -> Diagnostic {
    Diagnostic::error("timezone-missing", message, at.clone())
        .hint("write `timezone: Europe/Paris` or the like in the connection")
        .related(leaves.clone(), "leaves on this day")
}

/// One message for an entry, however many of its people it is about.
fn conflict<'a>(
    entry: &EntryDoc,
    meant: &[Meant<'_>],
    find: impl Fn(&Email) -> Option<&'a Place>,
    code: &'static str,
    what: &str,
    sink: &mut Sink,
) {
    let mut found = meant.iter().filter_map(|m| Some((m, find(m.email)?)));
    let Some((one, place)) = found.next() else { return };
    let more = found.count();
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let is = if one.was { "is a previous address of a member here" } else { "is a member here" };
    let message = format!("{} {is} and {what}{more}: it cannot be both", one.email);
    let mut diagnostic = Diagnostic::error(code, message, entry.who.at.clone()).related(place.clone(), "the other one");
    if let Some(profile) = &entry.profile {
        diagnostic = diagnostic.related(profile.section.at.clone(), "the profile's section for this account");
    }
    sink.say(diagnostic);
}

/// `protect` refuses every change; somebody who left, or who must be absent, needs one.
fn protected(all: &Manifests, book: &Book, (name, account): (&Atom, &AccountDoc), today: jiff::civil::Date, sink: &mut Sink) {
    let absent: HashMap<&Email, &Place> = account.absent.iter().map(|a| (&a.value, &a.at)).collect();
    for email in &account.protect {
        let person = book.owner(name, &email.value).and_then(|id| all.people.get(id));
        let theirs = person.into_iter().flat_map(|p| p.addresses_in(name.as_str())).map(|e| &e.value);
        if let Some(place) = std::iter::once(&email.value).chain(theirs).find_map(|address| absent.get(address)) {
            let message = format!("{} is protected and must be absent: it cannot be both", email.value);
            sink.say(Diagnostic::error("protected-and-gone", message, email.at.clone()).related((*place).clone(), "`absent`"));
        }
        let Some(leaves) = person.and_then(|p| p.leaves.as_ref()) else { continue };
        let is_past = match leaves.value {
            Leaves::Now => true,
            Leaves::On(day) => day < today,
        };
        if let (false, Leaves::On(day)) = (is_past, leaves.value) {
            let message = format!("{} is protected and leaves on {day}: after that day the manifests are in error", email.value);
            let hint = "take it out of `protect` by then, or nothing more is planned";
            sink.say(
                Diagnostic::warning("protected-and-leaves", message, email.at.clone()).related(leaves.at.clone(), "leaves").hint(hint),
            );
        }
        if is_past {
            let message = format!("{} is protected and has left: it cannot be both", email.value);
            sink.say(Diagnostic::error("protected-and-gone", message, email.at.clone()).related(leaves.at.clone(), "has left"));
        }
    }
}
