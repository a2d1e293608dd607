//! Every example does what it is there for: no errors, a plan, an apply, and then nothing to do,
//! whatever the year.

#[path = "support/scim_server.rs"]
mod scim_server;
#[path = "support/examples.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Copy, repository};

const CLOCKS: &[&str] = &["2026-11-22T09:00:00Z", "2030-06-30T22:59:30Z", "2040-02-29T12:00:00Z"];

/// On a network, so they are planned and applied by the suite that has a server.
const NETWORK: &[&str] = &["insider-scim"];

fn examples() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(repository().join("examples"))
        .expect("examples/")
        .map(|e| e.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

fn embedded() -> Vec<String> {
    examples().into_iter().filter(|e| !NETWORK.contains(&e.as_str()) && !e.starts_with(ROSTER)).collect()
}

/// Accounts that are known by their exported lists: nothing is applied to them.
const ROSTER: &str = "roster-";

fn rosters() -> Vec<String> {
    examples().into_iter().filter(|e| e.starts_with(ROSTER)).collect()
}

fn manifests(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            manifests(&path, into);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            into.push(path);
        }
    }
}

fn dir(example: &str) -> String {
    format!("examples/{example}")
}

#[test]
fn there_is_an_example_for_each_thing_that_is_built() {
    let names = [
        "emma-hq",
        "gamoshi",
        "insider",
        "insider-scim",
        "meta-gateway",
        "profiles",
        "quickstart",
        "roster-emma-hq",
        "roster-gamoshi",
        "roster-insider",
        "roster-meta-gateway",
        "roster-solver",
        "solver",
    ];
    assert_eq!(examples(), names);
}

#[test]
fn every_example_is_valid_in_every_year() {
    let copy = Copy::new();
    for example in examples() {
        for now in CLOCKS {
            let ran = copy.run(now, ["validate", "--format", "json", &dir(&example)]).exits(0);
            // What an end of long ago says is no fault of the example.
            let json = ran.json();
            let wrong = json["diagnostics"].as_array().expect("a list").iter().filter(|d| d["code"] != "end-has-passed").count();
            assert_eq!(wrong, 0, "{example} in {now}: {}", ran.stdout);
        }
    }
}

#[test]
fn every_embedded_example_is_applied_and_then_plans_to_nothing() {
    for example in embedded() {
        for now in CLOCKS {
            let copy = Copy::new();
            let planned = copy.run(now, ["plan", "--format", "json", &dir(&example)]).exits(2).json();
            let changes: usize =
                planned["accounts"].as_array().expect("accounts").iter().map(|a| a["changes"].as_array().map_or(0, Vec::len)).sum();
            assert!(changes > 0, "{example} in {now} plans something");
            assert_eq!(planned["summary"]["blocked"], 0, "{example} in {now}: {planned:#}");
            assert_eq!(planned["sandbox"], true);

            let applied = copy.run(now, ["apply", "--auto-approve", "--format", "json", &dir(&example)]).exits(0).json();
            assert_eq!(applied["digest"], planned["digest"], "{example} in {now}: what was planned is what was applied");
            assert_eq!(applied["results"].as_array().map(Vec::len), Some(changes), "{example} in {now}: {applied:#}");

            let again = copy.run(now, ["plan", "--format", "json", &dir(&example)]).exits(0).json();
            assert!(again["accounts"].as_array().expect("accounts").iter().all(|a| a["changes"] == serde_json::json!([])), "{again:#}");
        }
    }
}

#[test]
fn an_example_that_was_applied_in_2026_still_applies_in_2030() {
    for example in embedded() {
        let copy = Copy::new();
        for now in CLOCKS {
            copy.run(now, ["apply", "--auto-approve", &dir(&example)]).exits(0);
            copy.run(now, ["plan", &dir(&example)]).exits(0);
        }
    }
}

#[test]
fn every_example_plans_the_same_bytes_twice() {
    let copy = Copy::new();
    for example in embedded() {
        let once = copy.run(CLOCKS[0], ["plan", &dir(&example)]).exits(2);
        let twice = copy.run(CLOCKS[0], ["plan", &dir(&example)]).exits(2);
        assert_eq!(once.stdout, twice.stdout, "{example}");
        assert!(!copy.path().join(dir(&example)).join(".portcullis").exists(), "{example}: planning writes nothing");
    }
}

