//! The fixed keys of manifests as types. They are never filled: the JSON Schemas come from them,
//! and with those an editor's completion.
#![expect(dead_code, reason = "for their schema alone; values are lowered from the arena")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A text. YAML's numbers, dates and booleans are texts here: `no`, `0777`, `1e3`.
pub(super) struct Text;

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// A mapping whose keys depend on the system.
pub(super) struct Open;

impl JsonSchema for Open {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Open".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// Access as code: who may enter which account, in which role, where, until when.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Manifest {
    /// How each account is reached, and as whom. An account uses the connection of the same name, or the one that it names.
    connections: Option<BTreeMap<String, Open>>,
    /// Limits that stop an account's plan before its first write, for all accounts.
    guards: Option<Guards>,
    /// Reusable grants: what each gives, by account, or by system for all its accounts.
    profiles: Option<BTreeMap<String, BTreeMap<String, Open>>>,
    /// The directory: who there is.
    people: Option<BTreeMap<String, Person>>,
    /// Named lists of people.
    teams: Option<BTreeMap<String, Vec<TeamMember>>>,
    /// Who may enter each account.
    accounts: Option<BTreeMap<String, Open>>,
}

/// Someone in the directory.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Person {
    /// The address that the person is invited by.
    email: Text,
    /// The whole name; or `given` and `family`.
    name: Option<Text>,
    /// Given name, with `family` instead of `name`.
    given: Option<Text>,
    /// Family name, with `given` instead of `name`.
    family: Option<Text>,
    /// Earlier addresses: a new address is then no removal and invitation of a stranger.
    previously: Option<Vec<Text>>,
    /// The last day, inclusive, or `now`: ends every membership.
    leaves: Option<Text>,
    /// Profiles: the person gets what they give, in every account that they name.
    profiles: Option<Vec<Text>>,
    /// Another address for one account, by the account's name.
    accounts: Option<BTreeMap<String, OtherAddress>>,
}

/// The person's address in one account.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct OtherAddress {
    /// The address that the person has in this account.
    email: Text,
    /// Earlier addresses in this account; the one for all accounts is among them by itself.
    previously: Option<Vec<Text>>,
}

/// A person's id, another team, or a profile for everyone in the list.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum TeamMember {
    Person(Text),
    Team(TeamOf),
    Profile(ProfileOf),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct TeamOf {
    /// All people of that team.
    team: Text,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ProfileOf {
    /// Everyone in this team gets what the profile gives, in every account that it names.
    profile: Text,
}

/// What a profile gives in one account.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// Why, where an entry does not say it: a ticket, a role in the company.
    reason: Option<Text>,
}

/// How one account is reached: the keys that all systems share.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Connection {
    /// The kind of product.
    system: Text,
    /// How the account is read and written.
    backend: BackendWord,
    /// IANA name, `Europe/Paris`: the days of `end`, `start` and `leaves` are days there.
    timezone: Option<Text>,
    /// The identity that portcullis signs in as; its role bounds what can be seen and done.
    actor: Option<Open>,
    /// Where the token comes from: `token` is the variable `PORTCULLIS_TOKEN_<CONNECTION>`.
    auth: Option<Auth>,
    /// The server's address, for network backends.
    endpoint: Option<Text>,
    /// Pins who and where: checked at reading.
    expect: Option<Expect>,
    /// Relative to the manifests' folder: the embedded backend's database, or the roster's export.
    file: Option<Text>,
    /// A second reading beside a network backend, for what that cannot read.
    also: Option<Also>,
    /// Rosters: what separates the items of a list in one cell. Without it a cell is one item.
    separator: Option<Text>,
    /// Rosters: how the export's bytes are text (default `utf-8`).
    encoding: Option<EncodingWord>,
    /// Rosters: when the export was made, `2026-11-22T09:00:00Z`. Times of files are never used.
    exported: Option<Text>,
    /// Rosters: how old the export may be, `7d`; needs `exported`.
    max_age: Option<Text>,
    /// Rosters: whether exports end with a line break (default `true`: one that does not, and whose last cell
    /// may be cut, is no reading).
    final_line_break: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Also {
    /// An export, relative to the manifests' folder.
    roster: Text,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum EncodingWord {
    /// With or without a byte order mark.
    #[schemars(rename = "utf-8")]
    Utf8,
    /// As its byte order mark says.
    #[schemars(rename = "utf-16")]
    Utf16,
    /// Western European, of older Windows programs.
    #[schemars(rename = "windows-1252")]
    Windows1252,
}

/// Where the links of invitations are written, one file a member, for whoever hands them over. They
/// are secrets and stand in no output.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Links {
    /// A folder below the manifests' one; keep it out of the repository.
    directory: Text,
    /// An age key, `age1...`: each link is encrypted to whoever keeps its secret half.
    recipient: Option<Text>,
}

