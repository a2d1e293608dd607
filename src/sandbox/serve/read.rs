//! The three readings of an account: what exists, who is there, and what there is beside.

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::model::bridge::{AccountState, MembersPage, ProblemKind, WireProof};
use crate::model::{Domains, Email};

use super::account::{Account, Start, State};
use super::fault::{Faults, HttpFault};
use super::reply::Reply;
use super::settings::Settings;
use super::wire;
use super::{Page, Sandbox, SandboxError};

/// Which members are asked for.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub start: Start,
    pub limit: usize,
}

/// Reads `offset`, `cursor` and `limit`.
///
/// # Errors
/// 400 for anything else.
pub(super) fn window(query: Option<&str>, page_size: u32) -> Result<Window, Reply> {
    let bad = |why: &str| Err(Reply::problem(ProblemKind::BadRequest, Some(why.to_owned())));
    let (mut start, mut limit) = (None, None);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "offset" | "cursor" if start.is_some() => return bad("a page begins at one `offset` or `cursor`"),
            "limit" if limit.is_some() => return bad("there is one `limit`"),
            "offset" => match number(&value) {
                Some(offset) => start = Some(Start::Offset(offset)),
                None => return bad("`offset` is a number"),
            },
            "cursor" => match Email::parse(&value) {
                Ok(email) => start = Some(Start::After(email.key().to_owned())),
                Err(_) => return bad("`cursor` is the `next` of a page"),
            },
            "limit" => match number(&value).filter(|limit| *limit > 0) {
                Some(number) => limit = Some(number),
                None => return bad("`limit` is a number from 1 on"),
            },
            _ => return bad("a page is asked for by `offset` or `cursor`, and `limit`"),
        }
    }
    let limit = limit.map_or(page_size, |limit| u32::try_from(limit).unwrap_or(page_size).min(page_size));
    Ok(Window { start: start.unwrap_or(Start::Offset(0)), limit: usize::try_from(limit).unwrap_or(1) })
}

/// Digits and nothing else; a number too great for anything is the greatest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

pub(super) fn capabilities(account: &Account, settings: &Settings) -> Reply {
    let Settings { proof, page_size, paging, idempotency } = *settings;
    Reply::ok(&wire::capabilities(&account.served.host, proof, page_size, paging, idempotency))
}

/// One page of members.
pub(super) fn members(account: &Account, settings: &Settings, faults: &Faults, now: Timestamp, window: &Window) -> Reply {
    let limit = window.limit;
    // Decided once, however often the state changes under the reading.
    let decided = OnceCell::new();
    let read = account.in_one_state(now, |sandbox, state| {
        let all = state.listed.keys.len();
        let at = window.start.at(&state.listed);
        let page = |at, limit| account.page(sandbox, &state.listed, now, at, limit);
        let page = match decided.get_or_init(|| place(account, faults, at, limit, all)) {
            Place::AsItIs => page(at, limit)?,
            Place::Before => page(at.saturating_sub(limit), limit)?,
            Place::Turned(by) => turned_page(all, at, limit, *by, page)?,
        };
        Ok((page.mark, page))
    });
    match read {
        Ok((state, page)) => {
            let mut page = MembersPage {
                mark: marked(settings, &state),
                total: page.total,
                members: page.members.into_iter().map(wire::member).collect(),
                next: page.next,
            };
            spoil(account, faults, &mut page);
            Reply::ok(&page)
        }
        Err(why) => failed(&why),
    }
}

/// Which members stand on the page that was asked for.
enum Place {
    AsItIs,
    /// Those of the page before.
    Before,
    /// Those who come so many later.
    Turned(usize),
}

fn place(account: &Account, faults: &Faults, at: usize, limit: usize, all: usize) -> Place {
    if at >= limit && fires(account, faults, |fault| *fault == HttpFault::PageRepeated) {
        return Place::Before;
    }
    let turned = faults.fires(account.name(), |fault, fired| {
        let by = || usize::try_from(fired).unwrap_or(0) % (all - 1).max(1) + 1;
        (*fault == HttpFault::OrderShuffled && all > 1 && at < all).then(by)
    });
    turned.map_or(Place::AsItIs, Place::Turned)
}

