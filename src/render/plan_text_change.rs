//! One change, or one blocked change, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::Value as Json;

use crate::model::{Action, Channel, Direction};
use crate::plan::{Cause, Risk};
use crate::systems;

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_view::{BlockedView, ChangeView, PlaceView, Shown};

/// The symbol of an action, readable without colour.
pub(super) fn symbol(action: Action) -> char {
    match action {
        Action::AllowDomain | Action::Invite | Action::Restore => '+',
        Action::Reinvite | Action::EditInvitation | Action::Edit => '~',
        Action::CancelInvitation | Action::Remove | Action::DisallowDomain => '-',
    }
}

pub(super) fn colour(action: Action, paint: Paint) -> anstyle::Style {
    match symbol(action) {
        '+' => paint.gives(),
        '-' => paint.takes(),
        _ => paint.alters(),
    }
}

/// What a reviewer must see before all else: who loses access, who comes to administer.
pub(super) fn comes_first(change: &ChangeView) -> bool {
    symbol(change.action.0) == '-' || change.administers || change.risk.0 == Risk::High
}

pub(super) fn write_change(out: &mut impl Write, change: &ChangeView, system: &str, paint: Paint) -> io::Result<()> {
    let (colour, alarm, faint) = (colour(change.action.0, paint), paint.alarm(), paint.faint());
    let high = change.risk.0 == Risk::High;
    let mark = if high { '!' } else { ' ' };
    write!(out, "  {colour}{}{colour:#}{alarm}{mark}{alarm:#}", symbol(change.action.0))?;
    write!(out, " {} {}", change.action.0.word(), Neutral(change.about()))?;
    write!(out, "  {faint}{}{faint:#}", direction(change.direction.0))?;
    if high {
        let what = if change.administers { "comes to administer" } else { "high risk" };
        write!(out, "  {alarm}{what}{alarm:#}")?;
    } else if change.administers {
        write!(out, "  comes to administer")?;
    }
    writeln!(out)?;
    write_difference(out, change.before.as_ref(), change.after.as_ref(), system, paint)?;
    write_reason(out, change.reason.as_deref(), change.place.as_ref(), paint)?;
    if change.cause.0 != Cause::Undetermined || change.causes.values().any(|c| c.0 != Cause::Undetermined) {
        let each: Vec<String> = change.causes.iter().map(|(k, c)| format!("{} {}", Neutral(k), c.0.word())).collect();
        let each = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
        writeln!(out, "       cause: {}{each}", change.cause.0.word())?;
    }
    write_notes(out, &change.notes)?;
    for id in &change.waits_for {
        writeln!(out, "       after: {}", Neutral(id))?;
    }
    write_calls(out, change, system, paint)
}

/// How it is made, and by whom.
fn write_calls(out: &mut impl Write, change: &ChangeView, system: &str, paint: Paint) -> io::Result<()> {
    let faint = paint.faint();
    let calls: Vec<String> = change.calls.iter().map(|c| Neutral(c).to_string()).collect();
    let mails = match (change.mails, change.action.0) {
        (true, _) => "; the system mails them",
        // SYSTEMS.md M3: the link is the only delivery.
        (false, Action::Invite | Action::Reinvite) if systems::find(system).is_some_and(|s| s.invitation.link) => {
            "; no mail, the link is to be handed over"
        }
        // SYSTEMS.md E8: somebody must tell the person.
        (false, Action::Invite) => "; created, no mail",
        (false, _) => "",
    };
    let digest = change.digest.split_once(':').map_or(change.digest.as_str(), |(_, hex)| hex);
    let short: String = digest.chars().take(12).collect();
    writeln!(out, "       {faint}{}: {}{mails} [{short}]{faint:#}", change.channel.0.word(), calls.join(", then "))?;
    if !change.manual.is_empty() {
        let alarm = paint.alarm();
        let manual: Vec<String> = change.manual.iter().map(|c| Neutral(c).to_string()).collect();
        let proof = match change.unverifiable.join(", ") {
            _ if change.channel.0 == Channel::Unverifiable => "; nothing can read it back".to_owned(),
            none if none.is_empty() => none,
            keys => format!("; nothing can read {} back", Neutral(&keys)),
        };
        writeln!(out, "       {alarm}by hand:{alarm:#} {}{proof}", manual.join(", then "))?;
    }
    Ok(())
}

pub(super) fn write_blocked(out: &mut impl Write, blocked: &BlockedView, system: &str, paint: Paint) -> io::Result<()> {
    let alarm = paint.alarm();
    write!(out, "  {alarm}x{alarm:#}  {} {}", blocked.action.0.word(), Neutral(blocked.about()))?;
    write!(out, "  blocked: {}; needs {}", blocked.code, Neutral(&blocked.needs))?;
    writeln!(out, "{}", if blocked.accepted { " (accept-blocked)" } else { "" })?;
    write_difference(out, blocked.before.as_ref(), blocked.after.as_ref(), system, paint)?;
    write_reason(out, blocked.reason.as_deref(), blocked.place.as_ref(), paint)?;
    write_notes(out, &blocked.notes)
}

fn write_notes(out: &mut impl Write, notes: &[String]) -> io::Result<()> {
    for note in notes {
        match in_words(note) {
            Some(words) => writeln!(out, "       note: {}: {words}", Neutral(note))?,
            None => writeln!(out, "       note: {}", Neutral(note))?,
        }
    }
    Ok(())
}

