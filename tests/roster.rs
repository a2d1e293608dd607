//! Accounts that are known by an exported list: what an export says, what of it is doubted, and how
//! the steps of a runbook are proven by the next one. Each test is a rule.

#[path = "support/program.rs"]
mod program;

use program::{Said, World};

/// An account of emma-hq behind `users.csv`; `more` are further lines of its connection.
fn emma(more: &str) -> World {
    let world = World::new();
    world.write(
        "connections.yaml",
        &format!(
            r#"
            connections:
              news:
                system: emma-hq
                backend: roster
                timezone: Europe/Paris
                subaccounts: [emea, apac, us]
                file: users.csv
                columns: {{ email: Email, name: [First name, Last name], role: Role, status: Status, subaccounts: Subaccount }}
                words: {{ role: {{ Parent: parent, Manager: manager, Editor: editor, Author: author }}, status: {{ current: active, invited: pending }} }}
{}"#,
            more.lines().map(|line| format!("                {line}\n")).collect::<String>()
        ),
    );
    world.write(
        "people.yaml",
        "
        people:
          ada: { email: ada@acme.example, name: Ada Lovelace }
          grace: { email: grace@acme.example, name: Grace Hopper }
          kim: { email: kim@acme.example, name: Kim Lee }
        ",
    );
    world.write(
        "news.yaml",
        "
        accounts:
          news:
            mode: authoritative
            members:
              - { person: ada, role: manager, subaccounts: [emea, apac] }
              - { person: grace, role: editor, subaccounts: [emea] }
              - { person: kim, role: author, subaccounts: [us] }
        ",
    );
    world
}

const ROLES: &str = "role: { Parent: parent, Manager: manager, Editor: editor, Author: author }, ";
const HEADER: &str = "Email,First name,Last name,Role,Status,Subaccount\n";
const OWNER: &str = "owner@acme.example,Olga,Owner,Parent,current,\n";
const ADA: &str = "ada@acme.example,Ada,Lovelace,Manager,current,emea\nada@acme.example,Ada,Lovelace,Manager,current,apac\n";
const GRACE: &str = "grace@acme.example,Grace,Hopper,Editor,current,emea\n";
const KIM: &str = "kim@acme.example,Kim,Lee,Author,invited,us\n";

fn export(world: &World, rows: &[&str]) {
    world.write("users.csv", &format!("{HEADER}{}", rows.concat()));
}

fn plan(world: &World) -> Said {
    world.run("plan --format json")
}

/// The reading is incomplete with these words in one of its problems, and nothing is planned on it.
#[track_caller]
fn incomplete(world: &World, words: &[&str]) {
    let said = plan(world).expect(7);
    let json = said.json();
    let account = &json["accounts"][0];
    let problems = account["reading"]["problems"].to_string();
    assert!(words.iter().all(|word| problems.contains(word)), "{words:?} in {problems}");
    assert_eq!((&account["changes"], &account["blocked"]), (&serde_json::json!([]), &serde_json::json!([])));
    world.run("apply --auto-approve").expect(7);
}

// ---- reading ----

#[test]
fn an_export_that_agrees_plans_to_nothing() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, KIM]);
    let said = plan(&world).expect(0);
    let reading = &said.json()["accounts"][0]["reading"];
    assert_eq!((&reading["members"], &reading["complete"]), (&4.into(), &true.into()));
    world.run("apply --auto-approve").expect(0);
    world.run("drift").expect(0);
    let members = world.run("export --format json").expect(0).all("members");
    let kim = members.iter().find(|m| m["email"] == "kim@acme.example").expect("kim");
    assert_eq!((&kim["phase"], &kim["name"], &kim["subaccounts"]), (&"pending".into(), &"Kim Lee".into(), &serde_json::json!(["us"])));
}

#[test]
fn rows_of_one_address_add_up_however_it_is_spelt() {
    let world = emma("");
    export(&world, &[OWNER, "ADA@Acme.example,Ada,Lovelace,Manager,current,apac\nada@acme.example,,,,,emea\n", GRACE, KIM]);
    plan(&world).expect(0);
}

