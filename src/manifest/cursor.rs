//! A position in a parsed file: what the lowering walks with, and what it says on the way.

use std::collections::HashSet;
use std::sync::Arc;

use super::Diagnostic;
use super::arena::{Arena, Item, Node, Span};
use super::diagnostic::nearest;
use super::scalar::ScalarKind;
use crate::model::{Atoms, Place, Source};

/// A file and its nodes.
pub(super) struct Parsed<'a> {
    pub source: &'a Arc<Source>,
    pub arena: Arena<'a>,
}

impl<'a> Parsed<'a> {
    /// The whole document; `None` for a file without one.
    pub fn root(&'a self) -> Option<Cursor<'a>> {
        self.arena.root().map(|item| Cursor { file: self, item, key_at: None })
    }
    fn place(&self, at: Span) -> Place {
        Place::new(self.source, at.bytes())
    }
}

/// One value in a file, with the key that leads to it where there is one.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub file: &'a Parsed<'a>,
    pub item: Item,
    pub key_at: Option<Span>,
}

impl<'a> Cursor<'a> {
    pub fn node(self) -> &'a Node<'a> {
        self.file.arena.node(self.item.value)
    }
    pub fn place(self) -> Place {
        self.file.place(self.item.at)
    }
    /// The key; of a list's item and of a document the start, to the end of its first line.
    pub fn key_place(self) -> Place {
        match self.key_at {
            Some(at) => self.file.place(at),
            None => self.start_place(),
        }
    }
    /// The value, to the end of its first line.
    pub fn start_place(self) -> Place {
        let Span { start, end } = self.item.at;
        let text = self.file.source.text().get(start as usize..end as usize).unwrap_or_default();
        let line = text.find('\n').unwrap_or(text.len());
        let length = text[..line].trim_end().len();
        self.file.place(Span { start, end: start + u32::try_from(length).unwrap_or(0) })
    }
    /// The text of a scalar that has a value, whatever its kind.
    pub fn text(self) -> Option<&'a str> {
        match self.node() {
            Node::Scalar(_, ScalarKind::Null) => None,
            Node::Scalar(text, _) => Some(text),
            _ => None,
        }
    }
    pub fn scalar(self) -> Option<ScalarKind> {
        match self.node() {
            Node::Scalar(_, kind) => Some(*kind),
            _ => None,
        }
    }
    pub fn is_null(self) -> bool {
        self.scalar() == Some(ScalarKind::Null)
    }
    pub fn list(self) -> Option<impl ExactSizeIterator<Item = Cursor<'a>> + use<'a>> {
        match self.node() {
            Node::List(items) => Some(items.iter().map(move |item| Cursor { file: self.file, item: *item, key_at: None })),
            _ => None,
        }
    }
    pub fn map(self) -> Option<impl ExactSizeIterator<Item = (&'a str, Cursor<'a>)> + use<'a>> {
        match self.node() {
            Node::Map(entries) => {
                Some(entries.iter().map(move |e| (&*e.key, Cursor { file: self.file, item: e.item, key_at: Some(e.key_at) })))
            }
            _ => None,
        }
    }
    /// The value of a key. A scan: for mappings whose keys the schema knows.
    pub fn get(self, key: &str) -> Option<Cursor<'a>> {
        self.map()?.find(|(k, _)| *k == key).map(|(_, value)| value)
    }
    /// What is here, in words.
    pub fn found(self) -> &'static str {
        match self.node() {
            Node::Scalar(_, kind) => kind.word(),
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
        }
    }
}

/// Everything that is wrong, each thing once: what the schema check found at a place is not said
/// again by the lowering.
pub(super) struct Sink {
    all: Vec<Diagnostic>,
    shape: HashSet<Place>,
    /// Comparisons left for suggestions: a hundred thousand typing errors among a hundred thousand
    /// names must not take for ever. The first ones get theirs.
    comparisons: usize,
    /// The words of all files.
    pub words: Atoms,
}

impl Default for Sink {
    fn default() -> Self {
        Self { all: Vec::new(), shape: HashSet::new(), comparisons: 500_000, words: Atoms::default() }
    }
}

impl Sink {
    /// Says what the schema check found.
    pub fn shape(&mut self, diagnostic: Diagnostic) {
        // what is missing has no place of its own: it shares that of the mapping around it, which may
        // be wrong in other ways
        if diagnostic.code != "missing-key" {
            self.shape.insert(diagnostic.place.clone());
        }
        self.all.push(diagnostic);
    }
    /// Says what the lowering found, where the schema check said nothing.
    pub fn say(&mut self, diagnostic: Diagnostic) {
        if self.shape.is_empty() || !self.shape.contains(&diagnostic.place) {
            self.all.push(diagnostic);
        }
    }
    pub fn extend(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        self.all.extend(more);
    }
    /// How many things were said so far.
    pub fn said(&self) -> usize {
        self.all.len()
    }
    /// Takes back what was said since there were so many.
    pub fn take_since(&mut self, said: usize) -> Vec<Diagnostic> {
        self.all.split_off(said.min(self.all.len()))
    }
    /// Adds the nearest of the words as a hint.
    pub fn suggest<'w>(&mut self, diagnostic: Diagnostic, text: &str, words: impl ExactSizeIterator<Item = &'w str>) -> Diagnostic {
        match self.comparisons.checked_sub(words.len()) {
            None => diagnostic,
            Some(left) => {
                self.comparisons = left;
                match nearest(text, words) {
                    Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
                    None => diagnostic,
                }
            }
        }
    }
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        super::diagnostic::sort(&mut self.all);
        self.all
    }
}
