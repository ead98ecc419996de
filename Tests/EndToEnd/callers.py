"""The base of tests of who may call: what a login, a refusal and an error of an operation look like."""
from service import ServiceTestCase
from soap import is_nil, local


class CallerTestCase(ServiceTestCase):
    """Its services run without --dev, unless told otherwise."""
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
