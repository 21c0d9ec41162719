//! VK's recorded answers and its schema, which lie beside the repository: run by `tests/networks_vk.sh`, not by `cargo test`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use otklik_tests::{Ended, otklik, repository, skipped};
use serde_json::Value;

const ANSWERS: &str = "../shared/data/vk/responses";
const SCHEMA: &str = "../shared/data/vk/schema";
const FIELDS: &str = "crates/sources/src/vk/schema_fields.json";

/// What a recorded answer is to give.
enum Expected {
    /// Ids of posts, and how many are said to be deleted.
    Posts(&'static [&'static str], usize),
    /// Kind and code of an error.
    Error(&'static str, Option<i64>),
}
use Expected::{Error, Posts};

/// Every recorded answer but events: its method, parameters of its request, and what it gives.
const RECORDED: [(&str, &str, &str, Expected); 26] = [
    ("Categories/Wall/GetById_ReturnWallRecords", "vk:wall.getById", "", Posts(&["vk:1_617"], 0)),
    (
        "Categories/Wall/GetComments802",
        "vk:wall.getComments",
        "",
        Posts(&["vk:-69459624_482121_r482124", "vk:-69459624_482121_r482418"], 1),
    ),
    (
        "Categories/Wall/GetComments_ReturnLikesAndAttachments",
        "vk:wall.getComments",
        "owner_id=5 post_id=6",
        Posts(&["vk:5_6_r3809", "vk:5_6_r3810"], 0),
    ),
    ("Categories/Wall/Get_Document_NormalCase", "vk:wall.get", "", Posts(&["vk:26033241_1261"], 0)),
    ("Categories/Wall/Get_ExtendedVersion_GenerateOutParametersCorrectly", "vk:wall.get", "", Posts(&["vk:10_41"], 0)),
    ("Categories/Wall/Get_Geo_NormalCase", "vk:wall.get", "", Posts(&["vk:1563369_1164"], 0)),
    ("Categories/Wall/Get_WithPoll_NormalCase", "vk:wall.get", "", Posts(&["vk:-103292418_3"], 0)),
    ("Categories/Wall/Get_With_PhotoListAttachment", "vk:wall.get", "", Posts(&["vk:46476924_3188"], 0)),
    // The answer to making a repost, which Otklik never does.
    ("Categories/Wall/Repost_UrlIsGeneratedCorrectly", "vk:wall.get", "", Error("broken_body", None)),
    ("Categories/NewsFeed/Get", "vk:newsfeed.search", "", Posts(&["vk:-106879986_32860"], 0)),
    ("Categories/NewsFeed/Search_Coordinates_Exception", "vk:newsfeed.search", "", Posts(&["vk:-168119259_5225"], 0)),
    ("Categories/Execute/ExecuteErrors", "vk:execute", "", Error("retry", Some(1))),
    ("Categories/Execute/ExecuteGetUniversitiesTest", "vk:execute", "", Posts(&[], 0)),
    ("Categories/Execute/ExecuteTest", "vk:execute", "", Posts(&[], 0)),
    ("Categories/Execute/ExecuteTopicsFeedTest", "vk:execute", "", Posts(&["vk:r74t1506698266"], 0)),
    ("Errors/104", "vk:wall.get", "", Error("unavailable", Some(104))),
    ("Errors/12", "vk:execute", "", Error("bad_request", Some(12))),
    ("Errors/125", "vk:groups.getById", "", Error("unavailable", Some(125))),
    ("Errors/14", "vk:wall.get", "", Error("needs_human", Some(14))),
    ("Errors/15", "vk:wall.get", "", Error("unavailable", Some(15))),
    ("Errors/17", "vk:wall.get", "", Error("needs_human", Some(17))),
    ("Errors/214", "vk:wall.get", "", Error("unavailable", Some(214))),
    ("Errors/5", "vk:wall.get", "", Error("token", Some(5))),
    ("Errors/7", "vk:wall.get", "", Error("token", Some(7))),
    ("Errors/ExecuteErrorsHandler", "vk:execute", "", Error("retry", Some(1))),
    // Persons, whom Otklik never asks for.
    ("VkErrors/IfErrorThrowException_NormalCase_NothingExceptions", "vk:execute", "", Posts(&[], 0)),
];

/// Every recorded event that holds a post, a comment or a deletion; all others hold none.
const EVENTS: [(&str, Expected); 14] = [
    ("BoardPostDeleteTest", Posts(&[], 1)),
    ("BoardPostNew", Posts(&["vk:topic-1234_38446232_r3"], 0)),
    ("Failed1Ts", Error("retry", Some(1))),
    ("MarketCommentEditTest", Posts(&["vk:market-1234_1686058_r1"], 0)),
    ("MarketCommentNewTest", Posts(&["vk:market-1234_1686058_r1"], 0)),
    ("PhotoCommentDeleteTest", Posts(&[], 1)),
    ("PhotoCommentEditTest", Posts(&["vk:photo-1234_456239020_r4"], 0)),
    ("PhotoCommentNewTest", Posts(&["vk:photo-1234_123456_r4"], 0)),
    ("PhotoCommentRestoreTest", Posts(&["vk:photo-1234_456239020_r4"], 0)),
    ("VideoCommentDeleteTest", Posts(&[], 1)),
    ("VideoCommentRestoreTest", Posts(&["vk:video-1234_4444_r1"], 0)),
    ("WallPostNewTest", Posts(&["vk:-1234_6"], 0)),
    ("WallReplyEditTest", Posts(&["vk:-1234_6_r9"], 0)),
    ("WallReplyRestoreTest", Posts(&["vk:-1234_6_r9"], 0)),
];

