//! A deployment that runs reads its dictionaries again when it is told to: topics, routing and names change with the next
//! post, events go on, and mistakes change nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;

use otklik_tests::{Deployment, Served, copy_folder, missing_libchdb, repository, skipped};
use serde_json::{Value, json};

/// No topic tells of it as shipped.
const TOPIC: &str = "\n[[topics]]\nid = \"animals.cuttlefish\"\nname = \"Каракатицы\"\nseverity = 4\nterms = [\"каракатица\"]\n\
    examples = [\"Завелась каракатица\", \"Каракатицы у школы\", \"Видели каракатицу\"]\nothers = [\"Кот на дереве\"]\n";
const TOPIC_ID: &str = "animals.cuttlefish";
/// A body of the region and what it answers for.
const BODY: &str = "\"safety.wildfires\"]";

/// A deployment that serves, and the folder of its dictionaries.
struct Desk {
    served: Served,
    deployment: Deployment,
}

impl Desk {
    fn start() -> Self {
        let deployment = Deployment::new();
        copy_folder(&repository().join("dictionaries"), &deployment.folder().join("dictionaries"));
        let token = Served::token(&deployment);
        let served = Served::start(&deployment, &token, "dictionaries = \"dictionaries\"\n");
        Self { served, deployment }
    }

    /// Changes a file of the dictionaries.
    fn edit(&self, file: &str, change: impl Fn(&str) -> String) {
        let path = self.deployment.folder().join("dictionaries").join(file);
        let changed = change(&fs::read_to_string(&path).unwrap());
        fs::write(path, changed).unwrap();
    }

    /// Tells it to read again and waits until it has.
    fn reload(&mut self, result: &str) {
        self.served.process.signal("HUP");
        self.served.until_metric(&format!("otklik_dictionary_reloads_total{{result=\"{result}\"}} 1"));
    }

    /// Hands an appeal in; gives it as it is stored.
    fn post(&mut self, id: &str, text: &str) -> Value {
        let post = json!({"id": id, "text": text, "kind": "appeal", "published_at": "2026-03-18T10:00:00+03:00"});
        assert_eq!(self.served.ask("POST", "/api/v1/posts", &json!([post]).to_string()).unwrap().1["accepted"], 1);
        let path = format!("/api/v1/posts/{id}");
        self.served.until("GET", &path, |status, _| status == 200);
        self.served.ask("GET", &path, "").unwrap().1
    }

    /// The body that has the incident of a post's event.
    fn agency(&mut self, post: &Value) -> Value {
        let event = &post["group"]["event_id"];
        let of_event = |body: &Value| {
            let incidents = body["incidents"].as_array().cloned().unwrap_or_default();
            incidents.into_iter().find(|incident| incident["event_id"] == *event)
        };
        self.served.until("GET", "/api/v1/incidents", |_, body| of_event(body).is_some());
        of_event(&self.served.ask("GET", "/api/v1/incidents", "").unwrap().1).unwrap()["agency"].clone()
    }
}

fn topics(post: &Value) -> Vec<&str> {
    let topics = post["post"]["analysis"]["topics"].as_array().unwrap();
    topics.iter().map(|topic| topic["id"].as_str().unwrap()).collect()
}

fn version(post: &Value) -> &Value {
    &post["post"]["analysis"]["versions"]["dictionary"]
}

#[test]
fn other_dictionaries_count_without_a_restart() {
    if let Some(reason) = missing_libchdb() {
        return skipped("reload", &reason);
    }
    let mut desk = Desk::start();
    let text = "На улице Советской, 18 в подвале завелась каракатица, жильцы туда не спускаются";
    let before = desk.post("form:1", text);
    assert!(!topics(&before).contains(&TOPIC_ID));

    desk.edit("topics/animals.toml", |content| format!("{content}{TOPIC}"));
    desk.edit("regions/demo.toml", |content| {
        assert!(content.contains(BODY));
        content.replacen(BODY, &format!("{}, \"{TOPIC_ID}\"]", BODY.trim_end_matches(']')), 1)
    });
    desk.reload("read");
    desk.served.until("GET", "/api/v1/topics", |_, body| body.to_string().contains("Каракатицы"));
    let after = desk.post("form:2", text);
    assert_eq!(topics(&after)[0], TOPIC_ID);
    assert_ne!(version(&after), version(&before));
    assert_eq!(after["group"]["duplicate_of"], "form:1", "the window is that of before");
    assert_eq!(after["group"]["event_id"], before["group"]["event_id"]);
    let elsewhere = desk.post("form:3", "Прошу принять меры: каракатица!");
    assert_ne!(elsewhere["group"]["event_id"], before["group"]["event_id"]);
    assert_eq!(desk.agency(&elsewhere), "demo.les");
    desk.served.until_metric("otklik_dictionary_versions 1");

    desk.edit("topics/animals.toml", |content| content.replacen("severity", "sevrity", 1));
    desk.reload("refused");
    let line = 1 + fs::read_to_string(repository().join("dictionaries/topics/animals.toml"))
        .unwrap()
        .lines()
        .position(|line| line.starts_with("severity"))
        .unwrap();
    desk.served
        .until_metric(&format!("otklik_dictionary_mistake{{mistake=\"topics/animals.toml:{line}: unknown field"));
    let still = desk.post("form:4", "На вокзале опять каракатица");
    assert_eq!((topics(&still)[0], version(&still)), (TOPIC_ID, version(&after)));
    desk.served.process.kill();
}
