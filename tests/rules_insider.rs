//! Insider One's rules, I1 to I15, X1 and X2 (SYSTEMS.md): one test or more each, on the manifest,
//! the plan, and the server that refuses what the plan must not ask for.

#[path = "support/scim.rs"]
mod scim;
#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use portcullis::render::Level;
use scim::ScimServer;
use serde_json::json;
use support::server::{allow, delete, disallow, invite, resend, restore, set};
use support::world::World;

const ADMINISTRATOR: &str = "features: [groups, two-factor]; actor: { role: administrator, member: root@acme.example }";
const ROOT: &str = "{ email: root@acme.example, name: Root, role: administrator }";
const TEMPORARY: &str = "{ email: tmp@acme.example, name: Tmp, role: viewer, end: 2026-11-30 }";
const NOBODY: [&str; 0] = [];

// ---- I1 ----

#[test]
fn i1_an_administrator_with_an_end_is_refused_at_the_end() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example }\nteams:\n  all: [ada]\n");
    world.want(
        "",
        &[
            "{ email: a@acme.example, name: A, role: administrator, end: 2026-12-01 }",
            "{ team: all, role: administrator, end: 2026-12-01 }",
            "{ email: r@acme.example, role: administrator, end: 2027-12-01, renew: rolling }",
            "{ email: b@acme.example, role: administrator }",
        ],
    );
    assert_eq!(
        world.check().errors(),
        [
            "account.yaml:4:69 temporary-administrator",
            "account.yaml:5:48 temporary-administrator",
            "account.yaml:6:60 temporary-administrator",
        ]
    );
}

#[test]
fn i1_viewer_always_and_administrator_until_friday_is_refused_at_the_dated_entry() {
    let world = World::insider(ADMINISTRATOR);
    world.want("", &["{ email: a@acme.example, role: viewer }", "{ email: a@acme.example, role: administrator, end: 2026-11-27 }"]);
    assert_eq!(world.check().lines(), [5]);
}

#[test]
fn i1_the_server_refuses_a_temporary_administrator() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, TEMPORARY, "{ email: adm@acme.example, name: A, role: administrator }"]);
    let no = "You cannot assign the administrator role to a user with temporary access.";
    world
        .server()
        .refuses(invite("a@acme.example", json!({ "role": "administrator", "end": "2026-12-01" })), no)
        .refuses(set("tmp@acme.example", json!({ "role": "administrator" })), no)
        .refuses(set("adm@acme.example", json!({ "end": "2026-12-01" })), no);
}

#[test]
fn i1_whoever_leaves_may_administer_until_then() {
    let mut world = World::insider("actor: { role: administrator }");
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada, leaves: 2027-03-31 }\n");
    world.live("", &[ROOT, "{ email: ada@acme.example, name: Ada, role: viewer }"]);
    world.want("", &["{ person: ada, role: administrator }"]);
    assert_eq!(world.check().errors(), NOBODY);
    assert_eq!(world.plan().change("ada@acme.example")["after"], json!({ "role": "administrator" }), "never a native end");
    world.settle();
    assert_eq!(world.at("2027-03-31T21:59:59Z").plan().acts(), NOBODY, "the last day, in summer time");
    let plan = world.at("2027-03-31T22:00:00Z").plan();
    assert_eq!((plan.acts(), &plan.change("ada@acme.example")["cause"]), (vec!["remove ada@acme.example".to_owned()], &json!("expiry")));
}

// ---- I2 ----

#[test]
fn i2_an_end_is_at_most_30_days_away() {
    let world = World::insider(ADMINISTRATOR);
    world.want(
        "",
        &[
            "{ email: a@acme.example, role: viewer, end: 2026-12-22 }",
            "{ email: b@acme.example, role: viewer, end: 2026-12-23 }",
            "{ email: c@acme.example, role: viewer, end: 2027-06-30, renew: rolling }",
        ],
    );
    assert_eq!(world.check().errors(), ["account.yaml:5:53 end-too-far"]);
    let said = world.check().only();
    let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what}: {said}"));
    assert!(at("write a day up to 2026-12-22") < at("`renew: rolling`"));
    world
        .server()
        .takes(invite("a@acme.example", json!({ "role": "viewer", "end": "2026-12-22" })))
        .refuses(invite("b@acme.example", json!({ "role": "viewer", "end": "2026-12-23" })), "up to 30 days")
        .refuses(set("a@acme.example", json!({ "end": "2026-12-23" })), "up to 30 days");
}

#[test]
fn i2_the_30_days_are_counted_in_the_accounts_timezone() {
    let mut world = World::insider(&format!("timezone: Pacific/Auckland; {ADMINISTRATOR}"));
    world.want("", &["{ email: a@acme.example, role: viewer, end: 2026-12-23 }"]);
    // Auckland is 13 hours ahead: its 23rd begins at 11:00.
    assert_eq!(world.at("2026-11-22T10:59:59Z").check().lines(), [4]);
    world.server().refuses(invite("a@acme.example", json!({ "role": "viewer", "end": "2026-12-23" })), "up to 30 days");
    assert_eq!(world.at("2026-11-22T11:00:00Z").check().lines(), [0; 0]);
    world.settle();
    assert_eq!(world.export().member("a@acme.example")["end"], "2026-12-23");
}

#[test]
fn i2_rolling_keeps_the_live_end_at_most_30_days_ahead() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, TEMPORARY]);
    world.want("", &["{ email: tmp@acme.example, role: viewer, end: 2027-01-10, renew: rolling }"]);
    let plan = world.plan();
    let change = plan.change("tmp@acme.example");
    assert_eq!((&change["before"]["end"], &change["after"]["end"]), (&json!("2026-11-30"), &json!("2026-12-22")));
    assert!(change["notes"].as_array().unwrap().iter().any(|n| n.as_str().unwrap().contains("rolling")), "the plan says so: {change}");
    world.settle();
    // Extended where 10 days or fewer remain, and not before.
    assert_eq!(world.at("2026-12-11T22:59:59Z").plan().acts(), NOBODY, "11 days remain in Paris");
    assert_eq!(
        world.at("2026-12-11T23:00:00Z").plan().change("tmp@acme.example")["after"]["end"],
        "2027-01-10",
        "the declared end is the last"
    );
    world.settle();
    assert_eq!(world.at("2027-01-05T09:00:00Z").plan().acts(), NOBODY);
    world.at("2027-01-11T09:00:00Z");
    assert_eq!((world.plan().acts(), &world.export().member("tmp@acme.example")["phase"]), (vec![], &json!("expired")));
}

