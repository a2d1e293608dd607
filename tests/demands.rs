//! What people who run such tools complain about (DEMANDS.md), each by its number: the tests that a
//! world in one process can prove.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use portcullis::plan::Lift;
use portcullis::run::Approval;
use serde_json::json;
use support::world::World;

const SUPER_USER: &str = "actor: { role: super-user, member: root@acme.example }";
const PARENT: &str = "subaccounts: [emea, apac, us]; actor: { role: parent }";
const ADMINISTRATOR: &str = "actor: { role: administrator, member: root@acme.example }";
const ROOT: &str = "{ email: root@acme.example, name: R, groups: [super-user] }";
const KEEP: &str = "{ email: root@acme.example, groups: [super-user] }";
const NOBODY: [&str; 0] = [];

/// `u0@acme.example` and so on, with further attributes.
fn crowd(n: usize, attrs: &str) -> Vec<String> {
    (0..n).map(|i| format!("{{ email: u{i:04}@acme.example, {attrs} }}")).collect()
}
fn with<'a>(first: &'a str, rest: &'a [String]) -> Vec<&'a str> {
    std::iter::once(first).chain(rest.iter().map(String::as_str)).collect()
}

// ---- 1: a failed, slow, short or empty answer was read as "everybody left" ----

#[test]
fn demand_01_on_an_incomplete_reading_nothing_is_planned_and_the_other_accounts_go_on() {
    for fault in ["failed", "short", "repeated", "contradictory"] {
        let world = World::solver(SUPER_USER);
        world.add("two", "solver", "actor: { role: super-user }");
        let people = crowd(3, "name: U, groups: [standard]");
        world.live(&format!("fault: {fault}"), &with(ROOT, &people));
        world.live_in("two", "", &[ROOT, "{ email: old@acme.example, name: O, groups: [standard] }"]);
        world.want("mode: authoritative", &[KEEP, "{ email: new@acme.example, groups: [standard] }"]);
        world.want_in("two", "mode: authoritative", &[KEEP]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec!["remove old@acme.example".to_owned()], vec![]), "{fault}");
        assert_eq!((plan.problems("sol").len(), plan.problems("two").len()), (1, 0), "{fault}");
        assert_eq!(world.command("plan --format json").code, 7, "{fault}");
        assert_eq!(world.command("drift").code, 7, "{fault}");
        assert_eq!(world.command("export").code, 7, "{fault}");
        assert_eq!(world.command("apply --auto-approve").code, 7, "{fault}");
        assert_eq!(world.writes(), 0, "{fault}");
        assert_eq!(world.plan().acts(), NOBODY, "{fault}: the other account is done");
        // It stays until the next load, and then all are still there.
        world.live("", &with(ROOT, &people));
        assert_eq!(world.plan().acts().len(), 4, "{fault}");
    }
}

#[test]
fn demand_01_a_fault_in_an_empty_account_is_noticed_too() {
    for fault in ["failed", "short", "repeated", "contradictory"] {
        let world = World::solver("actor: { role: super-user }");
        world.live(&format!("fault: {fault}"), &[]);
        world.want("mode: authoritative", &["{ email: a@acme.example, groups: [standard] }"]);
        assert_eq!((world.plan().acts(), world.plan().problems("sol").len()), (vec![], 1), "{fault}");
    }
}

#[test]
fn demand_01_a_reading_back_that_fails_is_said() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, groups: [standard] }"]);
    let applied = world.apply_meanwhile(|w| w.live("fault: short", &[ROOT]));
    assert_eq!(applied.said(), ["applied sol/invite/a@acme.example"]);
    assert_ne!(applied.0["accounts"][0]["unread"], json!([]), "{}", applied.0);
}

// ---- 2: a limit that covered only some kinds of removal; a lift that stayed for weeks ----

#[test]
fn demand_02_the_guard_counts_removals_of_every_kind() {
    let world = World::solver("actor: { role: super-user }");
    world.file(
        "people.yaml",
        "people:\n  left: { email: u0000@acme.example, leaves: now }\n  leaver: { email: u0001@acme.example, leaves: 2026-11-20 }\n",
    );
    world.live("", &with(ROOT, &crowd(4, "name: U, groups: [standard]")));
    world.want(
        "mode: authoritative; absent: [u0002@acme.example]",
        &[
            KEEP,
            "{ person: left, groups: [standard] }",
            "{ person: leaver, groups: [standard] }",
            "{ email: u0003@acme.example, groups: [standard], end: 2026-11-20 }",
        ],
    );
    let plan = world.plan();
    assert_eq!((plan.acts().len(), plan.tripped()), (4, vec!["removals=4".to_owned()]));
    assert_eq!(plan.guard("removals")["limit"], 3);
}

