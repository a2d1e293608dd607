//! What time alone will do in the 30 days after a plan is a warning of that plan, each fact once, on
//! the first day of the new state (DESIGN §5; CONTRACT.md, `warnings`).

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use support::world::World;

const NOBODY: [&str; 0] = [];
const ADA: &str = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea, apac] }";
const EDNA: &str = "{ email: edna@acme.example, name: Edna E, role: manager, subaccounts: [emea, apac] }";
const KIM: &str = "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea] }";

/// `code day member` of every warning of a plan, `-` for what it lacks.
fn of(plan: &support::answers::Planned) -> Vec<String> {
    let text = |json: &serde_json::Value| json.as_str().unwrap_or("-").to_owned();
    plan.all("warnings").into_iter().map(|w| format!("{} {} {}", text(&w["code"]), text(&w["on"]), text(&w["member"]))).collect()
}

fn warned(world: &World) -> Vec<String> {
    of(&world.plan())
}

/// What the only warning of that code says, and the line it names.
fn said(world: &World, code: &str) -> (String, u64) {
    let plan = world.plan();
    let all: Vec<_> = plan.all("warnings").into_iter().filter(|w| w["code"] == code).collect();
    assert_eq!(all.len(), 1, "{code}: {all:?}");
    (all[0]["message"].as_str().unwrap_or_default().to_owned(), all[0]["place"]["line"].as_u64().unwrap_or(0))
}

/// The member with an end.
fn until(member: &str, end: &str) -> String {
    format!("{}, end: {end} }}", member.trim_end_matches(" }"))
}

/// An emma-hq account in which these are members and listed as they are.
fn emma(live: &[&str], wanted: &[&str]) -> World {
    let world = World::emma_hq("actor: { role: parent }");
    world.live("", live);
    world.want("", wanted);
    world
}

/// A solver account of super users, listed as they are.
fn solver(members: &[&str], wanted: &[&str]) -> World {
    let world = World::solver("");
    let live: Vec<String> = members.iter().map(|m| format!("{{ email: {m}@acme.example, name: N, groups: [super-user] }}")).collect();
    world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
    world.want("", wanted);
    world
}

// ---- nothing ----

