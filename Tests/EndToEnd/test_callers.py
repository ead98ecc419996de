"""Who may call: logins, tickets, access tokens, rights, tenants and applications, proxies, and what guessing costs."""
import base64
import collections
import contextlib
import http.client
import json
import os
import pathlib
import pty
import re
import secrets
import select
import signal
import socket
import statistics
import subprocess
import sys
import termios
import threading
import time
import unittest
import xml.etree.ElementTree

from service import (BINARY, NAMESPACE, ROOT, TICKET, Caller, Certificate, ServiceTestCase, basic, free_port, is_nil, local,
                     message, password_hash, password_of, scrypt, user)

FORMS = ["soap11", "soap12", "documented"]
# What targets on this machine need without --dev.
LOCAL_TARGETS = {"requireHttps": False, "allowTargets": "127.0.0.0/8"}


def onsite(*users, **members):
    return {**LOCAL_TARGETS, "tenants": [{"users": list(users), **members}]}


def tenant(id, *applications, users, **members):
    """A hosted tenant; an application's token follows from its name."""
    return {"id": id, "applications": [{"token": token_of(name), "name": name} for name in applications],
            "users": users, **members}


def token_of(application):
    return f"token-of-{application}"


def hosted(*tenants, **members):
    return {**LOCAL_TARGETS, "installation": "online", "tenants": list(tenants), **members}


def run(*arguments, **options):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WEBHOOK_SVC_")}
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, env=environment, **options)


class Callers(ServiceTestCase):
    maxDiff = None

    def service(self, *flags, **options):
        return super().service(*flags, **{"dev": False, **options})

    def assert_login(self, answer, **members):
        """A login that succeeded: with a ticket, and with these members of the carrier. Gives the ticket."""
        self.assertTrue(answer.succeeded, answer.text)
        self.assertEqual(answer.name, "AuthenticateResponse")
        self.assertEqual(answer.value("AuthenticationSucceeded"), "true", answer.text)
        for name, value in members.items():
            self.assertEqual(answer.value(f"Response/{name}"), value, answer.text)
        self.assertTrue(answer.ticket.startswith("7T:"), answer.text)
        return answer.ticket

    def assert_no_login(self, answer):
        """A login that failed: nothing in it tells why."""
        self.assertTrue(answer.succeeded, answer.text)
        self.assertEqual(list(answer.blocks), ["Succeeded"])
        self.assertEqual(answer.name, "AuthenticateResponse")
        self.assertEqual([local(child.tag) for child in answer.element],
                         ["Response", "Credentials", "AuthenticationSucceeded"])
        self.assertTrue(is_nil(answer.find("Response")) and is_nil(answer.find("Credentials")), answer.text)
        self.assertEqual(answer.value("AuthenticationSucceeded"), "false")

    def assert_error(self, answer, kind, text):
        """An operation that failed: HTTP 200, `Succeeded` false, nothing in the operation's element."""
        self.assertEqual(answer.status, 200, answer.text)
        self.assertIsNotNone(answer.error, answer.text)
        self.assertEqual(answer.error[0], kind, answer.text)
        self.assertIn(text, answer.error[1])
        self.assertTrue(answer.blocks["ExceptionInfo"].findtext("{*}FriendlyText"), "clients print it")
        self.assertEqual(len(answer.element), 0, answer.text)

    def assert_refused(self, caller, what="ticket"):
        self.assert_error(caller.call("<GetAllWebhooks/>"), "SoSessionException", what)

    def assert_works(self, caller):
        answer = caller.call("<GetAllWebhooks/>")
        self.assertTrue(answer.succeeded, answer.text)


class Schema:
    """Checks answers against the published WSDL: members, their order, their values, and types where they are written."""

    def __init__(self, name):
        self.types, self.elements = {}, {}
        for child in xml.etree.ElementTree.parse(ROOT / "WSDL" / f"{name}.wsdl").findall(".//{*}schema/*"):
            known = {"complexType": self.types, "simpleType": self.types, "element": self.elements}
            known.get(local(child.tag), {})[child.get("name")] = child

    def problems(self, element, type=None):
        """What is wrong with an element of a type, or with one that the schema declares."""
        name = local(element.tag)
        if type is None:
            declared = self.elements[name]
            if declared.get("type") is None:
                return self.members(element, declared.find("{*}complexType"))
            type = declared.get("type")
        if is_nil(element):
            return [] if len(element) == 0 and not element.text else [f"{name} is nil and has content"]
        type = type.split(":")[-1]
        written = element.get("{http://www.w3.org/2001/XMLSchema-instance}type")
        problems = [f"{name} says it is a {written}"] if written and written.split(":")[-1] != type else []
        definition = self.types.get(type)
        if definition is not None and local(definition.tag) == "complexType":
            return problems + self.members(element, definition)
        patterns = {"int": r"-?\d+", "boolean": "true|false", "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?"}
        text = element.text or ""
        if definition is not None:
            allowed = [value.get("value") for value in definition.findall(".//{*}enumeration")]
            return problems + ([] if text in allowed else [f"{name} is {text!r}, which {type} does not have"])
        return problems + ([] if re.fullmatch(patterns.get(type, "(?s).*"), text) else [f"{name} is {text!r}, no {type}"])

    def members(self, element, definition):
        problems, rest = [], list(element)
        for member in self.sequence(definition):
            count = 0
            while rest and local(rest[0].tag) == member.get("name"):
                if count and member.get("maxOccurs") != "unbounded":
                    problems.append(f"{member.get('name')} is there twice")
                problems += self.problems(rest.pop(0), member.get("type"))
                count += 1
            if not count and not (member.get("maxOccurs") == "unbounded"):
                problems.append(f"{local(element.tag)} has no {member.get('name')} where it belongs")
        return problems + [f"{local(child.tag)} is out of place in {local(element.tag)}" for child in rest]

    def sequence(self, definition):
        extension = definition.find("{*}complexContent/{*}extension")
        if extension is not None:
            base = self.types[extension.get("base").split(":")[-1]]
            return self.sequence(base) + list(extension.find("{*}sequence"))
        return list(definition.find("{*}sequence"))


