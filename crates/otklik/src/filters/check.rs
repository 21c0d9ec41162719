//! `otklik check`: every mistake of the dictionaries, with file and line.

use std::sync::Arc;

use otklik_text::Dictionary;

use crate::{
    Outcome,
    cli::CheckArgs,
    dictionaries::{DictionaryFiles, list},
};

/// Checks.
///
/// # Errors
/// A mistake was found; the message lists all of them.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<Outcome> {
    let files = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?;
    let dictionary: Arc<Dictionary> = files.compile()?;
    let report = dictionary.run_examples();
    anyhow::ensure!(
        report.problems.is_empty(),
        "{} of {} examples fail:\n{}",
        report.problems.len(),
        report.run,
        list(&report.problems)
    );
    eprintln!(
        "dictionaries are fine: {} topics in {} blocks, {} places, {} examples, version {}",
        dictionary.topics().count(),
        dictionary.blocks().len(),
        dictionary.gazetteer().places().len(),
        report.run,
        dictionary.version()
    );
    Ok(Outcome::Done)
}
