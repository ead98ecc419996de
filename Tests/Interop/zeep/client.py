"""What a user of zeep writes, with a comparison after each step: client.py soap11|soap12

It knows nothing of the service but its WSDL, and nothing in zeep is changed for it. ../README.md tells of the
environment and of the checks. For hosted installations, APPLICATION_TOKEN stands in the environment too, and BASE ends
with the tenant.
"""
import datetime
import decimal
import os
import sys

import zeep
from comparing import ARRAYS, Mismatch, members, same, told
from lxml import etree
from zeep import xsd

SERVICE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
QUERIES = {"soap11": "wsdl", "soap12": "wsdl12"}

# A property may be an ArrayOfint, but the published WSDL of the webhooks has no such type, and zeep raises LookupError
# on answers with types that it does not know. The declaration is that of SoPrincipal's WSDL.
ARRAY_OF_INT = f"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified" targetNamespace="{ARRAYS}">
  <xs:complexType name="ArrayOfint">
    <xs:sequence><xs:element minOccurs="0" maxOccurs="unbounded" name="int" type="xs:int"/></xs:sequence>
  </xs:complexType>
</xs:schema>"""

PROPERTIES = {
    "tekst": (xsd.String(), "blåbær & <co>"),
    "tall": (xsd.Int(), 42),
    "sant": (xsd.Boolean(), True),
    "stort": (xsd.Long(), 9007199254740993),
    "brøk": (xsd.Double(), 0.5),
    "beløp": (xsd.Decimal(), decimal.Decimal("12.50")),
    "dag": (xsd.DateTime(), datetime.datetime(2024, 2, 29, 12, 30, 15)),
    "bytes": (xsd.Base64Binary(), bytes([0, 1, 254, 255])),
}
HEADERS = {"X-Interop": "a&b", "X-Empty": ""}


def pairs(dictionary):
    return [{"Key": key, "Value": value} for key, value in dictionary.items()]


def typed(dictionary):
    """Of a value whose type is not told by AnyObject, zeep makes a text without a type."""
    return pairs({key: xsd.AnyObject(type, value) for key, (type, value) in dictionary.items()})


def headers_of(webhook):
    # zeep reads an empty text as None.
    return {pair.Key: pair.Value or "" for pair in webhook.Headers.StringKeyValuePair}


def properties_of(webhook):
    return {pair.Key: pair.Value for pair in webhook.Properties.StringObjectKeyValuePair}


class Client:
    """The generated services, with the header blocks that each of their calls takes."""

    def __init__(self, form, environment):
        self.form = form
        self.base = environment["BASE"].rstrip("/")
        self.user, self.password = environment["USER_NAME"], environment["PASSWORD"]
        self.target, self.bad_target = environment["TARGET"], environment["BAD_TARGET"]
        self.secret, self.event = environment["SECRET"], environment["EVENT"]
        self.typed_id = int(environment["TYPED_WEBHOOK"])
        token = environment.get("APPLICATION_TOKEN")
        self.headers = {"ApplicationToken": token} if token else {}
        self.name = f"zeep {form}, {self.event}"
        self.checks = [self.generate, self.login, self.default, self.save, self.get, self.update, self.list, self.test,
                       self.signal, self.last_error, self.delete, self.types, self.own_headers, self.state, self.dates,
                       self.nil, self.non_ascii, self.succeeded, self.error, self.read_typed]

    def play(self):
        failures = 0
        for check in self.checks:
            name = {"own_headers": "headers"}.get(check.__name__, check.__name__.replace("_", "-"))
            try:
                check()
                print(f"pass {name}", flush=True)
            except Exception as error:
                failures += 1
                print(f"fail {name}: {told(error)}", flush=True)
        return failures

    # Calls

    def log_in(self, password):
        service = self.principal.service
        return self.body(service.AuthenticateUsernamePassword(
            UserName=self.user, Password=password, _soapheaders=self.headers or None))

    def answer(self, operation, **arguments):
        return getattr(self.webhooks.service, operation)(**arguments, _soapheaders=self.headers or None)

    def call(self, operation, **arguments):
        return self.body(self.answer(operation, **arguments)).Response

    @staticmethod
    def body(answer):
        """The WSDL declares headers for the answers, so that zeep gives header and body."""
        if answer.header.ExceptionInfo is not None:
            raise Mismatch(f"{answer.header.ExceptionInfo.ExceptionType}: {answer.header.ExceptionInfo.Message}")
        same("Succeeded", answer.header.Succeeded, True)
        return answer.body

    def read(self, id):
        return self.call("GetWebhook", WebhookId=id)

    def save_webhook(self, **members):
        """Saves a new webhook that listens to something else."""
        return self.call("SaveWebhook", Webhook=self.factory.Webhook(**{
            "WebhookId": 0, "Name": self.name, "Events": self.arrays.ArrayOfstring([f"{self.event}.more"]),
            "TargetUrl": self.target, "Secret": self.secret, **members}))

    def save_back(self, webhook):
        """zeep sends what it has read without its type, which the service knows from before as long as the text is the
        same. Bytes and durations it would send as Python prints them."""
        durations = self.webhooks.get_type(f"{{{SERIALIZATION}}}duration")
        for pair in webhook.Properties.StringObjectKeyValuePair:
            if isinstance(pair.Value, bytes):
                pair.Value = xsd.AnyObject(xsd.Base64Binary(), pair.Value)
            elif isinstance(pair.Value, datetime.timedelta):
                pair.Value = xsd.AnyObject(durations, pair.Value)
        return self.call("SaveWebhook", Webhook=webhook)

    # Checks

    def generate(self):
        query = QUERIES[self.form]
        self.principal = zeep.Client(f"{self.base}/Remote/Services87/SoPrincipal.svc?{query}")
        self.webhooks = zeep.Client(f"{self.base}/Remote/Services87/Webhook.svc?{query}")
        self.webhooks.wsdl.types.add_documents([etree.fromstring(ARRAY_OF_INT)], None)
        self.factory, self.arrays = self.webhooks.type_factory(SERVICE), self.webhooks.type_factory(ARRAYS)
        for client, operations in ((self.principal, 5), (self.webhooks, 8)):
            for service in client.wsdl.services.values():
                for port in service.ports.values():
                    address = port.binding_options["address"]
                    print(f"{service.name} at {address}")
                    same("address", address.startswith(self.base + "/Remote/Services87/"), True)
                    same("binding", type(port.binding).__name__, self.form.capitalize() + "Binding")
                    same("operations", len(port.binding.all()), operations)

    def login(self):
        refused = self.log_in("not the password")
        same("AuthenticationSucceeded", refused.AuthenticationSucceeded, False)
        same("Response", members(refused.Response), {})
        same("Credentials", members(refused.Credentials), {})
        login = self.log_in(self.password)
        same("AuthenticationSucceeded", login.AuthenticationSucceeded, True)
        self.who = login.Response
        rights = self.who.FunctionRights and self.who.FunctionRights.string
        print(f"logged in as {self.who.Associate} ({self.who.FullName}), associate {self.who.AssociateId}, "
              f"{self.who.UserType}, of {self.who.DatabaseContextIdentifier}, with the rights {rights}")
        same("Associate", self.who.Associate, self.user)
        system = self.body(self.principal.service.GetSystemInfo(_soapheaders=self.headers or None)).SystemInfo
        print(f"system: {system.Description!r}, assembly version {system.AssemblyVersion!r}")
        self.headers["Credentials"] = {"Ticket": login.Credentials.Ticket}

    def default(self):
        default = self.call("CreateDefaultWebhook")
        same("State", default.State, "Active")
        same("Type", default.Type, "webhook")
        same("Events", default.Events.string, ["contact.created", "contact.deleted"])

    def save(self):
        self.saved = self.save_webhook(
            Events=self.arrays.ArrayOfstring([self.event, f"{self.event}.other"]), State="Active", Type="webhook",
            Headers=self.factory.StringDictionary(pairs(HEADERS)),
            Properties=self.factory.StringObjectDictionary(typed(PROPERTIES)))
        print(f"saved webhook {self.saved.WebhookId}, registered {self.saved.Registered} by "
              f"{self.saved.RegisteredAssociate.UserName}")
        same("WebhookId above 0", self.saved.WebhookId > 0, True)
        same("UserName", self.saved.RegisteredAssociate.UserName, self.user)
        same("AssociateId", self.saved.RegisteredAssociate.AssociateId, self.who.AssociateId)

    def get(self):
        read = self.read(self.saved.WebhookId)
        same("what is read", members(read), members(self.saved))
        same("Name", read.Name, self.name)
        same("Events", read.Events.string, [self.event, f"{self.event}.other"])
        same("TargetUrl", read.TargetUrl, self.target)
        same("Secret", read.Secret, self.secret)
        same("State", read.State, "Active")
        same("Type", read.Type, "webhook")

    def update(self):
        before = members(self.read(self.saved.WebhookId))
        webhook = self.read(self.saved.WebhookId)
        webhook.Name += ", changed"
        self.save_back(webhook)
        after = members(self.read(self.saved.WebhookId))
        same("Updated is later", after.pop("Updated") > before.pop("Updated"), True)
        same("webhook", after, {**before, "Name": f"{self.name}, changed"})

    def list(self):
        name = self.read(self.saved.WebhookId).Name
        for filters in ({"NameFilter": name}, {"EventFilter": self.event.upper()},
                        {"NameFilter": name, "EventFilter": self.event, "StatusFilter": "Active"},
                        {"StatusFilter": "Active"}):
            same(f"listed by {filters}", self.saved.WebhookId in self.listed(**filters), True)
        same("listed as Stopped", self.saved.WebhookId in self.listed(StatusFilter="Stopped"), False)
        same("of a name that nobody has", self.listed(NameFilter=f"{name}?"), [])

    def listed(self, **filters):
        found = self.call("GetAllWebhooks", **filters)
        return [webhook.WebhookId for webhook in (found and found.Webhook or [])]

    def test(self):
        webhook = self.factory.Webhook(Name="tested", TargetUrl=self.target, Secret=self.secret)
        result = self.call("TestWebhook", Webhook=webhook)
        same("Success", result.Success, True)
        same(f"200 in the first line of {result.Message!r}", "200" in result.Message.splitlines()[0], True)
        webhook.TargetUrl = self.bad_target
        result = self.call("TestWebhook", Webhook=webhook)
        same("Success of the other", result.Success, False)
        same(f"500 in {result.Message!r}", "500" in result.Message, True)

    def signal(self):
        data = self.factory.StringObjectDictionary(typed({"navn": (xsd.String(), "Åse"), "antall": (xsd.Int(), 3)}))
        self.body(self.answer("SignalEvent", EventName=self.event, PrimaryKey=7, Data=data))

    def last_error(self):
        same("the error", self.call("GetLastError", WebhookId=self.saved.WebhookId) or "", "")

    def delete(self):
        id = self.save_webhook().WebhookId
        same("Name", self.read(id).Name, self.name)
        self.body(self.answer("DeleteWebhook", WebhookId=id))
        same("the deleted webhook", members(self.read(id)), {})

    def types(self):
        properties = properties_of(self.read(self.saved.WebhookId))
        same("names", list(properties), list(PROPERTIES))
        for name, (_, value) in PROPERTIES.items():
            same(name, properties[name], value)
            same(f"{name} as text", str(properties[name]), str(value))

    def own_headers(self):
        same("Headers", headers_of(self.read(self.saved.WebhookId)), HEADERS)

    def state(self):
        webhook = self.read(self.save_webhook(State="Stopped").WebhookId)
        same("State", webhook.State, "Stopped")
        webhook.State = "Active"
        self.save_back(webhook)
        same("State afterwards", self.read(webhook.WebhookId).State, "Active")

    def dates(self):
        read = self.read(self.saved.WebhookId)
        for name in ("Registered", "Updated"):
            same(f"zone of {name}", read[name].utcoffset(), datetime.timedelta(0))
            age = datetime.datetime.now(datetime.timezone.utc) - read[name]
            same(f"{name}, {age} ago, is recent", abs(age) < datetime.timedelta(minutes=5), True)

    def nil(self):
        id = self.save_webhook(Headers=xsd.Nil, Properties=xsd.Nil, Secret=xsd.Nil).WebhookId
        read = self.read(id)
        same("Secret", read.Secret, None)
        same("Headers", headers_of(read), {})
        same("Properties", properties_of(read), {})
        same("an unknown webhook", members(self.read(2147483647)), {})

    def non_ascii(self):
        name = "Blåbær – 日本語 🫐"
        same("Name", self.read(self.save_webhook(Name=name).WebhookId).Name, name)

    def succeeded(self):
        answer = self.answer("GetWebhook", WebhookId=self.saved.WebhookId)
        same("Succeeded", answer.header.Succeeded, True)
        same("ExceptionInfo", answer.header.ExceptionInfo, None)

    def error(self):
        answer = self.answer("SaveWebhook", Webhook=self.factory.Webhook(Name="nothing", TargetUrl=self.target))
        same("Succeeded", answer.header.Succeeded, False)
        kind, text = answer.header.ExceptionInfo.ExceptionType, answer.header.ExceptionInfo.Message
        print(f"error: {kind}: {text}")
        same(f"beginning of {kind}", kind.startswith("SuperOffice.Exceptions."), True)
        same("there is a Message", bool(text), True)

    def read_typed(self):
        self.save_back(self.read(self.typed_id))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in QUERIES:
        sys.exit(__doc__)
    sys.exit(1 if Client(sys.argv[1], os.environ).play() else 0)
