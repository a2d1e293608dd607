//! A plan as it is saved: what was reviewed, so that just that can be applied later, elsewhere, by
//! somebody else. Every digest in it can be computed again from what stands beside it.

mod signers;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value as Json, json};

use crate::model::{Actor, Email};

use super::approved::{Approved, ApprovedChange};
use super::change::{AccountPlan, Change, Plan};
use super::{Account, digest};

pub use signers::{AllowedSigners, Signature, Uncounted};
pub use statement::{AUDIT_NAMESPACE, NAMESPACE, Statement};

/// The version of the file's shape. Fields may be added; a change or a removal counts it up.
pub const SAVED_VERSION: u32 = 1;
/// What the file says it is.
pub const SAVED_KIND: &str = "saved-plan";

/// A saved plan: one JSON document in canonical form, keys sorted and no white space. It holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    pub schema_version: String,
    #[schemars(extend("const" = "saved-plan"))]
    pub kind: String,
    /// The program that made it, and its version.
    pub tool: String,
    /// The plan as `plan --format json` prints it: what reviewers read.
    pub plan: Json,
    pub accounts: Vec<SavedAccount>,
    /// The files of the manifests' folder that it was planned from.
    pub inputs: Vec<Input>,
    /// Where the manifests came from; null outside a git repository.
    #[serde(deserialize_with = "present")]
    pub source: Option<Source>,
    /// Where the audit log ended; null where there was none. What it says was applied later is spent.
    #[serde(deserialize_with = "present")]
    pub audit: Option<AuditEnd>,
    /// A hash of all but itself and the signatures.
    pub checksum: String,
    /// Who approved it.
    pub signatures: Vec<Signed>,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// One account, and what its digests are of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavedAccount {
    pub account: String,
    pub system: String,
    pub backend: String,
    /// Where its writes go.
    pub origin: String,
    #[serde(deserialize_with = "present")]
    pub tenant: Option<String>,
    /// Whom portcullis signed in as: role, privileges and scopes, as the connection says.
    pub actor: Json,
    pub digest: String,
    pub changes: Vec<SavedChange>,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// One change in canonical form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavedChange {
    pub id: String,
    pub digest: String,
    /// What the digest is of: system, origin, tenant, account, action, member or domain, before, after,
    /// and the calls with their channels.
    pub form: Json,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// One file of the manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Below the manifests' folder.
    pub file: String,
    pub digest: String,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// A revision of a git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The address of its remote `origin`, without user and password; null where it has none.
    #[serde(deserialize_with = "present")]
    pub repository: Option<String>,
    pub revision: String,
    /// The folder held something that is not in the revision.
    pub changed_since: bool,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// The end of an audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEnd {
    pub lines: u64,
    pub head: String,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// Somebody's approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Signed {
    /// What was signed, in canonical form.
    pub statement: Json,
    /// A signature as `ssh-keygen -Y sign -n portcullis-plan` makes it.
    pub signature: String,
    /// What a later version wrote beside it: the checksum covers it, so it stays.
    #[serde(flatten)]
    pub later: BTreeMap<String, Json>,
}

/// A field that is null where there is nothing, and never left out: what is left out would come back as null,
/// and the checksum is of both.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// Why a text is no saved plan that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSaved {
    #[error("it ends in the middle: it was cut off")]
    Cut,
    #[error("it is no JSON: {0}")]
    NoJson(String),
    #[error("it is no saved plan, but {0}")]
    Foreign(String),
    #[error("it is a saved plan of version {0}, and this portcullis reads up to {SAVED_VERSION}: it was made by a newer one ({1})")]
    Newer(String, String),
    #[error("it is no whole saved plan: {0}")]
    Shape(String),
    #[error("it was changed after it was saved: {0}")]
    Changed(String),
}

/// What surrounds a plan that is saved.
pub struct Surroundings {
    pub tool: String,
    /// The plan as it is printed.
    pub view: Json,
    pub inputs: Vec<Input>,
    pub source: Option<Source>,
    pub audit: Option<AuditEnd>,
}

