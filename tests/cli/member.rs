//! One-off actions: each system's own, what speaks against one, and that no secret is printed.

use serde_json::Value as Json;
use snapbox::{assert_data_eq, file};

use super::program::{Said, World};

const MANIFESTS: &str = "
    connections:
      aud: { system: solver, backend: embedded, timezone: UTC, actor: { role: super-user, member: root@acme.example } }
      eng: { system: insider, backend: embedded, timezone: Europe/Paris, features: [two-factor], actor: { role: administrator } }
      gam: { system: gamoshi, backend: embedded, timezone: UTC, links: { directory: handover }, actor: { role: user-manager } }
      met: { system: meta-gateway, backend: embedded, timezone: UTC, smtp: false, links: { directory: handover }, actor: { role: admin } }
      news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, apac], actor: { role: parent } }
    people:
      ada: { email: ada@acme.example, name: Ada Lovelace, accounts: { gam: { email: ada@other.example } } }
    accounts:
      aud: { members: [] }
      eng: { protect: [bob@acme.example], ignore: ['*@vendor.example'], absent: [gone@acme.example], members: [] }
      gam: { members: [] }
      met: { members: [] }
      news: { members: [] }
";

const LIVE: &str = "
    accounts:
      aud:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: ada@acme.example, name: Ada, phase: active, groups: [standard] }
          - { email: kim@agency.example, name: Kim, phase: pending, groups: [standard], invited: 2026-11-21T08:00:00Z }
      eng:
        members:
          - { email: ada@acme.example, name: Ada, phase: locked, role: administrator }
          - { email: eve@acme.example, name: Eve, phase: active, role: administrator }
          - { email: bob@acme.example, name: Bob, phase: active, role: viewer }
          - { email: bot@vendor.example, name: Bot, phase: active, role: viewer }
          - { email: old@agency.example, phase: pending, role: viewer, invited: 2026-11-12T08:00:00Z }
          - { email: kim@agency.example, phase: pending, role: viewer, invited: 2026-11-20T10:00:00Z }
          - { email: sam@agency.example, phase: pending, role: viewer, invited: 2026-10-01T10:00:00Z, attempts: 3 }
          - { email: gone@acme.example, phase: pending, role: viewer, invited: 2026-10-01T10:00:00Z }
      gam:
        members:
          - { email: root@acme.example, name: Root, phase: active, role: user-manager }
          - { email: ada@other.example, name: Ada, phase: active, role: user }
          - { email: kim@agency.example, name: Kim, phase: pending, role: user, invited: 2026-11-01T08:00:00Z }
      met:
        members:
          - { email: ada@acme.example, phase: active, role: admin }
          - { email: kim@agency.example, phase: pending, role: view-only, invited: 2026-11-22T08:00:00Z }
      news:
        members:
          - { email: own@acme.example, name: Own, phase: active, role: parent }
          - { email: ada@acme.example, name: Ada, phase: active, role: manager, subaccounts: [emea] }
          - { email: kim@agency.example, name: Kim Lee, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-01T08:00:00Z }
";

fn world() -> World {
    let world = World::new();
    world.write("a.yaml", MANIFESTS).load(LIVE);
    world
}

/// With one connection's line changed.
fn world_with(from: &str, to: &str) -> World {
    assert!(MANIFESTS.contains(from), "{from}");
    let world = World::new();
    world.write("a.yaml", &MANIFESTS.replace(from, to)).load(LIVE);
    world
}

fn writes(world: &World) -> u64 {
    world.run("sandbox calls --format json").expect(0).json()["writes"].as_u64().expect("a number")
}

/// `account kind address` of every mail.
fn mails(world: &World) -> Vec<String> {
    let outbox = world.run("sandbox outbox --format json").expect(0).json();
    let word = |m: &Json, key: &str| m[key].as_str().expect("a word").to_owned();
    let mails = outbox["mails"].as_array().expect("mails");
    mails.iter().map(|m| format!("{} {} {}", word(m, "account"), word(m, "kind"), word(m, "to"))).collect()
}

/// Refused with the code before anything is sent, in text and in JSON.
#[track_caller]
fn refused(world: &World, line: &str, code: &str) -> Said {
    let before = writes(world);
    let text = world.run(&format!("member {line} --yes")).expect(1);
    assert!(text.out.is_empty() && text.err.contains(&format!("({code})")), "{line}: {}", text.err);
    let json = world.run(&format!("member {line} --yes --format json")).expect(1).json();
    assert_eq!((&json["result"], &json["code"]), (&"refused".into(), &code.into()), "{line}");
    assert_eq!(writes(world), before, "{line}: nothing is sent");
    text
}

