-- Events as they stand. The highest version of an id counts; queries say FINAL.
CREATE TABLE IF NOT EXISTS events
(
    id String,
    version UInt64,
    region LowCardinality(String),
    title String CODEC(ZSTD(1)),
    summary String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    block LowCardinality(String),
    place String,
    place_name String,
    municipality LowCardinality(String),
    lat Nullable(Float64),
    lon Nullable(Float64),
    severity UInt8,
    danger Array(String),
    origin String,
    first_at DateTime64(3, 'UTC'),
    last_at DateTime64(3, 'UTC'),
    posts UInt32,
    authors UInt32,
    appeals UInt32,
    complaints UInt32,
    views UInt64,
    networks Map(LowCardinality(String), UInt32),
    risk Float32,
    harm Float32,
    growth Float32,
    unanswered Float32,
    merged Array(String)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
SETTINGS
    index_granularity = 256,
    non_replicated_deduplication_window = 1000
