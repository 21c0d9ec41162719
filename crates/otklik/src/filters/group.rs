//! `otklik group`: posts to events.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::Context;
use otklik_domain::{Analysis, Post, RegionId};
use otklik_engine::group::{GroupConfig, Grouper};
use otklik_pipeline::group_config;
use otklik_text::Analyser;
use otklik_wire as wire;

use super::analyse::load_model;
use crate::{Outcome, cli::GroupArgs, dictionaries::DictionaryFiles, jsonl};

/// Posts without a region are a region of their own.
const NO_REGION: &str = "none";

/// Runs the filter.
///
/// # Errors
/// Dictionaries, a model or the state cannot be used; see [`jsonl::filter`].
pub(crate) fn run(args: &GroupArgs) -> anyhow::Result<Outcome> {
    let dictionary = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?.compile()?;
    let models = args.models.iter().map(|path| load_model(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let config = GroupConfig { window_days: args.window_days, ..group_config(&dictionary) };
    let mut groupers = match args.state.as_deref().filter(|path| path.exists()) {
        Some(path) => load_state(path, &config)?,
        None => BTreeMap::new(),
    };
    let mut analyser = Analyser::new(dictionary, models);
    let outcome = jsonl::filter(io::stdin().lock(), args.filter.strict, |mut post: wire::Post| {
        let analysis = post.analysis.take();
        let post = Post::try_from(post).map_err(|invalid| invalid.to_string())?;
        let analysis = analysis.map_or_else(|| analyser.analyse(&post), |analysis| Analysis::from(*analysis));
        let region = post.region.clone().unwrap_or_else(|| RegionId::from(NO_REGION));
        let grouper = groupers.entry(region.clone()).or_insert_with(|| Grouper::new(region, config.clone()));
        Ok(wire::Group::from(&grouper.add(&post, &analysis).group))
    })?;
    if let Some(path) = &args.state {
        save_state(path, &groupers)?;
    }
    Ok(outcome)
}

/// States of several regions in one file: for each its length and its bytes.
fn load_state(path: &Path, config: &GroupConfig) -> anyhow::Result<BTreeMap<RegionId, Grouper>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rest = bytes.as_slice();
    let mut groupers = BTreeMap::new();
    while let Some((length, after)) = rest.split_first_chunk::<8>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (state, after) = after
            .split_at_checked(length)
            .with_context(|| format!("cannot use {}: the grouping state is cut short", path.display()))?;
        let grouper =
            Grouper::from_bytes(state, config.clone()).with_context(|| format!("cannot use {}", path.display()))?;
        groupers.insert(grouper.region().clone(), grouper);
        rest = after;
    }
    anyhow::ensure!(rest.is_empty(), "cannot use {}: the grouping state is cut short", path.display());
    Ok(groupers)
}

fn save_state(path: &Path, groupers: &BTreeMap<RegionId, Grouper>) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    for grouper in groupers.values() {
        let state = grouper.to_bytes()?;
        bytes.extend_from_slice(&(state.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&state);
    }
    // Whole or not at all: a kill must not leave half a state.
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes).with_context(|| format!("cannot write {}", temporary.display()))?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}
