use std::collections::BTreeMap;

use futures::executor::block_on;
use futures::future::join_all;
use futures::poll;

use super::{Begin, JOURNAL_VERSION, Journal, Record as _};
use crate::model::{Action, Outcome};
use crate::plan::Change;
use crate::plan::sample;
use crate::plan::saved::SavedAccount;

fn begin() -> Begin {
    let account = SavedAccount {
        account: "sol".into(),
        system: "solver".into(),
        backend: "embedded".into(),
        origin: "embedded".into(),
        tenant: None,
        actor: serde_json::Value::Null,
        digest: sample::digest('a').to_string(),
        changes: Vec::new(),
        later: Default::default(),
    };
    Begin {
        schema_version: JOURNAL_VERSION.into(),
        tool: "portcullis".into(),
        at: sample::instant().to_string(),
        by: "ada".into(),
        plan: sample::digest('b').to_string(),
        lifts: Vec::new(),
        revoke: None,
        valid_until: None,
        audit_lines: None,
        minimum_administrators: 0,
        account,
        moments: BTreeMap::new(),
    }
}

/// Lines that were written, and those of them that are on the disk.
fn counts(journal: &Journal) -> (usize, usize) {
    let state = journal.locked();
    (state.written, state.synced)
}

#[test]
fn calls_that_begin_at_once_wait_for_one_disk() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::begin(&folder.path().join("sol.jsonl"), begin(), None).unwrap();
    let changes: Vec<Change> =
        (0..3).map(|i| sample::change("sol", Action::Edit, sample::member(&format!("p{i}@acme.example")), None, None)).collect();
    block_on(async {
        let mut each: Vec<_> = changes.iter().map(|change| journal.before(change, 0, &change.calls[0], "key")).collect();
        for (i, one) in each.iter_mut().enumerate() {
            assert!(poll!(one).is_pending(), "no call is made before its line is on the disk");
            assert_eq!(counts(&journal), (2 + i, 1));
        }
        assert!(poll!(&mut each[0]).is_ready());
        assert_eq!(counts(&journal), (4, 4), "the first brings the lines of all to the disk");
        assert!(join_all(each.drain(1..)).await.iter().all(Result::is_ok));
    });
    journal.after(&changes[0], 0, &Outcome::Applied);
    assert_eq!(counts(&journal), (5, 4));
    journal.rest();
    assert_eq!(counts(&journal), (5, 5));
}

#[test]
fn a_journal_that_cannot_be_written_lets_no_call_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::begin(&folder.path().join("sol.jsonl"), begin(), None).unwrap();
    let change = sample::change("sol", Action::Edit, sample::member("p@acme.example"), None, None);
    journal.locked().attempt(|_| Err(std::io::Error::other("the disk is full")));
    let refused = block_on(journal.before(&change, 0, &change.calls[0], "key")).unwrap_err();
    assert_eq!(refused, "not sent: the journal cannot be written: the disk is full");
}
