//! From labelled texts to a model.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Model,
    features::Features,
    file::version_of,
    rows::Rows,
    softmax,
    svm::{self, Plane, Task, shuffle},
    vocabulary::{Vocabulary, count},
};
use crate::Dictionary;

/// Most labels a model may have.
const LABELS_MAX: usize = 2000;
/// Share of the texts held back to learn how sure the model may be: one in so many.
const HELD_BACK: usize = 5;
/// How much rare labels weigh: 0 as often as they occur, 1 as much as the common ones.
const BALANCE: f32 = 1.0;

/// A labelled text.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// The text.
    pub text: &'a str,
    /// Its label.
    pub label: &'a str,
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub struct TrainOptions {
    /// Price of an error against simplicity.
    pub cost: f32,
    /// Threads to train labels on.
    pub threads: usize,
    /// Seed of the order of samples: the same seed and texts give the same model.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { cost: 0.5, threads: 1, seed: 1 }
    }
}

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// Nothing to tell apart.
    #[error("found {found} labels, at least 2 are needed")]
    FewLabels {
        /// Labels found.
        found: usize,
    },
    /// Too many labels: the field is an id or a text rather than a label.
    #[error("found {found} labels, at most {LABELS_MAX} can be told apart")]
    ManyLabels {
        /// Labels found.
        found: usize,
    },
    /// No feature occurs twice.
    #[error("the texts have no words in common")]
    NoFeatures,
}

/// Trains a model, with the dictionary's topics as hints.
///
/// # Errors
/// Fewer than two labels, more than 2,000, or texts without common words.
pub fn train(samples: &[Sample<'_>], dictionary: &Arc<Dictionary>, options: TrainOptions) -> Result<Model, TrainError> {
    let labels = label_ids(samples)?;
    let (words, counted) = count(samples, dictionary);
    let vocabulary = Vocabulary::of(&words, &counted);
    if vocabulary.idf.is_empty() {
        return Err(TrainError::NoFeatures);
    }
    let features: Vec<Features> = counted.iter().map(|text| vocabulary.features(&words, text)).collect();
    let truth: Vec<usize> =
        samples.iter().map(|sample| labels.get(sample.label).copied().unwrap_or_default()).collect();

    let temperature = fit_temperature(&features, &truth, labels.len(), vocabulary.idf.len(), options);
    let all: Vec<usize> = (0..samples.len()).collect();
    let planes = train_planes(&features, &truth, &all, labels.len(), vocabulary.idf.len(), options);
    Ok(pack(labels, vocabulary, &planes, temperature))
}

fn label_ids<'a>(samples: &[Sample<'a>]) -> Result<BTreeMap<&'a str, usize>, TrainError> {
    let mut labels: BTreeMap<&str, usize> = samples.iter().map(|sample| (sample.label, 0)).collect();
    match labels.len() {
        found @ 0..=1 => return Err(TrainError::FewLabels { found }),
        found if found > LABELS_MAX => return Err(TrainError::ManyLabels { found }),
        _ => {}
    }
    for (index, id) in labels.values_mut().enumerate() {
        *id = index;
    }
    Ok(labels)
}

