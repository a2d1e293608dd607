//! The write-ahead record of one account's apply: a line before each call, on the disk before the call
//! is sent, and a line with its result. Whoever was cut off is finished from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::future::{poll_fn, ready};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Call, Outcome};
use crate::plan::saved::SavedAccount;
use crate::plan::{Change, ChangeId, Lift, Moments};

use super::outcome::ChangeResult;
use super::private;

/// What the names of journals end with.
const ENDING: &str = "jsonl";
/// The version of the lines' shapes.
pub const JOURNAL_VERSION: &str = "1";

/// What hears of every call before and after it is made.
pub trait Record: Send + Sync {
    /// The call is about to be made; it may be once this is ready.
    ///
    /// # Errors
    /// It could not be recorded, in words for a person: then it must not be made.
    fn before<'a>(&'a self, change: &'a Change, at: usize, call: &'a Call, key: &'a str) -> BoxFuture<'a, Result<(), String>>;
    /// What came of it.
    fn after(&self, change: &Change, at: usize, outcome: &Outcome);
    /// What came of the change.
    fn finished(&self, result: &ChangeResult);
    /// Nothing goes on before somebody else answers: all that was told so far is kept for certain now.
    fn rest(&self);
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    /// The first: what may be made.
    Begin(Box<Begin>),
    /// On the disk before the call is sent.
    Call {
        change: String,
        /// The number of the call within its change, from 0.
        at: usize,
        label: String,
        /// The idempotency key.
        key: String,
    },
    /// What came of a call: `applied`, `already`, `exists`, `refused`, `unknown`.
    Outcome { change: String, at: usize, outcome: String },
    /// What came of a change: `applied`, `already`, `failed`, `skipped`, `unknown`.
    Result { change: String, result: String },
    /// A later run told the audit log of it: `applied`, `unknown`.
    Told { change: String, result: String },
    /// The last: nothing was cut off.
    End { at: String },
}

/// What one account's apply may make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Begin {
    pub schema_version: String,
    /// The program and its version.
    pub tool: String,
    pub at: String,
    /// Who runs it: user, host and process.
    pub by: String,
    /// The digest of the whole plan that was approved: what lifts name.
    pub plan: String,
    pub lifts: Vec<LiftLine>,
    /// Whose access alone the run was to end (`revoke --apply`); null for an apply of the manifests.
    pub revoke: Option<String>,
    /// Until when the signatures hold that approved it; null where none did.
    #[schemars(with = "Option<String>")]
    pub valid_until: Option<Timestamp>,
    /// How long the audit log was then; null where there was none.
    pub audit_lines: Option<u64>,
    /// Active administrators that had to be left after every call.
    pub minimum_administrators: u32,
    /// The account and the cleared changes.
    pub account: SavedAccount,
    /// By change: what its member has at each moment.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub moments: BTreeMap<String, Moments>,
    /// How it was approved, in the words of the audit log.
    #[serde(default)]
    pub approval: String,
    /// Who signed each change, by address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub approved_by: BTreeMap<String, Vec<String>>,
    /// The moments of what runs before this one had begun: a run that goes on may be cut off, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub begun_before: Vec<Moments>,
}

/// `--allow`, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiftLine {
    pub account: Option<String>,
    pub code: String,
    pub to: u32,
    pub digest: String,
}

impl LiftLine {
    pub fn of(lift: &Lift) -> Self {
        Self { account: lift.account.clone(), code: lift.code.word().to_owned(), to: lift.to, digest: lift.digest.clone() }
    }
}

/// Hears nothing: a one-off action is no part of a plan that could be resumed.
pub struct NoRecord;

impl Record for NoRecord {
    fn before<'a>(&'a self, _: &'a Change, _: usize, _: &'a Call, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        ready(Ok(())).boxed()
    }
    fn after(&self, _: &Change, _: usize, _: &Outcome) {}
    fn finished(&self, _: &ChangeResult) {}
    fn rest(&self) {}
}

/// A journal that is being written. Lines that are written at once are brought to the disk at once.
pub struct Journal {
    state: Mutex<State>,
    halt_at: Option<usize>,
}

struct State {
    file: Result<File, String>,
    /// Lines, and how many of them are on the disk.
    written: usize,
    synced: usize,
}

