use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::reader::RosterReader;
use crate::backends::{Backend, Reader, Writer};
use crate::model::{Caps, Email, Incomplete, Key, Known, Live, Noticed, Reading, Remark};
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
    /// As of the first whole reading: a bridge says only then what it can.
    caps: OnceLock<Caps>,
}

impl Beside {
    pub fn new(first: Box<dyn Backend>, second: RosterReader) -> Self {
        Self { first, second, caps: OnceLock::new() }
    }

    fn both(&self) -> Caps {
        let mut caps = self.first.reader().caps().clone();
        caps.reads.extend(self.second.caps().reads.iter().copied());
        caps.keeps_ends |= self.second.caps().keeps_ends;
        caps
    }

    fn join(&self, mut reading: Reading) -> Reading {
        if reading.proof.is_err() {
            return reading;
        }
        match self.fill(&mut reading) {
            Ok(()) => {
                self.caps.get_or_init(|| self.both());
                reading
            }
            Err(why) => Reading::incomplete(why),
        }
    }

    fn fill(&self, reading: &mut Reading) -> Result<(), Incomplete> {
        let mut rows: BTreeMap<Email, Live> = self.second.members()?.into_iter().map(|live| (live.email.clone(), live)).collect();
        if !reading.members.is_empty() && !reading.members.iter().any(|live| rows.contains_key(&live.email)) {
            let why = "nobody of the account stands in the export beside it: is it of another account?";
            return Err(Incomplete::new("contradictory", why));
        }
        // What the backend reads itself, it knows better.
        let keys: BTreeSet<Key> = self.second.caps().reads.difference(&self.first.reader().caps().reads).copied().collect();
        for live in &mut reading.members {
            match rows.remove(&live.email) {
                Some(row) => live.attrs.extend(row.attrs.into_iter().filter(|(key, _)| keys.contains(key))),
                None => {
                    live.attrs.extend(keys.iter().map(|key| (*key, Known::Hidden)));
                    if live.phase.is_standing() {
                        let unknown = keys.iter().copied().collect::<Vec<_>>().join(", ");
                        let message = format!("in the account and not in the export beside it, so {unknown} cannot be told: export anew");
                        reading.remarks.push(Remark { noticed: Noticed::Differs, member: Some(live.email.clone()), message });
                    }
                }
            }
        }
        reading.remarks.extend(rows.into_keys().map(|email| Remark {
            noticed: Noticed::Differs,
            member: Some(email),
            message: "in the export beside the account and not in the account, which is the newer of the two: export anew".into(),
        }));
        reading.remarks.extend(self.second.age());
        Ok(())
    }
}

impl Reader for Beside {
    fn caps(&self) -> &Caps {
        self.caps.get().unwrap_or_else(|| self.first.reader().caps())
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, Domains, Encoding, Located, Phase, Place, Proof, Roster, Tenant, Value};
    use crate::systems::insider;

    /// A backend that shows these people, and of them names and roles alone.
    struct First(Caps, Vec<&'static str>);

    impl Reader for First {
        fn caps(&self) -> &Caps {
            &self.0
        }
        fn fetch(&self) -> BoxFuture<'_, Reading> {
            let live = |email: &&str| Live {
                email: Email::parse(email).unwrap(),
                id: None,
                phase: Phase::Active,
                attrs: crate::model::Keyed::new(),
            };
            let members = self.1.iter().map(live).collect();
            let domains = Known::<Domains>::Unreadable;
            async { Reading { members, domains, whoami: None, tenant: None, proof: Ok(Proof::Counted), remarks: Vec::new() } }.boxed()
        }
    }

    impl Backend for First {
        fn reader(&self) -> &dyn Reader {
            self
        }
        fn writer<'a>(&'a self, _: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String> {
            Err("nothing is written here".into())
        }
        fn origin(&self) -> String {
            "https://a.example".into()
        }
        fn is_sandbox(&self) -> bool {
            false
        }
    }

    async fn read(people: &[&'static str], export: &str) -> (Reading, Caps) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("u.csv"), export).unwrap();
        let at = Place::start_of("c.yaml");
        let here = |text: &str| Located::new(text.to_owned(), at.clone());
        let roster = Roster {
            file: Located::new("u.csv".into(), at.clone()),
            email: here("Email"),
            status: None,
            columns: [("pii", vec![here("PII")])].into(),
            words: BTreeMap::new(),
            statuses: BTreeMap::new(),
            separator: None,
            encoding: Encoding::Utf8,
            exported: None,
            max_age_hours: None,
            final_line_break: true,
        };
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        let second = RosterReader::new(&insider::SPEC, tenant, roster, folder.path().into(), jiff::Timestamp::UNIX_EPOCH);
        let both = Beside::new(Box::new(First(crate::backends::scim::caps(), people.to_vec())), second);
        (both.read().await, both.caps().clone())
    }

    #[tokio::test]
    async fn an_export_fills_what_the_backend_cannot_read_and_nothing_else() {
        let (reading, caps) = read(&["a@acme.example", "b@acme.example"], "Email,PII\nA@acme.example,true\nb@acme.example,\n").await;
        assert_eq!(caps.reads, BTreeSet::from(["name", "pii", "role"]));
        assert!(caps.writes.values().all(|keys| !keys.contains("pii")) && !caps.reads_invitations && !caps.keeps_ends);
        assert_eq!(reading.members[0].attr("pii"), &Known::Seen(Value::Flag(true)));
        assert_eq!((reading.proof, reading.remarks), (Ok(Proof::Counted), vec![]));
    }

    #[tokio::test]
    async fn who_stands_in_one_of_the_two_is_told_and_not_guessed() {
        let (reading, _) = read(&["a@acme.example", "new@acme.example"], "Email,PII\na@acme.example,true\nleft@acme.example,true\n").await;
        let told: Vec<&str> = reading.remarks.iter().filter_map(|r| Some(r.member.as_ref()?.key())).collect();
        assert_eq!(told, ["new@acme.example", "left@acme.example"]);
        assert_eq!(reading.members.len(), 2, "the backend says who is a member");
        assert_eq!(reading.members[1].attr("pii"), &Known::Hidden);
    }

    #[tokio::test]
    async fn an_export_of_another_account_or_half_of_one_is_no_second_reading() {
        for export in ["Email,PII\nz@other.example,true\n", "Email,PII\na@acme.example\n", ""] {
            let (reading, _) = read(&["a@acme.example"], export).await;
            assert!(reading.proof.is_err() && reading.members.is_empty(), "{export:?}");
        }
    }

    #[test]
    fn what_a_manifest_takes_a_backend_to_read_it_does_read() {
        let reads = crate::manifest::BackendName::Scim.reads();
        assert_eq!(crate::backends::scim::caps().reads, reads.iter().copied().collect());
    }
}