#[test]
fn demand_02_a_lift_is_for_one_plan_alone() {
    let world = World::solver(SUPER_USER);
    world.live("", &with(ROOT, &crowd(8, "name: U, groups: [standard]")));
    world.want("mode: authoritative", &[KEEP, "{ email: u0000@acme.example, groups: [standard] }"]);
    let old = world.plan().digest();
    world.want("mode: authoritative", &[KEEP]);
    let lifted = |code: &str, to: u32, digest: &str| {
        let lift = Lift::new(None, code, to, digest.to_owned()).unwrap();
        world.try_apply(&Approval { lifts: vec![lift], ..Approval::default() }, |_| {})
    };
    let Err(said) = lifted("removals", 8, &old) else { panic!("another plan's lift was taken") };
    assert!(said.contains("is for another plan"), "{said}");
    let now = world.plan().digest();
    let account = world.command("plan --format json").json()["accounts"][0]["digest"].as_str().unwrap_or_default().to_owned();
    let Err(said) = lifted("removals", 8, &account) else { panic!("an account's digest was taken for the plan's") };
    assert!(said.contains(&format!("{account} is the digest of the account ")) && said.contains(&format!("the plan's is {now}")), "{said}");
    let printed = world.command(&format!("apply --digest {account}"));
    assert!(printed.err.contains("is the digest of the account"), "{}", printed.err);
    assert_eq!(lifted("removals", 7, &now).unwrap().said(), NOBODY, "one too few");
    assert_eq!(world.export().emails().len(), 9);
    assert_eq!(lifted("removals", 8, &now).unwrap().said().len(), 8);
    // Done, it lifts nothing any more.
    world.live("", &with(ROOT, &crowd(9, "name: U, groups: [standard]")));
    assert!(lifted("removals", 9, &now).is_err());
}

// ---- 3: a dry run that wrote ----

#[test]
fn demand_03_what_reads_leaves_every_byte() {
    let world = World::emma_hq(PARENT);
    let commands = [
        "validate",
        "validate --strict",
        "plan",
        "plan --format json",
        "plan --at 2027-03-01",
        "drift",
        "export",
        "export --format csv",
        "schema manifest",
    ];
    world.want("mode: authoritative", &["{ email: a@acme.example, name: A, role: author, subaccounts: [emea], end: 2026-12-31 }"]);
    let before = world.bytes();
    for command in commands {
        let printed = world.command(command);
        assert_ne!(printed.out.len() + printed.err.len(), 0, "{command}");
        assert_eq!(
            world.bytes().keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>(),
            "{command} made a file of an account that is not there"
        );
    }
    world.live(
        "",
        &[
            "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea], invited: 2026-10-01T10:00:00Z }",
            "{ email: b@acme.example, name: B, role: full, subaccounts: [emea] }",
        ],
    );
    let before = world.bytes();
    for command in commands {
        assert!(world.command(command).code < 3 || command == "drift", "{command}");
        assert!(world.bytes() == before, "{command} changed a file");
    }
    let _ = (world.plan(), world.export(), world.check(), world.plan_at("2027-03-01"));
    assert!(world.bytes() == before);
    assert_eq!((world.writes(), world.mails()), (0, vec![]));
}

#[test]
fn demand_03_an_apply_that_nobody_approves_writes_nothing() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, groups: [standard] }"]);
    let before = world.bytes();
    let printed = world.command("apply");
    assert_eq!(printed.code, 1, "{}{}", printed.out, printed.err);
    assert!(world.bytes() == before);
}

// ---- 4: no preview for members at all ----

#[test]
fn demand_04_every_change_of_a_member_is_shown_before_it_is_made() {
    let world = World::solver(SUPER_USER);
    world.live(
        "",
        &[ROOT, "{ email: up@acme.example, name: U, groups: [standard] }", "{ email: gone@acme.example, name: G, groups: [standard] }"],
    );
    world.want(
        "mode: authoritative",
        &[KEEP, "{ email: up@acme.example, groups: [advanced] }", "{ email: new@acme.example, name: N, groups: [standard] }"],
    );
    let shown = world.plan().acts();
    assert_eq!(shown, ["edit up@acme.example", "invite new@acme.example", "remove gone@acme.example"]);
    let made: Vec<String> = world.apply().said().iter().map(|said| said.replace("applied sol/", "").replace('/', " ")).collect();
    let mut made = made;
    made.sort();
    assert_eq!(made, shown);
}

// ---- 5: mailed again on every run; an expired one taken for active ----

#[test]
fn demand_05_two_runs_mail_once() {
    let world = World::insider(ADMINISTRATOR);
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    world.settle();
    world.settle();
    world.settle();
    assert_eq!(world.mails(), ["invitation a@acme.example 2026-11-22T09:00:00Z"]);
}

#[test]
fn demand_05_an_expired_invitation_is_not_taken_for_active() {
    let mut world = World::insider("actor: { role: administrator }");
    let live = [
        "{ email: old@acme.example, name: O, role: administrator }",
        "{ email: new@acme.example, phase: pending, role: administrator, invited: 2026-11-01T09:00:00Z, attempts: 3 }",
    ];
    world.live("", &live);
    world.want("mode: authoritative", &["{ email: new@acme.example, role: administrator }"]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["old@acme.example awaits-acceptance".to_owned()]));
    let live = world.export();
    let new = live.member("new@acme.example");
    assert_eq!((&new["phase"], &new["invitation"]), (&json!("pending"), &json!("over")));
    assert!(world.at("2027-11-22T09:00:00Z").try_accept("new@acme.example").is_err());
}

