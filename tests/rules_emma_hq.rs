//! Emma HQ's rules, E1 to E13, X1 and X2 (SYSTEMS.md): one test or more each, on the manifest, the
//! plan, and the server that refuses what the plan must not ask for.

#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use portcullis::sandbox::Answer;
use serde_json::{Value as Json, json};
use support::server::{delete, edit_invitation, invite, resend, set};
use support::world::World;

const PARENT: &str = "subaccounts: [emea, apac, us]; actor: { role: parent }";
const MANAGER: &str = "subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea] }";
const MANAGER_WITH_EDIT_MANAGERS: &str =
    "subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea], privileges: [edit-managers] }";
const SUBACCOUNT: &str =
    "subaccounts: [emea, apac, us]; surface: subaccount; subaccount: emea; actor: { role: administrator, subaccounts: [emea] }";
const NOBODY: [&str; 0] = [];

const BOSS: &str = "{ email: boss@acme.example, name: B, role: parent, subaccounts: [emea, apac, us] }";

// ---- E1 ----

#[test]
fn e1_acting_as_parent_any_user() {
    let world = World::emma_hq(PARENT);
    world.live(
        "",
        &[
            BOSS,
            "{ email: a@acme.example, name: A, role: manager, subaccounts: [apac] }",
            "{ email: b@acme.example, name: B, role: administrator, subaccounts: [emea, us] }",
            "{ email: c@acme.example, name: C, role: author, subaccounts: [us] }",
        ],
    );
    world.want(
        "mode: authoritative",
        &[
            "{ email: a@acme.example, role: administrator, subaccounts: [emea] }",
            "{ email: b@acme.example, role: manager, privileges: [billing], subaccounts: [emea, us] }",
            "{ email: d@acme.example, name: D, role: manager, privileges: [edit-managers], subaccounts: [emea, apac, us] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(plan.acts(), ["edit a@acme.example", "edit b@acme.example", "invite d@acme.example", "remove c@acme.example"]);
    assert_eq!(plan.blocked(), NOBODY);
    world.settle();
    let live = world.export();
    assert_eq!(live.emails(), ["a@acme.example", "b@acme.example", "boss@acme.example", "d@acme.example"]);
    assert_eq!(
        (&live.member("a@acme.example")["role"], &live.member("b@acme.example")["privileges"]),
        (&json!("administrator"), &json!(["billing"]))
    );
}

// ---- E2 ----

const SOME: [&str; 5] = [
    BOSS,
    "{ email: m@acme.example, name: M, role: manager, subaccounts: [emea] }",
    "{ email: wide@acme.example, name: W, role: editor, subaccounts: [emea, us] }",
    "{ email: near@acme.example, name: N, role: administrator, subaccounts: [emea] }",
    "{ email: far@acme.example, name: F, role: editor, subaccounts: [apac] }",
];

#[test]
fn e2_a_manager_edits_administrators_and_below() {
    let world = World::emma_hq(MANAGER);
    world.live("", &SOME);
    world.want(
        "",
        &[
            "{ email: near@acme.example, role: full, subaccounts: [emea] }",
            "{ email: wide@acme.example, role: full, subaccounts: [emea] }",
            "{ email: new@acme.example, name: N, role: administrator, subaccounts: [emea] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(plan.acts(), ["edit near@acme.example", "edit wide@acme.example", "invite new@acme.example"]);
    assert_eq!(plan.blocked(), NOBODY);
    world.settle();
}

/// Role and subaccounts at once, none in common: a bounded actor loses sight of the person half way, so
/// that a parent alone is named. In two changes, one after the other, a manager of all can.
#[test]
fn e12_nobody_is_named_who_would_lose_sight_of_the_person_half_way() {
    let world = World::emma_hq(PARENT);
    let manager = |held: &str| {
        let privileges = "edit-managers, export-contacts, share-campaigns, billing";
        format!("subaccounts: [emea, apac, us]; actor: {{ role: manager, subaccounts: [{held}], privileges: [{privileges}] }}")
    };
    let cases = [
        ("role: manager, subaccounts: [emea]", "role: administrator, subaccounts: [apac]"),
        ("role: administrator, subaccounts: [emea]", "role: manager, subaccounts: [apac]"),
        ("role: full, privileges: [export-contacts], subaccounts: [emea]", "role: administrator, subaccounts: [apac]"),
        ("role: administrator, subaccounts: [emea]", "role: full, privileges: [share-campaigns], subaccounts: [apac]"),
    ];
    for (live, wants) in cases {
        world.live("", &[BOSS, &format!("{{ email: bob@acme.example, name: B, {live} }}")]);
        world.want("", &[&format!("{{ email: bob@acme.example, {wants} }}")]);
        for held in ["emea", "emea, apac", "emea, apac, us"] {
            world.connect(&manager(held));
            let plan = world.plan();
            assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["bob@acme.example no-safe-path".to_owned()]), "{live} by {held}");
            assert_eq!(plan.needs("bob@acme.example"), "a parent", "{live} to {wants} by {held}");
        }
        world.connect(&manager("emea, apac"));
        let (held, place) = live.rsplit_once("subaccounts: ").expect("subaccounts");
        assert_eq!(place, "[emea]");
        world.want("", &[&format!("{{ email: bob@acme.example, {held}subaccounts: [emea, apac] }}")]);
        assert_eq!(world.plan().acts(), ["edit bob@acme.example"], "{live}");
        world.settle();
        world.want("", &[&format!("{{ email: bob@acme.example, {wants} }}")]);
        assert_eq!((world.plan().acts(), world.plan().blocked()), (vec!["edit bob@acme.example".to_owned()], vec![]), "{live}");
        world.settle();
    }
}

#[test]
fn e2_another_manager_needs_edit_managers() {
    let world = World::emma_hq(MANAGER);
    world.live("", &SOME);
    // Edited, removed, promoted to, invited as.
    let cases: [(&str, &[&str], &str); 4] = [
        ("", &["{ email: m@acme.example, role: editor, subaccounts: [emea] }"], "m@acme.example"),
        ("absent: [m@acme.example]", &[], "m@acme.example"),
        ("", &["{ email: near@acme.example, role: manager, subaccounts: [emea] }"], "near@acme.example"),
        ("", &["{ email: new@acme.example, name: N, role: manager, subaccounts: [emea] }"], "new@acme.example"),
    ];
    for (policy, members, who) in cases {
        world.connect(MANAGER);
        world.want(policy, members);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec![format!("{who} actor-lacks-privilege")]), "{members:?}");
        assert_eq!(plan.needs(who), "a parent, or a manager of emea with edit-managers");
        world.connect(MANAGER_WITH_EDIT_MANAGERS);
        let plan = world.plan();
        assert_eq!((plan.acts().len(), plan.blocked().len()), (1, 0), "{members:?}");
    }
    world.connect(MANAGER);
    let no = "You can only edit users in the Administrator role and lower.";
    world
        .server()
        .refuses(set("m@acme.example", json!({ "role": "editor" })), no)
        .refuses(delete("m@acme.example"), no)
        .refuses(set("near@acme.example", json!({ "role": "manager" })), no)
        .refuses(invite("new@acme.example", json!({ "role": "manager", "subaccounts": ["emea"] })), no);
    world.connect(MANAGER_WITH_EDIT_MANAGERS);
    world
        .server()
        .takes(set("m@acme.example", json!({ "role": "editor" })))
        .takes(invite("new@acme.example", json!({ "role": "manager", "subaccounts": ["emea"] })));
}

