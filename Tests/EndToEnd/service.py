"""What the end-to-end tests share: the release binary as a process, its callers, a receiver that checks signatures,
envelopes."""
import base64
import functools
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import resource
import signal
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEBHOOK_SVC", str(ROOT / ".build" / "release" / "webhook-svc"))
NAMESPACE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
TICKET = "7T:1234abcxyzExample=="


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def require_program(name):
    """Where a program is. Its test is skipped where it is not installed; where CI is set it must be."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if found:
        return found
    if os.environ.get("CI"):
        raise AssertionError(f"{name} is not installed, and CI requires it: .ci/install tests")
    raise unittest.SkipTest(f"{name} is not installed: .ci/install tests")


def envelope(body, ticket=TICKET):
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{NAMESPACE}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'
        f"<s:Header><Credentials><Ticket>{ticket}</Ticket></Credentials></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def message(body, form="soap11", service="Webhook", number=87, ticket=None, token=None):
    """A request in one of the three forms, as header fields and bytes: SOAP 1.1, SOAP 1.2, or the documented one, with
    prefixes and types as in the documentation's samples. `body` has no prefixes; in it every leaf is a string."""
    namespace = NAMESPACE.replace("87", str(number))
    operation = re.match(r"<(\w+)", body).group(1)
    action = f"{namespace}/{service}/{operation}"
    blocks = "" if token is None else f"<ApplicationToken>{escape(token)}</ApplicationToken>"
    blocks += "" if ticket is None else f"<Credentials><Ticket>{escape(ticket)}</Ticket></Credentials>"
    if form == "documented":
        leaves = re.sub(r"<(\w+)>([^<]*)</", r'<\1 xsi:type="xsd:string">\2</', body)
        blocks, body = (re.sub(r"<(/?)(?=\w+[ />])", rf"<\1{service}:", part) for part in (blocks, leaves))
        text = ('<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
                ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
                f' xmlns:{service}="{namespace}">{blocks}<SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>')
        return {"Content-Type": "application/soap+xml; charset=utf-8"}, text.encode()
    envelope = {"soap11": "http://schemas.xmlsoap.org/soap/envelope/",
                "soap12": "http://www.w3.org/2003/05/soap-envelope"}[form]
    text = (f'<s:Envelope xmlns:s="{envelope}" xmlns="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'
            f"<s:Header>{blocks}</s:Header><s:Body>{body}</s:Body></s:Envelope>")
    if form == "soap11":
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}, text.encode()
    return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}, text.encode()


def wait_until(condition, seconds):
    """How long it took; None when it did not come true."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        if condition():
            return time.monotonic() - begun
        time.sleep(0.01)
    return None


def local(tag):
    return tag.rsplit("}", 1)[-1]


class Answer:
    """What came back: the HTTP status and, of an envelope, the header blocks and the one element in the Body."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.bytes = status, fields, body
        self.text = body.decode()
        self.blocks, self.element, self.envelope = {}, None, None
        if body.startswith(b"<?xml"):
            root = xml.etree.ElementTree.fromstring(body)
            self.envelope = root.tag[1:].split("}")[0]
            self.blocks = {local(block.tag): block for block in root.findall("{*}Header/*")}
            self.element, = root.find("{*}Body")

    @property
    def name(self):
        return None if self.element is None else local(self.element.tag)

    @property
    def namespace(self):
        return self.element.tag[1:].split("}")[0]

    def find(self, path):
        """The element at a path such as `Response/Name`, below the operation's own."""
        return self.element.find("/".join("{*}" + name for name in path.split("/")))

    def value(self, path):
        """Its text; None where it is absent or nil."""
        element = self.find(path)
        return None if element is None or is_nil(element) else element.text or ""

    @property
    def succeeded(self):
        return self.status == 200 and self.blocks["Succeeded"].text == "true"

    @property
    def ticket(self):
        return self.value("Credentials/Ticket")

    @property
    def error(self):
        """The last part of the exception's type, and its message."""
        if self.status != 200 or self.blocks["Succeeded"].text != "false":
            return None
        information = self.blocks["ExceptionInfo"]
        kind = information.findtext("{*}ExceptionType")
        assert kind.startswith("SuperOffice.Exceptions."), kind
        return kind.removeprefix("SuperOffice.Exceptions."), information.findtext("{*}Message")


def is_nil(element):
    return element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") in ("true", "1")


