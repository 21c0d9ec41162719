//! `/topics`, `/blocks`, `/places`, `/agencies`

use axum::{Json as Reply, extract::State};
use otklik_domain::{Agency, PlaceKind, RegionId, Role};
use otklik_wire::named;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Meta,
    extract::{self, Query},
};
use crate::{
    App, Caller, Place, Topic,
    error::Result,
    rights::{Right, Scope},
};

const NAMES: &str = "names";
/// Most places on a page.
const PLACE_PAGE_MAX: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_topics))
        .routes(routes!(list_blocks))
        .routes(routes!(list_places))
        .routes(routes!(list_agencies))
}

/// Topics of the dictionary.
#[derive(Debug, Serialize, ToSchema)]
struct TopicList {
    /// The topics, by id.
    topics: Vec<TopicBody>,
}

/// A topic.
#[derive(Debug, Serialize, ToSchema)]
struct TopicBody {
    /// The topic.
    #[schema(example = "roads.potholes")]
    id: String,
    /// Its name.
    #[schema(example = "Ямы на дорогах")]
    name: String,
    /// Its block.
    #[schema(example = "roads")]
    block: String,
}

impl From<&Topic> for TopicBody {
    fn from(topic: &Topic) -> Self {
        Self { id: topic.id.to_string(), name: topic.name.clone(), block: topic.block.to_string() }
    }
}

/// Lists topics.
#[utoipa::path(get, path = "/topics", tag = NAMES,
    responses((status = 200, description = "Topics of the dictionary.", body = TopicList)))]
async fn list_topics(State(app): State<App>, Caller(actor): Caller) -> Result<Reply<TopicList>> {
    Right::ReadNames.check(&actor)?;
    Ok(Reply(TopicList { topics: app.directory().catalogue.topics().map(Into::into).collect() }))
}

/// Sector blocks.
#[derive(Debug, Serialize, ToSchema)]
struct BlockList {
    /// The blocks, the statutory ones first.
    blocks: Vec<BlockBody>,
}

/// A sector block.
#[derive(Debug, Serialize, ToSchema)]
struct BlockBody {
    /// The block.
    #[schema(example = "roads")]
    id: String,
    /// Its name.
    #[schema(example = "Дороги")]
    name: String,
}

/// Lists sector blocks.
#[utoipa::path(get, path = "/blocks", tag = NAMES,
    responses((status = 200, description = "Sector blocks.", body = BlockList)))]
async fn list_blocks(State(app): State<App>, Caller(actor): Caller) -> Result<Reply<BlockList>> {
    Right::ReadNames.check(&actor)?;
    let directory = app.directory();
    let blocks = directory.catalogue.blocks().iter();
    let blocks = blocks.map(|block| BlockBody { id: block.id.to_string(), name: block.name.clone() }).collect();
    Ok(Reply(BlockList { blocks }))
}

/// Which places.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct PlaceParams {
    /// Of this region.
    region: Option<String>,
    /// Of this kind.
    #[param(example = "municipality")]
    kind: Option<String>,
    /// At most so many, 1..1000; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// Places of the gazetteers.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceList {
    /// The places, by id.
    places: Vec<PlaceBody>,
    /// How many there are.
    meta: Meta,
}

/// A place of a gazetteer.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceBody {
    /// The place.
    #[schema(example = "udm.izhevsk")]
    id: String,
    /// Its usual name.
    #[schema(example = "Ижевск")]
    name: String,
    /// Its kind.
    #[schema(value_type = String, example = "municipality")]
    #[serde(with = "named::place_kind")]
    kind: PlaceKind,
    /// Its region.
    #[schema(example = "udm")]
    region: String,
    /// The municipality it lies in, or itself.
    municipality: Option<String>,
}

impl From<&Place> for PlaceBody {
    fn from(place: &Place) -> Self {
        Self {
            id: place.id.to_string(),
            name: place.name.clone(),
            kind: place.kind,
            region: place.region.to_string(),
            municipality: place.municipality.as_ref().map(ToString::to_string),
        }
    }
}

/// Lists places of the gazetteers.
#[utoipa::path(get, path = "/places", tag = NAMES, params(PlaceParams),
    responses((status = 200, description = "A page of places.", body = PlaceList)))]
async fn list_places(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<PlaceParams>,
) -> Result<Reply<PlaceList>> {
    Right::ReadNames.check(&actor)?;
    let (limit, offset) = super::page(params.limit, params.offset, PLACE_PAGE_MAX)?;
    let kind: Option<PlaceKind> = extract::one("kind", params.kind.as_deref())?;
    let region = params.region.map(RegionId::new);
    let directory = app.directory();
    let wanted = |place: &&Place| {
        kind.is_none_or(|kind| place.kind == kind) && region.as_ref().is_none_or(|region| place.region == *region)
    };
    let all: Vec<&Place> = directory.catalogue.places().filter(wanted).collect();
    let total = Some(all.len() as u64);
    let places = all.into_iter().skip(offset).take(limit).map(Into::into).collect();
    Ok(Reply(PlaceList { places, meta: Meta { total, limit, offset } }))
}

/// Bodies of the regions.
#[derive(Debug, Serialize, ToSchema)]
struct AgencyList {
    /// The bodies, by region and id.
    agencies: Vec<AgencyBody>,
}

/// A body.
#[derive(Debug, Serialize, ToSchema)]
struct AgencyBody {
    /// The body.
    #[schema(example = "udm.minstroy")]
    id: String,
    /// Its full name.
    name: String,
    /// The region it belongs to.
    region: String,
    /// The body above it; absent at the top.
    parent: Option<String>,
    /// The municipality it works in; absent when it works in the whole region.
    municipality: Option<String>,
}

/// Lists bodies: for staff of a body its own and those below.
#[utoipa::path(get, path = "/agencies", tag = NAMES,
    responses((status = 200, description = "The bodies you see.", body = AgencyList)))]
async fn list_agencies(State(app): State<App>, Caller(actor): Caller) -> Result<Reply<AgencyList>> {
    Right::ReadNames.check(&actor)?;
    let directory = app.directory();
    let scope = Scope::of(&actor, &directory);
    let seen = |agency: &Agency| match &scope {
        Scope::Agencies(list) => list.contains(&agency.id),
        // A source sees no incidents, but may say for which body a resident's message is.
        Scope::All | Scope::Nothing => actor.role != Role::Agency,
    };
    let mut agencies = Vec::new();
    for region in &directory.regions {
        agencies.extend(region.agencies.iter().filter(|agency| seen(agency)).map(|agency| AgencyBody {
            id: agency.id.to_string(),
            name: agency.name.clone(),
            region: region.id.to_string(),
            parent: agency.parent.as_ref().map(ToString::to_string),
            municipality: agency.municipality.as_ref().map(ToString::to_string),
        }));
    }
    Ok(Reply(AgencyList { agencies }))
}
