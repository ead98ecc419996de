"""Delivery under trouble: crashes, stops, failing and hanging targets; and the admin API that tells of it."""
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

from service import BINARY, ServiceTestCase


class Silent:
    """Takes connections and never answers."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/silent"
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                self.connections.append(self.server.accept()[0])
            except OSError:
                return

    def close(self):
        try:
            self.server.shutdown(socket.SHUT_RDWR)  # Wakes the thread that holds it.
        except OSError:
            pass
        self.server.close()
        for connection in self.connections:
            connection.close()


class Delivery(ServiceTestCase):
    def admin(self, service, method, path, headers=None):
        status, body = service.request(method, "/admin/v1/" + path, headers=headers)
        return status, json.loads(body) if body else None

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
        _, parked = self.admin(service, "GET", "deliveries?state=parked")
        self.assertEqual([delivery["webhookId"] for delivery in parked["deliveries"]], [webhook])

        status, answer = service.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
        self.assertIn("<State>TooManyErrors</State>", answer)
        fields = re.search(r"<Response>(.*)</Response>", answer, re.S).group(1)
        again = fields.replace("TooManyErrors", "Active").replace("arr:", "a:")
        status, answer = service.call(f"<SaveWebhook><Webhook>{again}</Webhook></SaveWebhook>")
        self.assertIn(">true</Succeeded>", answer)
        self.assertEqual(json.loads(receiver.wait(10)[9]["body"])["PrimaryKey"], 7)
        self.assertEqual(receiver.requests[9]["headers"]["X-SuperOffice-Retry"], "0")
        self.assertEqual(listener.wait(2)[1]["headers"]["X-SuperOffice-Event"], f"webhook{webhook}.started")

    def test_gone_stops_a_webhook_at_once(self):
        receiver, service = self.receiver(statuses=[410]), self.service()
        webhook = service.save(receiver.url, ["contact.created"])
        service.signal("contact.created")
        receiver.wait(1)
        for _ in range(100):
            _, answer = service.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
            if "TooManyErrors" in answer:
                return
            time.sleep(0.02)
        self.fail(answer)

    def test_what_a_webhook_missed_is_replayed_from_the_oldest_on(self):
        receiver = self.receiver(statuses=[410])
        service = self.service("--target-concurrency", "1")
        webhook = service.save(receiver.url, ["contact.created"])
        service.signal("contact.created", 1)
        receiver.wait(1)
        for _ in range(250):
            if len(self.admin(service, "GET", "deliveries?state=parked")[1]["deliveries"]) == 1:
                break
            time.sleep(0.02)
        for key in range(2, 9):
            service.signal("contact.created", key)
        _, missed = self.admin(service, "GET", f"deliveries?state=missed&webhookId={webhook}")
        self.assertEqual([delivery["webhookId"] for delivery in missed["deliveries"]], [webhook] * 7)
        status, answer = service.call(f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
        fields = re.search(r"<Response>(.*)</Response>", answer, re.S).group(1)
        again = fields.replace("TooManyErrors", "Active").replace("arr:", "a:")
        self.assertIn(">true</Succeeded>", service.call(f"<SaveWebhook><Webhook>{again}</Webhook></SaveWebhook>")[1])
        receiver.wait(2)
        self.admin(service, "GET", "idle?timeout=5s")
        self.assertEqual(len(receiver.requests), 2, "what was parked is sent, what was missed is not")

        since = missed["deliveries"][5]["signalled"]
        query = f"deliveries/replay?state=missed&webhookId={webhook}&since={since}"
        _, first = self.admin(service, "POST", query + "&limit=4")
        self.assertEqual((first["replayed"], first["cursor"]), (4, missed["deliveries"][2]["id"]))
        _, rest = self.admin(service, "POST", f"{query}&cursor={first['cursor']}&until={first['until']}")
        self.assertEqual((rest["replayed"], "cursor" in rest), (2, False))
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.wait(8)[2:]]
        self.assertEqual(keys, [3, 4, 5, 6, 7, 8])
        status, refusal = self.admin(service, "POST", "deliveries/replay?since=yesterday")
        self.assertEqual(status, 400)
        self.assertIn("since: 'yesterday' is not a time such as", refusal["error"])

    def test_the_admin_api_tells_what_happened_and_replays(self):
        receiver = self.receiver("s3cret", statuses=[500, 500])
        service = self.service("--retry-delays", "10ms", "--retry-cycles", "1")
        webhook = service.save(receiver.url, ["sale.changed"], secret="s3cret")
        service.signal("sale.changed", 5)
        receiver.wait(2)
        status, idle = self.admin(service, "GET", "idle?timeout=5s")
        self.assertEqual((status, idle["idle"]), (200, True))
        _, failed = self.admin(service, "GET", f"deliveries?state=failed&webhookId={webhook}&event=SALE.changed")
        delivery = failed["deliveries"][0]
        self.assertIn("500", delivery["reason"])
        _, usage = self.admin(service, "GET", f"webhooks/{webhook}/usage")
        self.assertEqual((usage["totalCalls"], usage["totalErrors"], usage["consecutiveErrors"]), (2, 2, 2))

        status, _ = self.admin(service, "POST", f"deliveries/{delivery['id']}/replay")
        self.assertEqual(status, 200)
        replayed = receiver.wait(3)[2]
        self.assertTrue(replayed["signed"])
        self.assertEqual(replayed["body"], receiver.requests[0]["body"])
        self.admin(service, "GET", "idle?timeout=5s")
        _, detail = self.admin(service, "GET", f"deliveries/{delivery['id']}")
        self.assertEqual(detail["delivery"]["state"], "delivered")
        self.assertEqual(detail["body"].encode(), replayed["body"])
        self.assertEqual([attempt["status"] for attempt in detail["attempts"]], [500, 500, 200])
        self.assertEqual(detail["attempts"][2]["requestHeaders"]["X-SuperOffice-Signature"],
                         replayed["headers"]["X-SuperOffice-Signature"])
        _, usage = self.admin(service, "GET", f"webhooks/{webhook}/usage")
        self.assertEqual(usage["totalCalls"], 2, "replays do not count")

        environment = {**os.environ, "WEBHOOK_SVC_ADMIN_TOKEN": ""}
        url = f"http://127.0.0.1:{service.port}"
        for arguments, expected in [(["deliveries", "list"], delivery["id"]),
                                    (["deliveries", "show", delivery["id"]], '"retry" : 1'),
                                    (["deliveries", "replay", delivery["id"]], "queued"),
                                    (["deliveries", "replay", "--state", "delivered"], "replayed"),
                                    (["webhooks", "list"], receiver.url)]:
            run = subprocess.run([BINARY, *arguments, "--url", url], capture_output=True, text=True, env=environment)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(expected, run.stdout)
        for arguments, code in [(["deliveries", "show", "9-9"], 1), (["deliveries", "list", "--state", "lost"], 1),
                                (["deliveries", "replay"], 64)]:
            run = subprocess.run([BINARY, *arguments, "--url", url], capture_output=True, text=True, env=environment)
            self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        for path in ["deliveries/replay", "deliveries/replay?webhook=1", "deliveries/replay?state=lost",
                     "deliveries/replay?event=a%00b", "tickets/revoke?user=a%00"]:
            status, problem = self.admin(service, "POST", path)
            self.assertEqual(status, 400, path)
            self.assertIn("error", problem)
        status, _ = self.admin(service, "POST", "reset", {"Origin": "http://evil.example"})
        self.assertEqual(status, 403, "a page in a browser is not this machine's user")
        status, _ = self.admin(service, "POST", "reset")
        self.assertEqual(status, 204)
        _, everything = self.admin(service, "GET", "deliveries")
        self.assertEqual(everything["deliveries"], [])

    def test_the_admin_api_is_closed_without_dev_and_opens_to_its_token(self):
        service = self.service(dev=False)
        self.assertEqual(service.request("GET", "/admin/v1/deliveries")[0], 404)
        service.stop()
        service = self.service("--admin-token", "t0ken", dev=False)
        self.assertEqual(service.request("GET", "/admin/v1/deliveries")[0], 401)
        wrong = {"Authorization": "Bearer wrong"}
        self.assertEqual(service.request("GET", "/admin/v1/deliveries", headers=wrong)[0], 401)
        right = {"Authorization": "Bearer t0ken"}
        self.assertEqual(service.request("GET", "/admin/v1/deliveries", headers=right)[0], 200)
        self.assertEqual(service.request("POST", "/admin/v1/reset", headers=right)[0], 403)

    def test_metrics_count_what_happened(self):
        receiver, service = self.receiver(), self.service()
        service.save(receiver.url, ["contact.created"])
        service.signal("contact.created")
        receiver.wait(1)
        self.admin(service, "GET", "idle")
        text = service.request("GET", "/metrics")[1].decode()
        for line in ['webhook_svc_deliveries_total{outcome="delivered",error="none"} 1',
                     'webhook_svc_queue_deliveries{state="pending"} 0',
                     'webhook_svc_requests_total{service="Webhook",operation="SignalEvent",outcome="succeeded"} 1',
                     "webhook_svc_attempt_seconds_count 1"]:
            self.assertIn(line, text)
        self.assertRegex(text, r"webhook_svc_signal_commits_total [1-9]")

    def test_targets_that_are_not_public_are_refused_with_the_rule_and_the_setting(self):
        receiver = self.receiver()
        service = self.service("--allow-targets", "203.0.113.7", "--require-https", "false")
        hosts = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433",
                 "localhost"]
        for host in hosts:
            hook = (f"<Webhook><Events><a:string>contact.created</a:string></Events>"
                    f"<TargetUrl>http://{host}:{receiver.port}/</TargetUrl></Webhook>")
            for operation in ("SaveWebhook", "TestWebhook"):
                _, answer = service.call(f"<{operation}>{hook}</{operation}>")
                self.assertIn("not allowed (setting allow-targets)", answer, host)
        self.assertEqual(receiver.requests, [])
        _, answer = service.call("<GetAllWebhooks/>")
        self.assertIn("<Response></Response>", answer)
        service.stop()
        service = self.service("--allow-targets", "127.0.0.1/32")
        service.save(receiver.url, ["contact.created"])

    def test_nothing_acknowledged_is_lost_when_the_process_is_killed_again_and_again(self):
        receiver = self.receiver()
        service = self.service("--delivery-timeout", "5s", "--failure-limit", "0")
        service.save(receiver.url, ["contact.created"])
        acknowledged, stop = [], threading.Event()
        numbers = iter(range(2000))
        lock = threading.Lock()

        def signal():
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                while True:
                    try:
                        service.signal("contact.created", number)
                        acknowledged.append(number)
                        break
                    except (OSError, AssertionError, Exception) as error:
                        if stop.is_set():
                            raise error
                        time.sleep(0.01)

        threads = [threading.Thread(target=signal) for _ in range(8)]
        for thread in threads:
            thread.start()
        kills = 0
        while any(thread.is_alive() for thread in threads) or kills < 10:
            time.sleep(0.15)
            service.kill()
            kills += 1
            service.start()
        for thread in threads:
            thread.join()
        status, idle = self.admin(service, "GET", "idle?timeout=60s")
        self.assertEqual(status, 200, idle)
        received = [json.loads(request["body"]) for request in receiver.requests]
        self.assertEqual(set(acknowledged), set(range(2000)))
        self.assertEqual(set(acknowledged) - {body["PrimaryKey"] for body in received}, set())
        duplicates = len(received) - len({body["EventId"] for body in received})
        unacknowledged = len({body["EventId"] for body in received}) - 2000
        print(f"\n  {kills} kills, 2000 acknowledged, all arrived; {duplicates} duplicate deliveries of the same event, "
              f"{unacknowledged} events stored whose acknowledgement was cut off", file=sys.stderr)
        self.assertLessEqual(duplicates, kills * 512, "no more than was in flight")

    def test_sigterm_with_500_in_flight_loses_nothing_and_sends_nothing_twice(self):
        receiver = self.receiver()
        service = self.service("--target-concurrency", "500", "--shutdown-timeout", "10s")
        service.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        threads = [threading.Thread(target=lambda part=part: [service.signal("contact.created", part * 75 + n)
                                                              for n in range(75)]) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(receiver.wait(500)), 500)
        self.assertIn("webhook_svc_deliveries_in_flight 500", service.request("GET", "/metrics")[1].decode())
        threading.Timer(1, receiver.answers.set).start()
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        seconds = time.monotonic() - begun
        self.assertLess(seconds, 10)
        self.assertEqual(len(receiver.requests), 500, "nothing new is begun after SIGTERM")
        service.start()
        status, _ = self.admin(service, "GET", "idle?timeout=30s")
        self.assertEqual(status, 200)
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.requests]
        self.assertEqual(sorted(keys), list(range(600)))
        print(f"\n  stopped in {seconds:.2f} s with 500 in flight, answered 1 s after SIGTERM", file=sys.stderr)

    def test_sigterm_cuts_off_what_hangs_within_its_bound_and_delivers_it_later(self):
        silent = Silent()
        self.addCleanup(silent.close)
        service = self.service("--verify-target", "false", "--shutdown-timeout", "1s", "--target-concurrency", "500")
        service.save(silent.url, ["contact.created"])
        for number in range(500):
            service.signal("contact.created", number)
        for _ in range(200):
            if len(silent.connections) >= 500:
                break
            time.sleep(0.02)
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        seconds = time.monotonic() - begun
        self.assertLess(seconds, 6)
        print(f"\n  {len(silent.connections)} hanging attempts were cut off within {seconds:.2f} s", file=sys.stderr)
        silent.close()
        receiver = self.receiver(port=silent.port)
        service.start()
        self.assertEqual({json.loads(request["body"])["PrimaryKey"] for request in receiver.wait(500)}, set(range(500)))
        self.assertEqual({request["headers"]["X-SuperOffice-Retry"] for request in receiver.requests}, {"0"})


if __name__ == "__main__":
    unittest.main()
