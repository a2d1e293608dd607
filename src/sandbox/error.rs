use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the sandbox cannot answer. The file is as it was, [`SandboxError::Commit`] apart.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("{}: cannot be opened: {why}", path.display())]
    Open { path: PathBuf, why: String },
    #[error("{}: is no sandbox file of portcullis", path.display())]
    Foreign { path: PathBuf },
    #[error("{}: is a sandbox file of version {found}; this portcullis reads version {}", path.display(), super::file::VERSION)]
    Version { path: PathBuf, found: u32 },
    #[error("{}: is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{}: a write was cut off half way; the next write or `sandbox load` takes it back", path.display())]
    Unfinished { path: PathBuf },
    #[error("{}: is in use by another process", path.display())]
    Busy { path: PathBuf },
    #[error("{}: was opened for reading", path.display())]
    ReadOnly { path: PathBuf },
    /// Nobody knows whether the write took effect.
    #[error("{}: the write may be lost: {why}", path.display())]
    Commit { path: PathBuf, why: String },
    #[error("the sandbox holds the account `{account}` of the system `{found}`, not of `{asked}`: `sandbox load` replaces it")]
    System { account: String, found: String, asked: &'static str },
    #[error("no random bytes for a link: {0}")]
    Random(String),
    /// This actor may not even ask about the account (SYSTEMS.md M4).
    #[error("{0}")]
    OutOfReach(String),
    /// The server was told to fail (`fault: failed`).
    #[error("503 Service Unavailable")]
    Failing,
    /// The person or the console cannot do that.
    #[error("{0}")]
    Refused(String),
}

impl SandboxError {
    /// A failure of SQLite, told apart by what a person can do about it.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, why) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => SandboxError::Foreign { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SandboxError::Busy { path },
            Some(ErrorCode::ReadOnly) => SandboxError::Unfinished { path },
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
                | ErrorCode::OutOfMemory,
            ) => SandboxError::Open { path, why },
            _ => SandboxError::Damaged { path, why },
        }
    }
}
