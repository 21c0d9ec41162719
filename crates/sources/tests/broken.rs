//! Broken answers: what each gets, and that nothing else is lost or crashes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use otklik_sources::{
    parse::{self, BODY_BYTES_MAX, Method, Options},
    parsed::{POSTS_MAX, Skip},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn method(name: &str) -> &'static Method {
    parse::method(name).unwrap()
}

fn error(name: &str, body: &[u8]) -> String {
    method(name).parse(body, &Options::default()).unwrap_err().to_string()
}

/// Bodies that are nothing at all, to every method there is.
#[test]
fn what_is_no_answer_says_what_it_is() {
    let bodies: [(&[u8], &str); 9] = [
        (b"", "broken_body: the body is empty"),
        (b"\xEF\xBB\xBF  ", "broken_body: the body is empty"),
        (b"<!DOCTYPE html><title>502</title>", "broken_body: HTML in place of JSON"),
        (b"{\"response\":{\"items\":[", "broken_body: the body ends in the middle, at line 1 column 22"),
        (b"{\"a\":1}}", "broken_body: the body is no JSON, at line 1 column 8"),
        (b"null", "broken_body: the body: invalid type: null"),
        (b"\"text of somebody\"", "broken_body: the body: invalid type: string"),
        (b"17", "broken_body: the body: invalid type: integer `17`"),
        (b"{\"\xFF\":1}", "broken_body: not UTF-8: byte 3 cannot be read"),
    ];
    for (body, expected) in bodies {
        for method in parse::methods().filter(|method| is_json(method)) {
            let said = error(method.name, body);
            assert!(said.starts_with(expected), "{}: {said}", method.name);
            assert!(!said.contains("somebody"), "{}: {said}", method.name);
        }
    }
    for method in parse::methods() {
        let long = vec![b' '; BODY_BYTES_MAX + 1];
        assert!(error(method.name, &long).starts_with("broken_body: 8388609 bytes, at most"), "{}", method.name);
    }
}

/// Pages, feeds and e-mails are no JSON.
fn is_json(method: &Method) -> bool {
    !["telegram:", "rss:", "email:"].iter().any(|network| method.name.starts_with(network))
}

#[test]
fn an_answer_of_another_shape_names_the_path() {
    let check =
        |name: &str, body: Value, expected: &str| assert_eq!(error(name, body.to_string().as_bytes()), expected);
    check("vk:wall.get", json!({}), "broken_body: response: is missing");
    check(
        "vk:wall.get",
        json!({"response": 1}),
        "broken_body: response: invalid type: integer `1`, expected struct Page",
    );
    check("vk:wall.get", json!({"response": {}}), "broken_body: response: missing field `items`");
    check(
        "vk:wall.get",
        json!({"response": {"items": {}}}),
        "broken_body: response.items: invalid type: map, expected a sequence",
    );
    check(
        "vk:wall.get",
        json!({"error": {"error_code": "6"}}),
        "broken_body: error.error_code: invalid type: string, expected i64",
    );
    check(
        "vk:groups.getById",
        json!({"response": {"groups": 5}}),
        "broken_body: response.groups: invalid type: integer `5`, expected a sequence",
    );
    check("vk:callback", json!({"object": {}}), "broken_body: type: is missing");
    check("vk:callback", json!({"type": "wall_post_new"}), "broken_body: object: is missing");
    check("vk:streaming", json!({"code": 100}), "broken_body: event: is missing");
    check(
        "ok:discussions.getComments",
        json!({"comments": "x"}),
        "broken_body: comments: invalid type: string, expected a sequence",
    );
    check("ok:mediatopic.getByIds", json!({}), "broken_body: media_topics: is missing");
    check("ok:group.getInfo", json!({}), "broken_body: the body: invalid type: map, expected a sequence");
    check("x:tweets.search.recent", json!({"data": [], "meta": []}), "broken_body: meta: a list in place of an object");
    check("facebook:page.feed", json!({"data": {}}), "broken_body: data: invalid type: map, expected a sequence");
    check("facebook:page.feed", json!({"error": {"message": "m"}}), "broken_body: error: missing field `code`");
    check(
        "instagram:business_discovery",
        json!({"id": "1"}),
        "broken_body: the body: missing field `business_discovery`",
    );
}

/// A good answer of each method and the path of its list.
fn samples() -> Vec<(&'static str, &'static str, Value)> {
    let vk_post = json!({"id": 2, "owner_id": -1, "date": 1_772_000_000, "text": "Яма"});
    let vk_comment = json!({"id": 3, "owner_id": -1, "post_id": 2, "date": 1_772_000_000, "text": "Да"});
    let topic = json!({"id": "5", "created_ms": 1_772_000_000_000_i64, "media": [{"text": "Яма"}]});
    let page_post = json!({"id": "1_2", "message": "Яма", "created_time": "2026-02-25T06:13:20+0000"});
    vec![
        ("vk:wall.get", "response.items", json!({"response": {"items": [vk_post]}})),
        ("vk:newsfeed.search", "response.items", json!({"response": {"items": [vk_post]}})),
        ("vk:wall.getComments", "response.items", json!({"response": {"items": [vk_comment]}})),
        (
            "ok:discussions.getComments",
            "comments",
            json!({"comments": [{"id": "1", "date_ms": 1_772_000_000_000_i64, "text": "Да"}]}),
        ),
        ("ok:mediatopic.getByIds", "media_topics", json!({"media_topics": [topic]})),
        (
            "x:tweets.search.recent",
            "data",
            json!({"data": [{"id": "1", "text": "Яма", "created_at": "2026-02-25T06:13:20Z"}], "meta": {}}),
        ),
        ("facebook:page.feed", "data", json!({"data": [page_post]})),
        ("facebook:post.comments", "data", json!({"data": [page_post]})),
        (
            "instagram:hashtag.recent_media",
            "data",
            json!({"data": [{"id": "1", "timestamp": "2026-02-25T06:13:20+0000"}]}),
        ),
    ]
}

