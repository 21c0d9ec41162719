//! The client: one request, its redirects, its body.

use std::{
    collections::HashMap,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use otklik_ports::{Fetch, FetchError, FetchErrorKind as Kind, FetchRequest, Fetched};
use reqwest::{Client, Response, StatusCode, header, redirect};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    address,
    body::{Body, BodyError, Limits},
    failure::{causes, error, failure, wrong_address},
    headers::{retry_after, text},
    names::{NameLookup, PublicOnly, SystemLookup},
    robots::{self, Robots},
};

/// What robots.txt calls us.
const AGENT: &str = "otklik";
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;
/// How long rules of robots.txt are believed: RFC 9309 asks for a day at most.
const ROBOTS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a host whose robots.txt fails is left alone.
const ROBOTS_FAILED_KEPT: Duration = Duration::from_secs(600);
/// Hosts whose rules and turns are remembered.
const HOSTS_MAX: usize = 10_000;

/// Limits and manners.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Where the people whose site is read can ask who reads it: a page or a mail address, part of `User-Agent`.
    pub contact: String,
    /// Longest time to connect.
    pub connect_time_max: Duration,
    /// Longest time without a byte.
    pub read_time_max: Duration,
    /// Longest time of a request and its body; each redirect is a new one.
    pub total_time_max: Duration,
    /// Largest body, decompressed.
    pub bytes_max: usize,
    /// How many times larger than what came over the wire a body may get.
    pub ratio_max: usize,
    /// Shortest time between two requests to one host. Zero: none.
    pub host_gap: Duration,
    /// Addresses that may be reached though they are not public. For tests and for networks played on this machine.
    pub allowed: Vec<SocketAddr>,
}

impl HttpSettings {
    /// The limits for reading the public web.
    pub fn new(contact: impl Into<String>) -> Self {
        Self {
            contact: contact.into(),
            connect_time_max: Duration::from_secs(10),
            read_time_max: Duration::from_secs(15),
            total_time_max: Duration::from_secs(40),
            bytes_max: 8 << 20,
            ratio_max: 100,
            host_gap: Duration::from_secs(1),
            allowed: Vec::new(),
        }
    }
}

/// Reads over HTTP: from public addresses only (checked in the address, after each name is resolved, at each redirect),
/// within limits of time, size and growth of the body, at the pace and within the rules of each host.
pub struct HttpFetch {
    client: Client,
    settings: HttpSettings,
    turns: Option<DefaultKeyedRateLimiter<String>>,
    robots: Mutex<HashMap<String, (Instant, Arc<Robots>)>>,
}

