//! `otklik check`: every mistake of a configuration and its dictionaries, with file and line.

use std::sync::Arc;

use otklik_text::Dictionary;

use crate::{
    Outcome,
    cli::CheckArgs,
    config::{Config, public_forms},
    dictionaries::{DictionaryFiles, list},
    filters::analyse::load_model,
    mailboxes, regions,
    system::load_topology,
};

/// Checks.
///
/// # Errors
/// A mistake was found; the message lists all of them.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<Outcome> {
    let config = args.config.as_deref().map(Config::load).transpose()?;
    let folder = config.as_ref().map_or(args.dictionaries.dictionaries.as_deref(), |own| own.dictionaries.as_deref());
    let files = DictionaryFiles::load(folder)?;
    let dictionary: Arc<Dictionary> = files.compile()?;
    let report = dictionary.run_examples();
    anyhow::ensure!(
        report.problems.is_empty(),
        "{} of {} examples fail:\n{}",
        report.problems.len(),
        report.run,
        list(&report.problems)
    );
    match &config {
        Some(config) => check_config(config, &files)?,
        None => drop(regions::all(&files)?),
    }
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

/// Reads all that a configuration names.
fn check_config(config: &Config, files: &DictionaryFiles) -> anyhow::Result<()> {
    let mut served = Vec::new();
    for named in &config.regions {
        let region = regions::load(named, files)?;
        eprintln!("region {} is fine", region.id);
        served.push(region.id.to_string());
    }
    let served: Vec<&str> = served.iter().map(String::as_str).collect();
    for (section, number) in config.sources.iter().zip(1..) {
        section.group(number, &served)?;
    }
    for (section, number) in config.callback.iter().zip(1..) {
        section.server(number, &served)?;
    }
    public_forms(&config.form, &served)?;
    mailboxes::open(config, &served, None)?;
    for model in &config.models {
        load_model(model)?;
    }
    load_topology(config)?;
    if config.author_secret_file.is_some() {
        config.author_secret()?;
    }
    if let Some(kafka) = &config.log.kafka {
        kafka.config(config.log.partitions)?;
    }
    if let Some(postgres) = &config.incidents.postgres {
        postgres.config()?;
    }
    if let Some(clickhouse) = &config.posts.clickhouse {
        clickhouse.config()?;
        return Ok(());
    }
    let library = config.libchdb_path()?;
    anyhow::ensure!(
        library.is_file(),
        "{} is missing: fetch it by scripts/libchdb.sh, or set OTKLIK_LIBCHDB to where it is",
        library.display()
    );
    Ok(())
}
