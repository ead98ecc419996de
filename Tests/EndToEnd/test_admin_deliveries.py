"""What the admin API, its commands and the metrics tell of deliveries."""
import unittest

from service import ServiceTestCase, run


class AdminDeliveryTests(ServiceTestCase):
    def test_the_admin_api_tells_what_happened_and_replays(self):
        receiver = self.receiver("s3cret", statuses=[500, 500])
        service = self.service("--retry-delays", "10ms", "--retry-cycles", "1")
        webhook = service.save(receiver.url, ["sale.changed"], secret="s3cret")
        service.signal("sale.changed", 5)
        receiver.wait(2)
        status, idle = service.admin("GET", "idle?timeout=30s")
        self.assertEqual((status, idle["idle"]), (200, True))
        _, failed = service.admin("GET", f"deliveries?state=failed&webhookId={webhook}&event=SALE.changed")
        delivery = failed["deliveries"][0]
        self.assertIn("500", delivery["reason"])
        _, usage = service.admin("GET", f"webhooks/{webhook}/usage")
        self.assertEqual((usage["totalCalls"], usage["totalErrors"], usage["consecutiveErrors"]), (2, 2, 2))

        status, _ = service.admin("POST", f"deliveries/{delivery['id']}/replay")
        self.assertEqual(status, 200)
        replayed = receiver.wait(3)[2]
        self.assertTrue(replayed["signed"])
        self.assertEqual(replayed["body"], receiver.requests[0]["body"])
        service.admin("GET", "idle?timeout=30s")
        _, detail = service.admin("GET", f"deliveries/{delivery['id']}")
        self.assertEqual(detail["delivery"]["state"], "delivered")
        self.assertEqual(detail["body"].encode(), replayed["body"])
        self.assertEqual([attempt["status"] for attempt in detail["attempts"]], [500, 500, 200])
        self.assertEqual(detail["attempts"][2]["requestHeaders"]["X-SuperOffice-Signature"],
                         replayed["headers"]["X-SuperOffice-Signature"])
        _, usage = service.admin("GET", f"webhooks/{webhook}/usage")
        self.assertEqual(usage["totalCalls"], 2, "replays do not count")

        for arguments, expected in [(["deliveries", "list"], delivery["id"]),
                                    (["deliveries", "show", delivery["id"]], '"retry" : 1'),
                                    (["deliveries", "replay", delivery["id"]], "queued"),
                                    (["deliveries", "replay", "--state", "delivered"], "replayed"),
                                    (["webhooks", "list"], receiver.url)]:
            ran = run(*arguments, "--url", service.url)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn(expected, ran.stdout)
        for arguments, code in [(["deliveries", "show", "9-9"], 1), (["deliveries", "list", "--state", "lost"], 1),
                                (["deliveries", "replay"], 64)]:
            ran = run(*arguments, "--url", service.url)
            self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        for path in ["deliveries/replay", "deliveries/replay?webhook=1", "deliveries/replay?state=lost",
                     "deliveries/replay?event=a%00b", "tickets/revoke?user=a%00"]:
            status, problem = service.admin("POST", path)
            self.assertEqual(status, 400, path)
            self.assertIn("error", problem)
        status, _ = service.admin("POST", "reset", {"Origin": "http://evil.example"})
        self.assertEqual(status, 403, "a page in a browser is not this machine's user")
        status, _ = service.admin("POST", "reset")
        self.assertEqual(status, 204)
        _, everything = service.admin("GET", "deliveries")
        self.assertEqual(everything["deliveries"], [])

    def test_metrics_count_what_happened(self):
        receiver, service = self.receiver(), self.service()
        service.save(receiver.url, ["contact.created"])
        service.signal("contact.created")
        receiver.wait(1)
        service.admin("GET", "idle")
        text = service.request("GET", "/metrics")[1].decode()
        for line in ['webhook_svc_delivery_attempts_total{outcome="delivered",error="none"} 1',
                     'webhook_svc_stored_deliveries{state="pending"} 0',
                     'webhook_svc_requests_total{service="Webhook",operation="SignalEvent",outcome="succeeded"} 1',
                     "webhook_svc_delivery_attempt_duration_seconds_count 1"]:
            self.assertIn(line, text)
        self.assertRegex(text, r"webhook_svc_event_commits_total [1-9]")


if __name__ == "__main__":
    unittest.main()
