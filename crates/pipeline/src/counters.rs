//! What became of the records each stage read.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Records each stage has read, by stage and outcome.
const RECORDS_TOTAL: &str = "otklik_stage_records_total";

/// How a record ended in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A post went on, or into its store.
    Done,
    /// A post that had been there before was read again.
    Repeated,
    /// A deletion or a correction was carried out.
    Changed,
    /// It could not be used and is among the dead letters.
    Dead,
    /// It was emptied because its post was deleted at the source, or it had been handled before a restart.
    Skipped,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Done, Self::Repeated, Self::Changed, Self::Dead, Self::Skipped];

    /// Its name in metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Repeated => "repeated",
            Self::Changed => "changed",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
        }
    }
}

/// Counts of one stage since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageCounts {
    counts: [u64; Outcome::ALL.len()],
}

impl StageCounts {
    /// How many records ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        let index = Outcome::ALL.iter().position(|own| *own == outcome).unwrap_or_default();
        self.counts.get(index).copied().unwrap_or_default()
    }

    /// How many records were read: each ended in one of the outcomes.
    pub fn read(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Counts records.
    pub fn add(&mut self, outcome: Outcome, records: u64) {
        let index = Outcome::ALL.iter().position(|own| *own == outcome).unwrap_or_default();
        if let Some(count) = self.counts.get_mut(index) {
            *count += records;
        }
    }
}

/// Counts of all stages of the process, for progress and `/metrics`.
#[derive(Debug, Default)]
pub struct Counters {
    stages: Mutex<BTreeMap<&'static str, StageCounts>>,
}

impl Counters {
    /// Adds what a stage did with a batch.
    pub fn add(&self, stage: &'static str, counts: &StageCounts) {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let own = stages.entry(stage).or_default();
        for outcome in Outcome::ALL {
            let records = counts.of(outcome);
            own.add(outcome, records);
            if records > 0 {
                metrics::counter!(RECORDS_TOTAL, "stage" => stage, "outcome" => outcome.as_str()).increment(records);
            }
        }
    }

    /// The counts of a stage.
    pub fn of(&self, stage: &str) -> StageCounts {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).get(stage).copied().unwrap_or_default()
    }
}
