//! The words and rules of the systems, from their literals, and the words of the documents: what
//! `explain WORD` says of a word that no page of codes has.

use crate::systems::{self, AttrSpec, Keeper, SystemSpec};

use super::reference::{SaidView, TopicView};

/// What the systems say of a word: a value (`viewer`), an attribute (`role`) or a permission, a line a
/// system.
pub fn of_systems(word: &str) -> Option<TopicView> {
    let says: Vec<SaidView> = systems::ALL.iter().flat_map(|spec| lines(spec, word)).collect();
    (!says.is_empty()).then(|| topic(word, "word of a system", says))
}

/// A rule of the systems by its id, in any case: its sentence, and who keeps it.
pub fn rule(id: &str) -> Option<TopicView> {
    let id = id.to_uppercase();
    let of = systems::ALL.iter().flat_map(|s| s.rules.iter().map(move |r| (s.name, r))).filter(|(_, r)| r.id == id);
    let says: Vec<SaidView> = of.map(|(system, r)| SaidView::new(system, format!("{} {}", sentence(r.text), keeper(r.keeper)))).collect();
    (!says.is_empty()).then(|| topic(&id, "rule", says))
}

/// The key of a connection that says what a word of the documents means.
pub fn key_of(word: &str) -> Option<&'static str> {
    match word {
        "backends" => Some("backend"),
        "token" | "tokens" => Some("auth"),
        _ => systems::ALL.iter().any(|spec| spec.backends.contains(&word)).then_some("backend"),
    }
}

/// Every word that [`of_systems`] and [`rule`] know, for a hint.
pub fn all() -> Vec<&'static str> {
    let mut all: Vec<&str> = Vec::new();
    for spec in systems::ALL {
        all.extend(spec.attrs.iter().map(|a| a.key));
        all.extend(spec.attrs.iter().filter_map(|a| a.kind.fixed()).flatten().map(|w| w.word));
        all.extend(spec.rows.iter().map(|r| r.permission));
        all.extend(spec.facts.iter().map(|f| f.key));
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn topic(word: &str, kind: &str, says: Vec<SaidView>) -> TopicView {
    TopicView {
        topic: word.to_owned(),
        kind: kind.to_owned(),
        page: "docs/systems",
        title: String::new(),
        says,
        text: vec!["`portcullis explain SYSTEM` says the rest of each.".to_owned()],
        examples: Vec::new(),
    }
}

fn lines(spec: &SystemSpec, word: &str) -> Vec<SaidView> {
    let mut lines = Vec::new();
    for attr in spec.attrs {
        if attr.key == word {
            lines.push(SaidView::new(spec.name, format!("an entry's `{word}`: {}{}", sentence(attr.doc), values(attr))));
        }
        for one in attr.kind.fixed().into_iter().flatten().filter(|w| w.word == word) {
            let found = if one.assignable { "" } else { " Only ever found: no manifest may ask for it." };
            lines.push(SaidView::new(spec.name, format!("a word of `{}`: {}{found}", attr.key, sentence(one.doc))));
        }
    }
    for fact in spec.facts.iter().filter(|f| f.key == word && spec.attr(word).is_none()) {
        lines.push(SaidView::new(spec.name, format!("a fact that a connection states: {}", sentence(fact.doc))));
    }
    if spec.rows.iter().any(|r| r.permission == word) {
        let administers = if spec.administers.contains(&word) { ", which lets its holder change who has access" } else { "" };
        lines.push(SaidView::new(spec.name, format!("a permission{administers}")));
    }
    lines
}

fn values(attr: &AttrSpec) -> String {
    let words: Vec<&str> = attr.kind.fixed().into_iter().flatten().map(|w| w.word).collect();
    if words.is_empty() { String::new() } else { format!(" One of {}.", words.join(", ")) }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn keeper(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::Product => "The product keeps it by itself.",
        Keeper::Portcullis => "portcullis keeps it; the product would let it happen.",
        Keeper::Both => "The product refuses it, and portcullis says so before anything is sent.",
    }
}
