//! Mistakes that the properties found, each as the rule that it broke, on the finished program.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

const EMMA: &str = "system: emma-hq, backend: embedded, timezone: UTC, subaccounts: [emea, apac, us]";
const INSIDER: &str = "system: insider, backend: embedded, timezone: UTC, features: [groups]";
const SOLVER: &str = "system: solver, backend: embedded, timezone: UTC";
const META: &str = "system: meta-gateway, backend: embedded, timezone: UTC, smtp: true";

/// One account `a`: its connection, what its file says, and who is in it.
struct World(tempfile::TempDir);

impl World {
    fn new(connection: &str, account: &str, live: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).expect("a file");
        std::fs::create_dir_all(dir.path().join("manifests")).expect("a folder");
        write("manifests/world.yaml", format!("connections:\n  a: {{ {connection} }}\n{account}"));
        write("live.yaml", format!("accounts:\n  a:\n    members:\n{live}"));
        let world = Self(dir);
        world.run(&["sandbox", "load", "live.yaml", "manifests"], 0);
        world
    }

    #[track_caller]
    fn run(&self, args: &[&str], exit: i32) -> String {
        let said = Command::new(Path::new(env!("CARGO_BIN_EXE_portcullis")))
            .args(args)
            .current_dir(self.0.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env("PORTCULLIS_NOW", "2026-11-22T09:00:00Z")
            .output()
            .expect("the program starts");
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert_eq!(said.status.code(), Some(exit), "{args:?}\n{out}\n{err}");
        out.into_owned()
    }

    #[track_caller]
    fn plan(&self, exit: i32) -> Json {
        self.document(exit)["accounts"][0].clone()
    }

    /// Guards and all.
    #[track_caller]
    fn document(&self, exit: i32) -> Json {
        serde_json::from_str(&self.run(&["plan", "manifests", "--format", "json"], exit)).expect("JSON")
    }

    /// Applies without a failure; then nothing is left but what is blocked.
    #[track_caller]
    fn settles(&self) {
        self.run(&["apply", "manifests", "--auto-approve"], 0);
        assert!(self.plan(0)["changes"].as_array().expect("a list").is_empty());
    }
}

fn calls(plan: &Json) -> Vec<&str> {
    plan["changes"][0]["calls"].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}
fn ids(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|c| c["id"].as_str()).collect()
}
fn codes(plan: &Json) -> Vec<&str> {
    plan["blocked"].as_array().into_iter().flatten().filter_map(|c| c["code"].as_str()).collect()
}

#[test]
fn e2_a_manager_invites_nobody_out_of_its_sight() {
    let world = World::new(
        &format!("{EMMA}, actor: {{ role: manager, subaccounts: [emea] }}"),
        "accounts:\n  a:\n    members:\n      - { email: kim@acme.example, role: author }\n",
        "      - { email: owner@acme.example, phase: active, role: parent }\n",
    );
    let plan = world.plan(2);
    assert_eq!((ids(&plan["changes"]), codes(&plan)), (vec![], vec!["actor-lacks-subaccount"]));
}

#[test]
fn e13_the_subaccount_surface_invites_nobody_into_none() {
    let page = format!("{EMMA}, surface: subaccount, subaccount: emea, actor: {{ role: administrator, subaccounts: [emea] }}");
    let live = "      - { email: owner@acme.example, phase: active, role: parent }\n";
    let entry =
        |subaccounts: &str| format!("accounts:\n  a:\n    members:\n      - {{ email: kim@acme.example, role: author{subaccounts} }}\n");
    let none = World::new(&page, &entry(", subaccounts: []"), live).plan(2);
    assert_eq!((ids(&none["changes"]), codes(&none)), (vec![], vec!["actor-lacks-subaccount"]));
    World::new(&page, &entry(""), live).settles();
    // Whoever opens the page of one subaccount grants that one.
    let bare = format!("{EMMA}, surface: subaccount, subaccount: emea, actor: {{ role: administrator }}");
    World::new(&bare, &entry(", subaccounts: [emea]"), live).settles();
}

#[test]
fn e5_who_is_deleted_and_invited_again_is_granted_everything_anew() {
    let world = World::new(
        &format!("{EMMA}, actor: {{ role: manager, privileges: [edit-managers], subaccounts: [emea] }}"),
        "accounts:\n  a:\n    members:\n      - { email: kim@acme.example, role: full }\n",
        "      - { email: kim@acme.example, phase: pending, role: administrator, privileges: [share-campaigns], subaccounts: [emea] }\n",
    );
    let plan = world.plan(2);
    assert_eq!((ids(&plan["changes"]), codes(&plan)), (vec![], vec!["actor-lacks-privilege"]));
}

