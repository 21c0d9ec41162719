//! The API with the session of a browser, and what surrounds every reply.

use axum::{
    body::Body,
    http::{Request, header},
};
use otklik_domain::{Actor, Role};
use otklik_ports::{Account, Incidents};

use crate::{
    Error, WebConfig,
    service::accounts::{self, AccountChange},
    testing::{PASSWORD, TestApp, test_config},
};

fn change_of(account: &Account) -> AccountChange {
    AccountChange {
        login: account.login.clone(),
        name: account.name.clone(),
        role: account.role,
        agency: account.agency.clone(),
        active: account.active,
        password: None,
    }
}

#[tokio::test]
async fn a_session_reads_the_api() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    assert_eq!(app.page("/api/v1/incidents", &cookie).await.status, 200);
    assert_eq!(app.page("/api/v1/incidents", "otklik=operator.0000").await.status, 401);
    assert_eq!(app.page("/api/v1/incidents", &cookie.replace("operator", "admin")).await.status, 401);
    app.clock.set("2026-03-18T21:00:00Z".parse().unwrap());
    assert_eq!(app.page("/api/v1/incidents", &cookie).await.status, 401);
}

#[tokio::test]
async fn a_session_changes_nothing_without_the_pages_token() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    let secret = cookie.rsplit_once('.').unwrap().1;
    let good = crate::auth::csrf::token(secret);
    let check = async |headers: &[(&str, &str)], status: u16| {
        let mut request = Request::post("/api/v1/incidents/i-water/actions")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::from(r#"{"action":"note","text":"Да"}"#);
        let reply = app.send(request.body(body).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{headers:?}: {}", reply.text);
        if status == 403 {
            assert_eq!(reply.error_code(), "cross_site");
        }
    };
    check(&[], 403).await;
    check(&[("sec-fetch-site", "same-origin")], 403).await;
    check(&[("sec-fetch-site", "same-origin"), ("x-csrf-token", "0000")], 403).await;
    check(&[("sec-fetch-site", "cross-site"), ("x-csrf-token", &good)], 403).await;
    check(&[("origin", "https://evil.test"), ("x-csrf-token", &good)], 403).await;
    check(&[("x-csrf-token", &good)], 403).await;
    check(&[("sec-fetch-site", "same-origin"), ("x-csrf-token", &good)], 200).await;
    check(&[("origin", "http://otklik.test"), ("x-csrf-token", &good)], 200).await;
}

#[tokio::test]
async fn a_session_ends_with_its_account_and_its_password() {
    let app = TestApp::new();
    let admin = Actor::system();
    let cookie = app.sign_in(Role::Viewer).await;
    assert_eq!(app.page("/api/v1/topics", &cookie).await.status, 200);

    let account = app.incidents.account("viewer").await.unwrap().unwrap();
    let new_password = AccountChange { password: Some("совсем другой".to_owned()), ..change_of(&account) };
    accounts::put(&app.app, &admin, new_password).await.unwrap();
    assert_eq!(app.page("/api/v1/topics", &cookie).await.status, 401);
    assert!(matches!(accounts::sign_in(&app.app, "viewer", PASSWORD, None).await, Err(Error::SignIn)));

    let (_, cookie) = accounts::sign_in(&app.app, " Viewer ", "совсем другой", None).await.unwrap();
    let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(app.page("/api/v1/topics", &cookie).await.status, 200);
    let shut = AccountChange { active: false, ..change_of(&account) };
    accounts::put(&app.app, &admin, shut).await.unwrap();
    assert_eq!(app.page("/api/v1/topics", &cookie).await.status, 401);
    assert!(matches!(accounts::sign_in(&app.app, "viewer", "совсем другой", None).await, Err(Error::SignIn)));
}

#[tokio::test]
async fn passwords_cannot_be_tried_for_long() {
    let app = TestApp::new();
    app.account(Role::Viewer).await;
    for _ in 0..5 {
        let tried = accounts::sign_in(&app.app, "viewer", "не тот пароль", None).await;
        assert!(matches!(tried, Err(Error::SignIn)));
    }
    let locked = accounts::sign_in(&app.app, "viewer", PASSWORD, None).await;
    assert!(matches!(locked, Err(Error::TooMany { .. })), "{locked:?}");
    app.clock.set("2026-03-18T09:15:00Z".parse().unwrap());
    accounts::sign_in(&app.app, "viewer", PASSWORD, None).await.unwrap();
    let failed = app.incidents.audit_trail(Some("viewer"), 100).await.unwrap();
    assert_eq!(failed.iter().filter(|entry| entry.action == "sign_in.failed").count(), 5);
}

#[tokio::test]
async fn an_address_cannot_try_many_logins() {
    let config = WebConfig { address_failures_max: 3, ..test_config() };
    let app = TestApp::with_config(config);
    let address = |text: &str| Some(text.parse().unwrap());
    for login in ["one", "two", "three"] {
        let tried = accounts::sign_in(&app.app, login, PASSWORD, address("2001:4860::1")).await;
        assert!(matches!(tried, Err(Error::SignIn)));
    }
    let locked = accounts::sign_in(&app.app, "four", PASSWORD, address("2001:4860::2:2")).await;
    assert!(matches!(locked, Err(Error::TooMany { .. })), "{locked:?}");
    let elsewhere = accounts::sign_in(&app.app, "four", PASSWORD, address("2001:4860:1::1")).await;
    assert!(matches!(elsewhere, Err(Error::SignIn)), "{elsewhere:?}");
    // A login nobody has may be a password in the wrong field.
    assert!(app.incidents.audit_trail(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn administrators_do_not_shut_themselves_out() {
    let app = TestApp::new();
    app.account(Role::Admin).await;
    let account = app.incidents.account("admin").await.unwrap().unwrap();
    let actor = Actor { name: "admin".to_owned(), role: Role::Admin, agency: None };
    for change in [
        AccountChange { active: false, ..change_of(&account) },
        AccountChange { role: Role::Viewer, ..change_of(&account) },
    ] {
        let refused = accounts::put(&app.app, &actor, change).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let viewer = Actor { name: "boss".to_owned(), role: Role::Viewer, agency: None };
    assert!(matches!(accounts::put(&app.app, &viewer, change_of(&account)).await, Err(Error::Forbidden)));
}

#[tokio::test]
async fn every_reply_is_guarded() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Viewer).await;
    for path in ["/api/v1/incidents", "/api/v1/nothing", "/healthz"] {
        let reply = app.get(path, &token).await;
        let value = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(value("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!value("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("referrer-policy"), "same-origin", "{path}");
        assert_eq!(value("cache-control"), "no-store", "{path}");
        assert_eq!(value("x-request-id").len(), 16, "{path}");
    }
}