impl Saved {
    /// The plan of these accounts, to be saved.
    pub fn of(plan: &Plan, accounts: &[Account<'_>], around: Surroundings) -> Self {
        let by_name: BTreeMap<&str, &Account<'_>> = accounts.iter().map(|a| (a.name.as_str(), a)).collect();
        let planned = plan.accounts.iter().filter_map(|p| Some((p, by_name.get(p.account.as_str())?)));
        let accounts = planned.map(|(planned, account)| SavedAccount::of(planned, account));
        let mut saved = Self {
            schema_version: SAVED_VERSION.to_string(),
            kind: SAVED_KIND.to_owned(),
            tool: around.tool,
            plan: around.view,
            accounts: accounts.collect(),
            inputs: around.inputs,
            source: around.source,
            audit: around.audit,
            checksum: String::new(),
            signatures: Vec::new(),
            later: BTreeMap::new(),
        };
        saved.checksum = checksum(&json!(saved));
        saved
    }

    /// Reads a saved plan, and proves that every digest in it is of what stands beside it.
    ///
    /// # Errors
    /// [`NotSaved`]: cut off, foreign, newer, changed.
    pub fn parse(text: &str) -> Result<Self, NotSaved> {
        let json: Json =
            serde_json::from_str(text).map_err(|e| if e.is_eof() { NotSaved::Cut } else { NotSaved::NoJson(e.to_string()) })?;
        foreign(&json)?;
        let saved: Self = Self::deserialize(&json).map_err(|e| NotSaved::Shape(e.to_string()))?;
        if checksum(&json) != saved.checksum {
            return Err(NotSaved::Changed("its checksum is another".to_owned()));
        }
        saved.prove()?;
        Ok(saved)
    }

    /// A text with its checksum put right, where it has one at all.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn sealed(text: &str) -> Option<String> {
        let mut json: Json = serde_json::from_str(text).ok()?;
        let checksum = checksum(&json);
        json.as_object_mut()?.insert("checksum".to_owned(), checksum.into());
        Some(json.to_string())
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        format!("{}\n", json!(self))
    }

    /// The digest of the whole plan.
    pub fn digest(&self) -> &str {
        self.plan["digest"].as_str().unwrap_or_default()
    }

    /// The instant that it was made for.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.plan["as_of"].as_str()?.parse().ok()
    }

    /// Made for another instant than the clock's.
    pub fn is_simulated(&self) -> bool {
        self.plan["simulated"].as_bool().unwrap_or(true)
    }

    pub fn account(&self, name: &str) -> Option<&SavedAccount> {
        self.accounts.iter().find(|a| a.account == name)
    }

    pub fn changes(&self) -> impl Iterator<Item = &SavedChange> {
        self.accounts.iter().flat_map(|a| &a.changes)
    }

    /// What was approved of each account: by the review alone, or by as many signatures as `quorum` says,
    /// of these.
    pub fn approved(&self, quorum: Option<usize>, signatures: &[Signature], uncounted: &[Uncounted]) -> BTreeMap<String, Approved> {
        let mut by_change: BTreeMap<&str, Vec<BTreeSet<Email>>> = BTreeMap::new();
        for signature in signatures {
            for change in &signature.changes {
                let signed = by_change.entry(change).or_default();
                merge(signed, &signature.who);
            }
        }
        let uncounted: Vec<String> = uncounted.iter().map(ToString::to_string).collect();
        let of = |account: &SavedAccount| {
            let mut approved = account.approved(self.digest());
            for change in approved.changes.values_mut() {
                change.signed = by_change.get(change.digest.as_str()).cloned().unwrap_or_default();
            }
            Approved { quorum, uncounted: uncounted.clone(), ..approved }
        };
        self.accounts.iter().map(|a| (a.account.clone(), of(a))).collect()
    }

    /// Every digest again, and the printed plan against the canonical forms.
    fn prove(&self) -> Result<(), NotSaved> {
        let changed = |what: String| Err(NotSaved::Changed(what));
        let printed = self.plan["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
        if printed.len() != self.accounts.len() {
            return changed("the printed plan has other accounts".to_owned());
        }
        for (account, printed) in self.accounts.iter().zip(printed) {
            let name = &account.account;
            if printed["account"] != *name || printed["digest"] != account.digest {
                return changed(format!("the printed plan has not the account {name}"));
            }
            account.prove()?;
            let shown = printed["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
            if shown.len() != account.changes.len() {
                return changed(format!("the printed plan has other changes of the account {name}"));
            }
            for (change, shown) in account.changes.iter().zip(shown) {
                if !change.is_shown(shown) {
                    return changed(format!("{} is printed as another change than its digest is of", change.id));
                }
            }
        }
        let whole = digest::of_plan(self.accounts.iter().map(|a| (a.account.as_str(), a.digest.as_str())));
        if whole.as_str() != self.digest() {
            return changed("the digest of the plan is not that of its accounts".to_owned());
        }
        Ok(())
    }
}

impl SavedAccount {
    /// The planned changes of the account.
    pub fn of(planned: &AccountPlan, account: &Account<'_>) -> Self {
        let change = |c: &Change| SavedChange {
            id: c.id.clone(),
            digest: c.digest.to_string(),
            form: digest::form(account, c),
            later: BTreeMap::new(),
        };
        Self {
            account: planned.account.clone(),
            system: planned.system.to_owned(),
            backend: planned.backend.to_owned(),
            origin: account.origin.to_owned(),
            tenant: digest::tenant(account).map(str::to_owned),
            actor: actor_form(&account.tenant.actor),
            digest: planned.digest.to_string(),
            changes: planned.changes.iter().map(change).collect(),
            later: BTreeMap::new(),
        }
    }

    /// Every digest again, of what stands beside it.
    ///
    /// # Errors
    /// [`NotSaved::Changed`].
    pub fn prove(&self) -> Result<(), NotSaved> {
        let changed = |what: String| Err(NotSaved::Changed(what));
        if digest::of_account(self.changes.iter().map(|c| c.digest.as_str())).as_str() != self.digest {
            return changed(format!("the digest of the account {} is not that of its changes", self.account));
        }
        for change in &self.changes {
            if digest::of_form(&change.form).as_str() != change.digest {
                return changed(format!("the digest of {} is not that of the change", change.id));
            }
            if !change.is_of(self) {
                return changed(format!("{} is another change than its digest is of", change.id));
            }
        }
        Ok(())
    }

    /// All of its changes, as approved with the plan of this digest.
    pub fn approved(&self, plan: &str) -> Approved {
        let change =
            |c: &SavedChange| (c.id.clone(), ApprovedChange { digest: c.digest.clone(), form: c.form.clone(), signed: Vec::new() });
        Approved { plan: plan.to_owned(), changes: self.changes.iter().map(change).collect(), ..Approved::default() }
    }
}

impl AuditEnd {
    pub fn at(lines: u64, head: String) -> Self {
        Self { lines, head, later: BTreeMap::new() }
    }
}

impl Input {
    pub fn of(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), digest: digest::of_text(text).to_string(), later: BTreeMap::new() }
    }
}

