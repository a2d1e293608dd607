//! The Meta gateway's rules, M1 to M7 (SYSTEMS.md).

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use portcullis::sandbox::Answer;
use serde_json::json;
use support::server::{delete, invite, resend, set};
use support::world::World;

const MAILED: &str = "smtp: true; actor: { role: admin, member: root@acme.example }";
const BY_HAND: &str = "smtp: false; links: { directory: handover }; actor: { role: admin, member: root@acme.example }";
const ROOT: &str = "{ email: root@acme.example, name: R, role: admin }";
const NOBODY: [&str; 0] = [];

/// The hand-over files by their path below the folder.
fn links(world: &World) -> BTreeMap<PathBuf, String> {
    let is_link = |path: &PathBuf| path.components().any(|c| c.as_os_str() == "handover");
    let text = |bytes| String::from_utf8(bytes).expect("a link is text");
    world.bytes().into_iter().filter(|(path, _)| is_link(path)).map(|(path, bytes)| (path, text(bytes))).collect()
}

/// The secret in a link.
fn token(link: &str) -> &str {
    link.split_once("token=").and_then(|(_, rest)| rest.split('&').next()).expect("a link has a token")
}

// ---- M1 ----

#[test]
fn m1_one_admin_is_left_at_every_moment() {
    let world = World::meta_gateway("smtp: true; actor: { role: admin }");
    world.live("", &[ROOT, "{ email: n@acme.example, role: view-only }"]);
    world.want("", &["{ email: root@acme.example, role: view-only }"]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    world.server().refuses(set("root@acme.example", json!({ "role": "standard" })), "at least one active user");
    world.server().refuses(delete("root@acme.example"), "at least one active user");
    // The new one first; a pending one does not count.
    world.want("mode: authoritative", &["{ email: n@acme.example, role: admin }"]);
    assert_eq!(world.plan().order(), ["edit n@acme.example", "remove root@acme.example"]);
    world.settle();
    world.live("", &[ROOT]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked()), (vec!["invite n@acme.example".into()], vec!["root@acme.example awaits-acceptance".into()]));
}

#[test]
fn m1_only_admins_manage_users() {
    for role in ["standard", "view-only"] {
        let world = World::meta_gateway(&format!("smtp: true; actor: {{ role: {role} }}"));
        world.live("", &[ROOT]);
        world.want("", &["{ email: n@acme.example, role: view-only }"]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["n@acme.example actor-lacks-role".to_owned()]), "{role}");
        assert_eq!(plan.needs("n@acme.example"), "an admin of the account");
        world.server().refuses(invite("n@acme.example", json!({ "role": "view-only" })), "You do not have permission to manage users.");
    }
}

// ---- M2 ----

#[test]
fn m2_a_link_is_in_its_file_and_nowhere_else() {
    let world = World::meta_gateway(BY_HAND);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }", "{ email: o@acme.example, role: admin }"]);
    let said = world.command("apply --auto-approve -v");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let links = links(&world);
    let mut names: Vec<&str> = links.keys().map(|p| p.file_name().expect("a file").to_str().expect("UTF-8")).collect();
    names.sort_unstable();
    assert_eq!(names, ["n@acme.example.link", "o@acme.example.link"]);
    let later = [world.command("plan -v"), world.command("export --format json"), world.command("apply --auto-approve -v")];
    for link in links.values() {
        let token = token(link);
        assert!(token.len() >= 32, "{} characters", token.len());
        for said in later.iter().chain([&said]) {
            assert!(!said.out.contains(token) && !said.err.contains(token));
        }
        let elsewhere = world.bytes().into_iter().filter(|(path, _)| !links.contains_key(path));
        for (path, bytes) in elsewhere {
            assert!(!bytes.windows(token.len()).any(|w| w == token.as_bytes()), "{}", path.display());
        }
    }
    assert_eq!(self::links(&world), links, "another run writes no new link");
}

