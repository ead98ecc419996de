"""Outages that are short, or none of a target's: receivers that restart, a proxy that is away, a process that stands still.
Every acknowledged event arrives, and no webhook loses its subscription."""
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import unittest
import urllib.parse

from receiver import HastyReceiver
from service import ServiceTestCase, Task, report

# How long a process stands still here, in seconds; 60 for the figure that the documentation gives.
STANDSTILL = float(os.environ.get("WEBHOOK_SVC_STANDSTILL", 12))


class OutageTestCase(ServiceTestCase):
    def assert_healthy(self, service, webhooks):
        """Each is Active and counts no error in a row."""
        states = {each["webhookId"]: each["state"] for each in service.admin("GET", "webhooks")[1]["webhooks"]}
        for webhook in webhooks:
            self.assertEqual(states[webhook], "Active", webhook)
            self.assertEqual(service.admin("GET", f"webhooks/{webhook}/usage")[1]["consecutiveErrors"], 0, webhook)


class ReceiverOutages(OutageTestCase):
    def test_a_receiver_that_is_away_for_a_moment_keeps_its_subscription_and_gets_every_event(self):
        service = self.service("--log-level", "error")
        trials = [(seconds, rate) for seconds in (0.3, 1, 10) for rate in (5, 20, 80)]

        def run(place, seconds, rate):
            receiver = self.receiver()
            event = f"trial{place}.created"
            webhook = service.save(receiver.url, [event])
            begun, sent = time.monotonic(), 0
            outage = (begun + 0.5, begun + 0.5 + seconds)
            while (now := time.monotonic()) < outage[1] + 0.5:
                receiver.status = 503 if outage[0] <= now < outage[1] else 200
                service.signal(event, sent)
                sent += 1
                time.sleep(max(0, begun + sent / rate - time.monotonic()))
            receiver.status = 200
            return seconds, rate, sent, webhook, receiver

        rows = [task.wait() for task in [Task(run, place, *trial) for place, trial in enumerate(trials)]]
        self.assert_idle(service, 60)
        report("503 for  events/s  acknowledged  arrived  refused attempts")
        for seconds, rate, sent, _, receiver in rows:
            keys = {json.loads(each["body"])["PrimaryKey"] for each in receiver.requests if each["status"] == 200}
            refused = sum(each["status"] == 503 for each in receiver.requests)
            print(f"  {seconds:5} s  {rate:8}  {sent:12}  {len(keys):7}  {refused:16}", file=sys.stderr)
            self.assertEqual(sorted(set(range(sent)) - keys), [], (seconds, rate))
        self.assert_healthy(service, [row[3] for row in rows])


class Standstills(OutageTestCase):
    def test_a_process_that_stood_still_blames_no_target(self):
        # Nothing times out before the process stands still, and everything has when it goes on.
        timeout = min(15, STANDSTILL * 2 / 3)
        service = self.service("--delivery-timeout", f"{timeout:.0f}s", "--target-concurrency", "100", "--log-level", "warning")
        patient, hasty = self.receiver(), HastyReceiver()
        self.addCleanup(hasty.close)
        webhooks = [service.save(patient.url, ["contact.created"]), service.save(hasty.url, ["contact.created"])]
        hasty.is_hasty = True
        patient.answers.clear()
        for key in range(100):
            service.signal("contact.created", key)
        self.assertEqual(len(patient.wait(100)), 100)
        self.assertEqual(len(hasty.wait(100)), 100)
        # Answers that come while it stands still count; connections that end meanwhile say nothing.
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(STANDSTILL / 2)
        hasty.is_hasty = False
        hasty.gives_up.set()
        time.sleep(STANDSTILL / 2)
        patient.answers.set()
        service.process.send_signal(signal.SIGCONT)
        self.assert_idle(service, 60)
        for name, requests in (("patient", patient.requests), ("hasty", hasty.requests)):
            keys = {json.loads(each["body"])["PrimaryKey"] for each in requests if each["status"] == 200}
            self.assertEqual(sorted(set(range(100)) - keys), [], name)
        self.assert_healthy(service, webhooks)
        for webhook in webhooks:
            self.assertEqual(service.admin("GET", f"webhooks/{webhook}/usage")[1]["totalErrors"], 0)
        again = len(patient.requests) + len(hasty.requests) - 200
        report(f"stood still for {STANDSTILL:g} s with 200 in flight: all 200 arrived, {again} attempts were made again")


class ForwardProxy:
    """A forward proxy for `http` targets, which can be away: then nothing listens at its port."""

    def __init__(self):
        self.port, self.server = 0, None
        self.connections = set()
        self.begin()

    def begin(self):
        self.server = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def end(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, server):
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, client):
        """Passes bytes on between a client and the target that its first request names."""
        self.connections.add(client)
        try:
            with client:
                first = client.recv(1 << 16)
                if not first:
                    return
                target = urllib.parse.urlsplit(first.split(b" ", 2)[1].decode())
                with socket.create_connection((target.hostname, target.port)) as origin:
                    origin.sendall(first)
                    poll = select.poll()  # `select` takes no descriptor above 1,023.
                    for side in (client, origin):
                        poll.register(side, select.POLLIN)
                    while True:
                        for number, _ in poll.poll():
                            source, sink = (client, origin) if number == client.fileno() else (origin, client)
                            data = source.recv(1 << 16)
                            if not data:
                                return
                            sink.sendall(data)
        except OSError:
            pass  # One of the two is gone.
        finally:
            self.connections.discard(client)


class ProxyOutages(OutageTestCase):
    def test_a_forward_proxy_that_is_away_for_some_seconds_costs_no_delivery_and_no_subscription(self):
        proxy = ForwardProxy()
        self.addCleanup(lambda: proxy.server.fileno() >= 0 and proxy.end())
        receivers = [self.receiver() for _ in range(8)]
        service = self.service("--proxy", f"http://127.0.0.1:{proxy.port}", "--log-level", "warning")
        webhooks = [service.save(receivers[place % 8].url, ["contact.created"]) for place in range(40)]
        for key in range(8):
            service.signal("contact.created", key)
        proxy.end()
        for key in range(8, 24):
            service.signal("contact.created", key)
            time.sleep(2.5 / 16)
        proxy.begin()
        for key in range(24, 32):
            service.signal("contact.created", key)
        self.assert_idle(service, 60)
        arrived = sum(len({(each["body"]) for each in receiver.requests}) for receiver in receivers)
        keys = [json.loads(each["body"])["PrimaryKey"] for receiver in receivers for each in receiver.requests]
        for key in range(32):
            self.assertGreaterEqual(keys.count(key), 40, key)
        self.assert_healthy(service, webhooks)
        report(f"a proxy that was away for 2.5 s: {len(keys)} arrivals of 40 x 32 deliveries ({arrived} bodies)")
        text = service.request("GET", "/metrics")[1].decode()
        self.assertRegex(text, r'webhook_svc_own_failures_total\{kind="proxy"\} [1-9]')


if __name__ == "__main__":
    unittest.main()
