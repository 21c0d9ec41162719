//! Topics, places and bodies of incidents, as people left them.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    io::Write,
};

use anyhow::Context;
use jiff::Timestamp;
use otklik_domain::{ActionKind, Actor, Change, Incident, PostId, State};
use otklik_ports::{AuditEntry, INCIDENT_PAGE_MAX, IncidentOrder, IncidentQuery, Incidents, Posts};
use serde_json::{Value, json};

use super::{Source, texts};
use crate::{cli::CorrectionOf, jsonl};

/// What a person said of the post behind an incident.
#[derive(Debug)]
struct Label {
    label: String,
    source: Source,
    at: Timestamp,
    post: PostId,
}

/// Writes a line for each text, in order of time; of two judgements of one text the later counts. Gives the number of lines.
///
/// # Errors
/// The stores cannot be read, or the output cannot be written.
pub(super) async fn write(
    of: CorrectionOf,
    incidents: &dyn Incidents,
    posts: &dyn Posts,
    audit: &[AuditEntry],
    output: &mut impl Write,
) -> anyhow::Result<usize> {
    let mut labels = read(of, incidents, audit).await?;
    labels.sort_by(|a, b| (a.at, &a.post).cmp(&(b.at, &b.post)));
    let ids: Vec<PostId> = labels.iter().map(|label| label.post.clone()).collect();
    let texts = texts(posts, &ids).await?;
    let mut latest: HashMap<&str, &Label> = HashMap::new();
    for label in &labels {
        if let Some(text) = texts.get(&label.post) {
            match latest.entry(text) {
                // Who only sends on a copy does not take back what somebody corrected.
                Entry::Occupied(known)
                    if known.get().source == Source::Corrected && label.source != Source::Corrected => {}
                Entry::Occupied(mut known) => _ = known.insert(label),
                Entry::Vacant(place) => _ = place.insert(label),
            }
        }
    }
    let mut lines: Vec<(&str, &Label)> = latest.into_iter().collect();
    lines.sort_by(|(_, a), (_, b)| (a.at, &a.post).cmp(&(b.at, &b.post)));
    for (text, label) in &lines {
        jsonl::write_line(output, &line(of, text, label))?;
    }
    Ok(lines.len())
}

fn line(of: CorrectionOf, text: &str, label: &Label) -> Value {
    let field = match of {
        CorrectionOf::Place => "place",
        CorrectionOf::Body => "body",
        CorrectionOf::Topic | CorrectionOf::Events => "topic",
    };
    let mut line = json!({
        "text": text,
        "source": label.source,
        "post": label.post.as_str(),
        "at": label.at.to_string(),
    });
    if let Some(object) = line.as_object_mut() {
        object.insert(field.to_owned(), label.label.as_str().into());
    }
    line
}

async fn read(of: CorrectionOf, incidents: &dyn Incidents, audit: &[AuditEntry]) -> anyhow::Result<Vec<Label>> {
    const CANNOT: &str = "cannot read the incidents";
    let corrected = corrected(of, audit);
    let mut labels = Vec::new();
    let mut query =
        IncidentQuery { order: IncidentOrder::Opened, limit: INCIDENT_PAGE_MAX, ..IncidentQuery::default() };
    loop {
        let page = incidents.list(&query).await.context(CANNOT)?.incidents;
        if page.is_empty() {
            return Ok(labels);
        }
        query.offset += page.len();
        for incident in &page {
            let history = incidents.history(&incident.id).await.context(CANNOT)?;
            labels.extend(match of {
                CorrectionOf::Body => body(incident, &history),
                _ => subject(of, incident, &history, corrected.get(incident.id.as_str()).copied()),
            });
        }
    }
}

/// When an incident's topic, or its place, was last changed by a person, by incident. The history does not say; the audit
/// trail does: `version 2, topic roads.potholes, municipality demo.a`.
fn corrected(of: CorrectionOf, audit: &[AuditEntry]) -> BTreeMap<&str, Timestamp> {
    let part = if of == CorrectionOf::Place { "municipality " } else { "topic " };
    let is_correction = |entry: &&AuditEntry| {
        entry.action == "incident.triage" && entry.details.split(", ").any(|detail| detail.starts_with(part))
    };
    audit.iter().filter(is_correction).map(|entry| (entry.subject.as_str(), entry.at)).collect()
}

/// The topic or the place of an incident, when a person changed it, or triaged or sent the incident on as it was.
fn subject(of: CorrectionOf, incident: &Incident, history: &[Change], corrected: Option<Timestamp>) -> Option<Label> {
    let label = match of {
        CorrectionOf::Place => incident.municipality.as_ref().map(ToString::to_string),
        _ => incident.topic.as_ref().map(ToString::to_string),
    };
    let sent_on = history
        .iter()
        .rfind(|change| is_by_person(change) && matches!(change.action, ActionKind::Triage | ActionKind::Route));
    let (source, at) = match (corrected, sent_on) {
        (Some(at), _) => (Source::Corrected, at),
        // Nobody answers for what became of it.
        _ if incident.state == State::NotIncident => return None,
        (None, Some(change)) => (Source::Confirmed, change.at),
        (None, None) => return None,
    };
    Some(Label { label: label?, source, at, post: incident.post.clone() })
}

/// The body a person sent an incident to, unless it came back and went nowhere since.
fn body(incident: &Incident, history: &[Change]) -> Option<Label> {
    let sent = |change: &Change| change.action == ActionKind::Route;
    let returned = |change: &Change| change.action == ActionKind::Return;
    let last = history.iter().rfind(|change| sent(change) || returned(change))?;
    if !sent(last) || !is_by_person(last) || incident.state == State::NotIncident {
        return None;
    }
    let source = if history.iter().any(returned) { Source::Corrected } else { Source::Confirmed };
    Some(Label { label: last.agency.as_ref()?.to_string(), source, at: last.at, post: incident.post.clone() })
}

fn is_by_person(change: &Change) -> bool {
    change.actor != Actor::system().name
}
