//! A source: one community, channel or feed.

use jiff::SignedDuration;
use otklik_domain::Network;
use url::Url;

/// The lag that is promised where nothing else is said.
const PROMISE: SignedDuration = SignedDuration::from_hours(24);

/// One community, channel or feed to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its network.
    pub network: Network,
    /// VK: the wall's number, negative for a community. OK: `discussions`. Telegram: the channel's name. RSS: the address.
    pub id: String,
    /// The region its posts belong to.
    pub region: String,
    /// How much its posts count: 1 as others.
    pub weight: f64,
    /// The lag promised for it.
    pub promise: SignedDuration,
}

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceProblem(pub String);

impl Source {
    /// A source like others.
    ///
    /// # Errors
    /// The id is none of its network, or the network is not crawled.
    pub fn new(network: Network, id: &str, region: &str) -> Result<Self, SourceProblem> {
        let id = id.trim();
        let problem = |expected: &str| SourceProblem(format!("{id:?} is not {expected}"));
        let id = match network {
            Network::Vk => {
                let number: i64 = id.parse().map_err(|_| problem("the number of a wall such as -123456"))?;
                number.to_string()
            }
            Network::Ok => {
                // The official API lists the discussions of all groups that the token's account takes part in, in one list.
                (id == "discussions").then(|| id.to_owned()).ok_or_else(|| problem("discussions"))?
            }
            Network::Telegram => {
                let name = id.trim_start_matches("https://t.me/").trim_start_matches("s/").trim_start_matches('@');
                let is_name =
                    (2..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                is_name.then(|| name.to_owned()).ok_or_else(|| problem("the name of a channel such as gorod_24"))?
            }
            Network::Rss => {
                let url = Url::parse(id).map_err(|_| problem("an address such as https://example.ru/rss"))?;
                let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
                is_web.then(|| url.to_string()).ok_or_else(|| problem("an address such as https://example.ru/rss"))?
            }
            other => return Err(SourceProblem(format!("{} is not crawled", other.as_str()))),
        };
        Ok(Self { network, id, region: region.to_owned(), weight: 1.0, promise: PROMISE })
    }

    /// The name of its cursor in the log.
    pub fn cursor(&self) -> String {
        format!("crawl:{}:{}", self.network.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        let check = |network, id: &str, expected: Result<&str, &str>| {
            let got = Source::new(network, id, "demo").map(|source| source.id).map_err(|problem| problem.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
        };
        check(Network::Vk, "-123", Ok("-123"));
        check(Network::Vk, "club123", Err("\"club123\" is not the number of a wall such as -123456"));
        check(Network::Telegram, "https://t.me/s/Gorod_24", Ok("Gorod_24"));
        check(Network::Telegram, "../etc", Err("\"../etc\" is not the name of a channel such as gorod_24"));
        check(Network::Rss, "https://example.ru/rss", Ok("https://example.ru/rss"));
        check(
            Network::Rss,
            "file:///etc/passwd",
            Err("\"file:///etc/passwd\" is not an address such as https://example.ru/rss"),
        );
        check(Network::Form, "x", Err("form is not crawled"));
    }
}