/// A pair made for this test; the secret half is known to nobody else.
fn pair() -> (age::x25519::Identity, String) {
    let identity = age::x25519::Identity::generate();
    let facts = format!(
        "smtp: false; links: {{ directory: handover, recipient: {} }}; actor: {{ role: admin, member: root@acme.example }}",
        identity.to_public()
    );
    (identity, facts)
}

#[test]
fn m2_links_to_an_age_recipient_are_read_with_its_secret_key_alone() {
    let (identity, facts) = pair();
    let world = World::meta_gateway(&facts);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }", "{ email: o@acme.example, role: admin }"]);
    let said = world.command("apply --auto-approve -v --format json");
    assert_eq!((said.code, &said.json()["links"]["waiting"]), (0, &json!(2)), "{}{}", said.out, said.err);
    let files: BTreeMap<PathBuf, Vec<u8>> =
        world.bytes().into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "age")).collect();
    let names: Vec<&str> = files.keys().map(|p| p.file_name().expect("a file").to_str().expect("UTF-8")).collect();
    assert_eq!(names, ["n@acme.example.link.age", "o@acme.example.link.age"]);
    let printed = [said, world.command("plan -v"), world.command("export --format json"), world.command("apply --auto-approve -v")];
    for (path, sealed) in &files {
        let link = String::from_utf8(age::decrypt(&identity, sealed).expect("the secret key opens it")).expect("a link is text");
        let token = token(&link).to_owned();
        assert!(token.len() >= 32 && link.contains(if path.ends_with("n@acme.example.link.age") { "n%40acme" } else { "o%40acme" }));
        assert!(printed.iter().all(|said| !said.out.contains(&token) && !said.err.contains(&token)));
        for (path, bytes) in world.bytes() {
            assert!(!bytes.windows(token.len()).any(|w| w == token.as_bytes()), "{}", path.display());
        }
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("a file").permissions()) & 0o777, 0o600);
    }
}

#[test]
fn m2_a_key_that_links_cannot_be_encrypted_to_is_an_error_at_its_place() {
    let secret = age::x25519::Identity::generate().to_string();
    let secret = secrecy::ExposeSecret::expose_secret(&secret);
    for key in ["age1x", "ssh-ed25519", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z", secret] {
        let world = World::meta_gateway(&format!("smtp: false; links: {{ directory: handover, recipient: {key} }}"));
        world.want("", &["{ email: n@acme.example, role: view-only }"]);
        assert_eq!(world.check().errors(), ["connection-met.yaml:7:46 bad-recipient"], "{}", key.len());
        for format in ["text", "json", "markdown", "github"] {
            let said = world.command(&format!("validate --format {format}"));
            assert!(said.code == 1 && !said.out.contains(secret) && !said.err.contains(secret), "{format}");
        }
    }
}

#[test]
fn m4_an_export_is_of_one_tenant() {
    let world = World::meta_gateway("");
    let connection = |backend: &str| {
        world.file(
            "connection-met.yaml",
            &format!("connections:\n  met: {{ system: meta-gateway, {backend}, timezone: UTC, smtp: true, actor: {{ role: admin }} }}\n"),
        );
    };
    let account = |name: &str| format!("  {name}: {{ connection: met, tenant: {name}, members: [] }}\n");
    world.file("account.yaml", &format!("accounts:\n{}{}", account("t1"), account("t2")));
    connection("backend: embedded");
    assert_eq!(world.check().errors(), [""; 0]);
    connection("backend: roster, file: x.csv, columns: { email: E }");
    assert_eq!(world.check().errors(), ["account.yaml:3:3 connection-shared"]);
}

#[test]
fn m2_links_stay_below_the_folder() {
    for directory in ["../elsewhere", "/tmp/elsewhere"] {
        let world = World::meta_gateway(&format!("smtp: false; links: {{ directory: {directory} }}"));
        world.want("", &["{ email: n@acme.example, role: view-only }"]);
        assert_eq!(world.check().errors(), ["connection-met.yaml:7:25 outside-the-folder"], "{directory}");
    }
    let world = World::meta_gateway("smtp: false; links: {}");
    world.want("", &["{ email: n@acme.example, role: view-only }"]);
    assert_eq!(world.check().errors(), ["connection-met.yaml:7:5 missing-key"]);
}

