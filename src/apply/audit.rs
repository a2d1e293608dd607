//! The append-only record of everything that was applied: one JSON line each, with the hash of the line
//! before, so that a line that is altered, removed, moved or cut off at the end is found.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::plan::saved::{AuditEnd, Signed, Source};

use super::clock::Clock;
use super::private;

/// The version of the lines' shapes.
pub const AUDIT_VERSION: &str = "1";
/// What the first line says of the one before.
const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
/// So much of the end of a log is read to find its last line.
const TAIL: u64 = 1 << 20;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    pub schema_version: String,
    /// Counted from 1.
    pub seq: u64,
    /// The instant.
    pub at: String,
    /// The program and its version.
    pub tool: String,
    /// Who ran it: user, host and process.
    pub by: String,
    #[serde(flatten)]
    pub what: What,
    /// The hash of the line before.
    pub prev: String,
    /// The hash of this line without it, keys sorted and no white space.
    pub hash: String,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// The log begins.
    Start,
    /// What came of one change.
    Change(Box<ChangeEntry>),
    /// What came of a one-off action.
    OneOff {
        account: String,
        system: String,
        /// Where it was written to.
        #[serde(default)]
        origin: String,
        action: String,
        member: String,
        result: String,
    },
    /// One account was applied to.
    Apply {
        account: String,
        /// The digest of the plan.
        plan: String,
        /// Members read before it.
        members: usize,
        /// How many changes came to which result.
        results: BTreeMap<String, usize>,
    },
    /// A flag lifted a guard that would have stopped an account: before the first call.
    Lift {
        account: String,
        /// The digest of the plan.
        plan: String,
        /// The guard's code.
        guard: String,
        /// What the plan comes to: more than the guard's limit, or fewer than its least.
        actual: u32,
        /// The limit that the flag gave it.
        limit: u32,
    },
    /// So many members one account had at the end of an apply, or as somebody said that it is right: a later
    /// reading is held against it.
    Read {
        account: String,
        /// Where it was read.
        origin: String,
        /// As whom: another actor sees others.
        actor: Json,
        members: usize,
    },
    /// Somebody vouches for the log up to here.
    Head { signed: Signed },
}

/// What came of one change: who asked for it, who approved it, why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeEntry {
    pub account: String,
    pub system: String,
    /// Where it was written to.
    pub origin: String,
    /// The digest of the plan.
    pub plan: String,
    pub id: String,
    pub digest: String,
    pub before: Json,
    pub after: Json,
    /// Why, as the manifest says.
    pub reason: Option<String>,
    /// The line that asks for it: `accounts/news.yaml:5:9`.
    pub place: Option<String>,
    /// The revision of the manifests; null outside a git repository.
    pub source: Option<Source>,
    /// How it was approved: `signatures`, `saved-plan`, `digest`, `terminal`, `auto-approve`, `resume`.
    pub approval: String,
    /// Whose signatures counted for it.
    pub approved_by: Vec<String>,
    /// Where it finishes a change that a run which was cut off had begun: the digest of that one.
    pub continues: Option<String>,
    /// Whether it sends an invitation.
    #[serde(default)]
    pub invites: bool,
    /// `applied`, `already`, `failed`, `skipped`, `unknown`.
    pub result: String,
    pub message: String,
}

/// Whoever writes a line.
#[derive(Debug, Clone)]
pub struct Writer {
    /// A line says when it was written.
    pub clock: Clock,
    pub tool: String,
    pub by: String,
}

/// An audit log that is open.
pub struct Audit {
    path: PathBuf,
    writer: Writer,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// The length for which the rest holds; another process may have written since.
    len: u64,
    seq: u64,
    head: String,
    /// Why it could not be written to: from then on it is not.
    problem: Option<String>,
}

