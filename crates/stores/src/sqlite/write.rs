//! Writing a batch of incidents, inside a transaction.

use std::collections::BTreeMap;

use otklik_domain::{AnswerKind, Change, EventId, Incident, IncidentId};
use otklik_ports::{
    AuditEntry, ErrorKind, IdempotentReply, IncidentBatch, NewIncident, REPLIES_KEPT_DAYS, Refresh, Step,
};
use otklik_wire as wire;
use rusqlite::{Connection, OptionalExtension, params, types::FromSql};

use super::{
    failure::{Failure, Result, refused},
    rows::{self, RowFields},
    tally,
};
use crate::sql::{
    Fields,
    incident::searched_text,
    integer, json,
    retold::{self, Telling},
    tally::{Kind, Tally},
};

const DAY_MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;

/// Writes a batch; gives the incidents that changed, in order.
pub(super) fn write(connection: &Connection, batch: &IncidentBatch) -> Result<Vec<IncidentId>> {
    let mut tally = Tally::default();
    let mut changed = Vec::new();
    for new in &batch.opened {
        if open(connection, &mut tally, new)? {
            changed.push(new.incident.id.clone());
        }
    }
    let retold = retold::retold(batch);
    let before = retold.keys().map(|id| Ok((*id, telling(connection, id)?))).collect::<Result<BTreeMap<_, _>>>()?;
    for step in &batch.steps {
        take_step(connection, &mut tally, step)?;
        changed.push(step.incident.id.clone());
    }
    for (id, after) in &retold {
        retell(connection, id, before.get(id), after)?;
    }
    for counts in &batch.refreshed {
        refresh(connection, counts)?;
        changed.push(counts.id.clone());
    }
    for (event, id) in &batch.joined {
        let n = number_of(connection, id)?;
        link(connection, event, n)?;
    }
    tally::write(connection, &tally)?;
    if let Some((consumer, position)) = &batch.checkpoint {
        let mut statement = connection.prepare_cached(
            "INSERT INTO checkpoints VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
        )?;
        statement.execute(params![consumer, position.partition, integer(position.offset)?])?;
    }
    audit(connection, &batch.audit)?;
    if let Some(reply) = &batch.reply {
        remember_reply(connection, reply)?;
    }
    Ok(changed)
}

/// Adds lines to the audit trail.
pub(super) fn audit(connection: &Connection, entries: &[AuditEntry]) -> Result<()> {
    let mut statement = connection
        .prepare_cached("INSERT INTO audit (at, actor, action, subject, details) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for AuditEntry { at, actor, action, subject, details } in entries {
        statement.execute(params![at.as_microsecond(), actor, action, subject, details])?;
    }
    Ok(())
}

/// Opens an incident; says whether it was not there yet.
fn open(connection: &Connection, tally: &mut Tally, new: &NewIncident) -> Result<bool> {
    let NewIncident { incident, change } = new;
    if rows::write(connection, &rows::INSERT, incident)? == 0 {
        return Ok(false);
    }
    let n = connection.last_insert_rowid();
    write_text(connection, n, incident)?;
    link(connection, &incident.event, n)?;
    write_change(connection, n, incident, change)?;
    tally.add(Kind::of(incident, false));
    Ok(true)
}

/// What a step needs to know of the incident as it is stored.
struct Before {
    n: i64,
    version: u64,
    posts: u32,
    authors: u32,
    risk: f64,
    text: String,
    answered: bool,
    kind: Kind,
}

fn before(connection: &Connection, id: &IncidentId) -> Result<Before> {
    let sql = format!(
        "SELECT incidents.n, version, posts, authors, risk, text, final_answer_at IS NOT NULL, {}
         FROM incidents JOIN incident_texts ON incident_texts.n = incidents.n WHERE id = ?1",
        Kind::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_str()])?;
    let row = rows.next()?.ok_or_else(|| unknown(id))?;
    let mut fields = RowFields { row, next: 0 };
    Ok(Before {
        n: fields.number()?,
        version: fields.number()?,
        posts: fields.number()?,
        authors: fields.number()?,
        risk: fields.real()?,
        text: fields.text()?,
        answered: fields.flag()?,
        kind: Kind::read(&mut fields)?,
    })
}

