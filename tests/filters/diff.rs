//! `diff`: what other dictionaries would read differently.

use otklik_tests::{Deployment, missing_libchdb, otklik, skipped};
use serde_json::{Value, json};

use crate::{BURST, POTHOLE, THANKS, posts};

/// The dictionaries built in, as a folder, without a topic's file.
fn dictionaries_without(deployment: &Deployment, file: &str) -> std::path::PathBuf {
    let (from, to) = (otklik_tests::repository().join("dictionaries"), deployment.folder().join("dictionaries"));
    copy(&from, &to);
    std::fs::remove_file(to.join(file)).unwrap();
    to
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_a_dictionary_changes_is_shown_before_it_is_used() {
    let deployment = Deployment::new();
    let file = deployment.folder().join("posts.jsonl");
    std::fs::write(&file, posts(&[POTHOLE, BURST, THANKS])).unwrap();
    let diff = || otklik(["diff", "--config"]).arg(deployment.config()).arg("--posts").arg(&file);
    let ended = diff().run().with_code(0).says(&["3 posts, 0 read differently"]);
    assert_eq!(ended.stdout, "");

    let without = dictionaries_without(&deployment, "topics/roads.toml");
    let ended = diff().arg("--dictionaries").arg(&without).run().with_code(0).says(&["3 posts, 1 read differently"]);
    let ended = ended.says(&["  topic: 1", "  roads.potholes: +0 −1"]);
    let changed = &ended.objects()[..];
    let [pothole] = changed else { panic!("one post: {changed:?}") };
    assert_eq!((&pothole["id"], &pothole["before"]["topic"]), (&json!("t:1"), &json!("roads.potholes")));
    assert_ne!(pothole["after"]["topic"], pothole["before"]["topic"]);
    assert_eq!(pothole["after"].get("sentiment"), None::<&Value>, "what stays the same is not written");
}

#[test]
fn the_posts_of_the_store_are_those_of_the_last_days() {
    if let Some(reason) = missing_libchdb() {
        return skipped("diff", &reason);
    }
    let deployment = Deployment::new();
    deployment.replay(posts(&[POTHOLE, BURST, THANKS])).run().with_code(0);
    let diff = |days: &str| otklik(["diff", "--config"]).arg(deployment.config()).arg("--days").arg(days).run();
    diff("3660").with_code(0).says(&["3 posts, 0 read differently"]);
    // They are of March 2026.
    diff("1").with_code(0).says(&["0 posts, 0 read differently"]);
}
