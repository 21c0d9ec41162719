//! What stands around the content of every page, and the pages that say what went wrong.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{Html, IntoResponse, Response},
};
use otklik_domain::{Actor, Role};

use super::assets;
use crate::{Error, rights::Right, russian};

/// What stands around the content of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    /// The theme chosen, if any: `light` or `dark`.
    pub(crate) theme: Option<&'static str>,
    /// The name of the region.
    pub(crate) region: String,
    /// Who is signed in.
    pub(crate) person: Option<Person>,
    /// The time of the server in milliseconds, for scripts.
    pub(crate) now: Option<i64>,
    /// The token for forms.
    pub(crate) csrf: String,
    /// Links to the sections.
    pub(crate) sections: Vec<SectionLink>,
    /// Whether posts may be searched.
    pub(crate) can_search: bool,
    /// What to say about what was just done.
    pub(crate) said: Option<&'static str>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    /// The body, for its staff.
    pub(crate) agency: Option<String>,
}

/// A section of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Triage,
    Agency,
    Events,
    Incidents,
    Search,
    Board,
    Sources,
    Admin,
}

/// A link to a section.
#[derive(Debug, Clone)]
pub(crate) struct SectionLink {
    pub(crate) href: &'static str,
    pub(crate) name: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) current: bool,
    /// What waits there, where that is counted.
    pub(crate) count: Option<String>,
}

impl Section {
    const ALL: [Self; 8] = [
        Self::Triage,
        Self::Agency,
        Self::Events,
        Self::Incidents,
        Self::Search,
        Self::Board,
        Self::Sources,
        Self::Admin,
    ];

    fn is_for(self, actor: &Actor) -> bool {
        match self {
            Self::Agency => actor.role == Role::Agency,
            Self::Triage => actor.role != Role::Agency && Right::ReadIncidents.is_given_to(actor.role),
            Self::Incidents | Self::Board | Self::Sources => Right::ReadIncidents.is_given_to(actor.role),
            Self::Events | Self::Search => Right::Research.is_given_to(actor.role),
            Self::Admin => Right::Administer.is_given_to(actor.role),
        }
    }

    fn link(self, current: Option<Self>, waiting: Option<(Self, String)>) -> SectionLink {
        let (href, name, icon) = match self {
            Self::Triage => ("/", "Разбор", "inbox"),
            Self::Agency => ("/agency", "Моя очередь", "inbox"),
            Self::Events => ("/events", "События", "wave"),
            Self::Incidents => ("/incidents", "Инциденты", "list"),
            Self::Search => ("/search", "Поиск", "search"),
            Self::Board => ("/board", "Обзор", "bars"),
            Self::Sources => ("/sources", "Источники", "antenna"),
            Self::Admin => ("/admin", "Управление", "gear"),
        };
        let count = waiting.filter(|(section, _)| *section == self).map(|(_, count)| count);
        SectionLink { href, name, icon, current: current == Some(self), count }
    }
}

/// Links to the sections an actor may open; `waiting` says how much waits in one of them.
pub(crate) fn sections(
    actor: &Actor,
    current: Option<Section>,
    waiting: Option<(Section, String)>,
) -> Vec<SectionLink> {
    let own = Section::ALL.into_iter().filter(|section| section.is_for(actor));
    own.map(|section| section.link(current, waiting.clone())).collect()
}

impl Person {
    pub(crate) fn new(name: &str, role: Role, agency: Option<String>) -> Self {
        Self { name: name.to_owned(), role: russian::role(role), agency }
    }
}

impl Frame {
    /// The address of a file of the desk.
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }
}

/// The address of the icons.
pub(crate) fn icons() -> &'static str {
    assets::address("icons.svg")
}

/// The theme a browser has chosen.
pub(crate) fn theme(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(axum::http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| match pair.trim() {
        "theme=light" => Some("light"),
        "theme=dark" => Some("dark"),
        _ => None,
    })
}

/// Whether a script asks, and not the browser itself.
pub(crate) fn is_scripted(headers: &HeaderMap) -> bool {
    headers.get("hx-request").is_some_and(|value| value == "true")
}

/// Whether a script asks for a part of a page. A boosted link or form asks for the page it would ask for without scripts.
pub(crate) fn wants_part(headers: &HeaderMap) -> bool {
    is_scripted(headers) && !headers.contains_key("hx-boosted")
}

/// A template as a response.
pub(crate) fn html(template: &impl Template) -> Response {
    html_with(StatusCode::OK, template)
}

/// A template as a response with a status of its own.
pub(crate) fn html_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(_) => Error::Internal("a template could not be rendered").into_response(),
    }
}

#[derive(Template)]
#[template(path = "page/error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    heading: &'static str,
    message: String,
    request_id: &'a str,
    status: u16,
}

#[derive(Template)]
#[template(path = "part/toast.html")]
pub(crate) struct Toast {
    pub(crate) bad: bool,
    pub(crate) text: String,
    /// A way to undo it: address and words of the link.
    pub(crate) undo: Option<(String, &'static str)>,
}

/// A page that says what went wrong, or a message for the corner of the page that asked for a part.
pub(super) fn error_page(error: &Error, request_id: &str, headers: &HeaderMap) -> Response {
    let status = error.status();
    if is_scripted(headers) {
        let toast = Toast { bad: true, text: error.russian(), undo: None };
        let mut response = html_with(status, &toast);
        response.headers_mut().insert("hx-retarget", HeaderValue::from_static("#toasts"));
        response.headers_mut().insert("hx-reswap", HeaderValue::from_static("beforeend"));
        if matches!(error, Error::Unauthenticated) {
            response.headers_mut().insert("hx-redirect", HeaderValue::from_static("/login"));
        }
        // A boosted form picks the card out of the page it gets.
        response.headers_mut().insert("hx-reselect", HeaderValue::from_static(".toast"));
        return response;
    }
    let heading = match status.as_u16() {
        401 => "Нужно войти",
        403 => "Нет доступа",
        404 => "Такой страницы нет",
        409 | 412 => "Уже изменилось",
        429 => "Слишком часто",
        400..500 => "Запрос не выполнен",
        503 => "Сейчас недоступно",
        _ => "Что-то сломалось",
    };
    let frame = Frame { theme: theme(headers), ..Frame::default() };
    html_with(status, &ErrorPage { frame, heading, message: error.russian(), request_id, status: status.as_u16() })
}
