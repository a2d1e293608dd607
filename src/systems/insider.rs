//! Insider One (seed 001; SYSTEMS.md I1–I15).

use crate::model::{Action, Verb};

use super::insider_checks as checks;
use super::one_off::{Gives, RESEND, reset_password, reset_two_factor};
use super::spec::{
    AttrSpec, Axis, Console, DomainSpec, Ends, FactSpec, Floor, InvitationSpec, Kind, Life, Limit, Mails, Merge, PermitRow, PhaseIs,
    Procedure, Required, Rule, Scopes, Step, SystemSpec, Word, Words, X1, X2, both, portcullis, product,
};

const GROUPS: Scopes = Scopes::AccountAndEach("groups");

/// The six roles in the order of the page; SCIM values in the same order (I13).
pub const SCIM_ROLES: &[(&str, &str)] = &[
    ("administrator", "manage-users"),
    ("editor", "edit-and-publish"),
    ("collaborator", "collaborate"),
    ("viewer", "view-only"),
    ("outsourcer", "outsource"),
    ("campaign-status-updater", "change-campaign-status-only"),
];

const fn row(permission: &'static str, when: &'static [(&'static str, &'static [&'static str])]) -> PermitRow {
    PermitRow { permission, scopes: GROUPS, when, denied_by: None }
}

const ADMINISTRATOR: &[(&str, &[&str])] = &[("role", &["administrator"])];
const COLLABORATOR: &[(&str, &[&str])] = &[("role", &["collaborator"])];
const WITH_PII: &[(&str, &[&str])] =
    &[("pii", &["true"]), ("role", &["editor", "collaborator", "viewer", "outsourcer", "campaign-status-updater"])];

pub static SPEC: SystemSpec = SystemSpec {
    name: "insider",
    product: "Insider One",
    summary: "six roles, groups, temporary access of up to 30 days, a whitelist of domains",
    backends: &["embedded", "bridge", "roster", "scim"],
    attrs: &[
        AttrSpec {
            key: "name",
            kind: Kind::Text,
            axis: Axis::Label,
            merge: Merge::Same,
            required: Required::Never,
            feature: None,
            doc: "First name and surname; can be set once the person has registered (I8).",
        },
        AttrSpec {
            key: "role",
            kind: Kind::One(Words::Fixed(&[
                Word {
                    word: "administrator",
                    doc: "Products, campaigns, system rules, users and roles, user profiles and their export. Never temporary (I1).",
                    assignable: true,
                },
                Word {
                    word: "editor",
                    doc: "Products; views, creates, edits and launches campaigns; campaign status; system rules.",
                    assignable: true,
                },
                Word {
                    word: "collaborator",
                    doc: "Products; views campaigns, creates test campaigns, edits unlaunched ones, pauses active ones.",
                    assignable: true,
                },
                Word { word: "viewer", doc: "Products; views campaigns.", assignable: true },
                Word { word: "outsourcer", doc: "Changes system rules only.", assignable: true },
                Word { word: "campaign-status-updater", doc: "Changes campaign status only.", assignable: true },
            ])),
            axis: Axis::Power,
            merge: Merge::WithRole,
            required: Required::Always,
            feature: None,
            doc: "What the person may do in the account.",
        },
        AttrSpec {
            key: "pii",
            kind: Kind::Flag,
            axis: Axis::Power,
            merge: Merge::Any,
            required: Required::Never,
            feature: None,
            doc: "Access to user profiles; only editor and collaborator then also export (I5).",
        },
        AttrSpec {
            key: "limited-products",
            kind: Kind::Set { words: Words::Discovered, denies: true },
            axis: Axis::Where,
            merge: Merge::Intersect,
            required: Required::Never,
            feature: None,
            doc: "Products that the person may not use.",
        },
        AttrSpec {
            key: "groups",
            kind: Kind::Set { words: Words::Discovered, denies: false },
            axis: Axis::Where,
            merge: Merge::Union,
            required: Required::Never,
            feature: Some(("features", "groups")),
            doc: "Groups of the person; only with the feature `groups` (I7).",
        },
        AttrSpec {
            key: "group-admin",
            kind: Kind::Set { words: Words::Discovered, denies: false },
            axis: Axis::Where,
            merge: Merge::Union,
            required: Required::Never,
            feature: Some(("features", "groups")),
            doc: "Groups whose users the person manages; only with the feature `groups` (I7).",
        },
        AttrSpec {
            key: "end",
            kind: Kind::Day,
            axis: Axis::Until,
            merge: Merge::Latest,
            required: Required::Never,
            feature: None,
            doc: "The last day of access, inclusive to 23:59:59 in the account's timezone (I3); at most 30 days ahead unless `renew: rolling` (I2).",
        },
    ],
    tenants: None,
    facts: &[FactSpec {
        key: "features",
        kind: Kind::Set {
            words: Words::Fixed(&[
                Word { word: "groups", doc: "Group Management is enabled for the account.", assignable: true },
                Word { word: "two-factor", doc: "Two-factor authentication is enabled for the account.", assignable: true },
            ]),
            denies: false,
        },
        with: None,
        doc: "Optional features that are on in this account; what is not listed is off.",
    }],
    limits: &[] as &[Limit],
    actors: &[],
    rows: &[
        PermitRow {
            permission: "products",
            scopes: GROUPS,
            when: &[("role", &["administrator", "editor", "collaborator", "viewer"])],
            denied_by: Some("limited-products"),
        },
        row("view-campaigns", &[("role", &["administrator", "editor", "collaborator", "viewer"])]),
        row("create-campaigns", &[("role", &["administrator", "editor"])]),
        row("edit-campaigns", &[("role", &["administrator", "editor"])]),
        row("launch-campaigns", &[("role", &["administrator", "editor"])]),
        // The collaborator's alone: the page gives the roles above it wider permissions of other names.
        row("create-test-campaigns", COLLABORATOR),
        row("edit-unlaunched-campaigns", COLLABORATOR),
        row("pause-campaigns", COLLABORATOR),
        row("change-campaign-status", &[("role", &["administrator", "editor", "campaign-status-updater"])]),
        row("change-system-rules", &[("role", &["administrator", "editor", "outsourcer"])]),
        row("manage-users", ADMINISTRATOR),
        row("view-user-profiles", ADMINISTRATOR),
        row("export-user-profiles", ADMINISTRATOR),
        row("view-user-profiles", WITH_PII),
        row("export-user-profiles", &[("pii", &["true"]), ("role", &["editor", "collaborator"])]),
        PermitRow { permission: "manage-group-users", scopes: Scopes::Each("group-admin"), when: &[], denied_by: None },
    ],
    includes: &[
        ("create-campaigns", &["create-test-campaigns"]),
        ("edit-campaigns", &["edit-unlaunched-campaigns"]),
        ("change-campaign-status", &["pause-campaigns"]),
    ],
    administers: &["manage-users", "manage-group-users"],
    floor: Floor { permissions: &["manage-users"], least: 1, kept_by_untouchable: false, warn_under: 0 },
    high_risk: &[],
    untouchable: None,
    invitation: InvitationSpec { life: Life::DaysOrEnd(7), mails: Mails::Always, link: false },
    ends: Ends::Native { max_ahead: 30 },
    domains: Some(DomainSpec { on_lists_existing: true }),
    names_after_registration: true,
    restore_mails: true,
    locked_hint: "locked after several wrong passwords: the person resets it, administrators cannot unlock",
    exists_elsewhere: "an administrator",
    procedures: &[
        Procedure {
            action: Action::AllowDomain,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[Step { verb: Verb::AllowDomain, label: "allow-domain", keys: &[] }],
        },
        Procedure {
            action: Action::DisallowDomain,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[Step { verb: Verb::DisallowDomain, label: "disallow-domain", keys: &[] }],
        },
        Procedure {
            action: Action::Invite,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[Step { verb: Verb::Invite, label: "invite", keys: ALL }],
        },
        Procedure {
            action: Action::Reinvite,
            on: PhaseIs::Pending,
            tenant: None,
            steps: &[EDIT, Step { verb: Verb::Resend, label: "resend", keys: &[] }],
        },
        Procedure { action: Action::EditInvitation, on: PhaseIs::Pending, tenant: None, steps: &[EDIT] },
        Procedure { action: Action::CancelInvitation, on: PhaseIs::Pending, tenant: None, steps: DELETE },
        Procedure { action: Action::Edit, on: PhaseIs::Standing, tenant: None, steps: &[EDIT] },
        Procedure {
            action: Action::Restore,
            on: PhaseIs::Ended,
            tenant: None,
            steps: &[
                Step { verb: Verb::Set, label: "edit", keys: BUT_END },
                Step { verb: Verb::Restore, label: "restore", keys: &["end"] },
            ],
        },
        Procedure { action: Action::Remove, on: PhaseIs::Any, tenant: None, steps: DELETE },
    ],
    one_offs: &[reset_password(Gives::Mail), reset_two_factor(("features", "two-factor")), RESEND],
    reads_back: &[],
    firsts: &[("I4", checks::i4_promotion_clears_end)],
    checks: &[("I1", checks::i1_no_temporary_administrator), ("I2", checks::i2_end_at_most_30_days_ahead)],
    may: &[("I6", checks::i6_only_administrators_manage)],
    stand_ins: super::check::nobody_stands_in,
    sees_all: |_| true,
    console: &[
        Console {
            verb: Verb::Invite,
            key: None,
            steps: &[
                "open User Management from the submenu under your username in the top right corner",
                "invite {member} with the role {role}",
                "before sending, set: {others}",
            ],
            labels: true,
            check: "the Users page lists {member} as Unregistered with this role",
        },
        Console {
            verb: Verb::Resend,
            key: None,
            steps: &["open User Management", "click the Resend button against {member}"],
            labels: true,
            check: "only the newest link works; the person has the mail",
        },
        Console {
            verb: Verb::Set,
            key: Some("role"),
            steps: &[
                "open User Management and click the Edit button against {member}",
                "change the user role to {value}",
                "click the Save button",
            ],
            labels: true,
            check: "the Users page shows the role",
        },
        Console {
            verb: Verb::Set,
            key: Some("name"),
            steps: &["click the Edit button against {member}", "set name and surname to {value}", "click the Save button"],
            labels: true,
            check: "the Users page shows the name",
        },
        Console {
            verb: Verb::Set,
            key: Some("pii"),
            steps: &["click the Edit button against {member}", "set access for user profiles to {value}", "click the Save button"],
            labels: true,
            check: "the edit form shows the switch as set",
        },
        Console {
            verb: Verb::Set,
            key: Some("limited-products"),
            steps: &["click the Edit button against {member}", "set limited products: {value}", "click the Save button"],
            labels: true,
            check: "the edit form lists exactly these products",
        },
        Console {
            verb: Verb::Set,
            key: Some("groups"),
            steps: &["click the Edit button against {member}", "set the user's groups: {value}", "click the Save button"],
            labels: true,
            check: "the Users page, filtered by Group, shows the person in exactly these groups",
        },
        Console {
            verb: Verb::Set,
            key: Some("group-admin"),
            steps: &["click the Edit button against {member}", "assign as a group administrator: {value}", "click the Save button"],
            labels: true,
            check: "the edit form shows these groups as administered",
        },
        Console {
            verb: Verb::Set,
            key: Some("end"),
            steps: &["click the Edit button against {member}", "limit the panel access period to {value}", "click the Save button"],
            labels: true,
            check: "the edit form shows the date",
        },
        Console {
            verb: Verb::Restore,
            key: None,
            steps: &["click the Edit button against {member}", "set a new panel access period: {end}", "click the Save button"],
            labels: true,
            check: "the Users page lists {member} as Active",
        },
        // The page says that users reset their passwords, and names no button of an administrator's.
        Console {
            verb: Verb::ResetPassword,
            key: None,
            steps: &["have the mail for a new password sent to {member}, from the page where users sign in"],
            labels: false,
            check: "the person has the mail",
        },
        Console {
            verb: Verb::ResetTwoFactor,
            key: None,
            steps: &[
                "ensure that the password of {member} is safe: until it is set up anew, there is no second factor",
                "open User Management, and the three-dots menu against {member}",
                "choose to reset their 2FA, and click the Reset button in the confirmation message",
            ],
            labels: true,
            check: "{member} is asked to set 2FA up when signing in",
        },
        Console {
            verb: Verb::Delete,
            key: None,
            steps: &["open User Management", "open the three-dots menu against {member}", "click the Delete option"],
            labels: true,
            check: "the Users page does not list {member}",
        },
        Console {
            verb: Verb::Deactivate,
            key: None,
            steps: &["take the access of {member} away and keep the record"],
            labels: false,
            check: "{member} cannot sign in",
        },
        Console {
            verb: Verb::AllowDomain,
            key: None,
            steps: &["open User Management and click User Domain Whitelisting under the Actions menu", "add the domain {domain}"],
            labels: true,
            check: "the whitelist shows {domain}",
        },
        Console {
            verb: Verb::DisallowDomain,
            key: None,
            steps: &["click User Domain Whitelisting under the Actions menu", "remove the domain {domain}"],
            labels: true,
            check: "the whitelist does not show {domain}",
        },
    ],
    scim_roles: SCIM_ROLES,
    invitation_hints: &[
        "look in the spam folder",
        "verify that the address is correct",
        "the Resend button sends a new link; older links stop working",
    ],
    rules: RULES,
};

/// insider's rules in SYSTEMS.md.
const RULES: &[Rule] = &[
    both("I1", "an administrator is never temporary: an end beside `role: administrator` is an error at its line."),
    both("I2", "an end is at most 30 days ahead; with `renew: rolling` portcullis keeps it at most that far ahead and moves it on."),
    product("I3", "an end is inclusive, to 23:59:59 in the account's timezone, which is why `timezone` is required."),
    portcullis("I4", "who is promoted from temporary to administrator loses the end first, in a call of its own."),
    product(
        "I5",
        "administrators always view and export user profiles (PII); with `pii: true` others view them, and only editor and collaborator export them too.",
    ),
    product(
        "I6",
        "the access level follows from the rest: account (administrators), group (in a group or more), unassigned; as an actor, only an administrator changes anything.",
    ),
    both("I7", "groups exist only where the feature is on: without `features: [groups]`, `groups` and `group-admin` are errors."),
    both("I8", "a name can be set once the person has registered; until then portcullis defers it."),
    product("I9", "nobody can unlock a locked member: it is reported, never mended."),
    product("I10", "an expired or suspended member comes back by `restore`; the product writes to them, and they need not register again."),
    portcullis(
        "I11",
        "a domain is allowed before anyone from it is invited, and disallowed only after its last member has gone; else the plan names who is cut off, and the guard `cut-off` stops it.",
    ),
    both("I12", "domains match exactly: `acme.com` admits neither `evil-acme.com` nor `eu.acme.com`."),
    portcullis(
        "I13",
        "through SCIM the role is the primary entry of `roles`, `active: false` is suspended, and invitations are not seen: nothing is sent again.",
    ),
    both(
        "I14",
        "the whitelist is `off` or a list, never empty; switching it on lists the domains of all existing members, and what was not listed is disallowed by later changes of the same plan.",
    ),
    portcullis("I15", "members can be listed by status and by access level: `export --phase --level`."),
    X1,
    X2,
];

const ALL: &[&str] = &["role", "pii", "limited-products", "groups", "group-admin", "end", "name"];
const BUT_END: &[&str] = &["role", "pii", "limited-products", "groups", "group-admin", "name"];
/// One form saves all fields at once.
const EDIT: Step = Step { verb: Verb::Set, label: "edit", keys: ALL };
const DELETE: &[Step] = &[Step { verb: Verb::Delete, label: "delete", keys: &[] }];