#[test]
fn demand_05_a_declined_invitation_is_reported_and_not_repeated() {
    let mut world = World::emma_hq(PARENT);
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    world.settle();
    world.decline("p@acme.example");
    for now in ["2026-11-23T09:00:00Z", "2027-11-23T09:00:00Z"] {
        let plan = world.at(now).plan();
        assert_eq!((plan.acts(), plan.reports()), (vec![], vec!["invitation-declined p@acme.example".to_owned()]), "{now}");
    }
}

#[test]
fn demand_05_a_change_of_a_pending_one_is_not_skipped() {
    for (world, from, to) in [
        (World::emma_hq(PARENT), "name: P, role: author, subaccounts: [emea]", "name: P, role: full, subaccounts: [emea]"),
        (World::insider(ADMINISTRATOR), "role: viewer", "role: editor"),
        (World::solver(SUPER_USER), "groups: [standard]", "groups: [advanced]"),
    ] {
        world.live("", &[&format!("{{ email: p@acme.example, phase: pending, {from}, invited: 2026-11-20T10:00:00Z }}")]);
        world.want("", &[&format!("{{ email: p@acme.example, {to} }}")]);
        assert_eq!(world.plan().acts(), ["edit-invitation p@acme.example"]);
        world.settle();
    }
}

#[test]
fn demand_05_where_nobody_knows_the_life_of_an_invitation_it_is_a_setting() {
    let mut world = World::solver("actor: { role: super-user }");
    let want = ["{ email: p@acme.example, groups: [standard] }"];
    world.want("", &want);
    world.settle();
    // Unset means never over.
    let plan = world.at("2028-11-22T09:00:00Z").plan();
    assert_eq!((plan.acts(), plan.reports()), (vec![], vec![]));
    world.at("2026-11-22T09:00:00Z");
    world.want("invitations: { life: 2d, cooldown: 1d, attempts: 2 }", &want);
    for (now, mails) in [("2026-11-25T08:59:59Z", 1), ("2026-11-25T09:00:00Z", 2), ("2026-11-28T09:00:00Z", 2), ("2028-11-28T09:00:00Z", 2)]
    {
        world.at(now).settle();
        assert_eq!(world.mails().len(), mails, "{now}");
    }
    assert_eq!(world.plan().reports(), ["invitation-not-accepted p@acme.example"]);
}

// ---- 6, 12: one failure stopped everything; failures that exit 0 ----

#[test]
fn demand_06_one_members_failure_stops_nobody_else() {
    let world = World::solver(SUPER_USER);
    world.live("", &with(ROOT, &crowd(3, "name: U, groups: [standard]")));
    world.want(
        "",
        &[
            "{ email: u0000@acme.example, groups: [advanced] }",
            "{ email: u0001@acme.example, groups: [advanced] }",
            "{ email: u0002@acme.example, groups: [advanced] }",
        ],
    );
    let applied = world.apply_meanwhile(|w| w.click_away("u0001@acme.example"));
    assert_eq!(
        applied.said(),
        ["applied sol/edit/u0000@acme.example", "failed sol/edit/u0001@acme.example", "applied sol/edit/u0002@acme.example"]
    );
    assert_eq!(applied.left(), ["invite u0001@acme.example"]);
}

#[test]
fn demand_12_what_failed_does_not_exit_0() {
    let world = World::emma_hq("subaccounts: [emea, apac]; actor: { role: manager, subaccounts: [emea] }");
    world.live("", &["{ email: far@acme.example, name: F, role: author, subaccounts: [apac] }"]);
    world.want("", &["{ email: far@acme.example, name: F, role: author, subaccounts: [emea] }"]);
    let printed = world.command("apply --auto-approve --format json");
    assert_eq!((printed.code, &printed.json()["results"][0]["result"]), (6, &json!("failed")));
}

// ---- 9: the plan that was applied was not the one reviewed ----

#[test]
fn demand_09_another_plan_than_the_approved_is_stale() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT]);
    world.want("", &["{ email: a@acme.example, groups: [standard] }"]);
    let approval = Approval { digest: Some(world.plan().digest()), ..Approval::default() };
    world.want("", &["{ email: a@acme.example, groups: [super-user] }"]);
    let Err(said) = world.try_apply(&approval, |_| {}) else { panic!("another plan was applied") };
    assert!(said.starts_with("stale"), "{said}");
    assert_eq!(world.writes(), 0);
    world.want("", &["{ email: a@acme.example, groups: [standard], reason: \"a reason moves no digest\" }"]);
    assert_eq!(world.try_apply(&approval, |_| {}).unwrap().said(), ["applied sol/invite/a@acme.example"]);
}

// ---- 10: perpetual differences; the order of the answer changed the text ----

