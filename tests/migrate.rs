//! `otklik migrate`: a deployment's incidents, accounts and tokens move from its folder to PostgreSQL, and the desk and the API
//! say of them what they said before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[allow(dead_code, reason = "what only the suite of the store needs")]
#[path = "../crates/stores/tests/postgres/server.rs"]
mod postgres;

use std::{fs, time::Duration};

use otklik_tests::{Deployment, Served, demo_day, missing_libchdb, otklik, skipped};
use serde_json::Value;

const SEED: u64 = 20_261_122;
const POSTS: u64 = 1_500;
const PASSWORD: &str = "четырнадцать дождливых ночей\n";
/// Incidents whose histories are compared.
const HISTORIES: usize = 25;

#[test]
fn a_deployment_moves_to_postgresql() {
    if let Some(reason) = missing_libchdb() {
        return skipped("migrate", &reason);
    }
    let Some(server) = postgres::Server::start("migrate") else { return };
    let deployment = Deployment::new();
    // The day lies ahead, so that no clock moves on between the two looks.
    let day = demo_day(SEED, POSTS).replace("2026-03-25T", "2098-03-26T");
    deployment.replay(day).run().with_code(2);
    let token = Served::token(&deployment);
    let accounts = [("anna", "Анна", "operator"), ("olga", "Ольга", "analyst")];
    for (login, name, role) in accounts {
        let put = otklik(["account", "--config"]).arg(deployment.config()).arg("put").arg(login);
        put.arg("--name").arg(name).arg("--role").arg(role).arg("--password").input(PASSWORD).run().with_code(0);
    }
    let before = ask(Served::start(&deployment, &token, ""));
    assert!(before.len() > HISTORIES, "the day is too quiet: {before:?}");

    let secret = deployment.folder().join("postgres.secret");
    fs::write(secret, postgres::PASSWORD).unwrap();
    let address = server.database();
    let postgres = format!("[incidents.postgres]\nurl = \"{address}\"\npassword-file = \"postgres.secret\"\n");
    let config = deployment.folder().join("migrated.toml");
    fs::write(&config, fs::read_to_string(deployment.config()).unwrap() + &postgres).unwrap();
    let migrate = || otklik(["migrate", "--config"]).arg(&config).run();
    let moved = migrate().with_code(0).mentions("tables are in PostgreSQL, each table compared");
    let rows = |table: &str| {
        let line = moved.stdout.lines().find(|line| line.starts_with(&format!("{table}\t")));
        line.unwrap().split('\t').nth(1).unwrap().to_owned()
    };
    assert_eq!(rows("accounts"), accounts.len().to_string());
    assert_eq!(rows("incidents"), server.ask(&address, "SELECT count(*) FROM incidents"));
    migrate().with_code(1).mentions("has rows already");

    let after = ask(Served::start(&deployment, &token, &postgres));
    for (path, reply) in &before {
        let other = after.iter().find(|(other, _)| other == path).map(|(_, reply)| reply);
        assert_eq!(other, Some(reply), "{path}");
    }
    let listed = otklik(["account", "--config"]).arg(&config).arg("list").run().with_code(0);
    assert!(accounts.iter().all(|(login, ..)| listed.stdout.contains(login)), "{}", listed.stdout);
}

/// What the API says of incidents and their histories, by path; then the deployment is ended.
fn ask(served: Served) -> Vec<(String, Value)> {
    let get = |path: &str| {
        let (status, body) = served.ask("GET", path, "").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    let mut said = Vec::new();
    let list = "/api/v1/incidents?order=opened&limit=100".to_owned();
    let incidents = get(&list);
    let ids: Vec<String> = incidents["incidents"].as_array().unwrap().iter().map(id).collect();
    said.push((list, incidents));
    for id in ids.iter().take(HISTORIES) {
        for path in [format!("/api/v1/incidents/{id}"), format!("/api/v1/incidents/{id}/history")] {
            let body = get(&path);
            said.push((path, body));
        }
    }
    served.process.signal("TERM");
    served.process.end_within(Duration::from_secs(60)).with_code(0);
    said
}

fn id(incident: &Value) -> String {
    incident["id"].as_str().unwrap().to_owned()
}
