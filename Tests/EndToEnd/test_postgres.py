"""Several processes on one PostgreSQL database: what they lose, what they do twice, and what each knows of the others'
doings, while they and the database come and go."""
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
import unittest.mock

from many_webhooks import host, multiply
from postgres_processes import Processes, Signallers, is_acknowledged, keys, report, setUpModule, signal_body
from service import BINARY, TICKET, Caller, Certificate, Service, free_port, wait_until

SECRET = "s3crét"


class Together(Processes):
    def test_metrics_tell_how_the_database_does(self):
        process = self.process("one")
        process.save(self.receiver().url, ["contact.created"])
        process.signal("contact.created")
        self.assert_idle(process)
        text = process.request("GET", "/metrics")[1].decode()
        for name in ("postgresql_dead_deliveries", "postgresql_oldest_snapshot_seconds", "postgresql_delivery_bytes",
                     "queue_oldest_due_seconds"):
            self.assertRegex(text, rf"(?m)^webhook_svc_{name} [\d.e+]+$")
        self.assertRegex(text, r"(?m)^webhook_svc_postgresql_delivery_bytes [1-9]")

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
            self.set_state(here, webhook, "Stopped")
            there.signal("lost.hint", base + 2)
            self.set_state(here, webhook, "Active")
            there.signal("lost.hint", base + 3)
            begun = time.monotonic()
            Caller(here, ticket=TICKET).save(other.url, "lost.other", id=webhook)
            there.signal("lost.hint", base + 4)
            there.signal("lost.other", base + 5)
            self.delete(here, webhook)
            there.signal("lost.other", base + 6)
            # The stop parks what it finds, the change of the target redirects it, deleting fails it.
            took = wait_until(lambda: self.admin(there, "GET", "deliveries?state=pending")[1]["deliveries"] == [], 5)
            self.assertIsNotNone(took)
            longest = max(longest, time.monotonic() - begun)
        self.assert_idle(one)
        self.assert_idle(two)
        requests = receiver.requests + other.requests
        arrived = keys(requests)
        self.assertEqual([key for key in arrived if key % 10 in (2, 4, 6)], [], "signalled when nobody listened")
        self.assertEqual(len(set(arrived)), len(arrived))
        # Only a deletion ends what was taken in before it, and there is a record of that.
        _, failed = self.admin(one, "GET", "deliveries?state=failed&limit=100")
        ids = {request["headers"]["X-SuperOffice-EventId"] for request in requests}
        self.assertEqual(len(ids | {delivery["eventId"] for delivery in failed["deliveries"]}), 3 * 10)
        report(f"10 rounds without a hint: right at once each time; settled within {longest * 1000:.0f} ms")

    def test_what_one_process_takes_in_the_other_delivers_within_a_second_or_so_without_a_hint(self):
        receiver = self.receiver()
        one = self.process("one")
        self.psql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC")
        two = self.process("two")
        one.save(receiver.url, ["far.away"])
        receiver.answers.clear()
        # More than one process sends to one target at a time: the other has to find the rest by itself.
        for number in range(100):
            one.signal("far.away", number)
        took = wait_until(lambda: len(receiver.requests) == 100, 10)
        receiver.answers.set()
        self.assertIsNotNone(took, len(receiver.requests))
        self.assertLess(took, 3)
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
        _, answer = self.admin(two, "GET", "tickets?user=tje0")
        self.assertEqual(len(answer["tickets"]), 2)
        oldest = min(answer["tickets"], key=lambda ticket: ticket["created"])
        status, revoked = self.admin(one, "POST", f"tickets/revoke?id={oldest['id']}")
        self.assertEqual((status, revoked), (200, {"revoked": 1}))
        self.assertEqual(here.call("<GetAllWebhooks/>").error[0], "SoSessionException")
        took = wait_until(lambda: not there.call("<GetAllWebhooks/>").succeeded, 5)
        self.assertIsNotNone(took)
        self.assertLess(took, 1.5)
        self.assertEqual(there.call("<GetAllWebhooks/>").error[0], "SoSessionException")
        self.assertTrue(kept.call("<GetAllWebhooks/>").succeeded)
        report(f"a revoked ticket was good at the other process for {took:.2f} s")

    def test_sigterm_stops_one_and_the_other_goes_on_with_what_it_had_claimed(self):
        receiver = self.receiver()
        one = self.process("one", "--shutdown-timeout", "1s")
        one.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        for number in range(60):
            one.signal("contact.created", number)
        self.assertEqual(len(receiver.wait(60)), 60)
        two = self.process("two")
        signalled, stop = itertools.count(60), threading.Event()
        taken, failures = [], []

        def call():
            while not stop.wait(0.01):
                number = next(signalled)
                try:
                    two.signal("contact.created", number)
                    taken.append(number)
                except Exception as error:
                    failures.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        begun = time.monotonic()
        self.assertEqual(one.stop(), 0)
        stopped = time.monotonic() - begun
        self.assertLess(stopped, 4)
        receiver.answers.set()
        took = wait_until(lambda: set(range(60)) <= set(keys(receiver.requests[60:])), 10)
        stop.set()
        thread.join()
        self.assertEqual(failures, [])
        self.assertIsNotNone(took, "the leases were not released")
        self.assertLess(took, 4)
        self.assert_idle(two)
        self.assertEqual(set(keys(receiver.requests)), set(range(60)) | set(taken))
        duplicates = len(receiver.requests) - len(set(keys(receiver.requests)))
        # 64 at once go to a target, so that the first may have claimed four more before it stopped.
        self.assertIn(duplicates, range(60, 65), "those that were cut off")
        report(f"stopped in {stopped:.2f} s with 60 hanging attempts; the other had made them again {took:.2f} s later "
               f"and took {len(taken)} events meanwhile")

    def test_sigterm_ends_claiming_at_once_though_20000_dead_targets_are_due(self):
        one = self.process("one", "--log-level", "error")
        one.save(f"http://127.9.0.1:{free_port()}/", ["contact.created"])
        one.stop()
        multiply(self.psql, self.columns, 20_000, host(free_port()))
        one.start()
        one.signal("contact.created")
        self.assertIsNotNone(wait_until(lambda: int(self.psql("SELECT count(*) FROM attempt")) > 500, 30))
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
        receiver.wait(100, 5)
        threading.Timer(0.5, receiver.answers.set).start()
        self.assertEqual(one.stop(), 0)
        self.assert_idle(two)
        self.assertEqual(sorted(keys(receiver.requests)), list(range(100)))


