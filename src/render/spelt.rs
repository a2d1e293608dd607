use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::apply::ResultWord;
use crate::model::{Action, Channel, Direction, Proof};
use crate::plan::{Cause, Risk};

/// A closed list of words: in JSON the word, in a schema the list.
pub trait Spelt: Copy + 'static {
    const NAME: &'static str;
    /// Every word, in the order of the contract.
    fn all() -> Vec<&'static str>;
    fn spelt(self) -> &'static str;
}

/// One word of such a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<T: Spelt> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.spelt())
    }
}

impl<T: Spelt> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": T::all() })
    }
}

impl Spelt for Action {
    const NAME: &'static str = "Action";
    fn all() -> Vec<&'static str> {
        Action::ALL.map(Action::word).to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Direction {
    const NAME: &'static str = "Direction";
    fn all() -> Vec<&'static str> {
        [Direction::Widens, Direction::Narrows, Direction::Both, Direction::Neither].map(Direction::word).to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Cause {
    const NAME: &'static str = "Cause";
    /// The last two need an applied revision, which this version has not; readers must know them.
    fn all() -> Vec<&'static str> {
        let mut all = [Cause::Expiry, Cause::Start, Cause::Invitation, Cause::Undetermined].map(Cause::word).to_vec();
        all.extend(["requested", "unapplied", "drift"]);
        all
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Channel {
    const NAME: &'static str = "Channel";
    fn all() -> Vec<&'static str> {
        [Channel::Api, Channel::Manual, Channel::Unverifiable].map(Channel::word).to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Risk {
    const NAME: &'static str = "Risk";
    fn all() -> Vec<&'static str> {
        [Risk::Low, Risk::High].map(Risk::word).to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Proof {
    const NAME: &'static str = "Proof";
    fn all() -> Vec<&'static str> {
        [Proof::Snapshot, Proof::Counted, Proof::OnePage].map(Proof::word).to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for ResultWord {
    const NAME: &'static str = "Result";
    fn all() -> Vec<&'static str> {
        [ResultWord::Applied, ResultWord::Already, ResultWord::Failed, ResultWord::Skipped, ResultWord::Unknown]
            .map(ResultWord::word)
            .to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}
