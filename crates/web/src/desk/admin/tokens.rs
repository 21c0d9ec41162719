//! Keys of programs to the API.

use askama::Template;
use axum::{
    Form,
    response::{IntoResponse, Redirect, Response},
};
use otklik_domain::{AgencyId, Role};
use otklik_ports::Token;
use serde::Deserialize;

use super::{agencies, explained, roles, tabs};
use crate::{
    Error,
    desk::{
        filters::Choice,
        frame::{Frame, Section, html, html_with},
        params::{Params, moment},
        said,
        triage::Tab,
        visit::Visit,
    },
    error::Result,
    russian,
    service::{self, tokens::NewToken},
};

/// Roles programs may have.
const ROLES: [Role; 6] = [Role::Source, Role::Agency, Role::Viewer, Role::Operator, Role::Analyst, Role::Admin];

#[derive(Template)]
#[template(path = "admin/tokens.html")]
struct TokensPage {
    frame: Frame,
    tabs: Vec<Tab>,
    tokens: Vec<Line>,
    given: Given,
    roles: Vec<Choice>,
    agencies: Vec<Choice>,
    problem: Option<String>,
    /// Name and secret of a token just made: shown this once.
    made: Option<(String, String)>,
}

struct Line {
    name: String,
    role: &'static str,
    agency: String,
    created: String,
    expires: String,
    state: &'static str,
    usable: bool,
}

/// The form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    name: String,
    role: String,
    agency: String,
    expires_at: String,
}

pub(super) async fn page(visit: Visit, params: Params) -> Result<Response> {
    let given = Given { role: Role::Source.to_string(), ..Given::default() };
    let mut page = show(&visit, given).await?;
    page.frame = said::frame(&visit, Section::Admin, &params).await?;
    Ok(html(&page))
}

async fn show(visit: &Visit, given: Given) -> Result<TokensPage> {
    let tokens = service::tokens::list(&visit.app, visit.actor()).await?;
    Ok(TokensPage {
        frame: visit.frame(Some(Section::Admin)).await?,
        tabs: tabs("/admin/tokens"),
        tokens: tokens.iter().map(|token| line(visit, token)).collect(),
        roles: roles(&ROLES, &given.role),
        agencies: agencies(visit, &given.agency),
        given,
        problem: None,
        made: None,
    })
}

fn line(visit: &Visit, token: &Token) -> Line {
    let moments = visit.moments();
    let ended = token.expires_at.is_some_and(|at| at <= moments.now());
    let (state, usable) = match (token.revoked, ended) {
        (true, _) => ("отозван", false),
        (false, true) => ("срок истёк", false),
        (false, false) => ("действует", true),
    };
    Line {
        name: token.name.clone(),
        role: russian::role(token.role),
        agency: token.agency.as_ref().map(|id| visit.directory.agency_name(id).to_owned()).unwrap_or_default(),
        created: moments.day_time(token.created_at),
        expires: token.expires_at.map_or_else(|| "бессрочно".to_owned(), |at| moments.day_time(at)),
        state,
        usable,
    }
}

/// Makes a token and shows its secret.
pub(super) async fn create(visit: Visit, Form(given): Form<Given>) -> Result<Response> {
    let expires_at = match given.expires_at.as_str() {
        "" => Ok(None),
        at => moment(at, visit.moments().zone()).map(Some).ok_or_else(|| Error::invalid("expires_at", "is not a time")),
    };
    let made = match (expires_at, given.role.parse()) {
        (Ok(expires_at), Ok(role)) => {
            let agency = Some(given.agency.as_str()).filter(|id| !id.is_empty()).map(AgencyId::from);
            let new = NewToken { name: given.name.trim().to_owned(), role, agency, expires_at };
            service::tokens::create(&visit.app, visit.actor(), new).await
        }
        (Err(error), _) => Err(error),
        (_, Err(_)) => Err(Error::invalid("role", "is not known")),
    };
    match made {
        Ok((token, secret)) => {
            let given = Given { role: Role::Source.to_string(), ..Given::default() };
            Ok(html(&TokensPage { made: Some((token.name, secret)), ..show(&visit, given).await? }))
        }
        Err(error @ (Error::Invalid { .. } | Error::Taken(_))) => {
            let problem = match &error {
                Error::Invalid { field, problem } => explained(field, problem),
                error => error.russian(),
            };
            Ok(html_with(error.status(), &TokensPage { problem: Some(problem), ..show(&visit, given).await? }))
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    name: String,
}

/// Takes a token back.
pub(super) async fn revoke(visit: Visit, Form(given): Form<Named>) -> Result<Response> {
    service::tokens::revoke(&visit.app, visit.actor(), &given.name).await?;
    Ok(Redirect::to("/admin/tokens?said=revoked").into_response())
}
