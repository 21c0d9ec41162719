//! Who did what, and when.

use askama::Template;
use axum::response::Response;

use super::tabs;
use crate::{
    desk::{
        frame::{Frame, Section, html},
        params::Params,
        rows::When,
        said,
        say::audit_action,
        triage::Tab,
        visit::Visit,
    },
    error::Result,
    service,
};

/// Lines on a page.
const LINES: usize = 300;

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    frame: Frame,
    tabs: Vec<Tab>,
    subject: String,
    lines: Vec<Line>,
}

struct Line {
    when: When,
    actor: String,
    action: String,
    /// The action as the trail has it, for programs and support.
    code: String,
    subject: String,
    details: String,
}

pub(super) async fn page(visit: Visit, params: Params) -> Result<Response> {
    let subject = params.get("subject");
    let entries = service::accounts::audit_trail(&visit.app, visit.actor(), subject, LINES).await?;
    let moments = visit.moments();
    let page = AuditPage {
        frame: said::frame(&visit, Section::Admin, &params).await?,
        tabs: tabs("/admin/audit"),
        subject: subject.unwrap_or_default().to_owned(),
        lines: entries
            .into_iter()
            .map(|entry| Line {
                when: When::new(entry.at, &moments),
                actor: entry.actor,
                action: audit_action(&entry.action),
                code: entry.action,
                subject: entry.subject,
                details: entry.details,
            })
            .collect(),
    };
    Ok(html(&page))
}
