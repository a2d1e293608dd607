//! All pages of an account: side by side where they go by offset, one after the other where they do not.

use futures::stream::{self, StreamExt as _};
use serde_json::value::RawValue;

use super::capabilities::Offer;
use super::member::{Members, Text};
use super::reader::{BridgeReader, failed};
use crate::backends::http::Answer;
use crate::model::bridge::{AccountState, MembersPage, Paging, WireProof};
use crate::model::{Incomplete, Proof};

/// Pages asked for at once.
const AT_ONCE: usize = 4;
/// More members than any account has: a server that never ends is stopped here.
const MOST: u64 = 10_000_000;

/// Read out of its answer, which is longer than what is kept of it.
pub(super) type Page<'p> = MembersPage<&'p RawValue, Text<'p>>;

/// What the first page says of the whole, and what every other answer must say, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    total: u64,
    mark: Option<String>,
}

impl Whole {
    fn of(total: u64, mark: Option<String>, proof: WireProof, place: &str) -> Result<Self, Incomplete> {
        match proof {
            WireProof::Snapshot if mark.is_none() => {
                Err(Incomplete::new("unexpected", format!("{place} carries no mark, and the bridge says that its readings are snapshots")))
            }
            WireProof::Snapshot => Ok(Self { total, mark }),
            // A mark that comes and goes proves nothing: totals are what was promised.
            WireProof::Counted => Ok(Self { total, mark: None }),
        }
    }

    fn is_still(&self, other: &Self, place: &str) -> Result<(), Incomplete> {
        if self.total != other.total {
            let why =
                format!("the first page says {} members and {place} {}: the account changed while it was read", self.total, other.total);
            return Err(Incomplete::new("contradictory", why));
        }
        if self.mark != other.mark {
            return Err(Incomplete::new("contradictory", format!("the account changed between the first page and {place}")));
        }
        Ok(())
    }
}

impl BridgeReader {
    /// All members, in the order in which they came, and what the account says beside them.
    pub(super) async fn all<'o>(&self, offer: &'o Offer) -> Result<(Members<'o>, AccountState), Incomplete> {
        let proof = if offer.caps.best_proof == Proof::Snapshot { WireProof::Snapshot } else { WireProof::Counted };
        let limit = offer.page_size;
        let first = self.page(offer, Start::Offset(0)).await?;
        let first: Page<'_> = first.parsed().map_err(failed)?;
        let place = |n: usize| format!("page {n}");
        let whole = Whole::of(first.total, first.mark, proof, "page 1")?;
        if whole.total > MOST {
            return Err(Incomplete::new("unexpected", format!("the bridge says {} members", whole.total)));
        }
        let total = usize::try_from(whole.total).unwrap_or(usize::MAX);
        holds(first.total, first.members.len(), limit.min(total), 1)?;
        let mut next = first.next;
        let mut members = Members::new(self.spec, &offer.caps);
        members.take(first.members)?;
        // Holds one page against the first, and takes its members.
        let take = |members: &mut Members<'o>, answer: &Answer, n: usize| {
            let page: Page<'_> = answer.parsed().map_err(failed)?;
            whole.is_still(&Whole::of(page.total, page.mark, proof, &place(n))?, &place(n))?;
            holds(page.total, page.members.len(), limit.min(total - members.len()), n)?;
            members.take(page.members)?;
            Ok::<_, Incomplete>(page.next)
        };
        let mut n = 1;
        match offer.paging {
            Paging::Offset => {
                // Made as they are needed: a bridge may speak of millions of pages.
                let asked = (limit..total).step_by(limit).map(|start| self.page(offer, Start::Offset(start)));
                let mut pages = stream::iter(asked).buffered(AT_ONCE);
                while let Some(page) = pages.next().await {
                    n += 1;
                    take(&mut members, &page?, n)?;
                }
            }
            Paging::Cursor => {
                while let Some(cursor) = next {
                    n += 1;
                    if members.len() >= total {
                        let why = format!("the bridge says {total} members, and pages on after {}", members.len());
                        return Err(Incomplete::new("contradictory", why));
                    }
                    next = take(&mut members, &self.page(offer, Start::Cursor(cursor)).await?, n)?;
                }
                if members.len() != total {
                    return Err(short(members.len(), total));
                }
            }
        }
        let account: AccountState = self.get(&["account"], &[]).await?.parse().map_err(failed)?;
        whole.is_still(&Whole::of(account.total, account.mark.clone(), proof, "`account`")?, "`account`")?;
        Ok((members, account))
    }

    async fn page(&self, offer: &Offer, start: Start) -> Result<Answer, Incomplete> {
        let limit = offer.page_size.to_string();
        let (key, at) = match start {
            Start::Offset(at) => ("offset", at.to_string()),
            Start::Cursor(cursor) => ("cursor", cursor),
        };
        self.get(&["members"], &[(key, &at), ("limit", &limit)]).await
    }
}

/// What a page begins with.
enum Start {
    Offset(usize),
    Cursor(String),
}

/// A page that holds fewer than it must lost somebody; one that holds more is no page of these.
fn holds(total: u64, got: usize, expected: usize, n: usize) -> Result<(), Incomplete> {
    match got.cmp(&expected) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => {
            Err(Incomplete::new("short", format!("page {n} of {total} members lists {got} where it must list {expected}")))
        }
        std::cmp::Ordering::Greater => {
            Err(Incomplete::new("contradictory", format!("page {n} of {total} members lists {got} where it may list {expected}")))
        }
    }
}

fn short(got: usize, total: usize) -> Incomplete {
    Incomplete::new("short", format!("the bridge says {total} members and listed {got}"))
}
