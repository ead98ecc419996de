"""The base of tests of a listener with TLS."""
import re
import shutil
import signal
import socket
import ssl

from certificates import Certificate
from service import PATIENCE, ServiceTestCase, wait_until
from soap import TICKET, Caller


class TLSTestCase(ServiceTestCase):
    def setUp(self):
        super().setUp()
        self.certificate = Certificate(self.directory, "first")

    def service(self, *flags, tls=True, context=None, **options):
        if not tls:
            return super().service(*flags, **options)
        return super().service(*self.certificate.flags, *flags, tls=context or self.certificate.context(), **options)

    def seen(self, service):
        """The certificate that a new connection is served with."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
            with context.wrap_socket(connection, server_hostname="localhost") as tls:
                return tls.getpeercert(binary_form=True)

    def replace(self, other):
        """Puts another certificate where the service's is."""
        shutil.copy(other.certificate, self.certificate.certificate)
        shutil.copy(other.key, self.certificate.key)

    def hang_up(self, service, pattern):
        """Sends SIGHUP, and waits for a line in the log that was not there before."""
        before = len(service.log_text())
        service.process.send_signal(signal.SIGHUP)
        self.assertIsNotNone(wait_until(lambda: re.search(f"{pattern}.*\n", service.log_text()[before:])),
                             f"no line of the log says {pattern}")
        return re.search(f".*{pattern}.*", service.log_text()[before:])[0]

    def assert_works(self, service):
        answer = Caller(service, ticket=TICKET).call("<GetAllWebhooks/>")
        self.assertTrue(answer.succeeded, answer.text)
