//! The sandbox's commands where an address is in none, one, or several accounts.

use super::program::World;

const FOLDER: &str = "
    connections:
      one: { system: solver, backend: embedded }
      two: { system: solver, backend: embedded }
    accounts:
      one: { members: [] }
      two: { members: [] }
";

const LIVE: &str = "
    accounts:
      one:
        members:
          - { email: ada@acme.example, phase: pending, groups: [standard] }
          - { email: kim@acme.example, phase: pending, groups: [standard] }
      two:
        members:
          - { email: kim@acme.example, phase: pending, groups: [standard] }
";

#[test]
fn the_only_account_that_has_the_address_is_meant() {
    let world = World::new();
    world.write("access.yaml", FOLDER).load(LIVE);
    let said = world.run("sandbox accept ada@acme.example").expect(0).out;
    assert!(said.contains("one: ada@acme.example accepted"), "{said}");
    world.run("sandbox edit ada@acme.example --set groups=advanced").expect(0);
    let said = world.run("sandbox accept kim@acme.example").expect(1).err;
    assert!(said.contains("in several accounts: one, two") && said.contains("--account NAME"), "{said}");
    world.run("sandbox accept kim@acme.example --account two").expect(0);
    let said = world.run("sandbox accept nobody@acme.example").expect(1).err;
    assert!(said.contains("no embedded account has the member nobody@acme.example"), "{said}");
}
