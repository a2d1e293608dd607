//! Gamoshi's rules, G1 to G5 (SYSTEMS.md).

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::json;
use support::server::{delete, invite, resend, set};
use support::world::World;

const USER_MANAGER: &str = "actor: { role: user-manager, member: root@acme.example }";
const ROOT: &str = "{ email: root@acme.example, name: R, role: user-manager }";
const SECOND: &str = "{ email: second@acme.example, name: S, role: user-manager }";
const NOBODY: [&str; 0] = [];

// ---- G1 ----

#[test]
fn g1_the_role_is_set_after_the_invitation() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT]);
    for (who, role) in [("a@acme.example", "user-manager"), ("b@acme.example", "user")] {
        world.want("", &[&format!("{{ email: {who}, name: A, role: {role} }}")]);
        let plan = world.plan();
        let change = plan.change(who);
        assert_eq!((&change["calls"], &change["mails"]), (&json!(["invite", "set-role"]), &json!(true)));
        assert_eq!((&change["before"], &change["after"]), (&json!(null), &json!({ "name": "A", "role": role })));
        world.settle();
        // Before anybody accepts: the level is a field of the pending user too.
        let live = world.export();
        assert_eq!((&live.member(who)["phase"], &live.member(who)["role"]), (&json!("pending"), &json!(role)));
    }
    // The default level is a user's here: read back, it needs no second call.
    assert_eq!(world.writes(), 3);
    assert_eq!(world.mails().len(), 2);
}

#[test]
fn g1_the_level_is_read_back_between_the_two_calls() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, name: A, role: user }", "{ email: b@acme.example, name: B, role: user-manager }"]);
    let applied = world.apply();
    assert_eq!(applied.failed(), NOBODY);
    assert_eq!(applied.message("a@acme.example"), "read back: `set-role` was not needed");
    assert_eq!(applied.message("b@acme.example"), "");
    assert_eq!((world.writes(), world.plan().acts()), (3, vec![]));
}

#[test]
fn g1_the_form_asks_for_no_level_and_gives_the_default_one() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT]);
    world
        .server()
        .refuses(invite("a@acme.example", json!({ "role": "user-manager" })), "The New User form has no field role.")
        .takes(invite("a@acme.example", json!({ "name": "A" })));
    let live = world.export();
    assert_eq!((&live.member("a@acme.example")["role"], &live.member("a@acme.example")["administers"]), (&json!("user"), &json!(false)));
}

#[test]
fn g1_an_invitation_is_sent_again_and_its_life_is_a_setting() {
    let mut world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, phase: pending, role: user, invited: 2026-11-01T10:00:00Z }"]);
    world.want("", &["{ email: a@acme.example, role: user }"]);
    // The page states no life, so nothing is ever over by itself.
    assert_eq!(world.plan().acts(), NOBODY);
    world.want("invitations: { life: 7d, cooldown: 3d, attempts: 3 }", &["{ email: a@acme.example, role: user-manager }"]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), &plan.change("a@acme.example")["calls"]),
        (vec!["reinvite a@acme.example".into()], &json!(["set-role", "resend"]))
    );
    assert_eq!(world.apply().failed(), NOBODY);
    assert_eq!(world.mails(), ["invitation a@acme.example 2026-11-22T09:00:00Z"]);
    world.at("2026-11-22T10:00:00Z").accept("a@acme.example");
    world.server().refuses(resend("a@acme.example"), "a@acme.example has no open invitation.");
}

/// CONTRACT: an invitation is `invite` and `set-role`, also where the second form saves settings too.
#[test]
fn g1_an_invitation_with_settings_is_the_same_two_calls() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT]);
    for (settings, calls) in [
        ("role: user", json!(["invite", "set-role"])),
        ("role: user, settings: { regions: [emea] }", json!(["invite", "set-role"])),
        ("partner: north, settings: { regions: [emea] }", json!(["invite", "set-settings"])),
    ] {
        world.want("", &[&format!("{{ email: a@acme.example, {settings} }}")]);
        assert_eq!(world.plan().change("a@acme.example")["calls"], calls, "{settings}");
    }
    world.want("", &["{ email: a@acme.example, role: user-manager, settings: { regions: [emea] } }"]);
    world.settle();
    let live = world.export();
    let a = live.member("a@acme.example");
    assert_eq!((&a["role"], &a["settings"]), (&json!("user-manager"), &json!({ "regions": ["emea"] })));
}

