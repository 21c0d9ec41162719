//! Accounts of people.

use askama::Template;
use axum::{
    Form,
    response::{IntoResponse, Redirect, Response},
};
use otklik_domain::{AgencyId, Role};
use otklik_ports::Account;
use serde::Deserialize;

use super::{agencies, explained, roles, tabs};
use crate::{
    Error,
    desk::{
        filters::Choice,
        frame::{Frame, Section, html, html_with},
        params::Params,
        said,
        triage::Tab,
        visit::Visit,
    },
    error::Result,
    russian,
    service::{self, accounts::AccountChange},
};

/// Roles people may have.
const ROLES: [Role; 5] = [Role::Operator, Role::Agency, Role::Analyst, Role::Viewer, Role::Admin];

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    accounts: Vec<Line>,
    given: Given,
    /// Whether the form changes an account that exists.
    exists: bool,
    roles: Vec<Choice>,
    agencies: Vec<Choice>,
    problem: Option<String>,
}

struct Line {
    login: String,
    name: String,
    role: &'static str,
    agency: String,
    active: bool,
}

/// The form.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    login: String,
    name: String,
    role: String,
    agency: String,
    password: String,
    active: String,
}

pub(super) async fn page(visit: Visit, params: Params) -> Result<Response> {
    let accounts = service::accounts::list(&visit.app, visit.actor()).await?;
    let edited = params.get("login").and_then(|login| accounts.iter().find(|account| account.login == login));
    let given = edited.map_or_else(
        || Given { role: Role::Operator.to_string(), active: "1".to_owned(), ..Given::default() },
        |account| Given {
            login: account.login.clone(),
            name: account.name.clone(),
            role: account.role.to_string(),
            agency: account.agency.as_ref().map(ToString::to_string).unwrap_or_default(),
            password: String::new(),
            active: if account.active { "1".to_owned() } else { String::new() },
        },
    );
    let exists = edited.is_some();
    let frame = said::frame(&visit, Section::Admin, &params).await?;
    Ok(html(&show(&visit, frame, &accounts, given, exists)))
}

fn show(visit: &Visit, frame: Frame, accounts: &[Account], given: Given, exists: bool) -> AccountsPage {
    let line = |account: &Account| Line {
        login: account.login.clone(),
        name: account.name.clone(),
        role: russian::role(account.role),
        agency: account.agency.as_ref().map(|id| visit.directory.agency_name(id).to_owned()).unwrap_or_default(),
        active: account.active,
    };
    AccountsPage {
        frame,
        tabs: tabs("/admin"),
        accounts: accounts.iter().map(line).collect(),
        roles: roles(&ROLES, &given.role),
        agencies: agencies(visit, &given.agency),
        given,
        exists,
        problem: None,
    }
}

/// Adds an account or changes it.
pub(super) async fn put(visit: Visit, Form(given): Form<Given>) -> Result<Response> {
    let change = AccountChange {
        login: given.login.clone(),
        name: given.name.clone(),
        role: given.role.parse().map_err(|_| Error::invalid("role", "is not known"))?,
        agency: Some(given.agency.as_str()).filter(|id| !id.is_empty()).map(AgencyId::from),
        active: !given.active.is_empty(),
        password: Some(given.password.clone()).filter(|password| !password.is_empty()),
    };
    let (error, problem) = match service::accounts::put(&visit.app, visit.actor(), change).await {
        Ok(_) => return Ok(Redirect::to("/admin?said=account").into_response()),
        Err(Error::Invalid { field, problem }) => {
            let words = explained(&field, &problem);
            (Error::Invalid { field, problem }, words)
        }
        Err(error @ Error::Taken(_)) => {
            let words = error.russian();
            (error, words)
        }
        Err(error) => return Err(error),
    };
    let accounts = service::accounts::list(&visit.app, visit.actor()).await?;
    let exists = accounts.iter().any(|account| account.login == given.login);
    let frame = visit.frame(Some(Section::Admin)).await?;
    // A password is typed anew: it does not travel back.
    let given = Given { password: String::new(), ..given };
    let page = AccountsPage { problem: Some(problem), ..show(&visit, frame, &accounts, given, exists) };
    Ok(html_with(error.status(), &page))
}
