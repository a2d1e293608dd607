//! Things Solver, Solver AI Suite (seed 003; SYSTEMS.md S1–S3).

use crate::model::{Action, Verb};

use super::one_off::{Gives, RESEND, reset_password};
use super::spec::{
    AttrSpec, Axis, Console, Ends, Floor, InvitationSpec, Kind, Life, Mails, May, Merge, PermitRow, PhaseIs, Procedure, Required, Rule,
    Scopes, Step, SystemSpec, Word, Words, X1, portcullis, product,
};
use super::{Demand, Needs, Seeking, Who};
use crate::model::Tenant;

const ANY_GROUP: &[(&str, &[&str])] = &[("groups", &["standard", "advanced", "super-user"])];

pub static SPEC: SystemSpec = SystemSpec {
    name: "solver",
    product: "Solver AI Suite",
    summary: "three fixed groups; what a user may do is the sum of their groups",
    backends: &["embedded", "bridge", "roster"],
    attrs: &[
        AttrSpec {
            key: "name",
            kind: Kind::Text,
            axis: Axis::Label,
            merge: Merge::Same,
            required: Required::Never,
            feature: None,
            doc: "The person's name.",
        },
        AttrSpec {
            key: "groups",
            kind: Kind::Set {
                words: Words::Fixed(&[
                    Word { word: "standard", doc: "Views all resources, creates audiences, sends broadcasts.", assignable: true },
                    Word { word: "advanced", doc: "All of standard, and approves broadcasts.", assignable: true },
                    Word { word: "super-user", doc: "Full access, user management included.", assignable: true },
                ]),
                denies: false,
            },
            axis: Axis::Power,
            merge: Merge::Same,
            required: Required::Always,
            feature: None,
            doc: "The fixed groups of the person, at least one (S1, S3).",
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
    // S2: the page's prose and matrix.
    rows: &[
        PermitRow { permission: "view-all", scopes: Scopes::Account, when: ANY_GROUP, denied_by: None },
        PermitRow { permission: "create-segment", scopes: Scopes::Account, when: ANY_GROUP, denied_by: None },
        PermitRow { permission: "create-broadcast", scopes: Scopes::Account, when: ANY_GROUP, denied_by: None },
        PermitRow { permission: "read-reports", scopes: Scopes::Account, when: ANY_GROUP, denied_by: None },
        PermitRow {
            permission: "approve-broadcast",
            scopes: Scopes::Account,
            when: &[("groups", &["advanced", "super-user"])],
            denied_by: None,
        },
        PermitRow { permission: "manage-permissions", scopes: Scopes::Account, when: &[("groups", &["super-user"])], denied_by: None },
    ],
    includes: &[],
    administers: &["manage-permissions"],
    floor: Floor { permissions: &["manage-permissions"], least: 1, kept_by_untouchable: false, warn_under: 0 },
    high_risk: &[],
    untouchable: None,
    invitation: InvitationSpec { life: Life::Setting, mails: Mails::Always, link: false },
    ends: Ends::None,
    domains: None,
    names_after_registration: false,
    restore_mails: false,
    locked_hint: "locked, which nothing here undoes: the person resets the password",
    exists_elsewhere: "a super user",
    procedures: &[
        Procedure {
            action: Action::Invite,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[Step { verb: Verb::Invite, label: "invite", keys: &["name", "groups"] }],
        },
        Procedure { action: Action::Reinvite, on: PhaseIs::Pending, tenant: None, steps: SET_THEN_RESEND },
        Procedure { action: Action::EditInvitation, on: PhaseIs::Pending, tenant: None, steps: SETS },
        Procedure { action: Action::CancelInvitation, on: PhaseIs::Pending, tenant: None, steps: DELETE },
        Procedure { action: Action::Edit, on: PhaseIs::Standing, tenant: None, steps: SETS },
        Procedure { action: Action::Remove, on: PhaseIs::Any, tenant: None, steps: DELETE },
    ],
    one_offs: &[reset_password(Gives::Mail), RESEND],
    reads_back: &[],
    firsts: &[],
    checks: &[],
    may: MAY,
    stand_ins: super::check::nobody_stands_in,
    sees_all: |_| true,
    console: &[
        Console {
            verb: Verb::Invite,
            key: None,
            steps: &[
                "click your name in the upper-right corner and select Account Management",
                "in Identity and Access Management (IAM), create a new user for {member}, {name}",
                "add the user to: {groups}",
            ],
            labels: true,
            check: "the user is listed with exactly these groups and was sent the email to set a password",
        },
        Console {
            verb: Verb::Resend,
            key: None,
            steps: &[
                "click your name in the upper-right corner and select Account Management",
                "use Password reset for {member}: it sends the email again",
            ],
            labels: true,
            check: "the person has the email",
        },
        Console {
            verb: Verb::Set,
            key: Some("groups"),
            steps: &[
                "click your name in the upper-right corner and select Account Management",
                "open the user {member}",
                "add to or remove from the existing groups: {value}",
            ],
            labels: true,
            check: "the user is in exactly these groups",
        },
        Console {
            verb: Verb::ResetPassword,
            key: None,
            steps: &["click your name in the upper-right corner and select Account Management", "use Password reset for {member}"],
            labels: true,
            check: "the person has the email",
        },
        Console {
            verb: Verb::Delete,
            key: None,
            steps: &["open Account Management", "delete the user {member}"],
            labels: false,
            check: "the user is gone from the list",
        },
    ],
    scim_roles: &[],
    invitation_hints: &["look in the spam folder", "verify that the address is correct"],
    rules: RULES,
};

/// solver's rules in SYSTEMS.md.
const RULES: &[Rule] = &[
    product("S1", "the groups are fixed: people are added to them and taken out, and no group is made."),
    product(
        "S2",
        "every group views, creates segments and broadcasts, and reads and exports reports; advanced and super users approve broadcasts; super users alone manage permissions, so an actor below them may change nothing.",
    ),
    portcullis("S3", "a person in no group is an error."),
    X1,
];

/// The page lets groups be edited, and nothing else.
const SETS: &[Step] = &[Step { verb: Verb::Set, label: "set-groups", keys: &["groups"] }];
const SET_THEN_RESEND: &[Step] =
    &[Step { verb: Verb::Set, label: "set-groups", keys: &["groups"] }, Step { verb: Verb::Resend, label: "resend", keys: &[] }];
const DELETE: &[Step] = &[Step { verb: Verb::Delete, label: "delete", keys: &[] }];
const MAY: &[(&str, May)] = &[("S2", s2_only_super_users_manage)];

fn s2_only_super_users_manage(tenant: &Tenant, _: &Seeking<'_>) -> Option<Demand> {
    let attrs = &tenant.actor.attrs;
    let may = !attrs.contains_key("groups") || SPEC.administers(attrs);
    Some(Demand::new((!may).then_some("actor-lacks-role"), Needs::any([Who::new("a super user")])))
}
