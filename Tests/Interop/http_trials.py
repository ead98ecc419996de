"""Calls the service many times on one connection with an HTTP client that offers another protocol each time."""
import re
import socket
import threading
import time

from matrix import FOLDER, IS_MISSING, Column, Command, progress
from service import Service
from soap import message

CLIENTS = {"jdk": "HttpClient", "curl": "--http2"}
CHECKS = ["offers h2c", "answered", "in time", "one connection"]
# A client whose offer is answered wrongly waits until a time-out ends the connection: 180 s by default.
CALLS, SLOWEST = 1000, 10.0


def http_column(client, directory):
    column = Column(client, CLIENTS[client])
    begun = time.monotonic()
    directory = directory / f"http-{client}"
    work = directory / "work"
    work.mkdir(parents=True)
    service = Service(directory)
    service.start()
    relay = Relay(service.port)
    try:
        fields, body = message("<GetSystemInfo/>", service="SoPrincipal")
        (work / "body.xml").write_bytes(body)
        with Command([FOLDER / "http" / "run", client], {
                "URL": f"http://127.0.0.1:{relay.port}/Remote/Services87/SoPrincipal.svc", "CALLS": str(CALLS),
                "BODY": str(work / "body.xml"), "EXPECTED": "<GetSystemInfoResponse ",
                "WORK": str(work)}) as command:
            code, column.output = command.wait()
        if code == IS_MISSING:
            column.missing = column.output.strip()
        else:
            column.results = dict(zip(CHECKS, problems(code, column.output, relay)))
    finally:
        relay.close()
        service.kill()
        service.log.close()
    progress(column, begun)
    return column


def problems(code, output, relay):
    """What is wrong with each of the checks, None where nothing is."""
    answers = [(int(status), float(seconds), found == "true")
               for status, seconds, found in re.findall(r"(?m)^(\d+) ([\d.]+) (true|false)$", output)]
    yield None if re.search(rb"(?i)\r\nUpgrade: *h2c\r\n", relay.start) else f"it sent {relay.start!r}"
    good = sum(status == 200 and found for status, _, found in answers)
    yield None if (good, code) == (CALLS, 0) else f"{good} good answers of {CALLS}, ended with {code}"
    slowest = max((seconds for _, seconds, _ in answers), default=0)
    yield None if len(answers) == CALLS and slowest < SLOWEST else f"the slowest of {len(answers)} took {slowest} s"
    yield None if relay.connections == 1 else f"it opened {relay.connections} connections"


class Relay:
    """Stands before the service, counts the connections and keeps what the first one begins with."""

    def __init__(self, port):
        self.connections, self.start = 0, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.target = self.listener.getsockname()[1], port
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # Closed.
            self.connections += 1
            service = socket.create_connection(("127.0.0.1", self.target))
            for connection in (client, service):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            threading.Thread(target=self.pass_on, args=(service, client), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(client, service, self.connections == 1), daemon=True).start()

    def pass_on(self, source, sink, is_kept=False):
        try:
            while data := source.recv(65536):
                if is_kept and len(self.start) < 4096:
                    self.start += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # One side has closed; so does the other, which sees it.

    def close(self):
        self.listener.close()
