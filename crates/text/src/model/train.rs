//! From labelled texts to a model.

use std::{
    collections::{BTreeMap, hash_map::Entry},
    sync::Arc,
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Model,
    features::{Cutter, Features, Hint, WORDS_MAX, Word, hints, of_pair, of_stem, to_unit},
    file::version_of,
    softmax,
    svm::{self, Plane, Task, shuffle},
};
use crate::{Analyser, Dictionary};

/// Most labels a model may have.
const LABELS_MAX: usize = 2000;
/// A feature must occur in so many texts.
const TEXTS_MIN: u32 = 2;
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

/// A text by what it holds.
struct Counted {
    /// Words, as places in [`Words`], with how often each occurs.
    words: Vec<(u32, u32)>,
    /// Pairs of neighbouring stems with how often each occurs.
    pairs: Vec<(u64, u32)>,
    hints: Vec<Hint>,
}

/// The different words of all texts: the feature of each one's stem, and of its pieces.
type Words = Vec<(u64, Box<[u64]>)>;

fn count(samples: &[Sample<'_>], dictionary: &Arc<Dictionary>) -> (Words, Vec<Counted>) {
    let mut analyser = Analyser::new(Arc::clone(dictionary), Vec::new());
    let mut cutter = Cutter::default();
    let mut pieces = Vec::new();
    let mut words: Words = Vec::new();
    let mut places: FxHashMap<u64, u32> = FxHashMap::default();
    let counted = samples.iter().map(|sample| {
        let hints = hints(&analyser.topics(sample.text));
        let mut own: BTreeMap<u32, u32> = BTreeMap::new();
        let mut pairs: BTreeMap<u64, u32> = BTreeMap::new();
        let mut before = None;
        for lexeme in analyser.lexemes().iter().take(WORDS_MAX) {
            let word = Word::of(lexeme);
            let place = *places.entry(word.form).or_insert_with(|| {
                cutter.cut(lexeme, sample.text, &mut pieces);
                words.push((of_stem(word.stem), pieces.as_slice().into()));
                words.len() as u32 - 1
            });
            *own.entry(place).or_default() += 1;
            if let Some(before) = before {
                *pairs.entry(of_pair(before, word.stem)).or_default() += 1;
            }
            before = Some(word.stem);
        }
        Counted { words: own.into_iter().collect(), pairs: pairs.into_iter().collect(), hints }
    });
    let counted = counted.collect();
    (words, counted)
}

struct Vocabulary {
    rows: FxHashMap<u64, u32>,
    idf: Vec<f32>,
}

impl Vocabulary {
    fn of(words: &Words, counted: &[Counted]) -> Self {
        // A feature's texts, and the text that counted last.
        let mut texts: FxHashMap<u64, (u32, usize)> = FxHashMap::default();
        let mut hints: FxHashSet<u64> = FxHashSet::default();
        for (number, text) in counted.iter().enumerate() {
            let own = text.words.iter().filter_map(|(word, _)| words.get(*word as usize));
            let of_words = own.flat_map(|(stem, pieces)| pieces.iter().copied().chain([*stem]));
            let others = text.pairs.iter().map(|(pair, _)| *pair).chain(text.hints.iter().map(|(hint, _)| *hint));
            for feature in of_words.chain(others) {
                match texts.entry(feature) {
                    Entry::Vacant(entry) => {
                        entry.insert((1, number));
                    }
                    Entry::Occupied(mut entry) if entry.get().1 != number => {
                        *entry.get_mut() = (entry.get().0 + 1, number);
                    }
                    Entry::Occupied(_) => {}
                }
            }
            hints.extend(text.hints.iter().map(|(hint, _)| *hint));
        }
        let kept = texts.into_iter().filter(|(_, (texts, _))| *texts >= TEXTS_MIN);
        let mut kept: Vec<(u64, u32)> = kept.map(|(feature, (texts, _))| (feature, texts)).collect();
        // Rows in order of their hashes: the same texts give the same model.
        kept.sort_unstable();
        let all = counted.len() as f32;
        let idf = kept.iter().map(|(feature, texts)| {
            if hints.contains(feature) { 1.0 } else { ((1.0 + all) / (1.0 + *texts as f32)).ln() + 1.0 }
        });
        let idf = idf.collect();
        let rows = kept.iter().zip(0..).map(|((feature, _), row)| (*feature, row)).collect();
        Self { rows, idf }
    }

    /// The features of a text as a [`Reader`](super::reader::Reader) reckons them.
    fn features(&self, words: &Words, text: &Counted) -> Features {
        let known = |feature: u64| {
            let row = *self.rows.get(&feature)?;
            Some((row, *self.idf.get(row as usize)?))
        };
        let (mut by_stems, mut by_pieces): (Features, Features) = (Vec::new(), Vec::new());
        let (mut stems_square, mut pieces_square) = (0.0, 0.0);
        let add = |found: Option<(u32, f32)>, count: u32, features: &mut Features, square: &mut f32| {
            if let Some((row, idf)) = found {
                features.push((row, count as f32 * idf));
                *square += count as f32 * idf * idf;
            }
        };
        for (word, count) in &text.words {
            let Some((stem, pieces)) = words.get(*word as usize) else { continue };
            add(known(*stem), *count, &mut by_stems, &mut stems_square);
            pieces.iter().for_each(|&piece| add(known(piece), *count, &mut by_pieces, &mut pieces_square));
        }
        text.pairs.iter().for_each(|(pair, count)| add(known(*pair), *count, &mut by_stems, &mut stems_square));
        let unit = to_unit(stems_square);
        let mut features: Features = by_stems.into_iter().map(|(row, value)| (row, value * unit)).collect();
        let unit = to_unit(pieces_square);
        features.extend(by_pieces.into_iter().map(|(row, value)| (row, value * unit)));
        features.extend(text.hints.iter().filter_map(|&(hint, strength)| Some((known(hint)?.0, strength))));
        features.sort_unstable_by_key(|(row, _)| *row);
        features.dedup_by(|(row, value), (kept, sum)| {
            let same = row == kept;
            *sum += if same { *value } else { 0.0 };
            same
        });
        features
    }
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
        rows: vocabulary.rows,
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
