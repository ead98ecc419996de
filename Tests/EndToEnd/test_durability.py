"""What was acknowledged is delivered, though the process is killed."""
import collections
import contextlib
import http.client
import json
import random
import sqlite3
import threading
import time
import unittest

from service import ServiceTestCase, Task, free_port, report, wait_until


class DurabilityTests(ServiceTestCase):
    def test_what_was_acknowledged_is_delivered_after_a_crash(self):
        port = free_port()
        service = self.service("--verify-target", "false", "--disable-after-failures", "0")
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

    def test_nothing_acknowledged_is_lost_when_the_process_is_killed_again_and_again(self):
        receiver = self.receiver()
        # Nothing is tried again but what a kill met.
        service = self.service("--delivery-timeout", "60s", "--disable-after-failures", "0")
        service.save(receiver.url, ["contact.created"])
        acknowledged, lock, numbers = [], threading.Lock(), iter(range(2000))

        def signal():
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                while not self.is_taken(service, number):
                    time.sleep(0.01)
                acknowledged.append(number)

        tasks = [Task(signal) for _ in range(8)]
        kills, claims, moments = 0, collections.Counter(), random.Random(1)
        while any(task.is_alive() for task in tasks):
            then = len(acknowledged) + moments.randint(20, 180)
            wait_until(lambda: len(acknowledged) >= then or not any(task.is_alive() for task in tasks), 60)
            service.kill()
            kills += 1
            claims.update(self.claimed_events())
            service.start()
        for task in tasks:
            task.wait()
        self.assert_idle(service)
        received = [json.loads(request["body"]) for request in receiver.requests]
        self.assertEqual(set(acknowledged), set(range(2000)))
        self.assertEqual(set(acknowledged) - {body["PrimaryKey"] for body in received}, set())
        arrivals = collections.Counter(body["EventId"] for body in received)
        self.assertEqual({id: (count, claims[id]) for id, count in arrivals.items() if count > 1 + claims[id]}, {},
                         "an event arrived more often than kills met its delivery")
        report(f"{kills} kills met {claims.total()} deliveries, 2000 acknowledged, all arrived; "
               f"{arrivals.total() - len(arrivals)} duplicate deliveries of the same event, "
               f"{len(arrivals) - 2000} events stored whose acknowledgement was cut off")

    def is_taken(self, service, number):
        """Whether an event was acknowledged before the process was killed. Any other answer than success is a failure."""
        try:
            service.signal("contact.created", number)
            return True
        except (OSError, http.client.HTTPException):
            return False

    def claimed_events(self):
        """The ids of the events whose delivery the process that was killed had claimed, and not recorded yet."""
        with contextlib.closing(sqlite3.connect(self.directory / "test.db")) as database:
            return [guid.lower() for guid, in database.execute(
                "SELECT guid FROM event JOIN delivery ON event_id = event.id WHERE owner IS NOT NULL")]


if __name__ == "__main__":
    unittest.main()
