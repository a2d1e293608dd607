//! Canaries in every place where a secret can stand; then every command, in every format, at every level
//! of the log, with and without a server that goes wrong. None of them is in anything that was said, or in
//! any file but the one that is meant to hold it (DESIGN §8.7).

#![cfg(unix)]

#[path = "canary/front.rs"]
mod front;
#[path = "support/program.rs"]
mod program;
#[path = "canary/search.rs"]
mod search;
#[path = "support/served.rs"]
mod served;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use portcullis::sandbox::serve::{Conflict, HttpFault, Injected, Server, Settings};
use secrecy::ExposeSecret as _;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{Cipher, Kdf, LineEnding, PrivateKey};

use front::{Echo, Front, Spoil};
use program::{Said, World};
use search::{Canary, Search};

const CONNECTIONS: [&str; 5] = ["gam", "ins", "met", "news", "sol"];
const FACTS: [&str; 5] = [
    "system: gamoshi, actor: { role: user-manager }",
    "system: insider, features: [two-factor], actor: { role: administrator }",
    "system: meta-gateway, smtp: false, actor: { role: admin }",
    "system: emma-hq, subaccounts: [emea, apac], actor: { role: parent }",
    "system: solver, actor: { role: super-user }",
];

const LIVE: &str = "
    accounts:
      gam:
        members:
          - { email: root@acme.example, name: Root, phase: active, role: user-manager }
          - { email: ada@acme.example, name: Ada, phase: active, role: user }
      ins:
        members:
          - { email: root@acme.example, name: Root, phase: active, role: administrator }
          - { email: ada@acme.example, name: Ada, phase: active, role: viewer }
      met:
        members:
          - { email: root@acme.example, phase: active, role: admin }
          - { email: ada@acme.example, phase: active, role: view-only }
      news:
        members:
          - { email: own@acme.example, name: Own, phase: active, role: parent }
          - { email: ada@acme.example, name: Ada, phase: active, role: author, subaccounts: [emea] }
          - { email: kim@acme.example, name: Kim, phase: pending, role: author, subaccounts: [emea] }
      sol:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: ada@acme.example, name: Ada, phase: active, groups: [standard] }
";

/// In each account somebody gets in and somebody gets more.
const ACCOUNTS: &str = "
    people:
      ada: { email: ada@acme.example, name: Ada }
    accounts:
      gam:
        members:
          - { email: root@acme.example, role: user-manager }
          - { person: ada, role: user-manager }
          - { email: new@acme.example, name: New, role: user }
      ins:
        members:
          - { email: root@acme.example, role: administrator }
          - { person: ada, role: editor }
          - { email: new@acme.example, name: New, role: viewer }
      met:
        members:
          - { email: root@acme.example, role: admin }
          - { person: ada, role: standard, data-sources: [one] }
          - { email: new@acme.example, name: New, role: view-only }
      news:
        members:
          - { person: ada, role: editor, subaccounts: [emea, apac] }
          - { email: kim@acme.example, name: Kim, role: author, subaccounts: [emea] }
          - { email: new@acme.example, name: New, role: author, subaccounts: [emea] }
      sol:
        members:
          - { email: root@acme.example, groups: [super-user] }
          - { person: ada, groups: [advanced] }
          - { email: new@acme.example, name: New, groups: [standard] }
";

/// What was said, and by which command.
struct Heard {
    line: String,
    text: String,
}

struct Scene {
    /// The embedded accounts, and the server in front of them.
    live: World,
    server: Server,
    front: Front,
    /// The manifests that reach them.
    world: World,
    canaries: Vec<Canary>,
    heard: Vec<Heard>,
}

fn connections(of: impl Fn(usize) -> String) -> String {
    let lines = (0..CONNECTIONS.len()).map(|i| format!("  {}: {{ {}, timezone: UTC, {} }}\n", CONNECTIONS[i], FACTS[i], of(i)));
    format!("connections:\n{}", lines.collect::<String>())
}

fn token_variable(connection: &str) -> String {
    format!("PORTCULLIS_TOKEN_{}", connection.to_uppercase())
}

