//! The stages a process runs.

use std::{collections::BTreeMap, sync::Arc};

use otklik_engine::region::Region;
use otklik_pipeline::{
    Analyse, Group, IncidentsStage, Names, Runner, Stage, StageError, StageSettings, Store, Topology,
};
use otklik_ports::{Incidents, Log, PortResult, Posts, Search, Snapshots, Topic};
use otklik_text::{Analyser, Dictionary, Model};
use tokio::task::JoinSet;

use crate::{cli::Role, filters::group};

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

    pub(crate) fn analyse(&mut self, dictionary: Arc<Dictionary>, models: Vec<Arc<Model>>) {
        self.start(Analyse::new(Analyser::new(dictionary, models)), self.topology.analyse);
    }

    pub(crate) fn group(&mut self, dictionary: &Dictionary, snapshots: Arc<dyn Snapshots>) {
        let log = Arc::clone(&self.runner.log);
        let group = Group::new(log, snapshots, group::config(dictionary), self.topology.snapshot_records);
        self.start(group, self.topology.group);
    }

    pub(crate) fn store(&mut self, posts: Arc<dyn Posts>, search: Arc<dyn Search>, names: Arc<dyn Names>) {
        self.start(Store::new(posts, search, names), self.topology.store);
    }

    pub(crate) fn incidents(
        &mut self,
        incidents: Arc<dyn Incidents>,
        regions: Vec<Arc<Region>>,
        names: Arc<dyn Names>,
    ) {
        self.start(IncidentsStage::new(incidents, regions, names), self.topology.incidents);
    }

    fn start(&mut self, stage: impl Stage + 'static, settings: StageSettings) {
        let runner = self.runner.clone();
        self.set.spawn(async move { runner.run(stage, settings).await });
    }
}
