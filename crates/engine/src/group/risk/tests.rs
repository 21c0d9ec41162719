use super::*;

const DAY: u32 = 86_400;
/// A Monday, 00:00 in Moscow.
const MONDAY: u32 = 1_767_560_400;

/// Posts at even distances of resident hours, `posts_a_day` of them in a day of 24.
fn beat(usual: &mut Usual, pulse: &mut Pulse, from: u32, to: u32, posts_a_day: f64) {
    let mut due = 0.0;
    for second in (from..to).step_by(60) {
        due += usual.rhythm.passed(second, second + 60) / 24.0 * posts_a_day;
        while due >= 1.0 {
            due -= 1.0;
            usual.learn(second, None, 1);
            pulse.beat(second, 1, &usual.rhythm);
        }
    }
}

/// Growth after three weeks of one rate, and after `then_hours` of another.
fn grown(posts_a_day: f64, then: f64, then_hours: u32) -> (f32, f32) {
    let (mut usual, mut pulse) = (Usual::default(), Pulse::default());
    let noon = MONDAY + 21 * DAY + DAY / 2;
    beat(&mut usual, &mut pulse, MONDAY, noon, posts_a_day);
    let before = usual.growth(pulse, None);
    beat(&mut usual, &mut pulse, noon, noon + then_hours * 3600, then);
    (before, usual.growth(pulse, None))
}

#[test]
fn growth_is_seen_among_few_posts_and_among_many() {
    for (posts_a_day, then_hours) in [(3.0, 48), (30.0, 24), (300.0, 8), (3000.0, 4)] {
        let (before, after) = grown(posts_a_day, posts_a_day * 3.0, then_hours);
        assert!((0.1..0.2).contains(&before), "{posts_a_day}: {before}");
        assert!((0.22..0.45).contains(&after), "{posts_a_day}: {after}");
    }
}

#[test]
fn an_event_that_begins_grows_with_each_post() {
    let usual = Usual::default();
    let mut pulse = Pulse::default();
    let mut growth = Vec::new();
    for minute in 0..30 {
        pulse.beat(MONDAY + DAY / 2 + minute * 60, 1, &usual.rhythm);
        growth.push(usual.growth(pulse, None));
    }
    assert!(growth.is_sorted());
    assert!((growth[0] - 1.0 / 7.0).abs() < 1e-3 && growth[5] > 0.45 && growth[29] > 0.75, "{growth:?}");
}

#[test]
fn a_usual_monday_is_no_growth() {
    let (mut usual, mut pulse) = (Usual::default(), Pulse::default());
    // Offices write: 500 posts on a working day, 50 on a day off.
    let posts = |day: u32| if day % 7 < 5 { 500.0 } else { 50.0 };
    for day in 0..56 {
        let rate = posts(day);
        for post in 0..rate as u32 {
            let second = MONDAY + day * DAY + 9 * 3600 + post * (9 * 3600 / rate as u32);
            usual.learn(second, None, 1);
            pulse.beat(second, 1, &usual.rhythm);
            if day >= 49 {
                let growth = usual.growth(pulse, None);
                assert!(growth < 0.22, "day {day}, post {post}: {growth}");
            }
        }
    }
}

#[test]
fn what_is_usual_is_learnt_by_topic() {
    let mut usual = Usual::default();
    for event in 0..200 {
        // Outages bring many posts each, lamps one.
        for number in 1..=15 {
            usual.learn(MONDAY + event * 600, Some("utilities.cold_water"), number);
        }
        usual.learn(MONDAY + event * 600, Some("improvement.lighting"), 1);
    }
    let mut pulse = Pulse::default();
    for hour in 0..6 {
        pulse.beat(MONDAY + DAY / 2 + hour * 3600, 1, &usual.rhythm);
    }
    let [water, lamps] = ["utilities.cold_water", "improvement.lighting"].map(|topic| usual.growth(pulse, Some(topic)));
    assert!(water < 0.3 && lamps > 0.4, "{water} {lamps}");
    // A topic not seen before is judged by its block.
    let of_block = usual.growth(pulse, Some("utilities.sewage"));
    assert!(of_block < 0.35, "{of_block}");
}

#[test]
fn a_pulse_joined_to_itself_counts_twice() {
    let usual = Usual::default();
    let (mut one, mut two) = (Pulse::default(), Pulse::default());
    for post in 0..10 {
        one.beat(MONDAY + post * 3600, 1, &usual.rhythm);
        two.beat(MONDAY + post * 3600, 2, &usual.rhythm);
    }
    one.merge(one, &usual.rhythm);
    for (one, two) in one.sums(&usual.rhythm).into_iter().zip(two.sums(&usual.rhythm)) {
        assert!((one.posts - two.posts).abs() < 1e-3 && (one.hours - two.hours).abs() < 1e-9);
    }
}
