//! Profiles: what they give, to whom, and what is wrong with them or with their use.

use jiff::Timestamp;

use super::tests::{emma, insider};
use super::*;
use crate::manifest::{EntryDoc, Who};

const PROFILES: &str =
    "profiles:\n  marketer:\n    news: { role: editor, subaccounts: [emea], reason: Marketing }\n    ins: { role: viewer }\n";
const PEOPLE: &str = "people:\n  ada: { email: ada@acme.example }\n  bob: { email: bob@acme.example }\nteams:\n  all: [bob, { team: more }]\n  more: [ada]\n";
const NOTHING: [&str; 0] = [];

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// Both accounts manage their members, `news` from line 4 of a.yaml on.
fn accounts(news: &[&str], ins: &[&str]) -> String {
    let list = |items: &[&str]| match items {
        [] => "    members: []\n".to_owned(),
        items => format!("    members:\n{}", items.iter().map(|i| format!("      - {i}\n")).collect::<String>()),
    };
    format!("accounts:\n  news:\n{}  ins:\n{}", list(news), list(ins))
}

fn load(profiles: &str, people: &str, accounts: &str) -> Loaded {
    let connections = emma() + insider().strip_prefix("connections:\n").unwrap();
    load_texts([("a.yaml", accounts), ("c.yaml", &*connections), ("p.yaml", people), ("profiles.yaml", profiles)], now())
}

/// "place code <- place, place" of everything that is wrong, before and after resolving.
fn said(profiles: &str, people: &str, accounts: &str) -> Vec<String> {
    let loaded = load(profiles, people, accounts);
    let (_, resolved) = crate::desired::resolve(&loaded.manifests, now(), None);
    // Practices have tests of their own, and are not told among errors.
    let wrong = resolved.iter().filter(|d| crate::manifest::Lint::find(d.code).is_none());
    let lines = loaded.diagnostics.iter().chain(wrong).map(|d| {
        let related: Vec<String> = d.related.iter().map(|(place, _)| place.to_string()).collect();
        format!("{} {} <- {}", d.place, d.code, related.join(", ")).trim_end_matches(" <- ").to_owned()
    });
    lines.collect()
}

fn members<'a>(loaded: &'a Loaded, account: &str) -> &'a [EntryDoc] {
    &loaded.manifests.accounts[account].members
}

fn role(entry: &EntryDoc) -> &str {
    entry.attrs["role"].value.as_one().unwrap().as_str()
}

#[test]
fn nobody_is_given_a_profile_and_nothing_else_is_said() {
    let people = "people:\n  ada: { email: ada@acme.example }\n";
    assert_eq!(said("", people, &accounts(&[], &[])), NOTHING);
    assert_eq!(said(PROFILES, people, &accounts(&[], &[])), ["profiles.yaml:2:3 unused-profile"]);
    assert_eq!(members(&load(PROFILES, people, &accounts(&[], &[])), "news").len(), 0);
}

#[test]
fn an_entry_gets_the_section_for_its_account() {
    let news = ["{ profile: marketer, person: ada }", "{ profile: marketer, team: all, end: 2026-12-01, reason: Sprint }"];
    let ins = ["{ profile: marketer, email: kim@agency.example, name: Kim, start: 2026-12-01, end: 2026-12-05 }"];
    let accounts = accounts(&news, &ins);
    assert_eq!(said(PROFILES, PEOPLE, &accounts), NOTHING);
    let loaded = load(PROFILES, PEOPLE, &accounts);
    let [ada, all] = members(&loaded, "news") else { panic!("two entries") };
    assert_eq!((role(ada), ada.reason.as_deref(), ada.at.to_string().as_str()), ("editor", Some("Marketing"), "a.yaml:4:9"));
    assert_eq!(ada.attrs["role"].at.to_string(), "profiles.yaml:3:19");
    assert!(ada.is_profile_alone() && !all.is_profile_alone(), "an end of its own");
    assert_eq!((role(all), all.reason.as_deref(), all.end.is_some()), ("editor", Some("Sprint"), true));
    assert_eq!(role(&members(&loaded, "ins")[0]), "viewer");
}

