//! From the fields of a form to an action.

use otklik_domain::{
    Action, ActionKind, AgencyId, Answer, AnswerKind, Incident, IncidentId, PlaceId, RouteReason, Severity, TopicId,
};

use super::form::Given;
use crate::{
    Error,
    desk::{params::moment, preview::proposal, visit::Visit},
    error::Result,
};

/// Longest sum of a reason's parts in characters is checked by the service; here only what the form itself offers.
const OWN_TIME: &str = "own";

/// The action a form asks for.
pub(super) fn action(visit: &Visit, kind: ActionKind, given: &Given, incident: &Incident) -> Result<Action> {
    Ok(match kind {
        ActionKind::Triage => {
            correction(given, incident)?.unwrap_or(Action::Triage { topic: None, municipality: None, severity: None })
        }
        ActionKind::Route => route(visit, given, incident)?,
        ActionKind::Accept => Action::Accept,
        ActionKind::Start => Action::Start,
        ActionKind::AnswerInterim => answer(AnswerKind::Interim, given),
        ActionKind::AnswerFinal => answer(AnswerKind::Final, given),
        ActionKind::Rate | ActionKind::RateBad => {
            let score = given.score.parse().map_err(|_| Error::invalid("score", "must be 1 to 5"))?;
            Action::Rate { score }
        }
        ActionKind::Close => Action::Close,
        ActionKind::Return => Action::Return { reason: reason(given)? },
        ActionKind::Postpone => {
            let at = if given.preset == OWN_TIME || given.preset.is_empty() { &given.until } else { &given.preset };
            let zone = visit.moments_in(&incident.region).zone().clone();
            let until = moment(at, &zone).ok_or_else(|| Error::invalid("until", "is not a time"))?;
            Action::Postpone { until, reason: reason_of(&given.reason)? }
        }
        ActionKind::Resume => Action::Resume,
        ActionKind::Merge => Action::Merge { into: incident_id(&given.into)? },
        ActionKind::Reject => Action::Reject { reason: reason(given)? },
        ActionKind::Reopen => Action::Reopen { reason: reason(given)? },
        ActionKind::Escalate => Action::Escalate { reason: reason(given)? },
        ActionKind::Note => Action::Note { text: given.text.clone() },
        ActionKind::Open | ActionKind::Retell => return Err(Error::NotFound("action")),
    })
}

/// What a form corrects of topic, place and severity; `None` when it leaves them as they are.
pub(super) fn correction(given: &Given, incident: &Incident) -> Result<Option<Action>> {
    let topic = Some(&given.topic).filter(|topic| !topic.is_empty()).map(|topic| TopicId::from(topic.as_str()));
    let topic = topic.filter(|topic| incident.topic.as_ref() != Some(topic));
    let place = Some(&given.municipality).filter(|place| !place.is_empty()).map(|place| PlaceId::from(place.as_str()));
    let place = place.filter(|place| incident.municipality.as_ref() != Some(place));
    let severity = match given.severity.as_str() {
        "" => None,
        level => {
            let level = level.parse::<u8>().ok().filter(|level| *level <= 5);
            Some(Severity::new(level.ok_or_else(|| Error::invalid("severity", "must be 0 to 5"))?))
        }
    };
    let severity = severity.filter(|severity| *severity != incident.severity);
    if topic.is_none() && place.is_none() && severity.is_none() {
        return Ok(None);
    }
    // The service puts in the usual name of the place.
    Ok(Some(Action::Triage { topic, municipality: place.map(|place| (place, String::new())), severity }))
}

fn route(visit: &Visit, given: &Given, incident: &Incident) -> Result<Action> {
    if given.agency.is_empty() {
        return Err(Error::invalid("agency", "must not be empty"));
    }
    let agency = AgencyId::from(given.agency.as_str());
    let proposed = proposal(visit, incident).filter(|proposal| proposal.agency == agency);
    let mut why = proposed.map(|proposal| proposal.why).unwrap_or_default();
    if why.is_empty() || !given.reason.is_empty() {
        let said = if given.reason.is_empty() { "выбран сотрудником" } else { given.reason.as_str() };
        why.push(RouteReason { rule: "person".to_owned(), why: said.to_owned() });
    }
    Ok(Action::Route { agency, why })
}

fn answer(kind: AnswerKind, given: &Given) -> Action {
    let url = Some(given.url.trim()).filter(|url| !url.is_empty()).map(ToOwned::to_owned);
    Action::Answer(Answer { kind, text: given.text.replace("\r\n", "\n"), url })
}

/// The ready reason with what was added to it.
fn reason(given: &Given) -> Result<String> {
    match (given.preset.as_str(), given.reason.trim()) {
        ("" | OWN_TIME, own) => reason_of(own),
        (ready, "") => Ok(ready.to_owned()),
        (ready, own) => Ok(format!("{ready}. {own}")),
    }
}

fn reason_of(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::invalid("reason", "must not be empty"));
    }
    Ok(text.trim().to_owned())
}

/// An incident's id, or the address of its card.
fn incident_id(text: &str) -> Result<IncidentId> {
    let id = text.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let id = id.split(['?', '#']).next().unwrap_or_default();
    if id.is_empty() {
        return Err(Error::invalid("into", "must not be empty"));
    }
    Ok(IncidentId::from(id))
}

/// What is wrong with a field, in Russian.
pub(super) fn problem(problem: &str) -> String {
    let known = crate::russian::problem(problem);
    if known != problem {
        return known.to_owned();
    }
    let longest = problem.strip_prefix("must not be longer than ").and_then(|rest| rest.strip_suffix(" characters"));
    let days = problem.strip_prefix("lies more than ").and_then(|rest| rest.strip_suffix(" days ahead"));
    match (problem, longest, days) {
        (_, Some(chars), _) => format!("слишком длинно, можно не больше {chars} знаков"),
        (_, _, Some(days)) => format!("можно не дальше чем на {days} дней вперёд"),
        ("must begin with https:// or http://", ..) => "ссылка начинается с https:// или http://".to_owned(),
        ("is not a time", ..) => "выберите дату и время".to_owned(),
        ("must be 0 to 5", ..) => "нужно число от 0 до 5".to_owned(),
        ("is not there", ..) => "такого инцидента нет".to_owned(),
        ("is done with: merge into one that is open", ..) => "этот инцидент уже закрыт, выберите открытый".to_owned(),
        ("belongs to another region", ..) => "он относится к другому региону".to_owned(),
        ("is not a topic of the dictionary", ..) => "такой темы нет в словаре".to_owned(),
        ("is not a place of the region", ..) => "такого места нет в регионе".to_owned(),
        _ => "так заполнить нельзя".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_ready_or_own_or_both() {
        let check = |preset: &str, own: &str, expected: Option<&str>| {
            let given = Given { preset: preset.into(), reason: own.into(), ..Given::default() };
            assert_eq!(reason(&given).ok().as_deref(), expected);
        };
        check("Реклама", "", Some("Реклама"));
        check("Реклама", " окна ", Some("Реклама. окна"));
        check("", "свой", Some("свой"));
        check("own", "свой", Some("свой"));
        check("", "  ", None);
    }

    #[test]
    fn an_incident_is_named_by_id_or_address() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(incident_id(text).ok().map(|id| id.to_string()).as_deref(), expected);
        };
        check(" i-12ab ", Some("i-12ab"));
        check("https://desk.example.ru/incidents/i-12ab?do=note", Some("i-12ab"));
        check("/incidents/i-12ab/", Some("i-12ab"));
        check("", None);
    }
}