impl SavedChange {
    fn is_of(&self, account: &SavedAccount) -> bool {
        let id = ["account", "action", "subject"].map(|key| self.form[key].as_str().unwrap_or_default()).join("/");
        self.id == id
            && self.form["account"] == account.account
            && self.form["system"] == account.system
            && self.form["origin"] == account.origin
            && self.form["tenant"].as_str() == account.tenant.as_deref()
    }

    /// Whether the printed change says what the canonical form does.
    fn is_shown(&self, shown: &Json) -> bool {
        let of_domain = self.form["action"].as_str().is_some_and(|action| action.ends_with("-domain"));
        let (about, nobody) = if of_domain { ("domain", "member") } else { ("member", "domain") };
        let attrs = |key: &str| match (self.form[key].as_object(), shown[key].as_object()) {
            (None, None) => self.form[key].is_null() && shown[key].is_null(),
            (Some(form), Some(shown)) => {
                form.len() == shown.len() && form.iter().all(|(k, v)| shown.get(k).is_some_and(|s| s == v || v == "rolling"))
            }
            _ => false,
        };
        let calls = self.form["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let labels =
            |by_hand: bool| -> Vec<&Json> { calls.iter().filter(|c| !by_hand || c["channel"] != "api").map(|c| &c["label"]).collect() };
        let listed = |key: &str| shown[key].as_array().map(|all| all.iter().collect::<Vec<_>>()).unwrap_or_default();
        shown["id"] == self.id
            && shown["digest"] == self.digest
            && shown["action"] == self.form["action"]
            && shown[about] == self.form["subject"]
            && shown[nobody].is_null()
            && attrs("before")
            && attrs("after")
            && labels(false) == listed("calls")
            && labels(true) == listed("manual")
    }
}

/// Takes somebody into the list of who signed; who shares an address with another is the same person.
fn merge(signed: &mut Vec<BTreeSet<Email>>, who: &BTreeSet<Email>) {
    let (same, mut others): (Vec<_>, Vec<_>) = std::mem::take(signed).into_iter().partition(|s| !s.is_disjoint(who));
    others.push(same.into_iter().flatten().chain(who.iter().cloned()).collect());
    *signed = others;
}

fn foreign(json: &Json) -> Result<(), NotSaved> {
    let Some(object) = json.as_object() else { return Err(NotSaved::Foreign("other JSON".to_owned())) };
    match object.get("kind").and_then(Json::as_str) {
        Some(SAVED_KIND) => {}
        Some("plan") => return Err(NotSaved::Foreign("what `plan --format json` prints; `plan --out FILE` saves one".to_owned())),
        Some(kind) => return Err(NotSaved::Foreign(format!("a document of the kind `{kind}`"))),
        None => return Err(NotSaved::Foreign("other JSON".to_owned())),
    }
    let version = object.get("schema_version").and_then(Json::as_str).unwrap_or_default();
    if version.parse().is_ok_and(|v: u32| v > SAVED_VERSION) {
        let tool = object.get("tool").and_then(Json::as_str).unwrap_or("unnamed");
        return Err(NotSaved::Newer(version.to_owned(), tool.to_owned()));
    }
    if version.parse() != Ok(SAVED_VERSION) {
        return Err(NotSaved::Shape(format!("its version is `{version}`")));
    }
    Ok(())
}

/// Covers all but itself and the signatures, which come later; fields of later versions, too.
fn checksum(json: &Json) -> String {
    let mut json = json.clone();
    if let Some(object) = json.as_object_mut() {
        object.remove("checksum");
        object.remove("signatures");
    }
    digest::of_form(&json).to_string()
}

/// An actor as files tell of it.
pub fn actor_form(actor: &Actor) -> Json {
    let attrs: BTreeMap<&str, Json> = actor.attrs.iter().map(|(k, v)| (*k, v.to_json())).collect();
    json!({ "member": actor.member.as_ref().map(Email::key), "attributes": attrs, "delegated": actor.delegated })
}

#[cfg(test)]
mod tests;
