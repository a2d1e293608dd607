//! When a request is sent again: one table, a reason a row.

/// How one try went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no request: an identifier of dots, a header that cannot be.
    Unsendable,
    /// Nobody took the connection.
    NotConnected,
    /// The connection ended before the answer did.
    Cut,
    TimedOut,
    TooLong,
    Redirected,
    /// The server's clock is another than the run's.
    Clock,
    /// A success whose JSON ends too early or is none.
    BrokenJson,
    Status {
        status: u16,
        /// The answer says when to come again.
        asks: bool,
    },
}

/// How a request may be sent again at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// It changes nothing.
    Read,
    /// It carries a key under which the server does it once.
    Keyed,
    /// It changes something each time.
    Bare,
}

/// One row: who may send it again after that.
pub(super) struct Row {
    pub on: On,
    pub read: bool,
    pub keyed: bool,
    /// A write without a key: where it is proven that nothing was done, and only there.
    pub bare: bool,
    pub why: &'static str,
}

/// What a row is about.
pub(super) enum On {
    Is(Wrong),
    /// Any of these statuses.
    Statuses(&'static [u16]),
    /// The status, with a word on when to come again.
    Asking(u16),
    Rest,
}

const fn row(on: On, again: &[Repeats], why: &'static str) -> Row {
    let (mut at, mut read, mut keyed, mut bare) = (0, false, false, false);
    while at < again.len() {
        match again[at] {
            Repeats::Read => read = true,
            Repeats::Keyed => keyed = true,
            Repeats::Bare => bare = true,
        }
        at += 1;
    }
    Row { on, read, keyed, bare, why }
}

const NEVER: &[Repeats] = &[];
const READ: &[Repeats] = &[Repeats::Read];
const KEYED: &[Repeats] = &[Repeats::Keyed];
const UNLESS_BARE: &[Repeats] = &[Repeats::Read, Repeats::Keyed];
const ALL: &[Repeats] = &[Repeats::Read, Repeats::Keyed, Repeats::Bare];

/// The first row that is about it counts.
pub(super) static ROWS: &[Row] = &[
    row(On::Is(Wrong::Unsendable), NEVER, "it would be no request the next time either"),
    row(On::Is(Wrong::NotConnected), ALL, "nobody took the connection, so nothing was done"),
    row(On::Is(Wrong::Cut), UNLESS_BARE, "it may have been done before the connection ended"),
    row(On::Is(Wrong::TimedOut), UNLESS_BARE, "it may have been done, or be done yet"),
    row(On::Is(Wrong::TooLong), NEVER, "the next answer would be as long"),
    row(On::Is(Wrong::Redirected), NEVER, "the token goes to the endpoint alone, and the endpoint has moved"),
    row(On::Is(Wrong::Clock), NEVER, "a clock that is wrong stays wrong"),
    row(On::Is(Wrong::BrokenJson), READ, "an answer was cut in the middle; a write with it was done all the same"),
    row(On::Statuses(&[408]), UNLESS_BARE, "the server tired of waiting for the request, and may have begun"),
    row(On::Asking(409), KEYED, "the first request under the key is still being worked on"),
    row(On::Statuses(&[425]), UNLESS_BARE, "too early says later; nothing here is sent early, so it is no proof"),
    row(On::Statuses(&[429]), ALL, "too many requests: this one was not done"),
    row(On::Asking(503), ALL, "unavailable until a time that is named: nothing was done"),
    row(On::Statuses(&[500, 502, 503, 504]), UNLESS_BARE, "failed in the middle of the server or of a gateway: nobody knows"),
    row(On::Statuses(&[401]), NEVER, "the token is not taken, and will not be"),
    row(On::Rest, NEVER, "an answer: it would be the same again"),
];

impl On {
    fn is_about(&self, wrong: Wrong) -> bool {
        match (self, wrong) {
            (On::Is(this), _) => *this == wrong,
            (On::Statuses(these), Wrong::Status { status, .. }) => these.contains(&status),
            (On::Asking(this), Wrong::Status { status, asks }) => asks && *this == status,
            (On::Rest, _) => true,
            (On::Statuses(_) | On::Asking(_), _) => false,
        }
    }
}

impl Row {
    pub(super) fn of(wrong: Wrong) -> &'static Row {
        // The last row is about everything.
        ROWS.iter().find(|row| row.on.is_about(wrong)).unwrap_or(&ROWS[ROWS.len() - 1])
    }
    pub(super) fn again(&self, repeats: Repeats) -> bool {
        match repeats {
            Repeats::Read => self.read,
            Repeats::Keyed => self.keyed,
            Repeats::Bare => self.bare,
        }
    }
    /// Whether it proves that the request had no effect.
    pub(super) fn is_undone(&self) -> bool {
        self.bare
    }
}
