//! Measures the search index against bare Tantivy:
//! `cargo run --release --example search_speed -- FOLDER [POSTS]`.
//!
//! Bare Tantivy indexes the same texts with its own tokenizer and Russian stems, one thread and one commit. Then the
//! index is written in batches of 5,000, each a commit, and asked what the desk asks.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that stops at the first error")]

#[path = "sample/posts.rs"]
mod sample;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use ::tantivy::{
    Index, IndexWriter, TantivyDocument,
    schema::{FAST, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer},
};
use otklik_ports::{FacetField, PartitionPosition, Search, SearchBatch, SearchQuery};
use otklik_stores::tantivy::{TantivyConfig, TantivySearch};

const BATCH: u64 = 5_000;
const ROUNDS: usize = 21;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let posts: u64 = arguments.next().map_or(500_000, |posts| posts.parse().unwrap());
    let folder = Path::new(&folder);

    let (bare, bare_cpu) = index_bare(&folder.join("bare"), posts);
    println!("bare tantivy: {:.0} posts/s, {bare_cpu:.1} CPU s", posts as f64 / bare.as_secs_f64());

    let search = TantivySearch::open(TantivyConfig::new(folder.join("otklik"))).await.unwrap();
    let (mut written, mut slowest, mut cpu) = (Duration::ZERO, Duration::ZERO, 0.0);
    for batch in 0..posts / BATCH {
        let rows = (batch * BATCH..(batch + 1) * BATCH).map(sample::post).collect();
        let next = PartitionPosition { partition: 0, offset: (batch + 1) * BATCH };
        let (begun, before) = (Instant::now(), cpu_seconds());
        search.write(SearchBatch { rows, deleted: Vec::new(), next }).await.unwrap();
        cpu += cpu_seconds() - before;
        written += begun.elapsed();
        slowest = slowest.max(begun.elapsed());
    }
    println!(
        "otklik, batches of {BATCH}: {:.0} posts/s, {cpu:.1} CPU s, slowest batch {slowest:.0?}, {:.2} of bare by time, \
         {:.2} by CPU",
        posts as f64 / written.as_secs_f64(),
        bare.as_secs_f64() / written.as_secs_f64(),
        bare_cpu / cpu
    );

    let text = |text: &str| SearchQuery { text: text.to_owned(), limit: 20, ..SearchQuery::default() };
    let by_days = |query: SearchQuery| SearchQuery { histogram_step_seconds: 86_400, ..query };
    measure(&search, "a word", &text("дорога")).await;
    measure(&search, "two words", &text("дорога автобус")).await;
    measure(&search, "a phrase", &text("\"дорога автобус\"")).await;
    measure(&search, "a beginning", &text("светоф*")).await;
    measure(&search, "a word but another", &text("дорога -автобус")).await;
    measure(&search, "a word, latest first, by days", &by_days(SearchQuery { latest_first: true, ..text("мост") }))
        .await;
    measure(&search, "all, by days", &by_days(text(""))).await;
    let block = SearchQuery { facets: vec![(FacetField::Block, "roads".to_owned())], ..text("") };
    measure(&search, "a block", &block).await;
    let begun = Instant::now();
    search.expire(sample::post(posts / 4).post.published_at).await.unwrap();
    println!("expire a quarter: {:.0?}", begun.elapsed());
}

fn index_bare(folder: &Path, posts: u64) -> (Duration, f64) {
    fs::create_dir_all(folder).unwrap();
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("ru");
    let indexing = indexing.set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = builder.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let id = builder.add_text_field("id", STRING | STORED);
    let published = builder.add_i64_field("published", FAST | INDEXED);
    let block = builder.add_text_field("block", STRING | FAST);
    let index = Index::create_in_dir(folder, builder.build()).unwrap();
    let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(255))
        .filter(LowerCaser)
        .filter(Stemmer::new(Language::Russian));
    index.tokenizers().register("ru", analyzer.build());
    let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(1, 96_000_000).unwrap();
    let (mut time, mut cpu) = (Duration::ZERO, 0.0);
    for batch in 0..posts / BATCH {
        let rows: Vec<_> = (batch * BATCH..(batch + 1) * BATCH).map(sample::post).collect();
        let (begun, before) = (Instant::now(), cpu_seconds());
        for row in rows {
            let mut document = TantivyDocument::default();
            document.add_text(text, &row.post.text);
            document.add_text(id, row.post.id.as_str());
            document.add_i64(published, row.post.published_at.as_millisecond());
            document.add_text(block, row.main_topic().unwrap().block.as_str());
            writer.add_document(document).unwrap();
        }
        cpu += cpu_seconds() - before;
        time += begun.elapsed();
    }
    let (begun, before) = (Instant::now(), cpu_seconds());
    writer.commit().unwrap();
    writer.wait_merging_threads().unwrap();
    (time + begun.elapsed(), cpu + cpu_seconds() - before)
}

async fn measure(search: &TantivySearch, what: &str, query: &SearchQuery) {
    let mut times = Vec::new();
    let mut total = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        total = search.query(query).await.unwrap().total;
        times.push(begun.elapsed());
    }
    times.sort();
    println!("{what}: {:.1?}, {total} posts", times[ROUNDS / 2]);
}

/// CPU seconds of this process, all threads, in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}
