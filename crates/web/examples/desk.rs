//! The desk over stores in memory, filled with an invented week: `cargo run -p otklik-web --example desk`.
//!
//! Then open the address it prints and sign in as operator/operator; admin, analyst and viewer have their login as
//! password too, and vodokanal is a body. Posts come from `pipelines/demo`, are read with `dictionaries/`, grouped and
//! routed by the engine. `--speed 60` lets an hour pass in a minute, so that lists renew themselves.

#[path = "desk/life.rs"]
mod life;
#[path = "desk/machine.rs"]
mod machine;
#[path = "desk/posts.rs"]
mod posts;
#[path = "desk/setting.rs"]
mod setting;

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Post, PostId, RegionId};
use otklik_ports::{
    Clock, ErrorKind, PortError, PortResult,
    memory::{MemoryIncidents, MemoryLog, MemoryPosts, MemorySearch},
};
use otklik_web::{App, Intake, Ports, Taken, WebConfig};
use tokio::time::Instant;

use self::{machine::Machine, posts::week, setting::Setting};

/// The present of the invented week: a Tuesday afternoon in Moscow.
const NOW: &str = "2026-03-03T12:40:00Z";

/// Time from a fixed moment on, as fast as it is told to pass.
struct InventedClock {
    begins: Timestamp,
    since: Instant,
    speed: u32,
}

impl Clock for InventedClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(0) * i64::from(self.speed);
        self.begins.checked_add(SignedDuration::from_millis(passed)).unwrap_or(self.begins)
    }
}

/// The invented week takes no posts from outside.
struct ClosedIntake;

#[async_trait]
impl Intake for ClosedIntake {
    async fn take(&self, posts: Vec<Post>, _: Timestamp) -> PortResult<Vec<Taken>> {
        let refused = Taken::Refused { reason: "the invented week takes no posts".to_owned() };
        Ok(posts.iter().map(|_| refused.clone()).collect())
    }

    async fn remove(&self, _id: &PostId, _region: &RegionId) -> PortResult<()> {
        Err(PortError::new(ErrorKind::Unavailable, "this example takes no deletions"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (port, speed) = arguments()?;
    let now: Timestamp = NOW.parse()?;
    let clock = Arc::new(InventedClock { begins: now, since: Instant::now(), speed });
    let setting = Setting::load()?;
    let stores = (Arc::new(MemoryPosts::new()), Arc::new(MemorySearch::new()), Arc::new(MemoryIncidents::default()));
    let mut machine = Machine::new(&setting, stores.clone());

    let (past, mut future): (Vec<Post>, Vec<Post>) = week(now)?.into_iter().partition(|post| post.published_at <= now);
    let taken = past.len();
    for post in past {
        machine.take(post).await?;
    }
    life::live(&setting, &machine.incidents, now).await?;
    setting::accounts(&machine.incidents).await?;

    let config = WebConfig { public_url: format!("http://127.0.0.1:{port}"), ..WebConfig::default() };
    let (posts, search, incidents) = stores;
    let log = Arc::new(MemoryLog::new(1));
    let ports = Ports {
        posts,
        search,
        incidents,
        log,
        clock: clock.clone(),
        intake: Arc::new(ClosedIntake),
        sources: None,
        callbacks: None,
    };
    let app = App::new(ports, setting.directory(), config);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("{taken} posts; the desk: http://127.0.0.1:{port} (operator/operator)");

    future.sort_by_key(|post| std::cmp::Reverse(post.published_at));
    let going_on = go_on(machine, &setting, clock.as_ref(), future);
    let service = otklik_web::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = async { axum::serve(listener, service).await.map_err(Box::<dyn Error>::from) };
    tokio::try_join!(served, going_on)?;
    Ok(())
}

/// Takes posts as their time comes and marks what has come due.
async fn go_on(
    mut machine: Machine,
    setting: &Setting,
    clock: &dyn Clock,
    mut future: Vec<Post>,
) -> Result<(), Box<dyn Error>> {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = clock.now();
        while let Some(post) = future.pop_if(|post| post.published_at <= now) {
            machine.take(post).await?;
        }
        life::tick(setting, &machine.incidents, now).await?;
    }
}

/// `--port N` and `--speed N`.
fn arguments() -> Result<(u16, u32), Box<dyn Error>> {
    let (mut port, mut speed) = (8080, 1);
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| format!("{name}: a number is missing"))?;
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--speed" => speed = value.parse()?,
            _ => return Err(format!("{name}: expected --port N or --speed N").into()),
        }
    }
    Ok((port, speed))
}
