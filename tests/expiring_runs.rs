//! `expiring`, from run to run: what each later run finds of what those before it made, and what it then does.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::{Value as Json, json};
use support::world::World;

const ADA: &str = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea, apac] }";
const ROOT: &str = "{ email: root@acme.example, role: administrator }";
/// A manager who sees one subaccount of three.
const NORTH: &str = "subaccounts: [north, south, east]; actor: { role: manager, subaccounts: [north] }";
/// The run that ends anybody is stopped.
const NO_REMOVALS: &str = "guards: { removals: { count: 0, percent: 0, most: 0 } }";

/// The same world with these people, as live and as entries.
fn with(world: World, policy: &str, live: &[&str], wanted: &[&str]) -> World {
    world.live("", live);
    world.want(policy, wanted);
    world
}

fn emma(live: &[&str], wanted: &[&str]) -> World {
    with(World::emma_hq("actor: { role: parent }"), "", &[&[ADA], live].concat(), &[&[ADA], wanted].concat())
}

fn insider(policy: &str, live: &[&str], wanted: &[&str]) -> World {
    with(World::insider("features: [groups]"), policy, &[&[ROOT], live].concat(), &[&[ROOT], wanted].concat())
}

/// Somebody of acme.example, as an entry or as live.
fn of(who: &str, what: &str) -> String {
    format!("{{ email: {who}@acme.example, {what} }}")
}

fn list(world: &World) -> Json {
    world.command("expiring --within 60d --format json").json()
}

/// `day member ending why` of each, and what of the rest is asked for.
fn rows(world: &World, keys: &[&str]) -> Vec<String> {
    let view = list(world);
    let of = |e: &Json, key: &str| e[key].as_str().map_or_else(|| e[key].to_string(), str::to_owned).replace("@acme.example", "");
    let all = view["expiring"].as_array().expect("a list").iter();
    all.map(|e| ["on", "member", "ending", "why"].iter().chain(keys).map(|key| of(e, key)).collect::<Vec<_>>().join(" ")).collect()
}

/// E6: what no run may change of an invitation, the next run takes from who has accepted it.
#[test]
fn e6_what_an_invitation_has_too_much_is_taken_from_who_accepts() {
    let live = of("kim", "role: editor, subaccounts: [north, south], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1");
    let world = with(World::emma_hq(NORTH), "", &[&live], &[&of("kim", "role: author, subaccounts: [north]")]);
    assert_eq!(world.plan().blocked(), ["kim@acme.example no-safe-path"]);
    assert_eq!(rows(&world, &["pending", "only_accepted"])[0], "2026-11-23 kim part late true true");
    world.accept("kim@acme.example");
    assert_eq!(world.plan_at("2026-11-23").acts(), ["edit kim@acme.example"]);
}

/// Who is let in again, with less than before, loses nothing: they have nothing now.
#[test]
fn what_is_given_back_with_less_is_not_taken() {
    let world = insider("", &[&of("kim", "name: K, role: editor, phase: expired")], &[&of("kim", "role: viewer")]);
    assert_eq!(world.plan().acts(), ["restore kim@acme.example"]);
    assert_eq!(list(&world)["accounts"][0]["taken_by_the_plan"], 0);
}

/// E4: from whom a run takes the last subaccount that the actor sees, no later run of it finds.
#[test]
fn e4_who_goes_out_of_sight_is_not_found_by_a_later_run() {
    let wanted = ["[north], end: 2026-12-03", "[], end: 2026-12-10"].map(|what| of("kim", &format!("role: author, subaccounts: {what}")));
    let live = of("kim", "name: K, role: author, subaccounts: [north]");
    let world = with(World::emma_hq(NORTH), "", &[&live], &[&wanted[0], &wanted[1]]);
    assert_eq!(rows(&world, &["seen"]), ["2026-12-04 kim part end whole", "2026-12-11 kim membership end nothing"]);
    assert_eq!(list(&world)["accounts"][0]["never_given"], json!([]));
}

/// E6: a part of an invitation ends by another in its place, which whoever sends it must be able to give.
#[test]
fn e6_who_ends_a_part_of_an_invitation_gives_the_rest_of_it() {
    let what = |of: &str| format!("role: administrator, privileges: [share-campaigns], subaccounts: {of}");
    let live = of("kim", &what("[north, south], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1"));
    let wanted = ["[north]", "[south], end: 2026-12-03"].map(|subaccounts| of("kim", &what(subaccounts)));
    let row = list(&with(World::emma_hq(NORTH), "", &[&live], &[&wanted[0], &wanted[1]]))["expiring"][0].clone();
    assert_eq!((&row["on"], &row["ending"]), (&json!("2026-12-04"), &json!("part")));
    let needs = "a parent, or a manager of north and south with share-campaigns who sees the person and all their subaccounts";
    assert_eq!(row["blocked"]["needs"], needs);
}

