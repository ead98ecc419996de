"""Several processes on one PostgreSQL database: what each knows of the others' doings, and how they stop."""
import itertools
import threading
import time
import unittest

from many_webhooks import host, multiply
from postgres_processes import Processes, keys, setUpModule  # setUpModule is unittest's.
from service import PATIENCE, Task, free_port, report, wait_until
from soap import TICKET, Caller


class SharingTests(Processes):
    def test_a_webhook_changed_by_one_process_is_changed_for_the_other_though_every_notify_is_lost(self):
        # A role that may not execute it loses every hint.
        self.psql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC")
        one, two = self.process("one"), self.process("two")
        receiver, other = self.receiver(), self.receiver()
        lose_hints = ("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                      f"WHERE datname = '{self.database}' AND query LIKE 'LISTEN%'")
        self.assertEqual(self.psql(lose_hints), "2")
        longest = 0
        for round, (here, there) in enumerate([(one, two), (two, one)] * 5):
            # What one has said, the other goes by in its next call: no wait stands between the two.
            base = round * 10
            webhook = here.save(receiver.url, ["lost.hint"])
            there.signal("lost.hint", base + 1)
            here.set_state(webhook, "Stopped")
            there.signal("lost.hint", base + 2)
            here.set_state(webhook, "Active")
            there.signal("lost.hint", base + 3)
            begun = time.monotonic()
            Caller(here, ticket=TICKET).save(other.url, "lost.other", id=webhook)
            there.signal("lost.hint", base + 4)
            there.signal("lost.other", base + 5)
            here.delete(webhook)
            there.signal("lost.other", base + 6)
            # The stop parks what it finds, the change of the target redirects it, deleting fails it.
            took = wait_until(lambda: there.admin("GET", "deliveries?state=pending")[1]["deliveries"] == [])
            self.assertIsNotNone(took)
            longest = max(longest, time.monotonic() - begun)
        self.assert_idle(one)
        self.assert_idle(two)
        requests = receiver.requests + other.requests
        arrived = keys(requests)
        self.assertEqual([key for key in arrived if key % 10 in (2, 4, 6)], [], "signalled when nobody listened")
        self.assertEqual(len(set(arrived)), len(arrived))
        # Only a deletion ends what was taken in before it, and there is a record of that.
        _, failed = one.admin("GET", "deliveries?state=failed&limit=100")
        ids = {request["headers"]["X-SuperOffice-EventId"] for request in requests}
        self.assertEqual(len(ids | {delivery["eventId"] for delivery in failed["deliveries"]}), 3 * 10)
        report(f"10 rounds without a hint: right at once each time; settled within {longest * 1000:.0f} ms")

    def test_what_one_process_takes_in_the_other_delivers_soon_without_a_hint(self):
        receiver = self.receiver()
        one = self.process("one")
        self.psql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC")
        two = self.process("two")
        one.save(receiver.url, ["far.away"])
        receiver.answers.clear()
        # More than one process sends to one target at a time: the other has to find the rest by itself.
        for number in range(100):
            one.signal("far.away", number)
        # Without the look that a process takes every second it would be found after minutes.
        took = wait_until(lambda: len(receiver.requests) == 100)
        receiver.answers.set()
        self.assertIsNotNone(took, len(receiver.requests))
        self.assert_idle(one)
        self.assert_idle(two)
        self.assertEqual(sorted(keys(receiver.requests)), list(range(100)))
        report(f"found without a hint within {took:.2f} s")

    def test_a_ticket_is_good_at_every_process_until_one_revokes_it(self):
        one, two = self.process("one"), self.process("two")
        here = Caller(one).log_in("tje0", "Tje0")
        there = Caller(two, ticket=here.ticket)
        kept = Caller(two, ticket=Caller(two).log_in("tje0", "Tje0").ticket)
        self.assertTrue(there.call("<GetAllWebhooks/>").succeeded)
        self.assertTrue(Caller(one, ticket=kept.ticket).call("<GetAllWebhooks/>").succeeded)
        _, answer = two.admin("GET", "tickets?user=tje0")
        self.assertEqual(len(answer["tickets"]), 2)
        oldest = min(answer["tickets"], key=lambda ticket: ticket["created"])
        status, revoked = one.admin("POST", f"tickets/revoke?id={oldest['id']}")
        self.assertEqual((status, revoked), (200, {"revoked": 1}))
        self.assertEqual(here.call("<GetAllWebhooks/>").error[0], "SoSessionException")
        # A process goes by what it read of a ticket for a second; without an end to that it would until it stops.
        took = wait_until(lambda: not there.call("<GetAllWebhooks/>").succeeded)
        self.assertIsNotNone(took)
        self.assertEqual(there.call("<GetAllWebhooks/>").error[0], "SoSessionException")
        self.assertTrue(kept.call("<GetAllWebhooks/>").succeeded)
        report(f"a revoked ticket was good at the other process for {took:.2f} s")

    def test_sigterm_stops_one_and_the_other_goes_on_with_what_it_had_claimed(self):
        receiver = self.receiver()
        one = self.process("one", "--shutdown-timeout", "1s")
        self.hold(one, receiver, 60)
        two = self.process("two")
        signalled, stop = itertools.count(60), threading.Event()
        taken = []

        def call():
            while not stop.wait(0.01):
                number = next(signalled)
                two.signal("contact.created", number)
                taken.append(number)

        self.addCleanup(stop.set)
        calls = Task(call)
        begun = time.monotonic()
        self.assertEqual(one.stop(), 0)
        stopped = time.monotonic() - begun
        # What hangs is cut off after a second, and not waited for.
        self.assertLess(stopped, PATIENCE)
        receiver.answers.set()
        # Leases that were not released would end after 30 s.
        took = wait_until(lambda: set(range(60)) <= set(keys(receiver.requests[60:])))
        stop.set()
        calls.wait()
        self.assertIsNotNone(took, "the leases were not released")
        self.assert_idle(two)
        self.assertEqual(set(keys(receiver.requests)), set(range(60)) | set(taken))
        duplicates = len(receiver.requests) - len(set(keys(receiver.requests)))
        # 64 at once go to a target, so that the first may have claimed four more before it stopped.
        self.assertIn(duplicates, range(60, 65), "those that were cut off")
        report(f"stopped in {stopped:.2f} s with 60 hanging attempts; the other had made them again {took:.2f} s later "
               f"and took {len(taken)} events meanwhile")

    def test_sigterm_ends_claiming_in_postgresql_at_once_though_20000_dead_targets_are_due(self):
        one = self.process("one", "--log-level", "error")
        one.save(f"http://127.9.0.1:{free_port()}/", ["contact.created"])
        one.stop()
        multiply(self.psql, self.columns, 20_000, host(free_port()))
        one.start()
        one.signal("contact.created")
        self.assertIsNotNone(wait_until(lambda: int(self.psql("SELECT count(*) FROM attempt")) > 500, 120))
        self.assertEqual(one.stop(), 0)
        self.assertEqual(self.psql("SELECT count(*) FROM delivery WHERE owner IS NOT NULL"), "0", "leases left")
        self.assertEqual(self.psql("SELECT count(*) FROM delivery"), "20000")

    def test_sigterm_lets_what_is_in_flight_end_and_sends_nothing_twice(self):
        receiver = self.receiver()
        one, two = self.process("one", "--shutdown-timeout", "10s"), self.process("two")
        one.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        for number in range(100):
            one.signal("contact.created", number)
        # As many as both processes send to one target at a time.
        self.assertGreaterEqual(len(receiver.wait(100)), 100)
        one.begin_stop()
        receiver.answers.set()
        self.assertEqual(one.process.wait(timeout=60), 0)
        self.assert_idle(two)
        self.assertEqual(sorted(keys(receiver.requests)), list(range(100)))


if __name__ == "__main__":
    unittest.main()