#[test]
fn what_stands_beside_a_profile_replaces_that_of_the_profile() {
    let news = ["{ profile: marketer, person: ada, subaccounts: [apac] }", "{ profile: marketer, person: bob, role: author }"];
    let loaded = load(PROFILES, PEOPLE, &accounts(&news, &[]));
    assert_eq!(loaded.diagnostics, []);
    let [ada, bob] = members(&loaded, "news") else { panic!("two entries") };
    let subaccounts: Vec<_> = ada.attrs["subaccounts"].value.as_set().unwrap().iter().map(Atom::as_str).collect();
    assert_eq!((role(ada), subaccounts), ("editor", vec!["apac"]));
    assert_eq!((role(bob), bob.attrs["subaccounts"].at.to_string().as_str()), ("author", "profiles.yaml:3:40"));
    assert!(bob.giver("role").is_none() && bob.giver("subaccounts").is_some());
}

#[test]
fn g4_another_kind_of_member_replaces_the_one_of_the_profile() {
    let gamoshi = "connections:\n  gam: { system: gamoshi, backend: embedded, actor: { role: user-manager } }\n";
    let profiles = "profiles:\n  p: { gamoshi: { role: user, settings: { a: 1 } } }\n";
    let accounts = "accounts:\n  gam:\n    members:\n      - { profile: p, email: a@acme.example, partner: Acme }\n";
    let loaded = load_texts([("a.yaml", accounts), ("c.yaml", gamoshi), ("p.yaml", profiles)], now());
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(members(&loaded, "gam")[0].attrs.keys().copied().collect::<Vec<_>>(), ["partner", "settings"]);
    let both = accounts.replace("partner: Acme", "partner: Acme, role: user");
    let loaded = load_texts([("a.yaml", &*both), ("c.yaml", gamoshi), ("p.yaml", profiles)], now());
    assert_eq!(loaded.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["exactly-one"]);
}

#[test]
fn a_section_is_of_an_account_else_of_all_accounts_of_a_system() {
    let connections =
        emma() + insider().strip_prefix("connections:\n").unwrap() + &insider().replace("  ins:", "  ins2:").replace("connections:\n", "");
    let profiles = "profiles:\n  p:\n    insider: { role: viewer }\n    ins2: { role: editor }\n";
    let people = "people:\n  ada: { email: ada@acme.example, profiles: [p] }\n";
    let accounts = "accounts:\n  ins: { members: [] }\n  ins2: { members: [] }\n";
    let loaded = load_texts([("a.yaml", accounts), ("c.yaml", &*connections), ("p.yaml", people), ("q.yaml", profiles)], now());
    assert_eq!(loaded.diagnostics, []);
    assert_eq!((role(&members(&loaded, "ins")[0]), role(&members(&loaded, "ins2")[0])), ("viewer", "editor"));
    // An account may be called like a system: then it is that account.
    let named = connections.replace("  ins2:", "  insider:");
    let profiles = profiles.replace("    ins2: { role: editor }\n", "");
    let accounts = accounts.replace("  ins2:", "  insider:");
    let loaded = load_texts([("a.yaml", &*accounts), ("c.yaml", &*named), ("p.yaml", people), ("q.yaml", &*profiles)], now());
    assert_eq!(loaded.diagnostics, []);
    assert_eq!((members(&loaded, "ins").len(), members(&loaded, "insider").len()), (0, 1));
}

#[test]
fn people_and_teams_get_every_section_of_their_profiles() {
    let people = "people:\n  ada: { email: ada@acme.example, profiles: [marketer] }\n  bob: { email: bob@acme.example }\nteams:\n  all:\n    - bob\n    - profile: marketer\n";
    assert_eq!(said(PROFILES, people, &accounts(&[], &[])), NOTHING);
    let loaded = load(PROFILES, people, &accounts(&["{ person: bob, role: author, subaccounts: [emea] }"], &[]));
    for (account, written, expected) in [("news", 1, "editor"), ("ins", 0, "viewer")] {
        let [ada, all] = &members(&loaded, account)[written..] else { panic!("two entries in {account}") };
        assert_eq!(ada.who.value, Who::Person(Atom::literal("ada")));
        assert_eq!(all.who.value, Who::Team(Atom::literal("all")));
        assert_eq!((role(ada), role(all)), (expected, expected));
        assert_eq!((ada.at.to_string().as_str(), all.at.to_string().as_str()), ("p.yaml:2:46", "p.yaml:7:16"));
        assert!(std::sync::Arc::ptr_eq(&ada.attrs, &all.attrs), "what a profile gives is there once");
    }
}

