//! Who may do what, where and until when, worked out a second time: tables copied by hand from
//! SYSTEMS.md (Permissions), never read from the systems' literals and never through the planner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use portcullis::model::{Invitation, Live, Phase, Value};

/// How long a grant holds. The order is the order of more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    Day(Date),
    Ever,
}

/// (person, permission, scope).
pub type Grant = (String, String, String);
pub type Access = BTreeMap<Grant, Until>;

const EMMA_LADDER: &[(&str, &[&str])] = &[
    ("response-only", &["reports"]),
    ("author", &["campaigns"]),
    ("editor", &["audience"]),
    ("full", &["send"]),
    ("administrator", &["settings", "subaccount-users", "api-keys", "export"]),
];
const EMMA_MANAGER: &[&str] =
    &["reports", "campaigns", "audience", "send", "settings", "subaccount-users", "api-keys", "approvals", "top-level-users"];

// What one can do, not what the page calls it: who creates, edits and launches campaigns also tests
// them, edits unlaunched ones and pauses. The page names these three for the collaborator alone, and
// so do the rows that judge directions; but a temporary collaborator who becomes an administrator is
// without an end for one call (I4), and has then nothing that the administrator lacks.
const INSIDER: &[(&str, &[&str])] = &[
    (
        "administrator",
        &[
            "products",
            "view-campaigns",
            "create-campaigns",
            "edit-campaigns",
            "launch-campaigns",
            "create-test-campaigns",
            "edit-unlaunched-campaigns",
            "pause-campaigns",
            "change-campaign-status",
            "change-system-rules",
            "manage-users",
            "view-user-profiles",
            "export-user-profiles",
        ],
    ),
    (
        "editor",
        &[
            "products",
            "view-campaigns",
            "create-campaigns",
            "edit-campaigns",
            "launch-campaigns",
            "create-test-campaigns",
            "edit-unlaunched-campaigns",
            "pause-campaigns",
            "change-campaign-status",
            "change-system-rules",
        ],
    ),
    ("collaborator", &["products", "view-campaigns", "create-test-campaigns", "edit-unlaunched-campaigns", "pause-campaigns"]),
    ("viewer", &["products", "view-campaigns"]),
    ("outsourcer", &["change-system-rules"]),
    ("campaign-status-updater", &["change-campaign-status"]),
];

const GAMOSHI: &[(&str, &[&str])] = &[("user-manager", &["modules", "users-module", "account-settings"]), ("user", &["modules"])];

/// Of the data sources, a standard user changes those that are assigned.
const META: &[(&str, &[&str])] = &[
    ("admin", &["users-and-permissions", "pixels", "view-applications", "delete-account"]),
    ("standard", &["delete-account"]),
    ("view-only", &["view-data-sources", "view-data", "view-some-applications"]),
];

/// The products that worlds limit, and one that stands for all others.
const PRODUCTS: &[&str] = &["web", "app", "mail", "others"];

/// All access that the members give. Pending people count with what they will have once they have
/// accepted, where there is still something to accept; locked ones with what waits for them.
pub fn access(system: &str, members: &[Live]) -> Access {
    let mut all = Access::new();
    for member in members {
        let gives = match &member.phase {
            Phase::Active | Phase::Locked => true,
            Phase::Pending { state, .. } => *state == Invitation::Open,
            Phase::Expired | Phase::Suspended => false,
        };
        if gives {
            let held = Held::of(member);
            for (permission, scope) in held.permissions(system) {
                all.insert((member.email.to_string(), permission, scope), held.until);
            }
        }
    }
    all
}

/// What `now` gives beyond both others: empty, or an access that nobody had or was to have.
pub fn beyond<'a>(now: &'a Access, before: &Access, after: &Access) -> Vec<(&'a Grant, Until)> {
    now.iter().filter(|(grant, until)| before.get(grant).max(after.get(grant)) < Some(until)).map(|(g, u)| (g, *u)).collect()
}

/// Active members who administer the account.
pub fn administrators(system: &str, members: &[Live]) -> usize {
    let administers = |held: Held| match system {
        "emma-hq" => {
            held.role == "parent" || (matches!(held.role.as_str(), "manager" | "administrator") && !held.set("subaccounts").is_empty())
        }
        "insider" => held.role == "administrator",
        "gamoshi" => held.role == "user-manager",
        "meta-gateway" => held.role == "admin",
        _ => held.set("groups").contains("super-user"),
    };
    members.iter().filter(|m| m.phase == Phase::Active && administers(Held::of(m))).count()
}

/// One member's attributes as plain words.
struct Held {
    role: String,
    partner: Option<String>,
    /// Nobody knows what they give: each setting is something that one has or has not (G5).
    settings: BTreeSet<String>,
    pii: bool,
    sets: BTreeMap<&'static str, BTreeSet<String>>,
    until: Until,
}

