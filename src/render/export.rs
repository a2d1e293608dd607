//! The live members of accounts, for programs and spreadsheets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{Atom, Attrs, Domains, Known, Live, Phase, Scope, Tenant, Value};
use crate::systems::{AttrSpec, Axis, Kind, Scopes, SystemSpec};

use super::neutral::{Neutral, cell};
use super::paint::Paint;
use super::plan_text_change::{members, value};
use super::plan_view::{SCHEMA_VERSION, TOOL, schema_of};
use super::spelt::{Spelt, Word};

/// One account as read: what an export is made of.
pub struct ExportAccount<'a> {
    pub account: String,
    pub system: &'static SystemSpec,
    pub tenant: &'a Tenant,
    pub sandbox: bool,
    pub complete: bool,
    /// Why the reading is incomplete.
    pub problems: Vec<String>,
    pub domains: Known<Domains>,
    pub members: Vec<Live>,
}

/// Where a member has access (SYSTEMS.md I6, I15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Administers the account.
    Account,
    /// Is in one or more groups.
    Group,
    Unassigned,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Level::Account => "account",
            Level::Group => "group",
            Level::Unassigned => "unassigned",
        }
    }

    /// The level of a member; `None` where the system has no levels, or where nobody can tell
    /// because what decides was not read.
    pub fn of(system: &SystemSpec, live: &Live) -> Option<Self> {
        let sets: Vec<_> = system.rows.iter().filter_map(|r| set_beside_the_account(r.scopes)).collect();
        if sets.is_empty() {
            return None;
        }
        let seen = live.seen();
        let everywhere =
            |(permission, scope): &(Atom, Scope)| *scope == Scope::Account && system.administers.contains(&permission.as_str());
        if system.permits(&seen).iter().any(everywhere) {
            return Some(Level::Account);
        }
        system.chiefs().find_map(|a| live.attr(a.key).seen())?;
        let sets: Vec<_> = system.rows.iter().filter_map(|r| set_of(r.scopes)).collect();
        if sets.iter().any(|key| seen.get(key).and_then(Value::as_set).is_some_and(|s| !s.is_empty())) {
            return Some(Level::Group);
        }
        sets.iter().all(|key| matches!(live.attr(key), Known::Seen(_))).then_some(Level::Unassigned)
    }
}

impl Spelt for Level {
    const NAME: &'static str = "Level";
    fn values() -> Vec<Self> {
        [Level::Account, Level::Group, Level::Unassigned].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

/// The set of a row that holds for the account and again in each word.
fn set_beside_the_account(scopes: Scopes) -> Option<&'static str> {
    match scopes {
        Scopes::AccountAndEach(key) => Some(key),
        Scopes::Account | Scopes::Each(_) => None,
    }
}

fn set_of(scopes: Scopes) -> Option<&'static str> {
    match scopes {
        Scopes::AccountAndEach(key) | Scopes::Each(key) => Some(key),
        Scopes::Account => None,
    }
}

