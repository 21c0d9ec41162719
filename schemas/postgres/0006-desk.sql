-- Accounts, sessions, tokens, replies to requests that may come again.
CREATE TABLE accounts (
    login TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C",
    password_hash TEXT NOT NULL,
    active BOOLEAN NOT NULL
);

CREATE TABLE sessions (
    hash TEXT COLLATE "C" PRIMARY KEY,
    login TEXT COLLATE "C" NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE tokens (
    name TEXT COLLATE "C" PRIMARY KEY,
    hash TEXT COLLATE "C" NOT NULL UNIQUE,
    role TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked BOOLEAN NOT NULL
);

CREATE TABLE replies (
    key TEXT COLLATE "C" PRIMARY KEY,
    request TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX replies_by_time ON replies (at);
