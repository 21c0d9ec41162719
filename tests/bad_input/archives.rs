//! Archives that are cut or damaged.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use otklik_tests::{Deployment, Report, missing_libchdb, otklik, skipped};
use serde_json::json;

use crate::{TIME, tables::import};

/// Random enough not to shrink to nothing.
fn packed(lines: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..lines {
        let word = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let line = json!({ "t": format!("Яма {word:x}"), "i": number, "p": TIME, "id": number.to_string(), "text": "яма", "published_at": TIME });
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_cut_archive_gives_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let whole = packed(20_000);
    let ended = import(folder.path(), "cut.jsonl.gz", &whole[..whole.len() / 2]).with_code(1).mentions("cut.jsonl.gz");
    let rows = ended.objects().len();
    assert!((5_000..15_000).contains(&rows), "{rows} rows of half a file");
    assert_eq!(import(folder.path(), "whole.jsonl.gz", &whole).with_code(0).objects().len(), 20_000);

    let mut damaged = whole.clone();
    damaged.iter_mut().skip(whole.len() / 2).take(64).for_each(|byte| *byte ^= 0x55);
    let ended = import(folder.path(), "damaged.jsonl.gz", &damaged);
    assert!(matches!(ended.code, Some(1 | 2)), "{:?}", ended.code);
    assert!(ended.objects().len() >= 5_000);
}

#[test]
fn replay_goes_on_when_the_archive_is_whole_again() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_input", &reason);
    }
    let deployment = Deployment::new();
    let (file, whole) = (deployment.folder().join("posts.jsonl.gz"), packed(4_000));
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let replay = || otklik(["replay", "--config"]).arg(deployment.config()).arg(&file).run();
    let ended = replay().with_code(1);
    let line =
        ended.stderr.split("cannot read the input after line ").nth(1).unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(line.split(':').next().unwrap().parse::<u64>().unwrap() > 1_000, "{line}");
    fs::write(&file, &whole).unwrap();
    let report = Report::of(&replay().with_code(0));
    assert_eq!(report.appended + report.skipped, 4_000);
    assert!(
        report.skipped > 0 && report.account[2].starts_with("store: 4000 in = 4000 stored (4000 indexed)"),
        "{report:?}"
    );
}
