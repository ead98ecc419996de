#!/usr/bin/env python3
"""How long SignalEvent waits while one webhook with a large backlog is stopped, activated, disabled by its own errors and
deleted, on PostgreSQL, and how long its deliveries take to follow. The first argument is the backlog (1,000,000)."""
import http.server
import re
import statistics
import sys
import tempfile
import threading
import time

from load import EVENT  # First: it makes the next ones Tests/EndToEnd's.
from postgres import PostgreSQL, require
from receiver_process import ReceiverProcess
from service import Service, wait_until

FILL = """
WITH stored AS (
    INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
    SELECT 0, gen_random_uuid(), 'Default', 'backlog.event', 'backlog.event', '{{"a":1', '}}'
    FROM generate_series(1, {count}) RETURNING id
)
INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
SELECT id, (extract(epoch FROM now()) * 10000000)::int8, 0, {webhook}, 0, 0, '' FROM stored;
VACUUM ANALYZE delivery;
"""


class Target(http.server.BaseHTTPRequestHandler):
    """Answers nothing until `status` is set, then that."""
    status = None
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        while Target.status is None:
            time.sleep(0.05)
        self.send_response(Target.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Signals:
    """Signals one after the other, and keeps how long each waits, in milliseconds."""

    def __init__(self, service):
        self.service, self.waits, self.failures, self.is_over = service, [], 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over:
            begun = time.monotonic()
            try:
                self.service.signal(EVENT)
            except Exception:
                self.failures += 1
            self.waits.append((time.monotonic() - begun) * 1000)

    def stop(self):
        self.is_over = True
        self.thread.join()


def set_state(service, webhook, state):
    _, answer = service.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
    members = re.search(r"<Response>(.*)</Response>", answer, re.S).group(1).replace("arr:", "a:")
    members = re.sub(r"<State>\w+</State>", f"<State>{state}</State>", members)
    _, answer = service.call(f"<SaveWebhook><Webhook>{members}</Webhook></SaveWebhook>")
    assert ">true</Succeeded>" in answer, answer


def main():
    require()
    backlog = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    server = PostgreSQL(max_wal_size="8GB")
    receiver = ReceiverProcess()
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        service = Service(directory, "--verify-target", "false", "--log-level", "error",
                          store=server.create_database("backlog"), name="one")
        try:
            service.start()
            service.save(receiver.url(), [EVENT])
            webhook = service.save(f"http://127.0.0.1:{listener.server_port}/", ["backlog.event"])
            server.psql(FILL.format(count=backlog, webhook=webhook), "backlog")

            def rows(state):
                return int(server.psql(f"SELECT count(*) FROM delivery WHERE webhook_id = {webhook} "
                                       f"AND state = {state}", "backlog"))

            def measure(what, act, state, until=None, timeout=300):
                signals = Signals(service)
                time.sleep(0.5)
                begun = time.monotonic()
                act()
                acted = time.monotonic() - begun
                is_settled = wait_until(
                    until or (lambda: time.sleep(0.5) or rows(state) > 0.99 * backlog), timeout)
                settled = time.monotonic() - begun
                signals.stop()
                cut = statistics.quantiles(signals.waits, n=100)
                print(f"{what:<14}{cut[49]:>10,.1f} ms{cut[98]:>10,.1f} ms{max(signals.waits):>10,.0f} ms{signals.failures:>10}"
                      f"{acted * 1000:>12,.0f} ms{settled if is_settled else float('nan'):>12,.1f} s", flush=True)

            def delete():
                service.call(f"<DeleteWebhook><WebhookId>{webhook}</WebhookId></DeleteWebhook>")

            print(f"{'signals':<14}{'p50':>13}{'p99':>13}{'longest':>13}{'refused':>10}{'the call':>15}{'settled':>14}")
            end = time.monotonic() + 30
            measure("nothing", lambda: None, 0, until=lambda: time.monotonic() > end)
            measure("Stopped", lambda: set_state(service, webhook, "Stopped"), 2)
            measure("Active", lambda: set_state(service, webhook, "Active"), 0)
            measure("TooManyErrors", lambda: setattr(Target, "status", 410), 2)
            measure("deleted", delete, 1)
        finally:
            if service.process and service.process.poll() is None:
                service.kill()
            service.log.close()
            receiver.close()
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
