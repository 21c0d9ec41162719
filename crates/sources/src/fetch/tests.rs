//! The client against servers on this machine that mean no good.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use otklik_ports::{Fetch, FetchError, FetchErrorKind as Kind, FetchRequest, Fetched};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{HttpFetch, HttpSettings, NameLookup};

/// What a server answers, bytes as they go over the wire; `None` is silence.
type Answer = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// A server that answers each request by its head and closes.
async fn server(answer: Answer) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, asked) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut piece = [0; 1024];
                    match stream.read(&mut piece).await {
                        Ok(read) if read > 0 => head.extend_from_slice(&piece[..read]),
                        _ => return,
                    }
                }
                count.fetch_add(1, Ordering::SeqCst);
                match answer(&String::from_utf8_lossy(&head)) {
                    // The other side may have gone away: that is what these tests are about.
                    Some(bytes) => drop(stream.write_all(&bytes).await),
                    None => std::future::pending().await,
                }
            });
        }
    });
    (address, asked)
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Some(bytes)
}

fn settings(allowed: &[SocketAddr]) -> HttpSettings {
    let short = Duration::from_millis(400);
    HttpSettings {
        allowed: allowed.to_vec(),
        host_gap: Duration::ZERO,
        read_time_max: short,
        total_time_max: 2 * short,
        bytes_max: 1 << 20,
        ..HttpSettings::new("https://example.ru/about")
    }
}

async fn get(at: SocketAddr, path: &str) -> Result<Fetched, FetchError> {
    let fetch = HttpFetch::new(settings(&[at])).unwrap();
    fetch.fetch(FetchRequest { url: format!("http://{at}{path}"), ..FetchRequest::default() }).await
}

#[track_caller]
fn refused(got: Result<Fetched, FetchError>, kind: Kind, problem: &str) {
    let error = got.unwrap_err();
    assert_eq!((error.kind, error.problem.as_str()), (kind, problem));
}

#[tokio::test]
async fn reads_with_manners() {
    let (at, _) = server(Box::new(|head| {
        let lower = head.to_lowercase();
        assert!(lower.contains("user-agent: otklik/") && lower.contains("(+https://example.ru/about)"), "{head}");
        assert!(lower.contains("if-none-match: \"1\"") && lower.contains("if-modified-since: then"), "{head}");
        reply("304 Not Modified", "ETag: \"1\"\r\n", b"")
    }))
    .await;
    let request = FetchRequest {
        url: format!("http://{at}/feed"),
        etag: Some("\"1\"".to_owned()),
        last_modified: Some("then".to_owned()),
        ..FetchRequest::default()
    };
    let fetched = HttpFetch::new(settings(&[at])).unwrap().fetch(request).await.unwrap();
    assert_eq!((fetched.status, fetched.etag.as_deref()), (304, Some("\"1\"")));
}

