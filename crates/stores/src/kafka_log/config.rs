//! Settings of the log in Kafka, and what becomes of them in the client library.
//!
//! Properties of the client: <https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md>.

use std::{path::PathBuf, time::Duration};

use otklik_ports::{ErrorKind, PortError, PortResult, Topic};
use rdkafka::ClientConfig;
use secrecy::{ExposeSecret, SecretString};

/// Topic of what is to be known as of now: cursors of sources, forgotten records.
const STATE: &str = "state";
/// Room for the key and headers of a record beside its payload, in bytes.
pub(super) const RECORD_OVERHEAD_BYTES: usize = 64 << 10;

/// Where Kafka is and how much this process may take.
#[derive(Debug, Clone)]
pub struct KafkaLogConfig {
    /// Brokers to begin with: `host:port`, comma between two.
    pub brokers: String,
    /// What the names of topics, groups and transactions begin with, such as `otklik.`.
    pub prefix: String,
    /// Name of this process among those of its groups, the same after a restart: its partitions wait for it, and what it
    /// left half done is undone at once. Without one it is a new member each time.
    pub member: Option<String>,
    /// Partitions of each topic. A log that has another number is refused: a region would change its place.
    pub partitions: u32,
    /// Copies of each record, on so many brokers. Counts when the topics are made.
    pub replication: u16,
    /// Copies that must be written before a record counts. Counts when the topics are made.
    pub in_sync_min: u16,
    /// Largest payload, in bytes.
    pub record_bytes_max: usize,
    /// Records read ahead by a consumer, in bytes; as much again for records not yet sent.
    pub queue_bytes_max: usize,
    /// A member that does not answer for so long loses its partitions.
    pub session: Duration,
    /// A transaction that takes longer is undone by the broker; until then nobody reads beyond it.
    pub transaction: Duration,
    /// Longest wait for a broker's answer.
    pub answer_within: Duration,
    /// Until this age of a record a later one of the same key does not displace it. Counts when the topics are made.
    pub displaced_after: Duration,
    /// At this age at the latest a forgotten record leaves the brokers' disks. Counts when the topics are made.
    pub forgotten_within: Duration,
    /// How to prove who is who; `None` on a network of one's own.
    pub security: Option<KafkaSecurity>,
}

/// How the connection to the brokers is secured. Needs the feature `kafka-tls`, but for SASL PLAIN without TLS.
#[derive(Debug, Clone)]
pub struct KafkaSecurity {
    /// TLS; without it passwords go over the network as they are.
    pub tls: Option<KafkaTls>,
    /// Name and password.
    pub sasl: Option<KafkaSasl>,
}

