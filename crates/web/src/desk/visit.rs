//! A signed-in person asking for a page.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use otklik_domain::{Actor, Incident, RegionId, Role, State};
use otklik_engine::region::Region;
use otklik_ports::{IncidentFilter, IncidentQuery};

use super::{
    frame::{Frame, Person, Section, is_scripted, sections, theme, wants_part},
    say::{Moments, number},
};
use crate::{App, Directory, Error, SignedIn, error::Result, rights::Right, service};

/// States that wait for the management centre, in the order of the tabs.
pub(crate) const TRIAGE_STATES: [State; 4] = [State::New, State::Returned, State::Reopened, State::Triaged];
/// States in which a body owes something.
pub(crate) const AGENCY_STATES: [State; 5] =
    [State::Routed, State::Escalated, State::Accepted, State::InProgress, State::Interim];

/// A signed-in person asking for a page, with what every page needs.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) signed_in: SignedIn,
    pub(crate) directory: Arc<Directory>,
    /// Whether a part of a page is asked for.
    pub(crate) part: bool,
    theme: Option<&'static str>,
}

/// Who is not signed in is sent to sign in and comes back afterwards.
impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let part = wants_part(&parts.headers);
        match SignedIn::from_request_parts(parts, app).await {
            Ok(signed_in) => {
                Ok(Self { app: app.clone(), signed_in, directory: app.directory(), part, theme: theme(&parts.headers) })
            }
            Err(Error::Unauthenticated) if parts.method == Method::GET && !is_scripted(&parts.headers) => {
                let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
                let address = if path == "/" { "/login".to_owned() } else { format!("/login?next={next}") };
                Err(Redirect::to(&address).into_response())
            }
            Err(error) => Err(error.into_response()),
        }
    }
}

impl Visit {
    pub(crate) fn actor(&self) -> &Actor {
        &self.signed_in.actor
    }

    pub(crate) fn is_agency(&self) -> bool {
        self.actor().role == Role::Agency
    }

    pub(crate) fn has(&self, right: Right) -> bool {
        right.is_given_to(self.actor().role)
    }

    /// The region of the person: that of the body, or the first.
    pub(crate) fn region(&self) -> Option<&Arc<Region>> {
        let regions = &self.directory.regions;
        let own = self.actor().agency.as_ref();
        own.and_then(|own| regions.iter().find(|region| region.agencies.get(own).is_some())).or_else(|| regions.first())
    }

    /// Moments as the person's region has them.
    pub(crate) fn moments(&self) -> Moments {
        self.moments_of(self.region())
    }

    /// Moments as a region has them.
    pub(crate) fn moments_in(&self, region: &RegionId) -> Moments {
        self.moments_of(self.directory.region(region).or_else(|| self.region()))
    }

    fn moments_of(&self, region: Option<&Arc<Region>>) -> Moments {
        let zone = region.map_or(TimeZone::UTC, |region| region.zone().clone());
        Moments::new(zone, self.app.ports.clock.now())
    }

    /// The frame of a page of a section.
    pub(crate) async fn frame(&self, section: Option<Section>) -> Result<Frame> {
        let waiting = self.waiting().await?;
        let actor = self.actor();
        let agency = actor.agency.as_ref().map(|agency| self.directory.agency_name(agency).to_owned());
        Ok(Frame {
            theme: self.theme,
            region: self.region().map(|region| region.name.clone()).unwrap_or_default(),
            person: Some(Person::new(&self.signed_in.name, actor.role, agency)),
            now: Some(self.app.ports.clock.now().as_millisecond()),
            csrf: self.signed_in.csrf.clone(),
            sections: sections(actor, section, waiting),
            can_search: self.has(Right::Research),
            said: None,
        })
    }

    /// How much waits for the person.
    async fn waiting(&self) -> Result<Option<(Section, String)>> {
        let (section, states) = match self.actor().role {
            Role::Agency => (Section::Agency, &AGENCY_STATES[..]),
            Role::Admin | Role::Operator => (Section::Triage, &TRIAGE_STATES[..]),
            _ => return Ok(None),
        };
        let total = self.count(IncidentFilter { states: states.to_vec(), ..IncidentFilter::default() }).await?;
        Ok((total > 0).then(|| (section, number(total))))
    }

    /// How many incidents of a filter the person sees.
    pub(crate) async fn count(&self, filter: IncidentFilter) -> Result<u64> {
        let query = IncidentQuery { filter, limit: 1, ..IncidentQuery::default() };
        Ok(service::incidents::list(&self.app, self.actor(), query).await?.total)
    }

    /// The name of an incident's topic, or of its block.
    pub(crate) fn topic_of(&self, incident: &Incident) -> String {
        let names = &self.directory.catalogue;
        match &incident.topic {
            Some(topic) => names.topic_name(topic).to_owned(),
            None => names.block_name(&incident.block).to_owned(),
        }
    }
}
