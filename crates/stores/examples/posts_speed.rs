//! Measures ClickHouse in process:
//! `cargo run --release --example posts_speed -- "$(scripts/libchdb.sh)" FOLDER [POSTS [TABLE.sql]]`.
//!
//! TABLE.sql holds another statement for the table `posts`, to compare layouts.
//! Writes posts in batches of 5,000, then asks what the desk asks, each question nine times, and prints medians.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that stops at the first error")]

#[path = "sample/posts.rs"]
mod sample;

use std::{
    fs,
    time::{Duration, Instant},
};

use ::clickhouse::{Client, Compression};
use jiff::Timestamp;
use otklik_domain::{EventId, PostId, RegionId};
use otklik_ports::{CountBy, PostBatch, PostFilter, PostRow, Posts, Timeline};
use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::{ClickHouseConfig, ClickHousePosts},
};
use secrecy::ExposeSecret;

const BATCH: u64 = 5_000;
const ROUNDS: usize = 9;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let library = arguments.next().unwrap().into();
    let folder = arguments.next().unwrap().into();
    let posts: u64 = arguments.next().map_or(1_000_000, |posts| posts.parse().unwrap());

    let begun = Instant::now();
    let chdb = Chdb::open(ChdbConfig { library, folder, limits: ChdbLimits::default() }).await.unwrap();
    let store = ClickHousePosts::open(&chdb.server("otklik")).await.unwrap();
    if let Some(file) = arguments.next() {
        let ClickHouseConfig { url, user, password, database, .. } = chdb.server("otklik");
        let client = Client::default().with_url(url).with_user(user).with_password(password.expose_secret());
        let client = client.with_compression(Compression::None).with_database(database);
        client.query("DROP TABLE posts SYNC").execute().await.unwrap();
        client.query_raw(&fs::read_to_string(file).unwrap()).execute().await.unwrap();
    }
    println!("opened in {:.0?}, {}", begun.elapsed(), memory());

    let mut written = Duration::ZERO;
    let mut slowest = Duration::ZERO;
    let (mut cpu, mut made) = (0.0, 0.0);
    for batch in 0..posts / BATCH {
        let before = cpu_seconds();
        let rows: Vec<PostRow> = (batch * BATCH..(batch + 1) * BATCH).map(sample::post).collect();
        made += cpu_seconds() - before;
        let token = format!("0:{}-{}", batch * BATCH, (batch + 1) * BATCH - 1);
        let (begun, before) = (Instant::now(), cpu_seconds());
        store.write(PostBatch { rows, token, ..PostBatch::default() }).await.unwrap();
        cpu += cpu_seconds() - before;
        written += begun.elapsed();
        slowest = slowest.max(begun.elapsed());
    }
    println!(
        "wrote {posts} posts in batches of {BATCH}: {:.0}/s, slowest batch {slowest:.0?}, {cpu:.1} CPU s ({made:.1} to \
         make them), {}",
        posts as f64 / written.as_secs_f64(),
        memory()
    );

    let all = PostFilter::default();
    let week = PostFilter {
        region: Some(RegionId::from("udm")),
        from: Some(time(posts / 2)),
        to: Some(time(posts / 2 + 7 * 86_400 * 1_000 / 2_500)),
        ..PostFilter::default()
    };
    let event = PostFilter { event: Some(sample::post(posts / 3).group.event), ..PostFilter::default() };
    let ids: Vec<PostId> = (0..200).map(|number| sample::post(number * posts / 200).post.id).collect();
    measure("count_by topic", async || store.count_by(&CountBy::Topic, &all, 50).await.unwrap().len()).await;
    measure("count_by municipality, a week", async || {
        store.count_by(&CountBy::Municipality, &week, 50).await.unwrap().len()
    })
    .await;
    measure("count", async || store.count(&all).await.unwrap() as usize).await;
    measure("timeline by days", async || {
        store.timeline(&all, Timeline::Days { utc_offset_minutes: 180 }).await.unwrap().len()
    })
    .await;
    measure("latest 50", async || store.list(&all, 50, 0).await.unwrap().len()).await;
    measure("latest 50 of a week", async || store.list(&week, 50, 0).await.unwrap().len()).await;
    measure("posts of an event", async || store.list(&event, 50, 0).await.unwrap().len()).await;
    let of_event: EventId = event.event.clone().unwrap();
    measure("curve of an event", async || store.curve(&of_event, 60).await.unwrap().len()).await;
    measure("200 posts by id", async || store.get(&ids).await.unwrap().len()).await;
    measure("one post by id", async || store.get(&ids[..1]).await.unwrap().len()).await;

    let moved = ids.iter().map(|id| (id.clone(), EventId::from("moved"), u64::MAX)).collect();
    timed("move 200 posts", store.write(PostBatch { moved, ..PostBatch::default() })).await;
    let deleted = ids[..100].to_vec();
    timed("delete 100 posts", store.write(PostBatch { deleted, ..PostBatch::default() })).await;
    timed("delete 1 post", store.write(PostBatch { deleted: ids[100..101].to_vec(), ..PostBatch::default() })).await;
    timed("expire a quarter", store.expire(time(posts / 4))).await;
    println!("{}", memory());
    chdb.close().await;
}

async fn measure(what: &str, ask: impl AsyncFn() -> usize) {
    let before = cpu_seconds();
    let mut times = Vec::new();
    let mut answers = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        answers = ask().await;
        times.push(begun.elapsed());
    }
    times.sort();
    let cpu = (cpu_seconds() - before) * 1000.0 / ROUNDS as f64;
    println!("{what}: {:.1?} ({cpu:.0} CPU ms), {answers} rows or posts", times[ROUNDS / 2]);
}

async fn timed(what: &str, work: impl Future<Output = otklik_ports::PortResult<()>>) {
    let begun = Instant::now();
    work.await.unwrap();
    println!("{what}: {:.0?}", begun.elapsed());
}

fn time(number: u64) -> Timestamp {
    sample::post(number).post.published_at
}

/// CPU seconds of this process, all threads, in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}

/// Resident memory of this process, and its highest.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1_000
    };
    format!("RSS {} MB, at most {} MB", line("VmRSS:"), line("VmHWM:"))
}