#[test]
fn e2_a_manager_grants_only_subaccounts_that_it_holds() {
    let world = World::emma_hq(MANAGER);
    world.live("", &SOME);
    world.want(
        "",
        &[
            "{ email: near@acme.example, role: administrator, subaccounts: [emea, apac] }",
            "{ email: new@acme.example, name: N, role: author, subaccounts: [apac, us] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(plan.acts(), NOBODY);
    assert_eq!(plan.blocked(), ["near@acme.example actor-lacks-subaccount", "new@acme.example actor-lacks-subaccount"]);
    assert_eq!(
        (plan.needs("near@acme.example"), plan.needs("new@acme.example")),
        ("a parent, or a manager of apac and emea", "a parent, or a manager of apac and us")
    );
    let no = "You can only grant access to subaccounts that you currently have access to";
    world
        .server()
        .refuses(set("near@acme.example", json!({ "subaccounts": { "add": ["apac"], "remove": [] } })), no)
        .refuses(invite("new@acme.example", json!({ "role": "author", "subaccounts": ["us"] })), no);
}

#[test]
fn e2_a_manager_sees_only_users_of_its_subaccounts() {
    let world = World::emma_hq(MANAGER);
    world.live("", &SOME);
    let seen = world.export();
    assert_eq!(seen.emails(), ["m@acme.example", "near@acme.example", "wide@acme.example"], "the parent is above, far is elsewhere");
    let wide = seen.member("wide@acme.example");
    assert_eq!((&wide["subaccounts"], &wide["partly_seen"]), (&json!(["emea"]), &json!(["subaccounts"])), "that there is more, not what");
    assert_eq!(seen.member("near@acme.example")["partly_seen"], json!([]));
}

// ---- E3 ----

#[test]
fn e3_an_administrator_changes_roles_and_invites_into_its_subaccount() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    world.want(
        "",
        &[
            "{ email: near@acme.example, role: author, subaccounts: [emea] }",
            "{ email: new@acme.example, name: N, role: administrator, subaccounts: [emea] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(plan.acts(), ["edit near@acme.example", "invite new@acme.example"]);
    world.settle();
    assert_eq!(world.export().member("near@acme.example")["role"], "author");
}

#[test]
fn e3_an_administrator_cannot_add_an_existing_user_to_another_subaccount() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    world.want("", &["{ email: near@acme.example, role: administrator, subaccounts: [emea, apac] }"]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["near@acme.example actor-lacks-role".to_owned()]));
    assert_eq!(plan.needs("near@acme.example"), "a parent, or a manager of apac and emea");
    let add = json!({ "subaccounts": { "add": ["apac"], "remove": [] } });
    world.server().refuses(set("near@acme.example", add), "Administrators cannot add existing users to other subaccounts.");
}

#[test]
fn e3_an_administrator_sees_neither_parent_nor_managers() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    assert_eq!(world.export().emails(), ["near@acme.example", "wide@acme.example"]);
    world.want("", &["{ email: near@acme.example, role: manager, subaccounts: [emea] }"]);
    assert_eq!(world.plan().blocked(), ["near@acme.example actor-lacks-role"]);
    world.server().refuses(set("near@acme.example", json!({ "role": "manager" })), "Administrator role and lower");
}

// ---- E4 ----

#[test]
fn e4_not_visible_is_not_absent() {
    let world = World::emma_hq(MANAGER);
    world.live(
        "",
        &[
            BOSS,
            "{ email: far@acme.example, name: F, role: editor, subaccounts: [apac] }",
            "{ email: near@acme.example, name: N, role: editor, subaccounts: [emea] }",
        ],
    );
    for policy in ["mode: authoritative", "mode: authoritative; absent: [far@acme.example]"] {
        world.want(policy, &["{ email: near@acme.example, role: editor, subaccounts: [emea] }"]);
        assert_eq!(world.plan().acts(), NOBODY, "{policy}");
    }
    // A subaccount outside of the view is neither compared nor lost.
    world.live("", &["{ email: near@acme.example, name: N, role: author, subaccounts: [emea, us] }"]);
    world.settle();
    world.connect(PARENT);
    assert_eq!(world.export().member("near@acme.example")["subaccounts"], json!(["emea", "us"]));
}

#[test]
fn e4_an_unseen_address_that_exists_is_reported_as_elsewhere() {
    let world = World::emma_hq(MANAGER);
    world.live("", &[BOSS, "{ email: far@acme.example, name: F, role: editor, subaccounts: [apac] }"]);
    world.want(
        "",
        &[
            "{ email: far@acme.example, name: F, role: editor, subaccounts: [emea] }",
            "{ email: new@acme.example, name: N, role: editor, subaccounts: [emea] }",
        ],
    );
    let applied = world.apply();
    assert_eq!(applied.said(), ["failed news/invite/far@acme.example", "applied news/invite/new@acme.example"]);
    assert_eq!(
        applied.message("far@acme.example"),
        "exists elsewhere: needs a parent, or a manager of emea who sees the person and all their subaccounts"
    );
    assert_eq!(applied.blocked(), ["far@acme.example exists-elsewhere"]);
    let again = world.server().answers(invite("far@acme.example", json!({ "role": "editor", "subaccounts": ["emea"] })));
    assert!(matches!(again, Answer::Exists(_)), "{again:?}");
    world.connect(PARENT);
    assert_eq!(world.export().member("far@acme.example")["subaccounts"], json!(["apac"]));
}

