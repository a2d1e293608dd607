//! Whole commands as a user runs them: the program as a child process, its CPU seconds and peak
//! memory from the kernel, beside the yardstick of the same run: reading and parsing the same files
//! and nothing else. No verdicts; docs/performance.md says what was found.
//!
//! `cargo bench --bench commands` runs all worlds, `... -- steady-10k` one. `... -- write DIR` writes
//! them all to a folder, to be looked at or profiled.

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
    use std::process::{Command, Stdio};
    use std::{env, fs, io};

    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    use super::world::{ACCOUNT, Kind, NOW, SCOPES, World, Written};

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
        println!("{:<46} {:>7} {:>8} {:>8} {:>7} {:>7}", "", "CPU s", "peak MB", "out kB", "x CPU", "x mem");
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
        let words = [OsStr::new("sandbox"), OsStr::new("load"), written.live.as_os_str(), written.folder.as_os_str()];
        let loaded = command(Path::new(PROGRAM), &words).output()?;
        if !loaded.status.success() {
            let said: String = String::from_utf8_lossy(&loaded.stderr).chars().take(1000).collect();
            return Err(io::Error::other(format!("{ACCOUNT} of {} cannot be loaded: {said}", world.name)));
        }
        Ok(written)
    }

    fn command(program: &Path, words: &[&OsStr]) -> Command {
        let mut command = Command::new(program);
        command.args(words).env("PORTCULLIS_NOW", NOW).stdin(Stdio::null());
        command
    }

    /// What one run used: the median of several.
    #[derive(Clone, Copy)]
    struct Used {
        micros: i64,
        peak_kb: i64,
        out_bytes: u64,
    }

    impl Used {
        /// Each run has a small process of its own around it: the kernel tells of all children
        /// together, and counts what a fork shares with a large parent as the child's.
        fn by(program: &Path, words: &[&OsStr], runs: usize) -> io::Result<Self> {
            let mut all = Vec::with_capacity(runs);
            for _ in 0..runs {
                let around: Vec<&OsStr> = ["--measured".as_ref(), program.as_os_str()].into_iter().chain(words.iter().copied()).collect();
                let told = command(&env::current_exe()?, &around).output()?;
                let told = String::from_utf8_lossy(&told.stdout).into_owned();
                let numbers: Vec<i64> = told.split_whitespace().filter_map(|n| n.parse().ok()).collect();
                let [micros, peak_kb, out] = numbers[..] else {
                    return Err(io::Error::other(format!("{program:?} {words:?} failed: {told}")));
                };
                all.push(Self { micros, peak_kb, out_bytes: u64::try_from(out).unwrap_or(0) });
            }
            all.sort_by_key(|u| u.micros);
            let peak_kb = all.iter().map(|u| u.peak_kb).max().unwrap_or(0);
            Ok(Self { peak_kb, ..all[all.len() / 2] })
        }

        fn row(self, name: &str, yardstick: Option<Self>) {
            let seconds = |u: Self| u.micros as f64 / 1e6;
            print!("{name:<46} {:>7.3} {:>8.1} {:>8}", seconds(self), self.peak_kb as f64 / 1e3 * 1.024, self.out_bytes / 1000);
            match yardstick {
                Some(by) => println!(" {:>7.1} {:>7.1}", seconds(self) / seconds(by), self.peak_kb as f64 / by.peak_kb as f64),
                None => println!(),
            }
        }
    }

    /// Runs one child and tells what it used: microseconds, kB, and the bytes that it printed.
    fn measured(program: &str, words: &[&str]) -> io::Result<()> {
        let mut child = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let printed = child.stdout.take().map_or(Ok(0), |mut out| io::copy(&mut out, &mut io::sink()))?;
        let code = child.wait()?.code();
        let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        match code {
            // Wrong usage and wrong manifests are 1; every other code is an answer.
            Some(code) if code != 1 => {
                println!("{} {} {printed}", used.user_time().num_microseconds() + used.system_time().num_microseconds(), used.max_rss());
                Ok(())
            }
            other => Err(io::Error::other(format!("exit code {other:?}"))),
        }
    }
}
