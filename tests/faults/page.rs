//! docs/faults.md, from what was seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::table::{ROWS, Side};
use super::{CASES, Seen};

/// One fault on one system: with idempotency keys and, for writes, without.
pub struct Line {
    pub system: &'static str,
    pub ways: Vec<Option<Seen>>,
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");

const HEAD: &str = "# What happens when a server goes wrong

Written by `tests/faults`, which has the sandbox's server (docs/bridge.md) go wrong in each of these ways, on
each of the five systems: one person is to be invited, one to get more, and one to be removed, of eight
who stand on four pages (of what strikes one write once, the invitation alone). Of each it proves:

- on a bad reading nothing is planned, and nothing is written
- exit code 0 is only where all was done
- the next run, without the fault, brings the account to where the first would have, with the journal's
  and the server's word and no other memory
- nobody is written to twice
- the fault has fired

The codes are exit codes (`explain exit codes`): of `plan` where the reading is struck, then of the `apply` that it
strikes, and of the next `apply`. Where the systems differ, each difference has its line.
";

pub fn write(rows: &[(usize, Line)]) -> String {
    let mut out = HEAD.to_owned();
    for (side, title, columns) in [
        (Side::Reading, "Readings", "| fault | plan | apply | next apply |\n|---|---|---|---|"),
        (
            Side::Writing,
            "Writes",
            "| fault | apply, where the bridge keeps keys | apply, where it does not | next apply |\n|---|---|---|---|",
        ),
    ] {
        let _ = write!(out, "\n## {title}\n\n{columns}\n");
        for (i, row) in ROWS.iter().enumerate().filter(|(_, row)| row.side == side) {
            let mut by_cells: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for case in &CASES {
                let line =
                    rows.iter().find(|(at, line)| *at == i && line.system == case.system).map(|(_, line)| line).expect("it was tried");
                by_cells.entry(cells(line, side)).or_default().push(case.system);
            }
            let all = by_cells.len() == 1;
            for (cells, systems) in by_cells {
                let of = if all { String::new() } else { format!(" ({})", systems.join(", ")) };
                let _ = writeln!(out, "| {}{of} | {cells} |", row.name);
            }
        }
    }
    out
}

fn cells(line: &Line, side: Side) -> String {
    let one = |seen: &Option<Seen>| match seen {
        None => "has none".to_owned(),
        Some(seen) if seen.results.is_empty() => seen.apply.to_string(),
        Some(seen) => format!("{}: {}", seen.apply, seen.results.join(", ")),
    };
    let again = |seen: &Option<Seen>| seen.as_ref().map_or("".to_owned(), |seen| seen.again.to_string());
    match side {
        Side::Reading => {
            let seen = &line.ways[0];
            let plan = seen.as_ref().and_then(|seen| seen.plan).map_or(String::new(), |plan| plan.to_string());
            format!("{plan} | {} | {}", one(seen), again(seen))
        }
        Side::Writing => {
            let next: Vec<String> = line.ways.iter().map(again).collect();
            let next = if next[0] == next[1] { next[0].clone() } else { next.join(", ") };
            format!("{} | {} | {next}", one(&line.ways[0]), one(&line.ways[1]))
        }
    }
}

#[track_caller]
pub fn is_fresh(text: &str) {
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        std::fs::write(PATH, text).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(kept == text, "docs/faults.md is stale: PORTCULLIS_BLESS=1 writes it\n{text}");
}
