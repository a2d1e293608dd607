//! Emma HQ by Marigold (seed 002; SYSTEMS.md E1–E13).

use crate::model::{Action, Verb};

use super::emma_hq_checks as checks;
use super::one_off::{Gives, OneOffSpec, RESEND, reset_password};
use super::spec::{
    AttrSpec, Axis, Console, Ends, FactSpec, Floor, InvitationSpec, Kind, Life, Limit, Mails, Merge, PermitRow, PhaseIs, Procedure,
    Required, Rule, Scopes, Step, SystemSpec, Where, Word, Words, X1, X2, both, portcullis, product,
};

const EACH: Scopes = Scopes::Each("subaccounts");

const fn row(permission: &'static str, roles: &'static [(&'static str, &'static [&'static str])]) -> PermitRow {
    PermitRow { permission, scopes: EACH, when: roles, denied_by: None }
}
/// Each privilege is one permission of its own.
const fn privilege(permission: &'static str, when: &'static [(&'static str, &'static [&'static str])]) -> PermitRow {
    PermitRow { permission, scopes: EACH, when, denied_by: None }
}
const fn parent(permission: &'static str) -> PermitRow {
    PermitRow { permission, scopes: Scopes::Account, when: &[("role", &["parent"])], denied_by: None }
}

const AUTHOR_UP: &[(&str, &[&str])] = &[("role", &["manager", "administrator", "full", "editor", "author"])];
const EDITOR_UP: &[(&str, &[&str])] = &[("role", &["manager", "administrator", "full", "editor"])];
const FULL_UP: &[(&str, &[&str])] = &[("role", &["manager", "administrator", "full"])];
const ADMINISTRATOR_UP: &[(&str, &[&str])] = &[("role", &["manager", "administrator"])];
const MANAGER: &[(&str, &[&str])] = &[("role", &["manager"])];

const ACCOUNT: Option<Where> = Some(Where { fact: "surface", word: "account" });
const SUBACCOUNT: Option<Where> = Some(Where { fact: "surface", word: "subaccount" });

pub static SPEC: SystemSpec = SystemSpec {
    name: "emma-hq",
    product: "Emma HQ",
    summary: "one role a person, the same in all granted subaccounts; privileges a role; one parent",
    backends: &["embedded", "bridge", "roster"],
    attrs: &[
        AttrSpec {
            key: "name",
            kind: Kind::Text,
            axis: Axis::Label,
            merge: Merge::Same,
            required: Required::Never,
            feature: None,
            doc: "First and last name.",
        },
        AttrSpec {
            key: "role",
            kind: Kind::One(Words::Fixed(&[
                Word { word: "parent", doc: "The one owner of the account; found, never assigned (E11).", assignable: false },
                Word { word: "manager", doc: "As administrator without export; approvals and top-level users.", assignable: true },
                Word { word: "administrator", doc: "As full; settings, users of the subaccount, API keys and export.", assignable: true },
                Word { word: "full", doc: "As editor; sends.", assignable: true },
                Word { word: "editor", doc: "As author; audience.", assignable: true },
                Word { word: "author", doc: "Reports and campaigns.", assignable: true },
                Word { word: "response-only", doc: "Reports.", assignable: true },
            ])),
            axis: Axis::Power,
            merge: Merge::WithRole,
            required: Required::Always,
            feature: None,
            doc: "What the person may do, in every subaccount granted.",
        },
        AttrSpec {
            key: "privileges",
            kind: Kind::Set {
                words: Words::Fixed(&[
                    Word { word: "billing", doc: "Billing (managers).", assignable: true },
                    Word { word: "export-contacts", doc: "Exports contacts (managers, full).", assignable: true },
                    Word { word: "manage-subaccounts", doc: "Manages subaccounts (managers).", assignable: true },
                    Word { word: "brand-manager", doc: "Brand manager (managers).", assignable: true },
                    Word { word: "sso-settings", doc: "SSO settings (managers).", assignable: true },
                    Word { word: "edit-managers", doc: "Edits other managers (managers).", assignable: true },
                    Word { word: "share-campaigns", doc: "Shares campaigns (managers, administrators, full).", assignable: true },
                ]),
                denies: false,
            },
            axis: Axis::Power,
            merge: Merge::Union,
            required: Required::Never,
            feature: None,
            doc: "Checkboxes below the role; which ones there are depends on the role (E10).",
        },
        AttrSpec {
            key: "subaccounts",
            kind: Kind::Set { words: Words::Tenant("subaccounts"), denies: false },
            axis: Axis::Where,
            merge: Merge::Union,
            required: Required::Never,
            feature: None,
            doc: "The subaccounts that the person can access.",
        },
        AttrSpec {
            key: "end",
            kind: Kind::Day,
            axis: Axis::Until,
            merge: Merge::Latest,
            required: Required::Never,
            feature: None,
            doc: "The last day of access, inclusive; portcullis ends it on its first run after that day.",
        },
    ],
    tenants: None,
    facts: &[
        FactSpec {
            key: "subaccounts",
            kind: Kind::Set { words: Words::Discovered, denies: false },
            with: None,
            doc: "The account's subaccounts; with them, an unknown one in a manifest is an error.",
        },
        FactSpec { key: "sso", kind: Kind::Flag, with: None, doc: "Single sign-on is used: invitations go out without a mail (E8)." },
        FactSpec {
            key: "surface",
            kind: Kind::One(Words::Fixed(&[
                Word { word: "account", doc: "The top-level Users tab of parents and managers.", assignable: true },
                Word { word: "subaccount", doc: "Subaccount settings, Users: one subaccount (E13).", assignable: true },
            ])),
            with: None,
            doc: "Which of the two user pages the actor works on.",
        },
        FactSpec {
            key: "subaccount",
            kind: Kind::One(Words::Tenant("subaccounts")),
            with: Some(("surface", "subaccount")),
            doc: "The subaccount of `surface: subaccount`.",
        },
    ],
    // E10
    limits: &[
        Limit {
            rule: "E10",
            attr: "privileges",
            words: &["billing", "manage-subaccounts", "brand-manager", "sso-settings", "edit-managers"],
            with: "role",
            one_of: &["manager"],
        },
        Limit { rule: "E10", attr: "privileges", words: &["export-contacts"], with: "role", one_of: &["manager", "full"] },
        Limit { rule: "E10", attr: "privileges", words: &["share-campaigns"], with: "role", one_of: &["manager", "administrator", "full"] },
    ],
    // E3, E13: the top-level Users tab is for parents and managers.
    actors: &[Limit { rule: "E3", attr: "role", words: &["administrator"], with: "surface", one_of: &["subaccount"] }],
    rows: &[
        parent("reports"),
        parent("campaigns"),
        parent("audience"),
        parent("send"),
        parent("settings"),
        parent("subaccount-users"),
        parent("api-keys"),
        parent("export"),
        parent("approvals"),
        parent("top-level-users"),
        row("reports", &[("role", &["manager", "administrator", "full", "editor", "author", "response-only"])]),
        row("campaigns", AUTHOR_UP),
        row("audience", EDITOR_UP),
        row("send", FULL_UP),
        row("settings", ADMINISTRATOR_UP),
        row("subaccount-users", ADMINISTRATOR_UP),
        row("api-keys", ADMINISTRATOR_UP),
        row("export", &[("role", &["administrator"])]),
        row("approvals", MANAGER),
        row("top-level-users", MANAGER),
        privilege("billing", &[("privileges", &["billing"])]),
        privilege("export-contacts", &[("privileges", &["export-contacts"])]),
        privilege("manage-subaccounts", &[("privileges", &["manage-subaccounts"])]),
        privilege("brand-manager", &[("privileges", &["brand-manager"])]),
        privilege("sso-settings", &[("privileges", &["sso-settings"])]),
        privilege("edit-managers", &[("privileges", &["edit-managers"])]),
        privilege("share-campaigns", &[("privileges", &["share-campaigns"])]),
    ],
    includes: &[],
    administers: &["subaccount-users", "top-level-users"],
    floor: Floor { permissions: &["subaccount-users", "top-level-users"], least: 1, kept_by_untouchable: true, warn_under: 0 },
    high_risk: &[],
    untouchable: Some(("role", "parent")),
    invitation: InvitationSpec { life: Life::Days(15), mails: Mails::Unless("sso"), link: false },
    ends: Ends::None,
    domains: None,
    names_after_registration: false,
    restore_mails: false,
    locked_hint: "locked, which nothing here undoes: send the person a password reset",
    exists_elsewhere: "a parent, or a manager who sees the person and all their subaccounts",
    procedures: &[
        Procedure { action: Action::Invite, on: PhaseIs::Any, tenant: ACCOUNT, steps: &[INVITE] },
        Procedure { action: Action::Invite, on: PhaseIs::Any, tenant: SUBACCOUNT, steps: &[INVITE] },
        // E6: the account surface has no resend and no edit of an invitation.
        Procedure { action: Action::Reinvite, on: PhaseIs::Pending, tenant: ACCOUNT, steps: &[DELETE, INVITE] },
        Procedure { action: Action::EditInvitation, on: PhaseIs::Pending, tenant: ACCOUNT, steps: &[DELETE, INVITE] },
        Procedure { action: Action::CancelInvitation, on: PhaseIs::Pending, tenant: ACCOUNT, steps: &[DELETE] },
        Procedure { action: Action::Edit, on: PhaseIs::Standing, tenant: ACCOUNT, steps: &[NAME, SUBACCOUNTS, ROLE] },
        Procedure { action: Action::Remove, on: PhaseIs::Standing, tenant: ACCOUNT, steps: &[DELETE] },
        Procedure {
            action: Action::Reinvite,
            on: PhaseIs::Pending,
            tenant: SUBACCOUNT,
            steps: &[EDIT_INVITATION_IF_ANY, Step { verb: Verb::Resend, label: "resend", keys: &[] }],
        },
        Procedure {
            action: Action::EditInvitation,
            on: PhaseIs::Pending,
            tenant: SUBACCOUNT,
            steps: &[Step { verb: Verb::EditInvitation, label: "edit-invitation", keys: &["role", "privileges"] }],
        },
        Procedure {
            action: Action::CancelInvitation,
            on: PhaseIs::Pending,
            tenant: SUBACCOUNT,
            steps: &[Step { verb: Verb::Delete, label: "delete-invitation", keys: &[] }],
        },
        Procedure { action: Action::Edit, on: PhaseIs::Standing, tenant: SUBACCOUNT, steps: &[ROLE] },
    ],
    // Only the top-level page has the reset in its menu.
    one_offs: &[OneOffSpec { tenant: ACCOUNT, ..reset_password(Gives::Mail) }, RESEND],
    reads_back: &[],
    firsts: &[],
    checks: &[],
    may: &[
        ("E6", checks::e6_no_invitation_of_somebody_partly_seen_is_deleted),
        ("E3", checks::e3_administrator_works_in_one_subaccount),
        ("E2", checks::e2_manager_edits_administrator_and_below),
        ("E2", checks::e2_manager_invites_into_its_subaccounts),
        ("E12", checks::e12_nobody_changes_what_it_does_not_see),
        ("E5", checks::e5_nobody_grants_what_the_actor_lacks),
        ("E4", checks::e4_no_scope_for_somebody_partly_seen),
        ("E4", checks::e4_nobody_is_given_power_where_the_actor_sees_nothing),
    ],
    stand_ins: checks::stand_ins,
    sees_all: checks::e1_parent_sees_all,
    console: &[
        Console {
            verb: Verb::Invite,
            key: None,
            steps: &[
                "click the Users tab in the top navigation menu",
                "click the Add a user button and fill in {member}, {name}",
                "select the role {role} from the dropdown menu; boxes below it: {privileges}",
                "click the Assign subaccounts button and select: {subaccounts}",
                "click the Send invitation button",
            ],
            labels: true,
            check: "a message confirms that the invitation has been sent; the Users page lists {member}",
        },
        Console {
            verb: Verb::Resend,
            key: None,
            steps: &[
                "in Subaccount settings, Users, click the Invitations tab",
                "select Resend invitation from the arrow menu of {member}",
            ],
            labels: true,
            check: "the person has the mail",
        },
        Console {
            verb: Verb::EditInvitation,
            key: None,
            steps: &[
                "in Subaccount settings, Users, click the Invitations tab",
                "choose Edit invitation for {member}",
                "update the permissions: {value}",
            ],
            labels: true,
            check: "the Invitations tab shows the new permissions",
        },
        Console {
            verb: Verb::Set,
            key: Some("role"),
            steps: &[
                "click the email address {member} on the Users page",
                "on the Role tab choose {value} from the dropdown menu",
                "click the Save button",
            ],
            labels: true,
            check: "the Users page shows the role",
        },
        Console {
            verb: Verb::Set,
            key: Some("privileges"),
            steps: &[
                "click the email address {member} on the Users page",
                "on the Role tab check exactly these boxes: {value}",
                "click the Save button",
            ],
            labels: true,
            check: "the Role tab shows exactly these boxes checked",
        },
        Console {
            verb: Verb::Set,
            key: Some("subaccounts"),
            steps: &[
                "click the email address {member} on the Users page",
                "click the Subaccount access tab",
                "check or uncheck the boxes: {value}",
                "click the Save button",
            ],
            labels: true,
            check: "Export users lists the person with these subaccounts",
        },
        Console {
            verb: Verb::Set,
            key: Some("name"),
            steps: &["click the email address {member} on the Users page", "on the Name tab set {value}", "click the Save button"],
            labels: true,
            check: "the Users page shows the name",
        },
        Console {
            verb: Verb::ResetPassword,
            key: None,
            steps: &["on the Users page click the arrow to the right of {member}", "send a password reset email from the dropdown menu"],
            labels: true,
            check: "the person has the mail",
        },
        Console {
            verb: Verb::Delete,
            key: None,
            steps: &["on the Users page click the arrow to the right of {member}", "select Delete user from the dropdown menu"],
            labels: true,
            check: "the Users page does not list {member}",
        },
    ],
    scim_roles: &[],
    invitation_hints: &[
        "look in the spam or junk folder",
        "verify that the address is correct",
        "set up DKIM and allowlist the sender",
        "with SSO, invitation mails are suppressed",
    ],
    rules: RULES,
};

/// emma-hq's rules in SYSTEMS.md.
const RULES: &[Rule] = &[
    product("E1", "a parent as the actor sees and manages everyone."),
    both(
        "E2",
        "a manager edits administrators and below, and other managers only with `edit-managers`; it sees only members of its own subaccounts, and invites into those.",
    ),
    both(
        "E3",
        "an administrator works in one subaccount: it changes roles and invites there, gives no existing member another subaccount, and sees neither parent nor managers.",
    ),
    portcullis(
        "E4",
        "what the actor does not see is not absent: nothing hidden is planned for removal, an address that exists unseen is reported as `exists-elsewhere`, and nobody seen in part is given a scope, a privilege, or a role that administers.",
    ),
    both("E5", "nobody grants a role, privilege or subaccount that the actor lacks; a parent lacks none."),
    both(
        "E6",
        "on the account surface an invitation is changed by deleting it and inviting again, on the subaccount surface by an edit; where the first would lose hidden subaccounts, the change is blocked as `no-safe-path`.",
    ),
    product("E7", "an invitation lives 15 days; portcullis then invites again, after a cool-down and a limited number of times."),
    product("E8", "with single sign-on no invitation is mailed: the member is created, and nothing is sent again."),
    portcullis("E9", "\"user already exists\" on an invitation means: read again and edit."),
    both("E10", "which privileges there are depends on the role; others none."),
    product("E11", "there is exactly one parent, who is found, never assigned, and never planned for any change."),
    portcullis(
        "E12",
        "a bounded actor takes away only scopes that it sees, never the whole member, and writes differences, never whole sets.",
    ),
    both("E13", "the subaccount surface is one subaccount, named in the connection: roles only, and no other scopes."),
    X1,
    X2,
];

const INVITE: Step = Step { verb: Verb::Invite, label: "invite", keys: &["name", "role", "privileges", "subaccounts"] };
const DELETE: Step = Step { verb: Verb::Delete, label: "delete", keys: &[] };
const NAME: Step = Step { verb: Verb::Set, label: "set-name", keys: &["name"] };
const SUBACCOUNTS: Step = Step { verb: Verb::Set, label: "set-subaccounts", keys: &["subaccounts"] };
const ROLE: Step = Step { verb: Verb::Set, label: "set-role", keys: &["role", "privileges"] };
const EDIT_INVITATION_IF_ANY: Step = Step { verb: Verb::EditInvitation, label: "edit-invitation", keys: &["role", "privileges"] };
