"""Receivers of notifications in threads of a test: one that checks signatures, one that gives up, one that never answers."""
import base64
import contextlib
import hashlib
import hmac
import http.server
import socket
import threading
import time


class QuietServer(http.server.ThreadingHTTPServer):
    """An HTTP server on loopback that serves from the start, and says nothing of connections that its clients drop."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, handler, port=0):
        super().__init__(("127.0.0.1", port), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        self.server_close()


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def is_test(self):
        """Whether it is the event that is sent before a webhook is saved."""
        return self.headers.get("X-Hook-Test") == "true"

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Requests:
    """What arrived at a receiver, in the order of arrival."""

    def __init__(self):
        self.requests = []
        self.arrived = threading.Condition()

    def add(self, **request):
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()

    def wait(self, count, seconds=60):
        """Waits until `count` requests have arrived, `seconds` at most. Returns all that have."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.requests) >= count, seconds)
            return list(self.requests)


class Receiver(Requests):
    """Takes notifications, checks their signatures with Python's own hmac, and answers as told."""

    def __init__(self, secret="", statuses=(), port=0, test_status=200):
        super().__init__()
        self.status = 200  # What is answered once `statuses` are used up.
        self.answers = threading.Event()  # Cleared, it holds every answer but that to a test event back.
        self.answers.set()
        receiver, statuses = self, list(statuses)

        class Handler(QuietHandler):
            def do_POST(self):
                body = self.body()
                expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
                status = test_status if self.is_test else statuses.pop(0) if statuses else receiver.status
                if not self.is_test:
                    receiver.add(time=time.monotonic(), headers=dict(self.headers), body=body, status=status,
                                 signed=self.headers.get("X-SuperOffice-Signature") == (expected if secret else None))
                    receiver.answers.wait(120)
                self.answer(status, b"ok")

        self.server = QuietServer(Handler, port)
        self.port = self.server.port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.close = self.server.close


class HastyReceiver(Requests):
    """While it is hasty, it gives up on its own answers once it is told to, and ends their connections."""

    def __init__(self):
        super().__init__()
        self.is_hasty = False
        self.gives_up = threading.Event()
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self):
                body, is_hasty = self.body(), receiver.is_hasty
                if not self.is_test:
                    receiver.add(body=body, status=None if is_hasty else 200)
                if is_hasty:
                    receiver.gives_up.wait(120)
                    self.close_connection = True
                else:
                    self.answer(200)

        self.server = QuietServer(Handler)
        self.url = f"http://127.0.0.1:{self.server.port}/hook"
        self.close = self.server.close


class SilentReceiver:
    """Takes connections and never answers."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/silent"
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):  # It is closed.
            while True:
                self.connections.append(self.server.accept()[0])

    def close(self):
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)  # Wakes the thread that waits for a connection.
        self.server.close()
        for connection in self.connections:
            connection.close()
