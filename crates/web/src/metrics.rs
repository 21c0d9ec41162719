//! Names of this crate's metrics, and the only places that count.

use std::time::Duration;

use axum::http::Method;
use otklik_ports::DeliveryResult;

/// Requests by route, method and status.
pub const REQUESTS_TOTAL: &str = "otklik_http_requests_total";
/// Time until the reply of a request began, by route.
pub const REQUEST_SECONDS: &str = "otklik_http_request_seconds";
/// Attempts to deliver to webhooks, by how they ended.
pub const DELIVERIES_TOTAL: &str = "otklik_webhook_deliveries_total";
/// Messages to webhooks given up after the last attempt.
pub const GIVEN_UP_TOTAL: &str = "otklik_webhook_given_up_total";
/// Events that networks posted, by what became of them.
pub const CALLBACKS_TOTAL: &str = "otklik_callback_events_total";

/// Posts sent through forms for residents, by what became of them.
pub const FORM_POSTS_TOTAL: &str = "otklik_form_posts_total";

/// Counts a post sent through a form.
pub(crate) fn form(result: &'static str) {
    metrics::counter!(FORM_POSTS_TOTAL, "result" => result).increment(1);
}

/// Counts an event that a network posted.
pub(crate) fn callback(heard: &'static str) {
    metrics::counter!(CALLBACKS_TOTAL, "result" => heard).increment(1);
}

/// Counts a request. The route is the pattern, never the address: the number of series is bounded.
pub(crate) fn request(route: &str, method: &Method, status: u16, took: Duration) {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let method = if known.contains(method) { method.as_str().to_owned() } else { "other".to_owned() };
    let route = route.to_owned();
    metrics::counter!(REQUESTS_TOTAL, "route" => route.clone(), "method" => method, "status" => status.to_string())
        .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route).record(took.as_secs_f64());
}

/// Counts an attempt to deliver.
pub(crate) fn delivery(result: &DeliveryResult, given_up: bool) {
    let result = match result {
        DeliveryResult::Succeeded => "succeeded",
        DeliveryResult::HttpError { .. } => "http_error",
        DeliveryResult::Unreachable => "unreachable",
        DeliveryResult::TimedOut => "timed_out",
        DeliveryResult::Refused => "refused",
    };
    metrics::counter!(DELIVERIES_TOTAL, "result" => result).increment(1);
    if given_up {
        metrics::counter!(GIVEN_UP_TOTAL).increment(1);
    }
}
