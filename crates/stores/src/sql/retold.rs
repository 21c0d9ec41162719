//! Incidents told anew: a post was deleted at its source, and its words leave what was told of the incident before.

use std::collections::BTreeMap;

use otklik_domain::{ActionKind, IncidentId};
use otklik_ports::{IncidentBatch, PortResult};
use otklik_wire as wire;

use super::{Damaged, from_json, json};

/// Title and summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) title: String,
    pub(crate) summary: String,
}

/// The incidents a batch tells anew, and how they end up.
pub(crate) fn retold(batch: &IncidentBatch) -> BTreeMap<&IncidentId, Telling> {
    let is_retold = |kind: Option<ActionKind>| kind == Some(ActionKind::Retell);
    let steps = batch.steps.iter().filter(|step| is_retold(step.change.as_ref().map(|change| change.action)));
    let tellings = steps.map(|step| {
        let incident = &step.incident;
        (&incident.id, Telling { title: incident.title.clone(), summary: incident.summary.clone() })
    });
    tellings.collect()
}

/// An entry of the outbox with the new words.
pub(crate) fn entry(incident: &str, after: &Telling) -> Result<PortResult<String>, Damaged> {
    let mut told: wire::Incident = from_json(incident, "an entry of the outbox")?;
    (told.title, told.summary) = (after.title.clone(), after.summary.clone());
    Ok(json(&told))
}

/// A reply that was kept, with the new words in place of the old ones: both as JSON has them.
pub(crate) fn reply(body: &str, before: &Telling, after: &Telling) -> PortResult<String> {
    let mut body = body.to_owned();
    for (old, new) in [(&before.summary, &after.summary), (&before.title, &after.title)] {
        body = body.replace(&json(old)?, &json(new)?);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_lose_the_old_words() {
        let telling = |title: &str, summary: &str| Telling { title: title.to_owned(), summary: summary.to_owned() };
        let check = |body: &str, expected: &str| {
            let reply = reply(body, &telling("Яма \"во дворе\"", "Яма. Глубокая."), &telling("Ямы", "")).unwrap();
            assert_eq!(reply, expected);
        };
        check(
            r#"{"id":"i-1","title":"Яма \"во дворе\"","summary":"Яма. Глубокая."}"#,
            r#"{"id":"i-1","title":"Ямы","summary":""}"#,
        );
        check(r#"{"id":"i-1","note":"Яма. Глубокая. Здесь."}"#, r#"{"id":"i-1","note":"Яма. Глубокая. Здесь."}"#);
    }
}
