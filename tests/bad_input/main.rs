//! Input nobody would write on purpose: a clear message that names the place, the right exit code, and nothing else lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod archives;
mod posts;
mod settings;
mod tables;

use otklik_tests::post;

pub(crate) const TIME: &str = "2026-03-02T10:00:00+03:00";

pub(crate) fn good(id: &str) -> String {
    format!("{}\n", post(id, "Яма на улице Ленина, пробил колесо", TIME))
}
