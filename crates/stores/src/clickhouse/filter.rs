//! Filters as SQL with bound parameters.

use std::borrow::Cow;

use ::clickhouse::query::Query;
use jiff::Timestamp;
use otklik_ports::{EventQuery, PostFilter};

/// A condition; the values in it are parameters, never part of the SQL.
#[derive(Debug, Default)]
pub(super) struct Condition {
    sql: String,
    parameters: Vec<(Cow<'static, str>, Value)>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
}

impl Condition {
    /// The posts of a filter.
    pub(super) fn posts(filter: &PostFilter) -> Self {
        let mut condition = Self::default();
        condition.equal("region", filter.region.as_ref().map(|region| region.as_str()));
        condition.time("published_at >=", "from", filter.from);
        condition.time("published_at <", "to", filter.to);
        condition.equal("event_id", filter.event.as_ref().map(|event| event.as_str()));
        condition.equal("block", filter.block.as_ref().map(|block| block.as_str()));
        if let Some(topic) = &filter.topic {
            condition.text("has(topics, {any_topic:String})", "any_topic", topic.as_str());
        }
        condition.equal("municipality", filter.municipality.as_ref().map(|place| place.as_str()));
        condition.equal("network", filter.network.map(|network| network.as_str()));
        condition.equal("sentiment", filter.sentiment.map(|label| label.as_str()));
        condition.equal("intent", filter.intent.map(|intent| intent.as_str()));
        if let Some((name, value)) = &filter.label {
            condition.text("mapContains(labels, {label:String})", "label", name);
            condition.text("labels[{label:String}] = {label_value:String}", "label_value", value);
        }
        condition
    }

    /// The events of a query.
    pub(super) fn events(query: &EventQuery) -> Self {
        let mut condition = Self::default();
        condition.equal("region", query.region.as_ref().map(|region| region.as_str()));
        condition.time("last_at >=", "from", query.from);
        condition.time("first_at <", "to", query.to);
        condition.equal("block", query.block.as_ref().map(|block| block.as_str()));
        condition.equal("topic", query.topic.as_ref().map(|topic| topic.as_str()));
        condition.equal("municipality", query.municipality.as_ref().map(|place| place.as_str()));
        if query.posts_min > 0 {
            condition.and("posts >= {posts_min:Int64}");
            condition.parameters.push(("posts_min".into(), Value::Number(i64::from(query.posts_min))));
        }
        condition
    }

    /// The condition after `WHERE`.
    pub(super) fn sql(&self) -> &str {
        if self.sql.is_empty() { "1" } else { &self.sql }
    }

    /// Binds the values.
    pub(super) fn bind(&self, query: Query) -> Query {
        self.parameters.iter().fold(query, |query, (name, value)| match value {
            Value::Text(text) => query.param(name, text),
            Value::Texts(texts) => query.param(name, texts),
            Value::Number(number) => query.param(name, number),
        })
    }

    /// Adds texts that a condition names, under a name of their own; gives how SQL names them.
    pub(super) fn texts(&mut self, texts: Vec<String>) -> String {
        let name = format!("texts{}", self.parameters.len());
        let sql = format!("{{{name}:Array(String)}}");
        self.parameters.push((name.into(), Value::Texts(texts)));
        sql
    }

    pub(super) fn equal(&mut self, column: &'static str, value: Option<&str>) {
        match value {
            // An empty text stands for nothing in the tables; nothing equals it.
            Some("") => self.and("0"),
            Some(value) => self.text(&format!("{column} = {{{column}:String}}"), column, value),
            None => {}
        }
    }

    pub(super) fn time(&mut self, comparison: &str, name: &'static str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.and(&format!("{comparison} fromUnixTimestamp64Milli({{{name}:Int64}}, 'UTC')"));
            self.parameters.push((name.to_owned().into(), Value::Number(milliseconds_up(at))));
        }
    }

    fn text(&mut self, sql: &str, name: &'static str, value: &str) {
        self.and(sql);
        self.parameters.push((name.into(), Value::Text(value.to_owned())));
    }

    pub(super) fn and(&mut self, sql: &str) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql);
    }
}

/// A bound in milliseconds since 1970. Times are kept to the millisecond: a bound between two of them means the next one.
pub(super) fn milliseconds_up(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    let ms = ns.div_euclid(1_000_000) + i128::from(ns.rem_euclid(1_000_000) > 0);
    i64::try_from(ms).unwrap_or(i64::MAX)
}
