use super::*;
use crate::manifest::{GuardLimit, Leaves, Mode, Severity, Who};
use crate::model::Value;

const NOW: &str = "2026-11-22T09:00:00Z";

fn connection(name: &str, system: &str, more: &str) -> String {
    let more: String = more.split("; ").filter(|m| !m.is_empty()).map(|m| format!("    {m}\n")).collect();
    format!("connections:\n  {name}:\n    system: {system}\n    backend: embedded\n    timezone: Europe/Paris\n{more}")
}
pub(super) fn emma() -> String {
    connection("news", "emma-hq", "subaccounts: [emea, apac, us]; actor: { role: parent }")
}
pub(super) fn insider() -> String {
    connection("ins", "insider", "features: [groups, two-factor]; actor: { role: administrator, member: root@acme.example }")
}
pub(super) fn solver() -> String {
    connection("sol", "solver", "actor: { role: super-user, member: root@acme.example }")
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    load_texts(files.iter().copied(), NOW.parse().unwrap())
}
/// "file:line:column code" of every diagnostic.
pub(super) fn said(files: &[(&str, &str)]) -> Vec<String> {
    loaded(files).diagnostics.iter().map(|d| format!("{} {}", d.place, d.code)).collect()
}
fn errors(files: &[(&str, &str)]) -> Vec<(String, u32)> {
    let loaded = loaded(files);
    loaded.diagnostics.iter().filter(|d| d.is_error()).map(|d| (d.place.file().to_owned(), d.place.line())).collect()
}
/// What is said of members of an account, one a line after line 3.
fn members(connection: &str, account: &str, members: &[&str]) -> Vec<String> {
    let lines: String = members.iter().map(|m| format!("      - {m}\n")).collect();
    said(&[("c.yaml", connection), ("a.yaml", &format!("accounts:\n  {account}:\n    members:\n{lines}"))])
}

#[test]
fn a_whole_folder_without_mistakes() {
    let people = "people:\n  ada: { email: Ada@acme.example, name: Ada Lovelace, previously: [ada.byron@acme.example] }\n  grace: { email: grace@acme.example, given: Grace, family: Hopper, leaves: 2027-03-31 }\n  gone: { email: gone@acme.example, leaves: now }\nteams:\n  emea: [ada, grace, { team: all }]\n  all: [gone]\n";
    let accounts = "guards: { removals: { count: 5 }, minimum-administrators: 2 }\naccounts:\n  news:\n    system: emma-hq\n    mode: authoritative\n    ignore: [\"*@vendor.example\"]\n    protect: [owner@acme.example]\n    absent: []\n    guards: { removals: { count: 4 } }\n    invitations: { cooldown: 36h, attempts: 2 }\n    accept-blocked: [actor-lacks-role]\n    members:\n      - { person: ada, role: manager, privileges: [edit-managers], subaccounts: [emea, apac], reason: \"TICKET-12\" }\n      - { team: emea, role: editor, subaccounts: [emea], end: 2026-12-31 }\n      - { email: kim@agency.example, name: Kim Lee, role: author, subaccounts: [emea], start: 2026-12-01, end: 2026-12-05 }\n";
    let loaded = loaded(&[("c.yaml", &emma()), ("people.yaml", people), ("z/accounts.yml", accounts)]);
    assert_eq!(loaded.diagnostics, []);
    let account = &loaded.manifests.accounts["news"];
    assert_eq!(account.mode, Mode::Authoritative);
    assert_eq!((account.invitations.cooldown_hours, account.invitations.attempts), (36, 2));
    assert_eq!(account.members.len(), 3);
    let ada = &account.members[0];
    assert_eq!(ada.at.start(), (13, 9));
    assert!(matches!(&ada.who.value, Who::Person(id) if *id == "ada"));
    assert_eq!(ada.attrs["subaccounts"].value.as_set().unwrap().len(), 2);
    assert_eq!(ada.reason.as_deref(), Some("TICKET-12"));
    assert_eq!(account.members[1].end.as_ref().unwrap().value.to_string(), "2026-12-31");
    assert_eq!(loaded.manifests.people["grace"].name.as_ref().unwrap().split(), ("Grace", "Hopper"));
    assert_eq!(loaded.manifests.people["gone"].leaves.as_ref().unwrap().value, Leaves::Now);
    assert_eq!(loaded.manifests.guards["removals"].value, GuardLimit { count: Some(5), ..GuardLimit::default() });
    assert_eq!(loaded.manifests.guards["minimum-administrators"].value.count, Some(2));
    assert_eq!(loaded.manifests.connections["news"].actor["role"], Value::One(Atom::literal("parent")));
}

