-- Words of posts for searches over a whole cluster, with what a search filters and counts by; filled when `search` is
-- "clickhouse". Stems are made by the program, as those of the index in the folder are: ClickHouse has no Russian ones.
-- In their order, since a phrase is a run of them. The highest version of an id counts; queries say FINAL.
CREATE TABLE IF NOT EXISTS search
(
    id String,
    version UInt64,
    published_at DateTime64(3, 'UTC'),
    region LowCardinality(String),
    block LowCardinality(String),
    topic LowCardinality(String),
    municipality LowCardinality(String),
    network LowCardinality(String),
    sentiment LowCardinality(String),
    intent LowCardinality(String),
    stems Array(String) CODEC(ZSTD(1)),
    forms Array(String) CODEC(ZSTD(1)),
    INDEX stems_text stems TYPE text(tokenizer = 'array')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
SETTINGS
    index_granularity = 256
