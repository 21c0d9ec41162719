//! The networks together.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use jiff::Timestamp;

use crate::{
    ledger::Ledger,
    life::{Liveliness, Place, Size},
    networks::{feeds, graph, ok, telegram, vk, x},
    random::Random,
};

/// One request in so many goes wrong in one of the ways of [`Trouble`].
const TROUBLE_EVERY: u64 = 250;
/// How old an old copy is: what came since is not in it.
const OLD_COPY_MS: i64 = 120_000;

const VK: Liveliness = Liveliness { posts: (6.0, 1.6), comments: Some((7.0, 1.5)), shares_numbers: true };
const OK: Liveliness = Liveliness { posts: (4.0, 1.2), comments: Some((3.0, 1.3)), shares_numbers: false };
const TELEGRAM: Liveliness = Liveliness { posts: (12.0, 1.2), comments: None, shares_numbers: false };
const NEWS: Liveliness = Liveliness { posts: (8.0, 1.2), comments: None, shares_numbers: false };
const X: Liveliness = Liveliness { posts: (15.0, 1.0), comments: None, shares_numbers: false };
const FACEBOOK: Liveliness = Liveliness { posts: (2.0, 1.0), comments: Some((2.0, 1.0)), shares_numbers: false };
const INSTAGRAM: Liveliness = Liveliness { posts: (3.0, 1.0), comments: None, shares_numbers: false };

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The path, with a stroke before it.
    pub path: String,
    /// Parameters of the address and of the form.
    pub params: HashMap<String, String>,
    /// `If-None-Match`.
    pub etag: Option<String>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An answer.
    Body {
        /// The status of HTTP.
        status: u16,
        /// `Content-Type`.
        kind: &'static str,
        /// `ETag`.
        etag: Option<String>,
        /// The bytes.
        body: Vec<u8>,
    },
    /// None at all.
    Silence,
}

/// What goes wrong now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    BadGateway,
    CutShort,
    OwnError,
    OldCopy,
    Silence,
}

/// The networks and news sites of a region.
#[derive(Debug)]
pub struct World {
    pub(crate) begin: i64,
    pub(crate) end: i64,
    pub(crate) walls: Vec<Place>,
    pub(crate) groups: Vec<Place>,
    pub(crate) channels: Vec<Place>,
    pub(crate) feeds: Vec<Place>,
    pub(crate) searches: Vec<Place>,
    pub(crate) pages: Vec<Place>,
    pub(crate) accounts: Vec<Place>,
    troubled: bool,
    ledger: Mutex<Ledger>,
}

impl Call {
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.param(name).parse().ok()
    }
}

impl Answer {
    pub(crate) fn text(kind: &'static str, body: String) -> Self {
        Self::Body { status: 200, kind, etag: None, body: body.into_bytes() }
    }

    pub(crate) fn status(status: u16) -> Self {
        let body = format!("<html><body><h1>{status}</h1></body></html>").into_bytes();
        Self::Body { status, kind: "text/html", etag: None, body }
    }
}

impl World {
    /// The world of a seed, from a moment on. Without `troubled` nothing goes wrong by itself.
    pub fn new(seed: u64, begin: Timestamp, size: Size, troubled: bool) -> Self {
        let mut random = Random::new(seed);
        let (begin, end) = (begin.as_millisecond(), begin.as_millisecond() + size.hours * 3_600_000);
        let mut places = |count: usize, life| (0..count).map(|_| Place::write(&mut random, life, begin, end)).collect();
        let walls = places(size.walls, VK);
        let groups = places(size.groups, OK);
        let channels = places(size.channels, TELEGRAM);
        let feeds = places(size.feeds, NEWS);
        let searches = places(size.searches, X);
        let pages = places(size.pages, FACEBOOK);
        let accounts = places(size.accounts, INSTAGRAM);
        let ledger = Mutex::default();
        Self { begin, end, walls, groups, channels, feeds, searches, pages, accounts, troubled, ledger }
    }

    /// What was asked and shown so far.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// Answers a request at a time.
    pub fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        let now = now.as_millisecond();
        let trouble = self.trouble();
        let seen = if trouble == Some(Trouble::OldCopy) { now - OLD_COPY_MS } else { now };
        let own_error = trouble == Some(Trouble::OwnError);
        let path = call.path.as_str();
        let answer = if let Some(method) = path.strip_prefix("/method/") {
            vk::answer(self, method, call, now, seen, own_error)
        } else if path == "/fb.do" {
            ok::answer(self, call, now, seen, own_error)
        } else if let Some(channel) = path.strip_prefix("/s/") {
            telegram::answer(self, channel, call, now, seen)
        } else if let Some(feed) = path.strip_prefix("/feed/") {
            feeds::answer(self, feed, call, now, seen)
        } else if path == "/2/tweets/search/recent" {
            x::answer(self, call, now, seen, own_error)
        } else if let Some(object) = path.strip_prefix("/v23.0/") {
            graph::answer(self, object, call, now, seen, own_error)
        } else if path == "/robots.txt" {
            Answer::text("text/plain", "User-agent: *\nDisallow: /closed\n".to_owned())
        } else {
            Answer::status(404)
        };
        match (trouble, answer) {
            (Some(Trouble::BadGateway), _) => Answer::status(502),
            (Some(Trouble::Silence), _) => Answer::Silence,
            (Some(Trouble::CutShort), Answer::Body { status, kind, etag, mut body }) => {
                body.truncate(body.len() / 3);
                Answer::Body { status, kind, etag, body }
            }
            (_, answer) => answer,
        }
    }

    /// Whether this request goes wrong. What goes wrong before it is answered shows nothing.
    fn trouble(&self) -> Option<Trouble> {
        let mut ledger = self.ledger();
        ledger.requests += 1;
        let mut random = Random::new(ledger.requests);
        const TROUBLES: [Trouble; 5] =
            [Trouble::BadGateway, Trouble::CutShort, Trouble::OwnError, Trouble::OldCopy, Trouble::Silence];
        let trouble = TROUBLES.get(random.below(5) as usize).copied();
        let happens = self.troubled && random.below(TROUBLE_EVERY) == 0;
        ledger.hidden = happens && trouble != Some(Trouble::OldCopy);
        trouble.filter(|_| happens)
    }
}