/// Keeps the members in one of these phases (`Phase::word`); none given keeps all.
pub fn only_phases(accounts: &mut [ExportAccount<'_>], phases: &[&str]) {
    if !phases.is_empty() {
        for account in accounts {
            account.members.retain(|m| phases.contains(&m.phase.word()));
        }
    }
}

/// Keeps the members of one of these levels; none given keeps all. Whose level nobody knows goes.
pub fn only_levels(accounts: &mut [ExportAccount<'_>], levels: &[Level]) {
    if !levels.is_empty() {
        for account in accounts {
            let system = account.system;
            account.members.retain(|m| Level::of(system, m).is_some_and(|l| levels.contains(&l)));
        }
    }
}

/// The live members of accounts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "export"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub sandbox: bool,
    pub accounts: Vec<ExportAccountView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportAccountView {
    pub account: String,
    pub system: &'static str,
    pub sandbox: bool,
    /// Whether the reading is whole; else the members are not all, and `problems` says why.
    pub complete: bool,
    pub problems: Vec<String>,
    /// Sorted; `["*"]` where everybody may come in; null where the system has no whitelist or it
    /// was not read.
    pub domains: Option<Vec<String>>,
    /// Sorted by address.
    pub members: Vec<MemberView>,
}

/// One member. Beside these fields: each attribute of the system by its key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberView {
    pub email: String,
    pub name: Option<String>,
    pub phase: &'static str,
    /// open, over, declined or failed; null where the member is not pending.
    pub invitation: Option<&'static str>,
    #[serde(flatten)]
    pub attributes: BTreeMap<String, Json>,
    /// The last day of access.
    pub end: Option<String>,
    /// The whitelist keeps their domain out, which no phase shows: nothing of what follows can be used now.
    pub cut_off: bool,
    /// Whether the member can change who has access.
    pub administers: bool,
    /// Effective permissions, sorted; none for whom access has ended.
    pub permissions: Vec<String>,
    /// Null where the system has no levels, or where nobody can tell.
    pub level: Option<Word<Level>>,
    /// Attributes that this backend does not read.
    pub unreadable: Vec<&'static str>,
    /// Attributes that are not shown to this actor.
    pub hidden: Vec<&'static str>,
    /// Sets of which this actor sees a part.
    pub partly_seen: Vec<&'static str>,
    /// The name is not there before the person has registered (SYSTEMS.md I8): nothing to read.
    #[serde(skip)]
    pub(super) is_unregistered: bool,
    /// Asked for, and nobody is there.
    #[serde(skip)]
    pub(super) is_declared: bool,
    /// Where the role holds and what it permits there, for the rows of the CSV.
    #[serde(skip)]
    grants: BTreeMap<Scope, Grant>,
}

/// A role in one scope.
#[derive(Debug, Default)]
struct Grant {
    /// The attributes that name the scope: `subaccounts`; none for the account.
    named_by: BTreeSet<&'static str>,
    permissions: BTreeSet<Atom>,
}

impl Grant {
    fn all(system: &SystemSpec, access: &Attrs) -> BTreeMap<Scope, Grant> {
        let mut grants: BTreeMap<Scope, Grant> = BTreeMap::new();
        for (permission, scope) in system.permits(access) {
            grants.entry(scope).or_default().permissions.insert(permission);
        }
        for key in system.rows.iter().filter_map(|r| set_of(r.scopes)) {
            for word in access.get(key).and_then(Value::as_set).into_iter().flatten() {
                if let Some(grant) = grants.get_mut(&Scope::In(word.clone())) {
                    grant.named_by.insert(key);
                }
            }
        }
        grants
    }
}

impl ExportView {
    pub fn of(accounts: &[ExportAccount<'_>]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "export",
            tool: TOOL,
            sandbox: accounts.iter().any(|a| a.sandbox),
            accounts: accounts.iter().map(ExportAccountView::of).collect(),
        }
    }
}

impl ExportAccountView {
    fn of(account: &ExportAccount<'_>) -> Self {
        let mut members: Vec<MemberView> =
            account.members.iter().map(|m| MemberView::of(account.system, account.tenant, m, &account.domains)).collect();
        members.sort_by(|a, b| a.email.cmp(&b.email));
        let domains = account.system.domains.as_ref().and_then(|_| account.domains.seen()).map(|d| match d {
            Domains::Off => vec!["*".to_owned()],
            Domains::Only(list) => list.iter().map(|d| d.as_str().to_owned()).collect(),
        });
        Self {
            account: account.account.clone(),
            system: account.system.name,
            sandbox: account.sandbox,
            complete: account.complete,
            problems: account.problems.clone(),
            domains,
            members,
        }
    }
}

impl MemberView {
    /// The scopes in which something is permitted (none for the account), and what.
    pub(super) fn holds(&self) -> impl Iterator<Item = (Option<String>, Vec<String>)> {
        self.grants.iter().map(|(scope, grant)| {
            let scope = match scope {
                Scope::Account => None,
                Scope::In(word) => Some(word.to_string()),
            };
            (scope, grant.permissions.iter().map(|p| p.as_str().to_owned()).collect())
        })
    }

    /// Whether it gives access, or will once accepted or unlocked.
    pub(super) fn is_standing(&self) -> bool {
        matches!(self.phase, "pending" | "active" | "locked")
    }

    /// Whether what is held can be used now.
    pub(super) fn is_active(&self) -> bool {
        self.phase == Phase::Active.word() && !self.is_declared && !self.cut_off
    }

    /// `administers`, or that it would.
    pub(super) fn administers_in_words(&self) -> &'static str {
        match (self.administers, self.is_active()) {
            (false, _) => "",
            (true, true) => ", administers",
            (true, false) => ", would administer",
        }
    }

    /// What access waits for; nothing where it is there.
    pub(super) fn once(&self) -> &'static str {
        match self.phase {
            "locked" if self.cut_off => "once unlocked and the whitelist lists the domain",
            "locked" => "once unlocked",
            _ if self.is_active() => "",
            "active" if self.cut_off && !self.is_declared => "once the whitelist lists the domain",
            _ if self.cut_off => "once accepted and the whitelist lists the domain",
            _ => "once accepted",
        }
    }

    /// `pending, invitation open, would administer`.
    pub(super) fn standing_in_words(&self) -> String {
        let invitation = self.invitation.map(|i| format!(", invitation {i}")).unwrap_or_default();
        let level = self.level.map(|l| format!(", level {}", l.0.word())).unwrap_or_default();
        let kept_out = if self.cut_off { ", kept out by the whitelist" } else { "" };
        format!("{}{invitation}{kept_out}{}{level}", self.phase, self.administers_in_words())
    }

    pub(super) fn of(system: &'static SystemSpec, tenant: &Tenant, live: &Live, domains: &Known<Domains>) -> Self {
        let access = match live.phase {
            Phase::Pending { .. } | Phase::Active | Phase::Locked => live.seen(),
            Phase::Expired | Phase::Suspended => Attrs::new(),
        };
        let mut view = Self {
            email: live.email.key().to_owned(),
            name: None,
            phase: live.phase.word(),
            invitation: match &live.phase {
                Phase::Pending { state, .. } => Some(state.word()),
                Phase::Active | Phase::Locked | Phase::Expired | Phase::Suspended => None,
            },
            attributes: BTreeMap::new(),
            end: None,
            cut_off: live.phase.is_standing() && system.is_cut_off(live, domains),
            administers: system.administers(&access),
            permissions: system.permissions(&access).iter().map(|p| p.as_str().to_owned()).collect(),
            level: Level::of(system, live).map(Word),
            unreadable: Vec::new(),
            hidden: Vec::new(),
            partly_seen: Vec::new(),
            is_unregistered: false,
            is_declared: false,
            grants: Grant::all(system, &access),
        };
        for attr in system.attrs {
            view.take(system, tenant, attr, live);
        }
        view
    }

    fn take(&mut self, system: &SystemSpec, tenant: &Tenant, attr: &'static AttrSpec, live: &Live) {
        let known = live.attr(attr.key);
        // A tenant without the feature has nothing there; a system without ends has none to read.
        let of_another_kind = system.is_chief(attr.key) && system.chiefs().any(|a| live.attr(a.key).seen().is_some());
        let nothing_to_read = !system.offers(attr, tenant) || (attr.axis == Axis::Until && !system.has_native_ends()) || of_another_kind;
        let is_deferred = attr.axis == Axis::Label && system.names_after_registration && live.phase.is_pending();
        let json = match known {
            Known::Seen(value) => value.to_json(),
            Known::Partly(value) => {
                self.partly_seen.push(attr.key);
                value.to_json()
            }
            Known::Unreadable if is_deferred => {
                self.is_unregistered = true;
                return;
            }
            Known::Hidden | Known::Unreadable if nothing_to_read => empty(&attr.kind),
            Known::Hidden | Known::Unreadable => {
                let list = if *known == Known::Hidden { &mut self.hidden } else { &mut self.unreadable };
                list.push(attr.key);
                // The chief attribute is always there, so that readers need not ask for the system.
                if system.is_chief(attr.key) {
                    self.attributes.insert(attr.key.to_owned(), Json::Null);
                }
                return;
            }
        };
        match (attr.axis, attr.key) {
            (Axis::Until, "end") => self.end = json.as_str().map(str::to_owned),
            (Axis::Label, "name") => self.name = json.as_str().map(str::to_owned),
            _ => {
                self.attributes.insert(attr.key.to_owned(), json);
            }
        }
    }
}

