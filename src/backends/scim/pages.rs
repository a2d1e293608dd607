use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::offer::failed;
use super::user::field;
use crate::backends::http::{HttpError, ReadClient};
use crate::model::{Incomplete, Proof};

/// What a page is asked to hold; servers clamp it silently.
const COUNT: &str = "200";
/// More resources than any account has: a server that never ends is stopped here.
const MOST: usize = 1_000_000;

/// A whole collection and how it is known to be whole.
#[derive(Debug)]
pub(super) struct Pages {
    pub resources: Vec<Json>,
    pub proof: Proof,
}

/// Reads all pages of a collection (RFC 7644 §3.4.2.4). No filter is ever sent: servers ignore it
/// or answer nothing. The next page starts where this one ended, because `count` is clamped; the
/// total must be the same on every page and agree with what came.
pub(super) async fn all(client: &ReadClient, collection: &str) -> Result<Pages, Incomplete> {
    let mut resources: Vec<Json> = Vec::new();
    let mut total = None;
    let mut pages = 0_usize;
    let mut counted = true;
    loop {
        let start = (resources.len() + 1).to_string();
        let mut answer = page(client, collection, &start, counted).await;
        // Some servers refuse a count, even with a 500; the first page tells.
        if pages == 0 && answer.as_ref().is_err_and(|e| matches!(e.status(), Some(400 | 500))) {
            counted = false;
            answer = page(client, collection, &start, counted).await;
        }
        let (said, mut shown) = part(&answer.map_err(failed)?, collection)?;
        pages += 1;
        if *total.get_or_insert(said) != said {
            let before = total.unwrap_or_default();
            let why = format!(
                "/{collection} said {before} in all on its first page and {said} on page {pages}: someone changed it meanwhile, or it cannot count"
            );
            return Err(Incomplete::new("contradictory", why));
        }
        let ended = shown.is_empty();
        resources.append(&mut shown);
        if resources.len() as u64 > said {
            let why = format!("/{collection} says {said} in all and has listed {} already", resources.len());
            return Err(Incomplete::new("contradictory", why));
        }
        if resources.len() as u64 == said {
            break;
        }
        if ended {
            return Err(Incomplete::new("short", format!("/{collection} says {said} in all and lists {}", resources.len())));
        }
        if resources.len() > MOST {
            return Err(Incomplete::new("unexpected", format!("/{collection} does not end")));
        }
    }
    check_the_end(client, collection, counted, &resources).await?;
    Ok(Pages { resources, proof: Proof::Counted })
}

/// Asks for the page after the last. Somebody new on it means that the total is only a page's; the
/// total that it tells must still be the one that was read, because pages go by offset and who left
/// between two of them hides another.
async fn check_the_end(client: &ReadClient, collection: &str, counted: bool, resources: &[Json]) -> Result<(), Incomplete> {
    let read = resources.len();
    let mut answer = page(client, collection, &(read + 1).to_string(), counted).await;
    // Some servers have no page there: the first tells the total as well.
    if answer.as_ref().is_err_and(|e| matches!(e.status(), Some(400 | 404 | 416 | 500))) {
        answer = page(client, collection, "1", counted).await;
    }
    let (after, more) = part(&answer.map_err(failed)?, collection)?;
    let ids: BTreeSet<&str> = resources.iter().filter_map(id).collect();
    // A server that ignores `startIndex` shows again whom it has shown.
    if more.iter().any(|m| id(m).is_none_or(|id| !ids.contains(id))) {
        return Err(Incomplete::new("contradictory", format!("/{collection} says {after} in all and lists more after {read}")));
    }
    if after != read as u64 {
        let why = format!("/{collection} said {read} in all before and {after} after it was read: someone changed it meanwhile");
        return Err(Incomplete::new("contradictory", why));
    }
    Ok(())
}

fn id(resource: &Json) -> Option<&str> {
    field(resource, "id")?.as_str()
}

async fn page(client: &ReadClient, collection: &str, start: &str, counted: bool) -> Result<Json, HttpError> {
    let query = [("startIndex", start), ("count", COUNT)];
    client.get(&[collection], if counted { &query } else { &query[..1] }).await?.json()
}

/// The total and the resources of one page; `Resources` may be missing where there are none.
pub(super) fn part(page: &Json, collection: &str) -> Result<(u64, Vec<Json>), Incomplete> {
    let unexpected = |what: &str| Err(Incomplete::new("unexpected", format!("/{collection}: {what}")));
    let Some(total) = field(page, "totalResults").and_then(Json::as_u64) else {
        return unexpected("an answer without `totalResults` is no list of SCIM");
    };
    match field(page, "Resources") {
        None | Some(Json::Null) => Ok((total, Vec::new())),
        Some(Json::Array(list)) => Ok((total, list.clone())),
        Some(_) => unexpected("`Resources` is no list"),
    }
}
