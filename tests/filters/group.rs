//! `group`: twins and events, in one run or in several.

use std::{fs, path::Path};

use otklik_tests::{Ended, otklik};
use serde_json::{Value, json};

use crate::{BURST, POTHOLE, THANKS, filter, has_fields, posts};

#[test]
fn group_gives_twins_and_events() {
    let texts = [POTHOLE, POTHOLE, "На улице Ленина яма на яме, вчера пробил колесо!!! 😡", THANKS, BURST];
    let ended = filter("group", &posts(&texts)).with_code(0);
    assert_eq!(ended.ids(), ["t:1", "t:2", "t:3", "t:4", "t:5"]);
    let groups = ended.objects();
    for group in &groups {
        has_fields(group, &["duplicate_of", "near_duplicate_of", "similarity", "event_id", "event_new", "evidence"]);
    }
    assert_eq!((&groups[0]["duplicate_of"], &groups[0]["event_new"]), (&Value::Null, &json!(true)));
    assert_eq!(groups[1]["duplicate_of"], "t:1");
    assert!(groups[2]["duplicate_of"] == "t:1" || groups[2]["near_duplicate_of"] == "t:1", "{}", groups[2]);
    let event = |index: usize| groups[index]["event_id"].as_str().unwrap();
    assert!(event(0) == event(1) && event(1) == event(2), "{groups:?}");
    assert!(event(0) != event(3) && event(3) != event(4) && event(0) != event(4), "{groups:?}");
}

#[test]
fn group_takes_posts_with_their_analysis() {
    let bare = posts(&[POTHOLE, BURST, POTHOLE, THANKS]);
    let analyses = filter("analyse", &bare).with_code(0).objects();
    let mut full = String::new();
    for (line, analysis) in bare.lines().zip(analyses) {
        let mut post: Value = serde_json::from_str(line).unwrap();
        post["analysis"] = analysis;
        full.push_str(&format!("{post}\n"));
    }
    assert_eq!(filter("group", &full).with_code(0).stdout, filter("group", &bare).with_code(0).stdout);
}

#[test]
fn group_goes_on_from_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let input = posts(&[POTHOLE, BURST, POTHOLE, THANKS, BURST, POTHOLE]);
    let whole = filter("group", &input).with_code(0).stdout;
    let lines: Vec<&str> = input.lines().collect();
    let parts: String = lines.chunks(2).map(|part| with_state(&state, &part.join("\n")).stdout).collect();
    assert_eq!(parts, whole);

    let bytes = fs::read(&state).unwrap();
    fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    let ended = otklik(["group", "--state"]).arg(&state).input("").run();
    ended.with_code(1).mentions(state.to_str().unwrap());
}

fn with_state(state: &Path, input: &str) -> Ended {
    otklik(["group", "--state"]).arg(state).input(input).run().with_code(0)
}
