//! Practices that the products recommend are warnings with a code and a place, each silenced by the
//! account that knows better (SYSTEMS.md, "Practices the pages recommend, as lints").

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use support::world::World;

const NOBODY: [&str; 0] = [];
const ADA: &str = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea], reason: R }";

/// `place code` of every warning of the manifests.
fn validated(world: &World) -> Vec<String> {
    world.check().0.iter().filter(|d| !d.is_error()).map(|d| format!("{} {}", d.place, d.code)).collect()
}

/// `code member` of every warning of the plan.
fn planned(world: &World) -> Vec<String> {
    let text = |json: &serde_json::Value| json.as_str().unwrap_or("-").to_owned();
    world.plan().all("warnings").into_iter().map(|w| format!("{} {}", text(&w["code"]), text(&w["member"]))).collect()
}

fn emma(policy: &str, members: &[&str]) -> World {
    let world = World::emma_hq("actor: { role: parent }");
    world.want(policy, members);
    world
}

/// Silenced in both ways, and by no other lint.
fn is_silenced(world: &World, code: &str, members: &[&str], warned: &dyn Fn(&World) -> Vec<String>) {
    let others = [
        "straight-to-administrator",
        "too-many-administrators",
        "no-backup-administrator",
        "privileged-without-reason",
        "temporary-without-end",
        "invitation-never-accepted",
        "not-reviewed",
    ];
    for off in ["off", "{ off: \"known, TICKET-7\" }"] {
        world.want(&format!("lints: {{ {code}: {off} }}"), members);
        assert_eq!(world.check().errors(), NOBODY);
        assert_eq!(warned(world), NOBODY, "{code}: {off}");
    }
    let rest: Vec<String> = others.iter().filter(|o| **o != code).map(|o| format!("{o}: off")).collect();
    world.want(&format!("lints: {{ {} }}", rest.join(", ")), members);
    assert_eq!(warned(world).len(), 1, "{code} is silenced by another");
}

#[test]
fn lints_are_switched_off_by_their_codes_alone() {
    let world = emma("lints: { not-reviewed: off, too-many-administrators: { off: why } }", &[ADA]);
    assert_eq!(world.check().errors(), NOBODY);
    for (written, at) in [
        ("{ no-reviewed: off }", "account.yaml:3:14 unknown-key"),
        ("{ not-reviewed: on }", "account.yaml:3:28 unknown-word"),
        ("{ not-reviewed: false }", "account.yaml:3:28 unknown-word"),
        ("{ not-reviewed: { of: why } }", "account.yaml:3:30 unknown-key"),
        ("{ not-reviewed: {} }", "account.yaml:3:28 missing-key"),
        ("{ not-reviewed: { off: '' } }", "account.yaml:3:35 bad-word"),
        ("{ not-reviewed: { off: } }", "account.yaml:3:30 no-value"),
        ("[not-reviewed]", "account.yaml:3:12 wrong-type"),
    ] {
        world.want(&format!("lints: {written}"), &[ADA]);
        assert_eq!(world.check().errors(), [at], "{written}");
    }
    world.want("lints: { off: true }", &[ADA]);
    let said = world.check();
    assert_eq!(said.errors(), ["account.yaml:3:14 unknown-key"]);
    assert!(said.only().contains("`off` is said of each code: `not-reviewed: off`"));
    world.want("lints: { no-reviewed: off }", &[ADA]);
    assert!(world.check().only().contains("did you mean `not-reviewed`?"));
}

#[test]
fn privileged_without_reason_is_said_at_the_role() {
    let bare = "{ email: ada@acme.example, role: manager, subaccounts: [emea] }";
    let lesser = "{ email: kim@acme.example, role: author, subaccounts: [emea] }";
    let world = emma("", &[bare, lesser]);
    assert_eq!(validated(&world), ["account.yaml:4:42 privileged-without-reason"]);
    let (hint, off) = (world.check().0[0].hint.clone().unwrap_or_default(), "lints: { privileged-without-reason: { off: \"why\" } }");
    assert!(hint.contains(&format!("`{off}`")), "{hint}");
    world.want(off, &[bare, lesser]);
    assert_eq!((validated(&world), world.check().errors()), (vec![], vec![]), "what the hint says is what silences it");
    world.want("", &[bare, lesser]);
    is_silenced(&world, "privileged-without-reason", &[bare, lesser], &|w| validated(w));
    // With a reason, or over by now, or where the role holds nowhere.
    for fine in [
        ADA,
        "{ email: ada@acme.example, role: manager, subaccounts: [emea], end: 2026-11-21 }",
        "{ email: ada@acme.example, role: manager, subaccounts: [] }",
    ] {
        world.want("", &[fine]);
        let said: Vec<String> = validated(&world).into_iter().filter(|d| !d.ends_with("end-has-passed")).collect();
        assert_eq!(said, NOBODY, "{fine}");
    }
    world.want("", &["{ email: ada@acme.example, role: manager, subaccounts: [emea], end: 2026-11-22 }"]);
    assert_eq!(validated(&world).len(), 1);
}

