//! Tables that are none, or not what the map says.

use std::{fs, path::Path};

use otklik_tests::{Ended, otklik};

pub(crate) fn import(folder: &Path, name: &str, content: &[u8]) -> Ended {
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
    check("endless.csv", &endless, 2, "line 2: longer than 4 MiB, is a quote not closed?", &[]);
}
