//! What is forgotten leaves the brokers' disks.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use otklik_ports::{Log, Record, Topic};
use otklik_stores::kafka_log::{KafkaLog, KafkaLogConfig};

use super::{SOON, at, cluster::Cluster, config, record};

/// Whether any file below a folder has these bytes.
fn has(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().map_while(Result::ok).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return has(&path, wanted);
        }
        // The broker removes files while this looks.
        let Ok(bytes) = fs::read(&path) else { return false };
        path.extension().is_some_and(|extension| extension == "log")
            && bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_text_leaves_the_disks() {
    let Some(cluster) = Cluster::shared() else { return };
    let quick = KafkaLogConfig {
        displaced_after: Duration::ZERO,
        forgotten_within: Duration::from_millis(500),
        ..config(&cluster.servers)
    };
    let log = KafkaLog::open(quick.clone()).await.unwrap();
    // Nothing to gain for the compression, so that the bytes stand on the disk as they are.
    let text = format!("{:032x}", rand::random::<u128>());
    let post = |key: &str, payload: &str| Record {
        region: "udm".to_owned(),
        key: key.to_owned(),
        payload: payload.as_bytes().to_vec(),
    };
    log.append(Topic::Posts, vec![post("vk:1", &text)], None, at(0)).await.unwrap();
    log.append(Topic::Analysed, vec![post("vk:1", &text)], None, at(0)).await.unwrap();
    assert!(has(&cluster.place(), text.as_bytes()), "the text is on the disk");

    log.forget("udm", "vk:1").await.unwrap();
    let begun = Instant::now();
    let mut others = 0;
    while has(&cluster.place(), text.as_bytes()) {
        assert!(begun.elapsed() < SOON, "the text is still there");
        // Compaction leaves the file alone that is being written to; what comes later begins the next.
        let records = |others: u64| vec![Record { region: "udm".to_owned(), ..record(others) }];
        log.append(Topic::Posts, records(others), None, at(1)).await.unwrap();
        log.append(Topic::Analysed, records(others + 1), None, at(1)).await.unwrap();
        others += 2;
    }
}