/// The actor is a host's: it sees and writes only the tenants that delegated their user management to
/// the host, as an admin of each would. `actor.role` is `admin` then, or left out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Host {
    /// Those tenants, as the host calls them; the others are out of reach.
    delegated: Vec<Text>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum BackendWord {
    /// The sandbox in one local file.
    Embedded,
    /// A small HTTP service in front of the product, in the bridge protocol.
    Bridge,
    /// SCIM 2.0 over HTTP.
    Scim,
    /// An exported list, read; every change is a step of the runbook.
    Roster,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Auth {
    Word(AuthWord),
    Source(AuthSource),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum AuthWord {
    /// The variable `PORTCULLIS_TOKEN_<CONNECTION>`.
    Token,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AuthSource {
    /// A file that holds the token.
    file: Option<Text>,
    /// A program and its arguments that print the token.
    command: Option<Vec<Text>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expect {
    /// The server's own identifier of the account.
    tenant: Option<Text>,
    /// The address of the actor.
    actor: Option<Text>,
}

/// Who may enter one account.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Account {
    /// Restates the connection's system, so that an editor completes that system's words.
    system: Option<Text>,
    /// The connection that reaches it, where that has another name; on a system with tenants several
    /// accounts may share one.
    connection: Option<Text>,
    /// Which of the connection's tenants it is, as the host calls it; the account's own name where it
    /// is not said.
    tenant: Option<Text>,
    /// What happens to people who are not listed.
    mode: Option<ModeWord>,
    /// Bots and vendor staff: seen, never touched. `*` stands for any run of characters.
    ignore: Option<Vec<Text>>,
    /// Break-glass members: any change is refused.
    protect: Option<Vec<Text>>,
    /// Addresses that must not be members, whatever the mode.
    absent: Option<Vec<Text>>,
    /// The members. An empty list is nobody; leave the key out to manage nobody.
    members: Option<Vec<Open>>,
    /// Limits for this account alone, never laxer than those at the top level.
    guards: Option<Guards>,
    /// Codes of blocks that are known and no reason to fail.
    accept_blocked: Option<Vec<Text>>,
    /// Whether nothing is written to the account without an audit log.
    audit: Option<AuditWord>,
    /// Practices that are not warned of, each `off` or with the reason.
    lints: Option<Lints>,
    /// The day on which somebody last went through who is in.
    reviewed: Option<Text>,
    /// How invitations that nobody accepts are repeated.
    invitations: Option<Invitations>,
    /// What a removal does, where the backend knows both.
    on_removal: Option<RemovalWord>,
}

/// Whether an audit log must be there.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum AuditWord {
    /// Nothing is written without one, and `portcullis audit start` begins it.
    Required,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lints {
    /// A new person comes straight into an administering role.
    straight_to_administrator: Option<LintOff>,
    /// More administrators than can be answered for.
    too_many_administrators: Option<LintOff>,
    /// Fewer administrators than the product recommends.
    no_backup_administrator: Option<LintOff>,
    /// An administering grant without a reason.
    privileged_without_reason: Option<LintOff>,
    /// Somebody from outside without an end.
    temporary_without_end: Option<LintOff>,
    /// An invitation that is over, of somebody whom no entry names.
    invitation_never_accepted: Option<LintOff>,
    /// Nobody reviewed the account for a quarter.
    not_reviewed: Option<LintOff>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum LintOff {
    Word(OffWord),
    Because(OffBecause),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum OffWord {
    /// Not warned of.
    Off,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct OffBecause {
    /// Why it is not warned of.
    off: Text,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum ModeWord {
    /// Reports people who are not listed (default).
    Adopt,
    /// Leaves them alone: one line with their number.
    Additive,
    /// Removes them.
    Authoritative,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum RemovalWord {
    /// Takes the access and keeps the record (default).
    Deactivate,
    /// Deletes the record.
    Delete,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Invitations {
    /// From the end of an invitation's life to the next one: `3d`, `36h`.
    cooldown: Option<Text>,
    /// Invitations in all.
    attempts: Option<u32>,
    /// How long an invitation lives, where the system does not say: `14d`.
    life: Option<Text>,
}

/// Trips when the number is over min(most, max(count, floor(percent × members))).
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limit {
    count: Option<u32>,
    percent: Option<u32>,
    most: Option<u32>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Guards {
    /// Removals of active members.
    removals: Option<Limit>,
    /// Edits that narrow.
    reductions: Option<Limit>,
    /// Invitations taken back.
    cancelled_invitations: Option<Limit>,
    /// Domains taken off the whitelist.
    disallowed_domains: Option<Limit>,
    /// Whitelists switched off.
    open_domains: Option<Limit>,
    /// People whom a disallowed domain or a removed subaccount would cut off.
    cut_off: Option<Limit>,
    /// Members who come to administer.
    new_administrators: Option<Limit>,
    /// Ends moved later or cleared.
    end_extensions: Option<Limit>,
    /// Messages that invite.
    invitations: Option<Limit>,
    /// Active administrators left after every call.
    minimum_administrators: Option<u32>,
}

/// One member: a person, a team or an address, and what is granted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Entry {
    /// A person's id.
    person: Option<Text>,
    /// A team's id: everyone in it.
    team: Option<Text>,
    /// Someone outside the directory.
    email: Option<Text>,
    /// The name, with `email` only.
    name: Option<Text>,
    /// A profile: gives what its section for this account says. What stands beside it here replaces that.
    profile: Option<Text>,
    /// Why: a ticket, a project.
    reason: Option<Text>,
    /// Nothing before this day.
    start: Option<Text>,
    /// The last day, inclusive, in the account's timezone.
    end: Option<Text>,
}
