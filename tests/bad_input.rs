//! Input nobody would write on purpose: a clear message that names the place, the right exit code, and nothing else lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use otklik_tests::{Deployment, Ended, Report, missing_libchdb, otklik, post, skipped};
use serde_json::{Value, json};

const TIME: &str = "2026-03-02T10:00:00+03:00";

fn good(id: &str) -> String {
    format!("{}\n", post(id, "Яма на улице Ленина, пробил колесо", TIME))
}

/// A post with another value in a field.
fn with(id: &str, field: &str, value: Value) -> String {
    let mut post = post(id, "Яма на дороге", TIME);
    post[field] = value;
    format!("{post}\n")
}

/// Lines that are no posts, each with the beginning of the reason.
fn bad_lines() -> Vec<(Vec<u8>, &'static str)> {
    let words = |text: &str| text.as_bytes().to_vec();
    vec![
        (words("{\"id\":\"1\",\"text\":\"Яма"), "not JSON: "),
        (words("id,text,published_at"), "not JSON: "),
        (words("{\"id\":\"1\",\"text\":\"\\ud800\",\"published_at\":\"2026-03-02T10:00:00Z\"}"), "not JSON: "),
        (
            words("{\"id\":\"1\",\"text\":\"a\u{0}b\",\"published_at\":\"2026-03-02T10:00:00Z\"}"),
            "not JSON: control character",
        ),
        (b"{\"id\":\"1\",\"text\":\"\xff\xfe\"}".to_vec(), "not UTF-8: byte 19 of the line"),
        (b"\x1f\x8b\x08\x00 no gzip here".to_vec(), "not UTF-8: byte 2 of the line"),
        (words("[1, 2, 3]"), "invalid type"),
        (words(&"[".repeat(100_000)), ""),
        (words("null"), "invalid type: null"),
        (
            words("{\"id\":\"1\",\"id\":\"2\",\"text\":\"\",\"published_at\":\"2026-03-02T10:00:00Z\"}"),
            "duplicate field `id`",
        ),
        (words(&with("1", "published_at", json!("31 февраля"))), "published_at: \"31 февраля\" is not a time"),
        (words(&with("1", "published_at", json!("2026-02-30T10:00:00Z"))), "published_at: "),
        (
            words(&with("1", "published_at", json!("0001-01-01T00:00:00Z"))),
            "published_at: 0001-01-01T00:00:00Z lies outside",
        ),
        (words(&with("1", "published_at", json!("9999-12-31T23:59:59Z"))), "published_at: "),
        (words(&with("1", "published_at", json!(-1))), "published_at: 1969-12-31T23:59:59Z lies outside"),
        (words(&with("1", "published_at", json!(99_999_999_999_999_u64))), "published_at: "),
        (words(&with("1", "text", json!("я".repeat(1 << 20)))), "text: 1048576 characters, at most 100000 are read"),
        (words(&with("1", "text", json!("я".repeat(5 << 20)))), "longer than 4 MiB"),
        (words(&with(&"1".repeat(301), "kind", json!("post"))), "id: is longer than 300 characters"),
        (words(&with("", "kind", json!("post"))), "id: must not be empty"),
        (words(&with("1", "network", json!("fido"))), "unknown network \"fido\", expected one of: vk"),
        (words(&with("1", "geo", json!({ "lat": 91, "lon": 0 }))), "geo: 91, 0 is not a point on the Earth"),
        (words(&with("1", "metrics", json!({ "views": -5 }))), "invalid value: integer `-5`"),
    ]
}

/// Odd, but posts all the same.
fn odd_posts() -> Vec<String> {
    vec![
        with("empty", "text", json!("")),
        with("control", "text", json!("яма\u{0} на\u{1}\u{7f} дороге \u{202e}назад\u{feff}\u{2028}\r\n\t")),
        with("long", "text", json!("яма ".repeat(25_000))),
        with("word", "text", json!("я".repeat(100_000))),
        with("emoji", "text", json!("👨‍👩‍👧‍👦🏳️‍🌈".repeat(1_000))),
        with("q'\"\\`;--\n\t{x:String}", "text", json!("'; DROP TABLE posts; --")),
        with("self", "reply_to", json!("self")),
        with("views", "metrics", json!({ "views": u64::MAX, "likes": u64::MAX })),
        with("labels", "labels", json!({ "": "", "к'\"\\": "v", "{id:String}": "\u{0}" })),
        with("geo", "geo", json!({ "lat": -90, "lon": 180 })),
        with("region", "region", json!("чужой 'регион'\u{0}")),
        with("unix", "published_at", json!(1_772_000_000)),
    ]
}

