//! How the stages batch, read from `pipelines/*.toml`.

use std::time::Duration;

use serde::Deserialize;

/// Settings of the stages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Topology {
    /// Reads posts.
    pub analyse: StageSettings,
    /// Puts them into events.
    pub group: StageSettings,
    /// Writes them to the stores.
    pub store: StageSettings,
    /// Makes incidents of them.
    pub incidents: StageSettings,
    /// Records after which the grouping state is saved.
    pub snapshot_records: u64,
    /// Records a stage may be behind before intake waits for it.
    pub lag_records_max: u64,
}

/// Settings of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StageSettings {
    /// Most records of one batch.
    pub batch_records: usize,
    /// How long to wait after a batch that was far from full, so that writes do not become many and small.
    pub linger_ms: u64,
}

impl StageSettings {
    pub(crate) fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }
}

/// Why a topology cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TopologyError {
    /// Line from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Topology {
    /// Reads a topology.
    ///
    /// # Errors
    /// A key that is not known or missing, or a number out of range.
    pub fn parse(content: &str) -> Result<Self, TopologyError> {
        let topology: Self = toml::from_str(content).map_err(|error| TopologyError {
            line: line_of(content, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let stages = [
            ("analyse", topology.analyse),
            ("group", topology.group),
            ("store", topology.store),
            ("incidents", topology.incidents),
        ];
        for (name, settings) in stages {
            let problem = if !(1..=20_000).contains(&settings.batch_records) {
                Some("batch-records must be 1 to 20000")
            } else if settings.linger_ms > 60_000 {
                Some("linger-ms must be at most 60000")
            } else {
                None
            };
            if let Some(problem) = problem {
                let at = content.find(&format!("[{name}]")).unwrap_or_default();
                return Err(TopologyError { line: line_of(content, at), message: format!("{name}: {problem}") });
            }
        }
        Ok(topology)
    }
}

fn line_of(content: &str, byte: usize) -> usize {
    content.bytes().take(byte).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../pipelines/default.toml");

    #[test]
    fn the_shipped_topology_is_fine() {
        assert!(Topology::parse(SHIPPED).is_ok());
    }

    /// Refuses a topology, and names the line that is about `at`.
    fn check(changed: &str, expected: &str, at: &str) {
        assert_ne!(changed, SHIPPED);
        let error = Topology::parse(changed).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
        let line = changed.lines().nth(error.line - 1).unwrap_or_default();
        assert!(line.contains(at), "{error}: that line is {line:?}, not {at:?}");
        assert!(error.to_string().starts_with(&format!("line {}: ", error.line)));
    }

    /// The shipped topology with another value of a stage's setting.
    fn with(stage: &str, key: &str, value: u64) -> String {
        let (before, own) = SHIPPED.split_once(&format!("[{stage}]")).unwrap();
        let line = own.lines().find(|line| line.starts_with(key)).unwrap();
        format!("{before}[{stage}]{}", own.replacen(line, &format!("{key} = {value}"), 1))
    }

    #[test]
    fn each_number_out_of_range_is_told_with_its_stage() {
        for stage in ["analyse", "group", "store", "incidents"] {
            let refused = |key: &str, value: u64, expected: &str| {
                check(&with(stage, key, value), &format!("{stage}: {expected}"), &format!("[{stage}]"));
            };
            refused("batch-records", 0, "batch-records must be 1 to 20000");
            refused("batch-records", 20_001, "batch-records must be 1 to 20000");
            refused("linger-ms", 60_001, "linger-ms must be at most 60000");
            assert!(Topology::parse(&with(stage, "batch-records", 20_000)).is_ok());
            assert!(Topology::parse(&with(stage, "linger-ms", 60_000)).is_ok());
        }
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        let check =
            |from: &str, to: &str, expected: &str, at: &str| check(&SHIPPED.replacen(from, to, 1), expected, at);
        check("batch-records", "batch-record", "unknown field `batch-record`", "batch-record =");
        check("[group]", "[gruop]", "unknown field `gruop`", "[gruop]");
        check("snapshot-records = ", "snapshot-records = -", "invalid value", "snapshot-records = -");
        check("lag-records-max = ", "lag-records-max = many # ", "", "lag-records-max = many");
        check("batch-records = ", "batch-records = \"some\" # ", "invalid type", "batch-records = \"some\"");
        check("[store]\n", "[store]\n[store]\n", "duplicate", "[store]");
        check("[incidents]", "[[incidents]]", "invalid type", "incidents");
    }

    #[test]
    fn a_missing_stage_is_told() {
        let (before, _) = SHIPPED.split_once("[incidents]").unwrap();
        let error = Topology::parse(before).unwrap_err();
        assert!(error.message.contains("missing field `incidents`"), "{error}");
    }
}
