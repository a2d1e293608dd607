//! Diagnostics as text with carets and as JSON. Text from manifests is data here: nothing in an
//! excerpt or a message can move a cursor, turn the writing around or start a line of its own.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::neutral::Neutral;
use super::plan_text::explained;
use super::plan_view::{PlaceView, SCHEMA_VERSION, schema_of};
use crate::manifest::{Diagnostic, Severity, Sources};
use crate::model::{Place, SECRET_KEY};

/// Characters of a line that are given to the renderer before a caret and in all; it trims what is
/// wider than a terminal.
const BEFORE: usize = 400;
const WIDTH: usize = 800;
/// Related places that are shown of one diagnostic.
const MOST_RELATED: usize = 8;

/// Every diagnostic as text, with excerpts. Whether there is colour is the caller's decision.
pub fn text(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(&renderer, diagnostic, sources));
        out.push_str("\n\n");
    }
    out.push_str(&count(diagnostics));
    if let Some(hint) = explained(diagnostics.iter().map(|d| d.code)) {
        out.push_str(&format!("hint: {hint}\n"));
    }
    out
}

/// "2 errors, 1 warning", or nothing.
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let of = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}{}", if n == 1 { "" } else { "s" }));
    let parts: Vec<_> = [of(errors, "error"), of(diagnostics.len() - errors, "warning")].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { parts.join(", ") + "\n" }
}

fn one(renderer: &Renderer, diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group: Group<'_> = Group::with_title(level.primary_title(neutral(&diagnostic.message)).id(diagnostic.code));
    group = excerpt(group, &diagnostic.place, AnnotationKind::Primary, None, sources);
    for (place, what) in diagnostic.related.iter().take(MOST_RELATED) {
        group = excerpt(group, place, AnnotationKind::Context, Some(what), sources);
    }
    if let Some(more) = diagnostic.related.len().checked_sub(MOST_RELATED).filter(|n| *n > 0) {
        group = group.element(Level::NOTE.message(format!("and {more} more places")));
    }
    if let Some(expected) = &diagnostic.expected {
        group = group.element(Level::NOTE.with_name("expected").message(neutral(expected)));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(neutral(hint)));
    }
    renderer.render(&[group])
}

/// Adds where it is, and the line itself where its text is known.
fn excerpt<'a>(group: Group<'a>, place: &Place, kind: AnnotationKind, label: Option<&str>, sources: &Sources) -> Group<'a> {
    let (line, column) = place.start();
    let origin = Origin::path(neutral(place.file())).line(line as usize).char_column(column as usize);
    let Some(shown) = sources.get(place.file()).and_then(|s| line_of(s.text(), s.line(line)?, place)) else {
        return group.element(origin);
    };
    let annotation = kind.span(shown.caret).label(label.map(neutral));
    let snippet = Snippet::source(shown.line).line_start(line as usize).annotation(annotation);
    if shown.is_whole {
        return group.element(snippet.path(neutral(place.file())));
    }
    // the renderer counts columns in what it shows: of a clipped line it would name a wrong one
    group.element(origin).element(snippet)
}

/// What is shown of a line.
struct Shown {
    line: String,
    caret: Range<usize>,
    /// Whether it starts where the line starts, and nothing before the caret is shown as an escape.
    is_whole: bool,
}

/// The part of a line that holds the place, clipped and neutral, and the caret's bytes in it.
fn line_of(text: &str, line: Range<usize>, place: &Place) -> Option<Shown> {
    let start = place.span().start.clamp(line.start, line.end);
    let end = place.span().end.clamp(start, line.end);
    // A secret key that stands in a manifest by mistake is shown by no message.
    if text.get(line.clone())?.to_ascii_uppercase().contains(SECRET_KEY) {
        return None;
    }
    let before = text.get(line.start..start)?;
    let from = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    let tail = text.get(start..line.end)?;
    let taken = tail.char_indices().nth(WIDTH - BEFORE).map_or(tail.len(), |(at, _)| at);
    // white space that has no width of its own is one blank
    let shown = text.get(line.start + from..start + taken)?.replace('\t', " ");
    let at = before.len() - from;
    let (line, caret) = Neutral(&shown).with_range(at..at + (end - start).min(taken));
    let is_whole = from == 0 && line[..caret.start] == shown[..at];
    let cut = if from > 0 { "…" } else { "" };
    let rest = if taken < tail.len() { "…" } else { "" };
    Some(Shown { line: format!("{cut}{line}{rest}"), caret: caret.start + cut.len()..caret.end + cut.len(), is_whole })
}

/// Text that does nothing but be read: short, on one line, and as every other command prints it.
fn neutral(text: &str) -> String {
    const MOST: usize = 600;
    let (kept, more) = text.char_indices().nth(MOST).map_or((text, ""), |(at, _)| (&text[..at], "…"));
    format!("{}{more}", Neutral(kept))
}

