"""Tickets: which ones open the webhooks, for how long, and how an administrator ends them."""
import base64
import collections
import json
import time
import unittest

from callers import CallerTestCase
from configurations import hosted, onsite, tenant, token_of, user
from service import run
from soap import FORMS, TICKET, Caller


class TicketTests(CallerTestCase):
    def test_tickets_that_nobody_was_given_open_nothing(self):
        service = self.service(config=onsite(user("anna", 5), user("bo", 6)))
        caller = Caller(service).log_in("anna")
        digits, number, name = base64.b64decode(caller.ticket[3:]).decode("utf-16-le").split(";")

        def ticket(text, encoding="utf-16-le"):
            return "7T:" + base64.b64encode(text.encode(encoding)).decode()

        self.assertEqual(ticket(f"{digits};{number};{name}"), caller.ticket)
        other = ("0" if digits[0] != "0" else "1") + digits[1:]
        for forged in [None, "", "7T:", TICKET, caller.ticket[3:], caller.ticket[:-1], digits,
                       ticket(f"{other};5;Default"), ticket(f"{digits};6;Default"), ticket(f"{digits};5;default"),
                       ticket(f"{digits};5;Default;"), ticket(f"{digits};5"), ticket(f"{digits.upper()};5;Default"),
                       ticket(f"{digits};5;Default", "utf-16-be"), ticket(f"{digits};5;Default", "utf-8"),
                       "7T:" + "A" * 100_000]:
            with self.subTest(forged and forged[:60]):
                self.assert_refused(Caller(service, ticket=forged))
        self.assert_works(Caller(service, ticket=ticket(f"\ufeff{digits};{number};{name}")))
        self.assert_works(Caller(service, ticket=caller.ticket, token="on-site no token is looked at"))
        self.assertNotEqual(Caller(service).log_in("anna").ticket, caller.ticket)
        self.assert_works(caller)

    def test_tickets_survive_a_crash_and_a_restart_and_end_with_their_user(self):
        config = onsite(user("anna", 5), user("bo", 6), accessTokens=[{"token": "8A:bos", "user": "bo"}])
        service = self.service(config=config)
        anna, bo = Caller(service).log_in("anna"), Caller(service).log_in("bo")
        service.kill()
        service.start()
        self.assert_works(anna)
        self.assert_works(bo)
        self.assertEqual(service.stop(), 0)
        service.configure(onsite(user("anna", 5)))
        service.start()
        self.assert_works(anna)
        self.assert_refused(bo)
        self.assert_no_login(Caller(service).use_access_token("8A:bos"))

    def test_a_ticket_lives_as_long_as_it_is_used_and_cannot_be_renewed_after_that(self):
        # A tenth of its life is longer than a busy machine holds a call up.
        lifetime = 6
        service = self.service("--ticket-lifetime", f"{lifetime}s", config=onsite(user("anna", 5)))
        used, unused = Caller(service).log_in("anna"), Caller(service).log_in("anna")
        begun = time.monotonic()
        while time.monotonic() < begun + 1.5 * lifetime:
            self.assert_works(used)
            time.sleep(lifetime / 10)
        self.assert_refused(unused)
        time.sleep(1.2 * lifetime)
        for _ in range(2):
            self.assert_refused(used)
        self.assert_no_login(Caller(service).authenticate_generic(Type="ticket", Ticket=used.ticket))
        self.assert_works(Caller(service).log_in("anna"))

    def test_the_documented_credentials_work_with_dev_and_not_without(self):
        service = self.service(dev=True)
        for form in FORMS:
            caller = Caller(service, form=form, ticket=TICKET, token="1234567-1234-9876")
            self.assert_works(caller)
            ticket = self.assert_login(caller.authenticate("tje0", "Tje0"), Associate="tje0",
                                       DatabaseContextIdentifier="Default")
            self.assert_works(Caller(service, ticket=ticket))
        self.assert_login(Caller(service).authenticate_generic(Type="ticket", Ticket=TICKET), Associate="tje0")
        self.assert_no_login(caller.authenticate("tje0", "tje0"))
        service.stop()

        service = self.service("--installation", "hosted", dev=True)
        for form in FORMS:
            caller = Caller(service, "Cust12345", "1234567-1234-9876", TICKET, form)
            self.assert_works(caller)
            self.assert_login(caller.authenticate("tje0", "Tje0"), DatabaseContextIdentifier="Cust12345")
        self.assert_refused(Caller(service, "Cust12345", "1234567", TICKET), "application token")
        self.assertEqual(Caller(service, ticket=TICKET).call("<GetAllWebhooks/>").status, 404)
        service.stop()

        for options in ({"config": None}, {"config": onsite(user("anna", 5))}):
            service = self.service(**options)
            self.assert_refused(Caller(service, ticket=TICKET, token="1234567-1234-9876"))
            self.assert_no_login(Caller(service).authenticate("tje0", "Tje0"))
            service.stop()

    def test_without_dev_every_ticket_is_refused(self):
        service = self.service(dev=False)
        status, answer = service.call("<GetAllWebhooks/>")
        self.assertEqual(status, 200)
        self.assertIn("SuperOffice.Exceptions.SoSessionException", answer)
        self.assertIn(">false</Succeeded>", answer)

    def test_tickets_are_listed_and_revoked(self):
        users = [user("anna", 5), user("bo", 6)]
        service = self.service("--admin-token", "t0ken", config=hosted(tenant("Cust1", "A", users=users),
                                                                        tenant("Cust2", "A", users=users)))

        def caller(id, name):
            return Caller(service, id, token_of("A")).log_in(name)

        def admin(method, path, token="t0ken"):
            status, body = service.request(method, "/admin/v1/tickets" + path,
                                           headers={"Authorization": f"Bearer {token}"} if token else {})
            return status, json.loads(body) if body else None

        def command(*arguments):
            return run("tickets", *arguments, "--url", service.url, "--admin-token", "t0ken")

        callers = [caller("Cust1", "anna"), caller("Cust1", "anna"), caller("Cust1", "bo"), caller("Cust2", "anna"),
                   caller("Cust2", "bo"), caller("Cust2", "bo")]
        status, answer = admin("GET", "")
        self.assertEqual(status, 200)
        tickets = answer["tickets"]
        self.assertEqual([set(ticket) for ticket in tickets], [{"id", "tenant", "user", "created", "used", "expires"}] * 6)
        self.assertEqual(collections.Counter((ticket["tenant"], ticket["user"]) for ticket in tickets),
                         {("Cust1", "anna"): 2, ("Cust1", "bo"): 1, ("Cust2", "anna"): 1, ("Cust2", "bo"): 2})
        self.assertEqual(len({ticket["id"] for ticket in tickets}), 6)
        for ticket in tickets:
            times = [ticket[name] for name in ("created", "used", "expires")]
            for text in times:
                self.assertRegex(text, r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
            created, used, expires = (text.rstrip("Z") for text in times)
            self.assertLessEqual(created, used)
            self.assertLess(used, expires)
        for query, count in [("?tenant=Cust1", 3), ("?user=bo", 3), ("?tenant=Cust2&user=bo", 2), ("?limit=4", 4),
                             ("?tenant=Cust3", 0)]:
            self.assertEqual(len(admin("GET", query)[1]["tickets"]), count, query)
        listed = command("list", "--tenant", "Cust2", "--user", "anna")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        mine, = admin("GET", "?tenant=Cust2&user=anna")[1]["tickets"]
        for text in (mine["id"], "Cust2", "anna", mine["expires"]):
            self.assertIn(text, listed.stdout)
        for text in ("Cust1", "bo"):
            self.assertNotIn(text, listed.stdout)

        self.assertEqual(admin("GET", "", token=None)[0], 401)
        self.assertEqual(admin("POST", "/revoke?all=true", token="wrong")[0], 401)
        for query in ("", "?all=false", "?al=true", "?all=yes"):
            status, problem = admin("POST", "/revoke" + query)
            self.assertEqual(status, 400, query)
            self.assertIn("error", problem)
        for arguments in (["revoke"], ["revoke", "--all", "--user", "bo"]):
            self.assertEqual(command(*arguments).returncode, 64, arguments)
        for each in callers:
            self.assert_works(each)

        def revoke(*arguments, ended):
            revoked = command("revoke", *arguments)
            self.assertEqual(revoked.returncode, 0, revoked.stderr)
            self.assertRegex(revoked.stdout, rf"\b{len(ended)}\b")
            for each in callers:
                (self.assert_refused if each in ended else self.assert_works)(each)
            callers[:] = [each for each in callers if each not in ended]

        revoke("no-such-id", ended=[])
        revoke(mine["id"], ended=[callers[3]])
        revoke("--tenant", "Cust2", "--user", "bo", ended=callers[3:5])
        revoke("--user", "ANNA", ended=callers[0:2])
        self.assertEqual(admin("POST", "/revoke?tenant=Cust1"), (200, {"revoked": 1}))
        self.assert_refused(callers.pop())
        callers += [caller("Cust1", "anna"), caller("Cust2", "bo")]
        revoke("--all", ended=list(callers))
        self.assertEqual(admin("GET", "")[1], {"tickets": []})


if __name__ == "__main__":
    unittest.main()