fn private(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).expect("it is written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

impl Scene {
    fn new() -> Self {
        let mut canaries = Vec::new();
        let mut note = |(text, canary): (String, Canary)| {
            canaries.push(canary);
            text
        };
        let tokens: Vec<(String, String)> =
            CONNECTIONS.iter().map(|name| (token_variable(name), note(Canary::token(&token_variable(name))))).collect();
        let (password, passphrase) = (note(Canary::plain("proxy password")), note(Canary::plain("passphrase")));
        let seed = note(Canary::plain("private key"));
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        let secret_key = identity.to_string();
        canaries.push(Canary::of("age secret key", secret_key.expose_secret().trim_start_matches("AGE-SECRET-KEY-1").as_bytes()));

        let live = World::live();
        live.write(
            "connections.yaml",
            &connections(|i| {
                let links = if matches!(CONNECTIONS[i], "met" | "gam") { ", links: { directory: links }" } else { "" };
                format!("backend: embedded{links}")
            }),
        );
        live.write(
            "accounts.yaml",
            &CONNECTIONS.iter().fold("accounts:\n".to_owned(), |all, name| format!("{all}  {name}: {{ members: [] }}\n")),
        );
        live.load(LIVE);
        let (_, server) = served::serve(live.path(), &tokens, Settings::default());
        let front = Front::of(server.addr());

        let mut world = World::live();
        let there = |i: usize| format!("backend: bridge, endpoint: \"http://{}/{}\"", front.addr, CONNECTIONS[i]);
        let auth = |i: usize| match CONNECTIONS[i] {
            "ins" => ", auth: { file: token.txt }".to_owned(),
            "sol" => ", auth: { command: [./token.sh] }".to_owned(),
            "met" => ", links: { directory: handover }".to_owned(),
            "gam" => format!(", links: {{ directory: sealed, recipient: {recipient} }}"),
            _ => String::new(),
        };
        world.write("connections.yaml", &connections(|i| format!("{}{}", there(i), auth(i)))).write("accounts.yaml", ACCOUNTS);
        let token = |name: &str| tokens.iter().find(|(variable, _)| *variable == token_variable(name)).expect("a token").1.clone();
        private(&world.path().join("token.txt"), &format!("{}\n", token("ins")), 0o600);
        private(&world.path().join("token.sh"), &format!("#!/bin/sh\necho '{}'\n", token("sol")), 0o700);
        private(&world.path().join("age.txt"), secret_key.expose_secret(), 0o600);
        let pair = Ed25519Keypair::from_seed(seed.as_bytes().try_into().expect("32 bytes"));
        let key = PrivateKey::new(KeypairData::Ed25519(pair), "root").expect("a key");
        let kdf = Kdf::Bcrypt { salt: vec![7; 16], rounds: 1 };
        let locked = key.encrypt_with(Cipher::Aes256Ctr, kdf, 7, &passphrase).expect("it is encrypted");
        private(&world.path().join("plain.key"), &key.to_openssh(LineEnding::LF).expect("it is written"), 0o600);
        private(&world.path().join("locked.key"), &locked.to_openssh(LineEnding::LF).expect("it is written"), 0o600);
        world.write("signers", &format!("root@acme.example {}\n", key.public_key().to_openssh().expect("a public key")));
        let caches = world.path().with_file_name("caches").display().to_string();
        world.env("XDG_CACHE_HOME", &caches).env("RUST_BACKTRACE", "full");
        for name in ["gam", "met", "news"] {
            world.env(&token_variable(name), &token(name));
        }
        world.env("PORTCULLIS_SIGN_PASSPHRASE", &passphrase);
        world.env("https_proxy", &format!("http://somebody:{password}@127.0.0.1:9/"));
        Self { live, server, front, world, canaries, heard: Vec::new() }
    }

    fn says(&mut self, line: &str) -> Said {
        let said = self.world.run(line);
        self.hears(line, &said);
        said
    }

    fn hears(&mut self, line: &str, said: &Said) {
        assert!(!said.both().contains("panicked"), "{line}: {}", said.both());
        self.heard.push(Heard { line: format!("{line} (exit {})", said.code), text: said.both() });
        self.notes_links();
    }

    /// As the live accounts were in the beginning.
    fn anew(&mut self, flags: &str) {
        let line = format!("sandbox load live.txt {flags}");
        let said = self.live.run(&line);
        self.hears(&line, &said);
    }

    /// Every link and password that waits somewhere is a canary from now on.
    fn notes_links(&mut self) {
        for (path, bytes) in files(&self.world.path().join("handover")) {
            let text = String::from_utf8(bytes).expect("a link is text");
            let secret = text.trim_end().split_once("token=").map_or(text.trim_end(), |(_, rest)| rest.split('&').next().unwrap_or(rest));
            let name = format!("{} of {}", &secret[..6], path.file_name().expect("a file").to_string_lossy());
            if !self.canaries.iter().any(|c| c.name == name) {
                self.canaries.push(Canary::of(&name, secret.as_bytes()));
            }
        }
    }
}

/// Every file below a folder, hidden ones too.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut all, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { all.push((path.clone(), std::fs::read(&path).expect("a file"))) }
        }
    }
    all.sort();
    all
}