#[test]
fn m2_the_link_of_who_has_accepted_or_is_gone_goes_with_the_next_apply() {
    let world = World::meta_gateway(BY_HAND);
    let (n, o, p) = (
        "{ email: n@acme.example, role: view-only }",
        "{ email: o@acme.example, role: view-only }",
        "{ email: p@acme.example, role: view-only }",
    );
    world.live("", &[ROOT]);
    world.want("", &[n, o, p]);
    world.settle();
    world.file("handover/met/notes.txt", "not ours");
    world.accept("n@acme.example");
    let _ = (world.plan(), world.export());
    assert_eq!(links(&world).len(), 4, "reading removes nothing");
    // Nothing to change: an apply nevertheless removes what nobody needs.
    let applied = world.apply();
    assert_eq!(
        applied.0["links"],
        json!({ "waiting": 2, "removed": [{ "account": "met", "path": "handover/met/n@acme.example.link" }], "kept": [] })
    );
    // One goes by this apply, the other was clicked away in the console.
    world.click_away("p@acme.example");
    world.want("absent: [o@acme.example, p@acme.example]", &[n]);
    let said = world.command("apply --auto-approve");
    assert_eq!(said.code, 0);
    for who in ["o", "p"] {
        assert!(said.out.contains(&format!("link removed: handover/met/{who}@acme.example.link, of somebody who is not invited any more")));
    }
    let left: Vec<String> = links(&world).into_values().collect();
    assert_eq!(left, ["not ours"]);
}

#[test]
fn m2_an_incomplete_reading_removes_no_link() {
    let world = World::meta_gateway(BY_HAND);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }"]);
    world.settle();
    world.live("fault: short", &[ROOT]);
    let applied = world.apply();
    assert_eq!((&applied.0["links"]["removed"], links(&world).len()), (&json!([]), 1));
}

// ---- M3 ----

#[test]
fn m3_without_smtp_the_link_is_the_only_delivery() {
    let world = World::meta_gateway(BY_HAND);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }", "{ email: o@acme.example, role: view-only }"]);
    assert_eq!(world.plan().change("n@acme.example")["mails"], false);
    let applied = world.apply();
    assert_eq!((&applied.0["links"]["waiting"], world.mails()), (&json!(2), vec![]));
    assert_eq!(applied.message("n@acme.example"), "the link waits in handover/met/n@acme.example.link");
    // It waits until the person has accepted, whichever apply made it.
    assert_eq!(world.apply().0["links"]["waiting"], 2);
    assert!(world.command("apply --auto-approve").out.contains("hint: 2 hand-over links wait in the connection's links directory"));
    world.accept("n@acme.example");
    assert_eq!(world.apply().0["links"]["waiting"], 1);
    // What cannot be read whole does not say that nobody waits.
    world.accept("o@acme.example");
    world.live("fault: short", &[ROOT]);
    assert_eq!(world.apply().0["links"]["waiting"], 1);
}

#[test]
fn m3_with_smtp_the_invitation_is_mailed_and_nothing_waits() {
    let world = World::meta_gateway(MAILED);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }"]);
    assert_eq!(world.plan().change("n@acme.example")["mails"], true);
    let applied = world.apply();
    assert_eq!(applied.0["links"]["waiting"], 0);
    assert_eq!(world.mails(), ["invitation n@acme.example 2026-11-22T09:00:00Z"]);
    // Somebody who wants the links too has them.
    world.connect(&format!("{MAILED}; links: {{ directory: handover }}"));
    world.want("", &["{ email: o@acme.example, role: view-only }"]);
    assert_eq!((&world.apply().0["links"]["waiting"], links(&world).len()), (&json!(0), 1));
}