#[test]
fn nothing_is_done_that_nobody_confirmed() {
    let world = world();
    let said = world.run("member reset-password ada --account aud").expect(1);
    assert!(said.err.contains("nobody confirmed") && said.err.contains("SANDBOX") && said.err.contains("--yes"), "{}", said.err);
    assert_eq!((writes(&world), mails(&world)), (0, vec![]));
}

#[test]
fn transcripts() {
    let world = world();
    let said = world.transcript(&[
        "member reset-password ada --account aud",
        "member reset-password ada --account aud --yes",
        "member reset-2fa ADA@acme.example --account eng --yes",
        "member reset-password ada --account gam --yes",
        "member resend kim@agency.example --account eng --yes",
        "member resend kim@agency.example --account eng --yes --again",
        "member resend kim@agency.example --account news --yes",
        "member link kim@agency.example --account met --yes --format json",
        "member resend kim@agency.example --account met --yes",
        "member reset-password adda@acme.example --account aud --yes",
        "member reset-password ada --yes",
        "sandbox outbox",
        "sandbox calls",
    ]);
    assert_data_eq!(said, file!["transcripts/member.txt"]);
}

#[test]
fn each_system_resets_passwords_in_its_own_way() {
    let world = world();
    for account in ["aud", "eng", "news", "gam", "met"] {
        let said = world.run(&format!("member reset-password ada --account {account} --yes --format json")).expect(0).json();
        let by_hand = matches!(account, "gam" | "met");
        assert_eq!((&said["result"], &said["links"]["waiting"]), (&"applied".into(), &u64::from(by_hand).into()), "{account}");
    }
    let mailed = ["aud reset ada@acme.example", "eng reset ada@acme.example", "news reset ada@acme.example"];
    assert_eq!((mails(&world), writes(&world)), (mailed.map(str::to_owned).to_vec(), 5));
}

#[test]
fn two_factor_is_reset_only_where_it_is_on() {
    let world = world_with("features: [two-factor], ", "");
    let said = refused(&world, "reset-2fa ada --account eng", "not-offered");
    assert!(said.err.contains("`features: [two-factor]`"), "{}", said.err);
    for account in ["aud", "gam", "met", "news"] {
        let said = refused(&world, &format!("reset-2fa ada --account {account}"), "not-offered");
        assert!(said.err.contains("hint: it has reset-password, "), "{}", said.err);
    }
}

#[test]
fn e6_the_account_surface_deletes_and_invites_and_it_is_an_attempt() {
    let world = world();
    world.run("member resend kim@agency.example --account news --yes --again").expect(0);
    assert_eq!((writes(&world), mails(&world)), (2, vec!["news invitation kim@agency.example".to_owned()]));
    let live = world.run("export --account news --format json").expect(0).json();
    let kim = live["accounts"][0]["members"].as_array().unwrap().iter().find(|m| m["email"] == "kim@agency.example").unwrap().clone();
    assert_eq!((&kim["role"], &kim["name"], &kim["phase"]), (&"author".into(), &"Kim Lee".into(), &"pending".into()), "as it was");
    // The second is within the cool-down of the first, the third attempt is the last.
    refused(&world, "resend kim@agency.example --account news", "cooling-down");
    world.run("member resend kim@agency.example --account news --yes --again").expect(0);
    let said = refused(&world, "resend kim@agency.example --account news", "too-many-attempts");
    assert!(said.err.contains("invited 3 times"), "{}", said.err);
}

#[test]
fn e8_what_nothing_mails_is_not_sent_again() {
    let world = world_with("system: emma-hq, ", "system: emma-hq, sso: true, ");
    refused(&world, "resend kim@agency.example --account news", "not-offered");
}

#[test]
fn e13_the_subaccount_surface_sends_no_reset_and_resends() {
    let world = world_with(
        "subaccounts: [emea, apac], actor: { role: parent }",
        "subaccounts: [emea, apac], surface: subaccount, subaccount: emea, actor: { role: administrator, subaccounts: [emea] }",
    );
    refused(&world, "reset-password ada --account news", "not-offered");
    world.run("member resend kim@agency.example --account news --yes --again").expect(0);
    assert_eq!(writes(&world), 1, "one call, the invitation stays");
    // What is hidden stays as well: nothing is deleted.
    world.load(&LIVE.replace("role: author, subaccounts: [emea]", "role: author, subaccounts: [emea, apac]"));
    world.run("member resend kim@agency.example --account news --yes --again").expect(0);
}

