//! What an export cannot tell is said, and what looks like a cut one is no reading. Each test is a rule.

#[path = "support/program.rs"]
mod program;

use program::{Said, World};
use serde_json::{Value as Json, json};

/// The example of solver, copied, with further lines in its connection.
fn solver(more: &str) -> World {
    let world = World::new();
    for file in ["audiences.yaml", "connections.yaml", "users.csv"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/roster-solver").join(file);
        world.write(file, &std::fs::read_to_string(path).expect("an example"));
    }
    let connections = text(&world, "connections.yaml");
    world.write("connections.yaml", &connections.replace("    file: users.csv\n", &format!("    file: users.csv\n{more}")));
    world
}

fn text(world: &World, file: &str) -> String {
    String::from_utf8(world.read(file)).expect("UTF-8")
}

fn plan(world: &World) -> Said {
    world.run("plan --format json")
}

/// Nothing is planned, and the reading's problems hold these words.
#[track_caller]
fn incomplete(world: &World, words: &[&str]) {
    let said = plan(world).expect(7);
    let account = &said.json()["accounts"][0];
    let problems = account["reading"]["problems"].to_string();
    assert!(words.iter().all(|word| problems.contains(word)), "{words:?} in {problems}");
    assert_eq!((&account["changes"], &account["blocked"]), (&json!([]), &json!([])));
}

/// DEMANDS 1: rows after such a line would be taken for people who left.
#[test]
fn demand_01_a_line_with_a_control_character_does_not_end_an_export() {
    let world = solver("");
    let users = text(&world, "users.csv");
    world.write("users.csv", &users.replace("joan@", "\u{1}\njoan@"));
    incomplete(&world, &["users.csv:3: a control character, U+0001"]);
    world.write("users.csv", &users.replace("Joan", "Jo\u{0}an"));
    incomplete(&world, &["users.csv:3: a control character, U+0000"]);
}

/// DEMANDS 1: an address that was cut is somebody else's, and the rows after it are gone.
#[test]
fn demand_01_an_export_whose_last_cell_may_be_cut_is_no_reading() {
    let world = solver("");
    let users = text(&world, "users.csv");
    world.write("users.csv", &users[..users.len() - 3]);
    incomplete(
        &world,
        &["users.csv:5: the last row has no line break: was the file cut?", "end the file with a line break", "final-line-break"],
    );
    world.write("users.csv", users.trim_end());
    incomplete(&world, &["the last row has no line break"]);
}

/// RFC 4180 §2.2: the last row may lack its line break.
#[test]
fn an_open_end_after_a_whole_word_is_taken() {
    let world = gamoshi(
        UNKNOWN,
        "    - { email: ada@acme.example, role: user-manager }\n                - { email: kim@acme.example, role: user }",
    );
    let export = text(&world, "g.csv");
    assert_eq!(plan(&world).expect(0).acts(), [""; 0]);
    world.write("g.csv", export.trim_end());
    incomplete(&world, &["g.csv:3: the last row has no line break"]);
    world.write("g.csv", "E-mail,Level\nkim@acme.example,user\nada@acme.example,user-manager");
    assert_eq!(plan(&world).expect(0).acts(), [""; 0]);
    world.write("g.csv", "E-mail,Level,Seen\nkim@acme.example,user,2026\nada@acme.example,user-manager,20");
    assert_eq!(plan(&world).expect(0).acts(), [""; 0]);
}

#[test]
fn exports_that_never_end_with_a_line_break_are_declared() {
    let (plain, open) = (solver(""), solver("    final-line-break: false\n"));
    let users = text(&open, "users.csv");
    let want = plan(&plain).expect(8).out;
    assert_eq!(plan(&open).expect(8).out, want, "an export that has one is as good");
    open.write("users.csv", users.trim_end());
    assert_eq!(plan(&open).expect(8).out, want);
    let wrong = solver("    final-line-break: maybe\n").run("validate --format json").expect(1);
    assert!(wrong.out.contains("final-line-break: maybe") || wrong.out.contains("connections.yaml"), "{}", wrong.out);
}