#[test]
fn m3_without_smtp_and_without_a_place_for_links_nothing_is_sent() {
    for facts in ["", "smtp: false"] {
        let world = World::meta_gateway(facts);
        world.want("", &["{ email: n@acme.example, role: view-only }"]);
        assert_eq!(world.check().errors(), ["connection-met.yaml:2:3 missing-fact"]);
    }
    // A place that cannot be made is found out before the first call.
    let world = World::meta_gateway(BY_HAND);
    world.live("", &[ROOT]);
    world.want("", &["{ email: n@acme.example, role: view-only }"]);
    world.file("handover", "in the way");
    let applied = world.apply();
    assert_eq!((applied.said(), world.writes()), (vec!["failed met/invite/n@acme.example".to_owned()], 0));
    assert!(applied.message("n@acme.example").starts_with("nothing was sent: the folder for links, handover/met, cannot be made"));
}

// ---- M4 ----

/// The accounts `met` and `eu`, both behind the connection `met`: the tenants `t1` and `t2`.
fn two_tenants(facts: &str, met: &[&str], eu: &[&str]) -> World {
    let world = World::meta_gateway(facts);
    want_both(&world, met, eu);
    world
}

fn want_both(world: &World, met: &[&str], eu: &[&str]) {
    world.want("tenant: t1; ignore: [root@acme.example]", met);
    world.want_in("eu", "connection: met; tenant: t2; ignore: [root@acme.example]", eu);
}

const N: &str = "{ email: n@acme.example, role: view-only }";
const HOST: &str = "smtp: true; actor: { member: host@acme.example }; host: { delegated: [t1] }";
const UNDELEGATED: &str = "The account has not delegated its user management to the host.";

#[test]
fn m4_a_host_actor_reaches_only_accounts_that_delegated() {
    let world = two_tenants(HOST, &[N], &[N]);
    world.live("", &[ROOT]);
    world.live_in("eu", "", &[ROOT, "{ email: gone@acme.example, role: admin }"]);
    let plan = world.plan();
    // Out of reach is not empty: nobody is invited and nobody is missing there.
    assert_eq!((plan.acts(), plan.problems("met")), (vec!["invite n@acme.example".to_owned()], vec![]));
    let [why] = &plan.problems("eu")[..] else { panic!("{:?}", plan.problems("eu")) };
    assert!(why.starts_with("out of reach: the tenant t2 is not one that delegated to the host; needs an admin of the account"), "{why}");
    assert_eq!(world.command("plan").code, 7);
    // The other goes on.
    let said = world.command("apply --auto-approve --format json");
    let results = &said.json()["results"];
    assert_eq!((said.code, &results[0]["id"], &results[0]["result"]), (7, &json!("met/invite/n@acme.example"), &json!("applied")));
    assert_eq!((world.command("apply --auto-approve").code, world.command("export").code), (7, 7));
    let live = world.export();
    let complete: Vec<bool> = live.0["accounts"].as_array().expect("accounts").iter().map(|a| a["complete"] == true).collect();
    assert_eq!((complete, live.emails()), (vec![false, true], vec!["n@acme.example", "root@acme.example"]));
}

#[test]
fn m4_the_server_refuses_a_host_that_asks_for_another_account() {
    let world = two_tenants(HOST, &[N], &[N]);
    world.live("", &[ROOT]);
    world.live_in("eu", "", &[ROOT]);
    world.server_of("met").takes(invite("o@acme.example", json!({ "role": "view-only" })));
    world
        .server_of("eu")
        .refuses(invite("o@acme.example", json!({ "role": "view-only" })), UNDELEGATED)
        .refuses(delete("root@acme.example"), UNDELEGATED);
}

#[test]
fn m4_an_account_that_stopped_delegating_is_out_of_reach_and_not_empty() {
    let world = two_tenants(HOST, &[N], &[]);
    world.live("delegates: true", &[ROOT]);
    assert_eq!(world.plan().acts(), ["invite n@acme.example"]);
    world.live("delegates: false", &[ROOT]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked(), plan.problems("met")), (vec![], vec![], vec![&*format!("out of reach: {UNDELEGATED}")]));
    world.server_of("met").refuses(invite("n@acme.example", json!({ "role": "view-only" })), UNDELEGATED);
    // It stops between the plan and the first write.
    world.live("", &[ROOT]);
    let applied = world.apply_meanwhile(|w| w.live("delegates: false", &[ROOT]));
    assert_eq!(applied.failed(), [format!("met/invite/n@acme.example: {UNDELEGATED}")]);
    // It means nothing to an actor of the account itself.
    world.connect(MAILED);
    assert_eq!(world.plan().acts(), ["invite n@acme.example"]);
}

