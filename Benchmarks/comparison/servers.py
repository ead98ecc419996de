"""The processes that are measured, what calls them, and what they deliver to."""
import contextlib
import http.client
import json
import pathlib
import re
import subprocess
import tempfile
import time

from comparison.machine import MEASURED, OTHERS, cpu_seconds, on_core, program
from service import free_port, wait_until
from soap import NAMESPACE, WEBHOOK_PATH

ENVELOPES = pathlib.Path(__file__).resolve().parents[1] / "envelopes"
# Until a whole process has started, with the largest store.
PATIENCE = 120


def message(operation, **values):
    """The header fields and the body of a request. `values` replace the contents of elements that have these names."""
    body = (ENVELOPES / f"{operation}.xml").read_text()
    for name, value in values.items():
        body, count = re.subn(rf"(<{name}>).*?(</{name}>)", rf"\g<1>{value}\g<2>", body)
        assert count == 1, f"{operation} has {count} elements {name}"
    fields = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}/Webhook/{operation}"'}
    return fields, body.encode()


class Server:
    """A process on the core of what is measured."""

    def __init__(self, name, port, *command):
        self.name, self.port, self.command, self.process = name, port, command, None

    def start(self):
        """Starts the process. Returns after how many seconds it has answered a call."""
        begun = time.perf_counter()
        self.process = subprocess.Popen(on_core(MEASURED, *self.command))
        while True:
            try:
                self.call("GetWebhook")
                return time.perf_counter() - begun
            except ConnectionRefusedError:
                assert self.process.poll() is None, f"{self.name} has ended with {self.process.returncode}"
                assert time.perf_counter() < begun + PATIENCE, f"{self.name} does not listen"
                time.sleep(0.001)

    def request(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields or {})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, text
            return text
        finally:
            connection.close()

    def call(self, operation, **values):
        """Carries one operation out."""
        fields, body = message(operation, **values)
        answer = self.request("POST", WEBHOOK_PATH, body.replace(b"########", b"00000000"), fields)
        assert re.search(r"Succeeded[^>]*>true<", answer), answer

    def load(self, tools, operation, connections, *, seconds=None, requests=None, **values):
        """Calls again and again, for so long or so often. Every answer is checked. Returns how many calls there were, how
        long they took, percentiles of their times in microseconds, and the processor time of one call in microseconds."""
        fields, body = message(operation, **values)
        head = [f"POST {WEBHOOK_PATH} HTTP/1.1", "Host: 127.0.0.1", *(": ".join(field) for field in fields.items()),
                f"Content-Length: {len(body)}"]
        limit = ["seconds", seconds] if requests is None else ["requests", requests]
        # What only the right answer holds.
        text = "TargetUrl>" if operation == "GetWebhook" else f"{operation}Response"
        with tempfile.NamedTemporaryFile() as file:
            file.write("\r\n".join([*head, "", ""]).encode() + body)
            file.flush()
            before = cpu_seconds(self.process)
            run = subprocess.run(on_core(OTHERS, tools.load, self.port, connections, *limit, file.name, text),
                                 check=True, stdout=subprocess.PIPE, text=True)
        result = json.loads(run.stdout)
        return {**result, "rate": result["requests"] / result["seconds"],
                "cpu": (cpu_seconds(self.process) - before) / result["requests"] * 1e6}

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


def service(binary, directory, *flags):
    """This service on a SQLite file, with the settings that it has by default."""
    port = free_port()
    return Server("webhook-svc", port, binary, "serve", "--dev", "--listen", f"127.0.0.1:{port}", "--store",
                  f"sqlite:{directory}/service.db", "--log-level", "error", *flags)


def gsoap(tools, directory):
    """The peer in C++, on a SQLite file of its own."""
    port = free_port()
    return Server("gSOAP", port, tools.server, port, f"{directory}/gsoap.db")


class Sink:
    """nginx as the target of deliveries, on the core of the clients: it answers 200 and counts."""

    CONFIGURATION = """
        worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 1000000000; client_body_temp_path {directory}/bodies;
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                location = /status {{ stub_status; }}
                location / {{ return 200; }}
            }}
        }}
    """

    def __init__(self, port):
        self.url, self.asked = f"http://127.0.0.1:{port}/hook", 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def arrivals(self):
        """How many deliveries have arrived."""
        self.connection.request("GET", "/status")
        requests = int(self.connection.getresponse().read().split()[9])
        self.asked += 1
        return requests - self.asked

    def listens(self):
        try:
            return self.arrivals() == 0
        except ConnectionRefusedError:
            self.connection.close()
            return False

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        with tempfile.TemporaryDirectory() as directory:
            port = free_port()
            path = pathlib.Path(directory, "nginx.conf")
            path.write_text(cls.CONFIGURATION.format(directory=directory, port=port))
            process = subprocess.Popen(on_core(OTHERS, program("nginx"), "-c", path), stderr=subprocess.DEVNULL)
            try:
                sink = cls(port)
                assert wait_until(sink.listens), "nginx does not listen"
                yield sink
                sink.connection.close()
            finally:
                process.terminate()
                process.wait()
