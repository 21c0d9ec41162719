//! Configurations with mistakes, models that are damaged.

use std::fs;

use otklik_tests::{Deployment, otklik};
use serde_json::json;

use crate::good;

#[test]
fn a_configuration_is_told_file_and_line() {
    let deployment = Deployment::new();
    let base = "data = \"data\"\nregions = [\"demo\"]\n";
    let check = |content: &str, message: &str| {
        fs::write(deployment.config(), content).unwrap();
        let ended = otklik(["replay", "--config"]).arg(deployment.config()).input("").run();
        assert_eq!(ended.with_code(1).mentions(message).stdout, "");
    };
    check("data = \"data\"\n", "otklik.toml:1: missing field `regions`");
    check("data = \"data\"\nregions = []\n", "otklik.toml: regions must name at least one region");
    check(&format!("{base}[web]\nlisten = \"8080\"\n"), "otklik.toml:4: invalid socket address");
    check(&format!("{base}[log]\npartions = 4\n"), "otklik.toml:4: unknown field `partions`, expected `partitions`");
    check(&format!("{base}[log]\npartitions = \"four\"\n"), "otklik.toml:4: invalid type");
    check(&format!("{base}pipeline = \"nosuch.toml\"\n"), "nosuch.toml");
    check(&format!("{base}models = [\"nosuch.model\"]\n"), "nosuch.model");
    check(&format!("{base}dictionaries = \"nosuch\"\n"), "nosuch");
    check(&format!("{base}author-secret-file = \"nosuch.secret\"\n"), "nosuch.secret");
    check("data = \"data\"\nregions = [\"nosuch\"]\n", "nosuch, and no region of this id is built in");
    check("data = \n", "otklik.toml:1: ");
    fs::write(deployment.folder().join("region.toml"), "[region]\nid = \"x\"\nnmae = \"X\"\n").unwrap();
    check("data = \"data\"\nregions = [\"region.toml\"]\n", "region.toml:3: ");
    fs::write(deployment.folder().join("short.secret"), "abc\n").unwrap();
    check(
        &format!("{base}author-secret-file = \"short.secret\"\n"),
        "short.secret: a secret has at least 16 characters",
    );
    fs::write(deployment.folder().join("slow.toml"), "snapshot-records = \"many\"\n").unwrap();
    check(&format!("{base}pipeline = \"slow.toml\"\n"), "slow.toml:1: ");
}

#[test]
fn a_damaged_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (samples, model) = (folder.path().join("samples.jsonl"), folder.path().join("own.model"));
    let line = |n: usize| {
        let (text, label) = [("яма на дороге", "roads"), ("нет света", "light")][n % 2];
        format!("{}\n", json!({ "text": text, "label": label }))
    };
    fs::write(&samples, (0..20).map(line).collect::<String>()).unwrap();
    otklik(["train", "--label", "label", "-o"]).arg(&model).arg(&samples).run().with_code(0);
    let right = fs::read(&model).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&model, bytes).unwrap();
        for words in [["analyse", "--model"], ["predict", "--model"], ["group", "--model"]] {
            let ended = otklik(words).arg(&model).input(good("1")).run().with_code(1).mentions("own.model: ");
            assert_eq!(ended.stdout, "");
        }
    };
    check(b"");
    check(b"{}");
    check(&right[..right.len() - 1]);
    check(&[right.as_slice(), b"x"].concat());
    for place in [8, right.len() / 3, right.len() / 2, right.len() - 1] {
        let mut flipped = right.clone();
        flipped[place] ^= 1;
        check(&flipped);
    }
}
