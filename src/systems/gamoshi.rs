//! Gamoshi (seed 000; SYSTEMS.md G1–G5). Nothing is known of an API: invitation life and default
//! level are stated nowhere.

use crate::model::{Action, Attrs, Tenant, Verb};

use super::one_off::{Gives, RESEND, Secret, reset_password};
use super::spec::{
    AttrSpec, Axis, Console, Ends, Floor, InvitationSpec, Kind, Life, Mails, Merge, PermitRow, PhaseIs, Procedure, Required, Rule, Scopes,
    Step, SystemSpec, Word, Words, X1, both, portcullis, product,
};
use super::{Demand, Needs, Seeking, Who};

const fn row(permission: &'static str, when: &'static [(&'static str, &'static [&'static str])]) -> PermitRow {
    PermitRow { permission, scopes: Scopes::Account, when, denied_by: None }
}

const USER_MANAGER: &[(&str, &[&str])] = &[("role", &["user-manager"])];

pub static SPEC: SystemSpec = SystemSpec {
    name: "gamoshi",
    product: "Gamoshi",
    summary: "regular users of two levels, and analytics users who read for one business partner",
    backends: &["embedded", "bridge", "roster"],
    attrs: &[
        AttrSpec {
            key: "name",
            kind: Kind::Text,
            axis: Axis::Label,
            merge: Merge::Same,
            required: Required::Never,
            feature: None,
            doc: "Full name of the person.",
        },
        AttrSpec {
            key: "role",
            kind: Kind::One(Words::Fixed(&[
                Word { word: "user-manager", doc: "All modules, the Users module and account settings.", assignable: true },
                Word { word: "user", doc: "All modules except the Users module.", assignable: true },
            ])),
            axis: Axis::Power,
            merge: Merge::WithRole,
            required: Required::Unless("partner"),
            feature: None,
            doc: "The level of a regular user, set in a second step after the invitation (G1); analytics users have `partner` instead.",
        },
        AttrSpec {
            key: "partner",
            kind: Kind::One(Words::Discovered),
            axis: Axis::Power,
            merge: Merge::WithRole,
            required: Required::Never,
            feature: None,
            doc: "The one business partner of an analytics user, who is external and only reads (G4); in place of `role`.",
        },
        AttrSpec {
            key: "settings",
            kind: Kind::Opaque,
            axis: Axis::Unknown,
            merge: Merge::Same,
            required: Required::Never,
            feature: None,
            doc: "Account access settings, compared as data: what they mean for access is not documented (G5).",
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
    facts: &[],
    limits: &[],
    actors: &[],
    rows: &[
        row("modules", &[("role", &["user-manager", "user"])]),
        row("users-module", USER_MANAGER),
        row("account-settings", USER_MANAGER),
        // G4: read only, of that partner.
        PermitRow { permission: "analytics", scopes: Scopes::Each("partner"), when: &[], denied_by: None },
    ],
    includes: &[],
    administers: &["users-module"],
    // G3: the page asks for at least one backup User Manager.
    floor: Floor { permissions: &["users-module"], least: 1, kept_by_untouchable: false, warn_under: 2 },
    high_risk: &[],
    untouchable: None,
    invitation: InvitationSpec { life: Life::Setting, mails: Mails::Always, link: false },
    ends: Ends::None,
    domains: None,
    names_after_registration: false,
    restore_mails: false,
    locked_hint: "locked, which the product's page does not name: a user manager generates a new password",
    exists_elsewhere: "a user manager",
    procedures: &[
        // G1: the form asks for no level; who is created has the default one.
        Procedure {
            action: Action::Invite,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[
                Step { verb: Verb::Invite, label: "invite", keys: &["name", "partner"] },
                // Named by the level, for which there is this call at all; one form saves both (G5).
                Step { verb: Verb::Set, label: "set-role", keys: &["role", "settings"] },
            ],
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
        // G2: for good; nobody is restored.
        Procedure { action: Action::Remove, on: PhaseIs::Any, tenant: None, steps: DELETE },
    ],
    one_offs: &[reset_password(Gives::Secret(Secret::Password)), RESEND],
    // G1: who was invited has a default level, and the page does not say which.
    reads_back: &[(Action::Invite, Verb::Set)],
    firsts: &[],
    checks: &[],
    may: &[("G5", g5_only_user_managers_manage), ("G4", g4_a_member_stays_of_its_kind)],
    stand_ins: super::check::nobody_stands_in,
    sees_all: |_| true,
    console: &[
        Console {
            verb: Verb::Invite,
            key: None,
            steps: &[
                "go to the Users Module, Regular tab (an analytics user: the tab of analytics users)",
                "click the '+' icon in the top-right corner of the grid table",
                "in the New User form fill in {member}, {name}; business partner: {partner}",
                "click the 'Invite' button",
            ],
            labels: true,
            check: "the grid table lists {member}, who was sent the onboarding email",
        },
        Console {
            verb: Verb::Resend,
            key: None,
            steps: &["find {member} in the Regular Users table", "resend the invitation"],
            labels: false,
            check: "the person has the email",
        },
        Console {
            verb: Verb::Set,
            key: Some("role"),
            steps: &[
                "click the '(edit)' link in the 'Roles' column of {member}",
                "set the permission level to {value}",
                "save the changes",
            ],
            labels: true,
            check: "the 'Roles' column shows the level",
        },
        Console {
            verb: Verb::Set,
            key: Some("name"),
            steps: &["click the '(edit)' link in the 'Roles' column of {member}", "set the name to {value}", "save the changes"],
            labels: true,
            check: "the grid table shows the name",
        },
        Console {
            verb: Verb::Set,
            key: Some("settings"),
            steps: &[
                "click the '(edit)' link in the 'Roles' column of {member}",
                "set the account access settings: {value}",
                "save the changes",
            ],
            labels: true,
            check: "the edit form shows these account access settings",
        },
        Console {
            verb: Verb::ResetPassword,
            key: None,
            steps: &[
                "find {member} in the Regular Users table (an analytics user: in the table of analytics users)",
                "click the 'Lock' icon in the Actions column",
                "generate a new password for the user, and hand it over as a secret",
            ],
            labels: true,
            check: "{member} signs in with the new password",
        },
        Console {
            verb: Verb::Delete,
            key: None,
            steps: &[
                "find {member} in the Regular Users table",
                "click the 'Remove User' icon in the Actions column",
                "confirm the removal, which is permanent",
            ],
            labels: true,
            check: "the table does not list {member}",
        },
    ],
    scim_roles: &[],
    invitation_hints: &["check spam and junk folders", "verify that the address is correct", "resend the invitation if needed"],
    rules: RULES,
};

/// gamoshi's rules in SYSTEMS.md.
const RULES: &[Rule] = &[
    portcullis("G1", "an invitation gives the default level, which no page names; the level is set in a second call, and read back."),
    product("G2", "a removal is immediate and permanent: nobody is restored, and who comes back is invited anew."),
    portcullis("G3", "fewer than two user managers is a warning, since the page asks for a backup; none is refused."),
    both(
        "G4",
        "an analytics user is external, reads for exactly one business partner and has no level; nobody is turned from one kind into the other.",
    ),
    product(
        "G5",
        "user managers alone manage users, and edit name and contact information, level and account access settings; regular and analytics users live in one account.",
    ),
    X1,
];

/// One form saves all that a user manager may edit (G5).
const EDIT: Step = Step { verb: Verb::Set, label: "edit", keys: &["name", "role", "settings"] };
const DELETE: &[Step] = &[Step { verb: Verb::Delete, label: "delete", keys: &[] }];

fn g5_only_user_managers_manage(tenant: &Tenant, _: &Seeking<'_>) -> Option<Demand> {
    let attrs = &tenant.actor.attrs;
    let may = !SPEC.chiefs().any(|a| attrs.contains_key(a.key)) || SPEC.administers(attrs);
    Some(Demand::new((!may).then_some("actor-lacks-role"), Needs::any([Who::new("a user manager")])))
}

/// The product's page lets nobody turn a regular user into an analytics user or back, nor give one
/// another partner.
fn g4_a_member_stays_of_its_kind(_: &Tenant, seeking: &Seeking<'_>) -> Option<Demand> {
    let kind = |attrs: &Attrs| SPEC.chiefs().find(|a| attrs.contains_key(a.key)).map(|a| a.key);
    let (Some(before), Some(after)) = (kind(seeking.before), kind(seeking.after)) else { return None };
    if before == after && (before != "partner" || seeking.before.get(before) == seeking.after.get(after)) {
        return None;
    }
    let who = Who::new("a user manager").who("removes the person, which is permanent, and invites again after that");
    Some(Demand::new(Some("no-safe-path"), Needs::any([who])))
}
