"""The certificate of a listener: which ones are refused or warned of, and how it is changed while the service runs."""
import collections
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading
import unittest

from certificates import Certificate
from service import free_port, report, run, wait_until
from soap import TICKET, WEBHOOK_PATH, XML_HEADERS, Caller, envelope
from tls_cases import TLSTestCase


class CertificateTests(TLSTestCase):
    def test_a_certificate_that_clients_refuse_is_said_at_the_start_and_on_sighup(self):
        good, expired = self.certificate, Certificate(self.directory, "expired", days=-1)
        service = self.service("--public-url", "https://localhost:8443/so")
        self.wait_for_line(service, "listening")
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
        old.request("POST", WEBHOOK_PATH, envelope("<CreateDefaultWebhook/>"), XML_HEADERS)
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
        done, problems, counts = threading.Event(), [], collections.Counter()

        def ask():
            while not done.is_set():
                try:
                    answer = Caller(service, ticket=TICKET).call("<GetAllWebhooks/>")
                    if not answer.succeeded:
                        problems.append(answer.text)
                    counts[threading.get_ident()] += 1
                except OSError as error:
                    problems.append(repr(error))

        self.addCleanup(done.set)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for certificate in certificates:
            self.replace(certificate)
            self.hang_up(service, "certificate")
            self.assertEqual(self.seen(service), certificate.bytes)
            more = len(problems) + sum(counts.values()) + 10
            self.assertIsNotNone(wait_until(lambda: len(problems) + sum(counts.values()) >= more), "no requests are made")
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        report(f"{counts.total()} new connections while the certificate was changed {len(certificates)} times")

    def test_a_broken_certificate_on_sighup_is_logged_and_the_old_one_stays(self):
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
        # A run under nohup ignores the signal, and so would the trial that inherits that.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        trial = self.service(tls=False)
        trial.process.send_signal(signal.SIGHUP)
        self.assertEqual(trial.process.wait(timeout=60), -signal.SIGHUP)
        service = self.service(tls=False, dev=False)
        for count in range(1, 4):
            service.process.send_signal(signal.SIGHUP)
            self.assertIsNotNone(wait_until(lambda: service.log_text().count("nothing to reload") == count))
        self.assertIsNone(service.process.poll())
        self.assertEqual(service.request("GET", "/healthz")[0], 200)
        self.assertEqual(service.stop(), 0)

    def test_half_of_the_tls_settings_and_unusable_files_stop_the_start(self):
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
                ran = run("serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:", *flags, timeout=60,
                          stdin=subprocess.DEVNULL)
                self.assertEqual(ran.returncode, 64, ran.stderr)
                self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
                for name in names:
                    self.assertIn(name, ran.stderr)


if __name__ == "__main__":
    unittest.main()
