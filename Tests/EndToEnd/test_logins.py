"""Logging in: with a password, an access token or a ticket, in each form and with each service number."""
import base64
import collections
import json
import statistics
import unittest

from callers import CallerTestCase
from configurations import onsite, password_hash, password_of, user
from service import report
from soap import FORMS, NAMESPACE, TICKET, Caller, is_nil, local
from wsdl_schema import Schema


class LoginTests(CallerTestCase):
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
                begun = service.cpu_seconds()
                answer = Caller(service, source=next(addresses)).authenticate(name, "wrong")
                seconds[kind].append(service.cpu_seconds() - begun)
                self.assert_no_login(answer)
                answers.add((answer.bytes, tuple(sorted((k, v) for k, v in answer.fields.items() if k != "Date"))))
        self.assertEqual(len(answers), 1, answers)
        wrong, unknown = (statistics.median(seconds[kind]) for kind in ("wrong password", "unknown user"))
        report(f"median of 7 failed logins: wrong password {wrong * 1000:.0f} ms of a core, unknown user {unknown * 1000:.0f} ms")
        # A busy machine makes some of them dearer. A password that is not checked costs next to nothing.
        self.assertLess(max(wrong, unknown) / min(wrong, unknown), 1.5)

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

    def test_authenticate_implicit_logs_nobody_in(self):
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


if __name__ == "__main__":
    unittest.main()
