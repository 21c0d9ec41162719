//! Stage `store`: writes posts and events to the store and the index.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use otklik_domain::{Analysis, Event, EventId, Group, Post, PostId};
use otklik_engine::group::neutral_title;
use otklik_ports::{
    ErrorKind, PartitionPosition, PortError, PortResult, PostBatch, PostFilter, PostRow, Posts, Record, Search,
    SearchBatch, StoredRecord, Topic,
};
use otklik_wire::{
    Invalid,
    log::{Deletion, Grouped, GroupedPost, Message},
};

use crate::{
    counters::Outcome,
    knowledge::{Current, Knowledge, changed},
    runner::{Batch, Handled, Stage, count},
};

/// Grouped posts in, rows and documents out.
///
/// A post deleted so late that grouping no longer knows it has its event looked up here. The event without its words goes
/// through the log, where incidents read of it too; the post itself is deleted when that record is read, so that a kill
/// between leaves no words behind.
pub struct Store {
    posts: Arc<dyn Posts>,
    search: Arc<dyn Search>,
    current: Current,
    knowledge: Arc<Knowledge>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// A stage that writes both. By names of `current` events are called that no post tells of any more.
    pub fn new(posts: Arc<dyn Posts>, search: Arc<dyn Search>, mut current: Current) -> Self {
        let knowledge = Arc::clone(&current.borrow_and_update());
        Self { posts, search, current, knowledge }
    }
}

/// What a batch comes to. A later record of the same post or event takes the place of an earlier one.
#[derive(Default)]
struct Writes {
    rows: BTreeMap<PostId, PostRow>,
    events: BTreeMap<EventId, Event>,
    moved: BTreeMap<PostId, (EventId, u64)>,
    deleted: Vec<PostId>,
    /// Deletions of posts that grouping did not know, and when they came in.
    unknown: Vec<(Deletion, String)>,
    /// Posts that were told to have left their events, by version.
    left: BTreeMap<PostId, u64>,
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
            Grouped::Deletion { deletion, events } if events.is_empty() => {
                self.unknown.push((deletion, message.at));
                Ok(Outcome::Changed)
            }
            Grouped::Left { deletion, version, event } => {
                self.left.insert(PostId::new(deletion.id), version);
                self.add_events(vec![*event])?;
                Ok(Outcome::Changed)
            }
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

impl Store {
    /// Looks up what is to be deleted and grouping did not know. A post that is not there needs nothing more.
    async fn tell_left(&self, writes: &mut Writes, handled: &mut Handled) -> PortResult<()> {
        let stored = self.by_id(writes.left.keys().cloned().collect()).await?;
        for (id, version) in std::mem::take(&mut writes.left) {
            let again = writes.rows.contains_key(&id) || stored.get(&id).is_some_and(|row| row.version != version);
            if !again {
                writes.deleted.push(id);
            }
        }
        let unknown = std::mem::take(&mut writes.unknown);
        let stored =
            self.by_id(unknown.iter().map(|(deletion, _)| PostId::from(deletion.id.as_str())).collect()).await?;
        for (deletion, at) in unknown {
            let id = PostId::from(deletion.id.as_str());
            let row = stored.get(&id);
            let event = match row {
                Some(row) => self.posts.event(&row.group.event).await?,
                None => None,
            };
            let (Some(row), Some(event)) = (row, event) else {
                if !writes.rows.contains_key(&id) {
                    writes.deleted.push(id);
                }
                continue;
            };
            let event = Box::new((&self.without_words(event).await?).into());
            let region = deletion.region.clone();
            let left = Grouped::Left { deletion, version: row.version, event };
            let payload = Message::new(at, left)
                .to_bytes()
                .map_err(|invalid| PortError::caused(ErrorKind::Internal, "cannot write the message", invalid))?;
            handled.outputs.push((Topic::Grouped, Record { region, key: String::new(), payload }));
        }
        Ok(())
    }

    async fn by_id(&self, ids: Vec<PostId>) -> PortResult<BTreeMap<PostId, PostRow>> {
        let rows = if ids.is_empty() { Vec::new() } else { self.posts.get(&ids).await? };
        Ok(rows.into_iter().map(|row| (row.post.id.clone(), row)).collect())
    }

    /// An event grouping has let go of, after one of its posts was deleted: what its posts said is no longer known, so it
    /// is called by topic and place. With its only post it ends.
    async fn without_words(&self, mut event: Event) -> PortResult<Event> {
        let of_event = PostFilter { event: Some(event.id.clone()), ..PostFilter::default() };
        let others = self.posts.count(&of_event).await?.saturating_sub(1);
        let totals = &mut event.totals;
        totals.posts = totals.posts.min(u32::try_from(others).unwrap_or(u32::MAX));
        totals.authors = totals.authors.min(totals.posts);
        let topic = event.topic.as_ref().map(|topic| self.knowledge.topic_name(topic)).unwrap_or_default();
        event.title = neutral_title(&topic, &event.place_name);
        event.summary.clear();
        event.version += 1;
        Ok(event)
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
        if let Some(knowledge) = changed(&mut self.current) {
            self.knowledge = knowledge;
        }
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
        self.tell_left(&mut writes, &mut handled).await?;
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
