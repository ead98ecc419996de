"""Targets that fail: when they are tried again, when a webhook is stopped, and what is replayed."""
import json
import unittest

from service import ServiceTestCase, report, wait_until


class RetryTests(ServiceTestCase):
    def test_a_failing_target_is_tried_again_after_1_and_4_seconds_with_the_same_event(self):
        receiver, service = self.receiver(statuses=[500, 503]), self.service()
        webhook = service.save(receiver.url, ["sale.changed"])
        service.signal("sale.changed")
        requests = receiver.wait(3)
        self.assertEqual([request["headers"]["X-SuperOffice-Retry"] for request in requests], ["0", "1", "2"])
        self.assertEqual(len({request["body"] for request in requests}), 1)
        waits = [later["time"] - sooner["time"] for sooner, later in zip(requests, requests[1:])]
        self.assertGreaterEqual(waits[0], 0.99)
        self.assertGreaterEqual(waits[1], 3.99)
        report(f"waits between attempts: {waits[0]:.2f} s, {waits[1]:.2f} s")
        _, answer = service.call(f"<GetLastError><WebhookId>{webhook}</WebhookId></GetLastError>")
        self.assertIn("HTTP/1.1 503", answer)

    def test_nine_failures_stop_a_webhook_and_active_again_delivers_what_waited(self):
        receiver = self.receiver(statuses=[500] * 9)
        listener = self.receiver()
        service = self.service("--retry-delays", "10ms,20ms", "--cycle-delay", "30ms")
        webhook = service.save(receiver.url, ["contact.created"])
        service.save(listener.url, ["webhook.errors", "webhook.started"])
        service.signal("contact.created", 7)
        requests = receiver.wait(8)
        retries = [int(request["headers"]["X-SuperOffice-Retry"]) for request in requests]
        self.assertEqual(retries, list(range(len(retries))))
        self.assertEqual(len({request["headers"]["X-SuperOffice-EventId"] for request in requests}), 1)
        errors = listener.wait(1)[0]
        self.assertEqual(errors["headers"]["X-SuperOffice-Event"], f"webhook{webhook}.errors")
        body = json.loads(errors["body"])
        self.assertEqual((body["Event"], body["PrimaryKey"], body["Entity"]), ("webhook.errors", webhook, "webhook"))
        self.assertEqual(len(receiver.requests), 9)
        _, parked = service.admin("GET", "deliveries?state=parked")
        self.assertEqual([delivery["webhookId"] for delivery in parked["deliveries"]], [webhook])

        _, answer = service.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
        self.assertIn("<State>TooManyErrors</State>", answer)
        service.set_state(webhook, "Active")
        self.assertEqual(json.loads(receiver.wait(10)[9]["body"])["PrimaryKey"], 7)
        self.assertEqual(receiver.requests[9]["headers"]["X-SuperOffice-Retry"], "0")
        self.assertEqual(listener.wait(2)[1]["headers"]["X-SuperOffice-Event"], f"webhook{webhook}.started")

    def test_an_answer_410_stops_a_webhook_at_once(self):
        receiver, service = self.receiver(statuses=[410]), self.service()
        webhook = service.save(receiver.url, ["contact.created"])
        service.signal("contact.created")
        receiver.wait(1)
        webhooks = f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>"
        self.assertIsNotNone(wait_until(lambda: "TooManyErrors" in service.call(webhooks)[1]), service.call(webhooks)[1])
        self.assertEqual(len(receiver.requests), 1)

    def test_what_a_webhook_missed_is_replayed_from_the_oldest_on(self):
        receiver = self.receiver(statuses=[410])
        service = self.service("--target-concurrency", "1")
        webhook = service.save(receiver.url, ["contact.created"])
        service.signal("contact.created", 1)
        receiver.wait(1)
        self.assertIsNotNone(wait_until(lambda: len(service.admin("GET", "deliveries?state=parked")[1]["deliveries"]) == 1))
        for key in range(2, 9):
            service.signal("contact.created", key)
        _, missed = service.admin("GET", f"deliveries?state=missed&webhookId={webhook}")
        self.assertEqual([delivery["webhookId"] for delivery in missed["deliveries"]], [webhook] * 7)
        service.set_state(webhook, "Active")
        receiver.wait(2)
        service.admin("GET", "idle?timeout=30s")
        self.assertEqual(len(receiver.requests), 2, "what was parked is sent, what was missed is not")

        since = missed["deliveries"][5]["signalled"]
        query = f"deliveries/replay?state=missed&webhookId={webhook}&since={since}"
        _, first = service.admin("POST", query + "&limit=4")
        self.assertEqual((first["replayed"], first["cursor"]), (4, missed["deliveries"][2]["id"]))
        _, rest = service.admin("POST", f"{query}&cursor={first['cursor']}&until={first['until']}")
        self.assertEqual((rest["replayed"], "cursor" in rest), (2, False))
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.wait(8)[2:]]
        self.assertEqual(keys, [3, 4, 5, 6, 7, 8])
        status, refusal = service.admin("POST", "deliveries/replay?since=yesterday")
        self.assertEqual(status, 400)
        self.assertIn("since: 'yesterday' is not a time such as", refusal["error"])


if __name__ == "__main__":
    unittest.main()
