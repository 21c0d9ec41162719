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
        mac.finalize().into_bytes().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Takes posts in and moves the cursor of their source with them, all or nothing; those that make no sense are left out
    /// and named. `at` is when they came in: for a replay of a past day the time of each post itself.
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
        for (index, post) in posts.into_iter().enumerate() {
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
