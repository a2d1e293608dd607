//! Every fault, and when it strikes.

use portcullis::sandbox::serve::{Conflict, HttpFault as F, Injected, RetryAfter};

/// What the fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Reading,
    Writing,
}

pub struct Row {
    pub name: &'static str,
    pub side: Side,
    /// The fault; it is told how many requests come before the first that it is meant for, where it is meant
    /// for writes, and how many pages there are.
    pub fault: fn(u32) -> Injected,
    /// Whether the invitation is all that is asked for: of several writes that go side by side, nobody can say
    /// which one a fault that strikes once would meet.
    pub alone: bool,
    /// The only system that has what it spoils.
    pub only: Option<&'static str>,
    /// The system in which a second run must write to somebody again: the server made of the invitation what
    /// nobody asked for, and there is no other way to change it.
    pub writes_again: Option<&'static str>,
}

const fn reading(name: &'static str, fault: fn(u32) -> Injected) -> Row {
    Row { name, side: Side::Reading, fault, alone: false, only: None, writes_again: None }
}

const fn writing(name: &'static str, fault: fn(u32) -> Injected) -> Row {
    Row { name, side: Side::Writing, fault, alone: false, only: None, writes_again: None }
}

/// Strikes once.
const fn inviting(name: &'static str, fault: fn(u32) -> Injected) -> Row {
    Row { alone: true, ..writing(name, fault) }
}

const ELSEWHERE: &str = "http://127.0.0.1:9/elsewhere";

fn always(fault: F) -> Injected {
    fault.into()
}
fn once(fault: F, after: u32) -> Injected {
    always(fault).after(after).times(1)
}

pub const ROWS: &[Row] = &[
    reading("a page is empty", |_| always(F::PageEmpty)),
    reading("the last page is empty", |pages| once(F::PageEmpty, pages - 1)),
    reading("a page is repeated", |_| always(F::PageRepeated)),
    reading("a page is cut in the middle", |_| always(F::PageCut)),
    reading("the total is too high", |_| always(F::TotalLies { by: 1 })),
    reading("the total is too low", |_| always(F::TotalLies { by: -1 })),
    reading("the total of one page is another", |_| once(F::TotalLies { by: 1 }, 2)),
    reading("a member is missing from a page", |_| always(F::MemberMissing { member: None })),
    reading("one member is missing", |_| always(F::MemberMissing { member: Some("kept3@acme.example".into()) })),
    reading("the order is another at each call", |_| always(F::OrderShuffled)),
    reading("identifiers are used twice", |_| always(F::IdsReused)),
    reading("a web page with 200", |_| always(F::Html)),
    reading("a web page with 200, once", |_| once(F::Html, 2)),
    reading("another content type", |_| always(F::WrongContentType)),
    reading("401 from the third request on", |_| always(F::Unauthorized).after(2)),
    reading("404", |_| always(F::NotFound)),
    reading("429, with seconds", |_| once(F::TooManyRequests { retry_after: RetryAfter::Seconds(1) }, 2)),
    reading("429, with a date", |_| once(F::TooManyRequests { retry_after: RetryAfter::Date(1) }, 2)),
    reading("429, twice, without a time", |_| always(F::TooManyRequests { retry_after: RetryAfter::Absent }).times(2)),
    reading("429, always", |_| always(F::TooManyRequests { retry_after: RetryAfter::Absent })),
    reading("500, once", |_| once(F::ServerError { status: 500, done: false }, 3)),
    reading("503, always", |_| always(F::ServerError { status: 503, done: false })),
    reading("the connection is cut, once", |_| once(F::CutBefore, 3)),
    reading("the connection is cut, always", |_| always(F::CutBefore)),
    reading("the answer is cut, once", |_| once(F::CutAfter, 3)),
    reading("a slow body", |_| always(F::SlowBody { millis: 2 })),
    reading("a body that takes too long", |_| always(F::SlowBody { millis: 700 })),
    reading("an endless body", |_| always(F::EndlessBody)),
    reading("a redirect to another origin", |_| always(F::Redirect { to: ELSEWHERE.into() })),
    reading("a clock an hour ahead", |_| always(F::ClockSkew { seconds: 3600 })),
    reading("a clock an hour behind", |_| always(F::ClockSkew { seconds: -3600 })),
    reading("a clock a minute ahead", |_| always(F::ClockSkew { seconds: 60 })),
    reading("every answer comes later", |_| always(F::Latency { millis: 10 })),
    inviting("the connection is cut before a write, once", |calls| once(F::CutBefore, calls)),
    writing("the connection is cut from the first write on", |calls| always(F::CutBefore).after(calls)),
    inviting("the connection is cut after a write, once", |calls| once(F::CutAfter, calls)),
    writing("the connection is cut after each request from the first write on", |calls| always(F::CutAfter).after(calls)),
    inviting("500 and not done, once", |calls| once(F::ServerError { status: 500, done: false }, calls)),
    inviting("500 and done, once", |calls| once(F::ServerError { status: 500, done: true }, calls)),
    writing("500 and done, always", |calls| always(F::ServerError { status: 500, done: true }).after(calls)),
    writing("503 and not done, always", |calls| always(F::ServerError { status: 503, done: false }).after(calls)),
    inviting("a write: 429, with seconds", |calls| once(F::TooManyRequests { retry_after: RetryAfter::Seconds(1) }, calls)),
    inviting("a write: 429, without a time", |calls| once(F::TooManyRequests { retry_after: RetryAfter::Absent }, calls)),
    writing("a write: 401, from then on", |calls| always(F::Unauthorized).after(calls)),
    writing("a write: 403, for one member", |_| always(F::Forbidden { member: Some("up@acme.example".into()) })),
    writing("a write: 403, for everybody", |_| always(F::Forbidden { member: None })),
    inviting("a write: 404", |calls| once(F::NotFound, calls)),
    writing("a write: 409, exists", |_| always(F::Conflict { kind: Conflict::Exists })),
    writing("a write: 409, in progress", |_| always(F::Conflict { kind: Conflict::InProgress })),
    writing("a write: 412", |_| always(F::Changed)),
    inviting("a write: a web page with 200", |calls| once(F::Html, calls)),
    inviting("a write: another content type", |calls| once(F::WrongContentType, calls)),
    inviting("a write: a redirect", |calls| once(F::Redirect { to: ELSEWHERE.into() }, calls)),
    inviting("a write: an endless body", |calls| once(F::EndlessBody, calls)),
    inviting("a write: a slow body", |calls| once(F::SlowBody { millis: 2 }, calls)),
    inviting("a write is answered with 200 and not done, once", |_| once(F::NotDone, 0)),
    writing("a write is answered with 200 and not done, always", |_| always(F::NotDone)),
    Row { writes_again: Some("emma-hq"), ..writing("the role is dropped", |_| always(F::RoleDropped)) },
    Row { only: Some("insider"), ..writing("an end is clamped", |_| always(F::EndClamped { days: 7 })) },
    writing("stale readings for a while", |_| always(F::StaleRead).times(PAGES_AND_TWO)),
    writing("stale readings, always", |_| always(F::StaleRead)),
];

/// Requests of one reading.
const PAGES_AND_TWO: u32 = super::PAGES + 2;
