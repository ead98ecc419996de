"""Sessions, cookies and pages of other origins over the REST API."""
import collections
import json
import time
import unittest

from certificates import Certificate
from configurations import LOCAL_TARGETS, password_of, user
from rest import DOCUMENTED, Rest, basic, exchange
from service import ServiceTestCase, Task, report
from soap import TICKET, Caller


class RestSessionTests(ServiceTestCase):
    def tickets(self, service):
        status, body = service.request("GET", "/admin/v1/tickets")
        self.assertEqual(status, 200)
        return collections.Counter(ticket["user"] for ticket in json.loads(body)["tickets"])

    def test_many_calls_with_basic_leave_one_session(self):
        config = {**LOCAL_TARGETS, "tenants": [{"users": [user("anna", 5), user("bo", 6)]}]}
        service = self.service(config=config)
        begun = time.perf_counter()

        def work(name, count):
            connection = self.connection(service)
            rest = Rest(service, basic(name, password_of(name)))
            sessions = set()
            for _ in range(count):
                answer = rest.call("GET", "/Webhook", connection=connection)
                assert answer.status == 200, answer.text
                sessions.add(answer.cookies["SoSession"][0])
            return sessions

        sessions = work("anna", 1)
        for thread in [Task(work, "anna", 125) for _ in range(4)]:
            sessions |= thread.wait()
        report(f"500 calls with Basic: {time.perf_counter() - begun:.2f} s")
        self.assertEqual(len(sessions), 1)
        self.assertEqual(self.tickets(service), {"anna": 1})
        work("bo", 3)
        self.assertEqual(self.tickets(service), {"anna": 1, "bo": 1})
        # The session is one like any other.
        ticket, = sessions
        self.assertTrue(Caller(service, ticket=ticket).call("<GetAllWebhooks/>").succeeded)
        for headers in ({"Authorization": f"SoTicket {ticket}"}, {"Authorization": f"bearer {ticket}"}):
            self.assertEqual(Rest(service, headers).call("GET", "/Webhook").status, 200)
        self.assertEqual(self.tickets(service), {"anna": 1, "bo": 1})

    def test_over_tls_cookies_are_for_https_alone(self):
        certificate = Certificate(self.directory, "listener")
        service = self.service(*certificate.flags, tls=certificate.context())
        answer = Rest(service, DOCUMENTED).call("GET", "/Webhook")
        self.assertEqual(answer.cookies["SoSession"][1], {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"})
        self.assertEqual(answer.cookies["XSRF-TOKEN"][1], {"Path=/", "SameSite=Lax", "Secure"})
        saved = Rest(service, DOCUMENTED).call("POST", "/Webhook", {"Events": ["a"], "TargetUrl": "x", "Type": "other"})
        self.assertTrue(saved.json["_Links"]["Self"].startswith(f"https://127.0.0.1:{service.port}/api/v1/Webhook/"))

    def test_pages_of_the_origins_that_are_named_may_call(self):
        service = self.service("--cors-origins", "https://app.example.com http://localhost:*")
        for origin, status in [("https://app.example.com", 204), ("http://localhost:3000", 204), ("https://evil.example", 403)]:
            head, _ = exchange(service, (
                f"OPTIONS /api/v1/Webhook HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nOrigin: {origin}\r\n"
                "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
                "Connection: close\r\n\r\n").encode())
            self.assertTrue(head.startswith(f"HTTP/1.1 {status} "), head)
            self.assertEqual(f"\r\nAccess-Control-Allow-Origin: {origin}" in head, status == 204, head)
            self.assertIn("\r\nVary: Origin", head)
            answer = Rest(service, {"Authorization": f"SoTicket {TICKET}", "Origin": origin}).call("GET", "/Webhook/99")
            self.assertEqual(answer.status, 404)
            self.assertEqual(answer.fields["Access-Control-Allow-Origin"], origin if status == 204 else None)


if __name__ == "__main__":
    unittest.main()
