//! A new folder: written once, valid before it is, and applied to nothing left for every system.

use super::program::World;

const WHO: [&str; 6] = ["--timezone", "Europe/Paris", "--email", "Ada@acme.example", "--name", "Ada Lovelace"];

fn init<'a>(system: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["init", "new", "--system", system];
    args.extend(WHO);
    args.extend(more);
    args
}

#[test]
fn without_a_terminal_the_missing_flags_are_named_and_nothing_is_written() {
    let world = World::new();
    let said = world.run("init new").expect(1);
    assert!(said.err.contains("--system, --timezone, --email, --name"), "{}", said.err);
    assert!(!world.path().join("new").exists());
    let said = world.args(&init("insidr", &[])).expect(1);
    assert!(said.err.contains("did you mean `insider`?"), "{}", said.err);
    // With flags missing as well.
    let said = world.run("init new --system emma").expect(1);
    assert!(said.err.contains("did you mean `emma-hq`?"), "{}", said.err);
    world.args(&init("solver", &["--backend", "scim"])).expect(1);
    world.args(&init("solver", &["--domain", "acme.example"])).expect(1);
    world.args(&init("insider", &["--timezone", "Nowhere/At-All"])).expect(1);
    assert!(!world.path().join("new").exists());
}

#[test]
fn every_system_starts_valid_and_applies_to_nothing_left() {
    for system in ["emma-hq", "gamoshi", "insider", "meta-gateway", "solver"] {
        let world = World::new();
        let said = world.args(&init(system, &["--account", "first"])).expect(0);
        assert!(said.out.contains("portcullis plan new"), "{}", said.out);
        assert!(said.err.is_empty(), "{}", said.err);
        world.run("validate new").expect(0);
        let plan = world.run("plan new --format json").expect(2);
        assert_eq!(plan.acts(), ["invite ada@acme.example"], "{system}");
        assert_eq!(plan.all("changes")[0]["administers"], true, "{system}");
        world.run("apply new --auto-approve").expect(0);
        world.run("plan new").expect(0);
        world.run("sandbox accept ada@acme.example new").expect(0);
        // insider's names are set once the person has registered (I8).
        world.run("apply new --auto-approve").expect(0);
        world.run("plan new").expect(0);
        let ignored = String::from_utf8(world.read("new/.gitignore")).expect("UTF-8");
        assert!(ignored.lines().any(|l| l == ".portcullis/"), "{ignored}");
        for file in ["connections.yaml", "people.yaml", "accounts/first.yaml"] {
            let text = String::from_utf8(world.read(&format!("new/{file}"))).expect("UTF-8");
            let (_, schema) = text.lines().next().expect("a line").split_once("$schema=").expect("names its schema");
            let schema = world.path().join("new").join(file).parent().expect("a folder").join(schema);
            assert!(schema.is_file(), "{file}: {}", schema.display());
        }
    }
}

#[test]
fn domains_are_written_where_the_system_has_them() {
    let world = World::new();
    world.args(&init("insider", &["--domain", "acme.example"])).expect(0);
    assert_eq!(world.run("plan new --format json").expect(2).acts(), ["allow-domain acme.example", "invite ada@acme.example"]);
    world.run("apply new --auto-approve").expect(0);
    world.run("plan new").expect(0);
    let other = World::new();
    other.args(&init("insider", &["--domain", "other.example"])).expect(1);
    assert!(!other.path().join("new").exists(), "what does not hold is not written");
}

#[test]
fn what_exists_is_listed_and_stays() {
    let world = World::new();
    world.write("new/people.yaml", "people: {}\n").write("new/.gitignore", "x\n");
    let said = world.args(&init("solver", &[])).expect(1);
    assert!(said.err.contains("people.yaml, .gitignore are there already"), "{}", said.err);
    assert_eq!(world.read("new/people.yaml"), b"people: {}\n");
    assert!(!world.path().join("new/connections.yaml").exists());
}

