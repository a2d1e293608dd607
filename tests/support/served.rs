//! The embedded accounts of a folder behind a server in this process, under the machine's clock.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use portcullis::apply::Stopping;
use portcullis::backends::http::Network;
use portcullis::run::{Connected, Folder, Request};
use portcullis::sandbox::serve::{Served, Server, Settings};

/// The machine's clock, in whole seconds as the program has it.
pub fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).expect("an instant")
}

/// The accounts with the tokens of these variables, which all must have, and the server.
pub fn serve(folder: &Path, tokens: &[(String, String)], settings: Settings) -> (Vec<Served>, Server) {
    let request = request(folder, tokens.to_vec());
    let folder = Folder::load(&request);
    let connected = Connected::embedded(&folder, &request).ok().expect("they are embedded");
    let served = connected.served(folder.manifests(), &request, &String::new().into()).ok().expect("tokens");
    let served: Vec<Served> = served.into_iter().map(|(served, variable)| variable.map(|_| served).expect("it has a token")).collect();
    let server = Server::start(([127, 0, 0, 1], 0).into(), served.clone(), settings, Box::new(now)).expect("it listens");
    (served, server)
}

fn request(folder: &Path, tokens: Vec<(String, String)>) -> Request {
    Request {
        folder: folder.to_owned(),
        accounts: Vec::new(),
        now: now(),
        clock: portcullis::apply::Clock::set(now()),
        simulated: false,
        at: None,
        trust_head: false,
        forbid_sandbox: false,
        env: Box::new(move |name| tokens.iter().find(|(variable, _)| variable == name).map(|(_, token)| token.clone())),
        by: "a test".into(),
        journals: folder.join("journal"),
        audit: folder.join("audit.jsonl"),
        accept_shrunk: Default::default(),
        leases: folder.join("leases"),
        patience: Duration::ZERO,
        halt_at: None,
        stopping: Stopping::default(),
        network: Network::default(),
        cache: None,
        progress: Box::new(|_| {}),
    }
}
