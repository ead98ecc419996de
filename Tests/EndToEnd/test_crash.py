"""What becomes of a process that crashes: its signal ends it, whatever the backtracer of Swift's runtime does."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

from service import BINARY, ServiceTestCase, wait_until

# Less than a backtrace of this binary takes.
BACKTRACE_SECONDS = 5
HANGING_SECONDS = 60


class Crash(ServiceTestCase):
    def crash(self, number, **environment):
        """How a service that gets the signal ends, and after how many seconds."""
        command = [BINARY, "serve", "--dev", "--listen", "127.0.0.1:0", "--store", "memory:"]
        clean = {name: value for name, value in os.environ.items() if name != "SWIFT_BACKTRACE"}
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, env={**clean, **environment}, stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.assertTrue(wait_until(lambda: b"listening" in os.pread(log.fileno(), 1 << 16, 0)))
            begun = time.monotonic()
            process.send_signal(number)
            return process.wait(2 * HANGING_SECONDS), time.monotonic() - begun

    def test_a_crash_ends_the_process_at_once_with_its_signal(self):
        for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
                       signal.SIGQUIT):
            with self.subTest(number.name):
                code, seconds = self.crash(number)
                self.assertEqual(code, -number)
                self.assertLess(seconds, BACKTRACE_SECONDS)

    def test_a_crash_ends_the_process_without_backtraces_or_a_backtracer(self):
        for setting in ("enable=no", "enable=yes,swift-backtrace=/nonexistent"):
            with self.subTest(setting):
                code, seconds = self.crash(signal.SIGSEGV, SWIFT_BACKTRACE=setting)
                self.assertEqual(code, -signal.SIGSEGV)
                self.assertLess(seconds, BACKTRACE_SECONDS)

    def test_a_crash_ends_the_process_also_when_the_backtracer_hangs(self):
        hanging = self.directory / "hanging"
        hanging.write_text(f"#!/bin/sh\nexec sleep {HANGING_SECONDS}\n")
        hanging.chmod(0o755)
        code, seconds = self.crash(signal.SIGSEGV, SWIFT_BACKTRACE=f"enable=yes,swift-backtrace={hanging}")
        self.assertEqual(code, -signal.SIGKILL, f"after {seconds:.1f} s")
        self.assertLess(seconds, HANGING_SECONDS)


if __name__ == "__main__":
    unittest.main()
