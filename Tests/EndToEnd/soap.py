"""SOAP as the tests speak it: envelopes, callers of the two services, and their answers."""
import re
import xml.etree.ElementTree
from xml.sax.saxutils import escape

from configurations import password_of

NAMESPACE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
WEBHOOK_PATH = "/Remote/Services87/Webhook.svc"
PRINCIPAL_PATH = "/Remote/Services87/SoPrincipal.svc"
XML_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
TICKET = "7T:1234abcxyzExample=="
FORMS = ["soap11", "soap12", "documented"]


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
    """Returns the header fields and the bytes of a request in one of the `FORMS`. The documented form has the prefixes and
    types of the documentation's samples. `body` has no prefixes, and each of its leaves is a string."""
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


def signal_body(event, key):
    return envelope(f"<SignalEvent><EventName>{event}</EventName><PrimaryKey>{key}</PrimaryKey></SignalEvent>")


def is_acknowledged(status, answer):
    return status == 200 and b">true</Succeeded>" in answer


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
