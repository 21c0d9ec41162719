//! What a model is there for.

use otklik_domain::{Intent, SentimentLabel};

/// What a model judges, by its labels.
#[derive(Debug, Clone, Copy)]
pub(super) enum Judges {
    /// They are polarities.
    Sentiment,
    /// They are intents.
    Intent,
    /// They are anything else.
    Topics,
}

impl Judges {
    pub(super) fn of(labels: &[String]) -> Self {
        if labels.iter().all(|label| label.parse::<SentimentLabel>().is_ok()) {
            Self::Sentiment
        } else if labels.iter().all(|label| label.parse::<Intent>().is_ok()) {
            Self::Intent
        } else {
            Self::Topics
        }
    }
}
