//! Answers of OK made up here, by what public clients of its API read.

use serde_json::{Value, json};

use super::requests;
use crate::{
    author::AuthorKeys,
    fault::{Action, SourceError},
    parse::{self, Options},
    parsed::{Next, Parsed, Skip},
    request::Credentials,
};

fn keys() -> AuthorKeys {
    AuthorKeys::new("secret".into())
}

fn read(method: &str, params: &[(&str, &str)], body: &Value) -> Result<Parsed, SourceError> {
    let params: Vec<(String, String)> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let keys = keys();
    parse::method(method)
        .unwrap()
        .parse(body.to_string().as_bytes(), &Options { authors: Some(&keys), params: &params })
}

fn ids(parsed: &Parsed) -> Vec<&str> {
    parsed.posts.iter().map(|post| post.id.as_str()).collect()
}

#[test]
fn a_topic_with_everything() {
    let body = json!({
        "media_topics": [{
            "id": "152", "created_ms": 1_772_000_000_000_i64, "author_ref": "user:77", "owner_ref": "group:63",
            "media": [{"type": "text", "text": "Нет воды &amp; света"}, {"type": "link", "title": "Ссылка"}, {"type": "photo"}],
            "views_count": 9, "discussion_summary": {"comments_count": 4}, "like_summary": {"count": 3}, "reshare_summary": {"count": 2},
        }],
        "entities": {"groups": [{"uid": "63", "name": "Двор", "members_count": 500, "access_type": "OPEN"}]},
    });
    let parsed = read("ok:mediatopic.getByIds", &[("topic_ids", "152,153")], &body).unwrap();
    assert_eq!(
        serde_json::to_value(&parsed.posts[0]).unwrap(),
        json!({
            "id": "ok:152", "network": "ok", "kind": "post", "url": "https://ok.ru/group/63/topic/152",
            "community": {"id": "63", "name": "Двор"}, "author_key": keys().key("ok:77"), "published_at": "2026-02-25T06:13:20Z",
            "text": "Нет воды & света\n\nСсылка",
            "metrics": {"views": 9, "likes": 3, "reposts": 2, "comments": 4, "followers": 500},
        })
    );
    assert_eq!(parsed.deleted, ["ok:153"], "asked for and not there");
}

#[test]
fn topics_of_closed_groups_and_unpublished_ones_are_left_out() {
    let check = |topic: Value, access: &str, why: Skip| {
        let body = json!({"entities": {
            "media_topics": [topic], "groups": [{"uid": "63", "name": "Двор", "access_type": access}]}, "anchor": "a", "has_more": true});
        let parsed = read("ok:search.tagContents", &[], &body).unwrap();
        assert_eq!((parsed.posts.len(), parsed.skipped.of(why)), (0, 1));
        assert_eq!(parsed.next, Some(Next { param: "anchor", value: "a".to_owned() }));
    };
    check(json!({"id": 1, "created_ms": 1_772_000_000_000_i64, "owner_ref": "group:63"}), "CLOSED", Skip::Closed);
    check(json!({"id": 1, "created_ms": 1_772_000_000_000_i64, "on_moderation": true}), "OPEN", Skip::Unpublished);
    check(json!({"id": 1, "owner_ref": "group:63"}), "OPEN", Skip::Broken);
}

#[test]
fn discussions_are_posts_or_name_their_topic() {
    let body = json!({"discussions": [
        {"object_id": "152", "object_type": "GROUP_TOPIC", "title": "Яма", "message": "Яма на Ленина", "owner_uid": "77",
         "creation_date": "2026-02-25 09:13:20", "total_comments_count": 4, "like_count": 1,
         "ref_objects": [{"id": "63", "type": "GROUP"}]},
        {"object_id": "9", "object_type": "GROUP_PHOTO", "title": "Фото", "new_comments_count": 2},
        {"object_id": "10", "object_type": "USER_STATUS", "title": "Тихо"},
    ], "anchor": "next", "has_more": false});
    let parsed = read("ok:discussions.getList", &[], &body).unwrap();
    assert_eq!((ids(&parsed), &parsed.next), (vec!["ok:152"], &None));
    assert_eq!(parsed.posts[0].published_at, "2026-02-25T06:13:20Z", "OK writes the time of Moscow");
    assert_eq!(parsed.posts[0].text, "Яма\n\nЯма на Ленина");
    assert_eq!(parsed.threads, ["ok:152", "ok:group_photo_9"]);
    assert_eq!(parsed.skipped.of(Skip::NotAPost), 2);
}

