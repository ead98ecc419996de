"""The REST API as the tests call it: by its methods, and in bytes that no HTTP client would send."""
import base64
import json
import socket


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# The credentials of the documentation's samples, which --dev accepts.
DOCUMENTED = basic("tje0", "Tje0")


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


def exchange(service, data, *more):
    """Sends bytes, then each of `more` as soon as something has come. Returns the head and the body of all that comes until
    the end of the connection."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as stream:
        stream.sendall(data)
        answer = b""
        for part in more:
            answer += stream.recv(65536)
            stream.sendall(part)
        while part := stream.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


def request_head(line, *fields, host=True):
    """The bytes of a request's head, with the documented credentials."""
    lines = [line, *(["Host: so.example.com"] if host else []), f"Authorization: {DOCUMENTED['Authorization']}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
