//! The one thread that appends: it puts all that is waiting into one transaction, so that one round through the brokers
//! serves all of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use otklik_ports::{ErrorKind, PortError, PortResult};
use tokio::sync::{mpsc, oneshot};

use super::{
    cluster::Cluster,
    failure::failed,
    record::Outgoing,
    table::written_entry,
    transaction::{Transactions, Undone},
};

/// Requests that may wait; who asks for more waits himself.
pub(super) const REQUESTS_MAX: usize = 256;
/// Payload written together at most; a larger request goes alone.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// Longest time to find out what became of a transaction whose answer was lost.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);

/// Records to be written together, with where to tell the result.
pub(super) struct Request {
    pub(super) records: Vec<Outgoing>,
    pub(super) reply: oneshot::Sender<PortResult<()>>,
}

impl Request {
    fn bytes(&self) -> usize {
        self.records.iter().filter_map(|record| record.payload.as_ref()).map(Vec::len).sum()
    }
}

pub(super) struct Writer {
    cluster: Arc<Cluster>,
    transactions: Transactions,
    /// What transactions are found again by.
    name: String,
    /// Tells this process's transactions from those of an earlier one of the same name.
    run: String,
    number: u64,
}

impl Writer {
    /// Ends what an earlier writer of the name has left open.
    pub(super) fn new(cluster: Arc<Cluster>, name: String, run: String) -> PortResult<Self> {
        let mut transactions =
            Transactions::new(Arc::clone(&cluster.config), format!("{}append.{name}", cluster.config.prefix));
        transactions.settle()?;
        Ok(Self { cluster, transactions, name, run, number: 0 })
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut bytes = first.bytes();
            let mut group = vec![first];
            while bytes < GROUP_BYTES_MAX
                && let Ok(request) = requests.try_recv()
            {
                bytes += request.bytes();
                group.push(request);
            }
            let (records, replies): (Vec<_>, Vec<_>) =
                group.into_iter().map(|request| (request.records, request.reply)).unzip();
            let done = self.write(records.into_iter().flatten().collect());
            for reply in replies {
                let told = match &done {
                    Ok(()) => Ok(()),
                    Err(error) => Err(PortError::new(error.kind, error.message.clone())),
                };
                // Nobody may be waiting for the answer any more.
                reply.send(told).ok();
            }
        }
    }

    fn write(&mut self, mut records: Vec<Outgoing>) -> PortResult<()> {
        self.number += 1;
        let number = format!("{}-{}", self.run, self.number);
        let (key, value) = written_entry(&self.name, &number);
        records.push(Outgoing::state(&self.cluster.config, key, value, None));
        match self.transactions.write(&records, None) {
            Ok(()) => Ok(()),
            Err(Undone::Nothing(error)) => Err(failed(&self.cluster.config, "appended to", error)),
            Err(Undone::Unknown(error)) => {
                tracing::debug!(%error, "answer to a transaction lost");
                self.find_out(&number)
            }
        }
    }

    /// Whether a transaction has gone through whose answer was lost.
    fn find_out(&mut self, number: &str) -> PortResult<()> {
        let until = Instant::now() + SETTLE_WITHIN;
        loop {
            let looked = self
                .transactions
                .settle()
                .and_then(|()| self.cluster.catch_up().map_err(|error| failed(&self.cluster.config, "read", error)));
            match looked {
                Ok(()) if self.cluster.table().written(&self.name) == Some(number) => return Ok(()),
                Ok(()) => {
                    let message =
                        format!("nothing was appended to the log in Kafka at {}", self.cluster.config.brokers);
                    return Err(PortError::new(ErrorKind::Unavailable, message));
                }
                Err(error) if !error.is_retryable() || Instant::now() >= until => return Err(error),
                Err(_) => {}
            }
        }
    }
}
