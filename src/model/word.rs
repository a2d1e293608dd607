use std::borrow::Borrow;
use std::fmt;

/// One word of a system or a manifest: a role, privilege, subaccount, group, or the name of an
/// account, person or team. Never empty, never padded with white space, never a control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Atom(Box<str>);

/// Why a text is no [`Atom`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWord {
    #[error("is empty")]
    Empty,
    #[error("starts or ends with white space")]
    Padded,
    #[error("holds a control or invisible formatting character")]
    Control,
    #[error("is longer than {} bytes", Atom::MOST)]
    Long,
}

impl Atom {
    /// The longest word in bytes.
    pub const MOST: usize = 256;

    /// Checks `text` and keeps it as it is.
    ///
    /// # Errors
    /// [`BadWord`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, BadWord> {
        if text.is_empty() {
            return Err(BadWord::Empty);
        }
        if text.len() > Self::MOST {
            return Err(BadWord::Long);
        }
        if text.chars().any(is_unprintable) {
            return Err(BadWord::Control);
        }
        if text.trim() != text {
            return Err(BadWord::Padded);
        }
        Ok(Self(text.into()))
    }

    /// A word that stands in a system's literals.
    ///
    /// # Panics
    /// Where the literal is no word; a test walks through all of them.
    pub fn literal(text: &'static str) -> Self {
        Self::new(text).expect("a system's literal is a word")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and those that reorder or hide the text around them.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}
impl Borrow<str> for Atom {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl PartialEq<str> for Atom {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}
impl PartialEq<&str> for Atom {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}
