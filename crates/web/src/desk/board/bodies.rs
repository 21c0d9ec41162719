//! The table of bodies: count, quality, speed and completeness of their answers.

use futures::{StreamExt, TryStreamExt, stream};
use otklik_domain::{AgencyId, State};
use otklik_ports::{BoardCounts, IncidentFilter};

use super::tiles::{minutes, rating};
use crate::{
    desk::{
        chart::Bar,
        say::{decimal, number, percent},
        visit::Visit,
    },
    error::Result,
    rights::BODY_STATES,
    service,
};

/// Bodies shown, those with most open incidents first.
const BODIES: usize = 12;
/// Questions to the store under way at once.
const AT_ONCE: usize = 4;
/// Ratings below which an average says nothing.
const RATINGS_MIN: u64 = 2;

/// A body and how it answers.
#[derive(Debug, Clone)]
pub(super) struct BodyRow {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) open: String,
    pub(super) overdue: u64,
    pub(super) overdue_words: String,
    pub(super) answered: String,
    /// Share of what it has or had that is answered.
    pub(super) complete: String,
    pub(super) bar: Bar,
    pub(super) median: String,
    pub(super) rating: String,
    pub(super) rated: String,
}

/// The table; each body is counted with all below it, and with what was sent to it: a proposal is not its work yet.
pub(super) async fn rows(visit: &Visit, filter: &IncidentFilter) -> Result<Vec<BodyRow>> {
    let filter = IncidentFilter { states: BODY_STATES.to_vec(), ..filter.clone() };
    let counts = service::board::incidents(&visit.app, visit.actor(), filter.clone()).await?;
    let bodies: Vec<AgencyId> = counts.agencies.iter().take(BODIES).map(|(id, ..)| id.clone()).collect();
    stream::iter(bodies)
        .map(async |id| {
            let filter = IncidentFilter { agencies: vec![id.clone()], ..filter.clone() };
            let own = service::board::incidents(&visit.app, visit.actor(), filter).await?;
            Ok(row(visit, &id, &own))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

fn row(visit: &Visit, id: &AgencyId, counts: &BoardCounts) -> BodyRow {
    let is_answered = |state: State| matches!(state, State::Answered | State::Rated | State::Closed);
    let of = |wanted: &dyn Fn(State) -> bool| {
        counts.states.iter().filter(|(state, _)| wanted(*state)).map(|(_, count)| count).sum::<u64>()
    };
    let open = of(&|state| !state.is_final() && !is_answered(state));
    let answered = of(&is_answered);
    let overdue: u64 = counts.agencies.iter().map(|(_, _, overdue, _)| overdue).sum();
    let (average, rated) = rating(&counts.ratings);
    let complete = percent(answered, open + answered);
    BodyRow {
        name: visit.directory.agency_name(id).to_owned(),
        href: format!("/incidents?agency={id}"),
        open: number(open),
        overdue,
        overdue_words: number(overdue),
        answered: number(answered),
        bar: Bar::new(answered, open + answered, "good", format!("Отвечено {complete}")),
        complete,
        median: counts.first_answer_minutes.map_or_else(|| "—".to_owned(), |(median, _)| minutes(median)),
        rating: decimal(average.filter(|_| rated >= RATINGS_MIN)),
        rated: number(rated),
    }
}
