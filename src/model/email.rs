use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::word::is_unprintable;

/// An e-mail address. Two addresses are equal when their `key` is: lower case, NFC, the domain in
/// ASCII (DESIGN §8.9).
#[derive(Clone)]
pub struct Email {
    /// What was written, where it is not the key: most addresses are.
    shown: Option<Box<str>>,
    key: Arc<str>,
}

/// Why a text is no address or no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("an address has one `@`, with a name before it and a domain after it")]
    Parts,
    #[error("an address holds no white space, control or invisible formatting characters")]
    Control,
    #[error("the part before the `@` is longer than 64 bytes")]
    LongLocal,
    #[error("an address is at most 254 bytes long")]
    Long,
    #[error("the part before the `@` starts or ends with a dot, has two in a row, or holds a character that needs quoting")]
    Local,
    #[error("`{0}` is no domain name")]
    Domain(String),
}

impl Email {
    /// The longest address in bytes.
    const MOST: usize = 254;

    /// Parses and folds an address; what was written is kept for showing.
    ///
    /// # Errors
    /// [`BadAddress`], in words for a person.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        if text.len() > 1024 {
            return Err(BadAddress::Long);
        }
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic());
        if !is_plain && text.chars().any(|c| c.is_whitespace() || is_unprintable(c)) {
            return Err(BadAddress::Control);
        }
        let (local, domain) = text.split_once('@').ok_or(BadAddress::Parts)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(BadAddress::Parts);
        }
        if local.len() > 64 {
            return Err(BadAddress::LongLocal);
        }
        let bad = |b: u8| matches!(b, b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b']' | b'\\');
        let has_dots = local.starts_with('.') || local.ends_with('.') || local.as_bytes().windows(2).any(|two| two == b"..");
        if has_dots || local.bytes().any(bad) {
            return Err(BadAddress::Local);
        }
        let domain = Domain::folded(domain)?;
        // Most are written as they are compared.
        let is_folded = matches!(domain, Cow::Borrowed(_)) && local.is_ascii() && !local.bytes().any(|b| b.is_ascii_uppercase());
        if is_folded && text.len() <= Self::MOST {
            return Ok(Self { shown: None, key: text.into() });
        }
        let mut key = String::with_capacity(local.len() + 1 + domain.len());
        if local.is_ascii() {
            // What composition and other scripts' letters are left out of comes to the same.
            key.push_str(local);
            key.make_ascii_lowercase();
        } else {
            key.extend(local.nfc().collect::<String>().to_lowercase().nfc());
        }
        key.push('@');
        key.push_str(&domain);
        if key.len() > Self::MOST {
            return Err(BadAddress::Long);
        }
        Ok(Self { shown: (text != key).then(|| text.into()), key: key.into() })
    }

    /// The folded address: what is compared, sorted and printed.
    pub fn key(&self) -> &str {
        &self.key
    }
    /// What the person wrote; for excerpts only.
    pub fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.key)
    }
    pub fn domain(&self) -> Domain {
        Domain(self.domain_name().into())
    }
    /// The same as a text.
    pub fn domain_name(&self) -> &str {
        let (_, domain) = self.key.split_once('@').expect("parse put one there");
        domain
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Email {}
impl PartialOrd for Email {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Email {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}
impl std::hash::Hash for Email {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
impl Borrow<str> for Email {
    fn borrow(&self) -> &str {
        &self.key
    }
}
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.key)
    }
}
impl serde::Serialize for Email {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.key)
    }
}

/// A domain of e-mail addresses, in ASCII and lower case; `*` is every domain (SYSTEMS.md I14).
/// Domains match exactly: `acme.com` admits neither `evil-acme.com` nor `eu.acme.com` (I12).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Domain(Box<str>);

