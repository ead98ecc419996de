"""What a process takes that has nothing to do."""
import time
import unittest

from service import ServiceTestCase, report


class IdleTests(ServiceTestCase):
    def test_start_and_idle_figures(self):
        service = self.service()
        status, answer = service.call("<CreateDefaultWebhook/>")
        self.assertEqual(status, 200)
        time.sleep(1)
        report(f"start to first answer: {service.start_seconds:.3f} s; idle: {service.resident_megabytes():.1f} MB")


if __name__ == "__main__":
    unittest.main()
