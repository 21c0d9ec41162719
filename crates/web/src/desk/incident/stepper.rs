//! The way of an incident as stages: what lies behind it, where it stands, what is to come.

use otklik_domain::{Change, Incident, State};

use crate::desk::say::Moments;

/// A stage of the way.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    /// `done`, `now` or `ahead`.
    pub(super) class: &'static str,
    /// When it was reached.
    pub(super) when: String,
}

/// Where a state stands on the straight way; states aside of it belong to the stage they wait at.
fn place(state: State) -> usize {
    match state {
        State::New | State::Returned | State::Reopened | State::Merged | State::NotIncident => 0,
        State::Triaged => 1,
        State::Routed | State::Escalated => 2,
        State::Accepted => 3,
        State::InProgress | State::Postponed => 4,
        State::Interim => 5,
        State::Answered => 6,
        State::Rated => 7,
        State::Closed => 8,
    }
}

const NAMES: [&str; 9] = [
    "Новый",
    "Подтверждён",
    "Направлен",
    "Принят",
    "В работе",
    "Промежу\u{ad}точный ответ",
    "Итоговый ответ",
    "Оценён",
    "Закрыт",
];

/// The stages of an incident in its present round.
pub(super) fn stages(incident: &Incident, history: &[Change], moments: &Moments) -> Vec<Stage> {
    let state = match incident.state {
        State::Postponed => incident.resume_to.unwrap_or(State::Triaged),
        state => state,
    };
    let now = place(state);
    NAMES
        .iter()
        .enumerate()
        .map(|(index, &name)| {
            let reached = history.iter().rev().find(|change| change.from != change.to && place(change.to) == index);
            let reached = reached.or_else(|| history.first().filter(|_| index == 0));
            // Of an earlier round only what has not been passed again stays to be done.
            let class = match index.cmp(&now) {
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Less if reached.is_some() => "done",
                std::cmp::Ordering::Less => "skipped",
                std::cmp::Ordering::Greater => "ahead",
            };
            let when = reached.filter(|_| class == "done" || class == "now").map(|change| moments.day_time(change.at));
            Stage { name, class, when: when.unwrap_or_default() }
        })
        .collect()
}

/// Where an incident stands when that is aside of the straight way.
pub(super) fn aside(incident: &Incident, moments: &Moments) -> Option<String> {
    Some(match incident.state {
        State::Postponed => {
            let until = incident.postponed_until.map(|at| moments.day_time(at)).unwrap_or_default();
            let back = incident.resume_to.map(crate::russian::state).unwrap_or("подтверждён");
            format!("Отложен до: {until}. Затем вернётся в состояние «{back}».")
        }
        State::Returned => "Возвращён на разбор: нужно выбрать другой орган или уточнить данные.".to_owned(),
        State::Reopened => "Открыт повторно: сроки идут заново.".to_owned(),
        State::Escalated => "Передан вышестоящему органу.".to_owned(),
        State::Merged => "Объединён с другим инцидентом: работа идёт там.".to_owned(),
        State::NotIncident => "Признан не инцидентом.".to_owned(),
        _ => return None,
    })
}
