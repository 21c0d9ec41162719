//! `train`, `predict`, `eval`: a model from labelled texts and what it is worth.

use std::{fs, path::Path};

use otklik_tests::{Otklik, otklik};
use serde_json::{Value, json};

use crate::{POTHOLE, filter, posts};

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

/// A model that tells holes in roads from light that is out.
pub(crate) fn model(folder: &Path) -> String {
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
