//! The loopback endpoint with the official client.

use ::clickhouse::{Client, Compression, Row, error::Error};
use otklik_domain::Event;
use otklik_ports::{ErrorKind, PostBatch, Posts, conformance::rows};
use otklik_stores::{chdb::Chdb, clickhouse::ClickHousePosts};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{new_database, new_posts, with_engine};

const HOSTILE: [&str; 12] = [
    "",
    "'",
    "\\",
    "\\' OR 1=1 --",
    "line\nline\r\n\ttab",
    "'; DROP TABLE posts; --",
    "{a:String} ? ?? `x` \"y\"",
    "\u{0}\u{1}\u{7f}",
    "🚧 e\u{301} ё",
    "\\N",
    "NULL",
    "--clickhouse-rs-boundary\r\n\r\n",
];

pub(super) fn client(chdb: &Chdb) -> Client {
    let server = chdb.server("default");
    Client::default()
        .with_url(server.url)
        .with_user(server.user)
        .with_password(server.password.expose_secret())
        .with_compression(Compression::None)
}

fn code(result: Result<impl Sized, Error>) -> String {
    match result {
        Err(Error::BadResponse(response)) => response.split('.').next().unwrap().to_owned(),
        Err(error) => error.to_string(),
        Ok(_) => "no error".to_owned(),
    }
}

#[test]
fn parameters_arrive_as_they_are() {
    with_engine(async |chdb| {
        let client = client(chdb);
        for text in HOSTILE {
            let got: String = client.query("SELECT {a:String}").param("a", text).fetch_one().await.unwrap();
            assert_eq!(got, text);
        }
        let got: Vec<String> =
            client.query("SELECT {a:Array(String)}").param("a", &HOSTILE[..]).fetch_one().await.unwrap();
        assert_eq!(got, HOSTILE);
    });
}

#[derive(Row, Serialize, Deserialize)]
struct Text {
    number: u32,
    text: String,
}

#[test]
fn rows_arrive_as_they_are() {
    // Lengths of 10 and 32 bytes are a line break and a space to whoever looks for the end of the data in it.
    let lengths = (0..300).map(|length| ";\n\n FORMAT Values (1);".chars().cycle().take(length).collect());
    let texts: Vec<String> = HOSTILE.iter().map(|text| text.to_string()).chain(lengths).collect();
    with_engine(async |chdb| {
        let client = client(chdb);
        let create = "CREATE OR REPLACE TABLE texts (number UInt32, text String) ENGINE = Memory";
        client.query(create).execute().await.unwrap();
        for validated in [true, false] {
            client.query("TRUNCATE TABLE texts").execute().await.unwrap();
            let client = client.clone().with_validation(validated);
            let mut insert = client.insert::<Text>("texts").await.unwrap();
            for (number, text) in (0..).zip(&texts) {
                insert.write(&Text { number, text: text.clone() }).await.unwrap();
            }
            insert.end().await.unwrap();
            let got = client.query("SELECT ?fields FROM texts ORDER BY number").fetch_all::<Text>().await.unwrap();
            let got: Vec<String> = got.into_iter().map(|row| row.text).collect();
            assert_eq!(got, texts);
        }
    });
}

#[test]
fn errors_come_with_their_code() {
    with_engine(async |chdb| {
        let client = client(chdb);
        let run = async |sql: &str| code(client.query(sql).execute().await);
        assert_eq!(run("SELECT nothing").await, "Code: 47");
        assert_eq!(run("SELECT * FROM nowhere").await, "Code: 60");
        assert_eq!(run("SELECT 1 +").await, "Code: 62");
        assert_eq!(run("SELECT throwIf(1)").await, "Code: 395");
        assert_eq!(code(client.clone().with_database("nowhere").query("SELECT 1").execute().await), "Code: 81");
        assert_eq!(code(client.query("SELECT {a:UInt8}").param("a", "many").execute().await), "Code: 457");
        let mut insert = client.clone().with_validation(false).insert::<Text>("nowhere").await.unwrap();
        // The refusal may come before the end of the data or after it.
        let written = insert.write(&Text { number: 1, text: String::new() }).await;
        let ended = insert.end().await;
        assert_eq!(code(written.and(ended)), "Code: 60");
        assert_eq!(run("SELECT 1").await, "no error");
    });
}

