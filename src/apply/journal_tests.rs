use std::collections::BTreeMap;
use std::fs::{self, File};

use futures::executor::block_on;
use futures::future::join_all;
use futures::poll;

use super::{Begin, JOURNAL_VERSION, Journal, Line, Record as _, close, cut_off, is_running, parse, running, tell};
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
        approval: String::new(),
        approved_by: Default::default(),
        begun_before: Vec::new(),
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

fn called(change: &str) -> Line {
    Line::Call { change: change.into(), at: 0, label: "edit".into(), key: "key".into() }
}

fn came(change: &str, result: &str) -> Line {
    Line::Result { change: change.into(), result: result.into() }
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{}\n", serde_json::to_string(line).unwrap())).collect()
}

#[test]
fn what_came_to_no_good_end_is_still_begun() {
    let mut lines = vec![Line::Begin(Box::new(begin()))];
    for (change, result) in [("a", "applied"), ("b", "already"), ("c", "failed"), ("d", "unknown"), ("e", "skipped")] {
        lines.extend([called(change), came(change, result)]);
    }
    lines.push(called("f"));
    let found = parse(text(&lines).as_bytes()).unwrap().expect("it has no end");
    assert_eq!(found.begun, ["c", "d", "e", "f"].map(str::to_owned).into());
    assert_eq!(found.began(), Some(sample::instant()));
    lines.push(Line::End { at: sample::instant().to_string() });
    assert_eq!(parse(text(&lines).as_bytes()), Ok(None));
}

#[test]
fn what_is_no_journal_is_told_by_its_line() {
    let first = Line::Begin(Box::new(begin()));
    let newer = Line::Begin(Box::new(Begin { schema_version: "9".into(), ..begin() }));
    for (journal, at, why) in [
        (format!("{}{{}}\n", text(&[first.clone(), called("a")])), 3, "no line of a journal: "),
        (text(&[first.clone(), called("a"), first.clone()]), 3, "a second beginning"),
        (text(&[newer]), 1, "a journal of version `9`, which is not known here"),
        (text(&[called("a"), first.clone()]), 1, "a journal that does not begin"),
    ] {
        let (line, said) = parse(journal.as_bytes()).unwrap_err();
        assert!(line == at && said.starts_with(why), "{line}: {said}");
    }
    let torn = format!("{}{{\"line\":\"ca", text(&[first]));
    assert!(parse(torn.as_bytes()).unwrap().expect("it has no end").begun.is_empty(), "a torn line was never finished");
}

#[test]
fn a_journal_is_closed_after_its_last_whole_line_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sol.jsonl");
    assert!(close(&path, sample::instant()).is_ok() && !path.exists(), "there is none");
    let whole = text(&[Line::Begin(Box::new(begin())), called("a")]);
    std::fs::write(&path, format!("{whole}{{\"line\":\"resu")).unwrap();
    assert_eq!(cut_off(folder.path()).unwrap().len(), 1);
    close(&path, sample::instant()).unwrap();
    let closed = format!("{whole}{}", text(&[Line::End { at: sample::instant().to_string() }]));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), closed);
    assert_eq!(cut_off(folder.path()).unwrap(), []);
    close(&path, sample::instant()).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), closed, "it has its end");
    assert!(close(folder.path(), sample::instant()).is_err(), "what cannot be read is not taken for closed");
}

