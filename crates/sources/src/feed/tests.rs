//! Feeds of every kind, whole and broken.

use encoding_rs::WINDOWS_1251;
use proptest::prelude::*;

use crate::{
    fault::SourceError,
    parse::{Options, method},
    parsed::{Parsed, Skip},
};

const RSS: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rss [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Город &amp; область</title><link>https://www.gorod.ru/</link>
<atom:link href="https://www.gorod.ru/rss" rel="self" type="application/rss+xml"/>
<image><title>Логотип</title><link>https://x.ru</link></image>
<item><title><![CDATA[Нет воды на Кирова]]></title><link>https://www.gorod.ru/water?utm_source=rss</link>
<guid isPermaLink="false">w-1</guid><pubDate>Sun, 01 Mar 2026 13:00:00 +0300</pubDate><category>ЖКХ</category>
<description>&lt;p&gt;Авария&amp;nbsp;на сети.&lt;/p&gt;&lt;p&gt;Чинят &amp;laquo;быстро&amp;raquo; &amp; долго &lol2; AT&T</description></item>
<item><title>Без ключа</title><link>/news/2</link><pubDate>yesterday</pubDate><content:encoded><![CDATA[<b>Весь</b> текст]]></content:encoded>
<description>кратко</description></item>
<item><title>Только слова</title><pubDate>01.03.2026 12:00</pubDate></item>
<item><link>https://www.gorod.ru/empty</link><pubDate>01.03.2026 12:00</pubDate></item>
</channel></rss>"##;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Лента</title><id>urn:1</id>
<link rel="self" href="https://gorod.ru/atom"/><link href="https://gorod.ru/"/><updated>2026-03-01T10:00:00Z</updated>
<entry><id>tag:gorod.ru,2026:5</id><title type="text">5 &lt; 6 &amp; 7</title><link rel="enclosure" href="/x.mp3"/><link rel="alternate" href="https://gorod.ru/5"/>
<updated>2026-03-01T11:00:00Z</updated><published>2026-03-01T10:00:00Z</published><category term="дороги"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Яма<br/>на <b>дороге</b></p><p>Вторая</p></div></content></entry></feed>"#;

const JSON: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Лента","home_page_url":"https://gorod.ru/",
"feed_url":"https://gorod.ru/feed.json","items":[{"id":7,"url":"https://gorod.ru/7","title":"Свет","content_text":"Нет <света>\nвторой день",
"date_published":"2026-03-01T10:00:00Z","tags":["ЖКХ"]},{"id":"8","content_html":"<p>Да</p>"},5]}"#;

fn read_as(body: &[u8], params: &[(&str, &str)]) -> Result<Parsed, SourceError> {
    let params: Vec<(String, String)> = params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    method("rss:feed").unwrap().parse(body, &Options { params: &params, ..Options::default() })
}

fn read(body: &str) -> Result<Parsed, SourceError> {
    read_as(body.as_bytes(), &[])
}

#[test]
fn reads_rss() {
    let parsed = read_as(RSS.as_bytes(), &[("first_seen", "2026-03-01T15:00:00Z")]).unwrap();
    let [water, undated, words] = &parsed.posts[..] else { panic!("{:?}", parsed.skipped) };
    assert_eq!(water.id, "rss:gorod.ru#w-1");
    assert_eq!(water.url.as_deref(), Some("https://www.gorod.ru/water"));
    assert_eq!(water.text, "Нет воды на Кирова\n\nАвария на сети.\nЧинят «быстро» & долго &lol2; AT&T");
    assert_eq!((water.published_at.as_str(), water.labels["category"].as_str()), ("2026-03-01T10:00:00Z", "ЖКХ"));
    assert_eq!((undated.id.as_str(), undated.text.as_str()), ("rss:gorod.ru/news/2", "Без ключа\n\nВесь текст"));
    assert_eq!(undated.published_at, "2026-03-01T15:00:00Z", "the time it was first seen at");
    assert!(words.id.starts_with("rss:gorod.ru#") && words.url.is_none(), "{}", words.id);
    assert_eq!(parsed.skipped.reasons, ["item 4: has neither a title nor a text"]);
    let community = &parsed.communities[0];
    assert_eq!((community.id.as_str(), community.name.as_str()), ("gorod.ru/rss", "Город & область"));
}

#[test]
fn reads_atom_and_json() {
    let parsed = read(ATOM).unwrap();
    let [post] = &parsed.posts[..] else { panic!("{:?}", parsed.skipped) };
    assert_eq!(post.text, "5 < 6 & 7\n\nЯма\nна дороге\nВторая");
    assert_eq!(post.published_at, "2026-03-01T10:00:00Z");
    assert_eq!(
        (post.id.as_str(), post.url.as_deref()),
        ("rss:gorod.ru#tag:gorod.ru,2026:5", Some("https://gorod.ru/5"))
    );

    let parsed = read(JSON).unwrap();
    let [post] = &parsed.posts[..] else { panic!("{:?}", parsed.skipped) };
    assert_eq!((post.id.as_str(), post.text.as_str()), ("rss:gorod.ru#7", "Свет\n\nНет <света>\nвторой день"));
    assert_eq!(
        parsed.skipped.reasons,
        ["item 2: has no date that can be read", "item 3: has neither a title nor a text"]
    );
}