#[test]
fn temporary_without_end_is_said_of_who_is_from_outside() {
    let kim = "{ email: kim@agency.example, role: author, subaccounts: [emea] }";
    let world = emma("", &[kim]);
    // Without a directory nobody is from outside.
    assert_eq!(validated(&world), NOBODY);
    world.file("people.yaml", "people:\n  joan: { email: joan@acme.example, name: Joan C }\n");
    assert_eq!(validated(&world), ["account.yaml:4:18 temporary-without-end"]);
    is_silenced(&world, "temporary-without-end", &[kim], &|w| validated(w));
    for fine in [
        "{ email: kim@agency.example, role: author, subaccounts: [emea], end: 2026-12-31 }",
        "{ email: zoe@acme.example, role: author, subaccounts: [emea] }",
        "{ person: joan, role: author, subaccounts: [emea] }",
    ] {
        world.want("", &[fine]);
        assert_eq!(validated(&world), NOBODY, "{fine}");
    }
}

#[test]
fn not_reviewed_is_said_after_a_quarter_and_only_where_the_key_is_written() {
    let world = emma("", &[ADA]);
    assert_eq!(validated(&world), NOBODY);
    // 92 days before the 22nd of November.
    for (reviewed, warned) in [("2026-08-22", false), ("2026-08-21", true), ("2026-11-22", false)] {
        world.want(&format!("reviewed: {reviewed}"), &[ADA]);
        assert_eq!(validated(&world), if warned { vec!["account.yaml:3:15 not-reviewed"] } else { vec![] }, "{reviewed}");
        assert_eq!(world.check().errors(), NOBODY);
    }
    world.want("reviewed: 2026-08-21; lints: { not-reviewed: off }", &[ADA]);
    assert_eq!(validated(&world), NOBODY);
    for (wrong, code) in [("2026-11-23", "wrong-value"), ("soon", "bad-date")] {
        world.want(&format!("reviewed: {wrong}"), &[ADA]);
        assert_eq!(world.check().errors(), [format!("account.yaml:3:15 {code}")]);
    }
}

#[test]
fn straight_to_administrator_is_said_of_somebody_new_in_an_account_that_has_one() {
    let world = World::solver("");
    let new = "{ email: edna@acme.example, groups: [super-user] }";
    // Somebody has to be the first.
    world.want("", &[new]);
    assert_eq!(planned(&world), NOBODY);
    world.live("", &["{ email: kim@acme.example, name: K, groups: [standard] }"]);
    assert_eq!(planned(&world), NOBODY);
    let ada = "{ email: ada@acme.example, name: A, groups: [super-user] }";
    world.live("", &[ada]);
    assert_eq!(planned(&world), ["straight-to-administrator edna@acme.example"]);
    is_silenced(&world, "straight-to-administrator", &[new], &|w| planned(w));
    // Meant, or lesser, or promoted.
    for fine in ["{ email: edna@acme.example, groups: [super-user], reason: R }", "{ email: edna@acme.example, groups: [standard] }"] {
        world.want("", &[fine]);
        assert_eq!(planned(&world), NOBODY, "{fine}");
    }
    world.live("", &[ada, "{ email: edna@acme.example, name: E, groups: [standard] }"]);
    world.want("", &[new]);
    assert_eq!(planned(&world), NOBODY);
}

/// A parent that the list does not show is no member of it, and who goes with the plan is none either.
#[test]
fn too_many_administrators_are_counted_among_the_members_who_are_left() {
    let world = emma("mode: authoritative", &[]);
    let who = |n: usize, role: &str| format!("{{ email: p{n}@acme.example, name: N, role: {role}, subaccounts: [emea] }}");
    let stays: Vec<String> = (0..6).map(|n| who(n, "administrator")).collect();
    let goes: Vec<String> = (6..8).map(|n| who(n, "author")).collect();
    let text = |all: &[String]| all.iter().map(|m| m.replace("name: N", "reason: R")).collect::<Vec<_>>();
    fn refs(all: &[String]) -> Vec<&str> {
        all.iter().map(String::as_str).collect()
    }
    world.live("", &refs(&[&stays[..5], &goes].concat()));
    world.want("mode: authoritative", &refs(&text(&stays[..5])));
    assert_eq!(planned(&world), NOBODY, "five, and the parent");
    world.live("", &refs(&[&stays[..], &goes].concat()));
    world.want("mode: authoritative", &refs(&text(&stays)));
    let said = world.command("plan").out;
    assert!(said.contains("active administrators after this plan: 6 of 6 members, the parent not counted; more"), "{said}");
}

