//! Stacked columns over time with a scale, marks and tooltips.

use askama::Template;

use super::percent;
use crate::desk::say::number;

/// Pixels above the columns, for the unit and labels of marks.
const TOP: u32 = 32;
/// Pixels below the columns, for the axis.
const BOTTOM: u32 = 20;
/// Labels on the axis at most.
const TICKS_MAX: usize = 7;

/// What is drawn in one colour.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// Its name, for the legend.
    pub(crate) name: String,
    /// Class of its colour.
    pub(crate) class: &'static str,
    /// One value for each slot.
    pub(crate) values: Vec<u64>,
}

/// A place on the axis.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// What it is called in tooltips and in the table.
    pub(crate) name: String,
    /// What stands below it when there is room.
    pub(crate) tick: String,
    /// Where a click leads.
    pub(crate) href: Option<String>,
}

/// A line across the chart at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// Where, 0..1.
    pub(crate) share: f64,
    /// What it marks.
    pub(crate) label: String,
    /// Class of its colour.
    pub(crate) class: &'static str,
}

/// What a chart is told besides its values.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    /// Unique on the page.
    pub(crate) id: &'static str,
    /// A line that says what it shows.
    pub(crate) title: String,
    /// A sentence with the main point, for those who do not see it.
    pub(crate) description: String,
    /// What is counted, in the genitive plural: it stands above the scale.
    pub(crate) unit: &'static str,
    /// Pixels of the columns' height.
    pub(crate) height: u32,
}

/// A chart of stacked columns.
#[derive(Debug, Clone, Template)]
#[template(path = "chart/columns.html")]
pub(crate) struct Columns {
    outline: Outline,
    series: Vec<Series>,
    columns: Vec<Column>,
    levels: Vec<Level>,
    ticks: Vec<Tick>,
    marks: Vec<Line>,
    height: u32,
    base: u32,
    base_label: u32,
}

#[derive(Debug, Clone)]
struct Column {
    /// The whole slot, where the pointer is caught.
    left: String,
    room: String,
    x: String,
    width: String,
    parts: Vec<Part>,
    name: String,
    tip: String,
    values: Vec<String>,
    href: Option<String>,
}

#[derive(Debug, Clone)]
struct Part {
    y: u32,
    height: u32,
    class: &'static str,
}

#[derive(Debug, Clone)]
struct Level {
    y: u32,
    label: String,
}

#[derive(Debug, Clone)]
struct Tick {
    x: String,
    label: String,
    anchor: &'static str,
}

#[derive(Debug, Clone)]
struct Line {
    x: String,
    y: u32,
    label: String,
    class: &'static str,
    anchor: &'static str,
    shift: i32,
}

impl Columns {
    /// Draws series over slots.
    pub(crate) fn new(outline: Outline, slots: &[Slot], series: Vec<Series>, marks: Vec<Mark>) -> Self {
        let total = |index: usize| series.iter().filter_map(|one| one.values.get(index)).sum::<u64>();
        let top = nice(slots.iter().enumerate().map(|(index, _)| total(index)).max().unwrap_or(0));
        let scale = Scale { top, height: outline.height, slots: slots.len().max(1) };
        let columns = slots.iter().enumerate().map(|(index, slot)| scale.column(index, slot, &series)).collect();
        Self {
            columns,
            levels: scale.levels(),
            ticks: scale.ticks(slots),
            marks: lines(marks),
            height: TOP + outline.height + BOTTOM,
            base: TOP + outline.height,
            base_label: TOP + outline.height + 15,
            outline,
            series,
        }
    }

    /// Whether there is anything to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.parts.is_empty())
    }

    fn has_legend(&self) -> bool {
        self.series.len() > 1
    }
}

struct Scale {
    top: u64,
    height: u32,
    slots: usize,
}

impl Scale {
    fn column(&self, index: usize, slot: &Slot, series: &[Series]) -> Column {
        let room = 1.0 / self.slots as f64;
        let left = index as f64 * room;
        let gap = if self.slots > 90 { 0.08 } else { 0.16 } * room;
        let values: Vec<u64> = series.iter().map(|one| one.values.get(index).copied().unwrap_or(0)).collect();
        let mut parts = Vec::new();
        let mut below = 0;
        for (one, &value) in series.iter().zip(&values).filter(|(_, value)| **value > 0) {
            let (from, to) = (self.pixels(below), self.pixels(below + value).max(self.pixels(below) + 1));
            parts.push(Part { y: TOP + self.height - to, height: to - from, class: one.class });
            below += value;
        }
        Column {
            left: percent(left),
            room: percent(room),
            x: percent(left + gap / 2.0),
            width: percent(room - gap),
            parts,
            tip: tip(&slot.name, series, &values),
            name: slot.name.clone(),
            values: values.into_iter().map(number).collect(),
            href: slot.href.clone(),
        }
    }

