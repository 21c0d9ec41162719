//! «Поиск»: posts by words, with facets, a histogram and counts to take along.

mod counts;
mod facets;
mod period;

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use otklik_domain::{EventId, Incident};
use otklik_ports::{ErrorKind, FacetField, SearchQuery};

use self::{
    facets::Group,
    period::{Period, histogram},
};
use super::{
    chart::Columns,
    filters::{Choice, Pager, region_asked},
    frame::{Frame, Section, html_with},
    lookup, marked,
    params::Params,
    posts::PostCard,
    rows::state_class,
    said,
    say::RESULTS,
    visit::Visit,
};
use crate::{
    App, Error,
    error::Result,
    russian,
    service::{self, search::FoundPage},
};

/// Posts on a page.
const PAGE: usize = 30;

pub(super) fn router() -> Router<App> {
    Router::new().route("/search", get(page)).route("/search/counts.csv", get(csv))
}

#[derive(Template)]
#[template(path = "page/search.html")]
struct SearchPage {
    frame: Frame,
    q: String,
    kept: Vec<(String, String)>,
    periods: Vec<Choice>,
    from: String,
    to: String,
    latest: bool,
    /// Regions, where there are several.
    regions: Vec<Choice>,
    total: String,
    found: Vec<Hit>,
    groups: Vec<Group>,
    chosen: Vec<(String, String)>,
    chart: Option<Columns>,
    wider: Option<String>,
    pager: Option<Pager>,
    csv: String,
    problem: Option<String>,
}

/// A post that was found.
#[derive(Debug, Clone)]
struct Hit {
    post: PostCard,
    /// The incident of its event: id, state, class.
    incident: Option<(String, &'static str, &'static str)>,
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    let period = Period::read(&params, &visit.moments());
    let query = query(&visit, &params, &period);
    let answer = service::search::query(&visit.app, visit.actor(), query).await;
    let (found, problem) = match answer {
        Ok(found) => (found, None),
        Err(error) => (FoundPage::default(), Some(explained(error)?)),
    };
    let events: Vec<EventId> = found.found.iter().map(|hit| hit.row.group.event.clone()).collect();
    let incidents = lookup::incidents_of(&visit, &events).await?;
    let chart = histogram(&found.histogram, &period, &params, &visit.moments());
    let page = SearchPage {
        frame: said::frame(&visit, Section::Search, &params).await?,
        q: params.get("q").unwrap_or_default().to_owned(),
        kept: params.others(&["q", "page", "said", "period", "from", "to", "order", "region"]),
        periods: period.choices(),
        from: params.get("from").unwrap_or_default().to_owned(),
        to: params.get("to").unwrap_or_default().to_owned(),
        latest: params.get("order") == Some("latest"),
        regions: regions(&visit, &params),
        total: RESULTS.of(found.total),
        found: found.found.iter().map(|hit| self::hit(&visit, hit, &incidents)).collect(),
        groups: facets::groups(&visit, &params, &found.facets),
        chosen: facets::chosen(&visit, &params),
        chart: (!chart.is_empty()).then_some(chart),
        wider: period.is_zoomed().then(|| params.href("/search", &[("from", None), ("to", None)])),
        pager: Pager::new(&params, "/search", PAGE, found.total),
        csv: params.href("/search/counts.csv", &[]),
        problem,
    };
    let status = if page.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(html_with(status, &page))
}

fn query(visit: &Visit, params: &Params, period: &Period) -> SearchQuery {
    let facets = FacetField::ALL
        .into_iter()
        .flat_map(|field| params.all(field.as_str()).map(move |value| (field, value.to_owned())))
        .collect();
    SearchQuery {
        text: params.get("q").unwrap_or_default().to_owned(),
        region: region_asked(visit, params),
        from: period.from,
        to: period.to,
        facets,
        latest_first: params.get("order") == Some("latest") || params.get("q").is_none(),
        histogram_step_seconds: u32::from(period.step_minutes) * 60,
        limit: PAGE,
        offset: (params.page() - 1) * PAGE,
    }
}

/// What is wrong with a query, for whoever typed it.
fn explained(error: Error) -> Result<String> {
    match &error {
        Error::Port(port) if port.kind == ErrorKind::Rejected => Ok(error.russian()),
        Error::Invalid { field, .. } if field == "q" => {
            Ok("Запрос слишком длинный: можно не больше 500 знаков.".to_owned())
        }
        Error::Invalid { field, .. } if field == "offset" => {
            Ok("Так далеко листать нельзя: уточните запрос или выберите меньший период.".to_owned())
        }
        _ => Err(error),
    }
}

fn hit(visit: &Visit, found: &service::search::Found, incidents: &HashMap<EventId, Incident>) -> Hit {
    let names = &visit.directory.catalogue;
    let moments = visit.moments();
    let mut wanted = marked::found(&found.highlights);
    wanted.extend(marked::evidence(&found.row.analysis, |topic| names.topic_name(topic).to_owned()));
    Hit {
        post: PostCard::marked(&found.row, &wanted, None, names, &moments),
        incident: incidents
            .get(&found.row.group.event)
            .map(|one| (one.id.to_string(), russian::state(one.state), state_class(one.state))),
    }
}

fn regions(visit: &Visit, params: &Params) -> Vec<Choice> {
    let regions = &visit.directory.regions;
    let several = regions.len() > 1;
    let choice = |region: &std::sync::Arc<otklik_engine::region::Region>| Choice {
        value: region.id.to_string(),
        name: region.name.clone(),
        chosen: params.get("region") == Some(region.id.as_str()),
    };
    regions.iter().filter(|_| several).map(choice).collect()
}

/// The counts of a search as a table: no texts, no authors.
async fn csv(visit: Visit, params: Params) -> Result<Response> {
    let moments = visit.moments();
    let period = Period::read(&params, &moments);
    let query = SearchQuery { limit: 1, offset: 0, ..query(&visit, &params, &period) };
    let found = service::search::query(&visit.app, visit.actor(), query).await?;
    Ok(counts::table(&visit, &found, &period, &moments).into_response())
}
