//! What the stores of incidents in SQL have in common: what is read from a row, what an incident is as a row, and what is
//! counted.

pub(crate) mod board;
pub(crate) mod incident;
pub(crate) mod records;
pub(crate) mod retold;
pub(crate) mod tally;

use std::str::FromStr;

use jiff::Timestamp;
use otklik_ports::{ErrorKind, IncidentFilter, PortError, PortResult};

/// A stored value that nothing here could have written.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be read")]
pub(crate) struct Damaged(pub(crate) &'static str);

/// The fields of a row, one after the other.
pub(crate) trait Fields {
    type Error: From<Damaged>;

    fn optional_text(&mut self) -> Result<Option<String>, Self::Error>;
    fn optional_integer(&mut self) -> Result<Option<i64>, Self::Error>;
    fn optional_real(&mut self) -> Result<Option<f64>, Self::Error>;
    fn optional_time(&mut self) -> Result<Option<Timestamp>, Self::Error>;
    fn flag(&mut self) -> Result<bool, Self::Error>;

    fn text(&mut self) -> Result<String, Self::Error> {
        self.optional_text()?.ok_or_else(|| Damaged("a text that must be there").into())
    }

    fn real(&mut self) -> Result<f64, Self::Error> {
        self.optional_real()?.ok_or_else(|| Damaged("a number that must be there").into())
    }

    fn time(&mut self) -> Result<Timestamp, Self::Error> {
        self.optional_time()?.ok_or_else(|| Damaged("a time that must be there").into())
    }

    fn number<T: TryFrom<i64>>(&mut self) -> Result<T, Self::Error> {
        self.optional_number()?.ok_or_else(|| Damaged("a number that must be there").into())
    }

    fn optional_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, Self::Error> {
        let number = self.optional_integer()?;
        number.map(|number| T::try_from(number).map_err(|_| Damaged("a number out of bounds").into())).transpose()
    }

    /// A value by its fixed name.
    fn named<T: FromStr>(&mut self, what: &'static str) -> Result<T, Self::Error> {
        self.text()?.parse().map_err(|_| Damaged(what).into())
    }

    fn optional_named<T: FromStr>(&mut self, what: &'static str) -> Result<Option<T>, Self::Error> {
        self.optional_text()?.map(|name| name.parse().map_err(|_| Damaged(what).into())).transpose()
    }
}

/// What a row is read into.
pub(crate) trait Record: Sized {
    /// The columns [`Record::read`] wants, for a `SELECT`.
    const COLUMNS: &'static str;

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error>;
}

/// The text of a filter in small letters.
pub(crate) fn text_of(filter: &IncidentFilter) -> Option<String> {
    filter.text.as_ref().filter(|text| !text.is_empty()).map(|text| text.to_lowercase())
}

/// Whether the tally knows all that a filter asks for.
pub(crate) fn is_of_kinds(filter: &IncidentFilter) -> bool {
    filter.opened_from.is_none() && filter.opened_to.is_none() && text_of(filter).is_none()
}

pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> PortResult<String> {
    serde_json::to_string(value).map_err(|error| PortError::new(ErrorKind::Internal, error.to_string()))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Damaged> {
    serde_json::from_str(text).map_err(|_| Damaged(what))
}

/// A number as databases have it, with a sign.
pub(crate) fn integer(number: u64) -> PortResult<i64> {
    let refused = |_| PortError::new(ErrorKind::Rejected, format!("{number} is too large a number"));
    i64::try_from(number).map_err(refused)
}

/// A bound as databases have it: beyond their numbers there is nothing to be found.
pub(crate) fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
