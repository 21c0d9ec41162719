//! The simulated staff of the demonstration: the centre's operators and people of the bodies, who look at most incidents of
//! the day and answer. They act through the same service as everybody, and know no more than the desk shows.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Action, ActionKind, Actor, Answer, AnswerKind, Incident, IncidentId, OpenedBy, Role, State};
use otklik_ports::{INCIDENT_PAGE_MAX, IncidentOrder, IncidentQuery};
use otklik_web::{
    App,
    service::incidents::{ActRequest, act, list},
};
use serde::Deserialize;

use super::day::random::Random;

/// Login of the centre's people.
const OPERATOR: &str = "operator";
/// Name of the people of bodies.
const AGENCY: &str = "дежурный";

/// Incidents sent back by a body this long before the staff leave are still waiting for another.
const SENT_BACK_LATE: SignedDuration = SignedDuration::from_hours(4);

/// What staff write: `pipelines/demo/staff.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    interim: Vec<String>,
    #[serde(rename = "final")]
    final_: Vec<String>,
    returned: Vec<String>,
    postponed: Vec<String>,
    not_incident: Vec<String>,
    note: Vec<String>,
}

/// What somebody is going to do with an incident.
#[derive(Debug, Clone)]
struct Planned {
    at: Timestamp,
    by: Role,
    action: Action,
}

/// The staff and what they have in mind.
#[derive(Debug)]
pub(crate) struct Staff {
    words: Words,
    /// Incidents opened from here on are left to whoever looks at the demonstration.
    leaves_at: Timestamp,
    plans: BTreeMap<IncidentId, Vec<Planned>>,
}

impl Staff {
    /// Staff who touch nothing that is opened at `leaves_at` or later.
    ///
    /// # Errors
    /// The file of their words has a mistake.
    pub(crate) fn new(leaves_at: Timestamp) -> anyhow::Result<Self> {
        const WORDS: &str = include_str!("../../../../pipelines/demo/staff.toml");
        let words = toml::from_str(WORDS).context("pipelines/demo/staff.toml")?;
        Ok(Self { words, leaves_at, plans: BTreeMap::new() })
    }

    /// Lets everybody do what they would have done by now.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn work(&mut self, app: &App, now: Timestamp) -> anyhow::Result<()> {
        for incident in opened(app).await? {
            if incident.opened_at >= self.leaves_at {
                continue;
            }
            let (words, leaves_at) = (&self.words, self.leaves_at);
            let plan = self.plans.entry(incident.id.clone()).or_insert_with(|| plan(&incident, words, leaves_at));
            let due = plan.iter().take_while(|planned| planned.at <= now).count();
            if due == 0 {
                continue;
            }
            for planned in plan.drain(..due).collect::<Vec<_>>() {
                carry_out(app, &incident.id, planned).await?;
            }
        }
        Ok(())
    }
}

/// Every incident that is not done with, the latest opened first.
async fn opened(app: &App) -> anyhow::Result<Vec<Incident>> {
    let mut query =
        IncidentQuery { order: IncidentOrder::Opened, limit: INCIDENT_PAGE_MAX, ..IncidentQuery::default() };
    query.filter.states =
        State::ALL.iter().copied().filter(|state| !state.is_final() || *state == State::Rated).collect();
    let mut found = Vec::new();
    loop {
        let page = list(app, &Actor::system(), query.clone()).await.map_err(failed)?;
        let last = page.incidents.len() < query.limit;
        query.offset += page.incidents.len();
        found.extend(page.incidents);
        if last {
            return Ok(found);
        }
    }
}