#[test]
fn reads_charsets() {
    let declared = RSS.replace("UTF-8", "windows-1251");
    let bytes = WINDOWS_1251.encode(&declared).0.into_owned();
    assert_eq!(read_as(&bytes, &[]).unwrap().communities[0].name, "Город & область");
    let undeclared = WINDOWS_1251.encode(RSS).0.into_owned();
    assert_eq!(read_as(&undeclared, &[("charset", "windows-1251")]).unwrap().communities[0].name, "Город & область");
    assert_eq!(read_as(&undeclared, &[]).unwrap().communities[0].name, "Город & область", "whatever it says");
}

#[test]
fn a_date_in_the_future_is_none() {
    let feed = ATOM.replace("2026-03-01T10:00:00Z</published>", "2027-03-01T10:00:00Z</published>");
    let parsed = read_as(feed.as_bytes(), &[("first_seen", "2026-03-01T15:00:00Z")]).unwrap();
    assert_eq!(parsed.posts[0].published_at, "2026-03-01T15:00:00Z");
}

#[test]
fn says_what_is_wrong_with_a_feed() {
    let check = |body: &str, expected: &str| assert_eq!(read(body).unwrap_err().to_string(), expected);
    check("", "broken_body: the body is empty");
    check("  \n ", "broken_body: the body is empty");
    check("Not found", "broken_body: not a feed: no element in it");
    check("<html><body>404</body></html>", "broken_body: line 1: not a feed: the root is none of rss, rdf:RDF, feed");
    check("{\"items\":", "broken_body: not a JSON Feed: line 1: no items, or no JSON");
    check("{\"items\":[]}", "broken_body: not a JSON Feed: its version is not of jsonfeed.org");
    check(&format!("<rss>\n{}", "<a>".repeat(500)), "broken_body: line 2: nested too deeply");
    let parsed = read("<rss><channel/></rss>").unwrap();
    assert!(parsed.posts.is_empty() && parsed.skipped.counts.is_empty(), "an empty feed is a feed");
}

#[test]
fn what_breaks_off_gives_what_came_before() {
    let (begin, _) = RSS.split_once("<item><title>Только").unwrap();
    let parsed =
        read_as(format!("{begin}<item><title>Нет").as_bytes(), &[("first_seen", "2026-03-01T15:00:00Z")]).unwrap();
    assert_eq!((parsed.posts.len(), parsed.skipped.reasons), (2, vec!["the feed ends within an item".to_owned()]));
    let parsed = read(&format!("{begin}<item><![CDATA[")).unwrap();
    assert!(parsed.skipped.reasons.last().unwrap().starts_with("line 12: "), "{:?}", parsed.skipped);
    let wrong_ends = RSS.replace("</description>", "</descr>").replace("</title>", "");
    assert!(read(&wrong_ends).is_ok());
}

#[test]
fn entities_do_not_grow_and_towers_do_not_stand() {
    let item = |text: &str| {
        format!(
            "<rss><channel><item><guid>1</guid><pubDate>01.03.2026</pubDate><title>{text}</title></item></channel></rss>"
        )
    };
    let parsed = read(&item(&"&lol2;".repeat(1000))).unwrap();
    assert_eq!(parsed.posts[0].text.len(), 6_000);
    let parsed = read(&item(&"&lt;div&gt;".repeat(5_000))).unwrap();
    assert_eq!(parsed.skipped.reasons, ["item 1: its text is nested too deeply"]);
    let parsed = read(&item(&"я".repeat(100_001))).unwrap();
    assert_eq!(parsed.skipped.reasons, ["item 1: text: 100001 characters, at most 100000 are read"]);
    let many = "<item><guid>1</guid><title>a</title><pubDate>01.03.2026</pubDate></item>".repeat(5_003);
    let parsed = read(&format!("<rss><channel>{many}</channel></rss>")).unwrap();
    assert_eq!((parsed.posts.len(), parsed.skipped.of(Skip::OverLimit)), (5_000, 1));
}

#[test]
fn reads_a_real_feed_whose_items_have_no_form_of_their_own() {
    let feed = RSS
        .replace("<guid isPermaLink=\"false\">w-1</guid>", "")
        .replace("<item>", "<ITEM>")
        .replace("</item>", "</Item>");
    assert_eq!(read(&feed).unwrap().posts[0].id, "rss:gorod.ru/water");
}

proptest! {
    #[test]
    fn reads_anything(which in 0..3usize, cut in 0..900usize, junk in "\\PC{0,20}") {
        let whole = [RSS, ATOM, JSON][which];
        let begin: String = whole.chars().take(cut).collect();
        let rest: String = whole.chars().skip(cut + 5).collect();
        for body in [begin.clone(), format!("{begin}{junk}{rest}")] {
            if let Ok(parsed) = read(&body) {
                prop_assert!(parsed.posts.len() <= 4);
            }
        }
    }

    #[test]
    fn reads_any_bytes(body in prop::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(read_as(&body, &[]).is_err());
    }
}