// ---- G2 ----

#[test]
fn g2_removal_is_permanent_and_to_return_is_to_be_invited() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, SECOND, "{ email: a@acme.example, name: A, role: user, settings: { seats: [1, 2] } }"]);
    world.want("mode: authoritative; ignore: [root@acme.example, second@acme.example]", &[]);
    let plan = world.plan();
    assert_eq!((plan.acts(), &plan.change("a@acme.example")["direction"]), (vec!["remove a@acme.example".into()], &json!("narrows")));
    world.settle();
    assert_eq!(world.export().emails(), ["root@acme.example", "second@acme.example"]);
    // The same person with the same grant is a new user: a change with a mail, never no change.
    world.want("", &["{ email: a@acme.example, name: A, role: user }"]);
    let plan = world.plan();
    assert_eq!((plan.acts(), &plan.change("a@acme.example")["mails"]), (vec!["invite a@acme.example".into()], &json!(true)));
    world.settle();
    let live = world.export();
    assert_eq!((&live.member("a@acme.example")["phase"], &live.member("a@acme.example")["settings"]), (&json!("pending"), &json!({})));
}

#[test]
fn g2_an_open_invitation_is_cancelled_by_the_same_icon() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, phase: pending, role: user }"]);
    world.want("absent: [a@acme.example]", &[]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), &plan.change("a@acme.example")["calls"]),
        (vec!["cancel-invitation a@acme.example".into()], &json!(["delete"]))
    );
    world.settle();
    assert_eq!(world.export().emails(), ["root@acme.example"]);
}

// ---- G3 ----

/// The codes of the plan's warnings.
fn warnings(world: &World) -> Vec<String> {
    world.plan().all("warnings").into_iter().map(|w| w["code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn g3_fewer_than_two_user_managers_are_warned_of() {
    let world = World::gamoshi("actor: { role: user-manager }");
    let both = ["{ email: root@acme.example, role: user-manager }", "{ email: second@acme.example, role: user-manager, reason: R }"];
    world.live("", &[ROOT, SECOND]);
    world.want("", &both);
    assert_eq!(warnings(&world), NOBODY);
    // One is left by the plan itself.
    world.want("", &[both[0], "{ email: second@acme.example, role: user }"]);
    assert_eq!((world.plan().tripped(), warnings(&world)), (vec![], vec!["no-backup-administrator".to_owned()]));
    // One is there, and the plan brings the other; who is only invited does not count yet.
    world.live("", &[ROOT, "{ email: second@acme.example, name: S, role: user }"]);
    world.want("", &both);
    assert_eq!(warnings(&world), NOBODY);
    world.live("", &[ROOT]);
    assert_eq!(warnings(&world), ["no-backup-administrator"]);
    // The others ask for no backup.
    let solver = World::solver("actor: { role: super-user }");
    solver.live("", &["{ email: root@acme.example, name: R, groups: [super-user] }"]);
    solver.want("", &["{ email: root@acme.example, groups: [super-user] }"]);
    assert_eq!(warnings(&solver), NOBODY);
}

#[test]
fn g3_none_is_refused() {
    let world = World::gamoshi("actor: { role: user-manager }");
    world.live("", &[ROOT, SECOND]);
    world.want("", &["{ email: root@acme.example, role: user }", "{ email: second@acme.example, role: user }"]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    let no = "There must be at least one active user who manages the others.";
    world
        .server()
        .takes(set("second@acme.example", json!({ "role": "user" })))
        .refuses(set("root@acme.example", json!({ "role": "user" })), no)
        .refuses(delete("root@acme.example"), no);
}

// ---- G4 ----

#[test]
fn g4_an_analytics_user_has_exactly_one_partner_and_no_role() {
    let world = World::gamoshi(USER_MANAGER);
    world.want(
        "",
        &[
            "{ email: a@acme.example }",
            "{ email: b@agency.example, partner: p1 }",
            "{ email: c@agency.example, partner: [p1, p2] }",
            "{ email: d@agency.example, partner: p1, role: user }",
            "{ email: e@acme.example, role: user }",
            "{ email: f@acme.example, role: manager }",
        ],
    );
    let errors = world.check().errors();
    let lines: Vec<(u32, &str)> =
        world.check().lines().into_iter().zip(errors.iter().map(|e| e.split(' ').next_back().unwrap_or_default())).collect();
    assert_eq!(lines, [(4, "exactly-one"), (6, "wrong-type"), (7, "exactly-one"), (9, "unknown-word")]);
    // At the key that stands in place of the role.
    assert!(errors.iter().any(|e| e == "account.yaml:7:36 exactly-one"), "{errors:?}");
}

#[test]
fn g4_two_entries_that_make_another_kind_of_one_person_are_an_error() {
    let world = World::gamoshi(USER_MANAGER);
    for (one, other) in [("role: user", "partner: p1"), ("partner: p1", "partner: p2"), ("role: user", "role: user-manager")] {
        world.want("", &[&format!("{{ email: a@acme.example, {one} }}"), &format!("{{ email: a@acme.example, {other} }}")]);
        assert_eq!(world.check().lines(), [5], "{one} and {other}");
        assert!(world.check().only().contains("gets two different `role` or `partner`"));
    }
    // A dated entry overrides an undated one, and its kind with it.
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, name: A, role: user }", "{ email: a@acme.example, name: A, partner: p1, end: 2026-12-31 }"]);
    assert_eq!(world.check().errors(), NOBODY);
    let plan = world.plan();
    let after = &plan.change("a@acme.example")["after"];
    assert_eq!((&after["partner"], &after["role"]), (&json!("p1"), &json!(null)));
}

#[test]
fn g4_analytics_users_read_for_their_partner_and_nothing_else() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, SECOND]);
    world.want("", &["{ email: kim@agency.example, name: Kim Lee, partner: north }"]);
    let plan = world.plan();
    let change = plan.change("kim@agency.example");
    assert_eq!((&change["calls"], &change["risk"]), (&json!(["invite"]), &json!("low")));
    assert_eq!(change["after"], json!({ "name": "Kim Lee", "partner": "north" }));
    world.settle();
    let live = world.export();
    let kim = live.member("kim@agency.example");
    assert_eq!((&kim["permissions"], &kim["administers"]), (&json!(["analytics"]), &json!(false)));
    assert_eq!((&kim["partner"], &kim["role"], &kim["unreadable"]), (&json!("north"), &json!(null), &json!([])));
    assert_eq!(live.member("root@acme.example")["partner"], json!(null));
}

