use super::*;

#[test]
fn i3_an_end_is_inclusive_to_the_last_second_in_the_accounts_timezone() {
    for (zone, end, inside, over) in [
        ("Europe/Paris", "2026-11-30", "2026-11-30T22:59:59Z", "2026-11-30T23:00:00Z"),
        ("Pacific/Auckland", "2026-11-30", "2026-11-30T10:59:59Z", "2026-11-30T11:00:00Z"),
        // A day of 25 hours in Paris, and one of 23.
        ("Europe/Paris", "2026-10-25", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
        ("Europe/Paris", "2026-03-29", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        // The same in Auckland, where summer begins in September and ends in April.
        ("Pacific/Auckland", "2026-09-27", "2026-09-27T10:59:59Z", "2026-09-27T11:00:00Z"),
        ("Pacific/Auckland", "2026-04-05", "2026-04-05T11:59:59Z", "2026-04-05T12:00:00Z"),
    ] {
        let mut world = World::new("insider", zone);
        world.now = at("2026-01-01T00:00:00Z");
        let viewer = |end| [("role", word("viewer")), ("end", day(end))];
        world.load(
            Domains::Off,
            vec![
                live("a@acme.example", Stored::Active, &viewer(end)),
                live("l@acme.example", Stored::Locked, &viewer(end)),
                live("p@acme.example", Stored::Pending, &viewer(end)),
            ],
        );
        world.now = at(inside);
        assert_eq!(["a", "l", "p"].map(|w| world.phase(&format!("{w}@acme.example"))), ["active", "locked", "pending"], "{zone} {inside}");
        assert_eq!(world.mails(), [""; 0]);
        world.now = at(over);
        assert_eq!(["a", "l", "p"].map(|w| world.phase(&format!("{w}@acme.example"))), ["expired"; 3], "{zone} {over}");
        assert_eq!(world.mails(), [format!("expired a@acme.example {inside}"), format!("expired l@acme.example {inside}")]);
    }
}

#[test]
fn e7_an_invitation_is_over_after_15_days_to_the_second() {
    let mut world = World::new("emma-hq", "Europe/Paris");
    world.load(Domains::Off, vec![invited("p@acme.example", "2026-11-07T09:00:00Z", &[("role", word("author"))])]);
    world.now = at("2026-11-22T08:59:59Z");
    assert_eq!(state(&world.member("p@acme.example")), (1, "open"));
    world.now = at("2026-11-22T09:00:00Z");
    assert_eq!(state(&world.member("p@acme.example")), (1, "over"));
    let who = Email::parse("p@acme.example").unwrap();
    let no = Sandbox::write(&world.path()).unwrap().accept(&world.host, world.now, &who).unwrap_err();
    assert_eq!(no.to_string(), "the invitation of p@acme.example is over");
}

#[test]
fn insider_invitations_are_over_after_7_days_and_resending_renews_them() {
    let mut world = World::new("insider", "Europe/Paris");
    world.load(Domains::Off, vec![invited("p@acme.example", "2026-11-15T09:00:00Z", &[("role", word("viewer"))])]);
    world.now = at("2026-11-22T08:59:59Z");
    assert_eq!(state(&world.member("p@acme.example")), (1, "open"));
    world.now = at("2026-11-22T09:00:00Z");
    assert_eq!(state(&world.member("p@acme.example")), (1, "over"));
    assert_eq!(world.call("p@acme.example", Verb::Resend, &[]), Answer::Done);
    assert_eq!(state(&world.member("p@acme.example")), (2, "open"));
    assert_eq!(world.mails(), ["invitation p@acme.example 2026-11-22T09:00:00Z"]);
}

#[test]
fn a_declined_invitation_stays_pending_until_it_is_sent_again() {
    let mut world = World::new("insider", "Europe/Paris");
    let who = Email::parse("p@acme.example").unwrap();
    world.call("p@acme.example", Verb::Invite, &[to("role", word("viewer"))]);
    Sandbox::write(&world.path()).unwrap().decline(&world.host, world.now, &who).unwrap();
    assert_eq!(state(&world.member("p@acme.example")), (1, "declined"));
    world.now = at("2027-11-22T09:00:00Z");
    assert_eq!(state(&world.member("p@acme.example")), (1, "declined"));
    world.call("p@acme.example", Verb::Resend, &[]);
    assert_eq!(state(&world.member("p@acme.example")), (2, "open"));
}

#[test]
fn what_a_load_leaves_out_is_the_instant_of_the_load_and_one_attempt() {
    let world = World::new("insider", "Europe/Paris");
    world.load(
        Domains::Off,
        vec![
            live("p@acme.example", Stored::Pending, &[("role", word("viewer"))]),
            live("x@acme.example", Stored::Expired, &[("role", word("viewer")), ("end", day("2026-11-10"))]),
        ],
    );
    let Phase::Pending { sent, attempts, .. } = world.member("p@acme.example").phase else { panic!() };
    assert_eq!((sent, attempts), (Some(world.now), Some(1)));
    // An end that was over before the load is nobody's news.
    assert_eq!((world.phase("x@acme.example"), world.mails().len()), ("expired", 0));
}