class Logins(Callers):
    """An on-site installation, the default."""

    def test_a_login_gives_a_ticket_that_opens_the_webhooks_in_every_form(self):
        receiver, service = self.receiver(), self.service(config=onsite(user("anna", 5, fullName="Anna Berg")))
        versions = {"soap11": "http://schemas.xmlsoap.org/soap/envelope/",
                    "soap12": "http://www.w3.org/2003/05/soap-envelope"}
        for form in FORMS:
            with self.subTest(form):
                caller = Caller(service, form=form)
                answer = caller.authenticate("anna", password_of("anna"))
                ticket = self.assert_login(answer, Associate="anna", AssociateId="5", FullName="Anna Berg")
                self.assertEqual(answer.envelope, versions.get(form, versions["soap12"]))
                self.assertTrue(answer.fields["Content-Type"].startswith(
                    "text/xml" if form == "soap11" else "application/soap+xml"), answer.fields)
                self.assertEqual(list(answer.blocks), ["Succeeded"])
                is_documented = b'<SoPrincipal:Response xsi:type="SoPrincipal:SoPrincipalCarrier">' in answer.bytes
                self.assertEqual(is_documented, form == "documented", answer.text)
                self.assertEqual(b"xsi:type" in answer.bytes, form == "documented")
                text = base64.b64decode(ticket.removeprefix("7T:")).decode("utf-16-le")
                self.assertRegex(text, r"\A[0-9a-f]{32};5;Default\Z")
                self.assert_refused(caller)
                caller.ticket = ticket
                self.assert_works(caller)

        caller = Caller(service).log_in("ANNA", password_of("anna"))
        id = caller.save(receiver.url, "contact.created")
        self.assertEqual(caller.get(id).value("Response/RegisteredAssociate/UserName"), "anna")
        self.assertEqual(caller.get(id).value("Response/RegisteredAssociate/AssociateId"), "5")
        caller.signal("contact.created", 7)
        body = json.loads(receiver.wait(1)[0]["body"])
        self.assertEqual((body["ContextIdentifier"], body["ChangedByAssociateId"], body["PrimaryKey"]), ("Default", 5, 7))

    def test_a_ticket_of_one_services_number_opens_the_others(self):
        service = self.service(config=onsite(user("anna", 5)))
        for number in (85, 86, 87, 88):
            caller = Caller(service, number=number).log_in("anna")
            self.assertEqual(caller.authenticate("anna", "no").namespace, NAMESPACE.replace("87", str(number)))
            for other in (85, 86, 87, 88):
                self.assert_works(Caller(service, number=other, ticket=caller.ticket))

    def test_the_carrier_says_everything_that_is_configured_in_the_order_of_the_schema(self):
        members = {"fullName": "Anna Bjørg & <Berg>", "personId": 12, "groupId": 4, "email": "anna@example.com",
                   "contactId": 31, "countryId": 578, "homeCountryId": 752, "businessId": 6, "categoryId": 8, "roleId": 9,
                   "roleName": "User level 0", "roleDescription": "All of it", "secondaryGroups": [2, 3]}
        service = self.service(config=onsite(user("anna", 5, **members), user("bo", 2147483647, rights=[])))
        expected = [
            ("UserType", "InternalAssociate"), ("Associate", "anna"), ("AssociateId", "5"), ("IsPerson", "true"),
            ("PersonId", "12"), ("CountryId", "578"), ("HomeCountryId", "752"), ("ContactId", "31"), ("GroupId", "4"),
            ("BusinessId", "6"), ("CategoryId", "8"), ("ContactOwner", "0"), ("RoleId", "9"),
            ("RoleName", "User level 0"), ("RoleDescription", "All of it"), ("RoleType", "Employee"), ("Licenses", []),
            ("FullName", "Anna Bjørg & <Berg>"), ("EMailAddress", "anna@example.com"), ("FunctionRights", ["webhooks"]),
            ("EjUserId", "0"), ("EjAccessLevel", "0"), ("EjUserStatus", "StatusNone"), ("ProvidedCredentials", []),
            ("SecondaryGroups", ["2", "3"]), ("DatabaseContextIdentifier", "Default")]
        lists = {"Licenses", "FunctionRights", "ProvidedCredentials", "SecondaryGroups"}
        schema = Schema("SoPrincipal")

        def carrier(answer):
            self.assertEqual(schema.problems(answer.element), [], answer.text)
            return [(local(child.tag), [item.text for item in child] if local(child.tag) in lists else child.text or "")
                    for child in answer.find("Response")]

        for form in FORMS:
            with self.subTest(form):
                self.assertEqual(carrier(Caller(service, form=form).authenticate("anna", password_of("anna"))), expected)
        least = dict(carrier(Caller(service).authenticate("bo", password_of("bo"))))
        self.assertEqual((least["AssociateId"], least["IsPerson"], least["FullName"], least["FunctionRights"]),
                         ("2147483647", "false", "bo", []))
        array = "{http://schemas.microsoft.com/2003/10/Serialization/Arrays}"
        answer = Caller(service).authenticate("anna", password_of("anna"))
        self.assertEqual([item.tag for item in [*answer.find("Response/FunctionRights"),
                                                *answer.find("Response/SecondaryGroups")]],
                         [array + "string", array + "int", array + "int"])

    def test_unknown_users_and_wrong_passwords_are_answered_alike_and_as_slowly(self):
        # Each from an address of its own, and each user once, so that nobody is slowed down for an earlier failure.
        password = password_hash("right", blocks=15, rounds=3)
        service = self.service(config=onsite(*[user(f"user{n}", n + 1, passwordHash=password) for n in range(7)],
                                             user("anna", 8)))
        addresses = iter(f"127.0.1.{n}" for n in range(1, 100))
        self.assert_login(Caller(service, source=next(addresses)).authenticate("user0", "right"))
        seconds, answers = collections.defaultdict(list), set()
        for n in range(7):
            for kind, name in (("wrong password", f"user{n}"), ("unknown user", f"stranger{n}")):
                begun = time.perf_counter()
                answer = Caller(service, source=next(addresses)).authenticate(name, "wrong")
                seconds[kind].append(time.perf_counter() - begun)
                self.assert_no_login(answer)
                answers.add((answer.bytes, tuple(sorted((k, v) for k, v in answer.fields.items() if k != "Date"))))
        self.assertEqual(len(answers), 1, answers)
        wrong, unknown = (statistics.median(seconds[kind]) for kind in ("wrong password", "unknown user"))
        print(f"\n  median of 7 failed logins: wrong password {wrong * 1000:.0f} ms, unknown user {unknown * 1000:.0f} ms",
              file=sys.stderr)
        self.assertLess(max(wrong, unknown) / min(wrong, unknown), 2)

        for body in ["<AuthenticateUsernamePassword/>",
                     "<AuthenticateUsernamePassword><UserName>anna</UserName></AuthenticateUsernamePassword>",
                     "<AuthenticateUsernamePassword><Password>right</Password></AuthenticateUsernamePassword>"]:
            answer = Caller(service, source=next(addresses)).principal(body)
            self.assertEqual(answer.bytes, next(iter(answers))[0], body)
        right = password_of("anna")
        for name, tried in [("anna", right.upper()), ("anna", right + " "), ("anna", right[:-1]), ("anna ", right),
                            ("anna", password_hash(right))]:
            answer = Caller(service, source=next(addresses)).authenticate(name, tried)
            self.assertEqual(answer.bytes, next(iter(answers))[0], (name, tried))

    def test_an_access_token_logs_its_user_in(self):
        service = self.service(config=onsite(user("anna", 5), user("bo", 6), accessTokens=[
            {"token": "8A:Ann.as+token/==", "user": "anna"}, {"token": "8A:bos", "user": "BO"}]))
        for form in FORMS:
            caller = Caller(service, form=form)
            caller.ticket = self.assert_login(caller.use_access_token("8A:Ann.as+token/=="), Associate="anna",
                                              AssociateId="5")
            self.assert_works(caller)
        self.assert_login(Caller(service).use_access_token("8A:bos"), Associate="bo")
        failed = Caller(service, source="127.0.1.1").authenticate("anna", "wrong")
        for number, wrong in enumerate(["8A:ann.as+token/==", "8A:Ann.as+token/=", "", "anna", caller.ticket]):
            answer = Caller(service, source=f"127.0.2.{number // 2 + 1}").use_access_token(wrong)
            self.assert_no_login(answer)
            self.assertEqual(answer.bytes, failed.bytes, "as any other login that fails")
        self.assert_no_login(Caller(service, source="127.0.1.2").principal("<AuthenticateWithAccessToken/>"))
        self.assert_refused(Caller(service, ticket="8A:bos"))

    def test_generic_logins_take_names_in_any_case_and_go_on_with_a_ticket(self):
        service = self.service(config=onsite(user("anna", 5)))
        for pairs in [{"Type": "usernamepassword", "UserName": "anna", "Password": password_of("anna")},
                      {"TYPE": "UserNamePassword", "username": "Anna", "passWORD": password_of("anna")}]:
            ticket = self.assert_login(Caller(service).authenticate_generic(**pairs), AssociateId="5")
            self.assert_works(Caller(service, ticket=ticket))
        answer = Caller(service).authenticate_generic(type="Ticket", ticket=ticket)
        self.assertEqual(self.assert_login(answer, AssociateId="5", Associate="anna"), ticket)
        self.assert_works(Caller(service, ticket=ticket))
        wrong = [{"Type": "usernamepassword", "UserName": "anna", "Password": "wrong"}, {"Type": "usernamepassword"},
                 {"Type": "ticket", "Ticket": ticket[:-4] + "AAA="}, {"Type": "ticket", "Ticket": TICKET},
                 {"Type": "ticket"}, {"Type": "ticket", "UserName": "anna", "Password": password_of("anna")}]
        for number, pairs in enumerate(wrong):
            self.assert_no_login(Caller(service, source=f"127.0.1.{number // 2 + 1}").authenticate_generic(**pairs))
        self.assert_error(Caller(service).authenticate_generic(UserName="anna", Password=password_of("anna")),
                          "SoInvalidArgumentException", "Type")
        self.assert_error(Caller(service).principal("<AuthenticateGeneric/>"), "SoInvalidArgumentException", "Type")
        self.assert_error(Caller(service).authenticate_generic(Type="kerberos"), "SoNotSupportedException", "kerberos")

    def test_nobody_is_logged_in_implicitly(self):
        service = self.service(config=onsite(user("anna", 5)))
        ticket = Caller(service).log_in("anna").ticket
        for form in FORMS:
            self.assert_no_login(Caller(service, form=form).principal("<AuthenticateImplicit/>"))
        self.assert_no_login(Caller(service).principal("<AuthenticateImplicit/>", ticket=ticket))

    def test_system_info_needs_no_ticket_and_says_what_is_emulated(self):
        service = self.service("--netserver-version", "9.2.7.1", config=onsite(user("anna", 5)))
        schema = Schema("SoPrincipal")
        for form in FORMS:
            answer = Caller(service, form=form).principal("<GetSystemInfo/>")
            self.assertTrue(answer.succeeded, answer.text)
            self.assertEqual(answer.name, "GetSystemInfoResponse")
            self.assertFalse(is_nil(answer.find("SystemInfo")))
            self.assertEqual(schema.problems(answer.element), [], answer.text)
            self.assertEqual((answer.value("SystemInfo/AssemblyVersion"), answer.value("SystemInfo/DatabaseName"),
                              answer.value("SystemInfo/DatabaseType")), ("9.2.7.1", "Default", "SQLite"))

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
        service = self.service("--ticket-lifetime", "1s", config=onsite(user("anna", 5)))
        used, unused = Caller(service).log_in("anna"), Caller(service).log_in("anna")
        begun = time.monotonic()
        while time.monotonic() < begun + 2.4:
            self.assert_works(used)
            time.sleep(0.4)
        self.assert_refused(unused)
        time.sleep(1.2)
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

        service = self.service("--installation", "online", dev=True)
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

    def test_what_users_without_the_right_may_do_is_a_setting(self):
        receiver = self.receiver()
        config = onsite(user("anna", 5), user("guest", 6, rights=[]), user("none", 7))
        del config["tenants"][0]["users"][2]["rights"]
        service = self.service(config=config)
        hook = (f"<Webhook><Events><a:string>contact.created</a:string></Events><TargetUrl>{receiver.url}</TargetUrl>"
                "</Webhook>")
        others = ["<CreateDefaultWebhook/>", f"<SaveWebhook>{hook}</SaveWebhook>", f"<TestWebhook>{hook}</TestWebhook>",
                  "<GetWebhook><WebhookId>1</WebhookId></GetWebhook>", "<GetAllWebhooks/>",
                  "<DeleteWebhook><WebhookId>1</WebhookId></DeleteWebhook>",
                  "<GetLastError><WebhookId>1</WebhookId></GetLastError>"]
        signal = "<SignalEvent><EventName>contact.created</EventName><PrimaryKey>1</PrimaryKey></SignalEvent>"

        anna = Caller(service).log_in("anna")
        self.assertEqual(anna.save(receiver.url, "contact.created"), 1)
        for name in ("guest", "none"):
            caller = Caller(service).log_in(name)
            for body in others:
                self.assert_error(caller.call(body), "SoSentryException", "webhooks")
            self.assertTrue(caller.call(signal).succeeded)
        self.assertEqual(anna.webhooks(), [1])
        self.assertEqual([json.loads(request["body"])["ChangedByAssociateId"] for request in receiver.wait(2)], [6, 7])
        service.stop()

        service = self.service("--webhook-right", "everything", config=config)
        caller = Caller(service).log_in("guest")
        for body in [*others, signal]:
            self.assert_error(caller.call(body), "SoSentryException", "webhooks")
        for body in [*others[1:3], *others[3:5], others[6], signal, others[5]]:
            self.assertTrue(Caller(service).log_in("anna").call(body).succeeded, body)
        service.stop()

        service = self.service("--webhook-right", "nothing", config=config)
        caller = Caller(service).log_in("guest")
        for body in [others[1], others[4], signal]:
            self.assertTrue(caller.call(body).succeeded, body)
        self.assert_refused(Caller(service), "ticket")


