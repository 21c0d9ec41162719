//! Which crate may use which: the table of floors, held against `cargo metadata`. An arrow only ever points down.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use otklik_tests::repository;

/// Each crate with those it may use by itself; what those may use comes with them.
const FLOORS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("text", &["domain"]),
    ("engine", &["text"]),
    ("wire", &["domain"]),
    ("ports", &["domain"]),
    ("sources", &["ports", "wire"]),
    ("stores", &["ports", "wire"]),
    ("pipeline", &["ports", "wire", "engine"]),
    ("web", &["ports", "engine", "wire"]),
    ("otklik", &["sources", "stores", "pipeline", "web"]),
];

/// Foreign crates that would bring formats, tasks or the outside world into the crate named.
const KEPT_OUT: [(&str, &[&str]); 4] = [
    ("domain", &["serde", "serde_json", "tokio", "futures", "async-trait", "toml", "reqwest", "tracing"]),
    ("text", &["tokio", "futures", "async-trait", "reqwest", "tracing", "jiff"]),
    ("engine", &["tokio", "futures", "async-trait", "reqwest", "tracing"]),
    ("wire", &["tokio", "futures", "async-trait", "reqwest", "tracing"]),
];

/// Engines and networks, and the only crate that may know each.
const KNOWN_TO_ONE: [(&str, &str); 9] = [
    ("clickhouse", "stores"),
    ("deadpool-postgres", "stores"),
    ("fjall", "stores"),
    ("libloading", "stores"),
    ("rdkafka", "stores"),
    ("rusqlite", "stores"),
    ("tantivy", "stores"),
    ("tokio-postgres", "stores"),
    ("utoipa-axum", "web"),
];

fn workspace() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(repository().join("Cargo.toml")).no_deps().other_options(["--offline".to_owned()]);
    command.exec().unwrap()
}

/// The crates of the product: those in `crates/`.
fn crates(workspace: &Metadata) -> BTreeMap<String, &Package> {
    let floor = |package: &&Package| package.manifest_path.starts_with(repository().join("crates"));
    workspace.packages.iter().filter(floor).map(|package| (short(&package.name), package)).collect()
}

fn short(name: &str) -> String {
    name.strip_prefix("otklik-").unwrap_or(name).to_owned()
}

/// Names of what a crate uses in the product, the tests' needs aside.
fn used(package: &Package) -> BTreeSet<String> {
    let product = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    product.map(|dependency| dependency.name.clone()).collect()
}

/// Crates that a crate may use, those of its own row and all below them.
fn allowed(name: &str) -> BTreeSet<&'static str> {
    let row = FLOORS.iter().find(|(own, _)| *own == name).map_or(&[][..], |(_, row)| row);
    row.iter().flat_map(|below| allowed(below).into_iter().chain([*below])).collect()
}

#[test]
fn every_crate_has_its_floor() {
    let workspace = workspace();
    let crates: BTreeSet<String> = crates(&workspace).into_keys().collect();
    let table: BTreeSet<String> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(crates, table);
}

#[test]
fn arrows_point_down() {
    let workspace = workspace();
    for (name, package) in crates(&workspace) {
        let allowed = allowed(&name);
        for other in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let other_name = short(&other.name);
            // A test may also stand on what the crate's own floor stands on, never on a crate beside or above it.
            let for_tests = other.kind == DependencyKind::Development && allowed_in_tests(&name, &other_name);
            assert!(
                for_tests || allowed.contains(other_name.as_str()),
                "{name} uses {other_name}: it may use {allowed:?} only"
            );
        }
    }
}

fn allowed_in_tests(name: &str, other: &str) -> bool {
    let floor = |of: &str| FLOORS.iter().position(|(own, _)| *own == of).unwrap();
    floor(other) < floor(name) && !PEERS.iter().any(|peers| peers.contains(&name) && peers.contains(&other))
}

/// Crates side by side on a floor.
const PEERS: [&[&str]; 2] = [&["sources", "stores", "pipeline", "web"], &["engine", "wire", "ports"]];

#[test]
fn the_table_keeps_peers_apart() {
    for peers in PEERS {
        for name in peers {
            let allowed = allowed(name);
            assert!(peers.iter().all(|peer| !allowed.contains(peer)), "{name}: {allowed:?}");
        }
    }
}

#[test]
fn the_core_stays_pure() {
    let workspace = workspace();
    let crates = crates(&workspace);
    for (name, kept_out) in KEPT_OUT {
        let used = used(crates[name]);
        let found: Vec<&&str> = kept_out.iter().filter(|foreign| used.contains(**foreign)).collect();
        assert!(found.is_empty(), "{name} must not depend on {found:?}");
    }
}

#[test]
fn engines_are_known_to_their_adapter_only() {
    let workspace = workspace();
    for (name, package) in crates(&workspace) {
        for (foreign, owner) in KNOWN_TO_ONE {
            assert!(name == owner || !used(package).contains(foreign), "{name} uses {foreign}, which is for {owner}");
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let mut idle = Vec::new();
    for package in &workspace().packages {
        let folder = package.manifest_path.parent().unwrap();
        let code = source(folder.as_std_path());
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            let is_named = code.contains(&format!("{name}::")) || code.contains(&format!("use {name}"));
            if !is_named {
                idle.push(format!("{} depends on {} and never names it", package.name, dependency.name));
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// All Rust code below a folder.
fn source(folder: &std::path::Path) -> String {
    let mut code = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code.push_str(&source(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    code
}
