//! Retention: what is too old is deleted, and what was deleted leaves the disk.

use jiff::{Timestamp, tz::TimeZone};
use otklik_ports::PortResult;

use super::{ClickHousePosts, filter::milliseconds_up, within_time};

impl ClickHousePosts {
    pub(super) async fn expire_before(&self, before: Timestamp) -> PortResult<()> {
        let date = before.to_zoned(TimeZone::UTC).date();
        let month = u32::from(date.year().unsigned_abs()) * 100 + u32::from(date.month().unsigned_abs());
        for old in self.partitions("posts", "toUInt32OrZero(partition) < {month:UInt32}", month).await? {
            let drop =
                self.client.query(&format!("{} DROP PARTITION {{partition:String}}", self.tables.alter("posts")));
            within_time("dropping an expired month of posts", drop.param("partition", old).execute()).await?;
        }
        // By id, not by time alone: an older version of an event that lasts must not come back when the latest goes.
        let ms = milliseconds_up(before);
        // Each server of a cluster looks into its own tables: all versions of an id are in one place.
        let (posts, events) = (self.tables.local("posts"), self.tables.local("events"));
        for sql in [
            format!(
                "{} WHERE toYYYYMM(published_at) = {{month:UInt32}} AND id IN (SELECT id FROM {posts} FINAL WHERE \
                 toYYYYMM(published_at) = {{month:UInt32}} \
                 AND published_at < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC'))",
                self.tables.delete_from("posts")
            ),
            format!(
                "{} WHERE id IN (SELECT id FROM {events} FINAL \
                 WHERE last_at < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC'))",
                self.tables.delete_from("events")
            ),
        ] {
            let delete = self.client.query(&sql).param("month", month).param("before", ms);
            within_time("deleting expired posts and events", delete.execute()).await?;
        }
        self.free_deleted().await
    }

    /// Rewrites the parts of tables that still hold deleted rows. It goes on in the background.
    async fn free_deleted(&self) -> PortResult<()> {
        for (table, place) in [("posts", " IN PARTITION {partition:String}"), ("events", ""), ("search", "")] {
            let statement = format!("{} APPLY DELETED MASK{place}", self.tables.alter(table));
            for partition in self.partitions(table, "has_lightweight_delete AND {month:UInt32} = 0", 0).await? {
                let apply = self.client.query(&statement).param("partition", partition);
                within_time("freeing deleted posts and events", apply.execute()).await?;
            }
        }
        Ok(())
    }

    async fn partitions(&self, table: &str, condition: &str, month: u32) -> PortResult<Vec<String>> {
        let query = self.client.query(&format!(
            "SELECT DISTINCT partition FROM {} \
             WHERE database = currentDatabase() AND table = {{table:String}} AND active AND {condition}",
            self.tables.parts()
        ));
        let table = self.tables.local(table);
        within_time("listing parts of tables", query.param("table", table).param("month", month).fetch_all()).await
    }
}
