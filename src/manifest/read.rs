//! One value from one scalar, or a located message: addresses, domains, days, zones, durations,
//! words. Nothing here knows where in a manifest it is.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Diagnostic;
use super::cursor::{Cursor, Sink};
use super::diagnostic::{nearest, quoted};
use super::scalar::ScalarKind;
use super::shape::wrong_type;
use crate::model::{Atom, BadWord, Domain, Email, Located, Name, is_unprintable};

/// The longest name or reason, in bytes.
const LONGEST: usize = 4096;

/// A scalar's text.
pub(super) fn text<'a>(sink: &mut Sink, at: Cursor<'a>) -> Option<&'a str> {
    let text = at.text();
    if text.is_none() {
        sink.say(wrong_type(at, "a text"));
    }
    text
}

/// A list's items.
pub(super) fn list<'a>(sink: &mut Sink, at: Cursor<'a>) -> Option<impl ExactSizeIterator<Item = Cursor<'a>> + use<'a>> {
    let list = at.list();
    if list.is_none() {
        sink.say(wrong_type(at, "a list"));
    }
    list
}

/// A mapping's entries.
pub(super) fn map<'a>(sink: &mut Sink, at: Cursor<'a>) -> Option<impl ExactSizeIterator<Item = (&'a str, Cursor<'a>)> + use<'a>> {
    let map = at.map();
    if map.is_none() {
        sink.say(wrong_type(at, "a mapping"));
    }
    map
}

/// A word: a role, a subaccount, a person's id.
pub(super) fn atom(sink: &mut Sink, at: Cursor<'_>) -> Option<Atom> {
    let text = text(sink, at)?;
    match sink.words.atom(text) {
        Ok(atom) => Some(atom),
        Err(why) => {
            sink.say(bad_word(text, why, at.place()));
            None
        }
    }
}

/// A key that is a name: of a connection, a person, a team, an account.
pub(super) fn name_of_key(sink: &mut Sink, key: &str, at: Cursor<'_>) -> Option<Atom> {
    match sink.words.atom(key) {
        Ok(atom) => Some(atom),
        Err(why) => {
            sink.say(bad_word(key, why, at.key_place()));
            None
        }
    }
}

/// The same where the name is declared, and so is met for the first time.
pub(super) fn declared(sink: &mut Sink, key: &str, at: Cursor<'_>) -> Option<Atom> {
    Atom::new(key).map_err(|why| sink.say(bad_word(key, why, at.key_place()))).ok()
}

fn bad_word(text: &str, why: BadWord, place: crate::model::Place) -> Diagnostic {
    let code = match why {
        BadWord::Control => "control-character",
        BadWord::Empty | BadWord::Padded | BadWord::Long => "bad-word",
    };
    Diagnostic::error(code, format!("{} {why}", quoted(text)), place)
}

/// A person's name. Its text is the value, whatever YAML takes it for.
pub(super) fn name(sink: &mut Sink, at: Cursor<'_>) -> Option<Located<Name>> {
    plain(sink, at).map(|text| Located::new(Name::new(text), at.place()))
}

/// A short text without characters that act or hide.
pub(super) fn plain<'a>(sink: &mut Sink, at: Cursor<'a>) -> Option<&'a str> {
    let found = text(sink, at)?.trim();
    if found.is_empty() {
        sink.say(Diagnostic::error("bad-word", "an empty text", at.place()).hint("leave the key out"));
        return None;
    }
    if found.len() > LONGEST {
        sink.say(Diagnostic::error("bad-word", format!("a text longer than {LONGEST} bytes"), at.start_place()));
        return None;
    }
    if let Some(c) = found.chars().find(|c| is_unprintable(*c)) {
        sink.say(Diagnostic::error(
            "control-character",
            format!("a control or invisible formatting character (U+{:04X})", u32::from(c)),
            at.place(),
        ));
        return None;
    }
    Some(found)
}

/// Why something is granted: one or more lines.
pub(super) fn reason(sink: &mut Sink, at: Cursor<'_>) -> Option<Arc<str>> {
    let found = text(sink, at)?.trim();
    if let Some(c) = found.chars().find(|c| is_unprintable(*c) && *c != '\n') {
        sink.say(Diagnostic::error(
            "control-character",
            format!("a control or invisible formatting character (U+{:04X})", u32::from(c)),
            at.place(),
        ));
        return None;
    }
    if found.len() > LONGEST {
        sink.say(Diagnostic::error("bad-word", format!("a text longer than {LONGEST} bytes"), at.start_place()));
        return None;
    }
    Some(if found.contains('\n') { found.replace('\n', " ").into() } else { found.into() })
}

pub(super) fn email(sink: &mut Sink, at: Cursor<'_>) -> Option<Located<Email>> {
    let found = text(sink, at)?;
    match Email::parse(found) {
        Ok(email) => Some(Located::new(email, at.place())),
        Err(why) => {
            sink.say(
                Diagnostic::error("bad-address", format!("{} is no e-mail address: {why}", quoted(found)), at.place())
                    .expected("an address like ada@acme.example"),
            );
            None
        }
    }
}

