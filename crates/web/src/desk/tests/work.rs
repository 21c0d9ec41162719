//! A day's work by forms, as a browser without scripts sends them.

use axum::{
    body::Body,
    http::{Request, header},
};
use otklik_domain::{Role, State};

use crate::{
    auth::csrf,
    testing::{PASSWORD, Reply, TestApp, WATER_INCIDENT},
};

/// The token of the forms of a session.
fn token(cookie: &str) -> String {
    csrf::token(cookie.rsplit_once('.').unwrap().1)
}

async fn act(app: &TestApp, cookie: &str, kind: &str, fields: &str) -> Reply {
    let version = app.incident(WATER_INCIDENT).await.version;
    let form = format!("csrf={}&version={version}&{fields}", token(cookie));
    app.submit(&format!("/incidents/{WATER_INCIDENT}/act/{kind}"), cookie, &form).await
}

#[tokio::test]
async fn an_incident_goes_its_way_without_scripts() {
    let app = TestApp::with_data().await;
    let operator = app.sign_in(Role::Operator).await;
    let agency = app.sign_in(Role::Agency).await;
    let steps = [
        (&operator, "triage", "severity=4", State::Triaged),
        (&operator, "route", "agency=demo.water_a", State::Routed),
        (&agency, "accept", "", State::Accepted),
        (&agency, "start", "", State::InProgress),
        (&agency, "answer_interim", "text=%D0%98%D1%89%D0%B5%D0%BC", State::Interim),
        (&agency, "answer_final", "text=%D0%93%D0%BE%D1%82%D0%BE%D0%B2%D0%BE", State::Answered),
        (&operator, "rate", "score=5", State::Rated),
        (&operator, "close", "", State::Closed),
    ];
    for (cookie, kind, fields, state) in steps {
        let card = app.page(&format!("/incidents/{WATER_INCIDENT}"), cookie).await.text;
        assert!(card.contains(&format!("data-action=\"{kind}\"")), "{kind}: {card}");
        let reply = act(&app, cookie, kind, fields).await;
        assert_eq!(reply.status, 303, "{kind}: {}", reply.text);
        assert_eq!(reply.headers["location"], format!("/incidents/{WATER_INCIDENT}?said={kind}"));
        assert_eq!(app.incident(WATER_INCIDENT).await.state, state, "{kind}");
    }
}

#[tokio::test]
async fn what_was_typed_comes_back() {
    let app = TestApp::with_data().await;
    app.send_out().await;
    let cookie = app.sign_in(Role::Agency).await;
    act(&app, &cookie, "accept", "").await;
    let refused = act(&app, &cookie, "answer_final", "text=%D0%A2%D0%B5%D0%BA%D1%81%D1%82&url=ftp%3A%2F%2Fx").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("role=\"alert\"") && refused.text.contains(">Текст</textarea>"), "{}", refused.text);
    let path = format!("/incidents/{WATER_INCIDENT}/act/start");
    let stale = app.submit(&path, &cookie, &format!("csrf={}&version=1", token(&cookie))).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text.contains("Пока вы писали, коллега успел раньше:"), "{}", stale.text);
    assert!(stale.text.contains("Проверяющий agency — принят"), "{}", stale.text);
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    let path = format!("/incidents/{WATER_INCIDENT}/act/triage");
    for form in ["version=1", "version=1&csrf=0000"] {
        assert_eq!(app.submit(&path, &cookie, form).await.status, 403, "{form}");
    }
    let request = Request::post(&path)
        .header(header::COOKIE, &cookie)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("version=1&csrf={}", token(&cookie))));
    assert_eq!(app.send(request.unwrap()).await.status, 403);
    assert_eq!(app.incident(WATER_INCIDENT).await.state, State::New);
}

#[tokio::test]
async fn a_boosted_form_gets_the_page_it_would_get_without_scripts() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    let check = async |headers: &[(&str, &str)], path: &str, cookie: &str| {
        let mut request = Request::get(path).header(header::COOKIE, cookie).header("hx-request", "true");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.send(request.body(Body::empty()).unwrap()).await
    };
    let boosted = [("hx-boosted", "true")];
    let card = check(&boosted, "/incidents/i-water?do=route", &cookie).await;
    assert!(card.text.contains("<!doctype html>") && card.text.contains("data-form=\"route\""), "{}", card.text);
    let preview = check(&[], "/triage/i-water", &cookie).await;
    assert!(preview.text.starts_with("<article"), "{}", preview.text);
    for headers in [&boosted[..], &[]] {
        let missing = check(headers, "/incidents/i-none", &cookie).await;
        assert_eq!((missing.status.as_u16(), &missing.headers["hx-retarget"]), (404, &"#toasts".parse().unwrap()));
        let signed_out = check(headers, "/incidents/i-water", "").await;
        assert_eq!((signed_out.status.as_u16(), &signed_out.headers["hx-redirect"]), (401, &"/login".parse().unwrap()));
    }
}

#[tokio::test]
async fn people_sign_in_by_the_page() {
    let app = TestApp::new();
    app.account(Role::Operator).await;
    let sign_in = async |password: &str| {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("login", "operator")
            .append_pair("password", password)
            .append_pair("next", "/incidents")
            .finish();
        app.submit("/login", "", &form).await
    };
    let reply = sign_in(PASSWORD).await;
    assert_eq!((reply.status.as_u16(), reply.headers["location"].to_str().unwrap()), (303, "/incidents"));
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite="), "{cookie}");
    for _ in 0..5 {
        assert_eq!(sign_in("не тот").await.status, 401);
    }
    let locked = sign_in(PASSWORD).await;
    assert_eq!(locked.status, 429, "{}", locked.text);
}