#[test]
fn all_errors_of_a_run_at_once_with_places() {
    let people = "people:\n  ada: { email: ada@acme.example, nam: Ada }\n  bob: { email: \"bob@@acme\", name: Bob }\n";
    let accounts = "accounts:\n  nws:\n    members:\n      - { person: adda, role: editor, subaccounts: [emea] }\n  news:\n    mode: authoritive\n    members: []\n";
    let loaded =
        loaded(&[("accounts.yaml", accounts), ("connections.yaml", &emma().replace("emma-hq", "emma-qh")), ("people.yaml", people)]);
    let said: Vec<_> = loaded.diagnostics.iter().map(|d| format!("{} {} {}", d.place, d.code, d.hint.as_deref().unwrap_or("-"))).collect();
    assert_eq!(
        said,
        [
            "accounts.yaml:2:3 unknown-account did you mean `news`?",
            "accounts.yaml:4:19 unknown-person did you mean `ada`?",
            "accounts.yaml:6:11 unknown-word did you mean `authoritative`?",
            "connections.yaml:3:13 unknown-word did you mean `emma-hq`?",
            "people.yaml:2:35 unknown-key did you mean `name`?",
            "people.yaml:3:17 bad-address -",
        ]
    );
}

#[test]
fn a_broken_file_ends_itself_and_blames_no_other_file_for_what_it_may_hold() {
    let accounts = "accounts:\n  sol:\n    members:\n      - { person: ada, groups: [standrd] }\n";
    assert_eq!(
        said(&[("a.yaml", accounts), ("c.yaml", &solver()), ("people.yaml", "people: {ada: [}\n")]),
        ["a.yaml:4:33 unknown-word", "people.yaml:1:15 yaml-syntax"]
    );
}

#[test]
fn the_same_name_twice_shows_both_places() {
    let one = "people:\n  ada: { email: ada@acme.example }\n";
    let loaded = loaded(&[("a.yaml", one), ("b.yaml", one)]);
    let [twice] = &loaded.diagnostics[..] else { panic!("{:?}", loaded.diagnostics) };
    assert_eq!(
        (twice.code, twice.place.to_string(), twice.related[0].0.to_string()),
        ("duplicate-name", "b.yaml:2:3".into(), "a.yaml:2:3".into())
    );
    let people = "people:\n  ada: { email: ada@acme.example }\n  ada: { email: ada2@acme.example }\n";
    assert_eq!(said(&[("p.yaml", people)]), ["p.yaml:3:3 duplicate-key"]);
    let guards = "guards: { removals: { count: 1 } }\n";
    assert_eq!(said(&[("a.yaml", guards), ("b.yaml", guards)]), ["b.yaml:1:11 duplicate-name"]);
}

#[test]
fn a_live_file_among_the_manifests_is_told_where_it_belongs() {
    let wanted = "accounts:\n  sol: { members: [{ email: ada@acme.example, groups: [standard] }] }\n";
    let live = "accounts:\n  sol: { members: [{ email: ada@acme.example, phase: active, groups: [standard] }] }\n";
    // Whichever is read first.
    for (a, b, is_live) in [(wanted, live, true), (live, wanted, true), (wanted, wanted, false)] {
        let loaded = loaded(&[("a.yaml", a), ("b.yaml", b), ("c.yaml", &solver())]);
        let twice = loaded.diagnostics.iter().find(|d| d.code == "duplicate-name").expect("a name twice");
        assert_eq!(twice.hint.as_deref().is_some_and(|h| h.contains("outside the manifests' folder")), is_live, "{twice:?}");
    }
}

#[test]
fn a_scalar_keeps_its_text() {
    let people = "people:\n  no: { email: a@acme.example, name: no }\n  0777: { email: b@acme.example, name: 0777 }\n  1e3: { email: c@acme.example, name: 2026-11-22 }\n  true: { email: d@acme.example, name: true }\nteams:\n  off: [no, 0777, 1e3, true]\n";
    let loaded = loaded(&[("p.yaml", people)]);
    assert_eq!(loaded.diagnostics, []);
    let names: Vec<_> = loaded.manifests.people.values().map(|p| p.name.as_ref().unwrap().to_string()).collect();
    assert_eq!(names, ["0777", "2026-11-22", "no", "true"]);
    assert_eq!(loaded.manifests.teams["off"].members.len(), 4);
}

#[test]
fn a_key_without_a_value_is_an_error_that_names_both_ways_out() {
    let loaded = loaded(&[("c.yaml", &solver()), ("a.yaml", "accounts:\n  sol:\n    members:\n")]);
    let [missing] = &loaded.diagnostics[..] else { panic!("{:?}", loaded.diagnostics) };
    assert_eq!((missing.code, missing.place.to_string()), ("no-value", "a.yaml:3:5".into()));
    let hint = missing.hint.as_deref().unwrap();
    assert!(hint.contains("[]") && hint.contains("leave the key out"), "{hint}");
    assert_eq!(said(&[("p.yaml", "people:\n  ada: { email: a@acme.example, name: null }\n")]), ["p.yaml:2:33 no-value"]);
    assert_eq!(said(&[("p.yaml", "people:\n")]), ["p.yaml:1:1 no-value"]);
}

