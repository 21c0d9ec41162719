//! Pages of channels, whole and broken.

use proptest::prelude::*;

use crate::{
    fault::SourceError,
    parse::{Options, method},
    parsed::{Parsed, Skip},
};

const PAGE: &str = r##"<!DOCTYPE html><html><body>
<div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span dir="auto">Город 24</span></div>
<div class="tgme_channel_info_header_username"><a href="https://t.me/Gorod_24">@Gorod_24</a></div>
<div class="tgme_channel_info_counter"><span class="counter_value">12.3K</span> <span class="counter_type">subscribers</span></div>
<div class="tgme_channel_info_counter"><span class="counter_value">900</span> <span class="counter_type">photos</span></div></div>
<a class="tme_messages_more js-messages_more" data-before="101" href="/s/Gorod_24?before=101"></a>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message service_message" data-post="Gorod_24/101">
 <div class="tgme_widget_message_text">Channel created</div></div></div>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="Gorod_24/102">
 <a class="tgme_widget_message_reply" href="https://t.me/Gorod_24/99"><div class="tgme_widget_message_text">старое</div></a>
 <div class="tgme_widget_message_text js-message_text">Нет воды на <b>Кирова</b>, 5.<br/><br/>Обещали <a href="#">к вечеру</a> <i class="emoji"><b>💧</b></i></div>
 <div class="tgme_widget_message_reactions"><span class="tgme_reaction"><i class="emoji"><b>👍</b></i>1.2K</span><span class="tgme_reaction">❤ 7</span></div>
 <div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">3.4M</span>
 <a class="tgme_widget_message_date" href="https://t.me/Gorod_24/102">edited <time datetime="2026-03-01T10:00:00+03:00" class="time">10:00</time></a></div></div></div>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="Gorod_24/103">
 <a class="tgme_widget_message_forwarded_from_name" href="https://t.me/Mchs/456?single">МЧС</a>
 <div class="tgme_widget_message_text">Шторм</div><span class="tgme_widget_message_views">950</span>
 <a class="tgme_widget_message_date" href="#"><time datetime="2026-03-01T08:00:00+00:00"></time></a></div></div>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="Gorod_24/104">
 <a class="tgme_widget_message_photo_wrap"></a><a class="tgme_widget_message_date"><time datetime="2026-03-01T08:01:00+00:00"></time></a></div></div>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="Gorod_24/105">
 <div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Есть ли вода?</div>
 <div class="tgme_widget_message_poll_option_text">Да</div><div class="tgme_widget_message_poll_option_text">Нет</div></div>
 <a class="tgme_widget_message_date"><time datetime="2026-03-01T08:02:00+00:00"></time></a></div></div>
</body></html>"##;

fn read(body: &str) -> Result<Parsed, SourceError> {
    method("telegram:page").unwrap().parse(body.as_bytes(), &Options::default())
}

#[test]
fn reads_a_channel() {
    let parsed = read(PAGE).unwrap();
    let ids: Vec<&str> = parsed.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(ids, ["telegram:gorod_24/105", "telegram:gorod_24/103", "telegram:gorod_24/102"], "new ones first");
    assert_eq!(parsed.skipped.of(Skip::NotAPost), 2, "a service message, a photo");
    assert_eq!(parsed.next.map(|next| (next.param, next.value)), Some(("before", "101".to_owned())));
    let community = &parsed.communities[0];
    assert_eq!((community.id.as_str(), community.name.as_str()), ("gorod_24", "Город 24"));
    assert_eq!(community.followers, Some(12_300));

    let [poll, forwarded, post] = &parsed.posts[..] else { panic!("three posts") };
    assert_eq!(post.text, "Нет воды на Кирова, 5.\n\nОбещали к вечеру 💧");
    assert_eq!(post.published_at, "2026-03-01T07:00:00Z");
    assert_eq!(post.url.as_deref(), Some("https://t.me/Gorod_24/102"));
    assert_eq!((post.metrics.views, post.metrics.likes, post.metrics.followers), (3_400_000, 1_207, 12_300));
    assert_eq!(post.reply_to.as_deref(), Some("telegram:gorod_24/99"));
    assert_eq!(forwarded.repost_of.as_deref(), Some("telegram:mchs/456"));
    assert_eq!(poll.text, "Есть ли вода?\nДа\nНет");
}

#[test]
fn says_what_is_wrong_with_a_page() {
    let check = |body: &str, expected: &str| assert_eq!(read(body).unwrap_err().to_string(), expected);
    check("", "broken_body: the body is empty");
    check(
        "<html><body><div class='tgme_page'><div class='tgme_page_title'>Город</div></div></body></html>",
        "unavailable: the channel has no public preview, or there is none of this name",
    );
    check(
        "<html><body>502 Bad Gateway</body></html>",
        "broken_body: not a page of a channel: no tgme_channel_info, no tgme_widget_message",
    );
    check(&"<div class='tgme_widget_message'>".repeat(9_999), "broken_body: the page is nested too deeply");
}

#[test]
fn a_broken_message_is_named_and_the_others_stay() {
    let check = |from: &str, to: &str, expected: &str| {
        let parsed = read(&PAGE.replace(from, to)).unwrap();
        assert_eq!((parsed.posts.len(), parsed.skipped.reasons), (2, vec![expected.to_owned()]));
    };
    check("data-post=\"Gorod_24/103\"", "", "message 3: data-post is missing");
    check("data-post=\"Gorod_24/103\"", "data-post=\"Gorod_24\"", "message 3: data-post is not CHANNEL/NUMBER");
    check("2026-03-01T08:00:00+00:00", "yesterday", "message 3: the date is not one of RFC 3339");
    check("<time datetime=\"2026-03-01T08:00:00+00:00\">", "<time>", "message 3: the date is missing");
    let outside = "message 3: published_at: 0026-03-01T08:00:00Z lies outside the years 1990 to 2100";
    check("2026-03-01T08:00:00+00:00", "0026-03-01T08:00:00+00:00", outside);
}

#[test]
fn counts_are_read_as_they_are_written() {
    let check = |text: &str, expected: Option<u64>| assert_eq!(super::count(text), expected, "{text}");
    check("1.2K", Some(1_200));
    check("3M", Some(3_000_000));
    check("1 234", Some(1_234));
    check("👍 12", Some(12));
    check("", None);
    check("K", None);
    check("1.2.3K", None);
}

#[test]
fn links_lead_to_posts_of_public_channels_only() {
    let check = |address: &str, expected: Option<&str>| assert_eq!(super::post_id(address).as_deref(), expected);
    check("Mchs/456?single", Some("telegram:mchs/456"));
    check("c/1234/5", None);
    check("joinchat/abc", None);
    check("a b/5", None);
}

proptest! {
    #[test]
    fn reads_anything(cut in 0..PAGE.len(), junk in "\\PC{0,20}") {
        let begin: String = PAGE.chars().take(cut).collect();
        let rest: String = PAGE.chars().skip(cut + 3).collect();
        for body in [begin.clone(), format!("{begin}{junk}{rest}")] {
            if let Ok(parsed) = read(&body) {
                prop_assert!(parsed.posts.len() <= 4);
            }
        }
    }

    #[test]
    fn reads_any_bytes(body in prop::collection::vec(any::<u8>(), 0..500)) {
        let read = method("telegram:page").unwrap().parse(&body, &Options::default());
        prop_assert!(read.is_err());
    }
}