#[test]
fn e4_adding_a_scope_to_somebody_partly_seen_is_blocked() {
    let world = World::emma_hq("subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea, apac] }");
    world.live(
        "",
        &[
            "{ email: wide@acme.example, name: W, role: editor, subaccounts: [emea, us] }",
            "{ email: near@acme.example, name: N, role: editor, subaccounts: [emea] }",
        ],
    );
    world.want(
        "",
        &[
            "{ email: wide@acme.example, role: editor, subaccounts: [emea, apac] }",
            "{ email: near@acme.example, role: editor, subaccounts: [emea, apac] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(
        (plan.acts(), plan.blocked()),
        (vec!["edit near@acme.example".to_owned()], vec!["wide@acme.example actor-lacks-subaccount".to_owned()])
    );
    // Taking one away from somebody partly seen is no such thing.
    world.live("", &["{ email: wide@acme.example, name: W, role: editor, subaccounts: [emea, apac, us] }"]);
    world.want("", &["{ email: wide@acme.example, role: editor, subaccounts: [emea] }"]);
    assert_eq!(world.plan().acts(), ["edit wide@acme.example"]);
    world.settle();
    world.connect(PARENT);
    assert_eq!(world.export().member("wide@acme.example")["subaccounts"], json!(["emea", "us"]));
}

#[test]
fn e4_the_role_of_somebody_partly_seen_is_changed_and_the_hidden_scopes_stay() {
    let world = World::emma_hq(MANAGER);
    world.live("", &["{ email: wide@acme.example, name: W, role: editor, subaccounts: [emea, us] }"]);
    world.want("", &["{ email: wide@acme.example, role: author, subaccounts: [emea] }"]);
    assert_eq!(world.plan().change("wide@acme.example")["calls"], json!(["set-role"]));
    world.settle();
    world.connect(PARENT);
    let live = world.export();
    assert_eq!(
        (&live.member("wide@acme.example")["role"], &live.member("wide@acme.example")["subaccounts"]),
        (&json!("author"), &json!(["emea", "us"]))
    );
}

/// E4, E5: the role is the person's, not the subaccount's.
#[test]
fn e4_nobody_partly_seen_is_given_power_where_the_actor_sees_nothing() {
    let holds = "subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea], privileges: [share-campaigns] }";
    let all = "a parent, or a manager of emea who sees the person and all their subaccounts";
    let with = "a parent, or a manager of emea with share-campaigns who sees the person and all their subaccounts";
    let world = World::emma_hq(holds);
    for (live, wants, needs) in [
        ("role: editor", "role: administrator", all),
        ("role: full", "role: full, privileges: [share-campaigns]", with),
        ("role: administrator", "role: full, privileges: [share-campaigns]", with),
    ] {
        let is = |subaccounts: &str| format!("{{ email: ada@acme.example, name: A, {live}, subaccounts: [{subaccounts}] }}");
        world.connect(holds);
        world.live("", &[BOSS, &is("emea, us")]);
        world.want("", &[&format!("{{ email: ada@acme.example, {wants}, subaccounts: [emea] }}")]);
        let plan = world.plan();
        assert_eq!(
            (plan.acts(), plan.blocked()),
            (vec![], vec!["ada@acme.example actor-lacks-subaccount".to_owned()]),
            "{live} to {wants}"
        );
        assert_eq!(plan.needs("ada@acme.example"), needs, "{live} to {wants}");
        world.connect("subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [emea, us], privileges: [share-campaigns] }");
        assert_eq!(world.plan().acts(), ["edit ada@acme.example"], "who sees all of {live}");
        world.connect(holds);
        world.live("", &[BOSS, &is("emea")]);
        assert_eq!(world.plan().acts(), ["edit ada@acme.example"], "seen whole, {live}");
    }
}

/// Another role that gives nobody power over others is changed, and says where else it counts.
#[test]
fn e4_a_role_of_somebody_partly_seen_says_that_it_counts_elsewhere_too() {
    let world = World::emma_hq(MANAGER);
    for (role, does) in [("author", "narrows"), ("full", "widens")] {
        world.live("", &[BOSS, "{ email: wide@acme.example, name: W, role: editor, subaccounts: [emea, us] }"]);
        world.want("", &[&format!("{{ email: wide@acme.example, role: {role}, subaccounts: [emea] }}")]);
        let notes = world.plan().change("wide@acme.example")["notes"].to_string();
        let said = format!("this actor sees a part of the person's subaccounts; changing the role {does} access in the others too");
        assert!(notes.contains(&said), "{notes}");
    }
}

/// Two reasons go by one code: the block says which it is, with its rule.
#[test]
fn e4_e5_a_block_says_whether_the_actor_does_not_hold_or_does_not_see() {
    let world = World::emma_hq(MANAGER);
    world.live("", &[BOSS, "{ email: ada@acme.example, name: A, role: editor, subaccounts: [emea, us] }"]);
    world.want("", &["{ email: ada@acme.example, role: editor, subaccounts: [emea, us] }"]);
    let notes = |world: &World| {
        let said = world.command("plan --format json");
        let plan: Json = serde_json::from_str(&said.out).expect("JSON");
        plan["accounts"][0]["blocked"][0]["notes"].to_string()
    };
    // She holds all of it, unseen: nothing may be to do.
    let seen = notes(&world);
    for said in ["what is asked for beyond them may be so already", "does not hold us (E5)", "may be held already (E4)"] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    world.live("", &[BOSS, "{ email: ada@acme.example, name: A, role: editor, subaccounts: [emea] }"]);
    assert_eq!(notes(&world), json!(["this actor does not hold us (E5)"]).to_string());
}

// ---- E5 ----

#[test]
fn e5_nobody_grants_a_role_privilege_or_subaccount_that_the_actor_lacks() {
    let world = World::emma_hq("subaccounts: [emea, apac]; actor: { role: manager, subaccounts: [emea], privileges: [share-campaigns] }");
    let no_subaccount = "You can only grant access to subaccounts that you currently have access to";
    let no_privilege = "You cannot grant the privilege export-contacts, which you do not have.";
    let no_role = "You can only edit users in the Administrator role and lower.";
    for (role, privilege, subaccount, code, no) in [
        ("full", "share-campaigns", "emea", "", ""),
        ("full", "export-contacts", "emea", "actor-lacks-privilege", no_privilege),
        ("full", "share-campaigns", "apac", "actor-lacks-subaccount", no_subaccount),
        ("manager", "share-campaigns", "emea", "actor-lacks-privilege", no_role),
    ] {
        world.want(
            "",
            &[&format!("{{ email: p@acme.example, name: P, role: {role}, privileges: [{privilege}], subaccounts: [{subaccount}] }}")],
        );
        let plan = world.plan();
        let call = invite("p@acme.example", json!({ "role": role, "privileges": [privilege], "subaccounts": [subaccount] }));
        if code.is_empty() {
            assert_eq!((plan.acts(), plan.blocked()), (vec!["invite p@acme.example".to_owned()], vec![]));
            continue;
        }
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec![format!("p@acme.example {code}")]), "{role} {privilege} {subaccount}");
        world.server().refuses(call, no);
    }
    // Given to somebody who is there: the same.
    world.live("", &["{ email: p@acme.example, name: P, role: full, subaccounts: [emea] }"]);
    world.want("", &["{ email: p@acme.example, role: full, privileges: [export-contacts], subaccounts: [emea] }"]);
    assert_eq!(world.plan().blocked(), ["p@acme.example actor-lacks-privilege"]);
    world.server().refuses(set("p@acme.example", json!({ "privileges": { "add": ["export-contacts"], "remove": [] } })), no_privilege);
}

#[test]
fn e5_an_actor_below_the_administering_roles_may_nothing() {
    for role in ["full", "editor", "author", "response-only"] {
        let world = World::emma_hq(&format!("subaccounts: [emea]; actor: {{ role: {role}, subaccounts: [emea] }}"));
        world.live(
            "",
            &[
                "{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }",
                "{ email: q@acme.example, name: Q, role: author, subaccounts: [emea] }",
            ],
        );
        world.want(
            "mode: authoritative",
            &[
                "{ email: p@acme.example, role: editor, subaccounts: [emea] }",
                "{ email: n@acme.example, name: N, role: author, subaccounts: [emea] }",
            ],
        );
        let plan = world.plan();
        assert_eq!(plan.acts(), NOBODY, "{role}");
        assert_eq!(
            plan.blocked(),
            ["n@acme.example actor-lacks-role", "p@acme.example actor-lacks-role", "q@acme.example actor-lacks-role"],
            "{role}"
        );
        world.server().refuses(
            invite("n@acme.example", json!({ "role": "author", "subaccounts": ["emea"] })),
            "You do not have permission to manage users.",
        );
    }
}

