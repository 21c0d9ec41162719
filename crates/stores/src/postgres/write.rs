//! Writing a batch of incidents, inside a transaction.
//!
//! First everything that belongs to one incident, under the locks of the rows. What all writers share comes last, behind
//! one advisory lock that ends with the transaction: the outbox, so that its sequences become visible in their order; the
//! tally, whose rows would otherwise be locked crosswise; and the notice to other processes.

mod draft;
mod retell;

use std::collections::{BTreeMap, BTreeSet};

use otklik_domain::{AnswerKind, Incident, IncidentId};
use otklik_ports::{ErrorKind, IdempotentReply, IncidentBatch, NewIncident, REPLIES_KEPT_DAYS, Refresh, Step};

use self::{draft::Draft, retell::Retold};
use super::{
    changes,
    columns::{Micros, Rows, Text, insert},
    connections::Session,
    desk,
    failure::{Failure, Result, refused},
    rows::{self, Answered, RowFields},
};
use crate::sql::{Fields, integer, tally::Kind as TallyKind};

/// The advisory lock of what all writers share.
const LOCK: i64 = 0x6f74_6b6c_696b_0002;
const DAY_MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;

/// Writes a batch for the process of a name; gives the incidents that changed, in order.
pub(super) async fn write(session: &Session, batch: &IncidentBatch, process: &str) -> Result<Vec<IncidentId>> {
    let mut draft = Draft::default();
    open(session, &batch.opened, &mut draft).await?;
    let mut stored = lock(session, batch).await?;
    let retold = Retold::of(session, batch).await?;
    for step in &batch.steps {
        take_step(&mut stored, &mut draft, step)?;
    }
    for counts in &batch.refreshed {
        known(&mut stored, &counts.id)?.counts = Some(counts.clone());
        draft.changed.push(counts.id.clone());
    }
    for (event, id) in &batch.joined {
        let n = known(&mut stored, id)?.n;
        draft.link(event, n);
    }
    for (id, stored) in &stored {
        draft.put(id, stored)?;
    }
    draft.write(session).await?;
    if let Some((consumer, position)) = &batch.checkpoint {
        let sql = "INSERT INTO checkpoints VALUES ($1, $2, $3)
                   ON CONFLICT (consumer, partition) DO UPDATE SET next_offset = excluded.next_offset";
        let (partition, offset) = (i64::from(position.partition), integer(position.offset)?);
        session.execute(sql, &[&Text(consumer), &partition, &offset]).await?;
    }
    desk::audit(session, &batch.audit).await?;
    if let Some(reply) = &batch.reply {
        remember_reply(session, reply).await?;
    }
    if !draft.changed.is_empty() {
        session.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        draft.write_shared(session).await?;
        retold.take_out(session).await?;
        changes::notify(session, process, &draft.changed).await?;
    }
    Ok(draft.changed)
}

/// Opens those incidents that are not there yet. Inserted in the order of ids, as [`lock`] locks: two batches that open the
/// same ones wait, and never crosswise.
async fn open(session: &Session, opened: &[NewIncident], draft: &mut Draft) -> Result<()> {
    if opened.is_empty() {
        return Ok(());
    }
    let mut ordered: Vec<&Incident> = opened.iter().map(|new| &new.incident).collect();
    ordered.sort_by(|one, other| one.id.cmp(&other.id));
    let mut incidents = Rows::of_columns(rows::INCIDENT);
    for incident in ordered {
        incidents.push(rows::values(incident, Answered::default())?)?;
    }
    let sql = insert("incidents", rows::INCIDENT, "ON CONFLICT (id) DO NOTHING RETURNING id, n");
    let mut new: BTreeMap<String, i64> = BTreeMap::new();
    for row in &session.query(&sql, &incidents.values()).await? {
        let mut fields = RowFields { row, next: 0 };
        new.insert(fields.text()?, fields.number()?);
    }
    for NewIncident { incident, change } in opened {
        // Once: another of the same id comes too late.
        let Some(n) = new.remove(incident.id.as_str()) else { continue };
        draft.text(n, incident);
        draft.link(&incident.event, n);
        draft.change(n, incident, change)?;
        draft.tally.add(TallyKind::of(incident, false));
        draft.changed.push(incident.id.clone());
    }
    Ok(())
}

