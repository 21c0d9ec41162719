-- What belongs to an incident: its events, its history, the answers given. `link` and `answer` keep the order of writing.
CREATE TABLE incident_events (
    link INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    n INTEGER NOT NULL REFERENCES incidents (n),
    UNIQUE (event, n)
) STRICT;
CREATE INDEX incident_events_by_incident ON incident_events (n);

CREATE TABLE changes (
    n INTEGER NOT NULL REFERENCES incidents (n),
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    note TEXT NOT NULL,
    agency TEXT,
    PRIMARY KEY (n, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    answer INTEGER PRIMARY KEY,
    n INTEGER NOT NULL REFERENCES incidents (n),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    url TEXT
) STRICT;
CREATE INDEX answers_by_incident ON answers (n);
