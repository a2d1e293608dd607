//! What the bridge protocol says over the wire (docs/bridge.md): the shapes, and nothing of what they
//! mean. The sandbox's server writes them, the backend `bridge` reads them, and the OpenAPI document is
//! generated from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The protocol and its version, as `capabilities` names it.
pub const PROTOCOL: &str = "portcullis-bridge/1";

/// `GET capabilities`: what exists here. Whatever is not named is not there: a human does it, or nobody
/// can see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// `portcullis-bridge/1`.
    pub protocol: String,
    /// The system whose words are spoken: `emma-hq`.
    pub system: String,
    /// The server's own identifier of the account, where it has one.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The address of the member whose token it is; null for a service account.
    #[serde(default)]
    pub actor: Option<String>,
    /// Attributes that members show.
    pub reads: BTreeSet<String>,
    /// Calls that are taken, each with the attributes that it may set.
    pub writes: BTreeMap<CallVerb, BTreeSet<String>>,
    /// Whether `account` shows the domains.
    pub reads_domains: bool,
    /// Whether pending members show.
    pub reads_invitations: bool,
    /// Whether the server ends an access whose day is over.
    pub keeps_ends: bool,
    /// How a reading is proven to be whole.
    pub proof: WireProof,
    /// Members that a page holds at most.
    pub page_size: u32,
    /// How the next page is asked for.
    pub paging: Paging,
    /// Whether a call that comes again under its `Idempotency-Key` is answered as before, and done once.
    pub idempotency: bool,
    /// Whether it is a sandbox, where nobody real is let in or out.
    #[serde(default)]
    pub sandbox: bool,
}

/// How a reading is proven to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireProof {
    /// Every answer carries a mark that changes with every change of the account.
    Snapshot,
    /// Every answer carries the total.
    Counted,
}

/// How the next page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Paging {
    /// By `offset`: pages may be asked for side by side.
    Offset,
    /// By the `next` of the page before.
    Cursor,
}

/// `GET members`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MembersPage")]
pub struct MembersPage<A = Map<String, Json>, S = String> {
    /// Changes with every change of the account; null where the server keeps none.
    #[serde(default)]
    pub mark: Option<String>,
    /// Members in all that the actor sees.
    pub total: u64,
    pub members: Vec<WireMember<A, S>>,
    /// What the page after this one is asked for with, by `cursor`; null on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// One member as the actor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Member")]
pub struct WireMember<A = Map<String, Json>, S = String> {
    pub email: S,
    /// The server's own identifier, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<S>,
    pub phase: WirePhase,
    /// Of a pending member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<WireInvitation>,
    /// What is seen, each attribute as in a manifest: text, list, true or false, day, or null for no end.
    pub attrs: A,
    /// Lists of `attrs` that go on where the actor does not see.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub partly: BTreeSet<String>,
    /// Attributes that are there and not shown to the actor.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hidden: BTreeSet<String>,
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WirePhase {
    Pending,
    Active,
    Locked,
    /// Its end has passed.
    Expired,
    Suspended,
}

/// The invitation of a pending member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Invitation")]
pub struct WireInvitation {
    pub state: WireInvitationState,
    /// When the newest went out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub sent: Option<Timestamp>,
    /// How many went out to this address that nobody accepted.
    #[serde(default)]
    pub attempts: Option<u32>,
}

/// How an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireInvitationState {
    Open,
    Over,
    Declined,
    Failed,
}

/// `GET account`: what there is of the account beside its members, and the proof that closes a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Account")]
pub struct AccountState {
    /// As in a page.
    #[serde(default)]
    pub mark: Option<String>,
    /// As in a page.
    pub total: u64,
    /// Where new members may come from; null where everybody may. Left out where it is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "shown")]
    #[schemars(with = "Option<BTreeSet<String>>")]
    pub domains: Option<Option<BTreeSet<String>>>,
}

/// `POST calls`: one act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Call")]
#[serde(deny_unknown_fields)]
pub struct WireCall {
    pub verb: CallVerb,
    /// Whom it is about; a call on a domain has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What `allow-domain` and `disallow-domain` are about; `*` is the whole whitelist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What becomes of each attribute; the others stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, WireAssign>,
}

/// What a call does to one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Assign")]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum WireAssign {
    /// It has this value afterwards.
    To(Json),
    /// Words that come to a list and words that go; the others stay, those too that the actor does not see.
    Change {
        #[serde(default)]
        add: BTreeSet<String>,
        #[serde(default)]
        remove: BTreeSet<String>,
    },
}

