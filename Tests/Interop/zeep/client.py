"""What a user of zeep writes: generate both services from their ?wsdl, log in, and use the webhooks. It knows nothing of
the service but its WSDL, and nothing in zeep is changed for it.

    client.py BASE USER PASSWORD TARGET [--application-token TOKEN]

BASE is what stands before /Remote: http://127.0.0.1:8087 on-site, http://127.0.0.1:8087/Cust12345 hosted. TARGET is a URL
that answers 200. It prints what it reads, and exits with 1 at the first thing that is not as it should be.
"""
import argparse
import sys

import zeep
from zeep import xsd

SERVICE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"


def members(value):
    """What a value holds: of one that is nil, zeep makes an object with nothing in it."""
    return {name: member for name, member in (zeep.helpers.serialize_object(value) or {}).items() if member is not None}


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: found {found!r}, expected {expected!r}")


class Session:
    """The generated services with the header blocks that each of their calls takes."""

    def __init__(self, base, application_token):
        self.principal = zeep.Client(f"{base}/Remote/Services87/SoPrincipal.svc?wsdl")
        self.webhooks = zeep.Client(f"{base}/Remote/Services87/Webhook.svc?wsdl")
        self.headers = {"ApplicationToken": application_token} if application_token else {}

    def log_in(self, operation, **arguments):
        answer = self.read(getattr(self.principal.service, operation)(**arguments, _soapheaders=self.headers or None))
        if members(answer.Credentials):
            self.headers["Credentials"] = {"Ticket": answer.Credentials.Ticket}
        return answer

    def call(self, operation, **arguments):
        return self.read(getattr(self.webhooks.service, operation)(**arguments, _soapheaders=self.headers or None))

    @staticmethod
    def read(answer):
        """The WSDL declares headers for the answers, so that zeep gives header and body."""
        if answer.header.ExceptionInfo is not None:
            sys.exit(f"{answer.header.ExceptionInfo.ExceptionType}: {answer.header.ExceptionInfo.Message}")
        check("Succeeded", answer.header.Succeeded, True)
        return answer.body


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("base", "user", "password", "target"):
        parser.add_argument(name)
    parser.add_argument("--application-token")
    arguments = parser.parse_args()
    session = Session(arguments.base.rstrip("/"), arguments.application_token)
    for client in (session.principal, session.webhooks):
        for service in client.wsdl.services.values():
            for port in service.ports.values():
                address = port.binding_options["address"]
                print(f"{service.name} at {address}")
                check("address", address.startswith(arguments.base.rstrip("/") + "/Remote/Services87/"), True)

    refused = session.log_in("AuthenticateUsernamePassword", UserName=arguments.user, Password="not the password")
    check("AuthenticationSucceeded", refused.AuthenticationSucceeded, False)
    check("Response", members(refused.Response), {})
    check("Credentials", members(refused.Credentials), {})
    login = session.log_in("AuthenticateUsernamePassword", UserName=arguments.user, Password=arguments.password)
    check("AuthenticationSucceeded", login.AuthenticationSucceeded, True)
    who = login.Response
    print(f"logged in as {who.Associate} ({who.FullName}), associate {who.AssociateId}, {who.UserType}, "
          f"of {who.DatabaseContextIdentifier}, with the rights {who.FunctionRights and who.FunctionRights.string}")
    check("Associate", who.Associate, arguments.user)
    system = session.read(session.principal.service.GetSystemInfo(_soapheaders={
        name: block for name, block in session.headers.items() if name == "ApplicationToken"} or None)).SystemInfo
    print(f"system: {system.Description!r}, assembly version {system.AssemblyVersion!r}")

    use_webhooks(session, arguments.target, who)


def use_webhooks(session, target, who):
    types = session.webhooks.type_factory(SERVICE)
    arrays = session.webhooks.type_factory(ARRAYS)
    properties = {"text": xsd.AnyObject(xsd.String(), "blåbær & <co>"), "number": xsd.AnyObject(xsd.Int(), 42),
                  "flag": xsd.AnyObject(xsd.Boolean(), True)}
    default = session.call("CreateDefaultWebhook").Response
    check("default State", default.State, "Active")
    check("default Events", default.Events.string, ["contact.created", "contact.deleted"])

    saved = session.call("SaveWebhook", Webhook=types.Webhook(
        WebhookId=0, Name="zeep – Blåbær", Events=arrays.ArrayOfstring(["zeep.tried", "zeep.other"]), TargetUrl=target,
        Secret="zeep's s3crét", State="Active", Type="webhook",
        Headers=types.StringDictionary([{"Key": "X-Zeep", "Value": "a&b"}]),
        Properties=types.StringObjectDictionary([{"Key": key, "Value": value} for key, value in properties.items()]),
    )).Response
    print(f"saved webhook {saved.WebhookId}, registered {saved.Registered} by {saved.RegisteredAssociate.UserName}")
    check("WebhookId", saved.WebhookId > 0, True)
    check("RegisteredAssociate", saved.RegisteredAssociate.AssociateId, who.AssociateId)

    read = session.call("GetWebhook", WebhookId=saved.WebhookId).Response
    print(f"read {read.Name!r}: {read.Events.string} to {read.TargetUrl}, {read.State}")
    check("what is read", members(read), members(saved))
    check("Name", read.Name, "zeep – Blåbær")
    check("Events", read.Events.string, ["zeep.tried", "zeep.other"])
    check("TargetUrl", read.TargetUrl, target)
    check("Secret", read.Secret, "zeep's s3crét")
    check("State", read.State, "Active")
    check("Headers", [(pair.Key, pair.Value) for pair in read.Headers.StringKeyValuePair], [("X-Zeep", "a&b")])
    check("Properties", {pair.Key: pair.Value for pair in read.Properties.StringObjectKeyValuePair},
          {key: value.value for key, value in properties.items()})

    session.call("SignalEvent", EventName="zeep.tried", PrimaryKey=7, Data=types.StringObjectDictionary(
        [{"Key": "navn", "Value": xsd.AnyObject(xsd.String(), "Åse")}]))
    print("signalled zeep.tried")
    test = session.call("TestWebhook", Webhook=read).Response
    print(f"tested: {test.Success}, {test.Message.splitlines()[0]!r}")
    check("test", test.Success, True)

    found = session.call("GetAllWebhooks", NameFilter="zeep – Blåbær", EventFilter="ZEEP.TRIED",
                         StatusFilter="Active").Response
    ids = [webhook.WebhookId for webhook in (found and found.Webhook or [])]
    print(f"listed {ids}")
    check("the list", saved.WebhookId in ids, True)
    check("LastError", session.call("GetLastError", WebhookId=saved.WebhookId).Response or "", "")
    session.call("DeleteWebhook", WebhookId=saved.WebhookId)
    check("the deleted webhook", members(session.call("GetWebhook", WebhookId=saved.WebhookId).Response), {})
    print("deleted; all is as it should be")


if __name__ == "__main__":
    main()