/// TLS towards the brokers.
#[derive(Debug, Clone)]
pub struct KafkaTls {
    /// Certificates that sign those of the brokers, PEM; without it those of the system.
    pub authority: Option<PathBuf>,
    /// This process's own certificate and key, PEM, where the brokers ask for one.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Name and password for the brokers.
#[derive(Debug, Clone)]
pub struct KafkaSasl {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// The name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl KafkaLogConfig {
    /// A log without copies, with modest limits.
    pub fn new(brokers: impl Into<String>, prefix: impl Into<String>) -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            brokers: brokers.into(),
            prefix: prefix.into(),
            member: None,
            partitions: 4,
            replication: 1,
            in_sync_min: 1,
            record_bytes_max: 16 << 20,
            queue_bytes_max: 32 << 20,
            session: Duration::from_secs(6),
            transaction: Duration::from_secs(15),
            answer_within: Duration::from_secs(30),
            displaced_after: DAY,
            forgotten_within: 3 * DAY,
            security: None,
        }
    }

    pub(super) fn topic(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.as_str())
    }

    pub(super) fn state(&self) -> String {
        format!("{}{STATE}", self.prefix)
    }

    /// What Kafka calls a group of ours: a group is one of a topic.
    pub(super) fn group(&self, group: &str, topic: Topic) -> String {
        format!("{}.{group}", self.topic(topic))
    }

    /// A client that has to say whose group it is in order to read, but joins none.
    pub(super) fn reader(&self, isolation: &str) -> PortResult<ClientConfig> {
        let mut client = self.client()?;
        client.set("group.id", format!("{}reader", self.prefix)).set("isolation.level", isolation);
        self.set_reading(&mut client);
        // Answers come one by one here: each waits so long for more at the end of a partition.
        client.set("fetch.wait.max.ms", "10").set("fetch.message.max.bytes", "262144");
        client.set("enable.partition.eof", "true");
        Ok(client)
    }

    /// A client that knows what a group has committed; with `member`, one that joins it.
    pub(super) fn consumer(&self, group: &str) -> PortResult<ClientConfig> {
        let mut client = self.client()?;
        client.set("group.id", group).set("isolation.level", "read_committed");
        self.set_reading(&mut client);
        client.set("fetch.wait.max.ms", "100").set("fetch.queue.backoff.ms", "20");
        client.set("partition.assignment.strategy", "cooperative-sticky");
        client.set("session.timeout.ms", self.session.as_millis().to_string());
        client.set("heartbeat.interval.ms", (self.session.as_millis() / 10).max(100).to_string());
        if let Some(member) = &self.member {
            client.set("group.instance.id", member);
        }
        Ok(client)
    }

    fn set_reading(&self, client: &mut ClientConfig) {
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        client.set("auto.offset.reset", "earliest");
        client.set("queued.max.messages.kbytes", (self.queue_bytes_max >> 10).max(1024).to_string());
    }

    pub(super) fn producer(&self, transaction: &str) -> PortResult<ClientConfig> {
        let mut client = self.client()?;
        client.set("transactional.id", transaction);
        client.set("transaction.timeout.ms", self.transaction.as_millis().to_string());
        client.set("acks", "all").set("compression.type", "lz4").set("linger.ms", "2");
        // A transaction asks again while the one before is being completed, which takes milliseconds.
        client.set("retry.backoff.ms", "10").set("retry.backoff.max.ms", "200");
        client.set("message.max.bytes", (self.record_bytes_max + RECORD_OVERHEAD_BYTES).to_string());
        let queue = self.queue_bytes_max.max(2 * self.record_bytes_max) >> 10;
        client.set("queue.buffering.max.kbytes", queue.to_string());
        Ok(client)
    }

    pub(super) fn client(&self) -> PortResult<ClientConfig> {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers).set("client.id", "otklik");
        client.set("socket.keepalive.enable", "true").set("log.connection.close", "false");
        client.set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "2000");
        if let Some(security) = &self.security {
            security.set(&mut client)?;
        }
        Ok(client)
    }
}

impl KafkaSecurity {
    fn set(&self, client: &mut ClientConfig) -> PortResult<()> {
        let mechanism = self.sasl.as_ref().map(|sasl| sasl.mechanism.as_str());
        if cfg!(not(feature = "kafka-tls")) && (self.tls.is_some() || mechanism.is_some_and(|name| name != "PLAIN")) {
            let message =
                "this otklik was built without TLS and SCRAM for Kafka: build it with the feature `kafka-tls`";
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            let authority = tls.authority.as_ref().map(|path| path.display().to_string());
            client.set("ssl.ca.location", authority.unwrap_or_else(|| "probe".to_owned()));
            if let Some((certificate, key)) = &tls.own {
                client.set("ssl.certificate.location", certificate.display().to_string());
                client.set("ssl.key.location", key.display().to_string());
            }
        }
        if let Some(sasl) = &self.sasl {
            client.set("sasl.mechanism", &sasl.mechanism).set("sasl.username", &sasl.user);
            client.set("sasl.password", sasl.password.expose_secret());
        }
        Ok(())
    }
}
