use super::*;

fn member(who: &str, role: &str, subaccounts: &[&str]) -> LiveMember {
    live(&format!("{who}@acme.example"), Stored::Active, &[("role", word(role)), ("subaccounts", set(subaccounts))])
}

/// The parent's view of an account with people of every kind.
fn world() -> World {
    let world = World::new("emma-hq", "America/New_York").fact("subaccounts", set(&["emea", "apac", "us"]));
    let pending = [("role", word("author")), ("subaccounts", set(&["emea"]))];
    world.load(
        Domains::Off,
        vec![
            member("boss", "parent", &["emea", "apac", "us"]),
            member("mgr", "manager", &["emea"]),
            member("wide", "editor", &["emea", "us"]),
            member("near", "author", &["emea"]),
            member("far", "editor", &["apac"]),
            member("none", "author", &[]),
            invited("new@acme.example", "2026-11-20T10:00:00Z", &pending),
        ],
    );
    world
}
fn manager(privileges: &[&str]) -> World {
    world().actor(&[("role", word("manager")), ("subaccounts", set(&["emea"])), ("privileges", set(privileges))])
}
fn administrator() -> World {
    world()
        .fact("surface", word("subaccount"))
        .fact("subaccount", word("emea"))
        .actor(&[("role", word("administrator")), ("subaccounts", set(&["emea"]))])
}
fn seen(world: &World) -> Vec<String> {
    world.members().iter().map(|m| m.email.key().split('@').next().unwrap().to_owned()).collect()
}

#[test]
fn e1_the_parent_sees_and_edits_any_user() {
    let world = world();
    assert_eq!(seen(&world), ["boss", "far", "mgr", "near", "new", "none", "wide"]);
    assert_eq!(world.call("mgr@acme.example", Verb::Set, &[to("role", word("full"))]), Answer::Done);
    assert_eq!(world.call("far@acme.example", Verb::Set, &[delta("subaccounts", &["us"], &["apac"])]), Answer::Done);
    assert_eq!(world.member("far@acme.example").attr("subaccounts"), &Known::Seen(set(&["us"])));
}

#[test]
fn e2_a_manager_without_edit_managers_touches_no_manager() {
    let no = "Administrator role and lower";
    let world = manager(&[]);
    refused(&world.call("mgr@acme.example", Verb::Set, &[to("role", word("editor"))]), no);
    refused(&world.call("mgr@acme.example", Verb::Delete, &[]), no);
    refused(&world.call("near@acme.example", Verb::Set, &[to("role", word("manager"))]), no);
    let invite = [to("role", word("manager")), to("subaccounts", set(&["emea"]))];
    refused(&world.call("n@acme.example", Verb::Invite, &invite), no);
    let world = manager(&["edit-managers"]);
    assert_eq!(world.call("mgr@acme.example", Verb::Set, &[to("role", word("editor"))]), Answer::Done);
    assert_eq!(world.call("n@acme.example", Verb::Invite, &invite), Answer::Done);
}

#[test]
fn e2_a_manager_sees_the_users_of_its_subaccounts_and_that_there_is_more() {
    let world = manager(&[]);
    assert_eq!(seen(&world), ["mgr", "near", "new", "wide"]);
    assert_eq!(world.member("wide@acme.example").attr("subaccounts"), &Known::Partly(set(&["emea"])));
    assert_eq!(world.member("near@acme.example").attr("subaccounts"), &Known::Seen(set(&["emea"])));
}

#[test]
fn e3_an_administrator_works_in_one_subaccount_and_sees_nobody_above() {
    let world = administrator();
    assert_eq!(seen(&world), ["near", "new", "wide"]);
    let no = "cannot add existing users";
    refused(&world.call("near@acme.example", Verb::Set, &[delta("subaccounts", &["apac"], &[])]), no);
    assert_eq!(world.call("near@acme.example", Verb::Set, &[to("role", word("administrator"))]), Answer::Done);
    refused(&world.call("near@acme.example", Verb::Set, &[to("role", word("manager"))]), "Administrator role and lower");
}

#[test]
fn e4_e9_an_address_that_exists_is_said_to_exist_seen_or_not() {
    let world = manager(&[]);
    let invite = [to("role", word("editor")), to("subaccounts", set(&["emea"]))];
    for who in ["near@acme.example", "FAR@acme.example", "boss@acme.example"] {
        let Answer::Exists(text) = world.call(who, Verb::Invite, &invite) else { panic!("{who}") };
        assert!(text.contains("already exists"), "{text}");
    }
    refused(&world.call("far@acme.example", Verb::Set, &[to("role", word("full"))]), "no user");
    assert_eq!(world.call("far@acme.example", Verb::Delete, &[]), Answer::AlreadyGone);
    assert!(world.clone().actor(&[]).shows("far@acme.example"));
}