#[test]
fn settings_are_those_of_the_query() {
    with_engine(async |chdb| {
        let client = client(chdb);
        let rows = || client.query("SELECT number FROM numbers(100)");
        let limited = rows().with_setting("max_result_rows", "10").with_setting("result_overflow_mode", "throw");
        assert_eq!(code(limited.fetch_all::<u64>().await), "Code: 396");
        for _ in 0..8 {
            assert_eq!(rows().fetch_all::<u64>().await.unwrap().len(), 100);
        }
        assert_eq!(code(rows().with_setting("no_such_setting", "1").fetch_all::<u64>().await), "Code: 115");
        assert_eq!(code(rows().with_setting("a = 1, b", "1").fetch_all::<u64>().await), "Code: 36");
        assert_eq!(code(rows().with_setting("session_id", "1").fetch_all::<u64>().await), "Code: 36");
        let slow = "SELECT sleepEachRow(0.01) FROM numbers(1000) SETTINGS max_block_size = 10";
        let slow = client.query(slow).with_setting("max_execution_time", "1");
        assert_eq!(code(slow.fetch_all::<u8>().await), "Code: 159");
        assert_eq!(rows().fetch_all::<u64>().await.unwrap().len(), 100);
        let memory = client.query("SELECT toUInt64(getSetting('max_memory_usage'))").fetch_one::<u64>().await.unwrap();
        assert_eq!(memory, 300_000_000, "the engine's own limits stay");
        let huge = client.query("SELECT length(groupArray(number)) FROM numbers(1000000000)");
        assert_eq!(code(huge.fetch_one::<u64>().await), "Code: 241");
    });
}

#[test]
fn strangers_are_refused() {
    with_engine(async |chdb| {
        for (user, password) in [("otklik", "wrong"), ("default", ""), ("otklik", "")] {
            let stranger = client(chdb).with_user(user).with_password(password);
            assert_eq!(code(stranger.query("SELECT 1").execute().await), "Code: 516");
        }
        let mut config = new_database(chdb);
        config.password = "wrong".to_owned().into();
        let error = ClickHousePosts::open(&config).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(!error.message.contains("wrong"));
        config.database = "x; DROP DATABASE default".to_owned();
        assert_eq!(ClickHousePosts::open(&config).await.err().unwrap().kind, ErrorKind::Rejected);
        config.url = "http://127.0.0.1:1".to_owned();
        config.database = "x".to_owned();
        assert_eq!(ClickHousePosts::open(&config).await.err().unwrap().kind, ErrorKind::Unavailable);
    });
}

#[test]
fn more_queries_than_sessions_wait() {
    with_engine(async |chdb| {
        let client = client(chdb);
        let queries = (0..20).map(|number: u64| {
            let query = client.query("SELECT {n:UInt64} + sleep(0.05)").param("n", number);
            tokio::spawn(query.fetch_one::<u64>())
        });
        for (number, query) in (0..).zip(queries.collect::<Vec<_>>()) {
            assert_eq!(query.await.unwrap().unwrap(), number);
        }
    });
}

#[test]
fn migrations_run_once_and_opening_again_changes_nothing() {
    with_engine(async |chdb| {
        let config = new_database(chdb);
        let posts = ClickHousePosts::open(&config).await.unwrap();
        let row = rows::row("vk:1", "2024-03-01T12:00:00Z", "яма");
        posts.write(PostBatch { rows: vec![row.clone()], ..PostBatch::default() }).await.unwrap();
        let again = ClickHousePosts::open(&config).await.unwrap();
        assert_eq!(again.get(std::slice::from_ref(&row.post.id)).await.unwrap(), [row]);
        let client = client(chdb).with_database(&config.database);
        let applied: u64 = client.query("SELECT count() FROM schema_migrations").fetch_one().await.unwrap();
        assert_eq!(applied, 4);
        let newer = "INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, 'later', 'x')";
        client.query(newer).execute().await.unwrap();
        let error = ClickHousePosts::open(&config).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Rejected);
        assert!(error.message.contains("9999-later"), "{}", error.message);
    });
}

