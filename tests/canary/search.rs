//! Looks for secrets in whatever was said or written, however they are spelt there.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Shorter pieces could stand somewhere by chance.
const PIECE: usize = 16;

/// One secret, and the pieces that give it away.
#[derive(Debug, Clone)]
pub struct Canary {
    pub name: String,
    pieces: Vec<Vec<u8>>,
}

impl Canary {
    /// A secret of 32 letters and digits, always the same for a name.
    pub fn plain(name: &str) -> (String, Self) {
        let hash = Sha256::digest(format!("canary of {name}"));
        let text: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
        (text.clone(), Self::of(name, text.as_bytes()))
    }

    /// A token with what servers escape when they repeat it.
    pub fn token(name: &str) -> (String, Self) {
        let (text, canary) = Self::plain(name);
        (format!("{}+/{}==", &text[..PIECE], &text[PIECE..]), canary)
    }

    /// Of a secret that was made elsewhere. What is left over beyond whole pieces is part of the last.
    pub fn of(name: &str, secret: &[u8]) -> Self {
        assert!(secret.len() >= PIECE, "{name} is too short to be told from chance");
        let pieces = secret.chunks_exact(PIECE).chain([&secret[secret.len() - PIECE..]]);
        Self { name: name.to_owned(), pieces: pieces.map(<[u8]>::to_vec).collect() }
    }
}

/// All secrets, ready to be looked for.
pub struct Search {
    /// By their first four bytes.
    patterns: BTreeMap<[u8; 4], Vec<(Vec<u8>, usize)>>,
    /// Whether a pattern begins with these two.
    begins: Vec<bool>,
    names: Vec<String>,
}

impl Search {
    pub fn of(canaries: &[Canary]) -> Self {
        let mut search = Self { patterns: BTreeMap::new(), begins: vec![false; 1 << 16], names: Vec::new() };
        for (i, canary) in canaries.iter().enumerate() {
            search.names.push(canary.name.clone());
            for pattern in canary.pieces.iter().flat_map(|piece| spellings(piece)) {
                let head = [pattern[0], pattern[1], pattern[2], pattern[3]];
                search.begins[usize::from(pattern[0]) << 8 | usize::from(pattern[1])] = true;
                search.patterns.entry(head).or_default().push((pattern, i));
            }
        }
        search
    }

    /// The names of the secrets that stand in it.
    pub fn finds(&self, text: &[u8]) -> Vec<&str> {
        let mut found = vec![false; self.names.len()];
        let joined = joined(text);
        let small = joined.to_ascii_lowercase();
        for text in [text, &joined, &small] {
            for at in 0..text.len().saturating_sub(3) {
                if !self.begins[usize::from(text[at]) << 8 | usize::from(text[at + 1])] {
                    continue;
                }
                let head = [text[at], text[at + 1], text[at + 2], text[at + 3]];
                for (pattern, i) in self.patterns.get(&head).into_iter().flatten() {
                    found[*i] |= text[at..].starts_with(pattern);
                }
            }
        }
        self.names.iter().zip(found).filter(|(_, found)| *found).map(|(name, _)| name.as_str()).collect()
    }
}

/// Without what breaks lines, draws tables and quotes: a secret over several lines is one again.
fn joined(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        // A line break as JSON has it.
        if text[at] == b'\\' && matches!(text.get(at + 1), Some(b'n' | b'r' | b't')) {
            at += 2;
            continue;
        }
        if text[at].is_ascii_alphanumeric() || b"+/=%-_".contains(&text[at]) {
            out.push(text[at]);
        }
        at += 1;
    }
    out
}

/// The piece itself, in small letters, in hex, with every byte as `%XX`, and in base64 wherever it stands in
/// what was encoded.
fn spellings(piece: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = piece.iter().map(|b| format!("{b:02x}")).collect();
    let percent: String = piece.iter().map(|b| format!("%{b:02x}")).collect();
    let mut all = vec![piece.to_vec(), piece.to_ascii_lowercase(), hex.into_bytes(), percent.into_bytes()];
    for skipped in 0..3 {
        let whole = (piece.len() - skipped) / 3 * 3;
        let text = base64(&piece[skipped..skipped + whole]);
        all.push(text.replace('+', "-").replace('/', "_").into_bytes());
        all.push(text.into_bytes());
    }
    all
}

/// Of threes of bytes, so that there is nothing to fill up.
fn base64(threes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let of = |three: &[u8]| {
        let bits = three.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b));
        [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)]
    };
    threes.chunks_exact(3).flat_map(of).collect()
}

/// The search itself can fail: each spelling is planted in what a command could say.
#[test]
fn a_planted_leak_is_found_however_it_is_spelt() {
    let (secret, canary) = Canary::plain("planted");
    let (token, of_token) = Canary::token("token");
    let search = Search::of(&[canary, of_token]);
    assert_eq!(base64(b"any carnal pleas"[..15].into()), "YW55IGNhcm5hbCBwbGVh");
    let percent: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    let hex: String = secret.bytes().map(|b| format!("{b:02X}")).collect();
    let lines: String = secret.as_bytes().chunks(5).map(|c| format!("│ {} │\n", String::from_utf8_lossy(c))).collect();
    let json: String = secret.as_bytes().chunks(7).map(|c| format!("{}\\n", String::from_utf8_lossy(c))).collect();
    let mut planted = vec![secret.clone(), secret.to_uppercase(), percent, hex, lines, json, secret[..PIECE].to_owned()];
    planted.push(secret[PIECE..].to_owned());
    for before in ["", "x", "xy"] {
        let padded = format!("{before}{secret}zzz");
        planted.push(base64(&padded.as_bytes()[..padded.len() / 3 * 3]));
    }
    for text in planted {
        let said = format!("error: the server answered 400: {text}: try again\n");
        assert_eq!(search.finds(said.as_bytes()), ["planted"], "{said}");
    }
    for text in [token.replace('/', "\\/"), token.replace('+', "%2B").replace('/', "%2F"), token.replace("==", "\\u003d\\u003d")] {
        assert_eq!(search.finds(text.as_bytes()), ["token"], "{text}");
    }
    let half_a_piece = &secret[..PIECE - 1];
    for clean in ["", "abc", "error: the server answered 400: [token]", half_a_piece] {
        assert_eq!(search.finds(clean.as_bytes()), [""; 0], "{clean}");
    }
}
