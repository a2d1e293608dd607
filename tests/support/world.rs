//! The folder, the clock, and the hands on both sides of an account.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;
use portcullis::backends::http::{Limits, Network, Options, Patience};
use portcullis::cli::exit;
use portcullis::manifest::{self, Diagnostic, LivePhase};
use portcullis::model::{Atom, Domains, Email, Reading};
use portcullis::plan::{self, Lift};
use portcullis::render::export::{self, ExportAccount};
use portcullis::render::{ExportView, Level};
use portcullis::run::{self, Approval, Connected, Folder, Request, Stop};
use portcullis::sandbox::serve::Served;
use portcullis::sandbox::{Fault, Host, LiveAccount, LiveMember, Sandbox, SandboxError, Stored};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::answers::{Applied, Checked, Exported, Planned, Printed};
use super::server::{Server, attrs_of};

/// When every world begins: a Sunday in November, ten in the morning in Paris.
pub const NOW: &str = "2026-11-22T09:00:00Z";

/// A folder of manifests with its live accounts. The first account is the one that is meant where
/// a call names none.
pub struct World {
    folder: TempDir,
    /// What the program keeps for its user.
    state: TempDir,
    account: &'static str,
    system: &'static str,
    now: Timestamp,
    env: BTreeMap<String, String>,
    network: fn(Timestamp) -> Network,
}

/// Repeats at once and gives up soon, and holds the server's clock against the world's.
fn quick(now: Timestamp) -> Network {
    let millis = std::time::Duration::from_millis;
    let patience = Patience { tries: 3, first: millis(1), most: millis(5), request: millis(2_500), run: millis(5_000) };
    let limits = Limits { connect: millis(2_000), part: millis(400), total: millis(1_500), body: 256 * 1024 };
    Network::new(Options { patience, limits, clock: Some(now), ..Options::default() })
}

impl World {
    /// The account `news`; `facts` are further lines of its connection, parted by `; `.
    pub fn emma_hq(facts: &str) -> Self {
        Self::of("news", "emma-hq", facts)
    }
    /// The account `ins`.
    pub fn insider(facts: &str) -> Self {
        Self::of("ins", "insider", facts)
    }
    /// The account `gam`.
    pub fn gamoshi(facts: &str) -> Self {
        Self::of("gam", "gamoshi", facts)
    }
    /// The account `sol`.
    pub fn solver(facts: &str) -> Self {
        Self::of("sol", "solver", facts)
    }
    /// The account `met`.
    pub fn meta_gateway(facts: &str) -> Self {
        Self::of("met", "meta-gateway", facts)
    }

    fn of(account: &'static str, system: &'static str, facts: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = NOW.parse().expect("an instant");
        let state = tempfile::tempdir().expect("a temporary folder");
        let world = Self { folder, state, account, system, now, env: BTreeMap::new(), network: |_| Network::default() };
        world.connect(facts);
        world
    }

    // ---- manifests ----

