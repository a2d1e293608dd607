//! What an apply makes of a world that is not as the plan saw it, and of files that it cannot use.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::json;
use support::world::World;

const PARENT: &str = "subaccounts: [emea, apac, us]; actor: { role: parent }";
const MANAGER: &str = "subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea] }";
const BOSS: &str = "{ email: boss@acme.example, name: B, role: parent, subaccounts: [emea, apac, us] }";

#[test]
fn e6_who_exists_and_is_seen_in_part_is_not_deleted_and_invited_again() {
    let world = World::emma_hq(MANAGER);
    world.live("", &[BOSS]);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"]);
    let somebody = "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea, us] }";
    let applied = world.apply_meanwhile(|w| w.live("", &[BOSS, somebody]));
    assert_eq!(applied.said(), ["failed news/invite/p@acme.example"]);
    assert!(applied.message("p@acme.example").contains("changed meanwhile"));
    world.connect(PARENT);
    assert_eq!(world.export().member("p@acme.example")["subaccounts"], json!(["emea", "us"]), "what nobody saw stays");
}

#[test]
fn e9_who_exists_is_not_mailed_again() {
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS]);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea, apac] }"]);
    let somebody = "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea] }";
    let applied = world.apply_meanwhile(|w| w.live("", &[BOSS, somebody]));
    assert_eq!(applied.said(), ["failed news/invite/p@acme.example"]);
    assert!(applied.message("p@acme.example").contains("plan again"));
    assert_eq!((world.export().member("p@acme.example")["role"].clone(), world.mails()), (json!("author"), vec![]));
}

#[test]
fn exists_elsewhere_that_the_account_knows_is_no_failure() {
    for (policy, code) in [("", 6), ("accept-blocked: [exists-elsewhere]", 0)] {
        let world = World::emma_hq(MANAGER);
        world.live("", &[BOSS, "{ email: p@acme.example, name: P, role: author, subaccounts: [us] }"]);
        world.want(policy, &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
        let said = world.command("apply --auto-approve --format json");
        assert_eq!(said.code, code, "{policy}: {}{}", said.out, said.err);
        let blocked = &said.json()["blocked"][0];
        assert_eq!((&blocked["code"], &blocked["accepted"]), (&json!("exists-elsewhere"), &json!(code == 0)));
    }
}

#[test]
fn a_place_that_cannot_be_written_fails_every_change_of_its_account() {
    let world = World::solver("");
    world.live("", &["{ email: boss@acme.example, name: B, groups: [super-user] }"]);
    world.want("", &["{ email: p@acme.example, groups: [standard] }", "{ email: q@acme.example, groups: [standard] }"]);
    let applied = world.apply_meanwhile(|w| w.file(".portcullis/embedded.db", "no database at all, but longer than its head would be"));
    assert_eq!(applied.said(), ["failed sol/invite/p@acme.example", "failed sol/invite/q@acme.example"]);
    assert!(applied.message("p@acme.example").starts_with("nothing was sent: "));
}

#[test]
fn a_runbook_that_cannot_be_opened_stops_before_anything_is_applied() {
    let world = World::solver("");
    world.want("", &["{ email: p@acme.example, groups: [standard] }"]);
    let said = world.command("apply --auto-approve --runbook nowhere/steps.md");
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
    assert!(said.err.contains("nowhere/steps.md"));
    assert_eq!(world.command("plan").code, 2, "nothing was applied");
}

#[test]
fn a_runbook_is_left_alone_where_nothing_was_applied() {
    let world = World::solver("");
    world.want("", &["{ email: p@acme.example, groups: [standard] }"]);
    world.file("old.md", "the steps of last week");
    let other = format!("sha256:{}", "0".repeat(64));
    for name in ["old.md", "new.md"] {
        assert_eq!(world.command(&format!("apply --digest {other} --runbook {name}")).code, 5);
    }
    let left = world.bytes();
    let named = |name: &str| left.iter().find(|(path, _)| path.ends_with(name)).map(|(_, bytes)| bytes.clone());
    assert_eq!((named("old.md"), named("new.md")), (Some(b"the steps of last week".to_vec()), None));
    assert_eq!(world.command("apply --auto-approve --runbook old.md").code, 0);
    let written = world.bytes().into_iter().find(|(path, _)| path.ends_with("old.md")).expect("it is there").1;
    assert!(written.starts_with(b"# Steps by hand") && !written.ends_with(b"week"));
}

#[test]
#[cfg(target_os = "linux")]
fn the_result_is_printed_though_its_runbook_cannot_be_written() {
    let world = World::solver("");
    world.want("", &["{ email: p@acme.example, groups: [standard] }"]);
    let said = world.command("apply --auto-approve --format json --runbook /dev/full");
    assert_eq!(said.json()["results"][0]["result"], "applied");
    assert_eq!(said.code, 6, "1 would say that nothing was attempted");
    assert!(said.err.contains("/dev/full"), "{}", said.err);
}

#[test]
fn all_connections_that_may_not_be_used_are_named_at_once() {
    let world = World::solver("");
    world.want("", &["{ email: p@acme.example, groups: [standard] }"]);
    for name in ["one", "two"] {
        world.add(name, "insider", "backend: scim; endpoint: https://inone.useinsider.com/scim/v2; actor: { role: administrator }");
        world.want_in(name, "", &[]);
    }
    let said = world.command("apply --auto-approve --unreviewed");
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    for name in ["one", "two"] {
        let place = format!("connection-{name}.yaml:2:3: ");
        let variable = format!("PORTCULLIS_TOKEN_{}", name.to_uppercase());
        assert!(said.err.contains(&place) && said.err.contains(&variable), "{name}: {}", said.err);
    }
    assert_eq!(world.command("plan --account sol").code, 2, "nothing was connected");
}

#[test]
fn what_is_not_built_says_so_once() {
    let world = World::solver("");
    for line in ["review", "plan --base main", "plan --format sarif"] {
        let said = world.command(line);
        assert_eq!((said.code, said.err.matches("not-yet-supported").count()), (1, 1), "{line}: {}", said.err);
    }
}

/// What was applied, and how often somebody was invited, is known for certain under the lease alone: where
/// another run wrote to the log meanwhile, the account is connected anew.
#[test]
fn who_finds_that_another_run_wrote_to_the_log_meanwhile_looks_again() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let tokens = |writes: bool| {
        let world = World::solver("backend: bridge; endpoint: \"http://127.0.0.1:9/sol\"; actor: { role: super-user }");
        world.want("", &["{ email: p@acme.example, groups: [standard] }"]);
        let asked = std::sync::Arc::new(AtomicUsize::new(0));
        let mut request = world.request();
        let (log, seen) = (request.audit.clone(), std::sync::Arc::clone(&asked));
        request.env = Box::new(move |name| {
            if name != "PORTCULLIS_TOKEN_SOL" {
                return None;
            }
            if seen.fetch_add(1, Ordering::Relaxed) == 0 && writes {
                std::fs::create_dir_all(log.parent().expect("a folder")).expect("it is made");
                std::fs::write(&log, "{}\n").expect("it is written");
            }
            Some("a-token-of-some-length".to_owned())
        });
        // Nobody answers there, and nobody shall wait for it.
        let patience = portcullis::backends::http::Patience { tries: 1, ..Default::default() };
        request.network = portcullis::backends::http::Network::new(portcullis::backends::http::Options { patience, ..Default::default() });
        let approval = portcullis::run::Approval { unreviewed: true, auto_approve: true, ..Default::default() };
        let _unread = world.block(portcullis::run::apply(&request, &approval, |_, _| Ok(())));
        asked.load(Ordering::Relaxed)
    };
    let once = tokens(false);
    assert!(once > 0);
    assert_eq!(tokens(true), 2 * once);
}