#[test]
fn i2_rolling_is_no_drift_and_trips_no_guard() {
    let world = World::insider(ADMINISTRATOR);
    let live: Vec<String> = (0..6).map(|i| format!("{{ email: t{i}@acme.example, name: T, role: viewer, end: 2026-11-25 }}")).collect();
    let want: Vec<String> =
        (0..6).map(|i| format!("{{ email: t{i}@acme.example, role: viewer, end: 2027-06-30, renew: rolling }}")).collect();
    world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
    world.want("", &want.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = world.plan();
    assert_eq!((plan.acts().len(), plan.tripped()), (6, vec![]));
    assert_eq!(world.command("drift").code, 0);
    // The same extensions without the word are stopped.
    let want: Vec<String> = (0..6).map(|i| format!("{{ email: t{i}@acme.example, role: viewer, end: 2026-12-20 }}")).collect();
    world.want("", &want.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(world.plan().tripped(), ["end-extensions=6"]);
}

#[test]
fn i2_a_rolling_end_is_part_of_no_digest_and_everything_else_is() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, TEMPORARY]);
    let mut digest = |now: &str, entry: &str| {
        world.want("", &[&format!("{{ email: tmp@acme.example, {entry} }}")]);
        world.at(now).plan().digest()
    };
    let rolling = digest("2026-11-22T09:00:00Z", "role: editor, end: 2027-01-10, renew: rolling");
    assert_eq!(digest("2026-11-23T09:00:00Z", "role: editor, end: 2027-01-10, renew: rolling"), rolling, "another day, another end");
    assert_ne!(digest("2026-11-22T09:00:00Z", "role: collaborator, end: 2027-01-10, renew: rolling"), rolling);
    let fixed = digest("2026-11-22T09:00:00Z", "role: editor, end: 2026-12-20");
    assert_ne!(digest("2026-11-22T09:00:00Z", "role: editor, end: 2026-12-21"), fixed, "an end that does not roll is approved as it is");
    // The same of somebody who is to be invited.
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT]);
    world.want("", &["{ email: tmp@acme.example, role: editor, end: 2027-01-10, renew: rolling }"]);
    let today = world.plan().digest();
    assert_eq!(world.at("2026-11-23T09:00:00Z").plan().digest(), today);
}

#[test]
fn i2_a_rolling_end_starts_at_30_days_and_the_person_is_invited_once() {
    let mut world = World::insider(ADMINISTRATOR);
    world.want("", &["{ email: a@acme.example, role: viewer, end: 2027-03-01, renew: rolling }"]);
    assert_eq!(world.plan().change("a@acme.example")["after"]["end"], "2026-12-22");
    world.settle();
    world.accept("a@acme.example");
    for (now, end) in [
        ("2026-12-13T09:00:00Z", "2027-01-12"),
        ("2027-01-05T09:00:00Z", "2027-02-04"),
        ("2027-01-31T09:00:00Z", "2027-03-01"),
        ("2027-02-25T09:00:00Z", "2027-03-01"),
    ] {
        world.at(now).settle();
        assert_eq!(world.export().member("a@acme.example")["end"], end, "{now}");
    }
    assert_eq!(world.mails().len(), 1);
}

// ---- I3 ----

#[test]
fn i3_an_end_is_inclusive_to_its_last_second_in_the_accounts_timezone() {
    // Zone, end, the first second after it; days of 23, 24 and 25 hours.
    for (zone, end, over) in [
        ("Europe/Paris", "2026-11-30", "2026-11-30T23:00:00Z"),
        ("Pacific/Auckland", "2026-11-30", "2026-11-30T11:00:00Z"),
        ("America/New_York", "2026-11-30", "2026-12-01T05:00:00Z"),
        ("UTC", "2026-12-31", "2027-01-01T00:00:00Z"),
        ("Asia/Kathmandu", "2026-11-30", "2026-11-30T18:15:00Z"),
        // Clocks go back: the 24th ends in summer time, the 25th lasts 25 hours.
        ("Europe/Paris", "2026-10-24", "2026-10-24T22:00:00Z"),
        ("Europe/Paris", "2026-10-25", "2026-10-25T23:00:00Z"),
        ("America/New_York", "2026-10-31", "2026-11-01T04:00:00Z"),
        ("America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"),
        // Clocks go forward: the 28th lasts 23 hours.
        ("Europe/Paris", "2027-03-27", "2027-03-27T23:00:00Z"),
        ("Europe/Paris", "2027-03-28", "2027-03-28T22:00:00Z"),
        // Clocks go forward at midnight: the 30th begins at one.
        ("Africa/Cairo", "2027-04-29", "2027-04-29T22:00:00Z"),
        ("Africa/Cairo", "2027-04-30", "2027-04-30T21:00:00Z"),
        ("Australia/Lord_Howe", "2027-04-04", "2027-04-04T13:30:00Z"),
    ] {
        let mut world = World::insider(&format!("timezone: {zone}; {ADMINISTRATOR}"));
        let over: jiff::Timestamp = over.parse().unwrap();
        let last = over - jiff::SignedDuration::from_secs(1);
        world.at("2026-10-20T12:00:00Z");
        world.live("", &[ROOT, &format!("{{ email: tmp@acme.example, name: T, role: viewer, end: {end} }}")]);
        world.want("", &[&format!("{{ email: tmp@acme.example, role: viewer, end: {end}, renew: rolling }}")]);
        world.at(&last.to_string());
        let live = world.export();
        assert_eq!(live.member("tmp@acme.example")["phase"], "active", "{zone} {end}: {last}");
        assert_eq!(live.member("tmp@acme.example")["permissions"], json!(["products", "view-campaigns"]), "{zone} {end}");
        assert_eq!(world.mails(), NOBODY, "{zone} {end}");
        world.at(&over.to_string());
        let live = world.export();
        assert_eq!(live.member("tmp@acme.example")["phase"], "expired", "{zone} {end}: {over}");
        assert_eq!(live.member("tmp@acme.example")["permissions"], json!([]), "{zone} {end}");
        assert_eq!(world.mails(), [format!("expired tmp@acme.example {last}")], "the person is written to");
        assert_eq!(world.plan().acts(), NOBODY, "{zone} {end}: it ended as declared");
    }
}

#[test]
fn i3_accounts_have_different_todays() {
    let mut world = World::insider(&format!("timezone: Pacific/Auckland; {ADMINISTRATOR}"));
    world.add("paris", "emma-hq", "subaccounts: [emea]; actor: { role: parent }");
    world.live_in("paris", "", &["{ email: k@acme.example, name: K, role: author, subaccounts: [emea] }"]);
    world.live("", &[ROOT, TEMPORARY]);
    world.want("mode: additive", &["{ email: tmp@acme.example, role: viewer, end: 2026-11-30 }"]);
    world.want_in("paris", "", &["{ email: k@acme.example, name: K, role: author, subaccounts: [emea], end: 2026-11-30 }"]);
    // Over in Auckland, where the server ends it; still the last day in Paris, where portcullis does.
    world.at("2026-11-30T11:00:00Z");
    assert_eq!((world.plan().acts(), &world.export().member("tmp@acme.example")["phase"]), (vec![], &json!("expired")));
    assert_eq!(world.at("2026-11-30T22:59:59Z").plan().acts(), NOBODY);
    assert_eq!(world.at("2026-11-30T23:00:00Z").plan().acts(), ["remove k@acme.example"]);
    // As of a day: its first instant, in each account's own timezone.
    world.at("2026-11-22T09:00:00Z");
    assert_eq!(world.plan_at("2026-11-30").acts(), NOBODY);
    assert_eq!(world.plan_at("2026-12-01").acts(), ["remove k@acme.example"]);
}

