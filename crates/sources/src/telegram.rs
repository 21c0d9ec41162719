//! Telegram: the public preview of a channel, `https://t.me/s/CHANNEL`.
//!
//! The page shows about the last sixteen posts and a link to those before them. It has no comments, and says nothing of edits and
//! deletions: they are seen by reading again. Classes of the page: facts.md §4.3 of the project's reference.

use jiff::Timestamp;
use otklik_domain::{Network, PostKind};
use otklik_wire::{self as wire, Post};
use scraper::{ElementRef, Html};

use crate::{
    fault::{Kind, SourceError},
    html,
    parse::{Method, Options},
    parsed::{CommunityInfo, Next, Parsed, Skip},
};

/// What can be read of Telegram.
pub(crate) const METHODS: &[Method] = &[Method { name: "telegram:page", read }];

/// Reads a page of a channel.
fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return Err(SourceError::broken("the body is empty"));
    }
    let page = html::page(&text).map_err(|html::TooDeep| SourceError::broken("the page is nested too deeply"))?;
    let messages: Vec<ElementRef<'_>> = all(page.root_element(), "tgme_widget_message").collect();
    let channel = channel(&page, messages.first());
    let Some(channel) = channel else {
        // Where there is no preview, the address leads to the page that asks to open Telegram.
        let is_plain = find(page.root_element(), "tgme_page").is_some();
        return Err(if is_plain {
            SourceError::new(
                Kind::Unavailable,
                None,
                "the channel has no public preview, or there is none of this name",
            )
        } else {
            SourceError::broken("not a page of a channel: no tgme_channel_info, no tgme_widget_message")
        });
    };
    let mut parsed = Parsed { next: before(&page), ..Parsed::default() };
    for (index, message) in messages.into_iter().enumerate() {
        let path = format!("message {}", index + 1);
        if message.value().classes().any(|class| class == "service_message") {
            parsed.skipped.count(Skip::NotAPost);
            continue;
        }
        match post(message, &channel, options) {
            Ok(post) if post.text.is_empty() => parsed.skipped.count(Skip::NotAPost),
            Ok(post) => parsed.push(&path, post),
            Err(problem) => parsed.skipped.broken(format!("{path}: {problem}")),
        }
    }
    // The page goes from old to new; everything else reads from new to old.
    parsed.posts.reverse();
    parsed.communities.push(channel);
    Ok(parsed)
}

/// What the page says about the channel.
fn channel(page: &Html, first: Option<&ElementRef<'_>>) -> Option<CommunityInfo> {
    let root = page.root_element();
    let info = find(root, "tgme_channel_info");
    if info.is_none() && first.is_none() {
        return None;
    }
    let by_header = find(root, "tgme_channel_info_header_username").map(|name| html::text_of(name));
    let by_post = first.and_then(|first| first.attr("data-post")).and_then(|post| post.split('/').next());
    let name = by_post.map(str::to_owned).or(by_header)?.trim().trim_start_matches('@').to_owned();
    let title = find(root, "tgme_channel_info_header_title").or_else(|| find(root, "tgme_header_title"));
    let counters = info.into_iter().flat_map(|info| all(info, "tgme_channel_info_counter"));
    let subscribers = counters
        .filter(|counter| find(*counter, "counter_type").is_some_and(|kind| text(kind).contains("subscriber")))
        .find_map(|counter| count(&text(find(counter, "counter_value")?)));
    Some(CommunityInfo {
        id: name.to_lowercase(),
        name: title.map(text).filter(|title| !title.is_empty()).unwrap_or_else(|| name.clone()),
        url: Some(format!("https://t.me/{name}")),
        is_open: true,
        followers: subscribers,
    })
}

/// The number that leads to the posts before this page.
fn before(page: &Html) -> Option<Next> {
    let more = all(page.root_element(), "tme_messages_more").find_map(|more| more.attr("data-before"))?;
    let value: u64 = more.trim().parse().ok()?;
    Some(Next { param: "before", value: value.to_string() })
}

