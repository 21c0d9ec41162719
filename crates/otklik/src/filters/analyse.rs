//! `otklik analyse`: posts to analyses.

use std::{fs, io, path::Path, sync::Arc};

use anyhow::Context;
use otklik_domain::Post;
use otklik_text::{Analyser, Model};
use otklik_wire as wire;

use crate::{Outcome, cli::AnalyseArgs, dictionaries::DictionaryFiles, jsonl};

/// Largest model file read.
const MODEL_BYTES_MAX: u64 = 1 << 30;

/// Runs the filter.
///
/// # Errors
/// Dictionaries or a model cannot be used; see [`jsonl::filter`].
pub(crate) fn run(args: &AnalyseArgs) -> anyhow::Result<Outcome> {
    let dictionary = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?.compile()?;
    let models = args.models.iter().map(|path| load_model(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut analyser = Analyser::new(dictionary, models);
    jsonl::filter(io::stdin().lock(), args.filter.strict, |post: wire::Post| {
        let post = Post::try_from(post).map_err(|invalid| invalid.to_string())?;
        Ok(wire::Analysis::from(&analyser.analyse(&post)))
    })
}

/// Reads a model.
///
/// # Errors
/// The file cannot be read or is no model; the message names it.
pub(crate) fn load_model(path: &Path) -> anyhow::Result<Arc<Model>> {
    let size = fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?.len();
    anyhow::ensure!(size <= MODEL_BYTES_MAX, "{} is larger than {} MiB", path.display(), MODEL_BYTES_MAX >> 20);
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Arc::new(Model::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))?))
}
