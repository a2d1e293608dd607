//! Small changes to a manifest's text at known byte places. Nothing is written anew: comments, order
//! and style stay as they are. What a place does not allow is refused, for a person to do; whoever
//! asks loads the result and compares, so that a place misunderstood is never handed out.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::arena::{Entry, Item, Node, Span};
use super::cursor::Cursor;
use super::scalar::ScalarKind;
use super::source::Sources;
use crate::model::Place;

/// A text in place of a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    file: Arc<str>,
    at: Range<usize>,
    text: String,
}

/// A place that cannot be edited without writing more of the file anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoPlace {
    pub at: Place,
    pub why: &'static str,
}

const ALIAS: &str = "an alias stands here, and what it names may be used elsewhere";
const SHAPE: &str = "the lines here are of a shape that is not edited by a program";

/// Applies splices that do not overlap: for each file that they change, its new text.
pub(super) fn apply(sources: &Sources, mut splices: Vec<Splice>) -> BTreeMap<Arc<str>, String> {
    // From the end, so that places before stay true; of two at one place the later one first.
    splices.sort_by_key(|splice| std::cmp::Reverse((splice.at.start, splice.at.end)));
    let mut texts = BTreeMap::new();
    for splice in splices {
        let Some(source) = sources.get(&splice.file) else { continue };
        let text = texts.entry(splice.file).or_insert_with(|| source.text().to_owned());
        text.replace_range(splice.at, &splice.text);
    }
    texts
}

/// A scalar as a manifest writes it: quoted where YAML could take it for something else. For words
/// and addresses, which hold neither quotes nor backslashes.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-".contains(c));
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain && starts && (text.contains('@') || text == "now") { text.to_owned() } else { format!("\"{text}\"") }
}

/// Gives `key` this value, in place of one that is there.
pub(super) fn set(map: Cursor<'_>, key: &str, value: &str) -> Result<Splice, NoPlace> {
    let here = Here::of(map)?;
    let Node::Map(entries) = map.node() else { return Err(here.refuse(SHAPE)) };
    let own = here.own(entries);
    if let Some(entry) = own.iter().find(|e| e.key == key) {
        if entry.item.at.start < entry.key_at.end || entry.item.at.start == entry.item.at.end {
            return Err(here.refuse(SHAPE));
        }
        return Ok(here.splice(entry.item.at.bytes(), value.to_owned()));
    }
    let line = format!("{key}: {value}");
    if here.is_flow() {
        return Ok(match own.last() {
            Some(last) => here.insert(last.item.at.end.max(last.key_at.end), format!(", {line}")),
            None if here.inside().trim().is_empty() => here.splice(here.inner(), format!(" {line} ")),
            None => here.insert(here.at.start + 1, format!(" {line},")),
        });
    }
    let Some(first) = own.first() else { return Err(here.refuse(SHAPE)) };
    let indent = " ".repeat(here.column(first.key_at.start));
    // Below the last entry of one line, before whatever is longer.
    let lined = own.iter().rev().find(|e| here.is_one_line(map, e.key_at.start, e.item));
    Ok(match lined {
        Some(entry) => here.new_line(entry.item.at.end, &format!("{indent}{line}")),
        None => here.insert(first.key_at.start, format!("{line}{}{indent}", here.newline(first.key_at.start))),
    })
}

/// Adds values at the end of a list.
pub(super) fn push(list: Cursor<'_>, values: &[String]) -> Result<Splice, NoPlace> {
    let here = Here::of(list)?;
    let Node::List(items) = list.node() else { return Err(here.refuse(SHAPE)) };
    if here.is_flow() {
        return Ok(match items.last() {
            Some(last) => here.insert(last.at.end, format!(", {}", values.join(", "))),
            None => here.splice(here.inner(), values.join(", ")),
        });
    }
    let Some(last) = items.last() else { return Err(here.refuse(SHAPE)) };
    let dash = here.dash(*last)?;
    if !here.is_one_line(list, last.at.start, *last) {
        return Err(here.refuse(SHAPE));
    }
    let indent = " ".repeat(here.column(dash));
    let lines: Vec<String> = values.iter().map(|value| format!("{indent}- {value}")).collect();
    Ok(here.new_line(last.at.end, &lines.join(here.newline(last.at.end))))
}

/// Takes items out of a list that stands behind a key; an empty list is written as `[]`.
pub(super) fn take(list: Cursor<'_>, gone: impl Fn(Cursor<'_>) -> bool) -> Result<Vec<Splice>, NoPlace> {
    let here = Here::of(list)?;
    let Node::List(items) = list.node() else { return Err(here.refuse(SHAPE)) };
    let goes: Vec<bool> = items.iter().map(|item| gone(Cursor { item: *item, key_at: None, ..list })).collect();
    if !goes.contains(&true) {
        return Ok(Vec::new());
    }
    let all = !goes.contains(&false);
    if here.is_flow() {
        if all {
            return Ok(vec![here.splice(here.inner(), String::new())]);
        }
        let last_kept = goes.iter().rposition(|g| !g).unwrap_or_default();
        let mut splices = Vec::new();
        for i in (0..items.len()).filter(|i| goes[*i] && *i < last_kept) {
            splices.push(here.splice(items[i].at.start as usize..items[i + 1].at.start as usize, String::new()));
        }
        if last_kept + 1 < items.len() {
            let (from, to) = (items[last_kept].at.end, items[items.len() - 1].at.end);
            splices.push(here.splice(from as usize..to as usize, String::new()));
        }
        return Ok(splices);
    }
    let mut splices = Vec::new();
    for (item, _) in items.iter().zip(&goes).filter(|(_, goes)| **goes) {
        let dash = here.dash(*item)?;
        splices.push(here.splice(here.line_start(dash as usize)..here.item_end(dash, *item), String::new()));
    }
    if all {
        let key = list.key_at.ok_or_else(|| here.refuse(SHAPE))?;
        let after = &here.text[key.end as usize..];
        let colon = after.find(|c: char| c != ' ').filter(|at| after[*at..].starts_with(':')).ok_or_else(|| here.refuse(SHAPE))?;
        splices.push(here.insert(key.end + offset(colon) + 1, " []".into()));
    }
    Ok(splices)
}