#[test]
fn i3_the_accounts_timezone_is_a_required_setting() {
    let world = World::insider(ADMINISTRATOR);
    world.file("connection-ins.yaml", "connections:\n  ins:\n    system: insider\n    backend: embedded\n");
    for member in ["{ email: a@acme.example, role: viewer, end: 2026-12-01 }", "{ email: a@acme.example, role: viewer, start: 2026-12-01 }"]
    {
        world.want("", &[member]);
        assert_eq!(world.check().lines().len(), 1, "{member}");
    }
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    assert_eq!(world.check().lines(), [0; 0]);
}

// ---- I4 ----

#[test]
fn i4_promoting_a_temporary_user_first_clears_the_end() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, TEMPORARY]);
    world.want("", &["{ email: tmp@acme.example, role: administrator }"]);
    let plan = world.plan();
    let change = plan.change("tmp@acme.example");
    assert_eq!(change["before"], json!({ "role": "viewer", "end": "2026-11-30" }));
    assert_eq!(change["after"], json!({ "role": "administrator", "end": null }));
    assert_eq!((&change["administers"], &change["risk"], &change["direction"]), (&json!(true), &json!("high"), &json!("widens")));
    assert_eq!(change["calls"].as_array().unwrap().len(), 2, "the end, then the role: {change}");
    // The other way round the server says no.
    world.server().refuses(set("tmp@acme.example", json!({ "role": "administrator" })), "temporary access");
    world.live("", &[ROOT, TEMPORARY]);
    world.settle();
    assert_eq!(world.writes(), 2);
    let live = world.export();
    assert_eq!(
        (&live.member("tmp@acme.example")["role"], &live.member("tmp@acme.example")["end"]),
        (&json!("administrator"), &json!(null))
    );
}

#[test]
fn i4_whoever_was_reduced_meanwhile_is_not_left_half_way_higher() {
    // The reverse: an administrator who becomes a temporary viewer loses the role first.
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: adm@acme.example, name: A, role: administrator }"]);
    world.want("", &["{ email: adm@acme.example, role: viewer, end: 2026-12-01 }"]);
    assert_eq!(world.plan().change("adm@acme.example")["direction"], "narrows");
    world.server().refuses(set("adm@acme.example", json!({ "end": "2026-12-01" })), "temporary access");
    world.settle();
}

#[test]
fn i4_the_end_goes_first_for_pending_and_for_ended_people_too() {
    let world = World::insider(ADMINISTRATOR);
    for phase in [
        "phase: pending, invited: 2026-11-20T10:00:00Z, end: 2026-11-30",
        "phase: expired, name: X, end: 2026-11-10",
        "phase: locked, name: X, end: 2026-11-30",
    ] {
        world.live("", &[ROOT, &format!("{{ email: x@acme.example, {phase}, role: viewer }}")]);
        world.want("", &["{ email: x@acme.example, role: administrator }"]);
        world.settle();
        let live = world.export();
        assert_eq!(
            (&live.member("x@acme.example")["role"], &live.member("x@acme.example")["end"]),
            (&json!("administrator"), &json!(null)),
            "{phase}"
        );
    }
}

// ---- I5 ----

/// The rows of SYSTEMS.md, "Permissions", in the order of their words.
const PERMISSIONS: [(&str, &[&str]); 6] = [
    (
        "administrator",
        &[
            "change-campaign-status",
            "change-system-rules",
            "create-campaigns",
            "edit-campaigns",
            "export-user-profiles",
            "launch-campaigns",
            "manage-users",
            "products",
            "view-campaigns",
            "view-user-profiles",
        ],
    ),
    (
        "editor",
        &[
            "change-campaign-status",
            "change-system-rules",
            "create-campaigns",
            "edit-campaigns",
            "launch-campaigns",
            "products",
            "view-campaigns",
        ],
    ),
    ("collaborator", &["create-test-campaigns", "edit-unlaunched-campaigns", "pause-campaigns", "products", "view-campaigns"]),
    ("viewer", &["products", "view-campaigns"]),
    ("outsourcer", &["change-system-rules"]),
    ("campaign-status-updater", &["change-campaign-status"]),
];

#[test]
fn i5_each_role_gives_its_permissions_and_pii_adds_to_them() {
    let world = World::insider(ADMINISTRATOR);
    for (role, permissions) in PERMISSIONS {
        let adds: &[&str] = match role {
            // Always view and export.
            "administrator" => &[],
            "editor" | "collaborator" => &["export-user-profiles", "view-user-profiles"],
            _ => &["view-user-profiles"],
        };
        for pii in [false, true] {
            world.live("", &[&format!("{{ email: a@acme.example, name: A, role: {role}, pii: {pii} }}")]);
            let mut expected = permissions.to_vec();
            if pii {
                expected.extend(adds);
            }
            expected.sort_unstable();
            let live = world.export();
            let a = live.member("a@acme.example");
            assert_eq!(a["permissions"], json!(expected), "{role}, pii: {pii}");
            assert_eq!(a["administers"], role == "administrator", "{role}");
        }
    }
}

#[test]
fn i5_roles_are_judged_as_sets_of_permissions_and_not_as_ranks() {
    let world = World::insider(ADMINISTRATOR);
    for (from, to, direction) in [
        ("collaborator", "editor", "both"),
        ("editor", "collaborator", "both"),
        ("collaborator", "viewer", "narrows"),
        ("viewer", "collaborator", "widens"),
        ("viewer", "outsourcer", "both"),
        ("editor", "outsourcer", "narrows"),
    ] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, name: A, role: {from} }}")]);
        world.want("", &[&format!("{{ email: a@acme.example, role: {to} }}")]);
        assert_eq!(world.plan().change("a@acme.example")["direction"], direction, "{from} to {to}");
    }
}

#[test]
fn i5_the_flag_widens_for_others_and_gives_an_administrator_nothing() {
    let world = World::insider(ADMINISTRATOR);
    for (role, direction) in [("administrator", "neither"), ("editor", "widens"), ("outsourcer", "widens")] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, name: A, role: {role} }}")]);
        world.want("", &[&format!("{{ email: a@acme.example, role: {role}, pii: true }}")]);
        assert_eq!(world.plan().change("a@acme.example")["direction"], direction, "{role}");
        world.settle();
    }
    // Export goes with the role, though the flag stays.
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: collaborator, pii: true }"]);
    world.want("", &["{ email: a@acme.example, role: viewer, pii: true }"]);
    assert_eq!(world.plan().change("a@acme.example")["direction"], "narrows");
}