#[test]
fn comments_know_what_they_answer() {
    let body = json!({"comments": [
        {"id": "c1", "author_id": "77", "text": "Да", "date_ms": 1_772_000_000_000_i64, "type": "ACTIVE_MESSAGE"},
        {"id": "c2", "author_id": "78", "text": "Нет", "date": "2026-02-25 09:13:20", "reply_to_comment_id": "c1"},
        {"id": "c3", "type": "DELETED_MESSAGE"},
        {"id": "c4", "text": "когда?"},
    ], "discussionId": "152", "discussionType": "GROUP_TOPIC", "anchor": "a", "has_more": true});
    let parsed = read("ok:discussions.getComments", &[], &body).unwrap();
    assert_eq!(ids(&parsed), ["ok:152_rc1", "ok:152_rc2"]);
    assert_eq!(parsed.posts[0].published_at, parsed.posts[1].published_at);
    assert_eq!(
        [&parsed.posts[0].reply_to, &parsed.posts[1].reply_to].map(|id| id.as_deref().unwrap()),
        ["ok:152", "ok:152_rc1"]
    );
    assert_eq!(parsed.deleted, ["ok:152_rc3"]);
    assert_eq!(parsed.skipped.reasons, ["comments[3].created_ms: is missing, and so are date_ms and date"]);
}

#[test]
fn groups_tell_whether_they_are_open() {
    let body = json!([
        {"uid": "63", "name": "Двор", "shortname": "dvor", "access_type": "OPEN", "members_count": 5},
        {"uid": "64", "access_type": "CLOSED"}, {"uid": "65", "private": true}, {"name": "без номера"}]);
    let parsed = read("ok:group.getInfo", &[], &body).unwrap();
    let open: Vec<_> = parsed.communities.iter().map(|group| (group.id.as_str(), group.is_open)).collect();
    assert_eq!(open, [("63", true), ("64", false), ("65", false)]);
    assert_eq!((parsed.communities[0].url.as_deref(), parsed.skipped.fields), (Some("https://ok.ru/dvor"), 1));
    let url =
        read("ok:url.getInfo", &[("url", "https://ok.ru/dvor")], &json!({"type": "GROUP", "objectId": 63})).unwrap();
    assert_eq!((url.communities[0].id.as_str(), url.communities[0].is_open), ("63", false));
}

#[test]
fn each_code_has_its_action() {
    let check = |codes: &[i64], action: Action| {
        for code in codes {
            let body = json!({"error_code": code, "error_msg": "said", "error_data": null});
            let error = read("ok:group.getInfo", &[], &body).unwrap_err();
            assert_eq!((error.action(), error.message.as_str()), (action, "said"), "{code}");
        }
    };
    check(&[8], Action::BackOff);
    check(&[11], Action::WaitForNextWindow);
    check(&[7, 9, 402], Action::TellHuman);
    check(&[10, 102, 104, 453], Action::TokenFault);
    check(&[300, 455], Action::MarkSourceUnavailable);
    check(&[1, 2, 9999], Action::Retry);
    check(&[3, 4, 100, 140, 55_555], Action::SkipRequest);
}

#[test]
fn calls_are_signed() {
    let credentials = Credentials {
        token: Some("t0ken".into()),
        application_key: Some("KEY".to_owned()),
        application_secret: Some("s3cret".into()),
        ..Credentials::default()
    };
    let call = requests::groups(&["63"]).outgoing("https://api.ok.ru", &credentials).unwrap();
    assert_eq!(call.url.as_str(), "https://api.ok.ru/fb.do");
    let form = secrecy::ExposeSecret::expose_secret(call.form.as_ref().unwrap()).to_owned();
    assert!(form.starts_with("method=group.getInfo&format=json&uids=63&fields="), "{form}");
    assert!(form.contains("&application_key=KEY&sig=") && form.ends_with("&access_token=t0ken"), "{form}");
    assert!(!form.contains("s3cret"));
    let error = requests::groups(&["63"]).outgoing("https://api.ok.ru", &Credentials::default()).unwrap_err();
    assert_eq!(error.to_string(), "ok:group.getInfo needs the network's application key, and none is configured");
}
