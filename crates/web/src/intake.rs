//! The way in for posts that programs and forms hand in.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Post, PostId, RegionId};
use otklik_ports::PortResult;

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is in the log.
    Accepted,
    /// The same post is there already; nothing was done.
    Repeated,
    /// It was not taken.
    Refused {
        /// Why, naming the field. Never quotes a text or an author.
        reason: String,
    },
}

/// Takes posts in: masks phones and e-mails, turns authors into keyed hashes, appends to the log.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes posts in, each with its author as handed in. The answer has a line for each post, in order. A post handed
    /// in twice is taken once.
    ///
    /// # Errors
    /// `Full`, `Unavailable`. Then some of the posts may have been taken: handing in all of them again does no harm.
    async fn take(&self, posts: Vec<Post>, now: Timestamp) -> PortResult<Vec<Taken>>;

    /// Takes in that a post is gone at its source. It leaves the stores, the index and the log as the stages read this; what is
    /// not there is gone already.
    ///
    /// # Errors
    /// `Full`, `Unavailable`. Handing it in again does no harm.
    async fn remove(&self, id: &PostId, region: &RegionId) -> PortResult<()>;
}
