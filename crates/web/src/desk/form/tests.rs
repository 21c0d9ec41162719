//! Forms for residents, asked as browsers ask.

use axum::{
    body::Body,
    http::{Request, header},
};
use otklik_domain::{Network, Post, PostKind, Role};
use otklik_ports::{ErrorKind, PortError, PostBatch, Posts};

use crate::{
    PublicForm, WebConfig,
    testing::{Reply, TestApp, WATER_EVENT, event, post, test_config},
};

const ONCE: &str = "0123456789abcdef0123456789abcdef";

fn app() -> TestApp {
    let form = |name: &str, frame_ancestors: &[&str]| PublicForm {
        name: name.to_owned(),
        title: "Что случилось в <Северогорске>?".to_owned(),
        region: "demo".into(),
        frame_ancestors: frame_ancestors.iter().map(|&site| site.to_owned()).collect(),
        area: None,
        settlements: vec!["Северогорск".to_owned(), "Нижние Ручьи".to_owned()],
    };
    let forms = vec![form("gorod", &["https://gorod.example", "https://*.selo.example"]), form("alone", &[])];
    TestApp::with_config(WebConfig { forms, form_posts_max: 3, behind_proxy: true, ..test_config() })
}

async fn open(app: &TestApp, path: &str) -> Reply {
    app.send(Request::get(path).body(Body::empty()).unwrap()).await
}

/// Sends a form as a browser without scripts does.
async fn send(app: &TestApp, address: &str, body: &str) -> Reply {
    let request = Request::post("/form/gorod")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", address)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    app.send(request).await
}

fn body(text: &str) -> String {
    let mut body = url::form_urlencoded::Serializer::new(format!("once={ONCE}&homepage=&settlement=&place="));
    body.append_pair("text", text).finish()
}

fn posts(app: &TestApp) -> Vec<Post> {
    app.intake.taken.lock().unwrap().values().cloned().collect()
}

