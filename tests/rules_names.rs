//! Each rule has a test that is named after it, and no test names a rule that there is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rules of the systems that are built, as SYSTEMS.md numbers them, and the two for all systems.
const RULES: [&str; 45] = [
    "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11", "e12", "e13", //
    "g1", "g2", "g3", "g4", "g5", //
    "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11", "i12", "i13", "i14", "i15", //
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", //
    "s1", "s2", "s3", //
    "x1", "x2",
];

/// The test file of each system, and the letters that its rules begin with.
const FILES: [(&str, &str); 5] = [
    ("rules_emma_hq.rs", "ex"),
    ("rules_gamoshi.rs", "g"),
    ("rules_insider.rs", "ix"),
    ("rules_meta_gateway.rs", "m"),
    ("rules_solver.rs", "s"),
];

/// The names of the functions that are marked as tests.
fn tests_of(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines() {
        if let (true, Some(rest)) = (marked, line.strip_prefix("fn ")) {
            names.push(rest.split('(').next().unwrap_or_default().to_owned());
        }
        marked = line == "#[test]" || (marked && line.starts_with("#["));
    }
    assert!(!names.is_empty(), "{file} has no test");
    names
}

#[test]
fn every_rule_has_a_test_and_every_test_a_rule() {
    let named: BTreeSet<String> =
        FILES.iter().flat_map(|(file, _)| tests_of(file)).map(|name| name.split('_').next().unwrap_or_default().to_owned()).collect();
    let rules: BTreeSet<String> = RULES.iter().map(|r| (*r).to_owned()).collect();
    assert_eq!(named, rules);
}

#[test]
fn every_rule_is_proved_where_its_system_is() {
    for (file, letters) in FILES {
        for name in tests_of(file) {
            assert!(name.starts_with(|c| letters.contains(c)), "{name} stands in {file}");
        }
    }
    // The rules for all systems are proved for each that keeps two names and mails by itself.
    for file in ["rules_emma_hq.rs", "rules_insider.rs"] {
        for rule in ["x1_", "x2_"] {
            assert!(tests_of(file).iter().any(|name| name.starts_with(rule)), "{file} has no {rule}");
        }
    }
}

/// `explain SYSTEM` lists each rule of its letter once, in the order of the document.
#[test]
fn every_rule_stands_in_the_literals_of_its_system() {
    for spec in portcullis::systems::ALL {
        let ids: Vec<String> = spec.rules.iter().map(|r| r.id.to_lowercase()).collect();
        let letter = ids.first().and_then(|id| id.chars().next()).expect("a rule");
        let own: Vec<&str> = RULES.into_iter().filter(|r| r.starts_with(letter)).collect();
        let listed: Vec<&str> = ids.iter().map(String::as_str).filter(|id| id.starts_with(letter)).collect();
        assert_eq!(listed, own, "{}", spec.name);
        let general: Vec<&str> = ids.iter().map(String::as_str).filter(|id| !id.starts_with(letter)).collect();
        assert!(general.iter().all(|id| id.starts_with('x')) && general.contains(&"x1"), "{}: {general:?}", spec.name);
        for rule in spec.rules {
            assert!(rule.text.len() > 20 && rule.text.ends_with('.'), "{} {}", spec.name, rule.id);
        }
    }
    let letters: BTreeSet<char> = portcullis::systems::ALL.iter().filter_map(|s| s.rules.first()?.id.chars().next()).collect();
    assert_eq!(letters.len(), portcullis::systems::ALL.len(), "two systems of one letter");
}
