"""The REST API as its clients meet it: the documentation's samples, deliveries, sessions, patches, old HTTP, and a log
that keeps secrets."""
import base64
import collections
import gzip
import json
import socket
import sys
import threading
import time
import unittest

from service import (ROOT, TICKET, Caller, Certificate, Rest, ServiceTestCase, basic, free_port, password_hash,
                     password_of, user)

# What --dev takes, as the documentation has it.
DOCUMENTED = {"Authorization": "Basic dGplMDpUamUw"}
MEMBERS = ["WebhookId", "Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties", "Registered",
           "RegisteredAssociate", "Updated", "UpdatedAssociate", "ErrorsEmail", "ErrorEmails", "ErrorAssociates",
           "Description", "NotifyVia", "NotifyWhen", "TotalCalls", "TotalErrors", "ConsecutiveErrors", "LastError",
           "_Links"]
# Users need a configuration file, and targets on this machine then need to be allowed.
LOCAL_TARGETS = {"requireHttps": False, "allowTargets": "127.0.0.0/8"}


def sample(name):
    return (ROOT / "Fixtures" / "rest" / f"{name}.rest").read_text()


class Together(threading.Thread):
    """Does something in a thread, and then tells what came of it."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self.work, self.arguments, self.failure = work, arguments, None
        self.start()

    def run(self):
        try:
            self.result = self.work(*self.arguments)
        except BaseException as failure:
            self.failure = failure

    def wait(self):
        self.join(60)
        if self.failure:
            raise self.failure
        return self.result


class REST(ServiceTestCase):
    maxDiff = None

    def connection(self, service):
        connection = service.connection()
        self.addCleanup(connection.close)
        return connection

    def exchange(self, service, data, *more):
        """Sends bytes, then more of them as soon as something has come; everything that came until the end, as head and
        body."""
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as stream:
            stream.sendall(data)
            answer = b""
            for part in more:
                answer += stream.recv(65536)
                stream.sendall(part)
            while part := stream.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.decode(), body

    def send(self, service, text):
        """Sends one of the documentation's samples, as a client that closes does."""
        head, _, body = text.partition("\n\n")
        line, *fields = head.splitlines()
        body = body.encode()
        lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", *fields, f"Content-Length: {len(body)}",
                 "Connection: close"]
        head, body = self.exchange(service, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return int(head.split()[1]), head, body

    # The documentation's samples

    def test_the_samples_of_the_documentation_work_as_they_stand(self):
        service = self.service()
        for name in ("SignalEvent-agent", "SignalEvent-agent-2"):
            status, head, body = self.send(service, sample(name))
            self.assertEqual((status, body), (204, b""), head)

        status, _, body = self.send(service, sample("SignalEvent"))
        self.assertEqual((status, json.loads(body)["ErrorType"]), (404, "SoNotFoundException"), "it is to be filled in")
        filled = sample("SignalEvent").replace("{eventName}", "window.closed").replace("{primaryKey}", "0")
        status, head, body = self.send(service, filled)
        self.assertEqual((status, body), (204, b""), head)

        text = sample("PostWebhook")
        status, head, body = self.send(service, text)
        self.assertEqual(status, 200, body)
        self.assertIn("\r\nContent-Type: application/json; charset=utf-8", head)
        sent, saved = json.loads(text.partition("\n\n")[2]), json.loads(body)
        self.assertEqual(list(saved), MEMBERS)
        for name in ("Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties"):
            self.assertEqual(saved[name], sent[name])
        self.assertNotEqual(saved["WebhookId"], 794)
        for name in ("RegisteredAssociate", "UpdatedAssociate"):
            self.assertEqual((saved[name]["AssociateId"], saved[name]["UserName"]), (5, "tje0"))
        link = f"{service.url}/api/v1/Webhook"
        self.assertEqual(saved["_Links"], {"Self": f"{link}/{saved['WebhookId']}", "Archive": link})
        rest = Rest(service, DOCUMENTED)
        self.assertEqual(rest.call("GET", f"/Webhook/{saved['WebhookId']}").json, saved)

        text = sample("PutWebhook").replace("{id}", str(saved["WebhookId"]))
        status, head, body = self.send(service, text)
        self.assertEqual(status, 200, body)
        sent, replaced = json.loads(text.partition("\n\n")[2]), json.loads(body)
        for name in ("Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties", "ErrorsEmail"):
            self.assertEqual(replaced[name], sent[name])
        self.assertEqual((replaced["WebhookId"], replaced["Registered"]), (saved["WebhookId"], saved["Registered"]))
        self.assertEqual(rest.call("GET", f"/Webhook/{saved['WebhookId']}").json, replaced)

    def test_the_webhook_of_the_sample_is_notified_of_the_event_of_the_sample(self):
        receiver, service = self.receiver("ea"), self.service()
        text = sample("PostWebhook").replace("http://www.example.com/", receiver.url).replace("aliquam", "webhook")
        status, _, body = self.send(service, text.replace('"non"', '"Kris, Dicki and Windler"'))
        self.assertEqual(status, 200, body)
        status, _, _ = self.send(service, sample("SignalEvent-agent"))
        self.assertEqual(status, 204)
        request, = receiver.wait(1)
        self.assertTrue(request["signed"])
        self.assertEqual((request["headers"]["Headers1"], request["headers"]["Headers2"]), ("laborum", "ad"))
        body = json.loads(request["body"])
        self.assertEqual((body["Event"], body["PrimaryKey"], body["Changes"], body["ChangedByAssociateId"],
                          body["WebhookName"], body["fieldName"]),
                         ("Kris, Dicki and Windler", 853, ["fieldName"], 5, "Howell Group", {}))

    # Deliveries

    def test_events_of_either_front_reach_webhooks_of_either_signed(self):
        secret = "nøkkel – 鍵 🔑"
        receivers, service = [self.receiver(secret), self.receiver(secret)], self.service()
        rest, soap = Rest(service, DOCUMENTED), Caller(service, ticket=TICKET)
        rest.save(receivers[0].url, "køb.ny", Name="Blåbær & <co>", Secret=secret,
                  Properties={"sted": "Tromsø", "tal": 12345678901234567890})
        soap.save(receivers[1].url, "KØB.ny", name="Blåbær & <co>", secret=secret)
        for key in range(20):
            answer = rest.call("POST", f"/Webhook/k%C3%B8b.ny/{key}", {"navn": "Åse", "antal": 1})
            self.assertEqual(answer.status, 204, answer.text)
            soap.signal("køb.ny", 100 + key)
        keys = set(range(20)) | set(range(100, 120))
        for receiver in receivers:
            requests = receiver.wait(40)
            self.assertTrue(all(request["signed"] for request in requests))
            bodies = [json.loads(request["body"]) for request in requests]
            self.assertEqual({body["PrimaryKey"] for body in bodies}, keys)
            self.assertEqual({body["WebhookName"] for body in bodies}, {"Blåbær & <co>"})
            changes = {body["PrimaryKey"]: body["Changes"] for body in bodies}
            self.assertEqual((changes[7], changes[107]), (["navn", "antal"], []))
            self.assertEqual({body["Event"] for body in bodies}, {"køb.ny"})
        self.assertIn(',"sted":"Tromsø","tal":12345678901234567890}'.encode(), receivers[0].requests[0]["body"])

    def test_a_failing_target_is_told_of(self):
        receiver = self.receiver(statuses=[500] * 9)
        service = self.service("--retry-delays", "10ms,10ms", "--cycle-delay", "10ms")
        rest = Rest(service, DOCUMENTED)
        id = rest.save(receiver.url, "sale.changed")
        self.assertEqual(rest.call("GET", f"/Webhook/{id}/LastError").text, '""')
        self.assertEqual(rest.call("POST", "/Webhook/sale.changed/1").status, 204)
        self.assertEqual(len(receiver.wait(9)), 9)
        status, _ = service.request("GET", "/admin/v1/idle?timeout=30s")
        self.assertEqual(status, 200)
        error = rest.call("GET", f"/Webhook/{id}/LastError").json
        self.assertRegex(error, r"\AHTTP/1\.1 500 Internal Server Error\n(?s:.*)\nContent-Length: 2\n\nok\Z")
        usage = rest.call("GET", f"/Archive/dynamic?$filter=webhook_usage.webhook_usage_id%20eq%20{id}").json
        self.assertEqual(usage["value"], [{
            "PrimaryKey": id, "EntityName": "webhook_usage", "webhook_usage.webhook_usage_id": id,
            "webhook_usage.total_calls": 9, "webhook_usage.total_errors": 9, "webhook_usage.consecutive_errors": 9,
            "webhook_usage.last_error": error}])
        self.assertEqual(rest.call("GET", f"/Webhook/{id}").json["State"], "TooManyErrors")
        self.assertEqual(rest.call("PATCH", f"/Webhook/{id}", {"State": 1}).json["State"], "Active")
        answer = rest.call("POST", "/Webhook", {"Events": ["a.b"], "TargetUrl": f"http://127.0.0.1:{free_port()}/"})
        self.assertEqual((answer.status, answer.error[0]), (400, "SoValidationException"))

    def test_field_values_tell_of_a_webhook_whose_state_changes(self):
        failing, listening = self.receiver(statuses=[410]), self.receiver()
        service = self.service("--send-field-values", "true")
        rest = Rest(service, DOCUMENTED)
        id = rest.save(failing.url, "sale.changed")
        rest.save(listening.url, f"webhook{id}.errors", "sale.changed")
        self.assertEqual(rest.call("POST", "/Webhook/sale.changed/1").status, 204)
        bodies = [json.loads(request["body"]) for request in listening.wait(2)]
        values = {body["Event"]: body["FieldValues"] for body in bodies}
        webhook = rest.call("GET", f"/Webhook/{id}").json
        self.assertEqual(values, {"sale.changed": {}, "webhook.errors": {
            "events": 1, "registered": webhook["Registered"], "registered_associate_id": 5, "state": 2,
            "updated": webhook["Updated"], "updated_associate_id": 5}})

    def test_pages_of_the_origins_that_are_named_may_call(self):
        service = self.service("--cors-origins", "https://app.example.com http://localhost:*")
        for origin, status in [("https://app.example.com", 204), ("http://localhost:3000", 204), ("https://evil.example", 403)]:
            head, _ = self.exchange(service, (
                f"OPTIONS /api/v1/Webhook HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nOrigin: {origin}\r\n"
                "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
                "Connection: close\r\n\r\n").encode())
            self.assertTrue(head.startswith(f"HTTP/1.1 {status} "), head)
            self.assertEqual(f"\r\nAccess-Control-Allow-Origin: {origin}" in head, status == 204, head)
            self.assertIn("\r\nVary: Origin", head)
            answer = Rest(service, {"Authorization": f"SoTicket {TICKET}", "Origin": origin}).call("GET", "/Webhook/99")
            self.assertEqual(answer.status, 404)
            self.assertEqual(answer.fields["Access-Control-Allow-Origin"], origin if status == 204 else None)

    def test_what_was_saved_survives_a_crash_to_the_digit_and_so_does_a_session(self):
        service = self.service("--verify-target", "false")
        properties = ('{"n":1,"long":9007199254740993,"big":12345678901234567890.10,"none":null,"empty":[],'
                      '"mixed":[1,"a",{"b":[1.10]}],"o":{"p":{"q":[true]}},"text":"Åse 🔑"}')
        rest = Rest(service, DOCUMENTED)
        saved = rest.call("POST", "/Webhook", '{"Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/", "Properties": '
                          + properties + "}")
        self.assertIn(f'"Properties":{properties},', saved.text)
        (session, _), (token, _) = saved.cookies["SoSession"], saved.cookies["XSRF-TOKEN"]
        service.kill()
        service.start()
        browser = Rest(service, {"Cookie": f"SoSession={session}", "X-XSRF-TOKEN": token})
        answer = browser.call("GET", f"/Webhook/{saved.json['WebhookId']}")
        self.assertEqual((answer.status, answer.text), (200, saved.text))

    # Patches

    def test_patches_of_different_members_at_the_same_time_both_survive(self):
        service = self.service("--verify-target", "false")
        rest = Rest(service, DOCUMENTED)
        id = rest.save("http://127.0.0.1:9/hook", "a.b")
        ready = threading.Barrier(2)
        rounds = 150

        def patch(member, kind):
            connection = self.connection(service)
            for number in range(rounds):
                value = f"{member} {number}"
                body = {member: value} if kind == "merge" else [{"op": "replace", "path": f"/{member}", "value": value}]
                ready.wait(30)
                answer = rest.call("PATCH", f"/Webhook/{id}", body, {"Content-Type": f"application/{kind}-patch+json"},
                                   connection)
                assert answer.status == 200, answer.text
                assert answer.json[member] == value
                ready.wait(30)
                seen = rest.call("GET", f"/Webhook/{id}", connection=connection).json
                assert (seen["Name"], seen["Secret"]) == (f"Name {number}", f"Secret {number}"), (number, seen)
                ready.wait(30)

        for thread in [Together(patch, "Name", "merge"), Together(patch, "Secret", "json")]:
            thread.wait()

    def test_many_patches_of_one_dictionary_at_the_same_time_all_survive(self):
        service = self.service("--verify-target", "false")
        rest = Rest(service, DOCUMENTED)
        id = rest.save("http://127.0.0.1:9/hook", "a.b")

        def patch(worker):
            connection = self.connection(service)
            for number in range(20):
                body = {"Properties": {f"p{worker}-{number}": number}}
                answer = rest.call("PATCH", f"/Webhook/{id}", body, connection=connection)
                assert answer.status == 200, answer.text

        for thread in [Together(patch, worker) for worker in range(6)]:
            thread.wait()
        properties = rest.call("GET", f"/Webhook/{id}").json["Properties"]
        self.assertEqual(properties, {f"p{worker}-{number}": number for worker in range(6) for number in range(20)})

    # Sessions

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
        for thread in [Together(work, "anna", 125) for _ in range(4)]:
            sessions |= thread.wait()
        print(f"\n  500 calls with Basic: {time.perf_counter() - begun:.2f} s", file=sys.stderr)
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

    def test_wrong_passwords_are_slowed_and_too_many_at_once_are_told_when_to_come_back(self):
        config = {**LOCAL_TARGETS, "tenants": [{"users": [user("anna", 5)]}]}
        service = self.service(config=config)
        anna = Rest(service, basic("anna", password_of("anna")))
        self.assertEqual(anna.call("GET", "/Webhook").status, 200)
        wrong = Rest(service, basic("stranger", "wrong"), source="127.0.1.1")
        seconds = []
        for _ in range(6):
            begun = time.perf_counter()
            answer = wrong.call("GET", "/Webhook")
            seconds.append(time.perf_counter() - begun)
            self.assertEqual((answer.status, answer.error), (401, ("SoSessionException", "Authentication failed!")))
        # After the third the pauses are 100, 200 and 400 ms.
        self.assertGreater(sum(seconds[3:]), 0.6, seconds)

        def attempt():
            return wrong.call("GET", "/Webhook")

        answers = [thread.wait() for thread in [Together(attempt) for _ in range(40)]]
        self.assertEqual({answer.status for answer in answers}, {401})
        refused = [answer for answer in answers if answer.error[1] != "Authentication failed!"]
        self.assertGreater(len(refused), 0, "not all of them may wait")
        for answer in refused:
            self.assertRegex(answer.fields["Retry-After"] or "none", r"\A[1-9]\d?\Z")
            self.assertEqual(len(answer.fields.get_all("WWW-Authenticate")), 3)
        begun = time.perf_counter()
        self.assertEqual(anna.call("GET", "/Webhook").status, 200)
        self.assertLess(time.perf_counter() - begun, 0.5, "who is known does not wait for them")

    def test_over_tls_cookies_are_for_https_alone(self):
        certificate = Certificate(self.directory, "listener")
        service = self.service(*certificate.flags, tls=certificate.context())
        answer = Rest(service, DOCUMENTED).call("GET", "/Webhook")
        self.assertEqual(answer.cookies["SoSession"][1], {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"})
        self.assertEqual(answer.cookies["XSRF-TOKEN"][1], {"Path=/", "SameSite=Lax", "Secure"})
        saved = Rest(service, DOCUMENTED).call("POST", "/Webhook", {"Events": ["a"], "TargetUrl": "x", "Type": "other"})
        self.assertTrue(saved.json["_Links"]["Self"].startswith(f"https://127.0.0.1:{service.port}/api/v1/Webhook/"))

    def test_the_log_keeps_every_secret_at_its_most_talkative(self):
        secrets = {"password": "pässw0rd-s3cret", "access token": "8A:t0ken-s3cret", "webhook": "h00k-s3cret",
                   "wrong password": "wr0ng-s3cret", "wrong token": "8A:wr0ng-s3cret", "application": "app-s3cret",
                   "header": "header-s3cret", "broken": "br0ken-s3cret"}
        config = {**LOCAL_TARGETS, "tenants": [{
            "users": [user("anna", 5, passwordHash=password_hash(secrets["password"]))],
            "accessTokens": [{"token": secrets["access token"], "user": "anna"}]}]}
        receiver, service = self.receiver(secrets["webhook"]), self.service("--log-level", "trace", config=config)
        anna = basic("anna", secrets["password"])
        rest = Rest(service, {**anna, "SO-AppToken": secrets["application"]})
        answer = rest.call("GET", "/Webhook")
        self.assertEqual(answer.status, 200)
        (session, _), (token, _) = answer.cookies["SoSession"], answer.cookies["XSRF-TOKEN"]
        rest.save(receiver.url, "a.b", Secret=secrets["webhook"], Headers={"X-Key": secrets["header"]})
        self.assertEqual(rest.call("POST", "/Webhook/a.b/1").status, 204)
        self.assertTrue(receiver.wait(1)[0]["signed"])
        for headers, status in [
            ({"Authorization": f"SoTicket {session}"}, 200), ({"Authorization": f"Bearer {session}"}, 200),
            ({"Authorization": f"Bearer {secrets['access token']}"}, 200),
            ({"Cookie": f"SoSession={session}; XSRF-TOKEN={token}", "X-XSRF-TOKEN": token}, 200),
            ({"Cookie": f"SoSession={session}"}, 401), (basic("anna", secrets["wrong password"]), 401),
            ({"Authorization": f"Bearer {secrets['wrong token']}"}, 401),
            ({"Authorization": "SoTicket 7T:s3cret"}, 401),
            ({"Authorization": "Basic " + base64.b64encode(b"s3cret").decode()}, 401),
        ]:
            self.assertEqual(Rest(service, headers).call("GET", "/Webhook").status, status, headers)
        for body in ['{"Secret": "' + secrets["broken"], {"Secret": [secrets["broken"]]},
                     {"Events": [], "TargetUrl": "", "Secret": secrets["broken"]}]:
            self.assertEqual(rest.call("POST", "/Webhook", body).status, 400)
        self.assertIsNotNone(service.wait_for_log("login failed"), "it does log")
        service.stop()
        log = service.log_text()
        self.assertIn(" debug ", log, "it is talkative")
        held = {**secrets, "session": session, "token": token, "credentials": anna["Authorization"].split()[1],
                "any": "s3cret"}
        for name, secret in held.items():
            self.assertNotIn(secret, log, name)

    # HTTP

    def head(self, line, *fields, host=True):
        lines = [line, *(["Host: so.example.com"] if host else []), "Authorization: Basic dGplMDpUamUw", *fields]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def test_http_1_0_gets_a_length_no_chunks_and_the_end_of_the_connection(self):
        service = self.service("--verify-target", "false")
        id = Rest(service, DOCUMENTED).save("http://127.0.0.1:9/hook", "a.b")
        head, body = self.exchange(service, self.head(f"GET /api/v1/Webhook/{id} HTTP/1.0", host=False))
        self.assertTrue(head.startswith("HTTP/1.1 200 ") or head.startswith("HTTP/1.0 200 "), head)
        self.assertNotIn("transfer-encoding", head.lower())
        self.assertIn(f"content-length: {len(body)}", head.lower())
        self.assertEqual(json.loads(body)["_Links"]["Archive"], f"{service.url}/api/v1/Webhook", "nobody named a host")
        head, body = self.exchange(service, self.head("POST /api/v1/Webhook/a.b/1 HTTP/1.0", "Content-Length: 0"))
        self.assertIn(" 204 ", head)
        self.assertEqual(body, b"")

    def test_a_client_that_closes_gets_its_answer_and_the_end(self):
        service = self.service()
        for line, status in [("GET /api/v1/Webhook HTTP/1.1", 200), ("GET /api/v1/Webhook/99 HTTP/1.1", 404),
                             ("GET /api HTTP/1.1", 200), ("HEAD /api/v1/Webhook HTTP/1.1", 200)]:
            head, body = self.exchange(service, self.head(line, "Connection: close"))
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
        head = self.head("POST /api/v1/Webhook HTTP/1.1", "Content-Type: application/json", "Expect: 100-continue",
                         f"Content-Length: {len(body)}", "Connection: close")
        first, rest = self.exchange(service, head, body)
        self.assertTrue(first.startswith("HTTP/1.1 100 Continue"), first)
        self.assertTrue(rest.startswith(b"HTTP/1.1 200 OK\r\n"), rest)

    def test_packed_and_chunked_bodies_are_read(self):
        service = self.service("--verify-target", "false")
        rest = Rest(service, DOCUMENTED)
        body = json.dumps({"Name": "pakket", "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}).encode()
        fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self.assertEqual(rest.call("POST", "/Webhook", gzip.compress(body), fields).json["Name"], "pakket")
        bomb = rest.call("POST", "/Webhook", gzip.compress(b" " * (64 << 20)), fields)
        self.assertEqual((bomb.status, bomb.error[0]), (413, "SoInvalidArgumentException"))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
        head = self.head("POST /api/v1/Webhook HTTP/1.1", "Content-Type: application/json",
                         "Transfer-Encoding: chunked", "Connection: close")
        head, answer = self.exchange(service, head + chunks)
        self.assertIn(" 200 ", head.splitlines()[0])
        self.assertEqual(json.loads(answer)["Name"], "pakket")

    def test_an_absolute_target_is_understood(self):
        service = self.service()
        for path, status in [("/api/v1/Webhook?nameFilter=x", 200), ("/api/v1/Webhook/99", 404), ("/api", 200)]:
            line = f"GET http://so.example.com:{service.port}{path} HTTP/1.1"
            head, _ = self.exchange(service, self.head(line, "Connection: close"))
            self.assertIn(f" {status} ", head.splitlines()[0])

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

        begun = time.perf_counter()
        for thread in [Together(attack, *each) for each in hostile * 3]:
            thread.wait()
        print(f"\n  24 hostile bodies: {time.perf_counter() - begun:.1f} s; then {service.resident_megabytes():.0f} MB",
              file=sys.stderr)
        self.assertEqual([webhook["WebhookId"] for webhook in rest.call("GET", "/Webhook").json], [id])
        self.assertLess(service.resident_megabytes(), 400)


if __name__ == "__main__":
    unittest.main()
