use clap::CommandFactory as _;

use crate::backends;
use crate::desired::{GuardCode, Limit};
use crate::manifest::diagnostic::nearest;
use crate::render::{self, ExplainView, SaidView, SystemView, TopicView, vocabulary};
use crate::run::Stop;
use crate::systems;

use super::args::{Args, ExplainArgs, Format};
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

/// Words between those that a question turns on.
const FILLERS: &[&str] = &[
    "a", "about", "after", "am", "an", "and", "are", "at", "be", "been", "by", "can", "could", "did", "do", "does", "for", "from", "get",
    "happen", "happened", "happens", "has", "have", "how", "i", "if", "in", "is", "it", "mean", "means", "my", "of", "on", "or", "our",
    "s", "should", "that", "the", "these", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why",
    "will", "with", "would", "you",
];

/// All words, else the question that they ask, else those of them that are no fillers. Several may spell
/// one: `why was this blocked`.
fn answer(words: &[String]) -> Result<ExplainView, Stop> {
    let known = render::topics();
    let joined = hyphened(&words.join(" "));
    let mut said = Said::default();
    if words.len() > 1 && said.find(&known, &joined) {
        return Ok(said.view());
    }
    let each: Vec<String> = words.iter().map(|w| hyphened(w)).collect();
    if each.iter().all(|word| said.find(&known, word) || said.ask(word)) {
        return Ok(said.view());
    }
    let mut said = Said::default();
    if said.ask(&joined) {
        return Ok(said.view());
    }
    let parts: Vec<&str> = joined.split('-').collect();
    let is_asked = parts.len() > 1 && parts.iter().any(|p| FILLERS.contains(p));
    let matters = |word: &&String| !is_asked || !FILLERS.contains(&word.as_str());
    match each.iter().filter(matters).find(|word| !said.find(&known, word)) {
        None if !said.is_empty() => Ok(said.view()),
        missed => Err(unknown(&known, missed.unwrap_or(&joined), is_asked || words.len() > 1)),
    }
}

/// How much of what people ask a question by is in these words.
fn likeness(asked: &[String], words: &[&str]) -> usize {
    let all = asked.iter().map(|one| one.split(' ').collect::<Vec<_>>()).filter(|one| one.iter().all(|w| words.contains(w)));
    all.map(|one| one.len()).sum()
}

#[derive(Default)]
struct Said {
    systems: Vec<SystemView>,
    topics: Vec<TopicView>,
}

impl Said {
    /// Everything of that name; else what begins so, where that is one page or question.
    fn find(&mut self, known: &[TopicView], word: &str) -> bool {
        if let Some(spec) = systems::find(word) {
            self.systems.push(SystemView::of(spec, &backends::on_every_page(spec)));
            return true;
        }
        let mut found: Vec<TopicView> = known
            .iter()
            .filter(|t| t.topic == word || t.topic.contains(' ') && hyphened(&t.topic) == word)
            .cloned()
            .map(with_limits)
            .collect();
        found.extend(vocabulary::of_systems(word));
        found.extend(vocabulary::rule(word));
        found.extend(command(word));
        if let Some(key) = vocabulary::key_of(word).filter(|_| found.is_empty()) {
            found.extend(known.iter().filter(|t| t.topic == key).cloned());
        }
        if found.is_empty() {
            let is_page = |t: &&TopicView| matches!(t.kind.as_str(), "question" | "section");
            let mut begins = known.iter().filter(is_page).filter(|t| t.topic.strip_prefix(word).is_some_and(|rest| rest.starts_with('-')));
            if let (Some(one), None) = (begins.next(), begins.next()) {
                found.push(one.clone());
            }
        }
        let is_known = !found.is_empty();
        self.topics.extend(found);
        is_known
    }

    /// The question that is most like these words; several where they are alike.
    fn ask(&mut self, words: &str) -> bool {
        let words: Vec<&str> = words.split('-').collect();
        let questions: Vec<(TopicView, usize)> =
            render::questions().into_iter().map(|(question, asked)| (question, likeness(&asked, &words))).collect();
        let most = questions.iter().map(|(_, like)| *like).max().unwrap_or_default();
        self.topics.extend(questions.into_iter().filter(|(_, like)| most > 0 && *like == most).map(|(question, _)| question));
        most > 0
    }

