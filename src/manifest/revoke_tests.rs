//! The edit keeps everything that it is not about, and says what the change in memory says.

use super::*;
use crate::manifest::load_texts;
use crate::model::Atom;

const CONNECTION: &str = "connections:\n  news: { system: solver, backend: embedded, actor: { role: super-user } }\n  two: { system: solver, backend: embedded, actor: { role: super-user } }\n";

fn now() -> jiff::Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// The edited text of one file beside the connection's; what it says is what memory says.
#[track_caller]
fn edited(text: &str, who: &str) -> String {
    let texts = [("c.yaml", CONNECTION), ("m.yaml", text)];
    let mut loaded = load_texts(texts, now());
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let whom = loaded.manifests.find_person(who).unwrap();
    let edits = loaded.manifests.edit_to_revoke(&loaded.sources, &whom, &Reach::Everywhere).unwrap();
    loaded.manifests.revoke(&whom, &Reach::Everywhere);
    let after = match edits.as_slice() {
        [] => text.to_owned(),
        [edit] => {
            assert_eq!((&*edit.file, &*edit.before), ("m.yaml", text));
            edit.after.clone()
        }
        more => panic!("{more:?}"),
    };
    let again = load_texts([("c.yaml", CONNECTION), ("m.yaml", &after)], now());
    assert!(!again.has_errors(), "{after}\n{:?}", again.diagnostics);
    assert_eq!(told(&again.manifests), told(&loaded.manifests), "{after}");
    after
}

/// All that an edit may touch, and what stands beside it.
fn told(all: &Manifests) -> Vec<String> {
    let people = all.people.iter().map(|(id, p)| format!("{id} {} {:?} {:?}", p.email.value, p.name, p.leaves.as_ref().map(|l| l.value)));
    let accounts = all.accounts.iter().map(|(name, a)| {
        let who: Vec<_> =
            a.members.iter().map(|m| (&m.who.value, m.attrs.keys().collect::<Vec<_>>(), m.reason.as_deref().map(str::trim))).collect();
        let absent: Vec<_> = a.absent.iter().map(|e| e.value.key()).collect();
        format!("{name} {who:?} {absent:?} {:?}", a.mode)
    });
    people.chain(accounts).collect()
}

#[track_caller]
fn is(text: &str, who: &str, after: &str) {
    assert_eq!(edited(text, who), after);
}

#[test]
fn what_is_said_already_is_no_edit() {
    let left = "people:\n  ada: { email: ada@acme.example, leaves: now }\n";
    is(left, "ada", left);
    let gone = "accounts:\n  news:\n    absent: [kim@agency.example]\n    members: []\n";
    is(gone, "kim@agency.example", gone);
}

#[test]
fn a_person_leaves_wherever_the_lines_are() {
    is(
        "people:\n  ada: { email: ada@acme.example, name: Ada } # first\n",
        "ada",
        "people:\n  ada: { email: ada@acme.example, name: Ada, leaves: now } # first\n",
    );
    is("people: {ada: {email: ada@acme.example,}}", "ADA@acme.example", "people: {ada: {email: ada@acme.example, leaves: now,}}");
    is(
        "people:\n  # the first\n  ada:\n    email: ada@acme.example   # work\n    name: Ada\n\n  # the second\n  bob:\n    email: bob@acme.example",
        "ada",
        "people:\n  # the first\n  ada:\n    email: ada@acme.example   # work\n    name: Ada\n    leaves: now\n\n  # the second\n  bob:\n    email: bob@acme.example",
    );
    is("people:\n  bob:\n    email: bob@acme.example", "bob", "people:\n  bob:\n    email: bob@acme.example\n    leaves: now");
    is(
        "people:\r\n  bob:\r\n    email: bob@acme.example\r\n",
        "bob",
        "people:\r\n  bob:\r\n    email: bob@acme.example\r\n    leaves: now\r\n",
    );
    is(
        "people:\n  ada:\n    email: ada@acme.example\n    previously:\n      - ada.byron@acme.example\n  bob: { email: b@acme.example }\n",
        "ada.byron@acme.example",
        "people:\n  ada:\n    email: ada@acme.example\n    leaves: now\n    previously:\n      - ada.byron@acme.example\n  bob: { email: b@acme.example }\n",
    );
    is(
        "people:\n  ada:\n    email: >-\n      ada@acme.example\n",
        "ada",
        "people:\n  ada:\n    leaves: now\n    email: >-\n      ada@acme.example\n",
    );
    is(
        "people:\n  ada: { email: ada@acme.example, leaves: 2030-01-01 }\n",
        "ada",
        "people:\n  ada: { email: ada@acme.example, leaves: now }\n",
    );
    is(
        "people:\n  ada:\n    leaves: \"2030-01-01\" # a plan\n    email: ada@acme.example\n",
        "ada",
        "people:\n  ada:\n    leaves: now # a plan\n    email: ada@acme.example\n",
    );
    is("people:\n  ada: &a\n    email: ada@acme.example\n", "ada", "people:\n  ada: &a\n    email: ada@acme.example\n    leaves: now\n");
}

