//! What people correct in the desk becomes training data, and a model trained on it says what they said.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;

use otklik_tests::{Deployment, Ended, Served, missing_libchdb, otklik, skipped};
use serde_json::{Value, json};

/// A trouble no dictionary knows, so that the machine has nothing right to say of it.
const ODD: [&str; 4] = [
    "На Советской снова бурундели у дома, бурундели шумят и мешают спать",
    "Уберите бурундели со двора на улице Мира, бурундели стоят второй месяц",
    "Бурундели во дворе школы, дети боятся, когда уберут бурундели?",
    "Когда приедут за бурунделями на Кирова? Бурундели всё ещё тут",
];
const HOLES: [&str; 4] = [
    "В Северогорске на улице Советской, 18 глубокая яма, пробил колесо",
    "В Белозаводске огромная яма на дороге на улице Мира, 3, почините асфальт",
    "В Вельшанске ямы на проезжей части на Кирова, 7, асфальт разбит",
    "Рудный Лог, улица Садовая, 5: глубокая яма на дороге, колесо пробили",
];
const RIGHT: &str = "animals.stray_dogs";
const PLACE: &str = "demo.severogorsk_go";

fn corrections(deployment: &Deployment, of: &str) -> Ended {
    otklik(["corrections", "--of", of, "--config"]).arg(deployment.config()).run()
}

fn appeals() -> Value {
    let texts = ODD.iter().chain(&HOLES).zip(1..);
    let appeal = |(text, number): (&&str, u32)| {
        // Far enough apart to be an event each; the last two are still in the window together.
        let at = format!("2026-{:02}-{:02}T10:00:00+03:00", number.min(7), 1 + number / 8);
        json!({"id": format!("form:{number}"), "kind": "appeal", "text": text, "published_at": at, "region": "demo"})
    };
    texts.map(appeal).collect()
}

/// Does something to an incident and gives what became of it.
fn act(served: &Served, incident: &Value, action: Value) -> Value {
    let path = format!("/api/v1/incidents/{}/actions", incident["id"].as_str().unwrap());
    let mut body = action;
    body["expected_version"] = incident["version"].clone();
    let (status, acted) = served.ask("POST", &path, &body.to_string()).unwrap();
    assert_eq!(status, 200, "{acted}");
    acted
}

#[test]
fn what_people_correct_becomes_training_data() {
    if let Some(reason) = missing_libchdb() {
        return skipped("corrections", &reason);
    }
    let deployment = Deployment::new();
    let token = Served::token(&deployment);
    let mut served = Served::start(&deployment, &token, "");
    served.ask("POST", "/api/v1/posts", &appeals().to_string()).unwrap();
    let list = "/api/v1/incidents?order=opened&limit=50";
    served.until("GET", list, |_, body| body["meta"]["total"] == 8);
    let incidents = served.ask("GET", list, "").unwrap().1["incidents"].as_array().unwrap().clone();
    let of_post = |number: usize| {
        let post = format!("form:{number}");
        incidents.iter().find(|incident| incident["post_id"] == post.as_str()).unwrap()
    };
    for number in 1..=4 {
        // Wrong first, then right: the later correction counts.
        let acted = act(&served, of_post(number), json!({"action": "triage", "topic": "waste.litter"}));
        let acted = act(&served, &acted, json!({"action": "route", "agency": "demo.minprirody"}));
        let acted = act(&served, &acted, json!({"action": "return", "reason": "не та тема"}));
        act(&served, &acted, json!({"action": "triage", "topic": RIGHT, "municipality": PLACE}));
    }
    for number in 6..=8 {
        let acted = act(&served, of_post(number), json!({"action": "triage"}));
        act(&served, &acted, json!({"action": "route", "agency": "demo.mintrans"}));
    }
    act(&served, of_post(5), json!({"action": "reject", "reason": "шутка"}));
    let events = |number: usize| of_post(number)["event_id"].as_str().unwrap().to_owned();
    // An incident may be there before its event is.
    for number in [7, 8] {
        served.until("GET", &format!("/api/v1/events/{}", events(number)), |status, _| status == 200);
    }
    let merge = json!({"into": events(7)}).to_string();
    assert_eq!(served.ask("POST", &format!("/api/v1/events/{}/merge", events(8)), &merge).unwrap().0, 202);
    assert_eq!(served.ask("DELETE", "/api/v1/posts/form:1", "").unwrap().0, 202);
    served.until("GET", "/api/v1/posts/form:1", |status, _| status == 404);
    served.until("GET", "/api/v1/posts/form:8", |_, body| body["group"]["event_id"] == events(7).as_str());
    served.process.kill();

    let file = deployment.folder().join("topics.jsonl");
    let export = || otklik(["corrections", "--config"]).arg(deployment.config()).arg("-o").arg(&file).run();
    let ended = export().with_code(0).says(&["otklik: 6 texts"]);
    assert!(!ended.stderr.contains("бурундел") && ended.stdout.is_empty(), "texts go to the file only");
    let lines: Vec<Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<(&str, &str, &str)> = lines
        .iter()
        .map(|line| ["post", "topic", "source"].map(|field| line[field].as_str().unwrap()).into())
        .collect();
    let corrected = [2, 3, 4].map(|number| (format!("form:{number}"), RIGHT, "corrected"));
    let confirmed = [6, 7, 8].map(|number| (format!("form:{number}"), "roads.potholes", "confirmed"));
    let wanted: Vec<(&str, &str, &str)> =
        corrected.iter().chain(&confirmed).map(|(post, topic, source)| (post.as_str(), *topic, *source)).collect();
    assert_eq!(said, wanted);
    export().with_code(1).mentions("exists: name another file");

    let model = deployment.folder().join("model");
    let train = otklik(["train", "--label", "topic", "-o"]).arg(&model).arg(&file);
    train.run().with_code(0).mentions("trained on 6 texts: 2 labels");
    let ask = |text: &str| {
        let input = json!({"id": "new", "text": text}).to_string();
        let predict = otklik(["predict", "--model"]).arg(&model).input(input);
        predict.run().with_code(0).objects()[0]["label"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask("У подъезда опять бурундели, мешают спать"), RIGHT);
    assert_eq!(ask("Большая яма на дороге, асфальт разбит"), "roads.potholes");

    let places = corrections(&deployment, "place").with_code(0);
    let places = places.objects();
    let corrected = places.iter().filter(|line| line["source"] == "corrected");
    assert_eq!(corrected.map(|line| line["place"].as_str().unwrap()).collect::<Vec<_>>(), [PLACE; 3]);
    let bodies = corrections(&deployment, "body").with_code(0);
    let bodies = bodies.objects();
    let bodies: Vec<&Value> = bodies.iter().map(|line| &line["body"]).collect();
    assert_eq!(bodies, ["demo.mintrans"; 3], "what came back went nowhere since");
    let pairs = corrections(&deployment, "events").with_code(0);
    let [pair] = &pairs.objects()[..] else { panic!("one merge: {}", pairs.stdout) };
    assert_eq!((&pair["same"], &pair["source"]), (&json!(true), &json!("merged")));
    assert_eq!(pair["posts"], json!(["form:8", "form:7"]));
}
