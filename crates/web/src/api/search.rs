//! `/search`

use axum::{Json as Reply, extract::State};
use otklik_domain::{RegionId, Span};
use otklik_ports::{FacetField, SearchQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Meta,
    extract::{self, Query},
    posts::StoredPost,
};
use crate::{
    App, Caller,
    error::{Error, Result},
    service::search::{self, Found, HIT_PAGE_MAX},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_posts))
}

/// What is looked for. Lists are comma separated; a post has one value of each list given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct SearchParams {
    /// Words in any inflection, all of which must occur. `"…"` is a phrase, `-word` must not occur, `word*` begins so.
    #[param(example = "яма -люк")]
    q: Option<String>,
    /// Of this region.
    region: Option<String>,
    /// Published at or after, RFC 3339.
    from: Option<String>,
    /// Published before, RFC 3339.
    to: Option<String>,
    /// Blocks of the main topic.
    block: Option<String>,
    /// Main topics.
    topic: Option<String>,
    /// Municipalities.
    municipality: Option<String>,
    /// Networks.
    network: Option<String>,
    /// Polarities.
    sentiment: Option<String>,
    /// Intents.
    intent: Option<String>,
    /// `score` (the best first) or `latest`.
    order: Option<String>,
    /// Width of the histogram's steps in seconds; none when left out.
    histogram_seconds: Option<u32>,
    /// At most so many, 1..100; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
struct SearchReply {
    /// A page of what was found.
    found: Vec<FoundPost>,
    /// Values of fields and how many of the found posts have each, at most 50 a field.
    facets: Vec<FacetCount>,
    /// Found posts over time, steps without posts left out.
    histogram: Vec<HistogramStep>,
    /// How many were found.
    meta: Meta,
}

/// A post that was found.
#[derive(Debug, Serialize, ToSchema)]
struct FoundPost {
    /// The post.
    #[serde(flatten)]
    post: StoredPost,
    /// How well it fits; comparable within one reply only.
    score: f32,
    /// Where the words stand in its text.
    highlights: Vec<Highlight>,
}

/// A stretch of a text, in Unicode scalar values.
#[derive(Debug, Serialize, ToSchema)]
struct Highlight {
    /// First character.
    start: u32,
    /// One past the last character.
    end: u32,
}

/// A value of a field and how many of the found posts have it.
#[derive(Debug, Serialize, ToSchema)]
struct FacetCount {
    /// The field, named as in the query.
    #[schema(example = "block")]
    field: &'static str,
    /// The value.
    value: String,
    /// Posts.
    posts: u64,
}

/// A step of the histogram.
#[derive(Debug, Serialize, ToSchema)]
struct HistogramStep {
    /// Where it begins.
    at: String,
    /// Posts in it.
    posts: u64,
}

/// Searches posts. What is wrong with the words of a query is said in Russian, for whoever typed them.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchParams),
    responses((status = 200, description = "What was found.", body = SearchReply)))]
async fn search_posts(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<SearchParams>,
) -> Result<Reply<SearchReply>> {
    let query = params.query()?;
    let (limit, offset) = (query.limit, query.offset);
    let page = search::query(&app, &actor, query).await?;
    Ok(Reply(SearchReply {
        found: page.found.iter().map(Into::into).collect(),
        facets: page
            .facets
            .into_iter()
            .map(|facet| FacetCount { field: facet.field.as_str(), value: facet.value, posts: facet.posts })
            .collect(),
        histogram: page
            .histogram
            .iter()
            .map(|point| HistogramStep { at: point.at.to_string(), posts: point.posts })
            .collect(),
        meta: Meta { total: Some(page.total), limit, offset },
    }))
}

impl From<&Found> for FoundPost {
    fn from(found: &Found) -> Self {
        let highlight = |span: &Span| Highlight { start: span.start, end: span.end };
        Self {
            post: (&found.row).into(),
            score: found.score,
            highlights: found.highlights.iter().map(highlight).collect(),
        }
    }
}

impl SearchParams {
    fn query(self) -> Result<SearchQuery> {
        let latest_first = match self.order.as_deref() {
            None | Some("score") => false,
            Some("latest") => true,
            Some(_) => return Err(Error::invalid("order", "must be score or latest")),
        };
        let (limit, offset) = super::page(self.limit, self.offset, HIT_PAGE_MAX)?;
        Ok(SearchQuery {
            facets: self.facets()?,
            text: self.q.unwrap_or_default(),
            region: self.region.map(RegionId::new),
            from: extract::time("from", self.from.as_deref())?,
            to: extract::time("to", self.to.as_deref())?,
            latest_first,
            histogram_step_seconds: self.histogram_seconds.unwrap_or(0),
            limit,
            offset,
        })
    }

    fn facets(&self) -> Result<Vec<(FacetField, String)>> {
        let mut facets = Vec::new();
        for field in FacetField::ALL {
            let given = match field {
                FacetField::Block => &self.block,
                FacetField::Topic => &self.topic,
                FacetField::Municipality => &self.municipality,
                FacetField::Network => &self.network,
                FacetField::Sentiment => &self.sentiment,
                FacetField::Intent => &self.intent,
            };
            let values = extract::words(field.as_str(), given.as_deref())?;
            facets.extend(values.map(|value| (field, value.to_owned())));
        }
        Ok(facets)
    }
}
