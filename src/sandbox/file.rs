use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::SandboxError;
use super::page::CountedTotal;

/// The version of the tables, in the file's `user_version`.
pub(super) const VERSION: u32 = 2;
/// `pcts`, in the file's `application_id`.
const APPLICATION: u32 = 0x7063_7473;
/// How long a call waits for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE account (
    name TEXT PRIMARY KEY, system TEXT NOT NULL, mark INTEGER NOT NULL, writes INTEGER NOT NULL,
    whitelist INTEGER NOT NULL, fault TEXT, delegates INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE member (
    account TEXT NOT NULL, email TEXT NOT NULL, phase TEXT NOT NULL, sent INTEGER, declined INTEGER NOT NULL,
    since INTEGER NOT NULL, attrs TEXT NOT NULL, PRIMARY KEY (account, email)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
    account TEXT NOT NULL, email TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (account, email)
) STRICT, WITHOUT ROWID;
CREATE TABLE domain (account TEXT NOT NULL, domain TEXT NOT NULL, PRIMARY KEY (account, domain)) STRICT, WITHOUT ROWID;
CREATE TABLE mail (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_of ON mail (account);
";

/// One sandbox file with any number of accounts. A file that is not there is empty accounts.
pub struct Sandbox {
    pub(super) path: PathBuf,
    /// None: there is no file.
    conn: Option<Connection>,
    writes: bool,
    /// The number of visible members, as of the account's mark: pages would count them each.
    pub(super) total: RefCell<Option<CountedTotal>>,
}

impl Sandbox {
    /// Opens the file for reading. Nothing is created or changed, beside it neither.
    ///
    /// # Errors
    /// [`SandboxError`] where it is damaged, foreign, of another version, or cannot be opened.
    pub fn read(path: &Path) -> Result<Self, SandboxError> {
        Self::open(path, false)
    }

    /// Opens the file for writing. A missing one is created, with its folders, by the first write.
    ///
    /// # Errors
    /// As [`Sandbox::read`]; the file then stays byte for byte as it is.
    pub fn write(path: &Path) -> Result<Self, SandboxError> {
        Self::open(path, true)
    }

    fn open(path: &Path, writes: bool) -> Result<Self, SandboxError> {
        let conn = if is_ours(path)? { Some(connect(path, writes, false)?) } else { None };
        Ok(Self { path: path.to_owned(), conn, writes, total: RefCell::new(None) })
    }

    /// Runs `work` on one consistent state. `None` is the file that is not there.
    pub(super) fn reading<T>(&self, work: impl FnOnce(&Connection) -> Result<T, SandboxError>) -> Result<Option<T>, SandboxError> {
        let Some(conn) = &self.conn else { return Ok(None) };
        let transaction = conn.unchecked_transaction().map_err(|e| self.sqlite(&e))?;
        let found = work(&transaction)?;
        drop(transaction);
        Ok(Some(found))
    }

    /// Runs `work` in one transaction; an error takes all of it back.
    pub(super) fn writing<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T, SandboxError>) -> Result<T, SandboxError> {
        if !self.writes {
            return Err(SandboxError::ReadOnly { path: self.path.clone() });
        }
        let fresh = self.conn.is_none();
        if fresh {
            self.conn = Some(create(&self.path)?);
        }
        let Self { path, conn, .. } = self;
        let Some(conn) = conn else { return Err(SandboxError::ReadOnly { path: path.clone() }) };
        let sqlite = |e: rusqlite::Error| SandboxError::from_sqlite(path, &e);
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        // A file of no bytes, made just now here or beside us by another process.
        if transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)).map_err(sqlite)? == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION).map_err(sqlite)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(sqlite)?;
            transaction.execute_batch(TABLES).map_err(sqlite)?;
        }
        let done = work(&transaction)?;
        transaction.commit().map_err(|e| SandboxError::Commit { path: path.clone(), why: e.to_string() })?;
        Ok(done)
    }

    pub(super) fn sqlite(&self, error: &rusqlite::Error) -> SandboxError {
        SandboxError::from_sqlite(&self.path, error)
    }
}

/// Whether there is a file with something in it, by its first bytes alone: a foreign database is not
/// even opened, because SQLite would write beside one that keeps a write-ahead log.
fn is_ours(path: &Path) -> Result<bool, SandboxError> {
    let open = |e: std::io::Error| SandboxError::Open { path: path.to_owned(), why: e.to_string() };
    // Asked before it is opened: opening a pipe would wait for its other end.
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(SandboxError::Open { path: path.to_owned(), why: "it is no regular file".into() }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(open(e)),
    }
    let file = File::open(path).map_err(open)?;
    let mut head = Vec::new();
    file.take(100).read_to_end(&mut head).map_err(open)?;
    if head.is_empty() {
        return Ok(false);
    }
    let number = |at: usize| head.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let (found, application) = (number(60), number(68));
    let foreign = || SandboxError::Foreign { path: path.to_owned() };
    // Bytes 18 and 19: a rollback journal, the only kind that we write.
    if !head.starts_with(b"SQLite format 3\0") || application != Some(APPLICATION) || head[18..20] != [1, 1] {
        return Err(foreign());
    }
    match found {
        Some(VERSION) => Ok(true),
        found => Err(SandboxError::Version { path: path.to_owned(), found: found.unwrap_or(0) }),
    }
}

fn create(path: &Path) -> Result<Connection, SandboxError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| SandboxError::Open { path: path.to_owned(), why: e.to_string() })?;
    }
    connect(path, true, true)
}

fn connect(path: &Path, writes: bool, creates: bool) -> Result<Connection, SandboxError> {
    let sqlite = |e: rusqlite::Error| SandboxError::from_sqlite(path, &e);
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= if writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    if creates {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let conn = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    conn.busy_timeout(PATIENCE).map_err(sqlite)?;
    if !creates {
        // Before anything is written: a write to a damaged file would save what is left of it.
        let said: String = conn.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(sqlite)?;
        if said != "ok" {
            return Err(SandboxError::Damaged { path: path.to_owned(), why: said });
        }
    }
    // Safe against a process that dies at any point; a power cut is not what a sandbox is for.
    conn.pragma_update(None, "synchronous", "OFF").map_err(sqlite)?;
    Ok(conn)
}