/// How a round logs, and in which format it prints: each format and each way to log occurs, not each pair.
const ROUNDS: [&str; 6] = [
    "--format text -v",
    "--format json -vv",
    "--format markdown --log trace",
    "--format github --log trace --log-format json",
    "--format csv -vv --log-format json",
    "--format ics --log trace",
];

/// What needs no account.
const DRY: [&str; 9] = [
    "validate",
    "explain",
    "explain emma-hq",
    "schema",
    "schema journal",
    "completions bash",
    "man",
    "audit start --audit other.jsonl",
    "init other --system solver --email root@acme.example --name Root",
];

const LOOKS: [&str; 8] =
    ["plan", "drift", "export", "expiring", "who ada", "revoke ada", "plan --runbook steps.md", "plan --account sol --out plan.json"];

/// A round in which everything goes well, in this order. A format that a command does not have is refused.
const ACTS: [&str; 19] = [
    "plan --out plan.json",
    "show plan.json",
    "approve plan.json --sign plain.key",
    "approve plan.json --sign locked.key",
    "show plan.json",
    "apply plan.json --verify signers --sign-audit locked.key",
    "audit verify --signers signers",
    "apply --resume",
    "member resend new@acme.example --account news --yes --again",
    "member link new@acme.example --account met --yes --again",
    "member reset-password ada --account met --yes",
    "member reset-password ada --account gam --yes",
    "member reset-2fa ada --account ins --yes",
    "apply --auto-approve --unreviewed",
    "who new@acme.example",
    "revoke ada --apply --auto-approve --unreviewed --account sol",
    "audit verify",
    "sandbox outbox",
    "export",
];

const IN_THE_SANDBOX: [&str; 9] = [
    "sandbox accept kim@acme.example --account news",
    "sandbox lock ada@acme.example --account ins",
    "sandbox edit ada@acme.example --account ins --set role=editor",
    "sandbox remove ada@acme.example --account gam",
    "sandbox outbox",
    "sandbox calls",
    "sandbox serve --stop-after 0",
    "plan",
    "export",
];

/// A round in which something goes wrong.
const IN_TROUBLE: [&str; 5] = [
    "plan --format json",
    "who ada",
    "apply --auto-approve --unreviewed --format json",
    "member link new@acme.example --account met --yes --again",
    "apply --resume",
];

fn faults() -> Vec<Injected> {
    let always = |fault: HttpFault| Injected::from(fault);
    vec![
        always(HttpFault::Html),
        always(HttpFault::WrongContentType),
        always(HttpFault::WrongContentType).after(20).times(1),
        always(HttpFault::PageCut),
        always(HttpFault::MemberMissing { member: None }),
        always(HttpFault::Forbidden { member: None }),
        always(HttpFault::Conflict { kind: Conflict::Exists }),
        always(HttpFault::Changed),
        always(HttpFault::ClockSkew { seconds: 4_000 }),
        always(HttpFault::Unauthorized),
        always(HttpFault::Unauthorized).after(20),
        always(HttpFault::ServerError { status: 500, done: true }).after(20).times(1),
        always(HttpFault::CutAfter).after(20).times(1),
        always(HttpFault::Redirect { to: "http://127.0.0.1:9/elsewhere".into() }),
        always(HttpFault::NotDone),
    ]
}

#[test]
fn no_command_tells_a_secret_in_any_format_at_any_level() {
    let mut scene = Scene::new();
    for flags in ROUNDS {
        scene.anew(flags);
        for line in DRY.iter().chain(&LOOKS).chain(&ACTS) {
            scene.says(&format!("{line} {flags} --trust-head"));
        }
        for line in IN_THE_SANDBOX {
            let line = format!("{line} {flags}");
            let said = scene.live.run(&line);
            scene.hears(&line, &said);
        }
        scene.note_token_of_sandbox();
    }
    // What the rounds are for was done: or they would prove nothing.
    for line in [
        "approve plan.json --sign plain.key",
        "approve plan.json --sign locked.key",
        "apply plan.json --verify signers --sign-audit locked.key",
        "audit verify --signers signers",
        "member link new@acme.example --account met --yes --again",
        "member reset-password ada --account met --yes",
        "member reset-password ada --account gam --yes",
        "member reset-2fa ada --account ins --yes",
        "sandbox serve --stop-after 0",
    ] {
        let begin = format!("{line} --format json");
        let heard: Vec<&Heard> = scene.heard.iter().filter(|heard| heard.line.starts_with(&begin)).collect();
        assert!(heard.len() == 1 && heard[0].line.ends_with("(exit 0)"), "{}: {}", heard[0].line, heard[0].text);
    }
    scene.ends_clean(Seen { links: 6, runs: 6, handed: 2 });
}

