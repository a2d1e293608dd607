//! Ending all access of a person: the changes of that person alone, and the edit of the manifests.

use std::process::Command;

use snapbox::{assert_data_eq, file};

use super::program::World;

const CONNECTIONS: &str = "
    connections:
      aud: { system: solver, backend: embedded, timezone: UTC, actor: { role: super-user, member: root@acme.example } }
      eng: { system: insider, backend: embedded, timezone: Europe/Paris, actor: { role: administrator } }
      news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, apac], actor: { role: parent } }
";

const PEOPLE: &str = "
    people:
      # marketing
      ada: { email: ada@acme.example, name: Ada Lovelace, previously: [ada.byron@acme.example] }
      grace:
        email: grace@acme.example # since 2024
        name: Grace Hopper
";

const ACCOUNTS: &str = "
    accounts:
      aud:
        members:
          - { email: root@acme.example, groups: [super-user] }
          - { person: ada, groups: [standard] }
      eng:
        members:
          - { person: ada, role: administrator }
          - { person: grace, role: editor }
      news:
        mode: authoritative
        members:
          - { person: grace, role: editor, subaccounts: [emea] }
          # for the launch
          - email: kim@agency.example
            name: Kim Lee
            role: author
            subaccounts: [emea]
";

const LIVE: &str = "
    accounts:
      aud:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: ada.byron@acme.example, name: Ada, phase: active, groups: [standard] }
      eng:
        members:
          - { email: ada@acme.example, name: Ada Lovelace, phase: active, role: administrator }
          - { email: grace@acme.example, name: Grace Hopper, phase: active, role: viewer }
          - { email: kim@agency.example, name: Kim Lee, phase: active, role: viewer }
      news:
        members:
          - { email: ada@acme.example, name: Ada Lovelace, phase: pending, role: editor, subaccounts: [apac] }
          - { email: kim@agency.example, name: Kim Lee, phase: active, role: author, subaccounts: [emea] }
          - { email: other@acme.example, name: Other, phase: active, role: author, subaccounts: [emea] }
";

fn world() -> World {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).write("people.yaml", PEOPLE).write("accounts.yaml", ACCOUNTS).load(LIVE);
    world
}

fn writes(world: &World) -> i64 {
    world.run("sandbox calls --format json").expect(0).json()["writes"].as_i64().expect("a number")
}

#[test]
fn nobody_s_access_ends() {
    let world = world();
    let before = world.read(".portcullis/embedded.db");
    let said = world.run("revoke nobody@acme.example").expect(0);
    assert!(said.out.contains("nobody@acme.example is in no manifest, and in no account that was read"), "{}", said.out);
    let json = world.run("revoke nobody@acme.example --format json").expect(0).json();
    assert_eq!((json["edit"].as_array().map(Vec::len), json["nowhere"].as_bool()), (Some(0), Some(true)));
    world.run("revoke adda").expect(1);
    assert!(world.run("revoke adda").err.contains("did you mean `ada`?"));
    assert_eq!(world.read(".portcullis/embedded.db"), before);
}

#[test]
fn everything_of_one_person_and_nothing_of_others() {
    let lines = [
        "revoke ada",
        "revoke kim@agency.example",
        "revoke Kim@Agency.Example --apply --write --auto-approve",
        "revoke kim@agency.example",
        "validate",
    ];
    assert_data_eq!(world().transcript(&lines), file!["transcripts/revoke.txt"].raw());
}

