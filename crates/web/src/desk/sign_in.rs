//! Signing in and out, changing one's password, choosing a theme.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::{
    Form, Router,
    extract::{ConnectInfo, FromRequestParts, Query, State},
    http::{HeaderMap, HeaderValue, header::SET_COOKIE, request::Parts},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    frame::{Frame, html, html_with, theme},
    visit::Visit,
};
use crate::{App, Error, error::Result, service};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .route("/password", get(password_page).post(change_password))
        .route("/theme", post(choose_theme))
}

#[derive(Template)]
#[template(path = "page/login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
    login: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "page/password.html")]
struct PasswordPage {
    frame: Frame,
    /// For managers of passwords.
    login: String,
    problem: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Next {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    new: String,
    again: String,
}

#[derive(Deserialize)]
struct ThemeChoice {
    theme: String,
    back: Option<String>,
}

/// The address of the network a request comes from.
pub(super) struct Client(pub(super) Option<IpAddr>);

impl FromRequestParts<App> for Client {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if app.config.behind_proxy {
            let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
            let last = forwarded.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
            return Ok(Self(last.and_then(|address| address.trim().parse().ok())));
        }
        Ok(Self(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())))
    }
}

async fn login_page(Query(query): Query<Next>, headers: HeaderMap) -> Response {
    let frame = Frame { theme: theme(&headers), ..Frame::default() };
    html(&LoginPage { frame, next: local(query.next.as_deref()), login: String::new(), problem: None })
}

async fn login(State(app): State<App>, client: Client, headers: HeaderMap, Form(given): Form<Credentials>) -> Response {
    let next = local(given.next.as_deref());
    match service::accounts::sign_in(&app, &given.login, &given.password, client.0).await {
        Ok((_, cookie)) => (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&next)).into_response(),
        Err(error @ (Error::SignIn | Error::TooMany { .. })) => {
            let frame = Frame { theme: theme(&headers), ..Frame::default() };
            let page = LoginPage { frame, next, login: given.login, problem: Some(error.russian()) };
            html_with(error.status(), &page)
        }
        Err(error) => error.into_response(),
    }
}

async fn logout(visit: Visit) -> Result<Response> {
    let cookie = service::accounts::sign_out(&visit.app, &visit.signed_in).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/login")).into_response())
}

async fn password_page(visit: Visit) -> Result<Response> {
    Ok(html(&PasswordPage { frame: visit.frame(None).await?, login: visit.actor().name.clone(), problem: None }))
}

async fn change_password(visit: Visit, Form(given): Form<Passwords>) -> Result<Response> {
    let changed = if given.new == given.again {
        service::accounts::change_password(&visit.app, &visit.signed_in, &given.old, &given.new).await
    } else {
        Err(Error::invalid("again", "differs"))
    };
    let (error, problem) = match changed {
        Ok(cookie) => {
            return Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/?said=password")).into_response());
        }
        Err(error @ Error::SignIn) => (error, "Прежний пароль не подходит.".to_owned()),
        Err(error @ Error::Invalid { .. }) if given.new != given.again => {
            (error, "Новый пароль и его повтор различаются.".to_owned())
        }
        Err(error @ Error::Invalid { .. }) => {
            (error, "Новый пароль слишком короткий: нужно хотя бы 10 знаков.".to_owned())
        }
        Err(error @ Error::TooMany { .. }) => {
            let problem = error.russian();
            (error, problem)
        }
        Err(error) => return Err(error),
    };
    let page =
        PasswordPage { frame: visit.frame(None).await?, login: visit.actor().name.clone(), problem: Some(problem) };
    Ok(html_with(error.status(), &page))
}

/// Works without a session too: the page to sign in has the button.
async fn choose_theme(Form(given): Form<ThemeChoice>) -> Response {
    let cookie = match given.theme.as_str() {
        "light" => "theme=light; Path=/; Max-Age=31536000; SameSite=Lax",
        "dark" => "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax",
        _ => "theme=; Path=/; Max-Age=0; SameSite=Lax",
    };
    let cookie = HeaderValue::from_static(cookie);
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&local(given.back.as_deref()))).into_response()
}

/// An address of this desk to go on with: nobody is led to another site.
fn local(next: Option<&str>) -> String {
    let is_local = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control)
    };
    next.filter(is_local).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        let check = |next: &str, expected: &str| assert_eq!(local(Some(next)), expected);
        check("/incidents/i-1?do=route", "/incidents/i-1?do=route");
        check("https://evil.example", "/");
        check("//evil.example", "/");
        check("/\\evil.example", "/");
        check("", "/");
    }
}
