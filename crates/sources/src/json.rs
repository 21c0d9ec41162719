//! Reading JSON of a network piece by piece: an item that is broken costs that item and nothing else.
//!
//! A body is split into raw pieces first, which only checks its syntax; each piece is then read by itself, so that a wrong type
//! or a number out of range in one of them leaves the others alone. Reasons name the path and never quote a text.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;

use crate::{fault::SourceError, parsed::Skipped};

/// The text of a body.
///
/// # Errors
/// It is empty, not UTF-8, or a page of HTML.
pub(crate) fn text(body: &[u8]) -> Result<&str, SourceError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| {
        let place = error.valid_up_to() + 1;
        SourceError::broken(format!("not UTF-8: byte {place} cannot be read"))
    })?;
    match text.trim_start().chars().next() {
        None => Err(SourceError::broken("the body is empty")),
        Some('<') => Err(SourceError::broken("HTML in place of JSON")),
        Some(_) => Ok(text),
    }
}

/// The outermost object of a body.
///
/// # Errors
/// Not JSON, or no such object.
pub(crate) fn envelope<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SourceError> {
    check_syntax(text)?;
    object(text, "").map_err(SourceError::broken)
}

/// The pieces of a body that is a list.
///
/// # Errors
/// Not JSON, or no list.
pub(crate) fn envelope_list(text: &str) -> Result<Vec<&RawValue>, SourceError> {
    check_syntax(text)?;
    read(text, "").map_err(SourceError::broken)
}

fn check_syntax(text: &str) -> Result<(), SourceError> {
    // Syntax first: what is cut off must not be taken for a wrong type.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let place = format!("at line {} column {}", error.line(), error.column());
        let what = if error.is_eof() { "ends in the middle" } else { "is no JSON" };
        return Err(SourceError::broken(format!("the body {what}, {place}")));
    }
    Ok(())
}

/// An object within a body, at a path.
///
/// # Errors
/// The path and what is wrong there.
pub(crate) fn piece<'a, T: Deserialize<'a>>(raw: &'a RawValue, path: &str) -> Result<T, String> {
    object(raw.get(), path)
}

/// The pieces of a list, at a path.
///
/// # Errors
/// It is no list.
pub(crate) fn list<'a>(raw: &'a RawValue, path: &str) -> Result<Vec<&'a RawValue>, SourceError> {
    read(raw.get(), path).map_err(SourceError::broken)
}

/// An object. serde would take a list for the fields in their order, which no network writes.
fn object<'a, T: Deserialize<'a>>(text: &'a str, path: &str) -> Result<T, String> {
    if text.trim_start().starts_with('[') {
        let place = if path.is_empty() { "the body" } else { path };
        return Err(format!("{place}: a list in place of an object"));
    }
    read(text, path)
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, path: &str) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.path().to_string();
        let place = match (path, inner.as_str()) {
            ("", ".") => "the body".to_owned(),
            ("", inner) => inner.to_owned(),
            (path, ".") => path.to_owned(),
            (path, inner) if inner.starts_with('[') => format!("{path}{inner}"),
            (path, inner) => format!("{path}.{inner}"),
        };
        format!("{place}: {}", reason(error.inner()))
    })
}

/// What serde says, without its place in the piece and without the value, which may be of somebody's text.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    match (said.split_once('"'), said.rsplit_once(", expected ")) {
        (Some((before, _)), Some((_, expected))) => format!("{}, expected {expected}", before.trim_end()),
        (Some((before, _)), None) => before.trim_end().to_owned(),
        (None, _) => said.to_owned(),
    }
}

/// An optional field that a post can do without: when it has a wrong type the post stays and the field is counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Loose<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// Read.
    Value(T),
    /// Of a wrong type, and why.
    Wrong(String),
}

impl<T> Loose<T> {
    /// The value; one of a wrong type is counted with its path.
    pub(crate) fn get(self, path: &str, field: &str, skipped: &mut Skipped) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Value(value) => Some(value),
            Self::Wrong(reason) => {
                skipped.field(format!("{path}.{field}{reason}"));
                None
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        // The path is put before it by the reader: what comes back begins with the rest of the path.
        Ok(match read::<Option<T>>(raw.get(), "\u{0}") {
            Ok(None) => Self::Absent,
            Ok(Some(value)) => Self::Value(value),
            Err(reason) => Self::Wrong(reason.replacen('\u{0}', "", 1)),
        })
    }
}

