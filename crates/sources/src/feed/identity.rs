//! Addresses and ids of items: the same item has the same id in every feed of its site, whatever the link was decorated with.

use sha2::{Digest, Sha256};
use url::Url;

/// Longest key used as it is; a longer one is replaced by its digest.
const KEY_BYTES_MAX: usize = 200;
/// Beginnings of parameters that tell who led the reader here, not what is read.
const TRACKING: [&str; 8] = ["utm_", "yclid", "fbclid", "gclid", "_openstat", "from_rss", "mc_", "rss"];

/// Reads a link of a feed, one without a host too. Only the web is followed.
pub(super) fn link(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(_) => base?.join(text).ok()?,
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return None;
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !TRACKING.iter().any(|tracking| name.to_ascii_lowercase().starts_with(tracking)))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if kept.len() != url.query_pairs().count() {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    Some(url)
}

/// The id of an item by its own identifier and its link; `None` when it has neither.
pub(super) fn item_id(guid: &str, link: Option<&Url>, feed: Option<&Url>) -> Option<String> {
    let guid = guid.trim();
    let key = match (self::link(guid, None), link) {
        // An identifier that is an address stays when the headline in the link is changed.
        (Some(address), _) => address_key(&address, true),
        (None, _) if !guid.is_empty() => format!("{}#{guid}", feed.map(host).unwrap_or_default()),
        (None, Some(link)) => address_key(link, false),
        (None, None) => return None,
    };
    Some(format!("rss:{}", short(key)))
}

/// The id of an item that has no identifier and no link: by its words.
pub(super) fn id_of_words(words: &str, feed: Option<&Url>) -> String {
    format!("rss:{}#{}", feed.map(host).unwrap_or_default(), digest(words))
}

/// The id of a feed: its address without scheme.
pub(super) fn feed_id(address: &Url) -> String {
    short(address_key(address, false))
}

/// An address without what may change: scheme, `www.`, and the fragment unless it tells items apart.
fn address_key(url: &Url, with_fragment: bool) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = url.fragment().filter(|_| with_fragment).map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{}{port}{}{query}{fragment}", host(url), url.path())
}

/// The host without `www.`.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn short(key: String) -> String {
    if key.len() <= KEY_BYTES_MAX { key } else { digest(&key) }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_one_id() {
        let feed = Url::parse("https://www.gorod.ru/rss").unwrap();
        let check = |guid: &str, address: &str, expected: &str| {
            let link = link(address, Some(&feed));
            assert_eq!(
                item_id(guid, link.as_ref(), Some(&feed)).as_deref().unwrap_or("-"),
                expected,
                "{guid} {address}"
            );
        };
        check("https://gorod.ru/?p=12", "https://gorod.ru/2026/water", "rss:gorod.ru/?p=12");
        check("12", "https://gorod.ru/2026/water", "rss:gorod.ru#12");
        check("", "http://WWW.Gorod.ru/a?utm_source=rss&id=5&yclid=1#top", "rss:gorod.ru/a?id=5");
        check("", "/a/../b", "rss:gorod.ru/b");
        check("https://gorod.ru/news#5", "", "rss:gorod.ru/news#5");
        check("", "javascript:alert(1)", "-");
        check("", "", "-");
        let long = "я".repeat(500);
        let id = item_id(&long, None, Some(&feed)).unwrap();
        assert_eq!(id.len(), "rss:".len() + 32);
        assert_eq!(id_of_words("Нет воды", Some(&feed)), id_of_words("Нет воды", Some(&feed)));
    }
}
