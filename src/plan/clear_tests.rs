use super::{Lift, NotCleared, clear};
use crate::desired::GuardCode;
use crate::model::Action;
use crate::plan::{AccountPlan, Plan, sample};

/// An account with one removal, which `removals` stops at one.
fn stopped(name: &str) -> AccountPlan {
    let mut account = sample::account(name, "solver", 3);
    account.changes.push(sample::change(name, Action::Remove, sample::member("a@acme.example"), None, None));
    account.guards.push(sample::verdict(name, "reductions", 5, 0));
    account.guards.push(sample::verdict(name, "removals", 1, 2));
    account
}

/// An account that would be left with two administrators of three.
fn lowered(lift: Option<&str>) -> Plan {
    let mut account = sample::account("a", "solver", 3);
    let mut verdict = sample::verdict("a", "minimum-administrators", 3, 2);
    (verdict.tripped, verdict.lift) = (true, lift.map(str::to_owned));
    account.guards.push(verdict);
    sample::plan(vec![account])
}

fn lift(account: Option<&str>, code: GuardCode, to: u32) -> Lift {
    Lift { account: account.map(str::to_owned), code, to, digest: sample::digest('d').to_string() }
}

fn refusal(plan: Plan, lift: Lift) -> String {
    match clear(plan, None, &[lift]) {
        Err(NotCleared::BadLift(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guard_stops_its_account_and_no_other() {
    let free = AccountPlan { guards: Vec::new(), ..stopped("b") };
    let cleared = clear(sample::plan(vec![stopped("a"), free]), None, &[]).unwrap();
    assert_eq!(cleared.stopped(), ["a"]);
    let left: Vec<usize> = cleared.plan().accounts.iter().map(|a| a.changes.len()).collect();
    assert_eq!(left, [0, 1]);
}

#[test]
fn a_lift_is_for_the_account_that_it_names() {
    let both = || sample::plan(vec![stopped("a"), stopped("b")]);
    let cleared = clear(both(), None, &[lift(Some("b"), GuardCode::Removals, 2)]).unwrap();
    assert_eq!(cleared.stopped(), ["a"]);
    assert!(refusal(both(), lift(None, GuardCode::Removals, 2)).contains("several accounts"));
    assert!(refusal(both(), lift(Some("c"), GuardCode::Removals, 2)).contains("no account `c`"));
    let one = || sample::plan(vec![stopped("a")]);
    assert_eq!(clear(one(), None, &[lift(None, GuardCode::Removals, 2)]).unwrap().stopped(), [""; 0]);
    assert!(refusal(one(), lift(Some("b"), GuardCode::Removals, 2)).contains("no account `b`"));
}

#[test]
fn a_lift_is_for_the_guard_that_it_names_and_reaches_as_far_as_it_says() {
    let lifted = |code, to| {
        let cleared = clear(sample::plan(vec![stopped("a")]), None, &[lift(None, code, to)]).unwrap();
        let limits: Vec<u32> = cleared.plan().accounts[0].guards.iter().map(|g| g.limit).collect();
        (cleared.stopped().is_empty(), limits)
    };
    assert_eq!(lifted(GuardCode::Removals, 1), (false, vec![5, 1]), "one too few");
    assert_eq!(lifted(GuardCode::Removals, 2), (true, vec![5, 2]));
    assert_eq!(lifted(GuardCode::Removals, 9), (true, vec![5, 9]));
    assert_eq!(lifted(GuardCode::Reductions, 9), (false, vec![5, 1]), "another guard, which stops nothing: as it was");
}

#[test]
fn a_minimum_is_lifted_down_to_what_the_plan_leaves_and_no_further() {
    let lifted = |may: Option<&str>, to| {
        let cleared = clear(lowered(may), None, &[lift(None, GuardCode::MinimumAdministrators, to)]).unwrap();
        (cleared.stopped().is_empty(), cleared.plan().accounts[0].guards[0].limit)
    };
    assert_eq!(lifted(Some("--allow ..."), 3), (false, 3), "as many are not left");
    assert_eq!(lifted(Some("--allow ..."), 2), (true, 2));
    assert_eq!(lifted(Some("--allow ..."), 1), (true, 2));
    assert_eq!(lifted(None, 2), (false, 3), "below the system's floor");
}

#[test]
fn what_was_approved_is_this_plan_and_no_other() {
    let plan = || sample::plan(vec![stopped("a")]);
    assert!(clear(plan(), Some(sample::digest('d').as_str()), &[]).is_ok());
    let stale = clear(plan(), Some(sample::digest('e').as_str()), &[]).unwrap_err();
    assert!(matches!(stale, NotCleared::Stale { .. }), "{stale}");
    let other = Lift { digest: sample::digest('e').to_string(), ..lift(None, GuardCode::Removals, 2) };
    assert!(refusal(plan(), other).contains("for another plan"));
    for code in [GuardCode::SelfLockout, GuardCode::Protected] {
        assert!(refusal(plan(), lift(None, code, 2)).contains("cannot be lifted"));
    }
}

#[test]
fn a_guard_that_is_none_is_refused_with_the_nearest_that_is() {
    let why = Lift::new(None, "removal", 2, String::new()).unwrap_err();
    assert!(why.contains("did you mean `removals`?"), "{why}");
    assert!(Lift::new(None, "removals", 2, String::new()).is_ok());
}
