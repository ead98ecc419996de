"""What a process takes that has nothing to do."""
import time
import unittest

from service import ServiceTestCase, report

# A debug build holds 68 MB.
IDLE_MEGABYTES = 100


class IdleTests(ServiceTestCase):
    def test_an_idle_process_uses_no_processor_and_little_memory(self):
        service = self.service()
        status, _ = service.call("<CreateDefaultWebhook/>")
        self.assertEqual(status, 200)
        service.wait_until_quiet()
        begun, used = time.monotonic(), service.cpu_seconds()
        time.sleep(3)
        share, megabytes = (service.cpu_seconds() - used) / (time.monotonic() - begun), service.resident_megabytes()
        report(f"start to first answer: {service.start_seconds:.3f} s; idle: {megabytes:.1f} MB, {share:.2%} of a core")
        self.assertLess(share, 0.01)
        self.assertLess(megabytes, IDLE_MEGABYTES)


if __name__ == "__main__":
    unittest.main()
