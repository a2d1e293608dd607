//! From a folder of manifests to accounts that can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use wildmatch::WildMatchPattern;

use crate::apply::{self, CutOff, Handover};
use crate::backends::bridge::Bridge;
use crate::backends::embedded::Embedded;
use crate::backends::http::Network;
use crate::backends::roster::{Beside, Exported, RosterReader};
use crate::backends::scim::Scim;
use crate::backends::token::{self, Refusal};
use crate::backends::{Backend, Expect};
use crate::desired::{self, Desired};
use crate::manifest::diagnostic::{self, nearest};
use crate::manifest::{self, BackendName, Connection, Diagnostic, Lint, Loaded, Manifests, Reached, Sources};
use crate::model::{Atom, Email, Incomplete, Reading, Tenant};
use crate::plan::saved::actor_form;
use crate::plan::{Account, Approved, History, Lift, Plan};
use crate::sandbox::Host;
use crate::systems::SystemSpec;

use super::{Approval, Request, Stop, record};

/// The embedded database of a connection that names none.
const DEFAULT_FILE: &str = ".portcullis/embedded.db";
/// Members a page of the embedded backend.
const PAGE: usize = 500;
/// So many accounts are named where none was meant.
const NAMED: usize = 8;
/// Accounts read at once.
const AT_ONCE: usize = 4;

/// What is desired of each account that has a connection.
type AllDesired<'f> = BTreeMap<&'f Atom, Desired<'f>>;

/// A folder of manifests as read, right or wrong.
pub struct Folder {
    loaded: Loaded,
    now: Timestamp,
    at: Option<Date>,
}

impl Folder {
    pub fn load(request: &Request) -> Self {
        Self { loaded: manifest::load(&request.folder, request.now), now: request.now, at: request.at }
    }

    /// What is desired, and everything that is wrong with the folder, warnings included. All the work
    /// is here: once a run is enough.
    pub fn resolve(&self) -> (AllDesired<'_>, Vec<Diagnostic>) {
        let (desired, found) = desired::resolve(&self.loaded.manifests, self.now, self.at);
        let mut diagnostics = self.loaded.diagnostics.clone();
        diagnostics.extend(found);
        // Practices are told of once the manifests are right: among errors they would be noise.
        if diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.retain(|d| Lint::find(d.code).is_none());
        }
        diagnostic::sort(&mut diagnostics);
        (desired, diagnostics)
    }

    /// The manifests after a change in memory that no file says yet.
    #[must_use]
    pub fn changed(mut self, change: impl FnOnce(&mut Manifests)) -> Self {
        change(&mut self.loaded.manifests);
        self
    }

    /// The folder with these texts in place of its own, or beside them.
    pub fn with_texts<'a>(&self, texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let new: BTreeMap<&str, &str> = texts.into_iter().collect();
        let mut all: BTreeMap<&str, &str> = self.loaded.sources.iter().map(|s| (&**s.name(), s.text())).collect();
        all.extend(new);
        Self { loaded: manifest::load_texts(all, self.now), now: self.now, at: self.at }
    }

    /// What is desired; all errors of the folder at once.
    ///
    /// # Errors
    /// [`Stop::Manifests`].
    pub(super) fn desired(&self) -> Result<AllDesired<'_>, Stop> {
        let (desired, diagnostics) = self.resolve();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Stop::Manifests { diagnostics, sources: self.loaded.sources.clone() });
        }
        Ok(desired)
    }

    /// The accounts of the manifests that the request names.
    ///
    /// # Errors
    /// An unknown name.
    pub(super) fn chosen(&self, request: &Request) -> Result<Vec<&Atom>, Stop> {
        choose(self.manifests().accounts.keys(), &request.accounts)
    }

    pub fn manifests(&self) -> &Manifests {
        &self.loaded.manifests
    }

    /// The texts, for excerpts.
    pub fn sources(&self) -> &Sources {
        &self.loaded.sources
    }
}

