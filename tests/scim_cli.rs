//! The whole program over SCIM: a real server that somebody else wrote, under the real clock, since
//! an apply refuses network accounts under any other.

#[path = "support/program.rs"]
mod program;
#[path = "support/scim_server.rs"]
mod scim_server;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use program::World;
use scim_server::ScimServer;
use serde_json::{Value as Json, json};

/// So small that ten pages are read.
const PAGE: usize = 3;
/// Every role of insider below the administrators.
const ROLES: [&str; 5] = ["editor", "collaborator", "viewer", "outsourcer", "campaign-status-updater"];
const ZONE: &str = "Pacific/Kiritimati";

/// A folder whose one account stands on a server of its own.
struct Site {
    world: World,
    server: ScimServer,
}

impl Site {
    fn new() -> Self {
        let server = ScimServer::start(PAGE, true);
        let mut world = World::live();
        world.env("PORTCULLIS_TOKEN_INS", ScimServer::TOKEN);
        let site = Self { world, server };
        site.connection("");
        site
    }

    fn connection(&self, more: &str) {
        let base = self.server.base();
        let text = format!(
            "connections:\n  ins:\n    system: insider\n    backend: scim\n    endpoint: {base}\n    timezone: {ZONE}\n    actor: {{ role: administrator }}\n{more}"
        );
        self.world.write("connections.yaml", &text);
    }

    fn members(&self, policy: &str, members: &[String]) {
        let lines: String = members.iter().map(|m| format!("      - {m}\n")).collect();
        let list = if members.is_empty() { "    members: []\n".to_owned() } else { format!("    members:\n{lines}") };
        self.world.write("account.yaml", &format!("accounts:\n  ins:\n    mode: authoritative\n    guards: {GUARDS}\n{policy}{list}"));
    }

    /// Somebody works at the server itself.
    fn request(&self, method: reqwest::Method, path: &str, body: Option<Json>) -> Json {
        let url = format!("{}{path}", self.server.base());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let mut request = client.request(method, url).bearer_auth(ScimServer::TOKEN);
            if let Some(body) = body {
                request = request.header("content-type", "application/scim+json").body(body.to_string());
            }
            let text = request.send().await.expect("the server answers").error_for_status().expect("the server agrees").text().await;
            serde_json::from_str(&text.expect("the answer is text")).unwrap_or(Json::Null)
        })
    }

    fn users(&self) -> Vec<Json> {
        let mut users = Vec::new();
        loop {
            let page = self.request(reqwest::Method::GET, &format!("/Users?startIndex={}", users.len() + 1), None);
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            assert!(resources.len() <= PAGE, "the server was to force paging");
            users.extend(resources);
            if users.len() as u64 >= page["totalResults"].as_u64().unwrap_or(0) {
                return users;
            }
        }
    }

    fn user(&self, email: &str) -> Json {
        let found = self.users().into_iter().find(|u| u["userName"] == email);
        found.unwrap_or_else(|| panic!("the server has no user {email}"))
    }

    fn patch(&self, email: &str, value: Json) {
        let id = self.user(email)["id"].as_str().expect("an id").to_owned();
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "replace", "value": value }] });
        self.request(reqwest::Method::PATCH, &format!("/Users/{id}"), Some(body));
    }

    fn apply(&self) -> program::Said {
        self.world.run("apply --format json --auto-approve --unreviewed").expect(0)
    }

    fn settled(&self) {
        let plan = self.world.run("plan --format json").expect(0);
        assert!(plan.acts().is_empty(), "{:?}", plan.acts());
        self.world.run("drift").expect(0);
    }
}

/// Above what these tests do in one go.
const GUARDS: &str = "{ removals: { count: 40, percent: 100, most: 40 }, reductions: { count: 40, percent: 100, most: 40 } }";

fn email(i: usize) -> String {
    format!("person{i:02}@acme.example")
}

/// The first two administer.
fn entry(i: usize, shift: usize) -> String {
    let role = if i < 2 { "administrator" } else { ROLES[(i + shift) % ROLES.len()] };
    format!("{{ email: {}, name: Person Number{i}, role: {role} }}", email(i))
}

fn thirty(shift: usize) -> Vec<String> {
    (0..30).map(|i| entry(i, shift)).collect()
}

