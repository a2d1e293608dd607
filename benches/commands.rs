//! Whole commands as a user runs them: the program as a child process, its CPU seconds and peak
//! memory from the kernel, beside the yardstick of the same run: reading and parsing the same files
//! and nothing else. No verdicts; docs/performance.md says what was found.
//!
//! `cargo bench --bench commands` runs all worlds, `... -- steady-10k` one. `... -- write DIR` writes
//! them all to a folder, to be looked at or profiled.

#[cfg(unix)]
#[expect(dead_code, reason = "the other bench takes the rest")]
mod used;
#[cfg(unix)]
mod world;

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    unix::main()
}

/// Elsewhere nothing tells what a child has used.
#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};
    use std::{env, fs, io};

    use super::used::{Used, command, measured};
    use super::world::{ACCOUNT, Kind, SCOPES, World, Written};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

    /// Every world, and whether it is applied as well.
    const WORLDS: [(World, bool); 7] = [
        (World { name: "steady-10k", members: 10_000, kind: Kind::Changed(0) }, false),
        (World { name: "changed-10k", members: 10_000, kind: Kind::Changed(10) }, true),
        (World { name: "steady-100k", members: 100_000, kind: Kind::Changed(0) }, false),
        (World { name: "changed-100k", members: 100_000, kind: Kind::Changed(10) }, false),
        (World { name: "invites-1k", members: 1_000, kind: Kind::Empty }, true),
        (World { name: "invites-10k", members: 10_000, kind: Kind::Empty }, true),
        (World { name: "swap-10k", members: 20_000, kind: Kind::Swap }, false),
    ];

    pub fn main() -> io::Result<()> {
        let words: Vec<String> = env::args().skip(1).collect();
        let at = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("worlds");
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["--yardstick", folder] => {
                println!("{}", portcullis::manifest::count_nodes(Path::new(folder)));
                Ok(())
            }
            ["--measured", program, words @ ..] => measured(program, words),
            ["write", at] | ["write", at, "--bench"] | ["--bench", "write", at] => WORLDS.iter().try_for_each(|(world, _)| {
                let written = set_up(world, Path::new(at))?;
                println!("{}: {} bytes in {} files", written.folder.display(), written.bytes, written.files);
                Ok(())
            }),
            // `cargo bench` says so; `cargo test --all-targets` runs the program as well, and is no time to measure.
            words if words.contains(&"--bench") => all(&at, &words.iter().copied().filter(|w| *w != "--bench").collect::<Vec<_>>()),
            _ => Ok(()),
        }
    }

    fn all(at: &Path, filters: &[&str]) -> io::Result<()> {
        Used::head("");
        if filters.is_empty() || filters.contains(&"quickstart") {
            let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
            let parsing = Used::by(&env::current_exe()?, &["--yardstick".as_ref(), quickstart.as_os_str()], 21)?;
            parsing.row("quickstart: parsing alone", None);
            let validate = Used::by(Path::new(PROGRAM), &["validate".as_ref(), quickstart.as_os_str()], 21)?;
            validate.row("quickstart: validate", Some(parsing));
        }
        for (world, applied) in WORLDS.iter().filter(|(w, _)| filters.is_empty() || filters.contains(&w.name)) {
            one(world, *applied, at)?;
        }
        Ok(())
    }

    fn one(world: &World, applied: bool, at: &Path) -> io::Result<()> {
        let written = set_up(world, at)?;
        let folder = written.folder.as_os_str();
        let runs = if world.members > 50_000 { 3 } else { 5 };
        let grants = world.members * if world.kind == Kind::Swap { 1 } else { SCOPES };
        println!(
            "{}: {} members, {grants} grants; {} kB of manifests in {} files, {} kB of LIVE.yaml",
            world.name,
            world.members,
            written.bytes / 1000,
            written.files,
            fs::metadata(&written.live)?.len() / 1000
        );
        let parsing = Used::by(&env::current_exe()?, &["--yardstick".as_ref(), folder], runs)?;
        parsing.row("  parsing alone", None);
        let commands: [&[&str]; 6] =
            [&["validate"], &["plan"], &["plan", "--format", "json"], &["drift"], &["export", "--format", "json"], &["sandbox", "load"]];
        for words in commands {
            let mut words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
            let name = words.join(OsStr::new(" ")).to_string_lossy().into_owned();
            if name == "sandbox load" {
                words.push(written.live.as_os_str());
            }
            words.push(folder);
            Used::by(Path::new(PROGRAM), &words, runs)?.row(&format!("  {name}"), Some(parsing));
        }
        if applied {
            let words = ["apply".as_ref(), "--auto-approve".as_ref(), folder];
            Used::by(Path::new(PROGRAM), &words, 1)?.row("  apply", Some(parsing));
        }
        Ok(())
    }

    /// The manifests and the embedded account.
    fn set_up(world: &World, at: &Path) -> io::Result<Written> {
        let written = world.write(at)?;
        // An audit log of another run would be read by this one.
        match fs::remove_dir_all(written.folder.join(".portcullis")) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            Ok(()) | Err(_) => {}
        }
        let words = [OsStr::new("sandbox"), OsStr::new("load"), written.live.as_os_str(), written.folder.as_os_str()];
        let loaded = command(Path::new(PROGRAM), &words).output()?;
        if !loaded.status.success() {
            let said: String = String::from_utf8_lossy(&loaded.stderr).chars().take(1000).collect();
            return Err(io::Error::other(format!("{ACCOUNT} of {} cannot be loaded: {said}", world.name)));
        }
        Ok(written)
    }
}
