//! Linear models: trained on a region's own history in seconds, read in microseconds, every decision explained by its words.

mod features;
mod file;
mod judges;
mod predictor;
mod reader;
mod rows;
mod svm;
mod train;
mod vocabulary;

use otklik_domain::{Analysis, BlockId, Evidence, EvidenceSource, SentimentLabel, TopicHit, TopicId};

use self::rows::{Row, Rows};
pub(crate) use self::{
    features::{Hint, TopicHint, read_hints},
    reader::{Reader, Text},
};
pub use self::{
    file::ModelFileError,
    predictor::Predictor,
    train::{Sample, TrainError, TrainOptions, train},
};
use crate::lexer::Lexeme;

/// Words shown as evidence for a model's topic.
const EVIDENCE_WORDS: usize = 3;
/// Score below which a model's topic is not given: it would be a guess.
const TOPIC_SCORE_MIN: f32 = 0.2;
/// Labels given with a prediction.
const TOP: usize = 5;

/// A label and how sure the model is of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The label, as in the training data.
    pub label: String,
    /// 0..1; over all labels they add up to 1.
    pub score: f32,
}

/// A trained model. It never changes; threads share it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Hash of the model's content, 16 hexadecimal digits.
    version: String,
    labels: Vec<String>,
    rows: Rows,
    /// By row: how much the feature says at all, its inverse document frequency; 1 for a hint.
    idf: Vec<f32>,
    /// Rows of one weight for each label, in units of `scales`.
    weights: Vec<i16>,
    /// By label: what a unit of its weights is worth.
    scales: Vec<f32>,
    biases: Vec<f32>,
    /// Steepness that turns margins into probabilities.
    temperature: f32,
}

impl Model {
    /// Hash of the model's content: analyses name it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The labels, sorted.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    fn set_sentiment(&self, scores: &[f32], analysis: &mut Analysis) {
        let of = |label: SentimentLabel| {
            let index = self.labels.iter().position(|known| known == label.as_str());
            index.and_then(|index| scores.get(index)).copied().unwrap_or_default()
        };
        let (negative, positive) = (of(SentimentLabel::Negative), of(SentimentLabel::Positive));
        let neutral = of(SentimentLabel::Neutral);
        analysis.sentiment.score = positive - negative;
        analysis.sentiment.label = if negative >= positive && negative >= neutral {
            SentimentLabel::Negative
        } else if positive >= neutral {
            SentimentLabel::Positive
        } else {
            SentimentLabel::Neutral
        };
    }

    /// Adds the labels that are sure enough as topics; `stems` are the words of the text that the model knows.
    fn add_topics(&self, scores: &[f32], stems: &[(Row, &Lexeme)], text: &str, analysis: &mut Analysis) {
        for (index, (&score, label)) in scores.iter().zip(&self.labels).enumerate() {
            if score < TOPIC_SCORE_MIN {
                continue;
            }
            let evidence = self.evidence(index, stems, text);
            match analysis.topics.iter_mut().find(|topic| topic.id.as_str() == label) {
                Some(topic) => {
                    topic.score = topic.score.max(score);
                    topic.evidence.extend(evidence);
                }
                None => {
                    let id = TopicId::from(label.as_str());
                    let block = if label.contains('.') { id.block() } else { BlockId::from("other") };
                    analysis.topics.push(TopicHit { id, block, score, evidence });
                }
            }
        }
        analysis.topics.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    }

    /// The words that speak most for a label.
    fn evidence(&self, label: usize, stems: &[(Row, &Lexeme)], text: &str) -> Vec<Evidence> {
        self.touch(stems.iter().map(|(found, _)| found.row));
        let said = stems.iter().map(|(found, lexeme)| (self.weight(found.row, label) * found.idf, *lexeme));
        let mut words: Vec<(f32, &Lexeme)> = said.filter(|(says, _)| *says > 0.0).collect();
        words.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.token.start.cmp(&second.token.start)));
        words.dedup_by_key(|(_, lexeme)| lexeme.stem);
        words.truncate(EVIDENCE_WORDS);
        words.sort_by_key(|(_, lexeme)| lexeme.token.start);
        words
            .into_iter()
            .map(|(_, lexeme)| Evidence {
                source: EvidenceSource::Model,
                rule: self.version.clone(),
                text: lexeme.token.text(text).to_owned(),
                span: lexeme.token.span,
            })
            .collect()
    }

    fn weight(&self, row: u32, label: usize) -> f32 {
        let weight = self.weights.get(row as usize * self.labels.len() + label);
        weight.map_or(0.0, |&weight| f32::from(weight)) * self.scales.get(label).copied().unwrap_or_default()
    }

    /// Looks at the weights of rows, so that adding them then does not wait for one after the other.
    fn touch(&self, rows: impl Iterator<Item = u32>) {
        let labels = self.labels.len();
        let at = |at: usize| self.weights.get(at).copied().unwrap_or_default();
        // A row may lie in two lines of the processor's cache.
        let touched = rows.fold(0, |touched, row| {
            let first = row as usize * labels;
            touched ^ at(first) ^ at(first + labels - 1)
        });
        std::hint::black_box(touched);
    }

    /// Adds what a feature of a value says about each label to the sums.
    fn add_row(&self, row: u32, value: f32, sums: &mut [f32]) {
        let labels = self.labels.len();
        let start = row as usize * labels;
        let weights = self.weights.get(start..start + labels).unwrap_or_default();
        // By four, so that they are added side by side.
        let (sums, last_sums) = sums.as_chunks_mut::<4>();
        let (weights, last_weights) = weights.as_chunks::<4>();
        let (scales, last_scales) = self.scales.as_chunks::<4>();
        for ((sums, weights), scales) in sums.iter_mut().zip(weights).zip(scales) {
            *sums = std::array::from_fn(|nth| sums[nth] + f32::from(weights[nth]) * scales[nth] * value);
        }
        for ((sum, &weight), scale) in last_sums.iter_mut().zip(last_weights).zip(last_scales) {
            *sum += f32::from(weight) * scale * value;
        }
    }
}

/// Turns margins into probabilities.
fn softmax(margins: &mut [f32], temperature: f32) {
    let highest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for margin in margins.iter_mut() {
        *margin = ((*margin - highest) * temperature).exp();
        total += *margin;
    }
    for margin in margins {
        *margin /= total;
    }
}