#[test]
fn two_single_values_of_one_address_are_a_contradiction_with_both_lines() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "ada@acme.example,Ada,Lovelace,Editor,current,us\n", GRACE, KIM]);
    incomplete(&world, &["users.csv:5: ", "`editor`", "`manager` in line 3"]);
    export(&world, &[OWNER, ADA, GRACE, KIM, "kim@acme.example,Kim,Lee,Author,current,us\n"]);
    incomplete(&world, &["users.csv:7: ", "`status` is `active` here and `pending` in line 6"]);
}

#[test]
fn a_list_in_a_cell_is_parted_by_the_separator() {
    let world = emma("separator: \"|\"");
    export(&world, &[OWNER, "ada@acme.example,Ada,Lovelace,Manager,current, apac | emea |\n", GRACE, KIM]);
    plan(&world).expect(0);
    let world = emma("separator: \"\\n\"");
    export(&world, &[OWNER, "ada@acme.example,Ada,Lovelace,Manager,current,\"apac\nemea\"\n", GRACE, KIM]);
    plan(&world).expect(0);
}

#[test]
fn a_word_may_stand_for_several_or_for_none() {
    let world = emma("separator: \";\"");
    let text = String::from_utf8(world.read("connections.yaml")).expect("UTF-8");
    let words = "words: { subaccounts: { All: [emea, apac], \"-\": [] }, ";
    world.write("connections.yaml", &text.replace("words: { ", words));
    export(
        &world,
        &["owner@acme.example,Olga,Owner,Parent,current,-\n", "ada@acme.example,Ada,Lovelace,Manager,current,All\n", GRACE, KIM],
    );
    plan(&world).expect(0);
}

#[test]
fn every_separator_and_encoding_reads_the_same() {
    let world = emma("encoding: utf-16");
    let rows = [OWNER, ADA, &GRACE.replace("Grace,Hopper", "Zoë,Hopper"), KIM].concat();
    let text = format!("{HEADER}{rows}");
    let first = {
        let utf_16: Vec<u8> = format!("\u{feff}{}", text.replace(',', "\t")).encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(world.path().join("users.csv"), utf_16).expect("a file of our own");
        plan(&world).expect(8).out
    };
    assert!(first.contains("Zo\u{eb} Hopper"), "{first}");
    for (encoding, bytes) in [
        ("utf-8", format!("\u{feff}{}", text.replace(',', ";")).into_bytes()),
        ("utf-8", text.replace('\n', "\r\n").into_bytes()),
        ("windows-1252", text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin 1")).collect()),
    ] {
        let other = emma(&format!("encoding: {encoding}"));
        std::fs::write(other.path().join("users.csv"), bytes).expect("a file of our own");
        assert_eq!(plan(&other).expect(8).out, first, "{encoding}");
    }
}

#[test]
fn bytes_of_another_encoding_make_the_reading_incomplete_at_their_line() {
    let world = emma("");
    let bytes: Vec<u8> = format!("{HEADER}{OWNER}{ADA}zo\u{eb}").chars().map(|c| c as u8).collect();
    std::fs::write(world.path().join("users.csv"), bytes).expect("a file of our own");
    incomplete(&world, &["users.csv:5: bytes that are no utf-8", "windows-1252"]);
}

#[test]
fn a_word_without_a_meaning_is_told_with_its_line_and_the_nearest() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,Editr,current,emea\n", "kim@acme.example,Kim,Lee,Author,Invitd,us\n"]);
    incomplete(
        &world,
        &["users.csv:5: `Editr` is no word of `role`", "nearest is `Editor`", "users.csv:6: `Invitd`", "nearest is `invited`"],
    );
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,Editor,current,EMEA\n", KIM]);
    incomplete(&world, &["users.csv:5: `EMEA` is no word of `subaccounts`", "nearest is `emea`"]);
}

#[test]
fn an_address_that_is_none_is_told_with_its_line() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, KIM, "Total: 4,,,,,\n"]);
    incomplete(&world, &["users.csv:7: `Total: 4` is no address"]);
}

#[test]
fn a_person_without_a_role_or_a_status_is_not_guessed() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,,current,emea\n", "kim@acme.example,Kim,Lee,Author,,us\n"]);
    incomplete(&world, &["users.csv:5: grace@acme.example: no row says `role`", "users.csv:6: kim@acme.example: no row has a status"]);
}