class Administration(Callers):
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

    def test_a_request_through_a_proxy_is_not_this_machines(self):
        service = self.service("--trusted-proxy", "127.0.0.1", dev=True)
        self.assertEqual(service.request("GET", "/admin/v1/tickets")[0], 200)
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
                        {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=127.0.0.1"}):
            self.assertEqual(service.request("GET", "/admin/v1/tickets", headers=headers)[0], 403, headers)

    def test_with_dev_a_proxy_that_is_not_named_opens_nothing_to_strangers_who_ask_for_localhost(self):
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

    def test_a_page_whose_name_has_come_to_lead_to_this_machine_is_not_its_user(self):
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


class Hosted(Callers):
    """Several tenants, each with applications of its own."""

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
        service = self.service(config=hosted(self.first, self.second))
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
        for caller, receiver in receivers.items():
            receiver.wait(len(expected[caller]))
        time.sleep(0.2)
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


class Descriptions(Callers):
    """The WSDL's address, and who a request is said to come from."""

    def address(self, service, path="/Remote/Services87/SoPrincipal.svc", headers=None, query="wsdl"):
        status, body = service.request("GET", f"{path}?{query}", headers=headers)
        self.assertEqual(status, 200)
        xml.etree.ElementTree.fromstring(body)
        address, = re.findall(r'<soap:address location="([^"]*)"', body.decode())
        return address

    def test_each_number_serves_its_own_wsdl_with_the_address_that_was_asked_tenant_included(self):
        service = self.service(config=onsite(user("anna", 5)))
        for number in (85, 86, 87, 88):
            path = f"/Remote/Services{number}/SoPrincipal.svc"
            text = service.request("GET", path + "?wsdl")[1].decode()
            root = xml.etree.ElementTree.fromstring(text)
            self.assertEqual(root.get("targetNamespace"), f"http://www.superoffice.net/ws/crm/NetServer/Services{number}")
            self.assertEqual(set(re.findall(r"Services(\d+)", text)), {str(number)})
            self.assertEqual('name="AuthenticateWithAccessToken"' in text, number > 85)
            self.assertEqual('value="Nullable"' in text, number > 87)
            self.assertEqual(self.address(service, path), service.url + path)
            self.assertEqual(service.request("GET", path + "?singleWsdl")[1].decode(), text)
            soap12 = service.request("GET", path + "?wsdl12")[1].decode()
            self.assertIn('"http://schemas.xmlsoap.org/wsdl/soap12/"', soap12)
            self.assertEqual(self.address(service, path, query="wsdl12"), service.url + path)
        page = service.request("GET", "/Remote/Services87/SoPrincipal.svc")[1].decode()
        self.assertIn(f'href="{service.url}/Remote/Services87/SoPrincipal.svc?wsdl"', page)
        service.stop()

        config = hosted(tenant("Cust12345", "ERP", users=[user("anna", 5)]))
        for flags, base in [((), None), (("--public-url", "https://hooks.example.com/so/"), "https://hooks.example.com/so")]:
            service = self.service(*flags, config=config)
            for name in ("SoPrincipal", "Webhook"):
                for query in ("wsdl", "singleWsdl", "wsdl12"):
                    path = f"/Cust12345/Remote/Services88/{name}.svc"
                    self.assertEqual(self.address(service, path, query=query), (base or service.url) + path)
            service.stop()

    def test_a_trusted_proxy_says_which_address_was_asked(self):
        service, other = [
            self.service("--trusted-proxy", "10.0.0.0/8, 127.0.0.0/8", "--forwarded-header", header, "--store", "memory:",
                         config=hosted(tenant("Cust12345", "ERP", users=[user("anna", 5)])))
            for header in ("x-forwarded", "forwarded")]
        path = "/Cust12345/Remote/Services87/SoPrincipal.svc"
        for headers, base in [
            ({}, service.url),
            ({"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com"},
             "https://hooks.example.com"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com", "X-Forwarded-Port": "8443"},
             "https://hooks.example.com:8443"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com", "X-Forwarded-Port": "443"},
             "https://hooks.example.com"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com:9443"},
             "https://hooks.example.com:9443"),
            ({"Host": "hooks.example.com", "X-Forwarded-Proto": "https"}, "https://hooks.example.com"),
            ({"X-Forwarded-Host": "hooks.example.com"}, "http://hooks.example.com"),
            ({"Forwarded": "for=203.0.113.9;proto=https;host=hooks.example.com"}, "https://hooks.example.com"),
            ({"Forwarded": 'For="[2001:db8::7]:4711"; Proto=HTTPS; Host="hooks.example.com:8443"'},
             "https://hooks.example.com:8443"),
            # What the client claims stands before what the proxy adds.
            ({"Forwarded": "for=198.51.100.1;host=evil.example;proto=http, "
                           "for=203.0.113.9;host=hooks.example.com;proto=https"},
             "https://hooks.example.com"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Host": "evil.example, hooks.example.com",
              "X-Forwarded-Proto": "https"}, "https://hooks.example.com"),
            ({"X-Forwarded-Host": 'evil"><x', "X-Forwarded-Proto": "gopher"}, service.url),
        ]:
            with self.subTest(headers):
                asked, ignoring = (other, service) if "Forwarded" in headers else (service, other)
                self.assertEqual(self.address(asked, path, headers), base.replace(service.url, asked.url) + path)
                if "Host" not in headers:
                    self.assertEqual(self.address(ignoring, path, headers), ignoring.url + path)

    def test_headers_of_a_peer_that_is_not_trusted_are_ignored(self):
        for flags in [("--trusted-proxy", "10.0.0.0/8"), ()]:
            service = self.service(*flags, config=onsite(user("anna", 5)))
            for headers in [{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1",
                             "X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1;proto=https;host=evil.example"}]:
                self.assertEqual(self.address(service, headers=headers), service.url + "/Remote/Services87/SoPrincipal.svc")
                self.assert_no_login(Caller(service).authenticate("stranger", "wrong", headers=headers))
            service.stop()
        lines = [line for line in service.log_text().splitlines() if "login failed" in line]
        self.assertEqual(len(lines), 4)
        for line in lines:
            self.assertIn("127.0.0.1", line)
            self.assertNotIn("10.0.0.1", line)

    def test_failed_logins_are_logged_with_user_tenant_and_the_address_that_the_proxy_saw(self):
        services = [self.service("--trusted-proxy", "127.0.0.0/8", "--forwarded-header", header, "--store", "memory:",
                                 config=onsite(user("anna", 5))) for header in ("x-forwarded", "forwarded")]
        for number, (headers, address) in enumerate([
            ({}, "127.0.0.1"), ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.10"}, "203.0.113.10"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.11, 127.0.0.7"}, "203.0.113.11"),
            ({"X-Forwarded-For": "203.0.113.12:51234"}, "203.0.113.12"),
            ({"Forwarded": "for=198.51.100.1, for=203.0.113.13;proto=https"}, "203.0.113.13"),
            ({"Forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7"),
        ]):
            service = services["Forwarded" in headers]
            self.assert_no_login(Caller(service).authenticate(f"stranger{number}", "pass-wörd", headers=headers))
            line = service.wait_for_log(rf"login failed.*stranger{number}\b|stranger{number}\b.*login failed")
            self.assertIsNotNone(line, "there is a line for each")
            for text in (" warning ", address, "Default"):
                self.assertIn(text, line)
            self.assertNotIn("198.51.100.1", line)
        self.assertNotIn("pass-wörd", service.log_text())
        self.assert_no_login(Caller(service, source="127.0.1.1").authenticate("one\ntwo warning : login failed", "wrong"))
        self.assertIsNone(service.wait_for_log("^two", seconds=0.2), "nobody writes lines of their own")


