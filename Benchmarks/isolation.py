#!/usr/bin/env python3
"""How much one target that never answers delays another: the time for 1,000 deliveries to a healthy target, with a
hanging target that has as many waiting and without it, in turns. Prints each pair and the ratio of the medians."""
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
from service import Receiver, Service  # noqa: E402
from test_delivery import Silent  # noqa: E402

DELIVERIES = 1000
ROUNDS = 5


def seconds(hanging):
    with tempfile.TemporaryDirectory() as directory:
        silent, receiver = Silent(), Receiver()
        service = Service(directory, "--verify-target", "false", "--log-level", "error")
        service.start()
        try:
            if hanging:
                service.save(silent.url, ["contact.created"])
            service.save(receiver.url, ["contact.created"])
            begun = time.perf_counter()
            for number in range(DELIVERIES):
                service.signal("contact.created", number)
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
