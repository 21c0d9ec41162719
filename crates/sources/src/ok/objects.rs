//! What is read of OK's objects.

use jiff::Timestamp;
use otklik_wire::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Flag, Loose, Word};

/// Kinds of discussions whose things are topics; they share their numbers.
const TOPICS: [&str; 5] = ["GROUP_TOPIC", "USER_TOPIC", "USER_STATUS", "HAPPENING_TOPIC", "MEDIATOPIC"];

/// The id of a thing that can be commented.
pub(super) fn id(kind: &str, number: &str) -> String {
    if kind.is_empty() || TOPICS.contains(&kind) {
        format!("ok:{number}")
    } else {
        format!("ok:{}_{number}", kind.to_lowercase())
    }
}

/// Moments as OK writes them: milliseconds since 1970, or the time of Moscow as `2024-03-01 12:00:00`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Dated {
    #[serde(default)]
    created_ms: Loose<i64>,
    #[serde(default)]
    date_ms: Loose<i64>,
    #[serde(default)]
    date: Loose<String>,
    #[serde(default)]
    creation_date: Loose<String>,
}

impl Dated {
    /// The moment, by the first of the writings that is there.
    ///
    /// # Errors
    /// None is there, or what is there is no time.
    pub(super) fn at(&self) -> Result<Timestamp, String> {
        let moment = [("created_ms", &self.created_ms), ("date_ms", &self.date_ms)]
            .into_iter()
            .find_map(|(name, ms)| if let Loose::Value(ms) = ms { Some((name, *ms)) } else { None });
        if let Some((name, ms)) = moment {
            return time::from_unix(name, ms.div_euclid(1_000)).map_err(|invalid| invalid.to_string());
        }
        for (name, text) in [("date", &self.date), ("creation_date", &self.creation_date)] {
            if let Loose::Value(text) = text {
                return time::parse(name, text).map_err(|invalid| invalid.to_string());
            }
        }
        Err("created_ms: is missing, and so are date_ms and date".to_owned())
    }
}

/// The answer of `discussions.getList`.
#[derive(Debug, Deserialize)]
pub(super) struct Discussions<'a> {
    #[serde(borrow)]
    pub(super) discussions: &'a RawValue,
    #[serde(default)]
    pub(super) anchor: Option<Word>,
    #[serde(default)]
    pub(super) has_more: Loose<Flag>,
}

/// A discussion of the list.
#[derive(Debug, Deserialize)]
pub(super) struct Discussion {
    pub(super) object_id: Word,
    pub(super) object_type: String,
    #[serde(default)]
    pub(super) title: Loose<String>,
    #[serde(default)]
    pub(super) message: Loose<String>,
    #[serde(default)]
    pub(super) owner_uid: Loose<Word>,
    #[serde(default)]
    pub(super) like_count: Loose<u64>,
    #[serde(default)]
    pub(super) total_comments_count: Loose<u64>,
    #[serde(default)]
    pub(super) new_comments_count: Loose<u64>,
    #[serde(default)]
    pub(super) ref_objects: Loose<Vec<RefObject>>,
}

/// A thing that a discussion belongs to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RefObject {
    #[serde(default)]
    pub(super) id: Word,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
}

/// The answer of `discussions.getComments`.
#[derive(Debug, Deserialize)]
pub(super) struct Comments<'a> {
    #[serde(borrow)]
    pub(super) comments: &'a RawValue,
    #[serde(default)]
    pub(super) anchor: Option<Word>,
    #[serde(default)]
    pub(super) has_more: Loose<Flag>,
    #[serde(default, rename = "discussionId")]
    pub(super) discussion_id: Option<Word>,
    #[serde(default, rename = "discussionType")]
    pub(super) discussion_type: Option<Word>,
}

/// A comment.
#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub(super) id: Word,
    #[serde(default)]
    pub(super) author_id: Loose<Word>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Loose<String>,
    #[serde(default)]
    pub(super) reply_to_comment_id: Loose<Word>,
    #[serde(default)]
    pub(super) like_count: Loose<u64>,
}

/// The answers of `mediatopic.getByIds` and `search.tagContents`: topics at the top or among the entities.
#[derive(Debug, Deserialize)]
pub(super) struct Topics<'a> {
    #[serde(default, borrow)]
    pub(super) media_topics: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) entities: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) anchor: Option<Word>,
    #[serde(default)]
    pub(super) has_more: Loose<Flag>,
}

/// Things that an answer refers to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entities<'a> {
    #[serde(default, borrow)]
    pub(super) media_topics: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) groups: Option<&'a RawValue>,
}

/// A topic.
#[derive(Debug, Deserialize)]
pub(super) struct Topic<'a> {
    pub(super) id: Word,
    #[serde(default)]
    pub(super) author_ref: Loose<String>,
    #[serde(default)]
    pub(super) owner_ref: Loose<String>,
    #[serde(default, borrow)]
    pub(super) media: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) on_moderation: Loose<Flag>,
    #[serde(default)]
    pub(super) views_count: Loose<u64>,
    #[serde(default)]
    pub(super) discussion_summary: Loose<CommentsCount>,
    #[serde(default)]
    pub(super) like_summary: Loose<Count>,
    #[serde(default)]
    pub(super) reshare_summary: Loose<Count>,
}

/// A part of a topic: text, link, photo, poll.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Media {
    #[serde(default)]
    pub(super) text: Loose<String>,
    #[serde(default)]
    pub(super) title: Loose<String>,
    #[serde(default)]
    pub(super) description: Loose<String>,
    #[serde(default)]
    pub(super) question: Loose<String>,
}

/// A counter of comments.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct CommentsCount {
    #[serde(default)]
    pub(super) comments_count: Option<u64>,
}

/// A counter.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Count {
    #[serde(default)]
    pub(super) count: Option<u64>,
}

/// A group.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    #[serde(alias = "id")]
    pub(super) uid: Word,
    #[serde(default)]
    pub(super) name: Loose<String>,
    #[serde(default)]
    pub(super) shortname: Loose<String>,
    #[serde(default)]
    pub(super) access_type: Loose<String>,
    #[serde(default)]
    pub(super) private: Loose<Flag>,
    #[serde(default)]
    pub(super) members_count: Loose<u64>,
}

/// The answer of `url.getInfo`.
#[derive(Debug, Deserialize)]
pub(super) struct UrlInfo {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, rename = "objectId")]
    pub(super) object_id: Option<Word>,
    #[serde(default, rename = "objectIdStr")]
    pub(super) object_id_str: Option<Word>,
}
