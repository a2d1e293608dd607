use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::reader::RosterReader;
use crate::backends::{Backend, Reader, Writer};
use crate::model::{Caps, Email, Incomplete, Known, Live, Reading, Remark};
use crate::plan::Cleared;

/// A backend with an export beside it (`also`), which shows what the backend cannot read: those
/// attributes become steps of the runbook that a later export proves.
///
/// The backend is the newer of the two and alone says who is a member and what it reads itself.
/// So somebody who stands in one of the two only is no contradiction: whoever came since the export
/// has attributes that nobody knows (hidden: not compared), whoever left since is gone. Both are
/// told, because an export of the wrong account looks like that, too; where not even one person
/// stands in both, it is one, and the reading is incomplete.
pub struct Beside {
    first: Box<dyn Backend>,
    second: RosterReader,
    caps: Caps,
}

impl Beside {
    pub fn new(first: Box<dyn Backend>, second: RosterReader) -> Self {
        let mut caps = first.reader().caps().clone();
        caps.reads.extend(second.caps().reads.iter().copied());
        caps.keeps_ends |= second.caps().keeps_ends;
        Self { first, second, caps }
    }

    fn join(&self, mut reading: Reading) -> Reading {
        if reading.proof.is_err() {
            return reading;
        }
        match self.fill(&mut reading) {
            Ok(()) => reading,
            Err(why) => Reading::incomplete(why),
        }
    }

    fn fill(&self, reading: &mut Reading) -> Result<(), Incomplete> {
        let mut rows: BTreeMap<Email, Live> = self.second.members()?.into_iter().map(|live| (live.email.clone(), live)).collect();
        if !reading.members.is_empty() && !reading.members.iter().any(|live| rows.contains_key(&live.email)) {
            let why = "nobody of the account stands in the export beside it: is it of another account?";
            return Err(Incomplete::new("contradictory", why));
        }
        let keys = &self.second.caps().reads;
        for live in &mut reading.members {
            match rows.remove(&live.email) {
                Some(row) => live.attrs.extend(row.attrs),
                None => {
                    live.attrs.extend(keys.iter().map(|key| (*key, Known::Hidden)));
                    if live.phase.is_standing() {
                        let unknown = keys.iter().copied().collect::<Vec<_>>().join(", ");
                        let message = format!("in the account and not in the export beside it, so {unknown} cannot be told: export anew");
                        reading.remarks.push(Remark { member: Some(live.email.clone()), message });
                    }
                }
            }
        }
        reading.remarks.extend(rows.into_keys().map(|email| Remark {
            member: Some(email),
            message: "in the export beside the account and not in the account, which is the newer of the two: export anew".into(),
        }));
        Ok(())
    }
}

impl Reader for Beside {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn read(&self) -> BoxFuture<'_, Reading> {
        async { self.join(self.first.reader().read().await) }.boxed()
    }
}

impl Backend for Beside {
    fn reader(&self) -> &dyn Reader {
        self
    }
    fn writer<'a>(&'a self, cleared: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
        self.first.writer(cleared)
    }
    fn origin(&self) -> String {
        self.first.origin()
    }
    fn is_sandbox(&self) -> bool {
        self.first.is_sandbox()
    }
}
