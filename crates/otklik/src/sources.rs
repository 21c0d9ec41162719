//! `otklik sources`: what is crawled, how often, and how far it is covered.

use std::io::{self, Write};

use anyhow::Context;
use otklik_sources::crawl::{Coverage, Crawl};
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome,
    cli::{SourcesArgs, SourcesCommand},
    config::Config,
    crawl,
    dictionaries::DictionaryFiles,
    engines::open_log,
};

/// Shows sources.
///
/// # Errors
/// The configuration makes no sense, or the deployment runs and holds its log.
pub(crate) fn run(args: &SourcesArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let coverage = runtime.block_on(coverage(&config))?;
    let mut out = io::stdout().lock();
    match args.command {
        SourcesCommand::Plan => plan(&mut out, &coverage)?,
        SourcesCommand::Coverage => {
            for source in &coverage {
                writeln!(out, "{}", serde_json::to_string(source)?)?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// The coverage of every crawl, by its name.
async fn coverage(config: &Config) -> anyhow::Result<Vec<Coverage>> {
    let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
    let log = open_log(config).await?;
    let (mut crawls, _) = crawl::open_alone(config, &files, log, CancellationToken::new()).await?;
    crawls.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(crawls.iter().flat_map(Crawl::coverage).collect())
}

fn plan(out: &mut impl Write, coverage: &[Coverage]) -> io::Result<()> {
    writeln!(
        out,
        "{:<14} {:<32} {:>10} {:>10} {:>12}  trouble",
        "crawl", "source", "posts/day", "reads/day", "lag, min"
    )?;
    for source in coverage {
        let trouble =
            source.trouble.as_ref().map(|trouble| format!("{}: {}", trouble.kind, trouble.message)).unwrap_or_default();
        writeln!(
            out,
            "{:<14} {:<32} {:>10.1} {:>10.1} {:>12.1}  {trouble}",
            source.crawl, source.id, source.posts_a_day, source.reads_a_day, source.lag_minutes
        )?;
    }
    Ok(())
}
