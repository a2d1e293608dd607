//! A run that is killed at any line of its journal is finished by `--resume`: the end is that of a run
//! that nobody disturbed, and nobody is written to twice.

#[path = "cut_off/bridge.rs"]
mod bridge;
#[path = "support/program.rs"]
mod program;
#[path = "support/served.rs"]
mod served;

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use program::{Said, World};
use serde_json::{Value as Json, json};

/// One account of a system: its connection, what is live, what is asked for. Each plan has several changes
/// of several calls.
struct Scene {
    system: &'static str,
    connection: &'static str,
    live: &'static str,
    members: &'static str,
}

const SCENES: [Scene; 5] = [
    Scene {
        system: "emma-hq",
        connection: "{ system: emma-hq, backend: embedded, timezone: UTC }",
        live: "
            - { email: root@acme.example, name: Root, phase: active, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
            - { email: kim@acme.example, name: Kim, phase: pending, role: author, subaccounts: [emea], invited: 2026-11-21T09:00:00Z }
            - { email: ada@acme.example, name: Ada, phase: active, role: author, subaccounts: [apac, emea] }
            - { email: sam@acme.example, name: Sam, phase: active, role: editor, subaccounts: [emea] }
        ",
        members: "
            - { email: root@acme.example, role: manager, privileges: [edit-managers], subaccounts: [emea, apac] }
            - { email: kim@acme.example, name: Kim, role: editor, subaccounts: [apac] }
            - { email: ada@acme.example, role: editor, subaccounts: [emea, us] }
            - { email: new@acme.example, name: New, role: author, subaccounts: [emea] }
        ",
    },
    Scene {
        system: "gamoshi",
        connection: "{ system: gamoshi, backend: embedded, timezone: UTC, links: { directory: links } }",
        live: "
            - { email: root@acme.example, name: Root, phase: active, role: user-manager }
            - { email: ada@acme.example, name: Ada, phase: active, role: user }
        ",
        members: "
            - { email: root@acme.example, role: user-manager }
            - { email: ada@acme.example, role: user-manager }
            - { email: new@acme.example, name: New, role: user-manager, settings: { locale: en } }
            - { email: data@acme.example, name: Data, partner: north }
        ",
    },
    Scene {
        system: "insider",
        connection: "{ system: insider, backend: embedded, timezone: UTC, features: [groups] }",
        live: "
            - { email: root@acme.example, name: Root, phase: active, role: administrator }
            - { email: ada@acme.example, name: Ada, phase: active, role: viewer, end: 2026-12-01 }
            - { email: sam@acme.example, name: Sam, phase: active, role: editor, groups: [north] }
        ",
        members: "
            - { email: root@acme.example, role: administrator }
            - { email: ada@acme.example, role: administrator }
            - { email: sam@acme.example, role: editor, groups: [south], pii: true }
            - { email: new@agency.example, name: New, role: viewer, end: 2026-12-05 }
        ",
    },
    Scene {
        system: "solver",
        connection: "{ system: solver, backend: embedded, timezone: UTC }",
        live: "
            - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
            - { email: ada@acme.example, name: Ada, phase: active, groups: [standard] }
            - { email: sam@acme.example, name: Sam, phase: active, groups: [super-user] }
        ",
        members: "
            - { email: root@acme.example, groups: [super-user] }
            - { email: ada@acme.example, groups: [super-user] }
            - { email: sam@acme.example, groups: [standard] }
            - { email: new@acme.example, name: New, groups: [advanced] }
        ",
    },
    Scene {
        system: "meta-gateway",
        connection: "{ system: meta-gateway, backend: embedded, timezone: UTC, smtp: false, links: { directory: links } }",
        live: "
            - { email: root@acme.example, name: Root, phase: active, role: admin }
            - { email: ada@acme.example, name: Ada, phase: active, role: view-only }
        ",
        members: "
            - { email: root@acme.example, role: admin }
            - { email: ada@acme.example, role: standard, data-sources: [pixel] }
            - { email: new@acme.example, name: New, role: standard, data-sources: [pixel, web] }
        ",
    },
];

impl Scene {
    fn world(&self) -> World {
        let world = World::new();
        self.fill(&world);
        world
    }

    /// The live state and the manifests.
    fn fill(&self, world: &World) {
        world.write("connections.yaml", &format!("connections:\n  acc: {}\n", self.connection));
        let domains = if self.system == "insider" { "    domains: [acme.example]\n" } else { "" };
        world.load(&format!("accounts:\n  acc:\n{domains}    members:\n{}", indented(self.live)));
        self.ask(world);
    }

    /// The manifests of the account.
    fn ask(&self, world: &World) {
        let domains = if self.system == "insider" { "    domains: [acme.example, agency.example]\n" } else { "" };
        let members = indented(self.members);
        world.write("accounts.yaml", &format!("accounts:\n  acc:\n    mode: authoritative\n{domains}    members:\n{members}"));
    }
}

fn indented(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).map(|l| format!("      {l}\n")).collect()
}