/// The run that invites again gives what is asked for by then: the first from the instant on at which the
/// cool-down is over, and only as often as the account allows.
#[test]
fn an_invitation_that_goes_out_again_with_less_is_told_on_the_day_of_its_run() {
    let pending = |invited: &str, attempts: u32| {
        of("kim", &format!("role: editor, subaccounts: [emea], phase: pending, invited: {invited}, attempts: {attempts}"))
    };
    let lee = of("lee", "role: author, subaccounts: [emea], end: 2026-12-10");
    let less = of("kim", "role: author, subaccounts: [emea]");
    // Fifteen days and three, in Paris until eleven in the morning, and until midnight.
    for (invited, late) in [("2026-11-06T10:00:00Z", "2026-11-25"), ("2026-11-05T23:00:00Z", "2026-11-24")] {
        let world = emma(&[&pending(invited, 1), &of("lee", "name: L, role: author, subaccounts: [emea]")], &[&less, &lee]);
        assert_eq!(rows(&world, &[]), [format!("{late} kim part late"), "2026-12-11 lee membership end".to_owned()], "{invited}");
    }
    // The third and last is over before its end, which comes to who has accepted it.
    let ends = of("kim", "role: editor, subaccounts: [emea], end: 2026-12-12");
    let world = emma(&[&pending("2026-11-06T10:00:00Z", 2)], &[&ends, &less]);
    assert_eq!(rows(&world, &["pending", "only_accepted"]), ["2026-12-13 kim part end true true"]);
}

/// I2: runs move the rolling end that the plan of now writes, and a later one finds the person there.
#[test]
fn i2_what_ends_after_a_rolling_end_was_moved_is_told() {
    let live = of("kim", "name: K, role: viewer, groups: [green, red]");
    let rolls = |group: &str, end: &str| of("kim", &format!("role: viewer, groups: [{group}], end: {end}, renew: rolling"));
    let world = insider("", &[&live], &[&rolls("green", "2027-06-01"), &rolls("red", "2027-01-05")]);
    assert_eq!(rows(&world, &[]), ["2027-01-06 kim part end"]);
    assert_eq!(list(&world)["accounts"][0]["never_given"], json!([]));
}

