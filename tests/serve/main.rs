//! The sandbox over HTTP, in the bridge protocol (docs/bridge.md): what it answers, and that each fault
//! goes wrong as its name says.

mod client;
mod contract;
mod faults;
mod protocol;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "each test file uses its part of the kit")]
mod support;

use std::net::SocketAddr;

use portcullis::sandbox::serve::{Server, Settings};
use support::world::World;

use client::{Client, TOKEN};

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// The world's account, its clock at the world's.
fn serve(world: &World, settings: Settings) -> (Server, Client) {
    let now = world.now();
    let server = Server::start(loopback(), vec![world.served(TOKEN)], settings, Box::new(move || now)).expect("it listens");
    let client = Client::of(&server);
    (server, client)
}

/// Pages so small that there are several.
fn small() -> Settings {
    Settings { page_size: 2, ..Settings::default() }
}

const ADMIN: &str = "{ email: root@acme.example, name: Root, role: administrator, phase: active }";

/// Five members of insider, and pages of two.
fn five() -> World {
    let world = World::insider("actor: { role: administrator, member: root@acme.example }");
    let others: Vec<String> =
        ["ada", "bob", "cy", "dan"].iter().map(|who| format!("{{ email: {who}@acme.example, name: {who}, role: viewer }}")).collect();
    let all: Vec<&str> = [ADMIN].into_iter().chain(others.iter().map(String::as_str)).collect();
    world.live("", &all);
    world
}