impl Domain {
    /// # Errors
    /// [`BadAddress::Domain`].
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        Self::folded(text).map(|folded| Self(folded.into()))
    }
    /// In ASCII and lower case.
    fn folded(text: &str) -> Result<Cow<'_, str>, BadAddress> {
        let bad = || BadAddress::Domain(text.chars().take(80).collect());
        if text.len() > 1024 {
            return Err(bad());
        }
        if is_plain(text) {
            return Ok(text.into());
        }
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| bad())?;
        if ascii.len() > 253 || !ascii.contains('.') || ascii.ends_with('.') || ascii.split('.').any(str::is_empty) {
            return Err(bad());
        }
        Ok(ascii.into())
    }
    /// Every domain: a whitelist that is off.
    pub fn any() -> Self {
        Self("*".into())
    }
    pub fn is_any(&self) -> bool {
        &*self.0 == "*"
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// Whether it is a domain as it stands, by rules that are stricter than those of IDNA: labels of
/// lower-case letters, digits and single inner hyphens, the last of them letters.
fn is_plain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.as_bytes().windows(2).any(|two| two == b"--")
    };
    let Some((rest, last)) = text.rsplit_once('.') else { return false };
    text.len() <= 253 && rest.split('.').all(label) && label(last) && last.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_idn_and_composition_fold_to_one_person() {
        let a = Email::parse("Ada@B\u{fc}cher.example").unwrap();
        assert_eq!(a.key(), "ada@xn--bcher-kva.example");
        assert_eq!(a, Email::parse("ADA@xn--bcher-kva.EXAMPLE").unwrap());
        assert_eq!(Email::parse("e\u{301}@a.example").unwrap(), Email::parse("\u{e9}@a.example").unwrap());
    }

    #[test]
    fn what_is_folded_as_it_stands_is_no_other_address() {
        for text in ["ada@acme.example", "a.b+c_d@x1.acme.example", "\u{e9}@acme.example"] {
            let (plain, loud) = (Email::parse(text).unwrap(), Email::parse(&text.to_uppercase()).unwrap());
            assert_eq!((plain.key(), plain.shown(), &plain), (text, text, &loud));
            assert_eq!((loud.shown(), plain.domain_name()), (text.to_uppercase().as_str(), plain.domain().as_str()));
        }
        let long = |labels: usize| format!("{}@{}example", "a".repeat(64), "bcdefghijk.".repeat(labels));
        assert!(Email::parse(&long(16)).is_ok_and(|e| e.key().len() <= 254));
        for text in [long(17), long(17).to_uppercase()] {
            assert_eq!(Email::parse(&text).unwrap_err(), BadAddress::Long, "{text}");
        }
    }

    #[test]
    fn a_domain_that_is_plain_is_what_idna_makes_of_it() {
        let labels = ["a", "acme", "x1", "1x", "12", "a-b", "-a", "a-", "a--b", "xn--bcher-kva", "A", "a_b", "", "\u{e9}"];
        for (first, last) in labels.iter().flat_map(|f| labels.iter().map(move |l| (f, l))) {
            let text = format!("{first}.{last}");
            if is_plain(&text) {
                assert_eq!(idna::domain_to_ascii_strict(&text).ok().as_deref(), Some(text.as_str()));
            }
        }
        assert!(is_plain("eu.acme-1.example") && !is_plain("xn--bcher-kva.example") && !is_plain("acme.1"));
        assert!(!is_plain(&format!("{}.example", "a".repeat(64))) && !is_plain(&format!("{}example", "a.".repeat(130))));
    }

    #[test]
    fn bad_addresses_are_refused() {
        for bad in [
            "",
            "a",
            "a@",
            "@a.example",
            "a@@b.example",
            "a b@c.example",
            "a\u{202e}@b.example",
            "a@b",
            "a@-b.example",
            "a@b..example",
            "a@b.example.",
            ".a@b.example",
            "a..b@c.example",
            "a@b@c.example",
            "a(b@c.example",
            "a\"b@c.example",
            "a\\b@c.example",
            "a\u{7f}@c.example",
            "a\u{a0}b@c.example",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert!(Email::parse(&format!("{}@a.example", "a".repeat(65))).is_err());
    }
}
