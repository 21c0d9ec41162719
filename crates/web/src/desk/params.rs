//! What a page is asked for in its address, and addresses that ask for a little more or less.

use axum::{extract::FromRequestParts, http::request::Parts};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use url::form_urlencoded;

/// Parameters taken from an address at most; the rest is left out.
const PARAMS_MAX: usize = 64;
/// Longest value in characters; a longer one is cut.
const VALUE_CHARS_MAX: usize = 500;

/// The parameters of an address, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    /// Reads a query; empty values count as not given.
    pub(crate) fn read(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).take(PARAMS_MAX);
        let cut = |text: &str| text.trim().chars().take(VALUE_CHARS_MAX).collect::<String>();
        Self(pairs.map(|(name, value)| (cut(&name), cut(&value))).filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name has a value.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|given| given == value)
    }

    /// The value of a name as a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// The page asked for; the first is 1.
    pub(crate) fn page(&self) -> usize {
        self.number("page").unwrap_or(1).clamp(1, 100_000)
    }

    /// A date or a moment in a zone: `2026-03-03` is its beginning, `2026-03-03T18:00` that minute.
    pub(crate) fn moment(&self, name: &str, zone: &TimeZone) -> Option<Timestamp> {
        self.get(name).and_then(|value| moment(value, zone))
    }

    /// The moment a date ends, or the moment given.
    pub(crate) fn moment_to(&self, name: &str, zone: &TimeZone) -> Option<Timestamp> {
        let value = self.get(name)?;
        match value.parse::<Date>() {
            Ok(date) if !value.contains('T') => moment(&date.tomorrow().ok()?.to_string(), zone),
            _ => moment(value, zone),
        }
    }

    /// The address with some names given one value or none; the page starts anew.
    pub(crate) fn href(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let is_kept =
            |name: &str| name != "page" && name != "said" && changes.iter().all(|(changed, _)| *changed != name);
        let kept = self.0.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| (name.as_str(), value.as_str()));
        let changed = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        join(path, kept.chain(changed))
    }

    /// The address with one value of a name added, or taken away when it is there.
    pub(crate) fn toggled(&self, path: &str, name: &str, value: &str) -> String {
        let has = self.has(name, value);
        let kept = self.0.iter().filter(|(given, held)| given != "page" && !(given == name && held == value));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        join(path, kept.chain((!has).then_some((name, value))))
    }

    /// Every pair but those of some names, for hidden fields.
    pub(crate) fn others(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
    }
}

fn join<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The path of some segments, each written so that it stays one.
pub(crate) fn path(segments: &[&str]) -> String {
    const PLAIN: &[u8] = b"-_.~:";
    let encode = |text: &str, out: &mut String| {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    };
    segments.iter().fold(String::new(), |mut path, segment| {
        path.push('/');
        encode(segment, &mut path);
        path
    })
}

/// A date or a moment of a form's field, in a zone.
pub(crate) fn moment(value: &str, zone: &TimeZone) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = value.parse().ok()?;
    civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_what_is_not_changed() {
        let params = Params::read("state=new&block=&text=%D1%8F%D0%BC%D0%B0&page=3&said=x");
        assert_eq!(params.get("text"), Some("яма"));
        assert_eq!(params.get("block"), None);
        assert_eq!(params.href("/", &[("state", None)]), "/?text=%D1%8F%D0%BC%D0%B0");
        assert_eq!(params.href("/", &[("text", None), ("page", Some("2"))]), "/?state=new&page=2");
        assert_eq!(Params::default().href("/events", &[]), "/events");
    }

    #[test]
    fn values_are_added_and_taken_away() {
        let params = Params::read("block=roads&block=waste");
        assert_eq!(params.toggled("/search", "block", "roads"), "/search?block=waste");
        assert_eq!(params.toggled("/search", "network", "vk"), "/search?block=roads&block=waste&network=vk");
    }

    #[test]
    fn segments_stay_segments() {
        assert_eq!(path(&["incidents", "i-1/../x?y"]), "/incidents/i-1%2F..%2Fx%3Fy");
        assert_eq!(path(&["events", "ё"]), "/events/%D1%91");
    }

    #[test]
    fn days_are_whole_and_local() {
        let zone = TimeZone::get("Europe/Samara").unwrap();
        let params = Params::read("from=2026-03-03&to=2026-03-03&at=2026-03-03T18:30&bad=вчера");
        let check = |found: Option<Timestamp>, expected: &str| assert_eq!(found.unwrap().to_string(), expected);
        check(params.moment("from", &zone), "2026-03-02T20:00:00Z");
        check(params.moment_to("to", &zone), "2026-03-03T20:00:00Z");
        check(params.moment("at", &zone), "2026-03-03T14:30:00Z");
        assert_eq!(params.moment("bad", &zone), None);
    }
}
