"""What the end-to-end tests share: the release binary as a process, a receiver that checks signatures, envelopes."""
import base64
import hashlib
import hmac
import http.client
import http.server
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEBHOOK_SVC", str(ROOT / ".build" / "release" / "webhook-svc"))
NAMESPACE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
TICKET = "7T:1234abcxyzExample=="


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def envelope(body, ticket=TICKET):
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{NAMESPACE}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'
        f"<s:Header><Credentials><Ticket>{ticket}</Ticket></Credentials></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


class Service:
    """The release binary, serving."""

    def __init__(self, directory, *flags, dev=True):
        self.port = free_port()
        self.arguments = [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}",
                          "--store", f"sqlite:{directory}/test.db", *(["--dev"] if dev else []), *flags]
        self.log = open(f"{directory}/service.log", "ab")
        self.process = None

    def start(self):
        begun = time.perf_counter()
        self.process = subprocess.Popen(self.arguments, stdout=self.log, stderr=self.log)
        while True:
            try:
                status, _ = self.request("GET", "/healthz")
                assert status == 200
                return time.perf_counter() - begun
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the service ended with {self.process.returncode}")
                time.sleep(0.002)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def resident_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(self, body, ticket=TICKET):
        status, answer = self.request("POST", "/Remote/Services87/Webhook.svc", envelope(body, ticket),
                                      {"Content-Type": "text/xml; charset=utf-8"})
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


class Receiver:
    """Takes notifications, checks their signatures with Python's own hmac, and answers as told."""

    def __init__(self, secret="", statuses=(), port=0):
        self.requests = []
        self.arrived = threading.Condition()
        self.answers = threading.Event()  # Cleared, it holds every answer but that to a test event back.
        self.answers.set()
        receiver, statuses = self, list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
                is_test = self.headers.get("X-Hook-Test") == "true"
                status = 200 if is_test or not statuses else statuses.pop(0)
                if not is_test:
                    with receiver.arrived:
                        receiver.requests.append({
                            "time": time.monotonic(), "headers": dict(self.headers), "body": body,
                            "signed": self.headers.get("X-SuperOffice-Signature") == (expected if secret else None)})
                        receiver.arrived.notify_all()
                    receiver.answers.wait(30)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, *_):
                pass  # Connections that the service kept and then dropped.

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count, seconds=30):
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.requests) >= count, seconds)
            return list(self.requests)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
