//! Answers of VK made up here, by the schema.

use serde_json::{Value, json};

use crate::{
    author::AuthorKeys,
    fault::{Kind, SourceError},
    parse::{self, Options},
    parsed::{Next, Parsed, Skip},
    vk::{callback, requests},
};

fn keys() -> AuthorKeys {
    AuthorKeys::new("secret".into())
}

fn read(method: &str, params: &[(&str, &str)], body: &Value) -> Result<Parsed, SourceError> {
    let params: Vec<(String, String)> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let keys = keys();
    let options = Options { authors: Some(&keys), params: &params };
    parse::method(method).unwrap().parse(body.to_string().as_bytes(), &options)
}

fn parsed(method: &str, params: &[(&str, &str)], body: &Value) -> Parsed {
    read(method, params, body).unwrap()
}

fn ids(parsed: &Parsed) -> Vec<&str> {
    parsed.posts.iter().map(|post| post.id.as_str()).collect()
}

fn wall_post() -> Value {
    json!({
        "id": 45, "owner_id": -123, "from_id": -123, "signer_id": 777, "date": 1_772_000_000, "edited": 1_772_000_600,
        "post_type": "post", "text": "Нет воды &amp; света<br>на [club5|Ленина]", "marked_as_ads": 1,
        "comments": {"count": 4}, "likes": {"count": 3}, "reposts": {"count": 2}, "views": {"count": 100},
        "geo": {"type": "point", "coordinates": "55.75 37.61", "place": {"latitude": 0}},
    })
}

fn group(is_closed: u8) -> Value {
    json!({"id": 123, "name": "Город &quot;Н&quot;", "screen_name": "gorod", "is_closed": is_closed, "members_count": 5_000})
}

#[test]
fn a_wall_post_with_everything() {
    let body =
        json!({"response": {"count": 300, "items": [wall_post()], "groups": [group(0)], "profiles": [{"id": 777}]}});
    let parsed = parsed("vk:wall.get", &[("offset", "100")], &body);
    let post = serde_json::to_value(&parsed.posts[0]).unwrap();
    assert_eq!(
        post,
        json!({
            "id": "vk:-123_45", "network": "vk", "kind": "post", "url": "https://vk.com/wall-123_45",
            "community": {"id": "-123", "name": "Город \"Н\""}, "author_key": keys().key("vk:777"),
            "published_at": "2026-02-25T06:13:20Z", "text": "Нет воды & света\nна Ленина",
            "metrics": {"views": 100, "likes": 3, "reposts": 2, "comments": 4, "followers": 5_000},
            "geo": {"lat": 55.75, "lon": 37.61}, "labels": {"ads": "1", "edited_at": "2026-02-25T06:23:20Z"},
        })
    );
    assert_eq!(parsed.next, Some(Next { param: "offset", value: "101".to_owned() }));
    assert_eq!(parsed.communities[0].url.as_deref(), Some("https://vk.com/gorod"));
    assert!(parsed.communities[0].is_open && parsed.skipped.counts.is_empty());
}

#[test]
fn what_is_not_for_all_is_left_out_and_counted() {
    let check = |change: Value, groups: Value, why: Skip| {
        let mut post = wall_post();
        post.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body =
            json!({"response": {"items": [post, {"id": 1, "owner_id": 5, "date": 1_772_000_000}], "groups": groups}});
        let parsed = parsed("vk:wall.get", &[], &body);
        assert_eq!((parsed.skipped.of(why), ids(&parsed)), (1, vec!["vk:5_1"]), "{change}");
    };
    check(json!({"post_type": "postpone"}), json!([]), Skip::Unpublished);
    check(json!({"post_type": "suggest"}), json!([]), Skip::Unpublished);
    check(json!({"post_type": "post_ads"}), json!([]), Skip::Advertisement);
    check(json!({"donut": {"is_donut": true}}), json!([]), Skip::Closed);
    check(json!({}), json!([group(1)]), Skip::Closed);
    check(json!({}), json!([group(2)]), Skip::Closed);
    check(json!({}), json!([{"id": 123, "is_closed": 0, "deactivated": "banned"}]), Skip::Closed);
    check(json!({"type": "wall_photo"}), json!([]), Skip::NotAPost);
}

