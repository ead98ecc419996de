"""`webhook-svc conform`: it finds nothing wrong with the service, names what is wrong with one that is, and records."""
import gzip
import json
import re
import signal
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree

from certificates import Certificate
from configurations import password_of, user
from receiver import QuietHandler, QuietServer
from service import BINARY, PATIENCE, ROOT, ServiceTestCase, free_port, report, run, wait_until
from soap import FORMS, TICKET

FIXTURES = ROOT / "Fixtures"


class Between(QuietServer):
    """Stands before a service and changes its answers; or, for clients that take it, packs them."""

    def __init__(self, service, change=lambda status, text: (status, text), packs=False):
        between = self
        self.packed = 0

        class Handler(QuietHandler):
            def do_GET(self):
                self.pass_on(None)

            def do_POST(self):
                self.pass_on(self.body())

            def pass_on(self, body):
                fields = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "soapaction")}
                request = urllib.request.Request(service.url + self.path, body, fields, method=self.command)
                try:
                    answer = urllib.request.urlopen(request)
                except urllib.error.HTTPError as error:
                    answer = error
                kind, text = answer.headers.get("Content-Type", ""), answer.read().decode()
                status, text = between.change(answer.status, text)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if packs and "gzip" in self.headers.get("Accept-Encoding", ""):
                    data = gzip.compress(data)
                    self.send_header("Content-Encoding", "gzip")
                    between.packed += 1
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.change = change
        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}"


def swapped(text):
    """The first two members of a webhook in the other order."""
    return re.sub(r"(<(?:\w+:)?WebhookId[^>]*>\d+</(?:\w+:)?WebhookId>)(<(?:\w+:)?Name[ >].*?</(?:\w+:)?Name>)", r"\2\1", text)


# What is done to the answers, and what must be said of it, in each form.
DEFECTS = {
    "Succeeded is dropped": (
        lambda status, text: (status, re.sub(r"<(\w+:)?Succeeded.*?Succeeded>", "", text)),
        r"/Envelope/Header/Succeeded\n +- the element \{.*Services87\}Succeeded\n +\+ no such element"),
    "Events/string in another namespace": (
        lambda status, text: (status, text.replace("/10/Serialization/Arrays", "/10/Serialization/Array")),
        r"/Events/string\[1\]\n +- the namespace .*Serialization/Arrays\n +\+ the namespace .*Serialization/Array\n"),
    "members in another order": (
        lambda status, text: (status, swapped(text)),
        r"SaveWebhookResponse/Response\n +- the order WebhookId, Name, .*\n +\+ the order Name, WebhookId, "),
    "another type": (
        lambda status, text: (status, text.replace('xsi:type="xsd:decimal"', 'xsi:type="xsd:double"')),
        r"/Value/@xsi:type\n +- \{http://www.w3.org/2001/XMLSchema\}decimal\n +\+ \{.*XMLSchema\}double"),
    "HTTP 500 on an operation error": (
        lambda status, text: (500 if "ExceptionInfo" in text else status, text),
        r"HTTP status\n +- 200\n +\+ 500"),
    "no XML declaration": (
        lambda status, text: (status, text.removeprefix('<?xml version="1.0" encoding="UTF-8"?>')),
        r"\n +/\n +- an XML declaration\n +\+ \"<"),
}


