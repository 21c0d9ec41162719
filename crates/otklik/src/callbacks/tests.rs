//! Events as VK posts them.

use otklik_ports::{Polled, Topic, memory::MemoryLog};
use otklik_wire::log::{Intake, Message};
use serde_json::{Value, json};

use super::*;
use crate::clocks::ReplayClock;

const SECRET: &str = "s3cret-s3cret";

fn callbacks(log: &Arc<MemoryLog>) -> VkCallbacks {
    let log: Arc<dyn Log> = log.clone();
    let server = Server { group_id: 1, secret: SECRET.into(), confirmation: "abc123".to_owned() };
    let endpoint = Endpoint { server, region: "demo".to_owned(), taking: Mutex::default() };
    let gate = Gate::new(Arc::clone(&log), Arc::new(ReplayClock::new()), "0123456789abcdef0123456789abcdef".into());
    let authors = AuthorKeys::new("0123456789abcdef0123456789abcdef".into());
    VkCallbacks { endpoints: BTreeMap::from([("gorod".to_owned(), endpoint)]), gate, log, authors }
}

fn event(kind: &str, id: &str, object: Value) -> Value {
    json!({"type": kind, "group_id": 1, "event_id": id, "v": "5.199", "secret": SECRET, "object": object})
}

fn post(text: &str) -> Value {
    json!({"id": 45, "owner_id": -1, "from_id": 7, "date": 1_772_000_000, "post_type": "post", "text": text})
}

fn comment(text: &str) -> Value {
    json!({"id": 9, "owner_id": -1, "post_id": 45, "from_id": 8, "date": 1_772_000_060, "text": text})
}

/// What lies in the log: region, id and text of a post, or region and `-id` of a deletion.
async fn taken(log: &MemoryLog) -> Vec<String> {
    let mut consumer = log.consumer("test", Topic::Posts).await.unwrap();
    let mut found = Vec::new();
    loop {
        match consumer.poll(100, std::time::Duration::ZERO).await.unwrap() {
            Polled::Records { records, .. } => {
                for record in records {
                    let message: Message<Intake> = Message::from_bytes(&record.payload).unwrap();
                    found.push(match message.body {
                        Intake::Post(post) => format!("{} {} {}", post.region.unwrap_or_default(), post.id, post.text),
                        Intake::Deletion(deletion) => format!("{} -{}", deletion.region, deletion.id),
                        Intake::Correction(_) => panic!("nobody corrects anything here"),
                    });
                }
            }
            Polled::Idle => return found,
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

/// Posts bodies one after another; gives what each came to, and what lies in the log then.
async fn hear(bodies: &[Value]) -> (Vec<Heard>, Vec<String>) {
    let log = Arc::new(MemoryLog::new(1));
    let mut heard = Vec::new();
    for body in bodies {
        // Each as if after a restart: what was taken is known from the log alone.
        heard.push(callbacks(&log).hear("gorod", body.to_string().as_bytes()).await.unwrap());
    }
    (heard, taken(&log).await)
}

#[tokio::test]
async fn events_become_posts_and_deletions() {
    let check = async |kind: &str, object: Value, expected: &[&str]| {
        let (heard, taken) = hear(&[event(kind, "e1", object)]).await;
        assert_eq!(
            (heard.as_slice(), taken.as_slice()),
            (&[Heard::Taken][..], &expected.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()[..]),
            "{kind}"
        );
    };
    check("wall_post_new", post("Нет воды"), &["demo vk:-1_45 Нет воды"]).await;
    check("wall_post_new", post("Звоните 8 912 345-67-89"), &["demo vk:-1_45 Звоните [телефон скрыт]"]).await;
    check("wall_reply_new", comment("И у нас"), &["demo vk:-1_45_r9 И у нас"]).await;
    check("wall_reply_edit", comment("И у нас нет"), &["demo vk:-1_45_r9 И у нас нет"]).await;
    check("wall_reply_restore", comment("И у нас"), &["demo vk:-1_45_r9 И у нас"]).await;
    check(
        "wall_reply_delete",
        json!({"id": 9, "owner_id": -1, "post_id": 45, "deleter_id": 7}),
        &["demo -vk:-1_45_r9"],
    )
    .await;
    check("message_new", json!({"message": {"text": "личное"}}), &[]).await;
    check("group_join", json!({"user_id": 7, "join_type": "join"}), &[]).await;
}

#[tokio::test]
async fn an_event_delivered_again_is_taken_once() {
    let new = event("wall_reply_new", "e1", comment("И у нас"));
    let edit = event("wall_reply_edit", "e2", comment("И у нас нет"));
    let delete = event("wall_reply_delete", "e3", json!({"id": 9, "owner_id": -1, "post_id": 45}));
    let restore = event("wall_reply_restore", "e4", comment("И у нас нет"));
    let all = [new.clone(), new.clone(), edit.clone(), new, delete.clone(), restore, delete, edit];
    let (heard, taken) = hear(&all).await;
    let (taken_once, repeated) = (Heard::Taken, Heard::Repeated);
    let expected = [&taken_once, &repeated, &taken_once, &repeated, &taken_once, &taken_once, &repeated, &repeated];
    assert_eq!(heard.iter().collect::<Vec<_>>(), expected);
    let lines = [
        "demo vk:-1_45_r9 И у нас",
        "demo vk:-1_45_r9 И у нас нет",
        "demo -vk:-1_45_r9",
        "demo vk:-1_45_r9 И у нас нет",
    ];
    // Messages without a key and posts lie in one partition, in the order they came.
    assert_eq!(taken, lines);
}

#[tokio::test]
async fn strangers_and_broken_bodies_leave_nothing() {
    let check = async |body: Value, expected: Heard| {
        let (heard, taken) = hear(std::slice::from_ref(&body)).await;
        assert_eq!((heard, taken), (vec![expected], Vec::new()), "{body}");
    };
    let with = |field: &str, value: Value| {
        let mut event = event("wall_post_new", "e1", post("Яма"));
        event[field] = value;
        event
    };
    check(with("secret", json!("another")), Heard::Refused).await;
    check(with("secret", Value::Null), Heard::Refused).await;
    check(with("group_id", json!(2)), Heard::Refused).await;
    check(with("object", json!({"id": "x"})), Heard::LeftOut).await;
    check(json!({"type": "confirmation", "group_id": 1}), Heard::Confirm("abc123".to_owned())).await;
    check(json!([]), Heard::Broken("the body: a list in place of an object".to_owned())).await;
    let log = Arc::new(MemoryLog::new(1));
    let body = event("wall_post_new", "e1", post("Яма")).to_string();
    assert_eq!(callbacks(&log).hear("selo", body.as_bytes()).await.unwrap(), Heard::Unknown);
}

#[tokio::test]
async fn old_names_of_events_are_forgotten() {
    let log = Arc::new(MemoryLog::new(1));
    let callbacks = callbacks(&log);
    for number in 0..EVENTS_KNOWN + 10 {
        let body = event("wall_reply_new", &format!("e{number}"), comment("Яма")).to_string();
        callbacks.hear("gorod", body.as_bytes()).await.unwrap();
    }
    let position = log.cursor("callback:vk:gorod").await.unwrap().unwrap();
    let known: Vec<String> = serde_json::from_str(&position).unwrap();
    assert_eq!((known.len(), known[0].as_str()), (EVENTS_KNOWN, "e10"));
}
