"""The documentation's samples of the REST API, sent as they stand."""
import json
import unittest

from rest import DOCUMENTED, Rest, exchange
from service import ROOT, ServiceTestCase

MEMBERS = ["WebhookId", "Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties", "Registered",
           "RegisteredAssociate", "Updated", "UpdatedAssociate", "ErrorsEmail", "ErrorEmails", "ErrorAssociates",
           "Description", "NotifyVia", "NotifyWhen", "TotalCalls", "TotalErrors", "ConsecutiveErrors", "LastError",
           "_Links"]


def sample(name):
    return (ROOT / "Fixtures" / "rest" / f"{name}.rest").read_text()


class SampleTests(ServiceTestCase):
    maxDiff = None

    def send(self, service, text):
        """Sends one of the documentation's samples, as a client that closes does."""
        head, _, body = text.partition("\n\n")
        line, *fields = head.splitlines()
        body = body.encode()
        lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", *fields, f"Content-Length: {len(body)}",
                 "Connection: close"]
        head, body = exchange(service, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return int(head.split()[1]), head, body

    def test_the_samples_of_the_documentation_work_as_they_stand(self):
        service = self.service()
        for name in ("SignalEvent-agent", "SignalEvent-agent-2"):
            status, head, body = self.send(service, sample(name))
            self.assertEqual((status, body), (204, b""), head)

        status, _, body = self.send(service, sample("SignalEvent"))
        self.assertEqual((status, json.loads(body)["ErrorType"]), (404, "SoNotFoundException"), "it is to be filled in")
        filled = sample("SignalEvent").replace("{eventName}", "window.closed").replace("{primaryKey}", "0")
        status, head, body = self.send(service, filled)
        self.assertEqual((status, body), (204, b""), head)

        text = sample("PostWebhook")
        status, head, body = self.send(service, text)
        self.assertEqual(status, 200, body)
        self.assertIn("\r\nContent-Type: application/json; charset=utf-8", head)
        sent, saved = json.loads(text.partition("\n\n")[2]), json.loads(body)
        self.assertEqual(list(saved), MEMBERS)
        for name in ("Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties"):
            self.assertEqual(saved[name], sent[name])
        self.assertNotEqual(saved["WebhookId"], 794)
        for name in ("RegisteredAssociate", "UpdatedAssociate"):
            self.assertEqual((saved[name]["AssociateId"], saved[name]["UserName"]), (5, "tje0"))
        link = f"{service.url}/api/v1/Webhook"
        self.assertEqual(saved["_Links"], {"Self": f"{link}/{saved['WebhookId']}", "Archive": link})
        rest = Rest(service, DOCUMENTED)
        self.assertEqual(rest.call("GET", f"/Webhook/{saved['WebhookId']}").json, saved)

        text = sample("PutWebhook").replace("{id}", str(saved["WebhookId"]))
        status, head, body = self.send(service, text)
        self.assertEqual(status, 200, body)
        sent, replaced = json.loads(text.partition("\n\n")[2]), json.loads(body)
        for name in ("Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties", "ErrorsEmail"):
            self.assertEqual(replaced[name], sent[name])
        self.assertEqual((replaced["WebhookId"], replaced["Registered"]), (saved["WebhookId"], saved["Registered"]))
        self.assertEqual(rest.call("GET", f"/Webhook/{saved['WebhookId']}").json, replaced)

    def test_the_webhook_of_the_sample_is_notified_of_the_event_of_the_sample(self):
        receiver, service = self.receiver("ea"), self.service()
        text = sample("PostWebhook").replace("http://www.example.com/", receiver.url).replace("aliquam", "webhook")
        status, _, body = self.send(service, text.replace('"non"', '"Kris, Dicki and Windler"'))
        self.assertEqual(status, 200, body)
        status, _, _ = self.send(service, sample("SignalEvent-agent"))
        self.assertEqual(status, 204)
        request, = receiver.wait(1)
        self.assertTrue(request["signed"])
        self.assertEqual((request["headers"]["Headers1"], request["headers"]["Headers2"]), ("laborum", "ad"))
        body = json.loads(request["body"])
        self.assertEqual((body["Event"], body["PrimaryKey"], body["Changes"], body["ChangedByAssociateId"],
                          body["WebhookName"], body["fieldName"]),
                         ("Kris, Dicki and Windler", 853, ["fieldName"], 5, "Howell Group", {}))


if __name__ == "__main__":
    unittest.main()
