//! What ends soon as iCalendar (RFC 5545), to subscribe to: an all-day event for each. Written here:
//! the crates that write it bring a second library of dates with them, for a format of text lines.

use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::expiring::{ExpiringView, ExpiryView};
use super::neutral::Neutral;
use super::plan_view::TOOL;

/// Octets of a line, its end apart (RFC 5545 §3.1).
const LINE: usize = 75;

/// Writes the calendar. An account that was not read whole is an event of its own, on the day of the
/// run: a calendar has no exit code.
///
/// # Errors
/// What the stream answers.
pub fn write(out: &mut impl Write, view: &ExpiringView) -> io::Result<()> {
    let stamp = stamp(&view.as_of);
    let today = stamp.get(..8).unwrap_or_default().to_owned();
    let mut text = String::new();
    for (name, value) in [("BEGIN", "VCALENDAR"), ("VERSION", "2.0")] {
        line(&mut text, name, value);
    }
    line(&mut text, "PRODID", &format!("-//portcullis//{TOOL}//EN"));
    for (name, value) in [("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH"), ("X-WR-CALNAME", "Access that ends")] {
        line(&mut text, name, value);
    }
    for account in view.unread() {
        let how = if account.is_read { "is not seen whole" } else { "could not be read" };
        let summary = format!("{} {how}: more may end than this calendar shows", account.account);
        let event = Event { key: format!("unread {}", account.account), day: &today, summary, details: account.problems.join("\n") };
        event.write(&mut text, &stamp);
    }
    for one in &view.expiring {
        event(one).write(&mut text, &stamp);
    }
    line(&mut text, "END", "VCALENDAR");
    out.write_all(text.as_bytes())
}

struct Event<'a> {
    /// The same for the same fact, whenever it is told.
    key: String,
    /// `2026-12-04`, or without the dashes.
    day: &'a str,
    summary: String,
    details: String,
}

fn event(one: &ExpiryView) -> Event<'_> {
    let sandbox = if one.sandbox { "SANDBOX: " } else { "" };
    let who = one.name.as_deref().map_or_else(|| one.member.clone(), |name| format!("{name} ({})", one.member));
    let mut details = one.details();
    details.extend(one.asked());
    let is_sure = one.ending.0 == crate::plan::Ending::Invitation || one.blocked.is_none() && one.stopped_by.is_empty();
    let is_sure = is_sure && one.seen.0 != crate::plan::Sight::Nothing;
    let what = if is_sure { one.loss() } else { one.headline() };
    let condition = if one.only_if_nothing_runs { " only if nothing runs" } else { "" };
    let place = one.place.as_ref().map(|p| p.file.as_str()).unwrap_or_default();
    let rest = if one.rest { "\nrest" } else { "" };
    Event {
        key: [&one.account, &one.member, one.ending.0.word(), one.why.0.word(), &one.on, place].join("\n") + rest,
        day: &one.on,
        summary: format!("{sandbox}{who} {what}{condition}: {}", one.account),
        details: details.join("\n"),
    }
}

impl Event<'_> {
    fn write(&self, text: &mut String, stamp: &str) {
        line(text, "BEGIN", "VEVENT");
        line(text, "UID", &uid(&self.key));
        line(text, "DTSTAMP", stamp);
        line(text, "DTSTART;VALUE=DATE", &self.day.replace('-', ""));
        line(text, "SUMMARY", &escaped(&self.summary));
        line(text, "DESCRIPTION", &escaped(&self.details));
        // Nobody is busy because of it.
        line(text, "TRANSP", "TRANSPARENT");
        line(text, "END", "VEVENT");
    }
}

/// A hash: an address in it would be one more copy of it in somebody's calendar.
fn uid(key: &str) -> String {
    let mut out = String::new();
    for byte in &Sha256::digest(key.as_bytes())[..16] {
        let _ = write!(out, "{byte:02x}");
    }
    out + "@portcullis"
}

/// `2026-11-22T09:00:00Z` as `20261122T090000Z`.
fn stamp(instant: &str) -> String {
    let seconds = instant.split('.').next().unwrap_or_default().trim_end_matches('Z');
    seconds.replace(['-', ':'], "") + "Z"
}

/// A text (RFC 5545 §3.3.11): line breaks of ours become `\n`, those from outside are neutralised with
/// whatever else hides.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, part) in text.split('\n').enumerate() {
        if i > 0 {
            out.push_str("\\n");
        }
        for c in Neutral(part).to_string().chars() {
            if matches!(c, '\\' | ';' | ',') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// A content line, folded between characters.
fn line(text: &mut String, name: &str, value: &str) {
    let mut used = 0;
    for c in name.chars().chain([':']).chain(value.chars()) {
        if used + c.len_utf8() > LINE {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(c);
        used += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_75_octets_between_characters() {
        let mut text = String::new();
        line(&mut text, "SUMMARY", &"\u{e9}".repeat(100));
        assert!(text.ends_with("\r\n"));
        let lines: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| l.len() <= LINE) && lines[0].len() >= LINE - 1, "{lines:?}");
        let unfolded = lines.iter().enumerate().map(|(i, l)| if i == 0 { *l } else { l.strip_prefix(' ').unwrap() }).collect::<String>();
        assert_eq!(unfolded, format!("SUMMARY:{}", "\u{e9}".repeat(100)));
        let mut exact = String::new();
        line(&mut exact, "A", &"b".repeat(73));
        assert_eq!(exact, format!("A:{}\r\n", "b".repeat(73)));
    }

    #[test]
    fn text_from_outside_stays_one_value() {
        assert_eq!(escaped("a,b;c\\d"), "a\\,b\\;c\\\\d");
        assert_eq!(escaped("two\nlines"), "two\\nlines");
        assert_eq!(escaped("x\r\u{1b}[2J\u{202e}"), "x\\\\u{d}\\\\u{1b}[2J\\\\u{202e}");
    }

    #[test]
    fn a_stamp_is_whole_seconds_in_utc() {
        assert_eq!(stamp("2026-11-22T09:00:00Z"), "20261122T090000Z");
        assert_eq!(stamp("2026-11-22T09:00:00.25Z"), "20261122T090000Z");
    }

    #[test]
    fn a_uid_is_the_same_for_the_same_fact_and_names_nobody() {
        assert_eq!(uid("a"), uid("a"));
        assert_ne!(uid("a"), uid("b"));
        assert_eq!(uid("a").len(), "@portcullis".len() + 32);
    }
}