#[test]
fn a_repost_names_the_first_original_and_has_its_words() {
    let original =
        |id: i64, text: &str| json!({"id": id, "owner_id": -9, "date": 1, "text": text, "geo": {"coordinates": "1 2"}});
    let check = |own: &str, history: Value, text: &str, of: Option<&str>| {
        let post = json!({"id": 1, "owner_id": 5, "date": 1_772_000_000, "text": own, "copy_history": history});
        let parsed = parsed("vk:wall.getReposts", &[], &json!({"response": {"items": [post]}}));
        let post = &parsed.posts[0];
        assert_eq!((post.text.as_str(), post.repost_of.as_deref()), (text, of));
    };
    check("", json!([original(1, "Прорыв")]), "Прорыв", Some("vk:-9_1"));
    check("Доколе!", json!([original(2, "Между"), original(1, "Прорыв")]), "Доколе!\n\nПрорыв", Some("vk:-9_1"));
    check("Прорыв", json!([original(1, "Прорыв")]), "Прорыв", Some("vk:-9_1"));
    check("Своё", json!([]), "Своё", None);
    check("Своё", json!("broken"), "Своё", None);
}

#[test]
fn comments_answer_posts_and_comments() {
    let body = json!({"response": {"count": 3, "current_level_count": 2, "items": [
        {"id": 10, "from_id": 7, "owner_id": -1, "post_id": 2, "date": 1_772_000_000, "text": "Да", "likes": {"count": 2},
         "parents_stack": [], "thread": {"count": 5, "items": [
            {"id": 12, "from_id": 8, "owner_id": -1, "post_id": 2, "date": 1_772_000_001, "text": "Нет", "parents_stack": [10]},
            {"id": 13, "from_id": 8, "owner_id": -1, "post_id": 2, "date": 1_772_000_001, "text": "Ну", "parents_stack": [10],
             "reply_to_comment": 12}]}},
        {"id": 11, "deleted": true, "date": 1_772_000_000, "thread": {"count": 0, "items": []}},
    ]}});
    let parsed = parsed("vk:wall.getComments", &[], &body);
    assert_eq!(ids(&parsed), ["vk:-1_2_r10", "vk:-1_2_r12", "vk:-1_2_r13"]);
    let replies: Vec<_> = parsed.posts.iter().map(|post| post.reply_to.as_deref().unwrap()).collect();
    assert_eq!(replies, ["vk:-1_2", "vk:-1_2_r10", "vk:-1_2_r12"]);
    assert_eq!(parsed.posts[1].url.as_deref(), Some("https://vk.com/wall-1_2?reply=12&thread=10"));
    assert_eq!((parsed.deleted, parsed.threads), (vec!["vk:-1_2_r11".to_owned()], vec!["vk:-1_2_r10".to_owned()]));
    assert_eq!((parsed.posts[0].metrics.likes, parsed.next), (2, None));
}

#[test]
fn comments_that_do_not_name_their_wall_take_the_one_asked_for() {
    let body = json!({"response": {"items": [{"id": 10, "from_id": 7, "date": 1_772_000_000, "text": "Да"}]}});
    let asked = parsed("vk:wall.getComments", &[("owner_id", "-1"), ("post_id", "2")], &body);
    assert_eq!(ids(&asked), ["vk:-1_2_r10"]);
    let alone = parsed("vk:wall.getComments", &[], &body);
    assert_eq!((ids(&alone), &alone.posts[0].reply_to), (vec!["vk:r10t1772000000"], &None));
}

