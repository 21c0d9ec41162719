-- How far the log is in `search`: the partition, and the first offset that is not.
CREATE TABLE IF NOT EXISTS search_positions
(
    id String,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
