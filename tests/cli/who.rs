//! `who`: one person in every account, why, and what nobody can tell.

use serde_json::{Value as Json, json};

use super::program::World;

const FOLDER: &str = "
    connections:
      news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, us] }
      ins: { system: insider, backend: embedded, timezone: Europe/Paris, features: [groups] }
      sol: { system: solver, backend: embedded }
      gam: { system: gamoshi, backend: embedded, timezone: Europe/Paris }
    people:
      ada: { email: ada@acme.example, name: Ada Lovelace, previously: [ada.byron@acme.example] }
      eve: { email: eve@acme.example }
      lea: { email: lea@acme.example, leaves: 2026-11-20 }
    teams:
      all: [ada, eve]
    accounts:
      news:
        ignore: [\"*@bots.example\"]
        members:
          - { team: all, role: author, subaccounts: [emea], reason: Everybody writes }
          - { person: ada, role: editor, subaccounts: [us], end: 2026-12-01 }
      ins:
        members:
          - { person: ada, role: editor, pii: true, groups: [paris] }
          - { person: eve, role: viewer, pii: true }
      gam:
        members:
          - { person: ada, role: user, start: 2027-01-01 }
";

const LIVE: &str = "
    accounts:
      news:
        members:
          - { email: ada.byron@acme.example, name: Ada Lovelace, phase: active, role: editor, subaccounts: [emea, us] }
          - { email: bot@bots.example, phase: active, role: full, subaccounts: [emea] }
      ins:
        members:
          - { email: ada@acme.example, phase: active, role: editor, pii: true, groups: [paris] }
          - { email: lea@acme.example, phase: active, role: viewer }
      sol:
        members:
          - { email: ada@acme.example, phase: pending, groups: [super-user], invited: 2026-11-21T10:00:00Z, attempts: 1 }
";

fn world() -> World {
    let world = World::new();
    world.write("access.yaml", FOLDER).load(LIVE);
    world
}

#[track_caller]
fn account(said: &Json, name: &str) -> Json {
    let accounts = said["accounts"].as_array().expect("accounts");
    accounts.iter().find(|a| a["account"] == name).unwrap_or_else(|| panic!("{name}: {said:#}")).clone()
}

fn holds(account: &Json, scope: Json) -> Vec<String> {
    let holds = account["members"][0]["holds"].as_array().expect("holds").clone();
    let hold = holds.into_iter().find(|h| h["scope"] == scope).unwrap_or_default();
    hold["permissions"].as_array().into_iter().flatten().filter_map(|p| p.as_str().map(str::to_owned)).collect()
}

#[test]
fn an_id_and_every_address_mean_the_same_person() {
    let world = world();
    let one = world.run("who ada --format json").expect(0).json();
    for word in ["ada@acme.example", "ADA@Acme.example", "ada.byron@acme.example"] {
        assert_eq!(world.run(&format!("who {word} --format json")).expect(0).json(), one, "{word}");
    }
    assert_eq!((&one["kind"], &one["person"], &one["complete"]), (&json!("who"), &json!("ada"), &json!(true)));
}

#[test]
fn each_line_is_named_with_what_it_came_through() {
    let said = world().run("who ada --format json").expect(0).json();
    let news = account(&said, "news");
    assert_eq!(news["standing"], "declared");
    // known under the address that she had before
    assert_eq!(news["members"][0]["email"], "ada.byron@acme.example");
    let entries = news["entries"].as_array().expect("entries");
    let through: Vec<(&Json, &Json, &Json)> = entries.iter().map(|e| (&e["team"], &e["overridden"], &e["reason"])).collect();
    assert_eq!(through, [(&json!("all"), &json!(true), &json!("Everybody writes")), (&Json::Null, &json!(false), &Json::Null)]);
    assert_eq!(entries[0]["place"]["file"], "access.yaml");
    assert!(entries[0]["place"]["line"].as_u64().is_some_and(|l| l > 1), "{}", entries[0]);
    assert_eq!(holds(&news, json!("us")), ["audience", "campaigns", "reports"]);
    assert!(holds(&news, Json::Null).is_empty());
    assert!(news["later"][0].as_str().is_some_and(|l| l.contains("from 2026-12-02") && l.contains("author")), "{}", news["later"]);
}

/// SYSTEMS.md I5: with `pii` an editor exports, a viewer only looks.
#[test]
fn i5_effective_pii_is_shown() {
    let world = world();
    let ada = account(&world.run("who ada --format json").expect(0).json(), "ins");
    for scope in [Json::Null, json!("paris")] {
        let held = holds(&ada, scope.clone());
        assert!(held.contains(&"view-user-profiles".into()) && held.contains(&"export-user-profiles".into()), "{scope}: {held:?}");
    }
    let eve = account(&world.run("who eve --format json").expect(0).json(), "ins");
    assert_eq!((&eve["standing"], &eve["members"]), (&json!("declared-only"), &json!([])));
    let would = eve["declared"]["permissions"].as_array().expect("permissions");
    assert!(would.contains(&json!("view-user-profiles")) && !would.contains(&json!("export-user-profiles")), "{would:?}");
    assert!(eve["plan"][0].as_str().is_some_and(|p| p.starts_with("invite eve@acme.example")), "{}", eve["plan"]);
}

#[test]
fn what_no_line_asks_for_is_live_only_and_says_why() {
    let world = world();
    let ada = world.run("who ada --format json").expect(0).json();
    // no account of the manifests manages it
    let sol = account(&ada, "sol");
    assert_eq!((&sol["standing"], &sol["members"][0]["administers"]), (&json!("live-only"), &json!(true)));
    assert_eq!(sol["members"][0]["phase"], "pending");
    assert!(sol["why"][0].as_str().is_some_and(|w| w.contains("manages")), "{}", sol["why"]);
    let gam = account(&ada, "gam");
    assert_eq!((&gam["standing"], &gam["why"]), (&json!("starts"), &json!(["nothing before 2027-01-01"])));
    // whose last day is over
    let lea = account(&world.run("who lea --format json").expect(0).json(), "ins");
    assert_eq!(lea["standing"], "live-only");
    assert!(lea["why"][0].as_str().is_some_and(|w| w.contains("2026-11-20")), "{}", lea["why"]);
    let bot = account(&world.run("who bot@bots.example --format json").expect(0).json(), "news");
    assert!(bot["why"].to_string().contains("never touched"), "{}", bot["why"]);
}

#[test]
fn who_is_nowhere_is_said_and_an_unknown_id_is_an_error() {
    let world = world();
    let said = world.run("who nobody@acme.example").expect(0).out;
    assert!(said.contains("a member of 0 of 4 accounts") && said.contains("nothing anywhere asks for it"), "{said}");
    let said = world.run("who adda").expect(1);
    assert!(said.out.is_empty() && said.err.contains("did you mean `ada`?"), "{}", said.both());
    world.run("who").expect(1);
}

#[test]
fn a_reading_that_is_not_whole_leaves_the_answer_open() {
    let world = world();
    world.load("\n    accounts:\n      sol:\n        members:\n          - { email: x@acme.example, groups: [standard] }\n          - { email: y@acme.example, groups: [standard] }\n        fault: short\n");
    let said = world.run("who eve --format json").expect(7).json();
    let sol = account(&said, "sol");
    assert_eq!((&said["complete"], &sol["complete"], &sol["standing"]), (&json!(false), &json!(false), &json!("unknown")));
    let text = world.run("who eve").expect(7).out;
    assert!(text.contains("a member of 0 of 3 accounts that were read") && text.contains("1 account could not be read"), "{text}");
    assert!(text.contains("not everything could be read or seen"), "{text}");
}

/// Nothing is counted of what was not read, and what lines ask for is not told as held, or waited for.
#[test]
fn who_counts_only_what_was_read() {
    let world = World::new();
    let folder = FOLDER.replace("role: author, subaccounts: [emea], reason: Everybody writes", "role: manager, subaccounts: [emea]");
    let live = "
    accounts:
      news:
        members:
          - { email: eve@acme.example, name: Eve, phase: active, role: manager, subaccounts: [emea] }
        fault: failed
";
    world.write("access.yaml", &folder).load(live);
    for (who, asked) in [("eve", true), ("stranger@acme.example", false)] {
        let text = world.run(&format!("who {who} --account news")).expect(7).out;
        assert!(text.ends_with("\nnothing can be told: 1 account could not be read\n"), "{text}");
        for claimed in ["administers", "a member of", "once accepted", "may "] {
            assert!(!text.contains(claimed), "{claimed}: {text}");
        }
        assert_eq!(text.contains("asked for") && text.contains("role manager"), asked, "{text}");
    }
    let text = world.run("who eve").expect(7).out;
    assert!(text.contains("a member of 0 of 3 accounts that were read, administers 0"), "{text}");
}

/// E4: what this actor does not see is not absent.
#[test]
fn an_actor_that_does_not_see_everyone_cannot_tell_that_somebody_is_not_there() {
    let world = World::new();
    let bounded = FOLDER.replace("subaccounts: [emea, us] }", "subaccounts: [emea, us], actor: { role: manager, subaccounts: [us] } }");
    world.write("access.yaml", &bounded).load(LIVE);
    let said = world.run("who stranger@acme.example --format json --account news").expect(7).json();
    assert_eq!(account(&said, "news")["standing"], "unknown");
    // of Ada there are more subaccounts than this actor is shown
    let said = world.run("who ada --format json --account news").expect(7).json();
    let news = account(&said, "news");
    assert_eq!((&news["complete"], &news["members"][0]["partly_seen"]), (&json!(false), &json!(["subaccounts"])));
}

/// E4: nothing is said to be lacking that may be there unseen.
#[test]
fn a_bounded_actor_says_not_seen_and_not_that_nobody_is_there() {
    let world = World::new();
    let bounded = FOLDER.replace("subaccounts: [emea, us] }", "subaccounts: [emea, us], actor: { role: manager, subaccounts: [us] } }");
    let live = LIVE.replace(
        "- { email: bot@",
        "- { email: eve@acme.example, phase: active, role: author, subaccounts: [emea] }\n          - { email: bot@",
    );
    world.write("access.yaml", &bounded).load(&live);
    // Active in emea, which this actor does not see.
    let said = world.run("who eve --format json --account news").expect(7).json();
    assert_eq!(account(&said, "news")["standing"], "unseen");
    let text = world.run("who eve --account news").expect(7).out;
    assert!(text.contains("not seen by this actor") && !text.contains("no member"), "{text}");
    assert!(text.contains("a member of 0 of 1 accounts, of those seen; 1 not seen by this actor"), "{text}");
    assert!(text.contains("role author") && !text.contains("once accepted"), "{text}");
    // Ada holds all of it, and this actor sees a part.
    let text = world.run("who ada --account news").expect(7).out;
    assert!(!text.contains("holds less"), "{text}");
    assert!(text.contains("holds a part of it, and the rest is not seen by this actor"), "{text}");
    // What is blocked is told with what this actor lacks.
    assert!(text.contains("is blocked: ") && text.contains("does not hold emea"), "{text}");
}

#[test]
fn asking_writes_nothing() {
    let world = world();
    let before = world.read(".portcullis/embedded.db");
    world.run("who ada").expect(0);
    assert_eq!(world.read(".portcullis/embedded.db"), before);
}

/// A name from a server is data in each format.
#[test]
fn a_hostile_name_is_harmless() {
    let world = world();
    let live = r#"
        accounts:
          sol:
            members:
              - { email: x@acme.example, name: "::error::<b>@ada", groups: [standard] }
    "#;
    world.load(live);
    for format in ["text", "markdown", "json"] {
        let said = world.run(&format!("who x@acme.example --format {format}")).expect(0).out;
        assert!(!said.lines().any(|l| l.trim_start().starts_with("::error::")), "{said}");
        assert!(format != "markdown" || !said.contains("<b>"), "{said}");
    }
}

#[test]
fn profiles_and_addresses_for_one_account_are_seen_through() {
    let world = World::new();
    let folder = "
        connections:
          sol: { system: solver, backend: embedded }
          oth: { system: solver, backend: embedded }
        profiles:
          lead: { sol: { groups: [advanced] } }
        people:
          ada: { email: ada@acme.example, accounts: { oth: { email: ada@other.example } } }
        accounts:
          sol:
            members:
              - { person: ada, profile: lead }
          oth:
            members:
              - { person: ada, groups: [standard] }
    ";
    let live = "
        accounts:
          sol:
            members:
              - { email: ada@acme.example, phase: active, groups: [advanced] }
          oth:
            members:
              - { email: ada@other.example, phase: active, groups: [standard] }
    ";
    world.write("access.yaml", folder).load(live);
    for word in ["ada", "ada@other.example"] {
        let said = world.run(&format!("who {word} --format json")).expect(0).json();
        assert_eq!(
            (&account(&said, "oth")["standing"], &account(&said, "sol")["standing"]),
            (&json!("declared"), &json!("declared")),
            "{word}"
        );
        assert_eq!(account(&said, "sol")["entries"][0]["profile"], "lead");
    }
}

#[test]
fn an_address_of_different_people_is_nobodys_until_one_is_named_by_id() {
    let world = World::new();
    let folder = "
        connections:
          sol: { system: solver, backend: embedded }
          oth: { system: solver, backend: embedded }
        people:
          ada: { email: ada@acme.example, accounts: { sol: { email: we@acme.example } } }
          bob: { email: bob@acme.example, accounts: { oth: { email: we@acme.example } } }
    ";
    world.write("access.yaml", folder);
    for command in ["who", "revoke"] {
        let said = world.run(&format!("{command} we@acme.example")).expect(1);
        assert!(
            said.out.is_empty() && said.err.contains("different people in different accounts: ada in sol, bob in oth"),
            "{}",
            said.both()
        );
        assert!(said.err.contains("name one by id: `ada` or `bob`"), "{}", said.err);
    }
    assert_eq!(world.run("who bob --format json").expect(0).json()["person"], "bob");
}

#[test]
fn what_comes_of_an_unlisted_member_is_what_the_plan_has() {
    let live = "
        accounts:
          ins:
            members:
              - { email: off@acme.example, phase: suspended, role: viewer }
              - { email: on@acme.example, phase: active, role: viewer }
              - { email: not@acme.example, phase: active, role: viewer }
    ";
    for (mode, on) in [("authoritative", "`mode: authoritative` removes it"), ("adopt", "`mode: adopt` reports it")] {
        let world = World::new();
        let folder = format!(
            "connections:\n  ins: {{ system: insider, backend: embedded, timezone: UTC }}\naccounts:\n  ins: {{ mode: {mode}, absent: [not@acme.example], members: [] }}\n"
        );
        world.write("access.yaml", &folder).load(live);
        for (who, expected) in [("off", "the plan has nothing for it"), ("on", on)] {
            let ins = account(&world.run(&format!("who {who}@acme.example --format json")).expect(0).json(), "ins");
            assert_eq!(ins["why"], json!([format!("not listed; {expected}")]), "{mode}, {who}");
            assert_eq!(ins["plan"].as_array().map(Vec::len), Some(usize::from(expected.ends_with("removes it"))), "{ins}");
        }
        // `absent` takes away in every mode
        let ins = account(&world.run("who not@acme.example --format json").expect(0).json(), "ins");
        assert_eq!(ins["plan"].as_array().map(Vec::len), Some(1), "{ins}");
        assert!(!ins["why"].to_string().contains("reports it"), "{ins}");
    }
}

#[test]
fn a_profile_of_a_person_and_of_their_team_is_told_once() {
    let world = World::new();
    let folder = "
        connections:
          sol: { system: solver, backend: embedded }
        profiles:
          lead: { sol: { groups: [advanced] } }
        people:
          ada: { email: ada@acme.example, profiles: [lead] }
        teams:
          all: [ada, { profile: lead }]
        accounts:
          sol: { members: [] }
    ";
    world.write("access.yaml", folder);
    let sol = account(&world.run("who ada --format json").expect(0).json(), "sol");
    assert_eq!(sol["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(sol["why"].to_string().matches("profile lead").count(), 1, "{}", sol["why"]);
    assert_eq!(world.run("plan").expect(2).out.matches("profile lead").count(), 1);
}

#[test]
fn what_nobody_holds_yet_is_said_as_what_they_would_hold() {
    let world = World::new();
    let folder = "
        connections:
          sol: { system: solver, backend: embedded }
          ins: { system: insider, backend: embedded, timezone: Europe/Paris }
          gam: { system: gamoshi, backend: embedded, timezone: Europe/Paris }
        people:
          ada: { email: ada@acme.example }
          bob: { email: bob@acme.example }
        accounts:
          sol:
            members:
              - { person: ada, groups: [super-user] }
              - { person: bob, groups: [super-user] }
          ins:
            members:
              - { person: ada, role: administrator, reason: Leads }
              - { person: bob, role: administrator, reason: Leads }
    ";
    let live = "
        accounts:
          sol:
            members:
              - { email: bob@acme.example, phase: active, groups: [super-user] }
          ins:
            members:
              - { email: bob@acme.example, name: Bob, phase: active, role: administrator }
              - { email: ada@acme.example, phase: pending, role: administrator, invited: 2026-11-21T10:00:00Z, attempts: 1 }
    ";
    world.write("access.yaml", folder).load(live);
    let ada = world.run("who ada").expect(0).out;
    assert!(ada.contains("declared only: no member, would administer"), "{ada}");
    assert!(ada.contains("pending, invitation open, would administer"), "{ada}");
    assert!(ada.contains("a member of 0 of 3 accounts, pending in 1; administers none yet, would administer 2"), "{ada}");
    assert!(ada.contains("once accepted, in the account:") && !ada.contains("may "), "{ada}");
    // SYSTEMS.md I8: the name is not there yet, which is not that nobody could read it.
    assert!(ada.contains("no name before the person has registered") && !ada.contains("this backend cannot"), "{ada}");
    let exported = world.run("export --account ins").expect(0).out;
    assert!(exported.contains("pending, invitation open, level account, would administer"), "{exported}");
    assert!(exported.contains("would, once accepted: ") && !exported.contains("unreadable here"), "{exported}");
    let json = world.run("export --account ins --format json").expect(0).json();
    let of_ada = &json["accounts"][0]["members"][0];
    assert_eq!((&of_ada["administers"], &of_ada["phase"], &of_ada["unreadable"]), (&json!(true), &json!("pending"), &json!([])));
    let bob = world.run("who bob").expect(0).out;
    assert!(bob.contains("a member of 2 of 3 accounts, administers 2\n") && !bob.contains("would"), "{bob}");
}

#[test]
fn who_holds_other_than_a_line_asks_for_is_told_so() {
    let world = World::new();
    let folder = "
        connections:
          ins: { system: insider, backend: embedded, timezone: Europe/Paris }
        accounts:
          ins:
            members:
              - { email: same@acme.example, role: editor }
              - { email: more@acme.example, role: editor }
              - { email: less@acme.example, role: editor }
    ";
    let live = "
        accounts:
          ins:
            members:
              - { email: same@acme.example, name: S S, role: editor }
              - { email: more@acme.example, name: M M, role: administrator }
              - { email: less@acme.example, name: L L, role: viewer }
    ";
    world.write("access.yaml", folder).load(live);
    for (who, said) in [
        ("same", "active; asked for\n"),
        ("more", "active, administers, level account; asked for: role editor; holds more\n"),
        ("less", "asked for: role editor; holds less\n"),
    ] {
        let out = world.run(&format!("who {who}@acme.example")).expect(0).out.replace(", level unassigned", "");
        assert!(out.contains(said), "{who}: {out}");
    }
}

/// What is asked for later may be blocked or stopped then; what starts after a person has left never comes; and
/// the plan about somebody says which guard stops it.
#[test]
fn what_may_not_come_is_not_promised() {
    let world = World::new();
    let folder = "
        connections:
          news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, us], actor: { role: parent } }
        people:
          lea: { email: lea@acme.example, leaves: 2026-12-10 }
        accounts:
          news:
            guards: { removals: { count: 0, percent: 0, most: 0 } }
            members:
              - { person: lea, role: author, subaccounts: [emea] }
              - { person: lea, role: editor, subaccounts: [us], start: 2026-12-01, end: 2026-12-05 }
              - { person: lea, role: editor, subaccounts: [us], start: 2026-12-20, end: 2026-12-30 }
    ";
    let live = "
        accounts:
          news:
            members:
              - { email: lea@acme.example, phase: active, role: editor, subaccounts: [emea] }
              - { email: boss@acme.example, phase: active, role: manager, subaccounts: [emea, us] }
    ";
    let (entry, boss) =
        ("- { person: lea, role: author, subaccounts: [emea] }", "- { email: boss@acme.example, role: manager, subaccounts: [emea, us] }");
    world.write("access.yaml", &folder.replace(entry, boss)).load(live);
    let text = world.run("who lea").expect(0).out;
    assert!(text.contains("never: the person leaves before"), "{text}");
    let news = account(&world.run("who lea --format json").expect(0).json(), "news");
    let states: Vec<&Json> = news["entries"].as_array().expect("entries").iter().map(|e| &e["state"]).collect();
    assert_eq!(states, [&json!("to come"), &json!("never")]);
    // The account's plan ends the access of somebody who is there, and a guard stops that.
    let gone = folder.replace("leaves: 2026-12-10", "leaves: 2026-11-20");
    world.write("access.yaml", &gone);
    let news = account(&world.run("who lea --format json").expect(0).json(), "news");
    let plan = news["plan"].to_string();
    assert!(plan.contains("remove lea@acme.example, which narrows access; as things are now, the guard removals stops it"), "{plan}");
    // With an entry in force, what is to come is what is asked for.
    world.write("access.yaml", folder);
    let news = account(&world.run("who lea --format json").expect(0).json(), "news");
    assert!(news["later"][0].as_str().is_some_and(|l| l.starts_with("asked for from 2026-12-01: role editor")), "{}", news["later"]);
}

/// E12: what a bounded actor takes away is a part.
#[test]
fn e12_of_an_unlisted_member_a_bounded_actor_takes_a_part() {
    let world = World::new();
    let folder = "
        connections:
          news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, us], actor: { role: manager, subaccounts: [emea] } }
        accounts:
          news: { mode: authoritative, members: [] }
    ";
    let live = "
        accounts:
          news:
            members:
              - { email: eve@acme.example, phase: active, role: author, subaccounts: [emea, us] }
    ";
    world.write("access.yaml", folder).load(live);
    let news = account(&world.run("who eve@acme.example --format json").expect(7).json(), "news");
    assert_eq!(news["why"], json!(["not listed; `mode: authoritative` takes away what this actor may"]));
}