/// A collection in its file's text.
struct Here<'a> {
    cursor: Cursor<'a>,
    text: &'a str,
    at: Span,
}

impl<'a> Here<'a> {
    fn of(cursor: Cursor<'a>) -> Result<Self, NoPlace> {
        let here = Self { cursor, text: cursor.file.source.text(), at: cursor.item.at };
        if here.text[here.at.bytes()].starts_with('*') { Err(here.refuse(ALIAS)) } else { Ok(here) }
    }

    fn refuse(&self, why: &'static str) -> NoPlace {
        NoPlace { at: if self.cursor.key_at.is_some() { self.cursor.key_place() } else { self.cursor.start_place() }, why }
    }

    fn splice(&self, at: Range<usize>, text: String) -> Splice {
        Splice { file: self.cursor.file.source.name().clone(), at, text }
    }
    fn insert(&self, at: u32, text: String) -> Splice {
        self.splice(at as usize..at as usize, text)
    }

    fn is_flow(&self) -> bool {
        self.text[self.at.bytes()].starts_with(['{', '['])
    }
    /// Between the brackets.
    fn inner(&self) -> Range<usize> {
        let Range { start, end } = self.at.bytes();
        start + 1..end.saturating_sub(1).max(start + 1)
    }
    fn inside(&self) -> &str {
        &self.text[self.inner()]
    }

    /// The entries that stand here; those of a merge key stand elsewhere.
    fn own<'e, 's>(&self, entries: &'e [Entry<'s>]) -> Vec<&'e Entry<'s>> {
        entries.iter().filter(|e| e.key_at.start >= self.at.start).collect()
    }

    /// From the key, or the item, to its value's end.
    fn is_one_line(&self, around: Cursor<'_>, start: u32, item: Item) -> bool {
        let node = around.file.arena.node(item.value);
        let is_null = matches!(node, Node::Scalar(_, ScalarKind::Null));
        !is_null && item.at.end > item.at.start && !self.text[start as usize..item.at.end as usize].contains('\n')
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }
    /// The start of the next line; of this one, where it has just begun.
    fn line_after(&self, at: usize) -> usize {
        if self.text[..at].ends_with('\n') {
            return at;
        }
        self.text[at..].find('\n').map_or(self.text.len(), |n| at + n + 1)
    }
    fn column(&self, at: u32) -> usize {
        self.text[self.line_start(at as usize)..at as usize].chars().count()
    }
    /// The start of the line after a block list's item. A block scalar's place reaches over the blank
    /// lines and comments behind it, which are not the item's.
    fn item_end(&self, dash: u32, item: Item) -> usize {
        let column = self.column(dash);
        let mut end = self.line_after(dash as usize);
        let mut at = end;
        for line in self.text[end..].split_inclusive('\n') {
            let inner = line.trim_start_matches(' ');
            at += line.len();
            if inner.trim().is_empty() {
                continue;
            }
            if line.len() - inner.len() <= column {
                break;
            }
            end = at;
        }
        let known = item.at.end as usize;
        let rest = self.text.get(end..known).unwrap_or_default();
        let is_beside = rest.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'));
        if is_beside { end } else { self.line_after(known) }
    }
    /// How the line around `at` ends.
    fn newline(&self, at: u32) -> &'static str {
        let end = self.text[at as usize..].find('\n').map(|n| at as usize + n);
        if end.is_some_and(|end| self.text[..end].ends_with('\r')) { "\r\n" } else { "\n" }
    }
    /// A line of its own below the one around `at`.
    fn new_line(&self, at: u32, line: &str) -> Splice {
        let newline = self.newline(at);
        let end = self.text[at as usize..].find('\n').map_or(self.text.len(), |n| at as usize + n);
        let end = if self.text[..end].ends_with('\r') { end - 1 } else { end };
        self.insert(offset(end), format!("{newline}{line}"))
    }

    /// The dash of a block list's item, the first thing in its line.
    fn dash(&self, item: Item) -> Result<u32, NoPlace> {
        let mut before = self.text[..item.at.start as usize].trim_end();
        // An anchor or a tag stands between the two.
        while let Some((rest, word)) = before.rsplit_once([' ', '\n'])
            && word.starts_with(['&', '!'])
        {
            before = rest.trim_end();
        }
        let at = before.strip_suffix('-').map(str::len).ok_or_else(|| self.refuse(SHAPE))?;
        let is_first = self.text[self.line_start(at)..at].trim_matches(' ').is_empty();
        if is_first { Ok(offset(at)) } else { Err(self.refuse(SHAPE)) }
    }
}

/// Texts are bounded, so that offsets fit.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
