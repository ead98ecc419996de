"""The binary under test as a process, its commands, and the base of the tests that start them."""
import http.client
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from xml.sax.saxutils import escape

from receiver import Receiver
from soap import TICKET, WEBHOOK_PATH, XML_HEADERS, envelope, is_acknowledged, signal_body

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEBHOOK_SVC", str(ROOT / ".build" / "release" / "webhook-svc"))

# How long a test waits, in seconds, for what should come at once: on two busy cores that may take a while. What such a test
# guards against takes longer, or never comes.
PATIENCE = 20


def free_port():
    """A port that nobody uses.

    It lies below the ports that the system gives to outgoing connections and to listeners without a port of their own.
    None of these can take it before its user does.
    """
    while True:
        port = random.randrange(10_000, ephemeral_ports().start)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def ephemeral_ports():
    """The ports that the system gives away by itself."""
    first, last = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return range(int(first), int(last) + 1)


def require_program(name):
    """Where a program is. Its test is skipped where it is not installed; where CI is set it must be."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if found:
        return found
    if os.environ.get("CI"):
        raise AssertionError(f"{name} is not installed, and CI requires it: .ci/install tests")
    raise unittest.SkipTest(f"{name} is not installed: .ci/install tests")


def wait_until(condition, seconds=PATIENCE):
    """Returns how long it took until a condition was true, in seconds, or None when it did not become true in time."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        if condition():
            return time.monotonic() - begun
        time.sleep(0.01)
    return None


def report(text):
    """Prints a figure of a test into the log."""
    print(f"\n  {text}", file=sys.stderr)


def run(*arguments, environment=None, **options):
    """Runs a command of the binary to its end. Of this process's environment it gets no settings of the service."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEBHOOK_SVC_")}
    return subprocess.run([BINARY, *map(str, arguments)], env={**clean, **(environment or {})}, capture_output=True,
                          text=True, **{"timeout": 120, **options})


class Task(threading.Thread):
    """Does something in a thread from the start on, and then tells what came of it."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self.work, self.arguments, self.result, self.failure = work, arguments, None, None
        self.start()

    def run(self):
        try:
            self.result = self.work(*self.arguments)
        except BaseException as failure:  # `wait` raises it again.
            self.failure = failure

    def wait(self, seconds=120):
        """Waits for the end. Returns what the work returned, or raises what it raised."""
        self.join(seconds)
        if self.is_alive():
            raise AssertionError(f"{self.work.__name__} is still at work after {seconds} s")
        if self.failure:
            raise self.failure
        return self.result


