//! `expiring`: every access that ends within some time, who ends it, and what is kept.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::{Value as Json, json};
use support::world::World;

const NOBODY: [&str; 0] = [];
const ADA: &str = "{ email: ada@acme.example, name: Ada L, role: manager, subaccounts: [emea, apac] }";
const KIM: &str = "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea] }";
const ROOT: &str = "{ email: root@acme.example, role: administrator }";

fn list(world: &World, flags: &str) -> Json {
    let printed = world.command(&format!("expiring --format json{flags}"));
    assert_eq!(printed.code, 0, "{}", printed.err);
    printed.json()
}

/// `day member ending why ended_by` of each.
fn told(world: &World, flags: &str) -> Vec<String> {
    let text = |j: &Json| j.as_str().unwrap_or("-").to_owned();
    let keys = ["on", "member", "ending", "why", "ended_by"];
    list(world, flags)["expiring"].as_array().expect("a list").iter().map(|e| keys.map(|k| text(&e[k])).join(" ")).collect()
}

fn emma(live: &[&str], wanted: &[&str]) -> World {
    let world = World::emma_hq("actor: { role: parent }");
    world.live("", live);
    world.want("", wanted);
    world
}

#[test]
fn nothing_that_ends_is_an_empty_list_and_no_error() {
    let world = emma(&[ADA, KIM], &[ADA, KIM]);
    let view = list(&world, "");
    assert_eq!(
        (&view["schema_version"], &view["kind"], &view["complete"], &view["within"]),
        (&json!("1"), &json!("expiring"), &json!(true), &json!("30d"))
    );
    assert_eq!((&view["as_of"], &view["simulated"]), (&json!("2026-11-22T09:00:00Z"), &json!(true)));
    assert_eq!((&view["expiring"], &view["accounts"][0]["until"]), (&json!([]), &json!("2026-12-22")));
    assert_eq!(world.command("expiring").out, "expiring within 30d, up to 2026-12-22: 0 lose access SANDBOX\n");
}

#[test]
fn an_end_is_told_with_its_line_its_reason_and_who_ends_it() {
    let world = emma(
        &[ADA, KIM],
        &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03, reason: \"Launch, TICKET-40\" }"],
    );
    let view = list(&world, "");
    assert_eq!(
        view["expiring"],
        json!([{
            "on": "2026-12-04", "last": "2026-12-03", "account": "news", "member": "kim@acme.example", "name": "Kim Lee",
            "pending": false, "shut_out": false, "ending": "membership", "why": "end", "ended_by": "portcullis",
            "stopped_by": [], "once_accepted": null, "only_accepted": false, "emptied": false,
            "unwritten": false, "rolling": false, "moved": false, "again": false, "only_if_nothing_runs": false,
            "seen": "whole", "rest": false, "blocked": null, "before": { "role": "author", "subaccounts": ["emea"] }, "after": null,
            "place": { "file": "account.yaml", "line": 5, "column": 9 }, "reason": "Launch, TICKET-40"
        }])
    );
    assert_eq!(world.writes(), 0);
}

#[test]
fn the_window_is_what_was_asked_for() {
    let world = emma(&[ADA, KIM], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }"]);
    // Held for the last time on the 3rd, which begins in Paris 254 hours from now.
    for (within, many) in [("11d", 1), ("10d", 0), ("2w", 1), ("1w", 0), ("253h", 0), ("254h", 1), ("0d", 0), ("99999d", 1)] {
        assert_eq!(told(&world, &format!(" --within {within}")).len(), many, "{within}");
    }
    // Ended already: that is in the plan.
    world.want("", &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-11-20 }"]);
    assert_eq!(told(&world, ""), NOBODY);
    assert_eq!(world.command("expiring --within soon").code, 1);
}

#[test]
fn of_several_entries_the_one_that_ends_takes_its_own_and_the_rest_is_kept() {
    let world = emma(
        &[ADA, "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea, apac] }"],
        &[
            ADA,
            "{ email: kim@acme.example, role: author, subaccounts: [emea] }",
            "{ email: kim@acme.example, role: author, subaccounts: [apac], end: 2026-12-03, reason: R }",
        ],
    );
    let view = list(&world, "");
    assert_eq!(told(&world, ""), ["2026-12-04 kim@acme.example part end portcullis"]);
    let one = &view["expiring"][0];
    assert_eq!(
        (&one["before"]["subaccounts"], &one["after"]),
        (&json!(["apac", "emea"]), &json!({ "role": "author", "subaccounts": ["emea"] }))
    );
    assert_eq!((&one["place"]["line"], &one["reason"]), (&json!(6), &json!("R")));
    let text = world.command("expiring").out;
    assert!(text.contains("subaccounts apac, emea -> emea") && text.contains("keeps role author"), "{text}");
    // What only widens ends nothing.
    world.want(
        "",
        &[
            "{ email: kim@acme.example, role: author, subaccounts: [emea, apac], end: 2026-12-03 }",
            "{ email: kim@acme.example, role: full, subaccounts: [emea, apac], start: 2026-12-04 }",
            ADA,
        ],
    );
    assert_eq!(told(&world, ""), NOBODY);
}

#[test]
fn a_start_that_gives_less_and_people_who_leave_are_told() {
    let world = emma(
        &[ADA, KIM],
        &[
            ADA,
            "{ person: kim, role: author, subaccounts: [emea] }",
            "{ person: kim, role: response-only, subaccounts: [emea], start: 2026-12-01, end: 2027-06-01 }",
        ],
    );
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, name: Kim Lee, leaves: 2026-12-03 }\n");
    assert_eq!(
        told(&world, ""),
        ["2026-12-01 kim@acme.example part start portcullis", "2026-12-04 kim@acme.example membership leaves portcullis"]
    );
    assert_eq!(list(&world, "")["expiring"][1]["place"]["file"], "people.yaml");
}

#[test]
fn the_product_ends_what_it_holds_an_end_of_listed_or_not() {
    let world = World::insider("");
    world.live(
        "",
        &[
            ROOT,
            "{ email: bob@acme.example, name: Bob B, role: viewer, end: 2026-12-01 }",
            "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-05 }",
        ],
    );
    world.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-05 }"]);
    assert_eq!(
        told(&world, ""),
        ["2026-12-02 bob@acme.example membership own-end product", "2026-12-06 kim@acme.example membership end product"]
    );
    // Not applied yet, the product's end counts until it is.
    world.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-20 }"]);
    assert_eq!(
        told(&world, ""),
        [
            "2026-12-02 bob@acme.example membership own-end product",
            "2026-12-06 kim@acme.example membership own-end product",
            "2026-12-21 kim@acme.example membership end product"
        ]
    );
    assert_eq!(list(&world, "")["expiring"][1]["moved"], true);
    world.want("mode: authoritative", &[ROOT]);
    assert_eq!(told(&world, ""), NOBODY);
}

#[test]
fn i2_a_rolling_end_is_marked() {
    let world = World::insider("");
    // Its own end is written by runs to come, and not by the plan of today.
    let soon = "{ email: kim@acme.example, role: viewer, end: 2027-01-10, renew: rolling }";
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-20 }"]);
    world.want("", &[ROOT, soon]);
    let view = list(&world, " --within 60d");
    let all = view["expiring"].as_array().expect("a list");
    let last: Vec<_> = all.iter().filter(|e| e["last"] == "2027-01-10").map(|e| &e["unwritten"]).collect();
    assert_eq!(last, [&json!(false)], "{view:#}");
    let rolling = "{ email: kim@acme.example, role: viewer, end: 2027-06-01, renew: rolling }";
    world.want("", &[ROOT, rolling]);
    for (live, moved) in [("2026-12-15", false), ("2026-11-25", true)] {
        world.live("", &[ROOT, &format!("{{ email: kim@acme.example, name: Kim Lee, role: viewer, end: {live} }}")]);
        let view = list(&world, "");
        let all = view["expiring"].as_array().expect("a list");
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!((&all[0]["rolling"], &all[0]["moved"], &all[0]["last"]), (&json!(true), &json!(moved), &json!(live)));
    }
}

