//! The risk of an event in three plain sentences.

use otklik_domain::{Event, Forecast, Incident, Risk, State};

use super::{
    chart::Bar,
    say::{AUTHORS, HOURS, Moments, NBSP, RESULTS, number, severity, span},
};

/// Keeps what stands around a dash on one line.
const JOINED: char = '\u{2060}';
/// Posts between the ends of an interval from which its middle is told too.
const WIDE: u32 = 10;

/// The risk of an event.
#[derive(Debug, Clone)]
pub(crate) struct RiskView {
    /// 0..100.
    pub(crate) score: u32,
    pub(crate) class: &'static str,
    pub(crate) parts: Vec<Part>,
}

/// One of the three things risk is made of.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) sentence: String,
    pub(crate) bar: Bar,
}

/// Risk as a whole number, 0..100.
pub(crate) fn points(risk: f32) -> u32 {
    (risk.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// How risk is coloured.
pub(crate) fn class(points: u32) -> &'static str {
    match points {
        40.. => "late",
        15.. => "near",
        _ => "calm",
    }
}

/// The risk of an event with what its incident says of the answer: the grouping knows of none.
pub(crate) fn risk_of(event: &Event, incident: Option<&Incident>) -> Risk {
    let unanswered = match incident.map(|incident| incident.state) {
        Some(state) if state.is_final() || state == State::Answered => 0.0,
        Some(State::Interim) => event.risk.unanswered / 2.0,
        _ => event.risk.unanswered,
    };
    Risk { unanswered, ..event.risk }
}

impl RiskView {
    /// The risk of an event. `incident` is the one behind which somebody answers.
    pub(crate) fn new(event: &Event, incident: Option<&Incident>, forecasts: &[Forecast], moments: &Moments) -> Self {
        let risk = risk_of(event, incident);
        let score = points(risk.score());
        Self {
            score,
            class: class(score),
            parts: vec![
                part("Вред", risk.harm, harm(event)),
                part("Рост", risk.growth, format!("{}{}", growth(risk.growth), comes(forecasts))),
                part("Без ответа", risk.unanswered, unanswered(event, incident, moments)),
            ],
        }
    }
}

fn part(name: &'static str, value: f32, sentence: String) -> Part {
    let bar = Bar::of_share(f64::from(value), class(points(value) / 2), format!("{name}: {} из 100", points(value)));
    Part { name, sentence, bar }
}

fn harm(event: &Event) -> String {
    let level = event.severity.level();
    let danger = if event.danger.is_empty() { "" } else { ", есть слова об опасности" };
    let authors = event.totals.authors;
    let write = if authors % 10 == 1 && authors % 100 != 11 { "пишет" } else { "пишут" };
    format!("Тяжесть {level}{NBSP}из{NBSP}5 ({}), {write} {}{danger}.", severity(level), AUTHORS.of(authors))
}

fn growth(growth: f32) -> &'static str {
    match growth {
        // Five times as many as usual, nearly twice as many, two thirds of it; see `Usual::growth` of the engine.
        growth if growth >= 0.45 => "Пишут гораздо чаще, чем обычно.",
        growth if growth >= 0.22 => "Пишут чаще, чем обычно.",
        growth if growth >= 0.1 => "Пишут в обычном темпе.",
        _ => "Новых сообщений почти нет.",
    }
}

/// What comes next, such as « В ближайшие 3 часа: 4–11 сообщений. В ближайшие 24 часа: 10–40 сообщений, скорее всего около 22.»
fn comes(forecasts: &[Forecast]) -> String {
    let one = |forecast: &Forecast| {
        let posts = match (forecast.low, RESULTS.of(forecast.high)) {
            _ if forecast.high == 0 => "скорее всего, ни одного сообщения".to_owned(),
            (low, high) if low == forecast.high => high,
            (low, high) => format!("{}{JOINED}–{JOINED}{high}", number(low)),
        };
        let likely = if forecast.high - forecast.low >= WIDE {
            format!(", скорее всего около{NBSP}{}", number(forecast.likely))
        } else {
            String::new()
        };
        format!(" В{NBSP}ближайшие {}: {posts}{likely}.", HOURS.of(forecast.hours))
    };
    forecasts.iter().map(one).collect()
}

fn unanswered(event: &Event, incident: Option<&Incident>, moments: &Moments) -> String {
    let waits = span(moments.now().duration_since(event.first_at));
    let Some(incident) = incident else {
        return format!("Инцидента нет: за{NBSP}{waits} никто не отвечал.");
    };
    match incident.state {
        State::Answered | State::Rated | State::Closed => "Итоговый ответ дан.".to_owned(),
        State::Interim => "Дан промежуточный ответ, итогового ещё нет.".to_owned(),
        State::Merged | State::NotIncident => "Отвечать не нужно: инцидент снят.".to_owned(),
        _ => format!("Инцидент открыт, ответа нет {waits}."),
    }
}
