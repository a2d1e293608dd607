//! One parse of a file into an arena that keeps, for every node, its value and its place. The
//! schema check and the lowering walk the same arena; nothing is parsed or copied a second time.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};

use super::diagnostic::quoted;
use super::scalar::ScalarKind;
use crate::model::Index;

/// A range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// As an index of the text; empty where it ends before it starts.
    pub fn bytes(self) -> Range<usize> {
        self.start as usize..self.end.max(self.start) as usize
    }
}

/// Index of a node in its [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

#[derive(Debug)]
pub enum Node<'s> {
    /// The text as it was meant (escapes resolved), and its kind.
    Scalar(Cow<'s, str>, ScalarKind),
    List(Vec<Item>),
    Map(Vec<Entry<'s>>),
}

/// A value where it is used: for an alias the place of the alias, not of the anchor.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    pub value: NodeId,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Entry<'s> {
    pub key: Cow<'s, str>,
    pub key_at: Span,
    pub item: Item,
}

/// Something wrong with the YAML itself.
#[derive(Debug)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub at: Span,
    /// Another place that belongs to it, and what is there.
    pub related: Option<(Span, &'static str)>,
    pub hint: Option<&'static str>,
}

/// What bounds the memory and time of a parse.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub depth: usize,
    pub nodes: usize,
    /// Nodes that aliases and merge keys may add when they are written out.
    pub aliased: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, nodes: 20_000_000, aliased: 1_000_000 }
    }
}

/// The nodes of one document.
#[derive(Debug)]
pub struct Arena<'s> {
    nodes: Vec<Node<'s>>,
    root: Option<Item>,
}

impl<'s> Arena<'s> {
    /// The document's value; `None` for a file without a document.
    pub fn root(&self) -> Option<Item> {
        self.root
    }
    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    pub fn node(&self, id: NodeId) -> &Node<'s> {
        &self.nodes[id.0 as usize]
    }

    /// Parses one document. A key given twice is a problem, and the first one counts; anything else
    /// that is wrong ends the parse, and there is no arena.
    pub fn parse(text: &'s str, limits: Limits) -> (Option<Self>, Vec<Problem>) {
        let options = granit_parser::options! { emit_comments: false, flow_nesting_limit: limits.depth, block_nesting_limit: limits.depth };
        let mut builder = Builder {
            nodes: Vec::with_capacity(text.len() / 16),
            weights: Vec::with_capacity(text.len() / 16),
            stack: Vec::new(),
            entries: Vec::new(),
            items: Vec::new(),
            anchors: HashMap::new(),
            problems: Vec::new(),
            aliased: 0,
            limits,
            root: None,
        };
        for next in Parser::new_from_str_with_options(text, options) {
            let step = match next {
                Ok((event, span)) => {
                    let range = span.byte_range().unwrap_or(0..0);
                    builder.event(event, Span { start: offset(range.start), end: offset(range.end) })
                }
                Err(e) => {
                    let at = offset(e.marker().byte_offset().unwrap_or(0).min(text.len()));
                    Err(syntax(text, at, &e))
                }
            };
            if let Err(problem) = step {
                builder.problems.push(problem);
                return (None, builder.problems);
            }
        }
        let Builder { nodes, problems, root, .. } = builder;
        let root =
            root.filter(|item| item.at.start < item.at.end || !matches!(&nodes[item.value.0 as usize], Node::Scalar(_, ScalarKind::Null)));
        (Some(Self { nodes, root }), problems)
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn problem(code: &'static str, message: impl Into<String>, at: Span) -> Problem {
    Problem { code, message: message.into(), at, related: None, hint: None }
}

/// The parser's words, with the commonest causes in ours.
fn syntax(text: &str, at: u32, error: &ScanError) -> Problem {
    let place = Span { start: at, end: at };
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return problem("yaml-depth", "nested too deeply", place);
    }
    let line = text.get(..at as usize).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let rest = text.get(at as usize..).unwrap_or_default();
    if line.trim_start_matches(' ').starts_with('\t') || (line.trim().is_empty() && rest.starts_with('\t')) {
        return problem("yaml-syntax", "a tab in the indentation: YAML indents with spaces", place);
    }
    let said: String = error.info().chars().take(200).collect();
    problem("yaml-syntax", format!("this is no YAML: {said}"), place)
}

/// An open list or map; what is in it so far stands at the end of the builder's, `from` there on.
enum Frame<'s> {
    List { from: usize, at: Span, anchor: usize, weight: u64 },
    Map { from: usize, merges: Vec<Item>, pending: Option<Key<'s>>, at: Span, anchor: usize, weight: u64 },
}