/// What portcullis itself keeps from coming is no loss: it says on what it depends, and is counted apart.
#[test]
fn an_end_that_comes_only_if_nothing_runs_is_no_loss() {
    let world = World::insider("");
    let live = |who: &str, end: &str| format!("{{ email: {who}@acme.example, name: N N, role: viewer, end: {end} }}");
    let asked = |who: &str, end: &str| format!("{{ email: {who}@acme.example, role: viewer{end} }}");
    let dan = asked("dan", ", end: 2027-06-01, renew: rolling");
    let of = [
        live("bob", "2026-12-01"),
        live("dan", "2026-12-15"),
        live("eve", "2026-12-05"),
        live("kim", "2026-12-05"),
        live("lee", "2026-12-05"),
    ];
    let all: Vec<&str> = [ROOT].into_iter().chain(of.iter().map(String::as_str)).collect();
    world.live("", &all);
    let wanted = [asked("eve", ""), asked("kim", ", end: 2026-12-20"), asked("lee", ", end: 2026-12-05")];
    let all: Vec<&str> = [ROOT, &dan].into_iter().chain(wanted.iter().map(String::as_str)).collect();
    world.want("", &all);
    let view = list(&world, "");
    let only: Vec<&str> = view["expiring"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|e| e["only_if_nothing_runs"] == true)
        .filter_map(|e| e["member"].as_str())
        .collect();
    assert_eq!(only, ["eve@acme.example", "kim@acme.example", "dan@acme.example"]);
    let text = world.command("expiring").out;
    for said in [
        "  -  bob@acme.example (N N)  loses all access",
        "  ~  dan@acme.example (N N)  keeps access",
        "as long as portcullis runs: rolling until 2027-06-01; Insider One's own end, 2026-12-15, is moved on by a run before",
        "as soon as the plan is applied: the next apply clears Insider One's own end, 2026-12-05",
        "as soon as the plan is applied: the next apply moves Insider One's own end, 2026-12-05, to 2026-12-20",
        // Bob, lee, and kim on the day asked for.
        ": 3 lose access; 3 only if nothing runs SANDBOX",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let ics = world.command("expiring --format ics").out.replace("\r\n ", "");
    assert!(ics.contains("(dan@acme.example) loses all access only if nothing runs: ins"), "{ics}");
    assert!(ics.contains("(bob@acme.example) loses all access: ins"), "{ics}");
    // Whoever may not move it lets it come, and it is told once.
    world.connect("actor: { role: viewer }");
    world.want("", &[ROOT, "{ email: dan@acme.example, role: editor, end: 2027-06-01, renew: rolling }"]);
    let view = list(&world, "");
    let all: Vec<&Json> = view["expiring"].as_array().expect("a list").iter().filter(|e| e["member"] == "dan@acme.example").collect();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["only_if_nothing_runs"], false);
}

#[test]
fn invitations_that_will_be_over_say_whether_another_goes_out() {
    let pending = |who: &str, attempts: u32| {
        format!(
            "{{ email: {who}@acme.example, name: N N, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-15T09:00:00Z, attempts: {attempts} }}"
        )
    };
    let world = emma(
        &[ADA, &pending("kim", 1), &pending("lee", 3), &pending("zoe", 1)],
        &[
            ADA,
            "{ email: kim@acme.example, role: author, subaccounts: [emea] }",
            "{ email: lee@acme.example, role: author, subaccounts: [emea] }",
        ],
    );
    assert_eq!(told(&world, ""), ["kim", "lee", "zoe"].map(|who| format!("2026-11-30 {who}@acme.example invitation life product")));
    let view = list(&world, "");
    let again: Vec<&Json> = view["expiring"].as_array().expect("a list").iter().map(|e| &e["again"]).collect();
    assert_eq!(again, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!(view["expiring"][0]["last"], json!(null));
    // E8: nothing is mailed, so nothing is ever over.
    world.connect("sso: true; actor: { role: parent }");
    assert_eq!(told(&world, ""), NOBODY);
}

/// What nobody held is not lost: invitations stand behind what ends, and are counted apart.
#[test]
fn invitations_have_a_section_of_their_own() {
    let pending = "{ email: zoe@acme.example, name: N N, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-15T09:00:00Z, attempts: 1 }";
    let ends = "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }";
    let world = emma(&[ADA, KIM, pending], &[ADA, ends]);
    let text = world.command("expiring").out;
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(at("kim@acme.example") < at("invitations that will be over") && at("invitations that will be over") < at("zoe@acme.example"));
    assert!(text.contains(": 1 loses access; 1 invitation"), "{text}");
}

/// SYSTEMS.md I2: whose own end comes first has no invitation that is over after it.
#[test]
fn an_invitation_that_outlives_the_end_is_not_listed() {
    let world = World::insider("");
    let pending = |end: &str| {
        format!("{{ email: kim@acme.example, role: viewer, end: {end}, phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1 }}")
    };
    for (end, wanted) in [
        ("2026-11-25", vec!["2026-11-26 kim@acme.example membership end product"]),
        ("2026-12-18", vec!["2026-11-28 kim@acme.example invitation life product", "2026-12-19 kim@acme.example membership end product"]),
    ] {
        world.live("", &[ROOT, &pending(end)]);
        world.want("", &[ROOT, &format!("{{ email: kim@acme.example, role: viewer, end: {end} }}")]);
        assert_eq!(told(&world, ""), wanted);
    }
}

/// A product ends by itself only what it was told.
#[test]
fn an_end_that_the_plan_has_yet_to_write_is_told_as_one() {
    let world = World::insider("");
    let kim = |end: &str| format!("{{ email: kim@acme.example, name: Kim Lee, role: viewer{end} }}");
    world.want("", &[ROOT, &kim(", end: 2026-12-05")]);
    for (end, unwritten) in [(", end: 2026-12-05", false), ("", true)] {
        world.live("", &[ROOT, &kim(end)]);
        let view = list(&world, "");
        assert_eq!(
            (&view["expiring"][0]["ended_by"], &view["expiring"][0]["unwritten"]),
            (&json!("product"), &json!(unwritten)),
            "{view:#}"
        );
        assert_eq!(world.command("expiring").out.contains("by itself once the plan is applied"), unwritten);
    }
}

/// "Up to" a day says that what is held on that day for the last time is listed, and counts the
/// days of the account's calendar: the hour that a clock goes back is none of them.
#[test]
fn the_last_day_of_the_window_is_in_it() {
    let mut world = emma(&[ADA, KIM], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-22 }"]);
    assert_eq!(told(&world, " --within 30d"), ["2026-12-23 kim@acme.example membership end portcullis"]);
    assert_eq!(list(&world, "")["accounts"][0]["until"], "2026-12-22");
    assert_eq!(told(&world, " --within 29d"), NOBODY);
    // Half past midnight in Paris, in summer time.
    world.at("2026-10-20T22:30:00Z");
    assert_eq!(list(&world, " --within 30d")["accounts"][0]["until"], "2026-11-20");
    world.at("2026-12-22T22:30:00Z");
    assert_eq!(told(&world, " --within 0d").len(), 1, "it ends today");
}

#[test]
fn a_month_is_one_of_the_calendar() {
    let world = emma(&[ADA, KIM], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-21 }"]);
    // From the 22nd of November to the 22nd of December.
    for (within, many) in [("1m", 1), ("2m", 1), ("28d", 0), ("0m", 0)] {
        assert_eq!(told(&world, &format!(" --within {within}")).len(), many, "{within}");
    }
    assert!(world.command("expiring --within 1y").err.contains("months of the calendar"));
}

#[test]
fn an_account_that_cannot_be_read_makes_the_list_not_whole() {
    let world = emma(&[ADA], &[ADA]);
    world.file("live.txt", "accounts:\n  news:\n    members: []\n    fault: short\n");
    assert_eq!(world.command("sandbox load live.txt").code, 0);
    let text = world.command("expiring");
    assert_eq!(text.code, 7);
    assert!(text.out.contains("the list is not whole") && text.out.contains("news: the reading is incomplete"), "{}", text.out);
    let json = world.command("expiring --format json");
    assert_eq!((json.code, &json.json()["complete"]), (7, &json!(false)));
    // A calendar has no exit code: it says so itself.
    let ics = world.command("expiring --format ics");
    assert!(ics.code == 7 && ics.out.contains("SUMMARY:news could not be read"), "{}", ics.out);
}

#[test]
fn the_calendar_is_one_that_others_read() {
    let world = emma(
        &[ADA, KIM],
        &[
            ADA,
            "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03, reason: \"a;b,c\\\\d, ::error::, and a reason that is long enough to be folded more than once over the lines of a calendar, \u{e9}\u{e9}\u{e9}\u{e9}\" }",
        ],
    );
    let out = world.command("expiring --format ics").out;
    assert!(out.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:") && out.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"), "{out}");
    assert!(out.split("\r\n").all(|l| l.len() <= 75 && !l.contains('\n')), "{out}");
    let unfolded = out.replace("\r\n ", "");
    let value =
        |name: &str| unfolded.split("\r\n").find_map(|l| l.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {out}")).to_owned();
    assert_eq!((value("DTSTART;VALUE=DATE:"), value("DTSTAMP:")), ("20261204".into(), "20261122T090000Z".into()));
    assert_eq!(value("SUMMARY:"), "SANDBOX: Kim Lee (kim@acme.example) loses all access: news");
    assert!(value("DESCRIPTION:").contains("a\\;b\\,c\\\\d\\, ::error::"), "{}", value("DESCRIPTION:"));
    // The same fact keeps its UID tomorrow; another day is another fact.
    let uid = value("UID:");
    let mut world = world;
    world.at("2026-11-23T09:00:00Z");
    assert!(world.command("expiring --format ics").out.replace("\r\n ", "").contains(&format!("UID:{uid}\r\n")));
    world.want("", &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-04 }"]);
    assert!(!world.command("expiring --format ics").out.replace("\r\n ", "").contains(&uid));
}

#[test]
fn accounts_stand_side_by_side_by_day() {
    let world = emma(&[ADA, KIM], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }"]);
    world.add("sol", "solver", "timezone: Asia/Tokyo");
    world.live_in(
        "sol",
        "",
        &["{ email: kim@acme.example, name: K, groups: [standard] }", "{ email: lee@acme.example, name: L, groups: [standard] }"],
    );
    world.want_in(
        "sol",
        "",
        &[
            "{ email: kim@acme.example, groups: [standard], end: 2026-12-03 }",
            "{ email: lee@acme.example, groups: [standard], end: 2026-12-02 }",
        ],
    );
    let view = list(&world, "");
    let all: Vec<String> = view["expiring"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| format!("{} {} {}", e["on"], e["account"], e["member"]).replace('"', ""))
        .collect();
    assert_eq!(all, ["2026-12-03 sol lee@acme.example", "2026-12-04 news kim@acme.example", "2026-12-04 sol kim@acme.example"]);
    assert_eq!(told(&world, " --account news").len(), 1);
}

/// An end that is moved is told with the entry that moves it, of who is in and of who is only invited.
#[test]
fn a_moved_end_names_the_entry_that_moves_it_and_whether_the_member_is_in() {
    let world = World::insider("");
    world.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-20, reason: Launch }"]);
    for (is, pending) in [("name: Kim Lee", false), ("phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1", true)] {
        world.live("", &[ROOT, &format!("{{ email: kim@acme.example, role: viewer, end: 2026-11-25, {is} }}")]);
        let view = list(&world, "");
        let one = &view["expiring"][0];
        assert_eq!((&one["on"], &one["pending"], &one["moved"]), (&json!("2026-11-26"), &json!(pending), &json!(true)), "{view:#}");
        assert_eq!((&one["place"]["line"], &one["reason"]), (&json!(5), &json!("Launch")));
    }
}

