//! Deliveries: to a receiver that is a list, and to one behind a socket.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{ActionKind, Actor, AgencyId, Role};
use otklik_ports::{Clock, DeliveryResult, Incidents, Webhook};
use serde_json::Value;

use super::{ATTEMPTS_MAX, HttpSender, Outgoing, Sender, back_off, deliver, passed_by_all, signature};
use crate::{
    WebConfig,
    service::webhooks::{self, NewWebhook},
    testing::{TOWN_A, TestApp, now, test_config},
};

/// Keeps what it was given; answers by the address.
#[derive(Default)]
struct Receiver {
    got: Mutex<Vec<Outgoing>>,
    broken: Mutex<Vec<(String, DeliveryResult)>>,
}

#[async_trait]
impl Sender for Receiver {
    async fn send(&self, request: Outgoing) -> DeliveryResult {
        let broken = self.broken.lock().unwrap();
        let result = broken.iter().find(|(url, _)| *url == request.url).map(|(_, result)| result.clone());
        self.got.lock().unwrap().push(request);
        result.unwrap_or(DeliveryResult::Succeeded)
    }
}

impl Receiver {
    /// What was sent to an address: type, incident and action of each message.
    fn told(&self, url: &str) -> Vec<String> {
        let got = self.got.lock().unwrap();
        let bodies = got.iter().filter(|request| request.url == url).map(|request| parse(&request.body));
        bodies
            .map(|body| {
                format!("{} {} {}", text(&body["type"]), text(&body["incident_id"]), text(&body["change"]["action"]))
            })
            .collect()
    }

    fn breaks(&self, url: &str, result: DeliveryResult) {
        self.broken.lock().unwrap().push((url.to_owned(), result));
    }

