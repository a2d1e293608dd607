use jiff::civil::Date;

use crate::model::{Action, Attrs};

/// One resolved entry of a manifest, as the checks see it: what it asks for and for how long.
pub struct Dated<'a> {
    pub attrs: &'a Attrs,
    pub end: Option<Date>,
    pub rolling: bool,
    /// The day on which the manifest is judged, in the account's timezone.
    pub today: Date,
}

/// What a check found, at the key it names or at the whole entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code of the diagnostic.
    pub code: &'static str,
    pub key: Option<&'static str>,
    pub message: String,
    pub hint: Option<String>,
}

/// A change as the rules on actors see it.
pub struct Seeking<'a> {
    pub action: Action,
    /// Whether the person is a member already.
    pub exists: bool,
    /// Whether the member holds more than is seen.
    pub partly_seen: bool,
    /// Whether the change deletes an invitation and sends a new one, which grants all of it again.
    pub anew: bool,
    /// All that is seen of the member, and all that it would be: not only what differs.
    pub before: &'a Attrs,
    pub after: &'a Attrs,
}

/// Why the actor may not, and who could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// A `blocked` code of the contract.
    pub code: &'static str,
    /// "a parent, or a manager of apac".
    pub needs: String,
}

impl Needs {
    pub fn new(code: &'static str, needs: impl Into<String>) -> Self {
        Self { code, needs: needs.into() }
    }
}
