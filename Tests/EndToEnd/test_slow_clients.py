"""Clients that are slow, silent or gone in the middle of a request, whichever way the service answers it: on the event loop
or in a task, as a connection's first request or after one that the connection has made before."""
import contextlib
import re
import select
import socket
import time
import unittest

from rest import DOCUMENTED
from service import PATIENCE, ServiceTestCase, report
from soap import WEBHOOK_PATH, XML_HEADERS, envelope

# How long the first byte of a connection's first request may take, and how long a request may take, in seconds.
FIRST_REQUEST_SECONDS, REQUEST_SECONDS = 20, 60
# How long a client may leave answers unread.
STALL_SECONDS = 60
IDLE_SECONDS = 75
# What a client who reads nothing may cost, many times what was measured.
HELD_MEGABYTES = 20
# More than the buffers of the system take, with the answers that come of it.
POURED_BYTES = 32 << 20
# A timer is not early. The system's clocks differ by less.
EARLY_SECONDS = 0.5


def request(path, body, headers, framing=None):
    """A request as its head and its body, as they are sent."""
    framing = framing or f"Content-Length: {len(body)}"
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items()), framing]
    return "\r\n".join(lines).encode() + b"\r\n\r\n", body


def chunked(body):
    half = len(body) // 2
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])) + b"0\r\n\r\n"


CALL = envelope("<CreateDefaultWebhook/>")
ORDINARY = b"".join(request(WEBHOOK_PATH, CALL, XML_HEADERS))
# What the event loop answers, and what is passed on to a task: each as head and body.
WAYS = {
    "a call": request(WEBHOOK_PATH, CALL, XML_HEADERS),
    "a call in chunks": request(WEBHOOK_PATH, chunked(CALL), XML_HEADERS, "Transfer-Encoding: chunked"),
    "a long call": request(WEBHOOK_PATH, CALL.replace(b"<s:Body>", b"<s:Body>" + b" " * 40_000), XML_HEADERS),
    "a call over REST": request("/api/v1/Agents/Webhook/CreateDefaultWebhook", b"{}" + b" " * 40, {
        **DOCUMENTED, "Content-Type": "application/json"}),
}


class Client:
    """A connection that sends what it is told, and keeps what comes."""

    def __init__(self, service, name, calls=0, **options):
        self.name, self.received, self.ended = name, b"", None
        self.socket = socket.socket()
        for option, value in options.items():
            self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", service.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = time.monotonic()
        for _ in range(calls):
            self.send(ORDINARY)
            assert self.answer()[0] == 200
            self.begun = time.monotonic()

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """Reads once. Returns false when the connection has ended."""
        try:
            part = self.socket.recv(1 << 16)
        except ConnectionError:
            part = b""
        self.received += part
        if not part:
            self.ended = time.monotonic()
        return bool(part)

    def take(self):
        """The status, the head and the body of the next whole answer; None where none has come."""
        head, found, rest = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        length = int(length.group(1)) if length else 0
        if not found or len(rest) < length:
            return None
        self.received = rest[length:]
        return int(head.split()[1]), head, rest[:length]

    def answer(self):
        while (answer := self.take()) is None:
            assert self.read(), f"{self.name}: the connection ended after {self.received!r}"
        return answer

    def answers(self):
        """Every answer that comes until the connection ends."""
        while self.ended is None:
            self.read()
        return [*iter(self.take, None)]

    def close(self):
        self.socket.close()


