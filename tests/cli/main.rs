//! The whole program as a stranger runs it, on the embedded sandbox: what it prints, what it exits
//! with, and what it refuses.

mod approval;
mod audit;
#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "each test file uses its part of the client")]
mod client;
mod exit_codes;
mod hostile;
mod init;
mod json;
mod man;
mod member;
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
mod memory;
mod network;
#[path = "../support/program.rs"]
mod program;
mod revoke;
mod safety;
mod sandbox;
mod saved;
mod serve;
mod signed;
mod suspect;
mod told;
mod transcripts;
mod who;
