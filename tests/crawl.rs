//! `otklik run` reads a feed of its configuration, and what stands in it is found at the desk: once, also after a kill.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
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
