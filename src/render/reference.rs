//! The pages of reference, as they are in `docs/`, taken apart: what `explain CODE` prints. They are
//! the one place where codes, keys and exit codes are explained.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::systems;

use super::page::{Block, Page};

/// Pages whose tables have a row a code; the sections say of which kind.
const CODES: (&str, &str) = ("docs/codes.md", include_str!("../../docs/codes.md"));
/// A section a code.
const DIAGNOSTICS: (&str, &str) = ("docs/diagnostics.md", include_str!("../../docs/diagnostics.md"));
/// Tables of keys.
const KEYS: (&str, &str) = ("docs/manifest.md", include_str!("../../docs/manifest.md"));
/// A section a question.
const QUESTIONS: (&str, &str) = ("docs/questions.md", include_str!("../../docs/questions.md"));

/// The words of the design, several in a row.
const DESIGN: (&str, &str) = ("docs/design.md", include_str!("../../docs/design.md"));

/// Something with a name that the pages explain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TopicView {
    pub topic: String,
    /// `guard`, `block`, `report`, `warning`, `note`, `lint`, `diagnostic`, `exit code`, `key`, `word`,
    /// `word of a system`, `rule`, `command`, `question`, `section`.
    pub kind: String,
    /// Where it stands.
    pub page: &'static str,
    /// The question, or the heading.
    pub title: String,
    /// What is said of it, each with the heading of its column; of a guard the defaults too.
    pub says: Vec<SaidView>,
    /// What is said in full, and of all of its kind.
    pub text: Vec<String>,
    /// Manifests and commands.
    pub examples: Vec<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SaidView {
    pub label: String,
    pub text: String,
}

impl SaidView {
    pub fn new(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self { label: label.into(), text: text.into() }
    }
}

impl TopicView {
    /// As a page: what it is, what is said of it, and of all of its kind.
    pub fn page(&self) -> Page {
        let title = if self.title.is_empty() { format!("{} ({})", self.topic, self.kind) } else { self.title.clone() };
        let mut page = Page { title, blocks: Vec::new() };
        page.terms(self.says.iter().map(|s| (s.label.clone(), s.text.clone())).collect());
        page.blocks.extend(self.text.iter().cloned().map(Block::Text));
        page.blocks.extend(self.examples.iter().cloned().map(Block::Code));
        page
    }
}

/// Everything that the pages explain, in their order.
pub fn topics() -> Vec<TopicView> {
    let mut all = of_codes();
    all.extend(sections(DIAGNOSTICS.1).into_iter().filter_map(|s| s.of_diagnostic()));
    all.extend(of_keys());
    all.extend(of_design());
    all.extend(questions().into_iter().map(|(question, _)| question));
    all
}

/// The questions, each with what else people ask it by: the words of one of these, in any order.
pub fn questions() -> Vec<(TopicView, Vec<String>)> {
    sections(QUESTIONS.1).into_iter().map(|s| (s.whole("question", QUESTIONS.0), s.asked)).collect()
}

/// The words that [`topics`] knows, by kind.
pub fn by_kind() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for topic in topics() {
        let words = all.entry(topic.kind).or_default();
        if !words.contains(&topic.topic) {
            words.push(topic.topic);
        }
    }
    all
}

pub(super) const SECTION: &str = "section";

fn of_codes() -> Vec<TopicView> {
    let mut all = Vec::new();
    for section in sections(CODES.1) {
        let kind = kind_of(&section.heading);
        for table in section.tables() {
            all.extend(table.rows.iter().filter_map(|row| {
                let topic = codes_in(row.first()?).into_iter().next()?;
                Some(TopicView {
                    topic,
                    kind: kind.clone(),
                    page: CODES.0,
                    title: String::new(),
                    says: table.said(row),
                    text: section.paragraphs(),
                    examples: section.examples(),
                })
            }));
        }
        all.push(section.whole(SECTION, CODES.0));
    }
    all
}

fn of_keys() -> Vec<TopicView> {
    let mut all = Vec::new();
    for section in sections(KEYS.1) {
        for table in section.tables().filter(|t| t.head.first().is_some_and(|h| h == "key")) {
            for row in &table.rows {
                for topic in row.first().map(|c| codes_in(c)).unwrap_or_default() {
                    all.push(TopicView {
                        title: format!("{topic} (key: {})", section.heading.replace('`', "")),
                        topic,
                        kind: "key".to_owned(),
                        page: KEYS.0,
                        says: table.said(row),
                        text: Vec::new(),
                        examples: Vec::new(),
                    });
                }
            }
        }
        let whole = section.whole(SECTION, KEYS.0);
        if systems::find(&whole.topic).is_none() {
            all.push(whole);
        }
    }
    all
}