/// One account that can be read.
pub struct Site<'f> {
    pub name: &'f Atom,
    pub spec: &'static SystemSpec,
    pub connection: &'f Connection,
    pub tenant: Tenant,
    pub origin: String,
    /// The file of an embedded account.
    pub database: PathBuf,
    pub backend: Box<dyn Backend>,
    /// What earlier runs left about it in the audit log.
    pub history: History,
    /// The manifests' folder: links are written below it.
    folder: PathBuf,
}

impl Site<'_> {
    /// What the planner needs of the account, where this is desired.
    pub fn account<'a>(&'a self, desired: &'a Desired<'a>, reading: &'a Reading) -> Account<'a> {
        Account {
            name: self.name,
            spec: self.spec,
            backend: self.connection.backend.word(),
            sandbox: self.backend.is_sandbox(),
            origin: &self.origin,
            tenant: &self.tenant,
            caps: self.backend.reader().caps(),
            desired,
            reading,
            history: &self.history,
            only: None,
            approved: None,
        }
    }

    /// How long to wait before each reading more that is to show what was sent: none where it shows at once.
    pub fn waits(&self) -> &'static [Duration] {
        if self.connection.backend.is_network() { apply::WAITS } else { &[] }
    }

    /// Why a host's actor does not even ask: who has not delegated is not empty (SYSTEMS.md M4).
    fn out_of_reach(&self) -> Option<Incomplete> {
        let tenants = self.spec.tenants.filter(|_| self.tenant.is_out_of_reach())?;
        let name = self.tenant.name.as_ref().unwrap_or(self.name);
        let why = format!("out of reach: the tenant {name} is not one that delegated to the host; needs {}", tenants.delegates);
        Some(Incomplete::new("out-of-reach", why))
    }

    /// The place for links of invitations, ready to be written to.
    ///
    /// # Errors
    /// A place that cannot be made: then nothing is to be sent.
    pub fn handover(&self) -> Result<Option<Handover>, String> {
        let links = self.connection.links.as_ref();
        links.map(|links| Handover::open(&self.folder, links, self.name.as_str())).transpose()
    }

    /// The same without making it; none where it cannot be had.
    pub(super) fn handover_as_it_is(&self) -> Option<Handover> {
        Handover::at(&self.folder, self.connection.links.as_ref()?, self.name.as_str()).ok()
    }
}

/// The chosen accounts of a folder, and what is desired of them.
pub struct Connected<'f> {
    pub(super) sites: Vec<Site<'f>>,
    pub(super) desired: AllDesired<'f>,
    /// Whose changes alone are planned.
    pub(super) only: Option<Email>,
    /// What of each account was approved, where a saved plan is applied.
    pub(super) approved: BTreeMap<String, Approved>,
    /// Those of the runs that were cut off.
    pub(super) lifts: Vec<Lift>,
    /// Until when what was approved may be made, where signatures approved it.
    pub(super) valid_until: Option<Timestamp>,
    /// The journals of those runs, as they were read.
    pub(super) journals: BTreeMap<String, CutOff>,
}

impl<'f> Connected<'f> {
    /// These accounts, of which nothing was approved before.
    pub(super) fn of(sites: Vec<Site<'f>>, desired: AllDesired<'f>) -> Self {
        Self { sites, desired, only: None, approved: BTreeMap::new(), lifts: Vec::new(), valid_until: None, journals: BTreeMap::new() }
    }

    /// Connects the accounts that the manifests manage and the request names.
    ///
    /// # Errors
    /// Everything wrong with the manifests, or unknown names, or all that trust and environment refuse.
    pub fn to(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        Self::managed(folder, request, Purpose::Write)
    }

    /// The same, to look only.
    ///
    /// # Errors
    /// As [`Connected::to`].
    pub fn to_look(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        Self::managed(folder, request, Purpose::Look)
    }

    fn managed(folder: &'f Folder, request: &Request, purpose: Purpose) -> Result<Self, Stop> {
        let desired = folder.desired()?;
        let manifests = folder.manifests();
        let chosen = folder.chosen(request)?;
        Ok(Self::of(connect(manifests, &chosen, request, purpose)?, desired))
    }

