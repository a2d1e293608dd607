//! What must hold for every account, whatever is in it (DESIGN §8.1, 8.3 to 8.7, 8.9), over some thousand
//! worlds: manifests built as types, a live state in the sandbox, an actor and a clock.
//!
//! The worlds are the same in every run: the seed is fixed. `PROPTEST_CASES` makes more or fewer of
//! them, `PROPTEST_RNG_SEED` others. What fails is shrunk and printed as a [`Blueprint`].

#[path = "properties/approval.rs"]
mod approval;
#[path = "properties/blueprint.rs"]
mod blueprint;
#[path = "properties/case.rs"]
mod case;
#[path = "properties/count.rs"]
mod count;
#[path = "properties/needs.rs"]
mod needs;
#[path = "properties/oracle.rs"]
mod oracle;
#[path = "properties/over_http.rs"]
mod over_http;
#[path = "properties/picks.rs"]
mod picks;
#[path = "properties/specialities.rs"]
mod specialities;
#[path = "properties/watch.rs"]
mod watch;
#[path = "properties/world.rs"]
mod world;

use std::sync::{LazyLock, Mutex};

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use blueprint::{Blueprint, blueprints};
use count::Counts;

/// Cases in all, and how many in a hundred each system gets.
const CASES: u32 = 2_100;
const SHARES: [(&str, u32); 5] = [("emma-hq", 34), ("insider", 32), ("gamoshi", 13), ("meta-gateway", 12), ("solver", 9)];
/// Any number does; it decides which worlds are made.
const SEED: u64 = 2026_1122;

/// What came of all cases: each property that failed, with the smallest world that shows it.
struct Run {
    counts: Counts,
    failures: Vec<String>,
    cases: u32,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES };
    let runs: Vec<(Counts, Option<String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = SHARES.iter().map(|(system, share)| scope.spawn(move || run(system, cases * share / 100))).collect();
        threads.into_iter().map(|t| t.join().expect("a failing case is an answer, not a panic")).collect()
    });
    let mut all = Run { counts: Counts::default(), failures: Vec::new(), cases };
    for (counts, failure) in runs {
        all.counts.add(counts);
        all.failures.extend(failure);
    }
    all
});

fn run(system: &'static str, cases: u32) -> (Counts, Option<String>) {
    let mut config = Config { cases, failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_MAX_SHRINK_ITERS").is_none() {
        config.max_shrink_iters = 4_000;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let counts = Mutex::new(Counts::default());
    let result = TestRunner::new(config).run(&blueprints(system), |plan: Blueprint| case::holds(&plan, &counts));
    let failure = match result {
        Ok(()) => None,
        Err(TestError::Fail(why, plan)) => Some(format!("{why}\n{plan:?}")),
        Err(TestError::Abort(why)) => Some(format!("[worlds] {why}")),
    };
    (counts.into_inner().expect("no case panics while it counts"), failure)
}

#[track_caller]
fn holds(property: &str) {
    let failed: Vec<&String> = RUN.failures.iter().filter(|f| f.starts_with(&format!("[{property}]"))).collect();
    assert!(failed.is_empty(), "{}", failed.iter().map(|f| f.as_str()).collect::<Vec<_>>().join("\n\n"));
    assert!(!RUN.counts.is_empty(), "no case ran");
}

#[test]
fn the_independent_checker_accepts_every_plan() {
    holds(approval::PROVEN);
}

#[test]
fn shuffled_readings_give_the_same_bytes() {
    holds(case::SAME_BYTES);
}

#[test]
fn apply_then_plan_is_nothing() {
    holds(case::NOTHING_LEFT);
}

#[test]
fn no_call_fails_but_for_what_exists_elsewhere() {
    holds(case::NO_FAILURE);
}

#[test]
fn after_every_call_access_is_within_before_and_after() {
    holds(case::ACCESS);
}

#[test]
fn after_every_call_the_administrators_minimum_holds() {
    holds(case::ADMINISTRATORS);
}

#[test]
fn a_domain_is_allowed_before_anyone_from_it_is_invited() {
    holds(case::DOMAINS);
}

#[test]
fn after_every_call_the_actor_is_still_in() {
    holds(case::ACTOR);
}

#[test]
fn nobody_is_mailed_twice_or_without_the_plan_saying_so() {
    holds(case::MAILS);
}

#[test]
fn a_link_is_in_its_file_and_nowhere_else() {
    holds(case::LINKS);
}

#[test]
fn another_account_on_the_same_server_is_left_alone() {
    holds(case::OTHERS);
}

#[test]
fn a_reading_that_went_wrong_plans_nothing() {
    holds(case::READINGS);
}

#[test]
fn of_a_part_that_was_approved_just_that_part_is_made() {
    holds(approval::APPROVED);
}

#[test]
fn a_run_that_is_cut_off_at_any_call_is_resumed_to_the_same_end() {
    holds(approval::RESUMED);
}

#[test]
fn through_a_bridge_all_is_the_same_and_whatever_goes_wrong_there_is_survived() {
    holds(over_http::BRIDGE);
}

#[test]
fn nobody_whom_needs_names_is_refused() {
    holds(needs::NEEDS);
}

/// Nothing that worlds can show may be so rare that a property does not mean it; and no failure is
/// left that belongs to no property.
#[test]
fn every_action_phase_direction_block_and_speciality_occurs_in_one_case_of_a_hundred() {
    assert!(RUN.failures.is_empty(), "{}", RUN.failures.join("\n\n"));
    println!("{}", RUN.counts);
    assert!(RUN.counts.discarded() * 50 <= RUN.counts.cases(), "{} of {} worlds discarded", RUN.counts.discarded(), RUN.counts.cases());
    assert!(RUN.counts.stopped() * 10 <= RUN.counts.cases(), "a guard stops {} of {}", RUN.counts.stopped(), RUN.counts.cases());
    if RUN.cases >= 2_000 {
        assert!(RUN.counts.cases() >= 2_000, "{} cases", RUN.counts.cases());
        assert_eq!(RUN.counts.rare(), Vec::<String>::new(), "{}", RUN.counts);
    }
}
