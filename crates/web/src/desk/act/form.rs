//! The form of an action: its words, its fields and what may be chosen in them.

use askama::{Template, filters::HtmlSafe};
use jiff::{SignedDuration, ToSpan};
use otklik_domain::{ActionKind, AgencyId, ClockKind, Incident, Role, State};
use otklik_ports::{IncidentFilter, IncidentOrder, IncidentQuery};
use serde::Deserialize;

use super::answers::{ReadyText, Subject, ready};
use crate::{
    auth::secret,
    desk::{
        filters::{Choice, municipalities},
        preview::proposal,
        rows::{key, place_of},
        say::{NBSP, POSTS, action, capital, severity},
        visit::Visit,
    },
    error::Result,
    russian,
    service::{self, incidents::IncidentView},
};

/// Incidents offered to merge into.
const CANDIDATES: usize = 12;

/// What was typed into a form, or what it begins with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    pub(crate) version: String,
    /// Where the form stands: `triage`, `agency` or the card.
    pub(crate) from: String,
    /// Names this sending of the form.
    pub(crate) once: String,
    pub(crate) topic: String,
    pub(crate) municipality: String,
    pub(crate) severity: String,
    pub(crate) agency: String,
    pub(crate) text: String,
    pub(crate) url: String,
    pub(crate) preset: String,
    pub(crate) reason: String,
    pub(crate) until: String,
    pub(crate) into: String,
    /// Narrows the incidents offered to merge into.
    pub(crate) find: String,
    pub(crate) score: String,
}

impl Given {
    /// The beginning of a form beside the triage.
    pub(crate) fn from_triage() -> Self {
        Self { from: "triage".to_owned(), ..Self::default() }
    }

    /// The version the person saw.
    pub(crate) fn version(&self) -> Option<u64> {
        self.version.parse().ok()
    }
}

/// Why a form came back.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) text: String,
    /// The field that is wrong.
    pub(crate) field: Option<String>,
    /// Whether a colleague was faster.
    pub(crate) conflict: bool,
    /// Whether sending it again makes sense.
    pub(crate) possible: bool,
}

/// The form of an action.
#[derive(Debug, Clone, Template)]
#[template(path = "form/form.html")]
pub(crate) struct Form {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) kind: ActionKind,
    pub(crate) title: &'static str,
    /// What it is about: the incident.
    pub(crate) about: String,
    lead: &'static str,
    submit: &'static str,
    version: u64,
    once: String,
    csrf: String,
    given: Given,
    fields: Fields,
    pub(crate) problem: Option<Problem>,
}

impl HtmlSafe for Form {}

#[derive(Debug, Clone)]
enum Fields {
    Nothing,
    Triage { topics: Vec<TopicGroup>, municipalities: Vec<Choice>, severities: Vec<Choice> },
    Route { bodies: Vec<BodyChoice> },
    Answer { texts: Vec<ReadyText> },
    Reason { ready: Vec<Choice>, label: &'static str, hint: &'static str },
    Postpone { ready: Vec<Choice>, min: String },
    Merge { candidates: Vec<Candidate> },
    Rate { scores: Vec<Choice> },
    Note,
}

#[derive(Debug, Clone)]
struct TopicGroup {
    name: String,
    topics: Vec<Choice>,
}

/// A body of the tree.
#[derive(Debug, Clone)]
struct BodyChoice {
    id: String,
    name: String,
    /// The bodies above it.
    above: String,
    why: Vec<String>,
    proposed: bool,
    chosen: bool,
}

/// An incident to merge into.
#[derive(Debug, Clone)]
struct Candidate {
    id: String,
    title: String,
    about: String,
    chosen: bool,
}

impl Form {
    /// The form of an action, with everything that may be chosen.
    pub(crate) async fn load(visit: &Visit, view: &IncidentView, kind: ActionKind, given: Given) -> Result<Self> {
        let find = given.find.clone();
        let mut form = Self::new(visit, view, kind, given);
        if kind == ActionKind::Merge {
            form.fields =
                Fields::Merge { candidates: candidates(visit, &view.incident, &find, &form.given.into).await? };
        }
        Ok(form)
    }