/// What everybody can do, and what was sent to whom.
fn end(world: &World) -> (Json, Vec<String>) {
    let mails = world.run("sandbox outbox --format json").expect(0).json();
    let mut mails: Vec<String> = mails["mails"].as_array().unwrap().iter().map(|m| format!("{} {}", m["kind"], m["to"])).collect();
    mails.sort();
    (world.run("export --format json").expect(0).json()["accounts"].clone(), mails)
}

/// Where the journal of the account is, below what is kept for the user.
fn journal_file(world: &World) -> PathBuf {
    let journals = world.path().parent().expect("it is below something").join("state/portcullis/journal");
    let of_folder = std::fs::read_dir(&journals).into_iter().flatten().flatten().next();
    of_folder.map_or(journals.clone(), |e| e.path()).join("acc.jsonl")
}

fn journal(world: &World) -> Vec<Json> {
    let text = std::fs::read_to_string(journal_file(world)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Lets the command stop for good after the `at`th line of its journal, and kills it there.
fn kill_at(world: &World, at: usize, line: &str) {
    let mut command = world.command();
    command.args(line.split_whitespace()).env("PORTCULLIS_HALT_AT_LINE", at.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child: Child = command.spawn().expect("the program runs");
    let patience = Instant::now() + Duration::from_secs(60);
    let process = format!("process {}", child.id());
    let is_its = |lines: &[Json]| lines.first().is_some_and(|begin| begin["by"].as_str().is_some_and(|by| by.ends_with(&process)));
    while !(is_its(&journal(world)) && journal(world).len() >= at) {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended before line {at}: {} lines", journal(world).len());
        assert!(Instant::now() < patience, "line {at} was never written");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
}

#[track_caller]
fn resume(world: &World, line: &str) -> Said {
    let said = world.run(line);
    assert!(matches!(said.code, 0), "{}", said.both());
    said
}

#[test]
fn demand_22_a_run_killed_at_any_line_of_its_journal_is_finished_by_resume() {
    for scene in &SCENES {
        let whole = scene.world();
        whole.run("plan --out plan.json").expect(2);
        whole.run("apply plan.json").expect(0);
        let (wanted, lines) = (end(&whole), journal(&whole).len());
        assert!(lines >= 8, "{}: {lines} lines", scene.system);
        for at in 1..lines {
            let world = scene.world();
            world.run("plan --out plan.json").expect(2);
            kill_at(&world, at, "apply plan.json");
            // By the journal alone, and with the saved plan.
            let line = if at % 2 == 0 { "apply --resume --format json" } else { "apply plan.json --resume --format json" };
            let said = resume(&world, line).json();
            assert_eq!((&said["unreviewed"], &said["stale"]), (&json!([]), &json!([])), "{}, line {at}", scene.system);
            assert_eq!(end(&world), wanted, "{}, killed at line {at} of {lines}: {:#?}", scene.system, journal(&world));
            world.run("plan").expect(0);
            let again = world.run("apply --resume").expect(0);
            assert!(again.err.contains("there is nothing to resume"), "{}", again.err);
        }
    }
}

#[test]
fn a_run_killed_twice_is_finished_too() {
    let scene = &SCENES[0];
    let whole = scene.world();
    whole.run("apply --auto-approve").expect(0);
    let (wanted, lines) = (end(&whole), journal(&whole).len());
    for at in (2..lines).step_by(3) {
        let world = scene.world();
        kill_at(&world, at, "apply --auto-approve");
        let left = {
            // How long the second run's journal gets is not known beforehand.
            let probe = scene.world();
            kill_at(&probe, at, "apply --auto-approve");
            probe.run("apply --resume").expect(0);
            journal(&probe).len()
        };
        if left > 2 {
            kill_at(&world, left / 2, "apply --resume");
        }
        resume(&world, "apply --resume");
        assert_eq!(end(&world), wanted, "killed at {at} of {lines}, then at {} of {left}", left / 2);
    }
}

/// Also when the second run is killed before it wrote a line of its own: what the first had begun is known to
/// the third, by the journal alone and with the saved plan.
#[test]
fn a_run_killed_twice_is_finished_with_its_saved_plan_too() {
    for scene in [&SCENES[0], &SCENES[1]] {
        let whole = scene.world();
        whole.run("plan --out plan.json").expect(2);
        whole.run("apply plan.json").expect(0);
        let (wanted, lines) = (end(&whole), journal(&whole).len());
        for at in 2..lines {
            let world = scene.world();
            world.run("plan --out plan.json").expect(2);
            kill_at(&world, at, "apply plan.json");
            if world.run("plan --format json").json()["accounts"][0]["changes"] == json!([]) {
                continue;
            }
            kill_at(&world, 1, "apply plan.json --resume");
            let said = resume(&world, "apply plan.json --resume --format json").json();
            assert_eq!((&said["unreviewed"], &said["stale"]), (&json!([]), &json!([])), "{}, line {at}", scene.system);
            assert_eq!(end(&world), wanted, "{}, killed at line {at} of {lines}", scene.system);
        }
    }
}

/// Demand 25: the log tells of every change, and what it tells was made is approved no more.
#[test]
fn what_a_killed_run_made_is_told_and_its_approval_is_used_up() {
    for (scene, lines) in [(&SCENES[0], 16), (&SCENES[3], 12)] {
        for at in 2..lines {
            let world = scene.world();
            let plan = world.run("plan --out plan.json --format json").expect(2).json();
            kill_at(&world, at, "apply plan.json");
            resume(&world, if at % 2 == 0 { "apply --resume" } else { "apply plan.json --resume" });
            let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).expect("text");
            let told: Vec<Json> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            let is_told = |change: &Json| {
                let made = told.iter().filter(|line| line["result"] == "applied" || line["result"] == "already");
                made.into_iter().any(|line| line["digest"] == change["digest"] || line["continues"] == change["digest"])
            };
            let changes = plan["accounts"][0]["changes"].as_array().expect("changes");
            let untold: Vec<&Json> = changes.iter().filter(|change| !is_told(change)).map(|c| &c["id"]).collect();
            assert_eq!(untold, [&Json::Null; 0], "{}, killed at line {at}: {log}", scene.system);
            world.run("audit verify").expect(0);
            // Somebody takes back in the console what was made.
            world.run("sandbox remove new@acme.example").expect(0);
            let said = world.run("apply plan.json --format json").expect(6).json();
            assert_eq!((&said["results"], &said["unreviewed"]), (&json!([]), &json!(["acc/invite/new@acme.example"])), "line {at}");
        }
    }
}

/// Whatever else holds an account up: what a killed run had made is told by the next, with who had signed it.
#[test]
fn what_a_killed_run_made_is_told_beside_what_nobody_approved() {
    use ssh_key::private::{Ed25519Keypair, KeypairData};
    let scene = &SCENES[3];
    let key = ssh_key::PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[3; 32])), "root").expect("a key");
    let killed = |at: usize| {
        let world = scene.world();
        world.write("root.key", &key.to_openssh(ssh_key::LineEnding::LF).expect("it is written"));
        world.write("signers", &format!("root@acme.example {}\n", key.public_key().to_openssh().expect("a public key")));
        world.run("plan --out plan.json --sign root.key").expect(2);
        kill_at(&world, at, "apply plan.json --verify signers");
        let is_it = journal(&world).last().is_some_and(|line| line["line"] == "outcome" && line["change"] == "acc/edit/sam@acme.example");
        is_it.then_some(world)
    };
    // The last call was made, and what came of it is not told. Which line that is differs by what was told in between.
    let world = (6..11).rev().find_map(killed).expect("the line after the last call");
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    world.write("accounts.yaml", &format!("{text}      - {{ email: late@acme.example, name: Late, groups: [standard] }}\n"));
    let late = json!(["acc/invite/late@acme.example"]);
    for _ in 0..2 {
        let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
        assert_eq!(said["unreviewed"], late, "{said:#}");
    }
    let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).expect("text");
    let told: Vec<Json> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).filter(|l: &Json| l["kind"] == "change").collect();
    let after: Vec<&Json> = told.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.contains("was cut off"))).collect();
    assert!(!after.is_empty(), "{log}");
    for line in &after {
        assert_eq!((&line["result"], &line["approved_by"]), (&json!("applied"), &json!(["root@acme.example"])), "{line:#}");
        assert_eq!(after.iter().filter(|other| other["id"] == line["id"]).count(), 1, "told once: {log}");
    }
    // And its approval is used up.
    assert_eq!(after[0]["id"], "acc/edit/sam@acme.example");
    world.run("sandbox edit sam@acme.example --set groups=super-user").expect(0);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(
        (&said["results"], &said["unreviewed"]),
        (&json!([]), &json!(["acc/invite/late@acme.example", "acc/edit/sam@acme.example"]))
    );
}