#[test]
fn e5_nobody_grants_what_the_actor_lacks() {
    let world = manager(&["share-campaigns"]);
    let invite = |role: &str, privileges: &[&str], subaccounts: &[&str]| {
        world.call(
            "n@acme.example",
            Verb::Invite,
            &[to("role", word(role)), to("privileges", set(privileges)), to("subaccounts", set(subaccounts))],
        )
    };
    refused(&invite("editor", &[], &["emea", "apac"]), "apac");
    refused(&invite("full", &["export-contacts"], &["emea"]), "export-contacts");
    assert_eq!(invite("full", &["share-campaigns"], &["emea"]), Answer::Done);
    refused(&world.call("near@acme.example", Verb::Set, &[delta("subaccounts", &["us"], &[])]), "us");
    refused(&world.call("wide@acme.example", Verb::Set, &[to("subaccounts", set(&["emea"]))]), "us");
    refused(&world.call("n@acme.example", Verb::Set, &[delta("subaccounts", &["mars"], &[])]), "mars is not a valid");
}

#[test]
fn e6_the_account_page_deletes_and_invites_again() {
    let world = world();
    for verb in [Verb::Resend, Verb::EditInvitation, Verb::Set] {
        let answer = world.call("new@acme.example", verb, &[]);
        assert!(matches!(answer, Answer::Refused(_)), "{verb:?}: {answer:?}");
    }
    refused(&world.call("new@acme.example", Verb::Set, &[to("role", word("editor"))]), "create a new invitation");
    assert_eq!(world.call("new@acme.example", Verb::Delete, &[]), Answer::Done);
    assert_eq!(
        world.call("new@acme.example", Verb::Invite, &[to("role", word("editor")), to("subaccounts", set(&["emea"]))]),
        Answer::Done
    );
}

#[test]
fn e6_the_subaccount_page_edits_resends_and_deletes_invitations() {
    let world = administrator();
    assert_eq!(world.call("new@acme.example", Verb::EditInvitation, &[to("role", word("editor"))]), Answer::Done);
    assert_eq!(state(&world.member("new@acme.example")), (1, "open"));
    assert_eq!(world.mails(), [""; 0]);
    assert_eq!(world.call("new@acme.example", Verb::Resend, &[]), Answer::Done);
    assert_eq!(state(&world.member("new@acme.example")), (2, "open"));
    refused(&world.call("near@acme.example", Verb::Delete, &[]), "Only invitations");
    refused(&world.call("near@acme.example", Verb::EditInvitation, &[to("role", word("full"))]), "no open invitation");
    assert_eq!(world.call("new@acme.example", Verb::Delete, &[]), Answer::Done);
}

#[test]
fn e7_attempts_are_counted_by_address_across_delete_and_invite_until_someone_accepts() {
    let mut world = world();
    let invite = [to("role", word("author")), to("subaccounts", set(&["emea"]))];
    for attempts in 2..4 {
        world.call("new@acme.example", Verb::Delete, &[]);
        assert!(!world.shows("new@acme.example"));
        world.now += jiff::SignedDuration::from_hours(24);
        assert_eq!(world.call("NEW@acme.example", Verb::Invite, &invite), Answer::Done);
        assert_eq!(state(&world.member("new@acme.example")), (attempts, "open"));
    }
    let who = Email::parse("new@acme.example").unwrap();
    Sandbox::write(&world.path()).unwrap().accept(&world.host, world.now, &who).unwrap();
    assert_eq!(world.phase("new@acme.example"), "active");
    world.call("new@acme.example", Verb::Delete, &[]);
    world.call("new@acme.example", Verb::Invite, &invite);
    assert_eq!(state(&world.member("new@acme.example")), (1, "open"));
    assert_eq!(world.mails().len(), 3);
}

#[test]
fn e8_with_sso_no_mail_goes_out() {
    let world = world().fact("sso", Value::Flag(true));
    assert_eq!(world.call("n@acme.example", Verb::Invite, &[to("role", word("author"))]), Answer::Done);
    assert_eq!((state(&world.member("n@acme.example")), world.mails().len()), ((1, "open"), 0));
}

#[test]
fn e10_privileges_belong_to_roles_and_go_with_them() {
    let world = world();
    let invite = |role: &str, privilege: &str| {
        world.call(
            &format!("{role}-{privilege}@acme.example"),
            Verb::Invite,
            &[to("role", word(role)), to("privileges", set(&[privilege]))],
        )
    };
    for privilege in
        ["billing", "export-contacts", "manage-subaccounts", "brand-manager", "sso-settings", "edit-managers", "share-campaigns"]
    {
        assert_eq!(invite("manager", privilege), Answer::Done);
        refused(&invite("author", privilege), privilege);
        let administrators = privilege == "share-campaigns";
        assert_eq!(invite("administrator", privilege) == Answer::Done, administrators, "{privilege}");
        let full = matches!(privilege, "share-campaigns" | "export-contacts");
        assert_eq!(invite("full", privilege) == Answer::Done, full, "{privilege}");
    }
    let who = "mgr@acme.example";
    assert_eq!(world.call(who, Verb::Set, &[delta("privileges", &["billing", "share-campaigns"], &[])]), Answer::Done);
    assert_eq!(world.call(who, Verb::Set, &[to("role", word("full"))]), Answer::Done);
    assert_eq!(world.member(who).attr("privileges"), &Known::Seen(set(&["share-campaigns"])));
    refused(&world.call(who, Verb::Set, &[delta("privileges", &["billing"], &[])]), "billing");
}

