//! Stages between topics of the log: posts are analysed, grouped, stored, and become incidents.
//!
//! Each stage reads a topic, and either writes another one together with its position, all or nothing, or writes a store that
//! leaves the same when it is written twice. So a kill at any moment costs nothing but the work since the last commit.
//! What a stage cannot use goes to the dead letters with its reason; every record read ends in exactly one counted outcome.

mod agreement;
mod analyse;
mod counters;
mod group;
mod incidents;
mod intake;
mod knowledge;
mod outbox;
mod read_topic;
mod reconcile;
mod runner;
mod sla_clock;
mod store;
mod topology;

pub use agreement::{Agreement, News, Word};
pub use analyse::Analyse;
pub use counters::{Counters, Outcome, StageCounts};
pub use group::Group;
pub use incidents::IncidentsStage;
pub use intake::{Gate, Refused};
pub use knowledge::{Current, Knowledge, group_config};
pub use outbox::relay_outbox;
pub use read_topic::read_topic;
pub use reconcile::{Account, reconcile};
pub use runner::{Batch, Handled, Runner, Stage, StageError};
pub use sla_clock::{Due, check_due};
pub use store::Store;
pub use topology::{StageSettings, Topology, TopologyError};
