//! Bytes to text, by the encoding that the connection declares. Nothing is guessed and nothing
//! replaced: a name that was read wrongly would be planned to be written so.

use crate::model::Encoding;

/// A line of the export, counted from 1, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub line: u32,
    pub what: String,
}

impl Trouble {
    pub(super) fn new(line: u32, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

const UTF_8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// The text of an export, without its byte order mark, every line break one `\n`.
///
/// # Errors
/// Bytes that are not of the encoding, and control characters other than tabs and line breaks, at their
/// line: no console writes them, and a table would take some of them for its own.
pub(super) fn text(bytes: &[u8], encoding: Encoding) -> Result<String, Trouble> {
    if let Some(marked) = marked(bytes).filter(|m| *m != encoding) {
        let what = format!("the file starts as {} does, and `encoding` is {}", marked.word(), encoding.word());
        return Err(Trouble::new(1, what));
    }
    let text = match encoding {
        Encoding::Utf8 => utf_8(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes)),
        Encoding::Utf16 => utf_16(bytes),
        Encoding::Windows1252 => windows_1252(bytes),
    }?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    match text.find(|c: char| c.is_control() && !matches!(c, '\t' | '\n')) {
        None => Ok(text),
        Some(at) => Err(control(&text, at)),
    }
}

fn control(text: &str, at: usize) -> Trouble {
    let found = text[at..].chars().next().map_or(0, u32::from);
    let hint = if found == 0 { " (is it `encoding: utf-16`?)" } else { "" };
    Trouble::new(line_after(&text[..at]), format!("a control character, U+{found:04X}{hint}: no table of text holds one"))
}

/// The encoding that a byte order mark names.
fn marked(bytes: &[u8]) -> Option<Encoding> {
    if bytes.starts_with(UTF_8_MARK) {
        Some(Encoding::Utf8)
    } else if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        Some(Encoding::Utf16)
    } else {
        None
    }
}

fn utf_8(bytes: &[u8]) -> Result<String, Trouble> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(e) => {
            let line = line_after(&String::from_utf8_lossy(&bytes[..e.valid_up_to()]));
            let hint = "is it `encoding: windows-1252`?";
            Err(Trouble::new(line, format!("bytes that are no utf-8 ({hint})")))
        }
    }
}

fn utf_16(bytes: &[u8]) -> Result<String, Trouble> {
    let (bytes, big) = match bytes {
        [0xfe, 0xff, rest @ ..] => (rest, true),
        [0xff, 0xfe, rest @ ..] => (rest, false),
        _ => (bytes, false),
    };
    let unit = |pair: &[u8]| if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) };
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let mut text = String::with_capacity(bytes.len() / 2);
    for decoded in char::decode_utf16(pairs.map(unit)) {
        match decoded {
            Ok(c) => text.push(c),
            Err(_) => return Err(Trouble::new(line_after(&text), "bytes that are no utf-16")),
        }
    }
    if odd {
        return Err(Trouble::new(line_after(&text), "the file ends in half a character of utf-16: was it cut?"));
    }
    Ok(text)
}

/// What stands at 0x80 to 0x9f, where windows-1252 is not Latin 1; five of them are nothing.
const HIGH: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™',
    'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> Result<String, Trouble> {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        let c = match byte {
            0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
            other => char::from(*other),
        };
        if c == '\0' && *byte != 0 {
            let what = format!("the byte 0x{byte:02x} is nothing in windows-1252");
            return Err(Trouble::new(line_after(&text), what));
        }
        text.push(c);
    }
    Ok(text)
}

/// The line that comes after so much text, whatever its line breaks are.
fn line_after(text: &str) -> u32 {
    let breaks = text.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\r')).count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn one_text_comes_out_of_every_encoding() {
        let want = "Email\nzoë@acme.example €\n";
        let windows = b"Email\r\nzo\xeb@acme.example \x80\r\n";
        assert_eq!(text("Email\r\nzoë@acme.example €\r\n".as_bytes(), Encoding::Utf8).unwrap(), want);
        assert_eq!(text("\u{feff}Email\nzoë@acme.example €\n".as_bytes(), Encoding::Utf8).unwrap(), want);
        assert_eq!(text(windows, Encoding::Windows1252).unwrap(), want);
        assert_eq!(text(&le("\u{feff}Email\rzoë@acme.example €\r"), Encoding::Utf16).unwrap(), want);
        assert_eq!(text(&le(want), Encoding::Utf16).unwrap(), want);
        let big: Vec<u8> = format!("\u{feff}{want}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&big, Encoding::Utf16).unwrap(), want);
    }

    #[test]
    fn bytes_of_another_encoding_are_told_with_their_line() {
        assert_eq!(text(b"a\r\nb\nzo\xeb", Encoding::Utf8).unwrap_err().line, 3);
        assert_eq!(text(b"a\n\x81", Encoding::Windows1252).unwrap_err().line, 2);
        let mut lone = le("a\nb\n");
        lone.extend([0x00, 0xd8, b'x', 0]);
        assert_eq!(text(&lone, Encoding::Utf16).unwrap_err().line, 3);
        let mut odd = le("a\nb");
        odd.push(b'c');
        assert!(text(&odd, Encoding::Utf16).unwrap_err().what.contains("cut"));
    }

    #[test]
    fn a_control_character_is_told_with_its_line_and_never_shown() {
        for (bytes, line, code) in [
            (&b"a\r\nb\n\x01\nc"[..], 3, "U+0001"),
            (b"a\x1b[2J", 1, "U+001B"),
            (b"a\rb\x7f", 2, "U+007F"),
            ("a\nb\u{85}".as_bytes(), 2, "U+0085"),
        ] {
            let told = text(bytes, Encoding::Utf8).unwrap_err();
            assert!(told.line == line && told.what.contains(code) && !told.what.contains(char::is_control), "{told:?}");
        }
        assert!(text(&le("Email\n"), Encoding::Utf8).unwrap_err().what.contains("utf-16"));
        assert_eq!(text(b"a\tb\r\n", Encoding::Utf8).unwrap(), "a\tb\n");
    }

    #[test]
    fn a_byte_order_mark_that_says_otherwise_is_believed() {
        for (bytes, declared) in [
            (le("\u{feff}Email"), Encoding::Utf8),
            (le("\u{feff}Email"), Encoding::Windows1252),
            (b"\xef\xbb\xbfEmail".to_vec(), Encoding::Windows1252),
        ] {
            assert!(text(&bytes, declared).unwrap_err().what.starts_with("the file starts as utf-"));
        }
    }
}