#[test]
fn demand_10_order_changes_nothing() {
    let world = World::emma_hq(PARENT);
    let mut live = crowd(9, "name: U, role: author, subaccounts: [us, emea]");
    let mut want = crowd(9, "role: editor, subaccounts: [apac, emea]");
    let mut seen = Vec::new();
    for _ in 0..3 {
        world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
        world.want("guards: { reductions: { count: 9 } }", &want.iter().map(String::as_str).collect::<Vec<_>>());
        let plan = world.plan();
        seen.push((plan.digest(), plan.order(), world.export().0));
        live.reverse();
        want.rotate_left(2);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

// ---- 11: upper case in an address ----

#[test]
fn demand_11_case_makes_no_second_person() {
    let world = World::solver("actor: { role: super-user }");
    world.live(
        "",
        &[
            "{ email: Root@Acme.example, name: R, groups: [super-user] }",
            "{ email: glass@acme.example, name: G, groups: [standard] }",
            "{ email: bot@vendor.example, name: B, groups: [standard] }",
        ],
    );
    world.want(
        "mode: authoritative; ignore: [\"*@VENDOR.example\"]; protect: [Glass@ACME.example]",
        &["{ email: ROOT@acme.EXAMPLE, groups: [super-user] }", "{ email: GLASS@acme.example, groups: [standard] }"],
    );
    assert_eq!(world.plan().acts(), NOBODY);
    world.want("absent: [BOT@vendor.example]", &[]);
    assert_eq!(world.plan().acts(), ["remove bot@vendor.example"]);
    // Invited once, whatever is written later.
    world.want("", &["{ email: New@Acme.example, groups: [standard] }"]);
    world.settle();
    world.want("", &["{ email: nEW@aCME.example, groups: [standard] }"]);
    assert_eq!(world.plan().acts(), NOBODY);
    assert_eq!(world.mails(), ["invitation new@acme.example 2026-11-22T09:00:00Z"]);
}

// ---- 15, 16: bots and break-glass accounts removed; the tool removed itself ----

#[test]
fn demand_15_ignored_members_are_never_touched() {
    let world = World::solver(SUPER_USER);
    world.live(
        "",
        &[ROOT, "{ email: bot@vendor.example, name: B, groups: [super-user] }", "{ email: old@acme.example, name: O, groups: [standard] }"],
    );
    world.want("mode: authoritative; ignore: [\"*@vendor.example\"]", &[KEEP]);
    assert_eq!(world.plan().acts(), ["remove old@acme.example"]);
    world.settle();
    assert_eq!(world.export().emails(), ["bot@vendor.example", "root@acme.example"]);
}

#[test]
fn demand_15_a_protected_member_stops_the_plan_and_cannot_be_lifted() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT, "{ email: glass@acme.example, name: G, groups: [super-user] }"]);
    world.want("mode: authoritative; protect: [glass@acme.example]", &[KEEP]);
    assert_eq!(world.plan().tripped(), ["protected=1"]);
    assert_eq!(world.plan().guard("protected")["lift"], json!(null));
    let lift = Lift::new(None, "protected", 1, world.plan().digest()).unwrap();
    assert!(world.try_apply(&Approval { lifts: vec![lift], ..Approval::default() }, |_| {}).is_err());
    assert_eq!(world.writes(), 0);
}

#[test]
fn demand_16_the_actor_neither_removes_nor_reduces_itself() {
    let world = World::solver(SUPER_USER);
    let live = [ROOT, "{ email: b@acme.example, name: B, groups: [super-user] }"];
    for (policy, members) in [
        ("mode: authoritative", vec!["{ email: b@acme.example, groups: [super-user] }"]),
        ("absent: [ROOT@acme.example]", vec![]),
        ("", vec!["{ email: root@acme.example, groups: [advanced] }"]),
    ] {
        world.live("", &live);
        world.want(policy, &members);
        assert_eq!(world.plan().tripped(), ["self-lockout=1"], "{policy}");
        assert_eq!(world.apply().said(), NOBODY, "{policy}");
    }
}

#[test]
fn demand_16_the_last_administrator_stays_and_locked_or_pending_ones_are_none() {
    let world = World::solver("actor: { role: super-user }");
    for other in ["phase: locked", "phase: pending, invited: 2026-11-20T10:00:00Z"] {
        world.live("", &[ROOT, &format!("{{ email: b@acme.example, name: B, {other}, groups: [super-user] }}")]);
        world.want("absent: [root@acme.example]", &[]);
        assert_eq!(world.plan().tripped(), ["minimum-administrators=0"], "{other}");
        assert_eq!(world.plan().guard("minimum-administrators")["lift"], json!(null), "never below the system's floor");
    }
}

// ---- 17: remove-then-add where an edit would do ----

#[test]
fn demand_17_whoever_is_there_is_edited_and_never_removed_and_added() {
    for (world, from, to, calls) in [
        (World::emma_hq(PARENT), "name: P, role: author, subaccounts: [apac, emea]", "name: Q, role: full, subaccounts: [apac, us]", 4),
        (World::insider(ADMINISTRATOR), "name: P, role: viewer", "name: Q, role: editor, pii: true", 1),
        (World::solver(SUPER_USER), "name: P, groups: [advanced]", "name: P, groups: [standard]", 1),
    ] {
        world.live("", &[&format!("{{ email: p@acme.example, {from} }}")]);
        world.want("", &[&format!("{{ email: p@acme.example, {to} }}")]);
        let plan = world.plan();
        let change = plan.change("p@acme.example");
        assert_eq!(change["action"], "edit");
        assert!(!change["calls"].as_array().unwrap().iter().any(|c| c.as_str().unwrap().contains("delete")), "{change}");
        world.settle();
        assert_eq!(world.writes(), calls, "{change}");
        assert_eq!(world.export().member("p@acme.example")["phase"], "active");
    }
}

