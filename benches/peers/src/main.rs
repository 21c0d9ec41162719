//! Otklik's parts and their peers, one at a time and on one thread: `otklik-peers PART WHO FILE [MORE]…`.
//!
//! The file is read before the clock starts. Time is the processor's, of this process alone. One JSON object is printed: `posts`,
//! `seconds`, and what the part found, for `peers.py` to judge.

mod corpus;
mod grouping;
mod language;
mod repeats;
mod topics;
mod window;
mod words;

use anyhow::bail;
use cpu_time::ProcessTime;
use serde_json::{Value, json};

/// Runs a piece of work and puts its time beside what it found.
fn timed(posts: usize, work: impl FnOnce() -> Value) -> Value {
    let begun = ProcessTime::now();
    let mut found = work();
    let seconds = begun.elapsed().as_secs_f64();
    found["posts"] = json!(posts);
    found["seconds"] = json!(seconds);
    found
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [part, who, more @ ..] = arguments.as_slice() else { bail!("usage: otklik-peers PART WHO FILE [MORE]…") };
    let result = match *part {
        "words" => words::run(who, more)?,
        "language" => language::run(who, more)?,
        "repeats" => repeats::run(who, more)?,
        "window" => window::run(who, more)?,
        "topics" => topics::run(who, more)?,
        "grouping" => grouping::run(who, more)?,
        _ => bail!("there is no part {part}"),
    };
    println!("{result}");
    Ok(())
}
