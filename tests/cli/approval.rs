//! What lets an apply write: a digest, a lift for one plan, and the accounts that it is about.

use serde_json::{Value as Json, json};

use super::program::{Said, World};

const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

pub(super) const CONNECTIONS: &str = "
    connections:
      sol: { system: solver, backend: embedded, timezone: UTC, actor: { role: super-user, member: root@acme.example } }
      sol-two: { system: solver, backend: embedded, actor: { role: super-user } }
";

const LIVE: &str = "
    accounts:
      sol:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
          - { email: aa@acme.example, name: A, phase: active, groups: [standard] }
          - { email: bb@acme.example, name: B, phase: active, groups: [standard] }
          - { email: cc@acme.example, name: C, phase: active, groups: [super-user] }
      sol-two:
        members:
          - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
";

/// `sol` would lose two people where none may be lost; `sol-two` gets one.
fn world() -> World {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).load(LIVE);
    world.write(
        "accounts.yaml",
        "
        accounts:
          sol:
            mode: authoritative
            guards: { removals: { most: 0 } }
            members:
              - { email: root@acme.example, groups: [super-user] }
              - { email: cc@acme.example, groups: [super-user] }
          sol-two:
            members:
              - { email: new@acme.example, name: New, groups: [standard] }
        ",
    );
    world
}

fn writes(world: &World) -> Json {
    world.run("sandbox calls --format json").expect(0).json()["writes"].clone()
}

#[track_caller]
fn refused(world: &World, args: &[&str], code: i32, words: &str) -> Said {
    let said = world.args(args).expect(code);
    assert!(said.err.contains(words), "{args:?}: {}", said.both());
    assert!(said.out.is_empty(), "nothing but a result stands on standard output: {}", said.out);
    assert_eq!(writes(world), 0, "{args:?} wrote");
    said
}

fn guard(plan: &Json, code: &str) -> Json {
    let found = plan["guards"].as_array().expect("a list").iter().find(|g| g["code"] == code && g["tripped"] == true);
    found.unwrap_or_else(|| panic!("{code} does not trip: {plan:#}")).clone()
}

#[test]
fn the_lift_that_the_plan_prints_lifts_exactly_that_guard() {
    let world = world();
    let plan = world.run("plan --format json").expect(4);
    let lift = guard(&plan.json(), "removals")["lift"].as_str().expect("it can be lifted").to_owned();
    assert_eq!(lift, format!("--allow sol:removals=2@{}", plan.digest()));
    let mut args = vec!["apply", "--auto-approve", "--format", "json"];
    args.extend(lift.split(' '));
    let applied = world.args(&args).expect(0).json();
    assert_eq!(applied["results"].as_array().map(Vec::len), Some(3));
    world.run("plan").expect(0);
}

/// What is shown to be agreed to is what is made.
#[test]
fn a_guard_that_is_lifted_is_shown_as_lifted() {
    let world = world();
    let allow = format!("sol:removals=2@{}", world.run("plan --format json").expect(4).digest());
    let said = world.args(&["apply", "--auto-approve", "--allow", &allow]).expect(0);
    assert!(said.err.contains("guard removals is lifted by --allow: 2, the limit is"), "{}", said.err);
    assert!(!said.err.contains("stopped by") && !said.err.contains("to lift it"), "{}", said.err);
}

/// Who reads the log later asks why so many could be removed.
#[test]
fn the_log_tells_which_guard_a_flag_lifted_and_to_what() {
    let world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    // The second one lifts nothing any more, and is not told.
    let allow = [5, 50].map(|most| format!("sol:removals={most}@{digest}"));
    world.args(&["apply", "--auto-approve", "--allow", &allow[0], "--allow", &allow[1]]).expect(0);
    let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let lines: Vec<Json> = lines.filter(|l| l["account"] == "sol").collect();
    let kinds: Vec<&str> = lines.iter().map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["lift", "change", "change", "apply", "read"]);
    let Json::Object(lift) = &lines[0] else { panic!("{:?}", lines[0]) };
    assert_eq!(["guard", "actual", "limit", "plan"].map(|key| lift[key].clone()), [json!("removals"), json!(2), json!(5), json!(digest)]);
}

#[test]
fn a_lift_that_is_too_small_lifts_nothing() {
    let world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    let allow = format!("sol:removals=1@{digest}");
    let applied = world.args(&["apply", "--auto-approve", "--format", "json", "--allow", &allow]).expect(4).json();
    assert_eq!(applied["results"].as_array().map(Vec::len), Some(1), "the other account goes on");
}

