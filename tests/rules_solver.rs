//! Solver AI Suite's rules, S1 to S3 (SYSTEMS.md).

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::json;
use support::server::{allow, invite, set};
use support::world::World;

const SUPER_USER: &str = "actor: { role: super-user, member: root@acme.example }";
const ROOT: &str = "{ email: root@acme.example, name: R, groups: [super-user] }";
const NOBODY: [&str; 0] = [];

// ---- S1 ----

#[test]
fn s1_groups_are_fixed() {
    let world = World::solver(SUPER_USER);
    for group in ["standard", "advanced", "super-user"] {
        world.want("", &[&format!("{{ email: a@acme.example, groups: [{group}] }}")]);
        assert_eq!(world.check().errors(), NOBODY, "{group}");
        world.server().takes(invite(&format!("{group}@acme.example"), json!({ "groups": [group] })));
    }
    world.want("", &["{ email: a@acme.example, groups: [standard, advancd] }"]);
    assert_eq!(world.check().errors(), ["account.yaml:4:53 unknown-word"]);
    assert!(world.check().only().contains("did you mean `advanced`?"));
    world.server().refuses(invite("a@acme.example", json!({ "groups": ["analysts"] })), "analysts is not a valid groups.");
}

#[test]
fn s1_membership_is_added_and_removed_in_one_edit() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, groups: [standard, super-user] }"]);
    world.want("", &["{ email: a@acme.example, groups: [advanced, standard] }"]);
    let plan = world.plan();
    let change = plan.change("a@acme.example");
    assert_eq!(
        (&change["before"], &change["after"]),
        (&json!({ "groups": ["standard", "super-user"] }), &json!({ "groups": ["advanced", "standard"] }))
    );
    // A group that somebody gives between the plan and its write is not taken away unseen.
    world.want("", &["{ email: a@acme.example, groups: [advanced, standard, super-user] }"]);
    let applied = world.apply_meanwhile(|w| w.click("a@acme.example", json!({ "groups": ["standard"] })));
    assert_eq!(applied.said(), ["applied sol/edit/a@acme.example"]);
    assert_eq!(
        (applied.left(), &world.export().member("a@acme.example")["groups"]),
        (vec!["edit a@acme.example".to_owned()], &json!(["advanced", "standard"]))
    );
    world.settle();
}

#[test]
fn s1_there_is_neither_a_role_nor_a_whitelist() {
    let world = World::solver(SUPER_USER);
    world.want("", &["{ email: a@acme.example, role: advanced }"]);
    assert_ne!(world.check().lines(), [0; 0]);
    world.want("domains: [acme.example]", &["{ email: a@acme.example, groups: [standard] }"]);
    assert_eq!(world.check().lines(), [3]);
    world.server().refuses(allow("acme.example"), "no such operation");
}

// ---- S2 ----

/// The rows of SYSTEMS.md, "Permissions", in the order of their words.
const PERMISSIONS: [(&str, &[&str]); 3] = [
    ("standard", &["create-broadcast", "create-segment", "read-reports", "view-all"]),
    ("advanced", &["approve-broadcast", "create-broadcast", "create-segment", "read-reports", "view-all"]),
    ("super-user", &["approve-broadcast", "create-broadcast", "create-segment", "manage-permissions", "read-reports", "view-all"]),
];

#[test]
fn s2_each_group_gives_its_permissions() {
    let world = World::solver(SUPER_USER);
    for (group, permissions) in PERMISSIONS {
        world.live("", &[&format!("{{ email: a@acme.example, name: A, groups: [{group}] }}")]);
        let live = world.export();
        let a = live.member("a@acme.example");
        assert_eq!((&a["permissions"], &a["administers"]), (&json!(permissions), &json!(group == "super-user")), "{group}");
    }
    // Effective is the highest of them.
    world.live("", &["{ email: a@acme.example, name: A, groups: [standard, advanced] }"]);
    assert_eq!(world.export().member("a@acme.example")["permissions"], json!(PERMISSIONS[1].1));
}

