//! Whether an export without a final line break was cut, maybe within its last cell.
//!
//! RFC 4180 §2.2 lets the last row end so, and a cut file ends so, too: `kim@acme.exam` would be a person
//! of its own. The row has all its cells then, so that only its last cell is in doubt, and the end is taken
//! where nothing that could be missing there would be read otherwise.

use super::decode::Trouble;
use super::rows::Rows;
use super::table::{End, LastCell, Table};
use crate::model::{Status, Value};
use crate::systems::{AttrSpec, Kind, Words};

const OPEN: &str = "the last row has no line break: was the file cut? Export anew; if the row is whole, end the file with a line break, or \
                    write `final-line-break: false` in the connection where exports never have one";

/// What a column may hold.
enum Holds<'a> {
    /// One of these.
    Words(Vec<&'a str>),
    /// Text of its own form, in which no quote stands: an address, a day, an object of JSON at its end.
    Form,
    /// Anything.
    Text,
}

impl Rows<'_> {
    /// # Errors
    /// An end that may be cut.
    pub(super) fn no_cut(&self, table: &Table) -> Result<(), Trouble> {
        let End::Open { line, last } = table.end else { return Ok(()) };
        let cell = table.rows.last().and_then(|row| row.cells.last());
        let is_whole = cell.is_some_and(|cell| match last {
            LastCell::OfNoRow => false,
            LastCell::Plain => self.held(table).iter().all(|held| held.ends_with(cell)),
            LastCell::Quoted => self.held(table).iter().all(|held| held.ends_quoted_with(cell)),
        });
        if is_whole { Ok(()) } else { Err(Trouble::new(line, OPEN)) }
    }

    /// What the last column is read as; nothing where nobody reads it.
    fn held(&self, table: &Table) -> Vec<Holds<'_>> {
        let is_last = |header: &str| self.at.get(header).is_some_and(|at| at + 1 == table.header.len());
        let mut all = Vec::new();
        if is_last(&self.roster.email.value) {
            all.push(Holds::Form);
        }
        if self.roster.status.as_ref().is_some_and(|header| is_last(&header.value)) {
            let theirs = self.roster.statuses.keys().map(String::as_str);
            all.push(Holds::Words(Status::ALL.iter().map(|(word, _)| *word).chain(theirs).collect()));
        }
        let read = self.roster.columns.iter().filter(|(_, headers)| headers.iter().any(|h| is_last(&h.value)));
        all.extend(read.filter_map(|(key, _)| self.spec.attr(key)).map(|attr| self.holds(attr)));
        all
    }

    fn holds(&self, attr: &AttrSpec) -> Holds<'_> {
        let listed = |ours: Vec<&'static str>| Holds::Words(ours.into_iter().chain(self.theirs(attr).map(String::as_str)).collect());
        let words = match &attr.kind {
            Kind::One(words) => words,
            // With a separator there may be one more.
            Kind::Set { words, .. } if self.roster.separator.is_none() => words,
            Kind::Flag => return listed(vec!["true", "false"]),
            Kind::Day | Kind::Opaque if self.theirs(attr).all(|word| !word.contains('"')) => return Holds::Form,
            Kind::Day | Kind::Opaque => return Holds::Text,
            Kind::Set { .. } | Kind::Text => return Holds::Text,
        };
        match words {
            Words::Fixed(fixed) => listed(fixed.iter().map(|w| w.word).collect()),
            Words::Tenant(fact) => match self.tenant.facts.get(fact).and_then(Value::as_set) {
                Some(ours) => Holds::Words(ours.iter().map(|w| w.as_str()).chain(self.theirs(attr).map(String::as_str)).collect()),
                None => Holds::Text,
            },
            Words::Discovered => Holds::Text,
        }
    }
}

impl Holds<'_> {
    /// Whether the cell is one whole word, and the beginning of no other.
    fn ends_with(&self, cell: &str) -> bool {
        let Holds::Words(words) = self else { return false };
        words.iter().any(|word| is_one(word, cell)) && !words.iter().any(|word| !is_one(word, cell) && begins(word, cell))
    }

    /// Only a quote could follow: a cell in which none stands is whole.
    fn ends_quoted_with(&self, cell: &str) -> bool {
        match self {
            Holds::Form => true,
            Holds::Words(words) => {
                words.iter().any(|word| is_one(word, cell)) && !words.iter().any(|word| begins(word, &format!("{cell}\"")))
            }
            Holds::Text => false,
        }
    }
}

/// Case is nothing here: `TRUE` is a flag that is on.
fn is_one(word: &str, cell: &str) -> bool {
    word.to_lowercase() == cell.to_lowercase()
}

fn begins(word: &str, cell: &str) -> bool {
    word.to_lowercase().starts_with(&cell.to_lowercase())
}

#[cfg(test)]
#[path = "open_end_tests.rs"]
mod tests;