    /// Writes one file of the folder.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the folder can be written");
    }

    /// Writes the account's connection anew: the same account, seen by another actor.
    pub fn connect(&self, facts: &str) {
        self.add(self.account, self.system, facts);
    }

    /// Connects one account more. The backend is embedded and the timezone Europe/Paris, where
    /// `facts` say nothing else.
    pub fn add(&self, account: &str, system: &str, facts: &str) {
        let mut lines = vec![format!("system: {system}")];
        for (key, line) in [("backend:", "backend: embedded"), ("timezone:", "timezone: Europe/Paris")] {
            if !facts.contains(key) {
                lines.push(line.into());
            }
        }
        lines.extend(facts.split("; ").filter(|f| !f.is_empty()).map(str::to_owned));
        let body: String = lines.iter().map(|l| format!("    {l}\n")).collect();
        self.file(&format!("connection-{account}.yaml"), &format!("connections:\n  {account}:\n{body}"));
    }

    /// Writes `account.yaml`: lines of policy parted by `; `, and the members, one a line. Without
    /// policy the first member stands on line 4.
    pub fn want(&self, policy: &str, members: &[&str]) {
        self.want_in(self.account, policy, members);
    }

    /// The same for another account, in `account-NAME.yaml`.
    pub fn want_in(&self, account: &str, policy: &str, members: &[&str]) {
        let name = if account == self.account { "account.yaml".into() } else { format!("account-{account}.yaml") };
        self.file(&name, &account_of(account, policy, members));
    }

    /// The place of a member and everything wrong with the folder.
    pub fn check(&self) -> Checked {
        Checked(Folder::load(&self.request()).resolve().1)
    }

    // ---- runs ----

    /// Moves the clock.
    pub fn at(&mut self, now: &str) -> &mut Self {
        self.now = now.parse().unwrap_or_else(|e| panic!("{now} is no instant: {e}"));
        self
    }

    /// Sets one variable of the environment that runs see.
    pub fn env(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
    }

    pub fn plan(&self) -> Planned {
        self.try_plan().unwrap_or_else(|said| panic!("{said}"))
    }

    /// Plans; what stopped it before any account was read, in words.
    pub fn try_plan(&self) -> Result<Planned, String> {
        self.block(run::plan(&self.request())).map(|plan| Planned::of(&plan)).map_err(|stop| said(&stop))
    }

    /// Plans as of a day (`--at`).
    pub fn plan_at(&self, day: &str) -> Planned {
        let request = Request { at: Some(day.parse().expect("a day")), ..self.request() };
        Planned::of(&self.block(run::plan(&request)).unwrap_or_else(|stop| panic!("{}", said(&stop))))
    }

    /// Makes whatever the guards let through.
    pub fn apply(&self) -> Applied {
        self.apply_meanwhile(|_| {})
    }

    /// Lets somebody act between the plan and its first write.
    pub fn apply_meanwhile(&self, meanwhile: impl FnOnce(&Self)) -> Applied {
        self.try_apply(&Approval::default(), meanwhile).unwrap_or_else(|said| panic!("{said}"))
    }

    /// Lifts guards for the plan of now: `removals=10`, or `two:removals=10`.
    pub fn apply_lifting(&self, lifts: &[&str]) -> Applied {
        let digest = self.plan().digest();
        let lifts = lifts.iter().map(|lift| lift_of(lift, &digest)).collect();
        self.try_apply(&Approval { lifts, ..Approval::default() }, |_| {}).unwrap_or_else(|said| panic!("{said}"))
    }

    /// Applies with an approval; what stopped it, in words.
    pub fn try_apply(&self, approval: &Approval, meanwhile: impl FnOnce(&Self)) -> Result<Applied, String> {
        let shown = |_: &portcullis::plan::Plan, _: &portcullis::plan::Cleared| {
            meanwhile(self);
            Ok(())
        };
        let applied = self.block(run::apply(&self.request(), approval, shown));
        applied.map(|a| Applied::of(&a)).map_err(|stop| said(&stop))
    }

    /// Applies, and nothing is left to do.
    pub fn settle(&self) {
        assert_eq!(self.apply().failed(), Vec::<String>::new());
        assert_eq!(self.plan().acts(), Vec::<String>::new(), "the second plan");
    }

    /// What the independent checker is handed for the plan of now.
    pub fn evidence(&self) -> Json {
        let request = self.request();
        let folder = Folder::load(&request);
        let connected = Connected::to(&folder, &request).unwrap_or_else(|stop| panic!("{}", said(&stop)));
        let readings = self.block(connected.read(&request));
        let accounts = connected.accounts(&readings);
        let plan = plan::plan(request.moment(), &accounts);
        let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift");
        serde_json::from_str(&plan::evidence(&plan, &cleared, &accounts)).expect("evidence is JSON")
    }

    /// The live members, all of them.
    pub fn export(&self) -> Exported {
        self.export_only(&[], &[])
    }

    /// The live members in one of these phases and of one of these levels.
    pub fn export_only(&self, phases: &[&str], levels: &[Level]) -> Exported {
        let request = self.request();
        let folder = Folder::load(&request);
        let connected = Connected::to_all(&folder, &request).unwrap_or_else(|stop| panic!("{}", said(&stop)));
        let readings = self.block(connected.read(&request));
        let of = |(site, reading): (&run::Site<'_>, &portcullis::model::Reading)| {
            (site.name.to_string(), site.spec, site.tenant.clone(), reading.clone())
        };
        let read: Vec<_> = connected.sites().iter().zip(&readings).map(of).collect();
        let mut accounts: Vec<ExportAccount<'_>> = read
            .iter()
            .map(|(account, system, tenant, reading)| ExportAccount {
                account: account.clone(),
                system,
                tenant,
                sandbox: true,
                complete: reading.proof.is_ok(),
                problems: reading.proof.as_ref().err().map(|why| why.problems.clone()).unwrap_or_default(),
                domains: reading.domains.clone(),
                members: reading.members.clone(),
            })
            .collect();
        export::only_phases(&mut accounts, phases);
        export::only_levels(&mut accounts, levels);
        Exported(serde_json::to_value(ExportView::of(&accounts)).expect("an export is JSON"))
    }

    /// Runs the built program in the folder, with the world's clock and environment and no other.
    pub fn command(&self, line: &str) -> Printed {
        self.command_with(line, &[])
    }

    /// The same, with these variables besides.
    pub fn command_with(&self, line: &str, env: &[(&str, &std::path::Path)]) -> Printed {
        let out = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.state.path())
            .envs(&self.env)
            .env("PORTCULLIS_NOW", self.now.to_string())
            .envs(env.iter().copied())
            .output()
            .expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Printed { code: out.status.code().expect("it ends by itself"), out: text(&out.stdout), err: text(&out.stderr) }
    }

    /// Plans, and what the program would exit with.
    pub fn plan_code(&self) -> (Planned, u8) {
        let plan = self.block(run::plan(&self.request())).unwrap_or_else(|stop| panic!("{}", said(&stop)));
        (Planned::of(&plan), exit::of_plan(&plan))
    }

    /// Applies what nobody reviewed, and what the program would exit with.
    pub fn apply_code(&self) -> (Applied, u8) {
        let approval = Approval { auto_approve: true, unreviewed: true, ..Approval::default() };
        let applied = self.block(run::apply(&self.request(), &approval, |_, _| Ok(()))).unwrap_or_else(|stop| panic!("{}", said(&stop)));
        (Applied::of(&applied), exit::of_applied(&applied))
    }

    /// The same account and clock in another folder, reached through the bridge at this address; `facts` as
    /// for [`World::add`].
    pub fn bridged(&self, addr: std::net::SocketAddr, token: &str, facts: &str) -> Self {
        let mut world = Self { network: quick, ..Self::of(self.account, self.system, "") };
        world.connect(&format!("backend: bridge; endpoint: \"http://{addr}/{}\"; {facts}", self.account));
        world.env(&format!("PORTCULLIS_TOKEN_{}", self.account.to_uppercase()), token);
        world.now = self.now;
        world
    }

    // ---- the other side ----

    /// Replaces the live state of the account, written as in LIVE.yaml.
    pub fn live(&self, policy: &str, members: &[&str]) {
        self.live_in(self.account, policy, members);
    }

    pub fn live_in(&self, account: &str, policy: &str, members: &[&str]) {
        let text = account_of(account, policy, members);
        let request = self.request();
        let folder = Folder::load(&request);
        let live = manifest::parse_live("live.txt", &text, folder.manifests()).unwrap_or_else(|all| panic!("{}", lines(&all)));
        for (account, doc) in live.accounts {
            let members = doc.members.into_iter().map(|m| LiveMember {
                email: m.email,
                phase: stored(m.phase),
                attrs: m.attrs,
                invited: m.invited,
                attempts: m.attempts,
            });
            let fault = doc.fault.and_then(|f| Fault::parse(f.word()));
            let live = LiveAccount {
                domains: doc.domains.unwrap_or(Domains::Off),
                members: members.collect(),
                fault,
                delegates: doc.delegates.unwrap_or(true),
            };
            self.sandbox(account.as_str(), |sandbox, host| sandbox.load(host, self.now, &live)).expect("the state can be loaded");
        }
    }

    /// The account's server, as the actor of the connection meets it.
    pub fn server(&self) -> Server<'_> {
        Server { world: self, account: self.account, now: self.now }
    }

    /// The person opens the link in the invitation.
    pub fn accept(&self, who: &str) {
        self.try_accept(who).unwrap_or_else(|no| panic!("{no}"));
    }
    pub fn try_accept(&self, who: &str) -> Result<(), String> {
        self.hand(|sandbox, host| sandbox.accept(host, self.now, &email(who)))
    }
    pub fn decline(&self, who: &str) {
        self.hand(|sandbox, host| sandbox.decline(host, self.now, &email(who))).unwrap_or_else(|no| panic!("{no}"));
    }
    /// The account as the sandbox serves it over HTTP, signed in to with that token.
    pub fn served(&self, token: &str) -> Served {
        let (path, host) = self.host(self.account);
        let tenant = host.tenant.name.as_ref().map(ToString::to_string);
        Served { connection: self.account.to_owned(), tenant, path, host, token: token.to_owned().into() }
    }
    /// The whole account as the embedded backend reads it.
    pub fn reading_of_embedded(&self) -> Reading {
        let request = self.request();
        let folder = Folder::load(&request);
        let connected = Connected::embedded(&folder, &request).unwrap_or_else(|stop| panic!("{}", said(&stop)));
        self.block(connected.read(&request)).into_iter().next().expect("the account was read")
    }
    pub fn now(&self) -> Timestamp {
        self.now
    }
    /// The account's server by its name.
    pub fn server_of(&self, account: &'static str) -> Server<'_> {
        Server { world: self, account, now: self.now }
    }
    /// Someone with every right edits a member in the console.
    pub fn click(&self, who: &str, attrs: Json) {
        self.hand(|sandbox, host| sandbox.edit(host, self.now, &email(who), &attrs_of(host.spec, &attrs)))
            .unwrap_or_else(|no| panic!("{no}"));
    }
    /// Someone with every right removes a member in the console.
    pub fn click_away(&self, who: &str) {
        self.hand(|sandbox, host| sandbox.remove(host, self.now, &email(who))).unwrap_or_else(|no| panic!("{no}"));
    }

    /// Every mail since the load: `invitation ada@acme.example 2026-11-22T09:00:00Z`.
    pub fn mails(&self) -> Vec<String> {
        let mails = self.reading(|sandbox, host| sandbox.outbox(host, self.now)).expect("the outbox can be read");
        mails.iter().map(|m| format!("{} {} {}", m.kind.word(), m.to, m.at)).collect()
    }

    /// How many writes the server was asked for since the load.
    pub fn writes(&self) -> u64 {
        self.reading(|sandbox, host| sandbox.calls(host)).expect("the calls can be read")
    }

    /// Every file below the folder, hidden ones included, with its bytes.
    pub fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let bytes = fs::read(&entry).expect("a file");
                    all.insert(entry, bytes);
                }
            }
        }
        all
    }

    // ---- inside ----

    pub fn request(&self) -> Request {
        let env = self.env.clone();
        Request {
            folder: self.folder.path().to_owned(),
            accounts: Vec::new(),
            now: self.now,
            clock: portcullis::apply::Clock::set(self.now),
            simulated: false,
            at: None,
            trust_head: false,
            forbid_sandbox: false,
            env: Box::new(move |name| env.get(name).cloned()),
            by: "a test".to_owned(),
            accept_shrunk: std::collections::BTreeMap::new(),
            audit: self.folder.path().join(".portcullis/audit.jsonl"),
            journals: self.folder.path().join(".portcullis/journal"),
            leases: self.state.path().join("portcullis/leases"),
            patience: std::time::Duration::ZERO,
            halt_at: None,
            stopping: portcullis::apply::Stopping::default(),
            network: (self.network)(self.now),
            cache: None,
            progress: Box::new(|_| {}),
        }
    }

    pub fn block<T>(&self, run: impl Future<Output = T>) -> T {
        thread_local! {
            // One for the whole test: servers that a test starts live on it.
            static RUNTIME: RefCell<tokio::runtime::Runtime> =
                RefCell::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
        }
        RUNTIME.with(|runtime| runtime.borrow().block_on(run))
    }

    fn host(&self, account: &str) -> (PathBuf, Host) {
        let request = self.request();
        // The other side does not care whether the manifests ask for anything sensible.
        let folder = Folder::load(&request);
        let name = Atom::new(account).expect("a word");
        let reached = folder.manifests().reached(&name).unwrap_or_else(|| panic!("no account {account}"));
        let host = Host { account: name.clone(), spec: reached.connection.spec, tenant: reached.tenant() };
        (self.folder.path().join(".portcullis/embedded.db"), host)
    }

    pub(super) fn sandbox<T>(&self, account: &str, act: impl FnOnce(&mut Sandbox, &Host) -> Result<T, SandboxError>) -> Result<T, String> {
        let (path, host) = self.host(account);
        let mut sandbox = Sandbox::write(&path).map_err(|e| e.to_string())?;
        act(&mut sandbox, &host).map_err(|e| e.to_string())
    }

    fn hand(&self, act: impl FnOnce(&mut Sandbox, &Host) -> Result<(), SandboxError>) -> Result<(), String> {
        self.sandbox(self.account, act)
    }

    fn reading<T>(&self, act: impl FnOnce(&Sandbox, &Host) -> Result<T, SandboxError>) -> Result<T, String> {
        let (path, host) = self.host(self.account);
        act(&Sandbox::read(&path).map_err(|e| e.to_string())?, &host).map_err(|e| e.to_string())
    }
}