#[test]
fn s2_direction_is_judged_on_the_matrix_whatever_the_groups() {
    let world = World::solver(SUPER_USER);
    for (from, to, direction) in [
        ("[standard]", "[advanced]", "widens"),
        ("[advanced]", "[standard]", "narrows"),
        ("[super-user]", "[advanced]", "narrows"),
        ("[standard, super-user]", "[advanced, standard]", "narrows"),
        ("[advanced]", "[advanced, standard]", "neither"),
        ("[super-user]", "[standard, super-user]", "neither"),
    ] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, name: A, groups: {from} }}")]);
        world.want("", &[&format!("{{ email: a@acme.example, groups: {to} }}")]);
        assert_eq!(world.plan().change("a@acme.example")["direction"], direction, "{from} to {to}");
    }
}

#[test]
fn s2_only_super_users_manage_permissions() {
    for role in ["standard", "advanced"] {
        let world = World::solver(&format!("actor: {{ role: {role} }}"));
        world.live("", &[ROOT]);
        world.want("", &["{ email: a@acme.example, groups: [standard] }"]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["a@acme.example actor-lacks-role".to_owned()]), "{role}");
        assert_eq!(plan.needs("a@acme.example"), "a super user");
        world.server().refuses(invite("a@acme.example", json!({ "groups": ["standard"] })), "You do not have permission to manage users.");
    }
}

#[test]
fn s2_one_super_user_is_left_at_every_moment() {
    let world = World::solver("actor: { role: super-user }");
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, groups: [standard] }"]);
    world.want("", &["{ email: root@acme.example, groups: [advanced] }"]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    world.server().refuses(set("root@acme.example", json!({ "groups": ["advanced"] })), "There must be at least one");
    // Where another becomes one, that comes first.
    world.want("", &["{ email: root@acme.example, groups: [advanced] }", "{ email: a@acme.example, groups: [super-user] }"]);
    let plan = world.plan();
    assert_eq!(plan.order(), ["edit a@acme.example", "edit root@acme.example"]);
    assert_eq!(plan.change("root@acme.example")["waits_for"], json!(["sol/edit/a@acme.example"]));
    world.settle();
}

#[test]
fn s2_nobody_waits_where_enough_are_left_anyway() {
    let world = World::solver("actor: { role: super-user }");
    let (b, a) = ("{ email: b@acme.example, name: B, groups: [super-user] }", "{ email: a@acme.example, name: A, groups: [standard] }");
    world.live("", &[ROOT, b, a]);
    world.want("", &["{ email: root@acme.example, groups: [advanced] }", "{ email: a@acme.example, groups: [super-user] }"]);
    assert_eq!(world.plan().change("root@acme.example")["waits_for"], json!([]));
}

// ---- S3 ----

#[test]
fn s3_a_person_in_no_group_is_an_error() {
    let world = World::solver(SUPER_USER);
    world
        .want("", &["{ email: a@acme.example, groups: [] }", "{ email: b@acme.example }", "{ email: c@acme.example, groups: [standard] }"]);
    assert_eq!(world.check().lines(), [4, 5]);
    world.live("", &[ROOT, "{ email: c@acme.example, name: C, groups: [standard] }"]);
    let no = "A user must belong to at least one group.";
    world
        .server()
        .refuses(invite("a@acme.example", json!({ "groups": [] })), no)
        .refuses(set("c@acme.example", json!({ "groups": { "add": [], "remove": ["standard"] } })), no);
}

#[test]
fn s3_two_direct_entries_with_different_sets_are_an_error_that_shows_both_lines() {
    let world = World::solver(SUPER_USER);
    world.want("", &["{ email: a@acme.example, groups: [standard] }", "{ email: a@acme.example, groups: [advanced] }"]);
    let checked = world.check();
    assert_eq!(checked.lines(), [5]);
    assert_eq!(checked.0[0].related[0].0.line(), 4);
}
