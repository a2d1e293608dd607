//! A saved plan: what of it is applied later, and what is not.

use portcullis::plan::saved::Saved;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::approval::CONNECTIONS;
use super::program::{Said, World};

const LIVE: &str = "
    accounts:
      sol:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: aa@acme.example, name: A, phase: active, groups: [standard] }
          - { email: bb@acme.example, name: B, phase: active, groups: [standard] }
      sol-two:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
";

const ROOT: &str = "{ email: root@acme.example, groups: [super-user] }";
const ADVANCED: [&str; 2] = ["{ email: aa@acme.example, groups: [advanced] }", "{ email: bb@acme.example, groups: [advanced] }"];

/// `sol` raises two people, `sol-two` gets one.
pub(super) fn world() -> World {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).load(LIVE);
    want(&world, "sol", &[ROOT, ADVANCED[0], ADVANCED[1]]);
    want(&world, "sol-two", &["{ email: new@acme.example, name: New, groups: [standard] }"]);
    world
}

pub(super) fn want(world: &World, account: &str, members: &[&str]) {
    let members: String = members.iter().map(|m| format!("      - {m}\n")).collect();
    world.write(&format!("accounts-{account}.yaml"), &format!("accounts:\n  {account}:\n    members:\n{members}"));
}

/// Saves the plan of now.
pub(super) fn save(world: &World) -> Said {
    world.run("plan --out plan.json --format json")
}

pub(super) fn results(applied: &Json) -> Vec<(String, String)> {
    let text = |r: &Json, key: &str| r[key].as_str().expect("a text").to_owned();
    applied["results"].as_array().expect("a list").iter().map(|r| (text(r, "id"), text(r, "result"))).collect()
}

fn applied(id: &str) -> (String, String) {
    (id.to_owned(), "applied".to_owned())
}

#[test]
fn a_saved_plan_of_nothing_makes_nothing() {
    let world = world();
    want(&world, "sol", &[ROOT]);
    want(&world, "sol-two", &["{ email: root@acme.example, groups: [super-user] }"]);
    save(&world).expect(0);
    let said = world.run("apply plan.json --format json").expect(0).json();
    assert_eq!((results(&said), &said["unreviewed"], &said["stale"]), (vec![], &json!([]), &json!([])));
}

#[test]
fn a_saved_plan_is_made_as_it_was_reviewed_and_then_nothing_is_left_of_it() {
    let world = world();
    save(&world).expect(2);
    let said = world.run("apply plan.json --format json").expect(0).json();
    let all = ["sol/edit/aa@acme.example", "sol/edit/bb@acme.example", "sol-two/invite/new@acme.example"];
    assert_eq!(results(&said), all.map(applied));
    let again = world.run("apply plan.json --format json").expect(0).json();
    assert_eq!((results(&again), &again["unreviewed"], &again["stale"]), (vec![], &json!([]), &json!([])));
}

#[test]
fn what_is_done_meanwhile_falls_away() {
    let world = world();
    save(&world).expect(2);
    world.run("sandbox edit aa@acme.example --account sol --set groups=advanced").expect(0);
    let said = world.run("apply plan.json --format json").expect(0).json();
    assert_eq!(results(&said), ["sol/edit/bb@acme.example", "sol-two/invite/new@acme.example"].map(applied));
}

#[test]
fn demand_09_what_nobody_reviewed_is_listed_and_not_made() {
    let world = world();
    save(&world).expect(2);
    want(&world, "sol", &[ROOT, ADVANCED[0], ADVANCED[1], "{ email: late@acme.example, name: Late, groups: [super-user] }"]);
    let said = world.run("apply plan.json").expect(6);
    assert!(said.out.contains("unreviewed, not made: sol/invite/late@acme.example: it is not in the reviewed plan"), "{}", said.out);
    assert!(said.out.contains("portcullis plan --out FILE"), "{}", said.out);
    let left = world.run("plan --format json").expect(2);
    assert_eq!(left.acts(), ["invite late@acme.example"]);
    let said = world.run("apply plan.json --format json").expect(6).json();
    assert_eq!((&said["unreviewed"], &said["left"]), (&json!(["sol/invite/late@acme.example"]), &json!([])));
}

