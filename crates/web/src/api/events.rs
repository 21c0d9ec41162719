//! `/events`

mod reply;

use axum::{Json as Reply, extract::State, http::StatusCode};
use otklik_domain::{BlockId, EventId, PlaceId, PostId, RegionId, TopicId};
use otklik_ports::{EventOrder, EventQuery};
use otklik_wire as wire;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::reply::{Curve, EventDetails};
use super::{
    Meta,
    extract::{self, Json, Path, Query},
    posts::StoredPost,
};
use crate::{
    App, Caller,
    error::{Error, Result},
    service::events::{self, EVENT_PAGE_MAX, MergeRequest, POST_PAGE_MAX, SplitRequest},
};

const EVENTS: &str = "events";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_events))
        .routes(routes!(get_event))
        .routes(routes!(list_event_posts))
        .routes(routes!(get_event_curve))
        .routes(routes!(split_event))
        .routes(routes!(merge_event))
}

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Of this region.
    region: Option<String>,
    /// With a post at or after, RFC 3339.
    from: Option<String>,
    /// That began before, RFC 3339.
    to: Option<String>,
    /// Of this block.
    block: Option<String>,
    /// Of this topic.
    topic: Option<String>,
    /// In this municipality.
    municipality: Option<String>,
    /// With at least so many posts.
    posts_min: Option<u32>,
    /// `risk` (the riskiest first), `latest` or `posts` (the largest first).
    order: Option<String>,
    /// At most so many, 1..200; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
struct EventList {
    /// The events.
    events: Vec<wire::Event>,
    /// Which page this is; a page that is not full is the last.
    meta: Meta,
}

/// Lists events.
#[utoipa::path(get, path = "/events", tag = EVENTS, params(ListParams),
    responses((status = 200, description = "A page of events.", body = EventList)))]
async fn list_events(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<ListParams>,
) -> Result<Reply<EventList>> {
    let query = params.query()?;
    let (limit, offset) = (query.limit, query.offset);
    let found = events::list(&app, &actor, query).await?;
    Ok(Reply(EventList { events: found.iter().map(Into::into).collect(), meta: Meta { total: None, limit, offset } }))
}

/// Gives an event with its earliest post, its incident and its spread.
#[utoipa::path(get, path = "/events/{id}", tag = EVENTS, params(("id" = String, Path, description = "The event.")),
    responses((status = 200, description = "The event.", body = EventDetails)))]
async fn get_event(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Reply<EventDetails>> {
    Ok(Reply(events::get(&app, &actor, &EventId::new(id)).await?.into()))
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// At most so many, 1..200; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// Posts of an event.
#[derive(Debug, Serialize, ToSchema)]
struct PostList {
    /// The posts, the latest first.
    posts: Vec<StoredPost>,
    /// How many there are.
    meta: Meta,
}

/// Lists posts of an event, the latest first.
#[utoipa::path(get, path = "/events/{id}/posts", tag = EVENTS,
    params(("id" = String, Path, description = "The event."), PageParams),
    responses((status = 200, description = "A page of its posts.", body = PostList)))]
async fn list_event_posts(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(params): Query<PageParams>,
) -> Result<Reply<PostList>> {
    let (limit, offset) = super::page(params.limit, params.offset, POST_PAGE_MAX)?;
    let page = events::posts(&app, &actor, &EventId::new(id), limit, offset).await?;
    Ok(Reply(PostList {
        posts: page.posts.iter().map(Into::into).collect(),
        meta: Meta { total: Some(page.total), limit, offset },
    }))
}

/// How fine a curve.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct CurveParams {
    /// Width of a step in minutes; chosen by the length of the event when left out.
    step_minutes: Option<u16>,
}

/// Gives how an event spread: posts and views by step and network.
#[utoipa::path(get, path = "/events/{id}/curve", tag = EVENTS,
    params(("id" = String, Path, description = "The event."), CurveParams),
    responses((status = 200, description = "Its curve.", body = Curve)))]
async fn get_event_curve(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(params): Query<CurveParams>,
) -> Result<Reply<Curve>> {
    let (step_minutes, points) = events::curve(&app, &actor, &EventId::new(id), params.step_minutes).await?;
    Ok(Reply(Curve::new(step_minutes, &points)))
}

/// Posts that are another matter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SplitBody {
    /// The posts that leave the event, 1..500.
    posts: Vec<String>,
}

/// The event that posts become.
#[derive(Debug, Serialize, ToSchema)]
struct SplitReply {
    /// Its id: it is there in a moment.
    new_event: String,
}

/// Asks for posts of an event to become an event of their own. It is done in a moment; asking again changes nothing more.
#[utoipa::path(post, path = "/events/{id}/split", tag = EVENTS, request_body = SplitBody,
    params(("id" = String, Path, description = "The event.")),
    responses((status = 202, description = "Asked for.", body = SplitReply)))]
async fn split_event(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(body): Json<SplitBody>,
) -> Result<(StatusCode, Reply<SplitReply>)> {
    let posts = body.posts.into_iter().map(PostId::new).collect();
    let new_event = events::split(&app, &actor, SplitRequest { event: EventId::new(id), posts }).await?;
    Ok((StatusCode::ACCEPTED, Reply(SplitReply { new_event: new_event.into_string() })))
}

/// The event that goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeBody {
    /// The event this one is joined to.
    into: String,
}

/// Asks for an event to be joined to another. It is done in a moment.
#[utoipa::path(post, path = "/events/{id}/merge", tag = EVENTS, request_body = MergeBody,
    params(("id" = String, Path, description = "The event that ends.")),
    responses((status = 202, description = "Asked for.")))]
async fn merge_event(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(body): Json<MergeBody>,
) -> Result<StatusCode> {
    events::merge(&app, &actor, MergeRequest { from: EventId::new(id), into: EventId::new(body.into) }).await?;
    Ok(StatusCode::ACCEPTED)
}

impl ListParams {
    fn query(self) -> Result<EventQuery> {
        let order = match self.order.as_deref() {
            None | Some("risk") => EventOrder::Risk,
            Some("latest") => EventOrder::Latest,
            Some("posts") => EventOrder::Posts,
            Some(_) => return Err(Error::invalid("order", "must be risk, latest or posts")),
        };
        let (limit, offset) = super::page(self.limit, self.offset, EVENT_PAGE_MAX)?;
        Ok(EventQuery {
            region: self.region.map(RegionId::new),
            from: extract::time("from", self.from.as_deref())?,
            to: extract::time("to", self.to.as_deref())?,
            block: self.block.map(BlockId::new),
            topic: self.topic.map(TopicId::new),
            municipality: self.municipality.map(PlaceId::new),
            posts_min: self.posts_min.unwrap_or(0),
            order,
            limit,
            offset,
        })
    }
}