#[test]
fn e5_an_invitation_made_anew_grants_everything_anew() {
    // Delete and invite would stop half way: the server deletes, and refuses the rest.
    let world = World::emma_hq(MANAGER);
    world.live("", &["{ email: p@acme.example, name: P, phase: pending, role: full, privileges: [export-contacts], subaccounts: [emea], invited: 2026-11-20T10:00:00Z }"]);
    world.want("", &["{ email: p@acme.example, name: Other, role: full, subaccounts: [emea] }"]);
    let plan = world.plan();
    assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["p@acme.example actor-lacks-privilege".to_owned()]));
    world.connect("subaccounts: [emea]; actor: { role: manager, subaccounts: [emea], privileges: [export-contacts] }");
    assert_eq!(world.plan().acts(), ["edit-invitation p@acme.example"]);
    world.settle();
    assert_eq!(world.export().member("p@acme.example")["privileges"], json!(["export-contacts"]), "unmanaged ones are kept");
}

// ---- E6 ----

const PENDING: &str =
    "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-20T10:00:00Z, attempts: 1 }";

#[test]
fn e6_a_pending_change_on_the_account_surface_is_delete_and_invite() {
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS, PENDING]);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"]);
    let plan = world.plan();
    let change = plan.change("p@acme.example");
    assert_eq!(
        (&change["action"], &change["calls"], &change["mails"]),
        (&json!("edit-invitation"), &json!(["delete", "invite"]), &json!(true))
    );
    let no = "delete the pending user and create a new invitation";
    world
        .server()
        .refuses(set("p@acme.example", json!({ "role": "editor" })), no)
        .refuses(edit_invitation("p@acme.example", json!({ "role": "editor" })), no)
        .refuses(resend("p@acme.example"), no);
    world.settle();
    let live = world.export();
    let p = live.member("p@acme.example");
    assert_eq!((&p["phase"], &p["role"], &p["name"]), (&json!("pending"), &json!("editor"), &json!("P")));
    assert_eq!(world.mails(), ["invitation p@acme.example 2026-11-22T09:00:00Z"]);
}

#[test]
fn e6_a_pending_change_on_the_subaccount_surface_is_an_edit_of_the_invitation() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &[BOSS, PENDING]);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"]);
    let plan = world.plan();
    let change = plan.change("p@acme.example");
    assert_eq!(
        (&change["action"], &change["calls"], &change["mails"]),
        (&json!("edit-invitation"), &json!(["edit-invitation"]), &json!(false))
    );
    world.server().refuses(set("p@acme.example", json!({ "role": "editor" })), "Choose Edit invitation on the Invitations tab.");
    world.settle();
    assert_eq!(world.export().member("p@acme.example")["role"], "editor");
    assert_eq!(world.mails(), NOBODY);
}

#[test]
fn e6_what_would_lose_hidden_subaccounts_has_no_safe_path() {
    let world = World::emma_hq(MANAGER);
    let wide = |sent: &str| {
        format!("{{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea, us], invited: {sent}, attempts: 1 }}")
    };
    // Changed, over and to be sent again, not listed any more. The page of one subaccount edits an
    // invitation and sends it again, and deletes it as a whole.
    let all = "a parent, or a manager of emea who sees the person and all their subaccounts";
    let edits = "a parent, a manager of emea who sees the person and all their subaccounts, or an administrator of emea";
    let cases: [(&str, &str, &[&str], &str); 3] = [
        ("2026-11-20T10:00:00Z", "", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"], edits),
        ("2026-10-20T10:00:00Z", "", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"], edits),
        ("2026-11-20T10:00:00Z", "mode: authoritative", &[], all),
    ];
    for (sent, policy, members, needs) in cases {
        world.live("", &[BOSS, &wide(sent)]);
        world.want(policy, members);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["p@acme.example no-safe-path".to_owned()]), "{sent} {policy} {members:?}");
        assert_eq!(plan.needs("p@acme.example"), needs, "{sent} {policy} {members:?}");
    }
}

/// One-off actions say so, too: more than one rule is broken, and who could keep all is told.
#[test]
fn e2_e5_a_one_off_action_needs_all_that_the_rules_ask() {
    let world = World::emma_hq(MANAGER);
    world.live(
        "",
        &[BOSS, "{ email: ada@acme.example, name: Ada, phase: pending, invited: 2026-10-20T10:00:00Z, attempts: 1, role: manager, privileges: [billing], subaccounts: [emea] }"],
    );
    world.want("", &[]);
    let said = world.command("member resend ada@acme.example --account news --yes");
    let needs = "it takes a parent, or a manager of emea with billing and edit-managers";
    assert!(said.code == 1 && said.err.contains(needs), "{}{}", said.out, said.err);
}

/// Half of what is needed would send whoever obeys it into the next block.
#[test]
fn e2_e3_e5_needs_are_the_same_whichever_actor_is_refused() {
    const ACTORS: [&str; 5] = [
        MANAGER,
        "subaccounts: [emea, apac, us]; actor: { role: manager, subaccounts: [apac], privileges: [edit-managers] }",
        "subaccounts: [emea, apac, us]; surface: subaccount; subaccount: apac; actor: { role: administrator, subaccounts: [apac] }",
        SUBACCOUNT,
        "subaccounts: [emea, apac, us]; actor: { role: author, subaccounts: [emea] }",
    ];
    const NONE: &str = "";
    let (privilege, subaccount, role) = ("actor-lacks-privilege", "actor-lacks-subaccount", "actor-lacks-role");
    let manager = "a parent, or a manager of emea with edit-managers";
    let one = "a parent, or a manager or an administrator of emea";
    let two = "a parent, or a manager of apac and emea";
    let cases = [
        ("role: manager, subaccounts: [emea]", [privilege, subaccount, subaccount, role, role], manager),
        ("role: author, subaccounts: [emea]", [NONE, subaccount, subaccount, NONE, role], one),
        ("role: author, subaccounts: [emea, apac]", [subaccount, subaccount, subaccount, subaccount, role], two),
    ];
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS]);
    for (wants, codes, needs) in cases {
        world.want("", &[&format!("{{ email: eve@acme.example, name: Eve, {wants} }}")]);
        for (actor, code) in ACTORS.into_iter().zip(codes) {
            world.connect(actor);
            let plan = world.plan();
            if code == NONE {
                assert_eq!((plan.acts().len(), plan.blocked().len()), (1, 0), "{wants}: {actor}");
                continue;
            }
            assert_eq!(plan.blocked(), [format!("eve@acme.example {code}")], "{wants}: {actor}");
            assert_eq!(plan.needs("eve@acme.example"), needs, "{wants}: {actor}");
        }
    }
}

#[test]
fn e13_what_the_page_has_no_way_for_needs_who_sees_the_member() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    world.want("absent: [near@acme.example]", &[]);
    assert_eq!(world.plan().needs("near@acme.example"), "a parent, or a manager of emea");
}

#[test]
fn e12_a_blocked_removal_says_why_it_is_wanted() {
    let world = World::emma_hq("subaccounts: [emea]; actor: { role: author, subaccounts: [emea] }");
    world.live("", &["{ email: near@acme.example, name: N, role: author, subaccounts: [emea] }"]);
    world.want("mode: authoritative", &[]);
    let said = world.command("plan");
    assert!(said.out.contains("x  edit near@acme.example  blocked: actor-lacks-role"), "{}", said.out);
    assert!(said.out.contains("note: not listed"), "{}", said.out);
    let said = world.command("plan --format json");
    let plan: Json = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(plan["accounts"][0]["blocked"][0]["notes"], json!(["not listed", "an actor of this role edits nobody (E2)"]));
}

