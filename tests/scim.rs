//! The program against a real SCIM server that nobody here wrote: thirty people come, change, drift
//! and go, with pages so small that paging is forced. The clock is the machine's, because a network
//! account refuses a simulated plan; nothing here depends on the day.

#[path = "support/examples.rs"]
mod examples;
#[path = "support/scim_server.rs"]
mod scim_server;

use std::fmt::Write as _;
use std::fs;

use examples::{Copy, Ran};
use scim_server::ScimServer;
use serde_json::Value;

const ROLES: [&str; 6] = ["editor", "collaborator", "viewer", "outsourcer", "campaign-status-updater", "administrator"];
const PAGE: usize = 3;

/// A server, and a folder of manifests that manages it.
struct World {
    server: ScimServer,
    copy: Copy,
}

impl World {
    fn start() -> Self {
        Self { server: ScimServer::start(PAGE, true), copy: Copy::new() }
    }

    /// Writes a folder of manifests: who there is, by address and role, and the account's policy.
    fn folder(&self, name: &str, policy: &str, people: &[(String, &str)]) {
        let mut text = format!(
            "connections:\n  live:\n    system: insider\n    backend: scim\n    endpoint: {}\n    timezone: Europe/Istanbul\n    \
             actor: {{ role: administrator }}\naccounts:\n  live:\n    {policy}\n    members:\n",
            self.server.base()
        );
        for (address, role) in people {
            let _ = writeln!(text, "      - {{ email: {address}, role: {role} }}");
        }
        let folder = self.copy.path().join(name);
        fs::create_dir_all(&folder).expect("a folder of our own");
        fs::write(folder.join("manifest.yaml"), text).expect("a file of our own");
    }

    #[must_use]
    fn run(&self, words: &[&str]) -> Ran {
        let ran = self.copy.run_with(&[("PORTCULLIS_TOKEN_LIVE", ScimServer::TOKEN)], words);
        assert!(!ran.stdout.contains(ScimServer::TOKEN) && !ran.stderr.contains(ScimServer::TOKEN), "the token was printed by {words:?}");
        ran
    }

    /// Plans, applies exactly what was planned, and plans to nothing. Returns the plan.
    #[track_caller]
    fn reach(&self, folder: &str) -> Value {
        let plan = self.run(&["plan", "--format", "json", folder]).exits(2).json();
        let digest = plan["digest"].as_str().expect("a digest").to_owned();
        let applied = self.run(&["apply", "--format", "json", "--digest", &digest, folder]).exits(0).json();
        assert_eq!(applied["left"], serde_json::json!([]), "{applied:#}");
        self.nothing_to_do(folder);
        plan
    }

    #[track_caller]
    fn nothing_to_do(&self, folder: &str) {
        self.run(&["plan", folder]).exits(0);
        self.run(&["drift", folder]).exits(0);
    }

    /// Who is there, by phase.
    fn phases(&self, folder: &str, phase: &str) -> usize {
        let export = self.run(&["export", "--format", "json", "--phase", phase, folder]).exits(0).json();
        export["accounts"][0]["members"].as_array().map_or(0, Vec::len)
    }
}

fn thirty() -> Vec<(String, &'static str)> {
    (0..30).map(|i| (format!("person{i:02}@acme.example"), ROLES[i % 6])).collect()
}

/// Five administrators come at once, which the guard's default would stop.
const POLICY: &str = "guards: { new-administrators: { count: 5, most: 5 } }";

#[test]
#[ignore = "needs scim2-server"]
fn thirty_people_come_change_drift_and_go() {
    let world = World::start();
    let mut people = thirty();
    world.folder("ours", POLICY, &people);
    let plan = world.reach("ours");
    assert_eq!(plan["summary"]["invite"], 30);
    assert_eq!(plan["accounts"][0]["reading"]["complete"], true);

    for (index, role) in [(0, "viewer"), (6, "collaborator"), (2, "editor"), (8, "editor")] {
        people[index].1 = role;
    }
    world.folder("ours", POLICY, &people);
    assert_eq!(world.reach("ours")["summary"]["edit"], 4);

    // Somebody else, with the same server in front of them: a role, a stranger, and one who is gone.
    world.folder(
        "theirs",
        "mode: additive\n    on-removal: delete\n    absent: [person28@acme.example]",
        &[(people[3].0.clone(), "editor"), ("stranger@acme.example".into(), "viewer")],
    );
    world.reach("theirs");
    let drift = world.run(&["drift", "--format", "json", "ours"]).exits(3).json();
    let mut acts: Vec<String> = drift["accounts"][0]["changes"].as_array().expect("changes").iter().map(act).collect();
    acts.sort();
    assert_eq!(acts, ["edit person03@acme.example", "invite person28@acme.example"]);
    world.folder("ours", &format!("{POLICY}\n    mode: authoritative"), &people);
    assert_eq!(world.reach("ours")["summary"]["remove"], 1, "the stranger goes where the manifest is the whole truth");

    // Removal deactivates unless it is told to delete; both count as gone. Administrators stay: none
    // of them shows a name yet, so nobody can tell who ever accepted (I13).
    let left = people.split_off(6);
    world.folder("ours", &format!("{POLICY}\n    mode: authoritative"), &[people.clone(), left[4..].to_vec()].concat());
    assert_eq!(world.reach("ours")["summary"]["remove"], 4);
    assert_eq!(world.phases("ours", "suspended"), 5, "the stranger and four of ours");
    world.folder(
        "ours",
        &format!("{POLICY}\n    mode: authoritative\n    on-removal: delete"),
        &[people, left[4..6].to_vec(), left[10..].to_vec()].concat(),
    );
    assert_eq!(world.reach("ours")["summary"]["remove"], 4);
    assert_eq!((world.phases("ours", "suspended"), world.phases("ours", "active")), (5, 22));
}

fn act(change: &Value) -> String {
    format!("{} {}", change["action"].as_str().unwrap_or_default(), change["member"].as_str().unwrap_or_default())
}

#[test]
#[ignore = "needs scim2-server"]
fn nothing_is_written_that_nobody_reviewed() {
    let world = World::start();
    world.folder("ours", POLICY, &thirty());
    let refused = world.run(&["apply", "--auto-approve", "ours"]).exits(1);
    assert!(refused.stderr.contains("--unreviewed"), "{}", refused.stderr);
    let other = format!("sha256:{}", "0".repeat(64));
    let _ = world.run(&["apply", "--digest", &other, "ours"]).exits(5);
    let _ = world.run(&["apply", "ours"]).exits(1);
    assert_eq!(world.phases("ours", "active"), 0);
}
