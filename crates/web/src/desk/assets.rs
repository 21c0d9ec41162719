//! Style sheets, scripts and pictures, built into the binary.
//!
//! Their addresses carry a part of their hash: a browser keeps them for a year and asks anew when they have changed.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    Router,
    extract::{Path, Query},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::{App, Error, auth::secret};

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// Addresses by name.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let address = |name: std::borrow::Cow<'static, str>| {
        let file = Files::get(&name)?;
        let version: String = secret::hex(&file.metadata.sha256_hash()).chars().take(12).collect();
        Some((name.to_string(), format!("/assets/{name}?v={version}")))
    };
    Files::iter().filter_map(address).collect()
});

pub(super) fn router() -> Router<App> {
    Router::new().route("/assets/{name}", get(asset))
}

/// The address of a file; one that does not exist gets an address that is not found.
pub(super) fn address(name: &str) -> &'static str {
    ADDRESSES.get(name).map_or("/assets/missing", String::as_str)
}

#[derive(Debug, Deserialize)]
struct Version {
    v: Option<String>,
}

async fn asset(Path(name): Path<String>, Query(version): Query<Version>, headers: HeaderMap) -> Response {
    let Some((file, kind)) = Files::get(&name).zip(content_type(&name)) else {
        return Error::NotFound("asset").into_response();
    };
    let hash: String = secret::hex(&file.metadata.sha256_hash()).chars().take(12).collect();
    let tag = format!("\"{hash}\"");
    let kept =
        if version.v.as_deref() == Some(hash.as_str()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], file.data).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The type of a file that is for browsers; the notes beside them are not.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}