fn list<'v>(body: &'v mut Value, path: &str) -> &'v mut Vec<Value> {
    path.split('.').fold(body, |value, key| &mut value[key]).as_array_mut().unwrap()
}

#[test]
fn one_broken_item_costs_itself_and_nothing_else() {
    for (name, path, body) in samples() {
        for broken in [
            "null",
            "5",
            "\"x\"",
            "[]",
            "{}",
            "{\"id\":{}}",
            "{\"id\":1e999}",
            "{\"id\":123456789012345678901234567890,\"date\":-5}",
        ] {
            let mut body = body.clone();
            let good = list(&mut body, path)[0].clone();
            *list(&mut body, path) = vec![good.clone(), json!("BROKEN"), good];
            let text = body.to_string().replace("\"BROKEN\"", broken);
            let parsed = method(name).parse(text.as_bytes(), &Options::default()).unwrap();
            assert_eq!(
                (parsed.posts.len(), parsed.skipped.of(Skip::Broken)),
                (2, 1),
                "{name} {broken}: {:?}",
                parsed.skipped
            );
            let reason = &parsed.skipped.reasons[0];
            assert!(reason.starts_with(&format!("{path}[1]")), "{name} {broken}: {reason}");
        }
    }
}

#[test]
fn nothing_an_answer_holds_is_without_bound() {
    for (name, path, body) in samples() {
        let mut body = body.clone();
        let good = list(&mut body, path)[0].clone();
        *list(&mut body, path) = vec![good; POSTS_MAX + 5];
        let parsed = method(name).parse(body.to_string().as_bytes(), &Options::default()).unwrap();
        assert_eq!((parsed.posts.len(), parsed.skipped.of(Skip::OverLimit)), (POSTS_MAX, 5), "{name}");
    }
    let long =
        json!({"response": {"items": [{"id": 2, "owner_id": -1, "date": 1_772_000_000, "text": "я".repeat(100_001)}]}});
    let parsed = method("vk:wall.get").parse(long.to_string().as_bytes(), &Options::default()).unwrap();
    assert_eq!(parsed.skipped.reasons, ["response.items[0]: text: 100001 characters, at most 100000 are read"]);
    let mut thread = json!({"id": 1, "date": 1_772_000_000, "owner_id": -1, "post_id": 2});
    for id in 2..30 {
        thread = json!({"id": id, "date": 1_772_000_000, "owner_id": -1, "post_id": 2, "thread": {"count": 1, "items": [thread]}});
    }
    let deep = json!({"response": {"items": [thread]}}).to_string();
    let parsed = method("vk:wall.getComments").parse(deep.as_bytes(), &Options::default()).unwrap();
    assert_eq!(parsed.posts.len(), 4, "a comment and three levels of answers");
    let nested = format!("{{\"response\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(
        method("vk:wall.get").parse(nested.as_bytes(), &Options::default()).is_ok_and(|parsed| parsed.posts.is_empty())
    );
}

/// Any JSON, with names of fields that parsers read.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("response"),
        Just("items"),
        Just("id"),
        Just("date"),
        Just("text"),
        Just("owner_id"),
        Just("thread"),
        Just("data"),
        Just("meta"),
        Just("comments"),
        Just("media_topics"),
        Just("error"),
        Just("error_code"),
        Just("copy_history"),
        Just("geo"),
        Just("coordinates"),
        Just("updates"),
        Just("type"),
        Just("object"),
        Just("groups"),
        Just("paging"),
        Just("code"),
        Just("event"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[\\PC\\n\\[\\]|&;<]{0,12}".prop_map(Value::from),
        Just(json!("wall_reply_new")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// What holds for whatever a parser was given.
fn check_any(body: &[u8]) {
    let params = [("owner_id".to_owned(), "-1".to_owned()), ("offset".to_owned(), "x".to_owned())];
    for method in parse::methods() {
        let options = Options { authors: None, params: &params };
        match method.parse(body, &options) {
            Ok(parsed) => {
                assert!(
                    parsed.posts.iter().all(|post| post.author_key.is_none()),
                    "{}: no secret, no authors",
                    method.name
                );
                assert!(
                    parsed.posts.iter().all(|post| otklik_domain::Post::try_from(post.clone()).is_ok()),
                    "{}",
                    method.name
                );
            }
            Err(error) => assert!(error.message.chars().count() <= 300, "{}", method.name),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_json_is_read_or_refused(body in any_json()) {
        check_any(body.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check_any(&body);
    }

    #[test]
    fn a_damaged_answer_is_read_or_refused(which in 0..9_usize, cut in any::<prop::sample::Index>(), byte in any::<u8>(), ends in any::<bool>()) {
        let (_, _, body) = samples().swap_remove(which);
        let mut body = body.to_string().into_bytes();
        let place = cut.index(body.len());
        if ends { body.truncate(place) } else { body[place] = byte }
        check_any(&body);
    }
}
