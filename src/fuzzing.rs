//! What is fed with anything at all: every text that comes from outside, each with what must hold of it
//! whatever it says. Built for tests and for the fuzzer (`fuzz/`), and for nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::apply;
use crate::backends::{bridge, roster, scim};
use crate::desired;
use crate::manifest::{self, Loaded, Sources};
use crate::model::{Actor, Atoms, Domain, Email, Encoding, Incomplete, Live, Located, Place, Roster, Tenant};
use crate::plan::saved::{AUDIT_NAMESPACE, AllowedSigners, NAMESPACE, Saved};
use crate::render::neutral::{Markdown, MarkdownCode, Neutral, cell};
use crate::render::{Paint, ShowView, diagnostics};
use crate::systems;

/// One kind of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Manifest,
    Live,
    SavedPlan,
    Signers,
    Journal,
    Audit,
    Roster,
    Scim,
    Bridge,
    Attributes,
    Text,
}

impl Target {
    pub const ALL: [Target; 11] = [
        Target::Manifest,
        Target::Live,
        Target::SavedPlan,
        Target::Signers,
        Target::Journal,
        Target::Audit,
        Target::Roster,
        Target::Scim,
        Target::Bridge,
        Target::Attributes,
        Target::Text,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Target::Manifest => "manifest",
            Target::Live => "live",
            Target::SavedPlan => "saved-plan",
            Target::Signers => "signers",
            Target::Journal => "journal",
            Target::Audit => "audit",
            Target::Roster => "roster",
            Target::Scim => "scim",
            Target::Bridge => "bridge",
            Target::Attributes => "attributes",
            Target::Text => "text",
        }
    }
    /// The target of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.word() == word)
    }

    /// Feeds it.
    ///
    /// # Panics
    /// Where something does not hold: that is a defect.
    pub fn feed(self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        match self {
            Target::Manifest => manifest(&text),
            Target::Live => live(&text),
            Target::SavedPlan => saved_plan(&text),
            Target::Signers => signers(&text),
            Target::Journal => drop(apply::fuzz_journal(bytes)),
            Target::Audit => audit(bytes, &text),
            Target::Roster => roster(bytes),
            Target::Scim => all_told(scim::fuzz(bytes)),
            Target::Bridge => all_told(bridge::fuzz(bytes)),
            Target::Attributes => attributes(&text),
            Target::Text => self::text(&text),
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).expect("an instant")
}

/// Nothing in it moves a cursor or ends a line that the renderer did not end.
fn is_harmless(shown: &str) {
    let bad = shown.chars().find(|c| *c != '\n' && crate::model::is_unprintable(*c));
    assert_eq!(bad, None, "{shown:?}");
}

/// An error has a place and says something.
fn are_told(found: &[manifest::Diagnostic], sources: &Sources) {
    is_harmless(&diagnostics::text(found, sources, false));
    serde_json::from_str::<serde_json::Value>(&diagnostics::json(found)).expect("JSON");
    for one in found {
        assert!(!one.message.is_empty() && one.place.line() > 0 && one.place.column() > 0, "{one:?}");
    }
}

fn manifest(text: &str) {
    let Loaded { manifests, diagnostics, sources } = manifest::load_texts([("a.yaml", text)], now());
    are_told(&diagnostics, &sources);
    let (_, found) = desired::resolve(&manifests, now(), None);
    are_told(&found, &sources);
}

fn live(text: &str) {
    const AROUND: &str = "connections: { news: { system: emma-hq, backend: embedded }, ins: { system: insider, backend: embedded } }";
    let manifests = manifest::load_texts([("a.yaml", AROUND)], now()).manifests;
    if let Err(found) = manifest::parse_live("live.yaml", text, &manifests) {
        assert!(!found.is_empty());
        are_told(&found, &Sources::single("live.yaml", text));
    }
}

/// As it comes, and with its checksum put right, so that what is behind the checksum is fed as well.
fn saved_plan(text: &str) {
    for text in [Some(text.to_owned()), Saved::sealed(text)].into_iter().flatten() {
        match Saved::parse(&text) {
            Err(why) => is_harmless(&Neutral(&why.to_string()).to_string()),
            Ok(saved) => {
                let again = Saved::parse(&saved.to_text()).expect("what was read is written so that it is read");
                assert_eq!(again.digest(), saved.digest());
                if let Ok(view) = ShowView::of(&saved) {
                    let mut out = Vec::new();
                    view.text(&mut out, Paint::plain()).expect("memory takes it");
                    is_harmless(&String::from_utf8_lossy(&out));
                }
                for change in saved.changes() {
                    assert!(!change.digest.is_empty());
                }
            }
        }
    }
}

