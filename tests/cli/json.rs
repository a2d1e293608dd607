//! JSON outputs: as their schemas say, and with every field that CONTRACT names.

use serde_json::{Value as Json, json};

use super::program::{Said, World};

const CONNECTIONS: &str = "
    connections:
      news:
        system: emma-hq
        backend: embedded
        timezone: Europe/Paris
        subaccounts: [emea, us]
        actor: { role: manager, subaccounts: [emea] }
      ins:
        system: insider
        backend: embedded
        timezone: Pacific/Kiritimati
        features: [groups]
        actor: { role: administrator, member: root@acme.example }
      sol:
        system: solver
        backend: embedded
        actor: { role: super-user }
";

const ACCOUNTS: &str = "
    guards:
      removals: { most: 0 }
    accounts:
      news:
        members:
          - { email: kim@agency.example, name: Kim Lee, role: author, subaccounts: [emea], end: 2026-12-05, reason: Launch }
          - { email: boss@acme.example, name: Boss, role: manager, subaccounts: [emea] }
          - { email: far@acme.example, name: Far, role: author, subaccounts: [emea] }
      ins:
        domains: [acme.example, agency.example]
        members:
          - { email: root@acme.example, role: administrator }
          - { email: pia@agency.example, name: Pia Data, role: editor, pii: true, groups: [paris], end: 2026-12-05 }
          - { email: late@acme.example, role: viewer, end: 2026-12-06 }
          - { email: lock@acme.example, role: viewer }
      sol:
        mode: authoritative
        members:
          - { email: sue@acme.example, name: Sue, groups: [super-user, standard] }
";

const LIVE: &str = "
    accounts:
      news:
        members:
          - { email: far@acme.example, name: Far, phase: active, role: editor, subaccounts: [us] }
      ins:
        domains: [acme.example]
        members:
          - { email: root@acme.example, name: Root, phase: active, role: administrator }
          - { email: late@acme.example, name: Late, phase: active, role: editor, end: 2026-12-01, limited-products: [email] }
          - { email: lock@acme.example, name: Lock, phase: locked, role: viewer }
          - { email: wait@acme.example, name: Wait, phase: pending, role: viewer, invited: 2026-11-21T10:00:00Z }
      sol:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: old@acme.example, name: Old, phase: active, groups: [standard] }
";

fn world() -> World {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).write("accounts.yaml", ACCOUNTS).load(LIVE);
    world
}

