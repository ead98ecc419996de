"""SIGTERM with deliveries in flight: nothing is lost, and nothing is sent twice."""
import json
import threading
import time
import unittest

from receiver import SilentReceiver
from service import ServiceTestCase, report


class StoppingTests(ServiceTestCase):
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
        report(f"delivered before the stop: {sent} of 100")

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
        status, _ = service.admin("GET", "idle?timeout=30s")
        self.assertEqual(status, 200)
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.requests]
        self.assertEqual(sorted(keys), list(range(600)))
        report(f"stopped in {seconds:.2f} s with 500 in flight, answered 1 s after SIGTERM")

    def test_sigterm_cuts_off_what_hangs_within_its_bound_and_delivers_it_later(self):
        silent = SilentReceiver()
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
        report(f"{len(silent.connections)} hanging attempts were cut off within {seconds:.2f} s")
        silent.close()
        receiver = self.receiver(port=silent.port)
        service.start()
        self.assertEqual({json.loads(request["body"])["PrimaryKey"] for request in receiver.wait(500)}, set(range(500)))
        self.assertEqual({request["headers"]["X-SuperOffice-Retry"] for request in receiver.requests}, {"0"})


if __name__ == "__main__":
    unittest.main()
