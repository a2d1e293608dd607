//! Reading changes nothing, and what is no file of ours is neither read nor touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use super::program::World;

const READING: &[&str] = &[
    "validate",
    "validate --strict",
    "plan",
    "plan --format json",
    "plan --at 2027-01-01",
    "drift",
    "drift --format json",
    "export",
    "export --format csv",
    "schema",
    "sandbox outbox",
    "sandbox calls",
    "sandbox calls --format json",
];

fn world() -> World {
    let world = World::new();
    world.write(
        "all.yaml",
        "
        connections:
          sol: { system: solver, backend: embedded, file: data/live.db, actor: { role: super-user } }
        accounts:
          sol:
            mode: authoritative
            members:
              - { email: root@acme.example, groups: [super-user] }
              - { email: new@acme.example, name: New, groups: [standard] }
        ",
    );
    world
}

fn loaded() -> World {
    let world = world();
    world.load(
        "
        accounts:
          sol:
            members:
              - { email: root@acme.example, name: Root, phase: active, groups: [super-user] }
              - { email: old@acme.example, name: Old, phase: active, groups: [standard] }
              - { email: wait@acme.example, name: Wait, phase: pending, groups: [standard], invited: 2026-10-01T10:00:00Z }
        ",
    );
    world
}

/// Every file below the folder: its bytes and when it was last written.
fn files(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let written = path.metadata().and_then(|m| m.modified()).expect("a time");
            all.insert(path.display().to_string(), (fs::read(&path).expect("bytes"), written));
        }
    }
    all
}

#[test]
fn reading_changes_no_byte_of_any_file() {
    let world = loaded();
    let before = files(world.path());
    for line in READING {
        let _ = world.run(line);
        assert!(files(world.path()) == before, "`{line}` changed a file");
    }
    let _ = world.run("apply").expect(1);
    let _ = world.run("apply --digest sha256:0000000000000000000000000000000000000000000000000000000000000000").expect(5);
    assert!(files(world.path()) == before, "a refused apply changed a file");
}

#[test]
fn reading_what_is_not_there_makes_nothing() {
    let world = world();
    for line in READING {
        let _ = world.run(line);
        assert!(!world.path().join("data").exists(), "`{line}` made the file's folder");
    }
    world.run("plan").expect(2);
}

#[test]
fn a_damaged_or_foreign_file_is_an_error_in_words_and_stays() {
    let good = loaded().read("data/live.db");
    let mut broken = good.clone();
    for byte in broken.iter_mut().skip(4096).step_by(7) {
        *byte ^= 0x5a;
    }
    let mut header = good.clone();
    header[..16].copy_from_slice(b"SQLite format 9\0");
    let foreign = tempfile::tempdir().expect("a folder");
    let other = foreign.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).expect("a database");
    connection.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1);").expect("a table");
    drop(connection);
    let newer = foreign.path().join("newer.db");
    fs::write(&newer, &good).expect("a copy");
    rusqlite::Connection::open(&newer).and_then(|c| c.pragma_update(None, "user_version", 99)).expect("a version");
    let cases: &[(&str, Vec<u8>)] = &[
        ("text", b"this is no database, but somebody's notes\n".repeat(300)),
        ("short text", b"x".to_vec()),
        ("another program's database", fs::read(&other).expect("bytes")),
        ("a newer version", fs::read(&newer).expect("bytes")),
        ("another header", header),
        ("cut in half", good[..good.len() / 2].to_vec()),
        ("flipped bytes", broken),
    ];
    for (what, bytes) in cases {
        let world = loaded();
        let path = world.path().join("data/live.db");
        fs::write(&path, bytes).expect("the file is replaced");
        for (line, codes) in [
            ("plan", &[7][..]),
            ("drift", &[7]),
            ("export", &[7]),
            ("apply --auto-approve", &[7]),
            ("sandbox load live.txt", &[1]),
            ("sandbox outbox", &[1]),
            ("sandbox calls", &[1]),
            ("sandbox accept wait@acme.example", &[1]),
        ] {
            let said = world.run(line);
            assert!(codes.contains(&said.code), "{what}: `{line}` is {}\n{}", said.code, said.both());
            assert!(said.both().contains("live.db"), "{what}: `{line}` does not name the file: {}", said.both());
            assert!(fs::read(&path).expect("bytes") == *bytes, "{what}: `{line}` changed the file");
            assert_eq!(fs::read_dir(world.path().join("data")).expect("a folder").count(), 1, "{what}: `{line}` left something beside it");
        }
        let json = world.run("plan --format json").expect(7).json();
        assert_eq!(json["accounts"][0]["changes"], serde_json::json!([]));
    }
}

