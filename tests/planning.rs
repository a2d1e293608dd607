//! What a plan says of what it does: causes, notes, reports, limits and how to lift them. The rules
//! of the systems stand in `rules_*.rs`.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::json;
use support::world::World;

const SUPER_USER: &str = "actor: { role: super-user }";
const ADMINISTRATOR: &str = "actor: { role: administrator }";
const ROOT: &str = "{ email: root@acme.example, name: R, role: administrator }";
const NOBODY: [&str; 0] = [];

fn super_users(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| format!("{{ email: {n}@acme.example, name: N, groups: [super-user] }}")).collect()
}
fn texts(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

/// The cause of the one change of a member on each day.
#[track_caller]
fn causes(world: &mut World, who: &str, days: &[(&str, &str)]) {
    for (day, cause) in days {
        let plan = world.at(&format!("{day}T09:00:00Z")).plan();
        assert_eq!(plan.change(who)["cause"], *cause, "on {day}: {}", plan.change(who));
    }
}

// ---- causes: an end or a start explains a difference for 7 days ----

#[test]
fn expiry_explains_a_removal_for_seven_days_after_the_last() {
    let mut world = World::solver(SUPER_USER);
    world.live("", &["{ email: a@acme.example, name: A, groups: [standard] }"]);
    world.want("", &["{ email: a@acme.example, groups: [standard], end: 2026-11-21 }"]);
    causes(
        &mut world,
        "a@acme.example",
        &[("2026-11-22", "expiry"), ("2026-11-28", "expiry"), ("2026-11-29", "undetermined"), ("2027-03-01", "undetermined")],
    );
}

#[test]
fn an_entry_that_ended_explains_the_attributes_that_it_gave() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: editor, pii: true }"]);
    world.want("", &["{ email: a@acme.example, role: viewer, pii: false }", "{ email: a@acme.example, role: editor, end: 2026-11-21 }"]);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "expiry"), ("2026-11-28", "expiry"), ("2026-11-29", "undetermined")]);
    // Each attribute for itself: nobody ever asked for the flag.
    let plan = world.at("2026-11-22T09:00:00Z").plan();
    assert_eq!(plan.change("a@acme.example")["causes"], json!({ "role": "expiry", "pii": "undetermined" }));
    // What was not wanted on the eve is explained by no end.
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: collaborator, pii: false }"]);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "undetermined")]);
}

#[test]
fn an_entry_that_started_explains_the_attributes_that_it_gives() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: viewer }"]);
    world.want(
        "",
        &["{ email: a@acme.example, role: viewer }", "{ email: a@acme.example, role: editor, start: 2026-11-22, end: 2026-12-20 }"],
    );
    assert_eq!(world.at("2026-11-21T09:00:00Z").plan().acts(), NOBODY);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "start"), ("2026-11-29", "start"), ("2026-11-30", "undetermined")]);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: collaborator }"]);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "undetermined")]);
}

#[test]
fn a_start_explains_an_invitation_and_a_restoring_for_seven_days() {
    let mut world = World::insider(ADMINISTRATOR);
    let starts = "{ email: a@acme.example, role: viewer, start: 2026-11-22 }";
    let days = [("2026-11-22", "start"), ("2026-11-29", "start"), ("2026-11-30", "undetermined")];
    world.live("", &[ROOT]);
    world.want("", &[starts]);
    causes(&mut world, "a@acme.example", &days);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, phase: suspended, role: viewer }"]);
    causes(&mut world, "a@acme.example", &days);
    world.want("", &["{ email: a@acme.example, role: viewer }"]);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "undetermined")]);
}

#[test]
fn a_second_entry_that_starts_explains_no_invitation_that_was_due_before() {
    let mut world = World::solver(SUPER_USER);
    world.want(
        "",
        &[
            "{ email: a@acme.example, groups: [standard] }",
            "{ email: a@acme.example, groups: [advanced], start: 2026-11-22, end: 2026-12-20 }",
        ],
    );
    causes(&mut world, "a@acme.example", &[("2026-11-22", "undetermined")]);
}

#[test]
fn a_start_explains_nothing_of_somebody_who_was_there_before() {
    let mut world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: viewer }"]);
    world.want("", &["{ email: a@acme.example, role: editor, start: 2026-11-22 }"]);
    causes(&mut world, "a@acme.example", &[("2026-11-22", "undetermined")]);
}