#[test]
fn i5_a_limited_product_takes_away() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &["{ email: a@acme.example, name: A, role: viewer, limited-products: [web] }"]);
    for (limited, direction) in [("[web, email]", "narrows"), ("[]", "widens"), ("[email]", "both")] {
        world.want("", &[&format!("{{ email: a@acme.example, role: viewer, limited-products: {limited} }}")]);
        assert_eq!(world.plan().change("a@acme.example")["direction"], direction, "{limited}");
    }
}

// ---- I6 ----

const LEVELS: [&str; 5] = [
    ROOT,
    "{ email: both@acme.example, name: B, role: administrator, groups: [de] }",
    "{ email: g@acme.example, name: G, role: viewer, groups: [de, fr] }",
    "{ email: u@acme.example, name: U, role: editor, groups: [] }",
    "{ email: gone@acme.example, name: X, phase: expired, role: viewer, groups: [de], end: 2026-11-01 }",
];

#[test]
fn i6_the_access_level_is_derived() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &LEVELS);
    let live = world.export();
    for (who, level) in [("root", "account"), ("both", "account"), ("g", "group"), ("u", "unassigned"), ("gone", "group")] {
        assert_eq!(live.member(&format!("{who}@acme.example"))["level"], level, "{who}");
    }
    // It is no attribute that somebody could write.
    world.want("", &["{ email: u@acme.example, role: editor, level: group }"]);
    assert_eq!(world.check().lines(), [4]);
}

#[test]
fn i6_only_administrators_manage_the_account() {
    for role in ["editor", "collaborator", "viewer", "outsourcer", "campaign-status-updater"] {
        let world = World::insider(&format!("features: [groups]; actor: {{ role: {role} }}"));
        world.live("", &[ROOT]);
        world.want("", &["{ email: a@acme.example, role: viewer }"]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["a@acme.example actor-lacks-role".to_owned()]), "{role}");
        assert_eq!(plan.needs("a@acme.example"), "an administrator");
        world.server().refuses(invite("a@acme.example", json!({ "role": "viewer" })), "You do not have permission to manage users.");
    }
}

#[test]
fn i6_a_group_administrator_administers_and_does_not_keep_the_account() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: g@acme.example, name: G, role: viewer, groups: [de] }"]);
    world.want("", &["{ email: g@acme.example, role: viewer, groups: [de], group-admin: [de] }"]);
    let plan = world.plan();
    let change = plan.change("g@acme.example");
    assert_eq!(
        (&change["administers"], &change["risk"], &plan.guard("new-administrators")["actual"]),
        (&json!(true), &json!("high"), &json!(1))
    );
    world.settle();
    let live = world.export();
    assert_eq!(live.member("g@acme.example")["permissions"], json!(["manage-group-users", "products", "view-campaigns"]));
    // The last administrator cannot go, group administrator or not.
    world.connect("features: [groups]; actor: { role: administrator }");
    world.want("", &["{ email: root@acme.example, role: editor }"]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    world
        .server()
        .refuses(set("root@acme.example", json!({ "role": "editor" })), "at least one")
        .refuses(delete("root@acme.example"), "at least one");
}

// ---- I7 ----

#[test]
fn i7_a_manifest_that_names_groups_is_refused_where_the_feature_is_off() {
    let world = World::insider("features: [two-factor]; actor: { role: administrator, member: root@acme.example }");
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: viewer }"]);
    world.want(
        "",
        &[
            "{ email: a@acme.example, role: viewer, groups: [de] }",
            "{ email: b@acme.example, role: viewer, group-admin: [de] }",
            "{ email: c@acme.example, role: viewer, groups: [] }",
            "{ email: d@acme.example, role: viewer }",
        ],
    );
    let checked = world.check();
    assert_eq!(checked.lines(), [4, 5, 6]);
    assert!(checked.errors()[0].starts_with("account.yaml:4:48 "), "{:?}", checked.errors());
    world.server().refuses(set("a@acme.example", json!({ "groups": ["de"] })), "groups is not available in this account.");
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    world.settle();
    // Where nothing is said, it is off.
    world.connect("actor: { role: administrator }");
    world.want("", &["{ email: a@acme.example, role: viewer, groups: [de] }"]);
    assert_eq!(world.check().lines(), [4]);
}

// ---- I8 ----

#[test]
fn i8_a_name_waits_for_the_registration() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, name: Ada Lovelace, role: viewer }"]);
    let plan = world.plan();
    let change = plan.change("a@acme.example");
    assert_eq!(change["notes"], json!(["name-deferred"]));
    world
        .server()
        .refuses(invite("b@acme.example", json!({ "role": "viewer", "name": "B" })), "once the user has completed the registration");
    assert_eq!(world.apply().said(), ["applied ins/invite/a@acme.example"]);
    // No perpetual difference, shown as what it is.
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec![], vec!["name-deferred a@acme.example".to_owned(), "unmanaged-member root@acme.example".to_owned()])
    );
    world.server().refuses(set("a@acme.example", json!({ "name": "Ada Lovelace" })), "once the user has completed the registration");
    assert_eq!(world.command("drift").code, 0);
    world.accept("a@acme.example");
    let plan = world.plan();
    let change = plan.change("a@acme.example");
    assert_eq!((&change["after"], &change["cause"]), (&json!({ "name": "Ada Lovelace", "role": "viewer" }), &json!("invitation")));
    assert_eq!(world.command("drift").code, 0, "a deferred name is no drift");
    world.settle();
    assert_eq!(world.export().member("a@acme.example")["name"], "Ada Lovelace");
}

#[test]
fn i8_a_name_that_someone_changed_is_drift() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: a@acme.example, name: Ada Byron, role: viewer }"]);
    world.want("", &["{ email: a@acme.example, name: Ada Lovelace, role: viewer }"]);
    assert_eq!(world.plan().change("a@acme.example")["cause"], "undetermined");
    assert_eq!(world.command("drift").code, 3);
}

// ---- I9 ----

#[test]
fn i9_locked_is_reported_and_never_fixed() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: l@acme.example, name: L, phase: locked, role: viewer }"]);
    world.want("", &["{ email: l@acme.example, role: viewer }"]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec![], vec!["locked-member l@acme.example".to_owned(), "unmanaged-member root@acme.example".to_owned()])
    );
    assert!(plan.report("l@acme.example").contains("cannot unlock"));
    world.server().refuses(resend("l@acme.example"), "no open invitation");
    // An edit does not unlock either.
    world.want("", &["{ email: l@acme.example, role: editor }"]);
    world.settle();
    let live = world.export();
    assert_eq!((&live.member("l@acme.example")["phase"], &live.member("l@acme.example")["role"]), (&json!("locked"), &json!("editor")));
    assert_eq!(world.plan().reports(), ["locked-member l@acme.example", "unmanaged-member root@acme.example"]);
}

// ---- I10 ----

const EXPIRED: &str = "{ email: x@acme.example, name: X, phase: expired, role: viewer, end: 2026-11-10 }";