#[test]
fn unknown_names_are_shown_with_the_nearest() {
    let hints = |profiles: &str, people: &str, accounts: &str| -> Vec<String> {
        let loaded = load(profiles, people, accounts);
        loaded.diagnostics.iter().map(|d| format!("{} {} {}", d.place, d.code, d.hint.as_deref().unwrap_or("-"))).collect()
    };
    let used = accounts(&["{ profile: marketer, person: ada }"], &[]);
    assert_eq!(
        hints(PROFILES, &PEOPLE.replace("ada@acme.example }", "ada@acme.example, profiles: [marketr] }"), &used),
        ["p.yaml:2:46 unknown-profile did you mean `marketer`?"]
    );
    assert_eq!(
        hints(PROFILES, &PEOPLE.replace("[ada]", "[ada, { profile: marketr }]"), &used),
        ["p.yaml:6:26 unknown-profile did you mean `marketer`?"]
    );
    assert_eq!(
        hints(PROFILES, PEOPLE, &accounts(&["{ profile: marketr, person: ada }", "{ profile: marketer, person: ada }"], &[])),
        ["a.yaml:4:20 unknown-profile did you mean `marketer`?"]
    );
    for (wrong, near) in [("nws", "news"), ("insidr", "insider"), ("zebra", "-")] {
        let near = if near == "-" { near.to_owned() } else { format!("did you mean `{near}`?") };
        assert_eq!(
            hints(&format!("{PROFILES}    {wrong}: {{ role: viewer }}\n"), PEOPLE, &used),
            [format!("profiles.yaml:5:5 unknown-section {near}")]
        );
    }
    assert_eq!(
        hints(&format!("{PROFILES}    solver: {{ groups: [standard] }}\n"), PEOPLE, &used),
        ["profiles.yaml:5:5 unknown-section -"],
        "a system that no account is of"
    );
}

#[test]
fn a_profile_that_says_nothing_for_the_account_shows_both_places() {
    let profiles = "profiles:\n  marketer: { ins: { role: viewer } }\n  none: {}\n";
    assert_eq!(
        said(profiles, PEOPLE, &accounts(&["{ profile: marketer, person: ada }", "{ profile: none, person: ada }"], &[])),
        ["a.yaml:4:20 profile-without-section <- profiles.yaml:2:3", "profiles.yaml:3:3 profile-without-section"]
    );
}

#[test]
fn a_section_is_checked_as_an_entry_is_whoever_is_given_it() {
    let wrong = "profiles:\n  p:\n    news: { role: edditor, subaccounts: [emae], end: 2026-12-01 }\n    ins: { rol: viewer, pii: maybe }\n    insider: 7\n  q:\n    news: { role: editor, privileges: [billing], member: x }\n    ins: { pii: true }\n";
    let found = said(wrong, PEOPLE, &accounts(&["{ profile: p, person: ada }"], &["{ profile: q, person: ada }"]));
    assert_eq!(
        found,
        [
            "profiles.yaml:3:19 unknown-word",
            "profiles.yaml:3:42 unknown-word",
            "profiles.yaml:3:49 unknown-key",
            "profiles.yaml:4:5 missing-key",
            "profiles.yaml:4:12 unknown-attribute",
            "profiles.yaml:4:30 wrong-type",
            "profiles.yaml:5:5 unknown-section",
            "profiles.yaml:7:40 word-needs-other",
            "profiles.yaml:7:50 unknown-attribute",
            "profiles.yaml:8:5 missing-key",
        ]
    );
}