#[test]
fn a_merged_key_is_overridden_where_it_is_merged() {
    let text = "people:\n  ada: &a { email: ada@acme.example, name: X, leaves: 2030-01-01 }\n  bob: { <<: *a, email: bob@acme.example }\n";
    is(
        text,
        "bob",
        "people:\n  ada: &a { email: ada@acme.example, name: X, leaves: 2030-01-01 }\n  bob: { <<: *a, email: bob@acme.example, leaves: now }\n",
    );
}

const KIM: &str = "kim@agency.example";

#[test]
fn an_outsider_s_entry_goes_and_the_address_must_be_absent() {
    is(
        "accounts:\n  news:\n    mode: adopt # for now\n    members:\n      # ours\n      - email: ada@acme.example\n        groups: [standard]\n      - email: Kim@agency.example   # launch\n        groups:\n          - standard\n        reason: |\n          a launch\n\n      # more\n      - { email: bob@acme.example, groups: [standard] }\n",
        KIM,
        "accounts:\n  news:\n    mode: adopt # for now\n    absent: [kim@agency.example]\n    members:\n      # ours\n      - email: ada@acme.example\n        groups: [standard]\n\n      # more\n      - { email: bob@acme.example, groups: [standard] }\n",
    );
    is(
        "accounts:\n  news:\n    members:\n      - { email: kim@agency.example, groups: [standard] }\n",
        KIM,
        "accounts:\n  news:\n    absent: [kim@agency.example]\n    members: []\n",
    );
    is(
        "accounts: { news: { members: [{ email: kim@agency.example, groups: [standard] }, { email: a@acme.example, groups: [standard] }] } }\n",
        KIM,
        "accounts: { news: { members: [{ email: a@acme.example, groups: [standard] }], absent: [kim@agency.example] } }\n",
    );
    is(
        "accounts:\n  news:\n    members: [{ email: a@acme.example, groups: [standard] }, { email: kim@agency.example, groups: [standard] }]\n",
        KIM,
        "accounts:\n  news:\n    members: [{ email: a@acme.example, groups: [standard] }]\n    absent: [kim@agency.example]\n",
    );
    is(
        "accounts:\n  news:\n    members: [ { email: kim@agency.example, groups: [standard] } ]\n    mode: adopt",
        KIM,
        "accounts:\n  news:\n    members: []\n    mode: adopt\n    absent: [kim@agency.example]",
    );
}

#[test]
fn every_entry_of_the_address_goes() {
    let entry = "      -\n        email: kim@agency.example\n        groups: [standard]\n        end: 2030-01-01\n";
    let text = format!(
        "accounts:\n  news:\n    absent: []\n    members:\n{entry}      - &x\n        {{ email: kim@agency.example, groups: [standard] }}\n"
    );
    let connection = CONNECTION.replace("actor", "timezone: UTC, actor");
    let loaded = load_texts([("c.yaml", connection.as_str()), ("m.yaml", text.as_str())], now());
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let whom = loaded.manifests.find_person(KIM).unwrap();
    let edits = loaded.manifests.edit_to_revoke(&loaded.sources, &whom, &Reach::Everywhere).unwrap();
    assert_eq!(edits[0].after, "accounts:\n  news:\n    absent: [kim@agency.example]\n    members: []\n");
}

