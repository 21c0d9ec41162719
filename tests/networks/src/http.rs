//! The world behind port `Fetch`, and on a port of this machine.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use otklik_ports::{Clock, Fetch, FetchError, FetchErrorKind, FetchRequest, Fetched};
use secrecy::ExposeSecret;
use url::{Url, form_urlencoded};

use crate::world::{Answer, Call, World};

/// Asks the world without a network in between: for days that are played in seconds.
pub struct Direct {
    /// The world.
    pub world: Arc<World>,
    /// Its time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Fetch for Direct {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let url = Url::parse(&request.url).unwrap();
        let mut params: HashMap<String, String> = url.query_pairs().into_owned().collect();
        if let Some(form) = &request.form {
            params.extend(form_urlencoded::parse(form.expose_secret().as_bytes()).into_owned());
        }
        let call = Call { path: url.path().to_owned(), params, etag: request.etag };
        match self.world.answer(&call, self.clock.now()) {
            Answer::Silence => Err(FetchError::new(FetchErrorKind::TimedOut, "world", "no answer in time")),
            Answer::Body { status, kind, etag, body } => Ok(Fetched {
                status,
                url: request.url,
                body,
                content_type: Some(kind.to_owned()),
                etag,
                ..Fetched::default()
            }),
        }
    }
}

/// Puts the world on a port of this machine, for as long as the runtime lives.
pub async fn serve(world: Arc<World>, clock: Arc<dyn Clock>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(answer).with_state((world, clock));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

type Shared = (Arc<World>, Arc<dyn Clock>);

async fn answer(State((world, clock)): State<Shared>, uri: Uri, headers: HeaderMap, form: Bytes) -> Response {
    let mut params: HashMap<String, String> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    params.extend(form_urlencoded::parse(&form).into_owned());
    let etag = headers.get(header::IF_NONE_MATCH).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let call = Call { path: uri.path().to_owned(), params, etag };
    match world.answer(&call, clock.now()) {
        Answer::Silence => std::future::pending().await,
        Answer::Body { status, kind, etag, body } => {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            let etag = etag.map(|etag| (header::ETAG, etag));
            let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
            if let Some((name, value)) = etag {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
    }
}
