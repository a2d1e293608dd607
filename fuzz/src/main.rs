//! Feeds one kind of text with whatever libFuzzer comes up with: `FUZZ_TARGET=manifest`, one of
//! `portcullis::fuzzing::Target::ALL`. `.ci/fuzz` builds and runs it.

#![no_main]

use std::sync::LazyLock;

use portcullis::fuzzing::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let word = std::env::var("FUZZ_TARGET").unwrap_or_default();
    Target::parse(&word).unwrap_or_else(|| {
        let words: Vec<&str> = Target::ALL.iter().map(|t| t.word()).collect();
        panic!("FUZZ_TARGET is one of {}", words.join(", "))
    })
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.feed(bytes));
