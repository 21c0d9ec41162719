//! Full-text search over posts with Tantivy, on disk.
//!
//! Every batch is a commit that also holds the log's positions, so index and positions never part. The index lives in a
//! folder of one process.

mod analyzer;
mod answer;
mod failure;
mod highlight;
mod query;
mod schema;
mod words;
mod writer;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ::tantivy::{Index, IndexReader, ReloadPolicy, directory::MmapDirectory};
use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::Span;
use otklik_ports::{ErrorKind, PortError, PortResult, Search, SearchBatch, SearchPage, SearchQuery};
use tokio::task;

#[cfg(feature = "clickhouse")]
pub(crate) use self::{
    analyzer::words_of,
    answer::too_many_steps,
    highlight::highlight,
    query::{Clause, OFFSET_MAX, read as read_clauses, too_far},
};
use self::{
    analyzer::{FORMS, STEMS},
    failure::failure,
    schema::Fields,
    writer::Writer,
};

/// Where the index is and what it may take.
#[derive(Debug, Clone)]
pub struct TantivyConfig {
    /// The folder of the index; made when it is not there.
    pub folder: PathBuf,
    /// Memory for what was indexed and not yet written, in bytes; 15 MB at least.
    pub heap_bytes: usize,
}

/// The index.
#[derive(Clone)]
pub struct TantivySearch(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    reader: IndexReader,
    fields: Fields,
    writer: Writer,
}

impl TantivyConfig {
    /// An index in a folder, with 96 MB for writing.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), heap_bytes: 96_000_000 }
    }
}

impl TantivySearch {
    /// Opens the index, or makes an empty one.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be written, `Conflict` when another process has the index open, `Rejected`
    /// when another version made it, `Corrupt` when it is damaged.
    pub async fn open(config: TantivyConfig) -> PortResult<Self> {
        task::spawn_blocking(move || open(&config)).await.map_err(stopped)?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> PortResult<T> + Send + 'static,
    ) -> PortResult<T> {
        let inner = Arc::clone(&self.0);
        task::spawn_blocking(move || work(&inner)).await.map_err(stopped)?
    }
}

#[async_trait]
impl Search for TantivySearch {
    async fn write(&self, batch: SearchBatch) -> PortResult<()> {
        self.run(move |inner| inner.writer.write(&batch).map_err(|error| inner.failure("writing to", error))).await
    }

    async fn position(&self, partition: u32) -> PortResult<u64> {
        Ok(self.0.writer.position(partition))
    }

    async fn query(&self, query: &SearchQuery) -> PortResult<SearchPage> {
        let query = query.clone();
        self.run(move |inner| {
            let built = query::build(&query, &inner.fields)?;
            answer::answer(&inner.reader.searcher(), &inner.fields, &query, built.as_ref())
        })
        .await
    }

    fn highlight(&self, query: &str, text: &str) -> Vec<Span> {
        highlight::highlight(query, text)
    }

    async fn expire(&self, before: Timestamp) -> PortResult<()> {
        self.run(move |inner| inner.writer.expire(before).map_err(|error| inner.failure("expiring", error))).await
    }
}

impl Inner {
    fn failure(&self, what: &str, error: ::tantivy::TantivyError) -> PortError {
        failure(format!("{what} the search index in {}", self.folder.display()), error)
    }
}

fn open(config: &TantivyConfig) -> PortResult<TantivySearch> {
    let folder = config.folder.clone();
    fs::create_dir_all(&folder).map_err(|error| {
        let message = format!("{}: the folder of the search index cannot be made", folder.display());
        PortError::caused(ErrorKind::Unavailable, message, error)
    })?;
    let opened = || {
        let (schema, fields) = schema::schema();
        let index = Index::open_or_create(MmapDirectory::open(&folder)?, schema)?;
        index.tokenizers().register(STEMS, analyzer::stems());
        index.tokenizers().register(FORMS, analyzer::forms());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = Writer::open(index, IndexReader::clone(&reader), fields.clone(), config.heap_bytes)?;
        Ok((reader, fields, writer))
    };
    let (reader, fields, writer) = opened().map_err(|error| failure(advice(&folder, &error), error))?;
    Ok(TantivySearch(Arc::new(Inner { folder, reader, fields, writer })))
}

/// What happened on opening, and what to do about it.
fn advice(folder: &Path, error: &::tantivy::TantivyError) -> String {
    use ::tantivy::TantivyError as Error;
    let folder = folder.display();
    match error {
        Error::LockFailure(..) => {
            format!("{folder}: another process has this search index open; stop it or name another folder")
        }
        Error::SchemaError(_) | Error::IncompatibleIndex(_) => format!(
            "{folder}: another version made this search index; move the folder away, it is filled again from the log"
        ),
        _ => format!(
            "{folder}: the search index cannot be opened; if it is damaged move the folder away, it is filled again \
             from the log"
        ),
    }
}

fn stopped(error: task::JoinError) -> PortError {
    PortError::caused(ErrorKind::Internal, "the thread of the search index stopped", error)
}
