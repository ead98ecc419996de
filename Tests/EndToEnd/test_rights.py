"""What users without the right to webhooks may do."""
import json
import unittest

from callers import CallerTestCase
from configurations import onsite, user
from soap import Caller


class RightTests(CallerTestCase):
    def test_what_users_without_the_right_may_do_is_a_setting(self):
        receiver = self.receiver()
        config = onsite(user("anna", 5), user("guest", 6, rights=[]), user("none", 7))
        del config["tenants"][0]["users"][2]["rights"]
        service = self.service(config=config)
        hook = (f"<Webhook><Events><a:string>contact.created</a:string></Events><TargetUrl>{receiver.url}</TargetUrl>"
                "</Webhook>")
        others = ["<CreateDefaultWebhook/>", f"<SaveWebhook>{hook}</SaveWebhook>", f"<TestWebhook>{hook}</TestWebhook>",
                  "<GetWebhook><WebhookId>1</WebhookId></GetWebhook>", "<GetAllWebhooks/>",
                  "<DeleteWebhook><WebhookId>1</WebhookId></DeleteWebhook>",
                  "<GetLastError><WebhookId>1</WebhookId></GetLastError>"]
        signal = "<SignalEvent><EventName>contact.created</EventName><PrimaryKey>1</PrimaryKey></SignalEvent>"

        anna = Caller(service).log_in("anna")
        self.assertEqual(anna.save(receiver.url, "contact.created"), 1)
        for name in ("guest", "none"):
            caller = Caller(service).log_in(name)
            for body in others:
                self.assert_error(caller.call(body), "SoSentryException", "webhooks")
            self.assertTrue(caller.call(signal).succeeded)
        self.assertEqual(anna.webhooks(), [1])
        self.assertEqual([json.loads(request["body"])["ChangedByAssociateId"] for request in receiver.wait(2)], [6, 7])
        service.stop()

        service = self.service("--require-right", "everything", config=config)
        caller = Caller(service).log_in("guest")
        for body in [*others, signal]:
            self.assert_error(caller.call(body), "SoSentryException", "webhooks")
        for body in [*others[1:3], *others[3:5], others[6], signal, others[5]]:
            self.assertTrue(Caller(service).log_in("anna").call(body).succeeded, body)
        service.stop()

        service = self.service("--require-right", "nothing", config=config)
        caller = Caller(service).log_in("guest")
        for body in [others[1], others[4], signal]:
            self.assertTrue(caller.call(body).succeeded, body)
        self.assert_refused(Caller(service), "ticket")


if __name__ == "__main__":
    unittest.main()
