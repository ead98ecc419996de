"""Several tenants, each with applications of its own: who sees which webhooks, and whom events reach."""
import base64
import json
import unittest

from callers import CallerTestCase
from configurations import hosted, onsite, password_of, tenant, token_of, user
from rest import basic
from soap import FORMS, TICKET, Caller, is_nil, message


class TenantTests(CallerTestCase):
    def setUp(self):
        super().setUp()
        self.first = tenant("Cust12345", "ERP", "Shop", users=[user("anna", 5), user("bo", 6)])
        self.second = tenant("Cust777", "Other", users=[user("anna", 70)],
                             accessTokens=[{"token": "8A:other", "user": "anna", "application": "Other"}])

    def test_over_rest_an_access_token_stands_alone_and_basic_is_refused_unless_allowed(self):
        self.first["accessTokens"] = [{"token": "8A:erp", "user": "anna", "application": "ERP"},
                                      {"token": "8A:shop", "user": "anna", "application": "Shop"}]
        config, receiver = hosted(self.first, self.second), self.receiver()
        service = self.service(config=config)

        def rest(tenant="Cust12345", **fields):
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            return lambda method, path, body=None: service.request(
                method, f"/{tenant}/api/v1{path}", json.dumps(body) if body else None,
                {"Content-Type": "application/json", **headers})

        erp = rest(Authorization="Bearer 8A:erp")
        status, answer = erp("POST", "/Webhook", {"Events": ["a.b"], "TargetUrl": receiver.url})
        self.assertEqual(status, 200, answer)
        own = json.loads(answer)["WebhookId"]
        ticket = Caller(service, "Cust12345", token_of("ERP")).log_in("anna").ticket
        for call, seen in [
            (erp, [own]), (rest(Authorization="Bearer 8A:shop"), []),
            (rest(Authorization="Bearer 8A:erp", SO_AppToken=token_of("Shop")), [own]),
            (rest(Authorization=f"SoTicket {ticket}", SO_AppToken=token_of("ERP")), [own]),
            (rest("Cust777", Authorization="Bearer 8A:other"), []),
        ]:
            status, answer = call("GET", "/Webhook")
            self.assertEqual((status, [webhook["WebhookId"] for webhook in json.loads(answer)]), (200, seen))
        password = basic("anna", password_of("anna"))
        for headers, why in [({"Authorization": f"SoTicket {ticket}"}, "application token"),
                             ({"Authorization": "Bearer 8A:other"}, "Authentication failed!"),
                             ({**password, "SO-AppToken": token_of("ERP")}, "authorize-with-username")]:
            status, answer = rest(**headers)("GET", "/Webhook")
            self.assertEqual(status, 401, answer)
            self.assertIn(why, json.loads(answer)["ErrorMessage"])
        service.stop()
        service = self.service("--authorize-with-username", "true", config=config)
        status, answer = rest(**password, SO_AppToken=token_of("ERP"))("GET", "/Webhook")
        self.assertEqual((status, len(json.loads(answer))), (200, 1))

    def test_applications_and_tenants_do_not_see_each_other_while_events_reach_a_whole_tenant(self):
        service = self.service("--admin-token", "t0ken", config=hosted(self.first, self.second))
        erp = Caller(service, "Cust12345", token_of("ERP")).log_in("anna")
        shop = Caller(service, "Cust12345", token_of("Shop"), erp.ticket)
        other = Caller(service, "Cust777", token_of("Other")).log_in("anna")
        receivers = {caller: self.receiver() for caller in (erp, shop, other)}
        ids = {caller: caller.save(receiver.url, "order.paid", name="the same")
               for caller, receiver in receivers.items()}
        self.assertEqual(len(set(ids.values())), 3)
        saved = {caller: caller.get(ids[caller]) for caller in ids}
        for caller, own in ids.items():
            self.assertEqual(caller.webhooks(), [own])
            self.assertEqual(saved[caller].value("Response/TargetUrl"), receivers[caller].url)
            filtered = caller.call("<GetAllWebhooks><NameFilter>the same</NameFilter><EventFilter>order.paid</EventFilter>"
                                   "</GetAllWebhooks>")
            self.assertEqual([webhook.findtext("{*}WebhookId") for webhook in filtered.find("Response")], [str(own)])
            for id in set(ids.values()) - {own}:
                # As if it did not exist: the same as for an id that nobody has.
                for body in ("<GetWebhook><WebhookId>{}</WebhookId></GetWebhook>",
                             "<GetLastError><WebhookId>{}</WebhookId></GetLastError>",
                             "<DeleteWebhook><WebhookId>{}</WebhookId></DeleteWebhook>"):
                    self.assertEqual(caller.call(body.format(id)).bytes, caller.call(body.format(id + 1000)).bytes)
                self.assertTrue(is_nil(caller.get(id).find("Response")))
                hook = (f"<SaveWebhook><Webhook><WebhookId>{id}</WebhookId><Name>taken</Name><Events><a:string>order.paid"
                        f"</a:string></Events><TargetUrl>{receivers[caller].url}</TargetUrl></Webhook></SaveWebhook>")
                self.assert_error(caller.call(hook), "SoNotFoundException", str(id))
        for caller, own in ids.items():
            self.assertEqual(caller.get(own).bytes, saved[caller].bytes, "untouched by the others")

        for key in range(3):
            erp.signal("order.paid", key)
        for key in range(10, 12):
            shop.signal("ORDER.paid", key)
        for key in range(100, 104):
            other.signal("order.paid", key)
        expected = {erp: [0, 1, 2, 10, 11], shop: [0, 1, 2, 10, 11], other: [100, 101, 102, 103]}
        status, idle = service.admin("GET", "idle?timeout=30s", {"Authorization": "Bearer t0ken"})
        self.assertEqual(status, 200, idle)
        for caller, receiver in receivers.items():
            bodies = [json.loads(request["body"]) for request in receiver.requests]
            self.assertEqual(sorted(body["PrimaryKey"] for body in bodies), expected[caller])
            self.assertEqual({(body["ContextIdentifier"], body["ChangedByAssociateId"]) for body in bodies},
                             {("Cust777", 70)} if caller is other else {("Cust12345", 5)})

        self.assertTrue(erp.call(f"<DeleteWebhook><WebhookId>{ids[erp]}</WebhookId></DeleteWebhook>").succeeded)
        self.assertEqual((erp.webhooks(), shop.webhooks(), other.webhooks()), ([], [ids[shop]], [ids[other]]))
        shop.signal("order.paid", 12)
        self.assertEqual(json.loads(receivers[shop].wait(6)[5]["body"])["PrimaryKey"], 12)
        self.assertEqual((len(receivers[erp].requests), len(receivers[other].requests)), (5, 4))

    def test_a_renewed_token_leaves_the_application_its_webhooks(self):
        service = self.service(config=hosted(self.first))
        erp = Caller(service, "Cust12345", token_of("ERP")).log_in("anna")
        id = erp.save(self.receiver().url, "order.paid")
        service.stop()
        self.first["applications"][0]["token"] = "token-2"
        service.configure(hosted(self.first))
        service.start()
        self.assert_refused(erp, "application token")
        self.assertEqual(Caller(service, "Cust12345", "token-2", erp.ticket).webhooks(), [id])

    def test_the_application_token_comes_before_the_ticket_and_each_is_named(self):
        service = self.service(config=hosted(self.first, self.second))
        ticket = Caller(service, "Cust12345", token_of("ERP")).log_in("anna").ticket
        foreign = Caller(service, "Cust777", token_of("Other")).log_in("anna").ticket
        digits = base64.b64decode(foreign[3:]).decode("utf-16-le")[:32]
        moved = "7T:" + base64.b64encode(f"{digits};70;Cust12345".encode("utf-16-le")).decode()
        for form in FORMS:
            for token in (None, "", "wrong", token_of("Other"), token_of("ERP").upper(), "ERP"):
                caller = Caller(service, "Cust12345", token, ticket, form)
                self.assert_refused(caller, "application token")
                for answer in (caller.authenticate("anna", password_of("anna")), caller.use_access_token("8A:other"),
                               caller.authenticate_generic(Type="ticket", Ticket=ticket),
                               caller.principal("<AuthenticateImplicit/>"), caller.principal("<GetSystemInfo/>")):
                    self.assert_error(answer, "SoSessionException", "application token")
            for wrong in (None, "", "7T:wrong", foreign, moved, TICKET):
                self.assert_refused(Caller(service, "Cust12345", token_of("ERP"), wrong, form), "ticket")
            caller = Caller(service, "Cust12345", token_of("ERP"), ticket, form)
            self.assert_works(caller)
            self.assertEqual(caller.principal("<GetSystemInfo/>").value("SystemInfo/DatabaseName"), "Cust12345")
        self.assert_refused(Caller(service, "Cust777", token_of("Other"), ticket), "ticket")
        self.assert_no_login(Caller(service, "Cust12345", token_of("ERP"), source="127.0.1.1").use_access_token("8A:other"))
        self.assert_no_login(Caller(service, "Cust777", token_of("Other"), source="127.0.1.2").authenticate(
            "bo", password_of("bo")))

    def test_paths_name_tenants_in_any_case_and_others_are_not_found(self):
        service = self.service(config=hosted(self.first, self.second))
        caller = Caller(service, "cUST12345", token_of("ERP"))
        answer = caller.authenticate("anna", password_of("anna"))
        caller.ticket = self.assert_login(answer, DatabaseContextIdentifier="Cust12345")
        self.assert_works(caller)
        fields, body = message("<GetAllWebhooks/>", ticket=caller.ticket, token=caller.token)
        status, text = service.request("POST", "/CUST12345/remote/SERVICES87/webhook.SVC", body, fields)
        self.assertEqual((status, b">true</Succeeded>" in text), (200, True))
        for path in ["/Remote/Services87/Webhook.svc", "/Remote/Services87/SoPrincipal.svc",
                     "/Cust1/Remote/Services87/Webhook.svc", "/Cust123456/Remote/Services87/Webhook.svc",
                     "/Default/Remote/Services87/Webhook.svc", "/Cust12345/Remote/Services84/Webhook.svc",
                     "/Cust12345/Remote/Services87/Contact.svc", "/Cust12345/Cust777/Remote/Services87/Webhook.svc",
                     "/Cust12345", "/Cust12345/metrics", "/Cust12345/admin/v1/tickets"]:
            with self.subTest(path):
                self.assertEqual(service.request("POST", path, body, fields)[0], 404)
                self.assertEqual(service.request("GET", path + "?wsdl")[0], 404)
        self.assertEqual(service.request("GET", "/healthz")[0], 200)
        service.stop()

        service = self.service(config=onsite(user("anna", 5)))
        for id in ("Default", "Cust12345"):
            self.assertEqual(service.request("GET", f"/{id}/Remote/Services87/SoPrincipal.svc?wsdl")[0], 404)
        self.assertEqual(service.request("GET", "/Remote/Services87/SoPrincipal.svc?wsdl")[0], 200)


if __name__ == "__main__":
    unittest.main()
