//! `expiring`: the rows as the entries and the product's own ends have them, and what a plan warns of by the same.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::{Value as Json, json};
use support::world::World;

const NOBODY: [&str; 0] = [];
const ADA: &str = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea, apac] }";
const ROOT: &str = "{ email: root@acme.example, role: administrator }";
/// A manager of one subaccount of four, who does not see everyone.
const NORTH: &str = "subaccounts: [north, south, east, west]; actor: { role: manager, subaccounts: [north] }";

/// One row of `expiring` as `day member ending why`, with what of the rest is asked for.
fn rows_with(world: &World, keys: &[&str]) -> Vec<String> {
    let printed = world.command("expiring --format json");
    let view = printed.json();
    let all = view["expiring"].as_array().unwrap_or_else(|| panic!("{view:#} {}", printed.err)).iter();
    let of = |e: &Json, key: &str| e[key].as_str().map_or_else(|| e[key].to_string(), str::to_owned);
    all.map(|e| ["on", "member", "ending", "why"].iter().chain(keys).map(|key| of(e, key)).collect::<Vec<_>>().join(" ")).collect()
}

fn never_given(world: &World) -> Json {
    world.command("expiring --format json").json()["accounts"][0]["never_given"].clone()
}

/// `code day member` of every warning of the plan of now.
fn warned(world: &World) -> Vec<String> {
    let text = |json: &Json| json.as_str().unwrap_or("-").to_owned();
    world.plan().all("warnings").into_iter().map(|w| ["code", "on", "member"].map(|key| text(&w[key])).join(" ")).collect()
}

/// An insider account in which these are members beside its administrator, and these are asked for.
fn insider(facts: &str, live: &[&str], wanted: &[&str]) -> World {
    let world = World::insider(facts);
    world.live("", &[&[ROOT], live].concat());
    world.want("", &[&[ROOT], wanted].concat());
    world
}

/// Kim, invited and not in yet.
fn pending(what: &str, invited: &str, attempts: u32) -> String {
    format!("{{ email: kim@acme.example, {what}, phase: pending, invited: {invited}, attempts: {attempts} }}")
}

// ---- invitations ----

/// The invitation that is over later today may still be accepted, and then the end to come is told; one that is
/// over already gives nobody anything to lose.
#[test]
fn an_invitation_that_is_over_later_today_keeps_the_end_of_who_accepts() {
    let of = |what: &str| format!("{{ email: kim@acme.example, role: viewer, groups: {what} }}");
    let wanted = [of("[red], end: 2026-12-05"), of("[green]")];
    let rows = |invited: &str| {
        let kim = pending("role: viewer, groups: [red, green]", invited, 3);
        let world = insider("features: [groups]", &[&kim], &wanted.each_ref().map(String::as_str));
        rows_with(&world, &["pending"]).into_iter().filter(|row| row.contains(" part end ")).collect::<Vec<_>>()
    };
    assert_eq!(rows("2026-11-15T12:00:00Z"), ["2026-12-06 kim@acme.example part end true"]);
    assert_eq!(rows("2026-10-20T12:00:00Z"), NOBODY);
}

/// Who starts only after the cool-down is invited again then.
#[test]
fn another_invitation_goes_out_to_who_starts_after_it() {
    let kim = pending("role: viewer", "2026-11-19T12:00:00Z", 1);
    let world = insider("", &[&kim], &["{ email: kim@acme.example, role: viewer, start: 2026-12-15 }"]);
    assert_eq!(rows_with(&world, &["again"]), ["2026-11-26 kim@acme.example invitation life true"]);
}

#[test]
fn who_has_not_accepted_is_pending_when_the_product_ends_it() {
    let kim = pending("role: viewer, end: 2026-11-24", "2026-11-20T12:00:00Z", 1);
    assert_eq!(rows_with(&insider("", &[&kim], &[]), &["pending"]), ["2026-11-25 kim@acme.example membership own-end true"]);
}

/// Only who has registered has a name, whatever the folder calls them.
#[test]
fn who_has_no_name_yet_is_told_without_one() {
    for attempts in [1, 3] {
        let kim = pending("role: viewer, end: 2026-11-25", "2026-11-20T12:00:00Z", attempts);
        let world = insider("", &[&kim], &["{ person: kim, role: viewer, end: 2026-12-10 }"]);
        world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, name: Kim Lee }\n");
        assert_eq!(rows_with(&world, &["name"]).last().unwrap(), "2026-12-11 kim@acme.example membership end null", "{attempts}");
    }
}

