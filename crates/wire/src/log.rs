//! Messages of the log.
//!
//! `posts` and `analysed` carry [`Message<Intake>`] (in `analysed` each post has its analysis inside), `grouped` carries
//! [`Message<Grouped>`], `incidents` [`Message<IncidentChanged>`] and `dead-letters` [`Message<DeadLetter>`]. A message is
//! `{"v":1,"at":…,"body":…}`; a reader refuses a version it does not know. Fixtures of every version are in
//! `schemas/wire`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::Invalid,
    event::{Event, Group},
    incident::{Change, Incident},
    post::Post,
};

/// The version this code writes and the highest it reads.
pub const VERSION: u16 = 1;

/// A message of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message<T> {
    /// Version of the format.
    pub v: u16,
    /// When what started the chain came in, RFC 3339. Stages hand it on, so that a replay decides as the first run did.
    pub at: String,
    /// The matter.
    pub body: T,
}

impl<T: Serialize + DeserializeOwned> Message<T> {
    /// Makes a message of the current version.
    pub fn new(at: impl Into<String>, body: T) -> Self {
        Self { v: VERSION, at: at.into(), body }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Not UTF-8, not JSON, not of a known version, or not of this body. The reason never quotes a text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        let message: Self =
            serde_json::from_slice(bytes).map_err(|error| Invalid::new("message", error.to_string()))?;
        if message.v != VERSION {
            return Err(Invalid::new("v", format!("version {} is not known, this is version {VERSION}", message.v)));
        }
        Ok(message)
    }

    /// Writes a message.
    ///
    /// # Errors
    /// None for the bodies of this crate: their maps have text keys and their numbers are finite or become `null`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Invalid> {
        serde_json::to_vec(self).map_err(|error| Invalid::new("message", error.to_string()))
    }
}

/// What comes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    /// A post, new or read again.
    Post(Box<Post>),
    /// A post that is gone at its source.
    Deletion(Deletion),
    /// A person's correction.
    Correction(Correction),
}

/// A post that is gone at its source and must go from every store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The post.
    pub id: String,
    /// Its region.
    pub region: String,
}

/// What a person changed about the grouping. It runs through the log, so that it is done once and can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Correction {
    /// Two events are one.
    MergeEvents {
        /// The region of both.
        region: String,
        /// The event that ends.
        from: String,
        /// The event that goes on.
        into: String,
        /// Who says so.
        actor: String,
    },
    /// Posts of an event are another matter; they become an event of their own.
    SplitEvent {
        /// The region.
        region: String,
        /// The event.
        event: String,
        /// The posts that leave it.
        posts: Vec<String>,
        /// The id of the event they become.
        new_event: String,
        /// Who says so.
        actor: String,
    },
}

impl Correction {
    /// The region it concerns.
    pub fn region(&self) -> &str {
        match self {
            Self::MergeEvents { region, .. } | Self::SplitEvent { region, .. } => region,
        }
    }
}

/// What grouping decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouped {
    /// A post with its event.
    Post(Box<GroupedPost>),
    /// A post that is gone; its event as it stands without it.
    Deletion {
        /// What is gone.
        deletion: Deletion,
        /// Events that changed.
        events: Vec<Event>,
    },
    /// A post that is gone and that grouping no longer knew: the store did, and says so here before it deletes it.
    Left {
        /// What is gone.
        deletion: Deletion,
        /// The version of the post that is meant: one published again stays.
        version: u64,
        /// Its event without what it said.
        event: Box<Event>,
    },
    /// A correction, done.
    Correction {
        /// What was corrected.
        correction: Correction,
        /// Posts that changed their event: post and event.
        moved: Vec<(String, String)>,
        /// Events that changed.
        events: Vec<Event>,
    },
}

/// A post with its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupedPost {
    /// The post with its analysis inside.
    pub post: Post,
    /// Where it belongs.
    pub group: Group,
    /// Whether the same id was seen before: the post was read again, perhaps edited.
    pub seen_before: bool,
    /// Its event as it stands with it.
    pub event: Event,
}

/// An incident after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentChanged {
    /// The incident.
    pub incident: Incident,
    /// The change.
    pub change: Change,
}

/// A message no stage could use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The stage that refused it.
    pub stage: String,
    /// Where it was read: topic, partition, offset.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
    /// Why, naming the field.
    pub reason: String,
    /// The message as it was, invalid UTF-8 replaced, cut to 64 KiB.
    pub payload: String,
}
