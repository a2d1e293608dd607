use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::Index;

/// One word of a system or a manifest: a role, privilege, subaccount, group, or the name of an
/// account, person or team. Never empty, never padded with white space, never a control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Atom(Arc<str>);

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

/// A text from outside inside a message: in backticks, short, and without any character that a
/// terminal would act on.
pub fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == MOST {
            out.push('\u{2026}');
            break;
        }
        if is_unprintable(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// Words that were met before, each kept once: a hundred thousand members have a few dozen words
/// between them.
#[derive(Debug, Default)]
pub struct Atoms(Index<Atom, ()>);

impl Atoms {
    /// As [`Atom::new`]; a word that was met before is the same one again.
    ///
    /// # Errors
    /// [`BadWord`].
    pub fn atom(&mut self, text: &str) -> Result<Atom, BadWord> {
        if let Some(known) = self.0.key(text) {
            return Ok(known.clone());
        }
        let new = Atom::new(text)?;
        self.0.insert(new.clone(), ());
        Ok(new)
    }
}

/// Control characters, and those that reorder the text around them or hide in it. Variation
/// selectors are left: they choose how the character before them looks, in names, too.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_nothing_that_reorders_or_hides() {
        for bad in ['\u{7}', '\u{9b}', '\u{61c}', '\u{ad}', '\u{202e}', '\u{2066}', '\u{3164}', '\u{feff}', '\u{e0041}'] {
            assert_eq!(Atom::new(&format!("a{bad}b")), Err(BadWord::Control), "{bad:?}");
            assert!(crate::model::Email::parse(&format!("a{bad}b@acme.example")).is_err(), "{bad:?}");
        }
        assert!(["Ad\u{e9}le", "\u{5d0}", "\u{674e}", "\u{2764}\u{fe0f}"].iter().all(|word| Atom::new(word).is_ok()));
    }
}
