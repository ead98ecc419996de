"""What processes do while their PostgreSQL database is down, read-only, hanging or locked, and afterwards."""
import concurrent.futures
import contextlib
import itertools
import signal
import time
import unittest

from postgres_processes import Processes, Signallers, keys, setUpModule  # setUpModule is unittest's.
from service import PATIENCE, report, wait_until
from soap import WEBHOOK_PATH, XML_HEADERS, is_acknowledged, signal_body


class OutageTests(Processes):
    def attempt(self, process, key, event="contact.created"):
        """How long a call took, and whether it was acknowledged."""
        begun = time.monotonic()
        status, answer = process.request("POST", WEBHOOK_PATH, signal_body(event, key), XML_HEADERS)
        self.assertEqual(status, 200, answer)
        if not is_acknowledged(status, answer):
            self.assertIn(b">false</Succeeded>", answer)
            self.assertIn(b"<ExceptionType>", answer.replace(b"s:", b""))
        return time.monotonic() - begun, is_acknowledged(status, answer)

    @contextlib.contextmanager
    def down(self):
        self.server.shut_down()
        try:
            yield
        finally:
            self.server.start()

    @contextlib.contextmanager
    def read_only(self):
        """As after a failover that made the server a standby, or where a provider does so because the disk is full."""
        self.server.psql("ALTER SYSTEM SET default_transaction_read_only = on")
        self.server.psql("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self.server.psql("SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only")
            self.server.psql("SELECT pg_reload_conf()")

    def watch_outage(self, outage, bound, ready_bound, has_reads=False):
        """What two processes do while the database is away, and afterwards."""
        receiver = self.receiver()
        processes = [self.process("one"), self.process("two")]
        webhook = processes[0].save(receiver.url, ["contact.created"])
        acknowledged = {key for key, process in enumerate(processes) if self.attempt(process, key)[1]}
        self.assertEqual(acknowledged, {0, 1})
        receiver.wait(2)
        for process in processes:
            self.assertEqual(process.request("GET", "/readyz")[0], 200)
        # More than share one commit.
        numbers = range(1000, 1600)
        with outage, concurrent.futures.ThreadPoolExecutor(len(numbers) + 4) as pool:
            calls = [pool.submit(self.attempt, processes[key % 2], key) for key in numbers]
            begun = time.monotonic()
            unready = [pool.submit(wait_until, lambda process=process: process.request("GET", "/readyz")[0] == 503, 60)
                       for process in processes]
            unready_after = max(call.result() for call in unready)
            reads = [pool.submit(process.call, f"<GetWebhook><WebhookId>{webhook}</WebhookId></GetWebhook>")
                     for process in processes]
            for process in processes:
                self.assertEqual(process.request("GET", "/healthz")[0], 200)
            outcomes = [call.result() for call in calls]
            for read in [] if has_reads else reads:
                self.assertIn(">false</Succeeded>", read.result()[1])
        self.assertEqual([taken for _, taken in outcomes if taken], [], "a false success")
        longest = max(seconds for seconds, _ in outcomes)
        self.assertLessEqual(longest, bound)
        self.assertLessEqual(unready_after, ready_bound)
        begun = time.monotonic()
        key = itertools.count(2000)
        for process in processes:
            while True:
                number = next(key)
                if self.attempt(process, number)[1]:
                    acknowledged.add(number)
                    break
                self.assertLess(time.monotonic(), begun + 60)
        back = time.monotonic() - begun
        self.assertLess(back, 30)
        for process in processes:
            self.assertIsNotNone(wait_until(lambda: process.request("GET", "/readyz")[0] == 200, 60))
        self.assert_works(*processes)
        for process in processes:
            self.assert_idle(process)
        arrived = set(keys(receiver.requests))
        self.assertLessEqual(acknowledged, arrived)
        report(f"SignalEvent answered with an error after {longest:.1f} s at most, readyz after {unready_after:.1f} s; "
               f"{back:.1f} s after the database was back both took events; "
               f"{len(arrived & set(numbers))} events came although an error was answered")
        return arrived & set(numbers)

    def test_while_the_database_is_down_nothing_succeeds_and_all_works_when_it_is_up_again(self):
        self.assertEqual(self.watch_outage(self.down(), bound=25, ready_bound=25), set(), "nothing could keep them")

    def test_while_the_database_takes_no_writes_nothing_succeeds(self):
        self.assertEqual(self.watch_outage(self.read_only(), bound=25, ready_bound=25, has_reads=True), set())

    def test_while_the_database_hangs_callers_are_answered(self):
        self.watch_outage(self.server.frozen(), bound=50, ready_bound=25)

    def watch_stop(self, outage):
        receiver = self.receiver()
        one = self.process("one", "--shutdown-timeout", "2s")
        self.hold(one, receiver, 20)
        with outage:
            begun = time.monotonic()
            one.process.send_signal(signal.SIGTERM)
            receiver.answers.set()
            one.process.wait(timeout=60)
            seconds = time.monotonic() - begun
        # The time-out, five seconds until all is cut off, and one more. What waits for the database waits for longer.
        self.assertLess(seconds, 2 + 5 + 1 + PATIENCE)
        report(f"stopped in {seconds:.1f} s")

    def test_a_process_stops_within_its_time_while_the_database_is_down(self):
        self.watch_stop(self.down())

    def test_a_process_stops_within_its_time_while_the_database_hangs(self):
        self.watch_stop(self.server.frozen())

    def test_a_lock_that_somebody_keeps_holds_callers_up_within_bounds(self):
        receiver = self.receiver()
        one = self.process("one")
        one.save(receiver.url, ["contact.created"])
        give_back = self.lock("event")
        seconds, taken = self.attempt(one, 1)
        self.assertFalse(taken)
        self.assertLess(seconds, 30)  # The lock is held for a minute.
        give_back()
        self.assert_works(one)
        report(f"answered with an error after {seconds:.1f} s")

    def test_connections_that_break_are_made_anew_and_acknowledged_events_stay(self):
        receiver = self.receiver()
        processes = [self.process("one"), self.process("two")]
        processes[0].save(receiver.url, ["contact.created"])
        signallers = Signallers(processes, ["contact.created"], events=1000, threads=4, burst=50, pause=(0.05, 0.3))
        self.addCleanup(signallers.stop)
        cuts = 0
        while signallers.are_at_work:
            cuts += int(self.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  f"WHERE usename = '{self.server.role}' AND random() < 0.5"))
            time.sleep(0.2)
        for process in processes:
            self.assert_idle(process)
        arrived = keys(receiver.requests)
        self.assertLessEqual(signallers.acknowledged, set(arrived))
        duplicates = len(arrived) - len(set(arrived))
        self.assertEqual(duplicates, 0, "no process died")
        report(f"{cuts} connections cut: 1000 events acknowledged, all arrived, none twice; failed attempts: "
               f"{dict(signallers.failures)}")


if __name__ == "__main__":
    unittest.main()