#[test]
fn e6_needs_say_all_that_the_rules_ask_at_once() {
    let world = World::emma_hq(MANAGER);
    let all = "a parent, or a manager of apac and emea with edit-managers who sees the person and all their subaccounts";
    let cases = [
        ("phase: pending, invited: 2026-11-20T10:00:00Z, attempts: 1", "subaccounts: [emea, us]", "no-safe-path", all),
        ("phase: active", "subaccounts: [emea, us]", "actor-lacks-privilege", all),
        (
            "phase: active",
            "subaccounts: [emea]",
            "actor-lacks-privilege",
            all.trim_end_matches(" who sees the person and all their subaccounts"),
        ),
    ];
    for (phase, holds, code, needs) in cases {
        world.live("", &[BOSS, &format!("{{ email: ada@acme.example, name: Ada, {phase}, role: manager, {holds} }}")]);
        world.want("", &["{ email: ada@acme.example, name: Ada, role: manager, subaccounts: [emea, apac] }"]);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec![format!("ada@acme.example {code}")]), "{phase} {holds}");
        assert_eq!(plan.needs("ada@acme.example"), needs, "{phase} {holds}");
    }
}

// ---- E7 ----

#[test]
fn e7_an_invitation_lives_15_days_to_the_second() {
    let mut world = World::emma_hq(PARENT);
    world.live("", &[BOSS, "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-20T10:00:00Z, attempts: 1 }"]);
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    for (now, state) in [("2026-12-05T09:59:59Z", "open"), ("2026-12-05T10:00:00Z", "over")] {
        world.at(now);
        assert_eq!(world.export().member("p@acme.example")["invitation"], state, "{now}");
        assert_eq!(world.plan().acts(), NOBODY, "{now}: the cool-down comes first");
    }
    assert!(world.try_accept("p@acme.example").unwrap_err().contains("over"));
    assert_eq!(world.plan().reports(), ["invitation-over p@acme.example"]);
}

#[test]
fn e7_it_is_sent_again_after_the_cooldown() {
    let mut world = World::emma_hq(PARENT);
    let pending =
        "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-20T10:00:00Z, attempts: 1 }";
    // 3 days where nothing is said; 36 hours; none.
    for (policy, quiet, again) in [
        ("", "2026-12-08T09:59:59Z", "2026-12-08T10:00:00Z"),
        ("invitations: { cooldown: 36h }", "2026-12-06T21:59:59Z", "2026-12-06T22:00:00Z"),
        ("invitations: { cooldown: 10d, attempts: 2 }", "2026-12-15T09:59:59Z", "2026-12-15T10:00:00Z"),
    ] {
        world.live("", &[BOSS, pending]);
        world.want(policy, &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
        assert_eq!(world.at(quiet).plan().acts(), NOBODY, "{policy}");
        let plan = world.at(again).plan();
        assert_eq!(plan.acts(), ["reinvite p@acme.example"], "{policy}");
        let change = plan.change("p@acme.example");
        assert_eq!(
            (&change["calls"], &change["cause"], &change["mails"]),
            (&json!(["delete", "invite"]), &json!("invitation"), &json!(true))
        );
        world.settle();
        assert_eq!(world.mails(), [format!("invitation p@acme.example {again}")]);
    }
}

#[test]
fn e7_at_most_so_many_attempts() {
    let mut world = World::emma_hq(PARENT);
    world.want("invitations: { cooldown: 3d, attempts: 3 }", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    for (now, mails) in [
        ("2026-11-22T09:00:00Z", 1),
        ("2026-12-10T08:59:59Z", 1),
        ("2026-12-10T09:00:00Z", 2),
        ("2026-12-28T09:00:00Z", 3),
        ("2027-01-15T09:00:00Z", 3),
        ("2027-06-01T09:00:00Z", 3),
    ] {
        world.at(now).settle();
        assert_eq!(world.mails().len(), mails, "{now}: {:?}", world.mails());
    }
    assert_eq!(world.plan().reports(), ["invitation-not-accepted p@acme.example"]);
}

#[test]
fn e7_the_subaccount_surface_resends() {
    let mut world = World::emma_hq(SUBACCOUNT);
    world.live("", &[BOSS, PENDING]);
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    let plan = world.at("2026-12-08T10:00:00Z").plan();
    assert_eq!((plan.acts(), &plan.change("p@acme.example")["calls"]), (vec!["reinvite p@acme.example".to_owned()], &json!(["resend"])));
    world.settle();
    assert_eq!(world.mails(), ["invitation p@acme.example 2026-12-08T10:00:00Z"]);
}

#[test]
fn e7_what_differs_goes_with_the_next_invitation() {
    for (facts, calls) in [(PARENT, json!(["delete", "invite"])), (SUBACCOUNT, json!(["edit-invitation", "resend"]))] {
        let mut world = World::emma_hq(facts);
        world.live("", &[BOSS, PENDING]);
        world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"]);
        let plan = world.at("2026-12-08T10:00:00Z").plan();
        let change = plan.change("p@acme.example");
        assert_eq!((&change["action"], &change["calls"], &change["after"]), (&json!("reinvite"), &calls, &json!({ "role": "editor" })));
        world.settle();
        assert_eq!(world.mails(), ["invitation p@acme.example 2026-12-08T10:00:00Z"]);
        assert_eq!(world.export().member("p@acme.example")["role"], "editor");
    }
}

#[test]
fn e7_whoever_accepted_counts_anew() {
    let mut world = World::emma_hq(PARENT);
    let want = ["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"];
    world.want("invitations: { attempts: 2 }", &want);
    world.settle();
    world.at("2026-12-10T09:00:00Z").settle();
    world.accept("p@acme.example");
    world.click_away("p@acme.example");
    world.settle();
    assert_eq!(world.mails().len(), 3);
    world.at("2026-12-28T09:00:00Z").settle();
    assert_eq!(world.mails().len(), 4, "the second of the new person's two");
}

#[test]
fn e7_as_of_a_day_to_come() {
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS, PENDING]);
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    // Sent on 20 November at 10:00: over on 5 December, cool again on the 8th at 10:00.
    assert_eq!(world.plan_at("2026-12-08").acts(), NOBODY);
    assert_eq!(world.plan_at("2026-12-09").acts(), ["reinvite p@acme.example"]);
}

// ---- E8 ----

#[test]
fn e8_with_sso_no_invitation_mail_goes_out() {
    let mut world = World::emma_hq("sso: true; subaccounts: [emea]; actor: { role: parent }");
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    assert_eq!(world.plan().change("p@acme.example")["mails"], false);
    world.settle();
    assert_eq!(world.mails(), NOBODY);
    // Never polled, never sent again, and no line about it.
    for now in ["2026-12-07T09:00:01Z", "2026-12-10T09:00:01Z", "2027-11-22T09:00:00Z"] {
        let plan = world.at(now).plan();
        assert_eq!((plan.acts(), plan.reports()), (vec![], vec![]), "{now}");
    }
    // The text says so, too.
    world.want("", &["{ email: q@acme.example, name: Q, role: author, subaccounts: [emea] }"]);
    let printed = world.command("plan");
    assert!(printed.out.contains("created, no mail"), "{}", printed.out);
}

// ---- E9 ----

