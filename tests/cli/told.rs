//! What is told so that silence is not taken for an answer: ends that passed, reasons of removals, empty
//! folders, words that mean nothing.

use super::program::World;

const CONNECTIONS: &str = "
    connections:
      sol: { system: solver, backend: embedded, timezone: UTC, actor: { role: super-user } }
";

const LIVE: &str = "
    accounts:
      sol:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: aa@acme.example, name: A, phase: active, groups: [standard] }
          - { email: bb@acme.example, name: B, phase: active, groups: [standard] }
";

fn world(accounts: &str) -> World {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).load(LIVE);
    world.write("accounts.yaml", accounts);
    world
}

/// An entry whose end lies ahead is no matter; one that passed and ends nobody may be a slip.
#[test]
fn an_end_that_has_passed_is_told_where_it_ends_nobody() {
    let accounts = |end: &str| {
        format!(
            "
            accounts:
              sol:
                members:
                  - {{ email: new@acme.example, name: New, groups: [standard], end: {end} }}
        "
        )
    };
    let ahead = world(&accounts("2026-11-30"));
    assert!(!ahead.run("validate").expect(0).out.contains("end-has-passed"));
    assert!(!ahead.run("plan").expect(2).out.contains("end-has-passed"));
    let world = world(&accounts("2026-11-01"));
    assert!(world.run("validate").expect(0).out.contains("warning[end-has-passed]"));
    let plan = world.run("plan --format json").expect(0);
    let warnings: Vec<_> = plan.all("warnings").into_iter().filter(|w| w["code"] == "end-has-passed").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!((&warnings[0]["member"], &warnings[0]["place"]["line"]), (&"new@acme.example".into(), &4.into()));
}

/// CONTRACT.md, `cause`: seven days; later the note alone says it.
#[test]
fn a_removal_says_why() {
    let world = world(
        "
        accounts:
          sol:
            mode: authoritative
            members:
              - { email: root@acme.example, groups: [super-user] }
              - { email: aa@acme.example, groups: [standard], end: 2026-11-15 }
        ",
    );
    let told = |who: &str| {
        let change = world.run("plan --format json").change(who);
        (change["cause"].as_str().map(str::to_owned), change["notes"].clone())
    };
    assert_eq!(told("aa@acme.example"), (Some("expiry".into()), serde_json::json!(["the end 2026-11-15 has passed"])));
    assert_eq!(told("bb@acme.example"), (Some("undetermined".into()), serde_json::json!(["not listed"])));
    assert!(!world.run("plan").out.contains("end-has-passed"), "the removal says it");
    let text = String::from_utf8(world.read("accounts.yaml")).expect("text").replace("2026-11-15", "2026-11-01");
    world.write("accounts.yaml", &text);
    let told = world.run("plan --format json").change("aa@acme.example");
    assert_eq!((&told["cause"], &told["notes"][0]), (&"undetermined".into(), &"the end 2026-11-01 has passed".into()));
}

#[test]
fn drift_of_nothing_does_not_offer_to_bring_it_back() {
    let accounts = "
        accounts:
          sol:
            members:
              - { email: aa@acme.example, groups: [standard], end: 2026-11-20 }
    ";
    let world = world(accounts);
    let said = world.run("drift").expect(0).out;
    assert!(said.contains("1 remove") && said.contains("nothing has drifted") && !said.contains("brings the accounts back"), "{said}");
    world.run("sandbox edit bb@acme.example --account sol --set groups=super-user").expect(0);
    world.write(
        "accounts.yaml",
        &format!("{}              - {{ email: bb@acme.example, groups: [standard] }}\n", accounts.trim_end().to_owned() + "\n"),
    );
    assert!(world.run("drift").expect(3).out.contains("brings the accounts back"));
}

#[test]
fn a_folder_without_accounts_is_told_on_standard_error() {
    let world = world("accounts: { sol: { members: [] } }");
    assert_eq!(world.run("validate").expect(0).err, "");
    world.write("people/all.yaml", "people: { ada: { email: ada@acme.example, name: Ada } }");
    std::fs::create_dir_all(world.path().join("empty")).expect("a folder");
    for command in ["validate", "plan"] {
        for (folder, why) in [("empty", "there is no manifest"), ("people", "no account stands")] {
            let said = world.args(&[command, folder]).expect(0);
            assert!(said.err.contains(&format!("warning: {why}")), "{command} {folder}: {}", said.both());
            assert!(said.err.contains("hint: the folder above it has accounts: give ."), "{command} {folder}: {}", said.both());
        }
    }
}

#[test]
fn a_word_that_means_nothing_is_answered_with_what_would() {
    let world = world("accounts: { sol: { members: [] } }");
    assert!(world.run("plan --account nope").expect(1).err.contains("hint: there is sol"));
    assert!(world.run("plan --at tomorrow").expect(1).err.contains("give a date as 2026-12-31"));
}

/// An empty list would pass for a check.
#[test]
fn a_folder_without_manifests_is_told_by_every_command_that_lists() {
    let world = World::new();
    for line in ["plan", "expiring", "who ada@acme.example", "expiring --format json", "who ada@acme.example --format json"] {
        let said = world.run(line).expect(0);
        assert!(said.err.contains("there is no manifest (*.yaml) in"), "{line}: {}", said.both());
        assert!(said.err.contains("give the folder that holds `accounts`"), "{line}: {}", said.both());
    }
    let said = world.run("who ada").expect(1);
    assert!(said.err.contains("there is no manifest") && said.err.contains("no id of `people`"), "{}", said.err);
}

#[test]
fn a_day_that_is_over_cannot_be_planned_for() {
    let world = World::new();
    world.write(
        "m.yaml",
        "
        connections:
          east: { system: solver, backend: embedded, timezone: Asia/Tokyo }
          west: { system: solver, backend: embedded, timezone: America/New_York }
        accounts: { east: { members: [] }, west: { members: [] } }
        ",
    );
    // At nine on the 22nd, in UTC.
    let said = world.run("plan --at 2026-11-21").expect(1);
    assert!(said.err.contains("2026-11-21 is over: a plan is for 2026-11-22 or a day to come"), "{}", said.err);
    world.run("plan --at 2026-11-22").expect(0);
    world.run("plan --at 2026-11-23").expect(0);
}
