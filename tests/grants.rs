//! Profiles, and addresses for one account, from the manifest to the account and back to no change.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use serde_json::json;
use support::world::World;

const PROFILES: &str =
    "profiles:\n  marketer:\n    news: { role: editor, subaccounts: [emea], reason: Marketing }\n    insider: { role: viewer }\n";
const NOBODY: [&str; 0] = [];

/// Accounts `news` and `ins`, both empty and managed.
fn two() -> World {
    let world = World::emma_hq("subaccounts: [emea, apac]; actor: { role: parent }");
    world.add("ins", "insider", "actor: { role: administrator }");
    world.file("profiles.yaml", PROFILES);
    world.want("mode: authoritative", &[]);
    world.want_in("ins", "mode: authoritative", &[]);
    world
}

#[test]
fn a_live_account_that_is_as_the_profile_says_is_left_alone() {
    let world = two();
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada L, profiles: [marketer] }\n");
    world.live("", &["{ email: ada@acme.example, name: Ada L, role: editor, subaccounts: [emea] }"]);
    world.live_in("ins", "", &["{ email: ada@acme.example, name: Ada L, role: viewer }"]);
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec![]));
}

#[test]
fn a_profile_reaches_people_teams_and_outsiders_in_every_account() {
    let world = two();
    world.file(
        "people.yaml",
        "people:\n  ada: { email: ada@acme.example, name: Ada L, profiles: [marketer] }\n  bob: { email: bob@acme.example, name: Bob B }\nteams:\n  all: [bob, { profile: marketer }]\n",
    );
    world.want("", &["{ profile: marketer, email: kim@agency.example, name: Kim Lee, subaccounts: [apac], reason: Launch }"]);
    let plan = world.plan();
    assert_eq!(
        plan.acts(),
        [
            "invite ada@acme.example",
            "invite ada@acme.example",
            "invite bob@acme.example",
            "invite bob@acme.example",
            "invite kim@agency.example"
        ]
    );
    let kim = plan.change("kim@agency.example");
    assert_eq!(kim["after"], json!({ "name": "Kim Lee", "role": "editor", "subaccounts": ["apac"] }));
    assert_eq!((&kim["reason"], &kim["place"]["file"]), (&json!("Launch"), &json!("account.yaml")));
    assert_eq!(kim["notes"][0], "profile marketer (profiles.yaml:3:5)");
    let ada = plan.all("changes").into_iter().find(|c| c["id"] == "news/invite/ada@acme.example").unwrap();
    assert_eq!((&ada["reason"], &ada["place"]), (&json!("Marketing"), &json!({ "file": "people.yaml", "line": 2, "column": 59 })));
    let bob = plan.all("changes").into_iter().find(|c| c["id"] == "ins/invite/bob@acme.example").unwrap();
    assert_eq!(bob["place"], json!({ "file": "people.yaml", "line": 5, "column": 25 }));
    world.settle();
}

#[test]
fn a_direct_entry_overrides_a_team_s_profile_and_a_dated_one_an_undated_one() {
    let mut world = two();
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada L }\nteams:\n  all: [ada, { profile: marketer }]\n");
    world.want("", &["{ person: ada, role: author, subaccounts: [emea], end: 2026-12-01 }"]);
    let plan = world.plan();
    let ada = plan.all("changes").into_iter().find(|c| c["id"] == "news/invite/ada@acme.example").unwrap();
    assert_eq!(ada["after"]["role"], "author");
    assert!(ada["notes"].as_array().unwrap().contains(&json!("overrides editor (team all, profile marketer, people.yaml:4:25)")), "{ada}");
    world.settle();
    world.at("2026-12-02T09:00:00Z");
    let plan = world.plan();
    let ada = plan.all("changes").into_iter().find(|c| c["id"].as_str().unwrap().starts_with("news/")).unwrap();
    assert_eq!((&ada["after"]["role"], &ada["notes"][0]), (&json!("editor"), &json!("profile marketer (profiles.yaml:3:5)")));
}

#[test]
fn whoever_leaves_loses_what_a_profile_gave() {
    let world = two();
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada L, profiles: [marketer], leaves: now }\n");
    world.live("", &["{ email: ada@acme.example, name: Ada L, role: editor, subaccounts: [emea] }"]);
    assert_eq!(world.plan().acts(), ["remove ada@acme.example"]);
}

// ---- another address for one account ----

const ELSEWHERE: &str =
    "people:\n  ada: { email: ada@acme.example, name: Ada L, profiles: [marketer], accounts: { ins: { email: ada@else.example } } }\n";

#[test]
fn a_member_under_the_address_of_the_account_is_left_alone() {
    let world = two();
    world.file("people.yaml", ELSEWHERE);
    world.live("", &["{ email: ada@acme.example, name: Ada L, role: editor, subaccounts: [emea] }"]);
    world.live_in("ins", "", &["{ email: Ada@Else.example, name: Ada L, role: viewer }"]);
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec![]));
}