/// What is asked for of who is no member yet, and after a gap, is told as it will be: one role for all subaccounts.
#[test]
fn what_is_to_come_is_told_before_the_person_comes_and_after_a_gap() {
    let world = World::new();
    let folder = "
        connections:
          news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, apac, us], actor: { role: parent } }
        accounts:
          news:
            members:
              - { email: bea@acme.example, role: author, subaccounts: [emea], end: 2026-11-30 }
              - { email: bea@acme.example, role: editor, subaccounts: [apac], start: 2026-12-05 }
              - { email: bea@acme.example, role: administrator, subaccounts: [us], start: 2026-12-10, end: 2026-12-28 }
    ";
    let later = |live: &str| {
        let live = format!("accounts: {{ news: {{ members: [{live}] }} }}");
        world.write("access.yaml", folder).load(&live);
        account(&world.run("who bea@acme.example --format json").expect(0).json(), "news")["later"].clone()
    };
    let said = json!([
        "asked for from 2026-12-01: nothing",
        "asked for from 2026-12-05: role editor; subaccounts apac",
        "asked for from 2026-12-10: role administrator; subaccounts apac, us",
        "asked for from 2026-12-29: role editor; subaccounts apac"
    ]);
    assert_eq!(later(""), said);
    assert_eq!(later("{ email: bea@acme.example, phase: active, role: author, subaccounts: [emea] }"), said);
}
