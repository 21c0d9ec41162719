//! The OpenAPI document.

use std::path::Path;

use crate::{api::openapi_json, testing::TestApp};

/// Where the document is kept for readers without a server.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/openapi.json");

#[test]
fn the_file_is_current() {
    let document = openapi_json().unwrap();
    let written = std::fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    if written != document {
        // Written for the next run, as snapshots are.
        std::fs::write(FILE, document).unwrap();
        panic!("schemas/openapi.json was not current; it is now: look at the difference and commit it");
    }
}

#[tokio::test]
async fn the_server_gives_the_document() {
    let app = TestApp::new();
    let reply = app.get("/api/openapi.json", "").await;
    assert_eq!(reply.status, 200);
    let served: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
    let written: serde_json::Value = serde_json::from_str(&openapi_json().unwrap()).unwrap();
    assert_eq!(served, written);
}

#[test]
fn every_field_and_parameter_is_described() {
    let document: serde_json::Value = serde_json::from_str(&openapi_json().unwrap()).unwrap();
    let mut bare = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        undescribed(schema, name, &mut bare);
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                bare.push(format!("{method} {path}"));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    bare.push(format!("{method} {path} {}", parameter["name"]));
                }
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

fn undescribed(schema: &serde_json::Value, name: &str, bare: &mut Vec<String>) {
    for part in ["allOf", "oneOf"].into_iter().flat_map(|key| schema[key].as_array().into_iter().flatten()) {
        undescribed(part, name, bare);
    }
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_tag = property["enum"].as_array().is_some_and(|values| values.len() == 1);
        let variants = property["oneOf"].as_array().into_iter().flatten();
        let mut places = variants.chain([property]).map(|place| place["description"].as_str().unwrap_or_default());
        if places.all(str::is_empty) && !is_tag {
            bare.push(format!("{name}.{field}"));
        }
    }
}