fn parse(file: &Path, method: &str, params: &str) -> Ended {
    let params = params.split(' ').filter(|param| !param.is_empty()).flat_map(|param| ["--param", param]);
    otklik(["parse", method].into_iter().chain(params)).input(fs::read(file).unwrap()).run()
}

fn check(file: &Path, ended: &Ended, expected: &Expected) {
    let name = file.file_name().unwrap().to_string_lossy();
    let first = ended.objects().first().cloned().unwrap_or_default();
    match expected {
        Posts(ids, deleted) => {
            assert_eq!(
                (ended.code, ended.ids()),
                (Some(0), ids.iter().map(ToString::to_string).collect()),
                "{name}\n{}",
                ended.stderr
            );
            let said = ended.stderr.lines().filter(|line| line.starts_with("deleted: ")).count();
            assert_eq!(said, *deleted, "{name}");
        }
        Error(kind, code) => {
            let error = &first["error"];
            assert_eq!(
                (ended.code, error["kind"].as_str(), error["code"].as_i64()),
                (Some(2), Some(*kind), *code),
                "{name}"
            );
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.extend(path.extension().is_some_and(|extension| extension == "json").then_some(path)),
        }
    }
    found.sort();
    found
}

#[test]
fn every_recorded_answer_is_read_or_refused_rightly() {
    let folder = repository().join(ANSWERS);
    if !folder.exists() {
        return skipped("networks_vk", &format!("{ANSWERS} is not there"));
    }
    let (mut posts, mut errors) = (0, 0);
    let all = files(&folder);
    for file in &all {
        let name = file.strip_prefix(&folder).unwrap().with_extension("").to_string_lossy().into_owned();
        let event = name.strip_prefix("Categories/BotsLongPoll/GetBotsLongPollHistory_");
        let ended = match event {
            Some(event) => {
                let ended = parse(file, "vk:callback", "");
                let listed = EVENTS.iter().find(|(own, _)| *own == event);
                check(file, &ended, listed.map_or(&Posts(&[], 0), |(_, expected)| expected));
                ended
            }
            None => {
                let listed = RECORDED.iter().find(|(own, ..)| *own == name);
                let (_, method, params, expected) = listed.unwrap_or_else(|| panic!("{name} is not listed"));
                let ended = parse(file, method, params);
                check(file, &ended, expected);
                ended
            }
        };
        if ended.code == Some(0) { posts += ended.stdout.lines().count() } else { errors += 1 }
    }
    println!(
        "networks_vk: {} recorded answers: {posts} posts and comments, {errors} errors of the right kind",
        all.len()
    );
}

/// Names of the fields of an object and of all it is made of.
fn names(file: &Path, object: &Value, depth: u8) -> Vec<String> {
    assert!(depth < 20, "{}: a ring of references", file.display());
    let mut found: Vec<String> =
        object["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let parts = ["allOf", "oneOf", "anyOf"].iter().flat_map(|part| object[*part].as_array().into_iter().flatten());
    for part in parts.chain(object.get("$ref").map(|_| object)) {
        let Some((path, own)) = part["$ref"].as_str().and_then(|reference| reference.split_once("#/definitions/"))
        else {
            found.extend(names(file, part, depth + 1));
            continue;
        };
        let other = if path.is_empty() { file.to_owned() } else { file.parent().unwrap().join(path) };
        let Ok(text) = fs::read_to_string(&other) else { continue };
        let definitions: Value = serde_json::from_str(&text).unwrap();
        found.extend(names(&other, &definitions["definitions"][own], depth + 1));
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_fields_relied_on_are_those_of_the_schema() {
    let folder = repository().join(SCHEMA);
    if !folder.exists() {
        return skipped("networks_vk", &format!("{SCHEMA} is not there"));
    }
    let kept: BTreeMap<String, String> =
        serde_json::from_str(&fs::read_to_string(repository().join(FIELDS)).unwrap()).unwrap();
    for (object, fields) in &kept {
        let section = object.split('_').next().unwrap();
        let part = if object.ends_with("_response") { "responses" } else { "objects" };
        let file = folder.join(section).join(format!("{part}.json"));
        let definitions: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let definition = &definitions["definitions"][object];
        let definition = definition["properties"].get("response").unwrap_or(definition);
        assert_eq!(names(&file, definition, 0).join(" "), *fields, "{object} in {FIELDS} is not as the schema has it");
    }
    println!("networks_vk: fields of {} objects are as the schema has them", kept.len());
}
