#!/usr/bin/env python3
"""How long an event of a healthy webhook takes from its signal to its receiver, while others wait for their next attempt,
on PostgreSQL. The arguments are how many wait (0 20000 100000)."""
import http.server
import statistics
import sys
import tempfile
import threading
import time

from load import EVENT  # First: it makes the next ones Tests/EndToEnd's.
from many_webhooks import host, multiply
from postgres import PostgreSQL, require
from service import Service, free_port

EVENTS = 200
WAIT = """
WITH stored AS (
    INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
    VALUES (0, gen_random_uuid(), 'Default', 'waiting.event', 'waiting.event', '', '') RETURNING id
)
INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
SELECT stored.id, (extract(epoch FROM now() + interval '1 hour') * 10000000)::int8, 1, webhook.id, 1, 0, ''
FROM stored, webhook WHERE webhook.id <= {count};
SELECT setval(pg_get_serial_sequence('webhook', 'id'), {count});
VACUUM ANALYZE;
"""


class Receiver(http.server.BaseHTTPRequestHandler):
    arrived = threading.Event()
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.arrived.set()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def measure(server, count):
    database = f"waiting{count}"
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        service = Service(directory, "--verify-target", "false", "--cycle-delay", "2h", "--log-level", "error",
                          store=server.create_database(database), name="one")
        try:
            service.start()
            if count:
                service.save(f"http://127.9.0.1:{free_port()}/", ["waiting.event"])
                multiply(lambda sql: server.psql(sql, database), lambda table: server.psql(
                    "SELECT string_agg(column_name, ' ') FROM information_schema.columns "
                    f"WHERE table_name = '{table}' AND table_schema = 'public'", database).split(), count,
                    host(free_port()))
                server.psql(WAIT.format(count=count), database)
            service.save(f"http://127.0.0.1:{listener.server_port}/", [EVENT])
            # Sweeps have found what waits.
            time.sleep(10)
            times = []
            for _ in range(EVENTS):
                Receiver.arrived.clear()
                begun = time.monotonic()
                service.signal(EVENT)
                assert Receiver.arrived.wait(30), "it did not arrive"
                times.append((time.monotonic() - begun) * 1000)
                time.sleep(0.02)
            cut = statistics.quantiles(times, n=100)
            print(f"{count:>10,} waiting{cut[49]:>14,.1f} ms{cut[94]:>14,.1f} ms{max(times):>14,.1f} ms", flush=True)
        finally:
            if service.process and service.process.poll() is None:
                service.kill()
            service.log.close()
            listener.shutdown()


def main():
    require()
    counts = [int(each) for each in sys.argv[1:]] or [0, 20_000, 100_000]
    server = PostgreSQL()
    try:
        print(f"{'signal to receiver':<18}{'p50':>17}{'p95':>17}{'longest':>17}")
        for count in counts:
            measure(server, count)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
