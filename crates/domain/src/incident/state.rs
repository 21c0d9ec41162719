//! The states of an incident and the steps between them, as one table.

use super::Role;
use crate::names::named_enum;

named_enum! {
    /// Where an incident stands.
    "state" State {
        /// Opened, nobody has looked yet.
        New = "new",
        /// Confirmed, waits for a body.
        Triaged = "triaged",
        /// Sent to a body.
        Routed = "routed",
        /// The body has taken it on.
        Accepted = "accepted",
        /// Work goes on.
        InProgress = "in_progress",
        /// The resident has an interim answer.
        Interim = "interim",
        /// The resident has the final answer.
        Answered = "answered",
        /// The resident has rated the answer.
        Rated = "rated",
        /// Done.
        Closed = "closed",
        /// Given back to triage by a body.
        Returned = "returned",
        /// Put off until a date.
        Postponed = "postponed",
        /// Joined to another incident.
        Merged = "merged",
        /// Found not to be an incident.
        NotIncident = "not_incident",
        /// Taken up again after it was done.
        Reopened = "reopened",
        /// Sent up to the parent body.
        Escalated = "escalated",
    }
}

impl State {
    /// Whether nothing more is expected: a new message about it opens a linked repeat.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Rated | Self::Closed | Self::Merged | Self::NotIncident)
    }

    /// Whether it waits for the management centre.
    pub fn is_triage(self) -> bool {
        matches!(self, Self::New | Self::Triaged | Self::Returned | Self::Reopened)
    }

    /// Whether a body has it and owes an answer.
    pub fn is_with_agency(self) -> bool {
        matches!(self, Self::Routed | Self::Accepted | Self::InProgress | Self::Interim | Self::Escalated)
    }
}

named_enum! {
    /// The kinds of [`Action`](super::Action), and the opening of an incident.
    "action" ActionKind {
        /// It was opened.
        Open = "open",
        /// Confirmed as an incident.
        Triage = "triage",
        /// Sent to a body.
        Route = "route",
        /// Taken on.
        Accept = "accept",
        /// Work began.
        Start = "start",
        /// Interim answer given.
        AnswerInterim = "answer_interim",
        /// Final answer given.
        AnswerFinal = "answer_final",
        /// Rated well.
        Rate = "rate",
        /// Rated badly: it goes to the parent body.
        RateBad = "rate_bad",
        /// Done.
        Close = "close",
        /// Given back to triage.
        Return = "return",
        /// Put off.
        Postpone = "postpone",
        /// Taken up again after it was put off.
        Resume = "resume",
        /// Joined to another.
        Merge = "merge",
        /// Not an incident.
        Reject = "reject",
        /// Taken up again after it was done.
        Reopen = "reopen",
        /// Sent up to the parent body.
        Escalate = "escalate",
        /// A remark.
        Note = "note",
        /// Told anew: a post was deleted at its source, and title and summary are without its words.
        Retell = "retell",
    }
}

impl ActionKind {
    /// The state an action leads to from `from`, or `None` when it cannot be done there.
    ///
    /// [`Self::Resume`] leads to the state kept in the incident and is only said here to be possible; [`Self::Note`] and
    /// [`Self::Retell`] stay where they are.
    pub fn leads_to(self, from: State) -> Option<State> {
        use State::{
            Accepted, Answered, Closed, Escalated, InProgress, Interim, Merged, New, NotIncident, Postponed, Rated,
            Reopened, Returned, Routed, Triaged,
        };
        match (self, from) {
            (Self::Triage, New | Returned | Reopened) => Some(Triaged),
            (
                Self::Route,
                New | Triaged | Returned | Reopened | Routed | Accepted | InProgress | Interim | Escalated,
            ) => Some(Routed),
            (Self::Accept, Routed | Escalated) => Some(Accepted),
            (Self::Start, Accepted) => Some(InProgress),
            (Self::AnswerInterim, Accepted | InProgress | Interim) => Some(Interim),
            (Self::AnswerFinal, Accepted | InProgress | Interim) => Some(Answered),
            (Self::Rate, Answered | Closed) => Some(Rated),
            (Self::RateBad, Answered | Closed) => Some(Escalated),
            (Self::Close, Answered | Rated) => Some(Closed),
            (Self::Return, Routed | Accepted | InProgress | Interim | Escalated) => Some(Returned),
            (
                Self::Postpone,
                New | Triaged | Returned | Reopened | Routed | Accepted | InProgress | Interim | Escalated,
            ) => Some(Postponed),
            (Self::Resume, Postponed) => Some(Postponed),
            (Self::Merge, state) if !state.is_final() => Some(Merged),
            (Self::Reject, New | Triaged | Returned | Reopened) => Some(NotIncident),
            (Self::Reopen, Answered | Rated | Closed | Merged | NotIncident) => Some(Reopened),
            (Self::Escalate, Routed | Accepted | InProgress | Interim | Escalated) => Some(Escalated),
            (Self::Note | Self::Retell, state) => Some(state),
            _ => None,
        }
    }

    /// Whether a role may do this at all. Staff of a body are further bound to their own subtree.
    pub fn is_allowed(self, role: Role) -> bool {
        let centre = matches!(role, Role::Admin | Role::Operator | Role::System);
        match self {
            Self::Retell => role == Role::System,
            Self::Open => centre || role == Role::Analyst,
            Self::Note => centre || matches!(role, Role::Agency | Role::Analyst),
            Self::Rate | Self::RateBad => centre || role == Role::Source,
            Self::Route
            | Self::Accept
            | Self::Start
            | Self::AnswerInterim
            | Self::AnswerFinal
            | Self::Return
            | Self::Postpone
            | Self::Resume => centre || role == Role::Agency,
            Self::Triage | Self::Close | Self::Merge | Self::Reject | Self::Reopen | Self::Escalate => centre,
        }
    }
}