#[test]
fn i10_an_expired_user_with_a_new_end_is_restored() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, EXPIRED]);
    world.want("", &["{ email: x@acme.example, role: editor, end: 2026-12-10 }"]);
    let plan = world.plan();
    let change = plan.change("x@acme.example");
    assert_eq!((&change["action"], &change["direction"], &change["mails"]), (&json!("restore"), &json!("widens"), &json!(true)));
    assert_eq!(change["after"], json!({ "role": "editor", "end": "2026-12-10" }));
    world.settle();
    let live = world.export();
    let x = live.member("x@acme.example");
    assert_eq!((&x["phase"], &x["role"], &x["end"]), (&json!("active"), &json!("editor"), &json!("2026-12-10")));
    assert_eq!(world.mails(), ["restored x@acme.example 2026-11-22T09:00:00Z"], "no invitation: they need not register again");
}

#[test]
fn i10_expired_as_declared_stays_expired() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, EXPIRED]);
    world.want("", &["{ email: x@acme.example, role: viewer, end: 2026-11-10 }"]);
    assert_eq!(world.plan().acts(), NOBODY);
    // Without an end the entry asks for somebody who stays.
    world.want("", &["{ email: x@acme.example, role: viewer }"]);
    assert_eq!(world.plan().acts(), ["restore x@acme.example"]);
    world.settle();
    assert_eq!(
        (&world.export().member("x@acme.example")["phase"], &world.export().member("x@acme.example")["end"]),
        (&json!("active"), &json!(null))
    );
}

#[test]
fn i10_somebody_who_never_registered_is_no_case_for_it() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: p@acme.example, phase: pending, role: viewer, invited: 2026-11-20T09:00:00Z }"]);
    world.server().refuses(restore("p@acme.example", json!({})), "resend the invitation instead");
}

#[test]
fn i10_a_temporary_end_comes_back_before_and_after_the_role() {
    let world = World::insider(ADMINISTRATOR);
    // An administrator never ends, so nobody expires as one; the console may have said otherwise.
    for (role, wanted, end) in
        [("viewer", "editor", "2026-12-22"), ("editor", "viewer", "2026-11-22"), ("collaborator", "outsourcer", "2026-12-01")]
    {
        world.live("", &[ROOT, &format!("{{ email: x@acme.example, name: X, phase: expired, role: {role}, end: 2026-11-10 }}")]);
        world.want("", &[&format!("{{ email: x@acme.example, role: {wanted}, end: {end} }}")]);
        assert_eq!(world.plan().acts(), ["restore x@acme.example"], "{role}");
        world.settle();
        let live = world.export();
        assert_eq!(
            (&live.member("x@acme.example")["phase"], &live.member("x@acme.example")["role"]),
            (&json!("active"), &json!(wanted)),
            "{role}"
        );
    }
}

#[test]
fn i10_a_rolling_end_that_was_missed_comes_back_30_days_ahead() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, EXPIRED]);
    world.want("", &["{ email: x@acme.example, role: viewer, end: 2027-06-30, renew: rolling }"]);
    assert_eq!(world.plan().change("x@acme.example")["after"]["end"], "2026-12-22");
    world.settle();
    // Nobody ran for two months.
    world.at("2027-02-01T09:00:00Z");
    assert_eq!(world.export().member("x@acme.example")["phase"], "expired");
    assert_eq!(world.plan().acts(), ["restore x@acme.example"]);
    world.settle();
    assert_eq!(
        (&world.export().member("x@acme.example")["phase"], &world.export().member("x@acme.example")["end"]),
        (&json!("active"), &json!("2027-03-03"))
    );
}

#[test]
fn i10_whoever_never_registered_is_invited_again_with_the_new_end() {
    let mut world = World::insider(ADMINISTRATOR);
    world.want("", &["{ email: x@acme.example, name: X, role: viewer, end: 2026-11-24 }"]);
    world.settle();
    world.at("2026-11-26T09:00:00Z");
    assert_eq!(world.export().member("x@acme.example")["phase"], "expired");
    world.want("", &["{ email: x@acme.example, name: X, role: viewer, end: 2026-12-10 }"]);
    world.settle();
    let live = world.export();
    assert_eq!((&live.member("x@acme.example")["phase"], &live.member("x@acme.example")["end"]), (&json!("pending"), &json!("2026-12-10")));
    assert_eq!(world.mails(), ["invitation x@acme.example 2026-11-22T09:00:00Z", "invitation x@acme.example 2026-11-26T09:00:00Z"]);
    world.accept("x@acme.example");
    world.settle();
    assert_eq!(world.export().member("x@acme.example")["name"], "X");
}

// ---- I11 ----

#[test]
fn i11_a_domain_comes_before_its_first_person_and_goes_after_its_last() {
    let world = World::insider(ADMINISTRATOR);
    world.live(
        "domains: [acme.example, old.example]",
        &[
            ROOT,
            "{ email: gone@old.example, name: G, role: viewer }",
            "{ email: kim@old.example, phase: pending, role: viewer, invited: 2026-11-20T09:00:00Z }",
        ],
    );
    world.want(
        "mode: authoritative; domains: [acme.example, agency.example]",
        &["{ email: root@acme.example, role: administrator }", "{ email: kim@agency.example, name: Kim, role: viewer }"],
    );
    world.server().refuses(invite("kim@agency.example", json!({ "role": "viewer" })), "The domain agency.example is not whitelisted.");
    let plan = world.plan();
    assert_eq!(
        plan.order(),
        [
            "allow-domain agency.example",
            "invite kim@agency.example",
            "cancel-invitation kim@old.example",
            "remove gone@old.example",
            "disallow-domain old.example",
        ]
    );
    assert_eq!(plan.change("kim@agency.example")["waits_for"], json!(["ins/allow-domain/agency.example"]));
    assert_eq!(plan.change("old.example")["waits_for"], json!(["ins/cancel-invitation/kim@old.example", "ins/remove/gone@old.example"]));
    assert_eq!(plan.tripped(), ["disallowed-domains=1"], "nobody is cut off");
    let applied = world.apply_lifting(&["disallowed-domains=1"]);
    assert_eq!((applied.failed(), world.plan().acts()), (vec![], vec![]));
    assert_eq!(world.export().domains(), &json!(["acme.example", "agency.example"]));
}

#[test]
fn i11_whoever_is_listed_through_the_directory_comes_from_a_listed_domain() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  kim: { email: kim@vendor.example }\nteams:\n  t: [kim]\n");
    for (entry, errors) in [
        ("{ person: kim, role: viewer }", vec!["account.yaml:5:19 domain-not-listed"]),
        ("{ team: t, role: viewer }", vec!["account.yaml:5:17 domain-not-listed"]),
        ("{ person: kim, role: viewer, end: 2026-11-21 }", vec![]),
    ] {
        world.want("domains: [acme.example]", &[entry]);
        assert_eq!(world.check().errors(), errors, "{entry}");
    }
    world.want("domains: [acme.example, vendor.example]", &["{ person: kim, role: viewer }"]);
    assert_eq!(world.check().errors(), NOBODY);
}

