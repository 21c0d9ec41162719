//! The counts of a search as a table for a spreadsheet.

use axum::{
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};

use super::{
    facets::{field_name, value_name},
    period::Period,
};
use crate::{
    desk::{chart::Steps, say::Moments, visit::Visit},
    service::search::FoundPage,
};

/// Spreadsheets read UTF-8 only when the file says so.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The table: what is counted, its value and name, posts.
pub(super) fn table(visit: &Visit, found: &FoundPage, period: &Period, moments: &Moments) -> impl IntoResponse + use<> {
    let mut text = String::from(BYTE_ORDER_MARK);
    line(&mut text, &["Разрез", "Код", "Название", "Сообщений"]);
    line(&mut text, &["Всего", "", "", &found.total.to_string()]);
    let names = &visit.directory.catalogue;
    for facet in &found.facets {
        let name = value_name(names, facet.field, &facet.value);
        line(&mut text, &[field_name(facet.field), &facet.value, &name, &facet.posts.to_string()]);
    }
    for point in &found.histogram {
        let steps = Steps::new(point.at, point.at, period.step_minutes, 0);
        let name = format!("{} {}", moments.date_field(point.at), steps.name(0, moments));
        line(&mut text, &["Время", &moments.field(point.at), &name, &point.posts.to_string()]);
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"otklik-counts.csv\""),
    ];
    (headers, text)
}

/// A line with semicolons, as spreadsheets of a Russian system expect. No value begins a formula.
fn line(text: &mut String, cells: &[&str]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(';');
        }
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if is_formula { "'" } else { "" };
        text.push_str(&format!("\"{guard}{}\"", cell.replace('"', "\"\"")));
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_begin_no_formula() {
        let mut text = String::new();
        line(&mut text, &["a;b", "ООО \"Чистый двор\"", "=1+1"]);
        assert_eq!(text, "\"a;b\";\"ООО \"\"Чистый двор\"\"\";\"'=1+1\"\r\n");
    }
}
