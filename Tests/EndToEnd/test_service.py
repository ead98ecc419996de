"""The release binary as its users meet it: a process, real sockets, a receiver in another language."""
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from service import BINARY, NAMESPACE, Receiver, Service, envelope, free_port


class EndToEnd(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.running = []

    def tearDown(self):
        for thing in self.running:
            if isinstance(thing, Receiver):
                thing.close()
            elif thing.process.poll() is None:
                thing.kill()
        for thing in self.running:
            if isinstance(thing, Service):
                thing.log.close()
        self.directory.cleanup()

    def service(self, *flags, **options):
        service = Service(self.directory.name, *flags, **options)
        self.running.append(service)
        self.seconds = service.start()
        return service

    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.running.append(receiver)
        return receiver

    def test_start_and_idle_figures(self):
        service = self.service()
        status, answer = service.call("<CreateDefaultWebhook/>")
        self.assertEqual(status, 200)
        time.sleep(1)
        print(f"\n  start to first answer: {self.seconds:.3f} s; idle: {service.resident_megabytes():.1f} MB", file=sys.stderr)

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
        print(f"\n  waits between attempts: {waits[0]:.2f} s, {waits[1]:.2f} s", file=sys.stderr)
        _, answer = service.call(f"<GetLastError><WebhookId>{webhook}</WebhookId></GetLastError>")
        self.assertIn("HTTP/1.1 503", answer)

    def test_what_was_acknowledged_is_delivered_after_a_crash(self):
        port = free_port()
        service = self.service("--verify-target", "false", "--failure-limit", "0")
        service.save(f"http://127.0.0.1:{port}/hook", ["contact.created"])
        for key in range(20):
            service.signal("contact.created", key)
        service.kill()
        receiver = self.receiver(port=port)
        service.start()
        requests = receiver.wait(20)
        self.assertEqual({json.loads(request["body"])["PrimaryKey"] for request in requests}, set(range(20)))
        _, answer = service.call("<GetAllWebhooks/>")
        self.assertIn(">contact.created</", answer)

    def test_sigterm_finishes_what_is_in_flight_and_exits_with_0(self):
        receiver, service = self.receiver(), self.service()
        service.save(receiver.url, ["contact.created"])
        for key in range(100):
            service.signal("contact.created", key)
        self.assertEqual(service.stop(), 0)
        sent = len(receiver.requests)
        service.start()
        requests = receiver.wait(100)
        self.assertEqual(len({json.loads(request["body"])["PrimaryKey"] for request in requests}), 100)
        self.assertEqual(len(requests), 100, "nothing is sent twice")
        print(f"\n  delivered before the stop: {sent} of 100", file=sys.stderr)

    def test_without_dev_every_ticket_is_refused(self):
        service = self.service(dev=False)
        status, answer = service.call("<GetAllWebhooks/>")
        self.assertEqual(status, 200)
        self.assertIn("SuperOffice.Exceptions.SoSessionException", answer)
        self.assertIn(">false</Succeeded>", answer)

    def test_memory_stays_bounded_under_hostile_requests(self):
        service = self.service()
        hostile = [
            envelope("<SignalEvent><EventName>" + "x" * (10 << 20) + "</EventName></SignalEvent>"),
            envelope("<a>" * 10_000 + "</a>" * 10_000),
            envelope("<SignalEvent " + " ".join(f"a{n}=''" for n in range(100_000)) + "/>"),
            envelope("<a/>" * 200_000),
            envelope("<SignalEvent><Data>" + "<StringObjectKeyValuePair><Key>k</Key><Value/></StringObjectKeyValuePair>" * 9000
                     + "</Data></SignalEvent>"),
        ]

        def attack():
            for body in hostile * 3:
                try:
                    service.request("POST", "/Remote/Services87/Webhook.svc", body, {"Content-Type": "text/xml"})
                except OSError:
                    pass  # The service may cut off what it has refused.

        threads = [threading.Thread(target=attack) for _ in range(8)]
        for thread in threads:
            thread.start()
        peak = 0.0
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, service.resident_megabytes())
            time.sleep(0.01)
        status, _ = service.call("<CreateDefaultWebhook/>")
        self.assertEqual(status, 200)
        self.assertLess(peak, 400)
        print(f"\n  peak under hostile requests: {peak:.1f} MB", file=sys.stderr)

    def test_a_second_process_on_the_same_database_is_refused(self):
        service = self.service()
        second = subprocess.run([BINARY, "serve", "--dev", "--listen", f"127.0.0.1:{free_port()}",
                                 "--store", service.arguments[service.arguments.index("--store") + 1]],
                                capture_output=True, text=True, timeout=20)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("the store is in use: another process serves", second.stderr)

    def test_wrong_settings_stop_the_start_with_one_line(self):
        for flags, message in [
            (["--listen", "nonsense"], "listen: 'nonsense' is not HOST:PORT"),
            (["--retry-delays", "soon"], "retry-delays: 'soon' is not durations"),
            (["--store", "redis://x"], "store: 'redis://x' is not sqlite:PATH, postgres://"),
            (["--dev", "--listen", "0.0.0.0:1"], "--allow-remote-dev"),
            (["--config", "/does/not/exist"], "config: the file '/does/not/exist' cannot be read"),
        ]:
            run = subprocess.run([BINARY, "serve", *flags], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(message, run.stderr)


    def test_every_setting_is_a_flag_that_is_heeded(self):
        help_text = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True).stdout
        flags = re.findall(r"^  (--[a-z-]+) <", help_text, re.M)
        self.assertGreater(len(flags), 25)
        for flag in flags:
            value = "file:/does/not/exist" if flag == "--admin-token" else "n/a"
            run = subprocess.run([BINARY, "serve", "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:", flag, value],
                                 capture_output=True, text=True, timeout=20)
            self.assertNotEqual(run.returncode, 0, flag)
            self.assertIn(flag.strip("-"), run.stderr)


if __name__ == "__main__":
    unittest.main()
