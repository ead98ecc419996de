"""The listener with TLS: what clients see of it, and how its certificate is changed while it runs."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from service import BINARY, TICKET, Caller, Certificate, Service, envelope, free_port

SOAP = {"Content-Type": "text/xml; charset=utf-8"}
PATH = "/Remote/Services87/Webhook.svc"


class TLS(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.certificate = Certificate(self.directory, "first")

    def service(self, *flags, tls=True, dev=True, context=None):
        service = Service(self.directory, *(self.certificate.flags if tls else []), *flags, dev=dev,
                          tls=(context or self.certificate.context()) if tls else None)
        self.addCleanup(service.log.close)
        self.addCleanup(lambda: service.process.poll() is None and service.kill())
        service.start()
        return service

    def seen(self, service):
        """The certificate that a new connection is served with."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
            with context.wrap_socket(connection, server_hostname="localhost") as tls:
                return tls.getpeercert(binary_form=True)

    def replace(self, other):
        """Puts another certificate where the service's is."""
        shutil.copy(other.certificate, self.certificate.certificate)
        shutil.copy(other.key, self.certificate.key)

    def hang_up(self, service, pattern):
        """Sends SIGHUP, and waits for a line in the log that was not there before."""
        before = len(service.log_text())
        service.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            lines = [line for line in service.log_text()[before:].splitlines() if re.search(pattern, line)]
            if lines:
                return lines[0]
            time.sleep(0.02)
        self.fail(f"no line of the log says {pattern}")

    def assert_works(self, service):
        answer = Caller(service, ticket=TICKET).call("<GetAllWebhooks/>")
        self.assertTrue(answer.succeeded, answer.text)

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

    def test_versions_before_1_2_are_refused(self):
        service = self.service()
        # A ClientHello of TLS 1.1, by hand: Python's own may not offer it any more.
        hello = (b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x06\xc0\x09\xc0\x13\x00\x2f" + b"\x01\x00"
                 + b"\x00\x0e" + b"\x00\x0a\x00\x04\x00\x02\x00\x17" + b"\x00\x0b\x00\x02\x01\x00")
        handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
            connection.sendall(b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake)
            record = connection.recv(7)
        # An alert, fatal, "protocol version" (RFC 5246, 7.2.2).
        self.assertEqual((record[:1], record[5:]), (b"\x15", b"\x02\x46"), record)
        self.assert_works(service)

    def test_connections_are_kept_and_closed_as_clients_ask(self):
        service = self.service()
        connection = service.connection()
        connection.connect()
        kept = connection.sock
        for _ in range(3):
            connection.request("POST", PATH, envelope("<CreateDefaultWebhook/>"), SOAP)
            self.assertIn(b">true</Succeeded>", connection.getresponse().read())
            self.assertIs(connection.sock, kept)
        connection.close()

        for request in (b"HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", b"HTTP/1.0\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=5) as plain:
                # Told apart from an end that anybody could have made: the service says that this is the end.
                with service.tls.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as tls:
                    body = envelope("<CreateDefaultWebhook/>")
                    tls.sendall(b"POST " + PATH.encode() + b" " + request + b"Content-Type: text/xml\r\nContent-Length: "
                                + str(len(body)).encode() + b"\r\n\r\n" + body)
                    begun, answer = time.monotonic(), b""
                    while part := tls.recv(65536):
                        answer += part
                    self.assertLess(time.monotonic() - begun, 2)
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
        plain = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
        for method, path, body in (("GET", "/healthz", None), ("OPTIONS", "/", None),
                                   ("POST", PATH, envelope("<GetAllWebhooks/>")), ("POST", PATH, b"x" * 5_000_000)):
            with self.subTest(method):
                plain.request(method, path, body)
                response = plain.getresponse()
                text = response.read()
                self.assertEqual((response.status, response.getheader("Connection")), (400, "close"))
                self.assertEqual(text, b"This port takes HTTPS: use a URL that begins with https://.\n")
                plain.close()
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
            connection.sendall(b"G")
            time.sleep(0.1)
            self.assertRegex(connection.recv(65536), b"\\AHTTP/1.1 400 ", "however little has come")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        self.assert_works(service)

    def test_what_is_not_tls_gets_no_answer_and_hurts_nobody(self):
        service = self.service()
        kept = service.connection()
        kept.request("GET", "/healthz")
        self.assertEqual(kept.getresponse().read(), b"ok\n")
        silent = [socket.create_connection(("127.0.0.1", service.port), timeout=5) for _ in range(50)]
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

    def test_a_failed_handshake_is_logged_at_debug_alone(self):
        for level, expected in (("debug", 3), ("info", 0)):
            service = self.service("--log-level", level)
            with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
                connection.sendall(b"\x00" * 100)
                connection.settimeout(2)
                try:
                    connection.recv(100)
                except OSError:
                    pass  # It may be cut off.
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = Certificate(self.directory, "other").context(version)
                with self.assertRaises(ssl.SSLCertVerificationError):
                    context.wrap_socket(socket.create_connection(("127.0.0.1", service.port), timeout=5),
                                        server_hostname="localhost")
            self.assert_works(service)
            self.assertEqual(service.stop(), 0)
            text = service.log_text()
            self.assertEqual(len(re.findall(r" debug .*peer=127.0.0.1 .*TLS with a client failed", text)), expected, text)
            self.assertEqual(re.findall(r".* (?:error|warning|critical) .*", text), [])
            service.log.truncate(0)

    def handshake(self, service, *arguments):
        """The protocol and the cipher suite that `openssl s_client` and the service agree on; None when on none."""
        run = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{service.port}", *arguments],
                             input="", capture_output=True, text=True, timeout=20)
        agreed = re.search(r"^New, (\S+), Cipher is (\S+)$", run.stdout, re.M)
        return None if run.returncode or "(NONE)" in agreed.group(2) else agreed.groups()

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

    def test_a_certificate_that_clients_refuse_is_said_at_the_start_and_on_sighup(self):
        good, expired = self.certificate, Certificate(self.directory, "expired", days=-1)
        service = self.service("--public-url", "https://localhost:8443/so")
        time.sleep(0.2)
        self.assertNotRegex(service.log_text(), " (error|warning) ")
        self.replace(expired)
        line = self.hang_up(service, " error ")
        self.assertIn("has expired", line)
        for part in (good.certificate, "DNS:localhost, IP Address:127.0.0.1", "valid-to="):
            self.assertIn(part, line)
        self.assertEqual(self.seen(service), expired.bytes, "it is taken all the same")
        service.stop()

        os.truncate(service.log.name, 0)
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        service = self.service("--public-url", "https://crm.example.com", context=careless)
        self.assertIn("has expired", self.wait_for_line(service, " error "))
        line = self.wait_for_line(service, " warning ")
        for part in ("not for crm.example.com", "DNS:localhost, IP Address:127.0.0.1", good.certificate):
            self.assertIn(part, line)

    def wait_for_line(self, service, pattern):
        line = service.wait_for_log(pattern)
        self.assertIsNotNone(line, service.log_text())
        return line

    def test_the_wsdl_says_https(self):
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

    def test_sighup_changes_the_certificate_of_new_connections_while_old_ones_go_on(self):
        service = self.service()
        first, second = self.certificate.bytes, Certificate(self.directory, "second")
        old = service.connection()
        old.request("GET", "/healthz")
        self.assertEqual(old.getresponse().read(), b"ok\n")
        self.assertEqual(self.seen(service), first)
        self.replace(second)
        self.assertEqual(self.seen(service), first, "nothing happens before the signal")
        self.hang_up(service, "certificate")
        self.assertEqual(self.seen(service), second.bytes)
        before = old.sock
        old.request("POST", PATH, envelope("<CreateDefaultWebhook/>"), SOAP)
        self.assertIn(b">true</Succeeded>", old.getresponse().read())
        self.assertIs(old.sock, before)
        self.assertEqual(old.sock.getpeercert(binary_form=True), first)
        old.close()
        service.tls = second.context()
        self.assert_works(service)

    def test_requests_go_on_while_the_certificate_is_changed_again_and_again(self):
        service = self.service()
        certificates = [Certificate(self.directory, f"number{n}") for n in range(4)]
        service.tls = ssl.create_default_context()
        for certificate in [self.certificate, *certificates]:
            service.tls.load_verify_locations(certificate.certificate)
        done, problems, counts = threading.Event(), [], []

        def ask():
            count = 0
            while not done.is_set():
                try:
                    answer = Caller(service, ticket=TICKET).call("<GetAllWebhooks/>")
                    if not answer.succeeded:
                        problems.append(answer.text)
                    count += 1
                except OSError as error:
                    problems.append(repr(error))
            counts.append(count)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for certificate in certificates:
            self.replace(certificate)
            self.hang_up(service, "certificate")
            self.assertEqual(self.seen(service), certificate.bytes)
            time.sleep(0.1)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertGreater(sum(counts), 10)
        print(f"\n  {sum(counts)} new connections while the certificate was changed {len(certificates)} times",
              file=sys.stderr)

    def test_a_broken_file_on_sighup_is_logged_and_the_certificate_stays(self):
        service = self.service()
        first, second = self.certificate.bytes, Certificate(self.directory, "second")
        certificate, key = pathlib.Path(self.certificate.certificate), pathlib.Path(self.certificate.key)
        right = certificate.read_bytes(), key.read_bytes()
        for what, breaks in {
            "no certificate": lambda: certificate.write_text("nonsense\n"), "no key": lambda: key.write_text("nonsense\n"),
            "the certificate is gone": certificate.unlink, "the key is gone": key.unlink,
            "a key of another certificate": lambda: shutil.copy(second.key, key),
            "a certificate of another key": lambda: shutil.copy(second.certificate, certificate),
            "an empty certificate": lambda: certificate.write_text(""),
        }.items():
            with self.subTest(what):
                breaks()
                line = self.hang_up(service, " error ")
                self.assertIn("certificate", line)
                self.assertEqual(self.seen(service), first)
                self.assert_works(service)
                certificate.write_bytes(right[0])
                key.write_bytes(right[1])
        self.replace(second)
        self.hang_up(service, "certificate")
        self.assertEqual(self.seen(service), second.bytes, "after all that it can still be changed")
        for line in key.read_text().splitlines()[1:-1] + right[1].decode().splitlines()[1:-1]:
            self.assertNotIn(line, service.log_text())

    def test_sighup_without_tls_does_no_harm_but_to_a_trial_which_ends_with_its_terminal(self):
        trial = self.service(tls=False)
        trial.process.send_signal(signal.SIGHUP)
        self.assertEqual(trial.process.wait(timeout=10), -signal.SIGHUP)
        service = self.service(tls=False, dev=False)
        for _ in range(3):
            service.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        self.assertIsNone(service.process.poll())
        self.assertEqual(service.request("GET", "/healthz")[0], 200)
        self.assertEqual(service.stop(), 0)

    def test_half_of_the_settings_and_files_that_will_not_do_stop_the_start(self):
        first, second = self.certificate, Certificate(self.directory, "second")
        empty, missing = f"{self.directory}/empty.pem", f"{self.directory}/missing.pem"
        pathlib.Path(empty).write_text("")
        subprocess.run(["openssl", "ec", "-in", first.key, "-out", f"{self.directory}/locked.key", "-aes256", "-passout",
                        "pass:s3cret"], check=True, capture_output=True)
        for flags, names in [
            (["--tls-cert", first.certificate], ["tls-cert", "tls-key"]),
            (["--tls-key", first.key], ["tls-cert", "tls-key"]),
            (["--tls-cert", missing, "--tls-key", first.key], ["tls-cert", missing]),
            (["--tls-cert", first.certificate, "--tls-key", missing], ["tls-key", missing]),
            (["--tls-cert", empty, "--tls-key", first.key], ["tls-cert", empty]),
            (["--tls-cert", first.certificate, "--tls-key", empty], ["tls-key", empty]),
            (["--tls-cert", first.key, "--tls-key", first.key], ["tls-cert", first.key]),
            (["--tls-cert", first.certificate, "--tls-key", first.certificate], ["tls-key", first.certificate]),
            (["--tls-cert", first.certificate, "--tls-key", second.key], ["tls-key", second.key]),
            (["--tls-cert", first.certificate, "--tls-key", f"{self.directory}/locked.key"], ["tls-key", "locked.key"]),
        ]:
            with self.subTest(flags):
                run = subprocess.run([BINARY, "serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:",
                                      *flags], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
                self.assertEqual(run.returncode, 64, run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
                for name in names:
                    self.assertIn(name, run.stderr)

    def test_sigterm_ends_in_time_with_connections_that_say_nothing(self):
        service = self.service("--shutdown-timeout", "1s")
        idle = service.connection()
        idle.request("GET", "/healthz")
        self.assertEqual(idle.getresponse().read(), b"ok\n")
        fresh = service.tls.wrap_socket(socket.create_connection(("127.0.0.1", service.port), timeout=10),
                                        server_hostname="localhost")
        mute = socket.create_connection(("127.0.0.1", service.port), timeout=10)
        half = socket.create_connection(("127.0.0.1", service.port), timeout=10)
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        seconds = time.monotonic() - begun
        self.assertLess(seconds, 6)
        print(f"\n  stopped in {seconds:.2f} s with four silent connections", file=sys.stderr)
        for connection in (idle, fresh, mute, half):
            connection.close()

    def test_sigterm_lets_a_request_over_tls_be_answered(self):
        service = self.service()
        connection = service.connection()
        connection.putrequest("POST", PATH)
        body = envelope("<CreateDefaultWebhook/>")
        for name, value in {**SOAP, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[:100])
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.send(body[100:])
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertIn(b">true</Succeeded>", response.read())
        self.assertEqual(service.process.wait(timeout=10), 0)
        connection.close()


if __name__ == "__main__":
    unittest.main()