#[test]
fn every_roster_example_is_named_in_the_readme() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("it is there");
    let further = readme.split("### Further").nth(1).expect("its section");
    for example in rosters() {
        assert!(further.contains(&format!("`examples/{example}`")), "{example}");
    }
}

#[test]
fn there_is_an_exported_list_of_every_system() {
    let systems: Vec<String> = portcullis::systems::ALL.iter().map(|s| format!("{ROSTER}{}", s.name)).collect();
    assert_eq!(rosters(), systems);
}

/// `users-later` is the export that is made once every step was.
#[test]
fn every_roster_example_is_a_runbook_and_its_later_export_plans_to_nothing() {
    for example in rosters() {
        for now in CLOCKS {
            let copy = Copy::new();
            let folder = copy.path().join(dir(&example));
            let planned = copy.run(now, ["plan", "--format", "json", &dir(&example)]).exits(8).json();
            let account = &planned["accounts"][0];
            let changes = account["changes"].as_array().expect("changes").clone();
            assert!(changes.len() > 1 && changes.iter().all(|c| c["channel"] == "manual"), "{example}: {account:#}");
            assert_eq!((&account["blocked"], &account["warnings"]), (&serde_json::json!([]), &serde_json::json!([])), "{example}");
            let applied =
                copy.run(now, ["apply", "--auto-approve", "--format", "json", "--runbook", "steps.md", &dir(&example)]).exits(8).json();
            assert_eq!((&applied["results"], &applied["left"]), (&serde_json::json!([]), &serde_json::json!([])), "{example}");
            let steps = fs::read_to_string(copy.path().join("steps.md")).expect("it was written");
            for change in &changes {
                assert!(steps.contains(change["member"].as_str().expect("a member")), "{example}: {change} in {steps}");
            }
            let later = fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path());
            let later = later.into_iter().find(|p| p.file_stem().is_some_and(|s| s == "users-later")).expect("a later export");
            let name = later.file_name().and_then(|n| n.to_str()).expect("UTF-8").replace("-later", "");
            fs::copy(&later, folder.join(name)).expect("a file of our own");
            let again = copy.run(now, ["plan", "--format", "json", &dir(&example)]).exits(0).json();
            assert_eq!(again["accounts"][0]["changes"], serde_json::json!([]), "{example}: {again:#}");
        }
    }
}

/// CONTRACT.md: everything a person can read in the text form stands in the JSON, and the other way round.
#[test]
fn the_steps_that_a_person_reads_stand_in_the_json_and_the_other_way_round() {
    for example in rosters() {
        let copy = Copy::new();
        for words in [vec!["plan"], vec!["drift"], vec!["apply", "--auto-approve"]] {
            let ran = |more: &[&str]| copy.run(CLOCKS[0], words.iter().chain(more).copied().chain([dir(&example).as_str()])).exits(8);
            let json = ran(&["--format", "json"]).json();
            let mut written = Vec::new();
            let changes = if words[0] == "apply" { &json["manual"] } else { &json["accounts"][0]["changes"] };
            for (at, change) in changes.as_array().expect("changes").iter().enumerate() {
                let text = |of: &serde_json::Value| of.as_str().expect("text").to_owned();
                let account = &json["accounts"][0];
                let (name, product) = (text(&account["account"]), text(&change["steps"][0]["product"]));
                written.push(format!("  {}. {name} ({product}): {} {}", at + 1, text(&change["action"]), text(&change["member"])));
                for step in change["steps"].as_array().expect("steps") {
                    let plain = if step["plain_words"] == true { " (plain words: the product's page names no labels)" } else { "" };
                    written.push(format!("     {}{plain}:", text(&step["label"])));
                    written.extend(step["clicks"].as_array().expect("clicks").iter().map(|c| format!("       - {}", text(c))));
                    written.push(format!("       check: {}", text(&step["check"])));
                }
                let sentences = change["notes"].as_array().expect("notes").iter().map(text).filter(|n| n.contains(' '));
                written.extend(sentences.map(|n| format!("     note: {n}")));
                for key in change["unverifiable"].as_array().expect("a list") {
                    written.push(format!("     nothing can read {} back", text(key)));
                }
            }
            let text = ran(&[]).stdout;
            let (_, shown) = text.rsplit_once("by hand, in this order:\n").expect("steps");
            assert_eq!(shown.lines().collect::<Vec<_>>(), written, "{example}: {words:?}");
        }
    }
}