/// Why there is no name, and none that could be read (SYSTEMS.md I8).
pub(super) const UNREGISTERED: &str = "no name before the person has registered";

fn empty(kind: &Kind) -> Json {
    match kind {
        Kind::Set { .. } => Json::Array(Vec::new()),
        Kind::Flag => Json::Bool(false),
        Kind::One(_) | Kind::Day | Kind::Text | Kind::Opaque => Json::Null,
    }
}

/// The JSON Schema of [`ExportView`]: `schemas/export.schema.json`.
pub fn export_schema() -> Json {
    schema_of::<ExportView>("export")
}

/// Writes one row a member and grant (a role in one scope: the account, a subaccount, a group), with
/// a header; a member without grants has one row. Cells are safe to open in a spreadsheet.
///
/// # Errors
/// What the stream answers.
pub fn csv(out: &mut impl Write, view: &ExportView) -> io::Result<()> {
    let mut keys: Vec<&str> = view.accounts.iter().flat_map(|a| &a.members).flat_map(|m| m.attributes.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut rows = csv::Writer::from_writer(out);
    let head = ["account", "system", "email", "name", "phase", "invitation", "end", "administers", "level", "scope", "in", "permissions"];
    rows.write_record(head.iter().copied().chain(keys.iter().copied()))?;
    for account in &view.accounts {
        for member in &account.members {
            let who = [
                account.account.clone(),
                account.system.to_owned(),
                member.email.clone(),
                member.name.clone().unwrap_or_default(),
                member.phase.to_owned(),
                member.invitation.unwrap_or_default().to_owned(),
                member.end.clone().unwrap_or_default(),
                member.administers.to_string(),
                member.level.map_or("", |l| l.0.word()).to_owned(),
            ];
            let attributes: Vec<String> = keys.iter().map(|k| member.attributes.get(*k).map(flat).unwrap_or_default()).collect();
            let mut row = |grant: [&str; 3]| {
                let cells = who.iter().map(String::as_str).chain(grant).chain(attributes.iter().map(String::as_str));
                rows.write_record(cells.map(cell))
            };
            if member.grants.is_empty() {
                row(["", "", ""])?;
            }
            for (scope, grant) in &member.grants {
                let scope = match scope {
                    Scope::Account => "account",
                    Scope::In(word) => word.as_str(),
                };
                let named_by: Vec<&str> = grant.named_by.iter().copied().collect();
                let permissions: Vec<&str> = grant.permissions.iter().map(Atom::as_str).collect();
                row([scope, &named_by.join("; "), &permissions.join("; ")])?;
            }
        }
    }
    rows.flush()
}

/// A value in one cell: lists by semicolon.
fn flat(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        Json::Array(list) => list.iter().map(flat).collect::<Vec<_>>().join("; "),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => json.to_string(),
    }
}