#[tokio::test]
async fn never_knocks_at_private_doors() {
    let (inner, asked) = server(Box::new(|_| reply("200 OK", "", b"secret"))).await;
    let port = inner.port();
    for host in ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1"]
    {
        let fetch = HttpFetch::new(settings(&[])).unwrap();
        let got = fetch.fetch(FetchRequest { url: format!("http://{host}:{port}/"), ..FetchRequest::default() }).await;
        refused(got, Kind::NotPublic, "is not a public address");
    }
    let fetch = HttpFetch::new(settings(&[])).unwrap();
    let got = fetch.fetch(FetchRequest { url: format!("http://localhost:{port}/"), ..FetchRequest::default() }).await;
    refused(got, Kind::NotPublic, "the name leads to no public address");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_leads_to_private_addresses_leads_nowhere() {
    struct Inner;

    #[async_trait]
    impl NameLookup for Inner {
        async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            Ok(["127.0.0.1", "10.0.0.1", "::1", "::ffff:192.168.0.1"].map(|address| address.parse().unwrap()).into())
        }
    }

    let (inner, asked) = server(Box::new(|_| reply("200 OK", "", b"secret"))).await;
    let fetch = HttpFetch::with_names(settings(&[]), Arc::new(Inner)).unwrap();
    let url = format!("http://feeds.example.ru:{}/", inner.port());
    let got = fetch.fetch(FetchRequest { url, ..FetchRequest::default() }).await;
    refused(got, Kind::NotPublic, "the name leads to no public address");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_not_followed() {
    let (inner, asked) = server(Box::new(|_| reply("200 OK", "", b"secret"))).await;
    for target in [format!("http://{inner}/"), "http://169.254.169.254/".into(), "http://[::1]/".into()] {
        let location = format!("Location: {target}\r\n");
        let (at, _) = server(Box::new(move |_| reply("302 Found", &location, b""))).await;
        refused(get(at, "/").await, Kind::NotPublic, "is not a public address");
    }
    let (at, _) = server(Box::new(|_| reply("302 Found", "Location: file:///etc/passwd\r\n", b""))).await;
    refused(get(at, "/").await, Kind::BadAddress, "only http and https are read");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn redirects_end() {
    let (at, asked) = server(Box::new(|head| {
        let path = head.split(' ').nth(1).unwrap();
        let target = match path {
            "/circle" => "/circle2".to_owned(),
            "/circle2" => "/circle".to_owned(),
            "/s/closed" => "/closed".to_owned(),
            "/closed" => return reply("200 OK", "", b"no preview"),
            longer => format!("{longer}x"),
        };
        reply("301 Moved", &format!("Location: {target}\r\n"), b"")
    }))
    .await;
    refused(get(at, "/circle").await, Kind::BadRedirect, "redirects lead in a circle");
    asked.store(0, Ordering::SeqCst);
    refused(get(at, "/x").await, Kind::BadRedirect, "more than 5 redirects");
    assert_eq!(asked.load(Ordering::SeqCst), 6);
    assert_eq!(get(at, "/s/closed").await.unwrap().url, format!("http://{at}/closed"));
}

#[tokio::test]
async fn a_token_goes_to_its_host_only_and_is_never_told() {
    let (at, _) = server(Box::new(|_| reply("307 Away", "Location: /elsewhere\r\n", b""))).await;
    let fetch = HttpFetch::new(settings(&[at])).unwrap();
    let call = FetchRequest {
        url: format!("http://{at}/m"),
        form: Some("access_token=SECRET".into()),
        ..FetchRequest::default()
    };
    let error = fetch.fetch(call).await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1: a redirect would carry the token on");

    let (gone, _) = server(Box::new(|_| Some(b"garbage\r\n\r\n".to_vec()))).await;
    let fetch = HttpFetch::new(settings(&[gone])).unwrap();
    let url = format!("http://{gone}/m?sig=SECRET");
    let request = FetchRequest { url, authorization: Some("Bearer SECRET".into()), ..FetchRequest::default() };
    let error = fetch.fetch(request).await.unwrap_err();
    assert!(error.kind == Kind::Unreachable && !format!("{error} {error:?}").contains("SECRET"), "{error:?}");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let (at, _) = server(Box::new(|_| reply("200 OK", "Content-Length: 99999999\r\n", b""))).await;
    refused(get(at, "/").await, Kind::TooLarge, "the body is larger than 1048576 bytes");
    let (at, _) = server(Box::new(|_| reply("200 OK", "", &vec![b'x'; (1 << 20) + 1]))).await;
    refused(get(at, "/").await, Kind::TooLarge, "the body is larger than 1048576 bytes");

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 64 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let (at, _) = server(Box::new(move |_| reply("200 OK", "Content-Encoding: gzip\r\n", &bomb))).await;
    let fetch = HttpFetch::new(HttpSettings { bytes_max: 1 << 30, ..settings(&[at]) }).unwrap();
    let got = fetch.fetch(FetchRequest { url: format!("http://{at}/"), ..FetchRequest::default() }).await;
    refused(got, Kind::Bomb, "the body grows more than 100 times when decompressed");
    let (at, _) = server(Box::new(|_| reply("200 OK", "Content-Encoding: gzip\r\n", b"<rss>"))).await;
    refused(get(at, "/").await, Kind::Damaged, "the body cannot be decompressed");
}

#[tokio::test]
async fn slow_servers_are_left() {
    let (at, _) = server(Box::new(|_| None)).await;
    assert_eq!(get(at, "/").await.unwrap_err().kind, Kind::TimedOut);
    // The head comes, the body never does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss").await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = get(at, "/").await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut, "{error}");
}

#[tokio::test]
async fn robots_decide_about_pages() {
    let (at, asked) = server(Box::new(|head| match head.split(' ').nth(1).unwrap() {
        "/robots.txt" => reply("200 OK", "", b"User-agent: *\nDisallow: /closed\nDisallow: /*?sid="),
        _ => reply("200 OK", "", b"page"),
    }))
    .await;
    let fetch = HttpFetch::new(settings(&[at])).unwrap();
    let page = async |path: &str| fetch.fetch(FetchRequest::page(format!("http://{at}{path}"))).await;
    assert_eq!(page("/open").await.unwrap().body, b"page");
    refused(page("/closed/x").await, Kind::Disallowed, "robots.txt does not allow it");
    refused(page("/open?sid=1").await, Kind::Disallowed, "robots.txt does not allow it");
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the rules are read once");

    let (at, _) = server(Box::new(|_| reply("503 Busy", "", b""))).await;
    let fetch = HttpFetch::new(settings(&[at])).unwrap();
    let got = fetch.fetch(FetchRequest::page(format!("http://{at}/"))).await;
    refused(got, Kind::Disallowed, "robots.txt does not allow it");
}

#[tokio::test]
async fn a_host_is_not_hurried() {
    let (at, _) = server(Box::new(|_| reply("200 OK", "", b"x"))).await;
    let gap = Duration::from_millis(60);
    let fetch = HttpFetch::new(HttpSettings { host_gap: gap, ..settings(&[at]) }).unwrap();
    let began = std::time::Instant::now();
    for _ in 0..4 {
        fetch.fetch(FetchRequest { url: format!("http://{at}/"), ..FetchRequest::default() }).await.unwrap();
    }
    assert!(began.elapsed() >= 3 * gap, "{:?}", began.elapsed());
}

#[tokio::test]
async fn says_when_to_come_again() {
    let headers = "Retry-After: Sun, 01 Mar 2026 10:02:00 GMT\r\nDate: Sun, 01 Mar 2026 10:00:00 GMT\r\n";
    let (at, _) = server(Box::new(move |_| reply("429 Wait", headers, b""))).await;
    let fetched = get(at, "/").await.unwrap();
    assert_eq!((fetched.status, fetched.retry_after), (429, Some(Duration::from_secs(120))));
}
