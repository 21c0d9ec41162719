//! Everything beside the incident itself, as rows: its history and answers, the outbox, the desk.

use jiff::Timestamp;
use otklik_domain::{AgencyId, Answer, Change};
use otklik_ports::{
    Account, AuditEntry, Delivery, DeliveryResult, IdempotentReply, OutboxEntry, Session, Token, Webhook,
};
use otklik_wire as wire;

use super::{Damaged, Fields, Record, from_json};

impl Record for Change {
    const COLUMNS: &'static str =
        "changes.version, changes.at, actor, action, from_state, to_state, note, changes.agency";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            version: fields.number()?,
            at: fields.time()?,
            actor: fields.text()?,
            action: fields.named("the action of a change")?,
            from: fields.named("the state of a change")?,
            to: fields.named("the state of a change")?,
            note: fields.text()?,
            agency: fields.optional_text()?.map(AgencyId::new),
        })
    }
}

impl Record for (Timestamp, Answer) {
    const COLUMNS: &'static str = "answers.at, kind, answers.text, url";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        let at = fields.time()?;
        let kind = fields.named("the kind of an answer")?;
        Ok((at, Answer { kind, text: fields.text()?, url: fields.optional_text()? }))
    }
}

impl Record for OutboxEntry {
    const COLUMNS: &'static str = "sequence, incident, change";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        const WHAT: &str = "an entry of the outbox";
        let sequence = fields.number()?;
        let incident: wire::Incident = from_json(&fields.text()?, WHAT)?;
        let change: wire::Change = from_json(&fields.text()?, WHAT)?;
        Ok(Self {
            sequence,
            incident: incident.try_into().map_err(|_| Damaged(WHAT))?,
            change: change.try_into().map_err(|_| Damaged(WHAT))?,
        })
    }
}

impl Record for Webhook {
    const COLUMNS: &'static str = "id, url, agency, actions, secret, active, delivered_to";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            id: fields.text()?,
            url: fields.text()?,
            agency: fields.optional_text()?.map(AgencyId::new),
            actions: from_json(&fields.text()?, "the actions of a webhook")?,
            secret: fields.text()?,
            active: fields.flag()?,
            delivered_to: fields.number()?,
        })
    }
}

impl Record for Delivery {
    const COLUMNS: &'static str = "webhook, sequence, attempt, at, result, status";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            webhook: fields.text()?,
            sequence: fields.number()?,
            attempt: fields.number()?,
            at: fields.time()?,
            result: result_of(&fields.text()?, fields.optional_number()?)?,
        })
    }
}

/// How an attempt ended: the name it is stored under, and the status of a reply.
pub(crate) fn name_of(result: &DeliveryResult) -> (&'static str, Option<u16>) {
    match result {
        DeliveryResult::Succeeded => ("succeeded", None),
        DeliveryResult::HttpError { status } => ("http_error", Some(*status)),
        DeliveryResult::Unreachable => ("unreachable", None),
        DeliveryResult::TimedOut => ("timed_out", None),
        DeliveryResult::Refused => ("refused", None),
    }
}

fn result_of(name: &str, status: Option<u16>) -> Result<DeliveryResult, Damaged> {
    match (name, status) {
        ("succeeded", _) => Ok(DeliveryResult::Succeeded),
        ("http_error", Some(status)) => Ok(DeliveryResult::HttpError { status }),
        ("unreachable", _) => Ok(DeliveryResult::Unreachable),
        ("timed_out", _) => Ok(DeliveryResult::TimedOut),
        ("refused", _) => Ok(DeliveryResult::Refused),
        _ => Err(Damaged("the result of a delivery")),
    }
}

impl Record for Account {
    const COLUMNS: &'static str = "login, name, role, agency, password_hash, active";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            login: fields.text()?,
            name: fields.text()?,
            role: fields.named("the role of an account")?,
            agency: fields.optional_text()?.map(AgencyId::new),
            password_hash: fields.text()?,
            active: fields.flag()?,
        })
    }
}

impl Record for Session {
    const COLUMNS: &'static str = "hash, login, expires_at";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self { hash: fields.text()?, login: fields.text()?, expires_at: fields.time()? })
    }
}

impl Record for Token {
    const COLUMNS: &'static str = "name, hash, role, agency, created_at, expires_at, revoked";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            name: fields.text()?,
            hash: fields.text()?,
            role: fields.named("the role of a token")?,
            agency: fields.optional_text()?.map(AgencyId::new),
            created_at: fields.time()?,
            expires_at: fields.optional_time()?,
            revoked: fields.flag()?,
        })
    }
}

impl Record for IdempotentReply {
    const COLUMNS: &'static str = "key, request, status, body, at";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            key: fields.text()?,
            request: fields.text()?,
            status: fields.number()?,
            body: fields.text()?,
            at: fields.time()?,
        })
    }
}

impl Record for AuditEntry {
    const COLUMNS: &'static str = "at, actor, action, subject, details";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            at: fields.time()?,
            actor: fields.text()?,
            action: fields.text()?,
            subject: fields.text()?,
            details: fields.text()?,
        })
    }
}
