//! The same over a bridge, whether it keeps keys or not, and with the connection cut after the write at which
//! the run is killed. Network accounts take no clock but the machine's.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, ToSpan as _};
use portcullis::model::{Live, Phase, Value};
use portcullis::sandbox::Sandbox;
use portcullis::sandbox::serve::{HttpFault, Injected, Served, Server, Settings};

use super::program::World;
use super::served::{now, serve};
use super::{SCENES, Scene, indented, journal};

const TOKEN: &str = "canary-token-5ba1";
/// Requests before the first write: capabilities, a page, the account.
const READING: u32 = 3;
const APPLY: &str = "apply --auto-approve --unreviewed";

/// An account behind a server, and the manifests beyond.
struct There {
    served: Served,
    server: Server,
    world: World,
    /// The folder of the account itself.
    _live: World,
}

/// Days and instants of the scene as far from today as they are from its own day.
fn dated(text: &str) -> String {
    let day = |days: i64| now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(days.days()).to_string();
    let sent = (now() - SignedDuration::from_hours(24)).to_string();
    text.replace("2026-11-21T09:00:00Z", &sent).replace("2026-12-01", &day(9)).replace("2026-12-05", &day(13))
}

impl There {
    fn of(scene: &Scene, idempotency: bool) -> Self {
        let (live, members) = (dated(scene.live), dated(scene.members));
        let (live, members): (&'static str, &'static str) = (live.leak(), members.leak());
        let scene = Scene { live, members, ..*scene };
        let folder = World::live();
        scene.fill(&folder);
        let tokens = [("PORTCULLIS_TOKEN_ACC".to_owned(), TOKEN.to_owned())];
        let (mut served, server) = serve(folder.path(), &tokens, Settings { idempotency, ..Settings::default() });
        let mut world = World::live();
        world.env("PORTCULLIS_TOKEN_ACC", TOKEN);
        let there = scene.connection.replace("backend: embedded", &format!("backend: bridge, endpoint: \"http://{}/acc\"", server.addr()));
        world.write("connections.yaml", &format!("connections:\n  acc: {there}\n"));
        scene.ask(&world);
        Self { served: served.remove(0), server, world, _live: folder }
    }

    /// What everybody holds, and who was written to.
    fn end(&self) -> (Vec<String>, Vec<String>) {
        let sandbox = Sandbox::read(&self.served.path).expect("the sandbox's file");
        let member = |m: &Live| {
            let attrs: Vec<String> =
                m.attrs.iter().map(|(k, v)| format!("{k}={}", v.seen().map_or("?".into(), |v: &Value| v.to_json().to_string()))).collect();
            let phase = if matches!(m.phase, Phase::Pending { .. }) { "pending" } else { m.phase.word() };
            format!("{} {phase} {}", m.email, attrs.join(" "))
        };
        let members = sandbox.page(&self.served.host, now(), None, 1000).expect("a page").members;
        let mails = sandbox.outbox(&self.served.host, now()).expect("the outbox");
        let mut mails: Vec<String> = mails.iter().map(|m| format!("{} {}", m.kind.word(), m.to)).collect();
        mails.sort();
        (members.iter().map(member).collect(), mails)
    }

    /// Kills the run at that line of its journal. `false` where it came to its end before, as a run does
    /// that makes less because of a fault.
    fn kill_at(&self, at: usize) -> bool {
        let mut command = self.world.command();
        command.args(APPLY.split_whitespace()).env("PORTCULLIS_HALT_AT_LINE", at.to_string());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
        let patience = Instant::now() + Duration::from_secs(120);
        while journal(&self.world).len() < at {
            if child.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            assert!(Instant::now() < patience, "line {at} was never written");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
        true
    }
}

/// A run that nobody disturbed.
struct Whole {
    scene: &'static Scene,
    idempotency: bool,
    end: (Vec<String>, Vec<String>),
    /// Of each line of its journal, whether it stands before a call.
    calls: Vec<bool>,
}

impl Whole {
    fn of(scene: &'static Scene, idempotency: bool) -> Self {
        let there = There::of(scene, idempotency);
        there.world.run("plan").expect(2);
        let requests: u64 = there.server.calls().requests.iter().map(|r| r.times).sum();
        assert_eq!(requests, u64::from(READING), "{}", scene.system);
        there.world.run(APPLY).expect(0);
        let calls: Vec<bool> = journal(&there.world).iter().map(|line| line["line"] == "call").collect();
        assert!(calls.len() >= 8, "{}: {} lines", scene.system, calls.len());
        Self { scene, idempotency, end: there.end(), calls }
    }
}

/// One place to kill at.
struct Try<'w> {
    whole: &'w Whole,
    at: usize,
    /// Which write's connection is cut after it was done, counted from 1.
    cut: Option<u32>,
}

#[derive(Default)]
struct Tried {
    killed: AtomicUsize,
    cut: AtomicUsize,
    ended: AtomicUsize,
}

