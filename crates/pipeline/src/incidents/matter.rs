//! What records of the topic `grouped` say, as far as it matters for incidents.

use jiff::Timestamp;
use otklik_domain::{Analysis, Event, EventId, Post};
use otklik_ports::StoredRecord;
use otklik_wire::{
    self as wire, Invalid,
    log::{Correction, Grouped, Message},
    time,
};

use crate::{
    counters::Outcome,
    runner::{Handled, count},
};

/// Reads records; those before `checkpoint` have been handled, but for their dead letters, which go with the commit.
pub(super) fn read(records: &[StoredRecord], checkpoint: u64) -> (Handled, Vec<Matter>) {
    let mut handled = Handled::default();
    let mut matters = Vec::with_capacity(records.len());
    for record in records {
        if record.payload.is_empty() {
            count(&mut handled.counts, Outcome::Skipped);
            continue;
        }
        match Matter::read(&record.payload) {
            Ok(_) if record.offset < checkpoint => count(&mut handled.counts, Outcome::Skipped),
            Ok((matter, outcome)) => {
                count(&mut handled.counts, outcome);
                matters.extend(matter);
            }
            Err(invalid) => {
                count(&mut handled.counts, Outcome::Dead);
                handled.dead.push((record.offset, invalid.to_string()));
            }
        }
    }
    (handled, matters)
}

/// What a record says.
pub(super) struct Matter {
    /// When it came in.
    pub(super) now: Timestamp,
    pub(super) body: Body,
}

/// What has happened.
pub(super) enum Body {
    /// A post that was not there before joined an event.
    Post { post: Box<Post>, analysis: Box<Analysis>, event: Box<Event> },
    /// Events that have lost a post each.
    Deletion(Vec<Event>),
    /// An event ended in another, with so many posts.
    Merge { from: EventId, into: Box<Event>, moved: i64 },
    /// So many posts left an event.
    Split { event: Box<Event>, moved: i64 },
}

impl Matter {
    /// Reads a record; nothing when it changes no incident.
    fn read(payload: &[u8]) -> Result<(Option<Self>, Outcome), Invalid> {
        let message: Message<Grouped> = Message::from_bytes(payload)?;
        let now = time::parse("at", &message.at)?;
        let (body, outcome) = match message.body {
            Grouped::Post(grouped) if grouped.seen_before => (None, Outcome::Repeated),
            Grouped::Post(grouped) => (Some(Body::post(grouped.post, grouped.event)?), Outcome::Done),
            Grouped::Deletion { events, .. } => (Some(Body::Deletion(read_events(events)?)), Outcome::Changed),
            Grouped::Left { event, .. } => (Some(Body::Deletion(read_events(vec![*event])?)), Outcome::Changed),
            Grouped::Correction { correction, moved, events } => {
                let moved = i64::try_from(moved.len()).unwrap_or(i64::MAX);
                (Body::correction(correction, moved, read_events(events)?), Outcome::Changed)
            }
        };
        Ok((body.map(|body| Self { now, body }), outcome))
    }

    /// Events whose incidents it needs.
    pub(super) fn events(&self) -> Vec<EventId> {
        match &self.body {
            Body::Post { event, .. } | Body::Split { event, .. } => vec![event.id.clone()],
            Body::Deletion(events) => events.iter().map(|event| event.id.clone()).collect(),
            Body::Merge { from, into, .. } => vec![from.clone(), into.id.clone()],
        }
    }
}

impl Body {
    fn post(mut post: wire::Post, event: wire::Event) -> Result<Self, Invalid> {
        let analysis = post.analysis.take().ok_or_else(|| Invalid::new("analysis", "is missing"))?;
        let (post, event) = (Box::new(Post::try_from(post)?), Box::new(Event::try_from(event)?));
        Ok(Self::Post { post, analysis: Box::new(Analysis::from(*analysis)), event })
    }

    /// A correction of events that are there; one of others has changed nothing.
    fn correction(correction: Correction, moved: i64, events: Vec<Event>) -> Option<Self> {
        let mut events = events.into_iter();
        match correction {
            Correction::MergeEvents { from, into, .. } => {
                let into = Box::new(events.find(|event| event.id.as_str() == into)?);
                Some(Self::Merge { from: EventId::new(from), into, moved })
            }
            Correction::SplitEvent { event, .. } => {
                let event = Box::new(events.find(|other| other.id.as_str() == event)?);
                Some(Self::Split { event, moved })
            }
        }
    }
}

fn read_events(events: Vec<wire::Event>) -> Result<Vec<Event>, Invalid> {
    events.into_iter().map(Event::try_from).collect()
}
