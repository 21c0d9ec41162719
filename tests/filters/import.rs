//! `import`: tables to posts.

use std::fs;

use otklik_tests::otklik;
use serde_json::json;

#[test]
fn import_makes_posts_of_tables() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "Текст;№;Дата;Кто;Ш;Д;Вид;Просмотры\n\
        \"Яма; большая\";1;31.12.2024 23:59;Иванов;55,75;37,6;Дороги;1 234\n\
        Звоните +7 912 345-67-89 или a@example.org;2;2025-01-01T10:00:00;;;;Свет;\n\
        Нет света;3;вчера;;;;;\n";
    let (table, secret) = (folder.path().join("table.csv"), folder.path().join("secret"));
    fs::write(&table, rows).unwrap();
    fs::write(&secret, "0123456789abcdef\n").unwrap();
    let map = "text=Текст,id=№,published_at=Дата,author=Кто,lat=Ш,lon=Д,label.category=Вид,views=Просмотры,network:=form,kind:=appeal";
    let import = || otklik(["import", "--map", map, "--author-secret-file"]).arg(&secret);
    let ended = import().arg(&table).run().with_code(2).says(&["line 4: published_at: \"вчера\" is not a time"]);
    assert!(ended.stderr.contains("1 of 3 rows refused"), "{}", ended.stderr);
    let [first, second] = &ended.objects()[..] else { panic!("two posts in {}", ended.stdout) };
    assert_eq!((&first["id"], &first["text"]), (&json!("1"), &json!("Яма; большая")));
    assert_eq!(first["published_at"], "2024-12-31T20:59:00Z");
    assert_eq!(first["geo"], json!({ "lat": 55.75, "lon": 37.6 }));
    assert_eq!((&first["network"], &first["kind"]), (&json!("form"), &json!("appeal")));
    assert_eq!((&first["labels"]["category"], &first["metrics"]["views"]), (&json!("Дороги"), &json!(1234)));
    assert!(!ended.stdout.contains("Иванов") && first["author_key"].as_str().unwrap().len() == 24);
    let masked = second["text"].as_str().unwrap();
    assert!(!masked.contains("345") && !masked.contains("example.org"), "{masked}");
    assert!(second.get("author_key").is_none());

    let strict = import().arg("--strict").arg(&table).run().with_code(2);
    assert_eq!(strict.ids(), ["1", "2"]);
    let analysed = otklik(["analyse"]).input(ended.stdout).run().with_code(0);
    assert_eq!(analysed.ids(), ["1", "2"], "what is imported can be analysed");
}

#[test]
fn import_reads_json_lines_and_tabs_too() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &str| {
        let table = folder.path().join(name);
        fs::write(&table, content).unwrap();
        let ended = otklik(["import", "--map", "text=t,id=i,published_at=p"]).arg(&table).run().with_code(0);
        assert_eq!(ended.objects()[0]["text"], "Яма", "{name}");
    };
    check("a.jsonl", "{\"t\":\"Яма\",\"i\":7,\"p\":1700000000,\"x\":[1]}\n");
    check("a.tsv", "t\ti\tp\nЯма\t7\t2025-01-01\n");
    check("a.CSV", "\u{feff}t,i,p\r\nЯма,7,2025-01-01\r\n");
}
