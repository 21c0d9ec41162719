//! The filters as anyone may call them: shapes, order, refusals, exit codes. Inputs are made up here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, path::Path};

use otklik_tests::{Ended, Otklik, otklik, post};
use serde_json::{Value, json};

const POTHOLE: &str = "На улице Ленина яма на яме, вчера пробил колесо 😡";
const BURST: &str = "Прорвало трубу, вода заливает подвал на Советской, 5";
const THANKS: &str = "Спасибо дворникам, во дворе чисто";

/// Posts as JSON Lines, a minute apart, their ids counted from 1.
fn posts(texts: &[&str]) -> String {
    let time = |index: usize| format!("2026-03-02T{:02}:{:02}:00+03:00", 10 + index / 60, index % 60);
    let line = |(index, text): (usize, &&str)| format!("{}\n", post(&format!("t:{}", index + 1), text, &time(index)));
    texts.iter().enumerate().map(line).collect()
}

fn filter(words: &str, input: &str) -> Ended {
    otklik(words.split(' ')).input(input).run()
}

/// The fields of an object, in order.
fn fields(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn has_fields(object: &Value, expected: &[&str]) {
    let missing: Vec<_> = expected.iter().filter(|field| object.get(**field).is_none()).collect();
    assert!(missing.is_empty(), "no {missing:?} among {:?}", fields(object));
}

#[test]
fn analyse_gives_an_analysis_for_each_post() {
    let ended = filter("analyse", &posts(&[POTHOLE, BURST, THANKS])).with_code(0);
    assert_eq!(ended.ids(), ["t:1", "t:2", "t:3"]);
    for analysis in ended.objects() {
        has_fields(&analysis, &["id", "language", "topics", "intent", "sentiment", "severity", "places", "versions"]);
        has_fields(&analysis["language"], &["code", "confidence"]);
        has_fields(&analysis["sentiment"], &["label", "score"]);
        has_fields(&analysis["versions"], &["dictionary", "models"]);
        assert!(analysis["severity"].as_u64().unwrap() <= 5);
        let scores: Vec<f64> =
            analysis["topics"].as_array().unwrap().iter().map(|t| t["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    }
    let [pothole, burst, thanks] = &ended.objects()[..] else { panic!("three analyses") };
    assert_eq!(
        (&pothole["topics"][0]["id"], &pothole["topics"][0]["block"]),
        (&json!("roads.potholes"), &json!("roads"))
    );
    assert_eq!((&pothole["intent"], &pothole["sentiment"]["label"]), (&json!("complaint"), &json!("negative")));
    assert_eq!(pothole["language"]["code"], "ru");
    assert_eq!(burst["topics"][0]["block"], "utilities");
    assert_eq!(thanks["intent"], "thanks");
}

#[test]
fn evidence_counts_characters_not_bytes() {
    let text = "😡🇷🇺 Ёлки! На ул. Ленина яма на яме";
    let analysis = &filter("analyse", &posts(&[text])).with_code(0).objects()[0];
    let characters: Vec<char> = text.chars().collect();
    let check = |evidence: &Value| {
        let place = |field: &str| usize::try_from(evidence[field].as_u64().unwrap()).unwrap();
        let words: String = characters[place("start")..place("end")].iter().collect();
        assert_eq!(evidence["text"], words.as_str());
        has_fields(evidence, &["source", "rule"]);
    };
    let evidence = analysis["topics"][0]["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty());
    evidence.iter().for_each(check);
    let place = &analysis["places"][0];
    has_fields(place, &["id", "name", "kind", "start", "end", "score"]);
    let (start, end) = (place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap());
    let words: String = characters[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()].iter().collect();
    assert!(words.contains("Ленина"), "{words}");
}

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

#[test]
fn route_names_the_body_and_why() {
    let analyses = filter("analyse", &posts(&[POTHOLE, BURST, THANKS])).stdout;
    let ended = filter("route --config demo", &analyses).with_code(0);
    assert_eq!(ended.ids(), ["t:1", "t:2", "t:3"]);
    for routed in ended.objects() {
        has_fields(&routed["agency"], &["id", "name"]);
        assert!(!routed["agency"]["name"].as_str().unwrap().is_empty());
        let why = routed["why"].as_array().unwrap();
        assert!(!why.is_empty());
        why.iter().for_each(|why| has_fields(why, &["rule", "why"]));
    }
    let inside = json!({ "id": "t:1", "text": "", "analysis": serde_json::from_str::<Value>(analyses.lines().next().unwrap()).unwrap() });
    let of_post = filter("route --config demo", &inside.to_string()).with_code(0);
    assert_eq!(of_post.objects()[0], ended.objects()[0], "an analysis inside its post is as good");
}

#[test]
fn sla_gives_deadlines_and_their_trace() {
    // Friday 6 March 2026, 17:00; Monday the 9th is a day off for Sunday the 8th.
    let check = |words: &str, clock: &str, due: &str| {
        let ended = filter(&format!("sla --from 2026-03-06T17:00:00+03:00 --policy {words}"), "").with_code(0);
        let report = &ended.objects()[0];
        assert_eq!(report["policy"], words.split(' ').next().unwrap());
        let clocks = report["clocks"].as_array().unwrap();
        let found = clocks.iter().find(|found| found["clock"] == clock).unwrap_or_else(|| panic!("{words}: {report}"));
        assert_eq!((&found["start"], &found["due"]), (&json!("2026-03-06T17:00:00+03:00"), &json!(due)), "{words}");
        let trace = found["trace"].as_array().unwrap();
        trace.iter().for_each(|part| has_fields(part, &["from", "to", "counted", "why"]));
        assert_eq!(trace[0]["from"], found["start"], "{words}");
        assert!(trace.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{words}: {trace:?}");
        assert_eq!(trace.last().unwrap()["to"], found["due"], "{words}");
    };
    check("route-60m", "route", "2026-03-06T18:00:00+03:00");
    check("social-8h", "first_answer", "2026-03-07T01:00:00+03:00");
    check("social-24h", "first_answer", "2026-03-07T17:00:00+03:00");
    check("social-4wh", "first_answer", "2026-03-10T12:00:00+03:00");
    check("social-9wh", "first_answer", "2026-03-10T17:00:00+03:00");
    check("final-7wd", "final_answer", "2026-03-18T18:00:00+03:00");
    check("pos-10d", "final_answer", "2026-03-16T23:59:59+03:00");
    check("pos-30d", "final_answer", "2026-04-05T23:59:59+03:00");
    check(
        "social-8h --pause 2026-03-06T20:00:00+03:00/2026-03-06T21:00:00+03:00",
        "first_answer",
        "2026-03-07T02:00:00+03:00",
    );
    check("social-4wh --hours 10:00-19:00", "first_answer", "2026-03-10T12:00:00+03:00");
}

/// A model that tells holes in roads from light that is out.
fn model(folder: &Path) -> String {
    let (samples, model) = (folder.join("samples.jsonl"), folder.join("model"));
    fs::write(&samples, samples_of(40)).unwrap();
    let ended = train(&samples, &model).run().with_code(0);
    assert!(ended.stderr.contains("40 texts"), "{}", ended.stderr);
    model.to_str().unwrap().to_owned()
}

fn train(samples: &Path, model: &Path) -> Otklik {
    otklik(["train", "--label", "category"]).arg(samples).arg("-o").arg(model)
}

fn samples_of(count: usize) -> String {
    let words = [
        ["яма на дороге", "разбитый асфальт", "выбоины и колея", "дорога вся в ямах"],
        ["нет света", "отключили электричество", "темно в квартире", "электричество пропало"],
    ];
    let line = |index: usize| {
        let (label, text) = (["roads", "light"][index % 2], words[index % 2][index / 2 % 4]);
        format!("{}\n", json!({ "id": index, "text": format!("{text}, дом {index}"), "category": label }))
    };
    (0..count).map(line).collect()
}

#[test]
fn a_model_is_trained_measured_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let input = json!({ "id": "t:1", "text": "огромная яма, асфальт разбитый" }).to_string();
    let ended = filter(&format!("predict --model {model}"), &input).with_code(0);
    let prediction = &ended.objects()[0];
    assert_eq!((&prediction["id"], &prediction["label"]), (&json!("t:1"), &json!("roads")));
    let top = prediction["top"].as_array().unwrap();
    assert!((1..=5).contains(&top.len()) && top[0]["label"] == "roads" && top[0]["score"] == prediction["score"]);

    let held = folder.path().join("held.jsonl");
    fs::write(&held, samples_of(60)).unwrap();
    let ended = otklik(["eval", "--model", &model, "--label", "category"]).arg(&held).run().with_code(0);
    let report = &ended.objects()[0];
    assert_eq!((&report["n"], &report["accuracy"]), (&json!(60), &json!(1.0)));
    assert_eq!((&report["weighted_f1"], &report["macro_f1"]), (&json!(1.0), &json!(1.0)));
    let labels: Vec<&Value> = report["labels"].as_array().unwrap().iter().map(|label| &label["label"]).collect();
    assert_eq!(labels, ["light", "roads"]);

    let again = folder.path().join("again");
    train(&folder.path().join("samples.jsonl"), &again).run().with_code(0);
    assert_eq!(
        fs::read(&again).unwrap(),
        fs::read(&model).unwrap(),
        "the same texts give the same model, byte for byte"
    );
    let analysis = &otklik(["analyse", "--model", &model]).input(posts(&[POTHOLE])).run().with_code(0).objects()[0];
    assert_eq!(analysis["versions"]["models"].as_array().unwrap().len(), 1);
}

#[test]
fn a_label_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (samples, model) = (folder.path().join("samples.jsonl"), folder.path().join("model"));
    let odd = format!("{}{}\n", samples_of(40), json!({ "id": 41, "text": "яма" }));
    fs::write(&samples, odd).unwrap();
    train(&samples, &model).run().with_code(2).says(&["line 41: category: is missing"]);
    fs::write(&samples, samples_of(1)).unwrap();
    fs::remove_file(&model).unwrap();
    train(&samples, &model).run().with_code(1).mentions("at least 2 are needed");
    assert!(!model.exists(), "nothing is written when nothing was learnt");
}

#[test]
fn import_makes_posts_of_tables() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "Текст;№;Дата;Кто;Ш;Д;Вид;Просмотры\n\
        \"Яма; большая\";1;31.12.2024 23:59;Иванов;55,75;37,6;Дороги;1 234\n\
        Звоните +7 912 345-67-89 или a@example.org;2;2025-01-01T10:00:00;;;;Свет;\n\
        Нет света;3;вчера;;;;;\n";
    let (table, secret) = (folder.path().join("table.csv"), folder.path().join("secret"));
    fs::write(&table, rows).unwrap();
    fs::write(&secret, "0123456789abcdef\n").unwrap();
    let map = "text=Текст,id=№,published_at=Дата,author=Кто,lat=Ш,lon=Д,label.category=Вид,views=Просмотры,network:=form,kind:=appeal";
    let import = || otklik(["import", "--map", map, "--author-secret-file"]).arg(&secret);
    let ended = import().arg(&table).run().with_code(2).says(&["line 4: published_at: \"вчера\" is not a time"]);
    assert!(ended.stderr.contains("1 of 3 rows refused"), "{}", ended.stderr);
    let [first, second] = &ended.objects()[..] else { panic!("two posts in {}", ended.stdout) };
    assert_eq!((&first["id"], &first["text"]), (&json!("1"), &json!("Яма; большая")));
    assert_eq!(first["published_at"], "2024-12-31T20:59:00Z");
    assert_eq!(first["geo"], json!({ "lat": 55.75, "lon": 37.6 }));
    assert_eq!((&first["network"], &first["kind"]), (&json!("form"), &json!("appeal")));
    assert_eq!((&first["labels"]["category"], &first["metrics"]["views"]), (&json!("Дороги"), &json!(1234)));
    assert!(!ended.stdout.contains("Иванов") && first["author_key"].as_str().unwrap().len() == 24);
    let masked = second["text"].as_str().unwrap();
    assert!(!masked.contains("345") && !masked.contains("example.org"), "{masked}");
    assert!(second.get("author_key").is_none());

    let strict = import().arg("--strict").arg(&table).run().with_code(2);
    assert_eq!(strict.ids(), ["1", "2"]);
    let analysed = otklik(["analyse"]).input(ended.stdout).run().with_code(0);
    assert_eq!(analysed.ids(), ["1", "2"], "what is imported can be analysed");
}

#[test]
fn import_reads_json_lines_and_tabs_too() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &str| {
        let table = folder.path().join(name);
        fs::write(&table, content).unwrap();
        let ended = otklik(["import", "--map", "text=t,id=i,published_at=p"]).arg(&table).run().with_code(0);
        assert_eq!(ended.objects()[0]["text"], "Яма", "{name}");
    };
    check("a.jsonl", "{\"t\":\"Яма\",\"i\":7,\"p\":1700000000,\"x\":[1]}\n");
    check("a.tsv", "t\ti\tp\nЯма\t7\t2025-01-01\n");
    check("a.CSV", "\u{feff}t,i,p\r\nЯма,7,2025-01-01\r\n");
}

#[test]
fn check_finds_every_mistake_with_its_line() {
    filter("check", "").with_code(0).mentions("dictionaries are fine");
    let folder = tempfile::tempdir().unwrap();
    copy(&otklik_tests::repository().join("dictionaries"), folder.path());
    let path = folder.path().join("topics/roads.toml");
    let right = fs::read_to_string(&path).unwrap();
    let wrong = right.replacen("severity = 3", "sevrity = 3", 1);
    fs::write(&path, &wrong).unwrap();
    let line = 1 + wrong.lines().position(|line| line.starts_with("sevrity")).unwrap();
    let check = || otklik(["check", "--dictionaries"]).arg(folder.path()).run();
    check().with_code(1).mentions(&format!("topics/roads.toml:{line}"));
    otklik(["analyse", "--dictionaries"]).arg(folder.path()).input(posts(&[POTHOLE])).run().with_code(1);

    let example = "  \"Дорога разбита после зимы, выбоины глубокие\",";
    let line = 1 + right.lines().position(|line| line == example).unwrap();
    fs::write(&path, right.replacen(example, "  \"Всем доброе утро\",", 1)).unwrap();
    check().with_code(1).mentions("1 of ").mentions(&format!("topics/roads.toml:{line}: example of roads.potholes"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