pub(super) fn domain(sink: &mut Sink, at: Cursor<'_>) -> Option<Located<Domain>> {
    let found = text(sink, at)?;
    match Domain::parse(found) {
        Ok(domain) => Some(Located::new(domain, at.place())),
        Err(_) => {
            sink.say(
                Diagnostic::error("bad-domain", format!("{} is no domain name", quoted(found)), at.place())
                    .expected("a domain like acme.example"),
            );
            None
        }
    }
}

/// A civil day, `2026-12-31` and nothing else.
pub(super) fn day(sink: &mut Sink, at: Cursor<'_>) -> Option<Located<Date>> {
    let found = text(sink, at)?;
    let bytes = found.as_bytes();
    let is_day = bytes.len() == 10 && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    match found.parse::<Date>() {
        Ok(day) if is_day => Some(Located::new(day, at.place())),
        _ => {
            let diagnostic = Diagnostic::error("bad-date", format!("{} is no day", quoted(found)), at.place())
                .expected("a day of the calendar like 2026-12-31");
            sink.say(if is_day { diagnostic.hint("the calendar has no such day") } else { diagnostic });
            None
        }
    }
}

pub(super) fn zone(sink: &mut Sink, at: Cursor<'_>) -> Option<TimeZone> {
    let found = text(sink, at)?;
    if let Ok(zone) = TimeZone::get(found) {
        return Some(zone);
    }
    let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    let diagnostic =
        Diagnostic::error("bad-zone", format!("{} is no time zone", quoted(found)), at.place()).expected("an IANA name like Europe/Paris");
    sink.say(match nearest(found, names.iter().map(String::as_str)) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic,
    });
    None
}

/// `3d`, `36h`: in hours.
pub(super) fn hours(sink: &mut Sink, at: Cursor<'_>) -> Option<i64> {
    let found = text(sink, at)?;
    let hours = hours_of(found);
    if hours.is_none() {
        sink.say(
            Diagnostic::error("bad-duration", format!("{} is no duration", quoted(found)), at.place())
                .expected("days, weeks or hours, like 3d, 2w or 36h"),
        );
    }
    hours
}

/// The hours of `3d`, `2w` or `36h`.
pub fn hours_of(text: &str) -> Option<i64> {
    let unit = |suffix: char, hours: i64| {
        let digits = text.strip_suffix(suffix)?;
        let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse::<i64>().ok())?.map(|n| n * hours)
    };
    unit('d', 24).or_else(|| unit('w', 7 * 24)).or_else(|| unit('h', 1))
}

/// A whole number that is not negative.
pub(super) fn count(sink: &mut Sink, at: Cursor<'_>) -> Option<u32> {
    let found = match at.scalar() {
        Some(ScalarKind::Int(n)) => u32::try_from(n).ok(),
        _ => None,
    };
    if found.is_none() {
        sink.say(match at.scalar() {
            Some(ScalarKind::Int(_) | ScalarKind::UInt(_)) => {
                Diagnostic::error("wrong-value", "a number out of range", at.place()).expected("a whole number from 0 to 4294967295")
            }
            _ => wrong_type(at, "a whole number"),
        });
    }
    found
}

/// `true` or `false`.
pub(super) fn flag(sink: &mut Sink, at: Cursor<'_>) -> Option<bool> {
    match at.scalar() {
        Some(ScalarKind::Bool(b)) => Some(b),
        _ => {
            sink.say(wrong_type(at, "true or false"));
            None
        }
    }
}

/// One of a few fixed words.
pub(super) fn word<T: Copy>(sink: &mut Sink, at: Cursor<'_>, words: &[(&str, T)]) -> Option<T> {
    let found = text(sink, at)?;
    let meant = words.iter().find(|(w, _)| *w == found).map(|(_, t)| *t);
    if meant.is_none() {
        sink.say(unknown_word(found, words.iter().map(|(w, _)| *w), at));
    }
    meant
}

/// A word that is none of those that its place takes, with the nearest one.
pub(super) fn unknown_word<'w>(found: &str, words: impl Iterator<Item = &'w str>, at: Cursor<'_>) -> Diagnostic {
    let words: Vec<_> = words.collect();
    let diagnostic = Diagnostic::error("unknown-word", format!("{} is none of the words that are known here", quoted(found)), at.place());
    let diagnostic = if words.is_empty() { diagnostic } else { diagnostic.expected(one_of(words.iter().copied())) };
    match nearest(found, words.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// "one of a, b, c", cut where it grows long.
pub(super) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    const MOST: usize = 20;
    let mut words = words.map(|w| w.chars().take(60).collect::<String>());
    let shown: Vec<_> = words.by_ref().take(MOST).collect();
    let more = if words.next().is_some() { " and more" } else { "" };
    format!("one of {}{more}", shown.join(", "))
}
