//! One account in the sandbox, put into any state at any time, and the manifests that ask for any.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

use futures::executor::block_on;
use futures::future::BoxFuture;
use jiff::Timestamp;
use portcullis::apply::{self, ChangeResult, Site};
use portcullis::backends::embedded::Embedded;
use portcullis::backends::{Backend, Reader as _, Writer};
use portcullis::desired;
use portcullis::manifest::Manifests;
use portcullis::model::{Atom, Attrs, Call, Domains, Email, Live, Outcome, Phase, Reading, Subject, Value};
use portcullis::plan::{self, AccountPlan, Cleared, Moment, Plan};
use portcullis::run::{Folder, Request};
use portcullis::sandbox::{Answer, Host, LiveAccount, LiveMember, MailKind, Sandbox, Stored};

use super::world::{Held, Kind, Person};

pub const NOW: &str = "2026-11-22T09:00:00Z";

/// Everybody, and who was written to since the world began.
#[derive(Debug, Clone)]
pub struct State {
    pub members: Vec<Live>,
    pub mails: Vec<String>,
}

impl State {
    /// Two states of one key are one, whatever was mailed on the way.
    pub fn key(&self) -> String {
        let member = |m: &Live| {
            let attrs: Vec<String> = m.seen().iter().filter(|(k, _)| **k != "name").map(|(k, v)| format!("{k}={}", v.to_json())).collect();
            format!("{} {} {}", m.email, m.phase.word(), attrs.join(" "))
        };
        self.members.iter().map(member).collect::<Vec<_>>().join("; ")
    }
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    NotDone,
    DoneAndUnknown,
    Refused,
}

/// What a run did.
pub struct Ran {
    pub plan: AccountPlan,
    /// Nothing was made: a guard stopped it.
    pub stopped: bool,
    pub results: Vec<ChangeResult>,
    /// After every call.
    pub steps: Vec<Vec<Live>>,
    pub end: State,
}

pub struct Account {
    pub kind: &'static Kind,
    pub host: Host,
    pub now: Timestamp,
    folder: tempfile::TempDir,
    sandbox: RefCell<Sandbox>,
    wanted: RefCell<BTreeMap<[Option<Held>; 3], Rc<Folder>>>,
}

pub fn email(number: usize) -> Email {
    Email::parse(&format!("p{number}@acme.example")).expect("an address")
}

