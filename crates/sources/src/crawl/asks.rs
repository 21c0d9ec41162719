//! What is asked of each network, and which limits a call falls under.

use jiff::SignedDuration;
use otklik_domain::Network;
use url::Url;

use super::{listing::Rules, source::Source};
use crate::{
    ok,
    request::{Request, TokenKind, Verb},
    schedule::{Lane, Limit},
    vk,
};

/// Posts of a wall, a channel or a feed that are kept in mind.
const POSTS_KNOWN: usize = 200;
/// Discussions and items of lists that have no order of their own.
const UNORDERED_KNOWN: usize = 2_000;
/// Comments of a post that are kept in mind.
const COMMENTS_KNOWN: usize = 1_000;

/// Posts whose counters are asked for in one call.
pub(super) const LOOK_MAX: usize = vk::requests::PAGE_MAX as usize;

/// The limits of a crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Shortest time between two calls with one token, or to one host.
    pub gap: SignedDuration,
    /// Lists read in a day: walls, pages of channels, feeds. All sources share them.
    pub lists_a_day: u32,
    /// Shortest time between two readings of one source.
    pub source_gap: SignedDuration,
}

impl Limits {
    /// What a network allows, or what is polite, for so many sources.
    ///
    /// VK: 3 calls a second with a service token, `wall.get` 5,000 a day, of which a few stay for posts further down a wall. OK
    /// names no numbers. Telegram's pages and feeds have no quota: a page every twelve seconds, a feed every quarter of an hour.
    pub fn of(network: Network, sources: usize) -> Self {
        let sources = u32::try_from(sources).unwrap_or(u32::MAX);
        let (gap, lists_a_day, source_gap) = match network {
            Network::Vk => (334, 5_000, 60),
            Network::Ok => (500, 1_440, 60),
            Network::Telegram => (1_000, 7_200, 60),
            _ => (2_000, sources.saturating_mul(96), 300),
        };
        Self { gap: SignedDuration::from_millis(gap), lists_a_day, source_gap: SignedDuration::from_secs(source_gap) }
    }
}

/// A call, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) request: Request,
    /// The address of the network.
    pub(super) base: String,
    /// The limits it falls under; the first is that of its token or host.
    pub(super) lanes: Vec<Lane>,
    /// Whether robots.txt decides.
    pub(super) robots: bool,
}

/// How a crawl asks.
#[derive(Debug, Clone)]
pub(super) struct Asks {
    pub(super) network: Network,
    /// Names its lanes.
    pub(super) crawl: String,
    /// In place of the network's own address.
    pub(super) base: Option<String>,
    pub(super) limits: Limits,
}

impl Asks {
    /// The lane of the lists, whose day is spread over the sources.
    pub(super) fn list_lane(&self) -> Lane {
        let limit = Limit { gap: SignedDuration::ZERO, per_day: Some(self.limits.lists_a_day) };
        Lane { name: format!("{}/lists", self.crawl), limit }
    }

    /// The lane of the token, or of the host a source lives on.
    pub(super) fn main_lane(&self, source: &Source) -> Lane {
        let name = match self.network {
            Network::Rss => {
                let host = Url::parse(&source.id).ok().and_then(|url| url.host_str().map(str::to_owned));
                format!("host:{}", host.unwrap_or_default())
            }
            _ => self.crawl.clone(),
        };
        Lane { name, limit: Limit { gap: self.limits.gap, per_day: None } }
    }

    /// The newest posts of a source.
    pub(super) fn posts(&self, source: &Source) -> Ask {
        let request = match self.network {
            Network::Vk => vk::requests::wall(source.id.parse().unwrap_or_default(), 0),
            Network::Ok => ok::requests::discussions(),
            Network::Telegram => page("telegram:page", &format!("s/{}", source.id)),
            _ => page("rss:feed", ""),
        };
        Ask { lanes: vec![self.main_lane(source), self.list_lane()], ..self.ask(request, source) }
    }

    /// Posts by number, for their counters; `None` where a network has no such call. At most [`LOOK_MAX`].
    pub(super) fn counters(&self, posts: &[(Source, String)]) -> Option<Ask> {
        let (first, _) = posts.first()?;
        let number = |(source, post): &(Source, String)| Some((source.id.parse().ok()?, post.parse().ok()?));
        let numbers: Vec<(i64, i64)> = posts.iter().filter_map(number).collect();
        (self.network == Network::Vk).then(|| self.ask(vk::requests::posts(&numbers), first))
    }

    /// The newest comments of a post, named by the end of its id; `None` where there are none to ask for.
    pub(super) fn comments(&self, source: &Source, post: &str) -> Option<Ask> {
        let request = match self.network {
            Network::Vk => vk::requests::comments(source.id.parse().ok()?, post.parse().ok()?, 0),
            Network::Ok => {
                let (kind, number) = post.rsplit_once('_').unwrap_or(("GROUP_TOPIC", post));
                ok::requests::comments(&kind.to_uppercase(), number)
            }
            _ => return None,
        };
        Some(self.ask(request, source))
    }

    /// The answers to a comment that has more of them than its page shows.
    pub(super) fn answers(&self, source: &Source, post: &str, comment: &str) -> Option<Ask> {
        let number = comment.rsplit_once("_r")?.1.parse().ok()?;
        match self.network {
            Network::Vk => {
                let request = vk::requests::thread(source.id.parse().ok()?, post.parse().ok()?, number, 0);
                Some(self.ask(request, source))
            }
            _ => None,
        }
    }

    fn ask(&self, request: Request, source: &Source) -> Ask {
        let own = match self.network {
            Network::Vk => "https://api.vk.ru/",
            Network::Ok => "https://api.ok.ru/",
            Network::Telegram => "https://t.me/",
            _ => source.id.as_str(),
        };
        // A feed is at its own address, whatever plays the other networks.
        let base = if self.network == Network::Rss { own } else { self.base.as_deref().unwrap_or(own) };
        let robots = matches!(self.network, Network::Telegram | Network::Rss);
        let other = Limit { gap: SignedDuration::ZERO, per_day: None };
        let other = Lane { name: format!("{}/{}", self.crawl, request.method), limit: other };
        Ask { request, base: base.to_owned(), lanes: vec![self.main_lane(source), other], robots }
    }

    /// How the list of a source behaves.
    pub(super) fn post_rules<'a>(&self, prefix: &'a str) -> Rules<'a> {
        let is_ordered = matches!(self.network, Network::Vk | Network::Telegram);
        let known_max = if is_ordered { POSTS_KNOWN } else { UNORDERED_KNOWN };
        Rules { prefix, known_max, is_ordered, not_before: None, keep_above: None }
    }

    /// How the comments of a post behave.
    pub(super) fn comment_rules<'a>(&self, prefix: &'a str) -> Rules<'a> {
        // OK's comments have times for marks, and several may come in one second.
        let is_ordered = self.network == Network::Vk;
        Rules { prefix, known_max: COMMENTS_KNOWN, is_ordered, not_before: None, keep_above: None }
    }
}

/// What all ids of a source's posts begin with.
pub(super) fn id_prefix(source: &Source) -> String {
    match source.network {
        Network::Vk => format!("vk:{}_", source.id),
        Network::Telegram => format!("telegram:{}/", source.id.to_lowercase()),
        other => format!("{}:", other.as_str()),
    }
}

fn page(method: &'static str, path: &str) -> Request {
    Request {
        method,
        verb: Verb::Get,
        path: path.to_owned(),
        params: Vec::new(),
        about: Vec::new(),
        token: TokenKind::None,
        cost: 1,
    }
}
