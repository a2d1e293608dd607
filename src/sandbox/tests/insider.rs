use super::*;

fn world() -> World {
    let world = World::new("insider", "Europe/Paris").fact("features", set(&["groups"]));
    world.load(
        only(&["acme.example"]),
        vec![
            live("root@acme.example", Stored::Active, &[("role", word("administrator"))]),
            live("tmp@acme.example", Stored::Active, &[("role", word("viewer")), ("end", day("2026-11-30"))]),
            live("still@old.example", Stored::Active, &[("role", word("viewer"))]),
        ],
    );
    world
}

#[test]
fn i1_an_administrator_with_an_end_is_refused_by_the_server() {
    let world = world();
    let no = "administrator role to a user with temporary access";
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("role", word("administrator"))]), no);
    refused(&world.call("root@acme.example", Verb::Set, &[to("end", day("2026-12-01"))]), no);
    refused(&world.call("n@acme.example", Verb::Invite, &[to("role", word("administrator")), to("end", day("2026-12-01"))]), no);
}

#[test]
fn i2_an_end_more_than_30_days_ahead_is_refused_by_the_server() {
    let world = world();
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("end", day("2026-12-23"))]), "up to 30 days");
    refused(&world.call("n@acme.example", Verb::Invite, &[to("role", word("viewer")), to("end", day("2026-12-23"))]), "up to 30 days");
    assert_eq!(world.call("tmp@acme.example", Verb::Set, &[to("end", day("2026-12-22"))]), Answer::Done);
}

#[test]
fn i2_thirty_days_are_counted_in_the_accounts_timezone() {
    // 23:30 in Paris on the 22nd; half past eleven in the morning of the 23rd in Auckland.
    for (zone, last) in [("Europe/Paris", "2026-12-22"), ("Pacific/Auckland", "2026-12-23")] {
        let mut world = World::new("insider", zone);
        world.now = at("2026-11-22T22:30:00Z");
        assert_eq!(world.call("a@acme.example", Verb::Invite, &[to("role", word("viewer")), to("end", day(last))]), Answer::Done);
        refused(&world.call("b@acme.example", Verb::Invite, &[to("role", word("viewer")), to("end", day("2026-12-24"))]), last);
    }
}

#[test]
fn i4_promotion_works_once_the_end_is_cleared() {
    let world = world();
    assert_eq!(world.call("tmp@acme.example", Verb::Set, &[to("end", day(""))]), Answer::Done);
    assert_eq!(world.call("tmp@acme.example", Verb::Set, &[to("role", word("administrator"))]), Answer::Done);
}

#[test]
fn i6_only_administrators_manage() {
    let world = world().actor(&[("role", word("editor"))]);
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("role", word("editor"))]), "permission");
}

#[test]
fn i7_groups_are_absent_when_the_feature_is_off() {
    let on = world();
    assert_eq!(on.call("tmp@acme.example", Verb::Set, &[delta("groups", &["a"], &[])]), Answer::Done);
    assert_eq!(on.member("tmp@acme.example").attr("groups"), &Known::Seen(set(&["a"])));
    let off = world().fact("features", set(&["two-factor"]));
    refused(&off.call("tmp@acme.example", Verb::Set, &[delta("groups", &["a"], &[])]), "groups is not available");
    assert_eq!(off.member("tmp@acme.example").attr("groups"), &Known::Unreadable);
}

#[test]
fn i8_a_name_is_set_after_the_registration_alone() {
    let world = world();
    let name = to("name", Value::Text(Name::new("Kim Lee")));
    refused(&world.call("n@acme.example", Verb::Invite, &[to("role", word("viewer")), name.clone()]), "registration");
    assert_eq!(world.call("n@acme.example", Verb::Invite, &[to("role", word("viewer"))]), Answer::Done);
    refused(&world.call("n@acme.example", Verb::Set, std::slice::from_ref(&name)), "registration");
    assert!(!world.member("n@acme.example").attrs.contains_key("name"));
    let who = Email::parse("n@acme.example").unwrap();
    Sandbox::write(&world.path()).unwrap().accept(&world.host, world.now, &who).unwrap();
    assert_eq!(world.member("n@acme.example").attr("name"), &Known::Seen(Value::Text(Name::new(""))));
    assert_eq!(world.call("n@acme.example", Verb::Set, &[name]), Answer::Done);
    assert_eq!(world.member("n@acme.example").attr("name"), &Known::Seen(Value::Text(Name::new("Kim Lee"))));
}

#[test]
fn new_members_have_the_products_defaults() {
    let world = world();
    world.call("n@acme.example", Verb::Invite, &[to("role", word("viewer"))]);
    let seen = world.member("n@acme.example").seen();
    let wanted = [
        ("end", day("")),
        ("group-admin", set(&[])),
        ("groups", set(&[])),
        ("limited-products", set(&[])),
        ("pii", Value::Flag(false)),
        ("role", word("viewer")),
    ];
    assert_eq!(seen, Attrs::from(wanted));
}

