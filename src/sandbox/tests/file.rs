use std::fs;
use std::path::Path;

use super::*;

fn loaded(members: usize) -> World {
    let world = World::new("solver", "Europe/Paris");
    let one = |i: usize| live(&format!("u{i:05}@acme.example"), Stored::Active, &[("groups", set(&["super-user"]))]);
    world.load(Domains::Off, (0..members).map(one).collect());
    world
}
fn beside(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}
fn read_everything(world: &World) -> usize {
    let sandbox = Sandbox::read(&world.path()).unwrap();
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = sandbox.page(&world.host, world.now, after.as_deref(), 7).unwrap();
        assert_eq!(page.total, sandbox.count(&world.host).unwrap().total);
        assert!(page.members.len() <= 7);
        seen += page.members.len();
        after = match page.next {
            Some(next) => Some(next),
            None => break,
        };
    }
    sandbox.domains(&world.host).unwrap();
    sandbox.outbox(&world.host, world.now).unwrap();
    sandbox.calls(&world.host).unwrap();
    seen
}

#[test]
fn a_missing_file_is_an_empty_account_and_stays_missing() {
    let world = World::new("insider", "Europe/Paris");
    assert_eq!(read_everything(&world), 0);
    assert_eq!(Sandbox::read(&world.path()).unwrap().domains(&world.host).unwrap(), Domains::Off);
    Sandbox::write(&world.path()).unwrap();
    assert!(!world.dir.path().join("deep").exists());
    world.call("a@acme.example", Verb::Invite, &[to("role", word("viewer"))]);
    assert_eq!(read_everything(&world), 1);
}

#[test]
fn reading_changes_no_byte_and_leaves_nothing_beside_the_file() {
    let mut world = loaded(30);
    let (bytes, time) = (fs::read(world.path()).unwrap(), fs::metadata(world.path()).unwrap().modified().unwrap());
    world.now = at("2030-11-22T09:00:00Z");
    assert_eq!(read_everything(&world), 30);
    assert_eq!(fs::read(world.path()).unwrap(), bytes);
    assert_eq!(fs::metadata(world.path()).unwrap().modified().unwrap(), time);
    assert_eq!(beside(&world.path()), ["embedded.db"]);
}

#[test]
fn a_reader_cannot_write() {
    let world = loaded(2);
    let mut sandbox = Sandbox::read(&world.path()).unwrap();
    let who = Email::parse("u00001@acme.example").unwrap();
    assert!(matches!(sandbox.remove(&world.host, world.now, &who), Err(SandboxError::ReadOnly { .. })));
    assert_eq!(read_everything(&world), 2);
}

#[test]
fn a_foreign_file_is_an_error_and_stays_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    drop(other);
    let database = fs::read(&path).unwrap();
    for bytes in [database, b"accounts: {}\n".to_vec(), b"\0".to_vec(), vec![7; 9000], b"SQLite format 3\0".to_vec()] {
        fs::write(&path, &bytes).unwrap();
        for opened in [Sandbox::read(&path), Sandbox::write(&path)] {
            assert!(matches!(opened, Err(SandboxError::Foreign { .. })));
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(beside(&path), ["x.db"]);
    }
    assert!(matches!(Sandbox::read(dir.path()), Err(SandboxError::Open { .. })));
}

#[test]
fn a_file_of_another_version_is_an_error() {
    let world = loaded(1);
    rusqlite::Connection::open(world.path()).unwrap().pragma_update(None, "user_version", 1).unwrap();
    assert!(matches!(Sandbox::write(&world.path()), Err(SandboxError::Version { found: 1, .. })));
}