#[test]
fn no_server_that_goes_wrong_makes_a_command_tell_a_secret() {
    let mut scene = Scene::new();
    for fault in faults() {
        scene.server.inject(fault.clone());
        scene.anew("");
        for line in IN_TROUBLE {
            scene.says(&format!("{line} --log trace --log-format json --trust-head"));
        }
        assert!(scene.server.fired()[0].fired > 0, "{fault:?} never fired");
        scene.server.clear_faults();
    }
    scene.ends_clean(Seen { links: 2, runs: 6, handed: 0 });
}

#[test]
fn what_a_server_repeats_of_a_request_is_told_to_nobody() {
    let mut scene = Scene::new();
    for echo in Echo::ALL {
        scene.anew("");
        for only_writes in [false, true] {
            scene.front.echoes(echo, only_writes);
            let lines: &[&str] = if only_writes { &IN_TROUBLE[2..] } else { &IN_TROUBLE[..2] };
            // These are asked for again for seconds.
            let lines = if matches!(echo, Echo::Broken | Echo::Failed) { &lines[..1] } else { lines };
            for line in lines {
                scene.says(&format!("{line} --account news --log trace --trust-head").replace("--account met ", ""));
            }
            assert!(scene.front.echoed() > 0, "{echo:?} never came");
            scene.front.echoes(Echo::Nothing, false);
        }
    }
    scene.ends_clean(Seen { links: 0, runs: 6, handed: 0 });
}

#[test]
fn a_link_in_an_answer_that_cannot_be_read_is_told_to_nobody() {
    let mut scene = Scene::new();
    for spoil in Spoil::ALL {
        scene.anew("");
        scene.front.spoils(spoil);
        let before = scene.front.links().len();
        for line in ["apply --auto-approve --unreviewed --account met", "member reset-password ada --account met --yes"] {
            for format in ["text", "json"] {
                scene.says(&format!("{line} --format {format} --log trace --trust-head"));
            }
        }
        assert!(scene.front.links().len() >= before + 2, "{spoil:?}: no link and password came");
    }
    for (i, link) in scene.front.links().iter().enumerate() {
        let secret = link.split_once("token=").map_or(&**link, |(_, rest)| rest.split('&').next().unwrap_or(rest));
        scene.canaries.push(Canary::of(&format!("{i}.link"), secret.as_bytes()));
    }
    scene.ends_clean(Seen { links: 6, runs: 6, handed: 0 });
}

#[test]
fn a_secret_where_it_is_wrong_is_told_to_nobody() {
    let mut scene = Scene::new();
    scene.says("plan --out plan.json --account sol --trust-head");
    scene.in_other_trouble();
    scene.ends_clean(Seen { links: 0, runs: 0, handed: 0 });
}

/// How much must have come by, at least: links and passwords, runs that wrote under keys, files that
/// hold what is to be handed over.
struct Seen {
    links: usize,
    runs: usize,
    handed: usize,
}

impl Scene {
    fn note_token_of_sandbox(&mut self) {
        let text = String::from_utf8(self.live.read(".portcullis/sandbox.token")).expect("text");
        let name = format!("sandbox.token {}", &text[..6]);
        if !self.canaries.iter().any(|c| c.name == name) {
            self.canaries.push(Canary::of(&name, text.trim_end().as_bytes()));
        }
    }

