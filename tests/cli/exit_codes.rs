//! Every row of CONTRACT's paragraph on exit codes that is built. 8 needs steps by hand, which the
//! embedded sandbox has not: `scim_cli` proves it.

use std::io::Read as _;
use std::process::Stdio;

use super::program::World;

/// Accounts on the sandbox, each in one state; any of them may stand beside the others.
#[derive(Clone, Copy)]
enum Has {
    Nothing,
    Changes,
    Drift,
    Blocked,
    BlockedAndKnown,
    Guard,
    Unread,
    Expired,
    Fails,
}

use Has::*;

/// One solver account, `NAME`, in a state.
fn account(name: &str, has: Has) -> (String, String, String) {
    let live_root = "{ email: root@acme.example, name: Root, phase: active, groups: [super-user] }";
    let root = "{ email: root@acme.example, groups: [super-user], reason: Owner }";
    let solver = |policy: &str, members: &[&str], live: &[&str], fault: &str| {
        let connection =
            format!("  {name}: {{ system: solver, backend: embedded, timezone: Europe/Paris, actor: {{ role: super-user }} }}\n");
        (connection, entries(name, policy, members), entries(name, fault, live))
    };
    let emma = |policy: &str, actor: &str, members: &[&str], live: &[&str]| {
        let connection = format!(
            "  {name}: {{ system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea, us], actor: {actor} }}\n"
        );
        (connection, entries(name, policy, members), entries(name, "", live))
    };
    let old = "{ email: old@acme.example, name: Old, phase: active, groups: [standard] }";
    let new = "{ email: new@acme.example, name: New, groups: [standard] }";
    let boss = "{ email: boss@acme.example, name: Boss, role: manager, subaccounts: [emea] }";
    let manager = "{ role: manager, subaccounts: [emea] }";
    match has {
        Nothing => solver("", &[root], &[live_root], ""),
        Changes => solver("", &[root, new], &[live_root], ""),
        Drift => solver("", &[root, "{ email: old@acme.example, groups: [advanced] }"], &[live_root, old], ""),
        Guard => solver("    mode: authoritative\n    guards: { removals: { most: 0 } }\n", &[root], &[live_root, old], ""),
        Unread => solver("", &[root, new], &[live_root], "    fault: short\n"),
        Expired => solver("", &[root, "{ email: old@acme.example, groups: [standard], end: 2026-11-20 }"], &[live_root, old], ""),
        Blocked => emma("", manager, &[boss], &[]),
        BlockedAndKnown => emma("    accept-blocked: [actor-lacks-privilege]\n", manager, &[boss], &[]),
        // Somebody whom the actor does not see: the server says so when asked.
        Fails => emma(
            "",
            manager,
            &["{ email: far@acme.example, name: Far, role: editor, subaccounts: [emea] }"],
            &["{ email: far@acme.example, name: Far, phase: active, role: editor, subaccounts: [us] }"],
        ),
    }
}

fn entries(name: &str, more: &str, members: &[&str]) -> String {
    let list = if members.is_empty() {
        "    members: []\n".to_owned()
    } else {
        members.iter().fold("    members:\n".to_owned(), |t, m| t + "      - " + m + "\n")
    };
    format!("  {name}:\n{more}{list}")
}

fn world(states: &[Has]) -> World {
    let world = World::new();
    let (mut connections, mut accounts, mut live) = ("connections:\n".to_owned(), "accounts:\n".to_owned(), "accounts:\n".to_owned());
    for (i, has) in states.iter().enumerate() {
        let (connection, account, loaded) = account(&format!("a{i}"), *has);
        connections.push_str(&connection);
        accounts.push_str(&account);
        live.push_str(&loaded);
    }
    world.write("connections.yaml", &connections).write("accounts.yaml", &accounts).load(&live);
    world
}

#[track_caller]
fn each(command: &str, rows: &[(&[Has], i32)]) {
    for (i, (states, code)) in rows.iter().enumerate() {
        let said = world(states).run(command);
        assert_eq!(said.code, *code, "row {i} of `{command}`\n{}\n{}", said.out, said.err);
    }
}

#[test]
fn plan_says_the_first_of_4_7_2_0() {
    each(
        "plan",
        &[
            (&[Nothing], 0),
            (&[BlockedAndKnown], 0),
            (&[Nothing, BlockedAndKnown], 0),
            (&[Changes], 2),
            (&[Drift], 2),
            (&[Expired], 2),
            (&[Blocked], 2),
            (&[Nothing, Blocked, BlockedAndKnown], 2),
            (&[Unread], 7),
            (&[Changes, Unread, Blocked], 7),
            (&[Guard], 4),
            (&[Unread, Guard, Changes, Blocked], 4),
        ],
    );
}

