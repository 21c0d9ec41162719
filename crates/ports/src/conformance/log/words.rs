//! What processes say of themselves.

use std::collections::BTreeMap;

use super::{Tested, append, at, note, payloads};
use crate::{Cursor, Log, Topic};

async fn say(log: &Tested<impl Log>, member: &str, word: Option<&str>) {
    log.say(member, word.map(str::to_owned)).await.unwrap();
}

async fn assert_said(log: &Tested<impl Log>, expected: &[(&str, &str)]) {
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(member, word)| ((*member).to_owned(), (*word).to_owned())).collect();
    assert_eq!(log.said().await.unwrap(), expected);
}

pub(super) async fn the_last_word_of_each_member_counts(log: &Tested<impl Log>) {
    assert_said(log, &[]).await;
    say(log, "узел 1", Some("первое слово")).await;
    assert_said(log, &[("узел 1", "первое слово")]).await;
    say(log, "b", Some("")).await;
    say(log, "узел 1", Some("второе\nслово")).await;
    assert_said(log, &[("b", ""), ("узел 1", "второе\nслово")]).await;
    say(log, "b", None).await;
    say(log, "nobody", None).await;
    assert_said(log, &[("узел 1", "второе\nслово")]).await;
    for number in 0..20 {
        let (member, word) = (format!("m-{}", number % 2), number.to_string());
        log.say(&member, Some(word.clone())).await.unwrap();
        assert_eq!(log.said().await.unwrap().get(&member), Some(&word), "what was said is heard at once");
    }
}

pub(super) async fn words_are_no_records(log: &Tested<impl Log>) {
    say(log, "a", Some("word")).await;
    let cursor = Cursor { source: "a".to_owned(), position: "1".to_owned() };
    log.append(Topic::Posts, vec![note("a", 0)], Some(cursor), at(0)).await.unwrap();
    append(log, Topic::Posts, vec![note("a", 1)]).await;
    say(log, "a", Some("other")).await;
    assert_eq!(payloads(log, "g", Topic::Posts).await, ["a 0", "a 1"]);
    assert_eq!(log.cursor("a").await.unwrap().as_deref(), Some("1"), "a source of the same name is another thing");
    assert_said(log, &[("a", "other")]).await;
}
