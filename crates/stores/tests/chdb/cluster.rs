//! What a cluster is told. There is none here: its statements are only read by the engine, not run.

use ::clickhouse::{Client, Compression};
use otklik_stores::clickhouse::{ClickHouseConfig, ClickHousePosts};
use secrecy::ExposeSecret;

use super::{new_database, with_engine};

#[test]
fn the_engine_understands_every_statement() {
    with_engine(async |chdb| {
        let server = new_database(chdb);
        let client = Client::default()
            .with_url(&server.url)
            .with_user(&server.user)
            .with_password(server.password.expose_secret())
            .with_compression(Compression::None);
        let cluster = ClickHouseConfig { cluster: Some("main".to_owned()), ..server };
        let mut statements = ClickHousePosts::schema(&cluster).unwrap();
        assert_eq!(statements.len(), 10, "database, migrations, and two tables of each");
        statements.push("DELETE FROM posts_local ON CLUSTER 'main' WHERE id IN ('a')".to_owned());
        statements.push("ALTER TABLE posts_local ON CLUSTER 'main' DROP PARTITION '202401'".to_owned());
        statements.push("SELECT DISTINCT partition FROM clusterAllReplicas('main', system.parts)".to_owned());
        for statement in statements {
            let explain = format!("EXPLAIN AST {statement}");
            let read = client.query_raw(&explain).fetch_all::<String>().await;
            assert!(read.as_ref().is_ok_and(|lines| !lines.is_empty()), "{statement}: {read:?}");
        }
        let broken = client.query_raw("EXPLAIN AST CREATE TABEL x").fetch_all::<String>().await;
        assert!(broken.is_err(), "what is no statement is told from one that is");
    });
}