    /// The form of an action, without what has to be looked up.
    pub(crate) fn new(visit: &Visit, view: &IncidentView, kind: ActionKind, given: Given) -> Self {
        let incident = &view.incident;
        let (lead, submit) = words(kind);
        Self {
            id: incident.id.to_string(),
            key: key(incident.id.as_str()),
            kind,
            title: action(kind),
            about: capital(&incident.title),
            lead,
            submit,
            version: incident.version,
            once: secret::hex(&rand::random::<[u8; 16]>()),
            csrf: visit.signed_in.csrf.clone(),
            fields: fields(visit, view, kind, &given),
            given,
            problem: None,
        }
    }

    fn wrong(&self, field: &str) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.field.as_deref() == Some(field))
    }

    fn is_possible(&self) -> bool {
        self.problem.as_ref().is_none_or(|problem| problem.possible)
    }

    fn in_list(&self) -> bool {
        matches!(self.given.from.as_str(), "triage" | "agency")
    }
}

/// What the form says will happen, and the words of its button.
fn words(kind: ActionKind) -> (&'static str, &'static str) {
    match kind {
        ActionKind::Triage => ("Тема, место и тяжесть станут такими, как указано здесь.", "Подтвердить"),
        ActionKind::Route => ("Орган увидит инцидент сразу, пойдёт срок первого ответа.", "Направить"),
        ActionKind::Accept => ("Орган берёт инцидент на себя.", "Принять"),
        ActionKind::Start => ("Отметьте, что работа началась.", "Начать работу"),
        ActionKind::AnswerInterim => {
            ("Опубликуйте ответ под сообщением жителя и запишите его здесь.", "Записать ответ")
        }
        ActionKind::AnswerFinal => {
            ("Опубликуйте ответ под сообщением жителя и запишите его здесь. Сроки остановятся.", "Записать ответ")
        }
        ActionKind::Rate | ActionKind::RateBad => {
            ("Оценка 1 или 2 передаст инцидент вышестоящему органу.", "Записать оценку")
        }
        ActionKind::Close => ("Вопрос решён, ответ дан. Новые сообщения откроют связанный повтор.", "Закрыть"),
        ActionKind::Return => ("Инцидент вернётся в центр, срок на направление пойдёт заново.", "Вернуть"),
        ActionKind::Postpone => ("Инцидент вернётся сам в указанное время.", "Отложить"),
        ActionKind::Resume => ("Инцидент вернётся в состояние, из которого был отложен.", "Вернуть в работу"),
        ActionKind::Merge => ("События этого инцидента перейдут к выбранному, этот закроется.", "Объединить"),
        ActionKind::Reject => ("Инцидент уйдёт из разбора. Его можно открыть снова.", "Не инцидент"),
        ActionKind::Reopen => ("Инцидент вернётся в разбор, сроки пойдут заново.", "Открыть снова"),
        ActionKind::Escalate => ("Инцидент перейдёт к вышестоящему органу.", "Передать выше"),
        ActionKind::Note => ("Заметку увидят коллеги, жителю она не видна.", "Добавить"),
        ActionKind::Open => ("", "Открыть"),
        ActionKind::Retell => ("Название меняет сам Отклик.", "Изменить"),
    }
}

