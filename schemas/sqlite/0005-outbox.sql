-- Changes to be told to others: the incident after the change and the change, both as JSON of the log's messages.
-- AUTOINCREMENT: a sequence is never given twice, also when the outbox was emptied.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    incident TEXT NOT NULL,
    change TEXT NOT NULL
) STRICT;

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    agency TEXT,
    actions TEXT NOT NULL,
    secret TEXT NOT NULL,
    active INTEGER NOT NULL,
    delivered_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    delivery INTEGER PRIMARY KEY,
    webhook TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    result TEXT NOT NULL,
    status INTEGER
) STRICT;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook);
CREATE INDEX deliveries_by_sequence ON deliveries (sequence);
