//! Messages of every kind, whole and broken.

use encoding_rs::{KOI8_R, WINDOWS_1251};
use otklik_domain::{Network, PostKind};
use otklik_wire::Post;
use proptest::prelude::*;

use crate::{
    author::AuthorKeys,
    fault::SourceError,
    parse::{Options, method},
    parsed::{Parsed, Skip},
};

const HEAD: &str = "From: =?utf-8?B?0JjQstCw0L0=?= <Ivan@Example.org>\r\nTo: cur@example.ru\r\n\
    Date: Tue, 3 Mar 2026 10:00:00 +0300\r\nMessage-ID: <one@example.org>\r\nMIME-Version: 1.0\r\n";

fn read_at(message: &[u8], first_seen: &str) -> Result<Parsed, SourceError> {
    let keys = AuthorKeys::new("secret".into());
    let params = [("first_seen".to_owned(), first_seen.to_owned())];
    method("email:message").unwrap().parse(message, &Options { authors: Some(&keys), params: &params })
}

fn post(message: &[u8]) -> Post {
    let mut parsed = read_at(message, "2026-03-03T08:00:00Z").unwrap();
    assert_eq!(parsed.posts.len(), 1, "{:?}", parsed.skipped);
    parsed.posts.remove(0)
}

fn text(headers: &str, body: &str) -> String {
    post(format!("{HEAD}{headers}\r\n{body}").as_bytes()).text
}

#[test]
fn a_message_becomes_an_appeal() {
    let post = post(format!("{HEAD}Subject: Re: =?koi8-r?B?7sXUIPfPxNk=?=\r\n\r\nна ул. Мира 5\r\n").as_bytes());
    assert_eq!((post.network, post.kind), (Network::Email, PostKind::Appeal));
    assert_eq!(post.text, "Нет Воды\n\nна ул. Мира 5");
    assert_eq!(post.published_at, "2026-03-03T07:00:00Z");
    assert_eq!(post.author_key, AuthorKeys::new("secret".into()).key("email:ivan@example.org"));
    assert!(post.id.starts_with("email:") && post.id.len() == 38 && !post.id.contains("example"), "{}", post.id);
    let written = serde_json::to_string(&post).unwrap();
    assert!(!written.to_lowercase().contains("example.org") && !written.contains("Иван"), "{written}");
}

#[test]
fn the_same_message_has_the_same_id() {
    let id = |headers: &str, body: &str| post(format!("{headers}\r\n{body}").as_bytes()).id;
    let without = HEAD.replace("Message-ID: <one@example.org>\r\n", "");
    assert_eq!(id(HEAD, "Нет воды"), id(HEAD, "Нет воды\r\n-- \r\nИван"));
    assert_ne!(id(HEAD, "Нет воды"), id(&HEAD.replace("one@", "two@"), "Нет воды"));
    assert_eq!(id(&without, "Нет воды"), id(&without, "Нет воды"));
    assert_ne!(id(&without, "Нет воды"), id(&without, "Нет света"));
}

#[test]
fn words_are_read_in_any_dress() {
    let plain = "Content-Type: text/plain; charset=";
    let in_charset = |charset: &str, bytes: &[u8]| {
        let headers = format!("{HEAD}{charset}Content-Transfer-Encoding: 8bit\r\n\r\n");
        post(&[headers.as_bytes(), bytes].concat()).text
    };
    let (cp1251, koi8) = (WINDOWS_1251.encode("Нет воды").0, KOI8_R.encode("Нет воды").0);
    assert_eq!(in_charset(&format!("{plain}windows-1251\r\n"), &cp1251), "Нет воды");
    assert_eq!(in_charset(&format!("{plain}\"KOI8-R\"\r\n"), &koi8), "Нет воды");
    assert_eq!(in_charset("", &cp1251), "Нет воды", "no charset named");
    assert_eq!(in_charset("Content-Type: text/plain\r\n", "Нет воды".as_bytes()), "Нет воды");

    assert_eq!(
        text(
            "Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\n",
            "0J3QtdGCINCy0L7QtNGL"
        ),
        "Нет воды"
    );
    assert_eq!(
        text("Content-Type: text/html; charset=utf-8\r\n", "<p>Нет&nbsp;<b>воды</b><br>на Мира<script>x</script>"),
        "Нет воды\nна Мира"
    );
    let alternative = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nНет воды\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Нет воды</p>\r\n--b--\r\n";
    assert_eq!(text("Content-Type: multipart/alternative; boundary=b\r\n", alternative), "Нет воды");
    let attached = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nНет воды\r\n\
        --b\r\nContent-Type: text/plain; name=p.txt\r\nContent-Disposition: attachment; filename=p.txt\r\n\r\nпаспорт\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.c\r\n\r\nчужое\r\n--b--\r\n";
    assert_eq!(text("Content-Type: multipart/mixed; boundary=b\r\n", attached), "Нет воды");
    assert_eq!(text("Subject: Яма\r\n", ""), "Яма");
    assert_eq!(text("", "Нет воды\r\n\r\n1 марта 2026, Центр <c@example.ru> писал:\r\n> Ждите"), "Нет воды");
    assert_eq!(text("", &"я".repeat(200_000)).chars().count(), 100_000);
}

