"""Attacks on the release binary: what they cost, and that everybody else is still answered."""

import base64
import contextlib
import gzip
import socket
import threading
import time
import unittest

from service import ServiceTestCase, envelope

ACCENTS = "\u0301\u0323"
SOAP = "/Remote/Services87/Webhook.svc"
BASIC = "Basic " + base64.b64encode(b"tje0:Tje0").decode()
PRINCIPAL = "/Remote/Services87/SoPrincipal.svc"


class Attacks(ServiceTestCase):
    def test_accents_by_the_megabyte_cost_no_more_than_they_are_long(self):
        service = self.service()
        login = ("<AuthenticateUsernamePassword><UserName>{}</UserName><Password>x</Password>"
                 "</AuthenticateUsernamePassword>").format
        basic = {"Authorization": BASIC, "Content-Type": "application/json"}
        form = {**basic, "Content-Type": "application/x-www-form-urlencoded"}
        xml = {"Content-Type": "text/xml; charset=utf-8"}
        many, some = ACCENTS * 200_000, ACCENTS * 10_000
        # A client's header is Latin-1 to Python, which then sends the bytes of UTF-8 as they are.
        header = some.encode().decode("latin-1")
        cases = [
            ("a user's name", "POST", PRINCIPAL, envelope(login(many)), xml),
            ("a user's name, packed", "POST", PRINCIPAL, gzip.compress(envelope(login(many))),
             {**xml, "Content-Encoding": "gzip"}),
            ("a user's name as references", "POST", PRINCIPAL, envelope(login("&#x301;&#x323;" * 40_000)), xml),
            ("an event's name", "POST", SOAP, envelope(f"<SignalEvent><EventName>{many}</EventName></SignalEvent>"), xml),
            ("a media type", "POST", SOAP, envelope("<GetAllWebhooks/>"), {"Content-Type": header}),
            ("an action", "POST", SOAP, envelope("<GetAllWebhooks/>"), {**xml, "SOAPAction": header}),
            ("a cookie", "GET", "/api/v1/Webhook", None, {"Cookie": header + "=1"}),
            ("a name in Basic", "GET", "/api/v1/Webhook", None,
             {"Authorization": "Basic " + base64.b64encode((some + ":x").encode()).decode()}),
            ("JSON", "POST", "/api/v1/Webhook/a.b/1", '{"' + many + '": 1}', basic),
            ("JSON's escapes", "POST", "/api/v1/Webhook/a.b/1", '{"' + "\\u0301\\u0323" * 40_000 + '": 1}', basic),
            ("a form", "POST", "/api/v1/Webhook/a.b/1", many + "=1", form),
            ("a path", "POST", "/api/v1/Webhook/" + "%CC%81%CC%A3" * 3_000 + "/1", "{}", basic),
            ("a query", "GET", "/api/v1/Webhook?nameFilter=" + "%CC%81%CC%A3" * 3_000, None, basic),
            # Going backwards, where a flag begins is known only from where the flags do.
            ("flags", "POST", SOAP, envelope("<SignalEvent><EventName>" + "\U0001F1F3\U0001F1F4" * 100_000
                                             + "</EventName></SignalEvent>"), xml),
        ]
        self.assertEqual(service.request("GET", "/api/v1/Webhook", headers=basic)[0], 200)
        for name, method, path, body, headers in cases:
            body = body.encode() if isinstance(body, str) else body
            begun = time.perf_counter()
            status, answer = service.request(method, path, body, headers)
            seconds = time.perf_counter() - begun
            with self.subTest(name):
                self.assertLess(seconds, 1.5)
                if name != "flags":
                    self.assertIn(status, (400, 401, 404, 500), answer)
                    self.assertTrue(b"combining" in answer or status in (401, 404), answer)
        self.assertEqual(service.stop(), 0)

    def test_answers_that_nobody_reads_do_not_pile_up(self):
        service = self.service()
        before = service.resident_megabytes()
        question = b"GET /Remote/Services87/Webhook.svc?wsdl HTTP/1.1\r\nHost: x\r\n\r\n" * 250
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                connection = stack.enter_context(socket.socket())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", service.port))
                connection.sendall(question)
            time.sleep(3)
            after = service.resident_megabytes()
            begun = time.perf_counter()
            self.assertEqual(service.request("GET", "/healthz")[0], 200)
            self.assertLess(time.perf_counter() - begun, 1)
            print(f"\n  200 connections with 250 unread questions each: {before:.0f} -> {after:.0f} MB")
            self.assertLess(after - before, 150)

    def test_many_questions_in_one_piece_are_all_answered_to_whoever_reads(self):
        service = self.service()
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            with connection.makefile("rb") as answers:
                for _ in range(1000):
                    self.assertEqual(answers.readline(), b"HTTP/1.1 200 OK\r\n")
                    head = [line.lower().split(b":", 1) for line in iter(answers.readline, b"\r\n")]
                    self.assertEqual(answers.read(int(dict(head)[b"content-length"])), b"ok\n")

    def test_what_follows_an_upgrade_or_a_connect_is_not_kept(self):
        total = 1 << 30
        heads = {
            "GET": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "POST": b"POST " + SOAP.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\nContent-Length: %d\r\n\r\n" % total,
            "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
        }
        # Bytes that are no HTTP, and requests one after the other.
        size = 1 << 20
        request = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n"
        pieces = {"zeros": bytes(size), "requests": request % size + bytes(size)}
        service = self.service()
        for piece in pieces.values():  # What it takes to begin with.
            self.pour(service, b"", piece.replace(b"Upgrade", b"Nothing"), 64 * size)
        before = service.resident_megabytes()
        for name, head in heads.items():
            for kind, piece in pieces.items():
                with self.subTest(name, kind=kind):
                    sent, peak = self.pour(service, head, piece, total)
                    print(f"\n  {name} with an offer, then {kind}: {sent / size:.0f} MB sent, {before:.0f} -> {peak:.0f} MB")
                    self.assertLess(peak - before, 20)
                    self.assertEqual(service.request("GET", "/healthz")[0], 200)

    def pour(self, service, head, piece, total):
        """Sends head and pieces until all is sent, the service hangs up, reads no more, or holds far too much. How much was
        sent, and what the service took of memory at most."""
        sent, peak = 0, 0
        with socket.create_connection(("127.0.0.1", service.port), 5) as connection:
            reader = threading.Thread(target=self.drain, args=(connection,))
            reader.start()
            with contextlib.suppress(OSError):
                connection.sendall(head)
                while sent < total and peak < 500:
                    connection.sendall(piece)
                    sent += len(piece)
                    if (sent >> 20) % 16 == 0:
                        peak = max(peak, service.resident_megabytes())
            peak = max(peak, service.resident_megabytes())
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            reader.join()
        return sent, peak

    @staticmethod
    def drain(connection):
        with contextlib.suppress(OSError):
            while connection.recv(1 << 16):
                pass

    def test_one_address_does_not_take_all_connections(self):
        share, more = 2_048, 250
        self.allow_open_files(2 * (share + more))
        service = self.service()
        with contextlib.ExitStack() as stack:
            other = self.held(stack, service, "127.0.0.3")
            connections = [self.held(stack, service, "127.0.0.2") for _ in range(share + more)]
            self.assertEqual(self.count_open(connections[:more]), 0)  # Those that were idle longest.
            self.assertEqual(self.count_open(connections[more:]), share)
            self.assertEqual(self.count_open([other]), 1)
        # They are given back.
        self.assertEqual(service.request("GET", "/healthz", source="127.0.0.2")[0], 200)

    def test_a_new_caller_is_served_while_six_addresses_hold_all_connections(self):
        wanted = 8_192
        self.allow_open_files(wanted + 1_500)
        service = self.service()
        with contextlib.ExitStack() as stack:
            for number in range(wanted):
                connection = self.held(stack, service, f"127.0.0.{2 + number % 6}", answered=number % 2)
                if number % 2 == 0:
                    connection.sendall(b"POST " + SOAP.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<")
            begun = time.perf_counter()
            for source in range(20):
                self.assertEqual(service.request("GET", "/healthz", source=f"127.0.1.{source}")[0], 200)
            seconds = time.perf_counter() - begun
            print(f"\n  {wanted} connections held: 20 new callers were answered in {seconds:.3f} s")
            self.assertLess(seconds, 1)

    def test_callers_who_do_not_read_the_wsdl_cost_little_and_give_it_back(self):
        callers = 5_000
        self.allow_open_files(callers + 1_000)
        service = self.service()
        question = b"GET " + SOAP.encode() + b"?wsdl HTTP/1.1\r\nHost: x\r\n\r\n"
        # Those who stay are there when the service looks at its memory, and it must look again.
        for each, seconds in ((1, 25), (50, 3)):
            with self.subTest(questions=each), contextlib.ExitStack() as stack:
                for number in range(callers):
                    connection = stack.enter_context(socket.socket())
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    connection.bind((f"127.0.0.{2 + number % 10}", 0))
                    connection.connect(("127.0.0.1", service.port))
                    connection.sendall(question * each)
                time.sleep(seconds)
                held = service.resident_megabytes()
                self.assertEqual(service.request("GET", "/healthz")[0], 200)
                stack.close()
                deadline = time.monotonic() + 60
                while (left := service.resident_megabytes()) >= 90 and time.monotonic() < deadline:
                    time.sleep(1)
                print(f"\n  {callers} callers with {each} unread questions each: {held:.0f} MB, then {left:.0f} MB")
                self.assertLess(held, 150)
                self.assertLess(left, 90)

    @staticmethod
    def held(stack, service, source, answered=True):
        """A connection that is kept open, after an answer if wanted."""
        connection = stack.enter_context(socket.socket())
        connection.settimeout(5)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", service.port))
        if answered:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(1024)
        return connection

    @staticmethod
    def count_open(connections):
        """How many are answered still."""
        count = 0
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                count += connection.recv(1024).startswith(b"HTTP/1.1 200")
        return count

    def test_packed_bodies_are_unpacked_no_further_than_they_are_read(self):
        service = self.service()
        bomb = gzip.compress(bytes(32 << 20))
        headers = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}
        stop, slowest = threading.Event(), []

        def ask():
            while not stop.is_set():
                begun = time.perf_counter()
                self.assertEqual(service.request("GET", "/healthz")[0], 200)
                slowest.append(time.perf_counter() - begun)
                time.sleep(0.01)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            for path, expected in ((SOAP, 500), (SOAP + "x", 404), ("/api/v1/Webhook", 401)):
                for _ in range(10):
                    self.assertEqual(service.request("POST", path, bomb, headers)[0], expected)
        finally:
            stop.set()
            thread.join()
        # However much too much it is, none is taken for a whole that ends sooner.
        for over in (1, 1_000, 65_536, 66_000, 80_000, 100_000, 1 << 20, 60 << 20, 80 << 20, 100 << 20, 120 << 20):
            for start, content in ((b"a=1&b=", "application/x-www-form-urlencoded"), (b'{"a": 1}', "application/json")):
                filler = b"x" if start == b"a=1&b=" else b" "
                packed = gzip.compress(start + filler * ((1 << 20) + over - len(start)))
                headers = {"Authorization": BASIC, "Content-Type": content, "Content-Encoding": "gzip"}
                status, answer = service.request("POST", "/api/v1/Webhook/a.b/1", packed, headers)
                self.assertEqual((over, status), (over, 413), answer)
            status, answer = service.request("POST", SOAP, gzip.compress(b" " * ((1 << 20) + over)),
                                             {"Content-Type": "text/xml", "Content-Encoding": "gzip"})
            self.assertEqual((over, status), (over, 500), answer)
            self.assertIn(b"max-body-bytes", answer)
        whole = gzip.compress(b"b=" + b"x" * ((1 << 20) - 2))
        headers = {"Authorization": BASIC, "Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
        self.assertEqual(service.request("POST", "/api/v1/Webhook/a.b/1", whole, headers)[0], 204)
        print(f"\n  30 bodies of 32 MB in {len(bomb)} bytes: the slowest other answer took {max(slowest):.3f} s")
        self.assertLess(max(slowest), 0.5)


if __name__ == "__main__":
    unittest.main()