#[test]
fn demand_17_no_moment_between_the_calls_gives_more_than_before_or_after() {
    let world = World::emma_hq(PARENT);
    world.live("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [apac, emea] }"]);
    world.want("", &["{ email: p@acme.example, role: full, subaccounts: [apac, us] }"]);
    // Scopes to what both hold, then the role, then the scopes.
    assert_eq!(world.plan().change("p@acme.example")["calls"], json!(["set-subaccounts", "set-role", "set-subaccounts"]));
    world.settle();
}

// ---- 18: a cascade of the server that was not modelled ----

#[test]
fn demand_18_removing_what_is_gone_is_done() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT, "{ email: old@acme.example, name: O, groups: [standard] }"]);
    world.want("mode: authoritative", &[KEEP]);
    let applied = world.apply_meanwhile(|w| w.click_away("old@acme.example"));
    assert_eq!((applied.said(), applied.left()), (vec!["already sol/remove/old@acme.example".to_owned()], vec![]));
}

#[test]
fn demand_18_what_the_server_takes_away_by_itself_is_in_the_plan() {
    let world = World::emma_hq(PARENT);
    world.live("", &["{ email: m@acme.example, name: M, role: manager, privileges: [billing, edit-managers], subaccounts: [emea] }"]);
    world.want("", &["{ email: m@acme.example, role: author, subaccounts: [emea] }"]);
    let plan = world.plan();
    assert_eq!(plan.change("m@acme.example")["after"]["privileges"], json!([]));
    let applied = world.apply();
    assert_eq!(applied.said(), ["applied news/edit/m@acme.example"], "once, and not the privileges after it");
    assert_eq!(world.plan().acts(), NOBODY);
}

// ---- 19, 24, 25: ends ----

#[test]
fn demand_19_the_run_after_the_last_entry_ended_does_not_break() {
    let mut world = World::emma_hq(PARENT);
    world.file(
        "people.yaml",
        "people:\n  a: { email: a@acme.example, name: A }\n  b: { email: b@acme.example, name: B }\nteams:\n  all: [a, b]\n",
    );
    world.want("mode: authoritative", &["{ team: all, role: author, subaccounts: [emea], end: 2026-11-25 }"]);
    world.settle();
    world.at("2026-11-25T22:59:59Z").settle();
    assert_eq!(world.export().emails(), ["a@acme.example", "b@acme.example"]);
    world.at("2026-11-25T23:00:00Z").settle();
    assert_eq!(world.export().emails(), NOBODY);
    world.at("2027-11-25T23:00:00Z").settle();
    assert_eq!(world.mails().len(), 2);
}

#[test]
fn demand_19_an_end_that_the_server_knows_is_not_raced() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &["{ email: t@acme.example, name: T, role: viewer, end: 2026-11-25 }"]);
    world.want("mode: authoritative", &["{ email: t@acme.example, role: viewer, end: 2026-11-25 }"]);
    for now in ["2026-11-25T22:59:59Z", "2026-11-25T23:00:00Z", "2026-12-25T23:00:00Z"] {
        assert_eq!(world.at(now).plan().acts(), NOBODY, "{now}");
    }
    assert_eq!(world.writes(), 0);
}

#[test]
fn demand_24_the_end_of_one_grant_leaves_the_other() {
    let mut world = World::emma_hq(PARENT);
    world.want(
        "mode: authoritative",
        &[
            "{ email: k@agency.example, name: K, role: author, subaccounts: [emea, us], end: 2026-11-25 }",
            "{ email: k@agency.example, role: author, subaccounts: [apac, us], end: 2026-11-28 }",
        ],
    );
    world.settle();
    world.accept("k@agency.example");
    for (now, subaccounts) in [
        ("2026-11-25T22:59:59Z", json!(["apac", "emea", "us"])),
        ("2026-11-25T23:00:00Z", json!(["apac", "us"])),
        ("2026-11-28T22:59:59Z", json!(["apac", "us"])),
    ] {
        world.at(now).settle();
        assert_eq!(world.export().member("k@agency.example")["subaccounts"], subaccounts, "{now}");
    }
    let plan = world.at("2026-11-28T23:00:00Z").plan();
    assert_eq!((plan.acts(), &plan.change("k@agency.example")["cause"]), (vec!["remove k@agency.example".to_owned()], &json!("expiry")));
    world.settle();
}

#[test]
fn demand_25_neighbours_that_end_on_one_day_all_end() {
    let mut world = World::emma_hq(PARENT);
    let people = crowd(6, "name: U, role: author, subaccounts: [emea], end: 2026-11-25");
    world.want("mode: authoritative; guards: { removals: { count: 6 } }", &people.iter().map(String::as_str).collect::<Vec<_>>());
    world.settle();
    for i in 0..6 {
        world.accept(&format!("u{i:04}@acme.example"));
    }
    world.at("2026-11-25T23:00:00Z");
    assert_eq!(world.plan().acts().len(), 6);
    world.settle();
    assert_eq!(world.export().emails(), NOBODY);
}

