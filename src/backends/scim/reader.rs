use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value as Json;

use super::offer::{Offer, failed, present};
use super::pages::all;
use super::user::{Roles, User, field};
use crate::backends::Expect;
use crate::backends::Reader;
use crate::backends::http::{HttpError, ReadClient};
use crate::model::{Atom, Caps, Domains, Email, Incomplete, Known, Proof, Reading};

/// Reads one account. Holds a client that can send nothing but GET and HEAD.
pub(super) struct ScimReader {
    pub client: ReadClient,
    pub expect: Expect,
    pub roles: Roles,
    pub caps: Caps,
}

/// Everybody, as the server shows them, and what it can do.
pub(super) struct Listing {
    pub offer: Offer,
    /// Each address once.
    pub users: BTreeMap<Email, User>,
    pub proof: Proof,
    pub whoami: Option<Email>,
}

impl Reader for ScimReader {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        async {
            match self.list().await {
                Ok(listing) => Reading {
                    members: listing.users.values().map(|u| u.live(self.roles)).collect(),
                    domains: Known::<Domains>::Unreadable,
                    whoami: listing.whoami,
                    tenant: None,
                    proof: Ok(listing.proof),
                    remarks: Vec::new(),
                },
                Err(why) => Reading::incomplete(why),
            }
        }
        .boxed()
    }
}

impl ScimReader {
    /// The whole account, or why it is not whole.
    pub(super) async fn list(&self) -> Result<Listing, Incomplete> {
        let offer = Offer::ask(&self.client).await?;
        let whoami = self.check_expected().await?;
        let pages = all(&self.client, "Users").await?;
        let users = users(&pages.resources)?;
        Ok(Listing { offer, users, proof: pages.proof, whoami })
    }

    /// Holds the connection's `expect` against what the server says. SCIM names no tenant and need
    /// not say who asks (RFC 7644 §3.11); a pin that cannot be checked stops the reading.
    async fn check_expected(&self) -> Result<Option<Email>, Incomplete> {
        if let Some(tenant) = &self.expect.tenant {
            let why = format!(
                "`expect.tenant` ({tenant}) cannot be checked: SCIM does not name the tenant. Leave it out; the endpoint's origin can be pinned by PORTCULLIS_ORIGIN_<CONNECTION>"
            );
            return Err(Incomplete::new("unexpected", why));
        }
        let Some(expected) = &self.expect.actor else { return Ok(None) };
        let me = present(self.client.get(&["Me"], &[]).await)?;
        let said = match me {
            Some(answer) => field(&answer.json().map_err(failed)?, "userName").and_then(Json::as_str).and_then(|n| Email::parse(n).ok()),
            None => None,
        };
        match said {
            Some(actor) if actor == *expected => Ok(Some(actor)),
            Some(actor) => Err(Incomplete::new("unexpected", format!("the token is {actor}'s, and `expect.actor` is {expected}"))),
            None => {
                let why = format!(
                    "`expect.actor` ({expected}) cannot be checked: the server's /Me does not say whose token it is. Leave it out, if that is acceptable"
                );
                Err(Incomplete::new("unexpected", why))
            }
        }
    }

    /// One user as it is now; `None` where it is gone.
    pub(super) async fn user(&self, id: &Atom) -> Result<Option<User>, String> {
        let answer = match self.client.get(&["Users", id.as_str()], &[]).await {
            Ok(answer) => answer,
            Err(HttpError::Status { status: 404 | 410, .. }) => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let etag = answer.etag.clone();
        let resource = answer.json().map_err(|e| e.to_string())?;
        let mut user = User::parse(&resource).map_err(|why| why.problems.join("; "))?;
        if user.id != *id {
            return Err(format!("asked for user {id}, the server shows user {}", user.id));
        }
        user.version = etag.or(user.version);
        Ok(Some(user))
    }
}

/// Each user by address, each address once.
fn users(resources: &[Json]) -> Result<BTreeMap<Email, User>, Incomplete> {
    let mut users: BTreeMap<Email, User> = BTreeMap::new();
    let mut ids: BTreeSet<Atom> = BTreeSet::new();
    for resource in resources {
        let user = User::parse(resource)?;
        if !ids.insert(user.id.clone()) {
            let why = format!("/Users lists {} (id {}) twice: a page may have hidden somebody else", user.email, user.id);
            return Err(Incomplete::new("repeated", why));
        }
        // Two users whose addresses differ by case are two people on some servers; which of
        // them a manifest means, nobody can say.
        if let Some(other) = users.get(&user.email) {
            let why = format!("users {} and {} are both {} once folded: delete one of them at the server", other.id, user.id, user.email);
            return Err(Incomplete::new("two-are-one", why));
        }
        users.insert(user.email.clone(), user);
    }
    Ok(users)
}

/// Reads any bytes as one page of users.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(bytes: &[u8]) -> Result<Vec<crate::model::Live>, Incomplete> {
    let page: Json = serde_json::from_slice(bytes).map_err(|e| Incomplete::new("failed", e.to_string()))?;
    let (_, resources) = super::pages::part(&page, "Users")?;
    let roles = crate::systems::insider::SPEC.scim_roles;
    Ok(users(&resources)?.values().map(|user| user.live(roles)).collect())
}