#[test]
fn authoritative_without_members_manages_nobody_and_says_so() {
    let loaded = loaded(&[("a.yaml", "accounts:\n  sol:\n    mode: authoritative\n"), ("c.yaml", &solver())]);
    assert_eq!(loaded.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["missing-members"]);
    assert!(!loaded.has_errors(), "a key that is left out is unmanaged");
    assert_eq!(loaded.manifests.accounts["sol"].mode, Mode::Additive, "nobody is removed by leaving a key out");
}

#[test]
fn no_validator_text_reaches_a_user() {
    let texts = [
        "- 1\n",
        "1\n",
        "people: 1\n",
        "people: [a]\n",
        "teams: {a: 1}\n",
        "teams: {a: [[x]]}\n",
        "accounts: {a: 1}\n",
        "guards: {removals: {count: -1}}\n",
        "guards: {removals: {count: many}}\n",
        "people: {a: {email: [x]}}\n",
        "people: {a: {}}\n",
    ];
    for text in texts {
        let loaded = loaded(&[("x.yaml", text)]);
        assert!(loaded.has_errors(), "{text}");
        for d in loaded.diagnostics {
            let words = format!("{} {:?} {:?}", d.message, d.expected, d.hint);
            for theirs in ["is not of type", "valid under", "properties", "object", "array", "null", "string"] {
                assert!(!words.contains(theirs), "{words}");
            }
        }
    }
}

#[test]
fn one_mistake_is_said_once() {
    let account =
        |members: &str| said(&[("c.yaml", &insider()), ("a.yaml", &format!("accounts:\n  ins:\n    members:\n      - {members}\n"))]);
    assert_eq!(account("{ email: [a], role: viewer }"), ["a.yaml:4:18 wrong-type"]);
    assert_eq!(account("{ email: a@acme.example, role: [viewer] }"), ["a.yaml:4:40 wrong-type"]);
    assert_eq!(account("{ email: a@acme.example, role: viewer, groups: x }"), ["a.yaml:4:56 wrong-type"]);
    assert_eq!(account("{ email: a@acme.example, role: viewer, pii: yes }"), ["a.yaml:4:53 wrong-type"]);
    assert_eq!(account("viewer"), ["a.yaml:4:9 wrong-type"]);
    assert_eq!(account("{ email: a@acme.example, role: viewer, reason: }"), ["a.yaml:4:48 no-value"]);
    assert_eq!(said(&[("g.yaml", "guards: { removals: { count: x } }\n")]), ["g.yaml:1:30 wrong-type"]);
    assert_eq!(said(&[("p.yaml", "people: { a: { email: a@b.example, leaves: [x] } }\n")]), ["p.yaml:1:44 wrong-type"]);
}

// ---------- connections ----------

#[test]
fn what_is_not_built_is_refused_at_its_place() {
    for (more, want) in [
        ("also: { roster: x.csv }", "c.yaml:6:5 not-for-this-backend"),
        ("smtp: true", "c.yaml:6:5 unknown-key"),
        ("links: { directory: x }", "c.yaml:6:5 unknown-key"),
        ("separator: \",\"", "c.yaml:6:5 not-for-this-backend"),
        ("host: { delegated: [] }", "c.yaml:6:5 wrong-setting"),
        ("hots: 1", "c.yaml:6:5 unknown-key"),
    ] {
        assert_eq!(said(&[("c.yaml", &connection("sol", "solver", more))]), [want], "{more}");
    }
    assert_eq!(said(&[("c.yaml", &solver().replace("embedded", "meta-graphql"))]), ["c.yaml:4:14 not-yet-supported"]);
    assert_eq!(said(&[("c.yaml", &solver().replace("embedded", "embeded"))]), ["c.yaml:4:14 unknown-word"]);
    assert_eq!(said(&[("c.yaml", &connection("key", "keycloak", ""))]), ["c.yaml:3:13 not-yet-supported"]);
    let scim = solver().replace("embedded", "scim") + "    endpoint: https://a.example/scim\n";
    assert_eq!(said(&[("c.yaml", &scim)]), ["c.yaml:4:14 not-yet-supported"]);
}