class Opening(Processes):
    def test_processes_that_start_together_on_an_empty_database_make_its_schema_once(self):
        processes = [self.process(f"process{number}", start=False) for number in range(6)]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            seconds = list(pool.map(Service.start, processes))
        self.assert_works(*processes)
        versions = self.psql("SELECT version FROM webhook_svc_schema").splitlines()
        self.assertEqual(len(versions), len(set(versions)))
        report(f"six processes were up within {max(seconds):.2f} s")

    def test_a_process_that_dies_at_any_moment_of_its_start_leaves_a_database_that_opens(self):
        for number in range(12):
            process = self.process(f"process{number}", start=False)
            process.process = subprocess.Popen(process.arguments, stdout=process.log, stderr=process.log)
            time.sleep(number * 0.02)
            process.kill()
        self.assert_works(self.process("last"))

    def test_a_newer_schema_is_refused(self):
        one = self.process("one")
        one.save("http://127.0.0.1:9/", ["kept"])
        self.psql("INSERT INTO webhook_svc_schema (version, runs_with) VALUES (9999, 9999)")
        for _ in range(2):
            self.assert_one_line(self.serve(self.url), "schema .*9999.*newer")
        source = f"{self.directory}/some.db"
        copying = ("store", "copy", "--from", f"sqlite:{source}", "--to", self.url)
        self.assert_one_line(self.refusal(*copying), "there is no such file")
        pathlib.Path(source).touch()
        self.assert_one_line(self.refusal(*copying), "schema .*9999.*newer")
        # Who had the database open before goes on.
        self.assertIn("kept", one.call("<GetAllWebhooks/>")[1])
        self.psql("DELETE FROM webhook_svc_schema WHERE version = 9999")
        self.assert_works(self.process("two"))

    def test_what_does_not_lead_to_a_database_is_told_in_one_line_without_the_password(self):
        wrong, host = "wr0ng-s3cret", f"127.0.0.1:{self.server.port}/{self.database}"
        self.server.psql(f"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER {self.server.role}")
        self.server.psql("CREATE DATABASE others")
        nobody = free_port()
        stores = {
            self.server.url(self.database, password=wrong): "password authentication failed",
            f"{self.server.url(self.database, password=wrong)}?application_name=x": "password authentication failed",
            self.server.url(self.database, password=wrong, role="nobody"): "authentication failed",
            f"postgres://{self.server.role}@{host}?password={wrong}": "password authentication failed",
            f"postgres:host=127.0.0.1 port={self.server.port} user={self.server.role} password='{wrong}' dbname={self.database}":
                "password authentication failed",
            f"postgres://{self.server.role}@{host}": "no password supplied",
            self.server.url("missing"): 'database "missing" does not exist',
            self.server.url(self.database, port=nobody): f"port {nobody} failed: Connection refused",
            f"postgres://u:{wrong}@nowhere.invalid/db": "nowhere.invalid",
            f"postgres://u:{wrong}@[127.0.0.1/db": "libpq|store",
            f"postgres://u:{wrong}@127.0.0.1:port/db": "libpq|store|port",
            f"{self.server.url(self.database)}?colour=red": "libpq|colour",
            f"{self.server.url(self.database)}?sslmode=maybe": "sslmode",
            f"{self.server.url(self.database)}?sslmode=require": "SSL",
            self.server.url("latin"): "UTF8",
            self.server.url("others"): "permission denied",
            f"postgresql+asyncpg://u:{wrong}@127.0.0.1/db": "store",
            f"mysql://u:{wrong}@127.0.0.1/db": "store",
            "postgres:": "store",
        }
        target = self.server.url(self.database, password=wrong)
        source = f"{self.directory}/some.db"
        pathlib.Path(source).touch()
        with concurrent.futures.ThreadPoolExecutor(len(stores) + 1) as pool:
            copying = pool.submit(self.refusal, "store", "copy", "--from", f"sqlite:{source}", "--to", target)
            begun = time.monotonic()
            refusals = list(pool.map(self.serve, stores))
            seconds = time.monotonic() - begun
        for (store, text), refusal in [*zip(stores.items(), refusals),
                                       ((target, "password authentication failed"), copying.result())]:
            with self.subTest(store):
                self.assert_one_line(refusal, text)
                for secret in (wrong, self.server.password, self.server.url("").split(":")[2].split("@")[0]):
                    self.assertNotIn(secret, refusal[1])
        report(f"all {len(stores)} had ended after {seconds:.1f} s")

    def test_a_location_means_what_it_means_to_libpq(self):
        directory = pathlib.Path(self.directory)
        server_of = {"host": "127.0.0.1", "port": self.server.port, "dbname": self.database, "user": self.server.role}
        (directory / "service.conf").write_text(
            "[webhooks]\n" + "".join(f"{name}={value}\n" for name, value in server_of.items()))
        quoted = re.sub(r"([\\:])", r"\\\1", self.server.password)
        (directory / "passwords").write_text(f"127.0.0.1:{self.server.port}:*:{self.server.role}:{quoted}\n")
        (directory / "passwords").chmod(0o600)
        files = {"PGSERVICEFILE": f"{directory}/service.conf", "PGPASSFILE": f"{directory}/passwords"}
        cases = {
            "postgres://?service=webhooks": files,
            "postgres:service=webhooks": files,
            f"postgres://{self.server.role}@127.0.0.1:{self.server.port}/{self.database}": files,
            f"postgresql://127.0.0.1/{self.database}":
                {"PGPORT": str(self.server.port), "PGUSER": self.server.role, "PGPASSWORD": self.server.password},
            f"postgres:///{self.database}?host={self.server.directory}&port={self.server.port}&user={self.server.role}": {},
            # Not the first, but the first that takes writes.
            self.server.url(self.database).replace("@", f"@127.0.0.1:{free_port()},"): {},
        }
        for number, (store, environment) in enumerate(cases.items()):
            with self.subTest(store), unittest.mock.patch.dict(os.environ, environment):
                process = self.process(f"process{number}", store=store)
                self.assert_works(process)
                self.assertNotIn(self.server.password, process.log_text())
                self.assertIn("listening", process.log_text())
                process.kill()

    def test_tls_is_used_and_verified_as_the_location_says(self):
        trusted, other = Certificate(self.server.directory, "trusted"), Certificate(self.directory, "other")
        if os.geteuid() == 0:
            shutil.chown(trusted.key, "postgres")
        os.chmod(trusted.key, 0o600)
        os.chmod(trusted.certificate, 0o644)
        self.server.psql(f"ALTER SYSTEM SET ssl_cert_file = '{trusted.certificate}'")
        self.server.psql(f"ALTER SYSTEM SET ssl_key_file = '{trusted.key}'")
        self.server.psql("ALTER SYSTEM SET ssl = on")
        self.server.psql("SELECT pg_reload_conf()")
        self.addCleanup(lambda: (self.server.psql("ALTER SYSTEM RESET ALL"), self.server.psql("SELECT pg_reload_conf()")))
        verified = f"{self.url}?sslmode=verify-full&sslrootcert="
        one = self.process("one", store=verified + trusted.certificate)
        self.assert_works(one)
        connections = self.psql("SELECT bool_and(ssl), count(*) > 2 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                f"WHERE usename = '{self.server.role}'")
        self.assertEqual(connections, "t|t")
        refusal = self.serve(verified + other.certificate)
        self.assert_one_line(refusal, "certificate verify failed")
        self.assertNotIn(self.server.password, refusal[1])


class Outages(Processes):
    def attempt(self, process, key, event="contact.created"):
        """How long a call took, and whether it was acknowledged."""
        begun = time.monotonic()
        status, answer = process.request("POST", "/Remote/Services87/Webhook.svc", signal_body(event, key),
                                         {"Content-Type": "text/xml; charset=utf-8"})
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
            unready = [pool.submit(wait_until, lambda process=process: process.request("GET", "/readyz")[0] == 503, 30)
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
                self.assertLess(time.monotonic(), begun + 20)
        back = time.monotonic() - begun
        self.assertLess(back, 10)
        for process in processes:
            self.assertIsNotNone(wait_until(lambda: process.request("GET", "/readyz")[0] == 200, 10))
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
        self.assertEqual(self.watch_outage(self.down(), bound=10, ready_bound=10), set(), "nothing could keep them")

    def test_while_the_database_takes_no_writes_nothing_succeeds(self):
        self.assertEqual(self.watch_outage(self.read_only(), bound=10, ready_bound=10, has_reads=True), set())

    def test_while_the_database_hangs_callers_are_answered(self):
        self.watch_outage(self.server.frozen(), bound=30, ready_bound=15)

    def watch_stop(self, outage):
        receiver = self.receiver()
        one = self.process("one", "--shutdown-timeout", "2s")
        one.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        for number in range(20):
            one.signal("contact.created", number)
        receiver.wait(20)
        with outage:
            begun = time.monotonic()
            one.process.send_signal(signal.SIGTERM)
            receiver.answers.set()
            one.process.wait(timeout=30)
            seconds = time.monotonic() - begun
        # The time-out, five seconds until all is cut off, and one more.
        self.assertLess(seconds, 2 + 5 + 1 + 1)
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
        self.assertLess(seconds, 15)
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


class Copying(Processes):
    PROPERTIES = "".join(
        f"<StringObjectKeyValuePair><Key>{name}</Key><Value xsi:type=\"xsd:{type}\">{value}</Value>"
        "</StringObjectKeyValuePair>"
        for name, type, value in [("Åse", "string", "Tromsø &amp; &lt;x&gt;"), ("int", "int", "-7"),
                                  ("long", "long", "9007199254740993"), ("decimal", "decimal", "1.10"),
                                  ("double", "double", "1E-3"), ("boolean", "boolean", "true"),
                                  ("time", "dateTime", "2024-02-29T12:00:00.1234567Z"), ("empty", "string", "")])

    def copy(self, *flags, source=None, target=None):
        return subprocess.run([BINARY, "store", "copy", "--from", source or f"sqlite:{self.directory}/old.db",
                               "--to", target or self.url, *flags], capture_output=True, text=True, timeout=60)

    def everything(self, process, webhooks):
        """What is visible of an installation."""
        seen = {"webhooks": process.call("<GetAllWebhooks/>")[1]}
        for webhook in webhooks:
            for operation in ("GetWebhook", "GetLastError"):
                call = f"<{operation}><WebhookId>{webhook}</WebhookId></{operation}>"
                seen[operation, webhook] = process.call(call)[1]
            seen["usage", webhook] = self.admin(process, "GET", f"webhooks/{webhook}/usage")
        for state in ("delivered", "failed", "parked"):
            _, answer = self.admin(process, "GET", f"deliveries?state={state}&limit=100")
            seen[state] = answer["deliveries"]
            for delivery in seen[state]:
                seen[delivery["id"]] = self.admin(process, "GET", f"deliveries/{delivery['id']}")
        _, seen["tickets"] = self.admin(process, "GET", "tickets")
        return seen

    def test_an_installation_moves_from_sqlite_with_all_that_it_has(self):
        receiver, refusing = self.receiver(SECRET), self.receiver(statuses=[500] * 50)
        flags = ["--retry-delays", "10ms", "--retry-cycles", "1", "--failure-limit", "0"]
        old = self.process("old", *flags, store=f"sqlite:{self.directory}/old.db")
        gone = old.save(receiver.url, ["nothing"], name="gone")
        kept = old.save(receiver.url, ["contact.created", "Sale.Changed"], SECRET, "kept Å", self.PROPERTIES)
        parked = old.save(receiver.url, ["parked.event"], SECRET, "parked")
        failing = old.save(refusing.url, ["failing.event"], name="failing")
        self.delete(old, gone)
        caller = Caller(old).log_in("tje0", "Tje0")
        old.signal("contact.created", 1, "<StringObjectKeyValuePair><Key>navn</Key><Value>Åse</Value>"
                                         "</StringObjectKeyValuePair>")
        for key in range(3):
            old.signal("failing.event", key)
        self.assert_idle(old)
        receiver.answers.clear()
        for key in range(100, 120):
            old.signal("contact.created", key)
        for key in range(200, 205):
            old.signal("parked.event", key)
        receiver.wait(26)
        self.set_state(old, parked, "Stopped")
        webhooks = [kept, parked, failing]
        before = self.everything(old, webhooks)
        self.assertEqual([len(before[state]) for state in ("delivered", "failed", "parked")], [1, 3, 5])

        running = self.copy()
        self.assertEqual((running.returncode, running.stderr.count("\n")), (1, 1), running.stderr)
        self.assertIn("in use", running.stderr)
        old.kill()
        held = len(receiver.requests)
        begun = time.monotonic()
        copied = self.copy()
        seconds = time.monotonic() - begun
        self.assertEqual(copied.returncode, 0, copied.stderr)
        for line in ("webhook: 3 rows", "session: 1 rows", "event: 29 rows", "delivery: 28 rows"):
            self.assertIn(line, copied.stdout.splitlines())
        self.assertNotIn(self.server.password, copied.stdout + copied.stderr)
        self.assert_refused_copy()

        receiver.answers.set()
        new = [self.process("new", *flags), self.process("newer", *flags)]
        arrived = receiver.wait(held + 20)[held:]
        self.assertEqual(sorted(keys(arrived)), list(range(100, 120)), "what was being sent when the old one died")
        self.assertTrue(all(request["signed"] for request in arrived))
        self.assert_idle(new[0])
        after = self.everything(new[1], webhooks)
        # What was pending has been delivered, and counted, meanwhile.
        after["delivered"] = after["delivered"][20:]
        self.assertEqual([key for key in before if before[key] != after.get(key) and key != ("usage", kept)], [])
        self.assertEqual(after["usage", kept][1]["totalCalls"], 21)
        self.assertTrue(Caller(new[1], ticket=caller.ticket).call("<GetAllWebhooks/>").succeeded)
        self.set_state(new[1], parked, "Active")
        self.assertEqual(sorted(keys(receiver.wait(held + 25)[held + 20:])), list(range(200, 205)))
        self.assertGreater(new[0].save(receiver.url, ["later"]), failing)
        status, _ = self.admin(new[0], "POST", f"deliveries/{before['failed'][0]['id']}/replay")
        self.assertEqual(status, 200)
        self.assertIsNotNone(wait_until(lambda: len(refusing.requests) > 6, 5), "a failed one can be replayed")
        for process in new:
            self.assert_idle(process)
            self.assertEqual(process.stop(), 0)
        self.assert_refused_copy()
        self.move_back(webhooks)
        report(f"copied in {seconds:.2f} s: {', '.join(copied.stdout.splitlines())}")

    def assert_refused_copy(self):
        before = self.psql("SELECT (SELECT count(*) FROM webhook), (SELECT count(*) FROM delivery)")
        again = self.copy()
        self.assertEqual((again.returncode, again.stderr.count("\n")), (1, 1), again.stderr)
        self.assertIn("not empty", again.stderr)
        self.assertNotIn(self.server.password, again.stderr)
        self.assertEqual(self.psql("SELECT (SELECT count(*) FROM webhook), (SELECT count(*) FROM delivery)"), before)

    def move_back(self, webhooks):
        """To SQLite and from there over what stands in the database: all stays as it is."""
        with_database = self.process("third")
        before = self.everything(with_database, webhooks)
        self.assertEqual(with_database.stop(), 0)
        back = f"sqlite:{self.directory}/back.db"
        self.assertEqual(self.copy(source=self.url, target=back).returncode, 0)
        with_file = self.process("fourth", store=back)
        self.assertEqual(self.everything(with_file, webhooks), before)
        self.assertEqual(with_file.stop(), 0)
        overwritten = self.copy("--overwrite", source=back)
        self.assertEqual(overwritten.returncode, 0, overwritten.stderr)
        self.assertEqual(self.everything(self.process("fifth"), webhooks), before)


if __name__ == "__main__":
    unittest.main()