/// Two accounts of a system may know different words: the one that lacks a word is named.
#[test]
fn a_section_for_a_system_is_checked_for_each_of_its_accounts() {
    let connections = emma() + &emma().replace("  news:", "  blog:").replace("emea, apac, us", "apac").replace("connections:\n", "");
    let profiles = "profiles:\n  p: { emma-hq: { role: editor, subaccounts: [emea, mars] } }\n";
    let accounts = "accounts:\n  news: { members: [{ profile: p, email: a@acme.example }] }\n";
    let loaded = load_texts([("a.yaml", accounts), ("c.yaml", &*connections), ("q.yaml", profiles)], now());
    let lines: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| format!("{} {} {:?}", d.place, d.code, d.related.iter().map(|(p, l)| format!("{p} {l}")).collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        lines,
        [
            "q.yaml:2:47 unknown-word [\"c.yaml:8:3 for the account `blog`\"]",
            "q.yaml:2:53 unknown-word [\"c.yaml:8:3 for the account `blog`\"]",
            "q.yaml:2:53 unknown-word [\"c.yaml:2:3 for the account `news`\"]",
        ]
    );
}

#[test]
fn e10_what_does_not_fit_shows_the_entry_and_the_profile() {
    let profiles = "profiles:\n  boss: { news: { role: manager, privileges: [edit-managers], subaccounts: [emea] } }\n  hand: { news: { role: editor, subaccounts: [emea] } }\n";
    let news = [
        "{ profile: boss, person: ada, role: editor }",
        "{ profile: hand, person: bob, privileges: [billing] }",
        "{ profile: boss, team: all, role: editor, privileges: [] }",
    ];
    assert_eq!(
        said(profiles, PEOPLE, &accounts(&news[..2], &[])),
        ["a.yaml:4:45 word-needs-other <- profiles.yaml:2:47", "a.yaml:5:52 word-needs-other <- profiles.yaml:3:25"]
    );
    assert_eq!(
        said(profiles, PEOPLE, &accounts(&["{ profile: hand, person: ada }", news[2]], &[])),
        NOTHING,
        "written anew beside the role"
    );
}

#[test]
fn i1_an_end_on_a_profile_that_administers_shows_both_places() {
    let profiles = "profiles:\n  boss: { insider: { role: administrator } }\n";
    assert_eq!(
        said(profiles, PEOPLE, &accounts(&[], &["{ profile: boss, person: ada, end: 2026-12-01 }", "{ profile: boss, person: bob }"])),
        ["a.yaml:6:44 temporary-administrator <- profiles.yaml:2:28"]
    );
}

#[test]
fn i11_an_unlisted_domain_shows_the_use_and_the_profile() {
    let people = "people:\n  ada: { email: ada@else.example, profiles: [marketer] }\n";
    let account = accounts(&[], &["{ profile: marketer, email: kim@other.example, name: Kim }"])
        .replace("  ins:\n", "  ins:\n    domains: [acme.example]\n");
    assert_eq!(
        said(PROFILES, people, &account),
        [
            "a.yaml:7:37 domain-not-listed <- a.yaml:5:14, profiles.yaml:4:5",
            "p.yaml:2:46 domain-not-listed <- a.yaml:5:14, profiles.yaml:4:5",
        ]
    );
}

#[test]
fn two_profiles_that_give_different_roles_show_both_uses_and_both_profiles() {
    let profiles = format!("{PROFILES}  writer:\n    news: {{ role: author, subaccounts: [emea] }}\n");
    let people = "people:\n  ada: { email: ada@acme.example, profiles: [marketer, writer] }\n";
    assert_eq!(
        said(&profiles, people, &accounts(&[], &[])),
        ["p.yaml:2:56 role-conflict <- p.yaml:2:46, profiles.yaml:6:19, profiles.yaml:3:19"]
    );
    let team = "people:\n  ada: { email: ada@acme.example, profiles: [writer] }\nteams:\n  all: [ada, { profile: marketer }]\n";
    assert_eq!(said(&profiles, team, &accounts(&[], &[])), NOTHING, "a direct entry overrides a team's");
}

