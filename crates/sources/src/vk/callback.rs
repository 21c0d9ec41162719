//! The Callback API: what VK posts to a community's server. The same events come from the Bots Long Poll API, one or a list.

use serde::Deserialize;
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;

use super::{
    comments::{self, Below},
    objects::{Event, EventPlace, Unlisted},
    place::{Kind, Place},
    reader::Reader,
    wall,
};
use crate::{
    author::AuthorKeys,
    fault::SourceError,
    json,
    parse::{BODY_BYTES_MAX, Options},
    parsed::{Parsed, Skip},
};

/// What an event of a comment is about, by the beginning of its name.
const COMMENTED: [(&str, Kind); 5] = [
    ("wall_reply", Kind::Wall),
    ("board_post", Kind::Topic),
    ("photo_comment", Kind::Photo),
    ("video_comment", Kind::Video),
    ("market_comment", Kind::Market),
];

/// Longest name of an event; VK's have 40 characters.
const EVENT_ID_BYTES_MAX: usize = 100;

/// What a deployment knows about the server of a community.
#[derive(Debug, Clone)]
pub struct Server {
    /// The community, without a minus.
    pub group_id: i64,
    /// The secret set in the community's settings; each event must carry it.
    pub secret: secrecy::SecretString,
    /// What VK wants to read when it asks whether the server is ours.
    pub confirmation: String,
}

/// What a server answers to an event, and what the event held.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The body is this text, with status 200.
    Confirm(String),
    /// The body is `ok`, with status 200, once what the event held is in the log.
    Taken {
        /// Names the event: VK delivers it again under the same name until it reads `ok`.
        event: Option<String>,
        /// What it held.
        parsed: Box<Parsed>,
    },
}

/// Why an event is not taken. It is never answered with the word that makes VK drop the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The secret is missing or another: answer status 403.
    #[error("the event does not carry the secret of the server")]
    Secret,
    /// For another community: answer status 403.
    #[error("the event is of another community")]
    Group,
    /// No event: answer status 400.
    #[error(transparent)]
    Broken(#[from] SourceError),
}

/// Decides about an event: checks community and secret, then reads it.
///
/// # Errors
/// It is not from VK as far as the secret tells, not of this community, or no event.
pub fn reply(body: &[u8], server: &Server, authors: Option<&AuthorKeys>) -> Result<Reply, Refusal> {
    use secrecy::ExposeSecret;

    if body.len() > BODY_BYTES_MAX {
        return Err(SourceError::broken("the event is too long").into());
    }
    let event: Event<'_> = json::envelope(json::text(body)?)?;
    if event.group_id != Some(server.group_id) {
        return Err(Refusal::Group);
    }
    let is_question = event.kind.as_deref() == Some("confirmation");
    let expected = server.secret.expose_secret();
    let is_known = |secret: &str| !expected.is_empty() && bool::from(secret.as_bytes().ct_eq(expected.as_bytes()));
    // VK may ask before the secret is set: the answer is of use to this community only.
    let is_allowed = event.secret.as_deref().map_or(is_question, is_known);
    if !is_allowed {
        return Err(Refusal::Secret);
    }
    if is_question {
        return Ok(Reply::Confirm(server.confirmation.clone()));
    }
    let parsed = Box::new(read(body, &Options { authors, params: &[] })?);
    let event = event.event_id.filter(|id| !id.is_empty() && id.len() <= EVENT_ID_BYTES_MAX);
    Ok(Reply::Taken { event, parsed })
}

/// Reads one event, or the list of a long poll.
pub(super) fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    /// `failed`: 1 history too old, 2 key expired, 3 all lost; each is mended by asking for the server again.
    #[derive(Deserialize)]
    struct LongPoll<'a> {
        #[serde(default, borrow)]
        updates: Option<&'a RawValue>,
        #[serde(default)]
        failed: Option<i64>,
        #[serde(default)]
        error: Option<&'a RawValue>,
    }

    let text = json::text(body)?;
    let poll: LongPoll<'_> = json::envelope(text)?;
    if let Some(error) = poll.error {
        return Err(super::errors::source_error(error));
    }
    if let Some(failed) = poll.failed {
        let code = Some(crate::fault::Code::Number(failed));
        return Err(SourceError::new(crate::fault::Kind::Retry, code, "the long poll must be begun again"));
    }
    let mut reader = Reader::new(options);
    match poll.updates {
        Some(updates) => {
            for (index, raw) in json::list(updates, "updates")?.into_iter().enumerate() {
                let path = format!("updates[{index}]");
                match json::piece::<Event<'_>>(raw, &path) {
                    Ok(event) => take(&mut reader, &event, &path)?,
                    Err(reason) => reader.out.skipped.broken(reason),
                }
            }
        }
        None => take(&mut reader, &json::envelope(text)?, "")?,
    }
    Ok(reader.out)
}

fn take(reader: &mut Reader<'_>, event: &Event<'_>, path: &str) -> Result<(), SourceError> {
    let path = if path.is_empty() { "object".to_owned() } else { format!("{path}.object") };
    let kind = event.kind.as_deref().ok_or_else(|| SourceError::broken("type: is missing"))?;
    let (name, action) = kind.rsplit_once('_').unwrap_or((kind, ""));
    let commented = COMMENTED.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind);
    let is_followed = commented.is_some() || matches!(kind, "wall_post_new" | "wall_repost");
    if !is_followed {
        reader.out.skipped.count(Skip::NotAPost);
        return Ok(());
    }
    let object = event.object.ok_or_else(|| SourceError::broken(format!("{path}: is missing")))?;
    let Some(kind) = commented else {
        wall::item(reader, object, &path);
        return Ok(());
    };
    let group = event.group_id.and_then(i64::checked_neg);
    match json::piece::<EventPlace>(object, &path) {
        Ok(place) if action == "delete" => delete(reader, kind, &place, group, &path),
        Ok(place) => {
            let unlisted = json::piece::<Unlisted>(object, &path).unwrap_or_default();
            comments::item(reader, below(kind, &place, unlisted.post_owner_id.or(group)), object, &path);
        }
        Err(reason) => reader.out.skipped.broken(reason),
    }
    Ok(())
}

/// What a comment stands below, by the fields of its kind of event.
fn below(kind: Kind, place: &EventPlace, group: Option<i64>) -> Below {
    let (owner, number) = match kind {
        Kind::Wall => (place.owner_id, place.post_id),
        Kind::Topic => (place.topic_owner_id, place.topic_id),
        Kind::Photo => (place.photo_owner_id.or(place.owner_id), place.photo_id),
        Kind::Video => (place.video_owner_id.or(place.owner_id), place.video_id),
        Kind::Market => (place.market_owner_id.or(place.owner_id), place.item_id),
    };
    Below { kind, owner: owner.or(group), number }
}

fn delete(reader: &mut Reader<'_>, kind: Kind, place: &EventPlace, group: Option<i64>, path: &str) {
    let below = below(kind, place, group);
    match (below.owner, below.number, place.id) {
        (Some(owner), Some(number), Some(id)) => {
            reader.out.deleted.push(Place { kind, owner, number }.comment_id(id));
        }
        _ => reader.out.skipped.broken(format!("{path}: does not name the comment that is gone")),
    }
}
