//! The formats with a limit of length: what they say, what they never do, and where they cut.

use std::path::Path;

use proptest::prelude::*;
use snapbox::{IntoData as _, assert_data_eq, str};

use super::notes::{MOST, Notes};
use super::{ApplyView, Kind, PlanView, github, markdown, samples};
use crate::apply::{Applied, ChangeResult, LinksApplied, ResultWord, Swept};
use crate::model::Action;
use crate::plan::sample::{account, attrs, blocked, change, member, one, place, plan, text, verdict};
use crate::plan::{Plan, Report};

fn notes(plan: &Plan) -> Notes {
    Notes::of_plan(&PlanView::of(plan, Kind::Plan), Some(" examples/quickstart"))
}

fn as_markdown(notes: &Notes) -> String {
    let mut out = Vec::new();
    markdown::write(&mut out, notes).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_github(notes: &Notes) -> String {
    let mut out = Vec::new();
    github::write(&mut out, notes, Path::new("./infra,x")).unwrap();
    String::from_utf8(out).unwrap()
}

/// What is looked at where a character between makes no difference.
fn plain(text: &str) -> String {
    text.replace('\u{200b}', "")
}

#[test]
fn a_plan_without_changes_says_nothing_to_do() {
    assert_data_eq!(
        plain(&as_markdown(&notes(&samples::nothing()))),
        str![[r#"
## portcullis plan: nothing to do; 0 blocked, 0 by hand

**news \(emma-hq on embedded\) SANDBOX: 12 members read, proof: snapshot; nothing to do**

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest `sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`

"#]]
        .raw()
    );
    assert_data_eq!(as_github(&notes(&samples::nothing())), str![[r#"
::notice title=portcullis::plan: nothing to do; 0 blocked, 0 by hand%0Aportcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
::group::news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot; nothing to do
::endgroup::

"#]].raw());
}

#[test]
fn markdown_shows_what_stops_removals_and_administrators_first() {
    assert_data_eq!(plain(&as_markdown(&notes(&samples::full()))), str![[r###"
## portcullis plan: 1 allow-domain, 2 invite, 1 edit, 1 remove; 4 stopped by guards; 1 blocked, 1 by hand

### To be read first

**news \(emma-hq on embedded\) SANDBOX: 12 members read, proof: snapshot**

- **stopped by guard** `removals` 1, the limit is 0 \(set at guards.yaml:2:3\)
  - old@acme.example
  - to lift it for this plan: `--allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`
- **invite** `root@acme.example` widens, comes to administer
  - role         manager
  - privileges   \(none\)
  - subaccounts  emea
  - after: news/invite/kim@agency.example
  - api: invite; the system mails them \[cccccccccccc\]
- **remove** `old@acme.example` narrows
  - role  full
  - api: remove \[cccccccccccc\]

### Everything else

**news \(emma-hq on embedded\) SANDBOX: 12 members read, proof: snapshot**

- **role-spreads** `ada@acme.example` 2026\-12-04: editor on emea, for which no entry asked it \(accounts/newsletter.yaml:12:9\)
- **invite** `kim@agency.example` widens
  - name         Kim \\u\{202e\}Lee
  - role         author
  - subaccounts  "EMEA North", emea
  - end          2026-12-05
  - Launch, TICKET-40 \(accounts/newsletter.yaml:17:9\)
  - api: invite; the system mails them \[cccccccccccc\]
- **edit** `ada@acme.example` both widens and narrows
  - role         author -&gt; editor
  - subaccounts  +apac -us \(keeps emea\)
  - accounts/newsletter.yaml:12:9
  - cause: expiry \(role undetermined, subaccounts expiry\)
  - note: overrides author \(emea-marketing\)
  - api: set-subaccounts, then set-role \[cccccccccccc\]
  - by hand: set-role

**ins \(insider on scim\): 3 members read, proof: snapshot**

- **allow-domain** `acme.example` widens
  - api: allow-domain \[cccccccccccc\]

**news \(emma-hq on embedded\) SANDBOX: 12 members read, proof: snapshot**

- **edit** `far@acme.example` blocked: actor-lacks-subaccount; needs a parent, or a manager of apac \(accept-blocked\)
  - role         author
  - subaccounts  +apac \(keeps emea\)
  - CRM-7 \(accounts/newsletter.yaml:20:9\)
- **unmanaged-member** `bob@acme.example` is a member and no manifest lists them

- hint: a guard stops its account, not the others; where all of this is meant: `portcullis apply examples/quickstart --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`
- hint: to make those of the other accounts alone: `portcullis apply examples/quickstart --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`
- hint: some steps are made by hand: `portcullis plan examples/quickstart --runbook FILE.md` writes them down
- hint: what it means, and what to do: `portcullis explain removals`

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest `sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`

"###]].raw());
}

#[test]
fn annotations_stand_at_the_lines_that_ask() {
    assert_data_eq!(as_github(&notes(&samples::full())), str![[r#"
::notice title=portcullis::plan: 1 allow-domain, 2 invite, 1 edit, 1 remove; 4 stopped by guards; 1 blocked, 1 by hand%0Aportcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
::group::news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot
::error file=infra%2Cx/guards.yaml,line=2,col=3,title=stopped by guard removals::stopped by guard removals: 1, the limit is 0 (set at guards.yaml:2:3)%0Aold@acme.example%0Ato lift it for this plan: --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
::warning title=invite root@acme.example::invite root@acme.example: widens, comes to administer%0Arole         manager%0Aprivileges   (none)%0Asubaccounts  emea%0Aafter: news/invite/kim@agency.example%0Aapi: invite; the system mails them [cccccccccccc]
::warning title=remove old@acme.example::remove old@acme.example: narrows%0Arole  full%0Aapi: remove [cccccccccccc]
::warning file=infra%2Cx/accounts/newsletter.yaml,line=12,col=9,title=role-spreads ada@acme.example::role-spreads ada@acme.example: 2026-12-04: editor on emea, for which no entry asked it (accounts/newsletter.yaml:12:9)
::notice file=infra%2Cx/accounts/newsletter.yaml,line=17,col=9,title=invite kim@agency.example::invite kim@agency.example: widens%0Aname         Kim \u{202e}Lee%0Arole         author%0Asubaccounts  "EMEA North", emea%0Aend          2026-12-05%0ALaunch, TICKET-40 (accounts/newsletter.yaml:17:9)%0Aapi: invite; the system mails them [cccccccccccc]
::notice file=infra%2Cx/accounts/newsletter.yaml,line=12,col=9,title=edit ada@acme.example::edit ada@acme.example: both widens and narrows%0Arole         author -> editor%0Asubaccounts  +apac -us (keeps emea)%0Aaccounts/newsletter.yaml:12:9%0Acause: expiry (role undetermined, subaccounts expiry)%0Anote: overrides author (emea-marketing)%0Aapi: set-subaccounts, then set-role [cccccccccccc]%0Aby hand: set-role
::endgroup::
::group::ins (insider on scim): 3 members read, proof: snapshot
::notice title=allow-domain acme.example::allow-domain acme.example: widens%0Aapi: allow-domain [cccccccccccc]
::endgroup::
::group::news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot
::notice file=infra%2Cx/accounts/newsletter.yaml,line=20,col=9,title=edit far@acme.example::edit far@acme.example: blocked: actor-lacks-subaccount; needs a parent, or a manager of apac (accept-blocked)%0Arole         author%0Asubaccounts  +apac (keeps emea)%0ACRM-7 (accounts/newsletter.yaml:20:9)
::notice title=unmanaged-member bob@acme.example::unmanaged-member bob@acme.example: is a member and no manifest lists them
::endgroup::
hint: a guard stops its account, not the others; where all of this is meant: portcullis apply examples/quickstart --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
hint: to make those of the other accounts alone: portcullis apply examples/quickstart --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
hint: some steps are made by hand: portcullis plan examples/quickstart --runbook FILE.md writes them down
hint: what it means, and what to do: portcullis explain removals

"#]].raw());
}

fn applied(plan: Plan) -> Applied {
    let result = |at: usize, word, message: &str| ChangeResult {
        id: plan.accounts[0].changes[at].id.clone(),
        word,
        attempts: 1,
        message: message.into(),
        elsewhere: None,
    };
    Applied {
        results: vec![
            result(0, ResultWord::Applied, ""),
            result(1, ResultWord::Failed, "the server said \u{1b}[2J\n::error::no <b>@everyone</b>"),
        ],
        links: LinksApplied {
            waiting: 1,
            swept: vec![(
                "news".to_owned(),
                Swept {
                    waiting: 1,
                    removed: vec!["links/news/gone@acme.example.link".into()],
                    kept: vec![("links/news/old@acme.example.link".into(), "Permission denied".to_owned())],
                },
            )],
        },
        blocked: Vec::new(),
        left: vec![plan.accounts[0].changes[1].clone()],
        manual: Vec::new(),
        audit: None,
        unread: vec![("ins".to_owned(), vec!["503 after 3 tries".to_owned()])],
        lifts: Default::default(),
        plan,
    }
}

#[test]
fn an_apply_tells_first_what_went_wrong() {
    let notes = Notes::of_apply(&ApplyView::of(&applied(samples::full())), "", None);
    assert_data_eq!(
        plain(&as_markdown(&notes)),
        str![[r#"
## portcullis apply: 1 applied, 1 failed; 4 stopped by guards; 1 left, 0 blocked, 0 by hand

### To be read first

**news \(emma-hq on embedded\) SANDBOX**

- **stopped by guard** `removals` 1, the limit is 0 \(set at guards.yaml:2:3\)
  - old@acme.example
  - to lift it for this plan: `--allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`

**ins \(insider on scim\)**

- **not read back**: 503 after 3 tries

**news \(emma-hq on embedded\) SANDBOX**

- **failed** `news/invite/root@acme.example` \(1 call\): the server said \\u\{1b\}\[2J\\u\{a\}::error::no &lt;b&gt;@everyone&lt;/b&gt;

### Everything else

**news \(emma-hq on embedded\) SANDBOX**

- **link not removed** `links/news/old@acme.example.link` of somebody who is not invited any more: Permission denied
- **left: invite** `root@acme.example` widens, comes to administer
  - role         manager
  - privileges   \(none\)
  - subaccounts  emea
  - after: news/invite/kim@agency.example
  - api: invite; the system mails them \[cccccccccccc\]
- **applied** `news/invite/kim@agency.example` \(1 call\)
- **link removed** `links/news/gone@acme.example.link` of somebody who is not invited any more

- hint: 1 hand-over link waits in the connection's links directory
- hint: `portcullis plan` shows what is still to do
- hint: what it means, and what to do: `portcullis explain removals`

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest `sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd`

"#]]
        .raw()
    );
    let annotated = as_github(&notes);
    assert!(annotated.contains("::error title=failed news/invite/root@acme.example::"), "{annotated}");
    assert!(annotated.contains("::notice title=applied news/invite/kim@agency.example::"), "{annotated}");
    harmless(&as_markdown(&notes), &annotated);
}

#[test]
fn mistakes_are_annotated_at_their_places() {
    let loaded = crate::manifest::load_texts(
        [("a,b.yaml", "people:\n  ada: { email: ada@acme.example, nam: '100% @everyone <img src=x>' }\n")],
        "2026-11-22T09:00:00Z".parse().unwrap(),
    );
    let notes = Notes::of_diagnostics(&loaded.diagnostics, "");
    assert_data_eq!(as_github(&notes), str![[r#"
::notice title=portcullis::manifests: 1 error
::error file=infra%2Cx/a%2Cb.yaml,line=2,col=35,title=error[unknown-key] a%2Cb.yaml%3A2%3A35::error[unknown-key] a,b.yaml:2:35: unknown key `nam`%0Aexpected: one of accounts, email, family, given, leaves, name, previously, profiles%0Ahint: did you mean `name`?
hint: what it means, and what to do: portcullis explain unknown-key

"#]].raw());
    assert_data_eq!(
        plain(&as_markdown(&notes)),
        str![[r#"
## portcullis manifests: 1 error

### To be read first

- **error\[unknown-key\]** `a,b.yaml:2:35` unknown key \`nam\`
  - expected: one of accounts, email, family, given, leaves, name, previously, profiles
  - hint: did you mean \`name\`?

- hint: what it means, and what to do: `portcullis explain unknown-key`

"#]]
        .raw()
    );
    assert!(as_markdown(&Notes::of_diagnostics(&[], "")).contains("nothing is wrong"));
}

/// Flags and commands are there to be copied: no invisible character in them.
#[test]
fn commands_can_be_copied() {
    let shown = as_markdown(&notes(&samples::full()));
    let digest = crate::plan::sample::digest('d');
    assert!(shown.contains(&format!("`--allow news:removals=1@{digest}`")), "{shown}");
    assert!(shown.contains(&format!("`portcullis apply examples/quickstart --digest {digest}`")), "{shown}");
    assert!(shown.contains("`kim@agency.example`") && shown.contains("@\u{200b}"));
}

/// So many changes in each of two accounts: every third a removal, every hundredth a new administrator.
fn crowd(n: usize) -> Plan {
    let accounts = ["aaa", "zzz"].map(|name| {
        let mut many = account(name, "emma-hq", n);
        many.changes = (0..n)
            .map(|i| {
                let whom = member(&format!("u{i:05}@acme.example"));
                let full = || Some(attrs([("role", one("full")), ("name", text("U"))]));
                if i % 3 == 2 {
                    return change(name, Action::Remove, whom, full(), None);
                }
                let mut invite = change(name, Action::Invite, whom, None, full());
                invite.administers = i % 100 == 0;
                invite.place = Some(place("accounts/many.yaml", 1, 1));
                invite
            })
            .collect();
        let mut removals = verdict(name, "removals", 3, 1000);
        removals.who = (0..n).map(|i| format!("u{i:05}@acme.example")).collect();
        many.guards = vec![removals];
        many
    });
    plan(accounts.into())
}

#[test]
fn demand_13_a_long_plan_is_cut_between_changes_and_what_matters_stands_above() {
    for n in [100, 300, 5000] {
        let notes = notes(&crowd(n));
        for shown in [as_markdown(&notes), as_github(&notes)] {
            assert!(shown.len() < MOST && shown.chars().count() < 65_536, "{n}: {}", shown.len());
            // Both accounts' guards stand before any change, and changes that come first before others.
            let shown = plain(&shown);
            let at = |what: &str| [format!("**{what}** `"), format!("title={what} ")].iter().find_map(|w| shown.find(w));
            let guards = shown.rfind("stopped by guard").unwrap();
            let removal = at("remove").unwrap_or_else(|| panic!("{n}: {shown}"));
            assert!(guards < removal, "{n}");
            let other = shown.find("`u00001@acme.example`").or_else(|| shown.find("title=invite u00001@")).unwrap_or(usize::MAX);
            assert!(removal < other && (n > 300) == (other == usize::MAX), "{n}");
            assert!(shown.ends_with('\n'));
        }
    }
    let notes = notes(&crowd(5000));
    let shown = plain(&as_markdown(&notes));
    let items = shown.lines().filter(|l| l.starts_with("- **remove**") || l.starts_with("- **invite**")).count();
    assert!(items > 400, "the room is used: {items}");
    let left = 10_000 - items;
    let first = crowd(5000).changes().filter(|c| c.administers || c.action == Action::Remove).count();
    let left_first = first - items;
    let line = shown.lines().nth(2).unwrap();
    assert!(line.starts_with(&format!("**{left} of 10000 changes are left out here for length ({left_first} of them")), "{line}");
    assert!(line.ends_with("`portcullis plan examples/quickstart`"), "{line}");
    let annotated = as_github(&notes);
    assert!(annotated.lines().nth(1).unwrap().starts_with("::warning title=portcullis%3A left out::"), "{annotated}");
    assert_eq!(annotated.matches("::group::").count(), annotated.matches("::endgroup::").count());
    // Every line is whole: each item of the cut document stands in the uncut one.
    assert!(annotated.lines().all(|l| l.starts_with("::") || l.starts_with("hint: ")));
}

#[test]
fn a_plan_that_fits_is_whole() {
    let shown = as_markdown(&notes(&crowd(30)));
    assert!(!shown.contains("left out") && shown.matches("- **invite**").count() == 40, "{shown}");
}

#[test]
fn one_note_of_any_length_pushes_nothing_out() {
    let mut huge = account(&"n".repeat(100_000), "emma-hq", 3);
    let mut kim = change("n", Action::Invite, member("kim@acme.example"), None, Some(attrs([("name", text(&"@".repeat(100_000)))])));
    kim.reason = Some("<".repeat(100_000));
    let old = change("n", Action::Remove, member("old@acme.example"), Some(attrs([("role", one("full"))])), None);
    huge.changes = vec![kim, old];
    huge.reading.problems = vec!["p".repeat(100_000)];
    let plan = plan(vec![huge]);
    let view = PlanView::of(&plan, Kind::Drift);
    let notes = Notes::of_plan(&view, Some(&format!(" {}", "d".repeat(100_000))));
    for shown in [as_markdown(&notes), as_github(&notes)] {
        assert!(shown.len() < MOST, "{}", shown.len());
        for whom in ["kim@acme.example", "old@acme.example", "details are left out"] {
            assert!(plain(&shown).contains(whom), "{whom} in {shown}");
        }
    }
}

/// Nothing of it acts, in either form.
#[track_caller]
fn harmless(as_markdown: &str, as_github: &str) {
    let hides = |c: char| c != '\n' && c != '\u{200b}' && crate::model::is_unprintable(c);
    assert!(as_markdown.len() < MOST && as_github.len() < MOST);
    assert!(!as_markdown.contains(hides) && !as_github.contains(|c| hides(c) || c == '\u{200b}'));
    for line in as_markdown.lines() {
        let start = line.trim_start();
        assert!(line.is_empty() || ["#", "**", "- ", "portcullis "].iter().any(|ours| start.starts_with(ours)), "{line}");
        // What stands in code does nothing; outside of it everything is escaped.
        assert_eq!(backticks(line) % 2, 0, "an open span: {line}");
        for (at, outside) in spans(line).into_iter().enumerate().filter(|(at, _)| at % 2 == 0) {
            assert!(!outside.contains(['<', '>']), "{at}: {line}");
            for (mark, _) in outside.match_indices('@') {
                assert!(outside[mark + 1..].starts_with('\u{200b}'), "a mention: {line}");
            }
            for bad in ["](", "![", "://", "www."] {
                assert!(!outside.contains(bad), "{bad}: {line}");
            }
        }
        assert!(!unescaped(line, '|'), "{line}");
    }
    for line in as_github.lines() {
        let ours = ["::error ", "::warning ", "::notice ", "::group::", "::endgroup::"].iter().any(|c| line.starts_with(c));
        assert!(ours || line.starts_with("hint: "), "{line}");
        assert!(!line.contains("##"), "{line}");
        if let Some(rest) = line.strip_prefix("::").filter(|_| ours) {
            let properties = rest.split_once("::").expect("a command ends").0;
            let parts = properties.split_once(' ').map_or("", |(_, p)| p);
            for property in parts.split(',').filter(|p| !p.is_empty()) {
                let (key, value) = property.split_once('=').expect("a property");
                assert!(["file", "line", "col", "title"].contains(&key) && !value.contains(':'), "{line}");
            }
        }
    }
}

/// Backticks that open or close code.
fn backticks(line: &str) -> usize {
    spans(line).len() - 1
}

/// Parts of a line, by turns outside of code and in it.
fn spans(line: &str) -> Vec<&str> {
    let (mut parts, mut from, mut inside, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in line.char_indices() {
        if c == '`' && (inside || !escaped) {
            parts.push(&line[from..at]);
            (from, inside) = (at + 1, !inside);
        }
        escaped = !inside && c == '\\' && !escaped;
    }
    parts.push(&line[from..]);
    parts
}

fn unescaped(line: &str, what: char) -> bool {
    let mut last = '\0';
    line.chars().any(|c| {
        let found = c == what && last != '\\';
        last = if last == '\\' && c == '\\' { '\0' } else { c };
        found
    })
}

const HOSTILE: &str = "(?s)([:#@<>`|\\[\\]()!&*_~=+%, -]|::error::|@everyone|<img src=x>|##\\[error\\]|\u{1b}\\[2J|\u{202e}|\r?\n|www\\.|http://|%0A|`{1,3}|\\\\|.){0,24}";

proptest! {
    #[test]
    fn whatever_the_names_neither_form_acts(texts in proptest::collection::vec(HOSTILE, 10)) {
        let name = |i: usize| texts[i].as_str();
        let mut news = account(name(0), "emma-hq", 3);
        let mut invite = change(name(0), Action::Invite, member("a`b@acme.example"), None, Some(attrs([
            ("name", text(name(1))), ("role", one("author")),
        ])));
        invite.reason = Some(name(2).to_owned());
        invite.notes = vec![name(3).to_owned()];
        invite.waits_for = [name(4).to_owned()].into();
        invite.place = Some(place(name(5), 3, 4));
        let mut far = blocked(name(0), Action::Edit, member("@here@acme.example".trim_start_matches('@')), "awaits-blocked", name(6));
        far.reason = Some(name(2).to_owned());
        news.changes = vec![invite];
        news.blocked = vec![far];
        news.reports = vec![Report { code: "unmanaged-member", member: Some(name(7).to_owned()), message: name(8).to_owned(), place: None }];
        let mut guard = verdict(name(0), "removals", 0, 1);
        guard.lift = Some(format!("--allow {}:removals=1", name(0)));
        guard.who = vec![name(9).to_owned()];
        guard.place = Some(place(name(5), 1, 1));
        news.guards = vec![guard];
        news.reading.problems = vec![name(8).to_owned()];
        let whole = plan(vec![news]);
        let again = format!(" '{}'", name(9));
        let of_plan = Notes::of_plan(&PlanView::of(&whole, Kind::Drift), Some(&again));
        harmless(&as_markdown(&of_plan), &as_github(&of_plan));
        let failed = Applied {
            results: vec![ChangeResult {
                id: whole.accounts[0].changes[0].id.clone(),
                word: ResultWord::Failed,
                attempts: 1,
                message: name(1).to_owned(),
                elsewhere: None,
            }],
            links: LinksApplied::default(),
            blocked: Vec::new(),
            left: whole.accounts[0].changes.clone(),
            manual: Vec::new(),
            audit: None,
            unread: vec![(name(0).to_owned(), vec![name(8).to_owned()])],
            lifts: Default::default(),
            plan: whole,
        };
        let of_apply = Notes::of_apply(&ApplyView::of(&failed), &again, Some(Path::new(name(9))));
        harmless(&as_markdown(&of_apply), &as_github(&of_apply));
    }
}