#[test]
fn e12_who_moves_to_another_subaccount_stays_in_the_actors_sight() {
    let manager = format!("{EMMA}, actor: {{ role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }}");
    let moves = |from: &str, to: &str| {
        World::new(
            &manager,
            &format!(
                "accounts:\n  a:\n    members:\n      - {{ email: kim@acme.example, name: Kim Lee, role: {to}, subaccounts: [apac] }}\n"
            ),
            &format!("      - {{ email: kim@acme.example, phase: active, role: {from}, subaccounts: [emea] }}\n"),
        )
    };
    for (from, to, way) in [
        ("author", "editor", ["set-name", "set-subaccounts", "set-role"].as_slice()),
        ("editor", "author", ["set-name", "set-role", "set-subaccounts"].as_slice()),
        ("author", "author", ["set-name", "set-subaccounts"].as_slice()),
    ] {
        let world = moves(from, to);
        assert_eq!(calls(&world.plan(2)), way, "{from} to {to}");
        world.settles();
    }
    // Neither role has all that the other has: any order gives too much or loses the person.
    assert_eq!(codes(&moves("manager", "administrator").plan(2)), ["no-safe-path"]);
}

#[test]
fn i4_nothing_that_a_promotion_takes_away_is_held_without_an_end() {
    let world = World::new(
        INSIDER,
        "accounts:\n  a:\n    members:\n      - { email: kim@acme.example, role: administrator, groups: [] }\n",
        "      - { email: kim@acme.example, phase: active, role: viewer, groups: [red], end: 2026-11-30 }\n",
    );
    assert_eq!(calls(&world.plan(2)), ["set-groups", "set-end", "set-role"]);
    world.settles();
}

#[test]
fn i8_the_name_of_somebody_who_ended_before_they_registered_waits() {
    let world = World::new(
        INSIDER,
        "accounts:\n  a:\n    members:\n      - { email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-05 }\n",
        "      - { email: kim@acme.example, phase: pending, role: viewer, end: 2026-11-20 }\n",
    );
    assert_eq!(calls(&world.plan(2)), ["restore"]);
    world.settles();
}

#[test]
fn i10_a_promotion_of_somebody_who_ended_restores_once() {
    for phase in ["pending", "active"] {
        let world = World::new(
            INSIDER,
            "accounts:\n  a:\n    members:\n      - { email: kim@acme.example, role: administrator, pii: true }\n",
            &format!("      - {{ email: kim@acme.example, phase: {phase}, role: viewer, end: 2026-11-20 }}\n"),
        );
        assert_eq!(calls(&world.plan(2)), ["set-pii", "restore", "set-role"], "{phase}");
        world.settles();
    }
}

#[test]
fn restoring_somebody_who_never_registered_gives_no_administrator() {
    let with = |phase: &str| {
        World::new(
            INSIDER,
            "accounts:\n  a:\n    absent: [old@acme.example]\n    members:\n      - { email: kim@acme.example, role: administrator }\n",
            &format!(
                "      - {{ email: old@acme.example, phase: active, role: administrator }}\n      - {{ email: kim@acme.example, phase: {phase}, role: viewer, end: 2026-11-20 }}\n"
            ),
        )
    };
    assert_eq!(codes(&with("pending").plan(2)), ["awaits-acceptance"]);
    let registered = with("active");
    assert_eq!(ids(&registered.plan(2)["changes"]), ["a/restore/kim@acme.example", "a/remove/old@acme.example"]);
    registered.settles();
}

#[test]
fn leaves_ends_the_membership_under_a_previous_address_in_the_same_plan() {
    let world = World::new(
        SOLVER,
        "people:\n  kim: { email: kim@acme.example, previously: [lee@acme.example], leaves: now }\naccounts:\n  a: { }\n",
        "      - { email: kim@acme.example, phase: pending, groups: [standard] }\n      - { email: lee@acme.example, phase: active, groups: [standard] }\n",
    );
    assert_eq!(ids(&world.plan(2)["changes"]), ["a/cancel-invitation/kim@acme.example", "a/remove/lee@acme.example"]);
    world.settles();
}

#[test]
fn awaits_acceptance_is_for_invitees_and_not_for_the_locked() {
    let world = World::new(
        SOLVER,
        "accounts:\n  a:\n    members:\n      - { email: old@acme.example, groups: [standard] }\n      - { email: kim@acme.example, groups: [super-user] }\n",
        "      - { email: old@acme.example, phase: active, groups: [super-user] }\n      - { email: kim@acme.example, phase: locked, groups: [standard] }\n",
    );
    // Nobody is to accept anything: the guard says what is wrong.
    assert!(codes(&world.plan(4)).is_empty());
}