/// What counts is the time at which a run connects, be it long after it began: it may have waited for another.
#[test]
fn signatures_that_ran_out_while_a_run_waited_approve_nothing() {
    use portcullis::apply::Clock;
    use portcullis::plan::saved::{AllowedSigners, Saved};
    use portcullis::run::{Approval, Reviewed, Signers, Stop, apply};
    use ssh_key::private::{Ed25519Keypair, KeypairData};
    let world = World::solver("actor: { role: super-user }");
    world.live("", &["{ email: root@acme.example, name: R, groups: [super-user] }"]);
    world.want("", &["{ email: p@acme.example, name: P, groups: [standard] }"]);
    let key = ssh_key::PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[7; 32])), "root").expect("a key");
    world.file("root.key", &key.to_openssh(ssh_key::LineEnding::LF).expect("it is written"));
    assert_eq!(world.command("plan --out plan.json --sign root.key").code, 2);
    let allowed = format!("root@acme.example {}\n", key.public_key().to_openssh().expect("a public key"));
    let made = |hours: i64| {
        let text = std::fs::read_to_string(world.request().folder.join("plan.json")).expect("a saved plan");
        let signers = Signers { allowed: AllowedSigners::parse(&allowed, "portcullis-plan").expect("a signer"), quorum: 1 };
        let reviewed = Some(Reviewed { saved: Saved::parse(&text).expect("a plan"), signers: Some(signers) });
        let mut request = world.request();
        request.clock = Clock::set(request.now + jiff::SignedDuration::from_hours(hours));
        let applied = world.block(apply(&request, &Approval { reviewed, ..Default::default() }, |_, _| Ok(())));
        applied.map(|applied| applied.results.len()).map_err(|stop| match stop {
            Stop::Failed { message, .. } => message,
            _ => "it stopped for another reason".to_owned(),
        })
    };
    assert_eq!(made(24), Ok(0), "they held for 24 hours");
    assert_eq!(made(23), Ok(1));
}