#[test]
fn a_run_that_is_still_there_was_not_cut_off() {
    let world = SCENES[3].world();
    let mut command = world.command();
    command.args(["apply", "--auto-approve"]).env("PORTCULLIS_HALT_AT_LINE", "2").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program runs");
    while journal(&world).len() < 2 {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    let said = world.run("plan");
    assert!(!said.err.contains("cut off"), "{}", said.err);
    let said = world.run("apply --auto-approve").expect(1);
    assert!(said.err.contains("another apply of acc is running") && !said.err.contains("cut off"), "{}", said.err);
    let said = world.run("apply --resume").expect(1);
    assert!(said.err.contains("another apply of acc is running") && !said.err.contains("nothing to resume"), "{}", said.err);
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    assert!(world.run("plan").err.contains("an apply of acc was cut off"));
}

#[test]
fn what_came_after_the_review_is_not_made_by_resume() {
    let world = SCENES[3].world();
    kill_at(&world, 2, "apply --auto-approve");
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    world.write("accounts.yaml", &format!("{text}      - {{ email: late@acme.example, name: Late, groups: [super-user] }}\n"));
    let said = world.run("apply --resume --format json").expect(6).json();
    assert_eq!(said["unreviewed"], json!(["acc/invite/late@acme.example"]));
}

#[test]
fn a_lift_holds_under_resume() {
    let world = SCENES[3].world();
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    world.write("accounts.yaml", &text.replace("    members:", "    guards: { new-administrators: { count: 0, most: 0 } }\n    members:"));
    let plan = world.run("plan --format json").expect(4);
    let lift = format!("new-administrators=1@{}", plan.digest());
    kill_at(&world, 2, &format!("apply --auto-approve --allow {lift}"));
    resume(&world, "apply --resume");
    world.run("plan").expect(0);
    let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).unwrap();
    let second = log.lines().nth(1).unwrap_or_default();
    assert!(second.contains("\"kind\":\"lift\""), "told by the run that was killed: {log}");
}