impl Account {
    pub fn of(kind: &'static Kind) -> Self {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = made.expect("a folder");
        std::fs::write(folder.path().join("connections.yaml"), format!("connections:\n  acc: {{ {} }}\n", kind.connection))
            .expect("it is written");
        let path = folder.path().join("embedded.db");
        let sandbox = RefCell::new(Sandbox::write(&path).expect("a sandbox"));
        let now = NOW.parse().expect("an instant");
        let wanted = load(kind, folder.path(), now, [None; 3]);
        let name = Atom::new("acc").expect("a word");
        let reached = wanted.manifests().reached(&name).expect("it is there");
        let host = Host { account: name.clone(), spec: reached.connection.spec, tenant: reached.tenant() };
        Self { kind, host, now, folder, sandbox, wanted: RefCell::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("embedded.db")
    }

    /// The manifests that ask for this.
    pub fn asking(&self, wanted: [Option<Held>; 3]) -> Rc<Folder> {
        let mut all = self.wanted.borrow_mut();
        let folder = all.entry(wanted).or_insert_with(|| Rc::new(load(self.kind, self.folder.path(), self.now, wanted)));
        Rc::clone(folder)
    }

    /// Everybody as the world has them.
    pub fn begins(&self, world: &[Person; 3]) -> State {
        let member = |email: Email, phase: Stored, attrs| LiveMember {
            email,
            phase,
            attrs,
            invited: (phase == Stored::Pending).then_some(self.now),
            attempts: None,
        };
        let mut members: Vec<LiveMember> = Vec::new();
        if let Some(role) = self.kind.owner {
            let attrs = Attrs::from([("role", Value::One(Atom::new(role).expect("a word")))]);
            members.push(member(Email::parse("owner@acme.example").expect("an address"), Stored::Active, attrs));
        }
        for (i, person) in world.iter().enumerate() {
            if let Some(live) = person.live {
                members.push(member(email(i), Person::stored(live), live.1.attrs(self.kind.system)));
            }
        }
        self.load(members);
        State { mails: Vec::new(), members: self.members() }
    }

    fn load(&self, members: Vec<LiveMember>) {
        let live = LiveAccount { domains: Domains::Off, members, fault: None, delegates: true };
        self.sandbox.borrow_mut().load(&self.host, self.now, &live).expect("a live state");
    }

    fn put(&self, state: &State) {
        let member = |m: &Live| LiveMember {
            email: m.email.clone(),
            phase: match m.phase {
                Phase::Pending { .. } => Stored::Pending,
                Phase::Active => Stored::Active,
                Phase::Locked => Stored::Locked,
                Phase::Expired => Stored::Expired,
                Phase::Suspended => Stored::Suspended,
            },
            attrs: m.seen(),
            invited: m.phase.is_pending().then_some(self.now),
            attempts: None,
        };
        self.load(state.members.iter().map(member).collect());
    }

    fn members(&self) -> Vec<Live> {
        self.sandbox.borrow().page(&self.host, self.now, None, 1000).expect("a page").members
    }

    /// After `before`: what is there now.
    fn now_after(&self, before: &State) -> State {
        let sent = self.sandbox.borrow().outbox(&self.host, self.now).expect("the outbox");
        let sent = sent.iter().filter(|m| matches!(m.kind, MailKind::Invitation | MailKind::Restored)).map(|m| m.to.to_string());
        let mut mails: Vec<String> = before.mails.iter().cloned().chain(sent).collect();
        mails.sort();
        State { members: self.members(), mails }
    }

    /// One call, made in that state.
    pub fn call(&self, state: &State, on: &Subject, call: &Call) -> (Answer, State) {
        self.put(state);
        let answer = self.sandbox.borrow_mut().call(&self.host, self.now, on, call).expect("an answer");
        (answer, self.now_after(state))
    }

    /// Reads, plans and applies as the program does, from that state; of the calls one may go wrong.
    pub fn run(&self, state: &State, wanted: [Option<Held>; 3], wrong: Option<(usize, Wrong)>) -> Ran {
        self.put(state);
        let folder = self.asking(wanted);
        let backend = Embedded::new(self.path(), Path::new("embedded.db"), self.host.clone(), self.now, 100);
        let plan = self.planned(folder.manifests(), &backend, &block_on(backend.reader().read()));
        let cleared = plan::clear(plan.clone(), None, &[]).expect("no lift and no digest");
        let account = plan.accounts.into_iter().next().expect("one account");
        if !cleared.stopped().is_empty() {
            return Ran { plan: account, stopped: true, results: Vec::new(), steps: Vec::new(), end: state.clone() };
        }
        let (results, steps) = self.make(&backend, &cleared, wrong);
        Ran { plan: account, stopped: false, results, steps, end: self.now_after(state) }
    }

    fn planned(&self, manifests: &Manifests, backend: &Embedded, reading: &Reading) -> Plan {
        let (desired, found) = desired::resolve(manifests, self.now, None);
        assert!(found.iter().all(|d| !d.is_error()), "{found:?}");
        let origin = backend.origin();
        let account = plan::Account {
            name: &self.host.account,
            spec: self.host.spec,
            backend: "embedded",
            sandbox: true,
            origin: &origin,
            tenant: &self.host.tenant,
            caps: backend.caps(),
            desired: &desired[&self.host.account],
            reading,
            only: None,
            history: &plan::History::default(),
            approved: None,
        };
        plan::plan(Moment { now: self.now, at: None, simulated: false }, &[account])
    }

    fn make(&self, backend: &Embedded, cleared: &Cleared, wrong: Option<(usize, Wrong)>) -> (Vec<ChangeResult>, Vec<Vec<Live>>) {
        let account = &cleared.plan().accounts[0];
        let writer = backend.writer(cleared).expect("a writer");
        let path = self.path();
        let writer = Watched { inner: &*writer, path: &path, host: &self.host, now: self.now, wrong, steps: Mutex::default() };
        let site = Site {
            spec: self.host.spec,
            tenant: &self.host.tenant,
            caps: backend.caps(),
            minimum: account.minimum_administrators(),
            reader: backend.reader(),
            writer: &writer,
            handover: None,
            record: &apply::NoRecord,
            stopping: &apply::Stopping::default(),
            waits: &[],
        };
        let results = block_on(apply::execute(&site, &account.changes));
        (results, writer.steps.into_inner().expect("no step panics"))
    }
}

/// Looks at the account after each call, and has one of them go wrong.
struct Watched<'a> {
    inner: &'a dyn Writer,
    path: &'a Path,
    host: &'a Host,
    now: Timestamp,
    wrong: Option<(usize, Wrong)>,
    steps: Mutex<Vec<Vec<Live>>>,
}

