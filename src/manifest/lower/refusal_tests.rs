//! What manifests may not reach, loosen or leave in the dark.

use super::tests::{emma, insider, said, solver};

fn at_account(account: &str, people: &str, connection: &str) -> Vec<String> {
    said(&[("a.yaml", &format!("accounts:\n{account}")), ("c.yaml", connection), ("p.yaml", people)])
}
fn emma_with(facts: &str) -> Vec<String> {
    said(&[("c.yaml", &format!("connections:\n  news:\n    system: emma-hq\n    backend: embedded\n{facts}"))])
}
const NOTHING: [&str; 0] = [];

#[test]
fn a_guard_is_compared_by_what_it_lets_through() {
    let guards = |top: &str, mine: &str| {
        let account = format!("accounts:\n  sol:\n    guards: {{ removals: {{ {mine} }} }}\n");
        said(&[("a.yaml", &account), ("c.yaml", &solver()), ("g.yaml", &format!("guards: {{ removals: {{ {top} }} }}\n"))]).len()
    };
    for (top, mine, wrong) in [
        ("count: 5", "percent: 100", 1),
        ("count: 5", "most: 100000", 1),
        ("percent: 5", "count: 4", 1),
        ("percent: 5", "percent: 6", 1),
        ("most: 10", "percent: 100", 1),
        ("most: 10", "count: 11", 1),
        ("count: 5", "percent: 10", 0),
        ("count: 5", "most: 4", 0),
        ("most: 10", "percent: 5", 0),
        ("count: 5, percent: 50, most: 40", "count: 5, percent: 50, most: 40", 0),
        // What lets nothing more through and says that it does is a mistake all the same.
        ("count: 0, percent: 0, most: 0", "most: 9", 1),
        ("count: 1, percent: 0, most: 1", "count: 9", 1),
    ] {
        assert_eq!(guards(top, mine), wrong, "{top} over {mine}");
    }
}

#[test]
fn ignore_absent_and_protect_mean_the_person_by_every_address() {
    let people = "people:\n  p: { email: new@acme.example, previously: [old@vendor.example] }\nteams:\n  t: [p]\n";
    let account = |policy: &str, entry: &str| {
        at_account(&format!("  ins:\n    {policy}\n    members:\n      - {{ {entry}, role: viewer }}\n"), people, &insider())
    };
    for entry in ["person: p", "team: t", "email: new@acme.example", "email: old@vendor.example"] {
        let column = entry.find(' ').unwrap() + 12;
        for (policy, code) in [
            ("ignore: [\"*@vendor.example\"]", "listed-and-ignored"),
            ("ignore: [new@acme.example]", "listed-and-ignored"),
            ("absent: [old@vendor.example]", "listed-and-absent"),
            ("absent: [new@acme.example]", "listed-and-absent"),
        ] {
            assert_eq!(account(policy, entry), [format!("a.yaml:5:{column} {code}")], "{policy} {entry}");
        }
    }
    assert_eq!(account("absent: [other@vendor.example]", "person: p"), NOTHING);
    let both = "  ins:\n    protect: [new@acme.example]\n    absent: [old@vendor.example]\n";
    assert_eq!(at_account(both, people, &insider()), ["a.yaml:3:15 protected-and-gone"]);
}

#[test]
fn e3_an_administrator_has_no_top_level_page() {
    let administrator = "    actor: { role: administrator, subaccounts: [emea] }\n";
    assert_eq!(emma_with(administrator), ["c.yaml:5:20 missing-fact"]);
    assert_eq!(emma_with(&format!("{administrator}    surface: account\n")), ["c.yaml:5:20 missing-fact"]);
    assert_eq!(emma_with(&format!("{administrator}    surface: subaccount\n    subaccount: emea\n")), NOTHING);
    assert_eq!(emma_with("    actor: { role: manager, subaccounts: [emea] }\n"), NOTHING);
}

#[test]
fn e13_the_subaccount_of_the_page_is_one_of_those_that_are_named() {
    let page = |subaccounts: &str| emma_with(&format!("    surface: subaccount\n    subaccount: emae\n{subaccounts}"));
    assert_eq!(page("    subaccounts: [emea, apac]\n"), ["c.yaml:6:17 unknown-word"]);
    assert_eq!(page("    subaccounts: [emae]\n"), NOTHING);
    assert_eq!(page(""), NOTHING, "nobody said which there are");
}

