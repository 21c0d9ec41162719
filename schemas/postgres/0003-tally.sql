-- How many incidents there are of each kind, kept up with every change: totals of lists and boards come from here. Text
-- that is not there is '', a rating that is not there 0.
CREATE TABLE tally (
    region TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    block TEXT COLLATE "C" NOT NULL,
    municipality TEXT COLLATE "C" NOT NULL,
    severity BIGINT NOT NULL,
    overdue BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    rating BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (region, state, agency, block, municipality, severity, overdue, answered, rating)
) WITH (fillfactor = 50);
