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
