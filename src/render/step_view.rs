//! What a human makes of a change, as the JSON of a plan holds it: the words of the runbook.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Change;
use crate::systems;

use super::runbook::Act;

/// One form or menu of the product's console.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    /// What the system's vendor calls it.
    pub product: Cow<'static, str>,
    /// The call that it makes, one of `manual`.
    pub label: String,
    /// The words are portcullis' own: no page of the product names the labels.
    pub plain_words: bool,
    /// What to click and fill in, in this order.
    pub clicks: Vec<String>,
    /// What to look for afterwards.
    pub check: String,
}

impl StepView {
    pub(super) fn all(system: &'static str, change: &Change) -> Vec<Self> {
        let product = Cow::Borrowed(systems::product(system));
        let view = |act: Act| Self {
            product: product.clone(),
            clicks: act.to_click(),
            check: act.to_check(),
            plain_words: act.plain_words,
            label: act.label,
        };
        Act::of(system, change).into_iter().map(view).collect()
    }
}
