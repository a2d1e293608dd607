//! The keys of a connection that say how an export is read: of the backend `roster`, and of `also`
//! beside a backend that cannot read everything. The export itself is not looked at here: a
//! manifest is right or wrong whatever lies beside it, and `validate` reads no account.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::attribute::{self, Rule};
use super::connection::below;
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{BackendName, Diagnostic, read};
use crate::model::{Encoding, Key, Located, Roster, Status, Value, is_unprintable};
use crate::systems::{AttrSpec, Kind, SystemSpec};

/// Keys that describe an export.
const KEYS: [&str; 7] = ["columns", "words", "separator", "encoding", "exported", "max-age", "final-line-break"];
/// The word for "no end" in `words.end`.
const NO_END: &str = "none";

/// The export of a connection, where it has one. All that is wrong with its keys is said, also
/// where there is none.
pub(super) fn lower(
    sink: &mut Sink,
    at: Cursor<'_>,
    spec: Option<&'static SystemSpec>,
    backend: Option<BackendName>,
    facts: &BTreeMap<Key, Value>,
) -> Option<Roster> {
    let backend = backend?;
    let file = file(sink, at, backend);
    let Some(file) = file else {
        for value in KEYS.iter().filter_map(|key| at.get(key)) {
            if backend != BackendName::Roster && at.get("also").is_none() {
                let message = format!("the backend `{}` reads no export", backend.word());
                let hint = "it belongs to `backend: roster`, or to `also: {roster: FILE}` beside a network backend";
                sink.say(Diagnostic::error("not-for-this-backend", message, value.key_place()).hint(hint));
            }
        }
        return None;
    };
    let spec = spec?;
    let age = Age::of(sink, at);
    let separator = at.get("separator").and_then(|s| separator(sink, s));
    let encoding = at.get("encoding").and_then(|e| read::word(sink, e, &Encoding::ALL)).unwrap_or_default();
    let final_line_break = at.get("final-line-break").and_then(|f| read::flag(sink, f)).unwrap_or(true);
    let Some(columns) = at.get("columns") else {
        let message = "the key `columns` is missing: it says what stands in the export";
        let expected = "`columns: {email: HEADER, ...}`, with a header for each attribute that the export shows";
        sink.say(Diagnostic::error("missing-key", message, at.key_place()).expected(expected));
        return None;
    };
    let headers = Headers::of(sink, columns, spec, backend, facts)?;
    let (words, statuses) = at.get("words").map(|w| words(sink, w, spec, &headers, facts)).unwrap_or_default();
    Some(Roster {
        file,
        email: headers.email,
        status: headers.status,
        columns: headers.attrs,
        words,
        statuses,
        separator,
        encoding,
        exported: age.exported,
        max_age_hours: age.most,
        final_line_break,
    })
}

/// `file` of the backend `roster`, else `also: {roster: FILE}` of one on a network.
fn file(sink: &mut Sink, at: Cursor<'_>, backend: BackendName) -> Option<Located<PathBuf>> {
    let also = at.get("also");
    match (backend, also) {
        (BackendName::Roster, also) => {
            if let Some(also) = also {
                let message = "`also` is a second reading beside a network backend, and a roster is the first";
                sink.say(Diagnostic::error("not-for-this-backend", message, also.key_place()).hint("leave `also` out"));
            }
            let Some(value) = at.get("file") else {
                let message = "the key `file` is missing: the backend `roster` reads an export";
                sink.say(Diagnostic::error("missing-key", message, at.key_place()).expected("`file: EXPORT`, a path below this folder"));
                return None;
            };
            below(sink, value, "the export").map(|path| Located::new(path, value.place()))
        }
        (BackendName::Embedded, Some(also)) => {
            let message = format!("the backend `{}` reads everything itself", backend.word());
            sink.say(Diagnostic::error("not-for-this-backend", message, also.key_place()).hint("leave `also` out"));
            None
        }
        (BackendName::Embedded | BackendName::Bridge | BackendName::Scim, also) => {
            let value = also?.get("roster")?;
            below(sink, value, "the export").map(|path| Located::new(path, value.place()))
        }
    }
}

/// When it was exported, and how long that is good for.
struct Age {
    exported: Option<Timestamp>,
    most: Option<i64>,
}

impl Age {
    fn of(sink: &mut Sink, at: Cursor<'_>) -> Self {
        let exported = at.get("exported").and_then(|e| instant(sink, e));
        let most = at.get("max-age").and_then(|m| read::hours(sink, m));
        if let Some(found) = at.get("max-age")
            && at.get("exported").is_none()
        {
            let message = "`max-age` needs `exported`: the time of a file says when it was checked out, not when it was exported";
            sink.say(Diagnostic::error("missing-key", message, found.key_place()).expected("`exported: 2026-11-22T09:00:00Z`"));
        }
        Self { exported, most }
    }
}

fn instant(sink: &mut Sink, at: Cursor<'_>) -> Option<Timestamp> {
    let found = read::text(sink, at)?;
    let parsed = found.parse::<Timestamp>().ok();
    if parsed.is_none() {
        let message = format!("{} is no instant", quoted(found));
        sink.say(Diagnostic::error("bad-date", message, at.place()).expected("an instant with its offset, like 2026-11-22T09:00:00Z"));
    }
    parsed
}

/// May be white space: lists in a cell are often parted by line breaks.
fn separator(sink: &mut Sink, at: Cursor<'_>) -> Option<String> {
    let found = read::text(sink, at)?;
    if found.is_empty() {
        sink.say(Diagnostic::error("bad-word", "an empty separator", at.place()).hint("leave the key out where cells hold no lists"));
        return None;
    }
    Some(found.to_owned())
}

