use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::capabilities::Offer;
use crate::backends::http::{Answer, HttpError, ReadClient};
use crate::backends::{Expect, Reader};
use crate::model::bridge::{AccountState, Capabilities};
use crate::model::{Caps, Domain, Domains, Incomplete, Known, Proof, Reading, quoted};
use crate::systems::SystemSpec;

/// Reads one account. Holds a client that can send nothing but GET and HEAD.
pub(super) struct BridgeReader {
    pub spec: &'static SystemSpec,
    pub client: ReadClient,
    /// Segments between the endpoint and the account.
    pub below: Vec<String>,
    pub expect: Expect,
    /// What the bridge said that it has; it holds for the run.
    pub caps: OnceLock<Offer>,
}

/// Until the bridge was asked, there is nothing that it can do.
static NOTHING: Caps = Caps {
    reads: BTreeSet::new(),
    writes: BTreeMap::new(),
    reads_domains: false,
    reads_invitations: false,
    registered: None,
    keeps_ends: false,
    best_proof: Proof::Counted,
};

impl Reader for BridgeReader {
    fn caps(&self) -> &Caps {
        self.caps.get().map_or(&NOTHING, |offer| &offer.caps)
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        async { self.reading().await.unwrap_or_else(|why| Reading::incomplete(self.redacted(why))) }.boxed()
    }
}

impl BridgeReader {
    /// The account as it is now, or why that is not known.
    async fn reading(&self) -> Result<Reading, Incomplete> {
        let offer = self.offer().await?;
        let (members, account) = self.all(offer).await?;
        Ok(Reading {
            members: members.each_once()?,
            domains: domains(offer, account)?,
            whoami: offer.actor.clone(),
            tenant: offer.tenant.clone(),
            proof: Ok(offer.caps.best_proof),
            remarks: Vec::new(),
        })
    }

    /// What the bridge has: asked at every reading, and the same at each.
    pub(super) async fn offer(&self) -> Result<&Offer, Incomplete> {
        let said: Capabilities = self.get(&["capabilities"], &[]).await?.parse().map_err(failed)?;
        let offer = Offer::of(self.spec, &self.expect, said)?;
        if let Some(actor) = &offer.actor {
            self.client.acts_as(actor.key());
        }
        let known = self.caps.get_or_init(|| offer.clone());
        if *known == offer { Ok(known) } else { Err(Incomplete::new("contradictory", "the bridge's capabilities changed during the run")) }
    }

    pub(super) fn is_sandbox(&self) -> bool {
        self.caps.get().is_some_and(|offer| offer.sandbox)
    }

    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Incomplete> {
        self.client.get(&self.path(path), query).await.map_err(failed)
    }

    /// The resource below the account.
    pub(super) fn path<'p>(&'p self, path: &[&'p str]) -> Vec<&'p str> {
        self.below.iter().map(String::as_str).chain(path.iter().copied()).collect()
    }

    /// A server may send back whatever it was sent.
    fn redacted(&self, why: Incomplete) -> Incomplete {
        Incomplete { code: why.code, problems: why.problems.iter().map(|p| self.client.redacted(p)).collect() }
    }
}

fn domains(offer: &Offer, account: AccountState) -> Result<Known<Domains>, Incomplete> {
    match account.domains {
        _ if !offer.caps.reads_domains => Ok(Known::Unreadable),
        None => Err(Incomplete::new("unexpected", "the bridge says that it shows domains, and `account` holds none")),
        Some(None) => Ok(Known::Seen(Domains::Off)),
        Some(Some(list)) => {
            let one = |text: &String| {
                Domain::parse(text).map_err(|why| Incomplete::new("unexpected", format!("the domain {}: {why}", quoted(text))))
            };
            Ok(Known::Seen(Domains::Only(list.iter().map(one).collect::<Result<_, _>>()?)))
        }
    }
}

/// A request that failed, as a reading says it.
pub(super) fn failed(error: HttpError) -> Incomplete {
    match error.problem() {
        Some(kind) if kind.ends_with(":out-of-reach") => Incomplete::new("out-of-reach", format!("out of reach: {error}")),
        _ => Incomplete::new(error.code(), error.to_string()),
    }
}

/// Reads any bytes as the answers of a bridge: its capabilities, `account` and one page, a line each.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(bytes: &[u8]) -> Result<Vec<crate::model::Live>, Incomplete> {
    use serde_json::from_slice;

    let unread = |e: serde_json::Error| Incomplete::new("failed", e.to_string());
    let mut lines = bytes.splitn(3, |b| *b == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (capabilities, account, page) = (line(), line(), line());
    let spec = &crate::systems::emma_hq::SPEC;
    let offer = Offer::of(spec, &Expect::default(), from_slice(capabilities).map_err(unread)?)?;
    domains(&offer, from_slice(account).map_err(unread)?)?;
    let page: super::pages::Page<'_> = from_slice(page).map_err(unread)?;
    let mut members = super::member::Members::new(spec, &offer.caps);
    members.take(page.members)?;
    members.each_once()
}