#[test]
fn demand_09_what_came_back_different_stops_its_account_and_no_other() {
    let world = world();
    save(&world).expect(2);
    world.run("sandbox edit aa@acme.example --account sol --set groups=super-user").expect(0);
    let said = world.run("apply plan.json --format json").expect(5).json();
    assert_eq!(results(&said), [applied("sol-two/invite/new@acme.example")]);
    assert_eq!(said["stale"][0]["approved"], "sol/edit/aa@acme.example");
    let difference: Vec<&str> = said["stale"][0]["difference"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert!(difference.contains(&"- before groups: [standard]"), "{difference:?}");
    assert!(difference.contains(&"+ before groups: [super-user]"), "{difference:?}");
    let said = world.run("apply plan.json").expect(5);
    assert!(said.out.contains("stale: sol/edit/aa@acme.example was approved and came back different"), "{}", said.out);
    let mut left = world.run("plan --format json").expect(2).acts();
    left.sort();
    assert_eq!(left, ["edit aa@acme.example", "edit bb@acme.example"], "nothing of the account was made");
}

#[test]
fn the_same_wish_by_another_action_came_back_different() {
    let world = World::new();
    world.write("connections.yaml", "connections: { news: { system: emma-hq, backend: embedded, timezone: UTC } }");
    let member = |role: &str| format!("{{ email: kim@acme.example, name: Kim, role: {role}, subaccounts: [emea] }}");
    world.load(
        "
        accounts:
          news:
            members:
              - { email: root@acme.example, name: Root, phase: active, role: manager, privileges: [edit-managers], subaccounts: [emea] }
              - { email: kim@acme.example, name: Kim, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-21T09:00:00Z }
        ",
    );
    want(&world, "news", &[&member("editor")]);
    assert_eq!(save(&world).expect(2).acts(), ["edit-invitation kim@acme.example"]);
    world.run("sandbox accept kim@acme.example --account news").expect(0);
    let said = world.run("apply plan.json --format json").expect(5).json();
    assert_eq!(
        (&said["stale"][0]["approved"], &said["stale"][0]["fresh"]),
        (&json!("news/edit-invitation/kim@acme.example"), &json!("news/edit/kim@acme.example"))
    );
    assert_eq!((results(&said), &said["unreviewed"]), (vec![], &json!(["news/edit/kim@acme.example"])));
}

#[test]
fn somebody_who_is_gone_is_not_invited_for_a_reviewed_edit() {
    let world = world();
    save(&world).expect(2);
    world.run("sandbox remove aa@acme.example --account sol").expect(0);
    want(&world, "sol", &[ROOT, "{ email: aa@acme.example, name: A, groups: [advanced] }", ADVANCED[1]]);
    let said = world.run("apply plan.json --format json").expect(6).json();
    assert_eq!(said["unreviewed"], json!(["sol/invite/aa@acme.example"]));
    assert_eq!(results(&said), ["sol/edit/bb@acme.example", "sol-two/invite/new@acme.example"].map(applied));
}

#[test]
fn a_lift_holds_for_every_part_of_the_saved_plan() {
    let world = world();
    let authoritative = "accounts:\n  sol:\n    mode: authoritative\n    guards: { removals: { most: 0 } }\n    members:\n";
    world.write("accounts-sol.yaml", &format!("{authoritative}      - {ROOT}\n"));
    let plan = save(&world).expect(4);
    let lift = format!("sol:removals=2@{}", plan.digest());
    world.run("sandbox remove aa@acme.example --account sol").expect(0);
    world.run("apply plan.json").expect(4);
    let said = world.args(&["apply", "plan.json", "--format", "json", "--allow", &lift]).expect(0).json();
    assert_eq!(results(&said), [applied("sol/remove/bb@acme.example")]);
    let said = world.args(&["apply", "plan.json", "--allow", &lift.replace("sha256:", "sha256:0")[..lift.len()]]).expect(1);
    assert!(said.err.contains("is for another plan"), "{}", said.err);
}

#[test]
fn the_digest_beside_a_file_says_which_file() {
    let world = world();
    let digest = save(&world).expect(2).digest();
    let other = digest.replace(&digest[7..9], "zz").replace("zz", if &digest[7..9] == "00" { "11" } else { "00" });
    let said = world.args(&["apply", "plan.json", "--digest", &other]).expect(5);
    assert!(said.err.contains("the saved plan is sha256:"), "{}", said.err);
    world.run("sandbox edit aa@acme.example --account sol --set groups=advanced").expect(0);
    world.args(&["apply", "plan.json", "--digest", &digest]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_saved_plan_is_its_owners_alone_and_replaces_what_was_there_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world();
    world.write("plan.json", "of old");
    save(&world).expect(2);
    let mode = std::fs::metadata(world.path().join("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(world.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|n| n.to_string_lossy().starts_with(".plan.json")), "{names:?}");
    std::fs::create_dir(world.path().join("folder")).unwrap();
    let said = world.run("plan --out folder").expect(1);
    assert!(said.err.contains("no regular file"), "{}", said.err);
    world.run("plan --out nowhere/plan.json").expect(1);
    let manifest = world.read("accounts-sol.yaml");
    let said = world.run("plan --out accounts-sol.yaml").expect(1);
    assert!(said.err.contains("so manifests are called"), "{}", said.err);
    assert_eq!(world.read("accounts-sol.yaml"), manifest);
}

#[test]
fn the_same_plan_is_saved_as_the_same_bytes() {
    let world = world();
    save(&world).expect(2);
    let first = world.read("plan.json");
    save(&world).expect(2);
    assert_eq!(first, world.read("plan.json"));
}

#[test]
fn a_file_that_is_no_saved_plan_as_it_was_saved_says_so() {
    let world = world();
    let plan = save(&world).expect(2);
    let text = String::from_utf8(world.read("plan.json")).unwrap();
    let newer = text.replace(r#","schema_version":"1","signatures""#, r#","schema_version":"2","signatures""#);
    assert_ne!(newer, text);
    let cases = [
        (text[..text.len() / 2].to_owned(), "it was cut off"),
        (String::new(), "it was cut off"),
        ("{]".to_owned(), "it is no JSON"),
        (plan.out.clone(), "what `plan --format json` prints"),
        ("[1]".to_owned(), "other JSON"),
        (r#"{"kind":"recipe"}"#.to_owned(), "of the kind `recipe`"),
        (newer, "it was made by a newer one"),
        (text.replacen("advanced", "super-user", 1), "it was changed after it was saved"),
        (r#"{"kind":"saved-plan","schema_version":"1"}"#.to_owned(), "it is no whole saved plan"),
        ("[".repeat(200_000), "it is no JSON"),
    ];
    for (text, words) in cases {
        world.write("other.json", &text);
        for line in ["apply other.json", "show other.json", "approve other.json --sign none"] {
            let said = world.run(line).expect(1);
            assert!(said.err.contains(words), "{line}: {words}: {}", said.err);
        }
    }
    assert_eq!(world.run("sandbox calls --format json").expect(0).json()["writes"], 0);
}

#[test]
fn a_plan_of_another_folder_is_refused() {
    let (world, other) = (world(), world());
    save(&world).expect(2);
    let file = world.path().join("plan.json");
    let file = file.to_str().unwrap();
    other.write("connections.yaml", &CONNECTIONS.replace("sol: { system: solver,", "sol: { system: solver, file: elsewhere.db,"));
    let said = other.args(&["apply", file]).expect(1);
    assert!(said.err.contains("the saved plan is for another place: sol was solver at"), "{}", said.err);
    std::fs::remove_file(other.path().join("accounts-sol.yaml")).unwrap();
    let said = other.args(&["apply", file]).expect(1);
    assert!(said.err.contains("accounts that these manifests do not manage: sol"), "{}", said.err);
    world.args(&["apply", file, "-C", world.path().to_str().unwrap()]).expect(0);
}

#[test]
fn an_account_alone_is_applied_of_a_saved_plan() {
    let world = world();
    save(&world).expect(2);
    let said = world.run("apply plan.json --account sol-two --format json").expect(0).json();
    assert_eq!(results(&said), [applied("sol-two/invite/new@acme.example")]);
    world.run("apply plan.json --account none").expect(1);
}

#[test]
fn show_prints_the_plan_that_was_saved_in_every_format() {
    let world = world();
    let plan = save(&world).expect(2).json();
    let mut shown = world.run("show plan.json --format json").expect(0).json();
    let saved = shown.as_object_mut().unwrap().remove("saved").unwrap();
    assert_eq!(shown, plan);
    assert_eq!(saved["source"], Json::Null);
    let files: Vec<&str> = saved["inputs"].as_array().unwrap().iter().filter_map(|i| i["file"].as_str()).collect();
    assert_eq!(files, ["accounts-sol-two.yaml", "accounts-sol.yaml", "connections.yaml"]);
    let text = world.run("show plan.json").expect(0).out;
    assert!(text.contains("aa@acme.example") && text.contains("nobody has signed it"), "{text}");
    for format in ["markdown", "github"] {
        let said = world.args(&["show", "plan.json", "--format", format]).expect(0);
        assert!(said.out.contains("aa@acme.example"), "{}", said.out);
    }
}

#[test]
fn a_plan_as_of_another_day_is_not_saved() {
    let world = world();
    world.run("plan --at 2027-01-01 --out plan.json").expect(1);
    assert!(!world.path().join("plan.json").exists());
}

#[test]
fn nothing_is_saved_where_the_manifests_are_wrong() {
    let world = world();
    world.write("accounts-sol.yaml", "accounts: { sol: { members: [{ email: a }] } }");
    world.run("plan --out plan.json").expect(1);
    let names: Vec<_> = std::fs::read_dir(world.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|n| n.to_string_lossy().contains("plan.json")), "{names:?}");
}

/// The file with its checksum made anew, as somebody would who alters it on purpose.
fn with_checksum(mut file: Json) -> String {
    let mut bare = file.clone();
    bare.as_object_mut().unwrap().retain(|k, _| k != "checksum" && k != "signatures");
    let digest: String = Sha256::digest(bare.to_string().as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    file["checksum"] = json!(format!("sha256:{digest}"));
    file.to_string()
}

#[test]
fn what_a_later_version_wrote_beside_it_stays() {
    let world = world();
    save(&world).expect(2);
    let mut file: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    file["weather"] = json!({ "in": ["Paris"] });
    world.write("plan.json", &with_checksum(file));
    let root = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
    let key = ssh_key::PrivateKey::new(ssh_key::private::KeypairData::Ed25519(root), "root").unwrap();
    world.write("root.key", &key.to_openssh(ssh_key::LineEnding::LF).unwrap());
    world.run("approve plan.json --sign root.key").expect(0);
    world.run("apply plan.json").expect(0);
}

/// Every path to a value that is no list and no object.
fn leaves(json: &Json, at: &str, found: &mut Vec<String>) {
    match json {
        Json::Array(all) => all.iter().enumerate().for_each(|(i, v)| leaves(v, &format!("{at}/{i}"), found)),
        Json::Object(all) => all.iter().for_each(|(k, v)| leaves(v, &format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), found)),
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn every_alteration_of_what_was_reviewed_is_noticed_even_under_a_new_checksum() {
    let world = world();
    save(&world).expect(2);
    let file: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    Saved::parse(&with_checksum(file.clone())).expect("the file as it is");
    let (mut paths, mut tried) = (Vec::new(), 0);
    leaves(&file["accounts"], "/accounts", &mut paths);
    leaves(&file["plan"], "/plan", &mut paths);
    const SHOWN: [&str; 9] = ["id", "action", "member", "domain", "digest", "calls", "manual", "before", "after"];
    let is_proven = |path: &str| {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        match words.as_slice() {
            ["accounts", _, "backend" | "actor", ..] => false,
            ["accounts", ..] | ["plan", "digest"] => true,
            ["plan", "accounts", _, "account" | "digest"] => true,
            ["plan", "accounts", _, "changes", _, key, ..] => SHOWN.contains(key),
            _ => false,
        }
    };
    for path in paths.iter().filter(|p| is_proven(p)) {
        let mut altered = file.clone();
        let value = altered.pointer_mut(path).unwrap();
        *value = match &*value {
            Json::String(text) => json!(format!("{text}x")),
            Json::Null => json!("x"),
            Json::Bool(b) => json!(!b),
            other => json!([other]),
        };
        assert!(Saved::parse(&with_checksum(altered)).is_err(), "{path}");
        tried += 1;
    }
    assert!(tried > 60, "{tried}");
    // The id stands in no form, but is made of what does: altered in both places, it is still another's.
    let mut altered = file.clone();
    for path in ["/accounts/0/changes/0/id", "/plan/accounts/0/changes/0/id"] {
        *altered.pointer_mut(path).unwrap() = json!("sol/remove/root@acme.example");
    }
    assert!(Saved::parse(&with_checksum(altered)).is_err());
    for path in ["/accounts", "/accounts/0/changes", "/plan/accounts", "/plan/accounts/0/changes"] {
        let mut altered = file.clone();
        altered.pointer_mut(path).unwrap().as_array_mut().unwrap().pop();
        assert!(Saved::parse(&with_checksum(altered)).is_err(), "{path}");
    }
}

#[test]
fn a_saved_plan_is_what_its_schema_says() {
    let world = world();
    save(&world).expect(2);
    let root = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
    let key = ssh_key::PrivateKey::new(ssh_key::private::KeypairData::Ed25519(root), "root").unwrap();
    world.write("root.key", &key.to_openssh(ssh_key::LineEnding::LF).unwrap());
    let approved = world.run("approve plan.json --sign root.key --format json").expect(0).json();
    let shown = world.run("show plan.json --format json").expect(0).json();
    let file: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    for (name, document) in [("approve", approved), ("show", shown), ("saved-plan", file)] {
        let schema = world.run(&format!("schema {name}")).expect(0).json();
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        let wrong: Vec<String> = validator.iter_errors(&document).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn show_prints_the_steps_by_hand() {
    let world = World::new();
    world.write(
        "c.yaml",
        "connections: { sol: { system: solver, backend: roster, file: u.csv, columns: { email: Email, groups: Groups } } }",
    );
    world.write("u.csv", "Email,Groups\nroot@acme.example,super-user\n");
    want(&world, "sol", &[ROOT, "{ email: new@acme.example, name: New, groups: [standard] }"]);
    let plan = save(&world).expect(8).json();
    let shown = world.run("show plan.json --format json").expect(0).json();
    assert_eq!(shown["accounts"], plan["accounts"]);
    let text = world.run("show plan.json").expect(0).out;
    let step = &plan["accounts"][0]["changes"][0]["steps"][0];
    for words in step["clicks"].as_array().unwrap().iter().chain([&step["check"]]) {
        assert!(text.contains(words.as_str().unwrap()), "{words}: {text}");
    }
}