#[test]
fn i9_locked_people_stay_locked_whatever_is_edited() {
    let world = world();
    let who = Email::parse("tmp@acme.example").unwrap();
    Sandbox::write(&world.path()).unwrap().lock(&world.host, world.now, &who).unwrap();
    assert_eq!(world.call("tmp@acme.example", Verb::Set, &[to("role", word("editor"))]), Answer::Done);
    assert_eq!(world.phase("tmp@acme.example"), "locked");
}

#[test]
fn i10_an_expired_person_is_restored_and_told() {
    let mut world = world();
    world.now = at("2026-12-05T09:00:00Z");
    assert_eq!(world.phase("tmp@acme.example"), "expired");
    assert_eq!(world.mails(), ["expired tmp@acme.example 2026-11-30T22:59:59Z"]);
    assert_eq!(world.call("tmp@acme.example", Verb::Set, &[to("role", word("editor"))]), Answer::Done);
    assert_eq!(world.phase("tmp@acme.example"), "expired");
    assert_eq!(world.call("tmp@acme.example", Verb::Restore, &[to("end", day("2026-12-20"))]), Answer::Done);
    assert_eq!(world.phase("tmp@acme.example"), "active");
    // The mail about the first end is kept, and no second one is made up.
    assert_eq!(world.mails(), ["expired tmp@acme.example 2026-11-30T22:59:59Z", "restored tmp@acme.example 2026-12-05T09:00:00Z"]);
    world.now = at("2026-12-21T09:00:00Z");
    assert_eq!(world.mails().len(), 3);
    assert_eq!(world.call("tmp@acme.example", Verb::Restore, &[]), Answer::Done);
    assert_eq!((world.phase("tmp@acme.example"), world.member("tmp@acme.example").attr("end")), ("active", &Known::Seen(day(""))));
    refused(&world.call("nobody@acme.example", Verb::Restore, &[]), "no user");
}

#[test]
fn i10_somebody_who_never_registered_gets_a_new_invitation_instead() {
    let mut world = world();
    world.call("n@acme.example", Verb::Invite, &[to("role", word("viewer")), to("end", day("2026-11-24"))]);
    world.now = at("2026-11-26T09:00:00Z");
    assert_eq!(world.phase("n@acme.example"), "expired");
    refused(&world.call("n@acme.example", Verb::Set, &[to("name", Value::Text(Name::new("N")))]), "registration");
    assert_eq!(world.call("n@acme.example", Verb::Restore, &[to("end", day("2026-12-10"))]), Answer::Done);
    assert_eq!(state(&world.member("n@acme.example")), (2, "open"));
    assert!(world.mails().iter().all(|m| !m.contains("expired n@") && !m.contains("restored")), "{:?}", world.mails());
}

#[test]
fn i11_i12_a_domain_must_be_listed_exactly() {
    let world = world();
    let viewer = [to("role", word("viewer"))];
    for stranger in ["a@evil-acme.example", "a@eu.acme.example", "a@agency.example"] {
        refused(&world.call(stranger, Verb::Invite, &viewer), "not whitelisted");
    }
    assert_eq!(world.domain("agency.example", Verb::AllowDomain), Answer::Done);
    assert_eq!(world.call("a@agency.example", Verb::Invite, &viewer), Answer::Done);
    assert_eq!(world.domain("agency.example", Verb::DisallowDomain), Answer::Done);
    assert_eq!(world.domain("agency.example", Verb::DisallowDomain), Answer::AlreadyGone);
    // Cut off at once, without a change of status.
    assert_eq!(world.phase("a@agency.example"), "pending");
}

#[test]
fn i14_switching_the_whitelist_on_lists_the_domains_of_everyone() {
    let world = world();
    let domains = || Sandbox::read(&world.path()).unwrap().domains(&world.host).unwrap();
    assert_eq!(domains(), only(&["acme.example"]));
    assert_eq!(world.domain("*", Verb::AllowDomain), Answer::Done);
    assert_eq!(domains(), Domains::Off);
    assert_eq!(world.domain("acme.example", Verb::DisallowDomain), Answer::AlreadyGone);
    assert_eq!(world.domain("new.example", Verb::AllowDomain), Answer::Done);
    assert_eq!(domains(), only(&["acme.example", "new.example", "old.example"]));
}

#[test]
fn the_last_active_administrator_stays() {
    let world = world();
    refused(&world.call("root@acme.example", Verb::Delete, &[]), "at least one active");
    refused(&world.call("root@acme.example", Verb::Set, &[to("role", word("viewer"))]), "at least one active");
    // A group administrator administers, and is none of these.
    world.call("tmp@acme.example", Verb::Set, &[delta("group-admin", &["g"], &[])]);
    refused(&world.call("root@acme.example", Verb::Delete, &[]), "at least one active");
    world.call("still@old.example", Verb::Set, &[to("role", word("administrator"))]);
    assert_eq!(world.call("root@acme.example", Verb::Set, &[to("role", word("viewer"))]), Answer::Done);
}

#[test]
fn unknown_words_and_kinds_are_refused() {
    let world = world();
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("role", word("owner"))]), "owner is not a valid role");
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("pii", word("true"))]), "wrong type");
    refused(&world.call("tmp@acme.example", Verb::Set, &[to("subaccounts", set(&["emea"]))]), "no field");
}
