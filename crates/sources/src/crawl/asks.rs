//! What is asked of each network, and which limits a call falls under.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use url::Url;

use super::{
    crawler::add,
    listing::{Marks, Rules},
    source::Source,
    state::State,
    target::{Lists, Target},
};
use crate::{
    facebook, instagram, ok,
    parsed::Next,
    request::{Request, TokenKind, Verb},
    schedule::{Lane, Limit},
    vk, x,
};

/// Posts of a wall, a channel or a feed that are kept in mind.
const POSTS_KNOWN: usize = 200;
/// OK's times are those of Moscow.
const OK_OFFSET: SignedDuration = SignedDuration::from_hours(3);

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
    /// Searches a day.
    pub searches_a_day: u32,
    /// Shortest time between two readings of one source.
    pub source_gap: SignedDuration,
}

/// Boards of VK read in a day: no number is published, this is our own.
const BOARDS_A_DAY: u32 = 1_440;

impl Limits {
    /// What a network allows, or what is polite, for so many sources.
    ///
    /// VK: 3 calls a second with a service token, `wall.get` 5,000 and `newsfeed.search` 1,000 a day. OK names no numbers. Telegram's
    /// pages and feeds have no quota: a page every twelve seconds, a feed every quarter of an hour. X: what an application may search
    /// depends on what it pays, from once in a quarter of an hour; Facebook and Instagram: 200 calls an hour of an application with one user.
    pub fn of(network: Network, sources: usize) -> Self {
        let sources = u32::try_from(sources).unwrap_or(u32::MAX);
        let (gap, lists_a_day, searches_a_day, source_gap) = match network {
            Network::Vk => (334, 5_000, 1_000, 60),
            Network::Ok => (500, 1_440, 480, 60),
            Network::Telegram => (1_000, 7_200, 0, 60),
            Network::X => (1_000, 0, 96, 900),
            Network::Facebook => (18_000, 1_200, 0, 60),
            Network::Instagram => (18_000, 800, 400, 60),
            _ => (2_000, sources.saturating_mul(96), 0, 300),
        };
        let (gap, source_gap) = (SignedDuration::from_millis(gap), SignedDuration::from_secs(source_gap));
        Self { gap, lists_a_day, searches_a_day, source_gap }
    }

