"""SIGTERM with deliveries in flight: nothing is lost, and nothing is sent twice."""
import json
import time
import unittest

from receiver import SilentReceiver
from service import PATIENCE, ServiceTestCase, Task, report, wait_until

# What the log says, at level debug, just before the engine is told to stop, and how long it may take to hear of it.
ENGINE_STOPS = "sl-service=DeliveryEngine .*Triggering graceful shutdown"
ENGINE_SECONDS = 1
# Nothing that the test holds is given up on.
FLAGS = ["--log-level", "debug", "--delivery-timeout", "120s"]


class StoppingTests(ServiceTestCase):
    def stop_engine(self, service):
        """Sends SIGTERM, and returns when the engine begins nothing more."""
        service.begin_stop()
        self.assertIsNotNone(service.wait_for_log(ENGINE_STOPS), service.log_text()[-2000:])
        time.sleep(ENGINE_SECONDS)

    def test_sigterm_finishes_what_is_in_flight_and_exits_with_0(self):
        receiver, service = self.receiver(), self.service(*FLAGS)
        service.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        for key in range(100):
            service.signal("contact.created", key)
        # As many as one target gets at a time are in flight, and the others wait.
        in_flight = len(receiver.wait(64))
        self.stop_engine(service)
        receiver.answers.set()
        self.assertEqual(service.process.wait(timeout=60), 0)
        self.assertEqual(len(receiver.requests), in_flight, "nothing new is begun after SIGTERM")
        service.start()
        self.assert_idle(service)
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.requests]
        self.assertEqual(sorted(keys), list(range(100)), "each arrives once")

    def test_sigterm_with_500_in_flight_loses_nothing_and_sends_nothing_twice(self):
        receiver = self.receiver()
        service = self.service(*FLAGS, "--target-concurrency", "500", "--shutdown-timeout", "60s")
        service.save(receiver.url, ["contact.created"])
        receiver.answers.clear()

        def signal(part):
            for number in range(75):
                service.signal("contact.created", part * 75 + number)

        for task in [Task(signal, part) for part in range(8)]:
            task.wait()
        self.assertEqual(len(receiver.wait(500)), 500)
        self.assertIn("webhook_svc_deliveries_in_flight 500", service.request("GET", "/metrics")[1].decode())
        self.stop_engine(service)
        receiver.answers.set()
        self.assertEqual(service.process.wait(timeout=60), 0)
        self.assertEqual(len(receiver.requests), 500, "nothing new is begun after SIGTERM")
        service.start()
        self.assert_idle(service)
        keys = [json.loads(request["body"])["PrimaryKey"] for request in receiver.requests]
        self.assertEqual(sorted(keys), list(range(600)), "each arrives once")

    def test_sigterm_cuts_off_what_hangs_within_its_bound_and_delivers_it_later(self):
        silent = SilentReceiver()
        self.addCleanup(silent.close)
        service = self.service("--verify-target", "false", "--shutdown-timeout", "1s", "--target-concurrency", "500")
        service.save(silent.url, ["contact.created"])
        for number in range(500):
            service.signal("contact.created", number)
        self.assertIsNotNone(wait_until(lambda: len(silent.connections) == 500), len(silent.connections))
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        seconds = time.monotonic() - begun
        # The delivery time-out, which is not waited for, is 30 s by default.
        self.assertLess(seconds, PATIENCE)
        report(f"{len(silent.connections)} hanging attempts were cut off within {seconds:.2f} s")
        silent.close()
        receiver = self.receiver(port=silent.port)
        service.start()
        self.assertEqual({json.loads(request["body"])["PrimaryKey"] for request in receiver.wait(500)}, set(range(500)))
        self.assertEqual({request["headers"]["X-SuperOffice-Retry"] for request in receiver.requests}, {"0"})


if __name__ == "__main__":
    unittest.main()