/// Nobody is invited yet, and the plan of now invites: E12, a bounded actor empties a member and takes an invitation back.
#[test]
fn e12_the_end_of_whom_the_plan_invites_is_told_for_those_who_accept_too() {
    let world = World::emma_hq(NORTH);
    world.live("", &[]);
    world.want("", &["{ email: kim@acme.example, role: author, subaccounts: [north], end: 2026-12-03 }"]);
    let view = world.command("expiring --format json").json();
    let row = &view["expiring"][0];
    assert_eq!((&row["ending"], &row["pending"]), (&json!("membership"), &json!(true)), "{view:#}");
    assert_eq!((&row["once_accepted"][0]["ending"], &row["once_accepted"][0]["emptied"]), (&json!("part"), &json!(true)), "{view:#}");
}

/// A change of what an invitation offers is no other one, where the product writes to nobody about it.
#[test]
fn an_invitation_that_is_edited_is_counted_once_and_over_as_it_was_sent() {
    let editor = ["{ email: kim@acme.example, role: editor }"];
    for (attempts, told) in [(2, vec![]), (3, vec!["last-invitation-ends 2026-11-26 kim@acme.example"])] {
        let world = insider("", &[&pending("role: viewer", "2026-11-19T12:00:00Z", attempts)], &editor);
        assert_eq!(world.plan().acts(), ["edit-invitation kim@acme.example"]);
        assert_eq!(warned(&world), told, "{attempts}");
    }
}

/// Who is given back is in at once, or is invited once more: that may be the last invitation.
#[test]
fn the_last_invitation_is_that_of_who_never_registered() {
    let never = "phase: pending, end: 2026-11-20, invited: 2026-11-15T09:00:00Z, attempts: 1";
    let once = "name: Kim Lee, phase: expired, end: 2026-11-20";
    for (is, told) in [(never, vec!["last-invitation-ends 2026-11-29 kim@acme.example"]), (once, vec![])] {
        let world = insider("", &[&format!("{{ email: kim@acme.example, role: viewer, {is} }}")], &[]);
        world.want("invitations: { attempts: 1 }", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-10 }"]);
        assert_eq!(world.plan().acts(), ["restore kim@acme.example"]);
        assert_eq!(warned(&world), told, "{is}");
    }
}

/// The last invitation is over today, and nothing is over on the day on which the entry ends.
#[test]
fn an_invitation_that_is_over_today_is_not_over_again_with_its_entry() {
    let kim = "{ email: kim@acme.example, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-07T10:00:00Z, attempts: 3 }";
    let world = World::emma_hq("actor: { role: parent }");
    world.live("", &[ADA, kim]);
    world.want("", &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-05 }"]);
    let warned = warned(&world);
    assert!(!warned.iter().any(|w| w.contains("2026-12-06")), "{warned:?}");
}

// ---- ends ----

/// A spare address goes on the first of both days, by what is asked for on that day; what one of two entries ends
/// is none of its.
#[test]
fn a_spare_address_ends_with_the_entry_up_to_the_day_of_its_own_end() {
    for (leaves, end, why) in [(", leaves: 2026-12-03", "", "leaves"), ("", ", end: 2026-12-03", "end")] {
        let old = "{ email: old@acme.example, name: Kim Lee, role: viewer, end: 2026-12-04 }";
        let world = insider("", &["{ email: kim@acme.example, name: Kim Lee, role: viewer }", old], &[]);
        world.file("people.yaml", &format!("people:\n  kim: {{ email: kim@acme.example, previously: [old@acme.example]{leaves} }}\n"));
        world.want("", &[ROOT, &format!("{{ person: kim, role: viewer{end} }}")]);
        let rows = ["kim", "old"].map(|who| format!("2026-12-04 {who}@acme.example membership {why}"));
        assert_eq!(rows_with(&world, &[]), rows);
    }
    let is = |who: &str| format!("{{ email: {who}@acme.example, name: Kim Lee, role: viewer, groups: [red, green] }}");
    let world = insider("features: [groups]", &[&is("kim"), &is("old")], &[]);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example] }\n");
    let of = |what: &str| format!("{{ person: kim, role: viewer, groups: {what} }}");
    world.want("", &[ROOT, &of("[red]"), &of("[green], end: 2026-12-03")]);
    assert_eq!(rows_with(&world, &[]), ["2026-12-04 kim@acme.example part end"]);
    assert_eq!(never_given(&world), json!([]));
}

