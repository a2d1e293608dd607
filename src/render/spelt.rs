use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::apply::ResultWord;
use crate::model::{Action, Channel, Direction, Proof};
use crate::plan::{Cause, Risk};

/// A closed list of words: in JSON the word, in a schema the list.
pub trait Spelt: Copy + 'static {
    const NAME: &'static str;
    /// Every value, in the order of the contract.
    fn values() -> Vec<Self>;
    fn spelt(self) -> &'static str;
    /// Every word.
    fn all() -> Vec<&'static str> {
        Self::values().into_iter().map(Self::spelt).collect()
    }
}

/// One word of such a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<T: Spelt> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.spelt())
    }
}

impl<'de, T: Spelt> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = Cow::<str>::deserialize(d)?;
        let found = T::values().into_iter().find(|v| v.spelt() == word);
        found.map(Word).ok_or_else(|| D::Error::custom(format!("`{word}` is no {}", T::NAME.to_lowercase())))
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
    fn values() -> Vec<Self> {
        Action::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Direction {
    const NAME: &'static str = "Direction";
    fn values() -> Vec<Self> {
        [Direction::Widens, Direction::Narrows, Direction::Both, Direction::Neither].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Cause {
    const NAME: &'static str = "Cause";
    fn values() -> Vec<Self> {
        [Cause::Expiry, Cause::Start, Cause::Invitation, Cause::Undetermined].to_vec()
    }
    /// The last two need an applied revision, which this version has not; readers must know them.
    fn all() -> Vec<&'static str> {
        let known = Self::values().into_iter().map(Self::spelt);
        known.chain(["requested", "unapplied", "drift"]).collect()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Channel {
    const NAME: &'static str = "Channel";
    fn values() -> Vec<Self> {
        [Channel::Api, Channel::Manual, Channel::Unverifiable].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Risk {
    const NAME: &'static str = "Risk";
    fn values() -> Vec<Self> {
        [Risk::Low, Risk::High].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Proof {
    const NAME: &'static str = "Proof";
    fn values() -> Vec<Self> {
        [Proof::Snapshot, Proof::Counted, Proof::OnePage].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for ResultWord {
    const NAME: &'static str = "Result";
    fn values() -> Vec<Self> {
        [ResultWord::Applied, ResultWord::Already, ResultWord::Failed, ResultWord::Skipped, ResultWord::Unknown].to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}