/// The page of a list that begins `by` members later, and goes on with those who were left out.
fn turned_page(
    all: usize,
    at: usize,
    limit: usize,
    by: usize,
    page: impl Fn(usize, usize) -> Result<Page, SandboxError>,
) -> Result<Page, SandboxError> {
    let as_it_is = page(at, limit)?;
    if all == 0 || at >= all {
        return Ok(as_it_is);
    }
    let many = limit.min(all - at);
    let first = (at + by) % all;
    let mut turned = page(first, many)?;
    if let Some(more) = many.checked_sub(all - first).filter(|more| *more > 0) {
        turned.members.extend(page(0, more)?.members);
    }
    Ok(Page { members: turned.members, ..as_it_is })
}

fn spoil(account: &Account, faults: &Faults, page: &mut MembersPage) {
    if let Some(by) = lie(account, faults) {
        page.total = page.total.saturating_add_signed(by);
    }
    if page.next.is_some() && fires(account, faults, |fault| *fault == HttpFault::NextLost) {
        page.next = None;
    }
    if page.members.is_empty() {
        return;
    }
    if fires(account, faults, |fault| *fault == HttpFault::IdsReused) {
        for (at, member) in page.members.iter_mut().enumerate() {
            member.id = Some(format!("u{}", at / 2));
        }
    }
    let missing = faults.fires(account.name(), |fault, _| match fault {
        HttpFault::MemberMissing { member: Some(who) } => page.members.iter().position(|m| m.email == *who),
        HttpFault::MemberMissing { member: None } => Some(0),
        _ => None,
    });
    if let Some(at) = missing {
        page.members.remove(at);
    }
    if fires(account, faults, |fault| *fault == HttpFault::PageCut) {
        page.members.truncate(page.members.len() / 2);
    }
    if fires(account, faults, |fault| *fault == HttpFault::PageEmpty) {
        page.members.clear();
    }
}

fn fires(account: &Account, faults: &Faults, is: impl Fn(&HttpFault) -> bool) -> bool {
    faults.fires(account.name(), |fault, _| is(fault).then_some(())).is_some()
}

/// What is added to the total, where the server lies.
fn lie(account: &Account, faults: &Faults) -> Option<i64> {
    faults.fires(account.name(), |fault, _| match fault {
        HttpFault::TotalLies { by } if *by != 0 => Some(*by),
        _ => None,
    })
}

/// The domains, the total and the mark.
pub(super) fn account(account: &Account, settings: &Settings, faults: &Faults, now: Timestamp) -> Reply {
    let host = &account.served.host;
    let read = account.in_one_state(now, |sandbox: &Sandbox, _| {
        let before = sandbox.count(host)?;
        let domains = sandbox.domains(host)?;
        let after = sandbox.mark(host)?;
        // Another mark than any list has, where the account changed in between.
        Ok((if before.mark == after { after } else { -1 }, (before.total, domains)))
    });
    match read {
        Ok((state, (total, domains))) => {
            let total = lie(account, faults).map_or(total, |by| total.saturating_add_signed(by));
            let shown = match domains {
                Domains::Off => None,
                Domains::Only(list) => Some(list.iter().map(|domain| domain.as_str().to_owned()).collect()),
            };
            Reply::ok(&AccountState { mark: marked(settings, &state), total, domains: host.spec.domains.is_some().then_some(shown) })
        }
        Err(why) => failed(&why),
    }
}

fn marked(settings: &Settings, state: &State) -> Option<String> {
    match settings.proof {
        WireProof::Snapshot => Some(state.mark.clone()),
        WireProof::Counted => None,
    }
}

/// Why nothing can be read.
fn failed(why: &SandboxError) -> Reply {
    let said = Some(why.to_string());
    match why {
        SandboxError::OutOfReach(_) => Reply::problem(ProblemKind::OutOfReach, said),
        SandboxError::Busy { .. } => Reply::problem(ProblemKind::Unavailable, said),
        SandboxError::Failing => Reply::failed(503, said),
        _ => Reply::problem(ProblemKind::Failed, said),
    }
}
