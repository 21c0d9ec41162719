//! A post deleted at its source is gone from the store, the index, the log and the next backup; the others stay.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use otklik_ports::{Log, Polled, Topic};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};
use otklik_tests::{Deployment, Running, missing_libchdb, otklik, skipped};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
/// Is in no dictionary and in no other text.
const WORD: &str = "каракатица";

/// A deployment that serves.
struct Served {
    process: Running,
    address: SocketAddr,
    token: String,
}

impl Served {
    fn start(deployment: &Deployment, token: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = fs::read_to_string(deployment.config()).unwrap();
        let own = deployment.folder().join("served.toml");
        fs::write(&own, format!("{config}[web]\nlisten = \"{free}\"\n")).unwrap();
        let process = otklik(["run", "--config"]).arg(own).start();
        let mut served = Self { process, address: free, token: token.to_owned() };
        served.until("GET", "/readyz", |status, _| status == 200);
        served
    }

    /// One request; nothing while nobody answers.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// Asks until the answer is as wanted.
    fn until(&mut self, method: &str, path: &str, wanted: impl Fn(u16, &Value) -> bool) {
        let began = Instant::now();
        loop {
            let reply = self.ask(method, path, "");
            if reply.as_ref().is_some_and(|(status, body)| wanted(*status, body)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{method} {path} stays at {reply:?}");
            assert!(!self.process.ends_within(Duration::from_millis(50)), "the deployment ended by itself");
        }
    }
}

fn search(word: &str) -> String {
    let query: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/search?q={query}")
}

fn finds(count: u64) -> impl Fn(u16, &Value) -> bool {
    move |status, body| status == 200 && body["meta"]["total"] == count
}

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
    let created = otklik(["token", "--config"]).arg(deployment.config()).arg("create").arg("portal");
    let created = created.arg("--role").arg("admin").run().with_code(0);
    let token = created.stdout.split_whitespace().find(|word| word.starts_with("otklik_")).unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let mut served = Served::start(&deployment, &token);
    let post = |id: &str, text: String| json!({"id": id, "text": text, "published_at": "2026-03-18T10:00:00+03:00"});
    let posts = json!([
        post("form:1", format!("На Советской яма, в ней живёт {WORD}")),
        post("form:2", "На Кирова яма".into())
    ]);
    assert_eq!(served.ask("POST", "/api/v1/posts", &posts.to_string()).unwrap().1["accepted"], 2);
    served.until("GET", &search(WORD), finds(1));
    served.until("GET", &search("яма"), finds(2));

    assert_eq!(served.ask("DELETE", "/api/v1/posts/form:1", "").unwrap().0, 202);
    served.until("GET", &search(WORD), finds(0));
    served.until("GET", "/api/v1/posts/form:1", |status, _| status == 404);
    served.until("GET", &search("яма"), finds(1));
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
        served = Served::start(&deployment, &token);
    }

    let file = deployment.folder().join("backup.tar.gz");
    otklik(["backup", "--config"]).arg(deployment.config()).arg("--to").arg(&file).run().with_code(0);
    let other = Deployment::new();
    otklik(["restore", "--config"]).arg(other.config()).arg(&file).run().with_code(0);
    assert_eq!(runtime.block_on(holding_word(&other)), [""; 0]);
    let mut served = Served::start(&other, &token);
    served.until("GET", &search("яма"), finds(1));
    served.until("GET", &search(WORD), finds(0));
    // The desk works on what was restored.
    assert_eq!(served.ask("GET", "/login", "").unwrap().0, 200);
    served.process.kill();
}
