//! The stages a process runs.

use std::{collections::BTreeMap, sync::Arc};

use otklik_pipeline::{
    Analyse, Current, Group, IncidentsStage, Runner, Stage, StageError, StageSettings, Store, Topology,
};
use otklik_ports::{Incidents, Log, PortResult, Posts, Search, Snapshots, Topic};
use tokio::task::JoinSet;

use crate::cli::Role;

/// The stages, and the groups of consumers of their names.
pub(crate) const STAGES: [(&str, Topic); 4] =
    [("analyse", Topic::Posts), ("group", Topic::Analysed), ("store", Topic::Grouped), ("incidents", Topic::Grouped)];

/// Records each stage has still to read, by stage.
///
/// # Errors
/// The log's.
pub(crate) async fn lags(log: &dyn Log) -> PortResult<BTreeMap<&'static str, u64>> {
    let mut lags = BTreeMap::new();
    for (stage, topic) in STAGES {
        let partitions = log.lag(stage, topic).await?;
        lags.insert(stage, partitions.iter().map(|lag| lag.end.saturating_sub(lag.committed)).sum());
    }
    Ok(lags)
}

/// Whether a process of these roles has one of them: without any it does everything.
pub(crate) fn does(roles: &[Role], role: Role) -> bool {
    roles.is_empty() || roles.contains(&role)
}

/// Stages that run. The set ends when they have stopped, or with the first that fails.
pub(crate) struct Stages {
    runner: Runner,
    topology: Topology,
    pub(crate) set: JoinSet<Result<(), StageError>>,
}

impl Stages {
    pub(crate) fn new(runner: Runner, topology: Topology) -> Self {
        Self { runner, topology, set: JoinSet::new() }
    }

    pub(crate) fn analyse(&mut self, current: Current) {
        self.start(Analyse::new(current), self.topology.analyse);
    }

    pub(crate) fn group(&mut self, current: Current, snapshots: Arc<dyn Snapshots>) {
        let log = Arc::clone(&self.runner.log);
        self.start(Group::new(log, snapshots, current, self.topology.snapshot_records), self.topology.group);
    }

    pub(crate) fn store(&mut self, current: Current, posts: Arc<dyn Posts>, search: Arc<dyn Search>) {
        self.start(Store::new(posts, search, current), self.topology.store);
    }

    pub(crate) fn incidents(&mut self, current: Current, incidents: Arc<dyn Incidents>) {
        self.start(IncidentsStage::new(incidents, current), self.topology.incidents);
    }

    fn start(&mut self, stage: impl Stage + 'static, settings: StageSettings) {
        let runner = self.runner.clone();
        self.set.spawn(async move { runner.run(stage, settings).await });
    }
}
