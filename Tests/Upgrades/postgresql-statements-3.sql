SELECT floor(extract(epoch FROM now()) / 86400)::int8;
SELECT c.relname::text, substring(c.relname FROM '^attempt_([0-9]+)$')::int8
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'attempt'::regclass AND c.relname ~ '^attempt_[0-9]+$' ORDER BY 2;
WITH late AS MATERIALIZED (
    SELECT q.event_id, q.webhook_id FROM webhook w
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = w.id AND d.due > '17960574658057410'::int8
        ORDER BY d.due DESC LIMIT '1000'::int8 FOR UPDATE SKIP LOCKED
    ) AS q
    LIMIT '1000'::int8
), recalled AS (
    UPDATE delivery d SET due = CASE WHEN d.owner IS NULL THEN '17960573758057410'::int8 ELSE '17960574058057410'::int8 END
    FROM late l WHERE d.event_id = l.event_id AND d.webhook_id = l.webhook_id
    RETURNING d.webhook_id, d.due
)
SELECT webhook_id, min(due), count(*) FROM recalled GROUP BY webhook_id;
UPDATE webhook_usage SET version = version + 1, paused_until = 0 WHERE paused_until > '17960574658057410'::int8
RETURNING webhook_id;
BEGIN;
INSERT INTO webhook (name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, updated_by, extras, tenant, application, registered, registered_by)
VALUES ('good'::text, '["contact.created"]'::text, 'http://127.0.0.1:9/good'::text, 'http://127.0.0.1:9'::text, 's3cret'::text, '1'::int8, 'webhook'::text, 't'::bool, NULL::text, '{"entries":[]}'::text, '\x2c22576562686f6f6b4e616d65223a22676f6f6422'::bytea, '17960573758230598'::int8, '{"personID":3,"groupIndex":1,"formalName":"","fullName":"Tje Nul","name":"tje0","associateID":5,"deleted":false,"tooltip":"","ejUserID":0,"rank":1,"userName":"tje0","type":"InternalAssociate"}'::text, '{"notifyWhen":0,"notifyVia":0}'::text, 'Default'::text, NULL::text, '17960573758230598'::int8, '{"deleted":false,"type":"InternalAssociate","associateID":5,"name":"tje0","ejUserID":0,"groupIndex":1,"fullName":"Tje Nul","userName":"tje0","personID":3,"rank":1,"formalName":"","tooltip":""}'::text)
RETURNING id;
INSERT INTO webhook_usage (webhook_id) VALUES ('1'::int8);
INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT 'Default'::text, k, '1'::int8 FROM unnest('{contact.created}'::text[]) k;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = '250ms';
WITH RECURSIVE waiting (webhook_id, due) AS (
    (SELECT webhook_id, due FROM delivery WHERE state = 0 ORDER BY webhook_id, due LIMIT 1)
    UNION ALL
    SELECT n.webhook_id, n.due FROM waiting CROSS JOIN LATERAL (
        SELECT d.webhook_id, d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id > waiting.webhook_id
        ORDER BY d.webhook_id, d.due LIMIT 1
    ) AS n
)
SELECT webhook_id, due FROM waiting;
COMMIT;
BEGIN;
INSERT INTO webhook (name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, updated_by, extras, tenant, application, registered, registered_by)
VALUES ('bad'::text, '["contact.created"]'::text, 'http://127.0.0.1:9/bad'::text, 'http://127.0.0.1:9'::text, ''::text, '1'::int8, 'webhook'::text, 't'::bool, NULL::text, '{"entries":[]}'::text, '\x2c22576562686f6f6b4e616d65223a2262616422'::bytea, '17960573758318918'::int8, '{"associateID":5,"type":"InternalAssociate","groupIndex":1,"name":"tje0","personID":3,"rank":1,"fullName":"Tje Nul","formalName":"","ejUserID":0,"deleted":false,"userName":"tje0","tooltip":""}'::text, '{"notifyWhen":0,"notifyVia":0}'::text, 'Default'::text, NULL::text, '17960573758318918'::int8, '{"personID":3,"groupIndex":1,"associateID":5,"rank":1,"ejUserID":0,"name":"tje0","type":"InternalAssociate","fullName":"Tje Nul","deleted":false,"tooltip":"","formalName":"","userName":"tje0"}'::text)
RETURNING id;
INSERT INTO webhook_usage (webhook_id) VALUES ('2'::int8);
INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT 'Default'::text, k, '2'::int8 FROM unnest('{contact.created}'::text[]) k;
COMMIT;
BEGIN;
SELECT pg_advisory_xact_lock_shared(1464353793, 'webhook'::regclass::oid::int4)::text;
WITH input AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, i.*
    FROM unnest('{a682ca8a-28a8-43de-be85-1bdaf8e2a1d9}'::uuid[], '{Default}'::text[], '{contact.created}'::text[], '{contact.created}'::text[], '{NULL}'::text[], '{0}'::int8[], '{"\\x7b224576656e744964223a2261363832636138612d323861382d343364652d626538352d316264616638653261316439222c2254696d657374616d70223a22323032362d31312d33305431363a34393a33362e313338303338365a222c224368616e676573223a5b5d2c224576656e74223a22636f6e746163742e63726561746564222c225072696d6172794b6579223a302c22456e74697479223a22636f6e74616374222c22436f6e746578744964656e746966696572223a2244656661756c74222c224368616e67656442794173736f63696174654964223a35"}'::bytea[], '{"\\x7d"}'::bytea[],
        '{17960573761380386}'::int8[], '{3}'::int8[]) WITH ORDINALITY
        AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
), made AS (
    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
    SELECT i.id, w.id,
        CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
        CASE WHEN NOT w.is_deliverable THEN 'Webhooks of type '''::text || w.type || ''' are not delivered by this service.'::text END
    FROM input i
    CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
    CROSS JOIN LATERAL (
        SELECT webhook_id FROM webhook_event
        WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
            AND event_key = k.key AND tenant = i.tenant OFFSET 0
    ) AS l
    CROSS JOIN LATERAL (
        SELECT id, state, is_deliverable, type, body_suffix FROM webhook
        WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
        OFFSET 0
    ) AS w
    ON CONFLICT DO NOTHING
    RETURNING event_id, webhook_id, state, due
), heard AS (
    SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
), stored AS (
    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT id, created, guid, tenant, name, name_key, body_head, body_tail FROM input
    WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
)
SELECT 0, event_id, deliveries FROM heard
UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
UNION ALL SELECT 2, id, place FROM input;
COMMIT;
SELECT c.webhook_id, q.due, u.paused_until, u.consecutive_errors, w.target
FROM unnest('{2,1}'::int8[], '{17960573761380386,17960573761380386}'::int8[]) AS c (webhook_id, mark)
CROSS JOIN LATERAL (
    SELECT d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark
    ORDER BY d.due LIMIT 1
) AS q
JOIN webhook w ON w.id = c.webhook_id AND w.is_deliverable
CROSS JOIN LATERAL (
    SELECT consecutive_errors, paused_until FROM webhook_usage u WHERE u.webhook_id = c.webhook_id
    ORDER BY u.version DESC LIMIT 1
) AS u;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{1}'::int8[], '{17960573761380386}'::int8[], '{64}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573761487160'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574061487160'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573761380386}'::int8[], '{63}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573761552454'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574061552454'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{1}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
WITH held AS MATERIALIZED (
    SELECT i.*, d.body_suffix, d.is_replay, d.attempts, w.state AS webhook_state, u.version, u.consecutive_errors
    FROM unnest('{1}'::int8[], '{1}'::int8[], '{1}'::int8[], '{http://127.0.0.1:9/good}'::text[], '{NULL}'::text[], '{17960573761555000}'::int8[], '{15415}'::int8[], '{0}'::int8[], '{200}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 200 OK"}'::text[], '{YmMsnHQaHtyE6/TOBR71iz5U+23fzxfx4EhPjXd5Fd4=}'::text[], '{"\\x"}'::bytea[]) WITH ORDINALITY
        AS i (event_id, webhook_id, fence, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, place)
    JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
    JOIN webhook w ON w.id = i.webhook_id
    CROSS JOIN LATERAL (
        SELECT version, consecutive_errors, paused_until FROM webhook_usage WHERE webhook_id = i.webhook_id
        ORDER BY version DESC LIMIT 1
    ) AS u
    WHERE d.fence = i.fence AND d.state <> 1 AND d.owner IS NOT NULL AND u.paused_until = 0
    ORDER BY i.event_id, i.webhook_id
    FOR UPDATE OF d
), complete AS MATERIALIZED (
    SELECT count(*) = cardinality('{1}'::int8[]) AS is_so FROM held
), gone AS (
    DELETE FROM delivery d USING held h
    WHERE d.event_id = h.event_id AND d.webhook_id = h.webhook_id AND (SELECT is_so FROM complete)
), logged AS (
    INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
    SELECT event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, body_suffix FROM held
    WHERE (SELECT is_so FROM complete) ORDER BY place
), counted AS (
    UPDATE webhook_usage u
    SET version = u.version + 1, total_calls = u.total_calls + c.calls, consecutive_errors = 0,
        failing_since = NULL, last_failure = NULL
    FROM (
        SELECT webhook_id, version, count(*) AS calls FROM held
        WHERE NOT is_replay AND (SELECT is_so FROM complete) GROUP BY webhook_id, version
    ) AS c
    WHERE u.webhook_id = c.webhook_id AND u.version = c.version
)
SELECT place, attempts, is_replay, webhook_state, consecutive_errors FROM held
WHERE (SELECT is_so FROM complete) ORDER BY place;
COMMIT;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{1}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{1}'::int8[], '{2}'::int8[], '{0}'::int8[], '{1}'::int8[], '{17960573771575770}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{1}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573761561574}'::int8[], '{14189}'::int8[], '{0}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{0}'::int8[], '{1}'::int8[], '{1}'::int8[], '{1}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:36 GMT
Content-Length: 0"}'::text[], '{17960573761575770}'::int8[], '{17960573761575770}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
BEGIN;
SELECT pg_advisory_xact_lock_shared(1464353793, 'webhook'::regclass::oid::int4)::text;
WITH input AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, i.*
    FROM unnest('{a69e277a-96b1-4929-ae9a-ad5cc01eaf37}'::uuid[], '{Default}'::text[], '{contact.created}'::text[], '{contact.created}'::text[], '{NULL}'::text[], '{0}'::int8[], '{"\\x7b224576656e744964223a2261363965323737612d393662312d343932392d616539612d616435636330316561663337222c2254696d657374616d70223a22323032362d31312d33305431363a34393a33362e333639353537345a222c224368616e676573223a5b5d2c224576656e74223a22636f6e746163742e63726561746564222c225072696d6172794b6579223a312c22456e74697479223a22636f6e74616374222c22436f6e746578744964656e746966696572223a2244656661756c74222c224368616e67656442794173736f63696174654964223a35"}'::bytea[], '{"\\x7d"}'::bytea[],
        '{17960573763695574}'::int8[], '{3}'::int8[]) WITH ORDINALITY
        AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
), made AS (
    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
    SELECT i.id, w.id,
        CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
        CASE WHEN NOT w.is_deliverable THEN 'Webhooks of type '''::text || w.type || ''' are not delivered by this service.'::text END
    FROM input i
    CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
    CROSS JOIN LATERAL (
        SELECT webhook_id FROM webhook_event
        WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
            AND event_key = k.key AND tenant = i.tenant OFFSET 0
    ) AS l
    CROSS JOIN LATERAL (
        SELECT id, state, is_deliverable, type, body_suffix FROM webhook
        WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
        OFFSET 0
    ) AS w
    ON CONFLICT DO NOTHING
    RETURNING event_id, webhook_id, state, due
), heard AS (
    SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
), stored AS (
    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT id, created, guid, tenant, name, name_key, body_head, body_tail FROM input
    WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
)
SELECT 0, event_id, deliveries FROM heard
UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
UNION ALL SELECT 2, id, place FROM input;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{1}'::int8[], '{17960573763695574}'::int8[], '{64}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573763811794'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574063811794'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573763695574}'::int8[], '{1}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573763832918'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574063832918'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{1}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
WITH held AS MATERIALIZED (
    SELECT i.*, d.body_suffix, d.is_replay, d.attempts, w.state AS webhook_state, u.version, u.consecutive_errors
    FROM unnest('{2}'::int8[], '{1}'::int8[], '{1}'::int8[], '{http://127.0.0.1:9/good}'::text[], '{NULL}'::text[], '{17960573763833318}'::int8[], '{13459}'::int8[], '{0}'::int8[], '{200}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 200 OK"}'::text[], '{EvCl0Ij10IVzfMO78mXB+ArP5W4yBEXU+8KNe+rItOM=}'::text[], '{"\\x"}'::bytea[]) WITH ORDINALITY
        AS i (event_id, webhook_id, fence, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, place)
    JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
    JOIN webhook w ON w.id = i.webhook_id
    CROSS JOIN LATERAL (
        SELECT version, consecutive_errors, paused_until FROM webhook_usage WHERE webhook_id = i.webhook_id
        ORDER BY version DESC LIMIT 1
    ) AS u
    WHERE d.fence = i.fence AND d.state <> 1 AND d.owner IS NOT NULL AND u.paused_until = 0
    ORDER BY i.event_id, i.webhook_id
    FOR UPDATE OF d
), complete AS MATERIALIZED (
    SELECT count(*) = cardinality('{2}'::int8[]) AS is_so FROM held
), gone AS (
    DELETE FROM delivery d USING held h
    WHERE d.event_id = h.event_id AND d.webhook_id = h.webhook_id AND (SELECT is_so FROM complete)
), logged AS (
    INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
    SELECT event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, body_suffix FROM held
    WHERE (SELECT is_so FROM complete) ORDER BY place
), counted AS (
    UPDATE webhook_usage u
    SET version = u.version + 1, total_calls = u.total_calls + c.calls, consecutive_errors = 0,
        failing_since = NULL, last_failure = NULL
    FROM (
        SELECT webhook_id, version, count(*) AS calls FROM held
        WHERE NOT is_replay AND (SELECT is_so FROM complete) GROUP BY webhook_id, version
    ) AS c
    WHERE u.webhook_id = c.webhook_id AND u.version = c.version
)
SELECT place, attempts, is_replay, webhook_state, consecutive_errors FROM held
WHERE (SELECT is_so FROM complete) ORDER BY place;
COMMIT;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{2}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{2}'::int8[], '{2}'::int8[], '{0}'::int8[], '{1}'::int8[], '{17960573773953162}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{2}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573763846770}'::int8[], '{106368}'::int8[], '{0}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{1}'::int8[], '{2}'::int8[], '{2}'::int8[], '{2}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:36 GMT
Content-Length: 0"}'::text[], '{17960573761575770}'::int8[], '{17960573763953162}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573771575770}'::int8[], '{2}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573771577068'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574071577068'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{1}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{1}'::int8[], '{2}'::int8[], '{0}'::int8[], '{2}'::int8[], '{17960573871606772}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{1}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573771593304}'::int8[], '{13456}'::int8[], '{1}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{2}'::int8[], '{3}'::int8[], '{3}'::int8[], '{3}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:37 GMT
Content-Length: 0"}'::text[], '{17960573761575770}'::int8[], '{17960573771606772}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573773953162}'::int8[], '{2}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573773954492'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574073954492'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{2}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{2}'::int8[], '{2}'::int8[], '{0}'::int8[], '{2}'::int8[], '{17960573874055548}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{2}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573774005838}'::int8[], '{49690}'::int8[], '{1}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{3}'::int8[], '{4}'::int8[], '{4}'::int8[], '{4}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:37 GMT
Content-Length: 0"}'::text[], '{17960573761575770}'::int8[], '{17960573774055548}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
SELECT d.event_id, d.webhook_id, e.guid, e.name, e.tenant, e.created, d.state, d.attempts, d.due, d.reason
FROM delivery d JOIN event e ON e.id = d.event_id
WHERE (d.event_id, d.webhook_id) < ('9223372036854775807'::int8, '2147483647'::int8)
    AND (NULL::int8 IS NULL OR d.webhook_id = NULL) AND (NULL::text IS NULL OR e.name_key = NULL) AND e.created >= '-9223372036854775808'::int8 AND (NULL::int8 IS NULL OR e.created < NULL) AND d.state = ANY ('{0,1,2,3}'::int8[])
ORDER BY d.event_id DESC, d.webhook_id DESC LIMIT '10'::int8;
SELECT a.event_id, a.webhook_id, e.guid, e.name, e.tenant, e.created, NULL::int8, a.retry + 1, NULL::int8,
    NULL::text
FROM attempt a JOIN event e ON e.id = a.event_id
WHERE (a.event_id, a.webhook_id) < ('9223372036854775807'::int8, '2147483647'::int8)
    AND a.delivered_suffix IS NOT NULL
    AND (NULL::int8 IS NULL OR a.webhook_id = NULL) AND (NULL::text IS NULL OR e.name_key = NULL) AND e.created >= '-9223372036854775808'::int8 AND (NULL::int8 IS NULL OR e.created < NULL)
    AND NOT EXISTS (
        SELECT 1 FROM delivery d WHERE d.event_id = a.event_id AND d.webhook_id = a.webhook_id)
    AND NOT EXISTS (
        SELECT 1 FROM attempt b WHERE b.event_id = a.event_id AND b.webhook_id = a.webhook_id
            AND b.delivered_suffix IS NOT NULL AND b.id > a.id)
ORDER BY a.event_id DESC, a.webhook_id DESC LIMIT '10'::int8;
SELECT id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, updated_by, extras, tenant FROM webhook
WHERE id = '2'::int8 AND tenant = 'Default'::text AND (NULL::text IS NULL OR application = NULL);
BEGIN;
SET LOCAL statement_timeout = '5min';
SELECT pg_advisory_xact_lock(1464353793, 'webhook'::regclass::oid::int4)::text;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, updated_by, extras, tenant FROM webhook
WHERE id = '2'::int8 AND tenant = 'Default'::text AND (NULL::text IS NULL OR application = NULL);
UPDATE webhook SET (name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, updated_by, extras) = ROW ('bad'::text, '["contact.created"]'::text, 'http://127.0.0.1:9/bad'::text, 'http://127.0.0.1:9'::text, ''::text, '1'::int8, 'webhook'::text, 't'::bool, NULL::text, '{"entries":[]}'::text, '\x2c22576562686f6f6b4e616d65223a2262616422'::bytea, '17960573790963952'::int8, '{"associateID":5,"type":"InternalAssociate","groupIndex":1,"name":"tje0","personID":3,"rank":1,"fullName":"Tje Nul","formalName":"","ejUserID":0,"deleted":false,"userName":"tje0","tooltip":""}'::text, '{"notifyWhen":0,"notifyVia":0}'::text)
WHERE id = '2'::int8;
UPDATE webhook_usage SET version = version + 1, consecutive_errors = 0, failing_since = NULL,
    last_failure = NULL, paused_until = 0
WHERE webhook_id = '2'::int8 AND 'f'::bool;
DELETE FROM webhook_event WHERE webhook_id = '2'::int8;
INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT 'Default'::text, k, '2'::int8 FROM unnest('{contact.created}'::text[]) k;
UPDATE webhook SET state = '2'::int8 WHERE id = '2'::int8;
UPDATE delivery SET state = 2 WHERE state = 0 AND webhook_id = '2'::int8;
WITH input AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, i.*
    FROM unnest('{1582507b-88ad-4f86-af39-23ff53e5adc4}'::uuid[], '{Default}'::text[], '{webhook2.stopped}'::text[], '{webhook2.stopped}'::text[], '{webhook.stopped}'::text[], '{2}'::int8[], '{"\\x7b224576656e744964223a2231353832353037622d383861642d346638362d616633392d323366663533653561646334222c2254696d657374616d70223a22323032362d31312d33305431363a34393a33392e303936333935325a222c224368616e676573223a5b5d2c224576656e74223a22776562686f6f6b2e73746f70706564222c225072696d6172794b6579223a322c22456e74697479223a22776562686f6f6b222c22436f6e746578744964656e746966696572223a2244656661756c74222c224368616e67656442794173736f63696174654964223a35"}'::bytea[], '{"\\x7d"}'::bytea[],
        '{17960573790963952}'::int8[], '{3}'::int8[]) WITH ORDINALITY
        AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
), made AS (
    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
    SELECT i.id, w.id,
        CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
        CASE WHEN NOT w.is_deliverable THEN 'Webhooks of type '''::text || w.type || ''' are not delivered by this service.'::text END
    FROM input i
    CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
    CROSS JOIN LATERAL (
        SELECT webhook_id FROM webhook_event
        WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
            AND event_key = k.key AND tenant = i.tenant OFFSET 0
    ) AS l
    CROSS JOIN LATERAL (
        SELECT id, state, is_deliverable, type, body_suffix FROM webhook
        WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
        OFFSET 0
    ) AS w
    ON CONFLICT DO NOTHING
    RETURNING event_id, webhook_id, state, due
), heard AS (
    SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
), stored AS (
    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT id, created, guid, tenant, name, name_key, body_head, body_tail FROM input
    WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
)
SELECT 0, event_id, deliveries FROM heard
UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
UNION ALL SELECT 2, id, place FROM input;
COMMIT;
BEGIN;
SELECT pg_advisory_xact_lock_shared(1464353793, 'webhook'::regclass::oid::int4)::text;
WITH input AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, i.*
    FROM unnest('{592f00aa-9883-4b99-b414-707daad39eea}'::uuid[], '{Default}'::text[], '{contact.created}'::text[], '{contact.created}'::text[], '{NULL}'::text[], '{0}'::int8[], '{"\\x7b224576656e744964223a2235393266303061612d393838332d346239392d623431342d373037646161643339656561222c2254696d657374616d70223a22323032362d31312d33305431363a34393a33392e343034313838325a222c224368616e676573223a5b5d2c224576656e74223a22636f6e746163742e63726561746564222c225072696d6172794b6579223a392c22456e74697479223a22636f6e74616374222c22436f6e746578744964656e746966696572223a2244656661756c74222c224368616e67656442794173736f63696174654964223a35"}'::bytea[], '{"\\x7d"}'::bytea[],
        '{17960573794041882}'::int8[], '{3}'::int8[]) WITH ORDINALITY
        AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
), made AS (
    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
    SELECT i.id, w.id,
        CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
        CASE WHEN NOT w.is_deliverable THEN 'Webhooks of type '''::text || w.type || ''' are not delivered by this service.'::text END
    FROM input i
    CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
    CROSS JOIN LATERAL (
        SELECT webhook_id FROM webhook_event
        WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
            AND event_key = k.key AND tenant = i.tenant OFFSET 0
    ) AS l
    CROSS JOIN LATERAL (
        SELECT id, state, is_deliverable, type, body_suffix FROM webhook
        WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
        OFFSET 0
    ) AS w
    ON CONFLICT DO NOTHING
    RETURNING event_id, webhook_id, state, due
), heard AS (
    SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
), stored AS (
    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT id, created, guid, tenant, name, name_key, body_head, body_tail FROM input
    WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
)
SELECT 0, event_id, deliveries FROM heard
UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
UNION ALL SELECT 2, id, place FROM input;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{1}'::int8[], '{17960573794041882}'::int8[], '{64}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573794058680'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574094058680'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{1}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
WITH held AS MATERIALIZED (
    SELECT i.*, d.body_suffix, d.is_replay, d.attempts, w.state AS webhook_state, u.version, u.consecutive_errors
    FROM unnest('{4}'::int8[], '{1}'::int8[], '{1}'::int8[], '{http://127.0.0.1:9/good}'::text[], '{NULL}'::text[], '{17960573794073480}'::int8[], '{22307}'::int8[], '{0}'::int8[], '{200}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 200 OK"}'::text[], '{DoXaxE5nmbN4QICcCUNF8YalNYfX4bojtKYefC5vwjs=}'::text[], '{"\\x"}'::bytea[]) WITH ORDINALITY
        AS i (event_id, webhook_id, fence, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, place)
    JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
    JOIN webhook w ON w.id = i.webhook_id
    CROSS JOIN LATERAL (
        SELECT version, consecutive_errors, paused_until FROM webhook_usage WHERE webhook_id = i.webhook_id
        ORDER BY version DESC LIMIT 1
    ) AS u
    WHERE d.fence = i.fence AND d.state <> 1 AND d.owner IS NOT NULL AND u.paused_until = 0
    ORDER BY i.event_id, i.webhook_id
    FOR UPDATE OF d
), complete AS MATERIALIZED (
    SELECT count(*) = cardinality('{4}'::int8[]) AS is_so FROM held
), gone AS (
    DELETE FROM delivery d USING held h
    WHERE d.event_id = h.event_id AND d.webhook_id = h.webhook_id AND (SELECT is_so FROM complete)
), logged AS (
    INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
    SELECT event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, body_suffix FROM held
    WHERE (SELECT is_so FROM complete) ORDER BY place
), counted AS (
    UPDATE webhook_usage u
    SET version = u.version + 1, total_calls = u.total_calls + c.calls, consecutive_errors = 0,
        failing_since = NULL, last_failure = NULL
    FROM (
        SELECT webhook_id, version, count(*) AS calls FROM held
        WHERE NOT is_replay AND (SELECT is_so FROM complete) GROUP BY webhook_id, version
    ) AS c
    WHERE u.webhook_id = c.webhook_id AND u.version = c.version
)
SELECT place, attempts, is_replay, webhook_state, consecutive_errors FROM held
WHERE (SELECT is_so FROM complete) ORDER BY place;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = '5min';
SELECT pg_advisory_xact_lock(1464353793, 'webhook'::regclass::oid::int4)::text;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, updated_by, extras, tenant FROM webhook
WHERE id = '2'::int8 AND tenant = 'Default'::text AND (NULL::text IS NULL OR application = NULL);
UPDATE webhook SET (name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, updated_by, extras) = ROW ('bad'::text, '["contact.created"]'::text, 'http://127.0.0.1:9/bad'::text, 'http://127.0.0.1:9'::text, ''::text, '2'::int8, 'webhook'::text, 't'::bool, NULL::text, '{"entries":[]}'::text, '\x2c22576562686f6f6b4e616d65223a2262616422'::bytea, '17960573794120874'::int8, '{"personID":3,"groupIndex":1,"formalName":"","fullName":"Tje Nul","name":"tje0","associateID":5,"deleted":false,"tooltip":"","ejUserID":0,"rank":1,"userName":"tje0","type":"InternalAssociate"}'::text, '{"notifyWhen":0,"notifyVia":0}'::text)
WHERE id = '2'::int8;
UPDATE webhook_usage SET version = version + 1, consecutive_errors = 0, failing_since = NULL,
    last_failure = NULL, paused_until = 0
WHERE webhook_id = '2'::int8 AND 't'::bool;
DELETE FROM webhook_event WHERE webhook_id = '2'::int8;
INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT 'Default'::text, k, '2'::int8 FROM unnest('{contact.created}'::text[]) k;
UPDATE webhook SET state = '1'::int8 WHERE id = '2'::int8;
UPDATE webhook_usage SET version = version + 1, paused_until = 0
WHERE webhook_id = '2'::int8 AND paused_until > 0;
WITH resumed AS (
    UPDATE delivery SET state = 0, due = CASE WHEN owner IS NULL THEN '17960573794120874'::int8 ELSE due END
    WHERE state = 2 AND webhook_id = '2'::int8 RETURNING due
)
SELECT min(due) FROM resumed;
WITH input AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, i.*
    FROM unnest('{03c5cb4d-5b03-4b58-9624-d27d68f1a641}'::uuid[], '{Default}'::text[], '{webhook2.started}'::text[], '{webhook2.started}'::text[], '{webhook.started}'::text[], '{2}'::int8[], '{"\\x7b224576656e744964223a2230336335636234642d356230332d346235382d393632342d643237643638663161363431222c2254696d657374616d70223a22323032362d31312d33305431363a34393a33392e343132303837345a222c224368616e676573223a5b5d2c224576656e74223a22776562686f6f6b2e73746172746564222c225072696d6172794b6579223a322c22456e74697479223a22776562686f6f6b222c22436f6e746578744964656e746966696572223a2244656661756c74222c224368616e67656442794173736f63696174654964223a35"}'::bytea[], '{"\\x7d"}'::bytea[],
        '{17960573794120874}'::int8[], '{3}'::int8[]) WITH ORDINALITY
        AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
), made AS (
    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
    SELECT i.id, w.id,
        CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
        CASE WHEN NOT w.is_deliverable THEN 'Webhooks of type '''::text || w.type || ''' are not delivered by this service.'::text END
    FROM input i
    CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
    CROSS JOIN LATERAL (
        SELECT webhook_id FROM webhook_event
        WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
            AND event_key = k.key AND tenant = i.tenant OFFSET 0
    ) AS l
    CROSS JOIN LATERAL (
        SELECT id, state, is_deliverable, type, body_suffix FROM webhook
        WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
        OFFSET 0
    ) AS w
    ON CONFLICT DO NOTHING
    RETURNING event_id, webhook_id, state, due
), heard AS (
    SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
), stored AS (
    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT id, created, guid, tenant, name, name_key, body_head, body_tail FROM input
    WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
)
SELECT 0, event_id, deliveries FROM heard
UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
UNION ALL SELECT 2, id, place FROM input;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573794120874}'::int8[], '{64}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573794199466'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574094199466'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{1}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{1}'::int8[], '{2}'::int8[], '{0}'::int8[], '{3}'::int8[], '{17960573804220838}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{1}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573794212540}'::int8[], '{8289}'::int8[], '{2}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{5}'::int8[], '{5}'::int8[], '{5}'::int8[], '{1}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:39 GMT
Content-Length: 0"}'::text[], '{17960573794220838}'::int8[], '{17960573794220838}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{2}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{2}'::int8[], '{2}'::int8[], '{0}'::int8[], '{3}'::int8[], '{17960573804225240}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{2}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573794212718}'::int8[], '{12513}'::int8[], '{2}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{6}'::int8[], '{6}'::int8[], '{6}'::int8[], '{1}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:39 GMT
Content-Length: 0"}'::text[], '{17960573794220838}'::int8[], '{17960573794220838}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573804220838}'::int8[], '{2}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573804221888'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574104221888'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
WITH picked AS MATERIALIZED (
    SELECT c.place, q.event_id, q.webhook_id, q.due
    FROM unnest('{2}'::int8[], '{17960573804225240}'::int8[], '{1}'::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
    CROSS JOIN LATERAL (
        SELECT d.event_id, d.webhook_id, d.due FROM delivery d
        WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= '17960573804236922'::int8
        ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
    ) AS q
), taken AS (
    UPDATE delivery d SET due = '17960574104236922'::int8, owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid, fence = d.fence + 1
    FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
)
SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
    e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
ORDER BY t.place, t.due, t.event_id;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{1}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{1}'::int8[], '{2}'::int8[], '{0}'::int8[], '{4}'::int8[], '{17960573904264126}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{1}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573804237028}'::int8[], '{27091}'::int8[], '{3}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{7}'::int8[], '{7}'::int8[], '{7}'::int8[], '{2}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:40 GMT
Content-Length: 0"}'::text[], '{17960573794220838}'::int8[], '{17960573804264126}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
BEGIN;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{2}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
    u.last_error, u.paused_until, u.failing_since, u.last_failure
FROM unnest('{2}'::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
) AS u;
SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
FROM unnest('{2}'::int8[], '{2}'::int8[]) AS i (event_id, webhook_id)
JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
WHERE d.state <> 1 AND d.owner IS NOT NULL
ORDER BY d.event_id, d.webhook_id
FOR UPDATE OF d;
DELETE FROM delivery d USING unnest('{}'::int8[], '{}'::int8[]) AS i (event_id, webhook_id)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
UPDATE delivery d
SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
FROM unnest('{2}'::int8[], '{2}'::int8[], '{0}'::int8[], '{4}'::int8[], '{17960573904273820}'::int8[], '{"HTTP/1.1 500 Internal Server Error"}'::text[])
    AS i (event_id, webhook_id, state, attempts, due, reason)
WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id;
INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status, error_class, summary, signature, answer, delivered_suffix)
SELECT * FROM unnest('{2}'::int8[], '{2}'::int8[], '{http://127.0.0.1:9/bad}'::text[], '{NULL}'::text[], '{17960573804258210}'::int8[], '{15599}'::int8[], '{3}'::int8[], '{500}'::int8[], '{NULL}'::text[], '{"HTTP/1.1 500 Internal Server Error"}'::text[], '{NULL}'::text[], '{"\\x"}'::bytea[], '{NULL}'::bytea[]);
UPDATE webhook_usage u
SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
    last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
FROM unnest('{2}'::int8[], '{8}'::int8[], '{8}'::int8[], '{8}'::int8[], '{2}'::int8[], '{"HTTP/1.1 500 Internal Server Error
Date: Mon, 30 Nov 2026 16:49:40 GMT
Content-Length: 0"}'::text[], '{17960573794220838}'::int8[], '{17960573804264126}'::int8[])
    AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
WHERE u.webhook_id = i.webhook_id AND u.version = i.version;
COMMIT;
SELECT id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, updated_by, extras, tenant FROM webhook w
WHERE tenant = 'Default'::text AND (NULL::text IS NULL OR application = NULL)
    AND (NULL::text IS NULL OR name = NULL) AND (NULL::int8 IS NULL OR state = NULL)
    AND (NULL::text IS NULL OR EXISTS (
        SELECT 1 FROM webhook_event WHERE webhook_id = w.id AND event_key = NULL))
    AND id > '0'::int8
ORDER BY id LIMIT '32'::int8;
BEGIN;
SELECT pg_advisory_xact_lock(1464353795,
    hashtext(current_schema() || ' ' || 'Default'::text || ' ' || 'tje0'::text))::text;
INSERT INTO session (tenant, user_key, digest, user_name, created, used)
VALUES ('Default'::text, 'tje0'::text, '\x0caf4b0e37ac34fba8fa7c5cdb4c6477cf3ecf15993d20bf4aa50f00ce9e59f5'::bytea, 'tje0'::text, '17960573809267044'::int8, '17960573809267044'::int8);
DELETE FROM session WHERE digest IN (
    SELECT digest FROM session WHERE tenant = 'Default'::text AND user_key = 'tje0'::text AND digest <> '\x0caf4b0e37ac34fba8fa7c5cdb4c6477cf3ecf15993d20bf4aa50f00ce9e59f5'::bytea
    ORDER BY used DESC OFFSET '9999'::int8);
COMMIT;
BEGIN;
INSERT INTO webhook (name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, updated_by, extras, tenant, application, registered, registered_by)
VALUES ('third'::text, '["x.y"]'::text, 'http://127.0.0.1:9/third'::text, 'http://127.0.0.1:9'::text, ''::text, '1'::int8, 'webhook'::text, 't'::bool, NULL::text, '{"entries":[]}'::text, '\x2c22576562686f6f6b4e616d65223a22746869726422'::bytea, '17960573809301674'::int8, '{"personID":3,"groupIndex":1,"associateID":5,"rank":1,"ejUserID":0,"name":"tje0","type":"InternalAssociate","fullName":"Tje Nul","deleted":false,"tooltip":"","formalName":"","userName":"tje0"}'::text, '{"notifyWhen":0,"notifyVia":0}'::text, 'Default'::text, NULL::text, '17960573809301674'::int8, '{"associateID":5,"type":"InternalAssociate","groupIndex":1,"personID":3,"name":"tje0","rank":1,"fullName":"Tje Nul","formalName":"","ejUserID":0,"deleted":false,"userName":"tje0","tooltip":""}'::text)
RETURNING id;
INSERT INTO webhook_usage (webhook_id) VALUES ('3'::int8);
INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT 'Default'::text, k, '3'::int8 FROM unnest('{x.y}'::text[]) k;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = '5min';
SELECT pg_advisory_xact_lock(1464353793, 'webhook'::regclass::oid::int4)::text;
SELECT count(*) FROM (SELECT DISTINCT id FROM unnest('{3}'::int8[]) AS x (id) ORDER BY id) AS i
CROSS JOIN LATERAL (
    SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
) AS u;
SELECT id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, updated_by, extras, tenant FROM webhook
WHERE id = '3'::int8 AND tenant = 'Default'::text AND (NULL::text IS NULL OR application = NULL);
DELETE FROM webhook WHERE id = '3'::int8;
DELETE FROM webhook_usage WHERE webhook_id = '3'::int8;
DELETE FROM webhook_event WHERE webhook_id = '3'::int8;
UPDATE delivery SET state = 1, owner = NULL, due = '17960573809333672'::int8, reason = 'The webhook was deleted.'::text
WHERE state = 0 AND webhook_id = '3'::int8;
UPDATE delivery SET state = 1, owner = NULL, due = '17960573809333672'::int8, reason = 'The webhook was deleted.'::text
WHERE state = 2 AND webhook_id = '3'::int8;
UPDATE delivery SET state = 1, owner = NULL, due = '17960573809333672'::int8, reason = 'The webhook was deleted.'::text
WHERE state = 3 AND webhook_id = '3'::int8;
COMMIT;
WITH released AS (
    UPDATE delivery SET due = '17960573820376854'::int8, owner = NULL WHERE owner = 'aff22ac2-501f-46e2-8d98-3ae29b826f1d'::uuid AND state IN (0, 2)
    RETURNING webhook_id
)
SELECT DISTINCT webhook_id FROM released;
