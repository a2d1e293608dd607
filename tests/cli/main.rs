//! The whole program as a stranger runs it, on the embedded sandbox: what it prints, what it exits
//! with, and what it refuses.

#[path = "../support/program.rs"]
mod program;
mod transcripts;