#[test]
fn facts_are_the_systems_own() {
    assert_eq!(said(&[("c.yaml", &connection("ins", "insider", "features: [grups]"))]), ["c.yaml:6:16 unknown-word"]);
    assert_eq!(said(&[("c.yaml", &connection("sol", "solver", "features: [groups]"))]), ["c.yaml:6:5 unknown-key"]);
    assert_eq!(said(&[("c.yaml", &connection("news", "emma-hq", "surface: subaccount"))]), ["c.yaml:6:14 missing-fact"]);
    assert_eq!(said(&[("c.yaml", &connection("news", "emma-hq", "subaccount: emea"))]), ["c.yaml:6:5 missing-fact"]);
    assert_eq!(said(&[("c.yaml", &connection("news", "emma-hq", "sso: maybe"))]), ["c.yaml:6:10 wrong-type"]);
    let loaded = loaded(&[("c.yaml", &connection("news", "emma-hq", "surface: subaccount; subaccount: emea; sso: true"))]);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.manifests.connections["news"].facts["sso"], Value::Flag(true));
}

#[test]
fn the_actor_holds_words_that_a_manifest_may_not_ask_for() {
    assert_eq!(said(&[("c.yaml", &emma())]), [] as [&str; 0]);
    assert_eq!(
        said(&[("c.yaml", &connection("news", "emma-hq", "subaccounts: [emea]; actor: { role: manager, subaccounts: [apac] }"))]),
        ["c.yaml:7:43 unknown-word"]
    );
    assert_eq!(said(&[("c.yaml", &connection("news", "emma-hq", "actor: { role: boss }"))]), ["c.yaml:6:20 unknown-word"]);
    let loaded = loaded(&[("c.yaml", &solver())]);
    let actor = &loaded.manifests.connections["sol"].actor;
    assert!(actor["groups"].as_set().unwrap().contains("super-user"), "`role` is solver's groups: {actor:?}");
    assert_eq!(
        said(&[("c.yaml", &connection("sol", "solver", "actor: { role: super-user, groups: [standard] }"))]),
        ["c.yaml:6:14 exactly-one"]
    );
}

#[test]
fn endpoints_tokens_and_zones() {
    let scim = |more: &str| said(&[("c.yaml", &format!("connections:\n  ins:\n    system: insider\n    backend: scim\n    {more}\n"))]);
    assert_eq!(scim("endpoint: https://a.example/scim/v2"), [] as [&str; 0]);
    assert_eq!(scim("timezone: Europe/Paris"), ["c.yaml:2:3 missing-key"]);
    assert_eq!(scim("endpoint: ftp://a.example"), ["c.yaml:5:15 bad-endpoint"]);
    assert_eq!(scim("endpoint: https://u:p@a.example"), ["c.yaml:5:15 bad-endpoint"]);
    assert_eq!(scim("endpoint: https://a.example\n    auth: tokn"), ["c.yaml:6:11 unknown-word"]);
    assert_eq!(scim("endpoint: https://a.example\n    auth: { file: x, command: [y] }"), ["c.yaml:6:22 exactly-one"]);
    assert_eq!(scim("endpoint: https://a.example\n    auth: { command: [] }"), ["c.yaml:6:22 wrong-value"]);
    assert_eq!(scim("endpoint: https://a.example\n    auth: { command: [pass, show, x] }"), [] as [&str; 0]);
    assert_eq!(scim("endpoint: https://a.example\n    file: x"), ["c.yaml:6:5 not-for-this-backend"]);
    assert_eq!(said(&[("c.yaml", &connection("sol", "solver", "endpoint: https://a.example"))]), ["c.yaml:6:5 not-for-this-backend"]);
    assert_eq!(said(&[("c.yaml", &solver().replace("Europe/Paris", "Europe/Pariss"))]), ["c.yaml:5:15 bad-zone"]);
}

#[test]
fn two_servers_never_share_a_token() {
    let connections = |auth: &str| {
        format!(
            "connections:\n  shop-eu: {{ system: insider, backend: scim, endpoint: https://a.example }}\n  shop_eu: {{ system: insider, backend: scim, endpoint: https://b.example{auth} }}\n"
        )
    };
    assert_eq!(said(&[("c.yaml", &connections(""))]), ["c.yaml:3:3 token-shared"]);
    assert_eq!(said(&[("c.yaml", &connections(", auth: { file: x }"))]), [] as [&str; 0]);
    let embedded = "connections:\n  a-b: { system: solver, backend: embedded }\n  a_b: { system: solver, backend: embedded }\n";
    assert_eq!(said(&[("c.yaml", embedded)]), [] as [&str; 0]);
}

// ---------- people and teams ----------

#[test]
fn one_address_is_one_person() {
    let people = "people:\n  a: { email: a@acme.example, previously: [old@acme.example] }\n  b: { email: b@acme.example, previously: [Old@ACME.example] }\n  c: { email: A@acme.example }\n";
    let loaded = loaded(&[("p.yaml", people)]);
    let said: Vec<_> = loaded.diagnostics.iter().map(|d| format!("{} {} {}", d.place, d.code, d.related[0].0)).collect();
    assert_eq!(said, ["p.yaml:3:44 address-claimed-twice p.yaml:2:44", "p.yaml:4:15 address-claimed-twice p.yaml:2:15"]);
}

