"""How the service stops behind a balancer: it says so, goes on for a while, and loses no call."""
import collections
import contextlib
import http.client
import signal
import socket
import sqlite3
import threading
import time
import unittest

from many_webhooks import host, multiply
from service import PATIENCE, ServiceTestCase, free_port, wait_until
from soap import WEBHOOK_PATH, XML_HEADERS, envelope

CALL = envelope("<CreateDefaultWebhook/>")


def call(connection):
    """One call on it: status, whether the service ends the connection, and whether the answer is whole."""
    connection.request("POST", WEBHOOK_PATH, CALL, XML_HEADERS)
    response = connection.getresponse()
    body = response.read()
    return response.status, response.getheader("Connection") == "close", b">true</Succeeded>" in body


class Drain(ServiceTestCase):
    def test_after_sigterm_readyz_fails_at_once_and_calls_are_taken_until_the_drain_delay_is_over(self):
        service = self.service("--drain-delay", "8s")
        kept, idle = service.connection(), service.connection()
        for connection in (kept, idle):
            self.assertEqual(call(connection), (200, False, True))
        begun = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        # The process takes no connections once the drain is over: every answer here comes during it.
        while (answer := service.request("GET", "/readyz"))[0] == 200:
            pass
        self.assertEqual((answer[0], answer[1].startswith(b"The service is stopping")), (503, True), answer)
        self.assertEqual([service.request(method, "/")[0] for method in ("GET", "OPTIONS", "HEAD")], [503] * 3)
        self.assertEqual(service.request("GET", "/healthz")[0], 200, "it is up still")
        last = kept.sock
        self.assertEqual(call(kept), (200, True, True), "a kept connection ends with its next answer")
        self.assertEqual(last.fileno(), -1)
        self.assertEqual(call(service.connection()), (200, True, True), "a new one is taken")
        idle.sock.settimeout(8 + PATIENCE)
        self.assertEqual(idle.sock.recv(1), b"", "what is idle is closed when the drain ends")
        self.assertGreater(time.monotonic() - begun, 7.9)
        idle.close()
        self.assertEqual(service.process.wait(timeout=PATIENCE), 0)
        with self.assertRaises(ConnectionRefusedError):
            service.request("GET", "/healthz")

    def test_without_a_drain_delay_the_service_stops_at_once(self):
        # It does not wait for an idle connection as long as it would for a call.
        service = self.service("--shutdown-timeout", "60s")
        connection = service.connection()
        self.assertEqual(call(connection), (200, False, True))
        service.process.send_signal(signal.SIGTERM)
        self.assertEqual(service.process.wait(timeout=PATIENCE), 0)
        connection.close()

    def test_a_call_that_is_under_way_when_the_drain_ends_is_answered(self):
        service = self.service("--drain-delay", "1s")
        connection = service.connection()
        connection.putrequest("POST", WEBHOOK_PATH)
        for name, value in {**XML_HEADERS, "Content-Length": str(len(CALL))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(CALL[:100])
        service.begin_stop()  # Which is over with the drain.
        connection.send(CALL[100:])
        response = connection.getresponse()
        self.assertEqual((response.status, response.getheader("Connection")), (200, "close"))
        self.assertIn(b">true</Succeeded>", response.read())
        self.assertEqual(service.process.wait(timeout=PATIENCE), 0)

    def test_the_shutdown_timeout_begins_after_the_drain_delay(self):
        service = self.service("--drain-delay", "8s", "--shutdown-timeout", "1s")
        service.process.send_signal(signal.SIGTERM)
        time.sleep(4)
        self.assertEqual(call(service.connection()), (200, True, True))
        self.assertEqual(service.process.wait(timeout=8 + PATIENCE), 0)

    def test_sigterm_ends_claiming_at_once_though_20000_dead_targets_are_due(self):
        service = self.service("--verify-target", "false", "--log-level", "error")
        service.save(f"http://127.9.0.1:{free_port()}/", ["contact.created"])
        service.stop()
        with contextlib.closing(sqlite3.connect(f"{self.directory}/test.db")) as database:
            def columns(table):
                return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]

            def count(sql):
                return database.execute(f"SELECT count(*) FROM {sql}").fetchone()[0]

            multiply(database.execute, columns, 20_000, host(free_port()))
            database.commit()
            service.start()
            service.signal("contact.created")
            self.assertIsNotNone(wait_until(lambda: count("attempt") > 500, 120))
            self.assertEqual(service.stop(), 0)
            self.assertEqual(count("delivery WHERE owner IS NOT NULL"), 0, "leases left")
            self.assertEqual(count("delivery"), 20_000)

    def test_a_client_that_connects_while_the_listener_closes_is_answered_or_refused(self):
        for _ in range(3):
            service = self.service("--drain-delay", "500ms", "--store", "memory:")
            answered, lost = [], []

            def connect():
                while True:
                    try:
                        connection = socket.create_connection(("127.0.0.1", service.port), timeout=20)
                    except ConnectionRefusedError:
                        return
                    try:
                        client = http.client.HTTPConnection("127.0.0.1", service.port)
                        client.sock = connection
                        answered.append(call(client))
                    except (OSError, http.client.HTTPException) as error:
                        lost.append(repr(error))
                    finally:
                        connection.close()

            threads = [threading.Thread(target=connect) for _ in range(16)]
            for thread in threads:
                thread.start()
            self.assertIsNotNone(wait_until(lambda: len(answered) > 50), "clients are not answered")
            self.assertEqual(service.stop(), 0)
            for thread in threads:
                thread.join()
            self.assertEqual(lost, [], f"{len(answered)} were answered")
            self.assertEqual({answer[0] for answer in answered}, {200})

    def test_a_rolling_restart_of_two_processes_loses_no_call(self):
        # Long enough for the balancer to see, beside its calls, that a process is not ready.
        services = [self.service("--drain-delay", "4s", "--store", "memory:", name=name) for name in ("one", "two")]
        ready, done, lost, counts = set(services), threading.Event(), [], collections.Counter()

        def check():
            while not done.is_set():
                for service in services:
                    try:
                        isReady = service.request("GET", "/readyz")[0] == 200
                    except OSError:
                        isReady = False
                    (ready.add if isReady else ready.discard)(service)
                time.sleep(0.05)

        def balance():
            """Calls whichever is ready, on kept connections. It asks another only where none could be made."""
            kept = {}
            while not done.is_set():
                for service in [*ready]:
                    for other in [other for other in kept if other not in ready]:
                        kept.pop(other).close()
                    connection = kept.setdefault(service, service.connection())
                    try:
                        if not connection.sock:
                            connection.connect()
                    except ConnectionRefusedError:
                        continue
                    try:
                        status, _, is_whole = call(connection)
                        counts[service] += 1
                        if status != 200 or not is_whole:
                            lost.append(status)
                    except (OSError, http.client.HTTPException) as error:
                        lost.append(repr(error))
                        connection.close()
            for connection in kept.values():
                connection.close()

        self.addCleanup(done.set)
        threads = [threading.Thread(target=work) for work in (check, *[balance] * 4)]
        for thread in threads:
            thread.start()
        for service in services:
            self.wait_for_more(services, counts)
            self.assertEqual(service.stop(), 0)
            service.start()
            self.assertIsNotNone(wait_until(lambda: service in ready), "it is not ready again")
        self.wait_for_more(services, counts)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(lost, [])

    def wait_for_more(self, services, counts):
        """Waits until every process has answered twenty calls more."""
        before = counts.copy()
        self.assertIsNotNone(wait_until(lambda: all(counts[each] >= before[each] + 20 for each in services)), counts)


class Idle(ServiceTestCase):
    def test_a_connection_is_kept_for_the_idle_timeout_and_no_longer(self):
        service = self.service("--idle-timeout", "8s")
        connection = service.connection()
        for pause in (0, 4.2, 4.2):  # Together longer than the time-out.
            time.sleep(pause)
            begun = time.monotonic()
            self.assertEqual(call(connection), (200, False, True))
        connection.sock.settimeout(8 + PATIENCE)
        self.assertEqual(connection.sock.recv(1), b"")
        self.assertGreater(time.monotonic() - begun, 7.9)
        connection.close()


if __name__ == "__main__":
    unittest.main()
