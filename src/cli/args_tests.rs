use super::super::{Stop, parse};
use super::*;

fn ok(line: &str) -> Args {
    match parse(std::iter::once("portcullis").chain(line.split_whitespace())) {
        Ok(args) => args,
        Err(stop) => panic!("{line}: {stop:?}"),
    }
}
fn stop(line: &str) -> Stop {
    match parse(std::iter::once("portcullis").chain(line.split_whitespace())) {
        Ok(args) => panic!("{line}: {args:?}"),
        Err(stop) => stop,
    }
}

#[test]
fn the_flags_hold_together() {
    use clap::CommandFactory as _;
    Args::command().debug_assert();
}

#[test]
fn the_folder_is_the_positional_or_the_flag_or_here() {
    assert_eq!(ok("plan").dir(), Path::new("."));
    assert_eq!(ok("plan examples/quickstart").dir(), Path::new("examples/quickstart"));
    assert_eq!(ok("-C x validate --strict").dir(), Path::new("x"));
    assert_eq!(ok("export --dir x").dir(), Path::new("x"));
    assert_eq!(ok("sandbox accept a@b.example --account news x").dir(), Path::new("x"));
    assert_eq!(ok("sandbox outbox --format json x").dir(), Path::new("x"));
    assert!(matches!(stop("plan x -C y"), Stop::Usage(_)), "two folders");
}

#[test]
fn what_the_contract_writes_is_read() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let plan = ok("plan --format json --at 2026-11-26 --account news --account m* --runbook r.md");
    assert_eq!((plan.global.format, plan.global.account.len()), (Format::Json, 2));
    assert!(matches!(&plan.command, Command::Plan(p) if p.day == Some(jiff::civil::date(2026, 11, 26)) && p.runbook.is_some()));
    let apply = ok(&format!("apply --auto-approve --unreviewed --format json --allow removals=1@{digest} --digest {digest}"));
    assert!(matches!(&apply.command, Command::Apply(a) if a.approve.auto_approve && a.approve.unreviewed && a.approve.allow[0].count == 1));
    let edit = ok("sandbox edit k@a.example --account news --set role=full --set subaccounts=emea,us");
    assert_eq!(edit.global.account, ["news"]);
    let Command::Sandbox { command: SandboxCommand::Edit { on, set } } = &edit.command else { panic!() };
    assert_eq!((&*on.email, set[1].list()), ("k@a.example", vec!["emea", "us"]));
    let global = ok("--color never -vv --log portcullis=debug --log-format json --trust-head --forbid-sandbox drift");
    assert!(global.global.trust_head && global.global.forbid_sandbox && global.global.verbose == 2);
    let export = ok("export --format csv --phase active --phase locked --level group");
    assert!(matches!(&export.command, Command::Export(e) if e.phase.len() == 2 && e.level == [ExportLevel::Group]));
    let expiring = ok("expiring x --within 2w --format ics");
    assert_eq!((expiring.global.format, expiring.dir()), (Format::Ics, Path::new("x")));
    assert!(matches!(&expiring.command, Command::Expiring(e) if e.within.hours(jiff::civil::date(2026, 11, 22)) == 14 * 24));
    for (within, hours) in [("", 720), (" --within 30d", 720), (" --within 36h", 36), (" --within 0d", 0)] {
        assert!(
            matches!(&ok(&format!("expiring{within}")).command, Command::Expiring(e) if e.within.hours(jiff::civil::date(2026, 11, 22)) == hours),
            "{within}"
        );
    }
    assert!(matches!(ok("schema plan").command, Command::Schema(SchemaArgs { name: Some(n) }) if n == "plan"));
    assert!(matches!(ok("sandbox load live.txt").command, Command::Sandbox { command: SandboxCommand::Load { .. } }));
    for line in ["sandbox decline a@b.example", "sandbox lock a@b.example", "sandbox remove a@b.example", "sandbox calls", "-q plan"] {
        ok(line);
    }
}

#[test]
fn wrong_usage_exits_1_and_never_2() {
    for line in [
        "",
        "frobnicate",
        "plan --frob",
        "plan --at tomorrow",
        "plan --format yaml",
        "plan a b",
        "expiring --within 30",
        "expiring --within 1x",
        "apply --allow removals=1",
        "sandbox",
    ] {
        let stop = stop(line);
        assert!(matches!(stop, Stop::Usage(_)), "{line}: {stop:?}");
        assert_eq!(stop.exit_code(), 1, "{line}");
    }
    for line in ["--help", "plan --help", "--version", "help", "sandbox --help"] {
        assert_eq!(stop(line).exit_code(), 0, "{line}");
    }
}

#[test]
fn what_is_not_built_is_known_and_refused() {
    for line in [
        "import news --check",
        "review --since 2026-01-01",
        "plan --base HEAD~1",
        "plan --applied x",
        "drift --trusted main",
        "apply --base x",
        "export --format markdown",
        "explain insider --format github",
        "sandbox calls --format github",
        "plan --format gitlab",
        "drift --format html",
        "validate --format sarif",
        "validate --format junit",
        "plan --format csv",
        "plan --format ics",
        "expiring --format csv",
    ] {
        let stop = stop(line);
        assert_eq!(stop.exit_code(), 1, "{line}");
        let Stop::NotYet(what) = stop else { panic!("{line}: {stop:?}") };
        assert!(what.to_string().contains("not supported yet"), "{line}: {what}");
    }
}

#[test]
fn help_shows_what_is_built_and_nothing_else() {
    let Stop::Shown(help) = stop("--help") else { panic!() };
    let help = help.to_string();
    for word in [
        "validate",
        "plan",
        "apply",
        "drift",
        "export",
        "expiring",
        "who",
        "explain",
        "completions",
        "man",
        "schema",
        "sandbox",
        "--account",
        "--forbid-sandbox",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} in {help}");
    }
    for word in ["review", "import"] {
        assert!(!help.contains(&format!("\n  {word}")), "{word} in {help}");
    }
    let Stop::Shown(help) = stop("plan --help") else { panic!() };
    assert!(help.to_string().contains("--runbook") && !help.to_string().contains("--base"), "{help}");
}
