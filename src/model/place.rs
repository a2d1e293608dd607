use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::source::{Source, offset};

/// Where something stands in the manifests. Nearly every value has one and hardly any is ever shown,
/// so that it is a range of bytes in a file, and line and column are found when somebody asks.
#[derive(Clone)]
pub struct Place {
    source: Arc<Source>,
    start: u32,
    end: u32,
}

impl Place {
    /// A range of bytes in a file.
    pub fn new(source: &Arc<Source>, bytes: Range<usize>) -> Self {
        let start = offset(bytes.start);
        Self { source: Arc::clone(source), start, end: offset(bytes.end).max(start) }
    }
    /// The start of a file, for what is wrong with it as a whole.
    pub fn start_of(file: &str) -> Self {
        Self::new(&Arc::new(Source::new(file, "")), 0..0)
    }
    /// Relative to the manifests' folder.
    pub fn file(&self) -> &str {
        self.source.name()
    }
    /// From 1.
    pub fn line(&self) -> u32 {
        self.start().0
    }
    /// From 1, in characters.
    pub fn column(&self) -> u32 {
        self.start().1
    }
    /// Line and column.
    pub fn start(&self) -> (u32, u32) {
        self.source.position(self.start)
    }
    /// The last line and the column after the last character.
    pub fn end(&self) -> (u32, u32) {
        self.source.position(self.end)
    }
    /// The range of bytes, for excerpts.
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// By file, then from the start: the order of lines and columns.
    fn key(&self) -> (&str, u32, u32) {
        (self.file(), self.start, self.end)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end) && (Arc::ptr_eq(&self.source, &other.source) || self.file() == other.file())
    }
}
impl Eq for Place {}
impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.start();
        write!(f, "{}:{line}:{column}", self.file())
    }
}
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A value and the place that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Located<T> {
    pub value: T,
    pub at: Place,
}

impl<T> Located<T> {
    pub fn new(value: T, at: Place) -> Self {
        Self { value, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, bytes: Range<usize>) -> Place {
        Place::new(&Arc::new(Source::new(file, "a: 1\nb: 2\n")), bytes)
    }

    #[test]
    fn places_are_in_the_order_of_files_lines_and_columns() {
        let in_order = [at("a.yaml", 0..1), at("a.yaml", 0..4), at("a.yaml", 3..4), at("a.yaml", 5..6), at("b.yaml", 0..1)];
        assert!(in_order.is_sorted());
        assert_eq!(in_order[3].to_string(), "a.yaml:2:1");
        assert_eq!((in_order[1].start(), in_order[1].end(), in_order[1].span()), ((1, 1), (1, 5), 0..4));
    }

    #[test]
    fn a_place_is_the_same_in_a_file_that_was_read_again() {
        assert_eq!(at("a.yaml", 5..6), at("a.yaml", 5..6));
        assert_ne!(at("a.yaml", 5..6), at("b.yaml", 5..6));
        assert_ne!(at("a.yaml", 5..6), at("a.yaml", 5..7));
    }

    #[test]
    fn a_file_as_a_whole_is_where_it_starts() {
        assert_eq!(Place::start_of("a.yaml").to_string(), "a.yaml:1:1");
        assert_eq!(Place::start_of("a.yaml").end(), (1, 1));
    }
}
