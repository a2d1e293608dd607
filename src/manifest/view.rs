//! The arena as the validator of JSON Schemas sees it: nothing is copied.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object};

use super::arena::{Arena, Entry, Item, Node, NodeId};
use super::scalar::ScalarKind;

/// The representation's name.
pub(super) struct Yaml;

/// A node, or a key while the validator looks at it as a text.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Node(&'a Arena<'a>, NodeId),
    Key(&'a str, &'a Buffer),
}

#[derive(Default)]
pub(super) struct Buffer(String);

impl Json for Yaml {
    type Node<'a> = View<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = Buffer;
    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }
    fn with_string_node<T>(buffer: &mut Buffer, string: &str, f: impl FnOnce(View<'_>) -> T) -> T {
        buffer.0.clear();
        buffer.0.push_str(string);
        f(View::Key(&buffer.0, buffer))
    }
}

impl<'a> View<'a> {
    fn scalar(self) -> Option<(&'a str, ScalarKind)> {
        match self {
            View::Node(arena, id) => match arena.node(id) {
                Node::Scalar(text, kind) => Some((text, *kind)),
                _ => None,
            },
            View::Key(text, _) => Some((text, ScalarKind::Text)),
        }
    }
}

/// A number that JSON has.
pub(super) struct Number(serde_json::Number);

impl JsonNumber for Number {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }
    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }
    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }
    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }
    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Borrowed(&self.0)
    }
}

fn number(kind: ScalarKind) -> Option<serde_json::Number> {
    match kind {
        ScalarKind::Int(n) => Some(n.into()),
        ScalarKind::UInt(n) => Some(n.into()),
        ScalarKind::Float(n) => serde_json::Number::from_f64(n),
        ScalarKind::Null | ScalarKind::Bool(_) | ScalarKind::Text => None,
    }
}

impl<'a> JsonNode<'a, Yaml> for View<'a> {
    type Object = Mapping<'a>;
    type Array = List<'a>;
    type Number = Number;
    fn as_object(&self) -> Option<Mapping<'a>> {
        match self {
            View::Node(arena, id) => match arena.node(*id) {
                Node::Map(entries) => Some(Mapping(arena, entries)),
                _ => None,
            },
            View::Key(..) => None,
        }
    }
    fn as_array(&self) -> Option<List<'a>> {
        match self {
            View::Node(arena, id) => match arena.node(*id) {
                Node::List(items) => Some(List(arena, items)),
                _ => None,
            },
            View::Key(..) => None,
        }
    }
    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.scalar()? {
            (text, ScalarKind::Text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
    fn as_number(&self) -> Option<Number> {
        number(self.scalar()?.1).map(Number)
    }
    fn as_boolean(&self) -> Option<bool> {
        match self.scalar()?.1 {
            ScalarKind::Bool(b) => Some(b),
            _ => None,
        }
    }
    fn is_null(&self) -> bool {
        matches!(self.scalar(), Some((_, ScalarKind::Null)))
    }
    fn json_type(&self) -> JsonType {
        match self {
            View::Key(..) => JsonType::String,
            View::Node(arena, id) => match arena.node(*id) {
                Node::Map(_) => JsonType::Object,
                Node::List(_) => JsonType::Array,
                Node::Scalar(_, kind) => match kind {
                    ScalarKind::Null => JsonType::Null,
                    ScalarKind::Bool(_) => JsonType::Boolean,
                    ScalarKind::Int(_) | ScalarKind::UInt(_) | ScalarKind::Float(_) => JsonType::Number,
                    ScalarKind::Text => JsonType::String,
                },
            },
        }
    }
    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        // The validator asks for the value of what is wrong, to show it. We show places and short
        // texts instead: a copy of a whole document for each error would cost more than the check.
        Cow::Owned(match self.scalar() {
            Some((text, ScalarKind::Text)) => text.chars().take(80).collect::<String>().into(),
            Some((_, ScalarKind::Bool(b))) => b.into(),
            Some((_, kind)) => number(kind).map_or(serde_json::Value::Null, Into::into),
            None => serde_json::Value::Null,
        })
    }
    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(match self {
            View::Node(arena, id) => std::ptr::from_ref(arena.node(*id)) as usize,
            View::Key(_, buffer) => std::ptr::from_ref(*buffer) as usize,
        }))
    }
}

pub(super) struct Mapping<'a>(&'a Arena<'a>, &'a [Entry<'a>]);

impl<'a> Object<'a, Yaml> for Mapping<'a> {
    type Node = View<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;
    fn len(&self) -> usize {
        self.1.len()
    }
    fn get(&self, key: &Box<str>) -> Option<View<'a>> {
        self.1.iter().find(|e| *e.key == **key).map(|e| View::Node(self.0, e.item.value))
    }
    fn members(&self) -> Members<'a> {
        Members(self.0, self.1.iter())
    }
}

pub(super) struct Members<'a>(&'a Arena<'a>, std::slice::Iter<'a, Entry<'a>>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, View<'a>);
    fn next(&mut self) -> Option<Self::Item> {
        self.1.next().map(|e| (&*e.key, View::Node(self.0, e.item.value)))
    }
}

pub(super) struct List<'a>(&'a Arena<'a>, &'a [Item]);

impl<'a> Array<'a, Yaml> for List<'a> {
    type Node = View<'a>;
    type ElementsIter = Elements<'a>;
    fn len(&self) -> usize {
        self.1.len()
    }
    fn elements(&self) -> Elements<'a> {
        Elements(self.0, self.1.iter())
    }
}

pub(super) struct Elements<'a>(&'a Arena<'a>, std::slice::Iter<'a, Item>);

impl<'a> Iterator for Elements<'a> {
    type Item = View<'a>;
    fn next(&mut self) -> Option<View<'a>> {
        self.1.next().map(|i| View::Node(self.0, i.value))
    }
}