/// Runs it, and fails where it hangs. What hangs is ended.
#[track_caller]
fn ends(world: &World, line: &str) -> (i32, String) {
    let mut command = world.command();
    command.args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    let id = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(output) => {
            let output = output.expect("it ends");
            let text = [output.stdout, output.stderr].concat();
            (output.status.code().expect("it exits"), String::from_utf8(text).expect("text"))
        }
        Err(_) => {
            let _ = Command::new("kill").arg(id).status();
            panic!("`{line}` hangs");
        }
    }
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
    assert!(path.metadata().expect("it is there").file_type().is_fifo());
}

#[test]
fn links_that_leave_the_folder_are_refused() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret.yaml"), "people:\n  mallory: { email: canary@evil.example }\n").expect("a file");
    for (target, name) in
        [(outside.path().join("secret.yaml"), "link.yaml"), (outside.path().to_owned(), "linked"), ("/etc/passwd".into(), "pw.yml")]
    {
        let world = loaded();
        symlink(&target, world.path().join(name)).expect("a link");
        for line in ["validate", "plan", "apply --auto-approve", "validate --format json"] {
            let said = world.run(line).expect(1);
            assert!(said.both().contains(name), "`{line}`: {}", said.both());
            assert!(
                !said.both().contains("canary") && !said.both().contains("root:"),
                "`{line}` shows what stands outside: {}",
                said.both()
            );
        }
    }
    // One that stays inside is a file of the folder.
    let world = loaded();
    world.write("sub/.hidden/people.yaml", "people:\n  ann: { email: ann@acme.example, name: Ann }\n");
    symlink(".hidden/people.yaml", world.path().join("sub/people.yaml")).expect("a link");
    assert!(world.run("validate").expect(0).out.contains("1 person"));
}

#[test]
fn pipes_and_devices_are_refused_without_waiting_for_them() {
    let world = loaded();
    fifo(&world.path().join("pipe.yaml"));
    for line in ["validate", "plan", "apply --auto-approve"] {
        let (code, said) = ends(&world, line);
        assert!(code == 1 && said.contains("pipe.yaml"), "`{line}` is {code}: {said}");
    }
    let world = loaded();
    symlink("/dev/zero", world.path().join("zero.yaml")).expect("a link");
    let (code, said) = ends(&world, "validate");
    assert!(code == 1 && said.contains("zero.yaml"), "{code}: {said}");

    // The sandbox's file, and what is loaded into it.
    let world = loaded();
    fs::remove_file(world.path().join("data/live.db")).expect("it was there");
    fifo(&world.path().join("data/live.db"));
    for (line, wanted) in [("plan", 7), ("apply --auto-approve", 7), ("sandbox calls", 1), ("sandbox load live.txt", 1)] {
        let (code, said) = ends(&world, line);
        assert!(code == wanted && said.contains("live.db"), "`{line}` is {code}: {said}");
    }
    let world = loaded();
    fifo(&world.path().join("live.pipe"));
    for live in ["live.pipe", "/dev/zero", "data"] {
        let (code, said) = ends(&world, &format!("sandbox load {live}"));
        assert!(code == 1 && said.contains(live), "{live} is {code}: {said}");
    }
    // The folder itself.
    for folder in ["live.pipe", "/dev/zero"] {
        let (code, said) = ends(&world, &format!("plan {folder}"));
        assert!(code == 1 && said.contains(folder), "{folder} is {code}: {said}");
    }
}

#[test]
fn a_refused_sandbox_is_not_read() {
    let world = loaded();
    for line in ["plan", "drift", "export", "apply --auto-approve"] {
        let said = world.run(&format!("{line} --forbid-sandbox")).expect(1);
        assert!(said.out.is_empty() && said.err.contains("--forbid-sandbox"), "{}", said.both());
    }
}

#[test]
fn everything_on_the_sandbox_says_so() {
    let world = loaded();
    for line in ["plan", "drift", "export", "apply --auto-approve", "sandbox outbox", "sandbox calls", "sandbox load live.txt"] {
        assert!(world.run(line).out.contains("SANDBOX"), "{line}");
    }
    for line in [
        "plan --format json",
        "drift --format json",
        "apply --auto-approve --format json",
        "sandbox calls --format json",
        "sandbox outbox --format json",
    ] {
        assert_eq!(world.run(line).json()["sandbox"], true, "{line}");
    }
    assert_eq!(world.run("export --format json").json()["accounts"][0]["sandbox"], true);
}