#[test]
fn boards_have_topics_and_comments() {
    let topics = json!({"response": {"count": 1, "items": [
        {"id": 6, "title": "Яма на Ленина", "created": 1_772_000_000, "created_by": 7, "comments": 3}]}});
    let parsed_topics = parsed("vk:board.getTopics", &[("group_id", "123")], &topics);
    assert_eq!(ids(&parsed_topics), ["vk:topic-123_6"]);
    assert_eq!(parsed_topics.posts[0].metrics.comments, 3);
    assert_eq!(parsed("vk:board.getTopics", &[], &topics).skipped.of(Skip::Broken), 1);
    let comments =
        json!({"response": {"count": 1, "items": [{"id": 3, "from_id": 7, "date": 1_772_000_000, "text": "Да"}]}});
    let comments = parsed("vk:board.getComments", &[("group_id", "123"), ("topic_id", "6")], &comments);
    assert_eq!(ids(&comments), ["vk:topic-123_6_r3"]);
    assert_eq!(comments.posts[0].url.as_deref(), Some("https://vk.com/topic-123_6?post=3"));
}

#[test]
fn posts_read_again_show_which_are_gone() {
    let asked = [("posts", "-123_45, -123_46")];
    let there = json!({"response": {"items": [wall_post()]}});
    assert_eq!(parsed("vk:wall.getById", &asked, &there).deleted, ["vk:-123_46"]);
    assert_eq!(parsed("vk:wall.getById", &[], &there).deleted, [""; 0]);
    let none = json!({"response": {"items": []}});
    assert_eq!(parsed("vk:wall.getById", &asked, &none).deleted, [""; 0], "all at once may be trouble");
    let broken = json!({"response": [wall_post(), {"id": "x"}]});
    assert_eq!(parsed("vk:wall.getById", &asked, &broken).deleted, [""; 0], "the broken one may be it");
    let told = json!({"response": {"items": [{"id": 46, "owner_id": -123, "date": 1, "is_deleted": true}]}});
    assert_eq!(parsed("vk:wall.getById", &asked, &told).deleted, ["vk:-123_46"]);
}

#[test]
fn searches_go_on_by_cursor_and_find_comments_too() {
    let comment = json!({"id": 9, "post_id": 2, "owner_id": -1, "date": 1_772_000_000, "post_type": "reply", "text": "Да", "parents_stack": [4]});
    let body = json!({"response": {"items": [comment], "next_from": "20/-1_2", "count": 1_000}});
    let parsed = parsed("vk:newsfeed.search", &[], &body);
    assert_eq!(ids(&parsed), ["vk:-1_2_r9"]);
    assert_eq!(parsed.posts[0].reply_to.as_deref(), Some("vk:-1_2_r4"));
    assert_eq!(parsed.next, Some(Next { param: "start_from", value: "20/-1_2".to_owned() }));
}

#[test]
fn a_bundle_gives_each_call_its_own() {
    let calls = [requests::wall(-123, 0), requests::topics(5, 0), requests::groups(&["123"])];
    let body = json!({
        "response": [{"items": [wall_post()]}, false, {"groups": [group(0)]}],
        "execute_errors": [{"method": "board.getTopics", "error_code": 15, "error_msg": "Access denied"}],
    });
    let answers = crate::vk::bundle(body.to_string().as_bytes(), &calls, None).unwrap();
    assert_eq!(ids(answers[0].as_ref().unwrap()), ["vk:-123_45"]);
    assert_eq!(answers[1].as_ref().unwrap_err().kind, Kind::Unavailable);
    assert_eq!(answers[2].as_ref().unwrap().communities.len(), 1);
    let short = crate::vk::bundle(body.to_string().as_bytes(), &calls[..2], None).unwrap_err();
    assert_eq!(short.message, "response: 3 answers to 2 calls");

    let guessed = parsed("vk:execute", &[], &body);
    assert_eq!((ids(&guessed), guessed.faults.len()), (vec!["vk:-123_45"], 1));
    let failed = json!({"response": null, "execute_errors": [
        {"method": "wall.get", "error_code": 15, "error_msg": "a"}, {"method": "wall.get", "error_code": 6, "error_msg": "b"}]});
    assert_eq!(read("vk:execute", &[], &failed).unwrap_err().to_string(), "rate_limit (code 6): b");
}