impl std::fmt::Debug for HttpFetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpFetch").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl HttpFetch {
    /// Makes a client.
    ///
    /// # Errors
    /// There are no root certificates to check hosts by.
    pub fn new(settings: HttpSettings) -> Result<Self, FetchError> {
        Self::with_names(settings, Arc::new(SystemLookup))
    }

    /// Makes a client that asks `names` for addresses.
    ///
    /// # Errors
    /// As [`HttpFetch::new`].
    pub fn with_names(settings: HttpSettings, names: Arc<dyn NameLookup>) -> Result<Self, FetchError> {
        let version = env!("CARGO_PKG_VERSION");
        let client = Client::builder()
            .user_agent(format!("{AGENT}/{version} (+{})", settings.contact))
            .connect_timeout(settings.connect_time_max)
            .read_timeout(settings.read_time_max)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names itself, out of sight of the check.
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly(names)))
            .build()
            .map_err(|error| FetchError::new(Kind::Untrusted, "this machine", causes(&error)))?;
        let quota = Quota::with_period(settings.host_gap).map(|quota| quota.allow_burst(NonZeroU32::MIN));
        Ok(Self { client, turns: quota.map(RateLimiter::keyed), settings, robots: Mutex::default() })
    }

    /// Follows redirects to an answer that is none.
    async fn walk(&self, mut url: Url, request: &FetchRequest, bytes_max: usize) -> Result<Fetched, FetchError> {
        let holds_token = request.form.is_some() || request.authorization.is_some();
        let mut seen = vec![url.clone()];
        loop {
            if request.robots {
                self.check_robots(&url).await?;
            }
            self.take_turn(&url).await;
            let limit = self.settings.total_time_max;
            let hop = timeout(limit, self.hop(&url, request, bytes_max)).await;
            let target = match hop.map_err(|_| error(Kind::TimedOut, &url, format!("no answer within {limit:?}")))?? {
                Hop::Answer(fetched) => return Ok(fetched),
                Hop::Redirect(target) => target,
            };
            let bad = |problem: &str| error(Kind::BadRedirect, &url, problem);
            let next = url.join(&target).map_err(|_| bad("a redirect leads to no address"))?;
            address::check(&next, &self.settings.allowed).map_err(|wrong| wrong_address(wrong, &next))?;
            if holds_token {
                return Err(bad("a redirect would carry the token on"));
            }
            if seen.contains(&next) {
                return Err(bad("redirects lead in a circle"));
            }
            if seen.len() > REDIRECTS_MAX {
                return Err(bad("more than 5 redirects"));
            }
            seen.push(next.clone());
            url = next;
        }
    }

    /// One request and its answer.
    async fn hop(&self, url: &Url, request: &FetchRequest, bytes_max: usize) -> Result<Hop, FetchError> {
        let mut sent = match &request.form {
            None => self.client.get(url.clone()),
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                let sent = self.client.post(url.clone()).header(header::CONTENT_TYPE, kind);
                sent.body(form.expose_secret().to_owned())
            }
        };
        sent = sent.header(header::ACCEPT_ENCODING, "gzip, deflate");
        if let Some(authorization) = &request.authorization {
            sent = sent.header(header::AUTHORIZATION, authorization.expose_secret());
        }
        if let Some(etag) = &request.etag {
            sent = sent.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(since) = &request.last_modified {
            sent = sent.header(header::IF_MODIFIED_SINCE, since);
        }
        let response = sent.send().await.map_err(|failed| failure(&failed, url))?;
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let target = text(response.headers(), header::LOCATION);
            return target
                .map(Hop::Redirect)
                .ok_or_else(|| error(Kind::BadRedirect, url, "a redirect names no address"));
        }
        self.read(response, url, bytes_max).await.map(Hop::Answer)
    }

    async fn read(&self, mut response: Response, url: &Url, bytes_max: usize) -> Result<Fetched, FetchError> {
        let limits = Limits { bytes_max, ratio_max: self.settings.ratio_max };
        let refused = |problem: BodyError| match problem {
            BodyError::TooLarge => error(Kind::TooLarge, url, format!("the body is larger than {bytes_max} bytes")),
            BodyError::Bomb => {
                let problem = format!("the body grows more than {} times when decompressed", limits.ratio_max);
                error(Kind::Bomb, url, problem)
            }
            BodyError::Damaged => error(Kind::Damaged, url, "the body cannot be decompressed"),
        };
        if response.content_length().is_some_and(|length| length > bytes_max as u64) {
            return Err(refused(BodyError::TooLarge));
        }
        let headers = response.headers();
        let encoding = text(headers, header::CONTENT_ENCODING).unwrap_or_default();
        let mut fetched = Fetched {
            status: response.status().as_u16(),
            url: url.to_string(),
            body: Vec::new(),
            content_type: text(headers, header::CONTENT_TYPE),
            etag: text(headers, header::ETAG),
            last_modified: text(headers, header::LAST_MODIFIED),
            retry_after: retry_after(headers),
        };
        let mut body = Body::new(&encoding, limits).map_err(refused)?;
        while let Some(piece) = response.chunk().await.map_err(|failed| failure(&failed, url))? {
            body.push(&piece).map_err(refused)?;
        }
        fetched.body = body.finish().map_err(refused)?;
        Ok(fetched)
    }

    /// Waits until the host may be asked again.
    async fn take_turn(&self, url: &Url) {
        let Some(turns) = &self.turns else { return };
        if turns.len() > HOSTS_MAX {
            turns.retain_recent();
        }
        turns.until_key_ready(&origin(url)).await;
    }

    async fn check_robots(&self, url: &Url) -> Result<(), FetchError> {
        let rules = match self.known_robots(url) {
            Some(rules) => rules,
            None => self.read_robots(url).await?,
        };
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        if rules.allows(&path) { Ok(()) } else { Err(error(Kind::Disallowed, url, "robots.txt does not allow it")) }
    }

    fn known_robots(&self, url: &Url) -> Option<Arc<Robots>> {
        let known = self.robots.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&origin(url)).filter(|(until, _)| Instant::now() < *until).map(|(_, rules)| Arc::clone(rules))
    }

    async fn read_robots(&self, url: &Url) -> Result<Arc<Robots>, FetchError> {
        let mut target = url.clone();
        target.set_path("/robots.txt");
        target.set_query(None);
        let request = FetchRequest::default();
        let fetched = Box::pin(self.walk(target, &request, robots::BYTES_MAX)).await?;
        let (rules, kept) = match fetched.status {
            200..=299 => (Robots::parse(&String::from_utf8_lossy(&fetched.body), AGENT), ROBOTS_KEPT),
            400..=499 => (Robots::open(), ROBOTS_KEPT),
            // A host that cannot say what it allows allows nothing for now.
            _ => (Robots::closed(), ROBOTS_FAILED_KEPT),
        };
        let rules = Arc::new(rules);
        let now = Instant::now();
        let mut known = self.robots.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= HOSTS_MAX {
            known.retain(|_, (until, _)| now < *until);
        }
        if known.len() < HOSTS_MAX {
            known.insert(origin(url), (now + kept, Arc::clone(&rules)));
        }
        Ok(rules)
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let url = address::parse(&request.url, &self.settings.allowed).map_err(|wrong| {
            let url = Url::parse(&request.url);
            url.map_or_else(
                |_| FetchError::new(Kind::BadAddress, "?", "not an address"),
                |url| wrong_address(wrong, &url),
            )
        })?;
        self.walk(url, &request, self.settings.bytes_max).await
    }
}

/// What one request brought.
enum Hop {
    Answer(Fetched),
    Redirect(String),
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
