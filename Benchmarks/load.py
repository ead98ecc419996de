"""Load for the benchmarks: SignalEvent at full rate against one process or several, and what becomes of the events."""
import collections
import multiprocessing
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
from receiver_process import ReceiverProcess  # noqa: E402
from service import Service  # noqa: E402
from soap import envelope  # noqa: E402

EVENT = "contact.created"
PATH = "/Remote/Services87/Webhook.svc"
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
BODY = envelope(f"<SignalEvent><EventName>{EVENT}</EventName><PrimaryKey>1</PrimaryKey></SignalEvent>")
CONNECTIONS = 64
# More than one target's share, because there is only one here.
FLAGS = ["--verify-target", "false", "--target-concurrency", "256", "--log-level", "error"]


def counts(processes):
    """Events taken in and deliveries made so far."""
    texts = [process.request("GET", "/metrics")[1].decode() for process in processes]
    return [sum(float(value) for text in texts for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))
            for name in ("webhook_svc_events_committed_total", "webhook_svc_delivery_attempts_total")]


def round_trips(processes):
    """How often each lane of PostgreSQL stores waited for the database so far; empty for other stores."""
    lanes = collections.Counter()
    for process in processes:
        text = process.request("GET", "/metrics")[1].decode()
        for lane, value in re.findall(r'^webhook_svc_postgresql_round_trips_total{lane="(\w+)"} (\S+)$', text, re.M):
            lanes[lane] += float(value)
    return lanes


def call_again_and_again(port, until):
    """What one of several client processes does where there is no wrk."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.monotonic() < until:
        connection.request("POST", PATH, BODY, HEADERS)
        connection.getresponse().read()


def signal(processes, seconds):
    """Signals from all connections together, evenly over the processes. Returns how long it took."""
    begun = time.monotonic()
    if shutil.which("wrk"):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            fields = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in HEADERS.items())
            script.write(f'wrk.method = "POST"\nwrk.body = [==[{BODY.decode()}]==]\n{fields}')
            script.flush()
            clients = [subprocess.Popen(["wrk", "--threads", "1", "--connections", str(CONNECTIONS // len(processes)),
                                         "--duration", f"{seconds}s", "--timeout", "30s", "--script", script.name,
                                         process.url + PATH], stdout=subprocess.DEVNULL) for process in processes]
            assert [client.wait() for client in clients] == [0] * len(clients)
    else:
        clients = [multiprocessing.Process(target=call_again_and_again, args=(process.port, begun + seconds))
                   for process in processes for _ in range(16 // len(processes))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    return time.monotonic() - begun


class Installation:
    """Processes on one store, and one webhook whose target takes everything at once."""

    def __init__(self, store=None, processes=1):
        self.directory = tempfile.TemporaryDirectory()
        self.trips_per_event, self.trips_per_delivery = None, None
        self.sink = ReceiverProcess()
        self.processes = [Service(self.directory.name, *FLAGS, store=store, name=f"process{number}")
                          for number in range(processes)]

    def __enter__(self):
        try:
            for process in self.processes:
                process.start()
            self.processes[0].save(self.sink.url(), [EVENT])
            # Plans are made, connections are open.
            self.measure(1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def measure(self, seconds):
        """Accepted events a second while signals come at full rate, and delivered ones a second until the last has
        arrived, after which nothing is pending or in flight."""
        before, trips_before = counts(self.processes), round_trips(self.processes)
        begun = time.monotonic()
        signalling = signal(self.processes, seconds)
        # Only then is the service asked: to answer, it counts what stands in its store.
        while time.monotonic() < self.sink.arrivals()[1] + 1:
            time.sleep(0.1)
        for process in self.processes:
            status, answer = process.request("GET", "/admin/v1/idle?timeout=25s")
            assert status == 200, answer
        all_delivered = self.sink.arrivals()[1] - begun
        accepted, delivered = (now - then for now, then in zip(counts(self.processes), before))
        assert delivered == accepted > 0, f"{accepted} accepted, {delivered} delivered"
        trips = round_trips(self.processes) - trips_before
        if trips:
            self.trips_per_event = trips["signals"] / accepted
            self.trips_per_delivery = (trips["claims"] + trips["results"]) / delivered
        return accepted / signalling, delivered / all_delivered

    def __exit__(self, *_):
        for process in self.processes:
            if process.process and process.process.poll() is None:
                process.kill()
            process.log.close()
        self.sink.close()
        self.directory.cleanup()
