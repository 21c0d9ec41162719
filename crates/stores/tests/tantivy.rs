//! The search index: the port's suite, and what a kill, a second process and damage leave.
#![cfg(feature = "tantivy")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use otklik_domain::PostId;
use otklik_ports::{
    ErrorKind, PartitionPosition, Search, SearchBatch, SearchQuery,
    conformance::{self, rows},
};
use otklik_stores::tantivy::{TantivyConfig, TantivySearch};

const CHILD_FOLDER: &str = "OTKLIK_TEST_SEARCH_FOLDER";
const CHILD_BATCH: u64 = 50;

async fn open(folder: &Path) -> TantivySearch {
    TantivySearch::open(TantivyConfig::new(folder)).await.unwrap()
}

fn batch(ids: impl Iterator<Item = u64>, next: u64) -> SearchBatch {
    let rows = ids.map(|id| rows::row(&format!("vk:{id}"), "2024-03-01T12:00:00Z", "яма на дороге")).collect();
    SearchBatch { rows, deleted: vec![], next: PartitionPosition { partition: 3, offset: next } }
}

async fn total(search: &TantivySearch) -> u64 {
    search.query(&SearchQuery::default()).await.unwrap().total
}

#[tokio::test]
async fn conforms() {
    // Folders live as long as the test: an index maps its files.
    let folders = tempfile::tempdir().unwrap();
    let next = std::sync::atomic::AtomicU32::new(0);
    conformance::search::suite(async || {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        open(&folders.path().join(number.to_string())).await
    })
    .await;
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let search = open(folder.path()).await;
    search.write(batch(0..10, 10)).await.unwrap();
    search.write(SearchBatch { deleted: vec![PostId::from("vk:3")], ..batch(0..0, 12) }).await.unwrap();
    drop(search);
    let search = open(folder.path()).await;
    assert_eq!(total(&search).await, 9);
    assert_eq!(search.position(3).await.unwrap(), 12);
    assert_eq!(search.position(0).await.unwrap(), 0);
}

#[tokio::test]
async fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).await;
    let error = TantivySearch::open(TantivyConfig::new(folder.path())).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains(folder.path().to_str().unwrap()), "{}", error.message);
}

#[tokio::test]
async fn damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let search = open(folder.path()).await;
    search.write(batch(0..10, 10)).await.unwrap();
    drop(search);
    fs::write(folder.path().join("meta.json"), "{").unwrap();
    let error = TantivySearch::open(TantivyConfig::new(folder.path())).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.message.contains("move the folder away"), "{}", error.message);
    // A file where the folder should be.
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = TantivySearch::open(TantivyConfig::new(file)).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn deleted_posts_leave_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let search = open(folder.path()).await;
    search.write(batch(0..100, 100)).await.unwrap();
    search.write(SearchBatch { deleted: vec![PostId::from("vk:0")], ..batch(0..0, 101) }).await.unwrap();
    let still_there = || {
        let segments = ::tantivy::Index::open_in_dir(folder.path()).unwrap().searchable_segment_metas().unwrap();
        segments.iter().map(|segment| segment.num_deleted_docs()).sum::<u32>()
    };
    assert_eq!(still_there(), 1);
    search.expire(rows::at("2020-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(still_there(), 0);
    assert_eq!(total(&search).await, 99);
}

/// Run again as a child: writes batches and says so, until it is killed.
#[tokio::test]
async fn child_writes_until_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let search = open(Path::new(&folder)).await;
    for number in 0.. {
        // Every batch also writes the one before it again.
        let first = (number * CHILD_BATCH).saturating_sub(CHILD_BATCH);
        search.write(batch(first..(number + 1) * CHILD_BATCH, number + 1)).await.unwrap();
        println!("written {}", number + 1);
    }
}

#[tokio::test]
async fn a_kill_leaves_the_last_commit() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_until_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut numbers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("written ")?.parse().ok());
        // A different batch each round, so that the kill falls at different moments.
        for number in numbers.by_ref().take(round * 7) {
            acknowledged = acknowledged.max(number);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = numbers.fold(acknowledged, u64::max);

        let search = open(folder.path()).await;
        let position = search.position(3).await.unwrap();
        assert!(position >= acknowledged, "position {position}, acknowledged {acknowledged}");
        // The child starts over each round; the posts of the furthest round stay.
        assert_eq!(total(&search).await % CHILD_BATCH, 0);
        assert!(total(&search).await >= position * CHILD_BATCH);
        acknowledged = 0;
    }
}
