//! A filter as SQL.

use jiff::Timestamp;
use otklik_ports::{IncidentFilter, IncidentOrder};
use tokio_postgres::types::{ToSql, Type};

use super::columns::Micros;
use crate::sql::text_of;

/// A condition on `incidents` with its values.
pub(super) struct Condition {
    terms: Vec<String>,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Condition {
    /// The whole filter. What it says of kinds has the same names in the tally.
    pub(super) fn of(filter: &IncidentFilter) -> Self {
        let mut condition = Self { terms: Vec::new(), values: Vec::new() };
        condition.one_of("region", filter.regions.iter().map(|id| id.as_str()));
        condition.one_of("state", filter.states.iter().map(|state| state.as_str()));
        condition.one_of("agency", filter.agencies.iter().map(|id| id.as_str()));
        if let Some(block) = &filter.block {
            condition.add("block = ?", text(block.as_str()), Type::TEXT);
        }
        if let Some(place) = &filter.municipality {
            condition.add("municipality = ?", text(place.as_str()), Type::TEXT);
        }
        if filter.severity_min > 0 {
            condition.add("severity >= ?", i64::from(filter.severity_min), Type::INT8);
        }
        match filter.overdue {
            Some(true) => condition.terms.push("overdue".to_owned()),
            Some(false) => condition.terms.push("NOT overdue".to_owned()),
            None => {}
        }
        if let Some(from) = filter.opened_from {
            condition.add_time("opened_at >= ?", from);
        }
        if let Some(to) = filter.opened_to {
            condition.add_time("opened_at < ?", to);
        }
        if let Some(sought) = text_of(filter) {
            let term = "incidents.n IN (SELECT n FROM incident_texts WHERE text LIKE ?)";
            condition.add(term, text(&pattern(&sought)), Type::TEXT);
        }
        condition
    }

    /// Adds a term with one value, a question mark in its place.
    pub(super) fn add(&mut self, term: &str, value: impl ToSql + Sync + Send + 'static, kind: Type) {
        self.values.push((Box::new(value), kind));
        self.terms.push(term.replace('?', &format!("${}", self.values.len())));
    }

    /// Adds a term with a time, a question mark in its place.
    pub(super) fn add_time(&mut self, term: &str, time: Timestamp) {
        self.add(term, Micros::from(time), Type::TIMESTAMPTZ);
    }

    /// Adds a term without a value.
    pub(super) fn add_term(&mut self, term: &str) {
        self.terms.push(term.to_owned());
    }

    fn one_of<'a>(&mut self, column: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<String> = values.map(text).collect();
        if !values.is_empty() {
            self.add(&format!("{column} = ANY(?)"), values, Type::TEXT_ARRAY);
        }
    }

    /// The terms, for a `WHERE`.
    pub(super) fn sql(&self) -> String {
        if self.terms.is_empty() { "TRUE".to_owned() } else { self.terms.join(" AND ") }
    }

    /// The values.
    pub(super) fn values(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }
}

/// A text as the database can have it: no text there has a NUL, so that one with a NUL finds nothing.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The pattern of `LIKE` for texts that have another in them.
fn pattern(sought: &str) -> String {
    let mut pattern = String::from("%");
    for letter in sought.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// An order, the same as its index has.
pub(super) fn order(order: IncidentOrder) -> &'static str {
    match order {
        IncidentOrder::Urgency => "(severity = 5) DESC, risk DESC, id",
        IncidentOrder::Due => "deadline, id",
        IncidentOrder::Opened => "opened_at DESC, id",
        IncidentOrder::Updated => "updated_at DESC, id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (sought, expected) in [("яма", "%яма%"), ("100%", "%100\\%%"), ("на_в", "%на\\_в%"), ("\\", "%\\\\%")]
        {
            assert_eq!(pattern(sought), expected);
        }
    }

    #[test]
    fn values_are_numbered_in_order() {
        let filter = IncidentFilter {
            regions: vec!["udm".into()],
            block: Some("roads".into()),
            overdue: Some(false),
            severity_min: 3,
            ..IncidentFilter::default()
        };
        let condition = Condition::of(&filter);
        assert_eq!(condition.sql(), "region = ANY($1) AND block = $2 AND severity >= $3 AND NOT overdue");
        assert_eq!(condition.values().len(), 3);
        assert_eq!(Condition::of(&IncidentFilter::default()).sql(), "TRUE");
    }
}