#[test]
fn too_many_administrators_are_more_than_five_and_more_than_a_fifth() {
    let world = World::solver("");
    let live = |administrators: usize, others: usize| {
        let all: Vec<String> = (0..administrators + others)
            .map(|i| {
                format!("{{ email: p{i}@acme.example, name: N, groups: [{}] }}", if i < administrators { "super-user" } else { "standard" })
            })
            .collect();
        world.live("", &all.iter().map(String::as_str).collect::<Vec<_>>());
    };
    world.want("", &[]);
    for (administrators, others, warned) in [(5, 0, 0), (6, 0, 1), (6, 23, 1), (6, 24, 0), (7, 24, 1)] {
        live(administrators, others);
        assert_eq!(planned(&world).len(), warned, "{administrators} {others}");
    }
    live(6, 0);
    assert_eq!(planned(&world), ["too-many-administrators -"]);
    is_silenced(&world, "too-many-administrators", &[], &|w| planned(w));
    // Those who are left count, not those who were.
    world.want("", &["{ email: p0@acme.example, groups: [standard] }"]);
    assert_eq!(planned(&world), NOBODY);
}

#[test]
fn no_backup_administrator_is_silenced_as_the_others_are() {
    let world = World::gamoshi("actor: { role: user-manager }");
    world.live("", &["{ email: root@acme.example, name: R, role: user-manager }"]);
    let root = "{ email: root@acme.example, role: user-manager, reason: R }";
    world.want("", &[root]);
    assert_eq!(planned(&world), ["no-backup-administrator -"]);
    is_silenced(&world, "no-backup-administrator", &[root], &|w| planned(w));
    // Of a later day as well.
    world.live(
        "",
        &["{ email: root@acme.example, name: R, role: user-manager }", "{ email: second@acme.example, name: S, role: user-manager }"],
    );
    let second = "{ email: second@acme.example, role: user-manager, end: 2026-12-03 }";
    world.want("", &[root, second]);
    assert_eq!(planned(&world), ["no-backup-administrator second@acme.example"]);
    is_silenced(&world, "no-backup-administrator", &[root, second], &|w| planned(w));
}

#[test]
fn x1_an_invitation_that_nobody_accepted_is_said_with_the_pages_hints() {
    let world = emma("", &[ADA]);
    let ada = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea] }";
    let kim = |sent: &str| {
        format!("{{ email: kim@acme.example, name: K K, role: author, subaccounts: [emea], phase: pending, invited: {sent}, attempts: 1 }}")
    };
    world.live("", &[ada, &kim("2026-11-01T09:00:00Z")]);
    assert_eq!(planned(&world), ["invitation-never-accepted kim@acme.example"]);
    let plan = world.plan();
    let message = plan.all("warnings")[0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("spam"), "{message}");
    is_silenced(&world, "invitation-never-accepted", &[ADA], &|w| planned(w));
    // Open still; or taken back by this plan; or listed, and written to again; or ignored.
    world.live("", &[ada, &kim("2026-11-21T09:00:00Z")]);
    world.want("", &[ADA]);
    assert_eq!(planned(&world), NOBODY);
    world.live("", &[ada, &kim("2026-11-01T09:00:00Z")]);
    for (policy, members) in [
        ("mode: authoritative", vec![ADA]),
        ("ignore: [kim@acme.example]", vec![ADA]),
        ("", vec![ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea] }"]),
    ] {
        world.want(policy, &members);
        assert_eq!(planned(&world), NOBODY, "{policy}");
    }
    // Who is listed, and was written to as often as may be, is told of in another way.
    world.live("", &[ada, &kim("2026-11-01T09:00:00Z").replace("attempts: 1", "attempts: 3")]);
    world.want("", &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea] }"]);
    assert!(!planned(&world).iter().any(|w| w.starts_with("invitation-never-accepted")));
}

/// SYSTEMS.md E8, M3: without a mail nothing is over, unless it is a link that was handed over.
#[test]
fn an_invitation_that_cannot_be_over_is_never_said_to_be_unaccepted() {
    let pending = |more: &str| format!("{{ email: kim@acme.example, {more}, phase: pending, invited: 2026-08-01T09:00:00Z, attempts: 1 }}");
    let world = World::emma_hq("sso: true; actor: { role: parent }");
    world.live("", &[&pending("name: K K, role: author, subaccounts: [emea]")]);
    world.want("", &[]);
    assert_eq!(planned(&world), NOBODY);
    let world = World::meta_gateway("smtp: false; links: { directory: handover }; actor: { role: admin }");
    world.live("", &["{ email: root@acme.example, role: admin }", &pending("role: view-only")]);
    world.want("", &[]);
    assert_eq!(planned(&world), ["invitation-never-accepted kim@acme.example"]);
}
