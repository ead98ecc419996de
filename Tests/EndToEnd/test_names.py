"""Targets whose names or addresses do not answer do not delay others, nor themselves where a good address stands beside."""
import json
import pathlib
import subprocess
import sys
import unittest

from service import report

TRIALS = pathlib.Path(__file__).with_name("name_trials.py")
# With its own processes too, so that none of them outlives a trial that is given up.
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

# How long the system's resolver waits for one answer, and how long a connection to an address that does not answer takes.
RESOLVER_SECONDS = 5
CONNECT_SECONDS = 5


def has_namespaces():
    try:
        return subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(has_namespaces(), "networks and mounts of their own need root's rights")
class Names(unittest.TestCase):
    def seconds(self, trial):
        run = subprocess.run([*NAMESPACES, sys.executable, TRIALS, trial], capture_output=True, text=True, timeout=300)
        self.assertEqual(run.returncode, 0, run.stderr)
        return sorted(json.loads(run.stdout))

    def test_40_names_whose_servers_are_silent_do_not_delay_a_healthy_name(self):
        seconds = self.seconds("silent-names")
        median, p99 = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
        report(f"beside 40 silent names: p50 {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms of {len(seconds)} events")
        # A name whose server is silent is given up on after 5 s at the earliest.
        self.assertLess(p99, RESOLVER_SECONDS)

    def test_three_dead_ipv6_addresses_beside_a_good_ipv4_address_do_not_delay_a_delivery(self):
        seconds = self.seconds("dead-addresses")
        report(f"beside three dead addresses: {seconds[-1] * 1000:.0f} ms at most, {seconds[0] * 1000:.0f} ms at least")
        self.assertLess(seconds[-1], CONNECT_SECONDS)


if __name__ == "__main__":
    unittest.main()