class Service:
    """The release binary, serving; with `config`, from a configuration file; with `tls`, a client's context, https; with
    `open_files`, that many at most. Of several in one directory, each has a name of its own."""

    def __init__(self, directory, *flags, dev=True, config=None, tls=None, store=None, name="service",
                 open_files=None):
        self.port = free_port()
        self.directory = directory
        self.tls = tls
        self.open_files = open_files
        self.arguments = [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}",
                          "--store", store or f"sqlite:{directory}/test.db", *(["--dev"] if dev else []), *flags]
        if config is not None:
            self.configure(config)
            self.arguments += ["--config", f"{directory}/config.json"]
        self.log = open(f"{directory}/{name}.log", "ab")
        self.process = None

    def configure(self, config):
        """Writes the configuration file that the next start reads."""
        pathlib.Path(f"{self.directory}/config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False))

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def log_text(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def wait_for_log(self, pattern, seconds=PATIENCE):
        """Returns the first line of the log that the pattern is found in, or None when none comes in time."""
        deadline = time.monotonic() + seconds
        while True:
            lines = [line for line in self.log_text().splitlines() if re.search(pattern, line)]
            if lines or time.monotonic() > deadline:
                return lines[0] if lines else None
            time.sleep(0.02)

    def start(self):
        """Starts the process. Returns after how many seconds it answered."""
        begun = time.perf_counter()
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.open_files, self.open_files))
        self.process = subprocess.Popen(self.arguments, stdout=self.log, stderr=self.log,
                                        preexec_fn=limit if self.open_files else None)
        while True:
            try:
                status, _ = self.request("GET", "/healthz")
                assert status == 200
                self.start_seconds = time.perf_counter() - begun
                return self.start_seconds
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the service ended with {self.process.returncode}")
                if time.perf_counter() - begun > 60:
                    raise RuntimeError(f"the service does not listen: {self.log_text()[-2000:]}")
                time.sleep(0.002)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def begin_stop(self):
        """Sends SIGTERM, and waits until the process takes no connections any more."""
        self.process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: not self.takes_connections(), 30) is not None, "it still takes connections"

    def takes_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=30).close()
            return True
        except ConnectionRefusedError:
            return False

    def cpu_seconds(self):
        """The processor time that the process has used. Unlike the time on the clock it does not grow with the load of the
        machine."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # The clock's id, as clock_getcpuclockid(3) makes it.

    def wait_until_quiet(self, seconds=60):
        """Waits until the process has next to nothing to do: it uses less than 2 % of a core for a second."""
        deadline = time.monotonic() + seconds
        while True:
            before = self.cpu_seconds()
            time.sleep(1)
            used = self.cpu_seconds() - before
            if used < 0.02:
                return
            assert time.monotonic() < deadline, f"after {seconds} s the process still uses {used:.0%} of a core"

    def memory(self, name):
        """Megabytes of this process's status: `VmRSS` is what it holds, `VmHWM` what it has held at most."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024

    def forget_peak(self):
        """From now on, `peak_megabytes` tells what the process holds at most from now on."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def resident_megabytes(self):
        return self.memory("VmRSS")

    def peak_megabytes(self):
        return self.memory("VmHWM")

    def connection(self, source=None):
        """A new one, from another address of this machine if asked."""
        source = (source, 0) if source else None
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, source_address=source, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=source)

    def request(self, method, path, body=None, headers=None, source=None):
        connection = self.connection(source)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(self, body, ticket=TICKET):
        status, answer = self.request("POST", WEBHOOK_PATH, envelope(body, ticket), XML_HEADERS)
        return status, answer.decode()

    def save(self, target, events, secret="", name="hook", properties=""):
        items = "".join(f"<a:string>{event}</a:string>" for event in events)
        status, answer = self.call(
            f"<SaveWebhook><Webhook><Name>{escape(name)}</Name><Events>{items}</Events><TargetUrl>{target}</TargetUrl>"
            f"<Secret>{escape(secret)}</Secret><Properties>{properties}</Properties></Webhook></SaveWebhook>")
        assert status == 200 and ">true</Succeeded>" in answer, answer
        return int(re.search(r"<WebhookId>(\d+)<", answer).group(1))

    def signal(self, event, key=1, data=""):
        status, answer = self.call(f"<SignalEvent><EventName>{escape(event)}</EventName><PrimaryKey>{key}</PrimaryKey>"
                                   f"<Data>{data}</Data></SignalEvent>")
        assert status == 200 and ">true</Succeeded>" in answer, answer

    def is_taken(self, event, key):
        """Signals an event once. Returns whether it was acknowledged."""
        return is_acknowledged(*self.request("POST", WEBHOOK_PATH, signal_body(event, key), XML_HEADERS))

    def admin(self, method, path, headers=None):
        """Calls the admin API. Returns the status and what the JSON of the answer says; None for an empty answer."""
        status, body = self.request(method, "/admin/v1/" + path, headers=headers)
        return status, json.loads(body) if body else None

    def set_state(self, webhook, state):
        """Saves a webhook as it is but for its state."""
        _, answer = self.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
        members = re.search(r"<Response>(.*)</Response>", answer, re.S)
        assert members, answer
        members = re.sub(r"<State>\w+</State>", f"<State>{state}</State>", members.group(1).replace("arr:", "a:"))
        _, answer = self.call(f"<SaveWebhook><Webhook>{members}</Webhook></SaveWebhook>")
        assert ">true</Succeeded>" in answer, answer

    def delete(self, webhook):
        _, answer = self.call(f"<DeleteWebhook><WebhookId>{webhook}</WebhookId></DeleteWebhook>")
        assert ">true</Succeeded>" in answer, answer


class ServiceTestCase(unittest.TestCase):
    """Starts what a test needs, in a directory of its own, and ends it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="webhook-svc-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def service(self, *flags, **options):
        service = Service(self.directory, *flags, **options)
        self.addCleanup(service.log.close)
        self.addCleanup(lambda: service.process.poll() is None and service.kill())
        service.start()
        return service

    def allow_open_files(self, count):
        """Lets this process, and those that it starts, have so many; where the system does not, the test is skipped."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count:
            self.skipTest(f"the system allows {hard} open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.addCleanup(receiver.close)
        return receiver

    def connection(self, service):
        """A connection to a service that is closed when the test ends."""
        connection = service.connection()
        self.addCleanup(connection.close)
        return connection

    def assert_idle(self, service, seconds=60):
        """Waits until a service has nothing to deliver."""
        status, idle = service.admin("GET", f"idle?timeout={seconds}s")
        self.assertEqual(status, 200, idle)
