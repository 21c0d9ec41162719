//! What pages look like.

use otklik_domain::Role;

use crate::{Teller, testing::TestApp};

/// The content of a page, without what is drawn by lot or changes with every style sheet.
fn content(page: &str) -> String {
    let (_, content) = page.split_once("<main").unwrap();
    let (content, _) = content.split_once("</main>").unwrap();
    let mut content = format!("<main{content}</main>\n");
    for before in ["name=\"csrf\" value=\"", "name=\"once\" value=\"", "?v="] {
        let parts = content.split(before).enumerate().map(|(index, part)| match index {
            0 => part,
            _ => part.trim_start_matches(|c: char| c.is_ascii_hexdigit()),
        });
        content = parts.collect::<Vec<_>>().join(&format!("{before}…"));
    }
    content
}

#[tokio::test]
async fn pages_look_like_this() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    for (name, path) in [
        ("triage", "/"),
        ("incident", "/incidents/i-water?do=route"),
        ("incidents", "/incidents"),
        ("event", "/events/e-water"),
        ("events", "/events"),
        ("search", "/search?q=фонари"),
        ("board", "/board"),
        ("sources", "/sources"),
    ] {
        let reply = app.page(path, &cookie).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        insta::assert_snapshot!(name, content(&reply.text));
    }
}

#[tokio::test]
async fn the_map_of_sources_says_who_tells() {
    let app = TestApp::new();
    let cookie = app.sign_in(Role::Agency).await;
    let check = async |teller, path: &str, has: &str, has_not: &str| {
        *app.sources.0.lock().unwrap() = teller;
        let page = content(&app.page(path, &cookie).await.text);
        assert!(page.contains(has) && !page.contains(has_not), "{teller:?} {path}: {page}");
    };
    check(Teller::Crawler, "/sources", "Подслушано &#60;Город&#62;", "краулер не работает").await;
    check(Teller::Crawler, "/sources?troubled=1", "Двор на Мира", "Подслушано").await;
    check(Teller::Crawler, "/sources?network=telegram", "Город 24", "Двор на Мира").await;
    check(Teller::Crawler, "/sources?page=99", "Таких источников нет", "Двор на Мира").await;
    check(Teller::Log, "/sources", "записал в журнал", "покрыты ли источники").await;
    check(Teller::Nobody, "/sources", "отсюда не видно", "<table").await;
}

#[tokio::test]
async fn the_page_tells_the_time_of_the_server() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Operator).await;
    for (time, millisecond) in [("2026-03-18T09:00:00Z", "1773824400000"), ("2026-03-18T10:30:00Z", "1773829800000")] {
        app.clock.set(time.parse().unwrap());
        let page = app.page("/", &cookie).await.text;
        assert!(page.contains(&format!("data-now=\"{millisecond}\"")), "{time}");
    }
    // The deadline is a moment, what is left of it was counted by the clock of the server.
    let page = app.page("/", &cookie).await.text;
    assert!(page.contains("data-due=\"2026-03-18T10:00:00Z\""), "{page}");
    assert!(page.contains("просрочено на\u{a0}30\u{a0}мин"), "{page}");
}

#[tokio::test]
async fn pages_of_errors_are_pages() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Viewer).await;
    for (path, status, heading) in [
        ("/nothing", 404, "Такой страницы нет"),
        ("/incidents/i-none", 404, "Такой страницы нет"),
        ("/admin", 403, "Нет доступа"),
    ] {
        let reply = app.page(path, &cookie).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert!(reply.text.contains(heading), "{path}: {}", reply.text);
    }
    let reply = app.page("/incidents?view=overdue", "").await;
    assert_eq!(reply.status, 303);
    assert_eq!(reply.headers["location"], "/login?next=%2Fincidents%3Fview%3Doverdue");
}
