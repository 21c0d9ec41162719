//! `otklik sources`: what is crawled, how often, and how far it is covered.

use std::{
    io::{self, Write},
    sync::Arc,
};

use anyhow::Context;
use otklik_pipeline::Gate;
use otklik_sources::crawl::Coverage;
use otklik_stores::snapshots_file::FileSnapshots;
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome,
    cli::{SourcesArgs, SourcesCommand},
    clocks::SystemClock,
    config::Config,
    crawl::{self, CoverageMap, CrawlEngines},
    dictionaries::DictionaryFiles,
    engines::open_log,
    regions,
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

async fn coverage(config: &Config) -> anyhow::Result<Vec<Coverage>> {
    let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
    let served = config.regions.iter().map(|named| regions::load(named, &files));
    let served = served.collect::<anyhow::Result<Vec<_>>>()?;
    let names: Vec<&str> = served.iter().map(|region| region.id.as_str()).collect();
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
    let log = open_log(config).await?;
    let clock = Arc::new(SystemClock);
    let engines = CrawlEngines {
        gate: Gate::new(Arc::clone(&log), clock.clone(), config.author_secret()?),
        log,
        snapshots: Arc::new(FileSnapshots::open(config.data.join("snapshots")).context("cannot open the snapshots")?),
        clock,
        stop: CancellationToken::new(),
    };
    let map = CoverageMap::default();
    for crawl in crawl::open(config, &names, &engines).await? {
        map.draw(&crawl);
    }
    Ok(map.sources())
}

fn plan(out: &mut impl Write, coverage: &[Coverage]) -> io::Result<()> {
    writeln!(
        out,
        "{:<14} {:<32} {:>10} {:>10} {:>12}  trouble",
        "crawl", "source", "posts/day", "reads/day", "lag, min"
    )?;
    for source in coverage {
        let trouble = source.trouble.as_ref().map(|(kind, message)| format!("{kind}: {message}")).unwrap_or_default();
        writeln!(
            out,
            "{:<14} {:<32} {:>10.1} {:>10.1} {:>12.1}  {trouble}",
            source.crawl, source.id, source.posts_a_day, source.reads_a_day, source.lag_minutes
        )?;
    }
    Ok(())
}