/// What is wrong with the manifests, or doubtful.
#[derive(Serialize, JsonSchema)]
struct Document {
    schema_version: &'static str,
    #[schemars(extend("const" = "diagnostics"))]
    kind: &'static str,
    diagnostics: Vec<Entry>,
}

/// One error or warning.
#[derive(Serialize, JsonSchema)]
struct Entry {
    /// A stable word; `portcullis explain CODE` says what it means.
    code: &'static str,
    #[schemars(extend("enum" = ["error", "warning"]))]
    severity: &'static str,
    message: String,
    #[serde(flatten)]
    place: PlaceView,
    end_line: u32,
    /// The column after the last character.
    end_column: u32,
    /// What should stand there.
    expected: Option<String>,
    /// What to do.
    hint: Option<String>,
    /// Other places that belong to it.
    related: Vec<Related>,
}

/// Another place, and what it has to do with it.
#[derive(Serialize, JsonSchema)]
struct Related {
    #[serde(flatten)]
    place: PlaceView,
    message: String,
}

/// Every diagnostic as one JSON document (CONTRACT.md, `validate --format json`).
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let entries = diagnostics.iter().map(|d| Entry {
        code: d.code,
        severity: match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: neutral(&d.message),
        place: PlaceView::of(&d.place),
        end_line: d.place.end().0,
        end_column: d.place.end().1,
        expected: d.expected.as_deref().map(neutral),
        hint: d.hint.as_deref().map(neutral),
        related: d.related.iter().map(|(place, what)| Related { place: PlaceView::of(place), message: neutral(what) }).collect(),
    });
    let document = Document { schema_version: SCHEMA_VERSION, kind: "diagnostics", diagnostics: entries.collect() };
    let mut out = Vec::new();
    super::json::write(&mut out, &document).expect("memory takes a document of texts and numbers");
    String::from_utf8_lossy(&out).into_owned()
}

/// The JSON Schema of what `validate` prints: `schemas/diagnostics.schema.json`.
pub fn diagnostics_schema() -> Json {
    schema_of::<Document>("validate")
}

#[cfg(test)]
mod tests {
    use snapbox::IntoData as _;

    use super::*;
    use crate::manifest::load_texts;

    fn rendered(files: &[(&str, &str)], colour: bool) -> String {
        let loaded = load_texts(files.iter().copied(), "2026-11-22T09:00:00Z".parse().unwrap());
        text(&loaded.diagnostics, &loaded.sources, colour)
    }

