-- How far a consumer of the log has come: first offset not handled.
CREATE TABLE checkpoints (
    consumer TEXT COLLATE "C" NOT NULL,
    partition BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    PRIMARY KEY (consumer, partition)
);