impl Journal {
    /// Starts a journal for one account, in place of the last. `halt_at` is for tests alone: for good after so
    /// many lines, so that they can kill the process at every boundary.
    ///
    /// # Errors
    /// A disk that cannot be written, in words for a person: then nothing may be sent.
    pub fn begin(path: &Path, begin: Begin, halt_at: Option<usize>) -> Result<Self, String> {
        let failed = |e: io::Error| format!("the journal cannot be written: {}: {e}", path.display());
        let start = || -> io::Result<File> {
            private::folder(path.parent().unwrap_or(Path::new(".")))?;
            let half = path.with_extension("new");
            let mut file = private::new_file(&half)?;
            put(&mut file, &Line::Begin(Box::new(begin)))?;
            // As long as it is held, nobody takes the run for one that was cut off. Where a file system knows no
            // locks, they do, and the lease stops them.
            let _ = file.try_lock();
            fs::rename(&half, path)?;
            private::sync_folder(path)?;
            Ok(file)
        };
        let state = State { file: Ok(start().map_err(failed)?), written: 1, synced: 1 };
        let journal = Self { state: Mutex::new(state), halt_at };
        journal.halt(1);
        Ok(journal)
    }

    /// Nothing was cut off.
    pub fn end(self, at: Timestamp) {
        self.write(&Line::End { at: at.to_string() });
        self.rest();
    }

    /// Writes a line and answers with its number. Remembers the first failure: nothing more is recorded, and
    /// so nothing more is sent.
    fn write(&self, line: &Line) -> usize {
        let mut state = self.locked();
        state.attempt(|file| append(file, line));
        state.written += 1;
        let number = state.written;
        drop(state);
        self.halt(number);
        number
    }

    /// Brings the line to the disk, with all that were written until now.
    fn sync(&self, number: usize) -> Result<(), String> {
        let mut state = self.locked();
        if state.synced < number {
            state.attempt(|file| file.sync_data());
            state.synced = state.written;
        }
        state.file.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // No line panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn halt(&self, written: usize) {
        while self.halt_at.is_some_and(|at| written >= at) {
            std::thread::park();
        }
    }
}

impl State {
    fn attempt(&mut self, act: impl FnOnce(&mut File) -> io::Result<()>) {
        if let Ok(file) = &mut self.file
            && let Err(e) = act(file)
        {
            self.file = Err(format!("the journal cannot be written: {e}"));
        }
    }
}

/// Lets all those go first who can: their lines are brought to the disk with ours.
async fn others_first() {
    let mut asked = false;
    poll_fn(|context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Record for Journal {
    fn before<'a>(&'a self, change: &'a Change, at: usize, call: &'a Call, key: &'a str) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let line = Line::Call { change: change.id.clone(), at, label: call.label.clone(), key: key.to_owned() };
            let number = self.write(&line);
            others_first().await;
            self.sync(number).map_err(|why| format!("not sent: {why}"))
        }
        .boxed()
    }

    fn after(&self, change: &Change, at: usize, outcome: &Outcome) {
        let outcome = match outcome {
            Outcome::Applied | Outcome::Linked(_) => "applied",
            Outcome::Already => "already",
            Outcome::Exists => "exists",
            Outcome::Refused(_) => "refused",
            Outcome::Unknown(_) => "unknown",
        };
        self.write(&Line::Outcome { change: change.id.clone(), at, outcome: outcome.to_owned() });
    }

    fn finished(&self, result: &ChangeResult) {
        self.write(&Line::Result { change: result.id.clone(), result: result.word.word().to_owned() });
    }

    fn rest(&self) {
        // A failure is told before the next call.
        let written = self.locked().written;
        let _ = self.sync(written);
    }
}

fn append(file: &mut File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

fn put(file: &mut File, line: &Line) -> io::Result<()> {
    append(file, line)?;
    file.sync_data()
}

/// A run that was cut off.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOff {
    pub begin: Begin,
    /// Changes of which a call may have been sent and that came to no good end.
    pub begun: BTreeSet<ChangeId>,
    /// Those of them of which the audit log tells, with what it says.
    pub told: BTreeMap<ChangeId, String>,
}

impl CutOff {
    /// When the run began.
    pub fn began(&self) -> Option<Timestamp> {
        self.begin.at.parse().ok()
    }
}

/// The runs that were cut off, an account each: their journals have no end.
///
/// # Errors
/// A journal that cannot be read, in words for a person. A last line that is torn is one that was never
/// finished: its call was not sent.
pub fn cut_off(journals: &Path) -> Result<Vec<CutOff>, String> {
    let failed = |path: &Path, e: io::Error| format!("{}: {e}", path.display());
    let entries = match fs::read_dir(journals) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(journals, e)),
    };
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>().map_err(|e| failed(journals, e))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == ENDING));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if is_running(&path) || has_ended(&path).map_err(|e| failed(&path, e))? {
            continue;
        }
        let text = fs::read(&path).map_err(|e| failed(&path, e))?;
        found.extend(parse(&text).map_err(|(line, why)| format!("{}:{line}: {why}", path.display()))?);
    }
    Ok(found)
}

/// Whether the run that writes it is still there.
pub fn is_running(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// The journals of runs that are still there.
pub fn running(journals: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(journals).into_iter().flatten().flatten().map(|e| e.path()).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == ENDING) && is_running(path));
    all.sort();
    all
}