/// It may be of ten thousand changes, and every plan asks.
#[test]
fn of_a_journal_that_has_ended_the_end_alone_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sol.jsonl");
    let end = text(&[Line::End { at: sample::instant().to_string() }]);
    let first = text(&[Line::Begin(Box::new(begin()))]);
    std::fs::write(&path, format!("{first}no line of a journal\n{end}")).unwrap();
    assert_eq!(cut_off(folder.path()), Ok(Vec::new()));
    for no_journal in [end.clone(), format!("no line of a journal\n{end}"), first.replace("\"1\"", "\"9\"") + &end] {
        std::fs::write(&path, &no_journal).unwrap();
        assert!(cut_off(folder.path()).is_err(), "{no_journal}");
    }
    let open = format!("{first}{}", text(&[called("a")]));
    for not_over in [format!("{open}{}", end.trim_end()), open.clone(), format!("{open}{{\"line\":\"en")] {
        std::fs::write(&path, &not_over).unwrap();
        assert_eq!(cut_off(folder.path()).unwrap().len(), 1, "{not_over}");
    }
}

#[test]
fn where_no_journals_are_no_run_was_cut_off_and_other_files_are_none() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(cut_off(&folder.path().join("none")), Ok(Vec::new()));
    std::fs::write(folder.path().join("notes.txt"), "no journal\n").unwrap();
    assert_eq!(cut_off(folder.path()), Ok(Vec::new()));
    assert!(cut_off(&folder.path().join("notes.txt")).is_err(), "a folder that cannot be read is not an empty one");
    std::fs::write(folder.path().join("sol.jsonl"), "no journal\n").unwrap();
    assert!(cut_off(folder.path()).unwrap_err().contains("sol.jsonl:1: no line of a journal"));
}

/// A later run tells the log of what was begun, and what it told is not told again; what a run that says `unknown`
/// had told it had told before.
#[test]
fn what_was_told_to_the_log_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sol.jsonl");
    let lines = [Line::Begin(Box::new(begin())), called("a"), called("b"), came("b", "unknown"), called("c"), came("c", "failed")];
    fs::write(&path, text(&lines) + "{\"torn").unwrap();
    tell(&path, &[("a", "applied")]).unwrap();
    let found = cut_off(folder.path()).unwrap().remove(0);
    assert_eq!(found.begun, ["a", "b", "c"].map(str::to_owned).into());
    assert_eq!(found.told, [("a", "applied"), ("b", "unknown")].map(|(id, word)| (id.to_owned(), word.to_owned())).into());
    close(&path, sample::instant()).unwrap();
    let before = fs::read(&path).unwrap();
    tell(&path, &[("c", "applied")]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before, "it is over");
}

#[test]
fn what_an_earlier_run_had_begun_is_forgotten_once_it_is_made_or_begun_again() {
    let moments = |id: &str| {
        let mut moments = crate::plan::Moments::of(&sample::change("sol", Action::Edit, sample::member("a@acme.example"), None, None));
        moments.id = id.to_owned();
        moments
    };
    let begin = Begin { begun_before: ["made", "again", "failed", "left"].map(moments).into(), ..begin() };
    let lines = [
        Line::Begin(Box::new(begin)),
        called("made"),
        came("made", "applied"),
        called("again"),
        called("failed"),
        came("failed", "failed"),
    ];
    let found = parse(text(&lines).as_bytes()).unwrap().expect("it has no end");
    let left: Vec<&str> = found.begin.begun_before.iter().map(|moments| &*moments.id).collect();
    assert_eq!(left, ["left"], "of the others this run tells");
}

#[test]
fn a_journal_that_is_being_written_is_of_a_run_that_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sol.jsonl");
    let journal = Journal::begin(&path, begin(), None).unwrap();
    fs::write(folder.path().join("other.jsonl"), text(&[Line::Begin(Box::new(begin()))])).unwrap();
    let note = folder.path().join("note.txt");
    let held = File::create(&note).unwrap();
    held.lock().unwrap();
    assert!(is_running(&path) && !is_running(&folder.path().join("none.jsonl")));
    assert_eq!(running(folder.path()), std::slice::from_ref(&path));
    assert_eq!(cut_off(folder.path()).unwrap().len(), 1, "the other");
    drop(journal);
    assert!(!is_running(&path) && running(folder.path()).is_empty());
    assert_eq!(cut_off(folder.path()).unwrap().len(), 2);
}
