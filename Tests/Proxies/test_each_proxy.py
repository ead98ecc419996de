"""The service behind one proxy, as the configurations of ../../docs/proxies set it up."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from calling import ADMIN_TOKEN, Calls, is_there, pair
from proxies import ALL, ROOT, Nginx
from rest import DOCUMENTED, Rest
from service import PATIENCE, report, run
from soap import PRINCIPAL_PATH, TICKET, WEBHOOK_PATH, Caller

REST = "/api/v1/Webhook"


class BehindOne:
    """A proxy of one kind before a pair of processes."""

    kind = None

    @classmethod
    def setUpClass(cls):
        if not is_there(cls.kind):
            raise unittest.SkipTest(f"{cls.kind.name} is not installed: Debian package {cls.kind.package}")
        cls.services = pair(cls)

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="proxies-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.directory.chmod(0o755)  # Some proxies work as another user.

    def proxy(self, edits=(), ports=None):
        proxy = self.kind(self.directory, ports or [service.port for service in self.services], edits)
        self.addCleanup(proxy.stop)
        return proxy

    def get(self, proxy, path, headers=None):
        connection = proxy.connection()
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer, answer.read().decode()

    def address(self, proxy, headers=None, path=WEBHOOK_PATH):
        answer, text = self.get(proxy, path + "?wsdl", headers)
        self.assertEqual(answer.status, 200, text)
        return text.split('<soap:address location="')[1].split('"')[0]


class Behind(BehindOne):
    """What is asked of each proxy."""

    def test_calls_work_and_the_wsdl_names_the_outside(self):
        proxy = self.proxy()
        self.assertEqual(self.address(proxy), proxy.outside + WEBHOOK_PATH)
        for form in ("soap11", "soap12", "documented"):
            caller = Caller(proxy, form=form)
            self.assertTrue(caller.principal("<GetSystemInfo/>").succeeded)
            caller.ticket = TICKET
            answer = caller.call("<CreateDefaultWebhook/>")
            self.assertEqual(answer.value("Response/Type"), "webhook", answer.text)
        rest = Rest(proxy, DOCUMENTED)
        answer = rest.call("GET", "/Webhook/default")
        self.assertEqual((answer.status, answer.json["State"]), (200, "Active"))
        # An event's name with a slash and a percent sign in it, which stay escaped on their way.
        self.assertEqual(rest.call("POST", "/Webhook/a%2Fb%25/7", {"navn": "Åse"}).status, 204)
        # What is too large is told by the service itself.
        answer = rest.call("POST", "/Webhook/a.b/7", {"navn": "x" * (1 << 20)})
        self.assertEqual(answer.status, 413)
        self.assertIn("max-body-bytes", answer.error[1])

    def test_what_a_client_says_of_itself_is_not_believed(self):
        proxy = self.proxy()
        other = "http" if proxy.scheme == "https" else "https"
        lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": other, "X-Forwarded-Port": "4444",
                "X-Forwarded-For": "203.0.113.9, 127.0.0.1", "Forwarded": "for=203.0.113.9;host=evil.example;proto=" + other}
        for name in lies:
            with self.subTest(name):
                self.assertEqual(self.address(proxy, {name: lies[name]}), proxy.outside + WEBHOOK_PATH)
        self.assertEqual(self.address(proxy, lies), proxy.outside + WEBHOOK_PATH)
        self.assertEqual(self.address(proxy, {name.lower(): text for name, text in lies.items()}), proxy.outside + WEBHOOK_PATH)

    def test_who_guesses_passwords_is_slowed_down_whatever_address_they_name(self):
        service = pair(self)[0]
        proxy = self.proxy(ports=[service.port, service.port])
        caller, seconds = Caller(proxy), []
        for guess in range(7):  # Three are free; then come pauses from 0.1 s, each twice the last.
            begun = time.monotonic()
            answer = caller.authenticate(f"user{guess}", "guess", headers={"X-Forwarded-For": f"203.0.113.{guess}",
                                                                           "Forwarded": f"for=203.0.113.{guess}"})
            self.assertEqual(answer.value("AuthenticationSucceeded"), "false", answer.text)
            seconds.append(time.monotonic() - begun)
        self.assertGreater(seconds[-1], min(seconds[:3]) + 0.7, seconds)

    def test_only_the_services_own_paths_are_passed_on(self):
        proxy = self.proxy()
        token = {"Authorization": "Bearer " + ADMIN_TOKEN}
        for path in ("/admin/v1/tickets", "//admin/v1/tickets", "/%61dmin/v1/tickets", "/ADMIN/v1/tickets",
                     "/x/../admin/v1/tickets", "/api/../admin/v1/tickets", "/api/%2e%2e/admin/v1/tickets", "/metrics",
                     "//metrics", "/metric%73", "/readyz", "/"):
            with self.subTest(path):
                answer, text = self.get(proxy, path, token)
                self.assertIn(answer.status, (400, 401, 403, 404), text)
                self.assertNotIn("webhook_", text)
        for path in (WEBHOOK_PATH, WEBHOOK_PATH.upper(), PRINCIPAL_PATH, "/api", "/api/v1/openapi.json"):
            with self.subTest(path):
                self.assertEqual(self.get(proxy, path)[0].status, 200)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_clients_that_speak_http_2_are_answered(self):
        proxy = self.proxy()
        ran = subprocess.run(
            ["curl", "--silent", "--show-error", "--http2", "--cacert", proxy.certificate.certificate, "--connect-to",
             f"::127.0.0.1:{proxy.port}", "--write-out", "\n%{http_code}", f"{proxy.outside}{WEBHOOK_PATH}?wsdl"],
            capture_output=True, text=True, timeout=30)
        self.assertTrue(ran.stdout.endswith("\n200"), ran.stdout[-300:] + ran.stderr)
        self.assertIn(f'"{proxy.outside}{WEBHOOK_PATH}"', ran.stdout)

    def test_a_strangers_upgrade_stops_nobodys_calls(self):
        for edits in [(), self.kind.passes_upgrades] if self.kind.passes_upgrades else [()]:
            with self.subTest(edits=edits):
                proxy = self.proxy(edits)
                with contextlib.ExitStack() as stack:
                    calls = [stack.enter_context(Calls(proxy, is_kept)) for is_kept in (False, True)]
                    deadline = time.monotonic() + 2
                    offers = 0
                    while time.monotonic() < deadline or any(len(each.seconds) < 10 for each in calls):
                        self.offer_an_upgrade(proxy, ["h2c", "websocket", "TLS/1.2"][offers % 3])
                        offers += 1
                        time.sleep(0.005)
                for each in calls:
                    self.assertEqual(each.problems, [])
                    self.assertLess(max(each.seconds), PATIENCE)
                report(f"{self.kind.name}: {offers} offers beside {sum(len(each.seconds) for each in calls)} calls")

    def offer_an_upgrade(self, proxy, protocol):
        connection = proxy.connection()
        with contextlib.closing(connection):
            connection.timeout = PATIENCE
            connection.request("GET", WEBHOOK_PATH, headers={"Connection": "Upgrade, HTTP2-Settings", "Upgrade": protocol,
                                                     "HTTP2-Settings": "AAEAAEAA", "Sec-WebSocket-Version": "13",
                                                     "Sec-WebSocket-Key": "AAECAwQFBgcICQoLDA0ODw=="})
            self.assertEqual(connection.getresponse().status, 200)


for each in ALL:
    case = type(f"Behind{each.name}", (Behind, unittest.TestCase), {"kind": each, "__module__": __name__})
    globals()[case.__name__] = case
del each, case


class ZealousNginx(BehindOne, unittest.TestCase):
    """nginx told to keep, and to pack, whatever it may."""

    kind = Nginx

    def test_nothing_that_depends_on_who_asks_is_kept(self):
        proxy = self.proxy([
            ("upstream webhook_svc {", f"proxy_cache_path {self.directory} keys_zone=answers:1m;\nupstream webhook_svc {{"),
            ("(remote|api)", "(remote|api|admin|healthz)"),
            ("proxy_http_version 1.1;", "proxy_http_version 1.1; proxy_cache answers; proxy_cache_valid any 10m;"
                                        " add_header X-Cache $upstream_cache_status always;"),
        ])
        admin, ticket = f"Bearer {ADMIN_TOKEN}", f"SoTicket {TICKET}"
        for path, credentials in [("/admin/v1/tickets", admin), ("/admin/v1/deliveries", admin), (REST, ticket),
                                  (REST + "/default", ticket)]:
            with self.subTest(path):
                answer, text = self.get(proxy, path, {"Authorization": credentials})
                self.assertEqual((answer.status, answer.headers["X-Cache"]), (200, "MISS"), text)
                answer, text = self.get(proxy, path)
                self.assertEqual((answer.status, answer.headers["X-Cache"]), (401, "MISS"), text)
                answer, text = self.get(proxy, path, {"Authorization": credentials})
                self.assertEqual((answer.status, answer.headers["X-Cache"]), (200, "MISS"), text)
        # The WSDL names the host that was asked, of which nginx's key says nothing.
        for host in ("one.example.com", "two.example.com"):
            self.assertEqual(self.address(proxy, {"Host": host}), f"https://{host}{WEBHOOK_PATH}")

    def test_conform_finds_no_difference_in_answers_that_are_packed(self):
        service = self.services[0]
        proxy = self.proxy([("client_max_body_size", "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;\n"
                                                     "    client_max_body_size")], [service.port, service.port])
        connection = proxy.connection()
        with contextlib.closing(connection):
            connection.request("GET", WEBHOOK_PATH + "?wsdl", headers={"Accept-Encoding": "gzip"})
            self.assertEqual(connection.getresponse().headers["Content-Encoding"], "gzip")
        ran = run("conform", "--target", f"https://127.0.0.1:{proxy.port}", "--fixtures", ROOT / "Fixtures", "--dev",
                  "--ca-file", proxy.certificate.certificate, "--only", "captures", "--only", "webhook-life",
                  "--skip", "saaj")  # Whose header line is folded: nginx refuses it by itself.
        self.assertEqual(ran.returncode, 0, ran.stdout[-3000:] + ran.stderr)
        self.assertRegex(ran.stdout, r"\d{2,} pass, 0 differ, 0 skipped")


if __name__ == "__main__":
    unittest.main()