    #[test]
    fn a_typing_error_reads_like_this() {
        let out = rendered(&[("people.yaml", "people:\n  ada: { email: ada@acme.example, nam: Ada }\n")], false);
        snapbox::assert_data_eq!(
            out,
            snapbox::str![[r#"
error[unknown-key]: unknown key `nam`
 --> people.yaml:2:35
  |
2 |   ada: { email: ada@acme.example, nam: Ada }
  |                                   ^^^
  |
  = expected: one of accounts, email, family, given, leaves, name, previously, profiles
  = hint: did you mean `name`?

1 error
hint: what it means, and what to do: portcullis explain unknown-key

"#]]
            .raw()
        );
    }

    #[test]
    fn both_places_are_named_and_shown() {
        let one = "people:\n  ada: { email: ada@acme.example }\n";
        let out = rendered(&[("a.yaml", one), ("b.yaml", one)], false);
        snapbox::assert_data_eq!(
            out,
            snapbox::str![[r#"
error[duplicate-name]: `ada` stands under `people` twice
 --> b.yaml:2:3
  |
2 |   ada: { email: ada@acme.example }
  |   ^^^
  |
 ::: a.yaml:2:3
  |
2 |   ada: { email: ada@acme.example }
  |   --- first given here
  |
  = hint: put what it says into the first one

1 error
hint: what it means, and what to do: portcullis explain duplicate-name

"#]]
            .raw()
        );
        let out = rendered(&[("p.yaml", "people:\n  ada: { email: a@b.example }\n  ada: { email: b@b.example }\n")], false);
        assert!(out.contains("p.yaml:2:3") && out.contains("p.yaml:3:3"), "{out}");
    }

    #[test]
    fn hostile_text_cannot_act() {
        let hostile = "people:\n  ada: { email: \"\u{202e}x\u{2066}@b\", role: \u{200b}\u{feff}x }\n  \"\\e[2J::error::x\": {}\n";
        for colour in [false, true] {
            let out = rendered(&[("a\u{1b}[2J.yaml", hostile)], colour);
            let acts = |c: char| crate::model::is_unprintable(c) && c != '\n' && !(colour && c == '\u{1b}');
            assert!(!out.contains(acts), "{out:?}");
            assert!(!out.contains("\u{1b}[2J"));
            assert!(!out.lines().any(|l| l.starts_with("::")), "{out}");
        }
        assert!(!rendered(&[("a.yaml", hostile)], false).contains('\u{1b}'));
    }

    #[test]
    fn text_and_json_go_through_the_one_neutraliser() {
        let hostile = "people:\n  ada: { email: \"a\u{61c}b@##[error]x\", nam: \"\u{fe0f}\u{ad}::x\", \"##[group]\": x }\n";
        let loaded = load_texts([("##[warning]\u{61c}.yaml", hostile)], "2026-11-22T09:00:00Z".parse().unwrap());
        assert!(loaded.has_errors());
        for out in [text(&loaded.diagnostics, &loaded.sources, false), json(&loaded.diagnostics)] {
            assert!(!out.contains(['\u{61c}', '\u{ad}', '\u{fe0f}']) && !out.contains("##"), "{out}");
        }
        let shown = text(&loaded.diagnostics, &loaded.sources, false);
        assert!(shown.contains(r"a\u{61c}b@#\u{23}[error]x"), "{shown}");
        assert!(shown.contains(".yaml:2:35\n"), "the column is that of the file: {shown}");
    }

    #[test]
    fn a_line_with_a_secret_key_is_not_shown() {
        let out = rendered(
            &[("c.yaml", "connections:\n  met: { recipient: AGE-SECRET-KEY-1CANARY, nam: x, system: solver, backend: embedded }\n")],
            false,
        );
        assert!(out.contains("c.yaml:2:") && out.contains("unknown-key") && !out.contains("CANARY"), "{out}");
    }

    #[test]
    fn a_line_of_two_megabytes_is_clipped() {
        let out = rendered(&[("bomb.yaml", &format!("people:\n  x: {{ email: {}@acme.example }}\n", "é".repeat(1_000_000)))], false);
        assert!(out.len() < 5000 && out.contains("bomb.yaml:2:15"), "{}", out.len());
        let far = format!(
            "people: {{ {}}}\n",
            (0..40_000)
                .map(|i| format!("p{i}: {{ email: p{i}@acme.example{} }}, ", if i % 2000 == 1 { ", nam: x" } else { "" }))
                .collect::<String>()
        );
        let out = rendered(&[("long.yaml", &far)], false);
        assert!(out.len() < 30_000, "{}", out.len());
        assert_eq!(out.matches("error[unknown-key]").count(), 20);
    }

    #[test]
    fn json_is_what_the_contract_says() {
        let loaded =
            load_texts([("p.yaml", "people:\n  ada: { email: ada@acme.example, nam: Ada }\n")], "2026-11-22T09:00:00Z".parse().unwrap());
        let out: serde_json::Value = serde_json::from_str(&json(&loaded.diagnostics)).unwrap();
        assert_eq!(
            out,
            serde_json::json!({
                "schema_version": "1", "kind": "diagnostics",
                "diagnostics": [{
                    "code": "unknown-key", "severity": "error", "message": "unknown key `nam`",
                    "file": "p.yaml", "line": 2, "column": 35, "end_line": 2, "end_column": 38,
                    "expected": "one of accounts, email, family, given, leaves, name, previously, profiles",
                    "hint": "did you mean `name`?", "related": []
                }]
            })
        );
    }

    #[test]
    fn the_schema_is_fresh() {
        crate::render::samples::assert_fresh("schemas/diagnostics.schema.json", &diagnostics_schema());
    }

    #[test]
    fn what_is_printed_is_valid_and_the_schema_can_refuse() {
        let schema = jsonschema::validator_for(&diagnostics_schema()).unwrap();
        let one = "people:\n  ada: { email: ada@acme.example }\n";
        for files in [vec![("a.yaml", one)], vec![("a.yaml", one), ("b.yaml", one)], vec![("c.yaml", "people: { x: { email: y } }\n")]] {
            let loaded = load_texts(files, "2026-11-22T09:00:00Z".parse().unwrap());
            let mut doc: Json = serde_json::from_str(&json(&loaded.diagnostics)).unwrap();
            assert!(schema.is_valid(&doc), "{:?}", schema.iter_errors(&doc).map(|e| e.to_string()).collect::<Vec<_>>());
            if let Some(first) = doc["diagnostics"].as_array_mut().unwrap().first_mut() {
                first["severity"] = "note".into();
                assert!(!schema.is_valid(&doc));
            }
        }
    }

    #[test]
    fn the_count_reads_well() {
        assert_eq!(count(&[]), "");
        let loaded = load_texts([("p.yaml", "people: {a: {email: x}, b: {}}\n")], "2026-11-22T09:00:00Z".parse().unwrap());
        assert_eq!(count(&loaded.diagnostics), "2 errors\n");
    }
}
