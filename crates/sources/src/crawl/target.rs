//! What a source is on its network, by its id.

use std::fmt;

use otklik_domain::Network;
use url::Url;

use super::source::SourceProblem;

/// Longest words of a search, and longest name of anything, in characters.
const WORDS_CHARS_MAX: usize = 500;

/// What a source is on its network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// VK: the wall of a community, by its number, which is negative.
    Wall(i64),
    /// VK: the discussion board of a community, by its number, which is positive.
    Board(i64),
    /// VK, X: publications anywhere that a query finds.
    Search(String),
    /// OK, Instagram: publications with a hashtag, given without its sign.
    Tag(String),
    /// OK: the discussions of all groups that the token's account takes part in, in one list.
    Discussions,
    /// Telegram: a channel by its name.
    Channel(String),
    /// A feed by its address.
    Feed(String),
    /// Facebook: a page by its number or name.
    Page(String),
    /// Instagram: a business account by its name.
    Account(String),
}

/// Lists that are read within one quota of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lists {
    /// What one community, channel, page or feed publishes.
    Own,
    /// What a search finds anywhere.
    Found,
    /// Boards of VK.
    Boards,
}

impl Lists {
    pub(super) const ALL: [Self; 3] = [Self::Own, Self::Found, Self::Boards];
}

impl Target {
    /// Reads the id of a source.
    ///
    /// # Errors
    /// It is none of its network, or the network is not crawled.
    pub(super) fn parse(network: Network, id: &str) -> Result<Self, SourceProblem> {
        let id = id.trim();
        let problem = |expected: &str| SourceProblem(format!("{id:?} is not {expected}"));
        let words = |text: &str| {
            let text = text.trim();
            let is_sound = !text.is_empty() && text.chars().count() <= WORDS_CHARS_MAX;
            is_sound.then(|| text.to_owned()).ok_or_else(|| problem("short enough to be asked for, or empty"))
        };
        let tag = |text: &str| words(text.trim_start_matches('#'));
        match network {
            Network::Vk => {
                if let Some(query) = id.strip_prefix("search:") {
                    return words(query).map(Self::Search);
                }
                if let Some(number) = id.strip_prefix("board:") {
                    let number = number.parse().ok().filter(|number: &i64| *number > 0);
                    return number.map(Self::Board).ok_or_else(|| problem("a community's board such as board:123456"));
                }
                // Walls of persons are not read.
                let number = id.parse().ok().filter(|number: &i64| *number < 0);
                number.map(Self::Wall).ok_or_else(|| problem("the number of a community's wall such as -123456"))
            }
            Network::Ok => match id.strip_prefix("tag:") {
                Some(text) => tag(text).map(Self::Tag),
                None => {
                    (id == "discussions").then_some(Self::Discussions).ok_or_else(|| problem("discussions or tag:…"))
                }
            },
            Network::Telegram => {
                let name = id.trim_start_matches("https://t.me/").trim_start_matches("s/").trim_start_matches('@');
                let name = name_of(name, |b| b == b'_');
                name.map(Self::Channel).ok_or_else(|| problem("the name of a channel such as gorod_24"))
            }
            Network::Rss => {
                let url = Url::parse(id).ok();
                let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
                let url = url.map(|url| Self::Feed(url.to_string()));
                url.ok_or_else(|| problem("an address such as https://example.ru/rss"))
            }
            Network::X => match id.strip_prefix("search:") {
                Some(query) => words(query).map(Self::Search),
                None => Err(problem("a query such as search:\"нет воды\" lang:ru")),
            },
            Network::Facebook => {
                let name = name_of(id, |b| b == b'.');
                name.map(Self::Page).ok_or_else(|| problem("the number or name of a page"))
            }
            Network::Instagram => match id.strip_prefix("tag:") {
                Some(text) => tag(text).map(Self::Tag),
                None => {
                    let name = name_of(id.trim_start_matches('@'), |b| matches!(b, b'.' | b'_'));
                    name.map(Self::Account).ok_or_else(|| problem("the name of an account, or tag:…"))
                }
            },
            other => Err(SourceProblem(format!("{} is not crawled", other.as_str()))),
        }
    }

    /// The quota its list falls under.
    pub(super) fn lists(&self) -> Lists {
        match self {
            Self::Search(_) | Self::Tag(_) => Lists::Found,
            Self::Board(_) => Lists::Boards,
            _ => Lists::Own,
        }
    }

    /// Whether comments are read below what it lists. What a search finds has communities of its own.
    pub(super) fn has_comments(&self) -> bool {
        matches!(self, Self::Wall(_) | Self::Board(_) | Self::Discussions | Self::Page(_))
    }
}

/// A name of Latin letters, digits and what else the network allows.
fn name_of(text: &str, also: impl Fn(u8) -> bool) -> Option<String> {
    let is_name = (2..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || also(b));
    is_name.then(|| text.to_owned())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wall(number) => write!(f, "{number}"),
            Self::Board(number) => write!(f, "board:{number}"),
            Self::Search(query) => write!(f, "search:{query}"),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
            Self::Discussions => f.write_str("discussions"),
            Self::Channel(name) | Self::Feed(name) | Self::Page(name) | Self::Account(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        let check = |network, id: &str, expected: Result<&str, &str>| {
            let got = Target::parse(network, id);
            let got = got.map(|target| target.to_string()).map_err(|problem| problem.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
        };
        let wall = "the number of a community's wall such as -123456";
        check(Network::Vk, " -123 ", Ok("-123"));
        check(Network::Vk, "club123", Err(&format!("\"club123\" is not {wall}")));
        check(Network::Vk, "5", Err(&format!("\"5\" is not {wall}")));
        check(Network::Vk, "board:77", Ok("board:77"));
        check(Network::Vk, "board:-77", Err("\"board:-77\" is not a community's board such as board:123456"));
        check(Network::Vk, "search: нет воды", Ok("search:нет воды"));
        check(Network::Vk, "search:", Err("\"search:\" is not short enough to be asked for, or empty"));
        check(Network::Ok, "tag:#яма", Ok("tag:яма"));
        check(Network::Ok, "5", Err("\"5\" is not discussions or tag:…"));
        check(Network::Telegram, "https://t.me/s/Gorod_24", Ok("Gorod_24"));
        check(Network::Telegram, "../etc", Err("\"../etc\" is not the name of a channel such as gorod_24"));
        check(Network::Rss, "https://example.ru/rss", Ok("https://example.ru/rss"));
        let address = "\"file:///etc/passwd\" is not an address such as https://example.ru/rss";
        check(Network::Rss, "file:///etc/passwd", Err(address));
        check(Network::X, "search:яма lang:ru", Ok("search:яма lang:ru"));
        check(Network::X, "яма", Err("\"яма\" is not a query such as search:\"нет воды\" lang:ru"));
        check(Network::Facebook, "gorod.24", Ok("gorod.24"));
        check(Network::Facebook, "me/friends", Err("\"me/friends\" is not the number or name of a page"));
        check(Network::Instagram, "@gorod_24", Ok("gorod_24"));
        check(Network::Instagram, "tag:яма", Ok("tag:яма"));
        check(Network::Form, "x", Err("form is not crawled"));
    }
}