/// Who loses a part is still there when the product's own end comes.
#[test]
fn an_own_end_that_is_kept_from_coming_is_told_after_a_part_that_ends() {
    for end in ["", ", end: 2027-06-01, renew: rolling"] {
        let kim = "{ email: kim@acme.example, name: Kim Lee, role: viewer, groups: [red, green], end: 2026-12-15 }";
        let stays = format!("{{ email: kim@acme.example, role: viewer, groups: [red]{end} }}");
        let ends = "{ email: kim@acme.example, role: viewer, groups: [green], end: 2026-12-05 }";
        let rows = ["2026-12-06 kim@acme.example part end false", "2026-12-16 kim@acme.example membership own-end true"];
        assert_eq!(rows_with(&insider("features: [groups]", &[kim], &[&stays, ends]), &["only_if_nothing_runs"]), rows);
    }
}

/// A start on the day after the product's own end gives back what that end took, and has an end of its own.
#[test]
fn what_is_given_back_after_the_products_own_end_ends_with_its_entry() {
    let kim = "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-05 }";
    let world = insider("", &[kim], &["{ email: kim@acme.example, role: viewer, start: 2026-12-06, end: 2026-12-10 }"]);
    let rows = ["2026-12-06 kim@acme.example membership end true", "2026-12-11 kim@acme.example membership end false"];
    assert_eq!(rows_with(&world, &["again"]), rows);
}

/// What an entry asks to be gone already, and the actor may not end, does not end once more when the person leaves.
#[test]
fn who_should_be_gone_already_does_not_leave_again() {
    let kim = "{ email: kim@acme.example, name: Kim Lee, role: viewer }";
    let world = insider("actor: { role: viewer }", &[kim], &["{ person: kim, role: viewer, end: 2026-11-20 }"]);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, leaves: 2026-12-03 }\n");
    assert_eq!(world.plan().blocked(), ["kim@acme.example actor-lacks-role"]);
    assert_eq!((rows_with(&world, &[]), warned(&world)), (vec![], vec![]));
}

/// G4: a user has a role, a partner's user a partner and no role.
#[test]
fn g4_what_replaces_a_role_is_kept_without_it() {
    let world = World::gamoshi("actor: { role: user-manager, member: root@acme.example }");
    world.live("", &["{ email: root@acme.example, name: R, role: user-manager }", "{ email: kim@acme.example, name: K, role: user }"]);
    let of = |what: &str| format!("{{ email: kim@acme.example, {what} }}");
    world.want("", &[&of("role: user, end: 2026-12-03"), &of("partner: north, start: 2026-12-04")]);
    assert_eq!(rows_with(&world, &["after"]), [r#"2026-12-04 kim@acme.example part end {"partner":"north"}"#]);
}

/// E10: what goes with the role is not kept, where the actor may not end it either.
#[test]
fn e10_what_goes_with_a_role_is_not_kept_of_a_blocked_end() {
    let ada = "{ email: ada@acme.example, name: Ada L, role: manager, privileges: [billing], subaccounts: [north] }";
    let world = World::emma_hq(NORTH);
    world.live("", &[ada]);
    let of = |what: &str| format!("{{ email: ada@acme.example, subaccounts: [north], {what} }}");
    world.want("", &[&of("role: manager, end: 2026-12-03"), &of("role: author, start: 2026-12-04")]);
    let rows = [r#"2026-12-04 ada@acme.example part end {"role":"author","subaccounts":["north"]}"#];
    assert_eq!(rows_with(&world, &["after"]), rows);
}

// ---- who is not seen ----

/// E4: of who is not seen nobody tells whether the product ends it, or whether a later run invites them.
#[test]
fn e4_who_is_not_seen_has_no_gap_and_is_not_pending() {
    let of = |what: &str| format!("{{ email: cleo@acme.example, {what} }}");
    let first = of("role: author, subaccounts: [south], end: 2026-12-03");
    let world = World::emma_hq(NORTH);
    world.live("", &[]);
    world.want("", &[&first, &of("role: editor, subaccounts: [south], start: 2026-12-04, end: 2026-12-10")]);
    assert_eq!(rows_with(&world, &["seen"]), ["2026-12-11 cleo@acme.example membership end nothing"]);
    world.want("", &[&first, &of("role: author, subaccounts: [north], start: 2026-12-02, end: 2026-12-10")]);
    let rows = ["2026-12-04 cleo@acme.example part end nothing false", "2026-12-11 cleo@acme.example membership end nothing false"];
    assert_eq!(rows_with(&world, &["seen", "pending"]), rows);
    // A reading that is not whole tells of nobody.
    world.file("live.txt", "accounts:\n  news:\n    members: []\n    fault: short\n");
    assert_eq!(world.command("sandbox load live.txt").code, 0);
    assert_eq!(rows_with(&world, &[]), NOBODY);
}
