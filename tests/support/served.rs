//! A deployment that serves, and a client of its API.

use std::{
    fmt::Debug,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Deployment, Running, otklik};

/// Longest wait for an answer to become as wanted.
const PATIENCE: Duration = Duration::from_secs(60);

/// A deployment that serves.
#[derive(Debug)]
pub struct Served {
    /// Its process.
    pub process: Running,
    client: Client,
}

/// Asks a deployment's API.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where it serves.
    pub address: SocketAddr,
    /// What it knows the client by.
    pub token: String,
}

impl Served {
    /// Makes a token that may do everything. Nothing may serve yet.
    pub fn token(deployment: &Deployment) -> String {
        Self::token_of(&deployment.config())
    }

    /// The same by the path of a configuration.
    pub fn token_of(config: &Path) -> String {
        let created = otklik(["token", "--config"]).arg(config).arg("create").arg("everything");
        let created = created.arg("--role").arg("admin").run().with_code(0);
        let token = created.stdout.split_whitespace().find(|word| word.starts_with("otklik_"));
        token.expect("a token is written").to_owned()
    }

    /// Starts it with more lines of configuration, and waits until it is ready.
    pub fn start(deployment: &Deployment, token: &str, more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = fs::read_to_string(deployment.config()).unwrap();
        let own = deployment.folder().join("served.toml");
        fs::write(&own, format!("{config}{more}\n[web]\nlisten = \"{free}\"\n")).unwrap();
        let process = otklik(["run", "--config"]).arg(own).start();
        let mut served = Self { process, client: Client { address: free, token: token.to_owned() } };
        served.until("GET", "/readyz", |status, _| status == 200);
        served
    }

    /// One request; nothing while nobody answers.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        self.client.ask(method, path, body)
    }

    /// Asks until the answer is as wanted.
    ///
    /// # Panics
    /// It does not become so in time.
    pub fn until(&mut self, method: &str, path: &str, wanted: impl Fn(u16, &Value) -> bool) {
        let reply = |client: &Client| client.ask(method, path, "");
        self.until_so(path, reply, |(status, body)| wanted(*status, body));
    }

    /// Looks at the metrics until they have a line.
    ///
    /// # Panics
    /// They do not get it in time.
    pub fn until_metric(&mut self, line: &str) {
        let reply = |client: &Client| client.ask_text("GET", "/metrics", "");
        self.until_so(line, reply, |(_, body)| body.lines().any(|own| own.starts_with(line)));
    }

    fn until_so<T: Debug>(&mut self, what: &str, reply: impl Fn(&Client) -> Option<T>, wanted: impl Fn(&T) -> bool) {
        let began = Instant::now();
        loop {
            let reply = reply(&self.client);
            if reply.as_ref().is_some_and(&wanted) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: it stays at {reply:?}");
            assert!(!self.process.ends_within(Duration::from_millis(50)), "the deployment ended by itself");
        }
    }
}

impl Client {
    /// One request; nothing while nobody answers.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let (status, body) = self.ask_text(method, path, body)?;
        Some((status, serde_json::from_str(&body).unwrap_or_default()))
    }

    fn ask_text(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }
}

/// The path that searches a word.
pub fn search(word: &str) -> String {
    let query: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/search?q={query}")
}

/// Whether a search finds so many.
pub fn finds(count: u64) -> impl Fn(u16, &Value) -> bool {
    move |status, body| status == 200 && body["meta"]["total"] == count
}
