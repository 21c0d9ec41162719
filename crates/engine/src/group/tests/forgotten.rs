//! What posts said that are gone at their source.

use super::*;

#[test]
fn what_a_deleted_post_said_is_forgotten() {
    let mut grouper = grouper();
    let mut add = |said: Said<'_>| grouper.add(&post(&said), &analysis(&said)).group.event;
    let event = add(Said("vk:1", 0, WATER, "street:мира:1", "Нет холодной воды, каракатица высохла"));
    let other = add(Said("vk:2", 1, WATER, "street:мира:2", "Краны сухие с самого утра"));
    grouper.merge(&other, &event);
    let left = grouper.delete(&"vk:1".into()).events.remove(0);
    let told = format!("{} {}", left.title, left.summary);
    assert!(!told.contains("каракатица") && told.contains("Краны"), "{told}");
    let empty = grouper.delete(&"vk:2".into()).events.remove(0);
    assert_eq!((empty.title.as_str(), empty.summary.as_str()), ("Отключение воды, street:мира:2", ""));
}

#[test]
fn what_a_post_said_goes_with_it_to_another_event() {
    let mut grouper = grouper();
    let mut add = |said: Said<'_>| grouper.add(&post(&said), &analysis(&said)).group.event;
    let event = add(Said("vk:1", 0, WATER, "", "Нет холодной воды, каракатица высохла"));
    let other = add(Said("vk:2", 1, GRAFFITI, "street:мира:2", "Краны сухие с самого утра"));
    grouper.merge(&other, &event);
    let told = |event: &Event| format!("{} {}", event.title, event.summary);
    let split = grouper.split(&event, &["vk:1".into()], &"e-new".into()).events;
    assert!(!told(&split[0]).contains("каракатица") && told(&split[0]).contains("Краны"), "{}", told(&split[0]));
    assert!(told(&split[1]).contains("каракатица") && !told(&split[1]).contains("Краны"), "{}", told(&split[1]));
    let left = grouper.delete(&"vk:1".into()).events.remove(0);
    assert!(!told(&left).contains("каракатица"), "{}", told(&left));
}

#[test]
fn an_event_forgets_what_a_post_said_that_left_the_window() {
    let mut grouper = grouper();
    let day = 24 * 60;
    let words = ["с утра. Спит каракатица в пустой ванне!", "в подъезде", "на кухне", "второй месяц"];
    let mut events = Vec::new();
    for (number, word) in (0..).zip(words) {
        let id = format!("vk:{number}");
        let text = format!("Нет холодной воды, {word}");
        let said = Said(&id, number * 6 * day, WATER, "street:мира:1", &text);
        let mut answer = post(&said);
        answer.reply_to = events.last().map(|_| format!("vk:{}", number - 1).as_str().into());
        let grouped = grouper.add(&answer, &analysis(&said));
        events.push(grouper.event(&grouped.group.event).unwrap());
    }
    let last = events.pop().unwrap();
    assert!(events.iter().all(|event| event.id == last.id) && grouper.posts() < words.len());
    assert!(format!("{} {}", last.title, last.summary).contains("каракатица"));
    let left = grouper.delete(&"vk:0".into()).events.remove(0);
    assert!(left.version > last.version && left.totals == last.totals);
    assert!(!format!("{} {}", left.title, left.summary).contains("каракатица"));
    assert_eq!(grouper.delete(&"vk:0".into()), Corrected::default());
}

#[test]
fn a_post_that_comes_back_begins_another_event() {
    let mut grouper = grouper();
    let mut add = |said: Said<'_>| grouper.add(&post(&said), &analysis(&said)).group;
    let first = add(Said("vk:1", 0, WATER, "", "Нет холодной воды с утра")).event;
    assert_eq!(add(Said("vk:2", 1, WATER, "", "Нет холодной воды с утра весь день")).event, first);
    grouper.delete(&"vk:1".into());
    let said = Said("vk:1", 2, GRAFFITI, "street:мира:1", "Закрасьте надписи на стене");
    let second = grouper.add(&post(&said), &analysis(&said)).group;
    assert!(second.event_new && second.event != first);
    for event in [first, second.event] {
        assert_eq!(grouper.event(&event).map(|event| event.totals.posts), Some(1), "{event}");
    }
}

#[test]
fn without_words_an_event_is_called_by_topic_and_place() {
    let check = |topic, place, expected| assert_eq!(neutral_title(topic, place), expected);
    check("Отключение горячей воды", "ул. Мира, 1", "Отключение горячей воды, ул. Мира, 1");
    check("Отключение горячей воды", "", "Отключение горячей воды");
    check("", "ул. Мира", "ул. Мира");
    check("", "", "Сообщение жителей");
}