fn take_step(connection: &Connection, tally: &mut Tally, step: &Step) -> Result<()> {
    let id = &step.incident.id;
    let before = before(connection, id)?;
    if step.incident.version != before.version + u64::from(step.change.is_some()) {
        let message = format!(
            "incident {id} is at version {}, so that a step to version {} does not fit",
            before.version, step.incident.version
        );
        return Err(refused(ErrorKind::Conflict, message));
    }
    let Before { n, posts, authors, risk, .. } = before;
    let incident = Incident { posts, authors, risk: risk as f32, ..step.incident.clone() };
    rows::write(connection, &rows::UPDATE, &incident)?;
    if before.text != searched_text(&incident) {
        write_text(connection, n, &incident)?;
    }
    let mut answered = before.answered;
    if let Some(answer) = &step.answer {
        let at = step.change.as_ref().map_or(incident.updated_at, |change| change.at).as_microsecond();
        let mut statement =
            connection.prepare_cached("INSERT INTO answers (n, at, kind, text, url) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        statement.execute(params![n, at, answer.kind.as_str(), answer.text, answer.url])?;
        let finally = answer.kind == AnswerKind::Final;
        let mut statement = connection.prepare_cached(
            "UPDATE incidents SET first_answer_at = ifnull(first_answer_at, ?2),
             final_answer_at = ifnull(final_answer_at, iif(?3, ?2, NULL)) WHERE n = ?1",
        )?;
        statement.execute(params![n, at, finally])?;
        answered |= finally;
    }
    if let Some(change) = &step.change {
        write_change(connection, n, &incident, change)?;
    }
    tally.take(before.kind);
    tally.add(Kind::of(&incident, answered));
    Ok(())
}

fn telling(connection: &Connection, id: &IncidentId) -> Result<Telling> {
    let mut statement = connection.prepare_cached("SELECT title, summary FROM incidents WHERE id = ?1")?;
    let telling = |row: &rusqlite::Row<'_>| Ok(Telling { title: row.get(0)?, summary: row.get(1)? });
    statement.query_row([id.as_str()], telling).optional()?.ok_or_else(|| unknown(id))
}

/// Takes the words an incident was told with out of the outbox and the replies kept.
fn retell(connection: &Connection, id: &IncidentId, before: Option<&Telling>, after: &Telling) -> Result<()> {
    let sql = "SELECT sequence, incident FROM outbox WHERE json_extract(incident, '$.id') = ?1";
    for (sequence, told) in texts::<i64>(connection, sql, id)? {
        let mut statement = connection.prepare_cached("UPDATE outbox SET incident = ?2 WHERE sequence = ?1")?;
        statement.execute(params![sequence, retold::entry(&told, after)??])?;
    }
    let Some(before) = before else { return Ok(()) };
    for (key, body) in texts::<String>(connection, "SELECT key, body FROM replies WHERE instr(body, ?1) > 0", id)? {
        let mut statement = connection.prepare_cached("UPDATE replies SET body = ?2 WHERE key = ?1")?;
        statement.execute(params![key, retold::reply(&body, before, after)?])?;
    }
    Ok(())
}

/// Rows of a key and a text that concern an incident.
fn texts<T: FromSql>(connection: &Connection, sql: &str, id: &IncidentId) -> Result<Vec<(T, String)>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn refresh(connection: &Connection, Refresh { id, posts, authors, risk }: &Refresh) -> Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE incidents SET posts = ?2, authors = ?3, risk = ?4 WHERE id = ?1")?;
    if statement.execute(params![id.as_str(), posts, authors, f64::from(*risk)])? == 0 {
        return Err(unknown(id));
    }
    Ok(())
}

/// Notes a change and puts it into the outbox.
fn write_change(connection: &Connection, n: i64, incident: &Incident, change: &Change) -> Result<()> {
    let Change { version, at, actor, action, from, to, note, agency } = change;
    let mut statement = connection.prepare_cached("INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    statement.execute(params![
        n,
        integer(*version)?,
        at.as_microsecond(),
        actor,
        action.as_str(),
        from.as_str(),
        to.as_str(),
        note,
        agency.as_ref().map(|agency| agency.as_str()),
    ])?;
    let mut statement = connection.prepare_cached("INSERT INTO outbox (at, incident, change) VALUES (?1, ?2, ?3)")?;
    let after = json(&wire::Incident::from(incident))?;
    statement.execute(params![at.as_microsecond(), after, json(&wire::Change::from(change))?])?;
    Ok(())
}

fn write_text(connection: &Connection, n: i64, incident: &Incident) -> Result<()> {
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO incident_texts VALUES (?1, ?2)")?;
    statement.execute(params![n, searched_text(incident)])?;
    Ok(())
}

fn link(connection: &Connection, event: &EventId, n: i64) -> Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT INTO incident_events (event, n) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    statement.execute(params![event.as_str(), n])?;
    Ok(())
}

fn number_of(connection: &Connection, id: &IncidentId) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT n FROM incidents WHERE id = ?1")?;
    statement.query_row([id.as_str()], |row| row.get(0)).optional()?.ok_or_else(|| unknown(id))
}

fn remember_reply(connection: &Connection, reply: &IdempotentReply) -> Result<()> {
    let IdempotentReply { key, request, status, body, at } = reply;
    let kept_from = at.as_microsecond() - i64::from(REPLIES_KEPT_DAYS) * DAY_MICROSECONDS;
    connection.prepare_cached("DELETE FROM replies WHERE at < ?1")?.execute([kept_from])?;
    let mut statement =
        connection.prepare_cached("INSERT INTO replies VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?;
    if statement.execute(params![key, request, status, body, at.as_microsecond()])? == 0 {
        return Err(refused(ErrorKind::Conflict, "there is a reply for this idempotency key already"));
    }
    Ok(())
}

fn unknown(id: &IncidentId) -> Failure {
    refused(ErrorKind::NotFound, format!("there is no incident {id}"))
}