#[test]
fn a_column_that_the_export_lacks_is_told_at_its_key_with_the_nearest_header() {
    let world = emma("");
    world.write("users.csv", &format!("{}{OWNER}", HEADER.replace("Subaccount", "Subaccounts").replace("Email", "E-mail")));
    incomplete(
        &world,
        &["connections.yaml:8:23: no column `Email`", "did you mean `E-mail`?", ": no column `Subaccount`", "did you mean `Subaccounts`?"],
    );
    // The manifest is right or wrong whatever lies beside it.
    world.run("validate").expect(0);
}

// ---- DEMANDS 1, 26, 27: half an export never means that everybody left ----

#[test]
fn demand_01_an_empty_cut_or_missing_export_is_no_empty_account() {
    let world = emma("");
    for (rows, words) in [
        (String::new(), "the export is empty"),
        (HEADER.to_owned(), "a header and no rows"),
        (format!("{HEADER}{OWNER}{ADA}grace@acme.ex"), "users.csv:5: 1 cells in this row and 6 in the header"),
        (format!("{HEADER}{OWNER}{ADA}grace@acme.example,\"Gra"), "users.csv:5: a quote is opened here and never closed"),
    ] {
        world.write("users.csv", &rows);
        incomplete(&world, &[words]);
    }
    std::fs::remove_file(world.path().join("users.csv")).expect("it was there");
    incomplete(&world, &["users.csv does not exist"]);
}

#[test]
fn demand_01_the_other_accounts_go_on() {
    let world = emma("");
    world.write("users.csv", "");
    world.write(
        "two.yaml",
        "
        connections:
          sol: { system: solver, backend: embedded }
        accounts:
          sol:
            members:
              - { email: a@acme.example, name: A, groups: [super-user] }
        ",
    );
    let said = plan(&world).expect(7);
    assert_eq!(said.acts(), ["invite a@acme.example"]);
}

#[test]
fn an_export_that_is_too_old_or_yet_to_come_is_no_reading() {
    for (exported, problem) in [
        ("2026-11-22T08:00:00Z", None),
        ("2026-11-15T09:00:00Z", None),
        ("2026-11-15T08:59:59Z", Some("7 days old, and `max-age` is 7 days")),
        ("2026-11-10T08:00:00+01:00", Some("12 days old")),
        // A mistaken zone is no reason, a mistaken day is.
        ("2026-11-23T08:00:00Z", None),
        ("2026-11-24T09:00:00Z", Some("yet to come")),
    ] {
        let world = emma(&format!("exported: {exported}\nmax-age: 7d"));
        export(&world, &[OWNER, ADA, GRACE, KIM]);
        match problem {
            None => assert_eq!(plan(&world).expect(0).acts(), [""; 0], "{exported}"),
            Some(problem) => incomplete(&world, &[problem]),
        }
    }
}

#[cfg(unix)]
#[test]
fn an_export_outside_the_folder_or_no_regular_file_is_not_read() {
    let world = emma("");
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::write(elsewhere.path().join("users.csv"), format!("{HEADER}{OWNER}")).expect("a file of our own");
    let here = world.path().join("users.csv");
    std::os::unix::fs::symlink(elsewhere.path().join("users.csv"), &here).expect("a link");
    incomplete(&world, &["leaves the folder"]);
    std::fs::remove_file(&here).expect("the link");
    std::fs::create_dir(&here).expect("a folder");
    incomplete(&world, &["folder"]);
    std::fs::remove_dir(&here).expect("the folder");
    // A link that stays inside is a file like any other.
    world.write("exports/november.csv", &format!("{HEADER}{}", [OWNER, ADA, GRACE, KIM].concat()));
    std::os::unix::fs::symlink("exports/november.csv", &here).expect("a link");
    plan(&world).expect(0);
}

// ---- the keys ----

fn wrong(keys: &str) -> Vec<String> {
    let world = World::new();
    world.write(
        "c.yaml",
        &format!("connections:\n  sol:\n    system: solver\n{}", keys.lines().map(|l| format!("    {l}\n")).collect::<String>()),
    );
    let said = world.run("validate --format json");
    let found = said.json()["diagnostics"].as_array().cloned().unwrap_or_default();
    found.iter().map(|d| format!("{}:{} {}", d["line"], d["column"], d["code"].as_str().unwrap_or_default())).collect()
}