#[test]
fn teams_hold_known_people_and_never_themselves() {
    let teams = "people:\n  ada: { email: a@acme.example }\nteams:\n  one: [ada, adda, { team: two }]\n  two: [{ team: three }]\n  three: [{ team: one }, { team: fuor }]\n  four: [{ team: one }]\n  self: [{ team: self }]\n";
    let loaded = loaded(&[("t.yaml", teams)]);
    let said: Vec<_> = loaded.diagnostics.iter().map(|d| format!("{} {} {}", d.place, d.code, d.related.len())).collect();
    assert_eq!(
        said,
        ["t.yaml:4:14 unknown-person 0", "t.yaml:4:20 team-cycle 2", "t.yaml:6:34 unknown-team 0", "t.yaml:8:10 team-cycle 0"]
    );
    let many: String = (0..20_000).map(|i| format!("  t{i}: [{{ team: t{} }}]\n", (i + 1) % 20_000)).collect();
    assert_eq!(super::tests::said(&[("t.yaml", &format!("teams:\n{many}"))]), ["t.yaml:2:8 team-cycle"]);
}

#[test]
fn x2_a_name_or_given_and_family() {
    assert_eq!(said(&[("p.yaml", "people:\n  a: { email: a@b.example, name: A, family: B }\n")]), ["p.yaml:2:37 exactly-one"]);
}

#[test]
fn hostile_names_are_refused_without_being_repeated() {
    let loaded =
        loaded(&[("p.yaml", "people:\n  a: { email: a@b.example, name: \"\\u001b[2J\\u202E x\" }\n  \"b\\n\": { email: b@b.example }\n")]);
    assert_eq!(loaded.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["control-character", "control-character"]);
    assert!(loaded.diagnostics.iter().all(|d| !d.message.contains(|c: char| c.is_control() || c == '\u{202e}')));
}

// ---------- accounts ----------

#[test]
fn e10_privileges_belong_to_roles_and_the_parent_is_not_assigned() {
    assert_eq!(
        members(
            &emma(),
            "news",
            &[
                "{ email: p@acme.example, name: P, role: author, privileges: [share-campaigns], subaccounts: [emea] }",
                "{ email: q@acme.example, name: Q, role: full, privileges: [export-contacts, billing], subaccounts: [emea] }",
                "{ email: r@acme.example, name: R, role: parent, subaccounts: [emea] }",
            ]
        ),
        ["a.yaml:4:70 word-needs-other", "a.yaml:5:85 word-needs-other", "a.yaml:6:49 not-assignable"]
    );
}

#[test]
fn attributes_that_a_system_or_a_tenant_lacks_are_errors_at_their_key() {
    let off = insider().replace("groups, two-factor", "two-factor");
    let lines = [
        "{ email: a@acme.example, role: viewer, groups: [x] }",
        "{ email: b@acme.example, role: viewer, subaccounts: [emea] }",
        "{ email: c@acme.example }",
    ];
    assert_eq!(members(&off, "ins", &lines), ["a.yaml:4:48 feature-off", "a.yaml:5:48 unknown-attribute", "a.yaml:6:9 missing-key"]);
    let account = "accounts:\n  sol:\n    domains: [acme.example]\n    members:\n      - { email: a@acme.example, groups: [standard], end: 2026-12-31, renew: rolling }\n";
    assert_eq!(said(&[("a.yaml", account), ("c.yaml", &solver())]), ["a.yaml:3:5 unknown-attribute", "a.yaml:5:71 no-native-end"]);
}

#[test]
fn s3_a_person_in_no_group_and_unknown_groups() {
    assert_eq!(
        members(&solver(), "sol", &["{ email: a@acme.example, groups: [] }", "{ email: b@acme.example, groups: [advancd] }"]),
        ["a.yaml:4:42 empty-set", "a.yaml:5:43 unknown-word"]
    );
}

#[test]
fn tenant_words_are_checked_where_the_connection_states_them() {
    let member = ["{ email: a@acme.example, role: author, subaccounts: [emae] }"];
    assert_eq!(members(&emma(), "news", &member), ["a.yaml:4:62 unknown-word"]);
    assert_eq!(members(&connection("news", "emma-hq", ""), "news", &member), [] as [&str; 0]);
}

