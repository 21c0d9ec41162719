//! What went wrong, in words that hold no address beyond the host.

use otklik_ports::{FetchError, FetchErrorKind as Kind};
use url::Url;

use super::{address::Wrong, names::NotPublic};

pub(super) fn error(kind: Kind, url: &Url, problem: impl Into<String>) -> FetchError {
    FetchError::new(kind, url.host_str().unwrap_or("?"), problem)
}

pub(super) fn wrong_address(wrong: Wrong, url: &Url) -> FetchError {
    match wrong {
        Wrong::Address(problem) => error(Kind::BadAddress, url, problem),
        Wrong::NotPublic => error(Kind::NotPublic, url, "is not a public address"),
    }
}

/// Says what went wrong, without the address: its query is nobody's business.
pub(super) fn failure(failed: &reqwest::Error, url: &Url) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(failed);
    while let Some(found) = cause {
        if found.is::<NotPublic>() {
            return error(Kind::NotPublic, url, "the name leads to no public address");
        }
        cause = found.source();
    }
    let told = causes(failed);
    // A timeout while the body is read lies deeper than the client looks.
    if failed.is_timeout() || told.contains("timed out") {
        error(Kind::TimedOut, url, "no answer in time")
    } else if told.contains("certificate") {
        error(Kind::Untrusted, url, told)
    } else {
        error(Kind::Unreachable, url, told)
    }
}

/// The causes behind an error of the client, from the first below it on: the client's own line holds the address.
pub(super) fn causes(failed: &reqwest::Error) -> String {
    let mut told = Vec::new();
    let mut cause = std::error::Error::source(failed);
    while let Some(found) = cause {
        told.push(found.to_string());
        cause = found.source();
    }
    if told.is_empty() { "the request failed".to_owned() } else { told.join(": ") }
}
