//! Text from manifests and servers is data: it moves no cursor, reorders no line, and is no command
//! to whoever reads a log (DESIGN §8.8).

use super::program::World;

/// What a manifest may hold: nothing in it hides, and all of it is somebody's command.
const SLY: &str = "::error::pwned ##[error]pwned ##vso[x]pwned =cmd|'/c calc'!A1 <b>@all</b>";

/// What only a server may answer: escape codes, a C1 control, bidi overrides, line ends of all kinds.
const SERVED: &str =
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}GNP.exe\u{2066}\u{2028}\u{2029}\u{85}\r\n::error::pwned\n##[error]pwned\n=cmd";

/// The same in a manifest, where it is refused.
const EVIL: &str =
    r"\u001b[2J\u001b]0;title\u0007\u009b31m\u202eGNP.exe\u2066\u2028\u2029\u0085\r\n::error::pwned\n##[error]pwned\n=cmd|'/c calc'!A1";

fn world() -> World {
    let world = World::new();
    world.write("hostile.yaml", &HOSTILE.replace("EVIL", SLY));
    world.load(LIVE);
    serve(&world, "EVIL", SERVED);
    world
}

/// The server's own data, which no command of ours would take.
fn serve(world: &World, instead_of: &str, text: &str) {
    let file = world.path().join(".portcullis/embedded.db");
    let connection = rusqlite::Connection::open(file).expect("the sandbox's file");
    let text = serde_json::to_string(text).expect("JSON");
    let text = text.trim_matches('"');
    let changed = connection.execute("UPDATE member SET attrs = replace(attrs, ?1, ?2)", [instead_of, text]).expect("an update");
    assert!(changed > 0);
}

const HOSTILE: &str = r#"
    connections:
      news: { system: emma-hq, backend: embedded, timezone: Europe/Paris, subaccounts: [emea], actor: { role: parent } }
      "::error::ins": { system: insider, backend: embedded, timezone: Europe/Paris, features: [groups], actor: { role: administrator } }
    people:
      "::error::ada": { email: ada@acme.example, name: "EVIL" }
    teams:
      "::warning::all": ["::error::ada"]
    accounts:
      news:
        members:
          - { team: "::warning::all", role: editor, subaccounts: [emea], reason: "EVIL" }
          - { person: "::error::ada", role: manager, subaccounts: [emea], reason: "EVIL" }
          - { email: kim@agency.example, name: "EVIL", role: author, subaccounts: [emea], reason: "EVIL" }
      "::error::ins":
        members:
          - { email: vic@acme.example, name: "EVIL", role: viewer, groups: ["::error::group"], reason: "EVIL" }
"#;

const LIVE: &str = r#"
    accounts:
      news:
        members:
          - { email: kim@agency.example, name: "Other EVIL", phase: active, role: editor, subaccounts: [emea] }
          - { email: bob@acme.example, name: "EVIL", phase: active, role: editor, subaccounts: [emea] }
      "::error::ins":
        members:
          - { email: "=lock@acme.example", name: "EVIL", phase: locked, role: viewer }
"#;

#[track_caller]
fn harmless(line: &str, text: &str) {
    for c in text.chars() {
        let acts =
            (c.is_control() && c != '\n') || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!acts, "`{line}` prints {c:?}:\n{text:?}");
    }
    for printed in text.lines() {
        let printed = printed.trim_start();
        // `::: FILE` is how an excerpt names a second file: no runner takes it for a command.
        let command = printed.starts_with("::") && !printed.starts_with("::: ");
        assert!(!command && !printed.contains("##["), "`{line}` prints a command of a CI runner: {printed}");
    }
}

const LINES: &[&str] = &[
    "validate",
    "validate --format json",
    "plan",
    "plan --format json",
    "plan --at 2027-01-01",
    "drift",
    "drift --format json",
    "plan --format markdown",
    "drift --format markdown",
    "validate --format markdown",
    "export",
    "export --format json",
    "apply --auto-approve",
    "apply --auto-approve --format json",
    "sandbox outbox",
    "sandbox outbox --format json",
    "plan -v -v --log trace",
    "plan --log trace --log-format json",
];

#[test]
fn hostile_names_act_nowhere() {
    let world = world();
    let mut shown = false;
    for line in LINES {
        let said = world.run(line);
        assert!([0, 2, 3].contains(&said.code), "`{line}` is {}: {}", said.code, said.both());
        harmless(line, &said.both());
        shown |= said.out.contains("pwned");
    }
    assert!(shown, "the names are printed at all");
}

#[test]
fn colours_are_ours_alone() {
    let mut world = world();
    world.without("NO_COLOR");
    for line in ["plan --color always", "export --color always", "apply --auto-approve --color always"] {
        let said = world.run(line).both();
        assert!(said.contains("\u{1b}["), "`{line}` is coloured");
        let plain = anstream::adapter::strip_str(&said).to_string();
        harmless(line, &plain);
        assert!(!said.contains("\u{1b}[2J") && !said.contains("\u{1b}]"), "{line}");
    }
}

#[test]
fn cells_of_a_table_are_no_formulas() {
    let world = world();
    let csv = world.run("export --format csv").expect(0).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut cells = 0;
    for row in reader.records() {
        for cell in &row.expect("it is a table") {
            cells += 1;
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            harmless("export --format csv", cell);
        }
    }
    assert!(cells > 20);
}

#[test]
fn hostile_mistakes_are_shown_harmlessly() {
    let world = World::new();
    world.write("evil\u{1b}[2J\u{202e}.yaml", "peple: {}\n");
    world.write("::error::x.yaml", "poeple: {}\n");
    world.write(
        "more.yaml",
        &r#"
        "EVIL": 1
        people:
          "a EVIL": { email: "EVIL@x" }
        accounts:
          "EVIL": { members: [{ person: "EVIL" }, { email: "a@b.example", role: "EVIL" }] }
        teams:
          "EVIL": ["EVIL", { team: "EVIL" }]
        "#
        .replace("EVIL", EVIL),
    );
    world.write("raw.yaml", "people: {\u{1b}[31m\u{202e}\n");
    for line in ["validate", "plan", "validate --format json", "apply --auto-approve"] {
        harmless(line, &world.run(line).expect(1).both());
    }
    let evil = "\u{1b}[2J\u{202e}\n::error::pwned";
    for args in [
        &["plan", "--account", evil][..],
        &["plan", evil],
        &["export", "--phase", evil],
        &["schema", evil],
        &["sandbox", "accept", evil],
        &["sandbox", "load", evil],
        &["plan", "--at", evil],
        &["apply", "--digest", evil],
        &["apply", "--allow", evil],
        &[evil],
        &["plan", "--format", evil],
    ] {
        let said = world.args(args).expect(1);
        let first = args[0];
        assert!(!said.both().contains(['\u{1b}', '\u{202e}']), "{first} {args:?}: {:?}", said.both());
        assert!(!said.both().lines().any(|l| l.trim_start().starts_with("::")), "{args:?}: {}", said.both());
    }
}
