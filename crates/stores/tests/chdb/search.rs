//! The suite of the port `Search`, and what a search over the cluster has besides.

use otklik_ports::{PartitionPosition, Search, SearchBatch, SearchQuery, conformance, conformance::rows};
use otklik_stores::clickhouse::ClickHouseSearch;

use super::{new_database, with_engine};

#[test]
fn search_conforms() {
    with_engine(async |chdb| {
        let make = async || ClickHouseSearch::open(&new_database(chdb)).await.unwrap();
        conformance::search::suite(make).await;
    });
}

#[test]
fn words_are_looked_up_in_the_index() {
    with_engine(async |chdb| {
        let config = new_database(chdb);
        let search = ClickHouseSearch::open(&config).await.unwrap();
        let text = |n: usize| {
            if n == 4_321 { "В парке живёт каракатица" } else { "На дороге яма" }
        };
        let rows = (0..5_000).map(|n| rows::row(&format!("vk:{n}"), "2024-03-01T12:00:00Z", text(n))).collect();
        let next = PartitionPosition { partition: 0, offset: 5_000 };
        search.write(SearchBatch { rows, deleted: vec![], next }).await.unwrap();
        let query = SearchQuery { text: "каракатицы".to_owned(), limit: 10, ..SearchQuery::default() };
        assert_eq!(search.query(&query).await.unwrap().hits[0].id.as_str(), "vk:4321");
        let client = super::endpoint::client(chdb).with_database(&config.database);
        let plan = "EXPLAIN indexes = 1 SELECT count() FROM search FINAL WHERE hasAllTokens(stems, ['каракатиц'])";
        let plan = client.query(plan).fetch_all::<String>().await.unwrap().join("\n");
        assert!(plan.contains("stems_text"), "{plan}");
        let read =
            plan.lines().skip_while(|line| !line.contains("Name: stems_text")).find(|line| line.contains("Granules:"));
        let read = read.and_then(|line| line.rsplit(' ').next()?.split_once('/')).unwrap();
        let (read, all): (u32, u32) = (read.0.parse().unwrap(), read.1.parse().unwrap());
        assert!(read * 5 < all, "of {all} pieces {read} are read: {plan}");
    });
}
