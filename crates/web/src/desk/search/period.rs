//! The stretch of time a search looks at, and its histogram.

use jiff::{SignedDuration, Timestamp};
use otklik_ports::HistogramPoint;

use crate::desk::{
    chart::{Columns, Outline, Series, Slot, Steps, step_minutes},
    filters::Choice,
    params::Params,
    say::{Moments, RESULTS},
};

/// Columns of the histogram at most.
const STEPS_MAX: i64 = 62;
const DAY_HOURS: i64 = 24;

/// Ready stretches: name in addresses, words, hours back from now.
const READY: [(&str, &str, Option<i64>); 5] = [
    ("day", "за сутки", Some(DAY_HOURS)),
    ("week", "за неделю", Some(7 * DAY_HOURS)),
    ("month", "за месяц", Some(30 * DAY_HOURS)),
    ("quarter", "за квартал", Some(91 * DAY_HOURS)),
    ("all", "за всё время", None),
];
const USUAL: &str = "month";

/// The stretch of time a search looks at.
#[derive(Debug, Clone)]
pub(super) struct Period {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) step_minutes: u16,
    name: &'static str,
    zoomed: bool,
}

impl Period {
    /// Reads the stretch from an address: own bounds go before a ready one.
    pub(super) fn read(params: &Params, moments: &Moments) -> Self {
        let asked = params.get("period").unwrap_or(USUAL);
        let (name, _, hours) = *READY.iter().find(|(name, ..)| *name == asked).unwrap_or(&READY[2]);
        let back = |hours: i64| moments.now().checked_sub(SignedDuration::from_hours(hours)).ok();
        let (own_from, own_to) = (params.moment("from", moments.zone()), params.moment_to("to", moments.zone()));
        let zoomed = own_from.is_some() || own_to.is_some();
        let from = if zoomed { own_from } else { hours.and_then(back) };
        // Without a beginning a day is as fine as it gets.
        let step_minutes = from.map_or(1440, |from| step_minutes(from, own_to.unwrap_or(moments.now()), STEPS_MAX));
        Self { from, to: own_to, step_minutes, name, zoomed }
    }

    /// Whether it has bounds of its own.
    pub(super) fn is_zoomed(&self) -> bool {
        self.zoomed
    }

    /// The ready stretches.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let choice = |(value, name, _): &(&str, &str, _)| Choice {
            value: (*value).to_owned(),
            name: (*name).to_owned(),
            chosen: *value == self.name,
        };
        READY.iter().map(choice).collect()
    }
}

/// The histogram of what was found; a click on a column looks at it closely.
pub(super) fn histogram(points: &[HistogramPoint], period: &Period, params: &Params, moments: &Moments) -> Columns {
    let first = period.from.or_else(|| points.first().map(|point| point.at)).unwrap_or(moments.now());
    let last = period.to.unwrap_or(moments.now()).min(moments.now());
    let last = last.max(points.last().map_or(first, |point| point.at));
    let steps = Steps::new(first, last, period.step_minutes, 0);
    let slots: Vec<Slot> = (0..steps.len())
        .map(|index| Slot {
            name: steps.name(index, moments),
            tick: steps.tick(index, moments),
            // The finest step is as close as one gets.
            href: (period.step_minutes > 5).then(|| zoom(params, &steps, index, moments)),
        })
        .collect();
    let values = steps.lay_out(points.iter().map(|point| (point.at, point.posts)));
    let total: u64 = values.iter().sum();
    let peak = values.iter().copied().enumerate().max_by_key(|&(index, posts)| (posts, std::cmp::Reverse(index)));
    let peak = peak.and_then(|(index, posts)| slots.get(index).map(|slot| (slot.name.clone(), posts)));
    let outline = Outline {
        id: "histogram",
        title: "Найденные сообщения по времени".to_owned(),
        description: match peak {
            Some((name, posts)) => {
                format!("Всего {}. Больше всего — {name}: {}.", RESULTS.of(total), RESULTS.of(posts))
            }
            None => "Ничего не найдено.".to_owned(),
        },
        unit: "сообщений",
        height: 72,
    };
    let class = "n-plain";
    Columns::new(outline, &slots, vec![Series { name: "Сообщения".to_owned(), class, values }], Vec::new())
}

fn zoom(params: &Params, steps: &Steps, index: usize, moments: &Moments) -> String {
    let (from, to) = (moments.field(steps.begins(index)), moments.field(steps.begins(index + 1)));
    params.href("/search", &[("from", Some(&from)), ("to", Some(&to)), ("period", None)])
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn moments() -> Moments {
        Moments::new(TimeZone::get("Europe/Moscow").unwrap(), "2026-03-03T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn own_bounds_go_before_a_ready_stretch() {
        let check = |query: &str, from: Option<&str>, to: Option<&str>, step: u16| {
            let period = Period::read(&Params::read(query), &moments());
            assert_eq!(period.from.map(|at| at.to_string()).as_deref(), from);
            assert_eq!(period.to.map(|at| at.to_string()).as_deref(), to);
            assert_eq!(period.step_minutes, step);
        };
        check("", Some("2026-02-01T12:00:00Z"), None, 720);
        check("period=day", Some("2026-03-02T12:00:00Z"), None, 30);
        check("period=all", None, None, 1440);
        check("period=век", Some("2026-02-01T12:00:00Z"), None, 720);
        check(
            "period=day&from=2026-03-01&to=2026-03-01",
            Some("2026-02-28T21:00:00Z"),
            Some("2026-03-01T21:00:00Z"),
            30,
        );
    }

    #[test]
    fn a_click_looks_closer() {
        let params = Params::read("q=яма&period=week&page=2");
        let period = Period::read(&params, &moments());
        let point = HistogramPoint { at: "2026-03-02T12:00:00Z".parse().unwrap(), posts: 3 };
        let steps = Steps::new(period.from.unwrap(), moments().now(), period.step_minutes, 0);
        let index = steps.index(point.at).unwrap();
        assert_eq!(
            zoom(&params, &steps, index, &moments()),
            "/search?q=%D1%8F%D0%BC%D0%B0&from=2026-03-02T15%3A00&to=2026-03-02T18%3A00"
        );
    }
}
