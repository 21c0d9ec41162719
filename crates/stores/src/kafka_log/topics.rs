//! The topics in Kafka: made when they are not there, refused when they are not what the log needs.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use otklik_ports::{ErrorKind, PortError, PortResult, Topic};
use rdkafka::{
    admin::{AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication},
    error::{KafkaError, RDKafkaErrorCode as Code},
};

use super::{
    cluster::Cluster,
    config::{KafkaLogConfig, RECORD_OVERHEAD_BYTES},
    failure::{failed, late},
};

/// Wait between two looks at topics that are being made.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A topic as it has to be.
struct Wanted {
    name: String,
    partitions: u32,
    /// What its old records go by.
    cleanup: &'static str,
    /// Other settings, in Kafka's words.
    settings: Vec<(&'static str, String)>,
}

/// Makes the topics that are missing and checks those that are there.
pub(super) async fn prepare(cluster: &Arc<Cluster>) -> PortResult<()> {
    let config = &cluster.config;
    let wanted = wanted(config);
    make(cluster, &wanted).await?;
    let checked = Arc::clone(cluster);
    let names: Vec<(String, u32)> = wanted.iter().map(|topic| (topic.name.clone(), topic.partitions)).collect();
    let looked = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + checked.config.answer_within;
        names.iter().try_for_each(|(name, partitions)| check_partitions(&checked, name, *partitions, until))
    });
    looked.await.map_err(|_| PortError::new(ErrorKind::Internal, "a thread of the log in Kafka has panicked"))??;
    check_cleanup(cluster, &wanted).await
}

fn wanted(config: &KafkaLogConfig) -> Vec<Wanted> {
    let millis = |time: Duration| time.as_millis().to_string();
    let common = || {
        vec![
            ("min.insync.replicas", config.in_sync_min.to_string()),
            ("max.message.bytes", (config.record_bytes_max + RECORD_OVERHEAD_BYTES).to_string()),
            // The log says itself what is old, see `trim`.
            ("retention.ms", "-1".to_owned()),
            ("max.compaction.lag.ms", millis(config.forgotten_within)),
        ]
    };
    let records = Topic::ALL.into_iter().map(|topic| {
        let mut settings = common();
        settings.push(("min.compaction.lag.ms", millis(config.displaced_after)));
        // Compaction is what takes forgotten records off the disks; `delete` lets `trim` cut off the beginning.
        Wanted { name: config.topic(topic), partitions: config.partitions, cleanup: "compact,delete", settings }
    });
    let state = Wanted { name: config.state(), partitions: 1, cleanup: "compact", settings: common() };
    records.chain([state]).collect()
}

async fn make(cluster: &Cluster, wanted: &[Wanted]) -> PortResult<()> {
    let config = &cluster.config;
    let partitions = |topic: &Wanted| -> PortResult<i32> {
        i32::try_from(topic.partitions)
            .map_err(|error| PortError::caused(ErrorKind::Rejected, "too many partitions", error))
    };
    let mut topics = Vec::new();
    for topic in wanted {
        let replication = TopicReplication::Fixed(i32::from(config.replication));
        let mut made = NewTopic::new(&topic.name, partitions(topic)?, replication).set("cleanup.policy", topic.cleanup);
        for (setting, value) in &topic.settings {
            made = made.set(setting, value);
        }
        topics.push(made);
    }
    let options =
        AdminOptions::new().operation_timeout(Some(config.answer_within)).request_timeout(Some(config.answer_within));
    let made = cluster.admin.create_topics(&topics, &options).await;
    for topic in made.map_err(|error| failed(config, "given its topics", error))? {
        match topic {
            Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                return Err(failed(config, &format!("given the topic {name}"), KafkaError::AdminOp(code)));
            }
        }
    }
    Ok(())
}

/// Whether a topic has its partitions and each of them a leader, which takes a moment after it was made.
fn check_partitions(cluster: &Cluster, name: &str, wanted: u32, until: Instant) -> PortResult<()> {
    loop {
        let found = cluster.leaders(name).map_err(|error| failed(&cluster.config, "asked for its topics", error))?;
        let count = found.len();
        if count == wanted as usize && found.iter().all(|has_leader| *has_leader) {
            return Ok(());
        }
        if count != 0 && count != wanted as usize {
            let message = format!(
                "the topic {name} in Kafka at {} has {count} partitions, the configuration says {wanted}: set \
                 log.partitions to {count}; another number needs topics of another prefix",
                cluster.config.brokers
            );
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
        if Instant::now() >= until {
            return Err(failed(&cluster.config, &format!("given the topic {name}"), late()));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether topics that somebody else may have made let the log forget.
async fn check_cleanup(cluster: &Cluster, wanted: &[Wanted]) -> PortResult<()> {
    let config = &cluster.config;
    let resources: Vec<ResourceSpecifier<'_>> =
        wanted.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
    let options = AdminOptions::new().request_timeout(Some(config.answer_within));
    let asked = |error| failed(config, "asked for the settings of its topics", error);
    let found = cluster.admin.describe_configs(&resources, &options).await.map_err(asked)?;
    for found in found {
        let found = found.map_err(|code| asked(KafkaError::AdminOp(code)))?;
        let is_it = |topic: &&Wanted| found.specifier == OwnedResourceSpecifier::Topic(topic.name.clone());
        let Some(topic) = wanted.iter().find(is_it) else { continue };
        let policy = found.get("cleanup.policy").and_then(|entry| entry.value.as_deref()).unwrap_or_default();
        let words = |policy: &str| policy.split(',').map(|word| word.trim().to_owned()).collect::<BTreeSet<_>>();
        if words(policy) != words(topic.cleanup) {
            let message = format!(
                "the topic {} in Kafka at {} has cleanup.policy={policy}, not {}: records could not be \
                 forgotten, or would be lost. Otklik makes its topics itself when they are not there",
                topic.name, config.brokers, topic.cleanup
            );
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
    }
    Ok(())
}
