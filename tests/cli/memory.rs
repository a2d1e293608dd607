//! The allocator of the program.

use std::process::Command;

/// A name that jemalloc does not look for would be silent.
#[test]
fn the_allocator_finds_its_settings() {
    let said =
        Command::new(env!("CARGO_BIN_EXE_portcullis")).arg("--version").env("_RJEM_MALLOC_CONF", "confirm_conf:true").output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    for setting in ["thp:always", "narenas:1", "dirty_decay_ms:300"] {
        assert!(told.contains(&format!("Set conf value: {setting}")), "{setting}: {told}");
    }
}
