//! Answers of the Graph API about Instagram, made up here.

use serde_json::{Value, json};

use super::requests;
use crate::{
    author::AuthorKeys,
    parse::{self, Options},
    parsed::{Next, Parsed},
};

fn keys() -> AuthorKeys {
    AuthorKeys::new("secret".into())
}

fn read(method: &str, params: &[(String, String)], body: &Value) -> Parsed {
    let keys = keys();
    parse::method(method)
        .unwrap()
        .parse(body.to_string().as_bytes(), &Options { authors: Some(&keys), params })
        .unwrap()
}

fn media() -> Value {
    json!({"data": [
        {"id": "18", "caption": "Нет воды", "timestamp": "2026-02-25T06:13:20+0000", "permalink": "https://www.instagram.com/p/A/",
         "like_count": 3, "comments_count": 4},
        {"id": "19", "timestamp": "2026-02-25T06:13:20+0000"},
        {"id": "20", "timestamp": 5},
    ], "paging": {"cursors": {"after": "a"}}})
}

#[test]
fn what_an_account_published() {
    let body = json!({"business_discovery": {"id": "55", "username": "gorod", "name": "Город", "followers_count": 9, "media": media()}, "id": "1"});
    let parsed = read("instagram:business_discovery", &[], &body);
    assert_eq!(
        serde_json::to_value(&parsed.posts[0]).unwrap(),
        json!({
            "id": "instagram:18", "network": "instagram", "kind": "post", "url": "https://www.instagram.com/p/A/",
            "community": {"id": "gorod", "name": "Город"}, "author_key": keys().key("instagram:55"),
            "published_at": "2026-02-25T06:13:20Z", "text": "Нет воды",
            "metrics": {"views": 0, "likes": 3, "reposts": 0, "comments": 4, "followers": 9},
        })
    );
    assert_eq!((parsed.posts.len(), parsed.posts[1].text.as_str()), (2, ""));
    assert_eq!(
        parsed.skipped.reasons,
        ["business_discovery.media.data[2].timestamp: invalid type: integer `5`, expected a string"]
    );
    let next = parsed.next.unwrap();
    assert_eq!(next, Next { param: "after", value: "a".to_owned() });
    let request = requests::discovery("1", "gorod", Some(&next.value));
    assert!(request.params[0].1.contains("media.after(a).limit(50){id,caption"), "{request:?}");
}

#[test]
fn hashtags_are_found_and_read() {
    let request = requests::hashtag("1", "#яма");
    let found = read("instagram:hashtag.search", &request.known(), &json!({"data": [{"id": "178"}]}));
    assert_eq!((found.communities[0].id.as_str(), found.communities[0].name.as_str()), ("178", "яма"));
    let tagged = read("instagram:hashtag.recent_media", &requests::tagged("1", "178").known(), &media());
    assert_eq!((tagged.posts.len(), tagged.posts[0].author_key.as_ref(), &tagged.next), (2, None, &None));
}