#[test]
fn a_word_twice_in_a_set_is_a_warning() {
    let account = "accounts:\n  sol:\n    members:\n      - { email: a@acme.example, groups: [standard, standard] }\n";
    let loaded = loaded(&[("a.yaml", account), ("c.yaml", &solver())]);
    assert_eq!(loaded.diagnostics.iter().map(|d| (d.code, d.severity)).collect::<Vec<_>>(), [("repeated-word", Severity::Warning)]);
    assert!(!loaded.has_errors());
}

#[test]
fn i14_the_whitelist_is_off_or_a_list() {
    let account = |domains: &str| {
        said(&[("c.yaml", &insider()), ("a.yaml", &format!("accounts:\n  ins:\n    domains: {domains}\n    members: []\n"))])
    };
    assert_eq!(account("off"), [] as [&str; 0]);
    assert_eq!(account("[acme.example]"), [] as [&str; 0]);
    assert_eq!(account("[]"), ["a.yaml:3:14 empty-domains"]);
    assert_eq!(account("on"), ["a.yaml:3:14 wrong-type"]);
    assert_eq!(account("[acme..example]"), ["a.yaml:3:15 bad-domain"]);
}

#[test]
fn i12_domains_match_exactly() {
    let account = "accounts:\n  ins:\n    domains: [acme.example]\n    members:\n      - { email: a@evil-acme.example, name: A, role: viewer }\n      - { email: b@eu.acme.example, name: B, role: viewer }\n      - { email: C@ACME.example, name: C, role: viewer }\n";
    assert_eq!(said(&[("a.yaml", account), ("c.yaml", &insider())]), ["a.yaml:5:18 domain-not-listed", "a.yaml:6:18 domain-not-listed"]);
}

#[test]
fn a_member_is_exactly_one_of_person_team_and_email() {
    let lines = [
        "{ groups: [standard] }",
        "{ email: a@acme.example, person: ada, groups: [standard] }",
        "{ person: ada, name: Ada, groups: [standard] }",
    ];
    let account: String = lines.iter().map(|m| format!("      - {m}\n")).collect();
    let account = format!("accounts:\n  sol:\n    members:\n{account}");
    assert_eq!(
        said(&[("a.yaml", &account), ("c.yaml", &solver()), ("p.yaml", "people: { ada: { email: ada@acme.example } }\n")]),
        ["a.yaml:4:9 exactly-one", "a.yaml:5:11 exactly-one", "a.yaml:6:24 name-without-email"]
    );
}

#[test]
fn what_is_missing_hides_nothing_else() {
    assert_eq!(members(&emma(), "news", &["{ subaccounts: [emea] }"]), ["a.yaml:4:9 exactly-one", "a.yaml:4:9 missing-key"]);
}

#[test]
fn days_are_days_of_the_calendar_in_a_zone() {
    for (day, ok) in [
        ("2026-12-31", true),
        ("2026-02-30", false),
        ("2026-2-3", false),
        ("2026-12-31T10:00:00", false),
        ("tomorrow", false),
        ("20261231", false),
    ] {
        let found = members(&insider(), "ins", &[&format!("{{ email: a@acme.example, role: viewer, end: {day} }}")]);
        assert_eq!(found.is_empty(), ok, "{day}");
        assert!(ok || found == ["a.yaml:4:53 bad-date"], "{found:?}");
    }
    let zoneless = insider().replace("    timezone: Europe/Paris\n", "");
    assert_eq!(
        members(&zoneless, "ins", &["{ email: a@acme.example, role: viewer, start: 2026-12-01 }"]),
        ["a.yaml:4:55 timezone-missing"]
    );
    assert_eq!(members(&zoneless, "ins", &["{ email: a@acme.example, role: viewer }"]), [] as [&str; 0]);
    let people = "people:\n  ada: { email: a@acme.example, leaves: 2027-01-01 }\nteams:\n  all: [ada]\n";
    let account = "accounts:\n  ins:\n    members:\n      - { team: all, role: viewer }\n";
    assert_eq!(said(&[("a.yaml", account), ("c.yaml", &zoneless), ("p.yaml", people)]), ["a.yaml:4:17 timezone-missing"]);
    assert_eq!(members(&insider(), "ins", &["{ email: a@acme.example, role: viewer, renew: rolling }"]), ["a.yaml:4:48 renew-without-end"]);
}

