//! Stage `store`: writes posts and events to the store and the index.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use otklik_domain::{Analysis, Event, EventId, Group, Post, PostId};
use otklik_ports::{
    PartitionPosition, PortResult, PostBatch, PostRow, Posts, Search, SearchBatch, StoredRecord, Topic,
};
use otklik_wire::{
    Invalid,
    log::{Grouped, GroupedPost, Message},
};

use crate::{
    counters::Outcome,
    runner::{Batch, Handled, Stage, count},
};

/// Grouped posts in, rows and documents out.
pub struct Store {
    posts: Arc<dyn Posts>,
    search: Arc<dyn Search>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// A stage that writes both.
    pub fn new(posts: Arc<dyn Posts>, search: Arc<dyn Search>) -> Self {
        Self { posts, search }
    }
}

/// What a batch comes to. A later record of the same post or event takes the place of an earlier one.
#[derive(Default)]
struct Writes {
    rows: BTreeMap<PostId, PostRow>,
    events: BTreeMap<EventId, Event>,
    moved: BTreeMap<PostId, (EventId, u64)>,
    deleted: Vec<PostId>,
    /// Posts read again whose first reading is in the store: how they were grouped then still holds.
    read_again: Vec<PostId>,
}

impl Writes {
    /// Takes a record in. Its version is its place in the log, which only grows.
    fn add(&mut self, record: &StoredRecord) -> Result<Outcome, Invalid> {
        let message: Message<Grouped> = Message::from_bytes(&record.payload)?;
        let version = record.offset + 1;
        match message.body {
            Grouped::Post(grouped) => self.add_post(*grouped, version),
            Grouped::Deletion { deletion, events } => {
                let id = PostId::new(deletion.id);
                self.rows.remove(&id);
                self.moved.remove(&id);
                self.deleted.push(id);
                self.add_events(events)?;
                Ok(Outcome::Changed)
            }
            Grouped::Correction { moved, events, .. } => {
                for (post, event) in moved {
                    self.moved.insert(PostId::new(post), (EventId::new(event), version));
                }
                self.add_events(events)?;
                Ok(Outcome::Changed)
            }
        }
    }

    fn add_post(&mut self, grouped: GroupedPost, version: u64) -> Result<Outcome, Invalid> {
        let mut post = grouped.post;
        let analysis = post.analysis.take().ok_or_else(|| Invalid::new("analysis", "is missing"))?;
        let mut row = PostRow {
            analysis: Analysis::from(*analysis),
            post: Post::try_from(post)?,
            group: Group::from(grouped.group),
            version,
        };
        self.add_events(vec![grouped.event])?;
        if grouped.seen_before {
            match self.rows.get(&row.post.id) {
                Some(first) => row.group = regrouped(&first.group, row.group.event),
                None => self.read_again.push(row.post.id.clone()),
            }
        }
        self.moved.remove(&row.post.id);
        self.deleted.retain(|id| *id != row.post.id);
        self.rows.insert(row.post.id.clone(), row);
        Ok(if grouped.seen_before { Outcome::Repeated } else { Outcome::Done })
    }

    fn add_events(&mut self, events: Vec<otklik_wire::Event>) -> Result<(), Invalid> {
        for event in events {
            let event = Event::try_from(event)?;
            let is_newer = self.events.get(&event.id).is_none_or(|known| known.version <= event.version);
            if is_newer {
                self.events.insert(event.id.clone(), event);
            }
        }
        Ok(())
    }
}

/// How a post was grouped when it was first read, in the event it is in now.
fn regrouped(first: &Group, event: EventId) -> Group {
    Group { event, ..first.clone() }
}

#[async_trait]
impl Stage for Store {
    fn name(&self) -> &'static str {
        "store"
    }

    fn input(&self) -> Topic {
        Topic::Grouped
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        let mut handled = Handled::default();
        let mut writes = Writes::default();
        for record in batch.records {
            if record.payload.is_empty() {
                count(&mut handled.counts, Outcome::Skipped);
                continue;
            }
            match writes.add(record) {
                Ok(outcome) => count(&mut handled.counts, outcome),
                Err(invalid) => {
                    count(&mut handled.counts, Outcome::Dead);
                    handled.dead.push((record.offset, invalid.to_string()));
                }
            }
            tokio::task::consume_budget().await;
        }
        let read_again = match writes.read_again.as_slice() {
            [] => Vec::new(),
            ids => self.posts.get(ids).await?,
        };
        for first in read_again {
            if let Some(row) = writes.rows.get_mut(&first.post.id) {
                row.group = regrouped(&first.group, row.group.event.clone());
            }
        }
        let offsets = batch.records.first().zip(batch.records.last());
        let (first, last) = offsets.map_or((0, 0), |(first, last)| (first.offset, last.offset));
        let rows: Vec<PostRow> = writes.rows.into_values().collect();
        let next = PartitionPosition { partition: batch.partition, offset: last + 1 };
        let to_index = SearchBatch { rows: rows.clone(), deleted: writes.deleted.clone(), next };
        let to_store = PostBatch {
            rows,
            events: writes.events.into_values().collect(),
            moved: writes.moved.into_iter().map(|(post, (event, version))| (post, event, version)).collect(),
            deleted: writes.deleted,
            token: format!("{}:{first}-{last}", batch.partition),
        };
        let (stored, indexed) = tokio::join!(self.posts.write(to_store), self.search.write(to_index));
        stored?;
        indexed?;
        Ok(handled)
    }
}