/// Today where the account is.
fn today() -> Date {
    Zoned::now().with_time_zone(TimeZone::get(ZONE).expect("a zone")).date()
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[test]
#[ignore = "needs scim2-server"]
fn thirty_people_come_change_drift_and_go() {
    let site = Site::new();
    let world = &site.world;

    // They come: exactly the plan that was shown.
    site.members("", &thirty(0));
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(plan.acts().len(), 30);
    assert!(plan.acts().iter().all(|a| a.starts_with("invite ")));
    assert_eq!(plan.json()["sandbox"], false);
    assert_eq!(plan.json()["simulated"], false);
    world.args(&["apply", "--digest", "sha256:0000000000000000000000000000000000000000000000000000000000000000"]).expect(5);
    assert!(site.users().is_empty());
    let applied = world.args(&["apply", "--format", "json", "--digest", &plan.digest()]).expect(0).json();
    assert!(applied["results"].as_array().expect("results").iter().all(|r| r["result"] == "applied"), "{applied:#}");
    assert_eq!(applied["left"], json!([]));
    assert_eq!(site.users().len(), 30);
    assert_eq!(site.user(&email(0))["roles"][0]["value"], "manage-users");
    site.settled();
    let reading = &world.run("plan --format json").expect(0).json()["accounts"][0]["reading"];
    assert_eq!((&reading["proof"], &reading["members"]), (&json!("counted"), &json!(30)));

    // Some have registered since, and so have a name (I8): one to change, and an administrator who
    // counts for certain. Roles and that name change in the manifests.
    for i in [0, 29] {
        site.patch(&email(i), json!({ "name": { "givenName": "Person", "familyName": format!("Number{i}") } }));
    }
    site.settled();
    let mut changed = thirty(1);
    changed[29] = format!("{{ email: {}, name: Another Name, role: {} }}", email(29), ROLES[29 % ROLES.len()]);
    site.members("", &changed);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(sorted(plan.acts()), sorted((2..30).map(|i| format!("edit {}", email(i))).collect::<Vec<_>>()));
    assert_eq!(plan.change(&email(29))["after"]["name"], "Another Name");
    assert_eq!(plan.change(&email(29))["before"]["role"], plan.change(&email(29))["after"]["role"]);
    site.apply();
    assert_eq!(site.user(&email(29))["name"]["familyName"], "Name");
    site.settled();

    // Somebody clicks behind git's back.
    site.patch(&email(5), json!({ "roles": [{ "value": "manage-users", "primary": true }] }));
    site.patch(&email(6), json!({ "active": false }));
    let drift = world.run("drift --format json").expect(3);
    assert_eq!(sorted(drift.acts()), [format!("edit {}", email(5)), format!("restore {}", email(6))]);
    let edit = drift.change(&email(5));
    // Back to collaborator, who may pause campaigns: a permission of its own, so both ways.
    assert_eq!((&edit["before"]["role"], &edit["after"]["role"]), (&json!("administrator"), &json!("collaborator")));
    assert_eq!(edit["direction"], "both");
    assert!(world.run("drift").expect(3).out.contains("administrator -> "));
    let before = site.users();
    assert_eq!(before, site.users(), "a drift run writes nothing");
    site.apply();
    site.settled();
    assert_eq!(site.user(&email(6))["active"], true);

    // Ten leave the manifest, and are deactivated: that is the default.
    site.members("", &changed[..20]);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(sorted(plan.acts()), (20..30).map(|i| format!("remove {}", email(i))).collect::<Vec<_>>());
    assert_eq!(plan.change(&email(20))["calls"], json!(["deactivate"]));
    site.apply();
    assert_eq!(site.user(&email(20))["active"], false);
    assert_eq!(site.users().len(), 30);
    site.settled();

    // One of them comes back without an invitation.
    let mut back = changed[..20].to_vec();
    back.push(changed[20].clone());
    site.members("", &back);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(plan.acts(), [format!("restore {}", email(20))]);
    site.apply();
    assert_eq!(site.user(&email(20))["active"], true);
    site.settled();

    // Others are deleted, where the account says so.
    site.members("    on-removal: delete\n", &back[..15]);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(plan.change(&email(15))["calls"], json!(["delete"]));
    assert_eq!(plan.acts().len(), 6, "the deactivated count as gone: {:?}", plan.acts());
    site.apply();
    assert_eq!(site.users().len(), 24);
    site.settled();
}

#[test]
#[ignore = "needs scim2-server"]
fn ends_starts_and_leavers_are_enforced_through_scim() {
    let site = Site::new();
    let world = &site.world;
    let (today, day) = (today(), |n: i64| (today().checked_add(n.days()).expect("a day")).to_string());
    let people = |leaves: &str| format!("people:\n  lee: {{ email: lee@acme.example, name: Lee Ver{leaves} }}\n");
    let root = "{ email: root@acme.example, name: Root, role: administrator }".to_owned();
    let kim = |end: &str| format!("{{ email: kim@agency.example, name: Kim Lee, role: viewer, end: {end} }}");
    let lee = "{ person: lee, role: editor }".to_owned();
    let sue = |start: &str| format!("{{ email: sue@acme.example, name: Sue Later, role: viewer, start: {start} }}");
    world.write("people.yaml", &people(""));

    site.members("", &[root.clone(), kim(&today.to_string()), lee.clone(), sue(&day(2))]);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(plan.acts().len(), 3, "nothing before its day: {:?}", plan.acts());
    let kim_today = plan.change("kim@agency.example");
    assert_eq!(kim_today["after"]["end"], today.to_string());
    assert!(kim_today["notes"].as_array().expect("notes").iter().any(|n| n == "end-by-portcullis"), "{kim_today:#}");
    site.apply();
    site.settled();

    // At the end of its day an entry ends, and the plan for that day says so before.
    let tomorrow = world.args(&["plan", "--format", "json", "--at", &day(1)]).expect(2);
    assert_eq!(tomorrow.acts(), ["remove kim@agency.example"]);
    assert_eq!(tomorrow.change("kim@agency.example")["cause"], "expiry");
    assert_eq!(tomorrow.json()["simulated"], true);
    let later = world.args(&["plan", "--format", "json", "--at", &day(2)]).expect(2);
    assert_eq!(sorted(later.acts()), ["invite sue@acme.example", "remove kim@agency.example"]);
    // The day is over.
    site.members("", &[root.clone(), kim(&day(-1)), lee.clone(), sue(&day(0))]);
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(sorted(plan.acts()), ["invite sue@acme.example", "remove kim@agency.example"]);
    assert_eq!(plan.change("kim@agency.example")["cause"], "expiry");
    assert_eq!(plan.change("sue@acme.example")["cause"], "start");
    world.run("drift").expect(0);
    site.apply();
    assert_eq!(site.user("kim@agency.example")["active"], false);
    site.settled();

    // Somebody leaves today, which is a day of access still; and now.
    world.write("people.yaml", &people(&format!(", leaves: {today}")));
    site.settled();
    world.write("people.yaml", &people(", leaves: now"));
    let plan = world.run("plan --format json").expect(2);
    assert_eq!(plan.acts(), ["remove lee@acme.example"]);
    site.apply();
    assert_eq!(site.user("lee@acme.example")["active"], false);
    site.settled();
}

#[test]
#[ignore = "needs scim2-server"]
fn what_scim_cannot_tell_or_take_is_a_step_or_a_report() {
    let site = Site::new();
    let world = &site.world;
    site.connection("    features: [groups]\n");
    site.members(
        "    domains: [acme.example, agency.example]\n",
        &[
            "{ email: root@acme.example, name: Root, role: administrator }".into(),
            "{ email: plain@agency.example, name: Plain One, role: viewer }".into(),
            "{ email: pii@acme.example, name: Pia Data, role: editor, pii: true }".into(),
            "{ email: narrow@acme.example, name: Nora Row, role: viewer, limited-products: [email], groups: [paris] }".into(),
        ],
    );
    let plan = world.run("plan --format json --runbook steps.md").expect(2);
    // The whitelist can neither be read nor written: it neither blocks nor orders, and is said.
    assert!(plan.all("blocked").is_empty(), "{:#?}", plan.all("blocked"));
    assert!(plan.all("changes").iter().all(|c| c["domain"].is_null()), "{:#?}", plan.acts());
    assert_eq!(plan.change("plain@agency.example")["waits_for"], json!([]));
    let reports = plan.all("reports");
    assert!(
        reports.iter().any(|r| r["code"] == "unverifiable" && r["message"].as_str().is_some_and(|m| m.contains("domains"))),
        "{reports:#?}"
    );
    // An invitation that is narrower than SCIM can say waits for a human.
    assert_eq!(plan.change("narrow@acme.example")["channel"], "manual");
    let steps = String::from_utf8(world.read("steps.md")).expect("text");
    assert!(steps.contains("narrow@acme.example") && steps.contains("email") && steps.contains("paris"), "{steps}");
    let applied = world.run("apply --format json --auto-approve --unreviewed --runbook steps.md").expect(8).json();
    assert!(applied["manual"].as_array().expect("a list").iter().any(|c| c["member"] == "narrow@acme.example"), "{applied:#}");
    let there: Vec<String> = sorted(site.users().iter().filter_map(|u| u["userName"].as_str().map(str::to_owned)).collect());
    assert_eq!(there, ["pii@acme.example", "plain@agency.example", "root@acme.example"]);
    // The instant and the digest of a live run are its own.
    let body: Vec<&str> = steps.lines().filter(|l| !l.starts_with("portcullis ")).collect();
    snapbox::assert_data_eq!(body.join("\n"), snapbox::file!["cli/transcripts/scim_steps.md"].raw());
    // What a human has to do, or cannot be read back, is no drift and not done again.
    let left = world.run("plan --format json").expect(8);
    assert_eq!(left.acts(), ["invite narrow@acme.example"]);
    assert!(left.all("reports").iter().any(|r| r["code"] == "unverifiable" && r["member"] == "pii@acme.example"));
    let _ = world.run("drift").expect(8);
}

#[test]
#[ignore = "needs scim2-server"]
fn nothing_is_sent_where_the_environment_does_not_vouch_for_it() {
    let mut site = Site::new();
    site.members("", &thirty(0)[..2]);
    let origin = site.server.base().trim_end_matches("/v2").to_owned();
    let world = &mut site.world;
    let apply = "apply --auto-approve --unreviewed";

    let refused = |world: &World, line: &str, words: &str| {
        let said = world.run(line).expect(1);
        assert!(said.out.is_empty() && said.err.contains(words), "`{line}`: {}", said.both());
    };
    // Nobody reviewed it.
    refused(world, "apply --auto-approve", "nobody reviewed");
    // Another clock than the real one.
    world.env("PORTCULLIS_NOW", "2026-11-22T09:00:00Z");
    refused(world, apply, "simulated");
    assert_eq!(world.run("plan --format json").expect(2).json()["simulated"], true);
    world.without("PORTCULLIS_NOW");
    // In CI somebody must have said where the token may go.
    world.env("CI", "true");
    for line in ["plan", "drift", "export", apply] {
        refused(world, line, "PORTCULLIS_ORIGIN_INS");
    }
    world.env("PORTCULLIS_ORIGIN_INS", "https://inone.useinsider.com");
    for line in ["plan", apply] {
        refused(world, line, "https://inone.useinsider.com");
    }
    world.env("PORTCULLIS_ORIGIN_INS", &origin);
    let _ = world.run("plan").expect(2);
    // A token's file comes from manifests that anyone may have changed.
    world.without("PORTCULLIS_TOKEN_INS").write("token.txt", ScimServer::TOKEN);
    refused(world, "plan", "PORTCULLIS_TOKEN_INS");
    for auth in ["{ file: token.txt }", "{ command: [cat, token.txt] }"] {
        site.connection(&format!("    auth: {auth}\n"));
        refused(&site.world, "plan", "--trust-head");
        refused(&site.world, apply, "--trust-head");
        let _ = site.world.run("plan --trust-head").expect(2);
    }
    assert!(site.users().is_empty(), "something was sent");
    let _ = site.world.run("apply --auto-approve --unreviewed --trust-head").expect(0);
    assert_eq!(site.users().len(), 2);
    // The sandbox is refused where it is asked to be; this is none.
    let _ = site.world.run("plan --trust-head --forbid-sandbox").expect(0);
}

#[test]
#[ignore = "needs scim2-server"]
fn the_token_stands_in_no_output() {
    let mut site = Site::new();
    site.members("", &thirty(0)[..4]);
    let lines = ["plan", "drift", "export", "apply --auto-approve --unreviewed", "plan --format json", "export --format csv"];
    let mut all = String::new();
    for more in ["-v -v", "--log trace", "--log trace --log-format json"] {
        for line in lines {
            all.push_str(&site.world.run(&format!("{line} {more}")).both());
        }
    }
    // Refusals and errors, too.
    site.connection("    expect: { tenant: acme }\n");
    all.push_str(&site.world.run("plan --log trace").expect(7).both());
    site.connection("    endpoint: http://127.0.0.1:1/v2\n");
    all.push_str(&site.world.run("plan --log trace").both());
    site.world.env("PORTCULLIS_TOKEN_INS", &format!("{}-wrong", ScimServer::TOKEN));
    site.connection("");
    all.push_str(&site.world.run("plan --log trace").expect(7).both());
    site.world.env("PORTCULLIS_TOKEN_INS", &format!("{} with white space", ScimServer::TOKEN));
    all.push_str(&site.world.run("plan --log trace").expect(1).both());
    assert!(all.contains("/Users"), "the logs say what was sent: {all}");
    assert!(!all.contains(ScimServer::TOKEN), "a token was printed");
    assert!(!all.to_lowercase().contains("bearer "), "a header was printed");
}
