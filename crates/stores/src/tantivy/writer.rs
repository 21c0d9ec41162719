//! Batches into the index, each committed with the positions of the log it brings the index to.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use ::tantivy::{Index, IndexReader, IndexWriter, TantivyDocument, TantivyError, Term, indexer::LogMergePolicy};
use jiff::Timestamp;
use otklik_domain::PostId;
use otklik_ports::SearchBatch;

use super::{query::published_before, schema::Fields};

/// Segments with a share of deleted posts above this are rewritten without them.
const DELETED_RATIO_MAX: f32 = 0.3;

type Result<T> = std::result::Result<T, TantivyError>;

/// The one writer of the index.
pub(super) struct Writer {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    heap_bytes: usize,
    state: Mutex<State>,
}

struct State {
    // `None` after an error: a writer whose thread has failed is of no more use.
    writer: Option<IndexWriter>,
    positions: BTreeMap<u32, u64>,
}

impl Writer {
    /// Takes the index's lock.
    ///
    /// # Errors
    /// Another process has it; the index cannot be read.
    pub(super) fn open(index: Index, reader: IndexReader, fields: Fields, heap_bytes: usize) -> Result<Self> {
        let positions = read_positions(&index)?;
        let this = Self { index, reader, fields, heap_bytes, state: Mutex::new(State { writer: None, positions }) };
        let writer = this.new_writer()?;
        this.state.lock().unwrap_or_else(PoisonError::into_inner).writer = Some(writer);
        Ok(this)
    }

    /// First offset of a partition that is not in the index.
    pub(super) fn position(&self, partition: u32) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.positions.get(&partition).copied().unwrap_or(0)
    }

    /// Writes a batch: all of it is there afterwards and found, or nothing.
    pub(super) fn write(&self, batch: &SearchBatch) -> Result<()> {
        self.commit(|writer, positions| {
            let id_term = |id: &PostId| Term::from_field_text(self.fields.id, id.as_str());
            for row in &batch.rows {
                writer.delete_term(id_term(&row.post.id));
                writer.add_document(self.fields.document(row))?;
            }
            for id in &batch.deleted {
                writer.delete_term(id_term(id));
            }
            positions.insert(batch.next.partition, batch.next.offset);
            Ok(())
        })
    }

    /// Deletes what was published before a time, and takes what was deleted before off the disk.
    pub(super) fn expire(&self, before: Timestamp) -> Result<()> {
        self.commit(|writer, _| writer.delete_query(published_before(before, &self.fields)).map(drop))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let segments = self.index.searchable_segment_metas()?;
        for segment in segments.iter().filter(|segment| segment.num_deleted_docs() > 0) {
            if let Some(writer) = state.writer.as_mut() {
                // A segment may have been merged away meanwhile, and its deleted posts with it.
                if let Err(error) = writer.merge(&[segment.id()]).wait() {
                    tracing::debug!(%error, "segment of the search index not rewritten");
                }
            }
        }
        drop(state);
        self.reader.reload()
    }

    fn commit(&self, work: impl FnOnce(&mut IndexWriter, &mut BTreeMap<u32, u64>) -> Result<()>) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writer = match state.writer.take() {
            Some(writer) => writer,
            None => self.new_writer()?,
        };
        let mut positions = state.positions.clone();
        // On an error the writer is dropped and what it was given with it.
        work(&mut writer, &mut positions)?;
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&payload(&positions)?);
        commit.commit()?;
        state.positions = positions;
        state.writer = Some(writer);
        self.reader.reload()
    }

    fn new_writer(&self) -> Result<IndexWriter> {
        let writer: IndexWriter<TantivyDocument> = self.index.writer_with_num_threads(1, self.heap_bytes)?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_RATIO_MAX);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }
}

/// Positions by partition, as the commit keeps them: `{"0":17}`.
fn payload(positions: &BTreeMap<u32, u64>) -> Result<String> {
    serde_json::to_string(positions).map_err(|error| TantivyError::InternalError(error.to_string()))
}

fn read_positions(index: &Index) -> Result<BTreeMap<u32, u64>> {
    match index.load_metas()?.payload {
        Some(payload) => serde_json::from_str(&payload).map_err(|error| {
            TantivyError::SchemaError(format!("positions of the search index cannot be read: {error}"))
        }),
        None => Ok(BTreeMap::new()),
    }
}