/// The digest before the part that was made is no plan's any more.
#[test]
fn after_a_part_was_made_the_lift_is_for_what_is_left() {
    let world = world();
    let before = world.run("plan --format json").expect(4).digest();
    let applied = world.args(&["apply", "--auto-approve", "--format", "json"]).expect(4);
    assert_eq!(applied.json()["results"].as_array().map(Vec::len), Some(1), "the other account was made");
    let lift = guard(&applied.json(), "removals")["lift"].as_str().expect("it can be lifted").to_owned();
    assert_eq!(lift, format!("--allow sol:removals=2@{}", world.run("plan --format json").expect(4).digest()));
    assert!(!lift.contains(&before));
    // Nothing more is made: it stays the same, and is of this plan.
    let said = world.run("apply --auto-approve").expect(4).out;
    assert!(said.contains(&format!("to lift it for this plan: {lift}")), "{said}");
    let mut args = vec!["apply", "--auto-approve"];
    args.extend(lift.split(' '));
    world.args(&args).expect(0);
    world.run("plan").expect(0);
}

#[test]
fn a_lift_is_for_one_plan() {
    let world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    for allow in [format!("sol:removals=2@{NONE}"), format!("sol:reductions=2@{NONE}")] {
        refused(&world, &["apply", "--auto-approve", "--allow", &allow], 1, "another plan");
    }
    // What was lifted does not hold for the plan that comes after.
    world.run("sandbox remove aa@acme.example --account sol").expect(0);
    let allow = format!("sol:removals=2@{digest}");
    let said = world.args(&["apply", "--auto-approve", "--allow", &allow]).expect(1);
    assert!(said.err.contains("another plan"), "{}", said.err);
}

#[test]
fn a_lift_names_an_account_where_there_are_several() {
    let world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    let nameless = format!("removals=2@{digest}");
    refused(&world, &["apply", "--auto-approve", "--allow", &nameless], 1, "several accounts");
    let unknown = format!("soll:removals=2@{digest}");
    refused(&world, &["apply", "--auto-approve", "--allow", &unknown], 1, "no account `soll`");
    let wrong = format!("sol:removal=2@{digest}");
    refused(&world, &["apply", "--auto-approve", "--allow", &wrong], 1, "did you mean `removals`?");
    let one = world.run("plan --format json --account sol").expect(4);
    let lift = guard(&one.json(), "removals")["lift"].as_str().expect("it can be lifted").to_owned();
    assert_eq!(lift, format!("--allow removals=2@{}", one.digest()));
    let mut args = vec!["apply", "--auto-approve", "--account", "sol"];
    args.extend(lift.split(' '));
    world.args(&args).expect(0);
}

#[test]
fn what_cannot_be_lifted_is_refused() {
    let world = world();
    world.write(
        "accounts.yaml",
        "
        accounts:
          sol:
            protect: [cc@acme.example]
            members:
              - { email: root@acme.example, groups: [standard] }
              - { email: cc@acme.example, groups: [standard] }
        ",
    );
    let plan = world.run("plan --format json").expect(4);
    for code in ["self-lockout", "protected"] {
        assert_eq!(guard(&plan.json(), code)["lift"], Json::Null);
        let allow = format!("{code}=9@{}", plan.digest());
        refused(&world, &["apply", "--auto-approve", "--allow", &allow], 1, "cannot be lifted");
    }
}

#[test]
fn a_digest_means_exactly_that_plan() {
    let world = world();
    let digest = world.run("plan --format json --account sol-two").expect(2).digest();
    refused(&world, &["apply", "--digest", NONE, "--account", "sol-two"], 5, "stale");
    refused(&world, &["apply", "--digest", NONE, "--auto-approve"], 5, "stale");
    // The same digest over more accounts is another plan.
    refused(&world, &["apply", "--digest", &digest], 5, "stale");
    world.args(&["apply", "--digest", &digest, "--account", "sol-two"]).expect(0);
    // Done: what was approved is no longer what is needed.
    let said = world.args(&["apply", "--digest", &digest, "--account", "sol-two"]).expect(5);
    assert!(said.err.contains("stale"), "{}", said.err);
    // The plan of nothing has a digest, too.
    let nothing = world.run("plan --format json --account sol-two").expect(0).digest();
    world.args(&["apply", "--digest", &nothing, "--account", "sol-two"]).expect(0);
}

#[test]
fn a_word_or_a_shortened_digest_is_no_digest() {
    let world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    for wrong in ["abc", "sha256:abc", &digest[..20], &digest[7..], "sha256:"] {
        refused(&world, &["apply", "--digest", wrong], 1, "is not a digest");
    }
}

#[test]
fn the_digest_of_a_plan_that_is_done_says_that_nothing_is_to_do() {
    let world = world();
    let digest = world.run("plan --format json --account sol-two").expect(2).digest();
    let args = ["apply", "--digest", &digest, "--account", "sol-two"];
    world.args(&args).expect(0);
    let said = world.args(&args).expect(5);
    assert!(said.err.contains("there is nothing to do now"), "{}", said.err);
    assert!(!world.args(&["apply", "--digest", NONE]).expect(5).err.contains("nothing to do"));
}

