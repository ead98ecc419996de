"""The service as a pair of processes, and calls that go to it through a proxy."""
import os
import select
import tempfile
import threading
import time

import proxies  # noqa: F401: it finds the end-to-end tests' modules.
from rest import DOCUMENTED, Rest
from service import Service
from soap import TICKET, Caller

ADMIN_TOKEN = "a-token-of-the-tests"
FLAGS = ["--trusted-proxy", "127.0.0.0/8", "--admin-token", ADMIN_TOKEN]


class Calls:
    """Calls through a proxy in a loop, each on a connection of its own or all on one, until it is told to stop."""

    def __init__(self, proxy, is_kept=False):
        self.proxy, self.is_kept = proxy, is_kept
        self.stopped, self.seconds, self.problems = threading.Event(), [], []
        self.caller = Caller(proxy, ticket=TICKET)
        self.rest = Rest(proxy, DOCUMENTED)
        self.connection = None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.close()

    def close(self):
        if self.connection:
            self.connection.close()

    def run(self):
        while not self.stopped.is_set():
            self.call()

    def call(self):
        begun = time.monotonic()
        try:
            self.make(len(self.seconds) % 4)
        except Exception as error:  # Whatever it is, it goes into the test's report.
            self.problems.append(f"{type(error).__name__}: {error}")
            self.close()
        self.seconds.append(time.monotonic() - begun)

    def make(self, kind):
        connection = self.usable_connection()
        if kind == 0:
            answer = self.caller.principal("<GetSystemInfo/>", connection=connection)
        elif kind == 1:
            answer = self.caller.call("<SignalEvent><EventName>a.b</EventName><PrimaryKey>1</PrimaryKey></SignalEvent>",
                                      connection=connection)
        elif kind == 2:
            answer = self.rest.call("POST", "/Webhook/a.b/1", {"navn": "Åse"}, connection=connection)
        else:
            answer = self.rest.call("GET", "/Webhook", connection=connection)
        expected = 204 if kind == 2 else 200
        assert answer.status == expected, f"{answer.status} {answer.text[:60]}"
        assert kind > 1 or answer.succeeded, answer.text
        if not self.is_kept:
            self.close()

    def usable_connection(self):
        """The one that is kept, unless the proxy has closed it: every HTTP client looks."""
        if self.is_kept and self.connection and self.connection.sock:
            if not select.select([self.connection.sock], [], [], 0)[0]:
                return self.connection
            self.close()
        self.connection = self.proxy.connection()
        return self.connection


def pair(test, *flags):
    """Two processes of the service, each with a store of its own."""
    directory = tempfile.TemporaryDirectory(prefix="proxies-")
    clean = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    clean(directory.cleanup)
    services = [Service(directory.name, *FLAGS, *flags, store="memory:", name=name) for name in ("first", "second")]
    for service in services:
        service.start()
        clean(service.log.close)
        clean(lambda service=service: service.process.poll() is None and service.kill())
    return services


def is_there(kind):
    """Whether a proxy is installed; where all must be, its absence is a failure."""
    if kind.path() is None:
        if os.environ.get("CI"):
            raise AssertionError(f"{kind.name} is not installed: Debian package {kind.package}")
        return False
    return True