// ---- what is shown ----

#[test]
fn a_removal_shows_what_is_set_and_leaves_out_what_is_not() {
    let world = World::insider(&format!("features: [groups]; {ADMINISTRATOR}"));
    for (live, before) in [
        ("name: A, role: viewer", json!({ "name": "A", "role": "viewer" })),
        (
            "name: A, role: viewer, pii: true, groups: [red], end: 2026-12-01",
            json!({ "name": "A", "role": "viewer", "pii": true, "groups": ["red"], "end": "2026-12-01" }),
        ),
    ] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, {live} }}")]);
        world.want("absent: [a@acme.example]", &[]);
        assert_eq!(world.plan().change("a@acme.example")["before"], before);
    }
}

#[test]
fn who_comes_back_as_an_administrator_is_waited_for_by_nobody() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: r@acme.example, name: R, phase: suspended, role: administrator }"]);
    world.want("guards: { minimum-administrators: 2 }; absent: [root@acme.example]", &["{ email: r@acme.example, role: administrator }"]);
    let plan = world.plan();
    assert_eq!((plan.order(), plan.blocked()), (vec!["restore r@acme.example".into(), "remove root@acme.example".into()], vec![]));
}

#[test]
fn a_change_says_where_it_is_asked_for_and_why() {
    let world = World::insider(ADMINISTRATOR);
    world.live("", &[ROOT, "{ email: b@acme.example, name: B, role: viewer }"]);
    world.want(
        "",
        &[
            "{ email: a@acme.example, name: A, role: viewer, reason: \"the launch\" }",
            "{ email: b@acme.example, role: editor, reason: \"the sale\", end: 2027-06-30, renew: rolling }",
        ],
    );
    let plan = world.plan();
    for (who, line, reason, note) in
        [("a@acme.example", 4, "the launch", "name-deferred"), ("b@acme.example", 5, "the sale", "rolling-end")]
    {
        let change = plan.change(who);
        assert_eq!(change["place"], json!({ "file": "account.yaml", "line": line, "column": 9 }), "{change}");
        assert_eq!((&change["reason"], &change["notes"]), (&json!(reason), &json!([note])), "{change}");
    }
}

#[test]
fn a_name_that_is_missing_is_explained_by_the_registration_only_where_it_waits_for_it() {
    let insider = World::insider(ADMINISTRATOR);
    insider.live("", &[ROOT, "{ email: a@acme.example, role: viewer }"]);
    insider.want("", &["{ email: a@acme.example, name: A, role: viewer }"]);
    assert_eq!(insider.plan().change("a@acme.example")["cause"], "invitation");
    let emma = World::emma_hq("subaccounts: [emea]; actor: { role: parent }");
    emma.live("", &["{ email: a@acme.example, role: author, subaccounts: [emea] }"]);
    emma.want("", &["{ email: a@acme.example, name: A, role: author, subaccounts: [emea] }"]);
    assert_eq!(emma.plan().change("a@acme.example")["cause"], "undetermined");
}

#[test]
fn a_plan_for_another_day_is_simulated() {
    let world = World::solver(SUPER_USER);
    world.want("", &[]);
    assert_eq!((&world.plan().0["simulated"], &world.plan_at("2026-12-01").0["simulated"]), (&json!(false), &json!(true)));
}

#[test]
fn an_end_that_the_product_does_not_keep_is_noted() {
    let ends = "{ email: a@acme.example, groups: [standard], end: 2026-12-20 }";
    let world = World::solver(SUPER_USER);
    for (entry, notes) in [(ends, json!(["end-by-portcullis"])), ("{ email: a@acme.example, groups: [standard] }", json!([]))] {
        world.want("", &[entry]);
        assert_eq!(world.plan().change("a@acme.example")["notes"], notes);
    }
    let insider = World::insider(ADMINISTRATOR);
    insider.want("", &["{ email: a@acme.example, role: viewer, end: 2026-12-20 }"]);
    assert_eq!(insider.plan().change("a@acme.example")["notes"], json!([]));
}

