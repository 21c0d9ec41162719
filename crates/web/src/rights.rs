//! Which role may do what, and which incidents an actor sees.
//!
//! Actions on incidents have their own table: [`otklik_domain::ActionKind::is_allowed`].

use otklik_domain::{Actor, AgencyId, Incident, Role, State};
use otklik_ports::IncidentFilter;

use crate::{
    catalogue::Directory,
    error::{Error, Result},
};

/// What an actor may want besides actions on incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read incidents, within what [`Scope`] shows.
    ReadIncidents,
    /// Open an incident by hand.
    OpenIncident,
    /// Read one event, its posts and its curve; staff of a body only those behind their incidents.
    ReadEvent,
    /// List events, search posts, read statistics of posts.
    Research,
    /// Split and merge events.
    CorrectEvents,
    /// Hand in posts.
    HandIn,
    /// Read names of topics, blocks, places and bodies.
    ReadNames,
    /// Accounts, tokens, webhooks, the audit trail.
    Administer,
}

impl Right {
    /// Whether a role has it.
    pub fn is_given_to(self, role: Role) -> bool {
        use Role::{Admin, Agency, Analyst, Operator, Source, System, Viewer};
        match self {
            Self::ReadIncidents | Self::ReadEvent => {
                matches!(role, Admin | Operator | Analyst | Viewer | Agency | System)
            }
            Self::Research => matches!(role, Admin | Operator | Analyst | Viewer | System),
            Self::OpenIncident | Self::CorrectEvents => matches!(role, Admin | Operator | Analyst | System),
            Self::HandIn => matches!(role, Admin | Operator | Source | System),
            Self::ReadNames => true,
            Self::Administer => matches!(role, Admin | System),
        }
    }

    /// Refuses an actor who does not have it.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn check(self, actor: &Actor) -> Result<()> {
        if self.is_given_to(actor.role) { Ok(()) } else { Err(Error::Forbidden) }
    }
}

/// States in which a body has an incident or has had it. In the others it waits for the management centre or was set
/// aside by it, and its body may be only the one proposed.
pub(crate) const BODY_STATES: [State; 9] = [
    State::Routed,
    State::Accepted,
    State::InProgress,
    State::Interim,
    State::Answered,
    State::Rated,
    State::Closed,
    State::Postponed,
    State::Escalated,
];

/// Whether an incident was sent to one of these bodies, and not only proposed to it.
pub(crate) fn is_with(incident: &Incident, bodies: &[AgencyId]) -> bool {
    let was_sent = match incident.state {
        State::Postponed => incident.resume_to.is_some_and(|state| !state.is_triage()),
        state => BODY_STATES.contains(&state),
    };
    was_sent && incident.agency.as_ref().is_some_and(|agency| bodies.contains(agency))
}

/// Which incidents an actor sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that were sent to these bodies.
    Agencies(Vec<AgencyId>),
    /// None.
    Nothing,
}

impl Scope {
    /// The scope of an actor. Staff of a body that is not configured see nothing.
    pub fn of(actor: &Actor, directory: &Directory) -> Self {
        match (actor.role, &actor.agency) {
            (Role::Source, _) | (Role::Agency, None) => Self::Nothing,
            (Role::Agency, Some(agency)) => Self::Agencies(directory.subtree(agency)),
            _ => Self::All,
        }
    }

    /// Whether an incident lies in it.
    pub fn sees(&self, incident: &Incident) -> bool {
        match self {
            Self::All => true,
            Self::Agencies(list) => is_with(incident, list),
            Self::Nothing => false,
        }
    }

    /// Narrows a filter to it. `false` when nothing is left to find: an empty list of bodies would mean all of them.
    ///
    /// A filter cannot tell whether the centre or a body put an incident off: what is found still goes through
    /// [`Scope::sees`].
    pub fn narrow(&self, filter: &mut IncidentFilter) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Agencies(list) => {
                if filter.agencies.is_empty() {
                    filter.agencies.clone_from(list);
                } else {
                    filter.agencies.retain(|agency| list.contains(agency));
                }
                if filter.states.is_empty() {
                    filter.states.extend(BODY_STATES);
                } else {
                    filter.states.retain(|state| BODY_STATES.contains(state));
                }
                !filter.agencies.is_empty() && !filter.states.is_empty()
            }
        }
    }
}
