//! Text to a header and its rows. The separator is found by the header, and a row that is not as
//! long as the header is no row: a file that was cut ends so.

use super::decode::Trouble;

/// What parts columns, in the order in which a draw is settled.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// More rows than any account has.
const MOST_ROWS: usize = 2_000_000;
/// A row that is put after the last one: where it is not read as one, a quote was left open. No text
/// holds this character (`decode` refuses it), and it counts at its own byte alone.
const LAST: &str = "\u{1}";

const EMPTY: &str = "the export is empty: one of an account with nobody in it would still have a header";

/// A header and its rows, all of one length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Without white space around them.
    pub header: Vec<String>,
    pub rows: Vec<Row>,
    pub end: End,
}

/// How the text ends. Whether an open end is a cut one, the words of the last cell tell, which are not
/// known here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    LineBreak,
    /// Without a line break, which RFC 4180 §2.2 leaves out after the last row, and a cut does.
    Open {
        /// Of the last row.
        line: u32,
        last: LastCell,
    },
}

/// The last cell of an open end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastCell {
    Plain,
    /// A quote opens it, and another one closes it; of two quotes, which stand for one, the second may be cut.
    Quoted,
    /// In a row without any text, which is none.
    OfNoRow,
}

/// One row, and the line on which it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub line: u32,
    pub cells: Vec<String>,
}

/// Reads a table whose header shall have these columns. Rows without any text are left out.
///
/// # Errors
/// All that is wrong with its form, each at its line.
pub(super) fn read(mut text: String, columns: &[&str]) -> Result<Table, Vec<Trouble>> {
    if text.trim().is_empty() {
        return Err(vec![Trouble::new(1, EMPTY)]);
    }
    let declared = declared_separator(&text);
    if let Some((_, line)) = declared {
        // The line stays, and is empty: those after it keep their numbers.
        text.replace_range(..line, "");
        if text.trim().is_empty() {
            return Err(vec![Trouble::new(1, EMPTY)]);
        }
    }
    let separator = declared.map_or_else(|| separator(&text, columns), |(separator, _)| separator);
    let strays = after_closing_quotes(&text, separator);
    if !strays.is_empty() {
        return Err(strays);
    }
    let is_open = !text.ends_with('\n');
    if is_open {
        text.push('\n');
    }
    let last_at = text.len() as u64;
    text.push_str(LAST);
    text.push('\n');
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    let mut reader = reader(&text, separator);
    let mut record = csv::StringRecord::new();
    let (mut header, mut rows, mut troubles): (Vec<String>, Vec<Row>, Vec<Trouble>) = (Vec::new(), Vec::new(), Vec::new());
    let (mut last, mut starts) = (1, 0);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            // The row after the last was swallowed by an open quote.
            Ok(false) => {
                troubles.push(Trouble::new(last, "a quote is opened here and never closed: was the file cut?"));
                break;
            }
            Err(e) => {
                troubles.push(Trouble::new(last, format!("this is no row of a table: {e}")));
                break;
            }
        }
        let is_last = reader.position().byte() > last_at;
        if is_last && record.len() == 1 && record.get(0) == Some(LAST) {
            break;
        }
        starts = record.position().map_or(0, csv::Position::byte);
        let line = lines.of(starts);
        last = line;
        let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if header.is_empty() {
            header = cells;
            continue;
        }
        if is_last && cells.last().is_some_and(|cell| cell.contains(LAST)) {
            troubles.push(Trouble::new(line, "a quote is opened here and never closed: was the file cut?"));
            break;
        }
        if cells.len() != header.len() {
            let what =
                format!("{} cells in this row and {} in the header: was the file cut, or a quote left out?", cells.len(), header.len());
            troubles.push(Trouble::new(line, what));
        } else if rows.len() == MOST_ROWS {
            troubles.push(Trouble::new(line, format!("more than {MOST_ROWS} rows")));
            break;
        } else if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { line, cells });
        }
    }
    if troubles.is_empty() && rows.is_empty() {
        troubles.push(Trouble::new(1, "the export has a header and no rows: whoever exported it is a member, so somebody is missing"));
    }
    let end = match is_open {
        false => End::LineBreak,
        true if rows.last().is_none_or(|row| row.line != last) => End::Open { line: last, last: LastCell::OfNoRow },
        true => {
            let row = usize::try_from(starts).ok().and_then(|starts| text.get(starts..)).unwrap_or_default();
            End::Open { line: last, last: last_cell(row.trim_end_matches(['\n', '\u{1}']), separator) }
        }
    };
    if troubles.is_empty() { Ok(Table { header, rows, end }) } else { Err(troubles) }
}

