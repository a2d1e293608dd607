//! What happens for every fault of a server, on every system (DESIGN §8): nothing is planned on a bad
//! reading, nobody is written to twice, nothing is lost, and the exit code says so. docs/faults.md is
//! written from what was seen.

mod accounts;
mod page;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;
mod table;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis::model::{Phase, Value};
use portcullis::sandbox::serve::{Server, Settings};
use support::world::World;

use accounts::{CASES, Case, PAGE, PAGES};
use table::{ROWS, Row, Side};

const TOKEN: &str = "canary-token-8d1f";

/// One account, the server in front of it, and the manifests beyond.
struct Scene {
    live: World,
    server: Server,
    manifests: World,
}

impl Scene {
    fn of(case: &Case, idempotency: bool, alone: bool) -> Self {
        let live = case.live();
        let now = live.now();
        let settings = Settings { page_size: PAGE, idempotency, ..Settings::default() };
        let listen = ([127, 0, 0, 1], 0).into();
        let server = Server::start(listen, vec![live.served(TOKEN)], settings, Box::new(move || now)).expect("it listens");
        let manifests = case.bridged(&live, server.addr(), TOKEN, alone);
        Self { live, server, manifests }
    }

    /// What everybody holds, past the server.
    fn state(&self) -> BTreeSet<String> {
        let reading = self.live.reading_of_embedded();
        let member = |m: &portcullis::model::Live| {
            let attrs: Vec<String> =
                m.attrs.iter().map(|(k, v)| format!("{k}={}", v.seen().map_or("?".into(), |v: &Value| v.to_json().to_string()))).collect();
            let phase = if matches!(m.phase, Phase::Pending { .. }) { "pending" } else { m.phase.word() };
            format!("{} {phase} {}", m.email, attrs.join(" "))
        };
        reading.members.iter().map(member).collect()
    }

    /// Who was written to, sorted.
    fn mails(&self) -> Vec<String> {
        let mut mails: Vec<String> = self.live.mails().iter().map(|m| m.rsplit_once(' ').expect("an instant").0.to_owned()).collect();
        mails.sort();
        mails
    }
}

/// What a run without any fault does.
struct Undisturbed {
    acts: Vec<String>,
    before: BTreeSet<String>,
    end: BTreeSet<String>,
    mails: Vec<String>,
}

fn undisturbed(case: &Case, alone: bool) -> Undisturbed {
    let scene = Scene::of(case, true, alone);
    let before = scene.state();
    let (plan, code) = scene.manifests.plan_code();
    assert_eq!((code, plan.acts().len()), (2, if alone { 1 } else { 3 }), "{}: {:?}", case.system, plan.acts());
    assert_eq!(u64::from(PAGES) + 2, scene.server.calls().requests.iter().map(|r| r.times).sum::<u64>(), "pages and two");
    let (applied, code) = scene.manifests.apply_code();
    assert_eq!((code, applied.failed()), (0, vec![]), "{}", case.system);
    let (plan_after, code) = scene.manifests.plan_code();
    assert_eq!((code, plan_after.acts()), (0, vec![]));
    Undisturbed { acts: plan.acts(), before, end: scene.state(), mails: scene.mails() }
}

/// What was seen of one fault in one system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    plan: Option<u8>,
    apply: u8,
    results: Vec<String>,
    again: u8,
}

fn on_reading(case: &Case, row: &Row, clean: &Undisturbed) -> Option<Seen> {
    let scene = Scene::of(case, true, false);
    scene.server.inject((row.fault)(PAGES));
    let (plan, plan_code) = scene.manifests.plan_code();
    let told = || format!("{}, {}: {:?}", row.name, case.system, plan.problems(account(case)));
    let fired = scene.server.fired()[0].fired;
    assert!(fired > 0, "{} never fired in {}", row.name, case.system);
    if plan.problems(account(case)).is_empty() {
        assert_eq!((plan.acts(), plan_code), (clean.acts.clone(), 2), "{}", told());
    } else {
        assert_eq!((plan.acts(), plan.blocked(), plan_code), (vec![], vec![], 7), "{}", told());
    }
    let (applied, apply) = scene.manifests.apply_code();
    let state = scene.state();
    if apply == 7 && applied.said().is_empty() {
        assert_eq!((&state, scene.live.writes()), (&clean.before, 0), "{}: {applied:?}", told(), applied = applied.0);
    } else {
        assert_eq!(state, clean.end, "{}", told());
    }
    Some(finish(&scene, case, row, clean, Some(plan_code), (applied, apply)))
}

fn on_writing(case: &Case, row: &Row, idempotency: bool, clean: &Undisturbed) -> Option<Seen> {
    let scene = Scene::of(case, idempotency, row.alone);
    scene.server.inject((row.fault)(PAGES + 2));
    let (applied, apply) = scene.manifests.apply_code();
    if scene.server.fired()[0].fired == 0 {
        assert!(row.only.is_some_and(|only| only != case.system), "{} never fired in {}", row.name, case.system);
        return None;
    }
    Some(finish(&scene, case, row, clean, None, (applied, apply)))
}

fn account(case: &Case) -> &'static str {
    match case.system {
        "emma-hq" => "news",
        system => &system[..3],
    }
}