/// A guard stops portcullis: what the product ends by itself comes on its day.
#[test]
fn a_guard_stops_no_end_that_the_product_holds() {
    let lee = of("lee", "name: L, role: viewer");
    let live = [&*of("kim", "name: K, role: viewer, end: 2026-12-03"), &lee];
    let world = insider(NO_REMOVALS, &live, &["{ person: lee, role: viewer }"]);
    let leaves = |day: &str| world.file("people.yaml", &format!("people:\n  lee: {{ email: lee@acme.example, leaves: {day} }}\n"));
    leaves("now");
    assert_eq!(world.plan().tripped(), ["removals=1"]);
    assert_eq!(rows(&world, &["stopped_by"]), ["2026-12-04 kim membership own-end []"]);
    // The plan of now writes it, and the run of that very day is stopped.
    leaves("2026-12-03");
    world.live("", &[ROOT, &of("kim", "name: K, role: viewer"), &lee]);
    world.want(NO_REMOVALS, &[ROOT, &of("kim", "role: viewer, end: 2026-12-03"), "{ person: lee, role: viewer }"]);
    let told = ["2026-12-04 kim membership end product []", r#"2026-12-04 lee membership leaves portcullis ["removals"]"#];
    assert_eq!(rows(&world, &["ended_by", "stopped_by"]), told);
}

/// Another invitation goes out with a run before: the one that a guard stops has none to send.
#[test]
fn a_guard_holds_no_invitation_back_that_another_run_sends() {
    let what = |more: &str| format!("role: author, subaccounts: [emea], {more}");
    let live = [of("lee", &what("name: L")), of("kim", &what("phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 1"))];
    let days = [("lee", "end: 2026-12-08"), ("kim", "end: 2026-12-06"), ("kim", "start: 2026-12-08")];
    let wanted = days.map(|(who, day)| of(who, &what(day)));
    let world = emma(&[&live[0], &live[1]], &[]);
    world.want(NO_REMOVALS, &[ADA, &wanted[0], &wanted[1], &wanted[2]]);
    let rows = rows(&world, &["again", "stopped_by"]);
    assert_eq!([&*rows[0], &*rows[2]], ["2026-12-05 kim invitation life true []", r#"2026-12-09 lee membership end false ["removals"]"#]);
}

/// What the product ends on the eve of a start comes back with the run of that day alone.
#[test]
fn a_gap_that_no_run_closes_is_an_end() {
    let starts = of("kim", "role: viewer, start: 2026-12-06");
    let live = [&*of("kim", "name: K, role: viewer, end: 2026-12-05"), &of("lee", "name: L, role: viewer")];
    let world = insider(NO_REMOVALS, &live, &[&starts, "{ person: lee, role: viewer }"]);
    for (actor, leaves, again) in [("administrator", "", true), ("viewer", "", false), ("administrator", ", leaves: 2026-12-05", false)] {
        world.connect(&format!("features: [groups]; actor: {{ role: {actor} }}"));
        world.file("people.yaml", &format!("people:\n  lee: {{ email: lee@acme.example{leaves} }}\n"));
        assert_eq!(rows(&world, &["again"])[0], format!("2026-12-06 kim membership end {again}"), "{actor}{leaves}");
    }
}

/// The product's own end is what the runs before it have made of it.
#[test]
fn an_own_end_is_the_one_that_is_held_by_then() {
    let live = of("kim", "name: K, role: viewer, groups: [green, red], end: 2026-12-05");
    let moved = of("kim", "role: viewer, groups: [green, red], start: 2026-12-03, end: 2026-12-20");
    assert_eq!(rows(&insider("", &[&live], &[&moved]), &[]), ["2026-12-21 kim membership end"]);
    // What a guard keeps from being moved is the end of everything, and what should end later is not there.
    let wanted = [&*of("kim", "role: viewer, groups: [green]"), &of("kim", "role: viewer, groups: [red], end: 2026-12-10")];
    let world = insider("guards: { end-extensions: { count: 0, percent: 0, most: 0 } }", &[&live], &wanted);
    assert_eq!(rows(&world, &[]), ["2026-12-06 kim membership own-end"]);
    assert_eq!(list(&world)["accounts"][0]["never_given"][0]["member"], "kim@acme.example");
}

/// Whose invitation was declined has nothing: what a run tidies up is no loss.
#[test]
fn what_a_later_run_takes_of_who_declined_is_not_told() {
    let ends = |who: &str| of(who, "role: author, subaccounts: [emea], end: 2026-12-03");
    let kim = of("kim", "role: author, subaccounts: [emea], phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 1");
    let world = emma(&[&kim, &of("lee", "name: L, role: author, subaccounts: [emea]")], &[&ends("kim"), &ends("lee")]);
    world.decline("kim@acme.example");
    assert_eq!(world.plan_at("2026-12-04").acts(), ["cancel-invitation kim@acme.example", "remove lee@acme.example"]);
    assert_eq!(rows(&world, &[]), ["2026-12-04 lee membership end"]);
}

/// E12: what a run ends and what it leaves are two rows, and whether others accept changes neither.
#[test]
fn e12_what_others_accept_changes_no_row_of_who_is_in() {
    let live = [
        &*of("kim", "name: K, role: author, subaccounts: [north, south]"),
        &of("lee", "role: author, subaccounts: [north], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1"),
    ];
    let wanted =
        [&*of("kim", "role: author, subaccounts: [north, south], end: 2026-12-03"), &of("lee", "role: author, subaccounts: [north]")];
    let rows = rows(&with(World::emma_hq(NORTH), "", &live, &wanted), &["rest", "once_accepted"]);
    assert_eq!(rows[..2], ["2026-12-04 kim part end false null", "2026-12-04 kim membership end true null"]);
}

/// E3: what no run could end before is still held, and kept, on the day of the next end.
#[test]
fn e3_what_was_blocked_before_is_kept_on_a_later_day() {
    let world = World::emma_hq(
        "subaccounts: [north, south, east]; actor: { role: administrator, subaccounts: [north] }; surface: subaccount; subaccount: north",
    );
    let of = |subaccount: &str, end: &str| of("two", &format!("role: author, subaccounts: [{subaccount}]{end}"));
    let wanted = [&*of("north", ", end: 2026-12-04"), &of("south", ", end: 2026-12-06"), &of("east", "")];
    let world = with(world, "", &[&of("north, south", ", name: T")], &wanted);
    let kept = |row: &Json| row["after"]["subaccounts"].to_string() + row["blocked"]["needs"].as_str().unwrap_or_default();
    let rows: Vec<String> = list(&world)["expiring"].as_array().expect("a list").iter().map(kept).collect();
    let needs = "a parent, or a manager of east and north and south";
    assert_eq!(rows, [format!(r#"["east","south"]{needs}"#), format!(r#"["east","north"]{needs}"#)]);
}

/// What a guard held back is taken by the first run that it lets through: told with the line that ends it, and
/// as made by whoever makes it by then.
#[test]
fn what_a_guard_held_back_is_told_on_the_day_of_the_run_that_takes_it() {
    let ann = of("ann", "groups: [standard], end: 2026-12-03, reason: Launch");
    let bea = ["end: 2026-12-03", "start: 2026-12-08"].map(|day| of("bea", &format!("groups: [standard], {day}")));
    let live = ["ann", "bea"].map(|who| of(who, "name: A, groups: [standard]"));
    let guard = "guards: { removals: { count: 1, percent: 1, most: 1 } }";
    let world = with(World::solver(""), guard, &[&live[0], &live[1]], &[&ann, &bea[0], &bea[1]]);
    let roster = "backend: roster; file: users.csv; columns: { email: User, name: Name, groups: Groups }";
    world.file("users.csv", "User,Name,Groups\nann@acme.example,A,standard\nbea@acme.example,A,standard\n");
    for (by, connection) in [("portcullis", ""), ("manual", roster)] {
        world.connect(connection);
        let rows = rows(&world, &["ended_by", "stopped_by", "seen", "reason", "place"]);
        assert!(rows[0].starts_with(&format!(r#"2026-12-04 ann membership end {by} ["removals"]"#)), "{rows:?}");
        let late = format!("2026-12-08 ann membership late {by} [] whole Launch");
        assert!(rows[2].starts_with(&late) && rows[2].contains(r#""line":5"#), "{rows:?}");
    }
}

/// I11: a whitelist stays what the plan of now makes of it, and no later run makes it again. Of fewer members
/// fewer changes are let through, so that a run which did would be stopped.
#[test]
fn i11_a_later_run_finds_the_domains_that_an_earlier_one_made() {
    let (share, all) = ("{ count: 0, percent: 10, most: 9 }", "{ count: 9, percent: 90, most: 9 }");
    let guards = format!("guards: {{ removals: {all}, disallowed-domains: {share}, cut-off: {share}, open-domains: {share} }}");
    let days = [", leaves: 2026-12-03"; 5].into_iter().chain([", leaves: 2026-12-08", "", ""]).enumerate();
    let people: String = days.map(|(i, leaves)| format!("  p{i}: {{ email: p{i}@acme.example{leaves} }}\n")).collect();
    let live: Vec<String> = (0..8).map(|i| of(&format!("p{i}"), "name: P, role: viewer")).collect();
    let wanted: Vec<String> = (0..8).map(|i| format!("{{ person: p{i}, role: viewer }}")).collect();
    let vera = "{ email: vera@old.example, name: V, role: viewer }";
    let live: Vec<&str> = [ROOT, vera].into_iter().chain(live.iter().map(String::as_str)).collect();
    let wanted: Vec<&str> = [ROOT].into_iter().chain(wanted.iter().map(String::as_str)).collect();
    let world = World::insider("");
    world.file("people.yaml", &format!("people:\n{people}"));
    let (both, one) = ("[acme.example, old.example]", "[acme.example]");
    for (is, domains) in [(both, one), (both, "[acme.example, vendor.example]"), ("off", one), (both, "off")] {
        world.live(&format!("domains: {is}"), &live);
        world.want(&format!("domains: {domains}; {guards}"), &wanted);
        assert_eq!(world.plan().tripped(), [""; 0]);
        assert_eq!(rows(&world, &["stopped_by"])[5], "2026-12-09 p5 membership leaves []", "{is} {domains}");
    }
}

/// I11: what is allowed now stands beside what was: a domain that waits to be taken off is still on.
#[test]
fn i11_a_domain_that_is_allowed_takes_no_other_off() {
    let pending = |what: &str| format!("{what}, phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1");
    let old = "{ email: old@old.example, name: O, role: administrator }";
    let world = World::insider("");
    let live = [of("root", &pending("role: administrator")), of("lee", &pending("role: viewer"))];
    world.live("domains: [acme.example, old.example]", &[old, &live[0], &live[1]]);
    world.file("people.yaml", "people:\n  lee: { email: lee@acme.example, leaves: 2026-11-25 }\n");
    let policy = "domains: [acme.example, vendor.example]; absent: [old@old.example]";
    world.want(policy, &[ROOT, "{ person: lee, role: viewer }"]);
    assert_eq!(world.plan().acts(), ["allow-domain vendor.example"]);
    // Once its last member may go, that it is taken off stops each run.
    let row = list(&world)["expiring"][0].clone();
    assert_eq!((&row["member"], &row["stopped_by"]), (&json!("lee@acme.example"), &json!([])));
    assert_eq!(row["once_accepted"][0]["stopped_by"], json!(["disallowed-domains"]));
}