#[test]
fn m4_a_host_to_which_nobody_delegated_sees_nothing() {
    let world = two_tenants("smtp: true; host: { delegated: [] }", &[N], &[N]);
    assert_eq!(world.check().errors(), NOBODY);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.problems("met").len(), plan.problems("eu").len()), (vec![], 1, 1));
}

#[test]
fn m4_a_host_actor_stands_for_an_admin_and_for_nobody_else() {
    for role in ["", "role: admin, "] {
        let world = two_tenants(&HOST.replace("{ member", &format!("{{ {role}member")), &[N], &[N]);
        assert_eq!(world.check().errors(), NOBODY, "{role}");
        world.live("", &[ROOT]);
        assert_eq!((world.plan().acts(), world.plan().problems("eu").len()), (vec!["invite n@acme.example".to_owned()], 1), "{role}");
        world.server_of("met").takes(invite("o@acme.example", json!({ "role": "view-only" })));
    }
    for (facts, error) in [
        ("smtp: true; host: { delegated: [t1] }; actor: { role: standard }", "connection-met.yaml:8:14 exactly-one"),
        ("smtp: true; host: { delegated: [t1] }; actor: { role: view-only }", "connection-met.yaml:8:14 exactly-one"),
        ("smtp: true; host: { delegated: [t1] }; actor: { role: owner }", "connection-met.yaml:8:20 unknown-word"),
        ("smtp: true; host: {}", "connection-met.yaml:7:5 missing-key"),
        ("smtp: true; host: { delegated: t1 }", "connection-met.yaml:7:24 wrong-type"),
        ("smtp: true; host: { delegate: [t1], delegated: [] }", "connection-met.yaml:7:13 unknown-key"),
    ] {
        let world = World::meta_gateway(facts);
        world.want("", &[N]);
        assert_eq!(world.check().errors(), [error], "{facts}");
    }
    let emma = World::emma_hq("host: { delegated: [news] }");
    emma.want("tenant: t1", &[]);
    assert_eq!(emma.check().errors(), ["account.yaml:3:5 wrong-setting", "connection-news.yaml:6:5 wrong-setting"]);
}

// ---- M5 ----

#[test]
fn m5_revoke_is_for_one_account() {
    let world = World::meta_gateway(MAILED);
    world.add("two", "meta-gateway", MAILED);
    let n = "{ email: n@acme.example, role: view-only }";
    world.live("", &[ROOT, n]);
    world.live_in("two", "", &[ROOT, n]);
    world.want("absent: [n@acme.example]", &[]);
    world.want_in("two", "", &[n]);
    let plan = world.plan();
    assert_eq!(plan.acts(), ["remove n@acme.example"]);
    assert_eq!(plan.change("n@acme.example")["calls"], json!(["revoke"]));
    world.settle();
    let both = world.export();
    let of = |account: usize| both.0["accounts"][account]["members"].as_array().expect("members").len();
    assert_eq!((of(0), of(1)), (1, 2), "the person stays in the other");
}

