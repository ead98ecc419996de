"""Webhooks over the REST API: their deliveries, what is told of failures, and changes at the same time."""
import json
import threading
import unittest

from rest import DOCUMENTED, Rest
from service import ServiceTestCase, Task, free_port
from soap import TICKET, Caller


class RestWebhookTests(ServiceTestCase):
    maxDiff = None

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

    def test_the_rest_api_tells_of_a_failing_target(self):
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

        for thread in [Task(patch, "Name", "merge"), Task(patch, "Secret", "json")]:
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

        for thread in [Task(patch, worker) for worker in range(6)]:
            thread.wait()
        properties = rest.call("GET", f"/Webhook/{id}").json["Properties"]
        self.assertEqual(properties, {f"p{worker}-{number}": number for worker in range(6) for number in range(20)})


if __name__ == "__main__":
    unittest.main()
