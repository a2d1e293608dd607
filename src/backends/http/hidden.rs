//! What is cut out of every text of a server's, however it spells it: a server that repeats what it was
//! sent may escape it.

use secrecy::{ExposeSecret, SecretString};

/// What may be in no text: the token, the key of a write.
#[derive(Clone, Default)]
pub(super) struct Hidden(Vec<SecretString>);

impl Hidden {
    pub(super) fn token(token: &SecretString) -> Self {
        Self(vec![token.clone()])
    }
    pub(super) fn and(&self, secret: &str) -> Self {
        let mut all = self.clone();
        all.0.push(secret.into());
        all
    }
    /// The text with all of them cut out.
    pub(super) fn out_of(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| without(&text, secret.expose_secret()))
    }
    /// Whether one of them stands in the text.
    pub(super) fn stands_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| find(text, secret.expose_secret()).is_some())
    }
}

fn without(text: &str, secret: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, length)) = find(rest, secret) {
        out.push_str(&rest[..at]);
        out.push_str("[token]");
        rest = &rest[at + length..];
    }
    out + rest
}

/// Where the secret stands first, and how long it is there.
fn find(text: &str, secret: &str) -> Option<(usize, usize)> {
    // Whole pages are looked through: where nothing is escaped, that is quick.
    if !text.contains(['\\', '%', '&']) {
        return text.find(secret).filter(|_| !secret.is_empty()).map(|at| (at, secret.len()));
    }
    text.char_indices().find_map(|(at, _)| Some((at, begins_with(&text[at..], secret)?)))
}

/// How many bytes of the text are the secret, which is not empty.
fn begins_with(text: &str, secret: &str) -> Option<usize> {
    let as_it_is = text.starts_with(secret).then_some(secret.len());
    let end = as_it_is.or_else(|| secret.chars().try_fold(0, |at, c| Some(at + spells(text.get(at..)?, c)?)))?;
    (end > 0).then_some(end)
}

/// How many bytes at the text's begin spell the character: escaped as in JSON (`\/`, `\u002f`), URLs (`%2F`) and
/// web pages (`&#47;`, `&#x2F;`), or as it is.
fn spells(text: &str, c: char) -> Option<usize> {
    escapes(text, c).or_else(|| text.starts_with(c).then(|| c.len_utf8()))
}

fn escapes(text: &str, c: char) -> Option<usize> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
    let is = |code: Option<u32>, length: usize| (code == Some(u32::from(c))).then_some(length);
    if let Some(percent) = text.strip_prefix('%') {
        return is(hex(percent.get(..2)?), 3);
    }
    if let Some(escaped) = text.strip_prefix('\\') {
        let code = escaped.strip_prefix('u').and_then(|code| hex(code.get(..4)?));
        return is(code, 6).or_else(|| escaped.starts_with(c).then(|| 1 + c.len_utf8()));
    }
    let (code, _) = text.strip_prefix("&#")?.split_once(';').filter(|(code, _)| code.len() <= 8)?;
    let number = code.strip_prefix(['x', 'X']).map_or_else(|| code.parse().ok(), hex);
    is(number, code.len() + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a+b/c=\"u\\9";

    #[test]
    fn a_secret_is_cut_out_however_it_is_escaped() {
        let hidden = Hidden::token(&TOKEN.into()).and("key/1");
        for spelt in [
            TOKEN,
            "a+b\\/c=\\\"u\\\\9",
            "a%2Bb%2fc%3D%22u%5C9",
            "%61%2B%62%2F%63%3D%22%75%5C%39",
            "a\\u002bb\\u002Fc\\u003d\\u0022\\u0075\\u005c9",
            "a&#43;b&#x2F;c&#X3d;&#34;u&#92;9",
            "key\\/1",
        ] {
            assert_eq!(hidden.out_of(&format!("no: é {spelt}{spelt}!")), "no: é [token][token]!", "{spelt}");
            assert!(hidden.stands_in(&format!("é{spelt}é")), "{spelt}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let hidden = Hidden::token(&TOKEN.into()).and("");
        for text in
            ["", "a", "a+b/c=", "a+b/c=\"u\\", "%", "%2", "%zz", "a\\", "a\\u00", "&#", "a&#;", "a&#99999999999;", "é\\é%é", "[token"]
        {
            assert_eq!(hidden.out_of(text), text);
            assert!(!hidden.stands_in(text), "{text}");
        }
    }
}
