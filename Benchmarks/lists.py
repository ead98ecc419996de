#!/usr/bin/env python3
"""How long GetWebhook takes while four callers list 50,000 webhooks in a loop, on PostgreSQL and on SQLite."""
import contextlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from load import EVENT, PATH  # First: it makes the next ones Tests/EndToEnd's.
from many_webhooks import multiply
from postgres import PostgreSQL, require
from service import Service, free_port
from soap import envelope

WEBHOOKS, LISTERS, SECONDS = 50_000, 4, 15


def measure(what, service, lists):
    call = envelope("<GetWebhook><WebhookId>7</WebhookId></GetWebhook>")
    all_webhooks = f"{service.directory}/all.xml"
    with open(all_webhooks, "wb") as file:
        file.write(envelope("<GetAllWebhooks/>"))
    ended, listed = threading.Event(), []

    def list_again_and_again():
        while not ended.is_set():
            done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{size_download}", "-H",
                                   "Content-Type: text/xml; charset=utf-8", "--data-binary", f"@{all_webhooks}",
                                   service.url + PATH], text=True, capture_output=True)
            listed.append(int(done.stdout))

    listers = [threading.Thread(target=list_again_and_again) for _ in range(lists)]
    for lister in listers:
        lister.start()
    time.sleep(1)
    connection, times, end = service.connection(), [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        connection.request("POST", PATH, call, {"Content-Type": "text/xml; charset=utf-8"})
        answer = connection.getresponse().read()
        times.append((time.monotonic() - begun) * 1000)
        assert b">true</Succeeded>" in answer
        time.sleep(0.005)
    ended.set()
    for lister in listers:
        lister.join()
    cut = statistics.quantiles(times, n=100)
    size = f"{min(listed) / 1e6:.0f}" if listed else "-"
    print(f"{what:<28}{cut[49]:>10,.1f} ms{cut[98]:>10,.1f} ms{max(times):>10,.1f} ms{len(listed):>8}{size:>8} MB",
          flush=True)


def fill(service, run, columns):
    service.save(f"http://127.0.0.1:{free_port()}/", [EVENT])
    service.stop()
    multiply(run, columns, WEBHOOKS)


@contextlib.contextmanager
def running(directory, **arguments):
    service = Service(directory, "--verify-target", "false", "--log-level", "error", **arguments)
    try:
        service.start()
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()
        service.log.close()


def main():
    require()
    assert shutil.which("curl"), "curl is not installed"
    server = PostgreSQL()
    try:
        print(f"{'GetWebhook':<28}{'p50':>13}{'p99':>13}{'longest':>13}{'lists':>8}{'each':>11}")
        with tempfile.TemporaryDirectory() as directory, \
                running(directory, store=server.create_database("lists"), name="one") as service:
            fill(service, lambda sql: server.psql(sql, "lists"), lambda table: server.psql(
                "SELECT string_agg(column_name, ' ') FROM information_schema.columns "
                f"WHERE table_name = '{table}' AND table_schema = 'public'", "lists").split())
            service.start()
            measure("PostgreSQL, nobody lists", service, 0)
            measure(f"PostgreSQL, {LISTERS} list", service, LISTERS)
        with tempfile.TemporaryDirectory() as directory, running(directory) as service:
            with contextlib.closing(sqlite3.connect(f"{directory}/test.db")) as database:
                fill(service, database.execute,
                     lambda table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")])
                database.commit()
            service.start()
            measure("SQLite, nobody lists", service, 0)
            measure(f"SQLite, {LISTERS} list", service, LISTERS)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
