//! Which column of a table holds what of a post.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use otklik_wire::{Community, Geo, Metrics, Post, time};
use secrecy::SecretString;

use crate::author::AuthorKeys;

/// Fields a post needs.
const REQUIRED: [&str; 3] = ["text", "id", "published_at"];
/// Fields a post may have; `label.NAME` besides.
const OPTIONAL: [&str; 18] = [
    "url",
    "author",
    "author_key",
    "network",
    "kind",
    "region",
    "lat",
    "lon",
    "community",
    "community_id",
    "views",
    "likes",
    "reposts",
    "comments",
    "followers",
    "reply_to",
    "repost_of",
    "title",
];

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column, by its name.
    Column(String),
    /// The same for every row.
    Constant(String),
}

/// Which column holds what.
#[derive(Debug)]
pub struct ColumnMap {
    fields: Vec<(String, Origin)>,
    zone: TimeZone,
    authors: Option<AuthorKeys>,
}

impl ColumnMap {
    /// Reads `text=COL,id=COL,published_at=COL,label.NAME=COL,network:=form`; a comma within a name is written `\,`.
    ///
    /// Times without an offset are of `zone`. Authors are hashed with `author_secret`; without it they are left out.
    ///
    /// # Errors
    /// An unknown field, a field twice, a required field not there; the message says which and what is known.
    pub fn parse(map: &str, zone: TimeZone, author_secret: Option<SecretString>) -> Result<Self, String> {
        let mut fields: Vec<(String, Origin)> = Vec::new();
        for part in split(map) {
            let (field, origin) = match part.split_once(":=") {
                Some((field, value)) => (field, Origin::Constant(value.to_owned())),
                None => {
                    let (field, column) =
                        part.split_once('=').ok_or_else(|| format!("{part:?} is not FIELD=COLUMN"))?;
                    (field, Origin::Column(column.to_owned()))
                }
            };
            let field = field.trim();
            let known = REQUIRED.contains(&field) || OPTIONAL.contains(&field) || field.starts_with("label.");
            if !known {
                let known = REQUIRED.iter().chain(&OPTIONAL).copied().collect::<Vec<_>>().join(", ");
                return Err(format!("field {field:?} is not known, expected one of: {known}, label.NAME"));
            }
            if fields.iter().any(|(other, _)| other == field) {
                return Err(format!("field {field} is there twice"));
            }
            fields.push((field.to_owned(), origin));
        }
        let missing: Vec<&str> =
            REQUIRED.into_iter().filter(|name| !fields.iter().any(|(field, _)| field == name)).collect();
        if !missing.is_empty() {
            return Err(format!("{} must be given", missing.join(", ")));
        }
        Ok(Self { fields, zone, authors: author_secret.map(AuthorKeys::new) })
    }

    /// The columns named, to be looked for in the table's header.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(|(_, origin)| match origin {
            Origin::Column(column) => Some(column.as_str()),
            Origin::Constant(_) => None,
        })
    }

    /// Makes a post of a row; `value` gives the text of a column, `None` where it is empty.
    ///
    /// # Errors
    /// A required value is missing or a value makes no sense; the message names the field.
    pub(super) fn post(&self, value: impl Fn(&str) -> Option<String>) -> Result<Post, String> {
        let mut values: BTreeMap<&str, String> = BTreeMap::new();
        for (field, origin) in &self.fields {
            let found = match origin {
                Origin::Column(column) => value(column),
                Origin::Constant(constant) => Some(constant.clone()),
            };
            if let Some(found) = found.filter(|found| !found.trim().is_empty()) {
                values.insert(field, found);
            }
        }
        let mut row = Row { values, zone: &self.zone };
        let labels = row.labels();
        let author_key = row.take("author_key").or_else(|| self.author_key(row.take("author")));
        let text = row.required("text")?;
        let text = row.take("title").map(|title| format!("{title}\n{text}")).unwrap_or(text);
        Ok(Post {
            id: row.required("id")?.trim().to_owned(),
            network: row.named("network")?.unwrap_or(otklik_domain::Network::Other),
            kind: row.named("kind")?.unwrap_or(otklik_domain::PostKind::Post),
            url: row.take("url"),
            community: row.community(),
            author_key,
            published_at: row.time("published_at")?,
            text,
            reply_to: row.take("reply_to"),
            repost_of: row.take("repost_of"),
            metrics: row.metrics()?,
            geo: row.geo()?,
            region: row.take("region"),
            labels,
            analysis: None,
        })
    }

    fn author_key(&self, author: Option<String>) -> Option<String> {
        self.authors.as_ref()?.key(&author?)
    }
}

/// Parts between commas; `\,` is a comma of a name.
fn split(map: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = map.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&',') => {
                chars.next();
                parts.last_mut().into_iter().for_each(|part| part.push(','));
            }
            ',' => parts.push(String::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

struct Row<'m> {
    values: BTreeMap<&'m str, String>,
    zone: &'m TimeZone,
}