    fn pixels(&self, value: u64) -> u32 {
        let pixels = value * u64::from(self.height) / self.top.max(1);
        u32::try_from(pixels).unwrap_or(self.height).min(self.height)
    }

    fn levels(&self) -> Vec<Level> {
        let values =
            if self.top.is_multiple_of(2) && self.top > 1 { vec![self.top / 2, self.top] } else { vec![self.top] };
        values
            .into_iter()
            .map(|value| Level { y: TOP + self.height - self.pixels(value), label: number(value) })
            .collect()
    }

    fn ticks(&self, slots: &[Slot]) -> Vec<Tick> {
        let every = slots.len().div_ceil(TICKS_MAX).max(1);
        slots
            .iter()
            .enumerate()
            .step_by(every)
            .map(|(index, slot)| Tick {
                x: percent((index as f64 + 0.5) / self.slots as f64),
                label: slot.tick.clone(),
                anchor: if index == 0 && self.slots > 8 { "start" } else { "middle" },
            })
            .collect()
    }
}

/// Lines of marks; the label of one that stands close to the line before it is written above its label.
fn lines(marks: Vec<Mark>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut before = None;
    for mark in marks {
        let is_close = before.is_some_and(|(share, is_above): (f64, bool)| mark.share - share < 0.2 && !is_above);
        before = Some((mark.share, is_close));
        // A label near the right edge is written to the left of its line.
        let (anchor, shift) = if mark.share > 0.7 { ("end", -4) } else { ("start", 4) };
        let y = if is_close { TOP - 20 } else { TOP - 5 };
        lines.push(Line { x: percent(mark.share), y, label: mark.label, class: mark.class, anchor, shift });
    }
    lines
}

fn tip(name: &str, series: &[Series], values: &[u64]) -> String {
    let total: u64 = values.iter().sum();
    if series.len() < 2 || total == 0 {
        return format!("{name}: {}", number(total));
    }
    let parts = series.iter().zip(values).filter(|(_, value)| **value > 0);
    let parts: Vec<String> = parts.map(|(one, value)| format!("{} {}", one.name, number(*value))).collect();
    match parts.as_slice() {
        [one] => format!("{name}: {one}"),
        _ => format!("{name}: всего {} ({})", number(total), parts.join(", ")),
    }
}

/// The least of 1, 2, 4, 5, 10, 20, 40, 50, 100 … that is not below the value.
fn nice(value: u64) -> u64 {
    let mut ten = 1;
    loop {
        if let Some(top) = [1, 2, 4, 5, 6, 8].into_iter().map(|factor| factor * ten).find(|top| *top >= value) {
            return top;
        }
        ten *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[[u64; 2]]) -> Columns {
        let slots: Vec<Slot> = (0..values.len())
            .map(|index| Slot { name: format!("{index}:00"), tick: index.to_string(), href: None })
            .collect();
        let series = |at: usize, name: &str| Series {
            name: name.to_owned(),
            class: "n-vk",
            values: values.iter().map(|pair| pair[at]).collect(),
        };
        let outline =
            Outline {
                id: "c", title: "Посты".into(), description: "Пик".into(), unit: "постов", height: 100
            };
        Columns::new(outline, &slots, vec![series(0, "ВК"), series(1, "ОК")], Vec::new())
    }

    #[test]
    fn columns_stand_on_each_other_and_reach_the_scale() {
        let chart = chart(&[[30, 10], [0, 0], [1, 0]]);
        let parts: Vec<(u32, u32)> = chart.columns[0].parts.iter().map(|part| (part.y, part.height)).collect();
        assert_eq!(parts, [(57, 75), (32, 25)]);
        assert_eq!(chart.columns[0].tip, "0:00: всего 40 (ВК 30, ОК 10)");
        assert_eq!(chart.columns[1].tip, "1:00: 0");
        assert_eq!(chart.columns[2].tip, "2:00: ВК 1");
        assert_eq!(chart.levels.last().unwrap().label, "40");
    }

    #[test]
    fn scales_end_at_round_numbers() {
        let check = |value: u64, expected: u64| assert_eq!(nice(value), expected);
        check(0, 1);
        check(3, 4);
        check(17, 20);
        check(118, 200);
        check(641, 800);
    }

    #[test]
    fn labels_of_marks_do_not_meet() {
        let mark = |share| Mark { share, label: "ответ".to_owned(), class: "answer" };
        let heights = |shares: &[f64]| -> Vec<u32> {
            lines(shares.iter().map(|share| mark(*share)).collect()).iter().map(|line| line.y).collect()
        };
        assert_eq!(heights(&[0.0, 0.5, 0.9]), [27, 27, 27]);
        assert_eq!(heights(&[0.0, 0.05, 0.1]), [27, 12, 27]);
    }

    #[test]
    fn nothing_to_draw_is_no_mistake() {
        assert!(chart(&[]).is_empty());
        assert!(chart(&[[0, 0]]).is_empty());
    }
}
