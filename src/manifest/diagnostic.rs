use crate::model::Place;
pub use crate::model::quoted;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing wrong with the manifests, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable, kebab-case, with a section in `docs/diagnostics.md`; one of [`super::codes::ALL`].
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub place: Place,
    /// What would have been right: "one of adopt, additive, authoritative".
    pub expected: Option<String>,
    /// The nearest valid word, or what to do.
    pub hint: Option<String>,
    /// Other places that belong to it, each with what is there.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>, place: Place) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), place, expected: None, hint: None, related: Vec::new() }
    }
    pub fn warning(code: &'static str, message: impl Into<String>, place: Place) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, place) }
    }
    #[must_use]
    pub fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = Some(what.into());
        self
    }
    #[must_use]
    pub fn hint(mut self, what: impl Into<String>) -> Self {
        self.hint = Some(what.into());
        self
    }
    #[must_use]
    pub fn related(mut self, place: Place, what: impl Into<String>) -> Self {
        self.related.push((place, what.into()));
        self
    }
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by place and drops what is said twice.
pub fn sort(all: &mut Vec<Diagnostic>) {
    all.sort_by(|a, b| (&a.place, a.severity, a.code, &a.message).cmp(&(&b.place, b.severity, b.code, &b.message)));
    all.dedup();
}

/// The nearest of `words` to `text`, where one is near enough to be meant.
pub fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.chars().take(64).flat_map(char::to_lowercase).collect();
    let length = text.chars().count();
    let words: Vec<&str> = words.into_iter().collect();
    // `emma` for `emma-hq`: the one word that goes on after it.
    let mut goes_on = words.iter().filter(|w| length > 2 && w.strip_prefix(text.as_str()).is_some_and(|rest| rest.starts_with('-')));
    if let (Some(one), None) = (goes_on.next(), goes_on.next()) {
        return Some(one);
    }
    words
        .into_iter()
        .filter(|w| w.chars().count().abs_diff(length) <= 1 + w.chars().count().max(length) / 4)
        .map(|w| (strsim::damerau_levenshtein(&text, &w.to_lowercase()), w))
        .filter(|(d, w)| *d <= 1 + w.chars().count().max(length) / 4)
        .min()
        .map(|(_, w)| w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("emma-qh", ["emma-hq", "insider"]), Some("emma-hq"));
        assert_eq!(nearest("advancd", ["standard", "advanced"]), Some("advanced"));
        assert_eq!(nearest("emma", ["insider", "emma-hq", "gamoshi"]), Some("emma-hq"));
        assert_eq!(nearest("zebra", ["standard", "advanced"]), None);
    }

    #[test]
    fn hostile_text_is_data_in_a_message() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}\n"), "`a\\u{1b}[2J\\u{202e}\\u{a}`");
        assert_eq!(quoted(&"a".repeat(2_000_000)).chars().count(), 63);
    }
}
