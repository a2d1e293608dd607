//! What runs hand back, in the words of the interface: the same JSON that the program prints.

use portcullis::apply;
use portcullis::manifest::Diagnostic;
use portcullis::plan::Plan;
use portcullis::render::{ApplyView, Kind, PlanView};
use serde_json::Value as Json;

/// Everything that is wrong with a folder.
#[must_use]
pub struct Checked(pub Vec<Diagnostic>);

impl Checked {
    /// `account.yaml:4:48 temporary-administrator` of every error, in order.
    pub fn errors(&self) -> Vec<String> {
        self.0.iter().filter(|d| d.is_error()).map(|d| format!("{} {}", d.place, d.code)).collect()
    }
    /// The lines of the errors, in order.
    pub fn lines(&self) -> Vec<u32> {
        self.0.iter().filter(|d| d.is_error()).map(|d| d.place.line()).collect()
    }
    /// What the only error says, hint included.
    pub fn only(&self) -> String {
        let [one] = &self.0[..] else { panic!("{:?}", self.errors()) };
        let more = [&one.expected, &one.hint].into_iter().flatten().map(|t| format!(" | {t}"));
        format!("{}{}", one.message, more.collect::<String>())
    }
}

/// A plan, as `plan --format json` prints it.
#[must_use]
pub struct Planned(pub Json);

impl Planned {
    pub(super) fn of(plan: &Plan) -> Self {
        Self(serde_json::to_value(PlanView::of(plan, Kind::Plan)).expect("a plan is JSON"))
    }

    pub fn all(&self, list: &str) -> Vec<&Json> {
        let accounts = self.0["accounts"].as_array().expect("accounts");
        accounts.iter().flat_map(|a| a[list].as_array().unwrap_or_else(|| panic!("no list {list}"))).collect()
    }
    /// `action who` of every change, in the order in which they are made.
    pub fn order(&self) -> Vec<String> {
        self.all("changes").into_iter().map(act).collect()
    }
    /// The same, sorted.
    pub fn acts(&self) -> Vec<String> {
        let mut acts = self.order();
        acts.sort();
        acts
    }
    /// The one change of a member or domain.
    pub fn change(&self, who: &str) -> &Json {
        let found: Vec<&Json> = self.all("changes").into_iter().filter(|c| c["member"] == who || c["domain"] == who).collect();
        assert_eq!(found.len(), 1, "changes of {who}: {found:?}");
        found[0]
    }
    /// `who code` of everything blocked, sorted.
    pub fn blocked(&self) -> Vec<String> {
        let mut all: Vec<String> = self.all("blocked").into_iter().map(|b| format!("{} {}", who(b), text(&b["code"]))).collect();
        all.sort();
        all
    }
    /// Who could make the blocked change.
    pub fn needs(&self, member: &str) -> &str {
        let found: Vec<&Json> = self.all("blocked").into_iter().filter(|b| b["member"] == member || b["domain"] == member).collect();
        assert_eq!(found.len(), 1, "blocked of {member}: {found:?}");
        text(&found[0]["needs"])
    }
    /// `code who` of every report, sorted.
    pub fn reports(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.all("reports").into_iter().map(|r| format!("{} {}", text(&r["code"]), who(r)).trim_end().to_owned()).collect();
        all.sort();
        all
    }
    /// What the one report about a member says.
    pub fn report(&self, member: &str) -> &str {
        let found: Vec<&Json> = self.all("reports").into_iter().filter(|r| r["member"] == member).collect();
        assert_eq!(found.len(), 1, "reports of {member}: {found:?}");
        text(&found[0]["message"])
    }
    /// `code=actual` of every guard that tripped, sorted.
    pub fn tripped(&self) -> Vec<String> {
        let guards = self.0["guards"].as_array().expect("guards");
        let mut all: Vec<String> =
            guards.iter().filter(|g| g["tripped"] == true).map(|g| format!("{}={}", text(&g["code"]), g["actual"])).collect();
        all.sort();
        all
    }
    /// The guard of that code, tripped or not.
    pub fn guard(&self, code: &str) -> &Json {
        let guards = self.0["guards"].as_array().expect("guards");
        guards.iter().find(|g| g["code"] == code).unwrap_or_else(|| panic!("no guard {code}"))
    }
    pub fn digest(&self) -> String {
        text(&self.0["digest"]).to_owned()
    }
    /// Whether the reading of the account is whole, and why not.
    pub fn problems(&self, account: &str) -> Vec<&str> {
        let found = self.0["accounts"].as_array().expect("accounts").iter().find(|a| a["account"] == account).expect("the account");
        let reading = &found["reading"];
        let problems: Vec<&str> = reading["problems"].as_array().expect("problems").iter().map(text).collect();
        assert_eq!(reading["complete"], problems.is_empty(), "{reading}");
        problems
    }
}

/// What an apply did, as `apply --format json` prints it.
#[must_use]
pub struct Applied(pub Json);

impl Applied {
    pub(super) fn of(applied: &apply::Applied) -> Self {
        Self(serde_json::to_value(ApplyView::of(applied)).expect("an apply is JSON"))
    }
    fn results(&self) -> &Vec<Json> {
        self.0["results"].as_array().expect("results")
    }
    /// `result account/action/who`, in the order of the plan.
    pub fn said(&self) -> Vec<String> {
        self.results().iter().map(|r| format!("{} {}", text(&r["result"]), text(&r["id"]))).collect()
    }
    /// The results that are neither applied nor already so.
    pub fn failed(&self) -> Vec<String> {
        let bad = |r: &&Json| r["result"] != "applied" && r["result"] != "already";
        self.results().iter().filter(bad).map(|r| format!("{}: {}", text(&r["id"]), text(&r["message"]))).collect()
    }
    /// What was said about the one change of a member.
    pub fn message(&self, member: &str) -> &str {
        let found: Vec<&Json> = self.results().iter().filter(|r| text(&r["id"]).ends_with(member)).collect();
        assert_eq!(found.len(), 1, "results of {member}: {found:?}");
        text(&found[0]["message"])
    }
    /// `who code` of what is blocked.
    pub fn blocked(&self) -> Vec<String> {
        self.0["blocked"].as_array().expect("blocked").iter().map(|b| format!("{} {}", who(b), text(&b["code"]))).collect()
    }
    /// `action who` of what a fresh reading still shows.
    pub fn left(&self) -> Vec<String> {
        self.0["left"].as_array().expect("left").iter().map(act).collect()
    }
}

/// Live members, as `export --format json` prints them.
#[must_use]
pub struct Exported(pub Json);

impl Exported {
    fn members(&self) -> Vec<&Json> {
        self.0["accounts"].as_array().expect("accounts").iter().flat_map(|a| a["members"].as_array().expect("members")).collect()
    }
    pub fn emails(&self) -> Vec<&str> {
        self.members().into_iter().map(|m| text(&m["email"])).collect()
    }
    pub fn member(&self, who: &str) -> &Json {
        let found: Vec<&Json> = self.members().into_iter().filter(|m| m["email"] == who).collect();
        assert_eq!(found.len(), 1, "members {who}");
        found[0]
    }
    /// The domains of the only account.
    pub fn domains(&self) -> &Json {
        &self.0["accounts"][0]["domains"]
    }
}

/// What the program printed.
#[must_use]
pub struct Printed {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Printed {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text"))
}
fn who(of: &Json) -> &str {
    of["member"].as_str().or_else(|| of["domain"].as_str()).unwrap_or_default()
}
fn act(change: &Json) -> String {
    format!("{} {}", text(&change["action"]), who(change))
}