class SlowClients(ServiceTestCase):
    def client(self, service, name, calls=0, **options):
        client = Client(service, name, calls, **options)
        self.addCleanup(client.close)
        return client

    def each_way(self, service):
        """A client for each way, its request, and how many calls its connection has made: the second call that is alike may be
        answered in another way than the first."""
        for name, (head, body) in WAYS.items():
            for calls in (0, 1, 2):
                yield self.client(service, f"{name} after {calls} calls", calls), head, body, calls

    def wait_for_ends(self, clients, seconds):
        """Reads what comes until all connections have ended."""
        poll, open_ones = select.poll(), {client.socket.fileno(): client for client in clients if client.ended is None}
        for number in open_ones:
            poll.register(number, select.POLLIN)
        deadline = time.monotonic() + seconds
        while open_ones:
            left = deadline - time.monotonic()
            self.assertGreater(left, 0, [client.name for client in open_ones.values()])
            for number, _ in poll.poll(1000 * left):
                if not open_ones[number].read():
                    poll.unregister(number)
                    del open_ones[number]

    def unread(self, service):
        """Clients who have filled all buffers with answers that they do not read."""
        for name, (head, body) in WAYS.items():
            # Of long requests many more megabytes fit into the buffers before their answers fill them.
            for calls in (0, 2) if len(body) < 10_000 else ():
                client = self.client(service, f"{name} after {calls} calls", calls, SO_RCVBUF=4096)
                client.socket.setblocking(False)
                rest = memoryview((head + body) * (POURED_BYTES // len(head + body)))
                moved = time.monotonic()
                while len(rest) and time.monotonic() < moved + 2:
                    with contextlib.suppress(BlockingIOError):
                        rest = rest[client.socket.send(rest[:1 << 16]):]
                        moved = time.monotonic()
                    time.sleep(0.001)
                self.assertGreater(len(rest), 0, f"{client.name}: all was taken though no answer was")
                whole = POURED_BYTES // len(head + body)
                yield client, whole - -(-len(rest) // len(head + body))

    def test_requests_that_stop_arriving_are_answered_with_408_and_silent_clients_are_let_go(self):
        service = self.service("--idle-timeout", f"{IDLE_SECONDS}s")
        unread = [client for client, _ in self.unread(service)]
        expected, drips, tolerated = [], [], []

        def expect(client, statuses, seconds):
            client.begun = time.monotonic()
            expected.append((client, statuses, seconds))

        for part in ("head", "body"):
            for client, head, body, calls in self.each_way(service):
                client.name += f", half a {part}"
                client.send(head[:len(head) // 2] if part == "head" else head + body[:len(body) // 2])
                is_first = part == "head" and calls == 0
                expect(client, [408], FIRST_REQUEST_SECONDS if is_first else REQUEST_SECONDS)
        for client, head, body, calls in self.each_way(service):
            client.name += ", one byte after the other"
            client.send(head)
            drips.append((client, body))
            expect(client, [408], REQUEST_SECONDS)
        for client, head, body, calls in self.each_way(service):
            client.name += ", a whole one and a part of the next in one piece"
            client.send(head + body + head[:-1])
            expect(client, [200, 408], REQUEST_SECONDS)
            # A task answers when nothing is read, and what has come of the next request then has the time of an idle
            # connection, which ends without a word.
            tolerated.append(client)
        for client, head, body, calls in self.each_way(service):
            client.name += ", and then nothing"
            client.send(head + body)
            expect(client, [200], IDLE_SECONDS)
        expect(self.client(service, "nothing at all"), [], FIRST_REQUEST_SECONDS)

        for place in range(10):
            for client, body in drips:
                client.send(body[place:place + 1])
            time.sleep(REQUEST_SECONDS / 2 / 10)
        self.wait_for_ends([client for client, *_ in expected], IDLE_SECONDS + PATIENCE)
        for client, statuses, seconds in expected:
            with self.subTest(client.name):
                answers = client.answers()
                if client in tolerated and len(answers) == 1:
                    statuses = [200]
                self.assertEqual([status for status, *_ in answers], statuses)
                self.assertEqual(client.received, b"")
                self.assertGreater(client.ended - client.begun, seconds - EARLY_SECONDS)
                if statuses and statuses[-1] == 408:
                    self.assertIn(b"Connection: close", answers[-1][1])
                    self.assertIn(b"did not arrive", answers[-1][2])
        report(f"{len(expected)} slow connections ended in time")
        for client in unread:
            with self.subTest(client.name, unread=True):
                poll = select.poll()
                poll.register(client.socket, 0)  # Its end alone.
                deadline = client.begun + STALL_SECONDS + 2 * PATIENCE
                self.assertTrue(poll.poll(1000 * max(0, deadline - time.monotonic())), "it is held still")
        self.assertEqual(service.call("<CreateDefaultWebhook/>")[0], 200)

    def test_a_client_that_goes_in_the_middle_gets_nothing_and_leaves_nothing(self):
        receiver, service = self.receiver(), self.service("--log-level", "info")
        service.save(receiver.url, ["contact.created"])
        signal = envelope("<SignalEvent><EventName>contact.created</EventName><PrimaryKey>{}</PrimaryKey></SignalEvent>")
        for calls in (0, 1, 2):
            head, body = request(WEBHOOK_PATH, signal.replace(b"{}", b"1"), XML_HEADERS)
            for cut in (len(head) // 2, len(head) - 1, len(head), len(head) + len(body) // 2, len(head) + len(body) - 1):
                for leaves in ("closes", "closes its output", "resets"):
                    with self.subTest(leaves, calls=calls, cut=cut):
                        client = self.client(service, leaves, calls)
                        client.send((head + body)[:cut])
                        if leaves == "closes its output":
                            client.socket.shutdown(socket.SHUT_WR)
                            self.assertNotIn(200, [status for status, *_ in client.answers()])
                        elif leaves == "resets":
                            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        client.close()
        service.signal("contact.created", 2)
        self.assert_idle(service)
        self.assertEqual([b'"PrimaryKey":2' in each["body"] for each in receiver.requests], [True])
        self.assertNotRegex(service.log_text(), " (error|warning|critical) ")

    def test_a_client_that_closes_its_output_behind_a_request_gets_the_answer_and_the_end(self):
        service = self.service()
        for client, head, body, _ in self.each_way(service):
            with self.subTest(client.name):
                client.send(head + body)
                client.socket.shutdown(socket.SHUT_WR)
                self.assertEqual([status for status, *_ in client.answers()], [200])

    def test_a_client_that_reads_slowly_gets_every_answer_and_makes_no_work_meanwhile(self):
        service = self.service()
        service.forget_peak()
        before = service.resident_megabytes()
        for client, sent in self.unread(service):
            with self.subTest(client.name):
                service.wait_until_quiet()
                self.assertLess(service.peak_megabytes() - before, HELD_MEGABYTES)
                client.socket.settimeout(PATIENCE)
                for number in range(sent):
                    status, _, answer = client.answer()
                    self.assertEqual((number, status), (number, 200), answer)
                report(f"{client.name}: {sent} requests were sent before an answer was read")
            client.close()

    def test_sigterm_lets_a_request_that_has_begun_be_answered_and_waits_for_no_silent_client(self):
        for is_silent in (False, True):
            service = self.service("--store", "memory:", "--shutdown-timeout", "5s" if is_silent else "60s")
            begun = [each for each in self.each_way(service)]
            for client, head, body, _ in begun:
                client.send(head + body[:len(body) // 2])
            # The service has read what was sent once it answers somebody else on each of its event loops.
            for _ in range(50):
                self.assertEqual(service.request("GET", "/healthz")[0], 200)
            service.begin_stop()
            if not is_silent:
                for client, head, body, _ in begun:
                    with self.subTest(client.name):
                        client.send(body[len(body) // 2:])
                        answers = client.answers()
                        self.assertEqual([status for status, *_ in answers], [200])
                        self.assertIn(b"Connection: close", answers[0][1])
            self.assertEqual(service.process.wait(timeout=30), 0)


if __name__ == "__main__":
    unittest.main()