#[test]
fn events_become_posts_and_deletions() {
    let check = |kind: &str, object: Value, posts: &[&str], deleted: &[&str], skipped: usize| {
        let body = json!({"type": kind, "object": object, "group_id": 1, "event_id": "e", "v": "5.199"});
        let single = parsed("vk:callback", &[], &body);
        let list = parsed("vk:callback", &[], &json!({"ts": "5", "updates": [body]}));
        assert_eq!((&single.posts, &single.deleted), (&list.posts, &list.deleted), "{kind}");
        assert_eq!(single.skipped.counts, list.skipped.counts, "{kind}");
        assert_eq!((ids(&single).as_slice(), single.skipped.counts.len()), (posts, skipped), "{kind}");
        assert_eq!(single.deleted, deleted, "{kind}");
    };
    let comment = |place: Value| {
        let mut comment = json!({"id": 9, "from_id": 7, "date": 1_772_000_000, "text": "Да"});
        comment.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        comment
    };
    check("wall_post_new", wall_post(), &["vk:-123_45"], &[], 0);
    check("wall_repost", json!({"id": 4, "owner_id": 7, "date": 1_772_000_000}), &["vk:7_4"], &[], 0);
    check("wall_reply_new", comment(json!({"post_id": 6, "post_owner_id": -1})), &["vk:-1_6_r9"], &[], 0);
    check("wall_reply_edit", comment(json!({"post_id": 6, "owner_id": -1})), &["vk:-1_6_r9"], &[], 0);
    check("wall_reply_restore", comment(json!({"post_id": 6})), &["vk:-1_6_r9"], &[], 0);
    check("wall_reply_delete", json!({"id": 9, "owner_id": -1, "post_id": 6}), &[], &["vk:-1_6_r9"], 0);
    check("board_post_new", comment(json!({"topic_id": 6, "topic_owner_id": -1})), &["vk:topic-1_6_r9"], &[], 0);
    check("board_post_delete", json!({"id": 9, "topic_owner_id": -1, "topic_id": 6}), &[], &["vk:topic-1_6_r9"], 0);
    check("photo_comment_new", comment(json!({"photo_id": 6, "photo_owner_id": -1})), &["vk:photo-1_6_r9"], &[], 0);
    check("video_comment_delete", json!({"id": 9, "owner_id": -1, "video_id": 6}), &[], &["vk:video-1_6_r9"], 0);
    check("market_comment_edit", comment(json!({"item_id": 6, "market_owner_id": -1})), &["vk:market-1_6_r9"], &[], 0);
    check("message_new", json!({"message": {"text": "private"}}), &[], &[], 1);
    check("confirmation", Value::Null, &[], &[], 1);
    check("wall_reply_delete", json!({"id": 9}), &[], &[], 1);
    let lost = read("vk:callback", &[], &json!({"failed": 1, "ts": 10})).unwrap_err();
    assert_eq!((lost.kind, lost.action()), (Kind::Retry, crate::fault::Action::Retry));
}

