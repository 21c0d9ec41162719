//! What went wrong in Kafka, and what the caller can do about it.

use otklik_ports::{ErrorKind, PortError};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::config::KafkaLogConfig;

/// Names the brokers and what was attempted.
pub(super) fn failed(config: &KafkaLogConfig, task: &str, error: KafkaError) -> PortError {
    let kind = kind(&error);
    // The value of a setting may be a password, so what is wrong with it is told without it.
    let (reason, error) = match error {
        KafkaError::ClientConfig(_, reason, setting, _) => (format!("{setting}: {reason}"), None),
        error => (error.to_string(), Some(error)),
    };
    let message = format!("the log in Kafka at {} could not be {task}: {reason}", config.brokers);
    match error {
        Some(error) => PortError::caused(kind, message, error),
        None => PortError::new(kind, message),
    }
}

/// Says what the client library tells beside its answers. The end of a partition is no trouble, and that all brokers are down
/// comes once for each of them and each attempt.
pub(super) fn tell(error: &KafkaError, reason: &str) {
    match error.rdkafka_error_code() {
        Some(Code::PartitionEOF) => {}
        Some(Code::AllBrokersDown) => tracing::debug!(reason, "brokers are down"),
        _ => tracing::warn!(%error, reason, "brokers in trouble"),
    }
}

/// Kafka did not do in time what it was asked to.
pub(super) fn late() -> KafkaError {
    KafkaError::Global(Code::OperationTimedOut)
}

fn kind(error: &KafkaError) -> ErrorKind {
    match error {
        KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) => return ErrorKind::Rejected,
        // The client is of no more use; another one may be.
        KafkaError::MessageConsumptionFatal(_) => return ErrorKind::Conflict,
        _ => {}
    }
    let code = match error {
        KafkaError::AdminOp(code) => Some(*code),
        error => error.rdkafka_error_code(),
    };
    let Some(code) = code else { return ErrorKind::Unavailable };
    match code {
        code if is_fence(code) => ErrorKind::Conflict,
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::SaslAuthenticationFailed
        | Code::Authentication => ErrorKind::Unauthorized,
        Code::MessageSizeTooLarge
        | Code::MessageBatchTooLarge
        | Code::PolicyViolation
        | Code::InvalidConfig
        | Code::InvalidReplicationFactor
        | Code::InvalidPartitions
        | Code::InvalidTopic => ErrorKind::Rejected,
        Code::BadMessage | Code::BadCompression | Code::InvalidMessage => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    }
}

/// Whether somebody else has taken over, or the group has been split anew since.
pub(super) fn is_fence(code: Code) -> bool {
    matches!(
        code,
        Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::FencedInstanceId
            | Code::ProducerFenced
            | Code::InvalidProducerEpoch
            | Code::Fenced
    )
}
