"""A primary dies and its standby is promoted: no process needs a restart, whichever way it finds the new primary."""
import subprocess
import time
import unittest

from postgres import PostgreSQL, Standby
from postgres_processes import Processes, Signallers, setUpModule  # setUpModule is unittest's.
from receiver_process import ReceiverProcess
from service import free_port, report, require_program, wait_until

HAPROXY = """
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
listen postgresql
    bind 127.0.0.1:{port}
    option tcp-check
    default-server check inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
    server primary 127.0.0.1:{primary}
    server standby 127.0.0.1:{standby} backup
"""


class Failover(Processes):
    EVENTS = 1200

    def setUp(self):
        super().setUp()
        self.primary = PostgreSQL()
        self.addCleanup(self.primary.stop)
        self.url = self.primary.create_database(self.database)

    def fail_over(self, standby, url, may_lose):
        processes = [self.process(name, "--log-level", "error", store=url) for name in ("one", "two")]
        receiver = ReceiverProcess("secret")
        self.addCleanup(receiver.close)
        processes[0].save(receiver.url(), ["failover.seen"], secret="secret")
        signallers = Signallers(processes, ["failover.seen"], self.EVENTS, threads=4, burst=20, pause=(0.05, 0.2))
        self.addCleanup(signallers.stop)
        self.assertIsNotNone(wait_until(lambda: len(signallers.acknowledged) > self.EVENTS // 3, 60))
        self.primary.shut_down("immediate")
        died, before = time.monotonic(), len(signallers.acknowledged)
        time.sleep(1)
        standby.promote()
        self.primary = standby
        promoted = time.monotonic()
        self.assertIsNotNone(wait_until(lambda: len(signallers.acknowledged) > before + 10, 60), "nothing is taken")
        again = time.monotonic() - promoted
        self.assertIsNotNone(wait_until(lambda: not signallers.are_at_work, 90))
        pending = "SELECT count(*) FROM delivery"
        self.assertIsNotNone(wait_until(lambda: self.primary.psql(pending, self.database) == "0", 60))
        heard = {key for key, *_ in receiver.notifications()}
        lost = signallers.acknowledged - heard
        if not may_lose:
            self.assertEqual(lost, set(), "acknowledged, and not heard")
        self.assertEqual([process.process.poll() for process in processes], [None, None], "no process ended")
        report(f"promoted {promoted - died:.1f} s after the crash, and {again:.1f} s later events were taken again; "
               f"{len(signallers.acknowledged)} acknowledged, {len(lost)} of them lost; "
               f"failed attempts: {dict(signallers.failures)}")

    def both_hosts(self, standby):
        address = f"127.0.0.1:{self.primary.port}"
        return self.url.replace(address, f"{address},127.0.0.1:{standby.port}")

    def standby(self, **arguments):
        standby = Standby(self.primary, **arguments)
        self.addCleanup(standby.stop)
        return standby

    def test_with_both_hosts_in_the_location_a_synchronous_standby_takes_over_and_nothing_is_lost(self):
        standby = self.standby()
        self.fail_over(standby, self.both_hosts(standby), may_lose=False)

    def test_with_both_hosts_in_the_location_an_asynchronous_standby_takes_over(self):
        standby = self.standby(synchronous=False)
        self.fail_over(standby, self.both_hosts(standby), may_lose=True)

    def test_behind_haproxy_a_synchronous_standby_takes_over_and_nothing_is_lost(self):
        haproxy = require_program("haproxy")
        standby, port = self.standby(), free_port()
        file = f"{self.directory}/haproxy.cfg"
        with open(file, "w") as configuration:
            configuration.write(HAPROXY.format(port=port, primary=self.primary.port, standby=standby.port))
        process = subprocess.Popen([haproxy, "-db", "-f", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.fail_over(standby, self.url.replace(f":{self.primary.port}/", f":{port}/"), may_lose=False)


if __name__ == "__main__":
    unittest.main()
