//! What a crawl of a test stands on.

use super::*;

/// Keeps ids as they come, and cursors.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) ids: Mutex<Vec<String>>,
    pub(super) deleted: Mutex<Vec<String>>,
    pub(super) cursors: Mutex<BTreeMap<String, String>>,
}

#[async_trait]
impl Intake for Desk {
    async fn take(&self, posts: Vec<Post>, cursor: Cursor) -> PortResult<()> {
        self.ids.lock().unwrap().extend(posts.into_iter().map(|post| post.id));
        self.cursors.lock().unwrap().insert(cursor.source, cursor.position);
        Ok(())
    }

    async fn delete(&self, id: &str, _region: &str) -> PortResult<()> {
        self.deleted.lock().unwrap().push(id.to_owned());
        Ok(())
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        Ok(self.cursors.lock().unwrap().get(source).cloned())
    }
}

pub(super) struct Leap(pub(super) Arc<FixedClock>);

#[async_trait]
impl Timer for Leap {
    async fn wait_until(&self, time: Timestamp) {
        self.0.set(time);
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

pub(super) fn config(network: Network, limits: Limits, sources: Vec<Source>, looks: bool) -> CrawlConfig {
    CrawlConfig {
        name: "x:main".to_owned(),
        network,
        limits,
        sources,
        base: None,
        credentials: Credentials {
            token: Some("t".into()),
            application_key: Some("K".to_owned()),
            application_secret: Some("s".into()),
            account: Some("17".to_owned()),
        },
        policy: Policy::Value,
        looks,
        backfill: SignedDuration::from_hours(72),
    }
}

pub(super) fn ports<F: Fetch + 'static>(fetch: &Arc<F>, desk: &Arc<Desk>, clock: &Arc<FixedClock>) -> CrawlPorts {
    CrawlPorts {
        fetch: fetch.clone(),
        intake: desk.clone(),
        snapshots: Arc::new(MemorySnapshots::default()),
        clock: clock.clone(),
        timer: Arc::new(Leap(clock.clone())),
        authors: None,
    }
}

/// Does what comes until a time.
pub(super) async fn crawl_until(crawl: &mut Crawl, clock: &FixedClock, end: Timestamp) {
    while clock.now() < end {
        if let Step::Wait(until) = crawl.step().await.unwrap() {
            clock.set(until.max(clock.now() + SignedDuration::from_millis(1)).min(end));
        }
    }
}