fn signers(text: &str) {
    for namespace in [NAMESPACE, AUDIT_NAMESPACE] {
        if let Err(wrong) = AllowedSigners::parse(text, namespace) {
            assert!(!wrong.is_empty());
        }
    }
}

fn audit(bytes: &[u8], text: &str) {
    let checked = apply::check_audit(bytes, None);
    assert!(checked.lines <= bytes.iter().filter(|b| **b == b'\n').count());
    apply::applied_digests(text);
    apply::histories(text);
}

fn roster(bytes: &[u8]) {
    let at = Place::start_of("c.yaml");
    let here = |text: &str| Located::new(text.to_owned(), at.clone());
    let (encoding, bytes) = match bytes.split_first() {
        Some((b'\x01', rest)) => (Encoding::Utf16, rest),
        Some((b'\x02', rest)) => (Encoding::Windows1252, rest),
        _ => (Encoding::Utf8, bytes),
    };
    let roster = Roster {
        file: Located::new("u.csv".into(), at.clone()),
        email: here("Email"),
        status: Some(here("Status")),
        columns: [("name", vec![here("First name"), here("Last name")]), ("role", vec![here("Role")]), ("end", vec![here("End")])].into(),
        words: BTreeMap::new(),
        statuses: BTreeMap::new(),
        separator: Some(",".into()),
        encoding,
        exported: None,
        max_age_hours: None,
        final_line_break: true,
    };
    all_told(roster::fuzz(&systems::insider::SPEC, &tenant(), &roster, bytes, now()));
}

fn tenant() -> Tenant {
    Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() }
}

/// Members, each address once; or why there are none.
fn all_told(read: Result<Vec<Live>, Incomplete>) {
    match read {
        Ok(members) => {
            let mut keys: Vec<&str> = members.iter().map(|m| m.email.key()).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), members.len(), "somebody stands there twice");
        }
        Err(why) => {
            assert!(!why.problems.is_empty());
            why.problems.iter().for_each(|p| is_harmless(&Neutral(p).to_string()));
        }
    }
}

/// What is read is written so that the same is read.
fn attributes(text: &str) {
    for spec in systems::ALL {
        let Ok(attrs) = spec.attrs_from_json(text, &mut Atoms::default()) else { continue };
        let written: serde_json::Map<String, serde_json::Value> = attrs.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect();
        let again = spec.attrs_from_json(&serde_json::Value::Object(written).to_string(), &mut Atoms::default());
        assert_eq!(again.expect("it was written here"), attrs);
    }
}

fn text(text: &str) {
    if let Ok(email) = Email::parse(text) {
        let again = Email::parse(email.key()).expect("a folded address is an address");
        assert_eq!((email.key(), &again), (again.key(), &email), "folding twice is folding once");
        assert_eq!(Domain::parse(email.domain().as_str()).expect("a domain"), email.domain());
    }
    is_harmless(&Neutral(text).to_string());
    is_harmless(&cell(text));
    is_harmless(&MarkdownCode(text).to_string().replace('\u{200b}', ""));
    let markdown = Markdown(text).to_string();
    is_harmless(&markdown.replace('\u{200b}', ""));
    assert!(!markdown.contains(['<', '>']), "{markdown}");
    is_harmless(&manifest::diagnostic::quoted(text));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;

    use super::*;

    fn files(below: &Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(below) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
        paths.sort();
        paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// What the fuzzer has found, and where it starts.
    fn known(target: Target) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let here = |kind: &str| files(&root.join("fuzz").join(kind).join(target.word()));
        let more = match target {
            Target::Manifest => files(&root.join("examples")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect(),
            Target::Roster => files(&root.join("examples")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "csv")).collect(),
            _ => Vec::new(),
        };
        here("seeds").into_iter().chain(here("found")).chain(more).map(|path| fs::read(path).expect("a file")).collect()
    }

    #[test]
    fn what_the_fuzzer_found_stays_mended() {
        for target in Target::ALL {
            let all = known(target);
            assert!(!all.is_empty(), "{}: nothing to start from", target.word());
            all.iter().for_each(|bytes| target.feed(bytes));
            target.feed(b"");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// A little of what the fuzzer does for hours.
        #[test]
        fn whatever_is_cut_doubled_or_altered_is_told_and_no_panic(at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..4)) {
            for target in Target::ALL {
                let all = known(target);
                let mut bytes = at.get(&all).clone();
                let (a, b) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
                bytes.splice(a.min(b)..a.max(b).min(a.min(b) + 40), with.iter().copied());
                target.feed(&bytes);
            }
        }
    }
}
