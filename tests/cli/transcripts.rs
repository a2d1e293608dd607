//! What each command prints for people. The first is always the one that finds nothing to do.
//! After a change of wording: `SNAPSHOTS=overwrite cargo test --test cli`, and read what changed.

use snapbox::{assert_data_eq, file};

use super::program::World;

const NEWS: &str = "
    connections:
      news:
        system: emma-hq
        backend: embedded
        timezone: Europe/Paris
        subaccounts: [emea, apac, us]
        actor: { role: parent }
";

const TEAM: &str = "
    people:
      ada: { email: ada@acme.example, name: Ada Lovelace }
      grace: { email: grace@acme.example, name: Grace Hopper }
    teams:
      emea-marketing: [ada, grace]
";

const ACCOUNT: &str = r#"
    accounts:
      news:
        mode: authoritative
        members:
          - person: ada
            role: manager
            privileges: [edit-managers]
            subaccounts: [emea, apac]
            reason: "Head of lifecycle, TICKET-12"
          - team: emea-marketing
            role: editor
            subaccounts: [emea]
          - email: kim@agency.example
            name: Kim Lee
            role: author
            subaccounts: [emea]
            end: 2026-12-05
            reason: "Launch, TICKET-40"
"#;

const LIVE: &str = "
    accounts:
      news:
        members:
          - { email: ada@acme.example, name: Ada Lovelace, phase: active, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
          - { email: grace@acme.example, name: Grace Hopper, phase: active, role: editor, subaccounts: [emea] }
          - { email: kim@agency.example, name: Kim Lee, phase: active, role: author, subaccounts: [emea] }
";

fn news() -> World {
    let world = World::new();
    world.write("connections.yaml", NEWS).write("people.yaml", TEAM).write("accounts/news.yaml", ACCOUNT);
    world
}

#[test]
fn a_plan_that_finds_nothing_to_do() {
    let world = news();
    world.load(LIVE);
    assert_data_eq!(world.transcript(&["plan", "drift", "apply --auto-approve"]), file!["transcripts/nothing.txt"].raw());
}

#[test]
fn the_first_plan_and_its_apply() {
    let lines = ["validate", "plan", "apply --auto-approve", "sandbox outbox", "sandbox calls", "plan"];
    assert_data_eq!(news().transcript(&lines), file!["transcripts/first.txt"].raw());
}

#[test]
fn someone_clicks_in_the_console() {
    let world = news();
    world.load(LIVE);
    let lines = [
        "sandbox edit grace@acme.example --set role=administrator --set subaccounts=emea,us",
        "sandbox remove kim@agency.example",
        "drift",
        "plan",
        "apply --auto-approve",
        "sandbox accept kim@agency.example",
        "drift",
    ];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/drift.txt"].raw());
}

#[test]
fn every_command_of_the_sandbox() {
    let world = news();
    world.load(LIVE);
    world.write("bad.txt", "accounts:\n  news:\n    members:\n      - { email: ada@acme.example, name: Ada, phase: actve, role: boss }\n");
    let lines = [
        "sandbox load live.txt",
        "sandbox lock grace@acme.example",
        "plan",
        "sandbox edit nobody@acme.example --set role=editor",
        "sandbox edit grace@acme.example --set rolle=editor",
        "sandbox edit grace@acme.example --set role=boss",
        "sandbox accept ada@acme.example",
        "sandbox decline ada@acme.example",
        "sandbox remove nobody@acme.example",
        "sandbox accept not-an-address",
        "sandbox load bad.txt",
        "sandbox load missing.txt",
        "sandbox outbox --format json",
        "sandbox calls --format json",
    ];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/sandbox.txt"].raw());
}

#[test]
fn a_guard_that_trips_says_how_it_is_lifted() {
    let world = news();
    world.write("guards.yaml", "guards:\n  removals: { count: 0, percent: 0, most: 0 }\n");
    world.load(
        "
        accounts:
          news:
            members:
              - { email: ada@acme.example, name: Ada Lovelace, phase: active, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
              - { email: grace@acme.example, name: Grace Hopper, phase: active, role: editor, subaccounts: [emea] }
              - { email: kim@agency.example, name: Kim Lee, phase: active, role: author, subaccounts: [emea] }
              - { email: old@acme.example, name: Old Hand, phase: active, role: full, subaccounts: [us] }
              - { email: root@acme.example, name: Root, phase: active, role: parent }
        ",
    );
    assert_data_eq!(world.transcript(&["plan", "drift", "apply --auto-approve"]), file!["transcripts/guard.txt"].raw());
}

#[test]
fn what_the_actor_may_not_do_is_blocked() {
    let world = news();
    world.write("connections.yaml", &NEWS.replace("role: parent", "role: manager, subaccounts: [emea]"));
    world.load(
        "
        accounts:
          news:
            members:
              - { email: grace@acme.example, name: Grace Hopper, phase: active, role: editor, subaccounts: [us] }
        ",
    );
    assert_data_eq!(world.transcript(&["plan", "drift", "apply --auto-approve"]), file!["transcripts/blocked.txt"].raw());
}

#[test]
fn an_incomplete_reading_plans_nothing() {
    let world = news();
    world.load(&format!("{}\n        fault: short\n", LIVE.trim_end()));
    assert_data_eq!(world.transcript(&["plan", "drift", "apply --auto-approve", "export"]), file!["transcripts/unread.txt"].raw());
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let world = news();
    world.write("accounts/news.yaml", &ACCOUNT.replace("role: editor", "role: edditor").replace("person: ada", "person: adda"));
    world.write("people2.yaml", "peple:\n  bob: { email: bob@acme.example }\npeople:\n  ada: { email: ada@@acme, name: Ada }\n");
    assert_data_eq!(world.transcript(&["validate", "plan", "validate --format json"]), file!["transcripts/mistakes.txt"].raw());
}

#[test]
fn warnings_are_shown_and_strict_counts_them() {
    let world = news();
    world.write(
        "accounts/news.yaml",
        &ACCOUNT.replace("role: editor\n            subaccounts: [emea]", "role: editor\n            subaccounts: [us]"),
    );
    assert_data_eq!(world.transcript(&["validate", "validate --strict"]), file!["transcripts/warnings.txt"].raw());
}

const PROFILES: &str = "
    profiles:
      marketer:
        news: { role: editor, subaccounts: [emea], reason: Marketing }
      boss:
        emma-hq: { role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
";

const GIVEN: &str = "
    people:
      ada: { email: ada@acme.example, name: Ada Lovelace, profiles: [boss] }
      grace: { email: grace@acme.example, name: Grace Hopper, accounts: { news: { email: grace@lab.example } } }
    teams:
      emea-marketing: [grace, { profile: marketer }]
";

#[test]
fn profiles_are_given_and_shown_with_their_places() {
    let world = World::new();
    world.write("connections.yaml", NEWS).write("profiles.yaml", PROFILES).write("people.yaml", GIVEN);
    world.write(
        "accounts/news.yaml",
        "accounts:\n  news:\n    members:\n      - { profile: marketer, email: kim@agency.example, name: Kim Lee, subaccounts: [apac] }\n",
    );
    world.load(
        "
        accounts:
          news:
            members:
              - { email: ada@acme.example, name: Ada Lovelace, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
              - { email: grace@acme.example, name: Grace Hopper, role: editor, subaccounts: [emea] }
        ",
    );
    assert_data_eq!(world.transcript(&["validate", "plan", "apply --auto-approve", "plan"]), file!["transcripts/profiles.txt"].raw());
}

const MORE: &str = "        insider: { role: administrator }
        sol: { groups: [standard] }
      left: { ins: { role: viewer, end: 2026-12-01 } }
      idle: { nws: { role: author } }
";

const TWO_MORE: &str = "      ins: { system: insider, backend: embedded, timezone: Europe/Paris }
      sol: { system: solver, backend: embedded }
";

#[test]
fn mistakes_with_profiles_are_shown_at_both_places() {
    let world = World::new();
    world.write("connections.yaml", &(NEWS.to_owned() + TWO_MORE));
    world.write("profiles.yaml", &(PROFILES.to_owned() + MORE));
    world.write(
        "people.yaml",
        &GIVEN
            .replace("[boss]", "[boss, bos]")
            .replace("news: { email: grace@lab.example }", "news: { email: Ada@acme.example }, nws: { email: g@lab.example }"),
    );
    world.write(
        "accounts/news.yaml",
        "accounts:\n  news:\n    members:\n      - { profile: boss, email: kim@agency.example, name: Kim Lee, role: editor }\n      - { profile: left, person: grace }\n      - { person: ada, role: author, subaccounts: [emea] }\n",
    );
    world.write(
        "accounts/ins.yaml",
        "accounts:\n  ins:\n    members:\n      - { profile: boss, email: kim@agency.example, name: Kim Lee, end: 2026-12-01 }\n",
    );
    assert_data_eq!(world.transcript(&["validate"]), file!["transcripts/profiles_mistakes.txt"].raw());
}

#[test]
fn apply_without_a_terminal_asks_nobody() {
    let world = news();
    world.write("plan.json", "{}");
    let lines = ["apply", "apply plan.json", "apply --digest sha256:00", "apply --resume", "apply nowhere"];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/refused.txt"].raw());
}

#[test]
fn exports() {
    let world = news();
    world.load(LIVE);
    let lines = ["export", "export --format csv", "export --phase pending", "export --level group"];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/export.txt"].raw());
}

#[test]
fn schemas() {
    let world = news();
    let said = world.transcript(&["schema", "schema plan2", "schema --format json"]);
    assert_data_eq!(said, file!["transcripts/schema.txt"].raw());
    assert_eq!(world.run("schema plan").expect(0).json()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn help() {
    let lines = [
        "--version",
        "--help",
        "validate --help",
        "plan --help",
        "apply --help",
        "drift --help",
        "export --help",
        "schema --help",
        "sandbox --help",
        "sandbox serve --help",
        "sandbox edit --help",
    ];
    assert_data_eq!(World::new().transcript(&lines), file!["transcripts/help.txt"].raw());
}

#[test]
fn wrong_usage_is_1_and_never_2() {
    let lines = [
        "",
        "plam",
        "plan --fromat json",
        "plan --format yaml",
        "plan --at tomorrow",
        "plan -C . .",
        "plan a b",
        "plan -v -q",
        "plan --log a=b=c",
        "apply --allow removals=1",
        "sandbox",
        "sandbox edit kim@agency.example",
        "export --phase gone",
        "validate nowhere",
    ];
    assert_data_eq!(news().transcript(&lines), file!["transcripts/usage.txt"].raw());
}

#[test]
fn a_folder_without_manifests_is_no_error_and_is_said() {
    let lines = ["validate", "plan", "drift", "apply --auto-approve", "export"];
    assert_data_eq!(World::new().transcript(&lines), file!["transcripts/empty.txt"].raw());
}

/// Each kind of change that insider knows, beside each other.
#[test]
fn every_kind_of_change() {
    let world = World::new();
    world.write("all.yaml", INSIDER).load(INSIDER_LIVE);
    let lines = ["plan", "export --level account", "export --phase expired --phase pending", "apply --auto-approve -q"];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/changes.txt"].raw());
}

const INSIDER: &str = "
    connections:
      ins:
        system: insider
        backend: embedded
        timezone: Europe/Paris
        features: [groups, two-factor]
        actor: { role: administrator, member: root@acme.example }
    accounts:
      ins:
        mode: authoritative
        guards: { disallowed-domains: { count: 1, most: 1 }, end-extensions: { count: 9 } }
        domains: [acme.example, agency.example]
        members:
          - { email: root@acme.example, role: administrator }
          - { email: pia@agency.example, name: Pia Data, role: editor, pii: true, groups: [paris], end: 2026-12-05 }
          - { email: late@acme.example, role: viewer, end: 2026-12-06 }
          - { email: up@acme.example, role: administrator }
          - { email: back@acme.example, role: viewer, end: 2026-12-10 }
          - { email: roll@acme.example, role: viewer, end: 2027-12-10, renew: rolling }
          - { email: gone@acme.example, role: viewer, end: 2026-11-20 }
          - { email: noend@acme.example, role: viewer }
          - { email: wait@acme.example, role: editor }
          - { email: over@acme.example, role: viewer }
";

const INSIDER_LIVE: &str = "
    accounts:
      ins:
        domains: [acme.example, old.example]
        members:
          - { email: root@acme.example, name: Root, phase: active, role: administrator }
          - { email: late@acme.example, name: Late, phase: active, role: editor, end: 2026-12-01, limited-products: [email] }
          - { email: up@acme.example, name: Up, phase: active, role: editor, end: 2026-12-01 }
          - { email: back@acme.example, name: Back, phase: expired, role: viewer, end: 2026-11-01 }
          - { email: roll@acme.example, name: Roll, phase: active, role: viewer, end: 2026-11-25 }
          - { email: gone@acme.example, name: Gone, phase: active, role: viewer }
          - { email: noend@acme.example, name: Noend, phase: active, role: viewer, end: 2026-12-09 }
          - { email: wait@acme.example, name: Wait, phase: pending, role: viewer, invited: 2026-11-21T10:00:00Z, attempts: 1 }
          - { email: over@acme.example, name: Over, phase: pending, role: viewer, invited: 2026-11-01T10:00:00Z, attempts: 1 }
          - { email: stray@acme.example, name: Stray, phase: pending, role: viewer, invited: 2026-11-21T10:00:00Z, attempts: 1 }
          - { email: x@old.example, name: X, phase: active, role: viewer }
";

#[test]
fn an_unknown_account_is_an_error_with_the_nearest() {
    let lines = ["plan --account newz", "plan --account zzz*", "export --account newz", "sandbox accept a@b.example --account newz"];
    assert_data_eq!(news().transcript(&lines), file!["transcripts/account.txt"].raw());
}

#[test]
fn what_is_known_and_not_built_is_refused() {
    let lines = [
        "import --anything",
        "review",
        "plan --base main",
        "plan --applied main",
        "plan --trusted main",
        "drift --base main",
        "export --format markdown",
        "plan --format csv",
        "validate --format sarif",
        "export --format html",
    ];
    assert_data_eq!(news().transcript(&lines), file!["transcripts/later.txt"].raw());
}

#[test]
fn a_clock_that_is_none_is_an_error() {
    let mut world = news();
    world.env("PORTCULLIS_NOW", "yesterday");
    assert_data_eq!(world.transcript(&["plan", "validate"]), file!["transcripts/clock.txt"].raw());
}

#[test]
fn somebody_is_looked_for_everywhere() {
    let world = news();
    world.load(LIVE);
    world.run("sandbox edit kim@agency.example --set role=full").expect(0);
    let lines = ["who ada", "who kim@agency.example", "who ada@acme.example --format markdown", "who stranger@acme.example", "who adda"];
    assert_data_eq!(world.transcript(&lines), file!["transcripts/who.txt"].raw());
}

#[test]
fn what_was_printed_is_explained() {
    let lines = [
        "explain solver",
        "explain removals awaits-acceptance",
        "explain 7",
        "explain temporary-administrator --format markdown",
        "explain removal",
        "explain zebra",
    ];
    assert_data_eq!(World::new().transcript(&lines), file!["transcripts/explain.txt"].raw());
}
