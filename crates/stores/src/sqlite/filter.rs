//! A filter as SQL.

use std::rc::Rc;

use otklik_ports::{IncidentFilter, IncidentOrder};
use rusqlite::{ToSql, types::Value, vtab::array::Array};

use crate::sql::text_of;

/// A condition on `incidents` with its values, which are bound in order.
pub(super) struct Condition {
    terms: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Condition {
    /// The part of a filter that the tally knows too.
    pub(super) fn of_kinds(filter: &IncidentFilter) -> Self {
        let mut condition = Self { terms: Vec::new(), values: Vec::new() };
        condition.one_of("region", filter.regions.iter().map(|id| id.as_str()));
        condition.one_of("state", filter.states.iter().map(|state| state.as_str()));
        condition.one_of("agency", filter.agencies.iter().map(|id| id.as_str()));
        if let Some(block) = &filter.block {
            condition.add("block = ?", block.as_str().to_owned());
        }
        if let Some(place) = &filter.municipality {
            condition.add("municipality = ?", place.as_str().to_owned());
        }
        if filter.severity_min > 0 {
            condition.add("severity >= ?", filter.severity_min);
        }
        match filter.overdue {
            // Not bound, so that the index of overdue incidents can be used.
            Some(true) => condition.add_term("overdue = 1".to_owned()),
            Some(false) => condition.add_term("overdue = 0".to_owned()),
            None => {}
        }
        condition
    }

    /// The whole filter; `by` says how a text is looked for.
    pub(super) fn of(filter: &IncidentFilter, by: TextBy) -> Self {
        let mut condition = Self::of_kinds(filter);
        if let Some(from) = filter.opened_from {
            condition.add("opened_at >= ?", from.as_microsecond());
        }
        if let Some(to) = filter.opened_to {
            condition.add("opened_at < ?", to.as_microsecond());
        }
        if let Some(text) = text_of(filter) {
            let term = match by {
                TextBy::Scan => "incidents.n IN (SELECT n FROM incident_texts WHERE instr(text, ?) > 0)",
                TextBy::Lookup => {
                    "(SELECT instr(text, ?) > 0 FROM incident_texts WHERE incident_texts.n = incidents.n)"
                }
            };
            condition.add(term, text);
        }
        condition
    }

    /// Adds a term with one value.
    pub(super) fn add(&mut self, term: &str, value: impl ToSql + 'static) {
        self.terms.push(term.to_owned());
        self.values.push(Box::new(value));
    }

    /// Adds a term whose values the caller binds after those of the condition.
    pub(super) fn add_term(&mut self, term: String) {
        self.terms.push(term);
    }

    fn one_of<'a>(&mut self, column: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<Value> = values.map(|value| Value::from(value.to_owned())).collect();
        if !values.is_empty() {
            let values: Array = Rc::new(values);
            self.add(&format!("{column} IN rarray(?)"), values);
        }
    }

    /// The terms, for a `WHERE`.
    pub(super) fn sql(&self) -> String {
        if self.terms.is_empty() { "TRUE".to_owned() } else { self.terms.join(" AND ") }
    }

    /// The values.
    pub(super) fn values(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(AsRef::as_ref).collect()
    }
}

/// How a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextBy {
    /// In all texts, once: when nothing else narrows the list much.
    Scan,
    /// In the text of each incident that fits otherwise: when few do, or when most have the text.
    Lookup,
}

/// The fields of a filter that have an index: the index and the condition on the field alone.
pub(super) fn narrowing(filter: &IncidentFilter) -> Vec<(&'static str, Condition)> {
    let IncidentFilter { regions, states, agencies, block, municipality, overdue, .. } = filter.clone();
    let one = IncidentFilter::default;
    let late = overdue.filter(|overdue| *overdue);
    let fields = [
        ("incidents_by_region", IncidentFilter { regions, ..one() }),
        ("incidents_by_state", IncidentFilter { states, ..one() }),
        ("incidents_by_agency", IncidentFilter { agencies, ..one() }),
        ("incidents_by_block", IncidentFilter { block, ..one() }),
        ("incidents_by_municipality", IncidentFilter { municipality, ..one() }),
        ("incidents_overdue", IncidentFilter { overdue: late, ..one() }),
    ];
    let asked = fields.into_iter().filter(|(_, field)| *field != one());
    asked.map(|(index, field)| (index, Condition::of_kinds(&field))).collect()
}

/// The index that has an order, and the order.
pub(super) fn order(order: IncidentOrder) -> (&'static str, &'static str) {
    match order {
        IncidentOrder::Urgency => ("incidents_by_urgency", "(severity = 5) DESC, risk DESC, id"),
        IncidentOrder::Due => ("incidents_by_deadline", "deadline, id"),
        IncidentOrder::Opened => ("incidents_by_opened", "opened_at DESC, id"),
        IncidentOrder::Updated => ("incidents_by_updated", "updated_at DESC, id"),
    }
}
