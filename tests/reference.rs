//! The pages of reference are whole: every code that a plan can show stands in `docs/codes.md`, and
//! nothing else does; every key and default of a manifest stands in `docs/manifest.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis::desired::GuardCode;
use portcullis::manifest::codes;
use portcullis::systems;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/codes.md")).expect("docs/codes.md")
}

/// The codes of a section's table: the first cell of each row.
fn listed(section: &str) -> BTreeSet<String> {
    let page = page();
    let text = page.split("\n## ").find(|s| s.starts_with(section)).unwrap_or_else(|| panic!("no section {section}"));
    let codes: Vec<String> = text.lines().filter_map(|l| Some(l.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
    let unique: BTreeSet<String> = codes.iter().cloned().collect();
    assert_eq!(codes.len(), unique.len(), "{section} has a code twice");
    unique
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() {
            files(&path, out);
        } else if name.ends_with(".rs") && !name.ends_with("_tests.rs") && name != "sample.rs" && name != "tests.rs" {
            out.push(path);
        }
    }
}

/// The planner, apply and the systems' rules, without their tests.
fn sources() -> Vec<String> {
    let mut paths = Vec::new();
    for room in ["plan", "apply", "systems"] {
        files(&root().join("src").join(room), &mut paths);
    }
    paths.iter().map(|p| fs::read_to_string(p).expect("a source").split("#[cfg(test)]").next().unwrap_or_default().to_owned()).collect()
}

/// The text after each of these words, where one follows at once.
fn after(makers: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in sources() {
        for maker in makers {
            for (at, _) in text.match_indices(maker) {
                let rest = text[at + maker.len()..].trim_start();
                let rest = rest.strip_prefix("code: ").unwrap_or(rest);
                if let Some(code) = rest.strip_prefix('"').and_then(|r| r.split('"').next()) {
                    found.insert(code.to_owned());
                }
            }
        }
    }
    // A note may also be a sentence.
    found.retain(|code| !code.contains([' ', '{']));
    found
}

#[test]
fn every_block_of_a_plan_is_explained() {
    let makers = ["then_some(", ".block(", "(i, ", "ELSEWHERE: &str = ", "unwrap_or((", ".then(|| (", "{ "];
    let words = listed("Blocked");
    let mut found = after(&makers);
    // What an actor lacks is said by more than one kind of maker.
    found.extend(after(&["Some("]).into_iter().filter(|word| word.starts_with("actor-")));
    // The last maker also finds words of JSON, which are no codes, and reports that are written on one line.
    let reports = listed("Reports");
    found.retain(|word| word.contains('-') && !reports.contains(word));
    assert!(found.len() >= 9, "the sources are read wrongly: {found:?}");
    assert_eq!(found.difference(&words).collect::<Vec<_>>(), [] as [&String; 0], "not in docs/codes.md");
    assert_eq!(accepted(), words, "what `accept-blocked` takes, and docs/codes.md");
}

/// The words of `accept-blocked`, as the reader of manifests holds them.
fn accepted() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("src/manifest/lower/account.rs")).expect("a source");
    let (_, rest) = text.split_once("const BLOCKED: &[&str] = &[").expect("the list of codes");
    let (list, _) = rest.split_once("];").expect("its end");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_guard_is_explained() {
    let words: BTreeSet<String> = GuardCode::ALL.iter().map(|c| c.word().to_owned()).collect();
    assert_eq!(listed("Guards"), words);
}

/// The numbers of `docs/manifest.md` are those that plans use.
#[test]
fn every_guard_and_its_defaults_stand_with_the_keys() {
    let page = fs::read_to_string(root().join("docs/manifest.md")).expect("docs/manifest.md");
    let policy = fs::read_to_string(root().join("src/desired/policy.rs")).expect("a source");
    let (_, body) = policy.split_once("fn default_limit").expect("the defaults");
    for code in GuardCode::ALL.into_iter().filter(|c| c.is_liftable() && !c.is_minimum()) {
        let arm = body.lines().find(|l| l.contains(&format!("GuardCode::{code:?}")) && l.contains("=> (")).expect("an arm");
        let (_, numbers) = arm.split_once("=> (").expect("numbers");
        let numbers = numbers.split(')').next().unwrap_or_default().replace(", ", " | ");
        let row = format!("| `{}` | {numbers} |", code.word());
        assert!(page.contains(&row), "docs/manifest.md lacks `{row}`");
    }
}