#[test]
fn the_last_administrator_stops_its_own_account_alone() {
    let world = world();
    let plan = world.run("revoke ada --format json").expect(4);
    assert_eq!(plan.json()["kind"], "revoke");
    assert_eq!(plan.acts(), ["remove ada.byron@acme.example", "remove ada@acme.example", "cancel-invitation ada@acme.example"]);
    let tripped: Vec<_> = plan.json()["guards"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|g| g["tripped"] == true)
        .map(|g| (g["account"].clone(), g["code"].clone()))
        .collect();
    assert_eq!(tripped, [("eng".into(), "minimum-administrators".into())]);
    let applied = world.args(&["revoke", "ada", "--apply", "--digest", &plan.digest(), "--format", "json"]).expect(4).json();
    assert_eq!(applied["kind"], "apply");
    assert_eq!(applied["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(applied["edit"][0]["file"], "people.yaml");
    assert_eq!(world.run("revoke ada --format json").expect(4).acts(), ["remove ada@acme.example"]);
}

#[test]
fn an_end_that_is_not_whole_does_not_read_as_one() {
    let world = world();
    let stays = "still has access in: eng (stopped by guard minimum-administrators)";
    let planned = world.run("revoke ada").expect(4).out;
    assert!(planned.trim_end().ends_with(&format!("after these changes ada@acme.example {stays}")), "{planned}");
    assert!(planned.contains("; 1 stopped by guards; "), "{planned}");
    assert!(planned.contains("add an administrator first") && !planned.contains("--allow"), "{planned}");
    let remains = |json: &serde_json::Value| json["remains"].clone();
    let expected = serde_json::json!([{ "account": "eng", "certain": true, "why": "stopped by guard minimum-administrators" }]);
    assert_eq!(remains(&world.run("revoke ada --format json").expect(4).json()), expected);
    let applied = world.run("revoke ada --apply --auto-approve").expect(4).out;
    assert!(applied.trim_end().ends_with(&format!("ada@acme.example {stays}")), "{applied}");
    assert!(applied.contains("apply: 2 applied; 1 stopped by guards; 0 left"), "{applied}");
    let json = world.run("revoke ada --apply --auto-approve --format json").expect(4).json();
    assert_eq!((remains(&json), json["stopped"].clone()), (expected, serde_json::json!(["eng/remove/ada@acme.example"])));
    // Whole: nothing remains.
    world.run("sandbox edit kim@agency.example --account eng --set role=administrator").expect(0);
    assert_eq!(remains(&world.run("revoke ada --apply --auto-approve --format json").expect(0).json()), serde_json::json!([]));
    assert!(!world.run("revoke ada").expect(0).out.contains("still has access"));
}

#[test]
fn a_full_name_hints_at_its_id() {
    let world = world();
    for command in ["revoke", "who"] {
        let said = world.args(&[command, "grace hopper"]).expect(1);
        assert!(said.err.contains("did you mean `grace`?"), "{command}: {}", said.err);
    }
}

/// The whole reading counts: a second administrator whom nobody lists is one.
#[test]
fn guards_are_judged_on_everybody() {
    let world = world();
    world.run("sandbox edit kim@agency.example --account eng --set role=administrator").expect(0);
    world.run("revoke ada").expect(2);
    world.write("guards.yaml", "guards: { removals: { count: 0, percent: 0, most: 0 } }\n");
    let plan = world.run("revoke kim@agency.example --format json").expect(4).json();
    let tripped: Vec<_> = plan["guards"].as_array().unwrap().iter().filter(|g| g["tripped"] == true).map(|g| g["actual"].clone()).collect();
    assert_eq!(tripped, [1, 1], "one removal an account, whatever others need");
}

#[test]
fn the_edit_of_a_person_is_taken_by_patch_and_then_nothing_is_left() {
    let world = world();
    world.run("sandbox edit kim@agency.example --account eng --set role=administrator").expect(0);
    let json = world.run("revoke grace --format json").expect(2).json();
    let edit = json["edit"].as_array().expect("a list");
    assert_eq!(edit.len(), 1);
    assert_eq!(
        edit[0]["diff"],
        "--- a/people.yaml\n+++ b/people.yaml\n@@ -4,3 +4,4 @@\n   grace:\n     email: grace@acme.example # since 2024\n     name: Grace Hopper\n+    leaves: now\n"
    );
    world.write("e.patch", edit[0]["diff"].as_str().expect("a text"));
    let patched = Command::new("patch").args(["-p1", "-i", "e.patch"]).current_dir(world.path()).output();
    if let Ok(patched) = patched {
        assert!(patched.status.success(), "{patched:?}");
        assert!(String::from_utf8(world.read("people.yaml")).unwrap().ends_with("name: Grace Hopper\n    leaves: now\n"));
        assert_eq!(world.run("revoke grace --format json").expect(2).json()["edit"].as_array().map(Vec::len), Some(0));
    }
    world.run("revoke grace --apply --write --auto-approve").expect(0);
    let done = world.run("revoke grace").expect(0);
    assert!(done.out.contains("the manifests say already that grace@acme.example has no access"), "{}", done.out);
}

#[test]
fn without_apply_nothing_is_written_anywhere() {
    let world = world();
    let read = || ["people.yaml", "accounts.yaml", ".portcullis/embedded.db"].map(|f| world.read(f));
    let before = read();
    world.run("revoke grace").expect(2);
    let said = world.run("revoke grace --auto-approve").expect(1);
    assert!(said.err.contains("add `--apply`"), "{}", said.err);
    world.run("revoke grace --apply").expect(1);
    world.run("revoke grace --apply --digest sha256:0000000000000000000000000000000000000000000000000000000000000000").expect(5);
    world.run("revoke grace --apply --write --digest sha256:0000000000000000000000000000000000000000000000000000000000000000").expect(5);
    assert_eq!(read(), before);
    assert_eq!(writes(&world), 0);
}

#[test]
fn write_alone_touches_files_and_no_account() {
    let world = world();
    world.run("revoke kim@agency.example --write").expect(2);
    assert_eq!(writes(&world), 0);
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    assert_eq!(text.matches("absent: [kim@agency.example]").count(), 3, "{text}");
    assert!(!text.contains("Kim Lee") && text.contains("# for the launch"), "{text}");
    world.run("validate").expect(0);
}

#[test]
fn an_account_that_was_not_read_whole_is_said_to_keep_access() {
    let world = world();
    world
        .load("accounts: { eng: { fault: short, members: [{ email: ada@acme.example, name: A, phase: active, role: administrator }] } }\n");
    let json = world.run("revoke grace --format json").expect(7).json();
    let accounts: Vec<_> =
        json["accounts"].as_array().unwrap().iter().map(|a| (a["account"].clone(), a["reports"][0]["code"].clone())).collect();
    assert_eq!(accounts, [("eng".into(), "access-may-remain".into())]);
    assert_eq!(json["edit"].as_array().map(Vec::len), Some(1), "the edit does not depend on it");
}

#[test]
fn access_that_no_change_ends_is_said() {
    let world = world();
    world.write(
        "accounts.yaml",
        "
        accounts:
          aud: { ignore: ['ada.byron@*'] }
          eng: { ignore: [kim@agency.example] }
          news: { protect: [other@acme.example] }
        ",
    );
    let ada = world.run("revoke ada --format json").expect(4).json();
    assert_eq!(ada["accounts"][0]["reports"][0]["code"], "ignored-member");
    let kim = world.run("revoke kim@agency.example --format json").expect(2).json();
    assert_eq!(kim["accounts"][0]["reports"][0]["code"], "ignored-member");
    assert_eq!(kim["edit"][0]["diff"].as_str().unwrap().matches("absent").count(), 2, "{kim:#}");
    let other = world.run("revoke other@acme.example --format json").expect(4).json();
    assert!(other["edit_by_hand"].as_str().unwrap().contains("protected-and-gone"), "{other:#}");
    world.run("revoke other@acme.example --apply --auto-approve").expect(4);
    world.run("revoke other@acme.example --write").expect(1);
    assert_eq!(writes(&world), 0);
}

#[test]
fn a_bounded_actor_says_what_it_cannot_see() {
    let world = World::new();
    world.write(
        "m.yaml",
        "
        connections:
          news: { system: emma-hq, backend: embedded, subaccounts: [emea, apac], actor: { role: manager, subaccounts: [emea] } }
        people:
          ada: { email: ada@acme.example, name: Ada }
          bob: { email: bob@acme.example, name: Bob }
        accounts:
          news: { members: [] }
        ",
    );
    world.load("accounts: { news: { members: [{ email: ada@acme.example, name: Ada, phase: active, role: author, subaccounts: [emea, apac] }] } }\n");
    let ada = world.run("revoke ada --format json").expect(2);
    assert_eq!(ada.acts(), ["edit ada@acme.example"], "only the scopes that it sees go (E12)");
    assert_eq!(ada.all("reports")[0]["code"], "access-may-remain");
    assert_eq!(world.run("revoke bob --format json").expect(7).all("reports")[0]["code"], "access-may-remain", "nobody can tell: not done");
}

#[test]
fn the_actor_does_not_revoke_itself() {
    let world = world();
    let said = world.run("revoke root@acme.example --format json").expect(4).json();
    let tripped: Vec<_> = said["guards"].as_array().unwrap().iter().filter(|g| g["tripped"] == true).map(|g| g["code"].clone()).collect();
    assert_eq!(tripped, ["minimum-administrators", "self-lockout"]);
}

#[test]
fn an_account_that_is_not_managed_keeps_the_access_and_says_so() {
    let world = World::new();
    let connections = "connections: { a: { system: solver, backend: embedded }, b: { system: solver, backend: embedded } }\n";
    world
        .write("m.yaml", &format!("{connections}people: {{ ada: {{ email: ada@acme.example }} }}\naccounts: {{ a: {{ members: [] }} }}\n"));
    let here = |who: &str| format!("accounts: {{ b: {{ members: [{{ email: {who}, phase: active, groups: [super-user] }}] }} }}\n");
    world.load(&here("eve@x.example"));
    world.run("revoke ada").expect(0);
    for line in ["revoke eve@x.example", "revoke eve@x.example --apply --auto-approve"] {
        let said = world.run(&format!("{line} --format json"));
        let said = if line.contains("--apply") { said.expect(6) } else { said.expect(2) }.json();
        assert_eq!(said["remains"][0]["account"], "b", "{line}: {said}");
        assert_eq!((&said["remains"][0]["certain"], &said["nowhere"]), (&true.into(), &false.into()), "{line}");
    }
    let text = world.run("revoke eve@x.example").expect(2);
    assert!(text.out.contains("still has access in: b (not managed"), "{}", text.out);
    world.run("revoke nobody@x.example").expect(0);
}

#[test]
fn with_accounts_the_edit_is_for_those_alone() {
    let world = world();
    let json = world.run("revoke ada --account aud --write --format json").expect(2).json();
    assert_eq!((&json["reach"], &json["edit_by_hand"]), (&serde_json::json!(["aud"]), &serde_json::Value::Null));
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    assert!(text.contains("absent: [ada@acme.example, ada.byron@acme.example]"), "{text}");
    assert_eq!((text.matches("person: ada").count(), text.matches("absent").count()), (1, 1), "{text}");
    assert!(!String::from_utf8(world.read("people.yaml")).unwrap().contains("leaves"), "elsewhere ada stays");
    world.run("validate").expect(0);
    assert_eq!(world.run("plan --account aud --format json").expect(2).acts(), ["remove ada.byron@acme.example"]);
    assert_eq!(world.run("plan --account eng --format json").expect(2).acts(), ["edit grace@acme.example"], "as before");
    let again = world.run("revoke ada --account aud --apply --auto-approve").expect(0).out;
    assert!(again.contains("the manifests say already that ada@acme.example has no access in aud"), "{again}");
    assert!(again.contains("note: this is about access in aud alone"), "{again}");
    assert_eq!(world.run("revoke ada --format json").expect(4).json()["reach"], serde_json::Value::Null);
}

#[test]
fn an_outsider_s_edit_is_for_the_named_accounts_alone() {
    let world = world();
    world.run("revoke kim@agency.example --account eng --write").expect(2);
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    assert_eq!((text.matches("absent: [kim@agency.example]").count(), text.contains("Kim Lee")), (1, true), "{text}");
    world.run("revoke kim@agency.example --account n* --write").expect(2);
    assert!(!String::from_utf8(world.read("accounts.yaml")).unwrap().contains("Kim Lee"));
    world.run("validate").expect(0);
}

/// A team or a profile gives access in other accounts too: the changes end it here, a human edits.
#[test]
fn what_a_team_or_a_profile_gives_is_not_edited_for_one_account() {
    let world = world();
    world.write(
        "people.yaml",
        &format!(
            "{PEOPLE}
      bob: {{ email: bob@acme.example, name: Bob, profiles: [writer] }}
    teams: {{ core: [ada, grace] }}
    profiles: {{ writer: {{ eng: {{ role: editor }} }} }}
"
        ),
    );
    world.write(
        "accounts.yaml",
        "
        accounts:
          aud: { members: [{ email: root@acme.example, groups: [super-user] }, { team: core, groups: [standard] }] }
          eng: { members: [{ email: kim@agency.example, role: administrator }, { team: core, role: viewer }] }
        ",
    );
    let before = world.read("accounts.yaml");
    let json = world.run("revoke ada --account aud --format json").expect(2);
    assert_eq!(json.acts(), ["remove ada.byron@acme.example"], "the access ends all the same");
    let why = json.json()["edit_by_hand"].as_str().unwrap().to_owned();
    assert!(
        why.starts_with("accounts.yaml:2:") && why.contains("the team `core` gives this access") && why.contains("take ada out"),
        "{why}"
    );
    let why = world.run("revoke bob --account eng --format json").json()["edit_by_hand"].as_str().unwrap().to_owned();
    assert!(why.starts_with("people.yaml:") && why.contains("the profile `writer` of bob gives this access"), "{why}");
    world.run("revoke ada --account aud --write").expect(1);
    assert_eq!(world.read("accounts.yaml"), before);
}

#[test]
fn an_edit_that_would_reach_another_account_is_refused() {
    let world = world();
    world.write(
        "accounts.yaml",
        "
        accounts:
          eng: &both
            members:
              - { person: ada, role: administrator }
              - { person: grace, role: viewer }
          shop: *both
        ",
    );
    world.write(
        "more.yaml",
        "connections: { shop: { system: insider, backend: embedded, timezone: UTC, actor: { role: administrator } } }\n",
    );
    let why = world.run("revoke grace --account eng --format json").expect(2).json()["edit_by_hand"].as_str().unwrap().to_owned();
    assert!(why.contains("changes the account `shop` as well"), "{why}");
}

#[test]
fn who_is_protected_in_a_named_account_is_not_edited_there() {
    let world = world();
    world.write(
        "accounts.yaml",
        "
        accounts:
          eng: { protect: [grace@acme.example], members: [{ person: ada, role: administrator }, { person: grace, role: viewer }] }
          news: { members: [{ person: grace, role: editor, subaccounts: [emea] }] }
        ",
    );
    let told = |account: &str| world.run(&format!("revoke grace --account {account} --format json")).json()["edit_by_hand"].clone();
    assert!(told("eng").as_str().unwrap().contains("protected-and-gone"));
    assert_eq!(told("news"), serde_json::Value::Null);
}

/// What time does to others is another day's work, and a missing backup is said of whom it is made by.
#[test]
fn warnings_are_of_the_person_and_a_missing_backup_of_whoever_takes_it_away() {
    let world = World::new();
    world.write(
        "m.yaml",
        "
        connections:
          gam: { system: gamoshi, backend: embedded, timezone: UTC, actor: { role: user-manager } }
        people:
          ada: { email: ada@acme.example, name: Ada }
          eve: { email: eve@acme.example, name: Eve }
          kim: { email: kim@acme.example, name: Kim, leaves: 2026-12-03 }
        accounts:
          gam:
            members:
              - { email: root@acme.example, role: user-manager }
              - { person: ada, role: user-manager }
              - { person: eve, role: user }
              - { person: kim, role: user }
        ",
    );
    let member = |who: &str, role: &str| format!("{{ email: {who}@acme.example, name: N, phase: active, role: {role} }}");
    let load = |all: &[String]| {
        world.load(&format!("accounts: {{ gam: {{ members: [{}] }} }}\n", all.join(", ")));
    };
    let warned = |who: &str| -> Vec<String> {
        let said = world.run(&format!("revoke {who} --format json"));
        said.all("warnings").iter().map(|w| format!("{} {}", w["code"], w["member"]).replace('"', "")).collect()
    };
    load(&[member("root", "user-manager"), member("ada", "user-manager"), member("eve", "user"), member("kim", "user")]);
    assert_eq!(warned("ada"), ["no-backup-administrator null"]);
    assert_eq!(warned("eve"), [""; 0]);
    // Missing already, whoever goes.
    load(&[member("root", "user-manager"), member("eve", "user"), member("kim", "user")]);
    assert_eq!(warned("eve"), [""; 0]);
}

#[test]
fn access_that_a_plan_reports_already_is_said_once() {
    let world = World::new();
    world.write(
        "m.yaml",
        "
        connections:
          news: { system: emma-hq, backend: embedded, timezone: UTC, actor: { role: parent } }
        people:
          own: { email: own@acme.example, name: Own, leaves: now }
        accounts:
          news: { members: [{ person: own, role: manager }] }
        ",
    );
    world.load("accounts: { news: { members: [{ email: own@acme.example, name: Own, phase: active, role: parent }] } }\n");
    let said = world.run("revoke own --format json");
    let codes: Vec<String> = said.all("reports").iter().map(|r| r["code"].to_string()).collect();
    assert_eq!(codes, ["\"untouchable-member\""]);
}

/// What the actor may not end now ends when the product has it, and that is the person's own warning.
#[test]
fn a_warning_of_the_person_is_kept() {
    let world = World::new();
    world.write(
        "m.yaml",
        "
        connections:
          ins: { system: insider, backend: embedded, timezone: UTC, features: [groups], actor: { role: viewer } }
        people:
          bob: { email: bob@acme.example, name: Bob }
        accounts:
          ins: { members: [{ person: bob, role: viewer, groups: [retail], end: 2026-12-03 }] }
        ",
    );
    world.load("accounts: { ins: { members: [{ email: bob@acme.example, name: Bob, phase: active, role: viewer, groups: [retail], end: 2026-12-03 }] } }\n");
    let said = world.run("revoke bob --format json");
    let warned: Vec<String> = said.all("warnings").iter().map(|w| format!("{} {}", w["code"], w["member"]).replace('"', "")).collect();
    assert_eq!(warned, ["subaccount-left-empty bob@acme.example"], "{}", said.out);
}