#[test]
fn listed_and_ignored_listed_and_absent_protected_and_gone() {
    let people = "people:\n  c: { email: c@acme.example, leaves: 2026-11-20 }\n  d: { email: d@acme.example }\n  l: { email: l@acme.example, leaves: 2026-11-22 }\nteams:\n  t: [d]\n";
    let account = "accounts:\n  ins:\n    absent: [D@acme.example]\n    ignore: [\"*@vendor.example\", Bot@acme.example]\n    protect: [c@acme.example, l@acme.example]\n    members:\n      - { email: d@acme.example, role: viewer }\n      - { email: e@VENDOR.example, role: viewer }\n      - { person: c, role: viewer }\n      - { team: t, role: viewer }\n      - { email: bot@acme.example, role: viewer }\n";
    assert_eq!(
        said(&[("a.yaml", account), ("c.yaml", &insider()), ("p.yaml", people)]),
        [
            "a.yaml:5:15 protected-and-gone",
            "a.yaml:5:31 protected-and-leaves",
            "a.yaml:7:18 listed-and-absent",
            "a.yaml:8:18 listed-and-ignored",
            "a.yaml:10:17 listed-and-absent",
            "a.yaml:11:18 listed-and-ignored"
        ]
    );
}

/// E2, E3: what it may grant, and whom it sees, hangs on it.
#[test]
fn an_actor_that_does_not_see_everyone_says_whom_it_sees() {
    let with = |actor: &str| {
        let connection = format!("connections:\n  news: {{ system: emma-hq, backend: embedded, subaccounts: [emea], actor: {actor} }}\n");
        said(&[("c.yaml", &connection)])
    };
    assert_eq!(with("{ role: manager }"), ["c.yaml:2:68 actor-without-scope"]);
    assert_eq!(with("{ member: m@acme.example, role: manager }"), ["c.yaml:2:68 actor-without-scope"]);
    for fine in
        ["{ role: manager, subaccounts: [emea] }", "{ role: manager, subaccounts: [] }", "{ role: parent }", "{ member: p@acme.example }"]
    {
        assert_eq!(with(fine), [] as [&str; 0], "{fine}");
    }
    let insider = "connections:\n  ins: { system: insider, backend: embedded, actor: { role: viewer } }\n";
    assert_eq!(said(&[("c.yaml", insider)]), [] as [&str; 0]);
}

#[test]
fn guards_are_known_and_never_laxer_than_at_the_top() {
    assert_eq!(said(&[("g.yaml", "guards: { removal: { count: 1 } }\n")]), ["g.yaml:1:11 unknown-key"]);
    assert_eq!(said(&[("g.yaml", "guards: { protected: { count: 1 } }\n")]), ["g.yaml:1:11 guard-fixed"]);
    assert_eq!(said(&[("g.yaml", "guards: { minimum-administrators: 0 }\n")]), ["g.yaml:1:35 guard-too-lax"]);
    assert_eq!(said(&[("g.yaml", "guards: { removals: { percent: 101 } }\n")]), ["g.yaml:1:32 wrong-value"]);
    let top = "guards: { removals: { count: 3 }, minimum-administrators: 2 }\n";
    let account = "accounts:\n  sol:\n    guards: { removals: { count: 4 }, minimum-administrators: 1, reductions: { count: 99 } }\n";
    assert_eq!(
        said(&[("a.yaml", account), ("c.yaml", &solver()), ("g.yaml", top)]),
        ["a.yaml:3:15 guard-too-lax", "a.yaml:3:63 guard-too-lax"]
    );
}

#[test]
fn settings_of_an_account() {
    let account = |line: &str| said(&[("c.yaml", &solver()), ("a.yaml", &format!("accounts:\n  sol:\n    {line}\n"))]);
    assert_eq!(account("system: insider"), ["a.yaml:3:13 system-differs"]);
    assert_eq!(account("system: slover"), ["a.yaml:3:13 unknown-word"]);
    assert_eq!(account("invitations: { cooldown: 3x }"), ["a.yaml:3:30 bad-duration"]);
    assert_eq!(account("invitations: { life: 14d }"), [] as [&str; 0]);
    assert_eq!(
        said(&[("c.yaml", &insider()), ("a.yaml", "accounts:\n  ins:\n    invitations: { life: 14d }\n")]),
        ["a.yaml:3:20 wrong-setting"]
    );
    assert_eq!(account("on-removal: delete"), ["a.yaml:3:5 not-for-this-backend"]);
    assert_eq!(account("accept-blocked: [actor-lacks-rol]"), ["a.yaml:3:22 unknown-word"]);
    assert_eq!(account("ignore: [\"not an address\"]"), ["a.yaml:3:14 bad-address"]);
    assert_eq!(account("colour: red"), ["a.yaml:3:5 unknown-key"]);
}

#[test]
fn an_account_without_a_connection_is_an_error_at_its_name() {
    assert_eq!(errors(&[("c.yaml", &insider()), ("domains.yaml", "accounts:\n  ins2: {}\n")]), [("domains.yaml".to_string(), 2)]);
}