fn fields(visit: &Visit, view: &IncidentView, kind: ActionKind, given: &Given) -> Fields {
    let incident = &view.incident;
    match kind {
        ActionKind::Triage => triage(visit, incident, given),
        ActionKind::Route => Fields::Route { bodies: bodies(visit, incident, given) },
        ActionKind::AnswerInterim | ActionKind::AnswerFinal => Fields::Answer { texts: texts(visit, incident, kind) },
        ActionKind::Rate | ActionKind::RateBad => Fields::Rate {
            scores: ["1", "2", "3", "4", "5"].map(|score| choice(score, score, given.score == score)).into(),
        },
        ActionKind::Postpone => postpone(visit, incident, given),
        ActionKind::Reject => Fields::Reason {
            ready: [
                "Не о проблеме: новость, благодарность, реклама",
                "Не наш регион или не наши полномочия",
                "Не понять, что и где случилось",
                "Уже решено",
                "Шутка или ошибка распознавания",
            ]
            .map(|reason| choice(reason, reason, given.preset == reason))
            .into(),
            label: "Подробнее",
            hint: "Причина остаётся в истории.",
        },
        ActionKind::Return => Fields::Reason {
            ready: ["Не наши полномочия", "Не понять, что и где случилось", "Уже решено другим органом"]
                .map(|reason| choice(reason, reason, given.preset == reason))
                .into(),
            label: "Подробнее",
            hint: "Кому направить правильно, если знаете.",
        },
        ActionKind::Reopen | ActionKind::Escalate => {
            Fields::Reason {
                ready: Vec::new(), label: "Почему", hint: "Причина остаётся в истории."
            }
        }
        ActionKind::Note => Fields::Note,
        ActionKind::Merge => Fields::Merge { candidates: Vec::new() },
        ActionKind::Accept
        | ActionKind::Start
        | ActionKind::Close
        | ActionKind::Resume
        | ActionKind::Open
        | ActionKind::Retell => Fields::Nothing,
    }
}

fn choice(value: impl Into<String>, name: impl Into<String>, chosen: bool) -> Choice {
    Choice { value: value.into(), name: name.into(), chosen }
}

fn triage(visit: &Visit, incident: &Incident, given: &Given) -> Fields {
    let names = &visit.directory.catalogue;
    let topic = if given.topic.is_empty() {
        incident.topic.as_ref().map(|topic| topic.as_str())
    } else {
        Some(given.topic.as_str())
    };
    let place = incident.municipality.as_ref().map(|place| place.as_str());
    let place = if given.municipality.is_empty() { place } else { Some(given.municipality.as_str()) };
    let level = given.severity.parse().unwrap_or(incident.severity.level());
    let groups = names.blocks().iter().map(|block| TopicGroup {
        name: block.name.clone(),
        topics: names
            .topics()
            .filter(|one| one.block == block.id)
            .map(|one| choice(one.id.as_str(), &one.name, topic == Some(one.id.as_str())))
            .collect(),
    });
    Fields::Triage {
        topics: groups.filter(|group| !group.topics.is_empty()).collect(),
        municipalities: municipalities(visit, Some(&incident.region))
            .into_iter()
            .map(|(id, name)| choice(id.as_str(), name, place == Some(id.as_str())))
            .collect(),
        severities: (1..=5_u8).map(|one| choice(one.to_string(), severity(one), level == one)).collect(),
    }
}

/// The bodies an incident may be sent to: the proposed one first, then the tree from the top.
fn bodies(visit: &Visit, incident: &Incident, given: &Given) -> Vec<BodyChoice> {
    let Some(region) = visit.directory.region_of(incident) else { return Vec::new() };
    let actor = visit.actor();
    let own = actor.agency.as_ref().filter(|_| actor.role == Role::Agency);
    let proposed = proposal(visit, incident);
    let proposed_id = proposed.as_ref().map(|proposal| &proposal.agency);
    let chosen = if given.agency.is_empty() { proposed_id.map(|id| id.as_str()) } else { Some(given.agency.as_str()) };
    let mut bodies: Vec<(Vec<&str>, BodyChoice)> = region
        .agencies
        .iter()
        .filter(|agency| own.is_none_or(|own| region.agencies.is_within(&agency.id, own)))
        .map(|agency| {
            let path = path_names(region.agencies.path_up(&agency.id).map(|above| above.name.as_str()));
            let is_proposed = proposed_id == Some(&agency.id);
            let why = proposed.as_ref().filter(|_| is_proposed).map(|proposal| &proposal.why);
            let body = BodyChoice {
                id: agency.id.to_string(),
                name: agency.name.clone(),
                above: above(&path),
                why: why.into_iter().flatten().map(|reason| reason.why.clone()).collect(),
                proposed: is_proposed,
                chosen: chosen == Some(agency.id.as_str()),
            };
            (path, body)
        })
        .collect();
    bodies.sort_by(|(path_a, a), (path_b, b)| b.proposed.cmp(&a.proposed).then_with(|| path_a.cmp(path_b)));
    bodies.into_iter().map(|(_, body)| body).collect()
}