#[test]
fn what_the_sandbox_cannot_do_is_refused_and_never_ignored() {
    assert_eq!(said(&[("c.yaml", &(solver() + "    expect: { tenant: x }\n"))]), ["c.yaml:7:5 not-for-this-backend"]);
    assert_eq!(said(&[("c.yaml", &(solver() + "    auth: token\n"))]), ["c.yaml:7:5 not-for-this-backend"]);
    assert_eq!(said(&[("c.yaml", &(solver() + "    auth: { file: x }\n"))]), ["c.yaml:7:5 not-for-this-backend"]);
    let scim = "connections:\n  ins: { system: insider, backend: scim, endpoint: https://a.example, auth: token, expect: { tenant: x, actor: a@acme.example } }\n";
    assert_eq!(said(&[("c.yaml", scim)]), NOTHING);
}

#[test]
fn the_database_stays_below_the_folder() {
    for (file, said_of_it) in
        [("../../x.db", 1), ("/tmp/x.db", 1), ("a/../../x.db", 1), ("..", 1), ("x.db", 0), ("./a/b.db", 0), (".portcullis/a.db", 0)]
    {
        let said = said(&[("c.yaml", &(solver() + &format!("    file: {file}\n")))]);
        assert_eq!(said, vec!["c.yaml:7:11 outside-the-folder"; said_of_it], "{file}");
    }
}

#[test]
fn a_leaver_needs_a_timezone_in_every_account() {
    let people = |leaves: &str| format!("people:\n  ada: {{ email: ada@acme.example, leaves: {leaves} }}\n");
    let zoneless = emma().replace("    timezone: Europe/Paris\n", "");
    let account = "  news:\n    members: []\n";
    assert_eq!(at_account(account, &people("2027-01-01"), &zoneless), ["c.yaml:2:3 timezone-missing"]);
    assert_eq!(at_account(account, &people("now"), &zoneless), NOTHING);
    assert_eq!(at_account(account, &people("2027-01-01"), &emma()), NOTHING);
    let listed = "  news:\n    members:\n      - { person: ada, role: editor, subaccounts: [emea] }\n";
    assert_eq!(at_account(listed, &people("2027-01-01"), &zoneless), ["a.yaml:4:19 timezone-missing"], "said once");
}

#[test]
fn a_pattern_of_a_domain_beyond_ascii_is_folded_or_refused() {
    let account = |ignore: &str, email: &str| {
        let text = format!("  sol:\n    ignore: [\"{ignore}\"]\n    members:\n      - {{ email: {email}, groups: [standard] }}\n");
        at_account(&text, "", &solver())
    };
    for ignore in ["*@*.b\u{fc}cher.example", "*@*.B\u{dc}CHER.example", "*.b\u{fc}cher.example", "*@*.bu\u{308}cher.example"] {
        assert_eq!(account(ignore, "a@eu.xn--bcher-kva.example"), ["a.yaml:5:18 listed-and-ignored"], "{ignore}");
    }
    assert_eq!(account("J\u{dc}*@acme.example", "j\u{fc}rgen@acme.example"), ["a.yaml:5:18 listed-and-ignored"]);
    assert_eq!(account("j\u{fc}*", "j\u{fc}rgen@acme.example"), ["a.yaml:5:18 listed-and-ignored"]);
    for ignore in ["*@b\u{fc}*.example", "*b\u{fc}cher.example", "*@*\u{fc}.example"] {
        assert_eq!(account(ignore, "a@acme.example"), ["a.yaml:3:14 bad-address"], "{ignore}");
    }
}

#[test]
fn two_names_share_a_token_where_their_variable_is_one() {
    let connections = |other: &str| {
        let scim = "system: insider, backend: scim, endpoint: https://a.example";
        said(&[("c.yaml", &format!("connections:\n  stra\u{df}e: {{ {scim} }}\n  {other}: {{ {scim} }}\n"))])
    };
    assert_eq!(connections("strasse"), NOTHING);
    assert_eq!(connections("STRA\u{df}E").len(), 1);
}