#[test]
fn every_report_is_explained() {
    assert_eq!(after(&["report(", "Report {"]), listed("Reports"));
}

#[test]
fn every_warning_is_explained() {
    assert_eq!(after(&["Warning {"]), listed("Warnings"));
}

#[test]
fn every_note_is_explained() {
    assert_eq!(after(&["notes.push("]), listed("Notes"));
}

/// The names of all properties, at any depth.
fn properties(node: &serde_json::Value, out: &mut BTreeSet<String>) {
    if let Some(object) = node.as_object() {
        out.extend(object.get("properties").and_then(|p| p.as_object()).into_iter().flatten().map(|(key, _)| key.clone()));
    }
    let below = node.as_object().into_iter().flat_map(|o| o.values()).chain(node.as_array().into_iter().flatten());
    below.for_each(|node| properties(node, out));
}

#[test]
fn every_key_of_a_manifest_is_explained() {
    let page = fs::read_to_string(root().join("docs/manifest.md")).expect("docs/manifest.md");
    let mut keys = BTreeSet::new();
    for system in portcullis::systems::ALL.iter().map(|s| s.name).chain(["manifest"]) {
        let file = root().join(format!("schemas/{system}.schema.json"));
        let schema = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        properties(&serde_json::from_str(&schema).expect("JSON"), &mut keys);
    }
    assert!(keys.len() > 40, "the schemas are read wrongly: {keys:?}");
    let missing: Vec<_> = keys.iter().filter(|k| !page.contains(&format!("`{k}`"))).collect();
    assert_eq!(missing, [] as [&String; 0], "not in docs/manifest.md");
}

#[test]
fn every_word_of_a_system_is_explained() {
    let page = fs::read_to_string(root().join("docs/manifest.md")).expect("docs/manifest.md");
    for spec in portcullis::systems::ALL {
        for word in spec.attrs.iter().filter_map(|a| a.kind.fixed()).flatten().filter(|w| w.assignable) {
            assert!(page.contains(&format!("`{}`", word.word)), "docs/manifest.md lacks {} of {}", word.word, spec.name);
        }
    }
}

/// What the program itself says, asked for these words.
fn explained(words: &[String], format: &str) -> String {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .env_clear()
        .env("COLUMNS", "100")
        .args(["explain", "--format", format])
        .args(words)
        .output()
        .expect("the program runs");
    assert!(run.status.success(), "explain {words:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("it speaks UTF-8")
}

/// The sources' codes are those of the pages, as the tests above prove; these are the pages' words.
#[test]
fn every_code_can_be_explained_by_the_program() {
    let mut words: Vec<String> = codes::ALL.iter().map(|(code, _)| (*code).to_owned()).collect();
    words.extend(GuardCode::ALL.iter().map(|c| c.word().to_owned()));
    let sections: Vec<String> = page().split("\n## ").skip(1).map(|s| s.lines().next().unwrap_or_default().to_owned()).collect();
    assert!(sections.len() >= 6, "{sections:?}");
    words.extend(sections.iter().flat_map(|s| listed(s)));
    words.extend((0..=8).map(|code| code.to_string()));
    let said: serde_json::Value = serde_json::from_str(&explained(&words, "json")).expect("JSON");
    let topics: BTreeSet<&str> = said["topics"].as_array().expect("topics").iter().filter_map(|t| t["topic"].as_str()).collect();
    let missing: Vec<&String> = words.iter().filter(|w| !topics.contains(w.as_str())).collect();
    assert_eq!(missing, [] as [&String; 0], "explained by nothing");
    // One of each kind says what to do in the words of its page.
    for topic in said["topics"].as_array().expect("topics") {
        let says = topic["says"].as_array().map_or(0, Vec::len) + topic["text"].as_array().map_or(0, Vec::len);
        assert!(says > 0, "{topic}");
    }
}

#[test]
fn a_guard_is_explained_with_its_default_and_the_flag_that_lifts_it() {
    let said = explained(&["removals".to_owned()], "text");
    assert!(said.contains("count 3, percent 20, most 25"), "{said}");
    assert!(said.contains("--allow [ACCOUNT:]removals=N@DIGEST"), "{said}");
    for fixed in ["self-lockout", "protected"] {
        assert!(explained(&[fixed.to_owned()], "text").contains("not at all"), "{fixed}");
    }
}

/// `docs/systems/` is what the program says; `PORTCULLIS_BLESS=1` writes it anew.
#[test]
fn every_system_has_a_fresh_page() {
    let folder = root().join("docs/systems");
    let bless = std::env::var_os("PORTCULLIS_BLESS").is_some();
    for spec in systems::ALL {
        let text = format!(
            "<!-- Written by the program from src/systems: PORTCULLIS_BLESS=1 cargo test --test reference -->\n\n{}",
            explained(&[spec.name.to_owned()], "markdown")
        );
        let file = folder.join(format!("{}.md", spec.name));
        if bless {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&file, &text).expect("the page can be written");
        }
        let page = fs::read_to_string(&file).unwrap_or_default();
        assert!(page == text, "{} is stale: PORTCULLIS_BLESS=1 cargo test --test reference", file.display());
    }
    let pages = fs::read_dir(&folder).expect("the pages").count();
    assert_eq!(pages, systems::ALL.len(), "a page of no system");
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_word_of_a_connection_is_explained_by_its_key() {
    for (word, key) in [("embedded", "backend"), ("bridge", "backend"), ("scim", "backend"), ("roster", "backend"), ("tokens", "auth")] {
        assert!(explained(&[word.to_owned()], "text").starts_with(&format!("{key} (key: connections.NAME)\n")), "{word}");
    }
}

/// E4: who could invite may not be who could change a member that the actor does not see.
#[test]
fn e4_every_text_on_blocks_says_what_no_bounded_actor_can_tell() {
    for asked in ["why-was-this-blocked", "blocked"] {
        let text = explained(&[asked.to_owned()], "text").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("more may be asked than for an invitation"), "{asked}: {text}");
    }
}

