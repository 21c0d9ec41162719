//! What headers say.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{self, HeaderMap, HeaderName};

/// The value of a header, if it is text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// `Retry-After`, in seconds or as a date against the server's own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, header::RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(&value).ok()?.timestamp();
    let now = rfc2822::parse(&text(headers, header::DATE)?).ok()?.timestamp();
    Duration::try_from(until.duration_since(now)).ok()
}
