-- Posts with what was read from them. The highest version of an id counts; queries say FINAL.
-- What is filtered, counted or summed by is a column; everything else is in `details`, since each column costs time at
-- every insert and merge.
-- Sorted by id, so that reading, moving and deleting posts by id is cheap; small granules for the same reason.
-- A post whose publication month changes is deleted from the old month by the writer: FINAL works within a month.
CREATE TABLE IF NOT EXISTS posts
(
    id String,
    version UInt64,
    published_at DateTime64(3, 'UTC'),
    region LowCardinality(String),
    network LowCardinality(String),
    kind LowCardinality(String),
    community_name LowCardinality(String),
    author_key String,
    text String CODEC(ZSTD(1)),
    views UInt64,
    labels Map(LowCardinality(String), String),
    block LowCardinality(String),
    topic LowCardinality(String),
    topics Array(LowCardinality(String)),
    municipality LowCardinality(String),
    language LowCardinality(String),
    intent LowCardinality(String),
    sentiment LowCardinality(String),
    severity UInt8,
    event_id String,
    details String COMMENT 'JSON: the post without its text, its analysis and its group, each with all its evidence' CODEC(ZSTD(1)),
    INDEX event_id_filter event_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(published_at)
ORDER BY id
SETTINGS
    index_granularity = 256,
    non_replicated_deduplication_window = 1000,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1