class Conform(ServiceTestCase):
    def conform(self, target, *flags, fixtures=FIXTURES, code=0):
        ran = run("conform", "--target", target, "--fixtures", fixtures, *flags, timeout=300)
        self.assertEqual(ran.returncode, code, ran.stdout[-3000:] + ran.stderr)
        return ran

    def webhooks(self, service):
        return service.call("<GetAllWebhooks/>")[1].count("<WebhookId>")

    def test_conform_passes_in_every_form_and_leaves_no_webhook(self):
        service = self.service()
        ran = self.conform(service.url, "--dev", "--skip", "login-failures")
        self.assertRegex(ran.stdout, r"\d{3} exchanges, \d{3} pass, 0 differ, 0 skipped")
        report("" + ran.stdout.splitlines()[-1])
        for form in ("documented form", "SOAP 1.2", "SOAP 1.1"):
            self.assertRegex(ran.stdout, rf"\n\S+ \({form}\)\n  pass  ")
        self.assertEqual(self.webhooks(service), 0)
        self.assertNotIn("Tje0", ran.stdout)

    def test_conform_compares_answers_that_a_proxy_packed(self):
        between = Between(self.service(), packs=True)
        self.addCleanup(between.close)
        ran = self.conform(between.url, "--dev", "--only", "webhook-life", "--only", "captures")
        self.assertRegex(ran.stdout, r"\d{2,} pass, 0 differ, 0 skipped")
        # Those of the fixtures that are played, and of the captures those whose clients take packed answers.
        self.assertGreater(between.packed, 18)

    def test_conform_names_what_is_broken_in_every_form(self):
        service = self.service()
        for defect, (change, said) in DEFECTS.items():
            between = Between(service, change)
            for form in FORMS:
                with self.subTest(defect, form=form):
                    # Without logins, which the service slows down.
                    ran = self.conform(between.url, "--ticket", TICKET, "--only", f"values-{form}",
                                       "--only", f"operation-errors-{form}", "--only", f"webhook-life-{form}", code=1)
                    self.assertRegex(ran.stdout, said)
            between.close()
        self.assertEqual(self.webhooks(service), 0, "what scenarios that went wrong left behind is deleted")

    def test_conform_prints_reports_in_json_and_junit(self):
        service = self.service()
        report = json.loads(self.conform(service.url, "--dev", "--only", "webhook-life", "--format", "json").stdout)
        self.assertEqual(report["target"], service.url)
        self.assertEqual({exchange["outcome"] for exchange in report["exchanges"]}, {"passed"})
        self.assertEqual({exchange["form"] for exchange in report["exchanges"]}, set(FORMS))
        change, _ = DEFECTS["HTTP 500 on an operation error"]
        between = Between(service, change)
        self.addCleanup(between.close)
        ran = self.conform(between.url, "--dev", "--only", "SaveWebhook-unknown-id", "--format", "junit", code=1)
        suites = xml.etree.ElementTree.fromstring(ran.stdout)
        failures = suites.findall("testsuite/testcase/failure")
        self.assertEqual(str(len(failures)), suites.get("failures"))
        self.assertGreater(len(failures), 0)
        self.assertIn("HTTP status: expected 200, found 500", failures[0].get("message"))

    def test_conform_records_answers_without_their_secrets(self):
        people = [user("anna", 5, fullName="Anna Berg")]
        service = self.service("--require-https-targets", "false", "--allow-private-targets", "127.0.0.0/8", dev=False,
                               config={"tenants": [{"users": people}]})
        change = lambda status, text: (status, text.replace(">Active<", ">Working<"))
        between = Between(service, change)
        self.addCleanup(between.close)
        login = ["--user", "anna", "--password", password_of("anna")]
        recorded = self.directory / "recorded"
        chosen = ["--only", "webhook-life", "--only", "login-soap", "--only", "login-documented", "--skip", "captures"]
        self.conform(between.url, *login, *chosen, "--record", recorded, code=1)
        texts = {path: path.read_text() for path in recorded.rglob("*.xml")}
        self.assertGreater(len(texts), 30)
        for path, text in texts.items():
            for secret in ("7T:", password_of("anna"), "127.0.0.1"):
                self.assertNotIn(secret, text, path)
        self.assertTrue(any("Working" in text for text in texts.values()), "it is what the server answered")
        manifest = json.loads((recorded / "manifest.json").read_text())
        self.assertEqual({step["source"] for scenario in manifest["scenarios"] for step in scenario["steps"]}, {"recorded"})
        # The recording is the truth now: the server that it was made of passes, the other does not.
        self.conform(between.url, *login, fixtures=recorded)
        ran = self.conform(service.url, *login, fixtures=recorded, code=1)
        self.assertRegex(ran.stdout, r'/State\n +- "Working"\n +\+ "Active"')
        ran = self.conform(between.url, *login, "--record", recorded, code=2)
        self.assertIn("it is not empty", ran.stderr)

    def test_conform_with_a_ticket_skips_logins_alone(self):
        service = self.service()
        ran = self.conform(service.url, "--ticket", TICKET, "--only", "webhook-life-soap11",
                           "--only", "login-soap11")
        self.assertRegex(ran.stdout, r"  skip  AuthenticateUsernamePassword +it needs a user and a password")
        self.assertRegex(ran.stdout, r"[1-9]\d* pass, 0 differ, [1-9]\d* skipped")

    def test_conform_plays_fixtures_and_captures_over_https(self):
        certificate = Certificate(self.directory, "localhost")
        service = self.service(*certificate.flags, tls=certificate.context())
        ran = self.conform(service.url, "--dev", "--only", "CreateDefaultWebhook", "--only", "captures/zeep", "--skip", "login",
                           "--ca-file", certificate.certificate)
        self.assertIn("captures/zeep-SaveWebhook.http", ran.stdout)
        ran = self.conform(service.url, "--dev", "--only", "CreateDefaultWebhook", code=2)
        self.assertIn("cannot be reached", ran.stderr)

    def test_conform_names_wrong_arguments_and_unreachable_targets_at_once(self):
        service = self.service()
        nothing = f"http://127.0.0.1:{free_port()}"
        for flags, code, said in [
            ([nothing, "--dev"], 2, f"{nothing} cannot be reached: "),
            ([service.url, "--ticket", "7T:wrong"], 2, "The login failed: CreateDefaultWebhook failed"),
            (["http://127.0.0.1:99999", "--dev"], 2, "is no absolute http or https URL"),
            ([service.url, "--dev", "--password", "x"], 64, "--password needs --user"),
            ([service.url], 64, "Give --user and --password, or --ticket"),
            ([service.url, "--user", "tje0"], 64, "--user needs --password"),
            ([service.url, "--user", "tje0", "--password", "wrong"], 2, "the user name or the password is wrong"),
            ([service.url, "--dev", "--only", "no such thing"], 64, "No scenario or capture is left"),
            ([service.url, "--dev", "--fixtures", "/nonexistent"], 2, "/nonexistent/manifest.json cannot be read"),
            ([service.url, "--dev", "--sink-listen", "x"], 64, "--sink-listen takes HOST:PORT"),
            ([service.url, "--dev", "--sink-listen", f"127.0.0.1:{service.port}"], 2, "the receiver cannot listen"),
            ([service.url, "--dev", "--ca-file", "/nonexistent"], 2, "/nonexistent cannot be read"),
            (["ftp://example.com", "--dev"], 2, "is no absolute http or https URL"),
            (["https://crm.example.com", "--dev"], 64, "cannot reach a receiver on this machine's loopback address"),
        ]:
            with self.subTest(said):
                ran = run("conform", "--target", *flags, timeout=60, cwd=ROOT)
                self.assertEqual(ran.returncode, code, ran.stderr)
                self.assertIn(said, ran.stderr)

    def test_conform_plays_all_that_it_has_recorded(self):
        service = self.service()
        recorded = self.directory / "recorded"
        self.conform(service.url, "--dev", "--skip", "login-failures", "--record", recorded)
        ran = self.conform(service.url, "--dev", fixtures=recorded)
        self.assertRegex(ran.stdout, r"[1-9]\d\d exchanges, \d+ pass, 0 differ, 0 skipped")

    def test_conform_ends_when_its_target_falls_silent(self):
        service = self.service()
        answered, ended = [], threading.Event()

        def change(status, text):
            answered.append(text)
            if any("SaveWebhookResponse" in text for text in answered):
                ended.wait(60)
            return status, text

        between = Between(service, change)
        self.addCleanup(between.close)
        self.addCleanup(ended.set)
        begun = time.monotonic()
        ran = self.conform(between.url, "--dev", "--only", "SaveWebhook", "--timeout", "1", "--format", "json", code=2)
        # Three requests that are given up on after a second each, instead of one that is held for a minute.
        self.assertLess(time.monotonic() - begun, 40)
        self.assertIn("3 requests in a row were not answered: no answer", ran.stderr)
        self.assertIn("3 requests in a row", json.loads(ran.stdout)["error"])

    def test_conform_shows_and_records_no_secret(self):
        service = self.service("--verify-target", "false")
        service.save("http://127.0.0.1:9/", ["a.b"], secret="THEIRSECRET99", name="theirs")
        # Every webhook that is answered is somebody else's, and every login gives another ticket.
        def change(status, text):
            return status, re.sub(r"(<(?:\w+:)?Secret[^>]*>)[^<]*<", r"\1THEIRSECRET99<", re.sub(
                r"(<(?:\w+:)?Ticket[^>]*>)[^<]*<", r"\g<1>7T:MwAzADMAMwAzADMAMwAzADMAMwAzADMA<", text))
        between = Between(service, change)
        self.addCleanup(between.close)
        recorded = self.directory / "recorded"
        for format in ("table", "json", "junit"):
            ran = self.conform(between.url, "--ticket", TICKET, "--only", "webhook-life", "--only", "filters", "--format",
                               format, *(["--record", recorded] if format == "table" else []), code=1)
            for secret in ("THEIRSECRET99", "7T:MwAz", TICKET):
                self.assertNotIn(secret, ran.stdout + ran.stderr, format)
        for path in recorded.rglob("*.xml"):
            for secret in ("THEIRSECRET99", "7T:MwAz", TICKET):
                self.assertNotIn(secret, path.read_text(), path)

    def test_conform_deletes_its_webhooks_when_it_is_interrupted(self):
        service = self.service()
        slow = Between(service, lambda status, text: (time.sleep(0.2), (status, text))[1])
        self.addCleanup(slow.close)
        process = subprocess.Popen([BINARY, "conform", "--target", slow.url, "--fixtures", FIXTURES, "--dev",
                                    "--only", "webhook-life"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIsNotNone(wait_until(lambda: self.webhooks(service) == 1))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(self.webhooks(service), 0, errors)
        self.assertEqual(process.returncode, 2, "what was cut short has not passed")
        self.assertIn("interrupted before its end", errors)


if __name__ == "__main__":
    unittest.main()
