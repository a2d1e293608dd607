//! The audit log: what is in it, what a check of it finds, and what is refused without it.

use serde_json::{Value as Json, json};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::program::World;
use super::saved::{results, save, want, world};

const LOG: &str = ".portcullis/audit.jsonl";

fn lines(world: &World) -> Vec<Json> {
    String::from_utf8(world.read(LOG)).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn key(world: &World) -> String {
    let key = PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[1; 32])), "root").unwrap();
    world.write("root.key", &key.to_openssh(LineEnding::LF).unwrap());
    key.public_key().to_openssh().unwrap()
}

#[test]
fn a_run_that_sends_nothing_writes_no_log() {
    let world = world();
    want(&world, "sol", &["{ email: root@acme.example, groups: [super-user] }"]);
    want(&world, "sol-two", &["{ email: root@acme.example, groups: [super-user] }"]);
    let said = world.run("apply --auto-approve --format json").expect(0).json();
    assert_eq!((&said["audit"], world.path().join(LOG).exists()), (&Json::Null, false));
}

#[test]
fn every_change_is_told_with_who_why_and_which_result_and_the_head_is_printed() {
    let mut world = world();
    world.env("USER", "ada");
    want(&world, "sol-two", &["{ email: new@acme.example, name: New, groups: [standard], reason: \"TICKET-7\" }"]);
    let said = world.run("apply --auto-approve --format json").expect(0).json();
    let lines = lines(&world);
    let kinds: Vec<&str> = lines.iter().map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "change", "change", "apply", "change", "apply", "read", "read"]);
    let invite = &lines[4];
    assert_eq!(
        (&invite["id"], &invite["result"], &invite["reason"], &invite["approval"], &invite["plan"]),
        (&json!("sol-two/invite/new@acme.example"), &json!("applied"), &json!("TICKET-7"), &json!("auto-approve"), &said["digest"])
    );
    assert!(invite["by"].as_str().unwrap().starts_with("ada on "), "{invite}");
    assert_eq!(invite["after"], json!({ "name": "New", "groups": ["standard"] }));
    assert_eq!((&lines[3]["members"], &lines[3]["results"]), (&json!(3), &json!({ "applied": 2 })));
    assert_eq!((&said["audit"]["head"], &said["audit"]["lines"]), (&lines[7]["hash"], &json!(8)));
    let checked = world.args(&["audit", "verify", "--head", said["audit"]["head"].as_str().unwrap(), "--format", "json"]).expect(0).json();
    assert_eq!((&checked["whole"], &checked["lines"], &checked["head"]), (&json!(true), &json!(8), &said["audit"]["head"]));
    for (name, document) in [("audit", &checked), ("audit-line", invite), ("apply", &said)] {
        let schema = world.run(&format!("schema {name}")).expect(0).json();
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        let wrong: Vec<String> = validator.iter_errors(document).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn an_altered_log_is_found_by_its_line() {
    let world = world();
    let head = world.run("apply --auto-approve --format json").expect(0).json()["audit"]["head"].as_str().unwrap().to_owned();
    let text = String::from_utf8(world.read(LOG)).unwrap();
    world.write(LOG, &text.replacen("aa@acme.example", "bb@acme.example", 1));
    let said = world.run("audit verify").expect(1);
    assert!(said.out.contains(":2: its hash is not that of the line") && said.out.contains("NOT whole"), "{}", said.out);
    // An apply goes on, and says so: what was applied before may not be what it tells.
    let said = world.run("sandbox edit aa@acme.example --account sol --set groups=standard").expect(0);
    assert!(said.err.is_empty(), "{}", said.err);
    let said = world.run("apply --auto-approve").expect(0);
    assert!(said.err.contains(".portcullis/audit.jsonl:2: its hash is not that of the line"), "{}", said.err);
    // A line that is gone is told where it is missing, and nowhere else.
    let without: String = text.lines().enumerate().filter(|(i, _)| *i != 1).map(|(_, l)| format!("{l}\n")).collect();
    world.write(LOG, &without);
    let said = world.run("audit verify --format json").expect(1).json();
    let wrong: Vec<&Json> = said["problems"].as_array().unwrap().iter().map(|p| &p["line"]).collect();
    assert_eq!(wrong, [&json!(2), &json!(2)], "{said:#}");
    let cut: String = text.lines().take(3).map(|l| format!("{l}\n")).collect();
    world.write(LOG, &cut);
    world.run("audit verify").expect(0);
    let said = world.args(&["audit", "verify", "--head", &head]).expect(1);
    assert!(said.out.contains("cut off at the end"), "{}", said.out);
    world.run("audit verify --audit nowhere.jsonl").expect(1);
}

#[test]
fn a_signed_head_vouches_for_the_log_before_it() {
    let world = world();
    let root = key(&world);
    world.write("signers", &format!("root@acme.example namespaces=\"portcullis-audit\" {root}\n"));
    world.run("apply --auto-approve --sign-audit root.key").expect(0);
    assert_eq!(lines(&world).last().unwrap()["kind"], "head");
    assert!(!world.run("audit verify --signers signers").expect(0).err.contains("last signed head"));
    let signature = lines(&world).last().unwrap()["signed"].clone();
    world.run("sandbox edit aa@acme.example --account sol --set groups=standard").expect(0);
    world.run("apply --auto-approve").expect(0);
    let said = world.run("audit verify --signers signers").expect(0);
    assert!(said.err.contains("3 of its lines come after the last signed head: nobody vouches for them"), "{}", said.err);
    // A log that is written anew from the start is whole, and not signed.
    std::fs::remove_file(world.path().join(LOG)).unwrap();
    world.run("audit start").expect(0);
    let said = world.run("audit verify --signers signers").expect(1);
    assert!(said.out.contains("no head is signed"), "{}", said.out);
    assert!(signature["signature"].as_str().unwrap().starts_with("-----BEGIN SSH SIGNATURE-----"));
    world.write("strangers", &format!("root@acme.example namespaces=\"portcullis-plan\" {root}\n"));
    world.run("audit verify --signers strangers").expect(1);
}

#[test]
fn an_account_that_requires_the_log_is_not_written_to_without_it() {
    let world = world();
    let text = String::from_utf8(world.read("accounts-sol.yaml")).unwrap();
    world.write("accounts-sol.yaml", &text.replace("    members:", "    audit: required\n    members:"));
    let said = world.run("apply --auto-approve --format json").expect(6).json();
    let failed: Vec<String> = results(&said).into_iter().filter(|(_, r)| r == "failed").map(|(id, _)| id).collect();
    assert_eq!(failed, ["sol/edit/aa@acme.example", "sol/edit/bb@acme.example"]);
    assert!(said["results"][0]["message"].as_str().unwrap().contains("`portcullis audit start` begins one"), "{said}");
    assert!(!world.path().join(LOG).exists());
    world.run("audit start").expect(0);
    assert!(world.run("audit start").expect(1).err.contains("is there already"));
    world.run("apply --auto-approve").expect(0);
    world.run("audit verify").expect(0);
    world.write("accounts-sol.yaml", "accounts: { sol: { audit: maybe } }");
    assert!(world.run("validate").expect(1).both().contains("accounts-sol.yaml:1:27"));
}

#[test]
fn a_log_that_cannot_be_written_is_told_of_and_holds_up_nobody_who_does_not_require_it() {
    let world = world();
    let said = world.run("apply --auto-approve --audit accounts-sol.yaml --format json").expect(0).json();
    assert!(said["audit"]["problem"].as_str().unwrap().contains("its last line is none"), "{said}");
    assert_eq!(said["audit"]["head"], Json::Null);
}

#[test]
fn a_digest_that_was_applied_is_refused_a_second_time() {
    let world = world();
    save(&world).expect(2);
    world.run("apply plan.json").expect(0);
    // Somebody clicks it back: what was approved once is needed again.
    world.run("sandbox edit aa@acme.example --account sol --set groups=standard").expect(0);
    let said = world.run("apply plan.json --format json").expect(6).json();
    assert_eq!((results(&said), &said["unreviewed"]), (vec![], &json!(["sol/edit/aa@acme.example"])));
    let why = said["unreviewed_because"][0]["why"].as_str().unwrap();
    assert!(why.contains("it was applied already, at 2026-11-22T09:00:00Z"), "{why}");
    // Reviewed anew it is made, though it is the same change.
    assert_eq!(save(&world).expect(2).acts(), ["edit aa@acme.example"]);
    let said = world.run("apply plan.json --format json").expect(0).json();
    assert_eq!(results(&said), [("sol/edit/aa@acme.example".to_owned(), "applied".to_owned())]);
}

#[test]
fn a_signature_from_before_does_not_approve_it_again() {
    let world = world();
    let root = key(&world);
    world.write("signers", &format!("root@acme.example {root}\n"));
    world.run("plan --out plan.json --sign root.key").expect(2);
    let signed: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    world.run("apply plan.json --verify signers").expect(0);
    world.run("sandbox edit aa@acme.example --account sol --set groups=standard").expect(0);
    save(&world).expect(2);
    let mut later: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    later["signatures"] = signed["signatures"].clone();
    world.write("plan.json", &later.to_string());
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!((results(&said), &said["unreviewed"]), (vec![], &json!(["sol/edit/aa@acme.example"])));
    world.run("approve plan.json --sign root.key").expect(0);
    world.run("apply plan.json --verify signers").expect(0);
}

#[test]
fn one_off_actions_are_in_the_log() {
    let world = World::new();
    world.write("c.yaml", "connections: { gam: { system: gamoshi, backend: embedded, timezone: UTC, links: { directory: links }, actor: { role: user-manager } } }\naccounts: { gam: {} }");
    world.load("accounts: { gam: { members: [{ email: ada@acme.example, name: Ada, phase: active, role: user }] } }");
    world.run("member reset-password ada@acme.example --account gam --yes").expect(0);
    let last = lines(&world).pop().unwrap();
    assert_eq!(
        (&last["kind"], &last["action"], &last["member"], &last["result"]),
        (&json!("one-off"), &json!("reset-password"), &json!("ada@acme.example"), &json!("applied"))
    );
}
