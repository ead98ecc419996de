"""HTTP as old, plain and unusual clients speak it to the REST API."""
import gzip
import json
import unittest

from rest import DOCUMENTED, Rest, exchange, request_head
from service import ServiceTestCase


class RestHTTPTests(ServiceTestCase):
    def test_http_1_0_gets_a_length_no_chunks_and_the_end_of_the_connection(self):
        service = self.service("--verify-target", "false")
        id = Rest(service, DOCUMENTED).save("http://127.0.0.1:9/hook", "a.b")
        head, body = exchange(service, request_head(f"GET /api/v1/Webhook/{id} HTTP/1.0", host=False))
        self.assertTrue(head.startswith("HTTP/1.1 200 ") or head.startswith("HTTP/1.0 200 "), head)
        self.assertNotIn("transfer-encoding", head.lower())
        self.assertIn(f"content-length: {len(body)}", head.lower())
        self.assertEqual(json.loads(body)["_Links"]["Archive"], f"{service.url}/api/v1/Webhook", "nobody named a host")
        head, body = exchange(service, request_head("POST /api/v1/Webhook/a.b/1 HTTP/1.0", "Content-Length: 0"))
        self.assertIn(" 204 ", head)
        self.assertEqual(body, b"")

    def test_a_client_that_closes_gets_its_answer_and_the_end(self):
        service = self.service()
        for line, status in [("GET /api/v1/Webhook HTTP/1.1", 200), ("GET /api/v1/Webhook/99 HTTP/1.1", 404),
                             ("GET /api HTTP/1.1", 200), ("HEAD /api/v1/Webhook HTTP/1.1", 200)]:
            head, body = exchange(service, request_head(line, "Connection: close"))
            self.assertIn(f" {status} ", head.splitlines()[0])
            self.assertIn("connection: close", head.lower())
            self.assertEqual(body == b"", line.startswith("HEAD"), line)

    def test_one_connection_takes_every_kind_of_call_after_every_other(self):
        service = self.service("--verify-target", "false")
        rest, connection = Rest(service, DOCUMENTED), self.connection(service)
        for _ in range(3):
            id = rest.call("POST", "/Webhook", {"Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/"},
                           connection=connection).json["WebhookId"]
            for method, path, body, status in [
                ("HEAD", "/Webhook", None, 200), ("GET", "/Webhook", None, 200), ("POST", "/Webhook/a.b/1", None, 204),
                ("OPTIONS", "/Webhook", None, 405), ("POST", "/Webhook", "{", 400), ("GET", "/Nothing", None, 404),
                ("POST", "/Webhook", "x" * 3_000_000, 413), ("DELETE", f"/Webhook/{id}", None, 204),
            ]:
                answer = rest.call(method, path, body, connection=connection)
                self.assertEqual(answer.status, status, (method, path))
                self.assertEqual(answer.text == "", method == "HEAD" or status == 204, (method, path))

    def test_a_client_that_waits_for_100_continue_gets_it(self):
        service = self.service("--verify-target", "false")
        body = json.dumps({"Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}).encode()
        head = request_head("POST /api/v1/Webhook HTTP/1.1", "Content-Type: application/json", "Expect: 100-continue",
                         f"Content-Length: {len(body)}", "Connection: close")
        first, rest = exchange(service, head, body)
        self.assertTrue(first.startswith("HTTP/1.1 100 Continue"), first)
        self.assertTrue(rest.startswith(b"HTTP/1.1 200 OK\r\n"), rest)

    def test_packed_and_chunked_request_bodies_are_read(self):
        service = self.service("--verify-target", "false")
        rest = Rest(service, DOCUMENTED)
        body = json.dumps({"Name": "pakket", "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}).encode()
        fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self.assertEqual(rest.call("POST", "/Webhook", gzip.compress(body), fields).json["Name"], "pakket")
        bomb = rest.call("POST", "/Webhook", gzip.compress(b" " * (64 << 20)), fields)
        self.assertEqual((bomb.status, bomb.error[0]), (413, "SoInvalidArgumentException"))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
        head = request_head("POST /api/v1/Webhook HTTP/1.1", "Content-Type: application/json",
                         "Transfer-Encoding: chunked", "Connection: close")
        head, answer = exchange(service, head + chunks)
        self.assertIn(" 200 ", head.splitlines()[0])
        self.assertEqual(json.loads(answer)["Name"], "pakket")

    def test_a_request_line_with_an_absolute_url_is_understood(self):
        service = self.service()
        for path, status in [("/api/v1/Webhook?nameFilter=x", 200), ("/api/v1/Webhook/99", 404), ("/api", 200)]:
            line = f"GET http://so.example.com:{service.port}{path} HTTP/1.1"
            head, _ = exchange(service, request_head(line, "Connection: close"))
            self.assertIn(f" {status} ", head.splitlines()[0])


if __name__ == "__main__":
    unittest.main()
