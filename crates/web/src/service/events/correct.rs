//! Corrections of the grouping. They go through the log, so that they are done once and a replay does them again.

use std::collections::BTreeSet;

use otklik_domain::{Actor, Event, EventId, PostId};
use otklik_ports::{PostFilter, Record, Topic};
use otklik_wire::log::{Correction, Intake, Message};

use crate::{
    App,
    auth::secret,
    error::{Error, Result},
    rights::Right,
    service::audit_entry,
};

/// Posts that can leave an event at once.
const SPLIT_POSTS_MAX: usize = 500;

/// Posts that are another matter than the rest of their event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRequest {
    /// The event.
    pub event: EventId,
    /// The posts that leave it.
    pub posts: Vec<PostId>,
}

/// Two events that are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequest {
    /// The event that ends.
    pub from: EventId,
    /// The event that goes on.
    pub into: EventId,
}

/// Asks for posts to become an event of their own; gives its id. The pipeline does it in a moment. Asking for the same
/// again gives the same id and changes nothing more.
///
/// # Errors
/// [`Error::NotFound`] without such an event; [`Error::Invalid`] when a post is not in it or none would stay;
/// [`Error::Forbidden`]; those of the stores.
pub async fn split(app: &App, actor: &Actor, request: SplitRequest) -> Result<EventId> {
    Right::CorrectEvents.check(actor)?;
    let event = event(app, &request.event).await?;
    let posts: BTreeSet<PostId> = request.posts.into_iter().collect();
    if posts.is_empty() || posts.len() > SPLIT_POSTS_MAX {
        return Err(Error::invalid("posts", format!("must be 1 to {SPLIT_POSTS_MAX} posts")));
    }
    let posts: Vec<PostId> = posts.into_iter().collect();
    let rows = app.ports.posts.get(&posts).await?;
    let inside = rows.iter().filter(|row| row.group.event == event.id).count();
    if inside != posts.len() {
        let problem = format!("{} of the posts are not in the event", posts.len() - inside);
        return Err(Error::invalid("posts", problem));
    }
    let all = app.ports.posts.count(&PostFilter { event: Some(event.id.clone()), ..PostFilter::default() }).await?;
    if all <= posts.len() as u64 {
        return Err(Error::invalid("posts", "at least one post must stay in the event"));
    }
    let new_event = split_id(&event.id, &posts);
    let details = format!("{} posts to {new_event}", posts.len());
    let correction = Correction::SplitEvent {
        region: event.region.to_string(),
        event: event.id.to_string(),
        posts: posts.into_iter().map(PostId::into_string).collect(),
        new_event: new_event.to_string(),
        actor: actor.name.clone(),
    };
    append(app, &event, correction).await?;
    app.ports.incidents.audit(vec![audit_entry(app, actor, "event.split", event.id.as_str(), details)]).await?;
    Ok(new_event)
}

/// Asks for two events to become one. The pipeline does it in a moment.
///
/// # Errors
/// [`Error::NotFound`] without such an event; [`Error::Invalid`] when they are the same or of different regions;
/// [`Error::Forbidden`]; those of the stores.
pub async fn merge(app: &App, actor: &Actor, request: MergeRequest) -> Result<()> {
    Right::CorrectEvents.check(actor)?;
    if request.from == request.into {
        return Err(Error::invalid("into", "an event cannot be merged into itself"));
    }
    let from = event(app, &request.from).await?;
    let into = app.ports.posts.event(&request.into).await?;
    let into = into.ok_or_else(|| Error::invalid("into", "is not there"))?;
    if from.region != into.region {
        return Err(Error::invalid("into", "belongs to another region"));
    }
    let correction = Correction::MergeEvents {
        region: from.region.to_string(),
        from: from.id.to_string(),
        into: into.id.to_string(),
        actor: actor.name.clone(),
    };
    append(app, &from, correction).await?;
    let details = format!("into {}", into.id);
    app.ports.incidents.audit(vec![audit_entry(app, actor, "event.merge", from.id.as_str(), details)]).await?;
    Ok(())
}

async fn event(app: &App, id: &EventId) -> Result<Event> {
    app.ports.posts.event(id).await?.ok_or(Error::NotFound("event"))
}

/// The same posts of the same event always become the same event.
fn split_id(event: &EventId, posts: &[PostId]) -> EventId {
    let mut parts = vec!["split", event.as_str()];
    parts.extend(posts.iter().map(PostId::as_str));
    EventId::new(format!("e-{}", secret::digest(&parts).chars().take(16).collect::<String>()))
}

async fn append(app: &App, event: &Event, correction: Correction) -> Result<()> {
    let now = app.ports.clock.now();
    let message = Message::new(now.to_string(), Intake::Correction(correction));
    let payload = message.to_bytes().map_err(|_| Error::Internal("a correction cannot be written"))?;
    let record = Record { region: event.region.to_string(), key: event.id.to_string(), payload };
    Ok(app.ports.log.append(Topic::Posts, vec![record], None, now).await?)
}