#[test]
fn dates_are_believed_when_they_can_be() {
    let at = |date: &str, first_seen: &str| {
        let head = HEAD.replace("Tue, 3 Mar 2026 10:00:00 +0300", date);
        let parsed =
            read_at(format!("{head}Received: by mx; Tue, 3 Mar 2026 07:30:00 +0000\r\n\r\nЯма").as_bytes(), first_seen);
        parsed.unwrap().posts.remove(0).published_at
    };
    assert_eq!(at("Tue, 3 Mar 2026 10:00:00 +0300", "2026-03-03T08:00:00Z"), "2026-03-03T07:00:00Z");
    assert_eq!(at("Thu, 1 Jan 1970 00:00:00 +0000", "2026-03-03T08:00:00Z"), "2026-03-03T08:00:00Z");
    assert_eq!(at("Tue, 3 Mar 2037 10:00:00 +0300", "2026-03-03T08:00:00Z"), "2026-03-03T08:00:00Z");
    assert_eq!(at("Tue, 3 Mar 2020 10:00:00 +0300", "2026-03-03T08:00:00Z"), "2026-03-03T08:00:00Z");
    assert_eq!(at("yesterday", ""), "2026-03-03T07:30:00Z");
    let head = HEAD.replace("Tue, 3 Mar 2026 10:00:00 +0300", "yesterday");
    let parsed = read_at(format!("{head}\r\nЯма").as_bytes(), "").unwrap();
    assert_eq!(parsed.skipped.reasons, ["message: has no date that can be read"]);
}

#[test]
fn what_no_person_wrote_is_counted() {
    let check = |header: &str, expected: u64| {
        let parsed = read_at(format!("{HEAD}{header}\r\n\r\nЯ в отпуске").as_bytes(), "").unwrap();
        assert_eq!(parsed.skipped.of(Skip::Automatic), expected, "{header}");
        assert_eq!(parsed.posts.len() as u64, 1 - expected, "{header}");
    };
    check("Auto-Submitted: auto-replied", 1);
    check("Auto-Submitted: auto-generated (rejected)", 1);
    check("Content-Type: multipart/report; report-type=delivery-status; boundary=b", 1);
    check("Precedence: bulk", 1);
    check("Return-Path: <>", 1);
    check("X-Autoreply: yes", 1);
    check("Auto-Submitted: no", 0);
    check("Precedence: first-class", 0);
    check("Return-Path: <ivan@example.org>", 0);
    let bounce = HEAD.replace("Ivan@Example.org", "MAILER-DAEMON@example.org");
    assert!(read_at(format!("{bounce}\r\nнет такого").as_bytes(), "").unwrap().posts.is_empty());
}

#[test]
fn what_cannot_be_read_says_why() {
    let check = |message: &[u8], expected: &str| {
        let said = match read_at(message, "") {
            Ok(parsed) => parsed.skipped.reasons.join(" "),
            Err(error) => error.message,
        };
        assert_eq!(said, expected);
    };
    check(b"", "no e-mail: it has neither a sender nor a date");
    check(b"\x89PNG\r\n\x1a\n\0\0\0", "no e-mail: it has neither a sender nor a date");
    check("Просто текст".as_bytes(), "no e-mail: it has neither a sender nor a date");
    check(format!("{HEAD}\r\n \r\n").as_bytes(), "message: has no words");
    let tower = format!("{HEAD}Content-Type: text/html\r\n\r\n{}", "<div>".repeat(10_000));
    check(tower.as_bytes(), "message: its markup is nested too deeply");
}

proptest! {
    #[test]
    fn reads_anything(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let message = [HEAD.as_bytes(), b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", &bytes].concat();
        let _read = read_at(&bytes, "");
        let posts = read_at(&message, "").unwrap().posts;
        prop_assert!(posts.len() <= 1);
    }
}
