//! The rows a batch comes to, put together first and written table by table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use otklik_domain::{Answer, Change, EventId, Incident, IncidentId};
use otklik_wire as wire;

use super::Stored;
use crate::{
    postgres::{
        columns::{Columns, Kind, Rows, Value, from_rows, insert},
        connections::Session,
        failure::Result,
        rows::{self, INCIDENT},
    },
    sql::{
        incident::searched_text,
        integer, json,
        tally::{Kind as TallyKind, Tally},
    },
};

const TEXTS: &Columns = &[("n", Kind::Integer), ("text", Kind::Text)];
const LINKS: &Columns = &[("event", Kind::Text), ("n", Kind::Integer)];
const CHANGES: &Columns = &[
    ("n", Kind::Integer),
    ("version", Kind::Integer),
    ("at", Kind::Time),
    ("actor", Kind::Text),
    ("action", Kind::Text),
    ("from_state", Kind::Text),
    ("to_state", Kind::Text),
    ("note", Kind::Text),
    ("agency", Kind::Text),
];
const ANSWERS: &Columns =
    &[("n", Kind::Integer), ("at", Kind::Time), ("kind", Kind::Text), ("text", Kind::Text), ("url", Kind::Text)];
const COUNTS: &Columns =
    &[("id", Kind::Text), ("posts", Kind::Integer), ("authors", Kind::Integer), ("risk", Kind::Real)];
const OUTBOX: &Columns = &[("at", Kind::Time), ("incident", Kind::Text), ("change", Kind::Text)];
const TALLY: &Columns = &[
    ("region", Kind::Text),
    ("state", Kind::Text),
    ("agency", Kind::Text),
    ("block", Kind::Text),
    ("municipality", Kind::Text),
    ("severity", Kind::Integer),
    ("overdue", Kind::Flag),
    ("answered", Kind::Flag),
    ("rating", Kind::Integer),
    ("n", Kind::Integer),
];

type Row = Vec<Value<'static>>;

/// Rows to be written.
#[derive(Default)]
pub(super) struct Draft {
    /// Incidents that changed, in order.
    pub(super) changed: Vec<IncidentId>,
    pub(super) tally: Tally,
    /// The last text of each incident.
    texts: BTreeMap<i64, String>,
    links: Vec<Row>,
    changes: Vec<Row>,
    answers: Vec<Row>,
    incidents: Vec<Row>,
    counts: Vec<Row>,
    outbox: Vec<Row>,
}

impl Draft {
    pub(super) fn text(&mut self, n: i64, incident: &Incident) {
        self.texts.insert(n, searched_text(incident));
    }

    pub(super) fn link(&mut self, event: &EventId, n: i64) {
        self.links.push(vec![text(event.as_str()), Value::Integer(n)]);
    }

    /// Notes a change and puts it into the outbox.
    pub(super) fn change(&mut self, n: i64, incident: &Incident, change: &Change) -> Result<()> {
        let Change { version, at, actor, action, from, to, note, agency } = change;
        self.changes.push(vec![
            Value::Integer(n),
            Value::Integer(integer(*version)?),
            (*at).into(),
            text(actor),
            text(action.as_str()),
            text(from.as_str()),
            text(to.as_str()),
            text(note),
            agency.as_ref().map(ToString::to_string).into(),
        ]);
        let after = json(&wire::Incident::from(incident))?;
        self.outbox.push(vec![(*at).into(), after.into(), json(&wire::Change::from(change))?.into()]);
        Ok(())
    }

    pub(super) fn answer(&mut self, n: i64, at: Timestamp, answer: &Answer) {
        let Answer { kind, text: words, url } = answer;
        self.answers.push(vec![Value::Integer(n), at.into(), text(kind.as_str()), text(words), url.clone().into()]);
    }