#[test]
fn the_keys_of_an_export_are_checked_without_it() {
    let whole = "backend: roster\nfile: u.csv\ncolumns: { email: Email, groups: Groups }";
    assert_eq!(wrong(whole), [""; 0]);
    for (more, want) in [
        ("words: { groups: { Super User: super-user, Users: [standard, advanced] } }", ""),
        ("words: { groups: { Super User: superuser } }", "7:36 unknown-word"),
        ("words: { gropus: { X: standard } }", "7:14 unknown-key"),
        ("words: { status: { Active: active } }", "7:14 missing-key"),
        ("encoding: latin-1", "7:15 unknown-word"),
        ("separator: \"\"", "7:16 bad-word"),
        ("max-age: 7d", "7:5 missing-key"),
        ("exported: yesterday", "7:15 bad-date"),
        ("exported: 2026-11-22", "7:15 bad-date"),
        ("exported: 2026-11-22T09:00:00Z\nmax-age: soon", "8:14 bad-duration"),
        ("endpoint: https://a.example", "7:5 not-for-this-backend"),
        ("auth: token", "7:5 not-for-this-backend"),
        ("expect: { tenant: t }", "7:5 not-for-this-backend"),
        ("also: { roster: x.csv }", "7:5 not-for-this-backend"),
    ] {
        let found = wrong(&format!("{whole}\n{more}"));
        assert_eq!(found.join(" "), want, "{more}");
    }
    assert_eq!(wrong("backend: roster"), ["2:3 missing-key"; 1]);
    assert_eq!(wrong("backend: roster\nfile: u.csv"), ["2:3 missing-key"]);
    assert_eq!(wrong("backend: roster\nfile: ../u.csv\ncolumns: { email: E }"), ["5:11 outside-the-folder"]);
    assert_eq!(wrong("backend: roster\nfile: u.csv\ncolumns: { name: N }"), ["6:5 missing-key"]);
    assert_eq!(wrong("backend: roster\nfile: u.csv\ncolumns: { email: E, grops: G }"), ["6:26 unknown-key"]);
    assert_eq!(wrong("backend: roster\nfile: u.csv\ncolumns: { email: E, end: End }"), ["6:26 unknown-key"]);
    assert_eq!(wrong("backend: roster\nfile: u.csv\ncolumns: { email: E, name: [A, B, C] }"), ["6:32 wrong-value"]);
    assert_eq!(
        wrong("backend: embedded\ncolumns: { email: E }\nencoding: utf-8"),
        ["5:5 not-for-this-backend", "6:5 not-for-this-backend"]
    );
    assert_eq!(wrong("backend: embedded\nalso: { roster: x.csv }\ncolumns: { email: E }")[0], "5:5 not-for-this-backend");
}

#[test]
fn an_attribute_of_a_feature_that_is_off_has_no_column() {
    let world = World::new();
    world.write(
        "c.yaml",
        "
        connections:
          ins:
            system: insider
            backend: roster
            file: u.csv
            columns: { email: Email, role: Role, groups: Groups }
        ",
    );
    let said = world.run("validate").expect(1);
    assert!(said.both().contains("c.yaml:6:42") && said.both().contains("feature-off"), "{}", said.both());
}

// ---- planning and applying: everything by hand ----