#[test]
fn an_entry_starts_before_it_ends() {
    let world = World::solver(SUPER_USER);
    world.want("", &["{ email: a@acme.example, groups: [standard], start: 2026-12-02, end: 2026-12-01 }"]);
    assert_eq!(world.check().errors(), ["account.yaml:4:61 start-after-end"]);
    world.want("", &["{ email: a@acme.example, groups: [standard], start: 2026-12-02, end: 2026-12-02 }"]);
    assert_eq!(world.check().errors(), NOBODY);
}

// ---- people under several addresses ----

#[test]
fn of_two_past_addresses_the_first_is_the_persons() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  p: { email: now@acme.example, previously: [b@acme.example, a@acme.example] }\n");
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: viewer }", "{ email: b@acme.example, name: B, role: viewer }"]);
    world.want("", &["{ person: p, role: editor }"]);
    assert_eq!(world.plan().acts(), ["edit a@acme.example"]);
}

#[test]
fn what_is_gone_under_a_past_address_is_not_removed_again() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  p: { email: now@acme.example, previously: [old@acme.example], leaves: now }\n");
    world.want("", &["{ person: p, role: viewer }"]);
    for (phase, acts) in
        [("suspended", vec!["remove now@acme.example"]), ("active", vec!["remove now@acme.example", "remove old@acme.example"])]
    {
        let old = format!("{{ email: old@acme.example, name: A, phase: {phase}, role: viewer }}");
        world.live("", &[ROOT, "{ email: now@acme.example, name: A, role: viewer }", &old]);
        assert_eq!(world.plan().acts(), acts, "{phase}");
    }
}

// ---- overrides ----

#[test]
fn an_override_is_noted_with_the_role_that_gives_way_and_where_it_stands() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  a: { email: a@acme.example }\nteams:\n  t: [a]\n");
    world.live("", &[ROOT, "{ email: a@acme.example, name: A, role: viewer }"]);
    world.want("", &["{ team: t, role: viewer }", "{ person: a, role: collaborator }", "{ person: a, role: editor, end: 2026-12-20 }"]);
    let plan = world.plan();
    let notes: Vec<&str> = plan.change("a@acme.example")["notes"].as_array().unwrap().iter().filter_map(|n| n.as_str()).collect();
    assert!(notes.contains(&"overrides viewer (team t, account.yaml:4:9)"), "{notes:?}");
    assert!(notes.contains(&"overrides collaborator (account.yaml:5:9)"), "{notes:?}");
    world.want("", &["{ person: a, role: editor, end: 2026-12-20 }"]);
    assert_eq!(world.plan().change("a@acme.example")["notes"], json!([]));
}