// ---- 20: a renamed person stops the run ----

#[test]
fn demand_20_a_changed_address_is_reported_and_stops_nobody() {
    let world = World::solver("actor: { role: super-user }");
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada, previously: [ada.byron@acme.example] }\n");
    world.live("", &["{ email: ada.byron@acme.example, name: Ada, groups: [super-user] }"]);
    world.want("mode: authoritative", &["{ person: ada, groups: [super-user] }", "{ email: new@acme.example, groups: [standard] }"]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec!["invite new@acme.example".to_owned()], vec!["previous-address ada.byron@acme.example".to_owned()])
    );
    world.settle();
}

// ---- 21, 23: tokens in logs; manifests that read the secrets ----

/// Nothing listens there: the port of a server that was here a moment ago.
fn nobody_listens() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/scim/v2", listener.local_addr().unwrap())
}

#[test]
fn demand_21_a_token_is_in_no_output() {
    let mut world = World::insider(&format!("backend: scim; endpoint: \"{}\"", nobody_listens()));
    world.env("PORTCULLIS_TOKEN_INS", "canary-51c0ffee");
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    for command in ["plan -vv", "plan --format json -vv --log trace", "drift -vv", "export -vv", "apply --auto-approve --unreviewed -vv"] {
        let printed = world.command(command);
        assert_ne!(printed.code, 0, "{command}");
        assert!(!format!("{}{}", printed.out, printed.err).contains("canary"), "{command}: {}{}", printed.out, printed.err);
    }
    assert_eq!(world.plan().problems("ins").len(), 1);
    assert_eq!(world.plan().acts(), NOBODY);
}

#[test]
fn demand_23_manifests_alone_send_no_token_anywhere_in_ci() {
    let endpoint = nobody_listens();
    let refused = |env: &[(&str, &str)], auth: &str| {
        let mut world = World::insider(&format!("backend: scim; endpoint: \"{endpoint}\"{auth}"));
        world.want("", &["{ email: a@acme.example, role: viewer }"]);
        world.env("PORTCULLIS_TOKEN_INS", "canary-51c0ffee");
        env.iter().for_each(|(name, value)| world.env(name, value));
        world.try_plan().err()
    };
    assert!(refused(&[("CI", "true")], "").expect("no origin is set").contains("PORTCULLIS_ORIGIN_INS"));
    assert!(
        refused(&[("PORTCULLIS_ORIGIN_INS", "https://inone.useinsider.com")], "").expect("another origin").contains("inone.useinsider.com")
    );
    assert!(refused(&[], "; auth: { command: [cat, /etc/passwd] }").is_some());
    assert!(refused(&[], "; auth: { file: /etc/passwd }").is_some());
    let origin = endpoint.trim_end_matches("/scim/v2");
    assert_eq!(refused(&[("CI", "true"), ("PORTCULLIS_ORIGIN_INS", origin)], ""), None);
}

// ---- 22: two applies at once ----

#[test]
fn demand_22_two_applies_at_once_mail_once() {
    let world = World::emma_hq(PARENT);
    world.want(
        "",
        &[
            "{ email: a@acme.example, name: A, role: author, subaccounts: [emea] }",
            "{ email: b@acme.example, name: B, role: full, subaccounts: [us] }",
        ],
    );
    let (held, elsewhere) = ("another apply of news is running: a test, since 2026-11-22T09:00:00Z", tempfile::tempdir().unwrap());
    let applied = world.apply_meanwhile(|w| {
        let second = w.command("apply --auto-approve");
        assert!(second.code == 1 && second.err.contains(held), "{}", second.err);
        // On another machine nobody knows of the lease.
        assert_eq!(w.command_with("apply --auto-approve", &[("XDG_STATE_HOME", elsewhere.path())]).code, 0);
    });
    assert_eq!(applied.said(), ["already news/invite/a@acme.example", "already news/invite/b@acme.example"]);
    assert_eq!((applied.left(), world.mails().len()), (vec![], 2));
}

// ---- 26: a guard computed as 0/0; a limit of 0 that let everything through ----

#[test]
fn demand_26_a_limit_of_0_stops_the_first() {
    let world = World::emma_hq(PARENT);
    let live = ["{ email: a@acme.example, name: A, role: full, subaccounts: [emea, us] }"];
    for (guards, policy, want, tripped) in [
        ("removals: { count: 0, percent: 0 }", "absent: [a@acme.example]", vec![], "removals=1"),
        ("reductions: { count: 0, percent: 0 }", "", vec!["{ email: a@acme.example, role: full, subaccounts: [emea] }"], "reductions=1"),
        (
            "invitations: { count: 0, percent: 0 }",
            "",
            vec!["{ email: n@acme.example, name: N, role: author, subaccounts: [emea] }"],
            "invitations=1",
        ),
        (
            "new-administrators: { count: 0, percent: 0 }",
            "",
            vec!["{ email: a@acme.example, role: manager, subaccounts: [emea, us] }"],
            "new-administrators=1",
        ),
    ] {
        world.live("", &live);
        let policy = if policy.is_empty() { format!("guards: {{ {guards} }}") } else { format!("{policy}; guards: {{ {guards} }}") };
        world.want(&policy, &want);
        assert_eq!(world.plan().tripped(), [tripped], "{guards}");
        assert_eq!(world.apply().said(), NOBODY, "{guards}");
    }
}

