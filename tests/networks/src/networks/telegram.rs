//! Public previews of channels.

use std::fmt::Write as _;

use crate::{
    ledger::{Limits, Verdict},
    life::Post,
    world::{Answer, Call, World},
};

/// What is polite.
const HOST: Limits = Limits { per_second: 1, per_day: Some(7_200) };
/// Posts of a page.
const PAGE: usize = 18;

pub(crate) fn answer(world: &World, channel: &str, call: &Call, now: i64, seen: i64) -> Answer {
    if world.ledger().count("telegram", HOST, now) != Verdict::Fine {
        return Answer::status(429);
    }
    let number: Option<usize> = channel.strip_prefix("channel_").and_then(|number| number.parse().ok());
    let Some(place) = number.and_then(|number| world.channels.get(number)) else {
        return Answer::text("text/html", "<html><body><div class=\"tgme_page\"></div></body></html>".to_owned());
    };
    let before = call.number("before").unwrap_or(i64::MAX);
    let there: Vec<&Post> =
        place.posts.iter().filter(|post| post.item.is_there(seen) && post.item.number < before).collect();
    let page = there.get(there.len().saturating_sub(PAGE)..).unwrap();
    let mut html = format!(
        "<!DOCTYPE html><html><head><title>{channel}</title></head><body><div class=\"tgme_channel_info\">\
         <div class=\"tgme_channel_info_header_title\"><span>Канал {channel}</span></div><div class=\"tgme_channel_info_header_username\">\
         <a href=\"https://t.me/{channel}\">@{channel}</a></div><div class=\"tgme_channel_info_counter\"><span class=\"counter_value\">1.2K\
         </span> <span class=\"counter_type\">subscribers</span></div></div>"
    );
    if let Some(first) = page.first().filter(|_| there.len() > PAGE) {
        write!(html, "<a class=\"tme_messages_more\" data-before=\"{}\"></a>", first.item.number).unwrap();
    }
    let mut ledger = world.ledger();
    for post in page {
        let number = post.item.number;
        ledger.show(format!("telegram:{channel}/{number}"), now);
        let text = post.item.text(now).replace('&', "&amp;").replace('<', "&lt;");
        let at = jiff::Timestamp::from_second(post.item.at / 1_000).unwrap().strftime("%Y-%m-%dT%H:%M:%S+00:00");
        write!(
            html,
            "<div class=\"tgme_widget_message_wrap\"><div class=\"tgme_widget_message\" data-post=\"{channel}/{number}\">\
             <div class=\"tgme_widget_message_text js-message_text\">{text}<br/>#город</div><div class=\"tgme_widget_message_footer\">\
             <span class=\"tgme_widget_message_views\">1.1K</span><a class=\"tgme_widget_message_date\" \
             href=\"https://t.me/{channel}/{number}\"><time datetime=\"{at}\">x</time></a></div></div></div>"
        )
        .unwrap();
    }
    Answer::text("text/html; charset=utf-8", format!("{html}</body></html>"))
}