#[test]
fn drift_says_the_first_of_7_3_0_and_no_guard_sets_it() {
    each(
        "drift",
        &[
            (&[Nothing], 0),
            (&[BlockedAndKnown], 0),
            // What time alone asks for is no drift.
            (&[Expired], 0),
            (&[Drift], 3),
            (&[Expired, Drift], 3),
            (&[Blocked], 3),
            (&[Guard], 3),
            (&[Unread], 7),
            (&[Drift, Unread, Guard], 7),
        ],
    );
    assert!(world(&[Expired]).run("drift").out.contains("1 remove"), "the count is said");
    assert!(world(&[Guard]).run("drift").out.contains("stopped by guard removals"), "the guard is shown");
}

#[test]
fn apply_says_the_first_of_4_7_6_0() {
    each(
        "apply --auto-approve",
        &[
            (&[Nothing], 0),
            (&[Changes], 0),
            (&[Changes, BlockedAndKnown, Expired], 0),
            (&[Blocked], 6),
            (&[Fails], 6),
            (&[Changes, Blocked], 6),
            (&[Unread], 7),
            (&[Unread, Fails, Changes], 7),
            (&[Guard], 4),
            (&[Guard, Unread, Fails, Changes], 4),
        ],
    );
    each(
        "apply --digest sha256:0000000000000000000000000000000000000000000000000000000000000000",
        &[(&[Guard, Unread], 5), (&[Nothing], 5)],
    );
}

#[test]
fn one_accounts_trouble_does_not_stop_the_others() {
    let world = world(&[Guard, Unread, Changes]);
    let results = world.run("apply --auto-approve --format json").expect(4).json()["results"].clone();
    assert_eq!(results[0]["id"], "a2/invite/new@acme.example");
    assert_eq!((&results[0]["result"], results.as_array().map(Vec::len)), (&"applied".into(), Some(1)));
}

#[test]
fn where_nothing_could_be_attempted_it_is_1() {
    let world = world(&[Nothing]);
    world.write("more.yaml", "accounts:\n  nobody: {}\n");
    for line in [
        "plan",
        "drift",
        "apply --auto-approve",
        "apply --digest sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "export",
        "validate",
        "sandbox calls",
    ] {
        world.run(line).expect(1);
        world.run(&format!("{line} --format json")).expect(1);
    }
}

#[test]
fn validate_says_1_on_errors_and_2_on_warnings_only_when_strict() {
    let world = world(&[Nothing]);
    world.run("validate").expect(0);
    world.run("validate --strict").expect(0);
    // Nothing was checked: a job in the wrong folder is not green.
    let nowhere = World::new();
    nowhere.run("validate").expect(0);
    nowhere.run("validate --strict").expect(2);
    world.write(
        "spread.yaml",
        "
        connections:
          news: { system: emma-hq, backend: embedded, subaccounts: [emea, us], actor: { role: parent } }
        people:
          ada: { email: ada@acme.example, name: Ada }
        teams:
          all: [ada]
        accounts:
          news:
            members:
              - { team: all, role: editor, subaccounts: [us] }
              - { person: ada, role: manager, subaccounts: [emea] }
        ",
    );
    assert!(world.run("validate").expect(0).out.contains("role-spreads"));
    world.run("validate --strict").expect(2);
    world.write("bad.yaml", "peple: {}\n");
    world.run("validate").expect(1);
    world.run("validate --strict").expect(1);
}

#[test]
fn a_stream_closed_early_is_no_error() {
    let world = world(&[Changes, Blocked, Nothing]);
    let lines = [
        ("plan", 2),
        ("plan --format json", 2),
        ("drift", 3),
        ("export", 0),
        ("export --format csv", 0),
        ("schema plan", 0),
        ("validate", 0),
        ("--help", 0),
    ];
    for (line, code) in lines {
        for closes_err in [false, true] {
            let mut command = world.command();
            command.args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("the program runs");
            drop(child.stdout.take());
            let mut err = String::new();
            let stderr = child.stderr.take();
            if !closes_err && let Some(mut stderr) = stderr {
                stderr.read_to_string(&mut err).expect("text");
            }
            let status = child.wait().expect("it ends");
            assert_eq!(status.code(), Some(code), "`{line}` into a closed pipe: {err}");
            assert!(err.is_empty(), "`{line}`: {err}");
        }
    }
}