#[test]
fn a_question_is_found_by_its_words_and_by_how_it_begins() {
    for asked in ["why was this blocked", "Why was this blocked?", "why-was-this-blocked"] {
        assert!(explained(&words(asked), "text").starts_with("Why was this blocked\n"), "{asked}");
    }
    for asked in [vec!["invite an outsider".to_owned()], words("invite an outsider"), words("invite an outsider for two weeks")] {
        assert!(explained(&asked, "text").starts_with("Invite an outsider for two weeks\n"), "{asked:?}");
    }
    // As people ask, whatever stands between the words that matter.
    for (asked, title) in [
        ("what can Ada do", "What can somebody do"),
        ("why was this change blocked", "Why was this blocked"),
        ("how do I lift this guard", "Lift a guard"),
        ("lift this guard", "Lift a guard"),
        ("who loses access", "Who loses access next month"),
        ("who will lose access?", "Who loses access next month"),
        ("what happens after a killed apply", "After a run was killed"),
        ("how do I invite a freelancer", "Invite an outsider for two weeks"),
        ("resume", "After a run was killed"),
        ("killed", "After a run was killed"),
        ("interrupted", "After a run was killed"),
        ("half applied", "After a run was killed"),
    ] {
        for asked in [words(asked), vec![asked.to_owned()]] {
            assert!(explained(&asked, "text").starts_with(&format!("{title}\n")), "{asked:?}");
        }
    }
    // A word of the tool's own is explained as that.
    assert!(explained(&words("journal"), "text").contains("portcullis apply --resume"));
    // What no question asks is answered by its words, without those between.
    let mean = explained(&words("what does removals mean"), "text");
    assert!(mean.starts_with("removals (guard)"), "{mean}");
    // Several words that spell nothing together are several.
    let two = explained(&words("removals E5"), "text");
    assert!(two.contains("removals (guard)") && two.contains("E5 (rule)"), "{two}");
}

#[test]
fn a_question_that_nothing_answers_lists_those_there_are() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .env_clear()
        .args(["explain", "where", "is", "the", "zebra"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(1) && said.contains("`zebra`") && said.contains("after a run was killed"), "{said}");
}

#[test]
fn every_word_and_rule_of_a_system_is_found() {
    for spec in systems::ALL {
        let mut all: Vec<String> = spec.attrs.iter().map(|a| a.key.to_owned()).collect();
        all.extend(spec.attrs.iter().filter_map(|a| a.kind.fixed()).flatten().map(|w| w.word.to_owned()));
        all.extend(spec.rules.iter().map(|r| r.id.to_owned()));
        let said: serde_json::Value = serde_json::from_str(&explained(&all, "json")).expect("JSON");
        let topics = said["topics"].as_array().expect("topics");
        for word in &all {
            let names = |t: &&serde_json::Value| t["topic"] == word.as_str() && t["says"].to_string().contains(spec.name);
            assert!(topics.iter().any(|t| names(&t)), "{} of {}", word, spec.name);
        }
    }
    let rule = explained(&["i11".to_owned()], "text");
    assert!(rule.contains("I11 (rule)") && rule.contains("portcullis keeps it"), "{rule}");
}