/// The fault is over: a second run brings the account to where the first would have without it, and nobody
/// was written to twice.
fn finish(
    scene: &Scene,
    case: &Case,
    row: &Row,
    clean: &Undisturbed,
    plan: Option<u8>,
    (applied, apply): (support::answers::Applied, u8),
) -> Seen {
    let mut results = applied.said().iter().map(|said| said.split_once(' ').expect("a word").0.to_owned()).collect::<Vec<_>>();
    let told = format!("{}, {}: exit {apply}, {:#}", row.name, case.system, applied.0);
    assert!(!told.contains(TOKEN), "the token is told: {}", row.name);
    let went_well = results.iter().all(|r| r == "applied" || r == "already") && applied.left().is_empty();
    assert!(apply != 0 || (went_well && scene.state() == clean.end), "0 is everything done: {told}");
    scene.server.clear_faults();
    let (second, again) = scene.manifests.apply_code();
    assert_eq!(scene.state(), clean.end, "after a second run ({again}: {:#}) of {told}", second.0);
    let mails = scene.mails();
    if row.writes_again != Some(case.system) {
        assert_eq!(mails, clean.mails, "{told}");
    }
    let (plan_after, code) = scene.manifests.plan_code();
    assert_eq!((code, plan_after.acts()), (0, vec![]), "{told}");
    results.sort();
    results.dedup();
    Seen { plan, apply, results, again }
}

/// Most of the time somebody waits for somebody: so many at once.
const AT_ONCE: usize = 24;

#[test]
fn every_fault_on_every_system_is_survived_and_told() {
    let clean: Vec<[Undisturbed; 2]> = CASES.iter().map(|case| [undisturbed(case, false), undisturbed(case, true)]).collect();
    let jobs: Vec<(usize, usize)> = (0..ROWS.len()).flat_map(|row| (0..CASES.len()).map(move |case| (row, case))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut lines = Vec::new();
        while let Some((i, at)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            let (row, case, clean) = (&ROWS[i], &CASES[at], &clean[at][usize::from(ROWS[i].alone)]);
            let ways = match row.side {
                Side::Reading => vec![on_reading(case, row, clean)],
                Side::Writing => vec![on_writing(case, row, true, clean), on_writing(case, row, false, clean)],
            };
            lines.push((i, page::Line { system: case.system, ways }));
        }
        lines
    };
    let lines: Vec<(usize, page::Line)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|why| std::panic::resume_unwind(why))).collect()
    });
    page::is_fresh(&page::write(&lines));
}

#[test]
fn embedded_and_a_bridge_give_equal_changes_digests_apart() {
    for case in &CASES {
        let scene = Scene::of(case, true, false);
        case.wants(&scene.live, false);
        let (embedded, bridge) = (scene.live.plan(), scene.manifests.plan());
        let without_digests = |plan: &support::answers::Planned| -> Vec<serde_json::Value> {
            let changes = plan.all("changes").into_iter().cloned();
            changes
                .map(|mut change| {
                    change.as_object_mut().expect("a change").remove("digest").expect("a digest");
                    change
                })
                .collect()
        };
        assert_eq!(without_digests(&embedded), without_digests(&bridge), "{}", case.system);
        assert_eq!(embedded.all("changes").len(), 3);
        let digests = |plan: &support::answers::Planned| plan.all("changes").into_iter().map(|c| c["digest"].clone()).collect::<Vec<_>>();
        assert!(digests(&embedded).iter().zip(digests(&bridge)).all(|(one, other)| *one != other), "the origin is in every digest");
        for list in ["blocked", "reports", "warnings"] {
            assert_eq!(embedded.all(list), bridge.all(list), "{}: {list}", case.system);
        }
    }
}

/// 7: one request a person. A thousand members are ten pages.
#[test]
fn demand_07_reads_are_a_page_each_and_two_more_and_none_a_person() {
    let live = World::solver("actor: { role: super-user }");
    let members: Vec<String> = (0..1_000).map(|i| format!("{{ email: u{i:04}@acme.example, name: U, groups: [standard] }}")).collect();
    live.live("", &members.iter().map(String::as_str).collect::<Vec<_>>());
    let now = live.now();
    let settings = Settings { page_size: 100, ..Settings::default() };
    let server = Server::start(([127, 0, 0, 1], 0).into(), vec![live.served(TOKEN)], settings, Box::new(move || now)).expect("it listens");
    let manifests = live.bridged(server.addr(), TOKEN, "actor: { role: super-user }");
    manifests.want("mode: adopt", &["{ email: u0000@acme.example, groups: [standard] }"]);
    assert_eq!(manifests.plan_code().1, 0);
    assert_eq!(server.calls().requests.iter().map(|r| r.times).sum::<u64>(), 10 + 2);
}

/// 32: a run with nothing to do that writes. Only GETs reach the server.
#[test]
fn demand_32_what_reads_sends_nothing_but_get() {
    for case in &CASES {
        let scene = Scene::of(case, true, false);
        let _ = scene.manifests.plan();
        let _ = scene.manifests.export();
        let calls = scene.server.calls();
        assert!(calls.requests.iter().all(|r| r.method == "GET"), "{}: {calls:?}", case.system);
        assert_eq!((calls.written(), scene.live.writes()), (0, 0));
    }
}
