//! `check`: every mistake of the dictionaries, with file and line.

use std::fs;

use otklik_tests::{copy_folder, otklik, repository};

use crate::{POTHOLE, filter, posts};

#[test]
fn check_finds_every_mistake_with_its_line() {
    filter("check", "").with_code(0).mentions("dictionaries are fine");
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&repository().join("dictionaries"), folder.path());
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
