//! The words of the design as types. No system is named here, nothing is read or written.

mod call;
mod email;
mod live;
mod permits;
mod place;
mod reading;
mod tenant;
mod value;
mod word;

pub use call::{Action, Assign, Call, Channel, Outcome, Subject, Verb};
pub use email::{BadAddress, Domain, Email};
pub use live::{Invitation, Known, Live, Phase};
pub use permits::{Direction, Permits, Scope};
pub use place::{Located, Place};
pub use reading::{Domains, Incomplete, Proof, Reading};
pub use tenant::{Actor, Caps, Tenant};
pub use value::{Attrs, Key, Name, Value};
pub use word::{Atom, BadWord, is_unprintable};
