"""A process that is frozen while it works, as a debugger, a suspended machine or a stalled disk does it, holds the other
processes up for seconds at most."""
import contextlib
import os
import random
import signal
import threading
import time
import unittest

from postgres_processes import Processes, setUpModule  # setUpModule is unittest's.
from service import report, wait_until

MOMENTS = 25


class Frozen(Processes):
    def attempt(self, process, key):
        """Whether an event was taken, and after how long."""
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            return process.is_taken("contact.created", key), time.monotonic() - begun
        return False, time.monotonic() - begun

    def change(self, process, is_over):
        """Saves, stops and deletes webhooks, which takes the lock that signals share."""
        while not is_over.is_set():
            # What stood in a transaction when the process was frozen fails.
            with contextlib.suppress(OSError, AssertionError):
                webhook = process.save("http://127.0.0.1:9/", ["contact.created"])
                process.set_state(webhook, "Stopped")
                process.delete(webhook)

    def test_the_other_process_goes_on_taking_signals_whenever_one_is_frozen(self):
        one, two = self.process("one", "--retry-delays", "1s"), self.process("two", "--retry-delays", "1s")
        receiver = self.receiver()
        one.save(receiver.url, ["contact.created"])
        is_over, random_moments = threading.Event(), random.Random(14)
        load = [threading.Thread(target=self.change, args=(one, is_over)) for _ in range(3)]
        load += [threading.Thread(target=lambda: [self.attempt(one, 1) for _ in iter(is_over.is_set, True)])]
        for thread in load:
            thread.start()
        waits = []
        try:
            for _ in range(MOMENTS):
                time.sleep(random_moments.uniform(0.05, 0.3))
                os.kill(one.process.pid, signal.SIGSTOP)
                try:
                    # Within the time that a frozen transaction has, and a lock's after it; not after a minute.
                    begun = time.monotonic()
                    taken = wait_until(lambda: self.attempt(two, 2)[0] and self.attempt(two, 3)[0], 20)
                    self.assertIsNotNone(taken, "the other process takes no signals")
                    waits.append(time.monotonic() - begun)
                finally:
                    os.kill(one.process.pid, signal.SIGCONT)
        finally:
            is_over.set()
            for thread in load:
                thread.join()
        self.assert_works(one, two)
        report(f"frozen {MOMENTS} times: two signals were taken after {max(waits):.1f} s at most, "
               f"{sorted(waits)[len(waits) // 2]:.2f} s in the middle")


if __name__ == "__main__":
    unittest.main()
