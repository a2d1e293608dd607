//! Text from outside, made harmless where it is printed. Every name, reason, address, word and
//! message of a manifest or a server goes through one of these types (DESIGN §8.8).

use std::fmt::{self, Write as _};
use std::io;
use std::ops::Range;

use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use crate::model::is_unprintable;

/// Whether a character moves the cursor, reorders what stands around it, or does not show at all.
fn hides(c: char) -> bool {
    is_unprintable(c) || matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Text for a terminal or a log: one line, what hides is shown as `\u{1b}`, and nothing in it is a
/// command to a CI runner (`::error::` at a line's start, `##[error]` anywhere).
#[derive(Debug, Clone, Copy)]
pub struct Neutral<'a>(pub &'a str);

impl<'a> Neutral<'a> {
    /// Each character with its place in the text, and whether it is shown as an escape.
    fn characters(self) -> impl Iterator<Item = (usize, char, bool)> + use<'a> {
        // Runners trim the line before they look for `::`, so indentation protects nobody.
        let command = self.0.trim_start().starts_with("::").then(|| self.0.len() - self.0.trim_start().len());
        let mut last = '\0';
        self.0.char_indices().map(move |(at, c)| {
            let escaped = hides(c) || command == Some(at) || (c == '#' && last == '#');
            last = c;
            (at, c, escaped)
        })
    }

    /// What is shown, and where in it the range of the text stands.
    pub fn with_range(self, range: Range<usize>) -> (String, Range<usize>) {
        let mut out = String::with_capacity(self.0.len());
        let (mut start, mut end) = (0, 0);
        for (at, c, escaped) in self.characters() {
            if at == range.start {
                start = out.len();
            }
            // a string takes everything
            let _ = push(&mut out, c, escaped);
            if at + c.len_utf8() == range.end {
                end = out.len();
            }
        }
        if range.start == self.0.len() {
            start = out.len();
        }
        let end = end.max(start);
        (out, start..end)
    }
}

fn push(out: &mut impl fmt::Write, c: char, escaped: bool) -> fmt::Result {
    if escaped { write!(out, "\\u{{{:x}}}", u32::from(c)) } else { out.write_char(c) }
}

impl fmt::Display for Neutral<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.characters().try_for_each(|(_, c, escaped)| push(f, c, escaped))
    }
}

/// Text for Markdown: as [`Neutral`], and no tag, mention, link, emphasis or table cell either.
#[derive(Debug, Clone, Copy)]
pub struct Markdown<'a>(pub &'a str);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Neutral(self.0).to_string();
        for (at, c) in shown.char_indices() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                // Mentions are looked for in the rendered text: only a character between stops them.
                '@' => f.write_str("@\u{200b}")?,
                // Neither are bare links to be had.
                ':' => f.write_str(":\u{200b}")?,
                // A number after it, or after `GH-`, is another's issue, which would be told of it.
                '#' => f.write_str("\\#\u{200b}")?,
                '-' if follows(&shown[..at], "gh") => f.write_str("\u{200b}-")?,
                // A link without a scheme.
                '.' if follows(&shown[..at], "www") => f.write_str("\u{200b}.")?,
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                    f.write_char('\\')?;
                    f.write_char(c)?;
                }
                // Lists and underlines, where a line could start with this text.
                '-' | '+' | '=' | '.' if shown[..at].bytes().all(|b| b.is_ascii_digit() || b == b' ') => {
                    f.write_char('\\')?;
                    f.write_char(c)?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Whether the text ends with these ASCII letters, in either case.
fn follows(before: &str, letters: &str) -> bool {
    before.len().checked_sub(letters.len()).and_then(|at| before.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(letters))
}

/// An address for Markdown: as code, so that it can be copied and mentions nobody.
#[derive(Debug, Clone, Copy)]
pub struct MarkdownCode<'a>(pub &'a str);

impl fmt::Display for MarkdownCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An empty span would be two open ends.
        if self.0.trim().is_empty() || self.0.contains(['`', '<', '|']) {
            return Markdown(self.0).fmt(f);
        }
        write!(f, "`{}`", Neutral(self.0))
    }
}

/// A cell that a spreadsheet takes for text: formulas start with one of these characters, or with
/// their full-width forms.
pub fn cell(text: &str) -> String {
    let shown = Neutral(text).to_string();
    if text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
        || text.starts_with(['\t', '\r', '\n'])
    {
        format!("'{shown}")
    } else {
        shown
    }
}

/// Pretty JSON that escapes what hides and what a CI runner would obey; it reads back the same.
pub struct NeutralJson {
    pretty: PrettyFormatter<'static>,
}

impl NeutralJson {
    #[expect(clippy::new_without_default, reason = "one way to make it is enough")]
    pub fn new() -> Self {
        Self { pretty: PrettyFormatter::new() }
    }
}

