//! How the window of repeats grows: bytes and time of a post while it fills, and with posts leaving as others come.

use cpu_time::ProcessTime;
use jiff::{SignedDuration, Timestamp};
use otklik_engine::group::RepeatWindow;
use otklik_text::{Fingerprint, Lexer};
use serde_json::{Value, json};

use crate::{
    corpus,
    repeats::{LIKE, memory},
};

pub fn run(_who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let texts = corpus::texts(more.first().copied().unwrap_or_default())?;
    let sizes: Vec<u32> = more.iter().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    let (mut lexer, mut lexemes) = (Lexer::default(), Vec::new());
    let prints: Vec<Fingerprint> = texts
        .iter()
        .map(|text| {
            lexer.read(text, &mut lexemes);
            Fingerprint::of(&lexemes)
        })
        .collect();
    let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000);
    let mut rows = Vec::new();
    for size in sizes {
        let before = memory();
        let mut window = RepeatWindow::new(size, 365);
        let mut add = |number: u64| {
            // Other texts of the same kind each time round: their bins turned by another value.
            let round = number / prints.len() as u64;
            let mut print = prints[(number % prints.len() as u64) as usize];
            print.exact ^= round.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            print.bins.iter_mut().for_each(|bin| *bin = bin.wrapping_add((round * 37) as u8));
            window.add(&format!("vk:-1_{number}"), begin + SignedDuration::from_millis(number as i64), &print, LIKE)
        };
        for number in 0..u64::from(size) {
            add(number);
        }
        let bytes = memory().saturating_sub(before);
        let begun = ProcessTime::now();
        let measured = 300_000;
        for number in 0..measured {
            add(u64::from(size) + number);
        }
        let nanoseconds = begun.elapsed().as_nanos() as f64 / measured as f64;
        rows.push(
            json!({ "posts": size, "bytes_a_post": bytes as f64 / f64::from(size), "nanoseconds_a_post": nanoseconds }),
        );
    }
    Ok(json!({ "sizes": rows, "posts": 0, "seconds": 0.0 }))
}
