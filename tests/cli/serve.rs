//! `sandbox serve` as a program: it says where it listens, serves what the other commands see, and stops.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

use super::client::Client;
use super::program::World;

const FOLDER: &str = "
    connections:
      news: { system: solver, backend: embedded }
      host:
        system: meta-gateway
        backend: embedded
        smtp: true
    accounts:
      news: { members: [{ email: ada@acme.example, groups: [standard] }] }
      one: { connection: host, tenant: first one, members: [] }
";

const LIVE: &str = "
    accounts:
      news:
        members:
          - { email: ada@acme.example, phase: active, groups: [advanced] }
          - { email: kim@acme.example, phase: pending, groups: [standard] }
";

/// The program while it serves.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    said: Json,
}

impl Serving {
    fn start(world: &World, flags: &[&str]) -> Self {
        let mut child = world
            .command()
            .args(["sandbox", "serve", "--format", "json"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut text = String::new();
        // The object ends with the only line that is a brace alone.
        while !text.ends_with("\n}\n") {
            assert!(out.read_line(&mut text).expect("text") > 0, "it ended: {text}");
        }
        Self { child, out, said: serde_json::from_str(&text).expect("JSON") }
    }

    fn client(&self, account: usize, token: &str) -> Client {
        let endpoint = self.said["accounts"][account]["endpoint"].as_str().expect("an endpoint");
        let addr = self.said["listen"].as_str().expect("an address").parse().expect("an address");
        let base = endpoint.strip_prefix(&format!("http://{addr}")).expect("it is there").to_owned();
        Client { addr, base, token: Some(token.to_owned()) }
    }

    /// Lets it end by itself: its exit code, and what else it said.
    fn ends(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        let mut rest = String::new();
        while self.out.read_line(&mut rest).expect("text") > 0 {}
        let mut err = self.child.stderr.take().expect("it was asked for");
        std::io::Read::read_to_string(&mut err, &mut rest).expect("text");
        (status.code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn terminate(serving: &Serving) {
    let done = Command::new("kill").args(["-TERM", &serving.child.id().to_string()]).status().expect("kill is there");
    assert!(done.success());
}

#[test]
fn it_serves_what_the_other_commands_see_until_it_is_told_to_stop() {
    let world = World::new();
    world.write("access.yaml", FOLDER).load(LIVE);
    let serving = Serving::start(&world, &["--page-size", "1", "--paging", "cursor", "--proof", "counted"]);
    assert_eq!((&serving.said["kind"], &serving.said["sandbox"]), (&json!("serve"), &json!(true)));
    let token = String::from_utf8(world.read(".portcullis/sandbox.token")).expect("text");
    let news = serving.client(0, &token);
    assert_eq!(news.base, "/news");
    let caps = news.get("capabilities").is(200);
    assert_eq!((&caps["page_size"], &caps["paging"], &caps["proof"]), (&json!(1), &json!("cursor"), &json!("counted")));
    assert_eq!(news.get("members").who(), ["ada@acme.example"]);
    let set = json!({ "verb": "set", "member": "ada@acme.example", "set": { "groups": { "to": ["standard"] } } });
    news.call(&set).is(200);
    // The program beside it, on the same file.
    world.run("sandbox accept kim@acme.example").expect(0);
    assert_eq!(news.get("members?offset=1").is(200)["members"][0]["phase"], "active");
    let kim = world.run("plan --account news --format json").expect(0).json();
    assert_eq!(kim["accounts"][0]["changes"], json!([]), "{kim:#}");
    let one = serving.client(1, &token);
    assert_eq!((one.base.as_str(), one.get("capabilities").is(200)["tenant"].clone()), ("/host/tenants/first%20one", json!("first one")));
    assert_eq!(serving.said["accounts"][0]["token_file"], ".portcullis/sandbox.token");
    terminate(&serving);
    let all = serving.said.to_string();
    let (code, rest) = serving.ends();
    assert_eq!(code, Some(0), "{rest}");
    assert!(!all.contains(&token) && !rest.contains(&token), "the token is shown nowhere");
}

#[test]
fn the_token_of_a_connection_is_its_variable() {
    let mut world = World::new();
    world.env("PORTCULLIS_TOKEN_NEWS", "canary-token").write("access.yaml", FOLDER);
    let serving = Serving::start(&world, &["--account", "news"]);
    assert_eq!(serving.said["accounts"][0]["token_variable"], "PORTCULLIS_TOKEN_NEWS");
    serving.client(0, "canary-token").get("members").is(200);
    serving.client(0, "other").get("members").is_problem(401, "unauthorized");
    assert!(!serving.said.to_string().contains("canary"));
    assert!(!world.path().join(".portcullis/sandbox.token").exists(), "nothing is written where nothing needs it");
}

#[cfg(unix)]
#[test]
fn the_token_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.write("access.yaml", FOLDER).write(".portcullis/sandbox.token", "old, and for everybody");
    let _serving = Serving::start(&world, &[]);
    let file = world.path().join(".portcullis/sandbox.token");
    assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(!String::from_utf8(world.read(".portcullis/sandbox.token")).expect("text").contains("old"));
}

#[test]
fn it_stops_by_itself_and_says_why_it_does_not_serve() {
    let world = World::new();
    world.write("access.yaml", FOLDER);
    let said = world.run("sandbox serve --stop-after 0").expect(0).out;
    let [first, news, host] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert!(first.starts_with("SANDBOX: serving 2 accounts on 127.0.0.1:"), "{first}");
    assert!(
        news.starts_with("news (solver): http://127.0.0.1:") && news.ends_with("/news, the token is in the file .portcullis/sandbox.token"),
        "{news}"
    );
    assert!(host.contains("/host/tenants/first%20one"), "{host}");
    assert!(world.run("sandbox serve --listen 0.0.0.0:0").expect(1).err.contains("no loopback address"));
    assert!(world.run("sandbox serve --forbid-sandbox").expect(1).err.contains("--forbid-sandbox"));
    assert!(world.run("sandbox serve --listen nowhere").expect(1).err.contains("--listen"));
    let mut bad = World::new();
    bad.env("PORTCULLIS_TOKEN_NEWS", "with space canary").write("access.yaml", FOLDER);
    let err = bad.run("sandbox serve --stop-after 0").expect(1).err;
    assert!(err.contains("PORTCULLIS_TOKEN_NEWS") && !err.contains("canary"), "{err}");
}

/// The manifests of another folder, whose accounts are behind the bridge that this one serves.
fn beyond(serving: &Serving, token: &str) -> World {
    let mut world = World::live();
    let listen = serving.said["listen"].as_str().expect("an address");
    world.write(
        "access.yaml",
        &format!(
            "
            connections:
              news: {{ system: solver, backend: bridge, endpoint: 'http://{listen}/news' }}
              host:
                system: meta-gateway
                backend: bridge
                endpoint: 'http://{listen}/host'
                expect: {{ tenant: first one }}
                smtp: true
            accounts:
              news: {{ members: [{{ email: ada@acme.example, groups: [standard] }}, {{ email: lin@acme.example, name: Lin, groups: [standard] }}] }}
              one: {{ connection: host, tenant: first one, members: [{{ email: max@acme.example, name: Max, role: view-only }}] }}
            ",
        ),
    );
    for connection in ["NEWS", "HOST"] {
        world.env(&format!("PORTCULLIS_TOKEN_{connection}"), token);
    }
    world
}

#[test]
fn the_whole_program_works_through_a_bridge() {
    let world = World::live();
    world.write("access.yaml", FOLDER).load(LIVE);
    let serving = Serving::start(&world, &["--page-size", "1"]);
    let token = String::from_utf8(world.read(".portcullis/sandbox.token")).expect("text");
    let there = beyond(&serving, &token);
    there.run("validate").expect(0);
    let plan = there.run("plan --format json").expect(2).json();
    let changes = |account: usize| -> Vec<String> {
        let all = plan["accounts"][account]["changes"].as_array().expect("changes");
        all.iter().map(|c| c["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(
        (changes(0), changes(1)),
        (vec!["news/invite/lin@acme.example".into(), "news/edit/ada@acme.example".into()], vec!["one/invite/max@acme.example".into()])
    );
    assert_eq!((&plan["accounts"][0]["reading"]["proof"], &plan["accounts"][0]["backend"]), (&json!("snapshot"), &json!("bridge")));
    assert_eq!(plan["sandbox"], true, "the bridge says that it is one");
    // Nobody reviewed it, so nothing is written; what was reviewed is.
    there.run("apply --auto-approve").expect(1);
    there.run("plan --out plan.json").expect(2);
    let applied = there.run("apply plan.json --format json").expect(0).json();
    assert_eq!(applied["results"].as_array().map(Vec::len), Some(3), "{applied:#}");
    there.run("drift").expect(0);
    there.run("plan").expect(0);
    assert!(there.run("export --format csv").expect(0).out.contains("max@acme.example"));
    assert!(there.run("who lin@acme.example").expect(0).out.contains("pending"));
    let again = there.run("member resend lin@acme.example --account news --yes").err;
    assert!(again.contains("cooling-down"), "the cool-down holds here, too: {again}");
    // A simulated clock writes to no network.
    let mut there = there;
    there.env("PORTCULLIS_NOW", "2040-01-01T00:00:00Z");
    assert!(there.run("apply --auto-approve --unreviewed").expect(1).err.contains("simulated"));
    let said = there.without("PORTCULLIS_NOW").env("PORTCULLIS_TOKEN_HOST", "another").run("plan").expect(7);
    assert!(said.out.contains("401") && !said.out.contains(&token), "{}", said.out);
    terminate(&serving);
    assert_eq!(serving.ends().0, Some(0));
}

/// A lease is one account's: those of one system behind one server are applied to in one run, also where only
/// their tokens could tell them apart.
#[test]
fn accounts_of_one_system_at_one_origin_are_applied_to_in_one_run() {
    let world = World::live();
    world.write("access.yaml", "connections:\n  one: { system: solver, backend: embedded }\n  two: { system: solver, backend: embedded, file: two.db }\naccounts:\n  one: { members: [] }\n  two: { members: [] }\n");
    let root = "{ email: root@acme.example, phase: active, groups: [super-user] }";
    world.load(&format!("accounts:\n  one: {{ members: [{root}] }}\n  two: {{ members: [{root}] }}\n"));
    let serving = Serving::start(&world, &[]);
    let token = String::from_utf8(world.read(".portcullis/sandbox.token")).expect("text");
    let listen = serving.said["listen"].as_str().expect("an address");
    let connection =
        |name: &str, path: &str| format!("  {name}: {{ system: solver, backend: bridge, endpoint: 'http://{listen}/{path}' }}\n");
    let member = |who: &str| format!("{{ members: [{{ email: {who}@acme.example, name: N, groups: [standard] }}] }}");
    let mut there = World::live();
    for name in ["ONE", "TWO", "AGAIN"] {
        there.env(&format!("PORTCULLIS_TOKEN_{name}"), &token);
    }
    let connections = [connection("one", "one"), connection("two", "two"), connection("again", "two/")].concat();
    let accounts = format!("  one: {}\n  two: {}\n  again: {}\n", member("a"), member("b"), member("c"));
    there.write("access.yaml", &format!("connections:\n{connections}accounts:\n{accounts}"));
    let said = there.run("apply --auto-approve --unreviewed --format json").expect(0).json();
    let results: Vec<&Json> = said["results"].as_array().expect("results").iter().map(|r| &r["result"]).collect();
    assert_eq!(results, ["applied", "applied", "applied"], "{said:#}");
    terminate(&serving);
    assert_eq!(serving.ends().0, Some(0));
}
