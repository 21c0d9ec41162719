//! `sla`: deadlines and how they were counted.

use serde_json::json;

use crate::{filter, has_fields};

#[test]
fn sla_gives_deadlines_and_their_trace() {
    // Friday 6 March 2026, 17:00; Monday the 9th is a day off for Sunday the 8th.
    let check = |words: &str, clock: &str, due: &str| {
        let ended = filter(&format!("sla --from 2026-03-06T17:00:00+03:00 --policy {words}"), "").with_code(0);
        let report = &ended.objects()[0];
        assert_eq!(report["policy"], words.split(' ').next().unwrap());
        let clocks = report["clocks"].as_array().unwrap();
        let found = clocks.iter().find(|found| found["clock"] == clock).unwrap_or_else(|| panic!("{words}: {report}"));
        assert_eq!((&found["start"], &found["due"]), (&json!("2026-03-06T17:00:00+03:00"), &json!(due)), "{words}");
        let trace = found["trace"].as_array().unwrap();
        trace.iter().for_each(|part| has_fields(part, &["from", "to", "counted", "why"]));
        assert_eq!(trace[0]["from"], found["start"], "{words}");
        assert!(trace.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{words}: {trace:?}");
        assert_eq!(trace.last().unwrap()["to"], found["due"], "{words}");
    };
    check("route-60m", "route", "2026-03-06T18:00:00+03:00");
    check("social-8h", "first_answer", "2026-03-07T01:00:00+03:00");
    check("social-24h", "first_answer", "2026-03-07T17:00:00+03:00");
    check("social-4wh", "first_answer", "2026-03-10T12:00:00+03:00");
    check("social-9wh", "first_answer", "2026-03-10T17:00:00+03:00");
    check("final-7wd", "final_answer", "2026-03-18T18:00:00+03:00");
    check("pos-10d", "final_answer", "2026-03-16T23:59:59+03:00");
    check("pos-30d", "final_answer", "2026-04-05T23:59:59+03:00");
    check(
        "social-8h --pause 2026-03-06T20:00:00+03:00/2026-03-06T21:00:00+03:00",
        "first_answer",
        "2026-03-07T02:00:00+03:00",
    );
    check("social-4wh --hours 10:00-19:00", "first_answer", "2026-03-10T12:00:00+03:00");
}