#[test]
fn what_was_deleted_leaves_the_disk() {
    with_engine(async |chdb| {
        let config = new_database(chdb);
        let posts = ClickHousePosts::open(&config).await.unwrap();
        let batch: Vec<_> = (0..100).map(|n| rows::full_row(&format!("vk:{n}"), "2024-03-01T12:00:00Z")).collect();
        let deleted = batch.iter().take(10).map(|row| row.post.id.clone()).collect();
        posts.write(PostBatch { rows: batch, deleted, ..PostBatch::default() }).await.unwrap();
        posts.expire(rows::at("2000-01-01T00:00:00Z")).await.unwrap();
        let client = client(chdb).with_database(&config.database);
        // The rewriting goes on in the background; its end is waited for by asking for it again and waiting.
        let apply = client.query("ALTER TABLE posts APPLY DELETED MASK").with_setting("mutations_sync", "2");
        apply.execute().await.unwrap();
        let rows = client.query("SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase()");
        let rows: u64 = rows.fetch_one().await.unwrap();
        assert_eq!(rows, 90 + 4, "posts and the notes of four migrations");
        let mutations =
            "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND command LIKE '%MASK%'";
        let mutations: u64 = client.query(mutations).fetch_one().await.unwrap();
        assert_eq!(mutations, 2, "the one expire asked for, and the one asked for here");
    });
}

#[test]
fn what_an_event_was_called_goes_with_a_deleted_post() {
    with_engine(async |chdb| {
        let config = new_database(chdb);
        let posts = ClickHousePosts::open(&config).await.unwrap();
        let event = |version, title: &str| Event {
            version,
            title: title.to_owned(),
            ..rows::event("e-1", "2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z")
        };
        let row = rows::row("vk:1", "2024-03-01T12:00:00Z", "яма");
        let before =
            PostBatch { rows: vec![row], events: vec![event(1, "каракатица")], ..PostBatch::default() };
        posts.write(before).await.unwrap();
        let deleted = vec!["vk:1".into()];
        let after = PostBatch { events: vec![event(2, "яма")], deleted, ..PostBatch::default() };
        for _ in 0..2 {
            posts.write(after.clone()).await.unwrap();
            let titles = client(chdb).with_database(&config.database).query("SELECT DISTINCT title FROM events");
            assert_eq!(titles.fetch_all::<String>().await.unwrap(), ["яма"], "all versions");
        }
    });
}

#[test]
fn a_batch_is_deduplicated_by_its_token() {
    with_engine(async |chdb| {
        let config = new_database(chdb);
        let posts = ClickHousePosts::open(&config).await.unwrap();
        let rows =
            vec![rows::row("vk:1", "2024-03-01T12:00:00Z", "яма"), rows::row("vk:2", "2024-04-01T12:00:00Z", "")];
        let batch = PostBatch { rows, token: "0:1-2".to_owned(), ..PostBatch::default() };
        posts.write(batch.clone()).await.unwrap();
        posts.write(batch).await.unwrap();
        let client = client(chdb).with_database(&config.database);
        let inserted = client.query("SELECT count() FROM posts").fetch_one::<u64>().await.unwrap();
        assert_eq!(inserted, 2, "rows before they are merged");
    });
}

#[test]
fn an_aborted_insert_leaves_nothing() {
    with_engine(async |chdb| {
        let posts = new_posts(chdb).await;
        let client = client(chdb);
        let create = "CREATE OR REPLACE TABLE aborted (number UInt32, text String) ENGINE = Memory";
        client.query(create).execute().await.unwrap();
        let mut insert = client.insert::<Text>("aborted").await.unwrap();
        let text = "x".repeat(100_000);
        for number in 0..20 {
            insert.write(&Text { number, text: text.clone() }).await.unwrap();
        }
        drop(insert);
        // Whatever the endpoint does with the rest, other work goes on.
        assert_eq!(posts.count(&Default::default()).await.unwrap(), 0);
        assert_eq!(client.query("SELECT count() FROM aborted").fetch_one::<u64>().await.unwrap(), 0);
    });
}