class Configuration(Callers):
    def write(self, config, name="config.json"):
        path = self.directory / name
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
        return str(path)

    def check(self, config, *problems):
        """Checks that `config check` finds these problems and no others, each in a line of its own that begins with its
        place; that `serve` stops at the first with one line; and that what is secret is in neither."""
        path = self.write(config)
        checked = run("config", "check", path)
        places = [re.match(r"(?:webhook-svc: )?(?:config: )?([\w.\[\]]+): ", line) for line in
                  (checked.stdout + checked.stderr).splitlines()]
        self.assertEqual(checked.returncode, 1, checked.stdout + checked.stderr)
        self.assertEqual(sorted(place and place.group(1) for place in places), sorted(problems),
                         checked.stdout + checked.stderr)
        started = run("serve", "--config", path, "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:")
        self.assertEqual(started.returncode, 64, started.stderr)
        self.assertEqual(len(started.stderr.splitlines()), 1, started.stderr)
        flags = [re.sub("[A-Z]", lambda letter: "-" + letter.group().lower(), problem) for problem in problems]
        self.assertTrue(any(f"{problem}: " in started.stderr for problem in [*problems, *flags]), started.stderr)
        for secret in re.findall(r"s3cret[\w$]*", path and pathlib.Path(path).read_text()):
            self.assertNotIn(secret, checked.stdout + checked.stderr + started.stderr)

    def test_every_mistake_in_a_file_is_named_with_its_place(self):
        right = user("anna", 5)
        self.check(
            {
                "listne": "127.0.0.1:1", "retryDelays": "soon", "deliveryConcurrency": "many", "requireHttps": 17,
                "logLevel": "loud", "ticketLifetime": "0s", "webhookRight": "some", "trustedProxy": "10.0.0.0/99",
                "adminToken": "file:no-such-file", "publicUrl": {"host": "x"}, "installation": "online",
                "tenants": [
                    {"id": "Cust1", "name": "Customer",
                     "applications": [{"token": "s3cretToken", "name": "A"}, {"token": "s3cretToken", "name": "B"},
                                      {"token": "s3cretOther", "name": "A"}, {"name": "C"}, {"token": 5, "name": "D"},
                                      {"token": "", "name": "E"}, {"token": "file:empty", "name": "F"},
                                      {"token": "s3cretG", "name": "G", "secret": "x"}],
                     "users": [right, {**right, "name": "bo", "passwordHash": "s3cretPassword"},
                               {**right, "name": "ANNA"}, {**right, "name": "cy", "associateId": "six"},
                               {"name": "di", "associateId": 7}, {**right, "name": "ed", "rights": ["webhooks", "fly"]},
                               {**right, "name": "fi", "rights": "webhooks"}, {**right, "name": "gi", "personId": 1.5},
                               {**right, "name": "hi", "passwordHash": "scrypt$ln=40,r=8,p=3$c2FsdHNhbHQ=$s3cret"},
                               {**right, "name": "ju", "mail": "ju@example.com"},
                               {**right, "name": "ki", "passwordHash": "file:secrets/ki.hash"},
                               {"passwordHash": right["passwordHash"], "associateId": 9},
                               {**right, "name": "li", "secondaryGroups": [1, "two"]}],
                     "accessTokens": [{"token": "s3cretAccess", "user": "anna", "application": "B"},
                                      {"token": "s3cretAccess", "user": "bo", "application": "B"},
                                      {"token": "s3cretNobody", "user": "nobody", "application": "Z"},
                                      {"token": "s3cretNo", "application": "B"}, {"token": "s3cretOn", "user": "anna"}]},
                    {"id": "cust1", "users": [right]}, {"id": "Cust 3", "users": []}, {"id": "api", "users": []},
                    {"id": "Cust5", "users": {"anna": right}},
                ],
            },
            "listne", "retryDelays", "deliveryConcurrency", "requireHttps", "logLevel", "ticketLifetime", "webhookRight",
            "trustedProxy", "adminToken", "publicUrl", "tenants[0].name", "tenants[0].applications[1].token",
            "tenants[0].applications[2].name", "tenants[0].applications[3].token", "tenants[0].applications[4].token",
            "tenants[0].applications[5].token", "tenants[0].applications[6].token", "tenants[0].applications[7].secret",
            "tenants[0].users[1].passwordHash", "tenants[0].users[2].name", "tenants[0].users[3].associateId",
            "tenants[0].users[4].passwordHash", "tenants[0].users[5].rights[1]", "tenants[0].users[6].rights",
            "tenants[0].users[7].personId", "tenants[0].users[8].passwordHash", "tenants[0].users[9].mail",
            "tenants[0].users[10].passwordHash", "tenants[0].users[11].name", "tenants[0].users[12].secondaryGroups[1]",
            "tenants[0].accessTokens[1].token", "tenants[0].accessTokens[2].user", "tenants[0].accessTokens[3].user",
            "tenants[0].accessTokens[2].application", "tenants[0].accessTokens[4].application", "tenants[1].id", "tenants[2].id", "tenants[3].id", "tenants[4].users")

    def test_one_mistake_does_not_hide_another_or_bring_a_false_one(self):
        right = user("anna", 5)
        certificate = Certificate(self.directory, "listener")
        for config, problems in [
            # What is missing online comes late, other settings come later.
            ({"installation": "online", "tenants": [{"users": [right]}], "retryDelays": "soon"},
             ["tenants[0].id", "retryDelays"]),
            ({"installation": "online", "tenants": [{"users": [{**right, "passwordHash": "s3cret"}]}, {"users": [right]}]},
             ["tenants[0].id", "tenants[0].users[0].passwordHash", "tenants[1].id"]),
            # The certificate is there and right.
            ({"tlsCert": certificate.certificate, "tlsKey": f"{self.directory}/none.key"}, ["tlsKey"]),
            ({"tlsCert": f"{self.directory}/none.pem", "tlsKey": certificate.key}, ["tlsCert"]),
            # Places are those in the file, whatever stands before.
            ({"tenants": [{"users": ["anna", right, right]}]}, ["tenants[0].users[0]", "tenants[0].users[2].name"]),
            ({"tenants": [{"id": "Cust1", "users": []}]}, ["tenants"]),
            ({"tenants": [{"users": []}, {"users": []}]}, ["tenants"]),
            ({"tenants": []}, ["tenants"]), ({"tenants": "s3cret"}, ["tenants"]),
            ({"installation": "online"}, ["installation"]), ({"installation": "hosted"}, ["installation"]),
        ]:
            with self.subTest(config):
                self.check(config, *problems)
        for text in ("", "{", "[]", '{"tenants": [}', '"s3cret"'):
            with self.subTest(text):
                self.check(text, "config")
        missing = run("config", "check", f"{self.directory}/none.json")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("none.json", missing.stdout + missing.stderr)

    def test_secrets_in_files_are_found_beside_the_configuration_file(self):
        home = self.directory / "etc"
        (home / "secrets").mkdir(parents=True)
        for name, content in [("erp.token", "erp's token\n"), ("anna.hash", password_hash("anna's") + "\r\n"),
                              ("nightly.token", "  8A:nightly  "), ("admin.token", "adm1n\n")]:
            (home / "secrets" / name).write_text(content)
        config = hosted({"id": "Cust1", "applications": [{"token": "file:secrets/erp.token", "name": "ERP"}],
                         "accessTokens": [{"token": f"file:{home}/secrets/nightly.token", "user": "anna",
                                           "application": "ERP"}],
                         "users": [user("anna", 5, passwordHash="file:./secrets/anna.hash")]},
                        adminToken="file:secrets/admin.token")
        path = self.write(config, "etc/config.json")
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        for arguments, directory in [([path], elsewhere), (["../etc/config.json"], elsewhere), (["config.json"], home)]:
            checked = run("config", "check", *arguments, cwd=directory)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
            self.assertEqual(checked.stdout.splitlines(), [f"{arguments[0]} is fine"])
        service = self.service("--config", path)
        caller = Caller(service, "Cust1", "erp's token")
        self.assert_login(caller.authenticate("anna", "anna's"), Associate="anna")
        self.assert_login(caller.use_access_token("8A:nightly"), Associate="anna")
        for token, status in [("adm1n", 200), ("file:secrets/admin.token", 401)]:
            headers = {"Authorization": f"Bearer {token}"}
            self.assertEqual(service.request("GET", "/admin/v1/tickets", headers=headers)[0], status)
        self.assert_refused(Caller(service, "Cust1", "file:secrets/erp.token"), "application token")

    def test_in_a_terminal_a_password_is_asked_for_unseen_and_the_terminal_is_left_as_it_was(self):
        for typed, code in ((b"geheim \xc3\xa9\n", 0), (b"\x03", None)):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(BINARY, [str(BINARY), "hash-password"])
            self.addCleanup(os.close, terminal)
            shown = b""
            while b"Password:" not in shown:
                shown += os.read(terminal, 1024)
            self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
            os.write(terminal, typed)
            deadline = time.monotonic() + 10
            with contextlib.suppress(OSError):
                while time.monotonic() < deadline:
                    if select.select([terminal], [], [], 0.2)[0]:
                        shown += os.read(terminal, 1024)
                    elif code is None:
                        # A signal that comes before anybody waits for signals is lost; people press the key again.
                        os.write(terminal, typed)
            os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            self.assertNotIn(b"geheim", shown)
            self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO, typed)
            if code == 0:
                self.assertEqual(os.waitstatus_to_exitcode(status), 0)
                hash = re.search(rb"\S*scrypt\S*", shown)[0].decode()
                service = self.service(config=onsite(user("anna", 1, passwordHash=hash)))
                self.assert_login(Caller(service).authenticate("anna", "geheim \u00e9"))
            else:
                self.assertEqual(os.waitstatus_to_exitcode(status), 130)

    def test_hash_password_prints_what_a_login_is_checked_against(self):
        hashes = {}
        for given, password in [("pässword\n", "pässword"), ("pässword", "pässword"), ("windows\r\n", "windows"),
                                (" two\n\n", " two\n")]:
            printed = run("hash-password", input=given)
            self.assertEqual((printed.returncode, printed.stderr), (0, ""))
            self.assertRegex(printed.stdout, r"\Ascrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*\n\Z")
            _, _, salt, hash = printed.stdout.strip().split("$")
            self.assertGreaterEqual(len(base64.b64decode(salt)), 16)
            self.assertEqual(base64.b64decode(hash), scrypt(password, base64.b64decode(salt), 15, 3), repr(given))
            hashes[given] = printed.stdout.strip()
        self.assertNotEqual(*(hashes[given].split("$")[2] for given in ("pässword\n", "pässword")), "salts differ")
        longest = "x" * 1024
        hashes[longest] = run("hash-password", input=longest).stdout.strip()
        refused = run("hash-password", input=longest + "x")
        self.assertEqual((refused.returncode, refused.stdout), (64, ""))
        self.assertRegex(refused.stderr, r"\A.*longer than 1024 bytes.*\n\Z")
        for empty in ("", "\n", "\r\n"):
            refused = run("hash-password", input=empty)
            self.assertEqual((refused.returncode, refused.stdout), (64, ""))
            self.assertRegex(refused.stderr, r"\A.*password.*empty.*\n\Z")
        service = self.service(config=onsite(user("anna", 5, passwordHash=hashes["pässword\n"]),
                                             user("bo", 6, passwordHash=hashes[longest])))
        self.assert_login(Caller(service).authenticate("bo", longest))
        self.assert_login(Caller(service).authenticate("anna", "pässword"))
        self.assert_no_login(Caller(service).authenticate("anna", "pässword\n"))

    def test_the_example_is_fine_once_its_files_are_there_and_can_be_served(self):
        printed = run("config", "example")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        example = json.loads(printed.stdout)
        path = self.write(printed.stdout)
        references = []

        def find(value, key=None):
            for name, item in (value.items() if isinstance(value, dict) else enumerate(value)):
                if isinstance(item, (dict, list)):
                    find(item, name)
                elif isinstance(item, str) and item.startswith("file:"):
                    references.append((name, item.removeprefix("file:")))

        find(example)
        self.assertTrue(example["tenants"] and references, "it shows tenants, and secrets in files")
        self.assertEqual(run("config", "check", path).returncode, 1, "the files are not there yet")
        hash = run("hash-password", input="pass\n").stdout
        for name, reference in references:
            self.assertFalse(os.path.isabs(reference), reference)
            file = self.directory / reference
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(hash if name == "passwordHash" else f"token-{reference}\n")
        checked = run("config", "check", path)
        self.assertEqual((checked.returncode, checked.stdout), (0, f"{path} is fine\n"), checked.stderr)
        service = self.service("--config", path)
        first = example["tenants"][0]
        token, = [reference for _, reference in references if f"file:{reference}" == first["applications"][0]["token"]]
        caller = Caller(service, first["id"], f"token-{token}")
        self.assert_login(caller.authenticate(first["users"][0]["name"], "pass"))