    /// Secrets in places where they are wrong.
    fn in_other_trouble(&mut self) {
        // A passphrase that is not the key's, and a proxy that nobody answers at.
        let (text, canary) = Canary::plain("wrong passphrase");
        self.canaries.push(canary);
        self.world.env("PORTCULLIS_SIGN_PASSPHRASE", &text);
        assert_eq!(self.says("approve plan.json --sign locked.key --log trace").code, 1);
        let far = World::live();
        let secret = String::from_utf8(self.world.read("age.txt")).expect("text");
        let meta =
            |fact: &str| format!("connections:\n  far: {{ system: meta-gateway, {fact}, timezone: UTC, actor: {{ role: admin }} }}\n");
        let accounts = "accounts: { far: { members: [{ email: new@acme.example, role: view-only }] } }";
        far.write("accounts.yaml", accounts);
        far.write("connections.yaml", &meta("backend: bridge, smtp: true, endpoint: \"https://far.invalid/\""));
        let (token, canary) = Canary::token("token of far");
        self.canaries.push(canary);
        let (password, canary) = Canary::plain("proxy that is none");
        self.canaries.push(canary);
        let proxies = [self.env_of("https_proxy"), format!("socks9://somebody:{password}@127.0.0.1:9"), format!("somebody:{password}@@")];
        let mut run = |far: &World, line: &str, proxy: &str, token: &str| {
            let output = far.command().args(line.split_whitespace()).env("https_proxy", proxy).env("PORTCULLIS_TOKEN_FAR", token).output();
            let output = output.expect("it runs");
            let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(!text.contains("panicked"), "{text}");
            self.heard.push(Heard { line: format!("far: {line}"), text });
        };
        for proxy in &proxies {
            run(&far, "plan --log trace", proxy, &token);
        }
        // No token at all: half of it is behind a space.
        run(&far, "plan --log trace", &proxies[0], &token.replace('+', " "));
        // The secret half of a pair where the public one belongs.
        far.write("connections.yaml", &meta(&format!("backend: embedded, smtp: false, links: {{ directory: l, recipient: {secret} }}")));
        for format in ["text", "json", "markdown", "github"] {
            for line in ["validate", "plan", "apply --auto-approve"] {
                run(&far, &format!("{line} --format {format} --log trace"), "", &token);
            }
        }
    }

    fn env_of(&self, name: &str) -> String {
        let command = self.world.command();
        let value = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value).expect("it is set");
        value.to_string_lossy().into_owned()
    }

    /// Looks for every canary in all that was said and written.
    fn ends_clean(mut self, least: Seen) {
        let runs: std::collections::BTreeSet<String> =
            self.front.keys().iter().filter_map(|key| key.split_once('/')).map(|(run, _)| run.to_owned()).collect();
        assert!(runs.len() >= least.runs, "{} runs wrote under keys", runs.len());
        self.canaries.extend(runs.iter().enumerate().map(|(i, run)| Canary::of(&format!("key of run {i}"), run.as_bytes())));
        let links = self.canaries.iter().filter(|c| c.name.contains(".link") || c.name.contains(".reset")).count();
        assert!(links >= least.links, "{links} links were seen");
        let search = Search::of(&self.canaries);
        let leaks: Vec<String> = (self.heard.iter())
            .flat_map(|heard| search.finds(heard.text.as_bytes()).into_iter().map(|name| format!("`{}` tells: {name}", heard.line)))
            .collect();
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));

        let own = [
            ("token.txt", "PORTCULLIS_TOKEN_INS"),
            ("token.sh", "PORTCULLIS_TOKEN_SOL"),
            ("age.txt", "age secret key"),
            ("plain.key", "private key"),
        ];
        let (mut seen, mut handed) = (0, 0);
        for root in [&self.world, &self.live] {
            for (path, bytes) in files(root.path().parent().expect("a folder around it")) {
                let name = path.file_name().expect("a file").to_string_lossy().into_owned();
                let found = search.finds(&bytes);
                let mode = std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
                if let Some((_, canary)) = own.iter().find(|(file, _)| *file == name) {
                    assert_eq!(found, [*canary], "{}", path.display());
                } else if name == "sandbox.token" || path.parent().is_some_and(|p| p.ends_with("handover/met")) {
                    assert!(found.len() == 1 && found[0].contains(&name), "{}: {found:?}", path.display());
                    assert_eq!(mode, 0o600, "{}", path.display());
                    handed += 1;
                } else {
                    assert_eq!(found, [""; 0], "{}", path.display());
                    let kept = path.components().any(|c| matches!(c.as_os_str().to_str(), Some("caches" | "state" | "sealed")));
                    assert!(!kept || mode == 0o600, "{}: {mode:o}", path.display());
                }
                seen += 1;
            }
        }
        assert!(handed >= least.handed, "{handed} files wait to be handed over");
        println!("canaries: {} secrets in {} texts and {seen} files", self.canaries.len(), self.heard.len());
    }
}