#[test]
fn apply_makes_no_call_writes_the_runbook_and_exits_8() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,Author,current,us\n", "sam@acme.example,Sam,Left,Author,current,us\n"]);
    let before = std::fs::read_dir(world.path()).expect("the folder").count();
    let said = plan(&world).expect(8);
    assert_eq!(said.acts(), ["invite kim@acme.example", "edit grace@acme.example", "remove sam@acme.example"]);
    let invite = said.change("kim@acme.example");
    assert_eq!((&invite["calls"], &invite["manual"]), (&serde_json::json!(["invite"]), &serde_json::json!(["invite"])));
    assert_eq!(invite["channel"], "manual");
    assert_eq!(said.json()["summary"]["manual"], 3);
    let applied = world.run("apply --auto-approve --format json --runbook steps.md").expect(8);
    let json = applied.json();
    assert_eq!((&json["results"], &json["left"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(json["manual"].as_array().map(Vec::len), Some(3));
    let steps = String::from_utf8(world.read("steps.md")).expect("UTF-8");
    for words in [
        "click the Add a user button and fill in `kim@acme.example`, Kim Lee",
        "select the role author",
        "on the Role tab choose editor",
        "select Delete user",
        "`sam@acme.example`",
    ] {
        assert!(steps.contains(words), "{words} in {steps}");
    }
    assert_eq!(std::fs::read_dir(world.path()).expect("the folder").count(), before + 1, "nothing but the runbook was written");
    assert_eq!(world.run("drift").expect(8).code, 8);
}

/// What the export shows once every step was made.
#[test]
fn the_edited_export_plans_to_nothing() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,Author,current,us\n", "sam@acme.example,Sam,Left,Author,current,us\n"]);
    plan(&world).expect(8);
    export(&world, &[OWNER, ADA, GRACE, KIM]);
    plan(&world).expect(0);
}

// ---- a step that was made wrongly is named ----

#[test]
fn a_wrong_role_shows_what_is_there_and_what_is_wanted() {
    let world = emma("");
    export(&world, &[OWNER, ADA, "grace@acme.example,Grace,Hopper,Author,current,emea\n", KIM]);
    let change = plan(&world).expect(8).change("grace@acme.example");
    assert_eq!((&change["before"]["role"], &change["after"]["role"]), (&"author".into(), &"editor".into()));
    assert!(world.run("plan").expect(8).out.contains("role  author -> editor"));
}

#[test]
fn a_wrong_subaccount_shows_what_is_there_and_what_is_wanted() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, "kim@acme.example,Kim,Lee,Author,current,apac\n"]);
    let change = plan(&world).expect(8).change("kim@acme.example");
    assert_eq!(
        (&change["before"]["subaccounts"], &change["after"]["subaccounts"]),
        (&serde_json::json!(["apac"]), &serde_json::json!(["us"]))
    );
    assert!(world.run("plan").expect(8).out.contains("subaccounts  +us -apac"), "{}", world.run("plan").out);
}

#[test]
fn the_wrong_person_removed_comes_back_and_the_right_one_still_goes() {
    let world = emma("");
    export(&world, &[OWNER, ADA, KIM, "sam@acme.example,Sam,Left,Author,current,us\n"]);
    assert_eq!(plan(&world).expect(8).acts(), ["invite grace@acme.example", "remove sam@acme.example"]);
}

/// Kim Lee of `us` is asked for; these stand in the export in her place.
fn kim_in_place_of(rows: &[&str]) -> String {
    let world = emma("");
    export(&world, &[&[OWNER, ADA, GRACE], rows].concat());
    plan(&world).expect(8).change("kim@acme.example")["notes"].to_string()
}

#[test]
fn a_person_invited_under_another_spelling_is_named_beside_the_step() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, "kmi@acme.example,Kim,Lee,Author,invited,us\n"]);
    let said = plan(&world).expect(8);
    assert_eq!(said.acts(), ["invite kim@acme.example", "cancel-invitation kmi@acme.example"]);
    let notes = said.change("kim@acme.example")["notes"].to_string();
    assert!(notes.contains("kmi@acme.example is a member of the same name and not listed"), "{notes}");
}

#[test]
fn a_person_invited_under_another_address_is_known_by_the_name() {
    for row in ["kim.lee@acme.example,Kim,Lee", "k.lee@agency.example, KIM ,lee", "x@other.example,Kim,  Lee"] {
        let notes = kim_in_place_of(&[&format!("{row},Author,invited,us\n")]);
        let address = row.split(',').next().unwrap_or_default();
        assert!(notes.contains(&format!("{address} is a member of the same name and not listed")), "{row}: {notes}");
    }
}

#[test]
fn a_stranger_of_another_name_is_not_taken_for_the_person() {
    for row in ["sam@acme.example,Sam,Left", "kin@acme.example,Kin,Lane", "kmi@acme.example,Kim,Leigh"] {
        assert_eq!(kim_in_place_of(&[&format!("{row},Author,invited,us\n")]), "[]", "{row}");
    }
}

#[test]
fn without_a_name_an_address_of_the_same_domain_is_near_by_a_slip() {
    for (address, is_named) in
        [("kmi@acme.example", true), ("kimm@acme.example", true), ("sam@acme.example", false), ("kim@acme.exampl", false)]
    {
        let notes = kim_in_place_of(&[&format!("{address},,,Author,invited,us\n")]);
        assert_eq!(notes.contains("is it this person under another spelling?"), is_named, "{address}: {notes}");
    }
}

