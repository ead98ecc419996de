"""Notifications: their signatures, bodies and headers, and which targets may be called."""
import json
import unittest

from service import ServiceTestCase


class NotificationTests(ServiceTestCase):
    def test_every_signature_is_right_for_a_non_ascii_secret_and_body(self):
        secret = "nøkkel – 鍵 🔑"
        receiver, service = self.receiver(secret), self.service()
        service.save(receiver.url, ["contact.created"], secret=secret, name="Blåbær & <co>",
                     properties='<StringObjectKeyValuePair><Key>sted</Key><Value xsi:type="xsd:string">Tromsø</Value>'
                                "</StringObjectKeyValuePair>")
        for key in range(50):
            service.signal("contact.created", key, "<StringObjectKeyValuePair><Key>navn</Key><Value>Åse</Value>"
                                                   "</StringObjectKeyValuePair>")
        requests = receiver.wait(50)
        self.assertEqual(len(requests), 50)
        self.assertTrue(all(request["signed"] for request in requests))
        bodies = [json.loads(request["body"]) for request in requests]
        self.assertEqual(sorted(body["PrimaryKey"] for body in bodies), list(range(50)))
        self.assertEqual(list(bodies[0]), ["EventId", "Timestamp", "Changes", "Event", "PrimaryKey", "Entity",
                                           "ContextIdentifier", "ChangedByAssociateId", "WebhookName", "sted"])
        self.assertEqual((bodies[0]["Changes"], bodies[0]["WebhookName"], bodies[0]["sted"], bodies[0]["Entity"]),
                         (["navn"], "Blåbær & <co>", "Tromsø", "contact"))
        headers = requests[0]["headers"]
        self.assertEqual(headers["Content-Type"], "application/json; charset=utf-8")
        self.assertRegex(headers["User-Agent"], r"^NetServer-Webhook/\d")
        self.assertEqual(headers["X-SuperOffice-EventId"], bodies[0]["EventId"])

    def test_targets_that_are_not_public_are_refused_with_the_rule_and_the_setting(self):
        receiver = self.receiver()
        service = self.service("--allow-private-targets", "203.0.113.7", "--require-https-targets", "false")
        hosts = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433",
                 "localhost"]
        for host in hosts:
            hook = (f"<Webhook><Events><a:string>contact.created</a:string></Events>"
                    f"<TargetUrl>http://{host}:{receiver.port}/</TargetUrl></Webhook>")
            for operation in ("SaveWebhook", "TestWebhook"):
                _, answer = service.call(f"<{operation}>{hook}</{operation}>")
                self.assertIn("not allowed (setting allow-private-targets)", answer, host)
        self.assertEqual(receiver.requests, [])
        _, answer = service.call("<GetAllWebhooks/>")
        self.assertIn("<Response></Response>", answer)
        service.stop()
        service = self.service("--allow-private-targets", "127.0.0.1/32")
        service.save(receiver.url, ["contact.created"])


if __name__ == "__main__":
    unittest.main()
