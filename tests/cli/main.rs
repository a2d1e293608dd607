//! The whole program as a stranger runs it, on the embedded sandbox: what it prints, what it exits
//! with, and what it refuses.

mod approval;
mod audit;
mod exit_codes;
mod hostile;
mod init;
mod json;
mod man;
mod member;
mod network;
#[path = "../support/program.rs"]
mod program;
mod revoke;
mod safety;
mod sandbox;
mod saved;
mod signed;
mod suspect;
mod told;
mod transcripts;
mod who;
