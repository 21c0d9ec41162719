//! `otklik eval`: how good a model is on labelled texts.

use std::{collections::BTreeMap, io};

use otklik_text::Predictor;
use serde::Serialize;

use super::{analyse::load_model, train::read_labelled};
use crate::{Outcome, cli::EvalArgs, dictionaries::DictionaryFiles, jsonl};

/// What was measured.
#[derive(Debug, PartialEq, Serialize)]
struct Report {
    n: u64,
    accuracy: f64,
    weighted_f1: f64,
    macro_f1: f64,
    labels: Vec<LabelReport>,
}

#[derive(Debug, PartialEq, Serialize)]
struct LabelReport {
    label: String,
    n: u64,
    precision: f64,
    recall: f64,
    f1: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    truth: u64,
    predicted: u64,
    right: u64,
}

/// Measures and prints the report.
///
/// # Errors
/// The model, the dictionaries or the file cannot be read.
pub(crate) fn run(args: &EvalArgs) -> anyhow::Result<Outcome> {
    let dictionary = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?.compile()?;
    let mut predictor = Predictor::new(load_model(&args.model)?, dictionary);
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let outcome = read_labelled(&args.file, &args.text, &args.label, args.filter.strict, |text, truth| {
        let predicted = predictor.predict(&text).into_iter().next().map(|best| best.label).unwrap_or_default();
        let right = u64::from(predicted == truth);
        counts.entry(predicted).or_default().predicted += 1;
        let own = counts.entry(truth).or_default();
        own.truth += 1;
        own.right += right;
    })?;
    let mut output = io::stdout().lock();
    jsonl::write_line(&mut output, &report(&counts))?;
    jsonl::finish(&mut output)?;
    Ok(outcome)
}

/// F1 of a label that was never predicted is 0; labels that only were predicted count in the macro average, as
/// scikit-learn counts them.
fn report(counts: &BTreeMap<String, Counts>) -> Report {
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let n: u64 = counts.values().map(|counts| counts.truth).sum();
    let right: u64 = counts.values().map(|counts| counts.right).sum();
    let labels: Vec<LabelReport> = counts
        .iter()
        .map(|(label, counts)| {
            let (precision, recall) = (share(counts.right, counts.predicted), share(counts.right, counts.truth));
            let f1 = share(2 * counts.right, counts.predicted + counts.truth);
            LabelReport { label: label.clone(), n: counts.truth, precision, recall, f1 }
        })
        .collect();
    let weighted: f64 = labels.iter().map(|label| label.f1 * label.n as f64).sum();
    let total: f64 = labels.iter().map(|label| label.f1).sum();
    Report {
        n,
        accuracy: share(right, n),
        weighted_f1: if n == 0 { 0.0 } else { weighted / n as f64 },
        macro_f1: if labels.is_empty() { 0.0 } else { total / labels.len() as f64 },
        labels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_as_scikit_learn_gives_them() {
        // truth a a b c, predicted a b b a
        let counts = BTreeMap::from([
            ("a".to_owned(), Counts { truth: 2, predicted: 2, right: 1 }),
            ("b".to_owned(), Counts { truth: 1, predicted: 2, right: 1 }),
            ("c".to_owned(), Counts { truth: 1, predicted: 0, right: 0 }),
        ]);
        let report = report(&counts);
        assert_eq!((report.n, report.accuracy), (4, 0.5));
        assert!((report.weighted_f1 - (0.5 * 2.0 + 2.0 / 3.0) / 4.0).abs() < 1e-9);
        assert!((report.macro_f1 - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-9);
    }
}
