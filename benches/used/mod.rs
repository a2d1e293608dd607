//! What a child process used: CPU seconds and peak memory, as the kernel accounts for it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, io};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::world::NOW;

/// A program as it is run, at the clock of every world.
pub fn command(program: &Path, words: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(words).env("PORTCULLIS_NOW", NOW).stdin(Stdio::null());
    command
}

/// What one run used.
#[derive(Clone, Copy)]
pub struct Used {
    pub micros: i64,
    pub peak_kb: i64,
    pub out_bytes: i64,
    /// How it ended.
    pub code: i64,
}

impl Used {
    /// The median of several runs, with the greatest peak.
    pub fn by(program: &Path, words: &[&OsStr], runs: usize) -> io::Result<Self> {
        let all = Self::all(&command(program, words), runs)?;
        Ok(Self { peak_kb: all.iter().map(|u| u.peak_kb).max().unwrap_or(0), ..all[all.len() / 2] })
    }

    /// Each of several runs, the cheapest first. Each has a small process of its own around it: the kernel
    /// tells of all children together, and counts what a fork shares with a large parent as the child's.
    pub fn all(of: &Command, runs: usize) -> io::Result<Vec<Self>> {
        let mut all = Vec::with_capacity(runs);
        for _ in 0..runs {
            let mut around = Command::new(env::current_exe()?);
            around.arg("--measured").arg(of.get_program()).args(of.get_args()).stdin(Stdio::null());
            for (name, value) in of.get_envs() {
                match value {
                    Some(value) => around.env(name, value),
                    None => around.env_remove(name),
                };
            }
            let output = around.output()?;
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let numbers: Vec<i64> = told.split_whitespace().filter_map(|n| n.parse().ok()).collect();
            let [micros, peak_kb, out_bytes, code] = numbers[..] else {
                let words: Vec<OsString> = of.get_args().map(OsStr::to_owned).collect();
                let why: String = String::from_utf8_lossy(&output.stderr).chars().take(1000).collect();
                return Err(io::Error::other(format!("{:?} {words:?} failed: {told}{why}", of.get_program())));
            };
            all.push(Self { micros, peak_kb, out_bytes, code });
        }
        all.sort_by_key(|u| u.micros);
        Ok(all)
    }

    /// The cheapest run of each of these: in rounds, so that whoever else is at work disturbs all alike.
    pub fn least_of_each<const N: usize>(commands: &[Command; N], rounds: usize) -> io::Result<[Self; N]> {
        let mut least: [Option<Self>; N] = [None; N];
        for _ in 0..rounds {
            for (command, least) in commands.iter().zip(&mut least) {
                let now = Self::all(command, 1)?[0];
                let peak_kb = least.map_or(0, |l| l.peak_kb).max(now.peak_kb);
                let micros = least.map_or(now.micros, |l| l.micros.min(now.micros));
                *least = Some(Self { micros, peak_kb, ..now });
            }
        }
        Ok(least.map(|l| l.expect("each was run")))
    }

    pub fn seconds(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// What the columns of [`Used::row`] are.
    pub fn head(name: &str) {
        println!("{name:<46} {:>7} {:>8} {:>8} {:>4} {:>7} {:>7}", "CPU s", "peak MB", "out kB", "exit", "x CPU", "x mem");
    }

    pub fn row(self, name: &str, yardstick: Option<Self>) {
        let Self { peak_kb, out_bytes, code, .. } = self;
        print!("{name:<46} {:>7.3} {:>8.1} {:>8} {code:>4}", self.seconds(), peak_kb as f64 / 1e3 * 1.024, out_bytes / 1000);
        match yardstick {
            Some(by) => println!(" {:>7.2} {:>7.2}", self.seconds() / by.seconds(), peak_kb as f64 / by.peak_kb as f64),
            None => println!(),
        }
    }
}

/// Runs one child and tells what it used: microseconds, kB, the bytes that it printed, and its exit code.
pub fn measured(program: &str, words: &[&str]) -> io::Result<()> {
    let mut child = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    let printed = child.stdout.take().map_or(Ok(0), |mut out| io::copy(&mut out, &mut io::sink()))?;
    let code = child.wait()?.code();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    match code {
        // Wrong usage and wrong manifests are 1; every other code is an answer.
        Some(code) if code != 1 => {
            let micros = used.user_time().num_microseconds() + used.system_time().num_microseconds();
            println!("{micros} {} {printed} {code}", used.max_rss());
            Ok(())
        }
        other => Err(io::Error::other(format!("exit code {other:?}"))),
    }
}