#[test]
fn an_account_that_starts_below_its_minimum_may_be_written_as_far_as_it_is_not_lowered() {
    let world = World::new(
        SOLVER,
        "accounts:\n  a:\n    guards: { minimum-administrators: 3 }\n    absent: [old@acme.example]\n    members:\n      - { email: kim@acme.example, groups: [super-user] }\n",
        "      - { email: old@acme.example, phase: active, groups: [super-user] }\n      - { email: kim@acme.example, phase: active, groups: [standard] }\n",
    );
    world.settles();
}

#[test]
fn an_administrator_who_is_none_for_a_moment_is_missed_by_the_minimum() {
    let account = |guard: &str| {
        format!("accounts:\n  a:\n{guard}    members:\n      - {{ email: kim@acme.example, role: administrator, subaccounts: [apac] }}\n")
    };
    let live = "      - { email: owner@acme.example, phase: active, role: parent }\n      - { email: kim@acme.example, phase: active, role: manager, subaccounts: [emea] }\n";
    World::new(EMMA, &account("    guards: { minimum-administrators: 2 }\n"), live).plan(4);
    World::new(EMMA, &account(""), live).settles();
}

#[test]
fn an_invitee_whose_scopes_are_unmanaged_is_awaited_as_long_as_the_invitation_is_open() {
    let world = World::new(
        EMMA,
        "accounts:\n  a:\n    guards: { minimum-administrators: 2 }\n    members:\n      - { email: old@acme.example, role: author }\n      - { email: kim@acme.example, role: administrator }\n",
        "      - { email: owner@acme.example, phase: active, role: parent }\n      - { email: old@acme.example, phase: active, role: manager, subaccounts: [emea] }\n      - { email: kim@acme.example, phase: pending, role: administrator, subaccounts: [emea] }\n",
    );
    assert_eq!(codes(&world.plan(2)), ["awaits-acceptance"]);
}

// ---- what a review of the code found ----

fn tripped(plan: &Json) -> Vec<String> {
    let guards = plan["guards"].as_array().into_iter().flatten();
    guards.filter(|g| g["tripped"] == true).map(|g| format!("{}={}", g["code"].as_str().unwrap(), g["actual"])).collect()
}

#[test]
fn a_lockout_is_a_loss_of_power_and_no_redundant_group() {
    let actor = |actor: &str| format!("{SOLVER}, actor: {{ role: super-user, member: {actor} }}");
    let both = "      - { email: root@acme.example, phase: active, groups: [standard, super-user] }\n";
    let only = "accounts:\n  a:\n    members:\n      - { email: root@acme.example, groups: [super-user] }\n";
    assert_eq!(tripped(&World::new(&actor("root@acme.example"), only, both).document(2)), [""; 0]);

    let scopes = World::new(
        &format!("{EMMA}, actor: {{ role: manager, member: m@acme.example, subaccounts: [apac, emea], privileges: [edit-managers] }}"),
        "accounts:\n  a:\n    members:\n      - { email: m@acme.example, role: manager, subaccounts: [emea] }\n",
        "      - { email: m@acme.example, phase: active, role: manager, subaccounts: [apac, emea], privileges: [edit-managers] }\n",
    );
    assert_eq!(tripped(&scopes.document(4)), ["self-lockout=1"]);
}

#[test]
fn who_a_disallowed_domain_cuts_off_counts_for_the_guards_that_nobody_lifts() {
    let world = World::new(
        &format!("{INSIDER}, actor: {{ role: administrator, member: root@old.example }}"),
        "guards: { disallowed-domains: { count: 1 }, cut-off: { count: 9 } }\naccounts:\n  a:\n    domains: [acme.example]\n    protect: [glass@old.example]\n    members: []\n",
        "      - { email: root@old.example, phase: active, role: administrator }\n      - { email: glass@old.example, phase: active, role: viewer }\n    domains: [acme.example, old.example]\n",
    );
    assert_eq!(tripped(&world.document(4)), ["minimum-administrators=0", "self-lockout=1", "protected=1"]);
}