/// One kind of act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Verb")]
pub enum CallVerb {
    Invite,
    Resend,
    EditInvitation,
    Set,
    Restore,
    Delete,
    Deactivate,
    AllowDomain,
    DisallowDomain,
    ResetPassword,
    #[serde(rename = "reset-2fa")]
    ResetTwoFactor,
}

/// What came of a call that the server did not refuse.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallAnswer {
    pub outcome: WireOutcome,
    /// A secret to hand over: the link of an invitation, a way to a new password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Never with the link.
impl std::fmt::Debug for CallAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallAnswer").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireOutcome {
    Applied,
    /// It was so before.
    Already,
}

/// Every other answer (RFC 9457), `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    pub title: String,
    pub status: u16,
    /// In the product's own words, where it said something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a problem is, and with it what it means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProblemKind {
    /// 400: it is no request of the protocol.
    #[serde(rename = "urn:portcullis:bridge:bad-request")]
    BadRequest,
    /// 401: no token, or none that is known.
    #[serde(rename = "urn:portcullis:bridge:unauthorized")]
    Unauthorized,
    /// 403: the actor may not.
    #[serde(rename = "urn:portcullis:bridge:forbidden")]
    Forbidden,
    /// 403: the account is not within the actor's reach, and not empty.
    #[serde(rename = "urn:portcullis:bridge:out-of-reach")]
    OutOfReach,
    /// 404: no such account or resource.
    #[serde(rename = "urn:portcullis:bridge:not-found")]
    NotFound,
    /// 405: the resource has no such method.
    #[serde(rename = "urn:portcullis:bridge:method-not-allowed")]
    MethodNotAllowed,
    /// 409: an invitation for an address that is there already, seen by the actor or not.
    #[serde(rename = "urn:portcullis:bridge:exists")]
    Exists,
    /// 409: the first request under this `Idempotency-Key` is still being worked on.
    #[serde(rename = "urn:portcullis:bridge:in-progress")]
    InProgress,
    /// 412: the account is not as `If-Match` says.
    #[serde(rename = "urn:portcullis:bridge:changed")]
    Changed,
    /// 413: the request is longer than anything of the protocol.
    #[serde(rename = "urn:portcullis:bridge:too-long")]
    TooLong,
    /// 415: the body is no JSON by its content type.
    #[serde(rename = "urn:portcullis:bridge:not-json")]
    NotJson,
    /// 422: the product says no.
    #[serde(rename = "urn:portcullis:bridge:refused")]
    Refused,
    /// 422: the `Idempotency-Key` was used for another call.
    #[serde(rename = "urn:portcullis:bridge:key-reused")]
    KeyReused,
    /// 429: later, after `Retry-After`. Nothing was done.
    #[serde(rename = "urn:portcullis:bridge:too-many-requests")]
    TooManyRequests,
    /// 500 to 504: nobody knows what was done.
    #[serde(rename = "urn:portcullis:bridge:failed")]
    Failed,
    /// 503 with `Retry-After`: nothing was done.
    #[serde(rename = "urn:portcullis:bridge:unavailable")]
    Unavailable,
}

/// A field that may be left out, which is something else than null.
mod shown {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Shown = Option<Option<BTreeSet<String>>>;

    pub(super) fn serialize<S: Serializer>(shown: &Shown, to: S) -> Result<S::Ok, S::Error> {
        shown.as_ref().and_then(Option::as_ref).serialize(to)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Shown, D::Error> {
        Option::deserialize(from).map(Some)
    }
}