#[test]
fn i11_who_would_be_cut_off_is_shown_and_stops_the_plan() {
    let world = World::insider(ADMINISTRATOR);
    for (still, phase) in
        [("role: viewer", "active"), ("role: administrator", "active"), ("role: viewer", "pending"), ("role: viewer", "locked")]
    {
        world.live("domains: [acme.example, old.example]", &[ROOT, &format!("{{ email: still@old.example, phase: {phase}, {still} }}")]);
        world.want("domains: [acme.example]", &["{ email: root@acme.example, role: administrator }"]);
        let plan = world.plan();
        assert_eq!(plan.tripped(), ["cut-off=1", "disallowed-domains=1"], "{still} {phase}");
        assert_eq!(plan.guard("cut-off")["who"], json!(["still@old.example"]), "{still} {phase}");
        assert!(world.command("plan").out.contains("still@old.example"));
        // One lift is not enough.
        assert_eq!(world.apply_lifting(&["disallowed-domains=1"]).said(), NOBODY);
        assert_eq!(world.export().domains(), &json!(["acme.example", "old.example"]));
    }
}

#[test]
fn i11_an_invitation_into_a_domain_that_nobody_allows_is_blocked() {
    let world = World::insider(ADMINISTRATOR);
    world.live("domains: [acme.example]", &[ROOT]);
    world.want("", &["{ email: a@agency.example, role: viewer }", "{ email: b@acme.example, role: viewer }"]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.blocked()),
        (vec!["invite b@acme.example".to_owned()], vec!["a@agency.example domain-not-allowed".to_owned()])
    );
    // Off admits everybody.
    world.live("", &[ROOT]);
    assert_eq!(world.plan().acts(), ["invite a@agency.example", "invite b@acme.example"]);
}

/// Who is let in no more can neither work nor let anybody in, whatever the status says.
#[test]
fn i11_whom_the_whitelist_keeps_out_is_no_administrator_who_is_left() {
    let world = World::insider("actor: { role: administrator }");
    let kept_out = "{ email: x@old.example, phase: active, role: administrator }";
    world.live("domains: [acme.example]", &[ROOT, kept_out]);
    world.want("domains: [acme.example]; absent: [root@acme.example]", &[]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    let said = world.command("who x@old.example").out;
    assert!(said.contains("active, kept out by the whitelist, would administer"), "{said}");
    assert!(said.contains("once the whitelist lists the domain, in the account: "), "{said}");
    assert!(said.contains("administers none yet, would administer 1") && !said.contains("may"), "{said}");
    // Two things are missing then, and both are said.
    world.live("domains: [acme.example]", &[ROOT, "{ email: x@old.example, phase: locked, role: administrator }"]);
    let said = world.command("who x@old.example").out;
    assert!(said.contains("once unlocked and the whitelist lists the domain, in the account: "), "{said}");
    world.live("domains: [acme.example]", &[ROOT, kept_out]);
    // To take such a one away takes no administrator, and to promote one gives none.
    world.want("domains: [acme.example]; absent: [x@old.example]", &["{ email: root@acme.example, role: administrator }"]);
    assert_eq!(world.plan().tripped(), NOBODY);
    world.settle();
    world.live("domains: [acme.example]", &[ROOT, "{ email: x@old.example, phase: active, role: viewer }"]);
    world.want("domains: [acme.example]; absent: [root@acme.example]", &["{ email: x@old.example, role: administrator }"]);
    assert_eq!(world.check().errors(), ["account.yaml:6:18 domain-not-listed"]);
}

#[test]
fn i11_a_domain_cut_off_by_hand_changes_no_status() {
    let world = World::insider(ADMINISTRATOR);
    world.live("domains: [acme.example, old.example]", &[ROOT, "{ email: still@old.example, name: S, role: viewer }"]);
    world.server().takes(disallow("old.example"));
    assert_eq!(world.export().member("still@old.example")["phase"], "active");
}

// ---- I12 ----

#[test]
fn i12_neighbours_of_a_domain_do_not_match() {
    let world = World::insider(ADMINISTRATOR);
    world.want(
        "domains: [acme.com]",
        &[
            "{ email: a@evil-acme.com, role: viewer }",
            "{ email: b@eu.acme.com, role: viewer }",
            "{ email: c@acme.com.evil.example, role: viewer }",
            "{ email: d@ACME.com, role: viewer }",
        ],
    );
    assert_eq!(world.check().lines(), [5, 6, 7], "the same domain in another case is the same");
    world.live("domains: [acme.com]", &[]);
    let no = "is not whitelisted";
    world
        .server()
        .refuses(invite("a@evil-acme.com", json!({ "role": "viewer" })), no)
        .refuses(invite("b@eu.acme.com", json!({ "role": "viewer" })), no)
        .refuses(invite("c@acme.com.evil.example", json!({ "role": "viewer" })), no)
        .takes(invite("d@ACME.com", json!({ "role": "viewer" })));
}

#[test]
fn i12_a_neighbour_is_not_cut_off() {
    let world = World::insider(ADMINISTRATOR);
    world.live("domains: [acme.example, eu.acme.example]", &[ROOT]);
    world.want("domains: [acme.example]", &["{ email: root@acme.example, role: administrator }"]);
    assert_eq!(world.plan().tripped(), ["disallowed-domains=1"]);
}

#[test]
fn i12_one_domain_in_two_spellings_is_one() {
    let world = World::insider(ADMINISTRATOR);
    world.live("domains: [xn--mnchen-3ya.example]", &[ROOT]);
    world.want("domains: [MÜNCHEN.example]", &["{ email: a@münchen.example, role: viewer }"]);
    assert_eq!(world.plan().acts(), ["invite a@xn--mnchen-3ya.example"]);
}

// ---- I13 ----

/// In the order of the roles.
const SCIM_VALUES: [(&str, &str); 6] = [
    ("administrator", "manage-users"),
    ("editor", "edit-and-publish"),
    ("collaborator", "collaborate"),
    ("viewer", "view-only"),
    ("outsourcer", "outsource"),
    ("campaign-status-updater", "change-campaign-status-only"),
];

fn over_scim(server: &ScimServer) -> World {
    let mut world = World::insider(&format!("backend: scim; endpoint: \"{}\"", server.endpoint()));
    world.env("PORTCULLIS_TOKEN_INS", "token-of-this-test");
    world
}

#[test]
fn i13_the_six_values_are_read_in_the_order_of_the_roles() {
    let world = World::insider(ADMINISTRATOR);
    let users: Vec<(String, &str, bool)> = SCIM_VALUES.iter().map(|(role, value)| (format!("{role}@acme.example"), *value, true)).collect();
    let users: Vec<(&str, &str, bool)> = users.iter().map(|(a, v, s)| (a.as_str(), *v, *s)).collect();
    let server = world.block(ScimServer::start(&users));
    let world = over_scim(&server);
    let live = world.export();
    for (role, _) in SCIM_VALUES {
        let member = format!("{role}@acme.example");
        assert_eq!((&live.member(&member)["role"], &live.member(&member)["phase"]), (&json!(role), &json!("active")));
    }
    assert_eq!(server.writes(), []);
}

#[test]
fn i13_the_six_values_are_written_as_the_one_primary_role() {
    let world = World::insider(ADMINISTRATOR);
    for (role, value) in SCIM_VALUES {
        let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true)]));
        let world = over_scim(&server);
        world.want("", &[&format!("{{ email: New@acme.example, role: {role} }}")]);
        world.settle();
        let [(verb, body)] = &server.writes()[..] else { panic!("{:?}", server.writes()) };
        assert_eq!(
            (verb.as_str(), &body["userName"], &body["roles"]),
            ("POST", &json!("new@acme.example"), &json!([{ "value": value, "primary": true }]))
        );
    }
}

