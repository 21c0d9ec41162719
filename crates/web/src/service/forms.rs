//! Posts that residents send through a form.

use std::net::IpAddr;

use crate::{
    App,
    auth::secret,
    error::{Error, Result},
    forms::{Given, PublicForm},
    intake::Taken,
    metrics,
};

/// Takes what was given in as a post; gives its number. Given again from the same page it has the same number and is there once.
///
/// Nobody has to be signed in: a form is a way in for everybody, as many times as its limit allows from one address.
///
/// # Errors
/// [`Error::TooMany`]; [`Error::Invalid`] for what the intake refuses; those of the log.
pub(crate) async fn send(app: &App, form: &PublicForm, address: Option<IpAddr>, given: &Given) -> Result<String> {
    let now = app.ports.clock.now();
    let sent = async {
        let (post, number) = form.post(given, now);
        app.form_attempts
            .take(&sender(app, address), app.config.form_posts_max, now)
            .map_err(|retry_after| Error::TooMany { retry_after })?;
        match app.ports.intake.take(vec![post], now).await?.into_iter().next() {
            Some(Taken::Refused { reason }) => Err(Error::invalid("text", reason)),
            Some(taken) => Ok((taken, number)),
            None => Err(Error::Internal("the intake did not answer for a post")),
        }
    };
    let sent = sent.await;
    metrics::form(match &sent {
        Ok((Taken::Repeated, _)) => "repeated",
        Ok(_) => "taken",
        Err(Error::TooMany { .. }) => "limited",
        Err(Error::Invalid { .. }) => "refused",
        Err(_) => "postponed",
    });
    sent.map(|(_, number)| number)
}

/// Names a sender's address without telling it: a keyed hash whose key dies with the process. A household has a whole network
/// of addresses of version 6, so that counts as one.
fn sender(app: &App, address: Option<IpAddr>) -> String {
    let octets = match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets().into_iter().take(8).collect(),
        None => Vec::new(),
    };
    secret::hex(&secret::hmac(&app.form_secret, &[&octets]))
}