struct Key<'s> {
    text: Cow<'s, str>,
    at: Span,
    is_merge: bool,
}

struct Builder<'s> {
    nodes: Vec<Node<'s>>,
    /// Nodes at and below each one, with its aliases written out.
    weights: Vec<u64>,
    stack: Vec<Frame<'s>>,
    /// Of all open maps, and of all open lists: each that is closed takes its own in one piece.
    entries: Vec<Entry<'s>>,
    items: Vec<Item>,
    anchors: HashMap<usize, NodeId>,
    problems: Vec<Problem>,
    aliased: u64,
    limits: Limits,
    root: Option<Item>,
}

impl<'s> Builder<'s> {
    fn event(&mut self, event: Event<'s>, at: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Frame::Map { pending: pending @ None, .. }) = self.stack.last_mut() {
                    if anchor != 0 {
                        return Err(problem("yaml-key", "an anchor on a key is not supported", at));
                    }
                    if let Some(tag) = &tag
                        && !tag.is_yaml_core_schema()
                    {
                        return Err(unknown_tag(&tag.original().to_string(), at));
                    }
                    let is_merge = matches!(style, ScalarStyle::Plain) && text == "<<" && tag.is_none();
                    *pending = Some(Key { text, at, is_merge });
                    return Ok(());
                }
                let kind = match &tag {
                    None if matches!(style, ScalarStyle::Plain) => ScalarKind::of(&text),
                    None => ScalarKind::Text,
                    Some(tag) if tag.is_yaml_core_schema_tag("str") => ScalarKind::Text,
                    Some(tag) if tag.is_yaml_core_schema() => ScalarKind::of(&text),
                    Some(tag) => return Err(unknown_tag(&tag.original().to_string(), at)),
                };
                let id = self.push(Node::Scalar(text, kind), 1, at)?;
                self.attach(Item { value: id, at }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => match tag {
                Some(tag) if !tag.is_yaml_core_schema() => Err(unknown_tag(&tag.original().to_string(), at)),
                _ => self.open(Frame::List { from: self.items.len(), at, anchor, weight: 1 }, at),
            },
            Event::MappingStart(_, anchor, tag) => match tag {
                Some(tag) if !tag.is_yaml_core_schema() => Err(unknown_tag(&tag.original().to_string(), at)),
                _ => self.open(Frame::Map { from: self.entries.len(), merges: Vec::new(), pending: None, at, anchor, weight: 1 }, at),
            },
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(anchor) => {
                let Some(&target) = self.anchors.get(&anchor) else {
                    return Err(problem("yaml-alias", "an alias inside the very node that it names", at));
                };
                self.expand(self.weights[target.0 as usize], at)?;
                self.attach(Item { value: target, at }, 0)
            }
            Event::DocumentStart(..) if self.root.is_some() => Err(Problem {
                hint: Some("split it into several files"),
                ..problem("yaml-many-documents", "a second document in one file", at)
            }),
            _ => Ok(()),
        }
    }

    /// Counts what aliases would be, written out.
    fn expand(&mut self, weight: u64, at: Span) -> Result<(), Problem> {
        self.aliased = self.aliased.saturating_add(weight);
        if self.aliased > self.limits.aliased {
            return Err(problem("yaml-alias", format!("aliases that stand for more than {} values", self.limits.aliased), at));
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame<'s>, at: Span) -> Result<(), Problem> {
        if let Some(Frame::Map { pending: None, .. }) = self.stack.last() {
            return Err(problem("yaml-key", "a list or a mapping cannot be a key", at));
        }
        if self.stack.len() >= self.limits.depth {
            return Err(problem("yaml-depth", format!("nested deeper than {} levels", self.limits.depth), at));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Problem> {
        let (node, weight, start, anchor) = match self.stack.pop() {
            Some(Frame::List { from, at, anchor, weight }) => (Node::List(self.items.drain(from..).collect()), weight, at, anchor),
            Some(Frame::Map { from, merges, at, anchor, weight, .. }) => {
                let (entries, added) = self.settle(from, merges)?;
                (Node::Map(entries), weight.saturating_add(added), at, anchor)
            }
            None => return Err(problem("yaml-syntax", "a list or mapping ends that never began", end)),
        };
        // the end of a block collection is where the next token starts: that says nothing
        let at = Span { start: start.start, end: self.last_end(&node).max(start.end).max(if is_flow(start) { end.end } else { 0 }) };
        let id = self.push(node, weight, at)?;
        self.attach(Item { value: id, at }, anchor)
    }

    /// Where the last thing in a collection ends.
    fn last_end(&self, node: &Node<'s>) -> u32 {
        match node {
            Node::Scalar(..) => 0,
            Node::List(items) => items.last().map_or(0, |i| i.at.end),
            Node::Map(entries) => entries.last().map_or(0, |e| e.item.at.end.max(e.key_at.end)),
        }
    }

    fn push(&mut self, node: Node<'s>, weight: u64, at: Span) -> Result<NodeId, Problem> {
        if self.nodes.len() >= self.limits.nodes {
            return Err(problem("yaml-size", format!("more than {} values in one file", self.limits.nodes), at));
        }
        self.nodes.push(node);
        self.weights.push(weight);
        Ok(NodeId(offset(self.nodes.len() - 1)))
    }

    fn attach(&mut self, item: Item, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 {
            self.anchors.insert(anchor, item.value);
        }
        let added = self.weights[item.value.0 as usize];
        match self.stack.last_mut() {
            None => self.root = Some(item),
            Some(Frame::List { weight, .. }) => {
                self.items.push(item);
                *weight = weight.saturating_add(added);
            }
            Some(Frame::Map { merges, pending, weight, .. }) => {
                let Some(Key { text, at, is_merge }) = pending.take() else {
                    return Err(problem("yaml-key", "an alias cannot be a key", item.at));
                };
                *weight = weight.saturating_add(added);
                if is_merge {
                    merges.push(item);
                } else {
                    self.entries.push(Entry { key: text, key_at: at, item });
                }
            }
        }
        Ok(())
    }

    /// Drops keys given twice, each a problem: the first one counts.
    fn each_once(&mut self, entries: &mut Vec<Entry<'s>>) {
        /// In a small mapping a scan is quicker than a table.
        const FEW: usize = 12;
        let mut twice = Vec::new();
        if entries.len() <= FEW {
            for (i, entry) in entries.iter().enumerate() {
                twice.extend(entries[..i].iter().find(|e| e.key == entry.key).map(|first| (i, first.key_at)));
            }
        } else {
            let mut seen: Index<&str, usize> = Index::with_capacity(entries.len());
            for (i, entry) in entries.iter().enumerate() {
                let first = *seen.get_or_insert(&entry.key, i);
                twice.extend((first != i).then(|| (i, entries[first].key_at)));
            }
        }
        if twice.is_empty() {
            return;
        }
        let (mut twice, mut at) = (twice.into_iter().peekable(), 0..);
        entries.retain(|entry| {
            let here = at.next();
            let Some((_, first)) = twice.next_if(|(i, _)| Some(*i) == here) else { return true };
            self.problems.push(Problem {
                related: Some((first, "first given here")),
                ..problem("duplicate-key", format!("{} is given twice", quoted(&entry.key)), entry.key_at)
            });
            false
        });
    }

    /// The entries of a map that is closed, with its merge keys filled in: what the mapping itself says
    /// wins, then earlier bases.
    fn settle(&mut self, from: usize, merges: Vec<Item>) -> Result<(Vec<Entry<'s>>, u64), Problem> {
        let mut kept: Vec<Entry<'s>> = self.entries.drain(from..).collect();
        self.each_once(&mut kept);
        let mut added = 0;
        if !merges.is_empty() {
            let mut keys: HashSet<Cow<'s, str>> = kept.iter().map(|e| e.key.clone()).collect();
            for from in merges {
                let bases = match &self.nodes[from.value.0 as usize] {
                    Node::List(items) => items.clone(),
                    _ => vec![from],
                };
                for base in bases {
                    let Node::Map(more) = &self.nodes[base.value.0 as usize] else {
                        return Err(problem("yaml-merge", "`<<` takes a mapping or a list of mappings", from.at));
                    };
                    let more: Vec<_> = more.iter().filter(|e| !keys.contains(&e.key)).cloned().collect();
                    let weight = more.iter().map(|e| self.weights[e.item.value.0 as usize]).sum::<u64>().saturating_add(more.len() as u64);
                    self.expand(weight, from.at)?;
                    added += weight;
                    for entry in more {
                        keys.insert(entry.key.clone());
                        kept.push(Entry { item: Item { at: from.at, ..entry.item }, ..entry });
                    }
                }
            }
        }
        Ok((kept, added))
    }
}

/// A flow collection's start token is its bracket; a block's is empty.
fn is_flow(start: Span) -> bool {
    start.end > start.start
}

fn unknown_tag(tag: &str, at: Span) -> Problem {
    problem("yaml-tag", format!("an unknown tag {}", quoted(tag)), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        Arena::parse(text, Limits::default()).1.iter().map(|p| p.code).collect()
    }
    fn get<'a>(arena: &'a Arena<'_>, path: &str) -> (Item, &'a Node<'a>) {
        let mut item = arena.root().unwrap();
        for part in path.split('/').filter(|p| !p.is_empty()) {
            item = match arena.node(item.value) {
                Node::Map(entries) => entries.iter().find(|e| e.key == part).unwrap().item,
                Node::List(items) => items[part.parse::<usize>().unwrap()],
                Node::Scalar(..) => panic!("{part} below a scalar"),
            };
        }
        (item, arena.node(item.value))
    }
    fn text<'a>(arena: &'a Arena<'_>, path: &str) -> &'a str {
        match get(arena, path).1 {
            Node::Scalar(text, _) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn spans_hold_the_text() {
        let source = "users:\n  - email: søren@example.com\n    role: \"admin\" # c\n  - {email: b@x, role: viewer}\n\nmore: 1\n";
        let (arena, problems) = Arena::parse(source, Limits::default());
        assert!(problems.is_empty());
        let arena = arena.unwrap();
        for (path, want) in [
            ("users/0/email", "søren@example.com"),
            ("users/0/role", "\"admin\""),
            ("users/0", "email: søren@example.com\n    role: \"admin\""),
            ("users/1", "{email: b@x, role: viewer}"),
        ] {
            let at = get(&arena, path).0.at;
            assert_eq!(&source[at.start as usize..at.end as usize], want, "{path}");
        }
    }

    #[test]
    fn a_file_without_a_document_is_empty_not_wrong() {
        for text in ["", "# only a comment\n", "---\n", "\n\n"] {
            let (arena, problems) = Arena::parse(text, Limits::default());
            assert!(problems.is_empty(), "{text:?} {problems:?}");
            assert!(arena.unwrap().root().is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_key_given_twice_shows_both_places_and_the_first_counts() {
        let source = "a: 1\nb: 2\na: 3\n";
        let (arena, problems) = Arena::parse(source, Limits::default());
        assert_eq!(text(&arena.unwrap(), "a"), "1");
        assert_eq!((problems[0].at.start, problems[0].related.unwrap().0.start), (10, 0));
        let many: String = (0..40).map(|i| format!("k{}: 1\n", i % 39)).collect();
        assert_eq!(codes(&many), ["duplicate-key"]);
    }

    #[test]
    fn traps_and_bombs_are_located_problems() {
        for (text, code) in [
            ("accounts:\n\tnews: {}\n", "yaml-syntax"),
            ("accounts: !!python/object:os.system [x]\n", "yaml-tag"),
            ("accounts: !mine x\n", "yaml-tag"),
            ("accounts: {a: [}\n", "yaml-syntax"),
            ("accounts: *x\n", "yaml-syntax"),
            ("a: &a [*a]\n", "yaml-alias"),
            ("a: 1\n---\nb: 2\n", "yaml-many-documents"),
            ("[a]: 1\n", "yaml-key"),
            ("<<: 1\n", "yaml-merge"),
        ] {
            assert_eq!(codes(text), [code], "{text}");
        }
        assert_eq!(codes(&format!("a: {}", "[".repeat(50_000))), ["yaml-depth"]);
        let deep: String = (0..200).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert_eq!(codes(&deep), ["yaml-depth"]);
        let mut laughs = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for i in 0..12u8 {
            let (this, last) = (char::from(b'b' + i), char::from(b'a' + i));
            laughs += &format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 9].join(","));
        }
        assert_eq!(codes(&laughs), ["yaml-alias"]);
        let mut merges = String::from("k0: &k0 {x0: 1}\n");
        for i in 1..3000 {
            merges += &format!("k{i}: &k{i} {{<<: *k{}, x{i}: 1}}\n", i - 1);
        }
        assert_eq!(codes(&merges), ["yaml-alias"]);
    }

    #[test]
    fn a_tab_is_called_a_tab() {
        let (_, problems) = Arena::parse("accounts:\n\tnews: {}\n", Limits::default());
        assert!(problems[0].message.contains("tab"), "{}", problems[0].message);
    }

    #[test]
    fn merge_keys_and_aliases() {
        let (arena, problems) = Arena::parse("base: &b {role: admin, name: x}\nu:\n  <<: *b\n  name: y\nv: *b\n", Limits::default());
        assert!(problems.is_empty());
        let arena = arena.unwrap();
        assert_eq!((text(&arena, "u/role"), text(&arena, "u/name"), text(&arena, "v/name")), ("admin", "y", "x"));
        let Node::Map(root) = arena.node(arena.root().unwrap().value) else { panic!() };
        assert_eq!(root[2].item.at.start, 57, "the alias, not the anchor");
    }
}