/// Whether a quote opens the last cell of a row whose quotes are all closed.
fn last_cell(row: &str, separator: u8) -> LastCell {
    let (mut within, mut starts, mut last) = (false, true, LastCell::Plain);
    for byte in row.bytes() {
        if within {
            within = byte != b'"';
            continue;
        }
        // The second of two quotes opens again what the first has closed.
        within = byte == b'"' && (starts || last == LastCell::Quoted);
        if byte == separator || byte == b'\n' {
            last = LastCell::Plain;
        } else if within {
            last = LastCell::Quoted;
        }
        starts = byte == separator || byte == b'\n';
    }
    last
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// Text between a closing quote and the end of its cell, once a line: the reader would take it into the
/// cell, and an address with a letter more is somebody else's. Blanks there are nothing.
fn after_closing_quotes(text: &str, separator: u8) -> Vec<Trouble> {
    let mut found: Vec<Trouble> = Vec::new();
    let mut bytes = text.bytes().peekable();
    let (mut line, mut starts) = (1, true);
    while let Some(byte) = bytes.next() {
        if starts && byte == b'"' {
            while let Some(inner) = bytes.next() {
                line += u32::from(inner == b'\n');
                if inner == b'"' && bytes.next_if_eq(&b'"').is_none() {
                    break;
                }
            }
            while bytes.next_if(|b| *b != separator && matches!(b, b' ' | b'\t')).is_some() {}
            if bytes.peek().is_some_and(|b| *b != separator && *b != b'\n') && found.last().is_none_or(|t| t.line != line) {
                found.push(Trouble::new(line, "text after a closing quote: a quote within a cell is written twice"));
            }
            starts = false;
        } else {
            starts = byte == separator || byte == b'\n';
            line += u32::from(byte == b'\n');
        }
    }
    found
}

/// What a first line `sep=;` says, which Excel writes and reads, and how long that line is.
fn declared_separator(text: &str) -> Option<(u8, usize)> {
    let line = text.lines().next()?;
    let (key, rest) = line.split_at_checked("sep=".len())?;
    match (key.eq_ignore_ascii_case("sep="), rest.as_bytes()) {
        (true, [separator]) if separator.is_ascii() && !separator.is_ascii_alphanumeric() && !b"\" ".contains(separator) => {
            Some((*separator, line.len()))
        }
        _ => None,
    }
}

/// What parts the header into most of the columns that are looked for, else into most.
fn separator(text: &str, columns: &[&str]) -> u8 {
    let score = |separator: u8| {
        let mut record = csv::StringRecord::new();
        let read = reader(text, separator).read_record(&mut record).unwrap_or(false);
        let found = columns.iter().filter(|c| record.iter().any(|cell| cell.trim() == **c)).count();
        if read { (found, record.len()) } else { (0, 0) }
    };
    let mut best = (SEPARATORS[0], score(SEPARATORS[0]));
    for other in &SEPARATORS[1..] {
        let scored = score(*other);
        if scored > best.1 {
            best = (*other, scored);
        }
    }
    best.0
}

/// From bytes to lines, going forward. A row is said to start where the one before it ended, empty
/// lines between them included.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> u32 {
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        while self.text.get(start) == Some(&b'\n') {
            start += 1;
        }
        let passed = self.text.get(self.at..start).unwrap_or_default().iter().filter(|b| **b == b'\n').count();
        self.at = self.at.max(start);
        self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, columns: &[&str]) -> Vec<(u32, Vec<String>)> {
        read(text.to_owned(), columns).unwrap().rows.into_iter().map(|r| (r.line, r.cells)).collect()
    }
    fn lines(text: &str) -> Vec<u32> {
        read(text.to_owned(), &[]).unwrap_err().into_iter().map(|t| t.line).collect()
    }

    #[test]
    fn comma_semicolon_and_tab_part_columns() {
        for separator in [",", ";", "\t"] {
            let text = format!("Email{separator} Role \na@acme.example{separator}Editor\n");
            assert_eq!(table(&text, &["Email", "Role"]), [(2, vec!["a@acme.example".to_owned(), "Editor".to_owned()])], "{separator:?}");
            assert_eq!(table(&text, &[]).len(), 1, "without columns to look for: {separator:?}");
        }
    }

    #[test]
    fn a_first_line_of_excel_says_what_parts_columns() {
        for (line, separator) in [("sep=;", ';'), ("SEP=,", ','), ("sep=\t", '\t'), ("sep=|", '|')] {
            let text = format!("{line}\nEmail{separator}Name, all\na@acme.example{separator}\"x\"\n")
                .replace(", all", if separator == ',' { "" } else { ", all" });
            assert_eq!(table(&text, &["Email"]), [(3, vec!["a@acme.example".to_owned(), "x".to_owned()])], "{line}");
        }
        assert_eq!(lines("sep=;\n"), [1], "nothing after it is an empty export");
        assert_eq!(lines("sep=;"), [1]);
        assert_eq!(lines("sep=;\nEmail;Role\na@acme.example\n"), [3], "lines keep their numbers");
        // What declares nothing is a header.
        for header in ["sep=", "sep=ab", "sep=\"", "separator"] {
            assert!(table(&format!("{header}\nx\n"), &[]).len() == 1, "{header}");
        }
    }

    #[test]
    fn the_columns_that_are_looked_for_say_what_parts_them() {
        let text = "Email;Name, first, last, all\na@acme.example;x\n";
        assert_eq!(table(text, &["Email"])[0].1, ["a@acme.example", "x"]);
    }

    #[test]
    fn quotes_hold_separators_line_breaks_and_quotes_and_lines_are_counted_over_them() {
        let text = "Email,\"Sub\naccounts\"\n\na@acme.example,\"emea\napac, \"\"us\"\"\"\n\nb@acme.example,us\n,\n";
        let want =
            [(4, vec!["a@acme.example".to_owned(), "emea\napac, \"us\"".to_owned()]), (7, vec!["b@acme.example".into(), "us".into()])];
        assert_eq!(table(text, &["Email"]), want);
    }

    #[test]
    fn a_file_that_was_cut_is_no_table() {
        assert_eq!(lines("Email,Role\na@acme.example,x\nb@acme.ex"), [3]);
        assert_eq!(lines("Email,Role\na@acme.example,x\nb@acme.example,\"edi"), [3]);
        assert_eq!(lines("Email,\"Ro"), [1]);
        assert_eq!(lines("Email,Role\na@acme.example\nb@acme.example,x,y\n"), [2, 3]);
    }

    #[test]
    fn text_after_a_closing_quote_belongs_to_no_cell() {
        assert_eq!(lines("Email,Role\n\"a@acme.example\"x,y\nb@acme.example,\"y\"\"\"z\n"), [2, 3]);
        assert_eq!(lines("Email,Role\n\"a\nb\" c,y\n"), [3]);
        for (row, cells) in
            [("\"a@acme.example\" ,\"y\"", ["a@acme.example", "y"]), ("Ada \"A\" L,\"y \"\"z\"\"\"", ["Ada \"A\" L", "y \"z\""])]
        {
            assert_eq!(table(&format!("Email,Role\n{row}\n"), &["Email"]), [(2, cells.map(str::to_owned).to_vec())], "{row}");
        }
        assert_eq!(table("Email\tRole\n\"a\"\t\"y\"\n", &["Email"])[0].1, ["a", "y"], "a separator is no blank");
    }

    #[test]
    fn an_open_end_is_told_with_what_its_last_cell_is() {
        use LastCell::{OfNoRow, Plain, Quoted};
        for (text, line, last) in [
            ("Email,Role\na@acme.example,x\nb@acme.example,y", 3, Plain),
            ("Email\na@acme.exam", 2, Plain),
            ("Email,Role\n\na@acme.example,\"x\"", 3, Quoted),
            ("Email,Role\na@acme.example,\"x\" ", 2, Quoted),
            ("Email,Role\na@acme.example,\"x, \"\"y\"\"\nz\"", 2, Quoted),
            ("Email,Role\n\"a@acme.example\",x", 2, Plain),
            ("Email,Role\n\"a, b\",x \"y\"", 2, Plain),
            ("Email\tRole\na@acme.example\t\"x\"", 2, Quoted),
            ("Email,Role\na@acme.example,x\n,", 3, OfNoRow),
            ("Email\na@acme.example\n  ", 3, OfNoRow),
        ] {
            assert_eq!(read(text.to_owned(), &[]).unwrap().end, End::Open { line, last }, "{text:?}");
            let Table { header, rows, end } = read(format!("{text}\n"), &[]).unwrap();
            assert_eq!(end, End::LineBreak, "{text:?}");
            let open = read(text.to_owned(), &[]).unwrap();
            assert_eq!((open.header, open.rows), (header, rows), "{text:?}");
        }
        assert_eq!(lines("Email,Role\na@acme.example"), [2], "a short row is one all the same");
    }

    /// Nothing that stands in a file ends it.
    #[test]
    fn the_mark_after_the_last_row_counts_at_its_own_byte_alone() {
        let text = format!("Email\na@acme.example\n{LAST}\nb@acme.example\n");
        assert_eq!(table(&text, &[]).len(), 3);
        assert_eq!(table("Email\na@acme.example\n\n\n", &[]).len(), 1);
    }

    #[test]
    fn an_empty_export_and_one_without_rows_are_no_tables() {
        for text in ["", "\n\n", "Email,Role\n", "Email,Role\n,\n"] {
            assert_eq!(lines(text), [1], "{text:?}");
        }
    }
}