/// A domain waits for nobody who comes to administer: before that, whom it cuts off is missing.
#[test]
fn who_comes_to_administer_makes_up_for_nobody_whom_a_domain_cuts_off_before() {
    let with = |minimum: u32| {
        World::new(
            &format!("{INSIDER}, actor: {{ role: administrator }}"),
            &format!(
                "guards: {{ disallowed-domains: {{ count: 1 }}, cut-off: {{ count: 1 }}, minimum-administrators: {minimum} }}\n\
                 accounts:\n  a:\n    domains: [acme.example]\n    members:\n\
                 \x20     - {{ email: goes@acme.example, role: viewer }}\n\
                 \x20     - {{ email: one@acme.example, role: administrator }}\n\
                 \x20     - {{ email: two@acme.example, role: administrator }}\n\
                 \x20     - {{ email: stays@acme.example, role: administrator }}\n"
            ),
            "      - { email: goes@acme.example, phase: active, role: administrator }\n\
             \x20     - { email: stays@acme.example, phase: active, role: administrator }\n\
             \x20     - { email: cut@old.example, phase: active, role: administrator }\n\
             \x20     - { email: one@acme.example, phase: active, role: viewer }\n\
             \x20     - { email: two@acme.example, phase: active, role: viewer }\n\
             \x20   domains: [acme.example, old.example]\n",
        )
    };
    // Three now and three in the end; the domain may go first, and two are left then.
    assert_eq!(tripped(&with(3).document(4)), ["minimum-administrators=2"]);
    assert_eq!(tripped(&with(1).document(2)), [""; 0]);
}

#[test]
fn a_group_administrator_who_becomes_account_administrator_comes_to_administer() {
    let world = World::new(
        &format!("{INSIDER}, actor: {{ role: administrator }}"),
        "accounts:\n  a:\n    members:\n      - { email: v@acme.example, role: administrator }\n",
        "      - { email: root@acme.example, phase: active, role: administrator }\n      - { email: v@acme.example, phase: active, role: viewer, group-admin: [g] }\n",
    );
    let change = &world.plan(2)["changes"][0];
    assert_eq!((&change["administers"], &change["risk"]), (&true.into(), &"high".into()));
}

#[test]
fn protection_means_the_person_under_every_address() {
    let world = World::new(
        SOLVER,
        "people:\n  p: { email: new@acme.example, previously: [old@acme.example] }\naccounts:\n  a:\n    protect: [new@acme.example]\n    members:\n      - { person: p, groups: [advanced] }\n",
        "      - { email: root@acme.example, phase: active, groups: [super-user] }\n      - { email: old@acme.example, phase: active, groups: [standard] }\n",
    );
    assert_eq!(tripped(&world.document(4)), ["protected=1"]);
}

/// Also where the manifests do not ask for them there.
#[test]
fn who_is_protected_or_ignored_is_so_under_every_address_though_nobody_lists_them() {
    let world = |policy: &str| {
        World::new(
            SOLVER,
            &format!(
                "people:\n  p: {{ email: new@acme.example, previously: [old@acme.example] }}\naccounts:\n  a:\n    mode: authoritative\n    {policy}\n    members:\n      - {{ email: root@acme.example, groups: [super-user] }}\n"
            ),
            "      - { email: root@acme.example, phase: active, groups: [super-user] }\n      - { email: old@acme.example, phase: active, groups: [standard] }\n",
        )
    };
    assert_eq!(tripped(&world("protect: [new@acme.example]").document(4)), ["protected=1"]);
    for ignored in ["new@acme.example", "'new@*'"] {
        let plan = world(&format!("ignore: [{ignored}]")).plan(0);
        assert!(plan["changes"].as_array().unwrap().is_empty(), "{ignored}: {plan:#}");
    }
    // A pattern is for those who are called so now; that they were called so once keeps nobody in.
    let plan = world("ignore: ['other@*']").plan(2);
    assert_eq!(plan["changes"][0]["id"], "a/remove/old@acme.example");
    let present = World::new(
        SOLVER,
        "people:\n  p: { email: new@acme.example, previously: [old@vendor.example] }\naccounts:\n  a:\n    mode: authoritative\n    ignore: ['*@vendor.example']\n    members:\n      - { email: root@acme.example, groups: [super-user] }\n",
        "      - { email: root@acme.example, phase: active, groups: [super-user] }\n      - { email: new@acme.example, phase: active, groups: [standard] }\n",
    );
    assert_eq!(present.plan(2)["changes"][0]["id"], "a/remove/new@acme.example");
}

