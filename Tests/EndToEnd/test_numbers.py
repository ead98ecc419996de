"""The contract of each service number, as a toolkit reads it that takes nothing but what its WSDL declares."""
import os
import subprocess
import sys
import tempfile
import unittest

from service import ROOT, Receiver, Service


class Numbers(unittest.TestCase):
    def test_clients_that_zeep_generates_for_each_number_can_call_every_operation(self):
        python = os.environ.get("WEBHOOK_SVC_ZEEP_PYTHON") or str(ROOT / ".build" / "interop" / "bin" / "python3")
        try:
            subprocess.run([python, "-c", "import zeep"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest(f"no zeep in {python}: .ci/install puts it there, or name a Python that has it in "
                          "WEBHOOK_SVC_ZEEP_PYTHON")
        with tempfile.TemporaryDirectory() as directory:
            receiver = Receiver()
            self.addCleanup(receiver.close)
            service = Service(directory)
            self.addCleanup(service.log.close)
            self.addCleanup(lambda: service.process.poll() is None and service.kill())
            service.start()
            ran = subprocess.run(
                [python, "-B", ROOT / "Tests" / "Interop" / "zeep" / "each_number.py", service.url, receiver.url],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            self.assertEqual(ran.returncode, 0, ran.stdout)
            self.assertEqual(ran.stdout.split("\n")[:-1],
                             [f"pass Services{number}" for number in (85, 86, 87, 88)] + ["pass ErrorsEmail"])


if __name__ == "__main__":
    unittest.main()