#[test]
fn the_end_of_who_has_not_accepted_is_told_as_theirs() {
    let kim = "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1 }";
    let world = emma(&[ADA, kim], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-11-30 }"]);
    let one = &list(&world, "")["expiring"][0];
    assert_eq!((&one["on"], &one["ending"], &one["pending"]), (&json!("2026-12-01"), &json!("membership"), &json!(true)));
}

/// What the actor may not move comes when the product has it, and is told of once; what others lack
/// changes nothing about it.
#[test]
fn an_end_that_the_actor_may_not_move_is_told_once() {
    let world = World::insider("actor: { role: viewer }");
    let bob = "{ email: bob@acme.example, name: Bob B, role: viewer, end: 2026-12-05 }";
    world.live("", &[ROOT, bob]);
    world.want("", &[ROOT, "{ email: bob@acme.example, role: viewer, end: 2026-12-20 }"]);
    assert_eq!(world.plan().blocked(), ["bob@acme.example actor-lacks-role"]);
    assert_eq!(told(&world, ""), ["2026-12-06 bob@acme.example membership own-end product"]);
    // The entry that ends first is not what ends it: the product's day is.
    world.want("", &[ROOT, "{ email: bob@acme.example, role: editor, end: 2026-12-05 }"]);
    assert_eq!(told(&world, ""), ["2026-12-06 bob@acme.example membership own-end product"]);
}

/// What is over already has no end to come: only what gives it back has one.
#[test]
fn who_is_suspended_has_nothing_to_lose_until_it_is_given_back() {
    let world = World::insider("");
    world.live("", &[ROOT, "{ email: bob@acme.example, name: Bob B, role: viewer, end: 2026-12-05, phase: suspended }"]);
    world.want("", &[ROOT]);
    assert_eq!(told(&world, ""), NOBODY);
    world.want("", &[ROOT, "{ email: bob@acme.example, role: viewer, end: 2026-12-20 }"]);
    let view = list(&world, "");
    assert_eq!(told(&world, ""), ["2026-12-21 bob@acme.example membership end product"]);
    assert_eq!(view["expiring"][0]["pending"], false, "who has registered is in at once");
    world.live(
        "",
        &[ROOT, "{ email: bob@acme.example, role: viewer, end: 2026-11-20, phase: pending, invited: 2026-11-15T09:00:00Z, attempts: 1 }"],
    );
    let view = list(&world, "");
    assert_eq!(view["expiring"][0]["pending"], true, "who never has is invited: {view:#}");
}

/// The day on which an invitation is over is still to come while it lasts.
#[test]
fn an_invitation_that_is_over_later_today_is_told_with_its_entry() {
    let kim = |invited: &str| {
        format!(
            "{{ email: kim@acme.example, name: N N, role: author, subaccounts: [emea], phase: pending, invited: {invited}, attempts: 1 }}"
        )
    };
    let wanted = [ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], reason: Launch }"];
    // Fifteen days: over at eleven in the morning, at ten on the last day of the window, and on the day after.
    for (invited, on) in
        [("2026-11-07T10:00:00Z", Some("2026-11-22")), ("2026-12-07T09:00:00Z", Some("2026-12-22")), ("2026-12-08T09:00:00Z", None)]
    {
        let world = emma(&[ADA, &kim(invited)], &wanted);
        assert_eq!(
            told(&world, ""),
            on.map(|on| format!("{on} kim@acme.example invitation life product")).into_iter().collect::<Vec<_>>(),
            "{invited}"
        );
        if on.is_some() {
            let one = &list(&world, "")["expiring"][0];
            assert_eq!((&one["place"]["line"], &one["reason"], &one["pending"]), (&json!(5), &json!("Launch"), &json!(true)));
        }
    }
}

