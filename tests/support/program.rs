//! A folder of manifests and the built program in it, as a stranger runs it: cleared environment,
//! fixed clock and width. Shared by the suites that run the whole program.

#![allow(dead_code, reason = "each suite uses its part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// The instant at which every world starts.
pub const NOW: &str = "2026-11-22T09:00:00Z";

pub struct World {
    /// Around the folder: nothing else is above or beside it but what the program keeps for its user.
    _around: TempDir,
    folder: PathBuf,
    env: BTreeMap<String, String>,
}

/// What one command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
    line: String,
}

impl World {
    /// An empty folder, its clock at [`NOW`].
    pub fn new() -> Self {
        let mut world = Self::live();
        world.env("PORTCULLIS_NOW", NOW);
        world
    }

    /// An empty folder under the real clock.
    pub fn live() -> Self {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("folder");
        std::fs::create_dir(&folder).expect("a folder in it");
        let (home, state) = (folder.display().to_string(), around.path().join("state").display().to_string());
        let env = [("HOME", &*home), ("XDG_STATE_HOME", &*state), ("COLUMNS", "100"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")];
        Self { env: env.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), folder, _around: around }
    }

    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.insert(name.into(), value.into());
        self
    }

    pub fn without(&mut self, name: &str) -> &mut Self {
        self.env.remove(name);
        self
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of the folder; the indent of its first line is taken from all.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("its folder is made");
        std::fs::write(path, dedent(text)).expect("the file is written");
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("the file is there")
    }

    /// Loads the sandbox.
    pub fn load(&self, live: &str) -> &Self {
        self.write("live.txt", live);
        self.run("sandbox load live.txt").expect(0);
        self
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.path()).env_clear().envs(&self.env).stdin(Stdio::null());
        command
    }

    /// Runs the program with words that white space parts.
    pub fn run(&self, line: &str) -> Said {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub fn args(&self, args: &[&str]) -> Said {
        let output = self.command().args(args).output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it speaks UTF-8");
        let said = Said {
            code: output.status.code().expect("it exits"),
            out: text(output.stdout),
            err: text(output.stderr),
            line: args.join(" "),
        };
        assert!(!said.err.contains("panicked"), "`{}` panicked: {}", said.line, said.err);
        said
    }

    /// The commands with what they said, as a terminal would show it, and their exit codes.
    pub fn transcript(&self, lines: &[&str]) -> String {
        let mut text = String::new();
        for line in lines {
            if let Some(edit) = line.strip_prefix("# ") {
                text.push_str(&format!("# {edit}\n"));
                continue;
            }
            let said = self.run(line);
            text.push_str(&format!("$ portcullis {line}\n"));
            if !said.err.is_empty() {
                text.push_str("--- standard error\n");
                text.push_str(&said.err);
                if !said.out.is_empty() {
                    text.push_str("--- standard output\n");
                }
            }
            text.push_str(&without_head(&said.out));
            text.push_str(&format!("[exit {}]\n\n", said.code));
        }
        text
    }
}

/// The head of an audit log is of machine and process, too.
fn without_head(out: &str) -> String {
    let line = |line: &str| match line.split_once(", head sha256:") {
        Some((before, rest)) if line.starts_with("audit log: ") => format!("{before}, head HASH{}", rest.get(64..).unwrap_or_default()),
        _ => line.to_owned(),
    };
    out.split_inclusive('\n').map(line).collect()
}

impl Said {
    /// Exits with this code, or the test fails with all that was said.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "`{}`\n--- out\n{}\n--- err\n{}", self.line, self.out, self.err);
        self
    }

    pub fn both(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("`{}`: {e}\n--- out\n{}\n--- err\n{}", self.line, self.out, self.err))
    }

    /// `action who` of every change.
    #[track_caller]
    pub fn acts(&self) -> Vec<String> {
        self.all("changes").iter().map(act).collect()
    }

    /// Every entry of this list of every account.
    #[track_caller]
    pub fn all(&self, list: &str) -> Vec<Json> {
        let json = self.json();
        let accounts = json["accounts"].as_array().cloned().unwrap_or_default();
        accounts.iter().flat_map(|a| a[list].as_array().cloned().unwrap_or_default()).collect()
    }

    #[track_caller]
    pub fn digest(&self) -> String {
        self.json()["digest"].as_str().expect("a plan has a digest").to_owned()
    }

    #[track_caller]
    pub fn change(&self, who: &str) -> Json {
        let found: Vec<Json> = self.all("changes").into_iter().filter(|c| c["member"] == who || c["domain"] == who).collect();
        assert_eq!(found.len(), 1, "{who}: {found:#?}");
        found.into_iter().next().expect("there is one")
    }
}

fn act(change: &Json) -> String {
    let who = change["member"].as_str().or(change["domain"].as_str()).unwrap_or("?");
    format!("{} {who}", change["action"].as_str().unwrap_or("?"))
}

pub fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_portcullis").into()
}

fn dedent(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let indent = text.len() - text.trim_start_matches(' ').len();
    let lines = text.split('\n').map(|l| if l.len() >= indent && l[..indent].trim().is_empty() { &l[indent..] } else { l.trim_start() });
    lines.collect::<Vec<_>>().join("\n")
}