/// What another kind of user has not is known: it is none.
#[test]
fn g4_a_plan_shows_that_a_user_has_no_partner_and_a_partners_user_no_role() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, "{ email: u@acme.example, name: U, role: user }", "{ email: p@acme.example, name: P, partner: north }"]);
    world.want("", &["{ email: u@acme.example, name: U, partner: north }", "{ email: p@acme.example, name: P, role: user }"]);
    let text = world.command("plan").out;
    for line in ["role     user -> (none)", "partner  (none) -> north", "role     (none) -> user", "partner  north -> (none)"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn g4_nobody_is_turned_into_the_other_kind() {
    let world = World::gamoshi(USER_MANAGER);
    let kinds = ["role: user", "partner: north", "partner: south"];
    for (from, to) in [(0, 1), (1, 0), (1, 2)] {
        for phase in ["active", "pending"] {
            world.live("", &[ROOT, SECOND, &format!("{{ email: a@acme.example, name: A, phase: {phase}, {} }}", kinds[from])]);
            world.want("", &[&format!("{{ email: a@acme.example, {} }}", kinds[to])]);
            let plan = world.plan();
            assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["a@acme.example no-safe-path".to_owned()]), "{from} to {to}, {phase}");
        }
    }
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, partner: north }"]);
    world
        .server()
        .refuses(set("a@acme.example", json!({ "role": "user" })), "An analytics user has no permission level.")
        .refuses(set("a@acme.example", json!({ "partner": "south" })), "The field partner cannot be edited.")
        .refuses(invite("b@acme.example", json!({ "partner": "north", "role": "user" })), "An analytics user has no permission level.");
}

// ---- G5 ----

/// The rows of SYSTEMS.md, "Permissions".
const PERMISSIONS: [(&str, &[&str], bool); 3] = [
    ("role: user-manager", &["account-settings", "modules", "users-module"], true),
    ("role: user", &["modules"], false),
    ("partner: north", &["analytics"], false),
];

