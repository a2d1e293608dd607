//! What `expiring` says holds for a portcullis that runs once a day: random worlds are run from day to day,
//! and what every run really takes, and what the product takes by itself, is held against the list.
//!
//! The worlds are those of the properties, the same in every run. `PROPTEST_CASES` makes more or fewer.

#[path = "properties/blueprint.rs"]
#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod blueprint;
#[path = "looking_ahead/days.rs"]
mod days;
#[path = "properties/picks.rs"]
mod picks;
#[path = "properties/world.rs"]
#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod world;

use std::sync::Mutex;

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use blueprint::blueprints;
use days::Counts;

fn holds(system: &'static str, wanted: u32) {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { wanted };
    let mut config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(2026_1126);
    }
    let counts = Mutex::new(Counts::default());
    match TestRunner::new(config).run(&blueprints(system), |plan| days::hold(&plan, &counts)) {
        Ok(()) => {}
        Err(TestError::Fail(why, plan)) => panic!("{why}\n{plan:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    let counts = counts.into_inner().expect("no case panics while it counts");
    println!("{system}: {counts:?}");
    if cases >= wanted {
        assert_eq!(counts.rare(), Vec::<&str>::new(), "{counts:?}");
    }
}

#[test]
fn what_emma_hq_is_to_lose_it_loses_on_that_day_and_nothing_else() {
    holds("emma-hq", 300);
}

#[test]
fn what_insider_is_to_lose_it_loses_on_that_day_and_nothing_else() {
    holds("insider", 300);
}

#[test]
fn what_solver_is_to_lose_it_loses_on_that_day_and_nothing_else() {
    holds("solver", 150);
}
