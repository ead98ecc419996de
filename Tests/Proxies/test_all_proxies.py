"""What takes its time, behind all proxies at once."""
import collections
import contextlib
import pathlib
import tempfile
import threading
import time
import unittest

from calling import Calls, is_there, pair
from proxies import ALL
from service import PATIENCE, report


class Together(unittest.TestCase):
    """All proxies that are installed, before one pair of processes."""

    def start(self, services, edits=lambda kind: ()):
        directory = tempfile.TemporaryDirectory(prefix="proxies-")
        self.addCleanup(directory.cleanup)
        path = pathlib.Path(directory.name)
        path.chmod(0o755)
        kinds = [kind for kind in ALL if is_there(kind)]
        if not kinds:
            self.skipTest("no proxy is installed")
        proxies = []
        for kind in kinds:
            proxies.append(kind(path, [service.port for service in services], edits(kind)))
            self.addCleanup(proxies[-1].stop)
        return proxies

    def test_a_rolling_restart_loses_no_call(self):
        services = pair(self, "--drain-delay", "5s")
        proxies = self.start(services)
        with contextlib.ExitStack() as stack:
            calls = {proxy: [stack.enter_context(Calls(proxy, is_kept)) for is_kept in (False, True)] for proxy in proxies}
            time.sleep(1)
            for service in services:
                begun = time.monotonic()
                self.assertEqual(service.stop(), 0)
                self.assertGreater(time.monotonic() - begun, 4.5)
                service.start()
                time.sleep(6)  # Until every proxy knows it again.
        self.report(calls)

    def test_idle_connections_are_kept_as_long_as_the_configuration_says(self):
        services = pair(self)
        ports = [service.port for service in services]
        proxies = self.start(services, lambda kind: kind.keeps_for_two_seconds)
        kept = {}
        for proxy in proxies:
            # HAProxy looks at its idle connections now and then, and may end one that is young.
            for _ in range(20):
                with Calls(proxy):
                    time.sleep(0.2)
                kept[proxy] = proxy.kept(ports)
                if kept[proxy]:
                    break
            self.assertNotEqual(kept[proxy], set(), proxy.name)
        # The service itself would wait for three minutes. HAProxy ends half of its idle connections at a time, and a call may
        # come first.
        for _ in range(20):
            if not any(kept.values()):
                break
            time.sleep(3)
            for proxy in kept:
                calls = Calls(proxy)
                for _ in range(4):  # Apache looks how old they are when it needs one.
                    calls.call()
                self.assertEqual(calls.problems, [])
                kept[proxy] &= proxy.kept(ports)
        self.assertEqual([proxy.name for proxy in kept if kept[proxy]], [])

    def test_calls_after_a_long_pause_are_answered(self):
        # As with the settings of the configurations and the default, where 60 s are less than 180.
        services = pair(self, "--idle-timeout", "3s")
        proxies = self.start(services, lambda kind: kind.keeps_for_two_seconds)
        calls = {proxy: [Calls(proxy, is_kept) for is_kept in (False, True)] for proxy in proxies}
        for pause in (0, 1.9, 2.1, 2.9, 3.0, 3.1, 4):
            time.sleep(pause)
            threads = [threading.Thread(target=each.call) for group in calls.values() for each in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for each in (each for group in calls.values() for each in group):
            each.close()
        self.report(calls)

    def report(self, calls):
        for proxy, group in calls.items():
            seconds = [second for each in group for second in each.seconds]
            report(f"{proxy.name}: {len(seconds)} calls, the slowest took {max(seconds):.2f} s")
            with self.subTest(proxy.name):
                problems = collections.Counter(problem for each in group for problem in each.problems)
                self.assertEqual(problems, {})
                self.assertLess(max(seconds), PATIENCE)


if __name__ == "__main__":
    unittest.main()
