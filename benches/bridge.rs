//! Accounts behind a bridge: the program as a child process against `sandbox serve` in another. Each figure
//! stands beside a yardstick of the same run: reading, beside a plain reader of the same pages and the
//! parsing of the same manifests; writing, beside calls × latency / concurrency and a plain writer; under a
//! limit, beside what the limit allows. No verdicts; docs/performance.md says what was found.
//!
//! `cargo bench --bench bridge` runs all parts; `... -- reading`, `writing`, `limited` one of them.

#[cfg(unix)]
#[expect(dead_code, reason = "the other bench takes the rest")]
mod used;
#[cfg(unix)]
#[expect(dead_code, reason = "the other bench takes the rest")]
mod world;

#[cfg(unix)]
mod gate;
#[cfg(unix)]
mod plain;

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
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};
    use std::{env, fs, io};

    use serde_json::Value as Json;

    use super::gate::{Gate, Limit, Rules, Seen};
    use super::plain;
    use super::used::{Used, command, measured};
    use super::world::{ACCOUNT, Kind, World};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
    const TOKEN: &str = "for-benches-alone";
    const VARIABLE: &str = "PORTCULLIS_TOKEN_NEWSLETTER";
    /// Writes in flight at once (`apply/execute.rs`).
    const AT_ONCE: usize = 8;
    /// How often each is run, one after the other, so that all of them meet the same neighbours.
    const ROUNDS: usize = 25;
    const LATENCY: Duration = Duration::from_millis(20);

    const READING: World = World { name: "bridge-10k", members: 10_000, kind: Kind::Changed(0) };
    const WRITING: World = World { name: "bridge-1k", members: 1_000, kind: Kind::Empty };

    pub fn main() -> io::Result<()> {
        let words: Vec<String> = env::args().skip(1).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["--yardstick", folder] => {
                println!("{}", portcullis::manifest::count_nodes(Path::new(folder)));
                Ok(())
            }
            ["--reader", how, endpoint] => plain::read(endpoint, TOKEN, *how == "json"),
            ["--measured", program, words @ ..] => measured(program, words),
            // `cargo test --all-targets` runs the program as well, and is no time to measure.
            words if words.contains(&"--bench") => {
                let at = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bridges");
                let is_asked = |part| words.iter().all(|w| w.starts_with("--")) || words.contains(&part);
                println!("load: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
                if is_asked("reading") {
                    reading(&at)?;
                }
                if is_asked("writing") {
                    writing(&at)?;
                }
                if is_asked("limited") {
                    limited(&at)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Nothing to do: what `plan` and `drift` cost.
    fn reading(at: &Path) -> io::Result<()> {
        let live = Live::start(&READING, at, true)?;
        let folder = live.reached_at(&live.endpoint)?;
        Used::head(READING.name);
        let this = env::current_exe()?;
        let mut plan = program(&["plan".as_ref(), folder.as_os_str()]);
        plan.env_remove("XDG_CACHE_HOME").env_remove("HOME");
        let mut validate = program(&["validate".as_ref(), folder.as_os_str()]);
        validate.env_remove("XDG_CACHE_HOME").env_remove("HOME");
        let commands = [
            command(&this, &["--yardstick".as_ref(), folder.as_os_str()]),
            command(&this, &["--reader".as_ref(), "bytes".as_ref(), live.endpoint.as_ref()]),
            command(&this, &["--reader".as_ref(), "json".as_ref(), live.endpoint.as_ref()]),
            plan,
            validate,
        ];
        let [parsing, bytes, reader, uncached, checked] = Used::least_of_each(&commands, ROUNDS)?;
        parsing.row("  parsing the manifests", None);
        bytes.row("  plain reader, bytes", None);
        reader.row("  plain reader, JSON values", None);
        let both = Used { micros: parsing.micros + reader.micros, peak_kb: parsing.peak_kb.max(reader.peak_kb), ..parsing };
        both.row("  parsing + plain reader", None);
        checked.row("  validate", Some(parsing));
        uncached.row("  plan, nothing kept", Some(both));
        let [.., plan, _] = &commands;
        let before = live.calls()?;
        Used::all(plan, 1)?;
        println!("  requests of one plan: {}", told(&before, &live.calls()?));

        let gate = Gate::start(&live.server, Rules { latency: Duration::ZERO, limit: None })?;
        let folder = live.reached_at(&live.through(&gate))?;
        let cache = at.join("cache");
        let mut drift = program(&["drift".as_ref(), folder.as_os_str()]);
        drift.env("XDG_CACHE_HOME", &cache);
        for run in ["first", "second"] {
            if run == "first" && cache.exists() {
                fs::remove_dir_all(&cache)?;
            }
            let used = Used::all(&drift, 1)?[0];
            used.row(&format!("  drift, {run}"), Some(both));
            println!("  answers: {:?}", gate.seen().answers);
        }
        let [kept] = Used::least_of_each(&[drift], ROUNDS)?;
        kept.row("  drift, what is kept is there", Some(both));
        Ok(())
    }

    /// A thousand invitations, each write of 20 ms.
    fn writing(at: &Path) -> io::Result<()> {
        println!("{}: {} ms a write, {AT_ONCE} at once", WRITING.name, LATENCY.as_millis());
        disk(at)?;
        let row = |name: &str, seen: &Seen, rest: String| {
            let (calls, latency) = (seen.times("POST", 200), seen.latency());
            let best = latency.as_secs_f64() * calls as f64 / AT_ONCE as f64;
            let wall = seen.writing().as_secs_f64();
            println!(
                "  {name:<24} {calls} calls of {latency:.1?} in {wall:.3} s: {:.3} x calls x latency / concurrency ({best:.3} s){rest}",
                wall / best
            );
        };
        for _ in 0..3 {
            let live = Live::start(&WRITING, at, false)?;
            let gate = Gate::start(&live.server, Rules { latency: LATENCY, limit: None })?;
            plain::write(&live.through(&gate), TOKEN, WRITING.members, AT_ONCE)?;
            row("plain writer", &gate.seen(), String::new());

            let live = Live::start(&WRITING, at, false)?;
            let gate = Gate::start(&live.server, Rules { latency: LATENCY, limit: None })?;
            let begun = Instant::now();
            let used = live.apply(&gate)?;
            let rest = format!("; {:.3} s in all, {:.3} s of CPU, exit {}", begun.elapsed().as_secs_f64(), used.seconds(), used.code);
            row("apply", &gate.seen(), rest);
        }
        Ok(())
    }

    /// The same under limits.
    fn limited(at: &Path) -> io::Result<()> {
        for (name, a_second, limit) in [
            ("a bucket of a second", 50.0, Limit::Bucket { holds: 50.0, a_second: 50.0 }),
            ("a bucket of a second", 100.0, Limit::Bucket { holds: 100.0, a_second: 100.0 }),
            ("seconds of the clock", 50.0, Limit::Window { a_second: 50.0 }),
            ("a bucket of a tenth", 50.0, Limit::Bucket { holds: 5.0, a_second: 50.0 }),
        ] {
            let live = Live::start(&WRITING, at, false)?;
            let gate = Gate::start(&live.server, Rules { latency: LATENCY, limit: Some(limit) })?;
            let used = live.apply(&gate)?;
            let seen = gate.seen();
            let (made, refused, wall) = (seen.times("POST", 200), seen.times("POST", 429), seen.writing().as_secs_f64());
            let rate = made as f64 / wall;
            println!(
                "  limit of {a_second} a second, {name}: {made} calls in {wall:.1} s, {rate:.1} a second: {:.0} % of the limit; {refused} refused; exit {}",
                100.0 * rate / a_second,
                used.code
            );
        }
        Ok(())
    }

    /// What a journal's line costs here.
    fn disk(at: &Path) -> io::Result<()> {
        let path = at.join("disk");
        let mut file = fs::File::create(&path)?;
        let mut all = Vec::new();
        for _ in 0..500 {
            file.write_all(&[b'x'; 160])?;
            let begun = Instant::now();
            file.sync_data()?;
            all.push(begun.elapsed());
        }
        all.sort();
        let mean = all.iter().sum::<Duration>() / 500;
        println!("  a line on the disk: median {:?}, mean {mean:?}, 95 of 100 within {:?}", all[250], all[475]);
        fs::remove_file(path)
    }

    fn program(words: &[&OsStr]) -> Command {
        let mut command = command(Path::new(PROGRAM), words);
        command.env(VARIABLE, TOKEN).env_remove("CI");
        command
    }

    /// An account in the sandbox, served.
    struct Live {
        server: String,
        endpoint: String,
        folder: PathBuf,
        child: Child,
    }

    impl Live {
        fn start(world: &World, at: &Path, simulated: bool) -> io::Result<Self> {
            let written = world.write(at)?;
            let folder = written.folder;
            let loaded = command(Path::new(PROGRAM), &["sandbox".as_ref(), "load".as_ref(), written.live.as_os_str(), folder.as_os_str()]);
            let loaded = { loaded }.output()?;
            if !loaded.status.success() {
                return Err(io::Error::other(String::from_utf8_lossy(&loaded.stderr).into_owned()));
            }
            let words: [&OsStr; 7] = ["sandbox", "serve", "--format", "json", "--stop-after", "900"]
                .map(OsStr::new)
                .into_iter()
                .chain([folder.as_os_str()])
                .collect::<Vec<_>>()
                .try_into()
                .map_err(|_| io::Error::other("words"))?;
            let mut serve = program(&words);
            if !simulated {
                serve.env_remove("PORTCULLIS_NOW");
            }
            let mut child = serve.stdout(Stdio::piped()).spawn()?;
            let mut out = BufReader::new(child.stdout.take().ok_or_else(|| io::Error::other("no output"))?);
            let mut text = String::new();
            while !text.ends_with("\n}\n") {
                if out.read_line(&mut text)? == 0 {
                    return Err(io::Error::other(format!("it does not serve: {text}")));
                }
            }
            let said: Json = serde_json::from_str(&text)?;
            let word = |json: &Json| json.as_str().map(str::to_owned).ok_or_else(|| io::Error::other("another shape"));
            let server = format!("http://{}", word(&said["listen"])?);
            Ok(Self { server, endpoint: word(&said["accounts"][0]["endpoint"])?, folder, child })
        }

        fn through(&self, gate: &Gate) -> String {
            format!("http://{}/{ACCOUNT}", gate.addr())
        }

        /// The same manifests in a folder that reaches the account there.
        fn reached_at(&self, endpoint: &str) -> io::Result<PathBuf> {
            let over = self.folder.with_extension("over");
            if over.exists() {
                fs::remove_dir_all(&over)?;
            }
            copy(&self.folder, &over)?;
            let connections = over.join("connections.yaml");
            let text = fs::read_to_string(&connections)?;
            fs::write(connections, text.replace("backend: embedded", &format!("backend: bridge\n    endpoint: {endpoint}")))?;
            Ok(over)
        }

        fn apply(&self, gate: &Gate) -> io::Result<Used> {
            let folder = self.reached_at(&self.through(gate))?;
            let words = ["apply", "--auto-approve", "--unreviewed"].map(OsStr::new).into_iter().chain([folder.as_os_str()]);
            let mut apply = program(&words.collect::<Vec<_>>());
            // Who simulates a clock may not write.
            apply.env_remove("PORTCULLIS_NOW");
            Ok(Used::all(&apply, 1)?[0])
        }

        fn calls(&self) -> io::Result<Json> {
            plain::get(&format!("{}/_sandbox/calls", self.server), TOKEN)
        }
    }

    impl Drop for Live {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn copy(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            if path.is_dir() && entry.file_name() != ".portcullis" {
                copy(&path, &to)?;
            } else if path.is_file() {
                fs::copy(path, to)?;
            }
        }
        Ok(())
    }

    fn told(before: &Json, after: &Json) -> String {
        let times = |json: &Json, route: &str| {
            let all = json["requests"].as_array().into_iter().flatten();
            all.filter(|r| r["route"] == route).filter_map(|r| r["times"].as_u64()).sum::<u64>()
        };
        let one = |route: &str| format!("{route} {}", times(after, route) - times(before, route));
        ["capabilities", "members", "account", "calls"].map(one).join(", ")
    }
}
