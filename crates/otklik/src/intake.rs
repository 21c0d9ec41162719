//! The way in for posts that programs and forms hand in: through the gate into the log.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Post, PostId, RegionId};
use otklik_pipeline::Gate;
use otklik_ports::{ErrorKind, PortError, PortResult, Posts};
use otklik_web::{Intake, Taken};
use otklik_wire as wire;

/// Takes posts in through the gate.
pub(crate) struct GateIntake {
    gate: Gate,
    posts: Arc<dyn Posts>,
    /// The regions served, the first for posts that name none.
    regions: Vec<RegionId>,
}

impl GateIntake {
    pub(crate) fn new(gate: Gate, posts: Arc<dyn Posts>, regions: Vec<RegionId>) -> Self {
        Self { gate, posts, regions }
    }

    /// Gives a post its region. The gate hides its author.
    fn prepare(&self, post: &Post) -> Result<wire::Post, String> {
        let mut post = wire::Post::from(post);
        let region =
            post.region.get_or_insert_with(|| self.regions.first().map(ToString::to_string).unwrap_or_default());
        if self.regions.iter().any(|own| own.as_str() == region) {
            Ok(post)
        } else {
            Err("region: is not served here".to_owned())
        }
    }
}

#[async_trait]
impl Intake for GateIntake {
    async fn take(&self, posts: Vec<Post>, _now: Timestamp) -> PortResult<Vec<Taken>> {
        let ids: Vec<PostId> = posts.iter().map(|post| post.id.clone()).collect();
        let mut known: BTreeSet<PostId> = self.posts.get(&ids).await?.into_iter().map(|row| row.post.id).collect();
        let mut taken = Vec::with_capacity(posts.len());
        let (mut accepted, mut places) = (Vec::new(), Vec::new());
        for post in posts {
            taken.push(match self.prepare(&post) {
                _ if known.contains(&post.id) => Taken::Repeated,
                Err(reason) => Taken::Refused { reason },
                Ok(prepared) => {
                    known.insert(post.id);
                    places.push(taken.len());
                    accepted.push(prepared);
                    Taken::Accepted
                }
            });
        }
        if accepted.is_empty() {
            return Ok(taken);
        }
        for refused in self.gate.append(accepted, None, false).await? {
            let place = places.get(refused.index).and_then(|&place| taken.get_mut(place));
            if let Some(line) = place {
                *line = Taken::Refused { reason: refused.reason.to_string() };
            }
        }
        Ok(taken)
    }

    async fn remove(&self, id: &PostId, region: &RegionId) -> PortResult<()> {
        self.gate.delete(wire::log::Deletion { id: id.to_string(), region: region.to_string() }).await
    }
}

/// Takes nothing: for commands that have no log.
pub(crate) struct ClosedIntake;

#[async_trait]
impl Intake for ClosedIntake {
    async fn take(&self, _posts: Vec<Post>, _now: Timestamp) -> PortResult<Vec<Taken>> {
        Err(PortError::new(ErrorKind::Unavailable, "this command takes no posts"))
    }

    async fn remove(&self, _id: &PostId, _region: &RegionId) -> PortResult<()> {
        Err(PortError::new(ErrorKind::Unavailable, "this command takes no deletions"))
    }
}

#[cfg(test)]
mod tests {
    use otklik_domain::{Network, PostKind};
    use otklik_ports::{
        Clock, Log, Polled, Topic,
        memory::{MemoryLog, MemoryPosts},
    };

    use super::*;
    use crate::clocks::ReplayClock;

    fn post(id: &str, region: Option<&str>) -> Post {
        let wire: wire::Post = serde_json::from_value(serde_json::json!({
            "id": id, "text": "Нет воды, звоните 8 912 345-67-89", "published_at": "2026-03-03T10:00:00+03:00",
            "author_key": "Иван", "network": "form", "kind": "appeal", "region": region,
        }))
        .unwrap();
        wire.try_into().unwrap()
    }

    #[tokio::test]
    async fn masks_hides_and_tells_what_became_of_each() {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(1));
        let clock: Arc<dyn Clock> = Arc::new(ReplayClock::new());
        let gate = Gate::new(Arc::clone(&log), clock, "0123456789abcdef0123456789abcdef".into());
        let intake = GateIntake::new(gate, Arc::new(MemoryPosts::new()), vec![RegionId::new("demo")]);
        let posts = vec![post("form:1", None), post("form:1", None), post("form:2", Some("mars"))];
        let taken = intake.take(posts, Timestamp::UNIX_EPOCH).await.unwrap();
        let refused = Taken::Refused { reason: "region: is not served here".to_owned() };
        assert_eq!(taken, [Taken::Accepted, Taken::Repeated, refused]);

        let mut consumer = log.consumer("test", Topic::Posts).await.unwrap();
        let mut payloads = Vec::new();
        for _ in 0..64 {
            match consumer.poll(10, std::time::Duration::ZERO).await.unwrap() {
                Polled::Records { records, .. } => payloads.extend(records.into_iter().map(|record| record.payload)),
                Polled::Idle => break,
                _ => {}
            }
        }
        assert_eq!(payloads.len(), 1);
        let stored = String::from_utf8(payloads.remove(0)).unwrap();
        assert!(!stored.contains("Иван") && !stored.contains("345-67-89") && stored.contains("\"region\":\"demo\""));
        let post = post("form:1", None);
        assert_eq!((post.network, post.kind), (Network::Form, PostKind::Appeal));
    }
}
