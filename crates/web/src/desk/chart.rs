//! Charts as SVG drawn on the server: small columns for rows, columns over time, bars for tables.
//!
//! Horizontal positions are percent of the width and vertical ones pixels, so that a chart fills the room it is given and
//! its letters keep their size. Colours come from the style sheet by class.

mod columns;
mod spark;
mod steps;

pub(crate) use self::{
    columns::{Columns, Mark, Outline, Series, Slot},
    spark::Spark,
    steps::{Steps, step_minutes},
};

use askama::{Template, filters::HtmlSafe};

/// A horizontal bar for a table's cell or a deadline.
#[derive(Debug, Clone, Template)]
#[template(path = "chart/bar.html")]
pub(crate) struct Bar {
    /// Share of the width that is filled, in percent with one decimal.
    filled: String,
    class: &'static str,
    label: String,
}

impl Bar {
    /// A bar filled by `part` of `whole`. The label says the same in words.
    pub(crate) fn new(part: u64, whole: u64, class: &'static str, label: impl Into<String>) -> Self {
        let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        Self::of_share(share, class, label)
    }

    /// A bar filled by a share, 0..1.
    pub(crate) fn of_share(share: f64, class: &'static str, label: impl Into<String>) -> Self {
        Self { filled: percent(share), class, label: label.into() }
    }
}

impl HtmlSafe for Bar {}
impl HtmlSafe for Columns {}
impl HtmlSafe for Spark {}

/// A share of the width as percent, in the notation of SVG.
fn percent(share: f64) -> String {
    format!("{:.2}", share.clamp(0.0, 1.0) * 100.0)
}