#[test]
fn i13_inactive_is_suspended_and_comes_back_by_restore() {
    let world = World::insider(ADMINISTRATOR);
    let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true), ("s@acme.example", "view-only", false)]));
    let world = over_scim(&server);
    assert_eq!(world.export().member("s@acme.example")["phase"], "suspended");
    // Suspended counts as gone.
    world.want("mode: authoritative", &["{ email: root@acme.example, role: administrator }"]);
    assert_eq!(world.plan().acts(), NOBODY);
    world.want("", &["{ email: s@acme.example, role: viewer }"]);
    assert_eq!(world.plan().acts(), ["restore s@acme.example"]);
    world.settle();
    assert_eq!(world.export().member("s@acme.example")["phase"], "active");
}

#[test]
fn i13_an_unreadable_whitelist_neither_blocks_nor_orders() {
    let world = World::insider(ADMINISTRATOR);
    let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true)]));
    let world = over_scim(&server);
    world.want("domains: [acme.example, agency.example]", &["{ email: a@agency.example, role: viewer }"]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked()), (vec!["invite a@agency.example".to_owned()], vec![]));
    assert_eq!(plan.change("a@agency.example")["waits_for"], json!([]));
    assert!(plan.reports().contains(&"unverifiable".to_owned()), "{:?}", plan.reports());
}

#[test]
fn i13_invitations_are_not_seen_so_nothing_is_sent_again() {
    let world = World::insider(ADMINISTRATOR);
    let server = world.block(ScimServer::start(&[("a@acme.example", "view-only", true)]));
    let mut world = over_scim(&server);
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    for now in ["2026-11-22T09:00:00Z", "2026-12-31T09:00:00Z", "2027-12-31T09:00:00Z"] {
        assert_eq!(world.at(now).plan().acts(), NOBODY, "{now}");
    }
}

#[test]
fn i13_an_invitation_whose_narrowing_attributes_cannot_be_set_with_it_waits_for_a_human() {
    let world = World::insider(ADMINISTRATOR);
    let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true)]));
    let world = over_scim(&server);
    world.want(
        "",
        &["{ email: a@acme.example, role: viewer, limited-products: [web] }", "{ email: b@acme.example, role: viewer, pii: true }"],
    );
    let plan = world.plan();
    let (narrow, wide) = (plan.change("a@acme.example"), plan.change("b@acme.example"));
    assert_eq!((&narrow["manual"], &narrow["calls"]), (&json!(["invite"]), &json!(["invite"])));
    assert_ne!(narrow["channel"], "api");
    assert_eq!((&wide["channel"], &wide["calls"][0]), (&json!("api"), &json!("invite")));
    assert_eq!(wide["manual"].as_array().unwrap().len(), 1, "the flag is set by hand: {wide}");
    let applied = world.apply();
    let [(verb, body)] = &server.writes()[..] else { panic!("{:?}", server.writes()) };
    assert_eq!((verb.as_str(), &body["userName"]), ("POST", &json!("b@acme.example")));
    assert_eq!(applied.failed(), NOBODY);
}

#[test]
fn i13_ends_are_enforced_through_scim_at_the_end_of_the_day() {
    let world = World::insider(ADMINISTRATOR);
    let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true), ("t@acme.example", "view-only", true)]));
    let mut world = over_scim(&server);
    world.want("", &["{ email: t@acme.example, role: viewer, end: 2026-11-25 }"]);
    assert_eq!(world.at("2026-11-25T22:59:59Z").plan().acts(), NOBODY);
    let plan = world.at("2026-11-25T23:00:00Z").plan();
    assert_eq!((plan.acts(), &plan.change("t@acme.example")["cause"]), (vec!["remove t@acme.example".to_owned()], &json!("expiry")));
    world.settle();
    assert_eq!(world.export().member("t@acme.example")["phase"], "suspended", "deactivated, unless `on-removal` says delete");
}

// ---- I14 ----

#[test]
fn i14_an_empty_whitelist_is_refused() {
    let world = World::insider(ADMINISTRATOR);
    world.want("domains: []", &[]);
    assert_eq!(world.check().lines(), [3]);
    assert!(world.check().only().contains("off"));
}

#[test]
fn i14_off_widens_and_is_guarded() {
    let world = World::insider(ADMINISTRATOR);
    world.live("domains: [acme.example]", &[ROOT]);
    world.want("domains: off", &["{ email: a@agency.example, role: viewer }"]);
    let plan = world.plan();
    assert_eq!(plan.order(), ["allow-domain *", "invite a@agency.example"]);
    assert_eq!((&plan.change("*")["direction"], &plan.change("*")["risk"]), (&json!("widens"), &json!("high")));
    assert_eq!(plan.tripped(), ["open-domains=1"]);
    assert_eq!(world.apply().said(), NOBODY);
    let applied = world.apply_lifting(&["open-domains=1"]);
    assert_eq!((applied.failed(), world.plan().acts()), (vec![], vec![]));
    assert_eq!(world.export().domains(), &json!(["*"]));
}

#[test]
fn i14_switching_it_on_lists_everybodys_domain_and_takes_back_what_was_not_listed() {
    let world = World::insider(ADMINISTRATOR);
    let live = [
        ROOT,
        "{ email: kim@other.example, name: K, role: viewer }",
        "{ email: lee@third.example, phase: pending, role: viewer, invited: 2026-11-20T09:00:00Z }",
    ];
    // The product does so by itself.
    world.live("", &live);
    world.server().takes(allow("acme.example"));
    assert_eq!(world.export().domains(), &json!(["acme.example", "other.example", "third.example"]));

    world.live("", &live);
    world.want(
        "domains: [acme.example, new.example]",
        &["{ email: root@acme.example, role: administrator }", "{ email: n@new.example, role: viewer }"],
    );
    let plan = world.plan();
    assert_eq!(
        plan.acts(),
        [
            "allow-domain acme.example",
            "allow-domain new.example",
            "disallow-domain other.example",
            "disallow-domain third.example",
            "invite n@new.example"
        ]
    );
    assert_eq!(plan.order()[0], "allow-domain acme.example", "the first switches it on");
    assert_eq!(plan.change("acme.example")["direction"], "narrows");
    assert_eq!(plan.tripped(), ["cut-off=2", "disallowed-domains=2"]);
    assert_eq!(plan.guard("cut-off")["who"], json!(["kim@other.example", "lee@third.example"]));
    assert_eq!(world.apply().said(), NOBODY);
    let applied = world.apply_lifting(&["cut-off=2", "disallowed-domains=2"]);
    assert_eq!((applied.failed(), applied.left()), (vec![], vec![]));
    assert_eq!(world.export().domains(), &json!(["acme.example", "new.example"]));
    assert_eq!(world.plan().acts(), NOBODY, "the second plan is nothing");
}