#[test]
fn g5_regular_and_analytics_users_live_in_one_account() {
    let world = World::gamoshi(USER_MANAGER);
    for (kind, permissions, administers) in PERMISSIONS {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, name: A, {kind} }}")]);
        let live = world.export();
        let a = live.member("a@acme.example");
        assert_eq!((&a["permissions"], &a["administers"]), (&json!(permissions), &json!(administers)), "{kind}");
    }
    world.live("", &[ROOT, SECOND]);
    world.want("", &["{ email: a@acme.example, role: user }", "{ email: kim@agency.example, partner: north }"]);
    assert_eq!(world.plan().acts(), ["invite a@acme.example", "invite kim@agency.example"]);
    world.settle();
    assert_eq!(world.export().emails().len(), 4);
}

#[test]
fn g5_name_level_and_settings_are_edited_in_one_form() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, SECOND, "{ email: a@acme.example, name: A, role: user }"]);
    world.want("", &["{ email: a@acme.example, name: Ada, role: user-manager, settings: { regions: [emea] } }"]);
    assert_eq!(world.plan().change("a@acme.example")["calls"], json!(["edit"]));
    world.want("", &["{ email: a@acme.example, name: A, role: user-manager }"]);
    let plan = world.plan();
    let change = plan.change("a@acme.example");
    assert_eq!((&change["calls"], &change["direction"], &change["risk"]), (&json!(["set-role"]), &json!("widens"), &json!("high")));
    world.settle();
    world.want("", &["{ email: a@acme.example, name: A, role: user }"]);
    assert_eq!(world.plan().change("a@acme.example")["direction"], "narrows");
}

#[test]
fn g5_settings_are_compared_as_data_and_any_difference_is_both() {
    let world = World::gamoshi(USER_MANAGER);
    let member = |settings: &str| format!("{{ email: a@acme.example, name: A, role: user{settings} }}");
    let settings = ", settings: { regions: [emea, apac], limits: { daily: 10, strict: true } }";
    world.live("", &[ROOT, SECOND, &member(settings)]);
    // The order of keys means nothing; left out means unmanaged; an empty one is written.
    for same in [", settings: { limits: { strict: true, daily: 10 }, regions: [emea, apac] }", ""] {
        world.want("", &[&member(same)]);
        assert_eq!(world.plan().acts(), NOBODY, "{same}");
    }
    for other in [", settings: { regions: [apac, emea], limits: { daily: 10, strict: true } }", ", settings: {}"] {
        world.want("", &[&member(other)]);
        let plan = world.plan();
        let change = plan.change("a@acme.example");
        assert_eq!((&change["direction"], &change["calls"]), (&json!("both"), &json!(["set-settings"])), "{other}");
    }
    world.settle();
    assert_eq!(world.export().member("a@acme.example")["settings"], json!({}));
    // What was never set is empty.
    world.live("", &[ROOT, SECOND, &member("")]);
    assert_eq!(world.plan().acts(), NOBODY);

    world.want("", &[&member(", settings: [emea]")]);
    assert_eq!(world.check().errors(), ["account.yaml:4:65 wrong-type"]);
    world.want("", &[&member(", settings: { a: 1 }"), &member(", settings: { a: 2 }")]);
    assert!(world.check().only().contains("gets two different `settings`"));
}

#[test]
fn g5_only_user_managers_manage() {
    for actor in ["role: user", "partner: north"] {
        let world = World::gamoshi(&format!("actor: {{ {actor} }}"));
        world.live("", &[ROOT, SECOND]);
        world.want("", &["{ email: a@acme.example, role: user }"]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["a@acme.example actor-lacks-role".to_owned()]), "{actor}");
        assert_eq!(plan.needs("a@acme.example"), "a user manager");
        world.server().refuses(invite("a@acme.example", json!({})), "You do not have permission to manage users.");
    }
}

#[test]
fn g5_the_address_is_not_edited_and_nobody_ends_by_themselves() {
    let world = World::gamoshi(USER_MANAGER);
    world.live("", &[ROOT, SECOND, "{ email: a@acme.example, name: A, role: user }"]);
    world.want("", &["{ email: a@acme.example, role: user, end: 2026-11-21 }"]);
    assert_eq!(world.plan().acts(), ["remove a@acme.example"]);
    world.want("domains: [acme.example]", &["{ email: a@acme.example, role: user, end: 2026-12-31, renew: rolling }"]);
    assert_eq!(world.check().lines(), [3, 5]);
}