/// One post.
fn post(message: ElementRef<'_>, channel: &CommunityInfo, options: &Options<'_>) -> Result<Post, &'static str> {
    let address = message.attr("data-post").ok_or("data-post is missing")?;
    let id = post_id(address).ok_or("data-post is not CHANNEL/NUMBER")?;
    let date = all(message, "tgme_widget_message_date")
        .find_map(|date| date.descendent_elements().find_map(|time| time.attr("datetime")))
        .ok_or("the date is missing")?;
    let published_at: Timestamp = date.trim().parse().map_err(|_| "the date is not one of RFC 3339")?;
    let repost_of = find(message, "tgme_widget_message_forwarded_from_name").and_then(linked);
    let metrics = wire::Metrics {
        views: find(message, "tgme_widget_message_views").and_then(|views| count(&text(views))).unwrap_or_default(),
        likes: all(message, "tgme_reaction").filter_map(|reaction| count(&text(reaction))).fold(0, u64::saturating_add),
        followers: channel.followers.unwrap_or_default(),
        ..wire::Metrics::default()
    };
    Ok(Post {
        id,
        network: Network::Telegram,
        kind: PostKind::Post,
        url: Some(format!("https://t.me/{address}")),
        community: Some(wire::Community { id: channel.id.clone(), name: channel.name.clone() }),
        author_key: options.author_key(&format!("telegram:{}", channel.id)),
        published_at: published_at.to_string(),
        text: words(message),
        reply_to: find(message, "tgme_widget_message_reply").and_then(linked),
        repost_of,
        metrics,
        geo: None,
        region: None,
        labels: Default::default(),
        analysis: None,
    })
}

/// The text of a post, or the question of its poll.
fn words(message: ElementRef<'_>) -> String {
    let own = all(message, "tgme_widget_message_text").find(|text| !is_quoted(*text));
    let poll =
        all(message, "tgme_widget_message_poll_question").chain(all(message, "tgme_widget_message_poll_option_text"));
    let lines: Vec<String> = own.into_iter().chain(poll).map(html::text_of).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Whether a text is that of the post answered, shown above the answer.
fn is_quoted(text: ElementRef<'_>) -> bool {
    let parents = text.ancestors().filter_map(ElementRef::wrap);
    parents.into_iter().any(|parent| parent.value().classes().any(|class| class == "tgme_widget_message_reply"))
}

/// The id of the post a link leads to, if it is one of a public channel.
fn linked(link: ElementRef<'_>) -> Option<String> {
    let address = link.attr("href")?;
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.strip_prefix("t.me/")?;
    post_id(path.strip_prefix("s/").unwrap_or(path))
}

/// `telegram:channel/123` of `Channel/123`, also with a query. Names are the same in any case of letters.
fn post_id(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next()?;
    let (channel, number) = address.split_once('/')?;
    let number: u64 = number.trim_end_matches('/').parse().ok()?;
    // Posts of closed groups have addresses under `c`.
    let is_name = channel.len() >= 2 && channel.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| format!("telegram:{}/{number}", channel.to_lowercase()))
}

/// A count such as `1.2K`, `3M`, `1 234`; the emoji of a reaction before it is passed over.
fn count(text: &str) -> Option<u64> {
    let plain: String =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | 'K' | 'k' | 'M' | 'm')).collect();
    let digits = plain.trim_end_matches(['K', 'k', 'M', 'm']).replace(',', ".");
    let scale = match plain.chars().last()? {
        'K' | 'k' => 1_000.0,
        'M' | 'm' => 1_000_000.0,
        _ => 1.0,
    };
    let number: f64 = digits.parse().ok()?;
    // Counts are far below the numbers a float holds exactly, and the cast saturates.
    Some((number * scale).round() as u64)
}

fn find<'a>(element: ElementRef<'a>, class: &str) -> Option<ElementRef<'a>> {
    all(element, class).next()
}

fn all<'a>(element: ElementRef<'a>, class: &str) -> impl Iterator<Item = ElementRef<'a>> {
    element.descendent_elements().filter(move |found| found.value().classes().any(|own| own == class))
}

fn text(element: ElementRef<'_>) -> String {
    html::text_of(element)
}

#[cfg(test)]
mod tests;
