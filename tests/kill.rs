//! kill -9 is a normal event: a replay that is killed again and again ends with what an undisturbed one ends with, no post and
//! no incident lost or there twice. `tests/kill_full.sh` does the same with all the real appeals.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::Duration;

use otklik_tests::{Deployment, Ended, Random, Report, demo_day, missing_libchdb, skipped};

const SEED: u64 = 20_260_325;
const POSTS: u64 = 6_000;
const KILLS: u32 = 5;
/// Some lines of the day are no posts, so the first reading ends with this code.
const SOME_REFUSED: i32 = 2;

/// When to kill, as times since the start of a run.
struct Moments {
    random: Random,
    /// Until the first post is read.
    opening: Duration,
    /// What one run should get done before it is killed.
    stretch: Duration,
    /// A run now finds nothing to do: it is killed while the engines are opened.
    work_is_done: bool,
}

impl Moments {
    /// Spread over the work that an undisturbed run took so long for, so that all of it is done within the kills.
    fn of(undisturbed: &Ended) -> Self {
        let seconds = Report::of(undisturbed).seconds;
        let work = Duration::from_secs_f64(seconds).min(undisturbed.took);
        Self {
            random: Random::new(SEED),
            opening: undisturbed.took - work,
            stretch: work / (KILLS + 1),
            work_is_done: false,
        }
    }

    /// Mostly in the midst of work, now and then while the engines are opened.
    fn next(&mut self) -> Duration {
        if self.work_is_done || self.random.below(5) == 0 {
            return self.opening.mul_f64(self.random.fraction());
        }
        self.opening + self.stretch.mul_f64(2.0 * self.random.fraction())
    }
}

#[test]
fn a_killed_replay_ends_as_an_undisturbed_one() {
    if let Some(reason) = missing_libchdb() {
        return skipped("kill", &reason);
    }
    let posts = demo_day(SEED, POSTS);
    let undisturbed = Deployment::new().replay(posts.as_str()).run().with_code(SOME_REFUSED);
    let expected = Report::of(&undisturbed);
    assert_eq!(expected.appended + expected.refused, POSTS);
    assert!(expected.refused > 5 && expected.incidents > 50, "the day is too quiet: {expected:?}");

    let deployment = Deployment::new();
    let mut moments = Moments::of(&undisturbed);
    let mut kills = 0;
    while kills < KILLS {
        let moment = moments.next();
        let mut run = deployment.replay(posts.as_str()).start();
        let ended = if run.ends_within(moment) { run.end_within(moment) } else { run.kill() };
        if ended.signal == Some(9) {
            kills += 1;
            eprintln!("kill {kills} after {moment:?}");
        } else {
            // It was done before the kill came.
            assert!(matches!(ended.code, Some(0 | SOME_REFUSED)), "{}", ended.stderr);
            moments.work_is_done = true;
        }
    }

    check(&deployment, &posts, &expected);
    // Once more over what is there already.
    let again = check(&deployment, &posts, &expected);
    assert_eq!((again.appended, again.skipped), (0, POSTS));
}

/// Lets a replay come to its end and compares what it leaves.
fn check(deployment: &Deployment, posts: &str, expected: &Report) -> Report {
    let ended = deployment.replay(posts).run();
    assert!(matches!(ended.code, Some(0 | SOME_REFUSED)), "{:?}: {}", ended.code, ended.stderr);
    let report = Report::of(&ended);
    assert_eq!(report.account, expected.account);
    assert_eq!(report.incidents, expected.incidents);
    assert_eq!(report.digest, expected.digest);
    report
}
