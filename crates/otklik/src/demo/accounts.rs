//! Who may sign in to the demonstration.

use otklik_domain::{Actor, AgencyId, Role};
use otklik_web::{
    App,
    service::accounts::{self, AccountChange},
};

/// The password of all: the demonstration listens on this machine only.
pub(crate) const PASSWORD: &str = "otklik-demo";

/// The accounts: login, name, role, body.
pub(crate) const ACCOUNTS: [(&str, &str, Role, Option<&str>); 7] = [
    ("operator", "Мельникова Анна", Role::Operator, None),
    ("analyst", "Громов Павел", Role::Analyst, None),
    ("admin", "Соколова Ирина", Role::Admin, None),
    ("viewer", "Орлова Елена", Role::Viewer, None),
    ("vodokanal", "Ильин Артём", Role::Agency, Some("demo.severogorsk.vodokanal")),
    ("gorod", "Кузнецова Мария", Role::Agency, Some("demo.severogorsk")),
    ("region", "Белов Сергей", Role::Agency, Some("demo.government")),
];

/// Adds those that are missing.
///
/// # Errors
/// The store's.
pub(crate) async fn add(app: &App) -> anyhow::Result<()> {
    for (login, name, role, agency) in ACCOUNTS {
        if app.ports.incidents.account(login).await?.is_some() {
            continue;
        }
        let change = AccountChange {
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            agency: agency.map(AgencyId::from),
            active: true,
            password: Some(PASSWORD.to_owned()),
        };
        let added = accounts::put(app, &Actor::system(), change).await;
        added.map_err(|error| anyhow::anyhow!("cannot add the account {login}: {}", error.message()))?;
    }
    Ok(())
}
