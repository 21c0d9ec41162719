//! Values as PostgreSQL has them, and rows as columns: many rows go to the server in one statement, an array a column.

use std::{borrow::Cow, error::Error};

use bytes::{BufMut, BytesMut};
use jiff::Timestamp;
use otklik_ports::ErrorKind;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use super::failure::{Result, refused};

/// Microseconds from 1970, where the port begins, to 2000, where PostgreSQL does.
const PORT_TO_POSTGRES: i64 = 946_684_800_000_000;

/// What the driver wants of a conversion.
type Converted<T> = std::result::Result<T, Box<dyn Error + Sync + Send>>;

/// A time in microseconds since 1970; the greatest number is PostgreSQL's `infinity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Micros(pub(super) i64);

impl From<Timestamp> for Micros {
    fn from(time: Timestamp) -> Self {
        Self(time.as_microsecond())
    }
}

impl ToSql for Micros {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Converted<IsNull> {
        out.put_i64(if self.0 == i64::MAX { i64::MAX } else { self.0.saturating_sub(PORT_TO_POSTGRES) });
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Converted<Self> {
        let stored = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(stored.saturating_add(PORT_TO_POSTGRES)))
    }

    accepts!(TIMESTAMPTZ);
}

/// A text. PostgreSQL keeps no NUL: the sign for an unreadable character stands in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Converted<IsNull> {
        out.put_slice(without_nul(self.0).as_bytes());
        Ok(IsNull::No)
    }

    accepts!(TEXT);
    to_sql_checked!();
}

pub(super) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Real,
    Flag,
    Time,
}

impl Kind {
    /// The type of an array of it.
    fn array(self) -> &'static str {
        match self {
            Self::Text => "text[]",
            Self::Integer => "bigint[]",
            Self::Real => "double precision[]",
            Self::Flag => "boolean[]",
            Self::Time => "timestamptz[]",
        }
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
    Flag(bool),
    Time(Micros),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Time(time.into())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Named columns.
pub(super) type Columns = [(&'static str, Kind)];

/// Rows on their way to the server.
pub(super) struct Rows<'a> {
    columns: Vec<Column<'a>>,
    len: usize,
}

enum Column<'a> {
    Text(Vec<Option<Cow<'a, str>>>),
    Integer(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
    Time(Vec<Option<Micros>>),
}

impl<'a> Rows<'a> {
    /// None yet.
    pub(super) fn of(kinds: impl IntoIterator<Item = Kind>) -> Self {
        let columns = kinds.into_iter().map(|kind| match kind {
            Kind::Text => Column::Text(Vec::new()),
            Kind::Integer => Column::Integer(Vec::new()),
            Kind::Real => Column::Real(Vec::new()),
            Kind::Flag => Column::Flag(Vec::new()),
            Kind::Time => Column::Time(Vec::new()),
        });
        Self { columns: columns.collect(), len: 0 }
    }

    pub(super) fn of_columns(columns: &Columns) -> Self {
        Self::of(columns.iter().map(|(_, kind)| *kind))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `Internal` when it does not fit the columns.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = Value<'a>>) -> Result<()> {
        let mut row = row.into_iter();
        for column in &mut self.columns {
            match (column, row.next()) {
                (Column::Text(texts), Some(Value::Text(Cow::Borrowed(text)))) => texts.push(Some(without_nul(text))),
                (Column::Text(texts), Some(Value::Text(text))) => {
                    texts.push(Some(without_nul(&text).into_owned().into()))
                }
                (Column::Integer(numbers), Some(Value::Integer(number))) => numbers.push(Some(number)),
                (Column::Real(numbers), Some(Value::Real(number))) => numbers.push(Some(number)),
                (Column::Flag(flags), Some(Value::Flag(flag))) => flags.push(Some(flag)),
                (Column::Time(times), Some(Value::Time(time))) => times.push(Some(time)),
                (Column::Text(texts), Some(Value::Null)) => texts.push(None),
                (Column::Integer(numbers), Some(Value::Null)) => numbers.push(None),
                (Column::Real(numbers), Some(Value::Null)) => numbers.push(None),
                (Column::Flag(flags), Some(Value::Null)) => flags.push(None),
                (Column::Time(times), Some(Value::Null)) => times.push(None),
                _ => return Err(refused(ErrorKind::Internal, "a row does not fit its columns")),
            }
        }
        self.len += 1;
        Ok(())
    }

    /// The columns as values of a statement with [`from_rows`] in it.
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        let columns = self.columns.iter().map(|column| match column {
            Column::Text(texts) => texts as &(dyn ToSql + Sync),
            Column::Integer(numbers) => numbers,
            Column::Real(numbers) => numbers,
            Column::Flag(flags) => flags,
            Column::Time(times) => times,
        });
        columns.collect()
    }
}

/// `unnest(…) AS rows (…)`: the rows of a statement, with their place in `ordinality`.
pub(super) fn from_rows<S: AsRef<str>>(columns: &[(S, Kind)]) -> String {
    let arrays: Vec<String> =
        columns.iter().zip(1..).map(|((_, kind), number)| format!("${number}::{}", kind.array())).collect();
    let names = names(columns);
    format!("unnest({}) WITH ORDINALITY AS rows ({names}, ordinality)", arrays.join(", "))
}

/// `INSERT` of rows in their order.
pub(super) fn insert<S: AsRef<str>>(table: &str, columns: &[(S, Kind)], rest: &str) -> String {
    let names = names(columns);
    let rows = from_rows(columns);
    format!("INSERT INTO {table} ({names}) SELECT {names} FROM {rows} ORDER BY ordinality {rest}")
}

fn names<S: AsRef<str>>(columns: &[(S, Kind)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_ref()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(micros: i64) -> i64 {
        let mut raw = BytesMut::new();
        Micros(micros).to_sql(&Type::TIMESTAMPTZ, &mut raw).unwrap();
        Micros::from_sql(&Type::TIMESTAMPTZ, &raw).unwrap().0
    }

    #[test]
    fn times_come_back() {
        for micros in [0, -1, 1, 1_772_431_200_123_456, PORT_TO_POSTGRES, Timestamp::MAX.as_microsecond()] {
            assert_eq!(there_and_back(micros), micros);
        }
        assert_eq!(there_and_back(i64::MAX), i64::MAX, "infinity");
    }

    #[test]
    fn texts_without_nul() {
        assert_eq!(without_nul("яма\0"), "яма\u{fffd}");
        assert!(matches!(without_nul("яма"), Cow::Borrowed("яма")));
    }

    #[test]
    fn a_row_fits_or_is_refused() {
        let mut rows = Rows::of([Kind::Text, Kind::Integer]);
        rows.push(["a".into(), Value::Integer(1)]).unwrap();
        rows.push([Value::Null, Value::Null]).unwrap();
        rows.push(["a".into()]).unwrap_err();
        Rows::of([Kind::Text]).push([Value::Integer(1)]).unwrap_err();
        assert_eq!(rows.len, 2);
    }

    #[test]
    fn statements() {
        assert_eq!(
            insert("t", &[("a", Kind::Text), ("b", Kind::Time)], "ON CONFLICT DO NOTHING"),
            "INSERT INTO t (a, b) SELECT a, b FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY \
             AS rows (a, b, ordinality) ORDER BY ordinality ON CONFLICT DO NOTHING"
        );
    }
}
