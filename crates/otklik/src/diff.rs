//! `otklik diff`: what other dictionaries or models would read differently, before they are switched on.

use std::{
    collections::BTreeMap,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use jiff::SignedDuration;
use otklik_domain::Post;
use otklik_pipeline::Knowledge;
use otklik_ports::{Clock, PostFilter, Posts};
use otklik_text::Analyser;
use otklik_wire as wire;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    Outcome,
    cli::DiffArgs,
    clocks::SystemClock,
    config::Config,
    engines::with_posts,
    filters::route::route,
    jsonl::{self, Refused},
    knowledge,
};

/// Posts asked of the store at a time.
const PAGE: usize = 1_000;
/// Topics named in the summary.
const TOPICS_TOLD: usize = 20;

/// Compares.
///
/// # Errors
/// Dictionaries, models or regions cannot be used; posts cannot be read, or the deployment runs and holds its store.
pub(crate) fn run(args: &DiffArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let new = Config {
        dictionaries: args.dictionaries.clone().or_else(|| config.dictionaries.clone()),
        models: if args.models.is_empty() { config.models.clone() } else { args.models.clone() },
        ..config.clone()
    };
    let mut comparison = Comparison {
        before: Side::open(&config)?,
        after: Side::open(&new)?,
        changes: Changes::default(),
        output: BufWriter::with_capacity(1 << 18, io::stdout().lock()),
    };
    let outcome = match &args.posts {
        Some(path) => of_file(&mut comparison, path)?,
        None => of_store(&mut comparison, &config, args.days)?,
    };
    jsonl::finish(&mut comparison.output)?;
    eprint!("{}", comparison.changes.told());
    Ok(outcome)
}

fn of_file(comparison: &mut Comparison<impl Write>, path: &Path) -> anyhow::Result<Outcome> {
    jsonl::for_each(jsonl::open(path)?, false, |post: wire::Post| {
        let post = Post::try_from(post).map_err(|invalid| invalid.to_string())?;
        comparison.compare(&post).map_err(Refused::Failed)
    })
}

/// The posts of the last days, in the deployment's own store.
fn of_store(comparison: &mut Comparison<impl Write>, config: &Config, days: u32) -> anyhow::Result<Outcome> {
    let from = SystemClock.now() - SignedDuration::from_hours(24 * i64::from(days));
    let filter = PostFilter { from: Some(from), ..PostFilter::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(with_posts(config, async |posts: &dyn Posts| {
        let mut seen = 0;
        loop {
            let page = posts.list(&filter, PAGE, seen).await.context("cannot read the posts")?;
            if page.is_empty() {
                return Ok(Outcome::Done);
            }
            seen += page.len();
            page.iter().try_for_each(|row| comparison.compare(&row.post))?;
        }
    }))
}

/// One way to read posts.
struct Side {
    analyser: Analyser,
    knowledge: Knowledge,
}

/// What is read of a post, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Reading {
    /// The main topic.
    topic: Option<String>,
    /// The others.
    further_topics: Vec<String>,
    intent: &'static str,
    sentiment: &'static str,
    severity: u8,
    danger: bool,
    municipality: Option<String>,
    agency: Option<String>,
}

impl Side {
    fn open(config: &Config) -> anyhow::Result<Self> {
        let knowledge = knowledge::load(config)?;
        Ok(Self { analyser: knowledge.analyser(), knowledge })
    }

    fn read(&mut self, post: &Post) -> Reading {
        let analysis = self.analyser.analyse(post);
        let Knowledge { dictionary, regions, .. } = &self.knowledge;
        let named = post.region.as_ref().and_then(|id| self.knowledge.region(id));
        let region = named.or(regions.first().map(Arc::as_ref));
        let mut topics = analysis.topics.iter().map(|topic| topic.id.to_string());
        let topic = topics.next();
        let mut further_topics: Vec<String> = topics.collect();
        further_topics.sort();
        // Who has no topic goes nowhere.
        let agency = region.filter(|_| topic.is_some()).map(|region| route(region, dictionary, &analysis).agency);
        Reading {
            topic,
            further_topics,
            intent: analysis.intent.as_str(),
            sentiment: analysis.sentiment.label.as_str(),
            severity: analysis.severity.level(),
            danger: !analysis.danger.is_empty(),
            municipality: analysis.locality.map(|locality| locality.municipality.into_string()),
            agency: agency.map(|agency| agency.into_string()),
        }
    }
}

/// Two ways to read posts, and what they differ in.
struct Comparison<W> {
    before: Side,
    after: Side,
    changes: Changes,
    output: W,
}

impl<W: Write> Comparison<W> {
    /// Reads a post both ways and writes what differs.
    fn compare(&mut self, post: &Post) -> anyhow::Result<()> {
        let (before, after) = (self.before.read(post), self.after.read(post));
        let Some([old, new]) = self.changes.note(&before, &after)? else { return Ok(()) };
        jsonl::write_line(&mut self.output, &json!({ "id": post.id.as_str(), "before": old, "after": new }))
    }
}

/// What differs, counted.
#[derive(Debug, Default)]
struct Changes {
    posts: u64,
    changed: u64,
    /// By what is read.
    fields: BTreeMap<String, u64>,
    /// Posts that a main topic gains and loses.
    topics: BTreeMap<String, [u64; 2]>,
    /// Posts newly taken for danger, and no longer.
    danger: [u64; 2],
}

impl Changes {
    /// Counts a post; gives what differs, as it was and as it would be.
    fn note(&mut self, before: &Reading, after: &Reading) -> anyhow::Result<Option<[Map<String, Value>; 2]>> {
        self.posts += 1;
        if before == after {
            return Ok(None);
        }
        self.changed += 1;
        let (Value::Object(mut old), Value::Object(mut new)) =
            (serde_json::to_value(before)?, serde_json::to_value(after)?)
        else {
            return Ok(None);
        };
        let differs: Vec<String> = old.keys().filter(|field| old.get(*field) != new.get(*field)).cloned().collect();
        old.retain(|field, _| differs.contains(field));
        new.retain(|field, _| differs.contains(field));
        differs.into_iter().for_each(|field| *self.fields.entry(field).or_default() += 1);
        if before.topic != after.topic {
            for (topic, change) in [(&after.topic, 0), (&before.topic, 1)] {
                let counts = topic.as_ref().map(|topic| self.topics.entry(topic.clone()).or_default());
                counts.and_then(|counts| counts.get_mut(change)).into_iter().for_each(|count| *count += 1);
            }
        }
        let [gained, lost] = &mut self.danger;
        *gained += u64::from(after.danger && !before.danger);
        *lost += u64::from(before.danger && !after.danger);
        Ok(Some([old, new]))
    }

    /// The counts, for people.
    fn told(&self) -> String {
        let mut told = format!("{} posts, {} read differently\n", self.posts, self.changed);
        for (field, count) in &self.fields {
            told.push_str(&format!("  {field}: {count}\n"));
        }
        let [gained, lost] = self.danger;
        if gained + lost > 0 {
            told.push_str(&format!("  danger: {gained} posts more, {lost} fewer\n"));
        }
        let mut topics: Vec<_> = self.topics.iter().collect();
        topics.sort_by_key(|(topic, [gained, lost])| (std::cmp::Reverse(gained + lost), topic.as_str()));
        for (topic, [gained, lost]) in topics.into_iter().take(TOPICS_TOLD) {
            told.push_str(&format!("  {topic}: +{gained} −{lost}\n"));
        }
        told
    }
}
