//! Events, not people: no topic about what somebody believes or is, and no way to look somebody up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;

use otklik_tests::{files, none, repository};

/// Beginnings of words that no topic and no block may have in its id or name: political views, protest, opposition,
/// elections, religion, origin, health of persons.
const FORBIDDEN: [&str; 52] = [
    "полит",
    "протест",
    "митинг",
    "пикет",
    "шестви",
    "демонстрац",
    "оппозиц",
    "экстрем",
    "инакомысл",
    "революц",
    "выборы",
    "выборах",
    "избират",
    "голосован",
    "агитац",
    "депутат",
    "партии",
    "партий",
    "президент",
    "религи",
    "церк",
    "храм",
    "мечет",
    "синагог",
    "ислам",
    "мусульм",
    "правосл",
    "христиан",
    "сект",
    "вероисп",
    "национальн",
    "этнич",
    "мигрант",
    "гастарб",
    "раса",
    "расов",
    "диаспор",
    "диагноз",
    "психич",
    "вич",
    "онколог",
    "politic",
    "protest",
    "rally",
    "opposition",
    "election",
    "religio",
    "church",
    "ethnic",
    "migrant",
    "nationality",
    "diagnos",
];

#[test]
fn no_topic_is_about_beliefs_or_persons() {
    let files = files();
    let mut found = Vec::new();
    let mut topics = 0;
    for file in files.iter().filter(|file| file.is(".toml") && file.path.starts_with("dictionaries/topics/")) {
        for (number, line) in file.lines() {
            let Some(value) = ["id = ", "name = "].iter().find_map(|key| line.trim().strip_prefix(key)) else {
                continue;
            };
            topics += usize::from(line.starts_with("id = "));
            let lower = value.to_lowercase();
            let words = lower.split(|c: char| !c.is_alphabetic());
            let bad = words.flat_map(|word| FORBIDDEN.iter().filter(move |stem| word.starts_with(**stem)));
            found.extend(bad.map(|stem| format!("{}:{number}: {stem}… in {value}", file.path)));
        }
    }
    assert!(topics > 300, "{topics} ids: the dictionaries were not found");
    none(&found);
}

#[test]
fn nobody_can_look_up_an_author() {
    let openapi: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(repository().join("schemas/openapi.json")).unwrap()).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    assert!(paths.len() > 20, "the paths were not found");
    let mut found = Vec::new();
    for (path, operations) in paths {
        let parameters = operations
            .as_object()
            .unwrap()
            .values()
            .flat_map(|operation| operation["parameters"].as_array().cloned().unwrap_or_default());
        let names = parameters.map(|parameter| parameter["name"].as_str().unwrap_or_default().to_owned());
        let asks = names.chain([path.clone()]).filter(|name| name.to_lowercase().contains("author"));
        found.extend(asks.map(|name| format!("{path}: asks by {name}")));
    }
    let pages = files().into_iter().filter(|file| file.path.starts_with("crates/web/templates/page/"));
    found.extend(pages.filter(|page| page.path.contains("author")).map(|page| format!("{}: of authors", page.path)));
    none(&found);
}