#[test]
fn another_apply_says_that_one_was_cut_off() {
    let world = SCENES[3].world();
    kill_at(&world, 2, "apply --auto-approve");
    for line in ["plan", "drift"] {
        let said = world.run(line);
        assert!(said.err.contains("an apply of acc was cut off"), "{line}: {}", said.err);
    }
    let said = world.run("apply --auto-approve").expect(0);
    assert!(said.err.contains("an apply of acc was cut off") && said.err.contains("apply --resume"), "{}", said.err);
    let said = world.run("apply --auto-approve").expect(0);
    assert!(!said.err.contains("cut off"), "it is over: {}", said.err);
}

#[test]
fn a_torn_last_line_was_never_sent() {
    let world = SCENES[3].world();
    kill_at(&world, 3, "apply --auto-approve");
    let path = journal_file(&world);
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"line\":\"call\",\"chan");
    std::fs::write(&path, text).unwrap();
    resume(&world, "apply --resume");
}

#[test]
fn a_journal_that_is_none_stops_before_anything_is_made() {
    for (text, words) in
        [("{}\n", "no line of a journal"), ("{\"line\":\"end\",\"at\":\"x\"}\n", "does not begin"), ("\u{1b}[2J\n", "no line of a journal")]
    {
        let world = SCENES[3].world();
        world.write("kept/acc.jsonl", text);
        for line in ["apply --resume --journal kept", "apply --auto-approve --journal kept"] {
            let said = world.run(line).expect(1);
            assert!(said.err.contains(words) && said.err.contains("acc.jsonl:1"), "{line}: {}", said.err);
        }
        assert_eq!(world.run("sandbox calls --format json").expect(0).json()["writes"], 0);
    }
}

