"""What clients see of a listener with TLS: versions, cipher suites, connections, and the answers to what is no TLS."""
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

from certificates import Certificate
from service import PATIENCE, report
from soap import TICKET, WEBHOOK_PATH, XML_HEADERS, Caller, envelope
from tls_cases import TLSTestCase


class TLSClientTests(TLSTestCase):
    def test_clients_with_tls_1_2_and_1_3_are_served_and_the_certificate_is_the_given_one(self):
        service = self.service()
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.subTest(name):
                service.tls = self.certificate.context(version)
                connection = service.connection()
                answer = Caller(service).authenticate("tje0", "Tje0", connection=connection)
                self.assertEqual(connection.sock.version(), name)
                self.assertEqual(connection.sock.getpeercert(binary_form=True), self.certificate.bytes)
                connection.close()
                self.assertEqual(answer.value("AuthenticationSucceeded"), "true")
                answer = Caller(service, ticket=answer.ticket).call("<CreateDefaultWebhook/>")
                self.assertEqual(answer.value("Response/State"), "Active")
        # A client that knows another certificate refuses this one: the checks above mean something.
        service.tls = Certificate(self.directory, "other").context()
        with self.assertRaises(ssl.SSLCertVerificationError):
            Caller(service).authenticate("tje0", "Tje0")

    def test_tls_versions_before_1_2_are_refused(self):
        service = self.service()
        # A ClientHello of TLS 1.1, by hand: Python's own may not offer it any more.
        hello = (b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x06\xc0\x09\xc0\x13\x00\x2f" + b"\x01\x00"
                 + b"\x00\x0e" + b"\x00\x0a\x00\x04\x00\x02\x00\x17" + b"\x00\x0b\x00\x02\x01\x00")
        handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
        with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
            connection.sendall(b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake)
            record = connection.recv(7)
        # An alert, fatal, "protocol version" (RFC 5246, 7.2.2).
        self.assertEqual((record[:1], record[5:]), (b"\x15", b"\x02\x46"), record)
        self.assert_works(service)

    def test_tls_connections_are_kept_and_closed_as_clients_ask(self):
        service = self.service()
        connection = service.connection()
        connection.connect()
        kept = connection.sock
        for _ in range(3):
            connection.request("POST", WEBHOOK_PATH, envelope("<CreateDefaultWebhook/>"), XML_HEADERS)
            self.assertIn(b">true</Succeeded>", connection.getresponse().read())
            self.assertIs(connection.sock, kept)
        connection.close()

        for request in (b"HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", b"HTTP/1.0\r\n"):
            # A connection that the service keeps times out.
            with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as plain:
                # Told apart from an end that anybody could have made: the service says that this is the end.
                with service.tls.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as tls:
                    body = envelope("<CreateDefaultWebhook/>")
                    tls.sendall(b"POST " + WEBHOOK_PATH.encode() + b" " + request + b"Content-Type: text/xml\r\nContent-Length: "
                                + str(len(body)).encode() + b"\r\n\r\n" + body)
                    answer = b""
                    while part := tls.recv(65536):
                        answer += part
            self.assertRegex(answer, b"\\AHTTP/1.[01] 200 ")
            self.assertIn(b"connection: close", answer.lower())
            self.assertTrue(answer.endswith(b"Envelope>"), answer[-100:])

    def test_requests_and_answers_that_take_many_records_arrive_whole(self):
        service = self.service("--verify-target", "false")
        value = "æøå 鍵 <&>\n" * 3000
        escaped = value.replace("&", "&amp;").replace("<", "&lt;")
        caller = Caller(service, ticket=TICKET)
        for number in range(12):
            answer = caller.call(
                f"<SaveWebhook><Webhook><Name>{number}</Name><Events><a:string>contact.created</a:string></Events>"
                f"<TargetUrl>http://127.0.0.1:9/</TargetUrl><Properties><StringObjectKeyValuePair><Key>long</Key>"
                f"<Value>{escaped}</Value></StringObjectKeyValuePair></Properties></Webhook></SaveWebhook>")
            self.assertTrue(answer.succeeded, answer.text[:2000])
        listed = caller.call("<GetAllWebhooks/>")
        self.assertGreater(len(listed.bytes), 700_000)
        self.assertEqual([value.text for value in listed.element.findall(".//{*}Value")], [value] * 12)
        key = "<StringObjectKeyValuePair><Key>long</Key><Value>" + "x" * 900_000 + "</Value></StringObjectKeyValuePair>"
        answer = caller.call(f"<SignalEvent><EventName>nobody.listens</EventName><Data>{key}</Data></SignalEvent>")
        self.assertTrue(answer.succeeded, answer.text[:2000])

    def test_plain_http_is_told_that_the_port_takes_https(self):
        service = self.service()
        plain = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
        for method, path, body in (("GET", "/healthz", None), ("OPTIONS", "/", None),
                                   ("POST", WEBHOOK_PATH, envelope("<GetAllWebhooks/>")), ("POST", WEBHOOK_PATH, b"x" * 5_000_000)):
            with self.subTest(method):
                plain.request(method, path, body)
                response = plain.getresponse()
                text = response.read()
                self.assertEqual((response.status, response.getheader("Connection")), (400, "close"))
                self.assertEqual(text, b"This port takes HTTPS: use a URL that begins with https://.\n")
                plain.close()
        with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
            connection.sendall(b"G")
            self.assertRegex(connection.recv(65536), b"\\AHTTP/1.1 400 ", "however little has come")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        self.assert_works(service)

    def test_bytes_that_are_no_tls_get_no_answer_and_hurt_nobody(self):
        service = self.service()
        kept = service.connection()
        kept.request("GET", "/healthz")
        self.assertEqual(kept.getresponse().read(), b"ok\n")
        silent = [socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) for _ in range(50)]
        for sent in (b"\x00" * 1000, b"\x16\x03\x01\xff\xff" + os.urandom(2000), b"\xff" + os.urandom(5000), b"\x16\x03\x01",
                     b"get /healthz HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=2) as connection:
                received = b""
                try:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    while part := connection.recv(65536):
                        received += part
                except OSError:
                    pass  # It may be cut off rather than closed.
            self.assertNotIn(b"HTTP/1.", received)
            self.assertNotIn(b"ok\n", received)
        self.assert_works(service)
        kept.request("GET", "/healthz")
        self.assertEqual(kept.getresponse().read(), b"ok\n")
        kept.close()
        for connection in silent:
            connection.close()

    def test_a_failed_tls_handshake_is_logged_at_debug_alone(self):
        for level, expected in (("debug", 3), ("info", 0)):
            service = self.service("--log-level", level)
            with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
                connection.sendall(b"\x00" * 100)
                connection.settimeout(2)
                try:
                    connection.recv(100)
                except OSError:
                    pass  # It may be cut off.
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = Certificate(self.directory, "other").context(version)
                with self.assertRaises(ssl.SSLCertVerificationError):
                    context.wrap_socket(socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE),
                                        server_hostname="localhost")
            self.assert_works(service)
            self.assertEqual(service.stop(), 0)
            text = service.log_text()
            self.assertEqual(len(re.findall(r" debug .*peer=127.0.0.1 .*TLS with a client failed", text)), expected, text)
            self.assertEqual(re.findall(r".* (?:error|warning|critical) .*", text), [])
            service.log.truncate(0)

    def handshake(self, service, *arguments):
        """The protocol and the cipher suite that `openssl s_client` and the service agree on; None when on none."""
        ran = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{service.port}", *arguments],
                             input="", capture_output=True, text=True, timeout=60)
        agreed = re.search(r"^New, (\S+), Cipher is (\S+)$", ran.stdout, re.M)
        return None if ran.returncode or "(NONE)" in agreed.group(2) else agreed.groups()

    def test_tls_1_2_takes_forward_secrecy_and_authenticated_encryption_and_legacy_clients_where_told(self):
        modern = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"]
        legacy = ["ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA",
                  "AES256-SHA"]
        never = ["DES-CBC3-SHA", "NULL-SHA256", "AECDH-AES128-SHA"]
        self.certificate = Certificate(self.directory, "rsa", key=["rsa:2048"])
        for flags, taken in (([], modern), (["--tls-ciphers", "modern"], modern),
                             (["--tls-ciphers", "legacy"], modern + legacy)):
            service = self.service(*flags)
            for suite in modern + legacy + never:
                with self.subTest(flags=flags, suite=suite):
                    agreed = self.handshake(service, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
                    self.assertEqual(agreed and agreed[1], suite if suite in taken else None)
            self.assertEqual(self.handshake(service, "-tls1_3")[0], "TLSv1.3")
            # Of many a client gets one with forward secrecy.
            self.assertIn(self.handshake(service, "-tls1_2", "-cipher", "ALL:@SECLEVEL=0")[1], modern)
            service.stop()

    def test_a_wsdl_of_a_tls_listener_names_https_addresses(self):
        service = self.service()
        for name in ("Webhook", "SoPrincipal"):
            path = f"/Remote/Services87/{name}.svc"
            for host in (f"127.0.0.1:{service.port}", f"localhost:{service.port}", "hooks.example.com"):
                for query in ("wsdl", "wsdl12"):
                    status, body = service.request("GET", f"{path}?{query}", headers={"Host": host})
                    self.assertEqual(status, 200)
                    self.assertEqual(re.findall(r'<soap:address location="([^"]*)"', body.decode()),
                                     [f"https://{host}{path}"])
        self.assertIsNotNone(service.wait_for_log(rf"listening.*https://127\.0\.0\.1:{service.port}/"
                                                  rf"|https://127\.0\.0\.1:{service.port}/.*listening"))

    def test_sigterm_ends_a_tls_listener_in_time_with_connections_that_say_nothing(self):
        service = self.service("--shutdown-timeout", "1s")
        idle = service.connection()
        idle.request("GET", "/healthz")
        self.assertEqual(idle.getresponse().read(), b"ok\n")
        fresh = service.tls.wrap_socket(socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE),
                                        server_hostname="localhost")
        mute = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
        half = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
        begun = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        self.assertEqual(service.process.wait(timeout=PATIENCE), 0)
        seconds = time.monotonic() - begun
        report(f"stopped in {seconds:.2f} s with four silent connections")
        for connection in (idle, fresh, mute, half):
            connection.close()

    def test_sigterm_lets_a_request_over_tls_be_answered(self):
        service = self.service()
        connection = service.connection()
        connection.putrequest("POST", WEBHOOK_PATH)
        body = envelope("<CreateDefaultWebhook/>")
        for name, value in {**XML_HEADERS, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[:100])
        service.begin_stop()
        connection.send(body[100:])
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertIn(b">true</Succeeded>", response.read())
        self.assertEqual(service.process.wait(timeout=PATIENCE), 0)
        connection.close()


if __name__ == "__main__":
    unittest.main()
