//! What people did with the incidents of the invented week before we look at it.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Action, ActionKind, Actor, AgencyId, Answer, AnswerKind, Incident, IncidentId, Role, Submission};
use otklik_engine::{incidents::act, sla};
use otklik_ports::{IncidentBatch, IncidentOrder, IncidentQuery, Incidents, Step, memory::MemoryIncidents};

use crate::{posts::Numbers, setting::Setting};

/// Minutes an incident waits before anybody has looked at it.
const UNSEEN_MINUTES: i64 = 50;

/// Lets every incident live up to now.
pub(crate) async fn live(setting: &Setting, store: &MemoryIncidents, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let query = IncidentQuery { order: IncidentOrder::Opened, limit: 500, ..IncidentQuery::default() };
    let mut incidents = store.list(&query).await?.incidents;
    incidents.reverse();
    let mut numbers = Numbers(7);
    let mut closed = Vec::new();
    for incident in &incidents {
        let age = now.duration_since(incident.opened_at).as_mins();
        let mut steps = story(incident, age, &mut numbers, closed.last());
        steps.retain(|(minutes, ..)| *minutes <= age);
        for (minutes, login, action) in steps {
            let at = incident.opened_at.checked_add(SignedDuration::from_mins(minutes))?;
            step(setting, store, &incident.id, (login, action), at).await?;
        }
        if store.get(&incident.id).await?.is_some_and(|after| !after.state.is_final()) {
            closed.push(incident.id.clone());
        }
    }
    tick(setting, store, now).await
}

type Told = (i64, &'static str, Action);

/// What happens to an incident: minutes after its opening, who, what.
fn story(incident: &Incident, age: i64, numbers: &mut Numbers, other: Option<&IncidentId>) -> Vec<Told> {
    let Some(agency) = incident.agency.clone().filter(|_| age > UNSEEN_MINUTES) else { return Vec::new() };
    let mut minutes = 6 + i64::try_from(numbers.below(30)).unwrap_or(0);
    let mut later = |from: i64, to: u64| {
        minutes += from + i64::try_from(numbers.below(to)).unwrap_or(0);
        minutes
    };
    let routed = [
        (later(0, 1), "operator", triage()),
        (later(2, 9), "operator", Action::Route { agency: agency.clone(), why: incident.route.clone() }),
    ];
    let accept = (later(10, 60), "organ", Action::Accept);
    let start = (later(5, 50), "organ", Action::Start);
    let interim = (later(20, 60), "organ", answer(AnswerKind::Interim, incident));
    let done = (later(30, 120), "organ", answer(AnswerKind::Final, incident));
    let rated = (later(60, 200), "operator", Action::Rate { score: [5, 4, 5, 1, 3, 4, 2][age as usize % 7] });
    let closed = (later(10, 60), "operator", Action::Close);
    let path = numbers.below(20);
    let mut steps = Vec::new();
    match path {
        0 if age < 600 => {}
        1 if age < 600 => steps.push(routed[0].clone()),
        2 => {
            let reason = "Не о проблеме: новость, благодарность, реклама".to_owned();
            steps.push((22, "operator", Action::Reject { reason }));
        }
        3 => {
            steps.extend(routed);
            let reason = "Не наши полномочия. Сети на балансе управляющей компании".to_owned();
            steps.push((55, "organ", Action::Return { reason }));
        }
        4 => {
            steps.extend(routed);
            steps.push(accept);
            let until =
                incident.opened_at.checked_add(SignedDuration::from_hours(24 * 9)).unwrap_or(incident.opened_at);
            steps.push((
                150,
                "organ",
                Action::Postpone {
                    until, reason: "Ждём подрядчика, договор подписан".to_owned()
                },
            ));
        }
        5 => steps.extend(other.map(|into| (31, "operator", Action::Merge { into: into.clone() }))),
        6 => {
            steps.extend(routed);
            steps.push((160, "operator", Action::Escalate { reason: "Нет ответа, жители пишут повторно".to_owned() }));
        }
        7 | 8 => steps.extend(routed),
        9 | 10 => steps.extend(routed.into_iter().chain([accept])),
        11 | 12 => {
            steps.extend(routed.into_iter().chain([accept, start]));
            let text = "Бригада на месте, обещают закончить до вечера. Подвоз воды организован.".to_owned();
            steps.push((200, "operator", Action::Note { text }));
        }
        13 | 14 => steps.extend(routed.into_iter().chain([accept, start, interim])),
        15 => steps.extend(routed.into_iter().chain([accept, start, interim, done])),
        16 => steps.extend(routed.into_iter().chain([accept, start, done, rated])),
        _ => steps.extend(routed.into_iter().chain([accept, start, interim, done, rated, closed])),
    }
    steps
}

fn triage() -> Action {
    Action::Triage { topic: None, municipality: None, severity: None }
}

fn answer(kind: AnswerKind, incident: &Incident) -> Action {
    let place = &incident.place_name;
    let text = match kind {
        AnswerKind::Interim => format!(
            "Здравствуйте! Сообщение получено ({place}), на место выехали специалисты. О результате сообщим здесь."
        ),
        AnswerKind::Final => format!(
            "Здравствуйте! Работы завершены ({place}). Если что-то осталось, напишите нам — проверим. Спасибо, что сообщили!"
        ),
    };
    Action::Answer(Answer { kind, text, url: Some("https://example.org/vk/900201/7001".to_owned()) })
}

/// Does a step if the incident is where the story has it; a story may differ from what the engine made of the posts.
async fn step(
    setting: &Setting,
    store: &MemoryIncidents,
    id: &IncidentId,
    (login, action): (&str, Action),
    at: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let Some(incident) = store.get(id).await? else { return Ok(()) };
    let kind = match &action {
        Action::Rate { score } if *score <= 2 => ActionKind::RateBad,
        other => other.kind(),
    };
    if kind.leads_to(incident.state).is_none() {
        return Ok(());
    }
    let actor = actor(login, incident.agency.as_ref());
    let history = store.history(id).await?;
    let submission = Submission { action, actor, at, expected_version: Some(incident.version) };
    let Ok((after, change)) = act(&incident, &history, &submission, &setting.region) else { return Ok(()) };
    let answer = match submission.action {
        Action::Answer(answer) => Some(answer),
        _ => None,
    };
    let steps = vec![Step { incident: after, change: Some(change), answer }];
    Ok(store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await?)
}

fn actor(login: &str, agency: Option<&AgencyId>) -> Actor {
    match login {
        "organ" => Actor { name: "gorod".to_owned(), role: Role::Agency, agency: agency.cloned() },
        login => Actor { name: login.to_owned(), role: Role::Operator, agency: None },
    }
}

/// Marks what has come due, as the reconciler does.
pub(crate) async fn tick(setting: &Setting, store: &MemoryIncidents, now: Timestamp) -> Result<(), Box<dyn Error>> {
    for incident in store.due(now, 500).await? {
        let history = store.history(&incident.id).await?;
        let Some(policy) = setting.region.policy_for(&incident) else { continue };
        let found = sla::tick(&incident, policy, &history, &setting.region.schedule, now);
        let Some(clocks) = found.clocks else { continue };
        let after = Incident { clocks, ..incident };
        let steps = vec![Step { incident: after, change: None, answer: None }];
        store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await?;
    }
    Ok(())
}