/// Does what was planned, if the incident still is where it can be done: others act too.
async fn carry_out(app: &App, id: &IncidentId, planned: Planned) -> anyhow::Result<()> {
    let Some(incident) = app.ports.incidents.get(id).await? else { return Ok(()) };
    let kind = match planned.action {
        Action::Rate { score } if score <= 2 => ActionKind::RateBad,
        ref other => other.kind(),
    };
    if kind.leads_to(incident.state).is_none() {
        return Ok(());
    }
    let actor = match planned.by {
        Role::Agency => Actor { name: AGENCY.to_owned(), role: Role::Agency, agency: incident.agency.clone() },
        role => Actor { name: OPERATOR.to_owned(), role, agency: None },
    };
    let action = match planned.action {
        Action::Route { .. } => match incident.agency.clone() {
            Some(agency) => Action::Route { agency, why: incident.route.clone() },
            None => return Ok(()),
        },
        other => other,
    };
    let request = ActRequest { id: id.clone(), action, expected_version: Some(incident.version), key: None };
    match act(app, &actor, request).await {
        Ok(_) | Err(otklik_web::Error::Refused(_) | otklik_web::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: otklik_web::Error) -> anyhow::Error {
    anyhow::anyhow!("the simulated staff could not work: {}", error.message())
}

/// What will be done with an incident, and when: chosen by its id, so that every run tells the same story.
fn plan(incident: &Incident, words: &Words, leaves_at: Timestamp) -> Vec<Planned> {
    let seed = incident
        .id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut plan = Plan { random: Random::new(seed), at: incident.opened_at, steps: Vec::new(), incident };
    let path = plan.random.below(100);
    if incident.topic.is_none() && incident.opened_by != OpenedBy::Danger && path < 60 {
        let reason = plan.say(&words.not_incident);
        return plan.then(4, 20, Role::Operator, Action::Reject { reason }).steps;
    }
    let urgent = incident.severity.level() >= 4;
    // What came back earlier has found its body by now.
    let is_late = leaves_at.duration_since(incident.opened_at) <= SENT_BACK_LATE;
    let slow = if urgent { 1 } else { 3 };
    plan = plan.then(2, 10, Role::Operator, Action::Triage { topic: None, municipality: None, severity: None });
    // The body is filled in when it is sent: it may have been corrected.
    let route = Action::Route { agency: incident.agency.clone().unwrap_or_else(|| "".into()), why: Vec::new() };
    plan = plan.then(1, 6, Role::Operator, route);
    match path {
        0..6 => return plan.steps,
        6..11 if is_late => {
            let reason = plan.say(&words.returned);
            return plan.then(10, 40, Role::Agency, Action::Return { reason }).steps;
        }
        _ => {}
    }
    plan = plan.then(4, 15 * slow, Role::Agency, Action::Accept);
    if (11..15).contains(&path) && !urgent {
        let until = incident.opened_at.saturating_add(SignedDuration::from_hours(24 * 9)).unwrap_or(incident.opened_at);
        let reason = plan.say(&words.postponed);
        return plan.then(20, 60, Role::Agency, Action::Postpone { until, reason }).steps;
    }
    plan = plan.then(5, 20 * slow, Role::Agency, Action::Start);
    if path.is_multiple_of(5) {
        let text = plan.say(&words.note);
        plan = plan.then(5, 30, Role::Operator, Action::Note { text });
    }
    if path.is_multiple_of(2) {
        let text = plan.say(&words.interim);
        plan = plan.then(10, 30 * slow, Role::Agency, answer(AnswerKind::Interim, text));
    }
    if path < 25 {
        return plan.steps;
    }
    let text = plan.say(&words.final_);
    plan = plan.then(30, 100 * slow, Role::Agency, answer(AnswerKind::Final, text));
    if !path.is_multiple_of(3) {
        let score = *plan.random.pick(&[5, 5, 5, 4, 4, 4, 3, 3, 2, 1]).unwrap_or(&4);
        plan = plan.then(20, 120, Role::Operator, Action::Rate { score });
    }
    plan.then(10, 90, Role::Operator, Action::Close).steps
}

fn answer(kind: AnswerKind, text: String) -> Action {
    Action::Answer(Answer { kind, text, url: None })
}

/// A plan being made.
struct Plan<'a> {
    random: Random,
    at: Timestamp,
    steps: Vec<Planned>,
    incident: &'a Incident,
}

impl Plan<'_> {
    /// Adds a step, `least` to `most` minutes after the one before.
    fn then(mut self, least: usize, most: usize, by: Role, action: Action) -> Self {
        let minutes = least + self.random.below(most.saturating_sub(least) + 1);
        let after = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or_default());
        self.at = self.at.saturating_add(after).unwrap_or(self.at);
        self.steps.push(Planned { at: self.at, by, action });
        self
    }

    /// One of the texts, with the place in it.
    fn say(&mut self, texts: &[String]) -> String {
        let text = self.random.pick(texts).cloned().unwrap_or_default();
        let place = match self.incident.place_name.as_str() {
            "" => "по вашему адресу",
            place => place,
        };
        text.replace("{place}", place)
    }
}