struct Headers {
    email: Located<String>,
    status: Option<Located<String>>,
    attrs: BTreeMap<Key, Vec<Located<String>>>,
}

impl Headers {
    fn of(sink: &mut Sink, at: Cursor<'_>, spec: &'static SystemSpec, backend: BackendName, facts: &BTreeMap<Key, Value>) -> Option<Self> {
        let mut attrs = BTreeMap::new();
        for (key, value) in at.map()? {
            let Some(attr) = spec.attr(key) else { continue };
            if !spec.has_column(attr) {
                let message = format!("{} has no ends of its own: no export shows one", spec.name);
                sink.say(Diagnostic::error("no-native-end", message, value.key_place()).hint(format!("leave `{key}` out")));
            } else if backend.reads().contains(&key) {
                let message = format!("the backend `{}` reads `{key}` itself", backend.word());
                sink.say(Diagnostic::error("not-for-this-backend", message, value.key_place()).hint("leave the column out"));
            } else if let Some((fact, word)) = attr.feature
                && !facts.get(fact).and_then(Value::as_set).is_some_and(|s| s.contains(word))
            {
                let message = format!("`{key}` needs the feature `{word}`, which is off in this account");
                let hint = format!("where it is on, write `{fact}: [{word}]` in the connection");
                sink.say(Diagnostic::error("feature-off", message, value.key_place()).hint(hint));
            } else if let Some(headers) = headers(sink, value, attr) {
                attrs.insert(attr.key, headers);
            }
        }
        let mut status = at.get("status");
        if let Some(found) = status.filter(|_| backend != BackendName::Roster) {
            // An export is older than what the backend shows: who was pending then may be active now.
            let message = format!("the backend `{}` says itself who is a member: an older status could contradict it", backend.word());
            sink.say(Diagnostic::error("not-for-this-backend", message, found.key_place()).hint("leave the column out"));
            status = None;
        }
        Some(Self { email: header(sink, at.get("email")?)?, status: status.and_then(|s| header(sink, s)), attrs })
    }
}

/// One header; of a name also two, given and family.
fn headers(sink: &mut Sink, at: Cursor<'_>, attr: &AttrSpec) -> Option<Vec<Located<String>>> {
    let is_name = matches!(attr.kind, Kind::Text);
    let Some(list) = at.list().filter(|_| is_name) else { return Some(vec![header(sink, at)?]) };
    let items: Vec<_> = list.collect();
    if items.is_empty() || items.len() > 2 {
        let message = "a name stands in one column, or in two";
        sink.say(Diagnostic::error("wrong-value", message, at.start_place()).expected("`[GIVEN, FAMILY]`, the headers of the two"));
        return None;
    }
    items.into_iter().map(|item| header(sink, item)).collect()
}

/// A header as the export has it; white space around it does not count, on either side.
fn header(sink: &mut Sink, at: Cursor<'_>) -> Option<Located<String>> {
    if at.list().is_some() || at.map().is_some() {
        sink.say(wrong_type(at, "a header of the export"));
        return None;
    }
    read::plain(sink, at).map(|text| Located::new(text.to_owned(), at.place()))
}

type Words = BTreeMap<Key, BTreeMap<String, Value>>;

fn words(
    sink: &mut Sink,
    at: Cursor<'_>,
    spec: &'static SystemSpec,
    headers: &Headers,
    facts: &BTreeMap<Key, Value>,
) -> (Words, BTreeMap<String, Status>) {
    let (mut all, mut statuses) = (Words::new(), BTreeMap::new());
    for (key, value) in at.map().into_iter().flatten() {
        let attr = spec.attr(key);
        // An unknown key was said by its shape.
        if attr.is_none() && key != "status" {
            continue;
        }
        let has_column = if key == "status" { headers.status.is_some() } else { headers.attrs.contains_key(key) };
        if !has_column {
            let message = format!("these words are read nowhere: `columns` has no `{key}`");
            sink.say(Diagnostic::error("missing-key", message, value.key_place()).hint(format!("add `{key}: HEADER` to `columns`")));
            continue;
        }
        let Some(pairs) = value.map() else { continue };
        for (theirs, ours) in pairs {
            let trimmed = theirs.trim();
            if trimmed.chars().any(|c| is_unprintable(c) && c != '\n') {
                let message = format!("{} holds a control or invisible formatting character", quoted(theirs));
                sink.say(Diagnostic::error("control-character", message, ours.key_place()));
                continue;
            }
            match attr {
                None => {
                    if let Some(status) = read::word(sink, ours, &Status::ALL) {
                        statuses.insert(trimmed.to_owned(), status);
                    }
                }
                Some(attr) => {
                    if let Some(value) = meaning(sink, ours, attr, facts) {
                        all.entry(attr.key).or_default().insert(trimmed.to_owned(), value);
                    }
                }
            }
        }
    }
    (all, statuses)
}

/// What one of their words means: a word of ours, for a set also none or several.
fn meaning(sink: &mut Sink, at: Cursor<'_>, attr: &AttrSpec, facts: &BTreeMap<Key, Value>) -> Option<Value> {
    // What an export shows need not be assignable: emma-hq's parent stands there, too.
    let held = Rule::Held(facts);
    match &attr.kind {
        Kind::Set { .. } if at.list().is_none() => attribute::single(sink, at, attr, held),
        Kind::Day if at.text() == Some(NO_END) => Some(Value::Day(None)),
        kind => attribute::value(sink, at, kind, held),
    }
}
