//! Every command in the README does what the README shows. `TRYCMD=overwrite` writes the outputs anew.

#[path = "support/examples.rs"]
mod support;

use std::fs;

use support::{copy, repository};

/// The README's blocks as trycmd takes them, and back again.
///
/// Two things differ from what a reader does. The one command that builds runs the program that is
/// built already (two spaces mark it), and the clock is set by hand, which the last line of a plan
/// says.
const STAGED: &[(&str, &str)] = &[("$ cargo run --release -- ", "$ portcullis  "), (", SANDBOX, digest ", ", simulated, SANDBOX, digest ")];

/// Commands for a shell that no test can run inside itself, each with why it holds.
const SHELL: &[&str] = &[
    // is how this test is run
    "cargo test",
    // where `cargo run --release` puts the program
    "alias portcullis=target/release/portcullis",
];

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).expect("README.md")
}

/// `(language, lines)` of each fenced block.
fn blocks(text: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(language), false) => {
                blocks.push((language.to_owned(), Vec::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => blocks.last_mut().expect("an open block").1.push(line.to_owned()),
            (None, false) => {}
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}

/// The commands of console blocks, without the prompt.
fn commands(text: &str) -> Vec<String> {
    let console = blocks(text).into_iter().filter(|(language, _)| language == "console");
    console.flat_map(|(_, lines)| lines).filter_map(|l| l.strip_prefix("$ ").map(str::to_owned)).collect()
}

#[test]
fn the_tour_does_what_it_shows() {
    let text = readme();
    let folder = tempfile::tempdir().expect("a folder of our own");
    let staged = STAGED.iter().fold(text.clone(), |t, (shown, run)| t.replace(shown, run));
    let file = folder.path().join("README.md");
    fs::write(&file, &staged).expect("a file of our own");
    for name in ["examples", "schemas", "docs"] {
        copy(&repository().join(name), &folder.path().join("README.in").join(name));
    }
    // Its presence makes trycmd run all commands in one copy of `README.in`.
    fs::create_dir(folder.path().join("README.out")).expect("a folder of our own");

    let cases = trycmd::TestCases::new();
    cases
        .register_bin("portcullis", trycmd::cargo::cargo_bin!("portcullis"))
        .env("PORTCULLIS_NOW", "2026-11-22T09:00:00Z")
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "0")
        .case(&file);
    cases.run();

    if std::env::var_os("TRYCMD").is_some_and(|v| v == "overwrite") {
        let written = fs::read_to_string(&file).expect("a file of our own");
        let back = STAGED.iter().fold(written, |t, (shown, run)| t.replace(run, shown));
        fs::write(repository().join("README.md"), back).expect("README.md can be written");
    }
}

#[test]
fn every_command_is_one_that_is_run() {
    let text = readme();
    for (language, lines) in blocks(&text) {
        match language.as_str() {
            "console" => {
                let first = lines.first().map(String::as_str).unwrap_or_default();
                assert!(first.starts_with("$ "), "a console block starts with a command, not `{first}`");
            }
            "sh" => {
                for line in lines {
                    let command = line.split('#').next().unwrap_or_default().trim();
                    assert!(SHELL.contains(&command), "no test runs `{command}`");
                }
            }
            "yaml" | "text" => assert!(!lines.iter().any(|l| l.starts_with("$ ")), "a command in a block that is not run: {lines:?}"),
            other => panic!("a block of `{other}`, which nothing runs"),
        }
    }
    for command in commands(&text) {
        let ours = command.starts_with("portcullis ") || command.starts_with("cargo run --release -- ");
        assert!(ours, "no test runs `{command}`");
    }
}

#[test]
fn the_main_job_and_the_tests_are_named_as_they_are_typed() {
    let text = readme();
    assert_eq!(commands(&text).first().map(String::as_str), Some("cargo run --release -- apply examples/quickstart --auto-approve"));
    assert!(blocks(&text).iter().any(|(l, lines)| l == "sh" && lines.iter().any(|l| l.starts_with("cargo test"))));
}

#[test]
fn the_manifest_that_is_shown_is_the_one_that_is_run() {
    let shown = blocks(&readme()).into_iter().filter(|(l, _)| l == "yaml").map(|(_, lines)| lines.join("\n")).collect::<Vec<_>>();
    let file = fs::read_to_string(repository().join("docs/tour/own/access.yaml")).expect("a manifest");
    assert!(shown.iter().any(|s| s == file.trim_end()), "README.md shows no block like docs/tour/own/access.yaml");
}

#[test]
fn commands_in_the_prose_stand_in_the_tour() {
    let text = readme();
    let run: Vec<String> = commands(&text).iter().filter_map(|c| c.split_once("portcullis ").map(|(_, rest)| rest.to_owned())).collect();
    let prose = text.split("```").step_by(2).collect::<String>();
    for span in prose.split('`').skip(1).step_by(2) {
        let Some(words) = span.strip_prefix("portcullis ") else { continue };
        let word = words.split(' ').next().unwrap_or_default();
        assert!(run.iter().any(|c| c.split(' ').next() == Some(word)), "`portcullis {words}` is named and never shown");
    }
}

const DOCUMENTS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/codes.md",
    "docs/design.md",
    "docs/diagnostics.md",
    "docs/manifest.md",
    "docs/performance.md",
    "docs/questions.md",
    "docs/testing.md",
];

#[test]
fn paths_in_the_documents_are_there() {
    for name in DOCUMENTS {
        let text = fs::read_to_string(repository().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let prose = text.split("```").step_by(2).collect::<String>();
        for span in prose.split('`').skip(1).step_by(2) {
            let ours = ["src/", "tests/", "docs/", "examples/", "schemas/", ".ci/"].iter().any(|folder| span.starts_with(folder));
            // `src/systems/NAME.rs`, `schemas/*.schema.json` and what a run leaves behind stand for no one file.
            let stands_for_many =
                span.contains(['*', ' ']) || span.contains("NAME") || span.contains("SYSTEM") || span.contains(".portcullis/");
            assert!(!ours || stands_for_many || repository().join(span).exists(), "{name} names `{span}`");
        }
    }
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    for name in DOCUMENTS {
        let file = repository().join(name);
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(file.parent().expect("a folder").join(path).exists(), "{name} links to {target}");
        }
    }
}