    /// Connects every account that has a connection, managed or not, to look only: for `export` and `who`.
    ///
    /// # Errors
    /// As [`Connected::to`].
    pub fn to_all(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        let desired = folder.desired()?;
        let manifests = folder.manifests();
        let chosen = choose(manifests.reachable().into_iter(), &request.accounts)?;
        Ok(Self::of(connect(manifests, &chosen, request, Purpose::Look)?, desired))
    }

    /// Connects what can be reached and is not managed: no `accounts.NAME` is there for it.
    ///
    /// # Errors
    /// As [`Connected::to`], unknown names apart.
    pub fn unmanaged(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        let desired = folder.desired()?;
        let manifests = folder.manifests();
        let is_chosen = |name: &&Atom| {
            let wanted = |w: &String| WildMatchPattern::<'*', '?'>::new(w).matches(name.as_str());
            !manifests.accounts.contains_key(name.as_str()) && (request.accounts.is_empty() || request.accounts.iter().any(wanted))
        };
        let chosen: Vec<&Atom> = manifests.reachable().into_iter().filter(is_chosen).collect();
        Ok(Self::of(connect(manifests, &chosen, request, Purpose::Write)?, desired))
    }

    /// Connects the embedded accounts alone.
    ///
    /// # Errors
    /// As [`Connected::to`].
    pub fn embedded(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        let desired = folder.desired()?;
        let manifests = folder.manifests();
        let is_embedded = |name: &&Atom| manifests.reached(name).is_some_and(|r| r.connection.backend == BackendName::Embedded);
        // Who names another account is told what that one is.
        let named = |name: &&Atom| request.accounts.iter().any(|want| WildMatchPattern::<'*', '?'>::new(want).matches(name.as_str()));
        let wanted: Vec<&Atom> = manifests.reachable().into_iter().filter(named).collect();
        if let Some(stop) = wanted.first().filter(|_| !wanted.iter().any(is_embedded)).and_then(|name| Self::not_embedded(manifests, name))
        {
            return Err(stop);
        }
        let chosen = choose(manifests.reachable().into_iter().filter(is_embedded), &request.accounts)?;
        Ok(Self::of(connect(manifests, &chosen, request, Purpose::Write)?, desired))
    }

    /// Why the sandbox does not play an account, and what to do instead; nothing where no account has
    /// the name.
    pub fn not_embedded(manifests: &Manifests, name: &Atom) -> Option<Stop> {
        let connection = manifests.reached(name)?.connection;
        Some(match &connection.roster {
            Some(roster) if connection.backend == BackendName::Roster => Stop::hinted(
                format!("the account `{name}` is a roster: an exported list, which the sandbox does not play"),
                format!(
                    "whoever accepts or clicks does so in the product: export its users to {} anew, and plan again",
                    roster.file.value.display()
                ),
            ),
            _ => Stop::hinted(
                format!("the account `{name}` is on `{}`, and the sandbox plays embedded accounts alone", connection.backend.word()),
                "write `backend: embedded` in a connection to try things out",
            ),
        })
    }

    /// Plans the changes of one person alone.
    #[must_use]
    pub fn only(self, whom: Email) -> Self {
        Self { only: Some(whom), ..self }
    }