impl Writer for Watched<'_> {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, key: &'a str) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let number = self.steps.lock().expect("no step panics").len();
            let wrong = self.wrong.filter(|(at, _)| *at == number).map(|(_, wrong)| wrong);
            let outcome = match wrong {
                Some(Wrong::NotDone) => Outcome::Unknown("the connection ended".into()),
                Some(Wrong::Refused) => Outcome::Refused("no".into()),
                Some(Wrong::DoneAndUnknown) => {
                    self.inner.call(on, call, key).await;
                    Outcome::Unknown("the connection ended".into())
                }
                None => self.inner.call(on, call, key).await,
            };
            let page = Sandbox::read(self.path).and_then(|s| s.page(self.host, self.now, None, 1000)).expect("a page");
            self.steps.lock().expect("no step panics").push(page.members);
            outcome
        })
    }
}

/// The manifests in their folder, loaded as the program does.
fn load(kind: &Kind, folder: &Path, now: Timestamp, wanted: [Option<Held>; 3]) -> Folder {
    let members = wanted
        .iter()
        .enumerate()
        .filter_map(|(i, held)| held.map(|held| format!("      - {{ email: {}, name: P, {} }}\n", email(i), held.written(kind.system))));
    let members: String = members.collect();
    let members = if members.is_empty() { " []\n".to_owned() } else { format!("\n{members}") };
    let owner = if kind.owner.is_some() { "    ignore: [owner@acme.example]\n" } else { "" };
    let counts = ["removals", "reductions", "cancelled-invitations", "new-administrators", "invitations"];
    let guards: BTreeSet<String> = counts.iter().map(|code| format!("{code}: {{ count: 9, most: 9 }}")).collect();
    let guards: Vec<String> = guards.into_iter().chain([format!("minimum-administrators: {}", kind.minimum)]).collect();
    let text = format!("accounts:\n  acc:\n    mode: authoritative\n{owner}    guards: {{ {} }}\n    members:{members}", guards.join(", "));
    std::fs::write(folder.join("accounts.yaml"), text).expect("it is written");
    let request = Request {
        folder: folder.to_owned(),
        accounts: Vec::new(),
        now,
        clock: portcullis::apply::Clock::set(now),
        simulated: false,
        at: None,
        trust_head: false,
        forbid_sandbox: false,
        env: Box::new(|_| None),
        by: "a test".into(),
        journals: folder.join("journal"),
        audit: folder.join("audit.jsonl"),
        accept_shrunk: BTreeMap::new(),
        leases: folder.join("leases"),
        patience: std::time::Duration::ZERO,
        halt_at: None,
        stopping: apply::Stopping::default(),
        network: portcullis::backends::http::Network::default(),
        cache: None,
        progress: Box::new(|_| {}),
    };
    Folder::load(&request)
}
