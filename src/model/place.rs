use std::fmt;
use std::sync::Arc;

/// Where something stands in the manifests: file relative to their folder, line and column from 1,
/// the column in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: Arc<str>,
    pub line: u32,
    pub column: u32,
    /// The last line and the column after the last character.
    pub end: (u32, u32),
    /// Byte range in the file, for excerpts.
    pub span: (u32, u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
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
