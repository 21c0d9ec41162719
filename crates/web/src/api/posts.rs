//! `/posts`

use axum::{
    Json as Reply,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use otklik_domain::{Post, PostId, RegionId};
use otklik_ports::PostRow;
use otklik_wire as wire;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::extract::{Json, Path, Query};
use crate::{
    App, Caller,
    error::{Error, Result},
    intake::Taken,
    service,
};

const POSTS: &str = "posts";

pub(super) fn routes(body_bytes_max: usize) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_post, remove_post))
        .routes(routes!(hand_in_posts).layer(DefaultBodyLimit::max(body_bytes_max)))
}

/// A post with what was read from it and where it belongs. Authors are not given out, not even as hashes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredPost {
    /// The post with its analysis inside.
    post: wire::Post,
    /// Where it belongs.
    group: wire::Group,
}

impl From<&PostRow> for StoredPost {
    fn from(row: &PostRow) -> Self {
        let analysis = Some(Box::new((&row.analysis).into()));
        let post = wire::Post { author_key: None, analysis, ..wire::Post::from(&row.post) };
        Self { post, group: (&row.group).into() }
    }
}

/// Gives a post with its analysis and its event.
#[utoipa::path(get, path = "/posts/{id}", tag = POSTS,
    params(("id" = String, Path, description = "The post, such as `vk:-123_45`.")),
    responses((status = 200, description = "The post.", body = StoredPost)))]
async fn get_post(State(app): State<App>, Caller(actor): Caller, Path(id): Path<String>) -> Result<Reply<StoredPost>> {
    let row = service::events::post(&app, &actor, &PostId::new(id)).await?;
    Ok(Reply((&row).into()))
}

/// What became of the posts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HandedIn {
    /// Posts that are in the log now.
    accepted: usize,
    /// Posts that were there already.
    repeated: usize,
    /// Posts that were not taken.
    refused: usize,
    /// A line for each post, in order.
    results: Vec<HandedInPost>,
}

/// What became of a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HandedInPost {
    /// Its id, where it could be read.
    id: Option<String>,
    /// `accepted`, `repeated` or `refused`.
    #[schema(example = "accepted")]
    result: &'static str,
    /// Why it was refused, naming the field.
    reason: Option<String>,
}

/// One post or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body, which is read post by post")]
pub(crate) enum PostsBody {
    /// One post.
    One(Box<wire::Post>),
    /// Up to 1,000 posts.
    Batch(Vec<wire::Post>),
}

/// Hands in a post or a batch of up to 1,000.
///
/// Phones and e-mails are masked and authors turned into keyed hashes before anything is written. Handing in a post of
/// the same id again does no harm. A post that cannot be used is refused alone; the reply is 200 and says which.
#[utoipa::path(post, path = "/posts", tag = POSTS, request_body = PostsBody,
    responses((status = 200, description = "What became of each.", body = HandedIn)))]
async fn hand_in_posts(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(body): Json<Value>,
) -> Result<Reply<HandedIn>> {
    let items = match body {
        Value::Array(items) => items,
        item @ Value::Object(_) => vec![item],
        _ => return Err(Error::Malformed("the body must be a post or an array of posts".to_owned())),
    };
    let ids: Vec<Option<String>> = items
        .iter()
        .map(|item| item.get("id").and_then(Value::as_str).map(|id| id.chars().take(300).collect()))
        .collect();
    let taken = service::posts::hand_in(&app, &actor, items.into_iter().map(read).collect()).await?;
    let count = |wanted: fn(&Taken) -> bool| taken.iter().filter(|taken| wanted(taken)).count();
    Ok(Reply(HandedIn {
        accepted: count(|taken| *taken == Taken::Accepted),
        repeated: count(|taken| *taken == Taken::Repeated),
        refused: count(|taken| matches!(taken, Taken::Refused { .. })),
        results: ids.into_iter().zip(&taken).map(|(id, taken)| line(id, taken)).collect(),
    }))
}

/// Where a post belongs that is to go.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveQuery {
    /// The region, for a post that was handed in a moment ago; else it is known.
    region: Option<String>,
}

/// Tells that a post is gone at its source: it leaves the stores, the index and the log.
///
/// Telling it again, or of a post that never came, does no harm.
#[utoipa::path(delete, path = "/posts/{id}", tag = POSTS,
    params(("id" = String, Path, description = "The post, such as `vk:-123_45`."), RemoveQuery),
    responses((status = 202, description = "It will be gone in a moment.")))]
async fn remove_post(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<RemoveQuery>,
) -> Result<StatusCode> {
    let region = query.region.filter(|region| !region.is_empty()).map(RegionId::new);
    service::posts::remove(&app, &actor, &PostId::new(id), region).await?;
    Ok(StatusCode::ACCEPTED)
}

fn line(id: Option<String>, taken: &Taken) -> HandedInPost {
    let (result, reason) = match taken {
        Taken::Accepted => ("accepted", None),
        Taken::Repeated => ("repeated", None),
        Taken::Refused { reason } => ("refused", Some(reason.clone())),
    };
    HandedInPost { id, result, reason }
}

fn read(item: Value) -> std::result::Result<Post, String> {
    let post: wire::Post =
        serde_json::from_value(item).map_err(|error| error.to_string().chars().take(300).collect::<String>())?;
    post.try_into().map_err(|invalid: wire::Invalid| invalid.to_string())
}