#[test]
fn an_accounts_guard_is_filled_from_the_top_level_and_capped_by_it() {
    let live: String = (0..20).map(|i| format!("      - {{ email: u{i}@acme.example, phase: active, groups: [super-user] }}\n")).collect();
    let world = World::new(
        SOLVER,
        "guards: { removals: { count: 5 } }\naccounts:\n  a:\n    mode: authoritative\n    guards: { removals: { count: 2 } }\n    members:\n      - { email: u0@acme.example, groups: [super-user] }\n",
        &live,
    );
    let plan = world.document(4);
    let removals = plan["guards"].as_array().unwrap().iter().find(|g| g["code"] == "removals").unwrap();
    assert_eq!((&removals["limit"], &removals["actual"]), (&4.into(), &19.into()), "20 % of 20 members, which both let");
}

#[test]
fn a_name_that_the_system_lets_nobody_edit_is_a_report() {
    let world = World::new(
        SOLVER,
        "accounts:\n  a:\n    members:\n      - { email: a@acme.example, name: Ada, groups: [super-user] }\n",
        "      - { email: a@acme.example, name: Bob, phase: active, groups: [super-user] }\n",
    );
    let plan = world.plan(0);
    assert_eq!(plan["reports"][0]["code"], "not-editable");
}

#[test]
fn m7_data_sources_of_an_overridden_standard_user_go_to_no_other_role() {
    let account = "teams:\n  t: [p]\npeople:\n  p: { email: kim@acme.example }\naccounts:\n  a:\n    members:\n      - { team: t, role: standard, data-sources: [shop] }\n      - { person: p, role: view-only, end: 2026-12-31 }\n";
    let world = World::new(META, account, "      - { email: owner@acme.example, phase: active, role: admin }\n");
    let plan = world.plan(2);
    assert_eq!(plan["changes"][0]["after"], serde_json::json!({ "role": "view-only" }));
    assert_eq!(plan["warnings"], serde_json::json!([]), "nothing spreads");
    world.settles();
}

#[test]
fn i2_an_end_is_judged_on_the_day_that_is_planned_for() {
    let world = World::new(
        &format!("{INSIDER}, actor: {{ role: administrator }}"),
        "accounts:\n  a:\n    members:\n      - { email: v@acme.example, role: viewer, end: 2026-12-22 }\n",
        "      - { email: root@acme.example, phase: active, role: administrator }\n",
    );
    let file = world.0.path().join("manifests/world.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("12-22", "12-23")).unwrap();
    world.run(&["validate", "manifests"], 1);
    world.run(&["plan", "manifests"], 1);
    world.run(&["plan", "manifests", "--at", "2026-11-23"], 2);
}

#[test]
fn a_pending_member_whose_end_passes_is_expired_on_the_day_too() {
    let world = World::new(
        &format!("{INSIDER}, actor: {{ role: administrator }}"),
        "accounts:\n  a:\n    members:\n      - { email: v@acme.example, role: viewer, end: 2026-12-20 }\n",
        "      - { email: root@acme.example, phase: active, role: administrator }\n      - { email: v@acme.example, phase: pending, role: viewer, end: 2026-11-25, invited: 2026-11-22T08:00:00Z }\n",
    );
    let plan: Json = serde_json::from_str(&world.run(&["plan", "manifests", "--format", "json", "--at", "2026-11-27"], 2)).unwrap();
    assert_eq!(ids(&plan["accounts"][0]["changes"]), ["a/restore/v@acme.example"]);
}

#[test]
fn an_invitation_says_what_time_alone_will_change() {
    let world = World::new(
        EMMA,
        "accounts:\n  a:\n    members:\n      - { email: k@acme.example, role: author, subaccounts: [apac] }\n      - { email: k@acme.example, role: full, subaccounts: [emea], end: 2026-12-31 }\n      - { email: n@acme.example, role: editor }\n",
        "      - { email: owner@acme.example, phase: active, role: parent }\n",
    );
    let plan = world.plan(2);
    let notes = |at: usize| plan["changes"][at]["notes"].as_array().unwrap().iter().filter_map(Json::as_str).collect::<Vec<_>>();
    assert!(notes(0).contains(&"from 2027-01-01: role author; subaccounts apac"), "{:?}", notes(0));
    assert_eq!(notes(1), ["gives-nothing"], "an editor of no subaccount");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_cut_is_an_error_and_a_closed_pipe_is_none() {
    let world = World::new(SOLVER, "accounts: { a: { members: [] } }\n", "      - { email: a@acme.example, groups: [super-user] }\n");
    for command in ["plan", "export", "validate", "drift"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the full device");
        let said = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args([command, "manifests"])
            .current_dir(world.0.path())
            .env_clear()
            .stdout(full)
            .output()
            .expect("the program starts");
        assert_eq!(said.status.code(), Some(1), "{command}");
        assert!(String::from_utf8_lossy(&said.stderr).contains("cannot write to standard output"), "{command}");
    }
}
