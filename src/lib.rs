//! Access as code: manifests say who may enter which SaaS account, in which role, on which
//! subaccounts, until when and from which domains; portcullis plans the difference to the live
//! accounts, makes exactly the reviewed difference happen, and finds what changed behind its back.
//!
//! # The way through
//!
//! One direction, no way back. [`manifest`] loads a folder of YAML into documents in which every
//! value knows its place (file, line, column). [`desired`] resolves people, teams and entries into
//! what each account shall be, on any day. A [`backends::Reader`] returns a [`model::Reading`]: the
//! live members as the actor sees them, with a proof that they are all there, or the reason why
//! not. [`plan::plan`] is a pure function of an instant and these accounts, and of the rules that a
//! [`systems::SystemSpec`] states as data; the same input gives the same bytes. [`plan::clear`]
//! checks approval and guards, and its [`plan::Cleared`] is the only key to a
//! [`backends::Writer`]. [`apply`] makes the cleared calls and never plans; [`render`] prints what
//! was planned or done and never computes it. Then the account is read again, and must plan to
//! nothing.
//!
//! ```text
//! YAML files ──manifest──▶ Manifests ──desired──▶ Desired per account ─┐
//!                                               systems (as data) ─────┤
//! backends ──read──▶ Reading<Live> ────────────────────────────────────┴─plan──▶ Plan ──clear──▶ render | apply ─▶ verify
//! ```
//!
//! `run` tells this on one screen; [`cli`] puts flags before it and a renderer behind it.
//! [`sandbox`] plays the products' servers for the embedded backend, and knows nothing of
//! manifests or plans.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | system | a kind of product with its own rules ([`systems::SystemSpec`]); knows no network |
//! | backend | how one account is read and written ([`backends::Backend`]); knows no policy |
//! | account | one live tenant: a system, reached through a backend, as an actor |
//! | actor | the identity that portcullis signs in as; its role bounds what can be seen and done ([`model::Actor`]) |
//! | person, team | someone in the directory; a named list of people |
//! | profile | a reusable grant ([`manifest::Profile`]): a section for each account, or for all accounts of a system, of what it gives there |
//! | member | a person's membership in one account, whatever its phase ([`model::Phase`]): an invitation is a phase, never an object of its own |
//! | role, scope, grant | what one may do; where; the pair of both ([`model::Permits`]) |
//! | end | the last day of access, inclusive, in the account's timezone |
//! | change | one step that portcullis would take ([`plan::Change`]); it widens, narrows or leaves access alone ([`model::Direction`]) |
//! | cause | why an attribute differs ([`plan::Cause`]): requested, drift, unapplied, expiry, start, invitation, undetermined |
//! | call | one act on the server ([`model::Call`]); a change is one or more calls in a safe order |
//! | administers | whether a permission lets its holder change who has access; never read off a role's name |
//! | channel | of a call ([`model::Channel`]): through the API, manual (a human, from the runbook), or unverifiable |
//! | reading | live state with its proof of completeness, or incomplete with the reason ([`model::Reading`]); each value is seen, partly seen, hidden or unreadable ([`model::Known`]) |
//! | plan, digest | all changes for all accounts, in order ([`plan::Plan`]); a hash of its canonical form ([`plan::Digest`]) |
//! | guard | a limit that stops one account's plan before its first write ([`plan::Verdict`]) |
//! | report | something worth saying that asks for no change ([`plan::Report`]) |
//! | one-off action | what somebody does for one member, once, on request ([`model::OneOff`]): a reset, an invitation again; never desired state, so in no plan |
//! | saved plan | a plan in a file, with the canonical form of each change ([`plan::saved::Saved`]): what is reviewed, signed and applied later |
//! | approval | what lets changes of a plan be made later ([`plan::Approved`]): the file that was reviewed, or signatures of its changes; it holds once. What nobody approved is unreviewed, what came back different is stale |
//! | moment | what a member has before a change, or after one of its calls ([`plan::Moments`]) |
//! | journal | the write-ahead record of one apply ([`apply::Journal`]): what may be made, then a line before each call; a run that was cut off is finished from it |
//! | lease | what keeps a second apply of an account out while one runs ([`apply::Leases`]) |
//! | audit log, head | what was applied, by whom and why, in lines that each hold the hash of the one before ([`apply::Audit`]); the hash of the last |

pub mod apply;
pub mod backends;
pub mod cli;
pub mod desired;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod render;
pub mod run;
pub mod sandbox;
pub mod systems;
