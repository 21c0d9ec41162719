//! Incidents told anew: their old words leave the outbox and the replies kept.

use std::collections::BTreeMap;

use otklik_domain::IncidentId;
use otklik_ports::IncidentBatch;

use crate::{
    postgres::{columns::Text, connections::Session, failure::Result, rows::RowFields},
    sql::{
        Fields,
        retold::{self, Telling},
    },
};

/// What a batch tells anew: the words before it, and after.
pub(super) struct Retold<'a> {
    after: BTreeMap<&'a IncidentId, Telling>,
    before: BTreeMap<String, Telling>,
}

impl<'a> Retold<'a> {
    /// Reads the words as they are. The rows are locked already.
    pub(super) async fn of(session: &Session, batch: &'a IncidentBatch) -> Result<Self> {
        let mut retold = Self { after: retold::retold(batch), before: BTreeMap::new() };
        if retold.after.is_empty() {
            return Ok(retold);
        }
        let ids: Vec<Text<'_>> = retold.after.keys().map(|id| Text(id.as_str())).collect();
        let sql = "SELECT id, title, summary FROM incidents WHERE id = ANY($1)";
        for row in &session.query(sql, &[&ids]).await? {
            let mut fields = RowFields { row, next: 0 };
            let id = fields.text()?;
            retold.before.insert(id, Telling { title: fields.text()?, summary: fields.text()? });
        }
        Ok(retold)
    }

    /// Takes the words before out of what was told. After all else, so that entries of this batch are among it.
    pub(super) async fn take_out(&self, session: &Session) -> Result<()> {
        for (id, after) in &self.after {
            let sql =
                r#"SELECT sequence, incident FROM outbox WHERE substring(incident FROM '^\{"id":"([^"]*)"') = $1"#;
            for row in &session.query(sql, &[&Text(id.as_str())]).await? {
                let mut fields = RowFields { row, next: 0 };
                let (sequence, told): (i64, _) = (fields.number()?, fields.text()?);
                let told = retold::entry(&told, after)??;
                let sql = "UPDATE outbox SET incident = $2 WHERE sequence = $1";
                session.execute(sql, &[&sequence, &Text(&told)]).await?;
            }
            let Some(before) = self.before.get(id.as_str()) else { continue };
            let sql = "SELECT key, body FROM replies WHERE position($1 IN body) > 0";
            for row in &session.query(sql, &[&Text(id.as_str())]).await? {
                let mut fields = RowFields { row, next: 0 };
                let (key, body) = (fields.text()?, fields.text()?);
                let body = retold::reply(&body, before, after)?;
                session.execute("UPDATE replies SET body = $2 WHERE key = $1", &[&Text(&key), &Text(&body)]).await?;
            }
        }
        Ok(())
    }
}