#[test]
fn e9_user_already_exists_means_adopt() {
    let world = World::emma_hq(PARENT);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea, apac] }"]);
    // Meanwhile somebody made exactly that.
    let applied = world.apply_meanwhile(|w| w.live("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea, apac] }"]));
    assert_eq!((applied.said(), applied.left()), (vec!["already news/invite/p@acme.example".to_owned()], vec![]));
}

#[test]
fn e9_a_part_of_what_was_reviewed_is_widened_to_it() {
    let world = World::emma_hq(PARENT);
    world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea, apac] }"]);
    let applied = world.apply_meanwhile(|w| w.live("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]));
    assert_eq!((applied.said(), applied.left()), (vec!["applied news/invite/p@acme.example".to_owned()], vec![]));
    let live = world.export();
    let p = live.member("p@acme.example");
    assert_eq!((&p["phase"], &p["role"], &p["subaccounts"]), (&json!("active"), &json!("editor"), &json!(["apac", "emea"])));
}

#[test]
fn e9_whoever_has_more_than_was_reviewed_was_changed_meanwhile() {
    let world = World::emma_hq(PARENT);
    for live in ["role: administrator, subaccounts: [emea]", "role: author, subaccounts: [emea, us]"] {
        world.live("", &[BOSS]);
        world.want("", &["{ email: p@acme.example, name: P, role: editor, subaccounts: [emea] }"]);
        let applied = world.apply_meanwhile(|w| w.live("", &[&format!("{{ email: p@acme.example, name: P, {live} }}")]));
        assert_eq!(applied.said(), ["failed news/invite/p@acme.example"], "{live}");
        assert!(applied.message("p@acme.example").contains("changed meanwhile"), "{live}");
        assert_eq!(applied.left(), ["edit p@acme.example"], "{live}");
    }
}

// ---- E10 ----

const PRIVILEGES: [(&str, &[&str]); 7] = [
    ("billing", &["manager"]),
    ("export-contacts", &["manager", "full"]),
    ("manage-subaccounts", &["manager"]),
    ("brand-manager", &["manager"]),
    ("sso-settings", &["manager"]),
    ("edit-managers", &["manager"]),
    ("share-campaigns", &["manager", "administrator", "full"]),
];
const ROLES: [&str; 6] = ["manager", "administrator", "full", "editor", "author", "response-only"];

#[test]
fn e10_each_privilege_belongs_to_its_roles() {
    let world = World::emma_hq(PARENT);
    let mut members = Vec::new();
    let mut wrong = Vec::new();
    for (privilege, roles) in PRIVILEGES {
        for role in ROLES {
            let who = format!("{privilege}.{role}@acme.example");
            members.push(format!("{{ email: {who}, name: P, role: {role}, privileges: [{privilege}], subaccounts: [emea] }}"));
            let call = invite(&who, json!({ "role": role, "privileges": [privilege], "subaccounts": ["emea"] }));
            if roles.contains(&role) {
                world.server().takes(call);
            } else {
                wrong.push(3 + members.len() as u32);
                world.server().refuses(call, &format!("{privilege} is not available for the role {role}."));
            }
        }
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    world.want("", &members);
    assert_eq!(world.check().lines(), wrong);
    assert_eq!(wrong.len(), 42 - 10);
}

#[test]
fn e10_the_word_itself_is_marked() {
    let world = World::emma_hq(PARENT);
    world.want("", &["{ email: q@acme.example, name: Q, role: full, privileges: [export-contacts, billing], subaccounts: [emea] }"]);
    // Under `billing`, not under the list.
    let line = "      - { email: q@acme.example, name: Q, role: full, privileges: [export-contacts, billing], subaccounts: [emea] }";
    let column = line.find("billing").unwrap() + 1;
    let errors = world.check().errors();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with(&format!("account.yaml:4:{column} ")), "{errors:?}");
}

#[test]
fn e10_a_privilege_goes_with_the_role_that_carried_it() {
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS, "{ email: m@acme.example, name: M, role: manager, privileges: [billing, export-contacts, share-campaigns], subaccounts: [emea] }"]);
    // Unmanaged privileges: those that the new role has not go, the others stay.
    world.want("", &["{ email: m@acme.example, role: full, subaccounts: [emea] }"]);
    let plan = world.plan();
    let change = plan.change("m@acme.example");
    assert_eq!(change["before"], json!({ "role": "manager", "privileges": ["billing", "export-contacts", "share-campaigns"] }));
    assert_eq!(change["after"], json!({ "role": "full", "privileges": ["export-contacts", "share-campaigns"] }));
    assert_eq!(change["direction"], "narrows");
    world.settle();
    world.want("", &["{ email: m@acme.example, role: editor, subaccounts: [emea] }"]);
    world.settle();
    assert_eq!(world.export().member("m@acme.example")["privileges"], json!([]));
}

#[test]
fn e10_privileges_of_an_overridden_role_do_not_carry_over() {
    let world = World::emma_hq(PARENT);
    world.file("people.yaml", "people:\n  ada: { email: ada@acme.example, name: Ada }\nteams:\n  all: [ada]\n");
    world.want(
        "",
        &[
            "{ team: all, role: manager, privileges: [billing, export-contacts], subaccounts: [emea] }",
            "{ person: ada, role: full, privileges: [share-campaigns], subaccounts: [emea] }",
        ],
    );
    assert_eq!(
        world.plan().change("ada@acme.example")["after"],
        json!({ "name": "Ada", "role": "full", "privileges": ["share-campaigns"], "subaccounts": ["emea"] })
    );
}

/// The rows of SYSTEMS.md, "Permissions", in the order of their words.
const PERMISSIONS: [(&str, &[&str]); 7] = [
    (
        "parent",
        &["api-keys", "approvals", "audience", "campaigns", "export", "reports", "send", "settings", "subaccount-users", "top-level-users"],
    ),
    ("manager", &["api-keys", "approvals", "audience", "campaigns", "reports", "send", "settings", "subaccount-users", "top-level-users"]),
    ("administrator", &["api-keys", "audience", "campaigns", "export", "reports", "send", "settings", "subaccount-users"]),
    ("full", &["audience", "campaigns", "reports", "send"]),
    ("editor", &["audience", "campaigns", "reports"]),
    ("author", &["campaigns", "reports"]),
    ("response-only", &["reports"]),
];

#[test]
fn e10_each_role_and_each_privilege_gives_its_permissions() {
    let world = World::emma_hq(PARENT);
    for (role, permissions) in PERMISSIONS {
        world.live("", &[&format!("{{ email: p@acme.example, name: P, role: {role}, subaccounts: [emea] }}")]);
        let live = world.export();
        let p = live.member("p@acme.example");
        assert_eq!(p["permissions"], json!(permissions), "{role}");
        assert_eq!(p["administers"], matches!(role, "parent" | "manager" | "administrator"), "{role}");
    }
    for (privilege, _) in PRIVILEGES {
        world.live("", &[&format!("{{ email: p@acme.example, name: P, role: manager, privileges: [{privilege}], subaccounts: [emea] }}")]);
        let live = world.export();
        let mut expected: Vec<&str> = PERMISSIONS[1].1.to_vec();
        expected.push(privilege);
        expected.sort_unstable();
        assert_eq!(live.member("p@acme.example")["permissions"], json!(expected), "{privilege}");
    }
    // Roles are judged in the subaccounts that they hold in: without any there is nothing.
    world.live("", &["{ email: p@acme.example, name: P, role: full, subaccounts: [] }"]);
    assert_eq!(world.export().member("p@acme.example")["permissions"], json!([]));
}