    /// Refuses a day that is over in every account: what was there then cannot be read.
    ///
    /// # Errors
    /// Such a day.
    pub(super) fn is_to_come(&self, request: &Request) -> Result<(), Stop> {
        let Some(at) = request.at else { return Ok(()) };
        let today = |site: &Site<'_>| request.now.to_zoned(site.tenant.zone.clone()).date();
        match self.sites.iter().map(today).min() {
            Some(today) if at < today => {
                let message = format!("{at} is over: a plan is for {today} or a day to come");
                Err(Stop::hinted(message, "without `--at` it is for now"))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub fn sites(&self) -> &[Site<'f>] {
        &self.sites
    }

    pub fn site(&self, name: &str) -> Option<&Site<'f>> {
        self.sites.iter().find(|s| *s.name == *name)
    }

    /// Reads one account.
    pub(super) async fn read_one(&self, site: &Site<'f>, request: &Request) -> Reading {
        request.says(&format!("reading {}", site.name));
        match site.out_of_reach() {
            Some(why) => Reading::incomplete(why),
            None => {
                let accepted = request.accept_shrunk.get(site.name.as_str()).copied();
                site.history.held_against(site.name.as_str(), site.backend.reader().read().await, accepted)
            }
        }
    }

    /// Reads the accounts side by side, in the order of their names.
    pub async fn read(&self, request: &Request) -> Vec<Reading> {
        let reads = self.sites.iter().map(|site| self.read_one(site, request));
        stream::iter(reads.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await
    }

    /// What the planner needs of each account, with its reading.
    pub fn accounts<'a>(&'a self, readings: &'a [Reading]) -> Vec<Account<'a>> {
        self.sites.iter().zip(readings).filter_map(|(site, reading)| self.account(site, reading)).collect()
    }

    pub fn account<'a>(&'a self, site: &'a Site<'f>, reading: &'a Reading) -> Option<Account<'a>> {
        Some(Account {
            only: self.only.as_ref(),
            approved: self.approved.get(site.name.as_str()),
            ..site.account(self.desired.get(site.name)?, reading)
        })
    }

    /// The codes of blocks that the account knows (`accept-blocked`).
    pub fn accepted(&self, account: &str) -> &BTreeSet<Atom> {
        const NONE: &BTreeSet<Atom> = &BTreeSet::new();
        let desired = self.site(account).and_then(|site| self.desired.get(site.name));
        desired.map_or(NONE, |d| d.policy.accept_blocked)
    }

    /// Whether the account is written to only under an audit log.
    pub fn requires_audit(&self, account: &str) -> bool {
        self.site(account).and_then(|site| self.desired.get(site.name)).is_some_and(|d| d.policy.audit_required)
    }

    /// The reading of one account among those of all.
    pub(super) fn reading_of<'r>(&self, account: &str, readings: &'r [Reading]) -> Result<&'r Reading, Stop> {
        let mut all = self.sites.iter().zip(readings);
        all.find(|(site, _)| site.name.as_str() == account).map(|(_, r)| r).ok_or_else(|| Stop::failed("the account is gone"))
    }

    /// Whether an apply may write at all (DESIGN §9).
    ///
    /// # Errors
    /// A simulated clock on network accounts, and network accounts that nobody reviewed.
    pub fn may_be_written(&self, approval: &Approval, plan: &Plan) -> Result<(), Stop> {
        let network: Vec<&str> = self.sites.iter().filter(|s| s.connection.backend.is_network()).map(|s| s.name.as_str()).collect();
        if network.is_empty() {
            return Ok(());
        }
        if plan.simulated || approval.reviewed.as_ref().is_some_and(|r| r.saved.is_simulated()) {
            let message = format!("the plan is simulated: only embedded accounts can be applied to, not {}", network.join(", "));
            return Err(Stop::hinted(message, "take PORTCULLIS_NOW out of the environment"));
        }
        if approval.auto_approve && approval.digest.is_none() && approval.reviewed.is_none() && !approval.resume && !approval.unreviewed {
            let message = format!("nobody reviewed the plan for {}", network.join(", "));
            return Err(Stop::hinted(message, format!("add `--digest {}` once it was reviewed, or `--unreviewed`", plan.digest)));
        }
        Ok(())
    }
}

pub(super) fn choose<'m>(names: impl Iterator<Item = &'m Atom>, wanted: &[String]) -> Result<Vec<&'m Atom>, Stop> {
    let names: Vec<&Atom> = names.collect();
    for want in wanted {
        let glob = WildMatchPattern::<'*', '?'>::new(want);
        if !names.iter().any(|n| glob.matches(n.as_str())) {
            let near = nearest(want, names.iter().map(|n| n.as_str()));
            let message = format!("no account is called `{want}`");
            return Err(match near {
                Some(near) => Stop::hinted(message, format!("did you mean `{near}`?")),
                None if (1..=NAMED).contains(&names.len()) => {
                    Stop::hinted(message, format!("there is {}", names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")))
                }
                None => Stop::failed(message),
            });
        }
    }
    let chosen = |n: &&Atom| wanted.is_empty() || wanted.iter().any(|w| WildMatchPattern::<'*', '?'>::new(w).matches(n.as_str()));
    Ok(names.into_iter().filter(chosen).collect())
}

/// What accounts are connected for. Who only looks may be served what was kept (DESIGN §9).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Look,
    Write,
}

