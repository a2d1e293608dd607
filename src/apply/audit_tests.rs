use super::*;

fn writer() -> Writer {
    Writer { clock: crate::apply::Clock::set("2026-11-22T09:00:00Z".parse().unwrap()), tool: "portcullis 0".into(), by: "a test".into() }
}

fn one_off(member: &str) -> What {
    What::OneOff {
        account: "news".into(),
        system: "emma-hq".into(),
        origin: "embedded:x".into(),
        action: "resend".into(),
        member: member.into(),
        result: "applied".into(),
    }
}

/// A log of five lines.
fn log() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept/audit.jsonl");
    let audit = Audit::open(&path, false, writer()).unwrap();
    ["a", "b", "c", "d"].iter().for_each(|member| audit.append(one_off(member)).unwrap());
    assert_eq!(audit.end().lines, 5);
    (folder, path)
}

#[test]
fn a_whole_log_is_whole_however_often_it_was_opened() {
    let (_folder, path) = log();
    let again = Audit::open(&path, true, writer()).unwrap();
    again.append(one_off("e")).unwrap();
    let checked = check(&fs::read(&path).unwrap(), None);
    assert_eq!((checked.lines, checked.wrong, checked.head), (6, vec![], Some(again.end().head)));
}

#[test]
fn two_that_write_at_once_write_one_chain() {
    let (_folder, path) = log();
    let (one, two) = (Audit::open(&path, true, writer()).unwrap(), Audit::open(&path, true, writer()).unwrap());
    for (audit, member) in [(&one, "x"), (&two, "y"), (&two, "z"), (&one, "w")] {
        audit.append(one_off(member)).unwrap();
    }
    let checked = check(&fs::read(&path).unwrap(), None);
    assert_eq!((checked.lines, checked.wrong), (9, vec![]));
}

#[test]
fn every_single_byte_that_is_altered_is_found() {
    let (_folder, path) = log();
    let text = fs::read(&path).unwrap();
    let head = check(&text, None).head.unwrap();
    for at in 0..text.len() {
        let mut altered = text.clone();
        altered[at] = if altered[at] == b'7' { b'8' } else { b'7' };
        assert!(!check(&altered, Some(&head)).wrong.is_empty(), "byte {at}");
    }
}

#[test]
fn a_line_that_is_removed_added_or_moved_is_found() {
    let (_folder, path) = log();
    let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let wrong = |lines: &[&str]| check(format!("{}\n", lines.join("\n")).as_bytes(), None).wrong;
    assert_eq!(wrong(&lines), []);
    for i in 0..4 {
        let mut removed = lines.clone();
        removed.remove(i);
        assert!(wrong(&removed).iter().any(|(line, _)| *line == i + 1), "{i}");
        let mut moved = lines.clone();
        moved.swap(i, i + 1);
        assert!(wrong(&moved).iter().any(|(line, _)| *line == i + 1), "{i}");
        let mut twice = lines.clone();
        twice.insert(i, lines[i]);
        assert!(wrong(&twice).iter().any(|(line, _)| *line == i + 2), "{i}");
    }
}

#[test]
fn what_is_cut_off_at_the_end_is_found_by_a_head_that_was_printed() {
    let (_folder, path) = log();
    let text = fs::read(&path).unwrap();
    let head = check(&text, None).head.unwrap();
    let ends: Vec<usize> = (0..text.len()).filter(|i| text[*i] == b'\n').collect();
    for end in &ends[..4] {
        let cut = &text[..=*end];
        assert_eq!(check(cut, None).wrong, [], "by itself it is a log");
        assert!(check(cut, Some(&head)).wrong[0].1.contains("cut off"));
    }
    let torn = &check(&text[..text.len() - 3], None).wrong[0];
    assert!(torn.0 == 5 && torn.1.contains("without an end"), "{torn:?}");
    assert_eq!(check(&text, Some(&head)).wrong, []);
}

#[test]
fn a_torn_last_line_is_written_over() {
    let (_folder, path) = log();
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"seq\":6,\"at\":");
    fs::write(&path, text).unwrap();
    Audit::open(&path, true, writer()).unwrap().append(one_off("e")).unwrap();
    let checked = check(&fs::read(&path).unwrap(), None);
    assert_eq!((checked.lines, checked.wrong), (6, vec![]));
}

