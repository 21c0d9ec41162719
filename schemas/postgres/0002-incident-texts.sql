-- Title and name of the place of each incident in small letters, apart from the rest: counts of a growing event are
-- written often, its words seldom, and the index of words is the dearest one. Needs the right to create on the database;
-- pg_trgm is in PostgreSQL's own set of extensions.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE incident_texts (
    n BIGINT PRIMARY KEY REFERENCES incidents (n),
    text TEXT NOT NULL
);
CREATE INDEX incident_texts_by_trigram ON incident_texts USING gin (text gin_trgm_ops);
