-- What was told of an incident, for when it is told anew without the words of a deleted post.
CREATE INDEX outbox_by_incident ON outbox (json_extract(incident, '$.id'));
