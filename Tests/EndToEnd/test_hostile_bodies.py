"""Bodies that are made to cost much: they cost little, and the service goes on."""
import base64
import contextlib
import gzip
import http.client
import json
import unittest

from rest import DOCUMENTED, Rest
from service import ServiceTestCase, Task, report
from soap import PRINCIPAL_PATH, WEBHOOK_PATH, XML_HEADERS, envelope

# What a process may hold beyond what it holds before, while 24 or 40 bodies are read: four times what was measured.
HOSTILE_MEGABYTES = 200
ACCENTS = "\u0301\u0323"


class HostileBodyTests(ServiceTestCase):
    def test_memory_stays_bounded_under_hostile_requests(self):
        service = self.service()
        hostile = [
            envelope("<SignalEvent><EventName>" + "x" * (10 << 20) + "</EventName></SignalEvent>"),
            envelope("<a>" * 10_000 + "</a>" * 10_000),
            envelope("<SignalEvent " + " ".join(f"a{n}=''" for n in range(100_000)) + "/>"),
            envelope("<a/>" * 200_000),
            envelope("<SignalEvent><Data>" + "<StringObjectKeyValuePair><Key>k</Key><Value/></StringObjectKeyValuePair>" * 9000
                     + "</Data></SignalEvent>"),
        ]

        def attack():
            for body in hostile * 3:
                # The service may cut off what it has refused.
                with contextlib.suppress(OSError, http.client.HTTPException):
                    service.request("POST", WEBHOOK_PATH, body, {"Content-Type": "text/xml"})

        before = service.resident_megabytes()
        for task in [Task(attack) for _ in range(8)]:
            task.wait()
        peak = service.peak_megabytes()
        report(f"peak under hostile requests: {before:.0f} -> {peak:.0f} MB")
        self.assertLess(peak - before, HOSTILE_MEGABYTES)
        status, _ = service.call("<CreateDefaultWebhook/>")
        self.assertEqual(status, 200)

    def test_hostile_bodies_cost_little_and_the_service_goes_on(self):
        service = self.service("--verify-target", "false")
        rest = Rest(service, DOCUMENTED)
        depth, json_type = 100_000, "application/json"
        hostile = [
            ("[" * depth, json_type, 400), ('{"a":' * depth, json_type, 400), ("x" * (10 << 20), json_type, 413),
            ('{"Properties": {' + ",".join(f'"p{n}":1' for n in range(60_000)) + "}}", json_type, 400),
            ("&".join(f"Headers[x{n}]=1" for n in range(40_000)), "application/x-www-form-urlencoded", 400),
            ("<a>" * depth, "application/xml", 400),
            ("&".join(["Events=a"] * depth), "application/x-www-form-urlencoded", 400),
            (json.dumps([{"op": "add", "path": f"/Properties/{n}", "value": n} for n in range(15_000)]),
             "application/json-patch+json", 400),
        ]
        id = rest.save("http://127.0.0.1:9/hook", "a.b")

        def attack(body, type, status):
            method, path = ("PATCH", f"/Webhook/{id}") if "patch" in type else ("POST", "/Webhook")
            answer = rest.call(method, path, body, {"Content-Type": type})
            assert answer.status == status, answer.text
            assert len(answer.text) < 2000

        before, begun = service.resident_megabytes(), service.cpu_seconds()
        tasks = [Task(attack, *each) for each in hostile * 3]
        for task in tasks:
            task.wait()
        peak = service.peak_megabytes()
        report(f"{len(tasks)} hostile bodies: {service.cpu_seconds() - begun:.1f} s of a core, {before:.0f} -> {peak:.0f} MB")
        self.assertEqual([webhook["WebhookId"] for webhook in rest.call("GET", "/Webhook").json], [id])
        self.assertLess(peak - before, HOSTILE_MEGABYTES)

    def test_packed_bodies_are_unpacked_no_further_than_they_are_read(self):
        service = self.service()
        headers = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}
        # What is read is a mebibyte at most, whatever comes after it.
        seconds = []
        for megabytes in (1, 64):
            body = gzip.compress(bytes((megabytes << 20) + 1))
            begun = service.cpu_seconds()
            for path, expected in ((WEBHOOK_PATH, 500), (WEBHOOK_PATH + "x", 404), ("/api/v1/Webhook", 401)):
                for _ in range(10):
                    self.assertEqual(service.request("POST", path, body, headers)[0], expected)
            seconds.append(service.cpu_seconds() - begun)
        report(f"30 packed bodies: {seconds[0]:.3f} s of a core for 1 MB each, {seconds[1]:.3f} s for 64 MB each")
        self.assertLess(seconds[1], 2 * seconds[0] + 0.1)
        # However much too much it is, none is taken for a whole that ends sooner.
        for over in (1, 1_000, 65_536, 66_000, 80_000, 100_000, 1 << 20, 60 << 20, 80 << 20, 100 << 20, 120 << 20):
            for start, content in ((b"a=1&b=", "application/x-www-form-urlencoded"), (b'{"a": 1}', "application/json")):
                filler = b"x" if start == b"a=1&b=" else b" "
                packed = gzip.compress(start + filler * ((1 << 20) + over - len(start)))
                headers = {**DOCUMENTED, "Content-Type": content, "Content-Encoding": "gzip"}
                status, answer = service.request("POST", "/api/v1/Webhook/a.b/1", packed, headers)
                self.assertEqual((over, status), (over, 413), answer)
            status, answer = service.request("POST", WEBHOOK_PATH, gzip.compress(b" " * ((1 << 20) + over)),
                                             {"Content-Type": "text/xml", "Content-Encoding": "gzip"})
            self.assertEqual((over, status), (over, 500), answer)
            self.assertIn(b"max-body-bytes", answer)
        whole = gzip.compress(b"b=" + b"x" * ((1 << 20) - 2))
        headers = {**DOCUMENTED, "Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
        self.assertEqual(service.request("POST", "/api/v1/Webhook/a.b/1", whole, headers)[0], 204)

    def test_accents_by_the_megabyte_cost_no_more_than_they_are_long(self):
        service = self.service()
        login = ("<AuthenticateUsernamePassword><UserName>{}</UserName><Password>x</Password>"
                 "</AuthenticateUsernamePassword>").format
        json_fields = {**DOCUMENTED, "Content-Type": "application/json"}
        form_fields = {**DOCUMENTED, "Content-Type": "application/x-www-form-urlencoded"}
        xml = XML_HEADERS
        many, some = ACCENTS * 200_000, ACCENTS * 10_000
        # A client's header is Latin-1 to Python, which then sends the bytes of UTF-8 as they are.
        header = some.encode().decode("latin-1")
        cases = [
            ("a user's name", "POST", PRINCIPAL_PATH, envelope(login(many)), xml),
            ("a user's name, packed", "POST", PRINCIPAL_PATH, gzip.compress(envelope(login(many))),
             {**xml, "Content-Encoding": "gzip"}),
            ("a user's name as references", "POST", PRINCIPAL_PATH, envelope(login("&#x301;&#x323;" * 40_000)), xml),
            ("an event's name", "POST", WEBHOOK_PATH, envelope(f"<SignalEvent><EventName>{many}</EventName></SignalEvent>"), xml),
            ("a media type", "POST", WEBHOOK_PATH, envelope("<GetAllWebhooks/>"), {"Content-Type": header}),
            ("an action", "POST", WEBHOOK_PATH, envelope("<GetAllWebhooks/>"), {**xml, "SOAPAction": header}),
            ("a cookie", "GET", "/api/v1/Webhook", None, {"Cookie": header + "=1"}),
            ("a name in Basic", "GET", "/api/v1/Webhook", None,
             {"Authorization": "Basic " + base64.b64encode((some + ":x").encode()).decode()}),
            ("JSON", "POST", "/api/v1/Webhook/a.b/1", '{"' + many + '": 1}', json_fields),
            ("JSON's escapes", "POST", "/api/v1/Webhook/a.b/1", '{"' + "\\u0301\\u0323" * 40_000 + '": 1}', json_fields),
            ("a form", "POST", "/api/v1/Webhook/a.b/1", many + "=1", form_fields),
            ("a path", "POST", "/api/v1/Webhook/" + "%CC%81%CC%A3" * 3_000 + "/1", "{}", json_fields),
            ("a query", "GET", "/api/v1/Webhook?nameFilter=" + "%CC%81%CC%A3" * 3_000, None, json_fields),
            # Going backwards, where a flag begins is known only from where the flags do.
            ("flags", "POST", WEBHOOK_PATH, envelope("<SignalEvent><EventName>" + "\U0001F1F3\U0001F1F4" * 100_000
                                             + "</EventName></SignalEvent>"), xml),
        ]
        self.assertEqual(service.request("GET", "/api/v1/Webhook", headers=json_fields)[0], 200)

        def cost(method, path, body, headers):
            """The answer, and the seconds of a core that it took."""
            begun = service.cpu_seconds()
            answer = service.request(method, path, body.encode() if isinstance(body, str) else body, headers)
            return *answer, service.cpu_seconds() - begun

        # As many characters, of which none combines with another.
        name = "\u00e5\u00f8" * 200_000
        *_, plain = cost("POST", WEBHOOK_PATH, envelope(f"<SignalEvent><EventName>{name}</EventName></SignalEvent>"), xml)
        costs = {}
        for name, method, path, body, headers in cases:
            status, answer, costs[name] = cost(method, path, body, headers)
            with self.subTest(name):
                self.assertLess(costs[name], 4 * plain + 0.1)
                if name != "flags":
                    self.assertIn(status, (400, 401, 404, 500), answer)
                    self.assertTrue(b"combining" in answer or status in (401, 404), answer)
        dearest = max(costs, key=costs.get)
        report(f"400,000 plain characters cost {plain:.3f} s of a core, {dearest} {costs[dearest]:.3f} s")
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
