//! What operators are given names what is there: metrics the code counts, headings the runbook has, options the binary takes.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use otklik_tests::{files, otklik, repository};

/// Words of the source that begin like a metric.
fn metrics_of(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("otklik_"));
    words
        .filter(|word| word.ends_with("_total") || word.ends_with("_seconds") || word.ends_with("_records"))
        .map(str::to_owned)
        .collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).expect("the file is there")
}

#[test]
fn alerts_boards_and_runbook_name_metrics_that_are_counted() {
    let counted: BTreeSet<String> = files()
        .iter()
        .filter(|file| file.is("rs") && !file.is_test())
        .flat_map(|file| metrics_of(file.text.as_deref().unwrap_or_default()))
        .collect();
    assert!(counted.len() > 4, "{counted:?}");
    for path in ["docker/prometheus/rules.yml", "docker/grafana/dashboards/otklik.json", "docs/operations.md"] {
        let named = metrics_of(&read(path));
        assert!(!named.is_empty(), "{path} names no metric");
        let unknown: Vec<_> = named.difference(&counted).collect();
        assert!(unknown.is_empty(), "{path} names what nothing counts: {unknown:?}");
    }
    let told = metrics_of(&read("docs/operations.md"));
    let untold: Vec<_> = counted.difference(&told).collect();
    assert!(untold.is_empty(), "docs/operations.md does not tell of {untold:?}");
}

#[test]
fn every_alert_leads_to_a_chapter_of_the_runbook() {
    let headings: BTreeSet<String> = read("docs/operations.md")
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-").replace(',', ""))
        .collect();
    let rules = read("docker/prometheus/rules.yml");
    let alerts = rules.lines().filter(|line| line.trim_start().starts_with("- alert:")).count();
    let chapters: Vec<&str> =
        rules.lines().filter_map(|line| Some(line.split_once("docs/operations.md#")?.1.trim())).collect();
    assert_eq!(chapters.len(), alerts, "an alert without a chapter");
    let missing: Vec<_> = chapters.iter().filter(|chapter| !headings.contains(**chapter)).collect();
    assert!(missing.is_empty(), "no such chapters: {missing:?}");
}

#[test]
fn services_call_commands_that_exist() {
    let mut called = 0;
    for name in ["otklik.service", "otklik-backup.service"] {
        for line in read(&format!("docker/systemd/{name}")).lines() {
            let Some((_, command)) = line.split_once("/usr/bin/otklik ") else { continue };
            let command: Vec<&str> = command.split_whitespace().collect();
            let help = otklik([command[0], "--help"]).run().with_code(0);
            for option in command.iter().filter(|word| word.starts_with("--")) {
                assert!(help.stdout.contains(option), "{name}: {option} is no option of {}", command[0]);
            }
            called += 1;
        }
    }
    assert!(called >= 3);
}

/// What `docker compose config` would refuse is found by hand here, for no container engine runs where these tests do.
#[test]
fn compose_names_what_is_there() {
    let compose = read("docker/compose.yml");
    let is_key = |line: &str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let keys: BTreeSet<&str> =
        compose.lines().filter(|line| is_key(line)).map(|line| line.trim().trim_end_matches(':')).collect();
    for service in ["kafka", "clickhouse", "postgres", "crawl", "stages", "desk", "prometheus", "grafana"] {
        assert!(keys.contains(service), "no service {service}");
    }
    for mount in compose.lines().filter_map(|line| line.trim().strip_prefix("- ./")) {
        let path = format!("docker/{}", mount.split(':').next().unwrap_or_default());
        assert!(repository().join(&path).exists(), "{path} is mounted and not there");
    }
    for volume in
        compose.lines().filter_map(|line| line.trim().strip_prefix("- ")).filter(|line| !line.starts_with('.'))
    {
        let Some((name, path)) = volume.split_once(':') else { continue };
        assert!(!path.starts_with('/') || keys.contains(name), "volume {name} is not declared");
    }
    let needed =
        compose.lines().filter_map(|line| line.split_once("condition: service_healthy")?.0.trim().split(':').next());
    assert!(needed.clone().count() >= 3 && needed.into_iter().all(|service| keys.contains(service)));
    let images: Vec<&str> = compose.lines().filter_map(|line| line.trim().strip_prefix("image: ")).collect();
    assert!(images.iter().all(|image| image.contains(':') && !image.ends_with(":latest")), "{images:?}");
    let targets = read("docker/prometheus/prometheus.yml");
    let targets: Vec<&str> = targets.split('"').filter_map(|word| word.strip_suffix(":8080")).collect();
    assert!(targets.len() == 3 && targets.iter().all(|target| keys.contains(target)), "{targets:?}");

    let help = otklik(["run", "--help"]).run().with_code(0);
    let commands: Vec<&str> =
        compose.lines().filter_map(|line| line.trim().strip_prefix("command: [\"run\"")).collect();
    let roles = commands.iter().flat_map(|command| command.rsplit('"').nth(1).unwrap_or_default().split(','));
    let roles: Vec<&str> = roles.collect();
    assert_eq!(roles, ["crawl", "analyse", "group", "store", "desk"], "each role has its process");
    assert!(roles.iter().all(|role| help.stdout.contains(role)));
}

#[test]
fn the_configuration_of_the_containers_is_fine() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = folder.path().join("secrets.sh");
    std::fs::copy(repository().join("docker/compose/secrets.sh"), &script).expect("it can be copied");
    let made = std::process::Command::new(&script).status().expect("it runs");
    assert!(made.success());
    let secrets = folder.path().join("secrets");
    for line in read("docker/compose.yml").lines().filter(|line| line.contains("./compose/secrets/")) {
        let name = line.trim().split(':').next().unwrap_or_default();
        let secret = std::fs::read(secrets.join(name)).expect("the script makes each secret");
        assert_eq!(secret.len(), 64, "{name}");
    }
    let config = read("docker/compose/otklik.toml").replace("/run/secrets", &secrets.display().to_string());
    let path = folder.path().join("otklik.toml");
    std::fs::write(&path, config).expect("it can be written");
    otklik(["check", "--config"]).arg(&path).run().with_code(0).mentions("region demo is fine");
}
