"""What many webhooks do to the release binary."""

import base64
import json
import re
import sqlite3
import time
import unittest

from service import ServiceTestCase, envelope

SOAP = "/Remote/Services87/Webhook.svc"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"tje0:Tje0").decode()}


class Load(ServiceTestCase):
    def multiply(self, service, count):
        """Makes `count` webhooks of the one that there is, in the database of a service that does not run."""
        with sqlite3.connect(f"{self.directory}/test.db") as database:
            for table, key in (("webhook", "id"), ("webhook_usage", "webhook_id")):
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != key]
                names = ", ".join(columns)
                database.execute(
                    f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
                    f" INSERT INTO {table} ({key}, {names}) SELECT n.i, {names} FROM n, {table} WHERE {key} = 1")
        database.close()

    def test_a_list_of_a_hundred_thousand_webhooks_is_whole_and_never_in_memory_as_a_whole(self):
        count = 100_000
        service = self.service("--verify-target", "false")
        service.save("http://127.0.0.1:9/hook", ["sale.changed"], secret="s" * 100, name="one of many")
        service.stop()
        self.multiply(service, count)
        service.start()
        soap = {"Content-Type": "text/xml; charset=utf-8"}
        cases = [("SOAP", "POST", SOAP, envelope("<GetAllWebhooks/>"), soap, rb"<WebhookId>(\d+)<", b"</s:Envelope>"),
                 ("JSON", "GET", "/api/v1/Webhook", None, BASIC, rb'"WebhookId":(\d+)', b"]"),
                 ("XML", "GET", "/api/v1/Webhook", None, {**BASIC, "Accept": "application/xml"}, rb"<WebhookId>(\d+)<",
                  b"</ArrayOfWebhook>"),
                 ("counters", "GET", "/api/v1/Archive/dynamic", None, BASIC, rb'"PrimaryKey":(\d+)', b"]}"),
                 ("admin", "GET", "/admin/v1/webhooks", None, {}, rb'"webhookId":(\d+)', b"]}")]
        for name, method, path, body, headers, pattern, end in cases:
            with self.subTest(name):
                begun = time.perf_counter()
                status, answer = service.request(method, path, body, headers)
                seconds, peak = time.perf_counter() - begun, service.peak_megabytes()
                print(f"\n  {name}: {len(answer) / 1e6:.0f} MB in {seconds:.1f} s, peak {peak:.0f} MB")
                self.assertEqual(status, 200)
                self.assertEqual([int(number) for number in re.findall(pattern, answer)], list(range(1, count + 1)))
                self.assertTrue(answer.endswith(end))
                self.assertLess(peak, 250)

    def test_a_list_whose_client_does_not_read_is_not_made(self):
        service = self.service("--verify-target", "false")
        service.save("http://127.0.0.1:9/hook", ["sale.changed"], secret="s" * 100)
        service.stop()
        self.multiply(service, 20_000)
        service.start()
        before = service.resident_megabytes()
        connections = [service.connection() for _ in range(50)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.request("GET", "/api/v1/Webhook", headers=BASIC)
        time.sleep(3)
        peak = service.peak_megabytes()
        print(f"\n  50 clients with an unread list of 20,000 webhooks: {before:.0f} -> {peak:.0f} MB")
        self.assertLess(peak - before, 150)
        # One that reads on gets all of it.
        self.assertEqual(len(json.loads(connections[0].getresponse().read())), 20_000)


if __name__ == "__main__":
    unittest.main()