#[test]
fn ignored_and_absent_people_show_the_use_and_the_profile() {
    let people = "people:\n  ada: { email: ada@acme.example, profiles: [marketer] }\n";
    for (policy, code) in [("ignore", "listed-and-ignored"), ("absent", "listed-and-absent")] {
        let account = accounts(&[], &[]).replace("  ins:\n", &format!("  ins:\n    {policy}: [ada@acme.example]\n"));
        assert_eq!(said(PROFILES, people, &account), [format!("p.yaml:2:46 {code} <- a.yaml:5:14, profiles.yaml:4:5")]);
    }
}

/// A key that is left out is unmanaged, and a profile does not change that behind anybody's back.
#[test]
fn a_profile_manages_no_account_that_leaves_its_members_alone() {
    let people =
        "people:\n  ada: { email: ada@acme.example, profiles: [marketer] }\n  bob: { email: bob@acme.example, profiles: [marketer] }\n";
    let without = accounts(&[], &[]).replace("  ins:\n    members: []\n", "  ins: { mode: adopt }\n");
    assert_eq!(said(PROFILES, people, &without), ["p.yaml:2:46 unmanaged-section <- profiles.yaml:4:5, a.yaml:4:3"], "once for all people");
    let nowhere = accounts(&[], &[]).replace("  ins:\n    members: []\n", "");
    assert_eq!(said(PROFILES, people, &nowhere), ["p.yaml:2:46 unmanaged-section <- profiles.yaml:4:5"]);
    // A section for a system serves those of its accounts that manage their members.
    let of_system = PROFILES.replace("    ins:", "    insider:");
    assert_eq!(said(&of_system, people, &without), NOTHING);
    assert_eq!(said("profiles:\n  marketer: { insider: { role: viewer } }\n", people, &without).len(), 1, "and somebody must be served");
    let direct = accounts(&["{ profile: marketer, person: ada }"], &[]).replace("  ins:\n    members: []\n", "");
    assert_eq!(said(PROFILES, PEOPLE, &direct), NOTHING, "an entry uses the section of its own account alone");
}

#[test]
fn a_team_item_is_one_thing() {
    let of = |item: &str| {
        let people =
            format!("people:\n  ada: {{ email: ada@acme.example, profiles: [marketer, marketer] }}\nteams:\n  t: [ada]\n  all: [{item}]\n");
        said(PROFILES, &people, &accounts(&[], &[])).split_off(1)
    };
    assert_eq!(of("{ team: t, profile: marketer }"), ["p.yaml:5:20 exactly-one <- p.yaml:5:11"]);
    assert_eq!(of("{ profile: marketer }, { profile: marketer }"), ["p.yaml:5:43 repeated-word <- p.yaml:5:20"]);
    assert_eq!(of("{ profil: marketer }"), ["p.yaml:5:11 unknown-key"]);
    assert_eq!(of("{ profile: [marketer] }"), ["p.yaml:5:20 wrong-type"]);
}

#[test]
fn the_same_profile_in_two_files_shows_both_places() {
    let accounts = accounts(&["{ profile: marketer, person: ada }"], &[]) + PROFILES;
    assert_eq!(said(PROFILES, PEOPLE, &accounts), ["profiles.yaml:2:3 duplicate-name <- a.yaml:8:3"]);
}

#[test]
fn a_broken_file_may_hold_the_profile_or_its_use() {
    let used = accounts(&["{ profile: marketer, person: ada }"], &[]);
    assert_eq!(said("profiles: {a: [}\n", PEOPLE, &used), ["profiles.yaml:1:15 yaml-syntax"]);
    assert_eq!(said(PROFILES, "people: {a: [}\n", &accounts(&[], &[])), ["p.yaml:1:13 yaml-syntax"]);
}

#[test]
fn values_of_another_kind_are_shown_where_they_are() {
    for (profiles, place) in [
        ("profiles: [marketer]\n", "1:11"),
        ("profiles: { marketer: editor }\n", "1:23"),
        ("profiles: { marketer: { news: editor } }\n", "1:31"),
        ("profiles: { marketer: { news: } }\n", "1:25"),
    ] {
        let found = said(profiles, PEOPLE, &accounts(&[], &[]));
        assert!(found.iter().any(|f| f.starts_with(&format!("profiles.yaml:{place} "))), "{profiles}: {found:?}");
    }
}