/// Every bad line with a good one before and after it, then all that is odd.
fn mixture() -> (Vec<u8>, Vec<String>, Vec<(usize, &'static str)>) {
    let (mut input, mut ids, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (line, reason)) in bad_lines().into_iter().enumerate() {
        let id = format!("good-{number}");
        input.extend(good(&id).bytes().chain(line).filter(|byte| *byte != b'\r'));
        if input.last() != Some(&b'\n') {
            input.push(b'\n');
        }
        ids.push(id);
        refused.push((2 * number + 2, reason));
    }
    for odd in odd_posts() {
        input.extend(odd.bytes());
        ids.push(serde_json::from_str::<Value>(&odd).unwrap()["id"].as_str().unwrap().to_owned());
    }
    (input, ids, refused)
}

#[track_caller]
fn refuses(ended: &Ended, refused: &[(usize, &str)]) {
    for (line, reason) in refused {
        let expected = format!("line {line}: {reason}");
        assert!(ended.stderr.lines().any(|said| said.starts_with(&expected)), "no {expected:?} in:\n{}", ended.stderr);
    }
    assert_eq!(
        ended.stderr.lines().filter(|line| line.starts_with("line ")).count(),
        refused.len(),
        "{}",
        ended.stderr
    );
}

#[test]
fn filters_pass_over_what_is_no_post() {
    let (input, ids, refused) = mixture();
    for words in ["analyse", "group"] {
        let ended = otklik([words]).input(input.clone()).run().with_code(2);
        assert_eq!(ended.ids(), ids, "{words}");
        refuses(&ended, &refused);
    }
}

#[test]
fn messages_never_hold_a_text() {
    let secret = "Тайна Иванова";
    let lines = [
        format!("{{\"id\":\"1\",\"text\":\"{secret}"),
        with("1", "text", json!(format!("{secret} {}", "я".repeat(200_000)))),
        post("1", secret, "вчера").to_string(),
        json!({ "id": "1", "text": secret }).to_string(),
    ];
    for line in lines {
        let ended = otklik(["analyse"]).input(line).run().with_code(2);
        assert!(!ended.stderr.contains("Иванов"), "{}", ended.stderr);
    }
}

#[test]
fn replay_passes_over_what_is_no_post() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_input", &reason);
    }
    let (input, ids, refused) = mixture();
    let deployment = Deployment::new();
    let ended = deployment.replay(input.clone()).run().with_code(2);
    refuses(&ended, &refused);
    let report = Report::of(&ended);
    let (posts, lines) = (ids.len() as u64, refused.len() as u64);
    assert_eq!((report.appended, report.skipped, report.refused), (posts, 0, lines));
    assert_eq!(report.account.last().unwrap(), "account: balances");
    assert!(report.digest[0].starts_with(&format!("posts {posts} ")), "{:?}", report.digest);
    assert!(report.digest[1].starts_with(&format!("index {posts} ")), "{:?}", report.digest);
    let again = Report::of(&deployment.replay(input).run().with_code(0));
    assert_eq!((again.appended, again.skipped, again.digest), (0, posts + lines, report.digest));
}

/// Rows go to a partition for each month: more months than ClickHouse takes in one insert are still one batch.
#[test]
fn replay_takes_posts_of_many_years() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_input", &reason);
    }
    let months = (0..240).map(|month| format!("{}-{:02}-05T10:00:00Z", 2005 + month / 12, 1 + month % 12));
    let posts: String = months.enumerate().map(|(n, at)| format!("{}\n", post(&n.to_string(), "Яма", &at))).collect();
    let report = Report::of(&Deployment::new().replay(posts).run().with_code(0));
    assert_eq!(report.account.last().unwrap(), "account: balances");
    assert!(report.digest[0].starts_with("posts 240 "), "{:?}", report.digest);
}

#[test]
fn nothing_in_it_is_no_failure() {
    for words in ["analyse", "group", "route --config demo"] {
        for input in ["", "\n", " \r\n\n"] {
            let ended = otklik(words.split(' ')).input(input).run().with_code(0);
            assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "{words}");
        }
    }
    if missing_libchdb().is_none() {
        let report = Report::of(&Deployment::new().replay("").run().with_code(0));
        assert_eq!((report.appended, report.incidents), (0, 0));
    }
}

fn import(folder: &Path, name: &str, content: &[u8]) -> Ended {
    let table = folder.join(name);
    fs::write(&table, content).unwrap();
    otklik(["import", "--map", "text=t,id=i,published_at=p"]).arg(table).run()
}

#[test]
fn import_names_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &[u8], code: i32, message: &str, ids: &[&str]| {
        let ended = import(folder.path(), name, content).with_code(code).mentions(message);
        assert_eq!(ended.ids(), ids, "{name}");
    };
    check(
        "columns.csv",
        b"t,i,when\na,1,2025-01-01\n",
        1,
        "columns.csv: has no column \"p\"; its columns are: t, i, when",
        &[],
    );
    check("empty.csv", b"", 1, "empty.csv: is empty", &[]);
    check("name.xlsx", b"PK", 1, "name.xlsx: expected a name that ends in .csv, .tsv or .jsonl", &[]);
    check("short.csv", b"t,i,p\na,1\nb,2,2025-01-01\n", 2, "line 2: has 2 columns, the header has 3", &["2"]);
    check("utf8.csv", b"t,i,p\n\xff,1,2025-01-01\nb,2,2025-01-01\n", 2, "line 2: column \"t\" is not UTF-8", &["2"]);
    check("lines.csv", b"t,i,p\n\"a\nb\",1,2025-01-01\nc,2,x\n", 2, "line 4: published_at: \"x\"", &["1"]);
    check("broken.jsonl", b"{\"t\":\n{\"t\":\"a\",\"i\":1,\"p\":\"2025-01-01\"}\n", 2, "line 1: ", &["1"]);
    check("field.jsonl", b"{\"t\":\"a\",\"i\":1}\n", 2, "line 1: has no field \"p\"", &[]);
    check("no.csv.gz", b"t,i,p\na,1,2025-01-01\n", 1, "no.csv.gz: ", &[]);
    check("header.csv", b"t,i,p\n", 0, "", &[]);
    let long = [b"t,i,p\n".as_slice(), "я".repeat(600_000).as_bytes(), b",1,2025-01-01\nb,2,2025-01-01\n"].concat();
    check("long.csv", &long, 2, "line 2: text: 600000 characters, at most 100000 are read", &["2"]);
    let endless = [b"t,i,p\n\"".as_slice(), &vec![b'a'; 6 << 20]].concat();
    check("endless.csv", &endless, 2, "line 2: has 1 columns, the header has 3", &[]);
}

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
