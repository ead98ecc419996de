"""What a process on PostgreSQL tells of the database as a role without rights: its size, and the snapshots that keep dead rows
of its queue. These are other roles' transactions', prepared ones' and a replica's."""
import re
import subprocess
import unittest

from postgres import PostgreSQL, Standby, require
from postgres_processes import Processes
from service import wait_until

METRIC = r"^webhook_svc_postgresql_oldest_snapshot_age_transactions (\S+)$"


def setUpModule():
    require()
    Processes.server = PostgreSQL(max_prepared_transactions=5)
    unittest.addModuleCleanup(Processes.server.stop)


class DatabaseMetrics(Processes):
    def test_metrics_tell_how_the_postgresql_database_does(self):
        process = self.process("one")
        process.save(self.receiver().url, ["contact.created"])
        process.signal("contact.created")
        self.assert_idle(process)
        text = process.request("GET", "/metrics")[1].decode()
        for name in ("postgresql_delivery_dead_rows", "postgresql_oldest_snapshot_age_seconds",
                     "postgresql_delivery_table_bytes", "queue_oldest_due_age_seconds"):
            self.assertRegex(text, rf"(?m)^webhook_svc_{name} [\d.e+]+$")
        self.assertRegex(text, r"(?m)^webhook_svc_postgresql_delivery_table_bytes [1-9]")


class Snapshots(Processes):
    def transactions(self, process):
        return float(re.search(METRIC, process.request("GET", "/metrics")[1].decode(), re.M).group(1))

    def session(self, server, sql):
        """Carries a statement out and stays connected. Returns what ends the session."""
        session = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--tuples-only"], text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=server.environment(self.database))
        session.stdin.write(sql + "\n")
        session.stdin.flush()
        session.stdout.readline()

        def end():
            session.kill()
            session.wait()
            session.stdin.close()
            session.stdout.close()

        self.addCleanup(end)
        return end

    def watch(self, end):
        """Sees the figure rise while a snapshot is held, and fall when it no longer is."""
        process = self.process("one")

        def rises():
            self.psql("SELECT pg_current_xact_id()")
            return self.transactions(process) > 50

        self.assertIsNotNone(wait_until(rises, 60))
        end()
        self.assertIsNotNone(wait_until(lambda: self.transactions(process) < 50, 60))

    def test_metrics_tell_of_the_snapshot_of_a_transaction_of_another_role(self):
        self.watch(self.session(self.server, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;"))

    def test_metrics_tell_of_the_snapshot_of_a_prepared_transaction(self):
        self.psql("BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'forgotten'")
        self.watch(lambda: self.psql("ROLLBACK PREPARED 'forgotten'"))

    def test_metrics_tell_of_a_snapshot_on_a_replica_with_and_without_a_slot(self):
        for slot in (None, "replica"):
            with self.subTest(slot=slot):
                standby = Standby(self.server, synchronous=False)
                self.addCleanup(standby.stop)
                if slot:
                    self.server.psql(f"SELECT pg_create_physical_replication_slot('{slot}')")
                    self.addCleanup(self.server.psql, f"SELECT pg_drop_replication_slot('{slot}')")
                    standby.psql(f"ALTER SYSTEM SET primary_slot_name = '{slot}'")
                standby.psql("ALTER SYSTEM SET hot_standby_feedback = on")
                standby.psql("ALTER SYSTEM SET wal_receiver_status_interval = '1s'")
                standby.psql("SELECT pg_reload_conf()")
                end = self.session(standby, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;")
                self.watch(end)
                standby.stop()