#[test]
fn e11_the_parent_is_untouchable_and_nobody_becomes_one() {
    let world = world();
    let no = "Parent cannot be changed";
    refused(&world.call("boss@acme.example", Verb::Set, &[to("role", word("editor"))]), no);
    refused(&world.call("boss@acme.example", Verb::Set, &[delta("subaccounts", &[], &["us"])]), no);
    refused(&world.call("boss@acme.example", Verb::Delete, &[]), no);
    refused(&world.call("near@acme.example", Verb::Set, &[to("role", word("parent"))]), "parent is not a valid role");
    let who = Email::parse("boss@acme.example").unwrap();
    let said = Sandbox::write(&world.path()).unwrap().remove(&world.host, world.now, &who).unwrap_err();
    assert!(said.to_string().contains(no), "{said}");
}

#[test]
fn e12_a_difference_leaves_what_the_actor_does_not_see() {
    let world = manager(&[]);
    assert_eq!(world.call("wide@acme.example", Verb::Set, &[delta("subaccounts", &[], &["emea"])]), Answer::Done);
    assert!(!world.shows("wide@acme.example"));
    let parent = world.clone().actor(&[]);
    assert_eq!(parent.member("wide@acme.example").attr("subaccounts"), &Known::Seen(set(&["us"])));
    // The last scope may go: the member stays, without any.
    assert_eq!(world.call("near@acme.example", Verb::Set, &[delta("subaccounts", &[], &["emea"])]), Answer::Done);
    assert_eq!(parent.member("near@acme.example").attr("subaccounts"), &Known::Seen(set(&[])));
}

#[test]
fn e13_the_subaccount_page_sets_roles_alone_and_invites_into_itself() {
    let world = administrator();
    refused(&world.call("near@acme.example", Verb::Set, &[to("name", Value::Text(Name::new("N")))]), "on this page");
    refused(&world.call("a@acme.example", Verb::Invite, &[to("role", word("author")), to("subaccounts", set(&["apac"]))]), "apac");
    assert_eq!(world.call("a@acme.example", Verb::Invite, &[to("role", word("author"))]), Answer::Done);
    assert_eq!(world.member("a@acme.example").attr("subaccounts"), &Known::Seen(set(&["emea"])));
    // Parents and managers have the same page, and see no more on it.
    let manager = world.clone().actor(&[("role", word("manager")), ("subaccounts", set(&["emea", "us"]))]);
    assert_eq!(manager.member("wide@acme.example").attr("subaccounts"), &Known::Partly(set(&["emea"])));
    assert!(!manager.shows("mgr@acme.example"));
}

#[test]
fn roles_below_the_administering_ones_manage_nobody() {
    let world = world().actor(&[("role", word("full")), ("subaccounts", set(&["emea"]))]);
    refused(&world.call("near@acme.example", Verb::Set, &[to("role", word("editor"))]), "permission");
}

#[test]
fn a_product_without_whitelists_or_ends_drops_them_at_the_load() {
    let world = World::new("emma-hq", "Europe/Paris");
    let member = live("a@acme.example", Stored::Active, &[("role", word("author")), ("end", day("2026-11-10"))]);
    world.load(only(&[]), vec![member]);
    assert_eq!(world.phase("a@acme.example"), "active");
    assert!(!world.member("a@acme.example").attrs.contains_key("end"));
    assert_eq!(world.call("b@acme.example", Verb::Invite, &[to("role", word("author"))]), Answer::Done);
}

#[test]
fn pages_and_total_of_a_bounded_actor_hold_only_what_it_sees() {
    let world = manager(&[]);
    let sandbox = Sandbox::read(&world.path()).unwrap();
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = sandbox.page(&world.host, world.now, after.as_deref(), 1).unwrap();
        assert_eq!((page.total, page.members.len()), (4, 1));
        pages.push(page.members[0].email.key().to_owned());
        after = match page.next {
            Some(next) => Some(next),
            None => break,
        };
    }
    assert_eq!(pages, ["mgr@acme.example", "near@acme.example", "new@acme.example", "wide@acme.example"]);
    assert_eq!(sandbox.count(&world.host).unwrap().total, 4);
    // One file, one open reader, another actor: another total.
    assert_eq!(sandbox.count(&world.clone().actor(&[]).host).unwrap().total, 7);
}
