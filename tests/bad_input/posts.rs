//! Lines that are no posts, and posts that are odd.

use otklik_tests::{Deployment, Ended, Report, missing_libchdb, otklik, post, skipped};
use serde_json::{Value, json};

use crate::{TIME, good};

/// A post with another value in a field.
fn with(id: &str, field: &str, value: Value) -> String {
    let mut post = post(id, "Яма на дороге", TIME);
    post[field] = value;
    format!("{post}\n")
}

/// Lines that are no posts, each with the beginning of the reason.
fn bad_lines() -> Vec<(Vec<u8>, &'static str)> {
    let words = |text: &str| text.as_bytes().to_vec();
    vec![
        (words("{\"id\":\"1\",\"text\":\"Яма"), "not JSON: "),
        (words("id,text,published_at"), "not JSON: "),
        (words("{\"id\":\"1\",\"text\":\"\\ud800\",\"published_at\":\"2026-03-02T10:00:00Z\"}"), "not JSON: "),
        (
            words("{\"id\":\"1\",\"text\":\"a\u{0}b\",\"published_at\":\"2026-03-02T10:00:00Z\"}"),
            "not JSON: control character",
        ),
        (b"{\"id\":\"1\",\"text\":\"\xff\xfe\"}".to_vec(), "not UTF-8: byte 19 of the line"),
        (b"\x1f\x8b\x08\x00 no gzip here".to_vec(), "not UTF-8: byte 2 of the line"),
        (words("[1, 2, 3]"), "invalid type"),
        (words(&"[".repeat(100_000)), ""),
        (words("null"), "invalid type: null"),
        (
            words("{\"id\":\"1\",\"id\":\"2\",\"text\":\"\",\"published_at\":\"2026-03-02T10:00:00Z\"}"),
            "duplicate field `id`",
        ),
        (words(&with("1", "published_at", json!("31 февраля"))), "published_at: \"31 февраля\" is not a time"),
        (words(&with("1", "published_at", json!("2026-02-30T10:00:00Z"))), "published_at: "),
        (
            words(&with("1", "published_at", json!("0001-01-01T00:00:00Z"))),
            "published_at: 0001-01-01T00:00:00Z lies outside",
        ),
        (words(&with("1", "published_at", json!("9999-12-31T23:59:59Z"))), "published_at: "),
        (words(&with("1", "published_at", json!(-1))), "published_at: 1969-12-31T23:59:59Z lies outside"),
        (words(&with("1", "published_at", json!(99_999_999_999_999_u64))), "published_at: "),
        (words(&with("1", "text", json!("я".repeat(1 << 20)))), "text: 1048576 characters, at most 100000 are read"),
        (words(&with("1", "text", json!("я".repeat(5 << 20)))), "longer than 4 MiB"),
        (words(&with(&"1".repeat(301), "kind", json!("post"))), "id: is longer than 300 characters"),
        (words(&with("", "kind", json!("post"))), "id: must not be empty"),
        (words(&with("1", "network", json!("fido"))), "unknown network \"fido\", expected one of: vk"),
        (words(&with("1", "geo", json!({ "lat": 91, "lon": 0 }))), "geo: 91, 0 is not a point on the Earth"),
        (words(&with("1", "metrics", json!({ "views": -5 }))), "invalid value: integer `-5`"),
    ]
}

/// Odd, but posts all the same.
fn odd_posts() -> Vec<String> {
    vec![
        with("empty", "text", json!("")),
        with("control", "text", json!("яма\u{0} на\u{1}\u{7f} дороге \u{202e}назад\u{feff}\u{2028}\r\n\t")),
        with("long", "text", json!("яма ".repeat(25_000))),
        with("word", "text", json!("я".repeat(100_000))),
        with("emoji", "text", json!("👨‍👩‍👧‍👦🏳️‍🌈".repeat(1_000))),
        with("q'\"\\`;--\n\t{x:String}", "text", json!("'; DROP TABLE posts; --")),
        with("self", "reply_to", json!("self")),
        with("views", "metrics", json!({ "views": u64::MAX, "likes": u64::MAX })),
        with("labels", "labels", json!({ "": "", "к'\"\\": "v", "{id:String}": "\u{0}" })),
        with("geo", "geo", json!({ "lat": -90, "lon": 180 })),
        with("region", "region", json!("чужой 'регион'\u{0}")),
        with("unix", "published_at", json!(1_772_000_000)),
    ]
}

