-- Title and name of the place of each incident in small letters, apart from the rest, so that a search reads little.
CREATE TABLE incident_texts (
    n INTEGER PRIMARY KEY REFERENCES incidents (n),
    text TEXT NOT NULL
) STRICT;