#[test]
fn a_server_answers_only_who_knows_its_secret() {
    let server = callback::Server { group_id: 1, secret: "s3cret".into(), confirmation: "abc123".to_owned() };
    let reply = |body: Value| callback::reply(body.to_string().as_bytes(), &server, None);
    let confirm = reply(json!({"type": "confirmation", "group_id": 1, "secret": "s3cret"})).unwrap();
    assert_eq!(confirm, callback::Reply::Confirm("abc123".to_owned()));
    let event = |secret: &str, group: i64| {
        json!({"type": "wall_post_new", "group_id": group, "secret": secret, "event_id": "e1",
            "object": wall_post()})
    };
    let asked_early = reply(json!({"type": "confirmation", "group_id": 1})).unwrap();
    assert_eq!(asked_early, confirm, "VK asks before it knows the secret");
    let wrong = json!({"type": "confirmation", "group_id": 1, "secret": "s3cret?"});
    assert_eq!(reply(wrong), Err(callback::Refusal::Secret));
    let callback::Reply::Taken { event: name, parsed: taken } = reply(event("s3cret", 1)).unwrap() else {
        panic!("not taken")
    };
    assert_eq!((ids(&taken), name), (vec!["vk:-123_45"], Some("e1".to_owned())));
    let bare = json!({"type": "wall_post_new", "group_id": 1, "object": wall_post()});
    assert_eq!(reply(bare), Err(callback::Refusal::Secret), "only the question may come without");
    assert_eq!(reply(event("S3cret", 1)), Err(callback::Refusal::Secret));
    assert_eq!(reply(event("", 1)), Err(callback::Refusal::Secret));
    assert_eq!(reply(event("s3cret", 2)), Err(callback::Refusal::Group));
    assert!(matches!(reply(json!([])), Err(callback::Refusal::Broken(_))));
    let open = callback::Server { secret: "".into(), ..server.clone() };
    let body = event("", 1).to_string();
    assert_eq!(
        callback::reply(body.as_bytes(), &open, None),
        Err(callback::Refusal::Secret),
        "no secret is no open door"
    );
}

#[test]
fn the_stream_gives_events_and_errors() {
    let event = |kind: &str, action: &str, id: Value| {
        json!({"code": 100, "event": {"event_type": kind, "action": action, "event_id": id, "text": "Яма<br>тут",
            "event_url": "https://vk.com/wall-1_2", "creation_time": 1_772_000_000, "tags": ["1"], "author": {"id": 7,
            "shared_post_author_id": -9}, "shared_post_text": "Прорыв"}})
    };
    let check = |kind: &str, action: &str, id: Value, posts: &[&str], deleted: &[&str]| {
        let parsed = parsed("vk:streaming", &[], &event(kind, action, id));
        assert_eq!((ids(&parsed).as_slice(), parsed.deleted.len()), (posts, deleted.len()), "{kind}");
        assert_eq!(parsed.deleted, deleted);
    };
    check("post", "new", json!({"post_owner_id": -1, "post_id": 2}), &["vk:-1_2"], &[]);
    check("comment", "new", json!({"post_owner_id": -1, "post_id": 2, "comment_id": 3}), &["vk:-1_2_r3"], &[]);
    check(
        "topic_post",
        "update",
        json!({"topic_owner_id": -1, "topic_id": 2, "topic_post_id": 3}),
        &["vk:topic-1_2_r3"],
        &[],
    );
    check("post", "delete", json!({"post_owner_id": -1, "post_id": 2}), &[], &["vk:-1_2"]);
    let share = parsed(
        "vk:streaming",
        &[],
        &event("share", "new", json!({"post_owner_id": 7, "post_id": 2, "shared_post_id": 1})),
    );
    assert_eq!(share.posts[0].repost_of.as_deref(), Some("vk:-9_1"));
    assert_eq!(share.posts[0].text, "Яма\nтут\n\nПрорыв");
    let check =
        |body: Value, expected: &str| assert_eq!(read("vk:streaming", &[], &body).unwrap_err().to_string(), expected);
    check(json!({"code": 400, "error": {"error_code": 1001, "message": "Wrong key"}}), "token (code 1001): Wrong key");
    check(json!({"code": 400, "error": {"error_code": 2003, "message": "Rule"}}), "bad_request (code 2003): Rule");
    check(
        json!({"code": 300, "service_message": {"service_code": 3000}}),
        "retry (code 3000): the stream says it must be opened again",
    );
    check(json!({"code": 7}), "broken_body: code: 7 is not known");
}