/// Every bad line with a good one before and after it, then all that is odd.
fn mixture() -> (Vec<u8>, Vec<String>, Vec<(usize, &'static str)>) {
    let (mut input, mut ids, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (line, reason)) in bad_lines().into_iter().enumerate() {
        let id = format!("good-{number}");
        input.extend(good(&id).bytes().chain(line).filter(|byte| *byte != b'\r'));
        if input.last() != Some(&b'\n') {
            input.push(b'\n');
        }
        ids.push(id);
        refused.push((2 * number + 2, reason));
    }
    for odd in odd_posts() {
        input.extend(odd.bytes());
        ids.push(serde_json::from_str::<Value>(&odd).unwrap()["id"].as_str().unwrap().to_owned());
    }
    (input, ids, refused)
}

#[track_caller]
fn refuses(ended: &Ended, refused: &[(usize, &str)]) {
    for (line, reason) in refused {
        let expected = format!("line {line}: {reason}");
        assert!(ended.stderr.lines().any(|said| said.starts_with(&expected)), "no {expected:?} in:\n{}", ended.stderr);
    }
    assert_eq!(
        ended.stderr.lines().filter(|line| line.starts_with("line ")).count(),
        refused.len(),
        "{}",
        ended.stderr
    );
}

#[test]
fn filters_pass_over_what_is_no_post() {
    let (input, ids, refused) = mixture();
    for words in ["analyse", "group"] {
        let ended = otklik([words]).input(input.clone()).run().with_code(2);
        assert_eq!(ended.ids(), ids, "{words}");
        refuses(&ended, &refused);
    }
}

#[test]
fn messages_never_hold_a_text() {
    let secret = "Тайна Иванова";
    let lines = [
        format!("{{\"id\":\"1\",\"text\":\"{secret}"),
        with("1", "text", json!(format!("{secret} {}", "я".repeat(200_000)))),
        post("1", secret, "вчера").to_string(),
        json!({ "id": "1", "text": secret }).to_string(),
    ];
    for line in lines {
        let ended = otklik(["analyse"]).input(line).run().with_code(2);
        assert!(!ended.stderr.contains("Иванов"), "{}", ended.stderr);
    }
}

#[test]
fn replay_passes_over_what_is_no_post() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_input", &reason);
    }
    let (input, ids, refused) = mixture();
    let deployment = Deployment::new();
    let ended = deployment.replay(input.clone()).run().with_code(2);
    refuses(&ended, &refused);
    let report = Report::of(&ended);
    let (posts, lines) = (ids.len() as u64, refused.len() as u64);
    assert_eq!((report.appended, report.skipped, report.refused), (posts, 0, lines));
    assert_eq!(report.account.last().unwrap(), "account: balances");
    assert!(report.digest[0].starts_with(&format!("posts {posts} ")), "{:?}", report.digest);
    assert!(report.digest[1].starts_with(&format!("index {posts} ")), "{:?}", report.digest);
    let again = Report::of(&deployment.replay(input).run().with_code(0));
    assert_eq!((again.appended, again.skipped, again.digest), (0, posts + lines, report.digest));
}

/// Rows go to a partition for each month: more months than ClickHouse takes in one insert are still one batch.
#[test]
fn replay_takes_posts_of_many_years() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_input", &reason);
    }
    let months = (0..240).map(|month| format!("{}-{:02}-05T10:00:00Z", 2005 + month / 12, 1 + month % 12));
    let posts: String = months.enumerate().map(|(n, at)| format!("{}\n", post(&n.to_string(), "Яма", &at))).collect();
    let report = Report::of(&Deployment::new().replay(posts).run().with_code(0));
    assert_eq!(report.account.last().unwrap(), "account: balances");
    assert!(report.digest[0].starts_with("posts 240 "), "{:?}", report.digest);
}

#[test]
fn nothing_in_it_is_no_failure() {
    for words in ["analyse", "group", "route --config demo"] {
        for input in ["", "\n", " \r\n\n"] {
            let ended = otklik(words.split(' ')).input(input).run().with_code(0);
            assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "{words}");
        }
    }
    if missing_libchdb().is_none() {
        let report = Report::of(&Deployment::new().replay("").run().with_code(0));
        assert_eq!((report.appended, report.incidents), (0, 0));
    }
}
