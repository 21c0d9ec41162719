//! Answers of the Graph API about pages, made up here.

use serde_json::{Value, json};

use crate::{
    author::AuthorKeys,
    fault::{Action, SourceError},
    parse::{self, Options},
    parsed::{Next, Parsed, Skip},
};

fn keys() -> AuthorKeys {
    AuthorKeys::new("secret".into())
}

fn read(method: &str, params: &[(String, String)], body: &Value) -> Result<Parsed, SourceError> {
    let keys = keys();
    parse::method(method).unwrap().parse(body.to_string().as_bytes(), &Options { authors: Some(&keys), params })
}

fn paging(has_next: bool) -> Value {
    let mut paging = json!({"cursors": {"before": "b", "after": "a"}});
    if has_next {
        paging["next"] = json!("https://graph.facebook.com/x?access_token=secret");
    }
    paging
}

#[test]
fn a_feed_with_everything() {
    let body = json!({"data": [{
        "id": "1_2", "message": "Нет воды ", "created_time": "2026-02-25T06:13:20+0000", "from": {"id": "1", "name": "Город"},
        "permalink_url": "https://www.facebook.com/1/posts/2", "shares": {"count": 2}, "reactions": {"data": [], "summary": {"total_count": 3}},
        "place": {"name": "Тут", "location": {"latitude": 55.75, "longitude": 37.61, "city": "Город"}},
        "comments": {"summary": {"total_count": 4}, "data": [
            {"id": "2_9", "message": "Да", "created_time": "2026-02-25T06:13:20+0000", "like_count": 1, "comment_count": 1}]},
    }, {"id": "1_3", "is_published": false, "created_time": "2026-02-25T06:13:20+0000"}], "paging": paging(true)});
    let parsed = read("facebook:page.feed", &[], &body).unwrap();
    assert_eq!(
        serde_json::to_value(&parsed.posts[0]).unwrap(),
        json!({
            "id": "facebook:1_2", "network": "facebook", "kind": "post", "url": "https://www.facebook.com/1/posts/2",
            "community": {"id": "1", "name": "Город"}, "author_key": keys().key("facebook:1"), "published_at": "2026-02-25T06:13:20Z",
            "text": "Нет воды", "metrics": {"views": 0, "likes": 3, "reposts": 2, "comments": 4, "followers": 0},
            "geo": {"lat": 55.75, "lon": 37.61},
        })
    );
    assert_eq!(
        (parsed.posts[1].id.as_str(), parsed.posts[1].reply_to.as_deref()),
        ("facebook:2_9", Some("facebook:1_2"))
    );
    assert_eq!((parsed.skipped.of(Skip::Unpublished), parsed.threads.len()), (1, 1));
    assert_eq!(parsed.next, Some(Next { param: "after", value: "a".to_owned() }));
}

#[test]
fn comments_name_the_post_asked_about() {
    let request = super::requests::comments("1_2");
    assert_eq!(request.path, "v23.0/1_2/comments");
    assert!(request.params.iter().all(|(name, _)| name != "post"), "Facebook is not told");
    let body = json!({"data": [
        {"id": "2_9", "message": "Да", "created_time": "2026-02-25T06:13:20+0000"},
        {"id": "2_10", "message": "Нет", "created_time": "2026-02-25T06:13:20+0000", "parent": {"id": "2_9"}},
        {"id": "2_11", "message": "Когда"},
    ], "paging": paging(false)});
    let parsed = read("facebook:post.comments", &request.known(), &body).unwrap();
    let replies: Vec<_> = parsed.posts.iter().map(|post| post.reply_to.as_deref().unwrap()).collect();
    assert_eq!((replies, parsed.next), (vec!["facebook:1_2", "facebook:2_9"], None));
    assert_eq!(parsed.skipped.reasons, ["data[2].created_time: is missing"]);
}

#[test]
fn each_code_has_its_action() {
    let check = |code: i64, subcode: Option<i64>, action: Action| {
        let body = json!({"error": {"message": "said", "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "A"}});
        let error = read("facebook:page.feed", &[], &body).unwrap_err();
        assert_eq!((error.action(), error.message.as_str()), (action, "said"), "{code}");
    };
    for code in [4, 17, 32, 613, 80_001] {
        check(code, None, Action::WaitForNextWindow);
    }
    for code in [10, 102, 190, 200, 299] {
        check(code, None, Action::TokenFault);
    }
    check(368, None, Action::TellHuman);
    check(100, Some(33), Action::MarkSourceUnavailable);
    check(803, None, Action::MarkSourceUnavailable);
    check(2, None, Action::Retry);
    check(100, None, Action::SkipRequest);
    check(77_777, None, Action::SkipRequest);
}
