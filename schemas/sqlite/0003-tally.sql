-- How many incidents there are of each kind, kept up with every change: totals of lists and boards come from here. Text
-- that is not there is '', a rating that is not there 0.
CREATE TABLE tally (
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    agency TEXT NOT NULL,
    block TEXT NOT NULL,
    municipality TEXT NOT NULL,
    severity INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (region, state, agency, block, municipality, severity, overdue, answered, rating)
) STRICT, WITHOUT ROWID;