#[test]
fn a_list_of_absent_addresses_grows_in_its_own_style() {
    is(
        "accounts:\n  news:\n    absent: [a@b.example] # gone\n",
        KIM,
        "accounts:\n  news:\n    absent: [a@b.example, kim@agency.example] # gone\n",
    );
    is(
        "accounts:\n  news:\n    absent:\n    - a@b.example # gone\n    members: []\n",
        KIM,
        "accounts:\n  news:\n    absent:\n    - a@b.example # gone\n    - kim@agency.example\n    members: []\n",
    );
    is("accounts:\n  news: {}\n", KIM, "accounts:\n  news: { absent: [kim@agency.example] }\n");
    is("accounts:\n  news: {}\n", "o'neil#1@agency.example", "accounts:\n  news: { absent: [\"o'neil#1@agency.example\"] }\n");
}

/// In one account alone: every address of theirs there, and the own entries, however they name them.
#[test]
fn a_person_must_be_absent_from_the_named_accounts_by_every_address() {
    let people =
        "people:\n  kim: { email: kim@agency.example, previously: [k@agency.example], accounts: { two: { email: kim@two.example } } }\n";
    let text = format!(
        "{people}accounts:\n  news:\n    absent:\n      - a@b.example # gone\n    members:\n      - {{ person: kim, groups: [standard] }}\n  two:\n    members:\n      - {{ email: kim@two.example, groups: [standard] }}\n      - {{ email: x@two.example, groups: [standard] }}\n"
    );
    let loaded = load_texts([("c.yaml", CONNECTION), ("m.yaml", text.as_str())], now());
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let whom = loaded.manifests.find_person("kim").unwrap();
    let edited = |names: &[&str]| {
        let reach = Reach::In(names.iter().map(|n| Atom::new(n).unwrap()).collect());
        loaded.manifests.edit_to_revoke(&loaded.sources, &whom, &reach).unwrap()[0].after.replace(people, "")
    };
    assert_eq!(
        edited(&["news"]),
        "accounts:\n  news:\n    absent:\n      - a@b.example # gone\n      - kim@agency.example\n      - k@agency.example\n    members: []\n  two:\n    members:\n      - { email: kim@two.example, groups: [standard] }\n      - { email: x@two.example, groups: [standard] }\n"
    );
    assert_eq!(
        edited(&["two"]),
        "accounts:\n  news:\n    absent:\n      - a@b.example # gone\n    members:\n      - { person: kim, groups: [standard] }\n  two:\n    absent: [kim@two.example, kim@agency.example, k@agency.example]\n    members:\n      - { email: x@two.example, groups: [standard] }\n"
    );
}

#[test]
fn an_ignored_address_is_not_called_absent_where_it_is_ignored() {
    let text = "accounts:\n  news:\n    ignore: [\"*@agency.example\"]\n";
    is(text, KIM, text);
}

#[test]
fn a_shape_that_only_a_person_can_edit_is_refused_at_its_place() {
    let refused = |text: &str, who: &str| {
        let loaded = load_texts([("c.yaml", CONNECTION), ("m.yaml", text)], now());
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        let whom = loaded.manifests.find_person(who).unwrap();
        loaded.manifests.edit_to_revoke(&loaded.sources, &whom, &Reach::Everywhere).unwrap_err().to_string()
    };
    let why = refused("accounts:\n  news: &n { members: [] }\n  two: *n\n", KIM);
    assert!(why.starts_with("m.yaml:3:3: `absent: [kim@agency.example]` of `two` cannot be written"), "{why}");
}

#[test]
fn nobody_is_found_by_a_word_that_is_no_id_and_no_address() {
    let loaded = load_texts([("m.yaml", "people:\n  ada: { email: ada@acme.example }\n")], now());
    let nobody = loaded.manifests.find_person("adaa").unwrap_err();
    assert_eq!(
        (nobody.to_string().as_str(), nobody.hint().as_str()),
        ("`adaa` is no id of `people` and no address", "did you mean `ada`?")
    );
    assert_eq!(loaded.manifests.find_person("Ada@ACME.example").unwrap(), Whom::Person(Atom::new("ada").unwrap()));
}
