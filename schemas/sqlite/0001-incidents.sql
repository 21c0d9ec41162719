-- Incidents as they stand. Times are microseconds since 1970. What a query filters or sorts on is a column; `route` and
-- `clocks` are JSON.
CREATE TABLE incidents (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    region TEXT NOT NULL,
    event TEXT NOT NULL,
    post TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    topic TEXT,
    block TEXT NOT NULL,
    place TEXT,
    place_name TEXT NOT NULL,
    municipality TEXT,
    lat REAL,
    lon REAL,
    severity INTEGER NOT NULL,
    state TEXT NOT NULL,
    resume_to TEXT,
    postponed_until INTEGER,
    agency TEXT,
    route TEXT NOT NULL,
    policy TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    posts INTEGER NOT NULL,
    authors INTEGER NOT NULL,
    risk REAL NOT NULL,
    clocks TEXT NOT NULL,
    merged_into TEXT,
    repeats TEXT,
    rating INTEGER,
    updated_at INTEGER NOT NULL,
    -- Derived from the state, the clocks and the answers:
    running INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    next_check INTEGER,
    -- The nearest deadline of a running clock; 9223372036854775807 when there is none, so that it sorts last.
    deadline INTEGER NOT NULL,
    first_answer_at INTEGER,
    final_answer_at INTEGER
) STRICT;

-- One index for each order of a list.
CREATE INDEX incidents_by_urgency ON incidents ((severity = 5) DESC, risk DESC, id);
CREATE INDEX incidents_by_deadline ON incidents (deadline, id);
CREATE INDEX incidents_by_updated ON incidents (updated_at DESC, id);
-- Holds all that a filter asks for, so that incidents of a stretch of time are counted without reading them.
CREATE INDEX incidents_by_opened
    ON incidents (opened_at DESC, id, region, state, agency, block, municipality, severity, overdue);

-- One index for each field that can narrow a list.
CREATE INDEX incidents_by_state ON incidents (state);
CREATE INDEX incidents_by_region ON incidents (region, state);
CREATE INDEX incidents_by_agency ON incidents (agency, state);
CREATE INDEX incidents_by_municipality ON incidents (municipality, state);
CREATE INDEX incidents_by_block ON incidents (block, state);
CREATE INDEX incidents_overdue ON incidents (deadline, id) WHERE overdue = 1;

CREATE INDEX incidents_to_check ON incidents (next_check, id) WHERE next_check IS NOT NULL;
CREATE INDEX incidents_running_like ON incidents (region, topic, place, opened_at DESC, id) WHERE running = 1;
CREATE INDEX incidents_answered ON incidents (final_answer_at, first_answer_at, opened_at)
    WHERE final_answer_at IS NOT NULL;