#[test]
fn every_manifest_names_its_schema_and_the_schema_is_there() {
    let mut files = Vec::new();
    manifests(&repository().join("examples"), &mut files);
    assert!(files.len() >= examples().len());
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let first = text.lines().next().unwrap_or_default();
        let named = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{}: the first line names no schema: {first}", file.display()));
        let schema = file.parent().expect("a folder").join(named);
        let schema = schema.canonicalize().unwrap_or_else(|e| panic!("{}: {named}: {e}", file.display()));
        let name = schema.file_name().and_then(|n| n.to_str()).expect("UTF-8");
        let expected = match systems_of(&text).first() {
            Some(system) if text.contains("\naccounts:") => format!("{system}.schema.json"),
            _ => "manifest.schema.json".to_owned(),
        };
        assert_eq!(name, expected, "{}", file.display());
    }
}

#[test]
#[ignore = "needs scim2-server"]
fn the_network_example_is_planned_applied_and_then_plans_to_nothing() {
    let server = scim_server::ScimServer::start(2, true);
    let copy = Copy::new();
    let example = dir("insider-scim");
    let connections = copy.path().join(&example).join("connections.yaml");
    let text = fs::read_to_string(&connections).expect("UTF-8");
    let vendor = "https://inone.useinsider.com/scim/v2";
    assert!(text.contains(vendor));
    fs::write(&connections, text.replace(vendor, server.base())).expect("a file of our own");
    let token = ("PORTCULLIS_TOKEN_ENGAGEMENT", scim_server::ScimServer::TOKEN);

    // Under every clock it is planned, and never applied under one that was set by hand.
    for now in CLOCKS {
        let environment = [("PORTCULLIS_NOW", *now), token];
        let planned = copy.run_with(&environment, ["plan", "--format", "json", &example]).exits(2).json();
        assert_eq!(planned["summary"]["invite"], 3, "in {now}: {planned:#}");
        assert_eq!((&planned["sandbox"], &planned["simulated"]), (&false.into(), &true.into()));
        let refused = copy.run_with(&environment, ["apply", "--auto-approve", "--unreviewed", &example]).exits(1);
        assert!(refused.stderr.contains("simulated"), "{}", refused.stderr);
    }

    let planned = copy.run_with(&[token], ["plan", "--format", "json", &example]).exits(2).json();
    let runbook = copy.path().join("steps.md");
    let digest = planned["digest"].as_str().expect("a digest");
    let words = ["apply", "--format", "json", "--digest", digest, "--runbook", "steps.md", &example];
    // What is left is by hand: no API sets the PII flag.
    let applied = copy.run_with(&[token], words).exits(8).json();
    assert_eq!(applied["results"].as_array().map(Vec::len), Some(3), "{applied:#}");
    assert_eq!((&applied["left"], &applied["blocked"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert!(fs::read_to_string(runbook).expect("it was written").contains("grace@acme.example"));

    let again = copy.run_with(&[token], ["plan", "--format", "json", &example]).exits(0).json();
    assert_eq!(again["accounts"][0]["changes"], serde_json::json!([]), "{again:#}");
    assert_eq!(again["accounts"][0]["reading"]["members"], 3);
    copy.run_with(&[token], ["drift", &example]).exits(0);
}

/// The systems that a manifest restates, in the order of the file.
fn systems_of(text: &str) -> Vec<&str> {
    text.lines().filter_map(|l| l.trim().strip_prefix("system: ")).map(|s| s.split_whitespace().next().unwrap_or_default()).collect()
}