fn codes(said: &Said, list: &str) -> Vec<String> {
    said.all(list).iter().map(|r| r["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The run's clock stands at 2026-11-22T09:00Z.
#[test]
fn the_age_of_an_export_is_told_and_one_of_a_month_ago_is_warned_of() {
    assert!(!codes(&plan(&solver("")), "reports").contains(&"export-age".to_owned()), "nobody said when it was made");
    for (keys, report, warning) in [
        ("    exported: 2026-11-20T09:00:00Z\n", "the export is of 2026-11-20T09:00:00Z, 2 days old", ""),
        ("    exported: 2026-10-23T09:00:00Z\n", "the export is of 2026-10-23T09:00:00Z, 30 days old", ""),
        ("    exported: 2026-10-22T09:00:00Z\n", "", "the export is of 2026-10-22T09:00:00Z, 31 days old, and no `max-age` says"),
        ("    exported: 2026-10-22T09:00:00Z\n    max-age: 60d\n", "the export is of 2026-10-22T09:00:00Z, 31 days old", ""),
    ] {
        let said = plan(&solver(keys)).expect(8);
        let of = |list: &str, code: &str| -> String {
            said.all(list).iter().filter(|r| r["code"] == code).map(|r| r["message"].as_str().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(of("reports", "export-age"), report, "{keys}");
        let warned = of("warnings", "export-old");
        assert!(warned.starts_with(warning) && warned.is_empty() == warning.is_empty(), "{keys}: {warned}");
    }
}

/// An account of insider, for its sets, its flags and its own ends.
fn insider(rows: &str) -> World {
    let world = World::new();
    world.write(
        "all.yaml",
        "
        connections:
          ins:
            system: insider
            backend: roster
            timezone: Europe/Istanbul
            file: u.csv
            columns: { email: Email, name: Name, role: Role, pii: PII, limited-products: Limited, end: Until }
        accounts:
          ins:
            mode: adopt
            members:
              - { email: ada@acme.example, name: Ada, role: administrator }
        ",
    );
    world.write("u.csv", &format!("Email,Name,Role,PII,Limited,Until\n{rows}"));
    world
}

#[test]
fn a_blank_cell_of_a_column_is_nothing_and_was_read() {
    let world = insider("ada@acme.example,Ada,administrator,,,\n");
    let said = world.run("export --format json").expect(0);
    let ada = &said.all("members")[0];
    assert_eq!((&ada["pii"], &ada["limited-products"], &ada["end"]), (&json!(false), &json!([]), &Json::Null), "{ada:#}");
    assert!(!world.run("export").expect(0).out.contains("not read: pii"), "{}", world.run("export").out);
    plan(&world).expect(0);
}

/// An account of gamoshi without statuses, with nobody who signs in.
fn gamoshi(actor: &str, entries: &str) -> World {
    let world = World::new();
    world.write(
        "all.yaml",
        &format!(
            "
            connections:
              gam:
                system: gamoshi
                backend: roster
                timezone: Europe/Paris
                file: g.csv
                columns: {{ email: E-mail, role: Level }}
                actor: {actor}
            accounts:
              gam:
                members:
            {entries}
            "
        ),
    );
    world.write("g.csv", "E-mail,Level\nada@acme.example,user-manager\nkim@acme.example,user\n");
    world
}

const UNKNOWN: &str = "{ role: user-manager }";

/// Without statuses nobody is an administrator for certain; the last who may be one is one to miss.
#[test]
fn the_last_who_may_be_an_administrator_is_warned_of() {
    let ends =
        "    - { email: ada@acme.example, role: user-manager, end: 2026-12-03 }\n                - { email: kim@acme.example, role: user }";
    let stays = ends.replace(", end: 2026-12-03", "");
    assert!(!codes(&plan(&gamoshi(UNKNOWN, &stays)), "warnings").contains(&"last-administrator-ends".to_owned()));
    let world = gamoshi(UNKNOWN, ends);
    let said = plan(&world);
    let warnings: Vec<Json> = said.all("warnings").into_iter().filter(|w| w["code"] == "last-administrator-ends").collect();
    assert_eq!((&warnings[0]["on"], &warnings[0]["member"]), (&json!("2026-12-04"), &json!("ada@acme.example")));
    let message = "from this day on no administrator is left, as far as can be told; the last: ada@acme.example";
    assert_eq!(warnings[0]["message"], message);
    assert!(codes(&said, "warnings").contains(&"no-backup-administrator".to_owned()));
    // Somebody else who may be one stays.
    world.write("g.csv", "E-mail,Level\nada@acme.example,user-manager\nzoe@acme.example,user-manager\nkim@acme.example,user\n");
    assert!(!codes(&plan(&world), "warnings").contains(&"no-backup-administrator".to_owned()), "nobody can tell that there are too few");
    assert!(!codes(&plan(&world), "warnings").contains(&"last-administrator-ends".to_owned()));
    // The one who signs in is one for certain, and ends.
    let known = gamoshi("{ role: user-manager, member: ada@acme.example }", ends);
    known.write("g.csv", "E-mail,Level\nada@acme.example,user-manager\nzoe@acme.example,user-manager\nkim@acme.example,user\n");
    let said = plan(&known);
    let warnings: Vec<Json> = said.all("warnings").into_iter().filter(|w| w["code"] == "last-administrator-ends").collect();
    let message = "from this day on no administrator is left; the last: ada@acme.example; who may have accepted, and be one: 1";
    assert_eq!(warnings[0]["message"], message);
}

/// What time changes beside it makes nobody an administrator for certain who may be one.
#[test]
fn who_may_be_an_administrator_stays_one_who_may_be_whatever_else_time_changes() {
    let world = World::new();
    world.write(
        "all.yaml",
        "
        connections:
          sol:
            system: solver
            backend: roster
            timezone: UTC
            actor: { role: super-user, member: ada@acme.example }
            file: u.csv
            separator: ' / '
            columns: { email: E-mail, groups: Groups }
        accounts:
          sol:
            members:
              - { email: ada@acme.example, groups: [super-user], end: 2026-12-03 }
              - { email: zoe@acme.example, groups: [super-user], end: 2026-11-30 }
              - { email: zoe@acme.example, groups: [super-user, standard], start: 2026-12-01 }
        ",
    );
    world.write("u.csv", "E-mail,Groups\nada@acme.example,super-user\nzoe@acme.example,super-user\n");
    let said = plan(&world).all("warnings");
    let warnings: Vec<&Json> = said.iter().filter(|w| w["code"] == "last-administrator-ends").map(|w| &w["message"]).collect();
    let message = "from this day on no administrator is left; the last: ada@acme.example; who may have accepted, and be one: 1";
    assert_eq!(warnings, [message], "{said:#?}");
}

/// Nothing is ever sent to a roster: who takes the access away is a human.
#[test]
fn an_end_that_no_api_takes_is_made_by_hand_and_said_so() {
    let entries = "    - { email: ada@acme.example, role: user-manager }\n                - { email: kim@acme.example, role: user, end: 2026-12-03 }\n                - { email: sam@acme.example, role: user, end: 2026-12-10 }";
    let world = gamoshi("{ role: user-manager, member: ada@acme.example }", entries);
    let listed = world.run("expiring --format json").expect(0).json()["expiring"].clone();
    let by: Vec<&Json> = listed.as_array().expect("a list").iter().map(|e| &e["ended_by"]).collect();
    assert_eq!(by, [&json!("manual"), &json!("manual")], "{listed:#}");
    let text = world.run("expiring").expect(0).out;
    assert!(text.contains("somebody ends it by hand, by the runbook of the first run from that day on"), "{text}");
    let notes = plan(&world).change("sam@acme.example")["notes"].to_string();
    assert!(notes.contains("end-by-hand") && !notes.contains("end-by-portcullis"), "{notes}");
}

/// Nobody accepts in a file: the export after it shows it.
#[test]
fn the_sandbox_says_that_an_account_is_a_roster_and_what_to_do() {
    let world = solver("");
    world.write("live.txt", "accounts: { audiences: { members: [] } }\n");
    for line in [
        "sandbox accept kim@acme.example --account audiences",
        "sandbox accept kim@acme.example",
        "sandbox edit ada@acme.example --account aud* --set groups=standard",
        "sandbox load live.txt",
    ] {
        let said = world.run(line).expect(1);
        assert!(said.err.contains("the account `audiences` is a roster"), "{line}: {}", said.err);
        assert!(said.err.contains("export its users to users.csv anew, and plan again"), "{line}: {}", said.err);
    }
    assert_eq!(world.run("sandbox calls --format json").expect(0).json()["writes"], 0, "nothing was sent, and that is no mistake");
    assert_eq!(world.run("sandbox outbox --format json").expect(0).json()["mails"], json!([]));
    let said = world.run("sandbox accept kim@acme.example --account audience").expect(1);
    assert!(said.err.contains("no account is called `audience`"), "{}", said.err);
}