impl Row<'_> {
    fn take(&mut self, field: &str) -> Option<String> {
        self.values.remove(field)
    }

    fn required(&mut self, field: &str) -> Result<String, String> {
        self.take(field).ok_or_else(|| format!("{field}: is empty"))
    }

    fn named<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, field: &str) -> Result<Option<T>, String> {
        self.take(field).map(|name| name.trim().parse().map_err(|error| format!("{error}"))).transpose()
    }

    fn number<T: std::str::FromStr>(&mut self, field: &str) -> Result<Option<T>, String> {
        let Some(text) = self.take(field) else { return Ok(None) };
        // Spreadsheets write 1 234 and 55,75.
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace(',', ".");
        plain.parse().map(Some).map_err(|_| format!("{field}: {text:?} is not a number"))
    }

    fn metrics(&mut self) -> Result<Metrics, String> {
        Ok(Metrics {
            views: self.number("views")?.unwrap_or_default(),
            likes: self.number("likes")?.unwrap_or_default(),
            reposts: self.number("reposts")?.unwrap_or_default(),
            comments: self.number("comments")?.unwrap_or_default(),
            followers: self.number("followers")?.unwrap_or_default(),
        })
    }

    fn geo(&mut self) -> Result<Option<Geo>, String> {
        let (lat, lon) = (self.number("lat")?, self.number("lon")?);
        Ok(lat.zip(lon).map(|(lat, lon)| Geo { lat, lon }))
    }

    fn community(&mut self) -> Option<Community> {
        let (id, name) = (self.take("community_id"), self.take("community"));
        (id.is_some() || name.is_some())
            .then(|| Community { id: id.unwrap_or_default(), name: name.unwrap_or_default() })
    }

    fn labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> = self.values.keys().copied().filter(|field| field.starts_with("label.")).collect();
        names
            .into_iter()
            .filter_map(|field| Some((field.trim_start_matches("label.").to_owned(), self.values.remove(field)?)))
            .collect()
    }

    /// A time as exports write it: RFC 3339, the same without an offset, `31.12.2024 23:59`, seconds since 1970.
    fn time(&mut self, field: &'static str) -> Result<String, String> {
        let text = self.required(field)?;
        let text = text.trim();
        let found = match text.parse::<i64>() {
            Ok(seconds) => time::from_unix(field, seconds),
            Err(_) => {
                let iso = russian_date(text).unwrap_or_else(|| text.to_owned());
                time::parse_in(field, &iso, || Ok(self.zone.clone()))
            }
        };
        found.map(|at| at.to_string()).map_err(|invalid| invalid.to_string())
    }
}

/// `31.12.2024`, `31.12.2024 23:59` and `31.12.2024 23:59:59` in the order of ISO 8601.
fn russian_date(text: &str) -> Option<String> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let mut parts = date.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(day, 2) && digits(month, 2) && digits(year, 4) && parts.next().is_none())
        .then(|| format!("{year}-{month}-{day}T{}", time.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Result<ColumnMap, String> {
        ColumnMap::parse(text, TimeZone::get("Europe/Moscow").unwrap(), Some(SecretString::from("s")))
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let check = |text: &str, expected: &str| assert_eq!(map(text).unwrap_err(), expected);
        check("text=t", "id, published_at must be given");
        check("text=t,text=u,id=i,published_at=p", "field text is there twice");
        check("text", "\"text\" is not FIELD=COLUMN");
        assert!(map("text=t,id=i,published_at=p,txt=x").unwrap_err().starts_with("field \"txt\" is not known"));
    }

    #[test]
    fn makes_posts() {
        let map =
            map(r"text=Текст\, весь,id=№,published_at=Дата,author=Кто,lat=lat,lon=lon,label.category=К,network:=form")
                .unwrap();
        let row = BTreeMap::from([
            ("Текст, весь", "Яма"),
            ("№", " 7 "),
            ("Дата", "31.12.2024 23:59"),
            ("Кто", "Иванов"),
            ("lat", "55,75"),
            ("lon", "37.6"),
            ("К", "Дороги"),
        ]);
        let post = map.post(|column| row.get(column).map(|value| (*value).to_owned())).unwrap();
        assert_eq!((post.id.as_str(), post.text.as_str()), ("7", "Яма"));
        assert_eq!(post.published_at, "2024-12-31T20:59:00Z");
        assert_eq!(post.geo, Some(Geo { lat: 55.75, lon: 37.6 }));
        assert_eq!(post.labels["category"], "Дороги");
        assert_eq!(post.network, otklik_domain::Network::Form);
        let key = post.author_key.unwrap();
        assert!(key.len() == 24 && !key.contains("Иванов"));
    }

    #[test]
    fn names_the_field_of_a_wrong_value() {
        let map = map("text=t,id=i,published_at=p,views=v").unwrap();
        let check = |p: &str, v: &str, expected: &str| {
            let row = BTreeMap::from([("t", "Яма"), ("i", "1"), ("p", p), ("v", v)]);
            let error = map.post(|column| row.get(column).map(|value| (*value).to_owned())).unwrap_err();
            assert_eq!(error, expected);
        };
        check("вчера", "1", "published_at: \"вчера\" is not a time such as 2024-03-01T12:00:00+03:00");
        check("", "1", "published_at: is empty");
        check("2024-01-01", "много", "views: \"много\" is not a number");
    }
}
