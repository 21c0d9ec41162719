//! What is read of VK's objects, by the names of its schema (version 5.199). Unknown fields are ignored.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Flag, Loose, Word};

/// A list with its companions: answers of walls, comments, boards and searches.
#[derive(Debug, Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) items: &'a RawValue,
    #[serde(default)]
    pub(super) groups: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) count: Loose<u64>,
    #[serde(default)]
    pub(super) current_level_count: Loose<u64>,
    #[serde(default)]
    pub(super) next_from: Loose<String>,
}

/// `wall_wallpost_full`, with `newsfeed_item_wallpost` and what comes as `post_type: reply` in searches.
#[derive(Debug, Deserialize)]
pub(super) struct WallPost<'a> {
    #[serde(default)]
    pub(super) id: Option<i64>,
    #[serde(default)]
    pub(super) post_id: Option<i64>,
    #[serde(default)]
    pub(super) owner_id: Option<i64>,
    #[serde(default)]
    pub(super) source_id: Option<i64>,
    #[serde(default)]
    pub(super) to_id: Option<i64>,
    #[serde(default)]
    pub(super) from_id: Loose<i64>,
    #[serde(default)]
    pub(super) signer_id: Loose<i64>,
    #[serde(default)]
    pub(super) date: Option<i64>,
    #[serde(default)]
    pub(super) edited: Loose<i64>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) item_type: Loose<String>,
    #[serde(default)]
    pub(super) post_type: Loose<String>,
    #[serde(default, borrow)]
    pub(super) copy_history: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) parents_stack: Loose<Vec<i64>>,
    #[serde(default)]
    pub(super) comments: Loose<Count>,
    #[serde(default)]
    pub(super) likes: Loose<Count>,
    #[serde(default)]
    pub(super) reposts: Loose<Count>,
    #[serde(default)]
    pub(super) views: Loose<Count>,
    #[serde(default)]
    pub(super) geo: Loose<Geo>,
    #[serde(default)]
    pub(super) marked_as_ads: Loose<Flag>,
    #[serde(default)]
    pub(super) is_deleted: Loose<Flag>,
    #[serde(default)]
    pub(super) donut: Loose<Donut>,
}

/// `base_likes_info`, `base_reposts_info`, `base_comments_info`, `wall_views`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Count {
    #[serde(default)]
    pub(super) count: Option<u64>,
}

/// `wall_wallpost_donut`: a post only for those who pay is not public.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Donut {
    #[serde(default)]
    pub(super) is_donut: Flag,
}

/// `wall_geo` and `base_geo`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Geo {
    #[serde(default)]
    pub(super) coordinates: Option<Coordinates>,
}

/// Latitude and longitude: a text on walls, an object elsewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Coordinates {
    /// `55.75 37.61`.
    Text(String),
    /// `base_geo_coordinates`.
    Point(Point),
}

/// `base_geo_coordinates`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Point {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

/// `wall_wall_comment`, `board_topic_comment`, and the comments of the Callback API.
#[derive(Debug, Deserialize)]
pub(super) struct Comment<'a> {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) from_id: Loose<i64>,
    #[serde(default)]
    pub(super) date: Option<i64>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) owner_id: Option<i64>,
    #[serde(default)]
    pub(super) post_id: Option<i64>,
    #[serde(default)]
    pub(super) parents_stack: Loose<Vec<i64>>,
    #[serde(default)]
    pub(super) reply_to_comment: Loose<i64>,
    #[serde(default, borrow)]
    pub(super) thread: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) likes: Loose<Count>,
    #[serde(default)]
    pub(super) deleted: Loose<Flag>,
}

/// `comment_thread`.
#[derive(Debug, Deserialize)]
pub(super) struct Thread<'a> {
    #[serde(default)]
    pub(super) count: Loose<u64>,
    #[serde(default, borrow)]
    pub(super) items: Option<&'a RawValue>,
}

/// `board_topic`.
#[derive(Debug, Deserialize)]
pub(super) struct Topic {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) created: i64,
    #[serde(default)]
    pub(super) created_by: Loose<i64>,
    #[serde(default)]
    pub(super) comments: Loose<u64>,
}

/// `groups_group_full`.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) name: Loose<String>,
    #[serde(default)]
    pub(super) screen_name: Loose<String>,
    #[serde(default)]
    pub(super) is_closed: Loose<u8>,
    #[serde(default)]
    pub(super) deactivated: Loose<String>,
    #[serde(default)]
    pub(super) members_count: Loose<u64>,
}

/// `callback_base`, and the longer answers of the Bots Long Poll API.
#[derive(Debug, Deserialize)]
pub(super) struct Event<'a> {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default, borrow)]
    pub(super) object: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) group_id: Option<i64>,
    #[serde(default)]
    pub(super) secret: Option<String>,
    #[serde(default)]
    pub(super) event_id: Option<String>,
}

/// What holds the comment of an event, and what it names in the events of deletion. Only the fields of its kind are there.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EventPlace {
    #[serde(default)]
    pub(super) id: Option<i64>,
    #[serde(default)]
    pub(super) owner_id: Option<i64>,
    #[serde(default)]
    pub(super) post_id: Option<i64>,
    #[serde(default)]
    pub(super) topic_id: Option<i64>,
    #[serde(default)]
    pub(super) topic_owner_id: Option<i64>,
    #[serde(default)]
    pub(super) photo_id: Option<i64>,
    #[serde(default)]
    pub(super) photo_owner_id: Option<i64>,
    #[serde(default)]
    pub(super) video_id: Option<i64>,
    #[serde(default)]
    pub(super) video_owner_id: Option<i64>,
    #[serde(default)]
    pub(super) item_id: Option<i64>,
    #[serde(default)]
    pub(super) market_owner_id: Option<i64>,
}

/// Fields that VK sends and its schema does not name: from recorded answers and from its documentation of the Callback API.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Unlisted {
    /// The wall of a comment in `wall_reply_*`.
    #[serde(default)]
    pub(super) post_owner_id: Option<i64>,
}

/// The answer of a method.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(default, borrow)]
    pub(super) response: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) execute_errors: Option<&'a RawValue>,
}

/// A call of a bundle that failed.
#[derive(Debug, Deserialize)]
pub(super) struct ExecuteError {
    #[serde(default)]
    pub(super) method: Option<String>,
    pub(super) error_code: i64,
    #[serde(default)]
    pub(super) error_msg: Option<Word>,
}
