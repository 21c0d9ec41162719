//! What a crawl needs of the rest: where posts go, and how it waits.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_ports::{Cursor, PortResult};
use otklik_wire::Post;

/// Where posts go: the gate of the log.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes posts in and moves the cursor, all or nothing.
    ///
    /// # Errors
    /// The log's: nothing was taken in, the cursor is where it was.
    async fn take(&self, posts: Vec<Post>, cursor: Cursor) -> PortResult<()>;

    /// Hands in that a post is gone at its source. Doing it again does no harm.
    ///
    /// # Errors
    /// The log's.
    async fn delete(&self, id: &str, region: &str) -> PortResult<()>;

    /// The cursor of a source.
    ///
    /// # Errors
    /// The log's.
    async fn cursor(&self, source: &str) -> PortResult<Option<String>>;
}

/// Waits.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns when the clock shows this time, or when the crawl is to stop.
    async fn wait_until(&self, time: Timestamp);

    /// Whether the crawl is to stop. A job that was begun is then given up; it is done again after the next start.
    fn is_stopped(&self) -> bool;
}