class Guessing(Callers):
    def test_one_address_that_guesses_keeps_nobody_out_who_logs_in_from_another_for_the_first_time(self):
        service = self.service(config=onsite(user("anna", 1, passwordHash=password_hash("right"))))
        stop = threading.Event()

        def guess():
            connection = service.connection("127.0.0.2")
            connection.timeout = 60
            # Those that wait for their turn when the test ends are cut off by the end of the service.
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                while not stop.is_set():
                    Caller(service).authenticate("anna", "wrong", connection=connection)

        self.addCleanup(stop.set)
        for _ in range(50):
            threading.Thread(target=guess, daemon=True).start()
        time.sleep(1)
        seconds = []
        for address in range(3, 9):
            begun = time.perf_counter()
            self.assert_login(Caller(service, source=f"127.0.0.{address}").authenticate("anna", "right"))
            seconds.append(time.perf_counter() - begun)
        print("\n  first logins of a user whom 50 connections of another address guess at: "
              + ", ".join(f"{each:.2f} s" for each in seconds), file=sys.stderr)
        self.assertLess(max(seconds), 5)

    def test_a_thousand_wrong_logins_do_not_keep_the_user_or_others_out(self):
        right = password_hash("right", blocks=15, rounds=3)
        names = ["anna", "bo"]
        service = self.service(config=onsite(*[user(name, n, passwordHash=right) for n, name in enumerate(names, 1)]))
        # Anna has logged in from her address before. Bo has not, but nobody guesses his password.
        self.assert_login(Caller(service).authenticate("anna", "right"))
        outcomes, lock, numbers = collections.Counter(), threading.Lock(), iter(range(1000))

        def guess():
            connection = service.connection("127.0.0.2")
            connection.timeout = 60
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return connection.close()
                answer = Caller(service).authenticate("anna", f"wrong {number}", connection=connection)
                if answer.error:
                    outcome = "refused"
                    if (answer.error[0] != "SoSessionException" or not re.fullmatch(
                            r"Too many logins at once, or after failed ones\. Try again in (a second|\d+ seconds)\.", answer.error[1])):
                        outcome = answer.text
                else:
                    outcome = "failed" if answer.value("AuthenticationSucceeded") == "false" else answer.text
                with lock:
                    outcomes[outcome] += 1

        seconds, wrong = {name: [] for name in names}, []

        def log_in(name):
            while any(thread.is_alive() for thread in threads):
                begun = time.perf_counter()
                answer = Caller(service, source="127.0.0.1").authenticate(name, "right")
                seconds[name].append(time.perf_counter() - begun)
                if answer.error or answer.value("AuthenticationSucceeded") != "true":
                    wrong.append(answer.text)
                time.sleep(0.05)

        threads = [threading.Thread(target=guess) for _ in range(50)]
        honest = [threading.Thread(target=log_in, args=[name]) for name in names]
        begun = time.perf_counter()
        for thread in threads + honest:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - begun
        for thread in honest:
            thread.join()
        print(f"\n  1000 wrong logins of one user from one address in {took:.1f} s: {dict(outcomes)}; meanwhile "
              + ", ".join(f"{len(list)} right ones of {name}, the longest {max(list):.2f} s"
                          for name, list in seconds.items()), file=sys.stderr)
        self.assertEqual(wrong, [], "a right login was refused")
        self.assertEqual(set(outcomes), {"failed", "refused"})
        self.assertEqual(sum(outcomes.values()), 1000)
        self.assertLess(outcomes["failed"], 30, "few guesses are heard")
        self.assertLess(max(seconds["anna"]), 3)
        self.assertLess(max(seconds["bo"]), 5, "his password has to be checked, behind the few guesses that are heard")
        metrics = service.request("GET", "/metrics")[1].decode()
        expected = {"succeeded": 1 + sum(map(len, seconds.values())), **outcomes}
        for outcome, count in expected.items():
            self.assertIn(f'webhook_svc_logins_total{{outcome="{outcome}"}} {count}\n', metrics)
        lines = [line for line in service.log_text().splitlines() if "login failed" in line]
        self.assertEqual(len(lines), outcomes["failed"])
        self.assertNotIn("wrong ", "".join(lines))

    def test_failures_slow_the_next_attempt_down_and_then_only_the_address_that_they_come_from(self):
        service = self.service(config=onsite(user("anna", 5), user("bo", 6),
                                             accessTokens=[{"token": "8A:right", "user": "anna"}]))

        def seconds(attempt):
            begun = time.perf_counter()
            attempt()
            return time.perf_counter() - begun

        def wrong(source, name):
            return lambda: self.assert_no_login(Caller(service, source=source).authenticate(name, "wrong"))

        by_address = [seconds(wrong("127.0.3.1", f"stranger{n}")) for n in range(6)]
        by_user = [seconds(wrong(f"127.0.3.{n + 2}", "anna")) for n in range(6)]
        print("\n  waits of six failing logins: " + "; ".join(
            f"{what} {', '.join(f'{s * 1000:.0f}' for s in waits)} ms"
            for what, waits in (("by address", by_address), ("by user", by_user))), file=sys.stderr)
        for waits in (by_address, by_user):
            self.assertLess(sum(waits[:3]), 0.3, "three cost nothing")
            self.assertGreater(sum(waits), 0.25, "then 100 ms and 200 ms")
            self.assertGreater(waits[5], 0.15)
        self.assertLess(seconds(lambda: Caller(service, source="127.0.3.99").log_in("bo")), 0.2, "nobody else waits")

        self.rush(lambda: Caller(service, source="127.0.3.100").use_access_token("8A:wrong"))
        self.assertLess(seconds(lambda: self.assert_login(
            Caller(service, source="127.0.3.101").use_access_token("8A:right"))), 0.2)

    def rush(self, attempt):
        """Makes many wrong attempts at once, until one is refused unheard. The others go on waiting for their turn."""
        answers, arrived = [], threading.Condition()

        def guess():
            try:
                answer = attempt()
            except (OSError, http.client.HTTPException):
                return  # The test has ended, and the service with it.
            with arrived:
                answers.append(answer)
                arrived.notify_all()

        begun = time.monotonic()
        for thread in [threading.Thread(target=guess, daemon=True) for _ in range(60)]:
            thread.start()
        with arrived:
            arrived.wait_for(lambda: any(answer.error for answer in answers), 10)
            refused = [answer for answer in answers if answer.error]
            self.assertTrue(refused, "none of them was refused")
            self.assertLess(time.monotonic() - begun, 3, "who is refused does not wait for it")
            for answer in refused:
                self.assert_error(answer, "SoSessionException", "Too many logins at once, or after failed ones. Try again in ")
            self.assertLess(len(answers) - len(refused), 10, "few are heard")

    def test_clients_of_one_proxy_are_slowed_down_each_for_itself(self):
        service = self.service("--trusted-proxy", "127.0.0.1", config=onsite(user("anna", 5), accessTokens=[
            {"token": "8A:right", "user": "anna"}]))
        self.rush(lambda: Caller(service).use_access_token("8A:wrong", headers={"X-Forwarded-For": "203.0.113.9"}))
        for address in ("203.0.113.10", "198.51.100.1, 203.0.113.11", "2001:db8::9"):
            begun = time.perf_counter()
            self.assert_login(Caller(service).use_access_token("8A:right", headers={"X-Forwarded-For": address}))
            self.assertLess(time.perf_counter() - begun, 0.2)


