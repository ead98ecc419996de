"""Who may call the admin API: this machine's user with --dev, and else who has the token."""
import re
import unittest

from callers import CallerTestCase
from soap import WEBHOOK_PATH, XML_HEADERS, envelope, is_acknowledged


class AdminAccessTests(CallerTestCase):
    def test_the_admin_api_refuses_requests_that_a_trusted_proxy_passes_on(self):
        service = self.service("--trusted-proxy", "127.0.0.1", dev=True)
        self.assertEqual(service.request("GET", "/admin/v1/tickets")[0], 200)
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
                        {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=127.0.0.1"}):
            self.assertEqual(service.request("GET", "/admin/v1/tickets", headers=headers)[0], 403, headers)

    def test_the_admin_api_with_dev_refuses_requests_through_a_proxy_that_is_not_named(self):
        service = self.service(dev=True)
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "203.0.113.9"},
                        {"Forwarded": "for=203.0.113.9"}, {"Via": "1.1 proxy"}, {"X-Forwarded-Host": "localhost"},
                        {"CF-Connecting-IP": "203.0.113.9"}):
            for method, path in (("GET", "tickets"), ("GET", "deliveries"), ("POST", "tickets/revoke?all=true"),
                                 ("POST", "reset")):
                with self.subTest(headers=headers, path=path):
                    status, body = service.request(method, "/admin/v1/" + path, headers={"Host": "localhost", **headers})
                    self.assertEqual(status, 403)
                    self.assertIn(b"admin-token", body)
        warning = service.wait_for_log(" warning .*through a proxy")
        self.assertIn("allow-remote-dev", warning)
        self.assertEqual(len(re.findall("through a proxy", service.log_text())), 1, "it is said once")
        self.assertEqual(service.request("GET", "/admin/v1/tickets")[0], 200)

    def test_a_soap_call_through_a_proxy_is_told_once_with_its_request(self):
        service = self.service(dev=True)
        for _ in range(2):
            status, answer = service.request("POST", WEBHOOK_PATH, envelope("<CreateDefaultWebhook/>"),
                                             {**XML_HEADERS, "X-Forwarded-For": "203.0.113.9"})
            self.assertTrue(is_acknowledged(status, answer), answer)
        self.assertRegex(service.wait_for_log("through a proxy"), " warning .* hb.request.id=[0-9a-f]+ ")
        self.assertEqual(service.log_text().count("through a proxy"), 1)

    def test_the_admin_api_refuses_hosts_that_only_resolve_to_this_machine(self):
        service = self.service(dev=True)
        port = service.url.rsplit(":", 1)[1]
        for host, status in ((f"localhost:{port}", 200), (f"LOCALHOST:{port}", 200), (f"127.0.0.1:{port}", 200),
                             (f"[::1]:{port}", 200), ("127.9.9.9", 200), ("[::1]", 200),
                             (f"evil.example:{port}", 403), ("localhost.evil.example", 403),
                             ("127.0.0.1.evil.example", 403), (f"192.0.2.1:{port}", 403)):
            answer, body = service.request("GET", "/admin/v1/tickets", headers={"Host": host})
            self.assertEqual(answer, status, host)
            if status == 403:
                self.assertIn(b"admin-token", body)

    def test_the_admin_api_is_closed_without_dev_and_opens_to_its_token(self):
        service = self.service(dev=False)
        self.assertEqual(service.request("GET", "/admin/v1/deliveries")[0], 404)
        service.stop()
        service = self.service("--admin-token", "t0ken", dev=False)
        self.assertEqual(service.request("GET", "/admin/v1/deliveries")[0], 401)
        wrong = {"Authorization": "Bearer wrong"}
        self.assertEqual(service.request("GET", "/admin/v1/deliveries", headers=wrong)[0], 401)
        right = {"Authorization": "Bearer t0ken"}
        self.assertEqual(service.request("GET", "/admin/v1/deliveries", headers=right)[0], 200)
        self.assertEqual(service.request("POST", "/admin/v1/reset", headers=right)[0], 403)


if __name__ == "__main__":
    unittest.main()