#[test]
fn e10_direction_is_judged_on_permissions_not_on_ranks() {
    let world = World::emma_hq(PARENT);
    for (from, to, direction) in [
        ("author", "editor", "widens"),
        ("full", "author", "narrows"),
        ("full", "administrator", "widens"),
        // As administrator without export, plus approvals and top-level users.
        ("administrator", "manager", "both"),
        ("manager", "administrator", "both"),
    ] {
        world.live("", &[&format!("{{ email: p@acme.example, name: P, role: {from}, subaccounts: [emea] }}")]);
        world.want("", &[&format!("{{ email: p@acme.example, role: {to}, subaccounts: [emea] }}")]);
        assert_eq!(world.plan().change("p@acme.example")["direction"], direction, "{from} to {to}");
    }
    world.live("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    for (to, direction) in [("[emea, us]", "widens"), ("[]", "narrows"), ("[us]", "both")] {
        world.want("", &[&format!("{{ email: p@acme.example, role: author, subaccounts: {to} }}")]);
        assert_eq!(world.plan().change("p@acme.example")["direction"], direction, "{to}");
    }
}

// ---- E11 ----

#[test]
fn e11_the_parent_is_never_planned_for_any_change() {
    let world = World::emma_hq(PARENT);
    world.live("", &[BOSS]);
    world.file("people.yaml", "people:\n  boss: { email: boss@acme.example, name: Another Name, leaves: 2026-11-01 }\n");
    for (policy, members) in [
        ("mode: authoritative", vec![]),
        ("absent: [boss@acme.example]", vec![]),
        ("", vec!["{ email: boss@acme.example, name: Other, role: editor, subaccounts: [emea] }"]),
        ("", vec!["{ person: boss, role: editor, subaccounts: [emea] }"]),
    ] {
        if policy.is_empty() && members[0].contains("email") {
            world.file("people.yaml", "");
        }
        if members.first().is_some_and(|m| m.contains("person")) {
            world.file("people.yaml", "people:\n  boss: { email: boss@acme.example, name: Another Name, leaves: 2026-11-01 }\n");
        }
        world.want(policy, &members);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec![]), "{policy} {members:?}");
    }
    let no = "The account Parent cannot be changed.";
    world
        .server()
        .refuses(set("boss@acme.example", json!({ "role": "editor" })), no)
        .refuses(set("boss@acme.example", json!({ "name": "Other" })), no)
        .refuses(delete("boss@acme.example"), no);
}

#[test]
fn e11_nobody_becomes_parent() {
    let world = World::emma_hq(PARENT);
    world.want("", &["{ email: p@acme.example, name: P, role: parent, subaccounts: [emea] }"]);
    assert_eq!(world.check().lines(), [4]);
    world.live("", &["{ email: m@acme.example, name: M, role: manager, subaccounts: [emea] }"]);
    world
        .server()
        .refuses(invite("p@acme.example", json!({ "role": "parent", "subaccounts": ["emea"] })), "parent")
        .refuses(set("m@acme.example", json!({ "role": "parent" })), "parent");
}

// ---- E12 ----

#[test]
fn e12_a_bounded_actor_takes_away_only_scopes_that_it_sees() {
    let world = World::emma_hq(MANAGER);
    world.live(
        "",
        &[
            "{ email: gone@acme.example, name: G, role: author, subaccounts: [emea, us] }",
            "{ email: only@acme.example, name: O, role: author, subaccounts: [emea] }",
        ],
    );
    world.want("mode: authoritative", &[]);
    let plan = world.plan();
    assert_eq!(plan.acts(), ["edit gone@acme.example", "edit only@acme.example"], "never a removal of the whole member");
    assert_eq!(plan.change("gone@acme.example")["after"]["subaccounts"], json!([]));
    // Nothing is left of what is seen whole; of somebody seen in part nobody here can tell.
    assert_eq!(plan.change("only@acme.example")["notes"], json!(["not listed", "left-empty"]));
    assert_eq!(plan.change("gone@acme.example")["notes"], json!(["not listed", "this actor sees a part of the person's subaccounts"]));
    assert_eq!(plan.guard("removals")["actual"], 2, "an edit that takes the last scope away counts as a removal");
    assert_eq!(plan.guard("reductions")["actual"], 2, "and it narrows");
    world.settle();
    world.connect(PARENT);
    let live = world.export();
    assert_eq!(live.member("gone@acme.example")["subaccounts"], json!(["us"]));
    assert_eq!(live.member("only@acme.example")["subaccounts"], json!([]));
}

/// E12: what is left empty is told where it is, and where nobody asked for it.
#[test]
fn e12_who_keeps_something_and_who_is_asked_to_keep_nothing_are_not_said_to_be_left_empty() {
    for (actor, wanted) in [(MANAGER, "role: author, subaccounts: [emea]"), (PARENT, "role: editor, subaccounts: []")] {
        let world = World::emma_hq(actor);
        world.live("", &["{ email: only@acme.example, name: O, role: editor, subaccounts: [emea] }"]);
        world.want("", &[&format!("{{ email: only@acme.example, name: O, {wanted} }}")]);
        let plan = world.plan();
        assert_eq!(plan.acts(), ["edit only@acme.example"], "{wanted}");
        assert!(!plan.change("only@acme.example")["notes"].to_string().contains("left-empty"), "{wanted}");
    }
}

/// E12: of what it does not see a bounded actor ends nothing, and promises nothing.
#[test]
fn e12_no_end_is_promised_of_scopes_that_the_actor_does_not_see() {
    let world = World::emma_hq(MANAGER);
    world.live("", &[]);
    for (scopes, is_promised) in [("[emea]", true), ("[emea, us]", false)] {
        world.want("", &[&format!("{{ email: new@acme.example, role: author, subaccounts: {scopes}, end: 2026-12-14 }}")]);
        let printed = world.command("plan").out;
        assert_eq!(printed.contains("end-by-portcullis"), is_promised, "{printed}");
    }
}

#[test]
fn e12_such_edits_are_stopped_by_the_guard_of_removals() {
    let world = World::emma_hq(MANAGER);
    let members: Vec<String> =
        (0..4).map(|i| format!("{{ email: u{i}@acme.example, name: U, role: author, subaccounts: [emea, us] }}")).collect();
    world.live("", &members.iter().map(String::as_str).collect::<Vec<_>>());
    world.want("mode: authoritative", &[]);
    assert_eq!(world.plan().tripped(), ["removals=4"]);
}