    fn mend(&self) {
        self.broken.lock().unwrap().clear();
    }
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

async fn webhook(app: &TestApp, url: &str, agency: Option<&str>, actions: &[ActionKind]) -> Webhook {
    let new = NewWebhook { url: url.to_owned(), agency: agency.map(AgencyId::from), actions: actions.to_vec() };
    webhooks::create(&app.app, &Actor::system(), new).await.unwrap()
}

async fn act(app: &TestApp, id: &str, body: &str) {
    let token = format!("op-{}", app.incidents.tokens().await.unwrap().len());
    let token = app.token_of(&token, Role::Operator, None).await;
    let path = format!("/api/v1/incidents/{id}/actions");
    let reply = app.call(axum::http::Method::POST, &path, &token, Some(body)).await;
    assert_eq!(reply.status, 200, "{body}: {}", reply.text);
}

fn later(app: &TestApp, span: SignedDuration) {
    app.clock.set(app.clock.now() + span);
}

const A: &str = "https://a.example.ru/hook";
const B: &str = "https://b.example.ru/hook";
const NOTE: &str = r#"{"action":"note","text":"Да"}"#;

#[tokio::test]
async fn tells_in_order_of_what_concerns_it() {
    let app = TestApp::with_data().await;
    act(&app, "i-water", NOTE).await;
    webhook(&app, A, Some(TOWN_A), &[]).await;
    webhook(&app, B, None, &[ActionKind::Route]).await;
    act(&app, "i-water", r#"{"action":"triage","expected_version":2}"#).await;
    act(&app, "i-road", NOTE).await;
    act(&app, "i-water", r#"{"action":"route","agency":"demo.water_a","expected_version":3}"#).await;
    act(&app, "i-water", r#"{"action":"route","agency":"demo.town_b","expected_version":4}"#).await;
    act(&app, "i-water", NOTE).await;

    let receiver = Receiver::default();
    let round = deliver(&app.app, &receiver).await.unwrap();
    assert_eq!((round.delivered, round.failed), (4, 0));
    // Before it was sent to the waterworks it was no business of theirs.
    assert_eq!(receiver.told(A), ["incident.changed i-water route", "incident.left i-water route"]);
    assert_eq!(receiver.told(B), ["incident.changed i-water route"; 2]);
    // The incident that left is not shown any more.
    let got = receiver.got.lock().unwrap().clone();
    let left = got.iter().map(|request| parse(&request.body)).find(|body| body["type"] == "incident.left").unwrap();
    assert_eq!(left["incident"], Value::Null);

    assert_eq!(deliver(&app.app, &receiver).await.unwrap(), super::Round::default());
    let outbox = app.incidents.outbox(0, 100).await.unwrap();
    assert_eq!(passed_by_all(&app.app).await.unwrap(), outbox.last().unwrap().sequence);
}

#[tokio::test]
async fn messages_look_like_this() {
    let app = TestApp::with_data().await;
    let hook = webhook(&app, A, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    let receiver = Receiver::default();
    deliver(&app.app, &receiver).await.unwrap();
    let request = receiver.got.lock().unwrap().pop().unwrap();
    let header = |name: &str| {
        request.headers.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!(header("x-otklik-signature"), signature(&hook.secret, now(), &request.body));
    assert_eq!(header("x-otklik-message"), text(&parse(&request.body)["id"]));
    let body = String::from_utf8(request.body.clone()).unwrap().replace(&hook.id, "w-1");
    insta::assert_json_snapshot!("message", parse(body.as_bytes()));
}

#[tokio::test]
async fn tries_again_later_and_gives_up_in_the_end() {
    let app = TestApp::with_data().await;
    let hook = webhook(&app, A, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    act(&app, "i-road", NOTE).await;
    let receiver = Receiver::default();
    receiver.breaks(A, DeliveryResult::HttpError { status: 500 });
    for attempt in 1..=ATTEMPTS_MAX {
        let round = deliver(&app.app, &receiver).await.unwrap();
        if attempt < ATTEMPTS_MAX {
            assert_eq!((round.failed, round.given_up), (1, 0), "attempt {attempt}");
            let due = app.clock.now() + back_off(attempt);
            assert_eq!(round.next_at, Some(due));
            later(&app, back_off(attempt) - SignedDuration::from_millis(1));
            let early = deliver(&app.app, &receiver).await.unwrap();
            assert_eq!((early.failed, early.next_at), (0, Some(due)), "attempt {attempt}");
            later(&app, SignedDuration::from_millis(1));
        } else {
            // The message after it has its first attempt in the same round.
            assert_eq!((round.failed, round.given_up), (2, 1));
        }
    }
    let tried = app.incidents.deliveries(&hook.id, 100).await.unwrap();
    assert_eq!(tried.len(), ATTEMPTS_MAX as usize + 1);
    let ids: Vec<Value> =
        receiver.got.lock().unwrap().iter().map(|request| parse(&request.body)["id"].clone()).collect();
    assert!(ids.iter().take(ATTEMPTS_MAX as usize).all(|id| *id == ids[0]));

    receiver.mend();
    later(&app, back_off(1));
    assert_eq!(deliver(&app.app, &receiver).await.unwrap().delivered, 1);
}

#[tokio::test]
async fn a_broken_receiver_does_not_stop_others() {
    let app = TestApp::with_data().await;
    let broken = webhook(&app, A, None, &[]).await;
    webhook(&app, B, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    act(&app, "i-road", NOTE).await;
    let receiver = Receiver::default();
    receiver.breaks(A, DeliveryResult::Unreachable);
    let round = deliver(&app.app, &receiver).await.unwrap();
    assert_eq!((round.delivered, round.failed), (2, 1));
    assert_eq!(receiver.told(A).len(), 1);
    let passed = passed_by_all(&app.app).await.unwrap();
    assert_eq!(passed, broken.delivered_to);

    webhooks::set_active(&app.app, &Actor::system(), &broken.id, false).await.unwrap();
    assert!(passed_by_all(&app.app).await.unwrap() > passed);
}

#[tokio::test]
async fn one_that_is_gone_is_turned_off_and_can_be_turned_on() {
    let app = TestApp::with_data().await;
    let hook = webhook(&app, A, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    let receiver = Receiver::default();
    receiver.breaks(A, DeliveryResult::HttpError { status: 410 });
    deliver(&app.app, &receiver).await.unwrap();
    receiver.mend();
    later(&app, SignedDuration::from_hours(24));
    assert_eq!(deliver(&app.app, &receiver).await.unwrap().delivered, 0);
    webhooks::set_active(&app.app, &Actor::system(), &hook.id, true).await.unwrap();
    assert_eq!(deliver(&app.app, &receiver).await.unwrap().delivered, 1);
}

#[tokio::test]
async fn only_one_process_delivers() {
    let app = TestApp::with_data().await;
    webhook(&app, A, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    let receiver = Receiver::default();
    let lock = app.incidents.try_lock("webhooks").await.unwrap();
    assert_eq!(deliver(&app.app, &receiver).await.unwrap().delivered, 0);
    drop(lock);
    assert_eq!(deliver(&app.app, &receiver).await.unwrap().delivered, 1);
}

#[tokio::test]
async fn what_was_written_before_is_not_told() {
    let app = TestApp::with_data().await;
    for _ in 0..37 {
        act(&app, "i-water", NOTE).await;
    }
    let last = app.incidents.outbox(0, 100).await.unwrap().last().unwrap().sequence;
    assert_eq!(webhook(&app, A, None, &[]).await.delivered_to, last);
    assert_eq!(webhook(&app, B, None, &[]).await.delivered_to, last);
}

/// Listens on this machine; keeps what it gets and answers with a status.
async fn listen(status: u16) -> (String, Arc<Mutex<Vec<(HeaderMap, Bytes)>>>) {
    let got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>> = Arc::default();
    let keep = Arc::clone(&got);
    let handler = async move |headers: HeaderMap, body: Bytes| {
        keep.lock().unwrap().push((headers, body));
        let redirection = [("location", "http://127.0.0.1:1/")];
        (axum::http::StatusCode::from_u16(status).unwrap(), redirection)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, Router::new().route("/hook", post(handler))).into_future());
    (format!("http://{address}/hook"), got)
}

#[tokio::test]
async fn sends_over_http_what_was_signed() {
    let app = TestApp::filled_with_config(WebConfig { webhooks_to_loopback: true, ..test_config() }).await;
    let (url, got) = listen(204).await;
    let hook = webhook(&app, &url, None, &[]).await;
    act(&app, "i-water", NOTE).await;
    let sender = HttpSender::new(true).unwrap();
    assert_eq!(deliver(&app.app, &sender).await.unwrap().delivered, 1);
    let (headers, body) = got.lock().unwrap().pop().unwrap();
    let given = headers["x-otklik-signature"].to_str().unwrap();
    assert_eq!(given, signature(&hook.secret, now(), &body));
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn what_http_can_end_with() {
    let outgoing = |url: &str| Outgoing { url: url.to_owned(), headers: Vec::new(), body: b"{}".to_vec() };
    let own = HttpSender::new(true).unwrap();
    let (ok, _) = listen(200).await;
    let (error, _) = listen(500).await;
    let (moved, _) = listen(302).await;
    assert_eq!(own.send(outgoing(&ok)).await, DeliveryResult::Succeeded);
    assert_eq!(own.send(outgoing(&error)).await, DeliveryResult::HttpError { status: 500 });
    assert_eq!(own.send(outgoing(&moved)).await, DeliveryResult::HttpError { status: 302 });
    assert_eq!(own.send(outgoing("http://127.0.0.1:1/")).await, DeliveryResult::Unreachable);

    let public = HttpSender::new(false).unwrap();
    for url in [ok.as_str(), "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "not an address"] {
        assert_eq!(public.send(outgoing(url)).await, DeliveryResult::Refused, "{url}");
    }
}

#[test]
fn waiting_grows_and_ends() {
    let total: SignedDuration = (1..ATTEMPTS_MAX).map(back_off).sum();
    assert_eq!(total, SignedDuration::from_mins(1_221));
    assert!((1..100).all(|attempt| back_off(attempt) <= back_off(attempt + 1)));
    assert!(Timestamp::UNIX_EPOCH.checked_add(back_off(u32::MAX)).is_ok());
}