/// Names from the top of the tree down to the body itself.
fn path_names<'a>(up: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = up.collect();
    names.reverse();
    names
}

fn above(path: &[&str]) -> String {
    path.split_last().map(|(_, above)| above.join(" → ")).unwrap_or_default()
}

fn texts(visit: &Visit, incident: &Incident, kind: ActionKind) -> Vec<ReadyText> {
    let moments = visit.moments_in(&incident.region);
    let due = incident.clocks.iter().find(|clock| clock.kind == ClockKind::FinalAnswer && clock.stopped_at.is_none());
    let due = due.and_then(|clock| clock.due_at).filter(|at| *at > moments.now()).map(|at| moments.date(at));
    let agency = incident.agency.as_ref().map(|agency: &AgencyId| visit.directory.agency_name(agency));
    let subject = Subject {
        topic: &visit.topic_of(incident),
        place: &place_of(visit, incident),
        agency: agency.unwrap_or_default(),
        due: due.as_deref(),
    };
    ready(kind, &subject)
}

fn postpone(visit: &Visit, incident: &Incident, given: &Given) -> Fields {
    let moments = visit.moments_in(&incident.region);
    let opens = visit.directory.region_of(incident).map(|region| region.hours().0);
    let today = moments.now().to_zoned(moments.zone().clone());
    let in_days = |days: i64| {
        let day = today.date().checked_add(days.days()).ok()?;
        let at = opens.map_or_else(|| day.at(9, 0, 0, 0), |opens| day.to_datetime(opens));
        at.to_zoned(moments.zone().clone()).ok().map(|zoned| zoned.timestamp())
    };
    let soon = moments.now().checked_add(SignedDuration::from_hours(3)).ok();
    let ready = [(soon, "на 3 часа"), (in_days(1), "до завтра"), (in_days(3), "на 3 дня"), (in_days(7), "на неделю")];
    let ready = ready.into_iter().filter_map(|(at, name)| Some((at?, name))).map(|(at, name)| {
        let value = moments.field(at);
        choice(value.clone(), format!("{name}: {}", moments.day_time(at)), given.preset == value)
    });
    Fields::Postpone { ready: ready.collect(), min: moments.field(moments.now()) }
}

/// Incidents that are worked on and may be the same matter: of the same place first, or those that were looked for.
async fn candidates(visit: &Visit, incident: &Incident, find: &str, into: &str) -> Result<Vec<Candidate>> {
    let open = State::ALL.iter().copied().filter(|state| !state.is_final()).collect();
    let mut filter =
        IncidentFilter { regions: vec![incident.region.clone()], states: open, ..IncidentFilter::default() };
    if find.is_empty() {
        filter.block = Some(incident.block.clone());
        filter.municipality.clone_from(&incident.municipality);
    } else {
        filter.text = Some(find.to_owned());
    }
    let query = IncidentQuery { filter, order: IncidentOrder::Opened, limit: CANDIDATES + 1, offset: 0 };
    let found = service::incidents::list(&visit.app, visit.actor(), query).await?;
    let moments = visit.moments_in(&incident.region);
    let mut others: Vec<_> = found.incidents.into_iter().filter(|other| other.id != incident.id).collect();
    // What is at the same place is most likely the same.
    others.sort_by_key(|other| (other.topic != incident.topic, other.place_name != incident.place_name));
    let about = |other: &Incident| {
        let state = russian::state(other.state);
        format!(
            "{} · {state} · {} · {}",
            place_of(visit, other),
            POSTS.of(other.posts),
            moments.day_time(other.opened_at)
        )
        .replace(" · ", &format!("{NBSP}· "))
    };
    let candidate = |other: Incident| Candidate {
        chosen: other.id.as_str() == into,
        about: about(&other),
        id: other.id.to_string(),
        title: capital(&other.title),
    };
    Ok(others.into_iter().take(CANDIDATES).map(candidate).collect())
}
