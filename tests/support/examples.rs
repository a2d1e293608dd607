//! A copy of the examples in a folder of its own, and the built program run in it as a stranger
//! would: no inherited environment, a clock set by hand. Each suite uses a part of it.
#![allow(dead_code, reason = "compiled into several test programs")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// `examples/` and `schemas/`, side by side as in the repository.
pub struct Copy {
    folder: TempDir,
}

/// What one command did.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Copy {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder of our own");
        for name in ["examples", "schemas"] {
            copy(&repository().join(name), &folder.path().join(name));
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program here with these words.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(&self, now: &str, words: impl IntoIterator<Item = S>) -> Ran {
        self.run_with(&[("PORTCULLIS_NOW", now)], words)
    }

    /// Runs the program here with these words, in this environment and no other.
    #[must_use]
    pub fn run_with<S: AsRef<OsStr>>(&self, environment: &[(&str, &str)], words: impl IntoIterator<Item = S>) -> Ran {
        let out = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path().join(".portcullis/state"))
            .envs(environment.iter().copied())
            .output()
            .expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ran { code: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
    }
}

impl Ran {
    /// Fails, with all that was printed, where the exit code is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}:\n{}\n{}", self.stdout, self.stderr))
    }
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder as git would have it: without what a run leaves behind.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder that can be listed") {
        let entry = entry.expect("an entry");
        if entry.file_name() == ".portcullis" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file that can be copied");
        }
    }
}
