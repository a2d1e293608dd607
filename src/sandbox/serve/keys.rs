//! Calls that were made under an `Idempotency-Key`, with their answers; in memory, links included.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::bridge::WireCall;

use super::reply::Reply;

#[derive(Default)]
pub(super) struct Keys(Mutex<BTreeMap<String, Kept>>);

struct Kept {
    call: WireCall,
    /// None while it is being worked on.
    answer: Option<Reply>,
}

/// What is known of a key.
pub(super) enum Known {
    /// Nothing: the call is to be made, and its end told.
    New,
    /// It was made.
    Done(Reply),
    InProgress,
    /// It was used for another call.
    Reused,
}

impl Keys {
    /// Looks the key up, and holds it where it is new.
    pub(super) fn begin(&self, key: &str, call: &WireCall) -> Known {
        match self.all().entry(key.to_owned()) {
            Entry::Vacant(at) => {
                at.insert(Kept { call: call.clone(), answer: None });
                Known::New
            }
            Entry::Occupied(at) => match at.get() {
                kept if kept.call != *call => Known::Reused,
                Kept { answer: Some(answer), .. } => Known::Done(answer.clone()),
                Kept { answer: None, .. } => Known::InProgress,
            },
        }
    }

    /// The answer, for whoever comes again; none where nothing was done, so that it can be tried anew.
    pub(super) fn end(&self, key: &str, answer: Option<Reply>) {
        let mut all = self.all();
        match (answer, all.get_mut(key)) {
            (Some(answer), Some(kept)) => kept.answer = Some(answer),
            (None, _) => drop(all.remove(key)),
            (Some(_), None) => {}
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
