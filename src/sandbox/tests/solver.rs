use super::*;

fn world() -> World {
    let world = World::new("solver", "Europe/Paris");
    world.load(
        Domains::Off,
        vec![
            live("root@acme.example", Stored::Active, &[("groups", set(&["super-user"]))]),
            live("a@acme.example", Stored::Active, &[("groups", set(&["advanced", "standard"]))]),
        ],
    );
    world
}

#[test]
fn s1_groups_are_fixed_and_written_as_differences() {
    let world = world();
    refused(&world.call("a@acme.example", Verb::Set, &[delta("groups", &["owners"], &[])]), "owners");
    assert_eq!(world.call("a@acme.example", Verb::Set, &[delta("groups", &["super-user"], &["advanced"])]), Answer::Done);
    assert_eq!(world.member("a@acme.example").attr("groups"), &Known::Seen(set(&["standard", "super-user"])));
}

#[test]
fn s2_only_super_users_manage() {
    let world = world().actor(&[("groups", set(&["advanced"]))]);
    refused(&world.call("n@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]), "permission");
    refused(&world.call("a@acme.example", Verb::Delete, &[]), "permission");
}

#[test]
fn s3_a_person_in_no_group_is_refused_by_the_server() {
    let world = world();
    refused(&world.call("a@acme.example", Verb::Set, &[delta("groups", &[], &["advanced", "standard"])]), "at least one group");
    refused(&world.call("n@acme.example", Verb::Invite, &[to("groups", set(&[]))]), "at least one group");
    refused(&world.call("n@acme.example", Verb::Invite, &[]), "groups is required");
    assert_eq!(world.members().len(), 2);
}

#[test]
fn the_last_active_super_user_stays() {
    let world = world();
    refused(&world.call("root@acme.example", Verb::Delete, &[]), "at least one active");
    refused(&world.call("root@acme.example", Verb::Set, &[delta("groups", &["standard"], &["super-user"])]), "at least one active");
    // A locked or pending one is none.
    world.call("p@acme.example", Verb::Invite, &[to("groups", set(&["super-user"]))]);
    refused(&world.call("root@acme.example", Verb::Delete, &[]), "at least one active");
    Sandbox::write(&world.path()).unwrap().accept(&world.host, world.now, &Email::parse("p@acme.example").unwrap()).unwrap();
    assert_eq!(world.call("root@acme.example", Verb::Delete, &[]), Answer::Done);
    // Its own invitation takes nothing from it.
    assert_eq!(world.call("bot@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]), Answer::Done);
    assert_eq!(world.call("c@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]), Answer::Done);
}

#[test]
fn an_invitation_is_never_over_and_resending_counts() {
    let mut world = world();
    assert_eq!(
        world.call("N@ACME.example", Verb::Invite, &[to("groups", set(&["standard"])), to("name", Value::Text(Name::new("N N")))]),
        Answer::Done
    );
    assert!(matches!(world.call("n@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]), Answer::Exists(_)));
    world.now = at("2029-11-22T09:00:00Z");
    assert_eq!(state(&world.member("n@acme.example")), (1, "open"));
    assert_eq!(world.call("n@acme.example", Verb::Resend, &[]), Answer::Done);
    assert_eq!(state(&world.member("n@acme.example")), (2, "open"));
    assert_eq!(world.mails(), ["invitation n@acme.example 2026-11-22T09:00:00Z", "invitation n@acme.example 2029-11-22T09:00:00Z"]);
    refused(&world.call("a@acme.example", Verb::Resend, &[]), "no open invitation");
}

#[test]
fn a_removal_of_what_is_gone_is_done_and_operations_of_other_products_are_refused() {
    let world = world();
    assert_eq!(world.call("a@acme.example", Verb::Delete, &[]), Answer::Done);
    assert_eq!(world.call("a@acme.example", Verb::Delete, &[]), Answer::AlreadyGone);
    refused(&world.call("a@acme.example", Verb::Set, &[delta("groups", &["advanced"], &[])]), "no user");
    refused(&world.call("root@acme.example", Verb::Restore, &[]), "no such operation");
    refused(&world.domain("acme.example", Verb::AllowDomain), "no such operation");
    refused(&world.call("root@acme.example", Verb::Set, &[to("end", day("2026-12-01"))]), "not available");
    assert_eq!(Sandbox::read(&world.path()).unwrap().calls(&world.host).unwrap(), 6);
}

#[test]
fn the_console_obeys_the_product_and_is_no_call() {
    let world = world();
    let mut sandbox = Sandbox::write(&world.path()).unwrap();
    let who = |text: &str| Email::parse(text).unwrap();
    let groups = |g: &[&str]| Attrs::from([("groups", set(g))]);
    assert!(sandbox.edit(&world.host, world.now, &who("root@acme.example"), &groups(&["standard"])).is_err());
    assert!(sandbox.edit(&world.host, world.now, &who("a@acme.example"), &groups(&["owners"])).is_err());
    assert!(sandbox.edit(&world.host, world.now, &who("nobody@acme.example"), &groups(&["standard"])).is_err());
    sandbox.edit(&world.host, world.now, &who("a@acme.example"), &groups(&["super-user"])).unwrap();
    sandbox.remove(&world.host, world.now, &who("root@acme.example")).unwrap();
    sandbox.lock(&world.host, world.now, &who("a@acme.example")).unwrap();
    assert!(sandbox.lock(&world.host, world.now, &who("a@acme.example")).is_err());
    assert_eq!(world.phase("a@acme.example"), "locked");
    assert_eq!(sandbox.calls(&world.host).unwrap(), 0);
}

#[test]
fn an_actor_who_took_its_own_power_away_is_out() {
    let mut world = world();
    world.host.tenant.actor.member = Some(Email::parse("a@acme.example").unwrap());
    refused(&world.call("n@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]), "permission");
    world.host.tenant.actor.member = Some(Email::parse("root@acme.example").unwrap());
    assert_eq!(world.call("a@acme.example", Verb::Set, &[delta("groups", &["super-user"], &[])]), Answer::Done);
    assert_eq!(world.call("root@acme.example", Verb::Set, &[delta("groups", &["standard"], &["super-user"])]), Answer::Done);
    refused(&world.call("a@acme.example", Verb::Delete, &[]), "permission");
    // Somebody who is no member is a service account.
    world.host.tenant.actor.member = Some(Email::parse("bot@acme.example").unwrap());
    assert_eq!(world.call("root@acme.example", Verb::Delete, &[]), Answer::Done);
}
