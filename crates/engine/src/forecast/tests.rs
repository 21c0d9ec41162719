use proptest::prelude::*;

use super::*;

const DAY: u32 = 86_400;
/// A Monday, 00:00 in Moscow.
const MONDAY: u32 = 1_767_560_400;

fn residents() -> Rhythm {
    Rhythm::new(3 * 3600)
}

/// An event with so many posts a day for so many days, evenly over the resident hours of each.
fn steady(posts_a_day: u32, days: u32, rhythm: &Rhythm) -> Pulse {
    let mut pulse = Pulse::default();
    for second in (MONDAY..MONDAY + days * DAY).step_by(60) {
        let (before, after) = (rhythm.passed(MONDAY, second), rhythm.passed(MONDAY, second + 60));
        let due = |hours: f64| (hours / 24.0 * f64::from(posts_a_day)) as u32;
        pulse.beat(second, due(after) - due(before), rhythm);
    }
    pulse
}

fn forecast_of(pulse: Pulse, now: u32) -> [Forecast; 2] {
    forecast(pulse, &residents(), now).try_into().unwrap()
}

#[test]
fn a_steady_event_goes_on() {
    for posts_a_day in [10, 300, 3000] {
        let midnight = MONDAY + 14 * DAY;
        let [hours, day] = forecast_of(steady(posts_a_day, 14, &residents()), midnight);
        assert!(day.likely.abs_diff(posts_a_day) <= posts_a_day / 5 + 1, "{posts_a_day}: {day:?}");
        assert!(day.low < day.likely && day.likely < day.high, "{day:?}");
        // Three hours of the night are not an eighth of the day.
        assert!(hours.likely <= posts_a_day / 16, "{posts_a_day}: {hours:?}");
    }
}

#[test]
fn silence_is_expected_to_last() {
    let pulse = steady(100, 3, &residents());
    let likely = |hours: u32| forecast_of(pulse, MONDAY + 3 * DAY + hours * 3600)[1].likely;
    assert!(likely(0) > likely(24) && likely(24) > likely(72) && likely(72) > likely(240));
    assert_eq!(likely(24 * 60), 0);
}

#[test]
fn one_post_is_no_flood() {
    let mut pulse = Pulse::default();
    pulse.beat(MONDAY + DAY / 2, 1, &residents());
    let [hours, day] = forecast_of(pulse, MONDAY + DAY / 2);
    assert_eq!((hours.likely, hours.low), (0, 0));
    assert!(day.likely <= 2, "{day:?}");
    assert_eq!(forecast(Pulse::default(), &residents(), MONDAY), []);
}

#[test]
fn a_bursty_event_has_a_wider_interval() {
    let rhythm = residents();
    let mut bursts = Pulse::default();
    for day in 0..14 {
        bursts.beat(MONDAY + day * DAY + DAY / 2, 24, &rhythm);
    }
    let width = |pulse| {
        let [_, day] = forecast_of(pulse, MONDAY + 14 * DAY);
        day.high - day.low
    };
    assert!(width(bursts) > width(steady(24, 14, &rhythm)) * 5 / 4);
}

#[test]
fn a_week_has_as_many_resident_hours_as_others() {
    let mut rhythm = residents();
    for day in 0..28 {
        // Sundays are quiet.
        rhythm.learn(MONDAY + day * DAY + 10 * 3600, if day % 7 == 6 { 1 } else { 200 });
        let week = rhythm.passed(MONDAY + day * 3600, MONDAY + day * 3600 + 7 * DAY);
        assert!((week - 168.0).abs() < 1e-6, "{week}");
    }
    let of_day = |day: u32| rhythm.passed(MONDAY + day * DAY, MONDAY + (day + 1) * DAY);
    assert!(of_day(6) < of_day(0) * 0.6, "{} {}", of_day(6), of_day(0));
    let hour = |hour: u32| rhythm.passed(MONDAY + hour * 3600, MONDAY + (hour + 1) * 3600);
    assert!(hour(10) > 3.0 && hour(3) < 0.1, "{} {}", hour(10), hour(3));
}

/// The probability of each number, by its definition.
fn probabilities(mean: f64, spread: f64, numbers: usize) -> Vec<f64> {
    let shape = 1.0 / spread;
    let first = (shape / (shape + mean)).powf(shape);
    let next = |weight: &mut f64, number: usize| {
        let own = *weight;
        *weight *= (number as f64 + shape) / (number as f64 + 1.0) * mean / (mean + shape);
        Some(own)
    };
    (0..numbers).scan(first, next).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_interval_comes_nearest_to_four_fifths(mean in 0.01_f64..200.0, spread in 0.01_f64..3.0) {
        let (likely, low, high) = interval::interval(mean, spread);
        prop_assert!(low <= likely.max(low) && likely <= high.max(likely) && low <= high);
        let all = probabilities(mean, spread, 8_000);
        let share = |from: u32, to: u32| all[from as usize..=to as usize].iter().sum::<f64>();
        let covered = (share(low, high) - 0.8).abs();
        // One number more, the likelier of the two at its ends, brings it no nearer, and so does one less.
        let below = if low > 0 { all[low as usize - 1] } else { 0.0 };
        let more = share(low, high) + below.max(all[high as usize + 1]);
        prop_assert!(covered <= (more - 0.8).abs() + 1e-4);
        let less = share(low, high) - all[low as usize].min(all[high as usize]);
        prop_assert!(low == high || covered <= (less - 0.8).abs() + 1e-4);
        prop_assert!(share(0, likely) >= 0.5 - 1e-4);
        prop_assert!(likely == 0 || share(0, likely - 1) <= 0.5 + 1e-4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_input_breaks_it(mean in any::<f64>(), spread in any::<f64>(), beats in proptest::collection::vec((any::<u32>(), any::<u32>()), 0..5)) {
        let (_, low, high) = interval::interval(mean, spread);
        prop_assert!(low <= high);
        let mut rhythm = residents();
        let mut pulse = Pulse::default();
        for (at, posts) in beats {
            rhythm.learn(at, posts);
            pulse.beat(at, posts, &rhythm);
            for one in forecast(pulse, &rhythm, at) {
                prop_assert!(one.low <= one.high);
            }
        }
    }
}