#[test]
fn each_account_gets_its_own_address() {
    let world = two();
    world.file("people.yaml", ELSEWHERE);
    let plan = world.plan();
    let ids: Vec<&str> = plan.all("changes").into_iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ins/invite/ada@else.example", "news/invite/ada@acme.example"]);
    world.settle();
}

/// The product keeps addresses: a new one for the account must be no removal and invitation.
#[test]
fn another_address_for_an_account_removes_nobody_who_is_there_under_the_old_one() {
    let world = two();
    world.file("people.yaml", ELSEWHERE);
    world.want("", &[]);
    world.file("profiles.yaml", "profiles:\n  marketer: { insider: { role: editor } }\n");
    world.live_in("ins", "", &["{ email: ada@acme.example, name: Ada L, role: viewer }"]);
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.reports()),
        (vec!["edit ada@acme.example".to_owned()], vec!["previous-address ada@acme.example".to_owned()])
    );
    world.settle();
    // an earlier address for that account does the same
    world.file("people.yaml", &ELSEWHERE.replace("ada@else.example", "ada@new.example, previously: [ada@else.example]"));
    world.live_in("ins", "", &["{ email: ada@else.example, name: Ada L, role: editor }"]);
    assert_eq!((world.plan().acts(), world.plan().reports()), (vec![], vec!["previous-address ada@else.example".to_owned()]));
}

#[test]
fn the_address_of_one_account_is_a_stranger_s_in_another() {
    let world = two();
    world.file("people.yaml", &ELSEWHERE.replace(", profiles: [marketer]", ""));
    world.file("profiles.yaml", "");
    world.live("", &["{ email: ada@else.example, name: X, role: editor, subaccounts: [emea] }"]);
    assert_eq!(world.plan().acts(), ["remove ada@else.example"], "no entry of `news` means it");
}

#[test]
fn whoever_leaves_leaves_under_the_address_of_the_account() {
    let world = two();
    world.file("people.yaml", &ELSEWHERE.replace("profiles: [marketer]", "leaves: now"));
    world.file("profiles.yaml", "");
    world.want_in("ins", "", &[]);
    world.live_in(
        "ins",
        "",
        &["{ email: ada@else.example, name: Ada L, role: viewer }", "{ email: ada@acme.example, name: Ada L, role: viewer }"],
    );
    assert_eq!(world.plan().acts(), ["remove ada@acme.example", "remove ada@else.example"]);
    assert_eq!(world.check().errors(), NOBODY);
}

#[test]
fn protect_and_lockout_know_the_person_by_the_address_of_the_account() {
    let world = two();
    world.file("people.yaml", ELSEWHERE);
    world.want("", &[]);
    world.want_in("ins", "protect: [ada@else.example]", &[]);
    world.live_in("ins", "", &["{ email: ada@else.example, name: Ada L, role: editor }"]);
    world.file("profiles.yaml", "profiles:\n  marketer: { ins: { role: viewer } }\n");
    assert_eq!(world.plan().tripped(), ["protected=1"]);
}

/// `protect: ['*@vip.example']` would protect nobody, and say nothing.
#[test]
fn a_pattern_where_whole_addresses_stand_is_an_error() {
    let world = World::solver("actor: { role: super-user }");
    world.want("protect: ['*@vip.example']; absent: [a@acme.example, 'b*@acme.example']; ignore: ['bot*@acme.example']", &[]);
    assert_eq!(world.check().lines(), [3, 4]);
    world.want("protect: ['*@vip.example']", &[]);
    let said = world.check().only();
    assert_eq!(said, "`*@vip.example` is one address here, and would mean nobody | whole addresses: `ignore` alone takes `*`");
}

/// An entry that names an address is of the person whose address it is, in this account or everywhere.
#[test]
fn whoever_leaves_loses_what_an_entry_gives_to_their_address() {
    let world = World::emma_hq("actor: { role: parent }");
    let edna = "{ email: edna@acme.example, name: Edna E, role: author, subaccounts: [emea] }";
    let other = "{ email: edna@other.example, name: Edna E, role: author, subaccounts: [emea] }";
    for (live, addresses) in
        [(edna, ""), (edna, ", previously: [edna@old.example]"), (other, ", accounts: { news: { email: edna@other.example } }")]
    {
        world.live("", &[live]);
        for (leaves, acts) in [("", 0), (", leaves: 2026-11-20", 1)] {
            world.file("people.yaml", &format!("people:\n  edna: {{ email: edna@acme.example, name: Edna E{addresses}{leaves} }}\n"));
            world.want("", &[live]);
            assert_eq!(world.plan().acts().len(), acts, "{addresses} {leaves}: {:?}", world.plan().acts());
        }
    }
}