#[test]
fn i14_whoever_leaves_in_the_same_plan_is_not_cut_off() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: kim@other.example, name: K, role: viewer }"]);
    world.want("mode: authoritative; domains: [acme.example]", &["{ email: root@acme.example, role: administrator }"]);
    let plan = world.plan();
    assert_eq!(plan.order(), ["allow-domain acme.example", "remove kim@other.example", "disallow-domain other.example"]);
    assert_eq!(plan.tripped(), ["disallowed-domains=1"]);
    let applied = world.apply_lifting(&["disallowed-domains=1"]);
    assert_eq!((applied.failed(), world.plan().acts()), (vec![], vec![]));
}

#[test]
fn i14_left_out_is_unmanaged() {
    let world = World::insider(ADMINISTRATOR);
    for domains in ["", "domains: [acme.example, other.example]"] {
        world.live(domains, &[ROOT]);
        world.want("mode: authoritative", &["{ email: root@acme.example, role: administrator }"]);
        assert_eq!(world.plan().acts(), NOBODY, "{domains}");
    }
}

// ---- I15 ----

#[test]
fn i15_export_shows_by_level() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &LEVELS);
    for (level, members) in [
        (Level::Account, vec!["both@acme.example", "root@acme.example"]),
        (Level::Group, vec!["g@acme.example", "gone@acme.example"]),
        (Level::Unassigned, vec!["u@acme.example"]),
    ] {
        assert_eq!(world.export_only(&[], &[level]).emails(), members);
        let printed = world.command(&format!("export --format json --level {}", level.word()));
        assert_eq!((printed.code, support::answers::Exported(printed.json()).emails()), (0, members));
    }
}

#[test]
fn i15_export_shows_by_status() {
    let world = World::insider(ADMINISTRATOR);
    world.live(
        "",
        &[
            ROOT,
            "{ email: l@acme.example, phase: locked, role: viewer }",
            "{ email: p@acme.example, phase: pending, role: viewer, groups: [de] }",
            "{ email: x@acme.example, phase: expired, role: viewer, groups: [de], end: 2026-11-01 }",
        ],
    );
    for (phases, members) in [
        ("--phase active", vec!["root@acme.example"]),
        ("--phase locked", vec!["l@acme.example"]),
        ("--phase pending", vec!["p@acme.example"]),
        ("--phase expired", vec!["x@acme.example"]),
        ("--phase active --phase locked", vec!["l@acme.example", "root@acme.example"]),
        ("--phase pending --phase locked --level group", vec!["p@acme.example"]),
    ] {
        let printed = world.command(&format!("export --format json {phases}"));
        assert_eq!((printed.code, support::answers::Exported(printed.json()).emails()), (0, members), "{phases}");
    }
}

// ---- X1, X2 ----

#[test]
fn x1_an_invitation_lives_7_days_and_the_last_report_names_what_the_page_names() {
    let mut world = World::insider(ADMINISTRATOR);
    let pending = |attempts: u32| {
        format!("{{ email: p@acme.example, phase: pending, role: viewer, invited: 2026-11-20T10:00:00Z, attempts: {attempts} }}")
    };
    world.live("", &[ROOT, &pending(1)]);
    world.want("", &["{ email: p@acme.example, role: viewer }"]);
    for (now, state, acts) in [
        ("2026-11-27T09:59:59Z", "open", vec![]),
        ("2026-11-27T10:00:00Z", "over", vec![]),
        ("2026-11-30T09:59:59Z", "over", vec![]),
        ("2026-11-30T10:00:00Z", "over", vec!["reinvite p@acme.example"]),
    ] {
        world.at(now);
        assert_eq!(
            (&world.export().member("p@acme.example")["invitation"], world.plan().acts()),
            (&json!(state), acts.into_iter().map(str::to_owned).collect()),
            "{now}"
        );
    }
    assert_eq!(world.plan().change("p@acme.example")["calls"], json!(["resend"]));
    world.live("", &[ROOT, &pending(3)]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec![], vec!["invitation-not-accepted p@acme.example".to_owned(), "unmanaged-member root@acme.example".to_owned()])
    );
    let said = plan.report("p@acme.example");
    for word in ["3 times", "spam", "address is correct", "Resend"] {
        assert!(said.contains(word), "`{said}` does not say `{word}`");
    }
}

#[test]
fn x1_a_shorter_access_period_ends_the_invitation() {
    let mut world = World::insider(ADMINISTRATOR);
    world.want("", &["{ email: p@acme.example, role: viewer, end: 2026-11-24 }"]);
    world.settle();
    assert_eq!(world.at("2026-11-24T22:59:59Z").export().member("p@acme.example")["phase"], "pending");
    world.at("2026-11-24T23:00:00Z");
    assert!(world.try_accept("p@acme.example").is_err());
    assert_eq!(world.plan().acts(), NOBODY, "over before the 7 days, and its entry is over too");
}

#[test]
fn x2_two_fields_are_compared_joined() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  mary: { email: mary@acme.example, given: Mary, family: Ann Lee }\n");
    world.want("", &["{ person: mary, role: viewer }"]);
    world.live("", &[ROOT, "{ email: mary@acme.example, name: Mary Ann Lee, role: viewer }"]);
    assert_eq!(world.plan().acts(), NOBODY);
    world.live("", &[ROOT, "{ email: mary@acme.example, name: Mary Lee, role: viewer }"]);
    assert_eq!(world.plan().change("mary@acme.example")["after"]["name"], "Mary Ann Lee");
}

#[test]
fn x2_a_name_is_split_at_its_last_space_unless_the_manifest_says_where() {
    let world = World::insider(ADMINISTRATOR);
    for (people, given, family) in [("name: Mary Ann Lee", "Mary Ann", "Lee"), ("given: Mary, family: Ann Lee", "Mary", "Ann Lee")] {
        let server = world.block(ScimServer::start(&[("root@acme.example", "manage-users", true), ("m@acme.example", "view-only", true)]));
        let world = over_scim(&server);
        world.file("people.yaml", &format!("people:\n  mary: {{ email: m@acme.example, {people} }}\n"));
        world.want("", &["{ person: mary, role: editor }"]);
        world.settle();
        let written = serde_json::to_string(&server.writes()).unwrap();
        assert!(written.contains(&format!("\"{given}\"")) && written.contains(&format!("\"{family}\"")), "{people}: {written}");
    }
}