impl Try<'_> {
    fn is_survived(&self, tried: &Tried) {
        let Whole { scene, idempotency, end, .. } = self.whole;
        let there = There::of(scene, *idempotency);
        if let Some(write) = self.cut {
            there.server.inject(Injected::from(HttpFault::CutAfter).after(READING + write - 1).times(1));
        }
        let killed = there.kill_at(self.at);
        let told = format!("{}, keys {idempotency}, line {}, cut {:?}, killed {killed}", scene.system, self.at, self.cut);
        let lines = journal(&there.world);
        tried.cut.fetch_add(there.server.fired().iter().map(|f| f.fired as usize).sum(), Ordering::Relaxed);
        there.server.clear_faults();
        let next = if killed { "apply --resume --format json".to_owned() } else { format!("{APPLY} --format json") };
        let count = if killed { &tried.killed } else { &tried.ended };
        count.fetch_add(1, Ordering::Relaxed);
        let said = there.world.run(&next);
        // Its link came with an answer that nobody read: that is told, and there is no other.
        let lost = scene.system == "meta-gateway" && said.both().contains("before the link of the invitation was written");
        assert!(said.code == 0 || (said.code == 6 && lost), "{told}: {}\n{lines:#?}", said.both());
        assert_eq!(there.end(), *end, "{told}: {}\n{lines:#?}", said.both());
    }
}

/// Most of the time somebody waits for a process or a connection.
const AT_ONCE: usize = 6;

#[test]
fn a_run_over_a_bridge_killed_at_any_line_of_its_journal_is_finished_by_resume() {
    let wholes: Vec<Whole> = SCENES.iter().flat_map(|scene| [true, false].map(|keys| Whole::of(scene, keys))).collect();
    let places = |whole| move |at| Try { whole, at, cut: None };
    let mut tries: Vec<Try<'_>> = Vec::new();
    for whole in &wholes {
        tries.extend((1..whole.calls.len()).map(places(whole)));
        for at in 1..whole.calls.len() {
            // What stands in the last line was not sent yet.
            let sent = whole.calls[..at - 1].iter().filter(|is| **is).count();
            tries.extend((sent > 0).then(|| Try { whole, at, cut: Some(u32::try_from(sent).expect("a few")) }));
        }
    }
    let (next, tried) = (AtomicUsize::new(0), Tried::default());
    let work = || {
        while let Some(one) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
            one.is_survived(&tried);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|t| t.join().unwrap_or_else(|why| std::panic::resume_unwind(why)));
    });
    let [killed, cut, ended] = [tried.killed, tried.cut, tried.ended].map(AtomicUsize::into_inner);
    let to_cut = tries.iter().filter(|t| t.cut.is_some()).count();
    println!("over a bridge: {killed} killed of {} runs, {ended} ended before; {cut} of {to_cut} connections cut", tries.len());
    assert!(killed + ended == tries.len() && ended * 4 < killed, "{killed} killed, {ended} ended");
    // A run may be killed before the answer that is cut.
    assert!(cut * 2 > to_cut, "{cut} of {to_cut} connections were cut");
}

/// A server that shows only after a while what it did: an invitation that was sent again before the kill is not
/// sent a third time because the first reading of the next run is an old one.
#[test]
fn what_does_not_show_at_once_after_a_kill_is_looked_for_again() {
    let sent = (now() - SignedDuration::from_hours(24 * 20)).to_string();
    let root = "- { email: root@acme.example, name: Root, phase: active, role: administrator }";
    let live = format!("{root}\n- {{ email: kim@acme.example, name: Kim, phase: pending, role: viewer, invited: {sent}, attempts: 1 }}");
    let members = "- { email: root@acme.example, role: administrator }\n- { email: kim@acme.example, name: Kim, role: viewer }";
    let scene = Scene { live: live.leak(), members, ..SCENES[2] };
    let there = There::of(&scene, false);
    there.world.write("accounts.yaml", &format!("accounts:\n  acc:\n    members:\n{}", indented(members)));
    assert_eq!(there.world.run("plan --format json").expect(2).json()["accounts"][0]["changes"][0]["action"], "reinvite");
    // An answer that can come again.
    assert!(there.kill_at(3), "{:?}", journal(&there.world));
    assert_eq!(there.end().1, ["invitation kim@acme.example"]);
    there.server.inject(Injected::from(HttpFault::StaleRead).times(READING));
    there.world.run("apply --resume").expect(0);
    assert!(there.server.fired().iter().any(|f| f.fired > 0), "{:?}", there.server.fired());
    assert_eq!(there.end().1, ["invitation kim@acme.example"]);
}

/// The calls in flight end, no other begins, what is left is listed, and the next run finishes it.
#[test]
fn a_signal_ends_a_run_after_its_calls_in_flight_and_says_what_is_left() {
    let people = |line: &dyn Fn(usize) -> String| (0..20).map(line).collect::<Vec<_>>().join("\n");
    let root = "- { email: root@acme.example, groups: [super-user] }";
    let members = format!("{root}\n{}", people(&|i| format!("- {{ email: n{i}@acme.example, name: N, groups: [standard] }}")));
    let live = "- { email: root@acme.example, name: Root, phase: active, groups: [super-user] }";
    for signal in ["INT", "TERM"] {
        let there = There::of(&Scene { live, members: members.clone().leak(), ..SCENES[3] }, true);
        there.server.inject(Injected::from(HttpFault::Latency { millis: 2000 }).after(READING).times(8));
        let mut command = there.world.command();
        command.args(APPLY.split_whitespace()).args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().expect("the program runs");
        while journal(&there.world).len() < 9 {
            std::thread::sleep(Duration::from_millis(2));
        }
        let sent = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(6), "{signal}");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let count = |word: &str| said["results"].as_array().expect("results").iter().filter(|r| r["result"] == word).count();
        assert_eq!((count("applied"), count("skipped")), (8, 12), "those in flight, and no other: {said:#}");
        assert_eq!(said["left"].as_array().map(Vec::len), Some(12));
        there.server.clear_faults();
        there.world.run("apply --resume").expect(0);
        assert_eq!(there.end().1.len(), 20, "each once");
    }
}
