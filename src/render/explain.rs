//! What `explain` answers: systems, and what the pages of reference say of a word.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::systems;

use super::page::{self, Page};
use super::paint::Paint;
use super::plan_view::{SCHEMA_VERSION, TOOL, schema_of};
use super::reference::{self, TopicView};
use super::system::SystemView;
use super::system_page;

/// The answer, in the order of the words that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "explain"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub systems: Vec<SystemView>,
    pub topics: Vec<TopicView>,
    /// Where nothing was asked for: the words that can be, by kind.
    pub words: BTreeMap<String, Vec<String>>,
}

impl ExplainView {
    pub fn of(systems: Vec<SystemView>, topics: Vec<TopicView>) -> Self {
        Self { schema_version: SCHEMA_VERSION, kind: "explain", tool: TOOL, systems, topics, words: BTreeMap::new() }
    }

    /// What there is to be asked for.
    pub fn contents() -> Self {
        let mut words = reference::by_kind();
        words.insert("system".to_owned(), systems::ALL.iter().map(|s| s.name.to_owned()).collect());
        Self { words, ..Self::of(Vec::new(), Vec::new()) }
    }

    /// The answer as pages.
    pub fn pages(&self) -> Vec<Page> {
        let system = |view: &SystemView| systems::find(view.system).map(|spec| system_page::page(spec, view));
        let mut pages: Vec<Page> = self.systems.iter().filter_map(system).collect();
        pages.extend(self.topics.iter().map(TopicView::page));
        if !self.words.is_empty() {
            pages.push(self.contents_page());
        }
        pages
    }

    fn contents_page(&self) -> Page {
        let mut page = Page { title: "portcullis explain WORD...".to_owned(), blocks: Vec::new() };
        page.text(
            "A word is a system, a code or a word that a plan or a check of the manifests prints, an exit code, a key, a question as you \
             would ask it, a command, or what the systems say: a role, an attribute, a permission (`viewer`), a rule (`E5`).",
        );
        page.heading("Systems");
        page.terms(systems::ALL.iter().map(|s| (s.name.to_owned(), s.summary.to_owned())).collect());
        page.heading("Questions");
        let questions = reference::topics().into_iter().filter(|t| t.kind == "question");
        page.terms(questions.map(|q| (q.topic, q.title)).collect());
        page.heading("Words");
        let kinds = self.words.iter().filter(|(kind, _)| !matches!(kind.as_str(), "system" | "question"));
        let called = |kind: &String| if kind == reference::SECTION { "all of a kind".to_owned() } else { kind.clone() };
        page.terms(kinds.map(|(kind, words)| (called(kind), words.join(", "))).collect());
        page
    }
}

/// Writes the answer for a terminal of so many columns.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, view: &ExplainView, width: usize, paint: Paint) -> io::Result<()> {
    for (i, one) in view.pages().iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        page::text(out, one, width, paint)?;
    }
    Ok(())
}

/// Writes the answer as Markdown: of a system, what `docs/systems/` holds.
///
/// # Errors
/// What the stream answers.
pub fn markdown(out: &mut impl Write, view: &ExplainView) -> io::Result<()> {
    for (i, one) in view.pages().iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        page::markdown(out, one, 1)?;
    }
    Ok(())
}

/// The JSON Schema of [`ExplainView`]: `schemas/explain.schema.json`.
pub fn explain_schema() -> Json {
    schema_of::<ExplainView>("explain")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn the_schema_is_the_one_that_is_committed() {
        samples::assert_fresh("schemas/explain.schema.json", &explain_schema());
    }

    /// A code in a terminal of any width is whole, so that it can be copied.
    #[test]
    fn no_word_is_cut_however_narrow_the_terminal() {
        let view = ExplainView::of(Vec::new(), reference::topics());
        for width in [1, 40, 80, 200] {
            let mut out = Vec::new();
            text(&mut out, &view, width, Paint::plain()).unwrap();
            let out = String::from_utf8(out).unwrap();
            for topic in reference::topics().iter().filter(|t| t.title.is_empty()) {
                assert!(out.contains(&format!("{} ({})", topic.topic, topic.kind)), "{width}: {}", topic.topic);
            }
            assert!(width < 80 || out.lines().filter(|l| !l.starts_with("    ")).all(|l| l.chars().count() <= width + 20), "{width}");
        }
    }
}