fn write_reason(out: &mut impl Write, reason: Option<&str>, place: Option<&PlaceView>, paint: Paint) -> io::Result<()> {
    let faint = paint.faint();
    match (reason, place) {
        (Some(reason), Some(place)) => writeln!(out, "       {} {faint}({}){faint:#}", Neutral(reason), at(place)),
        (Some(reason), None) => writeln!(out, "       {}", Neutral(reason)),
        (None, Some(place)) => writeln!(out, "       {faint}{}{faint:#}", at(place)),
        (None, None) => Ok(()),
    }
}

/// `file:line:column`, as editors open it.
pub(super) fn at(place: &PlaceView) -> String {
    format!("{}:{}:{}", Neutral(&place.file), place.line, place.column)
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Widens | Direction::Narrows | Direction::Neither => direction.word(),
        Direction::Both => "both widens and narrows",
    }
}

/// One line an attribute, in the order of the system's literals: its value where there is one
/// side, `old -> new` or `+added -taken` where there are two.
fn write_difference(out: &mut impl Write, before: Option<&Shown>, after: Option<&Shown>, system: &str, paint: Paint) -> io::Result<()> {
    let spec = systems::find(system);
    let attrs = spec.map_or(&[][..], |s| s.attrs);
    // One chief attribute of several is held: beside another one, what does not stand is none.
    let lacks = |side: Option<&Shown>, key: &str| match spec.filter(|s| s.is_chief(key)).zip(side) {
        Some((spec, side)) if spec.chiefs().any(|a| a.key != key && side.contains_key(a.key)) => "(none)",
        _ => "(unknown)",
    };
    let keys: BTreeSet<&String> = before.into_iter().chain(after).flat_map(Shown::keys).collect();
    let mut keys: Vec<&String> = keys.into_iter().collect();
    keys.sort_by_key(|k| attrs.iter().position(|a| a.key == k.as_str()).unwrap_or(attrs.len()));
    let width = keys.iter().map(|k| k.chars().count()).max().unwrap_or(0);
    for key in keys {
        write!(out, "       {:width$}  ", Neutral(key).to_string())?;
        let (old, new) = (before.map(|b| b.get(key)), after.map(|a| a.get(key)));
        match (old, new) {
            (Some(old), Some(new)) => write_both(out, old, new, [lacks(before, key), lacks(after, key)], paint)?,
            (Some(Some(only)), None) | (None, Some(Some(only))) => write!(out, "{}", value(only))?,
            (Some(None) | None, None) | (None, Some(None)) => {}
        }
        writeln!(out)?;
    }
    Ok(())
}

/// `lacks` is what a side says that has no value.
fn write_both(out: &mut impl Write, old: Option<&Json>, new: Option<&Json>, lacks: [&str; 2], paint: Paint) -> io::Result<()> {
    let (gives, takes) = (paint.gives(), paint.takes());
    match (old, new) {
        (Some(Json::Array(old)), Some(Json::Array(new))) if old != new => {
            let mut parts: Vec<String> = Vec::new();
            parts.extend(new.iter().filter(|w| !old.contains(w)).map(|w| format!("{gives}+{}{gives:#}", item(w))));
            parts.extend(old.iter().filter(|w| !new.contains(w)).map(|w| format!("{takes}-{}{takes:#}", item(w))));
            let kept: Vec<String> = old.iter().filter(|w| new.contains(w)).map(item).collect();
            if !kept.is_empty() {
                parts.push(format!("(keeps {})", kept.join(", ")));
            }
            write!(out, "{}", parts.join(" "))
        }
        (old, new) if old == new => write!(out, "{}", new.map_or_else(String::new, value)),
        (old, new) => {
            let shown = |v: Option<&Json>, lacks: &str| v.map_or_else(|| lacks.to_owned(), value);
            let [had, has] = lacks;
            write!(out, "{takes}{}{takes:#} -> {gives}{}{gives:#}", shown(old, had), shown(new, has))
        }
    }
}

pub(super) fn members(n: usize) -> String {
    format!("{n} {}", if n == 1 { "member" } else { "members" })
}

/// A value on one line.
pub(super) fn value(json: &Json) -> String {
    match json {
        Json::Null => "(none)".to_owned(),
        Json::Array(words) if words.is_empty() => "(none)".to_owned(),
        Json::Array(words) => words.iter().map(item).collect::<Vec<_>>().join(", "),
        Json::String(text) => Neutral(text).to_string(),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => Neutral(&json.to_string()).to_string(),
    }
}

/// One word of a list, quoted where its end would not be plain.
fn item(word: &Json) -> String {
    let shown = value(word);
    if !shown.contains([' ', ',', '"', '(', ')']) {
        return shown;
    }
    let mut quoted = String::from("\"");
    for c in shown.chars() {
        let _ = if c == '"' { quoted.write_str("\\\"") } else { quoted.write_char(c) };
    }
    quoted + "\""
}

/// What a stable word among the notes means.
fn in_words(note: &str) -> Option<&'static str> {
    match note {
        "end-cleared" => Some("the entry has no end, so the one found goes"),
        "end-by-portcullis" => Some("the first run after that day ends the access"),
        "end-blocked" => Some("once accepted, this actor may not end the access after that day"),
        "end-by-hand" => Some("somebody ends the access, by the runbook of the first run after that day"),
        "rolling-end" => Some("extended while it comes near, up to the day in the entry"),
        "gives-nothing" => Some("without a scope the role holds nowhere"),
        "left-empty" => Some("the membership stays, without any access, until somebody who sees everyone deletes it"),
        "name-deferred" => Some("set once the person has registered"),
        "switches-whitelist-on" => Some("from now on only listed domains may come in"),
        _ => None,
    }
}