/// An incident as it is stored, locked, and what the batch makes of it.
struct Stored {
    n: i64,
    version: u64,
    posts: u32,
    authors: u32,
    risk: f32,
    answered: Answered,
    kind: TallyKind,
    /// After the steps of the batch.
    incident: Option<Incident>,
    /// New counts, which no step brings back.
    counts: Option<Refresh>,
}

/// Locks what a batch changes, in the order of ids: two batches never wait for one another crosswise.
async fn lock(session: &Session, batch: &IncidentBatch) -> Result<BTreeMap<IncidentId, Stored>> {
    let steps = batch.steps.iter().map(|step| &step.incident.id);
    let refreshed = batch.refreshed.iter().map(|counts| &counts.id);
    let ids: BTreeSet<&IncidentId> = steps.chain(refreshed).chain(batch.joined.iter().map(|(_, id)| id)).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Text<'_>> = ids.into_iter().map(|id| Text(id.as_str())).collect();
    let sql = format!(
        "SELECT id, n, version, posts, authors, risk, first_answer_at, final_answer_at, {}
         FROM incidents WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        TallyKind::COLUMNS
    );
    let mut stored = BTreeMap::new();
    for row in &session.query(&sql, &[&ids]).await? {
        let mut fields = RowFields { row, next: 0 };
        let id = IncidentId::new(fields.text()?);
        let one = Stored {
            n: fields.number()?,
            version: fields.number()?,
            posts: fields.number()?,
            authors: fields.number()?,
            risk: fields.real()? as f32,
            answered: Answered { first: fields.optional_time()?, finally: fields.optional_time()? },
            kind: TallyKind::read(&mut fields)?,
            incident: None,
            counts: None,
        };
        stored.insert(id, one);
    }
    Ok(stored)
}

fn known<'a>(stored: &'a mut BTreeMap<IncidentId, Stored>, id: &IncidentId) -> Result<&'a mut Stored> {
    stored.get_mut(id).ok_or_else(|| unknown(id))
}

fn unknown(id: &IncidentId) -> Failure {
    refused(ErrorKind::NotFound, format!("there is no incident {id}"))
}

fn take_step(stored: &mut BTreeMap<IncidentId, Stored>, draft: &mut Draft, step: &Step) -> Result<()> {
    let id = &step.incident.id;
    let before = known(stored, id)?;
    if step.incident.version != before.version + u64::from(step.change.is_some()) {
        let message = format!(
            "incident {id} is at version {}, so that a step to version {} does not fit",
            before.version, step.incident.version
        );
        return Err(refused(ErrorKind::Conflict, message));
    }
    let Stored { n, posts, authors, risk, .. } = *before;
    let incident = Incident { posts, authors, risk, ..step.incident.clone() };
    draft.text(n, &incident);
    if let Some(answer) = &step.answer {
        let at = step.change.as_ref().map_or(incident.updated_at, |change| change.at);
        before.answered.first.get_or_insert(at);
        if answer.kind == AnswerKind::Final {
            before.answered.finally.get_or_insert(at);
        }
        draft.answer(n, at, answer);
    }
    if let Some(change) = &step.change {
        draft.change(n, &incident, change)?;
    }
    let after = TallyKind::of(&incident, before.answered.finally.is_some());
    draft.tally.take(std::mem::replace(&mut before.kind, after.clone()));
    draft.tally.add(after);
    before.version = incident.version;
    before.incident = Some(incident);
    draft.changed.push(id.clone());
    Ok(())
}

async fn remember_reply(session: &Session, reply: &IdempotentReply) -> Result<()> {
    let IdempotentReply { key, request, status, body, at } = reply;
    let kept_from = Micros(at.as_microsecond() - i64::from(REPLIES_KEPT_DAYS) * DAY_MICROSECONDS);
    session.execute("DELETE FROM replies WHERE at < $1", &[&kept_from]).await?;
    let sql = "INSERT INTO replies VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING";
    if session.execute(sql, &[&Text(key), &Text(request), &i64::from(*status), &Text(body), &Micros::from(*at)]).await?
        == 0
    {
        return Err(refused(ErrorKind::Conflict, "there is a reply for this idempotency key already"));
    }
    Ok(())
}
