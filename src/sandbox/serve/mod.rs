//! The sandbox over HTTP: each account a bridge (docs/bridge.md) on loopback, with faults to switch on.
//!
//! - [`Server::start`] serves until it is dropped
//! - [`Server::inject`], [`Server::fired`], [`Server::calls`], [`Server::set_clock`]: what `/_sandbox`
//!   does over HTTP, for tests in the same process
//! - [`openapi`], [`faults_schema`]: the document of the protocol, and the shapes of `/_sandbox`

mod accept;
mod account;
mod call;
mod control;
mod fault;
mod keys;
mod openapi;
mod read;
mod reply;
mod routes;
mod settings;
mod state;
mod wire;
mod yaml;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::answer::{Answer, Host};
use super::error::SandboxError;
use super::file::Sandbox;
use super::link::random;
use super::listed::Listed;
use super::page::Page;

pub use account::{Served, new_token};
pub use control::{ClockState, FaultsAsked, FaultsState, Outbox, OutboxMail};
pub use fault::{Conflict, Fired, HttpFault, Injected, RetryAfter};
pub use openapi::{faults_schema, openapi, openapi_yaml};
pub use settings::Settings;
pub use state::{Calls, Clock, Requests, Writes};

use account::Account;
use state::Shared;

/// How long a stopping server waits for a write that was begun.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0} is no loopback address: the sandbox serves this machine alone")]
    NotLoopback(SocketAddr),
    #[error("{addr}: cannot listen: {why}")]
    Listen { addr: SocketAddr, why: std::io::Error },
    #[error("two accounts would be served at {0}")]
    Twice(String),
}

/// A server on a thread of its own, until it is dropped.
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and serves these accounts.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start(listen: SocketAddr, served: Vec<Served>, settings: Settings, clock: Clock) -> Result<Self, ServeError> {
        if !listen.ip().is_loopback() {
            return Err(ServeError::NotLoopback(listen));
        }
        let accounts: Vec<Arc<Account>> = served.into_iter().map(|served| Arc::new(Account::new(served))).collect();
        let shared = Arc::new(Shared::new(accounts, Settings { page_size: settings.page_size.max(1), ..settings }, clock));
        let at = |account: &Account| path(&account.served.connection, account.served.tenant.as_deref());
        for (i, account) in shared.accounts.iter().enumerate() {
            if shared.accounts[..i].iter().any(|other| at(other) == at(account)) {
                return Err(ServeError::Twice(at(account)));
            }
        }
        let failed = |why| ServeError::Listen { addr: listen, why };
        let listener = TcpListener::bind(listen).map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let listener = {
            let _in = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(failed)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let router = routes::router(Arc::clone(&shared));
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    never = accept::accept(listener, router) => match never {},
                }
            });
            runtime.shutdown_timeout(PATIENCE);
        };
        let thread = std::thread::Builder::new().name("sandbox".into()).spawn(serve).map_err(failed)?;
        Ok(Self { addr, shared, stop: Some(stop), thread: Some(thread) })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every account with the address of its bridge, in the order in which they were given.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let of = |account: &Arc<Account>| {
            let served = &account.served;
            (account.name().to_string(), format!("http://{}{}", self.addr, path(&served.connection, served.tenant.as_deref())))
        };
        self.shared.accounts.iter().map(of).collect()
    }

    /// Switches a fault on, beside those that are.
    pub fn inject(&self, fault: impl Into<Injected>) {
        self.shared.faults.add(fault.into());
    }
    /// Every fault that is switched on, and how often it fired.
    pub fn fired(&self) -> Vec<Fired> {
        self.shared.faults.fired()
    }
    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.shared.faults.replace(Vec::new());
    }
    /// What it was asked for.
    pub fn calls(&self) -> Calls {
        self.shared.calls()
    }
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }
    /// Moves the clock, which goes on from there as its source does.
    pub fn set_clock(&self, to: Timestamp) {
        self.shared.set_clock(to);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Neither fails but where the thread has ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `/CONNECTION` or `/CONNECTION/tenants/TENANT`, as a URL spells them.
fn path(connection: &str, tenant: Option<&str>) -> String {
    let Ok(mut url) = url::Url::parse("http://localhost/") else { return String::new() };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().push(connection);
        if let Some(tenant) = tenant {
            segments.push("tenants").push(tenant);
        }
    }
    url.path().to_owned()
}
