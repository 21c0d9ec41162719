//! The filters as anyone may call them: shapes, order, refusals, exit codes. Inputs are made up here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod analyse;
mod check;
mod contract;
mod diff;
mod group;
mod import;
mod model;
mod parse;
mod sla;

use otklik_tests::{Ended, otklik, post};
use serde_json::Value;

pub(crate) const POTHOLE: &str = "На улице Ленина яма на яме, вчера пробил колесо 😡";
pub(crate) const BURST: &str = "Прорвало трубу, вода заливает подвал на Советской, 5";
pub(crate) const THANKS: &str = "Спасибо дворникам, во дворе чисто";

/// Posts as JSON Lines, a minute apart, their ids counted from 1.
pub(crate) fn posts(texts: &[&str]) -> String {
    let time = |index: usize| format!("2026-03-02T{:02}:{:02}:00+03:00", 10 + index / 60, index % 60);
    let line = |(index, text): (usize, &&str)| format!("{}\n", post(&format!("t:{}", index + 1), text, &time(index)));
    texts.iter().enumerate().map(line).collect()
}

pub(crate) fn filter(words: &str, input: &str) -> Ended {
    otklik(words.split(' ')).input(input).run()
}

/// The fields of an object, in order.
fn fields(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
pub(crate) fn has_fields(object: &Value, expected: &[&str]) {
    let missing: Vec<_> = expected.iter().filter(|field| object.get(**field).is_none()).collect();
    assert!(missing.is_empty(), "no {missing:?} among {:?}", fields(object));
}