/// Writes the members for people.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, view: &ExportView, paint: Paint) -> io::Result<()> {
    let (strong, faint, alarm) = (paint.strong(), paint.faint(), paint.alarm());
    if view.accounts.is_empty() {
        writeln!(out, "no account stands in the manifests here")?;
    }
    for account in &view.accounts {
        let sandbox = if account.sandbox { " SANDBOX" } else { "" };
        write!(out, "{strong}{}{strong:#} ({}){sandbox}: {}", Neutral(&account.account), account.system, members(account.members.len()))?;
        writeln!(out, "{}", if account.complete { "" } else { ", incomplete reading" })?;
        for problem in &account.problems {
            writeln!(out, "  {alarm}!{alarm:#} {}", Neutral(problem))?;
        }
        if let Some(domains) = &account.domains {
            let list: Vec<String> = domains.iter().map(|d| Neutral(d).to_string()).collect();
            writeln!(out, "  domains: {}", list.join(", "))?;
        }
        for member in &account.members {
            let mark = if member.administers { "!" } else { " " };
            write!(out, " {alarm}{mark}{alarm:#}{}", Neutral(&member.email))?;
            if let Some(name) = &member.name {
                write!(out, " ({})", Neutral(name))?;
            }
            let invitation = member.invitation.map(|i| format!(", invitation {i}")).unwrap_or_default();
            write!(out, "  {}{invitation}", member.phase)?;
            if let Some(end) = &member.end {
                write!(out, ", until {end}")?;
            }
            if let Some(level) = member.level {
                write!(out, ", level {}", level.0.word())?;
            }
            writeln!(out, "{}", member.administers_in_words())?;
            // What is not known is listed below, so what is empty need not be.
            for (key, json) in member.attributes.iter().filter(|(_, json)| !is_empty(json)) {
                writeln!(out, "    {key}: {}", value(json))?;
            }
            let lists = [
                ("unreadable here", &member.unreadable),
                ("hidden from this actor", &member.hidden),
                ("seen in part", &member.partly_seen),
            ];
            for (what, keys) in lists.into_iter().filter(|(_, k)| !k.is_empty()) {
                writeln!(out, "    {what}: {}", keys.join(", "))?;
            }
            if member.is_unregistered {
                writeln!(out, "    {UNREGISTERED}")?;
            }
            if !member.permissions.is_empty() {
                let may = if member.is_active() { "may".to_owned() } else { format!("would, {}", member.once()) };
                writeln!(out, "    {faint}{may}: {}{faint:#}", member.permissions.join(", "))?;
            }
        }
    }
    Ok(())
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Array(list) => list.is_empty(),
        Json::Bool(true) | Json::Number(_) | Json::String(_) | Json::Object(_) => false,
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