#[test]
fn demand_26_a_percentage_of_nobody_is_0() {
    let world = World::emma_hq(PARENT);
    // Only ignored and expired ones: no member counts, and the share of none is none.
    world.live("", &["{ email: bot@vendor.example, name: B, role: author, subaccounts: [emea] }"]);
    world.want(
        "ignore: [\"*@vendor.example\"]; guards: { invitations: { count: 0, percent: 100 } }",
        &["{ email: n@acme.example, name: N, role: author, subaccounts: [emea] }"],
    );
    assert_eq!((&world.plan().guard("invitations")["limit"], world.plan().tripped()), (&json!(0), vec!["invitations=1".to_owned()]));
}

#[test]
fn demand_26_at_the_limit_passes_and_one_over_stops() {
    let world = World::solver(SUPER_USER);
    for (members, gone, tripped) in [(9, 3, false), (9, 4, true), (24, 5, false), (24, 6, true), (200, 25, false), (200, 26, true)] {
        world.live("", &with(ROOT, &crowd(members, "name: U, groups: [standard]")));
        world.want("mode: authoritative", &with(KEEP, &crowd(members, "groups: [standard]")[gone..]));
        assert_eq!(!world.plan().tripped().is_empty(), tripped, "{gone} of {members}");
    }
}

// ---- 27: a page lost ----

#[test]
fn demand_27_every_page_is_read() {
    let world = World::solver(SUPER_USER);
    // Three pages, the last with one member; and pages that end exactly with the members.
    for members in [999, 1000] {
        world.live("", &with(ROOT, &crowd(members, "name: U, groups: [standard]")));
        world.want("mode: authoritative", &with(KEEP, &crowd(members, "groups: [standard]")));
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.problems("sol")), (vec![], vec![]), "{members}");
        assert_eq!(plan.0["accounts"][0]["reading"]["members"], members + 1);
    }
    // The last page lost a member.
    world.live("fault: short", &with(ROOT, &crowd(1000, "name: U, groups: [standard]")));
    assert_eq!((world.plan().acts(), world.plan().problems("sol").len()), (vec![], 1));
}

// ---- 29: an error found after the others were written ----

#[test]
fn demand_29_all_errors_come_before_the_first_write() {
    let world = World::solver("actor: { role: super-user }");
    world.add("two", "solver", "actor: { role: super-user }");
    world.want("", &["{ email: a@acme.example, groups: [standard] }"]);
    world.want_in("two", "", &["{ email: b@acme.example, groups: [standrd] }", "{ email: c@@acme, groups: [standard] }"]);
    let Err(said) = world.try_apply(&Approval::default(), |_| {}) else { panic!("half of the manifests was applied") };
    assert!(said.contains("account-two.yaml:4:") && said.contains("account-two.yaml:5:"), "{said}");
    assert_eq!((world.writes(), world.mails()), (0, vec![]));
}

// ---- 30, 31: between preview and apply ----

#[test]
fn demand_30_somebody_who_joined_meanwhile_is_not_removed_unseen() {
    let world = World::solver(SUPER_USER);
    let live = [ROOT, "{ email: old@acme.example, name: O, groups: [standard] }"];
    world.live("", &live);
    world.want("mode: authoritative", &[KEEP]);
    let applied = world.apply_meanwhile(|w| w.live("", &[live[0], live[1], "{ email: new@acme.example, name: N, groups: [standard] }"]));
    assert_eq!(applied.said(), ["applied sol/remove/old@acme.example"]);
    assert_eq!(applied.left(), ["remove new@acme.example"], "listed, not made");
    assert_eq!(world.export().emails(), ["new@acme.example", "root@acme.example"]);
}

#[test]
fn demand_31_what_was_previewed_is_what_is_made() {
    let world = World::insider("actor: { role: administrator }");
    world.live(
        "domains: [acme.example]",
        &[
            "{ email: root@acme.example, name: R, role: administrator }",
            "{ email: adm@acme.example, name: A, role: administrator }",
            "{ email: old@acme.example, name: O, role: viewer }",
            "{ email: tmp@acme.example, name: T, role: viewer, end: 2026-11-30 }",
            "{ email: x@acme.example, name: X, phase: expired, role: viewer, end: 2026-11-10 }",
            "{ email: p@acme.example, phase: pending, role: viewer, invited: 2026-11-20T10:00:00Z }",
            "{ email: q@acme.example, phase: pending, role: viewer, invited: 2026-11-01T10:00:00Z }",
        ],
    );
    world.want(
        "mode: authoritative; domains: [acme.example, agency.example]",
        &[
            "{ email: root@acme.example, role: administrator }",
            "{ email: adm@acme.example, role: editor }",
            "{ email: tmp@acme.example, role: administrator }",
            "{ email: x@acme.example, role: viewer, end: 2026-12-20 }",
            "{ email: q@acme.example, role: editor }",
            "{ email: n@agency.example, role: viewer }",
        ],
    );
    let plan = world.plan();
    assert_eq!(
        plan.acts(),
        [
            "allow-domain agency.example",
            "cancel-invitation p@acme.example",
            "edit adm@acme.example",
            "edit tmp@acme.example",
            "invite n@agency.example",
            "reinvite q@acme.example",
            "remove old@acme.example",
            "restore x@acme.example",
        ]
    );
    let shown: Vec<String> = plan.all("changes").iter().map(|c| format!("applied {}", c["id"].as_str().unwrap())).collect();
    let calls: usize = plan.all("changes").iter().map(|c| c["calls"].as_array().unwrap().len()).sum();
    let applied = world.apply();
    assert_eq!((applied.said(), applied.0["digest"].as_str().unwrap()), (shown, plan.digest().as_str()));
    assert_eq!((world.writes(), applied.left()), (calls as u64, vec![]));
}

