#!/usr/bin/env python3
"""How much a target that never answers delays another: the time for 1,000 deliveries to a healthy target, with ten webhooks
that lead to a hanging one and have as many waiting each, and without them, in turns. All is signalled before the healthy
target begins to answer. Prints each pair and the ratio of the medians."""
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
from receiver import Receiver, SilentReceiver  # noqa: E402
from service import Service  # noqa: E402

DELIVERIES = 1000
ROUNDS = 5


def seconds(hanging):
    with tempfile.TemporaryDirectory() as directory:
        silent, receiver = SilentReceiver(), Receiver()
        service = Service(directory, "--verify-target", "false", "--log-level", "error")
        service.start()
        try:
            for _ in range(10 if hanging else 0):
                service.save(silent.url, ["contact.created"])
            service.save(receiver.url, ["contact.created"])
            receiver.answers.clear()
            for number in range(DELIVERIES):
                service.signal("contact.created", number)
            begun = time.perf_counter()
            receiver.answers.set()
            assert len(receiver.wait(DELIVERIES, 60)) == DELIVERIES
            return time.perf_counter() - begun
        finally:
            service.kill()
            service.log.close()
            silent.close()
            receiver.close()


def main():
    pairs = []
    for _ in range(ROUNDS):
        pairs.append((seconds(hanging=False), seconds(hanging=True)))
        print(f"without {pairs[-1][0]:.2f} s, with a hanging target {pairs[-1][1]:.2f} s")
    without, with_it = (statistics.median(column) for column in zip(*pairs))
    print(f"{DELIVERIES} deliveries: {without:.2f} s without, {with_it:.2f} s with; ratio {with_it / without:.2f}")


if __name__ == "__main__":
    main()
