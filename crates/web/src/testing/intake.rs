//! An intake that keeps what it was given.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Post, PostId, RegionId};
use otklik_ports::{PortError, PortResult};

use crate::{Intake, Taken};

/// Keeps posts by id; refuses those without a text.
#[derive(Debug, Default)]
pub(crate) struct MemoryIntake {
    /// What it was given.
    pub(crate) taken: Mutex<BTreeMap<String, Post>>,
    /// What it fails with, if it is to fail.
    pub(crate) broken: Mutex<Option<PortError>>,
}

#[async_trait]
impl Intake for MemoryIntake {
    async fn take(&self, posts: Vec<Post>, _now: Timestamp) -> PortResult<Vec<Taken>> {
        if let Some(error) = &*self.broken.lock().unwrap() {
            return Err(PortError::new(error.kind, error.message.clone()));
        }
        let mut taken = self.taken.lock().unwrap();
        let line = |post: Post| {
            if post.text.trim().is_empty() {
                return Taken::Refused { reason: "text: must not be empty".to_owned() };
            }
            match taken.insert(post.id.to_string(), post) {
                Some(_) => Taken::Repeated,
                None => Taken::Accepted,
            }
        };
        Ok(posts.into_iter().map(line).collect())
    }

    async fn remove(&self, id: &PostId, _region: &RegionId) -> PortResult<()> {
        self.taken.lock().unwrap().remove(id.as_str());
        Ok(())
    }
}
