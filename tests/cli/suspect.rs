//! A reading that shows far fewer members than the last apply left is suspect, until somebody says that
//! it is right.

use serde_json::Value as Json;

use super::program::World;

/// Eleven people in one account, one of whom an apply has just invited.
fn world() -> World {
    let world = World::new();
    world.write(
        "access.yaml",
        "
        connections: { sol: { system: solver, backend: embedded } }
        accounts: { sol: { members: [{ email: root@acme.example, groups: [super-user] }, { email: new@acme.example, name: New, groups: [standard] }] } }
        ",
    );
    people(&world, 9);
    world.run("apply --auto-approve").expect(0);
    world
}

/// The root and so many others, and whoever is new.
fn people(world: &World, others: usize) {
    let mut live = "accounts:\n  sol:\n    members:\n      - { email: root@acme.example, groups: [super-user] }\n".to_owned();
    for i in 0..others {
        live += &format!("      - {{ email: p{i}@acme.example, groups: [standard] }}\n");
    }
    world.load(&live);
}

#[test]
fn demand_01_an_account_that_shrank_by_more_than_half_since_the_last_apply_is_suspect() {
    let world = world();
    people(&world, 4);
    for command in ["plan", "drift", "expiring", "apply --auto-approve"] {
        let said = world.run(&format!("{command} --format json")).expect(7);
        assert!(said.out.contains("suspect: 11 members") && said.out.contains("--accept-shrunk sol=5"), "{command}: {}", said.out);
    }
    let plan: Json = world.run("plan --format json").expect(7).json();
    assert_eq!(plan["accounts"][0]["changes"], serde_json::json!([]));
    // Half of them, and a few of few, are not.
    people(&world, 5);
    world.run("plan").expect(2);
}

#[test]
fn who_accepts_the_number_goes_on_and_is_asked_once() {
    let world = world();
    people(&world, 1);
    world.run("plan --accept-shrunk sol=3").expect(7);
    world.run("plan --accept-shrunk other=2").expect(7);
    let said = world.run("plan --accept-shrunk sol=2").expect(2);
    assert!(said.out.contains("portcullis apply --accept-shrunk sol=2 --digest"), "what it says can be run: {}", said.out);
    world.run("apply --auto-approve --accept-shrunk sol=2").expect(0);
    world.run("drift").expect(0);
    let log = String::from_utf8(world.read(".portcullis/audit.jsonl")).unwrap();
    let read: Vec<Json> = log.lines().map(|l| serde_json::from_str(l).unwrap()).filter(|l: &Json| l["kind"] == "read").collect();
    assert_eq!(read.iter().map(|l| l["members"].as_u64().unwrap()).collect::<Vec<_>>(), [11, 3]);
    world.run("audit verify").expect(0);
}

#[test]
fn a_number_that_was_accepted_is_kept_where_there_is_nothing_to_do() {
    let world = world();
    world.load(
        "accounts: { sol: { members: [{ email: root@acme.example, groups: [super-user] }, { email: new@acme.example, groups: [standard] }] } }",
    );
    world.run("apply --auto-approve").expect(7);
    world.run("apply --auto-approve --accept-shrunk sol=2").expect(0);
    world.run("plan").expect(0);
}

#[test]
fn the_log_of_another_place_tells_nothing_of_this_one() {
    let world = world();
    let other = String::from_utf8(world.read("access.yaml")).unwrap().replace("backend: embedded", "backend: embedded, file: other.db");
    world.write("access.yaml", &other);
    world.run("plan").expect(2);
    world.run("plan --audit nowhere.jsonl").expect(2);
}

#[test]
fn a_flag_that_names_no_number_is_refused() {
    for flag in ["sol", "sol=", "sol=many", "sol=-1"] {
        world().run(&format!("plan --accept-shrunk {flag}")).expect(1);
    }
}

/// E4: who sees less has not lost anybody.
#[test]
fn another_actor_who_sees_fewer_is_not_suspect() {
    let world = World::new();
    let access = |actor: &str| {
        world.write(
            "access.yaml",
            &format!(
                "
                connections: {{ news: {{ system: emma-hq, backend: embedded, subaccounts: [emea, apac], actor: {actor} }} }}
                accounts: {{ news: {{ members: [{{ email: new@acme.example, name: N, role: editor, subaccounts: [emea] }}] }} }}
                "
            ),
        );
    };
    access("{ role: parent }");
    let mut live = "accounts:\n  news:\n    members:\n".to_owned();
    for i in 0..9 {
        live += &format!("      - {{ email: p{i}@acme.example, role: editor, subaccounts: [apac] }}\n");
    }
    world.load(&live);
    world.run("apply --auto-approve").expect(0);
    access("{ role: manager, subaccounts: [emea] }");
    world.run("plan").expect(0);
    access("{ role: parent }");
    world.run("plan").expect(0);
}