#[test]
fn a_role_spreads_onto_what_no_entry_with_it_asked_for() {
    let world = World::insider(&format!("features: [groups]; {ADMINISTRATOR}"));
    world.live("", &[ROOT]);
    let spreads = |undated: &str, dated: &str| {
        world.want(
            "",
            &[
                &format!("{{ email: a@acme.example, role: viewer{undated} }}"),
                &format!("{{ email: a@acme.example, role: editor, end: 2026-12-20{dated} }}"),
            ],
        );
        let plan = world.plan();
        let warnings = plan.all("warnings").into_iter().filter(|w| w["code"] == "role-spreads");
        warnings.map(|w| w["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let said = |words: &str| vec![format!("the overriding role holds with {words} too, for which no entry asked it")];
    assert_eq!(spreads(", groups: [red], pii: true", ""), said("red, pii"));
    assert_eq!(spreads(", groups: [red, blue], pii: true", ", groups: [red], pii: true"), said("blue"));
    assert_eq!(spreads(", groups: [red], pii: true", ", groups: [red], pii: true"), NOBODY);
    assert_eq!(spreads(", pii: false", ""), NOBODY);
    // Of three entries, too.
    let two = |groups: &str, end: &str| format!("{{ email: a@acme.example, role: viewer, groups: [{groups}]{end} }}");
    let editor = "{ email: a@acme.example, role: editor, end: 2026-12-20 }";
    world.want("", &[&two("red", ""), &two("blue", ""), editor]);
    assert!(world.command("validate").out.contains("role-spreads"));
    world.want("", &[&two("red", ""), &two("blue", "")]);
    assert!(!world.command("validate").out.contains("role-spreads"));
    world.want("", &[&two("red", ""), editor]);
    assert!(world.command("validate").out.contains("role-spreads"));
    // A deny-list that spreads gives nothing.
    assert_eq!(spreads(", limited-products: [web]", ""), NOBODY);
}

// ---- who is not listed ----

#[test]
fn additive_says_how_many_are_not_listed_in_one_line() {
    let world = World::solver(SUPER_USER);
    let root = super_users(&["root"]);
    let want = "{ email: root@acme.example, groups: [super-user] }";
    world.live("", &texts(&root));
    world.want("mode: additive", &[want]);
    assert!(world.plan().all("reports").is_empty());
    world.live("", &texts(&super_users(&["root", "b", "c"])));
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.all("reports").len()), (vec![], 1));
    assert_eq!(plan.all("reports")[0]["message"], "2 members are not listed and left alone");
}

// ---- guards ----

#[test]
fn a_tripped_guard_of_removals_names_who_goes_and_the_text_a_line_of_them() {
    let world = World::insider(ADMINISTRATOR);
    let many: Vec<String> = (10..25).map(|n| format!("{{ email: p{n}@acme.example, name: N, role: viewer }}")).collect();
    let mut live: Vec<&str> = many.iter().map(String::as_str).collect();
    live.push(ROOT);
    world.live("", &live);
    world.want("mode: authoritative", &[ROOT]);
    let plan = world.plan();
    assert_eq!(plan.guard("removals")["who"].as_array().map(Vec::len), Some(15));
    let text = world.command("plan").out;
    assert!(text.contains("p20@acme.example, p21@acme.example and 3 more"), "{text}");
    // Within the limit the changes say it.
    world.live("", &live[14..]);
    assert_eq!(world.plan().guard("removals")["who"], json!([]));
}

#[test]
fn the_end_extensions_are_ends_moved_later_or_cleared() {
    let world = World::insider(ADMINISTRATOR);
    for (live, want, counted) in [
        ("end: 2026-12-01", "role: editor, end: 2026-12-01", 0),
        ("end: 2026-12-01", "role: viewer, end: 2026-12-02", 1),
        ("end: 2026-12-02", "role: viewer, end: 2026-12-01", 0),
        ("end: 2026-12-01", "role: viewer", 1),
        ("name: B", "role: viewer, end: 2026-12-01", 0),
        ("end: 2026-11-25", "role: viewer, end: 2027-12-01, renew: rolling", 0),
    ] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, role: viewer, {live} }}")]);
        world.want("", &[&format!("{{ email: a@acme.example, {want} }}")]);
        assert_eq!(world.plan().guard("end-extensions")["actual"], counted, "{live} to {want}");
    }
    world.live("", &[ROOT]);
    assert_eq!(world.plan().guard("end-extensions")["actual"], 0, "an invitation extends nothing");
}

#[test]
fn a_restored_person_who_never_registered_is_invited_and_counted() {
    let world = World::insider(ADMINISTRATOR);
    for (live, invitations) in [("phase: pending, invited: 2026-11-15T10:00:00Z", 1), ("name: A, phase: expired", 0)] {
        world.live("", &[ROOT, &format!("{{ email: a@acme.example, role: viewer, end: 2026-11-20, {live} }}")]);
        world.want("", &["{ email: a@acme.example, role: viewer, end: 2026-12-01 }"]);
        let plan = world.plan();
        assert_eq!(plan.acts(), ["restore a@acme.example"]);
        assert_eq!(plan.guard("invitations")["actual"], invitations, "{live}");
    }
}

#[test]
fn an_edit_after_which_a_bounded_actor_sees_no_scope_counts_as_a_removal() {
    let manager = "subaccounts: [emea, us]; actor: { role: manager, privileges: [export-contacts], subaccounts: [emea, us] }";
    let world = World::emma_hq(manager);
    let member =
        |scopes: &str| format!("{{ email: a@acme.example, name: A, role: full, privileges: [export-contacts], subaccounts: [{scopes}] }}");
    world.live("", &[&member("emea, us")]);
    for (left, removals) in [("emea", 0), ("", 1)] {
        world.want("", &[&member(left)]);
        assert_eq!(world.plan().guard("removals")["actual"], removals, "[{left}]");
    }
}

