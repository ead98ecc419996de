#!/usr/bin/env python3
"""What a snapshot that stays open costs: accepted events and deliveries per second before one is opened, and while it
is open with ten minutes' worth of dead rows behind it, which nobody can remove until it ends. The rows are made in the
service's own tables, as deliveries that were taken in, claimed and removed. Prints both, and the ratios; ends with 1
when one is not above a half."""
import concurrent.futures
import subprocess
import sys
import time

from load import EVENT, Installation  # First: it makes the next one Tests/EndToEnd/postgres.py.
from postgres import PostgreSQL, require

SECONDS = 10
RATE = 5000  # Deliveries a second.
DEAD = 600 * RATE
BATCHES_A_SECOND = 100  # Of results; each leaves a version of the webhook's counters.
PER_STEP = 50_000
SESSIONS = 2

# Times are ticks of 100 ns; the oldest delivery was due ten minutes ago.
STEP = """
INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix)
SELECT {first} + n, {webhook}, 0, 0, {due} + n * 10000000::int8 / {rate}, 0, convert_to(repeat('y', 60), 'UTF8')
FROM generate_series(0, {count} - 1) AS n;
UPDATE delivery SET owner = '{owner}', fence = fence + 1, due = due + 300000000
WHERE event_id BETWEEN {first} AND {first} + {count} - 1;
DELETE FROM delivery WHERE event_id BETWEEN {first} AND {first} + {count} - 1;
"""

USAGE = """
DO $$
DECLARE present int8;
BEGIN
    SELECT max(version) INTO present FROM webhook_usage WHERE webhook_id = {webhook};
    FOR n IN 0..{count} - 1 LOOP
        UPDATE webhook_usage SET version = version + 1, total_calls = total_calls + 50
        WHERE webhook_id = {webhook} AND version = present + n;
        IF n % 100 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$;
"""


class Snapshot:
    """A transaction that sees the database as it was when it began."""

    def __init__(self, server, database):
        self.session = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=server.environment(database))
        self.ask("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM webhook;")

    def ask(self, sql):
        self.session.stdin.write(sql + "\n")
        self.session.stdin.flush()
        return self.session.stdout.readline().strip()

    def close(self):
        self.session.communicate("ROLLBACK;\n")


def make_dead_rows(server, database):
    webhook = int(server.psql("SELECT max(id) FROM webhook", database))
    first = int(server.psql(f"SELECT setval('event_id_seq', nextval('event_id_seq') + {DEAD}) - {DEAD}", database))
    due = int((time.time() - 600) * 10_000_000)
    owner = "00000000-0000-4000-8000-000000000000"

    def step(number):
        begin = number * PER_STEP
        server.psql(STEP.format(first=first + begin, webhook=webhook, count=PER_STEP, owner=owner, rate=RATE,
                                due=due + begin * 10_000_000 // RATE), database)

    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        usage = pool.submit(server.psql, USAGE.format(webhook=webhook, count=600 * BATCHES_A_SECOND), database)
        list(pool.map(step, range(DEAD // PER_STEP)))
        usage.result()


def figures(server, database):
    # Statistics come in with some delay.
    time.sleep(1)
    return server.psql("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'delivery'", database), server.psql(
        "SELECT pg_size_pretty(pg_relation_size('delivery')) || ' and indexes of ' || "
        "pg_size_pretty(pg_indexes_size('delivery'))", database)


def main():
    require()
    begun = time.monotonic()
    # Writing the dead rows is not what is measured.
    server = PostgreSQL(max_wal_size="8GB")
    try:
        with Installation(server.create_database("snapshot")) as installation:
            before = installation.measure(SECONDS)
            print(f"without a snapshot: {before[0]:,.0f} accepted/s, {before[1]:,.0f} delivered/s", flush=True)
            snapshot = Snapshot(server, "snapshot")
            make_dead_rows(server, "snapshot")
            dead, size = figures(server, "snapshot")
            print(f"made {int(dead):,} dead rows in {time.monotonic() - begun:.0f} s: delivery has {size}", flush=True)
            during = installation.measure(SECONDS)
            print(f"with it open:       {during[0]:,.0f} accepted/s, {during[1]:,.0f} delivered/s")
            assert snapshot.ask(f"SELECT count(*) FROM webhook_event WHERE event_key = '{EVENT}';") == "1"
            snapshot.close()
        ratios = [with_it / without for with_it, without in zip(during, before)]
        print(f"ratio:              {ratios[0]:.2f} accepted, {ratios[1]:.2f} delivered; "
              f"{time.monotonic() - begun:.0f} s in all")
        return 0 if min(ratios) > 0.5 else 1
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