/// Trains every label on the samples chosen.
fn train_planes(
    features: &[Features],
    truth: &[usize],
    chosen: &[usize],
    labels: usize,
    rows: usize,
    options: TrainOptions,
) -> Vec<Plane> {
    let samples: Vec<Features> = chosen.iter().filter_map(|&index| features.get(index).cloned()).collect();
    let truth: Vec<usize> = chosen.iter().filter_map(|&index| truth.get(index).copied()).collect();
    let train_one = |label: usize| {
        let positive: Vec<bool> = truth.iter().map(|&own| own == label).collect();
        let with = positive.iter().filter(|&&positive| positive).count().max(1) as f32;
        // Rare labels are heard as much as common ones.
        let balance = (samples.len() as f32 / with / labels as f32).powf(BALANCE).clamp(0.2, 20.0);
        let task = Task {
            samples: &samples,
            positive: &positive,
            features: rows,
            cost_positive: options.cost * balance,
            cost_negative: options.cost,
        };
        svm::train(&task, options.seed.wrapping_add(label as u64))
    };
    let threads = options.threads.clamp(1, labels);
    let mut planes: Vec<(usize, Plane)> = std::thread::scope(|scope| {
        let train_one = &train_one;
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    (thread..labels).step_by(threads).map(|label| (label, train_one(label))).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    planes.sort_by_key(|(label, _)| *label);
    planes.into_iter().map(|(_, plane)| plane).collect()
}

/// Learns on texts held back how steeply margins become probabilities.
fn fit_temperature(features: &[Features], truth: &[usize], labels: usize, rows: usize, options: TrainOptions) -> f32 {
    let mut order: Vec<usize> = (0..features.len()).collect();
    shuffle(&mut order, &mut options.seed.wrapping_add(77));
    let (held, kept) = order.split_at(features.len() / HELD_BACK);
    if held.is_empty() {
        return 1.0;
    }
    let planes = train_planes(features, truth, kept, labels, rows, options);
    let margins: Vec<(Vec<f32>, usize)> = held
        .iter()
        .filter_map(|&index| {
            let sample = features.get(index)?;
            Some((planes.iter().map(|plane| svm::margin(plane, sample)).collect(), *truth.get(index)?))
        })
        .collect();
    let loss = |temperature: f32| {
        margins
            .iter()
            .map(|(margins, truth)| {
                let mut scores = margins.clone();
                softmax(&mut scores, temperature);
                -f64::from(scores.get(*truth).copied().unwrap_or_default().max(1e-6)).ln()
            })
            .sum::<f64>()
    };
    let candidates = (1..=40).map(|step| step as f32 * 0.25);
    candidates.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

fn pack(labels: BTreeMap<&str, usize>, vocabulary: Vocabulary, planes: &[Plane], temperature: f32) -> Model {
    let scales: Vec<f32> = planes
        .iter()
        .map(|plane| {
            let highest = plane.weights.iter().fold(0.0_f32, |highest, weight| highest.max(weight.abs()));
            (highest / f32::from(i16::MAX)).max(f32::MIN_POSITIVE)
        })
        .collect();
    let rows = vocabulary.idf.len();
    let mut weights = Vec::with_capacity(rows * planes.len());
    for row in 0..rows {
        for (plane, scale) in planes.iter().zip(&scales) {
            let weight = plane.weights.get(row).copied().unwrap_or_default();
            weights.push((weight / scale).round() as i16);
        }
    }
    let mut model = Model {
        version: String::new(),
        labels: labels.into_keys().map(str::to_owned).collect(),
        rows: Rows::new(vocabulary.features.iter().copied().zip(vocabulary.idf.iter().copied())),
        idf: vocabulary.idf,
        weights,
        scales,
        biases: planes.iter().map(|plane| plane.bias).collect(),
        temperature,
    };
    model.version = version_of(&model);
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Predictor;

    fn dictionary() -> Arc<Dictionary> {
        Arc::new(Dictionary::compile(&[]).unwrap())
    }

    const TEXTS: [(&str, &str); 8] = [
        ("Яма на дороге, пробил колесо", "roads"),
        ("Дорога вся в ямах, асфальт разбит", "roads"),
        ("Когда починят дорогу, асфальт в ямах", "roads"),
        ("На дороге ямы, ехать нельзя", "roads"),
        ("Нет отопления, в квартире холодно", "heating"),
        ("Батареи холодные, отопление не дали", "heating"),
        ("В квартире холодно, батареи чуть тёплые", "heating"),
        ("Когда дадут отопление? Холодно", "heating"),
    ];

    fn samples() -> Vec<Sample<'static>> {
        TEXTS.iter().map(|&(text, label)| Sample { text, label }).collect()
    }

    #[test]
    fn tells_labels_apart() {
        let model = train(&samples(), &dictionary(), TrainOptions::default()).unwrap();
        let mut predictor = Predictor::new(Arc::new(model), dictionary());
        let mut check = |text: &str, expected: &str| {
            let top = predictor.predict(text);
            assert_eq!(top[0].label, expected, "{text}: {top:?}");
            let total: f32 = top.iter().map(|scored| scored.score).sum();
            assert!((total - 1.0).abs() < 1e-3, "{total}");
        };
        check("яму на дороге заделайте", "roads");
        check("батареи еле тёплые", "heating");
    }

    #[test]
    fn the_same_texts_give_the_same_model() {
        let one = train(&samples(), &dictionary(), TrainOptions::default()).unwrap();
        let two = train(&samples(), &dictionary(), TrainOptions { threads: 2, ..TrainOptions::default() }).unwrap();
        assert_eq!(one, two);
    }

    #[test]
    fn refuses_what_cannot_be_learnt() {
        let one_label = [Sample { text: "а", label: "x" }];
        assert_eq!(train(&one_label, &dictionary(), TrainOptions::default()), Err(TrainError::FewLabels { found: 1 }));
        assert_eq!(train(&[], &dictionary(), TrainOptions::default()), Err(TrainError::FewLabels { found: 0 }));
        let nothing_common = [Sample { text: "", label: "x" }, Sample { text: "", label: "y" }];
        assert_eq!(train(&nothing_common, &dictionary(), TrainOptions::default()), Err(TrainError::NoFeatures));
    }
}