/// Yes or no, written as `true`, as `1` or as `"1"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("yes or no")
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Flag, E> {
                Ok(Flag(matches!(text, "1" | "true")))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// An id or a number that a network writes as a number in one place and as a text in another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Word(pub(crate) String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Word, E> {
                Ok(Word(text.to_owned()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        id: i64,
        #[serde(default)]
        likes: Loose<Likes>,
        #[serde(default)]
        inner: Option<Likes>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Likes {
        count: u64,
    }

    fn item(json: &str) -> Result<Item, String> {
        read(json, "items[3]")
    }

    #[test]
    fn a_reason_names_the_path_and_quotes_no_text() {
        let check = |json: &str, expected: &str| assert_eq!(item(json).unwrap_err(), expected);
        check(r#"{}"#, "items[3]: missing field `id`");
        check(r#"{"id":"Иванов \", expected x"}"#, "items[3].id: invalid type: string, expected i64");
        check(r#"{"id":1.5}"#, "items[3].id: invalid type: floating point `1.5`, expected i64");
        check(r#"{"id":1e999}"#, "items[3].id: number out of range");
        check(r#"{"id":99999999999999999999}"#, "items[3].id: invalid type: floating point `1e+20`, expected i64");
        check(r#"{"id":1,"inner":{"count":-1}}"#, "items[3].inner.count: invalid value: integer `-1`, expected u64");
        check(r#""text""#, "items[3]: invalid type: string, expected struct Item");
        let deep = format!(r#"{{"id":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        check(&deep, "items[3].id: invalid type: sequence, expected i64");
    }

    #[test]
    fn a_loose_field_costs_nothing_but_itself() {
        let check = |json: &str, expected: Option<u64>, reason: &str| {
            let mut skipped = Skipped::default();
            let likes = item(json).unwrap().likes.get("items[3]", "likes", &mut skipped);
            assert_eq!(likes.map(|likes| likes.count), expected, "{json}");
            assert_eq!(skipped.reasons.join(";"), reason, "{json}");
        };
        check(r#"{"id":1}"#, None, "");
        check(r#"{"id":1,"likes":null}"#, None, "");
        check(r#"{"id":1,"likes":{"count":7}}"#, Some(7), "");
        check(r#"{"id":1,"likes":"много"}"#, None, "items[3].likes: invalid type: string, expected struct Likes");
        check(r#"{"id":1,"likes":{"count":"x"}}"#, None, "items[3].likes.count: invalid type: string, expected u64");
    }

    #[test]
    fn a_body_that_is_no_json_says_so() {
        let check = |body: &[u8], expected: &str| {
            let error = text(body).and_then(envelope::<Item>).unwrap_err();
            assert_eq!(error.message, expected);
        };
        check(b"", "the body is empty");
        check(b" \n", "the body is empty");
        check(b"<!DOCTYPE html><html>", "HTML in place of JSON");
        check(b"{\"id\":1", "the body ends in the middle, at line 1 column 7");
        check(b"{\"id\":1}x", "the body is no JSON, at line 1 column 9");
        check(b"{\"id\":\"\xFF\"}", "not UTF-8: byte 8 cannot be read");
        check(b"[1]", "the body: a list in place of an object");
        check(b"{\"id\":null}", "id: invalid type: null, expected i64");
        assert_eq!(text(b"\xEF\xBB\xBF{}").unwrap(), "{}");
    }

    #[test]
    fn flags_and_words_come_in_many_writings() {
        let flag = |json: &str| serde_json::from_str::<Flag>(json).map(|flag| flag.0).ok();
        assert_eq!(["1", "true", "\"1\"", "0", "false", "\"\"", "[]"].map(flag), {
            let (yes, no) = (Some(true), Some(false));
            [yes, yes, yes, no, no, no, None]
        });
        let word = |json: &str| serde_json::from_str::<Word>(json).map(|word| word.0).ok();
        assert_eq!(word("-5"), Some("-5".to_owned()));
        assert_eq!(word("\"a\""), Some("a".to_owned()));
        assert_eq!(word("1.5"), None);
    }
}
