//! What holds for every filter: order, unknown fields, bad lines, exit codes.

use otklik_tests::{otklik, post};
use serde_json::{Value, json};

use crate::{BURST, POTHOLE, THANKS, filter, model::model, posts};

#[test]
fn unknown_fields_are_ignored() {
    let bare = post("t:1", POTHOLE, "2026-03-02T10:00:00+03:00");
    let mut rich = bare.clone();
    rich["unknown"] = json!({ "deep": [1, { "a": null }] });
    rich["metrics"] = json!({ "views": 5, "stars": 3 });
    for words in ["analyse", "group"] {
        let (bare, rich) = (filter(words, &bare.to_string()), filter(words, &rich.to_string()));
        assert_eq!(bare.with_code(0).stdout, rich.with_code(0).stdout, "{words}");
    }
    let analysis = filter("analyse", &bare.to_string()).with_code(0).stdout;
    let mut rich: Value = serde_json::from_str(&analysis).unwrap();
    rich["unknown"] = json!([1]);
    let (bare, rich) = (filter("route --config demo", &analysis), filter("route --config demo", &rich.to_string()));
    assert_eq!(bare.with_code(0).stdout, rich.with_code(0).stdout);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let input = posts(&[POTHOLE, BURST, THANKS, POTHOLE, BURST]);
    for words in ["analyse", "group"] {
        let (first, second) = (filter(words, &input), filter(words, &input));
        assert_eq!(first.with_code(0).stdout, second.with_code(0).stdout, "{words}");
    }
}

/// Every filter of posts or texts: a line that is no object, one that lacks something, an empty one, and good ones between.
#[test]
fn a_bad_line_is_named_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let analysis = filter("analyse", &posts(&[POTHOLE])).stdout;
    let [good, wrong] = [posts(&[POTHOLE]), "{\"id\":\"t:9\",\"published_at\":\"2026-03-02T10:00:00Z\"}".to_owned()];
    for (words, good) in [
        ("analyse".to_owned(), &good),
        ("group".to_owned(), &good),
        ("route --config demo".to_owned(), &analysis),
        (format!("predict --model {model}"), &good),
    ] {
        let input = format!("{good}no object\n\n{wrong}\n[1, 2]\n{good}");
        let ended = filter(&words, &input).with_code(2).says(&["line 2: ", "line 4: ", "line 5: "]);
        assert_eq!(ended.ids(), ["t:1", "t:1"], "{words}");
        assert!(!ended.stderr.contains("line 3: "), "{words}: an empty line is no fault\n{}", ended.stderr);
        assert!(ended.stderr.contains("3 of 6 lines refused"), "{words}: {}", ended.stderr);

        let strict = filter(&format!("{words} --strict"), &input).with_code(2).says(&["line 2: "]);
        assert_eq!(strict.ids(), ["t:1"], "{words}: what came before is written, what comes after is not");
        assert!(!strict.stderr.contains("line 4: "), "{words}: {}", strict.stderr);
    }
}

#[test]
fn a_reason_names_the_field() {
    let check = |line: &str, expected: &str| {
        let ended = filter("analyse", line).with_code(2).says(&[expected]);
        assert_eq!(ended.stdout, "");
    };
    check("{\"id\":\"1\",\"published_at\":\"2026-03-02T10:00:00Z\"}", "line 1: missing field `text`");
    check(
        "{\"id\":\"1\",\"text\":\"Яма\",\"published_at\":\"вчера\"}",
        "line 1: published_at: \"вчера\" is not a time",
    );
    check("{\"id\":\"\",\"text\":\"Яма\",\"published_at\":\"2026-03-02T10:00:00Z\"}", "line 1: id: must not be empty");
    check("{\"id\":\"1\",\"text\":5,\"published_at\":\"2026-03-02T10:00:00Z\"}", "line 1: invalid type: integer `5`");
    check("{\"id\":\"1\",", "line 1: not JSON: ");
    check("Яма на дороге", "line 1: not JSON: ");
}

#[test]
fn usage_is_64_and_goes_to_standard_error() {
    for words in [
        "",
        "nosuch",
        "analyse --nosuch",
        "analyse file.jsonl",
        "import posts.csv",
        "import --map text=t posts.csv",
        "import --map text=t,id=i,published_at=p,nosuch=x posts.csv",
        "import --map text=t,id=i,published_at=p --tz Mars/Olympus posts.csv",
        "train posts.jsonl",
        "predict",
        "eval --model m",
        "group --window-days 0",
        "route",
        "sla --policy social-8h",
        "sla --policy social-8h --from yesterday",
        "sla --policy social-8h --from 2026-03-02T10:00:00Z --pause 2026-03-02T10:00:00Z",
        "sla --policy social-8h --from 2026-03-02T10:00:00Z --hours 18-9",
        "sla --policy social-8h --from 2026-03-02T10:00:00Z --severity 6",
        "sla --policy social-8h --from 2026-03-02T10:00:00Z --tz Mars/Olympus",
        "sla --policy nosuch --from 2026-03-02T10:00:00Z",
        "replay",
    ] {
        let ended = otklik(words.split_whitespace()).run();
        assert_eq!(ended.code, Some(64), "otklik {words}\n{}", ended.stderr);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "otklik {words}");
    }
    for words in ["--help", "--version", "help", "analyse --help"] {
        let ended = filter(words, "").with_code(0);
        assert!(ended.stderr.is_empty() && !ended.stdout.is_empty(), "otklik {words}");
    }
}

#[test]
fn what_cannot_be_had_is_1_and_is_named() {
    let check = |words: &str, expected: &str| drop(filter(words, "").with_code(1).mentions(expected));
    check("analyse --model nosuch.model", "nosuch.model");
    check("analyse --dictionaries nosuch", "nosuch");
    check("import --map text=t,id=i,published_at=p nosuch.csv", "nosuch.csv");
    check("train --label category nosuch.jsonl -o model", "nosuch.jsonl");
    check("predict --model nosuch.model", "nosuch.model");
    check("eval --model nosuch.model --label category nosuch.jsonl", "nosuch.model");
    check("route --config nosuch.toml", "nosuch.toml");
    check("sla --policy social-8h --from 2026-03-02T10:00:00Z --calendar nosuch.xml", "nosuch.xml");
    check("check --dictionaries nosuch", "nosuch");
    check("replay --config nosuch.toml", "nosuch.toml");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let many: Vec<&str> = std::iter::repeat_n(POTHOLE, 3_000).collect();
    let ended = otklik(["analyse"]).input(posts(&many)).below_shell("\"$0\" \"$@\" | head -n 1; exit 0").run();
    assert_eq!(ended.with_code(0).stderr, "");
}