impl Held {
    fn of(member: &Live) -> Self {
        let seen = member.seen();
        let words = |v: &Value| Some(v.as_set()?.iter().map(ToString::to_string).collect());
        let settings = match seen.get("settings") {
            Some(Value::Opaque(data)) => data.as_object().into_iter().flatten().map(|(k, v)| format!("setting {k}={v}")).collect(),
            _ => BTreeSet::new(),
        };
        Self {
            partner: seen.get("partner").and_then(|v| v.as_one()).map(ToString::to_string),
            settings,
            role: seen.get("role").and_then(|v| v.as_one()).map(ToString::to_string).unwrap_or_default(),
            pii: seen.get("pii").and_then(|v| v.as_flag()).unwrap_or(false),
            sets: seen.iter().filter_map(|(k, v)| Some((*k, words(v)?))).collect(),
            until: seen.get("end").and_then(|v| v.as_day()).map_or(Until::Ever, Until::Day),
        }
    }

    fn set(&self, key: &str) -> BTreeSet<&str> {
        self.sets.get(key).into_iter().flatten().map(String::as_str).collect()
    }

    fn permissions(&self, system: &str) -> BTreeSet<(String, String)> {
        match system {
            "emma-hq" => self.of_emma(),
            "insider" => self.of_insider(),
            "gamoshi" => self.of_gamoshi(),
            "meta-gateway" => self.of_meta(),
            _ => self.of_solver(),
        }
    }

    fn of_emma(&self) -> BTreeSet<(String, String)> {
        if self.role == "parent" {
            return BTreeSet::from([("everything".into(), "account".into())]);
        }
        let mut all: Vec<&str> = Vec::new();
        if self.role == "manager" {
            all.extend(EMMA_MANAGER);
        } else {
            let rung = EMMA_LADDER.iter().position(|(role, _)| *role == self.role);
            all.extend(EMMA_LADDER.iter().take(rung.map_or(0, |r| r + 1)).flat_map(|(_, adds)| adds.iter()));
        }
        let privileges: Vec<String> = self.set("privileges").into_iter().map(|p| format!("privilege {p}")).collect();
        let all = all.into_iter().map(str::to_owned).chain(privileges);
        all.flat_map(|p| self.set("subaccounts").into_iter().map(move |s| (p.clone(), s.to_owned()))).collect()
    }

    fn of_insider(&self) -> BTreeSet<(String, String)> {
        let row = INSIDER.iter().find(|(role, _)| *role == self.role).map_or(&[][..], |(_, p)| p);
        let mut all: BTreeSet<String> = row.iter().map(|p| (*p).to_owned()).collect();
        if all.remove("products") {
            let limited = self.set("limited-products");
            all.extend(PRODUCTS.iter().filter(|p| !limited.contains(**p)).map(|p| format!("product {p}")));
        }
        if self.pii && !self.role.is_empty() {
            all.insert("view-user-profiles".into());
            if matches!(self.role.as_str(), "editor" | "collaborator") {
                all.insert("export-user-profiles".into());
            }
        }
        let scopes: Vec<&str> = std::iter::once("account").chain(self.set("groups")).collect();
        let mut everywhere: BTreeSet<_> = all.iter().flat_map(|p| scopes.iter().map(move |s| (p.clone(), (*s).to_owned()))).collect();
        everywhere.extend(self.set("group-admin").into_iter().map(|g| ("manage-group-users".into(), g.to_owned())));
        everywhere
    }

    fn of_solver(&self) -> BTreeSet<(String, String)> {
        let groups = self.set("groups");
        let mut all = BTreeSet::new();
        if !groups.is_empty() {
            all.extend(["view-all", "create-segment", "create-broadcast", "read-reports"]);
        }
        if groups.contains("advanced") || groups.contains("super-user") {
            all.insert("approve-broadcast");
        }
        if groups.contains("super-user") {
            all.insert("manage-permissions");
        }
        all.into_iter().map(|p| (p.to_owned(), "account".to_owned())).collect()
    }

    fn of_gamoshi(&self) -> BTreeSet<(String, String)> {
        let row = GAMOSHI.iter().find(|(role, _)| *role == self.role).map_or(&[][..], |(_, p)| p);
        let all = row.iter().map(|p| ((*p).to_owned(), "account".to_owned()));
        let reads = self.partner.iter().map(|p| ("analytics".to_owned(), p.clone()));
        all.chain(reads).chain(self.settings.iter().map(|s| (s.clone(), "account".to_owned()))).collect()
    }

    fn of_meta(&self) -> BTreeSet<(String, String)> {
        let row = META.iter().find(|(role, _)| *role == self.role).map_or(&[][..], |(_, p)| p);
        let mut all: BTreeSet<_> = row.iter().map(|p| ((*p).to_owned(), "account".to_owned())).collect();
        if self.role == "standard" {
            all.extend(self.set("data-sources").into_iter().map(|s| ("change-data-sources".to_owned(), s.to_owned())));
        }
        all
    }
}
