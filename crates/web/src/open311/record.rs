//! Replies of Open311: lists of flat records, written as JSON or as XML.

use std::fmt::Write as _;

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

/// The form of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.json`
    Json,
    /// `.xml`, and anything else: the specification makes XML the one everybody has.
    Xml,
}

impl Format {
    /// The form an address asks for by its ending.
    pub(crate) fn of(path: &str) -> Self {
        if path.ends_with(".json") { Self::Json } else { Self::Xml }
    }
}

/// A record: names and values in order. `null` is an empty element in XML.
pub(super) type Record = Vec<(&'static str, Value)>;

/// Names of the elements around records in XML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    /// Around the list.
    pub(super) list: &'static str,
    /// Around a record.
    pub(super) item: &'static str,
}

/// A list of records.
pub(super) fn reply(status: StatusCode, format: Format, names: Names, records: Vec<Record>) -> Response {
    match format {
        Format::Json => {
            let records = records.into_iter().map(object).collect();
            (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], Value::Array(records).to_string())
                .into_response()
        }
        Format::Xml => {
            let mut items = String::new();
            for record in &records {
                element(&mut items, names.item, &fields(record));
            }
            xml(status, names.list, &items)
        }
    }
}

/// One record.
pub(super) fn reply_one(format: Format, name: &'static str, record: Record) -> Response {
    match format {
        Format::Json => {
            ([(CONTENT_TYPE, "application/json; charset=utf-8")], object(record).to_string()).into_response()
        }
        Format::Xml => xml(StatusCode::OK, name, &fields(&record)),
    }
}

fn object(record: Record) -> Value {
    Value::Object(record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn xml(status: StatusCode, root: &str, content: &str) -> Response {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    element(&mut text, root, content);
    (status, [(CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

fn fields(record: &Record) -> String {
    let mut text = String::new();
    for (name, value) in record {
        let content = match value {
            Value::String(value) => escape(value),
            Value::Null => String::new(),
            other => escape(&other.to_string()),
        };
        element(&mut text, name, &content);
    }
    text
}

fn element(text: &mut String, name: &str, content: &str) {
    // Writing to a string does not fail.
    let _written = write!(text, "<{name}>{content}</{name}>");
}

/// Leaves out what XML 1.0 cannot hold at all: most control characters.
fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\t' | '\n' | '\r' => text.push(character),
            '\u{FFFE}' | '\u{FFFF}' => {}
            character if character < ' ' => {}
            character => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_do_not_become_elements() {
        let record = vec![
            ("description", Value::from("<b>Яма</b> & ]]> \u{0}\u{b}\n«люк»")),
            ("lat", Value::from(56.5)),
            ("zipcode", Value::Null),
        ];
        let expected =
            "<description>&lt;b&gt;Яма&lt;/b&gt; &amp; ]]&gt; \n«люк»</description><lat>56.5</lat><zipcode></zipcode>";
        assert_eq!(fields(&record), expected);
    }
}
