//! A page of our own words: what `explain` prints, for a terminal and as Markdown. Text from outside
//! never stands on one.

use std::io::{self, Write};

use textwrap::{Options, WordSplitter};

use super::paint::Paint;

/// Headings and what stands below them.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub title: String,
    pub blocks: Vec<Block>,
}

/// Text may hold `code` in backticks, as Markdown has it.
#[derive(Debug, Clone)]
pub enum Block {
    Heading(String),
    Text(String),
    /// A term and what is said of it.
    Terms(Vec<(String, String)>),
    Matrix(Matrix),
    /// To be copied as it stands.
    Code(String),
}

/// Who holds what.
#[derive(Debug, Clone)]
pub struct Matrix {
    pub columns: Vec<String>,
    pub rows: Vec<MatrixRow>,
}

#[derive(Debug, Clone)]
pub struct MatrixRow {
    pub label: String,
    /// It must not be overlooked.
    pub marked: bool,
    pub cells: Vec<Cell>,
    pub says: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    No,
    /// On the condition that the row says.
    If,
    Yes,
}

/// Narrower than this nothing is wrapped well.
const NARROWEST: usize = 40;
const INDENT: &str = "  ";
/// A term that is longer has what is said of it below it.
const TERM: usize = 26;

impl Page {
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }
    pub fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }
    pub fn terms(&mut self, terms: Vec<(String, String)>) {
        if !terms.is_empty() {
            self.blocks.push(Block::Terms(terms));
        }
    }
}

/// Writes a page for a terminal of so many columns.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, page: &Page, width: usize, paint: Paint) -> io::Result<()> {
    let width = width.max(NARROWEST);
    let strong = paint.strong();
    writeln!(out, "{strong}{}{strong:#}", page.title)?;
    let mut first = true;
    for block in &page.blocks {
        match block {
            Block::Heading(text) => writeln!(out, "\n{strong}{text}{strong:#}")?,
            Block::Text(text) => {
                if !first {
                    writeln!(out)?;
                }
                wrapped(out, text, width, "", "")?;
            }
            Block::Terms(terms) => write_terms(out, terms, width, paint)?,
            Block::Matrix(matrix) => write_matrix(out, matrix, width, paint)?,
            Block::Code(text) => {
                writeln!(out)?;
                text.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
            }
        }
        // What follows a heading follows it at once.
        first = matches!(block, Block::Heading(_));
    }
    Ok(())
}

/// How lines are broken: between words, never in one, so that a code can be copied.
pub(super) fn options<'a>(width: usize, first: &'a str, rest: &'a str) -> Options<'a> {
    Options::new(width).initial_indent(first).subsequent_indent(rest).break_words(false).word_splitter(WordSplitter::NoHyphenation)
}

fn wrapped(out: &mut impl Write, text: &str, width: usize, first: &str, rest: &str) -> io::Result<()> {
    textwrap::wrap(text, options(width, first, rest)).iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn write_terms(out: &mut impl Write, terms: &[(String, String)], width: usize, paint: Paint) -> io::Result<()> {
    let strong = paint.strong();
    let column = terms.iter().map(|(t, _)| length(t)).filter(|n| *n <= TERM).max().unwrap_or(0);
    let rest = " ".repeat(INDENT.len() + column + 2);
    for (term, says) in terms {
        let lines = textwrap::wrap(says, options(width, &rest, &rest));
        let pad = " ".repeat(column.saturating_sub(length(term)));
        write!(out, "{INDENT}{strong}{term}{strong:#}")?;
        let beside = length(term) <= column;
        let mut lines = lines.iter();
        match lines.next().filter(|_| beside) {
            Some(line) => writeln!(out, "{pad}  {}", line.trim_start())?,
            None => {
                writeln!(out)?;
                lines = lines.as_slice().iter();
            }
        }
        if !beside && !says.is_empty() {
            wrapped(out, says, width, &rest, &rest)?;
            continue;
        }
        lines.try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// Columns under names that step down, so that any number of them fits.
fn write_matrix(out: &mut impl Write, matrix: &Matrix, width: usize, paint: Paint) -> io::Result<()> {
    let (faint, alarm) = (paint.faint(), paint.alarm());
    let column = matrix.rows.iter().map(|r| length(&r.label)).max().unwrap_or(0);
    let before = " ".repeat(INDENT.len() + column + 2);
    for (i, name) in matrix.columns.iter().enumerate() {
        writeln!(out, "{before}{}{name}", format!("{faint}|{faint:#}  ").repeat(i))?;
    }
    let used = before.len() + 3 * matrix.columns.len();
    let rest = " ".repeat(used);
    for row in &matrix.rows {
        let mark = if row.marked { '!' } else { ' ' };
        write!(out, "{alarm}{mark}{alarm:#} {}{}", row.label, " ".repeat(column - length(&row.label) + 2))?;
        for cell in &row.cells {
            match cell {
                Cell::Yes => write!(out, "x  ")?,
                Cell::If => write!(out, "c  ")?,
                Cell::No => write!(out, "{faint}.{faint:#}  ")?,
            }
        }
        // Where nothing fits beside the columns it stands below the row.
        let (rest, beside) = if used + 24 <= width { (rest.as_str(), true) } else { ("      ", false) };
        if !beside {
            writeln!(out)?;
        }
        let says = textwrap::wrap(&row.says, options(width, rest, rest));
        let said: Vec<&str> = says.iter().enumerate().map(|(i, l)| if i == 0 && beside { l.trim_start() } else { l }).collect();
        said.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// Writes a page as Markdown, its title as a heading of this level.
///
/// # Errors
/// What the stream answers.
pub fn markdown(out: &mut impl Write, page: &Page, level: usize) -> io::Result<()> {
    let hashes = "#".repeat(level);
    writeln!(out, "{hashes} {}", page.title)?;
    for block in &page.blocks {
        writeln!(out)?;
        match block {
            Block::Heading(text) => writeln!(out, "{hashes}# {text}")?,
            Block::Text(text) => wrapped(out, text, 100, "", "")?,
            Block::Terms(terms) => {
                for (term, says) in terms {
                    let says = if says.is_empty() { String::new() } else { format!(": {says}") };
                    wrapped(out, &format!("**{term}**{says}"), 100, "- ", "  ")?;
                }
            }
            Block::Matrix(matrix) => markdown_matrix(out, matrix)?,
            Block::Code(text) => writeln!(out, "```yaml\n{}\n```", text.trim_end())?,
        }
    }
    Ok(())
}

fn markdown_matrix(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    writeln!(out, "| permission | {} | where |", matrix.columns.join(" | "))?;
    writeln!(out, "|---|{}---|", "---|".repeat(matrix.columns.len()))?;
    for row in &matrix.rows {
        let mark = if row.marked { " **!**" } else { "" };
        let cells = row.cells.iter().map(|c| match c {
            Cell::Yes => "x",
            Cell::If => "c",
            Cell::No => "",
        });
        writeln!(out, "| `{}`{mark} | {} | {} |", row.label, cells.collect::<Vec<_>>().join(" | "), row.says)?;
    }
    Ok(())
}