#[test]
fn time_that_changes_nothing_is_not_warned_of() {
    let world = emma(&[ADA, KIM], &[ADA, KIM]);
    assert_eq!((world.plan().acts(), warned(&world)), (vec![], vec![]));
    // An end of somebody who is the last of nothing.
    world.want("", &[ADA, &until(KIM, "2026-12-03")]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn what_has_ended_already_is_a_change_and_no_warning() {
    let world = emma(&[ADA, KIM], &[&until(ADA, "2026-11-21"), KIM]);
    assert_eq!(warned(&world), NOBODY);
}

// ---- administrators ----

#[test]
fn the_last_administrator_ends_on_the_day_after_the_last() {
    let world = emma(&[ADA, KIM], &[&until(ADA, "2026-12-03"), KIM]);
    assert_eq!(warned(&world)[0], "last-administrator-ends 2026-12-04 ada@acme.example");
    let (message, line) = said(&world, "last-administrator-ends");
    assert_eq!(message, "from this day on no administrator but the parent is left; the last: ada@acme.example");
    assert_eq!(line, 4);
    // Nothing else about the plan: it is still nothing to do, and the same plan.
    let plan = world.command("plan --format json");
    assert_eq!(plan.code, 0);
    world.want("", &[ADA, KIM]);
    assert_eq!(plan.json()["digest"], world.command("plan --format json").json()["digest"]);
}

#[test]
fn the_window_is_thirty_days() {
    for (end, warns) in [("2026-11-22", true), ("2026-12-21", true), ("2026-12-22", false)] {
        let world = solver(&["ada"], &[&format!("{{ email: ada@acme.example, groups: [super-user], end: {end} }}")]);
        assert_eq!(warned(&world).len(), usize::from(warns), "{end}");
    }
}

#[test]
fn of_two_administrators_the_last_is_warned_of_and_two_of_one_day_are_one_fact() {
    let entry = |who: &str, end: &str| format!("{{ email: {who}@acme.example, groups: [super-user], end: {end} }}");
    let world = solver(&["ada", "edna"], &[&entry("ada", "2026-12-03"), &entry("edna", "2026-12-10")]);
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-11 edna@acme.example"]);
    world.want("", &[&entry("ada", "2026-12-03"), &entry("edna", "2026-12-03")]);
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-04 -"]);
    let (message, _) = said(&world, "last-administrator-ends");
    assert_eq!(message, "from this day on no administrator is left; the last: ada@acme.example, edna@acme.example");
    // A third who stays, listed or not.
    let world = solver(&["ada", "edna", "zoe"], &[&entry("ada", "2026-12-03"), &entry("edna", "2026-12-03")]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn who_is_invited_is_no_administrator_yet() {
    let world = solver(
        &["ada"],
        &[
            "{ email: ada@acme.example, groups: [super-user], end: 2026-12-03 }",
            "{ email: edna@acme.example, groups: [super-user], reason: R }",
            "{ email: kim@acme.example, groups: [standard] }",
        ],
    );
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-04 ada@acme.example"]);
    let (message, _) = said(&world, "last-administrator-ends");
    assert_eq!(message, "from this day on no administrator is left; the last: ada@acme.example; invited and not yet one: 1");
    world.settle();
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-04 ada@acme.example"]);
    world.accept("edna@acme.example");
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn a_new_account_is_warned_of_the_end_of_all_whom_it_invites_to_administer() {
    let world = World::solver("");
    world.want(
        "",
        &[
            "{ email: ada@acme.example, groups: [super-user], end: 2026-12-03 }",
            "{ email: edna@acme.example, groups: [super-user], end: 2026-12-10 }",
            "{ email: kim@acme.example, groups: [standard] }",
        ],
    );
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-11 edna@acme.example"]);
    assert_eq!(said(&world, "last-administrator-ends").1, 5);
}

#[test]
fn who_is_to_be_invited_to_administer_before_the_last_one_goes_is_counted_as_coming() {
    let world = solver(
        &["ada"],
        &[
            "{ email: ada@acme.example, groups: [super-user], end: 2026-12-03 }",
            "{ email: edna@acme.example, groups: [super-user], start: 2026-12-02, reason: R }",
        ],
    );
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-04 ada@acme.example"]);
    assert!(said(&world, "last-administrator-ends").0.ends_with("; invited and not yet one: 1"));
    // One who comes on the same day: the line is still that of the one who goes.
    world.want(
        "",
        &[
            "{ email: abe@acme.example, groups: [super-user], start: 2026-12-04, reason: R }",
            "{ email: ada@acme.example, groups: [super-user], end: 2026-12-03 }",
        ],
    );
    let (message, line) = said(&world, "last-administrator-ends");
    assert_eq!((&*message, line), ("from this day on no administrator is left; the last: ada@acme.example; invited and not yet one: 1", 5));
}

#[test]
fn an_invitation_to_administer_is_counted_once_whether_time_changes_it_or_not() {
    let live = |zoe: &str| {
        [
            "{ email: ada@acme.example, name: N, groups: [super-user] }".to_owned(),
            format!("{{ email: zoe@acme.example, groups: [{zoe}], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1 }}"),
        ]
    };
    let world = World::solver("");
    for (zoe, entry, coming) in [
        ("super-user", "{ email: zoe@acme.example, groups: [super-user] }", "; invited and not yet one: 1"),
        ("super-user", "{ email: zoe@acme.example, groups: [super-user], end: 2026-12-10 }", "; invited and not yet one: 1"),
        ("standard", "{ email: zoe@acme.example, groups: [standard] }", ""),
    ] {
        let members = live(zoe);
        world.live("", &members.iter().map(String::as_str).collect::<Vec<_>>());
        world.want("", &["{ email: ada@acme.example, groups: [super-user], end: 2026-12-03 }", entry]);
        let plan = world.plan();
        let first = plan.all("warnings")[0];
        assert_eq!(first["on"], "2026-12-04");
        assert_eq!(first["message"], format!("from this day on no administrator is left; the last: ada@acme.example{coming}"), "{entry}");
    }
}

#[test]
fn up_to_five_who_go_are_named_and_of_more_the_rest_is_counted() {
    let names = ["ada", "edna", "kim", "lee", "sam", "zoe"];
    for (many, told) in [(5, "kim@acme.example, lee@acme.example, sam@acme.example"), (6, "lee@acme.example, sam@acme.example and 1 more")]
    {
        let entries: Vec<String> =
            names[..many].iter().map(|who| format!("{{ email: {who}@acme.example, groups: [super-user], end: 2026-12-03 }}")).collect();
        let world = solver(&names[..many], &entries.iter().map(String::as_str).collect::<Vec<_>>());
        world.want("lints: { too-many-administrators: off }", &entries.iter().map(String::as_str).collect::<Vec<_>>());
        let (message, _) = said(&world, "last-administrator-ends");
        assert!(message.ends_with(told), "{message}");
    }
}

#[test]
fn what_the_plan_changes_about_an_administrator_who_stays_one_is_not_their_end() {
    // Still one after the plan: the end is.
    let world = emma(&[ADA], &["{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea], end: 2026-12-03 }"]);
    assert_eq!(world.plan().acts(), ["edit ada@acme.example"]);
    assert_eq!(warned(&world)[0], "last-administrator-ends 2026-12-04 ada@acme.example");
    // One by the plan, and counted as the guards count.
    let world = emma(&[KIM], &["{ email: kim@acme.example, name: Kim Lee, role: manager, subaccounts: [emea], end: 2026-12-03 }"]);
    assert_eq!(warned(&world)[0], "last-administrator-ends 2026-12-04 kim@acme.example");
    // None any more after the plan: the end takes no administrator.
    let world =
        emma(&[ADA, EDNA], &["{ email: ada@acme.example, name: Ada L, role: author, subaccounts: [emea, apac], end: 2026-12-03 }", EDNA]);
    assert_eq!(world.plan().acts(), ["edit ada@acme.example"]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn an_elevation_that_ends_ends_an_administrator_who_stays() {
    let world =
        emma(&[ADA], &["{ email: ada@acme.example, name: Ada L, role: author, subaccounts: [emea, apac] }", &until(ADA, "2026-12-03")]);
    assert_eq!(warned(&world), ["last-administrator-ends 2026-12-04 ada@acme.example"]);
    assert_eq!(said(&world, "last-administrator-ends").1, 5);
}

#[test]
fn a_member_who_comes_to_administer_in_time_is_counted() {
    let world = emma(
        &[ADA, "{ email: edna@acme.example, name: Edna E, role: author, subaccounts: [emea, apac] }"],
        &[
            &until(ADA, "2026-12-03"),
            "{ email: edna@acme.example, name: Edna E, role: author, subaccounts: [emea, apac], end: 2026-12-01 }",
            "{ email: edna@acme.example, name: Edna E, role: manager, subaccounts: [emea, apac], start: 2026-12-02 }",
        ],
    );
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn a_minimum_that_is_missed_is_warned_of_with_its_number() {
    let world = emma(&[ADA, EDNA], &[&until(ADA, "2026-12-03"), EDNA]);
    assert_eq!(warned(&world), NOBODY);
    // The parent is one of them.
    world.want("guards: { minimum-administrators: 3 }", &[&until(ADA, "2026-12-03"), EDNA]);
    assert_eq!(warned(&world), ["administrators-below-minimum 2026-12-04 ada@acme.example"]);
    let (message, _) = said(&world, "administrators-below-minimum");
    assert!(message.contains("2 active administrators are left") && message.contains("asks for 3"), "{message}");
    // Below it already: that is nothing that time brings.
    world.want("guards: { minimum-administrators: 4 }", &[&until(ADA, "2026-12-03"), EDNA]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn g3_the_backup_who_ends_is_warned_of_before_and_after() {
    let mut world = World::gamoshi("actor: { role: user-manager }");
    let root = "{ email: root@acme.example, name: R, role: user-manager }";
    let second = "{ email: second@acme.example, name: S, role: user-manager }";
    world.live("", &[root, second]);
    world.want("", &[root, &until(second, "2026-12-03")]);
    assert_eq!(warned(&world), ["no-backup-administrator 2026-12-04 second@acme.example"]);
    world.at("2026-12-04T09:00:00Z");
    assert_eq!(warned(&world), ["no-backup-administrator - -"]);
    // Two are enough.
    let third = "{ email: third@acme.example, name: T, role: user-manager }";
    let mut world = World::gamoshi("actor: { role: user-manager }");
    world.live("", &[root, second, third]);
    world.want("", &[root, second, &until(third, "2026-12-03")]);
    assert_eq!(warned(&world), NOBODY);
    world.at("2026-12-04T09:00:00Z");
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn the_line_of_a_day_is_of_one_who_goes_and_not_of_one_who_comes() {
    let world = World::gamoshi("actor: { role: user-manager }");
    let of = |who: &str, role: &str| format!("{{ email: {who}@acme.example, name: N, role: {role} }}");
    let live = [of("abe", "user"), of("root", "user-manager"), of("second", "user-manager")];
    world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
    world.want(
        "",
        &[
            "{ email: abe@acme.example, role: user, end: 2026-12-03 }",
            "{ email: abe@acme.example, role: user-manager, start: 2026-12-04 }",
            &until(&of("root", "user-manager"), "2026-12-03"),
            &until(&of("second", "user-manager"), "2026-12-03"),
        ],
    );
    assert_eq!(warned(&world), ["no-backup-administrator 2026-12-04 -"]);
    assert_eq!(said(&world, "no-backup-administrator").1, 6);
}

/// Who is locked administers nothing until unlocked.
#[test]
fn who_is_locked_is_no_administrator_by_a_new_role() {
    let kim = "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea, apac]";
    let wanted = [
        &until(ADA, "2026-12-03"),
        &format!("{kim}, end: 2026-12-01 }}"),
        "{ email: kim@acme.example, name: Kim Lee, role: manager, subaccounts: [emea, apac], start: 2026-12-02 }",
    ];
    for (is, told) in [(", phase: locked }", vec!["last-administrator-ends 2026-12-04 ada@acme.example"]), (" }", vec![])] {
        let world = emma(&[ADA, &format!("{kim}{is}")], &wanted);
        assert_eq!(warned(&world), told, "{is}");
    }
}

#[test]
fn a_bounded_actor_says_that_it_does_not_see_everybody() {
    let world = World::emma_hq("actor: { role: manager, privileges: [edit-managers], subaccounts: [emea] }");
    world.live("", &["{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea] }"]);
    world.want("", &["{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea], end: 2026-12-03 }"]);
    assert!(said(&world, "last-administrator-ends").0.contains("as far as the actor sees"));
    assert!(said(&world, "subaccount-left-empty").0.contains("nobody whom the actor sees"));
}

// ---- scopes ----

#[test]
fn a_subaccount_is_left_empty_by_its_last_member() {
    let lee = "{ email: lee@acme.example, name: Lee L, role: editor, subaccounts: [emea, latam] }";
    let world = emma(&[ADA, lee], &[ADA, &until(lee, "2026-12-03")]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 lee@acme.example"]);
    let (message, line) = said(&world, "subaccount-left-empty");
    assert_eq!(
        (&*message, line),
        ("from this day on, as the entries ask, nobody has latam in `subaccounts`; the last: lee@acme.example", 5)
    );
    // The parent is everywhere, and nobody's replacement.
    let parent = "{ email: boss@acme.example, name: B, role: parent, subaccounts: [emea, apac, latam] }";
    world.live("", &[ADA, lee, parent]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 lee@acme.example"]);
    // Somebody unlisted, invited, or ignored is somebody.
    for other in [
        "{ email: zoe@acme.example, name: Zoe Z, role: author, subaccounts: [latam] }",
        "{ email: zoe@acme.example, name: Zoe Z, role: author, subaccounts: [latam], phase: locked }",
    ] {
        world.live("", &[ADA, lee, other]);
        assert_eq!(warned(&world), NOBODY, "{other}");
    }
    world.live("", &[ADA, lee]);
    world.want("", &[ADA, &until(lee, "2026-12-03"), "{ email: zoe@acme.example, role: author, subaccounts: [latam] }"]);
    assert_eq!(warned(&world), NOBODY);
    // Somebody suspended is nobody.
    world.live("", &[ADA, lee, "{ email: zoe@acme.example, name: Zoe Z, role: author, subaccounts: [latam], phase: suspended }"]);
    world.want("", &[ADA, &until(lee, "2026-12-03")]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 lee@acme.example"]);
}

#[test]
fn a_plan_that_empties_a_subaccount_now_does_not_warn_of_it_for_later() {
    let lee = "{ email: lee@acme.example, name: Lee L, role: editor, subaccounts: [emea, latam] }";
    let world = emma(&[ADA, lee], &[ADA, "{ email: lee@acme.example, role: editor, subaccounts: [emea], end: 2026-12-03 }"]);
    assert_eq!(warned(&world), NOBODY);
    // And what it begins now may end.
    world.want("", &[ADA, "{ email: lee@acme.example, role: editor, subaccounts: [emea, north], end: 2026-12-03 }"]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 lee@acme.example"]);
}

#[test]
fn one_of_two_entries_that_ends_takes_its_scopes_and_another_start_gives_them_again() {
    let world = emma(
        &[ADA, "{ email: lee@acme.example, name: Lee L, role: editor, subaccounts: [emea, latam] }"],
        &[
            ADA,
            "{ email: lee@acme.example, role: editor, subaccounts: [emea] }",
            "{ email: lee@acme.example, role: editor, subaccounts: [latam], end: 2026-12-03 }",
            "{ email: zoe@acme.example, role: editor, subaccounts: [latam], start: 2026-12-08, end: 2026-12-10 }",
        ],
    );
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 lee@acme.example", "subaccount-left-empty 2026-12-11 zoe@acme.example"]);
    assert_eq!(world.plan().all("warnings")[0]["place"]["line"], 6);
    // One who comes on the day on which the other goes leaves no gap.
    world.want(
        "",
        &[
            ADA,
            "{ email: lee@acme.example, role: editor, subaccounts: [emea] }",
            "{ email: lee@acme.example, role: editor, subaccounts: [latam], end: 2026-12-03 }",
            "{ email: zoe@acme.example, role: editor, subaccounts: [latam], start: 2026-12-04 }",
        ],
    );
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn the_products_own_end_of_somebody_unlisted_counts() {
    let world = World::insider("features: [groups]");
    let root = "{ email: root@acme.example, role: administrator }";
    let bob = "{ email: bob@acme.example, name: Bob B, role: viewer, groups: [retail], end: 2026-12-03 }";
    world.live("", &[root, bob]);
    world.want("", &[root]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 bob@acme.example"]);
    // Listed without an end, the plan clears it; in an authoritative account he goes now.
    world.want("", &[root, "{ email: bob@acme.example, role: viewer, groups: [retail] }"]);
    assert_eq!(warned(&world), NOBODY);
    world.want("mode: authoritative", &[root]);
    assert_eq!(warned(&world), NOBODY);
    // An ignored one ends as well.
    world.want("mode: authoritative; ignore: [bob@*]", &[root]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 bob@acme.example"]);
    // A rolling end is moved on before it comes.
    world.want("", &[root, "{ email: bob@acme.example, role: viewer, groups: [retail], end: 2027-12-03, renew: rolling }"]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn an_entry_that_starts_before_the_products_own_end_replaces_it() {
    let world = World::insider("features: [groups]");
    let root = "{ email: root@acme.example, role: administrator }";
    world.live("", &[root, "{ email: bob@acme.example, name: Bob B, role: viewer, groups: [retail], end: 2026-12-05 }"]);
    for (start, told) in [
        ("2026-12-03", vec![]),
        ("2026-12-05", vec![]),
        // One that starts once the product has ended the access comes too late.
        ("2026-12-07", vec!["subaccount-left-empty 2026-12-06 bob@acme.example"]),
    ] {
        world.want("", &[root, &format!("{{ email: bob@acme.example, role: viewer, groups: [retail], start: {start} }}")]);
        assert_eq!(warned(&world), told, "{start}");
    }
    // As the plan of that day does.
    let mut world = world;
    world.want("", &[root, "{ email: bob@acme.example, role: viewer, groups: [retail], start: 2026-12-03 }"]);
    assert_eq!(world.plan().acts(), NOBODY);
    world.at("2026-12-03T09:00:00Z");
    assert_eq!(world.plan().acts(), ["edit bob@acme.example"]);
}

#[test]
fn what_no_entry_asks_for_stays_while_roles_change() {
    let world = World::insider("features: [groups]");
    let root = "{ email: root@acme.example, role: administrator }";
    world.live("", &[root, "{ email: bob@acme.example, name: Bob B, role: viewer, groups: [retail], end: 2026-12-05 }"]);
    world.want(
        "",
        &[
            root,
            "{ email: bob@acme.example, role: viewer, end: 2026-12-01 }",
            "{ email: bob@acme.example, role: editor, start: 2026-12-02, end: 2026-12-05 }",
        ],
    );
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-06 bob@acme.example"]);
}

#[test]
fn an_actor_who_may_not_move_an_end_leaves_it_where_the_product_has_it() {
    let world = World::insider("features: [groups]; actor: { role: viewer }");
    let root = "{ email: root@acme.example, role: administrator }";
    world.live("", &[root, "{ email: bob@acme.example, name: Bob B, role: viewer, groups: [retail], end: 2026-12-03 }"]);
    world.want("", &[root, "{ email: bob@acme.example, role: viewer, groups: [retail] }"]);
    assert_eq!(world.plan().blocked(), ["bob@acme.example actor-lacks-role"]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-04 bob@acme.example"]);
}

// ---- people ----

#[test]
fn somebody_who_leaves_is_told_where_they_are_in() {
    let world = emma(&[ADA, KIM], &[ADA, "{ person: kim, role: author, subaccounts: [emea] }"]);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, name: Kim Lee, leaves: 2026-12-03 }\n");
    assert_eq!(warned(&world), ["person-leaves 2026-12-04 kim@acme.example"]);
    let plan = world.plan();
    assert_eq!((&plan.all("warnings")[0]["place"]["file"], &plan.all("warnings")[0]["place"]["line"]), (&"people.yaml".into(), &2.into()));
    // Not listed here, and a member: they go as well. Not a member: nothing to say.
    world.want("", &[ADA]);
    assert_eq!(warned(&world), ["person-leaves 2026-12-04 kim@acme.example"]);
    world.live("", &[ADA]);
    assert_eq!(warned(&world), NOBODY);
    // An entry that ends before.
    world.live("", &[ADA, KIM]);
    world.want("", &[ADA, "{ person: kim, role: author, subaccounts: [emea], end: 2026-11-30 }"]);
    assert_eq!(warned(&world), NOBODY);
}

#[test]
fn a_team_is_emptied_by_the_last_who_leaves() {
    let people = |kim: &str, lee: &str| {
        format!(
            "people:\n  kim: {{ email: kim@acme.example, name: Kim Lee{kim} }}\n  lee: {{ email: lee@acme.example, name: Lee L{lee} }}\n\
             teams:\n  emea: [kim, lee]\n"
        )
    };
    let lee = "{ email: lee@acme.example, name: Lee L, role: author, subaccounts: [emea] }";
    let team = "{ team: emea, role: author, subaccounts: [emea] }";
    let world = emma(&[ADA, KIM, lee], &[ADA, team]);
    world.file("people.yaml", &people(", leaves: 2026-12-03", ", leaves: 2026-12-05"));
    let emptied = || -> Vec<String> { warned(&world).into_iter().filter(|w| w.starts_with("team")).collect() };
    assert_eq!(emptied(), ["team-emptied 2026-12-06 lee@acme.example"]);
    assert_eq!(said(&world, "team-emptied").1, 5);
    // One who left long ago does not keep it, one who stays does, and so does one who leaves later.
    for (kim, lee, on) in [
        (", leaves: 2026-11-01", ", leaves: 2026-12-05", Some("2026-12-06 lee@acme.example")),
        (", leaves: now", ", leaves: 2026-12-05", Some("2026-12-06 lee@acme.example")),
        (", leaves: 2026-12-05", ", leaves: 2026-12-05", Some("2026-12-06 -")),
        (", leaves: 2026-12-03", "", None),
        (", leaves: 2026-12-03", ", leaves: 2026-12-22", None),
        (", leaves: 2026-11-01", ", leaves: 2026-11-02", None),
        // Empty since this morning: that is no day to come.
        (", leaves: 2026-11-01", ", leaves: 2026-11-21", None),
    ] {
        world.file("people.yaml", &people(kim, lee));
        assert_eq!(emptied(), on.map(|on| format!("team-emptied {on}")).into_iter().collect::<Vec<_>>(), "{kim} {lee}");
    }
    // Its entry is over by then: the team means nothing here.
    world.file("people.yaml", &people(", leaves: 2026-12-03", ", leaves: 2026-12-05"));
    world.want("", &[ADA, &until(team, "2026-12-05")]);
    assert_eq!(emptied(), NOBODY);
}

#[test]
fn the_actors_own_end_is_warned_of() {
    let actor = "actor: { role: manager, privileges: [edit-managers], subaccounts: [emea, apac], member: edna@acme.example }";
    let world = World::emma_hq(actor);
    let edna = "{ email: edna@acme.example, name: Edna E, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }";
    world.live("", &[ADA, edna]);
    world.want("", &[ADA, &until(edna, "2026-12-03")]);
    assert_eq!(warned(&world), ["actor-ends 2026-12-04 edna@acme.example"]);
    assert!(said(&world, "actor-ends").0.contains("is no member any more"));
    // A member still, with less power over others.
    world.want("", &["{ email: edna@acme.example, name: Edna E, role: author, subaccounts: [emea, apac] }", &until(edna, "2026-12-03")]);
    assert_eq!(warned(&world), ["actor-ends 2026-12-04 edna@acme.example"]);
    assert!(said(&world, "actor-ends").0.contains("may do less"));
    // Somebody else's end is not, nor what gives the actor more.
    world.want("", &[&until(ADA, "2026-12-03"), edna]);
    assert_eq!(warned(&world), NOBODY);
    let more = edna.replace("apac]", "apac, us], start: 2026-12-02");
    world.want("", &[ADA, &until(edna, "2026-12-01"), &more]);
    assert_eq!(warned(&world), NOBODY);
}

// ---- invitations ----

#[test]
fn the_last_invitation_of_somebody_listed_is_warned_of() {
    let pending = |attempts: u32, sent: &str| {
        format!(
            "{{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [latam], phase: pending, invited: {sent}, attempts: {attempts} }}"
        )
    };
    let listed = "{ email: kim@acme.example, role: author, subaccounts: [latam] }";
    // Fifteen days from the 15th, at ten in the morning in Paris.
    let world = emma(&[ADA, &pending(3, "2026-11-15T09:00:00Z")], &[ADA, listed]);
    assert_eq!(warned(&world), ["last-invitation-ends 2026-11-30 kim@acme.example", "subaccount-left-empty 2026-11-30 kim@acme.example"]);
    // Another goes out after it.
    world.live("", &[ADA, &pending(2, "2026-11-15T09:00:00Z")]);
    assert_eq!(warned(&world), NOBODY);
    // The plan sends the last one now.
    world.live("", &[ADA, &pending(2, "2026-11-01T09:00:00Z")]);
    assert_eq!(world.plan().acts(), ["reinvite kim@acme.example"]);
    assert_eq!(warned(&world)[0], "last-invitation-ends 2026-12-07 kim@acme.example");
    world.live("", &[ADA]);
    world.want("invitations: { attempts: 1 }", &[ADA, listed]);
    assert_eq!(warned(&world)[0], "last-invitation-ends 2026-12-07 kim@acme.example");
    // Long over: a report, and nothing that time brings.
    world.live("", &[ADA, &pending(3, "2026-10-01T09:00:00Z")]);
    assert_eq!((world.plan().reports(), warned(&world)), (vec!["invitation-not-accepted kim@acme.example".to_owned()], vec![]));
    // Whoever gave up is not to be had by another entry either.
    world.want("", &[ADA, listed, "{ email: kim@acme.example, role: author, subaccounts: [north], start: 2026-12-02, end: 2026-12-05 }"]);
    assert_eq!(warned(&world), NOBODY);
    // Of somebody unlisted only what follows from it is told.
    world.live("", &[ADA, &pending(1, "2026-11-15T09:00:00Z")]);
    world.want("", &[ADA]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-11-30 kim@acme.example"]);
}

/// A start invites again, whatever became of the invitation before.
#[test]
fn an_invitation_that_a_start_sends_is_not_over_with_the_one_before() {
    let world = World::insider("");
    let root = "{ email: root@acme.example, name: R R, role: administrator }";
    world.want("", &[root, "{ email: kim@acme.example, role: viewer, start: 2026-11-24, end: 2026-12-10 }"]);
    world.live("", &[root, "{ email: kim@acme.example, role: viewer, phase: pending, invited: 2026-11-15T12:00:00Z, attempts: 3 }"]);
    assert_eq!(warned(&world), NOBODY);
}

/// Who never registered before their end passed is restored by an invitation, which may be the last.
#[test]
fn i8_the_invitation_that_restores_somebody_may_be_their_last() {
    let world = World::insider("");
    let root = "{ email: root@acme.example, name: R R, role: administrator }";
    let kim = "email: kim@acme.example, role: viewer";
    let ended = format!("{{ {kim}, end: 2026-11-20, phase: pending, invited: 2026-11-15T09:00:00Z, attempts: 1 }}");
    world.live("", &[root, &ended]);
    for (attempts, told) in [(1, vec!["last-invitation-ends 2026-11-29 kim@acme.example"]), (2, vec![])] {
        world.want(&format!("invitations: {{ attempts: {attempts} }}"), &[root, &format!("{{ {kim} }}")]);
        assert_eq!(world.plan().acts(), ["restore kim@acme.example"]);
        assert_eq!(warned(&world), told, "{attempts}");
    }
}

#[test]
fn e8_what_is_not_mailed_is_never_over() {
    let world = World::emma_hq("sso: true; actor: { role: parent }");
    let kim = "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [latam], phase: pending, invited: 2026-11-15T09:00:00Z, attempts: 3 }";
    world.live("", &[ADA, kim]);
    world.want("", &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [latam] }"]);
    assert_eq!(warned(&world), NOBODY);
}

// ---- domains ----

#[test]
fn i11_a_domain_that_cuts_somebody_off_is_warned_of() {
    let world = World::insider("");
    let root = "{ email: root@acme.example, role: administrator }";
    let bob = "{ email: bob@old.example, name: Bob B, role: viewer }";
    world.live(
        "domains: [acme.example, old.example]",
        &[root, bob, "{ email: cy@old.example, name: Cy C, role: viewer, phase: suspended }"],
    );
    world.want("", &[root]);
    assert_eq!(warned(&world), NOBODY);
    world.want("domains: [acme.example]", &[root]);
    assert_eq!(warned(&world), ["domain-cuts-off 2026-11-22 bob@old.example"]);
    // Who is removed first is not cut off.
    world.want("domains: [acme.example]; mode: authoritative", &[root]);
    assert_eq!(warned(&world), NOBODY);
    // Cut off already: the whitelist lacks the domain, and the plan may bring it.
    world.live("domains: [acme.example]", &[root, bob]);
    world.want("", &[root]);
    assert_eq!(warned(&world), ["domain-cuts-off - bob@old.example"]);
    world.want("domains: [acme.example, old.example]", &[root]);
    assert_eq!(warned(&world), NOBODY);
    world.want("domains: off", &[root]);
    assert_eq!(warned(&world), NOBODY);
    // I14: switched on, it lists everybody's domain, and takes those off again that are not wanted.
    world.live("", &[root, bob]);
    world.want("domains: [acme.example]", &[root]);
    assert_eq!(warned(&world), ["domain-cuts-off 2026-11-22 bob@old.example"]);
    world.want("domains: [acme.example, old.example]", &[root]);
    assert_eq!(warned(&world), NOBODY);
}

// ---- --at ----

#[test]
fn at_looks_ahead_from_its_own_day() {
    let world = emma(&[ADA, KIM], &[&until(ADA, "2027-01-20"), KIM]);
    assert_eq!(warned(&world), NOBODY);
    assert_eq!(of(&world.plan_at("2027-01-01"))[0], "last-administrator-ends 2027-01-21 ada@acme.example");
    assert_eq!(of(&world.plan_at("2027-01-21")), NOBODY);
}

#[test]
fn at_tells_what_the_product_ends_by_itself() {
    let world = World::insider("");
    let root = "{ email: root@acme.example, role: administrator }";
    let listed = "{ email: kim@acme.example, role: viewer, end: 2026-12-05 }";
    world.live(
        "",
        &[
            root,
            "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-05 }",
            "{ email: bob@acme.example, name: Bob B, role: viewer, end: 2026-12-04 }",
        ],
    );
    world.want("", &[root, listed]);
    assert_eq!(world.plan().reports(), ["unmanaged-member bob@acme.example"]);
    let plan = world.plan_at("2026-12-05");
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec![], vec!["ends-by-itself bob@acme.example".to_owned(), "unmanaged-member bob@acme.example".into()])
    );
    let plan = world.plan_at("2026-12-06");
    assert_eq!(plan.acts(), NOBODY);
    assert_eq!(plan.reports(), ["ends-by-itself bob@acme.example", "ends-by-itself kim@acme.example", "unmanaged-member bob@acme.example"]);
    assert_eq!(
        plan.report("kim@acme.example"),
        "its own end is 2026-12-05: by then Insider One has ended the access, and no change is needed for it"
    );
}

// ---- every form ----

#[test]
fn text_json_markdown_and_annotations_all_tell_of_it() {
    let world = emma(&[ADA, KIM], &[&until(ADA, "2026-12-03"), KIM]);
    for format in ["text", "json", "markdown", "github"] {
        let printed = world.command(&format!("plan --format {format}"));
        assert!(printed.out.contains("last-administrator-ends") && printed.out.contains("-12-04"), "{format}: {}", printed.out);
        assert_eq!(printed.code, 0);
    }
}

/// E4: of a subaccount that is not its own a bounded actor does not know who is left.
#[test]
fn e4_a_bounded_actor_warns_of_its_own_subaccounts_alone() {
    let world = World::emma_hq("subaccounts: [north, south]; actor: { role: manager, subaccounts: [north] }");
    let lee = "{ email: lee@acme.example, role: author, subaccounts: [north] }";
    world.live("", &[lee]);
    let later =
        |word: &str| format!("{{ email: lee@acme.example, role: author, subaccounts: [{word}], start: 2026-12-01, end: 2026-12-05 }}");
    world.want("", &[lee, &later("south")]);
    assert_eq!(warned(&world), Vec::<String>::new());
    world.want("", &["{ email: lee@acme.example, role: author, subaccounts: [north], end: 2026-12-05 }"]);
    assert_eq!(warned(&world), ["subaccount-left-empty 2026-12-06 lee@acme.example"]);
}