#[test]
fn odd_names_are_written_so_that_they_come_back() {
    for odd in ["no", "0777", ": #", "~", "\"'\\"] {
        let world = World::new();
        world
            .args(&[
                "init",
                "new",
                "--system",
                "solver",
                "--account",
                "a b: #",
                "--timezone",
                "UTC",
                "--email",
                "no@acme.example",
                "--name",
                odd,
            ])
            .expect(0);
        let plan = world.run("plan new --format json").expect(2);
        assert_eq!(plan.change("no@acme.example")["after"]["name"], odd);
        assert_eq!(plan.json()["accounts"][0]["account"], "a b: #");
    }
}

#[test]
fn a_network_account_names_its_endpoint_and_its_token() {
    let world = World::new();
    world.args(&init("insider", &["--backend", "scim", "--endpoint", "https://inone.useinsider.com/scim/v2"])).expect(0);
    world.run("validate new").expect(0);
    let text = String::from_utf8(world.read("new/connections.yaml")).expect("UTF-8");
    assert!(text.contains("PORTCULLIS_TOKEN_INSIDER"), "{text}");
}

#[test]
fn every_system_starts_with_an_exported_list() {
    for system in ["emma-hq", "gamoshi", "insider", "meta-gateway", "solver"] {
        let world = World::new();
        let said = world.args(&init(system, &["--backend", "roster"])).expect(1);
        assert!(said.err.contains("--file exports/users.csv --column email=Email") && !said.err.contains("-->"), "{}", said.err);
        assert!(!world.path().join("new").exists());
        let export = ["--backend", "roster", "--file", "exports/users.csv", "--column", "email=E-mail: address"];
        world.args(&init(system, &export)).expect(0);
        world.run("validate new").expect(0);
        let text = String::from_utf8(world.read("new/connections.yaml")).expect("UTF-8");
        assert!(!text.contains("PORTCULLIS_TOKEN"), "{text}");
    }
    let world = World::new();
    world.args(&init("solver", &["--file", "users.csv"])).expect(1);
    world.args(&init("solver", &["--backend", "roster", "--file", "u.csv", "--column", "email"])).expect(1);
    let said =
        world.args(&init("solver", &["--backend", "roster", "--file", "u.csv", "--column", "email=A", "--column", "rol=B"])).expect(1);
    assert!(said.err.contains("nothing was written: the manifests would not hold") && !said.err.contains("-->"), "{}", said.err);
    assert!(!world.path().join("new").exists());
}

#[test]
fn valid_is_said_of_the_whole_folder() {
    let world = World::new();
    world.write("new/team.yaml", "people:\n  ada: { email: a@acme.example }\n");
    let said = world.args(&init("solver", &[])).expect(1);
    assert!(said.err.contains("nothing was written") && said.err.contains("stands under `people` twice"), "{}", said.err);
    assert!(said.err.contains("team.yaml:2:3"), "{}", said.err);
    world.write("new/team.yaml", "people:\n  bob: { mail: b@acme.example }\n");
    let said = world.args(&init("solver", &[])).expect(1);
    assert!(said.err.contains("wrong already") && said.err.contains("team.yaml:2"), "{}", said.err);
    assert!(!world.path().join("new/people.yaml").exists() && !world.path().join("new/schemas").exists());
    world.write("new/team.yaml", "people:\n  bob: { email: b@acme.example }\n");
    world.args(&init("solver", &[])).expect(0);
    world.run("validate new").expect(0);
}

#[cfg(unix)]
#[test]
fn what_is_in_the_way_is_found_before_anything_is_written() {
    for in_the_way in ["new", "new/accounts", "new/schemas"] {
        let world = World::new();
        let path = world.path().join(in_the_way);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::os::unix::fs::symlink("nowhere", &path).expect("linked");
        let said = world.args(&init("solver", &[])).expect(1);
        assert!(said.err.contains("nothing was written") && said.err.contains("in the way"), "{}", said.err);
        assert!(!world.path().join("new/people.yaml").exists());
    }
    for file in ["new/people.yaml", "new/schemas/solver.schema.json"] {
        let world = World::new();
        std::fs::create_dir_all(world.path().join(file)).expect("made");
        let said = world.args(&init("solver", &[])).expect(1);
        assert!(said.err.contains("there already"), "{}", said.err);
        assert!(!world.path().join("new/connections.yaml").exists());
    }
}
