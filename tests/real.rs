//! All 38,395 real appeals of St Petersburg, from the archive to the stores, held against straightforward counts over the
//! archive itself. Run by `tests/real.sh`; says so when the archive is not there. Never prints a text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{BufRead, BufReader},
    path::Path,
    time::Duration,
};

use flate2::read::GzDecoder;
use otklik_ports::{CountBy, PostFilter, Posts, Search, SearchQuery};
use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::ClickHousePosts,
    tantivy::{TantivyConfig, TantivySearch},
};
use otklik_tests::{Report, libchdb, missing_libchdb, otklik, repository, skipped};
use rust_stemmers::{Algorithm, Stemmer};
use serde_json::Value;

const ARCHIVE: &str = "../shared/data/spb_appeals.jsonl.gz";
const MAP: &str = "text=text,id=id,published_at=created,lat=lat,lon=lon,label.category=category,label.reason=reason,\
    network:=form,kind:=appeal";
const WORD: &str = "отопление";
const MEMORY_MAX: u64 = 1_500 << 20;
const LIMIT: Duration = Duration::from_secs(1_800);

/// What the archive holds by a straightforward count.
struct Truth {
    appeals: u64,
    /// By category; appeals without one under the empty text.
    categories: BTreeMap<String, u64>,
    /// Ids of appeals with the word.
    with_word: HashSet<String>,
}

/// Counts the archive through. An appeal has the word when one of its words, cut at everything that is neither letter nor
/// digit, in small letters and without the dots of ё, has the word's stem by Snowball's rules for Russian.
fn truth(archive: &Path) -> Truth {
    let stemmer = Stemmer::create(Algorithm::Russian);
    let wanted = stemmer.stem(WORD).into_owned();
    let mut truth = Truth { appeals: 0, categories: BTreeMap::new(), with_word: HashSet::new() };
    for line in BufReader::new(GzDecoder::new(fs::File::open(archive).unwrap())).lines() {
        let appeal: Value = serde_json::from_str(&line.unwrap()).unwrap();
        truth.appeals += 1;
        let category = appeal["category"].as_str().unwrap_or_default().to_owned();
        *truth.categories.entry(category).or_default() += 1;
        let text = appeal["text"].as_str().unwrap().to_lowercase().replace('ё', "е");
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        if words.any(|word| stemmer.stem(word) == wanted) {
            truth.with_word.insert(text_or_number(&appeal["id"]));
        }
    }
    truth
}

fn text_or_number(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

#[test]
fn every_real_appeal_arrives() {
    let archive = repository().join(ARCHIVE);
    if !archive.exists() {
        return skipped("real", &format!("{ARCHIVE} is not there"));
    }
    if let Some(reason) = missing_libchdb() {
        return skipped("real", &reason);
    }
    let truth = truth(&archive);
    let folder = tempfile::tempdir().unwrap();
    let posts = folder.path().join("posts.jsonl");
    let imported = otklik(["import", "--map", MAP]).arg(&archive).run().with_code(0);
    fs::write(&posts, &imported.stdout).unwrap();
    assert_eq!(imported.stdout.lines().count() as u64, truth.appeals);

    let data = folder.path().join("data");
    let replay = otklik(["replay", "--region", "demo", "--data"]).arg(&data).arg(&posts);
    let ended = replay.start().end_within(LIMIT).with_code(0);
    let report = Report::of(&ended);
    let n = truth.appeals;
    assert_eq!((report.appended, report.skipped, report.refused), (n, 0, 0));
    let expected = [
        format!("analyse: {n} in = {n} analysed + 0 dead letters"),
        format!("group: {n} in = {n} new + 0 duplicates + 0 changes + 0 dead letters"),
        format!("store: {n} in = {n} stored ({n} indexed) + 0 dead letters"),
        "account: balances".to_owned(),
    ];
    assert_eq!(report.account, expected);
    assert!(ended.memory_peak > 0 && ended.memory_peak < MEMORY_MAX, "{} MiB at a time", ended.memory_peak >> 20);
    println!(
        "real: {n} appeals, {} incidents, {:.0} posts/s ({:.1} s), {} MiB at most, {} with the word",
        report.incidents,
        report.rate,
        report.seconds,
        ended.memory_peak >> 20,
        truth.with_word.len()
    );

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(found(&data).await, truth.with_word);
        assert_eq!(categories(&data).await, truth.categories);
    });
}

/// Ids that the index finds for the word. It gives 200 at a time and pages 10,000 deep.
async fn found(data: &Path) -> HashSet<String> {
    let search = TantivySearch::open(TantivyConfig::new(data.join("search"))).await.unwrap();
    let mut query = SearchQuery { text: WORD.to_owned(), limit: 200, ..SearchQuery::default() };
    let mut ids = HashSet::new();
    loop {
        let page = search.query(&query).await.unwrap();
        assert!(page.total <= 10_000, "{} are too many to page through", page.total);
        ids.extend(page.hits.iter().map(|hit| hit.id.to_string()));
        query.offset += page.hits.len();
        if page.hits.is_empty() {
            assert_eq!(ids.len() as u64, page.total, "each once");
            return ids;
        }
    }
}

/// Posts by category as ClickHouse counts them.
async fn categories(data: &Path) -> BTreeMap<String, u64> {
    let config = ChdbConfig { library: libchdb(), folder: data.join("clickhouse"), limits: ChdbLimits::default() };
    let chdb = Chdb::open(config).await.unwrap();
    let posts = ClickHousePosts::open(&chdb.server("otklik")).await.unwrap();
    let by = CountBy::Label("category".to_owned());
    let counts = posts.count_by(&by, &PostFilter::default(), 1_000).await.unwrap();
    drop(posts);
    chdb.close().await;
    counts.into_iter().map(|count| (count.value, count.posts)).collect()
}
