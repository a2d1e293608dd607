use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::{Key, Located, Value};

/// How an exported list of an account's members is read: what its connection says of the file.
#[derive(Debug, Clone)]
pub struct Roster {
    /// Relative to the manifests' folder, below it.
    pub file: Located<PathBuf>,
    /// The header over the addresses.
    pub email: Located<String>,
    /// The header over the statuses. Without it pending people look active.
    pub status: Option<Located<String>>,
    /// The header over each attribute; a name may stand in two columns, given and family.
    pub columns: BTreeMap<Key, Vec<Located<String>>>,
    /// What each of their words means, by attribute. What is not here must be a word of ours, where
    /// the system has fixed ones.
    pub words: BTreeMap<Key, BTreeMap<String, Value>>,
    /// What each of their statuses means.
    pub statuses: BTreeMap<String, Status>,
    /// Between the items of a list in one cell; without it a cell is one item.
    pub separator: Option<String>,
    pub encoding: Encoding,
    /// When the file was exported. Times of files are never used: a checkout makes them new.
    pub exported: Option<Timestamp>,
    /// An older export is no reading.
    pub max_age_hours: Option<i64>,
    /// The last row ends with a line break; one that does not, and whose last cell may be cut, is no
    /// reading.
    pub final_line_break: bool,
}

/// The phase of a member as an export can tell it: no export says when an invitation went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Pending,
    Active,
    Locked,
    Expired,
    Suspended,
}

impl Status {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Status); 5] = [
        ("pending", Status::Pending),
        ("active", Status::Active),
        ("locked", Status::Locked),
        ("expired", Status::Expired),
        ("suspended", Status::Suspended),
    ];

    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Active => "active",
            Status::Locked => "locked",
            Status::Expired => "expired",
            Status::Suspended => "suspended",
        }
    }
}

/// How the bytes of an export are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    #[default]
    Utf8,
    /// Its byte order mark says which half comes first; without one the low half does.
    Utf16,
    Windows1252,
}

impl Encoding {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Encoding); 3] =
        [("utf-8", Encoding::Utf8), ("utf-16", Encoding::Utf16), ("windows-1252", Encoding::Windows1252)];

    pub fn word(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Windows1252 => "windows-1252",
        }
    }
}
