"""The services of each number, with clients that zeep generates from that number's own WSDL: each_number.py BASE TARGET

zeep is strict: it raises on a member that its WSDL does not declare, and on one that stands elsewhere. It prints a line
for each number, and ends with 1 at the first thing that is not as it should be. BASE is that of a service in --dev mode.
"""
import sys

import zeep
from comparing import ARRAYS, same

NUMBERS = (85, 86, 87, 88)
ERRORS_EMAIL = "errors@example.com"


class Client:
    """The services of one number, logged in."""

    def __init__(self, base, number):
        self.number, services = number, f"{base}/Remote/Services{number}"
        self.principal = zeep.Client(f"{services}/SoPrincipal.svc?wsdl")
        self.webhooks = zeep.Client(f"{services}/Webhook.svc?wsdl")
        self.types = self.webhooks.type_factory(f"http://www.superoffice.net/ws/crm/NetServer/Services{number}")
        login = self.body(self.principal.service.AuthenticateUsernamePassword(UserName="tje0", Password="Tje0"))
        self.headers = {"Credentials": {"Ticket": login.Credentials.Ticket}}

    @staticmethod
    def body(answer):
        same("Succeeded", answer.header.Succeeded, True)
        return answer.body

    def call(self, operation, **arguments):
        answer = self.body(getattr(self.webhooks.service, operation)(**arguments, _soapheaders=self.headers))
        return getattr(answer, "Response", None)

    def operations(self):
        port, = [port for service in self.principal.wsdl.services.values() for port in service.ports.values()]
        return set(port.binding.all())

    def webhook(self, target, **members):
        arrays = self.webhooks.type_factory(ARRAYS)
        return self.types.Webhook(WebhookId=0, Name="numbers", Events=arrays.ArrayOfstring(["zeep.numbers"]),
                                  TargetUrl=target, **members)

    def play(self, target):
        """Every operation, each answer read to its end."""
        same("State", self.call("CreateDefaultWebhook").State, "Active")
        saved = self.call("SaveWebhook", Webhook=self.webhook(target))
        read = self.call("GetWebhook", WebhookId=saved.WebhookId)
        same("what is read", read, saved)
        same("has UserName", "UserName" in dir(read.RegisteredAssociate), self.number >= 86)
        same("has ExtraFields", "ExtraFields" in dir(read.RegisteredAssociate), self.number >= 88)
        same("has ErrorsEmail", "ErrorsEmail" in dir(read), self.number >= 88)
        read.Name = "numbers, changed"
        same("Name", self.call("SaveWebhook", Webhook=read).Name, "numbers, changed")
        same("listed", [webhook.WebhookId for webhook in self.call("GetAllWebhooks").Webhook], [saved.WebhookId])
        same("Success", self.call("TestWebhook", Webhook=read).Success, True)
        same("LastError", self.call("GetLastError", WebhookId=saved.WebhookId) or "", "")
        self.call("SignalEvent", EventName="zeep.nobody", PrimaryKey=1)
        self.call("DeleteWebhook", WebhookId=saved.WebhookId)
        same("SystemInfo", bool(self.body(self.principal.service.GetSystemInfo()).SystemInfo.AssemblyVersion), True)
        same("AuthenticateWithAccessToken", "AuthenticateWithAccessToken" in self.operations(), self.number >= 86)


def errors_email(clients, target):
    """Saves of the numbers that do not know it leave it; 88 clears it."""
    newest = clients[-1]
    id = newest.call("SaveWebhook", Webhook=newest.webhook(target, ErrorsEmail=ERRORS_EMAIL)).WebhookId
    for client in clients:
        webhook = client.call("GetWebhook", WebhookId=id)
        webhook.Name = f"saved by {client.number}"
        client.call("SaveWebhook", Webhook=webhook)
        read = newest.call("GetWebhook", WebhookId=id)
        same("Name", read.Name, f"saved by {client.number}")
        same(f"ErrorsEmail after a save by {client.number}", read.ErrorsEmail, ERRORS_EMAIL)
    read.ErrorsEmail = None
    same("ErrorsEmail cleared", newest.call("SaveWebhook", Webhook=read).ErrorsEmail, None)
    newest.call("DeleteWebhook", WebhookId=id)


if __name__ == "__main__":
    base, target = sys.argv[1:]
    clients = [Client(base, number) for number in NUMBERS]
    for client in clients:
        client.play(target)
        print(f"pass Services{client.number}", flush=True)
    errors_email(clients, target)
    print("pass ErrorsEmail", flush=True)