#[test]
fn a_step_that_was_not_made_stays() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE]);
    let first = plan(&world).expect(8);
    world.run("apply --auto-approve").expect(8);
    let again = plan(&world).expect(8);
    assert_eq!(again.out, first.out);
    assert_eq!(again.acts(), ["invite kim@acme.example"]);
}

// ---- what an export does not show ----

#[test]
fn an_attribute_without_a_column_is_unverifiable_and_no_change() {
    let world = World::new();
    world.write(
        "all.yaml",
        "
        connections:
          ins: { system: insider, backend: roster, file: u.csv, columns: { email: Email, name: Name, role: Role } }
        accounts:
          ins:
            members:
              - { email: ada@acme.example, name: Ada, role: editor, pii: true }
              - { email: kim@acme.example, name: Kim, role: viewer, pii: true }
        ",
    );
    world.write("u.csv", "Email,Name,Role\nada@acme.example,Ada,editor\n");
    let said = plan(&world).expect(8);
    assert_eq!(said.acts(), ["invite kim@acme.example"]);
    let report = &said.all("reports")[0];
    assert_eq!((&report["code"], &report["member"]), (&"unverifiable".into(), &"ada@acme.example".into()));
    let notes = said.change("kim@acme.example")["notes"].to_string();
    assert!(notes.contains("nothing here can read back pii"), "{notes}");
}

/// An account of meta-gateway whose export does not show data sources: joan comes to be `standard`.
fn gateway(sources: &str) -> World {
    let world = World::new();
    world.write(
        "all.yaml",
        &format!(
            "
            connections:
              gate: {{ system: meta-gateway, backend: roster, file: u.csv, columns: {{ email: User, role: Permission }} }}
            accounts:
              gate:
                members:
                  - {{ email: ada@acme.example, role: admin }}
                  - {{ email: joan@acme.example, role: standard, data-sources: {sources} }}
            "
        ),
    );
    world.write("u.csv", "User,Permission\nada@acme.example,admin\njoan@acme.example,view-only\n");
    world
}

