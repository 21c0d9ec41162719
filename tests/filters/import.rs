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

#[test]
fn import_makes_posts_of_e_mails() {
    let folder = tempfile::tempdir().unwrap();
    let (mails, secret) = (folder.path().join("mails"), folder.path().join("secret"));
    fs::create_dir_all(mails.join("old")).unwrap();
    fs::write(&secret, "0123456789abcdef\n").unwrap();
    let head = "From: Ivan <ivan@example.org>\r\nDate: Tue, 3 Mar 2026 10:00:00 +0300\r\n";
    let write = |name: &str, rest: &str| fs::write(mails.join(name), format!("{head}{rest}")).unwrap();
    write("1.eml", "Message-ID: <1@example.org>\r\n\r\nНет воды, звоните +7 912 345-67-89\r\n");
    write("2.EML", "Auto-Submitted: auto-replied\r\n\r\nЯ в отпуске\r\n");
    write("old/3.eml", "Subject: \r\n\r\n \r\n");
    write("notes.txt", "\r\nне письмо\r\n");
    fs::File::create(mails.join("large.eml")).unwrap().set_len(50 << 20).unwrap();

    let import = || otklik(["import", "--region", "udm", "--author-secret-file"]).arg(&secret);
    let at = |name: &str, reason: &str| format!("{}: {reason}", mails.join(name).display());
    let ended = import().arg(&mails).run().with_code(2).says(&[
        &at("large.eml", "52428800 bytes, at most 8388608 are read"),
        &at("old/3.eml", "message: has no words"),
        "otklik: left out, automatic: 1",
        "otklik: 2 of 4 e-mails refused",
    ]);
    let [post] = &ended.objects()[..] else { panic!("one post in {}", ended.stdout) };
    assert_eq!((&post["network"], &post["kind"], &post["region"]), (&json!("email"), &json!("appeal"), &json!("udm")));
    assert!(!ended.stdout.contains("345") && !ended.stdout.contains("example.org"), "{}", ended.stdout);
    assert_eq!(import().arg(mails.join("1.eml")).run().with_code(0).ids(), ended.ids());
    import()
        .arg(mails.join("old"))
        .arg("--strict")
        .run()
        .with_code(2)
        .says(&[&at("old/3.eml", "message: has no words")]);
    import()
        .arg("--map")
        .arg("text=t")
        .arg(&mails)
        .run()
        .with_code(64)
        .says(&["otklik: --map: e-mails have no columns"]);
    otklik(["import"])
        .arg(mails.join("notes.csv"))
        .run()
        .with_code(64)
        .says(&["otklik: --map: must be given for a table"]);
}