impl Formatter for NeutralJson {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = 0;
        let mut last = '\0';
        for (at, c) in fragment.char_indices() {
            if hides(c) || (c == '#' && last == '#') {
                out.write_all(&fragment.as_bytes()[rest..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                rest = at + c.len_utf8();
            }
            last = c;
        }
        out.write_all(&fragment.as_bytes()[rest..])
    }
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.pretty.write_char_escape(out, escape)
    }
    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_array(out)
    }
    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array(out)
    }
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(out, first)
    }
    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(out)
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\u{1b}[2J\u{202e}::add-mask::x\n::error::x @everyone <img src=x> `x` | =cmd() ##[error]y \u{9b}31m";

    #[test]
    fn hostile_text_is_one_line_without_control_bidi_or_invisible_characters() {
        let shown = Neutral(HOSTILE).to_string();
        assert_eq!(shown, r"\u{1b}[2J\u{202e}::add-mask::x\u{a}::error::x @everyone <img src=x> `x` | =cmd() #\u{23}[error]y \u{9b}31m");
        assert_eq!(Neutral("Ad\u{e9}le \u{5d0} 李").to_string(), "Ad\u{e9}le \u{5d0} 李", "what shows stays");
        assert_eq!(Neutral("a\u{ad}b\u{3164}c\u{e0041}").to_string(), r"a\u{ad}b\u{3164}c\u{e0041}");
    }

    #[test]
    fn a_range_stays_on_its_characters() {
        let (shown, range) = Neutral("\u{202e}ab##c").with_range(3..6);
        assert_eq!((&*shown, &shown[range]), (r"\u{202e}ab#\u{23}c", "ab#"));
        assert_eq!(Neutral("ab").with_range(2..2), ("ab".into(), 2..2));
        assert_eq!(Neutral("").with_range(0..0), (String::new(), 0..0));
    }

    #[test]
    fn no_text_starts_a_runner_command() {
        assert_eq!(Neutral("::error::x").to_string(), r"\u{3a}:error::x");
        assert_eq!(Neutral("  ::error::x").to_string(), r"  \u{3a}:error::x");
        assert_eq!(Neutral("a::b").to_string(), "a::b");
    }

    #[test]
    fn markdown_has_no_tag_mention_link_or_cell() {
        let shown = Markdown("@everyone <img src=x> `x` | [a](http://b.example) #1").to_string();
        assert_eq!(shown, "@\u{200b}everyone &lt;img src=x&gt; \\`x\\` \\| \\[a\\]\\(http:\u{200b}//b.example\\) \\#\u{200b}1");
        assert_eq!(Markdown("GH-1 www.b.example").to_string(), "GH\u{200b}-1 www\u{200b}.b.example");
        assert_eq!((Markdown("- x").to_string(), Markdown("1. x-y").to_string()), ("\\- x".into(), "1\\. x-y".into()));
        assert_eq!(MarkdownCode("a@acme.example").to_string(), "`a@acme.example`");
        assert_eq!(MarkdownCode("a`@acme.example").to_string(), "a\\`@\u{200b}acme.example");
    }

    #[test]
    fn cells_are_no_formulas() {
        for bad in ["=cmd()", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\u{ff1d}1"] {
            assert!(cell(bad).starts_with('\''), "{bad:?}");
        }
        assert_eq!(cell("Ada = Lovelace"), "Ada = Lovelace");
    }

    #[test]
    fn json_escapes_what_hides_and_reads_back_the_same() {
        let value = serde_json::json!({ "name": format!("{HOSTILE}\u{e0041}\u{7f}\"") });
        let mut out = Vec::new();
        crate::render::json::write(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7f}', '\u{e0041}']) && !text.contains("##["), "{text}");
        assert!(text.contains("\\u202e") && text.contains("\\udb40\\udc41"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_text_no_form_of_it_acts(text in "(?s)([:#@<=+ \\-\u{1b}\u{9b}\u{202e}\u{e0041}\n\r]|.){0,40}") {
            let shown = Neutral(&text).to_string();
            proptest::prop_assert!(!shown.chars().any(hides) && !shown.contains("##") && !shown.trim_start().starts_with("::"));
            let markdown = Markdown(&text).to_string().replace('\u{200b}', "");
            proptest::prop_assert!(!markdown.chars().any(hides) && !markdown.contains(['<', '>']));
            proptest::prop_assert!(!cell(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
            let mut out = Vec::new();
            crate::render::json::write(&mut out, &text).unwrap();
            let json = String::from_utf8(out).unwrap();
            proptest::prop_assert!(!json.trim_end_matches('\n').chars().any(hides) && !json.contains("##"));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
