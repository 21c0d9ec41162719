//! Conformance of [`Snapshots`].

use crate::{Snapshot, Snapshots};

/// Runs every case on a fresh adapter.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite<S: Snapshots>(make: impl AsyncFn() -> S) {
    keeps_the_latest(&make().await).await;
    keeps_stages_and_partitions_apart(&make().await).await;
    keeps_any_state(&make().await).await;
}

async fn keeps_the_latest(snapshots: &impl Snapshots) {
    assert_eq!(snapshots.load("group", 0).await.unwrap(), None, "there is none yet");
    for offset in [7, 9, 8] {
        let saved = snapshot(offset, b"state");
        snapshots.save("group", 0, saved.clone()).await.unwrap();
        assert_eq!(snapshots.load("group", 0).await.unwrap(), Some(saved), "the latest saved, whatever its offset");
    }
}

async fn keeps_stages_and_partitions_apart(snapshots: &impl Snapshots) {
    // Names that a store in files or tables must not mix up or take for a path.
    let places =
        [("group", 0), ("group", 1), ("group-1", 0), ("Group", 0), ("../group", 0), ("группы: а/б", 0), ("", 0)];
    for (index, (stage, partition)) in places.iter().enumerate() {
        snapshots.save(stage, *partition, snapshot(index as u64, stage.as_bytes())).await.unwrap();
    }
    for (index, (stage, partition)) in places.iter().enumerate() {
        let expected = snapshot(index as u64, stage.as_bytes());
        assert_eq!(snapshots.load(stage, *partition).await.unwrap(), Some(expected), "{stage:?} {partition}");
    }
    assert_eq!(snapshots.load("group", 2).await.unwrap(), None);
}

async fn keeps_any_state(snapshots: &impl Snapshots) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for state in [&[][..], &[0, 255, 10, 13], &large] {
        snapshots.save("any", 3, snapshot(u64::MAX, state)).await.unwrap();
        assert!(snapshots.load("any", 3).await.unwrap() == Some(snapshot(u64::MAX, state)), "{} bytes", state.len());
    }
}

fn snapshot(offset: u64, state: &[u8]) -> Snapshot {
    Snapshot { offset, state: state.to_vec() }
}