fn of_design() -> Vec<TopicView> {
    let words = sections(DESIGN.1).into_iter().filter(|s| s.heading == "Words");
    let rows: Vec<(String, Vec<SaidView>)> = words
        .flat_map(|s| s.tables().flat_map(|t| t.rows.iter().filter_map(|r| Some((r.first()?.clone(), t.said(r))))).collect::<Vec<_>>())
        .collect();
    let of = |(words, says): &(String, Vec<SaidView>)| -> Vec<TopicView> {
        let one = |word: &str| TopicView {
            topic: word.to_owned(),
            kind: "word".to_owned(),
            page: DESIGN.0,
            title: format!("{words} (word)"),
            says: says.clone(),
            text: Vec::new(),
            examples: Vec::new(),
        };
        words.split(", ").map(one).collect()
    };
    rows.iter().flat_map(of).collect()
}

/// `Blocked` is of blocks, `Guards` of guards.
fn kind_of(heading: &str) -> String {
    match heading {
        "Blocked" => "block".to_owned(),
        other => other.strip_suffix('s').unwrap_or(other).to_lowercase(),
    }
}

/// The words in backticks.
fn codes_in(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What stands below one heading of the second level.
struct Section {
    heading: String,
    /// Of a question: from a comment below its heading.
    asked: Vec<String>,
    parts: Vec<Part>,
}

enum Part {
    Paragraph(String),
    Table(Table),
    Code(String),
}

struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The cells after the first, each with the heading of its column.
    fn said(&self, row: &[String]) -> Vec<SaidView> {
        let cells = self.head.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(head, cell)| SaidView::new(head.clone(), cell.clone())).collect()
    }
}

impl Table {
    /// The cells after the first; numbers say what they count: `count 3, percent 20`.
    fn in_a_line(&self, row: &[String]) -> String {
        let said = self.said(row);
        let is_number = |s: &SaidView| s.text.bytes().all(|b| b.is_ascii_digit());
        if said.iter().all(is_number) {
            return said.iter().map(|s| format!("{} {}", s.label, s.text)).collect::<Vec<_>>().join(", ");
        }
        said.into_iter().map(|s| s.text).collect::<Vec<_>>().join("; ")
    }
}

impl Section {
    fn tables(&self) -> impl Iterator<Item = &Table> {
        self.parts.iter().filter_map(|p| match p {
            Part::Table(table) => Some(table),
            Part::Paragraph(_) | Part::Code(_) => None,
        })
    }

    fn paragraphs(&self) -> Vec<String> {
        let of = |p: &Part| match p {
            Part::Paragraph(text) => Some(text.clone()),
            Part::Table(_) | Part::Code(_) => None,
        };
        self.parts.iter().filter_map(of).collect()
    }

    fn examples(&self) -> Vec<String> {
        let of = |p: &Part| match p {
            Part::Code(text) => Some(text.clone()),
            Part::Table(_) | Part::Paragraph(_) => None,
        };
        self.parts.iter().filter_map(of).collect()
    }

    /// The section itself, its tables as what is said.
    fn whole(&self, kind: &str, page: &'static str) -> TopicView {
        let rows = self.tables().flat_map(|t| t.rows.iter().map(move |row| (t, row)));
        let says = rows.filter_map(|(table, row)| Some(SaidView::new(row.first()?.replace('`', ""), table.in_a_line(row))));
        TopicView {
            topic: slug(&self.heading),
            kind: kind.to_owned(),
            page,
            title: self.heading.replace('`', ""),
            says: says.collect(),
            text: self.paragraphs(),
            examples: self.examples(),
        }
    }

    /// A diagnostic: what is wrong, why, an example, and what to do.
    fn of_diagnostic(&self) -> Option<TopicView> {
        let topic = codes_in(&self.heading).into_iter().next()?;
        let mut says = Vec::new();
        let paragraphs = self.paragraphs();
        if let Some(first) = paragraphs.first() {
            let (what, why) = first.split_once(". ").map_or((first.as_str(), ""), |(what, why)| (what, why));
            says.push(SaidView::new("what it means", format!("{}.", what.trim_end_matches('.'))));
            if !why.is_empty() {
                says.push(SaidView::new("why", why));
            }
        }
        let rest: Vec<&String> = paragraphs.iter().skip(1).collect();
        if let Some((last, between)) = rest.split_last() {
            says.extend(between.iter().map(|text| SaidView::new("more", text.as_str())));
            says.push(SaidView::new("what to do", last.as_str()));
        }
        let kind = "diagnostic".to_owned();
        Some(TopicView { topic, kind, page: DIAGNOSTICS.0, title: String::new(), says, text: Vec::new(), examples: self.examples() })
    }
}