/// Whoever makes the step reads nothing but the step.
#[test]
fn a_step_says_what_was_asked_and_the_export_has_no_column_for() {
    let world = gateway("[web-shop]");
    let said = plan(&world).expect(8);
    let joan = said.change("joan@acme.example");
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(joan["before"], json(r#"{ "role": "view-only" }"#), "nobody knows which data sources there are");
    assert_eq!(joan["after"], json(r#"{ "role": "standard", "data-sources": ["web-shop"] }"#));
    assert_eq!(joan["manual"], json(r#"["set-role", "set-data-sources"]"#));
    assert_eq!((&joan["channel"], &joan["unverifiable"]), (&"manual".into(), &json(r#"["data-sources"]"#)));
    assert_eq!(said.all("reports"), [] as [serde_json::Value; 0], "the change says it");
    let text = world.run("plan --runbook steps.md").expect(8).out;
    assert!(text.contains("data-sources  (unknown) -> web-shop") && text.contains("nothing can read data-sources back"), "{text}");
    let steps = String::from_utf8(world.read("steps.md")).expect("UTF-8");
    for words in [
        "select the role standard and save",
        "assign data sources: web-shop, and save",
        "nothing can read data-sources back: what is ticked here is the only proof",
    ] {
        assert!(steps.contains(words), "{words} in {steps}");
    }
    // Whoever reviewed other data sources did not review these.
    assert_ne!(said.digest(), plan(&gateway("[app]")).digest());
    assert!(world.run(&format!("apply --digest {}", said.digest())).expect(8).out.contains("assign data sources: web-shop"));
    let none = gateway("[]");
    assert!(none.run("plan").expect(8).out.contains("assign data sources: (none), and save"), "{}", none.run("plan").out);
}

#[test]
fn what_the_export_has_no_column_for_is_a_report_where_nothing_else_is_changed() {
    let world = gateway("[web-shop]");
    world.write("u.csv", "User,Permission\nada@acme.example,admin\njoan@acme.example,standard\n");
    let said = plan(&world).expect(0);
    assert_eq!(said.all("reports")[0]["message"], "nothing here can read data-sources [web-shop]: check by hand");
}

/// Emma-hq writes a pending member's invitation anew: what the export does not show would be lost.
#[test]
fn an_invitation_that_is_written_anew_carries_what_the_export_does_not_show() {
    let world = emma("");
    let connections = String::from_utf8(world.read("connections.yaml")).expect("UTF-8");
    world.write("connections.yaml", &connections.replace(", subaccounts: Subaccount }", " }"));
    export(&world, &[OWNER, ADA, GRACE, &KIM.replace("Author", "Editor")]);
    let kim = plan(&world).expect(8).change("kim@acme.example");
    assert_eq!((&kim["action"], &kim["after"]["subaccounts"]), (&"edit-invitation".into(), &serde_json::json!(["us"])));
    let steps = world.run("plan").expect(8).out;
    assert!(steps.contains("click the Assign subaccounts button and select: us"), "{steps}");
    assert!(steps.contains("note: nothing here can read back subaccounts: look by hand"), "{steps}");
}

/// The role is judged by what is read, so that it is never set unseen; whoever makes another step reads it.
#[test]
fn a_role_without_a_column_is_a_note_of_the_step() {
    let world = emma("");
    let connections = String::from_utf8(world.read("connections.yaml")).expect("UTF-8");
    world.write("connections.yaml", &connections.replace("role: Role, ", "").replace(ROLES, ""));
    export(&world, &[ADA, &GRACE.replace("emea", "us"), KIM]);
    let said = plan(&world);
    let grace = said.change("grace@acme.example");
    assert_eq!(grace["after"], serde_json::json!({ "subaccounts": ["emea"] }));
    assert!(grace["notes"].to_string().contains("nothing here can read role editor: check by hand"), "{grace:#}");
}

/// SYSTEMS.md E13: no form of the subaccount surface sets subaccounts, and the role is changed all the same.
#[test]
fn what_no_form_sets_is_a_note_of_the_step_and_blocks_nothing() {
    let world = emma("surface: subaccount\nsubaccount: emea");
    let connections = String::from_utf8(world.read("connections.yaml")).expect("UTF-8");
    world.write("connections.yaml", &connections.replace(", subaccounts: Subaccount }", " }"));
    export(&world, &[OWNER, ADA, &GRACE.replace("Editor", "Author"), KIM]);
    let said = plan(&world);
    let grace = said.change("grace@acme.example");
    assert_eq!(grace["after"], serde_json::json!({ "role": "editor" }), "{grace:#}");
    assert!(grace["notes"].to_string().contains("nothing here can read subaccounts [emea]: check by hand"), "{grace:#}");
}

/// Nobody is invited twice: whoever stands in the export is a member, pending or not.
#[test]
fn without_a_status_column_nobody_is_invited_twice() {
    let world = gamoshi("{ role: user-manager, member: ada@acme.example }");
    world.write("g.csv", "E-mail,Level\nada@acme.example,user-manager\nkim@acme.example,user\n");
    assert_eq!(plan(&world).expect(0).acts(), [""; 0]);
}

fn gamoshi(actor: &str) -> World {
    let world = World::new();
    world.write(
        "all.yaml",
        &format!(
            "
            connections:
              gam: {{ system: gamoshi, backend: roster, file: g.csv, columns: {{ email: E-mail, role: Level }}, actor: {actor} }}
            accounts:
              gam:
                mode: authoritative
                guards: {{ removals: {{ count: 5 }} }}
                members:
                  - {{ email: ada@acme.example, role: user-manager }}
                  - {{ email: kim@acme.example, role: user }}
            "
        ),
    );
    world
}

/// Without statuses a pending user manager looks like an active one, and could be the only other.
#[test]
fn without_a_status_column_no_administrator_is_counted_but_the_one_who_signs_in() {
    let rows = "E-mail,Level\nada@acme.example,user-manager\nkim@acme.example,user\nold@acme.example,user-manager\n";
    let unknown = gamoshi("{ role: user-manager }");
    unknown.write("g.csv", rows);
    let said = plan(&unknown).expect(2);
    assert_eq!((said.acts(), &said.all("blocked")[0]["code"]), (vec![], &"administrators-unknown".into()));
    let known = gamoshi("{ role: user-manager, member: ada@acme.example }");
    known.write("g.csv", rows);
    assert_eq!(plan(&known).expect(8).acts(), ["remove old@acme.example"]);
}

/// SYSTEMS.md E4: to a bounded actor no export tells whether there is more.
#[test]
fn e4_a_bounded_actor_sees_the_scopes_of_an_export_in_part() {
    let world = emma("actor: { role: manager, privileges: [edit-managers], subaccounts: [emea, apac, us] }");
    export(&world, &[ADA, "grace@acme.example,Grace,Hopper,Editor,current,us\n", KIM, "sam@acme.example,Sam,Left,Author,current,us\n"]);
    let said = plan(&world).expect(2);
    // Scopes that it sees are taken away; the member is not, and none is added unseen.
    assert_eq!(said.acts(), ["edit sam@acme.example"]);
    assert_eq!(said.all("blocked").iter().map(|b| b["member"].clone()).collect::<Vec<_>>(), ["grace@acme.example"]);
}

#[test]
fn the_end_of_a_product_that_ends_access_is_over_though_the_export_is_older() {
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
            columns: { email: Email, name: Name, role: Role, status: Status, end: Access until }
            words: { status: { Active: active }, end: { Unlimited: none } }
        accounts:
          ins:
            members:
              - { email: ada@acme.example, name: Ada, role: administrator }
              - { email: kim@acme.example, name: Kim, role: viewer, end: 2026-12-05 }
        ",
    );
    let rows = |until: &str| {
        format!(
            "Email,Name,Role,Status,Access until\nada@acme.example,Ada,administrator,Active,Unlimited\nkim@acme.example,Kim,viewer,Active,{until}\n"
        )
    };
    world.write("u.csv", &rows("2026-12-05"));
    plan(&world).expect(0);
    world.write("u.csv", &rows("2026-12-05T20:59:59Z"));
    plan(&world).expect(0);
    world.write("u.csv", &rows("2026-11-20"));
    assert_eq!(plan(&world).expect(8).acts(), ["restore kim@acme.example"]);
    world.write("u.csv", &rows("05/12/2026"));
    incomplete(&world, &["u.csv:3: `05/12/2026` is no day"]);
}

/// Names of exports change with each one, and no digest covers a name of a file.
#[test]
fn a_digest_does_not_change_with_the_name_of_the_export() {
    let (one, two) = (emma(""), emma(""));
    export(&one, &[OWNER, ADA, GRACE]);
    let connections = String::from_utf8(two.read("connections.yaml")).expect("UTF-8");
    two.write("connections.yaml", &connections.replace("users.csv", "november/users.csv"));
    two.write("november/users.csv", &format!("{HEADER}{OWNER}{ADA}{GRACE}"));
    assert_eq!(plan(&one).digest(), plan(&two).digest());
}

#[test]
fn the_order_of_rows_does_not_change_the_plan() {
    let (one, two) = (emma(""), emma(""));
    export(&one, &[OWNER, ADA, "sam@acme.example,S,L,Author,current,us\n", "tom@acme.example,T,L,Author,current,us\n"]);
    export(&two, &["tom@acme.example,T,L,Author,current,us\n", "sam@acme.example,S,L,Author,current,us\n", ADA, OWNER]);
    assert_eq!(plan(&one).out, plan(&two).out);
}

#[test]
fn hostile_text_of_an_export_moves_no_cursor() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, "kim@acme.example,\u{202e}Kim,Lee,Author,current,us\n"]);
    let said = world.run("plan").expect(8);
    assert!(!said.both().contains('\u{202e}'), "{}", said.both());
    export(&world, &[OWNER, ADA, GRACE, "kim@acme.example,Kim,Lee,\u{1b}[2JAuthor,current,us\n"]);
    let said = world.run("plan").expect(7);
    assert!(!said.both().contains('\u{1b}'), "{}", said.both());
}

/// When somebody was invited stands in no list: whoever sends it again by hand looks at it there.
#[test]
fn an_invitation_of_a_list_is_sent_again_by_hand_without_a_cool_down() {
    let world = emma("");
    export(&world, &[OWNER, ADA, GRACE, KIM]);
    let json = world.run("member resend kim@acme.example --format json").expect(8).json();
    assert_eq!((&json["result"], &json["code"]), (&"manual".into(), &serde_json::Value::Null), "{json}");
}
