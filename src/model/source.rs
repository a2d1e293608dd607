use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Characters are counted once for each block of so many bytes, so that a place in a long line
/// costs no more than one in a short line.
const BLOCK: usize = 256;

/// One file's text, with what is needed to turn bytes into lines and columns.
pub struct Source {
    name: Arc<str>,
    text: Box<str>,
    /// Where each line starts.
    lines: Vec<u32>,
    /// Characters that start before each block; empty where all are one byte.
    blocks: Vec<u32>,
}

impl Source {
    /// `name` is relative to the manifests' folder, with `/` between its parts.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Box<str>>) -> Self {
        let text: Box<str> = text.into();
        let mut lines = vec![0];
        lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| offset(i + 1)));
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut characters = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                blocks.push(characters);
                characters += starts(block);
            }
        }
        Self { name: name.into(), text, lines, blocks }
    }
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The bytes of one line, counted from 1, without its end.
    pub fn line(&self, number: u32) -> Option<Range<usize>> {
        let at = (number as usize).checked_sub(1)?;
        let start = *self.lines.get(at)? as usize;
        let end = self.lines.get(at + 1).map_or(self.text.len(), |next| *next as usize - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        Some(start..end)
    }
    /// Line and column of a byte, both from 1, the column in characters. What lies behind the text is
    /// its end.
    pub fn position(&self, at: u32) -> (u32, u32) {
        let at = at.min(offset(self.text.len()));
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines[line - 1];
        let column = if self.blocks.is_empty() { at - start } else { self.characters(at as usize) - self.characters(start as usize) };
        (offset(line), column + 1)
    }

    fn characters(&self, at: usize) -> u32 {
        match self.blocks.get(at / BLOCK) {
            Some(before) => before + starts(&self.text.as_bytes()[at - at % BLOCK..at]),
            // the very end of a text that fills its last block
            None => self.blocks.last().copied().unwrap_or(0) + starts(&self.text.as_bytes()[(self.blocks.len() - 1) * BLOCK..at]),
        }
    }
}

/// Its name alone: a text may hold what nobody should see.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

/// Characters that start in these bytes.
fn starts(bytes: &[u8]) -> u32 {
    offset(bytes.iter().filter(|b| **b & 0xc0 != 0x80).count())
}

/// Files are far smaller than this holds (`manifest::source::MOST_BYTES`).
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &Source, needle: &str) -> (u32, u32) {
        source.position(offset(source.text().find(needle).unwrap()))
    }

    #[test]
    fn columns_count_characters_wherever_blocks_end() {
        let long = format!("é{}x\nüy\n{}z", "é".repeat(1000), "a".repeat(4 * BLOCK));
        let source = Source::new("a.yaml", long);
        assert_eq!(at(&source, "x"), (1, 1002));
        assert_eq!(at(&source, "y"), (2, 2));
        assert_eq!(at(&source, "z"), (3, 4 * offset(BLOCK) + 1));
        let full = Source::new("b.yaml", "é".repeat(BLOCK / 2));
        assert_eq!(full.position(offset(BLOCK)), (1, offset(BLOCK / 2) + 1));
    }

    #[test]
    fn what_lies_behind_the_text_is_its_end() {
        assert_eq!(Source::new("a.yaml", "a: 1\nb").position(u32::MAX), (2, 2));
        assert_eq!(Source::new("a.yaml", "").position(7), (1, 1));
    }

    #[test]
    fn lines_have_no_ends() {
        let source = Source::new("a.yaml", "a: 1\r\nb: 2");
        assert_eq!(source.line(1).map(|r| &source.text()[r]), Some("a: 1"));
        assert_eq!(source.line(2).map(|r| &source.text()[r]), Some("b: 2"));
        assert_eq!(source.line(3), None);
        assert_eq!(source.line(0), None);
    }
}