/// What the enums of a plan print, docs/codes.md tells.
#[test]
fn every_word_that_a_plan_prints_is_explained() {
    use portcullis::model::{Action, Direction};
    use portcullis::plan::Cause;
    let listed = listed("Words");
    let mut all: Vec<&str> = Action::ALL.iter().map(|a| a.word()).collect();
    all.extend([Direction::Widens, Direction::Narrows, Direction::Both, Direction::Neither].map(Direction::word));
    all.extend([Cause::Expiry, Cause::Start, Cause::Invitation, Cause::Undetermined].map(Cause::word));
    all.extend(["pending", "active", "locked", "expired", "suspended", "adopt", "additive", "authoritative", "drift", "proof"]);
    all.extend(["unreviewed", "stale", "skipped", "not listed", "live only"]);
    let missing: Vec<_> = all.iter().filter(|w| !listed.contains(**w)).collect();
    assert_eq!(missing, [] as [&&str; 0]);
    for spelt in [words("not listed"), vec!["live only".to_owned()], vec!["live-only".to_owned()]] {
        assert!(explained(&spelt, "text").contains(&format!("{} (word)", spelt.join(" ").replace('-', " "))), "{spelt:?}");
    }
    assert!(explained(&["drift".to_owned()], "text").contains("portcullis drift --help"));
    assert!(explained(&["digest".to_owned()], "text").contains("a hash of its canonical form"));
}

#[test]
fn a_number_is_never_mistaken_for_another() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis")).env_clear().args(["explain", "9"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(1) && !said.contains("did you mean") && said.contains("exit-codes"), "{said}");
}

#[test]
fn the_question_of_lifting_names_what_cannot_be_lifted() {
    let said = explained(&["lift-a-guard".to_owned()], "text");
    for code in GuardCode::ALL.into_iter().filter(|c| !c.is_liftable() || c.is_minimum()) {
        assert!(said.contains(code.word()), "{}: {said}", code.word());
    }
    let minimum = explained(&["minimum-administrators".to_owned()], "text");
    assert!(minimum.contains("never below the product's own least"), "{minimum}");
}

/// Whoever copies the example gets an error at its line, and no end that is over.
#[test]
fn the_day_of_the_example_must_be_put_in() {
    let page = fs::read_to_string(root().join("docs/questions.md")).expect("docs/questions.md");
    let end = page.lines().find(|l| l.trim_start().starts_with("end: ")).expect("an end").trim().split(' ').nth(1).expect("a day");
    assert!(!end.bytes().any(|b| b.is_ascii_digit()), "{end}");
    assert!(page.contains("+13 days"));
}

#[test]
fn everything_that_speaks_against_a_one_off_action_is_explained() {
    let text = fs::read_to_string(root().join("src/plan/one_off.rs")).expect("a source");
    let (_, rest) = text.split_once("pub fn code(self)").expect("the codes");
    let (codes, _) = rest.split_once("\n    }\n").expect("their end");
    let of_guards: BTreeSet<&str> = GuardCode::ALL.iter().map(|c| c.word()).collect();
    let found: BTreeSet<String> = codes.split('"').skip(1).step_by(2).filter(|code| !of_guards.contains(code)).map(str::to_owned).collect();
    assert_eq!(found, listed("One-off actions"));
}

/// A block says what it follows from: every rule on actors stands beside a code.
#[test]
fn every_rule_on_actors_stands_beside_a_code() {
    let page = page();
    let (_, blocked) = page.split_once("## Blocked").expect("the section");
    let rows: Vec<&str> = blocked.split("## ").next().unwrap_or_default().lines().filter(|l| l.starts_with("| `")).collect();
    for spec in portcullis::systems::ALL {
        for (rule, _) in spec.may {
            let of = |row: &&str| row.rsplit(" | ").next().is_some_and(|cell| cell.contains(spec.name) && cell.contains(rule));
            assert!(rows.iter().any(of), "{} {rule}", spec.name);
        }
    }
}
