//! Small worlds, all of them: three people, two roles, two scopes. Of every live state and every state that is
//! asked for, in which at most two people differ: every order that the plan allows, every place where the run
//! can die, every single fault of a call. Nothing here is random, and nothing is sampled.
//!
//! What is left out, and why it shows nothing else:
//! - two worlds that differ by who is who, or by which scope is which, are one (`is_first`)
//! - whoever is left as they are matters by whether they administer: two bystanders stand for all
//! - faults, with two people who change, are tried on the second system alone
//!
//! How many there were is part of the test, so that none gets lost.

#[path = "exhaustive/account.rs"]
mod account;
#[path = "properties/oracle.rs"]
mod oracle;
#[path = "exhaustive/walk.rs"]
mod walk;
#[path = "exhaustive/world.rs"]
mod world;

use account::Account;
use walk::{Counts, Walk};
use world::{EMMA_HQ, Kind, SOLVER};

fn all(kind: &'static Kind) -> Counts {
    let account = Account::of(kind);
    let mut walk = Walk::new(&account);
    for world in kind.worlds() {
        walk.world(&world);
    }
    println!("{}: {:?}", kind.system, walk.counts);
    walk.counts
}

#[test]
fn in_every_small_world_of_emma_hq_every_order_every_kill_and_every_fault_is_survived() {
    let counts = all(&EMMA_HQ);
    let wanted = Counts { worlds: 3302, stopped: 253, with_blocked: 110, orders: 56_586, prefixes: 38_123, faults: 1089 };
    assert_eq!(counts, wanted, "what is tried is another number than it was");
}

#[test]
fn in_every_small_world_of_solver_every_order_every_kill_and_every_fault_is_survived() {
    let counts = all(&SOLVER);
    let wanted = Counts { worlds: 157, stopped: 64, with_blocked: 8, orders: 148, prefixes: 296, faults: 444 };
    assert_eq!(counts, wanted, "what is tried is another number than it was");
}

/// Without what the plan says of the order, the last administrator goes before the next one comes.
#[test]
#[should_panic(expected = "1 administrators of 2")]
fn an_order_that_the_plan_forbids_is_found() {
    let account = Account::of(&EMMA_HQ);
    let mut walk = Walk::new(&account);
    walk.forgets_order = true;
    for world in EMMA_HQ.worlds() {
        walk.world(&world);
    }
}
