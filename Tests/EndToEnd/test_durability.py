"""What was acknowledged is delivered, though the process is killed."""
import json
import threading
import time
import unittest

from service import ServiceTestCase, free_port, report


class DurabilityTests(ServiceTestCase):
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
        status, idle = service.admin("GET", "idle?timeout=60s")
        self.assertEqual(status, 200, idle)
        received = [json.loads(request["body"]) for request in receiver.requests]
        self.assertEqual(set(acknowledged), set(range(2000)))
        self.assertEqual(set(acknowledged) - {body["PrimaryKey"] for body in received}, set())
        duplicates = len(received) - len({body["EventId"] for body in received})
        unacknowledged = len({body["EventId"] for body in received}) - 2000
        report(f"{kills} kills, 2000 acknowledged, all arrived; {duplicates} duplicate deliveries of the same event, "
               f"{unacknowledged} events stored whose acknowledgement was cut off")
        self.assertLessEqual(duplicates, kills * 512, "no more than was in flight")


if __name__ == "__main__":
    unittest.main()
