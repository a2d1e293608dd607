/// A practice that the products' pages recommend (SYSTEMS.md, last section). Each is a warning that
/// `accounts.NAME.lints` silences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lint {
    /// A new person comes straight into an administering role.
    StraightToAdministrator,
    TooManyAdministrators,
    NoBackupAdministrator,
    /// An administering grant without a reason.
    PrivilegedWithoutReason,
    /// Somebody from outside without an end.
    TemporaryWithoutEnd,
    InvitationNeverAccepted,
    /// Nobody reviewed the account for a quarter.
    NotReviewed,
}

impl Lint {
    pub const ALL: [Lint; 7] = [
        Lint::StraightToAdministrator,
        Lint::TooManyAdministrators,
        Lint::NoBackupAdministrator,
        Lint::PrivilegedWithoutReason,
        Lint::TemporaryWithoutEnd,
        Lint::InvitationNeverAccepted,
        Lint::NotReviewed,
    ];

    /// Its code: of the warning, and in `lints`.
    pub fn word(self) -> &'static str {
        match self {
            Lint::StraightToAdministrator => "straight-to-administrator",
            Lint::TooManyAdministrators => "too-many-administrators",
            Lint::NoBackupAdministrator => "no-backup-administrator",
            Lint::PrivilegedWithoutReason => "privileged-without-reason",
            Lint::TemporaryWithoutEnd => "temporary-without-end",
            Lint::InvitationNeverAccepted => "invitation-never-accepted",
            Lint::NotReviewed => "not-reviewed",
        }
    }

    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.word() == word)
    }
}