    fn is_empty(&self) -> bool {
        self.systems.is_empty() && self.topics.is_empty()
    }

    fn view(self) -> ExplainView {
        ExplainView::of(self.systems, self.topics)
    }
}

/// As the words of headings are: `Why was this blocked?` is `why-was-this-blocked`.
fn hyphened(text: &str) -> String {
    let words = text.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().map(|w| w.trim_matches(['`', '?', '"', ':', ','])).filter(|w| !w.is_empty()).collect();
    words.join("-")
}

fn unknown(known: &[TopicView], word: &str, is_question: bool) -> Stop {
    // A number is near to any other.
    let is_word = |w: &&str| w.chars().count() > 1;
    let all = known.iter().map(|t| t.topic.as_str()).chain(systems::ALL.iter().map(|s| s.name)).chain(vocabulary::all());
    let hint = match nearest(word, all.filter(is_word)).filter(|_| word.chars().count() > 1) {
        Some(near) => format!("did you mean `{near}`?"),
        None if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) => {
            "`portcullis explain exit-codes` lists those there are".to_owned()
        }
        None => "`portcullis explain` lists what can be explained".to_owned(),
    };
    let questions: Vec<String> = known.iter().filter(|t| is_question && t.kind == "question").map(|t| t.title.to_lowercase()).collect();
    let stop = if hint.ends_with('?') { "" } else { ";" };
    let hint = if questions.is_empty() { hint } else { format!("{hint}{stop} questions are: {}", questions.join(", ")) };
    Stop::hinted(format!("nothing here is called `{word}`"), hint)
}

/// What `--help` says of a command first, and where the rest is.
fn command(word: &str) -> Option<TopicView> {
    let all = Args::command();
    let found = all.get_subcommands().find(|c| c.get_name() == word && !c.is_hide_set())?;
    let about = found.get_about().map(ToString::to_string).unwrap_or_default();
    Some(TopicView {
        topic: word.to_owned(),
        kind: "command".to_owned(),
        page: "--help",
        title: String::new(),
        says: vec![SaidView::new("what it does", about), SaidView::new("more", format!("`portcullis {word} --help`"))],
        text: Vec::new(),
        examples: Vec::new(),
    })
}

/// A guard's default, from where plans take it, and whether it can be lifted.
fn with_limits(mut topic: TopicView) -> TopicView {
    let Some(code) = GuardCode::find(&topic.topic).filter(|_| topic.kind == "guard") else { return topic };
    let limits: Vec<(&str, Limit)> = systems::ALL.iter().map(|s| (s.name, Limit::default_of(code, s))).collect();
    let default = match limits.first().map(|(_, limit)| limit) {
        None => String::new(),
        Some(_) if code.is_minimum() => {
            let each: Vec<String> = limits.iter().map(|(name, limit)| format!("{name} {}", limit.at_least())).collect();
            format!("at least {}", each.join(", "))
        }
        Some(_) if !code.is_liftable() => "0, and nothing lifts it".to_owned(),
        Some(limit) => {
            let of = [10, 100, 1000].map(|members| format!("{} of {members} members", limit.over(members)));
            format!("count {}, percent {}, most {}: {}", limit.count, limit.percent, limit.most, of.join(", "))
        }
    };
    topic.says.push(SaidView::new("default limit", default));
    let word = code.word();
    let (lift, set) = if code.is_liftable() {
        let written = if code.is_minimum() { format!("`{word}: 2`") } else { format!("`{word}: {{ count: N, percent: P, most: M }}`") };
        let floor = systems::ALL.iter().map(|s| format!("{} {}", s.name, s.floor.least)).collect::<Vec<_>>().join(", ");
        let never = if code.is_minimum() {
            format!("; never below the product's own least, where no flag is printed: {floor}")
        } else {
            String::new()
        };
        (
            format!("`portcullis apply --allow [ACCOUNT:]{word}=N@DIGEST`, as the plan that it stops prints it{never}"),
            format!("{written} below `guards`, at the top level or under the account, in review"),
        )
    } else {
        ("not at all".to_owned(), "cannot be set".to_owned())
    };
    topic.says.push(SaidView::new("lift it for one plan", lift));
    topic.says.push(SaidView::new("another limit", set));
    topic
}
