//! A server over the ports in memory, with a fixed clock, two towns' worth of bodies and something to look at.

mod data;
mod intake;
mod networks;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::Timestamp;
use otklik_domain::{Actor, AgencyId, Role};
use otklik_ports::{
    FixedClock,
    memory::{MemoryIncidents, MemoryLog, MemoryPosts, MemorySearch},
};
use tower::ServiceExt;

pub(crate) use self::{data::*, intake::MemoryIntake, networks::KnownSources};
use crate::{
    App, Ports, Teller, WebConfig, router,
    service::{accounts, tokens},
};

/// The password of every account of [`TestApp`].
pub(crate) const PASSWORD: &str = "длинный пароль";

/// A server with its stores at hand.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) incidents: Arc<MemoryIncidents>,
    pub(crate) posts: Arc<MemoryPosts>,
    pub(crate) search: Arc<MemorySearch>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) intake: Arc<MemoryIntake>,
    pub(crate) sources: Arc<KnownSources>,
    router: Router,
}

/// A reply, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of an error of the API.
    pub(crate) fn error_code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl TestApp {
    /// An empty server.
    pub(crate) fn new() -> Self {
        Self::with_config(test_config())
    }

    /// An empty server with settings of its own.
    pub(crate) fn with_config(config: WebConfig) -> Self {
        let clock = Arc::new(FixedClock::new(now()));
        let (incidents, posts) = (Arc::new(MemoryIncidents::default()), Arc::new(MemoryPosts::new()));
        let (search, log) = (Arc::new(MemorySearch::new()), Arc::new(MemoryLog::new(2)));
        let intake = Arc::new(MemoryIntake::default());
        let sources = Arc::new(KnownSources(Teller::Crawler.into()));
        let ports = Ports {
            posts: posts.clone(),
            search: search.clone(),
            incidents: incidents.clone(),
            log: log.clone(),
            clock: clock.clone(),
            intake: intake.clone(),
            sources: Some(sources.clone()),
            callbacks: Some(Arc::new(networks::Hearer)),
        };
        let app = App::new(ports, directory(), config);
        let router = router(app.clone());
        Self { app, clock, incidents, posts, search, log, intake, sources, router }
    }

    /// A server with the events, posts and incidents of [`data`](self).
    pub(crate) async fn with_data() -> Self {
        Self::filled_with_config(test_config()).await
    }

    /// The same with settings of its own.
    pub(crate) async fn filled_with_config(config: WebConfig) -> Self {
        let app = Self::with_config(config);
        app.fill().await;
        app
    }

    /// Makes a token of a role; gives the header that carries it. Bodies' tokens belong to `demo.town_a`.
    pub(crate) async fn token(&self, role: Role) -> String {
        let agency = (role == Role::Agency).then(|| AgencyId::from(TOWN_A));
        self.token_of(role.as_str(), role, agency).await
    }

    /// Makes a token; gives the header that carries it.
    pub(crate) async fn token_of(&self, name: &str, role: Role, agency: Option<AgencyId>) -> String {
        let new = tokens::NewToken { name: format!("t-{name}"), role, agency, expires_at: None };
        let (_, secret) = tokens::create(&self.app, &Actor::system(), new).await.unwrap();
        format!("Bearer {secret}")
    }

    /// Adds an account named as its role and signs it in; gives its cookie. Bodies' accounts belong to `demo.town_a`.
    pub(crate) async fn sign_in(&self, role: Role) -> String {
        self.account(role).await;
        let (_, cookie) = accounts::sign_in(&self.app, role.as_str(), PASSWORD, None::<IpAddr>).await.unwrap();
        cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// Adds an account named as its role.
    pub(crate) async fn account(&self, role: Role) {
        let change = accounts::AccountChange {
            login: role.as_str().to_owned(),
            name: format!("Проверяющий {role}"),
            role,
            agency: (role == Role::Agency).then(|| AgencyId::from(TOWN_A)),
            active: true,
            password: Some(PASSWORD.to_owned()),
        };
        accounts::put(&self.app, &Actor::system(), change).await.unwrap();
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        Reply { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Sends a request of the API with a token.
    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, json: Option<&str>) -> Reply {
        self.send(api_request(method, path, token, json)).await
    }

    /// Reads an address of the API with a token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.call(Method::GET, path, token, None).await
    }

    /// Opens a page of the desk with a cookie.
    pub(crate) async fn page(&self, path: &str, cookie: &str) -> Reply {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page of the desk with a cookie, as a browser does. `form` is encoded already.
    pub(crate) async fn submit(&self, path: &str, cookie: &str, form: &str) -> Reply {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }
}

/// A request of the API with a token.
pub(crate) fn api_request(method: Method, path: &str, token: &str, json: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, token);
    }
    match json {
        Some(json) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(json.to_owned())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

/// Settings of a test: streams end at once, so that they can be read to their end.
pub(crate) fn test_config() -> WebConfig {
    let stream_life = Duration::from_millis(20);
    WebConfig { public_url: "http://otklik.test".to_owned(), stream_life, ..WebConfig::default() }
}

/// The moment every test stands at: a Wednesday, 12:00 in Moscow.
pub(crate) fn now() -> Timestamp {
    "2026-03-18T09:00:00Z".parse().unwrap()
}
