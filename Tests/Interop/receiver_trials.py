"""Sends a receiver what a service sends, and what somebody else might."""
import base64
import hashlib
import hmac
import http.client
import re
import select
import socket
import time

from matrix import CONFIG, FOLDER, IS_MISSING, SECONDS, SECRET, Column, Command, log_in, progress
from receiver import Receiver
from service import Service, free_port, wait_until

LANGUAGES = ["php", "node", "python", "csharp", "swift"]


def receiver_column(language, directory):
    column = Column(language)
    begun = time.monotonic()
    trial = ReceiverTrial(language, directory / f"receiver-{language}")
    try:
        trial.play(column)
    finally:
        trial.close()
    progress(column, begun)
    return column


class ReceiverTrial:
    """One receiver, sent what a service sends, and what somebody else might."""

    CHECKS = ["accepted", "1 MiB", "tampered", "wrong secret", "unsigned", "not base64", "too large", "afterwards"]

    def __init__(self, language, directory):
        work = directory / "work"
        work.mkdir(parents=True)
        self.language, self.event = language, f"interop.{language}"
        self.port = free_port()
        self.witness = Receiver(SECRET)
        self.service = Service(directory, dev=False, config=CONFIG)
        self.command = Command([FOLDER / "receivers" / "run", language, self.port, SECRET], {"WORK": str(work)})

    def close(self):
        self.command.__exit__()
        self.witness.close()
        if self.service.process and self.service.process.poll() is None:
            self.service.kill()
        self.service.log.close()

    def play(self, column):
        is_listening = self.wait_until_it_listens()
        column.output = self.command.text()
        if self.command.process.poll() == IS_MISSING:
            column.missing = column.output.strip()
            return
        if not is_listening:
            column.results["accepted"] = f"it does not listen; ended with {self.command.process.poll()}"
            return
        column.results = {check: "not tried" for check in self.CHECKS}
        try:
            self.service.start()
            self.signal_an_event()
            column.results["accepted"] = self.printing_problem()
            column.results.update(self.tries())
        except (AssertionError, OSError, http.client.HTTPException) as error:
            column.results["accepted"] = f"{type(error).__name__}: {error}"
        column.output = self.command.text()

    def wait_until_it_listens(self):
        deadline = time.monotonic() + SECONDS
        while self.command.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def signal_an_event(self):
        """Saving sends the test event; the witness hears what the receiver should have heard."""
        caller = log_in(self.service)
        headers = [("X-Interop", "a&b")]
        caller.save(f"http://127.0.0.1:{self.port}/hook", self.event, secret=SECRET, headers=headers, name="Blåbær")
        caller.save(self.witness.url, self.event, secret=SECRET, headers=headers, name="Blåbær")
        caller.signal(self.event, 7)
        assert self.witness.wait(1), "the service sent no notification"
        request = self.witness.requests[0]
        self.body, self.signature = request["body"], request["headers"]["X-SuperOffice-Signature"]

    def printing_problem(self):
        expected = ["accepted test 0", f"accepted {self.event} 7"]

        def printed():
            return [line.rstrip() for line in self.command.text().splitlines() if line.startswith("accepted ")]

        is_printed = wait_until(lambda: printed() == expected) is not None
        return None if is_printed else f"printed {printed()}, expected {expected}"

    def tries(self):
        large = self.filled(1 << 20)
        too_large = self.filled((1 << 20) + 1)
        short = base64.b64encode(b"short").decode()
        printed = len(self.accepted())
        yield "1 MiB", self.problem((large, signed(large), 200))
        yield "tampered", self.problem((self.body.replace(b'"PrimaryKey":7', b'"PrimaryKey":8'), self.signature, 401))
        yield "wrong secret", self.problem((self.body, signed(self.body, SECRET + "?"), 401))
        yield "unsigned", self.problem((self.body, None, 401), (self.body, "", 401))
        yield "not base64", self.problem(*((self.body, text, 401) for text in ("@@@@", "æøå", "=", short)))
        yield "too large", self.problem((too_large, signed(too_large), 413))
        afterwards = self.problem((self.body, self.signature, 200))
        # It may print a moment after it has answered.
        wait_until(lambda: len(self.accepted()) >= printed + 2)
        count = len(self.accepted()) - printed
        yield "afterwards", afterwards or (f"printed {count} times that it accepts, expected 2" if count != 2 else None)

    def accepted(self):
        return re.findall(r"(?m)^accepted ", self.command.text())

    def filled(self, size):
        """The notification with a property that makes it as large as that."""
        start = self.body[:-1] + b',"fyll":"'
        return start + b"x" * (size - len(start) - 2) + b'"}'

    def problem(self, *tries):
        for body, signature, expected in tries:
            found = self.post(body, signature)
            if found != expected:
                return f"answered {found}, expected {expected}; X-SuperOffice-Signature: {signature}"
        return None

    def post(self, body, signature):
        """The status of the answer. Who refuses a large body may do so before it has all arrived."""
        lines = ["POST /hook HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json; charset=utf-8",
                 f"Content-Length: {len(body)}", "Connection: close", f"X-SuperOffice-Event: {self.event}",
                 *([] if signature is None else [f"X-SuperOffice-Signature: {signature}"])]
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            try:
                if len(body) < 1 << 16 or not select.select([connection], [], [], 0.5)[0]:
                    connection.sendall(body)
            except OSError:
                pass  # It has hung up; its answer may be there all the same.
            response = http.client.HTTPResponse(connection, method="POST")
            try:
                response.begin()
            except (OSError, http.client.HTTPException) as error:
                return f"nothing ({type(error).__name__})"
            return response.status


def signed(body, secret=SECRET):
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
