//! Where the tables are: on one server under their own names, or spread over the shards of a cluster.
//!
//! On a cluster each table `posts` is two: `posts_local` on every server, replicated within its shard, and `posts`, which
//! spreads what is written by the hash of the id and asks all shards. All versions of an id are therefore on one shard,
//! where FINAL finds them. What changes a table speaks of `posts_local` and goes to every server.

use otklik_ports::{ErrorKind, PortError, PortResult};

/// Migrations are written for one server; these are the words of them that a cluster has others for.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS ";
const ALTER: &str = "ALTER TABLE ";
const ENGINE: &str = "ENGINE = ReplacingMergeTree(version)";
const WINDOW: &str = "non_replicated_deduplication_window";

/// A database and how its tables are spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tables {
    database: String,
    cluster: Option<String>,
}

impl Tables {
    /// # Errors
    /// `Rejected` for names with anything but letters, digits and `_`, and in a cluster's name `-` and `.`.
    pub(super) fn new(database: &str, cluster: Option<&str>) -> PortResult<Self> {
        let is_word = |name: &str, more: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
        };
        let refused = |what: &str, name: &str, allowed: &str| {
            PortError::new(
                ErrorKind::Rejected,
                format!("ClickHouse {what} {name:?}: use letters, digits and {allowed}"),
            )
        };
        if !is_word(database, "") {
            return Err(refused("database", database, "_"));
        }
        match cluster {
            Some(name) if !is_word(name, "-.") => Err(refused("cluster", name, "_, - and .")),
            _ => Ok(Self { database: database.to_owned(), cluster: cluster.map(ToOwned::to_owned) }),
        }
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// Whether the tables are spread.
    pub(super) fn is_cluster(&self) -> bool {
        self.cluster.is_some()
    }

    /// `CREATE DATABASE` of the database.
    pub(super) fn create_database(&self) -> String {
        format!("CREATE DATABASE IF NOT EXISTS {}{}", self.database, self.everywhere())
    }

    /// The table that notes which migrations were run: on a cluster one, of which every server has a copy.
    pub(super) fn create_migrations(&self) -> String {
        let engine = match &self.cluster {
            None => "ReplacingMergeTree".to_owned(),
            Some(_) => format!(
                "ReplicatedReplacingMergeTree('/clickhouse/tables/all/{}/schema_migrations', '{{shard}}-{{replica}}')",
                self.database
            ),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS schema_migrations{} (number UInt32, name String, checksum String, \
             applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = {engine} ORDER BY number",
            self.everywhere()
        )
    }

    /// The statements a migration comes to.
    ///
    /// # Errors
    /// `Internal` for a migration that is written in a way nothing here knows.
    pub(super) fn render(&self, migration: &str) -> PortResult<Vec<String>> {
        let Some(cluster) = &self.cluster else { return Ok(vec![migration.to_owned()]) };
        let code: Vec<&str> = migration.lines().filter(|line| !line.starts_with("--")).collect();
        let code = code.join("\n");
        let (everywhere, database) = (self.everywhere(), &self.database);
        if let Some((table, rest)) = code.strip_prefix(CREATE).and_then(|rest| rest.split_once('\n'))
            && code.contains(ENGINE)
        {
            let engine = format!(
                "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{{shard}}/{database}/{table}', '{{replica}}', version)"
            );
            let rest = rest.replace(ENGINE, &engine).replace(WINDOW, "replicated_deduplication_window");
            return Ok(vec![
                format!("{CREATE}{table}_local{everywhere}\n{rest}"),
                format!(
                    "{CREATE}{table}{everywhere} AS {database}.{table}_local \
                     ENGINE = Distributed('{cluster}', '{database}', '{table}_local', cityHash64(id))"
                ),
            ]);
        }
        if let Some((table, rest)) = code.strip_prefix(ALTER).and_then(|rest| rest.split_once(' ')) {
            let mut statements = vec![format!("{ALTER}{table}_local{everywhere} {rest}")];
            // An index or a setting is the local table's alone.
            if ["ADD COLUMN", "MODIFY COLUMN", "DROP COLUMN", "RENAME COLUMN"].iter().any(|word| rest.starts_with(word))
            {
                statements.push(format!("{ALTER}{table}{everywhere} {rest}"));
            }
            return Ok(statements);
        }
        Err(PortError::new(ErrorKind::Internal, "a migration of ClickHouse cannot be told to a cluster"))
    }

    /// `DELETE FROM` the table.
    pub(super) fn delete_from(&self, table: &str) -> String {
        format!("DELETE FROM {}{}", self.local(table), self.everywhere())
    }

    /// `ALTER TABLE` of the table.
    pub(super) fn alter(&self, table: &str) -> String {
        format!("{ALTER}{}{}", self.local(table), self.everywhere())
    }

    /// The table on each server.
    pub(super) fn local(&self, table: &str) -> String {
        if self.is_cluster() { format!("{table}_local") } else { table.to_owned() }
    }

    /// The parts of all tables, of every server.
    pub(super) fn parts(&self) -> String {
        match &self.cluster {
            None => "system.parts".to_owned(),
            Some(cluster) => format!("clusterAllReplicas('{cluster}', system.parts)"),
        }
    }

    /// Settings that only a cluster needs: an insert is done when every shard has it, a question within a question is asked
    /// once for all shards, and a deletion is done when every replica has done it.
    pub(super) fn settings(&self) -> &'static [(&'static str, &'static str)] {
        const SETTINGS: &[(&str, &str)] = &[
            ("distributed_foreground_insert", "1"),
            ("distributed_product_mode", "global"),
            ("lightweight_deletes_sync", "2"),
            ("mutations_sync", "2"),
            ("allow_nondeterministic_mutations", "1"),
        ];
        if self.is_cluster() { SETTINGS } else { &[] }
    }