    /// Lists of a kind that are read in a day.
    pub(super) fn a_day(&self, lists: Lists) -> u32 {
        match lists {
            Lists::Own => self.lists_a_day,
            Lists::Found => self.searches_a_day,
            Lists::Boards => BOARDS_A_DAY,
        }
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
    /// Instagram: the number of the deployment's own account.
    pub(super) account: String,
}

impl Asks {
    /// The lane of lists, whose day is spread over the sources.
    pub(super) fn list_lane(&self, lists: Lists) -> Lane {
        let limit = Limit { gap: SignedDuration::ZERO, per_day: Some(self.limits.a_day(lists)) };
        let name = match lists {
            Lists::Own => "lists",
            Lists::Found => "searches",
            Lists::Boards => "boards",
        };
        Lane { name: format!("{}/{name}", self.crawl), limit }
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

    /// The newest posts of a source; a search asks from `since` on.
    pub(super) fn posts(&self, source: &Source, state: &State, since: Timestamp, now: Timestamp) -> Ask {
        let request = match &source.target {
            Target::Wall(owner) => vk::requests::wall(*owner, 0),
            Target::Board(group) => vk::requests::topics(*group, 0),
            Target::Search(query) if self.network == Network::X => x::requests::search(query, None),
            Target::Search(query) => vk::requests::search(query, since, now),
            Target::Discussions => ok::requests::discussions(),
            Target::Tag(tag) if self.network == Network::Instagram => match &state.number {
                Some(number) => instagram::requests::tagged(&self.account, number),
                None => instagram::requests::hashtag(&self.account, tag),
            },
            Target::Tag(tag) => {
                let moscow = |time| add(time, OK_OFFSET).strftime("%Y-%m-%d %H:%M:%S").to_string();
                ok::requests::tagged(tag, &moscow(since), &moscow(now))
            }
            Target::Channel(name) => page("telegram:page", &format!("s/{name}")),
            Target::Feed(_) => page("rss:feed", ""),
            Target::Page(name) => facebook::requests::feed(name),
            Target::Account(name) => instagram::requests::discovery(&self.account, name, None),
        };
        let lanes = vec![self.main_lane(source), self.list_lane(source.target.lists())];
        Ask { lanes, ..self.ask(request, source) }
    }

    /// The following page of a list.
    pub(super) fn following(&self, source: &Source, request: Request, next: &Next) -> Request {
        match &source.target {
            Target::Account(name) => instagram::requests::discovery(&self.account, name, Some(&next.value)),
            _ => request.following(next),
        }
    }

    /// What a post is looked up by, for its counters; `None` where a network has no such call.
    pub(super) fn number(&self, source: &Source, post: &str) -> Option<(i64, i64)> {
        match &source.target {
            Target::Wall(owner) => Some((*owner, post.parse().ok()?)),
            Target::Search(_) if self.network == Network::Vk => {
                let (owner, number) = post.split_once('_')?;
                Some((owner.parse().ok()?, number.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Posts by number, for their counters; `None` where a network has no such call. At most [`LOOK_MAX`].
    pub(super) fn counters(&self, posts: &[(Source, String)]) -> Option<Ask> {
        let (first, _) = posts.first()?;
        let numbers: Vec<(i64, i64)> = posts.iter().filter_map(|(source, post)| self.number(source, post)).collect();
        (!numbers.is_empty()).then(|| self.ask(vk::requests::posts(&numbers), first))
    }

    /// The newest comments of a post, named by the end of its id; `None` where there are none to ask for.
    pub(super) fn comments(&self, source: &Source, post: &str) -> Option<Ask> {
        let request = match source.target {
            Target::Wall(owner) => vk::requests::comments(owner, post.parse().ok()?, 0),
            Target::Board(group) => vk::requests::topic_comments(group, post.parse().ok()?, 0),
            Target::Discussions => {
                let (kind, number) = post.rsplit_once('_').unwrap_or(("GROUP_TOPIC", post));
                ok::requests::comments(&kind.to_uppercase(), number)
            }
            Target::Page(_) => facebook::requests::comments(post),
            _ => return None,
        };
        Some(self.ask(request, source))
    }

    /// The answers to a comment that has more of them than its page shows.
    pub(super) fn answers(&self, source: &Source, post: &str, comment: &str) -> Option<Ask> {
        let Target::Wall(owner) = source.target else { return None };
        let number = comment.rsplit_once("_r")?.1.parse().ok()?;
        Some(self.ask(vk::requests::thread(owner, post.parse().ok()?, number, 0), source))
    }

    fn ask(&self, request: Request, source: &Source) -> Ask {
        let own = match self.network {
            Network::Vk => "https://api.vk.ru/",
            Network::Ok => "https://api.ok.ru/",
            Network::Telegram => "https://t.me/",
            Network::X => "https://api.x.com/",
            Network::Facebook | Network::Instagram => "https://graph.facebook.com/",
            _ => source.id.as_str(),
        };
        // A feed is at its own address, whatever plays the other networks.
        let base = if self.network == Network::Rss { own } else { self.base.as_deref().unwrap_or(own) };
        let robots = matches!(self.network, Network::Telegram | Network::Rss);
        let other = Limit { gap: SignedDuration::ZERO, per_day: None };
        let other = Lane { name: format!("{}/{}", self.crawl, request.method), limit: other };
        Ask { request, base: base.to_owned(), lanes: vec![self.main_lane(source), other], robots }
    }

    /// How the list of a source behaves. `prefix` is that of its ids.
    pub(super) fn post_rules<'a>(&self, source: &Source, prefix: &'a str) -> Rules<'a> {
        let (marks, is_ordered) = match source.target {
            Target::Wall(_) | Target::Channel(_) => (Marks::Numbers, true),
            Target::Page(_) | Target::Account(_) => (Marks::Times, true),
            // What a search or a tag shows, and what lay longest without an answer, has no order to rely on.
            _ => (Marks::Times, false),
        };
        let known_max = if is_ordered { POSTS_KNOWN } else { UNORDERED_KNOWN };
        Rules { prefix, known_max, marks, is_ordered, not_before: None, keep_above: None }
    }

    /// How the comments of a post behave.
    pub(super) fn comment_rules<'a>(&self, prefix: &'a str) -> Rules<'a> {
        // Elsewhere comments have times for marks, and several may come in one second.
        let is_ordered = self.network == Network::Vk;
        let marks = if is_ordered { Marks::Numbers } else { Marks::Times };
        Rules { prefix, known_max: COMMENTS_KNOWN, marks, is_ordered, not_before: None, keep_above: None }
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