#[test]
fn m5_accounts_of_one_connection_are_kept_apart() {
    let world = two_tenants(MAILED, &[N], &[N]);
    world.live("", &[ROOT, N]);
    world.live_in("eu", "", &[ROOT, N]);
    assert_eq!(world.plan().acts(), NOBODY);
    want_both(&world, &[], &[N]);
    world.want("tenant: t1; absent: [n@acme.example]", &[]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), &plan.change("n@acme.example")["id"]),
        (vec!["remove n@acme.example".to_owned()], &json!("met/remove/n@acme.example"))
    );
    world.settle();
    let both = world.export();
    let of =
        |account: usize| (both.0["accounts"][account]["account"].clone(), both.0["accounts"][account]["members"].as_array().map(Vec::len));
    assert_eq!((of(0), of(1)), ((json!("eu"), Some(2)), (json!("met"), Some(1))), "the person stays in the other");
    // Commands name accounts; a connection that others use is none by itself.
    let code = |line: &str| world.command(line).code;
    assert_eq!((code("plan --account eu"), code("export --account eu"), code("sandbox lock n@acme.example --account eu")), (0, 0, 0));
    world.want("", &[]);
    world.file("account.yaml", "accounts:\n  us: { connection: met, members: [] }\n");
    let said = world.command("export --account met");
    assert!(said.code == 1 && said.err.contains("no account is called `met`"), "{}", said.err);
    let accounts = world.command("export --format json").json();
    assert_eq!((&accounts["accounts"][0]["account"], &accounts["accounts"][1]["account"]), (&json!("eu"), &json!("us")));
}

#[test]
fn m5_the_tenant_is_a_part_of_what_was_reviewed() {
    let world = World::meta_gateway(MAILED);
    world.live("", &[ROOT]);
    let digest = |policy: &str| {
        world.want(policy, &[N]);
        world.plan().digest()
    };
    // Without a word the account's own name is the tenant's.
    assert_eq!(digest(""), digest("tenant: met"));
    assert_ne!(digest(""), digest("tenant: t1"));
}

#[test]
fn m5_an_account_says_which_connection_and_tenant_it_is() {
    let world = World::meta_gateway(MAILED);
    // One connection, two accounts that are one tenant: said or by their names.
    for (met, eu) in [("tenant: t1", "connection: met; tenant: t1"), ("", "connection: met; tenant: met")] {
        world.want(met, &[]);
        world.want_in("eu", eu, &[]);
        let check = world.check();
        assert_eq!(check.errors(), ["account.yaml:2:3 tenant-shared"], "{met}");
        assert_eq!(check.0[0].related[0].0.file(), "account-eu.yaml");
    }
    world.want_in("eu", "connection: mett; tenant: t2", &[]);
    assert!(world.check().only().contains("no connection is called `mett` | did you mean `met`?"), "{}", world.check().only());
    assert_eq!(world.check().errors(), ["account-eu.yaml:3:17 unknown-connection"]);
    // What to write is said, never guessed.
    world.want_in("eu", "tenant: t2", &[]);
    assert_eq!(world.check().errors(), ["account-eu.yaml:2:3 unknown-account"]);
    assert!(world.check().only().ends_with("| write `connection: met` in this account"), "{}", world.check().only());
    // One account a connection where there are no tenants, under another name if need be.
    let emma = World::emma_hq("");
    emma.file("a.yaml", "accounts:\n  newsletter: { connection: news, members: [] }\n");
    assert_eq!((emma.check().errors(), emma.plan().acts()), (vec![], vec![]));
    emma.file("b.yaml", "accounts:\n  other: { connection: news, members: [] }\n");
    assert_eq!(emma.check().errors(), ["b.yaml:2:3 connection-shared"]);
}

// ---- M6 ----

#[test]
fn m6_an_over_link_is_generated_anew_and_replaces_the_old() {
    let mut world = World::meta_gateway(BY_HAND);
    world.live("", &[ROOT]);
    world.want("ignore: [root@acme.example]", &["{ email: n@acme.example, role: view-only }"]);
    world.settle();
    let first = links(&world);
    // 24 hours, and a cool-down of three days.
    world.at("2026-11-23T08:59:59Z");
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec![]));
    world.at("2026-11-23T09:00:00Z");
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec!["invitation-over n@acme.example".to_owned()]));
    world.at("2026-11-26T09:00:00Z");
    let plan = world.plan();
    assert_eq!(plan.acts(), ["reinvite n@acme.example"]);
    assert_eq!(
        (&plan.change("n@acme.example")["calls"], &plan.change("n@acme.example")["cause"]),
        (&json!(["link"]), &json!("invitation"))
    );
    assert_eq!(world.apply().0["links"]["waiting"], 1);
    let second = links(&world);
    assert_eq!((first.len(), second.len()), (1, 1));
    let tokens: Vec<&str> = first.values().chain(second.values()).map(|l| token(l)).collect();
    assert_ne!(tokens[0], tokens[1]);
    // Three in all, then a report.
    world.at("2026-11-30T09:00:00Z");
    world.settle();
    world.at("2026-12-24T09:00:00Z");
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec!["invitation-not-accepted n@acme.example".to_owned()]));
}