#[test]
fn a_damaged_file_is_an_error_and_stays_byte_for_byte() {
    let world = loaded(400);
    let path = world.path();
    let whole = fs::read(&path).unwrap();
    let mut cut = whole.clone();
    cut.truncate(whole.len() / 2);
    let mut scrambled = whole.clone();
    let middle = whole.len() - 4096;
    scrambled[middle..].fill(0xa5);
    let mut headless = whole.clone();
    headless[100..2000].fill(0xa5);
    for bytes in [cut, scrambled, headless] {
        fs::write(&path, &bytes).unwrap();
        for opened in [Sandbox::read(&path), Sandbox::write(&path)] {
            let error = opened.err().expect("damaged");
            assert!(matches!(error, SandboxError::Damaged { .. }), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(beside(&path), ["embedded.db"]);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_damage_and_not_somebody_missing() {
    let world = loaded(3);
    let direct = rusqlite::Connection::open(world.path()).unwrap();
    direct.execute("UPDATE member SET attrs = '{\"groups\": 7}' WHERE email = 'u00001@acme.example'", []).unwrap();
    let sandbox = Sandbox::read(&world.path()).unwrap();
    assert!(matches!(sandbox.page(&world.host, world.now, None, 10), Err(SandboxError::Damaged { .. })));
}

#[test]
fn an_act_that_fails_leaves_nothing_behind() {
    let world = loaded(2);
    let bytes = fs::read(world.path()).unwrap();
    let twice = vec![live("a@acme.example", Stored::Active, &[]), live("A@acme.example", Stored::Active, &[])];
    let state = LiveAccount { domains: Domains::Off, members: twice, fault: None, delegates: true };
    let mut sandbox = Sandbox::write(&world.path()).unwrap();
    assert!(matches!(sandbox.load(&world.host, world.now, &state), Err(SandboxError::Refused(_))));
    assert_eq!(fs::read(world.path()).unwrap(), bytes);
}

#[test]
fn the_mark_moves_with_every_change_and_with_nothing_else() {
    let world = loaded(2);
    let mark = || Sandbox::read(&world.path()).unwrap().count(&world.host).unwrap().mark;
    let first = mark();
    assert_eq!(mark(), first);
    refused(&world.call("n@acme.example", Verb::Invite, &[]), "required");
    assert_eq!(mark(), first);
    world.call("n@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]);
    let second = mark();
    assert!(second > first);
    world.load(Domains::Off, vec![]);
    assert!(mark() > second, "a load does not go back to an earlier mark");
}

#[test]
fn accounts_of_one_file_do_not_meet() {
    let world = loaded(2);
    let mut other = world.clone();
    other.host.account = Atom::new("other").unwrap();
    other.load(Domains::Off, vec![live("z@acme.example", Stored::Active, &[("groups", set(&["standard"]))])]);
    assert_eq!((world.members().len(), other.members().len()), (2, 1));
    other.host.spec = crate::systems::find("insider").unwrap();
    let error = Sandbox::read(&other.path()).unwrap().count(&other.host).unwrap_err();
    assert!(matches!(error, SandboxError::System { .. }), "{error}");
}

#[test]
fn a_load_forgets_mails_and_calls() {
    let world = World::new("solver", "Europe/Paris");
    world.call("n@acme.example", Verb::Invite, &[to("groups", set(&["standard"]))]);
    assert_eq!((world.mails().len(), Sandbox::read(&world.path()).unwrap().calls(&world.host).unwrap()), (1, 1));
    world.load(Domains::Off, vec![live("n@acme.example", Stored::Pending, &[("groups", set(&["standard"]))])]);
    assert_eq!((world.mails().len(), Sandbox::read(&world.path()).unwrap().calls(&world.host).unwrap()), (0, 0));
    assert_eq!(state(&world.member("n@acme.example")), (1, "open"));
}

/// A copy of file and journal in the middle of a transaction is what a killed process leaves.
#[test]
fn a_write_that_was_cut_off_is_named_by_readers_and_taken_back_by_the_next_write() {
    let world = loaded(300);
    let direct = rusqlite::Connection::open(world.path()).unwrap();
    direct.execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; UPDATE member SET declined = 1").unwrap();
    let journal = |path: &Path| path.with_file_name("embedded.db-journal");
    let (database, undo) = (fs::read(world.path()).unwrap(), fs::read(journal(&world.path())).unwrap());
    direct.execute_batch("ROLLBACK").unwrap();
    drop(direct);
    assert_ne!(fs::read(world.path()).unwrap(), database, "the copy holds half a write");
    fs::write(world.path(), &database).unwrap();
    fs::write(journal(&world.path()), &undo).unwrap();
    let error = Sandbox::read(&world.path()).err().expect("unfinished");
    assert!(matches!(error, SandboxError::Unfinished { .. }), "{error}");
    assert_eq!((fs::read(world.path()).unwrap(), fs::read(journal(&world.path())).unwrap()), (database, undo));
    assert!(matches!(world.call("u00001@acme.example", Verb::Invite, &[]), Answer::Exists(_)));
    assert_eq!(read_everything(&world), 300);
    assert_eq!(beside(&world.path()), ["embedded.db"]);
}