#[test]
fn m6_a_lost_link_is_made_anew_at_once_where_nobody_is_written_to() {
    let world = world();
    world.run("member link kim@agency.example --account met --yes").expect(0);
    let first = world.read("handover/met/kim@agency.example.link");
    world.run("member link kim@agency.example --account met --yes").expect(0);
    assert_ne!(world.read("handover/met/kim@agency.example.link"), first);
    refused(&world, "link ada --account met", "wrong-phase");
    let mailing = world_with("smtp: false", "smtp: true");
    refused(&mailing, "link kim@agency.example --account met", "cooling-down");
}

#[test]
fn the_cool_down_runs_from_the_end_of_the_invitation_and_names_the_day() {
    let world = world();
    // Seven days, then three: 2026-11-12 gives 2026-11-22, 09:00 is after 08:00.
    world.run("member resend old@agency.example --account eng --yes").expect(0);
    let said = refused(&world, "resend kim@agency.example --account eng", "cooling-down");
    assert!(said.err.contains("from 2026-11-30"), "{}", said.err);
    refused(&world, "resend sam@agency.example --account eng", "too-many-attempts");
    world.run("member resend sam@agency.example --account eng --yes --again").expect(0);
    assert!(said.err.contains("is open until 2026-11-27"), "{}", said.err);
    world.load(&LIVE.replace("2026-11-12T08:00:00Z", "2026-11-14T08:00:00Z"));
    let said = refused(&world, "resend old@agency.example --account eng", "cooling-down");
    assert!(said.err.contains("is over since 2026-11-21") && said.err.contains("from 2026-11-24"), "{}", said.err);
    // No page says how long theirs live: from the sending.
    world.run("member resend kim@agency.example --account gam --yes").expect(0);
    assert!(refused(&world, "resend kim@agency.example --account aud", "cooling-down").err.contains("from 2026-11-24"));
    world.run("sandbox decline kim@agency.example --account eng").expect(0);
    assert!(refused(&world, "resend kim@agency.example --account eng", "cooling-down").err.contains("declined"));
}

#[test]
fn whom_nothing_touches_no_action_touches() {
    let world = world();
    refused(&world, "reset-password bob@acme.example --account eng", "protected");
    refused(&world, "reset-password bot@vendor.example --account eng", "ignored-member");
    refused(&world, "reset-password own@acme.example --account news", "untouchable-member");
    refused(&world, "reset-password root@acme.example --account aud", "self-lockout");
    refused(&world, "resend gone@acme.example --account eng --again", "access-ends");
    refused(&world, "reset-password kim@agency.example --account eng", "wrong-phase");
    let said = refused(&world, "reset-password adda@acme.example --account aud", "not-a-member");
    assert!(said.err.contains("did you mean `ada@acme.example`?"), "{}", said.err);
}

#[test]
fn what_the_actor_may_not_is_refused_with_who_could() {
    for (from, to, line, code, who) in [
        ("{ role: administrator }", "{ role: editor }", "reset-2fa ada --account eng", "actor-lacks-role", "an administrator"),
        ("{ role: user-manager }", "{ role: user }", "reset-password ada --account gam", "actor-lacks-role", "a user manager"),
        ("{ role: admin }", "{ role: standard }", "link kim@agency.example --account met", "actor-lacks-role", "an admin of the account"),
        (
            "{ role: parent }",
            "{ role: manager, subaccounts: [emea] }",
            "reset-password ada --account news",
            "actor-lacks-privilege",
            "a parent, or a manager of emea with edit-managers",
        ),
    ] {
        let said = refused(&world_with(from, to), line, code);
        assert!(said.err.contains(who), "{line}: {}", said.err);
    }
}

#[test]
fn e6_delete_and_invite_would_lose_what_is_hidden() {
    let world = world_with("{ role: parent }", "{ role: manager, subaccounts: [emea] }");
    world.load(&LIVE.replace("role: author, subaccounts: [emea]", "role: author, subaccounts: [emea, apac]"));
    refused(&world, "resend kim@agency.example --account news --again", "no-safe-path");
}

#[test]
fn a_secret_without_a_place_is_never_made() {
    let world = world_with("links: { directory: handover }, actor: { role: user-manager }", "actor: { role: user-manager }");
    let said = refused(&world, "reset-password ada --account gam", "no-place-for-secrets");
    assert!(said.err.contains("add `links: "), "{}", said.err);
}

#[test]
fn on_half_a_reading_nothing_is_done() {
    let world = world();
    world.load(&LIVE.replace("      gam:\n", "      gam:\n        fault: short\n"));
    let said = world.run("member reset-password ada --account gam --yes --format json").expect(7).json();
    assert_eq!((&said["result"], &said["code"]), (&"refused".into(), &"incomplete-reading".into()));
    assert_eq!(writes(&world), 0);
}

