//! `/stats/board`

use axum::{Json as Reply, extract::State};
use otklik_domain::{AgencyId, BlockId, PlaceId, RegionId};
use otklik_ports::{BoardCounts, IncidentFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App, Caller, Directory,
    api::extract::{self, Query},
    error::Result,
    service::board,
};

/// Which incidents. Lists are comma separated.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct BoardParams {
    /// Of these regions.
    region: Option<String>,
    /// With these bodies or those below them.
    agency: Option<String>,
    /// Of this block.
    block: Option<String>,
    /// In this municipality.
    municipality: Option<String>,
    /// Opened at or after, RFC 3339.
    opened_from: Option<String>,
    /// Opened before, RFC 3339.
    opened_to: Option<String>,
}

/// Counts of incidents. Open ones are not in a final state. What is zero is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Board {
    /// By state.
    states: Vec<StateCount>,
    /// Open ones by block, most first.
    blocks: Vec<OpenCount>,
    /// Open ones by municipality, most first.
    municipalities: Vec<OpenCount>,
    /// By body, most open first.
    agencies: Vec<AgencyCount>,
    /// By day of UTC, oldest first, sixty up to today.
    days: Vec<DayCount>,
    /// Minutes from opening to the first answer, of incidents with a final one.
    first_answer_minutes: Option<Quantiles>,
    /// How many were rated 1, 2, 3, 4 and 5.
    #[schema(example = json!([0, 1, 0, 2, 7]))]
    ratings: [u64; 5],
}

/// Incidents in a state.
#[derive(Debug, Serialize, ToSchema)]
struct StateCount {
    /// The state.
    #[schema(example = "routed")]
    state: &'static str,
    /// Incidents.
    incidents: u64,
}

/// Open incidents of a block or municipality.
#[derive(Debug, Serialize, ToSchema)]
struct OpenCount {
    /// The block or municipality.
    id: String,
    /// Its name.
    name: String,
    /// Open incidents.
    open: u64,
}

/// Incidents of a body.
#[derive(Debug, Serialize, ToSchema)]
struct AgencyCount {
    /// The body.
    id: String,
    /// Its name.
    name: String,
    /// Open ones.
    open: u64,
    /// Those with an overdue clock that still runs.
    overdue: u64,
    /// Those that ever got a final answer.
    answered: u64,
}

/// Incidents of a day.
#[derive(Debug, Serialize, ToSchema)]
struct DayCount {
    /// Where the day begins.
    day: String,
    /// Opened.
    opened: u64,
    /// Got their first final answer.
    answered: u64,
}

/// By nearest rank.
#[derive(Debug, Serialize, ToSchema)]
struct Quantiles {
    /// Half are not above it.
    median: u64,
    /// Nine of ten are not above it.
    p90: u64,
}

/// Counts the incidents you see.
#[utoipa::path(get, path = "/stats/board", tag = super::STATS, params(BoardParams),
    responses((status = 200, description = "Counts.", body = Board)))]
pub(super) async fn count_incidents(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<BoardParams>,
) -> Result<Reply<Board>> {
    let filter = IncidentFilter {
        regions: extract::words("region", params.region.as_deref())?.map(RegionId::from).collect(),
        agencies: extract::words("agency", params.agency.as_deref())?.map(AgencyId::from).collect(),
        block: params.block.map(BlockId::new),
        municipality: params.municipality.map(PlaceId::new),
        opened_from: extract::time("opened_from", params.opened_from.as_deref())?,
        opened_to: extract::time("opened_to", params.opened_to.as_deref())?,
        ..IncidentFilter::default()
    };
    let counts = board::incidents(&app, &actor, filter).await?;
    Ok(Reply(Board::new(&counts, &app.directory())))
}

impl Board {
    fn new(counts: &BoardCounts, directory: &Directory) -> Self {
        let names = &directory.catalogue;
        let open = |id: &str, name: &str, open: u64| OpenCount { id: id.to_owned(), name: name.to_owned(), open };
        Self {
            states: counts
                .states
                .iter()
                .map(|(state, incidents)| StateCount { state: state.as_str(), incidents: *incidents })
                .collect(),
            blocks: counts.blocks.iter().map(|(id, count)| open(id.as_str(), names.block_name(id), *count)).collect(),
            municipalities: counts
                .municipalities
                .iter()
                .map(|(id, count)| open(id.as_str(), names.place_name(id), *count))
                .collect(),
            agencies: counts
                .agencies
                .iter()
                .map(|(id, open, overdue, answered)| AgencyCount {
                    id: id.to_string(),
                    name: directory.agency_name(id).to_owned(),
                    open: *open,
                    overdue: *overdue,
                    answered: *answered,
                })
                .collect(),
            days: counts
                .days
                .iter()
                .map(|(day, opened, answered)| DayCount { day: day.to_string(), opened: *opened, answered: *answered })
                .collect(),
            first_answer_minutes: counts.first_answer_minutes.map(|(median, p90)| Quantiles { median, p90 }),
            ratings: counts.ratings,
        }
    }
}
