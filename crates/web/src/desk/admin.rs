//! «Управление»: accounts, tokens, webhooks, the audit trail. For administrators only.

mod accounts;
mod audit;
mod tokens;
mod webhooks;

use axum::{
    Router,
    routing::{get, post},
};
use otklik_domain::Role;

use super::{filters::Choice, say::capital, triage::Tab, visit::Visit};
use crate::{App, russian};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/admin", get(accounts::page).post(accounts::put))
        .route("/admin/tokens", get(tokens::page).post(tokens::create))
        .route("/admin/tokens/revoke", post(tokens::revoke))
        .route("/admin/webhooks", get(webhooks::page).post(webhooks::create))
        .route("/admin/webhooks/{id}", get(webhooks::deliveries).post(webhooks::change))
        .route("/admin/audit", get(audit::page))
}

/// The pages of the administration, one of them current.
fn tabs(current: &str) -> Vec<Tab> {
    [
        ("/admin", "Учётные записи"),
        ("/admin/tokens", "Токены"),
        ("/admin/webhooks", "Вебхуки"),
        ("/admin/audit", "Журнал"),
    ]
    .map(|(href, name)| Tab { href: href.to_owned(), name: name.to_owned(), count: None, current: href == current })
    .into()
}

fn roles(among: &[Role], chosen: &str) -> Vec<Choice> {
    let choice = |role: &Role| Choice {
        value: role.to_string(),
        name: capital(russian::role(*role)),
        chosen: role.as_str() == chosen,
    };
    among.iter().map(choice).collect()
}

/// Every body, by name.
fn agencies(visit: &Visit, chosen: &str) -> Vec<Choice> {
    let all = visit.directory.regions.iter().flat_map(|region| region.agencies.iter());
    let mut agencies: Vec<Choice> = all
        .map(|agency| Choice {
            value: agency.id.to_string(),
            name: agency.name.clone(),
            chosen: agency.id.as_str() == chosen,
        })
        .collect();
    agencies.sort_by(|a, b| a.name.cmp(&b.name));
    agencies
}

/// What is wrong with a field of an administrator's form.
fn explained(field: &str, problem: &str) -> String {
    let said = match (field, problem) {
        ("login", _) => "от 1 до 64 латинских букв, цифр, точек, «_», «@» или «-»",
        ("name", problem) if problem.contains("Latin") => {
            "от 1 до 64 строчных латинских букв, цифр, точек, «_» или «-»"
        }
        ("name", _) => "нужно имя не длиннее 200 знаков",
        ("password", problem) if problem.starts_with("must be given") => "задайте пароль новой учётной записи",
        ("password", _) => "не короче 10 знаков",
        ("role", problem) if problem.starts_with("nobody") => "свои права меняет другой администратор",
        ("agency", "must be given for this role") => "для этой роли выберите орган",
        ("agency", "is for the role agency only") => "орган указывают только сотруднику органа",
        ("expires_at", _) => "выберите время в будущем",
        ("url", problem) if problem.starts_with("there are") => "вебхуков уже слишком много, удалите лишний",
        ("url", _) => "нужен публичный адрес, начинается с https://",
        _ => "так заполнить нельзя",
    };
    format!("{}: {said}.", capital(russian::field(field)))
}
