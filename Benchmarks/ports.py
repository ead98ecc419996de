#!/usr/bin/env python3
"""What deliveries to a target that closes each connection cost in ports: 60,000 of them, more than a machine has ports for
connections that wait out their end. Prints how long they took, the webhook's errors, and how many connections wait for
their end on this side and on the target's."""
import contextlib
import json
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
from receiver_process import ReceiverProcess  # noqa: E402
from service import Service  # noqa: E402

DELIVERIES = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
WEBHOOKS = 20
TIME_WAIT = "06"


def waiting(port):
    """Connections that wait out their end, with the port on the other side and on the own."""
    ours = theirs = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if state == TIME_WAIT:
            ours += remote.endswith(f":{port:04X}")
            theirs += local.endswith(f":{port:04X}")
    return ours, theirs


def main():
    with contextlib.closing(ReceiverProcess(closes=True)) as receiver, tempfile.TemporaryDirectory() as directory:
        service = Service(directory, "--verify-target", "false", "--log-level", "error")
        service.start()
        try:
            webhooks = [service.save(receiver.url(number), ["contact.created"]) for number in range(WEBHOOKS)]
            begun = time.monotonic()

            def signal(part):
                for key in range(part, DELIVERIES // WEBHOOKS, 4):
                    service.signal("contact.created", key)

            threads = [threading.Thread(target=signal, args=(part,)) for part in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            service.request("GET", "/admin/v1/idle?timeout=60s")
            seconds = time.monotonic() - begun
            usages = [json.loads(service.request("GET", f"/admin/v1/webhooks/{webhook}/usage")[1]) for webhook in webhooks]
            ours, theirs = waiting(receiver.port)
            print(f"{receiver.arrivals()[0]} arrivals of {DELIVERIES} deliveries in {seconds:.1f} s, "
                  f"{sum(usage['totalErrors'] for usage in usages)} errors counted; "
                  f"in TIME_WAIT: {ours} here, {theirs} at the target")
        finally:
            service.kill()
            service.log.close()


if __name__ == "__main__":
    main()