/// `Exit codes`, `accounts.NAME` and `Entries of members` as words for a command line.
fn slug(heading: &str) -> String {
    let word = heading.to_lowercase().replace(".name", "").replace(".id", "").replace('`', "");
    let mut slug = String::new();
    for c in word.chars() {
        match c {
            c if c.is_alphanumeric() => slug.push(c),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn sections(page: &str) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    let mut lines = page.lines().peekable();
    let mut open = String::new();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            close(&mut all, &mut open);
            all.push(Section { heading: heading.to_owned(), asked: Vec::new(), parts: Vec::new() });
        } else if let Some(asked) = line.strip_prefix("<!-- asked: ").and_then(|l| l.strip_suffix(" -->")) {
            if let Some(section) = all.last_mut() {
                section.asked.extend(asked.split(", ").map(str::to_owned));
            }
        } else if line.starts_with("```") {
            close(&mut all, &mut open);
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
            push(&mut all, Part::Code(code.join("\n")));
        } else if line.starts_with('|') {
            close(&mut all, &mut open);
            let mut table = Table { head: cells(line), rows: Vec::new() };
            while let Some(row) = lines.next_if(|l| l.starts_with('|')) {
                if !row.starts_with("|--") {
                    table.rows.push(cells(row));
                }
            }
            push(&mut all, Part::Table(table));
        } else if line.trim().is_empty() {
            close(&mut all, &mut open);
        } else {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(line.trim());
        }
    }
    close(&mut all, &mut open);
    all
}

fn close(all: &mut [Section], open: &mut String) {
    if !open.is_empty() {
        push(all, Part::Paragraph(plain(&std::mem::take(open))));
    }
}

/// What stands above the first section is about the page.
fn push(all: &mut [Section], part: Part) {
    if let Some(section) = all.last_mut() {
        section.parts.push(part);
    }
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{0}");
    row.split('|').map(|cell| plain(cell.trim()).replace('\u{0}', "|")).collect()
}

/// Links as their words, and no emphasis; `code` keeps its backticks.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        match before.rsplit_once('[') {
            Some((head, words)) => {
                out.push_str(head);
                out.push_str(&reached(words, target));
            }
            None => {
                out.push_str(before);
                out.push_str("](");
                out.push_str(target);
                out.push(')');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out.replace("**", "")
}

/// A link's words; where they only name a page, how whoever has the program alone comes to it.
fn reached(words: &str, target: &str) -> String {
    let (page, anchor) = target.split_once('#').unwrap_or((target, ""));
    let is_here = [CODES, DIAGNOSTICS, KEYS, QUESTIONS].iter().any(|(path, _)| path.strip_prefix("docs/") == Some(page));
    match words.ends_with(".md") {
        true if is_here && !anchor.is_empty() => format!("`portcullis explain {anchor}`"),
        true if is_here => "`portcullis explain CODE`".to_owned(),
        true => format!("docs/{page} of the source"),
        false => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_taken_apart() {
        let found = sections(
            "# Page\n\nAbout.\n\n## Guards\n\nSee [the\nkeys](x.md#y), **now**.\n\n| code | what |\n|---|---|\n| `a-b` | x \\| y |\n\n```yaml\nk: 1\n```\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].paragraphs(), ["See the keys, now."]);
        let table = found[0].tables().next().unwrap();
        assert_eq!((&table.head[..], &table.rows[0][1]), (&["code".to_owned(), "what".to_owned()][..], &"x | y".to_owned()));
        assert_eq!(found[0].examples(), ["k: 1"]);
    }

    /// Whoever has the program alone has none of the pages.
    #[test]
    fn a_page_is_named_by_what_explains_it() {
        assert_eq!(
            plain("see [diagnostics.md](diagnostics.md#role-spreads), [codes](codes.md#blocked)"),
            "see `portcullis explain role-spreads`, codes"
        );
        assert_eq!(plain("[saved-plans.md](saved-plans.md#the-audit-log)"), "docs/saved-plans.md of the source");
        let names_a_page = |text: &str| text.contains("diagnostics.md") || text.contains("codes.md");
        for topic in topics() {
            let said = topic.says.iter().map(|s| s.text.as_str()).chain(topic.text.iter().map(String::as_str));
            assert!(!said.into_iter().any(names_a_page), "{topic:?}");
        }
    }

    #[test]
    fn headings_become_words() {
        for (heading, word) in
            [("Exit codes", "exit-codes"), ("accounts.NAME", "accounts"), ("Why was this `blocked`?", "why-was-this-blocked")]
        {
            assert_eq!(slug(heading), word);
        }
    }

    #[test]
    fn every_topic_says_something() {
        for topic in topics() {
            let text: usize = topic.says.iter().map(|s| s.text.len()).chain(topic.text.iter().map(String::len)).sum();
            assert!(!topic.topic.is_empty() && text > 10, "{topic:?}");
        }
    }
}