fn account_of(account: &str, policy: &str, members: &[&str]) -> String {
    let mut text = format!("accounts:\n  {account}:\n");
    for line in policy.split("; ").filter(|l| !l.is_empty()) {
        text.push_str(&format!("    {line}\n"));
    }
    text.push_str(if members.is_empty() { "    members: []\n" } else { "    members:\n" });
    for member in members {
        text.push_str(&format!("      - {member}\n"));
    }
    text
}

pub fn email(who: &str) -> Email {
    Email::parse(who).unwrap_or_else(|e| panic!("{who}: {e}"))
}

fn stored(phase: LivePhase) -> Stored {
    let (word, _) = LivePhase::ALL.iter().find(|(_, p)| *p == phase).expect("every phase has a word");
    Stored::parse(word).expect("the sandbox knows every phase")
}

fn lift_of(text: &str, digest: &str) -> Lift {
    let (account, rest) = text.split_once(':').map_or((None, text), |(a, r)| (Some(a.to_owned()), r));
    let (code, to) = rest.split_once('=').expect("CODE=N");
    Lift::new(account, code, to.parse().expect("a number"), digest.to_owned()).expect("a guard")
}

fn lines(all: &[Diagnostic]) -> String {
    all.iter().map(|d| format!("{} {}: {}\n", d.place, d.code, d.message)).collect()
}

fn said(stop: &Stop) -> String {
    match stop {
        Stop::Manifests { diagnostics, .. } => lines(diagnostics),
        Stop::Refused(all) => all.iter().map(|r| format!("{}: {}\n", r.at, r.message)).collect(),
        Stop::Failed { message, hint } => format!("failed: {message} ({})", hint.as_deref().unwrap_or("no hint")),
        Stop::Stale { message, .. } => format!("stale: {message}"),
    }
}
