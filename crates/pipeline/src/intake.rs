//! The gate of the log: what comes in is checked, masked and stripped of authors before it is kept anywhere.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use otklik_domain::Post;
use otklik_ports::{Clock, Cursor, Log, PortResult, Record, Topic};
use otklik_text::mask;
use otklik_wire::{
    self as wire, Invalid,
    log::{Correction, Deletion, Intake, Message},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Bytes of an author's key.
const KEY_BYTES: usize = 12;

/// A post that was not taken in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place among those handed in, from 0.
    pub index: usize,
    /// Why.
    pub reason: Invalid,
}

/// Takes posts in.
#[derive(Clone)]
pub struct Gate {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    author_secret: SecretString,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl Gate {
    /// A gate that hashes authors with the deployment's secret.
    pub fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>, author_secret: SecretString) -> Self {
        Self { log, clock, author_secret }
    }

    /// An author as the deployment knows them: a keyed hash that tells voices apart and nothing more.
    pub fn author_key(&self, author: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.author_secret.expose_secret().as_bytes()) else {
            // A key of any length makes an HMAC; the other case is for the compiler, and keeps the author out.
            return String::new();
        };
        mac.update(author.trim().as_bytes());
        mac.finalize().into_bytes().iter().take(KEY_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Takes posts in and moves the cursor of their source with them, all or nothing; those that make no sense are left out
    /// and named. An author that is no key yet is made one. `at` is when they came in: for a replay of a past day the time of each post itself.
    ///
    /// # Errors
    /// The log's: nothing was taken in.
    pub async fn append(
        &self,
        posts: Vec<wire::Post>,
        cursor: Option<Cursor>,
        at_published: bool,
    ) -> PortResult<Vec<Refused>> {
        let now = self.clock.now();
        let mut records = Vec::with_capacity(posts.len());
        let mut refused = Vec::new();
        for (index, mut post) in posts.into_iter().enumerate() {
            let author = post.author_key.filter(|author| !author.trim().is_empty());
            post.author_key = author.map(|author| if is_key(&author) { author } else { self.author_key(&author) });
            match record(post, (!at_published).then_some(now)) {
                Ok(record) => records.push(record),
                Err(reason) => refused.push(Refused { index, reason }),
            }
        }
        self.log.append(Topic::Posts, records, cursor, now).await?;
        Ok(refused)
    }

    /// Hands in that a post is gone at its source. It leaves the stores as the stages read this, and is emptied in the log
    /// once grouping has saved its state without it.
    ///
    /// # Errors
    /// The log's. Handing it in again does no harm.
    pub async fn delete(&self, deletion: Deletion) -> PortResult<()> {
        let region = deletion.region.clone();
        self.hand_in(Intake::Deletion(deletion), region).await
    }

    /// Hands in a person's correction.
    ///
    /// # Errors
    /// The log's.
    pub async fn correct(&self, correction: Correction) -> PortResult<()> {
        let region = correction.region().to_owned();
        self.hand_in(Intake::Correction(correction), region).await
    }

    /// Appends a message under no key: it must stay when the post it names is emptied.
    async fn hand_in(&self, body: Intake, region: String) -> PortResult<()> {
        let now = self.clock.now();
        let payload = Message::new(now.to_string(), body).to_bytes().map_err(|invalid| {
            otklik_ports::PortError::caused(otklik_ports::ErrorKind::Rejected, "cannot write the message", invalid)
        })?;
        self.log.append(Topic::Posts, vec![Record { region, key: String::new(), payload }], None, now).await
    }
}

/// Whether an author is a key already: `otklik import` made it.
fn is_key(author: &str) -> bool {
    author.len() == 2 * KEY_BYTES && author.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Checks a post, masks its text and makes it a record.
fn record(mut post: wire::Post, now: Option<jiff::Timestamp>) -> Result<Record, Invalid> {
    post.text = mask(&post.text).into_owned();
    post.analysis = None;
    let checked = Post::try_from(post)?;
    let post = wire::Post::from(&checked);
    let at = now.unwrap_or(checked.published_at).to_string();
    let (region, key) = (post.region.clone().unwrap_or_default(), post.id.clone());
    let payload = Message::new(at, Intake::Post(Box::new(post))).to_bytes()?;
    Ok(Record { region, key, payload })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use otklik_ports::{FixedClock, Polled, memory::MemoryLog};
    use otklik_wire::TEXT_CHARS_MAX;

    use super::*;

    const NOW: &str = "2026-03-03T07:00:00Z";

    fn gate(secret: &str) -> (Gate, Arc<MemoryLog>) {
        let log = Arc::new(MemoryLog::new(2));
        let clock = Arc::new(FixedClock::new(NOW.parse().unwrap()));
        (Gate::new(log.clone(), clock, secret.into()), log)
    }

    fn post(id: &str, text: &str) -> wire::Post {
        let json = serde_json::json!({
            "id": id, "text": text, "published_at": "2026-03-01T10:00:00+03:00", "region": "demo",
        });
        serde_json::from_value(json).unwrap()
    }

    /// What lies in topic `posts`: when it came in, and the post.
    async fn taken(log: &MemoryLog) -> Vec<(String, wire::Post)> {
        let mut consumer = log.consumer("test", Topic::Posts).await.unwrap();
        let mut taken = Vec::new();
        loop {
            match consumer.poll(100, Duration::ZERO).await.unwrap() {
                Polled::Records { records, .. } => {
                    for record in records {
                        let message: Message<Intake> = Message::from_bytes(&record.payload).unwrap();
                        let Intake::Post(post) = message.body else { panic!("not a post") };
                        assert_eq!(record.key, post.id);
                        taken.push((message.at, *post));
                    }
                }
                Polled::Idle => return taken,
                Polled::Assigned(_) | Polled::Revoked(_) => {}
            }
        }
    }

    #[tokio::test]
    async fn phones_and_mail_addresses_are_masked() {
        let check = async |text: &str, expected: &str| {
            let (gate, log) = gate("a secret");
            assert_eq!(gate.append(vec![post("vk:1", text)], None, false).await.unwrap(), []);
            assert_eq!(taken(&log).await[0].1.text, expected);
        };
        check("Звоните 8 912 345-67-89, Иван", "Звоните [телефон скрыт], Иван").await;
        check("Пишите: ivan.petrov@mail.ru!", "Пишите: [почта скрыта]!").await;
        check("Нет воды, 112 не отвечает", "Нет воды, 112 не отвечает").await;
    }

    #[tokio::test]
    async fn an_analysis_handed_in_is_not_believed() {
        let (gate, log) = gate("a secret");
        let mut forged = post("vk:1", "Нет воды");
        let analysis = serde_json::json!({
            "id": "vk:1", "language": { "code": "ru", "confidence": 1.0 }, "topics": [], "intent": "thanks",
            "sentiment": { "label": "positive", "score": 1.0 }, "severity": 0, "places": [],
            "versions": { "dictionary": "", "models": [] },
        });
        forged.analysis = Some(Box::new(serde_json::from_value(analysis).unwrap()));
        gate.append(vec![forged], None, false).await.unwrap();
        assert_eq!(taken(&log).await[0].1.analysis, None);
    }

    #[tokio::test]
    async fn authors_become_keys_and_keys_stay() {
        let (gate, log) = gate("a secret");
        let key = gate.author_key("id12345");
        let by = |id: &str, author: &str| wire::Post {
            author_key: Some(author.to_owned()),
            ..post(id, "Яма на дороге")
        };
        gate.append(vec![by("vk:1", "id12345"), by("vk:2", &key)], None, false).await.unwrap();
        let authors: Vec<_> = taken(&log).await.into_iter().map(|(_, post)| post.author_key).collect();
        assert_eq!(authors, [Some(key.clone()), Some(key)]);
    }

    #[test]
    fn authors_are_told_apart_and_not_known() {
        let (gate_a, _) = gate("a secret");
        let (gate_b, _) = gate("another secret");
        let key = gate_a.author_key("id12345");
        assert_eq!(key.len(), 24);
        assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()) && !key.contains("12345"));
        assert_eq!(key, gate_a.author_key(" id12345 "), "the same author");
        assert_ne!(key, gate_a.author_key("id12346"), "another author");
        assert_ne!(key, gate_b.author_key("id12345"), "another deployment");
        assert_ne!(key, gate("").0.author_key("id12345"));
    }