impl Audit {
    /// Opens the log, and begins it where there is none, unless it must be there.
    ///
    /// # Errors
    /// In words for a person: a log that cannot be written, that is missing and must not be, or whose last
    /// line is none.
    pub fn open(path: &Path, must_exist: bool, writer: Writer) -> Result<Self, String> {
        let failed = |e: io::Error| format!("{}: {e}", path.display());
        let is_new = match fs::metadata(path) {
            Ok(_) => false,
            Err(e) if e.kind() == io::ErrorKind::NotFound && must_exist => {
                return Err(format!("{} does not exist: `portcullis audit start` begins one", path.display()));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => true,
            Err(e) => return Err(failed(e)),
        };
        private::folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))).map_err(failed)?;
        let file = private::kept_file(path).map_err(failed)?;
        let state = State { file, len: 0, seq: 0, head: NOTHING.to_owned(), problem: None };
        let audit = Self { path: path.to_owned(), writer, state: Mutex::new(state) };
        if is_new {
            audit.append(What::Start)?;
            private::sync_folder(path).map_err(failed)?;
        } else {
            audit.locked(|state| state.catch_up())?;
            if must_exist && audit.end().lines == 0 {
                return Err(format!("{} is empty: `portcullis audit start` begins a log", path.display()));
            }
        }
        Ok(audit)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the log ends as far as this process has written.
    pub fn end(&self) -> AuditEnd {
        match self.state.lock() {
            Ok(state) => AuditEnd::at(state.seq, state.head.clone()),
            Err(_) => AuditEnd::at(0, NOTHING.to_owned()),
        }
    }

    /// Writes one line, and answers once it is on the disk.
    ///
    /// # Errors
    /// In words for a person.
    pub fn append(&self, what: What) -> Result<(), String> {
        self.write(what)?;
        self.sync()
    }

    /// Brings all that was written to the disk.
    ///
    /// # Errors
    /// As [`Audit::append`].
    pub fn sync(&self) -> Result<(), String> {
        // A second sync says nothing of what the first could not bring there.
        self.kept(|state| state.file.sync_data())
    }

    /// Why the log could not be written to.
    pub fn problem(&self) -> Option<String> {
        self.state.lock().ok()?.problem.clone()
    }

    /// Writes one line, which is not on the disk before [`Audit::sync`].
    ///
    /// # Errors
    /// As [`Audit::append`].
    pub fn write(&self, what: What) -> Result<(), String> {
        self.locked(|state| {
            state.catch_up()?;
            let Writer { clock, tool, by } = self.writer.clone();
            let at = clock.now().to_string();
            let schema_version = AUDIT_VERSION.to_owned();
            let mut entry = Entry { schema_version, seq: state.seq + 1, at, tool, by, what, prev: state.head.clone(), hash: String::new() };
            entry.hash = hash_of(&json!(entry));
            let mut text = json!(entry).to_string();
            text.push('\n');
            state.file.write_all(text.as_bytes())?;
            (state.len, state.seq, state.head) = (state.len + text.len() as u64, entry.seq, entry.hash);
            Ok(())
        })
    }

    /// Nobody else writes meanwhile.
    fn locked(&self, act: impl FnOnce(&mut State) -> io::Result<()>) -> Result<(), String> {
        self.kept(|state| {
            state.file.lock()?;
            let done = act(state);
            let unlocked = state.file.unlock();
            done.and(unlocked)
        })
    }

    /// Keeps what goes wrong: nothing is written after it.
    fn kept(&self, act: impl FnOnce(&mut State) -> io::Result<()>) -> Result<(), String> {
        let Ok(mut state) = self.state.lock() else { return Err("the audit log is broken".to_owned()) };
        if let Some(why) = &state.problem {
            return Err(why.clone());
        }
        let failed = |e: io::Error| format!("the audit log cannot be written: {}: {e}", self.path.display());
        act(&mut state).map_err(failed).inspect_err(|why| state.problem = Some(why.clone()))
    }
}

impl State {
    /// Finds the end of the log, where somebody else wrote to it since.
    fn catch_up(&mut self) -> io::Result<()> {
        let len = self.file.metadata()?.len();
        if len != self.len {
            let tail = self.tail(len)?;
            let torn = &tail[whole(&tail)..];
            let last = last_line(&tail);
            // Nothing is taken from a file before it is known to be a log.
            let last = last.map(read_line).transpose()?;
            let unended = (!torn.is_empty()).then(|| read_line(torn));
            if last.is_none() && !matches!(unended, None | Some(Ok(_))) {
                return Err(io::Error::other("it is no audit log"));
            }
            self.len = len;
            let last = match unended {
                None => last,
                // Only its end was lost.
                Some(Ok(entry)) => {
                    self.file.seek(SeekFrom::Start(len))?;
                    self.file.write_all(b"\n")?;
                    self.len += 1;
                    Some(entry)
                }
                // It was never finished: its change has another line, or is told anew.
                Some(Err(_)) => {
                    self.len = len - torn.len() as u64;
                    self.file.set_len(self.len)?;
                    last
                }
            };
            (self.seq, self.head) = last.map_or((0, NOTHING.to_owned()), |entry| (entry.seq, entry.hash));
        }
        self.file.seek(SeekFrom::Start(self.len))?;
        Ok(())
    }