/// E4: who is not seen may be a member, and the list of a bounded actor is never whole.
#[test]
fn e4_a_bounded_actor_tells_what_it_does_not_see_and_what_it_may_not_end() {
    let world = World::emma_hq("subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea] }");
    let dan = "{ email: dan@acme.example, name: D, role: full, subaccounts: [emea, apac, us] }";
    let cleo = "{ email: cleo@acme.example, name: C, role: author, subaccounts: [us] }";
    world.live("", &[dan, cleo, KIM]);
    world.want(
        "",
        &[
            "{ email: dan@acme.example, role: author, subaccounts: [emea, apac] }",
            "{ email: dan@acme.example, role: full, subaccounts: [us], end: 2026-12-03 }",
            "{ email: cleo@acme.example, name: C, role: author, subaccounts: [us], end: 2026-12-05 }",
            "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-07 }",
        ],
    );
    let printed = world.command("expiring --format json");
    assert_eq!(printed.code, 7, "{}", printed.err);
    let view = printed.json();
    let problems = json!(["the actor does not see everyone here: more may end than is listed"]);
    assert_eq!(
        (&view["complete"], &view["accounts"][0]["complete"], &view["accounts"][0]["problems"]),
        (&json!(false), &json!(false), &problems)
    );
    let row = |who: &str| {
        let all = view["expiring"].as_array().expect("a list");
        let rows: Vec<&Json> = all.iter().filter(|e| e["member"] == who).collect();
        assert_eq!(rows.len(), 1, "{who}: {view:#}");
        rows[0].clone()
    };
    // Seen in part: what is asked for counts as held, so that nothing comes out of nowhere.
    let dan = row("dan@acme.example");
    assert_eq!((&dan["seen"], &dan["ending"], &dan["blocked"]["code"]), (&json!("part"), &json!("part"), &json!("actor-lacks-subaccount")));
    assert_eq!((&dan["before"]["subaccounts"], &dan["after"]["subaccounts"]), (&json!(["apac", "emea", "us"]), &json!(["apac", "emea"])));
    let cleo = row("cleo@acme.example");
    assert_eq!((&cleo["seen"], &cleo["on"], &cleo["ending"]), (&json!("nothing"), &json!("2026-12-06"), &json!("membership")));
    let kim = row("kim@acme.example");
    assert_eq!((&kim["seen"], &kim["blocked"], &kim["ended_by"]), (&json!("whole"), &json!(null), &json!("portcullis")));
    let text = world.command("expiring").out;
    let portcullis = text.lines().filter(|l| l.contains("portcullis ends it")).count();
    assert_eq!(portcullis, 1, "{text}");
    for said in [
        "cleo@acme.example (C)  is to lose all access, not seen by this actor",
        "dan@acme.example (D)  is to lose a part, and keeps it",
        "blocked for this actor, and so not ended: actor-lacks-subaccount; needs a parent",
        "news: the actor does not see everyone here",
        ": 1 loses access; 1 blocked for this actor; 1 not seen by this actor; the list is not whole",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// A bounded actor, its rows (`member on ending seen, before -> after, blocked`), and its whole answer in text.
fn bounded(actor: &str, live: &[&str], wanted: &[&str]) -> (Vec<String>, String, World) {
    let world = World::emma_hq(&format!("subaccounts: [north, south, east, west]; actor: {actor}"));
    world.live("", live);
    world.want("", wanted);
    let printed = world.command("expiring --format json");
    assert_eq!(printed.code, 7, "{}", printed.err);
    let view = printed.json();
    let set = |j: &Json| j["subaccounts"].as_array().into_iter().flatten().filter_map(Json::as_str).collect::<Vec<_>>().join("+");
    let row = |e: &Json| {
        let of = |key: &str| e[key].as_str().unwrap_or("-").to_owned();
        let code = e["blocked"]["code"].as_str().unwrap_or("ended");
        let needs = e["blocked"]["needs"].as_str().map(|n| format!(": {n}")).unwrap_or_default();
        format!("{} {} {} -> {}, {code}{needs}", of("on"), of("ending"), set(&e["before"]), set(&e["after"]))
    };
    let rows = view["expiring"].as_array().expect("a list").iter().map(row).collect();
    (rows, world.command("expiring").out, world)
}

const NORTH: &str = "{ role: manager, subaccounts: [north] }";

/// E12: a run of a bounded actor ends what it sees; what entries end beside it is nobody's loss of it.
#[test]
fn e12_a_row_of_who_is_seen_in_part_is_what_that_days_run_ends() {
    let live = "{ email: t1@acme.example, name: T, role: author, subaccounts: [north, south] }";
    let all = "2026-12-04 membership south -> , actor-lacks-subaccount: a parent, or a manager of south who sees the person and all their subaccounts";
    let ends = "{ email: t1@acme.example, role: author, subaccounts: [north, south], end: 2026-12-03 }";
    let (rows, text, world) = bounded(NORTH, &[live], &[ends]);
    assert_eq!(rows, ["2026-12-04 part north -> , ended", all]);
    for said in ["loses a part", "subaccounts north -> (none)", "its run ends no more than this", "is to lose more, and keeps it"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("all access"), "{text}");
    // What is said is what is done.
    let then = world.plan_at("2026-12-04");
    assert_eq!(
        (then.change("t1@acme.example")["action"].as_str(), &then.change("t1@acme.example")["after"]["subaccounts"]),
        (Some("edit"), &json!([]))
    );
    // Whatever else they were given behind the back of git.
    let more = live.replace("south", "east");
    let (rows, _, _) = bounded(NORTH, &[&more], &["{ email: t1@acme.example, role: author, subaccounts: [north], end: 2026-12-03 }"]);
    assert_eq!(
        rows,
        [
            "2026-12-04 part north -> , ended",
            "2026-12-04 membership  -> , actor-lacks-subaccount: a parent, or a manager who sees the person and all their subaccounts"
        ]
    );
}

/// E4: a role that widens where the actor sees nothing is no end of it.
#[test]
fn e4_what_ends_unseen_is_not_ended_by_this_actor() {
    let ada = "{ email: ada@acme.example, name: Ada L, role: author, subaccounts: [north, south, west] }";
    let entries = [
        "{ email: ada@acme.example, role: editor, subaccounts: [north, south] }",
        "{ email: ada@acme.example, role: author, subaccounts: [west], end: 2026-12-03 }",
    ];
    let (rows, text, _) = bounded("{ role: manager, subaccounts: [north, south] }", &[ada], &entries);
    let needs = "a parent, or a manager of north and south and west";
    assert_eq!(rows, [format!("2026-12-04 part north+south+west -> north+south, actor-lacks-subaccount: {needs}")]);
    assert!(text.contains("is to lose a part, and keeps it") && !text.contains("portcullis ends it"), "{text}");
    // Of her north is seen and stays, and south is what ends.
    let dora = "{ email: dora@acme.example, name: D, role: full, subaccounts: [north, south] }";
    let entries = [
        "{ email: dora@acme.example, role: full, subaccounts: [north] }",
        "{ email: dora@acme.example, role: full, subaccounts: [south], end: 2026-12-03 }",
    ];
    let (rows, _, _) = bounded(NORTH, &[dora], &entries);
    assert_eq!(rows, ["2026-12-04 part north+south -> north, actor-lacks-subaccount: a parent, or a manager of north and south"]);
}

/// E3: whom a block of the whole names ends the whole.
#[test]
fn e3_who_could_end_a_membership_ends_all_of_it() {
    let live = "{ email: t1@acme.example, name: T, role: author, subaccounts: [north, south] }";
    let ends = "{ email: t1@acme.example, role: author, subaccounts: [north, south], end: 2026-12-03 }";
    let (rows, text, _) =
        bounded("{ role: administrator, subaccounts: [north] }; surface: subaccount; subaccount: north", &[live], &[ends]);
    let needs = "a parent, or a manager of north and south who sees the person and all their subaccounts";
    assert_eq!(rows, [format!("2026-12-04 membership north+south -> , actor-lacks-role: {needs}")]);
    assert!(text.contains("is to lose all access, and keeps it"), "{text}");
}

/// E6: an invitation of somebody seen in part is not sent anew by this actor.
#[test]
fn e6_no_other_invitation_is_promised_that_the_actor_may_not_send() {
    let t2 = |invited: &str| {
        format!("{{ email: t2@acme.example, role: author, subaccounts: [north, south], phase: pending, invited: {invited}, attempts: 1 }}")
    };
    let wanted = ["{ email: t2@acme.example, role: author, subaccounts: [north] }"];
    let (rows, text, world) = bounded(NORTH, &[&t2("2026-11-21T10:00:00Z")], &wanted);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("2026-12-06 invitation north -> , no-safe-path: a parent"), "{rows:?}");
    assert!(!text.contains("another goes out") && text.contains("blocked for this actor: no-safe-path"), "{text}");
    assert_eq!(world.plan_at("2026-12-11").blocked(), ["t2@acme.example no-safe-path"]);
    // Over, and cooling down: the report promises nothing either.
    let (_, _, world) = bounded(NORTH, &[&t2("2026-11-06T10:00:00Z")], &wanted);
    let plan = world.command("plan --format json").json();
    let reports = plan["accounts"][0]["reports"].as_array().expect("reports");
    let over = reports.iter().find(|r| r["code"] == "invitation-over").expect("a report");
    let says = over["message"].as_str().unwrap_or_default();
    assert!(!says.contains("goes out") && says.contains("blocked for this actor: no-safe-path; needs a parent"), "{says}");
    // Who sees everybody sends it.
    let sees_all = World::emma_hq("subaccounts: [north, south]; actor: { role: parent }");
    sees_all.live("", &[&t2("2026-11-21T10:00:00Z")]);
    sees_all.want("", &["{ email: t2@acme.example, role: author, subaccounts: [north, south] }"]);
    assert_eq!(list(&sees_all, "")["expiring"][0]["again"], true);
}

/// What a run is to end stays where a guard stops that run.
#[test]
fn an_end_says_which_guard_will_stop_the_run_that_ends_it() {
    let ends = |who: &str, day: &str| format!("{{ email: {who}@acme.example, role: author, subaccounts: [emea], end: 2026-12-{day} }}");
    let is = |who: &str| format!("{{ email: {who}@acme.example, name: A A, role: author, subaccounts: [emea] }}");
    let four = ["a1", "a2", "a3", "a4"];
    let all = four.map(is);
    let live: Vec<&str> = [ADA].into_iter().chain(all.iter().map(String::as_str)).collect();
    let on = |days: [&str; 4]| {
        let entries: Vec<String> = four.iter().zip(days).map(|(who, day)| ends(who, day)).collect();
        emma(&live, &[ADA].into_iter().chain(entries.iter().map(String::as_str)).collect::<Vec<_>>())
    };
    let stopped = |world: &World| -> Vec<String> {
        let view = list(world, "");
        view["expiring"].as_array().expect("a list").iter().map(|e| e["stopped_by"].to_string()).collect()
    };
    let world = on(["10"; 4]);
    assert_eq!(world.plan_at("2026-12-11").tripped(), ["removals=4"]);
    assert_eq!(stopped(&world), [r#"["removals"]"#; 4]);
    let text = world.command("expiring").out;
    assert!(text.contains("is to lose all access, and a guard stops it"), "{text}");
    assert!(text.contains("as things are now, the guard removals will stop the run that ends it: `plan --at 2026-12-11`"), "{text}");
    assert!(text.ends_with("0 lose access; 4 stopped by a guard SANDBOX\n"), "{text}");
    assert!(world.command("expiring --format ics").out.replace("\r\n ", "").contains("and a guard stops it"));
    // Runs on each day end one after the other.
    assert_eq!(stopped(&on(["07", "08", "09", "10"])), ["[]"; 4]);
    assert_eq!(stopped(&on(["07", "10", "10", "10"])), ["[]"; 4]);
    // Ends are counted from the limit of the day: of 20 members four may go, of 16 three.
    let many: Vec<String> = (0..20).map(|i| is(&format!("m{i:02}"))).collect();
    let some: Vec<String> = (0..20)
        .map(|i| match i {
            0..4 => ends(&format!("m{i:02}"), "04"),
            4..8 => ends(&format!("m{i:02}"), "07"),
            _ => is(&format!("m{i:02}")).replace("name: A A, ", ""),
        })
        .collect();
    let world = emma(&many.iter().map(String::as_str).collect::<Vec<_>>(), &some.iter().map(String::as_str).collect::<Vec<_>>());
    let said = stopped(&world);
    assert_eq!((&said[..4], &said[4..]), (&["[]"; 4].map(str::to_owned)[..], &[r#"["removals"]"#; 4].map(str::to_owned)[..]));
    // What starts on a day without an end is made on that day.
    let starts =
        |who: &str, day: &str| format!("{{ email: {who}@acme.example, role: administrator, subaccounts: [emea], start: 2026-12-{day} }}");
    let some = [starts("s1", "05"), starts("s2", "05"), starts("s3", "08"), starts("s4", "08"), ends("a1", "07")];
    let world = emma(&[ADA, &is("a1")], &[ADA].into_iter().chain(some.iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(stopped(&world), ["[]"]);
    // Nobody lifts what is protected; what ends before, and by itself, is not stopped.
    let world = on(["07", "09", "10", "10"]);
    world.want("protect: [a2@acme.example]", &[ADA, &ends("a1", "07"), &ends("a2", "09"), &ends("a3", "10"), &is("a4")]);
    assert_eq!(stopped(&world), ["[]", r#"["protected"]"#, r#"["protected"]"#]);
}

/// Nobody is written to whom no entry asks for by then.
#[test]
fn no_other_invitation_goes_out_after_the_entry_has_ended() {
    let kim = |invited: &str| {
        format!("{{ email: kim@acme.example, role: author, subaccounts: [emea], phase: pending, invited: {invited}, attempts: 1 }}")
    };
    let until = |day: &str| format!("{{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-{day} }}");
    // Over on 5 December, and cooling down until the 8th.
    for (end, again) in [("06", false), ("07", false), ("08", true), ("20", true)] {
        let world = emma(&[ADA, &kim("2026-11-20T10:00:00Z")], &[ADA, &until(end)]);
        let view = list(&world, "");
        let rows = view["expiring"].as_array().expect("a list");
        let invitation = rows.iter().find(|e| e["ending"] == "invitation").expect("an invitation");
        assert_eq!(invitation["again"], again, "{end}");
        let then = world.command("plan --at 2026-12-06").out;
        assert_eq!(then.contains("the next goes out after 2026-12-08T10:00:00Z"), again, "{then}");
        assert_eq!(then.contains("no other goes out: what asks for the person ends before"), !again, "{then}");
        assert_eq!(world.plan_at("2026-12-09").acts() == ["reinvite kim@acme.example"], end == "20", "{end}");
    }
}

/// What an earlier run makes of somebody is what a later one starts from.
#[test]
fn e12_a_row_of_who_is_seen_in_part_starts_from_what_was_made_of_them() {
    let live = "{ email: more@acme.example, name: M, role: full, subaccounts: [north, west] }";
    let ends = "{ email: more@acme.example, role: author, subaccounts: [north], end: 2026-12-08 }";
    let (rows, text, world) = bounded(NORTH, &[live], &[ends]);
    assert_eq!(rows[0], "2026-12-09 part north -> , ended");
    assert!(text.contains("keeps role author") && !text.contains("author -> full"), "{text}");
    assert_eq!(world.plan().acts(), ["edit more@acme.example"]);
}

/// What is gone with the next apply is no end to come, and is said all the same.
#[test]
fn whom_the_plan_takes_away_is_counted_beside_the_list() {
    let world = emma(&[ADA, KIM], &[ADA]);
    world.want("mode: authoritative", &[ADA]);
    assert_eq!(list(&world, "")["accounts"][0]["taken_by_the_plan"], 1);
    let text = world.command("expiring").out;
    assert!(text.contains("besides, the plan of now takes access from 1: `portcullis plan` shows whom"), "{text}");
}

/// The last invitation may be accepted on its last day.
#[test]
fn an_end_is_told_where_the_last_invitation_is_open() {
    let kim = "{ email: kim@acme.example, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 3 }";
    let world = emma(&[ADA, kim], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-15 }"]);
    let rows = ["2026-12-05 kim@acme.example invitation life product", "2026-12-16 kim@acme.example membership end portcullis"];
    assert_eq!(told(&world, ""), rows);
}

/// A plan that a guard stops moves no end of the product's.
#[test]
fn an_end_that_is_to_be_moved_comes_where_a_guard_stops_the_plan() {
    let world = World::insider("actor: { role: administrator }");
    let root = "{ email: root@acme.example, name: R R, role: administrator }";
    world.live("", &[root, "{ email: kim@acme.example, name: K K, role: viewer, end: 2026-12-05 }"]);
    let wanted = ["{ email: root@acme.example, role: administrator }", "{ email: kim@acme.example, role: viewer }"];
    world.want("guards: { end-extensions: { count: 0, percent: 0, most: 0 } }", &wanted);
    assert_eq!(world.plan().tripped(), ["end-extensions=1"]);
    let row = &list(&world, "")["expiring"][0];
    assert_eq!((&row["only_if_nothing_runs"], &row["stopped_by"]), (&json!(false), &json!(["end-extensions"])));
    let text = world.command("expiring").out;
    assert!(text.contains("loses all access") && text.contains("the guard end-extensions will stop the plan that is to move it"), "{text}");
    assert!(text.contains("1 loses access"), "{text}");
    world.want("", &wanted);
    assert!(world.command("expiring").out.contains("keeps access"));
}

/// E10: what the role that is left cannot hold goes, and nobody keeps it.
#[test]
fn e10_privileges_that_go_with_a_role_that_ends_are_not_kept() {
    let ends = |role: &str, privileges: &str, stays: &str| {
        let live = format!("{{ email: ada@acme.example, name: Ada L, role: {role}, privileges: [{privileges}], subaccounts: [emea] }}");
        let entry =
            format!("{{ email: ada@acme.example, role: {role}, privileges: [{privileges}], subaccounts: [emea], end: 2026-12-03 }}");
        let world = emma(&[&live], &[&format!("{{ email: ada@acme.example, role: {stays}, subaccounts: [emea] }}"), &entry]);
        let row = list(&world, "")["expiring"][0].clone();
        let then = world.plan_at("2026-12-04").change("ada@acme.example")["after"]["privileges"].clone();
        assert_eq!(row["after"]["privileges"].as_array().map_or(0, Vec::len), then.as_array().map_or(0, Vec::len), "{row} {then}");
        let who = world.command("who ada@acme.example").out;
        (row["after"]["privileges"].clone(), who.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (kept, who) = ends("full", "export-contacts", "author");
    assert_eq!(kept, json!(null));
    assert!(who.contains("privileges (none), the rest goes with the"), "{who}");
    let (kept, who) = ends("manager", "billing, export-contacts", "full");
    assert_eq!(kept, json!(["export-contacts"]));
    assert!(who.contains("privileges export-contacts, the rest goes with the"), "{who}");
}

/// What no run gives nobody loses: an invitation that the actor may not send, a role that it may not give, and
/// starts that a guard stops.
#[test]
fn what_no_run_gives_is_not_lost() {
    let from_to = |who: &str, what: &str| format!("{{ email: {who}@acme.example, {what}, start: 2026-12-02, end: 2026-12-10 }}");
    let lee = "{ email: lee@acme.example, role: author, subaccounts: [north] }";
    let wanted = [
        from_to("new", "role: editor, subaccounts: [south]"),
        lee.to_owned(),
        from_to("lee", "role: full, privileges: [export-contacts], subaccounts: [north]"),
    ];
    let all: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let (rows, text, world) = bounded(NORTH, &[lee], &all);
    // Where the actor does not see it, somebody else may have given it (E4).
    assert_eq!(rows, ["2026-12-11 membership south -> , ended"]);
    let row = &world.command("expiring --format json").json()["expiring"][0];
    assert_eq!((&row["seen"], &row["member"]), (&json!("nothing"), &json!("new@acme.example")));
    assert!(text.contains("besides, 1 end is of what no run gives as things are now"), "{text}");
    assert!(text.contains(": 0 lose access; 1 not seen by this actor;"), "{text}");
    let four: Vec<String> = ["s1", "s2", "s3", "s4"].map(|who| from_to(who, "role: administrator, subaccounts: [emea]")).into();
    let world = emma(&[ADA], &[ADA].into_iter().chain(four.iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(world.plan_at("2026-12-02").tripped(), ["new-administrators=4"]);
    assert_eq!(told(&world, ""), NOBODY);
    assert_eq!(list(&world, "")["accounts"][0]["never_given"].as_array().map(Vec::len), Some(4));
    let world = emma(&[ADA], &[ADA].into_iter().chain(four[1..].iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(told(&world, "").len(), 3);
    assert_eq!(list(&world, "")["accounts"][0]["never_given"], json!([]));
}

/// What the plan of now may not write, the product does not end on that day.
#[test]
fn an_end_that_is_never_written_is_not_the_products() {
    let world = World::insider("actor: { role: viewer }");
    let bob = |end: &str| format!("{{ email: bob@acme.example, name: Bob B, role: viewer{end} }}");
    world.live("", &[ROOT, &bob("")]);
    world.want("", &[ROOT, &bob(", end: 2026-12-05")]);
    assert_eq!(world.plan().blocked(), ["bob@acme.example actor-lacks-role"]);
    let row = list(&world, "")["expiring"][0].clone();
    assert_eq!(
        (&row["ended_by"], &row["blocked"]["code"], &row["unwritten"]),
        (&json!("portcullis"), &json!("actor-lacks-role"), &json!(false))
    );
    // What it holds itself it ends all the same, on its own day.
    world.live("", &[ROOT, &bob(", end: 2026-12-08")]);
    let rows = ["2026-12-06 bob@acme.example membership end portcullis", "2026-12-09 bob@acme.example membership own-end product"];
    assert_eq!(told(&world, ""), rows);
}

/// Between two entries that follow each other the product ends what the next run gives back.
#[test]
fn an_end_after_which_a_run_gives_it_back_is_told_as_one() {
    let world = World::insider("");
    let bob = |more: &str| format!("{{ email: bob@acme.example, role: viewer, {more} }}");
    world.live("", &[ROOT, "{ email: bob@acme.example, name: Bob B, role: viewer }"]);
    world.want("", &[ROOT, &bob("end: 2026-12-05"), &bob("start: 2026-12-06")]);
    assert_eq!(told(&world, ""), ["2026-12-06 bob@acme.example membership end product"]);
    assert_eq!(list(&world, "")["expiring"][0]["again"], true);
    let text = world.command("expiring").out;
    assert!(text.contains("ends it by itself, and the first run from that day on gives it back"), "{text}");
    assert!(text.ends_with("0 lose access; 1 for some hours SANDBOX\n"), "{text}");
}

/// Who is in under two addresses leaves under both.
#[test]
fn every_address_of_who_leaves_is_told() {
    let world = emma(&[ADA, KIM, "{ email: old@acme.example, name: Kim Lee, role: author, subaccounts: [emea] }"], &[ADA]);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example], leaves: 2026-12-03 }\n");
    world.want("", &[ADA, "{ person: kim, role: author, subaccounts: [emea] }"]);
    let ends = |who: &str| format!("2026-12-04 {who}@acme.example membership leaves portcullis");
    assert_eq!(told(&world, ""), [ends("kim"), ends("old")]);
}

/// What one run may not take yet, a later one takes.
#[test]
fn what_waits_for_another_is_told_on_the_day_of_the_run_that_takes_it() {
    let world = World::solver("");
    let user = |who: &str, group: &str| format!("{{ email: {who}@acme.example, name: A A, groups: [{group}] }}");
    world.live("", &[&user("ann", "super-user"), &user("bea", "standard")]);
    let next = "{ email: bea@acme.example, groups: [super-user], start: 2026-12-01 }";
    world.want("", &["{ email: ann@acme.example, groups: [standard] }", next]);
    assert_eq!(world.plan().tripped(), ["minimum-administrators=0"]);
    assert_eq!(told(&world, ""), ["2026-12-01 ann@acme.example part late portcullis"]);
    assert!(world.command("expiring").out.contains("it was due before, and waited"));
}

/// Who is let in nowhere now loses no access that could be used, and is counted apart.
#[test]
fn who_is_not_let_in_now_is_counted_apart() {
    let ends = |who: &str| format!("{{ email: {who}@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }}");
    let locked = "{ email: lee@acme.example, name: L, role: author, subaccounts: [emea], phase: locked }";
    let world = emma(&[ADA, KIM, locked], &[ADA, &ends("kim"), &ends("lee")]);
    let view = list(&world, "");
    let shut: Vec<&Json> = view["expiring"].as_array().expect("a list").iter().map(|e| &e["shut_out"]).collect();
    assert_eq!(shut, [&json!(false), &json!(true)]);
    let text = world.command("expiring").out;
    assert!(text.contains("lee@acme.example (L)  is a member no more") && text.contains("not let in now: locked"), "{text}");
    assert!(text.ends_with(": 1 loses access; 1 more, who is not let in now SANDBOX\n"), "{text}");
}

/// Who is invited may accept, and then the run of that day meets somebody else.
#[test]
fn what_comes_of_who_is_invited_is_told_for_those_who_accept_too() {
    let kim = "{ email: kim@acme.example, role: author, subaccounts: [north], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1 }";
    let ends = |who: &str| format!("{{ email: {who}@acme.example, role: author, subaccounts: [north], end: 2026-12-03 }}");
    // E12: a bounded actor takes an invitation back, and of a member the subaccounts that it has.
    let (_, text, world) = bounded(NORTH, &[kim], &[&ends("kim")]);
    let row = world.command("expiring --format json").json()["expiring"][0].clone();
    assert_eq!((&row["ending"], &row["pending"]), (&json!("membership"), &json!(true)));
    assert_eq!((&row["once_accepted"][0]["ending"], &row["once_accepted"][0]["after"]["role"]), (&json!("part"), &json!("author")));
    for said in ["the invitation is taken back", "not let in now: has not accepted", "once accepted: loses all access; keeps role author"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let ics = world.command("expiring --format ics").out.replace("\r\n ", "");
    assert!(ics.contains("not let in now: has not accepted") && ics.contains("once accepted: loses all access"), "{ics}");
    // A guard that counts removals counts them too.
    let is = |who: &str| format!("{{ email: {who}@acme.example, name: A A, role: author, subaccounts: [north] }}");
    let world = World::emma_hq("subaccounts: [north]; actor: { role: parent }");
    let live = [is("p1"), is("p2"), is("p3"), kim.to_owned()];
    world.live("", &live.iter().map(String::as_str).collect::<Vec<_>>());
    let wanted = ["p1", "p2", "p3", "kim"].map(ends);
    world.want("", &wanted.iter().map(String::as_str).collect::<Vec<_>>());
    let row = list(&world, "")["expiring"][0].clone();
    assert_eq!((&row["member"], &row["stopped_by"]), (&json!("kim@acme.example"), &json!([])));
    assert_eq!(row["once_accepted"][0]["stopped_by"], json!(["removals"]));
    let text = world.command("expiring").out;
    assert!(text.contains("once accepted: is to lose all access, and a guard stops it"), "{text}");
    world.want("", &[&wanted[0], &wanted[3], &is("p2").replace("name: A A, ", ""), &is("p3").replace("name: A A, ", "")]);
    let text = world.command("expiring").out;
    assert!(text.contains("kim@acme.example  is a member no more, accepted or not"), "{text}");
}

/// What nobody holds yet is not lost.
#[test]
fn who_is_invited_and_gets_less_loses_nothing() {
    let kim = "{ email: kim@acme.example, role: editor, subaccounts: [emea], phase: pending, invited: 2026-11-21T09:00:00Z, attempts: 1 }";
    let world = emma(
        &[ADA, kim],
        &[
            ADA,
            "{ email: kim@acme.example, role: author, subaccounts: [emea] }",
            "{ email: kim@acme.example, role: editor, subaccounts: [emea], end: 2026-12-03 }",
        ],
    );
    let text = world.command("expiring").out;
    assert!(text.contains("kim@acme.example  is to hold less") && text.contains("not let in now: has not accepted"), "{text}");
    assert!(text.contains("0 lose access; 1 more, who is not let in now"), "{text}");
}

/// E4: who is asked for and not seen may be a member all the same, whatever is invited to later.
#[test]
fn e4_who_is_not_seen_now_is_told_as_not_seen_on_each_day() {
    let wanted = [
        "{ email: new@acme.example, role: author, subaccounts: [south], end: 2026-12-02 }",
        "{ email: new@acme.example, role: author, subaccounts: [north], start: 2026-12-03, end: 2026-12-10 }",
    ];
    let (_, _, world) = bounded(NORTH, &[], &wanted);
    let view = world.command("expiring --format json").json();
    let rows: Vec<String> =
        view["expiring"].as_array().expect("a list").iter().map(|e| format!("{} {} {}", e["on"], e["seen"], e["ending"])).collect();
    assert_eq!(rows.last().map(String::as_str), Some(r#""2026-12-11" "nothing" "membership""#), "{view:#}");
    assert!(rows.iter().all(|row| row.contains("nothing")), "{view:#}");
}

/// An invitation that is over does nothing about the end of those who accepted it.
#[test]
fn an_end_after_the_last_invitation_is_told_for_who_accepts() {
    let pending = |who: &str, role: &str, attempts: u32| {
        format!(
            "{{ email: {who}@acme.example, role: {role}, subaccounts: [emea, apac], phase: pending, invited: 2026-11-20T10:00:00Z, attempts: {attempts} }}"
        )
    };
    let entry = |who: &str, what: &str| format!("{{ email: {who}@acme.example, {what} }}");
    let wanted = [
        entry("one", "role: author, subaccounts: [emea], end: 2026-12-15"),
        entry("one", "role: author, subaccounts: [apac]"),
        // Over on 5 December, and cooling down until the 8th.
        entry("two", "role: editor, subaccounts: [emea], end: 2026-12-06"),
        entry("two", "role: author, subaccounts: [apac]"),
    ];
    let all: Vec<&str> = [ADA].into_iter().chain(wanted.iter().map(String::as_str)).collect();
    let world = emma(&[ADA, &pending("one", "author", 3), &pending("two", "editor", 1)], &all);
    let rows: Vec<String> = list(&world, "")["expiring"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|e| e["ending"] != "invitation")
        .map(|e| format!("{} {} {} {}", e["on"], e["member"], e["why"], e["only_accepted"]).replace('"', ""))
        .collect();
    assert_eq!(
        rows,
        ["2026-12-07 two@acme.example end true", "2026-12-09 two@acme.example late false", "2026-12-16 one@acme.example end true"]
    );
    let text = world.command("expiring").out;
    assert!(text.contains("one@acme.example  loses a part, if accepted by then"), "{text}");
}

/// E12: what a bounded actor leaves may give access to nothing.
#[test]
fn e12_a_membership_that_is_left_empty_is_a_loss_of_all_access() {
    let live = "{ email: t1@acme.example, name: T, role: administrator, subaccounts: [north] }";
    let (_, text, world) =
        bounded(NORTH, &[live], &["{ email: t1@acme.example, role: administrator, subaccounts: [north], end: 2026-12-03 }"]);
    let row = world.command("expiring --format json").json()["expiring"][0].clone();
    assert_eq!((&row["ending"], &row["emptied"]), (&json!("part"), &json!(true)));
    assert!(text.contains("t1@acme.example (T)  loses all access") && text.contains("an empty membership"), "{text}");
}

/// Who is in now, and is invited anew before an end to come, is one person, and loses what is held.
#[test]
fn who_is_invited_anew_after_a_gap_is_counted_once() {
    let wanted = [
        "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }",
        "{ email: kim@acme.example, role: author, subaccounts: [emea], start: 2026-12-06, end: 2026-12-10 }",
    ];
    let text = emma(&[ADA, KIM], &[ADA, wanted[0], wanted[1]]).command("expiring").out;
    assert!(text.contains("invited anew by then, and let in only once accepted") && !text.contains("has not accepted"), "{text}");
    assert!(text.ends_with(": 1 loses access SANDBOX\n"), "{text}");
}

/// An end that the plan of now brings nearer is an end to come.
#[test]
fn an_end_that_is_brought_nearer_takes_nothing_now() {
    let world = World::insider("");
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-20 }"]);
    world.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-10 }"]);
    assert_eq!(world.plan().acts(), ["edit kim@acme.example"]);
    let view = list(&world, "");
    assert_eq!((&view["accounts"][0]["taken_by_the_plan"], &view["expiring"][0]["last"]), (&json!(0), &json!("2026-12-10")));
}

/// What should have ended before, and is blocked, is there on the later day too.
#[test]
fn e3_an_end_that_was_blocked_before_is_still_held_on_the_day_of_the_next() {
    let two = "{ email: two@acme.example, name: T, role: author, subaccounts: [north, south] }";
    let wanted = [
        "{ email: two@acme.example, role: author, subaccounts: [north], end: 2026-12-04 }",
        "{ email: two@acme.example, role: author, subaccounts: [south], end: 2026-12-06 }",
    ];
    let (rows, _, _) = bounded("{ role: administrator, subaccounts: [north] }; surface: subaccount; subaccount: north", &[two], &wanted);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].starts_with("2026-12-07 membership north+south -> ,"), "{rows:?}");
}

/// Whose membership is left empty loses all, also where a guard keeps it.
#[test]
fn e12_a_guard_keeps_all_access_of_whom_it_keeps_from_being_emptied() {
    let who = ["t1", "t2", "t3", "t4"];
    let live = who.map(|who| format!("{{ email: {who}@acme.example, name: T T, role: author, subaccounts: [north] }}"));
    let wanted = who.map(|who| format!("{{ email: {who}@acme.example, role: author, subaccounts: [north], end: 2026-12-04 }}"));
    let (_, text, _) = bounded(NORTH, &live.each_ref().map(String::as_str), &wanted.each_ref().map(String::as_str));
    assert!(text.contains("t1@acme.example (T T)  is to lose all access, and a guard stops it"), "{text}");
}

/// One row of `expiring` as `day member ending why`, with what of the rest is asked for.
fn rows_with(world: &World, flags: &str, keys: &[&str]) -> Vec<String> {
    let view = list(world, flags);
    let all = view["expiring"].as_array().expect("a list").iter();
    let of = |e: &Json, key: &str| e[key].as_str().map_or_else(|| e[key].to_string(), str::to_owned);
    all.map(|e| ["on", "member", "ending", "why"].iter().chain(keys).map(|key| of(e, key)).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn an_invitation_of_the_plan_of_now_takes_nothing() {
    let world = emma(&[ADA], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-03 }"]);
    assert_eq!(list(&world, "")["accounts"][0]["taken_by_the_plan"], 0);
}

/// A spare address with an end of its own goes with the person, or before.
#[test]
fn a_spare_address_ends_on_the_first_of_both_days() {
    let world = World::insider("");
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example], leaves: 2026-12-03 }\n");
    world.want("", &[ROOT, "{ person: kim, role: viewer }"]);
    for (own, row) in [
        ("2026-12-20", "2026-12-04 old@acme.example membership leaves portcullis"),
        ("2026-12-01", "2026-12-02 old@acme.example membership own-end product"),
    ] {
        let old = format!("{{ email: old@acme.example, name: Kim Lee, role: viewer, end: {own} }}");
        world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer }", &old]);
        let rows = rows_with(&world, "", &["ended_by"]);
        assert_eq!(rows.iter().filter(|r| r.contains("old@")).collect::<Vec<_>>(), [row], "{rows:?}");
        assert_eq!(list(&world, "")["accounts"][0]["never_given"], json!([]));
    }
    // What one of two entries ends, a spare address does not lose.
    let old = "{ email: old@acme.example, name: Kim Lee, role: author, subaccounts: [emea] }";
    let world = emma(&[ADA, "{ email: kim@acme.example, name: Kim Lee, role: author, subaccounts: [emea, apac] }", old], &[ADA]);
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example] }\n");
    let of = |what: &str| format!("{{ person: kim, role: author, subaccounts: {what} }}");
    world.want("", &[ADA, &of("[emea]"), &of("[apac], end: 2026-12-03")]);
    assert_eq!(rows_with(&world, "", &[]), ["2026-12-04 kim@acme.example part end"]);
    assert_eq!(list(&world, "")["accounts"][0]["never_given"], json!([]));
}

/// E4: an invitation of somebody else says nothing about who is not seen.
#[test]
fn e4_who_is_not_seen_is_told_beside_whom_the_plan_invites() {
    let wanted = [
        "{ email: cleo@acme.example, role: author, subaccounts: [south], end: 2026-12-03 }",
        "{ email: new@acme.example, role: author, subaccounts: [north] }",
    ];
    let (rows, _, world) = bounded(NORTH, &[], &wanted);
    assert_eq!((rows.len(), world.plan().acts()), (1, vec!["invite new@acme.example".to_owned()]), "{rows:?}");
}

/// A person's `leaves` is never an end that the product holds.
#[test]
fn who_leaves_is_ended_by_portcullis_and_told_once() {
    let world = World::insider("");
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, leaves: 2026-12-03 }\n");
    world.want("", &[ROOT, "{ person: kim, role: viewer, end: 2026-12-18 }"]);
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-18 }"]);
    assert_eq!(rows_with(&world, "", &["ended_by"]), ["2026-12-04 kim@acme.example membership leaves portcullis"]);
    // An own end that the plan clears comes before only if nothing runs.
    world.want("", &[ROOT, "{ person: kim, role: viewer }"]);
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-20 }"]);
    let rows = rows_with(&world, "", &["ended_by", "only_if_nothing_runs"]);
    assert_eq!(rows[0], "2026-12-04 kim@acme.example membership leaves portcullis false", "{rows:?}");
}

/// What the product ends on the eve of a start comes back with that run, in one row that says from which line.
#[test]
fn a_gap_is_one_row_with_the_line_that_gives_back() {
    let world = World::insider("");
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: viewer, end: 2026-12-05 }"]);
    world.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, start: 2026-12-06, reason: Back }"]);
    assert_eq!(rows_with(&world, "", &["again", "reason"]), ["2026-12-06 kim@acme.example membership end true Back"]);
    assert_eq!(list(&world, "")["expiring"][0]["place"]["line"], 5);
    // The role that is given back is another: still one row.
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: editor, end: 2026-12-05 }"]);
    let back = "{ email: kim@acme.example, role: viewer, start: 2026-12-06 }";
    world.want("", &[ROOT, "{ email: kim@acme.example, role: editor, end: 2026-12-05 }", back]);
    assert_eq!(rows_with(&world, "", &["again"]), ["2026-12-06 kim@acme.example membership end true"]);
    // Where no run writes the end, there is no gap.
    world.connect("actor: { role: viewer }");
    world.live("", &[ROOT, "{ email: kim@acme.example, name: Kim Lee, role: editor }"]);
    assert_eq!(rows_with(&world, "", &[]), ["2026-12-06 kim@acme.example part end"]);
    assert_eq!(list(&world, "")["expiring"][0]["blocked"]["code"], "actor-lacks-role");
}

/// The day after the product's own end is the product's, the day before it is the run's.
#[test]
fn an_end_that_is_asked_for_a_day_before_the_products_is_the_runs() {
    let world = World::insider("actor: { role: viewer }");
    world.live("", &[ROOT, "{ email: bob@acme.example, name: Bob B, role: viewer, end: 2026-12-06 }"]);
    world.want("", &[ROOT, "{ email: bob@acme.example, role: viewer, end: 2026-12-05 }"]);
    let rows = rows_with(&world, "", &["ended_by"]);
    assert_eq!(rows[0], "2026-12-06 bob@acme.example membership end portcullis", "{rows:?}");
}

/// A start that a guard stops leaves what was held before.
#[test]
fn an_end_of_what_a_guard_kept_from_being_given_starts_from_what_is_held() {
    let of = |who: &str, what: &str| format!("{{ email: {who}@acme.example, role: {what} }}");
    let four = ["s1", "s2", "s3", "s4"];
    let live = four.map(|who| of(who, "author, name: S S, subaccounts: [emea]"));
    let wanted: Vec<String> = four
        .iter()
        .flat_map(|who| {
            [
                of(who, "author, subaccounts: [emea], end: 2026-12-01"),
                of(who, "administrator, subaccounts: [emea], start: 2026-12-02, end: 2026-12-10"),
            ]
        })
        .collect();
    let live: Vec<&str> = [ADA].into_iter().chain(live.iter().map(String::as_str)).collect();
    let wanted: Vec<&str> = [ADA].into_iter().chain(wanted.iter().map(String::as_str)).collect();
    let world = emma(&live, &wanted);
    assert_eq!(world.plan_at("2026-12-02").tripped(), ["new-administrators=4"]);
    let rows = list(&world, "");
    let rows: Vec<&Json> = rows["expiring"].as_array().expect("a list").iter().filter(|e| e["on"] == "2026-12-11").collect();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["before"]["role"] == "author"), "{rows:?}");
}

/// What is looked at is the window, and its last day is in it.
#[test]
fn no_run_after_the_window_is_told_and_the_run_of_its_last_day_is() {
    let is = |who: &str| format!("{{ email: {who}@acme.example, name: A A, role: author, subaccounts: [emea] }}");
    let ends = |who: &str, day: &str| format!("{{ email: {who}@acme.example, role: author, subaccounts: [emea], end: {day} }}");
    let four = ["a1", "a2", "a3", "a4"];
    let live = four.map(is);
    let live: Vec<&str> = [ADA].into_iter().chain(live.iter().map(String::as_str)).collect();
    let wanted = four.map(|who| ends(who, "2026-12-22"));
    let world = emma(&live, &[ADA].into_iter().chain(wanted.iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(rows_with(&world, "", &["stopped_by"]).iter().filter(|r| r.ends_with(r#"["removals"]"#)).count(), 4);
    let kim = "{ email: kim@acme.example, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 1 }";
    let wanted = [ends("a1", "2026-11-30"), ends("a2", "2026-12-06"), ends("kim", "2027-06-01")];
    let world = emma(&[ADA, &is("a1"), &is("a2"), kim], &[ADA].into_iter().chain(wanted.iter().map(String::as_str)).collect::<Vec<_>>());
    let rows = rows_with(&world, " --within 10d", &[]);
    assert_eq!(rows, ["2026-12-01 a1@acme.example membership end"]);
}

/// Another guard on the run that is to invite again, and none where nothing waits.
#[test]
fn an_invitation_that_a_guard_keeps_from_going_out_again_says_so() {
    let kim = "{ email: kim@acme.example, role: author, subaccounts: [emea], phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 1 }";
    let world = emma(&[ADA, kim], &[]);
    world.want(
        "guards: { invitations: { count: 0, percent: 0, most: 0 } }",
        &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea] }"],
    );
    let rows = rows_with(&world, "", &["again", "stopped_by"]);
    assert_eq!(rows, [r#"2026-12-05 kim@acme.example invitation life true ["invitations"]"#]);
}

/// What a run is to take is told, whoever else's access ends.
#[test]
fn what_is_told_of_somebody_does_not_hang_on_the_ends_of_others() {
    let kim = "{ email: kim@acme.example, role: viewer, groups: [red, green], phase: pending, invited: 2026-10-20T10:00:00Z, attempts: 3 }";
    let entries = [
        "{ email: kim@acme.example, role: viewer, groups: [red], end: 2026-12-05 }",
        "{ email: kim@acme.example, role: viewer, groups: [green] }",
    ];
    let world = World::insider("features: [groups]");
    world.live("", &[ROOT, "{ email: ada@acme.example, name: A L, role: viewer }", kim]);
    for ada in ["{ email: ada@acme.example, role: viewer }", "{ email: ada@acme.example, role: viewer, end: 2026-12-10 }"] {
        world.want("", &[ROOT, ada, entries[0], entries[1]]);
        let rows = rows_with(&world, "", &["pending"]);
        assert_eq!(rows.iter().filter(|r| r.contains("kim")).collect::<Vec<_>>(), ["2026-12-06 kim@acme.example part late true"], "{ada}");
    }
}

#[test]
fn the_products_own_end_of_who_is_only_invited_is_told_as_theirs() {
    let world = World::insider("");
    for invited in ["2026-11-15T12:00:00Z", "2026-11-19T12:00:00Z"] {
        let kim = format!("{{ email: kim@acme.example, role: viewer, end: 2026-11-24, phase: pending, invited: {invited}, attempts: 1 }}");
        world.live("", &[ROOT, &kim]);
        world.want("", &[ROOT]);
        let rows = rows_with(&world, "", &["pending"]);
        assert_eq!(rows.last().map(String::as_str), Some("2026-11-25 kim@acme.example membership own-end true"), "{rows:?}");
    }
}

/// The last invitation, over later today, may be accepted until then.
#[test]
fn an_end_is_told_of_whose_last_invitation_is_over_later_today() {
    let emma = emma(&[ADA], &[ADA, "{ email: kim@acme.example, role: author, subaccounts: [emea], end: 2026-12-05 }"]);
    let insider = World::insider("");
    insider.want("", &[ROOT, "{ email: kim@acme.example, role: viewer, end: 2026-12-05 }"]);
    for (world, root, kim) in [
        (emma, ADA, "role: author, subaccounts: [emea], phase: pending, invited: 2026-11-07T10:00:00Z"),
        (insider, ROOT, "role: viewer, phase: pending, invited: 2026-11-15T12:00:00Z"),
    ] {
        for attempts in [1, 3] {
            world.live("", &[root, &format!("{{ email: kim@acme.example, {kim}, attempts: {attempts} }}")]);
            let rows = rows_with(&world, "", &["pending"]);
            assert!(rows.iter().any(|r| r == "2026-12-06 kim@acme.example membership end true"), "{attempts}: {rows:?}");
        }
    }
}

/// A spare address that gives nothing is given nothing by a start.
#[test]
fn a_suspended_spare_address_has_nothing_to_lose() {
    let world = World::insider("");
    world.file("people.yaml", "people:\n  kim: { email: kim@acme.example, previously: [old@acme.example] }\n");
    world.want("", &[ROOT, "{ person: kim, role: viewer, start: 2026-11-25, end: 2026-12-10 }"]);
    let kim = "{ email: kim@acme.example, name: K L, role: viewer }";
    world.live("", &[ROOT, kim, "{ email: old@acme.example, name: K L, role: viewer, phase: suspended }"]);
    assert_eq!(list(&world, "")["accounts"][0]["never_given"], json!([]));
}

/// Who has nothing loses nothing by being removed.
#[test]
fn the_plan_of_now_takes_no_access_from_who_has_none() {
    let world = World::insider("");
    world.live("", &[ROOT, "{ email: kim@acme.example, name: K L, role: viewer, phase: expired }"]);
    world.want("mode: authoritative", &[ROOT]);
    assert_eq!(world.plan().acts(), ["remove kim@acme.example"]);
    assert_eq!(list(&world, "")["accounts"][0]["taken_by_the_plan"], 0);
}
