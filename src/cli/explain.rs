use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::backends;
use crate::desired::{GuardCode, Limit};
use crate::manifest::diagnostic::nearest;
use crate::model::{Actor, Atom, Caps, Key, Tenant, Value};
use crate::render::{self, ExplainView, SaidView, SystemView, TopicView};
use crate::run::Stop;
use crate::systems::{self, SystemSpec};

use super::args::{ExplainArgs, Format};
use super::context::Context;
use super::exit;

pub(super) fn run(context: &Context, args: &ExplainArgs) -> Result<u8, Stop> {
    let view = if args.words.is_empty() { ExplainView::contents() } else { answer(&args.words)? };
    let (mut out, paint) = context.out();
    let printed = match context.format {
        Format::Json => render::json::write(&mut out, &view),
        Format::Markdown => render::explain::markdown(&mut out, &view),
        // The parser has refused the others for this command.
        Format::Text | Format::Csv | Format::Ics | Format::Github | Format::Gitlab | Format::Html | Format::Sarif | Format::Junit => {
            render::explain::text(&mut out, &view, context.width(), paint)
        }
    };
    Ok(context.printed(out, printed, exit::DONE))
}

/// All words, or the first that nothing explains.
fn answer(words: &[String]) -> Result<ExplainView, Stop> {
    let known = render::topics();
    let (mut systems, mut topics): (Vec<SystemView>, Vec<TopicView>) = Default::default();
    for word in words {
        let word = word.to_lowercase();
        if let Some(spec) = systems::find(&word) {
            systems.push(of_system(spec));
            continue;
        }
        let found: Vec<TopicView> = known.iter().filter(|t| t.topic == word).cloned().map(with_limits).collect();
        if found.is_empty() {
            let all = known.iter().map(|t| t.topic.as_str()).chain(systems::ALL.iter().map(|s| s.name));
            let hint = match nearest(&word, all) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`portcullis explain` lists what can be explained".to_owned(),
            };
            return Err(Stop::hinted(format!("nothing here is called `{word}`"), hint));
        }
        topics.extend(found);
    }
    Ok(ExplainView::of(systems, topics))
}

/// A system as seen where every feature is on, with all that can be done on any of its pages.
pub fn of_system(spec: &'static SystemSpec) -> SystemView {
    let mut facts: BTreeMap<Key, Value> = BTreeMap::new();
    for (fact, word) in spec.attrs.iter().filter_map(|a| a.feature) {
        facts.insert(fact, Value::Set(BTreeSet::from([Atom::literal(word)])));
    }
    let mut tenants = vec![facts.clone()];
    for at in spec.procedures.iter().filter_map(|p| p.tenant.as_ref()) {
        let mut facts = facts.clone();
        facts.insert(at.fact, Value::One(Atom::literal(at.word)));
        tenants.push(facts);
    }
    let mut backends: BTreeMap<&'static str, Caps> = BTreeMap::new();
    for facts in tenants {
        let tenant = Tenant { name: None, zone: TimeZone::UTC, facts, actor: Actor::default() };
        for (name, caps) in backends::of(spec, &tenant) {
            let known = backends.entry(name).or_insert_with(|| caps.clone());
            for (verb, keys) in caps.writes {
                known.writes.entry(verb).or_default().extend(keys);
            }
        }
    }
    SystemView::of(spec, &backends.into_iter().collect::<Vec<_>>())
}

/// A guard's default, from where plans take it, and whether it can be lifted.
fn with_limits(mut topic: TopicView) -> TopicView {
    let Some(code) = GuardCode::find(&topic.topic).filter(|_| topic.kind == "guard") else { return topic };
    let limits: Vec<(&str, Limit)> = systems::ALL.iter().map(|s| (s.name, Limit::default_of(code, s))).collect();
    let default = match limits.first().map(|(_, limit)| limit) {
        None => String::new(),
        Some(_) if code.is_minimum() => {
            let each: Vec<String> = limits.iter().map(|(name, limit)| format!("{name} {}", limit.at_least())).collect();
            format!("at least {}; never liftable below it", each.join(", "))
        }
        Some(_) if !code.is_liftable() => "none at all".to_owned(),
        Some(limit) => {
            let of = [10, 100, 1000].map(|members| format!("{} of {members} members", limit.over(members)));
            format!("count {}, percent {}, most {}: {}", limit.count, limit.percent, limit.most, of.join(", "))
        }
    };
    topic.says.push(SaidView::new("default limit", default));
    let word = code.word();
    let (lift, set) = if code.is_liftable() {
        let written = if code.is_minimum() { format!("`{word}: 2`") } else { format!("`{word}: {{ count: N, percent: P, most: M }}`") };
        (
            format!("`portcullis apply --allow [ACCOUNT:]{word}=N@DIGEST`, as the plan that it stops prints it"),
            format!("{written} below `guards`, at the top level or under the account, in review"),
        )
    } else {
        ("not at all".to_owned(), "cannot be set".to_owned())
    };
    topic.says.push(SaidView::new("lift it for one plan", lift));
    topic.says.push(SaidView::new("another limit", set));
    topic
}
