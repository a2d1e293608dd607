//! Meta Conversions API Gateway and Signals Gateway, users of one hosted account (seed 004;
//! SYSTEMS.md M1–M7).

use crate::model::{Action, Tenant, Verb};

use super::one_off::{Gives, LINK, Secret, reset_password};
use super::spec::{
    AttrSpec, Axis, Console, Ends, FactSpec, Floor, InvitationSpec, Kind, Life, Limit, Mails, May, Merge, PermitRow, PhaseIs, Procedure,
    Required, Rule, Scopes, Step, SystemSpec, TenantsSpec, Word, Words, X1, both, portcullis, product,
};
use super::{Demand, Needs, Seeking, Who};

const fn row(permission: &'static str, scopes: Scopes, roles: &'static [(&'static str, &'static [&'static str])]) -> PermitRow {
    PermitRow { permission, scopes, when: roles, denied_by: None }
}

const ADMIN: &[(&str, &[&str])] = &[("role", &["admin"])];
const STANDARD: &[(&str, &[&str])] = &[("role", &["standard"])];
const VIEW_ONLY: &[(&str, &[&str])] = &[("role", &["view-only"])];

pub static SPEC: SystemSpec = SystemSpec {
    name: "meta-gateway",
    product: "Meta Conversions API Gateway",
    summary: "three roles in one hosted account, data sources of standard users, invitation links that are secrets",
    backends: &["embedded", "bridge", "roster"],
    // No name: the person gives it with the host account, and no page shows it.
    attrs: &[
        AttrSpec {
            key: "role",
            kind: Kind::One(Words::Fixed(&[
                Word {
                    word: "admin",
                    doc: "All users and permissions of the account, pixels, all its applications. May delete the account.",
                    assignable: true,
                },
                Word { word: "standard", doc: "Changes assigned data sources. May delete the account (M7).", assignable: true },
                Word { word: "view-only", doc: "Views data sources, their data and some applications.", assignable: true },
            ])),
            axis: Axis::Power,
            merge: Merge::WithRole,
            required: Required::Always,
            feature: None,
            doc: "What the person may do in this account.",
        },
        AttrSpec {
            key: "data-sources",
            kind: Kind::Set { words: Words::Discovered, denies: false },
            axis: Axis::Where,
            merge: Merge::Union,
            required: Required::Never,
            feature: None,
            doc: "The data sources that a standard user may change; with `role: standard` only.",
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
    tenants: Some(TenantsSpec {
        delegates: "an admin of the account, who delegates the user management to the host, and the tenant under `host.delegated`",
        // "host admins for accounts that delegated": what its admins do, and nothing else.
        stands_for: ("role", "admin"),
    }),
    facts: &[FactSpec {
        key: "smtp",
        kind: Kind::Flag,
        with: None,
        doc: "The host can send mail: invitations go out by themselves. Without it their links are handed over by hand (M3).",
    }],
    limits: &[Limit { rule: "M7", attr: "data-sources", words: &[], with: "role", one_of: &["standard"] }],
    actors: &[],
    // The page names what each role may do, and does not say that one role holds the next one's.
    rows: &[
        row("users-and-permissions", Scopes::Account, ADMIN),
        row("pixels", Scopes::Account, ADMIN),
        row("view-applications", Scopes::Account, ADMIN),
        row("change-data-sources", Scopes::Each("data-sources"), STANDARD),
        // "An account admin or standard user can delete an account".
        row("delete-account", Scopes::Account, &[("role", &["admin", "standard"])]),
        row("view-data-sources", Scopes::Account, VIEW_ONLY),
        row("view-data", Scopes::Account, VIEW_ONLY),
        row("view-some-applications", Scopes::Account, VIEW_ONLY),
    ],
    includes: &[],
    administers: &["users-and-permissions"],
    floor: Floor { permissions: &["users-and-permissions"], least: 1, kept_by_untouchable: false, warn_under: 0 },
    high_risk: &[("role", "standard")],
    untouchable: None,
    // 24 hours.
    invitation: InvitationSpec { life: Life::Days(1), mails: Mails::If("smtp"), link: true },
    ends: Ends::None,
    domains: None,
    names_after_registration: false,
    restore_mails: false,
    locked_hint: "locked, which nothing here undoes: an admin of the account resets the password",
    exists_elsewhere: "an admin of the account",
    procedures: &[
        Procedure {
            action: Action::Invite,
            on: PhaseIs::Any,
            tenant: None,
            steps: &[Step { verb: Verb::Invite, label: "invite", keys: BOTH }],
        },
        Procedure {
            action: Action::Reinvite,
            on: PhaseIs::Pending,
            tenant: None,
            steps: &[EDIT, Step { verb: Verb::Resend, label: "link", keys: &[] }],
        },
        Procedure { action: Action::EditInvitation, on: PhaseIs::Pending, tenant: None, steps: &[EDIT] },
        Procedure { action: Action::CancelInvitation, on: PhaseIs::Pending, tenant: None, steps: REVOKE },
        Procedure { action: Action::Edit, on: PhaseIs::Standing, tenant: None, steps: &[EDIT] },
        Procedure { action: Action::Remove, on: PhaseIs::Any, tenant: None, steps: REVOKE },
    ],
    // M6: a lost link is generated anew; nothing is sent again.
    one_offs: &[reset_password(Gives::Secret(Secret::PasswordLink)), LINK],
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
                "open the Users menu under Account settings",
                "click Invite a new user, provide {member}, select the role {role} and click Continue",
                "without SMTP: copy the link and send it to the user; it is a secret and lives 24 hours",
                "click Done",
                "assign: {others}",
            ],
            labels: true,
            check: "the Users menu lists {member} with this role",
        },
        Console {
            verb: Verb::Resend,
            key: None,
            steps: &[
                "open the Users menu under Account settings",
                "click the Edit button next to {member}, then Generate invite link",
                "click Copy link and send the invitation link to the user; it is a secret and lives 24 hours",
            ],
            labels: true,
            check: "the person has the new link",
        },
        Console {
            verb: Verb::Set,
            key: Some("role"),
            steps: &[
                "open the Users menu under Account settings",
                "click the Edit button next to {member}",
                "select the role {value} and save",
            ],
            labels: false,
            check: "the Users menu lists {member} with this role",
        },
        Console {
            verb: Verb::Set,
            key: Some("data-sources"),
            steps: &[
                "open the Users menu under Account settings",
                "click the Edit button next to {member}",
                "assign data sources: {value}, and save",
            ],
            labels: false,
            check: "exactly these data sources are assigned",
        },
        Console {
            verb: Verb::ResetPassword,
            key: None,
            steps: &[
                "open the Users menu under Account settings",
                "click the Edit button for {member}, then the Reset button in the Password section",
                "copy the link generated and send it to the user; it is a secret",
            ],
            labels: true,
            check: "the person has the link",
        },
        Console {
            verb: Verb::Delete,
            key: None,
            steps: &["open the Users menu under Account settings", "click the Edit button of {member} and then select Revoke"],
            labels: true,
            check: "the Users menu does not list {member}; the person stays in other accounts (M5)",
        },
    ],
    scim_roles: &[],
    invitation_hints: &[
        "look in the spam folder",
        "verify that the address is correct",
        "a link lives 24 hours; a lost one is generated anew (M6)",
    ],
    rules: RULES,
};

/// meta-gateway's rules in SYSTEMS.md.
const RULES: &[Rule] = &[
    both("M1", "an account keeps an admin at every moment; the last one cannot be removed, and admins alone manage users."),
    portcullis(
        "M2",
        "the link of an invitation is a secret: it stands in no plan, log or comment, only in a file of mode 0600, encrypted where a key is named.",
    ),
    product(
        "M3",
        "without SMTP at the host the link is the only delivery; the result of an apply counts the links that wait for hand-over.",
    ),
    both("M4", "a host actor reaches only accounts that delegated user management; another one is out of reach, not empty."),
    product("M5", "revoking is for one account: the person stays in the others."),
    product("M6", "a lost link is generated anew; a link lives 24 hours."),
    portcullis("M7", "`standard` may also delete the account: granting it is high risk; data sources go with `standard` alone."),
    X1,
];

const BOTH: &[&str] = &["role", "data-sources"];
/// One form, behind the Edit button, saves both.
const EDIT: Step = Step { verb: Verb::Set, label: "edit", keys: BOTH };
const REVOKE: &[Step] = &[Step { verb: Verb::Delete, label: "revoke", keys: &[] }];
const MAY: &[(&str, May)] = &[("M1", m1_only_admins_manage)];

/// "The account administrator can manage the account users".
fn m1_only_admins_manage(tenant: &Tenant, _: &Seeking<'_>) -> Option<Demand> {
    let attrs = &tenant.actor.attrs;
    let may = !attrs.contains_key("role") || SPEC.administers(attrs);
    Some(Demand::new((!may).then_some("actor-lacks-role"), Needs::any([Who::new("an admin of the account")])))
}