class Secrets(Callers):
    """Nothing that opens something is where people look who may not have it."""

    def test_no_secret_is_in_logs_metrics_admin_answers_or_command_output(self):
        known = {}  # Every secret, by what it is.

        def secret(what, prefix=""):
            return known.setdefault(what, prefix + secrets.token_hex(10))

        def remember(what, value):
            known[what] = value
            return value

        hashes = {name: remember(f"hash of {name}", password_hash(secret(f"password of {name}"))) for name in ("anna", "bo")}
        target, failing = self.receiver(secret("webhook's secret")), self.receiver(statuses=[500] * 20)
        config = hosted(
            {"id": "Cust1", "applications": [{"token": secret("application token", "app-"), "name": "ERP"}],
             "accessTokens": [{"token": secret("access token", "8A:"), "user": "anna", "application": "ERP"}],
             "users": [user(name, n + 5, passwordHash=hash) for n, (name, hash) in enumerate(hashes.items())]},
            adminToken=secret("admin token"))
        service = self.service("--log-level", "trace", "--retry-delays", "10ms", "--retry-cycles", "1",
                               "--trusted-proxy", "127.0.0.0/8", config=config)
        shown = {}  # Every place to look in.

        def source():
            return {"X-Forwarded-For": f"203.0.113.{len(known)}"}

        # Logins, right and wrong.
        caller = Caller(service, "Cust1", known["application token"])
        for form in FORMS:
            caller.form = form
            answer = caller.authenticate("anna", known["password of anna"])
            caller.ticket = remember(f"ticket in {form}", self.assert_login(answer))
        caller.form = "soap11"
        remember("ticket of the access token", self.assert_login(caller.use_access_token(known["access token"])))
        self.assert_login(caller.authenticate_generic(Type="ticket", Ticket=caller.ticket))
        for name in ("anna", "bo", "stranger"):
            self.assert_no_login(caller.authenticate(name, secret(f"wrong password of {name}"), headers=source()))
        self.assert_no_login(caller.use_access_token(secret("wrong access token", "8A:"), headers=source()))
        self.assert_no_login(caller.authenticate_generic(Type="ticket", Ticket=secret("wrong generic ticket", "7T:")))
        forged = base64.b64encode(f"{secrets.token_hex(16)};5;Cust1".encode("utf-16-le")).decode()
        for wrong in (remember("forged ticket", "7T:" + forged), secret("wrong ticket", "7T:")):
            self.assert_refused(Caller(service, "Cust1", caller.token, wrong), "ticket")
        wrong = Caller(service, "Cust1", secret("wrong application token", "app-"), caller.ticket)
        self.assert_refused(wrong, "application token")
        self.assert_error(wrong.authenticate("anna", known["password of anna"]), "SoSessionException", "application token")

        # Webhooks with secrets, headers and a password in their URL; deliveries that succeed and that fail.
        headers = [("X-Api-Key", secret("own header")), ("Authorization", f"Bearer {secret('own authorization')}")]
        url = target.url.replace("://", f"://hook:{secret('password in a URL')}@")
        caller.save(url, "order.paid", secret=known["webhook's secret"], headers=headers, name="webhook-with-secrets")
        caller.save(failing.url, "order.paid", secret=secret("failing webhook's secret"), headers=headers)
        hook = (f"<Webhook><Name>x</Name><TargetUrl>nonsense</TargetUrl><Secret>{secret('refused secret')}</Secret><Headers>"
                f"<StringKeyValuePair><Key>X Key</Key><Value>{secret('refused header')}</Value></StringKeyValuePair>"
                "</Headers></Webhook>")
        self.assert_error(caller.call(f"<SaveWebhook>{hook}</SaveWebhook>"), "SoValidationException", "TargetUrl")
        self.assert_error(caller.call(f"<TestWebhook>{hook}</TestWebhook>"), "SoValidationException", "TargetUrl")
        caller.signal("order.paid", 7)
        self.assertTrue(target.wait(1)[0]["signed"])
        self.assertEqual(target.requests[0]["headers"]["X-Api-Key"], known["own header"])
        failing.wait(2)
        token = {"Authorization": f"Bearer {known['admin token']}"}
        self.assertEqual(service.request("GET", "/admin/v1/idle?timeout=5s", headers=token)[0], 200)

        # Messages that are wrong, with credentials in them.
        fields, right = message("<GetAllWebhooks/>", ticket=caller.ticket, token=caller.token)
        path = "/Cust1/Remote/Services87/Webhook.svc"
        for body, headers in [
            (right[:-20], fields), (right.replace(b"<s:Body>", b"<s:Body><s:Body>"), fields),
            (right.replace(b"<Ticket>", b"<Ticket><b>"), fields), (b"<!DOCTYPE x>" + right, fields),
            (right.replace(b"xmlsoap.org", b"example.org"), fields), (right, {"Content-Type": "text/plain"}),
            (right, {**fields, "SOAPAction": f'"{caller.ticket}"'}),
            (right, {**fields, "Authorization": f"SoTicket {caller.ticket}", "Cookie": f"Ticket={caller.ticket}"}),
            (right.replace(b"<GetAllWebhooks/>", f"<x>{caller.ticket}</x>".encode()), fields),
            (right.replace(b"<GetAllWebhooks/>", b"<GetWebhook><WebhookId>%s</WebhookId></GetWebhook>"
                           % caller.ticket.encode()), fields),
            (right.replace(b"</Ticket>", "</Ticket>\u0000".encode()), fields), (right * 2, fields),
            (b'<?xml version="1.0" encoding="utf-99"?>' + right, fields),
        ]:
            service.request("POST", path, body, headers)
        for line in (b"POST /Cust1 " + caller.ticket.encode() + b"\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization : " + caller.ticket.encode() + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
                connection.sendall(line)
                try:
                    connection.recv(1000)
                except OSError:
                    pass  # It may be cut off for that.

        # The admin API, with the token and without, and the commands.
        listed = json.loads(service.request("GET", "/admin/v1/deliveries", headers=token)[1])["deliveries"]
        self.assertEqual({delivery["state"] for delivery in listed}, {"delivered", "failed"})
        for call in ["GET idle?timeout=5s", "GET webhooks", "GET webhooks/1/usage", "GET webhooks/2/usage", "GET tickets",
                     "GET tickets?user=anna", "GET deliveries", *[f"GET deliveries/{d['id']}" for d in listed],
                     "GET deliveries/nothing", "GET tickets?nothing=1", "POST tickets/revoke", "POST reset",
                     "POST tickets/revoke?user=nobody", f"POST deliveries/{listed[0]['id']}/replay"]:
            method, name = call.split()
            status, body = service.request(method, "/admin/v1/" + name, headers=token)
            shown[f"answer to {call}"] = body.decode()
            self.assertNotEqual(status, 401)
        service.request("GET", "/admin/v1/tickets", headers={"Authorization": f"Bearer {secret('wrong admin token')}"})
        for arguments in (["webhooks", "list"], ["deliveries", "list"], ["deliveries", "show", listed[0]["id"]],
                          ["tickets", "list"], ["tickets", "revoke", "--user", "nobody"]):
            for given in (known["admin token"], known["wrong admin token"]):
                ran = run(*arguments, "--url", service.url, "--admin-token", given)
                self.assertEqual(ran.returncode == 0, given == known["admin token"], ran.stderr)
                shown[f"output of {' '.join(arguments)} ({ran.returncode})"] = ran.stdout + ran.stderr

        # Files that the service does not start with.
        for number, broken in enumerate([
            {"adminTokn": secret("misplaced admin token")}, {"adminToken": {"value": secret("admin token in an object")}},
            {"tenants": [{"users": [user("anna", 5, passwordHash=hashes["anna"][:-6] + secret("hash that is none"))]}]},
            {"tenants": [{"users": [user("anna", 5)], "accessTokens": [
                {"token": secret("token of nobody", "8A:"), "user": "nobody"}] * 2}]},
            {"tenants": [{"users": [user("anna", 5, password=secret("password in the clear"))]}]},
            {"proxy": f"ftp://proxy:{secret('proxy password')}@127.0.0.1:3128"},
            '{"adminToken": "' + secret("token in a file that ends early"),
        ]):
            file = self.directory / f"broken{number}.json"
            file.write_text(broken if isinstance(broken, str) else json.dumps(broken))
            for arguments, code in ((["config", "check", str(file)], 1),
                                    (["serve", "--config", str(file), "--store", "memory:", "--log-level", "trace",
                                      "--listen", f"127.0.0.1:{free_port()}"], 64)):
                ran = run(*arguments)
                self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
                shown[f"{arguments[0]} with broken file {number}"] = ran.stdout + ran.stderr

        shown["metrics"] = service.request("GET", "/metrics")[1].decode()
        self.assertEqual(service.stop(), 0)
        shown["log"] = service.log_text()

        # What was looked at is what was meant.
        self.assertEqual(len([line for line in shown["log"].splitlines() if "login failed" in line]), 5)
        self.assertRegex(shown["log"], " (trace|debug) ")
        self.assertIn("webhook_svc_logins_total", shown["metrics"])
        self.assertIn("webhook-with-secrets", shown["answer to GET webhooks"])
        self.assertIn("webhook-with-secrets", shown["output of webhooks list (0)"])
        self.assertIn("anna", shown["answer to GET tickets"])
        self.assertIn("anna", shown["output of tickets list (0)"])
        self.assertIn("order.paid", shown["output of deliveries list (0)"])
        self.assertIn("X-Api-Key", "".join(shown.values()), "of own headers, the names are shown")
        for what in [what for what in known if "ticket" in what and known[what].startswith("7T:")]:
            try:
                text = base64.b64decode(known[what][3:], validate=True).decode("utf-16-le")
            except ValueError:
                continue
            remember(f"content of {what}", text.split(";")[0])
        found = [f"{what} in {place}" for what, value in known.items() for place, text in shown.items()
                 if any(form in text for form in (value, value.encode().hex(), base64.b64encode(value.encode()).decode()))]
        self.assertEqual(found, [])
        print(f"\n  {len(known)} secrets, looked for in {len(shown)} places, {sum(map(len, shown.values()))} characters, "
              f"{len(shown['log'].splitlines())} lines of log", file=sys.stderr)


class GeneratedClients(Callers):
    """Clients that toolkits generate from the WSDL; `Tests/Interop` holds them."""

    def test_an_unmodified_zeep_client_logs_in_and_uses_the_webhooks(self):
        users = [user("anna", 5, fullName="Anna Berg", personId=12)]
        for config, tenant_id, token, context in [
            (onsite(*users), None, None, "Default"),
            (hosted(tenant("Cust12345", "ERP", users=users)), "Cust12345", token_of("ERP"), "Cust12345"),
        ]:
            service = self.service(config=config)
            caller = Caller(service, tenant_id, token).log_in("anna")
            for form in ("soap11", "soap12"):
                with self.subTest(f"{form}, {context}"):
                    self.play_zeep(service, caller, form, context)
            service.stop()

    def play_zeep(self, service, caller, form, context):
        target, refusing = self.receiver("zeep's s3crét"), self.receiver(test_status=500)
        event = f"zeep.{form}"
        environment = {
            **os.environ, "BASE": service.url + caller.base.removesuffix("/Remote"), "USER_NAME": "anna",
            "TARGET": target.url, "BAD_TARGET": refusing.url, "SECRET": "zeep's s3crét", "EVENT": event,
            "TYPED_WEBHOOK": str(caller.save(target.url, "zeep.typed")), "WORK": str(self.directory),
            **({"APPLICATION_TOKEN": caller.token} if caller.token else {})}

        def play(password):
            return subprocess.run([ROOT / "Tests" / "Interop" / "zeep" / "run", form], capture_output=True, text=True,
                                  timeout=60, env={**environment, "PASSWORD": password})

        ran = play(password_of("anna"))
        if ran.returncode == 77:
            self.skipTest(ran.stderr)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(len(re.findall(r"(?m)^pass \S+$", ran.stdout)), 20, ran.stdout)
        for text in (f" at {environment['BASE']}/Remote/Services87/Webhook.svc",
                     "logged in as anna (Anna Berg), associate 5", f"of {context}, with the rights ['webhooks']"):
            self.assertIn(text, ran.stdout)
        request = target.wait(1)[0]
        body = json.loads(request["body"])
        self.assertTrue(request["signed"])
        self.assertEqual((body["Event"], body["PrimaryKey"], body["Changes"], body["ContextIdentifier"],
                          body["tall"], body["tekst"], request["headers"]["X-Interop"]),
                         (event, 7, ["navn", "antall"], context, 42, "blåbær & <co>", "a&b"))
        wrong = play("wrong")
        self.assertEqual(wrong.returncode, 1, "the client notices")
        self.assertIn("fail login: AuthenticationSucceeded: found False", wrong.stdout)


if __name__ == "__main__":
    unittest.main()