#[test]
fn what_else_is_wrong_with_an_account_without_a_connection_is_said_too() {
    let account = "accounts:\n  nws:\n    system: emma-hq\n    members:\n      - { email: a@b.example, role: manger }\n      - { email: c@b.example, rol: editor }\n      - { email: d@b.example, role: editor, start: 2026-12-02, end: 2026-12-01 }\n";
    let loaded = loaded(&[("a.yaml", account), ("c.yaml", "connections:\n  news: { system: emma-hq, backend: embedded }\n")]);
    let (_, resolved) = crate::desired::resolve(&loaded.manifests, jiff::Timestamp::UNIX_EPOCH, None);
    let mut all: Vec<String> = loaded.diagnostics.iter().chain(&resolved).map(|d| format!("{} {}", d.place, d.code)).collect();
    all.sort();
    assert_eq!(
        all,
        [
            "a.yaml:2:3 unknown-account",
            "a.yaml:5:37 unknown-word",
            "a.yaml:6:31 unknown-attribute",
            "a.yaml:6:9 missing-key",
            "a.yaml:7:52 start-after-end"
        ]
    );
    assert_eq!(loaded.diagnostics[0].hint.as_deref(), Some("did you mean `news`?"));
    // Which features a connection switches on is not known without it.
    let insider = "accounts:\n  ins: { system: insider, members: [{ email: a@b.example, role: viewer, groups: [a] }] }\n";
    assert_eq!(said(&[("a.yaml", insider)]), ["a.yaml:2:3 unknown-account"]);
}

#[test]
fn bombs_end_with_a_located_error() {
    let long = format!("people:\n  x: {{ email: {}@acme.example }}\n", "a".repeat(2_000_000));
    let loaded = loaded(&[("bomb.yaml", &long)]);
    assert_eq!(loaded.diagnostics.len(), 1);
    assert!(loaded.diagnostics[0].message.len() < 400);
    let keys: String = (0..50_000).map(|i| format!("k{i}: 1\n")).collect();
    assert_eq!(errors(&[("bomb.yaml", &keys)]).len(), 50_000);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_no_mistakes() {
    let text = "\u{feff}people:\r\n  ada: { email: ada@acme.example,\r\n    nam: x }\r\n";
    assert_eq!(said(&[("p.yaml", text)]), ["p.yaml:3:5 unknown-key"]);
    assert_eq!(said(&[("p.yaml", "\u{feff}people: {}\n"), ("q.yaml", "")]), [] as [&str; 0]);
}

#[test]
fn ignored_addresses_are_found_by_address_domain_and_pattern() {
    let account = |ignore: &str, email: &str| {
        let text = format!("accounts:\n  sol:\n    ignore: [{ignore}]\n    members:\n      - {{ email: {email}, groups: [standard] }}\n");
        said(&[("a.yaml", &text), ("c.yaml", &solver())]).len()
    };
    for (ignore, email, hits) in [
        ("\"*@vendor.example\"", "a@vendor.example", 1),
        ("\"*@Vendor.example\"", "a@vendor.example", 1),
        ("\"*@vendor.example\"", "a@eu.vendor.example", 0),
        ("\"*vendor.example\"", "a@eu.vendor.example", 1),
        ("\"bot-*@acme.example\"", "bot-7@acme.example", 1),
        ("Bot@ACME.example", "bot@acme.example", 1),
        ("\"*@b\u{fc}cher.example\"", "a@xn--bcher-kva.example", 1),
    ] {
        assert_eq!(account(ignore, email), hits, "{ignore} {email}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    /// DESIGN §8.10: bad input of any kind ends in a located message, never a panic.
    #[test]
    fn nothing_that_is_written_panics(cut in 0usize..900, put in "[-a-z0-9 :{}\\[\\],&*!|>'\"#%@`\n\t\u{e9}\u{202e}~<]{0,12}", take in 0usize..20) {
        let whole = emma() + "people:\n  ada: { email: ada@acme.example, previously: [a@b.example], leaves: 2026-11-20 }\nteams: { t: [ada, { team: u }], u: [] }\nguards: { removals: { count: 1 } }\naccounts:\n  news: &n\n    mode: authoritative\n    ignore: [\"*@v.example\"]\n    members:\n      - { person: ada, role: manager, privileges: [billing], subaccounts: [emea], end: 2026-12-01 }\n      - team: t\n        role: editor\n";
        let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        let end = (cut..=(cut + take).min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        let text = format!("{}{put}{}", &whole[..cut], &whole[end..]);
        let loaded = loaded(&[("x.yaml", &text)]);
        let lines = u32::try_from(text.split('\n').count()).unwrap();
        for d in &loaded.diagnostics {
            proptest::prop_assert!(d.place.line() >= 1 && d.place.line() <= lines && d.place.column() >= 1 && d.place.span().end <= text.len());
        }
        let shown = crate::render::diagnostics::text(&loaded.diagnostics, &loaded.sources, false);
        let turned = shown.contains('\u{202e}');
        proptest::prop_assert!(!turned);
    }
}
