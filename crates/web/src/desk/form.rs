//! The pages of a form for residents. They stand outside the desk: no session, no script, and sites of bodies may embed them.
//!
//! A form has no token against being sent by another site: it is anonymous, so a forged request borrows no rights, and there is
//! no session a token could belong to. What could be borrowed is the address of whoever visits a hostile page, to get around
//! the limit; the guard of every browser's request wants it to come from a page of this server, and that is enough.

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use otklik_ports::ErrorKind;

use super::{assets, frame::html_with, sign_in::Client};
use crate::{
    App, Error,
    error::Result,
    forms::{BODY_BYTES_MAX, Given, PLACE_CHARS_MAX, Problems, PublicForm, TEXT_CHARS_MAX, TEXT_CHARS_MIN, draw},
    metrics, service,
};

/// Soonest time to send again what could not be taken.
const AGAIN_SECONDS: u64 = 60;

pub(super) fn router() -> Router<App> {
    Router::new().route("/form/{name}", get(page).post(send).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
}

#[derive(Template)]
#[template(path = "public/form.html")]
struct FormPage<'a> {
    form: &'a PublicForm,
    given: &'a Given,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "public/thanks.html")]
struct ThanksPage<'a> {
    form: &'a PublicForm,
    number: &'a str,
}

#[derive(Template)]
#[template(path = "public/problem.html")]
struct ProblemPage<'a> {
    form: &'a PublicForm,
    message: String,
    request_id: &'a str,
}

/// The address of a file, for the templates.
fn asset(name: &str) -> &'static str {
    assets::address(name)
}

async fn page(State(app): State<App>, Path(name): Path<String>) -> Result<Response> {
    let form = app.config.form(&name).ok_or(Error::NotFound("form"))?;
    let given = Given { once: draw(), ..Given::default() };
    Ok(html_with(StatusCode::OK, &FormPage { form, given: &given, problems: Problems::default() }))
}

async fn send(
    State(app): State<App>,
    Path(name): Path<String>,
    client: Client,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let form = app.config.form(&name).ok_or(Error::NotFound("form"))?;
    let given = Given::read(&body.map_err(|_| Error::TooLarge)?);
    if let Some(problems) = given.problems(form) {
        metrics::form(if given.trap.is_empty() { "wrong" } else { "trapped" });
        return Ok(again(form, given, problems, StatusCode::UNPROCESSABLE_ENTITY));
    }
    match service::forms::send(&app, form, client.0, &given).await {
        Ok(number) => Ok(html_with(StatusCode::OK, &ThanksPage { form, number: &number })),
        Err(error) => Ok(postponed(form, given, &error)),
    }
}

/// The page once more, with all that was written on it.
fn again(form: &PublicForm, mut given: Given, problems: Problems, status: StatusCode) -> Response {
    if problems.page.is_some() {
        (given.once, given.trap) = (draw(), String::new());
    }
    html_with(status, &FormPage { form, given: &given, problems })
}

/// The page once more, for what may be sent later as it is.
fn postponed(form: &PublicForm, given: Given, error: &Error) -> Response {
    let full = matches!(error, Error::Port(error) if error.kind == ErrorKind::Full || error.is_retryable());
    let (status, page) = match error {
        Error::TooMany { .. } => (
            error.status(),
            "С вашего адреса уже пришло много сообщений. Подождите четверть часа и отправьте ещё раз: написанное сохранено ниже.",
        ),
        Error::Invalid { .. } => (error.status(), "Сообщение не удалось принять. Измените текст и отправьте ещё раз."),
        _ => {
            tracing::warn!(form = form.name, error = error.message(), "a post of a form could not be taken");
            let status = if full { StatusCode::SERVICE_UNAVAILABLE } else { error.status() };
            (
                status,
                "Сейчас принять сообщение не получается. Отправьте его через несколько минут: написанное сохранено ниже.",
            )
        }
    };
    // The page keeps its name: should the post have been taken after all, it is not taken twice.
    let problems = Problems { page: Some(page), ..Problems::default() };
    let mut response = html_with(status, &FormPage { form, given: &given, problems });
    let seconds = error.retry_after().map_or(AGAIN_SECONDS, |wait| wait.as_secs().max(AGAIN_SECONDS));
    if status != StatusCode::UNPROCESSABLE_ENTITY
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// What to say below a form's address when the request did not get as far as the form.
pub(super) fn problem_page(form: &PublicForm, error: &Error, request_id: &str) -> Response {
    let message = match error {
        Error::TooLarge => {
            format!("Сообщение слишком длинное: можно до {TEXT_CHARS_MAX} знаков. Вернитесь назад и оставьте главное.")
        }
        Error::CrossSite => {
            "Браузер не сказал, что сообщение отправлено с этой страницы. Откройте форму заново и отправьте ещё раз."
                .to_owned()
        }
        error => error.russian(),
    };
    let page = ProblemPage { form, message, request_id };
    html_with(error.status(), &page).into_response()
}

#[cfg(test)]
mod tests;
