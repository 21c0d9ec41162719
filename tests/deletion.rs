//! A post deleted at its source is gone from the store, the index, the log and the next backup; the others stay.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    time::{Duration, Instant},
};

use otklik_ports::{Log, Polled, Topic};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};
use otklik_tests::{Deployment, Served, finds, missing_libchdb, otklik, search, skipped};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
/// Is in no dictionary and in no other text.
const WORD: &str = "каракатица";

/// Where the words of a post are told of besides.
const TOLD: [&str; 2] = ["/api/v1/events", "/api/v1/incidents"];

/// Topics and keys of the records of the log that still hold the word.
async fn holding_word(deployment: &Deployment) -> Vec<String> {
    let mut config = FjallLogConfig::new(deployment.data().join("log"));
    config.partitions = 4;
    let log = FjallLog::open(config).await.unwrap();
    let mut found = Vec::new();
    for topic in Topic::ALL {
        let mut reader = log.consumer("a-reader-of-the-test", topic).await.unwrap();
        loop {
            match reader.poll(1_000, Duration::from_millis(200)).await.unwrap() {
                Polled::Records { records, .. } => {
                    let holding =
                        records.iter().filter(|record| String::from_utf8_lossy(&record.payload).contains(WORD));
                    found.extend(holding.map(|record| format!("{} {:?}", topic.as_str(), record.key)));
                }
                Polled::Idle => break,
                _ => {}
            }
        }
    }
    found
}

#[test]
fn a_deleted_post_is_gone_everywhere() {
    if let Some(reason) = missing_libchdb() {
        return skipped("deletion", &reason);
    }
    let deployment = Deployment::new();
    let token = Served::token(&deployment);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let mut served = Served::start(&deployment, &token, "");
    let post = |id: &str, text: String| json!({"id": id, "text": text, "published_at": "2026-03-18T10:00:00+03:00"});
    let mut appeal = post("form:1", format!("На улице Советской, 18 глубокая яма. В яме живёт {WORD}, ждём асфальт"));
    appeal["kind"] = json!("appeal");
    let first = post("form:3", "Улица Советская, 18: яма, объехать нельзя, дорога разбита".into());
    let posts = json!([first, appeal, post("form:2", "На Кирова яма".into())]);
    assert_eq!(served.ask("POST", "/api/v1/posts", &posts.to_string()).unwrap().1["accepted"], 3);
    served.until("GET", &search(WORD), finds(1));
    served.until("GET", &search("яма"), finds(3));
    let says = |body: &Value| body.to_string().contains(WORD);
    for told in TOLD {
        served.until("GET", told, |status, body| status == 200 && says(body));
    }

    assert_eq!(served.ask("DELETE", "/api/v1/posts/form:1", "").unwrap().0, 202);
    served.until("GET", &search(WORD), finds(0));
    served.until("GET", "/api/v1/posts/form:1", |status, _| status == 404);
    for told in TOLD {
        served.until("GET", told, |status, body| status == 200 && !says(body));
    }
    served.until("GET", TOLD[1], |_, body| body.to_string().contains("объехать нельзя"));
    served.until("GET", &search("яма"), finds(2));
    // Once more does no harm.
    assert_eq!(served.ask("DELETE", "/api/v1/posts/form:1?region=demo", "").unwrap().0, 202);
    let began = Instant::now();
    // The log is emptied once grouping has saved its state without the post.
    loop {
        served.process.kill();
        let holding = runtime.block_on(holding_word(&deployment));
        if holding.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the log still holds the post in {holding:?}");
        served = Served::start(&deployment, &token, "");
    }

    let file = deployment.folder().join("backup.tar.gz");
    otklik(["backup", "--config"]).arg(deployment.config()).arg("--to").arg(&file).run().with_code(0);
    let other = Deployment::new();
    otklik(["restore", "--config"]).arg(other.config()).arg(&file).run().with_code(0);
    assert_eq!(runtime.block_on(holding_word(&other)), [""; 0]);
    for name in ["incidents.sqlite", "incidents.sqlite-wal"] {
        let bytes = fs::read(other.data().join(name)).unwrap_or_default();
        assert!(!bytes.windows(WORD.len()).any(|bytes| bytes == WORD.as_bytes()), "{name} still holds the word");
    }
    let mut served = Served::start(&other, &token, "");
    served.until("GET", &search("яма"), finds(2));
    served.until("GET", &search(WORD), finds(0));
    for told in TOLD {
        served.until("GET", told, |status, body| status == 200 && !says(body));
    }
    // The desk works on what was restored.
    assert_eq!(served.ask("GET", "/login", "").unwrap().0, 200);
    served.process.kill();
}