    #[tokio::test]
    async fn a_post_handed_in_again_comes_in_again_under_its_key() {
        let (gate, log) = gate("a secret");
        for views in [10, 20] {
            let mut post = post("vk:1", "Нет воды");
            post.metrics.views = views;
            gate.append(vec![post], None, false).await.unwrap();
        }
        let views: Vec<u64> = taken(&log).await.into_iter().map(|(_, post)| post.metrics.views).collect();
        assert_eq!(views, [10, 20], "grouping knows it by its id, and takes the new counters");
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_named_and_the_rest_goes_in_with_the_cursor() {
        let (gate, log) = gate("a secret");
        let mut timeless = post("vk:3", "Нет воды");
        timeless.published_at = "вчера".to_owned();
        let posts = vec![
            post("vk:1", "Нет воды"),
            post("vk:2", &"я".repeat(TEXT_CHARS_MAX + 1)),
            timeless,
            post("", "Нет воды"),
            post("vk:5", &"я".repeat(TEXT_CHARS_MAX)),
        ];
        let cursor = Cursor { source: "vk:wall:-1".to_owned(), position: "5".to_owned() };
        let refused = gate.append(posts, Some(cursor), false).await.unwrap();
        let told: Vec<String> =
            refused.iter().map(|refused| format!("{}: {}", refused.index, refused.reason)).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with(&format!("1: text: {} characters", TEXT_CHARS_MAX + 1)), "{told:?}");
        assert!(told[1].starts_with("2: published_at: "), "{told:?}");
        assert!(told[2].starts_with("3: id: "), "{told:?}");
        let ids: Vec<String> = taken(&log).await.into_iter().map(|(_, post)| post.id).collect();
        assert_eq!(ids, ["vk:1", "vk:5"]);
        assert_eq!(log.cursor("vk:wall:-1").await.unwrap().as_deref(), Some("5"));
    }

    #[tokio::test]
    async fn a_replay_takes_posts_in_when_they_were_published() {
        let (gate, log) = gate("a secret");
        gate.append(vec![post("vk:1", "Нет воды")], None, true).await.unwrap();
        gate.append(vec![post("vk:2", "Нет воды")], None, false).await.unwrap();
        let times: Vec<String> = taken(&log).await.into_iter().map(|(at, _)| at).collect();
        assert_eq!(times, ["2026-03-01T07:00:00Z", NOW]);
    }
}