/// Whether it begins as a journal does, and its last line says that all is over: then nothing else of it is
/// read, however long it is.
fn has_ended(path: &Path) -> io::Result<bool> {
    /// An end is shorter.
    const LAST: u64 = 256;
    let begin = format!("{{\"line\":\"begin\",\"schema_version\":\"{JOURNAL_VERSION}\",");
    let mut file = File::open(path)?;
    let mut text = Vec::new();
    (&mut file).take(begin.len() as u64).read_to_end(&mut text)?;
    if text != begin.as_bytes() {
        return Ok(false);
    }
    let len = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(len.saturating_sub(LAST)))?;
    text.clear();
    file.take(LAST).read_to_end(&mut text)?;
    let last = text.strip_suffix(b"\n").and_then(|lines| lines.rsplit(|b| *b == b'\n').next());
    Ok(last.is_some_and(|line| matches!(serde_json::from_slice(line), Ok(Line::End { .. }))))
}

/// Ends the journal of an account of which nothing is left to make, where a run was cut off.
///
/// # Errors
/// A disk that cannot be written: the journal stays as it is, and the next run looks again.
pub fn close(path: &Path, at: Timestamp) -> io::Result<()> {
    add(path, &[Line::End { at: at.to_string() }])
}

/// Writes into the journal of a run that was cut off what the audit log tells of it now.
///
/// # Errors
/// As [`close`]: then it is told once more.
pub fn tell(path: &Path, told: &[(&str, &str)]) -> io::Result<()> {
    let line = |(change, result): &(&str, &str)| Line::Told { change: (*change).to_owned(), result: (*result).to_owned() };
    add(path, &told.iter().map(line).collect::<Vec<_>>())
}

/// Adds lines to the journal of a run that was cut off.
fn add(path: &Path, lines: &[Line]) -> io::Result<()> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    if !matches!(parse(&text), Ok(Some(_))) {
        return Ok(());
    }
    let mut file = private::kept_file(path)?;
    // A torn line was never finished.
    let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at as u64 + 1);
    file.set_len(whole)?;
    file.seek(io::SeekFrom::End(0))?;
    lines.iter().try_for_each(|line| put(&mut file, line))
}

fn parse(text: &[u8]) -> Result<Option<CutOff>, (usize, String)> {
    let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    // What follows the last line break: nothing, or a torn line.
    lines.pop();
    let mut found: Option<CutOff> = None;
    for (i, line) in lines.into_iter().enumerate() {
        let line: Line = serde_json::from_slice(line).map_err(|e| (i + 1, format!("no line of a journal: {e}")))?;
        match (line, &mut found) {
            (Line::Begin(begin), None) if begin.schema_version == JOURNAL_VERSION => {
                found = Some(CutOff { begin: *begin, begun: BTreeSet::new(), told: BTreeMap::new() });
            }
            (Line::Begin(begin), None) => {
                return Err((i + 1, format!("a journal of version `{}`, which is not known here", begin.schema_version)));
            }
            (Line::Begin(_), Some(_)) => return Err((i + 1, "a second beginning".to_owned())),
            (_, None) => return Err((i + 1, "a journal that does not begin".to_owned())),
            (Line::Call { change, .. }, Some(found)) => {
                found.begun.insert(change);
            }
            (Line::Result { change, result }, Some(found)) if matches!(result.as_str(), "applied" | "already") => {
                found.begun.remove(&change);
                found.begin.begun_before.retain(|moments| moments.id != change);
            }
            // The log came first.
            (Line::Result { change, result }, Some(found)) if result == "unknown" => {
                found.told.insert(change, result);
            }
            (Line::Told { change, result }, Some(found)) => {
                found.told.insert(change, result);
            }
            (Line::Outcome { .. } | Line::Result { .. }, Some(_)) => {}
            (Line::End { .. }, Some(_)) => return Ok(None),
        }
    }
    if let Some(CutOff { begin, begun, .. }) = &mut found {
        begin.begun_before.retain(|moments| !begun.contains(&moments.id));
    }
    Ok(found)
}

/// Reads any bytes as a journal.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(text: &[u8]) -> Option<CutOff> {
    match parse(text) {
        Ok(found) => found,
        Err((line, why)) => {
            assert!(line > 0 && !why.is_empty());
            None
        }
    }
}

/// Where the journal of an account is; the revocation of one person has its own, so that it takes no other's
/// place.
pub fn path(journals: &Path, account: &str, revoke: Option<&str>) -> PathBuf {
    // `~` stands in no name of a file that is made from an account's.
    let of = revoke.map(|whom| format!("~revoke~{}", private::short_hash(whom))).unwrap_or_default();
    journals.join(format!("{}{of}.{ENDING}", private::file_name(account)))
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
