//! `otklik demo --live`: public feeds and channels that are followed when the day is over.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use jiff::tz::TimeZone;
use otklik_sources::crawl::Coverage;
use otklik_text::{SourceFile, read_toml};
use serde::Deserialize;

use crate::{
    config::{Config, CrawlSection, SourceSection},
    system::System,
};

/// The sources followed when no file is named.
const BUILT_IN: SourceFile<'_> =
    SourceFile { path: "pipelines/demo/live.toml", content: include_str!("../../../../pipelines/demo/live.toml") };
/// How often it is looked what came of them.
const LOOK: Duration = Duration::from_secs(1);

/// What is followed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LiveSources {
    /// Regions their posts belong to, beside the invented one.
    regions: Vec<PathBuf>,
    #[serde(default)]
    crawl: CrawlSection,
    sources: Vec<SourceSection>,
}

impl LiveSources {
    /// Reads a file of sources; without a path, those built in.
    ///
    /// # Errors
    /// The file cannot be read, or has a mistake; the message names file and line.
    pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Self::parse(&BUILT_IN) };
        let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&SourceFile { path: &path.display().to_string(), content: &content })
    }

    fn parse(file: &SourceFile<'_>) -> anyhow::Result<Self> {
        let live: Self = read_toml(file)?;
        ensure!(!live.sources.is_empty(), "{}: names no sources", file.path);
        Ok(live)
    }

    /// Adds them to the demonstration's configuration.
    pub(crate) fn add_to(self, config: &mut Config) {
        let new = self.regions.into_iter().filter(|region| !config.regions.contains(region)).collect::<Vec<_>>();
        config.regions.extend(new);
        (config.crawl, config.sources) = (self.crawl, self.sources);
    }
}

/// Says of each source whether it is read, and when that changes. Goes on until it is dropped.
pub(crate) async fn tell(system: &System, zone: &TimeZone) -> ! {
    let mut told = Told::default();
    loop {
        for line in told.news(&system.covered(), zone) {
            eprintln!("{line}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What was said last of each source: whether it is read, or the kind of trouble.
#[derive(Debug, Default)]
struct Told(BTreeMap<String, String>);

impl Told {
    /// What is to be said now.
    fn news(&mut self, sources: &[Coverage], zone: &TimeZone) -> Vec<String> {
        let mut news = Vec::new();
        let is_first = self.0.len() < sources.len();
        for source in sources {
            let Some((state, line)) = said(source, zone) else { continue };
            if self.0.get(&source.id) != Some(&state) {
                self.0.insert(source.id.clone(), state);
                news.push(line);
            }
        }
        if is_first && self.0.len() == sources.len() {
            let read = self.0.values().filter(|state| state.is_empty()).count();
            news.push(format!("Читается источников: {read} из {}. Подробно — страница «Источники».", sources.len()));
        }
        news
    }
}

/// The state of a source, empty when it is read, and a line about it. `None` while it has not been asked.
fn said(source: &Coverage, zone: &TimeZone) -> Option<(String, String)> {
    if let Some(trouble) = &source.trouble {
        let again = trouble.again_at.map(|at| at.to_zoned(zone.clone()).strftime("%H:%M").to_string());
        let again = again
            .map_or("сам больше не спросит".to_owned(), |time| format!("спросит снова в {time}"));
        let line = format!("  не читается {}: {} ({}); {again}", source.id, trouble.message, trouble.kind);
        return Some((trouble.kind.clone(), line));
    }
    source.answered_at?;
    let name = if source.name.is_empty() { String::new() } else { format!(" («{}»)", source.name) };
    Some((String::new(), format!("  читается {}{name}", source.id)))
}

#[cfg(test)]
mod tests {
    use otklik_domain::Network;
    use otklik_sources::crawl::Standing;

    use super::*;

    fn source(id: &str) -> Coverage {
        Coverage {
            crawl: "rss:public".to_owned(),
            network: Network::Rss,
            id: id.to_owned(),
            name: String::new(),
            region: "udm".to_owned(),
            posts_a_day: 0.0,
            reads_a_day: 0.0,
            lag_minutes: 0.0,
            seen_lag_minutes: None,
            answered_at: None,
            quota_left: None,
            trouble: None,
            not_covered_since: None,
        }
    }

    #[test]
    fn each_change_is_said_once() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        let mut told = Told::default();
        let mut sources = [source("a"), source("b")];
        assert_eq!(told.news(&sources, &zone), [""; 0], "nobody was asked yet");
        (sources[0].answered_at, sources[0].name) = (Some(at), "Город".to_owned());
        assert_eq!(told.news(&sources, &zone), ["  читается a («Город»)"]);
        sources[1].trouble = Some(Standing {
            kind: "unreachable".to_owned(),
            message: "no such host".to_owned(),
            at,
            action: None,
            again_at: Some(at),
        });
        assert_eq!(
            told.news(&sources, &zone),
            [
                "  не читается b: no such host (unreachable); спросит снова в 13:00",
                "Читается источников: 1 из 2. Подробно — страница «Источники»."
            ]
        );
        assert_eq!(told.news(&sources, &zone), [""; 0]);
        (sources[1].trouble, sources[1].answered_at) = (None, Some(at));
        assert_eq!(told.news(&sources, &zone), ["  читается b"]);
    }

    #[test]
    fn a_file_of_sources_is_checked() {
        let live = LiveSources::load(None).unwrap();
        let mut config = Config::of_folder("data".into(), "demo".into());
        live.add_to(&mut config);
        assert_eq!(config.regions, [PathBuf::from("demo"), PathBuf::from("udm")]);
        let check = |content: &str, expected: &str| {
            let error = LiveSources::parse(&SourceFile { path: "live.toml", content }).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("regions = []\nsources = []", "live.toml: names no sources");
        check("sources = []", "live.toml:1: missing field `regions`");
    }
}
