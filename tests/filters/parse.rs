//! `parse`: response bodies of networks to posts.

use std::fs;

use otklik_tests::{Ended, otklik};
use serde_json::{Value, json};

fn parse(words: &str, body: &Value) -> Ended {
    otklik(["parse"].into_iter().chain(words.split(' '))).input(body.to_string()).run()
}

#[test]
fn a_body_becomes_posts_that_can_be_analysed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "0123456789abcdef\n").unwrap();
    let body = json!({"response": {"count": 9, "items": [
        {"id": 45, "owner_id": -123, "from_id": 777_777, "date": 1_772_000_000, "text": "Яма &amp; лужа, звоните 8 912 345-67-89"},
        {"id": 46, "owner_id": -123, "from_id": 777_777, "date": 1_772_000_000, "post_type": "postpone", "text": "Рано"},
        {"id": 47, "owner_id": -123, "from_id": 777_777, "date": 1_772_000_000, "text": "Нет воды"},
    ], "groups": [{"id": 123, "name": "Город", "is_closed": 0}], "profiles": [{"id": 777_777, "first_name": "Иван"}]}});
    let bare = parse("vk:wall.get", &body).with_code(0).says(&["next: offset=3", "community: -123 (open)"]);
    assert_eq!(bare.ids(), ["vk:-123_45", "vk:-123_47"]);
    let post = &bare.objects()[0];
    assert_eq!((&post["text"], &post["network"]), (&json!("Яма & лужа, звоните [телефон скрыт]"), &json!("vk")));
    assert!(post.get("author_key").is_none() && !bare.stdout.contains("777777") && !bare.stdout.contains("Иван"));

    let keyed = otklik(["parse", "vk:wall.get", "--author-secret-file"])
        .arg(&secret)
        .input(body.to_string())
        .run()
        .with_code(0);
    let keys: Vec<Value> = keyed.objects().iter().map(|post| post["author_key"].clone()).collect();
    assert!(keys[0].as_str().is_some_and(|key| key.len() == 24) && keys[0] == keys[1], "{keys:?}");
    let analysed = otklik(["analyse"]).input(keyed.stdout).run().with_code(0);
    assert_eq!(analysed.ids(), ["vk:-123_45", "vk:-123_47"]);
}

#[test]
fn an_error_says_its_kind_and_what_is_done() {
    let check = |method: &str, body: Value, expected: Value| {
        let ended = parse(method, &body).with_code(2);
        assert_eq!(ended.objects(), [json!({ "error": expected })], "{method}");
    };
    check(
        "vk:wall.get",
        json!({"error": {"error_code": 29, "error_msg": "Rate limit reached", "request_params": [{"key": "access_token", "value": "t"}]}}),
        json!({"kind": "daily_limit", "code": 29, "action": "wait_for_next_window", "message": "Rate limit reached"}),
    );
    check(
        "ok:group.getInfo",
        json!({"error_code": 102, "error_msg": "PARAM_SESSION_EXPIRED"}),
        json!({"kind": "token", "code": 102, "action": "token_fault", "message": "PARAM_SESSION_EXPIRED"}),
    );
    check(
        "x:tweets.search.recent",
        json!({"title": "Too Many Requests", "type": "about:blank", "status": 429}),
        json!({"kind": "rate_limit", "code": 429, "action": "back_off", "message": "Too Many Requests"}),
    );
    check(
        "vk:wall.get",
        json!({}),
        json!({"kind": "broken_body", "code": null, "action": "retry", "message": "response: is missing"}),
    );
}

#[test]
fn a_broken_item_is_named_and_the_rest_is_written() {
    let body =
        json!({"response": {"items": [{"id": "x"}, {"id": 3, "from_id": 7, "date": 1_772_000_000, "text": "Да"}]}});
    let ended = parse("vk:wall.getComments --param owner_id=-1 --param post_id=2", &body)
        .with_code(2)
        .says(&["response.items[0].id: invalid type: string, expected i64", "otklik: left out, broken: 1"]);
    assert_eq!(ended.ids(), ["vk:-1_2_r3"]);
}

#[test]
fn what_is_not_known_is_usage() {
    for words in ["vk:wall.nosuch", "vk:wall.get --param owner_id", ""] {
        let ended = parse(words, &json!({})).with_code(64);
        assert!(ended.stdout.is_empty());
    }
    parse("nosuch", &json!({})).mentions("vk:wall.get, vk:wall.getById");
}
