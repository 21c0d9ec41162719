//! What a crawl does about a trouble: the actions of [`crate::fault`] carried out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use otklik_ports::FetchError;

use super::state::{State, Trouble};
use crate::{
    fault::{Action, SourceError},
    schedule::{Budgets, Lane},
};

/// First wait after a rate limit, doubled with each further one.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(2);
/// First wait after a passing trouble of a source, doubled with each further one.
const RETRY: SignedDuration = SignedDuration::from_secs(30);
/// First wait after a source was unavailable, doubled with each further time.
const UNAVAILABLE: SignedDuration = SignedDuration::from_hours(1);
/// Longest waits: for a rate limit, for a passing trouble, for a source that is gone.
const BACK_OFF_MAX: SignedDuration = SignedDuration::from_mins(5);
const RETRY_MAX: SignedDuration = SignedDuration::from_hours(2);
const UNAVAILABLE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Longest wait that a server may ask for.
const ASKED_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A trouble, whether the network said so or it was not reached.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) action: Action,
    pub(super) kind: String,
    pub(super) message: String,
    /// What the server asked for.
    pub(super) retry_after: Option<Duration>,
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        let code = error.code.as_ref().map(|code| format!("code {code}: ")).unwrap_or_default();
        Self {
            action: error.action(),
            kind: error.kind.as_str().to_owned(),
            message: format!("{code}{}", error.message),
            retry_after: None,
        }
    }
}

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        let action = if error.kind.is_passing() { Action::Retry } else { Action::MarkSourceUnavailable };
        Self { action, kind: error.kind.as_str().to_owned(), message: error.to_string(), retry_after: None }
    }
}

/// What a trouble comes to, beyond the source it happened at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nothing.
    Source,
    /// All that needs the token stops until somebody has seen to it.
    Token,
}

impl Fault {
    /// The same where nothing is asked with a token: a page that wants one is closed to us, and stops no other.
    pub(super) fn without_token(self) -> Self {
        let is_of_token = matches!(self.action, Action::TokenFault | Action::TellHuman);
        Self { action: if is_of_token { Action::MarkSourceUnavailable } else { self.action }, ..self }
    }

    /// Carries out what is to be done at lanes and source. `lanes` are those of the call, the token's or host's first.
    pub(super) fn settle(self, state: &mut State, budgets: &mut Budgets, lanes: &[Lane], now: Timestamp) -> Scope {
        let asked =
            self.retry_after.and_then(|after| SignedDuration::try_from(after).ok()).map(|after| after.min(ASKED_MAX));
        let later = |first, longest, times| add(now, asked.unwrap_or_else(|| doubled(first, longest, times)));
        let times = state.troubles;
        let mut scope = Scope::Source;
        let (main, list) = (lanes.first(), lanes.get(1).or(lanes.first()));
        match self.action {
            Action::BackOff => {
                // The same call is made again as soon as the lane is open.
                let until = later(BACK_OFF, BACK_OFF_MAX, times);
                main.into_iter().for_each(|lane| budgets.block(&lane.name, until));
            }
            Action::WaitForNextWindow => {
                list.into_iter().for_each(|lane| budgets.block_for_the_day(&lane.name, now));
                state.rest_until = None;
            }
            Action::MarkSourceUnavailable => state.rest_until = Some(later(UNAVAILABLE, UNAVAILABLE_MAX, times)),
            Action::Retry => state.rest_until = Some(later(RETRY, RETRY_MAX, times)),
            Action::SkipRequest => state.rest_until = Some(later(UNAVAILABLE, UNAVAILABLE_MAX, times)),
            Action::TokenFault | Action::TellHuman => {
                main.into_iter().for_each(|lane| budgets.block(&lane.name, Timestamp::MAX));
                scope = Scope::Token;
            }
        }
        state.troubles = state.troubles.saturating_add(1);
        state.trouble = Some(Trouble { kind: self.kind, message: self.message, at: now, action: Some(self.action) });
        scope
    }
}

fn doubled(first: SignedDuration, longest: SignedDuration, times: u32) -> SignedDuration {
    first.checked_mul(1 << times.min(16)).unwrap_or(longest).min(longest)
}

fn add(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fault::Kind, schedule::Limit};

    fn lanes() -> Vec<Lane> {
        let lane =
            |name: &str| Lane { name: name.to_owned(), limit: Limit { gap: SignedDuration::ZERO, per_day: Some(9) } };
        vec![lane("vk:a"), lane("vk:a/lists")]
    }

    /// When the source, the token and the method may be used again after so many troubles in a row, in seconds from now.
    fn after(kind: Kind, times: u32) -> [Option<i64>; 3] {
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let (mut state, mut budgets) = (State { troubles: times, ..State::default() }, Budgets::default());
        Fault::from(SourceError::new(kind, None, "x")).settle(&mut state, &mut budgets, &lanes(), now);
        let seconds = |until: Option<Timestamp>| until.map(|until| until.as_second() - now.as_second());
        [
            seconds(state.rest_until),
            seconds(budgets.blocked_until("vk:a", now)),
            seconds(budgets.blocked_until("vk:a/lists", now)),
        ]
    }

    #[test]
    fn every_kind_has_its_consequence() {
        let check = |kind, times, expected| assert_eq!(after(kind, times), expected, "{kind} {times}");
        check(Kind::RateLimit, 0, [None, Some(2), None]);
        check(Kind::RateLimit, 3, [None, Some(16), None]);
        check(Kind::RateLimit, 30, [None, Some(300), None]);
        check(Kind::DailyLimit, 0, [None, None, Some(11 * 3600)]);
        check(Kind::Unavailable, 0, [Some(3600), None, None]);
        check(Kind::Unavailable, 9, [Some(86_400), None, None]);
        check(Kind::Retry, 0, [Some(30), None, None]);
        check(Kind::BrokenBody, 20, [Some(7200), None, None]);
        check(Kind::BadRequest, 0, [Some(3600), None, None]);
        for kind in [Kind::Token, Kind::NeedsHuman] {
            let [source, token, list] = after(kind, 0);
            assert!(source.is_none() && list.is_none() && token.is_some_and(|token| token > 1 << 32), "{kind}");
        }
    }

    #[test]
    fn a_page_that_wants_a_password_stops_no_other() {
        let check = |kind, expected| {
            let fault = Fault::from(SourceError::new(kind, None, "x")).without_token();
            assert_eq!(fault.action, expected, "{kind}");
        };
        check(Kind::Token, Action::MarkSourceUnavailable);
        check(Kind::NeedsHuman, Action::MarkSourceUnavailable);
        check(Kind::RateLimit, Action::BackOff);
    }

    #[test]
    fn what_a_server_asks_for_is_done() {
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let mut state = State::default();
        let fault =
            Fault { retry_after: Some(Duration::from_secs(120)), ..SourceError::new(Kind::Retry, None, "x").into() };
        fault.settle(&mut state, &mut Budgets::default(), &lanes(), now);
        assert_eq!(state.rest_until, Some("2026-03-01T10:02:00Z".parse().unwrap()));
    }
}
