//! The Streaming API: messages of its WebSocket. A message is `{"code":…}`: 100 an event, 200 rules, 300 a service message, 400 an
//! error. Marked as beta by VK; whether new applications get it is not certain.

use otklik_domain::PostKind;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    place::{Kind as Thing, Place},
    reader::Reader,
    text::plain,
};
use crate::{
    bare::joined,
    fault::{Code, Kind, Rule, SourceError, kind_of},
    json::{self, Loose, Word},
    parse::Options,
    parsed::{Parsed, Skip},
};

/// What the codes of errors mean: those of the connection, then those of rules.
const ERRORS: &[Rule<i64>] = &[
    Rule { kind: Kind::Token, codes: &[1001, 1002, 1003] },
    Rule { kind: Kind::RateLimit, codes: &[1005] },
    Rule { kind: Kind::Retry, codes: &[1000, 1004, 1006] },
    Rule { kind: Kind::BadRequest, codes: &[2000, 2001, 2002, 2003, 2004, 2005, 2006, 2008] },
];

#[derive(Deserialize)]
struct Message<'a> {
    code: u16,
    #[serde(default, borrow)]
    event: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<&'a RawValue>,
    #[serde(default)]
    service_message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StreamError {
    #[serde(default)]
    error_code: i64,
    #[serde(default)]
    message: Option<Word>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    service_code: i64,
}

#[derive(Deserialize)]
struct StreamEvent {
    event_type: String,
    event_id: EventId,
    action: String,
    #[serde(default)]
    event_url: Loose<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    creation_time: Option<i64>,
    #[serde(default)]
    shared_post_text: Loose<String>,
    #[serde(default)]
    signer_id: Loose<i64>,
    #[serde(default)]
    author: Loose<Author>,
}

#[derive(Deserialize)]
struct EventId {
    #[serde(default)]
    post_owner_id: Option<i64>,
    #[serde(default)]
    post_id: Option<i64>,
    #[serde(default)]
    comment_id: Option<i64>,
    #[serde(default)]
    shared_post_id: Loose<i64>,
    #[serde(default)]
    topic_owner_id: Option<i64>,
    #[serde(default)]
    topic_id: Option<i64>,
    #[serde(default)]
    topic_post_id: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
struct Author {
    #[serde(default)]
    id: Option<i64>,
    #[serde(default)]
    shared_post_author_id: Option<i64>,
}

/// Reads a message.
pub(super) fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let message: Message<'_> = json::envelope(json::text(body)?)?;
    let mut reader = Reader::new(options);
    match message.code {
        100 => {
            let raw = message.event.ok_or_else(|| SourceError::broken("event: is missing"))?;
            let taken = json::piece::<StreamEvent>(raw, "event")
                .and_then(|event| take(&mut reader, event).map_err(|reason| format!("event.{reason}")));
            if let Err(reason) = taken {
                reader.out.skipped.broken(reason);
            }
        }
        200 => reader.out.skipped.count(Skip::NotAPost),
        300 => {
            let service = message.service_message.and_then(|raw| json::piece::<Service>(raw, "service_message").ok());
            let code = service.map(|service| Code::Number(service.service_code));
            return Err(SourceError::new(Kind::Retry, code, "the stream says it must be opened again"));
        }
        400 => {
            let raw = message.error.ok_or_else(|| SourceError::broken("error: is missing"))?;
            let error: StreamError = json::piece(raw, "error").map_err(SourceError::broken)?;
            let kind = kind_of(ERRORS, &error.error_code).unwrap_or(Kind::BadRequest);
            let said = error.message.map(|said| said.0).unwrap_or_default();
            return Err(SourceError::new(kind, Some(Code::Number(error.error_code)), &said));
        }
        code => return Err(SourceError::broken(format!("code: {code} is not known"))),
    }
    Ok(reader.out)
}

/// Takes an event. A reason begins with the field.
fn take(reader: &mut Reader<'_>, event: StreamEvent) -> Result<(), String> {
    let id = &event.event_id;
    let wall = id.post_owner_id.zip(id.post_id).map(|(owner, number)| Place::wall(owner, number));
    let topic = id.topic_owner_id.zip(id.topic_id);
    let topic = topic.map(|(owner, number)| Place { kind: Thing::Topic, owner, number });
    let unnamed = || "event_id: does not name the publication".to_owned();
    let (place, comment) = match event.event_type.as_str() {
        "post" | "share" => (wall.ok_or_else(unnamed)?, None),
        "comment" => (wall.ok_or_else(unnamed)?, Some(id.comment_id.ok_or_else(unnamed)?)),
        "topic_post" => (topic.ok_or_else(unnamed)?, Some(id.topic_post_id.ok_or_else(unnamed)?)),
        _ => {
            reader.out.skipped.count(Skip::NotAPost);
            return Ok(());
        }
    };
    let own = comment.map_or_else(|| place.id(), |comment| place.comment_id(comment));
    if event.action == "delete" {
        reader.out.deleted.push(own);
        return Ok(());
    }
    let mut made = reader.post(own, Some(place.owner), event.creation_time)?;
    let skipped = &mut reader.out.skipped;
    let author = event.author.get("event", "author", skipped);
    let signer = event.signer_id.get("event", "signer_id", skipped).filter(|signer| *signer > 0);
    let url = event.event_url.get("event", "event_url", skipped).filter(|url| url.starts_with("https://"));
    let shared_text = event.shared_post_text.get("event", "shared_post_text", skipped).unwrap_or_default();
    let shared = event.event_id.shared_post_id.get("event.event_id", "shared_post_id", skipped);
    made.author_key = reader.author(signer.or(author.and_then(|author| author.id)));
    made.text = joined([plain(&event.text.unwrap_or_default()).as_str(), &plain(&shared_text)]);
    made.url = url.or_else(|| Some(comment.map_or_else(|| place.url(), |comment| place.comment_url(comment, None))));
    if comment.is_some() {
        made.kind = PostKind::Comment;
        made.reply_to = Some(place.id());
    }
    let original = author.and_then(|author| author.shared_post_author_id).zip(shared);
    made.repost_of = original.map(|(owner, number)| Place::wall(owner, number).id());
    reader.out.push("event", made);
    Ok(())
}
