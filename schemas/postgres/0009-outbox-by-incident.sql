-- What was told of an incident, for when it is told anew without the words of a deleted post. The id comes first in the
-- JSON; it is cut out as text, since a title may hold an escape that PostgreSQL's own JSON refuses.
CREATE INDEX outbox_by_incident ON outbox ((substring(incident FROM '^\{"id":"([^"]*)"')));