/// A page without what is drawn by lot or changes with every style sheet.
fn page(reply: &Reply) -> String {
    let mut page = reply.text.clone();
    for before in ["name=\"once\" value=\"", "?v=", "запроса: <code>"] {
        let mut parts = page.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        page = parts.fold(first, |page, part| {
            format!("{page}{before}…{}", part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
        });
    }
    page
}

#[tokio::test]
async fn pages_look_like_this() {
    let app = app();
    insta::assert_snapshot!("form", page(&open(&app, "/form/gorod").await));
    let wrong = send(&app, "10.0.0.1", "text=ап&settlement=Марс&homepage=&once=old").await;
    assert_eq!(wrong.status, 422);
    insta::assert_snapshot!("form_wrong", page(&wrong));
    let thanks = send(&app, "10.0.0.1", &body("Нет воды")).await;
    assert_eq!(thanks.status, 200);
    insta::assert_snapshot!("form_thanks", page(&thanks));
    let too_large = send(&app, "10.0.0.1", &body(&"я".repeat(20_000))).await;
    assert_eq!(too_large.status, 413);
    insta::assert_snapshot!("form_problem", page(&too_large));
}

#[tokio::test]
async fn a_post_of_a_form_is_an_appeal_without_an_author() {
    let app = app();
    let reply =
        send(&app, "10.0.0.1", &format!("once={ONCE}&text=Нет+воды&settlement=Нижние+Ручьи&place=Мира,+5")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let [post] = &posts(&app)[..] else { panic!("one post") };
    assert_eq!((post.network, post.kind, &post.author), (Network::Form, PostKind::Appeal, &None));
    assert_eq!(post.text, "Нет воды\n\nМесто: Нижние Ручьи, Мира, 5");
    assert_eq!(post.region.as_ref().map(|region| region.as_str()), Some("demo"));
    let number = post.id.as_str().strip_prefix("form:gorod-").unwrap();
    assert!(reply.text.contains(number), "{}", reply.text);
}

#[tokio::test]
async fn sent_again_it_is_there_once() {
    let app = app();
    let first = send(&app, "10.0.0.1", &body("Нет воды")).await;
    let again = send(&app, "10.0.0.2", &body("Нет воды")).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(posts(&app).len(), 1);
    send(&app, "10.0.0.1", &body("Нет воды и света")).await;
    assert_eq!(posts(&app).len(), 2, "what was changed on the way back is another post");
}

#[tokio::test]
async fn what_is_wrong_costs_no_words() {
    let app = app();
    let check = async |body: &str, status: u16, said: &str| {
        let reply = send(&app, "10.0.0.1", body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        assert!(reply.text.contains(said), "{said}: {}", reply.text);
        assert!(reply.text.contains("Вода течёт &#60;рекой&#62;") || !body.contains("рекой"), "{}", reply.text);
    };
    check(&body(""), 422, "Напишите, что случилось.").await;
    check(&body("ой"), 422, "Слишком коротко").await;
    check(&body(&"я".repeat(4_001)), 422, "4001 знаков").await;
    check(&format!("{}&settlement=Марс", body("Вода течёт <рекой>")), 422, "Выберите из списка.").await;
    check(&format!("{}&place={}", body("Вода течёт <рекой>"), "x".repeat(201)), 422, "можно до 200 знаков").await;
    check(&body("Вода течёт <рекой>").replace(ONCE, "1"), 422, "Страница устарела").await;
    check(&body("Вода течёт <рекой>").replace("homepage=", "homepage=x"), 422, "поле нужно оставить пустым").await;
    check("\u{0}%FF%%&&==", 422, "Напишите, что случилось.").await;
    assert!(posts(&app).is_empty());
    check(&body(&"я".repeat(4_000)), 200, "сообщение принято").await;
}

#[tokio::test]
async fn an_address_has_its_limit() {
    let app = app();
    for number in 0..3 {
        assert_eq!(send(&app, "2001:db8::1", &body(&format!("Нет воды {number}"))).await.status, 200);
    }
    let limited = send(&app, "2001:db8::2", &body("Нет света")).await;
    assert_eq!(limited.status, 429, "the same household");
    assert_eq!(limited.headers["retry-after"].as_bytes(), b"900");
    assert!(limited.text.contains("написанное сохранено") && limited.text.contains("Нет света"));
    assert_eq!(send(&app, "2001:db8:1::1", &body("Нет света")).await.status, 200);
    assert_eq!(send(&app, "192.0.2.1", &body("Нет газа")).await.status, 200);
    app.clock.set(crate::testing::now() + jiff::SignedDuration::from_mins(16));
    assert_eq!(send(&app, "2001:db8::2", &body("Нет тепла")).await.status, 200);
    let known = format!("{:?}", app.app.form_attempts);
    assert!(!known.contains("2001") && !known.contains("192.0"), "addresses are not kept: {known}");
}

#[tokio::test]
async fn a_full_log_is_told_kindly() {
    let app = app();
    *app.intake.broken.lock().unwrap() = Some(PortError::new(ErrorKind::Full, "no space left for post server-7"));
    let reply = send(&app, "10.0.0.1", &body("Нет воды")).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.headers["retry-after"].as_bytes(), b"60");
    assert!(
        reply.text.contains("Отправьте его через несколько минут") && reply.text.contains(">\nНет воды</textarea>")
    );
    assert!(reply.text.contains(ONCE) && !reply.text.contains("server-7"), "{}", reply.text);
    *app.intake.broken.lock().unwrap() = None;
    assert_eq!(send(&app, "10.0.0.1", &body("Нет воды")).await.status, 200);
}

#[tokio::test]
async fn only_the_sites_named_may_embed_it() {
    let app = app();
    let check = async |path: &str, sites: &str| {
        let reply = open(&app, path).await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.ends_with(&format!("frame-ancestors {sites}")), "{path}: {policy}");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("script"), "{policy}");
        assert!(!reply.text.contains("<script") && !reply.text.contains("style=\""), "{}", reply.text);
        assert!(!reply.headers.contains_key("set-cookie"));
    };
    check("/form/gorod", "https://gorod.example https://*.selo.example").await;
    check("/form/alone", "'none'").await;
    let desk = open(&app, "/login").await;
    assert_eq!(desk.headers["x-frame-options"], "DENY");
    let unknown = open(&app, "/form/none").await;
    assert_eq!((unknown.status.as_u16(), unknown.headers["x-frame-options"].as_bytes()), (404, &b"DENY"[..]));
}

#[tokio::test]
async fn another_site_cannot_send_it() {
    let app = app();
    let request =
        Request::post("/form/gorod").header("sec-fetch-site", "cross-site").body(Body::from(body("Нет воды")));
    let reply = app.send(request.unwrap()).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("Откройте форму заново"), "{}", reply.text);
    assert!(posts(&app).is_empty());
}

#[tokio::test]
async fn the_desk_finds_it_by_its_number() {
    let app = app();
    send(&app, "10.0.0.1", &body("Нет воды")).await;
    let [sent] = &posts(&app)[..] else { panic!("one post") };
    let event = event(WATER_EVENT, "Нет холодной воды", "utilities.cold_water", ("demo.a", "город А"));
    let row = post(sent.id.as_str(), "2026-03-18T09:00:00Z", "Вода ушла из крана", &event);
    app.posts.write(PostBatch { rows: vec![row], events: vec![event], ..PostBatch::default() }).await.unwrap();
    let cookie = app.sign_in(Role::Operator).await;
    let number = sent.id.as_str().strip_prefix("form:gorod-").unwrap().to_lowercase();
    let found = app.page(&format!("/search?q={number}"), &cookie).await;
    assert!(found.text.contains("Вода ушла из крана"), "{}", found.text);
    let none = app.page("/search?q=22222-22222", &cookie).await;
    assert!(none.status == 200 && !none.text.contains("Вода ушла"), "{}", none.text);
}
