//! Counts for boards.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use otklik_domain::{AnswerKind, IncidentId, State as IncidentState};

use super::State;
use crate::{BOARD_DAYS, BoardCounts, IncidentFilter, due};

const DAY_SECONDS: i64 = 86_400;

impl State {
    pub(super) fn board(&self, filter: &IncidentFilter, now: Timestamp) -> BoardCounts {
        let mut states: BTreeMap<IncidentState, u64> = BTreeMap::new();
        let mut blocks = BTreeMap::new();
        let mut agencies = BTreeMap::new();
        let mut municipalities = BTreeMap::new();
        let mut ratings = [0; 5];
        for incident in self.matching(filter) {
            *states.entry(incident.state).or_default() += 1;
            let open = u64::from(!incident.state.is_final());
            *blocks.entry(incident.block.clone()).or_default() += open;
            if let Some(place) = &incident.municipality {
                *municipalities.entry(place.clone()).or_default() += open;
            }
            if let Some(agency) = &incident.agency {
                let counts: &mut (u64, u64, u64) = agencies.entry(agency.clone()).or_default();
                counts.0 += open;
                counts.1 += u64::from(due::is_overdue(incident));
                counts.2 += u64::from(self.final_answer(&incident.id).is_some());
            }
            if let Some(count) = incident.rating.and_then(|rating| ratings.get_mut(usize::from(rating).checked_sub(1)?))
            {
                *count += 1;
            }
        }
        let mut agencies: Vec<_> = agencies.into_iter().map(|(id, (o, late, done))| (id, o, late, done)).collect();
        agencies.sort_by_key(|(_, open, ..)| Reverse(*open));
        BoardCounts {
            states: states.into_iter().collect(),
            blocks: most_first(blocks),
            agencies,
            municipalities: most_first(municipalities),
            days: self.days(filter, now),
            first_answer_minutes: self.first_answer_minutes(filter),
            ratings,
        }
    }

    fn days(&self, filter: &IncidentFilter, now: Timestamp) -> Vec<(Timestamp, u64, u64)> {
        let first_day = day(now) - (i64::from(BOARD_DAYS) - 1) * DAY_SECONDS;
        let mut opened: BTreeMap<i64, u64> = BTreeMap::new();
        let mut answered: BTreeMap<i64, u64> = BTreeMap::new();
        for incident in self.matching(filter) {
            *opened.entry(day(incident.opened_at)).or_default() += 1;
            if let Some(at) = self.final_answer(&incident.id) {
                *answered.entry(day(at)).or_default() += 1;
            }
        }
        let days: BTreeSet<i64> = opened.keys().chain(answered.keys()).copied().collect();
        days.range(first_day..=day(now))
            .filter_map(|day| {
                let count = |counts: &BTreeMap<i64, u64>| counts.get(day).copied().unwrap_or_default();
                Some((Timestamp::from_second(*day).ok()?, count(&opened), count(&answered)))
            })
            .collect()
    }

    fn first_answer_minutes(&self, filter: &IncidentFilter) -> Option<(u64, u64)> {
        let mut minutes: Vec<u64> = self
            .matching(filter)
            .filter(|incident| self.final_answer(&incident.id).is_some())
            .filter_map(|incident| {
                let (first, _) = self.incidents.get(&incident.id)?.answers.first()?;
                u64::try_from(first.duration_since(incident.opened_at).as_mins()).ok()
            })
            .collect();
        minutes.sort_unstable();
        let nearest_rank =
            |percent: usize| minutes.get((minutes.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        nearest_rank(50).zip(nearest_rank(90))
    }

    /// When the first final answer was given.
    fn final_answer(&self, id: &IncidentId) -> Option<Timestamp> {
        let answers = &self.incidents.get(id)?.answers;
        answers.iter().find(|(_, answer)| answer.kind == AnswerKind::Final).map(|(at, _)| *at)
    }
}

/// Those with any, most first, then by id.
fn most_first<T>(counts: BTreeMap<T, u64>) -> Vec<(T, u64)> {
    let mut list: Vec<(T, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    list.sort_by_key(|(_, count)| Reverse(*count));
    list
}

/// The second a day of UTC begins with.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY_SECONDS) * DAY_SECONDS
}
