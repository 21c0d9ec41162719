//! What is fed in: a day of several regions, in slices.

use otklik_tests::demo_day;
use serde_json::{Value, json};

/// The regions of the posts. Incidents are opened in the first two, which are configured.
const REGIONS: [&str; 6] = ["demo", "udm", "chaos-3", "chaos-4", "chaos-5", "chaos-6"];
/// The day lies ahead, so that nothing comes due while the desk runs on the machine's clock: what is due by the end of
/// the day is done at the end, at the time of the last post, as in the undisturbed run.
const DAY: (&str, &str) = ("2026-03-25T", "2098-03-26T");

/// The day, a line for each post. Half of the posts are of the first region.
pub(crate) fn day(seed: u64, posts: u64) -> Vec<String> {
    demo_day(seed, posts).lines().map(|line| of_region(&line.replace(DAY.0, DAY.1))).collect()
}

fn of_region(line: &str) -> String {
    let Ok(mut post) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    let sum: usize = post["id"].as_str().unwrap_or_default().bytes().map(usize::from).sum();
    post["region"] = json!(if sum.is_multiple_of(2) { REGIONS[0] } else { REGIONS[sum / 2 % REGIONS.len()] });
    post.to_string()
}