#[test]
fn a_lift_that_lifts_nothing_is_told() {
    for (allow, why) in [("sol:removals=1", "this plan needs 2"), ("sol-two:removals=5", "stops nothing here")] {
        let world = world();
        let digest = world.run("plan --format json").expect(4).digest();
        let said =
            world.args(&["apply", "--auto-approve", "--format", "json", "--account", "sol*", "--allow", &format!("{allow}@{digest}")]);
        assert!(said.err.contains(&format!("--allow {allow} lifts nothing: ")) && said.err.contains(why), "{}", said.both());
        said.expect(4);
    }
}

#[test]
fn the_plan_prints_the_whole_command_that_lifts_its_guards() {
    let world = world();
    let said = world.run("plan").expect(4).out;
    let command = said.lines().find_map(|l| l.split_once("where all of this is meant: portcullis ")).expect("a command").1.to_owned();
    world.args(&command.split(' ').collect::<Vec<_>>()).expect(0);
    world.run("plan").expect(0);
}

#[test]
fn what_is_not_covered_does_not_change_a_digest() {
    let mut world = world();
    let digest = world.run("plan --format json").expect(4).digest();
    let text = String::from_utf8(world.read("accounts.yaml")).expect("text");
    world.write("accounts.yaml", &format!("# A comment moves every line.\n{}", text.replace("name: New,", "name: New, reason: Because,")));
    world.env("PORTCULLIS_NOW", "2026-11-22T09:30:00Z");
    assert_eq!(world.run("plan --format json").expect(4).digest(), digest);
    world.write("accounts.yaml", &text.replace("name: New,", "name: Newer,"));
    assert_ne!(world.run("plan --format json").expect(4).digest(), digest);
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let world = world();
    refused(&world, &["apply"], 1, "--auto-approve");
    refused(&world, &["apply", "--format", "json"], 1, "--auto-approve");
    refused(&world, &["apply", "--unreviewed"], 1, "--auto-approve");
}

#[test]
fn accounts_are_chosen_by_globs() {
    let world = world();
    let names = |line: &str| -> Vec<String> {
        let json = world.run(line).json();
        json["accounts"].as_array().expect("a list").iter().map(|a| a["account"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("plan --format json --account sol"), ["sol"]);
    assert_eq!(names("plan --format json --account sol*"), ["sol", "sol-two"]);
    assert_eq!(names("plan --format json --account *-two"), ["sol-two"]);
    assert_eq!(names("export --format json --account s?l"), ["sol"]);
    assert_eq!(names("drift --format json --account sol --account sol-two"), ["sol", "sol-two"]);
    world.run("plan --account sol --account nothing*").expect(1);
    assert!(world.run("plan --account soll").expect(1).err.contains("did you mean `sol`?"));
}

#[test]
fn a_day_ahead_is_for_reading() {
    let world = world();
    world.write(
        "accounts.yaml",
        "
        accounts:
          sol:
            members:
              - { email: aa@acme.example, groups: [standard], end: 2026-12-05 }
              - { email: later@acme.example, name: Later, groups: [standard], start: 2026-12-06 }
        ",
    );
    world.run("plan").expect(0);
    let acts = |day: &str| world.args(&["plan", "--format", "json", "--at", day]).acts();
    assert!(acts("2026-12-05").is_empty(), "the end is inclusive");
    assert_eq!(acts("2026-12-06"), ["invite later@acme.example", "remove aa@acme.example"]);
    let plan = world.run("plan --format json --at 2026-12-06").expect(2);
    assert_eq!((&plan.json()["simulated"], &plan.json()["as_of"]), (&true.into(), &"2026-12-06T00:00:00Z".into()));
    assert_eq!(plan.change("aa@acme.example")["cause"], "expiry");
    assert_eq!(plan.change("later@acme.example")["cause"], "start");
    for bad in ["2026-13-01", "tomorrow", "2026-02-30"] {
        let said = world.args(&["plan", "--at", bad]).expect(1);
        assert!(said.err.contains("--at"), "{}", said.err);
    }
    world.run("drift --at 2026-12-06").expect(1);
    world.run("apply --at 2026-12-06 --auto-approve").expect(1);
}

/// The first apply on an empty account invites its own actor, who until then is a service account.
#[test]
fn an_actor_who_is_invited_goes_on() {
    let world = World::new();
    world.write("connections.yaml", CONNECTIONS).write(
        "accounts.yaml",
        "
        accounts:
          sol:
            members:
              - { email: root@acme.example, name: Root, groups: [super-user] }
              - { email: zz@acme.example, name: Z, groups: [standard] }
        ",
    );
    world.run("apply --auto-approve").expect(0);
    world.run("plan").expect(0);
}