class Caller:
    """Who calls a service: with which credentials, in which form, from which address."""

    def __init__(self, service, tenant=None, token=None, ticket=None, form="soap11", number=87, source=None):
        # The documented form is known by these standing outside a Header; on-site no token is looked at.
        self.token = "any" if form == "documented" and not tenant and token is None else token
        self.service, self.ticket = service, ticket
        self.form, self.number, self.source = form, number, source
        self.base = f"/{tenant}/Remote" if tenant else "/Remote"

    def post(self, name, body, ticket=None, headers=None, connection=None):
        fields, data = message(body, self.form, name, self.number, ticket, self.token)
        path = f"{self.base}/Services{self.number}/{name}.svc"
        own = connection is None
        connection = connection or self.service.connection(self.source)
        try:
            connection.request("POST", path, data, {**fields, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            if own:
                connection.close()

    def principal(self, body, **options):
        return self.post("SoPrincipal", body, **options)

    def call(self, body, **options):
        return self.post("Webhook", body, ticket=self.ticket, **options)

    def authenticate(self, user, password, **options):
        return self.principal(f"<AuthenticateUsernamePassword><UserName>{escape(user)}</UserName>"
                              f"<Password>{escape(password)}</Password></AuthenticateUsernamePassword>", **options)

    def use_access_token(self, token, **options):
        return self.principal(f"<AuthenticateWithAccessToken><AccessToken>{escape(token)}</AccessToken>"
                              "</AuthenticateWithAccessToken>", **options)

    def authenticate_generic(self, **pairs):
        items = "".join(f"<AuthenticationGenericDataKeyValuePair><Key>{key}</Key><Value>{escape(value)}</Value>"
                        "</AuthenticationGenericDataKeyValuePair>" for key, value in pairs.items())
        return self.principal(f"<AuthenticateGeneric><AuthenticationData>{items}</AuthenticationData></AuthenticateGeneric>")

    def log_in(self, user, password=None):
        """Logs in and goes on with the ticket. Test users' passwords follow from their names."""
        answer = self.authenticate(user, password or password_of(user))
        assert answer.value("AuthenticationSucceeded") == "true", answer.text
        self.ticket = answer.ticket
        return self

    def save(self, target, *events, name="hook", secret="", headers=(), id=0):
        items = "".join(f"<a:string>{event}</a:string>" for event in events)
        pairs = "".join(f"<StringKeyValuePair><Key>{key}</Key><Value>{escape(value)}</Value></StringKeyValuePair>"
                        for key, value in headers)
        answer = self.call(
            f"<SaveWebhook><Webhook><WebhookId>{id}</WebhookId><Name>{escape(name)}</Name><Events>{items}</Events>"
            f"<TargetUrl>{escape(target)}</TargetUrl><Secret>{escape(secret)}</Secret><Headers>{pairs}</Headers>"
            "</Webhook></SaveWebhook>")
        assert answer.succeeded, answer.text
        return int(answer.value("Response/WebhookId"))

    def get(self, id):
        return self.call(f"<GetWebhook><WebhookId>{id}</WebhookId></GetWebhook>")

    def webhooks(self):
        """The ids of those that are listed."""
        answer = self.call("<GetAllWebhooks/>")
        assert answer.succeeded, answer.text
        return [int(webhook.findtext("{*}WebhookId")) for webhook in answer.find("Response")]

    def signal(self, event, key=1):
        answer = self.call(f"<SignalEvent><EventName>{event}</EventName><PrimaryKey>{key}</PrimaryKey></SignalEvent>")
        assert answer.succeeded, answer.text


class Rest:
    """Who calls the REST API: with which header fields, of which tenant, from which address."""

    def __init__(self, service, headers=None, tenant=None, source=None):
        self.service, self.headers, self.source = service, headers or {}, source
        self.base = f"/{tenant}/api/v1" if tenant else "/api/v1"

    def call(self, method, path, body=None, headers=None, connection=None):
        """A body that is neither text nor bytes is sent as JSON; a path that begins with /api is a whole one."""
        fields = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode()
            fields.setdefault("Content-Type", "application/json")
        own = connection is None
        connection = connection or self.service.connection(self.source)
        try:
            connection.request(method, path if path.startswith("/api") else self.base + path, body, fields)
            response = connection.getresponse()
            return RestAnswer(response.status, response.reason, response.headers, response.read())
        finally:
            if own:
                connection.close()

    def save(self, target, *events, **members):
        """Creates a webhook; its id."""
        answer = self.call("POST", "/Webhook", {"Name": "hook", "Events": events, "TargetUrl": target, **members})
        assert answer.status == 200, answer.text
        return answer.json["WebhookId"]


class RestAnswer:
    def __init__(self, status, reason, fields, body):
        self.status, self.reason, self.fields, self.bytes = status, reason, fields, body
        self.text = body.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def cookies(self):
        """Those that it sets: value and attributes by name."""
        pairs = [line.split("; ") for line in self.fields.get_all("Set-Cookie") or []]
        return {pair.split("=", 1)[0]: (pair.split("=", 1)[1], set(attributes)) for pair, *attributes in pairs}

    @property
    def error(self):
        """Type and message of an error object; None for what is none."""
        if self.status < 400:
            return None
        error = self.json
        assert list(error) == ["Error", "ErrorType", "ErrorMessage", "ErrorSource"] and error["Error"] is True, self.text
        return error["ErrorType"], error["ErrorMessage"]


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def password_of(user):
    return f"{user.lower()}'s pässword & <more>"


def scrypt(password, salt, blocks, rounds):
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << blocks, r=8, p=rounds, maxmem=128 << 20, dklen=32)


@functools.cache
def password_hash(password, blocks=10, rounds=1):
    """As `webhook-svc hash-password` prints it, but cheap unless told: 15 and 3 are what that takes."""
    salt = os.urandom(16)
    hash = scrypt(password, salt, blocks, rounds)
    return f"scrypt$ln={blocks},r=8,p={rounds}${base64.b64encode(salt).decode()}${base64.b64encode(hash).decode()}"


def user(name, associate, **members):
    """A user of a configuration file, with the right to webhooks."""
    return {"name": name, "passwordHash": password_hash(password_of(name)), "associateId": associate,
            "rights": ["webhooks"], **members}


class Certificate:
    """A certificate for this machine, or another host, signed by itself, and its key, in files."""

    def __init__(self, directory, name, host="localhost", days=2, key=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
        self.certificate, self.key = f"{directory}/{name}.pem", f"{directory}/{name}.key"
        request, extensions = f"{directory}/{name}.csr", f"{directory}/{name}.ext"
        pathlib.Path(extensions).write_text(f"subjectAltName=DNS:{host},IP:127.0.0.1\nbasicConstraints=CA:TRUE\n"
                                            "keyUsage=digitalSignature,keyCertSign,keyEncipherment\n")
        for command in (["req", "-newkey", *key, "-nodes", "-subj", f"/CN={name}", "-keyout", self.key, "-out", request],
                        # Only this command takes days that are over.
                        ["x509", "-req", "-in", request, "-signkey", self.key, "-days", str(days), "-extfile", extensions,
                         "-out", self.certificate]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        self.flags = ["--tls-cert", self.certificate, "--tls-key", self.key]

    @property
    def bytes(self):
        """What a client sees of it."""
        return ssl.PEM_cert_to_DER_cert(pathlib.Path(self.certificate).read_text())

    def context(self, version=None):
        """Trusts it, and it alone."""
        context = ssl.create_default_context(cafile=self.certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        return context


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

    def wait_for_log(self, pattern, seconds=5):
        """The first line of the log that the pattern is found in; None when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            lines = [line for line in self.log_text().splitlines() if re.search(pattern, line)]
            if lines or time.monotonic() > deadline:
                return lines[0] if lines else None
            time.sleep(0.02)

    def start(self):
        begun = time.perf_counter()
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.open_files, self.open_files))
        self.process = subprocess.Popen(self.arguments, stdout=self.log, stderr=self.log,
                                        preexec_fn=limit if self.open_files else None)
        while True:
            try:
                status, _ = self.request("GET", "/healthz")
                assert status == 200
                return time.perf_counter() - begun
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the service ended with {self.process.returncode}")
                time.sleep(0.002)

    def peak_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def resident_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def connection(self, source=None):
        """A new one, from another address of this machine if asked."""
        source = (source, 0) if source else None
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, source_address=source, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=source)

    def request(self, method, path, body=None, headers=None, source=None):
        connection = self.connection(source)
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


class Receiver:
    """Takes notifications, checks their signatures with Python's own hmac, and answers as told."""

    def __init__(self, secret="", statuses=(), port=0, test_status=200):
        self.requests = []
        self.status = 200  # What is answered once `statuses` are used up.
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
                status = test_status if is_test else statuses.pop(0) if statuses else receiver.status
                if not is_test:
                    with receiver.arrived:
                        receiver.requests.append({
                            "time": time.monotonic(), "headers": dict(self.headers), "body": body, "status": status,
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
