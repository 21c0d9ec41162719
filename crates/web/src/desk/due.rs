//! Deadlines as rows and cards show them.

use jiff::Timestamp;
use otklik_domain::{Clock, ClockKind, Incident, State};

use super::{
    chart::Bar,
    say::{Moments, capital, clock_waits_for, left, span},
};
use crate::russian;

/// Share of a limit, in percent, from which a deadline is near.
const NEAR_PERCENT: i64 = 75;

/// A deadline in words.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    /// What it is a deadline of: `на первый ответ`.
    pub(crate) of: &'static str,
    /// `осталось 42 мин`.
    pub(crate) text: String,
    /// `late`, `near`, `calm`, `paused`, `met`.
    pub(crate) class: &'static str,
    /// When it is due, for the script that keeps the text up to date.
    pub(crate) iso: Option<String>,
    /// When it is due in the region's time.
    pub(crate) at: String,
}

/// A deadline for the card of an incident.
#[derive(Debug, Clone)]
pub(crate) struct ClockCard {
    pub(crate) name: String,
    pub(crate) due: Due,
    pub(crate) started: String,
    /// When what it waits for happened.
    pub(crate) stopped: Option<String>,
    pub(crate) bar: Bar,
}

/// The nearest deadline of a running clock among some kinds.
pub(crate) fn nearest(incident: &Incident, kinds: &[ClockKind], moments: &Moments) -> Option<Due> {
    if incident.state.is_final() {
        return None;
    }
    let running = incident.clocks.iter().filter(|clock| clock.stopped_at.is_none() && kinds.contains(&clock.kind));
    // One that stands still comes last.
    let nearest = running.min_by_key(|clock| clock.due_at.unwrap_or(Timestamp::MAX))?;
    Some(due(nearest, incident.state, moments))
}

/// A clock in words.
pub(crate) fn due(clock: &Clock, state: State, moments: &Moments) -> Due {
    let of = clock_waits_for(clock.kind);
    let said = |text: String, class, iso, at| Due { of, text, class, iso, at };
    match (clock.stopped_at, clock.due_at) {
        (Some(stopped), Some(at)) if stopped > at => {
            let late = format!("с опозданием на {}", span(stopped.duration_since(at)));
            said(late, "late", None, moments.day_time(at))
        }
        (Some(_), at) => said("в срок".to_owned(), "met", None, at.map(|at| moments.day_time(at)).unwrap_or_default()),
        (None, Some(at)) if !state.is_final() => {
            let class = running_class(clock, at, moments.now());
            said(left(at, moments.now()), class, Some(at.to_string()), moments.day_time(at))
        }
        (None, _) => said("стоит".to_owned(), "paused", None, String::new()),
    }
}

/// A clock as the card of its incident shows it.
pub(crate) fn card(clock: &Clock, state: State, moments: &Moments) -> ClockCard {
    let due = due(clock, state, moments);
    let end = clock.stopped_at.unwrap_or(moments.now());
    let share = clock.due_at.map_or(0.0, |at| {
        let whole = at.duration_since(clock.started_at).as_secs().max(1);
        end.duration_since(clock.started_at).as_secs() as f64 / whole as f64
    });
    let class = if due.class == "met" { "good" } else { due.class };
    ClockCard {
        name: capital(russian::clock(clock.kind)),
        bar: Bar::of_share(share, class, format!("Прошло {:.0} % срока", share.min(1.0) * 100.0)),
        started: moments.day_time(clock.started_at),
        stopped: clock.stopped_at.map(|at| moments.day_time(at)),
        due,
    }
}

fn running_class(clock: &Clock, at: Timestamp, now: Timestamp) -> &'static str {
    let passed = now.duration_since(clock.started_at).as_secs() * 100;
    let whole = at.duration_since(clock.started_at).as_secs();
    if now > at {
        "late"
    } else if passed >= whole * NEAR_PERCENT {
        "near"
    } else {
        "calm"
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_524_800 + minute * 60).unwrap()
    }

    fn check(due_at: Option<i64>, stopped_at: Option<i64>, state: State, expected: (&str, &str)) {
        let clock = Clock {
            kind: ClockKind::Route,
            started_at: at(-60),
            due_at: due_at.map(at),
            stopped_at: stopped_at.map(at),
            warn_at: None,
            warnings: 0,
            breached: false,
        };
        let due = due(&clock, state, &Moments::new(TimeZone::UTC, at(0)));
        assert_eq!((due.text.replace('\u{a0}', " ").as_str(), due.class), expected);
    }

    #[test]
    fn deadlines_in_words() {
        check(Some(60), None, State::New, ("осталось 1 ч", "calm"));
        check(Some(10), None, State::New, ("осталось 10 мин", "near"));
        check(Some(-10), None, State::New, ("просрочено на 10 мин", "late"));
        check(None, None, State::Postponed, ("стоит", "paused"));
        check(Some(-30), Some(-40), State::Routed, ("в срок", "met"));
        check(Some(-30), Some(-10), State::Routed, ("с опозданием на 20 мин", "late"));
        check(Some(-30), None, State::Merged, ("стоит", "paused"));
    }
}
