//! The log: in a folder of this process, or in Kafka.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use otklik_stores::kafka_log::{KafkaLogConfig, KafkaSasl, KafkaSecurity, KafkaTls};
use serde::Deserialize;

use super::stores::password;

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct LogSection {
    /// Partitions of each topic; counts when the log is made.
    pub(crate) partitions: u32,
    /// Kafka in place of the log in the data folder.
    pub(crate) kafka: Option<KafkaSection>,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { partitions: 4, kafka: None }
    }
}

/// Where Kafka is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct KafkaSection {
    /// Brokers to begin with: `host:port`, comma between two.
    pub(crate) brokers: String,
    /// What the names of topics and groups begin with.
    #[serde(default = "prefix")]
    pub(crate) prefix: String,
    /// Name of this process among those of the deployment, the same after a restart.
    pub(crate) member: Option<String>,
    /// Copies of each record; counts when the topics are made.
    #[serde(default = "replication")]
    pub(crate) replication: u16,
    /// Copies that must be written before a record counts; counts when the topics are made.
    #[serde(default = "in_sync_min")]
    pub(crate) in_sync_min: u16,
    /// Hours within which a forgotten record leaves the brokers' disks; counts when the topics are made.
    #[serde(default = "forget_hours")]
    pub(crate) forget_hours: u32,
    /// Seconds without a sign of life after which a process loses its partitions.
    #[serde(default = "session_seconds")]
    pub(crate) session_seconds: u64,
    /// TLS towards the brokers.
    pub(crate) tls: Option<KafkaTlsSection>,
    /// Name and password for the brokers.
    pub(crate) sasl: Option<KafkaSaslSection>,
}

/// TLS towards the brokers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct KafkaTlsSection {
    /// Certificates that sign those of the brokers, PEM; without it those of the system.
    pub(crate) authority_file: Option<PathBuf>,
    /// This process's own certificate, PEM.
    pub(crate) certificate_file: Option<PathBuf>,
    /// The key of that certificate, PEM.
    pub(crate) key_file: Option<PathBuf>,
}

/// Name and password for the brokers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct KafkaSaslSection {
    /// How the password is proven.
    pub(crate) mechanism: SaslMechanism,
    /// The name.
    pub(crate) user: String,
    /// File with the password.
    pub(crate) password_file: PathBuf,
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum SaslMechanism {
    /// As it is.
    #[serde(rename = "PLAIN")]
    Plain,
    /// By SCRAM with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// By SCRAM with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

fn prefix() -> String {
    "otklik.".to_owned()
}

fn replication() -> u16 {
    3
}

fn in_sync_min() -> u16 {
    2
}

fn forget_hours() -> u32 {
    72
}

fn session_seconds() -> u64 {
    6
}

impl LogSection {
    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=64).contains(&self.partitions), "log.partitions must be 1 to 64");
        self.kafka.as_ref().map_or(Ok(()), KafkaSection::check)
    }

    /// Paths that start at the folder of the configuration.
    pub(super) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let Some(kafka) = &mut self.kafka else { return Vec::new() };
        let sasl = kafka.sasl.iter_mut().map(|sasl| &mut sasl.password_file);
        let tls = kafka.tls.iter_mut().flat_map(|tls| {
            [&mut tls.authority_file, &mut tls.certificate_file, &mut tls.key_file].into_iter().flatten()
        });
        sasl.chain(tls).collect()
    }
}

impl KafkaSection {
    fn check(&self) -> anyhow::Result<()> {
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= 100
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        ensure!(!self.brokers.trim().is_empty(), "log.kafka.brokers must name at least one broker");
        ensure!(is_name(&self.prefix), "log.kafka.prefix must be 1 to 100 letters, digits, full stops, lines");
        ensure!(
            self.member.as_deref().is_none_or(is_name),
            "log.kafka.member must be 1 to 100 letters, digits, full stops, lines"
        );
        ensure!((1..=9).contains(&self.replication), "log.kafka.replication must be 1 to 9");
        ensure!(
            (1..=self.replication).contains(&self.in_sync_min),
            "log.kafka.in-sync-min must be 1 to log.kafka.replication"
        );
        ensure!((1..=720).contains(&self.forget_hours), "log.kafka.forget-hours must be 1 to 720");
        ensure!((1..=300).contains(&self.session_seconds), "log.kafka.session-seconds must be 1 to 300");
        let own = self.tls.as_ref().map(|tls| (tls.certificate_file.is_some(), tls.key_file.is_some()));
        ensure!(
            own.is_none_or(|(certificate, key)| certificate == key),
            "log.kafka.tls needs both certificate and key"
        );
        Ok(())
    }

    /// As the log takes it.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub(crate) fn config(&self, partitions: u32) -> anyhow::Result<KafkaLogConfig> {
        let tls = self
            .tls
            .clone()
            .map(|tls| KafkaTls { authority: tls.authority_file, own: tls.certificate_file.zip(tls.key_file) });
        let sasl = self.sasl.as_ref().map(KafkaSaslSection::config).transpose()?;
        let forgotten_within = Duration::from_secs(3600 * u64::from(self.forget_hours));
        Ok(KafkaLogConfig {
            member: self.member.clone(),
            partitions,
            replication: self.replication,
            in_sync_min: self.in_sync_min,
            session: Duration::from_secs(self.session_seconds),
            displaced_after: forgotten_within / 3,
            forgotten_within,
            security: (tls.is_some() || sasl.is_some()).then_some(KafkaSecurity { tls, sasl }),
            ..KafkaLogConfig::new(self.brokers.trim(), &self.prefix)
        })
    }
}

impl KafkaSaslSection {
    fn config(&self) -> anyhow::Result<KafkaSasl> {
        let mechanism = match self.mechanism {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
        };
        let password = password(&self.password_file)?;
        Ok(KafkaSasl { mechanism: mechanism.to_owned(), user: self.user.clone(), password })
    }
}