#[test]
fn e12_differences_of_scope_sets_are_written_never_whole_sets() {
    let world = World::emma_hq(PARENT);
    world.live("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    world.want("", &["{ email: p@acme.example, role: author, subaccounts: [emea, apac] }"]);
    // Somebody gives `us` between the plan and its write: it is not taken away unseen.
    let applied = world.apply_meanwhile(|w| w.click("p@acme.example", json!({ "subaccounts": ["emea", "us"] })));
    assert_eq!(applied.said(), ["applied news/edit/p@acme.example"]);
    assert_eq!(world.export().member("p@acme.example")["subaccounts"], json!(["apac", "emea", "us"]));
    assert_eq!(applied.left(), ["edit p@acme.example"]);
}

// ---- E13 ----

#[test]
fn e13_the_subaccount_surface_is_one_subaccount_named_in_the_connection() {
    let world = World::emma_hq("surface: subaccount; actor: { role: administrator }");
    assert_eq!(world.check().lines().len(), 1, "the subaccount is missing");
    let world = World::emma_hq("subaccount: emea; actor: { role: parent }");
    assert_eq!(world.check().lines().len(), 1, "a subaccount without its surface");
    world.connect(SUBACCOUNT);
    assert_eq!(world.check().lines(), [0; 0]);
}

#[test]
fn e13_no_other_scopes_there() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    world.want(
        "",
        &[
            "{ email: a@acme.example, name: A, role: author, subaccounts: [apac] }",
            "{ email: b@acme.example, name: B, role: author, subaccounts: [emea, apac] }",
            "{ email: c@acme.example, name: C, role: author, subaccounts: [emea] }",
        ],
    );
    let plan = world.plan();
    assert_eq!(plan.acts(), ["invite c@acme.example"]);
    assert_eq!(plan.blocked(), ["a@acme.example actor-lacks-subaccount", "b@acme.example actor-lacks-subaccount"]);
    let no = "cannot be changed on this page";
    world
        .server()
        .refuses(invite("b@acme.example", json!({ "role": "author", "subaccounts": ["emea", "apac"] })), "only grant access to subaccounts")
        .refuses(set("near@acme.example", json!({ "name": "Other" })), no)
        .refuses(set("near@acme.example", json!({ "subaccounts": { "add": [], "remove": ["emea"] } })), no)
        .takes(set("near@acme.example", json!({ "role": "author" })))
        .takes(invite("d@acme.example", json!({ "role": "author" })));
    assert_eq!(world.export().member("d@acme.example")["subaccounts"], json!(["emea"]), "the form does not ask");
}

#[test]
fn e13_role_only_there() {
    let world = World::emma_hq(SUBACCOUNT);
    world.live("", &SOME);
    // Neither a name nor the end of a membership has a way on this page.
    for (policy, members) in [
        ("", vec!["{ email: near@acme.example, name: Another Name, role: administrator, subaccounts: [emea] }"]),
        ("absent: [near@acme.example]", vec![]),
    ] {
        world.want(policy, &members);
        let plan = world.plan();
        assert_eq!((plan.acts(), plan.blocked()), (vec![], vec!["near@acme.example actor-lacks-role".to_owned()]), "{policy}");
    }
    world.server().refuses(delete("near@acme.example"), "Only invitations are deleted here.");
}

// ---- X1, X2 ----

#[test]
fn x1_an_invitation_that_was_not_accepted_names_what_the_page_names() {
    let mut world = World::emma_hq(PARENT);
    world.live("", &[BOSS, "{ email: p@acme.example, name: P, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-01T10:00:00Z, attempts: 3 }"]);
    world.want("", &["{ email: p@acme.example, name: P, role: author, subaccounts: [emea] }"]);
    let plan = world.at("2026-12-24T09:00:00Z").plan();
    assert_eq!((plan.acts(), plan.reports()), (vec![], vec!["invitation-not-accepted p@acme.example".to_owned()]));
    let said = plan.report("p@acme.example");
    for word in ["3 times", "spam", "address is correct", "DKIM", "allowlist"] {
        assert!(said.contains(word), "`{said}` does not say `{word}`");
    }
}

#[test]
fn x2_given_and_family_are_compared_joined() {
    let world = World::emma_hq(PARENT);
    world.file("people.yaml", "people:\n  mary: { email: mary@acme.example, given: Mary, family: Ann Lee }\n");
    world.want("", &["{ person: mary, role: author, subaccounts: [emea] }"]);
    for (name, differs) in [("Mary Ann Lee", false), ("Mary Lee", true), ("mary ann lee", true)] {
        world.live("", &[&format!("{{ email: mary@acme.example, name: {name}, role: author, subaccounts: [emea] }}")]);
        assert_eq!(!world.plan().acts().is_empty(), differs, "{name}");
    }
    assert_eq!(world.plan().change("mary@acme.example")["after"], json!({ "name": "Mary Ann Lee", "role": "author" }));
    world.settle();
}

#[test]
fn x2_a_name_splits_at_its_last_space() {
    let split = |text: &str| -> Json {
        let name = portcullis::model::Name::new(text);
        let (given, family) = name.split();
        json!([given, family])
    };
    assert_eq!(split("Ada Lovelace"), json!(["Ada", "Lovelace"]));
    assert_eq!(split("Mary Ann Lee"), json!(["Mary Ann", "Lee"]));
    assert_eq!(split("Plato"), json!(["Plato", ""]));
    // The manifest decides where it says so.
    let name = portcullis::model::Name::of("Mary", "Ann Lee");
    assert_eq!((name.split(), name.as_str()), (("Mary", "Ann Lee"), "Mary Ann Lee"));
}

/// E4: who holds all subaccounts is bounded all the same, and sees nobody who has none of them.
#[test]
fn e4_a_manager_of_all_subaccounts_does_not_see_who_has_none() {
    let world = World::emma_hq(
        "subaccounts: [emea, apac]; actor: { role: manager, privileges: [edit-managers, export-contacts], subaccounts: [emea, apac] }",
    );
    world.live("", &["{ email: kim@acme.example, name: Kim Lee, role: full, privileges: [export-contacts], subaccounts: [emea] }"]);
    world.want("", &["{ email: kim@acme.example, role: administrator, subaccounts: [apac] }"]);
    let plan = world.plan();
    assert_eq!(plan.blocked(), ["kim@acme.example no-safe-path"]);
    assert_eq!(plan.needs("kim@acme.example"), "a parent");
    let said = world.command("plan").out;
    assert!(said.contains("between its calls the person has no subaccounts, and no bounded actor, whichever it holds"), "{said}");
}

/// E3: an administrator invites whom it may not remove, and the plan says that it may not.
#[test]
fn e3_an_invitation_whose_end_the_actor_may_not_make_says_so() {
    let out = "{ email: out@agency.example, role: author, subaccounts: [north], end: 2026-12-05 }";
    let notes = |actor: &str| {
        let world = World::emma_hq(&format!("subaccounts: [north, south]; {actor}"));
        world.live("", &[]);
        world.want("", &[out]);
        let notes = world.plan().change("out@agency.example")["notes"].to_string();
        world.settle();
        world.accept("out@agency.example");
        (notes, world.plan_at("2026-12-06"))
    };
    let (said, then) = notes("actor: { role: administrator, subaccounts: [north] }; surface: subaccount; subaccount: north");
    assert!(said.contains("end-blocked") && said.contains("to end it after that day needs a parent, or a manager of north"), "{said}");
    assert!(!said.contains("end-by-portcullis"), "{said}");
    assert_eq!(then.blocked(), ["out@agency.example actor-lacks-role"]);
    for actor in ["actor: { role: manager, subaccounts: [north] }", "actor: { role: parent }"] {
        let (said, then) = notes(actor);
        assert!(said.contains("end-by-portcullis"), "{actor}: {said}");
        assert_eq!(then.blocked(), Vec::<String>::new(), "{actor}");
    }
}