#[test]
fn what_no_api_takes_is_a_step_in_the_words_of_the_page() {
    let world = World::new();
    world.write("gam.csv", "email,name,role\nroot@acme.example,Root,user-manager\nada@acme.example,Ada,user\n");
    world.write(
        "a.yaml",
        "
        connections:
          gam: { system: gamoshi, backend: roster, file: gam.csv, timezone: UTC, columns: { email: email, name: name, role: role } }
        accounts:
          gam: { members: [] }
        ",
    );
    let said = world.run("member reset-password ada@acme.example").expect(8);
    for words in ["click the 'Lock' icon in the Actions column", "ada@acme.example", "nothing can read this back"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    assert!(!said.out.contains("SANDBOX"), "{}", said.out);
    let json = world.run("member reset-password ada@acme.example --format json").expect(8).json();
    assert_eq!(json["result"], "manual");
    assert_eq!(json["sandbox"], false, "{json}");
    // Where no list tells who has accepted, whoever stands in it may still be invited again.
    let again = world.run("member resend ada@acme.example --format json").expect(8).json();
    assert_eq!(again["result"], "manual", "{again}");
    assert!(json["steps"].as_array().unwrap().iter().any(|s| s == "click the 'Lock' icon in the Actions column"), "{json}");
}

#[test]
fn m2_no_secret_is_printed_and_only_its_owner_reads_it() {
    let world = world();
    let lines = ["reset-password ada --account gam", "reset-password ada --account met", "link kim@agency.example --account met"];
    let said: Vec<Said> = lines
        .into_iter()
        .flat_map(|line| {
            [format!("member {line} --yes -v -v"), format!("member {line} --yes -v -v --log-format json --log trace --format json")]
        })
        .map(|line| world.run(&line).expect(0))
        .chain([world.run("plan --account gam -v -v"), world.run("export -v -v --format json"), world.run("sandbox outbox")])
        .collect();
    let files = ["gam/ada@other.example.reset", "met/ada@acme.example.reset", "met/kim@agency.example.link"];
    for file in files {
        let path = world.path().join("handover").join(file);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // The token of a link, or the password.
        let secret = text.trim().split("token=").last().unwrap().split('&').next().unwrap();
        assert!(secret.len() >= 32, "{file}");
        assert!(said.iter().all(|s| !s.both().contains(secret)), "{file} is printed");
        let database = world.read(".portcullis/embedded.db");
        assert!(!database.windows(secret.len()).any(|w| w == secret.as_bytes()), "{file} is kept");
    }
    // No reading tells whether a reset was used, so no apply sweeps it.
    world.run("apply --account gam --account met --auto-approve");
    assert!(files.iter().all(|f| world.path().join("handover").join(f).exists()));
}

#[test]
fn m2_a_secret_is_sealed_where_a_recipient_is_named() {
    let identity = age::x25519::Identity::generate();
    let links = format!("links: {{ directory: handover, recipient: {} }}, actor: {{ role: user-manager }}", identity.to_public());
    let world = world_with("links: { directory: handover }, actor: { role: user-manager }", &links);
    world.run("member reset-password ada --account gam --yes").expect(0);
    let sealed = world.read("handover/gam/ada@other.example.reset.age");
    assert_eq!(age::decrypt(&identity, &sealed).unwrap().len(), 49, "48 digits and an end of line");
}

#[test]
fn a_call_that_the_product_refuses_is_6_and_says_so() {
    let world = world();
    // The connection says that the actor administers; in the account it does not any more.
    world.load(&LIVE.replace("phase: locked", "phase: active"));
    world.write(
        "a.yaml",
        &MANIFESTS.replace("actor: { role: administrator } }", "actor: { role: administrator, member: eve@acme.example } }"),
    );
    world.run("sandbox edit eve@acme.example --account eng --set role=viewer").expect(0);
    let said = world.run("member reset-2fa ada --account eng --yes").expect(6);
    assert!(said.out.starts_with("failed ") && said.out.contains("You do not have permission"), "{}", said.both());
}

#[test]
fn what_is_printed_is_what_the_schema_says() {
    let world = world();
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/member.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for line in ["reset-password ada --account gam", "reset-2fa ada --account gam", "resend kim@agency.example --account eng"] {
        let doc = world.run(&format!("member {line} --yes --format json")).json();
        assert!(schema.is_valid(&doc), "{line}: {:?}", schema.iter_errors(&doc).map(|e| e.to_string()).collect::<Vec<_>>());
    }
}