impl Purpose {
    fn network(self, request: &Request) -> Network {
        match (self, &request.cache) {
            (Purpose::Look, Some(cache)) => request.network.with_cache(cache.clone()),
            (Purpose::Look | Purpose::Write, _) => request.network.clone(),
        }
    }
}

pub(super) fn connect<'f>(
    manifests: &'f Manifests,
    names: &[&'f Atom],
    request: &Request,
    purpose: Purpose,
) -> Result<Vec<Site<'f>>, Stop> {
    let network = purpose.network(request);
    let mut sites = Vec::new();
    let mut refused = Vec::new();
    let mut histories = record::histories(request)?;
    for name in names.iter().copied() {
        let Some(reached) = manifests.reached(name) else { continue };
        let (connection, tenant) = (reached.connection, reached.tenant());
        match backend(name, reached, &tenant, request, &network) {
            Ok(backend) => {
                let database = request.folder.join(file(connection));
                sites.push(Site {
                    history: histories.remove(&(name.to_string(), backend.origin())).unwrap_or_default().of(&actor_form(&tenant.actor)),
                    name,
                    spec: connection.spec,
                    connection,
                    tenant,
                    origin: backend.origin(),
                    database,
                    backend,
                    folder: request.folder.clone(),
                });
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    if refused.is_empty() { Ok(sites) } else { Err(Stop::Refused(refused)) }
}

/// The database of an embedded account, as the manifest writes it.
fn file(connection: &Connection) -> &Path {
    connection.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE))
}

/// Tokens and origins are the connection's, whichever account it reaches.
fn backend(name: &Atom, reached: Reached<'_>, tenant: &Tenant, request: &Request, network: &Network) -> Result<Box<dyn Backend>, Refusal> {
    let connection = reached.connection;
    let refused = |message: String| Refusal { message, hint: None, at: connection.at.clone() };
    match connection.backend {
        BackendName::Embedded if request.forbid_sandbox => {
            Err(refused(format!("the account `{name}` is on the embedded sandbox, which --forbid-sandbox refuses")))
        }
        BackendName::Embedded => {
            let written = file(connection);
            let host = Host { account: name.clone(), spec: connection.spec, tenant: tenant.clone() };
            Ok(Box::new(Embedded::new(request.folder.join(written), written, host, request.now, PAGE)))
        }
        BackendName::Scim | BackendName::Bridge => {
            let access = token::authorize(reached.name, connection, &request.folder, request.trust_head, &*request.env)?;
            let expect = Expect { tenant: connection.expect_tenant.clone(), actor: connection.expect_actor.clone() };
            let backend: Box<dyn Backend> = if connection.backend == BackendName::Bridge {
                Box::new(Bridge::new(connection.spec, tenant, expect, access, network).map_err(refused)?)
            } else {
                Box::new(Scim::new(connection.spec, expect, access, network).map_err(refused)?)
            };
            match &connection.roster {
                None => Ok(backend),
                Some(beside) => {
                    let (folder, now) = (request.folder.clone(), request.now);
                    Ok(Box::new(Beside::new(backend, RosterReader::new(connection.spec, tenant.clone(), beside.clone(), folder, now))))
                }
            }
        }
        BackendName::Roster => match &connection.roster {
            Some(roster) => {
                let (folder, now) = (request.folder.clone(), request.now);
                Ok(Box::new(Exported::new(connection.spec, tenant.clone(), roster.clone(), folder, now)))
            }
            // The manifests were refused for it before.
            None => Err(refused(format!("connection `{name}` does not say how its export is read"))),
        },
    }
}
