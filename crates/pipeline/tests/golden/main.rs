//! Stories of `pipelines/cases` played through all stages over the ports in memory: first undisturbed, then with every single
//! call of a port failing or killing the process. What is in the stores and in the log at the end must always be the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod case;
mod expect;
mod faults;
mod story;
mod together;
mod world;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use otklik_pipeline::Knowledge;

use self::{case::Case, faults::Fault, story::play, world::World};

static SETUP: LazyLock<Arc<Knowledge>> = LazyLock::new(|| Arc::new(world::load()));

/// One test for each story, so that they run side by side.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        const STORIES: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            survives_everything(stringify!($name));
        })*
    };
}

stories! {
    burst,
    appeal,
    danger,
    merged_by_hand,
    split_by_hand,
    corrected_by_hand,
    deleted_at_source,
    deleted_late,
    broken_messages,
    repeat_after_closing,
    restart_in_window,
}

#[test]
fn every_story_is_played() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().replace('-', "_"))
        .collect();
    found.sort();
    let mut played = STORIES.to_vec();
    played.sort_unstable();
    assert_eq!(found, played);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/cases")
}

/// Plays a story undisturbed and looks at what came of it; then once for each call and fault.
fn survives_everything(name: &str) {
    let case = case::load(&folder().join(format!("{}.toml", name.replace('_', "-"))));
    let (calls, undisturbed) = run(&case, None, true);
    assert!(calls.len() > 30, "{}: only {} calls to fail", case.title, calls.len());
    for (number, call) in calls.iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.can_strike(call)) {
            let (_, disturbed) = run(&case, Some((number, fault)), false);
            let differ = undisturbed.iter().zip(&disturbed).find(|(own, other)| own != other);
            assert!(
                undisturbed == disturbed,
                "{}: {fault:?} at call {number}, {call}, changes what comes of it\nlines {} and {}; first that differs: {differ:#?}",
                case.title,
                undisturbed.len(),
                disturbed.len(),
            );
        }
    }
}

/// Plays a story in a world of its own, in which time passes only while nothing works.
fn run(case: &Case, strike: Option<(usize, Fault)>, is_checked: bool) -> (Vec<&'static str>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new();
        let (calls, counters) = play(&SETUP, case, &world, strike).await;
        if is_checked {
            expect::check(case, &world, &counters).await;
        }
        (calls, world.content().await)
    })
}