    fn everywhere(&self) -> String {
        self.cluster.as_ref().map(|cluster| format!(" ON CLUSTER '{cluster}'")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Tables {
        Tables::new("otklik", Some("main")).unwrap()
    }

    #[test]
    fn names() {
        for (database, cluster, expected) in [
            ("otklik_1", None, true),
            ("otklik", Some("main-1.eu"), true),
            ("", None, false),
            ("a b", None, false),
            ("a", Some(""), false),
            ("a", Some("x'y"), false),
        ] {
            assert_eq!(Tables::new(database, cluster).is_ok(), expected, "{database:?} {cluster:?}");
        }
    }

    #[test]
    fn one_server_is_told_what_is_written() {
        let one = Tables::new("otklik", None).unwrap();
        assert_eq!(one.render("-- Words.\nANYTHING").unwrap(), ["-- Words.\nANYTHING"]);
        assert_eq!(one.delete_from("posts"), "DELETE FROM posts");
        assert_eq!(one.parts(), "system.parts");
        assert_eq!(one.settings(), []);
    }

    #[test]
    fn a_cluster_has_two_tables_of_each() {
        let migration = "-- Words.\nCREATE TABLE IF NOT EXISTS posts\n(\n    id String\n)\nENGINE = ReplacingMergeTree(version)\n\
                         ORDER BY id\nSETTINGS\n    non_replicated_deduplication_window = 1000\n";
        assert_eq!(
            cluster().render(migration).unwrap(),
            [
                "CREATE TABLE IF NOT EXISTS posts_local ON CLUSTER 'main'\n(\n    id String\n)\n\
                 ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/otklik/posts', '{replica}', version)\n\
                 ORDER BY id\nSETTINGS\n    replicated_deduplication_window = 1000",
                "CREATE TABLE IF NOT EXISTS posts ON CLUSTER 'main' AS otklik.posts_local \
                 ENGINE = Distributed('main', 'otklik', 'posts_local', cityHash64(id))",
            ]
        );
    }

    #[test]
    fn a_cluster_is_told_of_changes_on_every_server() {
        assert_eq!(
            cluster().render("ALTER TABLE posts ADD COLUMN IF NOT EXISTS a String").unwrap(),
            [
                "ALTER TABLE posts_local ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS a String",
                "ALTER TABLE posts ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS a String",
            ]
        );
        let index = "ALTER TABLE posts ADD INDEX IF NOT EXISTS a (a) TYPE minmax";
        assert_eq!(cluster().render(index).unwrap().len(), 1);
        cluster().render("DROP TABLE IF EXISTS posts").unwrap_err();
        assert_eq!(cluster().delete_from("posts"), "DELETE FROM posts_local ON CLUSTER 'main'");
        assert_eq!(cluster().alter("posts"), "ALTER TABLE posts_local ON CLUSTER 'main'");
        assert_eq!(cluster().parts(), "clusterAllReplicas('main', system.parts)");
    }
}
