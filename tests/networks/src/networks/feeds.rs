//! News sites with RSS: the last thirty items, ETag; every fifth writes windows-1251.

use std::fmt::Write as _;

use encoding_rs::WINDOWS_1251;

use crate::{
    life::Post,
    world::{Answer, Call, World},
};

/// Items of a feed.
const ITEMS: usize = 30;

pub(crate) fn answer(world: &World, feed: &str, call: &Call, now: i64, seen: i64) -> Answer {
    let number: Option<usize> = feed.parse().ok();
    let Some(place) = number.and_then(|number| world.feeds.get(number)) else { return Answer::status(404) };
    *world.ledger().calls.entry("feeds".to_owned()).or_default() += 1;
    let items: Vec<&Post> = place.posts.iter().rev().filter(|post| post.item.is_there(seen)).take(ITEMS).collect();
    let changed = items.iter().flat_map(|post| [Some(post.item.at), post.item.edited.filter(|edited| *edited <= seen)]);
    let etag = format!("\"{}-{}\"", changed.flatten().max().unwrap_or_default(), items.len());
    if call.etag.as_deref() == Some(etag.as_str()) {
        return Answer::Body { status: 304, kind: "application/rss+xml", etag: Some(etag), body: Vec::new() };
    }
    let is_old_site = number.is_some_and(|number| number % 5 == 0);
    let encoding = if is_old_site { "windows-1251" } else { "utf-8" };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?><rss version=\"2.0\"><channel><title>Новости {feed}</title>\
         <link>https://news{feed}.example.ru/</link>"
    );
    let mut ledger = world.ledger();
    for post in items {
        let number = post.item.number;
        ledger.show(format!("rss:news{feed}.example.ru/{number}"), now);
        let text = post.item.text(now).replace('&', "&amp;").replace('<', "&lt;");
        let at = jiff::Timestamp::from_second(post.item.at / 1_000).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT");
        write!(
            xml,
            "<item><title>Новость {number}</title><link>https://news{feed}.example.ru/{number}?utm_source=rss</link>\
             <guid>https://news{feed}.example.ru/{number}</guid><pubDate>{at}</pubDate><description><![CDATA[<p>{text}</p>]]></description></item>"
        )
        .unwrap();
    }
    xml.push_str("</channel></rss>");
    let body = if is_old_site { WINDOWS_1251.encode(&xml).0.into_owned() } else { xml.into_bytes() };
    Answer::Body { status: 200, kind: "application/rss+xml", etag: Some(etag), body }
}
