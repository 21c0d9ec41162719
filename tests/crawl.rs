//! `otklik run` reads a feed of its configuration, and what stands in it is found at the desk: once, also after a kill.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use otklik_tests::{Deployment, Served, finds, missing_libchdb, otklik, search, skipped};

/// Is in no dictionary and in no other text.
const WORD: &str = "каракатица";

/// Serves a feed of two items until the test ends.
fn feed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(stream))));
    address
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = BufReader::new(stream.try_clone()?).lines();
    let first = head.next().transpose()?.unwrap_or_default();
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let item = |number: u32, text: &str| format!("<item><guid>water-{number}</guid><title>{text}</title></item>");
    let items =
        [item(1, &format!("Прорвало трубу на Советской, {WORD} в подвале")), item(2, "Отключили свет на Кирова")]
            .concat();
    let (status, body) = if first.starts_with("GET /feed") {
        ("200 OK", format!("<rss version=\"2.0\"><channel><title>Город</title>{items}</channel></rss>"))
    } else {
        ("404 Not Found", String::new())
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/rss+xml; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[test]
fn a_feed_of_the_configuration_is_read_once() {
    if let Some(reason) = missing_libchdb() {
        return skipped("crawl", &reason);
    }
    let address = feed();
    let deployment = Deployment::new();
    let token = Served::token(&deployment);
    let sources = format!(
        "[crawl]\ncontact = \"test@example.ru\"\nallow = [\"{address}\"]\n\
         [[sources]]\nnetwork = \"rss\"\nids = [\"http://{address}/feed\"]\n"
    );
    let mut served = Served::start(&deployment, &token, &sources);
    served.until("GET", &search(WORD), finds(1));
    served.until("GET", &search("Кирова"), finds(1));
    served.process.kill();

    let mut served = Served::start(&deployment, &token, &sources);
    served.until("GET", &search(WORD), finds(1));
    served.process.kill();
    let config = deployment.folder().join("served.toml");
    let plan = otklik(["sources", "--config"]).arg(&config).arg("plan").run().with_code(0);
    assert!(plan.stdout.contains(&address.to_string()), "{}", plan.stdout);
    let coverage = otklik(["sources", "--config"]).arg(&config).arg("coverage").run().with_code(0);
    assert_eq!(coverage.objects().len(), 1);
}

#[test]
fn the_demonstration_follows_live_sources_and_tells_which_it_cannot_reach() {
    if let Some(reason) = missing_libchdb() {
        return skipped("live", &reason);
    }
    let address = feed();
    // Nobody listens there any more.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let deployment = Deployment::new();
    // A day that is over already.
    let data = deployment.folder().join("demo");
    std::fs::create_dir(&data).unwrap();
    let state = r#"{"start":"2026-03-01T21:00:00Z","seed":7,"clock":"2026-03-02T21:00:00Z"}"#;
    std::fs::write(data.join("demo.json"), state).unwrap();
    let file = deployment.folder().join("live.toml");
    let sources = format!(
        "regions = [\"demo\"]\n[crawl]\nallow = [\"{address}\", \"{nobody}\"]\n\
         [[sources]]\nnetwork = \"rss\"\nids = [\"http://{address}/feed\", \"http://{nobody}/feed\"]\n"
    );
    std::fs::write(&file, sources).unwrap();
    let said = deployment.folder().join("said.txt");
    let demo = otklik(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--live").arg(&file);
    let mut demo = demo.below_shell(&format!("exec \"$0\" \"$@\" 2> '{}'", said.display())).start();
    let told = || std::fs::read_to_string(&said).unwrap_or_default();
    while !told().contains("Читается источников: 1 из 2") {
        assert!(!demo.ends_within(Duration::from_millis(50)), "it ended by itself: {}", told());
    }
    demo.signal("TERM");
    demo.end_within(Duration::from_secs(60)).with_code(0);
    for line in [format!("  читается http://{address}/feed («Город»)"), format!("  не читается http://{nobody}/feed: ")]
    {
        assert!(told().contains(&line), "no {line:?} in:\n{}", told());
    }
}

#[test]
fn a_source_that_makes_no_sense_is_told() {
    let deployment = Deployment::new();
    let check = |section: &str, expected: &str| {
        let config = deployment.folder().join("sources.toml");
        std::fs::write(&config, format!("data = \"d\"\nregions = [\"demo\"]\n[[sources]]\n{section}\n")).unwrap();
        otklik(["sources", "--config"]).arg(&config).arg("plan").run().with_code(1).mentions(expected);
    };
    check("network = \"fido\"\nids = [\"a\"]", "fido");
    check("network = \"vk\"\nids = [\"-1\"]", "token");
    check("network = \"rss\"\nids = [\"gorod.ru\"]", "gorod.ru");
}