#[test]
fn a_last_line_whose_end_alone_was_lost_is_kept() {
    let (_folder, path) = log();
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 1]).unwrap();
    Audit::open(&path, true, writer()).unwrap().append(one_off("e")).unwrap();
    let again = fs::read(&path).unwrap();
    assert_eq!(again[..text.len()], text[..]);
    assert_eq!(check(&again, None).wrong, []);
}

#[test]
fn a_file_that_is_no_log_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in ["one line", "one\ntwo", "one\n", "{}\n{", "\n"] {
        fs::write(&path, text).unwrap();
        assert!(Audit::open(&path, false, writer()).is_err(), "{text:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    #[cfg(unix)]
    {
        let link = folder.path().join("audit.jsonl");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Audit::open(&link, false, writer()).err().unwrap().contains("no regular file"));
    }
    fs::write(&path, "").unwrap();
    assert!(Audit::open(&path, true, writer()).err().unwrap().contains("is empty"));
}

#[test]
fn a_log_that_must_be_there_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    assert!(Audit::open(&path, true, writer()).err().unwrap().contains("does not exist"));
    assert!(!path.exists());
    fs::write(&path, "{}\n").unwrap();
    assert!(Audit::open(&path, false, writer()).err().unwrap().contains("its last line is none"));
}

/// The end of a log is read, and where that holds no whole line, all of it.
#[test]
fn a_last_line_that_is_longer_than_what_is_read_of_the_end_is_found() {
    let (_folder, path) = log();
    for member in ["x".repeat(TAIL as usize + 100), "y".repeat(100), "z".repeat(TAIL as usize - 1000)] {
        Audit::open(&path, true, writer()).unwrap().append(one_off(&member)).unwrap();
        let end = end_of(&path).unwrap();
        let checked = check(&fs::read(&path).unwrap(), None);
        assert_eq!((checked.lines as u64, checked.wrong, checked.head), (end.lines, vec![], Some(end.head)));
    }
    let mut torn = fs::read(&path).unwrap();
    torn.extend(vec![b'{'; TAIL as usize + 100]);
    fs::write(&path, torn).unwrap();
    Audit::open(&path, true, writer()).unwrap().append(one_off("e")).unwrap();
    let checked = check(&fs::read(&path).unwrap(), None);
    assert_eq!((checked.lines, checked.wrong), (9, vec![]));
}

#[test]
fn an_approval_is_spent_by_what_was_applied_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path, false, writer()).unwrap();
    for (digest, result, continues) in
        [("a", "applied", Some("begun")), ("b", "already", None), ("c", "failed", None), ("d", "skipped", None), ("e", "unknown", None)]
    {
        let change = serde_json::json!({
            "kind": "change", "account": "news", "system": "emma-hq", "origin": "embedded:x", "plan": "p", "id": "news/edit/x",
            "digest": digest, "before": null, "after": null, "reason": null, "place": null, "source": null, "approval": "terminal",
            "approved_by": [], "continues": continues, "result": result, "message": "",
        });
        audit.append(serde_json::from_value(change).unwrap()).unwrap();
    }
    let spent = applied_digests(&fs::read_to_string(&path).unwrap());
    assert_eq!(spent.keys().collect::<Vec<_>>(), ["a", "b", "begun"]);
    assert_eq!((spent["a"].line, spent["begun"].line, &*spent["b"].at), (2, 2, "2026-11-22T09:00:00Z"));
}

/// A line that is none is told once; those after it stand where they stand.
#[test]
fn a_line_that_is_none_makes_no_other_wrong() {
    let (_folder, path) = log();
    let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    for none in ["no JSON", "{}"] {
        let lines: Vec<&str> = text.lines().enumerate().map(|(i, line)| if i == 1 || i == 2 { none } else { line }).collect();
        let wrong = check(format!("{}\n", lines.join("\n")).as_bytes(), None).wrong;
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3], "{none}: {wrong:?}");
    }
}