    /// An incident after all that the batch does with it.
    pub(super) fn put(&mut self, id: &IncidentId, stored: &Stored) -> Result<()> {
        if let Some(incident) = &stored.incident {
            self.incidents.push(rows::values(incident, stored.answered)?);
        }
        if let Some(counts) = &stored.counts {
            let (posts, authors) = (Value::Integer(counts.posts.into()), Value::Integer(counts.authors.into()));
            self.counts.push(vec![text(id.as_str()), posts, authors, Value::Real(counts.risk.into())]);
        }
        Ok(())
    }

    /// Writes what belongs to one incident each.
    pub(super) async fn write(&mut self, session: &Session) -> Result<()> {
        write(session, &update(INCIDENT), INCIDENT, self.incidents.drain(..)).await?;
        write(session, &update(COUNTS), COUNTS, self.counts.drain(..)).await?;
        let same = "ON CONFLICT (n) DO UPDATE SET text = excluded.text WHERE incident_texts.text <> excluded.text";
        let texts = std::mem::take(&mut self.texts).into_iter();
        let texts = texts.map(|(n, text)| vec![Value::Integer(n), text.into()]);
        write(session, &insert("incident_texts", TEXTS, same), TEXTS, texts).await?;
        let once = "ON CONFLICT DO NOTHING";
        write(session, &insert("incident_events", LINKS, once), LINKS, self.links.drain(..)).await?;
        write(session, &insert("changes", CHANGES, ""), CHANGES, self.changes.drain(..)).await?;
        write(session, &insert("answers", ANSWERS, ""), ANSWERS, self.answers.drain(..)).await
    }

    /// Writes what all writers share: the outbox and the tally.
    pub(super) async fn write_shared(&mut self, session: &Session) -> Result<()> {
        write(session, &insert("outbox", OUTBOX, ""), OUTBOX, self.outbox.drain(..)).await?;
        let keys: Vec<&str> = TALLY.iter().map(|(name, _)| *name).filter(|name| *name != "n").collect();
        let add = format!("ON CONFLICT ({}) DO UPDATE SET n = tally.n + excluded.n", keys.join(", "));
        let changed = self.tally.changed().map(|(kind, change)| tallied(kind, change));
        write(session, &insert("tally", TALLY, &add), TALLY, changed).await?;
        let same: Vec<String> = keys.iter().map(|key| format!("tally.{key} = rows.{key}")).collect();
        let tidy = format!("DELETE FROM tally USING {} WHERE tally.n = 0 AND {}", from_rows(TALLY), same.join(" AND "));
        let fewer = self.tally.changed().filter(|(_, change)| *change < 0);
        write(session, &tidy, TALLY, fewer.map(|(kind, change)| tallied(kind, change))).await
    }
}

/// Runs a statement over rows, unless there are none.
async fn write(session: &Session, sql: &str, columns: &Columns, rows: impl Iterator<Item = Row>) -> Result<()> {
    let mut all = Rows::of_columns(columns);
    for row in rows {
        all.push(row)?;
    }
    if !all.is_empty() {
        session.execute(sql, &all.values()).await?;
    }
    Ok(())
}

/// Puts rows in the place of those with the same id.
fn update(columns: &Columns) -> String {
    let set = columns.iter().filter(|(name, _)| *name != "id").map(|(name, _)| format!("{name} = rows.{name}"));
    let set: Vec<String> = set.collect();
    format!("UPDATE incidents SET {} FROM {} WHERE incidents.id = rows.id", set.join(", "), from_rows(columns))
}

fn tallied(kind: &TallyKind, change: i64) -> Row {
    let TallyKind { region, state, agency, block, municipality, severity, overdue, answered, rating } = kind;
    vec![
        text(region),
        text(state),
        text(agency),
        text(block),
        text(municipality),
        Value::Integer((*severity).into()),
        Value::Flag(*overdue),
        Value::Flag(*answered),
        Value::Integer((*rating).into()),
        Value::Integer(change),
    ]
}

fn text(text: &str) -> Value<'static> {
    Value::from(text.to_owned())
}