/// Holds against its schema, and is one document with nothing behind it.
#[track_caller]
fn valid(said: Said, schema: &str) -> Json {
    let path = format!("{}/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Json = serde_json::from_slice(&std::fs::read(path).expect("the schema is committed")).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let json = said.json();
    let errors: Vec<String> = validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    json
}

/// Every field of the pattern is there, with a value of its kind; a list's first entry is the
/// pattern of all, `null` stands for anything that may be null.
#[track_caller]
fn has(json: &Json, pattern: &Json, path: &str) {
    match (pattern, json) {
        (Json::Null, _) => {}
        (Json::Object(fields), Json::Object(found)) => {
            for (key, field) in fields {
                let value = found.get(key).unwrap_or_else(|| panic!("{path}.{key} is missing in {json:#}"));
                has(value, field, &format!("{path}.{key}"));
            }
        }
        (Json::Array(one), Json::Array(found)) => {
            if let Some(one) = one.first() {
                assert!(!found.is_empty(), "{path} is empty: the world shows nothing of it");
                found.iter().for_each(|f| has(f, one, path));
            }
        }
        (pattern, found) => {
            assert_eq!(std::mem::discriminant(pattern), std::mem::discriminant(found), "{path}: {found}");
        }
    }
}

#[test]
fn a_revocation_is_what_its_schema_says() {
    let json = valid(world().run("revoke wait@acme.example --format json").expect(2), "revoke");
    assert_eq!((json["kind"].as_str(), json["person"].as_str()), (Some("revoke"), Some("wait@acme.example")));
    has(&json, &json!({ "edit": [{ "file": "", "diff": "" }], "written": [], "outlives": "", "nowhere": false }), "revoke");
}

/// With and without `--apply`, an edit, accounts that are named and something that is not whole.
#[test]
fn every_form_of_a_revocation_is_what_its_schema_says() {
    let edits = json!({ "person": "", "edit": [], "edit_by_hand": null, "reach": null, "written": [], "remains": [], "nowhere": false });
    let world = world();
    for (line, code, schema) in [
        ("revoke nobody@acme.example --account sol", 0, "revoke"),
        ("revoke wait@acme.example --account ins", 2, "revoke"),
        ("revoke wait@acme.example --account ins --write", 2, "revoke"),
        ("revoke root@acme.example", 4, "revoke"),
        ("revoke root@acme.example --apply --auto-approve", 4, "revoked"),
        ("revoke wait@acme.example --account ins --apply --write --auto-approve", 0, "revoked"),
        ("revoke wait@acme.example --account ins --apply --auto-approve", 0, "revoked"),
        ("revoke nobody@acme.example --account sol --apply --auto-approve", 0, "revoked"),
    ] {
        let json = valid(world.run(&format!("{line} --format json")).expect(code), schema);
        has(&json, &edits, line);
        assert_eq!(json["kind"], if schema == "revoke" { "revoke" } else { "apply" }, "{line}");
    }
}

fn plan_pattern() -> Json {
    json!({
        "schema_version": "", "kind": "", "tool": "", "as_of": "", "simulated": true, "sandbox": true, "digest": "",
        "base": null, "applied": null,
        "accounts": [{
            "account": "", "system": "", "backend": "", "digest": "",
            "reading": { "complete": true, "proof": null, "members": 0, "problems": [] },
            "changes": [change_pattern()],
            "blocked": [],
            "reports": [],
            "warnings": []
        }],
        "guards": [{ "code": "", "account": "", "limit": 0, "actual": 0, "tripped": false, "lift": null }],
        "summary": {
            "allow-domain": 0, "invite": 0, "reinvite": 0, "edit-invitation": 0, "cancel-invitation": 0, "edit": 0, "restore": 0,
            "remove": 0, "disallow-domain": 0, "blocked": 0, "manual": 0
        }
    })
}

fn change_pattern() -> Json {
    json!({
        "id": "", "action": "", "member": null, "domain": null, "digest": "", "direction": "", "cause": "", "causes": {},
        "channel": "", "risk": "", "administers": false, "mails": false, "calls": [""], "manual": [], "before": null,
        "after": null, "place": null, "reason": null, "waits_for": [], "notes": []
    })
}

fn blocked_pattern() -> Json {
    json!({ "id": "", "action": "", "member": null, "code": "", "needs": "", "before": null, "after": null })
}

#[test]
fn a_plan_is_as_the_contract_says() {
    let said = world().run("plan --format json").expect(4);
    assert!(said.err.is_empty(), "{}", said.err);
    let plan = valid(said, "plan");
    has(&plan, &plan_pattern(), "plan");
    assert_eq!((&plan["kind"], &plan["schema_version"], &plan["tool"]), (&json!("plan"), &json!("1"), &json!("portcullis 0.1.0")));
    assert_eq!((&plan["as_of"], &plan["base"], &plan["applied"]), (&json!("2026-11-22T09:00:00Z"), &Json::Null, &Json::Null));
    let [ins, news, sol] = plan["accounts"].as_array().expect("a list").as_slice() else { panic!("three accounts") };
    has(&news["blocked"], &json!([blocked_pattern()]), "blocked");
    has(&ins["reports"], &json!([{ "code": "", "member": null, "message": "" }]), "reports");
    let kim = &news["changes"][1];
    assert_eq!(kim["id"], "news/invite/kim@agency.example");
    assert_eq!((&kim["before"], &kim["after"]["end"], &kim["reason"]), (&Json::Null, &json!("2026-12-05"), &json!("Launch")));
    assert_eq!(kim["place"], json!({ "file": "accounts.yaml", "line": 6, "column": 9 }));
    let removed = sol["changes"].as_array().expect("a list").iter().find(|c| c["action"] == "remove");
    assert!(removed.is_some_and(|c| c["after"].is_null() && c["before"]["groups"] == json!(["standard"])), "{sol:#}");
    // Only what differs, and the role.
    let late = ins["changes"].as_array().expect("a list").iter().find(|c| c["member"] == "late@acme.example").expect("an edit");
    assert_eq!(late["before"], json!({ "role": "editor", "end": "2026-12-01" }));
    assert_eq!(late["after"], json!({ "role": "viewer", "end": "2026-12-06" }));
    let pia = ins["changes"].as_array().expect("a list").iter().find(|c| c["member"] == "pia@agency.example").expect("an invite");
    assert_eq!(pia["waits_for"], json!(["ins/allow-domain/agency.example"]));
    let counted = |action: &str| {
        plan["accounts"]
            .as_array()
            .expect("a list")
            .iter()
            .flat_map(|a| a["changes"].as_array().expect("a list"))
            .filter(|c| c["action"] == action)
            .count()
    };
    for action in ["allow-domain", "invite", "edit", "remove"] {
        assert_eq!(plan["summary"][action], counted(action), "{action}");
    }
}

#[test]
fn guards_are_said_for_each_account_with_the_lift_of_those_that_tripped() {
    let plan = world().run("plan --format json").expect(4).json();
    let guards = plan["guards"].as_array().expect("a list");
    assert_eq!(guards.len() % 3, 0);
    for guard in guards {
        assert_eq!(
            guard["lift"].is_string(),
            guard["tripped"] == true && guard["code"] != "protected" && guard["code"] != "self-lockout",
            "{guard}"
        );
    }
    assert!(guards.iter().any(|g| g["tripped"] == true), "{guards:#?}");
}

#[test]
fn a_drift_is_the_same_with_its_own_kind() {
    let drift = valid(world().run("drift --format json").expect(3), "plan");
    has(&drift, &plan_pattern(), "drift");
    assert_eq!(drift["kind"], "drift");
}

#[test]
fn an_incomplete_reading_has_no_changes_and_says_why() {
    let world = world();
    world.load(&LIVE.replace("      sol:\n", "      sol:\n        fault: contradictory\n"));
    let plan = valid(world.run("plan --format json --account sol").expect(7), "plan");
    let sol = &plan["accounts"][0];
    assert_eq!(
        (&sol["changes"], &sol["blocked"], &sol["reading"]["complete"], &sol["reading"]["proof"]),
        (&json!([]), &json!([]), &json!(false), &Json::Null)
    );
    assert!(sol["reading"]["problems"][0].as_str().is_some_and(|p| !p.is_empty()));
}

#[test]
fn an_apply_is_as_the_contract_says() {
    let said = world().run("apply --auto-approve --format json").expect(4);
    assert!(said.err.is_empty(), "{}", said.err);
    let applied = valid(said, "apply");
    let pattern = json!({
        "schema_version": "", "kind": "", "digest": "", "results": [{ "id": "", "result": "", "attempts": 0, "message": "" }],
        "links": { "waiting": 0 }, "blocked": [blocked_pattern()], "unreviewed": [], "left": [], "manual": []
    });
    has(&applied, &pattern, "apply");
    assert_eq!(applied["kind"], "apply");
    let codes: Vec<&Json> = applied["blocked"].as_array().expect("a list").iter().map(|b| &b["code"]).collect();
    assert!(codes.contains(&&json!("exists-elsewhere")), "{codes:?}");
    assert_eq!(applied["left"], json!([]), "what is blocked is not left");
}

#[test]
fn an_export_is_as_the_contract_says() {
    let export = valid(world().run("export --format json").expect(0), "export");
    let member =
        json!({ "email": "", "name": null, "phase": "", "invitation": null, "end": null, "administers": true, "permissions": [""] });
    let pattern = json!({
        "schema_version": "", "kind": "",
        "accounts": [{ "account": "", "system": "", "complete": true, "domains": null, "members": [] }]
    });
    has(&export, &pattern, "export");
    let members: Vec<&Json> =
        export["accounts"].as_array().expect("a list").iter().flat_map(|a| a["members"].as_array().expect("a list")).collect();
    assert_eq!(members.len(), 6, "the far one is hidden from this manager: {members:#?}");
    for found in members {
        has(found, &member, "member");
        assert!(found.get("role").is_some() || found.get("groups").is_some(), "{found:#}");
    }
    let ins = &export["accounts"][0];
    assert_eq!(ins["domains"], json!(["acme.example"]));
    let phase =
        |email: &str| ins["members"].as_array().expect("a list").iter().find(|m| m["email"] == email).expect("a member")["phase"].clone();
    assert_eq!((phase("wait@acme.example"), phase("lock@acme.example")), (json!("pending"), json!("locked")));
}

#[test]
fn diagnostics_are_as_the_contract_says() {
    let world = world();
    world.write("bad.yaml", "peple: {}\n");
    for line in ["validate --format json", "plan --format json", "apply --auto-approve --format json"] {
        let json = world.run(line).expect(1).json();
        let pattern = json!({
            "schema_version": "", "kind": "",
            "diagnostics": [{ "code": "", "severity": "", "message": "", "file": "", "line": 0, "column": 0, "end_line": 0, "end_column": 0, "expected": null, "hint": null }]
        });
        has(&json, &pattern, line);
        assert_eq!(json["kind"], "diagnostics");
    }
}

#[test]
fn the_sandbox_is_as_the_contract_says() {
    let world = world();
    let _ = world.run("apply --auto-approve").expect(4);
    has(
        &world.run("sandbox outbox --format json").expect(0).json(),
        &json!({ "mails": [{ "account": "", "to": "", "kind": "", "at": "" }] }),
        "outbox",
    );
    has(&world.run("sandbox calls --format json").expect(0).json(), &json!({ "writes": 0 }), "calls");
    assert_eq!(world.run("sandbox accept pia@agency.example --account ins --format json").expect(0).json()["sandbox"], true);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (world(), world());
    for line in ["plan --format json", "plan", "drift --format json", "export --format csv"] {
        assert_eq!(one.run(line).out, other.run(line).out, "{line}");
    }
}

#[test]
fn an_explanation_is_as_its_schema_says() {
    let world = World::new();
    for words in ["", "insider", "emma-hq gamoshi meta-gateway solver", "removals 4 unknown-word members lift-a-guard"] {
        let said = valid(world.run(&format!("explain --format json {words}")).expect(0), "explain");
        assert_eq!((&said["kind"], &said["schema_version"]), (&json!("explain"), &json!("1")));
    }
    let said = world.run("explain --format json insider").json();
    let system = &said["systems"][0];
    let held = |permission: &str| {
        let all = system["permissions"].as_array().expect("permissions");
        let one = all.iter().find(|p| p["permission"] == permission).expect("it is there");
        let held = one["held"].as_array().expect("held").iter();
        held.map(|h| format!("{}{}", h["role"].as_str().expect("a role"), if h["needs"] == json!([]) { "" } else { " with pii" }))
            .collect::<Vec<_>>()
    };
    // I5, as the page has it
    assert_eq!(held("export-user-profiles"), ["administrator", "editor with pii", "collaborator with pii"]);
    let views = held("view-user-profiles");
    assert!(views.contains(&"administrator".to_owned()) && views.contains(&"viewer with pii".to_owned()), "{views:?}");
    let rule = |id: &str| system["rules"].as_array().expect("rules").iter().find(|r| r["rule"] == id).expect("the rule")["keeper"].clone();
    assert_eq!((rule("I1"), rule("I4"), rule("I9")), (json!("both"), json!("portcullis"), json!("product")));
}

#[test]
fn an_answer_about_somebody_is_as_its_schema_says() {
    let world = world();
    for word in ["pia@agency.example", "far@acme.example", "wait@acme.example", "nobody@acme.example"] {
        let said = world.run(&format!("who {word} --format json"));
        assert!(matches!(said.code, 0 | 7), "{}", said.both());
        let said = valid(said, "who");
        assert_eq!((&said["kind"], &said["schema_version"], &said["sandbox"]), (&json!("who"), &json!("1"), &json!(true)));
    }
}