#[test]
fn what_an_earlier_run_left_finished_is_nothing_to_resume() {
    let world = SCENES[3].world();
    let said = world.run("apply --resume").expect(0);
    assert!(said.err.contains("there is nothing to resume"), "{}", said.err);
    assert_eq!(world.run("sandbox calls --format json").expect(0).json()["writes"], 0);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_to_the_account_before_the_journal_can_be() {
    let world = SCENES[3].world();
    std::fs::write(world.path().join("taken"), "a file").unwrap();
    let said = world.run("apply --auto-approve --journal taken --format json");
    assert!(matches!(said.code, 1 | 6), "{}", said.both());
    assert_eq!(world.run("sandbox calls --format json").expect(0).json()["writes"], 0, "{}", said.both());
}

#[cfg(unix)]
#[test]
fn a_journal_is_its_owners_alone_and_holds_every_call_before_it_was_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = SCENES[1].world();
    world.run("apply --auto-approve").expect(0);
    let path = journal_file(&world);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let lines = journal(&world);
    let schema = world.run("schema journal").expect(0).json();
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    assert!(lines.iter().all(|line| validator.is_valid(line)), "{lines:#?}");
    assert_eq!((&lines[0]["line"], &lines.last().unwrap()["line"]), (&json!("begin"), &json!("end")));
    let calls: Vec<&Json> = lines.iter().filter(|l| l["line"] == "call").collect();
    let outcomes: Vec<&Json> = lines.iter().filter(|l| l["line"] == "outcome").collect();
    assert_eq!(calls.len(), outcomes.len());
    let writes = world.run("sandbox calls --format json").expect(0).json()["writes"].as_u64().unwrap();
    assert_eq!(calls.len() as u64, writes);
}

