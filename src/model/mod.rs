//! The words of the design as types. No system is named here, nothing is read or written.

pub mod bridge;
mod call;
mod direction;
mod email;
mod index;
mod keyed;
mod link;
mod live;
mod one_off;
mod place;
mod reading;
mod roster;
mod source;
mod tenant;
mod value;
mod word;

pub use call::{Action, Assign, Call, Channel, Outcome, Subject, Verb};
pub use direction::{Direction, Permits, Scope};
pub use email::{BadAddress, Domain, Email};
pub use index::Index;
pub use keyed::Keyed;
pub use link::{Link, NotARecipient, Recipient, SECRET_KEY};
pub use live::{Invitation, Known, Live, Phase};
pub use one_off::OneOff;
pub use place::{Located, Place};
pub use reading::{Domains, Incomplete, Noticed, Proof, Reading, Remark};
pub use roster::{Encoding, Roster, Status};
pub use source::Source;
pub use tenant::{Actor, Caps, Tenant};
pub use value::{Attrs, Key, Name, Value};
pub use word::{Atom, Atoms, BadWord, is_unprintable, quoted};