    /// The end of a log of this length, with its last whole line at least.
    fn tail(&mut self, len: u64) -> io::Result<Vec<u8>> {
        let from = len.saturating_sub(TAIL);
        let tail = self.read_from(from)?;
        let is_enough = from == 0 || tail.iter().filter(|b| **b == b'\n').count() > 1;
        if is_enough { Ok(tail) } else { self.read_from(0) }
    }

    fn read_from(&mut self, from: u64) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// How much of it is whole lines.
fn whole(text: &[u8]) -> usize {
    text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

fn last_line(text: &[u8]) -> Option<&[u8]> {
    text[..whole(text)].strip_suffix(b"\n").and_then(|lines| lines.rsplit(|b| *b == b'\n').next())
}

fn read_line(line: &[u8]) -> io::Result<Entry> {
    serde_json::from_slice(line).map_err(|e| io::Error::other(format!("its last line is none: {e}")))
}

/// What a check of a log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub lines: usize,
    /// The hash of the last line.
    pub head: Option<String>,
    /// Line and what is wrong there, in order.
    pub wrong: Vec<(usize, String)>,
}

/// Checks every line of a log against its neighbours, and that `head` is one of them: a head that was
/// printed earlier tells whether lines were cut off since.
pub fn check(text: &[u8], head: Option<&str>) -> Checked {
    let mut checked = Checked::default();
    let (whole, torn) = text.split_at(whole(text));
    let mut prev = Some(NOTHING.to_owned());
    // Told where it jumps, and not at every line from there on.
    let mut next = 1;
    let mut seen = false;
    for line in whole.split_inclusive(|b| *b == b'\n') {
        checked.lines += 1;
        let at = checked.lines;
        let mut say = |what: String| checked.wrong.push((at, what));
        let Ok(json) = serde_json::from_slice::<Json>(line) else {
            say("no JSON: the line was altered".to_owned());
            next += 1;
            prev = None;
            continue;
        };
        let Ok(entry) = Entry::deserialize(&json) else {
            say("no line of an audit log".to_owned());
            next += 1;
            prev = None;
            continue;
        };
        if hash_of(&json) != entry.hash {
            say("its hash is not that of the line: it was altered".to_owned());
        }
        if entry.seq != std::mem::replace(&mut next, entry.seq.saturating_add(1)) {
            say(format!("it says that it is line {}: lines were removed, added or moved before it", entry.seq));
        }
        if prev.as_ref().is_some_and(|prev| *prev != entry.prev) {
            say("it does not follow the line before: lines were removed, added or moved".to_owned());
        }
        seen |= head == Some(entry.hash.as_str());
        checked.head = Some(entry.hash.clone());
        prev = Some(entry.hash);
    }
    if !torn.is_empty() {
        checked.wrong.push((checked.lines + 1, "a line without an end: it was cut off while it was written, or afterwards".to_owned()));
    }
    if let Some(head) = head.filter(|_| !seen) {
        let what = format!("no line has the head {head}: lines were cut off at the end, or the log is another");
        checked.wrong.push((checked.lines, what));
    }
    checked
}

/// Where a log ends; none where there is none, or its last line is none.
pub fn end_of(path: &Path) -> Option<AuditEnd> {
    let mut state = State { file: File::open(path).ok()?, len: 0, seq: 0, head: String::new(), problem: None };
    let len = state.file.metadata().ok()?.len();
    let tail = state.tail(len).ok()?;
    let entry = last_line(&tail).and_then(|line| read_line(line).ok())?;
    Some(AuditEnd::at(entry.seq, entry.hash))
}

/// Where a log says that something was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedAt {
    pub line: u64,
    pub at: String,
}

/// The changes that the log says were applied, by digest, each with the last time. What is no line of a
/// log tells nothing.
pub fn applied_digests(text: &str) -> BTreeMap<String, AppliedAt> {
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    let applied = entries.filter_map(|entry| match entry.what {
        What::Change(change) if matches!(change.result.as_str(), "applied" | "already") => {
            let at = AppliedAt { line: entry.seq, at: entry.at };
            Some([change.digest].into_iter().chain(change.continues).map(move |digest| (digest, at.clone())))
        }
        _ => None,
    });
    applied.flatten().collect()
}

fn hash_of(json: &Json) -> String {
    let mut json = json.clone();
    if let Some(object) = json.as_object_mut() {
        object.remove("hash");
    }
    format!("sha256:{}", private::hex(&json.to_string()))
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