#[test]
fn m6_the_server_makes_a_new_link_for_the_pending_alone() {
    let world = World::meta_gateway(MAILED);
    world.live("", &[ROOT, "{ email: n@acme.example, phase: pending, role: view-only }"]);
    assert!(matches!(world.server().answers(resend("n@acme.example")), Answer::Linked(_)));
    world.server().refuses(resend("root@acme.example"), "accepted the invitation already");
}

// ---- M7 ----

/// The rows of SYSTEMS.md, "Permissions", in the order of their words.
const PERMISSIONS: [(&str, &[&str]); 3] = [
    ("admin", &["delete-account", "pixels", "users-and-permissions", "view-applications"]),
    ("standard", &["change-data-sources", "delete-account"]),
    ("view-only", &["view-data", "view-data-sources", "view-some-applications"]),
];

#[test]
fn m7_each_role_gives_its_permissions_and_two_of_them_may_delete_the_account() {
    let world = World::meta_gateway(MAILED);
    for (role, permissions) in PERMISSIONS {
        let sources = if role == "standard" { ", data-sources: [shop]" } else { "" };
        world.live("", &[&format!("{{ email: a@acme.example, role: {role}{sources} }}")]);
        let live = world.export();
        let a = live.member("a@acme.example");
        assert_eq!((&a["permissions"], &a["administers"]), (&json!(permissions), &json!(role == "admin")), "{role}");
    }
}

#[test]
fn m7_standard_is_high_risk() {
    let world = World::meta_gateway(MAILED);
    world.live("", &[ROOT, "{ email: b@acme.example, role: view-only }", "{ email: c@acme.example, role: standard }"]);
    world.want(
        "",
        &[
            "{ email: a@acme.example, role: standard, data-sources: [shop] }",
            "{ email: b@acme.example, role: standard }",
            "{ email: c@acme.example, role: standard, data-sources: [shop] }",
            "{ email: d@acme.example, role: view-only }",
        ],
    );
    let plan = world.plan();
    let risks: Vec<_> = ["a", "b", "c", "d"].map(|who| plan.change(&format!("{who}@acme.example"))["risk"].clone()).into();
    assert_eq!(risks, ["high", "high", "low", "low"], "who holds it already gains nothing");
    assert_eq!(plan.change("c@acme.example")["direction"], "widens");
    world.settle();
}

#[test]
fn m7_data_sources_belong_to_standard_users() {
    let world = World::meta_gateway(MAILED);
    world.want("", &["{ email: a@acme.example, role: view-only, data-sources: [x] }"]);
    assert_eq!(world.check().errors(), ["account.yaml:4:66 word-needs-other"]);
    world.server().refuses(invite("a@acme.example", json!({ "role": "admin", "data-sources": ["x"] })), "not available");
    // With the role they go, and the plan says so.
    world.live("", &[ROOT, "{ email: a@acme.example, role: standard, data-sources: [x] }"]);
    world.want("", &["{ email: a@acme.example, role: view-only }"]);
    let plan = world.plan();
    assert_eq!(plan.change("a@acme.example")["before"]["data-sources"], json!(["x"]));
    assert_eq!(plan.change("a@acme.example")["notes"], json!(["data-sources go with the role"]));
    assert_eq!(plan.change("a@acme.example")["calls"].as_array().map(Vec::len), Some(1), "one form saves both");
    world.settle();
    // Nothing goes where nothing was.
    world.live("", &[ROOT, "{ email: a@acme.example, role: standard }"]);
    assert_eq!(world.plan().change("a@acme.example")["notes"], json!([]));
    assert_eq!(world.check().errors(), NOBODY);
}