/// Two at once on one account: the second is told who holds it, or waits.
#[test]
fn demand_22_of_two_applies_at_once_the_second_is_told_who_is_first_or_waits() {
    let world = SCENES[3].world();
    let mut command = world.command();
    command.args(["apply", "--auto-approve"]).env("PORTCULLIS_HALT_AT_LINE", "2").env("USER", "ada");
    let mut first = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    while journal(&world).len() < 2 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let said = world.run("apply --auto-approve").expect(1);
    assert!(
        said.err.contains("another apply of acc is running: ada on ") && said.err.contains("since 2026-11-22T09:00:00Z"),
        "{}",
        said.err
    );
    assert!(said.err.contains("--wait"), "{}", said.err);
    world.run("plan").expect(2);
    let mut command = world.command();
    let waiting =
        command.args(["apply", "--auto-approve", "--wait", "60s"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
    std::thread::sleep(Duration::from_millis(50));
    first.kill().expect("it is killed");
    first.wait().expect("it is gone");
    let waited = { waiting }.wait().expect("it ends");
    assert_eq!(waited.code(), Some(0));
    world.run("plan").expect(0);
}

#[cfg(unix)]
#[test]
fn the_first_signal_ends_the_call_in_flight_and_the_second_the_process() {
    use std::process::Command;
    for signal in ["INT", "TERM"] {
        let world = SCENES[0].world();
        let mut command = world.command();
        command.args(["apply", "--auto-approve"]).env("PORTCULLIS_HALT_AT_LINE", "3").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program runs");
        while journal(&world).len() < 3 {
            std::thread::sleep(Duration::from_millis(2));
        }
        let send = || assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill runs").success());
        send();
        std::thread::sleep(Duration::from_millis(30));
        send();
        assert_eq!(child.wait().expect("it ends").code(), Some(6), "the second ends it");
        resume(&world, "apply --resume");
        world.run("plan").expect(0);
    }
}

/// Changes of several calls: what stands in the journal approves their rest and nothing else.
#[test]
fn what_was_begun_approves_its_rest_and_nothing_else() {
    let scene = Scene {
        connection: "{ system: insider, backend: embedded, timezone: UTC, features: [groups] }",
        live: "- { email: root@acme.example, name: Root, phase: active, role: administrator }",
        members: "
            - { email: root@acme.example, role: administrator }
            - { email: new@acme.example, name: New, role: editor, end: 2026-12-05, limited-products: [web] }
        ",
        system: "insider",
    };
    let world = scene.world();
    world.run("plan --out plan.json").expect(2);
    // Before the call: nobody was invited yet.
    kill_at(&world, 3, "apply plan.json");
    world.write("accounts.yaml", "accounts: { acc: { members: [{ email: new@acme.example, name: New, role: editor }] } }");
    for line in ["apply --resume --format json", "apply plan.json --resume --format json"] {
        let said = world.run(line).json();
        assert_eq!((&said["results"], &said["unreviewed"]), (&json!([]), &json!(["acc/invite/new@acme.example"])), "{line}");
    }
}

#[test]
fn another_plan_does_not_end_what_was_cut_off() {
    let world = SCENES[3].world();
    let text = String::from_utf8(world.read("accounts.yaml")).unwrap();
    world.write("accounts.yaml", "accounts: { acc: { members: [{ email: root@acme.example, groups: [super-user] }] } }");
    world.run("plan --out nothing.json").expect(0);
    world.write("accounts.yaml", &text);
    kill_at(&world, 2, "apply --auto-approve");
    world.run("apply nothing.json").expect(6);
    let said = resume(&world, "apply --resume");
    assert!(!said.err.contains("nothing to resume"), "{}", said.err);
    world.run("plan").expect(0);
}

/// Lets the revocation of ada stop for good after the `at`th line of its journal, or end, and kills it there.
fn kill_revocation_at(world: &World, at: usize) {
    let mut command = world.command();
    command.args(["revoke", "ada@acme.example", "--apply", "--auto-approve"]).env("PORTCULLIS_HALT_AT_LINE", at.to_string());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    let kept = world.path().parent().expect("it is below something").join("state/portcullis/journal");
    let lines = || {
        let folders = std::fs::read_dir(&kept).into_iter().flatten().flatten().map(|e| e.path());
        let files = folders.flat_map(|f| std::fs::read_dir(f).into_iter().flatten().flatten()).map(|e| e.path());
        files.filter_map(|f| std::fs::read_to_string(f).ok()).map(|t| t.lines().count()).sum::<usize>()
    };
    while lines() < at && child.try_wait().expect("it can be asked").is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().ok();
    child.wait().expect("it is gone");
}

#[test]
fn a_revocation_that_was_cut_off_is_not_taken_for_done() {
    let world = SCENES[3].world();
    world.write("accounts.yaml", "accounts: { acc: { members: [{ email: root@acme.example, groups: [super-user] }, { email: ada@acme.example, groups: [standard] }] } }");
    kill_revocation_at(&world, 2);
    for line in ["apply --resume", "apply --auto-approve"] {
        let said = world.run(line).expect(0);
        assert!(said.err.contains("what was to end the access of ada@acme.example in acc was cut off"), "{line}: {}", said.err);
        assert!(said.err.contains("portcullis revoke ada@acme.example --apply"), "{line}: {}", said.err);
    }
    world.run("revoke ada@acme.example --apply --auto-approve").expect(0);
    let said = world.run("apply --resume").expect(0);
    assert!(!said.err.contains("was to end"), "{}", said.err);
    let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).expect("text");
    let told = log.lines().filter(|line| line.contains("acc/remove/ada@acme.example") && line.contains("\"result\":\"applied\""));
    assert_eq!(told.count(), 1, "{log}");
}

/// Also where its last call was made: nothing is left, and nothing is said of that account.
#[test]
fn a_revocation_that_was_cut_off_after_its_last_call_is_told_and_over() {
    for line in 2..6 {
        let world = SCENES[3].world();
        world.write("accounts.yaml", "accounts: { acc: { members: [{ email: root@acme.example, groups: [super-user] }] } }");
        kill_revocation_at(&world, line);
        world.run("revoke ada@acme.example --apply --auto-approve").expect(0);
        let said = world.run("plan");
        assert!(!said.err.contains("was to end"), "line {line}: {}", said.err);
        let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).expect("text");
        assert!(log.lines().any(|line| line.contains("acc/remove/ada@") && line.contains("\"result\":\"applied\"")), "line {line}: {log}");
    }
}

#[test]
fn a_link_that_was_lost_with_its_run_is_told_until_there_is_one() {
    // After the call was made and before its link was written: the file is gone. How many lines of calls that
    // begin at once come before the first outcome is the account's.
    let sent = (3..9).map(|line| {
        let world = SCENES[4].world();
        kill_at(&world, line, "apply --auto-approve");
        let said = world.run("export --format json --phase pending").expect(0).json();
        (said["accounts"][0]["members"].as_array().map_or(0, Vec::len), world)
    });
    let (_, world) = sent.into_iter().find(|(pending, _)| *pending == 1).expect("it was sent");
    std::fs::remove_dir_all(world.path().join("links")).expect("its link was written");
    let said = world.run("apply --resume --format json").expect(6).json();
    assert!(said["results"].to_string().contains("before the link of the invitation was written"), "{said}");
}
