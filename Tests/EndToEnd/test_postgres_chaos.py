"""What several processes on one PostgreSQL database lose, and what they send twice, while they and the database die, freeze
and come back."""
import collections
import os
import random
import signal
import threading
import time
import unittest

from many_webhooks import host, multiply
from postgres import PostgreSQL, Standby
from postgres_processes import Processes, Signallers, setUpModule  # setUpModule is unittest's.
from receiver_process import ReceiverProcess
from service import free_port, report

SECRET = "s3crét"
IN_FLIGHT = 512  # Of one process, by default.
FROZEN_SECONDS = 6


class Chaos(Processes):
    WEBHOOKS, NAMES, EVENTS = 100, 25, 5000
    WAITING = 20_000

    def setUp(self):
        super().setUp()
        self.primary = PostgreSQL()
        self.addCleanup(self.primary.stop)
        self.url = self.primary.create_database(self.database)

    def psql(self, sql):
        return self.primary.psql(sql, self.database)

    def add_waiting_webhooks(self, process):
        """Each of them has something pending that is to be tried again in an hour."""
        address = f"http://127.9.0.1:{free_port()}/"
        first = process.save(address, ["chaos.waiting"])
        self.assertEqual(first, 1)
        multiply(self.psql, self.columns, self.WAITING, host(free_port()))
        self.psql("""
            WITH stored AS (
                INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
                VALUES (0, gen_random_uuid(), 'Default', 'chaos.waiting', 'chaos.waiting', '', '') RETURNING id
            )
            INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
            SELECT stored.id, (extract(epoch FROM now() + interval '1 hour') * 10000000)::int8, 1, webhook.id, 1, 0, ''
            FROM stored, webhook
            """)
        self.psql(f"SELECT setval(pg_get_serial_sequence('webhook', 'id'), {self.WAITING})")

    def start_again(self, process, live):
        """As whatever supervises it would. Returns how often it ended by itself."""
        for failures in range(10):
            try:
                process.start()
                live.append(process)
                return failures
            except RuntimeError:
                time.sleep(0.2)
        self.fail(process.log_text()[-2000:])

    def claimed(self):
        """How many deliveries each process has claimed, and not recorded yet: so many may be sent again by another process if
        that one dies or freezes now. While the database is away, it is as many as one process claims at most."""
        try:
            counts = self.psql(f"SELECT count(*) FROM delivery WHERE owner IS NOT NULL AND webhook_id > {self.WAITING} "
                               "GROUP BY owner")
            return [int(count) for count in counts.split()] or [0]
        except RuntimeError:
            return [IN_FLIGHT]

    def freeze(self, process):
        """Freezes a process for a while. Returns how many deliveries it may have claimed."""
        os.kill(process.process.pid, signal.SIGSTOP)
        claimed = max(self.claimed())
        time.sleep(FROZEN_SECONDS)
        os.kill(process.process.pid, signal.SIGCONT)
        return claimed

    def fail_over(self, standby):
        """The primary crashes, and whoever watches over it promotes the standby a moment later."""
        self.primary.shut_down("immediate")
        time.sleep(1)
        standby.promote()
        self.primary = standby

    def test_nothing_acknowledged_is_lost_while_processes_and_the_database_die_freeze_and_come_back(self):
        receiver = ReceiverProcess(SECRET)
        self.addCleanup(receiver.close)
        standby = Standby(self.primary)
        self.addCleanup(standby.stop)
        address = f"127.0.0.1:{self.primary.port}"
        self.url = self.url.replace(address, f"{address},127.0.0.1:{standby.port}")
        flags = ["--disable-after-failures", "0", "--target-concurrency", "512", "--cycle-delay", "2h", "--log-level", "error"]
        processes = [self.process("one", *flags)]
        self.add_waiting_webhooks(processes[0])
        processes += [self.process(name, *flags) for name in ("two", "three")]
        names = [f"chaos.{number}" for number in range(self.NAMES)]
        listeners = collections.defaultdict(set)
        for number in range(self.WEBHOOKS):
            name = names[number % self.NAMES]
            random.choice(processes).save(receiver.url(number), [name], secret=SECRET)
            listeners[name].add(number)

        live = list(processes)
        signallers = Signallers(live, names, self.EVENTS, threads=8, burst=25, pause=(0.5, 1.9))
        self.addCleanup(signallers.stop)
        faults = [
            (0.2, lambda: self.primary.restart("fast")), (0.4, lambda: self.primary.restart("immediate")),
            (0.6, lambda: self.fail_over(standby)),
        ]
        database, kills, failed_starts, freezes, claimed = None, 0, 0, 0, 0
        begun = time.monotonic()
        while signallers.are_at_work:
            share = len(signallers.acknowledged) / self.EVENTS
            if faults and share > faults[0][0]:
                if database:
                    database.join()
                # Processes die meanwhile too. What all of them have claimed may have to be recorded again.
                claimed += sum(self.claimed())
                database = threading.Thread(target=faults.pop(0)[1])
                database.start()
            time.sleep(random.uniform(0.2, 0.9))
            victim = random.choice(processes)
            live.remove(victim)
            if share > 0.8 and not freezes:
                claimed += self.freeze(victim)
                freezes += 1
                live.append(victim)
            else:
                victim.kill()
                kills += 1
                claimed += max(self.claimed())
                time.sleep(random.uniform(0, 0.6))
                failed_starts += self.start_again(victim, live)
            # Half a minute on a quiet machine; what is stuck never ends.
            self.assertLess(time.monotonic(), begun + 400, signallers.failures)
        seconds = time.monotonic() - begun
        database.join()
        self.assertEqual((faults, freezes), ([], 1))
        self.wait_until_all_is_delivered()
        drained = time.monotonic() - begun

        notifications = receiver.notifications()
        self.assertEqual([each for each in notifications if not each[3]], [], "signatures that are wrong")
        self.assertEqual(len(signallers.acknowledged), self.EVENTS)
        heard = collections.defaultdict(collections.Counter)
        ids = collections.defaultdict(set)
        for key, id, webhook, _ in notifications:
            heard[key][webhook] += 1
            ids[key].add(id)
        lost = {key: listeners[signallers.attempted[key]] - set(heard[key]) for key in signallers.acknowledged
                if listeners[signallers.attempted[key]] != set(heard[key])}
        self.assertEqual(lost, {}, "acknowledged, and not heard by all who listen, or by others")
        torn = {key: set(webhooks) for key, webhooks in heard.items()
                if set(webhooks) != listeners[signallers.attempted[key]]}
        self.assertEqual(torn, {}, "stored without acknowledgement, and heard by some only")
        self.assertEqual([key for key in ids if len(ids[key]) != 1], [], "one event has one id")
        duplicates = sum(count - 1 for webhooks in heard.values() for count in webhooks.values())
        report(f"{kills} kills, 2 restarts of the database, a promotion and a freeze in {seconds:.0f} s beside "
               f"{self.WAITING} waiting webhooks, all delivered after {drained:.0f} s: "
               f"{len(signallers.acknowledged)} events acknowledged, all arrived, {len(notifications)} notifications; "
               f"{duplicates} duplicates of {claimed} that were claimed at a fault, "
               f"{len(heard) - self.EVENTS} events stored without an acknowledgement; "
               f"failed attempts: {dict(signallers.failures)}; {failed_starts} starts that failed")
        self.assertLessEqual(duplicates, claimed, "more was sent twice than was claimed when something died")
        # Nothing failed, so each delivery has counted once: also those whose attempt was made twice.
        stored = len(heard) * self.WEBHOOKS // self.NAMES
        self.assertEqual(self.psql("SELECT count(*) FROM delivery"), str(self.WAITING))
        self.assertEqual(self.psql("SELECT count(*) FROM attempt"), str(stored))
        self.assertEqual(self.psql("SELECT sum(calls) FROM (SELECT max(total_calls) AS calls FROM webhook_usage "
                                   "GROUP BY webhook_id) AS webhooks"), str(stored))

    def wait_until_all_is_delivered(self, seconds=180):
        # What the waiting webhooks have pending stays.
        pending = f"SELECT count(*) FROM delivery WHERE webhook_id > {self.WAITING}"
        end = time.monotonic() + seconds
        while (left := self.psql(pending)) != "0":
            self.assertLess(time.monotonic(), end, f"{left} are not delivered")
            time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()
