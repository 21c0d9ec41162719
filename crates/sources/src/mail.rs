//! E-mails to a body: a MIME message (`.eml`) to a post of its subject and its words. Attachments are never read.
//!
//! The parameter `first_seen` is the time the mailbox got it, where that is known.

mod imap;
pub mod mailbox;
mod words;

use jiff::{SignedDuration, Timestamp};
use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use otklik_domain::{Network, PostKind};
use otklik_wire::{Post, TEXT_CHARS_MAX};
use sha2::{Digest, Sha256};

use crate::{
    fault::SourceError,
    html,
    parse::{Method, Options},
    parsed::{Parsed, Skip},
};

/// What can be read of e-mail.
pub(crate) const METHODS: &[Method] = &[Method { name: "email:message", read }];

/// Bytes of a digest that name a message.
const ID_BYTES: usize = 16;
/// A sender's clock may be ahead by so much, and a message under way for so long; another date is none.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
const UNDER_WAY_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// 1 January 2000: there is no older date in a message of today.
const OLDEST: i64 = 946_684_800;

fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let message =
        MessageParser::default().parse(body).filter(|message| message.from().is_some() || message.date().is_some());
    let message = message.ok_or_else(|| SourceError::broken("no e-mail: it has neither a sender nor a date"))?;
    let mut parsed = Parsed::default();
    if is_automatic(&message) {
        parsed.skipped.count(Skip::Automatic);
        return Ok(parsed);
    }
    match post(&message, body, options) {
        Ok(post) => parsed.push("message", post),
        Err(problem) => parsed.skipped.broken(format!("message: {problem}")),
    }
    Ok(parsed)
}

/// Whether no person wrote it: an answer of a machine, a bounce, a mass mailing.
fn is_automatic(message: &Message<'_>) -> bool {
    let value = |name: &'static str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    let is_report = message
        .content_type()
        .is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart") && kind.subtype().is_some_and(is_report));
    is_report
        || value("Auto-Submitted").is_some_and(|value| !value.starts_with("no"))
        || value("X-Autoreply").is_some()
        || value("X-Autorespond").is_some()
        || value("Precedence").is_some_and(|value| matches!(value.as_str(), "bulk" | "junk" | "auto_reply"))
        || value("Return-Path").is_some_and(|value| value == "<>")
        || sender(message).is_some_and(|sender| sender.starts_with("mailer-daemon@"))
}

fn is_report(subtype: &str) -> bool {
    subtype.eq_ignore_ascii_case("report")
}

fn sender(message: &Message<'_>) -> Option<String> {
    let address = message.from()?.first()?.address.as_deref()?;
    Some(address.trim().to_lowercase())
}

fn post(message: &Message<'_>, body: &[u8], options: &Options<'_>) -> Result<Post, &'static str> {
    let (subject, is_forward) = words::subject(message.subject().unwrap_or_default());
    let own = words::own(&text(message, body)?, is_forward);
    let parts = [subject, own].into_iter().filter(|part| !part.is_empty());
    let text: String = parts.collect::<Vec<_>>().join("\n\n").chars().take(TEXT_CHARS_MAX).collect();
    if text.is_empty() {
        return Err("has no words");
    }
    let published_at = date(message, options)?;
    let sender = sender(message);
    Ok(Post {
        id: id(message, sender.as_deref(), &text, published_at),
        network: Network::Email,
        kind: PostKind::Appeal,
        url: None,
        community: None,
        author_key: sender.and_then(|sender| options.author_key(&format!("email:{sender}"))),
        published_at: published_at.to_string(),
        text,
        reply_to: None,
        repost_of: None,
        metrics: otklik_wire::Metrics::default(),
        geo: None,
        region: None,
        labels: std::collections::BTreeMap::new(),
        analysis: None,
    })
}

/// The words of the parts that are meant to be read, in order.
fn text(message: &Message<'_>, body: &[u8]) -> Result<String, &'static str> {
    let mut text = String::new();
    for part in message.text_bodies() {
        let words = match &part.body {
            PartType::Text(words) => readable(part, words, body),
            PartType::Html(page) => html::to_text(page).map_err(|html::TooDeep| "its markup is nested too deeply")?,
            _ => continue,
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&words);
    }
    // Null characters and the like are typed by nobody.
    text.retain(|c| c == '\n' || c == '\t' || !c.is_control());
    Ok(text)
}

/// Text that names no charset and is no UTF-8 is windows-1251: that is what old programs of Russia send.
fn readable(part: &MessagePart<'_>, words: &str, body: &[u8]) -> String {
    let names_charset = part.content_type().is_some_and(|kind| kind.has_attribute("charset"));
    let raw = body.get(part.offset_body as usize..part.offset_end as usize);
    match raw.filter(|_| words.contains('\u{fffd}') && !names_charset && part.encoding == Encoding::None) {
        Some(raw) => encoding_rs::WINDOWS_1251.decode(raw).0.into_owned(),
        None => words.to_owned(),
    }
}

/// The time it was sent, when that can be; else the time it came.
fn date(message: &Message<'_>, options: &Options<'_>) -> Result<Timestamp, &'static str> {
    let timestamp = |date: &mail_parser::DateTime| {
        let second = date.is_valid().then(|| date.to_timestamp()).filter(|&second| second >= OLDEST)?;
        Timestamp::from_second(second).ok()
    };
    let came = options.param("first_seen").and_then(|time| time.parse::<Timestamp>().ok());
    let came = came.or_else(|| message.received()?.date().as_ref().and_then(timestamp));
    let is_believed = |sent: &Timestamp| {
        came.is_none_or(|came| {
            let under_way = came.duration_since(*sent);
            -AHEAD_MAX < under_way && under_way < UNDER_WAY_MAX
        })
    };
    message.date().and_then(timestamp).filter(is_believed).or(came).ok_or("has no date that can be read")
}

/// An id of the message's own, hashed: it may hold an address. One without is known by its sender, time and words.
fn id(message: &Message<'_>, sender: Option<&str>, text: &str, at: Timestamp) -> String {
    let mut digest = Sha256::new();
    match message.message_id().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => digest.update(id.as_bytes()),
        None => digest.update(format!("{}\n{at}\n{text}", sender.unwrap_or_default()).as_bytes()),
    }
    let hex: String = digest.finalize().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("email:{hex}")
}

#[cfg(test)]
mod tests;
