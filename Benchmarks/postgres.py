#!/usr/bin/env python3
"""Accepted events and deliveries per second, with one subscriber: of the service on SQLite, and on PostgreSQL with one
process, two and three, and how often an event and a delivery waits for that database; and of the database alone, without
HTTP, SOAP and sending, where every event and every delivery is a transaction of its own, and where 64 share one, as they
do in the service. Clients, receiver, service and database share the machine."""
import re
import subprocess
import sys
import tempfile
import time

from load import CONNECTIONS, Installation  # First: it makes the next one Tests/EndToEnd/postgres.py.
from postgres import PostgreSQL, require

SECONDS = 10
MOST_DELIVERED = 50_000

# {count} in one statement and one commit.
TAKE_IN = """
WITH taken AS (
    INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT (extract(epoch FROM now()) * 10000000)::int8, gen_random_uuid(), 'Default', 'contact.created',
        'contact.created', convert_to(repeat('x', 180), 'UTF8'), convert_to('}}', 'UTF8')
    FROM generate_series(1, {count})
    RETURNING id, created
)
INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix)
SELECT id, 1, 0, 0, created, 0, convert_to(repeat('y', 60), 'UTF8') FROM taken;
"""

# A claim, and later its result: two transactions, with nothing between them here.
DELIVER = """
WITH picked AS MATERIALIZED (
    SELECT event_id, webhook_id FROM delivery WHERE state = 0 AND webhook_id = 1 AND due < {now}
    ORDER BY due LIMIT {count} FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE delivery d SET owner = gen_random_uuid(), fence = d.fence + 1, due = {now} + 300000000 FROM picked p
    WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
    RETURNING d.event_id
)
SELECT array_agg(event_id) AS claimed FROM claimed \\gset
WITH gone AS (
    DELETE FROM delivery WHERE event_id = ANY (:claimed::int8[]) AND webhook_id = 1 AND fence = 1
    RETURNING event_id, body_suffix
)
INSERT INTO attempt (event_id, started, duration, webhook_id, retry, status, url, summary, answer, delivered_suffix)
SELECT event_id, (extract(epoch FROM now()) * 10000000)::int8, 10000, 1, 0, 200, 'http://127.0.0.1/0', '200',
    convert_to('', 'UTF8'), body_suffix FROM gone;
"""


def pgbench(server, database, script, clients, *arguments):
    """Transactions a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(clients), "--jobs",
                               str(min(clients, 2)), "--file", file.name, *arguments],
                              env=server.environment(database), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])


def database_alone(server, database, count, clients):
    """In the tables of an installation whose processes have ended."""
    def rows(table):
        return int(server.psql(f"SELECT count(*) FROM {table}", database))

    server.psql("TRUNCATE delivery; VACUUM ANALYZE", database)
    accepted = pgbench(server, database, TAKE_IN.format(count=count), clients, "--time", str(SECONDS)) * count
    server.psql("VACUUM ANALYZE delivery", database)
    # So many that every claim finds enough.
    each = min(rows("delivery"), MOST_DELIVERED) // clients // count - 1
    before, now = rows("attempt"), int(time.time() * 10_000_000)
    delivered = pgbench(server, database, DELIVER.format(count=count, now=now), clients, "--transactions", str(each))
    assert rows("attempt") - before == each * clients * count, "a claim found less"
    return accepted, delivered * count


def row(what, figures, *trips):
    shown = "".join("" if each is None else f"{each:>14.3f}" for each in trips)
    print(f"{what:<42}{figures[0]:>12,.0f}{figures[1]:>12,.0f}{shown}", flush=True)


def measure(what, *arguments, **named):
    with Installation(*arguments, **named) as installation:
        row(what, installation.measure(SECONDS), installation.trips_per_event, installation.trips_per_delivery)


def main():
    require()
    server = PostgreSQL()
    try:
        print(f"{'one subscriber, events a second':<42}{'accepted':>12}{'delivered':>12}{'trips/event':>14}"
              f"{'/delivery':>14}")
        measure("SQLite, one process")
        measure("PostgreSQL, one process", server.create_database("one"))
        measure("PostgreSQL, two processes", server.create_database("two"), processes=2)
        measure("PostgreSQL, three processes", server.create_database("three"), processes=3)
        row("database alone, one row per transaction", database_alone(server, "one", 1, CONNECTIONS))
        row("database alone, 64 rows per transaction", database_alone(server, "one", 64, 1))
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