#[test]
fn the_actor_does_not_take_its_own_privileges() {
    let world = World::emma_hq(
        "subaccounts: [emea]; actor: { member: me@acme.example, role: manager, privileges: [billing, edit-managers], subaccounts: [emea] }",
    );
    let me = |name: &str, privileges: &str| {
        format!("{{ email: me@acme.example, name: {name}, role: manager, privileges: [{privileges}], subaccounts: [emea] }}")
    };
    world.live("", &[&me("A", "billing, edit-managers")]);
    world.want("", &[&me("A", "edit-managers")]);
    assert_eq!(world.plan().tripped(), ["self-lockout=1"]);
    world.want("", &[&me("B", "billing, edit-managers")]);
    assert_eq!(world.plan().tripped(), NOBODY);
}

#[test]
fn a_tripped_guard_says_how_to_lift_it_for_this_plan() {
    let world = World::solver(SUPER_USER);
    let crowd: Vec<String> = (0..6).map(|i| format!("{{ email: u{i}@acme.example, name: U, groups: [standard] }}")).collect();
    let all: Vec<String> = super_users(&["root"]).into_iter().chain(crowd).collect();
    world.live("", &texts(&all));
    world.want("mode: authoritative", &["{ email: root@acme.example, groups: [super-user] }"]);
    let plan = world.plan();
    assert_eq!(plan.guard("removals")["lift"], format!("--allow removals=6@{}", plan.digest()));
    assert_eq!(plan.guard("reductions")["lift"], json!(null), "what is not tripped needs no lift");
    // Of several accounts it names one.
    world.add("two", "solver", SUPER_USER);
    world.want_in("two", "", &[]);
    let plan = world.plan();
    assert_eq!(plan.guard("removals")["lift"], format!("--allow sol:removals=6@{}", plan.digest()));
    assert_eq!(world.apply_lifting(&["sol:removals=6"]).failed(), NOBODY);
    assert_eq!(world.export().emails(), ["root@acme.example"]);
}

#[test]
fn a_raised_minimum_is_lifted_down_to_the_systems_floor() {
    let world = World::solver(SUPER_USER);
    let policy = "guards: { minimum-administrators: 3 }";
    let goes =
        |who: &[&str]| format!("{policy}; absent: [{}]", who.iter().map(|w| format!("{w}@acme.example")).collect::<Vec<_>>().join(", "));
    world.live("", &texts(&super_users(&["a", "b", "c"])));
    world.want(&goes(&["a", "b"]), &[]);
    let plan = world.plan();
    let guard = plan.guard("minimum-administrators");
    assert_eq!((&guard["limit"], &guard["actual"], &guard["tripped"]), (&json!(3), &json!(1), &json!(true)));
    assert_eq!(guard["lift"], format!("--allow minimum-administrators=1@{}", plan.digest()));
    assert_eq!(world.apply().said(), NOBODY);
    world.want(&goes(&["a", "b", "c"]), &[]);
    assert_eq!(world.plan().guard("minimum-administrators")["lift"], json!(null), "nobody lifts the floor");
    world.want(&goes(&["a", "b"]), &[]);
    assert_eq!(world.apply_lifting(&["minimum-administrators=1"]).failed(), NOBODY);
    assert_eq!(world.export().emails(), ["c@acme.example"]);
    // An account that starts below may be written as long as nothing lowers it.
    world.want(policy, &["{ email: d@acme.example, groups: [standard] }"]);
    assert_eq!(world.plan().tripped(), NOBODY);
}

/// Who has all that is asked for may be there under a second address all the same.
#[test]
fn a_second_membership_of_somebody_who_has_all_is_told_and_ended_with_the_unlisted() {
    let world = World::insider(ADMINISTRATOR);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example] }\n");
    let is = |who: &str| format!("{{ email: {who}@acme.example, name: Kim Lee, role: viewer }}");
    world.live("", &[ROOT, &is("kim"), &is("old")]);
    world.want("", &[ROOT, "{ person: kim, role: viewer }"]);
    let plan = world.plan();
    assert!(plan.reports().contains(&"previous-address old@acme.example".to_owned()) && plan.acts().is_empty(), "{:?}", plan.reports());
    world.want("mode: authoritative", &[ROOT, "{ person: kim, role: viewer }"]);
    assert_eq!(world.plan().acts(), ["remove old@acme.example"]);
}
