//! The history of an incident and the way its deadlines were found.

use std::collections::HashMap;

use otklik_domain::{ActionKind, Unit};

use crate::{
    desk::{
        rows::When,
        say::{Moments, NBSP, Noun, action_done, capital, opened_by, span},
        visit::Visit,
    },
    russian,
    service::incidents::{ClockTrace, IncidentView},
};

/// A line of the history.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) when: When,
    pub(super) actor: String,
    pub(super) what: String,
    pub(super) note: String,
    pub(super) agency: Option<String>,
    /// Class of its dot.
    pub(super) class: &'static str,
}

/// How a deadline was found.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) name: String,
    pub(super) limit: String,
    pub(super) started: String,
    pub(super) due: Option<String>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) counted: String,
    pub(super) overdue: bool,
}

/// A stretch that was counted or not.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) length: String,
    pub(super) counted: bool,
    pub(super) why: String,
}

/// The history, the latest first.
///
/// `people` are the names of logins.
pub(super) fn lines(
    view: &IncidentView,
    people: &HashMap<String, String>,
    visit: &Visit,
    moments: &Moments,
) -> Vec<Line> {
    let directory = &visit.directory;
    let line = |change: &otklik_domain::Change| {
        let note = match change.action {
            ActionKind::Open => change.note.parse().map(opened_by).unwrap_or_default().to_owned(),
            ActionKind::Rate | ActionKind::RateBad => format!("Оценка {} из{NBSP}5", change.note),
            // The card links to the other incident.
            ActionKind::Merge => String::new(),
            _ => change.note.clone(),
        };
        let class = match change.action {
            ActionKind::Return | ActionKind::Escalate | ActionKind::RateBad | ActionKind::Reopen => "alarm",
            ActionKind::AnswerInterim | ActionKind::AnswerFinal | ActionKind::Close | ActionKind::Rate => "good",
            ActionKind::Note => "note",
            _ => "",
        };
        let shows_agency = matches!(change.action, ActionKind::Escalate | ActionKind::RateBad);
        let agency = change.agency.as_ref().filter(|_| shows_agency).map(|id| directory.agency_name(id).to_owned());
        Line {
            when: When::new(change.at, moments),
            actor: actor(&change.actor, people),
            what: action_done(change.action).to_owned(),
            note,
            agency,
            class,
        }
    };
    view.history.iter().rev().map(line).collect()
}

/// Who did it: a person's name, Otklik, or the name of a program's token.
pub(crate) fn actor(name: &str, people: &HashMap<String, String>) -> String {
    match people.get(name) {
        Some(person) => person.clone(),
        None if name == "otklik" => "Отклик".to_owned(),
        None => name.to_owned(),
    }
}

/// The way a deadline was found.
pub(super) fn trace(trace: &ClockTrace, moments: &Moments) -> Trace {
    let clock = &trace.clock;
    let mut counted = jiff::SignedDuration::ZERO;
    let stretches = trace.stretches.iter().map(|stretch| {
        let to = stretch.to.unwrap_or(moments.now());
        let length = to.duration_since(stretch.from);
        if stretch.counted {
            counted += length;
        }
        Stretch {
            from: moments.day_time(stretch.from),
            to: stretch.to.map_or_else(|| "сейчас".to_owned(), |to| moments.day_time(to)),
            length: span(length),
            counted: stretch.counted,
            why: stretch.why.to_string(),
        }
    });
    let stretches: Vec<Stretch> = stretches.collect();
    Trace {
        name: capital(russian::clock(clock.kind)),
        limit: limit(trace.amount, trace.unit),
        started: moments.day_time(clock.started_at),
        due: clock.due_at.map(|at| moments.day_time(at)),
        stretches,
        counted: span(counted),
        overdue: clock.due_at.is_some_and(|due| clock.stopped_at.unwrap_or(moments.now()) > due),
    }
}

fn limit(amount: u32, unit: Unit) -> String {
    let noun = match unit {
        Unit::Minutes => Noun("минута", "минуты", "минут"),
        Unit::Hours => Noun("час", "часа", "часов"),
        Unit::WorkingHours => Noun("рабочий час", "рабочих часа", "рабочих часов"),
        Unit::WorkingDays => Noun("рабочий день", "рабочих дня", "рабочих дней"),
        Unit::CalendarDays => Noun("календарный день", "календарных дня", "календарных дней"),
    };
    noun.of(amount)
}
