//! The desk in a real browser: the main pages render, and an incident is triaged, routed, accepted, answered, rated and
//! closed by clicks alone. Screenshots of what was seen lie in `target/screenshots`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use otklik_tests::{binary, missing_libchdb, repository, skipped};
use serde_json::json;

/// Longest time a page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// The password of the demonstration's accounts.
const PASSWORD: &str = "otklik-demo";

/// A program that runs until the end of the test.
struct Program(Child);

impl Program {
    /// Starts a program and reads what it says until `wanted` finds something in a line.
    fn start<T>(
        command: &mut Command,
        output: Output,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T), String> {
        match output {
            Output::Stdout => command.stdout(Stdio::piped()).stderr(Stdio::null()),
            Output::Stderr => command.stdout(Stdio::null()).stderr(Stdio::piped()),
        };
        let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        let stream: Box<dyn Read + Send> = match output {
            Output::Stdout => Box::new(child.stdout.take().unwrap()),
            Output::Stderr => Box::new(child.stderr.take().unwrap()),
        };
        let mut said = String::new();
        let mut lines = BufReader::new(stream).lines();
        let found = lines.by_ref().map_while(Result::ok).find_map(|line| {
            said.push_str(&line);
            said.push('\n');
            wanted(&line)
        });
        // It must not block on a full pipe later.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let program = Self(child);
        found.map(|found| (program, found)).ok_or_else(|| format!("it ended and had said:\n{said}"))
    }
}

enum Output {
    Stdout,
    Stderr,
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn an_incident_goes_from_triage_to_an_answer() {
    if let Some(reason) = missing_libchdb() {
        return skipped("browser", &reason);
    }
    let is_port = |line: &str| {
        line.strip_prefix("ChromeDriver was started successfully on port ")?.trim_end_matches('.').parse().ok()
    };
    let driver = Program::start::<u16>(Command::new("chromedriver").arg("--port=0"), Output::Stdout, is_port);
    let (_driver, port) = match driver {
        Ok(driver) => driver,
        Err(reason) => return skipped("browser", &format!("chromedriver does not start: {reason}")),
    };
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(binary());
    demo.args(["demo", "--seconds", "0", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("demo"));
    let is_desk = |line: &str| line.starts_with("Отклик").then(|| address(line)).flatten();
    let (_demo, desk) = Program::start(&mut demo, Output::Stderr, is_desk).unwrap();

    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let client = connect(port).await;
        let browser = Browser { client: client.clone(), desk };
        let result = tokio::spawn(async move { browser.a_day_of_work().await }).await;
        client.close().await.unwrap();
        result.unwrap();
    });
}

/// The address in the line that says the desk is open.
fn address(line: &str) -> Option<String> {
    line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
}

async fn connect(port: u16) -> Client {
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,900", "--lang=ru"];
    let capabilities = json!({"goog:chromeOptions": {"args": arguments}, "browserName": "chrome"});
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities.as_object().unwrap().clone());
    builder.connect(&format!("http://127.0.0.1:{port}")).await.unwrap()
}

/// Somebody at the desk.
struct Browser {
    client: Client,
    desk: String,
}

impl Browser {
    async fn a_day_of_work(&self) {
        self.sign_in("operator").await;
        self.see("[data-testid=triage-list] li", "triage").await;
        let new = "[data-testid=triage-list] li[data-state=new]";
        let id = self.find(new).await.attr("data-id").await.unwrap().unwrap();
        let own = format!("[data-testid=triage-list] li[data-id='{id}']");
        let shown = format!("#preview [data-id='{id}']");
        self.click(&format!("{own} h3 a")).await;
        self.click(&format!("{shown} [data-action=triage]")).await;
        self.find(&format!("{own}[data-state=triaged]")).await;
        // The next incident is shown by itself: back to ours.
        self.click(&format!("{own} h3 a")).await;
        self.click(&format!("{shown} [data-action=route]")).await;
        self.click("#dialog form[data-form=route] label.proposed").await;
        self.click("#dialog [data-submit-action=route]").await;
        self.find(&format!("{own}[data-state=routed]")).await;
        self.look_around().await;
        self.sign_out().await;

        self.sign_in("region").await;
        self.see("[data-testid=agency-list] li", "agency").await;
        self.go(&format!("/incidents/{id}")).await;
        self.click("#actions form[data-action=accept] button").await;
        self.click("#card[data-state=accepted] #actions form[data-action=start] button").await;
        self.click("#card[data-state=in_progress] #actions a[data-action=answer_final]").await;
        let text = self.find("form[data-form=answer_final] textarea[name=text]").await;
        text.send_keys("Здравствуйте! Работы закончены, спасибо за сообщение.").await.unwrap();
        self.click("form[data-form=answer_final] [data-submit-action=answer_final]").await;
        self.see("#card[data-state=answered]", "answered").await;
        self.sign_out().await;

        self.sign_in("operator").await;
        self.go(&format!("/incidents/{id}")).await;
        self.click("#actions a[data-action=rate]").await;
        self.click("form[data-form=rate] label.choice:has(input[value='5'])").await;
        self.click("form[data-form=rate] [data-submit-action=rate]").await;
        self.click("#card[data-state=rated] #actions form[data-action=close] button").await;
        self.see("#card[data-state=closed]", "closed").await;
    }

    /// The other main pages, each reached from the one before.
    async fn look_around(&self) {
        self.go("/events").await;
        self.see("[data-testid=event-list] li", "events").await;
        self.click("[data-testid=event-list] li a").await;
        self.see("#posts article", "event").await;
        self.see("#posts article [href^='http']", "event-source").await;
        self.go("/search?q=%D0%BE%D1%82%D0%BE%D0%BF%D0%BB%D0%B5%D0%BD%D0%B8%D0%B5").await;
        self.see("[data-testid=search-hits] mark", "search").await;
        self.go("/board").await;
        self.see("svg.chart, figure svg, svg rect", "board").await;
    }

    async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.desk)).await.unwrap();
    }

    async fn find(&self, selector: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                self.shoot("failed").await;
                let url = self.client.current_url().await;
                panic!("no {selector} on {url:?}: {error}; see target/screenshots/failed.png")
            }
        }
    }

    /// Clicks an element as soon as it can be: a page that renews itself may put another in its place meanwhile.
    async fn click(&self, selector: &str) {
        for _ in 0..20 {
            if self.find(selector).await.click().await.is_ok() {
                return;
            }
        }
        self.shoot("failed").await;
        panic!("{selector} cannot be clicked; see target/screenshots/failed.png");
    }

    /// Waits for something and takes a picture of the page.
    async fn see(&self, selector: &str, name: &str) {
        self.find(selector).await;
        self.shoot(name).await;
    }

    async fn shoot(&self, name: &str) {
        let folder: PathBuf = repository().join("target/screenshots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name).with_extension("png"), self.client.screenshot().await.unwrap()).unwrap();
    }

    async fn sign_in(&self, login: &str) {
        self.go("/login").await;
        self.find("#login").await.send_keys(login).await.unwrap();
        self.find("#password").await.send_keys(PASSWORD).await.unwrap();
        self.click("main form[action='/login'] button").await;
        self.find("nav.nav").await;
    }

    async fn sign_out(&self) {
        self.click("details.menu summary").await;
        self.click("form[data-action=sign-out] button").await;
        self.find("#login").await;
    }
}