// ---- 32, 33: a run that changes nothing; strangers ----

#[test]
fn demand_32_a_run_with_nothing_to_do_writes_nothing() {
    let world = World::solver(SUPER_USER);
    world.live("", &with(ROOT, &crowd(50, "name: U, groups: [standard]")));
    world.want("mode: authoritative", &with(KEEP, &crowd(50, "groups: [standard]")));
    let before = world.bytes();
    assert_eq!(world.apply().said(), NOBODY);
    assert_eq!(world.command("apply --auto-approve").code, 0);
    assert!(world.bytes() == before);
    assert_eq!(world.writes(), 0);
}

#[test]
fn demand_33_strangers_show() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT]);
    world.want("mode: authoritative", &[KEEP]);
    assert_eq!(world.command("drift").code, 0);
    world.live("", &[ROOT, "{ email: stranger@else.example, name: S, groups: [super-user] }"]);
    assert_eq!(world.command("drift").code, 3);
    world.want("", &[KEEP]);
    assert_eq!(world.plan().reports(), ["unmanaged-member stranger@else.example"]);
}

// ---- 34: an ended invitation that blocks the new one ----

#[test]
fn demand_34_an_ended_invitation_does_not_block_the_next() {
    for (mut world, attrs) in
        [(World::emma_hq(PARENT), "name: P, role: author, subaccounts: [emea]"), (World::insider(ADMINISTRATOR), "role: viewer")]
    {
        world.live("", &[&format!("{{ email: p@acme.example, phase: pending, {attrs}, invited: 2026-10-01T10:00:00Z, attempts: 1 }}")]);
        world.want("", &[&format!("{{ email: p@acme.example, {attrs} }}")]);
        world.settle();
        assert_eq!(world.export().member("p@acme.example")["invitation"], "open");
        world.at("2026-11-22T09:00:01Z").accept("p@acme.example");
        assert_eq!(world.export().member("p@acme.example")["phase"], "active");
    }
}

// ---- 35: access taken away while sessions, tokens and keys made with it live on ----

#[test]
fn demand_35_what_outlives_a_membership_is_said_where_one_ends() {
    let world = World::solver(SUPER_USER);
    world.live("", &[ROOT, "{ email: old@acme.example, name: O, groups: [standard] }"]);
    world.want("", &[KEEP]);
    let said = world.command("revoke old@acme.example");
    assert_eq!(said.code, 2);
    assert!(said.out.contains("sessions that are open, and tokens and keys that the person made, may outlive them"), "{}", said.out);
}

// ---- 36: an empty list taken for "key absent", or the other way round ----

#[test]
fn demand_36_an_empty_list_is_none_and_an_absent_key_is_unmanaged() {
    let world = World::emma_hq(PARENT);
    let live = ["{ email: m@acme.example, name: M, role: manager, privileges: [billing], subaccounts: [emea] }"];
    world.live("", &live);
    for (want, after) in [
        ("role: manager", None),
        ("role: manager, privileges: []", Some(json!({ "role": "manager", "privileges": [] }))),
        ("role: manager, subaccounts: []", Some(json!({ "role": "manager", "subaccounts": [] }))),
    ] {
        world.want("", &[&format!("{{ email: m@acme.example, {want} }}")]);
        let plan = world.plan();
        match after {
            None => assert_eq!(plan.acts(), NOBODY, "{want}"),
            Some(after) => assert_eq!(plan.change("m@acme.example")["after"], after, "{want}"),
        }
    }
    // Nobody is listed: where it is written all go, and where it is not nobody does.
    world.want("mode: authoritative", &[]);
    assert_eq!(world.plan().acts(), ["remove m@acme.example"]);
    world.file("account.yaml", "accounts:\n  news:\n    mode: adopt\n");
    assert_eq!(world.plan().acts(), NOBODY);
    world.file("account.yaml", "accounts:\n  news:\n    mode: authoritative\n");
    assert_eq!(world.plan().acts(), NOBODY, "the mode says nothing about a key that is left out");
    world.file("account.yaml", "accounts:\n  news:\n    mode: adopt\n    members:\n");
    assert_eq!(world.check().lines(), [4]);
}
