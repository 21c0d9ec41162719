//! Counts for boards.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Action, AnswerKind, Clock, Opening, State};

use super::{act, act_all, answer, at, clock, open_all, opening, route_to, set_clocks};
use crate::{BoardCounts, IncidentFilter, Incidents};

async fn board(store: &impl Incidents, filter: IncidentFilter) -> BoardCounts {
    store.board(&filter, at(600)).await.unwrap()
}

/// Seven incidents: potholes in two towns, a clinic, some done.
async fn fill(store: &impl Incidents) {
    let opened = open_all(
        store,
        [
            opening(1),
            opening(2),
            Opening { municipality: Some("udm.votkinsk".into()), ..opening(3) },
            Opening { block: "health".into(), municipality: None, ..opening(4) },
            Opening { region: "tat".into(), municipality: Some("tat.kazan".into()), ..opening(5) },
            opening(6),
            opening(7),
        ],
    )
    .await;
    let first = act(store, &opened[0], route_to("town"), 10).await.0;
    set_clocks(store, &first, vec![Clock { breached: true, ..clock(20) }]).await;
    let to_final = || vec![route_to("water"), Action::Accept, answer(AnswerKind::Final)];
    let answered = act_all(store, &opened[1], to_final(), 10).await;
    act(store, &answered, Action::Rate { score: 5 }, 20).await;
    act_all(store, &opened[2], to_final(), 30).await;
    let bad = act_all(store, &opened[5], to_final(), 50).await;
    act(store, &bad, Action::Rate { score: 1 }, 60).await;
    act(store, &opened[6], Action::Reject { reason: "спам".to_owned() }, 70).await;
}

pub(super) async fn counts(store: &impl Incidents) {
    assert_eq!(board(store, IncidentFilter::default()).await, BoardCounts::default(), "an empty store");
    fill(store).await;
    let board = board(store, IncidentFilter::default()).await;
    assert_eq!(
        board.states,
        [
            (State::New, 2),
            (State::Routed, 1),
            (State::Answered, 1),
            (State::Rated, 1),
            (State::NotIncident, 1),
            (State::Escalated, 1),
        ]
    );
    assert_eq!(board.blocks, [("roads".into(), 4), ("health".into(), 1)]);
    // Number six went up to the parent of `water`.
    assert_eq!(board.agencies, [("town".into(), 2, 1, 1), ("water".into(), 1, 0, 2)]);
    assert_eq!(board.municipalities, [("udm.izhevsk".into(), 2), ("tat.kazan".into(), 1), ("udm.votkinsk".into(), 1)]);
    assert_eq!(board.ratings, [1, 0, 0, 0, 1]);
}

pub(super) async fn counts_of_a_filter(store: &impl Incidents) {
    fill(store).await;
    let all = IncidentFilter::default;
    let tatar = board(store, IncidentFilter { regions: vec!["tat".into()], ..all() }).await;
    assert_eq!(tatar.states, [(State::New, 1)]);
    assert_eq!(tatar.municipalities, [("tat.kazan".into(), 1)]);
    assert_eq!((tatar.agencies.len(), tatar.ratings, tatar.first_answer_minutes), (0, [0; 5], None));
    let water = board(store, IncidentFilter { agencies: vec!["water".into()], ..all() }).await;
    assert_eq!(water.agencies, [("water".into(), 1, 0, 2)]);
    let days = IncidentFilter { opened_from: Some(at(3)), opened_to: Some(at(5)), ..all() };
    assert_eq!(board(store, days.clone()).await.states, [(State::New, 1), (State::Answered, 1)]);
    let text = IncidentFilter { text: Some("ЯМА".to_owned()), ..days };
    assert_eq!(board(store, text).await.blocks, [("health".into(), 1), ("roads".into(), 1)]);
    let late = board(store, IncidentFilter { overdue: Some(true), ..all() }).await;
    assert_eq!(late.agencies, [("town".into(), 1, 1, 0)]);
    let none = board(store, IncidentFilter { block: Some("animals".into()), ..all() }).await;
    assert_eq!(none, BoardCounts::default());
}

pub(super) async fn counts_days_and_answers(store: &impl Incidents) {
    const DAY_MINUTES: i64 = 24 * 60;
    let day = |number: i64| Timestamp::from_second(1_772_409_600).unwrap() + SignedDuration::from_hours(24 * number);
    // Opened on eleven days in a row at 09:00 of Moscow; the second but one day has two.
    let opened_on = [-60, -59, -9, -8, -8, -7, -6, -5, -4, -3, -2, 0];
    let openings =
        opened_on.iter().zip(1..).map(|(day, number)| Opening { at: at(day * DAY_MINUTES), ..opening(number) });
    let opened = open_all(store, openings).await;
    // Nine get a final answer: the first answers after 1, 2, … 9 hours, the last nine get an interim one before.
    for (incident, hours) in opened[2..11].iter().zip(1..) {
        let minute = (incident.opened_at.as_second() - at(0).as_second()) / 60;
        let routed = act_all(store, incident, vec![route_to("town"), Action::Accept], minute + 1).await;
        let (interim, _) = act(store, &routed, answer(AnswerKind::Interim), minute + hours * 60).await;
        let (done, _) = act(store, &interim, answer(AnswerKind::Final), minute + 2 * DAY_MINUTES).await;
        // A second final answer is not counted.
        let reopened =
            act(store, &done, Action::Reopen { reason: "опять".to_owned() }, minute + 2 * DAY_MINUTES).await.0;
        let again = vec![route_to("town"), Action::Accept, answer(AnswerKind::Final)];
        act_all(store, &reopened, again, minute + 3 * DAY_MINUTES).await;
    }
    // One has an interim answer only.
    let only_interim = vec![route_to("town"), Action::Accept, answer(AnswerKind::Interim)];
    act_all(store, &opened[11], only_interim, 1).await;

    let counts = board(store, IncidentFilter::default()).await;
    assert_eq!(counts.first_answer_minutes, Some((5 * 60, 9 * 60)));
    assert_eq!(
        counts.days,
        [
            (day(-59), 1, 0),
            (day(-9), 1, 0),
            (day(-8), 2, 0),
            (day(-7), 1, 1),
            (day(-6), 1, 2),
            (day(-5), 1, 1),
            (day(-4), 1, 1),
            (day(-3), 1, 1),
            (day(-2), 1, 1),
            (day(-1), 0, 1),
            (day(0), 1, 1),
        ]
    );
    let later = store.board(&IncidentFilter::default(), at(55 * DAY_MINUTES)).await.unwrap();
    assert_eq!(later.days.first(), Some(&(day(-4), 1, 1)), "sixty days, the present one among them");
}
